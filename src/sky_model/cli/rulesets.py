"""Commands about rulesets: check, test, who says a value, what must be handed in, what is shipped."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

import sky_model as sky
from sky_model.checks.cases import run_cases
from sky_model.checks.mutations import notice
from sky_model.cli.application import ALLOW, FAULTY, JSON, app, rulesets_in
from sky_model.layers import Origin, rulesets_folder, show
from sky_model.records import record_schema


def _problem_line(p: sky.Problem, form: str) -> str:
    """A fault for a person, for an editor (one line), for GitHub's annotations, or for a machine."""
    if form == "json":
        return json.dumps(p.to_json(), ensure_ascii=False)
    if form == "line":
        hint = f" ({p.hint})" if p.hint else ""
        return f"{p.place.file}:{p.place.line}:{p.place.column}: error: {p.message} [{p.code}]{hint}"
    if form == "github":
        said = f"{p.message}. {p.hint}" if p.hint else p.message
        said = said.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        return f"::error file={p.place.file},line={p.place.line},col={p.place.column},title={p.code}::{said}"
    return str(p)


@app.command()
@click.argument("ruleset")
@JSON
@click.option("--format", "form", type=click.Choice(["text", "line", "github"]), default="text", help="for an editor, for GitHub")
def check(ruleset: str, as_json: bool, form: str) -> None:
    """Every fault of a ruleset, or of all rulesets in a folder, with file, line, column and what to write instead."""
    names, faults = rulesets_in(ruleset), 0
    for name in names:
        problems = sky.check(name)
        faults += len(problems)
        for p in problems:
            click.echo(_problem_line(p, "json" if as_json else form))
        if problems or as_json or form != "text":
            continue
        newest = sky.load(name, allow=("draft", "variant")).newest
        gaps = sum(note.startswith("gap: ") for note in newest.notes)
        if len(names) > 1:
            click.echo(f"{name}: no faults" + (f"; {gaps} gaps" if gaps else ""))
            continue
        click.echo(f"{name}: no faults")
        for line in newest.open_to_layers:
            click.echo(f"open to layers: {line}")
        for note in newest.notes:
            click.echo(note)
    sys.exit(FAULTY if faults else 0)


@app.command("test")
@click.argument("ruleset")
@ALLOW
@click.option("--mutations", is_flag=True, help="change the rules at one place at a time: do the cases notice?")
def run_golden(ruleset: str, allow: tuple[str, ...], mutations: bool) -> None:
    """Run the golden cases (cases/*.yaml) of a ruleset, or of all rulesets in a folder. Drafts are tested too."""
    names, held, failed = rulesets_in(ruleset), 0, 0
    changes, survivors = 0, list[str]()
    for name in names:
        model = sky.load(name, allow=("draft", "variant", *allow))
        shipped = rulesets_folder() / name
        folder = (shipped if shipped.is_dir() else Path(name)) / "cases"
        if len(names) > 1:
            click.echo(name)
        outcomes = list(run_cases(model, folder))
        for o in outcomes:
            click.echo(f"{'holds ' if not o.faults else 'FAILS '} {o.name}")
            for fault in o.faults:
                click.echo(f"        {o.file}:{o.line}: {fault}")
        if mutations:
            noticed = notice(model, folder)
            changes += noticed.changes
            survivors += [f"{name}: {s}" for s in noticed.survivors]
        bad = sum(bool(o.faults) for o in outcomes)
        held, failed = held + len(outcomes) - bad, failed + bad
        if not outcomes:
            click.echo(f"        {name} has no cases")
            failed += 1
    click.echo(f"{held} of {held + failed} hold")
    if mutations:
        for line in survivors:
            click.echo(f"not noticed: {line}")
        share = 100 * (changes - len(survivors)) / changes if changes else 100
        click.echo(f"{changes - len(survivors)} of {changes} changes are noticed ({share:.1f} %)")
    sys.exit(1 if failed else 0)


@app.command()
@click.argument("ruleset")
@click.argument("path")
def origin(ruleset: str, path: str) -> None:
    """Who says the value of PATH: the layer, the place in its file, why, and what stood beneath it."""
    newest = sky.load(ruleset, allow=("draft", "variant")).newest
    try:
        said: Origin | None = newest.origin_of(path)
    except sky.RulesetError as e:
        click.echo(str(e), err=True)
        sys.exit(1)
    while said is not None:
        because = f", because {said.because}" if said.because else ""
        click.echo(f"{show(said.value)}\n    {said.layer} at {said.place}{because}")
        said = said.beneath


@app.command()
@click.argument("ruleset")
@ALLOW
def needs(ruleset: str, allow: tuple[str, ...]) -> None:
    """What must be handed in for this ruleset, as JSON."""
    click.echo(json.dumps(sky.needs(sky.load(ruleset, allow=allow)), indent=1, ensure_ascii=False))


@app.command()
def rules() -> None:
    """What is shipped, with its status and from which day it is in force."""
    root = rulesets_folder()
    for path in sorted(root.rglob("ruleset.yaml")):
        name = str(path.parent.relative_to(root))
        version = sky.load(name, allow=("draft", "variant")).newest
        click.echo(f"{name:32} {version.said.status:8} from {version.said.valid_from}  {version.said.name.in_language('en')}")
    click.echo("\ncalendars, with their school days; what is assumed there is not in the sources")
    for path in sorted((root / "calendars").rglob("*.yaml")):
        name = str(path.relative_to(root / "calendars"))[:-5]
        calendar = sky.load_calendar(name)
        (year,) = calendar.years
        stated = f", the source states {year.stated}" if year.stated not in (None, len(calendar.school_days)) else ""
        click.echo(f"{name:32} {len(calendar.school_days)} school days{stated}; assumed: {'; '.join(year.assumed) or 'nothing'}")


@app.command(hidden=True)
@click.argument("name", type=click.Choice(["record", "decision"]))
def schema(name: str) -> None:
    """The JSON Schema of a record or a decision."""
    from sky_model.decision import decision_schema

    click.echo(json.dumps(record_schema() if name == "record" else decision_schema(), indent=1))
