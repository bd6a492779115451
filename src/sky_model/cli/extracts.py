"""`sky extract`: everything that was concluded about one pupil, for whoever has a right to know it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date

import click

import sky_model as sky
from sky_model.cli.application import JSON, NOT_DECIDED, ON, Asked, Day, app, cases_of, deciding, reaching
from sky_model.decider import calendars_of
from sky_model.decision import dumps
from sky_model.host.extract import extract
from sky_model.host.intake import Intake, Refused
from sky_model.vocabulary import LANGUAGES

__all__ = ["extract_pupil"]


@app.command("extract")
@click.argument("records")
@deciding
@ON
@click.option("--since", type=Day(), help="the first day  [default: the first on which the rules answer for the pupil]")
@click.option("--pupil", required=True)
@click.option("--language", type=click.Choice(LANGUAGES), default="fi", show_default=True)
@click.option("--for", "reader", help="only what this role, group, guardian or pupil may see")
@JSON
def extract_pupil(
    records: str,
    asked: Asked,
    on: date,
    since: date | None,
    pupil: str,
    language: str,
    reader: str | None,
    as_json: bool,
) -> None:
    """All that was concluded about one pupil up to a day: when, by which rule, from which marks. With --json the decisions."""
    with cases_of(records, asked) as (cases, intake):
        for case in cases:
            if case.pupil != pupil:
                continue
            if isinstance(case, Refused):
                raise case.error
            found = list(_history(asked, case, intake, since, on))
            if not found:
                click.echo(f"the rules answer for no day up to {on}: nothing was concluded", err=True)
                sys.exit(NOT_DECIDED)
            if as_json:
                for _, decision in found:
                    click.echo(dumps(decision.for_reader(reader) if reader else decision))
            else:
                click.echo(extract(found, on, language=language, reader=reader))
            return
    click.echo(f"there is no such pupil in {records}", err=True)
    sys.exit(1)


def _history(asked: Asked, case: sky.Case, intake: Intake, since: date | None, on: date) -> Iterator[tuple[date, sky.Decision]]:
    models = None
    if asked.schools is not None:
        case, models = case.does_too(asked.schools.school_of(case, on).does), asked.schools.models
    case = reaching(case, intake.reach, on, None, None)
    first = since or _first_day(asked, case)
    if first > on:
        return iter(())
    return sky.history(
        asked.model, case, first, on, calendars=asked.calendars, schools=models, absent=asked.absent, as_if=asked.as_if
    )


def _first_day(asked: Asked, case: sky.Case) -> date:
    """The first day on which the record says something, a calendar answers and rules are in force."""
    found = calendars_of(case, asked.calendars)
    calendars = [found] if isinstance(found, sky.Calendar) else list(found.values())
    own = asked.schools.models.values() if asked.schools is not None else ()
    rules = min(m.versions[0].valid_from for m in (asked.model, *own))
    said = min((e.on.toordinal() for e in case.events), default=rules)
    known = case.before.day.toordinal() + 1 if case.before is not None else 0
    years = min(c.years[0].first for c in calendars)
    return date.fromordinal(max(said, years, known, 0 if asked.as_if else rules))
