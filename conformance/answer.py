"""Answers cases of the suite with this library: one case a line in, one answer a line out.

Rules: a case names its rulesets and calendars by what they hold, and they are read from this folder only; the answer is the
stable core of a decision as README.md says, written as canonical JSON; a case that cannot be answered says so in its line.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import sky_model as sky
from sky_model.model import load_data
from sky_model.schooldays import SchoolYear

HERE = Path(__file__).resolve().parent
OVER = ("done", "withdrawn", "not_needed", "refused", "no_consent")


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


@cache
def rulesets() -> dict[str, Any]:
    """Every ruleset of the suite, by its fingerprint."""
    lines = [x for p in sorted((HERE / "rulesets").glob("*.jsonl")) for x in p.read_text(encoding="utf-8").splitlines()]
    return {one["fingerprint"]: one["ruleset"] for one in map(json.loads, lines)}


@cache
def calendars() -> dict[str, Any]:
    """Every calendar of the suite, by its name: its school years."""
    path = HERE / "calendars.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


@cache
def model_of(fingerprints: tuple[str, ...]) -> sky.Model:
    return load_data(*(rulesets()[f] for f in fingerprints))


@cache
def calendar_of(name: str) -> sky.Calendar:
    return calendar_from(calendars()[name])


def calendar_from(years: list[dict[str, Any]]) -> sky.Calendar:
    """A calendar from its plain data. Its school days must be those that the data list."""
    day = _day
    made = [
        SchoolYear(
            id=y["id"],
            first=day(y["first_day"]),
            last=day(y["last_day"]),
            lesson_minutes=y["lesson_minutes"],
            terms=tuple(map(day, y["terms"])),
            periods=tuple(map(day, y["periods"])),
            quarters=tuple(map(day, y["quarters"])),
            breaks=tuple((day(a), day(b)) for a, b in y["breaks"]),
            public_holidays=frozenset(map(day, y["public_holidays"])),
            also_school=frozenset(map(day, y["also_school"])),
            named_days=tuple((k, tuple(map(day, v))) for k, v in sorted(y["named_days"].items())),
            most_a_day=y.get("most_a_day"),
        )
        for y in years
    ]
    calendar = sky.Calendar(tuple(made))
    if calendar.school_days != [day(d) for y in years for d in y["school_days"]]:
        raise ValueError("the school days are not those that the calendar lists")
    return calendar


def _day(text: str) -> int:
    return date.fromisoformat(text).toordinal()


def calendars_of(names: Mapping[str, str]) -> Any:
    """One calendar for every school (`*`), or each school its own."""
    return calendar_of(names["*"]) if "*" in names else {school: calendar_of(n) for school, n in names.items()}


def answer(case: Mapping[str, Any]) -> dict[str, Any]:
    """The stable core of the decision about one case."""
    return answer_by(model_of(tuple(case["rulesets"])), case)


def answer_by(model: sky.Model, case: Mapping[str, Any]) -> dict[str, Any]:
    """The same by a model that is at hand."""
    known_on = case.get("known_on")
    return answer_to(
        model,
        sky.Case.from_json(case["record"]),
        on=date.fromisoformat(case["on"]),
        known_on=date.fromisoformat(known_on) if known_on else None,
        calendars=calendars_of(case["calendars"]),
        schools={school: model_of(tuple(prints)) for school, prints in case.get("schools", {}).items()} or None,
        absent=case.get("absent", ()),
        as_if=case.get("as_if", False),
    )


def answer_to(model: sky.Model, record: sky.Case, **asked: Any) -> dict[str, Any]:
    """Of a day on which no rules are in force the answer is that it is refused. Raises RecordError for anything else."""
    try:
        return core(plain(sky.decide(model, record, **asked)))
    except sky.RecordError as e:
        if e.rule != "not-in-force":
            raise
        return {"refused": e.rule}


def plain(decision: sky.Decision) -> dict[str, Any]:
    """What `core` looks at, of a decision of this library."""
    said = decision.to_json()
    return {
        **{k: said[k] for k in ("open_steps", "withdrawn", "questions", "messages", "doubtful", "left_on")},
        "tasks": [{**t, "roles": task.roles} for t, task in zip(said["tasks"], decision.tasks, strict=True)],
        "next": decision.next.name if decision.next else None,
    }


SAID = {  # of each item
    "open_steps": ("name", "step", "opened_on", "about", "due_from", "in_doubt", "renews", "contested", "doubtful"),
    "questions": ("what", "fact", "for", "steps", "tasks", "since", "by"),
    "tasks": ("name", "action", "state", "duty", "roles", "organisation", "due", "overdue", "also", "instead_of", "away"),
    "messages": ("message", "state", "since"),
    "doubtful": ("day", "marks"),
}


def core(said: Mapping[str, Any]) -> dict[str, Any]:
    """What every engine must say alike. What is over is listed after what is asked, by name, without a due day."""
    found = {part: [{k: _in_order(x[k]) for k in keys} for x in said[part]] for part, keys in SAID.items()}
    asked, over = [t for t in found["tasks"] if t["state"] not in OVER], [t for t in found["tasks"] if t["state"] in OVER]
    over = [{**t, "due": None, "also": []} for t in over]
    return {
        **{part: sorted(found[part], key=canonical) for part in SAID},
        "withdrawn": sorted(said["withdrawn"]),
        "tasks": [*asked, *sorted(over, key=canonical)],
        "next": said["next"],
        "left_on": said["left_on"],
    }


def _in_order(value: Any) -> Any:
    return sorted(value) if isinstance(value, list | tuple) else value


def main() -> None:
    sys.stdin.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]
    for line in sys.stdin:
        try:
            said = answer(json.loads(line))
        except (sky.RecordError, sky.RulesetError, KeyError, ValueError) as e:
            said = {"error": type(e).__name__}
        print(canonical(said), flush=True)


if __name__ == "__main__":
    main()
