"""Commands that print: the rulebook, the leaflet for guardians, the paper for a board."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

import sky_model as sky
from sky_model.cli.application import app
from sky_model.export.booklet import NAMES, write_booklet
from sky_model.vocabulary import LANGUAGES

FORMS = ("html", "md")


@app.command()
@click.argument("ruleset")
@click.option("--language", type=click.Choice(LANGUAGES), default="fi", show_default=True)
@click.option("--out", type=click.Path(file_okay=False), required=True, help="the folder for the pages; it is made")
@click.option("--what", type=click.Choice([*NAMES, "all"]), default="all", show_default=True, help="which page")
@click.option("--form", type=click.Choice([*FORMS, "both"]), default="both", show_default=True, help="HTML, Markdown or both")
@click.option("--effect", type=click.Path(dir_okay=False), help="what `sky diff … --records … --json` has counted, for the paper")
@click.option("--json", "as_json", is_flag=True, help="the files written, as one line of JSON")
def rulebook(ruleset: str, language: str, out: str, what: str, form: str, effect: str | None, as_json: bool) -> None:
    """Print RULESET as people read it: the rulebook, a leaflet for guardians, one page for the board.

    The pages stand alone: they ask nothing of any other place and can be printed or put on a site as they are.
    """
    rules = sky.load(ruleset, allow=("draft", "variant")).newest
    files = write_booklet(rules, language=language, effect=_effect_of(Path(effect)) if effect else None)
    wanted = set(NAMES.values()) if what == "all" else {NAMES[what]}
    forms = FORMS if form == "both" else (form,)
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in files.items():
        stem, _, ending = name.rpartition(".")
        if stem in wanted and ending in forms:
            (folder / name).write_text(text, encoding="utf-8")
            written.append(str(folder / name))
    if as_json:
        click.echo(json.dumps({"format": 1, "ruleset": rules.name, "language": language, "files": written}, ensure_ascii=False))
    else:
        for path in written:
            click.echo(path)


def _effect_of(path: Path) -> dict[str, Any]:
    """What was counted. Raises UsageError for a file that is not of `sky diff --records … --json`."""
    hint = "write it with: sky diff OLD NEW --records … --json > effect.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise click.UsageError(f"'{path}' is not readable as JSON; {hint}") from None
    if not isinstance(found, dict) or found.get("format") != 1 or not {"pupils", "work", "days", "a", "b"} <= set(found):
        raise click.UsageError(f"'{path}' holds no counted effect; {hint}")
    return found
