"""The counters of a record (language.md, section 3) as a slow and obvious program: what the real ones are compared with.

Rules: everything is summed anew from the events for each question, days are walked one by one, each measure has its own small
method; nothing of the real counters is read. A truth is (certain, possible): (1, 1) true, (0, 0) false, (0, 1) unknown.
A counter is (at least, at most) in hundredths: of minutes for lessons and clock hours, of one for all else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from sky_model.events import DAY, ActionTaken, Answer, Enrolment, Mark, Register, Report, Retracted
from sky_model.records import Case
from sky_model.rules import Count, MarkTest, Model, Ruleset
from sky_model.schooldays import Calendar, Schedule, SchoolYear, Span, monday

__all__ = ["FALSE", "TRUE", "UNKNOWN", "Asked", "Known", "SlowFacts", "SlowReading", "Truth", "either", "every", "opposite"]

Truth = tuple[int, int]
TRUE, FALSE, UNKNOWN = (1, 1), (0, 0), (0, 1)
NOT_GIVEN = 10**12  # an amount that no limit exceeds
PARTS = ("term", "period", "quarter", "month")


def either(truths: list[Truth]) -> Truth:
    return max((t[0] for t in truths), default=0), max((t[1] for t in truths), default=0)


def every(truths: list[Truth]) -> Truth:
    return min((t[0] for t in truths), default=1), min((t[1] for t in truths), default=1)


def opposite(truth: Truth) -> Truth:
    return 1 - truth[1], 1 - truth[0]


def truth_of(value: bool) -> Truth:
    return TRUE if value else FALSE


def compared(op: str, low: Any, high: Any, limit: Any) -> Truth:
    return {
        "at_least": (int(low >= limit), int(high >= limit)),
        "more_than": (int(low > limit), int(high > limit)),
        "at_most": (int(high <= limit), int(low <= limit)),
        "less_than": (int(high < limit), int(low < limit)),
    }[op]


def same_date_before(day: int, months: int) -> int:
    """The same date so many months earlier, or that month's last day."""
    then = date.fromordinal(day)
    year, month = then.year, then.month
    for _ in range(months):
        year, month = (year - 1, 12) if month == 1 else (year, month - 1)
    for d in range(then.day, 0, -1):
        try:
            return date(year, month, d).toordinal()
        except ValueError:
            continue
    raise AssertionError


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
        return None if r is None or r.through is not None else (Fraction(r.planned), Fraction(r.marked))  # type: ignore[arg-type]

    def raised(self, name: str, c: int) -> list[tuple[int, Report]]:
        newest: dict[str | None, tuple[int, Report]] = {}
        for m, e in self.all(Report):
            if e.report == name and e.on.toordinal() <= c:
                newest[e.by] = (m, e)
        return [x for x in newest.values() if x[1].raised]

    def done(self, action: str) -> list[int]:
        return [e.on.toordinal() for _, e in self.all(ActionTaken) if e.action == action and e.status == "done"]


@dataclass(frozen=True)
class Asked:
    """One question: by which rules, about which day, at which moment, with which knowledge.

    early        what *too early* and *gap* are read as
    since        a watch counts from this day
    checks_from  a step that lasts until the end of a part reads only the check dates of the running one
    """

    rules: Ruleset
    c: int
    moment: int
    known: Known
    early: Truth = UNKNOWN
    since: int | None = None
    checks_from: int = 0


@dataclass(frozen=True)
class Piece:
    """A mark read as of one kind. `is_sure`: not set aside, and of this kind for certain."""

    mark: Mark
    kind: str | None
    amount: Fraction | int
    has_length: bool
    is_sure: bool
    first: int

    @property
    def day(self) -> int:
        return self.mark.on.toordinal()


@dataclass(frozen=True)
class SlowReading:
    """A counter on one day. `silent`: not_given, too_early, not_running or gap; then the numbers say nothing."""

    low: Any = 0
    high: Any = 0
    planned: Any = None
    silent: str | None = None


Counted = list[tuple[Piece, bool]]  # what may count, and does it for certain
Gaps = dict[int, Any]  # of a day the amount that is neither marked nor has a mark


class SlowFacts:
    """Calendars, windows, marks and counters of one case."""

    def __init__(self, model: Model, case: Case, calendars: Calendar | Mapping[str, Calendar]) -> None:
        self.model, self.case, self.calendars = model, case, calendars
        self.school_days = {d for cal in self._all_calendars() for d in cal.school_days}

    # -------------------------------------------------------------- what the path knows
    def holds(self, a: Asked, condition: Any) -> tuple[Truth, Truth]:
        raise NotImplementedError

    def days_of_step(self, how: str, step: str, a: Asked) -> list[int]:
        """On which days a step opened or ended, as known before the check of the moment."""
        raise NotImplementedError

    # -------------------------------------------------------------- calendars
    def _all_calendars(self) -> list[Calendar]:
        return [self.calendars] if isinstance(self.calendars, Calendar) else list(self.calendars.values())

    def calendar(self, c: int, known: Known) -> Calendar:
        if isinstance(self.calendars, Calendar):
            return self.calendars
        e = known.enrolment(c)
        if e is not None:
            for name in (e.calendar, e.school):
                if name is not None and name in self.calendars:
                    return self.calendars[name]
        return next(iter(self.calendars.values()))

    def is_school_day(self, d: int, known: Known) -> bool:
        return self.calendar(d, known).is_school_day(d)

    @staticmethod
    def year(cal: Calendar, c: int) -> SchoolYear:
        """A summer belongs to the year before it, a day before the first year to the first one."""
        return max((y for y in cal.years if y.first <= c), key=lambda y: y.first, default=cal.years[0])

    @staticmethod
    def starts_in(year: SchoolYear, part: str) -> list[int]:
        """The first days of the parts of one school year."""
        if part == "month":
            return [d for d in range(year.first, year.last + 1) if d == year.first or date.fromordinal(d).day == 1]
        return list({"term": year.terms, "period": year.periods, "quarter": year.quarters}.get(part, (year.first,)))

    def start(self, cal: Calendar, part: str, c: int) -> int:
        """The first day of the running part; before the first one, its first day."""
        starts = [s for y in cal.years for s in self.starts_in(y, part)]
        return max((s for s in starts if s <= c), default=min(starts, default=0))

    def ended_parts(self, cal: Calendar, part: str, q: int) -> list[int]:
        """The last day of each part of this school year that has ended."""
        return [s - 1 for s in self.starts_in(self.year(cal, q), part)[1:] if s - 1 < q]

    def scheduled(self, cal: Calendar, schedule: Schedule) -> list[int]:
        """The days of a schedule, by asking every day of every school year."""
        out = []
        for y in cal.years:
            starts, ends = self.starts_in(y, schedule.start_of or ""), self.starts_in(y, schedule.end_of or "")
            named = [d for name, days in y.named_days if name == schedule.named for d in days]
            for d in range(y.first, y.last + 1):
                then = date.fromordinal(d)
                if (
                    (then.month, then.day) in schedule.dates
                    or then.weekday() in schedule.weekdays
                    or (then.weekday() == 0 and then.isocalendar().week in schedule.weeks)
                    or (schedule.start_of is not None and d in starts)
                    or (schedule.end_of is not None and (d == y.last or d + 1 in ends))
                    or d in named
                ):
                    out.append(d)
        return out

    def is_first_after(self, what: str, d: int, known: Known) -> bool:
        """The first school day after a break, or after a weekend that lies in no break."""
        cal = self.calendar(d, known)
        before = [x for x in cal.school_days if x < d]
        if not cal.is_school_day(d) or not before:
            return False
        between = range(before[-1] + 1, d)
        broke = any(first <= x <= last for y in cal.years for first, last in y.breaks for x in between)
        weekend = any(date.fromordinal(x).weekday() >= 5 for x in between)
        return broke if what == "break" else weekend and not broke

    # -------------------------------------------------------------- windows
    def part_begins(self, count: Count, c: int, known: Known) -> int:
        within = count.window.within
        if within == "enrolment":
            return known.begin()
        return 0 if within == "any_time" else self.start(self.calendar(c, known), within, c)

    def rolled(self, count: Count, c: int, known: Known) -> int | None:
        """The first day of the last n days or weeks; None: the calendar has not so many."""
        cal, rolling = self.calendar(c, known), count.window.rolling
        assert rolling is not None
        if rolling.clock == "calendar_days":
            return c - rolling.number + 1
        if rolling.clock == "calendar_months":
            return same_date_before(c, rolling.number) + 1
        days = [d for d in cal.school_days if d <= c]
        if rolling.clock == "school_weeks":
            full = [m for m in {monday(d) for d in cal.school_days} if self.days_in_week(cal, m) >= count.window.week_from]
            days = sorted(m for m in full if m <= c)
        return days[-rolling.number] if len(days) >= rolling.number else None

    @staticmethod
    def days_in_week(cal: Calendar, first: int) -> int:
        return sum(cal.is_school_day(d) for d in range(first, first + 7))

    def begins(self, count: Count, c: int, known: Known) -> int:
        first = self.part_begins(count, c, known)
        if count.window.rolling is None:
            return first
        if count.window.within == "enrolment":  # it does not reach over the summer unless `in: any_time`
            first = max(first, self.year(self.calendar(c, known), c).first)
        return max(first, self.rolled(count, c, known) or first)

    def last_counted(self, count: Count, d: int, known: Known) -> int:
        """`settles`: only marks that lie at least so far back count."""
        if count.settles is None:
            return d
        left, day = count.settles.number, d
        while left and day > self.calendar(d, known).years[0].first - 10:
            day -= 1
            left -= self.is_on_clock(count.settles.clock, day, known)
        return day

    def is_on_clock(self, clock: str, day: int, known: Known) -> bool:
        if clock == "school_days":
            return self.is_school_day(day, known)
        holidays = {d for y in self.calendar(day, known).years for d in y.public_holidays}
        return clock == "calendar_days" or (date.fromordinal(day).weekday() < 5 and day not in holidays)

    def read_on(self, a: Asked, count: Count) -> int | None:
        """The day that a counter is read as of: the day, or its latest check date. None: not running."""
        if count.checked is None:
            return a.c
        if a.c < a.moment // DAY:  # a day that is asked about later
            return None
        return max((d for d in self.checks(a, count) if d >= max(a.known.begin(), a.checks_from)), default=None)

    def checks(self, a: Asked, count: Count) -> list[int]:
        """The check dates of this school year up to the day."""
        assert count.checked is not None
        cal = self.calendar(a.c, a.known)
        return [d for d in self.scheduled(cal, count.checked) if self.year(cal, a.c).first <= d <= a.c]

    def first_day(self, a: Asked, count: Count) -> int | None:
        """The first day of the window. None: not running."""
        d = self.read_on(a, count)
        if d is None:
            return None
        if a.since is not None:
            return a.since
        first = self.begins(count, d, a.known)
        if count.since is None:
            return first
        how, what = count.since
        if how == "last_check":
            before = [x for x in self.checks(a, count) if x < d]
            return max(first, before[-1] + 1 if before else self.year(self.calendar(d, a.known), d).first)
        days = a.known.done(what) if how == "done" else self.days_of_step(how, what, a)
        latest = max((x for x in days if x <= d), default=None)
        return None if latest is None else max(first, latest + 1)

    # -------------------------------------------------------------- marks
    def length(self, mark: Mark, known: Known) -> Fraction | None:
        """In hundredths of a minute; None: a mark without length."""
        day = mark.on.toordinal()
        if mark.minutes is not None:
            return Fraction(mark.minutes) * 100
        if mark.lessons is not None:
            return Fraction(mark.lessons) * self.lesson(day, known)
        return None

    def lesson(self, day: int, known: Known) -> int:
        """The school's lesson of a day, in hundredths of a minute."""
        return self.calendar(day, known).lesson_minutes(day) * 100

    def line(self, mark: Mark, test: MarkTest, known: Known) -> Truth:
        """One line about a mark; what the mark does not say is unknown."""
        value: Any = getattr(mark, test.field) if test.field not in ("minutes", "lessons") else self.length(mark, known)
        if value is None:
            return UNKNOWN
        truths = []
        for op, asked in test.asks:
            if op == "is":
                truths.append(truth_of(value == asked))
            elif op == "one_of":
                truths.append(truth_of(value in asked))
            else:
                limit = asked if test.field == "minutes" else asked * Fraction(self.lesson(mark.on.toordinal(), known), 100)
                truths.append(compared(op, value, value, limit))
        return every(truths)

    def kinds_of(self, rules: Ruleset, mark: Mark, known: Known) -> list[tuple[str | None, Fraction | None]]:
        """Of which kinds a mark may be, with its length as such."""
        out: list[tuple[str | None, Fraction | None]] = []
        for turn in rules.turns:
            truth = every([self.line(mark, t, known) for t in turn.tests]) if turn.kind == mark.kind else FALSE
            if truth == FALSE:
                continue
            size = self.length(mark, known)
            if turn.minutes is not None:
                size = Fraction(turn.minutes)
            elif turn.lessons is not None:
                size = Fraction(turn.lessons * self.lesson(mark.on.toordinal(), known), 100)
            out.append((turn.to, size))
            if truth == TRUE:
                return out
        return [*out, (mark.kind, self.length(mark, known))]

    @staticmethod
    def may_be_absence(kind: str | None, rules: Ruleset) -> bool:
        return kind not in rules.kinds or kind in rules.absence_kinds

    def pieces(self, rules: Ruleset, known: Known) -> list[Piece]:
        """Each mark that is not 0, once for each kind that it may be of."""
        key = "pieces", rules.valid_from
        if key not in known.counted:
            known.counted[key] = list(self._pieces(rules, known))
        return known.counted[key]  # type: ignore[no-any-return]

    def _pieces(self, rules: Ruleset, known: Known) -> Iterator[Piece]:
        alive = [v for v in known.marks if not v.is_taken_back and self.length(v.mark, known) != 0]
        doubled: set[str | None] = set()  # set aside for one of the first two reasons
        for v in alive:
            day = v.mark.on.toordinal()
            same = [x for x in alive if x.first < v.first and x.mark.on == v.mark.on and x.mark.lesson == v.mark.lesson]
            if not self.is_school_day(day, known) or (v.mark.lesson is not None and same):
                doubled.add(v.mark.id)
        as_absence = {}  # how long a mark may be as absence; None: it is none
        for v in alive:
            sizes = [
                size or Fraction(0) for kind, size in self.kinds_of(rules, v.mark, known) if self.may_be_absence(kind, rules)
            ]
            as_absence[v.mark.id] = max(sizes, default=None)
        for v in alive:
            day, mark = v.mark.on.toordinal(), v.mark
            numbers = known.numbers(day)
            aside = mark.id in doubled
            if numbers is not None and as_absence[mark.id] is not None:
                upto = [
                    as_absence[x.mark.id] or 0
                    for x in alive
                    if x.first <= v.first and x.mark.on == mark.on and (x is v or x.mark.id not in doubled)
                ]
                aside = aside or sum(upto) > numbers[0] * self.lesson(day, known)
            for m, a in known.all(ActionTaken):
                if a.status == "data_wrong" and a.mark == mark.id and m > v.newest:
                    last = self.calendar(a.on.toordinal(), known).after(a.on.toordinal(), Span("school_days", 5))
                    aside = aside or last is None or known.day <= last
            kinds = self.kinds_of(rules, mark, known)
            for kind, size in kinds:
                amount: Fraction | int
                if size is not None:
                    amount = size
                else:
                    lessons = numbers[0] if numbers is not None else known.per_day(day)
                    amount = NOT_GIVEN if lessons is None else lessons * self.lesson(day, known)
                yield Piece(mark, kind, amount, size is not None, not aside and len(kinds) == 1, v.first)

    # -------------------------------------------------------------- what was planned, what is not marked
    def gap(self, c: int, known: Known) -> Fraction | int:
        """Lessons of a day that are neither marked nor have a mark."""
        if ("gap", c) not in known.counted:
            known.counted["gap", c] = self._gap(c, known)
        return known.counted["gap", c]  # type: ignore[no-any-return]

    def _gap(self, c: int, known: Known) -> Fraction | int:
        sizes = [self.length(v.mark, known) for v in known.marks if not v.is_taken_back and v.mark.on.toordinal() == c]
        marked = sum((size for size in sizes if size is not None), Fraction(0)) / self.lesson(c, known)
        if known.register(c) is not None:
            numbers = known.numbers(c)
            return max(Fraction(0), numbers[0] - max(numbers[1], marked)) if numbers else 0
        if self.case.register == "marks_only" or c < known.begin() or not self.is_school_day(c, known):
            return 0
        planned = known.per_day(c)
        return NOT_GIVEN if planned is None else max(Fraction(0), planned - marked)

    def gap_amount(self, d: int, known: Known) -> Fraction | int:
        lessons = self.gap(d, known)
        return NOT_GIVEN if lessons == NOT_GIVEN else lessons * self.lesson(d, known)

    def days(self, first: int, last: int, known: Known) -> list[int]:
        """Days on which something may be planned."""
        days = self.school_days | {e.on.toordinal() for _, e in known.all(Register)}
        return sorted(d for d in days if first <= d <= last)

    def planned_on(self, rules: Ruleset, d: int, known: Known) -> Fraction | None:
        """Planned lessons of a day in hundredths of a minute, without those from which the school kept the pupil out."""
        numbers = known.numbers(d)
        lessons: Fraction | None = Fraction(0)
        if numbers is not None:
            lessons = numbers[0]
        elif self.is_school_day(d, known):
            lessons = known.per_day(d)
        if lessons is None:
            return None
        out = sum(
            p.amount
            for p in self.pieces(rules, known)
            if p.has_length and p.day == d and p.kind in rules.kinds and rules.kinds[p.kind].is_ == "not_planned"
        )
        return max(Fraction(0), lessons * self.lesson(d, known) - out)

    def planned(self, rules: Ruleset, first: int, last: int, known: Known) -> Fraction | None:
        """Planned lessons between two days in hundredths of a minute; None: not given."""
        total = Fraction(0)
        for d in self.days(max(first, known.begin()), last, known):
            amount = self.planned_on(rules, d, known)
            if amount is None:
                return None
            total += amount
        return total

    # -------------------------------------------------------------- which marks count
    def counts(self, a: Asked, count: Count, p: Piece) -> Truth:
        truth = UNKNOWN if p.kind not in a.rules.kinds else truth_of(p.kind in count.kinds)
        truths = [truth, TRUE if p.is_sure else UNKNOWN]
        truths += [self.holds(a, condition)[0] for kind, condition in count.only_if if kind == p.kind]
        truths += [self.line(p.mark, t, a.known) for t in count.marks]
        truths.append(truth_of(self.is_counted_day(count, p.day, a.known)))
        return every(truths)

    def is_counted_day(self, count: Count, d: int, known: Known) -> bool:
        if count.days is None:
            return True
        how, what = count.days
        if how == "named":
            return any(d in days for y in self.calendar(d, known).years for name, days in y.named_days if name == what)
        return self.is_first_after(what, d, known)

    def counting(self, a: Asked, count: Count, first: int, last: int) -> tuple[Counted, Gaps]:
        """The marks that count or may count between two days, both inside, each once; and the gaps of the days."""
        found: dict[str | None, tuple[Piece, bool]] = {}
        for p in self.pieces(a.rules, a.known):
            truth = self.counts(a, count, p) if first <= p.day <= last else FALSE
            if truth != FALSE and (p.mark.id not in found or found[p.mark.id][0].amount < p.amount):
                found[p.mark.id] = p, truth == TRUE
        gaps: Gaps = {}
        if count.measure != "marks":  # a lesson that nobody marked is no mark
            for d in self.days(first, last, a.known):
                amount = self.gap_amount(d, a.known) if self.is_counted_day(count, d, a.known) else 0
                if amount:
                    gaps[d] = amount
        return list(found.values()), gaps

    # -------------------------------------------------------------- the measures: (at least, at most)
    def total(self, a: Asked, count: Count, found: Counted, gaps: Gaps) -> tuple[Any, Any]:
        measure = {
            "lessons": self.lessons,
            "clock_hours": self.lessons,
            "marks": self.marks,
            "days": self.whole_days,
            "half_days": self.half_days,
            "calendar_days": self.calendar_days,
        }[count.measure]
        return measure(a, count, found, gaps)

    def lessons(self, a: Asked, count: Count, found: Counted, gaps: Gaps) -> tuple[Any, Any]:
        low = sum(p.amount for p, sure in found if sure and p.has_length)
        return low, sum(p.amount for p, _ in found) + sum(gaps.values())

    def marks(self, a: Asked, count: Count, found: Counted, gaps: Gaps) -> tuple[Any, Any]:
        return 100 * sum(sure for _, sure in found), 100 * len(found)

    def reaches(self, a: Asked, count: Count, d: int, found: Counted, gaps: Gaps) -> Truth:
        """Does a day count?"""
        here = [(p, sure) for p, sure in found if p.day == d]
        low = sum(p.amount for p, sure in here if sure and p.has_length)
        high = sum(p.amount for p, _ in here) + gaps.get(d, 0)
        how, n = count.day_from
        if how == "any_part":  # a mark without length is more than nothing
            return int(any(sure for _, sure in here)), int(high > 0)
        if how == "minutes":
            return int(low >= n > 0), int(high >= n)
        planned = self.planned_on(a.rules, d, a.known)
        if planned is None:
            return 0, int(high > 0)
        return int(low > 0 and low * 100 >= n * planned), int(high > 0 and high * 100 >= n * planned)

    def days_reached(self, a: Asked, count: Count, found: Counted, gaps: Gaps) -> list[tuple[int, Truth]]:
        days = sorted({p.day for p, _ in found} | set(gaps))
        return [(d, self.reaches(a, count, d, found, gaps)) for d in days]

    def whole_days(self, a: Asked, count: Count, found: Counted, gaps: Gaps) -> tuple[Any, Any]:
        reached = self.days_reached(a, count, found, gaps)
        return 100 * sum(t[0] for _, t in reached), 100 * sum(t[1] for _, t in reached)

    def calendar_days(self, a: Asked, count: Count, found: Counted, gaps: Gaps) -> tuple[Any, Any]:
        """From the first to the last day that counts, both inside."""
        ends = []
        for i in (0, 1):
            days = [d for d, t in self.days_reached(a, count, found, gaps) if t[i]]
            ends.append(100 * (days[-1] - days[0] + 1) if days else 0)
        return ends[0], ends[1]

    def half_days(self, a: Asked, count: Count, found: Counted, gaps: Gaps) -> tuple[Any, Any]:
        low = high = 0
        for d in sorted({p.day for p, _ in found} | set(gaps)):
            here = [(p, sure) for p, sure in found if p.day == d]
            planned = self.planned_on(a.rules, d, a.known)
            certain = [p for p, sure in here if sure]
            at_least = len(self.halves(certain)) or int(bool(certain))
            if planned and sum(p.amount for p in certain if p.has_length) >= planned:
                at_least = 2
            possible = [p for p, _ in here]
            at_most = 2 if gaps.get(d) or self.others(possible) else len(self.halves(possible))
            if planned and sum(p.amount for p in possible) >= planned:
                at_most = 2
            low, high = low + at_least, high + at_most
        return 100 * low, 100 * high

    @staticmethod
    def halves(pieces: list[Piece]) -> set[str]:
        """The halves of a day in which marks say that they lie."""
        return {p.mark.part for p in pieces if p.mark.part in ("start_of_day", "end_of_day")}

    @staticmethod
    def others(pieces: list[Piece]) -> bool:
        """Is there one that may lie in both?"""
        return any(p.mark.part not in ("start_of_day", "end_of_day") for p in pieces)

    def rows(self, a: Asked, count: Count, last: int, i: int) -> list[list[int]]:
        """The longest rows of school days up to a day that count for certain (0) or possibly (1)."""
        found, gaps = self.counting(a, count, 0, last)
        out: list[list[int]] = []
        goes_on = False
        for d in range(min(self.school_days, default=0), last + 1):
            if self.is_school_day(d, a.known):
                if self.reaches(a, count, d, found, gaps)[i]:
                    if not goes_on:
                        out.append([])
                    out[-1].append(d)
                    goes_on = True
                else:
                    goes_on = False
        return out

    def episodes(self, a: Asked, count: Count, first: int, last: int) -> tuple[Any, Any]:
        low, high = (sum(any(first <= d for d in row) for row in self.rows(a, count, last, i)) for i in (0, 1))
        return 100 * low, 100 * max(low, high)

    # -------------------------------------------------------------- an unbroken run, the most frequent one
    def goes_on(self, a: Asked, count: Count, d: int) -> Truth:
        """Are all planned lessons of a school day absence of any kind, or of the counted kinds?"""
        sizes: dict[str | None, Any] = {}
        sure: Any = 0
        for p in self.pieces(a.rules, a.known):
            if p.day == d and (self.may_be_absence(p.kind, a.rules) or p.kind in count.kinds):
                sizes[p.mark.id] = max(sizes.get(p.mark.id, 0), p.amount)
                sure += p.amount if p.is_sure and p.has_length and p.kind in a.rules.kinds else 0
        planned = self.planned_on(a.rules, d, a.known)
        high = sum(sizes.values()) + self.gap_amount(d, a.known)
        if planned is None:  # possible when any of it is marked
            return 0, int(high > 0)
        return int(sure >= planned), int(high >= planned)

    def run(self, a: Asked, count: Count, first: int, last: int, i: int) -> list[int]:
        """The school days of the run that ends on a day, certain (0) or possible (1)."""
        out: list[int] = []
        for d in range(last, max(first, min(self.school_days, default=0)) - 1, -1):
            if self.is_school_day(d, a.known):
                if not self.goes_on(a, count, d)[i]:
                    break
                out.append(d)
        return out

    def unbroken(self, a: Asked, count: Count, first: int, last: int) -> tuple[Any, Any]:
        found, gaps = self.counting(a, count, first, last)
        out = []
        for i in (0, 1):
            run = self.run(a, count, first, last, i)
            inside = {d: gaps[d] for d in gaps if d in run}
            out.append(self.total(a, count, [(p, sure) for p, sure in found if p.day in run], inside)[i])
        return out[0], out[1]

    def most_on_one(self, a: Asked, count: Count, first: int, last: int) -> tuple[Any, Any]:
        found, gaps = self.counting(a, count, first, last)
        what = str(count.most_on_one)

        def of(p: Piece) -> Any:
            return p.mark.on.weekday() if what == "weekday" else getattr(p.mark, what)

        if what == "weekday":
            values: set[Any] = set(range(7))
        else:
            values = {of(p) for p, _ in found if of(p) is not None} | {"one that no mark says"}
        lows, highs = [], []
        for v in values:
            near = {d: x for d, x in gaps.items() if what != "weekday" or date.fromordinal(d).weekday() == v}
            lows.append(self.total(a, count, [(p, sure) for p, sure in found if of(p) == v], {})[0])
            highs.append(self.total(a, count, [(p, sure) for p, sure in found if of(p) in (v, None)], near)[1])
        return max(lows), max(highs)

    # -------------------------------------------------------------- what was done, since when
    def times(self, a: Asked, count: Count, first: int, last: int) -> tuple[Any, Any]:
        n = 100 * sum(first <= d <= last for d in a.known.done(str(count.of)))
        return n, n

    def days_since(self, a: Asked, count: Count, first: int, last: int) -> SlowReading:
        """0 on the day itself. Of `unexplained` the oldest such day, of all else the last."""
        if count.of_kind is None:
            done = [d for d in a.known.done(str(count.of)) if first <= d <= last]
            if not done:
                return SlowReading(silent="not_running")
            n = self.elapsed(a, count, max(done), last)
            return SlowReading(n, n)
        pick = min if a.rules.kinds[count.of_kind].is_ == "unexplained" else max
        certain, possible = [], []
        for p in self.pieces(a.rules, a.known):
            of_it = UNKNOWN if p.kind not in a.rules.kinds else truth_of(p.kind == count.of_kind)
            lines = [self.line(p.mark, t, a.known) for t in count.marks]
            inside = truth_of(first <= p.day <= last and self.is_counted_day(count, p.day, a.known))
            truth = every([of_it, inside, TRUE if p.is_sure else UNKNOWN, *lines])
            certain += [p.day] if truth == TRUE else []
            possible += [p.day] if truth != FALSE else []
        if not possible:
            return SlowReading(silent="not_running")
        high = self.elapsed(a, count, pick(possible), last)
        if not certain:  # unknown; OPEN: `less_than` of it, as it may not be running
            return SlowReading(0, high)
        low = self.elapsed(a, count, pick(certain), last)
        return SlowReading(low, max(low, high))

    def elapsed(self, a: Asked, count: Count, day: int, last: int) -> int:
        return 100 * sum(self.is_on_clock(count.clock, d, a.known) for d in range(day + 1, last + 1))

    # -------------------------------------------------------------- one counter on one day
    def number(self, a: Asked, count: Count, first: int, last: int) -> tuple[Any, Any]:
        if count.measure == "times":
            return self.times(a, count, first, last)
        if count.measure == "episodes":
            return self.episodes(a, count, first, last)
        if count.is_unbroken:
            return self.unbroken(a, count, first, last)
        if count.most_on_one:
            return self.most_on_one(a, count, first, last)
        return self.total(a, count, *self.counting(a, count, first, last))

    def reading(self, a: Asked, count: Count) -> SlowReading:
        about = a.moment if count.since or count.checked else 0
        key = "reading", a.rules.valid_from, count.id, a.c, about, a.since, a.checks_from if count.checked else 0
        if key not in a.known.counted:
            a.known.counted[key] = self._reading(a, count)
        return a.known.counted[key]  # type: ignore[no-any-return]

    def _reading(self, a: Asked, count: Count) -> SlowReading:
        if count.is_unsaid:
            return SlowReading(silent="gap")
        d, first = self.read_on(a, count), self.first_day(a, count)
        if d is None or first is None:
            return SlowReading(silent="not_running")
        last = self.last_counted(count, d, a.known)
        if count.measure == "days_since":
            return self.days_since(a, count, first, last)
        low, high = self.number(a, count, first, last)
        if count.is_compared:
            before = self.window_before(count, first, d, a.known)
            if before is None:
                return SlowReading(silent="too_early")
            less, more = self.number(a, count, before, first - 1)
            return SlowReading(low - more, high - less)
        if count.is_share:
            return self.share(a, count, first, d, low, high)
        return SlowReading(low, high)

    def window_before(self, count: Count, first: int, d: int, known: Known) -> int | None:
        """The first day of the window of the same length just before, if it lies wholly inside `in` and the case."""
        now, before = self.rolled(count, d, known), self.rolled(count, first - 1, known)
        if now is None or now < first or before is None:
            return None
        return before if before >= max(self.part_begins(count, d, known), known.begin()) else None

    def share(self, a: Asked, count: Count, first: int, d: int, low: Any, high: Any) -> SlowReading:
        until = d if count.planned != "whole_window" else self.window_ends(count, d, a.known)
        planned: Any
        if count.planned not in ("so_far", "whole_window"):
            planned = Fraction(a.rules.tables[count.planned][count.window.within] * self.lesson(d, a.known), 100)
        elif count.measure in ("days", "half_days"):
            from_ = max(first, a.known.begin(), min(self.school_days, default=0))
            school_days = [x for x in range(from_, until + 1) if self.is_school_day(x, a.known)]
            planned = len(school_days) * (200 if count.measure == "half_days" else 100)
        else:
            planned = self.planned(a.rules, first, until, a.known)
        if planned is None:  # no absence is no share of whatever was planned
            return SlowReading(silent="not_given") if high else SlowReading(0, 0, 1)
        if planned == 0 or planned < count.minimum:
            return SlowReading(silent="too_early")
        return SlowReading(low, high, planned)

    def window_ends(self, count: Count, d: int, known: Known) -> int:
        """The last day of the running part, or of the school year."""
        cal = self.calendar(d, known)
        later = [s - 1 for y in cal.years for s in self.starts_in(y, count.window.within) if s > d]
        return min([*later, max(d, self.year(cal, d).last)])

    # -------------------------------------------------------------- answers
    def answer(self, rules: Ruleset, name: str, c: int, known: Known) -> tuple[int, Answer] | None:
        """The answer in force on a day; if the question was open then, the first answer after it."""
        found = sorted(((m, e) for m, e in known.all(Answer) if e.question == name), key=lambda x: (x[1].on.toordinal(), x[0]))
        before = [x for x in found if x[1].on.toordinal() <= c]
        good_for = rules.good_for.get(name)
        if before:
            if good_for is None:
                return before[-1]
            last = self.calendar(c, known).after(before[-1][1].on.toordinal(), good_for)
            if last is None or c <= last:
                return before[-1]
        return next((x for x in found if x[1].on.toordinal() > c), None)
