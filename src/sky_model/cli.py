"""`sky`: the command line. A table for people, JSON Lines for machines.

Exit codes: 0 all decided · 1 something unexpected in what was asked · 2 wrong use · 3 some pupils not decided ·
4 a ruleset, calendar or mapping has faults.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

try:
    import click
except ImportError:  # pragma: no cover - the core is installed without the extra
    sys.exit("the command `sky` needs the extra cli: pip install 'sky-model[cli]'")

import sky_model as sky
from sky_model.checks.cases import run_cases
from sky_model.checks.mutations import notice
from sky_model.decision import dumps
from sky_model.explanation import explain as explain_decision
from sky_model.host.intake import Intake, Mapping, Refused, read_lines, read_mapping, read_marks, unmapped_in
from sky_model.host.schools import Schools, read_schools
from sky_model.layers import Origin, rulesets_folder, show
from sky_model.records import record_schema
from sky_model.vocabulary import LANGUAGES

NOT_DECIDED, FAULTY = 3, 4


class Day(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    name = "day"

    def convert(self, value: Any, param: Any, ctx: Any) -> date:
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        try:
            if len(value) != 10 or value[4] != "-" or value[7] != "-":
                raise ValueError
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"'{value}' is no day; write it as 2026-10-01", param, ctx)


@click.group()
@click.version_option(sky.__version__, prog_name="sky")
def app() -> None:
    """Decide what comes next when a pupil is absent. It proposes, a person decides."""


def main() -> None:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8")
    try:
        app()
    except sky.RulesetError as e:
        click.echo(str(e), err=True)
        sys.exit(FAULTY)
    except sky.RecordError as e:
        click.echo(str(e), err=True)
        sys.exit(NOT_DECIDED)


@dataclass
class _Asked:
    """What a command was asked to decide with: one ruleset and calendar for all, or a file of schools."""

    model: sky.Model
    calendars: Any
    schools: Schools | None
    mapping: Mapping | None

    @property
    def kinds(self) -> set[str]:
        models = [s.model for s in self.schools.by_id.values() if s.model] if self.schools else []
        return {k for m in (self.model, *models) for v in m.versions for k in (*v.kinds, *v.codes)}

    def decide(self, case: sky.Case, on: date, known_on: date | None) -> sky.Decision:
        if self.schools is None:
            return sky.decide(self.model, case, on=on, known_on=known_on, calendars=self.calendars)
        school = self.schools.school_of(case, on)
        known = case.does_too(school.does)
        return sky.decide(school.model or self.model, known, on=on, known_on=known_on, calendars=self.calendars)


def _asked(rules: str, allow: tuple[str, ...], calendar: str | None, schools: str | None, mapping: str | None) -> _Asked:
    model = sky.load(rules, allow=allow)
    tied = read_schools(Path(schools), allow=allow) if schools else None
    calendars: Any = sky.load_calendar(*calendar.split("+")) if calendar else tied.calendars if tied else None
    if isinstance(calendars, sky.Calendar) and (problems := model.problems_with(calendars)):
        raise sky.RulesetError(problems)
    found = read_mapping(Path(mapping)) if mapping else tied.mapping if tied else None
    return _Asked(model, calendars, tied, found)


@contextmanager
def _read(records: str, asked: _Asked) -> Iterator[tuple[Iterator[Any], Intake]]:
    """Cases and refusals, one after another; a CSV is read as a whole."""
    if records == "-":
        yield read_lines(iter(sys.stdin.buffer.readline, b"")), Intake()
        return
    path = Path(records)
    if not path.is_file():
        raise click.UsageError(f"there is no file '{records}'")
    if path.suffix.lower() in (".jsonl", ".ndjson", ".json"):
        with path.open("rb") as file:
            yield read_lines(file), Intake()
        return
    intake = read_marks(path.read_bytes(), mapping=asked.mapping, known_kinds=asked.kinds, file=records)
    yield iter([*intake.refused, *intake.cases]), intake


def _decided(
    cases: Iterable[Any], asked: _Asked, intake: Intake, on: date, known_on: date | None, reader: str | None
) -> Iterator[Any]:
    kinds, is_file = asked.kinds, bool(intake.rows)
    for case in cases:
        if isinstance(case, Refused):
            yield case
            continue
        try:
            decision = asked.decide(case, on, known_on)
            if not is_file:
                intake.unmapped.update(unmapped_in(case, kinds))
            yield decision.for_reader(reader) if reader else decision
        except sky.RecordError as e:
            yield Refused(e.pupil or case.pupil, e)


RULES = click.option("--rules", default="presets/lessons-per-term", show_default=True, help="a shipped ruleset or a path")
ALLOW = click.option(
    "--allow", multiple=True, type=click.Choice(["draft", "variant"]), help="statuses that answer only when asked to"
)
CALENDAR = click.option("--calendar", help="one calendar for all; several school years joined with +")
SCHOOLS = click.option("--schools", type=click.Path(dir_okay=False), help="a file that ties schools to calendars")
ON = click.option("--on", type=Day(), required=True, help="the day that is decided about")
KNOWN = click.option("--known-on", type=Day(), help="an earlier day whose knowledge is asked for")
MAPPING = click.option("--mapping", type=click.Path(dir_okay=False), help="columns and codes of another system's export")
JSON = click.option("--json", "as_json", is_flag=True, help="JSON Lines")


@app.command()
@click.argument("records")
@RULES
@ALLOW
@CALENDAR
@SCHOOLS
@ON
@KNOWN
@MAPPING
@click.option("--for", "reader", help="only what this role, guardian, pupil or log may see")
@JSON
def decide(
    records: str,
    rules: str,
    allow: tuple[str, ...],
    calendar: str | None,
    schools: str | None,
    on: date,
    known_on: date | None,
    mapping: str | None,
    reader: str | None,
    as_json: bool,
) -> None:
    """Decide about every pupil of RECORDS: a CSV of marks, JSON Lines, or - for lines on standard input."""
    asked = _asked(rules, allow, calendar, schools, mapping)
    refused = 0
    with _read(records, asked) as (cases, intake):
        answers = _decided(cases, asked, intake, on, known_on, reader)
        if as_json or records == "-":
            for a in answers:
                refused += isinstance(a, Refused)
                click.echo(_refusal(a) if isinstance(a, Refused) else dumps(a))
                sys.stdout.flush()
            for line in _unmapped(intake):
                click.echo(line, err=True)
        else:
            found = list(_with_progress(answers))
            refused = sum(isinstance(a, Refused) for a in found)
            table(found, on)
            for line in (*_unmapped(intake), *_assumed(found)):
                click.echo(line)
    sys.exit(NOT_DECIDED if refused else 0)


def _with_progress(answers: Iterable[Any]) -> Iterator[Any]:
    """On a terminal a counter that goes away again; else nothing."""
    is_shown = sys.stderr.isatty()
    for n, a in enumerate(answers, 1):
        yield a
        if is_shown and n % 200 == 0:
            click.echo(f"\r{n:,} pupils", nl=False, err=True)
    if is_shown:
        click.echo("\r\033[K", nl=False, err=True)


def _assumed(found: list[Any]) -> list[str]:
    """What the decisions rest on that nobody has said: parts of calendars and of rulesets."""
    out: dict[str, None] = {}
    for d in found:
        if isinstance(d, sky.Decision):
            calendar = d.basis["calendar"]
            out.update({f"assumed in the calendar {calendar['name']}: {a}": None for a in calendar["assumed"]})
            name, notes = d.basis["ruleset"]["name"], d.basis["notes"]
            gaps = sum(note.startswith("gap: ") for note in notes)
            out.update({f"{name}: {note}": None for note in notes if not note.startswith("gap: ")})
            if gaps:
                out[f"{name} has {gaps} gaps; sky check lists them"] = None
    return list(out)


@app.command()
@click.argument("records")
@RULES
@ALLOW
@CALENDAR
@SCHOOLS
@ON
@MAPPING
@JSON
def sweep(
    records: str,
    rules: str,
    allow: tuple[str, ...],
    calendar: str | None,
    schools: str | None,
    on: date,
    mapping: str | None,
    as_json: bool,
) -> None:
    """What the rules show of every pupil on a day of checking: counters and open steps, pupil by pupil."""
    asked = _asked(rules, allow, calendar, schools, mapping)
    refused = shown = 0
    with _read(records, asked) as (cases, intake):
        for a in _decided(cases, asked, intake, on, None, None):
            if isinstance(a, Refused):
                refused += 1
                click.echo(_refusal(a) if as_json else f"{a.pupil}: not decided: {a.error.message}")
                continue
            steps = sorted({s.step for s in a.open_steps})
            shown += len(a.shown)
            if as_json:
                numbers = [{"item": x.item, "counter": x.counter, "low": x.low, "high": x.high, "why": x.why} for x in a.shown]
                line = {"format": 1, "pupil": a.pupil, "on": on.isoformat(), "shown": numbers, "open_steps": steps}
                click.echo(json.dumps(line, ensure_ascii=False, separators=(",", ":")))
            elif a.shown:
                numbers_said = ", ".join(f"{x.counter} {_amount_said(x)}" for x in a.shown)
                click.echo(f"{a.pupil}: {numbers_said}{'; open: ' + ', '.join(steps) if steps else ''}")
    if not shown and not as_json:
        click.echo(f"nothing is shown of every pupil on {on}: no community work of these rules falls on this day")
    sys.exit(NOT_DECIDED if refused else 0)


def _amount_said(x: Any) -> str:
    if x.why is not None:
        return f"({x.why.replace('_', ' ')})"
    return f"{x.low}" if x.low == x.high else f"{x.low} to {x.high}"


def _refusal(r: Refused) -> str:
    e = r.error
    body = {"rule": e.rule, "message": e.message, "field": e.field, "event": e.event}
    return json.dumps({"format": 1, "pupil": r.pupil, "error": body}, ensure_ascii=False, separators=(",", ":"))


def _unmapped(intake: Intake) -> list[str]:
    out = []
    if intake.left_out:
        out.append("columns left out. Where one is ours, name it under columns: in the mapping:")
        out += [f'    …: "{column}"' for column in intake.left_out]
    if intake.no_such_kind:
        out.append("kinds that the mapping names and the ruleset does not have; correct them in the mapping:")
        out += [f"  {kind}   # {n} mark{'s' if n > 1 else ''}" for kind, n in sorted(intake.no_such_kind.items())]
    if intake.unmapped:
        out.append(
            "codes that nobody has mapped; their marks count only as possible. Add to the mapping, with the kind filled in:"
        )
        out += [
            f'  - {{code: "{code}", kind: …}}   # {n} mark{"s" if n > 1 else ""}' for code, n in sorted(intake.unmapped.items())
        ]
    return out


def table(found: list[Any], on: date) -> None:
    """Pupils as a table: those not decided first, then by due day. Plain text when it is not a terminal."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    refused = [a for a in found if isinstance(a, Refused)]
    decided = [a for a in found if not isinstance(a, Refused)]
    decided.sort(key=lambda d: (not d.is_undecided, d.next is None, d.next.due if d.next and d.next.due else date.max, d.pupil))
    grid = Table(title=f"on {on}", title_justify="left", header_style="bold", expand=False)
    for name in ("pupil", "next", "who", "by", "state", "why"):
        grid.add_column(name, overflow="fold")
    for r in refused:
        grid.add_row(Text(r.pupil, style="bold red"), Text(f"not decided: {r.error.message}"), "", "", "", Text(r.error.rule))
    quiet = 0
    for d in decided:
        t = d.next
        if t is None and not d.is_undecided and not d.set_aside:
            quiet += 1
            continue
        act = d.rules.acts.get(t.action) if t else None
        aside = f"{len(d.set_aside)} mark{'s' if len(d.set_aside) > 1 else ''} set aside" if d.set_aside else ""
        question = f"undecided: {d.questions[0].what.replace('_', ' ')}, {d.questions[0].fact}" if d.questions else ""
        step = next((s for s in d.open_steps if t and s.name in t.openings), None)
        counted = next((r for r in step.because if r.what == "counter"), None) if step else None
        why = f"{step.step} since {step.opened_on}" + (f", {counted.low} of {counted.limit}" if counted else "") if step else ""
        grid.add_row(
            Text(d.pupil),
            Text(act.name.in_language("en") if act else "–"),
            Text(t.role if t else ""),
            Text(str(t.due) if t and t.due else ""),
            Text(("overdue" if t.overdue else t.state) if t else ""),
            Text("; ".join(x for x in (question, why, aside) if x)),
        )
    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
    console.print(grid)
    undecided = sum(d.is_undecided for d in decided)
    console.print(
        f"{len(decided)} decided, of these {undecided} with an open question; "
        f"{len(refused)} not decided; {quiet} without a task are not shown."
    )


@app.command()
@click.argument("records")
@RULES
@ALLOW
@CALENDAR
@SCHOOLS
@ON
@KNOWN
@MAPPING
@click.option("--pupil", required=True)
@click.option("--language", type=click.Choice(LANGUAGES), default="fi", show_default=True)
@click.option("--for", "reader", help="only what this role, guardian, pupil or log may see")
def explain(
    records: str,
    rules: str,
    allow: tuple[str, ...],
    calendar: str | None,
    schools: str | None,
    on: date,
    known_on: date | None,
    mapping: str | None,
    pupil: str,
    language: str,
    reader: str | None,
) -> None:
    """One pupil's decision in words."""
    asked = _asked(rules, allow, calendar, schools, mapping)
    with _read(records, asked) as (cases, intake):
        one = (c for c in cases if c.pupil == pupil)
        for a in _decided(one, asked, intake, on, known_on, reader):
            if isinstance(a, Refused):
                click.echo(str(a.error), err=True)
                sys.exit(NOT_DECIDED)
            click.echo(explain_decision(a, language=language))
            return
    click.echo(f"there is no pupil '{pupil}' in {records}", err=True)
    sys.exit(1)


def _rulesets_in(name: str) -> list[str]:
    """The ruleset of a name, or all those in a folder."""
    path = Path(name)
    if path.is_dir() and not (path / "ruleset.yaml").is_file() and not (rulesets_folder() / name / "ruleset.yaml").is_file():
        found = sorted(str(p.parent) for p in path.rglob("ruleset.yaml"))
        if found:
            return found
    return [name]


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
    names, faults = _rulesets_in(ruleset), 0
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
    names, held, failed = _rulesets_in(ruleset), 0, 0
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


if __name__ == "__main__":
    main()
