"""The published model of Vesala school: one below, at, and one above each limit, from the published sentence."""

from __future__ import annotations

from datetime import date

import pytest

import sky_model as sky

MODEL = sky.load("examples/oulu-vesala", allow={"draft"})
CALENDAR = sky.load_calendar("example-week-43/2026-27")
LADDERS = {
    "unauthorised": (15, 30, 50),
    "authorised": (50, 100),
}


def open_after(kind: str, lessons: int) -> set[str]:
    days = [date.fromordinal(d) for d in CALENDAR.school_days]
    marks = [sky.Mark(days[i // 6], lessons=1, kind=kind) for i in range(lessons)]
    case = sky.Case("p", events=[sky.Enrolment("s", grade=8, since=date(2026, 8, 12)), *marks])
    decision = sky.decide(MODEL, case, on=date(2026, 12, 15), calendars=CALENDAR)
    return {s.step for s in decision.open_steps if s.step.split("-")[-1].isdigit()}


@pytest.mark.parametrize(("ladder", "limit"), [(k, n) for k, limits in LADDERS.items() for n in limits])
@pytest.mark.parametrize("off", [-1, 0, 1])
def test_a_step_opens_at_its_limit_and_not_one_below(ladder: str, limit: int, off: int) -> None:
    kind = "unauthorised" if ladder == "unauthorised" else "health"
    expected = {f"{ladder}-{n}" for n in LADDERS[ladder] if n <= limit + off}
    assert open_after(kind, limit + off) == expected
