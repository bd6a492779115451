"""Tasks one by one: what each answer of a person, each consent, each pause and each order does to state and due day.

One layer on the national base, with one step at 6 lessons whose actions differ in one thing each, and one at 12 above it.
All dates lie in September 2026, without breaks: Monday 14 September is day 0.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import jsonschema
import pytest

import sky_model as sky
from sky_model.decision import decision_schema
from sky_model.events import Event

CALENDAR = sky.load_calendar("example-week-43/2026-27")
LAYER = """\
format: 1
ruleset: tasks
version: 2026-1
extends: fi-sky/2026-1
status: pilot
valid_from: 2026-08-01
grades: 1-9
name: {en: Tasks for the tests}
sources:
  - {id: ours, kind: local, name: Ours, certainty: inference}
defaults:
  steps: {lasts: until_closed, again: next_window, tier: targeted, source: ours}
counters:
  - {id: hours, measure: lessons, lesson_minutes: 45, kinds: all, window: {in: school_year}}
  - {id: marks, measure: marks, kinds: all, window: {in: school_year}}
questions:
  - {id: fitness, answers: [good, poor], by: [class-lead], good_for: {calendar_days: 7}, name: {en: fitness}}
steps:
  - id: six
    name: {en: six}
    opens: {hours: {at_least: 6}}
    actions:
      - {id: first-talk, name: {en: t}, who: class-lead, duty: should, about: absence,
         within: {school_days: 5}}
      - {id: after-talk, name: {en: t}, who: class-lead, duty: should, about: absence,
         after: [first-talk], within: {school_days: 2}}
      - {id: from-talk, name: {en: t}, who: class-lead, duty: should, about: absence,
         within: {after: first-talk, school_days: 3}}
      - {id: judge, name: {en: t}, who: principal, duty: must, about: absence,
         within: {weekdays: 3}}
      - {id: meet-group, name: {en: t}, who: case-group, duty: consider, about: welfare,
         with: {required: [case-group]}, within: {calendar_days: 3}}
      - {id: tell-home, name: {en: t}, who: class-lead, duty: should, about: welfare,
         with: {required: [pupil]}, to: [guardian]}
      - {id: if-poor, name: {en: t}, who: class-lead, duty: should, about: absence,
         within: {school_days: 1}, when: {fitness: {is: poor}}}
      - {id: unless-talked, name: {en: t}, who: class-lead, duty: should, about: absence,
         unless: {first-talk: {done_within: {school_weeks: 1}}}}
      - {id: from-concern, name: {en: t}, who: class-lead, duty: should, about: absence,
         within: {from: concern, school_days: 3}}
      - {id: at-once, name: {en: t}, who: {any_of: [principal, curator]}, duty: may, about: absence,
         within: without_delay}
      - {id: assess, name: {en: t}, who: class-lead, duty: consider, about: child_protection,
         with: {optional: [pupil, guardian]}, to: [pupil, guardian]}
      - {id: in-a-year, name: {en: t}, who: class-lead, duty: may, about: absence,
         within: {school_weeks: 60}}
    closing: {by: [class-lead], reasons: [{id: enough, name: {en: enough}}]}
  - id: twelve
    name: {en: twelve}
    opens: {hours: {at_least: 12}}
    above: {six: replaces}
    actions:
      - {act: first-talk, duty: must, within: {school_days: 1}}
    closing: {by: [class-lead], reasons: [{id: enough, name: {en: enough}}]}
  - id: fit
    name: {en: fit}
    opens: {all: [{marks: {at_least: 1}}, {fitness: {one_of: [poor]}}]}
    lasts: while_true
    again: when_true_anew
    actions: [{id: care, name: {en: t}, who: class-lead, duty: should, about: absence}]
"""
DAY0 = date(2026, 9, 14)
ENROLLED = sky.Enrolment("s", grade=8, since=date(2026, 8, 12), lessons_per_week=30)
SIX = sky.Mark(DAY0, lessons=6, kind="health", id="m1")


def sep(day: int) -> date:
    return date(2026, 9, day)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> sky.Model:
    path = tmp_path_factory.mktemp("tasks") / "tasks.yaml"
    path.write_text(LAYER, encoding="utf-8")
    return sky.load(path)


def decide(model: sky.Model, *events: Event, on: date = DAY0, **more: Any) -> sky.Decision:
    return sky.decide(model, sky.Case("p", events=[ENROLLED, SIX, *events], **more), on=on, calendars=CALENDAR)


def task(model: sky.Model, action: str, *events: Event, on: date = DAY0, **more: Any) -> sky.Task:
    (found,) = [t for t in decide(model, *events, on=on, **more).tasks if t.action == action]
    return found


def shown(t: sky.Task) -> tuple[str, str | None, bool]:
    return t.state, str(t.due) if t.due else None, t.overdue


def did(action: str, status: Any, day: int, **more: Any) -> sky.ActionTaken:
    return sky.ActionTaken(action, status, sep(day), **more)


# ---------------------------------------------------------------------- due days
@pytest.mark.parametrize(
    ("action", "due"),
    [
        ("first-talk", "2026-09-21"),  # the fifth school day after Monday the 14th
        ("judge", "2026-09-17"),  # weekdays
        ("at-once", "2026-09-14"),  # without delay: that day
        ("from-talk", "2026-09-24"),  # nobody has talked yet: three school days after the last day for the talk
    ],
)
def test_the_day_of_the_opening_is_day_0(model: sky.Model, action: str, due: str) -> None:
    assert shown(task(model, action)) == ("ready", due, False)


def test_a_task_is_overdue_from_the_day_after_its_due_day(model: sky.Model) -> None:
    assert not task(model, "first-talk", on=sep(21)).overdue
    assert task(model, "first-talk", on=sep(22)).overdue


def test_a_due_day_beyond_the_calendar_is_said_to_be_unknown(model: sky.Model) -> None:
    t = task(model, "in-a-year")
    assert (t.due, t.due_unknown, t.overdue) == (None, True, False)


def test_a_term_from_a_report_runs_from_the_newest_one_and_without_one_there_is_none(model: sky.Model) -> None:
    assert shown(task(model, "from-concern")) == ("ready", None, False)
    older, newer = (sky.Report("concern", sep(d), by="guardian", recorded=sep(14)) for d in (9, 10))
    # a term that no statute gives does not begin before the opening
    assert shown(task(model, "from-concern", older, newer, on=sep(15))) == ("ready", "2026-09-17", False)


def test_what_is_counted_from_another_action_is_counted_from_the_day_it_was_done(model: sky.Model) -> None:
    assert str(task(model, "from-talk", did("first-talk", "done", 16), on=sep(16)).due) == "2026-09-21"


# ---------------------------------------------------------------------- answers of a person
def test_done_stays_done_and_is_never_overdue(model: sky.Model) -> None:
    assert shown(task(model, "first-talk", did("first-talk", "done", 16), on=sep(30))) == ("done", "2026-09-21", False)


@pytest.mark.parametrize("status", ["not_needed", "refused"])
def test_what_is_not_needed_or_refused_asks_for_nothing(model: sky.Model, status: str) -> None:
    answered = did("first-talk", status, 15, because="pupil-moved")
    assert shown(task(model, "first-talk", answered, on=sep(30))) == (status, "2026-09-21", False)


def test_a_plan_moves_the_due_day(model: sky.Model) -> None:
    plan = did("first-talk", "planned", 15, until=sep(25))
    assert shown(task(model, "first-talk", plan, on=sep(23))) == ("ready", "2026-09-25", False)
    assert task(model, "first-talk", plan, on=sep(28)).overdue


def test_a_plan_moves_a_statutory_due_day_only_forward(model: sky.Model) -> None:
    wish = sky.Report("wish-to-meet-curator", DAY0, by="guardian")
    assert str(task(model, "talk-with-curator", wish).due) == "2026-09-23"
    for until, due in ((30, "2026-09-23"), (18, "2026-09-18")):
        plan = did("talk-with-curator", "planned", 15, until=sep(until))
        assert str(task(model, "talk-with-curator", wish, plan, on=sep(16)).due) == due


def test_a_snooze_holds_until_its_day_and_for_a_must_never_past_the_due_day(model: sky.Model) -> None:
    later = did("first-talk", "snoozed", 15, until=sep(24))
    assert [task(model, "first-talk", later, on=sep(d)).state for d in (15, 23, 24)] == ["snoozed", "snoozed", "ready"]
    must = did("judge", "snoozed", 15, until=sep(24))
    assert [task(model, "judge", must, on=sep(d)).state for d in (16, 17, 18)] == ["snoozed", "ready", "ready"]


def test_while_what_comes_first_is_not_answered_a_task_waits_and_counts_from_its_due_day(model: sky.Model) -> None:
    assert shown(task(model, "after-talk")) == ("waiting", "2026-09-23", False)
    for status in ("done", "not_needed", "refused"):
        assert shown(task(model, "after-talk", did("first-talk", status, 16), on=sep(16))) == ("ready", "2026-09-18", False)


# ---------------------------------------------------------------------- when and unless
def test_when_is_unknown_until_somebody_answers(model: sky.Model) -> None:
    assert task(model, "if-poor").state == "undecided"
    poor, good = (sky.Answer("fitness", x, sep(16), by="class-lead") for x in ("poor", "good"))
    assert shown(task(model, "if-poor", poor, on=sep(16))) == ("ready", "2026-09-17", False)
    assert "if-poor" not in {t.action for t in decide(model, good, on=sep(16)).tasks}


def test_an_answer_is_good_for_so_long_and_then_unknown_again(model: sky.Model) -> None:
    poor = sky.Answer("fitness", "poor", sep(16), by="class-lead")
    assert [task(model, "if-poor", poor, on=sep(d)).state for d in (23, 24)] == ["ready", "undecided"]


def test_unless_takes_a_task_away_while_it_holds(model: sky.Model) -> None:
    talked = did("first-talk", "done", 15)
    assert "unless-talked" not in {t.action for t in decide(model, talked, on=sep(22)).tasks}
    assert task(model, "unless-talked", talked, on=sep(23)).state == "ready"


def test_a_question_opens_a_step_and_its_answer_ends_it(model: sky.Model) -> None:
    asked = decide(model)
    assert ("not_answered", "fitness") in {(q.what, q.fact) for q in asked.questions}
    poor = sky.Answer("fitness", "poor", sep(16), by="class-lead")
    good = sky.Answer("fitness", "good", sep(17), by="class-lead")
    (step,) = [s for s in decide(model, poor, on=sep(16)).open_steps if s.step == "fit"]
    assert {r.what for r in step.because} == {"counter", "question"}
    assert "fit" not in {s.step for s in decide(model, poor, good, on=sep(17)).open_steps}


# ---------------------------------------------------------------------- consents, pauses, persons
def test_a_missing_consent_blocks_and_a_given_one_starts_the_term(model: sky.Model) -> None:
    t = task(model, "meet-group", on=sep(18))
    assert (t.state, t.blocked_by, t.role, t.organisation) == (
        "blocked",
        ("case-group-consent",),
        "case-group",
        "education-provider",
    )
    given = sky.Consent("case-group-consent", "given", sep(17), by="pupil")
    assert shown(task(model, "meet-group", given, on=sep(18))) == ("ready", "2026-09-21", False)  # the 20th is a Sunday
    back = sky.Consent("case-group-consent", "withdrawn", sep(18), by="pupil")
    assert task(model, "meet-group", given, back, on=sep(18)).state == "no_consent"


def test_a_participant_who_needs_a_consent_alone_is_left_out_and_named(model: sky.Model) -> None:
    assert task(model, "tell-home").left_out == ()
    refused = sky.Consent("guardian-told", "refused", DAY0, by="pupil")
    t = task(model, "tell-home", refused)
    assert (t.state, t.left_out, t.takes_part) == ("ready", ("guardian",), ("pupil",))


def test_days_of_a_pause_do_not_count_and_what_is_not_statutory_waits(model: sky.Model) -> None:
    pause = sky.Pause(sep(15), sep(16), "principal")
    assert task(model, "first-talk", pause, on=sep(15)).state == "paused"
    assert shown(task(model, "first-talk", pause, on=sep(17))) == ("ready", "2026-09-23", False)
    assert str(task(model, "judge", pause, on=sep(17)).due) == "2026-09-21"
    given = sky.Consent("case-group-consent", "given", DAY0, by="pupil")
    assert str(task(model, "meet-group", pause, given, on=sep(17)).due) == "2026-09-21"  # calendar days: the 19th, a Saturday
    wish = sky.Report("wish-to-meet-curator", DAY0, by="guardian")
    assert shown(task(model, "talk-with-curator", wish, pause, on=sep(15))) == ("ready", "2026-09-23", False)


def test_a_person_named_in_the_case_stands_beside_the_role(model: sky.Model) -> None:
    t = task(model, "first-talk", named={"class-lead": "staff-5"})
    assert (t.role, t.person) == ("homeroom-teacher", "staff-5")


def test_of_several_roles_the_first_is_asked_and_all_are_named(model: sky.Model) -> None:
    t = task(model, "at-once")
    assert (t.role, t.roles) == ("principal", ("principal", "curator"))


def test_child_protection_is_shown_to_no_party_even_where_a_layer_names_them(model: sky.Model) -> None:
    d = decide(model)
    assert "assess" in {t.action for t in d.for_reader("homeroom-teacher").tasks}
    for reader in ("pupil", "guardian"):
        assert "first-talk" in {t.action for t in d.for_reader(reader).tasks}
        assert "assess" not in {t.action for t in d.for_reader(reader).tasks}


# ---------------------------------------------------------------------- a step above
MORE = sky.Mark(sep(15), lessons=6, kind="health", id="m2")


def test_a_step_that_replaces_another_asks_in_its_place(model: sky.Model) -> None:
    d = decide(model, MORE, on=sep(15))
    assert {s.step for s in d.open_steps} == {"six", "twelve"}
    assert [(t.action, t.duty, str(t.due)) for t in d.tasks] == [("first-talk", "must", "2026-09-16")]


def test_when_the_higher_step_is_withdrawn_the_lower_one_asks_again_and_what_was_done_is_to_be_corrected(
    model: sky.Model,
) -> None:
    gone = sky.Mark(sep(15), lessons=0, kind="health", id="m2", recorded=sep(16))
    d = decide(model, MORE, did("first-talk", "done", 15), gone, on=sep(16))
    assert d.withdrawn == ("twelve@2026-09-15",)
    assert d.corrections == ("first-talk",)
    assert "judge" in {t.action for t in d.tasks}


# ---------------------------------------------------------------------- what is asked of `decide`
def refused(model: sky.Model, **more: Any) -> str:
    asked: dict[str, Any] = {"on": DAY0, "calendars": CALENDAR} | more
    with pytest.raises(sky.RecordError) as e:
        sky.decide(model, asked.pop("case", sky.Case("p", events=[ENROLLED, SIX])), **asked)
    return str(e.value)


def test_what_decide_cannot_answer_is_one_error_each(model: sky.Model) -> None:
    said = {
        "not-a-day": refused(model, on="2026-09-14"),
        "known-later": refused(model, known_on=sep(15)),
        "known-unknown": refused(model, known_on=sep(11), case=sky.Case("p", recorded="not_given", events=[ENROLLED])),
        "not-covered": refused(model, on=date(2027, 8, 1)),
        "no-calendar": refused(model, calendars={"elsewhere": CALENDAR}),
    }
    assert all(text.endswith(f"[{rule}]") for rule, text in said.items()), said
    assert refused(model, calendars=None).startswith("the enrolment at 's' names no calendar")
    assert refused(model, calendars=None, case=sky.Case("p")).startswith("no calendar: hand in calendars")


def test_calendars_are_found_by_the_name_of_the_calendar_or_of_the_school(model: sky.Model) -> None:
    named = sky.Enrolment("s", grade=8, since=date(2026, 8, 12), calendar="example-week-43/2026-27", lessons_per_week=30)
    one = sky.decide(model, sky.Case("p", events=[named, SIX]), on=DAY0)
    two = sky.decide(model, sky.Case("p", events=[named, SIX]), on=DAY0, calendars={"s": CALENDAR})
    three = decide(model)
    assert one.tasks == two.tasks == three.tasks


def test_earlier_knowledge_gives_the_earlier_answer(model: sky.Model) -> None:
    late = sky.Mark(DAY0, lessons=6, kind="health", id="m2", recorded=sep(16))
    case = sky.Case("p", events=[ENROLLED, SIX, late])
    then = sky.decide(model, case, on=sep(17), known_on=sep(15), calendars=CALENDAR)
    now = sky.decide(model, case, on=sep(17), calendars=CALENDAR)
    assert [s.step for s in then.open_steps] == ["six"]
    assert {s.step for s in now.open_steps} == {"six", "twelve"}
    assert (then.known_to, now.known_to) == (sep(15), sep(17))


def test_events_of_which_the_ruleset_knows_nothing_are_told_and_change_nothing(model: sky.Model) -> None:
    odd: list[Event] = [
        sky.Report("no-such-report", DAY0, id="o1"),
        sky.Answer("no-such-question", "x", DAY0, id="o2"),
        sky.Consent("no-such-consent", "given", DAY0, id="o3"),
        did("no-such-action", "done", 14, id="o4"),
        sky.StepClosed("no-such-step", "enough", DAY0, id="o5"),
    ]
    d = decide(model, *odd)
    assert sorted(d.told) == ["o1", "o2", "o3", "o4", "o5"]
    assert d.tasks == decide(model).tasks


def test_old_data_are_said_to_be_old(model: sky.Model) -> None:
    assert not decide(model, data_until=DAY0, on=sep(17)).is_stale
    assert decide(model, data_until=DAY0, on=sep(18)).is_stale
    assert decide(model, data_until=sep(30)).data_until == DAY0


def test_every_decision_is_of_the_published_form(model: sky.Model) -> None:
    schema = decision_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    for d in (decide(model), decide(model, MORE, on=sep(15)), decide(model, MORE, on=sep(15)).for_reader("guardian")):
        jsonschema.validate(d.to_json(), schema)


def test_every_record_is_of_the_published_form() -> None:
    from sky_model.records import record_schema

    case = sky.Case("p", data_until=DAY0, events=[ENROLLED, SIX, did("judge", "done", 14), sky.Pause(DAY0, sep(15), "principal")])
    jsonschema.validate(case.to_json(), record_schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**case.to_json(), "name": "Aino"}, record_schema())
