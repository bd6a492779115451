"""The second decider (`tests/oracle`) as a witness: it stands alone, and says what the library says.

Rules: golden cases of every shipped ruleset are asked of it with the rules, records and calendars that it reads by itself; here a
part of them, evenly taken, and all in the long run.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from generated_language import TWO_YEARS, language_cases, reading_data
from hypothesis import HealthCheck, Phase, given, settings
from oracle import reading, told
from oracle.counting import END, UNIT
from oracle.facts import Facts as Second
from oracle.facts import NotInForce
from search.triples import Dates

import sky_model as sky
from sky_model.checks.cases import Expected, Golden, read_cases, record_of
from sky_model.events import end_of
from sky_model.facts import Facts
from sky_model.layers import rulesets_folder
from sky_model.model import load_data

SUITE = Path(__file__).resolve().parents[1] / "conformance"
sys.path.insert(0, str(SUITE))

from answer import answer_to, core  # noqa: E402

ORACLE = Path(__file__).with_name("oracle")
ROOT = rulesets_folder()
NAMES = sorted(p.parent.relative_to(ROOT).as_posix() for p in ROOT.rglob("cases"))
ANYTHING = 10**9  # a length that nobody has said: more than any limit
PART = 15  # every so many golden cases in the everyday run


# ---------------------------------------------------------------------- it stands alone
def test_the_second_decider_imports_nothing_but_the_standard_library_and_a_reader_of_yaml() -> None:
    for path in sorted(ORACLE.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            for name in names:
                assert name.partition(".")[0] in {"oracle", "yaml", *sys.stdlib_module_names}, (path.name, name)


# ---------------------------------------------------------------------- golden cases
@cache
def versions_of(name: str) -> list[dict[str, Any]]:
    return [reading.version(reading.ruleset(ROOT / name))]


def slowly(name: str, case: sky.Case, calendars: Any, wanted: Expected) -> dict[str, Any]:
    known = wanted.known_on and wanted.known_on.isoformat()
    given = {"*": calendars} if isinstance(calendars, sky.Calendar) else calendars
    years = {school: list(Dates.of(c).years) for school, c in given.items()}
    return dict(told.answer(versions_of(name), case.to_json(), wanted.on.isoformat(), known, years))


def faults_by(said: dict[str, Any], wanted: Expected) -> Iterator[str]:
    """Where an answer says something else of the path than a case expects."""
    steps = {s["step"] for s in said["open_steps"]}
    asked = {s for q in said["questions"] for s in q["steps"]} - steps
    gone = {w.partition("@")[0].partition("+")[0] for w in said["withdrawn"]}
    for part, found in (("open", steps), ("undecided", asked), ("withdrawn", gone)):
        expected = getattr(wanted, part)
        if expected is not None and {*expected} - ({*steps} if part == "undecided" else set()) != found:
            yield f"on {wanted.on} {part}: expected {sorted(expected)}, slowly {sorted(found)}"


def golden(name: str) -> Iterator[tuple[Golden, sky.Case, Any]]:
    model, folder = sky.load(name, allow=("draft", "variant")), ROOT / name / "cases"
    for one, source, i in read_cases(folder):
        case, calendars = record_of(model, one, source, i, folder)
        yield one, case, calendars


def compare(name: str, one: Golden, case: sky.Case, calendars: Any) -> None:
    model, title = sky.load(name, allow=("draft", "variant")), one.name.in_language("en")
    for wanted in one.expect:
        said = answer_to(model, case, on=wanted.on, known_on=wanted.known_on, calendars=calendars)
        try:
            slow = slowly(name, case, calendars, wanted)
        except NotInForce:
            assert said == {"refused": "not-in-force"}, title
            continue
        assert core(slow) == said, (title, wanted.on)
        assert list(faults_by(slow, wanted)) == [], title


def test_a_part_of_the_golden_cases_of_all_rulesets_is_answered_alike() -> None:
    every = [(name, i) for name in NAMES for i, _ in enumerate(read_cases(ROOT / name / "cases"))]
    chosen: dict[str, set[int]] = {}
    for name, i in every[::PART]:
        chosen.setdefault(name, set()).add(i)
    assert len(chosen) > len(NAMES) // 2
    for name, some in chosen.items():
        for i, (one, case, calendars) in enumerate(golden(name)):
            if i in some:
                compare(name, one, case, calendars)


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_every_golden_case_is_answered_alike(name: str) -> None:
    for one, case, calendars in golden(name):
        compare(name, one, case, calendars)


def test_another_expectation_is_not_what_the_second_decider_says() -> None:
    one, case, calendars = next(golden("presets/lessons-per-term"))
    wrong = Expected(on=one.expect[0].on, open=["no-step"], undecided=["no-step"], withdrawn=["no-step"])
    assert len(list(faults_by(slowly("presets/lessons-per-term", case, calendars, wrong), wrong))) == 3


# ---------------------------------------------------------------------- any counter, on every day
BEGIN, LAST = TWO_YEARS.years[0].first, TWO_YEARS.years[-1].last
NO_SHRINKING = (Phase.explicit, Phase.generate)  # making a failing example smaller takes minutes here; do that by hand


@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), phases=NO_SHRINKING)
@given(reading_data(), language_cases())
def test_every_counter_reads_the_same_on_every_day(data: dict[str, Any], case: sky.Case) -> None:
    rules = load_data(data).newest
    facts = Facts(case, rules, TWO_YEARS, end_of(LAST))
    years = {"*": list(Dates.of(TWO_YEARS).years)}
    slow = told.path([reading.version(data)], case.to_json(), date.fromordinal(LAST).isoformat(), None, years, cls=Second)
    for count in rules.counters.values():
        for day in range(BEGIN, LAST + 1):
            for known, at in ((day, day), (LAST, day), (LAST, LAST)):
                fast = facts.reading(count, day, end_of(known), None, end_of(at))
                read = slow.counter(None, slow.versions[0], count.id, day, at, slow.known((known, END)))
                where = count.id, date.fromordinal(day), date.fromordinal(known)
                assert isinstance(read, str) == (fast.silent is not None), where
                if fast.silent is None and not count.is_share:
                    unit = UNIT if count.measure in ("lessons", "clock_hours") else 1
                    same = [min(Fraction(n) / 100, ANYTHING) for n in (fast.low, fast.high)]
                    assert same == [min(Fraction(n) / unit, ANYTHING) for n in (read.low, read.high)], where
