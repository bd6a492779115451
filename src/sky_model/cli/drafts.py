"""Commands that begin something: a mapping from an export, a local layer from a preset.

Rules: a file that is there is never written over; what is asked on a terminal can be handed in as an option too.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import click

import sky_model as sky
from sky_model.checks.starter import Preset, Start, begin_layer, read_preset, why_not, wrong_form
from sky_model.cli.application import RULES, Day, app
from sky_model.host.drafts import draft_mapping
from sky_model.vocabulary import KEBAB, LANGUAGES

NOT_DECIDED_YET = "not decided yet: write who decides, when, which section"


@app.command("map")
@click.argument("export", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@RULES
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="where the draft goes, such as mapping.yaml")
@click.option("--json", "as_json", is_flag=True, help="one JSON object")
def map_export(export: Path, rules: str, out: Path | None, as_json: bool) -> None:
    """Look at another system's EXPORT (a CSV of marks) and draft the mapping that `sky decide --mapping` reads."""
    newest = sky.load(rules, allow=("draft", "variant")).newest
    kinds = {k.id: k.name.in_language("en") for k in newest.said.kinds}
    if out is not None and out.exists():
        raise click.UsageError(f"'{out}' is there already and is not written over; name another file with --out")
    draft = draft_mapping(export.read_bytes(), file=str(export), kinds=kinds, codes=newest.codes)
    if out is not None:
        try:
            out.write_text(draft.mapping, encoding="utf-8", newline="\n")
        except OSError as e:
            raise click.UsageError(f"'{out}' cannot be written: {e.strerror or e}") from None
    if as_json:
        click.echo(json.dumps(draft.to_json(), ensure_ascii=False, separators=(",", ":")))
        return
    for line in draft.lines():
        click.echo(line)
    click.echo()
    if out is None:
        click.echo(draft.mapping, nl=False)
    else:
        click.echo(
            f"{out} is written: fill in what each code means, then\n  sky decide {export} --mapping {out} --calendar … --on …"
        )


# ---------------------------------------------------------------------- a layer
@app.command("new")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--from", "base", default="presets/lessons-per-term", show_default=True, help="a preset or a published example")
@click.option("--name", help="the name of the place, for people")
@click.option("--id", "id_", help="its id, if it is not the name of the folder")
@click.option("--version", help="such as 2026-1")
@click.option("--valid-from", type=Day(), help="the first day on which it is in force")
@click.option("--because", help="who decided, when, which section")
@click.option("--number", "numbers", multiple=True, metavar="PATH=NUMBER", help="one of the base's numbers; again for each")
@click.option("--language", type=click.Choice(LANGUAGES), default="en", show_default=True, help="of the comments and the README")
@click.option("--yes", is_flag=True, help="ask nothing: what is not handed in is as in the base")
@click.option("--json", "as_json", is_flag=True, help="one JSON object; asks nothing")
def new(
    folder: Path,
    base: str,
    name: str | None,
    id_: str | None,
    version: str | None,
    valid_from: date | None,
    because: str | None,
    numbers: tuple[str, ...],
    language: str,
    yes: bool,
    as_json: bool,
) -> None:
    """Begin a local layer in a new FOLDER: asks for the few numbers of a preset; writes rules, two cases and a README."""
    yes = yes or as_json
    if folder.exists():
        raise click.UsageError(f"'{folder}' is there already and is not written over; choose another folder")
    preset = read_preset(base)
    given = _numbers_in(numbers, preset)
    told = preset.rules.said
    if not yes:
        click.echo(f"{preset.name}: {told.name.in_language('en')}")
        click.echo("Press Enter to take what stands in [ ]. Every number stays yours to change in ruleset.yaml.\n")

    def ask(text: str, handed_in: str | None, default: str, why_wrong: Callable[[str], str] = lambda _: "") -> str:
        if handed_in is not None or yes:
            return handed_in if handed_in is not None else default
        while True:
            try:
                said = str(click.prompt(text, default=default)).strip()
            except click.Abort:
                raise click.UsageError(
                    f"no answer to '{text}'; hand it in as an option, or take the defaults with --yes"
                ) from None
            why = why_wrong(said)
            if not why:
                return said
            click.echo(f"  {why}")

    called = id_ or folder.name
    place_name = ask("Name of the place", name, called.replace("-", " ").capitalize())
    id_said = ask("Its id", id_, called, _not_an_id)
    first = _day_of(
        ask(
            "In force from",
            str(valid_from) if valid_from else None,
            str(told.valid_from),
            lambda x: _not_from(x, told.valid_from),
        )
    )
    version_said = ask("Version", version, f"{first.year}-1")
    values: dict[str, str] = {}
    for n in preset.numbers:
        values[n.at] = ask(n.what, given.get(n.at), n.value, lambda x, n=n: why_not(preset, n, x, values))  # type: ignore[misc]
    because_said = ask("Who decided, when, which section", because, NOT_DECIDED_YET)
    start = Start(id_said, place_name, version_said, first, because_said, values, language)
    written = begin_layer(folder, preset, start)
    other = [n for n in preset.numbers if values[n.at] != n.value]
    if as_json:
        changed = [{"at": n.at, "from": n.value, "to": values[n.at]} for n in other]
        files = [p.as_posix() for p in written]
        found = {
            "format": 1,
            "ruleset": start.id,
            "extends": preset.name,
            "changed": changed,
            "gaps": preset.gaps,
            "files": files,
        }
        click.echo(json.dumps(found, ensure_ascii=False, separators=(",", ":")))
        return
    click.echo(f"\nwritten, checked and tested: {', '.join(str(p) for p in written)}")
    click.echo(f"{len(other)} of {len(preset.numbers)} numbers are other than in {preset.name}")
    for gap in preset.gaps:
        click.echo(f"not asked, the source of {preset.name} does not say: {gap}")
    click.echo(f"go on with {folder / 'README.md'}")


def _numbers_in(numbers: tuple[str, ...], preset: Preset) -> dict[str, str]:
    """`PATH=NUMBER` as handed in; a wrong one is told with all that there are."""
    given: dict[str, str] = {}
    known = {n.at: n for n in preset.numbers}
    for text in numbers:
        at, sign, number = (x.strip() for x in text.partition("="))
        if not sign or at not in known:
            listed = "".join(f"\n  {n.at}={n.value}   {n.what}" for n in preset.numbers) or " none"
            raise click.UsageError(f"--number {text}: {preset.name} asks these numbers, write one as PATH=NUMBER:{listed}")
        if at in given:
            raise click.UsageError(f"--number {at} stands twice")
        if why := wrong_form(known[at], number):
            raise click.UsageError(f"--number {at}: {why}")
        given[at] = number
    return given


def _not_an_id(text: str) -> str:
    return "" if KEBAB.match(text) else f"'{text}' is no id: use a-z, 0-9 and -, such as my-town"


def _day_of(text: str) -> date:
    try:
        return date.fromisoformat(text) if len(text) == 10 else date.min
    except ValueError:
        return date.min


def _not_from(text: str, base: date) -> str:
    day = _day_of(text)
    if day == date.min:
        return f"'{text}' is no day; write it as {base}"
    return "" if day >= base else f"the base is in force from {base}; write that day or a later one"
