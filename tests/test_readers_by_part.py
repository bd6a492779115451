"""Readers, part by part: for each part of a decision one reader who is shown it and one who is not, in a made ruleset.

The matters of this ruleset are mixed on purpose: a step that opens by absence and by an answer about child protection, one that
opens by any of several reports, a counter of health alone, a mark of health.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

import sky_model as sky
from sky_model.decision import Doubtful, Message, Nearest, OpenQuestion, Shown, TooEarly
from sky_model.decision import Today as Number
from sky_model.events import Event
from sky_model.explanation import word_message
from sky_model.host.cards import WORDS, cards
from sky_model.host.log import Log
from sky_model.host.requests import Desk, answer
from sky_model.model import load_data

CALENDAR = sky.load_calendar("example-week-43/2026-27")
ON = date(2026, 9, 10)


def day(n: int) -> date:
    return date(2026, 9, n)


def step(name: str, opens: Any, *actions: dict[str, Any]) -> dict[str, Any]:
    closing = {"by": ["teacher"], "reasons": [{"id": "enough", "name": {"en": "enough"}}]}
    lasting = {"tier": "first", "lasts": "until_closed", "again": "next_window", "source": "town"}
    said = {"id": name, "name": {"en": f"the step {name}"}, "opens": opens, "actions": list(actions)}
    return {**said, "closing": closing, **lasting}


def act(name: str, who: Any, about: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "name": {"en": f"to {name}"}, "who": who, "duty": "must", "about": about, "source": "town", **more}


def role(name: str, sees: list[str], organisation: str | None = None, what: str = "profession", **more: Any) -> dict[str, Any]:
    where = {"organisation": organisation} if organisation else {}
    return {"id": name, "what": what, "name": {"en": f"the {name}"}, "sees": sees, "source": "town", **where, **more}


def six(*more: Any) -> dict[str, Any]:
    return {"all": [{"lessons": {"at_least": "6"}}, *more]}


TOWN: dict[str, Any] = {
    "format": "1", "ruleset": "parts", "version": "1", "status": "pilot", "valid_from": "2026-08-01", "grades": "1-9",
    "name": {"en": "Parts"},
    "sources": [{"id": "town", "kind": "local", "name": "the town", "certainty": "primary"}],
    "kinds": [
        {"id": "ill", "is": "authorised", "about": "health", "name": {"en": "being ill"}, "source": "town"},
        {"id": "away", "is": "unauthorised", "about": "absence", "name": {"en": "being away"}, "source": "town"},
    ],
    "counters": [
        {"id": n, "measure": "lessons", "lesson_minutes": "45", "kinds": k, "window": {"in": "term"}, "source": "town"}
        for n, k in (("lessons", "all"), ("ill-lessons", {"only": ["ill"]}))
    ],
    "reports": [
        {"id": n, "by": ["teacher"], "name": {"en": f"the report {n}"}, "source": "town"} | ({"about": a} if a else {})
        for n, a in (("feels-sad", "welfare"), ("harm-feared", "child_protection"), ("about-nothing", None))
    ],
    "questions": [
        {"id": "harmed", "answers": ["yes", "no"], "by": ["curator"], "about": "child_protection", "name": {"en": "harmed?"},
         "source": "town"},
        {"id": "cause", "answers": ["a", "b"], "by": ["teacher"], "about": "absence", "name": {"en": "cause?"}, "source": "town"},
    ],
    "tiers": [{"id": "first", "name": {"en": "first"}, "source": "town"}],
    "organisations": [
        {"id": o, "name": {"en": o}, "controller": "yes", "source": "town"} for o in ("the-school", "the-county")
    ],
    "roles": [
        role("class-lead", ["absence"], "the-school", "role", **{"is": {"by": {"grade": {"1-6": "teacher", "7-9": "tutor"}}}}),
        role("teacher", ["absence"], "the-school"),
        role("tutor", ["absence"], "the-school"),
        role("coach", ["welfare"], "the-school"),
        role("head", ["absence", "welfare", "health", "child_protection"], "the-school"),
        role("curator", ["welfare"], "the-county", groups=["welfare-team"]),
        role("nurse", ["welfare", "health"], "the-county", groups=["welfare-team"]),
        role("pupil", ["absence", "welfare", "health"], what="party"),
        role("guardian", ["absence", "welfare", "health"], what="party"),
    ],
    "groups": [
        {"id": "welfare-team", "name": {"en": "team"}, "organisation": "the-county", "sees": ["welfare"], "source": "town"}
    ],
    "consents": [
        {"id": "home-told", "name": {"en": "home is told"}, "given_by": ["pupil"], "presumed": "yes", "source": "town",
         "needed_for": {"about": ["welfare"], "to": ["guardian"]}},
    ],
    "messages": [
        {"id": "many", "when": {"lessons": {"at_least": "5"}}, "once_in": "term", "to": ["guardian"], "about": "absence"},
    ],
    "steps": [
        step("often-ill", {"ill-lessons": {"at_least": "3"}}, act("see-nurse", "nurse", "health")),
        step("harm", six({"harmed": {"is": "yes"}}), act("assess", "curator", "child_protection")),
        step("caused", six({"cause": {"is": "a"}}), act("ask-cause", "teacher", "absence", asks=["harmed", "cause"])),
        step("mixed", {"any": [{"lessons": {"at_least": "9"}}, *({x: {"is": "raised"}} for x in ("feels-sad", "harm-feared"))]},
             act("talk", "tutor", "absence")) | {"above": {"harm": "beside", "caused": "beside"}},
        step("sad", {"feels-sad": {"is": "raised"}},
             act("contact", "teacher", "welfare", to=["curator"], hand_over="yes", **{"with": {"required": ["pupil"]}}),
             act("support", "coach", "welfare")),
        step("of-nothing", {"about-nothing": {"is": "raised"}}, act("nothing", "head", "absence")),
    ],
}  # fmt: skip
MODEL = load_data(TOWN)
ENROLLED = sky.Enrolment("s", grade=8, since=date(2026, 8, 12), lessons_per_week=30, id="e")
MARKS: tuple[Event, ...] = (
    sky.Mark(day(1), lessons=4, kind="ill", id="mark-ill"),
    sky.Mark(day(2), lessons=3, kind="away", id="mark-away"),
)
SAD = sky.Report("feels-sad", day(2), by="tutor", id="r-sad")
HARM = sky.Answer("harmed", "yes", day(2), by="nobody", id="a-harm")
CONTACTED = sky.ActionTaken("contact", "done", day(3), by="teacher", id="c")


def decide(*events: Event, on: date = ON, **more: Any) -> sky.Decision:
    return sky.decide(MODEL, sky.Case("p-1", events=[ENROLLED, *events], **more), on=on, calendars=CALENDAR)


def steps(d: sky.Decision) -> set[str]:
    return {s.step for s in d.open_steps}


def tasks(d: sky.Decision) -> set[str]:
    return {t.action for t in d.tasks}


# ---------------------------------------------------------------------- steps, reasons, tasks
def test_a_step_that_absence_and_something_hidden_opened_together_is_not_named_to_who_sees_absence_alone() -> None:
    whole = decide(*MARKS, HARM)
    assert "harm" in steps(whole)
    assert "harm" in steps(whole.for_reader("head"))
    for reader in ("teacher", "tutor", "coach", "guardian", "pupil"):
        assert "harm" not in steps(whole.for_reader(reader)), reader
        assert "harm" not in json.dumps(whole.for_reader(reader).to_json()), reader


def test_of_several_grounds_only_those_that_are_seen_are_given_and_one_of_them_is_enough_to_name_the_step() -> None:
    more = sky.Mark(day(3), lessons=4, kind="away", id="mark-more")
    whole = decide(*MARKS, more)
    both = sky.decision.Reason("report", "feels-sad", "is", "raised", about=day(2))
    whole = replace(whole, open_steps=tuple(replace(s, because=(*s.because, both)) for s in whole.open_steps))
    (mixed,) = (s for s in whole.for_reader("teacher").open_steps if s.step == "mixed")
    assert [r.fact for r in mixed.because] == ["lessons"]
    (mixed,) = (s for s in whole.for_reader("head").open_steps if s.step == "mixed")
    assert [r.fact for r in mixed.because] == ["lessons", "feels-sad"]
    by_report = replace(decide(*MARKS, SAD), tasks=())  # the task is about absence: it would name the step
    assert "mixed" in steps(by_report.for_reader("head"))
    assert "mixed" not in steps(by_report.for_reader("teacher"))


def test_who_must_do_it_is_shown_the_task_and_its_step_without_the_ground_that_is_not_seen() -> None:
    (mixed,) = (s for s in decide(*MARKS, SAD).for_reader("tutor").open_steps if s.step == "mixed")
    assert mixed.because == ()
    assert "talk" in tasks(decide(*MARKS, SAD).for_reader("tutor"))
    assert "contact" in tasks(decide(SAD).for_reader("teacher"))  # about welfare, which a teacher does not see


def test_who_takes_part_or_is_told_is_shown_no_task_whose_matter_is_not_seen() -> None:
    data = TOWN | {"steps": [step("harm", six(), act("assess", "head", "child_protection", to=["teacher", "pupil"]))]}
    d = sky.decide(load_data(data), sky.Case("p-1", events=[ENROLLED, *MARKS]), on=ON, calendars=CALENDAR)
    assert tasks(d.for_reader("head")) == {"assess"}
    assert tasks(d.for_reader("teacher")) == tasks(d.for_reader("pupil")) == set()


def test_a_task_names_no_fact_that_would_make_it_needless_and_no_other_task_that_is_hidden() -> None:
    whole = decide(*MARKS, SAD)
    with_facts = replace(
        whole,
        tasks=tuple(replace(t, not_needed_if=("harmed", "cause"), also=("hidden@2026-09-01/talk",)) for t in whole.tasks),
    )
    assert {t.not_needed_if for t in with_facts.for_reader("teacher").tasks} == {("cause",)}
    assert {t.not_needed_if for t in with_facts.for_reader("head").tasks} == {("harmed", "cause")}
    assert {t.also for t in with_facts.for_reader("teacher").tasks} == {()}


def test_closing_and_checking_are_of_the_matter_of_the_step_and_of_the_mark() -> None:
    whole = decide(*MARKS, SAD)
    (talk,) = (t for t in whole.tasks if t.action == "talk")
    made = [replace(talk, name=n, action=a, roles=("head",)) for n, a in (("o/close:sad", "close:sad"), ("c", "check:mark-ill"))]
    whole = replace(whole, tasks=(*made, replace(made[1], name="d", action="check:mark-away")))
    assert tasks(whole.for_reader("teacher")) == {"check:mark-away"}
    assert tasks(whole.for_reader("coach")) == {"close:sad"}
    assert tasks(whole.for_reader("head")) == {"close:sad", "check:mark-ill", "check:mark-away"}


def test_of_an_unknown_step_and_an_unknown_fact_nobody_sees_the_matter() -> None:
    whole = decide(*MARKS, SAD)
    strange = tuple(replace(s, step="gone", because=tuple(replace(r, fact="gone") for r in s.because)) for s in whole.open_steps)
    cut = replace(whole, open_steps=strange, tasks=(), withdrawn=("gone@2026-09-01",)).for_reader("head")
    assert (cut.open_steps, cut.withdrawn) == ((), ())


def test_the_number_of_a_kind_is_of_the_matter_of_the_kind() -> None:
    assert "often-ill" in steps(decide(*MARKS).for_reader("head"))
    assert "often-ill" not in steps(decide(*MARKS).for_reader("teacher"))


def test_a_report_whose_matter_nobody_says_is_shown_to_nobody_but_the_whole_and_the_log() -> None:
    whole = decide(sky.Report("about-nothing", day(2), by="teacher", id="r"))
    (reason,) = whole.for_reader("log").open_steps[0].because
    assert reason.fact == "about-nothing"
    assert all(not r.because for r in whole.for_reader("head").open_steps)
    assert steps(whole.for_reader("teacher")) == {"of-nothing"}  # by its task, which is about absence
    assert all(not s.because for s in whole.for_reader("teacher").open_steps)


def test_a_mark_is_shown_to_who_sees_absence_and_the_matter_of_its_kind_and_the_text_counts_no_marks_that_are_hidden() -> None:
    whole = decide(*MARKS, sky.Mark(day(3), lessons=4, kind="away", id="mark-more"))
    said = {r: json.dumps(whole.for_reader(r).to_json()) for r in ("head", "teacher", "coach")}
    assert "mark-ill" in said["head"]
    assert "mark-away" in said["teacher"]
    assert "mark-ill" not in said["teacher"]
    assert "mark-" not in said["coach"]
    assert "3 marks" in sky.explain(whole.for_reader("head"), language="en")
    assert "3 marks" not in sky.explain(whole.for_reader("teacher"), language="en")
    assert "2 marks" not in sky.explain(whole.for_reader("teacher"), language="en")


def test_marks_that_are_set_aside_doubtful_or_contested_follow_their_kind() -> None:
    aside = sky.Mark(date(2026, 9, 6), lessons=4, kind="ill", id="mark-sunday")
    whole = decide(*MARKS, sky.Mark(day(3), lessons=4, kind="away", id="mark-more"), aside)
    doubt = (Doubtful(day(1), ("mark-ill",)), Doubtful(day(2), ("mark-away",)))
    contested = tuple(replace(s, contested=("mark-ill", "mark-away"), is_doubtful=True) for s in whole.open_steps)
    whole = replace(whole, doubtful=doubt, open_steps=contested)
    head, teacher, coach = (whole.for_reader(r) for r in ("head", "teacher", "coach"))
    assert [m for m, _ in head.set_aside] == ["mark-sunday"]
    assert teacher.set_aside == coach.set_aside == ()
    assert len(head.doubtful) == 2
    assert [x.marks for x in teacher.doubtful] == [("mark-away",)]
    assert coach.doubtful == ()
    assert {s.contested for s in teacher.open_steps} == {("mark-away",)}
    assert {s.contested for s in head.open_steps} == {("mark-ill", "mark-away")}
    seen = replace(whole, tasks=tuple(replace(t, roles=("coach",)) for t in whole.tasks)).for_reader("coach")
    assert seen.open_steps
    assert not any(s.is_doubtful for s in seen.open_steps)
    assert {m for s in with_numbers().for_reader("nurse").open_steps for r in s.because for m in r.marks} == set()  # not absence


def test_a_none_is_given_as_a_ground_only_to_who_sees_all_of_its_parts() -> None:
    opens = six({"none": [{"harm-feared": {"is": "raised"}}, {"cause": {"is": "b"}}]})
    model = load_data(TOWN | {"steps": [step("calm", opens, act("talk", "tutor", "absence", asks=["cause", "harmed"]))]})
    d = sky.decide(model, sky.Case("p-1", events=[ENROLLED, *MARKS]), on=ON, calendars=CALENDAR)
    parts = tuple(sky.decision.Reason(w, f, "none_of", None) for w, f in (("report", "harm-feared"), ("question", "cause")))
    reason = sky.decision.Reason("counter", "lessons", "at_least", 6, 7, 7)
    calm = sky.decision.OpenStep("calm@2026-09-02", "calm", "first", day(2), day(2), day(2), False, (reason, *parts))
    whole = replace(d, open_steps=(calm,), tasks=(), questions=())
    assert len(whole.for_reader("head").open_steps[0].because) == 3
    assert whole.for_reader("teacher").open_steps == ()  # that nothing is feared is not for a teacher


def test_a_step_of_which_nothing_is_shown_is_not_named_and_what_it_renewed_only_to_who_sees_its_ground() -> None:
    whole = decide(*MARKS, SAD)
    renewed = tuple(replace(s, renews="x@2026-08-12", because=(), today=()) for s in whole.open_steps)
    whole = replace(whole, open_steps=renewed, questions=())
    assert replace(whole, tasks=()).for_reader("head").open_steps == ()
    tutor = whole.for_reader("tutor").open_steps
    assert [(s.step, s.renews) for s in tutor] == [("mixed", None)]  # by the task alone
    coach = replace(whole, tasks=tuple(t for t in whole.tasks if t.action == "support")).for_reader("coach")
    assert [(s.step, s.renews) for s in coach.open_steps] == [("sad", "x@2026-08-12")]


# ---------------------------------------------------------------------- numbers
def with_numbers() -> sky.Decision:
    whole = decide(*MARKS, sky.Mark(day(3), lessons=4, kind="away", id="mark-more"), SAD)
    of_all = Number("lessons", 11, day(1), 50, 39, ("mark-ill", "mark-away"))
    both = (of_all, Number("ill-lessons", 4, day(1), 9, 5, ("mark-ill",)))
    return replace(
        whole,
        open_steps=tuple(replace(s, today=both) for s in whole.open_steps),
        nearest=Nearest("caused", "lessons", 12, 11, 1),
        too_early=(TooEarly("lessons", None), TooEarly("ill-lessons", None)),
        shown=(Shown("sweep", "lessons", 11, 11, None), Shown("sweep", "ill-lessons", 4, 4, None)),
    )


def test_todays_number_follows_its_counter_and_its_marks_their_kind() -> None:
    found = {n.counter: n.marks for s in with_numbers().for_reader("teacher").open_steps for n in s.today}
    assert found == {"lessons": ("mark-away",)}
    assert {n.counter for s in with_numbers().for_reader("head").open_steps for n in s.today} == {"lessons", "ill-lessons"}
    assert all(not s.today for s in with_numbers().for_reader("coach").open_steps)
    assert [x.counter for x in with_numbers().for_reader("teacher").too_early] == ["lessons"]
    assert [x.counter for x in with_numbers().for_reader("teacher").shown] == ["lessons"]


@pytest.mark.parametrize("reader", ["guardian", "pupil"])
def test_guardian_and_pupil_are_shown_numbers_of_open_steps_and_never_how_far_the_next_limit_is(reader: str) -> None:
    whole, cut = with_numbers(), with_numbers().for_reader(reader)
    assert whole.for_reader("teacher").nearest is not None
    numbers = [n for s in cut.open_steps for n in s.today]
    assert {(n.number, n.next_limit, n.missing) for n in numbers} == {(11, None, None), (4, None, None)}
    assert (cut.nearest, cut.nearest_open, cut.shown) == (None, None, ())
    assert "short of it" not in sky.explain(cut, language="en")


def test_the_nearest_limit_is_named_to_who_sees_all_that_its_step_asks() -> None:
    whole = replace(decide(*MARKS), nearest=Nearest("harm", "lessons", 9, 7, 2))
    assert whole.for_reader("head").nearest is not None
    assert whole.for_reader("teacher").nearest is None


# ---------------------------------------------------------------------- questions
def test_a_question_is_for_who_sees_its_matter_or_can_answer_it() -> None:
    whole = decide(*MARKS)
    assert {q.fact for q in whole.questions} == {"harmed", "cause"}
    assert {q.fact for q in whole.for_reader("teacher").questions} == {"cause"}
    assert {q.fact for q in whole.for_reader("head").questions} == {"harmed", "cause"}
    assert whole.for_reader("coach").questions == whole.for_reader("guardian").questions == ()


def test_a_question_names_no_step_and_no_task_that_the_reader_is_not_shown() -> None:
    asked = OpenQuestion("not_marked", "register", ("harm", "caused"), day(2), (day(2),), ("teacher",), False, ON, None, ("t/x",))
    whole = replace(decide(*MARKS, HARM, register="marks_only"), questions=(asked,), open_steps=())
    (cut,) = whole.for_reader("teacher").questions
    assert (cut.steps, cut.tasks, cut.due) == (("caused",), (), None)
    (cut,) = whole.for_reader("head").questions
    assert (cut.steps, cut.due) == (("harm", "caused"), ON)


def test_a_question_says_what_it_is_for_also_where_nothing_of_that_is_shown() -> None:
    for waits, word in (({"steps": ("harm",), "tasks": ()}, "step"), ({"steps": (), "tasks": ("h/assess",)}, "task")):
        asked = OpenQuestion("not_marked", "register", since=day(2), days=(), by=(), is_new=False, **waits)
        whole = replace(decide(*MARKS), questions=(asked,))
        (said,) = whole.for_reader("teacher").to_json()["questions"]
        assert (said["for"], said["steps"], said["tasks"]) == (word, [], [])


# ---------------------------------------------------------------------- what was taken back
def test_what_was_withdrawn_and_is_to_be_set_right_is_named_to_who_sees_its_matter() -> None:
    taken = sky.Retracted("r-sad", day(5), id="back", recorded=day(5))
    whole = decide(SAD, sky.ActionTaken("support", "done", day(3), by="coach", id="s"), taken)
    assert any(w.startswith("sad@") for w in whole.withdrawn)
    assert "support" in whole.corrections
    assert "support" in whole.for_reader("coach").corrections
    assert any(w.startswith("sad@") for w in whole.for_reader("coach").withdrawn)
    for reader in ("tutor", "nurse"):
        said = json.dumps(whole.for_reader(reader).to_json())
        assert "support" not in said, reader
        assert "sad@" not in said.replace("mixed@", ""), reader


# ---------------------------------------------------------------------- messages
def test_the_number_of_no_kind_is_shown_where_one_kind_is_not_seen() -> None:
    whole = decide(*MARKS)
    (sent,) = whole.messages
    assert dict(sent.totals) == {"total": 7, "away": 3, "ill": 4}
    assert dict(whole.for_reader("head").messages[0].totals) == dict(sent.totals)
    assert dict(whole.for_reader("teacher").messages[0].totals) == {"total": 7}  # 7 less 3 would be the lessons of being ill
    assert whole.for_reader("coach").messages == ()
    assert "ill" not in word_message(whole, whole.for_reader("teacher").messages[0], language="en")


def test_the_marks_of_a_message_follow_their_kind() -> None:
    whole = decide(*MARKS)
    whole = replace(whole, messages=(replace(whole.messages[0], marks=("mark-ill", "mark-away")),))
    assert whole.for_reader("head").messages[0].marks == ("mark-ill", "mark-away")
    assert whole.for_reader("teacher").messages[0].marks == ("mark-away",)


def test_a_message_gives_a_number_to_a_party_it_is_for_or_where_a_step_is_open() -> None:
    m = Message("many", ("teacher",), "absence", "owed", day(2), None, False, (("total", 5),), 5, None, ("mark-away",))
    whole = replace(decide(), messages=(m, replace(m, to=("guardian",))))
    assert [(x.totals, x.limit) for x in whole.for_reader("guardian").messages] == [((), None), ((("total", 5),), 5)]


# ---------------------------------------------------------------------- another controller
def test_another_controller_sees_a_pupil_only_after_it_was_brought_in() -> None:
    known = replace(decide(SAD), left_on=ON, data_until=ON, data_until_from="marks", is_stale=True)
    apart = known.for_reader("curator")
    assert (known.for_reader("coach").left_on, known.for_reader("coach").data_until) == (ON, ON)
    assert (apart.is_stale, apart.data_until_from) == (False, None)
    said = apart.to_json()
    assert (said["tasks"], said["open_steps"], said["questions"], said["data_until"], said["left_on"]) == ([], [], [], None, None)
    assert "known up to which day" not in sky.explain(apart, language="en")
    handed = decide(SAD, CONTACTED)
    assert steps(handed.for_reader("curator")) == {"sad", "mixed"}
    assert steps(handed.for_reader("nurse")) == set()  # it was handed over to the curator alone
    assert steps(decide(SAD, replace(CONTACTED, status="planned", until=day(11))).for_reader("curator")) == set()
    assert "often-ill" in steps(decide(*MARKS).for_reader("nurse"))  # a task is theirs
    answered = sky.Answer("harmed", "no", day(3), by="curator", id="a")
    assert steps(decide(SAD, answered).for_reader("curator")) == {"sad", "mixed"}
    as_person = decide(SAD, replace(answered, by="u-77"), named={"curator": "u-77"})
    assert steps(as_person.for_reader("curator")) == {"sad", "mixed"}


def test_what_was_taken_back_or_is_not_known_yet_brings_nobody_in() -> None:
    back = sky.Retracted("c", day(4), id="b")
    assert steps(decide(SAD, CONTACTED, back).for_reader("curator")) == set()
    assert steps(decide(SAD, CONTACTED, on=day(2)).for_reader("curator")) == set()


def test_a_group_is_a_reader_for_itself_and_sees_what_the_group_sees() -> None:
    assert decide(SAD).for_reader("welfare-team").open_steps == ()
    answered = sky.Answer("harmed", "no", day(3), by="welfare-team", id="a")
    team = decide(*MARKS, SAD, CONTACTED, answered).for_reader("welfare-team")
    assert steps(team) == {"sad", "mixed"}  # welfare, not health as the nurse in it


def test_who_handles_no_pupil_data_is_shown_nothing_even_as_an_owner() -> None:
    roles = [r | {"pupil_data": "no"} if r["id"] == "coach" else r for r in TOWN["roles"]]
    d = sky.decide(load_data(TOWN | {"roles": roles}), sky.Case("p", events=[ENROLLED, SAD]), on=ON, calendars=CALENDAR)
    assert (d.for_reader("coach").tasks, d.for_reader("coach").open_steps) == ((), ())


# ---------------------------------------------------------------------- the guardian and the pupil's ban
def test_the_guardian_is_told_of_welfare_only_after_the_pupil_could_forbid_it() -> None:
    yes, no = (sky.Consent("home-told", v, day(4), by="pupil", id=v) for v in ("given", "refused"))
    before, after = decide(SAD).for_reader("guardian"), decide(SAD, CONTACTED).for_reader("guardian")
    assert (tasks(before), steps(before)) == ({"talk"}, {"mixed"})  # a task about absence, of a step that says no ground
    assert all(not s.because for s in before.open_steps)
    assert {"contact", "support"} <= tasks(after)
    assert steps(after) == {"sad", "mixed"}
    assert {s.step for s in after.open_steps if s.because} == {"sad"}  # of the other step nothing was done with the pupil
    assert steps(decide(SAD, yes).for_reader("guardian")) == {"sad", "mixed"}
    for events in ((SAD, no), (SAD, CONTACTED, no), (SAD, yes, replace(no, value="withdrawn", on=day(5), recorded=day(5)))):
        banned = decide(*events).for_reader("guardian")
        assert "sad" not in steps(banned) | {w.partition("@")[0] for w in banned.withdrawn}
        assert not {t.about for t in banned.tasks} & {"welfare"}
        assert banned.silenced == {}
    assert steps(decide(SAD).for_reader("pupil")) >= {"sad"}  # it is the pupil's own matter


def test_what_was_done_in_another_matter_opens_no_door_to_the_guardian() -> None:
    closed = sky.StepClosed("sad", "enough", day(4), by="teacher", id="closed")
    again = sky.Report("feels-sad", day(7), by="tutor", id="r-again")
    whole = decide(SAD, CONTACTED, closed, again)
    assert "sad" in steps(whole)
    assert "sad" not in steps(whole.for_reader("guardian"))


# ---------------------------------------------------------------------- persons, basis, words
NAMED = {"teacher": "Maija Meikäläinen", "coach": "Kalle Kaukalo"}


def test_no_person_is_named_to_guardian_pupil_and_log_and_to_others_the_one_of_a_task() -> None:
    whole = decide(SAD, CONTACTED, named=NAMED)
    whole = replace(whole, basis=whole.basis | {"absent": ["Kalle Kaukalo", "coach"]})
    for reader in ("guardian", "pupil", "log"):
        cut = whole.for_reader(reader)
        said = json.dumps([cut.to_json(), cards(cut), sky.explain(cut)], ensure_ascii=False)
        assert not [n for n in NAMED.values() if n in said], reader
        assert cut.basis["absent"] == ["coach"]
    assert {t.person for t in whole.for_reader("coach").tasks} == {"Maija Meikäläinen", "Kalle Kaukalo"}
    assert whole.for_reader("coach").basis["absent"] == ["coach"]


def test_the_log_carries_no_person(tmp_path: Any) -> None:
    with Log(tmp_path / "log") as log:
        log.decided(decide(SAD, named={"teacher": "u-teacher-1"}), time="2026-10-01T08:00:00+03:00")
    assert b"u-teacher-1" not in (tmp_path / "log").read_bytes()


def test_a_reader_gets_no_notes_and_nothing_to_ask_further() -> None:
    whole = decide(*MARKS, SAD)
    whole = replace(whole, basis=whole.basis | {"notes": ["a note"]}, told=("r-sad",), unmapped=("free text",))
    assert whole.for_reader("log").basis["notes"] == ["a note"]
    for reader in ("teacher", "welfare-team", "guardian"):
        cut = whole.for_reader(reader)
        assert (cut.basis["notes"], cut.told, cut.unmapped, cut.asked) == ([], (), (), None)
        assert cut.for_reader(reader) is cut
        with pytest.raises(sky.RecordError, match="cut for"):
            cut.for_reader("head")


def test_the_text_of_a_cut_decision_does_not_say_that_all_is_done_where_something_is_hidden() -> None:
    whole = decide(*MARKS, HARM, sky.Mark(day(3), lessons=4, kind="away", id="m3"))
    assert tasks(whole.for_reader("coach")) == set()
    shown = whole.for_reader("teacher")
    hidden = replace(shown, tasks=())
    assert "All that the open step asks for is done" not in sky.explain(hidden, language="en")
    assert "Nothing that could be done now is shown to this reader" in sky.explain(hidden, language="en")
    assert "No step that is shown to this reader is open" in sky.explain(whole.for_reader("coach"), language="en")


# ---------------------------------------------------------------------- errors, and answers over the wire
def test_an_error_names_no_more_than_the_reader_is_shown() -> None:
    cut = decide(*MARKS, HARM, SAD).for_reader("tutor")
    for event in (sky.StepClosed("none", "enough", ON), sky.ActionTaken("none", "done", ON)):
        problem = cut.problem_with(event)
        assert problem is not None
        assert not {"harm", "sad", "assess", "support"} & {*problem.legal}
    case = sky.Case("p-1", events=[ENROLLED, *MARKS])
    with pytest.raises(sky.errors.CaseError) as e:
        case.with_events(sky.Retracted("x", ON), after=cut)
    assert "mark-ill" not in str(e.value)


def asked(request: str, *events: Event, **more: Any) -> dict[str, Any]:
    record = sky.Case("p-1", events=[ENROLLED, *events]).to_json()
    desk = Desk(model=MODEL, calendars=CALENDAR)
    return answer(desk, {"format": 1, "id": "a", "request": request, "on": ON.isoformat(), "record": record, **more}, WORDS)


@pytest.mark.parametrize("reader", ["teacher", "guardian", "welfare-team", "curator", "pupil"])
def test_what_is_answered_over_the_wire_is_the_cut_decision_and_nothing_else(reader: str) -> None:
    events = (*MARKS, HARM, SAD)
    cut = decide(*events).for_reader(reader)
    assert asked("decide", *events, reader=reader)["decide"] == json.loads(json.dumps(cut.to_json()))
    assert asked("explain", *events, reader=reader, language="en")["explain"]["text"] == sky.explain(cut, language="en")
    assert asked("cards", *events, reader=reader)["cards"] == cards(cut)


def test_a_reader_that_nobody_knows_is_refused_with_the_names_of_roles_and_groups() -> None:
    error = asked("cards", reader="nobody")["error"]
    assert error["code"] == "reader-unknown"
    assert "welfare-team" in error["hint"]
    with pytest.raises(sky.RecordError, match="welfare-team"):
        decide().for_reader("nobody")


def test_an_answer_of_a_reader_tells_nothing_of_tasks_and_marks_that_it_is_not_shown() -> None:
    done = {"action": "support", "status": "done", "on": "2026-09-04", "by": "coach", "id": "s"}
    stored = sky.ActionTaken("support", "done", day(4), by="coach", id="s")
    said = asked("feedback", SAD, stored, event=done, reader="tutor")  # it is stored; the tutor is not shown the task
    guessed = asked("feedback", SAD, event=done | {"id": "t"}, reader="tutor")
    assert said["error"] == guessed["error"]
    assert "event" in asked("feedback", SAD, stored, event=done, reader="coach")["feedback"]
    wrong = {"action": "contact", "status": "data_wrong", "on": "2026-09-04", "by": "teacher"}
    there, missing = (
        asked("feedback", *MARKS, SAD, event=wrong | {"mark": m}, reader="teacher") for m in ("mark-ill", "mark-none")
    )
    assert there["error"] == missing["error"]
    assert "feedback" in asked("feedback", *MARKS, SAD, event=wrong | {"mark": "mark-away"}, reader="teacher")


# ---------------------------------------------------------------------- what breaking the code on purpose had not shown
def town(*found: dict[str, Any], **more: Any) -> sky.Model:
    return load_data(TOWN | {"steps": list(found)} | more)


def in_town(model: sky.Model, *events: Event) -> sky.Decision:
    return sky.decide(model, sky.Case("p-1", events=[ENROLLED, *events]), on=ON, calendars=CALENDAR)


def test_of_an_any_a_part_that_is_seen_and_not_true_is_no_ground() -> None:
    whole = replace(decide(SAD), tasks=())
    (mixed,) = (s for s in whole.open_steps if s.step == "mixed")
    a_little = sky.decision.Reason("question", "cause", "is", "a")  # seen, and of another step
    whole = replace(whole, open_steps=(replace(mixed, because=(*mixed.because, a_little)),))
    assert whole.for_reader("teacher").open_steps == ()


def test_the_class_lead_and_the_role_of_the_grade_own_the_same() -> None:
    whole = decide(*MARKS, SAD)
    own = OpenQuestion("not_answered", "harmed", (), day(2), (), ("class-lead",), False)
    lead, tutor, teacher = (replace(whole, questions=(own,)).for_reader(r) for r in ("class-lead", "tutor", "teacher"))
    assert lead.questions == tutor.questions != ()
    assert teacher.questions == ()  # of grades 1 to 6


def test_an_action_that_is_no_hand_over_brings_nobody_in() -> None:
    told = act("tell", "teacher", "welfare", to=["curator"], **{"with": {"required": ["pupil"]}})
    model = town(step("sad", {"feels-sad": {"is": "raised"}}, told, act("support", "coach", "welfare")))
    assert in_town(model, SAD, replace(CONTACTED, action="tell")).for_reader("curator").open_steps == ()


def test_only_what_was_done_with_the_pupil_lets_the_guardian_be_told_and_a_consent_that_is_not_presumed_must_be_given() -> None:
    sad = step("sad", {"feels-sad": {"is": "raised"}}, act("contact", "teacher", "welfare"), act("support", "coach", "welfare"))
    alone = in_town(town(sad), SAD, CONTACTED)
    assert "support" in tasks(alone.for_reader("coach"))
    assert tasks(alone.for_reader("guardian")) == set()
    asked_first = [TOWN["consents"][0] | {"presumed": "no"}]
    met = (SAD, CONTACTED)
    assert "support" in tasks(in_town(MODEL, *met).for_reader("guardian"))
    assert (
        tasks(in_town(load_data(TOWN | {"consents": asked_first}), *met).for_reader("guardian")) & {"support", "contact"} == set()
    )


@pytest.mark.parametrize("party", ["guardian", "pupil"])
def test_no_party_is_shown_child_protection_also_where_a_layer_lets_it_see_it_or_gives_it_the_task(party: str) -> None:
    roles = [r | {"sees": ["absence", "child_protection"]} if r["id"] == party else r for r in TOWN["roles"]]
    harm = step("harm", {"harm-feared": {"is": "raised"}}, act("assess", "head", "child_protection"))
    own = step("own", {"harm-feared": {"is": "raised"}}, act("own-part", party, "child_protection"))
    whole = in_town(town(harm, own, roles=roles), sky.Report("harm-feared", day(2), by="teacher", id="r-harm"))
    assert steps(whole.for_reader("head")) == {"harm", "own"}
    cut = whole.for_reader(party)
    assert (cut.open_steps, cut.tasks) == ((), ())


def test_a_part_of_a_none_is_given_only_with_all_of_it() -> None:
    opens = six({"none": [{"harm-feared": {"is": "raised"}}, {"cause": {"is": "b"}}]})
    whole = in_town(town(step("calm", opens, act("talk", "teacher", "absence", asks=["cause", "harmed"]))), *MARKS)
    part = sky.decision.Reason("question", "cause", "none_of", "b")
    calm = sky.decision.OpenStep("calm@2026-09-02", "calm", "first", day(2), day(2), day(2), False, (part,))
    task = replace(decide(*MARKS, SAD).for_reader("tutor").tasks[0], openings=("calm@2026-09-02",), about="absence")
    whole = replace(whole, open_steps=(calm,), tasks=(task,))
    assert whole.for_reader("head").open_steps[0].because == (part,)
    assert whole.for_reader("teacher").open_steps[0].because == ()


def test_a_step_in_doubt_is_named_by_its_question_to_who_sees_all_that_it_asks() -> None:
    names = {"caused": {"cause"}, "harm": {"harmed"}}
    doubts = tuple(sky.decision.OpenStep(f"{n}@2026-09-02", n, "first", day(2), day(2), day(2), True, ()) for n in names)
    asked_of = OpenQuestion("not_marked", "register", tuple(names), day(2), (day(2),), ("teacher",), False)
    whole = replace(decide(*MARKS), open_steps=doubts, tasks=(), questions=(asked_of,))
    assert steps(whole.for_reader("teacher")) == {"caused"}
    assert steps(whole.for_reader("head")) == {"caused", "harm"}
    assert steps(replace(whole, questions=()).for_reader("head")) == set()
