"""Commands that compare: what two rulesets say differently, for whom, and how much work it is.

Rules: a figure that rests on minutes has the word "assumed" under it; work is told by role, week and school, never by pupil.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import groupby
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

import sky_model as sky
from sky_model.checks.difference import (
    BEFORE,
    Change,
    Demand,
    Difference,
    Figure,
    Minutes,
    PupilChange,
    compare,
    days_between,
    demands,
    monday_of,
    read_minutes,
    removals,
)
from sky_model.cli.application import (
    CALENDAR,
    MAPPING,
    NOT_DECIDED,
    SCHOOLS,
    Asked,
    Day,
    app,
    asked_with,
    cases_of,
    with_progress,
)
from sky_model.errors import nearest
from sky_model.host.intake import Intake, Refused
from sky_model.vocabulary import Role

__all__ = ["diff"]

MOST_SHOWN = 12  # pupils of a group on a screen; --json has them all
STATUSES = ("draft", "variant")  # they are compared, nothing is decided by them


@dataclass
class _Both(Asked):
    """As asked for A; the kinds and codes of B are known too."""

    other: sky.Model | None = None

    @property
    def kinds(self) -> set[str]:
        return super().kinds | {k for v in (self.other.versions if self.other else ()) for k in (*v.kinds, *v.codes)}


@app.command()
@click.argument("a")
@click.argument("b")
@click.option("--records", help="pupils that both rulesets are asked about: a CSV of marks, JSON Lines, or - for lines")
@CALENDAR
@SCHOOLS
@MAPPING
@click.option("--on", type=Day(), help="the one day that is decided about")
@click.option("--from", "first", type=Day(), help="the first day; every school day to --to is decided about")
@click.option("--to", "last", type=Day(), help="the last day")
@click.option("--work", type=click.Path(dir_okay=False), help="minutes an action takes, in the form of rulesets/work.yaml")
@click.option("--capacity", multiple=True, help="minutes a week that a role has: class-teacher=120")
@click.option("--pupils", type=click.IntRange(1), help="pupils of the area; else as many as are handed in")
@click.option("--staff", multiple=True, help="persons of a role: curator=1.5")
@click.option("--json", "as_json", is_flag=True, help="one line of JSON")
def diff(
    a: str,
    b: str,
    records: str | None,
    calendar: str | None,
    schools: str | None,
    mapping: str | None,
    on: date | None,
    first: date | None,
    last: date | None,
    work: str | None,
    capacity: tuple[str, ...],
    pupils: int | None,
    staff: tuple[str, ...],
    as_json: bool,
) -> None:
    """What ruleset B says otherwise than A: values, places, reasons. With --records also: for which pupils, how much work."""
    days = _days_asked(records, on, first, last, with_records=(calendar, schools, mapping, work, *capacity))
    if pupils is None and records is None and staff:
        raise click.UsageError("--staff needs the number of pupils: --pupils 500, or --records")
    asked = asked_with(a, STATUSES, calendar, schools, mapping, None)
    other = asked_with(b, STATUSES, calendar, schools, None, None).model
    found = Difference(asked.model, other, _changes(a, b, asked.model, other))
    roles = {id_: r for m in (asked.model, other) for v in m.versions for id_, r in v.roles.items()}
    stated = {role: int(n) for role, n in _numbers(capacity, "--capacity", roles, whole=True).items()}
    persons = _numbers(staff, "--staff", roles, whole=False)
    refused: list[Refused] = []
    handed_in: int | None = None
    intake = Intake()
    if records is not None and days is not None:
        given = [asked.calendars] if isinstance(asked.calendars, sky.Calendar) else [*(asked.calendars or {}).values()]
        found = Difference(
            asked.model,
            other,
            found.changes,
            days_between(*days, given),
            read_minutes(Path(work) if work else None, asked.model, other),
            stated,
        )
        with cases_of(records, _Both(asked.model, asked.calendars, asked.schools, asked.mapping, other=other)) as (cases, intake):
            refused = _take_all(cases, found, asked)
        handed_in = found.decided + len(refused)
    number = pupils if pupils is not None else handed_in
    asks = demands(asked.model, other, number, persons) if number else []
    if as_json:
        body = found.to_json()
        if number:
            body["staff"] = [d.to_json() for d in asks]
        if records is not None:
            body["not_decided"] = [{"pupil": r.pupil, "rule": r.error.rule, "message": r.error.message} for r in refused]
            body["unmapped"] = dict(sorted(intake.unmapped.items()))
        click.echo(json.dumps(body, ensure_ascii=False, separators=(",", ":")))
    else:
        _Page(found).show(refused, asks, intake)
    sys.exit(NOT_DECIDED if refused else 0)


# ---------------------------------------------------------------------- what was asked
def _days_asked(
    records: str | None, on: date | None, first: date | None, last: date | None, *, with_records: Iterable[str | None]
) -> tuple[date, date] | None:
    if records is None:
        if any(x is not None for x in (on, first, last, *with_records)):
            raise click.UsageError("days, calendars, mappings, --work and --capacity go with --records")
        return None
    if on is not None and first is None and last is None:
        return on, on
    if on is not None or first is None or last is None:
        raise click.UsageError("--records needs days: --on 2026-10-01, or --from 2026-09-01 --to 2026-09-30")
    if first > last:
        raise click.UsageError(f"--from {first} lies after --to {last}")
    return first, last


def _numbers(said: tuple[str, ...], option: str, roles: Mapping[str, Role], *, whole: bool) -> dict[str, Decimal]:
    """role=number, as often as it is given."""
    out: dict[str, Decimal] = {}
    for text in said:
        role, _, number = text.partition("=")
        example = "class-teacher=120" if whole else "curator=1.5"
        if role not in roles:
            hint = nearest(role, roles) or f"the roles are {', '.join(sorted(roles))}"
            raise click.UsageError(f"{option}: neither ruleset has a role '{role}'; {hint}")
        acting = roles[role].is_
        if acting is not None:
            who = ", ".join(dict.fromkeys(map(str, acting.by.grade.values())))
            raise click.UsageError(f"{option}: who is {role} depends on the grade; state it for {who}")
        try:
            value = Decimal(number) if len(number) <= 9 else Decimal("NaN")
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite() or value < 0 or (whole and value != value.to_integral_value()):
            raise click.UsageError(f"{option}: '{number}' is no number for {role}; write {option} {example}")
        if role in out:
            raise click.UsageError(f"{option}: {role} stands twice")
        out[role] = value
    return out


def _changes(a: str, b: str, one: sky.Model, other: sky.Model) -> tuple[Change, ...]:
    left, right = one.newest.whole, other.newest.whole
    assert left is not None
    assert right is not None
    return compare(left, right, gone_in_a=removals(a), gone_in_b=removals(b))


def _take_all(cases: Iterable[Any], found: Difference, asked: Asked) -> list[Refused]:
    """Every pupil decided under both rulesets; those that cannot be are handed back."""
    refused = []
    for case in with_progress(cases):
        if isinstance(case, Refused):
            refused.append(case)
            continue
        try:
            does = asked.schools.school_of(case, found.days[-1]).does if asked.schools is not None else None
            found.take(case.does_too(does) if does is not None else case, asked.calendars)
        except sky.RecordError as e:
            refused.append(Refused(e.pupil or case.pupil, e))
    return refused


# ---------------------------------------------------------------------- for a person
class _Page:
    """A difference as a person reads it: tables with lines on a terminal, columns of plain text elsewhere."""

    def __init__(self, found: Difference) -> None:
        self.found = found
        self.is_terminal = sys.stdout.isatty()
        self.console = Console(width=None if self.is_terminal else 140, highlight=False, soft_wrap=False)

    def show(self, refused: list[Refused], asks: list[Demand], intake: Intake) -> None:
        self._values()
        if self.found.days:
            self._pupils(refused, intake)
            self._work()
            self._overdue()
        if asks:
            self._staff(asks)

    def _line(self, text: str = "", style: str = "") -> None:
        self.console.print(Text(text, style=style), soft_wrap=True)

    def _title(self, text: str) -> None:
        self._line()
        self._line(text, "bold")

    def _table(self, *columns: str, numbers: tuple[str, ...] = ()) -> Table:
        from rich import box

        form = box.ROUNDED if self.is_terminal else box.SIMPLE_HEAD
        grid = Table(box=form, header_style="bold", safe_box=True)
        for name in columns:
            grid.add_column(name, overflow="fold", justify="right" if name in numbers else "left")
        return grid

    def _put(self, grid: Table) -> None:
        """A table; columns of plain text have no spaces at the ends of their lines."""
        if self.is_terminal:
            self.console.print(grid)
            return
        with self.console.capture() as caught:
            self.console.print(grid)
        for line in caught.get().splitlines():
            if line.strip():
                click.echo(line.rstrip())

    # ------------------------------------------------------------------ values
    def _values(self) -> None:
        for side, m in (("A", self.found.a), ("B", self.found.b)):
            self._line(f"{side}: {m.newest.name} ({m.newest.said.status})", "bold")
        changes = self.found.changes
        if not changes:
            self._line("they say the same")
        for section in dict.fromkeys(c.section for c in changes):
            self._title(section)
            for c in changes:
                if c.section == section:
                    for i, line in enumerate(c.lines()):
                        self._line(f"  {line}", "" if i == 0 else "dim")

    # ------------------------------------------------------------------ pupils
    def _when(self) -> str:
        first, last = self.found.days[0], self.found.days[-1]
        if first == last:
            return f"on {first}"
        return f"from {first} to {last} ({len(self.found.days)} days)"

    def _pupils(self, refused: list[Refused], intake: Intake) -> None:
        found = self.found
        self._title(f"pupils {self._when()}: {found.others} of {found.decided} get another answer")
        if found.set_aside:
            n = f"{found.set_aside} mark{'s' if found.set_aside > 1 else ''}"
            self._line(
                f"{n} cannot be read as handed in and are set aside: sky decide says whose; look at columns: in the mapping"
            )
        if found.pupils:
            grid = self._table(
                "through", "change", "pupils", "who, from which day", "what is asked otherwise", numbers=("pupils",)
            )
            for through, way, same in found.groups():
                grid.add_row(*map(Text, (through, way, str(len(same)), self._who(same), _told(same))))
            self._put(grid)
        for r in refused:
            self._line(f"{r.pupil}: not decided: {r.error.message}", "red")
        if intake.unmapped:
            self._line(f"{intake.unmapped.total()} marks have a code that nobody has mapped; they count only as possible")

    def _who(self, same: list[PupilChange]) -> str:
        is_one_day = len(self.found.days) == 1
        shown = sorted(same, key=lambda p: (p.opened or p.since, p.pupil)) if is_one_day else same
        when = self._opened if is_one_day else self._span
        lines = [f"{said}{', '.join(p.pupil for p in those)}" for said, those in groupby(shown[:MOST_SHOWN], key=when)]
        if len(same) > MOST_SHOWN:
            lines.append(f"and {len(same) - MOST_SHOWN} more (--json lists all)")
        return "\n".join(lines)

    def _opened(self, p: PupilChange) -> str:
        return f"open since {p.opened}: " if p.opened else ""

    def _span(self, p: PupilChange) -> str:
        if p.until == self.found.days[-1]:
            return f"from {p.since}: "
        return f"on {p.since}: " if p.since == p.until else f"{p.since} to {p.until}: "

    # ------------------------------------------------------------------ work
    def _work(self) -> None:
        figures = self.found.figures()
        self._title(f"work {self._when()}: tasks asked on these days, in the week of their due day")
        if not figures:
            self._line("no task is asked under either")
            return
        if not self.found.answers_of_people:
            self._line("the records say of no action that it was done: whatever was done stands here as not done")
        for role, those in groupby(figures, key=lambda f: f.role):
            self._role(role, list(those))
        for role in sorted(self.found.capacity.keys() - {f.role for f in figures}):
            self._line(f"{role}: a capacity is stated, and no task is asked of it")

    def _role(self, role: str, figures: list[Figure]) -> None:
        minutes, stated = self.found.minutes, self.found.capacity.get(role)
        self._line()
        self._line(role, "bold")
        takes_part = any(f.a.takes_part or f.b.takes_part for f in figures)
        parts = ("takes part A", "takes part B") if takes_part else ()
        over = (f"over {_hours(stated)} A", f"over {_hours(stated)} B") if stated is not None else ()
        columns = ("week", "tasks A", "tasks B", *parts, "hours A", "hours B", *over)
        grid = self._table(*columns, numbers=columns[1:])
        for f in figures:
            cells = [self._week(f), str(f.a.does.total()), str(f.b.does.total())]
            cells += [str(f.a.takes_part.total()), str(f.b.takes_part.total())] if takes_part else []
            cells += [_assumed_figure(minutes.of(x)) if minutes.assumed(x) or not x.people() else "–" for x in (f.a, f.b)]
            if stated is not None:
                more = self.found.over_capacity(f)
                cells += ["–", "–"] if more is None else [_assumed_figure(x) if x else "no\nassumed" for x in more]
            grid.add_row(*map(Text, cells))
        self._put(grid)
        self._basis(minutes, figures)

    def _week(self, f: Figure) -> str:
        if f.is_week:
            return f"of {f.week}"
        return f"before {monday_of(self.found.days[0])}" if f.week == BEFORE else f.week

    def _basis(self, minutes: Minutes, figures: list[Figure]) -> None:
        loads = [x for f in figures for x in (f.a, f.b)]
        known, unknown = minutes.assumed(*loads), minutes.without(*loads)
        if known:
            self._line(f"  assumed: {', '.join(f'{action} {n} min' for action, n in known.items())}", "dim")
        if unknown:
            self._line(f"  in no hours, since nobody says how long it takes: {', '.join(unknown)}", "dim")

    def _overdue(self) -> None:
        found = self.found.overdue()
        self._title(f"overdue on {self.found.days[-1]}")
        if not found:
            self._line("nothing is overdue under either")
            return
        grid = self._table("role", "school", "tasks A", "tasks B", numbers=("tasks A", "tasks B"))
        for role, school, a, b in found:
            grid.add_row(*map(Text, (role, school, str(a), str(b))))
        self._put(grid)

    # ------------------------------------------------------------------ staff
    def _staff(self, asks: list[Demand]) -> None:
        self._title(f"staff for {asks[0].pupils} pupils")
        for d in asks:
            who = "the law allows" if d.is_law else "both allow" if d.under == "A and B" else f"{d.under} allows"
            line = f"  {d.role}: {who} at most {d.pupils_per_person} pupils a person (source {d.source}), "
            line += f"so {d.asks} persons are needed"
            if d.suffices is not None:
                line += f"; stated are {d.staff}: that " + ("suffices" if d.suffices else "does not suffice")
            if d.under != "A and B" and d.is_law:
                line += f" (only {d.under} says so)"
            self._line(line)


def _told(same: list[PupilChange]) -> str:
    """What is asked otherwise, each with the number of pupils."""
    said = Counter(text for p in same for text in p.tells())
    return "\n".join(f"{n} × {text}" for text, n in sorted(said.items(), key=lambda x: (-x[1], x[0])))


def _hours(minutes: int) -> str:
    return f"{minutes / 60:.1f} h"


def _assumed_figure(minutes: int) -> str:
    return f"{minutes / 60:.1f}\nassumed" if minutes else "0"
