"""The slow decider against what was worked out by hand, and against whatever is generated."""

from __future__ import annotations

from datetime import date
from typing import Any

from generated import CALENDAR, cases, days, models
from hypothesis import HealthCheck, given, settings
from slow_decider import decide_slowly

from sky_model.model import Model, load_data
from sky_model.records import Case, Enrolment, Mark, Register, StepClosed

NAME = {"en": "x"}
ENROLLED = Enrolment("s", grade=8, since=date(2026, 8, 10), lessons_per_week=30, id="e", recorded=date(2026, 8, 10))


def model_of(again: str = "next_window", lasts: Any = "until_closed", limit: str = "6") -> Model:
    return load_data(
        {
            "format": "1",
            "ruleset": "by-hand",
            "version": "1",
            "status": "pilot",
            "valid_from": "2026-08-10",
            "grades": "1-9",
            "name": NAME,
            "sources": [{"id": "town", "kind": "local", "name": "a paper", "certainty": "primary"}],
            "kinds": [{"id": "health", "is": "authorised", "name": NAME, "source": "town"}],
            "counters": [
                {
                    "id": "absence",
                    "measure": "lessons",
                    "lesson_minutes": "45",
                    "kinds": "all",
                    "window": {"in": "term"},
                    "source": "town",
                }
            ],
            "tiers": [{"id": "first", "name": NAME, "source": "town"}],
            "roles": [{"id": "teacher", "what": "profession", "name": NAME, "source": "town"}],
            "steps": [
                {
                    "id": "talk",
                    "tier": "first",
                    "name": NAME,
                    "opens": {"absence": {"at_least": limit}},
                    "lasts": lasts,
                    "again": again,
                    "closing": {"by": ["teacher"], "reasons": [{"id": "enough", "name": NAME}]},
                    "source": "town",
                }
            ],
        }
    )


def mark(on: date, lessons: int, name: str, recorded: date | None = None) -> Mark:
    return Mark(on, lessons=lessons, kind="health", id=name, recorded=recorded or on)


def test_a_closed_step_opens_again_only_in_the_next_window() -> None:
    events = [
        ENROLLED,
        mark(date(2026, 8, 12), 6, "m1"),
        StepClosed("talk", "enough", date(2026, 8, 14), id="c", recorded=date(2026, 8, 14)),
        mark(date(2026, 8, 18), 6, "m2"),
        mark(date(2026, 9, 22), 6, "m3"),
    ]
    slow = decide_slowly(model_of(), Case("p", events=events), date(2026, 10, 1), CALENDAR)
    first, closed, second = (date(2026, m, d).toordinal() for m, d in ((8, 12), (8, 14), (9, 22)))
    assert slow.openings == [("talk@2026-08-12", first, closed), ("talk@2026-09-22", second, None)]
    assert slow.due_from == {"talk@2026-08-12": first, "talk@2026-09-22": second}
    assert (slow.undecided, slow.withdrawn, slow.in_doubt) == ({}, set(), set())


def test_a_late_mark_opens_about_the_ended_term_and_its_correction_withdraws_it_unless_a_lesson_is_unmarked() -> None:
    late, wrong = date(2026, 9, 24), date(2026, 9, 25)
    events = [ENROLLED, mark(date(2026, 9, 9), 6, "m1", recorded=late)]
    about = date(2026, 9, 20).toordinal()  # the last day of the first term
    slow = decide_slowly(model_of(), Case("p", events=events), late, CALENDAR)
    assert slow.openings == [("talk@2026-09-24", about, None)]
    assert slow.due_from == {"talk@2026-09-24": late.toordinal()}
    corrected = [*events, mark(date(2026, 9, 9), 5, "m1", recorded=wrong)]
    slow = decide_slowly(model_of(), Case("p", events=corrected), wrong, CALENDAR)
    assert (slow.withdrawn, slow.in_doubt, slow.undecided) == ({"talk@2026-09-24"}, set(), {})
    unmarked = [*corrected, Register(date(2026, 9, 10), 6, 5, id="r", recorded=wrong)]
    slow = decide_slowly(model_of(), Case("p", events=unmarked), wrong, CALENDAR)
    assert (slow.withdrawn, slow.in_doubt, slow.undecided) == (set(), {"talk@2026-09-24"}, {})


def test_a_step_that_lasts_while_true_ends_when_known_false_and_opens_when_true_again() -> None:
    first, back, again = date(2026, 8, 12), date(2026, 8, 13), date(2026, 8, 19)
    events = [
        ENROLLED,
        mark(first, 6, "m1"),
        mark(first, 5, "m1", recorded=back),
        mark(again, 1, "m2"),
    ]
    slow = decide_slowly(model_of("when_true_anew", "while_true"), Case("p", events=events), again, CALENDAR)
    a, b, c = first.toordinal(), back.toordinal(), again.toordinal()
    assert slow.openings == [("talk@2026-08-12", a, b), ("talk@2026-08-19", c, None)]
    assert slow.withdrawn == {"talk@2026-08-12"}
    assert slow.undecided == {}


def test_an_unmarked_lesson_leaves_a_step_undecided_since_its_day() -> None:
    day = date(2026, 8, 12)
    events = [ENROLLED, mark(day, 5, "m1"), Register(day, 6, 4, id="r", recorded=day)]
    slow = decide_slowly(model_of(), Case("p", events=events), date(2026, 8, 20), CALENDAR)
    assert (slow.openings, slow.undecided) == ([], {"talk": day.toordinal()})


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(model=models(), case=cases(), on=days())
def test_whatever_is_generated_folds_and_every_name_told_is_an_opening(model: Model, case: Case, on: date) -> None:
    slow = decide_slowly(model, case, on, CALENDAR)
    names = {name for name, _, _ in slow.openings}
    assert len(names) == len(slow.openings)
    assert slow.withdrawn | slow.in_doubt | set(slow.due_from) <= names
    assert not slow.withdrawn & set(slow.due_from)
