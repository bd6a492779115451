"""The scenarios of the main job as golden cases, on the preset lessons-per-term and the shipped calendars."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

import sky_model as sky
from sky_model.events import Event

CALENDAR = sky.load_calendar("example-week-43/2026-27")
MODEL = sky.load("presets/lessons-per-term")
ENROLLED = sky.Enrolment("s-3", grade=8, since=date(2026, 8, 12), lessons_per_week=30)
BY_NUMBER = ("first-limit-reached", "second-limit-reached", "third-limit-reached")


def day(text: str) -> date:
    return date.fromisoformat(text)


def case_of(*marks: tuple[str, int], kind: str = "health", more: tuple[Event, ...] = (), **feed: object) -> sky.Case:
    found = [sky.Mark(day(d), lessons=n, kind=kind) for d, n in marks]
    return sky.Case("p", events=[ENROLLED, *found, *more], **feed)  # type: ignore[arg-type]


def decide(case: sky.Case, on: str, calendar: sky.Calendar = CALENDAR, model: sky.Model = MODEL) -> sky.Decision:
    return sky.decide(model, case, on=day(on), calendars=calendar)


def steps(decision: sky.Decision) -> list[tuple[str, str]]:
    return [(s.step, str(s.opened_on)) for s in decision.open_steps if s.step in BY_NUMBER]


FOUR = tuple((f"2026-09-0{d}", 6) for d in (1, 2, 3, 4))


def test_twenty_nine_lessons_open_no_step_and_one_more_is_nearest() -> None:
    d = decide(case_of(*FOUR, ("2026-09-07", 5), kind="unauthorised"), "2026-09-10")
    assert steps(d) == []
    assert d.nearest is not None
    assert (d.nearest.step, d.nearest.missing) == ("first-limit-reached", 1)


@pytest.mark.parametrize("more", [(), (("2026-09-08", 1),)])
def test_thirty_lessons_open_the_first_step_on_exactly_five_marks(more: tuple[tuple[str, int], ...]) -> None:
    d = decide(case_of(*FOUR, ("2026-09-07", 6), *more, kind="unauthorised"), "2026-09-10")
    assert steps(d) == [("first-limit-reached", "2026-09-07")]
    (step,) = [s for s in d.open_steps if s.step in BY_NUMBER]
    assert len(step.because[0].marks) == 5
    (talk,) = [t for t in d.tasks if t.action == "talk-with-pupil"]
    assert (str(talk.due), talk.role, talk.state, talk.overdue) == ("2026-09-14", "homeroom-teacher", "ready", False)


def test_the_day_before_the_limit_no_step_is_open() -> None:
    assert steps(decide(case_of(*FOUR, ("2026-09-07", 6), kind="unauthorised"), "2026-09-06")) == []


def test_the_duty_to_tell_the_guardian_is_open_unless_the_application_does_it() -> None:
    case = case_of(*FOUR, kind="unauthorised")
    assert any(t.action == "absence-notice-to-guardian" for t in decide(case, "2026-09-01").tasks)
    assert not any(
        t.action == "absence-notice-to-guardian"
        for t in decide(case_of(*FOUR, kind="unauthorised", does=["absence-notice-to-guardian"]), "2026-09-10").tasks
    )


def test_a_term_begins_anew() -> None:
    autumn = [(f"2026-12-{d:02}", 5) for d in (8, 9, 10, 11)]
    spring = [(f"2027-01-{d}", 5) for d in (11, 12, 13, 14)]
    d = decide(case_of(*autumn, *spring), "2027-01-29")
    assert steps(d) == []
    assert d.nearest is not None
    assert (d.nearest.number, d.nearest.missing) == (20, 10)
    assert not d.is_undecided


def test_a_calendar_without_terms_is_refused_before_the_first_pupil() -> None:
    year = CALENDAR.years[0]
    bare = sky.Calendar((type(year)(year.id, year.first, year.last, 45),))
    with pytest.raises(sky.RulesetError, match=r"write the first day of each term"):
        decide(case_of(), "2026-09-01", bare)


def wish(on: str, *more: Event) -> sky.Case:
    return case_of(more=(sky.Report("wish-to-meet-curator", day(on), by="guardian"), *more))


def talk_with_curator(case: sky.Case, on: str, calendar: sky.Calendar = CALENDAR) -> sky.Task:
    (task,) = [t for t in decide(case, on, calendar).tasks if t.action == "talk-with-curator"]
    return task


def test_the_talk_with_the_curator_is_due_on_the_seventh_school_day_over_the_break() -> None:
    task = talk_with_curator(wish("2026-10-16"), "2026-11-03")
    assert (str(task.due), task.state, task.overdue) == ("2026-11-03", "ready", False)
    assert (task.role, task.organisation, task.source) == ("curator", "wellbeing-county", "ohl-15")
    assert talk_with_curator(wish("2026-10-16"), "2026-11-04").overdue
    week_42 = sky.load_calendar("example-week-42/2026-27")
    assert str(talk_with_curator(wish("2026-10-09"), "2026-10-10", week_42).due) == "2026-10-27"
    done = wish("2026-10-16", sky.ActionTaken("talk-with-curator", "done", day("2026-11-02")))
    assert not any(t.action == "talk-with-curator" and t.state != "done" for t in decide(done, "2026-11-05").tasks)


def test_nobody_is_undecided_for_a_concern_that_nobody_raised() -> None:
    undecided = sum(decide(case_of(("2026-09-14", 5)), "2026-09-16").is_undecided for _ in range(50))
    assert undecided == 0
    raised = case_of(more=(sky.Report("concern", day("2026-09-15"), by="subject-teacher"),))
    d = decide(raised, "2026-09-16")
    assert d.open_steps
    assert d.next is not None
    said = sky.explain(decide(case_of(("2026-09-14", 5)), "2026-09-16"), language="en")
    assert "No concern has been recorded;" in said
    assert "no concern" not in said.replace("No concern has been recorded;", "").lower()


def given(before: int, marked: int, *more: tuple[str, int]) -> sky.Decision:
    days, left, d = [], before, day("2026-09-01")
    while left:
        if d.weekday() < 5:
            days.append((str(d), min(6, left)))
            left -= min(6, left)
        d += timedelta(days=1)
    registers = (
        sky.Register(day("2026-08-12"), through=day("2026-09-20"), recorded=day("2026-09-20")),
        sky.Register(day("2026-09-21"), 6, marked, recorded=day("2026-09-22")),
        sky.Register(day("2026-09-22"), 6, 6),
    )
    return decide(case_of(*days, *more, more=registers, register="given"), "2026-09-22")


def test_lessons_that_are_not_marked_make_a_limit_unknown_and_nothing_else() -> None:
    assert steps(given(35, 0))
    assert not given(35, 0).is_undecided
    unknown = given(27, 0)
    assert unknown.is_undecided
    assert (unknown.questions[0].what, unknown.questions[0].days) == ("not_marked", (day("2026-09-21"),))
    assert unknown.questions[0].by
    assert not steps(unknown)
    assert not given(20, 0).is_undecided
    assert not given(27, 6).is_undecided
    assert not steps(given(27, 6))
    assert steps(given(27, 6, ("2026-09-21", 3)))
