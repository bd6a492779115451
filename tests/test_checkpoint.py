"""Promise 17, `a_checkpoint_changes_nothing`: the fold from a checkpoint equals the fold from the beginning.

Days and marks lie near the summer between the two school years and windows reach over it, so that what is erased would be missed.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from generated_language import NAME, TWO_YEARS, action_of, beside, file_of, language_data, language_events, one_in, step_of
from generated_tasks import language_task_examples
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import sky_model as sky
from sky_model.checkpoints import checkpoint
from sky_model.cli import app
from sky_model.decider import decider_of
from sky_model.engine import digest
from sky_model.events import (
    ActionTaken,
    Answer,
    Consent,
    Enrolment,
    Mark,
    Pause,
    Register,
    Report,
    Retracted,
    StepClosed,
)
from sky_model.host.log import Log, replay
from sky_model.model import load_data
from sky_model.records import Case
from sky_model.schooldays import Calendar

FIRST, SECOND = (date.fromordinal(y.first) for y in TWO_YEARS.years)
LAST = date.fromordinal(TWO_YEARS.years[1].last)
NEAR = [d for x in TWO_YEARS.school_days if -26 <= ((d := date.fromordinal(x)) - SECOND).days <= 16]
BEFORE, AFTER = [d for d in NEAR if d < SECOND], [d for d in NEAR if d > SECOND]
SAID_OF_OLD = ("told", "set_aside", "unmapped")  # what could not be used of an erased record is not said again


# ---------------------------------------------------------------------- generated
@st.composite
def data_over_the_summer(draw: st.DrawFn) -> dict[str, Any]:
    # whether something is known is settled for old days by a later answer: excepted by name
    data: dict[str, Any] = json.loads(json.dumps(draw(language_data())).replace('"is": "known"', '"is": "reached"'))
    for c in data["counters"]:
        window = c["window"]
        if isinstance(window["in"], str) and "share_of" not in c and "compared_with" not in c and one_in(draw, 2):
            window["in"] = "any_time"
            if one_in(draw, 2):
                window["rolling"] = draw(st.sampled_from([{"school_weeks": "2"}, {"school_days": "5"}, {"calendar_days": "16"}]))
    for s in data["steps"]:
        counters = [c["id"] for c in data["counters"] if c["id"] in s["opens"]]
        if counters and isinstance(s["again"], str) and s["lasts"] == "until_closed" and one_in(draw, 3):
            limit = draw(st.sampled_from(["1", "2"]))
            length = draw(st.sampled_from([{"school_weeks": "3"}, {"terms": "1"}]))
            s["closing"]["watch"] = {"for": length, "opens": {counters[0]: {"at_least": limit}}}
    return data


@st.composite
def cases_over_the_summer(draw: st.DrawFn) -> Case:
    found: list[tuple[date, Any]] = []
    for i in range(draw(st.integers(2, 9))):
        on = draw(st.sampled_from([*NEAR, *BEFORE[-6:], *AFTER[:6]]))
        kind = draw(st.sampled_from(["unauthorised", "unauthorised", "health", "unexplained", "leave", "late"]))
        mark = Mark(
            on,
            lessons=draw(st.sampled_from([6, 6, 3, 1])),
            kind=kind,
            subject=draw(st.sampled_from([None, "maths"])),
            part=draw(st.sampled_from([None, "end_of_day"])),
            explained=draw(st.sampled_from([None, True, False])),
            id=f"m{i}",
        )
        recorded = on + timedelta(days=draw(st.sampled_from([0, 0, 0, 1, 4])))
        found.append((recorded, mark))
        if one_in(draw, 5):
            found.append((recorded + timedelta(days=draw(st.sampled_from([0, 1, 4]))), replace(mark, lessons=0)))
    found += draw(st.lists(language_events(st.sampled_from(NEAR)), max_size=7))
    found = [(r, e) for r, e in found if r <= LAST]
    if not one_in(draw, 8):
        grade = draw(st.sampled_from([8, 8, 3, None]))
        found.insert(0, (FIRST, Enrolment("s", grade=grade, since=FIRST, lessons_per_week=30)))
        if one_in(draw, 3):  # a new school year, a new grade; sometimes in the middle of one, sometimes told late
            since = draw(st.sampled_from([SECOND, SECOND, *NEAR]))
            recorded = since + timedelta(days=draw(st.sampled_from([0, 0, 3])))
            found.append((recorded, Enrolment("s", grade=draw(st.sampled_from([9, 6])), since=since, lessons_per_week=25)))
    found = [(r, e) for r, e in found if r <= LAST]
    return in_order(draw, found, register=draw(st.sampled_from(["marks_only"] * 4 + ["given"])))


def in_order(draw: st.DrawFn, found: list[tuple[date, Any]], *, register: Any) -> Case:
    order = draw(st.permutations(range(len(found))))
    placed = sorted(zip(order, found, strict=True), key=lambda x: (x[1][0], x[0]))
    events = [replace(e, id=e.id or f"x{n}", recorded=r, seq=n) for n, (_, (r, e)) in enumerate(placed)]
    return Case("p", register=register, events=events)


def speaks_of_later(case: Case) -> Case:
    """Without later events about what lies before the checkpoint."""
    old = {e.id for e in case.events if e.recorded <= SECOND}
    kept = [
        e
        for e in case.events
        if e.recorded <= SECOND
        or not (
            e.on <= SECOND
            or e.id in old
            or (isinstance(e, Retracted) and e.of in old)
            or (isinstance(e, ActionTaken) and e.mark in old)
        )
    ]
    ids = {e.id for e in kept}
    return case.changed(events=[e for e in kept if not isinstance(e, Retracted) or e.of in ids])


def settled(model: sky.Model, case: Case) -> Case | None:
    """The record where a person closes what is open or undecided on the first day of the second year."""
    for _ in range(6):
        path = decider_of(model, case, on=SECOND, calendars=TWO_YEARS).path
        still = sorted(
            {o.step.base for o in path.openings if o.ended is None} | {s.base for s, _ in path.undecided_steps.values()}
        )
        if not still:
            return case
        n = max((e.seq for e in case.events), default=0) + 1
        new = [StepClosed(s, "enough", SECOND, id=f"closed-{n + i}", recorded=SECOND, seq=n + i) for i, s in enumerate(still)]
        first = [e for e in case.events if e.recorded <= SECOND]
        later = [replace(e, seq=e.seq + n + len(new)) for e in case.events if e.recorded > SECOND]
        case = case.changed(events=[*first, *new, *later])
    return None


def said(model: sky.Model, case: Case, on: date, old: Collection[str]) -> dict[str, Any]:
    out = sky.decide(model, case, on=on, calendars=TWO_YEARS).to_json()
    out["basis"] = {k: v for k, v in out["basis"].items() if k != "checkpoint"}
    for step in out["open_steps"]:  # erased marks of a sum over all years are counted and not named
        for part in ("because", "today") if old else ():
            step[part] = [r | {"marks": [m for m in r["marks"] if m not in old], "first": None} for r in step[part]]
    return {k: v for k, v in out.items() if k not in SAID_OF_OLD}


def erased_in(small: Case, whole: Case) -> set[str]:
    """The ids of erased marks that are carried in a number; of every other counter all marks are there to be named."""
    carried = small.before is not None and any(small.before.carried.values())
    return {e.id for e in whole.events} - {e.id for e in small.events} if carried else set()


def compare(data: dict[str, Any], case: Case, days: list[int]) -> None:
    model = load_data(data)
    whole = settled(model, speaks_of_later(case))
    if whole is None:
        return
    small = checkpoint(model, whole, on=SECOND, calendars=TWO_YEARS)
    again = Case.from_json(json.dumps(small.to_json()))
    assert again == small
    old = erased_in(small, whole)
    for n in days:
        on = SECOND + timedelta(days=n)
        assert said(model, small, on, old) == said(model, whole, on, old)


FEW = settings(max_examples=250, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
DAYS = st.lists(st.integers(1, 34), min_size=1, max_size=3)


@pytest.mark.long
@settings(FEW, phases=(Phase.explicit, Phase.generate))
@given(data_over_the_summer(), cases_over_the_summer(), DAYS)
def test_a_checkpoint_changes_nothing(data: dict[str, Any], case: Case, days: list[int]) -> None:
    compare(data, case, days)


@settings(FEW, max_examples=80, phases=(Phase.explicit, Phase.generate))
@given(language_task_examples(), DAYS)
def test_a_checkpoint_changes_no_task(example: tuple[dict[str, Any], Case, date], days: list[int]) -> None:
    compare(example[0], example[1], days)


# ---------------------------------------------------------------------- one thing of earlier years after another
def counter(name: str, **lines: Any) -> dict[str, Any]:
    return {"id": name, "measure": "lessons", "lesson_minutes": "45", "kinds": "all", "window": {"in": "any_time"}, **lines}


def day(month: int, n: int) -> date:
    return date(2026, month, n)


def ruleset(counters: list[dict[str, Any]], *steps: dict[str, Any], **lines: Any) -> dict[str, Any]:
    found = [*steps]
    if len(found) == 1:
        found.append(step_of("step-b", {"wish": {"is": "raised"}}))
    beside(found)
    return file_of(counters, found, []) | lines


def record(*events: Any, grade: int = 8) -> Case:
    enrolled = Enrolment("s", grade=grade, since=FIRST, lessons_per_week=30, recorded=FIRST)
    dated = sorted([enrolled, *events], key=lambda e: e.recorded or e.on)
    return Case("p", events=[replace(e, id=e.id or f"e{n}", seq=n, recorded=e.recorded or e.on) for n, e in enumerate(dated)])


def mark(month: int, n: int, lessons: int = 6) -> Mark:
    return Mark(day(month, n), lessons=lessons, kind="unauthorised")


FEW_DAYS = {"in": "any_time", "rolling": {"calendar_days": "9"}}
ABSENT = {"absence": {"at_least": "6"}}
EXAMPLES: dict[str, tuple[dict[str, Any], Case]] = {
    "a limit that a closing answered for good": (
        ruleset([counter("absence")], step_of("step-a", ABSENT, again="once")),
        record(mark(8, 12), StepClosed("step-a", "enough", day(8, 13)), mark(9, 23)),
    ),
    "a sum over all years": (
        ruleset([counter("absence")], step_of("step-a", {"absence": {"at_least": "10"}})),
        record(mark(8, 12), mark(9, 22)),
    ),
    "what was done in the window of a sum over all years": (
        ruleset([counter("absence")], step_of("step-a", {"absence": {"at_least": "10"}})),
        record(mark(8, 12), ActionTaken("act-a", "done", day(8, 20)), mark(9, 22)),
    ),
    "a sum over all years of a pupil who moved up": (
        ruleset([counter("absence")], step_of("step-a", {"absence": {"at_least": "10"}})),
        record(mark(8, 12), Enrolment("s", grade=9, since=SECOND, lessons_per_week=30), mark(9, 22)),
    ),
    "a lesson of an earlier year that nobody marked": (
        ruleset([counter("absence")], step_of("step-a", {"absence": {"at_least": "35"}})),
        record(mark(8, 12), Register(day(8, 13), planned=6, marked=0), *(mark(9, n) for n in (22, 23, 24, 25))),
    ),
    "marks each of which opens a step anew": (
        ruleset(
            [{k: v for k, v in counter("absence", measure="marks").items() if k != "lesson_minutes"}],
            step_of("step-a", {"absence": {"at_least": "1"}}, again={"each": "mark"}, lasts="until_done"),
        ),
        record(mark(8, 12), ActionTaken("act-a", "done", day(8, 13)), mark(9, 22)),
    ),
    "a part that was false since the closing": (
        ruleset(
            [counter("absence", window=FEW_DAYS)],
            step_of("step-a", {"all": [ABSENT, {"none": [{"concern": {"is": "raised"}}]}]}, again="once"),
        ),
        record(
            mark(8, 12),
            StepClosed("step-a", "enough", day(8, 13)),
            Report("concern", day(8, 20), by="teacher"),
            Report("concern", day(9, 1), by="teacher", raised=False),
            mark(9, 23),
        ),
    ),
    "a limit by which a step opened once and ended by itself": (
        ruleset([counter("absence", window=FEW_DAYS)], step_of("step-a", ABSENT, lasts="while_true", again="once")),
        record(mark(8, 12), mark(9, 23)),
    ),
    "what was done for a step that ended, from its day on": (
        ruleset(
            [counter("absence", window={"in": "term"}), counter("all-years")],
            step_of("step-a", ABSENT),
            step_of("step-b", {"all": [{"all-years": {"at_least": "12"}}, {"step-a": {"is": "worked_through"}}]}),
        ),
        record(
            Report("concern", day(8, 10), by="teacher"),
            ActionTaken("act-a", "done", day(8, 11)),
            mark(9, 1),
            StepClosed("step-a", "enough", day(9, 2)),
            mark(9, 22),
        ),
    ),
    "an action that was not needed": (
        ruleset(
            [counter("this-year", window={"in": "school_year"})],
            step_of("step-a", {"concern": {"is": "raised"}}),
            step_of("step-b", {"all": [{"this-year": {"at_least": "6"}}, {"step-a": {"is": "worked_through"}}]}),
        ),
        record(
            Report("concern", day(9, 1), by="teacher"),
            ActionTaken("act-a", "not_needed", day(9, 1)),
            StepClosed("step-a", "enough", day(9, 2)),
            Report("concern", day(9, 3), by="teacher", raised=False),
            mark(9, 22),
        ),
    ),
    "an action that was done": (
        ruleset(
            [counter("this-year", window={"in": "school_year"})],
            step_of("step-a", {"concern": {"is": "raised"}}),
            step_of("step-b", {"all": [{"this-year": {"at_least": "6"}}, {"step-a": {"is": "worked_through"}}]}),
        ),
        record(
            Report("concern", day(9, 1), by="teacher"),
            ActionTaken("act-a", "done", day(9, 1)),
            StepClosed("step-a", "enough", day(9, 2)),
            Report("concern", day(9, 3), by="teacher", raised=False),
            mark(9, 22),
        ),
    ),
    "a step that is over though its action comes later": (
        ruleset(
            [counter("this-year", window={"in": "school_year"})],
            step_of("step-a", {"concern": {"is": "raised"}}),
            step_of("step-b", {"all": [{"this-year": {"at_least": "6"}}, {"step-a": {"is": "worked_through"}}]}),
        ),
        record(
            Report("concern", day(9, 1), by="teacher"),
            StepClosed("step-a", "enough", day(9, 2)),
            Report("concern", day(9, 3), by="teacher", raised=False),
            mark(9, 22),
            ActionTaken("act-a", "done", day(9, 24)),
        ),
    ),
    "a row of days that began before the window": (
        ruleset(
            [
                counter(
                    "absence",
                    measure="episodes",
                    day_from="any_part",
                    window={"in": "any_time", "rolling": {"calendar_days": "16"}},
                )
            ],
            step_of("step-a", {"absence": {"at_least": "1"}}, again={"each": "episode"}),
        ),
        record(mark(9, 3), mark(9, 4), StepClosed("step-a", "enough", day(9, 4)), mark(9, 7), mark(9, 8), mark(9, 25)),
    ),
    "a smaller limit while the step is watched": (
        ruleset(
            [counter("absence", window={"in": "school_year"})],
            step_of(
                "step-a",
                ABSENT,
                closing={
                    "by": ["teacher"],
                    "reasons": [{"id": "enough", "name": NAME}],
                    "watch": {"for": {"school_weeks": "5"}, "opens": {"absence": {"at_least": "3"}}},
                },
            ),
        ),
        record(mark(9, 1), StepClosed("step-a", "enough", day(9, 8)), mark(9, 10, 2), mark(9, 22, 1)),
    ),
    "the same length of time before": (
        ruleset(
            [counter("absence", window={"in": "any_time", "rolling": {"calendar_days": "7"}}, compared_with="window_before")],
            step_of("step-a", {"absence": {"at_least": "3"}}),
        ),
        record(mark(9, 11, 2), mark(9, 22, 3)),
    ),
    "a concern that is still raised, and what was done about it": (
        ruleset(
            [counter("absence", window={"in": "school_year"})],
            step_of("step-a", {"all": [ABSENT, {"concern": {"is": "raised"}}]}),
        ),
        record(Report("concern", day(9, 1), by="teacher"), ActionTaken("act-a", "done", day(9, 2)), mark(9, 22)),
    ),
    "an answer that still holds": (
        ruleset(
            [counter("absence", window={"in": "school_year"})],
            step_of("step-a", {"all": [ABSENT, {"cause": {"is": "school"}}]}),
        ),
        record(Answer("cause", "family", day(8, 20)), Answer("cause", "school", day(9, 1)), mark(9, 22)),
    ),
    "an action done long ago that a condition reads": (
        ruleset(
            [counter("absence", window={"in": "school_year"})],
            step_of("step-a", {"all": [ABSENT, {"act-b": {"is": "done"}}]}),
        ),
        record(ActionTaken("act-b", "done", day(8, 12)), mark(9, 22)),
    ),
    "a pause that goes on": (
        ruleset(
            [counter("absence", window={"in": "school_year"})],
            step_of("step-a", ABSENT, actions=[action_of("act-a", within={"school_days": "3"})]),
        ),
        record(Pause(day(9, 10), day(9, 24), owner="teacher"), mark(9, 22)),
    ),
    "a consent that was given": (
        ruleset(
            [counter("absence", window={"in": "school_year"})],
            step_of("step-a", ABSENT),
            roles=[{"id": n, "what": "party", "name": NAME, "source": "town"} for n in ("teacher", "guardian")],
            consents=[
                {"id": "to-tell", "name": NAME, "given_by": ["guardian"], "needed_for": {"actions": ["act-a"]}, "source": "town"}
            ],
        ),
        record(Consent("to-tell", "given", day(8, 20), by="guardian"), mark(9, 22)),
    ),
    "places in the order of recording": (
        ruleset([counter("absence")], step_of("step-a", {"concern": {"is": "raised"}})),
        record(
            *(mark(9, n, 1) for n in (1, 3, 4, 7)),
            Report("concern", SECOND, by="teacher"),
            StepClosed("step-a", "enough", SECOND),
            Report("concern", SECOND, by="nurse"),
            StepClosed("step-a", "enough", SECOND),
        ),
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_checkpoint_keeps_what_a_later_day_asks_of(name: str) -> None:
    data, case = EXAMPLES[name]
    model = load_data(data)
    small = checkpoint(model, case, on=SECOND, calendars=TWO_YEARS)
    old = erased_in(small, case)
    for n in range(1, 30):
        on = SECOND + timedelta(days=n)
        assert said(model, small, on, old) == said(model, case, on, old)


# ---------------------------------------------------------------------- what is refused, and what is told
OPENED = ruleset([counter("absence", window={"in": "school_year"})], step_of("step-a", ABSENT))
CLOSED = record(mark(9, 1), StepClosed("step-a", "enough", day(9, 2)))


def made(case: Case = CLOSED, on: date = SECOND) -> Case:
    return checkpoint(load_data(OPENED), case, on=on, calendars=TWO_YEARS)


def test_no_mark_of_an_erased_year_is_in_what_was_written() -> None:
    text = json.dumps(made().to_json())
    assert "mark" in json.dumps(CLOSED.to_json())
    assert '"mark"' not in text
    assert "unauthorised" not in text


def test_a_record_in_which_a_step_is_open_stays_whole() -> None:
    with pytest.raises(sky.RecordError, match="not everything is settled on 2026-09-21: step-a"):
        made(record(mark(9, 1)))


def test_a_checkpoint_is_made_on_the_first_day_of_a_school_year() -> None:
    with pytest.raises(sky.RecordError, match="on the first day of a school year; the one of 2026-09-22 began on 2026-09-21"):
        made(on=SECOND + timedelta(days=1))


@pytest.mark.parametrize("known_on", [None, SECOND])
def test_a_day_up_to_the_checkpoint_cannot_be_asked_about(known_on: date | None) -> None:
    on = SECOND if known_on is None else SECOND + timedelta(days=9)
    with pytest.raises(sky.RecordError, match="goes on from a checkpoint of 2026-09-21") as e:
        sky.decide(load_data(OPENED), made(), on=on, known_on=known_on, calendars=TWO_YEARS)
    assert e.value.rule == "before-checkpoint"


def test_an_event_recorded_up_to_the_checkpoint_belongs_into_the_record_before_it() -> None:
    with pytest.raises(sky.RecordError, match="belongs into the record before it"):
        made().with_events(replace(mark(9, 1), recorded=day(9, 3), seq=7))


def test_a_mark_that_is_recorded_later_for_an_erased_day_is_counted_nowhere_and_told() -> None:
    late = replace(mark(9, 3), id="late", recorded=day(9, 25), seq=9)
    decision = sky.decide(load_data(OPENED), made().with_events(late), on=day(9, 28), calendars=TWO_YEARS)
    assert (decision.told, decision.open_steps, decision.withdrawn) == (("late",), (), ())


def _other(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    out = json.loads(json.dumps(data))
    at = out
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return out


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("checkpoint",), []),
        (("checkpoint", "format"), 2),
        (("checkpoint", "day"), "2026-13-01"),
        (("checkpoint", "count"), 0),
        (("checkpoint", "events"), [{"type": "mark"}]),
        (("checkpoint", "events", 0, "place"), -1),
        (("checkpoint", "events", 0, "recorded"), None),
        (("checkpoint", "openings"), {}),
        (("checkpoint", "openings", 0, "moment"), "2026-09-01"),
        (("checkpoint", "openings", 0, "level"), "high"),
        (("checkpoint", "openings", 0, "name"), ""),
        (("checkpoint", "openings", 0, "grounds"), [1]),
        (("checkpoint", "ends", 0, "answered"), []),
        (("checkpoint", "ends", 0, "more"), 1),
    ],
)
def test_a_checkpoint_that_was_changed_is_a_clear_error(path: tuple[Any, ...], value: Any) -> None:
    with pytest.raises(sky.RecordError) as e:
        Case.from_json(_other(made().to_json(), path, value))
    assert e.value.field.startswith("checkpoint") or e.value.rule in ("missing", "not-a-day")


# ---------------------------------------------------------------------- one after another, and with everything around it
def test_a_checkpoint_can_follow_a_checkpoint() -> None:
    ends = {"terms": (day(11, 2).toordinal(),), "periods": (day(11, 2).toordinal(),), "quarters": (day(11, 2).toordinal(),)}
    third = replace(TWO_YEARS.years[1], id="third", first=day(11, 2).toordinal(), last=day(12, 18).toordinal(), breaks=(), **ends)
    three = Calendar((*TWO_YEARS.years, third))
    window = {"in": "any_time", "rolling": {"calendar_days": "60"}}
    model = load_data(ruleset([counter("absence", window=window)], step_of("step-a", ABSENT, again="when_true_anew")))
    case = record(mark(8, 12), StepClosed("step-a", "enough", day(8, 13)), mark(10, 20), mark(11, 3), mark(12, 10))
    first = checkpoint(model, case, on=SECOND, calendars=three)
    closed = StepClosed("step-a", "enough", day(10, 21), id="again", recorded=day(10, 21), seq=8)
    whole, one = (c.changed(events=sorted([*c.events, closed], key=lambda e: e.recorded)) for c in (case, first))
    two = Case.from_json(json.dumps(checkpoint(model, one, on=day(11, 2), calendars=three).to_json()))
    assert two.before is not None
    assert two.before.count == len([e for e in whole.events if e.recorded <= day(11, 2)])
    for n in range(3, 40):
        on = day(11, 1) + timedelta(days=n)
        answers = [sky.decide(model, c, on=on, calendars=three).to_json() | {"basis": {}} for c in (whole, one, two)]
        assert answers[0] == answers[1] == answers[2]


YEARS = "example-week-43/2025-26+example-week-43/2026-27"


def school_case(closed: bool) -> Case:
    enrolled = sky.Enrolment("s-3", grade=8, since=date(2025, 8, 12), calendar=YEARS, lessons_per_week=30)
    days = [d for n in range(1, 30) if (d := date(2025, 9, n)).weekday() < 5]
    marks = [sky.Mark(d, lessons=6, kind="unauthorised", id=f"m{d.day}") for d in days]
    moved_up = replace(enrolled, grade=9, since=date(2026, 8, 12))
    case = Case("p-17", events=[enrolled, moved_up, *marks])
    if closed:
        model = sky.load("fi-sky/2026-1")
        for n in range(8):
            d = sky.decide(model, case, on=date(2026, 8, 12))
            still = {s.step for s in d.open_steps} | {s for q in d.questions for s in q.steps}
            for name in sorted(still):
                closing = model.newest.step_by_id[name].said.closing
                reason = closing.reasons[0].id if closing else "over"
                case = case.with_events(StepClosed(name, reason, date(2026, 8, 12), id=f"c{n}{name}"))
    return case.with_events(*(sky.Mark(date(2026, 9, n), lessons=6, kind="unauthorised", id=f"n{n}") for n in range(1, 10)))


def test_the_national_ruleset_goes_on_from_a_checkpoint() -> None:
    model, case = sky.load("fi-sky/2026-1"), school_case(closed=True)
    small = checkpoint(model, case, on=date(2026, 8, 12))
    assert not any(isinstance(e, Mark) and e.on.year == 2025 for e in small.events)
    for n in (1, 20, 29, 60, 200):
        on = date(2026, 8, 12) + timedelta(days=n)
        a, b = (sky.decide(model, c, on=on).to_json() for c in (case, small))
        for step in (*a["open_steps"], *b["open_steps"]):
            for r in (*step["because"], *step["today"]):  # erased marks are counted, and not named
                r["marks"], r["first"] = [m for m in r["marks"] if m.startswith("n")], None
        assert b["basis"].pop("checkpoint") == {"day": "2026-08-12", "fingerprint": digest(small.before.to_json())}  # type: ignore[union-attr]
        assert a == b


def test_a_log_is_proven_from_a_record_with_a_checkpoint(tmp_path: Path) -> None:
    model, case = sky.load("fi-sky/2026-1"), checkpoint(sky.load("fi-sky/2026-1"), school_case(closed=True), on=date(2026, 8, 12))
    with Log(tmp_path / "log") as log:
        log.decided(sky.decide(model, case, on=date(2026, 9, 4)), time="2026-09-04T07:00:00+03:00")

    def decide(c: Case, on: date, known_on: date | None, **asked: Any) -> sky.Decision:
        return sky.decide(model, c, on=on, known_on=known_on, **asked)

    later = case.with_events(sky.Mark(date(2026, 10, 1), lessons=2, kind="health", id="later"))
    corrected = later.with_events(sky.Mark(date(2026, 9, 3), lessons=0, kind="health", id="n3", recorded=date(2026, 10, 2)))
    for known in (case, later, corrected):
        assert [p.state for p in replay(tmp_path / "log", {"p-17": known}, decide)] == ["proven"]
    whole = school_case(closed=True)
    assert [p.state for p in replay(tmp_path / "log", {"p-17": whole}, decide)] == ["other_record"]


@pytest.mark.parametrize("option", [("--as-if",), ("--absent", "principal")])
def test_the_command_makes_no_checkpoint_as_if(tmp_path: Path, option: tuple[str, ...]) -> None:
    path = tmp_path / "records.jsonl"
    path.write_text(json.dumps(school_case(closed=True).to_json()) + "\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["checkpoint", str(path), "--rules", "fi-sky/2026-1", "--on", "2026-08-12", *option])
    assert result.exit_code == 2
    assert "do not go with it" in result.output


def test_the_command_writes_every_record_and_says_which_stay_whole(tmp_path: Path) -> None:
    cases = [replace_pupil(school_case(closed=True), "p-1"), replace_pupil(school_case(closed=False), "p-2")]
    (tmp_path / "records.jsonl").write_text("".join(json.dumps(c.to_json()) + "\n" for c in cases), encoding="utf-8")
    call = ["checkpoint", str(tmp_path / "records.jsonl"), "--rules", "fi-sky/2026-1", "--on", "2026-08-12"]
    done = CliRunner().invoke(app, [*call, "--out", str(tmp_path / "after.jsonl")])
    assert done.exit_code == 3
    first, second = (json.loads(x) for x in (tmp_path / "after.jsonl").read_text(encoding="utf-8").splitlines())
    assert first["checkpoint"]["day"] == "2026-08-12"
    assert second == cases[1].to_json()
    assert "p-2: not everything is settled on 2026-08-12: " in done.stderr
    assert f"{first['checkpoint']['count'] - len(first['checkpoint']['events'])} events are erased" in done.stderr
    assert "1 of 2 records stay whole" in done.stderr


def replace_pupil(case: Case, pupil: str) -> Case:
    return Case.from_json(case.to_json() | {"pupil": pupil})


def test_a_record_that_cannot_be_read_is_not_lost(tmp_path: Path) -> None:
    (tmp_path / "records.jsonl").write_text("{\n", encoding="utf-8")
    out = tmp_path / "after.jsonl"
    done = CliRunner().invoke(app, ["checkpoint", str(tmp_path / "records.jsonl"), "--on", "2026-08-12", "--out", str(out)])
    assert (done.exit_code, out.exists()) == (2, False)
    assert "nothing was written" in done.stderr
