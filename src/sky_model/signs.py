"""Characters and lines that an author does not see, or did not mean, in a file: told before it is read as YAML.

Rules: what one program shows as a comment and another reads as a rule is refused; a fault names the character and what to do;
a line with many of one sort is one fault.
"""

from __future__ import annotations

import re

from sky_model.errors import Place, Problem

__all__ = ["hidden_in", "is_in_quotes", "not_utf_8", "odd_signs", "straight"]

SAVE = "save the file as UTF-8 (in Notepad: Save as, Encoding: UTF-8)"
MOST = 100  # faults of one file: a file with more is none
CONFLICT = re.compile(r"(?:<{7}|>{7}|\|{7})(?: .*)?|={7}")
HIDDEN = {
    "\u0000": "a NUL",
    "\u0085": "a next-line character",
    "\u00ad": "a soft hyphen",
    "\u200b": "a space of no width",
    "\u200c": "a joiner of no width",
    "\u200e": "a mark of the writing direction",
    "\u200f": "a mark of the writing direction",
    "\u2028": "a line separator",
    "\u2029": "a paragraph separator",
    "\u2060": "a joiner of no width",
    "\ufeff": "a byte order mark",
    "\ufffd": "the sign of a letter that was lost",
} | {chr(n): "a sign that turns the writing direction" for n in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
ODD = re.compile(f"{CONTROL.pattern[:-1]}{''.join(HIDDEN)}]")
# ä, ö, å, Ä, Ö, Å and a long dash or a quote as UTF-8, read as Windows-1252 and saved so
TWICE = re.compile(
    "\u00c3[\u00a4\u00b6\u00a5\u201e\u2013\u2026\u0084\u0096\u0085]|\u00e2\u20ac[\u201c\u201d\u2122\u0153\u009d\u0080-\u009f]"
)
OPENING, CLOSING = "\u201c\u201d\u201e\u201a\u2018\u2019\u00ab\u00bb", "\u201c\u201d\u2018\u2019\u00ab\u00bb"


def not_utf_8(raw: bytes, file: str) -> Problem | None:
    """The fault of bytes that are no UTF-8, at the first of them."""
    head = raw[:4000]
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or head.count(0) * 4 > len(head) > 3:
        return Problem("not-utf-8", "the file is saved as UTF-16 or UTF-32", Place(file, 1, 1), SAVE)
    try:
        raw.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        before = raw[: e.start].decode("utf-8-sig")
        place = Place(file, before.count("\n") + 1, len(before) - before.rfind("\n"))
        return Problem("not-utf-8", f"byte {e.start} is not UTF-8", place, SAVE)
    return None


def odd_signs(text: str, file: str) -> list[Problem]:
    """Every line with a character that is not seen, that was lost in an encoding, or that a merge left behind."""
    text = text.replace("\r\n", "\n")
    is_merged = re.search(r"^(?:<{7}|>{7})", text, re.MULTILINE) is not None
    if not (is_merged or ODD.search(text) or TWICE.search(text)):
        return []
    out: list[Problem] = []
    for number, line in enumerate(text.split("\n"), 1):
        out += _of_line(line, Place(file, number, 1), is_merged)
    return out[:MOST]


def _of_line(line: str, start: Place, is_merged: bool) -> list[Problem]:
    def at(index: int) -> Place:
        return Place(start.file, start.line, index + 1)

    if is_merged and CONFLICT.fullmatch(line):
        hint = "keep one of the two sides, and take the lines with <<<<<<<, ======= and >>>>>>> out"
        return [Problem("conflict", "two versions of the file were merged and nobody chose", start, hint)]
    out = []
    if odd := ODD.search(line):
        is_lone = odd[0] == "\r"
        hint = "save the file with the line ends of Windows or of Unix" if is_lone else "take it out, or write what was meant"
        out.append(Problem("odd-sign", f"here stands {named(odd[0])}, which an editor does not show", at(odd.start()), hint))
    if twice := TWICE.search(line):
        message = f"'{twice[0]}' is one letter that was read in a wrong encoding"
        out.append(Problem("odd-sign", message, at(twice.start()), f"write the letter anew, and {SAVE}"))
    return out


def named(sign: str) -> str:
    """What a character is called: `a line separator (U+2028)`."""
    name = "a lone carriage return" if sign == "\r" else HIDDEN.get(sign, "a control character")
    return f"{name} (U+{ord(sign):04X})"


def hidden_in(value: str) -> str:
    """The name of the first character of a value that an escape made and nobody sees; empty when there is none."""
    found = ODD.search(value)
    return named(found[0]) if found else ""


def is_in_quotes(value: str) -> bool:
    """Does it begin and end with quotes that YAML knows not, and hold none inside?"""
    return len(value) > 1 and value[0] in OPENING and value[-1] in CLOSING and not any(c in OPENING for c in value[1:-1])


def straight(value: str) -> str:
    """The same in plain quotes."""
    inner = value[1:-1] if len(value) < 60 else value[1:50].rstrip() + "…"
    return f"'{inner}'" if '"' in inner else f'"{inner}"'
