"""The net itself: what `./dev faults` and `./dev mutants` stand on is there, so that it cannot rot unseen.

Whether the fast set notices the faults takes minutes and is asked by `./dev faults`.
"""

from __future__ import annotations

import ast
import tomllib

import pytest
from mutants.__main__ import FAULTS, MODULES, planted
from mutants.running import CONFORMANCE, ROOT, SOURCE, fast_set

LISTED = tomllib.loads(FAULTS.read_text(encoding="utf-8"))["fault"]


@pytest.mark.parametrize("fault", LISTED, ids=[x["what"] for x in LISTED])
def test_the_place_of_every_planted_fault_stands_once_and_the_change_is_one(fault: dict[str, str]) -> None:
    engine = planted(fault)
    unchanged = ast.parse((SOURCE / fault["file"]).read_text(encoding="utf-8"))
    assert ast.dump(engine.tree) != ast.dump(unchanged)


def test_ten_faults_are_planted_and_none_twice() -> None:
    assert len({x["what"] for x in LISTED}) == len(LISTED) >= 10


def test_the_fast_set_names_tests_that_are_there_and_the_suite_that_any_engine_can_pass_first() -> None:
    named = [x.partition("::") for x in fast_set()]
    assert named[0][0] == CONFORMANCE
    for file, _, test in named:
        text = (ROOT / file).read_text(encoding="utf-8")
        assert not test or f"\ndef {test}(" in text, f"{file} has no {test}"


def test_the_modules_that_are_changed_are_there() -> None:
    assert [m for m in MODULES if not (SOURCE / m).is_file()] == []
