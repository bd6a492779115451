"""Generated rulesets whose actions use everything that section 5 speaks of, and records with answers of people.

Rules: steps open on little and stay open, for what is tried here is what they ask; one version, one calendar; an action
waits only for actions written before it; what the text leaves open is not generated.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from generated import FIRST, LAST, NAME, SCHOOL_DAYS, _file, marks
from hypothesis import strategies as st

from sky_model.events import (
    ActionTaken,
    Answer,
    Consent,
    Enrolment,
    Event,
    Mark,
    Pause,
    Report,
    Retracted,
    StepClosed,
)
from sky_model.model import load_data
from sky_model.records import Case
from sky_model.rules import Model

__all__ = ["COUNTERS", "language_task_examples", "said_of_people", "task_examples"]

ACTIONS = tuple(f"{verb}-{step}" for step in "abc" for verb in ("call", "talk", "plan"))
SPANS = ({"school_days": "3"}, {"school_days": "5"}, {"weekdays": "4"}, {"calendar_days": "7"}, {"calendar_days": "4"})


COUNTERS = [
    {"id": "absence", "measure": "lessons", "lesson_minutes": "45", "kinds": "all", "window": {"in": "term"}},
    {"id": "skipped", "measure": "marks", "kinds": {"only": ["unauthorised"]}, "window": {"in": "school_year"}},
]


# ---------------------------------------------------------------------- rulesets
@st.composite
def asked_of(draw: st.DrawFn, before: list[str]) -> dict[str, Any]:
    """One condition of `when` or `unless`."""
    once: list[dict[str, Any]] = [{"cause": {"one_of": ["school", "family"]}}, {"concern": {"is": "raised"}}]
    some = [*once, {"cause": {"is": "school"}}, {"topics": {"includes": "sleep"}}, {"absence": {"at_least": "8"}}]
    some.append({"step-b": {"is": draw(st.sampled_from(["open", "never_opened"]))}})
    if before:
        some.append({draw(st.sampled_from(before)): {"done_within": {"school_days": "5"}}})
        some.append({draw(st.sampled_from(before)): {"is": "done"}})
    one, other = draw(st.sampled_from(some)), draw(st.sampled_from(some))
    return draw(st.sampled_from([one, one, one, {"none": [one]}, {"all": [one, other]}]))


@st.composite
def within(draw: st.DrawFn, before: list[str]) -> Any:
    span: dict[str, Any] = draw(st.sampled_from(SPANS))
    other = draw(st.integers(0, 9))
    if other == 0 and before:
        return {**span, "after": draw(st.sampled_from(before))}
    if other in (1, 2):
        return {**span, "from": "wish"}
    if other == 3:
        return "without_delay"
    if other == 4:
        return {"school_weeks": draw(st.sampled_from(["1", "2"]))}
    return span


@st.composite
def actions(draw: st.DrawFn, name: str, before: list[str]) -> dict[str, Any]:
    """One action; `before` are the actions written before it."""
    out: dict[str, Any] = {"id": name, "name": NAME, "who": "teacher"}
    out["duty"] = draw(st.sampled_from(["must", "must", "should", "consider", "may"]))
    out["about"] = draw(st.sampled_from(["absence", "absence", "welfare", "child_protection"]))
    out["source"] = draw(st.sampled_from(["town", "town", "decree"]))
    if draw(st.integers(0, 4)):
        out["within"] = draw(within(before))
    if draw(st.integers(0, 3)) == 0:
        out["when"] = draw(asked_of(before))
    if draw(st.integers(0, 4)) == 0:
        out["unless"] = draw(asked_of(before))
    if before and draw(st.integers(0, 1)) == 0:
        out["after"] = draw(st.lists(st.sampled_from(before), min_size=1, max_size=2, unique=True))
    if draw(st.integers(0, 7)) == 0:
        out["fulfilled_by"] = "system"
    if draw(st.integers(0, 5)) == 0:
        out["with"] = draw(st.sampled_from([{"required": ["pupil"], "optional": ["nurse"]}, {"required": ["pupil", "nurse"]}]))
    return out


@st.composite
def repeated(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """An action written elsewhere, with lines of its own or without."""
    out: dict[str, Any] = {"act": name}
    if draw(st.booleans()):
        out["within"] = draw(within([]))
    if draw(st.integers(0, 2)) == 0:
        out["duty"] = draw(st.sampled_from(["must", "may"]))
    out |= draw(st.sampled_from([{}, {"when": draw(asked_of([]))}, {"source": "town"}, {"source": "decree"}, {"after": []}]))
    return out


@st.composite
def models_of(draw: st.DrawFn, *, shared: bool) -> Model:
    """Three steps or two: a low limit, a higher one above it, and one that a person opens. `shared`: they share actions."""
    grounds: list[Any] = [
        draw(
            st.sampled_from(
                [{"absence": {"at_least": "2"}}, {"any": [{"absence": {"at_least": "3"}}, {"wish": {"is": "raised"}}]}]
            )
        ),
        {"absence": {"at_least": draw(st.sampled_from(["4", "6"]))}},
        draw(st.sampled_from([{"concern": {"is": "raised"}}, {"wish": {"is": "raised"}}, {"skipped": {"at_least": "1"}}])),
    ]
    steps: list[dict[str, Any]] = []
    before: list[str] = []
    how = st.sampled_from(["includes", "includes", "replaces", "beside"] if shared else ["replaces", "beside", "beside"])
    for n, letter in enumerate("abc"[: draw(st.integers(2, 3))]):
        found = []
        for name in ACTIONS[3 * n : 3 * n + draw(st.integers(1, 3))]:
            found.append(draw(actions(name, before)))
            before = [*before, name]
        earlier = [x for x in before if not x.endswith(letter)]
        if shared and earlier and draw(st.integers(0, 1)) == 0:
            found.append(draw(repeated(draw(st.sampled_from(earlier)))))
        step: dict[str, Any] = {
            "id": f"step-{letter}",
            "tier": draw(st.sampled_from(["first", "second"])),
            "name": NAME,
            "opens": grounds[n],
            "lasts": draw(st.sampled_from(["until_closed", "until_closed", "until_closed", "while_true"])),
            "again": draw(st.sampled_from(["next_window", "when_true_anew"])),
            "actions": found,
            "closing": {"by": ["teacher"], "reasons": [{"id": "enough", "name": NAME}]},
            "source": "town",
        }
        if letter == "b":
            step["above"] = {"step-a": draw(how)}
        elif letter == "c" and draw(st.booleans()):
            step["above"] = {draw(st.sampled_from(["step-a", "step-b"])): draw(how)}
        if letter == "a" and draw(st.integers(0, 3)) == 0:
            step["grades"] = draw(st.sampled_from(["1-6", "7-9"]))
        steps.append(step)
    file = _file("1", draw(st.sampled_from([FIRST, FIRST, date(2026, 8, 24)])), COUNTERS, steps)
    some = st.lists(st.sampled_from(before), min_size=1, max_size=2, unique=True)
    return load_data(file | said_of_people(draw(some), draw(some)))


def said_of_people(paper: list[str], told: list[str]) -> dict[str, Any]:
    """Two tiers, who acts, and three consents: two needed for the actions given here, one for whoever meets the nurse."""
    roles = (("teacher", "profession"), ("nurse", "profession"), ("pupil", "party"))
    more = {"name": NAME, "given_by": ["pupil"], "source": "town"}
    return {
        "tiers": [{"id": t, "name": NAME, "source": "town"} for t in ("first", "second")],
        "roles": [{"id": r, "what": w, "name": NAME, "source": "town"} for r, w in roles],
        "consents": [
            {"id": "paper", "needed_for": {"actions": paper}, **more},
            {"id": "told", "presumed": "yes", "needed_for": {"actions": told}, **more},
            {"id": "nurse-too", "needed_for": {"with": ["nurse"]}, **more},
        ],
    }


# ---------------------------------------------------------------------- records
@st.composite
def said(draw: st.DrawFn, near: list[date], paused: bool) -> tuple[date, Event]:
    """(the day when it was recorded, what a person said or did)."""
    on = draw(st.sampled_from(near))
    late = timedelta(days=draw(st.sampled_from([0, 0, 0, 2, 9])))
    kinds = ["action"] * 6 + ["consent", "consent", "report", "report", "answer", "answer", "closing"]
    what = draw(st.sampled_from([*kinds, *(["pause", "pause"] if paused else [])]))
    if what == "action":
        some: list[Any] = ["done"] * 4 + ["planned", "planned", "not_needed", "refused", "snoozed", "snoozed"]
        status = draw(st.sampled_from(some))
        until = None
        if status in ("planned", "snoozed"):
            until = draw(st.sampled_from([d for d in SCHOOL_DAYS if d >= on][:15]))
            late = timedelta(0)
        return on + late, ActionTaken(draw(st.sampled_from(ACTIONS)), status, on, until=until)
    if what == "consent":
        name = draw(st.sampled_from(["paper", "paper", "told", "told", "nurse-too"]))
        return on, Consent(name, draw(st.sampled_from(["given", "given", "refused", "withdrawn"])), on)
    if what == "pause":
        return on, Pause(on, on + timedelta(days=draw(st.sampled_from([0, 2, 6, 20]))), "principal")
    if what == "report":
        report, who = draw(st.sampled_from(["concern", "wish", "wish"])), draw(st.sampled_from(["teacher", "guardian"]))
        raised = draw(st.sampled_from([True, True, True, False]))
        return on + late, Report(report, on, by=who, raised=raised)
    if what == "answer":
        name, value = draw(
            st.sampled_from([("cause", "school"), ("cause", "family"), ("topics", "sleep"), ("topics", "friends")])
        )
        return on + late, Answer(name, value, on)
    return on, StepClosed(draw(st.sampled_from(["step-a", "step-b", "step-c"])), "enough", on)


@st.composite
def cases_of(draw: st.DrawFn, *, paused: bool) -> Case:
    """Marks on few days, and around them what people said, did, allowed and put off."""
    first = draw(st.sampled_from(SCHOOL_DAYS[:-5]))
    found: list[tuple[date, Any]] = [(first, Mark(first, lessons=draw(st.sampled_from([6, 3, 4])), kind="unauthorised", id="m"))]
    if draw(st.booleans()):
        found += draw(marks())
    if draw(st.booleans()):
        found.append((first, Report(draw(st.sampled_from(["concern", "wish"])), first, by="pupil")))
    near = [d for d in SCHOOL_DAYS if d >= first][:20]
    found += draw(st.lists(said(near, paused), min_size=1, max_size=9))
    found = [(r, e) for r, e in found if r <= LAST]
    found.insert(0, (FIRST, Enrolment("s", grade=draw(st.sampled_from([8, 8, 3])), since=FIRST, lessons_per_week=30)))
    order = draw(st.permutations(range(len(found))))  # the order within a day
    placed = sorted(zip(order, found, strict=True), key=lambda x: (x[1][0], x[0]))
    events: list[Any] = [replace(e, id=e.id or f"x{n}", recorded=r, seq=n) for n, (_, (r, e)) in enumerate(placed)]
    if draw(st.integers(0, 3)) == 0:
        target = draw(st.sampled_from(events))
        if not isinstance(target, Enrolment):
            on = min(LAST, target.recorded + timedelta(days=draw(st.sampled_from([0, 1, 5, 12]))))
            events.append(Retracted(target.id, on, id="back", recorded=on, seq=99))
    does = draw(st.sampled_from([(), (), ("call-a", "talk-b")]))
    return Case("p", does=does, register=draw(st.sampled_from(["marks_only"] * 5 + ["given"])), events=events)


@st.composite
def task_examples(draw: st.DrawFn) -> tuple[Model, Case, date]:
    """A ruleset, a record and a day after the first mark."""
    shared, paused = draw(st.booleans()), draw(st.booleans())
    model = draw(models_of(shared=shared))
    case = draw(cases_of(paused=paused))
    first = min(e.on for e in case.events if isinstance(e, Mark))
    return model, case, min(LAST, first + timedelta(days=draw(st.integers(0, 40))))


# ---------------------------------------------------------------------- what the whole language adds
@st.composite
def more_actions(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """An action that comes again, is due on an agreed day, or is for some grades."""
    out: dict[str, Any] = {"id": name, "name": NAME, "who": "teacher", "about": "absence", "source": "town"}
    out["duty"] = draw(st.sampled_from(["must", "must", "should"]))
    how = draw(st.integers(0, 4))
    if how == 0:
        # its due day is the end of the running turn: another `within` beside it is left open
        out["repeat"] = {"every": draw(st.sampled_from([{"school_weeks": "1"}, {"school_days": "3"}, {"schedule": "fridays"}]))}
    elif how == 1:
        out["within"] = {"on": "meeting-day", "or": draw(st.sampled_from(SPANS))}
    elif how == 2:
        out["within"] = {"on": "meeting-day"}
    elif how == 3:
        out["within"] = draw(st.sampled_from(SPANS))
    if draw(st.integers(0, 2)) == 0:
        out["grades"] = draw(st.sampled_from(["1-6", "7-9"]))
    return out


@st.composite
def messages(draw: st.DrawFn) -> list[dict[str, Any]]:
    out = []
    for name in ("note-a", "note-b")[: draw(st.integers(0, 2))]:
        limit = draw(st.sampled_from(["1", "3", "6"]))
        when = draw(
            st.sampled_from([{"absence": {"at_least": limit}}, {"concern": {"is": "raised"}}, {"skipped": {"at_least": "1"}}])
        )
        one: dict[str, Any] = {"id": name, "when": when, "to": ["teacher"], "about": "absence", "source": "town"}
        one["once_in"] = draw(st.sampled_from(["term", "school_year", "month", "any_time"]))
        one |= draw(st.sampled_from([{}, {"act": "call-a"}, {"grades": "7-9"}]))
        out.append(one)
    return out


@st.composite
def language_task_examples(draw: st.DrawFn) -> tuple[dict[str, Any], Case, date]:
    """The values of a ruleset whose two steps ask in the new ways, a record, and a day."""
    steps: list[dict[str, Any]] = []
    for letter, limit in (("a", "2"), ("b", "5")):
        names = [f"{verb}-{letter}" for verb in ("call", "talk", "plan")[: draw(st.integers(1, 3))]]
        step: dict[str, Any] = {
            "id": f"step-{letter}",
            "tier": "first",
            "name": NAME,
            "opens": {"absence": {"at_least": limit}},
            "lasts": "until_closed",
            "again": "next_window",
            "actions": [draw(more_actions(n)) for n in names],
            "closing": {"by": ["teacher"], "reasons": [{"id": "enough", "name": NAME}]},
            "source": "town",
        }
        if draw(st.integers(0, 2)) == 0:
            step["expected_by"] = {"absence": {"at_least": draw(st.sampled_from(["4", "8"]))}}
        if letter == "a" and draw(st.integers(0, 2)) == 0:
            step["again"] = {"every": {"absence": "3", "from": "2"}}
        if letter == "b":
            step["above"] = {"step-a": draw(st.sampled_from(["beside", "replaces"]))}
        steps.append(step)
    file = _file("1", FIRST, COUNTERS, steps) | {"messages": draw(messages())} | said_of_people(["call-a"][:0], [])
    more = {"name": NAME, "source": "town"}
    file["consents"] = []
    file["questions"].append({"id": "meeting-day", "answers": "date", "by": ["teacher"], **more})
    file["schedules"] = [{"id": "fridays", "weekdays": ["fri"], "source": "town"}]
    case = draw(cases_of(paused=False))
    found: list[Any] = list(case.events)
    if draw(st.booleans()):
        on = draw(st.sampled_from(SCHOOL_DAYS))
        agreed = on + timedelta(days=draw(st.sampled_from([1, 5, 12])))
        found.append(Answer("meeting-day", agreed.isoformat(), on, id="agreed", recorded=on, seq=100))
    for n in range(draw(st.integers(0, 2))):
        on, name = draw(st.sampled_from(SCHOOL_DAYS)), draw(st.sampled_from(["note-a", "note-b", "call-a", "talk-a"]))
        found.append(ActionTaken(name, "done", on, id=f"sent{n}", recorded=on, seq=101 + n))
    first = min(e.on for e in found if isinstance(e, Mark))
    # without an upper number every level is possible
    found = [replace(e, lessons=4) if isinstance(e, Mark) and e.lessons is None and e.minutes is None else e for e in found]
    case = Case("p", does=case.does, register="marks_only", events=found)
    return file, case, min(LAST, first + timedelta(days=draw(st.integers(0, 40))))
