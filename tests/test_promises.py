"""The promises of the design that concern this version, over generated records."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta

import pytest
from generated_records import CALENDAR, DAYS, FIRST, LAST, case_of, events
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sky_model as sky
from sky_model.decision import dumps
from sky_model.facts import Facts
from sky_model.path import Path
from sky_model.records import Event, end_of

MODELS = [sky.load("presets/lessons-per-term"), sky.load("presets/share-of-12-weeks")]
models = st.sampled_from(MODELS)
days = st.sampled_from(DAYS)
few = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def decide(model: sky.Model, found: list[Event], on: date, known_on: date | None = None) -> sky.Decision:
    return sky.decide(model, case_of(found), on=on, known_on=known_on, calendars=CALENDAR)


def path(model: sky.Model, found: list[Event], on: date) -> Path:
    case = case_of(found)
    return Path([Facts(case, v, CALENDAR, end_of(on.toordinal())) for v in model.versions], on.toordinal())


def asking(p: Path) -> set[str]:
    """Steps that are open, in doubt or undecided: of which somebody is asked something."""
    return set(p.undecided) | {o.step.id for o in p.openings if o.ended is None and not o.is_withdrawn}


@few
@given(models, events(), st.integers(0, 10**6))
def test_the_order_in_which_events_are_handed_in_does_not_matter(model: sky.Model, found: list[Event], seed: int) -> None:
    shuffled = found[:]
    random.Random(seed).shuffle(shuffled)
    assert dumps(decide(model, found, LAST)) == dumps(decide(model, shuffled, LAST))


@few
@given(models, events(), days)
def test_a_model_that_loads_never_fails_to_decide(model: sky.Model, found: list[Event], on: date) -> None:
    decision = decide(model, found, on)
    for task in decision.tasks:
        assert task.role
        assert task.source
        assert task.openings
    for language in ("fi", "sv", "en"):
        assert "no concern" not in sky.explain(decision, language=language).lower().replace("no concern has been recorded", "")


@few
@given(models, events(), days, days)
def test_what_was_opened_stays_opened(model: sky.Model, found: list[Event], a: date, b: date) -> None:
    a, b = min(a, b), max(a, b)

    def shown(p: Path) -> list[tuple[str, int, int | None]]:
        until = a.toordinal()
        return [
            (o.name, o.about, o.ended // (1 << 24) if o.ended is not None and o.ended // (1 << 24) <= until else None)
            for o in p.openings
            if o.day <= until
        ]

    assert shown(path(model, found, a)) == shown(path(model, found, b))


@few
@given(models, events(), days)
def test_a_past_decision_can_be_had_again(model: sky.Model, found: list[Event], on: date) -> None:
    then = [e for e in found if e.recorded is not None and e.recorded <= on]
    assert dumps(decide(model, then, on)) == dumps(decide(model, found, on))


@few
@given(st.just(MODELS[0]), events(people=False, registers=False, kinds=("health",)), days, st.integers(1, 12), days)
def test_one_more_absence_never_makes_the_step_milder(
    model: sky.Model, found: list[Event], day: date, lessons: int, on: date
) -> None:
    more = sky.Mark(day, lessons=lessons, kind="health", id="more", recorded=max(day, FIRST), seq=900)
    limits = {"first-limit-reached", "second-limit-reached", "third-limit-reached"}
    assert asking(path(model, found, on)) & limits <= asking(path(model, [*found, more], on))


@few
@given(st.just(MODELS[0]), events(people=False, kinds=("health", "unauthorised")), days, st.integers(0, 6))
def test_unknown_never_reassures(model: sky.Model, found: list[Event], on: date, missed: int) -> None:
    gaps = [e for e in found if isinstance(e, sky.Register) and not any(e.on == m.on for m in found if isinstance(m, sky.Mark))]
    if not gaps:
        return
    gap = gaps[0]
    known = [replace(e, marked=e.planned) if e is gap else e for e in found]
    if missed:
        known.append(sky.Mark(gap.on, lessons=missed, kind="health", id="fill", recorded=gap.on, seq=900))
    unknown = [replace(e, marked=0) if e is gap else e for e in found]
    limits = {"first-limit-reached", "second-limit-reached", "third-limit-reached"}
    assert asking(path(model, known, on)) & limits <= asking(path(model, unknown, on))


@few
@given(models, events(), days)
def test_a_closing_that_was_legal_stays_legal(model: sky.Model, found: list[Event], on: date) -> None:
    told_then = set(path(model, found, on).told)
    told_later = set(path(model, found, LAST).told)
    assert told_then == {t for t in told_later if any(e.id == t and e.recorded is not None and e.recorded <= on for e in found)}


@few
@given(st.just(MODELS[0]), events(people=False, registers=False, kinds=("health",)), days)
def test_nobody_is_late_before_anyone_could_know(model: sky.Model, found: list[Event], on: date) -> None:
    before = on - timedelta(days=1)
    if before < FIRST:
        return
    known = [e for e in found if e.recorded is not None and e.recorded <= before]
    today, yesterday = decide(model, found, on), decide(model, known, before)
    asked = {t.action: t for t in yesterday.tasks}
    for t in today.tasks:
        if t.overdue and t.due is not None and t.due < before:
            assert t.action in asked and asked[t.action].due is not None  # noqa: PT018


READERS = ("guardian", "pupil", "curator", "homeroom-teacher", "principal")


@few
@given(models, events(), days, st.sampled_from(READERS))
def test_a_reader_sees_no_more_than_the_role_allows(model: sky.Model, found: list[Event], on: date, reader: str) -> None:
    whole = decide(model, found, on)
    cut = whole.for_reader(reader)
    assert {t.name for t in cut.tasks} <= {t.name for t in whole.tasks}
    if reader == "guardian":
        assert not any(t.about == "child_protection" or (t.about == "welfare" and "guardian" not in t.to) for t in cut.tasks)


@few
@given(models, events(), days)
def test_what_a_ruleset_does_not_need_it_does_not_read(model: sky.Model, found: list[Event], on: date) -> None:
    needed = sky.needs(model)
    other = [sky.Report("nobody-asks-for-this", FIRST, by="guardian", id="z1", recorded=FIRST, seq=901)]
    assert "nobody-asks-for-this" not in needed["reports"]
    a, b = decide(model, found, on), decide(model, [*found, *other], on)
    assert replace(a, told=()) == replace(b, told=())


@pytest.mark.parametrize(("zone", "seed"), [("UTC", "0"), ("Pacific/Auckland", "7")])
def test_the_same_record_day_and_model_give_the_same_answer(zone: str, seed: str) -> None:
    code = (
        "from datetime import date; import sky_model as s; from sky_model.decision import dumps;"
        "c=s.Case('p',events=[s.Enrolment('s',grade=8,since=date(2026,8,12)),*[s.Mark(date(2026,9,d),lessons=6,"
        "kind='unauthorised') for d in (1,2,3,4,7)]]);"
        "print(dumps(s.decide(s.load('presets/lessons-per-term'),c,on=date(2026,9,10),"
        "calendars=s.load_calendar('example-week-43/2026-27'))))"
    )
    outputs = [
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, check=True, env={**os.environ, "TZ": z, "PYTHONHASHSEED": h}
        ).stdout
        for z, h in ((zone, seed), ("Europe/Helsinki", "3"))
    ]
    assert outputs[0] == outputs[1]
    assert outputs[0].startswith(b'{"format":1')
