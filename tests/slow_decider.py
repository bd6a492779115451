"""The path of a case (language.md, section 4) as a slow and obvious program: what the real decider is compared with.

Rules: it reads the compiled conditions and the events and nothing of the real decider; every day is asked anew from the
events; nothing is fast on purpose. A truth is (certain, possible): (1, 1) true, (0, 0) false, (0, 1) unknown. A moment is
a place in the order of recording (`records.DAY`). Amounts are hundredths of a minute, marks are counted in hundredths.
Only the path is here, no tasks: of section 5 stands here what `until_done` needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

from sky_model.model import Act, All, AnyOf, ByGrade, Count, Model, NoneOf, Ruleset, StepOf, Test, tests_in
from sky_model.records import (
    DAY,
    ActionTaken,
    Answer,
    Case,
    Enrolment,
    Mark,
    Register,
    Report,
    Retracted,
    StepClosed,
    end_of,
)
from sky_model.schooldays import Calendar, Span, monday

__all__ = ["Slow", "decide_slowly"]

Truth = tuple[int, int]
TRUE, FALSE, UNKNOWN = (1, 1), (0, 0), (0, 1)
NOT_GIVEN = 10**12  # an amount that no limit exceeds


@dataclass
class Slow:
    """What the path says of one case on one day."""

    openings: list[tuple[str, int, int | None]] = field(default_factory=list)  # name, day it is about, day it ended
    undecided: dict[str, int] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)
    in_doubt: set[str] = field(default_factory=set)
    due_from: dict[str, int] = field(default_factory=dict)


def decide_slowly(model: Model, case: Case, on: date, calendars: Calendar | Mapping[str, Calendar]) -> Slow:
    """The path up to the end of the day `on`. Calendars by calendar id or school id, or one for every school."""
    return _Path(model, case, on.toordinal(), calendars).told()


# ---------------------------------------------------------------------- conditions
@dataclass(frozen=True)
class Since:
    """The smaller limits of a watch: counters count from the day after the closing."""

    first: int
    condition: Any


def parts_of(condition: Any, first: int | None = None) -> Iterator[tuple[Any, int | None]]:
    """What can be ground: comparisons, and each `none` as a whole; with the day a watch counts from."""
    if isinstance(condition, Since):
        yield from parts_of(condition.condition, condition.first)
    elif isinstance(condition, AnyOf | All):
        for part in condition.parts:
            yield from parts_of(part, first)
    else:
        yield condition, first


def either(truths: list[Truth]) -> Truth:
    return max(t[0] for t in truths), max(t[1] for t in truths)


def every(truths: list[Truth]) -> Truth:
    return min(t[0] for t in truths), min(t[1] for t in truths)


def opposite(truth: Truth) -> Truth:
    return 1 - truth[1], 1 - truth[0]


def truth_of(value: bool) -> Truth:
    return TRUE if value else FALSE


# ---------------------------------------------------------------------- what is known at a moment
@dataclass(frozen=True)
class Version:
    """The newest version of a mark, and when the mark was first recorded."""

    mark: Mark
    first: int
    newest: int
    is_taken_back: bool


class Known:
    """The events up to one moment, without what was taken back by then."""

    def __init__(self, case: Case, moment: int) -> None:
        self.case, self.moment, self.day = case, moment, moment // DAY
        upto = [(m, e) for e, m in zip(case.events, case.moments, strict=True) if m <= moment]
        mark_ids = {e.id for _, e in upto if isinstance(e, Mark)}
        gone = {e.of for _, e in upto if isinstance(e, Retracted)}
        self.events = [(m, e) for m, e in upto if isinstance(e, Mark) or e.id not in gone]
        self.marks: list[Version] = []
        for name in mark_ids:
            versions = [(m, e) for m, e in upto if isinstance(e, Mark) and e.id == name]
            newest, mark = versions[-1]
            back = any(isinstance(e, Retracted) and e.of == name and m > newest for m, e in upto)
            self.marks.append(Version(mark, versions[0][0], newest, back))
        self.marks.sort(key=lambda v: v.first)
        self.counted: dict[Any, Any] = {}

    def all(self, shape: type[Any]) -> list[tuple[int, Any]]:
        return [(m, e) for m, e in self.events if isinstance(e, shape)]

    def holds_event(self, name: str | None) -> bool:
        return any(e.id == name for _, e in self.events)

    def begin(self) -> int:
        """The first day of the case; 0 when nothing says it."""
        return min((e.since.toordinal() for _, e in self.all(Enrolment)), default=0)

    def enrolment(self, c: int) -> Enrolment | None:
        found = [(e.since.toordinal(), m, e) for m, e in self.all(Enrolment)]
        begun = [x for x in found if x[0] <= c]
        if begun:
            return max(begun, key=lambda x: x[:2])[2]  # type: ignore[no-any-return]
        return min(found, key=lambda x: (x[0], -x[1]))[2] if found else None

    def grade(self, c: int) -> int | None:
        e = self.enrolment(c)
        return e.grade if e else None

    def per_day(self, c: int) -> Fraction | None:
        """Lessons of a school day by the week's number."""
        e = self.enrolment(c)
        return None if e is None or e.lessons_per_week is None else Fraction(e.lessons_per_week) / 5

    def register(self, c: int) -> Register | None:
        """The newest entry that covers a day."""
        found = None
        for _, e in self.all(Register):
            if e.on.toordinal() == c or (e.through and e.on.toordinal() <= c <= e.through.toordinal()):
                found = e
        return found

    def numbers(self, c: int) -> tuple[Fraction, Fraction] | None:
        """Planned and marked lessons of the register of a day, if it has them."""
        r = self.register(c)
        return None if r is None or r.through is not None else (Fraction(r.planned), Fraction(r.marked))

    def raised(self, name: str, c: int) -> list[tuple[int, Report]]:
        newest: dict[str | None, tuple[int, Report]] = {}
        for m, e in self.all(Report):
            if e.report == name and e.on.toordinal() <= c:
                newest[e.by] = (m, e)
        return [x for x in newest.values() if x[1].raised]


# ---------------------------------------------------------------------- openings and ends
@dataclass
class Opening:
    step: StepOf
    rules: Ruleset
    moment: int
    about: int
    name: str
    end: int | None = None  # the moment

    @property
    def day(self) -> int:
        return self.moment // DAY


@dataclass(frozen=True)
class End:
    """The end of an opening, or of a question by a closing."""

    step: str
    moment: int
    closing: str | None  # the id of the closing; None: the step ended by itself

    @property
    def day(self) -> int:
        return self.moment // DAY


class _Path:
    def __init__(self, model: Model, case: Case, on: int, calendars: Calendar | Mapping[str, Calendar]) -> None:
        self.model, self.case, self.on, self.calendars = model, case, on, calendars
        self.openings: list[Opening] = []
        self.ends: list[End] = []
        self.known_at: dict[Any, Known] = {}
        self.cache: dict[Any, Truth] = {}
        self.school_days = {d for cal in self._all_calendars() for d in cal.school_days}

    # -------------------------------------------------------------- what is known; calendar, version, steps of a day
    def known(self, moment: int) -> Known:
        if moment in self.known_at:
            return self.known_at[moment]
        count = sum(m <= moment for m in self.case.moments)
        doubted = any(isinstance(e, ActionTaken) and e.status == "data_wrong" for e in self.case.events[:count])
        key = count, moment // DAY if doubted else 0
        if key not in self.known_at:
            self.known_at[key] = Known(self.case, moment)
        self.known_at[moment] = self.known_at[key]
        return self.known_at[key]

    def calendar(self, c: int, known: Known) -> Calendar:
        if isinstance(self.calendars, Calendar):
            return self.calendars
        e = known.enrolment(c)
        if e is not None:
            for name in (e.calendar, e.school):
                if name is not None and name in self.calendars:
                    return self.calendars[name]
        return next(iter(self.calendars.values()))

    def steps(self, day: int) -> dict[str, StepOf]:
        """The steps of which something may be open or asked: of every version so far, each in its newest form."""
        out: dict[str, StepOf] = {}
        for v in self.model.versions:
            if v.valid_from <= day:
                for s in v.steps:
                    for old in s.was:
                        out.pop(old, None)
                    out[s.id] = s
                for x in v.said.ends:
                    out.pop(x.step, None)
        return out

    # -------------------------------------------------------------- days and windows
    @staticmethod
    def term(cal: Calendar, c: int) -> int:
        starts = [t for y in cal.years for t in y.terms]
        return max((t for t in starts if t <= c), default=min(starts, default=0))

    @staticmethod
    def ended_terms(cal: Calendar, q: int) -> list[int]:
        """The last day of each term of this school year that has ended."""
        year = max((y for y in cal.years if y.first <= q), key=lambda y: y.first, default=cal.years[0])
        return [t - 1 for t in year.terms[1:] if t - 1 < q]

    def begins(self, count: Count, c: int, known: Known) -> int:
        cal, within = self.calendar(c, known), count.window.within
        if within == "term":
            first = self.term(cal, c)
        elif within == "school_year":
            first = max((y.first for y in cal.years if y.first <= c), default=cal.years[0].first)
        else:
            first = known.begin() if within == "enrolment" else 0
        rolling = count.window.rolling
        if rolling is not None:
            days = [d for d in range(cal.years[0].first, c + 1) if cal.is_school_day(d)]
            if rolling.clock == "school_weeks":
                days = sorted({monday(d) for d in cal.school_days if monday(d) <= c})
            if len(days) >= rolling.number:
                first = max(first, days[-rolling.number])
        return first

    # -------------------------------------------------------------- marks and gaps
    def length(self, mark: Mark, known: Known) -> Fraction | None:
        """In hundredths of a minute; None: a mark without length."""
        day = mark.on.toordinal()
        if mark.minutes is not None:
            return Fraction(mark.minutes) * 100
        if mark.lessons is not None:
            return Fraction(mark.lessons) * self.calendar(day, known).lesson_minutes(day) * 100
        return None

    def amounts(self, rules: Ruleset, known: Known) -> list[tuple[Mark, Fraction | int, bool, bool, int]]:
        """Of each mark that is not 0: (mark, amount, has it a length, is it set aside, when it was first recorded)."""
        key = "amounts", rules.valid_from
        if key in known.counted:
            return known.counted[key]  # type: ignore[no-any-return]
        alive = []
        for v in known.marks:
            size = Fraction(0) if v.is_taken_back else self.length(v.mark, known)
            if size != 0:
                alive.append((v, size))
        out = []
        doubled: set[str | None] = set()  # set aside for one of the first two reasons
        for v, _ in alive:
            day = v.mark.on.toordinal()
            same = [x for x, _ in alive if x.first < v.first and x.mark.on == v.mark.on and x.mark.lesson == v.mark.lesson]
            if not self.calendar(day, known).is_school_day(day) or (v.mark.lesson is not None and same):
                doubled.add(v.mark.id)
        for v, size in alive:
            day, mark = v.mark.on.toordinal(), v.mark
            cal, numbers = self.calendar(day, known), known.numbers(day)
            aside = mark.id in doubled
            if numbers is not None and self.may_be_absence(mark, rules):
                upto = [
                    s or 0
                    for x, s in alive
                    if x.first <= v.first
                    and x.mark.on == mark.on
                    and self.may_be_absence(x.mark, rules)
                    and (x is v or x.mark.id not in doubled)
                ]
                aside = aside or sum(upto) > numbers[0] * cal.lesson_minutes(day) * 100
            for m, a in known.all(ActionTaken):
                if a.status == "data_wrong" and a.mark == mark.id and m > v.newest:
                    last = self.calendar(a.on.toordinal(), known).after(a.on.toordinal(), Span("school_days", 5))
                    aside = aside or last is None or known.day <= last
            amount: Fraction | int
            if size is not None:
                amount = size
            else:
                lessons = numbers[0] if numbers is not None else known.per_day(day)
                amount = NOT_GIVEN if lessons is None else lessons * cal.lesson_minutes(day) * 100
            out.append((mark, amount, size is not None, aside, v.first))
        known.counted[key] = out
        return out

    @staticmethod
    def may_be_absence(mark: Mark, rules: Ruleset) -> bool:
        return mark.kind not in rules.kinds or mark.kind in rules.absence_kinds

    def gap(self, c: int, known: Known) -> Fraction | int:
        """Lessons of a day that are neither marked nor have a mark."""
        if ("gap", c) not in known.counted:
            known.counted["gap", c] = self._gap(c, known)
        return known.counted["gap", c]  # type: ignore[no-any-return]

    def _gap(self, c: int, known: Known) -> Fraction | int:
        marked = sum(
            (
                Fraction(v.mark.lessons)
                for v in known.marks
                if not v.is_taken_back and v.mark.lessons is not None and v.mark.on.toordinal() == c
            ),
            Fraction(0),
        )
        if known.register(c) is not None:
            numbers = known.numbers(c)
            return max(Fraction(0), numbers[0] - max(numbers[1], marked)) if numbers else 0
        if self.case.register == "marks_only" or c < known.begin() or not self.calendar(c, known).is_school_day(c):
            return 0
        planned = known.per_day(c)
        return NOT_GIVEN if planned is None else max(Fraction(0), planned - marked)

    def days(self, first: int, last: int, known: Known) -> list[int]:
        """Days on which something may be planned."""
        days = self.school_days | {e.on.toordinal() for _, e in known.all(Register)}
        return sorted(d for d in days if first <= d <= last)

    def _all_calendars(self) -> list[Calendar]:
        return [self.calendars] if isinstance(self.calendars, Calendar) else list(self.calendars.values())

    def counting(
        self, rules: Ruleset, count: Count, first: int, last: int, known: Known
    ) -> tuple[Any, Any, list[tuple[Mark, bool]], Any]:
        """(at least, at most, [(mark, is it certain)], what the gaps may add) between two days, both inside."""
        low: Any = 0
        high: Any = 0
        used = []
        marks = count.measure == "marks"
        for mark, amount, has_length, aside, _ in self.amounts(rules, known):
            if not first <= mark.on.toordinal() <= last:
                continue
            if mark.kind in rules.kinds and mark.kind not in count.kinds:
                continue
            certain = mark.kind in count.kinds and mark.kind in rules.kinds and not aside and (has_length or marks)
            size = 100 if marks else amount
            low, high = low + size * certain, high + size
            used.append((mark, certain))
        open_: Any = 0
        for d in self.days(first, last, known):
            lessons = 0 if marks else self.gap(d, known)  # a lesson that nobody marked is no mark
            if lessons == NOT_GIVEN:
                open_ += NOT_GIVEN
            elif lessons:
                open_ += lessons * self.calendar(d, known).lesson_minutes(d) * 100
        return low, high + open_, used, open_

    def planned(self, rules: Ruleset, first: int, last: int, known: Known) -> Fraction | None:
        """Planned lessons between two days in hundredths of a minute; None: not given."""
        total = Fraction(0)
        for d in self.days(max(first, known.begin()), last, known):
            cal, numbers = self.calendar(d, known), known.numbers(d)
            lessons: Fraction | None = Fraction(0)
            if numbers is not None:
                lessons = numbers[0]
            elif cal.is_school_day(d):
                lessons = known.per_day(d)
            if lessons is None:
                return None
            out = sum(
                amount
                for mark, amount, has_length, _, _ in self.amounts(rules, known)
                if has_length
                and mark.on.toordinal() == d
                and mark.kind in rules.kinds
                and rules.kinds[mark.kind].is_ == "not_planned"
            )
            total += max(Fraction(0), lessons * cal.lesson_minutes(d) * 100 - out)
        return total

    def first_day(self, count: Count, c: int, known: Known, since: int | None) -> int:
        return self.begins(count, c, known) if since is None else since

    def counter(self, rules: Ruleset, count: Count, c: int, known: Known, since: int | None) -> tuple[Any, Any, Any] | str | None:
        """(low, high, one): low and high are compared with limit times one. None: not given."""
        key = "counter", rules.valid_from, count.id, c, since
        if key not in known.counted:
            known.counted[key] = self._counter(rules, count, c, known, since)
        return known.counted[key]  # type: ignore[no-any-return]

    def _counter(
        self, rules: Ruleset, count: Count, c: int, known: Known, since: int | None
    ) -> tuple[Any, Any, Any] | str | None:
        first = self.first_day(count, c, known, since)
        low, high, _, _ = self.counting(rules, count, first, c, known)
        if not count.is_share:
            return low, high, 1
        planned = self.planned(rules, first, c, known)
        if planned is None:  # no absence is no share of whatever was planned
            return None if high else (0, 0, 1)
        if planned == 0 or planned < count.minimum:
            return "too early"
        return low * 10000, high * 10000, planned

    # -------------------------------------------------------------- answers
    def answer(self, rules: Ruleset, name: str, c: int, known: Known) -> tuple[int, Answer] | None:
        """The answer in force on a day; if the question was open then, the first answer after it."""
        found = sorted(((m, e) for m, e in known.all(Answer) if e.question == name), key=lambda x: (x[1].on.toordinal(), x[0]))
        before = [x for x in found if x[1].on.toordinal() <= c]
        good_for = rules.questions[name].good_for
        if before:
            if good_for is None:
                return before[-1]
            (clock,) = good_for.clocks()
            number = getattr(good_for, clock)
            if hasattr(number, "parameter"):
                number = next(p.number() for p in rules.said.parameters if p.id == number.parameter)
            last = self.calendar(c, known).after(before[-1][1].on.toordinal(), Span(clock, int(number)))  # type: ignore[arg-type]
            if last is None or c <= last:
                return before[-1]
        return next((x for x in found if x[1].on.toordinal() > c), None)

    # -------------------------------------------------------------- one comparison
    def test(self, rules: Ruleset, test: Test, since: int | None, c: int, moment: int, known: Known, early: Truth) -> Truth:
        key = rules.valid_from, test, since, c, moment, id(known), early
        try:
            if key in self.cache:
                return self.cache[key]
        except TypeError:  # a limit by grade cannot be a key
            key = rules.valid_from, test.place, repr(test), since, c, moment, id(known), early
            if key in self.cache:
                return self.cache[key]
        value = every([self.one(rules, test, op, limit, since, c, moment, known, early) for op, limit in test.asks])
        if test.what not in ("step",):
            self.cache[key] = value
        return value

    def one(
        self, rules: Ruleset, test: Test, op: str, limit: Any, since: int | None, c: int, moment: int, known: Known, early: Truth
    ) -> Truth:
        if test.what == "counter":
            if isinstance(limit, ByGrade):
                grade = known.grade(c)
                if grade is None:  # what holds for all grades of the ruleset applies
                    each = [self.one(rules, test, op, x, since, c, moment, known, early) for x in limit.values.values()]
                    return min(t[0] for t in each), max(t[1] for t in each)
                limit = limit.values[grade]
            number = self.counter(rules, rules.counters[test.fact], c, known, since)
            if number is None:
                return UNKNOWN
            if isinstance(number, str):
                return early
            low, high, one = number
            return self.compared(op, low, high, limit * one)
        if test.what == "grade":
            grade = known.grade(c)
            if grade is None:
                return UNKNOWN
            return truth_of(grade in limit) if op == "one_of" else self.compared(op, grade, grade, limit)
        if test.what == "report":
            return truth_of(bool(known.raised(test.fact, c)))
        if test.what == "question":
            found = self.answer(rules, test.fact, c, known)
            if limit in ("known", "unknown"):
                return truth_of((found is None) == (limit == "unknown"))
            if found is None:
                return UNKNOWN
            values = found[1].values
            if op == "is":
                return truth_of(values == (limit,))
            return truth_of(any(v in values for v in (limit if op == "one_of" else (limit,))))
        if test.what == "step":
            named = rules.step_by_id[test.fact].names if test.fact in rules.step_by_id else {test.fact}
            mine = [o for o in self.openings if o.step.id in named and o.moment < moment]  # as it was before the check
            is_open = any(o.end is None or o.end >= moment for o in mine)
            return truth_of({"open": is_open, "ended": bool(mine) and not is_open, "never_opened": not mine}[limit])
        taken = [e for _, e in known.all(ActionTaken) if e.action == test.fact and e.on.toordinal() <= c]
        if op == "done_within":
            lasts = [self.calendar(e.on.toordinal(), known).after(e.on.toordinal(), limit) for e in taken if e.status == "done"]
            return truth_of(any(last is None or c <= last for last in lasts))
        return truth_of(any(e.status == limit for e in taken))

    @staticmethod
    def compared(op: str, low: Any, high: Any, limit: Any) -> Truth:
        return {
            "at_least": (int(low >= limit), int(high >= limit)),
            "more_than": (int(low > limit), int(high > limit)),
            "at_most": (int(high <= limit), int(low <= limit)),
            "less_than": (int(high < limit), int(low < limit)),
        }[op]

    # -------------------------------------------------------------- conditions
    def holds(
        self,
        rules: Ruleset,
        condition: Any,
        c: int,
        moment: int,
        known: Known,
        new: Callable[[Any, int | None], Truth] | None = None,
        early: Truth = UNKNOWN,
        since: int | None = None,
    ) -> tuple[Truth, Truth]:
        """(what the condition is, what it is on new ground). `early`: what *too early* is read as."""
        if isinstance(condition, Since):
            return self.holds(rules, condition.condition, c, moment, known, new, early, condition.first)
        if isinstance(condition, AnyOf | All):
            both = [self.holds(rules, x, c, moment, known, new, early, since) for x in condition.parts]
            values, grounds = [b[0] for b in both], [b[1] for b in both]
            if isinstance(condition, AnyOf):
                return either(values), either(grounds)
            return every(values), every([*values, either(grounds)])
        if isinstance(condition, NoneOf):
            flipped = opposite(early)
            inside = [self.holds(rules, x, c, moment, known, None, flipped, since)[0] for x in condition.parts]
            value = opposite(either(inside))
        else:
            value = self.test(rules, condition, since, c, moment, known, early)
        fresh = TRUE if new is None or value == FALSE else new(condition, since)
        return value, every([value, fresh])

    def asks(
        self,
        step: StepOf,
        rules: Ruleset,
        c: int,
        looked_from: int,
        moment: int,
        known: Known,
        new: Callable[[Any, int | None], Truth] | None = None,
        early: Truth = UNKNOWN,
    ) -> tuple[Truth, Truth]:
        """`opens` with its watch and the step's narrower grades: no ground, joined as one more condition."""
        value, ground = self.holds(rules, self.opens(step, c, looked_from), c, moment, known, new, early)
        if step.grades is not None:
            grade = known.grade(c)
            fits = UNKNOWN if grade is None else truth_of(step.grades[0] <= grade <= step.grades[1])
            value = every([value, fits])
            ground = every([ground, fits])
        return value, ground

    # -------------------------------------------------------------- asking
    def ends_of(self, step: StepOf, moment: int, *, by_persons: bool = False) -> list[End]:
        known = self.known(moment)
        return [
            e
            for e in self.ends
            if e.step in step.names
            and e.moment <= moment
            and (known.holds_event(e.closing) if e.closing is not None else not by_persons)
        ]

    def last_closing(self, step: StepOf, moment: int) -> int | None:
        return max((e.day for e in self.ends_of(step, moment, by_persons=True)), default=None)

    def asked(self, step: StepOf, rules: Ruleset, q: int, looked_from: int, known: Known) -> list[int]:
        """The days that are asked about on the day q."""
        days = {q}
        if step.lasts.word == "until_closed":
            facts = [t.fact for t in tests_in(step.opens) if t.what == "counter"]
            if any(rules.counters[f].window.within == "term" for f in facts):
                days |= set(self.ended_terms(self.calendar(q, known), q))
        closed = self.last_closing(step, looked_from) or 0
        return sorted(c for c in days if c >= max(closed, rules.valid_from, known.begin()))

    def opens(self, step: StepOf, c: int, looked_from: int) -> Any:
        """`opens`, and for so long after a closing the smaller limits of `watch`."""
        if step.watch is None or step.watch_for is None:
            return step.opens
        last = self.last_closing(step, looked_from)
        if last is None or c <= last:
            return step.opens
        until = self.calendar(last, self.known(looked_from)).after(last, step.watch_for)
        if until is not None and c > until:
            return step.opens
        return AnyOf((step.opens, Since(last + 1, step.watch)))  # type: ignore[arg-type]

    # -------------------------------------------------------------- a closing answers the grounds
    def is_new(self, step: StepOf, rules: Ruleset, part: Any, since: int | None, c: int, moment: int) -> Truth:
        """Is this part of `opens` new ground for the day c, in the check at a moment?"""
        if not any(e.step in step.names for e in self.ends):
            return TRUE
        ends, known = self.ends_of(step, moment), self.known(moment)
        what = part.what if isinstance(part, Test) else "none"
        by_itself = step.lasts.word in ("while_true", "until_end_of_term")

        def value(day: int, at: int, early: Truth = UNKNOWN) -> Truth:
            return self.holds(rules, part, day, at, self.known(at), early=early, since=since)[0]

        if what == "counter" and step.again.startswith("each"):
            if not ends:
                return TRUE
            count = rules.counters[part.fact]
            first = self.first_day(count, c, known, since)
            _, _, used, gaps = self.counting(rules, count, first, c, known)
            before = [e for e, m in zip(self.case.events, self.case.moments, strict=True) if m <= ends[-1].moment]
            name = (lambda m: m.id) if step.again == "each_mark" else (lambda m: m.on)
            old = {name(e) for e in before if isinstance(e, Mark)}
            fresh = [certain for mark, certain in used if name(mark) not in old]
            return int(any(fresh)), int(bool(fresh) or gaps > 0)
        answering: End | None = None
        for e in ends:  # a closing answers what holds or is unknown, a step that ends by itself what holds
            was = value(e.day, e.moment, FALSE)
            if was[1] if e.closing is not None else was[0]:
                answering = e

        def false_since(end: End) -> bool:
            """On a day after the end, not later than the day asked about."""
            days = range(end.day, min(c, moment // DAY) + 1)
            return any(value(d, end_of(d)) == FALSE for d in days if end_of(d) > end.moment)

        if what in ("report", "question"):
            if answering is None:
                return TRUE
            newer = known.raised(part.fact, c) if what == "report" else [self.answer(rules, part.fact, c, known)]
            return truth_of(any(x is not None and x[0] > answering.moment for x in newer))
        if what != "counter":
            return truth_of(answering is None or false_since(answering))
        begin = self.first_day(rules.counters[part.fact], c, known, since)
        if by_itself and step.again in ("next_window", "once"):  # not twice in one window; not twice
            for o in self.openings:
                if o.step.id in step.names and o.end is not None and o.end <= moment:
                    in_window = step.again == "once" or begin <= o.about
                    if in_window and value(o.about, o.moment) == TRUE:
                        return FALSE
        if answering is None:
            return TRUE
        if step.again == "once":
            return FALSE
        if step.again == "next_window":
            return truth_of(begin > answering.day)
        return truth_of((by_itself and answering.closing is None) or false_since(answering))

    # -------------------------------------------------------------- the fold
    def told(self) -> Slow:
        closings = [(m, e) for e, m in zip(self.case.events, self.case.moments, strict=True) if isinstance(e, StepClosed)]
        for k in range(min(v.valid_from for v in self.model.versions), self.on + 1):
            for m, e in closings:
                if m // DAY == k:
                    self.check(m)
                    self.close(m, e)
            self.check(end_of(k))
        out = Slow(openings=[(o.name, o.about, None if o.end is None else o.end // DAY) for o in self.openings])
        self.look_again(out)
        return out

    def open_of(self, step: StepOf) -> Opening | None:
        return next((o for o in self.openings if o.end is None and o.step.id in step.names), None)

    def check(self, moment: int) -> None:
        """First ends, then opens, all on the state before the check."""
        k, known = moment // DAY, self.known(moment)
        rules = self.model.on(k)
        if rules is None:
            return
        for o in [o for o in self.openings if o.end is None]:
            if self.is_over(o, rules, k, moment, known):
                o.end = moment
                self.ends.append(End(o.step.id, moment, None))
        for s in rules.steps:
            if self.open_of(s) is not None:
                continue
            for c in self.asked(s, rules, k, moment, known):

                def new(part: Any, since: int | None, s: StepOf = s, c: int = c) -> Truth:
                    return self.is_new(s, rules, part, since, c, moment)

                if self.asks(s, rules, c, moment, moment, known, new)[1] == TRUE:
                    twins = sum(o.step.id == s.id and o.day == k for o in self.openings)
                    name = f"{s.id}@{date.fromordinal(k).isoformat()}" + (f"#{twins + 1}" if twins else "")
                    self.openings.append(Opening(s, rules, moment, c, name))
                    break

    def is_over(self, o: Opening, rules: Ruleset, k: int, moment: int, known: Known) -> bool:
        word = o.step.lasts.word
        if rules is not o.rules and any(x.step == o.step.id for x in rules.said.ends):
            return True
        if word == "while_true":
            return self.asks(o.step, o.rules, k, o.moment, moment, known)[0] == FALSE
        if word == "until_done":
            return all(self.is_answered(o, a, k, moment, known) for a in o.step.actions if a.duty in ("must", "consider"))
        if word == "until_end_of_term":
            cal = self.calendar(k, known)
            return self.term(cal, k) > max(o.day, cal.term_starts[0])
        if word == "span":
            assert o.step.lasts.span is not None
            last = self.calendar(o.day, known).after(o.day, o.step.lasts.span)
            return last is not None and k > last
        return False

    def close(self, moment: int, e: StepClosed) -> None:
        """A person closes an open step or an undecided one; anything else changes nothing."""
        step = self.steps(moment // DAY).get(e.step)
        names = {e.step} | (step.names if step else set())
        o = next((o for o in self.openings if o.end is None and o.step.id in names), None)
        if o is not None:
            o.end = moment
            self.ends.append(End(o.step.id, moment, e.id))
        elif step is not None and self.question(step, moment // DAY, moment) is not None:
            self.ends.append(End(e.step, moment, e.id))

    # -------------------------------------------------------------- until_done: what a person answered
    def is_answered(self, o: Opening, act: Act, k: int, moment: int, known: Known) -> bool:
        if act.by_system and act.id in self.case.does:
            return True
        if self.status(o, act, k, known) in ("done", "not_needed", "refused"):
            return True
        return act.when is not None and self.holds(o.rules, act.when, k, moment, known)[0] == FALSE

    def status(self, o: Opening, act: Act, k: int, known: Known) -> str | None:
        taken = [e for _, e in known.all(ActionTaken) if e.action == act.id]
        earliest = self.counts_from(o, k, known)
        if any(e.status == "done" and earliest <= e.on.toordinal() <= k for e in taken):
            return "done"
        said = [e for e in taken if e.status != "done" and e.recorded.toordinal() >= o.day]
        if act.is_statutory and act.duty == "must":
            said = [e for e in said if e.status != "not_needed"]
        return said[-1].status if said else None

    def counts_from(self, o: Opening, k: int, known: Known) -> int:
        """From which day on what was done earlier counts for this opening."""
        before = [
            x.end // DAY + 1
            for x in self.openings
            if x is not o and x.end is not None and x.end <= o.moment and x.step.id == o.step.id
        ]
        c = self.first_ground(o, k, known)
        if c is None:
            c = o.about
        days = []
        for part, since in parts_of(self.opens(o.step, c, o.moment)):
            at = end_of(max(c, o.day))
            if not isinstance(part, Test) or not self.holds(o.rules, part, c, at, known, since=since)[0][1]:
                continue
            if part.what == "counter":
                days.append(self.first_day(o.rules.counters[part.fact], c, known, since))
            elif part.what == "report":
                days += [e.on.toordinal() for _, e in known.raised(part.fact, c)]
            elif part.what == "question":
                found = self.answer(o.rules, part.fact, c, known)
                days += [found[1].on.toordinal()] if found else []
        return max([min(days, default=o.day), *before])

    # -------------------------------------------------------------- today's knowledge looks again
    def ground(self, o: Opening, on: int, known: Known) -> list[tuple[int, Truth]]:
        """[(day, truth)] of `opens`: for the day that the opening was about and for those asked about since."""
        last = on if o.end is None else min(on, o.end // DAY)
        asks = {(o.about, o.moment)}
        for q in range(o.day, last + 1):
            asks |= {(c, end_of(q)) for c in self.asked(o.step, o.rules, q, o.moment, known)}
        return [(c, self.asks(o.step, o.rules, c, o.moment, m, known)[0]) for c, m in sorted(asks)]

    def first_ground(self, o: Opening, on: int, known: Known) -> int | None:
        return next((c for c, v in self.ground(o, on, known) if v != FALSE), None)

    def due_start(self, o: Opening) -> int:
        """As known on each day it moves on with the ground, and to the day on which lost ground came back; never back."""
        start, is_gone = o.day, False
        last = self.on if o.end is None else min(self.on, o.end // DAY)
        for q in range(o.day, last + 1):
            if not is_gone and q > o.day and self.known(end_of(q)) is self.known(end_of(q - 1)):
                continue  # nothing new is known, the ground is the same
            c = self.first_ground(o, q, self.known(end_of(q)))
            if c is not None:
                start = max(start, c, q if is_gone else c)
            is_gone = c is None
        return start

    def question(self, step: StepOf, on: int, moment: int) -> int | None:
        """The first day asked about on which the step is undecided, as known at a moment; None: it is not."""
        ends, known = self.ends_of(step, moment), self.known(moment)
        begin = on if step.lasts.word == "while_true" else ends[-1].day if ends else self.model.versions[0].valid_from
        term = self.term(self.calendar(on, known), on) if step.lasts.word == "until_end_of_term" else 0
        for q in range(begin, on + 1):  # each day by the version of that day
            rules, at = self.model.on(q), moment if q == on else end_of(q)
            s = next((s for s in rules.steps if s.id in step.names), None) if rules else None
            if rules is None or s is None:
                continue
            for c in self.asked(s, rules, q, moment, known):

                def new(part: Any, since: int | None, s: StepOf = s, rules: Ruleset = rules, c: int = c, at: int = at) -> Truth:
                    return self.is_new(s, rules, part, since, c, at)

                if c >= term and self.asks(s, rules, c, moment, at, known, new, FALSE)[1] != FALSE:
                    return c
        return None

    def look_again(self, out: Slow) -> None:
        known = self.known(end_of(self.on))
        for o in self.openings:
            values = [v for _, v in self.ground(o, self.on, known)]
            if FALSE in values and all(v == FALSE for v in values):
                out.withdrawn.add(o.name)
                continue
            out.due_from[o.name] = self.due_start(o)
            if TRUE not in values:
                out.in_doubt.add(o.name)
        for s in self.steps(self.on).values():
            o = self.open_of(s)
            if o is not None and o.name not in out.withdrawn:
                continue
            c = self.question(s, self.on, end_of(self.on))
            if c is not None:
                out.undecided[s.id] = c
