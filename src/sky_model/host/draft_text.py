"""A look at an export and the draft of its mapping, in words: Finnish, Swedish or English (`texts/mapping.yaml`).

Rules: every gap stands in the draft as `fill-in`, with what may be written there and what speaks for it beside it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from sky_model.host.doubts import Found
from sky_model.host.intake import FILL_IN, is_of_several
from sky_model.host.kinds import LEAVE_OUT, Proposal
from sky_model.source import read_file

if TYPE_CHECKING:
    from sky_model.host.drafts import Draft, Question

__all__ = ["Words", "by_count", "mapping_text"]

MOST_STRETCHES = 20


@lru_cache(maxsize=3)
def _texts(language: str) -> dict[str, str]:
    path = Path(__file__).resolve().parents[1] / "texts" / "mapping.yaml"
    return {key: text[language] for key, text in read_file(path, shown="texts/mapping.yaml").data.items()}


def by_count(counted: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counted.items(), key=lambda x: (-x[1], x[0]))


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of one language."""

    language: str

    def __call__(self, key: str, **filled: object) -> str:
        return _texts(self.language)[key].format(**filled)

    def known(self, text: str) -> str:
        """A word of the reader in this language, or the word itself."""
        return _texts(self.language).get(text, text)

    def column(self, number: int, heading: str | None) -> str:
        return f"'{heading}'" if heading is not None else self("column-hidden", n=number)

    def number(self, n: int | Decimal) -> str:
        """1,074.5 in English, 1 074,5 in Finnish and Swedish."""
        text = f"{n:,}"
        return text if self.language == "en" else text.replace(",", "\N{NO-BREAK SPACE}").replace(".", ",")

    def many(self, what: str, n: int) -> str:
        return self(f"{what}-1") if n == 1 else self(what, n=self.number(n))

    def why_hidden(self, why: str) -> str:
        if why.startswith("looks like "):
            return self("why-looks", what=self(why.removeprefix("looks like ")))
        return self("why-names" if "names" in why else "why-words")

    def kind(self, kind: str) -> str:
        return self("leave_out") if kind == LEAVE_OUT else kind

    def why(self, p: Proposal) -> str:
        """What the words of a code propose, and by which of them."""
        stems = ", ".join(p.stems)
        if p.kind is not None:
            return self("proposed-name" if p.is_name else "proposed", kind=self.kind(p.kind), stems=stems)
        if len(p.others) > 1:
            return self("proposed-several", stems=stems, kinds=", ".join(map(self.kind, p.others)))
        return self("proposed-turned", stems=stems) if stems else self("proposed-none")

    # ------------------------------------------------------------------ the look at the export
    def lines(self, draft: Draft, *, with_questions: bool = True) -> Iterator[str]:
        yield self("rows", n=self.number(draft.rows), encoding=self.known(draft.encoding), separator=self(draft.separator))
        yield self("columns")
        for mine, theirs in draft.columns.items():
            yield f"  {mine:8} '{theirs}'   ({draft.grounds[mine]})"
        if draft.left_out:
            yield self("left-out")
            yield from (f"  {self.column(n, heading)}: {why}" for n, heading, why in draft.left_out)
        yield from self._codes(draft)
        if draft.classes:
            yield self("classes")
            yield from (f"  {self.number(n):>7}  {name}" for name, n in sorted(draft.classes.items()))
        yield from self._days(draft)
        yield from (self("look", text=x) for x in draft.says)
        if draft.questions and with_questions:
            yield self("in-doubt-head")
            for q in draft.questions:
                yield f"  {q.text} ({q.why})"
                yield from (f"    {i}  {o.text}" for i, o in enumerate(q.options, 1))

    def _codes(self, draft: Draft) -> Iterator[str]:
        if draft.codes or draft.masked:
            yield self("codes")
        for code, n in by_count(draft.codes):
            yield f"  {self.number(n):>7}  {code or self('no-code')}   {self.why(draft.proposals[code])}"
        for m in draft.masked:
            yield f"  {self.number(m.marks):>7}  {self('not-shown', why=m.why, line=m.line)}   {self.why(m.proposal)}"

    def _days(self, draft: Draft) -> Iterator[str]:
        if not (draft.first and draft.last):
            return
        yield self("days", first=draft.first, last=draft.last, form=draft.date_form)
        if not draft.unmarked:
            yield self("all-marked")
            return
        yield self("without-marks")
        for a, b in draft.unmarked[:MOST_STRETCHES]:
            yield f"  {a}" if a == b else f"  {self('stretch', first=a, last=b)}"
        if len(draft.unmarked) > MOST_STRETCHES:
            yield f"  {self('and-more', n=len(draft.unmarked) - MOST_STRETCHES)}"


# ---------------------------------------------------------------------- the mapping
def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def mapping_text(
    draft: Draft, found: Found, words: Words, kinds: Mapping[str, Mapping[str, str]], accepted: Mapping[str, str]
) -> str:
    open_ = {q.about: q for q in draft.questions}
    out = [f"# {words('draft-1')}", f"# {words('draft-2', fill=FILL_IN)}", "format: 1"]
    out += [f"name: our export   # {words('draft-name')}", "columns:"]
    for mine in ("pupil", "date", "kind", "grade", "lessons"):
        if mine in open_:
            out += [f"  {mine}: {FILL_IN}   # {open_[mine].text} {open_[mine].why}", *_options(open_[mine], words)]
            if mine == "lessons":
                out.append(f"  #   {words('draft-no-column')}")
    out += [f"  {mine}: {_quoted(theirs)}   # {draft.grounds[mine]}" for mine, theirs in draft.columns.items()]
    if draft.left_out:
        out.append(f"# {words('draft-left-out')}")
        out += [f"#   {words.column(n, heading)}: {why}" for n, heading, why in draft.left_out]
    out.append(f"date_form: {draft.date_form or f'{FILL_IN}   # ' + words('draft-form')}")
    out += _rest(draft, found, words, open_)
    if kinds:
        out.append(f"# {words('draft-kinds')}")
        out += [f"#   {kind}: {names[words.language]}" for kind, names in kinds.items()]
    out += _classes(draft, words)
    out += _codes(draft, words, accepted)
    return "\n".join(out) + "\n"


def _options(question: Question, words: Words) -> Iterator[str]:
    columns = [o for o in question.options if o.value.isdigit()]
    if columns:
        yield f"  #   {words('draft-options')}"
        for o in columns:
            end = f" ({words('draft-heading')})" if o.heading is None else ""
            yield f"  #     {o.text}{end}"
    else:
        yield f"  #   {words('draft-heading')}"


def _rest(draft: Draft, found: Found, words: Words, open_: Mapping[str, Question]) -> Iterator[str]:
    """What the lengths are, which rows do not count, and whether two rows about one lesson do."""
    if "length" in open_:
        is_unit = "lessons" in draft.columns or "lessons" in open_
        yield f"length: {FILL_IN}   # {open_['length'].text} {words('draft-unit' if is_unit else 'draft-rows')}"
    elif found.length is not None:
        yield f"length: {found.length}"
    if any(about.startswith("leave_out") for about in open_):
        column = next(d.options[0] for d in found.doubts if d.about.startswith("leave_out"))
        heading = "…" if column.is_masked else _quoted(column.heading)
        yield f"leave_out: {FILL_IN}   # {words('draft-void', example=f'[{{column: {heading}, is_not: [...]}}]')}"
    elif found.leave_out:
        said = ", ".join(f"{{column: {_quoted(h)}, is_not: {json.dumps(c, ensure_ascii=False)}}}" for h, c in found.leave_out)
        yield f"leave_out: [{said}]"
    if "doubled_rows" in open_:
        n = next(d.facts["n"] for d in found.doubts if d.about == "doubled_rows")
        yield f"doubled_rows: {FILL_IN}   # {words('draft-doubled', n=n)}"
    elif found.doubled_rows is not None:
        yield f"doubled_rows: {found.doubled_rows}"


def _classes(draft: Draft, words: Words) -> Iterator[str]:
    if not draft.classes:
        return
    yield f"# {words('draft-classes')}"
    mapped = [c for c in sorted(draft.classes) if not is_of_several(c)]
    yield "classes:" if mapped else "classes: []"
    for name in mapped:
        grade = name[0] if not name[1].isdigit() else FILL_IN
        yield f"  - {{class: {_quoted(name)}, grade: {grade}}}   # {words.many('n-rows', draft.classes[name])}"
    for name in sorted(c for c in draft.classes if is_of_several(c)):
        yield f"#   {words('draft-several', name=_quoted(name))}"


def _codes(draft: Draft, words: Words, accepted: Mapping[str, str]) -> Iterator[str]:
    yield f"# {words('draft-leave-out')}"
    yield "codes:" if draft.codes or draft.masked else "codes: []"
    for code, n in by_count(draft.codes):
        kind = accepted.get(code, FILL_IN)
        said = "leave_out: yes" if kind == LEAVE_OUT else f"kind: {kind}"
        why = "" if code in accepted else f"; {words.why(draft.proposals[code])}"
        yield f"  - {{code: {_quoted(code)}, {said}}}   # {words.many('n-marks', n)}{why}"
    for m in draft.masked:
        told = f"{words.many('n-marks', m.marks)}, {words('first-line', line=m.line)}: {m.why}; {words.why(m.proposal)}"
        yield f"  - {{code: {FILL_IN}, kind: {FILL_IN}}}   # {told}"
