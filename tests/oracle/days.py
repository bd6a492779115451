"""The days of one school: its school years, windows, clocks and schedules. Days are ordinals.

A part of a year (term, period, quarter, month) lasts until the next one begins, the last one through the summer after it.
"""

from __future__ import annotations

import calendar as months
from bisect import bisect_left, bisect_right
from datetime import date
from fractions import Fraction

NEVER = 1  # the first day that a day can be: what begins "any time" begins here
PARTS = ("terms", "periods", "quarters")
CLOCKS = ("school_days", "school_weeks", "terms", "weekdays", "calendar_days", "calendar_months")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def ordinal(text):
    return date.fromisoformat(text).toordinal()


def monday(day):
    return day - (day - 1) % 7  # ordinal 1 is a Monday


def is_weekday(day):
    return (day - 1) % 7 < 5


def months_later(day, n):
    """The same date n months later (earlier: n below 0), or that month's last day."""
    d = date.fromordinal(day)
    year, month = divmod(d.year * 12 + d.month - 1 + n, 12)
    return date(year, month + 1, min(d.day, months.monthrange(year, month + 1)[1])).toordinal()


class Year:
    """One school year, from a dict as in `conformance/calendars.json`."""

    def __init__(self, data):
        self.first, self.last = ordinal(data["first_day"]), ordinal(data["last_day"])
        self.school_days = sorted(map(ordinal, data["school_days"]))
        self.lesson_minutes = Fraction(str(data["lesson_minutes"]))
        most = data.get("most_a_day")
        self.most_a_day = Fraction(str(most)) if most is not None else None
        self.breaks = [(ordinal(b[0]), ordinal(b[-1])) for b in data["breaks"]]
        self.public = {ordinal(d) for d in data["public_holidays"]}
        self.named = {name: sorted(map(ordinal, days)) for name, days in data["named_days"].items()}
        self.parts = {kind[:-1]: sorted(map(ordinal, data.get(kind, ()))) or [self.first] for kind in PARTS}
        first, month = date.fromordinal(self.first), []
        year, number = first.year, first.month
        while not month or date(year, number, 1).toordinal() <= self.last:
            month.append(max(self.first, date(year, number, 1).toordinal()))
            year, number = (year, number + 1) if number < 12 else (year + 1, 1)
        self.parts |= {"month": month, "school_year": [self.first]}

    def answers_until(self):
        """31 July after its last day."""
        last = date.fromordinal(self.last)
        return date(last.year + (last > date(last.year, 7, 31)), 7, 31).toordinal()


class Calendar:
    """The school years of one school, oldest first."""

    def __init__(self, years):
        self.years = sorted((Year(y) for y in years), key=lambda y: y.first)
        self.days = sorted({d for y in self.years for d in y.school_days})
        self._school = frozenset(self.days)
        self._public = frozenset().union(*(y.public for y in self.years))
        self._weeks = {}

    # ------------------------------------------------------------------ days
    def answers(self, c):
        return c <= self.years[-1].answers_until()

    def school(self, d):
        return d in self._school

    def weekday(self, d):
        return is_weekday(d) and d not in self._public

    def school_days(self, first, last):
        return self.days[bisect_left(self.days, first) : bisect_right(self.days, last)]

    def year(self, c):
        """The school year that has begun by c; before the first one the first."""
        return next((y for y in reversed(self.years) if y.first <= c), self.years[0])

    def in_break(self, d):
        return any(a <= d <= b for y in self.years for a, b in y.breaks)

    def first_after(self, what, d):
        """Is d the first school day after a `break` or a `weekend`? A weekend in or beside a break is the break's."""
        if not self.school(d):
            return False
        back, gap = d - 1, []
        while back >= self.years[0].first and not self.school(back):
            gap.append(back)
            back -= 1
        if back < self.years[0].first:
            return False
        in_break = any(map(self.in_break, gap))
        return in_break if what == "break" else not in_break and not all(map(is_weekday, gap))

    def named(self, name):
        return {d for y in self.years for d in y.named.get(name, ())}

    # ------------------------------------------------------------------ parts of the year
    def part(self, kind, c):
        """First day of the term (period, quarter, month, school_year) of c. Before the first year: long ago."""
        return max((a for a in self.year(c).parts[kind] if a <= c), default=NEVER)

    def part_ends(self, kind, c):
        """Last day of the part of c: the day before the next one, of the last one the last day of the school year."""
        year = self.year(c)
        return min((a - 1 for a in year.parts[kind] if a > c), default=year.last)

    def ended(self, kind, q):
        """Last days of the parts of this school year that have ended before q."""
        year = self.year(q)
        return [a - 1 for a in year.parts[kind][1:] if a <= q]

    # ------------------------------------------------------------------ windows
    def weeks(self, least=1):
        """The Mondays of the school weeks: those with at least so many school days."""
        if least not in self._weeks:
            count = {}
            for d in self.days:
                count[monday(d)] = count.get(monday(d), 0) + 1
            self._weeks[least] = sorted(w for w, n in count.items() if n >= least)
        return self._weeks[least]

    def rolling(self, spec, c):
        """First day of the rolling window that ends on c, not cut by anything; NEVER where there are not so many."""
        least = int((spec.get("week_from") or {}).get("school_days", 1))
        ((unit, n),) = ((k, int(v)) for k, v in spec.items() if k != "week_from")
        if unit == "calendar_days":
            return c - n + 1
        if unit == "calendar_months":
            return months_later(c, -n) + 1
        days, at = (self.weeks(least), monday(c)) if unit == "school_weeks" else (self.days, c)
        i = bisect_right(days, at) - n
        return days[i] if i >= 0 else NEVER

    def begins(self, window, c, enrolled=NEVER):
        """First day of the window (`in` and `rolling` alone) that ends on c; `enrolled`: since when, for `in: enrolment`."""
        kind = window["in"]
        first = NEVER if kind == "any_time" else enrolled if kind == "enrolment" else self.part(kind, c)
        return max(first, self.rolling(window["rolling"], c)) if "rolling" in window else first

    # ------------------------------------------------------------------ clocks
    def runs(self, clock, d):
        """Does the clock of days run on d?"""
        return {"school_days": self.school, "weekdays": self.weekday, "calendar_days": lambda d: True}[clock](d)

    def after(self, d, span, skipped=lambda d: False):
        """The last day of a span whose day 0 is d. None: beyond the school days that the calendar has."""
        ((clock, n),) = ((k, int(v)) for k, v in span.items())
        if clock == "terms":  # to the end of the n-th term after the running one; the last that there is
            later = [a for y in self.years for a in y.parts["term"] if a > d]
            return later[n] - 1 if len(later) > n else self.years[-1].answers_until()  # a term lasts until the next begins
        if clock == "school_weeks":
            weeks = self.weeks()
            i = bisect_right(weeks, monday(d)) + n - 1
            return None if i >= len(weeks) else d if n == 0 else weeks[i] + d - monday(d)
        if clock == "calendar_months":
            return months_later(d, n)
        while n > 0:
            d += 1
            if clock == "school_days" and d > self.days[-1]:
                return None
            n -= self.runs(clock, d) and not skipped(d)
        return d

    def school_day(self, d):
        """d or the next school day; None beyond the last."""
        i = bisect_left(self.days, d)
        return self.days[i] if i < len(self.days) else None

    def days_between(self, clock, first, last):
        """How often the clock ran after first, up to last."""
        return sum(self.runs(clock, d) for d in range(first + 1, last + 1))

    # ------------------------------------------------------------------ schedules
    def schedule(self, spec, first, last):
        """The days of a schedule between two days, both inside."""
        out = set()
        for i, y in enumerate(self.years):
            end = self.years[i + 1].first - 1 if i + 1 < len(self.years) else y.answers_until()
            span = range(max(first, y.first), min(last, end) + 1)
            if "dates" in spec:
                days = {d for d in span if date.fromordinal(d).strftime("%m-%d") in spec["dates"]}
            elif "weekdays" in spec:
                days = {d for d in span if WEEKDAYS[(d - 1) % 7] in spec["weekdays"]}
            elif "weeks" in spec:
                weeks = {int(w) for w in spec["weeks"]}
                days = {d for d in span if d == monday(d) and date.fromordinal(d).isocalendar()[1] in weeks}
            elif "start_of" in spec:
                days = set(y.parts[spec["start_of"]])
            elif "end_of" in spec:
                days = {a - 1 for a in y.parts[spec["end_of"]][1:]} | {y.last}
            else:
                days = set(y.named.get(spec["days_named"], ()))
            out |= {d for d in days if first <= d <= last}
        return sorted(out)
