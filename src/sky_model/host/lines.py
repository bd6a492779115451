"""Requests line by line from a binary stream, answers line by line into another.

Rules: answers come in the order of the requests, one a line, each sent before the next line is read; no line is held in memory
beyond the longest that is allowed, what is longer is told and passed over to the next newline; a stream that ends is no error.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from sky_model.host.intake import LONGEST_LINE
from sky_model.host.requests import CODES, Desk, RequestError, answer_bytes, error_answer, one_line

__all__ = ["answer_lines", "bounded_lines"]

PIECE = 1 << 16


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


def answer_lines(desk: Desk, requests: BinaryIO, answers: BinaryIO, *, longest: int = LONGEST_LINE) -> int:
    """Answer until the requests end; how many answers were errors. An empty line is passed over.

    An error without an id begins its `place` with the number of the line. Raises BrokenPipeError when nobody reads any more.
    """
    errors = 0
    for number, line in enumerate(bounded_lines(requests, longest=longest), 1):
        if line is not None and not line.strip():
            continue
        if line is None:
            hint = "hand in one pupil a request, and no longer history than `needs` names"
            said = error_answer(None, RequestError("too-large", CODES["too-large"], hint=hint))
        else:
            said = answer_bytes(desk, line)
        if "error" in said:
            errors += 1
            if said["id"] is None:
                place = said["error"]["place"]
                said["error"]["place"] = f"line {number}" + (f", {place}" if place else "")
        answers.write(one_line(said).encode() + b"\n")
        answers.flush()
    return errors
