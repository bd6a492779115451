"""What is told of the open steps: the reasons that are true, today's numbers, what is contested or doubtful, how far limits are.

Rules: a reason is a part of `opens` that is known today to be true, never one that is unknown; a number is the sure one; nothing
here decides anything: steps, tasks and their states come from `path.py` and `tasks.py`.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from sky_model.contests import contested
from sky_model.decision import Doubtful, Nearest, OpenStep, Reason, Shown, Today, TooEarly, plain
from sky_model.events import Mark, end_of
from sky_model.facts import TRUE, Facts, Place, Reading
from sky_model.path import Opening, Path, grounds_of
from sky_model.rules import ByGrade, Count, NoneOf, Ruleset, Test, tests_in
from sky_model.vocabulary import OnSchedule

__all__ = ["Teller", "number_of"]

RISING = ("at_least", "more_than")


class Teller:
    """What can be told of one folded path on its day.

    here   the facts under the rules of the day
    now    the moment up to which the record is known
    """

    def __init__(self, path: Path, here: Facts, place: Place, on: int, now: int) -> None:
        self.path, self.here, self.place, self.on, self.now = path, here, place, on, now
        self.rules: Ruleset = here.rules
        self._found: tuple[Doubtful, ...] | None = None
        self._contested: frozenset[str] | None = None
        self._without: Path | None = None

    # ------------------------------------------------------------------ open steps
    def open_step(self, o: Opening) -> OpenStep:
        because = self.reasons(o)
        today = self.today(o)
        rests_on = {m for r in because for m in r.marks} or {m for t in today for m in t.marks}
        return OpenStep(
            o.name,
            o.step.base,
            o.step.said.tier,
            date.fromordinal(o.day),
            date.fromordinal(o.about),
            date.fromordinal(o.due_from),
            o.is_in_doubt,
            because,
            any(o.step.base in s.names for s in self.rules.steps),
            self._may_close(o),
            contested=tuple(sorted(rests_on & self.contested)),
            is_doubtful=self.rests_on_doubtful(o),
            today=today,
            renews=o.renews.name if o.renews is not None else None,
        )

    def _may_close(self, o: Opening) -> bool:
        """A rule may only suggest a closing, and only on what is known for certain."""
        if o.step.suggest is None:
            return False
        v = self.path.versions[o.version]
        return self.path.holds(v, o.step.suggest, self.on, self.now, self.now)[0] == TRUE

    # ------------------------------------------------------------------ why
    def reasons(self, o: Opening) -> tuple[Reason, ...]:
        """The parts of `opens` that are known today to be true on the first day of sure ground; in doubt there are none."""
        day = self._sure_day(o)
        if day is None:
            return ()
        v = self.path.versions[o.version]
        at = o.moment if day <= o.about else end_of(max(day, o.day))  # of the check that asks about the day
        out = []
        for part, since in self._parts(o, day):
            if self.path.holds(v, part, day, self.now, at, since=since)[0] != TRUE:
                continue
            if isinstance(part, NoneOf):
                out += [_of_none(t) for t in tests_in(part) if not t.is_unsaid]
            elif not part.is_unsaid:
                out.append(self._reason(v.facts, part, day, at, since))
        return tuple(out)

    def _sure_day(self, o: Opening) -> int | None:
        if o.is_in_doubt or o.is_withdrawn:
            return None
        return next((c for c, value in self.path.ground(o, self.now, self.on) if value[0]), None)

    def _parts(self, o: Opening, day: int) -> Iterator[tuple[Test | NoneOf, int | None]]:
        """The parts that can be ground on a day, with the day from which those of a watch count."""
        yield from ((p, None) for p in grounds_of(o.step.opens))
        since = self.path.watched_since(self.path.versions[o.version], o.step, day, self.now, o.moment)
        if o.step.watch is not None and since is not None:
            yield from ((p, since) for p in grounds_of(o.step.watch))

    def _reason(self, facts: Facts, t: Test, day: int, at: int, since: int | None) -> Reason:
        op, limit = t.asks[0]
        if t.what == "report":
            said = facts.raised(t.fact, day, self.now)
            return Reason("report", t.fact, op, limit, about=max((e.on for e in said), default=None))
        if t.what != "counter":
            return Reason(t.what, t.fact, op, limit if isinstance(limit, str | int) else str(limit))
        count = facts.rules.counters[t.fact]
        r = facts.reading(count, day, self.now, since, at, t.checks_in)
        begins = facts.counted_from(count, day, self.now, since, at, t.checks_in)
        first = day if begins is None else begins
        if isinstance(limit, ByGrade):
            limit = limit.values.get(facts.place(day, self.now).grade or -1)
        read = facts.read_as_of(count, day, self.now, at, t.checks_in)
        marks = facts.marks_counted(count, first, day if read is None else read, self.now, day)
        low, high = _both(count, r)
        return Reason(
            "counter",
            t.fact,
            op,
            number_of(limit, count.unit),
            low,
            high,
            date.fromordinal(max(first, marks[0][0] if marks and count.window.within == "any_time" else 1)),
            date.fromordinal(day),
            tuple(m for _, m in marks),
            True,
            facts.rules.readings_of(("counters", count.id), ("steps", t.place.split(".")[1] if "." in t.place else "")),
        )

    # ------------------------------------------------------------------ today's number
    def today(self, o: Opening) -> tuple[Today, ...]:
        """Of each counter of `opens`: its sure number in today's window, and the next limit above it in today's rules."""
        v, out = self.path.versions[o.version], dict[str, Today]()
        for t in tests_in(o.step.opens):
            count = v.facts.rules.counters.get(t.fact) if t.what == "counter" else None
            if count is None or count.id in out or count.is_compared:
                continue
            r = v.facts.reading(count, self.on, self.now, None, self.now, t.checks_in)
            if r.silent is not None:
                continue
            first = v.facts.counted_from(count, self.on, self.now, None, self.now, t.checks_in)
            number = _both(count, r)[0]
            above = None if count.is_share else self._next_limit(count, r.low)
            out[count.id] = Today(
                count.id,
                number,
                date.fromordinal(first) if first is not None and first > 0 else None,
                number_of(above, count.unit),
                None if above is None else number_of(above - r.low, count.unit),
                self._not_told(o, v.facts, count, first, v.facts.read_as_of(count, self.on, self.now, self.now, t.checks_in)),
            )
        return tuple(out.values())

    def _next_limit(self, count: Count, low: int) -> int | None:
        """The least limit above a number, in hundredths of the counter's unit: over all steps of today's rules for the grade."""
        found = []
        for s in self.rules.steps:
            if s.grades and self.place.grade is not None and not s.grades[0] <= self.place.grade <= s.grades[1]:
                continue
            for t in tests_in(s.opens):
                if t.what == "counter" and t.fact == count.id and not t.is_unsaid:
                    found += [x for op, limit in t.asks if (x := self._least(op, limit, count)) is not None]
            if s.levels is not None and s.levels[0] == count.id:
                _, every, first = s.levels
                passed = max(0, low - first * count.unit) // (every * count.unit) + 1
                found += [first * count.unit, (first + every * passed) * count.unit]
        return min((x for x in found if x > low), default=None)

    def _least(self, op: str, limit: Any, count: Count) -> int | None:
        """The least number that reaches a limit; of a share the limit itself."""
        if isinstance(limit, ByGrade):
            limit = limit.values.get(self.place.grade if self.place.grade is not None else -1)
        if op not in RISING or not isinstance(limit, int):
            return None
        return limit + count.unit if op == "more_than" and not count.is_share else limit

    def _not_told(self, o: Opening, facts: Facts, count: Count, first: int | None, read: int | None) -> tuple[str, ...]:
        """The marks that make the number; of a step for each mark or day those that no earlier opening has told."""
        if first is None or read is None:
            return ()
        marks, earlier = facts.marks_counted(count, first, read, self.now, self.on), self.path.ends_of(o.step, o.moment)
        if o.step.again.startswith("each") and earlier:
            known = {p.mark for p in facts.parts(count, facts._epoch(self.now)) if p.first > earlier[-1].moment}
            marks = [x for x in marks if x[1] in known]
        return tuple(m for _, m in marks)

    # ------------------------------------------------------------------ contested and doubtful marks
    @property
    def contested(self) -> frozenset[str]:
        """Marks that a guardian or the pupil says are wrong, and nobody has answered yet."""
        if self._contested is None:
            self._contested = frozenset(contested(self.here, self.now))
        return self._contested

    @property
    def doubtful(self) -> tuple[Doubtful, ...]:
        """Several marks of one day, kind and length, in sum more than the day can have had, day by day."""
        if self._found is None:
            self._found = tuple(self._doubtful())
        return self._found

    def _doubtful(self) -> Iterator[Doubtful]:
        f = self.here
        for day, states in sorted(f.states(f._epoch(self.now)).items()):
            state = next((s for s in reversed(states) if s[0] <= self.now), None)
            if state is None or len(state[1]) < 2:
                continue
            calendar = f.place(day, self.now).calendar
            most = state[3]
            lessons = calendar.year(day).most_a_day
            if most is None and lessons is not None:
                most = lessons * calendar.lesson_minutes(day) * 100
            if most is None:
                continue
            same: dict[tuple[str, int], list[str]] = {}
            for e in state[1]:
                if e.said.lessons is not None or e.said.minutes is not None:
                    names = same.setdefault((str(e.said.kind or e.said.code), e.high), [])
                    if e.mark not in names:  # a mark that may have become another kind is one mark
                        names.append(e.mark)
            ids = [m for (_, length), names in same.items() if len(names) > 1 and length * len(names) > most for m in names]
            if ids:
                yield Doubtful(date.fromordinal(day), tuple(sorted(ids)))

    def rests_on_doubtful(self, o: Opening) -> bool:
        """Would the ground be lost if of several equal marks of a day only the first counted?"""
        if not self.doubtful or o.is_in_doubt or o.is_withdrawn:
            return False
        if self._without is None:
            self._without = self._path_without(self._counted_again())
        return not any(value[0] for _, value in self._without.ground(o, self.now, self.on))

    def _counted_again(self) -> set[str]:
        """Of each group of equal marks all but the one that was recorded first."""
        again, seen = set[str](), set[tuple[date, str, Any]]()
        ids = {m for x in self.doubtful for m in x.marks}
        newest = {m: versions[-1][1] for m, versions in self.here.marks.items() if m in ids}
        for name, mark in newest.items():  # in the order of their first recording
            if mark is not None:
                group = mark.on, str(mark.kind or mark.code), (mark.lessons, mark.minutes)
                if group in seen:
                    again.add(name)
                seen.add(group)
        return again

    def _path_without(self, marks: Collection[str]) -> Path:
        """The same openings and ends, over a record that never had these marks."""
        case = self.path.facts.case
        kept = case.only(lambda _, e: not (isinstance(e, Mark) and e.id in marks))
        other = copy.copy(self.path)
        other.versions = [replace(v, facts=Facts(kept, v.facts.rules, v.facts.calendars, v.facts.now)) for v in other.versions]
        for v in other.versions:
            v.facts.openings, v.facts.horizon = self.path.facts.openings, self.path.facts.horizon
        other.facts = other.versions[-1].facts
        return other

    # ------------------------------------------------------------------ limits that are near, shares, sweeps
    def nearest(self, opened: list[Opening]) -> Nearest | None:
        """The limit of a step that is not open which needs the smallest part of itself more; a limit that is reached is none."""
        is_open = {o.step.base for o in opened}
        best: tuple[float, Nearest] | None = None
        for s in self.rules.steps:
            if s.id in is_open or s.again.startswith("each"):
                continue
            for t in s.tests:
                if t.what != "counter" or t.is_unsaid:
                    continue
                count = self.rules.counters[t.fact]
                r = self.here.reading(count, self.on, self.now)
                limit = self._least(*t.asks[0], count)
                if not limit or r.silent or count.measure == "marks":
                    continue
                if count.is_share:
                    here, want = Decimal(r.low * 50_000) / Decimal(r.planned * 100), Decimal(limit) / 100
                else:
                    here, want = Decimal(r.low) / count.unit, Decimal(limit) / count.unit
                if here >= want:
                    continue
                part = float((want - here) / want)
                if best is None or part < best[0]:
                    best = part, Nearest(s.id, t.fact, plain(want), plain(here), plain(want - here))
        return best[1] if best else None

    def too_early(self) -> tuple[TooEarly, ...]:
        out = []
        for count in self.rules.counters.values():
            if count.is_share and self.here.reading(count, self.on, self.now).silent == "too_early":
                days = (d for d in self.place.calendar.school_days if d > self.on)
                first = next((d for d in days if self.here.reading(count, d, self.now).silent is None), None)
                out.append(TooEarly(count.id, date.fromordinal(first) if first else None))
        return tuple(out)

    def shown(self) -> tuple[Shown, ...]:
        """What community work of this day shows of every pupil: on the days of its schedule, else always."""
        out = []
        for item in self.rules.said.community:
            if not item.shows:
                continue
            schedule = self.rules.schedules[item.every.schedule] if isinstance(item.every, OnSchedule) else None
            if schedule is not None and self.on not in self.place.calendar.scheduled(schedule):
                continue
            for name in item.shows:
                count = self.rules.counters[name]
                r = self.here.reading(count, self.on, self.now)
                low, high = _both(count, r) if r.silent is None else (None, None)
                out.append(Shown(item.id, name, low, high, r.silent))
        return tuple(out)


def number_of(value: Any, unit: int) -> Any:
    """Hundredths as the plain number of a unit; nothing stays nothing."""
    return None if value is None else plain(Decimal(value) / unit)


def _both(count: Count, r: Reading) -> tuple[Any, Any]:
    """(low, high) in the counter's own unit; of a share in per cent."""
    if count.is_share:
        return number_of(r.low * 50_000, max(1, r.planned) * 100), number_of(r.high * 50_000, max(1, r.planned) * 100)
    return number_of(r.low, count.unit), number_of(r.high, count.unit)


def _of_none(t: Test) -> Reason:
    """A comparison of a `none` that holds: it is a reason that this is not so, and there is no number to it."""
    _, limit = t.asks[0]
    return Reason(t.what, t.fact, "none_of", limit if isinstance(limit, str) else None)
