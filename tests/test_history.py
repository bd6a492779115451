"""The history of a case: the days on which its decision becomes another one, and nothing else.

Rules: what `history` tells is what `decide` says when it is asked on every day; each kind of day on which an answer changes by
itself has one case by hand, so that none can be left out unseen. `bench/history.py` asks the same of many more records.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, NamedTuple

import pytest
from generated import CALENDAR, FIRST, LAST, NAME, _file, cases, models
from generated_language import FIRST as FIRST_OF_TWO
from generated_language import LAST as LAST_OF_TWO
from generated_language import TWO_YEARS, language_examples
from generated_records import CALENDAR as YEAR
from generated_records import case_of, events
from generated_tasks import language_task_examples, task_examples
from generated_years import asked_every_day, told_by_history, year_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sky_model as sky
from sky_model.checks.difference import Difference
from sky_model.histories import decisions_on, history, said
from sky_model.model import load_data

MODULE = sys.modules[history.__module__]  # its name is also the name of the function
PRESET = sky.load("presets/lessons-per-term")
PRESETS = (PRESET, sky.load("presets/share-of-12-weeks"))


def some(n: int) -> Any:
    return settings(max_examples=n, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def compare(model: sky.Model, case: sky.Case, since: date, until: date, calendars: Any, **how: Any) -> list[date]:
    """The days, where both ways tell the same."""
    expected = asked_every_day(model, case, since, until, calendars, **how)
    assert told_by_history(model, case, since, until, calendars, **how) == expected
    return [day for day, _ in expected if isinstance(day, date)]


# ---------------------------------------------------------------------- the law
@some(10)
@given(models(), cases())
def test_a_history_is_what_decide_says_on_every_day(model: sky.Model, case: sky.Case) -> None:
    compare(model, case, FIRST, LAST, CALENDAR, as_if=True)


@some(8)
@given(language_examples())
def test_a_history_is_what_decide_says_on_every_day_over_the_whole_language(
    example: tuple[dict[str, Any], sky.Case, int],
) -> None:
    compare(load_data(example[0]), example[1], FIRST_OF_TWO, LAST_OF_TWO, TWO_YEARS, as_if=True)


@some(8)
@given(task_examples(), language_task_examples())
def test_a_history_is_what_decide_says_on_every_day_of_tasks_and_messages(one: Any, other: Any) -> None:
    compare(one[0], one[1], FIRST, LAST, CALENDAR)
    compare(load_data(other[0]), other[1], FIRST, LAST, CALENDAR)


@some(3)
@given(st.sampled_from(PRESETS), events())
def test_a_history_of_a_preset_is_what_decide_says_on_every_day(model: sky.Model, found: list[Any]) -> None:
    compare(model, case_of(found), date(2026, 8, 12), date(2027, 1, 29), YEAR)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("name", ["presets/lessons-per-term", "presets/share-of-12-weeks", "examples/turku/2023"])
def test_a_history_of_a_whole_year_is_what_decide_says_on_every_day(name: str, seed: int) -> None:
    year = year_of(seed, name)
    compare(year.model, year.case, year.since, year.until, year.calendars, as_if=True)


# ---------------------------------------------------------------------- each kind of day by hand
def day(text: str) -> date:
    return date.fromisoformat(f"2026-{text}")


def rules(step: dict[str, Any] | None = None, counter: dict[str, Any] | None = None, **more: Any) -> sky.Model:
    """One counter of lessons in the term, and one step that a concern opens, with one task within five school days."""
    action = {"id": "call", "name": NAME, "who": "teacher", "duty": "must", "about": "absence", "source": "town"}
    closing = {"by": ["teacher"], "reasons": [{"id": "enough", "name": NAME}]}
    whole: dict[str, Any] = {"id": "step-a", "tier": "first", "name": NAME, "opens": {"concern": {"is": "raised"}}}
    whole |= {"lasts": "until_closed", "again": "next_window", "closing": closing, "source": "town"}
    whole |= {"actions": [action | {"within": {"school_days": "5"}}]} | (step or {})
    whole["actions"] = [action | a for a in whole["actions"]]
    counted = {"id": "absence", "measure": "lessons", "lesson_minutes": "45", "kinds": "all", "window": {"in": "term"}}
    counted = {k: v for k, v in {**counted, **(counter or {})}.items() if v is not None}
    return load_data(_file("1", FIRST, [counted], [whole, *(more.pop("others", []))]) | more)


ENROLLED = sky.Enrolment("s", grade=8, since=FIRST, lessons_per_week=30)
CONCERN = sky.Report("concern", day("08-17"), by="teacher")  # a Monday; its task is due on the 24th
SIX = sky.Mark(day("08-18"), lessons=6, kind="health", id="six")
ROLLING = {"window": {"in": "school_year", "rolling": {"school_days": "10"}}}
DAILY = {"window": {"in": "school_year", "rolling": {"calendar_days": "10"}}}
AT_SIX = {"absence": {"at_least": "6"}}


def done(status: Any, on: str, until: str | None = None, name: str = "call") -> sky.ActionTaken:
    return sky.ActionTaken(name, status, day(on), until=day(until) if until else None)


class Corner(NamedTuple):
    """A kind of day on which nothing is recorded and the answer becomes another one all the same."""

    kind: str
    days: tuple[str, ...]  # among the days told
    found: list[Any]
    model: sky.Model = rules()
    feed: dict[str, Any] = {}  # noqa: RUF012


FRIDAYS = [{"id": "fridays", "weekdays": ["fri"], "source": "town"}]
WATCH = {"for": {"calendar_days": "12"}, "opens": {"absence": {"at_least": "6"}}}
CLOSING = {"by": ["teacher"], "reasons": [{"id": "enough", "name": NAME}], "watch": WATCH}
WATCHED = rules({"closing": CLOSING, "lasts": "while_true", "opens": {"absence": {"at_least": "9"}}}, DAILY)
BESIDE = {
    "id": "step-b",
    "tier": "first",
    "name": NAME,
    "opens": {"all": [{"concern": {"is": "raised"}}, {"step-a": {"is": "ended"}}]},
    "lasts": "until_closed",
    "again": "once",
    "actions": [],
    "source": "town",
}
SAME = {**BESIDE, "opens": {"wish": {"is": "raised"}}, "actions": [{"act": "call"}]}
WISH = sky.Report("wish", day("08-19"), by="teacher")
CLOSED = sky.StepClosed("step-a", "enough", day("08-14"), recorded=day("08-17"), id="closed")
CORNERS = [
    Corner(
        "a question is not new any more",
        ("08-18", "08-19"),
        [SIX],
        rules({"opens": {"all": [AT_SIX, {"cause": {"is": "school"}}]}}),
    ),
    Corner("the day after a due day", ("08-17", "08-25"), [CONCERN]),
    Corner("the end of a snooze", ("08-18", "08-20"), [CONCERN, done("snoozed", "08-18", "08-20")]),
    Corner("the day after a pause", ("08-18", "08-21"), [CONCERN, sky.Pause(day("08-18"), day("08-20"), "principal")]),
    Corner("the day after a planned day", ("08-18", "08-21"), [CONCERN, done("planned", "08-18", "08-20")]),
    Corner("a term begins", ("09-21",), [SIX], rules({"opens": {"absence": {"at_least": "9"}}})),
    Corner("a mark leaves its window", ("09-01",), [SIX], rules({"opens": {"absence": {"at_least": "9"}}}, ROLLING)),
    Corner(
        "a mark leaves its window on a day without school",
        ("08-28",),
        [SIX],
        rules({"opens": {"absence": {"at_least": "9"}}}, DAILY),
    ),
    Corner("the record becomes stale", ("08-27",), [CONCERN], feed={"data_until": day("08-21")}),
    Corner("a step has lasted long enough", ("08-17", "08-22"), [CONCERN], rules({"lasts": {"calendar_days": "4"}})),
    Corner(
        "a day that is known ahead",
        ("08-24",),
        [replace(ENROLLED, grade=2, since=day("08-24"), recorded=FIRST, id="e2")],
        rules({"opens": {"grade": {"at_most": "3"}}}),
    ),
    Corner(
        "an answer is good no longer",
        ("08-17", "08-26"),
        [sky.Answer("topics", "sleep", day("08-17"), id="a")],
        rules({"opens": {"topics": {"is": "known"}}, "lasts": "while_true"}),
    ),
    Corner(
        "what was done is too long ago",
        ("08-17", "08-25"),
        [CONCERN, done("done", "08-17", name="other")],
        rules(
            {
                "actions": [
                    {"within": {"school_days": "9"}},
                    {"id": "other"},
                    {"id": "again", "unless": {"other": {"done_within": {"school_days": "5"}}}},
                ]
            }
        ),
    ),
    Corner("a turn ends", ("08-25", "09-01"), [CONCERN], rules({"actions": [{"repeat": {"every": {"school_weeks": "1"}}}]})),
    Corner(
        "a day that somebody answered",
        ("08-26",),
        [sky.Answer("follow-up", "2026-08-26", day("08-17"), id="a")],
        rules(
            {"opens": {"follow-up": {"is": "reached"}}},
            questions=[{"id": "follow-up", "answers": "date", "by": ["teacher"], "name": NAME, "source": "town"}],
        ),
    ),
    Corner(
        "a day of a schedule",
        ("08-21", "08-22"),
        [SIX],
        rules(
            schedules=FRIDAYS,
            community=[
                {
                    "id": "look",
                    "tier": "first",
                    "name": NAME,
                    "who": "teacher",
                    "for": "school",
                    "every": {"schedule": "fridays"},
                    "shows": ["absence"],
                    "duty": "must",
                    "source": "town",
                }
            ],
        ),
    ),
    Corner("a check day", ("08-21",), [SIX], rules({"opens": AT_SIX}, {"checked": "fridays"}, schedules=FRIDAYS)),
    Corner("marks are settled", ("08-21",), [SIX], rules({"opens": AT_SIX}, {"settles": {"school_days": "3"}})),
    Corner(
        "a run is broken",
        ("08-19",),
        [SIX],
        rules(
            {"opens": {"absence": {"at_least": "3"}}},
            {
                "measure": "days",
                "day_from": "any_part",
                "lesson_minutes": None,
                "window": {"in": "school_year", "unbroken": "yes"},
            },
        ),
    ),
    Corner(
        "days since something grow",
        ("08-20", "08-22"),
        [SIX, sky.StepClosed("step-a", "enough", day("09-10"))],
        rules(
            {"opens": {"absence": {"at_least": "20"}}},
            {
                "measure": "days_since",
                "of": {"kind": "health"},
                "lesson_minutes": None,
                "kinds": None,
                "on_clock": "calendar_days",
            },
        ),
    ),
    Corner(
        "other rules are in force",
        ("09-08",),
        [CONCERN],
        sky.Model((rules().newest, replace(rules().newest, valid_from=day("09-08").toordinal(), fingerprint="later"))),
    ),
    Corner(
        "a task waits for a step to end", ("08-20", "08-21"), [CONCERN], rules({"lasts": {"calendar_days": "2"}}, others=[BESIDE])
    ),
    Corner(
        "watched no longer",
        ("08-28", "09-01"),
        [
            replace(SIX, on=day("08-17"), lessons=9),
            sky.StepClosed("step-a", "enough", day("08-19")),
            replace(SIX, on=day("08-28"), id="next"),
        ],
        WATCHED,
    ),
    Corner(
        "a day called wrong is not waited for any more",
        ("08-27",),
        [SIX, sky.ActionTaken("call", "data_wrong", day("08-19"), mark="six")],
        rules({"opens": {"absence": {"at_least": "9"}}}),
    ),
    Corner(
        "a mark recorded before its day",
        ("08-26",),
        [replace(SIX, on=day("08-26"), recorded=day("08-18"))],
        rules({"opens": AT_SIX}),
    ),
    Corner("a mark that is recorded late", ("08-26",), [replace(SIX, recorded=day("08-26"))], rules({"opens": AT_SIX})),
    Corner(
        "a window that moves on lies wholly after a closing on the day of the opening",
        ("08-27",),
        [
            replace(SIX, on=day("08-14"), lessons=9, recorded=day("08-17")),
            CLOSED,
            replace(SIX, on=day("08-25"), lessons=9, id="next"),
        ],
        rules({"opens": {"absence": {"at_least": "9"}}}, DAILY),
    ),
    Corner(
        "a window that moves on lies wholly after the day on which a step ended by itself",
        ("08-22", "09-01"),
        [replace(SIX, on=day("08-17"), lessons=9), replace(SIX, on=day("08-25"), lessons=9, id="next")],
        rules({"opens": {"absence": {"at_least": "9"}}, "lasts": {"calendar_days": "4"}}, DAILY),
    ),
    Corner(
        "a turn of one step ends while that of another runs",
        ("08-27", "09-01"),
        [CONCERN, WISH, done("done", "08-20"), done("done", "08-25")],
        rules({"actions": [{"repeat": {"every": {"school_weeks": "1"}}}]}, others=[SAME]),
    ),
    Corner(
        "a window is compared with the one before it",
        ("09-07",),
        [SIX],
        rules({"opens": {"absence": {"at_least": "3"}}}, {**DAILY, "compared_with": "window_before"}),
    ),
]


@pytest.mark.parametrize("corner", CORNERS, ids=lambda c: c.kind)
def test_a_day_on_which_nothing_is_recorded_is_told_when_the_answer_becomes_another_one(corner: Corner) -> None:
    case = sky.Case("p", events=[ENROLLED, *corner.found], **corner.feed)
    days = compare(corner.model, case, FIRST, LAST, CALENDAR)
    assert {day(d) for d in corner.days} <= set(days)
    assert len(days) < (LAST - FIRST).days // 2 or corner.kind == "days since something grow"


def test_a_step_that_waits_for_an_agreed_day_opened_on_that_day_whenever_it_is_asked() -> None:
    corner = next(c for c in CORNERS if c.kind == "a day that somebody answered")
    case = sky.Case("p", events=[ENROLLED, *corner.found])
    told = [d.open_steps[0].opened_on for _, d in history(corner.model, case, day("08-26"), LAST, calendars=CALENDAR)]
    later = sky.decide(corner.model, case, on=LAST, calendars=CALENDAR).open_steps[0].opened_on
    assert {*told, later} == {day("08-26")}


def test_in_a_register_that_is_kept_a_day_that_nobody_marked_changes_the_answer() -> None:
    asking = rules({"opens": {"absence": {"at_least": "60"}}})
    case = sky.Case("p", register="given", events=[ENROLLED])
    days = compare(asking, case, FIRST, LAST, CALENDAR)
    assert day("08-21") in days  # the tenth school day of which nobody said anything


def test_the_end_of_a_version_and_the_days_before_it_are_told() -> None:
    compare(rules(valid_until="2026-10-12"), sky.Case("p", events=[ENROLLED, CONCERN]), FIRST, LAST, CALENDAR)


def test_an_opening_that_a_window_after_it_renews_is_told() -> None:
    late = replace(SIX, on=day("08-14"), lessons=9, recorded=day("08-17"))
    later = replace(SIX, on=day("08-20"), lessons=9, id="later", recorded=day("08-20"))
    case = sky.Case("p", events=[ENROLLED, late, later, done("done", "08-18")])
    compare(rules({"opens": {"absence": {"at_least": "9"}}}, DAILY), case, FIRST, LAST, CALENDAR)


def test_a_pupil_who_moves_and_leaves_is_told_by_the_rules_of_each_school() -> None:
    other = rules({"opens": AT_SIX, "actions": [{"within": {"school_days": "3"}}]})
    moved = sky.Enrolment("t", grade=8, since=day("09-01"), lessons_per_week=25, recorded=day("08-20"), id="moved")
    left = sky.Left(day("10-01"), recorded=day("09-24"), id="left")
    after = sky.Mark(day("09-03"), lessons=9, kind="health", id="after")
    case = sky.Case("p", events=[ENROLLED, SIX, CONCERN, moved, after, left])
    compare(rules(), case, FIRST, LAST, CALENDAR, schools={"t": other})


def test_a_question_that_is_asked_anew_every_day_is_told_every_day() -> None:
    step = rules({"opens": {"cause": {"is": "school"}}, "lasts": "while_true"})
    case = sky.Case("p", events=[ENROLLED])
    assert len(compare(step, case, FIRST, LAST, CALENDAR)) == (LAST - FIRST).days + 1


def test_an_event_handed_in_twice_is_told_on_its_day() -> None:
    again = replace(CONCERN, id="c", recorded=day("08-17"))
    case = sky.Case("p", events=[ENROLLED, again, again])
    assert case.twice
    compare(rules(), case, FIRST, LAST, CALENDAR)


def test_a_share_changes_with_every_school_day_on_which_nothing_is_marked() -> None:
    case = sky.Case("p", events=[ENROLLED, SIX])
    share = rules({"opens": {"absence": {"at_least": "90"}}}, {"share_of": {"planned": "so_far"}})
    days = compare(share, case, FIRST, LAST, CALENDAR)
    assert len(days) > 15


# ---------------------------------------------------------------------- what is a change, and what is asked
def test_that_a_day_passes_is_no_change() -> None:
    case = sky.Case("p", data_until=LAST, events=[ENROLLED])  # the marks reach as far as the day does, on every day
    told = list(history(PRESET, case, day("09-01"), day("09-18"), calendars=YEAR))
    assert [d for d, _ in told] == [day("09-01")]


def test_another_version_of_the_rules_is_a_change_for_it_may_explain_itself_otherwise() -> None:
    corner = next(c for c in CORNERS if c.kind == "other rules are in force")
    one, other = (
        sky.decide(corner.model, sky.Case("p", events=[ENROLLED]), on=day(d), calendars=CALENDAR) for d in ("09-07", "09-08")
    )
    assert said(one) != said(other)


def test_a_pupil_s_ban_is_a_change_for_a_reader_even_where_nothing_is_asked_otherwise() -> None:
    case = sky.Case("p", events=[ENROLLED])
    now = sky.decide(PRESET, case, on=day("09-07"), calendars=YEAR)
    assert said(now) != said(replace(now, silenced={"guardian": frozenset({"welfare"})}))


def test_a_history_asks_only_a_small_part_of_the_days_of_a_year(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(MODULE, "decide", lambda *a, **k: asked.append(k["on"]) or sky.decide(*a, **k))
    marks = [sky.Mark(date.fromordinal(d), lessons=1, kind="health") for d in YEAR.school_days[20:40]]
    case = sky.Case("p", events=[replace(ENROLLED, since=day("08-12")), *marks])
    told = list(history(PRESET, case, day("08-12"), date(2027, 7, 31), calendars=YEAR))
    assert 20 < len(told) <= len(asked) < 40


def test_a_history_comes_day_by_day() -> None:
    case = sky.Case("p", events=[ENROLLED, CONCERN])
    found = history(rules(), case, FIRST, date(2030, 1, 1), calendars=CALENDAR)
    assert isinstance(found, Iterator)
    assert [next(found)[0], next(found)[0]] == [FIRST, day("08-17")]


def test_a_history_raises_what_decide_raises_when_it_comes_to_that_day() -> None:
    case = sky.Case("p", events=[ENROLLED, CONCERN])
    assert asked_every_day(rules(), case, FIRST, date(2027, 9, 1), CALENDAR) == told_by_history(
        rules(), case, FIRST, date(2027, 9, 1), CALENDAR
    )
    with pytest.raises(sky.RecordError, match="does not answer for"):
        list(history(rules(), case, FIRST, date(2027, 9, 1), calendars=CALENDAR))


def test_days_that_are_turned_round_are_refused_at_once() -> None:
    case = sky.Case("p", events=[ENROLLED])
    with pytest.raises(sky.RecordError, match="until lies before since"):
        history(PRESET, case, day("09-02"), day("09-01"), calendars=YEAR)
    with pytest.raises(sky.RecordError, match="without a time"):
        history(PRESET, case, "2026-09-01", day("09-01"), calendars=YEAR)  # type: ignore[arg-type]


def test_how_it_is_asked_reaches_every_decision(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(MODULE, "decide", lambda *a, **k: asked.append(k) or sky.decide(*a, **k))
    how: dict[str, Any] = {"schools": {"s": PRESET}, "absent": ("curator",), "as_if": True}
    list(history(PRESET, sky.Case("p", events=[ENROLLED]), day("09-01"), day("09-30"), calendars=YEAR, **how))
    assert asked
    assert all({k: x[k] for k in how} == how for x in asked)


@some(10)
@given(models(), cases(), st.sets(st.integers(0, (LAST - FIRST).days), min_size=1, max_size=12))
def test_decisions_of_some_days_say_what_decide_says_on_each(model: sky.Model, case: sky.Case, numbers: set[int]) -> None:
    days = [FIRST + timedelta(days=n) for n in sorted(numbers)]
    told = list(decisions_on(model, case, days, calendars=CALENDAR, as_if=True))
    assert [d for d, _ in told] == days
    assert [said(x) for _, x in told] == [said(sky.decide(model, case, on=d, calendars=CALENDAR, as_if=True)) for d in days]


def test_a_difference_names_the_days_on_which_the_answers_differ_not_those_on_which_they_were_asked() -> None:
    days = tuple(date.fromordinal(d) for d in CALENDAR.school_days if d < day("09-01").toordinal())
    difference = Difference(rules(), rules({"opens": {"wish": {"is": "raised"}}}), (), days)
    difference.take(sky.Case("p", events=[ENROLLED, CONCERN]), CALENDAR)
    (found,) = difference.pupils
    assert (found.way, found.since, found.until) == ("is open only under A", day("08-17"), days[-1])
