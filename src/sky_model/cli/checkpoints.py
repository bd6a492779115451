"""The command `sky checkpoint`: records without what no later day can read, so that earlier years can be erased.

Rules: what it writes takes the place of the records that it read; a record in which something is still open or undecided stays
whole, and is told with what is.
"""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path

import click

import sky_model as sky
from sky_model.checkpoints import checkpoint as checkpoint_of
from sky_model.cli.application import NOT_DECIDED, Asked, Day, app, cases_of, deciding, with_progress
from sky_model.host.intake import Refused

__all__ = ["checkpoint"]


@app.command()
@click.argument("records")
@deciding
@click.option(
    "--on", type=Day(), required=True, help="the first day of a school year: what is older is erased where nothing reads it"
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="the file to write; without it standard output")
def checkpoint(
    records: str,
    asked: Asked,
    on: date,
    out: Path | None,
) -> None:
    """Write each record with a checkpoint in place of its earlier years, as JSON Lines.

    A record that cannot have one is written as it is, and the reason stands on standard error.
    """
    if asked.absent or asked.as_if:  # no later day would know of it
        raise click.UsageError("a checkpoint is made by the rules in force: --absent and --as-if do not go with it")
    erased, whole, kept, lines = 0, 0, 0, list[str]()
    with cases_of(records, asked) as (cases, _):
        for case in with_progress(cases):
            if isinstance(case, Refused):
                raise click.UsageError(f"{case.error}; nothing was written: this record would be lost")
            schools = asked.schools.models if asked.schools else None
            try:
                after = checkpoint_of(asked.model, case, on=on, calendars=asked.calendars, schools=schools)
                erased += _erased(after) - _erased(case)
                kept += sum(isinstance(e, sky.Mark) for e in after.before.events) if after.before is not None else 0
            except sky.RecordError as e:
                after, whole = case, whole + 1
                click.echo(f"{case.pupil}: {e}", err=True)
            lines.append(json.dumps(after.to_json(), ensure_ascii=False, separators=(",", ":")) + "\n")
    try:
        if out is None:
            sys.stdout.writelines(lines)
        else:
            out.write_text("".join(lines), encoding="utf-8")
    except OSError as e:
        raise click.UsageError(f"'{out}' cannot be written: {e.strerror}") from None
    if kept:
        click.echo(f"{kept} marks of earlier days stay: a window still counts them one by one", err=True)
    told = f"; {whole} of {len(lines)} records stay whole" if whole else ""
    click.echo(f"{erased} events are erased in what was written{told}", err=True)
    sys.exit(NOT_DECIDED if whole else 0)


def _erased(case: sky.Case) -> int:
    return case.before.count - len(case.before.events) if case.before is not None else 0
