"""Commands that begin something: a mapping from an export, a local layer from a preset.

Rules: a file that is there is never written over; what is asked on a terminal can be handed in as an option too.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import click

import sky_model as sky
from sky_model.checks.starter import (
    Number,
    Preset,
    Start,
    begin_layer,
    read_preset,
    same_number,
    why_not,
    words_in,
    wrong_form,
)
from sky_model.cli.application import RULES, Day, app
from sky_model.host.drafts import draft_mapping
from sky_model.vocabulary import KEBAB, LANGUAGES


@app.command("map")
@click.argument("export", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@RULES
@click.option("--language", type=click.Choice(LANGUAGES), default="en", show_default=True, help="of the names of the kinds")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="where the draft goes, such as mapping.yaml")
@click.option("--json", "as_json", is_flag=True, help="one JSON object")
def map_export(export: Path, rules: str, language: str, out: Path | None, as_json: bool) -> None:
    """Look at another system's EXPORT (a CSV of marks) and draft the mapping that `sky decide --mapping` reads."""
    newest = sky.load(rules, allow=("draft", "variant")).newest
    kinds = {k.id: k.name.in_language(language) for k in newest.said.kinds}
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
@click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    default="en",
    show_default=True,
    help="of the questions, the comments and the README",
)
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
    preset, words = read_preset(base, language=language), words_in(language)
    given = _numbers_in(numbers, preset)
    questions = _questions(folder, preset, words, name, id_, version, valid_from, because, given)
    if not yes:
        click.echo(f"{preset.name}: {preset.rules.said.name.in_language(language)}\n{words['intro']}\n")
    answers = _answers_to(questions, words, folder, is_asking=not yes)
    if answers is None:
        click.echo(words["nothing-written"])
        return
    values = {n.at: answers[n.at] for n in preset.numbers}
    day = date.fromisoformat(answers["from"])
    start = Start(answers["id"], answers["name"], answers["version"], day, answers["because"], values, language)
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
    click.echo("\n" + words["written"].format(files=", ".join(str(p) for p in written)))
    click.echo(words["counted"].format(n=len(other), of=len(preset.numbers), base=preset.name))
    for gap in preset.gaps:
        click.echo(words["not-asked"].format(base=preset.name, gap=gap))
    click.echo(words["go-on"].format(readme=folder / "README.md"))


@dataclass(frozen=True, slots=True)
class _Question:
    """One question of `sky new`. key: of its answer · default and why_wrong: by the answers before it"""

    key: str
    text: str
    handed_in: str | None
    default: Callable[[dict[str, str]], str]
    why_wrong: Callable[[str, dict[str, str]], str]
    number: Number | None = None


def _questions(
    folder: Path,
    preset: Preset,
    words: dict[str, str],
    name: str | None,
    id_: str | None,
    version: str | None,
    valid_from: date | None,
    because: str | None,
    given: dict[str, str],
) -> list[_Question]:
    called, first = id_ or folder.name, preset.rules.said.valid_from

    def is_empty(text: str, _: dict[str, str]) -> str:
        return "" if text else words["not-empty"]

    def not_an_id(text: str, _: dict[str, str]) -> str:
        return "" if KEBAB.match(text) else words["not-an-id"].format(text=text)

    def not_from(text: str, _: dict[str, str]) -> str:
        try:
            day = date.fromisoformat(text) if len(text) == 10 else None
        except ValueError:
            day = None
        if day is None:
            return words["not-a-day"].format(text=text, first=first)
        return "" if day >= first else words["too-early"].format(first=first)

    def of_number(n: Number) -> _Question:
        def why(text: str, earlier: dict[str, str]) -> str:
            return why_not(preset, n, text, {m.at: earlier[m.at] for m in preset.numbers if m.at in earlier})

        return _Question(n.at, n.what, given.get(n.at), lambda _: n.value, why, n)

    from_day = valid_from.isoformat() if valid_from else None
    place_name = called.replace("-", " ").capitalize()
    return [
        _Question("name", words["ask-name"], name, lambda _: place_name, is_empty),
        _Question("id", words["ask-id"], id_, lambda _: called, not_an_id),
        _Question("from", words["ask-from"], from_day, lambda _: first.isoformat(), not_from),
        _Question("version", words["ask-version"], version, lambda x: f"{x['from'][:4]}-1", is_empty),
        *map(of_number, preset.numbers),
        _Question("because", words["ask-because"], because, lambda _: words["not-decided"], is_empty),
    ]


def _answers_to(questions: list[_Question], words: dict[str, str], folder: Path, *, is_asking: bool) -> dict[str, str] | None:
    """An answer for each question: handed in, as in the base, or asked; < goes back to the one before. None: write nothing."""
    answers: dict[str, str] = {}
    offered: dict[str, str] = {}  # an answer that is as it was offered follows what it was offered by
    asked: list[int] = []
    at = 0
    while True:
        if at == len(questions):
            if not is_asking:
                return answers
            said = _is_to_be_written(questions, answers, words, folder)
            if said != "<":
                return answers if said == "yes" else None
        else:
            q = questions[at]
            earlier = {x.key: answers[x.key] for x in questions[:at]}
            default = q.default(earlier)
            if q.handed_in is not None or not is_asking:
                answers[q.key] = default if q.handed_in is None else q.handed_in
                at += 1
                continue
            kept = answers.get(q.key)
            said = _ask(q.text, default if kept in (None, offered.get(q.key)) else kept, words)
            if said != "<":
                if why := q.why_wrong(said, earlier):
                    click.echo(f"  {why}")
                    continue
                answers[q.key], offered[q.key] = said, default
                asked.append(at)
                at += 1
                continue
        if asked:
            at = asked.pop()
        else:
            click.echo(f"  {words['is-first']}")


def _ask(text: str, default: str | None, words: dict[str, str]) -> str:
    """What was answered; `<` for whoever wants to go back, in the sign or in the word of the language."""
    try:
        said = str(click.prompt(text, default=default)).strip()
    except click.Abort:
        raise click.UsageError(words["no-answer"].format(text=text)) from None
    return "<" if said.lower() == words["back"] else said


def _is_to_be_written(questions: list[_Question], answers: dict[str, str], words: dict[str, str], folder: Path) -> str:
    """`yes`, `no` or `<`, after everything that was chosen has been shown once more."""
    click.echo(f"\n{words['answers']}")
    for q in questions:
        is_other = q.number is not None and not same_number(answers[q.key], q.number.value)
        beneath = " " + words["as-in-base"].format(value=q.number.value) if q.number is not None and is_other else ""
        click.echo(f"  {q.text}: {answers[q.key]}{beneath}")
    while True:
        said = _ask(words["ask-write"].format(folder=folder), words["yes"], words).lower()
        for meant in ("yes", "no"):
            if said in words[f"{meant}-words"].split("|"):
                return meant
        if said == "<":
            return said
        click.echo(f"  {words['not-yes-no']}")


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
        if why := wrong_form(known[at], number, language=preset.language):
            raise click.UsageError(f"--number {at}: {why}")
        given[at] = number
    return given
