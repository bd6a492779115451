"""What is odd in a ruleset that loads is told, and each remark can be brought about and taken away."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import sky_model as sky
from sky_model.checks.remarks import gaps_by_layer, remarks
from sky_model.cli import app

HEAD = """\
format: 1
ruleset: odd
version: 2026-1
status: pilot
valid_from: 2026-08-01
grades: 1-9
name: {en: Odd}
sources:
  - {id: act, kind: statute, name: An act, certainty: primary}
kinds: [{id: away, is: unauthorised, name: {en: away}}]
tiers: [{id: targeted, name: {en: targeted}}]
roles:
  - {id: teacher, what: profession, name: {en: teacher}, sees: [absence]}
  - {id: guardian, what: party, name: {en: guardian}}
groups: [{id: team, name: {en: team}, led_by: teacher}]
reports:
  - {id: concern, by: [teacher], name: {en: concern}}
  - {id: wish, by: [teacher], name: {en: wish}}
counters:
  - {id: lessons-away, measure: lessons, lesson_minutes: 45, kinds: all, window: {in: term}}
  - {id: days-in-a-week, measure: days, day_from: any_part, kinds: all, window: {in: any_time, rolling: {school_days: 5}}}
steps:
"""
CLOSING = "closing: {by: [teacher], reasons: [{id: enough, name: {en: enough}}]}"
ACTION = "{id: NAME-act, name: {en: act}, who: teacher, duty: must, about: absence, within: {school_days: 5}}"


def step(
    name: str, opens: str, *lines: str, lasts: str = "until_closed", again: str = "next_window", action: str = ACTION
) -> str:
    more = "".join(f"    {x}\n" for x in lines or ([CLOSING] if lasts == "until_closed" else []))
    acts = f"    actions: [{action.replace('NAME', name)}]\n" if action else ""
    return (
        f"  - id: {name}\n    tier: targeted\n    name: {{en: {name}}}\n    opens: {opens}\n    lasts: {lasts}\n"
        f"    again: {again}\n    source: act\n{acts}{more}"
    )


def told(tmp_path: Path, *steps: str, head: str = HEAD) -> list[str]:
    path = tmp_path / "odd.yaml"
    path.write_text(head + "".join(steps), encoding="utf-8")
    assert [str(p) for p in sky.check(path)] == []
    return [f"{p.code}: {p.message}" for p in remarks(sky.load(path).newest)]


PLAIN = step("plain", "{any: [{lessons-away: {at_least: 30}}, {concern: {is: raised}}]}")
ODD = {
    "a number that a window cannot hold": (
        [step("full-week", "{days-in-a-week: {at_least: 6}}")],
        "never-reached: nobody can reach the step 'full-week'",
    ),
    "limits that exclude each other": (
        [step("never", "{all: [{lessons-away: {at_least: 30}}, {lessons-away: {less_than: 20}}]}")],
        "never-reached: nobody can reach the step 'never'",
    ),
    "a step after one that nobody reaches": (
        [step("full-week", "{days-in-a-week: {more_than: 5}}"), step("next", "{full-week: {is: open}}")],
        "never-reached: nobody can reach the step 'next'",
    ),
    "a part that never holds": (
        [step("one", "{any: [{lessons-away: {at_least: 30}}, {days-in-a-week: {at_least: 9}}]}")],
        "never-true: steps.one.opens: the part 'days-in-a-week' never holds",
    ),
    "a part without which all is the same": (
        [step("one", "{all: [{lessons-away: {at_least: 30}}, {lessons-away: {more_than: 5}}]}")],
        "redundant: steps.one.opens: without the part 'lessons-away' all would be the same",
    ),
    "a joined part within another": (
        [step("one", "{any: [{concern: {is: raised}}, {all: [{concern: {is: raised}}, {wish: {is: raised}}]}]}")],
        "redundant: steps.one.opens: without the part all of 'concern', 'wish' all would be the same",
    ),
    "an upper end with nothing above": (
        [step("band", "{lessons-away: {at_least: 30, less_than: 50}}")],
        "gap-above: lessons-away: at 30 'band' opens, at 50 nothing does",
    ),
    "one more absence that closes": (
        [step("band", "{lessons-away: {at_least: 30, at_most: 49}}")],
        "not-rising: one more absence may close or spare the step 'band': at 50 of 'lessons-away' it no longer holds",
    ),
    "a step that nobody closes": (
        [step("open-end", "{concern: {is: raised}}", "was: []")],
        "dead-end: the step 'open-end' lasts until it is closed, and nobody is named who closes it",
    ),
    "a step that asks for nothing": (
        [step("idle", "{concern: {is: raised}}", action="")],
        "no-action: the step 'idle' asks nobody for anything",
    ),
    "a must without a day": (
        [step("late", "{concern: {is: raised}}", action="{id: a, name: {en: a}, who: teacher, duty: must, about: absence}")],
        "no-deadline: steps.late.actions.a: a must without a due day",
    ),
    "a day after the end of the step": (
        [step("short", "{concern: {is: raised}}", lasts="{school_days: 3}")],
        "deadline-too-late: steps.short.actions.short-act: due after 5 school days, and the step ends after 3",
    ),
    "a day before what it waits for": (
        [
            step("wished", "{wish: {is: raised}}").replace(
                "actions: [",
                "actions: [{id: talk, name: {en: t}, who: teacher, duty: must, about: absence, after: [wished-act],"
                " within: {from: wish, school_days: 4}}, ",
            )
        ],
        "deadline-too-short: steps.wished.actions.talk: due 4 school days after the report, and it waits for 'wished-act',"
        " which may take 5",
    ),
    "steps that open each other": (
        [
            step("a", "{b: {is: ended}}", lasts="{school_days: 2}", again="when_true_anew"),
            step("b", "{any: [{a: {is: ended}}, {wish: {is: raised}}]}", lasts="{school_days: 2}", again="when_true_anew"),
        ],
        "circle-of-steps: the step 'a' opens again and again through a, b, and nothing else is needed",
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_what_is_odd_is_told(name: str, tmp_path: Path) -> None:
    steps, said = ODD[name]
    assert said in told(tmp_path, *steps)


def test_a_plain_ruleset_has_no_remarks(tmp_path: Path) -> None:
    assert told(tmp_path, PLAIN) == []


def test_a_role_without_a_task_and_a_group_without_a_lead_are_told(tmp_path: Path) -> None:
    role = "  - {id: spare, what: role, name: {en: spare}, sees: [absence]}\n"
    head = HEAD.replace("  - {id: guardian,", role + "  - {id: guardian,").replace(", led_by: teacher", "")
    asked = step("one", "{concern: {is: raised}}", action=ACTION.replace("who: teacher", "who: team"))
    assert told(tmp_path, asked, head=head) == [
        "idle-role: no rule asks, tells or names the role 'spare'",
        "no-role: steps.one.actions.one-act: nobody leads the group 'team', so no person is asked",
    ]


def test_a_question_that_no_action_asks_is_told_and_one_that_is_asked_is_not(tmp_path: Path) -> None:
    head = HEAD.replace("counters:", "questions:\n  - {id: cause, answers: [a, b], by: [teacher], name: {en: cause}}\ncounters:")
    asking = ACTION.replace("about: absence", "about: absence, asks: [cause]")
    assert told(tmp_path, PLAIN, head=head) == ["not-asked: no action asks the question 'cause'"]
    assert told(tmp_path, step("one", "{concern: {is: raised}}", action=asking), head=head) == []


def test_two_limits_on_one_counter_are_two_grounds_and_no_slip(tmp_path: Path) -> None:
    assert told(tmp_path, step("two", "{any: [{lessons-away: {at_least: 30}}, {lessons-away: {at_least: 50}}]}")) == []


def test_an_open_band_above_closes_the_gap(tmp_path: Path) -> None:
    steps = [
        step("band", "{lessons-away: {at_least: 30, less_than: 50}}"),
        step("high", "{lessons-away: {at_least: 50}}", "above: {band: beside}", CLOSING),
    ]
    assert not any(x.startswith("gap-above") for x in told(tmp_path, *steps))


def test_the_national_ruleset_is_looked_at_with_little_work() -> None:
    rules, calls = sky.load("fi-sky/2026-1").newest, 0

    def count(frame: object, event: str, arg: object) -> None:
        nonlocal calls
        calls += event == "call"

    held = sys.getprofile()
    sys.setprofile(count)
    try:
        found = remarks(rules)
    finally:
        sys.setprofile(held)
    assert calls < 20_000, "it is about 2,000"
    assert {p.code for p in found} == {"no-deadline", "idle-role"}  # the law names no day; a layer gives these roles their tasks


# ---------------------------------------------------------------------- a layer, and what its base leaves open
LAYER = """\
format: 1
ruleset: our-town
version: 2026-1
extends: presets/lessons-per-term
status: draft
valid_from: 2026-08-12
grades: 1-9
name: {en: Our town}
gaps: [{gap: who answers the telephone, because: the page does not say}]
change:
  - {at: steps.first-limit-reached.actions.talk-with-pupil.within.school_days, from: 5, to: {gap: by when, read_as: 5},
     because: not said}
"""


def checked(tmp_path: Path, *more: str) -> list[str]:
    path = tmp_path / "our-town.yaml"
    path.write_text(LAYER, encoding="utf-8")
    done = CliRunner().invoke(app, ["check", str(path), *more])
    assert done.exit_code == 0, done.output
    return done.output.splitlines()


def test_of_a_layer_its_own_gaps_are_listed_and_those_of_its_bases_are_one_counted_line(tmp_path: Path) -> None:
    lines = checked(tmp_path)
    assert [x for x in lines if x.startswith("gap: ")] == [
        "gap: who answers the telephone",
        "gap: steps.first-limit-reached.actions.talk-with-pupil.within.school_days: by when (read as 5)",
    ]
    base = sky.load("presets/lessons-per-term").newest
    said = f"of the base: {len(gaps_by_layer(base))} gaps, {len(remarks(base))} remarks; see them with: sky check --all"
    assert [x for x in lines if x.startswith("of the base")] == [f"{said} {tmp_path / 'our-town.yaml'}"]


def test_with_all_every_gap_and_remark_of_the_bases_is_listed(tmp_path: Path) -> None:
    lines = checked(tmp_path, "--all")
    rules = sky.load(tmp_path / "our-town.yaml", allow=("draft",)).newest
    assert [x for x in lines if x.startswith("gap: ")] == [note for *_, note in gaps_by_layer(rules)]
    assert sum(x.startswith("remark: ") for x in lines) == len(remarks(rules))
    assert not [x for x in lines if x.startswith("of the base")]


def test_as_json_all_are_told_with_their_layer(tmp_path: Path) -> None:
    found = [json.loads(x) for x in checked(tmp_path, "--json")]
    rules = sky.load(tmp_path / "our-town.yaml", allow=("draft",)).newest
    assert [x["message"] for x in found if x["severity"] == "remark"] == [p.message for p in remarks(rules)]
    gaps = [x for x in found if x["severity"] == "gap"]
    assert [f"gap: {x['message']}" for x in gaps] == [note for *_, note in gaps_by_layer(rules)]
    assert {
        x["layer"]
        for x in gaps
        if "telephone" in x["message"] or ("by when" in x["message"] and "talk-with-pupil" in x["message"])
    } == {"our-town/2026-1"}
    assert {x["layer"] for x in found} <= {*rules.layers}
    assert [x["layer"] for x in gaps if "ministry" in x["message"]] == ["fi-sky/2026-1"]
    assert all(x["line"] for x in found)


@pytest.mark.parametrize("name", ["fi-sky/2026-1", "examples/kuopio", "examples/oulu-vesala", "presets/share-of-12-weeks"])
def test_every_gap_of_a_shipped_ruleset_has_its_layer_and_its_place(name: str) -> None:
    rules = sky.load(name, allow=("draft", "variant")).newest
    assert [note for *_, note in gaps_by_layer(rules)] == [n for n in rules.notes if n.startswith("gap: ")]
    assert all(layer in rules.layers and place.line for layer, place, _ in gaps_by_layer(rules))
