"""Generated rulesets and records over the whole language: every measure, window and narrowing on a calendar of two short years.

Rules: as in `generated.py`; a ruleset has few counters and steps, a record few events close together; what the text leaves
open is not generated, and the place says so.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from generated import NAME, _file, names_in
from hypothesis import strategies as st

from sky_model.events import ActionTaken, Answer, Enrolment, Mark, Register, Report, Retracted, StepClosed
from sky_model.records import Case
from sky_model.schooldays import Calendar, SchoolYear

__all__ = ["TWO_YEARS", "language_cases", "language_counters", "language_data", "language_examples", "reading_data"]


def d(month: int, day: int) -> int:
    return date(2026, month, day).toordinal()


TWO_YEARS = Calendar(
    (
        SchoolYear(
            id="first",
            first=d(8, 10),
            last=d(9, 13),
            lesson_minutes=45,
            terms=(d(8, 10), d(8, 31)),
            periods=(d(8, 10), d(8, 24), d(9, 7)),
            quarters=(d(8, 10), d(8, 27)),
            breaks=((d(8, 24), d(8, 26)),),
            public_holidays=frozenset({d(9, 2)}),
            named_days=(("test-day", (d(8, 19), d(9, 4))), ("look-day", (d(8, 21), d(9, 6)))),
        ),
        SchoolYear(
            id="second",
            first=d(9, 21),
            last=d(10, 25),
            lesson_minutes=45,
            terms=(d(9, 21), d(10, 12)),
            periods=(d(9, 21), d(10, 5)),
            quarters=(d(9, 21), d(10, 8)),
            breaks=((d(10, 1), d(10, 4)),),
            named_days=(("test-day", (d(10, 6),)), ("look-day", (d(9, 30), d(10, 15)))),
        ),
    )
)
FIRST, LAST = date(2026, 8, 10), date(2026, 10, 25)
SCHOOL_DAYS = [date.fromordinal(x) for x in TWO_YEARS.school_days]
SUNDAY = date(2026, 8, 30)
PARTS = ("term", "period", "quarter", "month", "school_year")
KINDS = {
    "health": "authorised",
    "leave": "authorised",
    "unauthorised": "unauthorised",
    "unexplained": "unexplained",
    "late": "attended",
    "barred": "not_planned",
}
SCHEDULES: dict[str, dict[str, Any]] = {
    "on-dates": {"dates": ["08-20", "09-06", "10-10"]},
    "fridays": {"weekdays": ["fri"]},
    "in-weeks": {"weeks": ["35", "41"]},
    "term-starts": {"start_of": "term"},
    "period-ends": {"end_of": "period"},
    "look-days": {"days_named": "look-day"},
}
LIMITS = {
    "lessons": ["1", "3", "6", "8"],
    "clock_hours": ["1", "3.5", "5"],
    "half_days": ["1", "2", "3"],
    "days": ["1", "2", "2", "3"],
    "calendar_days": ["1", "2", "4"],
    "episodes": ["1", "2"],
    "marks": ["1", "2"],
    "times": ["1", "2"],
    "days_since": ["1", "3", "6"],
}


def one_in(draw: st.DrawFn, n: int) -> bool:
    return draw(st.integers(0, n - 1)) == 0


# ---------------------------------------------------------------------- counters
@st.composite
def mark_filters(draw: st.DrawFn) -> dict[str, Any]:
    return draw(
        st.sampled_from(
            [
                {"part": {"is": "end_of_day"}},
                {"minutes": {"more_than": "30"}},
                {"lessons": {"at_least": "3"}},
                {"explained": {"is": "no"}},
                {"subject": {"is": "maths"}},
                {"teacher": {"one_of": ["t1", "t2"]}},
                {"explained": {"is": "yes"}, "lessons": {"less_than": "4"}},
            ]
        )
    )


@st.composite
def windows(draw: st.DrawFn, measure: str, checked: bool, paths: bool) -> dict[str, Any]:
    out: dict[str, Any] = {"in": draw(st.sampled_from([*PARTS, *PARTS, "enrolment", "any_time"]))}
    if out["in"] != "enrolment" and one_in(draw, 3):  # rolling in an enrolment: the two differ after a summer
        length = draw(
            st.sampled_from(
                [
                    {"school_weeks": "2"},
                    {"school_weeks": "2", "week_from": {"school_days": "4"}},
                    {"school_days": "5"},
                    {"calendar_days": "9"},
                    {"calendar_months": "1"},
                ]
            )
        )
        out["rolling"] = length
    if one_in(draw, 4):
        since: list[Any] = [{"done": "act-a"}]
        if paths:
            since += [{"opened": "step-a"}, {"ended": "step-a"}]
        out["since"] = draw(st.sampled_from(since))
    if checked and one_in(draw, 2):
        out["since"] = "last_check"
    if measure == "calendar_days" or (measure in ("lessons", "clock_hours", "days") and one_in(draw, 4)):
        out["unbroken"] = "yes"
    if one_in(draw, 25):
        out["in"] = {"gap": "in which window"}
    return out


@st.composite
def language_counters(draw: st.DrawFn, name: str, *, paths: bool = True) -> dict[str, Any]:
    """One counter with any measure and a few of what narrows it. `paths`: it may ask when a step opened or ended."""
    measure = draw(st.sampled_from(["lessons", "lessons", "days", "days", *LIMITS]))
    is_of = measure in ("times", "days_since")
    out: dict[str, Any] = {"id": name, "measure": measure}
    if one_in(draw, 4):
        out["checked"] = draw(st.sampled_from(sorted(SCHEDULES)))
    window = out["window"] = draw(windows(measure, "checked" in out, paths))
    if measure == "lessons":
        out["lesson_minutes"] = draw(st.sampled_from(["45", "45", "60"]))
    if measure in ("days", "episodes", "calendar_days"):
        out["day_from"] = draw(st.sampled_from(["any_part", "any_part", "half", "whole", {"per_cent": "25"}, {"minutes": "91"}]))
    if measure == "times":
        out["of"] = draw(st.sampled_from(["act-a", "act-b"]))
    if measure == "days_since":
        out["of"] = draw(st.sampled_from([{"kind": "unexplained"}, {"kind": "unexplained"}, {"kind": "unauthorised"}, "act-a"]))
        out["on_clock"] = draw(st.sampled_from(["school_days", "weekdays", "calendar_days"]))
    if is_of:
        return out
    out["kinds"] = draw(
        st.sampled_from(["all", "all", {"only": ["unauthorised"]}, {"all_except": ["leave"]}, {"only": ["late", "unexplained"]}])
    )
    if one_in(draw, 5):
        asked = draw(st.sampled_from([{"concern": {"is": "raised"}}, {"cause": {"is": "school"}}, {"grade": {"at_least": "7"}}]))
        out["only_if"] = {draw(st.sampled_from(["leave", "health"])): asked}
    if one_in(draw, 5):
        out["marks"] = draw(mark_filters())
    plain = not window.get("unbroken") and "share_of" not in out
    if measure in ("lessons", "days", "half_days") and plain and one_in(draw, 5) and isinstance(window["in"], str):
        # a share of a narrowed window with the whole window planned, or with days or settling, is left open by the text
        out["share_of"] = {"planned": "so_far"}
        if not {"rolling", "since"} & set(window) and window["in"] in PARTS and one_in(draw, 2):
            out["share_of"] = {"planned": "whole_window"}
            if measure == "lessons" and window["in"] in ("term", "school_year") and one_in(draw, 2):
                out["share_of"] = {"table": "in-print"}
        if measure == "lessons" and one_in(draw, 2):
            out["minimum"] = {"planned_lessons": "20"}
        return out
    if one_in(draw, 6):
        out["days"] = draw(st.sampled_from([{"first_after": "break"}, {"first_after": "weekend"}, {"named": "test-day"}]))
    if measure in ("lessons", "clock_hours", "days", "marks") and plain and one_in(draw, 4):
        out["most_on_one"] = draw(st.sampled_from(["weekday", "subject", "teacher", "lesson"]))
    # what lies before the first school year is left open
    inside = window["in"] not in ("any_time", "enrolment")
    if window.get("rolling") and plain and inside and "since" not in window and one_in(draw, 2):
        out["compared_with"] = "window_before"
    elif plain and one_in(draw, 8):
        # school days and weekdays: see test_counters_by_hand.py for days without school
        out["settles"] = draw(st.sampled_from([{"calendar_days": "1"}, {"calendar_days": "3"}]))
    return out


@st.composite
def language_tests(draw: st.DrawFn, counter: dict[str, Any]) -> dict[str, Any]:
    """One comparison of a counter."""
    limits = LIMITS[counter["measure"]]
    if "share_of" in counter:
        limits = ["5", "12.5", "30"]
    operator = draw(st.sampled_from(["at_least"] * 6 + ["more_than", "less_than", "at_most"]))
    if counter["measure"] == "days_since":
        operator = "at_least"  # of marks that may not count, `less_than` is left open
    limit: Any = draw(st.sampled_from(limits))
    if one_in(draw, 8):
        limit = {"by": {"grade": {"1-6": draw(st.sampled_from(limits)), "7-9": draw(st.sampled_from(limits))}}}
    elif one_in(draw, 20):
        limit = {"gap": "how many"}
    return {counter["id"]: {operator: limit}}


# ---------------------------------------------------------------------- rulesets
def file_of(said: list[dict[str, Any]], steps: list[dict[str, Any]], turns: list[dict[str, Any]]) -> dict[str, Any]:
    file = _file("1", FIRST, said, steps)
    more = {"name": NAME, "source": "town"}
    file["kinds"] = [{"id": k, "is": v, **more} for k, v in KINDS.items()]
    file["questions"].append({"id": "follow-up", "answers": "date", "by": ["teacher"], **more})
    file["schedules"] = [{"id": k, **v, "source": "town"} for k, v in SCHEDULES.items()]
    file["planned"] = [{"id": "in-print", "lessons": {"term": "60", "school_year": "110"}, "source": "town"}]
    file["becomes"] = turns
    return file


@st.composite
def turns(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Late marks that are absence."""
    if not one_in(draw, 2):
        return []
    one: dict[str, Any] = {"kind": "late", "to": draw(st.sampled_from(["unauthorised", "unexplained"]))}
    one["marks"] = draw(
        st.sampled_from(
            [
                {"minutes": {"more_than": "30"}},
                {"minutes": {"more_than": "30"}, "explained": {"is": "no"}},
                {"explained": {"is": "no"}},
            ]
        )
    )
    return [{**one, **draw(st.sampled_from([{}, {"as": {"lessons": "1"}}, {"as": {"minutes": "20"}}]))}]


def action_of(name: str, **lines: Any) -> dict[str, Any]:
    return {"id": name, "name": NAME, "who": "teacher", "duty": "must", "about": "absence", "source": "town", **lines}


def step_of(name: str, opens: dict[str, Any], **lines: Any) -> dict[str, Any]:
    return {
        "id": name,
        "tier": "first",
        "name": NAME,
        "opens": opens,
        "lasts": "until_closed",
        "again": "next_window",
        "actions": [action_of(f"act-{name[-1]}")],
        "closing": {"by": ["teacher"], "reasons": [{"id": "enough", "name": NAME}]},
        "source": "town",
        **lines,
    }


@st.composite
def reading_data(draw: st.DrawFn) -> dict[str, Any]:
    """Counters that are read one by one; the steps are there for their actions."""
    said = [draw(language_counters(f"counter-{x}", paths=False)) for x in "xyz"]
    steps = [step_of("step-a", {"concern": {"is": "raised"}}), step_of("step-b", {"wish": {"is": "raised"}})]
    return file_of(said, steps, draw(turns()))


@st.composite
def grounds(draw: st.DrawFn, said: list[dict[str, Any]], name: str, names: tuple[str, ...]) -> dict[str, Any]:
    counter = draw(language_tests(draw(st.sampled_from(said))))
    other: dict[str, Any] = draw(language_tests(draw(st.sampled_from(said))))
    plain: list[dict[str, Any]] = [other, other, {"concern": {"is": "raised"}}, {"grade": {"at_least": "7"}}]
    for step in names:
        if step != name:
            plain.append({step: {"is": draw(st.sampled_from(["open", "ended", "never_opened", "worked_through"]))}})
    asked = draw(st.sampled_from([{"follow-up": {"is": "reached"}}, {"cause": {"is": "school"}}, {"follow-up": {"is": "known"}}]))
    one = draw(st.sampled_from(plain))
    return draw(
        st.sampled_from(
            [
                counter,
                counter,
                counter,
                {"any": [counter, one]},
                {"all": [counter, one]},
                {"all": [counter, asked]},
                {"all": [counter, {"none": [one]}]},
            ]
        )
    )


@st.composite
def language_steps(draw: st.DrawFn, name: str, said: list[dict[str, Any]], names: tuple[str, ...]) -> dict[str, Any]:
    opens = draw(grounds(said, name, names))
    ids = {c["id"] for c in said}
    part = draw(st.sampled_from(PARTS))
    some: list[Any] = ["until_closed"] * 4 + ["until_done", "while_true", {"until_end_of": part}, {"school_days": "4"}]
    lasts = draw(st.sampled_from(some))
    again: list[Any] = ["next_window", "next_window", "when_true_anew", "when_true_anew", "once"]
    if any(n in ids for n, _ in names_in(opens)):
        again += [{"each": "mark"}, {"each": "day"}, {"each": "episode"}]
    actions = [action_of(f"act-{name[-1]}")]
    if one_in(draw, 3):
        actions.append(action_of(f"judge-{name[-1]}", duty="consider", grades=draw(st.sampled_from(["1-6", "7-9"]))))
    out = step_of(name, opens, lasts=lasts, again=draw(st.sampled_from(again)), actions=actions)
    every = [c for c in said if c["measure"] in ("lessons", "days", "marks") and not {"share_of", "checked"} & set(c)]
    if every and one_in(draw, 6):
        counter = draw(st.sampled_from(every))
        n = draw(st.sampled_from(["3", "5"] if counter["measure"] == "lessons" else ["1", "2"]))
        out |= {"lasts": "until_closed", "again": {"every": {counter["id"]: n, "from": n}}}
        out["opens"] = {counter["id"]: {"at_least": n}}
    if one_in(draw, 8):
        out["grades"] = draw(st.sampled_from(["1-6", "7-9"]))
    return out


def beside(steps: list[dict[str, Any]]) -> None:
    """Says of every pair of steps that they stand beside each other, where their limits may ask for it."""
    for s in steps:
        s["above"] = {o["id"]: "beside" for o in steps if o is not s}


@st.composite
def language_data(draw: st.DrawFn) -> dict[str, Any]:
    said = [draw(language_counters(f"counter-{x}")) for x in "xy"[: draw(st.integers(1, 2))]]
    names = ("step-a", "step-b")[: draw(st.integers(1, 2))]
    steps = [draw(language_steps(n, said, names)) for n in names]
    if len(steps) == 1:  # a counter may ask for what was done
        steps.append(step_of("step-b", {"wish": {"is": "raised"}}))
    beside(steps)
    return file_of(said, steps, draw(turns()))


# ---------------------------------------------------------------------- records
@st.composite
def language_marks(draw: st.DrawFn) -> list[tuple[date, Any]]:
    out: list[tuple[date, Any]] = []
    start = draw(st.integers(0, len(SCHOOL_DAYS) - 1))
    near = SCHOOL_DAYS[start : start + 6]
    some = ["unauthorised", "health", "unexplained", "leave", "late"] * 3 + ["barred", "nobody-mapped", None]
    for i in range(draw(st.sampled_from([5, 4, 3, 2, 1, 0, 6]))):
        on = draw(
            st.sampled_from([*near, *near, draw(st.sampled_from(SCHOOL_DAYS)), draw(st.sampled_from([*SCHOOL_DAYS, SUNDAY]))])
        )
        kind = draw(st.sampled_from(some))
        length: dict[str, Any] = draw(
            st.sampled_from([{"lessons": 6}, {"lessons": 6}, {"lessons": 3}, {"lessons": 1}, {"minutes": 40}, {"minutes": 90}])
        )
        if kind == "barred":
            length = {"lessons": 3}
        more: dict[str, Any] = {
            "part": draw(st.sampled_from([None, None, "start_of_day", "end_of_day", "middle"])),
            "subject": draw(st.sampled_from([None, "maths", "music"])),
            "teacher": draw(st.sampled_from([None, "t1", "t3"])),
            "lesson": draw(st.sampled_from([None, None, "first", "second"])),
            "explained": draw(st.sampled_from([None, True, False])),
        }
        # marks without length and unbroken runs: see test_counters_by_hand.py
        mark = Mark(on, kind=kind, id=f"m{i}", **length, **more)
        recorded = on + timedelta(days=draw(st.sampled_from([0, 0, 0, 1, 6, 20])))
        out.append((recorded, mark))
        if one_in(draw, 4):
            changed: dict[str, Any] = draw(
                st.sampled_from([{"lessons": 0, "minutes": None}, {"lessons": 2, "minutes": None}, {"kind": "health"}])
            )
            out.append((recorded + timedelta(days=draw(st.sampled_from([0, 1, 4, 15]))), replace(mark, **changed)))
    return out


@st.composite
def language_events(draw: st.DrawFn, day: st.SearchStrategy[date]) -> tuple[date, Any]:
    """(the day when it was recorded, what a register says or a person said or did)."""
    on = draw(day)
    late = timedelta(days=draw(st.sampled_from([0, 0, 0, 2, 9])))
    what = draw(st.sampled_from(["register", "report", "answer", "follow-up", "action", "action", "closing", "closing"]))
    event: Any
    if what == "register":
        planned = draw(st.sampled_from([4, 6]))
        event = Register(on, planned, draw(st.integers(0, planned)))
        if one_in(draw, 5):
            event = Register(on, through=on + timedelta(days=4))
    elif what == "report":
        event = Report(
            draw(st.sampled_from(["concern", "wish"])), on, by="teacher", raised=draw(st.sampled_from([True, True, False]))
        )
    elif what == "answer":
        event = Answer("cause", draw(st.sampled_from(["school", "family"])), on)
    elif what == "follow-up":
        event = Answer("follow-up", (on + timedelta(days=draw(st.sampled_from([0, 3, 8])))).isoformat(), on)
    elif what == "action":
        status: Any = draw(st.sampled_from(["done", "done", "done", "not_needed"]))
        event = ActionTaken(draw(st.sampled_from(["act-a", "act-a", "act-b"])), status, on)
    else:
        event, late = StepClosed(draw(st.sampled_from(["step-a", "step-b"])), "enough", on), timedelta(0)
    return on + late, event


@st.composite
def language_cases(draw: st.DrawFn) -> Case:
    found: list[tuple[date, Any]] = draw(language_marks())
    marked = sorted({m.on for _, m in found} | {r for r, _ in found if r <= LAST})
    day = st.one_of(st.sampled_from(marked), st.sampled_from(SCHOOL_DAYS)) if marked else st.sampled_from(SCHOOL_DAYS)
    found += draw(st.lists(language_events(day), max_size=5))
    found = [(r, e) for r, e in found if r <= LAST]
    if not one_in(draw, 8):
        grade, week = draw(st.sampled_from([8, 8, 8, 3, None])), draw(st.sampled_from([30, 30, 20, None]))
        since = draw(st.sampled_from([FIRST, FIRST, FIRST, FIRST + timedelta(days=9)]))
        found.insert(0, (FIRST, Enrolment("s", grade=grade, since=since, lessons_per_week=week)))
        if one_in(draw, 8):
            later = draw(st.sampled_from(SCHOOL_DAYS))
            found.append((later, Enrolment("s", grade=draw(st.sampled_from([6, 9])), since=later, lessons_per_week=25)))
    order = draw(st.permutations(range(len(found))))  # the order within a day
    placed = sorted(zip(order, found, strict=True), key=lambda x: (x[1][0], x[0]))
    events = [replace(e, id=e.id or f"x{n}", recorded=r, seq=n) for n, (_, (r, e)) in enumerate(placed)]
    if events and one_in(draw, 4):
        target = draw(st.sampled_from(events))
        if not isinstance(target, Enrolment):
            on = min(LAST, target.recorded + timedelta(days=draw(st.sampled_from([0, 1, 5, 12]))))
            events.append(Retracted(target.id, on, id="back", recorded=on, seq=len(events)))
    return Case("p", register=draw(st.sampled_from(["marks_only"] * 4 + ["given"])), events=events)


@st.composite
def language_examples(draw: st.DrawFn) -> tuple[dict[str, Any], Case, int]:
    """The values of a ruleset, a record, and a day to decide about."""
    data, case = draw(language_data()), draw(language_cases())
    if any("every" in s["again"] for s in data["steps"] if isinstance(s["again"], dict)):
        # without an upper number every level is possible, and the text does not say which of them ask
        case = Case("p", register="marks_only", events=list(case.events))
    last = (LAST - FIRST).days
    return data, case, FIRST.toordinal() + draw(st.one_of(st.integers(20, last), st.integers(0, last)))
