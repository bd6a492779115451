"""Calendar files to school years: checked, with what is stated and what is assumed.

Rules: as for rulesets, every fault of a file is told at once, with its place; a calendar is bound to no ruleset.
"""

from __future__ import annotations

import itertools
from functools import lru_cache
from pathlib import Path

from sky_model import vocabulary as words
from sky_model.engine import digest
from sky_model.errors import Place, Problem, RulesetError, nearest
from sky_model.layers import rulesets_folder
from sky_model.schooldays import Calendar, SchoolYear
from sky_model.source import Source, read_file

__all__ = ["load_calendar"]


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
            message = f"the school years {a.id} and {b.id} overlap"
            raise RulesetError([Problem("overlap", message, Place(str(names[-1])))])
    if not years:
        raise RulesetError([Problem("no-calendar", "no calendar is named", Place("calendars"))])
    return Calendar(tuple(years))


@lru_cache(maxsize=256)
def _read_year(name: str | Path) -> tuple[SchoolYear | None, list[Problem]]:
    shipped = rulesets_folder() / "calendars" / f"{name}.yaml"
    path = shipped if isinstance(name, str) and ".." not in name and shipped.is_file() else Path(name)
    if not path.is_file():
        root = rulesets_folder() / "calendars"
        names = sorted(str(p.relative_to(root))[:-5] for p in root.rglob("*.yaml"))
        hint = nearest(str(name), names) or f"shipped are: {', '.join(names)}"
        return None, [Problem("no-calendar", f"there is no calendar '{name}'", Place(str(name)), hint)]
    try:
        source = read_file(path, shown=f"calendars/{name}.yaml" if path == shipped else str(path))
    except RulesetError as e:
        return None, list(e.problems)
    if source.problems:
        return None, source.problems
    said, problems = words.read(words.CalendarFile, source.data, source.place)
    if said is None:
        return None, problems
    return _school_year(said, source)


def _school_year(said: words.CalendarFile, source: Source) -> tuple[SchoolYear | None, list[Problem]]:
    problems = []

    def fault(code: str, message: str, *path: str | int) -> None:
        problems.append(Problem(code, message, source.place(path)))

    first, last = said.first_day.toordinal(), said.last_day.toordinal()
    if last <= first:
        fault("turned-round", "last_day does not lie after first_day", "last_day")
    if last - first > 366:
        fault("too-long", "a school year is longer than a year", "last_day")
    if said.lesson_minutes < 1:
        fault("lesson-minutes", "a lesson has at least one minute", "lesson_minutes")
    if said.most_a_day is not None and not 1 <= said.most_a_day <= 24:
        fault("most-a-day", "most_a_day is how many lessons one day can have: 1 to 24", "most_a_day")
    terms = [t.from_.toordinal() for t in said.terms]
    for name in ("terms", "periods", "quarters"):
        starts = [t.from_.toordinal() for t in getattr(said, name)]
        if starts and (starts[0] != first or starts != sorted(set(starts)) or starts[-1] > last):
            fault("terms", f"{name} begin with first_day and follow one another inside the school year", name)
    for i, n in enumerate(said.named_days):
        for k, d in enumerate(n.on):
            if not first <= d.toordinal() <= last:
                fault("named-days", f"{d} of '{n.id}' lies outside the school year", "named_days", i, "on", k)
    for i, b in enumerate(said.breaks):
        if b.to < b.from_ or not first <= b.from_.toordinal() <= b.to.toordinal() <= last:
            fault("break", f"the break '{b.id}' lies outside the school year or ends before it begins", "breaks", i)
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
        counted = len(Calendar((year,)).school_days)
        if said.school_days_counted is not None and counted != said.school_days_counted:
            fault(
                "counted",
                f"school_days_counted says {said.school_days_counted}, this calendar has {counted}",
                "school_days_counted",
            )
        if said.school_days_stated is not None and said.school_days_counted is None and counted != said.school_days_stated:
            fault(
                "counted",
                f"{said.school_days_stated} school days are stated, this calendar has {counted}: add school_days_counted",
                "school_days_stated",
            )
    return (None if problems else year), problems
