"""What a record costs grows with its length, not with the square of it.

Counted are the operations of the interpreter, so that the same is found on every machine: twice the record, about twice the work.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from datetime import date, timedelta
from types import FrameType
from typing import Any

import pytest

import sky_model as sky
from sky_model.events import Event

CALENDAR = sky.load_calendar("example-week-43/2026-27")
MODELS = {name: sky.load(name) for name in ("presets/lessons-per-term", "presets/share-of-12-weeks", "fi-sky/2026-1")}
DAY = date(2026, 9, 14)


def enrolled(day: date = date(2026, 8, 12), n: int = 0, **more: Any) -> sky.Enrolment:
    return sky.Enrolment(f"s-{n % 7}", grade=8, since=day, lessons_per_week=30, id=f"e-{n}", **more)


def marks_of_one_day(n: int) -> list[Event]:
    return [enrolled(), *(sky.Mark(DAY, lessons=1, kind="health", id=f"m-{i}") for i in range(n))]


def retracted_on_one_day(n: int) -> list[Event]:
    return [*marks_of_one_day(n), *(sky.Retracted(f"m-{i}", on=DAY + timedelta(1)) for i in range(n))]


def called_wrong(n: int) -> list[Event]:
    said = [sky.ActionTaken("notice", "data_wrong", DAY + timedelta(1), mark=f"m-{i}", by="guardian") for i in range(n)]
    return [*marks_of_one_day(n), *said]


def registers_of_one_day(n: int) -> list[Event]:
    return [*marks_of_one_day(n), *(sky.Register(DAY, planned=6, marked=6, id=f"r-{i}") for i in range(n))]


def enrolments(n: int) -> list[Event]:
    moved = [enrolled(date(2026, 8, 12) + timedelta(i - n), i) for i in range(n)]
    return [*moved, *(sky.Mark(DAY + timedelta(i), lessons=3, kind="health", id=f"m-{i}") for i in range(5))]


def enrolments_that_became_known_on_one_day(n: int) -> list[Event]:
    on = date(2026, 8, 12)
    return [enrolled(on - timedelta(n - i), i, recorded=on, seq=i) for i in range(n)]


RECORDS: dict[str, Callable[[int], list[Event]]] = {
    "marks of one day": marks_of_one_day,
    "marks retracted on one day": retracted_on_one_day,
    "marks that a guardian calls wrong": called_wrong,
    "registers of one day": registers_of_one_day,
    "enrolments": enrolments,
    "enrolments that became known on one day": enrolments_that_became_known_on_one_day,
}


def operations(work: Callable[[], object]) -> int:
    """How many operations of the interpreter it takes."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return trace

    old = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(old)
    return count


def cost(case: sky.Case, model: sky.Model) -> int:
    return operations(lambda: sky.decide(model, case, on=date(2026, 12, 1), calendars=CALENDAR))


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("kind", RECORDS)
def test_twice_the_record_is_about_twice_the_work(kind: str, name: str) -> None:
    small, large = (sky.Case("p-1", events=RECORDS[kind](n)) for n in (100, 200))
    empty = sky.Case("p-1", events=[enrolled()])
    cost(empty, MODELS[name])  # what is made once for rules and calendar
    fixed = cost(empty, MODELS[name])
    assert cost(large, MODELS[name]) - fixed < 2.6 * max(cost(small, MODELS[name]) - fixed, fixed)


def test_nothing_is_kept_of_a_pupil_that_was_decided() -> None:
    """Each with an enrolment of its own, so that calendars are joined and asked for each anew."""

    def decide(i: int) -> None:
        first = sky.Enrolment(f"s-{i}", grade=8, since=date(2026, 8, 12), calendar="example-week-43/2026-27", id=f"e-{i}")
        case = sky.Case(f"p-{i}", events=[first, sky.Mark(DAY, lessons=6, kind="health", id=f"m-{i}")])
        sky.decide(MODELS["presets/lessons-per-term"], case, on=date(2026, 12, 1))

    for i in range(20):
        decide(i)
    gc.collect()
    before = sum(type(x).__name__ in ("Calendar", "WindowTable", "Case") for x in gc.get_objects())
    for i in range(20, 60):
        decide(i)
    gc.collect()
    assert sum(type(x).__name__ in ("Calendar", "WindowTable", "Case") for x in gc.get_objects()) - before < 5
