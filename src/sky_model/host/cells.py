"""What a cell of an export says: a day, an amount, a grade, yes or no. Raises BadCell, which never repeats the cell."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

__all__ = ["BadCell", "amount_in", "day_in", "flag_in", "grade_in", "is_class", "is_of_several"]

CLASS = re.compile(r"\d{1,2}[ .-]?([A-Za-zÅÄÖåäö]{1,2}|\d)", re.ASCII)  # 7B, 7 b, 10a, 7-1: nothing of a name fits in
GROUP = re.compile(r"([0-9])[ .-]?[A-Za-zÅÄÖåäö]{1,2}")  # 7B, 7 b: the digit is the grade; in 7-1 it need not be
SEVERAL = re.compile(r"(\d) ?[-–/+&] ?(\d) ?[A-Za-zÅÄÖåäö]{0,2}", re.ASCII)  # 1-2, 1–2 A
TWO_READINGS = re.compile(r"[1-9]\d{0,2},\d{3}", re.ASCII)  # 1,000: a decimal comma, or a thousand
AMOUNT = re.compile(r"-?\d{1,9}([.,]\d{1,9})?", re.ASCII)
ISO, FINNISH = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII), re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", re.ASCII)
FIRST_YEAR, LAST_YEAR = 1900, 2200
FLAGS = {"yes": True, "no": False, "true": True, "false": False}


class BadCell(Exception):
    """(code, sentence that follows the name of the column)."""


def is_of_several(text: str) -> bool:
    """Is it a class of several grades, such as 1-2? 7-1 is none: there the second number does not rise."""
    found = SEVERAL.fullmatch(text)
    return found is not None and found[1] < found[2]


def is_class(text: str) -> bool:
    """Does it look like a class and like nothing else? Only then may it be shown."""
    return bool(CLASS.fullmatch(text)) or is_of_several(text)


def day_in(text: str, form: str = "iso") -> date:
    """form: `iso` or `d.m.yyyy`, where the mapping says so; then days as 2026-09-14 are read too."""
    found = ISO.fullmatch(text)
    parts = found.groups() if found else None
    if parts is None and form == "d.m.yyyy" and (found := FINNISH.fullmatch(text)):
        parts = found.groups()[::-1]
    if parts is None:
        raise BadCell("not-a-day", "is not a day; write it as 2026-09-14, without a time" + _form(form))
    year, month, day = map(int, parts)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise BadCell("no-such-day", f"lies before {FIRST_YEAR} or after {LAST_YEAR}")
    try:
        return date(year, month, day)
    except ValueError:
        raise BadCell("no-such-day", "is a date that does not exist") from None


def _form(form: str) -> str:
    return "; the mapping may say date_form: d.m.yyyy" if form == "iso" else ", or as 14.9.2026"


def amount_in(text: str) -> Decimal:
    """A number with a decimal point or comma."""
    if TWO_READINGS.fullmatch(text):
        raise BadCell("two-readings", "has a comma before three digits: that may be one or a thousand; write 1 or 1000")
    if not AMOUNT.fullmatch(text):
        raise BadCell("not-a-number", "is not a number; write it in digits, such as 6 or 1,5")
    return Decimal(text.replace(",", "."))


def flag_in(text: str) -> bool:
    if text.lower() not in FLAGS:
        raise BadCell("not-true-false", "is neither yes nor no")
    return FLAGS[text.lower()]


def grade_in(text: str) -> int:
    """A grade from 0 to 9, or that of a class such as 8B."""
    if re.fullmatch(r"[0-9]", text):
        return int(text)
    if is_of_several(text):
        said = "is a class of several grades; write the pupil's own grade, or leave it empty where it is not given"
        raise BadCell("several-grades", said)
    if found := GROUP.fullmatch(text):
        return int(found[1])
    said = (
        "is not a grade from 0 to 9; leave it empty, or say in the mapping which grade a class is: "
        "classes: [{class: Eskari, grade: 0}]"
    )
    raise BadCell("not-a-grade", said)
