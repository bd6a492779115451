"""A first look at another system's export: what is in it, and a draft of its mapping for a person to fill in.

Rules: what a code means is never guessed, only proposed; what is in doubt is a gap that does not load; columns that look like
people's data are left out. Of the file's own text only four things are ever shown: a heading made of words that headings are
made of, a code made of words that codes are made of, a class such as 7B, and days; for everything else stands its column or line.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sky_model.host.columns import find_columns
from sky_model.host.doubts import Doubt, Found
from sky_model.host.draft_text import Words, by_count, mapping_text
from sky_model.host.intake import is_class, is_of_several
from sky_model.host.kinds import Proposal, propose
from sky_model.host.shown import AMOUNT, IDENTITY, MAIL, why_hidden
from sky_model.host.tables import Column, Table, day_of, read_table

__all__ = ["Draft", "Masked", "Option", "Question", "draft_mapping"]


@dataclass(slots=True)
class Masked:
    """Marks whose code is not shown: why, how many, the line of the first one, and what its words propose."""

    marks: int
    line: int
    why: str
    proposal: Proposal = field(default_factory=Proposal)


@dataclass(frozen=True, slots=True)
class Option:
    """One answer. value: what `answers` takes · text: for a person · heading: where it is a column that may be shown"""

    value: str
    text: str
    heading: str | None = None

    def to_json(self) -> dict[str, str]:
        return {"value": self.value, "text": self.text}


@dataclass(frozen=True, slots=True)
class Question:
    """What only a person can say, in one language. about: as in `answers` · options: none where the export must be mended"""

    about: str
    text: str
    why: str
    options: tuple[Option, ...] = ()


@dataclass(slots=True)
class Draft:
    """What an export holds, as far as it may be shown, and the text of a mapping to be filled in.

    columns: ours to theirs · grounds: ours to why it was guessed · left_out: (number, heading where it may be shown, why)
    """

    rows: int
    encoding: str
    separator: str
    date_form: str | None
    language: str = "en"
    columns: dict[str, str] = field(default_factory=dict)
    grounds: dict[str, str] = field(default_factory=dict)
    left_out: list[tuple[int, str | None, str]] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    codes: Counter[str] = field(default_factory=Counter)
    proposals: dict[str, Proposal] = field(default_factory=dict)  # of the codes that are shown
    masked: list[Masked] = field(default_factory=list)
    classes: Counter[str] = field(default_factory=Counter)  # in the column of grades, that are no grade; their rows
    first: date | None = None
    last: date | None = None
    unmarked: list[tuple[date, date]] = field(default_factory=list)
    says: list[str] = field(default_factory=list)
    mapping: str = ""

    def to_json(self) -> dict[str, Any]:
        said = Words(self.language)
        return {
            "format": 1,
            "rows": self.rows,
            "encoding": self.encoding,
            "separator": self.separator,
            "date_form": self.date_form,
            "columns": [{"ours": m, "theirs": t, "ground": self.grounds[m]} for m, t in self.columns.items()],
            "left_out": [{"column": n, "heading": heading, "why": why} for n, heading, why in self.left_out],
            "questions": [
                {
                    "about": q.about,
                    "text": q.text,
                    "why": q.why,
                    "options": [{"value": o.value, "text": o.text} for o in q.options],
                }
                for q in self.questions
            ],
            "codes": [
                {"code": code, "marks": n, "proposed": self.proposals[code].kind, "why": said.why(self.proposals[code])}
                for code, n in by_count(self.codes)
            ],
            "not_shown": [
                {"line": m.line, "marks": m.marks, "why": m.why, "proposed": m.proposal.kind, "because": said.why(m.proposal)}
                for m in self.masked
            ],
            "classes": [{"class": name, "rows": n} for name, n in sorted(self.classes.items())],
            "first": self.first.isoformat() if self.first else None,
            "last": self.last.isoformat() if self.last else None,
            "without_marks": [{"from": a.isoformat(), "to": b.isoformat()} for a, b in self.unmarked],
            "says": self.says,
            "mapping": self.mapping,
        }

    def lines(self, *, with_questions: bool = True) -> Iterator[str]:
        """The look at the export as lines of text."""
        return Words(self.language).lines(self, with_questions=with_questions)


def draft_mapping(
    data: bytes,
    *,
    file: str = "export.csv",
    kinds: Mapping[str, Mapping[str, str]] | None = None,
    codes: Iterable[str] = (),
    language: str = "en",
    answers: Mapping[str, str] | None = None,
    accepted: Mapping[str, str] | None = None,
    limits: tuple[int, ...] = (),
) -> Draft:
    """Look at a CSV and draft its mapping. Raises RulesetError if it is no CSV.

    kinds     of the ruleset, with their names by language; they are proposed, and stand in the draft
    codes     of other systems that the ruleset itself knows: they are shown as they are
    answers   to the questions of an earlier draft, by what they are about
    accepted  the kind of a code, or `leave_out`, as a person has accepted it; the other codes stay open
    limits    in lessons: with each rival column it is said how many pupils would reach the second of them
    """
    table = read_table(data, file)
    found = find_columns(table, answers or {})
    words = Words(language)
    draft = Draft(len(table.lines), table.encoding, table.separator, found.date_form, language)
    draft.columns = {mine: c.heading for mine, c in found.columns.items()}
    draft.grounds = {mine: words(g) for mine, g in found.grounds.items()}
    draft.left_out = list(_left_out(table, found, words))
    draft.questions = [_question(d, table, found, words, limits) for d in found.doubts]
    _look_at_days(draft, table, found, words)
    _look_at_people(draft, table, found, words)
    _look_at_codes(draft, table, found, words, frozenset(codes), kinds or {})
    if not table.lines:
        draft.says.append(words("no-rows"))
    draft.mapping = mapping_text(draft, found, words, kinds or {}, accepted or {})
    return draft


# ---------------------------------------------------------------------- columns and questions
def _left_out(table: Table, found: Found, words: Words) -> Iterator[tuple[int, str | None, str]]:
    doubtful = {c.at for d in found.doubts for c in d.options}
    for c in table.columns:
        if c in found.columns.values():
            continue
        if c.personal:
            why = words("looks-by-heading" if c.personal[1] else "looks-by-content", what=words(c.personal[0]))
        else:
            why = words("in-doubt" if c.at in doubtful else "nothing-of-ours")
        yield c.at + 1, None if c.is_masked else c.heading, why


def _question(doubt: Doubt, table: Table, found: Found, words: Words, limits: tuple[int, ...]) -> Question:
    key, facts = _asked(doubt, words)
    text, why = words(key, **facts), words(doubt.why)
    if doubt.about.startswith("leave_out"):
        why = f"{facts['column']}: {why}"
    limit = limits[min(1, len(limits) - 1)] if limits else None
    if doubt.about in ("pupil", "date", "kind", "grade", "lessons"):
        options = [_column_option(c, doubt, table, found, words, limit) for c in doubt.options]
        if doubt.about == "lessons":
            options += [_one_lesson(found, words, limit), Option("unknown", words("option-unknown"))]
        options.append(Option("none", words("option-none")))
    elif doubt.about == "length" and doubt.why == "no-length":
        options = [_one_lesson(found, words, limit), Option("unknown", words("option-unknown"))]
        options.append(Option("none", words("option-none")))
    elif doubt.about == "length":
        options = [Option(x, words(f"option-{x}")) for x in ("lessons", "hours", "minutes")]
        options.append(Option("none", words("option-none")))
    elif doubt.about.startswith("leave_out") and not doubt.options[0].is_masked:
        cells = sorted({*doubt.options[0].cells, *([""] if doubt.options[0].n < len(table.lines) else [])})
        shown = [x for x in cells if not why_hidden(x, set(), frozenset())]
        options = [Option(x, x or words("no-code")) for x in shown] if len(shown) == len(cells) else []
    elif doubt.about == "doubled_rows":
        options = [Option("both_count", words("option-both")), Option("none", words("option-none"))]
    else:
        options = []
    return Question(doubt.about, text, why, tuple(options))


def _asked(doubt: Doubt, words: Words) -> tuple[str, dict[str, str]]:
    """The key of the text of a question, and what fills it in."""
    facts = dict(doubt.facts)
    if doubt.options:
        column = doubt.options[0]
        facts["column"] = words.column(column.at + 1, None if column.is_masked else column.heading)
    if doubt.about == "length":
        return "ask-no-length" if doubt.why == "no-length" else "ask-length" if doubt.options else "ask-unit", facts
    return f"ask-{doubt.about.split('-')[0]}", facts


def _column_option(column: Column, doubt: Doubt, table: Table, found: Found, words: Words, limit: int | None) -> Option:
    heading = None if column.is_masked else column.heading
    if doubt.about == "lessons" and column.at in found.lengths:
        length = found.lengths[column.at]
        fact = words(
            "option-numbers",
            least=length.least,
            most=length.most,
            looks=words(f"looks-{length.looks}"),
            reach=_reach(found, words, limit, column),
        )
    else:
        fact = words("option-values", n=len(column.cells), rows=column.n)
        if examples := _examples(column) if doubt.about == "kind" else "":
            fact += words("such-as", examples=examples)
    return Option(str(column.at + 1), f"{words.column(column.at + 1, heading)}: {fact}", heading)


def _examples(column: Column) -> str:
    """A few codes of a column, of those that may be shown and are more than letters."""
    shown = [x for x, _ in by_count(column.cells) if len(x) > 3 and not why_hidden(x, set(), frozenset())]
    return ", ".join(f"'{x}'" for x in shown[:3])


def _one_lesson(found: Found, words: Words, limit: int | None) -> Option:
    return Option("one_lesson", words("option-rows", reach=_reach(found, words, limit, None)))


def _reach(found: Found, words: Words, limit: int | None, column: Column | None) -> str:
    """How many pupils would reach a limit if the column were the length, or if each row were one lesson."""
    pupil = found.columns.get("pupil")
    if limit is None or pupil is None:
        return ""
    sums: dict[str, Decimal] = {}
    for i, who in enumerate(pupil.values):
        cell = column.values[i] if column else "1"
        if who and AMOUNT.match(cell):
            sums[who] = sums.get(who, Decimal(0)) + Decimal(cell.replace(",", "."))
    return words("reach", n=sum(x >= limit for x in sums.values()), limit=limit)


# ---------------------------------------------------------------------- what the rows say
def _look_at_days(draft: Draft, table: Table, found: Found, words: Words) -> None:
    if "date" not in found.columns or found.date_form is None:
        return
    counted = [(day_of(c, found.date_form), n) for c, n in found.columns["date"].cells.items()]
    days = {d for d, _ in counted if d}
    if days:
        draft.first, draft.last = min(days), max(days)
        draft.unmarked = list(_runs(days))
    if unread := len(table.lines) - sum(n for d, n in counted if d):
        draft.says.append(words("day-unread", n=unread))


def _look_at_people(draft: Draft, table: Table, found: Found, words: Words) -> None:
    if pupil := found.columns.get("pupil"):
        odd = sum(n for c, n in pupil.cells.items() if (IDENTITY.search(c) and not c.isdigit()) or MAIL.search(c))
        if nobody := len(table.lines) - pupil.n:
            draft.says.append(words("no-pupil", n=nobody))
        if odd:
            draft.says.append(words("odd-pupil", n=odd))
    elif any(c.personal and c.personal[0] in ("identity codes", "names") for c in table.columns):
        draft.says.append(words("pseudonym"))
    if grade := found.columns.get("grade"):
        other = {c: n for c, n in grade.cells.items() if not re.fullmatch(r"[0-9]", c, re.ASCII)}
        draft.classes = Counter({c: n for c, n in other.items() if is_class(c)})
        if hidden := sum(other.values()) - draft.classes.total():
            draft.says.append(words("hidden-class", n=hidden))
        if several := sum(n for c, n in draft.classes.items() if is_of_several(c)):
            draft.says.append(words("several-grades", n=several))


def _look_at_codes(
    draft: Draft, table: Table, found: Found, words: Words, known: frozenset[str], kinds: Mapping[str, Mapping[str, str]]
) -> None:
    if "kind" not in found.columns:
        return
    names = {kind: frozenset(by_language.values()) for kind, by_language in kinds.items()}
    columns = [c for c in table.columns if c.personal and c.personal[0] == "names"]
    people = {w.lower() for c in columns for x in c.cells for w in re.findall(r"[^\W\d_]{2,}", x)}
    masked: dict[str, Masked] = {}
    for line, code in zip(table.lines, found.columns["kind"].values, strict=True):
        if code in draft.codes:
            draft.codes[code] += 1
        elif code in masked:
            masked[code].marks += 1
        elif why := why_hidden(code, people, known):
            masked[code] = Masked(1, line, words.why_hidden(why), propose(code, names))
        else:
            draft.codes[code] = 1
            draft.proposals[code] = propose(code, names)
    draft.masked = sorted(masked.values(), key=lambda m: m.line)
    if draft.masked:
        draft.says.append(words("hidden-codes", n=len(draft.masked)))


def _runs(days: set[date]) -> Iterator[tuple[date, date]]:
    """Days from Monday to Friday without any mark, those that follow each other over a weekend as one."""
    day, start, end = min(days), None, None
    while day <= max(days):
        if day.weekday() < 5:
            if day not in days:
                start, end = start or day, day
            elif start and end:
                yield start, end
                start = end = None
        day += timedelta(days=1)
