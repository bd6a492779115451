"""JSON read strictly, and lines of it from a stream: the one reader for whatever records come in by.

Rules: limits come before work; an error says what is wrong and where by a position, and repeats nothing of the text; what JSON
leaves open (a key twice, half a character, numbers without end, other encodings) is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

__all__ = ["LONGEST_LINE", "Unreadable", "bounded_lines", "read_json"]

LONGEST_LINE = 10_000_000  # bytes
LONGEST_NUMBER = 40  # characters
DEEPEST = 64
PIECE = 1 << 16
WHOLE = "write one {what} as one JSON object in one line"
AMOUNT = "write an amount with at most two decimals"
# how Python begins what it says of JSON, what is said here, and what to write instead
NOT_JSON = (
    ("Unterminated string", "a text begins here and does not end", WHOLE),
    ("Expecting value", "here is nothing that JSON knows", WHOLE),
    ("Expecting property name", "here is no key in double quotes", 'write keys and texts in double quotes: {{"id": 1}}'),
    ("Illegal trailing comma", "here is no key in double quotes", 'write keys and texts in double quotes: {{"id": 1}}'),
    ("Expecting ':' delimiter", "after a key comes a colon", WHOLE),
    ("Expecting ',' delimiter", "here is neither a comma nor the end of what is open", WHOLE),
    ("Extra data", "something stands after the end of the {what}", "write each {what} in a line of its own"),
    (
        "Invalid control character",
        "a control character stands in a text",
        "write it escaped: a newline as \\n, another as \\u001f",
    ),
    ("Invalid \\", "a backslash stands before something that it does not escape", "write a backslash itself as two"),
)


class Unreadable(Exception):
    """Bytes that are not strict JSON: a code, what is wrong, where (a position) and what to write instead.

    key  the key that stands twice: only the caller knows whether it may be shown
    """

    def __init__(self, code: str, message: str, *, place: str = "", hint: str = "", key: str = "") -> None:
        self.code, self.message, self.place, self.hint, self.key = code, message, place, hint, key
        super().__init__(message)


def read_json(data: bytes, what: str = "request") -> Any:
    """JSON read strictly: UTF-8, no key twice, finite numbers, not too deep. Raises Unreadable.

    what  one of it in words: `request`, `record`
    """
    text = _decoded(data, what)
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_int=_whole, parse_float=_decimal)
    except RecursionError:
        raise _too_deep() from None
    except json.JSONDecodeError as e:
        said, hint = next((x for start, *x in NOT_JSON if e.msg.startswith(start)), ("this is no JSON", WHOLE))
        said, hint = said.format(what=what), hint.format(what=what)
        raise Unreadable("json", f"not JSON: {said}", place=f"character {e.pos + 1}", hint=hint) from None
    if _depth(text) > DEEPEST:
        raise _too_deep()
    if "\\u" in text:
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            hint = "write both halves of the character, or the character itself"
            raise Unreadable("surrogate", "a text holds half a character", hint=hint) from None
    return value


def _decoded(data: bytes, what: str) -> str:
    if len(data) > LONGEST_LINE:
        hint = f"hand in one pupil a {what}, and no longer history than `needs` names"
        raise Unreadable("too-large", f"it is longer than {LONGEST_LINE:,} bytes", hint=hint)
    if not json.detect_encoding(data).startswith("utf-8"):  # without a mark it may be UTF-8 too, with a NUL after each letter
        raise Unreadable("utf-8", "it is UTF-16 or UTF-32", hint="write UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        raise Unreadable("utf-8", "it is not UTF-8", place=f"byte {e.start + 1}", hint="write UTF-8") from None
    if not text.strip():
        raise Unreadable("empty", "there is nothing here", hint=f"write one {what} as one JSON object")
    return text


def _too_deep() -> Unreadable:
    return Unreadable("too-deep", "lists and objects are nested too deeply", hint="a record has no more than five levels")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(k for k, _ in pairs if k in seen or seen.add(k))  # type: ignore[func-returns-value]
        raise Unreadable("doubled-key", "a key stands twice in one object", hint="keep one of the two", key=twice)
    return found


def _constant(word: str) -> Any:
    raise Unreadable("number", f"{word} is no number of JSON", hint="leave the field out where nothing is known")


def _whole(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise Unreadable("number", f"a number has more than {LONGEST_NUMBER} characters", hint=AMOUNT)
    return int(text)


def _decimal(text: str) -> float:
    value = float(text) if len(text) <= LONGEST_NUMBER else float("inf")
    if value in (float("inf"), float("-inf")):
        raise Unreadable("number", f"a number is not finite or has more than {LONGEST_NUMBER} characters", hint=AMOUNT)
    return value


# possessive: what a text may go back to is not kept, or a text of ten megabytes would cost a gigabyte
BRACKETS = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[{]|[\]}]')


def _depth(text: str) -> int:
    if text.count("[") + text.count("{") <= DEEPEST:
        return 0
    deepest = here = 0
    for found in BRACKETS.finditer(text):
        mark = found[0]
        here += (mark in "[{") - (mark in "]}") if len(mark) == 1 else 0
        deepest = max(deepest, here)
    return deepest


def bounded_lines(stream: BinaryIO, *, longest: int = LONGEST_LINE) -> Iterator[bytes | None]:
    """Each line without its newline; None for one that is longer than `longest` bytes, after all of it has gone by."""
    while line := stream.readline(longest + 2):
        is_whole = line.endswith(b"\n")
        line = line.removesuffix(b"\n").removesuffix(b"\r")
        if len(line) <= longest:
            yield line
            continue
        del line
        while not is_whole and (rest := stream.readline(PIECE)):
            is_whole = rest.endswith(b"\n")
        yield None
