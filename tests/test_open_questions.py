"""What is asked when something is not known, and what an answer given anew does."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from generated_language import NAME, TWO_YEARS, action_of, beside, file_of, step_of

import sky_model as sky
from sky_model.events import ActionTaken, Answer, Enrolment, Event, Mark
from sky_model.model import load_data


def day(month: int, n: int) -> date:
    return date(2026, month, n)


def decide(data: dict[str, Any], *events: Event, on: date) -> sky.Decision:
    enrolled = Enrolment("s", grade=8, since=day(8, 10), lessons_per_week=30)
    return sky.decide(load_data(data), sky.Case("p", events=[enrolled, *events]), on=on, calendars=TWO_YEARS)


def ruleset(counter: dict[str, Any], *steps: dict[str, Any]) -> dict[str, Any]:
    found = [*steps, step_of("step-b", {"wish": {"is": "raised"}})]
    beside(found)
    whole = {"id": "absence", "measure": "lessons", "lesson_minutes": "45", "kinds": "all", "window": {"in": "term"}}
    return file_of([whole | counter], found, [])


def asked(decision: sky.Decision) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(q.what, q.fact, q.by) for q in decision.questions]


LEAVE = Mark(day(8, 11), lessons=6, kind="leave", id="m1")


@pytest.mark.parametrize("measure", [{}, {"measure": "days", "day_from": "any_part", "lesson_minutes": None}])
def test_of_a_mark_that_counts_only_with_an_answer_that_answer_is_asked_for(measure: dict[str, Any]) -> None:
    counter = {k: v for k, v in ({"only_if": {"leave": {"cause": {"is": "school"}}}} | measure).items() if v is not None}
    data = ruleset(counter, step_of("step-a", {"absence": {"at_least": "1"}}))
    data["counters"] = [
        {k: v for k, v in c.items() if k in counter or measure == {} or k != "lesson_minutes"} for c in data["counters"]
    ]
    assert asked(decide(data, LEAVE, on=day(8, 12))) == [("not_answered", "cause", ("teacher",))]
    assert [s.step for s in decide(data, LEAVE, Answer("cause", "school", day(8, 12)), on=day(8, 12)).open_steps] == ["step-a"]
    answered = decide(data, LEAVE, Answer("cause", "family", day(8, 12)), on=day(8, 12))
    assert (answered.open_steps, answered.questions) == ((), ())


def test_without_such_a_mark_its_answer_is_not_asked_for() -> None:
    data = ruleset({"only_if": {"leave": {"cause": {"is": "school"}}}}, step_of("step-a", {"absence": {"at_least": "1"}}))
    other = Mark(day(8, 11), lessons=0, kind="leave", id="m1")
    assert asked(decide(data, other, on=day(8, 12))) == []


AGAIN = step_of(
    "step-a", {"all": [{"absence": {"at_least": "1"}}, {"none": [{"act-c": {"done_within": {"calendar_days": "7"}}}]}]}
)


def with_a_talk(*questions: str) -> dict[str, Any]:
    data = ruleset({}, AGAIN, step_of("step-c", {"concern": {"is": "raised"}}, actions=[action_of("act-c", asks=[*questions])]))
    data["questions"].append({"id": "wellbeing", "answers": ["good", "poor"], "by": ["teacher"], "name": NAME, "source": "town"})
    return data


@pytest.mark.parametrize(
    ("answers", "is_open"),
    [
        ([], True),
        ([Answer("cause", "school", day(8, 12))], True),  # done, and more than seven days ago
        ([Answer("cause", "school", day(8, 12)), Answer("cause", "family", day(8, 28))], False),  # asked anew
        ([ActionTaken("act-c", "done", day(8, 12)), ActionTaken("act-c", "done", day(8, 28))], False),  # the same as two talks
    ],
)
def test_a_talk_that_is_held_again_is_done_again(answers: list[Event], is_open: bool) -> None:
    mark = Mark(day(8, 31), lessons=3, kind="health", id="m1")
    assert [s.step for s in decide(with_a_talk("cause"), mark, *answers, on=day(8, 31)).open_steps] == ["step-a"] * is_open


def test_a_talk_of_two_questions_is_held_again_when_both_are_answered_again() -> None:
    mark = Mark(day(8, 31), lessons=3, kind="health", id="m1")
    first = [Answer("cause", "school", day(8, 12)), Answer("wellbeing", "good", day(8, 13))]
    one, both = Answer("cause", "family", day(8, 28)), Answer("wellbeing", "poor", day(8, 28))
    data = with_a_talk("cause", "wellbeing")
    assert [s.step for s in decide(data, mark, *first, one, on=day(8, 31)).open_steps] == ["step-a"]
    assert decide(data, mark, *first, one, both, on=day(8, 31)).open_steps == ()
