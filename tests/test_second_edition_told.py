"""What people are told is true: reasons, questions, today's number, doubtful and contested marks, earlier knowledge."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import small_town as town
from click.testing import CliRunner
from generated import CALENDAR as GENERATED
from generated import cases, models
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sky_model as sky
from sky_model.checks.cases import Expected, _pairs
from sky_model.cli import app
from sky_model.events import end_of
from sky_model.host.cards import cards

CALENDAR = town.CALENDAR
PRESET = sky.load("presets/lessons-per-term")


def sep(day: int) -> date:
    return date(2026, 9, day)


def health(day: date, lessons: float = 6, **more: Any) -> sky.Mark:
    return sky.Mark(day, lessons=lessons, kind="health", **{"id": f"m-{day}", **more})


def decide(*events: Any, on: date, model: sky.Model = PRESET, **more: Any) -> sky.Decision:
    asked = {k: more.pop(k) for k in ("known_on",) if k in more}
    more.setdefault("data_until", on)
    case = sky.Case("p", **more | {"events": [town.ENROLLED, *events]})
    return sky.decide(model, case, on=on, calendars=CALENDAR, **asked)


def with_counter(counter: dict[str, Any], limit: Any, **step: Any) -> sky.Model:
    """The small town with one more counter and one step that opens by it."""
    more = {"source": "town", "window": {"in": "term"}, "kinds": {"only": ["health"]}, **counter}
    opened = {**town.RULES["steps"][0], "id": "own", "opens": {counter["id"]: limit}, **step}
    return town.rules(counters=[*town.RULES["counters"], more], steps=[opened], messages=[])


# ---------------------------------------------------------------------- M6: what must be sent
def test_needs_says_of_every_kind_whether_it_is_counted_or_sent_only_as_a_correction() -> None:
    assert sky.needs(town.MODEL)["kinds"] == [{"kind": "health", "sent": "counted"}, {"kind": "remote", "sent": "correction"}]


def test_a_mark_that_becomes_another_kind_changes_the_answer_even_if_that_kind_is_never_counted() -> None:
    newer = sky.Mark(sep(2), lessons=6, kind="remote", id="m2", recorded=sep(3))
    assert [s.step for s in town.decided(*town.MARKS).open_steps] == ["talk"]
    assert town.decided(*town.MARKS, newer).open_steps == ()


# ---------------------------------------------------------------------- M7: reasons are true
def test_a_part_that_is_not_true_is_never_a_reason() -> None:
    """Three days in a row with 0 stood beside the report that had opened the step."""
    either = {"any": [{"lessons": {"at_least": "12"}}, {"row": {"at_least": "3"}}]}
    row = {"id": "row", "measure": "days", "day_from": "any_part", "window": {"in": "any_time", "unbroken": "yes"}}
    model = with_counter(row, {"at_least": "3"}, opens=either)
    (step,) = town.decided(*town.MARKS, model=model).open_steps
    assert [(r.fact, r.low) for r in step.because] == [("lessons", 12)]


def test_what_was_unknown_when_the_step_opened_and_is_known_to_be_true_today_is_a_reason() -> None:
    """Closed down to the marks of today: a correction since the opening is seen in the number."""
    newer = health(sep(2), 7, id="m2", recorded=sep(4))
    (step,) = town.decided(*town.MARKS, newer).open_steps
    assert [(r.low, r.marks, r.is_sure) for r in step.because] == [(13, ("m1", "m2"), True)]


def test_the_reason_stands_on_the_first_day_of_sure_ground_not_on_the_day_of_the_opening() -> None:
    """A corrected mark moves the ground to the day of a later mark."""
    newer = health(sep(1), 4, id="m1", recorded=sep(3))
    late = health(sep(4), 2, id="m4")
    (step,) = town.decided(*town.MARKS, newer, late).open_steps
    assert (step.opened_on, step.because[0].about, step.because[0].low) == (sep(2), sep(4), 12)


def test_a_step_in_doubt_has_no_reason_but_a_question() -> None:
    open_day = sky.Register(sep(1), planned=6, marked=0, id="r")
    gone = sky.Mark(sep(1), lessons=0, kind="health", id="m1", recorded=sep(3))
    d = town.decided(*town.MARKS, gone, replace(open_day, recorded=sep(1)))
    (step,) = d.open_steps
    assert step.is_in_doubt
    assert step.because == ()
    assert [(q.what, q.steps, q.days) for q in d.questions if q.steps] == [("not_marked", ("talk",), (sep(1),))]


def test_a_none_that_holds_is_a_reason_without_a_number() -> None:
    opens = {"all": [{"lessons": {"at_least": "12"}}, {"none": [{"cause": {"is": "at-school"}}]}]}
    (step,) = town.decided(
        *town.MARKS, town.CAUSE, model=with_counter({"id": "other", "measure": "marks"}, {}, opens=opens)
    ).open_steps
    assert [(r.what, r.fact, r.operator, r.low) for r in step.because] == [
        ("counter", "lessons", "at_least", 12),
        ("question", "cause", "none_of", None),
    ]


def test_nearest_is_never_a_limit_that_is_reached() -> None:
    """More than 12 with 12: the least number that reaches it is 13."""
    model = with_counter({"id": "other", "measure": "marks"}, {}, opens={"lessons": {"more_than": "12"}})
    near = town.decided(*town.MARKS, model=model).nearest
    assert near is not None
    assert (near.number, near.limit, near.missing) == (12, 13, 1)


# ---------------------------------------------------------------------- M7: questions
def test_a_task_whose_when_is_unknown_stands_in_the_questions_with_who_can_answer() -> None:
    d = town.decided(*town.MARKS)
    (q,) = d.questions
    assert (q.what, q.fact, q.steps, q.tasks, q.by) == (
        "not_answered", "cause", (), ("talk@2026-09-02/change-school-day",), ("class-lead",),
    )  # fmt: skip
    assert d.to_json()["questions"][0]["for"] == "task"
    said = sky.explain(d, language="en").splitlines()
    assert not any(line.startswith("Also to do") for line in said)
    assert any("not known whether this is needed: changing the school day" in line for line in said)


def test_the_question_goes_when_it_is_answered() -> None:
    assert town.decided(*town.MARKS, town.CAUSE).questions == ()


ROW = {"in": "any_time", "unbroken": "yes"}
SHARE = {
    "id": "part",
    "measure": "lessons",
    "lesson_minutes": "45",
    "share_of": {"planned": "so_far"},
    "minimum": {"planned_lessons": "10"},
}
MISSING = {
    "days of a row": ({"id": "row", "measure": "days", "window": ROW, "day_from": "whole"}, {"at_least": "2"}),
    "days from half of what was planned": ({"id": "halves", "measure": "days", "day_from": "half"}, {"at_least": "2"}),
    "a share of the planned lessons": (SHARE, {"at_least": "5"}),
}


@pytest.mark.parametrize("name", MISSING)
def test_a_question_names_the_planned_lessons_where_they_are_missing_and_not_the_grade(name: str) -> None:
    model = with_counter(*MISSING[name])
    enrolled = sky.Enrolment("s", grade=8, since=date(2026, 8, 12))
    case = sky.Case("p", events=[enrolled, *town.MARKS])
    d = sky.decide(model, case, on=sep(7), calendars=CALENDAR)
    assert [(q.what, q.fact, q.steps) for q in d.questions if q.steps] == [("not_given", "lessons_per_week", ("own",))]
    assert "the number of planned lessons" in sky.explain(d, language="en")


def test_a_question_names_the_grade_where_the_limit_hangs_on_it() -> None:
    model = with_counter(
        {"id": "c", "measure": "lessons", "lesson_minutes": "45"}, {"at_least": {"by": {"grade": {"1-6": "30", "7-9": "12"}}}}
    )
    case = sky.Case("p", events=[sky.Enrolment("s", since=date(2026, 8, 12), lessons_per_week=30), *town.MARKS])
    d = sky.decide(model, case, on=sep(7), calendars=CALENDAR)
    assert [(q.what, q.fact) for q in d.questions if q.steps] == [("not_given", "grade")]


# ---------------------------------------------------------------------- M8: today's number
EIGHT = [health(sep(d)) for d in (1, 2, 3, 4, 7, 8, 9, 10)]  # 48 lessons, 30 of them by 7 September


def test_staff_read_todays_number_and_how_far_the_next_limit_is_beside_the_number_that_opened_the_step() -> None:
    d = decide(*EIGHT, on=sep(11))
    step = next(s for s in d.open_steps if s.step == "first-limit-reached")
    (today,) = [t for t in step.today if t.counter == "absence-lessons"]
    assert (step.because[0].low, today.number, today.next_limit, today.missing) == (30, 48, 50, 2)
    assert (today.first, len(today.marks)) == (date(2026, 8, 12), 8)


def test_a_limit_above_is_the_least_number_that_reaches_it_and_of_a_share_there_is_no_distance() -> None:
    higher = {**town.RULES["steps"][0], "id": "higher", "opens": {"c": {"more_than": "50"}}, "actions": [{"act": "meet"}],
              "above": {"talk": "beside"}}  # fmt: skip
    model = town.rules(counters=[*town.RULES["counters"], {**town.RULES["counters"][0], "id": "c"}],
                       steps=[{**town.RULES["steps"][0], "opens": {"c": {"at_least": "12"}}}, higher], messages=[])  # fmt: skip
    (step,) = town.decided(*town.MARKS, model=model).open_steps
    assert [(t.number, t.next_limit, t.missing) for t in step.today] == [(12, 51, 39)]
    (step,) = town.decided(*town.MARKS, model=with_counter(SHARE, {"at_least": "5"})).open_steps
    assert [(t.next_limit, t.missing) for t in step.today] == [(None, None)]
    assert step.today[0].number > 5


def test_todays_number_is_that_of_todays_window() -> None:
    (step,) = [s for s in decide(*EIGHT, on=date(2027, 2, 1)).open_steps if s.step == "first-limit-reached"]
    assert [(t.number, t.first) for t in step.today] == [(0, date.fromordinal(CALENDAR.starts("term")[1]))]


def test_of_a_step_for_each_mark_the_marks_are_those_that_no_earlier_opening_told() -> None:
    first = sky.Mark(sep(1), lessons=6, kind="unauthorised", id="old")
    told = sky.ActionTaken("absence-notice-to-guardian", "done", sep(1))
    new = sky.Mark(sep(3), lessons=6, kind="unauthorised", id="new")
    d = decide(first, told, new, on=sep(4))
    (step,) = [s for s in d.open_steps if s.step == "unauthorised-absence"]
    assert [t.marks for t in step.today] == [("new",)]


@pytest.mark.parametrize("reader", ["guardian", "pupil"])
@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_guardian_and_pupil_read_a_number_of_an_open_step_and_never_how_far_a_limit_is(reader: str, language: str) -> None:
    """48 of 50: neither the limit above nor the distance stands in their text."""
    text = sky.explain(decide(*EIGHT, on=sep(11)).for_reader(reader), language=language)
    assert "48" in text
    assert "50" not in text
    below = sky.explain(decide(health(sep(1), 1), on=sep(2)).for_reader(reader), language=language)
    assert "29" not in below


# ---------------------------------------------------------------------- M9: earlier knowledge
def cut(case: sky.Case, day: date) -> sky.Case:
    """The record as it was at the end of a day."""
    return case.only(lambda moment, _: moment <= end_of(day.toordinal()))


ASIDE = ("known_to", "asked")


@settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(models(), cases(), st.integers(0, 200), st.integers(0, 120), st.sampled_from(["given", "marks_only"]))
def test_known_on_answers_in_every_field_as_the_record_cut_there_would(
    model: sky.Model, case: sky.Case, at: int, later: int, register: str
) -> None:
    known = date.fromordinal(min(GENERATED.years[0].first + at, GENERATED.years[0].last))
    on = date.fromordinal(min(known.toordinal() + later, GENERATED.years[-1].last))
    if case.recorded == "not_given":
        return
    case = case.changed(register=register)
    earlier = sky.decide(model, case, on=on, known_on=known, calendars=GENERATED)
    alone = sky.decide(model, cut(case, known), on=on, calendars=GENERATED)
    for f in fields(sky.Decision):
        if f.name not in ASIDE:
            assert getattr(earlier, f.name) == getattr(alone, f.name), f.name


def test_days_after_the_knowledge_that_is_asked_for_are_not_marked() -> None:
    """With a register for each school day the days since then are possible absence, not attendance."""
    days = [d for d in map(date.fromordinal, CALENDAR.school_days) if date(2026, 8, 12) <= d <= sep(9)]
    marked = [sky.Register(d, planned=6, marked=6, id=f"r{d}") for d in days]
    more = [sky.Register(d, planned=6, marked=6, id=f"r{d}") for d in (sep(10), sep(11), sep(14), sep(15))]
    d = decide(*marked, *more, on=sep(30), known_on=sep(9), register="given")
    (asked,) = [q for q in d.questions if q.what == "not_marked" and "first-limit-reached" in q.steps]
    assert (asked.days[0], asked.days[-1], len(asked.days)) == (sep(10), sep(22), 9)  # with 54 lessons both limits are possible


# ---------------------------------------------------------------------- M10: how far the marks reach
def test_how_far_the_marks_reach_is_stated_or_seen_and_the_decision_says_which() -> None:
    stated = decide(*town.MARKS, on=sep(7), data_until=sep(4))
    seen = decide(*town.MARKS, health(date(2026, 12, 1)), on=sep(7), data_until=None)
    assert (stated.data_until, stated.data_until_from) == (sep(4), "stated")
    assert (seen.data_until, seen.data_until_from) == (sep(2), "marks")
    assert (decide(on=sep(7), data_until=None).data_until, decide(on=sep(7), data_until=None).data_until_from) == (None, None)
    assert "The newest mark known here is for 2 September 2026." in sky.explain(seen, language="en")


def test_one_pupil_without_a_new_mark_does_not_make_the_schools_data_old() -> None:
    assert not decide(*town.MARKS, on=sep(30), data_until=None).is_stale
    assert decide(*town.MARKS, on=sep(30), data_until=sep(2), data_until_from="marks").is_stale


def test_the_command_sees_how_far_a_school_reaches_by_all_its_pupils_and_takes_a_flag(tmp_path: Path) -> None:
    lines = ["pupil,grade,date,lessons,kind", "p1,8,2026-09-01,6,health", "p2,8,2026-09-22,6,health", "p3,8,2027-04-01,6,health"]
    (tmp_path / "marks.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    records = [sky.Case(p, events=[replace(town.ENROLLED, id="e"), health(d)]) for p, d in (("p1", sep(1)), ("p2", sep(22)))]
    (tmp_path / "marks.jsonl").write_text("".join(f"{sky_json(c)}\n" for c in records), encoding="utf-8")
    for file in ("marks.csv", "marks.jsonl"):
        said = ["explain", str(tmp_path / file), "--calendar", "example-week-43/2026-27", "--on", "2026-09-30", "--pupil", "p1"]
        seen = CliRunner().invoke(app, [*said, "--json"]).output
        assert '"data_until":"2026-09-22","data_until_from":"marks","stale":true' in seen, file
        flag = CliRunner().invoke(app, [*said, "--json", "--data-until", "2026-09-29"]).output
        assert '"data_until":"2026-09-29","data_until_from":"stated","stale":false' in flag, file


def sky_json(case: sky.Case) -> str:
    from sky_model.decision import one_line

    return one_line(case.to_json())


def test_a_record_says_in_json_where_its_last_day_comes_from() -> None:
    case = sky.Case("p", data_until=sep(4), data_until_from="marks")
    assert sky.Case.from_json(case.to_json()) == case
    assert case.changed(data_until=sep(5)).data_until_from == "stated"


# ---------------------------------------------------------------------- M14: doubtful days
SEVEN = replace(CALENDAR, years=tuple(replace(y, most_a_day=7) for y in CALENDAR.years))
TWICE = (health(sep(2), id="a"), health(sep(2), id="b"))


def test_equal_marks_of_a_day_that_are_more_than_it_can_have_count_and_are_told() -> None:
    d = town.decided(*TWICE, calendar=SEVEN)
    assert [(x.day, x.marks) for x in d.doubtful] == [(sep(2), ("a", "b"))]
    assert [(s.step, s.is_doubtful, s.because[0].low) for s in d.open_steps] == [("talk", True, 12)]
    assert town.decided(*TWICE).doubtful == ()  # where no source says how much a day can have, nothing is told


def test_a_step_that_stands_without_the_second_mark_is_not_doubtful() -> None:
    d = town.decided(*TWICE, health(sep(1)), calendar=SEVEN)
    assert [(s.step, s.is_doubtful) for s in d.open_steps] == [("talk", False)]
    assert len(d.doubtful) == 1


@pytest.mark.parametrize(
    "marks",
    [
        (health(sep(2), 3, id="a"), health(sep(2), 3, id="b")),  # no more than the day can have
        (health(sep(2), 6, id="a"), health(sep(2), 5, id="b")),  # two lengths
        (health(sep(2), id="a"), sky.Mark(sep(2), lessons=6, kind="remote", id="b")),  # two kinds
    ],
)
def test_marks_that_can_be_together_are_not_doubtful(marks: tuple[sky.Mark, ...]) -> None:
    assert town.decided(*marks, calendar=SEVEN).doubtful == ()


def test_what_the_register_planned_is_the_bound_where_it_says_it() -> None:
    register = sky.Register(sep(2), planned=12, marked=0, id="r")
    assert town.decided(register, *TWICE, calendar=SEVEN).doubtful == ()


# ---------------------------------------------------------------------- M15: pauses
def test_a_text_that_counts_days_over_a_pause_says_so_and_over_none_says_nothing() -> None:
    later = sky.Pause(sep(21), sep(25), "principal", recorded=sep(3))
    over = sky.Pause(sep(3), sep(4), "principal")
    assert "The pause from 3 September 2026 to 4 September 2026 is not counted." in sky.explain(
        town.decided(*town.MARKS, over), language="en"
    )
    assert "pause" not in sky.explain(town.decided(*town.MARKS, later), language="en")


def test_a_return_to_school_that_was_raised_is_acted_on_without_delay() -> None:
    for name, step in (("fi-sky/2026-1", "return-plan"), ("fi-sky/2027-1", "way-back-to-school")):
        acts = {a.id: a for a in sky.load(name, allow={"draft"}).newest.step_by_id[step].actions}
        for action in ("name-responsible-adult", "plan-return", "keep-in-contact", "welcome-back"):
            due = acts[action].due
            assert due is not None
            assert due.span is None, action


# ---------------------------------------------------------------------- M16: contested marks
CONTEST = sky.Report("contested", sep(4), by="guardian", mark="m2", id="c")
ANSWERS = {
    "a newer version": health(sep(2), 6, id="m2", recorded=sep(5)),
    "a retraction of the report": sky.Retracted("c", sep(5), id="x"),
    "the same person takes it back": sky.Report("contested", sep(5), by="guardian", raised=False, mark="m2"),
    "the mark is kept": sky.ActionTaken("check:m2", "done", sep(5)),
}


def test_a_step_that_rests_on_a_contested_mark_says_so_until_it_is_answered() -> None:
    d = town.decided(*town.MARKS, CONTEST)
    assert [s.contested for s in d.open_steps] == [("m2",)]
    assert d.told == ()  # needs no ruleset that knows the report


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_ends_the_contest(name: str) -> None:
    assert [s.contested for s in town.decided(*town.MARKS, CONTEST, ANSWERS[name]).open_steps] == [()]


def test_what_staff_report_of_a_mark_contests_nothing() -> None:
    by_staff = replace(CONTEST, by="class-lead")
    assert [s.contested for s in town.decided(*town.MARKS, by_staff).open_steps] == [()]


# ---------------------------------------------------------------------- cards
def test_a_step_that_can_be_closed_gets_a_card_that_offers_to_go_on_and_nothing_else() -> None:
    d = town.decided(*town.MARKS, town.CAUSE)
    close = town.task(d, "close:talk", duty="close", state="ready", due=None, roles=("class-lead",))
    (card,) = cards(replace(d, tasks=(close,), messages=()), language="en")
    assert card["suggestions"] == []
    assert [r["code"] for r in card["overrideReasons"]] == ["snoozed"]
    assert card["summary"].startswith("Closing the step “The absence is talked about” or going on")


def test_what_waits_for_an_answer_has_the_card_of_its_question_and_none_of_its_own() -> None:
    made = cards(town.decided(*town.MARKS), language="en")
    assert [c["extension"]["sky_model"].get("action") for c in made if "task" in c["extension"]["sky_model"]] == ["meet"]
    assert [c["extension"]["sky_model"]["question"] for c in made if "question" in c["extension"]["sky_model"]] == ["cause"]


# ---------------------------------------------------------------------- golden cases
def test_a_golden_case_tells_what_is_asked_from_what_waits() -> None:
    wanted = Expected.model_validate(
        {"on": "2026-09-07", "asks": ["meet", "change-school-day"], "waiting": ["change-school-day"]}
    )
    wrong = wanted.model_copy(update={"waiting": []})
    decision = town.decided(*town.MARKS)
    assert [x for x in _pairs(wanted, decision) if x[1] is not None and x[1] != x[2]] == []
    assert [x[0] for x in _pairs(wrong, decision) if x[1] is not None and x[1] != x[2]] == ["waiting"]
