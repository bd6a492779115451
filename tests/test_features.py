"""The 56 features: each that decides is used by a ruleset and proven by a case, and the page that lists them is fresh.

Rules: what is listed is found in the files by docs/make_features.py; the golden cases of shipped rulesets are run elsewhere,
those that are made up for the features here.
"""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import sky_model as sky
from sky_model.checks.cases import run_cases

ROOT = Path(__file__).resolve().parents[1]


def _read_script() -> Any:
    spec = importlib.util.spec_from_file_location("make_features", ROOT / "docs" / "make_features.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_features"] = module
    spec.loader.exec_module(module)
    return module


SCRIPT = _read_script()
USED, PROVEN = SCRIPT.uses(), SCRIPT.proofs()
FEATURES = SCRIPT.features()


def test_the_page_of_features_is_what_the_rulesets_say() -> None:
    assert SCRIPT.PAGE.read_text(encoding="utf-8") == SCRIPT.page(), "write it anew: python docs/make_features.py"


def test_fifty_six_features_are_sorted_and_each_has_a_construct_and_a_model_that_needs_it() -> None:
    codes = [f.code for f in FEATURES]
    assert len(codes) == len(set(codes)) == 56
    assert set(codes) == set(SCRIPT.CONSTRUCTS) == set(SCRIPT.NEEDED)
    assert sum(f.sort == "decides" for f in FEATURES) == 48


def test_every_feature_that_decides_is_used_and_proven() -> None:
    assert SCRIPT.lacking(USED, PROVEN) == []


@pytest.mark.parametrize(("code", "missing"), [("C3", "case"), ("W4", "use")])
def test_a_deciding_feature_without_a_use_or_a_case_is_told(code: str, missing: str) -> None:
    used = {**USED, code: []} if missing == "use" else USED
    proven = {**PROVEN, code: []} if missing == "case" else PROVEN
    assert SCRIPT.lacking(used, proven) == [f"{code}: no {missing}"]


def test_every_feature_that_a_case_says_it_proves_is_one_of_the_list() -> None:
    known = {f.code for f in FEATURES}
    sources = re.compile(r"S\d+|FI-\d+")  # sheets of models and compact rules, which a case may name too
    odd = {c for c in PROVEN if re.fullmatch(r"[A-Z]\d+|[A-Z]{2}-\d+", c) is None}
    assert not odd
    assert {c for c in PROVEN if re.fullmatch(r"[A-Z]\d+", c) and not sources.fullmatch(c)} <= known


def test_what_is_proven_by_a_test_names_a_test_that_there_is() -> None:
    for names in SCRIPT.TESTS.values():
        for name in names:
            file, _, function = name.partition("::")
            tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
            assert function in {x.name for x in ast.walk(tree) if isinstance(x, ast.FunctionDef)}


@pytest.mark.parametrize("code", sorted(USED))
def test_a_use_stands_on_the_line_that_the_page_gives(code: str) -> None:
    for use in USED[code]:
        lines = (ROOT / use.file).read_text(encoding="utf-8").splitlines()
        assert lines[use.line - 1].strip() == use.text[0].strip()
        assert re.search(r"[a-z_]+:", use.text[0])


def test_the_cases_of_features_that_no_shipped_ruleset_has_a_number_for_hold() -> None:
    folder = ROOT / SCRIPT.MADE_UP
    outcomes = list(run_cases(sky.load(folder, allow={"draft"}), folder / "cases"))
    assert len(outcomes) == 13
    assert not [(o.name, o.faults) for o in outcomes if o.faults]


def test_on_a_day_of_checking_every_pupil_is_shown_and_on_no_other_day() -> None:
    model = sky.load("examples/siuntio", allow={"draft"})
    calendar = sky.load_calendar(ROOT / "rulesets/examples/siuntio/cases/calendars/four-checks.yaml")
    case = sky.Case("p-1", events=[sky.Enrolment("s", grade=5, since=date(2026, 8, 12), lessons_per_week=25)])

    def shown(on: date) -> set[tuple[str, str]]:
        return {(x.item, x.counter) for x in sky.decide(model, case, on=on, calendars={"s": calendar}).shown}

    of_everyone = {("look-at-every-pupil", "absence-share"), ("look-at-every-pupil", "absence-12-weeks")}
    assert shown(date(2026, 10, 16)) == of_everyone
    assert shown(date(2026, 10, 15)) == shown(date(2026, 10, 17)) == set()
