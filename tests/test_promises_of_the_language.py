"""The promises over the whole language: rulesets and records drawn over every construct."""

from __future__ import annotations

import json
import random
from datetime import date, timedelta
from typing import Any

import jsonschema
from generated_language import TWO_YEARS, language_examples
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import sky_model as sky
from sky_model.decision import decision_schema, dumps
from sky_model.events import end_of
from sky_model.facts import Facts
from sky_model.model import load_data
from sky_model.path import Path

Example = tuple[dict[str, Any], sky.Case, int]
drawn = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),
)
SCHEMA = jsonschema.Draft202012Validator(decision_schema())


def decide(example: Example, on: int | None = None) -> sky.Decision:
    data, case, day = example
    return sky.decide(load_data(data), case, on=date.fromordinal(on or day), calendars=TWO_YEARS)


@drawn
@given(language_examples())
def test_a_model_that_loads_never_fails_to_decide(example: Example) -> None:
    decision = decide(example)
    SCHEMA.validate(decision.to_json())
    for language in ("fi", "sv", "en"):
        assert sky.explain(decision, language=language)


@drawn
@given(language_examples(), st.randoms(use_true_random=False))
def test_the_order_in_which_events_are_handed_in_does_not_matter(example: Example, draw: random.Random) -> None:
    data, case, on = example
    record = json.loads(json.dumps(case.to_json()))
    before = dumps(decide((data, sky.Case.from_json(record), on)))
    draw.shuffle(record["events"])
    assert dumps(decide((data, sky.Case.from_json(record), on))) == before


@drawn
@given(language_examples())
def test_a_record_handed_in_as_json_and_back_gives_the_same_answer(example: Example) -> None:
    """But for what was handed in twice: it is told once, and kept once."""
    data, case, on = example
    again = decide((data, sky.Case.from_json(json.dumps(case.to_json())), on)).to_json()
    assert again | {"told": None} == decide(example).to_json() | {"told": None}


@drawn
@given(language_examples(), st.integers(1, 30))
def test_what_was_opened_stays_opened(example: Example, later: int) -> None:
    """An opening made at the end of a day or before a closing keeps its name, day and what it is about for ever."""
    data, case, on = example
    model = load_data(data)

    def opened(day: int) -> list[tuple[str, int]]:
        path = Path([Facts(case, v, TWO_YEARS, end_of(day)) for v in model.versions], day)
        return [(o.name, o.about) for o in path.openings]

    until = min(on + later, TWO_YEARS.until)
    before = opened(on)
    assert opened(until)[: len(before)] == before


@drawn
@given(language_examples())
def test_every_task_names_a_role_a_source_and_a_reason(example: Example) -> None:
    decision = decide(example)
    names = {s.name for s in decision.open_steps} | set(decision.withdrawn)
    for task in decision.tasks:
        assert task.role
        assert task.source
        assert set(task.openings) <= names


@drawn
@given(language_examples())
def test_a_past_decision_can_be_had_again(example: Example) -> None:
    """What was known on an earlier day gives the answer of that day, whatever came after it."""
    data, case, on = example
    earlier = on - 3
    if earlier < TWO_YEARS.years[0].first:
        return
    then = date.fromordinal(earlier)
    known = [e for e in case.events if (e.recorded or e.on) <= then]
    if not any(isinstance(e, sky.Enrolment) for e in known):
        return
    short = sky.Case("p", register=case.register, does=case.does, events=known)
    whole = sky.decide(load_data(data), case, on=then, calendars=TWO_YEARS).to_json()
    again = sky.decide(load_data(data), short, on=then, calendars=TWO_YEARS).to_json()
    assert [whole[k] for k in ("tasks", "open_steps", "questions", "withdrawn", "messages")] == [
        again[k] for k in ("tasks", "open_steps", "questions", "withdrawn", "messages")
    ]
    assert then + timedelta(days=3) == date.fromordinal(on)
