"""The golden cases of shipped rulesets notice a changed number: limits, "reached" for "over", deadlines, windows."""

from __future__ import annotations

import pytest

import sky_model as sky
from sky_model.checks.mutations import mutants, notice
from sky_model.layers import rulesets_folder

ROOT = rulesets_folder()
NAMES = sorted(str(p.parent.relative_to(ROOT)) for p in ROOT.rglob("ruleset.yaml") if not str(p).startswith(str(ROOT / "fi-sky")))
# What nothing can show: the base's window is proven by the layers upon it, and the base below opens at the first mark as well.
SHOWN_ELSEWHERE = {
    "examples/western-uusimaa": {
        "counters.absence-12-weeks: window one longer",
        "counters.absence-12-weeks: window one shorter",
    },
    "examples/kemi/b": {
        "steps.concern-wakes: unexplained-marks at_least one more",
        "steps.concern-wakes: unexplained-marks more_than for at_least",
    },
}


@pytest.mark.parametrize("name", NAMES)
def test_the_cases_notice_when_a_number_changes(name: str) -> None:
    found = notice(sky.load(name, allow=("draft", "variant")), ROOT / name / "cases")
    numbers = {s for s in found.survivors if not _is_of_a_role(s)}
    assert numbers <= SHOWN_ELSEWHERE.get(name, set())


def _is_of_a_role(survivor: str) -> bool:
    return ": actions." in survivor and " for " in survivor


@pytest.mark.parametrize("name", ["presets/lessons-per-term", "presets/share-of-12-weeks"])
def test_the_cases_of_a_preset_notice_every_change(name: str) -> None:
    found = notice(sky.load(name), ROOT / name / "cases")
    assert found.changes > 10
    assert (found.survivors, found.per_cent) == ((), 100.0)


def test_a_change_is_one_thing_at_one_place() -> None:
    rules = sky.load("presets/lessons-per-term").newest
    for said, changed in mutants(rules):
        steps = [a.id for a, b in zip(rules.steps, changed.steps, strict=True) if a != b]
        counters = [n for n in rules.counters if rules.counters[n] != changed.counters[n]]
        assert len(steps) + len(counters) == 1, said
