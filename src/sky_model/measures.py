"""What a counter that is no plain sum counts: days, half days, runs, episodes, the most frequent one. Numbers from days.

Rules: nothing is known here of records and calendars, only of days with what is counted on each, as pairs (low, high): what is
certain, and that plus what may still count; every function gives such a pair, low never above high; one counted thing is 100.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sky_model.rules import Count

__all__ = ["OneDay", "Piece", "counts", "episodes", "measured", "most", "new_rows", "run"]

ONE = 100  # one counted day, mark or time, in hundredths


class Piece(NamedTuple):
    """What one mark, or the gap of a day (`said` None), adds to a counter on a day; amounts in hundredths of a minute."""

    low: int
    high: int
    is_mark: int  # 1: certainly one mark more, whatever its length
    said: Any


class OneDay(NamedTuple):
    """One day: what counts, all absence of any kind, and five times its planned lessons (None: not given)."""

    day: int
    pieces: tuple[Piece, ...]
    absent: tuple[int, int]
    planned: int | None


def counts(count: Count, low: int, high: int, planned: int | None) -> tuple[int, int]:
    """Does a day with these amounts reach `day_from`? As a pair of 0 and 1."""
    word, n = count.day_from
    if word == "any_part":
        return int(low > 0), int(high > 0)
    if word == "minutes":
        return int(low >= n > 0), int(high >= n)
    if not planned:
        return 0, int(high > 0)
    return int(low * 500 >= n * planned), int(high * 500 >= n * planned)


def _sums(pieces: Iterable[Piece]) -> tuple[int, int]:
    low = high = 0
    for p in pieces:
        low += p.low
        high += p.high
    return low, high


def _amount(count: Count, pieces: Sequence[Piece], planned: int | None) -> tuple[int, int]:
    """What pieces of one day are in the counter's measure."""
    if count.measure == "marks":
        marks = [p for p in pieces if p.said is not None]
        return ONE * sum(p.is_mark for p in marks), ONE * len(marks)
    low, high = _sums(pieces)
    if count.measure in ("lessons", "clock_hours"):
        return low, high
    if count.measure == "half_days":
        return _halves(pieces, low, high, planned)
    sure, maybe = _reaches(count, pieces, planned)
    return ONE * sure, ONE * maybe


def _reaches(count: Count, pieces: Sequence[Piece], planned: int | None) -> tuple[int, int]:
    """Does the day count? A mark without length is some part of it for certain."""
    sure, maybe = counts(count, *_sums(pieces), planned)
    if count.day_from[0] == "any_part" and any(p.is_mark and p.said is not None for p in pieces):
        return 1, 1
    return sure, maybe


def _halves(pieces: Sequence[Piece], low: int, high: int, planned: int | None) -> tuple[int, int]:
    """Two halves of a day, each once. A mark that does not say in which half it lies is in one, and possibly in both."""
    sure: set[str] = set()
    maybe: set[str] = set()
    at_least = 0
    for p in pieces:
        part = getattr(p.said, "part", None)
        halves = {"start_of_day": {"first"}, "end_of_day": {"second"}}.get(part or "", {"first", "second"})
        maybe |= halves
        if p.low > 0 or (p.is_mark and p.said is not None):
            at_least = 1
            if len(halves) == 1:
                sure |= halves
    certain = 2 if planned and low * 5 >= planned else max(len(sure), at_least)
    return ONE * certain, ONE * max(certain, len(maybe) if high > 0 else 0)


def measured(count: Count, days: Sequence[OneDay]) -> tuple[int, int]:
    """Lessons, hours, marks, days or half days, all added up."""
    low = high = 0
    for d in days:
        a, b = _amount(count, d.pieces, d.planned)
        low, high = low + a, high + b
    return low, high


def most(count: Count, days: Sequence[OneDay]) -> tuple[int, int]:
    """The number on the most frequent weekday, subject, teacher or lesson; what does not say it may be on any."""
    keys: set[Any] = set()
    for d in days:
        keys.update(k for p in d.pieces if (k := _key(count, d, p)) is not None)
    best = measured(count, [d._replace(pieces=tuple(p for p in d.pieces if _key(count, d, p) is None)) for d in days])
    low, high = 0, best[1]
    for key in keys:
        sure = [d._replace(pieces=tuple(p for p in d.pieces if _key(count, d, p) == key)) for d in days]
        maybe = [d._replace(pieces=tuple(p for p in d.pieces if _key(count, d, p) in (key, None))) for d in days]
        low, high = max(low, measured(count, sure)[0]), max(high, measured(count, maybe)[1])
    return low, high


def _key(count: Count, day: OneDay, piece: Piece) -> Any:
    if count.most_on_one == "weekday":
        return (day.day - 1) % 7
    return getattr(piece.said, str(count.most_on_one), None)


def run(count: Count, days: Sequence[OneDay]) -> tuple[int, int]:
    """The unbroken run that ends with the last of these school days: over its certain days, and over its possible ones."""
    low = high = 0
    for sure in (True, False):
        found: list[OneDay] = []
        for d in reversed(days):
            if not _goes_on(d, sure):
                break
            found.append(d)
        a, b = _of_run(count, found)
        low, high = (a, high) if sure else (low, max(b, low))
    return low, high


def _goes_on(d: OneDay, sure: bool) -> bool:
    """Are all planned lessons of the day absence? Of a day without planned lessons given: possible when anything is marked."""
    low, high = d.absent
    if d.planned is None:
        return not sure and high > 0
    return d.planned > 0 and (low if sure else high) * 5 >= d.planned


def _of_run(count: Count, days: Sequence[OneDay]) -> tuple[int, int]:
    if count.measure != "calendar_days":
        return measured(count, days)
    out = []
    for i in (0, 1):
        counted = [d.day for d in days if _reaches(count, d.pieces, d.planned)[i]]
        out.append(ONE * (max(counted) - min(counted) + 1) if counted else 0)
    return out[0], out[1]


def episodes(count: Count, days: Sequence[OneDay], first: int) -> tuple[int, int]:
    """Longest rows of school days that count, of which a day is not before `first`. Days: all school days, in order."""
    pairs = [(d.day, _reaches(count, d.pieces, d.planned)) for d in days]
    low, high = _rows(pairs, 0, first), _rows(pairs, 1, first)
    return ONE * low, ONE * max(low, high)


def new_rows(count: Count, days: Sequence[OneDay], first: int, old: set[int]) -> tuple[bool, bool]:
    """Is there a row, with a day not before `first`, on no day of which anything was known before? Certain, and possible."""
    out = []
    for i in (0, 1):
        rows: list[list[int]] = [[]]
        for d in days:
            if _reaches(count, d.pieces, d.planned)[i]:
                rows[-1].append(d.day)
            elif rows[-1]:
                rows.append([])
        out.append(any(row and row[-1] >= first and not old.intersection(row) for row in rows))
    return out[0], out[0] or out[1]


def _rows(pairs: Iterable[tuple[int, tuple[int, int]]], i: int, first: int) -> int:
    found, goes, is_counted = 0, False, False
    for day, pair in pairs:
        if not pair[i]:
            goes = is_counted = False
            continue
        if not goes:
            goes, is_counted = True, False
        if day >= first and not is_counted:
            found, is_counted = found + 1, True
    return found
