"""Generated rulesets and records on a small calendar: few steps, small limits, few events, so that a failure is readable.

Rules: a ruleset is made of the values that its files would hold (every scalar is text) and loads without a fault; a record
has `seq` on every event, and an event is taken back only after it was recorded.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from sky_model.events import ActionTaken, Answer, Enrolment, Mark, Register, Report, Retracted, StepClosed
from sky_model.model import load_data
from sky_model.records import Case
from sky_model.rules import Model
from sky_model.schooldays import Calendar, SchoolYear

__all__ = ["CALENDAR", "FIRST", "LAST", "cases", "days", "model_data", "models"]

FIRST, LAST = date(2026, 8, 10), date(2026, 10, 18)  # a Monday and the Sunday ten weeks later
SECOND_TERM = date(2026, 9, 21)
CALENDAR = Calendar(
    (
        SchoolYear(
            id="ten-weeks",
            first=FIRST.toordinal(),
            last=LAST.toordinal(),
            lesson_minutes=45,
            terms=(FIRST.toordinal(), SECOND_TERM.toordinal()),
            breaks=((date(2026, 9, 14).toordinal(), date(2026, 9, 20).toordinal()),),
            public_holidays=frozenset({date(2026, 9, 2).toordinal()}),
        ),
    )
)
SUNDAY = date(2026, 8, 30)
SCHOOL_DAYS = [date.fromordinal(d) for d in CALENDAR.school_days]
STEPS = ("step-a", "step-b", "step-c")
ACTIONS = ("act-a", "act-b", "act-c", "judge-a", "judge-b", "judge-c")
NAME = {"en": "x"}
KINDS = {"health": "authorised", "unauthorised": "unauthorised", "elsewhere": "attended"}


def days() -> st.SearchStrategy[date]:
    """A day of the calendar to decide about, any weekday."""
    last = (LAST - FIRST).days
    return st.one_of(st.integers(45, last), st.integers(55, last), st.integers(0, last)).map(lambda n: FIRST + timedelta(days=n))


# ---------------------------------------------------------------------- rulesets
@st.composite
def counters(draw: st.DrawFn, name: str) -> dict[str, Any]:
    measure = draw(st.sampled_from(["lessons", "lessons", "marks"]))
    window: dict[str, Any] = {"in": draw(st.sampled_from(["term", "term", "school_year", "enrolment", "any_time"]))}
    rolling = draw(st.sampled_from([None, None, {"school_weeks": "2"}, {"school_days": "5"}]))
    if rolling:
        window["rolling"] = rolling
    kinds = draw(st.sampled_from(["all", "all", {"only": ["unauthorised"]}, {"all_except": ["unauthorised"]}]))
    out: dict[str, Any] = {"id": name, "measure": measure, "kinds": kinds, "window": window}
    if measure == "lessons":
        out["lesson_minutes"] = draw(st.sampled_from(["45", "45", "60"]))
        if draw(st.integers(0, 4)) == 1:
            out["share_of"] = {"planned": "so_far"}
            if draw(st.booleans()):
                out["minimum"] = {"planned_lessons": "20"}
    return out


@st.composite
def counter_tests(draw: st.DrawFn, counter: dict[str, Any], *, low: bool = False) -> dict[str, Any]:
    limits = ["1", "2"] if low else ["2", "4", "6", "9"]
    if counter["measure"] == "marks":
        limits = ["1"] if low else ["1", "1", "2"]
    operator = draw(st.sampled_from(["at_least"] * 6 + ["more_than", "less_than"]))
    limit: Any = draw(st.sampled_from(limits))
    if draw(st.integers(0, 5)) == 0:
        limit = {"by": {"grade": {"1-6": draw(st.sampled_from(limits)), "7-9": draw(st.sampled_from(limits))}}}
    return {counter["id"]: {operator: limit}}


@st.composite
def conditions(draw: st.DrawFn, said: list[dict[str, Any]], steps: tuple[str, ...], own: str) -> dict[str, Any]:
    """What opens a step: mostly a counter, alone or joined with what people say or with what was done."""
    counter = draw(counter_tests(draw(st.sampled_from(said))))
    others = [s for s in steps if s != own]
    plain: list[dict[str, Any]] = [
        draw(counter_tests(draw(st.sampled_from(said)))),
        {"concern": {"is": "raised"}},
        {"wish": {"is": "raised"}},
        {f"act-{own[-1]}": {"is": "done"}},
        {f"act-{steps[0][-1]}": {"done_within": {"school_days": "5"}}},
        {"grade": {"at_least": "7"}},
        *({s: {"is": draw(st.sampled_from(["open", "ended", "never_opened"]))}} for s in others),
    ]
    asked = draw(
        st.sampled_from(
            [
                {"cause": {"is": "school"}},
                {"cause": {"one_of": ["school", "family"]}},
                {"cause": {"is": "known"}},
                {"cause": {"is": "unknown"}},
                {"topics": {"includes": "sleep"}},
            ]
        )
    )
    other = draw(st.sampled_from(plain))
    return draw(
        st.sampled_from(
            [
                counter,
                counter,
                {"any": [counter, other]},
                {"any": [counter, {"concern": {"is": "raised"}}]},
                {"all": [counter, other]},
                {"all": [counter, asked]},
                {"all": [counter, {"none": [other]}]},
                {"any": [{"all": [counter, asked]}, other]},
                {"concern": {"is": "raised"}},
            ]
        )
    )


def names_in(condition: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for key, body in condition.items():
        if key in ("any", "all", "none"):
            for part in body:
                yield from names_in(part)
        else:
            yield key, body


@st.composite
def steps_(draw: st.DrawFn, name: str, said: list[dict[str, Any]], steps: tuple[str, ...]) -> dict[str, Any]:
    letter, ids = name[-1], [c["id"] for c in said]
    opens = draw(conditions(said, steps, name))
    lasts = draw(
        st.sampled_from(
            ["until_closed"] * 4
            + ["until_done", "until_done", "while_true", "while_true"]
            + [{"until_end_of": "term"}, {"school_days": "4"}, {"calendar_days": "9"}]  # type: ignore[list-item]
        )
    )
    kinds_of_again: list[Any] = ["next_window", "next_window", "when_true_anew", "when_true_anew", "once"]
    if any(n in ids for n, _ in names_in(opens)):
        kinds_of_again += [{"each": "mark"}, {"each": "day"}]
    again = draw(st.sampled_from(kinds_of_again))
    action = {"id": f"act-{letter}", "name": NAME, "who": "teacher", "duty": "must", "about": "absence"}
    action["source"] = draw(st.sampled_from(["decree", "town"]))
    actions: list[dict[str, Any]] = [action]
    if draw(st.integers(0, 2)) == 0:
        judge: dict[str, Any] = {**action, "id": f"judge-{letter}", "duty": "consider", "source": "town"}
        judge |= draw(st.sampled_from([{}, {"when": {"concern": {"is": "raised"}}}, {"fulfilled_by": "system"}]))
        actions.append(judge)
    out: dict[str, Any] = {
        "id": name,
        "tier": "first",
        "name": NAME,
        "opens": opens,
        "lasts": lasts,
        "again": again,
        "actions": actions,
        "closing": {"by": ["teacher"], "reasons": [{"id": "enough", "name": NAME}]},
        "source": "town",
    }
    if draw(st.integers(0, 5)) == 3:
        out["grades"] = draw(st.sampled_from(["1-6", "7-9"]))
    if not isinstance(again, dict) and draw(st.integers(0, 3)) == 0:
        length = draw(st.sampled_from([{"school_days": "10"}, {"terms": "1"}, {"calendar_days": "20"}]))
        counter = draw(st.sampled_from(said))
        out["closing"]["watch"] = {"for": length, "opens": draw(counter_tests(counter, low=True))}
    return out


def ordered(steps: list[dict[str, Any]]) -> None:
    """Says of each step with a higher limit on a counter that it stands beside the lower ones."""
    lowest: dict[tuple[str, str], float] = {}
    for s in steps:
        for name, body in names_in(s["opens"]):
            for operator in ("at_least", "more_than"):
                limit = body.get(operator)
                if limit is not None and name != "grade":
                    low = min(map(float, limit["by"]["grade"].values() if isinstance(limit, dict) else [limit]))
                    lowest.setdefault((s["id"], name), low)  # the first one written, as the loader reads it
    for s in steps:
        s["above"] = {
            other: "beside" for (other, name), low in lowest.items() if low < lowest.get((s["id"], name), -1) and other != s["id"]
        }


def _file(version: str, valid_from: date, said: list[dict[str, Any]], steps: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "format": "1",
        "ruleset": "generated",
        "version": version,
        "status": "pilot",
        "valid_from": valid_from.isoformat(),
        "grades": "1-9",
        "name": NAME,
        "sources": [
            {"id": "decree", "kind": "statute", "name": "a decree", "certainty": "primary"},
            {"id": "town", "kind": "local", "name": "a town's paper", "certainty": "primary"},
        ],
        "kinds": [{"id": k, "is": v, "name": NAME, "source": "town"} for k, v in KINDS.items()],
        "counters": [{**c, "source": "town"} for c in said],
        "reports": [{"id": r, "by": ["teacher"], "name": NAME, "source": "town"} for r in ("concern", "wish")],
        "questions": [
            {"id": "cause", "answers": ["school", "family"], "by": ["teacher"], "name": NAME, "source": "town"},
            {
                "id": "topics",
                "answers": ["sleep", "friends"],
                "several": "yes",
                "by": ["teacher"],
                "good_for": {"school_days": "6"},
                "name": NAME,
                "source": "town",
            },
        ],
        "tiers": [{"id": "first", "name": NAME, "source": "town"}],
        "roles": [{"id": "teacher", "what": "profession", "name": NAME, "source": "town"}],
        "steps": steps,
    }


@st.composite
def model_data(draw: st.DrawFn, *, versions: int = 2) -> list[dict[str, Any]]:
    """The values of one version of a ruleset, or of two that follow each other."""
    said = [draw(counters(f"counter-{x}")) for x in "xyz"[: draw(st.integers(1, 3))]]
    names = STEPS[: draw(st.integers(1, 3))]
    steps = [draw(steps_(n, said, names)) for n in names]
    ordered(steps)
    start = draw(st.sampled_from([date(2026, 8, 1), FIRST, FIRST, date(2026, 8, 24)]))
    out = [_file("1", start, said, steps)]
    if versions > 1 and draw(st.integers(0, 2)) == 0:
        later = json.loads(json.dumps(steps))
        ends: list[dict[str, Any]] = []
        change = draw(st.sampled_from(["limit", "was", "gone", "ends"]))
        first = later[0]
        if change == "limit":
            first["opens"] = draw(counter_tests(draw(st.sampled_from(said))))
            if isinstance(first["again"], dict) or draw(st.booleans()):
                first["again"] = "next_window"
        elif change == "was":
            later = json.loads(json.dumps(later).replace('"step-a"', '"step-a-new"'))
            later[0]["was"] = ["step-a"]
        elif json.dumps([s["opens"] for s in later[1:]]).count('"step-a"') + json.dumps(later[1:]).count("act-a") == 0:
            later = later[1:]
            ends = [{"step": "step-a", "because": "gone"}] if change == "ends" else []
        ordered(later)
        second = _file("2", draw(st.sampled_from([date(2026, 8, 31), date(2026, 9, 22)])), said, later)
        out.append({**second, "ends": ends})
    return out


def models() -> st.SearchStrategy[Model]:
    return model_data().map(lambda data: load_data(*data))


# ---------------------------------------------------------------------- records
@st.composite
def marks(draw: st.DrawFn) -> list[tuple[date, Any]]:
    """Some marks on few days, some recorded late, some corrected, one without a kind or on a Sunday."""
    out: list[tuple[date, Any]] = []
    start = draw(st.integers(0, len(SCHOOL_DAYS) - 1))  # most marks lie close together, as limits are reached
    near = SCHOOL_DAYS[start : start + 5]
    for i in range(draw(st.sampled_from([4, 3, 2, 1, 0, 4, 5]))):
        on = draw(st.sampled_from([*near, *near, draw(st.sampled_from(SCHOOL_DAYS)), SUNDAY]))
        kind = draw(st.sampled_from(["unauthorised", "health"] * 4 + ["elsewhere", "nobody-mapped", None]))
        length: dict[str, Any] = draw(
            st.sampled_from(
                [{"lessons": 6}, {"lessons": 3}, {"lessons": 5}, {"lessons": 1}, {"minutes": 90}, {"part": "partial"}]
            )
        )
        if length == {"part": "partial"} and (on == SUNDAY or draw(st.booleans())):
            length = {"lessons": 4}
        lesson = draw(st.sampled_from([None, None, "first"]))
        mark = Mark(on, kind=kind, lesson=lesson, id=f"m{i}", **length)
        recorded = on + timedelta(days=draw(st.sampled_from([0, 0, 0, 1, 6, 20])))
        out.append((recorded, mark))
        if draw(st.integers(0, 2)) == 0:
            changed = draw(
                st.sampled_from([{"lessons": 0}, {"lessons": 0}, {"lessons": 2}, {"kind": "health"}, {"kind": "elsewhere"}])
            )
            if "lessons" in changed:
                changed = {**changed, "minutes": None}
            later = recorded + timedelta(days=draw(st.sampled_from([0, 1, 4, 15])))
            out.append((later, replace(mark, **changed)))
    return out


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """One record of an enrolment or none and up to nine events; closings are often on days with marks."""
    found: list[tuple[date, Any]] = draw(marks())
    marked = sorted({m.on for _, m in found}) + sorted({r for r, _ in found if r <= LAST})
    day = st.one_of(st.sampled_from(marked), st.sampled_from(SCHOOL_DAYS)) if marked else st.sampled_from(SCHOOL_DAYS)
    for _ in range(draw(st.integers(0, max(0, 9 - len(found))))):
        on, what = draw(day), draw(st.sampled_from(["register", "report", "answer", "action", "closing", "closing", "closing"]))
        late = timedelta(days=draw(st.sampled_from([0, 0, 0, 2, 9])))
        event: Any
        if what == "register":
            planned = draw(st.sampled_from([4, 6]))
            event = Register(on, planned, draw(st.integers(0, planned)))
            if draw(st.integers(0, 4)) == 0:
                event = Register(on, through=on + timedelta(days=4))
        elif what == "report":
            name, who = draw(st.sampled_from(["concern", "concern", "wish"])), draw(st.sampled_from(["teacher", "guardian"]))
            event = Report(name, on, by=who, raised=draw(st.sampled_from([True, True, False])))
        elif what == "answer":
            event = draw(
                st.sampled_from(
                    [
                        Answer("cause", "school", on),
                        Answer("cause", "family", on),
                        Answer("topics", ("sleep", "friends"), on),
                        Answer("topics", "friends", on),
                    ]
                )
            )
        elif what == "action":
            status = draw(st.sampled_from(["done", "done", "done", "not_needed", "refused"]))
            event = ActionTaken(draw(st.sampled_from(ACTIONS[:4])), status, on)
        else:
            event, late = StepClosed(draw(st.sampled_from([*STEPS, "step-a", "step-a-new"])), "enough", on), timedelta(0)
        found.append((on + late, event))
    found = [(r, e) for r, e in found if r <= LAST]
    entered = draw(st.sampled_from([FIRST, FIRST, FIRST, None]))
    if entered is not None:
        grade, week = draw(st.sampled_from([8, 8, 3, 8, None])), draw(st.sampled_from([20, 30, None]))
        found.insert(0, (FIRST, Enrolment("s", grade=grade, since=entered, lessons_per_week=week)))
        if draw(st.integers(0, 4)) == 0:
            later = draw(st.sampled_from(SCHOOL_DAYS))
            found.append((later, Enrolment("s", grade=draw(st.sampled_from([7, 9])), since=later, lessons_per_week=25)))
    order = draw(st.permutations(range(len(found))))  # the order within a day
    placed = sorted(zip(order, found, strict=True), key=lambda x: (x[1][0], x[0]))
    events = [replace(e, id=e.id or f"x{n}", recorded=r, seq=n) for n, (_, (r, e)) in enumerate(placed)]
    if events and draw(st.integers(0, 2)) == 0:
        closings = [e for e in events if isinstance(e, StepClosed)]
        target = draw(st.sampled_from(closings or events))
        if not isinstance(target, Enrolment):
            on = min(LAST, target.recorded + timedelta(days=draw(st.sampled_from([0, 1, 5, 12]))))
            events.append(Retracted(target.id, on, id="back", recorded=on, seq=len(events)))
    return Case("p", register=draw(st.sampled_from(["marks_only"] * 4 + ["given"])), events=events)
