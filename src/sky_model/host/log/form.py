"""The form of a log: one line, its digests, how it is read.

Rules: a line has one form, byte for byte: keys sorted, ASCII, no space; the same in other bytes is not as it was written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import IO, Any

from sky_model.engine import digest

__all__ = [
    "EMPTY",
    "KINDS",
    "LONGEST_LINE",
    "LogError",
    "bytes_of",
    "hash_of",
    "is_as_written",
    "line_of",
    "lines_in",
    "read_line",
]

EMPTY = "sha256:" + "0" * 64  # the head of a log without entries
LONGEST_LINE = 4_000_000
KINDS = ("decision", "answer", "repair", "erasure")
HASHED = ("format", "n", "kind", "prev", "digest")


class LogError(Exception):
    """The file of a log cannot be used as it is: somebody else writes to it, or it is damaged. Nothing was written."""


def line_of(n: int, kind: str, prev: str, body: Any) -> dict[str, Any]:
    head = {"format": 1, "n": n, "kind": kind, "prev": prev, "digest": digest(body)}
    return {**head, "hash": digest(head), "body": body}


def hash_of(line: Mapping[str, Any]) -> str:
    return digest({k: line[k] for k in HASHED})


def bytes_of(line: Mapping[str, Any]) -> bytes:
    return json.dumps(line, sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False).encode("ascii") + b"\n"


def read_line(raw: bytes) -> dict[str, Any] | None:
    """What stands in a line, in whatever form; None: it is no entry of a log, or it was not finished."""
    if not raw.endswith(b"\n") or len(raw) > LONGEST_LINE:
        return None
    try:
        line = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    keys = {"format": int, "n": int, "kind": str, "prev": str, "digest": str, "hash": str}
    if not isinstance(line, dict) or line.keys() != {*keys, "body"} or line["format"] != 1 or line["kind"] not in KINDS:
        return None
    if any(type(line[k]) is not shape for k, shape in keys.items()) or not isinstance(line["body"], dict | None):
        return None
    try:  # half a character can be written in JSON, and no digest can be made of it
        hash_of(line)
        digest(line["body"])
        bytes_of(line)
    except (ValueError, RecursionError):
        return None
    return line


def is_as_written(line: Mapping[str, Any], raw: bytes) -> bool:
    """A doubled key, another order, a space: what one reader takes for this entry another takes for that one."""
    return bytes_of(line) == raw


def lines_in(file: IO[bytes]) -> Iterator[bytes]:
    while raw := file.readline(LONGEST_LINE + 1):
        yield raw
        if len(raw) > LONGEST_LINE and not raw.endswith(b"\n"):  # no line of ours: what is left of it is skipped
            while (rest := file.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                pass
