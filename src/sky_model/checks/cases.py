"""Golden cases: a pupil's marks and what must be open, next, by whom and when, on which day.

Rules: a case is data that a municipality writes; its one short form is `2026-09-01 .. 2026-09-04: 6 lessons health` (each
school day); `expect` names only what it wants to hold; every case that fails says what was there instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from sky_model.calendars import load_calendar
from sky_model.checks.case_faults import Names, faults_of_case, of_record_error, short_mark, short_register
from sky_model.decider import decide
from sky_model.decision import Decision
from sky_model.errors import Problem, RecordError, RulesetError
from sky_model.explanation import explain
from sky_model.records import Case
from sky_model.rules import Model
from sky_model.schooldays import Calendar
from sky_model.source import Source, read_file
from sky_model.tasks import OVER
from sky_model.vocabulary import Day, Grades, LessonsAWeek, Shape, Text, kind_of, read

__all__ = ["Golden", "Outcome", "checked_cases", "faults_of", "read_cases", "record_of", "run_cases", "typed"]

WAITING = ("undecided", "paused", "waiting", "snoozed")


class Pupil(Shape):
    """`calendar` is that of the school; `schools` gives each school its own, for a change of school inside a case.

    A name that begins with ./ is a file beside the cases. `enrolled_on`: the first day of the calendar where not written.
    """

    grade: Grades | None = None
    calendar: str | None = None
    schools: dict[str, str] = Field(default_factory=dict)
    enrolled_on: Day | None = None
    lessons_per_week: LessonsAWeek | None = None
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

    _may_repeat = ("says", "says_not")
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

    _may_repeat = ("marks", "registers", "events")
    name: Text
    proves: list[str] = Field(default_factory=list)
    pupil: Pupil
    registers: list[str] = Field(default_factory=list)
    marks: list[str] = Field(default_factory=list)
    events: list[dict[str, Any]] = Field(default_factory=list)
    expect: list[Expected] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one case. `faults` is empty when it holds."""

    file: str
    line: int
    name: str
    faults: tuple[str, ...]


def read_cases(folder: Path) -> Iterator[tuple[Golden, Source, int]]:
    """Every golden case of `folder`/*.yaml with its place. Raises RulesetError with every fault of form of all its files."""
    cases, problems = _read(folder)
    if problems:
        raise RulesetError(problems)
    yield from cases


def checked_cases(model: Model, folder: Path) -> list[tuple[Golden, Source, int]]:
    """The same, and nothing in them that the rules and the calendars do not know. Raises RulesetError with every fault."""
    cases, problems = _read(folder)
    names = Names(model)
    for golden, source, i in cases:
        problems += _faults_of_one(model, names, golden, source, i, folder)
    if problems:
        raise RulesetError(problems)
    return cases


def _read(folder: Path) -> tuple[list[tuple[Golden, Source, int]], list[Problem]]:
    cases: list[tuple[Golden, Source, int]] = []
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            source = read_file(path, shown=f"{folder.parent.name}/cases/{path.name}")
        except RulesetError as e:
            problems += e.problems
            continue
        problems += source.problems
        if not source.is_read:
            continue
        if not isinstance(source.data, list) or not source.data:
            problems.append(_no_list(source))
            continue
        for i, one in enumerate(source.data):  # one by one: the others are looked at too
            found, faults = read(Golden, one, lambda p, s=source, n=i: s.place((n, *p)))  # type: ignore[misc]
            problems += faults
            cases += [(found, source, i)] if found is not None else []
    return cases, problems


def _no_list(source: Source) -> Problem:
    kind = kind_of(source.data)
    if source.data == []:
        return Problem("empty-list", "there is no case in this file", source.place(), "write a case, or take the file away")
    if kind not in (None, "golden case"):
        hint = "lay it in a folder beside the cases, such as cases/calendars"
        return Problem("other-file", f"this is a {kind}, not a list of golden cases", source.place(), hint)
    hint = "begin each case with '- name: …' in the first column, without a key above them"
    return Problem("not-a-list", "a file of golden cases is a list of cases", source.place(), hint)


def _faults_of_one(model: Model, names: Names, golden: Golden, source: Source, i: int, folder: Path) -> list[Problem]:
    """Every fault of one case: of its calendars, its names and days, and what its record says about itself."""
    calendars, problems = _calendars(model, golden, source, i, folder)
    problems += faults_of_case(names, golden, calendars, source, i)
    if problems or not calendars:
        return problems
    try:
        case = _case(golden, calendars)
    except RecordError as e:
        return [of_record_error(e, source, (i, "events"))]
    for k, wanted in enumerate(golden.expect):
        try:
            decide(model, case, on=wanted.on, known_on=wanted.known_on, calendars=calendars)
        except RecordError as e:
            problems.append(of_record_error(e, source, (i, "expect", k)))
    return problems


def _calendars(model: Model, golden: Golden, source: Source, i: int, folder: Path) -> tuple[dict[str, Calendar], list[Problem]]:
    """(the calendar of each school of a case, why one cannot be read)."""
    pupil, problems = golden.pupil, list[Problem]()
    if not pupil.schools and not pupil.calendar:
        hint = "add calendar: example-week-42/2026-27, or ./calendars/… for a file beside the cases"
        return {}, [Problem("missing", "`calendar` is missing", source.place((i, "pupil")), hint)]
    names = pupil.schools or {"school": pupil.calendar or ""}
    out: dict[str, Calendar] = {}
    for school, name in names.items():
        place = source.place((i, "pupil", "schools", school) if pupil.schools else (i, "pupil", "calendar"))
        try:
            out[school] = load_calendar(*_named(name, folder))
            problems += model.problems_with(out[school])
        except RulesetError as e:
            problems += [replace(p, place=place) if p.code in ("no-calendar", "other-file") else p for p in e.problems]
    return out, problems


def run_cases(model: Model, folder: Path) -> Iterator[Outcome]:
    """What becomes of every golden case, one after another. Raises RulesetError before the first where one has a fault."""
    for golden, source, i in checked_cases(model, folder):
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
    calendars, problems = _calendars(model, golden, source, i, folder)
    if problems:
        raise RulesetError(problems)
    return _case(golden, calendars), calendars


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


def _case(golden: Golden, calendars: dict[str, Calendar]) -> Case:
    pupil, school = golden.pupil, next(iter(calendars))
    calendar = calendars[school]
    marks, registers = [], []
    for text in golden.marks:
        first, last, amount, unit, kind = short_mark(text)
        for day in _school_days(calendar, first, last):
            marks.append({"type": "mark", "on": day.isoformat(), f"{unit}s": amount, "kind": kind})
    for text in golden.registers:
        first, last, planned, marked = short_register(text)
        for day in _school_days(calendar, first, last):
            registers.append({"type": "register", "on": day.isoformat(), "planned": planned, "marked": marked})
    since = pupil.enrolled_on or date.fromordinal(calendar.years[0].first)
    start: dict[str, Any] = {"type": "enrolment", "school": school, "on": since.isoformat()}
    if pupil.grade is not None:
        start["grade"] = pupil.grade[0]
    if pupil.lessons_per_week is not None:
        start["lessons_per_week"] = pupil.lessons_per_week
    feed = {"register": pupil.register_, "recorded": "given", "does": pupil.does}
    events = [start, *registers, *marks, *golden.events]
    return Case.from_json({"format": 1, "pupil": "golden", "feed": feed, "events": [typed(e) for e in events]})


def _school_days(calendar: Calendar, first: date, last: date | None) -> Iterator[date]:
    for day in range(first.toordinal(), (last or first).toordinal() + 1):
        if last is None or calendar.is_school_day(day):
            yield date.fromordinal(day)


NUMBERS = ("grade", "seq", "planned", "marked", "lessons", "minutes", "lessons_per_week")


def typed(event: dict[str, Any]) -> dict[str, Any]:
    """An event as YAML's text gives it, with its numbers and its yes and no."""
    out = dict(event)
    for key, value in event.items():
        if key in NUMBERS and isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?", value):
            out[key] = float(value) if "." in value else int(value)
        elif key in ("raised", "explained") and value in ("yes", "no"):
            out[key] = value == "yes"
    return out
