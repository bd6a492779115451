"""A plan beside what a provider is asked to settle: what is found, where, who asks for it, and what is missing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import sky_model as sky
from sky_model import cli
from sky_model.checks.completeness import JUDGED, Part, complete, read_points
from sky_model.rules import Ruleset

BASE = sky.load("fi-sky/2026-1").newest
PRESET = sky.load("presets/lessons-per-term").newest
# golden: what the shipped rulesets leave to a municipality
MISSING = [
    "recording/who-and-when",
    "follow-up/who",
    "follow-up/how-often",
    "guardians-told/how-soon",
    "evaluation/when",
    "evaluation/how",
]
MISSING_IN = {
    "fi-sky/2026-1": ["what-counts/amount", *MISSING[:4], "triggers/limits", *MISSING[4:]],
    "presets/lessons-per-term": MISSING,
    "presets/share-of-12-weeks": MISSING,
}
FULL = """
format: 1
ruleset: full
version: 1
extends: fi-sky/2026-1
status: draft
valid_from: 2026-08-12
review_by: 2027-05-31
grades: 1-9
name: {en: everything that is asked for}
sources: [{id: town, kind: local, name: invented, certainty: inference}]
defaults: {counters: {lesson_minutes: 45, kinds: all}, steps: {lasts: until_closed, again: next_window, source: town}}
schedules: [{id: checks, dates: [11-01, 03-01], source: town}]
counters:
  - {id: lessons-away, measure: lessons, window: {in: term}, name: {en: lessons away}, checked: checks, source: town}
steps:
  - id: reached
    tier: targeted
    name: {en: limit reached}
    opens: {lessons-away: {at_least: 20}}
    actions: [{act: talk-with-pupil}]
    closing: {by: [class-lead], reasons: [{id: enough, name: {en: enough}}]}
  - id: told-next-day
    tier: targeted
    name: {en: the guardian hears of it the next day}
    opens: {unauthorised-marks: {at_least: 1}}
    lasts: until_done
    again: {each: mark}
    actions: [{act: absence-notice-to-guardian, within: {school_days: 1}}]
community:
  - id: look-at-all
    tier: prevention
    name: {en: look at every pupil}
    who: class-lead
    for: class
    every: {schedule: checks}
    shows: [lessons-away]
    duty: should
    source: town
statements:
  - {id: who-marks, topic: who-records, says: {en: the subject teacher in the lesson}, source: town}
  - {id: looked-at, topic: evaluation, says: {en: the board in spring}, source: town}
"""


def parts_of(rules: Ruleset) -> Iterator[tuple[str, Part]]:
    for point in complete(rules).points:
        for part in point.parts:
            yield f"{point.id}/{part.id}", part


def missing_in(rules: Ruleset) -> list[str]:
    return [name for name, part in parts_of(rules) if part.state == "missing"]


def without(rules: Ruleset, part: Part) -> Ruleset:
    """The same rules without the items that settle a part."""
    said, steps = rules.said, rules.steps
    for f in part.found:
        if f.section == "steps":
            steps = tuple(s for s in steps if s.id != f.id)
        elif f.section == "actions":
            steps = tuple(replace(s, actions=tuple(a for a in s.actions if a.id != f.id)) for s in steps)
        elif f.section == "review_by":
            said = said.model_copy(update={"review_by": None})
        else:
            said = said.model_copy(update={f.section: [x for x in getattr(said, f.section) if x.id != f.id]})
    return replace(rules, said=said, steps=steps)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Ruleset:
    path = tmp_path_factory.mktemp("full") / "ruleset.yaml"
    path.write_text(FULL, encoding="utf-8")
    return sky.load(path, allow=("draft",)).newest


@pytest.mark.parametrize("name", MISSING_IN)
def test_what_the_shipped_rulesets_leave_open_is_named(name: str) -> None:
    assert missing_in(sky.load(name).newest) == MISSING_IN[name]


def test_a_plan_that_writes_what_is_asked_for_misses_nothing_and_still_a_person_judges(full: Ruleset) -> None:
    assert missing_in(full) == []
    text = "\n".join(complete(full).lines())
    assert "0 missing." in text
    assert "26 parts of 12 points were looked for" in text
    assert text.endswith(JUDGED)
    assert "not known: the exact national wording" in text


@pytest.mark.parametrize("name", [f"{point.id}/{part.id}" for point in read_points().points for part in point.parts])
def test_taking_away_what_settles_a_part_makes_it_missing(full: Ruleset, name: str) -> None:
    part = dict(parts_of(full))[name]
    assert part.found
    if name == "division-of-labour/each-step":  # of every step one action is asked: one step without is enough
        steps = (replace(full.steps[0], actions=()), *full.steps[1:])
        assert name in missing_in(replace(full, steps=steps))
        return
    assert name in missing_in(without(full, part))


def test_a_part_that_only_the_base_says_is_not_called_settled_by_the_layer(full: Ruleset) -> None:
    states = {name: part.state for name, part in parts_of(full)}
    assert states["prevention/culture"] == "from_base"
    assert states["what-counts/amount"] == "settled"
    assert states["follow-up/who"] == "settled"
    assert states["guardians-told/how-soon"] == "settled"
    assert {p.state for _, p in parts_of(BASE)} == {"settled", "missing"}  # the base has none beneath


def test_each_part_names_who_asks_for_it_and_how_certain_that_is() -> None:
    lines = list(complete(PRESET).lines())
    named = [line for line in lines if "[asked by " in line]
    assert len(named) == len(complete(PRESET).parts)
    assert all(re.search(r"\[asked by \S+ \((primary|secondary|inference|unconfirmed)\)", line) for line in named)
    asked = {name: {s.id: s.certainty for s in part.asked_by} for name, part in parts_of(PRESET)}
    assert asked["guardians-told/unauthorised"] == {"pol-26": "primary"}
    assert asked["prevention/transitions"] == {"reproduced-turku": "secondary"}
    assert asked["evaluation/how"] == {"this-list": "inference"}


def test_the_sources_that_the_base_has_too_are_the_same_there() -> None:
    mine = {s.id: s for s in read_points().sources}
    both = set(mine) & set(BASE.sources)
    assert {"pol-26", "core-curriculum"} <= both
    for name in both:
        assert (mine[name].kind, mine[name].certainty) == (BASE.sources[name].kind, BASE.sources[name].certainty)


def test_every_name_stands_in_three_languages() -> None:
    for point in read_points().points:
        for name in (point.name, *(part.name for part in point.parts)):
            assert name.fi
            assert name.sv
            assert name.en


def test_the_command_says_the_same_to_a_person_and_to_a_machine() -> None:
    text = CliRunner().invoke(cli.app, ["complete", "presets/lessons-per-term"])
    assert text.exit_code == 0
    body: dict[str, Any] = json.loads(CliRunner().invoke(cli.app, ["complete", "presets/lessons-per-term", "--json"]).stdout)
    assert body["format"] == 1
    assert body["note"] == JUDGED
    parts = [(point["point"], part) for point in body["points"] for part in point["parts"]]
    missing = [f"{point}/{part['part']}" for point, part in parts if part["state"] == "missing"]
    assert missing == MISSING
    for _, part in parts:
        assert (part["write"] is None) == (part["state"] != "missing")
        if part["write"]:
            assert f"missing: write {part['write']}" in text.stdout


def test_a_ruleset_that_nobody_has_is_told(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli.app, ["complete", str(tmp_path / "nothing")])
    assert isinstance(result.exception, sky.RulesetError)
