"""Asks the second decider of tests/oracle about one case, and says which parts of its answer it contradicts.

Rules: the second decider reads the same plain data by itself and shares nothing with the engine; from both answers the same
stable core is taken (`answer.core`), and all of it is compared: a witness that says otherwise anywhere confirms nothing.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]

from answer import calendars, core, rulesets  # noqa: E402
from oracle import reading, told  # noqa: E402
from oracle.days import Calendar  # noqa: E402
from oracle.facts import NotInForce  # noqa: E402

SECOND = "second_decider"
WITNESSES = ("hand", "golden", SECOND)


@cache
def version_of(fingerprint: str) -> dict[str, Any]:
    return dict(reading.version(rulesets()[fingerprint]))


@cache
def days_of(name: str) -> Calendar:
    return Calendar(calendars()[name])


def second_answer(case: dict[str, Any]) -> dict[str, Any]:
    """The ANSWER of the second decider."""
    own = {school: [version_of(f) for f in prints] for school, prints in case.get("schools", {}).items()}
    try:
        said = told.answer(
            [version_of(f) for f in case["rulesets"]],
            case["record"],
            case["on"],
            case.get("known_on"),
            {school: days_of(name) for school, name in case["calendars"].items()},
            own or None,
            case.get("absent", ()),
            case.get("as_if", False),
        )
    except NotInForce:
        return {"refused": "not-in-force"}
    return core(said)


def contradicted(case: dict[str, Any], said: dict[str, Any]) -> list[str]:
    """The parts of an answer that the second decider gives otherwise; none: it confirms all of it."""
    other = second_answer(case)
    return sorted(k for k in {*said, *other} if said.get(k) != other.get(k))


def ask(line: dict[str, Any]) -> list[str]:
    """Of one line of the suite; what the second decider cannot read is told as contradicted, with the sentence."""
    try:
        return contradicted(line["case"], line["expect"])
    except Exception as e:  # whatever it is, make must stop and name the case
        return [f"{type(e).__name__}: {e}"]
