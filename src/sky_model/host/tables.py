"""An export as a table: its columns with what stands in them, and which of them are people's data.

Rules: what is no table with headings is refused without a word of it; a column that looks like people's data keeps why, and
what stands in it is only ever compared, never shown.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from sky_model.errors import Place, Problem, RulesetError
from sky_model.host.rows import decoded, separator_of
from sky_model.host.shown import (
    AMOUNT,
    FORMS,
    IDENTITY,
    MAIL,
    OTHER_DAY,
    PERSONAL,
    PHONE,
    PLACES,
    apart,
    is_heading,
    looks_like,
)

__all__ = ["PUPIL", "Column", "Table", "day_of", "read_table"]

PUPIL = (  # headings of a column of pupils, the surest first
    r"(oppilas|oppilaan|opiskelija|pupil|student|elev|learner).*(tunn|num|nro|\bid\b|\bno\b|\bnr\b|koodi|kod\b|code|key)",
    r"^(oppilas|opiskelija|pupil|student|elev|learner)$",
    r"oppilas|opiskelija|pupil|student|elev|learner",
)
LOOKS = (  # of the cells of a column that look so, the share from which the column is left out, in per cent
    ("identity codes", 5),
    ("e-mail addresses", 5),
    ("phone numbers", 10),
    ("addresses", 10),
    ("names", 40),  # a column of codes may hold a capital or two
)


@dataclass(eq=False)
class Column:
    """One column. values: a cell for each row, stripped · personal: (what it looks like, by its heading?) or None"""

    at: int
    heading: str
    values: list[str] = field(repr=False)
    personal: tuple[str, bool] | None = None
    is_masked: bool = False  # the heading is not made of words that headings are made of, or stands twice

    @cached_property
    def cells(self) -> Counter[str]:
        """What stands in it, without the empty cells, and how often."""
        return Counter(x for x in self.values if x)

    @cached_property
    def n(self) -> int:
        return self.cells.total()

    @cached_property
    def words(self) -> str:
        return apart(self.heading)

    def share(self, form: re.Pattern[str]) -> float:
        return sum(n for c, n in self.cells.items() if form.match(c)) / self.n if self.n else 0.0

    @cached_property
    def are_days(self) -> bool:
        return self.share(OTHER_DAY) > 0.5

    @cached_property
    def are_amounts(self) -> bool:
        return self.share(AMOUNT) > 0.8


@dataclass(slots=True)
class Table:
    """lines: of each row, as an editor counts them"""

    encoding: str
    separator: str
    columns: list[Column] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)


def day_of(text: str, form: str | None) -> date | None:
    """The day in one of the forms that are read; None if it is none."""
    if form is None or not FORMS[form].match(text):
        return None
    parts = text.split("-") if form == "iso" else text.split(".")[::-1]
    try:
        return date(*map(int, parts))
    except ValueError:
        return None


def read_table(data: bytes, file: str) -> Table:
    """Raises RulesetError for what is no table with headings."""
    text, encoding = _text(data, file)
    separator, header, rows = _rows(text, file)
    table = Table(encoding, separator, lines=[line for line, _ in rows])
    for i, heading in enumerate(header):
        column = Column(i, heading, [r[i].strip() if i < len(r) else "" for _, r in rows])
        column.personal = _personal(column)
        column.is_masked = header.count(heading) > 1 or not is_heading(heading)
        table.columns.append(column)
    return table


def _text(data: bytes, file: str) -> tuple[str, str]:
    if data[:2] == b"PK" or data[:4] == b"\xd0\xcf\x11\xe0":
        said = "not readable as CSV: it is a workbook or a packed file"
        raise RulesetError([Problem("not-csv", said, Place(file), "save the sheet as CSV")])
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data:
        said = "not readable as CSV: it is UTF-16 or no text"
        raise RulesetError([Problem("not-csv", said, Place(file), "save it as CSV in UTF-8")])
    if not data.strip(b"\xef\xbb\xbf\r\n\t ;,"):
        hint = "the first line names the columns, then comes one row for each mark"
        raise RulesetError([Problem("empty", "the file is empty", Place(file), hint)])
    return decoded(data)


def _rows(text: str, file: str) -> tuple[str, list[str], list[tuple[int, list[str]]]]:
    """(separator, headings, rows with their line)."""
    separator = separator_of(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        header = [h.strip() for h in next(reader, [])]
        begin, rows = reader.line_num, []
        for row in reader:
            if any(x.strip() for x in row):
                rows.append((begin + 1, row))
            begin = reader.line_num
    except csv.Error:  # what csv itself says is not repeated: it may quote the file
        hint = "look for a quotation mark that is opened and not closed"
        raise RulesetError([Problem("not-csv", "not readable as CSV", Place(file, reader.line_num, 1), hint)]) from None
    hint = "the first line names the columns: take away what stands before it, or write it"
    is_data = any(f.match(h) for h in header for f in (*FORMS.values(), AMOUNT, PHONE)) or any(map(IDENTITY.search, header))
    known = sum(bool(h) and is_heading(h) for h in header)
    if text.lower().startswith("sep=") or is_data or any(map(MAIL.search, header)) or len(header) < 2 or not known:
        raise RulesetError([Problem("no-header", "the first line does not name columns that are known", Place(file, 1, 1), hint)])
    return separator, header, rows


# ---------------------------------------------------------------------- people's data
def _by_heading(words: str) -> str:
    for what, pattern in PERSONAL:
        if re.search(pattern, words) and not (what == "names" and re.search(PLACES, words) and "huolt" not in words):
            return what
    return ""


def _personal(column: Column) -> tuple[str, bool] | None:
    """(what a column holds that is people's data, whether its heading says so); None if it holds none."""
    if what := _by_heading(column.words):
        return what, True
    if not column.n:
        return None
    is_pupil = any(re.search(p, column.words) for p in PUPIL)
    looks: Counter[str] = Counter()
    for cell, n in column.cells.items():
        what = looks_like(cell)
        if what and not (what == "identity codes" and cell.isdigit() and is_pupil):  # ten digits may be any number of a pupil
            looks[what] += n
    for what, least in LOOKS:
        if 100 * looks[what] > column.n * least:
            return what, False
    if _are_birth_days(column):
        return "days of birth", False
    if is_pupil and column.share(re.compile(r"\D{3,}\Z")) > 0.5:
        return "names", False  # ids without any digit
    return None


def _are_birth_days(column: Column) -> bool:
    """Days over more than a few years, or over more than one and often at a weekend: no marks of a school."""
    if not column.are_days:
        return False
    days = {d: n for c, n in column.cells.items() for form in FORMS if (d := day_of(c, form))}
    if not days:
        return False
    span, weekends = (max(days) - min(days)).days, sum(n for d, n in days.items() if d.weekday() > 4)
    return span > 4 * 366 or (span > 400 and weekends > 0.15 * sum(days.values()))
