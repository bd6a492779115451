"""The golden cases of shipped rulesets notice a change: limits, "reached" for "over", roles, deadlines, windows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import sky_model as sky
from sky_model.checks.mutations import asking_steps, can_be_known, mutants, notice
from sky_model.layers import rulesets_folder

ROOT = rulesets_folder()
NAMES = sorted(p.parent.relative_to(ROOT).as_posix() for p in ROOT.rglob("ruleset.yaml"))
SHIPPED = [n for n in NAMES if not n.startswith("fi-sky/") or n == "fi-sky/2026-1"]
# Changes that the cases of a ruleset do not notice, each with the reason.
SURVIVORS: dict[str, dict[str, str]] = {}


@pytest.mark.long
@pytest.mark.parametrize("name", SHIPPED)
def test_the_cases_notice_nineteen_of_twenty_changes_and_the_others_are_listed(name: str) -> None:
    found = notice(sky.load(name, allow=("draft", "variant")), ROOT / name / "cases")
    assert set(found.survivors) == set(SURVIVORS.get(name, {}))
    assert found.per_cent >= 95


@pytest.mark.parametrize("name", ["presets/lessons-per-term", "presets/share-of-12-weeks", "fi-sky/2026-1"])
def test_the_cases_of_the_base_and_of_a_preset_notice_every_change(name: str) -> None:
    found = notice(sky.load(name), ROOT / name / "cases")
    assert found.changes > 10
    assert (found.survivors, found.per_cent) == ((), 100.0)


def test_a_change_is_one_thing_at_one_place() -> None:
    for name in ("presets/lessons-per-term", "examples/turku/2023", "examples/kemi/robot"):
        rules = sky.load(name, allow=("draft",)).newest
        for said, changed in mutants(rules):
            steps = [a.id for a, b in zip(rules.steps, changed.steps, strict=True) if a != b]
            messages = [a.id for a, b in zip(rules.notices, changed.notices, strict=True) if a != b]
            counters = [n for n in rules.counters if rules.counters[n] != changed.counters[n]]
            assert len(steps) + len(messages) + len(counters) == 1, said


def test_limits_of_messages_and_roles_of_every_action_are_changed_too() -> None:
    said = {s for s, _ in mutants(sky.load("examples/turku/2023", allow=("draft",)).newest)}
    assert any(s.startswith("messages.summary-80: ") and s.endswith("one more") for s in said)
    assert any(s.startswith("steps.first-limit: actions.talk-on-causes: ") and s.endswith(" for class-lead") for s in said)


def test_another_role_is_another_one_in_every_grade() -> None:
    rules = sky.load("fi-sky/2026-1").newest
    for said, changed in mutants(rules):
        if not said.endswith(" for class-lead"):
            continue
        before = [a.who for s in rules.steps for a in s.actions]
        after = [a.who for s in changed.steps for a in s.actions]
        ((old, new),) = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
        one, other = (x if isinstance(x, str) else x[0] for x in (old, new))
        assert all(rules.role_for(one, g) != rules.role_for(other, g) for g in range(1, 10)), said


def test_what_can_show_in_no_answer_is_not_changed() -> None:
    base = sky.load("examples/western-uusimaa", allow=("draft",)).newest  # its counter is compared in its layers only
    assert not [s for s, _ in mutants(base) if s.startswith("counters.absence-12-weeks")]
    rules = sky.load("examples/turku/pre-primary", allow=("draft",)).newest
    closed = [s for s in rules.steps if not can_be_known(s.opens, True)]  # limits that the source does not say
    assert closed
    assert not {s.id for s in closed} & asking_steps(rules)


def test_a_ruleset_whose_cases_expect_nothing_lists_every_change(tmp_path: Path) -> None:
    text = (ROOT / "presets/lessons-per-term/cases/limits.yaml").read_text(encoding="utf-8")
    first = text[: text.index("  expect:")] + "  expect:\n    - {on: 2026-09-07, undecided: []}\n"
    (tmp_path / "limits.yaml").write_text(first, encoding="utf-8")
    model = sky.load("presets/lessons-per-term")
    found = notice(model, tmp_path)
    assert len(found.survivors) == found.changes > 10
    assert replace(found, survivors=()).per_cent == 100
