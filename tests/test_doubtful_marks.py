"""Marks that may be wrong: set aside, counted only as possible, listed; the pupil is decided all the same.

Every kind of doubt is shown three times: below the limit (nothing asked), where only the doubtful mark reaches it (asked,
not opened), and above it without the mark (opened, nothing asked).
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import sky_model as sky
from sky_model import cli
from sky_model.events import Event

CALENDAR = sky.load_calendar("example-week-43/2026-27")
MODEL = sky.load("presets/lessons-per-term")
ENROLLED = sky.Enrolment("s", grade=8, since=date(2026, 8, 12), lessons_per_week=30)
MONDAY, SUNDAY, ON = date(2026, 9, 14), date(2026, 9, 13), date(2026, 9, 15)
BY_NUMBER = ("first-limit-reached", "second-limit-reached", "third-limit-reached")


def mark(on: date, lessons: int | None = 6, name: str = "doubtful", **more: Any) -> sky.Mark:
    return sky.Mark(on, lessons=lessons, kind="health", id=name, **more)


def sure(lessons: int) -> list[sky.Mark]:
    """So many lessons on the first days of September, six a day at most."""
    days = [date(2026, 9, d) for d in (1, 2, 3, 4, 7, 8)]
    out = []
    for i, day in enumerate(days):
        left = min(6, lessons - 6 * i)
        if left > 0:
            out.append(mark(day, left, f"sure-{i}"))
    return out


REGISTER = sky.Register(MONDAY, planned=6, marked=6, id="r1")
DOUBT: dict[str, tuple[list[Event], str]] = {
    "a day without school": ([mark(SUNDAY)], "no_school_day"),
    "a day of the autumn break": ([mark(date(2026, 10, 20))], "no_school_day"),
    "the same lesson marked twice": (
        [mark(MONDAY, 1, "a-lesson", lesson="1"), mark(MONDAY, 6, lesson="1")],
        "same_lesson",
    ),
    "more lessons than planned": ([mark(MONDAY, 7), REGISTER], "more_than_planned"),
    "a part of a day without its length": ([mark(MONDAY, None, part="partial")], "no_length"),
    "a code that nobody mapped": ([replace(mark(MONDAY), kind=None, code="sairas")], "no_kind"),
    "a kind that the ruleset does not have": ([replace(mark(MONDAY), kind="sairas")], "no_kind"),
}


def decide(before: int, name: str) -> sky.Decision:
    case = sky.Case("p", events=[ENROLLED, *sure(before), *DOUBT[name][0]])
    on = date(2026, 10, 26) if "break" in name else ON
    return sky.decide(MODEL, case, on=on, calendars=CALENDAR)


def opened(d: sky.Decision) -> list[str]:
    return [s.step for s in d.open_steps if s.step in BY_NUMBER]


@pytest.mark.parametrize("name", DOUBT)
def test_a_doubtful_mark_is_set_aside_and_listed_and_the_pupil_is_decided(name: str) -> None:
    d = decide(6, name)
    assert d.set_aside == (("doubtful", DOUBT[name][1]),)
    assert not any(s in BY_NUMBER for q in d.questions for s in q.steps)
    assert opened(d) == []
    assert d.nearest is not None
    assert d.nearest.number == 6 + ("twice" in name)


@pytest.mark.parametrize("name", DOUBT)
def test_a_limit_that_only_a_doubtful_mark_reaches_is_asked_about_and_not_opened(name: str) -> None:
    d = decide(24, name)
    assert opened(d) == []
    assert d.is_undecided
    (question,) = d.questions
    may_be_another_kind = ("unauthorised-absence", "unexplained-absence") if DOUBT[name][1] == "no_kind" else ()
    assert (question.what, question.steps) == ("set_aside", (*may_be_another_kind, "first-limit-reached"))
    assert question.days == (DOUBT[name][0][-1].on if name != "more lessons than planned" else MONDAY,)
    assert question.by == ("subject-teacher", "class-lead")
    assert d.nearest is not None
    assert d.nearest.number == 24 + ("twice" in name)


@pytest.mark.parametrize("name", DOUBT)
def test_a_limit_that_is_reached_without_the_doubtful_mark_is_reached(name: str) -> None:
    d = decide(30, name)
    assert opened(d) == ["first-limit-reached"]
    assert not any("first-limit-reached" in q.steps for q in d.questions)
    (step,) = [s for s in d.open_steps if s.step in BY_NUMBER]
    assert "doubtful" not in step.because[0].marks
    assert not step.is_in_doubt


def test_the_same_mark_handed_in_twice_counts_once_and_is_told() -> None:
    one = mark(MONDAY)
    d = sky.decide(MODEL, sky.Case("p", events=[ENROLLED, *sure(24), one, one]), on=ON, calendars=CALENDAR)
    assert opened(d) == ["first-limit-reached"]
    assert d.told == ("doubtful",)
    assert sky.decide(MODEL, sky.Case("p", events=[ENROLLED, *sure(23), one, one]), on=ON, calendars=CALENDAR).open_steps == ()


def test_a_part_of_a_day_is_no_longer_than_the_day() -> None:
    partial = mark(MONDAY, None, part="partial")
    inside = sky.decide(MODEL, sky.Case("p", events=[ENROLLED, *sure(23), partial]), on=ON, calendars=CALENDAR)
    assert not inside.is_undecided  # 23 and at most 6 are 29
    reaching = sky.decide(MODEL, sky.Case("p", events=[ENROLLED, *sure(24), partial]), on=ON, calendars=CALENDAR)
    assert reaching.is_undecided


def test_a_part_of_a_day_of_unknown_length_may_be_anything() -> None:
    bare = replace(ENROLLED, lessons_per_week=None)
    d = sky.decide(MODEL, sky.Case("p", events=[bare, mark(MONDAY, None, part="partial")]), on=ON, calendars=CALENDAR)
    assert d.is_undecided


def test_a_doubt_that_is_cleared_is_gone() -> None:
    aside = [replace(mark(MONDAY), kind=None, code="sairas"), replace(mark(MONDAY), recorded=ON)]
    case = sky.Case("p", events=[ENROLLED, *sure(24), *aside])
    assert sky.decide(MODEL, case, on=MONDAY, calendars=CALENDAR).is_undecided
    d = sky.decide(MODEL, case, on=ON, calendars=CALENDAR)
    assert (d.set_aside, d.is_undecided, opened(d)) == ((), False, ["first-limit-reached"])


def test_a_person_who_says_that_the_data_are_wrong_sets_a_mark_aside_for_five_school_days() -> None:
    wrong = sky.ActionTaken("talk-with-pupil", "data_wrong", ON, mark="doubtful", id="w1")
    case = sky.Case("p", events=[ENROLLED, *sure(24), mark(MONDAY), wrong])

    def on(day: date) -> sky.Decision:
        return sky.decide(MODEL, case, on=day, calendars=CALENDAR)

    assert on(MONDAY).set_aside == ()
    for day in (ON, date(2026, 9, 22)):
        assert on(day).set_aside == (("doubtful", "data_wrong"),)
        assert on(day).open_steps[0].is_in_doubt
    assert on(date(2026, 9, 23)).set_aside == ()
    assert opened(on(date(2026, 9, 23))) == ["first-limit-reached"]
    assert not any(s.is_in_doubt for s in on(date(2026, 9, 23)).open_steps)


# ---------------------------------------------------------------------- the same through the command line
@pytest.mark.parametrize("name", DOUBT)
def test_the_command_line_says_the_same(name: str, tmp_path: Path) -> None:
    case = sky.Case("p", events=[ENROLLED, *sure(24), *DOUBT[name][0]])
    path = tmp_path / "records.jsonl"
    path.write_text(json.dumps(case.to_json()) + "\n", encoding="utf-8")
    on = "2026-10-26" if "break" in name else str(ON)
    options = ["decide", str(path), "--calendar", "example-week-43/2026-27", "--on", on]
    machine = CliRunner().invoke(cli.app, ["decide", "-", *options[2:]], input=path.read_text(encoding="utf-8"))
    assert machine.exit_code == 0
    answer = json.loads(machine.stdout)
    assert answer == decide(24, name).to_json()
    assert answer["set_aside"] == [{"mark": "doubtful", "why": DOUBT[name][1]}]


def test_a_file_of_marks_lists_what_is_set_aside_and_decides_every_pupil(tmp_path: Path) -> None:
    path = tmp_path / "marks.csv"
    rows = [
        "pupil,grade,date,lessons,kind,lesson,part,id",
        "p1,8,2026-09-13,6,health,,,m1",
        "p2,8,2026-09-14,1,health,1,,m1",
        "p2,8,2026-09-14,1,health,1,,m2",
        "p3,8,2026-09-14,,health,,partial,m1",
        "p4,8,2026-09-14,6,sairas,,,m1",
    ]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    options = ["decide", str(path), "--calendar", "example-week-43/2026-27", "--on", "2026-09-15"]
    machine = CliRunner().invoke(cli.app, [*options, "--json"])
    assert machine.exit_code == 0
    answers = [json.loads(x) for x in machine.stdout.splitlines()]
    assert [(a["pupil"], a["set_aside"]) for a in answers] == [
        ("p1", [{"mark": "m1", "why": "no_school_day"}]),
        ("p2", [{"mark": "m2", "why": "same_lesson"}]),
        ("p3", [{"mark": "m1", "why": "no_length"}]),
        ("p4", [{"mark": "m1", "why": "no_kind"}]),
    ]
    table = CliRunner().invoke(cli.app, options)
    assert table.exit_code == 0
    assert table.output.count("1 mark set aside") == 4
    assert "4 decided" in table.output
