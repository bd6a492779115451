"""The rows of a CSV, each with the line on which it begins; a row that cannot be read is one fault and costs no other row.

Rules: a quote opens a cell only at its beginning and must close; after it comes the separator or the end of the row. Where a
quote does not close, only the line on which it opens is lost: the next line is a row again. A row has exactly as many cells as
the first line: where one is missing, nobody knows which. A fault names a cell by its number and repeats nothing of it.

Why not the `csv` module: it takes an unclosed quote for a cell that holds every following row, and knows no lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

__all__ = ["LARGEST_FILE", "LONGEST_CELL", "Row", "decoded", "read_rows", "separator_of"]

LARGEST_FILE = 100_000_000  # bytes
LONGEST_CELL = 10_000  # characters
LONGEST_ROW = 100_000


@dataclass(frozen=True, slots=True)
class Row:
    """line: on which it begins, from 1. fault: (code, sentence); `cells` are then those before it, which are sure.

    loose  with a fault: what its line holds between separators; whose row it is may be seen there
    """

    line: int
    cells: list[str]
    fault: tuple[str, str] | None = None
    loose: frozenset[str] = frozenset()


def decoded(data: bytes) -> tuple[str, str]:
    """(the text, in which encoding it was read): UTF-8 with or without a byte order mark, else Latin-1.

    The first line decides, then the more frequent of the two: one bad cell never changes how the others are read. In UTF-8 a byte
    that is none stands as \\xE4 in the text.
    """
    try:
        return data.decode("utf-8-sig"), "UTF-8 with a byte order mark" if data[:3] == b"\xef\xbb\xbf" else "UTF-8"
    except UnicodeDecodeError:
        pass
    lines = data.split(b"\n")
    votes = [_is_utf_8(line) for line in lines if not line.isascii()]
    if data[:3] == b"\xef\xbb\xbf" or (_is_utf_8(lines[0]) if not lines[0].isascii() else 2 * sum(votes) >= len(votes)):
        return data.decode("utf-8-sig", "backslashreplace"), "UTF-8, not everywhere"
    return data.decode("latin-1"), "not UTF-8, read as Latin-1"


def _is_utf_8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def separator_of(text: str) -> str:
    head = text.split("\n", 1)[0]
    return max(",;\t", key=head.count)


def read_rows(text: str, separator: str) -> Iterator[Row]:
    """Every row, the first line too; lines end with a newline, a carriage return or both."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    at, line, wide = 0, 1, 0
    while at < len(text):
        end = _end_of_line(text, at)
        row, after = _row(text, at, end, line, separator, wide)
        if not row.fault and wide:
            row = _of_width(row, wide)
        if row.fault:
            after = end
            pieces = text[at : min(end, at + LONGEST_ROW)].split(separator)
            row = replace(row, loose=frozenset(x.strip(' "') for x in pieces))
        wide = wide or len(row.cells)
        yield row
        line += text.count("\n", at, after) + 1
        at = after + 1


def _end_of_line(text: str, at: int) -> int:
    found = text.find("\n", at)
    return len(text) if found < 0 else found


def _row(text: str, at: int, end: int, line: int, separator: str, wide: int) -> tuple[Row, int]:
    """(the row, where it ends)."""
    if end - at > LONGEST_ROW:
        sure = text[at : at + LONGEST_ROW].split(separator)[:-1] if text.find('"', at, at + LONGEST_ROW) < 0 else []
        return Row(line, sure, ("row-length", f"the row has more than {LONGEST_ROW:,} characters")), end
    if text.find('"', at, end) >= 0:
        return _quoted_row(text, at, line, separator, wide)
    cells = text[at:end].split(separator)
    for n, cell in enumerate(cells):
        if len(cell) > LONGEST_CELL:
            return Row(line, cells[:n], ("cell-length", f"cell no. {n + 1} has more than {LONGEST_CELL:,} characters")), end
    return Row(line, cells), end


def _quoted_row(text: str, at: int, line: int, separator: str, wide: int) -> tuple[Row, int]:
    cells: list[str] = []
    here, sure = at, 0
    while True:
        begin = here
        while text[begin : begin + 1] == " ":
            begin += 1
        if text[begin : begin + 1] == '"':
            found = _quoted_cell(text, begin + 1)
            if found is None:
                said = f"a quote opens in cell no. {len(cells) + 1} and does not close; write a quote within a cell as two"
                return Row(line, cells, ("quote", said)), here
            cell, here = found
            if text[here : here + 1] not in ("", "\n", separator):
                said = (
                    f"something stands after the closing quote of cell no. {len(cells) + 1}; write a quote within a cell as two"
                )
                return Row(line, cells, ("quote", said)), here
        else:
            end = _end_of_line(text, here)
            stop = text.find(separator, here, end)
            stop = end if stop < 0 else stop
            cell, here = text[here:stop], stop
        if "\n" not in cell and sure == len(cells):
            sure += 1
        cells.append(cell)
        if text[here : here + 1] != separator or here >= len(text):
            break
        here += 1
    if sure < len(cells) and wide > 1 and any(x.count(separator) + 1 == wide for x in text[at:here].split("\n")[1:]):
        said = f"cell no. {sure + 1} runs over lines that look like rows of their own; close its quote in its line"
        return Row(line, cells[:sure], ("quote", said)), here
    return Row(line, cells), here


def _quoted_cell(text: str, at: int) -> tuple[str, int] | None:
    """(the cell, what stands after it), from behind its opening quote; None: it does not end."""
    parts, here, last = [], at, at + LONGEST_CELL
    while (found := text.find('"', here, last)) >= 0:
        if text[found + 1 : found + 2] != '"':
            parts.append(text[here:found])
            here = found + 1
            while text[here : here + 1] == " ":
                here += 1
            return "".join(parts), here
        parts.append(text[here : found + 1])
        here = found + 2
    return None


def _of_width(row: Row, wide: int) -> Row:
    """The same row, or a fault. A row of blanks is none."""
    if len(row.cells) == wide or not any(cell.strip() for cell in row.cells):
        return row
    said = f"the row has {len(row.cells)} cells and the first line {wide}; write a cell that holds the separator in quotes"
    return Row(row.line, [], ("row-length", said))
