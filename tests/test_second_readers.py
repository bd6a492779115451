"""Readers against the second decider: what the library shows of a decision is what `tests/oracle` shows of it, part by part.

Rules: the second decider has the rule from docs/decisions/readers.md and the matters from the plain data of the rulesets. It cuts
the published form of the whole decision, so that every part is compared. A part of the golden cases and of generated triples
here; every day of every case in the long run, which prints how many readings there were.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import Any

import pytest
from oracle import told
from oracle.days import Calendar
from search import readers
from search.making import triples
from search.people import dressed
from search.triples import REFUSED, Dates
from test_readers_closed_by_default import PERSON, with_persons
from test_second_decider import NAMES, golden, versions_of

import sky_model as sky
from sky_model.checks.cases import read_cases
from sky_model.host.cards import cards
from sky_model.layers import rulesets_folder

ROOT = rulesets_folder()
PART = 60  # every so many golden cases in the everyday run
PARTIES = ("guardian", "pupil", "log")
SHOWN_ONE_BY_ONE = ("tasks", "open_steps", "questions", "messages", "withdrawn", "corrections", "doubtful", "set_aside", "shown")


def asked(name: str, some: set[int] | None = None) -> Iterator[tuple[sky.Decision, Any]]:
    """(whole decision, the second decider's fold) of each day of the golden cases, persons in all of them."""
    for i, (one, case, calendars) in enumerate(golden(name)):
        if some is not None and i not in some:
            continue
        model = sky.load(name, allow=("draft", "variant"))
        case = with_persons(case, model.newest)
        for wanted in one.expect:
            try:
                whole = sky.decide(model, case, on=wanted.on, known_on=wanted.known_on, calendars=calendars)
            except REFUSED:
                continue
            known = wanted.known_on and wanted.known_on.isoformat()
            given = {"*": calendars} if isinstance(calendars, sky.Calendar) else calendars
            years = {school: years_of(c) for school, c in given.items()}
            yield whole, told.path(versions_of(name), case.to_json(), wanted.on.isoformat(), known, years)


@cache
def years_of(calendar: sky.Calendar) -> Any:
    return Calendar(list(Dates.of(calendar).years))


def too_much(whole: sky.Decision, path: Any, reader: str) -> list[str]:
    """Parts that the library shows a reader and the second decider does not."""
    said = whole.for_reader(reader).to_json()
    slow = readers.shown_to(whole, path, reader)
    out = []
    for part in SHOWN_ONE_BY_ONE:
        held = [json.dumps(x, sort_keys=True) for x in slow[part]]
        out += [f"{part}: {x}" for x in said[part] if json.dumps(x, sort_keys=True) not in held]
    return out + (["nearest"] if said["nearest"] and not slow["nearest"] else [])


def names_in(cut: sky.Decision) -> bool:
    """Does the name of a person stand anywhere in what is sent: JSON, cards, explanation in three languages?"""
    texts = [cut.to_json(), *([cards(cut, language=x), sky.explain(cut, language=x)] for x in ("fi", "sv", "en"))]
    return PERSON in json.dumps(texts, ensure_ascii=False)


def test_every_reader_of_a_part_of_the_golden_cases_is_shown_what_the_second_decider_shows() -> None:
    every = [(name, i) for name in NAMES for i, _ in enumerate(read_cases(ROOT / name / "cases"))]
    chosen: dict[str, set[int]] = {}
    for name, i in every[::PART]:
        chosen.setdefault(name, set()).add(i)
    number = 0
    for name, some in chosen.items():
        for whole, path in asked(name, some):
            for reader in readers.every_reader(whole.rules):
                number += 1
                assert readers.differing(whole, path, reader) is None, (name, whole.on, reader)
    assert number > 300


@pytest.mark.parametrize("family", ["whole", "tasks", "path"])
def test_every_reader_of_generated_rules_is_shown_what_the_second_decider_shows(family: str) -> None:
    number = 0
    for t in islice(triples(20261124, (family,), records=2, days=1), 20):
        for seed in (0, 1):  # as it is, and with other people
            try:
                assert readers.the_second_readers(t.asked(seed=seed)) is None, t.seed
            except REFUSED:
                continue
            number += 1
    assert number >= 16


def test_generated_rules_with_other_people_have_every_matter_another_controller_and_a_role_that_means_another() -> None:
    """The net is worth nothing where everybody sees everything."""
    found: Counter[str] = Counter()
    for t in islice(triples(20261124, ("whole",), records=1, days=1), 12):
        t = dressed(t)
        found.update(a.about for s in t.decision.rules.steps for a in s.actions)
        whole = t.decision.to_json()
        for reader in readers.every_reader(t.decision.rules):
            cut = t.decision.for_reader(reader).to_json()
            found["cut"] += len(cut["tasks"]) < len(whole["tasks"])
            found["kept away"] += cut["data_until"] is None and whole["data_until"] is not None
            found["means another"] += t.decision.rules.role_for(reader, t.decision.grade) != reader
    expected = {"absence", "welfare", "health", "support", "child_protection", "cut", "kept away", "means another"}
    assert expected <= {x for x, n in found.items() if n}


@pytest.mark.long
def test_no_reading_of_any_golden_case_shows_a_part_or_a_name_that_is_not_for_its_reader() -> None:
    told_of: Counter[str] = Counter()
    first: dict[str, Any] = {}
    for name in NAMES:
        for whole, path in asked(name):
            for reader in readers.every_reader(whole.rules):
                told_of["readings"] += 1
                fault = readers.differing(whole, path, reader)
                if fault is not None:
                    told_of["readings that differ"] += 1
                    first.setdefault("differs", (name, whole.on, reader, fault[:400]))
                    told_of["readings that show too much"] += bool(too_much(whole, path, reader))
                if reader in PARTIES:
                    told_of["names of persons"] += names_in(whole.for_reader(reader))
            grade, rules = whole.grade, whole.rules
            for role in rules.roles:
                acting = rules.role_for(role, grade)
                if acting != role:
                    a, b = (whole.for_reader(x).to_json() | {"reader": None} for x in (role, acting))
                    told_of["roles and what they mean"] += 1
                    told_of["roles that are not what they mean"] += a != b
    print({k: told_of[k] for k in (*FAULTS, "readings", "roles and what they mean")})
    assert told_of["readings"] > 10_000
    assert not first, first
    assert not any(told_of[k] for k in FAULTS), told_of


FAULTS = (
    "readings that differ",
    "readings that show too much",
    "names of persons",
    "roles that are not what they mean",
)
