"""`sky map`: a mapping from another system's export, asked for on a terminal or drafted with its gaps, and what it comes to.

Rules: nothing is written over; an answer that is not given stays a gap; a kind is accepted by a person, code by code; before a
mapping without gaps is written, its numbers are shown and a person says that they are so.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import click

import sky_model as sky
from sky_model.cli.application import RULES, app
from sky_model.host.draft_text import Words, by_count
from sky_model.host.drafts import Draft, Question, draft_mapping
from sky_model.host.intake import FILL_IN, is_of_several, read_mapping
from sky_model.host.kinds import LEAVE_OUT
from sky_model.host.sums import limits_of, lines_of, sum_up
from sky_model.rules import Ruleset
from sky_model.vocabulary import LANGUAGES


@app.command("map")
@click.argument("export", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@RULES
@click.option("--language", type=click.Choice(LANGUAGES), default="en", show_default=True, help="of all that is said and asked")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="where the draft goes, such as mapping.yaml")
@click.option("--ask/--no-ask", default=None, help="ask what is in doubt; without it: on a terminal, with --out")
@click.option(
    "--check", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="a filled-in mapping: what the export comes to"
)
@click.option("--json", "as_json", is_flag=True, help="one JSON object; asks nothing")
def map_export(
    export: Path, rules: str, language: str, out: Path | None, ask: bool | None, check: Path | None, as_json: bool
) -> None:
    """Look at another system's EXPORT (a CSV of marks) and draft the mapping that `sky decide --mapping` reads."""
    newest = sky.load(rules, allow=("draft", "variant")).newest
    words = Words(language)
    if check is not None:
        _check(export, check, newest, words, as_json)
        return
    if out is not None and out.exists():
        raise click.UsageError(f"'{out}' is there already and is not written over; name another file with --out")
    if ask is None:
        ask = out is not None and not as_json and sys.stdin.isatty()
    talk = _Talk(export, newest, words)
    draft = talk.draft()
    if as_json:
        _write(draft, out)
        click.echo(json.dumps(draft.to_json(), ensure_ascii=False, separators=(",", ":")))
        return
    for line in draft.lines(with_questions=not ask):
        click.echo(line)
    click.echo()
    if ask:
        draft = talk.until_answered(draft)
        if FILL_IN not in _said(draft.mapping) and not talk.is_so(draft):
            click.echo(words("not-so"))
            return
    _write(draft, out)
    if out is None:
        click.echo(draft.mapping, nl=False)
        return
    open_ = sum(FILL_IN in line for line in _said(draft.mapping).splitlines())
    click.echo(words("written", out=out))
    if open_:
        click.echo(f"  {words('open-left', n=open_)}")
        click.echo(f"  {words('next-check', export=export, out=out)}")
    click.echo(f"  {words('next-decide', export=export, out=out)}")


def _said(mapping: str) -> str:
    """A mapping without its comments."""
    return "\n".join(line.split("   # ")[0] for line in mapping.splitlines() if not line.lstrip().startswith("#"))


def _write(draft: Draft, out: Path | None) -> None:
    if out is None:
        return
    try:
        out.write_text(draft.mapping, encoding="utf-8", newline="\n")
    except OSError as e:
        raise click.UsageError(f"'{out}' cannot be written: {e.strerror or e}") from None


def _check(export: Path, check: Path, newest: Ruleset, words: Words, as_json: bool) -> None:
    """What a mapping that is filled in makes of an export."""
    sums = sum_up(export.read_bytes(), read_mapping(check), newest, file=str(export))
    if as_json:
        reached = [{"limit": x, "pupils": sums.reaching(x)} for x in sums.limits]
        rows = {"rows": sums.rows, "read": sums.read, "left_out": sums.left_out, "refused": sums.refused}
        counted = {"pupils": len(sums.pupils), "without_length": sums.open, "no_absence": sums.other, "no_kind": sums.no_kind}
        click.echo(json.dumps({"format": 1, **rows, **counted, "reach": reached}, separators=(",", ":")))
        return
    for line in lines_of(sums, words):
        click.echo(line)
    click.echo(words("is-that-so"))


class _Talk:
    """A talk about one export: what has been answered and accepted so far."""

    def __init__(self, export: Path, newest: Ruleset, words: Words) -> None:
        self.export, self.newest, self.words = export, newest, words
        self.data = export.read_bytes()
        self.answers: dict[str, str] = {}
        self.accepted: dict[str, str] = {}
        self.kinds = {k.id: {x: k.name.in_language(x) for x in LANGUAGES} for k in newest.said.kinds}

    def draft(self) -> Draft:
        return draft_mapping(
            self.data,
            file=str(self.export),
            kinds=self.kinds,
            codes=self.newest.codes,
            language=self.words.language,
            answers=self.answers,
            accepted=self.accepted,
            limits=limits_of(self.newest),
        )

    def until_answered(self, draft: Draft) -> Draft:
        """Ask each question once; what is not answered stays a gap."""
        passed: set[str] = set()
        while (question := next((q for q in draft.questions if q.about not in passed), None)) is not None:
            passed.add(question.about)
            if answer := self._ask(question):
                self.answers.update(answer)
                draft = self.draft()
        self._ask_kinds(draft)
        return self.draft()

    def _prompt(self, text: str, default: str | None = None) -> str:
        try:
            return str(click.prompt(text, default=default)).strip()
        except click.Abort:
            raise click.UsageError(self.words("no-answer")) from None

    def _ask(self, q: Question) -> dict[str, str]:
        """The answers that one question gives; empty if it stays open."""
        click.echo(f"{q.text}\n  ({q.why})")
        for i, o in enumerate(q.options, 1):
            click.echo(f"  {i}  {o.text}")
        if not q.options:
            if q.about.startswith("leave_out"):
                click.echo(f"  {self.words('no-options')}")
            return {}
        if q.about.startswith("leave_out"):
            return {q.about: self._ask_cells(q)}
        while True:
            said = self._prompt(self.words("ask-choice"))
            if said.isdecimal() and 0 < int(said) <= len(q.options):
                break
            click.echo(f"  {self.words('not-a-choice', n=len(q.options))}")
        option = q.options[int(said) - 1]
        if option.value == "none" and q.about != "grade":
            return {}
        if option.value.isdigit() and option.heading is None:
            return {}  # a heading that is not shown is written into the mapping by the person who sees it
        return {"length": option.value} if q.about == "lessons" and not option.value.isdigit() else {q.about: option.value}

    def _ask_cells(self, q: Question) -> str:
        while True:
            said = [x.strip() for x in self._prompt(self.words("ask-choice")).split(",")]
            if all(x.isdecimal() and int(x) <= len(q.options) for x in said):
                return json.dumps([q.options[int(x) - 1].value for x in said if int(x)], ensure_ascii=False)
            click.echo(f"  {self.words('not-a-choice', n=len(q.options))}")

    def _ask_kinds(self, draft: Draft) -> None:
        if not draft.codes:
            return
        click.echo(self.words("kinds-head"))
        for kind, names in self.kinds.items():
            click.echo(f"  {kind}: {names[self.words.language]}")
        for code, n in by_count(draft.codes):
            proposal = draft.proposals[code]
            why = self.words.why(proposal)
            click.echo(self.words("ask-code", code=code or self.words("no-code"), n=self.words.many("n-marks", n), why=why))
            while True:
                said = self._prompt(self.words("ask-kind-of"), proposal.kind or "-")
                if said in self.kinds or said in (LEAVE_OUT, "-"):
                    break
                click.echo(f"  {self.words('not-a-kind')}")
            if said != "-":
                self.accepted[code] = said

    def is_so(self, draft: Draft) -> bool:
        """The numbers of a mapping without gaps, and a person's yes or no to them."""
        classes = [f"{c} = {c[0]}" for c in sorted(draft.classes) if not is_of_several(c)]
        if classes and not self._yes(self.words("ask-class", classes=", ".join(classes))):
            return False
        with TemporaryDirectory() as folder:
            path = Path(folder) / "mapping.yaml"
            path.write_text(draft.mapping, encoding="utf-8")
            sums = sum_up(self.data, read_mapping(path), self.newest, file=str(self.export))
        for line in lines_of(sums, self.words):
            click.echo(line)
        return self._yes(self.words("is-that-so"))

    def _yes(self, text: str) -> bool:
        while True:
            said = self._prompt(text).lower()
            for meant in ("yes", "no"):
                if said in self.words(f"{meant}-words").split("|"):
                    return meant == "yes"
            click.echo(f"  {self.words('not-yes-no')}")
