"""Commands about rulesets: check, test, who says a value, what must be handed in, what is shipped."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

import sky_model as sky
from sky_model.checks.cases import Outcome, run_cases
from sky_model.checks.completeness import complete as look_for_all
from sky_model.checks.coverage import SORTS, Coverage, coverage
from sky_model.checks.editor import Offered, calendar_schema, cases_schema, offered_by, ruleset_schema, schema_of
from sky_model.checks.mending import mend_ruleset
from sky_model.checks.mutations import Noticed, notice
from sky_model.checks.pupils import examples_for
from sky_model.checks.remarks import gaps_by_layer, layer_by_file, remarks
from sky_model.cli.application import ALLOW, FAULTY, JSON, Day, app, rulesets_in
from sky_model.cli.upgrades import open_conflicts
from sky_model.compiler import with_its_base
from sky_model.decision import decision_schema
from sky_model.errors import Place
from sky_model.host.intake import Mapping
from sky_model.host.requests import answer_schema, request_schema
from sky_model.host.schools import SchoolsFile
from sky_model.layers import Origin, read_layers, rulesets_folder, show
from sky_model.milder import prove
from sky_model.records import record_schema

SCHEMAS: dict[str, Callable[[Offered], dict[str, Any]]] = {
    "ruleset": ruleset_schema,
    "record": lambda _: record_schema(),
    "decision": lambda _: decision_schema(),
    "request": lambda _: request_schema(),
    "answer": lambda _: answer_schema(),
    "cases": cases_schema,
    "schools": lambda offered: schema_of(SchoolsFile, "the schools of an installation, format 1", offered),
    "mapping": lambda offered: schema_of(Mapping, "columns and codes of another system's export, format 1", offered),
    "calendar": lambda _: calendar_schema(),
}


def _problem_line(p: sky.Problem, form: str, *, is_remark: bool = False) -> str:
    """A fault or a remark for a person, for an editor (one line), for GitHub's annotations, or for a machine."""
    if form == "json":
        return json.dumps(p.to_json(), ensure_ascii=False)
    if form == "line":
        hint = f" ({p.hint})" if p.hint else ""
        word = "warning" if is_remark else "error"
        return f"{p.place.file}:{p.place.line}:{p.place.column}: {word}: {p.message} [{p.code}]{hint}"
    if form == "github":
        said = f"{p.message}. {p.hint}" if p.hint else p.message
        said = said.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        word = "warning" if is_remark else "error"
        return f"::{word} file={p.place.file},line={p.place.line},col={p.place.column},title={p.code}::{said}"
    return f"remark: {p}" if is_remark else str(p)


@app.command()
@click.argument("ruleset")
@JSON
@click.option("--format", "form", type=click.Choice(["text", "line", "github"]), default="text", help="for an editor, for GitHub")
@click.option("--fix", is_flag=True, help="mend the spelling of keys and quotes in the files first, and nothing else")
@click.option("--all", "is_all", is_flag=True, help="the remarks on the base and its gaps too; --json always has them")
@click.option("--on", type=Day(), help="the day from which on the end of a version is near, 60 days before it  [default: today]")
def check(ruleset: str, as_json: bool, form: str, fix: bool, is_all: bool, on: date | None) -> None:
    """Every fault of a ruleset, or of all rulesets in a folder, with file, line, column and what to write instead.

    A layer is refused where it is milder than its base and the base protects: the smallest pupil that shows it is printed as
    a golden case. What is odd and no fault is a remark.
    """
    names, faults, shown = rulesets_in(ruleset), 0, "json" if as_json else form
    for name in names:
        for mend in mend_ruleset(name) if fix else ():
            said = json.dumps(mend.to_json(), ensure_ascii=False) if as_json else str(mend)
            click.echo(said, err=form != "text" and not as_json)  # an editor reads faults only
        problems = sorted([*sky.check(name), *open_conflicts(name)], key=lambda p: p.place)
        faults += len(problems)
        for p in problems:
            click.echo(_problem_line(p, shown))
        if shown == "text" and any(p.code == "milder" for p in problems):
            _show_examples(name)
        if any(p.code != "open-conflict" for p in problems):
            continue
        newest = sky.load(name, allow=("draft", "variant")).newest
        today = on or datetime.now().astimezone().date()
        layers, odd, gaps = layer_by_file(newest), remarks(newest, on=today), gaps_by_layer(newest)
        if shown == "json":
            for line in _noted(odd, gaps, layers):
                click.echo(json.dumps(line, ensure_ascii=False))
            continue
        own = [p for p in odd if is_all or layers.get(p.place.file) == newest.layers[0]]
        own_gaps = [note for layer, _, note in gaps if is_all or layer == newest.layers[0]]
        if shown != "text":
            for p in own:
                click.echo(_problem_line(p, shown, is_remark=True))
        if problems or shown != "text":
            continue
        if len(names) > 1:
            click.echo("; ".join([f"{name}: no faults", *_counted(len(own_gaps), len(own))]))
            continue
        click.echo(f"{name}: no faults")
        _show_proof(name)
        for p in own:
            click.echo(_problem_line(p, shown, is_remark=True))
        for at in newest.open_to_layers:
            click.echo(f"open to layers: {at}")
        for note in (*own_gaps, *(n for n in newest.notes if not n.startswith("gap: "))):
            click.echo(note)
        if of_base := _counted(len(gaps) - len(own_gaps), len(odd) - len(own)):
            click.echo(f"of the base: {', '.join(of_base)}; see them with: sky check --all {name}")
    sys.exit(FAULTY if faults else 0)


def _counted(gaps: int, odd: int) -> list[str]:
    return [f"{n} {word}{'s' if n > 1 else ''}" for n, word in ((gaps, "gap"), (odd, "remark")) if n]


def _noted(odd: list[sky.Problem], gaps: list[tuple[str, Place, str]], layers: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Remarks and gaps as a machine reads them, those of the base too, each with the layer that it stands in."""
    for p in odd:
        yield p.to_json() | {"severity": "remark", "layer": layers.get(p.place.file)}
    for layer, at, note in gaps:
        where = {"file": at.file, "line": at.line, "column": at.column, "hint": ""}
        yield {"code": "gap", "message": note.removeprefix("gap: "), **where, "severity": "gap", "layer": layer}


def _show_examples(name: str) -> None:
    """Each pupil for whom the layer is milder, as a case to be pasted: it holds under the base."""
    for m, example in examples_for(name):
        if example is None:
            click.echo(f"no pupil was found for whom {m.at} is milder; it is refused because the contrary cannot be proven")
        else:
            click.echo(f"for example this pupil: {example.said}. As a golden case:\n{example.to_yaml()}", nl=False)


def _show_proof(name: str) -> None:
    layers, _ = read_layers(name)
    sides = with_its_base(layers) if len(layers) > 1 else None
    if sides is None or sides[1].said.status == "variant":
        return
    proof = prove(*sides)
    counted = ", ".join(
        f"{n} {word}{'s' if n != 1 else ''}"
        for n, word in ((proof.steps, "step"), (proof.actions, "action"), (proof.messages, "message"))
    )
    click.echo(f"never milder than {sides[0].name} where it protects: proven for {counted}")


@app.command("test")
@click.argument("ruleset")
@ALLOW
@JSON
@click.option("--mutations", is_flag=True, help="change the rules at one place at a time: do the cases notice?")
@click.option("--coverage", "covered", is_flag=True, help="what the cases pass: rules, sides, boundaries, transitions")
def run_golden(ruleset: str, allow: tuple[str, ...], as_json: bool, mutations: bool, covered: bool) -> None:
    """Run the golden cases (cases/*.yaml) of a ruleset, or of all rulesets in a folder. Drafts are tested too."""
    names, held, failed = rulesets_in(ruleset), 0, 0
    changes, survivors = 0, list[str]()
    counts, missing = dict.fromkeys(SORTS, (0, 0)), list[str]()
    for name in names:
        model = sky.load(name, allow=("draft", "variant", *allow))
        shipped = rulesets_folder() / name
        folder = (shipped if shipped.is_dir() else Path(name)) / "cases"
        outcomes = list(run_cases(model, folder))
        bad = sum(bool(o.faults) for o in outcomes)
        held, failed = held + len(outcomes) - bad, failed + (bad if outcomes else 1)
        noticed = notice(model, folder) if mutations else None
        passed = coverage(model, folder) if covered else None
        if as_json:
            click.echo(json.dumps(_tested(name, outcomes, noticed, passed), ensure_ascii=False))
            continue
        if len(names) > 1:
            click.echo(name)
        for o in outcomes:
            click.echo(f"{'holds ' if not o.faults else 'FAILS '} {o.name}")
            for fault in o.faults:
                click.echo(f"        {o.file}:{o.line}: {fault}")
        if not outcomes:
            click.echo(f"        {name} has no cases")
        if noticed is not None:
            changes += noticed.changes
            survivors += [f"{name}: {s}" for s in noticed.survivors]
        if passed is not None:
            for sort in SORTS:
                gone, whole = passed.missing(sort), len(passed.whole[sort])
                counts[sort] = counts[sort][0] + whole - len(gone), counts[sort][1] + whole
                missing += [f"{name}: {line}" for line in gone]
    if not as_json:
        click.echo(f"{held} of {held + failed} hold")
        for line in survivors:
            click.echo(f"not noticed: {line}")
        if mutations:
            share = 100 * (changes - len(survivors)) / changes if changes else 100
            click.echo(f"{changes - len(survivors)} of {changes} changes are noticed ({share:.1f} %)")
        for line in missing:
            click.echo(f"not covered: {line}")
        if covered:
            click.echo("covered: " + ", ".join(f"{n} of {of} {sort}" for sort, (n, of) in counts.items()))
    sys.exit(1 if failed else 0)


def _tested(name: str, outcomes: list[Outcome], noticed: Noticed | None, passed: Coverage | None) -> dict[str, Any]:
    """What became of the cases of one ruleset, as a machine reads it."""
    cases = [{"name": o.name, "file": o.file, "line": o.line, "faults": list(o.faults)} for o in outcomes]
    out: dict[str, Any] = {"format": 1, "ruleset": name, "cases": cases}
    if noticed is not None:
        out["mutations"] = {"changes": noticed.changes, "survivors": list(noticed.survivors)}
    if passed is not None:
        out["coverage"] = passed.to_json()
    return out


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


@app.command()
@click.argument("name", type=click.Choice(list(SCHEMAS)))
@click.option("--base", help="offer the names of this ruleset and its bases: in a layer, in cases, in schools, in a mapping")
@click.option("--out", type=click.Path(dir_okay=False), help="write it to a file")
def schema(name: str, base: str | None, out: str | None) -> None:
    """The JSON Schema of a kind of file, for an editor, or of a record or a decision."""
    if base and name in ("record", "decision", "request", "answer", "calendar"):
        raise click.UsageError(f"a {name} names nothing of a ruleset; leave --base out")
    text = json.dumps(SCHEMAS[name](offered_by(base) if base else Offered()), indent=1, ensure_ascii=False)
    if out is None:
        click.echo(text)
        return
    try:
        Path(out).write_text(text + "\n", encoding="utf-8")
    except OSError as e:
        raise click.UsageError(f"'{out}' cannot be written: {e.strerror}") from None
    click.echo(f"{out}: written")


@app.command()
@click.argument("ruleset")
@JSON
def complete(ruleset: str, as_json: bool) -> None:
    """What the core curriculum asks a provider to settle: which item of RULESET settles it, or what to write.

    An item is looked for, never judged: whether what is written there is right and enough, a person judges.
    """
    found = look_for_all(sky.load(ruleset, allow=("draft", "variant")).newest)
    if as_json:
        click.echo(json.dumps(found.to_json(), ensure_ascii=False))
        return
    for line in found.lines():
        click.echo(line)
