"""Commands that write a ruleset for other systems: decision tables as DMN 1.5."""

from __future__ import annotations

import json
from pathlib import Path

import click

import sky_model as sky
from sky_model.cli.application import app
from sky_model.export.dmn import NOT_COVERED, tables_of, write_dmn


@app.group()
def export() -> None:
    """Write a ruleset in a form that other systems read."""


@export.command()
@click.argument("ruleset")
@click.option("--out", type=click.Path(dir_okay=False), required=True, help="the file to write")
@click.option("--json", "as_json", is_flag=True, help="what was written and what was left out, as one line of JSON")
def dmn(ruleset: str, out: str, as_json: bool) -> None:
    """The decision tables of RULESET as DMN 1.5: which steps' conditions hold, and who does each action."""
    rules = sky.load(ruleset, allow=("draft", "variant")).newest
    found = tables_of(rules)
    if not found.tables:
        reasons = "".join(f"\n  {table}: {why}" for table, why in found.left_out)
        raise click.UsageError(f"nothing in {rules.name} can be said as a decision table, so nothing is written{reasons}")
    try:
        Path(out).write_text(write_dmn(rules), encoding="utf-8")
    except OSError as e:
        raise click.UsageError(f"'{out}' cannot be written: {e.strerror}; name a file in a folder that exists") from None
    if as_json:
        left_out = [{"table": t, "because": why} for t, why in found.left_out]
        said = {"format": 1, "ruleset": rules.name, "file": out, "tables": [t.id for t in found.tables]}
        click.echo(json.dumps({**said, "not_covered": NOT_COVERED, "left_out": left_out}, ensure_ascii=False, sort_keys=True))
        return
    click.echo(f"{out}: {len(found.tables)} tables of {rules.name}")
    for table, why in found.left_out:
        click.echo(f"left out: {table}: {why}")
    click.echo(NOT_COVERED)
