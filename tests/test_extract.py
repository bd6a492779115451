"""`sky extract`: everything that was concluded about one pupil, by which rule, from which marks, in three languages."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from test_log import CALENDAR, ENROLLED, MODEL, TALK, record

import sky_model as sky
from sky_model import cli
from sky_model.host.extract import extract

FIRST, ON = date(2026, 8, 12), date(2026, 9, 30)
LESS = sky.Mark(date(2026, 9, 3), lessons=0, kind="unauthorised", id="mark-3", recorded=date(2026, 9, 21))
LESS_TOO = sky.Mark(date(2026, 9, 7), lessons=0, kind="health", id="mark-7", recorded=date(2026, 9, 21))
CASE = record("p-17", TALK, LESS, LESS_TOO)


def days(case: sky.Case = CASE) -> list[tuple[date, sky.Decision]]:
    return list(sky.history(MODEL, case, FIRST, ON, calendars=CALENDAR))


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_every_opening_task_and_question_of_every_day_stands_in_it_in_the_language(language: str) -> None:
    text = extract(days(), ON, language=language)
    for _, d in days():
        for s in d.open_steps:
            assert s.step in text
            name = next(x for x in MODEL.newest.said.steps if x.id == s.step).name
            assert name is not None
            assert name.in_language(language) in text
            assert all(m in text for r in s.because for m in r.marks)
        for t in d.tasks:
            act = d.rules.acts.get(t.action)
            assert act is None or act.name.in_language(language)[1:] in text
    assert MODEL.fingerprint in text
    assert "{" not in text


def test_it_says_from_which_marks_with_day_length_and_kind_and_what_was_withdrawn_when() -> None:
    parts = extract(days(), ON, language="en").split("\n\n")
    (opened,) = [p for p in parts if p.startswith("7 September 2026:")]
    assert "1 September 2026 6 lessons" in opened
    assert "(mark-1)" in opened
    assert "3 September 2026 6 lessons" in opened  # as it was known then: corrected to none since
    assert "Rule: first-limit-reached, lessons-per-term/2026-1" in opened
    (gone,) = [p for p in parts if p.startswith("21 September 2026:")]
    assert MODEL.newest.steps[0].said.name is not None
    assert "7 September 2026" in gone


def test_a_reader_is_told_only_what_the_reader_may_see() -> None:
    wish = sky.Report("wish-to-meet-curator", date(2026, 9, 10), id="report-1")
    national = sky.load("fi-sky/2026-1")
    found = list(sky.history(national, record("p-17", wish), FIRST, ON, calendars=CALENDAR))
    whole, cut = (extract(found, ON, language="en", reader=r) for r in (None, "subject-teacher"))
    shown = {s.step for _, d in found for s in d.for_reader("subject-teacher").open_steps}
    hidden = {s.step for _, d in found for s in d.open_steps} - shown
    assert hidden
    assert all(f"Rule: {n}," in whole for n in hidden)
    assert not [n for n in hidden if f"Rule: {n}," in cut]


def test_the_command_takes_one_pupil_of_a_file_and_names_no_other(tmp_path: Path) -> None:
    records = tmp_path / "records.jsonl"
    other = record("p-18").changed(events=[ENROLLED, replace(CASE.events[1], id="mark-of-18")])  # type: ignore[type-var]
    records.write_text("".join(json.dumps(c.to_json()) + "\n" for c in (CASE, other)), encoding="utf-8")
    options = ["extract", str(records), "--on", str(ON), "--pupil"]
    said = CliRunner().invoke(cli.app, [*options, "p-17", "--language", "sv"])
    assert said.exit_code == 0, said.output
    assert "Vilka slutsatser som har dragits om eleven p-17" in said.stdout
    assert "18" not in said.stdout.replace("2026-1", "")
    lines = CliRunner().invoke(cli.app, [*options, "p-17", "--json"]).stdout.splitlines()
    assert {json.loads(x)["on"] for x in lines} >= {"2026-08-12", "2026-09-07", "2026-09-21"}
    assert {json.loads(x)["pupil"] for x in lines} == {"p-17"}
    none = CliRunner().invoke(cli.app, [*options, "131052-308T"])
    assert none.exit_code == 1
    assert "131052" not in none.output
