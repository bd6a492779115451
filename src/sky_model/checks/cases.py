"""Golden cases: a pupil's marks and what must be open, next, by whom and when, on which day.

Rules: a case is data that a municipality writes; its one short form is `2026-09-01 .. 2026-09-04: 6 lessons health` (each
school day); `expect` names only what it wants to hold; every case that fails says what was there instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pydantic import Field

from sky_model.decision import Decision, decide
from sky_model.errors import Problem, RulesetError
from sky_model.model import Model, load_calendar
from sky_model.records import Case
from sky_model.schooldays import Calendar
from sky_model.source import Source, read_file
from sky_model.vocabulary import Day, Grades, Shape, Text, read

__all__ = ["Outcome", "run_cases"]

SHORT = re.compile(r"(\d{4}-\d{2}-\d{2})(?: \.\. (\d{4}-\d{2}-\d{2}))?: (\d+(?:\.\d+)?) lessons? ([a-z0-9-]+)\Z")


class Pupil(Shape):
    grade: Grades | None = None
    calendar: str
    lessons_per_week: str | None = None


class Expected(Shape):
    on: Day
    open: list[str] | None = None
    next: str | None = None
    who: str | None = None
    due: Day | None = None
    state: str | None = None
    undecided: list[str] | None = None


class Golden(Shape):
    """One case. `events` are as in a record, `marks` the short form."""

    name: Text
    pupil: Pupil
    marks: list[str] = Field(default_factory=list)
    events: list[dict[str, Any]] = Field(default_factory=list)
    expect: list[Expected] = Field(min_length=1)


class Goldens(Shape):
    cases: list[Golden]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one case. `faults` is empty when it holds."""

    file: str
    line: int
    name: str
    faults: tuple[str, ...]


def run_cases(model: Model, folder: Path) -> Iterator[Outcome]:
    """Every golden case of `folder`/*.yaml, one after another. Raises RulesetError for a file that is not readable as cases."""
    for path in sorted(folder.glob("*.yaml")):
        source = read_file(path, shown=f"{folder.parent.name}/cases/{path.name}")
        if source.problems:
            raise RulesetError(source.problems)
        found, problems = read(Goldens, {"cases": source.data}, lambda p, s=source: s.place(p[1:]))  # type: ignore[misc]
        if found is None:
            raise RulesetError(problems)
        for i, golden in enumerate(found.cases):
            yield Outcome(
                source.file, source.place((i,)).line, golden.name.in_language("en"), tuple(_faults(model, golden, source, i))
            )


def _faults(model: Model, golden: Golden, source: Source, i: int) -> Iterator[str]:
    calendar = load_calendar(golden.pupil.calendar)
    case = _case(golden, calendar, source, i)
    for wanted in golden.expect:
        decision = decide(model, case, on=wanted.on, calendars=calendar)
        for what, want, got in _pairs(wanted, decision):
            if want is not None and want != got:
                yield f"on {wanted.on} {what}: expected {_shown(want)}, got {_shown(got)}"


def _pairs(wanted: Expected, decision: Decision) -> Iterator[tuple[str, Any, Any]]:
    first = decision.next
    yield "open", _set(wanted.open), {s.step for s in decision.open_steps}
    yield "undecided", _set(wanted.undecided), {s for q in decision.questions for s in q.steps}
    task = next((t for t in decision.tasks if t.action == wanted.next), first) if wanted.next else first
    yield "next", wanted.next, task.action if task else None
    yield "who", wanted.who, task.role if task else None
    yield "due", wanted.due, task.due if task else None
    yield "state", wanted.state, task.state if task else None


def _set(names: list[str] | None) -> set[str] | None:
    return None if names is None else set(names)


def _shown(value: Any) -> str:
    return ", ".join(sorted(value)) or "nothing" if isinstance(value, set) else str(value)


def _case(golden: Golden, calendar: Calendar, source: Source, i: int) -> Case:
    marks = []
    for k, text in enumerate(golden.marks):
        match = SHORT.match(text)
        if match is None:
            hint = "write '2026-09-01 .. 2026-09-04: 6 lessons health' or one day"
            raise RulesetError(
                [Problem("short-form", f"'{text}' is not the short form of marks", source.place((i, "marks", k)), hint)]
            )
        day, last = date.fromisoformat(match[1]), date.fromisoformat(match[2] or match[1])
        while day <= last:
            if calendar.is_school_day(day.toordinal()):
                lessons: Any = float(match[3]) if "." in match[3] else int(match[3])
                marks.append({"type": "mark", "on": day.isoformat(), "lessons": lessons, "kind": match[4]})
            day += timedelta(days=1)
    start: dict[str, Any] = {"type": "enrolment", "school": "school", "on": date.fromordinal(calendar.years[0].first).isoformat()}
    if golden.pupil.grade is not None:
        start["grade"] = golden.pupil.grade[0]
    if golden.pupil.lessons_per_week is not None:
        start["lessons_per_week"] = int(golden.pupil.lessons_per_week)
    return Case.from_json({"format": 1, "pupil": "golden", "events": [start, *marks, *golden.events]})
