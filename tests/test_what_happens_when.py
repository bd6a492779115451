"""What the page docs/decision.md says beside its examples: small cases of what a decision tells, and of what is refused."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import sky_model as sky

PAGE = Path(__file__).resolve().parents[1] / "docs" / "decision.md"


@pytest.fixture(scope="module")
def page() -> dict[str, Any]:
    """The names of the page's first block: its rules, and the words to write records with."""
    names: dict[str, Any] = {}
    first = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[0]
    exec(compile(first, PAGE.name, "exec"), names)
    return names


def test_an_opening_in_doubt_for_a_lesson_not_marked_on_a_later_day_asks_about_that_lesson(page: dict[str, Any]) -> None:
    absent, day = page["absent"], date.fromisoformat
    until = sky.Register(day("2026-08-12"), through=day("2026-09-07"), recorded=day("2026-09-07"))
    gap = sky.Register(day("2026-09-08"), planned=6, marked=0)
    less = absent("2026-09-07", 3, "2026-09-08", id="mark-2026-09-07")
    decision = page["decide"](*page["five"], until, gap, less, on="2026-09-08", register="given")
    assert [(s.name, s.is_in_doubt) for s in decision.open_steps] == [("first@2026-09-07", True)]
    assert [(q.what, q.days) for q in decision.questions] == [("not_marked", (day("2026-09-08"),))]


def test_a_step_that_the_new_version_lacks_is_told_as_no_longer_in_the_rules(page: dict[str, Any]) -> None:
    old = page["read_text"](page["RULES"]).data
    new = page["read_text"](page["RULES"].replace("id: first", "id: other")).data
    new |= {"version": "2", "valid_from": "2026-09-21"}
    decision = page["decide"](*page["five"], on="2026-09-25", model=page["load_data"](old, new))
    assert [s.step for s in decision.open_steps] == ["first", "other"]
    assert "no longer in the rules" in sky.explain(decision, language="en")


def test_in_the_first_days_of_a_share_the_decision_says_from_which_day_it_is_known(page: dict[str, Any]) -> None:
    window = "window: {in: term}"
    share = f"{window}\n    share_of: {{planned: so_far}}\n    minimum: {{planned_lessons: 60}}"
    text = page["RULES"].replace(window, share)
    decision = page["decide"](page["absent"]("2026-08-13"), on="2026-08-19", model=page["rules"](text))
    assert not decision.is_undecided
    assert "25 August 2026" in sky.explain(decision, language="en")  # the tenth school day: 60 lessons


def test_an_answer_may_be_good_for_a_length_of_time_that_is_a_parameter(page: dict[str, Any]) -> None:
    question = {"id": "enough-support", "answers": ["yes", "no"], "by": ["teacher"], "name": {"en": "x"}, "source": "town"}
    question["good_for"] = {"school_days": {"parameter": "how-long"}}
    text = page["RULES"].replace("{absence: {at_least: 30}}, {concern: {is: raised}}", "{all: [{enough-support: {is: no}}]}")
    parameter = {"id": "how-long", "unit": "school_days", "value": "3"}
    model = page["rules"](text, questions=[question], parameters=[parameter])
    answer = sky.Answer("enough-support", "no", date(2026, 9, 2), by="teacher")
    assert page["open_names"](page["decide"](answer, on="2026-09-03", model=model)) == ["first@2026-09-02"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("reasons: [", "suggest: {no-such-fact: {is: open}}, reasons: ["),
        ("needed_for: {with: [nurse]}", "needed_for: {with: [nurse], actions: [no-such-action]}"),
        ("needed_for: {with: [nurse]}", "needed_for: {about: [welfare], to: [no-such-role]}"),
        ("within: {school_days: 5}", "within: {school_days: 5, from: concern, after: meet}"),  # two beginnings
        ("status: pilot", "status: adopted\ngaps: [{what: how long a lesson is}]"),  # gaps: draft or pilot
        ("status: pilot", 'status: pilot\nrequires_engine: ">=99"'),
    ],
)
def test_what_cannot_be_meant_is_refused_when_the_ruleset_is_loaded(page: dict[str, Any], old: str, new: str) -> None:
    assert old in page["RULES"]
    with pytest.raises(sky.RulesetError):
        page["rules"](page["RULES"].replace(old, new))
