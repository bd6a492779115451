"""What is wrong in files of golden cases before any of them is decided: forms, days, and names that the rules do not have.

Rules: every fault of every file is told at once, at its line and column, with what to write instead; a case that cannot hold
because it names something that nobody knows is a fault, never a case that fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

from sky_model import hints
from sky_model.errors import Problem, RecordError
from sky_model.events import MOST_LESSONS, TYPES, check_event, impossible, read_event
from sky_model.order import READINESS
from sky_model.reserved import is_reserved
from sky_model.rules import WHO_RECORDED, Model
from sky_model.schooldays import Calendar
from sky_model.source import Source
from sky_model.tasks import OVER
from sky_model.vocabulary import FIRST_YEAR, LAST_YEAR

if TYPE_CHECKING:
    from sky_model.checks.cases import Expected, Golden

__all__ = ["Names", "faults_of_case", "of_record_error", "short_mark", "short_register"]

DAYS = r"(\d{4}-\d{2}-\d{2})(?: \.\. (\d{4}-\d{2}-\d{2}))?"
MARK = re.compile(rf"{DAYS}: (\d{{1,5}}(?:\.\d{{1,2}})?) (lesson|minute)s? ([a-z0-9-]+)\Z", re.ASCII)
REGISTER = re.compile(rf"{DAYS}: (\d{{1,3}}) planned, (\d{{1,3}}) marked\Z", re.ASCII)
MARK_HINT = "write '2026-09-01 .. 2026-09-04: 6 lessons health' or one day"
REGISTER_HINT = "write '2026-08-12 .. 2026-09-22: 6 planned, 6 marked'"
OF_RULE = {
    "not-a-day": "write it as 2026-09-14", "no-such-day": "check day and month", "not-a-number": "write digits, such as 6 or 1.5",
    "not-a-grade": "write a grade from 0 to 9", "not-true-false": "write yes or no", "not-one-of": "write one of these words",
    "not-a-text": "write one word or a short text", "not-an-object": "write {type: …, on: …} with the fields of that event",
    "not-whole": "write digits only", "negative": "write 0 or more", "turned-round": "write the earlier day first",
    "too-many": "write a smaller number", "too-fine": "write at most two decimals",
    "before-its-day": "write a day on or after `on`", "unknown-field": "take it out, or write the field that was meant",
}  # fmt: skip


class ShortForm(Exception):
    """(code, sentence, hint) of one line of a case."""


def short_mark(text: str) -> tuple[date, date | None, int | float, str, str]:
    """(first day, last day or None, amount, lesson or minute, kind) of a line of marks. Raises ShortForm."""
    found = MARK.match(text)
    if found is None:
        raise ShortForm("short-form", f"'{text[:80]}' is not the short form of marks", MARK_HINT)
    amount = float(found[3]) if "." in found[3] else int(found[3])
    if amount > (most := MOST_LESSONS if found[4] == "lesson" else 1440):
        raise ShortForm("out-of-bounds", f"{amount} {found[4]}s are more than a day holds", f"write a number up to {most}")
    return *_days(found), amount, found[4], found[5]


def short_register(text: str) -> tuple[date, date | None, int, int]:
    """(first day, last day or None, planned, marked) of a line of registers. Raises ShortForm."""
    found = REGISTER.match(text)
    if found is None:
        raise ShortForm("short-form", f"'{text[:80]}' is not the short form of registers", REGISTER_HINT)
    planned, marked = int(found[3]), int(found[4])
    if planned > MOST_LESSONS:
        raise ShortForm("out-of-bounds", f"{planned} lessons are more than a day holds", f"write up to {MOST_LESSONS} planned")
    if marked > planned:
        raise ShortForm("out-of-bounds", f"{marked} lessons are marked of {planned} planned", f"write up to {planned} marked")
    return *_days(found), planned, marked


def _days(found: re.Match[str]) -> tuple[date, date | None]:
    days: list[date | None] = []
    for text in (found[1], found[2]):
        try:
            days.append(date.fromisoformat(text) if text else None)
        except ValueError:
            raise ShortForm("no-such-day", f"the date {text} does not exist", "check day and month") from None
    first, last = days
    assert first is not None
    if not all(FIRST_YEAR <= d.year <= LAST_YEAR for d in days if d):
        raise ShortForm("no-such-day", f"a year is not from {FIRST_YEAR} to {LAST_YEAR}", "check the year")
    if last is not None and last < first:
        raise ShortForm("turned-round", f"{last} lies before {first}", f"write {last} .. {first}")
    return first, last


class Names:
    """What the versions of one Model have names for."""

    def __init__(self, model: Model) -> None:
        v = model.versions
        self.steps = sorted({n for r in v for s in r.steps for n in s.names})
        self.actions = sorted({a.id for r in v for s in r.steps for a in s.actions})
        self.people = sorted({n for r in v for n in (*r.roles, *r.groups)})
        self.messages = sorted({n.id for r in v for n in r.notices})
        self.kinds = sorted({k for r in v for k in (*r.kinds, *r.codes)})
        self.reports = sorted({x for r in v for x in r.reports})
        self.consents = sorted({x for r in v for x in r.consents})
        self.questions = {name: q for r in v for name, q in r.questions.items()}
        self.by_system = sorted({a.id for r in v for s in r.steps for a in s.actions if a.by_system})


def faults_of_case(names: Names, golden: Golden, calendars: dict[str, Calendar], source: Source, i: int) -> Iterator[Problem]:
    """Every fault of one case, in the order of its keys. `calendars`: those of its schools that could be read."""
    look = _Look(names, calendars, source, i)
    look.pupil(golden)
    for k, text in enumerate(golden.registers):
        look.line("registers", k, text)
    for k, text in enumerate(golden.marks):
        look.line("marks", k, text)
    for k, event in enumerate(golden.events):
        look.event(event, k)
    for k, wanted in enumerate(golden.expect):
        look.expected(wanted, k)
    yield from look.problems


class _Look:
    def __init__(self, names: Names, calendars: dict[str, Calendar], source: Source, i: int) -> None:
        self.names, self.calendars, self.source, self.i = names, calendars, source, i
        self.problems: list[Problem] = []

    def fault(self, code: str, message: str, *path: str | int, hint: str) -> None:
        self.problems.append(Problem(code, message, self.source.place((self.i, *path)), hint))

    def known(self, name: str, names: Iterable[str], what: str, *path: str | int) -> None:
        if name not in (names := list(names)):
            some = names if len(names) <= 12 else names[:12]
            hint = hints.of_word(name, names) if hints.meant(name, names) else f"known are {', '.join(some) or 'none'}"
            self.fault("no-such", f"there is no {what} '{name}'", *path, hint=hint)

    def pupil(self, golden: Golden) -> None:
        if golden.pupil.grade is not None and golden.pupil.grade[0] != golden.pupil.grade[1]:
            self.fault("not-grades", "one pupil has one grade", "pupil", "grade", hint=f"write {golden.pupil.grade[0]}")
        for k, name in enumerate(golden.pupil.does):
            self.known(name, self.names.by_system, "action that a system may do", "pupil", "does", k)

    def line(self, key: str, k: int, text: str) -> None:
        try:
            found: Any = short_mark(text) if key == "marks" else short_register(text)
        except ShortForm as e:
            self.fault(e.args[0], e.args[1], key, k, hint=e.args[2])
            return
        if key == "marks":
            self.known(found[4], self.names.kinds, "kind", key, k)
        first, last = found[:2]
        for calendar in list(self.calendars.values())[:1]:
            begins, ends = calendar.years[0].first, calendar.years[-1].last
            if not begins <= first.toordinal() <= ends or (last and last.toordinal() > ends):
                said = f"{date.fromordinal(begins)} to {date.fromordinal(ends)}"
                hint = f"write days from {said}, or name another calendar: several school years are joined with +"
                self.fault("not-covered", f"these days are not in the calendar, which goes from {said}", key, k, hint=hint)
            elif last and not any(calendar.is_school_day(d) for d in range(first.toordinal(), last.toordinal() + 1)):
                self.fault("short-form", "no school day lies between these days", key, k, hint="check the days")

    def event(self, event: dict[str, Any], k: int) -> None:
        from sky_model.checks.cases import typed

        try:
            made = check_event(read_event(typed(event), 0, "golden"), "golden", f"event {k + 1}")
        except RecordError as e:
            self.problems.append(of_record_error(e, self.source, (self.i, "events", k)))
            return
        if (odd := impossible(made)) is not None:
            hint = OF_RULE.get(odd[0], f"add `{odd[1]}: …`")
            self.fault(odd[0], odd[2], "events", k, odd[1], hint=hint)
        for key in ("on", "until", "through", "recorded"):
            day = event.get(key)
            if isinstance(day, str) and re.match(r"\d{4}-", day) and not FIRST_YEAR <= int(day[:4]) <= LAST_YEAR:
                said = f"the year of {day} is not from {FIRST_YEAR} to {LAST_YEAR}"
                self.fault("no-such-day", said, "events", k, key, hint="check the year")
        self._event_names(made, "events", k)

    def _event_names(self, e: Any, *at: str | int) -> None:
        kind, names = type(e).__name__, self.names
        if kind == "Mark" and e.kind is not None and getattr(e, "system", None) is None:
            self.known(e.kind, names.kinds, "kind", *at, "kind")
        elif kind == "Report":
            self.known(e.report, names.reports, "report", *at, "report")
        elif kind == "Consent":
            self.known(e.consent, names.consents, "consent", *at, "consent")
        elif kind == "ActionTaken" and not is_reserved(e.action):
            self.known(e.action, [*names.actions, *names.messages], "action", *at, "action")
        elif kind == "Answer":
            self.known(e.question, names.questions, "question", *at, "question")
            self._answer(e, *at)
        by = getattr(e, "by", None)
        if by is not None:
            self.known(by, names.people, "role", *at, "by")

    def _answer(self, e: Any, *at: str | int) -> None:
        question = self.names.questions.get(e.question)
        if question is None or not isinstance(question.answers, list):
            return
        if not isinstance(e.answer, str) and not question.several:
            hint = f"write one of {', '.join(question.answers)}"
            self.fault("answer", f"the question '{e.question}' has one answer", *at, "answer", hint=hint)
        for one in e.values:
            self.known(one, question.answers, f"answer to '{e.question}'", *at, "answer")

    def expected(self, w: Expected, k: int) -> None:
        at: tuple[str | int, ...] = ("expect", k)
        if self.calendars and not any(c.covers(w.on.toordinal()) for c in self.calendars.values()):
            ends = [(c.years[0].first, c.years[-1].last) for c in self.calendars.values()]
            said = ", ".join(f"{date.fromordinal(a)} to {date.fromordinal(b)}" for a, b in ends)
            hint = f"write a day from {said}, or name another calendar: several school years are joined with +"
            self.fault("not-covered", f"no calendar of this case has the day {w.on}", *at, "on", hint=hint)
        if w.known_on is not None and w.known_on > w.on:
            self.fault("known-later", "known_on lies after on", *at, "known_on", hint=f"write {w.on} or an earlier day")
        for key in ("open", "undecided", "withdrawn", "opened"):
            self._each(getattr(w, key), self.names.steps, "step", *at, key)
        for key in ("asks", "waiting", "not_asked", "by", "due_by"):
            self._each(getattr(w, key), self.names.actions, "action", *at, key)
        self._each(w.owed, self.names.messages, "message", *at, "owed")
        for action, who in w.by.items():
            for role in [who] if isinstance(who, str) else who:
                self.known(role, [*self.names.people, WHO_RECORDED], "role", *at, "by", action)
        if w.next is not None and not is_reserved(w.next):
            self.known(w.next, self.names.actions, "action", *at, "next")
        if w.who is not None:
            self.known(w.who, [*self.names.people, WHO_RECORDED], "role", *at, "who")
        if w.state is not None:
            self.known(w.state, [*READINESS, *OVER], "state", *at, "state")

    def _each(self, names: Iterable[str] | None, known: list[str], what: str, *at: str | int) -> None:
        for n, name in enumerate(names or ()):
            if not is_reserved(name):
                self.known(name, known, what, *at, name if isinstance(names, dict) else n)


def _key_at(source: Source, path: tuple[str | int, ...], number: int) -> str:
    """The name of the field that stands in this place of the mapping at a path; the first is 1."""
    keys = [str(p[-1]) for p in source.places if len(p) == len(path) + 1 and p[:-1] == path]
    return keys[number - 1] if number <= len(keys) else ""


def of_record_error(e: RecordError, source: Source, path: tuple[str | int, ...]) -> Problem:
    """What a record says about itself, at its place in the file of cases."""
    message = re.sub(r" \((?:event|field) [^()]*\)\Z", "", str(e).rsplit(" [", 1)[0])
    message = message.partition("; write")[0]
    key = e.field.rpartition(".")[2] if e.field else ""
    hint = OF_RULE.get(e.rule, f"add `{key}: …`" if e.rule == "missing" else "")
    if e.rule == "unknown-type":
        hint = f"write type: … with one of {', '.join(TYPES)}"
    if e.rule == "unknown-field" and "did you mean" in message:
        message, _, hint = message.partition("; ")
    if found := re.match(r"field no\. (\d+)(?: of this (\w+))? is not known", message):  # a file of rules may be quoted
        message = f"this field{f' of a {found[2]}' if found[2] else ''} is not known" + message[found.end() :]
        key = _key_at(source, path, int(found[1]))
    at = (*path, key) if (*path, key) in source.places else path
    return Problem(e.rule, message, source.place(at), hint or "see the schema of a record for what may stand here")
