"""Every comparison of the language, at, below and above its limit, and what a lesson that nobody marked does to it.

The answers are open, closed or asked: a number that is known decides; one that may still grow is asked about only where it
could change the answer.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from test_clocks import CALENDAR

import sky_model as sky
from sky_model.errors import CaseError

TINY = """\
format: 1
ruleset: tiny
version: 2026-1
status: pilot
valid_from: 2026-08-01
grades: 1-9
name: {en: A tiny ruleset}
sources:
  - {id: ours, kind: local, name: Ours, certainty: inference}
organisations:
  - {id: school, name: {en: school}, controller: yes}
roles:
  - {id: pupil, what: party, name: {en: pupil}, sees: [absence], staff: no}
  - {id: guardian, what: party, name: {en: guardian}, sees: [absence], staff: no}
  - {id: teacher, what: role, name: {en: teacher}, organisation: school, sees: [absence]}
  - {id: lead, what: role, name: {en: lead}, sees: [absence], is: {by: {grade: {1-9: teacher}}}, deputies: [teacher]}
groups:
  - {id: team, name: {en: team}, led_by: lead, sees: []}
consents:
  - {id: may-meet, name: {en: may meet}, given_by: [pupil], needed_for: {with: [team]}}
kinds:
  - {id: away, is: unauthorised, name: {en: away}}
  - {id: here, is: attended, name: {en: here}}
local_codes:
  - {system: ours, code: A, kind: away}
reports:
  - {id: concern, by: [teacher], name: {en: concern}}
questions:
  - {id: cause, answers: [health, school], by: [lead], name: {en: cause}}
  - {id: causes, answers: [health, school], several: yes, by: [lead], name: {en: causes}}
parameters:
  - {id: limit, unit: lessons, value: 30, layer_may: lower}
tiers:
  - {id: targeted, name: {en: targeted}}
counters:
  - {id: lessons-away, measure: lessons, lesson_minutes: 45, kinds: all, window: {in: school_year}}
  - {id: marks-away, measure: marks, kinds: {only: [away]}, window: {in: any_time}}
steps:
  - id: first
    tier: targeted
    name: {en: first}
    opens: {lessons-away: {at_least: {parameter: limit}}}
    lasts: until_closed
    again: next_window
    source: ours
    actions:
      - id: talk
        name: {en: talk}
        who: lead
        duty: must
        about: absence
        within: {school_days: 5}
      - id: write
        name: {en: write}
        who: lead
        duty: should
        about: absence
        after: [talk]
        asks: [cause]
    closing:
      by: [lead]
      reasons: [{id: enough, name: {en: enough}}]
      watch: {for: {school_weeks: 4}, opens: {lessons-away: {at_least: 5}}}
"""
OPENS = "opens: {lessons-away: {at_least: {parameter: limit}}}"


ON = date(2026, 9, 4)


def model_of(opens: str, tmp_path: Path, lasts: str = "until_closed", again: str = "next_window") -> sky.Model:
    text = TINY.replace(OPENS, f"opens: {opens}").replace("lasts: until_closed", f"lasts: {lasts}")
    path = tmp_path / "tiny.yaml"
    path.write_text(text.replace("again: next_window", f"again: {again}"), encoding="utf-8")
    return sky.load(path)


def outcome(model: sky.Model, *events: object, grade: int | None = 8, on: date = ON) -> str:
    enrolled = sky.Enrolment("s", grade=grade, since=date(2026, 8, 10), lessons_per_week=30)
    case = sky.Case("p", events=[enrolled, *events])  # type: ignore[list-item]
    d = sky.decide(model, case, on=on, calendars=CALENDAR)
    return "open" if d.open_steps else "asked" if d.questions else "closed"


def lessons(n: int) -> list[sky.Mark]:
    return [sky.Mark(date(2026, 9, 1), lessons=n, kind="away", id="m1")] if n else []


MAYBE_TWO_MORE = sky.Register(date(2026, 9, 2), planned=6, marked=4)


@pytest.mark.parametrize(
    ("operator", "outcomes", "with_a_gap"),
    [
        # with 3, 4, 5 lessons, limit 4; then the same with two lessons that nobody marked
        ("at_least", ["closed", "open", "open"], ["asked", "open", "open"]),
        ("more_than", ["closed", "closed", "open"], ["asked", "asked", "open"]),
        # open since the first day of school, when nothing was missed; what is unknown does not end it
        ("at_most", ["open", "open", "closed"], ["open", "open", "closed"]),
        ("less_than", ["open", "closed", "closed"], ["open", "closed", "closed"]),
    ],
)
def test_a_counter_is_compared_at_below_and_above_its_limit(
    operator: str, outcomes: list[str], with_a_gap: list[str], tmp_path: Path
) -> None:
    model = model_of(f"{{lessons-away: {{{operator}: 4}}}}", tmp_path, "while_true", "when_true_anew")
    assert [outcome(model, *lessons(n)) for n in (3, 4, 5)] == outcomes
    assert [outcome(model, *lessons(n), MAYBE_TWO_MORE) for n in (3, 4, 5)] == with_a_gap


@pytest.mark.parametrize(
    ("asks", "grades"),
    [
        ("{at_least: 7}", {7, 8, 9}),
        ("{more_than: 7}", {8, 9}),
        ("{at_most: 2}", {1, 2}),
        ("{less_than: 2}", {1}),
        ("{one_of: ['1', '7']}", {1, 7}),
    ],
)
def test_a_step_may_be_for_some_grades(asks: str, grades: set[int], tmp_path: Path) -> None:
    model = model_of(f"{{all: [{{lessons-away: {{at_least: 4}}}}, {{grade: {asks}}}]}}", tmp_path)
    assert {g for g in range(1, 10) if outcome(model, *lessons(4), grade=g) == "open"} == grades
    assert outcome(model, *lessons(4), grade=None) == "asked"
    assert outcome(model, *lessons(3), grade=None) == "closed"


def test_a_limit_that_differs_by_grade_needs_the_grade_only_where_it_decides(tmp_path: Path) -> None:
    model = model_of("{lessons-away: {at_least: {by: {grade: {1-6: 4, 7-9: 8}}}}}", tmp_path)
    assert [outcome(model, *lessons(n), grade=g) for n in (3, 5, 9) for g in (3, 8)] == [
        "closed",
        "closed",
        "open",
        "closed",
        "open",
        "open",
    ]
    assert [outcome(model, *lessons(n), grade=None) for n in (3, 5, 9)] == ["closed", "asked", "open"]


def test_none_of_several_holds_when_each_is_known_to_be_false(tmp_path: Path) -> None:
    model = model_of(
        "{all: [{marks-away: {at_least: 1}}, {none: [{lessons-away: {at_least: 4}}, {concern: {is: raised}}]}]}", tmp_path
    )
    concern = sky.Report("concern", date(2026, 9, 2), by="teacher")
    assert outcome(model, *lessons(3)) == "open"
    assert outcome(model, *lessons(4)) == "closed"
    assert outcome(model, *lessons(3), MAYBE_TWO_MORE) in ("open", "asked")
    early = sky.Report("concern", date(2026, 9, 1), by="teacher")
    assert outcome(model, early, *lessons(3)) == "closed"
    assert outcome(model, concern) == "closed"


@pytest.mark.parametrize(
    ("asks", "answered", "said"),
    [
        ("{is: health}", ["health"], "open"),
        ("{is: health}", ["school"], "closed"),
        ("{is: health}", [], "asked"),
        ("{one_of: [health, school]}", ["school"], "open"),
        ("{is: known}", [], "closed"),
        ("{is: known}", ["school"], "open"),
        ("{is: unknown}", [], "open"),
        ("{is: unknown}", ["school"], "closed"),
    ],
)
def test_a_question_is_asked_until_somebody_answers(asks: str, answered: list[str], said: str, tmp_path: Path) -> None:
    opens = f"{{all: [{{lessons-away: {{at_least: 4}}}}, {{cause: {asks}}}]}}"
    model = model_of(opens, tmp_path, "while_true", "when_true_anew")
    answers = [sky.Answer("cause", tuple(answered), date(2026, 9, 3), by="lead")] if answered else []
    assert outcome(model, *lessons(4), *answers) == said
    assert outcome(model, *lessons(3), *answers) == "closed"


# ---------------------------------------------------------------------- how long a step lasts
@pytest.mark.parametrize(
    ("lasts", "last_day"),
    [
        ("{school_days: 5}", date(2026, 9, 8)),
        ("{school_weeks: 2}", date(2026, 9, 15)),
        ("{until_end_of: term}", date(2026, 10, 18)),
    ],
)
def test_a_step_with_an_end_is_open_up_to_its_last_day(lasts: str, last_day: date, tmp_path: Path) -> None:
    model = model_of("{lessons-away: {at_least: 4}}", tmp_path, lasts)
    after = date.fromordinal(last_day.toordinal() + 1)
    assert [outcome(model, *lessons(4), on=d) for d in (last_day, after)] == ["open", "closed"]


@pytest.mark.parametrize("again", ["once", "next_window"])
def test_a_step_that_ended_by_itself_does_not_open_twice_in_one_window(again: str, tmp_path: Path) -> None:
    model = model_of("{lessons-away: {at_least: 4}}", tmp_path, "{school_days: 5}", again)
    more = sky.Mark(date(2026, 9, 21), lessons=6, kind="away", id="m2")
    assert outcome(model, *lessons(4), more, on=date(2026, 9, 22)) == "closed"


# ---------------------------------------------------------------------- an error for the application
def test_an_event_that_is_not_legal_now_is_an_error_that_says_what_is() -> None:
    assert str(CaseError("this step is not open", ["a", "b"])) == "this step is not open; legal now: a, b"
    assert str(CaseError("this step is not open")) == "this step is not open"
