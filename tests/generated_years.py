"""Whole school years of pupils under the shipped rulesets, made from a seed; and the law of a history, asked day by day.

Rules: a year has marks as schools write them (several a day, late, corrected, taken back) and what people say and do: reports,
answers, tasks done, planned, snoozed and refused, consents, pauses, closings, moves; every value is one that the ruleset knows,
or now and then one that it does not know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from random import Random
from typing import Any, NamedTuple

import sky_model as sky
from sky_model.histories import history, said
from sky_model.layers import rulesets_folder
from sky_model.schooldays import Calendar

__all__ = ["NAMES", "Year", "asked_every_day", "told_by_history", "year_of"]

ROOT = rulesets_folder()
NAMES = sorted(str(p.parent.relative_to(ROOT)) for p in ROOT.rglob("ruleset.yaml"))


class Year(NamedTuple):
    name: str
    model: sky.Model
    case: sky.Case
    calendars: Any
    since: date
    until: date


@cache
def model_and_calendars(name: str) -> tuple[sky.Model, tuple[Calendar, ...]]:
    """A shipped ruleset with the calendars that its own cases name."""
    model = sky.load(name, allow=("draft", "variant"))
    named: dict[str, Calendar] = {}
    for path in sorted((ROOT / name / "cases").glob("*.yaml")):
        for found in re.findall(r"calendar: ([^,}\s]+)", path.read_text(encoding="utf-8")):
            calendar = sky.load_calendar(*(path.parent / x if x.startswith(".") else x for x in found.split("+")))
            if model.on(calendar.years[0].first + 60) is not None and not model.problems_with(calendar):
                named.setdefault(calendar.fingerprint, calendar)
    return model, tuple(named.values()) or (sky.load_calendar("example-week-43/2026-27"),)


def year_of(seed: int, name: str | None = None) -> Year:
    """The year of one pupil: which ruleset, which calendar and what happened follow from the seed."""
    r = Random(seed)
    name = name or r.choice(NAMES)
    model, calendars = model_and_calendars(name)
    calendar = r.choice(calendars)
    year = calendar.years[0]
    days = [date.fromordinal(d) for d in calendar.school_days if d <= year.last]
    found: list[tuple[date, Any]] = []
    rules = model.on(year.first + 60) or model.newest
    grade = r.choice([8, 8, 7, 3, 1, 9, None])
    week = r.choice([30, 30, 25, None])
    found.append((days[0], sky.Enrolment("s", grade=grade, since=days[0], lessons_per_week=week)))
    _marks(r, found, days, rules)
    near = sorted({e.on for _, e in found if isinstance(e, sky.Mark)}) or days
    for _ in range(r.choice([0, 1, 3, 8])):
        on = r.choice(near) + timedelta(days=r.choice([0, 0, 1, 2, 5, 9, 20]))
        found += _said_of_people(r, min(on, date.fromordinal(year.last)), rules)
    if r.random() < 0.15:
        on = r.choice(days)
        later = replace(found[0][1], grade=r.choice([grade, 9]), school=r.choice(["s", "t"]), since=on)
        found.append((on + timedelta(days=r.choice([-14, 0, 0, 6])), later))
    for _ in range(r.choice([0, 0, 0, 2])):
        on = r.choice(days)
        found.append((on, r.choice([sky.Register(on, 6, r.randint(0, 6)), sky.Register(on, through=on + timedelta(days=6))])))
    last = date.fromordinal(year.last)
    found = sorted(((max(days[0], min(k, last)), e) for k, e in found), key=lambda x: x[0])
    events = [replace(e, id=e.id or f"x{n}", recorded=k, seq=n) for n, (k, e) in enumerate(found)]
    others = [e for e in events if not isinstance(e, sky.Enrolment)]
    if others and r.random() < 0.3:
        gone = r.choice(others)
        on = min(last, gone.recorded + timedelta(days=r.choice([0, 1, 5, 30])))
        events.append(sky.Retracted(gone.id, on, id="back", recorded=on, seq=len(events)))
    case = sky.Case(
        "p",
        register=r.choice(["marks_only"] * 11 + ["given"]),
        data_until=r.choice([None, None, r.choice(days), days[-1]]),
        does=[a.id for a in rules.acts.values() if a.by_system] if r.random() < 0.3 else (),
        events=events,
    )
    return Year(name, model, case, calendar, days[0], min(date.fromordinal(calendar.until), days[0] + timedelta(days=400)))


def _marks(r: Random, found: list[tuple[date, Any]], days: list[date], rules: Any) -> None:
    kinds = list(rules.kinds)
    favourite = r.choice(kinds)
    some = sorted(r.sample(days, min(len(days), r.choice([0, 2, 6, 12, 25, 60]))))
    if r.random() < 0.4 and some:  # close together, as limits are reached
        start = r.randrange(max(1, len(days) - len(some)))
        some = days[start : start + len(some)]
    for i, on in enumerate(some):
        for lesson in range(r.choice([1, 1, 1, 2, 4])):
            kind = "nobody-mapped" if r.random() < 0.02 else r.choice([favourite, favourite, favourite, r.choice(kinds)])
            length: Any = r.choice(
                [{"lessons": n} for n in (1, 2, 6)] + [{"minutes": n} for n in (10, 45)] + [{"part": "partial"}]
            )
            mark = sky.Mark(on, kind=kind, id=f"m{i}-{lesson}", **length)
            known = on + timedelta(days=r.choice([0] * 9 + [1, 4, 15]))
            found.append((known, mark))
            if r.random() < 0.1:
                changed = r.choice([{"lessons": 0, "minutes": None, "part": None}, {"kind": r.choice(kinds)}])
                found.append((known + timedelta(days=r.choice([0, 1, 4, 20])), replace(mark, **changed)))


def _said_of_people(r: Random, on: date, rules: Any) -> Iterator[tuple[date, Any]]:
    late = on + timedelta(days=r.choice([0, 0, 0, 2, 9]))
    acts, steps = sorted(rules.acts), [s.id for s in rules.steps]
    what = r.choice(["report", "answer", "done", "done", "done", "planned", "answered", "consent", "pause", "closed", "closed"])
    if what == "report" and rules.reports:
        by = r.choice(["guardian", "pupil", "any-staff"])
        yield late, sky.Report(r.choice(sorted(rules.reports)), on, by=by, raised=r.random() < 0.8)
    elif what == "answer" and rules.questions:
        question = rules.questions[r.choice(sorted(rules.questions))]
        day = (on + timedelta(days=r.choice([2, 9]))).isoformat()
        yield late, sky.Answer(question.id, r.choice(question.answers) if isinstance(question.answers, list) else day, on)
    elif what in ("done", "planned", "answered") and acts:
        status = {"done": "done", "answered": r.choice(["not_needed", "refused"])}.get(what) or r.choice(["planned", "snoozed"])
        until = on + timedelta(days=r.choice([1, 7, 30])) if what == "planned" else None
        yield late, sky.ActionTaken(r.choice(acts), status, on, until=until)
    elif what == "consent" and rules.consents:
        yield late, sky.Consent(r.choice(sorted(rules.consents)), r.choice(["given", "refused", "withdrawn"]), on)
    elif what == "pause":
        yield late, sky.Pause(on, on + timedelta(days=r.choice([3, 12])), "principal")
    elif what == "closed" and steps:
        step = rules.step_by_id[r.choice(steps)]
        reasons = [x.id for x in step.said.closing.reasons] if step.said.closing is not None else ["enough"]
        yield on, sky.StepClosed(step.id, r.choice(reasons), on)


# ---------------------------------------------------------------------- the law
def asked_every_day(model: sky.Model, case: sky.Case, since: date, until: date, calendars: Any, **how: Any) -> list[Any]:
    """(day, what is said on it) of each day on which something else is said than the day before; at the end the error, if any."""
    out: list[Any] = []
    before: Any = None
    for n in range((until - since).days + 1):
        day = since + timedelta(days=n)
        try:
            now = said(sky.decide(model, case, on=day, calendars=calendars, **how))
        except sky.RecordError as e:
            return [*out, (e.rule, e.field)]
        if now != before:
            out.append((day, now))
        before = now
    return out


def told_by_history(model: sky.Model, case: sky.Case, since: date, until: date, calendars: Any, **how: Any) -> list[Any]:
    """The same, as `history` tells it."""
    out: list[Any] = []
    try:
        for day, decision in history(model, case, since, until, calendars=calendars, **how):
            assert decision.on == day
            out.append((day, said(decision)))
    except sky.RecordError as e:
        out.append((e.rule, e.field))
    return out
