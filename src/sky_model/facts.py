"""What is known of a case: counters, reports, questions, as they stood about a day, with the knowledge of a moment.

Rules: a counter is two whole numbers, what is marked for certain and that plus what may still count; a condition is a
pair (certain, possible): (1, 1) true, (0, 0) false, (0, 1) unknown; nothing unknown becomes zero or "no". What makes it
quick: each version of a mark enters on the day on which it is known and leaves when it is replaced or when its day
leaves the window, so a counter along a line of days is one running sum.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple, TypeAlias

from sky_model.events import (
    DAY,
    ActionTaken,
    Answer,
    Consent,
    Enrolment,
    Left,
    Mark,
    Pause,
    Register,
    Report,
    Retracted,
    StepClosed,
    end_of,
)
from sky_model.measures import OneDay, Piece, episodes, measured, most, new_rows, run
from sky_model.records import Case
from sky_model.rules import Act, All, AnyOf, ByGrade, Condition, Count, MarkTest, Ruleset, Test
from sky_model.schooldays import NEVER, PARTS, Calendar, Schedule, Span, Window, Within

__all__ = ["FALSE", "NOT_GIVEN", "TRUE", "UNKNOWN", "Facts", "Pair", "Part", "Place", "Reading"]

Pair: TypeAlias = tuple[int, int]
TRUE, FALSE, UNKNOWN = (1, 1), (0, 0), (0, 1)
NOT_GIVEN = 10**12  # an amount that no limit exceeds: nobody has said how many lessons were planned
LATER = (NEVER + 1) * DAY


class Place(NamedTuple):
    """Where a pupil is enrolled on a day."""

    calendar: Calendar
    school: str | None
    grade: int | None
    lessons_per_week: Any
    since: int


class Part(NamedTuple):
    """What one mark, or the gap of one day, adds to a counter between two moments. `first`: when it was first recorded."""

    day: int
    enter: int
    leave: int
    low: int
    high: int
    first: int
    mark: str | None


class Entry(NamedTuple):
    """One mark on one day as it stands at a moment. A mark that may have become another kind is two entries, none certain."""

    mark: str
    kind: str | None
    low: int
    high: int
    first: int
    said: Mark
    aside: str | None  # why it is set aside: no_school_day, same_lesson, more_than_planned, no_length, no_kind, data_wrong


class Dated(NamedTuple):
    """An event with the moment from which it is known and the moment from which it is taken back."""

    moment: int
    gone: int
    event: Any


@dataclass(frozen=True, slots=True)
class Reading:
    """A counter about a day: low and high in hundredths; of a share also what was planned; or why it says nothing."""

    low: int
    high: int
    planned: int = 0
    silent: str | None = None  # not_given | too_early | not_running | gap | perhaps (running or not: at most unknown)


@dataclass(slots=True)
class Line:
    """A running sum along keys: after keys[i] it is (lows[i], highs[i])."""

    keys: list[int]
    lows: list[int]
    highs: list[int]

    def at(self, key: int) -> tuple[int, int]:
        i = bisect_right(self.keys, key) - 1
        return (self.lows[i], self.highs[i]) if i >= 0 else (0, 0)


def _line(deltas: list[tuple[int, int, int]]) -> Line:
    deltas.sort()
    keys: list[int] = []
    lows: list[int] = []
    highs: list[int] = []
    low = high = 0
    for key, dl, dh in deltas:
        low += dl
        high += dh
        if keys and keys[-1] == key:
            lows[-1], highs[-1] = low, high
        else:
            keys.append(key)
            lows.append(low)
            highs.append(high)
    return Line(keys, lows, highs)


class Facts:
    """The facts of one case under one version of a ruleset, up to a moment (`now`: later events are not known)."""

    def __init__(self, case: Case, rules: Ruleset, calendars: Mapping[str, Calendar] | Calendar, now: int) -> None:
        self.case, self.rules, self.now = case, rules, now
        self.calendars = calendars
        self.marks: dict[str, list[tuple[int, Mark | None]]] = {}
        self.registers: list[Dated] = []
        self.enrolments: list[Dated] = []
        self.lefts: list[Dated] = []
        self.reports: dict[str, list[Dated]] = {}
        self.answers: dict[str, list[Dated]] = {}
        self.taken: dict[str, list[Dated]] = {}
        self.consents: dict[str, list[Dated]] = {}
        self.pauses: list[Dated] = []
        self.closings: list[Dated] = []
        self.wrong: dict[str, list[tuple[int, int]]] = {}
        self.retraction_days: list[int] = []
        self._sort_events()
        # enrolments known from the start and one school all the time: the plain case that has lines
        moves = [*self.enrolments, *self.lefts]
        self.epochs = sorted({0, *(e.moment for e in moves), *(e.gone for e in moves if e.gone <= now)})
        self._places: dict[int, list[tuple[int, Place]]] = {}
        self._aways: dict[int, list[tuple[int, bool]]] = {}
        self.is_plain = len(self.enrolments) <= 1 and not self.lefts
        self._parts: dict[tuple[str, int], list[Part]] = {}
        self._lines: dict[tuple[Any, ...], Line] = {}
        self._special: dict[int, list[int]] = {}
        self._states: dict[int, dict[int, list[tuple[int, list[Entry], int, int | None]]]] = {}
        self._changes: dict[Any, list[int]] = {}
        self._late: dict[str, list[Line]] = {}
        self._ordered: dict[int, list[int]] = {}
        self._chosen: dict[tuple[str, str, str], frozenset[int]] = {}
        systems = {c.system for c in rules.said.local_codes}
        named = case.code_map["name"] if case.code_map else None
        self.system = named if named in systems else None
        self.horizon = now // DAY  # the last day that is asked about
        self.openings: Callable[[], Iterable[Any]] = tuple  # what the path has opened so far: for windows since a step
        self._prompt: dict[str, bool] = {}
        self.sets_aside = False  # was any mark set aside, on any day?

    def _sort_events(self) -> None:
        gone: dict[str, int] = {}
        events = [(m, e) for m, e in zip(self.case.moments, self.case.events, strict=True) if m <= self.now]
        for m, e in events:
            if type(e) is Retracted:
                gone.setdefault(e.of, m)
                self.retraction_days.append(m // DAY)
        for m, e in events:
            kind = type(e)
            if kind is Mark:
                self.marks.setdefault(e.id, []).append((m, e))
                continue
            if kind is Retracted:
                if e.of in self.marks:
                    self.marks[e.of].append((m, None))
                continue
            dated = Dated(m, gone.get(e.id, LATER), e)
            if kind is Register:
                self.registers.append(dated)
            elif kind is Enrolment:
                self.enrolments.append(dated)
            elif kind is Left:
                self.lefts.append(dated)
            elif kind is Report:
                self.reports.setdefault(e.report, []).append(dated)
            elif kind is Answer:
                self.answers.setdefault(e.question, []).append(dated)
            elif kind is ActionTaken:
                if e.status == "data_wrong":
                    self.wrong.setdefault(e.mark, []).append((m, e.on.toordinal()))
                else:
                    self.taken.setdefault(e.action, []).append(dated)
            elif kind is Consent:
                self.consents.setdefault(e.consent, []).append(dated)
            elif kind is Pause:
                self.pauses.append(dated)
            elif kind is StepClosed:
                self.closings.append(dated)

    # ------------------------------------------------------------------ where the pupil is
    def _epoch(self, moment: int) -> int:
        return bisect_right(self.epochs, moment) - 1

    def _places_of(self, epoch: int) -> list[tuple[int, Place]]:
        if epoch not in self._places:
            at = self.epochs[epoch]
            known = [e for e in self.enrolments if e.moment <= at < e.gone]
            if not known:
                calendar = self.calendar_of(None, None)
                self._places[epoch] = [(0, Place(calendar, None, None, None, 0))]
            else:
                newest = {e.event.since.toordinal(): e for e in sorted(known, key=lambda e: e.moment)}
                self._places[epoch] = [
                    (
                        d,
                        Place(
                            self.calendar_of(e.event.calendar, e.event.school),
                            e.event.school,
                            e.event.grade,
                            e.event.lessons_per_week,
                            d,
                        ),
                    )
                    for d, e in sorted(newest.items())
                ]
        return self._places[epoch]

    def places(self, moment: int) -> list[tuple[int, Place]]:
        """(from which day, where the pupil is) as known at a moment."""
        return self._places_of(self._epoch(moment))

    def calendar_of(self, calendar: str | None, school: str | None) -> Calendar:
        if isinstance(self.calendars, Calendar):
            return self.calendars
        for name in (calendar, school):
            if name is not None and name in self.calendars:
                return self.calendars[name]
        return next(iter(self.calendars.values()))

    def place(self, day: int, moment: int) -> Place:
        """Where the pupil is enrolled on a day, as known at a moment."""
        places = self._places_of(self._epoch(moment))
        if len(places) == 1:
            return places[0][1]
        i = bisect_right([d for d, _ in places], day) - 1
        return places[max(0, i)][1]

    def is_away(self, day: int, moment: int) -> bool:
        """Is the pupil enrolled nowhere on a day, as known at a moment?"""
        if not self.lefts:
            return False
        turns = self._turns(self._epoch(moment))
        i = bisect_right([d for d, _ in turns], day) - 1
        return i >= 0 and turns[i][1]

    def has_left(self, day: int, moment: int) -> bool:
        """Is the pupil enrolled nowhere on a day, and no later enrolment known?"""
        if not self.is_away(day, moment):
            return False
        return not any(d > day and not is_end for d, is_end in self._turns(self._epoch(moment)))

    def left_on(self, day: int, moment: int) -> int:
        """The first day of the time enrolled nowhere in which a day lies."""
        turns = self._turns(self._epoch(moment))
        i = bisect_right([d for d, _ in turns], day) - 1
        while i and turns[i - 1][1]:
            i -= 1
        return turns[i][0]

    def _turns(self, epoch: int) -> list[tuple[int, bool]]:
        """From which days on the pupil is enrolled, or (True) is not; of one day what was recorded last."""
        if epoch not in self._aways:
            at = self.epochs[epoch]
            known = sorted((e for e in (*self.enrolments, *self.lefts) if e.moment <= at < e.gone), key=lambda e: e.moment)
            self._aways[epoch] = sorted({e.event.on.toordinal(): type(e.event) is Left for e in known}.items())
        return self._aways[epoch]

    def after(self, day: int, span: Span, moment: int, is_skipped: Callable[[int], bool] | None = None) -> int | None:
        """The day that lies `span` after a day: each day by the calendar of the school attended on it, as known on it.

        Days without a school do not count. None: the calendar ends before.
        """
        if self.is_plain or (
            not self.lefts and len({id(p.calendar) for e in range(len(self.epochs)) for _, p in self._places_of(e)}) == 1
        ):
            return self.place(day, moment).calendar.after(day, span, is_skipped)

        def is_out(d: int) -> bool:
            return self.is_away(d, min(end_of(d), moment)) or (is_skipped is not None and is_skipped(d))

        if span.clock not in ("school_days", "weekdays", "calendar_days"):
            return self.place(day, min(end_of(day), moment)).calendar.after(day, span, is_out)
        left, last = span.number, max(p.calendar.until for _, p in self.places(moment))
        while left:
            day += 1
            if day > last:
                return None
            calendar = self.place(day, min(end_of(day), moment)).calendar
            runs = span.clock == "calendar_days" or (
                calendar.is_school_day(day)
                if span.clock == "school_days"
                else (day - 1) % 7 < 5 and day not in calendar.public_holidays
            )
            left -= runs and not is_out(day)
        return day

    def next_school_day(self, day: int, moment: int, is_skipped: Callable[[int], bool] | None = None) -> int | None:
        """The day itself or the next one that is a school day at the school attended on it; None: the calendar ends before."""
        if self.is_plain:
            return self.place(day, moment).calendar.next_school_day(day, is_skipped)
        for d in range(day, max(p.calendar.until for _, p in self.places(moment)) + 1):
            known = min(end_of(d), moment)
            is_school_day = self.place(d, known).calendar.is_school_day(d) and not self.is_away(d, known)
            if is_school_day and not (is_skipped is not None and is_skipped(d)):
                return d
        return None

    def begins(self, moment: int) -> int:
        """The first day of the case, as known at a moment."""
        places = self._places_of(self._epoch(moment))
        return places[0][1].since

    def all_begins(self) -> list[int]:
        """The first day of the case, as it was known from one moment after another."""
        return [self._places_of(epoch)[0][1].since for epoch in range(len(self.epochs))]

    # ------------------------------------------------------------------ one day: its marks and its gap
    def states(self, epoch: int) -> dict[int, list[tuple[int, list[Entry], int, int | None]]]:
        """For each day: from which moment on its entries, its gap (high only) and the planned lessons of its register."""
        if epoch in self._states:
            return self._states[epoch]
        out: dict[int, list[tuple[int, list[Entry], int, int | None]]] = {}
        touched: dict[int, set[int]] = {}
        by_day: dict[int, list[str]] = {}
        given = self.case.register == "given"
        for name, versions in self.marks.items():
            for d in {v.on.toordinal() for _, v in versions if v is not None}:
                by_day.setdefault(d, []).append(name)
        is_common = not given and not self.registers and not self.wrong
        places = self._places_of(epoch)
        only = places[0][1] if len(places) == 1 else None
        for d, names in by_day.items():
            if is_common and len(names) == 1:
                out[d] = self._single(d, names[0], only or self.place(d, self.epochs[epoch]), epoch)
                continue
            moments = touched.setdefault(d, set())
            for name in names:
                moments.update(m for m, _ in self.marks[name])
                for m, on in self.wrong.get(name, ()):
                    moments.update((m, (self._wrong_until(on, epoch) + 1) * DAY))
        ranges = []
        for r in self.registers:
            first = r.event.on.toordinal()
            if r.event.through is None:
                touched.setdefault(first, set()).update((r.moment, *((r.gone,) if r.gone <= self.now else ())))
            else:
                ranges.append((first, r.event.through.toordinal(), r))
        if given or ranges:
            begin = self.begins(self.epochs[epoch])
            erased = self.case.before.marks_from.toordinal() if self.case.before else 0  # no register of earlier days is missing
            last = self.now // DAY
            places = self._places_of(epoch)
            for d in sorted({d for _, p in places for d in p.calendar.school_days}):
                if d > last + 1 or d < erased:
                    continue
                if given and d >= begin:
                    touched.setdefault(d, set()).add(0)
                for a, b, r in ranges:
                    if a <= d <= b:
                        touched.setdefault(d, set()).update((r.moment, *((r.gone,) if r.gone <= self.now else ())))
        for d, moments in touched.items():
            names = by_day.get(d, [])
            states: list[tuple[int, list[Entry], int, int | None]] = []
            for m in sorted(moments):
                state = self._day_at(d, names, m, epoch)
                if not states or states[-1][1:] != state:
                    states.append((m, *state))
            out[d] = states
        self._states[epoch] = out
        return out

    def _wrong_until(self, on: int, epoch: int) -> int:
        calendar = self.place(on, self.epochs[epoch]).calendar
        return calendar.after(on, Span("school_days", 5)) or calendar.until

    def _single(self, day: int, name: str, place: Place, epoch: int) -> list[tuple[int, list[Entry], int, int | None]]:
        """The common day: one mark, no register."""
        versions = self.marks[name]
        first = versions[0][0]
        if len(versions) == 1:
            return [(first, self._entries(versions[0][1], first, day, place, epoch), 0, None)]  # type: ignore[arg-type]
        out: list[tuple[int, list[Entry], int, int | None]] = []
        for m, v in versions:
            out.append(
                (m, self._entries(v, first, day, place, epoch) if v is not None and v.on.toordinal() == day else [], 0, None)
            )
        return out

    def _entries(self, mark: Mark, first: int, day: int, place: Place, epoch: int) -> list[Entry]:
        """What a mark is on its day; nothing when its amount is 0. Two, none certain, when it may have become another kind."""
        if mark.minutes is not None:
            amount = int(mark.minutes * 100)
        elif mark.lessons is not None:
            amount = int(mark.lessons * place.calendar.lesson_minutes(day) * 100)
        else:
            amount = -1
        if amount == 0:
            return []
        kind, why = mark.kind if mark.kind in self.rules.kinds else None, None
        if kind is None and self.rules.codes:
            kind = self.rules.kind_of(mark.code or mark.kind, mark.on, self.system)
        if not place.calendar.is_school_day(day) or self.is_away(day, self.epochs[epoch]):
            why = "no_school_day"
        elif amount < 0:
            why = "no_length"
        elif kind is None:
            why = "no_kind"
        elif not self.rules.turns:  # the common mark
            return [Entry(mark.id or "", kind, amount, amount, first, mark, None)]
        if why is not None:
            self.sets_aside = True
        unit = place.calendar.lesson_minutes(day) * 100
        for turn in self.rules.turns:
            if turn.kind == kind:
                holds = mark_holds(turn.tests, mark, amount, unit)
                if holds == FALSE:
                    continue
                length = amount if turn.lessons is None else turn.lessons * unit // 100
                length = length if turn.minutes is None else turn.minutes
                turned = self._made(mark, turn.to, length, first, day, place, why)
                if holds == TRUE:
                    return [turned]
                return [self._made(mark, kind, amount, first, day, place, why)._replace(low=0), turned._replace(low=0)]
        return [self._made(mark, kind, amount, first, day, place, why)]

    def _made(self, mark: Mark, kind: str | None, amount: int, first: int, day: int, place: Place, why: str | None) -> Entry:
        high = amount if amount > 0 else self._usual(day, place)
        return Entry(mark.id or "", kind, 0 if why is not None else high, high, first, mark, why)

    def _usual(self, day: int, place: Place) -> int:
        """A day's lessons by the week's: lessons_per_week ÷ 5, rounded up to a hundredth of a minute; NOT_GIVEN without it."""
        if place.lessons_per_week is None:
            return NOT_GIVEN
        return -int(-(place.lessons_per_week * place.calendar.lesson_minutes(day) * 100) // 5)

    def _day_at(self, day: int, names: list[str], moment: int, epoch: int) -> tuple[list[Entry], int, int | None]:
        place = self.place(day, self.epochs[epoch])
        unit = place.calendar.lesson_minutes(day) * 100
        register = None
        for r in self.registers:
            a = r.event.on.toordinal()
            b = r.event.through.toordinal() if r.event.through else a
            if a <= day <= b and r.moment <= moment < r.gone and (register is None or r.moment > register.moment):
                register = r
        planned = None
        if register is not None and register.event.through is None:
            planned = int(register.event.planned * unit)
        entries: list[Entry] = []
        slots: set[str] = set()
        used = length = 0
        for name in names:  # in the order of their first recording
            versions = [x for x in self.marks[name] if x[0] <= moment]
            if not versions or versions[-1][1] is None or versions[-1][1].on.toordinal() != day:
                continue
            at, mark = versions[-1]
            assert mark is not None
            found = self._entries(mark, self.marks[name][0][0], day, place, epoch)
            if not found:
                continue
            entry = max(found, key=lambda e: e.high)
            why = entry.aside if entry.aside in ("no_school_day", "no_length") else None
            if why in (None, "no_length") and mark.lesson is not None and mark.lesson in slots:
                why = "same_lesson"
            if mark.lesson is not None:
                slots.add(mark.lesson)
            amount = entry.high if mark.lessons is not None or mark.minutes is not None else 0
            absent = entry.kind is None or entry.kind in self.rules.absence_kinds
            length += amount
            if planned is not None and why is None and absent:
                if used + amount > planned:
                    why = "more_than_planned"
                used += amount
            if why in (None, "no_length") and any(
                m <= moment and at < m and moment < (self._wrong_until(on, epoch) + 1) * DAY for m, on in self.wrong.get(name, ())
            ):
                why = "data_wrong"
            if why is None and entry.kind is None:
                why = "no_kind"
            self.sets_aside = self.sets_aside or why is not None
            if entry.aside == "no_length" and planned is not None:  # as long as the day at most
                found = [e._replace(high=min(e.high, planned)) for e in found]
            entries += [e._replace(low=0 if why else e.low, aside=why) for e in found]
        gap = 0
        if register is not None:
            if planned is not None:
                gap = max(0, planned - max(int(register.event.marked * unit), length))
        elif (
            self.case.register == "given"
            and place.calendar.is_school_day(day)
            and day >= self.begins(self.epochs[epoch])
            and not self.is_away(day, self.epochs[epoch])
        ):
            usual = self._usual(day, place)
            gap = NOT_GIVEN if usual == NOT_GIVEN else max(0, usual - length)
        return entries, gap, planned

    # ------------------------------------------------------------------ counters
    def parts(self, count: Count, epoch: int) -> list[Part]:
        """What adds to a counter, day by day and moment by moment."""
        key = (count.id, epoch)
        if key in self._parts:
            return self._parts[key]
        out: list[Part] = []
        kinds, marks = count.kinds, count.measure == "marks"
        is_simple = not marks and not count.marks
        for day, states in self.states(epoch).items():
            if len(states) == 1 and not states[0][2] and len(states[0][1]) == 1:  # the common day
                moment, (e,), _, _ = states[0]
                if is_simple and e.kind is not None and e.aside is None:
                    if e.kind in kinds:
                        out.append(Part(day, moment, LATER, e.low, e.high, e.first, e.mark))
                elif e.kind is None or e.kind in kinds:
                    low, high = self._adds(count, e, day, marks)
                    if high:
                        out.append(Part(day, moment, LATER, low, high, e.first, e.mark))
                continue
            running: dict[Any, Part] = {}
            for moment, entries, gap, _ in states:
                now: dict[Any, tuple[int, int, int]] = {}
                for e in entries:
                    if e.kind is None or e.kind in kinds:
                        low, high = self._adds(count, e, day, marks)
                        old_low, old_high, _ = now.get(e.mark, (0, 0, 0))
                        if high:  # a mark that may be of two counted kinds is one mark
                            now[e.mark] = (max(low, old_low), max(high, old_high), e.first)
                if gap and not marks:  # a lesson that nobody marked is no mark; the lesson counters ask about it
                    now[None] = (0, gap, LATER)
                for name in [n for n in running if n not in now or (running[n].low, running[n].high) != now[n][:2]]:
                    out.append(running.pop(name)._replace(leave=moment))
                for name, (low, high, first) in now.items():
                    if name not in running:
                        running[name] = Part(day, moment, LATER, low, high, first, name)
            out += running.values()
        before = self.case.before
        if before is not None:  # of erased marks that this counter still counts
            carried = before.carried.get(self.rules.name, before.carried.get(before.ruleset, {})).get(count.id)
            if carried:
                out.append(Part(before.marks_from.toordinal() - 1, 0, LATER, carried, carried, 0, None))
        self._parts[key] = out
        return out

    def _adds(self, count: Count, e: Entry, day: int, marks: bool) -> tuple[int, int]:
        """What an entry adds to a counter of marks or amounts: nothing if the counter's own lines about a mark do not hold."""
        low, high = e.low if e.kind is not None else 0, e.high
        if marks:
            low, high = (100 if low or (e.kind is not None and e.aside == "no_length") else 0), 100
        if count.marks:
            unit = self.place(day, self.now).calendar.lesson_minutes(day) * 100
            sure, maybe = mark_holds(count.marks, e.said, -1 if e.aside == "no_length" else e.high, unit)
            return low * sure, high * maybe
        return low, high

    def _sum(self, count: Count, day: int, moment: int, first: int) -> tuple[int, int]:
        low = high = 0
        for p in self.parts(count, self._epoch(moment)):
            if first <= p.day <= day and p.enter <= moment < p.leave:
                low += p.low
                high += p.high
        return low, high

    def window_begins(self, count: Count, day: int, moment: int, since: int | None = None) -> int:
        if since is not None:
            return since
        place = self.place(day, moment)
        return place.calendar.window(count.window, place.since).begins(day)

    def counted_from(
        self, count: Count, day: int, moment: int, since: int | None = None, at: int | None = None, part: Within | None = None
    ) -> int | None:
        """The first day that counts about a day, with everything that narrows the window; None: the counter is not running."""
        read = self.read_as_of(count, day, moment, moment if at is None else at, part)
        if read is None:
            return None
        first = self.window_begins(count, read, moment, since)
        if count.since is None:
            return first
        began = self._began(count, read, moment, moment if at is None else at)
        return None if began is None else max(first, began)

    def read_as_of(self, count: Count, day: int, moment: int, at: int, part: Within | None = None) -> int | None:
        """The day as of which a checked counter is read; None: not running. All others are read as of the day.

        part  only check dates of this running part of the year are read
        """
        if count.checked is None:
            return day
        if day != (at - 1) // DAY:  # a day that is asked about later
            return None
        calendar = self.place(day, moment).calendar
        checks = calendar.scheduled(count.checked)
        i = bisect_right(checks, day)
        least = max(calendar.year(day).first, self.begins(moment))
        if part is not None:
            least = max([least, *(d for d in calendar.starts(part) if d <= day)])
        return checks[i - 1] if i and checks[i - 1] >= least else None

    def _began(self, count: Count, day: int, moment: int, at: int) -> int | None:
        """The day after what `since` names, as known; None: it has not happened."""
        how, name = count.since or ("", "")
        if how == "last_check":
            calendar = self.place(day, moment).calendar
            checks, first = calendar.scheduled(count.checked or Schedule()), calendar.year(day).first
            i = bisect_left(checks, day)
            return checks[i - 1] + 1 if i and checks[i - 1] >= first else first
        if how == "done":
            days = [d for d in self.days_done(name, moment) if d <= day]
        elif how == "opened":
            days = [o.day for o in self.openings() if o.step.base == name and o.moment < at and o.day <= day]
        else:
            ends = [
                o.ended
                for o in self.openings()
                if o.step.base == name and o.ended is not None and o.ended < at and o.how != "renewed"
            ]
            days = [e // DAY for e in ends if e // DAY <= day]
        return max(days) + 1 if days else None

    def days_done(self, action: str, moment: int) -> list[int]:
        """The days on which an action was done, by what was recorded or by answers to all that it asks."""
        days = [a.on.toordinal() for a in self.statuses(action, moment) if a.status == "done"]
        return [*days, *self.rounds(self.rules.acts.get(action), moment)]

    def sums(self, count: Count, day: int, moment: int, since: int | None = None) -> tuple[int, int]:
        """(low, high) about a day with the knowledge of a moment."""
        if not self.is_plain:
            return self._sum(count, day, moment, self.window_begins(count, day, moment, since))
        if day == moment // DAY:
            return self.diagonal(count, since).at(moment)
        if moment >= self.now:
            if since is None and self.is_prompt(count):
                return self.diagonal(count).at(end_of(day))
            return self.row(count, since).at(day)
        return self.column(count, day, since).at(moment)

    def _leaves(self, count: Count, since: int | None) -> Any:
        if since is not None:
            return lambda day: 0 if day < since else NEVER
        table = self.place(0, self.now).calendar.window(count.window, self.begins(self.now))
        return table.leaves

    def diagonal(self, count: Count, since: int | None = None) -> Line:
        """Along moments: each day with the knowledge of that moment."""
        key = ("diagonal", count.id, since)
        if key not in self._lines:
            deltas, leaves = [], self._leaves(count, since)
            for p in self.parts(count, len(self.epochs) - 1):
                start, stop = max(p.enter, p.day * DAY), min(p.leave, leaves(p.day) * DAY)
                if start < stop:
                    deltas.append((start, p.low, p.high))
                    if stop < LATER:
                        deltas.append((stop, -p.low, -p.high))
            self._lines[key] = _line(deltas)
        return self._lines[key]

    def row(self, count: Count, since: int | None = None) -> Line:
        """Along days: all with today's knowledge."""
        key = ("row", count.id, since)
        if key not in self._lines:
            deltas, leaves = [], self._leaves(count, since)
            for p in self.parts(count, len(self.epochs) - 1):
                if p.enter <= self.now < p.leave and p.day < (stop := leaves(p.day)):
                    deltas.append((p.day, p.low, p.high))
                    if stop < NEVER:
                        deltas.append((stop, -p.low, -p.high))
            self._lines[key] = _line(deltas)
        return self._lines[key]

    def column(self, count: Count, day: int, since: int | None = None) -> Line:
        """Along moments: one day, as it was known at each."""
        key = ("column", count.id, day, since)
        if key not in self._lines:
            first = self.window_begins(count, day, self.now, since)
            deltas = []
            for p in self.parts(count, len(self.epochs) - 1):
                if first <= p.day <= day:
                    deltas.append((p.enter, p.low, p.high))
                    if p.leave < LATER:
                        deltas.append((p.leave, -p.low, -p.high))
            self._lines[key] = _line(deltas)
        return self._lines[key]

    def planned(self, count: Count, day: int, moment: int, first: int) -> int | None:
        """Planned lessons of the window × 5, in hundredths of a minute; None: not given."""
        epoch = self._epoch(moment)
        states = self.states(epoch)
        first = max(first, self.begins(moment))
        total = 0
        special: dict[int, tuple[int | None, int]] = {}
        for d in self._special_days(epoch):
            if first <= d <= day:
                state = next((s for s in reversed(states[d]) if s[0] <= moment), None)
                if state is not None:
                    out = sum(e.low for e in state[1] if e.kind and self.rules.kinds[e.kind].is_ == "not_planned")
                    if state[3] is not None or out:
                        special[d] = (state[3], out)
        for _, place in self._places_of(epoch):
            calendar, per_week = place.calendar, place.lessons_per_week
            mine = [d for d in special if self.place(d, moment) is place]
            days = self._days_at(place, epoch, first, day)
            with_register = [d for d in mine if special[d][0] is not None and calendar.is_school_day(d)]
            if per_week is None and days - len(with_register) > 0:
                return None
            if per_week is not None:
                unit = calendar.lesson_minutes(day) * 100
                total += int(per_week * unit) * (days - len(with_register))
            total += 5 * sum((special[d][0] or 0) - special[d][1] for d in mine)
        return total

    def _special_days(self, epoch: int) -> list[int]:
        """Days whose planned lessons are not those of the week: a register says them, or the school kept the pupil out."""
        if epoch not in self._special:
            barred = {k.id for k in self.rules.said.kinds if k.is_ == "not_planned"}
            self._special[epoch] = [
                d
                for d, list_of in self.states(epoch).items()
                if any(s[3] is not None or any(e.kind in barred for e in s[1]) for s in list_of)
            ]
        return self._special[epoch]

    def _days_at(self, place: Place, epoch: int, first: int, day: int) -> int:
        places = self._places_of(epoch)
        i = next(k for k, (_, p) in enumerate(places) if p is place)
        start = first if i == 0 else max(first, places[i][0])
        stop = day if i + 1 == len(places) else min(day, places[i + 1][0] - 1)
        away = (d for d in place.calendar.school_days if start <= d <= stop) if self.lefts else ()
        return place.calendar.count_school_days(start, stop) - sum(self.is_away(d, self.epochs[epoch]) for d in away)

    def reading(
        self,
        count: Count,
        day: int,
        moment: int,
        since: int | None = None,
        at: int | None = None,
        part: Within | None = None,
    ) -> Reading:
        """A counter about a day, with the knowledge of a moment, in a check at `at`; `part`: as for `read_as_of`."""
        if not count.is_sum:
            return self._counted(count, day, moment, since, moment if at is None else at, part)
        low, high = self.sums(count, day, moment, since)
        if not count.is_share:
            return Reading(low, high)
        first = self.window_begins(count, day, moment, since)
        return self._share(count, low, high, self.planned(count, day, moment, first))

    def _share(self, count: Count, low: int, high: int, planned: int | None) -> Reading:
        if planned is None:  # no absence is no share of whatever was planned
            return Reading(low, high, 0, "not_given") if high else Reading(0, 0, 1)
        if planned <= 0 or planned < 5 * count.minimum:
            return Reading(low, high, planned, "too_early")
        return Reading(low, high, planned)

    # ------------------------------------------------------------------ counters that are no plain sums
    def _counted(self, count: Count, day: int, moment: int, since: int | None, at: int, part: Within | None) -> Reading:
        if count.is_unsaid:
            return Reading(0, 0, 0, "gap")
        first = self.counted_from(count, day, moment, since, at, part)
        read = self.read_as_of(count, day, moment, at, part)
        if first is None or read is None:
            return Reading(0, 0, 0, "not_running")
        if count.measure == "days_since":
            return self._days_since(count, read, moment, first)
        if count.measure == "times":
            done = [d for d in self.days_done(str(count.of), moment) if first <= d <= read]
            return Reading(100 * len(done), 100 * len(done))
        last = self._settled(count, read, moment)
        low, high = self._amounts(count, first, last, moment, read)
        if count.is_compared:
            place = self.place(read, moment)
            calendar = place.calendar
            widest = calendar.window(Window(count.window.within), place.since).begins(read)
            before = calendar.window(Window("any_time", count.window.rolling, count.window.week_from), 0).begins(first - 1)
            if before < max(widest, self.begins(moment), calendar.years[0].first):
                return Reading(low, high, 0, "too_early")
            old = self._amounts(count, before, first - 1, moment, read)
            return Reading(low - old[1], high - old[0])
        if not count.is_share:
            return Reading(low, high)
        return self._share(count, low, high, self._planned_for(count, first, last, read, moment))

    def _settled(self, count: Count, day: int, moment: int) -> int:
        """The last day whose marks count: so far before the day that they are settled."""
        if count.settles is None:
            return day
        calendar, n = self.place(day, moment).calendar, count.settles.number
        if count.settles.clock == "school_days":
            before = bisect_left(calendar.school_days, day) - n
            return calendar.school_days[before] if before >= 0 else 0
        last = day
        while n:
            last -= 1
            n -= count.settles.clock == "calendar_days" or ((last - 1) % 7 < 5 and last not in calendar.public_holidays)
        return last

    def _amounts(self, count: Count, first: int, last: int, moment: int, asked: int) -> tuple[int, int]:
        if count.is_unbroken:
            return run(count, self._school_days(count, first, last, moment, asked))
        if count.measure == "episodes":
            return episodes(count, self._school_days(count, self.begins(moment), last, moment, asked), first)
        days = [self._one_day(count, d, moment, asked) for d in self.days_between(first, last, moment)]
        return most(count, days) if count.most_on_one else measured(count, days)

    def entries(self, day: int, moment: int) -> list[Entry]:
        """The marks of a day as they stand at a moment."""
        states = self.states(self._epoch(moment)).get(day, ())
        return next((x[1] for x in reversed(states) if x[0] <= moment), [])

    def days_between(self, first: int, last: int, moment: int) -> list[int]:
        """Days with a mark, a register or a gap."""
        epoch = self._epoch(moment)
        if epoch not in self._ordered:
            self._ordered[epoch] = sorted(self.states(epoch))
        days = self._ordered[epoch]
        return days[bisect_left(days, first) : bisect_right(days, last)]

    def _school_days(self, count: Count, first: int, last: int, moment: int, asked: int) -> list[OneDay]:
        """All school days at the pupil's schools, also those on which nothing is marked."""
        first = max(first, self.begins(moment))
        days = {d for _, p in self._places_of(self._epoch(moment)) for d in p.calendar.school_days if first <= d <= last}
        mine = sorted(d for d in days if self.attends(d, moment))
        return [self._one_day(count, d, moment, asked) for d in mine]

    def marks_counted(self, count: Count, first: int, last: int, moment: int, asked: int) -> list[tuple[int, str]]:
        """(day, id) of the marks between two days that a counter counts for certain, asked about a day."""
        if count.of is not None and count.of_kind is None:  # it counts what was done
            return []
        if count.is_sum:
            return sorted(
                (p.day, p.mark)
                for p in self.parts(count, self._epoch(moment))
                if p.mark is not None and p.low and first <= p.day <= last and p.enter <= moment < p.leave
            )
        last = self._settled(count, last, moment)
        found = {
            (d, str(p.said.id))
            for d in self.days_between(first, last, moment)
            for p in self._one_day(count, d, moment, asked).pieces
            if p.said is not None and (p.is_mark if count.measure == "marks" else p.low)
        }
        return sorted(found)

    def attends(self, day: int, moment: int) -> bool:
        """Is it a school day at the school that the pupil attends on it?"""
        return self.place(day, moment).calendar.is_school_day(day) and not self.is_away(day, moment)

    def _one_day(self, count: Count, day: int, moment: int, asked: int) -> OneDay:
        states = self.states(self._epoch(moment)).get(day, ())
        state = next((x for x in reversed(states) if x[0] <= moment), None)
        place = self.place(day, moment)
        entries, gap, register = (state[1], state[2], state[3]) if state is not None else ([], 0, None)
        unit = place.calendar.lesson_minutes(day) * 100
        planned: int | None = 0
        if register is not None:
            planned = register * 5
        elif place.calendar.is_school_day(day):
            planned = None if place.lessons_per_week is None else int(place.lessons_per_week * unit)
        away = self.rules.absence_kinds | count.kinds  # of a run over days barred: those too
        absent_low = sum(e.low for e in entries if e.kind in away)
        absent_high = sum(e.high for e in entries if e.kind is None or e.kind in away) + gap
        pieces: list[Piece] = []
        if count.days is None or day in self._chosen_days(count, place.calendar):
            for e in entries:
                piece = self._piece(count, e, moment, asked, unit)
                if piece is not None:
                    pieces.append(piece)
            if gap and count.measure != "marks":
                pieces.append(Piece(0, gap, 0, None))
        return OneDay(day, tuple(pieces), (absent_low, absent_high), planned)

    def is_chosen(self, count: Count, day: int, moment: int) -> bool:
        """The line `days` of a counter: does it count on such a day at all?"""
        return count.days is None or day in self._chosen_days(count, self.place(day, moment).calendar)

    def _chosen_days(self, count: Count, calendar: Calendar) -> frozenset[int]:
        how, name = count.days or ("", "")
        key = (how, name, calendar.id)
        if key not in self._chosen:
            self._chosen[key] = calendar.first_after(name) if how == "first_after" else frozenset(calendar.named(name))
        return self._chosen[key]

    def _piece(self, count: Count, e: Entry, moment: int, asked: int, unit: int) -> Piece | None:
        if e.kind is not None and e.kind not in count.kinds:
            return None
        sure, maybe = (1, 1) if e.kind is not None else (0, 1)
        if count.marks:
            a, b = mark_holds(count.marks, e.said, -1 if e.aside == "no_length" else e.high, unit)
            sure, maybe = sure & a, maybe & b
        for kind, condition in count.only_if:
            if kind == e.kind:
                a, b = self.only_if(condition, asked, moment)
                sure, maybe = sure & a, maybe & b
        if not maybe:
            return None
        is_mark = sure & int(e.low > 0 or e.aside == "no_length")
        return Piece(e.low * sure, e.high, is_mark, e.said)

    def only_if(self, condition: Condition, day: int, moment: int) -> Pair:
        """A condition of reports, questions and the grade; steps are not asked here."""
        if isinstance(condition, Test):
            return self.ask(condition, day, moment, UNKNOWN)
        pairs = [self.only_if(c, day, moment) for c in condition.parts]
        if isinstance(condition, All):
            return min(p[0] for p in pairs), min(p[1] for p in pairs)
        either = max(p[0] for p in pairs), max(p[1] for p in pairs)
        return either if isinstance(condition, AnyOf) else (1 - either[1], 1 - either[0])

    def _days_since(self, count: Count, day: int, moment: int, first: int) -> Reading:
        """0 on the day itself. Of an unexplained kind since the oldest mark that stands, of anything else since the last."""
        if count.of is not None:
            done = [d for d in self.days_done(count.of, moment) if first <= d <= day]
            sure, maybe = done, done
        else:
            sure, maybe = [], []
            for d in self.days_between(first, day, moment):
                state = next((x for x in reversed(self.states(self._epoch(moment))[d]) if x[0] <= moment), None)
                for e in state[1] if state is not None else ():
                    if e.kind == count.of_kind and (e.low > 0 or e.aside == "no_length"):
                        sure.append(d)
                    elif e.kind in (count.of_kind, None):
                        maybe.append(d)
            maybe = [*sure, *maybe]
        if not maybe:
            return Reading(0, 0, 0, "not_running")
        kind = self.rules.kinds.get(count.of_kind or "")
        oldest = kind is not None and kind.is_ == "unexplained"
        since = (min(sure) if oldest else max(sure)) if sure else None
        calendar = self.place(day, moment).calendar
        far = self._passed(calendar, count.clock, min(maybe), day)
        if since is None:
            return Reading(0, 100 * far, 0, "perhaps")
        near = self._passed(calendar, count.clock, since, day)
        return Reading(100 * near, 100 * max(near, far if oldest else near))

    def _passed(self, calendar: Calendar, clock: str, first: int, last: int) -> int:
        if clock == "school_days":
            return calendar.count_school_days(first + 1, last)
        if clock == "weekdays":
            return sum(1 for d in range(first + 1, last + 1) if (d - 1) % 7 < 5 and d not in calendar.public_holidays)
        return last - first

    def _planned_for(self, count: Count, first: int, last: int, asked: int, moment: int) -> int | None:
        """Five times what was planned, in hundredths of what the counter counts."""
        place = self.place(asked, moment)
        calendar = place.calendar
        if count.planned not in ("so_far", "whole_window"):
            lessons = self.rules.tables[count.planned].get(count.window.within, 0)
            return 5 * lessons * (count.said.lesson_minutes or 45)
        if count.planned == "whole_window":
            leaves = calendar.window(Window(count.window.within), place.since).leaves(asked)
            last = min(leaves - 1, calendar.until)
        if count.measure in ("lessons", "clock_hours"):
            return self.planned(count, last, moment, first)
        begin = max(first, self.begins(moment))
        days = sum(1 for d in calendar.school_days if begin <= d <= last and self.attends(d, moment))
        return 500 * days * (2 if count.measure == "half_days" else 1)

    # ------------------------------------------------------------------ reports, questions, what was done
    def raised(self, report: str, day: int, moment: int) -> list[Report]:
        """The newest entry of each person up to the day that is not taken back."""
        newest: dict[str | None, Report] = {}
        for d in self.reports.get(report, ()):
            if d.moment <= moment < d.gone and d.event.on.toordinal() <= day:
                newest[d.event.by] = d.event
        return [e for e in newest.values() if e.raised]

    def answer(self, question: str, day: int, moment: int) -> Answer | None:
        """The answer in force on a day; if the question was open then, the first answer after it."""
        known = [d.event for d in self.answers.get(question, ()) if d.moment <= moment < d.gone]
        if not known:
            return None
        known.sort(key=lambda e: e.on)
        upto = [e for e in known if e.on.toordinal() <= day]
        if upto:
            until = self.good_until(question, upto[-1], moment)
            if until is None or day <= until:
                return upto[-1]  # type: ignore[no-any-return]
        return next((e for e in known if e.on.toordinal() > day), None)

    def good_until(self, question: str, answer: Answer, moment: int) -> int | None:
        span, on = self.rules.good_for.get(question), answer.on.toordinal()
        return None if span is None else self.place(on, moment).calendar.after(on, span)

    def statuses(self, action: str, moment: int) -> list[ActionTaken]:
        return [d.event for d in self.taken.get(action, ()) if d.moment <= moment < d.gone]

    # ------------------------------------------------------------------ one comparison
    def ask(self, test: Test, day: int, moment: int, early: Pair, since: int | None = None, at: int | None = None) -> Pair:
        """A comparison about a day, with the knowledge of a moment. Not for steps: the path knows these."""
        match test.what:
            case "counter":
                return self._ask_counter(test, day, moment, early, since, at)
            case "report":
                return TRUE if self.raised(test.fact, day, moment) else FALSE
            case "question":
                return self._ask_question(test, day, moment)
            case "grade":
                grade = self.place(day, moment).grade
                if grade is None:
                    return UNKNOWN
                return TRUE if all(_compare(op, grade, v) for op, v in test.asks) else FALSE
            case _:
                return self._ask_action(test, day, moment)

    def _ask_counter(self, test: Test, day: int, moment: int, early: Pair, since: int | None, at: int | None) -> Pair:
        count = self.rules.counters[test.fact]
        r = self.reading(count, day, moment, since, at, test.checks_in)
        if r.silent == "not_running":
            return FALSE
        if r.silent in ("too_early", "gap") or test.is_unsaid:
            return early
        if r.silent == "not_given":
            return UNKNOWN
        low, high, one = (r.low * 50_000, r.high * 50_000, r.planned) if count.is_share else (r.low, r.high, 1)
        certain, possible = int(r.silent != "perhaps"), 1
        for op, limit in test.asks:
            limits = [limit]
            if isinstance(limit, ByGrade):
                grade = self.place(day, moment).grade
                # not given: what holds for all grades of the ruleset applies
                limits = list(limit.values.values()) if grade is None else [limit.values[grade]]
            pairs = [_pair(op, low, high, x * one) for x in limits]
            certain, possible = min(certain, *(p[0] for p in pairs)), min(possible, max(p[1] for p in pairs))
        return certain, possible

    def _ask_question(self, test: Test, day: int, moment: int) -> Pair:
        a = self.answer(test.fact, day, moment)
        certain = possible = 1
        for op, value in test.asks:
            if value in ("known", "unknown") and op == "is":
                is_so = (a is None) == (value == "unknown")
            elif value == "reached" and op == "is" and a is not None:
                is_so = (on := _day_said(a)) is not None and on <= day
            elif a is None:
                certain = 0
                continue
            elif op == "one_of":
                is_so = any(v in value for v in a.values)
            else:
                is_so = value in a.values
            certain &= is_so
            possible &= is_so
        return int(certain), int(possible)

    def answered_day(self, question: str, day: int, moment: int) -> int | None:
        """The day that is the answer in force to a question for a day."""
        answer = self.answer(question, day, moment)
        return None if answer is None else _day_said(answer)

    def answered(self, act: Act, moment: int, first: int) -> int | None:
        """The day on which everything that an action asks was answered, no answer before `first`; None: not yet."""
        days = []
        for question in act.asks:
            known = [d.event.on.toordinal() for d in self.answers.get(question, ()) if d.moment <= moment < d.gone]
            known = [d for d in known if d >= first]
            if not known:
                return None
            days.append(min(known))
        return max(days, default=None)

    def rounds(self, act: Act | None, moment: int) -> list[int]:
        """The days on which everything that an action asks was answered, each time anew."""
        days: list[int] = []
        if act is not None and act.asks:
            while (on := self.answered(act, moment, days[-1] + 1 if days else 0)) is not None:
                days.append(on)
        return days

    def _ask_action(self, test: Test, day: int, moment: int) -> Pair:
        for op, value in test.asks:
            status = "done" if op == "done_within" else value
            found = [a for a in self.statuses(test.fact, moment) if a.status == status and a.on.toordinal() <= day]
            rounds = self.rounds(self.rules.acts.get(test.fact), moment) if status == "done" else []
            found += [ActionTaken(test.fact, "done", date.fromordinal(on)) for on in rounds if on <= day]
            if op == "done_within":
                found = [a for a in found if self._still_within(a, value, day, moment)]
            if not found:
                return FALSE
        return TRUE

    def _still_within(self, action: ActionTaken, span: Span, day: int, moment: int) -> bool:
        on = action.on.toordinal()
        until = self.place(on, moment).calendar.after(on, span)
        return until is None or day <= until

    # ------------------------------------------------------------------ when a comparison can change
    def change_days(self, test: Test, terms: bool, each: bool) -> list[int]:
        """Days on which a comparison can change its value, as each day was known; more is allowed, fewer is not."""
        key = (test.place, terms, each)
        if key not in self._changes:
            self._changes[key] = sorted(set(self._days_of_change(test, terms, each)))
        return self._changes[key]

    def _days_of_change(self, test: Test, terms: bool, each: bool) -> Iterable[int]:
        if len(self.enrolments) > 1 or self.retraction_days:
            for e in self.enrolments:
                yield from (e.moment // DAY, e.event.since.toordinal(), min(e.gone, self.now + 1) // DAY)
        if test.what == "counter":
            yield from self._counter_changes(test, terms, each)
        elif test.what == "report":
            for d in self.reports.get(test.fact, ()):
                yield from (d.moment // DAY, d.event.on.toordinal(), d.gone // DAY)
        elif test.what == "question":
            for d in self.answers.get(test.fact, ()):
                until = self.good_until(test.fact, d.event, self.now)
                yield from (d.moment // DAY, d.event.on.toordinal(), d.gone // DAY, *((until + 1,) if until else ()))
                agreed = _day_said(d.event)  # a day that is the answer is reached without anything recorded
                yield from (agreed,) if agreed is not None else ()
        elif test.what == "action":
            act = self.rules.acts.get(test.fact)
            asked = [d for q in act.asks for d in self.answers.get(q, ())] if act is not None else []
            for d in (*self.taken.get(test.fact, ()), *asked):
                on = d.event.on.toordinal()
                yield from (d.moment // DAY, on, d.gone // DAY)
                for op, value in test.asks:
                    if op == "done_within":
                        until = self.place(on, self.now).calendar.after(on, value)
                        yield from ((until + 1,) if until else ())

    def _counter_changes(self, test: Test, terms: bool, each: bool) -> Iterable[int]:
        count = self.rules.counters[test.fact]
        if not count.is_sum:  # asked about on every day
            yield from range(min(self._earliest(), self.horizon), self.horizon + 1)
            return
        if count.is_share or not self.is_plain:
            for _, place in (x for e in range(len(self.epochs)) for x in self._places_of(e)):
                yield from place.calendar.school_days
                for part in PARTS:
                    yield from place.calendar.starts(part)
                yield from (y.first for y in place.calendar.years)
                yield from place.calendar.school_weeks
            for epoch in range(len(self.epochs)):
                for p in self.parts(count, epoch):
                    yield from (p.day, p.enter // DAY, p.leave // DAY)
            return
        if test.is_unsaid:
            return
        lines = [self.diagonal(count), *(self._late_columns(count) if terms and count.window.within in PARTS else ())]
        if each:
            for line in lines:
                yield from (key // DAY for key in line.keys)
            return
        cuts: set[int] = set()
        for op, limit in test.asks:  # "more than 30" is "at least one hundredth above 30"
            more = op in ("more_than", "at_most")
            cuts.update(v + more for v in (limit.values.values() if isinstance(limit, ByGrade) else (limit,)))
        for line in lines:
            for cut in cuts:
                old = -1
                for key, low, high in zip(line.keys, line.lows, line.highs, strict=True):
                    state = (low >= cut) + (high >= cut)
                    if state != old:
                        yield key // DAY
                        old = state

    def is_prompt(self, count: Count) -> bool:
        """Was everything recorded on its day or before, and nothing changed? Then each day was known as it is known now."""
        if count.id not in self._prompt:
            parts = self.parts(count, len(self.epochs) - 1)
            self._prompt[count.id] = all(p.leave == LATER and p.enter < (p.day + 1) * DAY for p in parts)
        return self._prompt[count.id]

    def _earliest(self) -> int:
        """The first day on which something can be counted: of the case, or of its calendar or marks where that is later."""
        marked = [v.on.toordinal() for versions in self.marks.values() for _, v in versions if v is not None]
        first = min(p.calendar.years[0].first for _, p in self._places_of(len(self.epochs) - 1))
        return max(min(p.since for e in range(len(self.epochs)) for _, p in self._places_of(e)), min([first, *marked]))

    def _late_columns(self, count: Count) -> list[Line]:
        """Of a term's counter (period's, …): the last days of terms for which something was recorded or taken back after them."""
        if count.id not in self._late:
            starts, days = self.place(0, self.now).calendar.starts(count.window.within), set[int]()
            for p in () if self.is_prompt(count) else self.parts(count, len(self.epochs) - 1):
                i = bisect_right(starts, p.day)
                if i < len(starts) and (p.enter // DAY >= starts[i] or starts[i] <= p.leave // DAY < NEVER):
                    days.add(starts[i] - 1)
            self._late[count.id] = [self.column(count, d) for d in sorted(days)]
        return self._late[count.id]

    def row_days(self, test: Test) -> list[int]:
        """Days between which a comparison with today's knowledge keeps its value."""
        key = (test.place, "row")
        if key not in self._changes:
            days = set(self.change_days(test, False, False))
            if test.what == "counter" and self.is_plain and self.rules.counters[test.fact].is_sum:
                count = self.rules.counters[test.fact]
                if self.is_prompt(count):
                    days.update(k // DAY for k in self.diagonal(count).keys)
                else:
                    days.update(self.row(count).keys)
            self._changes[key] = sorted(days)
        return self._changes[key]

    def is_never_possible(self, test: Test) -> bool:
        """With today's knowledge a counter reaches its limit on no day: the quick way out of most questions."""
        if test.what == "report":
            return not self.reports.get(test.fact)
        if test.what != "counter":
            return False
        if test.is_unsaid:
            return True
        count = self.rules.counters[test.fact]
        if not self.is_plain or not count.is_sum:
            return count.is_unsaid
        if count.is_share:
            return not self.parts(count, len(self.epochs) - 1) and all(
                op in ("at_least", "more_than") and (min(v.values.values()) if isinstance(v, ByGrade) else v)
                for op, v in test.asks
            )
        line = self.diagonal(count) if self.is_prompt(count) else self.row(count)
        return self._is_out_of_reach(test, max(line.highs, default=0))

    def is_never_true(self, test: Test, terms: bool) -> bool:
        """Was a comparison true on no day and at no moment, as each day was known? Most steps of most pupils end here."""
        if test.what == "report":
            return test.fact not in self.reports
        if test.what != "counter":
            return False
        count = self.rules.counters[test.fact]
        if test.is_unsaid or count.is_unsaid:
            return True
        if not self.is_plain or count.is_share or not count.is_sum:
            return False
        lines = [self.diagonal(count), *(self._late_columns(count) if terms and count.window.within in PARTS else ())]
        return self._is_out_of_reach(test, max(max(x.highs, default=0) for x in lines))

    def _is_out_of_reach(self, test: Test, highest: int) -> bool:
        for op, limit in test.asks:
            low = min(limit.values.values()) if isinstance(limit, ByGrade) else limit
            if (op == "at_least" and highest < low) or (op == "more_than" and highest <= low):
                return True
        return False

    def is_calm(self, test: Test) -> bool:
        """Can the comparison change only on days that `change_days` names?"""
        return test.what != "counter" or self.rules.counters[test.fact].is_sum

    def no_more_than(self, count: Count) -> int:
        """A number that this counter exceeds on no day."""
        if count.is_unsaid:
            return 0
        if count.measure in ("lessons", "clock_hours", "marks"):
            return sum(p.high for e in range(len(self.epochs)) for p in self.parts(count, e))
        return 200 * (self.horizon - min(self.begins(self.now), self.horizon) + 1)

    def new_marks(self, count: Count, first: int, day: int, moment: int, last: int, old_days: set[int]) -> Pair:
        """Is there a mark that counts, first recorded after a moment, on none of the old days? A lesson not marked may be one."""
        certain = possible = 0
        if count.is_sum:
            for p in self.parts(count, self._epoch(moment)):
                if p.first > last and first <= p.day <= day and p.enter <= moment < p.leave and p.day not in old_days:
                    possible = 1
                    certain |= p.low > 0
            return int(certain), possible
        for d in self.days_between(first, self._settled(count, day, moment), moment):
            place = self.place(d, moment)
            if d in old_days or (count.days is not None and d not in self._chosen_days(count, place.calendar)):
                continue
            state = next((x for x in reversed(self.states(self._epoch(moment))[d]) if x[0] <= moment), None)
            if state is None:
                continue
            possible |= int(bool(state[2]) and count.measure != "marks")
            for e in state[1]:
                piece = self._piece(count, e, moment, day, place.calendar.lesson_minutes(d) * 100) if e.first > last else None
                if piece is not None:
                    possible, certain = 1, certain | int(piece.low > 0 or piece.is_mark)
        return int(certain), possible

    def new_episodes(self, count: Count, day: int, moment: int, last: int, at: int, part: Within | None) -> Pair:
        """Is an episode in the window all of whose marks were first recorded after a moment? As a pair."""
        first, read = self.counted_from(count, day, moment, None, at, part), self.read_as_of(count, day, moment, at, part)
        if first is None or read is None:
            return FALSE
        known_before = {p.day for p in self.parts(count, self._epoch(moment)) if p.first <= last}
        days = self._school_days(count, self.begins(moment), self._settled(count, read, moment), moment, read)
        found = new_rows(count, days, first, known_before)
        has_gap = any(p.said is None for d in days if d.day >= first for p in d.pieces)  # a lesson not marked may become one
        return int(found[0]), int(found[1] or has_gap)

    def corrected_since(self, count: Count, moment: int) -> bool:
        """Was anything of this counter taken back after a moment?"""
        return any(moment < p.leave < LATER for p in self.parts(count, len(self.epochs) - 1))


def _day_said(answer: Answer) -> int | None:
    """The day that was answered to a question for a day."""
    for text in answer.values:
        try:
            return date.fromisoformat(text).toordinal()
        except ValueError:
            continue
    return None


def mark_holds(tests: tuple[MarkTest, ...], mark: Mark, amount: int, unit: int) -> Pair:
    """Do all lines about a mark hold? What it does not say is not known. amount: in hundredths of a minute, below 0: none."""
    sure = maybe = 1
    for t in tests:
        if t.field in ("minutes", "lessons"):
            value: Any = None if amount < 0 else amount * (100 if t.field == "lessons" else 1)
            for op, limit in t.asks:
                is_so = value is not None and bool(_pair(op, value, value, limit * (unit if t.field == "lessons" else 1))[0])
                sure, maybe = sure & is_so, maybe & (value is None or is_so)
            continue
        value = getattr(mark, t.field)
        for op, wanted in t.asks:
            is_so = value is not None and (value in wanted if op == "one_of" else value == wanted)
            sure, maybe = sure & is_so, maybe & (value is None or is_so)
    return int(sure), int(maybe)


def _pair(op: str, low: int, high: int, limit: int) -> Pair:
    match op:
        case "at_least":
            return int(low >= limit), int(high >= limit)
        case "more_than":
            return int(low > limit), int(high > limit)
        case "less_than":
            return int(high < limit), int(low < limit)
        case _:
            return int(high <= limit), int(low <= limit)


def _compare(op: str, value: int, limit: Any) -> bool:
    if op == "one_of":
        return value in limit
    return bool(
        {"at_least": value >= limit, "more_than": value > limit, "at_most": value <= limit, "less_than": value < limit}[op]
    )
