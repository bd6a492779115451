"""`every_engine_gives_the_same_answer`: the real path and the slow obvious decider, over generated rulesets and records."""

from __future__ import annotations

from datetime import date
from typing import Any

from generated import CALENDAR, cases, models
from generated_language import TWO_YEARS, language_cases, language_examples, reading_data
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from slow_decider import _Path, decide_slowly
from slow_facts import Asked

import sky_model as sky
from sky_model.events import DAY, end_of
from sky_model.facts import Facts
from sky_model.model import load_data
from sky_model.path import Path
from sky_model.schooldays import Calendar

FIRST, LAST = CALENDAR.years[0].first, CALENDAR.years[-1].last
BEGIN, END = TWO_YEARS.years[0].first, TWO_YEARS.years[-1].last


def real(model: sky.Model, case: sky.Case, on: int, calendar: Calendar) -> dict[str, object]:
    p = Path([Facts(case, v, calendar, end_of(on)) for v in model.versions], on)
    return {
        "openings": [(o.name, o.about, None if o.ended is None else o.ended // DAY) for o in p.openings],
        "undecided": p.undecided,
        "withdrawn": {o.name for o in p.openings if o.is_withdrawn},
        "in_doubt": {o.name for o in p.openings if o.is_in_doubt},
        "due_from": {o.name: o.due_from for o in p.openings if not o.is_withdrawn},
    }


def compare(model: sky.Model, case: sky.Case, on: int, calendar: Calendar) -> None:
    slow = decide_slowly(model, case, date.fromordinal(on), calendar)
    fast = real(model, case, on, calendar)
    for name, value in fast.items():
        expected = getattr(slow, name)
        if name == "due_from":
            expected = {k: v for k, v in expected.items() if k in value}  # type: ignore[operator]
        assert value == (list(map(tuple, expected)) if name == "openings" else expected), name


@settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(models(), cases(), st.integers(FIRST, LAST))
def test_every_engine_gives_the_same_answer(model: sky.Model, case: sky.Case, on: int) -> None:
    compare(model, case, on, CALENDAR)


NO_SHRINKING = (Phase.explicit, Phase.generate)  # making a failing example smaller takes minutes here; do that by hand


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), phases=NO_SHRINKING)
@given(language_examples())
def test_every_engine_gives_the_same_answer_over_the_whole_language(example: tuple[dict[str, Any], sky.Case, int]) -> None:
    data, case, on = example
    compare(load_data(data), case, on, TWO_YEARS)


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), phases=NO_SHRINKING)
@given(reading_data(), language_cases())
def test_every_counter_reads_the_same_on_every_day(data: dict[str, Any], case: sky.Case) -> None:
    model = load_data(data)
    rules = model.newest
    facts, slow = Facts(case, rules, TWO_YEARS, end_of(END)), _Path(model, case, END, TWO_YEARS)
    for count in rules.counters.values():
        for day in range(BEGIN, END + 1):
            for known, at in ((end_of(day), end_of(day)), (end_of(END), end_of(day)), (end_of(END), end_of(END))):
                fast = facts.reading(count, day, known, None, at)
                same = slow.reading(Asked(rules, day, at, slow.known(known)), count)
                assert fast.silent == same.silent, (count.id, date.fromordinal(day))
                if same.silent is None:
                    assert (fast.low, fast.high) == (same.low, same.high), (count.id, date.fromordinal(day))
                    if count.is_share and same.high:
                        assert fast.planned == same.planned * 5, (count.id, date.fromordinal(day))
