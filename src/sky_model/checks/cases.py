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
from typing import Any, Literal

from pydantic import Field

from sky_model.calendars import load_calendar
from sky_model.decider import decide
from sky_model.decision import Decision
from sky_model.errors import Problem, RulesetError
from sky_model.explanation import explain
from sky_model.records import Case
from sky_model.rules import Model
from sky_model.schooldays import Calendar
from sky_model.source import Source, read_file
from sky_model.tasks import OVER
from sky_model.vocabulary import Day, Grades, Shape, Text, Whole, read

__all__ = ["Golden", "Outcome", "faults_of", "read_cases", "record_of", "run_cases"]

REGISTER = re.compile(r"(\d{4}-\d{2}-\d{2})(?: \.\. (\d{4}-\d{2}-\d{2}))?: (\d+) planned, (\d+) marked\Z")
WAITING = ("undecided", "paused", "waiting", "snoozed")
SHORT = re.compile(r"(\d{4}-\d{2}-\d{2})(?: \.\. (\d{4}-\d{2}-\d{2}))?: (\d+(?:\.\d+)?) (lesson|minute)s? ([a-z0-9-]+)\Z")


class Pupil(Shape):
    """`calendar` is that of the school; `schools` gives each school its own, for a change of school inside a case.

    A name that begins with ./ is a file beside the cases. `enrolled_on`: the first day of the calendar where not written.
    """

    grade: Grades | None = None
    calendar: str | None = None
    schools: dict[str, str] = Field(default_factory=dict)
    enrolled_on: Day | None = None
    lessons_per_week: Whole | None = None
    register_: Literal["given", "marks_only"] = Field(default="marks_only", alias="register")
    does: list[str] = Field(default_factory=list)


class Expected(Shape):
    """What must hold on a day; what is not written is not looked at.

    open: steps · opened: {step: day} · asks: actions still asked · waiting: those of them that wait · not_asked: actions that
    are not · by: {action: role}, who is asked to do it (several roles where `who` is `any_of`) · due_by: {action: day}, by when
    · next, who, due, state: of the next task, or of the action that `next` names · undecided: steps · withdrawn: steps · owed:
    messages · says, says_not: words of the explanation in English

    `asks` is everything that is not answered yet. Of it `waiting` is what nobody is asked to do today, since it waits: for the
    answer to a question, for another action, for a day that was put off, for the end of a pause.
    """

    on: Day
    known_on: Day | None = None
    open: list[str] | None = None
    opened: dict[str, Day] = Field(default_factory=dict)
    asks: list[str] | None = None
    waiting: list[str] | None = None
    not_asked: list[str] = Field(default_factory=list)
    by: dict[str, str | list[str]] = Field(default_factory=dict)
    due_by: dict[str, Day] = Field(default_factory=dict)
    next: str | None = None
    who: str | None = None
    due: Day | None = None
    state: str | None = None
    undecided: list[str] | None = None
    withdrawn: list[str] | None = None
    owed: list[str] | None = None
    says: list[str] = Field(default_factory=list)
    says_not: list[str] = Field(default_factory=list)


class Golden(Shape):
    """One case. `events` are as in a record, `marks` the short form, `registers` days without a gap.

    proves  the features (W1 to V5) and the published sentences that this case shows
    """

    name: Text
    proves: list[str] = Field(default_factory=list)
    pupil: Pupil
    registers: list[str] = Field(default_factory=list)
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


def read_cases(folder: Path) -> Iterator[tuple[Golden, Source, int]]:
    """Every golden case of `folder`/*.yaml with its place. Raises RulesetError for a file that is not readable as cases."""
    for path in sorted(folder.glob("*.yaml")):
        source = read_file(path, shown=f"{folder.parent.name}/cases/{path.name}")
        if source.problems:
            raise RulesetError(source.problems)
        found, problems = read(Goldens, {"cases": source.data}, lambda p, s=source: s.place(p[1:]))  # type: ignore[misc]
        if found is None:
            raise RulesetError(problems)
        yield from ((golden, source, i) for i, golden in enumerate(found.cases))


def run_cases(model: Model, folder: Path) -> Iterator[Outcome]:
    """What becomes of every golden case, one after another."""
    for golden, source, i in read_cases(folder):
        faults = tuple(faults_of(model, golden, source, i, folder))
        yield Outcome(source.file, source.place((i,)).line, golden.name.in_language("en"), faults)


def faults_of(model: Model, golden: Golden, source: Source, i: int, folder: Path) -> Iterator[str]:
    """What a case expected and did not get, one sentence each."""
    case, calendars = record_of(model, golden, source, i, folder)
    for wanted in golden.expect:
        decision = decide(model, case, on=wanted.on, known_on=wanted.known_on, calendars=calendars)
        for what, want, got in _pairs(wanted, decision):
            if want is not None and want != got:
                yield f"on {wanted.on} {what}: expected {_shown(want)}, got {_shown(got)}"
        text = explain(decision, language="en") if wanted.says or wanted.says_not else ""
        yield from (f"on {wanted.on}: the explanation does not say '{x}'" for x in wanted.says if x not in text)
        yield from (f"on {wanted.on}: the explanation says '{x}'" for x in wanted.says_not if x in text)


def record_of(model: Model, golden: Golden, source: Source, i: int, folder: Path) -> tuple[Case, dict[str, Calendar]]:
    """The record that a case tells, and the calendar of each of its schools."""
    names = golden.pupil.schools or {"school": golden.pupil.calendar or ""}
    calendars = {school: load_calendar(*_named(name, folder)) for school, name in names.items()}
    for calendar in calendars.values():
        problems = model.problems_with(calendar)
        if problems:
            raise RulesetError(problems)
    return _case(golden, calendars, source, i), calendars


def _named(calendar: str, folder: Path) -> list[str | Path]:
    return [folder / n[2:] if n.startswith("./") else n for n in calendar.split("+")]


def _pairs(wanted: Expected, decision: Decision) -> Iterator[tuple[str, Any, Any]]:
    first = decision.next
    yield "open", _set(wanted.open), {s.step for s in decision.open_steps}
    for step, day in wanted.opened.items():
        yield f"opened {step}", day, next((s.opened_on for s in decision.open_steps if s.step == step), None)
    yield "undecided", _set(wanted.undecided), {s for q in decision.questions for s in q.steps}
    yield "withdrawn", _set(wanted.withdrawn), {w.partition("@")[0] for w in decision.withdrawn}
    still = {t.action: t for t in decision.tasks if t.state not in OVER}
    asked = set(still)
    yield "asks", _set(wanted.asks), asked
    yield "waiting", _set(wanted.waiting), {t.action for t in still.values() if t.state in WAITING}
    for action in wanted.not_asked:
        yield f"asks {action}", False, action in asked
    for action, role in wanted.by.items():
        found = still.get(action)
        yield f"{action} by", {role} if isinstance(role, str) else set(role), set(found.roles) if found else None
    for action, by_when in wanted.due_by.items():
        yield f"{action} due", by_when, still[action].due if action in still else None
    yield "owed", _set(wanted.owed), {m.message for m in decision.messages if m.state == "owed"}
    task = next((t for t in decision.tasks if t.action == wanted.next), first) if wanted.next else first
    yield "next", wanted.next, task.action if task else None
    yield "who", wanted.who, task.role if task else None
    yield "due", wanted.due, task.due if task else None
    yield "state", wanted.state, task.state if task else None


def _set(names: list[str] | None) -> set[str] | None:
    return None if names is None else set(names)


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    return ", ".join(sorted(value)) or "nothing" if isinstance(value, set) else str(value)


def _case(golden: Golden, calendars: dict[str, Calendar], source: Source, i: int) -> Case:
    pupil, school = golden.pupil, next(iter(calendars))
    calendar = calendars[school]
    marks, registers = [], []
    for k, text in enumerate(golden.marks):
        match = SHORT.match(text)
        if match is None:
            hint = "write '2026-09-01 .. 2026-09-04: 6 lessons health' or one day"
            place = source.place((i, "marks", k))
            raise RulesetError([Problem("short-form", f"'{text}' is not the short form of marks", place, hint)])
        for day in _school_days(calendar, match[1], match[2]):
            amount: Any = float(match[3]) if "." in match[3] else int(match[3])
            marks.append({"type": "mark", "on": day.isoformat(), f"{match[4]}s": amount, "kind": match[5]})
    for k, text in enumerate(golden.registers):
        found = REGISTER.match(text)
        if found is None:
            place, hint = source.place((i, "registers", k)), "write '2026-08-12 .. 2026-09-22: 6 planned, 6 marked'"
            raise RulesetError([Problem("short-form", f"'{text}' is not the short form of registers", place, hint)])
        for day in _school_days(calendar, found[1], found[2]):
            planned, marked = int(found[3]), int(found[4])
            registers.append({"type": "register", "on": day.isoformat(), "planned": planned, "marked": marked})
    since = pupil.enrolled_on or date.fromordinal(calendar.years[0].first)
    start: dict[str, Any] = {"type": "enrolment", "school": school, "on": since.isoformat()}
    if pupil.grade is not None:
        start["grade"] = pupil.grade[0]
    if pupil.lessons_per_week is not None:
        start["lessons_per_week"] = pupil.lessons_per_week
    feed = {"register": pupil.register_, "recorded": "given", "does": pupil.does}
    events = [start, *registers, *marks, *golden.events]
    return Case.from_json({"format": 1, "pupil": "golden", "feed": feed, "events": [_typed(e) for e in events]})


def _school_days(calendar: Calendar, first: str, last: str | None) -> Iterator[date]:
    day, end = date.fromisoformat(first), date.fromisoformat(last or first)
    while day <= end:
        if calendar.is_school_day(day.toordinal()) or last is None:
            yield day
        day += timedelta(days=1)


NUMBERS = ("grade", "seq", "planned", "marked", "lessons", "minutes", "lessons_per_week")


def _typed(event: dict[str, Any]) -> dict[str, Any]:
    """An event as YAML's text gives it, with its numbers and its yes and no."""
    out = dict(event)
    for key, value in event.items():
        if key in NUMBERS and isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?", value):
            out[key] = float(value) if "." in value else int(value)
        elif key in ("raised", "explained") and value in ("yes", "no"):
            out[key] = value == "yes"
    return out
