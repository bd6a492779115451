"""Golden cases of every shipped ruleset, asked of the slow and obvious decider too: the engine is no proof of itself.

Rules: the same record, the same day; of what a case expects, the path is compared (open, undecided, withdrawn) with the slow
decider and not with the engine; where the two differ stands below. The slow one is slow: here it is asked about the first
days of each case only; about every day by `SKY_ALL_CASES=1` (three minutes).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date

import pytest
from slow_decider import Slow, decide_slowly

import sky_model as sky
from sky_model.checks.cases import Expected, read_cases, record_of
from sky_model.layers import rulesets_folder

ROOT = rulesets_folder()
NAMES = sorted(p.parent.relative_to(ROOT).as_posix() for p in ROOT.rglob("ruleset.yaml"))


def step_of(name: str) -> str:
    """The step of an opening: a name is `step@day`, of a higher level `step+20@day`."""
    return name.partition("@")[0].partition("+")[0]


def faults_by(slow: Slow, wanted: Expected) -> Iterator[str]:
    """Where the slow decider says something else than the case expects."""
    still = {step_of(n): date.fromordinal(day) for n, day, end in slow.openings if end is None and n not in slow.withdrawn}
    if wanted.open is not None and set(wanted.open) != set(still):
        yield f"on {wanted.on} open: expected {sorted(wanted.open)}, slowly {sorted(still)}"
    if wanted.undecided is not None and set(wanted.undecided) != {step_of(n) for n in slow.undecided}:
        yield f"on {wanted.on} undecided: expected {sorted(wanted.undecided)}, slowly {sorted(slow.undecided)}"
    if wanted.withdrawn is not None and set(wanted.withdrawn) != {step_of(n) for n in slow.withdrawn}:
        yield f"on {wanted.on} withdrawn: expected {sorted(wanted.withdrawn)}, slowly {sorted(slow.withdrawn)}"


DAYS = 1000 if os.environ.get("SKY_ALL_CASES") else 15  # from the beginning of a case
# The slow decider reads no codes of other systems (`local_codes`): to it a mark with a code alone may be of any kind.
DIFFER = {
    ("foreign/england/en-6", "in July 2024 J is attended elsewhere"),
    ("foreign/england/en-6", "in September 2024 J1 is authorised absence"),
}


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_the_slow_decider_gives_what_the_golden_cases_expect(name: str) -> None:
    model, folder = sky.load(name, allow=("draft", "variant")), ROOT / name / "cases"
    for golden, source, i in read_cases(folder):
        title = golden.name.in_language("en")
        case, calendars = record_of(model, golden, source, i, folder)
        for wanted in golden.expect:
            if (wanted.on - case.events[0].on).days <= DAYS and wanted.known_on is None and (name, title) not in DIFFER:
                assert list(faults_by(decide_slowly(model, case, wanted.on, calendars), wanted)) == [], title


def test_another_expectation_is_not_what_the_slow_decider_says() -> None:
    name = "presets/lessons-per-term"
    model, folder = sky.load(name), ROOT / name / "cases"
    golden, source, i = next(iter(read_cases(folder)))
    case, calendars = record_of(model, golden, source, i, folder)
    day = golden.expect[0].on
    wrong = Expected(on=day, open=["no-step"], undecided=["no-step"], withdrawn=["no-step"])
    assert len(list(faults_by(decide_slowly(model, case, day, calendars), wrong))) == 3
