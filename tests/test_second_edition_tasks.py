"""What comes next, as the second edition says it: each sentence about tasks (M1, M2a, M3, M5, M7, M12, M16) as a record.

Day 0 is Monday 31 August 2026; there is school on every weekday until day 48. Limits and steps are invented.
"""

from __future__ import annotations

import io
import json
import re
import runpy
from collections.abc import Iterable
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path as File
from typing import Any

import jsonschema
import pytest

import sky_model as sky
from sky_model.cli import table
from sky_model.decider import decider_of
from sky_model.decision import decision_schema
from sky_model.errors import CaseError
from sky_model.events import DAY, end_of
from sky_model.host.cards import cards
from sky_model.model import load_data
from sky_model.path import Opening
from sky_model.source import read_text

ROOT = File(__file__).resolve().parent.parent
CALENDAR = sky.load_calendar("example-week-43/2026-27")


def d(n: int) -> date:
    return date(2026, 8, 31) + timedelta(days=n)


def text(said: str) -> dict[str, str]:
    return {"en": said}


def counter(name: str, window: str = "term", **more: Any) -> dict[str, Any]:
    said = {"measure": "lessons", "lesson_minutes": 45, "kinds": "all", "window": {"in": window}, "source": "town"}
    return {"id": name, **said, **more}


def action(name: str, duty: str = "must", within: Any = None, law: bool = False, **more: Any) -> dict[str, Any]:
    out = {"id": name, "name": text(name), "who": "teacher", "duty": duty, "about": "absence", **more}
    return out | ({"within": within} if within is not None else {}) | ({"source": "act"} if law else {})


def step(name: str, opens: Any, actions: Iterable[dict[str, Any]] = (), **more: Any) -> dict[str, Any]:
    said = {"tier": "general", "name": text(name), "lasts": "until_closed", "again": "next_window", "source": "town"}
    return {"id": name, "opens": opens, "actions": list(actions), **said, **more}


TALK = action("talk", within={"school_days": 5})
TEN = {"term": {"at_least": 10}}
ENDING = {"by": ["teacher"], "reasons": [{"id": "enough", "name": text("enough")}]}


def rules(*steps: dict[str, Any], **more: Any) -> sky.Model:
    """A ruleset of these steps; every step but the first stands beside those before it, where it says nothing else."""
    found = [s if "above" in s else s | {"above": {x["id"]: "beside" for x in steps[:i]}} for i, s in enumerate(steps)]
    said = json.dumps(
        {
            "format": 1,
            "ruleset": "rows",
            "version": "1",
            "status": "pilot",
            "valid_from": "2026-08-01",
            "grades": "1-9",
            "name": text("rows"),
            "sources": [
                {"id": "town", "kind": "local", "name": "invented", "certainty": "inference"},
                {"id": "act", "kind": "statute", "name": "invented", "certainty": "inference"},
            ],
            "kinds": [
                {"id": "health", "is": "authorised", "name": text("health"), "source": "town"},
                {"id": "skipped", "is": "unauthorised", "name": text("skipped"), "source": "town"},
            ],
            "counters": [
                counter("term"),
                counter("year", "school_year"),
                counter("skipped-marks", "school_year", measure="marks", kinds={"only": ["skipped"]}),
            ],
            "reports": [{"id": "concern", "by": ["teacher", "guardian"], "name": text("concern"), "source": "town"}],
            "questions": [
                {"id": "cause", "answers": ["health", "other"], "by": ["teacher"], "name": text("cause"), "source": "town"}
            ],
            "tiers": [{"id": t, "name": text(t), "source": "town"} for t in ("general", "targeted")],
            "roles": [
                {
                    "id": "teacher",
                    "what": "profession",
                    "name": text("teacher"),
                    "source": "town",
                    "deputies": ["nurse", "curator"],
                },
                {"id": "principal", "what": "profession", "name": text("principal"), "source": "town"},
                {"id": "nurse", "what": "profession", "name": text("nurse"), "source": "town", "deputies": ["principal"]},
                {"id": "curator", "what": "profession", "name": text("curator"), "source": "town"},
                {"id": "subject-teacher", "what": "profession", "name": text("subject teacher"), "source": "town"},
                {"id": "any-staff", "what": "role", "name": text("staff"), "source": "town"},
                {"id": "guardian", "what": "party", "name": text("guardian"), "source": "town"},
            ],
            "consents": [
                consent("group", presumed=False),
                consent("home", presumed=True),
            ],
            "steps": found,
            **more,
        }
    )
    return load_data(read_text(said).data)


def consent(name: str, *, presumed: bool) -> dict[str, Any]:
    who = {"group": "nurse", "home": "curator"}[name]
    said = {"given_by": ["guardian"], "needed_for": {"with": [who]}, "source": "town", "presumed": "yes" if presumed else "no"}
    return {"id": name, "name": text(name), **said}


def with_(who: str, name: str, within: Any = None, **more: Any) -> dict[str, Any]:
    return action(name, within=within, **{"with": {"required": [who]}}, **more)


def mark(n: int, lessons: int, name: str = "", recorded: int | None = None, **more: Any) -> sky.Mark:
    said = {"kind": "health", "id": name or f"m-{n}", "recorded": d(n if recorded is None else recorded)}
    return sky.Mark(d(n), lessons=lessons, **said | more)


def did(name: str, status: Any, n: int, **more: Any) -> sky.ActionTaken:
    return sky.ActionTaken(name, status, d(n), by="teacher", **more)


def said(name: str, value: Any, n: int) -> sky.Consent:
    return sky.Consent(name, value, d(n), by="guardian")


def decide(model: sky.Model, *events: Any, on: int, named: dict[str, str] | None = None, **more: Any) -> sky.Decision:
    enrolled = sky.Enrolment("s", grade=6, since=date(2026, 8, 12), lessons_per_week=30)
    in_order = [replace(e, seq=n) for n, e in enumerate([enrolled, *events])]
    found = sky.decide(model, sky.Case("p", events=in_order, named=named or {}), on=d(on), calendars=CALENDAR, **more)
    jsonschema.validate(found.to_json(), decision_schema())
    assert sky.explain(found, language="en")  # whatever is decided can be said
    assert cards(found, language="fi") is not None
    return found


def task(found: sky.Decision, name: str) -> sky.Task:
    (one,) = [t for t in found.tasks if t.action == name]
    return one


def order(found: sky.Decision) -> list[str]:
    return [t.action for t in found.tasks]


def state(found: sky.Decision, name: str) -> tuple[str, date | None, bool]:
    t = task(found, name)
    return t.state, t.due, t.overdue


AUTUMN = [mark(1, 6), mark(2, 6)]  # opens at 10 on Wednesday, day 2; a talk within five school days is due on day 9


# ---------------------------------------------------------------------- M1: the order
def test_a_notice_without_a_day_never_stands_before_a_talk_that_is_late_though_it_is_law() -> None:
    model = rules(
        step("n", {"term": {"at_least": 1}}, [action("notice", law=True)]),
        step("s", TEN, [action("talk", "should", {"school_days": 5})]),
    )
    found = decide(model, *AUTUMN, on=10)
    assert order(found) == ["talk", "notice"]
    assert found.next
    assert found.next.overdue


def test_late_and_due_today_before_dated_before_undated_and_in_each_law_must_should_consider_may() -> None:
    acts = [
        action("may", "may", "without_delay"),
        action("undated", law=True),
        action("later", law=True, within={"school_days": 9}),
        action("consider", "consider", {"school_days": 1}),
        action("should", "should", {"school_days": 1}),
        action("law", within="without_delay", law=True),
        action("local", within={"school_days": 1}),
    ]
    found = decide(rules(step("s", TEN, acts)), *AUTUMN, on=3)
    assert order(found) == ["law", "local", "should", "consider", "may", "later", "undated"]


def test_thirty_days_late_and_only_should_stands_after_a_must_that_is_due_today() -> None:
    model = rules(step("old", {"term": {"at_least": 1}}, [action("call", "should", "without_delay")]), step("s", TEN, [TALK]))
    found = decide(model, mark(1, 1), mark(25, 12), on=32)
    assert order(found) == ["talk", "call"]
    assert [t.due for t in found.tasks] == [d(32), d(1)]


def test_the_higher_tier_first_and_then_the_file() -> None:
    model = rules(step("low", TEN, [action("x")]), step("up", TEN, [action("y"), action("z")], tier="targeted"))
    assert order(decide(model, *AUTUMN, on=2)) == ["y", "z", "x"]


def test_without_delay_counts_as_due_at_once_also_on_a_saturday() -> None:
    model = rules(
        step("c", {"concern": {"is": "raised"}}, [action("ask", "should", "without_delay")]),
        step("s", {"term": {"at_least": 1}}, [action("soon", within={"school_days": 3})]),
    )
    events = [mark(4, 1), sky.Report("concern", d(5), by="teacher")]
    on_saturday = decide(model, *events, on=5)
    assert order(on_saturday) == ["ask", "soon"]
    assert state(on_saturday, "ask") == ("ready", d(7), False)
    assert [task(decide(model, *events, on=n), "ask").overdue for n in (7, 8)] == [False, True]


def test_what_waits_is_snoozed_or_done_is_never_next_and_asking_for_a_consent_is() -> None:
    model = rules(step("s", TEN, [TALK, with_("nurse", "meet", {"school_days": 3}, after=["talk"])]))
    snoozed = decide(model, *AUTUMN, did("talk", "snoozed", 3, until=d(4)), on=3)
    assert {t.action: t.state for t in snoozed.tasks} == {"talk": "snoozed", "meet": "waiting"}
    assert snoozed.next is None
    asking = decide(model, *AUTUMN, did("talk", "done", 3), on=3)
    assert asking.next
    assert (asking.next.action, asking.next.state) == ("meet", "blocked")
    assert order(asking) == ["meet", "talk"]


def test_asking_for_a_consent_stands_before_an_undated_consider() -> None:
    model = rules(step("s", TEN, [action("think", "consider"), with_("nurse", "meet", {"school_days": 3})]))
    assert order(decide(model, *AUTUMN, on=12)) == ["meet", "think"]


def test_what_several_openings_ask_is_one_task_with_the_earliest_day_and_the_strongest_of_all_else() -> None:
    model = rules(
        step("a", {"term": {"at_least": 5}}, [action("talk", "should", {"school_days": 2})]),
        step(
            "b",
            TEN,
            [
                action("x", within={"school_days": 9}),
                {"act": "talk", "duty": "must", "after": ["x"], "within": {"school_days": 9}},
            ],
            tier="targeted",
        ),
    )
    t = task(decide(model, mark(1, 5), mark(8, 6), on=8), "talk")
    assert (t.state, t.due, t.duty, t.tier, t.overdue) == ("ready", d(3), "must", "targeted", True)
    assert (t.name, t.also) == (f"a@{d(1)}/talk", (f"b@{d(8)}/talk",))
    assert t.openings == (f"a@{d(1)}", f"b@{d(8)}")


def test_of_merged_states_the_most_ready_one_is_told() -> None:
    model = rules(
        step("b", TEN, [action("talk", after=["x"]), action("x")], above={"a": "beside"}),
        step("a", {"term": {"at_least": 5}}, [{"act": "talk", "after": [], "when": {"cause": {"is": "health"}}}]),
    )
    assert task(decide(model, mark(1, 5), on=1), "talk").state == "undecided"
    t = task(decide(model, mark(1, 5), mark(8, 6), on=8), "talk")
    assert (t.state, t.is_next) == ("undecided", True)  # one opening's waits for x; the question can be answered now
    answered = [mark(1, 5), sky.Answer("cause", "health", d(2), by="teacher"), mark(8, 6)]
    assert task(decide(model, *answered, on=8), "talk").state == "ready"


def test_what_was_answered_for_one_opening_is_asked_on_for_the_other_under_its_own_name() -> None:
    model = rules(
        step("a", {"concern": {"is": "raised"}}, [TALK]),
        step("b", TEN, [{"act": "talk"}]),
    )
    raised = sky.Report("concern", d(1), by="teacher")
    t = task(decide(model, raised, did("talk", "not_needed", 2, because="x"), mark(8, 12), on=8), "talk")
    assert (t.name, t.also, t.state, t.openings) == (f"b@{d(8)}/talk", (), "ready", (f"b@{d(8)}",))


def test_nothing_begins_to_wait_for_an_action_that_is_asked_only_later() -> None:
    later = action("call", when={"term": {"at_least": 15}}, within={"school_days": 5})
    for meet in (
        action("meet", after=["call"], within={"school_days": 2}),
        action("meet", within={"after": "call", "school_days": 2}),
    ):
        model = rules(step("s", TEN, [later, meet]))
        found = decide(model, *AUTUMN, mark(8, 6), on=8)
        assert state(found, "meet") == ("ready", d(4), True)
        assert order(found) == ["meet", "call"]


def test_it_waits_for_what_was_asked_as_early_though_the_consent_to_that_came_later() -> None:
    model = rules(step("s", TEN, [with_("nurse", "call", {"school_days": 5}), action("meet", after=["call"])]))
    assert task(decide(model, *AUTUMN, said("group", "given", 8), on=8), "meet").state == "waiting"


def test_a_higher_level_keeps_the_day_of_the_talk_that_the_lower_one_still_owes(tmp_path: File) -> None:
    again = {"every": {"term": 10, "from": 10}}
    model = rules(step("s", TEN, [TALK], again=again))
    t = task(decide(model, *AUTUMN, mark(10, 8), on=10), "talk")
    assert (t.name, t.due, t.overdue) == (f"s+20@{d(10)}/talk", d(9), True)
    t = task(decide(model, *AUTUMN, did("talk", "done", 3), mark(10, 8), on=10), "talk")
    assert (t.due, t.state) == (d(17), "ready")


def test_a_step_that_replaces_another_keeps_the_day_of_what_both_ask() -> None:
    def found(name: str) -> sky.Decision:
        asked = {"act": "talk"} if name == "talk" else action(name, within={"school_days": 5})
        low = step("low", {"term": {"at_least": 5}}, [TALK])
        return decide(rules(low, step("up", TEN, [asked], above={"low": "replaces"})), mark(1, 5), mark(9, 6), on=12)

    t = task(found("talk"), "talk")
    assert (t.name, t.due, t.overdue) == (f"up@{d(9)}/talk", d(8), True)
    assert [(x.action, x.overdue) for x in found("meet").tasks] == [("meet", False)]


def test_pupils_stand_by_their_next_task_and_those_without_one_last_the_undecided_first() -> None:
    model = rules(
        step("s", TEN, [TALK], closing=ENDING),
        step("q", {"all": [{"year": {"at_least": 1}}, {"cause": {"is": "health"}}]}, [action("help")]),
    )
    calm = rules(step("s", TEN, [TALK], closing=ENDING))
    late = decide(model, *AUTUMN, on=10)
    dated = decide(calm, mark(9, 12), on=10)
    to_close = decide(calm, *AUTUMN, did("talk", "done", 3), on=10)
    undecided = decide(model, mark(9, 1), on=10)
    none = decide(calm, on=10)
    assert undecided.next is None
    assert undecided.is_undecided
    found = [none, undecided, to_close, dated, late]
    assert sorted(found, key=lambda x: x.urgency) == [late, dated, to_close, undecided, none]
    assert late.next
    assert late.urgency == late.next.urgency


# ---------------------------------------------------------------------- M2a: close or go on
CLOSE_IT = step("s", TEN, [TALK], closing=ENDING)
TALKED = [*AUTUMN, did("talk", "done", 3)]


def test_when_nothing_is_left_a_step_proposes_its_own_end_to_those_who_may_close_it() -> None:
    t = decide(rules(CLOSE_IT), *TALKED, on=20).next
    assert t is not None
    assert (t.action, t.name, t.duty, t.state, t.due, t.role) == (
        "close:s",
        f"s@{d(2)}/close:s",
        "close",
        "ready",
        None,
        "teacher",
    )
    assert t.openings == (f"s@{d(2)}",)
    nobody = decide(rules(step("s", TEN, [TALK])), *TALKED, on=20).next
    assert nobody is not None
    assert (nobody.role, nobody.rests_on) == (
        "principal",
        ("the rules name nobody who closes this step: the principal is asked",),
    )


def test_a_step_without_actions_proposes_its_end_at_once() -> None:
    assert order(decide(rules(step("s", TEN, closing=ENDING)), *AUTUMN, on=2)) == ["close:s"]


@pytest.mark.parametrize("status", ["not_needed", "refused", "done"])
def test_however_the_last_action_was_answered_nothing_is_left(status: str) -> None:
    found = decide(rules(CLOSE_IT), *AUTUMN, did("talk", status, 3, because="x"), on=3)
    assert found.next
    assert found.next.action == "close:s"


def test_no_consent_leaves_nothing_and_what_the_application_does_by_itself_neither() -> None:
    asked = rules(step("s", TEN, [with_("nurse", "meet", {"school_days": 3})], closing=ENDING))
    assert order(decide(asked, *AUTUMN, said("group", "refused", 3), on=20)) == ["close:s", "meet"]
    by_itself = rules(step("s", TEN, [action("letter", fulfilled_by="system")], closing=ENDING))
    case = sky.Case("p", events=[sky.Enrolment("s", grade=6, since=date(2026, 8, 12)), *AUTUMN], does=["letter"])
    assert order(sky.decide(by_itself, case, on=d(3), calendars=CALENDAR)) == ["close:s"]


def test_in_a_pause_withdrawn_or_with_an_action_that_comes_again_it_is_not_proposed() -> None:
    model = rules(CLOSE_IT)
    assert order(decide(model, *TALKED, sky.Pause(d(3), d(9), "principal"), on=5)) == ["talk"]
    gone = [mark(n, 0, recorded=4) for n in (1, 2)]
    assert order(decide(model, *TALKED, *gone, on=5)) == ["talk"]
    weekly = rules(step("s", TEN, [action("look", repeat={"every": {"school_weeks": 1}})], closing=ENDING))
    assert "close:s" not in order(decide(weekly, *AUTUMN, did("look", "done", 2), on=3))


def test_a_task_that_waits_for_an_answer_is_left_and_its_question_stands_first() -> None:
    help_ = action("help", when={"cause": {"is": "health"}})
    found = decide(rules(step("s", TEN, [TALK, help_], closing=ENDING)), *TALKED, on=5)
    assert [(t.action, t.state) for t in found.tasks] == [("help", "undecided"), ("talk", "done")]
    other = step("q", {"term": {"at_least": 5}}, [help_])
    both = decide(rules(other, CLOSE_IT), *TALKED, on=5)
    assert order(both)[:2] == ["help", "close:s"]


def test_it_ranks_after_every_other_task_even_a_may_without_a_day() -> None:
    model = rules(CLOSE_IT, step("other", TEN, [action("if-you-like", "may")]))
    assert order(decide(model, *TALKED, on=5)) == ["if-you-like", "close:s", "talk"]


def test_going_on_is_until_a_day_that_the_person_gives() -> None:
    model = rules(CLOSE_IT)
    go_on = did("close:s", "snoozed", 5, until=d(30), id="go-on")
    assert decide(model, *TALKED, go_on, on=29).next is None
    again = decide(model, *TALKED, go_on, on=30).next
    assert again is not None
    assert again.action == "close:s"
    assert decide(model, *TALKED, go_on, on=29).told == ()
    back = [go_on, sky.Retracted("go-on", d(8))]
    assert order(decide(model, *TALKED, *back, on=9)) == ["close:s", "talk"]


def test_going_on_said_before_the_step_opened_says_nothing_of_it() -> None:
    early = did("close:s", "snoozed", 1, until=d(30))
    assert order(decide(rules(CLOSE_IT), AUTUMN[0], early, AUTUMN[1], did("talk", "done", 3), on=4)) == ["close:s", "talk"]


@pytest.mark.parametrize("lasts", ["while_true", {"until_end_of": "term"}, {"school_days": 40}])
def test_what_ends_by_itself_proposes_nothing(lasts: Any) -> None:
    found = decide(rules(step("s", TEN, [TALK], lasts=lasts)), *TALKED, on=8)
    assert found.open_steps
    assert found.next is None


def test_of_levels_one_task_closes_all_and_only_when_nothing_is_left_of_any() -> None:
    model = rules(step("s", TEN, [TALK], again={"every": {"term": 10, "from": 10}}, closing=ENDING))
    found = decide(model, *TALKED, mark(10, 8), on=10)
    assert order(found) == ["talk"]
    found = decide(model, *TALKED, mark(10, 8), did("talk", "done", 11), on=11)
    assert [(t.action, t.name) for t in found.tasks][:1] == [("close:s", f"s+20@{d(10)}/close:s")]


def test_what_answers_close_or_go_on_is_legal_and_nothing_else() -> None:
    found = decide(rules(CLOSE_IT), *TALKED, on=5)
    assert found.problem_with(did("close:s", "snoozed", 5, until=d(30))) is None
    assert found.problem_with(sky.StepClosed("s", "enough", d(5))) is None
    assert isinstance(found.problem_with(did("close:s", "done", 5)), CaseError)
    assert isinstance(found.problem_with(did("close:other", "snoozed", 5, until=d(30))), CaseError)


def test_the_table_stands_in_the_order_of_urgency_and_folds_close_or_go_on_into_one_row() -> None:
    model = rules(CLOSE_IT)
    events = {"b-close": TALKED, "z-late": AUTUMN, "a-close": TALKED, "a-dated": [mark(14, 12)], "quiet": []}
    found = []
    for name, of in events.items():
        case = sky.Case(name, events=[sky.Enrolment("s", grade=6, since=date(2026, 8, 12)), *of])
        found.append(sky.decide(model, case, on=d(15), calendars=CALENDAR))
    out = io.StringIO()
    with redirect_stdout(out):
        table(found, d(15))
    rows = [[c.strip() for c in re.split("[│┃]", line)[1:-1]] for line in out.getvalue().splitlines() if line[:1] == "│"]
    assert [r[0] for r in rows] == ["z-late", "a-dated", "2 pupils"]
    assert rows[2][1] == "Close the step or go on with it"
    assert rows[2][5].endswith("b-close, a-close")


# ---------------------------------------------------------------------- M2b: what a renewed opening owed
def renewed(*events: Any, on: int, on_day: int, is_withdrawn: bool = False, lasts: str = "until_closed") -> sky.Decision:
    """A record with one opening, and a renewal of it on another day as the path would make it."""
    model = rules(step("s", TEN, [TALK, action("meet", within={"school_days": 5})], again="once", lasts=lasts, closing=ENDING))
    enrolled = sky.Enrolment("s", grade=6, since=date(2026, 8, 12))
    in_order = [replace(e, seq=n) for n, e in enumerate([enrolled, *events])]
    asked = decider_of(model, sky.Case("p", events=in_order), on=d(on), calendars=CALENDAR)
    (old,) = asked.path.openings
    at = end_of(d(on_day).toordinal())
    v = asked.path.versions[0]
    old.owed = tuple(a.id for a in old.step.actions if not asked.path.is_answered(old, a, at, at))
    old.ended, old.how = at, "renewed"
    new = Opening(old.step, 0, at, at // DAY, f"s@{d(on_day)}", due_from=at // DAY, renews=old)
    new.is_withdrawn = is_withdrawn
    counts_from = asked.path.counts_from
    asked.path.counts_from = lambda o, known: o.day if o.renews else counts_from(o, known)  # type: ignore[method-assign]
    asked.path.openings.append(new)
    assert v.facts.rules.steps[0] is old.step
    return asked.decision()


def test_what_was_owed_at_a_renewal_keeps_name_and_day_until_it_is_answered() -> None:
    t = task(renewed(*AUTUMN, on=21, on_day=20), "talk")
    assert (t.name, t.due, t.overdue, t.also) == (f"s@{d(2)}/talk", d(9), True, (f"s@{d(20)}/talk",))
    after = renewed(*AUTUMN, did("talk", "done", 22), did("meet", "done", 22), on=22, on_day=20)
    assert order(after) == ["close:s", "talk", "meet"]
    assert task(after, "close:s").openings == (f"s@{d(20)}",)


def test_what_was_answered_before_a_renewal_is_asked_anew_of_the_new_opening_alone() -> None:
    found = renewed(*AUTUMN, did("talk", "done", 3), on=21, on_day=20)
    assert (task(found, "talk").name, task(found, "talk").state) == (f"s@{d(20)}/talk", "ready")
    assert (task(found, "meet").name, task(found, "meet").overdue) == (f"s@{d(2)}/meet", True)


def test_what_was_done_late_for_the_old_opening_leaves_the_new_ones_own() -> None:
    late = replace(did("talk", "done", 5), recorded=d(21))
    t = task(renewed(*AUTUMN, late, on=21, on_day=20), "talk")
    assert (t.name, t.state, t.due, t.also) == (f"s@{d(20)}/talk", "ready", d(25) if d(25).weekday() < 5 else d(27), ())


def test_a_renewal_that_is_withdrawn_leaves_the_old_opening_as_if_not_renewed() -> None:
    found = renewed(*AUTUMN, on=21, on_day=20, is_withdrawn=True)
    t = task(found, "talk")
    assert (t.name, t.state, t.due, t.overdue) == (f"s@{d(2)}/talk", "ready", d(9), True)
    done = renewed(*AUTUMN, did("talk", "done", 3), did("meet", "done", 3), on=21, on_day=20, is_withdrawn=True)
    assert task(done, "close:s").openings == (f"s@{d(2)}",)


# ---------------------------------------------------------------------- M3: who has left
def test_of_who_has_left_what_is_owed_is_to_be_handed_over_not_late_and_never_next() -> None:
    left = sky.Left(d(10))
    found = decide(rules(CLOSE_IT), *AUTUMN, left, on=20)
    assert state(found, "talk") == ("to_hand_over", d(9), False)
    assert found.next is None
    assert order(decide(rules(CLOSE_IT), *TALKED, left, on=20)) == ["talk"]  # and nobody is asked to close it


# ---------------------------------------------------------------------- M5: No is not silence
MEET = with_("nurse", "meet", {"school_days": 3})
HOME = with_("curator", "tell", {"school_days": 3})


@pytest.mark.parametrize("word", ["refused", "withdrawn"])
def test_a_no_makes_its_task_no_consent_not_late_and_not_asked_for_again(word: str) -> None:
    model = rules(step("s", TEN, [MEET]))
    assert task(decide(model, *AUTUMN, on=20), "meet").state == "blocked"
    given = [said("group", "given", 1)] if word == "withdrawn" else []
    found = decide(model, *given, *AUTUMN, said("group", word, 3), on=20)
    t = task(found, "meet")
    assert (t.state, t.overdue, t.blocked_by) == ("no_consent", False, ())
    assert not found.next or found.next.action == "close:s"


def test_a_yes_brings_it_back_and_its_day_is_day_0() -> None:
    model = rules(step("s", TEN, [MEET]))
    back = [*AUTUMN, said("group", "refused", 3), said("group", "given", 8)]
    assert state(decide(model, *back, on=9), "meet") == ("ready", d(11), False)
    same_day = [said("group", "given", 1), *AUTUMN, said("group", "withdrawn", 8), said("group", "given", 8)]
    assert state(decide(model, *same_day, on=9), "meet") == ("ready", d(11), False)
    twice = [*AUTUMN, said("group", "given", 3), said("group", "given", 8)]
    assert task(decide(model, *twice, on=9), "meet").due == d(8)  # day 3 and three school days


def test_for_what_comes_after_a_no_is_an_answer_of_its_day_and_a_yes_lets_it_wait_again() -> None:
    model = rules(step("s", TEN, [MEET, action("plan", after=["meet"], within={"school_days": 2})]))
    assert task(decide(model, *AUTUMN, on=3), "plan").state == "waiting"
    refused = [*AUTUMN, said("group", "refused", 8)]
    assert state(decide(model, *refused, on=8), "plan") == ("ready", d(10), False)
    assert task(decide(model, *refused, said("group", "given", 9), on=9), "plan").state == "waiting"


def test_a_step_until_done_ends_with_the_no_of_its_last_action() -> None:
    model = rules(step("s", TEN, [MEET], lasts="until_done", closing=ENDING))
    events = [*AUTUMN, said("group", "refused", 8)]
    assert decide(model, *events, on=7).open_steps
    assert not decide(model, *events, on=8).open_steps
    assert not decide(model, *events, on=20).open_steps


def test_a_no_answers_what_is_open_at_the_end_of_its_day_and_a_later_opening_asks_anew() -> None:
    model = rules(step("s", TEN, [MEET]))
    on_the_day = [AUTUMN[0], said("group", "refused", 2), AUTUMN[1]]
    assert task(decide(model, *on_the_day, on=2), "meet").state == "no_consent"
    before = [AUTUMN[0], said("group", "refused", 1), AUTUMN[1]]
    assert task(decide(model, *before, on=2), "meet").state == "blocked"


def test_to_what_counts_as_given_a_no_is_a_ban_until_it_is_taken_back() -> None:
    model = rules(step("s", TEN, [HOME]))
    assert task(decide(model, *AUTUMN, on=2), "tell").state == "ready"
    ban = [replace(said("home", "refused", 0), id="ban"), *AUTUMN]
    assert task(decide(model, *ban, on=20), "tell").state == "no_consent"
    back = [*ban, sky.Retracted("ban", d(8))]
    assert state(decide(model, *back, on=8), "tell") == ("ready", d(11), False)
    allowed = [*ban, said("home", "given", 8)]
    assert state(decide(model, *allowed, on=8), "tell") == ("ready", d(11), False)


# ---------------------------------------------------------------------- M7: no day while it waits for an answer
def test_a_task_that_waits_for_an_answer_has_no_day_and_is_never_late() -> None:
    far = action("far", when={"cause": {"is": "health"}}, within={"school_days": 1})
    found = decide(rules(step("s", TEN, [far, action("next", after=["far"], within={"school_days": 1})])), *AUTUMN, on=20)
    assert state(found, "far") == ("undecided", None, False)
    assert state(found, "next") == ("waiting", d(3), True)
    planned = decide(rules(step("s", TEN, [far])), *AUTUMN, did("far", "planned", 3, until=d(5)), on=20)
    assert state(planned, "far") == ("undecided", None, False)


def test_the_day_of_when_is_the_first_on_which_it_was_true_and_moves_no_more() -> None:
    model = rules(
        step("s", {"term": {"at_least": 5}}, [action("far", when={"term": {"at_least": 10}}, within={"school_days": 3})])
    )
    events = [mark(1, 6), mark(2, 6), mark(2, 2, recorded=3), mark(4, 6)]  # true on day 2, not on 3, true on 4
    assert task(decide(model, *events, on=7), "far").due == d(7)


# ---------------------------------------------------------------------- M12: deputies
def who(found: sky.Decision, name: str = "talk") -> tuple[str, tuple[str, ...], str | None, bool]:
    t = task(found, name)
    return t.role, t.roles, t.instead_of, t.away


def test_of_several_roles_one_who_is_there_does_it() -> None:
    model = rules(step("s", TEN, [action("talk", who={"any_of": ["principal", "curator"]})]))
    assert who(decide(model, *AUTUMN, on=2)) == ("principal", ("principal", "curator"), None, False)
    assert who(decide(model, *AUTUMN, on=2, absent=["principal"])) == ("curator", ("curator",), None, False)


def test_else_the_roles_own_first_deputy_who_is_there_and_for_whom() -> None:
    model = rules(CLOSE_IT)
    assert who(decide(model, *AUTUMN, on=2, absent=["teacher"])) == ("nurse", ("nurse",), "teacher", False)
    assert who(decide(model, *AUTUMN, on=2, absent=["teacher", "nurse"])) == ("curator", ("curator",), "teacher", False)
    everybody = decide(model, *AUTUMN, on=2, absent=["teacher", "nurse", "curator"])
    assert who(everybody) == ("teacher", ("teacher",), None, True)  # not the deputy's deputy, the principal
    assert who(decide(model, *TALKED, on=5, absent=["teacher"]), "close:s") == ("nurse", ("nurse",), "teacher", False)


def test_a_person_who_is_away_is_the_role_that_the_case_names_for_that_person() -> None:
    named = {"teacher": "staff-5", "nurse": "staff-6"}
    t = task(decide(rules(CLOSE_IT), *AUTUMN, on=2, named=named, absent=["staff-5"]), "talk")
    assert (t.role, t.person, t.instead_of) == ("nurse", "staff-6", "teacher")
    t = task(decide(rules(CLOSE_IT), *AUTUMN, on=2, named=named, absent=["staff-5", "staff-6"]), "talk")
    assert (t.role, t.person) == ("curator", None)
    there = task(decide(rules(CLOSE_IT), *AUTUMN, on=2, named=named, absent=["staff-7"]), "talk")
    assert (there.role, there.person, there.instead_of, there.away) == ("teacher", "staff-5", None, False)


def test_what_is_personal_has_no_deputy() -> None:
    report = action("report", about="child_protection")
    recorded = action("ask", who="who_recorded")
    model = rules(step("s", TEN, [report]), step("c", {"concern": {"is": "raised"}}, [recorded]))
    events = [*AUTUMN, sky.Report("concern", d(2), by="teacher")]
    found = decide(model, *events, on=2, absent=["teacher"])
    assert who(found, "report") == ("teacher", ("teacher",), None, True)
    assert who(found, "ask") == ("teacher", ("teacher",), None, True)


# ---------------------------------------------------------------------- M16: contested marks
def contest(name: str, n: int, **more: Any) -> sky.Report:
    return sky.Report("contested", d(n), by="guardian", mark=name, id=f"contest-{name}-{n}", **more)


def test_who_recorded_a_contested_mark_is_asked_to_check_it() -> None:
    own = [mark(1, 6, teacher="staff-9"), mark(2, 6)]
    found = decide(rules(CLOSE_IT), *own, contest("m-1", 3), on=4)
    t = task(found, "check:m-1")
    assert (t.name, t.duty, t.state, t.due, t.about) == (f"check:m-1@{d(3)}", "should", "ready", None, "absence")
    assert (t.role, t.person, t.openings) == ("subject-teacher", "staff-9", ())
    assert found.told == ()
    assert order(found) == ["talk", "check:m-1"]
    away = task(decide(rules(CLOSE_IT), *own, contest("m-1", 3), on=4, absent=["staff-9"]), "check:m-1")
    assert (away.role, away.person, away.away) == ("subject-teacher", "staff-9", True)


@pytest.mark.parametrize(
    ("answer", "is_asked"),
    [
        (mark(1, 0, recorded=5), False),  # corrected
        (mark(1, 6, recorded=5), False),  # entered anew: kept
        (sky.Retracted("m-1", d(5)), False),
        (sky.Retracted("contest-m-1-3", d(5)), False),
        (sky.Report("contested", d(5), by="guardian", raised=False, mark="m-1"), False),
        (sky.Report("contested", d(5), by="guardian", raised=False), False),
        (sky.Report("contested", d(5), by="pupil", raised=False, mark="m-1"), True),  # of somebody else
        (sky.Report("contested", d(5), by="guardian", raised=False, mark="m-2"), True),  # of another mark
        (did("check:m-1", "done", 5), False),
        (did("check:m-1", "not_needed", 5), False),
        (did("check:m-2", "done", 5), True),
    ],
)
def test_a_contest_is_answered_by_what_was_recorded_later(answer: Any, is_asked: bool) -> None:
    found = decide(rules(CLOSE_IT), *AUTUMN, contest("m-1", 3), answer, on=6)
    assert ("check:m-1" in order(found)) is is_asked
    before = decide(rules(CLOSE_IT), *AUTUMN, did("check:m-1", "done", 2), contest("m-1", 3), on=6)
    assert "check:m-1" in order(before)


def test_a_report_of_staff_or_of_a_mark_that_nobody_knows_contests_nothing() -> None:
    by_staff = sky.Report("concern", d(3), by="teacher", mark="m-1")
    assert order(decide(rules(CLOSE_IT), *AUTUMN, by_staff, contest("m-77", 3), on=4)) == ["talk"]
    by_guardian = sky.Report("concern", d(3), by="guardian", mark="m-1")  # whatever report it is
    assert "check:m-1" in order(decide(rules(CLOSE_IT), *AUTUMN, by_guardian, on=4))


def test_contested_anew_after_an_answer_is_a_new_task() -> None:
    events = [*AUTUMN, contest("m-1", 3), did("check:m-1", "done", 4), contest("m-1", 6)]
    assert task(decide(rules(CLOSE_IT), *events, on=7), "check:m-1").name == f"check:m-1@{d(6)}"
    twice = [*AUTUMN, contest("m-1", 3), contest("m-1", 6)]
    assert task(decide(rules(CLOSE_IT), *twice, on=7), "check:m-1").name == f"check:m-1@{d(3)}"


def test_a_check_can_be_planned_or_put_off_and_is_legal_to_answer() -> None:
    events = [*AUTUMN, contest("m-1", 3)]
    planned = decide(rules(CLOSE_IT), *events, did("check:m-1", "planned", 4, until=d(7)), on=8)
    assert state(planned, "check:m-1") == ("ready", d(7), True)
    snoozed = decide(rules(CLOSE_IT), *events, did("check:m-1", "snoozed", 4, until=d(9)), on=8)
    assert state(snoozed, "check:m-1") == ("snoozed", None, False)
    assert planned.problem_with(did("check:m-1", "not_needed", 8)) is None
    assert isinstance(planned.problem_with(did("check:m-1", "refused", 8)), CaseError)
    assert isinstance(planned.problem_with(did("check:m-2", "done", 8)), CaseError)
    assert planned.problem_with(contest("m-2", 8)) is None


# ---------------------------------------------------------------------- M8, M16: messages
NOTICE = {
    "id": "three",
    "when": {"skipped-marks": {"at_least": 3}},
    "once_in": "month",
    "to": ["guardian"],
    "about": "absence",
    "source": "town",
}


def skipped(n: int, **more: Any) -> sky.Mark:
    return mark(n, 1, kind="skipped", **more)


def notice(*events: Any, on: int) -> sky.decision.Message | None:  # type: ignore[name-defined]
    model = rules(step("far", {"term": {"at_least": 99}}), messages=[NOTICE])
    return next(iter(decide(model, *events, on=on).messages), None)


def test_a_notice_names_todays_marks_that_no_earlier_one_told() -> None:
    three = [skipped(n) for n in (1, 2, 3)]
    m = notice(*three, on=3)
    assert m
    assert (m.state, m.marks) == ("owed", ("m-1", "m-2", "m-3"))
    m = notice(*three, skipped(4), on=4)
    assert m
    assert m.marks == ("m-1", "m-2", "m-3", "m-4")
    sent = [*three, did("three", "done", 4), skipped(7)]
    m = notice(*sent, on=8)
    assert m
    assert (m.state, m.marks) == ("sent", ("m-1", "m-2", "m-3"))
    m = notice(*sent, on=31)  # the next month: what it would tell is the rest
    assert m
    assert (m.state, m.marks) == ("owed", ("m-7",))


def test_a_mark_that_was_corrected_away_is_named_no_more() -> None:
    four = [skipped(n) for n in (1, 2, 3, 4)]
    m = notice(*four, mark(2, 0, kind="skipped", recorded=7), on=7)
    assert m
    assert m.marks == ("m-1", "m-3", "m-4")


def test_what_was_done_before_it_was_owed_told_nothing() -> None:
    m = notice(skipped(1), did("three", "done", 1), skipped(2), skipped(3), on=3)
    assert m
    assert (m.state, m.marks) == ("owed", ("m-1", "m-2", "m-3"))


def test_a_notice_that_rests_on_contested_marks_alone_is_held_until_they_are_answered() -> None:
    three = [skipped(n) for n in (1, 2, 3)]
    disputed = [*three, contest("m-2", 4)]
    m = notice(*disputed, on=5)
    assert m
    assert m.state == "held"
    m = notice(*disputed, skipped(8), on=8)  # three are left that nobody contests
    assert m
    assert m.state == "owed"
    m = notice(*disputed, did("check:m-2", "done", 9), on=9)
    assert m
    assert m.state == "owed"
    m = notice(*three, did("three", "done", 3), contest("m-2", 4), on=5)
    assert m
    assert m.state == "sent"


# ---------------------------------------------------------------------- the example
def test_in_the_example_nobody_with_an_overdue_talk_is_shown_the_notice_first() -> None:
    demo = runpy.run_path(str(ROOT / "examples" / "ed-fi" / "demo.py"))
    decided = demo["decide_all"]()[1]
    overdue = [x for x in decided if any(t.overdue and t.action != "notice" for t in x.tasks)]
    assert len(overdue) > 30
    assert [x.pupil for x in overdue if x.next and not x.next.overdue] == []
