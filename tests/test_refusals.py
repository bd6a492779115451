"""What the loader refuses to guess in the constructs of the whole language: one fault each, with its code."""

# ruff: noqa: E501  (a table of one line a case)
from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

import sky_model as sky
from sky_model.host.schools import read_schools
from sky_model.model import load_data

NAME = {"fi": "x", "sv": "x", "en": "x"}
WINDOW = {"window": {"in": "term"}, "source": "town"}
LESSONS = {"id": "c", "measure": "lessons", "lesson_minutes": "45", "kinds": "all", **WINDOW}
OTHER = LESSONS | {"id": "other"}
STEP = {
    "id": "first", "tier": "only", "name": NAME, "opens": {"worry": {"is": "raised"}}, "lasts": "until_closed", "again": "next_window",
    "source": "town", "closing": {"by": ["teacher"], "reasons": [{"id": "settled", "name": NAME}]},
}  # fmt: skip
CALL = {"id": "call", "name": NAME, "who": "teacher", "duty": "must", "about": "absence", "source": "town"}


def ruleset(**more: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "format": "1", "ruleset": "small", "version": "1", "status": "pilot", "valid_from": "2026-08-01", "grades": "1-9",
        "name": NAME, "sources": [{"id": "town", "kind": "local", "name": "a paper", "certainty": "primary"}],
        "kinds": [{"id": "away", "is": "unauthorised", "name": NAME, "source": "town"}],
        "roles": [{"id": "teacher", "what": "profession", "name": NAME, "source": "town"}],
        "reports": [{"id": "worry", "by": ["teacher"], "name": NAME, "source": "town"}],
        "tiers": [{"id": "only", "name": NAME, "source": "town"}], "steps": [STEP],
    }  # fmt: skip
    return base | more


def step(**more: Any) -> dict[str, Any]:
    return {"steps": [STEP | more]}


def action(**more: Any) -> dict[str, Any]:
    return step(actions=[CALL | more])


def counter(**more: Any) -> dict[str, Any]:
    return {"counters": [{"id": "c", "kinds": "all", **WINDOW} | more]}


DAY_QUESTION = {"questions": [{"id": "when", "answers": ["a", "b"], "by": ["teacher"], "name": NAME, "source": "town"}]}
MESSAGE = {
    "id": "m",
    "when": {"worry": {"is": "raised"}},
    "once_in": "term",
    "to": ["teacher"],
    "about": "absence",
    "source": "town",
}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "lessons without their length": (counter(measure="lessons"), "which-unit"),
    "days without from what part": (counter(measure="days"), "day-from"),
    "times of nothing": ({"counters": [{"id": "c", "measure": "times", **WINDOW}]}, "of"),
    "days since without a clock": ({"counters": [{"id": "c", "measure": "days_since", "of": {"kind": "away"}, **WINDOW}]}, "of"),
    "of beside lessons": ({"counters": [LESSONS | {"of": {"kind": "away"}}]}, "of"),
    "times of a kind of absence": ({"counters": [{"id": "c", "measure": "times", "of": "call", "kinds": "all", **WINDOW}]} | action(), "which-kinds"),
    "kinds not said": ({"counters": [{k: v for k, v in LESSONS.items() if k != "kinds"}]}, "which-kinds"),
    "a share of marks": (counter(measure="marks", share_of={"planned": "so_far"}), "share-of-marks"),
    "a run of marks": (counter(measure="marks", window={"in": "any_time", "unbroken": "yes"}), "unbroken"),
    "calendar days of no run": (counter(measure="calendar_days", day_from="whole"), "unbroken"),
    "the most frequent of half days": (counter(measure="half_days", most_on_one="weekday"), "most-on-one"),
    "compared without a rolling window": ({"counters": [LESSONS | {"compared_with": "window_before"}]}, "compared"),
    "settled in terms": ({"counters": [LESSONS | {"settles": {"terms": "1"}}]}, "settles"),
    "since a check without a schedule": ({"counters": [LESSONS | {"window": {"in": "term", "since": "last_check"}}]}, "since"),
    "since a step that there is not": ({"counters": [LESSONS | {"window": {"in": "term", "since": {"opened": "none"}}}]}, "no-such"),
    "checked by no schedule": ({"counters": [LESSONS | {"checked": "none"}]}, "no-such"),
    "a table that there is not": ({"counters": [LESSONS | {"share_of": {"table": "none"}}]}, "no-such"),
    "a kind that counts with a counter": ({"counters": [OTHER, LESSONS | {"only_if": {"away": {"other": {"at_least": "1"}}}}]}, "only-if"),
    "explained as a number": ({"counters": [LESSONS | {"marks": {"explained": {"at_least": "1"}}}]}, "operator"),
    "explained as a word": ({"counters": [LESSONS | {"marks": {"explained": {"is": "maybe"}}}]}, "answer"),
    "becomes a kind that there is not": ({"becomes": [{"kind": "away", "marks": {"minutes": {"more_than": "30"}}, "to": "none"}]}, "no-such"),
    "levels of no counter": (step(again={"every": {"none": "50", "from": "50"}}), "no-such"),
    "levels that end by themselves": ({"counters": [LESSONS]} | step(lasts="while_true", again={"every": {"c": "50", "from": "50"}}), "levels"),
    "repeated until done": (action(repeat={"every": {"school_weeks": "1"}}) | step(lasts="until_done", actions=[CALL | {"repeat": {"every": {"school_weeks": "1"}}}]), "never-done"),
    "repeated at once": (action(repeat={"every": {"school_weeks": "0"}}), "repeat"),
    "repeated by no schedule": (action(repeat={"every": {"schedule": "none"}}), "no-such"),
    "due on an answer that is no day": (DAY_QUESTION | action(within={"on": "when"}), "not-a-date"),
    "due after itself": (action(after=["call"]), "after-circle"),
    "reached by an answer that is no day": (DAY_QUESTION | action(when={"when": {"is": "reached"}}), "answer"),
    "overdue as a condition": (action(when={"call": {"is": "overdue"}}), "overdue"),
    "a message to nobody known": ({"messages": [MESSAGE | {"to": ["nobody"]}]}, "no-such"),
    "a message with no such text": ({"messages": [MESSAGE | {"text": "none"}]}, "no-such"),
    "a message with a blank that nothing fills": ({"messages": [MESSAGE | {"text": "t"}], "texts": {"t": {"en": "{name} is away"}}}, "blank"),
    "a length of time that is not said": (step(lasts={"school_days": {"gap": "not said"}}), "gap-unread"),
    "an engine that does not say from when": ({"requires_engine": "newest"}, "engine"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_said_is_refused_and_never_guessed(what: str) -> None:
    more, code = REFUSED[what]
    with pytest.raises(sky.RulesetError) as e:
        load_data(ruleset(**more))
    assert [p.code for p in e.value.problems] == [code], str(e.value)


@pytest.mark.parametrize(
    ("window", "says"), [("period", "counts by periods"), ("quarter", "counts by quarters"), ("term", "counts by terms")]
)
def test_a_calendar_without_the_parts_that_rules_go_by_is_refused_before_any_pupil(window: str, says: str) -> None:
    model = load_data(ruleset(counters=[LESSONS | {"window": {"in": window}}]))
    bare = sky.Calendar((sky.load_calendar("example-week-43/2026-27").years[0].__class__("bare/2026-27", 739838, 740100, 45),))
    (problem,) = model.problems_with(bare)
    assert says in problem.message
    assert f"{window}s: [{{id: " in problem.hint


def test_a_calendar_that_does_not_name_the_days_of_a_check_is_refused() -> None:
    schedule = {"id": "checks", "days_named": "check-days", "source": "town"}
    model = load_data(ruleset(schedules=[schedule], counters=[LESSONS | {"checked": "checks"}]))
    (problem,) = model.problems_with(sky.load_calendar("example-week-43/2026-27"))
    assert problem.code == "no-named-days"
    assert "reads the days 'check-days'" in problem.message


def test_needs_names_what_the_constructs_of_a_ruleset_read() -> None:
    subject = LESSONS | {"id": "by-subject", "most_on_one": "subject", "only_if": {"away": {"worry": {"is": "raised"}}}}
    halves = {"id": "halves", "measure": "half_days", "kinds": "all", **WINDOW}
    times = {"id": "calls", "measure": "times", "of": "call", **WINDOW}
    since = {"id": "age", "measure": "days_since", "of": {"kind": "away"}, "on_clock": "calendar_days", **WINDOW}
    becomes = [{"kind": "away", "marks": {"explained": {"is": "no"}}, "to": "away"}]
    opens = {"any": [{n: {"at_least": "1"}} for n in ("by-subject", "halves", "calls", "age")]}
    steps = [STEP | {"opens": opens, "actions": [CALL]}]
    needed = sky.needs(
        load_data(ruleset(counters=[subject, halves, times, since], becomes=becomes, steps=steps, messages=[MESSAGE]))
    )
    assert {"subject", "part", "explained"} <= set(needed["fields"]["mark"])
    assert "worry" in needed["reports"]
    assert {"call", "m"} <= set(needed["actions"])


# ---------------------------------------------------------------------- the file of schools
def write(folder: Path, text: str) -> Path:
    path = folder / "schools.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_school_is_tied_to_its_rules_calendar_and_what_its_application_does(tmp_path: Path) -> None:
    line = "schools: [{id: s-3, rulesets: [presets/lessons-per-term], calendars: [kotka/2026-27], does: [absence-notice-to-guardian]}]\n"
    schools = read_schools(write(tmp_path, line))
    case = sky.Case("p", events=[sky.Enrolment("s-3", grade=8, since=date(2026, 8, 12))])
    school = schools.school_of(case, date(2026, 9, 1))
    assert school.model is not None
    assert (school.model.name, school.calendar.id) == ("lessons-per-term/2026-1", "kotka/2026-27")
    assert school.does == {"absence-notice-to-guardian"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("schools: [{id: a, calendars: [kotka/2026-27]}, {id: a, calendars: [kotka/2026-27]}]\n", "doubled-id"),
        ("schools: [{id: a, calendars: [nowhere/2026-27]}]\n", "no-calendar"),
        ("schools: [{id: a, rulesets: [presets/none], calendars: [kotka/2026-27]}]\n", "no-ruleset"),
        ("schools: [{id: a}]\n", "missing"),
    ],
)
def test_a_fault_of_the_file_of_schools_is_one_clear_error(tmp_path: Path, text: str, code: str) -> None:
    with pytest.raises(sky.RulesetError) as e:
        read_schools(write(tmp_path, text))
    assert [p.code for p in e.value.problems] == [code]


def test_a_pupil_of_a_school_that_the_file_does_not_have_is_not_decided(tmp_path: Path) -> None:
    schools = read_schools(
        write(tmp_path, "schools: [{id: a, calendars: [kotka/2026-27]}, {id: b, calendars: [kotka/2026-27]}]\n")
    )
    with pytest.raises(sky.RecordError, match="the school 'c' is not in the file of schools"):
        schools.school_of(sky.Case("p", events=[sky.Enrolment("c", since=date(2026, 8, 12))]), date(2026, 9, 1))
    with pytest.raises(sky.RecordError, match="no enrolment says which school it is"):
        schools.school_of(sky.Case("p"), date(2026, 9, 1))
