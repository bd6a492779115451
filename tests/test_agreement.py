"""`every_engine_gives_the_same_answer`: the real path and the slow obvious decider, over generated rulesets and records."""

from __future__ import annotations

from datetime import date

from generated import CALENDAR, cases, models
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slow_decider import decide_slowly

import sky_model as sky
from sky_model.facts import Facts
from sky_model.path import Path
from sky_model.records import DAY, end_of

FIRST, LAST = CALENDAR.years[0].first, CALENDAR.years[-1].last


def real(model: sky.Model, case: sky.Case, on: int) -> dict[str, object]:
    p = Path([Facts(case, v, CALENDAR, end_of(on)) for v in model.versions], on)
    return {
        "openings": [(o.name, o.about, None if o.ended is None else o.ended // DAY) for o in p.openings],
        "undecided": p.undecided,
        "withdrawn": {o.name for o in p.openings if o.is_withdrawn},
        "in_doubt": {o.name for o in p.openings if o.is_in_doubt},
        "due_from": {o.name: o.due_from for o in p.openings if not o.is_withdrawn},
    }


@settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(models(), cases(), st.integers(FIRST, LAST))
def test_every_engine_gives_the_same_answer(model: sky.Model, case: sky.Case, on: int) -> None:
    slow = decide_slowly(model, case, date.fromordinal(on), CALENDAR)
    fast = real(model, case, on)
    for name, value in fast.items():
        expected = getattr(slow, name)
        if name == "due_from":
            expected = {k: v for k, v in expected.items() if k in value}  # type: ignore[operator]
        assert value == (list(map(tuple, expected)) if name == "openings" else expected), name
