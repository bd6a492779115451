"""A new event is judged by the decision that it answers: what fits nothing is an error that says what is legal now.

Only `with_events(…, after=decision)` asks; a record that was taken in is folded whatever it holds.
"""

from __future__ import annotations

from datetime import date

import pytest

import sky_model as sky
from sky_model.errors import CaseError
from sky_model.events import Event

CALENDAR = sky.load_calendar("example-week-43/2026-27")
MODEL = sky.load("presets/lessons-per-term")
ON = date(2026, 9, 9)
MARKS = [sky.Mark(date(2026, 9, d), lessons=6, kind="unauthorised", id=f"m{d}") for d in (1, 2, 3, 4, 7)]
CASE = sky.Case("p", events=[sky.Enrolment("s", grade=8, since=date(2026, 8, 12)), *MARKS])
NOW = sky.decide(MODEL, CASE, on=ON, calendars=CALENDAR)


def said(event: Event) -> str:
    with pytest.raises(CaseError) as e:
        CASE.with_events(event, after=NOW)
    return str(e.value)


LEGAL: list[Event] = [
    sky.Mark(ON, lessons=6, kind="health"),
    sky.Report("concern", ON, by="guardian"),
    sky.Answer("cause", ("health", "school"), ON),
    sky.Answer("follow-up-date", "2026-10-01", ON),
    sky.Consent("guardian-told", "refused", ON),
    sky.StepClosed("first-limit-reached", "support-agreed", ON),
    sky.ActionTaken("talk-with-pupil", "done", ON),
    sky.ActionTaken("whatever", "data_wrong", ON, mark="m1"),
    sky.Retracted("m1", ON),
]


@pytest.mark.parametrize("event", LEGAL, ids=lambda e: type(e).__name__)
def test_a_legal_event_makes_a_longer_record(event: Event) -> None:
    assert len(CASE.with_events(event, after=NOW).events) == len(CASE.events) + 1


@pytest.mark.parametrize(
    ("event", "problem", "legal"),
    [
        (sky.Report("concerns", ON), "concerns", "concern"),
        (sky.Answer("causes", "health", ON), "causes", "cause"),
        (sky.Answer("cause", ("health", "helth"), ON), "helth", "health"),
        (sky.Consent("guardian-tolt", "given", ON), "guardian-tolt", "guardian-told"),
        (sky.StepClosed("first-limit-reached", "enough", ON), "enough", "support-agreed"),
        (sky.StepClosed("third-limit-reached", "support-agreed", ON), "is neither open nor undecided", "first-limit-reached"),
        (sky.ActionTaken("contact-guardian", "done", ON), "the action 'contact-guardian' is not asked", "talk-with-pupil"),
        (sky.ActionTaken("absence-notice-to-guardian", "not_needed", ON), "is asked by law", "done, planned"),
        (sky.Retracted("m9", ON), "there is no event 'm9' to take back", "m1, m2"),
    ],
)
def test_an_event_that_is_not_legal_is_an_error_that_says_what_is(event: Event, problem: str, legal: str) -> None:
    text = said(event)
    assert problem in text
    assert "legal now: " in text
    assert legal in text.partition("legal now: ")[2]


def test_without_a_decision_to_answer_nothing_is_judged() -> None:
    longer = CASE.with_events(sky.StepClosed("no-such-step", "x", ON, id="odd"))
    assert "odd" in sky.decide(MODEL, longer, on=ON, calendars=CALENDAR).told
