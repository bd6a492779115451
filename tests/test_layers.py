"""Layers on each other: what a layer states holds, what it does not state stays, and every value knows who says it.

Rules: a message is compared whole, with its place; an expected value is found by a walk of its own, not by the engine's.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from generated import CALENDAR, cases, days, model_data
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sky_model as sky
from sky_model import cli
from sky_model.layers import Layer, Whole, lay

few = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))

BASE = """\
format: 1
ruleset: base
version: 2026-1
status: pilot
valid_from: 2026-08-01
grades: 1-9
name: {en: the base}
sources:
  - {id: law, kind: statute, name: A law, certainty: primary}
  - {id: ours, kind: local, name: Ours, certainty: inference}
defaults:
  steps: {lasts: until_closed, again: next_window}
kinds:
  - {id: away, is: unauthorised, name: {en: away}}
roles:
  - {id: lead, what: role, name: {en: lead}, sees: [absence]}
  - {id: head, what: role, name: {en: head}, sees: [absence], layer_may: reword}
reports:
  - {id: concern, by: [lead], name: {en: concern}}
  - {id: wish, by: [lead], name: {en: wish}}
parameters:
  - {id: free, unit: lessons, value: 30}
  - {id: fixed, unit: lessons, value: 30, layer_may: nothing}
  - {id: legal, unit: school_days, value: 7, source: law}
  - {id: less, unit: lessons, value: 30, layer_may: lower}
  - {id: more, unit: lessons, value: 30, layer_may: raise}
  - {id: between, unit: lessons, value: 30, layer_may: {at_least: 20, at_most: 50}}
  - {id: open, unit: lessons, value: unset, layer_may: set}
tiers:
  - {id: targeted, name: {en: targeted}}
counters:
  - {id: lessons-away, measure: lessons, lesson_minutes: 45, kinds: all, window: {in: school_year}}
  - {id: marks-away, measure: marks, kinds: {only: [away]}, window: {in: any_time}, layer_may: set}
steps:
  - id: first
    tier: targeted
    name: {en: first}
    opens: {any: [{lessons-away: {at_least: 30}}, {concern: {is: raised}}]}
    source: ours
    actions:
      - {id: talk, name: {en: talk}, who: lead, duty: must, about: absence, within: {school_days: 5}}
      - {id: notice, name: {en: notice}, who: lead, duty: must, about: absence, source: law}
  - id: second
    tier: targeted
    name: {en: second}
    opens: {lessons-away: {at_least: 50}}
    above: {first: includes}
    source: ours
    actions:
      - {act: talk, who: head}
    closing:
      by: [lead, head]
      reasons: [{id: enough, name: {en: enough}}, {id: moved, name: {en: moved}}]
  - id: by-law
    tier: targeted
    name: {en: by law}
    opens: {any: [{marks-away: {at_least: 1}}, {marks-away: {less_than: 1}}]}
    source: law
    actions:
      - {id: write, name: {en: write}, who: lead, duty: must, about: absence}
      - {id: call, name: {en: call}, who: lead, duty: should, about: absence, source: ours}
texts:
  greeting: {en: Good day}
"""
HEAD = """\
format: 1
ruleset: {name}
version: 2026-1
extends: {base}
status: pilot
valid_from: 2026-08-01
grades: 1-9
name: {{en: a layer}}
"""  # the line that a layer states first is its ninth


def write(folder: Path, *states: str, base: str = BASE) -> Path:
    """A base and layers on it, each on the one before; the path of the highest."""
    below = "base"
    (folder / below).mkdir(exist_ok=True)
    (folder / below / "ruleset.yaml").write_text(base, encoding="utf-8")
    for name, said in zip(("town", "school", "unit"), states, strict=False):
        (folder / name).mkdir(exist_ok=True)
        text = HEAD.format(name=name, base=below) + said + "\n"
        (folder / name / "ruleset.yaml").write_text(text, encoding="utf-8")
        below = name
    return folder / below


def told(folder: Path, *states: str, base: str = BASE) -> str:
    return "\n".join(map(str, sky.check(write(folder, *states, base=base)))).replace(f"{folder}/", "")


def loaded(folder: Path, *states: str, base: str = BASE) -> sky.Model:
    return sky.load(write(folder, *states, base=base), allow=("variant",))


def value(model: sky.Model, at: str) -> Any:
    return model.newest.origin_of(at).value


# ---------------------------------------------------------------------- what a layer states holds
STATED = {
    "a parameter": ("set: [{parameter: free, to: 20, because: x}]", "parameters.free.value", "20"),
    "a number": (
        "change: [{at: counters.lessons-away.lesson_minutes, from: 45, to: 75, because: x}]",
        "counters.lessons-away.lesson_minutes",
        "75",
    ),
    "a limit of a part": (
        "change: [{at: steps.first.opens.any.lessons-away.at_least, from: 30, to: 20, because: x}]",
        "steps.first.opens.any",
        [{"lessons-away": {"at_least": "20"}}, {"concern": {"is": "raised"}}],
    ),
    "a part as a whole": (
        "change: [{at: steps.first.opens.any.concern, from: {concern: {is: raised}}, to: {wish: {is: raised}}, because: x}]",
        "steps.first.opens.any",
        [{"lessons-away": {"at_least": "30"}}, {"wish": {"is": "raised"}}],
    ),
    "a list": (
        "change: [{at: steps.second.closing.by, from: [lead, head], to: [head], because: x}]",
        "steps.second.closing.by",
        ["head"],
    ),
    "a list in which what a law says stands unchanged": (
        "change:\n"
        "  - at: steps.first.actions\n"
        "    from:\n"
        "      - {id: talk, name: {en: talk}, who: lead, duty: must, about: absence, within: {school_days: 5}}\n"
        "      - {id: notice, name: {en: notice}, who: lead, duty: must, about: absence, source: law}\n"
        "    to:\n"
        "      - {id: notice, name: {en: notice}, who: lead, duty: must, about: absence, source: law}\n"
        "      - {id: talk, name: {en: talk}, who: head, duty: must, about: absence}\n"
        "    because: x",
        "steps.first.actions.talk.who",
        "head",
    ),
    "a value of an action that is asked again": (
        "change: [{at: steps.second.actions.talk.who, from: head, to: lead, because: x}]",
        "steps.second.actions.talk",
        {"act": "talk", "who": "lead"},
    ),
    "a value of the defaults of the base": (
        "change: [{at: steps.first.lasts, from: until_closed, to: while_true, because: x}]",
        "steps.first.lasts",
        "while_true",
    ),
    "one more part": (
        "add: [{at: steps.first.opens.any, item: {wish: {is: raised}}, because: x}]",
        "steps.first.opens.any",
        [{"lessons-away": {"at_least": "30"}}, {"concern": {"is": "raised"}}, {"wish": {"is": "raised"}}],
    ),
    "one more key": (
        "add: [{at: steps.second.actions.talk, key: within, item: {school_days: 3}, because: x}]",
        "steps.second.actions.talk.within.school_days",
        "3",
    ),
    "a text of its own": ("texts: {leave: {en: Goodbye}}", "texts.leave.en", "Goodbye"),
    "one item less": (
        "remove: [{at: steps.second.closing.reasons.moved, because: x}]",
        "steps.second.closing.reasons",
        [{"id": "enough", "name": {"en": "enough"}}],
    ),
    "one word less": ("remove: [{at: steps.second.closing.by.head, because: x}]", "steps.second.closing.by", ["lead"]),
    "one key less": ("remove: [{at: steps.first.actions.talk.within, because: x}]", "steps.first.actions.talk.duty", "must"),
    "another name": ("change: [{at: roles.head.name.en, from: head, to: chief, because: x}]", "roles.head.name", {"en": "chief"}),
    "one more language": ("add: [{at: roles.head.name, key: fi, item: johtaja, because: x}]", "roles.head.name.fi", "johtaja"),
    "a lower number": ("set: [{parameter: less, to: 29, because: x}]", "parameters.less.value", "29"),
    "a higher number": ("set: [{parameter: more, to: 31, because: x}]", "parameters.more.value", "31"),
    "the least number of the bounds": ("set: [{parameter: between, to: 20, because: x}]", "parameters.between.value", "20"),
    "the greatest number of the bounds": ("set: [{parameter: between, to: 50, because: x}]", "parameters.between.value", "50"),
    "a number that was open": ("set: [{parameter: open, to: 9, because: x}]", "parameters.open.value", "9"),
    "a single value where values may be set": (
        "change: [{at: counters.marks-away.window.in, from: any_time, to: term, because: x}]",
        "counters.marks-away.window",
        {"in": "term"},
    ),
    "an own action of a step that rests on a law": (
        "change: [{at: steps.by-law.actions.call.duty, from: should, to: must, because: x}]",
        "steps.by-law.actions.call.duty",
        "must",
    ),
    "a single fact that becomes a list": (
        "change:\n"
        "  - {at: steps.second.opens, because: x, from: {lessons-away: {at_least: 50}},"
        " to: {any: [{lessons-away: {at_least: 50}}]}}\n"
        "add: [{at: steps.second.opens.any, item: {wish: {is: raised}}, because: x}]",
        "steps.second.opens.any",
        [{"lessons-away": {"at_least": "50"}}, {"wish": {"is": "raised"}}],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STATED)
def test_what_a_layer_states_holds(name: str, tmp_path: Path) -> None:
    said, at, expected = STATED[name]
    assert told(tmp_path, said) == ""
    assert value(loaded(tmp_path, said), at) == expected


def test_a_layer_changes_the_path_of_a_pupil(tmp_path: Path) -> None:
    """30 lessons of 45 minutes are 18 of 75: where a lesson is longer, the same minutes are fewer lessons."""
    longer = "change: [{at: counters.lessons-away.lesson_minutes, from: 45, to: 75, because: x}]"
    write(tmp_path, longer)
    calendar = sky.load_calendar("example-week-43/2026-27")
    minutes = [sky.Mark(date(2026, 9, d), minutes=270, kind="away") for d in (1, 2, 3, 4, 7)]
    case = sky.Case("p", events=[sky.Enrolment("s", 8, date(2026, 8, 12)), *minutes])
    before, after = (
        {s.step for s in sky.decide(sky.load(tmp_path / n), case, on=date(2026, 9, 7), calendars=calendar).open_steps}
        for n in ("base", "town")
    )
    assert (before, after) == ({"first", "by-law"}, {"by-law"})


def test_each_layer_changes_what_lies_beneath_it(tmp_path: Path) -> None:
    model = loaded(
        tmp_path,
        "set: [{parameter: free, to: 25, because: the town}]\nreports: [{id: towns, by: [lead], name: {en: of the town}}]",
        "change: [{at: parameters.free.value, from: 25, to: 20, because: the school}]\n"
        "add: [{at: reports.towns.by, item: head, because: the school}]",
        "change: [{at: parameters.free.value, from: 20, to: 15, because: the unit}]",
    )
    assert value(model, "parameters.free.value") == "15"
    assert value(model, "reports.towns.by") == ["lead", "head"]
    assert model.newest.layers == ("unit/2026-1", "school/2026-1", "town/2026-1", "base/2026-1")


def test_what_a_middle_layer_locks_is_locked_for_those_above_it(tmp_path: Path) -> None:
    locks = "add: [{at: steps.first, key: layer_may, item: nothing, because: one practice in the town}]"
    changes = "change: [{at: steps.first.actions.talk.within.school_days, from: 5, to: 3, because: x}]"
    assert told(tmp_path, changes) == ""
    assert told(tmp_path, locks, changes) == (
        "school/ruleset.yaml:9:69: the base lets no layer change 'steps.first.actions.talk.within.school_days' [may-not]\n"
        "    layer_may: nothing stands at town/ruleset.yaml:9:41"
    )


def test_what_the_base_leaves_open_of_a_law_may_be_changed(tmp_path: Path) -> None:
    changes = "change: [{at: steps.by-law.actions.write.duty, from: must, to: should, because: x}]"
    base = BASE.replace("    source: law\n", "    source: law\n    layer_may: anything\n")
    assert "the base lets no layer change" in told(tmp_path, changes)
    assert told(tmp_path, changes, base=base) == ""
    locked = BASE.replace("    source: law\n", "    source: law\n    layer_may: nothing\n")
    assert "the base lets no layer change" in told(tmp_path, changes, base=locked)
    nearest = locked.replace("{id: write, ", "{id: write, layer_may: anything, ")
    assert told(tmp_path, changes, base=nearest) == ""


def test_defaults_of_a_layer_are_for_its_own_items(tmp_path: Path) -> None:
    model = loaded(
        tmp_path,
        "defaults: {steps: {lasts: while_true, again: once}}\n"
        "steps: [{id: mine, tier: targeted, name: {en: mine}, opens: {wish: {is: raised}}, source: ours}]",
    )
    assert (value(model, "steps.mine.lasts"), value(model, "steps.first.lasts")) == ("while_true", "until_closed")


def test_a_variant_may_change_anything_and_says_so(tmp_path: Path) -> None:
    path = write(tmp_path, "remove: [{at: steps.by-law.actions.write, because: the study}]")
    assert [p.code for p in sky.check(path)] == ["may-not"]
    file = path / "ruleset.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("status: pilot", "status: variant"), encoding="utf-8")
    found = sky.load(path, allow=("variant",)).newest
    assert "write" not in found.acts
    assert found.notes == (
        "variant: town/2026-1 changes what its base protects: the base lets no layer change 'steps.by-law.actions.write'",
    )


def test_a_gap_of_the_base_can_be_closed_by_its_words(tmp_path: Path) -> None:
    base = BASE + "gaps: [{gap: how long a lesson is}, {gap: how long a lesson is. Really}, {gap: deadlines}]\n"
    model = loaded(tmp_path, "remove: [{at: gaps.how long a lesson is. Really, because: the school says it}]", base=base)
    assert [g.gap for g in model.newest.said.gaps] == ["how long a lesson is", "deadlines"]


# ---------------------------------------------------------------------- faults, word by word
FAULTS = {
    "the base says something else": (
        "change: [{at: counters.lessons-away.lesson_minutes, from: 60, to: 75, because: x}]",
        "9:53: at: counters.lessons-away.lesson_minutes: base/2026-1 says 45 at base/ruleset.yaml:32:42, not 60 [not-from]\n"
        "    read what the base says now; if the change still holds, write from: 45",
    ),
    "the base says already what is wanted": (
        "change: [{at: counters.lessons-away.lesson_minutes, from: 60, to: 45, because: x}]",
        "9:53: at: counters.lessons-away.lesson_minutes: base/2026-1 says 45 at base/ruleset.yaml:32:42, not 60 [not-from]\n"
        "    the base says now what this change wants: take the change out",
    ),
    "another list": (
        "change: [{at: steps.second.closing.by, from: [head, lead], to: [head], because: x}]",
        "9:40: at: steps.second.closing.by: base/2026-1 says [lead, head] at base/ruleset.yaml:52:7, "
        "not [head, lead] [not-from]\n"
        "    read what the base says now; if the change still holds, write from: [lead, head]",
    ),
    "a wrong path": (
        "remove: [{at: steps.first.open.any.concern, because: x}]",
        "9:11: at: steps.first.open.any.concern: there is no 'open' in steps.first [no-path]\n"
        "    nearest are steps.first.opens.any.concern ({concern: {is: raised}}); "
        "steps.first.opens.any.concern.is (raised); steps.first.opens.any ([{lessons-away: {at_least: 30}}, {concern: {is: r…)",
    ),
    "a wrong section": (
        "change: [{at: counter.lessons-away.lesson_minutes, from: 45, to: 75, because: x}]",
        "9:11: at: counter.lessons-away.lesson_minutes: there is no 'counter' [no-path]\n"
        "    nearest are counters.lessons-away.lesson_minutes (45); counters.lessons-away.kinds (all); "
        "counters.lessons-away.measure (lessons)",
    ),
    "what the layer beneath is called": (
        "change: [{at: grades, from: 1-9, to: 7-9, because: x}]",
        "9:11: at: grades: there is no 'grades' [no-path]\n"
        "    nearest are roles (",
    ),
    "two parts of one name": (
        "remove: [{at: steps.by-law.opens.any.marks-away, because: x}]",
        "9:11: at: steps.by-law.opens.any.marks-away: here are 2 items 'marks-away' [which-item]\n"
        "    change steps.by-law.opens.any as a whole",
    ),
    "adding to a single fact": (
        "add: [{at: steps.second.opens.any, item: {wish: {is: raised}}, because: x}]",
        "9:8: at: steps.second.opens.any: steps.second.opens is a single fact, {lessons-away: {at_least: 50}} [single-fact]\n"
        "    first change it: at: steps.second.opens, from: {lessons-away: {at_least: 50}}, "
        "to: {any: [{lessons-away: {at_least: 50}}]}",
    ),
    "adding to a condition": (
        "add: [{at: steps.second.opens, item: {wish: {is: raised}}, because: x}]",
        "9:8: at: steps.second.opens: steps.second.opens is a single fact, {lessons-away: {at_least: 50}} [single-fact]\n"
        "    first change it: at: steps.second.opens, from: {lessons-away: {at_least: 50}}, "
        "to: {any: [{lessons-away: {at_least: 50}}]}",
    ),
    "adding an item to a mapping": (
        "add: [{at: steps.first.actions.talk.within, item: 5, because: x}]",
        "9:8: at: steps.first.actions.talk.within: here is no list, but {school_days: 5} [no-list]\n    name the new key: key: …",
    ),
    "adding an item to a word": (
        "add: [{at: steps.first.tier, item: 5, because: x}]",
        "9:8: at: steps.first.tier: here is no list, but targeted [no-list]\n    an item is added to a list",
    ),
    "adding a key to a list": (
        "add: [{at: steps.second.closing.by, key: three, item: lead, because: x}]",
        "9:37: at: steps.second.closing.by: here are no keys, but [lead, head] [no-list]\n"
        "    leave `key` out: an item of a list has no key",
    ),
    "adding a key that is there": (
        "add: [{at: steps.first.actions.talk, key: within, item: {school_days: 3}, because: x}]",
        "9:51: at: steps.first.actions.talk: 'within' is already at base/ruleset.yaml:41:77 [doubled-id]\n"
        "    choose another name, or state what is to be other than in the base under `change`",
    ),
    "adding an id that is there": (
        "add: [{at: steps.second.closing.reasons, item: {id: moved, name: {en: x}}, because: x}]",
        "9:42: at: steps.second.closing.reasons: 'moved' is already at base/ruleset.yaml:53:51 [doubled-id]\n"
        "    choose another name, or state what is to be other than in the base under `change`",
    ),
    "an item of the base again": (
        "tiers: [{id: targeted, name: {en: x}}]",
        "9:10: 'targeted' is already at base/ruleset.yaml:30:5 [doubled-id]\n"
        "    choose another name, or state what is to be other than in the base under `change`",
    ),
    "a text of the base again": (
        "texts: {greeting: {en: x}}",
        "9:9: 'greeting' is already at base/ruleset.yaml:63:3 [doubled-id]\n"
        "    choose another name, or state what is to be other than in the base under `change`",
    ),
    "no such parameter": (
        "set: [{parameter: fre, to: 5, because: x}]",
        "9:8: there is no parameter 'fre' [no-parameter]\n    did you mean 'free'?",
    ),
    "no reason": (
        "remove: [{at: texts.greeting}]",
        "9:10: `because` is missing [missing]\n    add `because: …`",
    ),
    "an empty reason": (
        "remove: [{at: texts.greeting, because: ''}]",
        "9:31: `because` says nothing [because]\n    write who decided it, and where it can be read",
    ),
    "a fixed number": (
        "set: [{parameter: fixed, to: 5, because: x}]",
        "9:26: the base lets no layer change 'fixed' [may-not]\n    layer_may: nothing stands at base/ruleset.yaml:23:43",
    ),
    "a number of a law": (
        "set: [{parameter: legal, to: 5, because: x}]",
        "9:26: the base lets no layer change 'legal' [may-not]\n"
        "    it rests on the statute 'law', as said at base/ruleset.yaml:24:46",
    ),
    "a higher number": (
        "set: [{parameter: less, to: 31, because: x}]",
        "9:25: a layer may only lower 'less', which is 30 [may-not]\n    layer_may: lower stands at base/ruleset.yaml:25:42",
    ),
    "a lower number": (
        "change: [{at: parameters.more.value, from: 30, to: 29, because: x}]",
        "9:48: a layer may only raise 'parameters.more.value', which is 30 [may-not]\n"
        "    layer_may: raise stands at base/ruleset.yaml:26:42",
    ),
    "below the bounds": (
        "set: [{parameter: between, to: 19, because: x}]",
        "9:28: a layer may only set a number of at least 20 and at most 50 for 'between', which is 30 [may-not]\n"
        "    layer_may: {at_least: 20, at_most: 50} stands at base/ruleset.yaml:27:45",
    ),
    "above the bounds": (
        "set: [{parameter: between, to: 50.01, because: x}]",
        "9:28: a layer may only set a number of at least 20 and at most 50 for 'between', which is 30 [may-not]\n"
        "    layer_may: {at_least: 20, at_most: 50} stands at base/ruleset.yaml:27:45",
    ),
    "no number where one may be lowered": (
        "change: [{at: parameters.less.unit, from: lessons, to: marks, because: x}]",
        "9:52: a layer may only lower 'parameters.less.unit', which is lessons [may-not]\n"
        "    layer_may: lower stands at base/ruleset.yaml:25:42",
    ),
    "a list where values may be set": (
        "add: [{at: counters.marks-away.kinds.only, item: away-too, because: x}]",
        "9:8: a layer may only set another value for 'counters.marks-away.kinds.only' [may-not]\n"
        "    layer_may: set stands at base/ruleset.yaml:33:85",
    ),
    "the lock itself": (
        "change: [{at: counters.marks-away.layer_may, from: set, to: anything, because: x}]",
        "9:57: a layer may only set another value for 'counters.marks-away.layer_may', which is set [may-not]\n"
        "    layer_may: set stands at base/ruleset.yaml:33:85",
    ),
    "more than the wording": (
        "change: [{at: roles.head.sees, from: [absence], to: [], because: x}]",
        "9:49: a layer may only reword 'roles.head.sees': its name, says, text [may-not]\n"
        "    layer_may: reword stands at base/ruleset.yaml:17:63",
    ),
    "less wording": (
        "remove: [{at: roles.head.name, because: x}]",
        "9:11: a layer may only reword 'roles.head.name': its name, says, text [may-not]\n"
        "    layer_may: reword stands at base/ruleset.yaml:17:63",
    ),
    "an action of a law": (
        "change: [{at: steps.first.actions.notice.duty, from: must, to: may, because: x}]",
        "9:60: the base lets no layer change 'steps.first.actions.notice.duty' [may-not]\n"
        "    it rests on the statute 'law', as said at base/ruleset.yaml:42:81",
    ),
    "an action without a source in a step of a law": (
        "remove: [{at: steps.by-law.actions.write, because: x}]",
        "9:11: the base lets no layer change 'steps.by-law.actions.write' [may-not]\n"
        "    it rests on the statute 'law', as said at base/ruleset.yaml:58:5",
    ),
    "the law itself": (
        "change: [{at: sources.law.kind, from: statute, to: local, because: x}]",
        "9:48: the base lets no layer change 'sources.law.kind' [may-not]\n    it is a statute, at base/ruleset.yaml:9:5",
    ),
    "all actions with the one of the law": (
        "remove: [{at: steps.first.actions, because: x}]",
        "9:11: 'steps.first.actions' holds 'notice', which a layer may not change as it likes [may-not]\n"
        "    it rests on the statute 'law', as said at base/ruleset.yaml:42:81",
    ),
    "a step with an action of the law": (
        "remove: [{at: steps.first, because: x}]",
        "9:11: 'steps.first' holds 'notice', which a layer may not change as it likes [may-not]\n"
        "    it rests on the statute 'law', as said at base/ruleset.yaml:42:81",
    ),
    "a name": (
        "change: [{at: steps.second.id, from: second, to: third, because: x}]",
        "9:46: a name is never changed: 'steps.second.id' [may-not]\n    remove the item and add another one",
    ),
    "what layers may do in other words": (
        "reports: [{id: x, by: [lead], name: {en: x}, layer_may: much}]",
        "9:46: 'much' does not say what a layer may do [layer-may]\n"
        "    write one of nothing, reword, set, lower, raise, anything, {at_least: 20, at_most: 50}",
    ),
    "bounds of nothing": (
        "reports: [{id: x, by: [lead], name: {en: x}, layer_may: {}}]",
        "9:46: these bounds hold no number [layer-may]\n    write {at_least: 20, at_most: 50}, or one of them",
    ),
    "a value that may not stand there": (
        "change: [{at: steps.first.lasts, from: until_closed, to: for_ever, because: x}]",
        "9:54: 'for_ever' does not say what ends a step [lasts]\n",
    ),
    "an item that lacks something": (
        "add: [{at: steps.second.closing.reasons, item: {id: other}, because: x}]",
        "9:42: `name` is missing [missing]\n    add `name: …`",
    ),
    "a key too many": (
        "add: [{at: steps.first, key: lastz, item: x, because: x}]",
        "9:37: unknown key 'lastz' [unknown-key]\n    did you mean 'lasts'?",
    ),
    "taking away what is needed": (
        "remove: [{at: steps.second.tier, because: x}]",
        "9:11: `tier` is missing [missing]\n    add `tier: …`",
    ),
    "taking away the source of a step": (
        "remove: [{at: steps.second.source, because: x}]",
        "9:11: the step 'second' has no source [no-source]\n    add source: … (an id of `sources`)",
    ),
    "a limit that overtakes another one": (
        "change: [{at: steps.first.opens.any.lessons-away.at_least, from: 30, to: 60, because: x}]",
        "9:70: the limit of 'first' stands above that of 'second' on the counter 'lessons-away' [above]\n"
        "    add above: {second: includes} (or replaces, beside)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_a_layer_is_told_word_by_word(name: str, tmp_path: Path) -> None:
    said, expected = FAULTS[name]
    found = told(tmp_path, said)
    if expected.endswith(("\n", " (")):  # the rest is a list that grows with the language
        assert found.startswith(f"town/ruleset.yaml:{expected}")
    else:
        assert found == f"town/ruleset.yaml:{expected}"
    assert "[" in found.split("\n")[0]


def test_what_is_named_and_was_taken_away_is_told_with_the_line_that_took_it_away(tmp_path: Path) -> None:
    assert told(tmp_path, "remove: [{at: reports.wish, because: x}, {at: reports.concern, because: x}]") == (
        "base/ruleset.yaml:38:52: there is no counter, report, question, step or action 'concern' [no-such]\n"
        "    it is removed at town/ruleset.yaml:9:43"
    )


def test_all_faults_of_a_layer_are_told_at_once_and_none_that_follows_from_another(tmp_path: Path) -> None:
    said = (
        "change:\n"
        "  - {at: steps.second.opens, from: {lessons-away: {at_least: 40}}, to: {any: [{concern: {is: raised}}]}, because: x}\n"
        "  - {at: steps.first.tier, from: none, to: targeted, because: x}\n"
        "add:\n"
        "  - {at: steps.second.opens.any, item: {wish: {is: raised}}, because: x}\n"
    )
    problems = sky.check(write(tmp_path, said))
    assert [(p.code, p.place.line) for p in problems] == [("not-from", 10), ("not-from", 11)]


def test_a_base_that_has_moved_is_told_by_its_version_with_both_places(tmp_path: Path) -> None:
    said = "change: [{at: counters.lessons-away.lesson_minutes, from: 45, to: 75, because: x}]"
    assert told(tmp_path, said) == ""
    moved = BASE.replace("version: 2026-1", "version: 2027-1").replace("lesson_minutes: 45", "lesson_minutes: 60")
    assert told(tmp_path, said, base=moved) == (
        "town/ruleset.yaml:9:53: at: counters.lessons-away.lesson_minutes: "
        "base/2027-1 says 60 at base/ruleset.yaml:32:42, not 45 [not-from]\n"
        "    read what the base says now; if the change still holds, write from: 60"
    )


def test_a_middle_layer_that_has_moved_is_named_as_the_one_that_says_the_value(tmp_path: Path) -> None:
    middle = "change: [{at: counters.lessons-away.lesson_minutes, from: 45, to: 60, because: x}]"
    top = "change: [{at: counters.lessons-away.lesson_minutes, from: 45, to: 75, because: x}]"
    assert told(tmp_path, middle, top).startswith(
        "school/ruleset.yaml:9:53: at: counters.lessons-away.lesson_minutes: "
        "town/2026-1 says 60 at town/ruleset.yaml:9:63, not 45"
    )


# ---------------------------------------------------------------------- origins
def test_the_origin_of_a_value_is_the_layer_that_says_it_now_with_what_stood_beneath(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        "set: [{parameter: free, to: 25, because: the board of the town}]",
        "change: [{at: parameters.free.value, from: 25, to: 20, because: the school}]",
    ).newest.origin_of("parameters.free.value")
    chain = []
    while found is not None:
        place = str(found.place).replace(f"{tmp_path}/", "")
        chain.append((found.value, found.layer, place, found.because))
        found = found.beneath
    assert chain == [
        ("20", "school/2026-1", "school/ruleset.yaml:9:48", "the school"),
        ("25", "town/2026-1", "town/ruleset.yaml:9:25", "the board of the town"),
        ("30", "base/2026-1", "base/ruleset.yaml:22:31", ""),
    ]


@pytest.mark.parametrize(
    ("at", "layer", "place", "because"),
    [
        ("steps.first.opens.any.wish.is", "town/2026-1", "town/ruleset.yaml:9:49", "x"),
        ("steps.first.opens.any.concern.is", "base/2026-1", "base/ruleset.yaml:38:62", ""),
        ("steps.first.opens.any", "base/2026-1", "base/ruleset.yaml:38:13", ""),
        ("steps.first.lasts", "base/2026-1", "base/ruleset.yaml:12:11", ""),
        ("reports.towns", "town/2026-1", "town/ruleset.yaml:10:11", ""),
        ("valid_from", "town/2026-1", "town/ruleset.yaml:6:1", ""),
    ],
)
def test_every_part_has_its_own_origin(at: str, layer: str, place: str, because: str, tmp_path: Path) -> None:
    said = (
        "add: [{at: steps.first.opens.any, item: {wish: {is: raised}}, because: x}]\n"
        "reports: [{id: towns, by: [lead], name: {en: of the town}}]"
    )
    found = loaded(tmp_path, said).newest.origin_of(at)
    assert (found.layer, str(found.place).replace(f"{tmp_path}/", ""), found.because) == (layer, place, because)


def test_every_place_of_the_base_shows_the_key_or_the_value_that_stands_there(tmp_path: Path) -> None:
    newest = loaded(tmp_path, "set: [{parameter: free, to: 25, because: x}]").newest
    lines = BASE.splitlines()
    assert newest.whole is not None
    shown = 0
    for at, keys, text in leaves_of(newest.whole.data):
        place = newest.origin_of(at).place
        if place.file == "base/ruleset.yaml":
            assert lines[place.line - 1][place.column - 1 :].startswith((f"{keys[-1]}:", text)), at
            shown += 1
    assert shown > 60


def test_the_origin_of_nothing_tells_the_nearest_paths() -> None:
    newest = sky.load("presets/lessons-per-term").newest
    with pytest.raises(sky.RulesetError, match=r"nearest are steps\.first-limit-reached\.opens\.any\.concern "):
        newest.origin_of("steps.first-limit-reached.opens.any.concerns")


def test_the_command_line_tells_the_origin_of_a_value(tmp_path: Path) -> None:
    path = write(tmp_path, "set: [{parameter: free, to: 25, because: the board of the town}]")
    done = CliRunner().invoke(cli.app, ["origin", str(path), "parameters.free.value"])
    assert (done.exit_code, done.output.replace(f"{tmp_path}/", "")) == (
        0,
        "25\n    town/2026-1 at town/ruleset.yaml:9:25, because the board of the town\n"
        "30\n    base/2026-1 at base/ruleset.yaml:22:31\n",
    )
    done = CliRunner().invoke(cli.app, ["origin", str(path), "parameters.fre.value"])
    assert done.exit_code == 1
    assert "there is no 'fre' in parameters [no-path]" in done.output


# ---------------------------------------------------------------------- promises over generated rulesets
IDENTITY = {
    "format": "1", "version": "1", "status": "pilot", "valid_from": "2026-08-24", "grades": "1-9", "name": {"en": "x"},
}  # fmt: skip


def stacked(data: dict[str, Any], *layers: dict[str, Any]) -> tuple[sky.Model, sky.Model]:
    """(the base, the highest layer), both read from files; JSON is YAML."""
    with tempfile.TemporaryDirectory() as folder:
        below = ""
        for i, said in enumerate((data, *layers)):
            name = f"level-{i}"
            head = {**IDENTITY, "ruleset": name, "extends": below, "grades": data.get("grades", "0-9")} if below else {}
            (Path(folder) / name).mkdir()
            text = json.dumps({**head, **said}, indent=1)
            (Path(folder) / name / "ruleset.yaml").write_text(text, encoding="utf-8")
            below = name
        return sky.load(Path(folder) / "level-0"), sky.load(Path(folder) / below)


def rules_of(model: sky.Model) -> tuple[Any, ...]:
    newest = model.newest
    return newest.counters, newest.steps, newest.good_for, newest.open_to_layers


def laid(*data: dict[str, Any]) -> Whole:
    """The whole of a base and the layers on it, whatever the values mean."""
    variant = {**IDENTITY, "status": "variant"}  # what is protected is another test
    heads = [{} if i == 0 else {**variant, "ruleset": f"level-{i}"} for i in range(len(data))]
    layers = [Layer(Path(f"level-{i}"), f"level-{i}", {**heads[i], **said}) for i, said in enumerate(data)]
    whole, problems = lay(layers[::-1])
    assert not problems, problems
    return whole


def rules_in(whole: Whole) -> dict[str, Any]:
    return {k: v for k, v in whole.data.items() if k not in IDENTITY and k not in ("ruleset", "extends")}


def leaves(value: Any, keys: tuple[str | int, ...] = (), at: str = "") -> Iterator[tuple[str, tuple[str | int, ...], str]]:
    """(path, keys, text) of every single value that a path names alone: found by a walk of the tests' own."""
    if isinstance(value, dict):
        for k, v in value.items():
            yield from leaves(v, (*keys, k), f"{at}.{k}" if at else k)
    elif isinstance(value, list):
        names = [
            x if isinstance(x, str) else x.get("id") or x.get("act") or (next(iter(x)) if len(x) == 1 else None) for x in value
        ]
        for i, (name, v) in enumerate(zip(names, value, strict=True)):
            if name is not None and names.count(name) == 1:
                if isinstance(v, dict) and "id" not in v and "act" not in v:
                    yield from leaves(v[name], (*keys, i, name), f"{at}.{name}")
                else:
                    yield from leaves(v, (*keys, i), f"{at}.{name}")
    elif keys[-1] not in ("id", "act"):
        yield at, keys, value


def leaves_of(data: dict[str, Any]) -> list[tuple[str, tuple[str | int, ...], str]]:
    shown = {k: v for k, v in data.items() if k in ("counters", "steps", "reports", "questions", "kinds", "tiers", "roles")}
    return list(leaves(shown))


def changed(data: dict[str, Any], changes: list[tuple[tuple[str | int, ...], str]]) -> dict[str, Any]:
    out: dict[str, Any] = json.loads(json.dumps(data))  # no two places share one mapping
    for keys, to in changes:
        held: Any = out
        for k in keys[:-1]:
            held = held[k]
        held[keys[-1]] = to
    return out


@few
@given(model_data(versions=1), cases(), days())
def test_a_layer_without_changes_changes_nothing(data: list[dict[str, Any]], case: sky.Case, on: date) -> None:
    (said,) = data
    base, top = stacked({**said, "valid_from": IDENTITY["valid_from"]}, {})
    assert rules_of(top) == rules_of(base)
    a, b = (sky.decide(m, case, on=on, calendars=CALENDAR, as_if=True).to_json() for m in (base, top))
    assert a.pop("basis")["layers"] == b.pop("basis")["layers"][1:]
    assert a == b


@few
@given(model_data(versions=1), st.data())
def test_a_change_touches_the_value_that_it_names_and_no_other(data: list[dict[str, Any]], draw: st.DataObject) -> None:
    (said,) = data
    named = [x for x in leaves_of(said) if not isinstance(x[1][-1], int)]  # a word of a list is its own name
    at, keys, old = draw.draw(st.sampled_from(named))
    whole = laid(said, {"change": [{"at": at, "from": old, "to": "7", "because": "x"}]})
    assert rules_in(whole) == rules_in(laid(changed(said, [(keys, "7")])))
    found = whole.origin_of(at)
    assert (found.value, found.layer, found.because) == ("7", "level-1/1", "x")
    assert found.beneath is not None
    assert found.beneath.value == old
    others = [x for x, _, _ in leaves_of(said) if x != at and not x.startswith(f"{at}.")]
    for other in others[:20]:
        assert whole.origin_of(other).layer != "level-1/1"


@few
@given(model_data(versions=1), st.data())
def test_what_is_changed_and_changed_back_is_the_base(data: list[dict[str, Any]], draw: st.DataObject) -> None:
    (said,) = data
    limits = [x for x in leaves_of(said) if str(x[1][-1]) in ("at_least", "more_than", "lesson_minutes", "school_days")]
    at, _, old = draw.draw(st.sampled_from(limits or leaves_of(said)))
    there = {"change": [{"at": at, "from": old, "to": "7", "because": "x"}]}
    back = {"change": [{"at": at, "from": "7", "to": old, "because": "x"}]}
    assert rules_in(laid(said, there, back)) == rules_in(laid(said))
    base, top = stacked({**said, "valid_from": IDENTITY["valid_from"]}, {"change": [*there["change"], *back["change"]]})
    assert rules_of(top) == rules_of(base)


@few
@given(model_data(versions=1), st.data())
def test_the_order_of_independent_changes_does_not_matter(data: list[dict[str, Any]], draw: st.DataObject) -> None:
    (said,) = data
    found = draw.draw(st.lists(st.sampled_from(leaves_of(said)), min_size=2, max_size=5, unique_by=lambda x: x[0]))
    changes = [{"at": at, "from": old, "to": f"{i}", "because": "x"} for i, (at, _, old) in enumerate(found)]
    shuffled = draw.draw(st.permutations(changes))
    one, other = laid(said, {"change": changes}), laid(said, {"change": shuffled})
    assert one.data == other.data == {**laid(changed(said, [(k, f"{i}") for i, (_, k, _) in enumerate(found)]), {}).data}
    assert laid(said, *({"change": [c]} for c in shuffled)).data["steps"] == one.data["steps"]


@few
@given(model_data(versions=1), st.data())
def test_what_is_added_and_removed_again_is_the_base(data: list[dict[str, Any]], draw: st.DataObject) -> None:
    (said,) = data
    step = draw.draw(st.sampled_from(said["steps"]))["id"]
    item = {"id": "one-more", "name": {"en": "x"}, "who": "lead", "duty": "may", "about": "absence"}
    added = {"add": [{"at": f"steps.{step}.actions", "item": item, "because": "x"}]}
    removed = {"remove": [{"at": f"steps.{step}.actions.one-more", "because": "x"}]}
    assert rules_in(laid(said, added)) != rules_in(laid(said))
    assert rules_in(laid(said, added, removed)) == rules_in(laid(said, {**added, **removed})) == rules_in(laid(said))
