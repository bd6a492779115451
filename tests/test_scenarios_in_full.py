"""The scenarios of the main job that need many pupils, another window or another calendar."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from test_scenarios import BY_NUMBER, CALENDAR, ENROLLED, MODEL, case_of, decide, steps

import sky_model as sky
from sky_model import cli

ROOT = Path(__file__).resolve().parents[1]
PRESET = (ROOT / "rulesets/presets/lessons-per-term/ruleset.yaml").read_text(encoding="utf-8")
YEAR = (ROOT / "rulesets/calendars/example-week-43/2026-27.yaml").read_text(encoding="utf-8")
AUTUMN = [(f"2026-12-{d:02}", 5) for d in (8, 9, 10, 11)]
SPRING = [(f"2027-01-{d}", 5) for d in (11, 12, 13, 14)]


# ---------------------------------------------------------------------- scenario 2: the window
def test_a_counter_of_the_school_year_goes_on_after_christmas(tmp_path: Path) -> None:
    assert "window: {in: term}" in PRESET
    path = tmp_path / "my-town.yaml"
    path.write_text(PRESET.replace("window: {in: term}", "window: {in: school_year}"), encoding="utf-8")
    model = sky.load(path)
    found = decide(case_of(*AUTUMN, *SPRING), "2027-01-29", model=model)
    assert steps(found) == [("first-limit-reached", "2027-01-12")]
    (step,) = [s for s in found.open_steps if s.step in BY_NUMBER]
    (reason,) = step.because
    assert (reason.low, reason.high, reason.limit, str(reason.first)) == (30, 30, 30, "2026-08-12")
    assert len(reason.marks) == 6
    assert found.nearest is not None
    assert (found.nearest.step, found.nearest.number, found.nearest.missing) == ("second-limit-reached", 40, 10)
    assert steps(decide(case_of(*AUTUMN, *SPRING), "2027-01-11", model=model)) == []


@pytest.fixture
def without_terms(tmp_path: Path) -> Path:
    """The calendar of the scenarios without its terms."""
    start, stop = YEAR.index("terms:\n"), YEAR.index("breaks:\n")
    path = tmp_path / "no-terms.yaml"
    path.write_text(YEAR[:start] + YEAR[stop:], encoding="utf-8")
    return path


def records(schools: list[str]) -> str:
    mark = {"type": "mark", "on": "2026-09-14", "lessons": 6, "kind": "health"}
    lines = [
        {
            "format": 1,
            "pupil": f"p{i}",
            "events": [{"type": "enrolment", "school": s, "grade": 8, "on": "2026-08-12"}, mark],
        }
        for i, s in enumerate(schools)
    ]
    return "".join(json.dumps(x) + "\n" for x in lines)


@pytest.mark.parametrize("way", ["--calendar", "--schools"])
def test_with_a_calendar_without_terms_nobody_is_decided_and_one_error_says_what_to_write(
    way: str, tmp_path: Path, without_terms: Path
) -> None:
    given = str(without_terms)
    if way == "--schools":
        schools = tmp_path / "schools.yaml"
        schools.write_text(
            f'schools:\n  - {{id: s-1, calendars: [example-week-43/2026-27]}}\n  - {{id: s-2, calendars: ["{without_terms}"]}}\n',
            encoding="utf-8",
        )
        given = str(schools)
    options = ["decide", "-", way, given, "--on", "2026-09-16"]
    result = CliRunner().invoke(cli.app, options, input=records(["s-1", "s-1", "s-2"]))
    assert isinstance(result.exception, sky.RulesetError)
    assert result.stdout == ""
    (problem,) = result.exception.problems
    assert problem.code == "no-terms"
    assert "write the first day of each term into the calendar: terms: [{id: autumn, from: 2026-08-12}, …]" in str(problem)


def test_a_ruleset_that_counts_by_the_school_year_needs_no_terms(tmp_path: Path, without_terms: Path) -> None:
    path = tmp_path / "my-town.yaml"
    path.write_text(PRESET.replace("window: {in: term}", "window: {in: school_year}"), encoding="utf-8")
    calendar = sky.load_calendar(str(without_terms))
    assert steps(decide(case_of(*AUTUMN, *SPRING), "2027-01-29", calendar, sky.load(path)))


# ---------------------------------------------------------------------- scenario 4: a whole school and a whole city
def undecided(pupils: int) -> int:
    mark = sky.Mark(date(2026, 9, 14), lessons=5, kind="health")
    cases = (sky.Case(f"p-{i}", events=[ENROLLED, mark]) for i in range(pupils))
    return sum(sky.decide(MODEL, c, on=date(2026, 9, 16), calendars=CALENDAR).is_undecided for c in cases)


def test_of_a_thousand_pupils_with_five_lessons_and_no_report_nobody_is_undecided() -> None:
    assert undecided(1_000) == 0


def test_of_ten_thousand_pupils_with_five_lessons_and_no_report_nobody_is_undecided() -> None:
    assert undecided(10_000) == 0


def test_a_concern_of_a_subject_teacher_opens_a_step_without_any_absence() -> None:
    concern = sky.Report("concern", date(2026, 9, 15), by="subject-teacher")
    found = decide(case_of(more=(concern,)), "2026-09-16")
    assert {s.step for s in found.open_steps} == {"concern-raised", "first-limit-reached"}
    assert found.next is not None
    assert not found.is_undecided
    assert decide(case_of(), "2026-09-16").next is None


@pytest.mark.parametrize(
    ("language", "said", "never"),
    [
        ("en", "No concern has been recorded", ("no concern", "no worry", "nothing to worry", "nothing to do")),
        ("fi", "Huolta ei ole kirjattu", ("ei ole huolta", "ei huolta", "ei syytä huoleen")),
        ("sv", "Ingen oro har antecknats", ("ingen oro", "finns ingen anledning")),
    ],
)
def test_no_text_says_that_there_is_no_concern_and_one_says_that_none_has_been_recorded(
    language: str, said: str, never: tuple[str, ...]
) -> None:
    text = sky.explain(decide(case_of(("2026-09-14", 5)), "2026-09-16"), language=language)
    assert said in text
    rest = text.replace(said, "").lower()
    assert not any(x in rest for x in never)
