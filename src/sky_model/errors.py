"""What can be wrong, sorted by who must act, and how it is said.

Rules: a message says what, where, why and what to write instead, in lower case, and blames nobody; all faults of one
input are collected before one error is raised; an error never repeats a record, only its id, field and rule.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

__all__ = ["CaseError", "Place", "Problem", "RecordError", "RulesetError", "nearest"]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands in a file. Lines and columns count from 1; 0 means the file as a whole."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault: a stable code, one sentence, where it is and what to write instead (`hint`, may be empty)."""

    code: str
    message: str
    place: Place
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.message} [{self.code}]" + (f"\n    {self.hint}" if self.hint else "")

    def to_json(self) -> dict[str, object]:
        return {
            "code": self.code,
            "message": self.message,
            "file": self.place.file,
            "line": self.place.line,
            "column": self.place.column,
            "hint": self.hint,
        }


class RulesetError(Exception):
    """For the author of a ruleset, calendar or mapping. `.problems` holds every fault, in file order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems), key=lambda p: (p.place, p.code, p.message)))
        super().__init__("\n".join(map(str, self.problems)))


class RecordError(Exception):
    """For the application: something in a record cannot be true. Nothing is decided for this pupil.

    `pupil` is None when the id itself must not be repeated (it looks like an identity code or an address).
    """

    def __init__(self, rule: str, message: str, *, pupil: str | None = None, field: str = "", event: str = "") -> None:
        self.rule, self.message, self.pupil, self.field, self.event = rule, message, pupil, field, event
        where = ", ".join(x for x in (f"event {event}" if event else "", f"field {field}" if field else "") if x)
        super().__init__(f"{message}{f' ({where})' if where else ''} [{rule}]")


class CaseError(Exception):
    """For the application: this new event is not legal now. `.legal` says which are."""

    def __init__(self, message: str, legal: Iterable[str] = ()) -> None:
        self.legal = tuple(legal)
        super().__init__(message + (f"; legal now: {', '.join(self.legal)}" if self.legal else ""))


def nearest(word: str, words: Iterable[str]) -> str:
    """`did you mean 'x'?`, or an empty text when nothing is near."""
    found = get_close_matches(word, list(words), n=1, cutoff=0.6)
    return f"did you mean '{found[0]}'?" if found else ""
