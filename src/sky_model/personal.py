"""What looks like a person: identity codes, addresses, names. The one place where this is said.

Rules: a random UUID is never taken for an identity code; a day of birth is a day; what cannot be told apart (an opaque id that is
a nickname with a digit) is left to who hands it in. Nothing here repeats the text that it judges.

An identity code (Finnish: DDMMYY, a sign of the century, three digits, a check character) is found
- with `-` or `+` also in the middle of other letters, but never where a hexadecimal digit stands before or after it: a UUID has
  nothing else around its hyphens;
- with a letter as sign only where no letter and no digit stands before or after it: in a long random id it is chance.
"""

from __future__ import annotations

import re
from typing import Any

__all__ = [
    "ADDRESS_OR_CODE",
    "CODE_PATTERN",
    "ESCAPED",
    "IDENTITY_CODE",
    "LONGEST_WORD",
    "PERSONAL_SCHEMA",
    "WORD",
    "is_word",
    "may_be_a_name",
    "what_is_personal",
]

_BIRTH = "(?:0[1-9]|[12][0-9]|3[01])(?:0[1-9]|1[0-2])[0-9]{2}"
IDENTITY_CODE = re.compile(
    rf"(?<![0-9A-F]){_BIRTH}[-+][0-9]{{3}}[0-9A-Z](?![0-9A-F])"
    rf"|(?<![0-9A-Z]){_BIRTH}[A-FU-Y][0-9]{{3}}[0-9A-Z](?![0-9A-Z])",
    re.IGNORECASE | re.ASCII,
)
# The same for a JSON Schema, whose patterns know neither flags nor looking back everywhere.
CODE_PATTERN = (
    f"(^|[^0-9A-Fa-f]){_BIRTH}[-+][0-9]{{3}}[0-9A-Za-z]([^0-9A-Fa-f]|$)"
    f"|(^|[^0-9A-Za-z]){_BIRTH}[A-FU-Ya-fu-y][0-9]{{3}}[0-9A-Za-z]([^0-9A-Za-z]|$)"
)
PERSONAL_SCHEMA: dict[str, Any] = {"anyOf": [{"pattern": "@"}, {"pattern": CODE_PATTERN}]}
ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|&#[0-9xX]", re.ASCII)  # it hides
ADDRESS_OR_CODE = re.compile(IDENTITY_CODE.pattern + r"|\S*@\S*", re.IGNORECASE | re.ASCII)  # to be taken out of a text

LONGEST_WORD = 200
WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@#+-]*", re.ASCII)  # an id, a day, a word of a ruleset: no space
_ADDRESS = re.compile(r"@(?!\d{4}-\d\d-\d\d)", re.ASCII)  # the name of an opening has its day there


def what_is_personal(text: str) -> str | None:
    """`an identity code` or `an address`, where a text looks like one."""
    if IDENTITY_CODE.search(text):
        return "an identity code"
    return "an address" if _ADDRESS.search(text) else None


def is_word(text: str) -> bool:
    """Can it be nothing but an id or a word of a ruleset: short, no space, no letter beyond a to z, nothing personal?"""
    return len(text) <= LONGEST_WORD and WORD.fullmatch(text) is not None and what_is_personal(text) is None


def may_be_a_name(name: str) -> bool:
    """May an id be the name of a person? Without a digit in it, it may."""
    return not any(c in "0123456789" for c in name)
