"""Commands about a decision log: `sky log verify`, `replay`, `export`, `erase`.

Rules: what is wrong is told by line or entry number, never with what stands in it; only `export` shows entries, those of the one
pupil that was asked for; exit code 1 when something is not as it was.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import click

import sky_model as sky
from sky_model.cli.application import JSON, Asked, app, cases_of, deciding
from sky_model.host.intake import Refused
from sky_model.host.log import LogError, entries_of, replay, verify
from sky_model.host.log import erase as erase_pupil

__all__ = ["log"]

SAID = {
    "proven": "decided again, the same decision",
    "differs": "another decision",
    "other_record": "the record up to its place is not what it was",
    "no_record": "there is no record of its pupil",
    "not_decided": "the rules or the calendar of now cannot decide it",
    "erased": "erased",
}
LOG = click.argument("file", type=click.Path(exists=True, dir_okay=False))
PUPIL = click.option("--pupil", required=True, help="the pupil's id, as it stands in the entries")


@app.group()
def log() -> None:
    """Check a decision log, prove its entries again, hand out or erase one pupil's."""


@log.command("verify")
@LOG
@click.option("--head", help="the hash of an entry that must be there, as an earlier verify printed it")
@JSON
def verify_log(file: str, head: str | None, as_json: bool) -> None:
    """Is every entry there and as it was written?"""
    found = verify(file, head=head)
    if as_json:
        click.echo(json.dumps(found.to_json(), sort_keys=True))
    else:
        for f in found.faults:
            click.echo(f"{file}:{f.line}: {f.message} [{f.what}]" if f.line else f"{file}: {f.message} [{f.what}]")
        click.echo(f"{found.entries} entries, {found.erased} of them erased; {len(found.faults) or 'no'} faults")
        click.echo(f"head: {found.head}")
    sys.exit(1 if found.faults else 0)


@log.command("replay")
@LOG
@click.option("--records", required=True, help="the records of now: JSON Lines, or a CSV of marks")
@deciding
@JSON
def replay_log(
    file: str,
    records: str,
    asked: Asked,
    as_json: bool,
) -> None:
    """Decide each entry again from the record up to its place: is it the same decision?"""
    cases: dict[str, sky.Case] = {}
    with cases_of(records, asked) as (found, _):
        cases = {c.pupil: c for c in found if not isinstance(c, Refused)}

    def decide(case: sky.Case, on: date, known_on: date | None, *, absent: list[str], as_if: bool) -> sky.Decision:
        """As the entry says, and as the command says: `--absent` names persons that an entry does not hold."""
        then = replace(asked, absent=(*asked.absent, *absent), as_if=asked.as_if or as_if)
        return then.decide(case, on, known_on)

    states: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for proof in replay(file, cases, decide):
        states[proof.state] += 1
        others.update(proof.basis)
        if as_json:
            click.echo(json.dumps(proof.to_json(), sort_keys=True))
        elif proof.state not in ("proven", "erased"):
            changed = f"; other {', '.join(proof.basis)}" if proof.basis else ""
            click.echo(f"entry {proof.n}: {SAID[proof.state]}{changed}")
    if not as_json:
        for state, said in SAID.items():
            if states[state]:
                click.echo(f"{states[state]:6} {said}")
        for part, n in sorted(others.items()):
            click.echo(f"the {part.replace('_', ' ')} is another one than in {n} entries")
        if not states:
            click.echo("there are no decisions in this log")
    sys.exit(1 if states.keys() - {"proven", "erased"} else 0)


@log.command("export")
@LOG
@PUPIL
def export_log(file: str, pupil: str) -> None:
    """Every entry of one pupil as it stands, one a line, with the hashes that prove it."""
    for line in entries_of(file, pupil=pupil):
        click.echo(json.dumps(line, sort_keys=True))


@log.command("erase")
@LOG
@PUPIL
@click.option("--time", required=True, help="when it is done, with the zone: 2027-06-01T12:00:00+03:00")
@click.option("--role", required=True, help="the role of the person who decided it")
@click.option("--reason", required=True, help="a code for the reason, in one word")
@click.option("--until", type=click.IntRange(min=0), help="the last entry that may go; without it all of the pupil's")
@JSON
def erase_log(file: str, pupil: str, time: str, role: str, reason: str, until: int | None, as_json: bool) -> None:
    """Take one pupil's entries out; the chain still holds, and an entry says that it was done."""
    try:
        gone = erase_pupil(Path(file), pupil, time=time, role=role, reason=reason, until=until)
    except LogError as e:
        raise click.ClickException(str(e)) from None
    except sky.RecordError as e:
        raise click.UsageError(str(e)) from None
    said: dict[str, Any] = {"format": 1, "erased": gone}
    click.echo(json.dumps(said) if as_json else f"{gone} entries erased" if gone else "there is no entry of this pupil")
