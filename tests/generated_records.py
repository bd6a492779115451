"""Generated records for the promises: short, so that a failure is readable. Days lie in the school year 2026-27."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import strategies as st

import sky_model as sky
from sky_model.events import Event

CALENDAR = sky.load_calendar("example-week-43/2026-27")
FIRST, LAST = date(2026, 8, 12), date(2027, 1, 29)
DAYS = [date.fromordinal(d) for d in CALENDAR.school_days if d <= LAST.toordinal()]
ENROLLED = sky.Enrolment("s", grade=8, since=FIRST, lessons_per_week=30, id="e", seq=0, recorded=FIRST)
STEPS = ("first-limit-reached", "second-limit-reached", "third-limit-reached", "concern-raised", "unauthorised-absence")
KINDS = ("health", "unauthorised", "unexplained", "leave-granted", "nobody-mapped")


@st.composite
def events(draw: st.DrawFn, *, people: bool = True, registers: bool = True, kinds: tuple[str, ...] = KINDS) -> list[Event]:
    """Marks with corrections and late recording; with `people` also what people say and do."""
    found: list[tuple[date, object]] = []
    for i in range(draw(st.integers(0, 8))):
        on = draw(st.sampled_from(DAYS))
        recorded = on + timedelta(days=draw(st.sampled_from([0, 0, 0, 1, 5, 20])))
        lessons = draw(st.sampled_from([1, 6, 6, 10, 18]))
        found.append((recorded, sky.Mark(on, lessons=lessons, kind=draw(st.sampled_from(kinds)), id=f"m{i}")))
        if draw(st.integers(0, 3)) == 0:
            later = recorded + timedelta(days=draw(st.integers(0, 25)))
            found.append(
                (later, sky.Mark(on, lessons=draw(st.sampled_from([0, 3, 6])), kind=draw(st.sampled_from(kinds)), id=f"m{i}"))
            )
    if registers:
        for on in draw(st.lists(st.sampled_from(DAYS), max_size=2, unique=True)):
            found.append((on, sky.Register(on, 6, draw(st.integers(0, 6)))))
    if people:
        for _ in range(draw(st.integers(0, 4))):
            on = draw(st.sampled_from(DAYS))
            event: object = draw(
                st.sampled_from(
                    [
                        sky.Report("concern", on, by="guardian"),
                        sky.Report("concern", on, by="guardian", raised=False),
                        sky.Report("wish-to-meet-curator", on, by="pupil"),
                        sky.ActionTaken("talk-with-pupil", "done", on),
                        sky.ActionTaken("absence-notice-to-guardian", "done", on),
                        sky.ActionTaken("talk-with-pupil", "snoozed", on, until=on + timedelta(days=9)),
                        sky.Pause(on, on + timedelta(days=12), "principal"),
                        *(sky.StepClosed(s, "support-agreed", on) for s in STEPS),
                    ]
                )
            )
            found.append((on, event))
    ordered = sorted(enumerate(found), key=lambda x: (x[1][0], x[0]))
    out: list[Event] = [ENROLLED]
    for n, (_, (recorded, event)) in enumerate(ordered, 1):
        name = getattr(event, "id", None) or f"x{n}"
        out.append(replace(event, id=name, recorded=recorded, seq=n))  # type: ignore[type-var]
    return out


def case_of(found: list[Event]) -> sky.Case:
    return sky.Case("p", events=found)
