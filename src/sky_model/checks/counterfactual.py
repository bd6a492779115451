"""What would have to be recorded otherwise for a step to open, or not to open: the smallest changes, each one tried.

Rules: nothing is calculated, every change and everything smaller is folded, so that what is returned is true by construction;
only the space that is said here is looked at, and a search that was cut short says so; a change describes the rules and is no
advice: a mark is corrected only when it was wrong.

**A fact** that can change, each of them one that the step's rules read (its `opens`, `watch`, the steps that these name, and
the `only_if` of their counters). All is recorded at the end of the day `on`:

    lessons    n more lessons of a kind, on the newest school day up to `on` (where a register says how many were planned, no
               more than that, the rest on the school day before); up to one more than the highest limit compared with
    days       n more days of a kind: on the n newest school days without a mark, one lesson, or a whole day where it must be
    marks      n more marks of a kind, of one lesson each, on the newest school day
    corrected  n lessons fewer: the newest marks are corrected to 0 and the last of them is lowered; a mark without a whole
               number of lessons is only corrected to 0, as one unit
    register   every lesson up to `on` that the register has and nobody marked is marked as attended: one unit
    report     raised (once more); taken back by all who raised it, from the day on; retracted, as if nobody had ever raised it:
               one unit
    answer     one of a question's answers is given: one unit

Kinds that the rules of the step do not tell apart are one fact; the first in the file's order stands for them.
**Smaller**: fewer facts; of as many facts fewer units in all.
**A change is returned** when applying it gives the outcome, and nothing that touches only some of its facts, and nothing that
touches the same facts with fewer units in all, gives it. They are in the order of their size; the first is the smallest of all.
Of changes of one size and the same facts it is the one that changes the first fact least. Not looked at: actions done, closings,
consents, enrolments, answers that are a day or several at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import combinations, product
from math import prod
from typing import Any, Literal, TypeAlias

from sky_model.calendars import load_calendar
from sky_model.decider import decide
from sky_model.decision import Decision
from sky_model.errors import Place, Problem, RulesetError
from sky_model.errors import nearest as nearest_word
from sky_model.events import Answer, Enrolment, Mark, Register, Report, Retracted, end_of
from sky_model.explanation import Speaker, big, small
from sky_model.facts import Facts
from sky_model.path import Opening, Path
from sky_model.records import Case
from sky_model.rules import ByGrade, Count, Model, Ruleset, StepOf, Test, tests_in
from sky_model.schooldays import Calendar
from sky_model.vocabulary import LANGUAGES

__all__ = ["Change", "FactChange", "WhatIf", "changes_that_do_not_open", "changes_that_open", "say_what_if", "what_if"]

State: TypeAlias = Literal["open", "undecided", "not_open"]
Calendars: TypeAlias = Mapping[str, Calendar] | Calendar | None
MOST_LESSONS = 24  # of one mark
IN_DAYS = ("days", "half_days", "calendar_days", "episodes")


@dataclass(frozen=True, slots=True)
class FactChange:
    """One fact, changed by so many units. `marks`: of a correction (id, day, lessons before, lessons after), newest first."""

    what: Literal["lessons", "days", "marks", "corrected", "register", "report", "answer"]
    names: tuple[str, ...]  # the kinds that are meant, or the report, or the question
    units: int
    to: str | None = None  # report: raised | taken_back | retracted; answer: the answer
    marks: tuple[tuple[str, date, Any, int], ...] = ()
    days: tuple[date, ...] = ()
    events: tuple[Any, ...] = ()  # what would stand in the record

    def to_json(self) -> dict[str, Any]:
        return {
            "what": self.what,
            "names": list(self.names),
            "units": self.units,
            "to": self.to,
            "marks": [
                {"mark": m, "on": on.isoformat(), "from": None if before is None else float(before), "to": after}
                for m, on, before, after in self.marks
            ],
            "days": [d.isoformat() for d in self.days],
        }


@dataclass(frozen=True, slots=True)
class Change:
    """Facts that change together, and the case as it would then be recorded."""

    facts: tuple[FactChange, ...]
    case: Case

    @property
    def units(self) -> int:
        return sum(f.units for f in self.facts)

    def to_json(self) -> dict[str, Any]:
        return {"facts": [f.to_json() for f in self.facts], "units": self.units}


@dataclass(frozen=True, slots=True)
class WhatIf:
    """A step as it is, and the smallest changes that give it another answer.

    opens           changes after which it is open; none when it is
    does_not_open   changes after which it is neither open nor undecided; none when it is so
    looked_at       how many changed records were folded
    is_whole        False: the search was cut short, so there may be others; what is returned is true all the same
    """

    step: str
    on: date
    state: State
    opens: tuple[Change, ...]
    does_not_open: tuple[Change, ...]
    looked_at: int
    is_whole: bool
    decision: Decision

    def to_json(self) -> dict[str, Any]:
        return {
            "format": 1,
            "pupil": self.decision.pupil,
            "on": self.on.isoformat(),
            "step": self.step,
            "state": self.state,
            "opens": [c.to_json() for c in self.opens],
            "does_not_open": [c.to_json() for c in self.does_not_open],
            "looked_at": self.looked_at,
            "whole": self.is_whole,
            "ruleset": self.decision.basis["ruleset"]["name"],
        }


def what_if(
    model: Model, case: Case, step: str, *, on: date, calendars: Calendars = None, together: int = 2, at_most: int = 2000
) -> WhatIf:
    """The smallest changes of a record in both directions.

    together  how many facts may change at once
    at_most   how many changed records of several facts are folded before the search is cut short; single facts are always
              looked at in full
    Raises RulesetError for a step that the ruleset does not have on the day, and what `decide` raises.
    """
    decision = decide(model, case, on=on, calendars=calendars)
    if step not in decision.rules.step_by_id:
        known = decision.rules.step_by_id
        hint = nearest_word(step, known) or f"known are: {', '.join(known)}"
        said = f"there is no step '{step}' in {decision.rules.name} on {on}"
        raise RulesetError([Problem("no-such", said, Place(decision.rules.name), hint)])
    if calendars is None:
        calendars = _calendars_of(case)
    search = _Search(model, case, decision, step, calendars)
    opens, shut, is_whole = search.changes(together, at_most)

    def gives(c: Change, wanted: State) -> bool:
        """The fold has said so; is it what a school would be told?"""
        return _state_in(decide(model, c.case, on=on, calendars=calendars), step) == wanted

    kept = tuple(c for c in opens if gives(c, "open")), tuple(c for c in shut if gives(c, "not_open"))
    return WhatIf(step, on, _state_in(decision, step), *kept, search.looked_at, is_whole, decision)


def changes_that_open(model: Model, case: Case, step: str, *, on: date, calendars: Calendars = None) -> tuple[Change, ...]:
    """The smallest changes after which the step is open on the day; none when it is open."""
    return what_if(model, case, step, on=on, calendars=calendars).opens


def changes_that_do_not_open(model: Model, case: Case, step: str, *, on: date, calendars: Calendars = None) -> tuple[Change, ...]:
    """The smallest changes after which the step is neither open nor undecided: withdrawn, or never opened."""
    return what_if(model, case, step, on=on, calendars=calendars).does_not_open


def say_what_if(found: WhatIf, *, language: str = "fi") -> str:
    """The changes in words, and always that they describe the rules and are no advice. Raises ValueError for a language."""
    if language not in LANGUAGES:
        raise ValueError(f"the language '{language}' is not known; write one of {', '.join(LANGUAGES)}")
    speaker = Speaker(found.decision, language)
    out = [speaker.say(f"what-if-{found.state}", step=speaker.name("steps", found.step), day=speaker.day(found.on))]
    for key, state, changes in (("opens", "open", found.opens), ("does-not-open", "not_open", found.does_not_open)):
        if found.state != state and changes:
            out.append(speaker.say(f"what-if-{key}"))
            out += [_say_change(speaker, c) for c in changes]
    if not found.opens and not found.does_not_open:
        out.append(speaker.say("what-if-none"))
    out.append(speaker.say("what-if-tried", n=found.looked_at - 1))
    if not found.is_whole:
        out.append(speaker.say("what-if-cut"))
    out += [speaker.say("what-if-rules"), speaker.say("ruleset", ruleset=found.decision.basis["ruleset"]["name"])]
    return "\n".join(out)


def _say_change(speaker: Speaker, change: Change) -> str:
    return speaker.say("what-if-one", facts=speaker.say("what-if-and").join(_say_fact(speaker, f) for f in change.facts))


def _say_fact(speaker: Speaker, f: FactChange) -> str:
    if f.what in ("lessons", "days", "marks"):
        kinds = speaker.join((small(speaker.name("kinds", k)) for k in f.names), "or")
        return speaker.say(f"what-if-{f.what}", n=f.units, kinds=kinds)
    if f.what == "corrected":
        return speaker.say("what-if-corrected", n=f.units, marks=_say_marks(speaker, f))
    if f.what == "register":
        return speaker.say("what-if-register")
    if f.what == "report":
        return speaker.say(f"what-if-{f.to}", fact=small(speaker.name("reports", f.names[0])))
    return speaker.say("what-if-answer", fact=big(speaker.name("questions", f.names[0])), answer=f.to)


def _say_marks(speaker: Speaker, f: FactChange) -> str:
    gone = [on for _, on, _, after in f.marks if not after]
    said = [speaker.say("what-if-zero", day=speaker.day(d)) for d in gone]
    if len(gone) > 2:
        first, last = speaker.day(gone[-1]), speaker.day(gone[0])
        said = [speaker.say("what-if-zero-many", count=len(gone), first=first, last=last)]
    for _, on, before, after in f.marks:
        if after:
            said.append(speaker.say("what-if-lowered", day=speaker.day(on), before=before, after=after))
    return speaker.join(said, "and")


def _state_in(decision: Decision, step: str) -> State:
    names = decision.rules.step_by_id[step].names
    if any(s.step in names for s in decision.open_steps):
        return "open"
    return "undecided" if any(names & set(q.steps) for q in decision.questions) else "not_open"


def _calendars_of(case: Case) -> Calendars:
    """The shipped calendars that the enrolments name, read once for the whole search."""
    names = {e.calendar for e in case.events if isinstance(e, Enrolment) and e.calendar}
    return {name: load_calendar(*name.split("+")) for name in names}


class _Folded(Path):
    """The path without the days from which tasks are due: nothing that opens, ends or withdraws a step rests on them."""

    def _due_from(self, o: Opening) -> int:
        return o.day


class _Search:
    """One step of one case on one day."""

    def __init__(self, model: Model, case: Case, decision: Decision, step: str, calendars: Any) -> None:
        self.model, self.step, self.calendars = model, step, calendars
        self.rules: Ruleset = decision.rules
        self.on, self.day = decision.on, decision.on.toordinal()
        self.looked_at = 0
        known = [e for e, m in zip(case.events, case.moments, strict=True) if m <= end_of(self.day)]
        self.case = case
        self.known = [replace(e, seq=i) for i, e in enumerate(known)]  # in the order of recording, with room at its end
        self.facts = Facts(case, self.rules, calendars, end_of(self.day))
        self.place = self.facts.place(self.day, end_of(self.day))
        self.versions = tuple(self._alone(v) for v in model.versions)
        self.tests = tuple(self._tests())
        self.counts = [self.rules.counters[t.fact] for t in self.tests if t.what == "counter"]
        self.counts = list({c.id: c for c in self.counts}.values())

    def _alone(self, rules: Ruleset) -> Ruleset:
        """A version with no more than the step and the steps that it hangs on: the same answer, folded more quickly."""
        mine = self.rules.step_by_id[self.step].names
        waiting, kept = [s for s in rules.steps if mine & s.names], dict[str, StepOf]()
        while waiting:
            s = waiting.pop()
            if s.id in kept:
                continue
            kept[s.id] = s
            asked = [s.opens, s.watch, s.suggest, s.expected_by, *(c for a in s.actions for c in (a.when, a.unless))]
            tests = [t for c in asked for t in tests_in(c)]
            counts = [rules.counters[t.fact] for t in tests if t.what == "counter"]
            names = {t.fact for t in tests if t.what == "step"} | {c.since[1] for c in counts if c.since is not None}
            names |= {t.fact for c in counts for _, only in c.only_if for t in tests_in(only) if t.what == "step"}
            waiting += [x for x in rules.steps if names & x.names]
        return replace(rules, steps=tuple(s for s in rules.steps if s.id in kept))

    # ------------------------------------------------------------------ what the step reads
    def _tests(self) -> Iterator[Test]:
        """Every comparison that the step rests on: its own, those of the steps it asks about, those of counters' `only_if`."""
        waiting, seen = [self.step], set[str]()
        while waiting:
            name = waiting.pop(0)
            s = self.rules.step_by_id.get(name)
            if s is None or name in seen:
                continue
            seen.add(name)
            for t in self._tests_of(s):
                yield t
                if t.what == "step":
                    waiting.append(t.fact)

    def _tests_of(self, s: StepOf) -> Iterator[Test]:
        for t in (*tests_in(s.opens), *tests_in(s.watch)):
            yield t
            if t.what == "counter":
                for _, condition in self.rules.counters[t.fact].only_if:
                    yield from tests_in(condition)

    @cached_property
    def facts_that_change(self) -> tuple[tuple[FactChange, ...], ...]:
        """For each fact its changes, smallest first."""
        out = [*self._more(), *self._corrections(), self._registers(), *self._reports(), *self._answers()]
        return tuple(tuple(line) for line in out if line)

    # ------------------------------------------------------------------ kinds that the step does not tell apart
    def _sign(self, kind: str | None) -> tuple[Any, ...]:
        """What the step's counters make of a kind: two kinds of one sign are one fact. Empty: nothing."""
        if kind is None:
            return ("unmapped",)
        turned = [t.to for t in self.rules.turns if t.kind == kind]
        counted = tuple(c.id for c in self.counts if c.of_kind == kind or (c.measure != "times" and c.kinds & {kind, *turned}))
        if not counted:
            return ()
        own = turned or any(kind == k for c in self.counts for k, _ in c.only_if) or any(c.of_kind == kind for c in self.counts)
        return (*counted, kind) if own else counted

    def _kind(self, mark: Mark) -> str | None:
        if mark.kind in self.rules.kinds:
            return mark.kind
        return self.rules.kind_of(mark.code or mark.kind, mark.on, self.facts.system)

    def _counts_of(self, kind: str) -> list[Count]:
        ids = set(self._sign(kind))
        return [c for c in self.counts if c.id in ids]

    # ------------------------------------------------------------------ more marks
    def _more(self) -> Iterator[list[FactChange]]:
        groups: dict[tuple[Any, ...], list[str]] = {}
        for kind in self.rules.kinds:
            if sign := self._sign(kind):
                groups.setdefault(sign, []).append(kind)
        for kinds in groups.values():
            counts = self._counts_of(kinds[0])
            names = tuple(kinds)
            if any(c.measure not in ("marks", *IN_DAYS) or c.is_share for c in counts):
                yield [x for n in range(1, self._most_lessons(counts) + 1) if (x := self._lessons(names, n))]
            in_days = [c for c in counts if c.measure in IN_DAYS]
            if in_days:
                yield [x for n in range(1, self._most(in_days) + 1) if (x := self._days(names, n, in_days))]
            if any(c.measure == "marks" for c in counts):
                one = self._lessons(names, 1)
                most = self._most([c for c in counts if c.measure == "marks"])
                yield [self._marks(names, n, one.days[0]) for n in range(1, most + 1)] if one else []

    def _limits(self, count: Count) -> list[int]:
        out: list[int] = []
        for t in self.tests:
            for _, limit in t.asks if t.what == "counter" and t.fact == count.id else ():
                out += limit.values.values() if isinstance(limit, ByGrade) else [limit] if isinstance(limit, int) else []
        return out

    def _most(self, counts: list[Count]) -> int:
        """One more than the highest limit, in units of the counters."""
        return max((-(-limit // c.unit) for c in counts for limit in self._limits(c)), default=0) + 1

    def _most_lessons(self, counts: list[Count]) -> int:
        lesson, out = self.place.calendar.lesson_minutes(self.day) * 100, 0
        for c in counts:
            top = max(self._limits(c), default=0)
            if c.is_share:
                r = self.facts.reading(c, self.day, end_of(self.day))
                out = max(out, -(-top * (r.planned or 0) // (50_000 * lesson)))
            elif c.measure in ("lessons", "clock_hours"):
                out = max(out, -(-top // lesson))
        return out + 1

    def _school_days(self) -> list[int]:
        """Up to the day, newest first."""
        return [d for d in reversed(self.place.calendar.school_days) if d <= self.day]

    def _room(self, day: int) -> int:
        """How many more lessons a mark of this day may have."""
        entry = self._registered.get(day)
        if entry is None or entry.planned is None:
            return MOST_LESSONS
        held = sum(m.lessons or 0 for m in self._newest.values() if m.on.toordinal() == day)
        return max(0, int(entry.planned - held))

    def _lessons(self, kinds: tuple[str, ...], n: int) -> FactChange | None:
        events, left = list[Mark](), n
        for day in self._school_days():
            here = min(left, self._room(day))
            if here:
                events.append(self._mark(day, here, kinds[0], len(events)))
                left -= here
            if not left:
                return FactChange("lessons", kinds, n, days=tuple(m.on for m in events), events=tuple(events))
        return None

    def _days(self, kinds: tuple[str, ...], n: int, counts: list[Count]) -> FactChange | None:
        held = {m.on.toordinal() for m in self._newest.values()}
        free = [d for d in self._school_days() if d not in held][:n]
        whole = None
        if any(c.day_from[0] != "any_part" or c.measure == "half_days" for c in counts):
            week = self.place.lessons_per_week
            whole = 0 if week is None else -int(-Decimal(week) // 5)
        lengths = [1 if whole is None else min(whole, self._room(d)) for d in free]
        if len(free) < n or not all(lengths):
            return None
        events = tuple(self._mark(d, x, kinds[0], i) for i, (d, x) in enumerate(zip(free, lengths, strict=True)))
        return FactChange("days", kinds, n, days=tuple(m.on for m in events), events=events)

    def _marks(self, kinds: tuple[str, ...], n: int, on: date) -> FactChange:
        events = tuple(self._mark(on.toordinal(), 1, kinds[0], i) for i in range(n))
        return FactChange("marks", kinds, n, days=(on,), events=events)

    def _mark(self, day: int, lessons: int, kind: str, i: int) -> Mark:
        return Mark(date.fromordinal(day), lessons=lessons, kind=kind, id=f"what-if-{kind}-{i}", recorded=self.on)

    # ------------------------------------------------------------------ corrections
    @cached_property
    def _newest(self) -> dict[str, Mark]:
        """Each mark as it stands, that counts for something and was not taken back; oldest day first."""
        gone = {e.of for e in self.known if isinstance(e, Retracted)}
        out = {str(e.id): e for e in self.known if isinstance(e, Mark)}
        kept = {i: m for i, m in out.items() if i not in gone and m.on <= self.on and (m.lessons, m.minutes) != (0, None)}
        return dict(sorted(((i, m) for i, m in kept.items() if m.minutes != 0), key=lambda x: x[1].on))

    def _corrections(self) -> Iterator[list[FactChange]]:
        groups: dict[tuple[Any, ...], list[Mark]] = {}
        for mark in reversed(self._newest.values()):
            if sign := self._sign(self._kind(mark)):
                groups.setdefault(sign, []).append(mark)
        for marks in groups.values():
            yield list(self._fewer(marks)) if self.counts else []

    def _fewer(self, marks: list[Mark]) -> Iterator[FactChange]:
        """One lesson after another is taken away, the newest marks first."""
        said: list[tuple[str, date, Any, int]] = []
        events: list[Mark] = []
        names = tuple(dict.fromkeys(k for m in marks if (k := self._kind(m)) is not None))
        units = 0
        for m in marks:
            whole = m.lessons if isinstance(m.lessons, int) and m.minutes is None else None
            for left in range(whole - 1, -1, -1) if whole is not None else [0]:
                units += 1
                lowered = replace(m, lessons=left, minutes=None, part=m.part if left else None, recorded=self.on, seq=None)
                one = (str(m.id), m.on, m.lessons, left)
                yield FactChange("corrected", names, units, marks=(*said, one), events=(*events, lowered))
            said.append(one)
            events.append(lowered)

    # ------------------------------------------------------------------ registers, reports, answers
    def _registers(self) -> list[FactChange]:
        """Each lesson that nobody marked is marked as attended, day by day; the planned numbers stay."""
        if not self.counts:
            return []
        events = list[Register]()
        begins = self.facts.begins(end_of(self.day))
        for day in sorted({d for d in self._school_days() if d >= begins} | set(self._registered)):
            entry, on = self._registered.get(day), date.fromordinal(day)
            if entry is None and self.case.register == "given":
                new = Register(on, through=on)
            elif entry is not None and entry.planned is not None and (entry.marked or 0) < entry.planned:
                new = replace(entry, marked=entry.planned)
            else:
                continue
            events.append(replace(new, id=f"what-if-register-{on.isoformat()}", recorded=self.on, seq=None))
        return [FactChange("register", (), 1, events=tuple(events))] if events else []

    @cached_property
    def _registered(self) -> dict[int, Register]:
        """The register entry of each day, the newest one."""
        gone = {e.of for e in self.known if isinstance(e, Retracted)}
        out: dict[int, Register] = {}
        for e in self.known:
            if isinstance(e, Register) and e.id not in gone:
                last = e.through or e.on
                out |= dict.fromkeys(range(e.on.toordinal(), min(last.toordinal(), self.day) + 1), e)
        return out

    def _reports(self) -> Iterator[list[FactChange]]:
        gone = {e.of for e in self.known if isinstance(e, Retracted)}
        for name in dict.fromkeys(t.fact for t in self.tests if t.what == "report"):
            raised = Report(name, self.on, id=f"what-if-{name}", recorded=self.on)
            out = [FactChange("report", (name,), 1, "raised", events=(raised,))]
            by = {r.by for r in self.facts.raised(name, self.day, end_of(self.day))}
            back = [
                Report(name, self.on, by=who, raised=False, id=f"what-if-{name}-{i}", recorded=self.on)
                for i, who in enumerate(sorted(by, key=str))
            ]
            if back:
                out.append(FactChange("report", (name,), 1, "taken_back", events=tuple(back)))
            wrong = [e for e in self.known if isinstance(e, Report) and e.report == name and e.raised and e.id not in gone]
            if wrong:
                events = tuple(Retracted(str(e.id), self.on, id=f"what-if-{e.id}", recorded=self.on) for e in wrong)
                out.append(FactChange("report", (name,), 1, "retracted", events=events))
            yield out

    def _answers(self) -> Iterator[list[FactChange]]:
        for name in dict.fromkeys(t.fact for t in self.tests if t.what == "question"):
            answers = self.rules.questions[name].answers
            yield [
                FactChange("answer", (name,), 1, a, events=(Answer(name, a, self.on, id=f"what-if-{name}", recorded=self.on),))
                for a in (answers if isinstance(answers, list) else ())
            ]

    # ------------------------------------------------------------------ trying
    def changed(self, facts: tuple[FactChange, ...]) -> Case:
        """The record as it would be: the same events, and then these at the end of the day."""
        new = [e for f in facts for e in f.events]
        events = [*self.known, *(replace(e, seq=len(self.known) + i) for i, e in enumerate(new))]
        return self.case.changed(events=events)

    def state(self, case: Case) -> State:
        self.looked_at += 1
        known = end_of(self.day)
        names = self.rules.step_by_id[self.step].names
        path = _Folded([Facts(case, v, self.calendars, known) for v in self.versions], self.day)
        opened = [o for o in path.openings if o.ended is None and o.step.base in names]
        if any(not o.is_withdrawn for o in opened):
            return "open"
        waits = any(path.undecided_steps[name][0].base in names for name in path.undecided)
        return "undecided" if waits else "not_open"

    def changes(self, together: int, at_most: int) -> tuple[tuple[Change, ...], tuple[Change, ...], bool]:
        """(changes after which it is open, changes after which it is neither open nor undecided, is this all?)"""
        lines, before = self.facts_that_change, self.state(self.case)
        wanted: tuple[State, ...] = tuple(w for w in ("open", "not_open") if w != before)
        found: dict[State, dict[frozenset[int], Change]] = {w: {} for w in wanted}
        left, is_whole = at_most, True
        for many in range(1, together + 1):
            sets = [frozenset(s) for s in combinations(range(len(lines)), many)]
            for s in sorted(sets, key=lambda s: prod(len(lines[i]) for i in s)):  # those soon looked through come first
                open_to = [w for w in wanted if not any(f < s for f in found[w])]
                for facts in _by_size([lines[i] for i in sorted(s)]) if open_to else ():
                    if many > 1 and left <= 0:
                        is_whole = False
                        break
                    left -= many > 1
                    case = self.changed(facts)
                    after = self.state(case)
                    if after in open_to:
                        found[after][s] = Change(facts, case)
                        open_to.remove(after)
                    if not open_to:
                        break
        ordered: dict[State, tuple[Change, ...]] = {}
        for w, those in found.items():
            by_size = sorted(those.items(), key=lambda x: (len(x[0]), x[1].units, sorted(x[0])))
            ordered[w] = tuple(change for _, change in by_size)
        return ordered.get("open", ()), ordered.get("not_open", ()), is_whole


def _by_size(lines: list[tuple[FactChange, ...]]) -> Iterator[tuple[FactChange, ...]]:
    """Every change of just these facts, fewer units first; of as many units, the one that changes the first fact least."""
    yield from sorted(product(*lines), key=lambda facts: sum(f.units for f in facts))
