"""Counters by hand, each with the sentence of the text: the library reads them so, and the second decider does.

A number is (at least, at most) in hundredths: of minutes for lessons and clock hours, of one for all else; or why there is none.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from generated_language import TWO_YEARS, file_of, step_of
from oracle import reading, told
from oracle.facts import NOT_RUNNING, TOO_EARLY
from oracle.facts import Facts as Second
from search.triples import Dates

from sky_model.events import ActionTaken, Enrolment, Mark, end_of
from sky_model.facts import Facts
from sky_model.model import load_data
from sky_model.records import Case

YEARS = {"*": list(Dates.of(TWO_YEARS).years)}
ENROLLED = Enrolment("s", grade=8, since=date(2026, 8, 10), lessons_per_week=30, id="e", recorded=date(2026, 8, 10))
SILENT = {"not_running": NOT_RUNNING, "too_early": TOO_EARLY, "gap": TOO_EARLY}


# ---------------------------------------------------------------------- both read
def rules_of(counter: dict[str, Any], **said: Any) -> dict[str, Any]:
    counter = {"id": "counter-x", "kinds": "all", "window": {"in": "term"}, **counter}
    counter = {key: value for key, value in counter.items() if value is not None}
    return file_of([counter], [step_of("step-a", {"concern": {"is": "raised"}})], said.get("turns", []))


def read_by_the_library(rules: dict[str, Any], case: Case, on: date) -> tuple[int, int] | str:
    model, moment = load_data(rules).newest, end_of(on.toordinal())
    found = Facts(case, model, TWO_YEARS, moment).reading(model.counters["counter-x"], on.toordinal(), moment)
    return SILENT[found.silent] if found.silent else (found.low, found.high)


def read_by_the_second(rules: dict[str, Any], case: Case, on: date) -> tuple[int, int] | str:
    facts = told.path([reading.version(rules)], case.to_json(), on.isoformat(), None, YEARS, cls=Second)
    read = facts.counter(None, facts.versions[0], "counter-x", facts.on, facts.on, facts.today())
    return in_hundredths(rules["counters"][0], read)


def in_hundredths(counter: dict[str, Any], read: Any) -> Any:
    if isinstance(read, str):
        return read
    unit = {"lessons": 100 * int(counter.get("lesson_minutes", 45)), "clock_hours": 6000}.get(counter["measure"], 100)
    return tuple(Fraction(n) * unit / read.one for n in (read.low, read.high))


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
    ("a mark without length is more than nothing", {"measure": "days", "day_from": "any_part"},
     [on_day(10, None, part="partial")], 12, (100, 100)),
    ("on a Saturday the second school day before is Thursday", {"measure": "marks", "settles": {"school_days": "2"}},
     [on_day(13)], 15, (100, 100)),
]  # fmt: skip


BOTH = pytest.mark.parametrize("read", [read_by_the_library, read_by_the_second])


@BOTH
@pytest.mark.parametrize(("sentence", "counter", "events", "on", "expected"), BY_HAND, ids=[x[0] for x in BY_HAND])
def test_a_counter_says_what_the_text_says(
    read: Any, sentence: str, counter: dict[str, Any], events: list[Any], on: int, expected: tuple[int, int] | str
) -> None:
    found = read(rules_of(counter), Case("p", events=[ENROLLED, *events]), date(2026, 8, on))
    assert found == (SILENT[expected] if isinstance(expected, str) else expected)


LATE = {"kind": "late", "marks": {"minutes": {"more_than": "30"}, "explained": {"is": "no"}}, "to": "unauthorised"}


@BOTH
@pytest.mark.parametrize(
    ("minutes", "explained", "expected"), [(31, False, (100, 100)), (30, False, (0, 0)), (31, None, (0, 100)), (31, True, (0, 0))]
)
def test_a_late_mark_becomes_absence_when_every_line_holds(
    read: Any, minutes: int, explained: bool | None, expected: tuple[int, int]
) -> None:
    mark = on_day(10, None, kind="late", minutes=minutes, explained=explained)
    rules = rules_of({"measure": "marks", "kinds": {"only": ["unauthorised"]}}, turns=[LATE])
    assert read(rules, Case("p", events=[ENROLLED, mark]), date(2026, 8, 12)) == expected
