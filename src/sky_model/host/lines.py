"""Requests line by line from a binary stream, answers line by line into another.

Rules: answers come in the order of the requests, one a line, each sent before the next line is read; no line is held in memory
beyond the longest that is allowed, what is longer is told and passed over to the next newline; what takes longer than it may is
told and broken off, and the next one is answered; a stream that ends is no error.
"""

from __future__ import annotations

from typing import Any, BinaryIO

from sky_model.host.requests import CODES, Desk, RequestError, answer_bytes, error_answer, one_line
from sky_model.host.watch import TooLong, Watch
from sky_model.strict import LONGEST_LINE, bounded_lines

__all__ = ["answer_lines"]

TIME = "time", "it took too long"  # as over HTTP
SECONDS = 30.0  # for one answer, as over HTTP


def answer_lines(
    desk: Desk, requests: BinaryIO, answers: BinaryIO, *, longest: int = LONGEST_LINE, seconds: float = SECONDS
) -> int:
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
            said = _in_time(desk, line, seconds)
        if "error" in said:
            errors += 1
            if said["id"] is None:
                place = said["error"]["place"]
                said["error"]["place"] = f"line {number}" + (f", {place}" if place else "")
        answers.write(one_line(said).encode() + b"\n")
        answers.flush()
    return errors


def _in_time(desk: Desk, line: bytes, seconds: float) -> dict[str, Any]:
    try:
        with Watch(seconds):
            return answer_bytes(desk, line)
    except TooLong:
        hint = f"hand in no longer history than `needs` names; there are {seconds:g} seconds"
        return error_answer(None, RequestError(*TIME, hint=hint))
