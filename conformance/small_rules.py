"""Few words to write a small ruleset, a record and what must come out, for the cases by hand.

Rules: a ruleset is the smallest that loads; the pupil is enrolled on the first day, and events were recorded in the order given;
days are written without the year, which is 2026.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from generated_language import NAME, TWO_YEARS, action_of, file_of, step_of

import sky_model as sky

__all__ = ["action_of", "step_of"]

CALENDAR = TWO_YEARS  # 2026-08-10 to 09-13 and 09-21 to 10-25; six lessons a day; a break 08-24 to 08-26
MORE = {"name": NAME, "source": "town"}
TABLES = [{"id": "in-print", "lessons": {"term": "60", "school_year": "110", "period": "50", "quarter": "50"}, "source": "town"}]
Side = tuple[str, list[Any], dict[str, Any]]  # the day that is decided about, the events, what must come out


def day(text: str) -> date:
    return date.fromisoformat(f"2026-{text}")


def absent(on: str, lessons: Any = 6, kind: str | None = "health", recorded: str | None = None, **more: Any) -> sky.Mark:
    if more.keys() & {"minutes"}:
        lessons = None
    return sky.Mark(day(on), lessons=lessons, kind=kind, recorded=day(recorded or on), **more)


def late(on: str, minutes: int, kind: str = "late") -> sky.Mark:
    return absent(on, kind=kind, minutes=minutes)


def said(name: str, on: str, by: str = "teacher") -> sky.Report:
    return sky.Report(name, day(on), by=by)


def answered(question: str, value: Any, on: str) -> sky.Answer:
    return sky.Answer(question, value, day(on))


def taken(action: str, status: Any, on: str) -> sky.ActionTaken:
    return sky.ActionTaken(action, status, day(on))


def closed(step: str, on: str) -> sky.StepClosed:
    return sky.StepClosed(step, "enough", day(on))


def case_of(events: list[Any], grade: int | None = 8, does: tuple[str, ...] = ()) -> sky.Case:
    """The pupil is enrolled on the first day; events were recorded in the order given."""
    pupil = sky.Enrolment("s", grade=grade, since=day("08-10"), lessons_per_week=30, recorded=day("08-10"))
    known = [pupil, *(e if e.recorded else replace(e, recorded=e.on) for e in events)]
    placed = sorted(known, key=lambda e: e.recorded)
    return sky.Case("p", does=does, events=[replace(e, id=e.id or f"x{n}", seq=n) for n, e in enumerate(placed)])


def counter(name: str = "counter-x", **lines: Any) -> dict[str, Any]:
    made = {"id": name, "measure": "lessons", "lesson_minutes": "45", "kinds": "all", "window": {"in": "term"}, **lines}
    if made["measure"] != "lessons":
        del made["lesson_minutes"]
    if made["measure"] in ("days", "episodes", "calendar_days"):
        made.setdefault("day_from", "any_part")
    if made["measure"] in ("times", "days_since"):
        del made["kinds"]
    return made


def reached(limit: Any, name: str = "counter-x", op: str = "at_least") -> dict[str, Any]:
    return {name: {op: limit if isinstance(limit, dict) else str(limit)}}


def rules(counters: list[dict[str, Any]], steps: list[dict[str, Any]], **sections: Any) -> dict[str, Any]:
    made = file_of(counters, steps, [])
    roles = {"nurse": "profession", "principal": "profession", "pupil": "party", "guardian": "party", "class-lead": "role"}
    roles |= {"subject-teacher": "profession"}
    made["roles"] = [*made["roles"], *({"id": r, "what": w, **MORE} for r, w in roles.items())]
    made["planned"] = TABLES
    made["questions"] = [*made["questions"], {"id": "well", "answers": ["yes", "no"], "by": ["teacher"], **MORE}]
    return made | sections


OPEN, SHUT, ASKED = {"open": ["step-a"]}, {"open": [], "asked": []}, {"open": [], "asked": ["step-a"]}


def opens(line: dict[str, Any], limit: Any = 1, op: str = "at_least", **sections: Any) -> dict[str, Any]:
    """A step that opens on one comparison of one counter."""
    return rules([counter(**line)], [step_of("step-a", reached(limit, op=op))], **sections)


Pair = tuple[str, dict[str, Any], list[Side]]


def misses(wanted: dict[str, Any], said: dict[str, Any]) -> list[str]:
    """What a person wrote that must come out, and what the answer says instead."""

    def full(text: str | None) -> str | None:
        return None if text is None else f"2026-{text}"

    tasks = {t["action"]: t for t in said["tasks"]}
    found: dict[str, Any] = {
        "open": sorted({s["step"] for s in said["open_steps"]}),
        "names": sorted(s["name"] for s in said["open_steps"]),
        "asking": sorted({t["name"].partition("/")[0] for t in said["tasks"]}),
        "talk": tasks["talk"]["state"] if "talk" in tasks else None,
        "asked": sorted({s for q in said["questions"] for s in q["steps"]}),
        "by": sorted({r for q in said["questions"] for r in q["by"]}),
        "next": said["next"],
        "withdrawn": said["withdrawn"],
        "messages": {m["message"]: m["state"] for m in said["messages"]},
        "state": {a: t["state"] for a, t in tasks.items()},
        "overdue": sorted(a for a, t in tasks.items() if t["overdue"]),
        "for": sorted({q["for"] for q in said["questions"]}),
        **{
            k: {a: t[k] for a, t in tasks.items()} for k in ("due", "roles", "duty", "organisation", "also", "instead_of", "away")
        },
    }
    wanted = {k: {a: full(d) for a, d in v.items()} if k == "due" else v for k, v in wanted.items()}
    return [f"{k}: wanted {w}, came {found[k]}" for k, w in wanted.items() if w != found[k]]
