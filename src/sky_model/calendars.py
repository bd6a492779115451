"""Calendar files to school years: checked, with what is stated and what is assumed.

Rules: as for rulesets, every fault of a file is told at once, with its place; a calendar is bound to no ruleset.
"""

from __future__ import annotations

import itertools
from datetime import date
from functools import lru_cache
from pathlib import Path

from sky_model import vocabulary as words
from sky_model.engine import digest
from sky_model.errors import Place, Problem, RulesetError, nearest
from sky_model.layers import cut, is_file, rulesets_folder
from sky_model.schooldays import Calendar, SchoolYear
from sky_model.source import Source, read_file

__all__ = ["is_shipped", "load_calendar", "shipped_calendars"]


@lru_cache(maxsize=1)
def shipped_calendars() -> tuple[str, ...]:
    """The names of the calendars that come with the library."""
    root = rulesets_folder() / "calendars"
    return tuple(sorted(p.relative_to(root).as_posix()[:-5] for p in root.rglob("*.yaml")))


def is_shipped(name: str) -> bool:
    """Is it the name of a shipped calendar? What a record names is never a path."""
    return name in shipped_calendars()


def load_calendar(*names: str | Path) -> Calendar:
    """The calendar of one place: one school year or several. Names are as in `rulesets/calendars/`, or paths.

    Raises RulesetError.
    """
    years, problems = [], []
    for name in names:
        year, faults = _read_year(name)
        problems += faults
        if year:
            years.append(year)
    if problems:
        raise RulesetError(problems)
    years.sort(key=lambda y: y.first)
    for a, b in itertools.pairwise(years):
        if a.last >= b.first:
            message, hint = f"the school years {a.id} and {b.id} overlap", "name each school year once"
            raise RulesetError([Problem("overlap", message, Place(str(names[-1])), hint)])
    if not years:
        hint = "name one, such as example-week-42/2026-27"
        raise RulesetError([Problem("no-calendar", "no calendar is named", Place("calendars"), hint)])
    return Calendar(tuple(years))


@lru_cache(maxsize=256)
def _read_year(name: str | Path) -> tuple[SchoolYear | None, list[Problem]]:
    shipped = rulesets_folder() / "calendars" / f"{name}.yaml"
    path = shipped if isinstance(name, str) and ".." not in name and is_file(shipped) else Path(name)
    if not is_file(path):
        root = rulesets_folder() / "calendars"
        names = sorted(str(p.relative_to(root))[:-5] for p in root.rglob("*.yaml"))
        hint = nearest(str(name), names) or f"shipped are: {', '.join(names)}"
        if path.parent != Path() and (beside := sorted(p.name for p in path.parent.glob("*.yaml"))):
            hint = nearest(path.name, beside) or f"beside it lie {', '.join(beside[:12])}"
        return None, [Problem("no-calendar", f"there is no calendar '{cut(str(name))}'", Place(cut(str(name))), hint)]
    try:
        source = read_file(path, shown=f"calendars/{name}.yaml" if path == shipped else str(path))
    except RulesetError as e:
        return None, list(e.problems)
    said, problems = words.read_as(words.CalendarFile, source, "calendar")
    return (None, problems) if said is None else _school_year(said, source, problems)


class _Checks:
    """What the days of one calendar cannot be, each told at its place."""

    def __init__(self, said: words.CalendarFile, source: Source, problems: list[Problem]) -> None:
        self.said, self.source, self.problems = said, source, list(problems)
        self.first, self.last = said.first_day, said.last_day

    def fault(self, code: str, message: str, *path: str | int, hint: str) -> None:
        self.problems.append(Problem(code, message, self.source.place(path), hint))

    def all(self) -> list[Problem]:
        said, before = self.said, len(self.problems)
        if self.last <= self.first:
            hint = f"write a day after {self.first}"
            self.fault("turned-round", "last_day does not lie after first_day", "last_day", hint=hint)
        elif (self.last - self.first).days > 366:
            hint = "write one calendar for each school year"
            self.fault("too-long", "a school year is longer than a year", "last_day", hint=hint)
        if len(self.problems) > before:
            return self.problems  # what lies outside of such a year is no fault of its own
        for name in ("terms", "periods", "quarters"):
            self._parts(name, getattr(said, name))
        for i, n in enumerate(said.named_days):
            for k, d in enumerate(n.on):
                self._inside(d, f"{d} of '{n.id}'", "named_days", i, "on", k)
        self._breaks()
        for name in ("public_holidays", "also_school"):
            self._single_days(name, [x.on for x in getattr(said, name)])
        if not self.problems:
            self._also_school()
        return self.problems

    def _inside(self, day: date, what: str, *path: str | int) -> None:
        if not self.first <= day <= self.last:
            hint = f"write a day from {self.first} to {self.last}, or take it out"
            self.fault("outside-year", f"{what} lies outside the school year", *path, hint=hint)

    def _parts(self, name: str, parts: list[words.Term]) -> None:
        for i, (a, b) in enumerate(itertools.pairwise(parts), 1):
            if b.from_ <= a.from_:
                hint = f"write a day after {a.from_}, or put them in order"
                self.fault("terms", f"'{b.id}' does not begin after '{a.id}'", name, i, "from", hint=hint)
                return
        for i, part in enumerate(parts):
            if i == 0 and part.from_ != self.first:
                hint = f"write from: {self.first}"
                self.fault("terms", f"the first of {name} begins with first_day, {self.first}", name, i, "from", hint=hint)
            else:
                self._inside(part.from_, f"the beginning of '{part.id}'", name, i, "from")

    def _breaks(self) -> None:
        for i, b in enumerate(self.said.breaks):
            if b.to < b.from_:
                hint = f"write {b.from_} or later"
                self.fault("break", f"the break '{b.id}' ends before it begins", "breaks", i, "to", hint=hint)
                continue
            for key, day in (("from", b.from_), ("to", b.to)):
                what = f"the {'beginning' if key == 'from' else 'end'} of the break '{b.id}'"
                self._inside(day, what, "breaks", i, key)
            for other in self.said.breaks[:i]:
                if b.from_ <= other.to and other.from_ <= b.to:
                    hint = "write each day in one break"
                    self.fault("break", f"the breaks '{other.id}' and '{b.id}' overlap", "breaks", i, hint=hint)
            if (b.to - b.from_).days < 2 and not any(d.weekday() < 5 for d in (b.from_, b.to)):
                self.fault("break", f"the break '{b.id}' is a weekend, which is free anyway", "breaks", i, hint="check its days")

    def _single_days(self, name: str, days: list[date]) -> None:
        for i, day in enumerate(days):
            if name == "also_school":
                self._inside(day, f"{day}", name, i, "on")
            elif (day - self.last).days > 62 or (self.first - day).days > 62:  # those of the summer beside it may be listed
                hint = "check the year, or take it out"
                self.fault("outside-year", f"{day} is a holiday of another school year", name, i, "on", hint=hint)
            if day in days[:i]:
                self.fault("doubled", f"{day} stands twice under {name}", name, i, "on", hint="keep one of them")

    def _also_school(self) -> None:
        free = {h.on for h in self.said.public_holidays}
        for i, a in enumerate(self.said.also_school):
            in_break = any(b.from_ <= a.on <= b.to for b in self.said.breaks)
            if a.on.weekday() < 5 and a.on not in free and not in_break:
                hint = (
                    "check the day: also_school is a Saturday, a Sunday, a holiday or a day in a break on which there is school"
                )
                self.fault("school-day", f"{a.on} is a school day without this line", "also_school", i, "on", hint=hint)


def _school_year(said: words.CalendarFile, source: Source, found: list[Problem]) -> tuple[SchoolYear | None, list[Problem]]:
    checks = _Checks(said, source, found)
    problems, fault = checks.all(), checks.fault
    first, last = said.first_day.toordinal(), said.last_day.toordinal()
    terms = [t.from_.toordinal() for t in said.terms]
    year = SchoolYear(
        id=said.calendar,
        first=first,
        last=last,
        lesson_minutes=said.lesson_minutes,
        terms=tuple(terms),
        breaks=tuple((b.from_.toordinal(), b.to.toordinal()) for b in said.breaks),
        public_holidays=frozenset(h.on.toordinal() for h in said.public_holidays),
        also_school=frozenset(a.on.toordinal() for a in said.also_school),
        assumed=tuple(a.what for a in said.assumed),
        fingerprint=digest(source.data),
        stated=said.school_days_stated,
        periods=tuple(t.from_.toordinal() for t in said.periods),
        quarters=tuple(t.from_.toordinal() for t in said.quarters),
        named_days=tuple((n.id, tuple(d.toordinal() for d in n.on)) for n in said.named_days),
        most_a_day=said.most_a_day,
    )
    if not problems:
        counted, stated, own = len(Calendar((year,)).school_days), said.school_days_stated, said.school_days_counted
        if own is not None and counted != own:
            hint = f"write school_days_counted: {counted}, or mend the days that are missing here"
            fault("counted", f"school_days_counted says {own}, this calendar has {counted}", "school_days_counted", hint=hint)
        if stated is not None and own is None and counted != stated:
            hint = f"add school_days_counted: {counted}, or mend the days that are missing here"
            fault("counted", f"{stated} school days are stated, this calendar has {counted}", "school_days_stated", hint=hint)
    return (None if problems else year), problems
