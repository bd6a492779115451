"""What has changed since an earlier decision: two days, two states of knowledge, two versions of the rules.

Rules: promises over generated records, and small histories written out; a stored decision is read from its JSON alone.
"""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from generated import CALENDAR as SMALL
from generated import cases, days, models
from generated_records import CALENDAR
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import sky_model as sky
from sky_model.changes import Changes
from sky_model.decision import Decision, dumps
from sky_model.events import Event
from sky_model.model import load_data
from sky_model.source import read_text

many = settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
LISTS = ("tasks", "open_steps", "questions", "messages", "withdrawn")

RULES = """
format: 1
ruleset: example
version: 1
status: pilot
valid_from: 2026-08-01
grades: 1-9
name: {en: rules of these tests}
sources:
  - {id: town, kind: local, name: invented, certainty: inference}
kinds:
  - {id: health, is: authorised, name: {en: health}, source: town}
counters:
  - {id: absence, measure: lessons, lesson_minutes: 45, kinds: all, window: {in: term}, source: town}
reports:
  - {id: concern, by: [teacher], name: {en: concern}, about: welfare, source: town}
tiers:
  - {id: targeted, name: {en: targeted}, source: town}
roles:
  - {id: teacher, what: profession, name: {en: teacher}, sees: [absence], source: town}
  - {id: coach, what: profession, name: {en: coach}, sees: [welfare], source: town}
  - {id: guardian, what: party, name: {en: guardian}, source: town}
steps:
  - id: first
    tier: targeted
    name: {en: first step}
    opens: {absence: {at_least: 30}}
    lasts: until_closed
    again: next_window
    actions:
      - {id: talk, name: {en: talk}, who: teacher, duty: must, about: absence, within: {school_days: 5}}
      - {id: tell-home, name: {en: tell home}, who: teacher, duty: must, about: absence, to: [guardian], within: {school_days: 5}}
    closing: {by: [teacher], reasons: [{id: enough, name: {en: enough}}]}
    source: town
  - id: worried
    tier: targeted
    name: {en: somebody worries}
    opens: {concern: {is: raised}}
    lasts: until_closed
    again: next_window
    actions:
      - {id: ask, name: {en: ask}, who: coach, duty: must, about: welfare, within: {school_days: 5}}
    closing: {by: [coach], reasons: [{id: enough, name: {en: enough}}]}
    source: town
messages:
  - id: twenty
    name: {en: twenty lessons}
    when: {absence: {at_least: 20}}
    once_in: term
    to: [guardian]
    about: absence
    source: town
"""
MODEL = load_data(read_text(RULES).data)
HIGHER = load_data(read_text(RULES.replace("at_least: 30", "at_least: 36").replace("version: 1", "version: 2")).data)
PUPIL = sky.Enrolment("s-3", grade=8, since=date(2026, 8, 12), lessons_per_week=30)


def d(text: str) -> date:
    return date.fromisoformat(f"2026-{text}")


def absent(on: str, lessons: int = 6, recorded: str | None = None, **more: Any) -> sky.Mark:
    more.setdefault("id", f"mark-{on}")
    return sky.Mark(d(on), lessons=lessons, kind="health", recorded=d(recorded or on), **more)


FIVE: tuple[Event, ...] = tuple(absent(f"09-0{n}") for n in (1, 2, 3, 4, 7))
WRONG = absent("09-07", 0, "09-14")


def case(*events: Event) -> sky.Case:
    return sky.Case("p-1", events=[replace(e, seq=n) for n, e in enumerate([PUPIL, *events])])


def decide(*events: Event, on: str, known_on: str | None = None, model: sky.Model = MODEL) -> Decision:
    return sky.decide(model, case(*events), on=d(on), known_on=d(known_on) if known_on else None, calendars=CALENDAR)


def told(changes: Changes) -> set[tuple[str, str]]:
    return {(c.name, c.how) for c in changes.changes}


def marks_of(changes: Changes, name: str) -> list[str | None]:
    (found,) = [c for c in changes.changes if c.name == name]
    return [t.id or t.what for t in found.through]


# ---------------------------------------------------------------------- promises
@many
@given(models(), cases(), days())
def test_nothing_has_changed_since_the_decision_itself(model: sky.Model, record: sky.Case, on: date) -> None:
    decision = sky.decide(model, record, on=on, calendars=SMALL, as_if=True)
    for same in (decision, dumps(decision)):
        changes = decision.changes_since(same)
        assert not changes
        assert (changes.changes, changes.corrections, changes.basis, changes.order) == ((), (), {}, {})


@pytest.mark.long
@many
@given(models(), models(), cases(), days(), days(), st.booleans())
def test_the_differences_applied_to_the_earlier_lists_give_the_later_lists(
    old: sky.Model, new: sky.Model, record: sky.Case, one: date, other: date, same_rules: bool
) -> None:
    first, last = min(one, other), max(one, other)
    earlier = dumps(sky.decide(new if same_rules else old, record, on=first, calendars=SMALL, as_if=True))
    later = sky.decide(new, record, on=last, calendars=SMALL, as_if=True)
    changes = later.changes_since(earlier)
    made, published = changes.applied_to(earlier), json.loads(dumps(later))
    assert made == {name: published[name] for name in LISTS}
    assert json.loads(json.dumps(changes.to_json()))["format"] == 1
    for c in changes.changes:
        assert c.through, c
        assert not same_rules or {t.what for t in c.through} <= {"event", "time"}, c


@pytest.mark.long
@many
@given(models(), cases(), days(), days())
def test_the_differences_between_earlier_knowledge_and_now_give_the_decision_of_now(
    model: sky.Model, record: sky.Case, one: date, on: date
) -> None:
    assume(one < on)
    earlier = sky.decide(model, record, on=on, known_on=one, calendars=SMALL, as_if=True)
    later = sky.decide(model, record, on=on, calendars=SMALL, as_if=True)
    changes = later.changes_since(earlier)
    published = json.loads(dumps(later))
    assert changes.applied_to(earlier) == {name: published[name] for name in LISTS}
    recorded_since = {e.id for e in record.events if e.recorded > one}
    for c in changes.changes:  # the day is the same: what was recorded since brought it, or that days passed without a mark
        assert all(t.id in recorded_since if t.what == "event" else t.what == "time" for t in c.through), c


@many
@given(models(), cases(), days(), days(), st.integers(0, 10**6))
def test_the_order_in_which_events_are_handed_in_makes_no_other_difference(
    model: sky.Model, record: sky.Case, one: date, other: date, seed: int
) -> None:
    shuffled = list(record.events)
    random.Random(seed).shuffle(shuffled)
    again = sky.Case("p", register=record.register, events=shuffled)
    found = []
    for c in (record, again):
        earlier = sky.decide(model, c, on=min(one, other), calendars=SMALL, as_if=True)
        found.append(
            sky.decide(model, c, on=max(one, other), calendars=SMALL, as_if=True).changes_since(dumps(earlier)).to_json()
        )
    assert found[0] == found[1]


@many
@given(models(), cases(), days(), days())
def test_taking_out_the_event_that_a_change_came_through_and_all_after_it_undoes_the_change(
    model: sky.Model, record: sky.Case, one: date, other: date
) -> None:
    """The event named is one at whose place it came: just before it, it was not so; after it, it is."""
    first, last = min(one, other), max(one, other)
    later = sky.decide(model, record, on=last, calendars=SMALL, as_if=True)
    for c in later.changes_since(dumps(sky.decide(model, record, on=first, calendars=SMALL, as_if=True))).of("new"):
        if c.through[0].what != "event":
            continue
        moments = [
            m
            for m, e in zip(record.moments, record.events, strict=True)
            if (e.id, e.recorded) == (c.through[0].id, c.through[0].recorded)
        ]
        seen = []
        for n in (moments[0] - 1, moments[-1]):
            known = [e for m, e in zip(record.moments, record.events, strict=True) if m <= n]
            names = {"opening": "open_steps", "task": "tasks", "question": "questions", "message": "messages"}
            cut = sky.decide(
                model, sky.Case("p", register=record.register, events=known), on=last, calendars=SMALL, as_if=True
            ).to_json()
            found = cut[names[c.what]]
            seen.append(c.name in [f"{x['what']}:{x['fact']}" if c.what == "question" else x.get("name") for x in found])
        assert seen == [False, True], c


# ---------------------------------------------------------------------- two days
def test_an_opening_and_its_tasks_are_new_through_the_mark_that_reached_the_limit() -> None:
    irrelevant = sky.Mark(d("09-08"), lessons=1, kind="health", id="one-more", recorded=d("09-08"))
    changes = decide(*FIVE, irrelevant, on="09-10").changes_since(decide(*FIVE, irrelevant, on="09-04"))
    assert told(changes) >= {("first@2026-09-07", "new"), ("first@2026-09-07/talk", "new")}
    assert marks_of(changes, "first@2026-09-07") == ["mark-09-07"]
    assert not changes.basis


def test_an_action_that_was_done_is_told_as_done_through_its_answer() -> None:
    talk = sky.ActionTaken("talk", "done", d("09-09"), by="teacher", id="talked")
    changes = decide(*FIVE, talk, on="09-09").changes_since(decide(*FIVE, talk, on="09-08"))
    assert told(changes) == {("first@2026-09-07/talk", "done")}
    assert marks_of(changes, "first@2026-09-07/talk") == ["talked"]


def test_what_a_day_alone_changes_came_through_time() -> None:
    changes = decide(*FIVE, on="09-15").changes_since(decide(*FIVE, on="09-14"))
    (overdue, _) = changes.of("changed")
    assert overdue.fields == ("overdue",)
    assert [t.what for t in overdue.through] == ["time"]


def test_a_closing_ends_the_opening_and_its_tasks_and_corrects_nothing() -> None:
    closing = sky.StepClosed("first", "enough", d("09-10"), by="teacher", id="closed")
    home = sky.ActionTaken("tell-home", "done", d("09-08"), by="teacher")
    changes = decide(*FIVE, home, closing, on="09-10").changes_since(decide(*FIVE, home, closing, on="09-09"))
    assert {c.how for c in changes.changes} == {"ended"}
    assert marks_of(changes, "first@2026-09-07") == ["closed"]
    assert changes.corrections == ()


def test_a_correction_of_a_mark_withdraws_and_proposes_to_correct_what_had_gone_out() -> None:
    home = sky.ActionTaken("tell-home", "done", d("09-08"), by="teacher")
    talk = sky.ActionTaken("talk", "done", d("09-09"), by="teacher")
    record = (*FIVE, home, talk, WRONG)
    changes = decide(*record, on="09-14").changes_since(decide(*record, on="09-11"))
    assert ("first@2026-09-07", "withdrawn") in told(changes)
    assert marks_of(changes, "first@2026-09-07") == ["mark-09-07"]
    assert [(c.of, c.why, [t.id for t in c.through]) for c in changes.corrections] == [
        ("talk", "done", ["mark-09-07"]),
        ("tell-home", "guardian_told", ["mark-09-07"]),
    ]
    assert changes.corrections[1].to == ("guardian",)
    again = decide(*record, on="09-15").changes_since(decide(*record, on="09-14"))
    assert again.corrections == ()  # proposed once


def test_a_task_whose_ground_is_gone_is_withdrawn_and_back_when_the_ground_is() -> None:
    record = (*FIVE, WRONG, absent("09-15"))
    lost = decide(*record, on="09-14")
    assert ("first@2026-09-07/talk", "withdrawn") in told(lost.changes_since(decide(*record, on="09-11")))
    back = decide(*record, on="09-15").changes_since(dumps(lost))
    assert ("first@2026-09-07", "back") in told(back)
    assert marks_of(back, "first@2026-09-07") == ["mark-09-15"]


def test_a_message_that_was_sent_and_was_never_owed_is_to_be_corrected() -> None:
    sent = sky.ActionTaken("twenty", "done", d("09-05"), by="teacher")
    wrong = [absent(f"09-0{n}", 0, "09-08") for n in (1, 2)]
    record = (*FIVE[:4], sent, *wrong)
    changes = decide(*record, on="09-08").changes_since(decide(*record, on="09-07"))
    (message,) = changes.of("withdrawn")
    assert message.name == "twenty@2026-09-04"
    assert [(c.of, c.why, c.to) for c in changes.corrections] == [("twenty", "message_sent", ("guardian",))]
    unsent = (*FIVE[:4], *wrong)
    changes = decide(*unsent, on="09-08").changes_since(decide(*unsent, on="09-07"))
    assert told(changes) == {("twenty@2026-09-04", "withdrawn")}  # owed and not sent: nothing is to be set right
    assert changes.corrections == ()


def test_what_was_recorded_later_on_the_day_of_the_earlier_decision_is_found() -> None:
    morning = decide(*FIVE[:4], on="09-07")
    evening = decide(*FIVE, on="09-07").changes_since(dumps(morning))
    assert marks_of(evening, "first@2026-09-07") == ["mark-09-07"]


def test_what_was_in_the_record_then_and_is_not_now_is_told_as_the_record() -> None:
    earlier = decide(*FIVE, on="09-08")
    changes = decide(*FIVE[:4], on="09-08").changes_since(earlier)
    assert marks_of(changes, "first@2026-09-07") == ["record"]


def test_where_a_list_has_another_order_the_new_order_is_told() -> None:
    concern = sky.Report("concern", d("09-08"), by="teacher")
    sooner = sky.ActionTaken("ask", "planned", d("09-10"), by="coach", until=d("09-11"))
    record = (*FIVE, concern, sooner)
    earlier, later = decide(*record, on="09-09"), decide(*record, on="09-10")
    changes = later.changes_since(dumps(earlier))
    assert [t.action for t in earlier.tasks] == ["talk", "tell-home", "ask"]
    assert (
        [n.rpartition("/")[2] for n in changes.order["task"]] == [t.action for t in later.tasks] == ["ask", "talk", "tell-home"]
    )
    assert [t["action"] for t in changes.applied_to(dumps(earlier))["tasks"]] == ["ask", "talk", "tell-home"]


# ---------------------------------------------------------------------- two states of knowledge
def test_earlier_knowledge_and_now() -> None:
    record = (*FIVE, WRONG)
    changes = decide(*record, on="09-15").changes_since(decide(*record, on="09-15", known_on="09-10"))
    assert ("first@2026-09-07", "withdrawn") in told(changes)
    assert (changes.known_since, changes.known_to) == (d("09-10"), d("09-15"))


# ---------------------------------------------------------------------- two versions of the rules
def test_an_upgrade_is_told_through_the_ruleset_and_what_had_gone_out_is_told() -> None:
    home = sky.ActionTaken("tell-home", "done", d("09-08"), by="teacher")
    stored = dumps(decide(*FIVE, home, on="09-10"))
    changes = decide(*FIVE, home, on="09-10", model=HIGHER).changes_since(stored)
    assert {t.what for c in changes.changes for t in c.through} == {"ruleset", "layers"}
    assert changes.basis["ruleset"][0]["name"] == "example/1"
    assert ("first@2026-09-07", "ended") in told(changes)
    assert [(c.of, c.why) for c in changes.corrections] == [("tell-home", "guardian_told")]


def test_with_other_rules_a_mark_recorded_since_is_still_told_apart() -> None:
    sixth = absent("09-11")
    stored = dumps(decide(*FIVE[:4], on="09-08"))
    record = (*FIVE[:4], absent("09-09"), sixth)
    changes = decide(*record, on="09-11", model=HIGHER).changes_since(stored)
    assert marks_of(changes, "first@2026-09-11") == ["mark-09-11"]


def test_a_field_that_an_older_form_does_not_have_is_no_change() -> None:
    stored = decide(*FIVE, on="09-08").to_json()
    for t in stored["tasks"]:
        del t["missed"]
    assert not decide(*FIVE, on="09-08").changes_since(stored)


# ---------------------------------------------------------------------- readers
def test_a_reader_is_told_no_more_than_its_role_allows() -> None:
    concern = sky.Report("concern", d("09-09"), by="teacher", id="a-concern")
    record = (*FIVE, concern)
    earlier, later = decide(*record, on="09-04"), decide(*record, on="09-10")
    for reader in ("teacher", "coach", "guardian", "log"):
        changes = later.for_reader(reader).changes_since(dumps(earlier.for_reader(reader)))
        said = json.dumps(changes.to_json())
        assert ("a-concern" in said) == (reader == "log"), reader
        assert ("mark-09-07" in said) == (reader in ("teacher", "log")), (
            reader
        )  # the marks of a ground; through what is for nobody
        assert reader == "log" or later.for_reader(reader).asked is None
        assert all(bool(c.through) == (reader == "log") for c in changes.changes)
    ask = "worried@2026-09-09/ask"
    assert ask in {c.name for c in later.for_reader("coach").changes_since(earlier.for_reader("coach")).changes}


# ---------------------------------------------------------------------- what is refused
def _without(key: str) -> dict[str, Any]:
    said = decide(*FIVE, on="09-08").to_json()
    del said[key]
    return said


@pytest.mark.parametrize(
    ("earlier", "rule"),
    [
        ("{", "not-json"),
        (b"\xff\xfe\x00", "not-json"),
        ("[" * 100_000, "not-json"),
        ("[]", "not-an-object"),
        (decide(*FIVE, on="09-08").to_json() | {"format": 2}, "format"),
        (_without("tasks"), "missing"),
        (decide(*FIVE, on="09-08").to_json() | {"on": "yesterday"}, "not-a-day"),
        (decide(*FIVE, on="09-08").to_json() | {"tasks": {}}, "not-a-list"),
        (decide(*FIVE, on="09-08").to_json() | {"tasks": [{"nom": 1}]}, "not-a-text"),
        (decide(*FIVE, on="09-08").to_json() | {"tasks": ["x"]}, "not-a-text"),
        (decide(*FIVE, on="09-08").to_json() | {"pupil": "p-2"}, "other-pupil"),
        (decide(*FIVE, on="09-08").for_reader("teacher"), "other-reader"),
        (decide(*FIVE, on="09-18"), "not-earlier"),
    ],
)
def test_what_is_no_earlier_decision_of_this_pupil_is_refused(earlier: Any, rule: str) -> None:
    with pytest.raises(sky.RecordError) as e:
        decide(*FIVE, on="09-10").changes_since(earlier)
    assert e.value.rule == rule
    assert "p-2" not in str(e.value)


def _anything() -> st.SearchStrategy[Any]:
    plain = st.one_of(
        st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.just("2026-09-08"), st.just("first@2026-09-07")
    )
    return st.recursive(plain, lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=3), inner)))


@pytest.mark.long
@settings(many, max_examples=300)
@given(st.data())
def test_a_stored_decision_that_is_damaged_is_compared_or_refused_and_never_a_traceback(data: st.DataObject) -> None:
    sent = sky.ActionTaken("twenty", "done", d("09-05"), by="teacher")
    said = json.loads(dumps(decide(*FIVE, sent, WRONG, sky.Report("concern", d("09-08")), on="09-14")))
    for _ in range(data.draw(st.integers(1, 3))):
        at: Any = said
        while isinstance(at, dict | list) and at:
            key = data.draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
            if not isinstance(at[key], dict | list) or not at[key] or data.draw(st.integers(0, 2)) == 0:
                at[key] = data.draw(_anything())
                break
            at = at[key]
    try:
        changes = decide(*FIVE, on="09-15").changes_since(said)
    except sky.RecordError:
        return
    json.dumps(changes.to_json())
    changes.applied_to(said)
