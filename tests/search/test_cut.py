"""As if the rules were in force, and from a checkpoint: the library answers what the second decider says of the whole record."""

from __future__ import annotations

from itertools import islice

import pytest

from search import cut
from search.making import triples
from search.triples import REFUSED, NotAsked

SEED = 77
FAMILIES = {"as_if_in_force": ("path", "language", "growing"), "from_a_checkpoint": ("language", "growing")}
EACH = {"as_if_in_force": 14, "from_a_checkpoint": 60}


def asked(name: str, each: int) -> int:
    """How many triples of each family the check said something of; none may fail."""
    number = 0
    for family in FAMILIES[name]:
        for t in islice(triples(SEED, (family,), records=3, days=2), each):
            try:
                fault = cut.CHECKS[name](t)
            except (NotAsked, *REFUSED):
                continue
            assert fault is None, (family, t.seed, fault)
            number += 1
    return number


@pytest.mark.parametrize("name", cut.CHECKS)
def test_the_second_decider_answers_the_whole_record_alike(name: str) -> None:
    assert asked(name, EACH[name]) >= 12


@pytest.mark.long
@pytest.mark.parametrize("name", cut.CHECKS)
def test_the_second_decider_answers_more_whole_records_alike(name: str) -> None:
    number = asked(name, 500)
    print(f"{name}: {number}")
    assert number >= 300


def test_a_day_that_no_version_judges_is_among_those_asked_as_if_in_force() -> None:
    """Else `as_if` would be asked of days that need none."""
    refused = 0
    for t in islice(triples(SEED, ("path",), records=3, days=2), 18):
        before = t.asked(rules=cut.later_in_force(t, cut.random.Random(t.seed)))
        try:
            _ = before.decision
        except REFUSED:
            refused += 1
    assert refused >= 3


def test_what_was_cut_is_gone_from_the_record_that_goes_on() -> None:
    """Else the law about checkpoints would be one about whole records."""
    shorter = 0
    for t in islice(triples(SEED, ("language", "growing"), records=3, days=2), 40):
        try:
            begins = next(iter(t.calendars.values())).calendar.years[1].first
            whole, decider = cut.continued(t, cut.date.fromordinal(begins))
        except (NotAsked, *REFUSED):
            continue
        shorter += len(decider.case.events) < len(whole.case.events)
    assert shorter >= 3
