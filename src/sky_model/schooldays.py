"""Days of a school: which are school days, which term they are in, where a window begins, which day is due.

Rules: a day is a whole number (`date.toordinal()`); a calendar answers from its first day to 31 July after its last one,
a summer belongs to the school year that ended; what a calendar does not know is None, never a guess.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Literal

__all__ = ["NEVER", "PARTS", "Calendar", "Clock", "Schedule", "SchoolYear", "Span", "Window", "monday", "months_before"]

NEVER = 10**9  # later than every day: a window that is never left
Clock = Literal["school_days", "weekdays", "calendar_days", "school_weeks", "calendar_months", "terms"]
Within = Literal["term", "period", "quarter", "month", "school_year", "enrolment", "any_time"]
PARTS: tuple[Within, ...] = ("term", "period", "quarter", "month")  # of a school year: each lasts until the next begins


def monday(day: int) -> int:
    """The Monday of a day's week. Day 1 of the common era was a Monday."""
    return day - (day - 1) % 7


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time on one clock: `{school_days: 5}`."""

    clock: Clock
    number: int


@dataclass(frozen=True, slots=True)
class Window:
    """Which days count together: a part of the year, narrowed to the last n days or weeks.

    week_from  a week with fewer school days is no school week when weeks are counted back
    """

    within: Within
    rolling: Span | None = None
    week_from: int = 1


@dataclass(frozen=True, slots=True)
class Schedule:
    """Days on which something is read or done. Exactly one of these is given."""

    dates: tuple[tuple[int, int], ...] = ()  # (month, day) of every school year
    weekdays: tuple[int, ...] = ()  # 0 is Monday
    weeks: tuple[int, ...] = ()  # calendar weeks (ISO), each with its Monday
    start_of: Within | None = None
    end_of: Within | None = None
    named: str | None = None  # days that the calendar names


@dataclass(frozen=True, slots=True)
class SchoolYear:
    """One school year as its calendar file gives it. All days are whole numbers; both ends lie inside."""

    id: str
    first: int
    last: int
    lesson_minutes: int
    terms: tuple[int, ...] = ()  # the first day of each; a term lasts until the next begins
    breaks: tuple[tuple[int, int], ...] = ()
    public_holidays: frozenset[int] = frozenset()
    also_school: frozenset[int] = frozenset()
    assumed: tuple[str, ...] = ()
    fingerprint: str = ""
    stated: int | None = None  # school days as the source states them, where it does
    periods: tuple[int, ...] = ()
    quarters: tuple[int, ...] = ()
    named_days: tuple[tuple[str, tuple[int, ...]], ...] = ()
    most_a_day: int | None = None  # lessons that one day can have, where a source says so


@dataclass(frozen=True)
class Calendar:
    """The school days of one place: one school year after another. Immutable; its tables are made once, when needed."""

    years: tuple[SchoolYear, ...]
    _windows: dict[tuple[Window, int], WindowTable] = field(default_factory=dict, compare=False, repr=False)
    _scheduled: dict[Schedule, list[int]] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        if not self.years or any(a.last >= b.first for a, b in zip(self.years, self.years[1:], strict=False)):
            raise ValueError("a calendar needs school years one after another")

    @property
    def id(self) -> str:
        return "+".join(y.id for y in self.years)

    @property
    def fingerprint(self) -> str:
        return "+".join(y.fingerprint for y in self.years)

    @cached_property
    def until(self) -> int:
        """The last day for which the calendar answers."""
        last = date.fromordinal(self.years[-1].last)
        return date(last.year + (last > date(last.year, 7, 31)), 7, 31).toordinal()

    @cached_property
    def school_days(self) -> list[int]:
        days: list[int] = []
        for y in self.years:
            off = set(y.public_holidays)
            for a, b in y.breaks:
                off.update(range(a, b + 1))
            off -= y.also_school
            days += [d for d in range(y.first, y.last + 1) if ((d - 1) % 7 < 5 or d in y.also_school) and d not in off]
        return days

    @cached_property
    def _school_day_set(self) -> frozenset[int]:
        return frozenset(self.school_days)

    @cached_property
    def school_weeks(self) -> list[int]:
        """The Monday of each week, Monday to Sunday, that has at least one school day."""
        return sorted({monday(d) for d in self.school_days})

    @cached_property
    def term_starts(self) -> list[int]:
        return [t for y in self.years for t in y.terms]

    @cached_property
    def has_terms(self) -> bool:
        return all(y.terms for y in self.years)

    @cached_property
    def month_starts(self) -> list[int]:
        """The first day of each school year and of each month in it and after it, until the calendar ends."""
        out = []
        for y in self.years:
            then = date.fromordinal(y.first)
            out.append(y.first)
            while (then := date(then.year + then.month // 12, then.month % 12 + 1, 1)).toordinal() <= y.last:
                out.append(then.toordinal())
        return out

    def starts(self, within: Within) -> list[int]:
        """The first days of the parts of all school years: terms, periods, quarters, months, or the years themselves."""
        if within == "term":
            return self.term_starts
        if within == "month":
            return self.month_starts
        if within in ("period", "quarter"):
            return [d for y in self.years for d in (y.periods if within == "period" else y.quarters)]
        return [y.first for y in self.years]

    def has(self, within: Within) -> bool:
        """Does every school year have such parts?"""
        parts = {"term": "terms", "period": "periods", "quarter": "quarters"}.get(within)
        return parts is None or all(getattr(y, parts) for y in self.years)

    def named(self, name: str) -> list[int]:
        return [d for y in self.years for n, days in y.named_days if n == name for d in days]

    def scheduled(self, schedule: Schedule) -> list[int]:
        """The days of a schedule, in order. The end of the last part of a school year is its last day."""
        if schedule not in self._scheduled:
            self._scheduled[schedule] = sorted(set(self._days_of(schedule)))
        return self._scheduled[schedule]

    def _days_of(self, schedule: Schedule) -> Iterable[int]:
        if schedule.named is not None:
            yield from self.named(schedule.named)
        if schedule.start_of is not None:
            yield from self.starts(schedule.start_of)
        if schedule.end_of is not None:
            starts = self.starts(schedule.end_of)
            for y in self.years:
                inside = [s for s in starts if y.first <= s <= y.last]
                yield from (s - 1 for s in inside if s > y.first)
                yield y.last
        for y in self.years:
            for d in range(y.first, y.last + 1):
                then = date.fromordinal(d)
                if (
                    (then.month, then.day) in schedule.dates
                    or then.weekday() in schedule.weekdays
                    or (then.weekday() == 0 and then.isocalendar().week in schedule.weeks)
                ):
                    yield d

    def first_after(self, what: str) -> frozenset[int]:
        """The first school day after each break, or after each weekend (a weekend in a break is the break's)."""
        out = set()
        for before, day in zip(self.school_days, self.school_days[1:], strict=False):
            gap = range(before + 1, day)
            in_break = any(a <= d <= b for y in self.years for a, b in y.breaks for d in gap)
            if (what == "break" and in_break) or (what == "weekend" and not in_break and any((d - 1) % 7 >= 5 for d in gap)):
                out.add(day)
        return frozenset(out)

    def full_weeks(self, least: int) -> list[int]:
        """The Monday of each week with at least so many school days."""
        if least <= 1:
            return self.school_weeks
        return [w for w in self.school_weeks if self.count_school_days(w, w + 6) >= least]

    def covers(self, day: int) -> bool:
        return self.years[0].first <= day <= self.until

    def year(self, day: int) -> SchoolYear:
        """The school year of a day; a day before the first one is read in the first."""
        return self.years[0] if len(self.years) == 1 else self.years[max(0, bisect_right(self._year_starts, day) - 1)]

    @cached_property
    def _year_starts(self) -> list[int]:
        return [y.first for y in self.years]

    def is_school_day(self, day: int) -> bool:
        return day in self._school_day_set

    def lesson_minutes(self, day: int) -> int:
        return self.year(day).lesson_minutes

    def count_school_days(self, first: int, last: int) -> int:
        """School days from first to last, both inside."""
        return max(0, bisect_right(self.school_days, last) - bisect_left(self.school_days, first))

    def window(self, window: Window, enrolled: int = 0) -> WindowTable:
        key = (window, enrolled if window.within == "enrolment" else 0)
        if key not in self._windows:
            self._windows[key] = WindowTable(self, window, enrolled)
        return self._windows[key]

    # ------------------------------------------------------------------ the three clocks
    def next_school_day(self, day: int, is_skipped: Callable[[int], bool] | None = None) -> int | None:
        """The day itself if it is a school day that is not skipped, else the next one; None: the calendar ends before."""
        i = bisect_left(self.school_days, day)
        return next((d for d in self.school_days[i:] if is_skipped is None or not is_skipped(d)), None)

    def after(self, day: int, span: Span, is_skipped: Callable[[int], bool] | None = None) -> int | None:
        """The day that lies `span` after `day` (day 0). None: the calendar ends before.

        Skipped days do not count; a span of weeks, months or terms ends as many school days later as were skipped.
        """
        n = span.number
        if span.clock == "school_days":
            i = bisect_right(self.school_days, day)
            if is_skipped is None:
                return self.school_days[i + n - 1] if i + n <= len(self.school_days) else None if n else day
            return _nth((d for d in self.school_days[i:] if not is_skipped(d)), n, day)
        if span.clock == "weekdays":
            run = (d for d in range(day + 1, self.until + 1) if (d - 1) % 7 < 5 and d not in self.public_holidays)
            return _nth((d for d in run if is_skipped is None or not is_skipped(d)), n, day)
        if span.clock == "calendar_days":
            if is_skipped is None:
                return day + n
            return _nth((d for d in range(day + 1, day + n + 3660) if not is_skipped(d)), n, day)
        end = self._weeks_after(day, n) if span.clock == "school_weeks" else self._months_after(day, n)
        if span.clock == "terms":  # to the end of the n-th term after the running one
            starts = self.term_starts
            i = bisect_right(starts, day) + n
            end = starts[i] - 1 if i < len(starts) else self.until
        if end is None or is_skipped is None:
            return end
        took = sum(
            1
            for d in self.school_days[bisect_right(self.school_days, day) : bisect_right(self.school_days, end)]
            if is_skipped(d)
        )
        return self.after(end, Span("school_days", took), is_skipped)

    def _weeks_after(self, day: int, n: int) -> int | None:
        """The same weekday of the n-th school week after."""
        i = bisect_right(self.school_weeks, monday(day)) + n - 1
        return self.school_weeks[i] + (day - 1) % 7 if i < len(self.school_weeks) else None

    def _months_after(self, day: int, n: int) -> int:
        """The same date of the n-th month after, or that month's last day."""
        then = date.fromordinal(day)
        month = then.month - 1 + n
        year, month = then.year + month // 12, month % 12 + 1
        last = (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day
        return date(year, month, min(then.day, last)).toordinal()

    @cached_property
    def public_holidays(self) -> frozenset[int]:
        return frozenset(d for y in self.years for d in y.public_holidays)


def _nth(days: Iterable[int], n: int, day: int) -> int | None:
    if n == 0:
        return day
    for d in days:
        n -= 1
        if n == 0:
            return d
    return None


class WindowTable:
    """For one window on one calendar: where the window of a day begins, and when a day has left it."""

    __slots__ = ("_calendar", "_days", "_length", "_starts")

    def __init__(self, calendar: Calendar, window: Window, enrolled: int) -> None:
        self._starts: list[int] = (
            [enrolled] if window.within == "enrolment" else [] if window.within == "any_time" else calendar.starts(window.within)
        )
        if window.within == "enrolment" and window.rolling:  # a rolling window does not reach over the summer
            self._starts = sorted({enrolled, *(y.first for y in calendar.years if y.first > enrolled)})
        self._length = window.rolling
        self._calendar = calendar
        self._days: list[int] | None = None  # days or weeks that are counted back, by their first day
        if window.rolling and window.rolling.clock == "school_days":
            self._days = calendar.school_days
        elif window.rolling and window.rolling.clock == "school_weeks":
            self._days = calendar.full_weeks(window.week_from)

    def begins(self, day: int) -> int:
        """The first day of the window that ends on `day`. Before the first start, that start (nothing counts yet)."""
        i = bisect_right(self._starts, day)
        first = (self._starts[i - 1] if i else self._starts[0]) if self._starts else 0
        if self._length is None:
            return first
        if self._days is not None:
            j = bisect_right(self._days, day) - self._length.number
            return max(first, self._days[j]) if j >= 0 else first
        if self._length.clock == "calendar_days":
            return max(first, day - self._length.number + 1)
        return max(first, months_before(day, self._length.number) + 1)

    def leaves(self, day: int) -> int:
        """The first later day whose window does not hold `day` any more; NEVER if there is none."""
        i = bisect_right(self._starts, day)
        last = self._starts[i] if i < len(self._starts) else NEVER
        if self._length is None:
            return last
        if self._days is not None:
            # the window of c begins after `day` once `length` school weeks (days) after it have begun
            j = bisect_right(self._days, day) + self._length.number - 1
            return min(last, self._days[j]) if j < len(self._days) else last
        if self._length.clock == "calendar_days":
            return min(last, day + self._length.number)
        gone = day + 28 * self._length.number  # the first day for which the same date n months earlier is not before `day`
        while months_before(gone, self._length.number) < day:
            gone += 1
        return min(last, gone)


def months_before(day: int, n: int) -> int:
    """The same date n calendar months earlier, or that month's last day where it has no such date."""
    then = date.fromordinal(day)
    months = then.year * 12 + then.month - 1 - n
    year, month = divmod(months, 12)
    last = (date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(then.day, last)).toordinal()
