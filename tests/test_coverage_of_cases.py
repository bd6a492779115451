"""The golden cases of shipped rulesets pass every transition of their steps; what is not covered is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import sky_model as sky
from sky_model import cli
from sky_model.checks.coverage import SORTS, coverage, transitions_of
from sky_model.layers import rulesets_folder

ROOT = rulesets_folder()
NAMES = sorted(p.parent.relative_to(ROOT).as_posix() for p in ROOT.rglob("ruleset.yaml"))
SHIPPED = [n for n in NAMES if n.startswith(("presets/", "examples/", "foreign/", "fi-sky/"))]

TOWN = """\
format: 1
ruleset: town
version: 2026-1
extends: fi-sky/2026-1
status: draft
valid_from: 2026-08-01
grades: 1-9
name: {fi: Kunta, sv: Kommunen, en: Town}
sources: [{id: town, kind: local, name: Town, certainty: primary}]
counters:
  - id: absence-lessons
    measure: lessons
    lesson_minutes: 45
    kinds: all
    window: {in: term}
    name: {fi: tunnit, sv: lektioner, en: lessons}
steps:
  - id: ten-lessons
    tier: targeted
    name: {fi: Kymmenen, sv: Tio, en: Ten}
    opens: {any: [{absence-lessons: {at_least: 10}}, {concern: {is: raised}}]}
    lasts: until_closed
    again: next_window
    actions: [{act: talk-with-pupil, source: town}]
    closing: {by: [class-lead], reasons: [{id: settled, name: {fi: selvä, sv: klart, en: settled}}]}
    source: town
"""
CASE = """\
- name: {fi: Kymmenen tuntia, sv: Tio lektioner, en: ten lessons}
  pupil: {grade: 8, calendar: example-week-43/2026-27}
  marks: ["2026-09-01: 6 lessons health", "2026-09-02: 4 lessons health"]
  events: [EVENTS]
  expect:
    - {on: 2026-09-02, by: {talk-with-pupil: homeroom-teacher}}
    - {on: 2026-09-04}
"""
CLOSED = "{type: step_closed, step: ten-lessons, reason: settled, on: 2026-09-03, by: class-lead}"


def _town(folder: Path, events: str = "") -> Path:
    (folder / "cases").mkdir(parents=True)
    (folder / "ruleset.yaml").write_text(TOWN, encoding="utf-8")
    (folder / "cases" / "limits.yaml").write_text(CASE.replace("[EVENTS]", f"[{events}]"), encoding="utf-8")
    return folder


@pytest.mark.long
@pytest.mark.parametrize("name", SHIPPED)
def test_the_cases_of_a_shipped_ruleset_pass_every_transition_and_every_rule(name: str) -> None:
    found = coverage(sky.load(name, allow=("draft", "variant")), ROOT / name / "cases")
    assert found.missing("transitions") == ()
    assert found.missing("rules") == ()


def test_a_transition_that_no_case_passes_is_named(tmp_path: Path) -> None:
    open_only = _town(tmp_path / "a")
    found = coverage(sky.load(str(open_only), allow=("draft",)), open_only / "cases")
    left = {f"steps.ten-lessons: {x}" for x in ("closed by a person", "opened again", "withdrawn")}
    assert set(found.missing("transitions")) == left
    closed = _town(tmp_path / "b", CLOSED)
    found = coverage(sky.load(str(closed), allow=("draft",)), closed / "cases")
    assert set(found.missing("transitions")) == left - {"steps.ten-lessons: closed by a person"}


def test_a_side_and_a_boundary_that_no_case_passes_is_named(tmp_path: Path) -> None:
    town = _town(tmp_path / "a")
    found = coverage(sky.load(str(town), allow=("draft",)), town / "cases")
    counter, report = "steps.ten-lessons.opens.any.0.absence-lessons", "steps.ten-lessons.opens.any.1.concern"
    assert set(found.missing("sides")) == {f"{report} is true"}
    assert set(found.missing("boundaries")) == {f"{counter} at_least: one below", f"{counter} at_least: one above"}
    assert found.missing("rules") == ()


def test_what_cannot_happen_is_not_asked_for() -> None:
    rules = sky.load("examples/mustasaari", allow=("draft",)).newest
    step = rules.step_by_id["worrying-absence"]  # its limit is not said: nobody ever knows that it is not reached
    assert set(transitions_of(step, rules)) == {"opened", "closed by a person", "opened again"}


def test_coverage_is_told_to_a_person_and_to_a_machine(tmp_path: Path) -> None:
    town = str(_town(tmp_path / "a"))
    told = CliRunner().invoke(cli.app, ["test", town, "--coverage"])
    assert told.exit_code == 0, told.output
    assert f"not covered: {town}: steps.ten-lessons: withdrawn" in told.output
    assert "1 of 4 transitions" in told.output
    lines = CliRunner().invoke(cli.app, ["test", town, "--coverage", "--mutations", "--json"]).output.splitlines()
    (said,) = [json.loads(x) for x in lines]
    assert (said["format"], said["ruleset"], said["cases"][0]["faults"]) == (1, town, [])
    assert set(SORTS) < set(said["coverage"])
    assert said["coverage"]["transitions"]["covered"] == 1
    assert said["mutations"]["changes"] > len(said["mutations"]["survivors"])


def test_a_case_fails_when_another_role_is_asked_or_another_day(tmp_path: Path) -> None:
    town = _town(tmp_path / "a")
    file = town / "cases" / "limits.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("talk-with-pupil: homeroom-teacher", "talk-with-pupil: curator"), encoding="utf-8")
    told = CliRunner().invoke(cli.app, ["test", str(town)])
    assert told.exit_code == 1
    assert "on 2026-09-02 talk-with-pupil by: expected curator, got homeroom-teacher" in told.output
    file.write_text(
        text.replace("by: {talk-with-pupil: homeroom-teacher}", "due_by: {talk-with-pupil: 2026-09-03}"), encoding="utf-8"
    )
    told = CliRunner().invoke(cli.app, ["test", str(town)])
    assert "on 2026-09-02 talk-with-pupil due: expected 2026-09-03, got nothing" in told.output
