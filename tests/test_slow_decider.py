"""The slow decider against what was worked out by hand, and against whatever is generated."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from generated import CALENDAR, cases, days, models
from generated_language import TWO_YEARS, file_of, step_of
from hypothesis import HealthCheck, given, settings
from slow_decider import _Path, decide_slowly
from slow_facts import Asked, SlowReading

from sky_model.events import ActionTaken, Enrolment, Mark, Register, StepClosed, end_of
from sky_model.facts import Facts
from sky_model.model import load_data
from sky_model.records import Case
from sky_model.rules import Model

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
    events: list[Any] = [
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
    events: list[Any] = [ENROLLED, mark(date(2026, 9, 9), 6, "m1", recorded=late)]
    about = date(2026, 9, 20).toordinal()  # the last day of the first term
    slow = decide_slowly(model_of(), Case("p", events=events), late, CALENDAR)
    assert slow.openings == [("talk@2026-09-24", about, None)]
    assert slow.due_from == {"talk@2026-09-24": late.toordinal()}
    corrected: list[Any] = [*events, mark(date(2026, 9, 9), 5, "m1", recorded=wrong)]
    slow = decide_slowly(model_of(), Case("p", events=corrected), wrong, CALENDAR)
    assert (slow.withdrawn, slow.in_doubt, slow.undecided) == ({"talk@2026-09-24"}, set(), {})
    unmarked: list[Any] = [*corrected, Register(date(2026, 9, 10), 6, 5, id="r", recorded=wrong)]
    slow = decide_slowly(model_of(), Case("p", events=unmarked), wrong, CALENDAR)
    assert (slow.withdrawn, slow.in_doubt, slow.undecided) == (set(), {"talk@2026-09-24"}, {})


def test_a_step_that_lasts_while_true_ends_when_known_false_and_opens_when_true_again() -> None:
    first, back, again = date(2026, 8, 12), date(2026, 8, 13), date(2026, 8, 19)
    events: list[Any] = [
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
    events: list[Any] = [ENROLLED, mark(day, 5, "m1"), Register(day, 6, 4, id="r", recorded=day)]
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


# ---------------------------------------------------------------------- counters, worked out by hand from the text
def read_slowly(counter: dict[str, Any], events: list[Any], on: date, **said: Any) -> SlowReading:
    """One counter on one day with the knowledge of that day."""
    model, case = counted_by(counter, **said), Case("p", events=[ENROLLED, *events])
    path = _Path(model, case, on.toordinal(), TWO_YEARS)
    moment = end_of(on.toordinal())
    return path.reading(Asked(model.newest, on.toordinal(), moment, path.known(moment)), model.newest.counters["counter-x"])


def read_for_real(counter: dict[str, Any], events: list[Any], on: date) -> tuple[int, int]:
    rules, moment = counted_by(counter).newest, end_of(on.toordinal())
    case = Case("p", events=[ENROLLED, *events])
    found = Facts(case, rules, TWO_YEARS, moment).reading(rules.counters["counter-x"], on.toordinal(), moment)
    return found.low, found.high


def counted_by(counter: dict[str, Any], **said: Any) -> Model:
    counter = {"id": "counter-x", "kinds": "all", "window": {"in": "term"}, **counter}
    counter = {key: value for key, value in counter.items() if value is not None}
    steps = [step_of("step-a", {"concern": {"is": "raised"}})]
    return load_data(file_of([counter], steps, said.get("turns", [])))


def on_day(number: int, lessons: int | None = 6, **more: Any) -> Mark:
    return Mark(date(2026, 8, number), lessons=lessons, **{"kind": "unauthorised", **more})


TENTH_AND_ELEVENTH = [on_day(10), on_day(11)]
BY_HAND: list[tuple[str, dict[str, Any], list[Any], int, tuple[int, int] | str]] = [
    ("a day counts from half of its six lessons", {"measure": "days", "day_from": "half"},
     [on_day(10, 3), on_day(11, 2)], 12, (100, 100)),
    ("a day counts from 31 minutes", {"measure": "days", "day_from": {"minutes": "31"}},
     [on_day(10, None, minutes=31), on_day(11, None, minutes=30)], 12, (100, 100)),
    ("a lesson somewhere in the day is one half day and may be two", {"measure": "half_days"}, [on_day(10, 1)], 12, (100, 200)),
    ("a mark at the end of the day is one half day", {"measure": "half_days"},
     [on_day(10, 2, part="end_of_day")], 12, (100, 100)),
    ("a whole day is two half days", {"measure": "half_days"}, [on_day(10)], 12, (200, 200)),
    ("two days, one day of school and one day are two episodes", {"measure": "episodes", "day_from": "any_part"},
     [on_day(10), on_day(11), on_day(13)], 14, (200, 200)),
    ("a weekend does not part an episode", {"measure": "episodes", "day_from": "any_part"},
     [on_day(14), on_day(17)], 17, (100, 100)),
    ("a run goes on over the weekend", {"measure": "calendar_days", "day_from": "any_part",
     "window": {"in": "any_time", "unbroken": "yes"}}, [on_day(14), on_day(17)], 17, (400, 400)),
    ("a lesson attended breaks the run", {"measure": "days", "day_from": "any_part",
     "window": {"in": "any_time", "unbroken": "yes"}}, [on_day(13), on_day(14, 5), on_day(17)], 17, (100, 100)),
    ("a run that ended is over", {"measure": "days", "day_from": "any_part",
     "window": {"in": "any_time", "unbroken": "yes"}}, TENTH_AND_ELEVENTH, 12, (0, 0)),
    ("on the weekend the run of Friday still runs", {"measure": "days", "day_from": "any_part",
     "window": {"in": "any_time", "unbroken": "yes"}}, [on_day(13), on_day(14)], 15, (200, 200)),
    ("days since the oldest unexplained mark", {"measure": "days_since", "of": {"kind": "unexplained"},
     "on_clock": "school_days", "kinds": None}, [on_day(13, kind="unexplained"), on_day(14, kind="unexplained")], 17, (200, 200)),
    ("days since the last unauthorised mark", {"measure": "days_since", "of": {"kind": "unauthorised"},
     "on_clock": "calendar_days", "kinds": None}, [on_day(13), on_day(14)], 17, (300, 300)),
    ("nothing there: not running", {"measure": "days_since", "of": {"kind": "unauthorised"}, "on_clock": "weekdays",
     "kinds": None}, [], 17, "not_running"),
    ("the most frequent subject", {"measure": "marks", "most_on_one": "subject"},
     [on_day(10, subject="maths"), on_day(11, subject="maths"), on_day(12), on_day(13, subject="music")], 14, (200, 300)),
    ("marks count only when the reason was raised", {"measure": "lessons", "lesson_minutes": "45",
     "only_if": {"leave": {"concern": {"is": "raised"}}}}, [on_day(10, kind="leave"), on_day(11, 1)], 12, (4500, 4500)),
    ("what a mark does not say is unknown", {"measure": "marks", "marks": {"explained": {"is": "no"}}},
     [on_day(10, explained=False), on_day(11), on_day(12, explained=True)], 14, (100, 200)),
    ("the first school day after a weekend", {"measure": "days", "day_from": "any_part", "days": {"first_after": "weekend"}},
     [on_day(14), on_day(17)], 18, (100, 100)),
    ("the Thursday after the break is the first day after it", {"measure": "days", "day_from": "any_part",
     "days": {"first_after": "break"}, "window": {"in": "school_year"}}, [on_day(21), on_day(27), on_day(28)], 28, (100, 100)),
    ("before the first check: not running", {"measure": "lessons", "lesson_minutes": "45", "checked": "on-dates"},
     [on_day(10)], 19, "not_running"),
    ("read as of its check date", {"measure": "lessons", "lesson_minutes": "45", "checked": "on-dates"},
     [on_day(10, 1), on_day(21, 1)], 21, (4500, 4500)),
    ("since the last check: the first of a school year counts from its first day", {"measure": "lessons",
     "lesson_minutes": "45", "checked": "on-dates", "window": {"in": "school_year", "since": "last_check"}},
     [on_day(10, 1)], 20, (4500, 4500)),
    ("since it was done begins on the day after", {"measure": "lessons", "lesson_minutes": "45",
     "window": {"in": "term", "since": {"done": "act-a"}}},
     [on_day(11, 1), ActionTaken("act-a", "done", date(2026, 8, 11)), on_day(12, 2)], 13, (9000, 9000)),
    ("since what never was: not running", {"measure": "lessons", "lesson_minutes": "45",
     "window": {"in": "term", "since": {"done": "act-a"}}}, [on_day(11, 1)], 13, "not_running"),
    ("a window that the source does not say", {"measure": "marks", "window": {"in": {"gap": "which"}}}, [on_day(11)], 13, "gap"),
    ("less than a window before: too early", {"measure": "marks", "compared_with": "window_before",
     "window": {"in": "term", "rolling": {"school_days": "5"}}}, [on_day(10)], 20, "too_early"),
    ("more than in the five school days before", {"measure": "marks", "compared_with": "window_before",
     "window": {"in": "term", "rolling": {"school_days": "5"}}}, [on_day(10), on_day(17), on_day(18)], 21, (100, 100)),
    ("yesterday's marks settle until today", {"measure": "marks", "settles": {"calendar_days": "1"}},
     [on_day(10), on_day(11)], 11, (100, 100)),
    ("a week of two school days is passed over", {"measure": "marks", "window": {"in": "school_year",
     "rolling": {"school_weeks": "1", "week_from": {"school_days": "3"}}}}, [on_day(17), on_day(27)], 28, (200, 200)),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "counter", "events", "on", "expected"), BY_HAND, ids=[x[0] for x in BY_HAND])
def test_a_counter_says_what_the_text_says(
    sentence: str, counter: dict[str, Any], events: list[Any], on: int, expected: tuple[int, int] | str
) -> None:
    found = read_slowly(counter, events, date(2026, 8, on))
    assert (found.silent or (found.low, found.high)) == expected


LATE = {"kind": "late", "marks": {"minutes": {"more_than": "30"}, "explained": {"is": "no"}}, "to": "unauthorised"}


@pytest.mark.parametrize(
    ("minutes", "explained", "expected"), [(31, False, (100, 100)), (30, False, (0, 0)), (31, None, (0, 100)), (31, True, (0, 0))]
)
def test_a_late_mark_becomes_absence_when_every_line_holds(minutes: int, explained: bool | None, expected: Any) -> None:
    mark = on_day(10, None, kind="late", minutes=minutes, explained=explained)
    found = read_slowly({"measure": "marks", "kinds": {"only": ["unauthorised"]}}, [mark], date(2026, 8, 12), turns=[LATE])
    assert (found.low, found.high) == expected


FINE_POINTS = [
    ("a mark without length is more than nothing", {"measure": "days", "day_from": "any_part"},
     [on_day(10, None, part="partial")], 12, (100, 100)),
    ("on a Saturday the second school day before is Thursday", {"measure": "marks", "settles": {"school_days": "2"}},
     [on_day(13)], 15, (100, 100)),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "counter", "events", "on", "expected"), FINE_POINTS, ids=[x[0] for x in FINE_POINTS])
def test_the_slow_counter_says_what_the_text_says_of_fine_points(
    sentence: str, counter: dict[str, Any], events: list[Any], on: int, expected: tuple[int, int]
) -> None:
    found = read_slowly(counter, events, date(2026, 8, on))
    assert (found.low, found.high) == expected


@pytest.mark.parametrize(("sentence", "counter", "events", "on", "expected"), FINE_POINTS, ids=[x[0] for x in FINE_POINTS])
def test_the_library_counts_what_the_text_says(
    sentence: str, counter: dict[str, Any], events: list[Any], on: int, expected: tuple[int, int]
) -> None:
    assert read_for_real(counter, events, date(2026, 8, on)) == expected
