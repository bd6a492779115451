"""Commands about pupils: decide about many, explain one, show every pupil on a day of checking."""

from __future__ import annotations

import json
import sys
from datetime import date
from typing import Any

import click

import sky_model as sky
from sky_model.checks.counterfactual import say_what_if, what_if
from sky_model.cli.application import (
    JSON,
    KNOWN,
    NOT_DECIDED,
    ON,
    UNTIL,
    Asked,
    app,
    cases_of,
    decided,
    deciding,
    with_progress,
)
from sky_model.decision import OpenStep, dumps
from sky_model.explanation import explain as explain_decision
from sky_model.host.drafts import may_show_code, may_show_heading
from sky_model.host.intake import Intake, Refused, is_class, is_of_several
from sky_model.reserved import CLOSE_STEP, name_of
from sky_model.rules import CLOSE
from sky_model.vocabulary import LANGUAGES

__all__ = ["table"]

FOR = click.option("--for", "reader", help="only what this role, group, guardian, pupil or log may see")


@app.command()
@click.argument("records")
@deciding
@ON
@KNOWN
@UNTIL
@FOR
@JSON
def decide(
    records: str,
    asked: Asked,
    on: date,
    known_on: date | None,
    data_until: date | None,
    reader: str | None,
    as_json: bool,
) -> None:
    """Decide about every pupil of RECORDS: a CSV of marks, JSON Lines, or - for lines on standard input."""
    refused = 0
    with cases_of(records, asked) as (cases, intake):
        answers = decided(cases, asked, intake, on, known_on, reader, data_until)
        if as_json or records == "-":
            for a in answers:
                refused += isinstance(a, Refused)
                click.echo(_refusal(a) if isinstance(a, Refused) else dumps(a))
                sys.stdout.flush()
            unmapped = _unmapped(intake) if reader is None else []  # codes as somebody typed them, of every pupil
            for line in unmapped:
                click.echo(line, err=True)
        else:
            found = list(with_progress(answers))
            refused = sum(isinstance(a, Refused) for a in found)
            table(found, on)
            for line in (*(_unmapped(intake) if reader is None else []), *_assumed(found)):
                click.echo(line)
    sys.exit(NOT_DECIDED if refused else 0)


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
                out[f"{name} has {gaps} gaps; sky check --all lists them"] = None
    return list(out)


@app.command()
@click.argument("records")
@deciding
@ON
@JSON
def sweep(
    records: str,
    asked: Asked,
    on: date,
    as_json: bool,
) -> None:
    """What the rules show of every pupil on a day of checking: counters and open steps, pupil by pupil."""
    refused = shown = 0
    with cases_of(records, asked) as (cases, intake):
        for a in decided(cases, asked, intake, on, None, None):
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


def _counted(n: int, word: str) -> str:
    return f"{n} {word}{'s' if n > 1 else ''}"


def _unmapped(intake: Intake) -> list[str]:
    out = []
    if intake.left_out:
        out.append("columns left out. Where one is ours, name it under columns: in the mapping:")
        known = [c for c in intake.left_out if may_show_heading(c)]
        out += [f'    …: "{column}"' for column in known]
        hidden = len(intake.left_out) - len(known)
        if hidden:
            out.append(
                f"    {_counted(hidden, 'column')} whose heading is not shown: it may be about a person. Look into the file"
            )
    if intake.classes:
        out.append(
            "classes in the column of grades: their pupils are not decided. Add to the mapping under classes:, with the grade:"
        )
        mappable = {name: n for name, n in intake.classes.items() if is_class(name) and not is_of_several(name)}
        out += [f'  - {{class: "{name}", grade: …}}   # {_counted(n, "row")}' for name, n in sorted(mappable.items())]
        if several := sum(n for name, n in intake.classes.items() if is_of_several(name)):
            out.append(f"  {_counted(several, 'row')} with a class of several grades: give each pupil's own grade")
        if hidden := intake.classes.total() - sum(mappable.values()) - several:
            out.append(f"  {_counted(hidden, 'row')} whose class is not shown: it may be about a person. Look into the file")
    if intake.no_such_kind:
        out.append("kinds that the mapping names and the ruleset does not have; correct them in the mapping:")
        out += [f"  {kind}   # {n} mark{'s' if n > 1 else ''}" for kind, n in sorted(intake.no_such_kind.items())]
    if intake.unmapped:
        out.append(
            "codes that nobody has mapped; their marks count only as possible. Add to the mapping, with the kind filled in:"
        )
        shown = {code: n for code, n in intake.unmapped.items() if may_show_code(code)}
        out += [f'  - {{code: "{code}", kind: …}}   # {_counted(n, "mark")}' for code, n in sorted(shown.items())]
        hidden = sum(intake.unmapped.values()) - sum(shown.values())
        if hidden:
            out.append(
                f"  {_counted(hidden, 'mark')} whose code is not shown: it may be about a person. sky map names their lines"
            )
    return out


def table(found: list[Any], on: date) -> None:
    """Pupils as a table: those not decided, then by what comes first, as handed in where equal. Plain text without a terminal.

    Pupils of whom only steps are left that nobody closed share one row.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    refused = [a for a in found if isinstance(a, Refused)]
    decided = [a for a in found if not isinstance(a, Refused)]
    decided.sort(key=lambda d: d.urgency)
    grid = Table(title=f"on {on}", title_justify="left", header_style="bold", expand=False)
    for name in ("pupil", "next", "who", "by", "state", "why"):
        grid.add_column(name, overflow="fold")
    for r in refused:
        grid.add_row(Text(r.pupil, style="bold red"), Text(f"not decided: {r.error.message}"), "", "", "", Text(r.error.rule))
    quiet, to_close = 0, [d for d in decided if d.next and d.next.duty == CLOSE and not d.is_undecided and not d.set_aside]
    for d in decided:
        t = d.next
        if t is None and not d.is_undecided and not d.set_aside:
            quiet += 1
            continue
        if to_close and d is to_close[0]:
            pupils = ", ".join(x.pupil for x in to_close)
            why = f"nothing is left in their steps: {pupils}"
            grid.add_row(Text(_counted(len(to_close), "pupil")), Text(name_of(CLOSE_STEP, "en") or ""), "", "", "", Text(why))
        if any(d is x for x in to_close):
            continue
        act = d.rules.acts.get(t.action) if t else None
        aside = f"{len(d.set_aside)} mark{'s' if len(d.set_aside) > 1 else ''} set aside" if d.set_aside else ""
        question = f"undecided: {d.questions[0].what.replace('_', ' ')}, {d.questions[0].fact}" if d.questions else ""
        step = next((s for s in d.open_steps if t and s.name in t.openings), None)
        why = f"{step.step} since {step.opened_on}{_numbers(step)}" if step else ""
        grid.add_row(
            Text(d.pupil),
            Text((act.name.in_language("en") if act else name_of(t.action, "en") if t else None) or "–"),
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
    if any(d.basis["as_if"] for d in decided):
        console.print("As if the rules were in force on every day: for replay, not for a decision.")


def _numbers(step: OpenStep) -> str:
    """The number that opened a step, and where it stands today beside the next limit."""
    counted = next((r for r in step.because if r.what == "counter"), None)
    if counted is None:
        return ""
    said = f", {counted.low} of {counted.limit}"
    today = next((x for x in step.today if x.counter == counted.fact), None)
    if today is None:
        return said
    further = "" if today.missing is None else f", {today.missing} to {today.next_limit}"
    return f"{said}; today {today.number}{further}"


@app.command()
@click.argument("records")
@deciding
@ON
@KNOWN
@UNTIL
@click.option("--pupil", required=True)
@click.option("--language", type=click.Choice(LANGUAGES), default="fi", show_default=True)
@FOR
@click.option("--what-if", "step", metavar="STEP", help="the smallest changes with which this step would open, or would not")
@JSON
def explain(
    records: str,
    asked: Asked,
    on: date,
    known_on: date | None,
    data_until: date | None,
    pupil: str,
    language: str,
    reader: str | None,
    step: str | None,
    as_json: bool,
) -> None:
    """One pupil's decision in words. With --what-if: what would have to be recorded otherwise for a step; never advice."""
    if step is not None and (reader or known_on):
        said = "it names single marks" if reader else "it changes the record of the day itself"
        raise click.UsageError(f"--what-if goes without {'--for' if reader else '--known-on'}: {said}")
    with cases_of(records, asked) as (cases, intake):
        one = (c for c in cases if c.pupil == pupil)
        for case in one:
            for a in decided([case], asked, intake, on, known_on, reader, data_until):
                if isinstance(a, Refused):
                    click.echo(_refusal(a) if as_json else str(a.error), err=not as_json)
                    sys.exit(NOT_DECIDED)
                if step is not None:
                    _what_if(asked, case, step, on, language, as_json)
                else:
                    click.echo(dumps(a) if as_json else explain_decision(a, language=language))
                return
    click.echo(f"there is no pupil '{pupil}' in {records}", err=True)
    sys.exit(1)


def _what_if(asked: Asked, case: sky.Case, step: str, on: date, language: str, as_json: bool) -> None:
    """With the rules and the calendar that the pupil's school has on the day."""
    model = asked.model
    if asked.schools is not None:
        school = asked.schools.school_of(case, on)
        model, case = school.model or model, case.does_too(school.does)
    found = what_if(model, case, step, on=on, calendars=asked.calendars)
    click.echo(json.dumps(found.to_json(), ensure_ascii=False) if as_json else say_what_if(found, language=language))
