"""Commands about signed rulesets: `sky sign`, `sky verify`.

Rules: a private key is read and never shown, copied or written; exit code 4 when a ruleset is not the signed one, unless it was
asked to warn only. The commands that answer for pupils verify by themselves when they are given a key.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from sky_model.cli.application import FAULTY, PublicKey, app
from sky_model.errors import Place, Problem, RulesetError
from sky_model.host import signing
from sky_model.layers import read_layers

__all__ = ["sign", "verify"]

KEY = click.Path(exists=True, dir_okay=False, path_type=Path)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="one JSON object")


@contextmanager
def _clear_errors() -> Iterator[None]:
    try:
        yield
    except (ValueError, ImportError) as e:
        raise click.UsageError(str(e)) from None


@app.command()
@click.argument("ruleset")
@click.option("--key", type=KEY, required=True, help="the Ed25519 private key, PEM")
@AS_JSON
def sign(ruleset: str, key: Path, as_json: bool) -> None:
    """Write manifest.json and manifest.sig into the folder of a ruleset."""
    with _clear_errors():
        manifest = signing.manifest_of(ruleset)
        signature = signing.sign(manifest, key.read_bytes())
    folder = read_layers(ruleset)[0][0].path
    try:
        (folder / signing.MANIFEST).write_bytes(signing.canonical(manifest))
        (folder / signing.SIGNATURE).write_bytes(signature.encode("ascii") + b"\n")
    except OSError as e:
        hint = "a folder that you may write to"
        raise RulesetError([Problem("not-written", f"cannot be written: {e.strerror}", Place(ruleset), hint)]) from None
    files = sum(len(x["files"]) for x in manifest["layers"])
    if as_json:
        click.echo(json.dumps({"format": 1, "manifest": manifest, "signature": signature}, sort_keys=True))
        return
    click.echo(f"signed {manifest['ruleset']}/{manifest['version']}: {files} files in {len(manifest['layers'])} layers")


@app.command()
@click.argument("ruleset")
@click.option(
    "--signed-by", type=PublicKey(), multiple=True, required=True, help="a public key, PEM; any of several may have signed"
)
@click.option(
    "--unsigned", type=click.Choice(["refuse", "warn"]), default="refuse", show_default=True, help="warn: exit code 0 anyway"
)
@AS_JSON
def verify(ruleset: str, signed_by: tuple[bytes, ...], unsigned: str, as_json: bool) -> None:
    """Is this ruleset, with its bases, the one that was signed?"""
    problems = signing.verify(ruleset, signed_by, "warn")
    if as_json:
        said = {"format": 1, "problems": [p.to_json() for p in problems], "signed": not problems, "unsigned": unsigned}
        click.echo(json.dumps(said, sort_keys=True))
    else:
        for p in problems:
            click.echo(str(p), err=True)
        click.echo(f"{ruleset}: not what was signed" if problems else f"{ruleset}: as it was signed, with its bases")
    sys.exit(FAULTY if problems and unsigned == "refuse" else 0)
