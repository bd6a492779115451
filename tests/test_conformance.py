"""The conformance suite: its answers are reproduced, confirmed by the slow deciders, and a wrong one is noticed.

Rules: the whole suite is asked of this library; of the slow deciders a part is asked here, evenly taken from every file
(the whole was, when the suite was made); Java is skipped by name where it is missing.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest

SUITE = Path(__file__).resolve().parents[1] / "conformance"
sys.path.insert(0, str(SUITE))

import answer as answering  # noqa: E402
import make as making  # noqa: E402

from sky_model.engine import digest  # noqa: E402

SCHEMA = json.loads((SUITE / "schema.json").read_text(encoding="utf-8"))
FILES = {p.stem: p.read_text(encoding="utf-8").splitlines() for p in sorted((SUITE / "cases").glob("*.jsonl"))}
CASES: list[dict[str, Any]] = [json.loads(x) for lines in FILES.values() for x in lines]


def validator(part: str | None = None) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(SCHEMA if part is None else {**SCHEMA["$defs"][part], "$defs": SCHEMA["$defs"]})


def of(file: str) -> list[dict[str, Any]]:
    return [json.loads(x) for x in FILES[file]]


def test_every_answer_of_the_suite_is_the_answer_of_this_library() -> None:
    wrong = [x["case"]["id"] for x in CASES if answering.answer(x["case"]) != x["expect"]]
    assert wrong == []


def test_the_suite_is_large_enough_and_small_enough() -> None:
    assert len(CASES) >= 1500
    assert len({x["case"]["id"] for x in CASES}) == len(CASES)
    assert sum(p.stat().st_size for p in SUITE.rglob("*.json*")) < 8_000_000


def test_every_line_is_canonical_and_fits_the_schema() -> None:
    case = validator()
    for line, x in zip((x for lines in FILES.values() for x in lines), CASES, strict=True):
        assert line == answering.canonical(x)
    for x in CASES[::7]:
        case.validate(x)
    ruleset = validator("ruleset")
    for fingerprint, data in answering.rulesets().items():
        ruleset.validate({"fingerprint": fingerprint, "ruleset": data})
        assert digest([data]) == fingerprint
    validator("calendars").validate(answering.calendars())


def test_every_row_of_what_happens_when_has_a_case_that_says_so() -> None:
    shown = {s for x in of("what-happens-when") for s in x["case"]["shows"]}
    assert shown == {f"row: {r}" for r in making.ROWS}
    assert len(making.ROWS) == 30


def test_every_heading_of_the_page_is_a_row_of_the_suite() -> None:
    """A row added to docs/decision.md must come into the suite."""
    page = making.PAGE.read_text(encoding="utf-8").partition("## What happens when")[2]
    headings = [x[4:] for x in page.splitlines() if x.startswith("### ")]
    assert [making.row_of(h) for h in headings] == list(making.ROWS)


def test_the_cases_by_hand_are_those_that_the_page_and_the_truth_tables_say_today() -> None:
    suite = making.Suite()
    kept = dict(suite.calendars), dict(suite.rulesets)
    try:
        for one in making.of_the_page():
            suite.put("what-happens-when", one, tasks=False, keep=True)
        for one in making.of_the_truth_tables():
            suite.put("truth-tables", one, tasks=False, keep=True)
    finally:
        answering.calendars.cache_clear()
        answering.rulesets.cache_clear()
    assert kept == ({}, {})
    for file in ("what-happens-when", "truth-tables"):
        fresh = [json.loads(x) for x in suite.lines[file]]
        for x in (*fresh, *(committed := of(file))):
            del x["case"]["witnesses"]
        assert fresh == committed


@pytest.mark.parametrize("file", sorted(FILES))
def test_the_slow_deciders_say_the_same(file: str) -> None:
    """Of every file a part, evenly taken; all of the cases by hand."""
    cases = [x for x in of(file) if x["case"]["witnesses"]]
    assert cases
    step = 1 if file in ("truth-tables",) else max(1, len(cases) // 25)
    for x in cases[::step]:
        tasks = "tasks" in x["case"]["witnesses"]
        assert making.witnessed(x["case"], x["expect"], tasks=tasks) == (x["case"]["witnesses"], []), x["case"]["id"]


def test_a_slow_decider_contradicts_an_answer_that_is_wrong() -> None:
    x = next(x for x in of("what-happens-when") if x["expect"]["tasks"] and x["expect"]["tasks"][0]["due"])
    x["expect"]["tasks"][0]["due"] = "2026-12-01"
    assert "tasks" in making.witnessed(x["case"], x["expect"], tasks=True)[1]
    x["expect"]["open_steps"] = []
    assert "path" in making.witnessed(x["case"], x["expect"], tasks=True)[1]


def test_conditions_have_the_public_truth_tables() -> None:
    """True opens a step, false does not and asks nothing, unknown asks; `implies` is written `any: [{none: [a]}, b]`."""
    tables = json.loads((SUITE / "truth_tables.json").read_text(encoding="utf-8"))
    assert tables == making.truth_tables()
    assert {t: len(rows) for t, rows in tables.items()} == {"and": 9, "or": 9, "not": 3, "implies": 9}
    rows = [f"truth: {' '.join([t, *row[:-1]])} is {row[-1]}" for t in tables for row in tables[t]]
    cases = of("truth-tables")
    assert [x["case"]["shows"][0] for x in cases] == rows
    for x in cases:
        said = answering.answer(x["case"])
        value = "true" if said["open_steps"] else "unknown" if said["questions"] else "false"
        assert x["case"]["shows"][0].endswith(f"is {value}")


def test_every_case_names_a_calendar_that_lists_its_school_days() -> None:
    for name, years in answering.calendars().items():
        calendar = answering.calendar_from(years)
        assert making.plain_calendar(calendar) == years
        assert calendar.covers(date.fromisoformat(years[-1]["last_day"]).toordinal())
        years = [{**years[0], "school_days": years[0]["school_days"][1:]}, *years[1:]]
        with pytest.raises(ValueError, match="school days"):
            answering.calendar_from(years)
        assert name


# ---------------------------------------------------------------------- the runners
def few(tmp_path: Path, *, spoil: bool) -> Path:
    """Some cases in a folder of their own; the last one with a deliberately wrong expectation if `spoil`."""
    cases = of("what-happens-when")[:6]
    if spoil:
        cases[-1]["expect"]["withdrawn"] = ["never@2026-09-01"]
    text = "".join(answering.canonical(x) + "\n" for x in cases)
    (tmp_path / "few.jsonl").write_text(text, encoding="utf-8", newline="\n")
    return tmp_path


ANSWER = [sys.executable, str(SUITE / "answer.py")]


def run(*command: str) -> tuple[int, str]:
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, timeout=120)
    assert done.stderr == ""
    return done.returncode, done.stdout


@pytest.mark.parametrize("command", [[], ["--", *ANSWER]], ids=["this library", "a command"])
def test_the_python_runner_tells_how_many_passed_and_shows_what_failed(command: list[str], tmp_path: Path) -> None:
    runner = [sys.executable, str(SUITE / "run.py"), "--folder"]
    assert run(*runner, str(few(tmp_path, spoil=False)), *command) == (0, "6 passed, 0 failed\n")
    code, out = run(*runner, str(few(tmp_path, spoil=True)), *command)
    assert (code, out.splitlines()[-1]) == (1, "5 passed, 1 failed")
    assert 'withdrawn: expected ["never@2026-09-01"]' in out


def test_the_java_runner_tells_the_same(tmp_path: Path) -> None:
    if shutil.which("java") is None or shutil.which("javac") is None:
        pytest.skip("skipped: Java is not installed")
    runner = ["java", str(SUITE / "Run.java")]
    assert run(*runner, str(few(tmp_path, spoil=False)), *ANSWER) == (0, "6 passed, 0 failed\n")
    code, out = run(*runner, str(few(tmp_path, spoil=True)), *ANSWER)
    assert (code, out.splitlines()[-1]) == (1, "5 passed, 1 failed")
    assert "never@2026-09-01" in out


def test_a_case_that_cannot_be_answered_is_told_in_its_line() -> None:
    case = {**CASES[0]["case"], "record": {"format": 1, "pupil": "p", "events": [{"type": "mark", "on": "2026-02-30"}]}}
    lines = json.dumps(case) + "\nnot json\n" + json.dumps(CASES[0]["case"]) + "\n"
    done = subprocess.run(ANSWER, input=lines, capture_output=True, encoding="utf-8", check=False, timeout=120)
    errors = [json.loads(x) for x in done.stdout.splitlines()]
    assert [set(x) for x in errors[:2]] == [{"error"}, {"error"}]
    assert errors[2] == CASES[0]["expect"]
