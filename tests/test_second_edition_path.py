"""The path of the second edition: renewal (M2), rules by school (M3), days not in force (M4), the day a task counts from (M13).

The limits and the calendar are those of a shipped example; rules of two schools are the same with another limit.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

import sky_model as sky
from sky_model.checkpoints import checkpoint
from sky_model.host.intake import read_mapping, read_marks
from sky_model.host.requests import Desk, answer
from sky_model.schooldays import SchoolYear

CALENDAR = "example-week-43/2026-27"
YEARS = sky.load_calendar(CALENDAR)
ONE = YEARS.years[0]
A_YEAR = 364  # whole weeks


def shifted(days: int) -> SchoolYear:
    """The same school year, so many days later."""
    return replace(
        ONE,
        id=f"made-up-{days}",
        first=ONE.first + days,
        last=ONE.last + days,
        terms=tuple(t + days for t in ONE.terms),
        breaks=tuple((a + days, b + days) for a, b in ONE.breaks),
        public_holidays=frozenset(d + days for d in ONE.public_holidays),
        also_school=frozenset(d + days for d in ONE.also_school),
        named_days=(),
        stated=None,
    )


ED_FI = Path(__file__).parents[1] / "examples" / "ed-fi"
TWO = sky.Calendar((ONE, shifted(A_YEAR)))
PRESET = sky.load("presets/lessons-per-term")
STEP = "first-limit-reached"


def day(text: str) -> date:
    return date.fromisoformat(text)


def absent(on: str, lessons: int = 6, recorded: str | None = None, **more: Any) -> sky.Mark:
    return sky.Mark(day(on), lessons=lessons, kind="health", recorded=day(recorded or on), **more)


def at(school: str, since: str, grade: int = 8, recorded: str | None = None, **more: Any) -> sky.Enrolment:
    return sky.Enrolment(school, grade=grade, since=day(since), lessons_per_week=30, recorded=day(recorded or since), **more)


def of(*events: Any) -> sky.Case:
    return sky.Case("p-1", events=[replace(e, seq=n) for n, e in enumerate(events)])


def decide(*events: Any, on: str, model: sky.Model = PRESET, calendars: Any = YEARS, **how: Any) -> sky.Decision:
    if "known_on" in how:
        how["known_on"] = day(how["known_on"])
    return sky.decide(model, of(*events), on=day(on), calendars=calendars, **how)


def names(decision: sky.Decision) -> list[str]:
    return [s.name for s in decision.open_steps]


AUTUMN = [absent(f"2026-09-0{d}") for d in (1, 2, 3, 4, 7)]  # 30 lessons: the limit on a Monday
TALK = sky.ActionTaken("talk-with-pupil", "done", day("2026-09-09"), by="homeroom-teacher")
SPRING = [absent(f"2027-02-0{d}") for d in (1, 2, 3, 4, 5)]
HERE = at("s-1", "2026-08-12")


# ---------------------------------------------------------------------- M2: a step that nobody closed
def test_thirty_lessons_of_spring_ask_for_a_talk_though_nobody_closed_autumn() -> None:
    decision = decide(HERE, *AUTUMN, TALK, *SPRING, on="2027-02-10")
    (step,) = [s for s in decision.open_steps if s.step == STEP]
    assert (step.name, step.renews) == (f"{STEP}@2027-02-05", f"{STEP}@2026-09-07")
    (talk,) = [t for t in decision.tasks if t.action == "talk-with-pupil"]
    assert (talk.state, talk.due) == ("ready", day("2027-02-12"))
    before = decide(HERE, *AUTUMN, TALK, *SPRING[:4], on="2027-02-04")
    assert names(before) == [f"{STEP}@2026-09-07"]


def test_the_same_over_the_summer_into_the_next_grade() -> None:
    next_autumn = [absent(f"2027-09-0{d}") for d in (1, 2, 3, 6, 7)]
    ninth = at("s-1", "2027-08-11", grade=9)
    decision = decide(HERE, *AUTUMN, TALK, ninth, *next_autumn, on="2027-09-08", calendars=TWO)
    (step,) = [s for s in decision.open_steps if s.step == STEP]
    assert step.name == f"{STEP}@2027-09-07"
    (talk,) = [t for t in decision.tasks if t.action == "talk-with-pupil"]
    assert talk.state == "ready"


def test_what_autumn_owed_stays_owed_under_its_name_when_spring_renews() -> None:
    decision = decide(HERE, *AUTUMN, *SPRING, on="2027-02-08")
    (talk,) = [t for t in decision.tasks if t.action == "talk-with-pupil"]
    assert talk.name == f"{STEP}@2026-09-07/talk-with-pupil"
    assert (talk.due, talk.overdue) == (day("2026-09-14"), True)


def test_a_renewal_that_is_withdrawn_leaves_the_old_opening_as_if_not_renewed() -> None:
    wrong = absent("2027-02-05", 0, "2027-02-09", id="mark-2027-02-05")
    decision = decide(HERE, *AUTUMN, TALK, *SPRING, wrong, on="2027-02-10")
    assert names(decision) == [f"{STEP}@2026-09-07"]
    assert f"{STEP}@2027-02-05" in decision.withdrawn


def test_a_renewal_that_lessons_not_marked_could_bring_is_asked() -> None:
    events = [
        HERE,
        sky.Register(day("2026-08-12"), through=day("2027-02-04"), recorded=day("2027-02-04")),
        *AUTUMN,
        TALK,
        *SPRING[:4],
        sky.Register(day("2027-02-05"), planned=6, marked=0),
    ]
    case = sky.Case("p-1", register="given", events=[replace(e, seq=n) for n, e in enumerate(events)])
    decision = sky.decide(PRESET, case, on=day("2027-02-05"), calendars=YEARS)
    assert [(q.what, q.steps) for q in decision.questions if STEP in q.steps] == [("not_marked", (STEP,))]
    assert names(decision) == [f"{STEP}@2026-09-07"]


def test_closing_a_renewed_step_closes_the_step() -> None:
    closed = sky.StepClosed(STEP, "support-agreed", day("2027-02-11"), by="class-lead")
    decision = decide(HERE, *AUTUMN, TALK, *SPRING, closed, on="2027-02-12")
    assert names(decision) == []
    again = decide(HERE, *AUTUMN, TALK, *SPRING, closed, absent("2027-02-12"), on="2027-02-12")
    assert names(again) == []  # the limit of spring was answered


def test_ground_of_autumn_that_a_closing_answered_does_not_keep_a_later_opening() -> None:
    closed = sky.StepClosed(STEP, "support-agreed", day("2026-09-09"), by="class-lead")
    wrong = absent("2027-02-05", 0, "2027-02-09", id="mark-2027-02-05")
    opened = decide(HERE, *AUTUMN, closed, *SPRING, on="2027-02-08")
    assert names(opened) == [f"{STEP}@2027-02-05"]
    corrected = decide(HERE, *AUTUMN, closed, *SPRING, wrong, on="2027-02-10")
    assert names(corrected) == []
    assert corrected.withdrawn == (f"{STEP}@2027-02-05",)


def test_late_marks_of_autumn_open_in_january_and_do_not_renew_by_themselves() -> None:
    december = [absent(f"2026-12-{d:02}", recorded="2027-01-08") for d in (7, 8, 9, 10, 11)]
    assert names(decide(HERE, *december, on="2027-02-10")) == [f"{STEP}@2027-01-08"]


def test_a_checkpoint_keeps_what_was_renewed() -> None:
    closed = sky.StepClosed(STEP, "support-agreed", day("2027-05-11"), by="class-lead")
    case = of(HERE, *AUTUMN, TALK, *SPRING, closed)
    first = TWO.years[1].first
    after = checkpoint(PRESET, case, on=date.fromordinal(first), calendars=TWO)
    assert after.before is not None
    assert [(o.how, o.renews) for o in after.before.openings if o.step == STEP] == [
        ("renewed", None),
        ("closed", f"{STEP}@2026-09-07"),
    ]
    read = sky.Case.from_json(json.loads(json.dumps(after.to_json())))
    later = date.fromordinal(first) + timedelta(days=40)
    answers = [sky.decide(PRESET, c, on=later, calendars=TWO).to_json() for c in (case, read)]
    for a in answers:
        a["basis"].pop("checkpoint", None)
    assert answers[0] == answers[1]


def test_in_the_sample_data_everybody_with_thirty_in_both_terms_is_asked_in_spring() -> None:
    model = sky.load(ED_FI / "ruleset", allow={"variant"})
    calendar, last, spring = sky.load_calendar(ED_FI / "calendar.yaml"), day("2022-05-27"), day("2022-01-01")
    data = ED_FI / "attendance_events.csv"
    cases = read_marks(data.read_bytes(), mapping=read_mapping(ED_FI / "mapping.yaml"), file=data.name).cases
    asked = those = 0
    for case in cases:
        counts = [next((r.low for r in first_reasons(model, case, on, calendar)), 0) for on in (day("2021-12-31"), last)]
        if min(counts) < 30:
            continue
        those += 1
        decision = sky.decide(model, case, on=last, calendars=calendar)
        asked += any(s.step == STEP and s.about >= spring for s in decision.open_steps)
    assert (asked, those) == (74, 74)


def first_reasons(model: sky.Model, case: sky.Case, on: date, calendar: sky.Calendar) -> list[sky.Reason]:
    """The number of the first limit on a day of which nothing was open before: of that term alone."""
    first = calendar.year(on.toordinal()).terms
    begin = max(t for t in first if t <= on.toordinal())
    mine = [e for e in case.events if not isinstance(e, sky.Mark) or e.on.toordinal() >= begin]
    decision = sky.decide(model, case.changed(events=mine), on=on, calendars=calendar)
    return [r for s in decision.open_steps if s.step == STEP for r in s.because if r.what == "counter"]


# ---------------------------------------------------------------------- M3: whose rules judge a day
def town(tmp: Path, name: str, limit: int, within: int, step: str = STEP) -> sky.Model:
    """The preset with another limit and deadline, and its first step under another id, as a ruleset of another town."""
    folder = tmp / name
    folder.mkdir()
    text = (Path(__file__).parents[1] / "rulesets/presets/lessons-per-term/ruleset.yaml").read_text(encoding="utf-8")
    text = text.replace("ruleset: lessons-per-term", f"ruleset: {name}").replace("at_least: 30", f"at_least: {limit}")
    text = text.replace(STEP, step)
    text = text.replace("duty: must, within: {school_days: 5}", f"duty: must, within: {{school_days: {within}}}", 1)
    (folder / "ruleset.yaml").write_text(text, encoding="utf-8")
    return sky.load(folder)


@pytest.fixture(scope="module")
def schools(tmp_path_factory: pytest.TempPathFactory) -> dict[str, sky.Model]:
    tmp = tmp_path_factory.mktemp("towns")
    return {"a": town(tmp, "town-a", 30, 5), "b": town(tmp, "town-b", 24, 3), "c": town(tmp, "town-c", 24, 3, "early-talk")}


SEPTEMBER = [absent(f"2026-09-0{d}") for d in (1, 2, 3, 4)]  # 24 lessons


def test_the_rules_of_the_new_school_judge_from_the_day_of_the_move(schools: dict[str, sky.Model]) -> None:
    events = [at("a", "2026-08-12"), *SEPTEMBER, at("b", "2026-11-02")]
    assert names(decide(*events, on="2026-10-30", schools=schools)) == []
    decision = decide(*events, on="2026-11-02", schools=schools)
    assert names(decision) == [f"{STEP}@2026-11-02"]
    assert decision.basis["ruleset"]["name"] == "town-b/2026-1"
    assert set(decision.basis["schools"]) == {"a", "b"}
    assert not any(t.overdue for t in decision.tasks)
    (talk,) = [t for t in decision.tasks if t.action == "talk-with-pupil"]
    assert talk.due == day("2026-11-05")


def test_what_was_open_at_the_old_school_is_open_at_the_new_one(schools: dict[str, sky.Model]) -> None:
    events = [at("b", "2026-08-12"), *SEPTEMBER, at("a", "2026-11-02")]
    before = decide(*events, on="2026-10-30", schools=schools)
    after = decide(*events, on="2026-11-03", schools=schools)
    assert names(before) == names(after) == [f"{STEP}@2026-09-04"]


def test_a_move_that_is_recorded_later_changes_nothing_before_it_was_known(schools: dict[str, sky.Model]) -> None:
    late = at("b", "2026-11-02", recorded="2026-11-09")
    events = [at("a", "2026-08-12"), *SEPTEMBER, late]
    assert names(decide(*events, on="2026-11-06", schools=schools)) == []
    assert names(decide(*events, on="2026-11-09", schools=schools)) == [f"{STEP}@2026-11-09"]
    then = decide(*events, on="2026-11-09", known_on="2026-11-06", schools=schools)
    assert names(then) == []
    assert then.basis["ruleset"]["name"] == "town-a/2026-1"


def test_a_move_that_is_taken_back_withdraws_a_step_that_only_the_wrong_rules_name(schools: dict[str, sky.Model]) -> None:
    for school, step, after in (("b", STEP, [f"{STEP}@2026-11-02"]), ("c", "early-talk", [])):
        move = at(school, "2026-11-02", id="move")
        events = [at("a", "2026-08-12"), *SEPTEMBER, move, sky.Retracted("move", day("2026-11-06"))]
        assert names(decide(*events, on="2026-11-05", schools=schools)) == [f"{step}@2026-11-02"]
        decision = decide(*events, on="2026-11-06", schools=schools)
        assert names(decision) == after  # a step that both name keeps the rules that opened it
        assert decision.withdrawn == (() if after else (f"{step}@2026-11-02",))
        assert decision.basis["ruleset"]["name"] == "town-a/2026-1"


def test_two_providers_in_one_process_know_nothing_of_each_other(schools: dict[str, sky.Model]) -> None:
    of_a = [at("a", "2026-08-12"), *SEPTEMBER]
    alone = decide(*of_a, on="2026-10-01", schools={"a": schools["a"]}).to_json()
    decide(at("b", "2026-08-12"), *AUTUMN, *SEPTEMBER, on="2026-10-01", schools={"b": schools["b"]})
    both = decide(*of_a, on="2026-10-01", schools=schools).to_json()
    assert both == alone


def test_of_who_has_left_nothing_opens_and_what_is_owed_is_handed_over() -> None:
    left = sky.Left(day("2026-09-10"))
    decision = decide(HERE, *AUTUMN, left, absent("2026-09-11"), on="2026-10-01")
    assert decision.left_on == day("2026-09-10")
    assert names(decision) == [f"{STEP}@2026-09-07"]
    assert {t.state for t in decision.tasks if t.action == "talk-with-pupil"} == {"to_hand_over"}
    assert decision.next is None
    assert not any(t.overdue for t in decision.tasks)
    assert names(decide(HERE, *SEPTEMBER, left, absent("2026-09-07", recorded="2026-09-14"), on="2026-10-01")) == []


def test_days_without_a_school_do_not_count_in_a_span() -> None:
    events = [HERE, *AUTUMN, sky.Left(day("2026-09-09")), at("s-1", "2026-09-23")]
    decision = decide(*events, on="2026-09-24")
    (talk,) = [t for t in decision.tasks if t.action == "talk-with-pupil"]
    assert talk.due == day("2026-09-28")  # 8 September is the first day, 23 to 28 September are the other four


# ---------------------------------------------------------------------- M4: not in force
def test_a_day_before_the_rules_are_in_force_is_refused_naming_what_is() -> None:
    with pytest.raises(sky.RecordError) as told:
        decide(HERE, on="2026-07-31")
    assert told.value.rule == "not-in-force"
    assert "in force: lessons-per-term/2026-1 from 2026-08-01" in str(told.value)


def test_as_if_in_force_answers_and_says_so() -> None:
    year_before = sky.load_calendar("example-week-43/2025-26", CALENDAR)
    events = [at("s-1", "2025-08-12"), *(absent(f"2025-09-0{d}") for d in (1, 2, 3, 4, 5))]
    decision = decide(*events, on="2025-09-08", as_if=True, calendars=year_before)
    assert names(decision) == [f"{STEP}@2025-09-05"]
    assert decision.basis["as_if"] is True
    assert any("for replay" in n for n in decision.basis["notes"])


def test_the_service_and_the_command_line_refuse_the_day_too(tmp_path: Path) -> None:
    record = {"format": 1, "pupil": "p-1", "events": [
        {"type": "enrolment", "school": "s-1", "on": "2026-07-01", "grade": 8, "calendar": CALENDAR},
    ]}  # fmt: skip
    asked = {"format": 1, "id": 1, "request": "decide", "on": "2026-07-31", "record": record}
    assert answer(Desk(PRESET), asked)["error"]["code"] == "not-in-force"
    assert answer(Desk(PRESET), asked | {"on": "2026-09-01", "as_if": True})["decide"]["basis"]["as_if"] is True
    (tmp_path / "r.jsonl").write_text(json.dumps(record) + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "sky_model.cli", "decide", str(tmp_path / "r.jsonl"), "--on", "2026-07-31", "--json"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 3
    assert json.loads(ran.stdout)["error"]["rule"] == "not-in-force"


def test_rules_that_end_say_so_from_sixty_days_before(tmp_path: Path) -> None:
    text = (Path(__file__).parents[1] / "rulesets/presets/lessons-per-term/ruleset.yaml").read_text(encoding="utf-8")
    folder = tmp_path / "ending"
    folder.mkdir()
    text = text.replace("valid_from: 2026-08-01", "valid_from: 2026-08-01\nvalid_until: 2027-07-31")
    (folder / "ruleset.yaml").write_text(text.replace("ruleset: lessons-per-term", "ruleset: ending"), encoding="utf-8")
    model = sky.load(folder)
    early, near = (decide(HERE, on=on, model=model).basis for on in ("2027-06-01", "2027-06-02"))
    assert early["in_force_until"] == near["in_force_until"] == "2027-07-31"
    assert not any("no version follows" in n for n in early["notes"])
    assert any("no version follows" in n for n in near["notes"])
    with pytest.raises(sky.RecordError, match="not-in-force"):
        decide(HERE, on="2027-08-01", model=model, calendars=TWO)
    for on, is_told in (("2027-06-01", False), ("2027-06-02", True)):
        command = [sys.executable, "-m", "sky_model.cli", "check", str(folder), "--on", on]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ("[ends-soon]" in ran.stdout) is is_told


# ---------------------------------------------------------------------- M13: the day from which a task counts
def test_a_due_day_that_was_missed_stays_missed_after_two_corrections() -> None:
    first = [absent(f"2026-09-0{d}", id=f"m{d}") for d in (1, 2, 3, 4, 7)]
    corrected = [absent("2026-09-08", recorded="2026-09-22", id="m8"), absent("2026-09-01", 0, "2026-09-22", id="m1")]
    again = [absent("2026-09-08", 0, "2026-09-25", id="m8"), absent("2026-09-07", recorded="2026-09-25", id="x7")]
    for on in ("2026-09-22", "2026-09-25", "2026-09-30"):
        events = [e for e in (HERE, *first, *corrected, *again) if e.recorded is not None and e.recorded <= day(on)]
        (talk,) = [t for t in decide(*events, on=on).tasks if t.action == "talk-with-pupil"]
        assert (talk.due, talk.overdue) == (day("2026-09-15"), True), on
