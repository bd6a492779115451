"""The conformance suite, asked in this process: the part of the fast set that any other engine can pass too.

Rules: every case of the suite but the golden ones, and of those an even part; together they show every construct that
conformance/constructs.json lists. The whole suite is asked by its own runner in test_conformance.py.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

SUITE = Path(__file__).resolve().parents[1] / "conformance"
sys.path.insert(0, str(SUITE))

import answer as answering  # noqa: E402

GOLDEN_PART = 4  # of the golden cases, which are many and slow, every fourth; ./dev test --all asks all
FILES = ("what-happens-when", "truth-tables", "constructs", "minimised", "generated", "golden")


def cases_of(file: str) -> list[dict[str, Any]]:
    lines = (SUITE / "cases" / f"{file}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(x) for x in lines[:: GOLDEN_PART if file == "golden" else 1]]


CASES = {file: cases_of(file) for file in FILES}


@pytest.mark.parametrize("file", FILES)
def test_the_answers_of_the_suite_are_those_of_this_library(file: str) -> None:
    for x in CASES[file]:
        assert answering.answer(x["case"]) == x["expect"], x["case"]["id"]


def test_no_file_of_the_suite_is_left_out() -> None:
    assert {p.stem for p in (SUITE / "cases").glob("*.jsonl")} == {*FILES}


def test_the_part_that_is_asked_here_shows_every_construct() -> None:
    met = json.loads((SUITE / "constructs.json").read_text(encoding="utf-8"))
    asked = {x["case"]["id"] for cases in CASES.values() for x in cases}
    shown = {name: x["case"] for name, x in met.items() if "case" in x}
    assert len(shown) > 200
    assert [name for name, case in shown.items() if case not in asked] == []
