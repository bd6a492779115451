"""`sky`: the command line. A table for people, JSON Lines for machines.

Exit codes: 0 all decided · 1 something unexpected in what was asked · 2 wrong use · 3 some pupils not decided ·
4 a ruleset, calendar or mapping has faults.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

try:
    import click
except ImportError:  # pragma: no cover - the core is installed without the extra
    sys.exit("the command `sky` needs the extra cli: pip install 'sky-model[cli]'")

import sky_model as sky
from sky_model.checks.cases import run_cases
from sky_model.decision import dumps
from sky_model.explanation import explain as explain_decision
from sky_model.host.intake import Intake, Refused, read_lines, read_mapping, read_marks
from sky_model.model import rulesets_folder
from sky_model.records import record_schema
from sky_model.vocabulary import LANGUAGES

NOT_DECIDED, FAULTY = 3, 4


class Day(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    name = "day"

    def convert(self, value: Any, param: Any, ctx: Any) -> date:
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        try:
            if len(value) != 10:
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


def _calendars(calendar: str | None, schools: str | None) -> Any:
    if calendar:
        return sky.load_calendar(*calendar.split("+"))
    if not schools:
        return None
    from sky_model.source import read_file

    source = read_file(Path(schools))
    if source.problems:
        raise sky.RulesetError(source.problems)
    out: dict[str, Any] = {}
    for i, s in enumerate(source.data.get("schools", []) if isinstance(source.data, dict) else []):
        if not isinstance(s, dict) or "id" not in s or not s.get("calendars"):
            place = source.place(("schools", i))
            raise sky.RulesetError(
                [
                    sky.Problem(
                        "school",
                        "a school has an id and calendars",
                        place,
                        "write {id: s-3, calendars: [kotka/2026-27]}",
                    )
                ]
            )
        out[s["id"]] = sky.load_calendar(*s["calendars"])
    return out


def _read(records: str, mapping: str | None, model: sky.Model) -> tuple[Iterator[Any], Intake | None]:
    """Cases and refusals, one after another; a CSV is read as a whole."""
    if records == "-":
        return read_lines(iter(sys.stdin.buffer.readline, b"")), None
    path = Path(records)
    if not path.is_file():
        raise click.UsageError(f"there is no file '{records}'")
    if path.suffix.lower() in (".jsonl", ".ndjson", ".json"):
        return read_lines(path.open("rb")), None
    found = read_mapping(Path(mapping)) if mapping else None
    kinds = {k for v in model.versions for k in v.kinds}
    intake = read_marks(path.read_bytes(), mapping=found, known_kinds=kinds, file=records)
    return iter([*intake.refused, *intake.cases]), intake


def _decided(
    cases: Iterable[Any], model: sky.Model, calendars: Any, on: date, known_on: date | None, reader: str | None
) -> Iterator[Any]:
    for case in cases:
        if isinstance(case, Refused):
            yield case
            continue
        try:
            decision = sky.decide(model, case, on=on, known_on=known_on, calendars=calendars)
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
    model = sky.load(rules, allow=allow)
    calendars = _calendars(calendar, schools)
    if isinstance(calendars, sky.Calendar):
        problems = model.problems_with(calendars)
        if problems:
            raise sky.RulesetError(problems)
    cases, intake = _read(records, mapping, model)
    answers = _decided(cases, model, calendars, on, known_on, reader)
    refused = 0
    if as_json or records == "-":
        for a in answers:
            refused += isinstance(a, Refused)
            click.echo(_refusal(a) if isinstance(a, Refused) else dumps(a))
            sys.stdout.flush()
        if intake:
            for line in _unmapped(intake):
                click.echo(line, err=True)
    else:
        found = []
        for n, a in enumerate(answers, 1):
            found.append(a)
            if n % 1000 == 0 and sys.stderr.isatty():
                click.echo(f"\r{n} pupils", nl=False, err=True)
        refused = sum(isinstance(a, Refused) for a in found)
        table(found, on)
        if intake:
            for line in _unmapped(intake):
                click.echo(line)
    sys.exit(NOT_DECIDED if refused else 0)


def _refusal(r: Refused) -> str:
    e = r.error
    body = {"rule": e.rule, "message": e.message, "field": e.field, "event": e.event}
    return json.dumps({"format": 1, "pupil": r.pupil, "error": body}, ensure_ascii=False, separators=(",", ":"))


def _unmapped(intake: Intake) -> list[str]:
    out = []
    if intake.left_out:
        out.append(f"columns left out: {', '.join(intake.left_out)}")
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
        act = next((a for s in d.rules.steps for a in s.actions if t and a.id == t.action), None)
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
    model = sky.load(rules, allow=allow)
    cases, _ = _read(records, mapping, model)
    one = (c for c in cases if c.pupil == pupil)
    for a in _decided(one, model, _calendars(calendar, schools), on, known_on, reader):
        if isinstance(a, Refused):
            click.echo(str(a.error), err=True)
            sys.exit(NOT_DECIDED)
        click.echo(explain_decision(a, language=language))
        return
    click.echo(f"there is no pupil '{pupil}' in {records}", err=True)
    sys.exit(1)


@app.command()
@click.argument("ruleset")
@JSON
def check(ruleset: str, as_json: bool) -> None:
    """Every fault of a ruleset at once, with file, line, column and what to write instead."""
    problems = sky.check(ruleset)
    for p in problems:
        click.echo(json.dumps(p.to_json(), ensure_ascii=False) if as_json else str(p))
    if not problems and not as_json:
        click.echo(f"{ruleset}: no faults")
    sys.exit(FAULTY if problems else 0)


@app.command("test")
@click.argument("ruleset")
@ALLOW
def run_golden(ruleset: str, allow: tuple[str, ...]) -> None:
    """Run the golden cases of a ruleset: its folder cases/*.yaml."""
    model = sky.load(ruleset, allow=allow)
    shipped = rulesets_folder() / ruleset
    folder = (shipped if shipped.is_dir() else Path(ruleset)) / "cases"
    outcomes = list(run_cases(model, folder))
    for o in outcomes:
        click.echo(f"{'holds ' if not o.faults else 'FAILS '} {o.name}")
        for fault in o.faults:
            click.echo(f"        {o.file}:{o.line}: {fault}")
    failed = sum(bool(o.faults) for o in outcomes)
    click.echo(f"{len(outcomes) - failed} of {len(outcomes)} hold")
    sys.exit(1 if failed or not outcomes else 0)


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


@app.command(hidden=True)
@click.argument("name", type=click.Choice(["record", "decision"]))
def schema(name: str) -> None:
    """The JSON Schema of a record or a decision."""
    from sky_model.decision import decision_schema

    click.echo(json.dumps(record_schema() if name == "record" else decision_schema(), indent=1))


if __name__ == "__main__":
    main()
