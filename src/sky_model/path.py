"""The path of a case: which steps opened, on what ground, how they ended, what is undecided. The fold of the record.

Rules: each day is judged with what was known on that day; a check first ends steps, then opens steps, all on the state
before it; a day is checked at its end and before each closing; later knowledge changes no opening, it can only show it
withdrawn. Only days on which something can change are looked at; that this leaves nothing out is what the slow decider
in the tests is for.
"""

from __future__ import annotations

import hashlib
import heapq
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sky_model.consents import agreed
from sky_model.events import DAY, ActionTaken, Mark, Register, StepClosed, end_of
from sky_model.facts import FALSE, TRUE, UNKNOWN, Facts, Pair
from sky_model.records import PastEnd, PastOpening
from sky_model.rules import Act, All, AnyOf, ByGrade, Condition, NoneOf, StepOf, Test, tests_in
from sky_model.schooldays import NEVER, PARTS, Span, Within

__all__ = ["Closed", "Opening", "Path", "Undecided", "grounds_of", "in_force", "words_of"]

NOWHERE: Mapping[str, int] = {}
MOST_WORDS = 160  # of a part, as a checkpoint names it; a longer one is named by its digest
MOST_LEVELS = 50  # of a step that opens again at every further n: where nobody has said how long, there is no end


@dataclass(slots=True)
class Opening:
    """A step that opened: when, about which day, by which version; and how it ended, if it did."""

    step: StepOf
    version: int
    moment: int
    about: int
    name: str
    ended: int | None = None
    how: str = ""
    closing: StepClosed | None = None
    is_withdrawn: bool = False
    is_in_doubt: bool = False
    due_from: int = 0
    past: PastOpening | None = None  # it ended before a checkpoint: what it rested on is erased
    renews: Opening | None = None  # the opening that it renewed, on ground of a newer window
    owed: frozenset[str] = frozenset()  # of a renewed opening: the actions that nobody had answered then
    newer_from: int | None = None  # from which day on it may be renewed, where that was asked

    @property
    def day(self) -> int:
        return self.moment // DAY


@dataclass(frozen=True, slots=True)
class Closed:
    """The end of an opening, or of a question by a person's closing. `gone`: when the closing was taken back."""

    moment: int
    by_person: bool
    gone: int
    past: PastEnd | None = None


@dataclass(slots=True)
class _Version:
    facts: Facts
    first: int
    last: int  # the last day that this version judges
    line: int = 0  # its ruleset: the versions of one follow one another
    all: tuple[StepOf, ...] = ()  # with the higher levels that this record could reach
    steps: tuple[StepOf, ...] = ()  # without those that could open on no day
    parts: dict[str, tuple[Within, ...]] = field(default_factory=dict)

    def parts_of(self, step: StepOf) -> tuple[Within, ...]:
        """The parts of the year in which the counters of a step count."""
        if step.id not in self.parts:
            used = {self.facts.rules.counters[t.fact].window.within for t in step.tests if t.what == "counter"}
            self.parts[step.id] = tuple(p for p in PARTS if p in used)
        return self.parts[step.id]


@dataclass(frozen=True, slots=True)
class Undecided:
    """How a step is undecided: by which version, about which day, in a check at `at`. `is_late`: it would have been true."""

    step: StepOf
    version: _Version
    day: int
    at: int
    is_late: bool


class Path:
    """The path of one case up to the end of the day `on`, and what today's knowledge says of it."""

    def __init__(
        self,
        versions: list[Facts],
        on: int,
        *,
        lines: Sequence[int] = (),
        line_of: Mapping[str, int] = NOWHERE,
        as_if: bool = False,
    ) -> None:
        """
        versions  of each ruleset its versions, in the order of their days
        lines     for each of them its ruleset by number; `line_of`: the ruleset of each school, of any other the first
        as_if     the first version of a ruleset judges all earlier days too, the last one all later days
        """
        self.on, self.now = on, end_of(on)
        self.line_of = line_of
        numbers = lines or [0] * len(versions)
        days = in_force(versions, numbers, as_if)
        self.versions = [_Version(f, *d, line) for f, d, line in zip(versions, days, numbers, strict=True)]
        self.facts = versions[-1]  # events are the same for every version
        self.has_left = self.facts.has_left(on, self.facts.now)
        self.openings: list[Opening] = []
        self.ends: dict[str, list[Closed]] = {}
        self.undecided: dict[str, int] = {}
        self.told: list[str] = []
        self.undecided_steps: dict[str, tuple[StepOf, _Version]] = {}
        self.undecided_as: dict[str, Undecided] = {}
        self._agenda: list[int] = []
        self._woken: dict[int, set[str] | None] = {}
        self._folded = 0  # the day up to which a checkpoint has folded the record
        for v in self.versions:
            v.facts.openings = lambda: self.openings
            v.facts.horizon = on
            v.all = tuple(level for s in v.facts.rules.steps for level in self._levels_of(v, s))
            v.steps = tuple(s for s in v.all if s.watch is not None or self._can_ever_open(v, s, s.opens))
        self._take_up()
        self._fold()
        self._look_again()

    # ------------------------------------------------------------------ conditions
    def holds(
        self,
        v: _Version,
        condition: Condition,
        day: int,
        known: int,
        at: int,
        *,
        early: Pair = UNKNOWN,
        new: Any = None,
        since: int | None = None,
    ) -> tuple[Pair, Pair]:
        """(what it is, what it is on new ground) about a day, with the knowledge of `known`, in a check at `at`."""
        if isinstance(condition, AnyOf | All):
            both = [self.holds(v, c, day, known, at, early=early, new=new, since=since) for c in condition.parts]
            either = max(g[0] for _, g in both), max(g[1] for _, g in both)
            if isinstance(condition, AnyOf):
                return (max(a[0] for a, _ in both), max(a[1] for a, _ in both)), either
            value = min(a[0] for a, _ in both), min(a[1] for a, _ in both)
            return value, (min(value[0], either[0]), min(value[1], either[1]))
        if isinstance(condition, NoneOf):
            flipped = {UNKNOWN: UNKNOWN, FALSE: TRUE, TRUE: FALSE}[early]
            inner = self.holds(v, AnyOf(condition.parts), day, known, at, early=flipped, since=since)[0]
            value = 1 - inner[1], 1 - inner[0]
        elif condition.what == "step":
            value = self._ask_step(condition, at, known)
        else:
            value = v.facts.ask(condition, day, known, early, since, at)
        if new is None or value == FALSE:
            return value, value
        fresh = new(condition)
        return value, (min(value[0], fresh[0]), min(value[1], fresh[1]))

    def _levels_of(self, v: _Version, s: StepOf) -> list[StepOf]:
        """The step, and its higher levels as far as this record could reach."""
        if s.levels is None:
            return [s]
        counter, every, first = s.levels
        count = v.facts.rules.counters[counter]
        highest = v.facts.no_more_than(count)
        levels = [s]
        while (value := first + every * len(levels)) * count.unit <= highest and len(levels) < MOST_LEVELS:
            levels.append(v.facts.rules.level_of(s, value))
        return levels

    def _ask_step(self, test: Test, at: int, known: int) -> Pair:
        mine = [o for o in self.openings if o.step.base == test.fact and o.moment < at]
        is_open = any(o.ended is None or o.ended >= at for o in mine)
        has_ended = bool(mine) and not is_open
        state = {"open": is_open, "ended": has_ended, "never_opened": not mine, "worked_through": False}
        if has_ended and any(value == "worked_through" for _, value in test.asks):
            last = max(mine, key=lambda o: o.moment)
            state["worked_through"] = self._is_worked_through(last, at, min(known, self.now))
        return TRUE if all(state[value] for _, value in test.asks) else FALSE

    def _gate(self, v: _Version, step: StepOf, day: int, known: int) -> Pair:
        """Narrower grades: no ground of their own, they let through or not."""
        if step.grades is None:
            return TRUE
        grade = v.facts.place(day, known).grade
        if grade is None:
            return UNKNOWN
        return TRUE if step.grades[0] <= grade <= step.grades[1] else FALSE

    def opens(
        self,
        v: _Version,
        step: StepOf,
        day: int,
        known: int,
        at: int,
        *,
        early: Pair = UNKNOWN,
        new: Any = None,
        seen: int | None = None,
    ) -> tuple[Pair, Pair]:
        """`opens`, and for so long after a closing the smaller limits of its watch. `seen`: ends up to this moment count."""
        value, ground = self.holds(v, step.opens, day, known, at, early=early, new=new)
        since = self.watched_since(v, step, day, known, at if seen is None else seen)
        if step.watch is not None and since is not None:
            fresh = new and (lambda t: new(t, since))
            more = self.holds(v, step.watch, day, known, at, early=early, new=fresh, since=since)
            value = max(value[0], more[0][0]), max(value[1], more[0][1])
            ground = max(ground[0], more[1][0]), max(ground[1], more[1][1])
        gate = self._gate(v, step, day, known)
        return (min(value[0], gate[0]), min(value[1], gate[1])), (min(ground[0], gate[0]), min(ground[1], gate[1]))

    def watched_since(self, v: _Version, step: StepOf, day: int, known: int, seen: int) -> int | None:
        """From which day the smaller limits of a watch count, where it watches on a day; `seen`: ends up to this moment count."""
        if step.watch is None or step.watch_for is None:
            return None
        last = max((e.moment // DAY for e in self.ends_of(step, seen, persons=True)), default=None)
        if last is None or day <= last:
            return None
        until = v.facts.place(last, known).calendar.after(last, step.watch_for)
        return last + 1 if until is None or day <= until else None

    # ------------------------------------------------------------------ asking
    def ends_of(self, step: StepOf, at: int, *, persons: bool = False) -> list[Closed]:
        """Ends of the step up to a moment, without closings taken back by then; `persons`: closings only."""
        if not self.ends:
            return []
        out = [
            e for name in step.names for e in self.ends.get(name, ()) if e.moment <= at < e.gone and (e.by_person or not persons)
        ]
        return sorted(out, key=lambda e: e.moment) if len(step.names) > 1 else out

    def asked(self, v: _Version, step: StepOf, q: int, at: int, known: int) -> list[int]:
        """The days asked about on the day q: of those that this ruleset judges, by the school attended on them."""
        days = [q]
        if step.lasts.word == "until_closed":
            for part in v.parts_of(step):
                calendar = v.facts.place(q, known).calendar
                first = calendar.year(q).first
                days += [s - 1 for s in calendar.starts(part) if first < s <= q]
        closed = max((e.moment // DAY for e in self.ends_of(step, at, persons=True)), default=0)
        least = max(closed, v.first, v.facts.begins(known))
        return sorted({d for d in days if d >= least and (d == q or self.is_of(v, d, known))})

    def is_of(self, v: _Version, day: int, known: int) -> bool:
        """Is a day judged by the ruleset of this version, as known?"""
        if self.facts.is_plain:
            return True
        return not self.facts.has_left(day, known) and self._line(day, known) == v.line

    def _line(self, day: int, known: int) -> int:
        """The ruleset of the school attended on a day; after an end that of the school that was left."""
        return self.line_of.get(self.facts.place(day, known).school or "", 0) if self.line_of else 0

    # ------------------------------------------------------------------ what is new ground
    def newness(self, v: _Version, step: StepOf, day: int, at: int) -> Any:
        ends = self.ends_of(step, at)
        by_itself = step.lasts.word in ("while_true", "until_end_of")
        if not ends and not (by_itself and any(o.ended is not None and o.step.names & step.names for o in self.openings)):
            return None  # everything is new
        return lambda part, since=None: self._is_new(v, step, part, day, at, ends, since)

    def _is_new(
        self, v: _Version, step: StepOf, part: Test | NoneOf, day: int, at: int, ends: list[Closed], since: int | None
    ) -> Pair:
        facts, known = v.facts, min(at, self.now)
        by_itself = step.lasts.word in ("while_true", "until_end_of")
        is_counter = isinstance(part, Test) and part.what == "counter"
        if is_counter and step.again.startswith("each"):
            return self._each_new(v, step, part, day, at, ends, since)  # type: ignore[arg-type]
        answering = None
        for e in ends:
            if e.past is not None:
                is_answered = words_of(part, since) in self._judged(v, e.past.answered)
            else:
                is_answered = self.answers(v, part, e, since)
            if is_answered:
                answering = e
        if isinstance(part, Test) and part.what in ("report", "question"):
            if answering is None:
                return TRUE
            newest = [facts.answer(part.fact, day, known)] if part.what == "question" else facts.raised(part.fact, day, known)
            return TRUE if any(e is not None and self._moment_of(e) > answering.moment for e in newest) else FALSE
        if not is_counter:
            return TRUE if answering is None or self._false_since(v, part, answering, day, at, since) else FALSE
        count = facts.rules.counters[part.fact]  # type: ignore[union-attr]
        begins = facts.counted_from(count, day, known, since, at, part.checks_in) or 0  # type: ignore[union-attr]
        if by_itself and step.again in ("next_window", "once"):
            for o in self.openings:
                if (
                    o.step.names & step.names
                    and o.ended is not None
                    and o.ended <= at
                    and (step.again == "once" or begins <= o.about)
                ) and self._was_ground(v, part, o, since):
                    return FALSE
        if answering is None:
            return TRUE
        if step.again == "once":
            return FALSE
        if step.again == "next_window":
            return TRUE if begins > answering.moment // DAY else FALSE
        is_new = (by_itself and not answering.by_person) or self._false_since(v, part, answering, day, at, since)
        return TRUE if is_new else FALSE

    def answers(self, v: _Version, part: Test | NoneOf, end: Closed, since: int | None) -> bool:
        """Does an end answer a part: it held, or was unknown when a person judged it?"""
        value = self.holds(v, part, end.moment // DAY, end.moment, end.moment, early=FALSE, since=since)[0]
        return bool(value[1 if end.by_person else 0])

    def _was_ground(self, v: _Version, part: Test | NoneOf, o: Opening, since: int | None) -> bool:
        if o.past is not None:
            return words_of(part, since) in o.past.grounds
        return self.holds(v, part, o.about, o.moment, o.moment, since=since)[0] == TRUE

    def _judged(self, v: _Version, said: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
        """What a version judged at the checkpoint; for one that came later, what the newest of then judged."""
        before = self.facts.case.before
        name = v.facts.rules.name
        return said.get(name if name in said or before is None else before.ruleset, ())

    def _moment_of(self, event: Any) -> int:
        case = self.facts.case
        return case.moments[case.events.index(event)]

    def has_been_false(self, v: _Version, part: Test | NoneOf, end: Closed, since: int | None) -> bool:
        """Was a part false on a day since an end?"""
        return self._false_since(v, part, end, self.on, self.now, since)

    def _false_since(self, v: _Version, part: Test | NoneOf, end: Closed, day: int, at: int, since: int | None) -> bool:
        first, last = max(end.moment // DAY, self._folded + 1), min(day, at // DAY)
        if end.past is not None and words_of(part, since) in self._judged(v, end.past.false_since):
            return True
        tests = [part] if isinstance(part, Test) else list(tests_in(part))
        if since is not None or any(t.what == "step" for t in tests) or not all(map(v.facts.is_calm, tests)):
            days: Any = range(first, last + 1)
        else:
            found = {first}
            for t in tests:
                changes = v.facts.change_days(t, False, False)
                found.update(changes[bisect_left(changes, first) : bisect_right(changes, last)])
            days = sorted(found)
        return any(
            self.holds(v, part, d, end_of(d), end_of(d), since=since)[0] == FALSE
            for d in days
            if d <= last and end_of(d) > end.moment
        )

    def _each_new(self, v: _Version, step: StepOf, part: Test, day: int, at: int, ends: list[Closed], since: int | None) -> Pair:
        """A mark (day) is new if it was first recorded after the last end; a lesson not marked may become one."""
        if not ends:
            return TRUE
        facts, last, known = v.facts, ends[-1].moment, min(at, self.now)
        count = facts.rules.counters[part.fact]
        if step.again == "each_episode":
            return facts.new_episodes(count, day, known, last, at, part.checks_in)
        read = facts.read_as_of(count, day, known, at, part.checks_in)
        begins = facts.counted_from(count, day, known, since, at, part.checks_in)
        if read is None or begins is None:
            return FALSE
        old_days: set[int] = set()
        if step.again == "each_day":
            old_days = {v.on.toordinal() for versions in facts.marks.values() for m, v in versions if v is not None and m <= last}
        return facts.new_marks(count, begins, read, known, last, old_days)

    # ------------------------------------------------------------------ the fold
    def _wake(self, day: int, step: str | None) -> None:
        if day > self.on or day <= self._folded:
            return
        at = end_of(day)
        if at not in self._woken:
            self._woken[at] = set()
            heapq.heappush(self._agenda, at)
        woken = self._woken[at]
        if step is None:
            self._woken[at] = None
        elif woken is not None:
            woken.add(step)

    def _take_up(self) -> None:
        """Go on from a checkpoint: what had opened and ended by then, as it was judged then."""
        before = self.facts.case.before
        if before is None:
            return
        self._folded = before.day.toordinal()
        by_name = {v.facts.rules.name: v for v in self.versions}
        for past in before.openings:
            v = by_name.get(past.ruleset, self.versions[0])
            step = self._step_of(v, past.step, past.level)
            if step is not None:
                o = Opening(step, self.versions.index(v), past.moment, past.about, past.name, past.ended, past.how, past=past)
                o.is_withdrawn, o.is_in_doubt, o.due_from = past.is_withdrawn, past.is_in_doubt, past.due_from
                o.renews, o.owed = next((x for x in self.openings if x.name == past.renews), None), frozenset(past.owed)
                self.openings.append(o)
        for end in before.ends:
            v = by_name.get(end.ruleset, self.versions[0])
            step = self._step_of(v, end.step, int(end.step.partition("+")[2] or 0))
            if step is not None:
                self._ended(step, v, end.moment, end.by_person, NEVER * DAY, end)
        self._wake(self._folded + 1, None)
        first = before.marks_from.toordinal()
        for m, e in zip(self.facts.case.moments, self.facts.case.events, strict=True):
            is_old = isinstance(e, Mark | Register) and e.on.toordinal() < first and m // DAY > self._folded
            if is_old and m <= self.facts.now:  # the day that it speaks of is erased: it can be counted nowhere
                self.told.append(str(e.id))

    def _step_of(self, v: _Version, name: str, level: int) -> StepOf | None:
        """A step of a version by its name, or the one that goes on with it; of a level that this record need not reach."""
        for s in v.facts.rules.steps:
            if s.id == name.partition("+")[0] or name in s.names:
                return s if not level else v.facts.rules.level_of(s, level) if s.levels is not None else None
        return None

    def _wake_from_the_start(self) -> None:
        facts = self.facts
        for v in self.versions:
            self._wake(v.first, None)
            for epoch in range(len(facts.epochs)):
                begin = facts._places_of(epoch)[0][1].since
                if v.first <= begin <= v.last:
                    self._wake(begin, None)
            for s in v.steps:
                days: set[int] = set()
                for c in (s.opens, *((a.when for a in s.actions) if s.lasts.word == "until_done" else ())):
                    for t in tests_in(c):
                        days.update(v.facts.change_days(t, s.lasts.word == "until_closed", s.again.startswith("each")))
                if s.lasts.word == "until_done":
                    for a in s.actions:
                        for d in (*facts.taken.get(a.id, ()), *(x for q in a.asks for x in facts.answers.get(q, ()))):
                            days.update((d.moment // DAY, d.event.on.toordinal(), d.gone // DAY))
                        for d in (x for c in a.consents for x in facts.consents.get(c, ())):
                            days.update((d.moment // DAY, d.gone // DAY))
                if s.lasts.word == "until_end_of":
                    days.update(facts.place(0, facts.now).calendar.starts(s.lasts.part))
                if s.grades:
                    for d in facts.enrolments:
                        days.update((d.moment // DAY, d.event.since.toordinal(), d.gone // DAY))
                for day in days:
                    if v.first <= day:  # an opening keeps its version also on days that a later one judges
                        self._wake(day, s.id)
        for day in facts.retraction_days:
            self._wake(day, None)
        if not facts.is_plain:  # other rules, or none, may judge from these days on
            for e in (*facts.enrolments, *facts.lefts):
                for day in (e.moment // DAY, e.event.on.toordinal(), e.gone // DAY):
                    self._wake(day, None)

    def version(self, day: int, known: int) -> _Version | None:
        """The version that judges a day, as known. None: none is in force, or the pupil has left."""
        if self.facts.has_left(day, known):
            return None
        line = self._line(day, known)
        return next((v for v in self.versions if v.line == line and v.first <= day <= v.last), None)

    def _fold(self) -> None:
        closings = {d.moment: d for d in self.facts.closings}
        for m in closings:
            self._woken[m] = None
            heapq.heappush(self._agenda, m)
        self._wake_from_the_start()
        self._wake(self.on, None)
        while self._agenda:
            at = heapq.heappop(self._agenda)
            self._check(at, self._woken.pop(at))
            if at in closings:
                self._close(closings[at].event, at, closings[at].gone)

    def _check(self, at: int, woken: set[str] | None) -> None:
        day = at // DAY
        v = self.version(day, at)
        if v is None:  # nothing opens, and nothing ends but by a person
            return
        rules = v.facts.rules
        ended = {e.step for e in rules.said.ends}
        for o in [o for o in self.openings if o.ended is None and o.moment < at]:
            if o.step.id in ended and self.versions[o.version] is not v and self.versions[o.version].line == v.line:
                self._end(o, at, "ended by the new version")
            elif woken is None or o.step.id in woken:
                how = self._ends_by_itself(o, at)
                if how:
                    self._end(o, at, how)
        state = list(self.openings)
        for s in v.steps:
            if woken is not None and s.id not in woken:
                continue
            old = next((o for o in state if o.ended is None and o.step.names & s.names), None)
            if old is not None and s.again != "next_window":
                continue
            for c in self.asked(v, s, day, at, at):
                if old is not None:
                    opens = self.renewal(old, s, v, c, at, at)
                else:
                    opens = self.opens(v, s, c, at, at, new=self.newness(v, s, c, at))[1]
                if opens == TRUE:
                    self._open(s, v, at, c, old)
                    break

    def _ends_by_itself(self, o: Opening, at: int) -> str:
        v, day, word = self.versions[o.version], at // DAY, o.step.lasts.word
        if word == "while_true":
            return "no longer true" if self.opens(v, o.step, day, at, at, seen=o.moment)[0] == FALSE else ""
        if word == "until_done":
            return "done" if self._is_worked_through(o, at, at) else ""
        calendar = v.facts.place(day, at).calendar
        if word == "until_end_of":
            starts = calendar.starts(o.step.lasts.part)
            return f"the {o.step.lasts.part} ended" if bisect_right(starts, day) > max(1, bisect_right(starts, o.day)) else ""
        if word == "span" and o.step.lasts.span is not None:
            last = v.facts.after(o.day, o.step.lasts.span, at)
            return "its time ended" if last is not None and day > last else ""
        return ""

    def renewal(self, o: Opening, s: StepOf, v: _Version, day: int, at: int, known: int) -> Pair:
        """Is `opens` true for a day on ground of a newer window than that of an open step?

        A counter has there a window that began after the day that the opening is about, and in which it did not yet hold when
        the opening was made.
        """

        if s.base == o.step.base and day < self._newer_from(o):  # another step has other windows
            return FALSE

        def new(part: Test | NoneOf, since: int | None = None) -> Pair:
            if not isinstance(part, Test) or part.what != "counter":
                return FALSE
            count = v.facts.rules.counters[part.fact]
            begins = v.facts.counted_from(count, day, known, since, at, part.checks_in)
            if begins is None or begins <= o.about:
                return FALSE
            if begins > o.day:
                return TRUE
            held = self.holds(v, part, o.day, min(o.moment, self.now), o.moment, early=FALSE, since=since)[0]
            return FALSE if held == TRUE else TRUE

        return self.opens(v, s, day, known, at, early=FALSE, new=new)[1]

    def _newer_from(self, o: Opening) -> int:
        """A day before which no counter has a window that began after the day the opening is about: no renewal is looked for."""
        if o.newer_from is None:
            steps = [(v, s) for v in self.versions for s in v.all if s.names & o.step.names]
            counts = [v.facts.rules.counters[t.fact] for v, s in steps for t in s.tests if t.what == "counter"]
            is_simple = self.facts.is_plain and all(s.watch is None for _, s in steps) and all(c.since is None for c in counts)
            o.newer_from = min(self._leaves(o.about, o.step.names), default=NEVER) if is_simple else o.about
        return o.newer_from

    def chain(self, o: Opening) -> list[Opening]:
        """The openings that it renewed, oldest first, and itself."""
        found = [o]
        while found[0].renews is not None:
            found.insert(0, found[0].renews)
        return found

    def standing(self) -> list[Opening]:
        """Of each open step its newest opening that is not withdrawn: a withdrawn one renewed nothing. Else its last."""
        return [self.current(o) or o for o in self.openings if o.ended is None]

    def current(self, o: Opening) -> Opening | None:
        return next((x for x in reversed(self.chain(o)) if not x.is_withdrawn), None)

    def is_on_newer_window(self, low: Opening, high: Opening) -> bool:
        """Did a lower level open on ground of a window that began after the day that the higher one is about?"""
        if low.moment <= high.moment or low.past is not None or high.past is not None:
            return False
        v = self.versions[low.version]
        return self.renewal(high, low.step, v, low.about, low.moment, low.moment) == TRUE

    def acts_of(self, o: Opening) -> list[Act]:
        """Its own actions, and those of the steps that it includes, and theirs in turn."""
        rules, steps = self.versions[o.version].facts.rules, [o.step]
        for s in steps:  # grows while it is read
            for low, how in s.above.items():
                below = rules.step_by_id.get(low)
                if how == "includes" and below is not None and below not in steps:
                    steps.append(below)
        acts: dict[str, Act] = {}
        for s in steps:
            for a in s.actions:
                acts.setdefault(a.id, a)
        return list(acts.values())

    def _is_worked_through(self, o: Opening, at: int, known: int) -> bool:
        """Is each must and consider answered, and what the openings that it renewed still owed?"""
        mine = [(o, a) for a in o.step.actions if a.duty in ("must", "consider")]
        owed = [(x, a) for x in self.chain(o)[:-1] for a in self.acts_of(x) if a.id in x.owed]
        return all(self.is_answered(x, a, at, known) for x, a in mine + owed)

    def _open(self, s: StepOf, v: _Version, at: int, about: int, old: Opening | None = None) -> None:
        """A step opens; with `old`, anew: the opening ends, its step stays open."""
        day = at // DAY
        if old is not None:  # what is owed is looked up before the end
            old.owed = frozenset(a.id for a in self.acts_of(old) if not self.is_answered(old, a, at, at))
            old.ended, old.how = at, "renewed"
        twins = sum(o.step.id == s.id and o.day == day for o in self.openings)
        name = f"{s.id}@{date.fromordinal(day).isoformat()}" + (f"#{twins + 1}" if twins else "")
        self.openings.append(Opening(s, self.versions.index(v), at, about, name, due_from=day, renews=old))
        self._wake_after(s, at)
        if s.again == "next_window":
            for leaves in self._leaves(about, s.names):
                self._wake(leaves, s.id)
        if s.lasts.word == "span" and s.lasts.span is not None:
            last = v.facts.after(day, s.lasts.span, at)
            if last is not None:
                self._wake(last + 1, s.id)
        if s.lasts.word in ("until_done", "while_true"):
            self._wake(day + (at == end_of(day)), s.id)

    def _wake_after(self, s: StepOf, at: int) -> None:
        """After a step opened or ended: those that ask about it are looked at in the next check."""
        nextone = at // DAY + (at == end_of(at // DAY))
        for v in self.versions:
            for name in v.facts.rules.dependents.get(s.id, ()):
                self._wake(nextone, name)
                self._wake(nextone + 1, name)

    def _end(self, o: Opening, at: int, how: str, closing: StepClosed | None = None, gone: int = NEVER * DAY) -> None:
        o.ended, o.how, o.closing = at, how, closing
        self._ended(o.step, self.versions[o.version], at, closing is not None, gone)

    def _ended(self, s: StepOf, v: _Version, at: int, by_person: bool, gone: int, past: PastEnd | None = None) -> None:
        self.ends.setdefault(s.id, []).append(Closed(at, by_person, gone, past))
        day = at // DAY
        for name in {s.id, *(x.id for w in self.versions for x in w.all if s.id in x.was)}:
            self._wake(day if at < end_of(day) else day + 1, name)
            self._wake(day + 1, name)
            for w in self.versions:
                for step in w.all:
                    if step.id != name:
                        continue
                    for leaves in self._leaves(day, frozenset((name,))):
                        self._wake(leaves, name)
                    if step.watch is not None and step.watch_for is not None:
                        until = w.facts.place(day, w.facts.now).calendar.after(day, step.watch_for) or self.on
                        for d in range(day, min(until + 1, self.on) + 1):
                            self._wake(d, name)
        self._wake_after(s, at)

    def _close(self, e: StepClosed, at: int, gone: int) -> None:
        """A person closes an open step or an undecided one; anything else changes nothing and is told."""
        day = at // DAY
        opened = [o for o in self.openings if o.step.base == e.step and o.ended is None]
        for o in opened:  # all levels at once
            self._end(o, at, "closed", e, gone)
        if opened:
            return
        is_told = True
        for s, v in self._steps_named(e.step, day, at):
            is_open = any(o.ended is None and o.step.id in s.names for o in self.openings)
            if not is_open and self._open_question(s, v, day, at) is not None:
                self._ended(s, v, at, True, gone)
                is_told = False
        if is_told:
            self.told.append(str(e.id))

    def _steps_named(self, name: str, day: int, known: int) -> list[tuple[StepOf, _Version]]:
        """The step of a name with its levels, in its newest form of a day."""
        return [(s, v) for s, v in self._steps_so_far(day, known) if s.base == name]

    def _steps_so_far(self, day: int, known: int) -> Iterable[tuple[StepOf, _Version]]:
        """The steps of every version so far, each in its newest form; of the rulesets of earlier schools too, today's last."""
        mine = self._line(day, known)
        lines = {mine}
        if self.line_of:
            lines |= {self.line_of.get(p.school or "", 0) for d, p in self.facts.places(known) if d <= day}
        steps: dict[str, tuple[StepOf, _Version]] = {}
        for v in sorted((v for v in self.versions if v.line in lines and v.first <= day), key=lambda v: (v.line == mine, v.line)):
            for s in v.all:
                for old in s.was:
                    steps.pop(old, None)
                steps[s.id] = (s, v)
            for e in v.facts.rules.said.ends:
                steps.pop(e.step, None)
        return steps.values()

    # ------------------------------------------------------------------ what people answered
    def counts_from(self, o: Opening, known: int) -> int:
        """From which day on what was done counts for this opening ("done earlier counts")."""
        if o.past is not None:
            return o.past.counts_from
        v = self.versions[o.version]
        before = [
            x.ended // DAY
            for x in self.openings
            if x.ended is not None and x.ended <= o.moment and x.step.id == o.step.id and x is not o
        ]
        if o.renews is not None:  # it asks anew
            return o.day
        c = o.about
        if self.opens(v, o.step, c, known, o.moment)[0][1] == 0:
            c = next((d for d, value in self.ground(o, known, min(self.on, known // DAY)) if value[1]), o.about)
        days: list[int] = []
        at = max(end_of(c), o.moment)
        parts: list[tuple[Test | NoneOf, int | None]] = [(p, None) for p in grounds_of(o.step.opens)]
        watched = self.watched_since(v, o.step, c, known, o.moment)
        if o.step.watch is not None and watched is not None:
            parts += [(p, watched) for p in grounds_of(o.step.watch)]
        for part, since in parts:
            if not isinstance(part, Test) or not self.holds(v, part, c, known, at, since=since)[0][1]:
                continue
            if part.what == "counter":
                begins = v.facts.counted_from(v.facts.rules.counters[part.fact], c, known, since, at, part.checks_in)
                days += [begins] if begins is not None else []
            elif part.what == "report":
                days += [e.on.toordinal() for e in v.facts.raised(part.fact, c, known)]
            elif part.what == "question":
                a = v.facts.answer(part.fact, c, known)
                days += [a.on.toordinal()] if a else []
        at_least = [o.day] if o.step.level else []  # a higher level asks for its own
        return max([min(days, default=o.day), *at_least, *(b + 1 for b in before)])

    def day_done(self, o: Opening, act: Act, known: int, until: int | None = None) -> int | None:
        """The first day on which it was done, where that counts for this opening. What is asked for and answered is done.

        until  the last day that counts: that of the end, or of what is known, where not handed in
        """
        taken = [d for d in self.facts.taken.get(act.id, ()) if d.event.status == "done" and d.moment <= known < d.gone]
        old = o.past.done.get(act.id) if o.past is not None else None
        if not taken and not act.asks and old is None:
            return None
        first = self.counts_from(o, known)
        is_over = o.ended is not None and o.how != "renewed"  # what a renewed one owed can still be done
        last = until if until is not None else o.ended // DAY if is_over and o.ended is not None else known // DAY
        days = [*(d.event.on.toordinal() for d in taken), *(() if old is None else (old,))]
        if act.asks and (answered := self.facts.answered(act, known, first)) is not None:
            days.append(answered)
        return min((d for d in days if first <= d <= last), default=None)

    def days_done(self, o: Opening, act: Act, known: int) -> list[int]:
        """Every day from the opening on, on which an action that comes again was done."""
        taken = [d for d in self.facts.taken.get(act.id, ()) if d.event.status == "done" and d.moment <= known < d.gone]
        return sorted(d.event.on.toordinal() for d in taken if d.event.on.toordinal() >= o.day)

    def answer(self, o: Opening, act: Act, known: int) -> ActionTaken | None:
        """A person's newest answer to this opening's task that is not `done`. A statutory must is never "not needed"."""
        newest = None
        for d in self.facts.taken.get(act.id, ()):
            if d.event.status == "done" or not d.moment <= known < d.gone or d.moment < o.day * DAY:
                continue
            if not (d.event.status == "not_needed" and act.is_statutory and act.duty == "must"):
                newest = d.event
        return newest

    def is_answered(self, o: Opening, act: Act, at: int, known: int) -> bool:
        """Is an action of an opening done, not needed or refused at a moment, with the knowledge of `known`?"""
        if act.by_system and act.id in self.facts.case.does:
            return True
        said, day, v = self.answer(o, act, known), at // DAY, self.versions[o.version]
        if (said is not None and said.status in ("not_needed", "refused")) or self.has_no(o, act, known):
            return True
        if said is None and o.past is not None and act.id in o.past.closed:
            return True
        if self.day_done(o, act, known, day) is not None:
            return True
        if act.grades is not None:
            grade = v.facts.place(day, known).grade
            if grade is not None and not act.grades[0] <= grade <= act.grades[1]:
                return True
        return act.when is not None and self.holds(v, act.when, day, known, at)[0] == FALSE

    def has_no(self, o: Opening, act: Act, known: int) -> bool:
        """Did somebody who had to agree to it say No to this opening?"""
        return agreed(self.versions[o.version].facts, act, o.day, known).no is not None

    # ------------------------------------------------------------------ today's knowledge looks again
    def _candidate_days(self, v: _Version, step: StepOf, first: int, last: int, row: bool) -> list[int]:
        """Days between first and last on which `opens` can change its value or its newness."""
        if (
            step.watch is not None
            or not self.facts.is_plain
            or not all(t.what != "step" and v.facts.is_calm(t) for t in step.tests)
        ):
            return list(range(first, last + 1))
        found = {first, last}
        tests = step.tests
        for t in tests:
            days = v.facts.row_days(t) if row else v.facts.change_days(t, False, step.again.startswith("each"))
            found.update(days[bisect_left(days, first) : bisect_right(days, last)])
            if t.what == "counter":
                count = v.facts.rules.counters[t.fact]
                table = v.facts.place(0, v.facts.now).calendar.window(count.window, v.facts.begins(v.facts.now))
                starts = [e.moment // DAY for name in step.names for e in self.ends.get(name, ())]
                for o in self.openings:
                    if step.again == "next_window" and o.step.names & step.names:
                        starts += [o.about, o.day]
                for leaves in map(table.leaves, starts):
                    if first <= leaves <= last:
                        found.add(leaves)
        calendar = v.facts.place(0, v.facts.now).calendar
        for part in PARTS:
            found.update(d for start in calendar.starts(part) for d in (start - 1, start) if first <= d <= last)
        for name in step.names:
            for e in self.ends.get(name, ()):  # also closings taken back, and the day on which they were
                ended = e.moment // DAY
                found.update(d for d in (ended, ended + 1, e.gone // DAY) if first <= d <= last)
        if len(self.versions) > 1 or step.again.startswith("each"):
            found.update(m // DAY for m in self.facts.case.moments if first <= m // DAY <= last)
        found.update(d for d in v.facts.all_begins() if first <= d <= last)
        for w in self.versions:
            if first <= w.first <= last:
                found.add(w.first)
            if first <= w.last <= last:
                found.add(w.last)
        return sorted(found)

    def ground(self, o: Opening, known: int, on: int) -> Iterator[tuple[int, Pair]]:
        """The days of `grounds`, each with what `opens` is for it."""
        return ((c, value) for c, _, value in self.grounds(o, known, on))

    def grounds(self, o: Opening, known: int, on: int) -> Iterator[tuple[int, int, Pair]]:
        """(day, check that asks about it, what `opens` is for it), for the day it was about and those asked about since.

        With later knowledge; one by one.
        """
        v = self.versions[o.version]
        last = min(on, o.ended // DAY if o.ended is not None else on)
        days: list[int] = []
        if last >= o.day:  # what changes today's knowledge of a day says nothing of the days as they were known earlier
            days = self._candidate_days(v, o.step, o.day, last, True) if known >= self.now else list(range(o.day, last + 1))
        if self.facts.lefts:
            days = [q for q in days if not self.facts.has_left(q, known)]
        ends = self._part_ends(v, o.step, known) if o.step.lasts.word == "until_closed" else frozenset()
        for c in sorted({o.about, *days, *(e for e in ends if e <= last)}):
            moments = {o.moment} if c == o.about else set()
            for q in days[bisect_left(days, c) :] if c in ends else [c] if c >= o.day else []:
                if c in self.asked(v, o.step, q, end_of(q), known):
                    moments.add(end_of(q))
            for at in sorted(moments):
                yield c, at, self._ground_on(o, v, c, at, known)

    def _ground_on(self, o: Opening, v: _Version, c: int, at: int, known: int) -> Pair:
        """`opens` for a day, as ground of an opening.

        An earlier day than the one that it is about (an ended term) counts only by parts that nothing had answered when the
        opening was made. Of an opening that renewed another only what renewed it is ground; and what would renew it is none.
        """
        if o.renews is not None:
            value = self.renewal(o.renews, o.step, v, c, at, known)
        elif c < o.about:
            new = self.newness(v, o.step, c, o.moment)
            value = self.opens(v, o.step, c, known, at, new=new, seen=o.moment)[1]
        else:
            value = self.opens(v, o.step, c, known, at, seen=o.moment)[0]
        if o.step.again == "next_window" and c > o.about and value != FALSE:
            newer = self.renewal(o, o.step, v, c, at, known)
            value = min(value[0], 1 - newer[1]), min(value[1], 1 - newer[0])
        return value

    def _leaves(self, day: int, names: frozenset[str]) -> Iterator[int]:
        """The days on which a window that held a day begins after it, for the counters of the steps of these names."""
        for w in self.versions:
            for t in (t for s in w.all if s.id in names for t in s.tests if t.what == "counter"):
                count = w.facts.rules.counters[t.fact]
                for _, place in w.facts._places_of(len(w.facts.epochs) - 1):
                    leaves = place.calendar.window(count.window, place.since).leaves(day)
                    if leaves < NEVER:
                        yield leaves

    def _part_ends(self, v: _Version, step: StepOf, known: int) -> frozenset[int]:
        """The last days of all terms (periods …) in which the counters of a step count, in any of the case's calendars."""
        calendars = {id(place.calendar): place.calendar for _, place in v.facts.places(known)}
        return frozenset(s - 1 for c in calendars.values() for part in v.parts_of(step) for s in c.starts(part))

    def _is_untouched(self, o: Opening) -> bool:
        """Nothing that this opening rests on was taken back since: its ground is sure and its due day stays."""
        if len(self.versions) > 1 or not self.facts.is_plain or self.facts.retraction_days or o.step.grades or o.step.watch:
            return False
        v = self.versions[o.version]
        if any(t.what not in ("counter", "report") for t in o.step.tests) or _has_none(o.step.opens):
            return False
        for t in o.step.tests:
            if t.what == "report":
                if any(not d.event.raised for d in v.facts.reports.get(t.fact, ())):
                    return False
            else:
                count = v.facts.rules.counters[t.fact]
                if (
                    count.is_share
                    or not count.is_sum
                    or any(op not in ("at_least", "more_than") for op, _ in t.asks)
                    or v.facts.corrected_since(count, o.moment)
                ):
                    return False
        return True

    def _look_again(self) -> None:
        for o in self.openings:
            if o.past is not None or self._is_untouched(o):
                continue
            best = FALSE
            for _, value in self.ground(o, self.now, self.on):
                best = max(best, value)
                if best == TRUE:
                    break
            o.is_withdrawn, o.is_in_doubt = best == FALSE or not self._is_named(o), best == UNKNOWN
            if not o.is_withdrawn:
                o.due_from = self._due_from(o)
        for s, v in self._steps_so_far(self.on, self.now):
            mine = next((o for o in self.openings if o.ended is None and o.step.names & s.names), None)
            now = self.current(mine) if mine is not None else None
            asked = self._open_question(s, v, self.on, self.now) if now is None else self._open_renewal(now, s)
            if asked is not None:
                self.undecided[s.id] = asked.day
                self.undecided_steps[s.id] = (s, v)
                self.undecided_as[s.id] = asked

    def _is_named(self, o: Opening) -> bool:
        """Do the rules that judge the day it is about, as known today, name its step? Else other rules judged that day."""
        if self.facts.is_plain:
            return True
        v = self.version(o.about, self.now)
        names = {n.partition("+")[0] for n in o.step.names}
        return v is not None and any({s.base, *s.names} & names for s in v.facts.rules.steps)

    def _open_renewal(self, o: Opening, s: StepOf) -> Undecided | None:
        """The first day on which an open step may have been renewed, or would have been: a question like any other."""
        if all(v.line == 0 for v in self.versions) and s.again != "next_window":
            return None
        first = max(o.day, self._newer_from(o))
        for q in self._candidate_days(self.versions[o.version], s, first, self.on, True) if first <= self.on else ():
            v = self.version(q, self.now)
            now = next((x for x in v.all if x.id in s.names or x.names & s.names), None) if v is not None else None
            if v is None or now is None or now.again != "next_window":
                continue
            for c in self.asked(v, now, q, self.now, self.now):
                value = self.renewal(o, now, v, c, end_of(q), self.now)
                if value[1]:
                    return Undecided(now, v, c, end_of(q), value == TRUE)
        return None

    def doubt(self, o: Opening) -> tuple[int, int] | None:
        """The first day asked about for which the ground of an opening in doubt is not gone, with the check that asks."""
        return next(((c, at) for c, at, value in self.grounds(o, self.now, self.on) if value[1]), None)

    def _due_from(self, o: Opening) -> int:
        """It moves on with the ground as known on each day, and to the day on which lost ground came back; never back."""
        start, gone = o.day, False
        last = min(self.on, o.ended // DAY if o.ended is not None else self.on)
        told = {m // DAY for m in self.facts.case.moments if m <= self.facts.now}
        for q in range(o.day, last + 1):
            if not gone and q not in told:
                continue
            at = end_of(q)
            first = next((c for c, g in self.ground(o, at, q) if g[1]), None)
            if first is not None:
                start = max(start, first, q if gone else first)
            gone = first is None
        return start

    def _open_question(self, step: StepOf, newest: _Version, on: int, at_last: int) -> Undecided | None:
        """How the step is undecided, about the first such day, or None."""
        ends = self.ends_of(step, at_last)
        is_today = at_last >= self.now
        if is_today and len(self.versions) == 1 and step.watch is None and not self._can_be_possible(newest, step.opens):
            return None
        word = step.lasts.word
        first = on if word == "while_true" else ends[-1].moment // DAY if ends else min(on, *(v.first for v in self.versions))
        first = max(first, min(self._folded + 1, on))
        calendar = newest.facts.place(on, at_last).calendar
        term = max((t for t in calendar.starts(step.lasts.part) if t <= on), default=0) if word == "until_end_of" else 0
        for q in self._candidate_days(newest, step, first, on, True) if is_today else range(first, on + 1):
            v, at = self.version(q, at_last), at_last if q == on else end_of(q)
            if v is None:
                continue
            s = next((x for x in v.all if x.id in step.names), None)
            if s is None:
                continue
            for c in self.asked(v, s, q, at_last, at_last):
                if c < term:
                    continue
                new = self.newness(v, s, c, at)
                value = self.opens(v, s, c, at_last, at, early=FALSE, new=new, seen=at_last)[1]
                if value[1]:
                    return Undecided(s, v, c, at, value == TRUE)
        return None

    def _can_ever_open(self, v: _Version, s: StepOf, condition: Condition) -> bool:
        if isinstance(condition, Test):
            return not v.facts.is_never_true(condition, s.lasts.word == "until_closed")
        if isinstance(condition, AnyOf):
            return any(self._can_ever_open(v, s, c) for c in condition.parts)
        if isinstance(condition, All):
            return all(self._can_ever_open(v, s, c) for c in condition.parts)
        return True

    def _can_be_possible(self, v: _Version, condition: Condition) -> bool:
        if isinstance(condition, Test):
            return not v.facts.is_never_possible(condition)
        if isinstance(condition, AnyOf):
            return any(self._can_be_possible(v, c) for c in condition.parts)
        if isinstance(condition, All):
            return all(self._can_be_possible(v, c) for c in condition.parts)
        return True


def in_force(facts: Sequence[Facts], lines: Sequence[int], as_if: bool) -> list[tuple[int, int]]:
    """The days that each version judges: to its last one, or to the day before the next of its ruleset."""
    out = []
    for i, f in enumerate(facts):
        others = [x.rules.valid_from for x, line in zip(facts, lines, strict=True) if line == lines[i]]
        until = f.rules.said.valid_until
        first, last = (
            f.rules.valid_from,
            min([NEVER if until is None else until.toordinal(), *(d - 1 for d in others if d > f.rules.valid_from)]),
        )
        if as_if and first == min(others):
            first = min(first, *(p.calendar.years[0].first for _, p in f.places(f.now)))
        if as_if and f.rules.valid_from == max(others):
            last = NEVER
        out.append((first, last))
    return out


def grounds_of(condition: Condition) -> Iterator[Test | NoneOf]:
    """The parts of a condition that can be ground: comparisons, and each `none` as a whole."""
    if isinstance(condition, AnyOf | All):
        for c in condition.parts:
            yield from grounds_of(c)
    else:
        yield condition


def words_of(part: Test | NoneOf, since: int | None = None) -> str:
    """A part of `opens` by what it asks, wherever it stands: the name under which a checkpoint keeps how it was judged."""
    said = _in_words(part)
    if since is not None:
        said += f" since {date.fromordinal(since).isoformat()}"
    return said if len(said) <= MOST_WORDS else "sha256:" + hashlib.sha256(said.encode()).hexdigest()


def _in_words(condition: Condition) -> str:
    if not isinstance(condition, Test):
        name = {AnyOf: "any", All: "all", NoneOf: "none"}[type(condition)]
        return f"{name}({', '.join(map(_in_words, condition.parts))})"
    asked = " ".join(f"{op} {_value_in_words(value)}" for op, value in condition.asks)
    return f"{condition.what} {condition.fact} {'unsaid' if condition.is_unsaid else asked}"


def _value_in_words(value: Any) -> str:
    if isinstance(value, ByGrade):
        return ",".join(f"{grade}:{limit}" for grade, limit in sorted(value.values.items()))
    if isinstance(value, Span):
        return f"{value.number} {value.clock}"
    return "|".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _has_none(condition: Condition) -> bool:
    if isinstance(condition, Test):
        return False
    return isinstance(condition, NoneOf) or any(_has_none(c) for c in condition.parts)
