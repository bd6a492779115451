"""The checks of the search on a fixed part of what it makes: the same triples in every run. `./dev search` looks at others.

A second decider joins here: it gives `search.agreement.CHECKS` one more check, and nothing else changes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from search import agreement, alone, changed, readers
from search.making import triples
from search.smaller import asked
from search.triples import REFUSED, NotAsked, Triple, triple_of

CHECKS = {**alone.CHECKS, **changed.CHECKS, **readers.CHECKS}
PINNED = Path(__file__).with_name("pinned.jsonl")
SEED = 20260812
FOLLOWED = 220
MADE = 110
LEAST = 5  # a check that says nothing of these triples says nothing here


@cache
def followed() -> list[Triple]:
    """Of every family: the second decider follows all."""
    return list(islice(triples(SEED, records=3, days=2), FOLLOWED))


@cache
def made() -> list[Triple]:
    families = ("growing", "whole", "tasks", "growing", "whole")
    return [t for n, f in enumerate(families) for t in islice(triples(SEED + n, (f,), records=2, days=1), MADE // len(families))]


def faults(check: object, some: list[Triple]) -> Iterator[str | None]:
    for t in some:
        try:
            yield asked(t, check)  # type: ignore[arg-type]
        except (NotAsked, *REFUSED):
            continue


@pytest.mark.parametrize("name", agreement.CHECKS)
def test_another_program_gives_the_same_answer(name: str) -> None:
    said = 0
    for fault in faults(agreement.CHECKS[name], followed()):
        assert fault is None
        said += 1
    assert said >= FOLLOWED // 2


@pytest.mark.parametrize("name", CHECKS)
def test_asked_in_another_way_the_answer_changes_as_it_should(name: str) -> None:
    said = 0
    for fault in faults(CHECKS[name], made()):
        assert fault is None
        said += 1
    assert said >= LEAST


def pinned() -> list[dict[str, Any]]:
    return [json.loads(x) for x in PINNED.read_text(encoding="utf-8").splitlines()]


def test_what_once_showed_a_fault_shows_none() -> None:
    every = {**agreement.CHECKS, **CHECKS}
    for n, one in enumerate(pinned()):
        assert list(faults(every[one["check"]], [triple_of(one["triple"])])) in ([None], []), f"line {n + 1}: {one['shows']}"
