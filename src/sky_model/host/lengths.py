"""How long an absence is, by an export: which column says it, and in what.

Rules: a column of numbers may be the place of the lesson in the day, a length, a running total or something else; what it is
called and what its numbers do in the rows of one pupil must agree, and no other column of numbers may be left unexplained.
Lessons or hours of the clock: only a heading that says which is believed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise

from sky_model.host.doubts import Doubt, Found, Length
from sky_model.host.shown import AMOUNT
from sky_model.host.tables import Column, Table

__all__ = ["SLOT", "Row", "find_length", "says"]

Row = tuple[str, str]  # pupil and day, as they are written
LESSONS = r"oppitunnit|oppitunteja|oppituntia|oppituntien|lektioner\b|\blessons\b"
MINUTES = r"minuut|minut|\bmin\b"
HOURS = (
    r"tunnit|tunteja|tuntia|tuntim|timmar|hours|kesto|pituus|laajuus|längd|varaktighet|duration"
    r"|\blength|määrä|maara|\blkm\b|antal|amount|tuntina|klocktim|kellotun"
)
SLOT = (
    r"tunti ?(numero|nro|n)|tunnin ?(numero|nro)|^(oppi)?tunti$|tuntipaikka|lektions? ?(nummer|nr)|^lektion$|^pass$|^lesson$"
    r"|lesson (number|no|slot)|^period$|\bslot\b|position"
)
TOTAL = r"yhteens|kertym|kertyn|summa|\bsum\b|total|cumul|sammanlag|viikkotun|veckotim"
OTHER = (
    r"viikko|\bvko\b|week|vecka|vuosi|\byear|\bår\b|läsår|tunnus|tunniste"
    r"|\bid\b|ryhmä|group|grupp|\brivi|\brad\b|radn|\brow\b|\bikä|\bage\b|ålder|postin|luokka|klass|\bclass\b|grade"
)
LATE = r"late|my[oö]h|\bsen|försen"
LONGEST = {"lessons": 12, "minutes": 600}


def says(column: Column, pattern: str) -> bool:
    return re.search(pattern, column.words) is not None


@lru_cache(maxsize=4096)
def _number(cell: str) -> Decimal | None:
    return Decimal(cell.replace(",", ".")) if AMOUNT.match(cell) else None


def look_at(column: Column, rows: list[Row]) -> Length:
    """What the numbers of a column do in the rows of one pupil and one day."""
    numbers = [_number(x) for x in column.values]
    told = sorted((n, x) for x in column.cells if (n := _number(x)) is not None)
    if not told:
        return Length("", "", "unclear")
    return Length(told[0][1], told[-1][1], _looks(column, numbers, rows))


def _looks(column: Column, numbers: list[Decimal | None], rows: list[Row]) -> str:
    days: dict[Row, list[Decimal]] = {}
    pupils: dict[str, list[tuple[int, Decimal]]] = {}
    for i, (row, n) in enumerate(zip(rows, numbers, strict=False)):
        if n is not None:
            days.setdefault(row, []).append(n)
            pupils.setdefault(row[0], []).append((i, n))
    often = [[n for _, n in found] for found in pupils.values() if len(found) >= 3]
    several = [found for found in days.values() if len(found) > 1]
    most = max(n for n in numbers if n is not None)
    if most > LONGEST["minutes"]:
        return "other"
    if len(often) >= 3 and sum(_rises(x) for x in often) > 0.8 * len(often):
        return "total"
    fixed = [x for x in often if len(set(x)) == 1]
    if len(often) >= 3 and len(fixed) > 0.9 * len(often) and len({x[0] for x in fixed}) > 1:
        return "fixed"
    repeated = sum(len(set(x)) < len(x) for x in several)
    broken = sum(n != int(n) for n in numbers if n is not None)
    usual, often_so = Counter(n for n in numbers if n is not None).most_common(1)[0]
    is_whole_day = usual >= 4 and often_so >= 8 and 2 * often_so > column.n  # half of all marks are not of one late lesson
    if broken >= 2 or (repeated >= 3 and 4 * repeated > len(several)) or is_whole_day:
        return "length"
    if len(several) >= 3 and 4 * repeated <= len(several) and most <= 15:
        return "slot"
    return "unclear"


def _rises(numbers: list[Decimal]) -> bool:
    return all(a <= b for a, b in pairwise(numbers)) and numbers[0] < numbers[-1]


# ---------------------------------------------------------------------- what the export says of it
def find_length(table: Table, found: Found, rows: list[Row], answers: Mapping[str, str]) -> None:
    """The column and what it holds, or the doubts about them."""
    free = [c for c in found.free(table) if c.n and not c.are_days]
    numeric = [
        c for c in free if c.are_amounts or (says(c, f"{LESSONS}|{MINUTES}|{HOURS}|{SLOT}") and c.share(re.compile(r"\d")) > 0.5)
    ]
    found.lengths = {c.at: look_at(c, rows) for c in numeric}
    options = [c for c in numeric if not (says(c, OTHER) and not says(c, f"{LESSONS}|{MINUTES}|{HOURS}"))]
    said = answers.get("length")
    if said in ("one_lesson", "unknown"):
        found.length = said
        return
    column = answers.get("lessons", "")
    if column.isdigit() and 0 < int(column) <= len(table.columns):
        _take(found, table.columns[int(column) - 1], said, "answered")
        return
    named = [c for c in options if says(c, f"{LESSONS}|{MINUTES}|{HOURS}") and not says(c, f"{SLOT}|{TOTAL}|{LATE}")]
    rivals = [c for c in options if c not in named[:1] and not _is_slot(c, found)]
    has_slot = len(options) > 1 and not rivals
    if len(named) == 1 and not rivals and _is_borne_out(named[0], found, rows, len(table.lines), has_slot):
        _take(found, named[0], said, "by-heading")
    elif options:
        found.doubts.append(Doubt("lessons", "rivals" if len(options) > 1 else "not-sure", options))
        _ask_unit(found, said)
    else:
        found.doubts.append(Doubt("length", "no-length"))


def _is_slot(column: Column, found: Found) -> bool:
    """Is it called the place of the lesson, and do its numbers agree?"""
    length = found.lengths[column.at]
    whole = all((n := _number(x)) is not None and n == int(n) and n <= 15 for x in column.cells) and not any(
        "," in x or "." in x for x in column.cells
    )
    return says(column, SLOT) and not says(column, TOTAL) and length.looks in ("slot", "unclear") and whole


def _is_borne_out(column: Column, found: Found, rows: list[Row], n: int, has_slot: bool) -> bool:
    """Do the values say themselves that they are lengths: in nearly every row, none too long, some broken or twice in a day?"""
    unit = "minutes" if says(column, MINUTES) else "lessons"
    numbers = [x for x in map(_number, column.values) if x is not None]
    if column.is_masked or column.share(AMOUNT) < 0.98 or column.n < 0.95 * n or not numbers:
        return False
    if unit == "minutes":
        usual = sorted(numbers)[len(numbers) // 2]
        return usual > 12 and max(numbers) <= LONGEST["minutes"] and found.lengths[column.at].looks in ("length", "unclear")
    days: Counter[Row] = Counter()
    for row, x in zip(rows, map(_number, column.values), strict=False):
        days[row] += x or 0  # type: ignore[assignment]
    too_long = sum(x > LONGEST["lessons"] for x in days.values())
    is_written_so = has_slot and column.share(re.compile(r"\d+[.,]\d")) > 0.9  # 1,0 beside the place of the lesson
    is_length = found.lengths[column.at].looks == "length" or (is_written_so and found.lengths[column.at].looks == "unclear")
    return is_length and max(numbers) <= LONGEST["lessons"] and not too_long


def _take(found: Found, column: Column, said: str | None, ground: str) -> None:
    if said == "minutes" or (said is None and says(column, MINUTES) and not says(column, LATE)):
        found.take("minutes", column, ground)
        return
    found.take("lessons", column, ground)
    if said in ("lessons", "hours"):
        found.length = said
    elif says(column, LESSONS):
        found.length = "lessons"
    else:
        found.doubts.append(Doubt("length", "unit", [column]))


def _ask_unit(found: Found, said: str | None) -> None:
    if said in ("lessons", "hours", "minutes"):
        found.length = said
    else:
        found.doubts.append(Doubt("length", "unit"))
