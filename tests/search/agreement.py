"""Another program's answer to the same question, part by part: the second decider of `tests/oracle`.

It reads the same plain rules, calendars and record by itself. What only one of the two says (texts, sources, reasons' numbers) is
not compared; everything else of an answer is, in its order where the text gives one.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from oracle import reading, told
from oracle.days import Calendar
from oracle.facts import END

from search.triples import REFUSED, NotAsked, Rules, Triple, text
from sky_model.decider import decider_of
from sky_model.decision import Decision
from sky_model.events import DAY
from sky_model.path import Path

__all__ = ["CHECKS", "difference", "of_engine", "the_second_decider"]

NOT_ASKED = ("done", "withdrawn", "not_needed", "refused", "no_consent")  # nothing is asked any more


def of_engine(decision: Decision, path: Path | None = None) -> dict[str, Any]:
    """An answer of this library in the form of the second decider's."""
    said = decision.to_json()
    tasks = [_task(t, j) for t, j in zip(decision.tasks, said["tasks"], strict=True)]
    out = {
        "open_steps": _sorted(_open_step(s) for s in said["open_steps"]),
        "withdrawn": sorted(said["withdrawn"]),
        "questions": _sorted(_question(q) for q in said["questions"]),
        "tasks": [t for t in tasks if t["state"] not in NOT_ASKED],
        "answered": _sorted(t for t in tasks if t["state"] in NOT_ASKED),
        "messages": _sorted(_some(m, "message", "state", "since", "marks") for m in said["messages"]),
        "next": said["next"] and said["next"]["name"],
        "doubtful": said["doubtful"],
        "left_on": said["left_on"],
        "data_until": said["data_until"],
        "told": sorted(set(said["told"]) - {name for _, name in decision.asked.case.twice}) if decision.asked else [],
    }
    if path is not None:
        day = lambda n: date.fromordinal(n).isoformat()  # noqa: E731
        out["openings"] = sorted(
            (o.name, day(o.about), day(o.ended // DAY) if o.ended is not None else None, o.how == "renewed")
            for o in path.openings
        )
    return out


def of_oracle(said: dict[str, Any]) -> dict[str, Any]:
    tasks = [
        {k: v for k, v in t.items() if k not in ("tier", "person")} | ({"also": []} if t["state"] in NOT_ASKED else {})
        for t in said["tasks"]
    ]
    return {
        **{k: said[k] for k in ("withdrawn", "next", "doubtful", "left_on", "data_until", "told")},
        "open_steps": _sorted(_rounded(s) for s in said["open_steps"]),
        "questions": _sorted(said["questions"]),
        "tasks": [t for t in tasks if t["state"] not in NOT_ASKED],
        "answered": _sorted(t for t in tasks if t["state"] in NOT_ASKED),
        "messages": _sorted(said["messages"]),
        "openings": sorted((o["name"], o["about"], o["ended"], o["how"] == "renewed") for o in said["openings"]),
    }


def _rounded(step: dict[str, Any]) -> dict[str, Any]:
    """The library gives numbers with two decimals, and marks in the order of their days."""
    today = [
        {k: round(v, 2) if isinstance(v, float) else sorted(v) if isinstance(v, list) else v for k, v in t.items()}
        for t in step["today"]
    ]
    return {**step, "today": _sorted(today)}


def _some(of: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {k: sorted(of[k]) if isinstance(of[k], list) else of[k] for k in keys}


def _sorted(items: Any) -> list[Any]:
    return sorted(items, key=text)


def _task(t: Any, said: dict[str, Any]) -> dict[str, Any]:
    is_over = said["state"] in NOT_ASKED
    return {
        **_some(said, "name", "action", "state", "duty", "organisation", "overdue", "instead_of", "away"),
        "also": [] if is_over else said["also"],
        "roles": sorted(t.roles),
        "due": None if is_over else said["due"],
    }


def _open_step(s: dict[str, Any]) -> dict[str, Any]:
    because = {(_what(r), r["fact"]) for r in s["because"]}
    return {
        **_some(s, "name", "step", "opened_on", "about", "due_from", "in_doubt", "renews", "contested", "doubtful"),
        "today": _sorted(_some(t, "counter", "number", "first", "next_limit", "missing", "marks") for t in s["today"]),
        "because": _sorted({"what": what, "fact": fact} for what, fact in because),
    }


def _what(reason: dict[str, Any]) -> str:
    return "none" if reason["operator"] == "none_of" else str(reason["what"])


def _question(q: dict[str, Any]) -> dict[str, Any]:
    return _some(q, "what", "fact", "for", "steps", "tasks", "since", "by")


def versions_of(rules: Rules) -> list[dict[str, Any]]:
    """The versions of a ruleset as the second decider reads them, once for all records."""
    made = rules.__dict__.get("versions")
    if made is None:
        sources = [rules.shipped] if rules.shipped else rules.data
        made = rules.__dict__["versions"] = [reading.version(reading.ruleset(x)) for x in sources]
    return made


def calendar_of(dates: Any) -> Calendar:
    made = dates.__dict__.get("days")
    if made is None:
        made = dates.__dict__["days"] = Calendar(list(dates.years))
    return made


def the_second_decider(t: Triple) -> str | None:
    """The whole answer is the second decider's."""
    try:
        decider = decider_of(t.rules.model, t.case, **t.options)
    except Exception as e:
        raise NotAsked from e
    said = of_engine(decider.decision(), decider.path)
    calendars = {school: calendar_of(c) for school, c in t.calendars.items()}
    schools = {school: versions_of(r) for school, r in t.schools.items()} or None
    known = t.known_on and t.known_on.isoformat()
    slow = told.answer(versions_of(t.rules), t.record, t.on.isoformat(), known, calendars, schools, t.absent)
    return difference(said, of_oracle(slow))


def of_days(some: list[Triple]) -> list[tuple[Triple, str | None]]:
    """The same of several days of one record that is asked about with all that is known, one fold of the second decider for all.

    In the order of the days. Of a day that is refused nothing is said.
    """
    first = min(some, key=lambda t: t.on)
    calendars = {school: calendar_of(c) for school, c in first.calendars.items()}
    schools = {school: versions_of(r) for school, r in first.schools.items()} or None
    asked = []
    for t in sorted(some, key=lambda t: t.on):
        try:
            asked.append((t, decider_of(t.rules.model, t.case, **t.options)))
        except REFUSED:
            continue
    if not asked:
        return []
    last = asked[-1][0].on.isoformat()
    path = told.path(versions_of(first.rules), first.record, last, None, calendars, schools, first.absent)
    out = []
    for t, decider in asked:
        path.top = (t.on.toordinal(), END)
        slow = path.go(t.on.toordinal()).whole()
        out.append((t, difference(of_engine(decider.decision(), decider.path), of_oracle(slow))))
    return out


def difference(said: dict[str, Any], slow: dict[str, Any]) -> str | None:
    """None, or the part that differs first, with what the library and what the second decider says of it."""
    for part in ("openings", *(k for k in slow if k != "openings")):
        if part in said and _plain(said[part]) != _plain(slow[part]):
            return f"{part}: {text(said[part])} | {text(slow[part])}"
    return None


def _plain(value: Any) -> str:
    return text(value)


CHECKS = {the_second_decider.__name__: the_second_decider}
