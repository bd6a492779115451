"""Every shipped ruleset: no faults, its golden cases hold, and each case would notice a change of the number that it names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

import sky_model as sky
from sky_model.checks.cases import run_cases
from sky_model.cli import app
from sky_model.layers import rulesets_folder

ROOT = rulesets_folder()
NAMES = sorted(str(p.parent.relative_to(ROOT)) for p in ROOT.rglob("ruleset.yaml"))


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_ruleset_has_no_faults(name: str) -> None:
    assert sky.check(name) == []


@pytest.mark.parametrize("name", NAMES)
def test_the_golden_cases_of_a_shipped_ruleset_hold(name: str) -> None:
    model = sky.load(name, allow=("draft", "variant"))
    outcomes = list(run_cases(model, ROOT / name / "cases"))
    assert outcomes
    assert [f"{o.file}:{o.line}: {f}" for o in outcomes for f in o.faults] == []


@pytest.mark.long
@pytest.mark.parametrize("name", [n for n in NAMES if n.startswith(("examples/", "foreign/"))])
def test_what_was_published_elsewhere_answers_only_when_asked_to(name: str) -> None:
    with pytest.raises(sky.RulesetError, match="it answers only when asked to"):
        sky.load(name)


@pytest.mark.long
def test_the_command_line_checks_and_tests_a_whole_folder() -> None:
    for command in ("check", "test"):
        result = CliRunner().invoke(app, [command, str(ROOT)])
        assert result.exit_code == 0, result.output[-2000:]


def test_every_published_example_says_that_it_is_not_current_practice() -> None:
    for path in (ROOT / "examples").rglob("ruleset.yaml"):
        head = path.read_text(encoding="utf-8")[:1500].lower()
        assert "not current practice" in head, path


def test_no_file_of_a_ruleset_names_a_person_or_an_address() -> None:
    for path in ROOT.rglob("*.yaml"):
        assert not re.search(r"[a-z0-9.]@[a-z0-9-]+\.|\d{6}[-+A]\d{3}[0-9A-Z]\b", path.read_text(encoding="utf-8")), path


def test_every_ruleset_of_a_folder_has_its_cases() -> None:
    assert [n for n in NAMES if not list(Path(ROOT / n / "cases").glob("*.yaml"))] == []
