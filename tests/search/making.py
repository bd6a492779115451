"""Triples without end from a seed: a ruleset, many records to it, some days to each record.

    path, tasks, language, asking   the generators of tests/, each in the part of the language that the slow programs follow
    growing                         limits that are reached and steps that people close: where more marks can only ask more
    whole                           all of it in one ruleset, and records with moves, leaving, consents, contests, deputies
    shipped                         the rulesets of this project as they stand, and records in the words of each

Rules: one seed gives the same triples on every machine; what cannot be loaded is left out and counted; a day to decide about lies
near what happened in the record, mostly, and sometimes at the end of the calendar.
"""

from __future__ import annotations

import inspect
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import sky_model as sky
from search.drawing import module
from search.triples import REFUSED, Dates, Rules, Triple, text
from sky_model.events import TYPES
from sky_model.schooldays import SchoolYear

__all__ = ["FAMILIES", "WEIGHTS", "shipped", "triples"]

ROOT = Path(__file__).resolve().parents[2]
NARROW = ("path", "tasks", "language", "asking")
FAMILIES = (*NARROW, "growing", "whole", "shipped")
# Records to a family, not triples: where one answer takes fifty times as long fewer are asked
WEIGHTS = {"path": 8, "tasks": 8, "language": 2, "asking": 6, "growing": 8, "whole": 1, "shipped": 1}
SECOND_EDITION = "schools" in inspect.signature(sky.decide).parameters and "left" in TYPES
DAY = timedelta(days=1)
N = {"en": "x"}


def iso(day: date | int) -> str:
    return (date.fromordinal(day) if isinstance(day, int) else day).isoformat()


def events_of(case: sky.Case) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(json.dumps(case.to_json()["events"]))
    return found


def record_of(events: list[dict[str, Any]], register: str = "marks_only", **feed: Any) -> dict[str, Any]:
    """A record of events in the order of recording; those without an id get one."""
    placed = sorted(enumerate(events), key=lambda x: (x[1]["recorded"], x[0]))
    done = [{**e, "id": e.get("id") or f"x{n}", "seq": n} for n, (_, e) in enumerate(placed)]
    return {"format": 1, "pupil": "p", "feed": {"register": register, **feed}, "events": done}


# ---------------------------------------------------------------------- the narrow families
@cache
def narrow() -> dict[str, Any]:
    asked = module("generated_tasks")
    asked.load_data = lambda *data: data  # its models are wanted as values here
    small, language = module("generated"), module("generated_language")
    return {
        "path": (small.model_data(), small.cases(), small.CALENDAR),
        "tasks": (asked.models_of, asked.cases_of, small.CALENDAR),
        "language": (language.language_data(), language.language_cases(), language.TWO_YEARS),
        "asking": (asked.language_task_examples(), None, small.CALENDAR),
    }


def rules_of(family: str, r: random.Random) -> tuple[dict[str, Any], ...]:
    maker = narrow()[family][0]
    if family == "path":
        return tuple(maker.draw(r))
    if family == "tasks":
        return tuple(maker(shared=r.random() < 0.5).draw(r))
    return (maker.draw(r)[0],) if family == "asking" else (maker.draw(r),)


def case_of(family: str, r: random.Random, data: tuple[dict[str, Any], ...]) -> sky.Case:
    found = narrow()[family]
    if family == "tasks":
        made = found[1](paused=r.random() < 0.5)
    elif family == "asking":
        return found[0].draw(r)[1]  # type: ignore[no-any-return]
    else:
        made = found[1]
    case: sky.Case = made.draw(r)
    if family == "language" and any("every" in s["again"] for s in data[0]["steps"] if isinstance(s["again"], dict)):
        # without an upper number every level is possible, and the text does not say which of them ask
        case = sky.Case("p", register="marks_only", events=list(case.events))
    return case


def a_day(r: random.Random, events: list[dict[str, Any]], first: int, last: int) -> date:
    """Mostly some days after something in the record; now and then any day, or one near the calendar's end."""
    turn = r.random()
    if turn < 0.1 or not events:
        n = r.randint(first, last)
    elif turn < 0.2:
        n = last - r.randint(0, 12)
    else:
        n = date.fromisoformat(r.choice(events)["recorded"]).toordinal() + r.choice((0, 0, 1, 2, 5, 9, 16, 30))
    return date.fromordinal(max(first, min(last, n)))


def some_days(r: random.Random, events: list[dict[str, Any]], first: int, last: int, number: int) -> list[date]:
    """Different days in their order; of every second record soon after one another."""
    found = {a_day(r, events, first, last)}
    near = r.random() < 0.5
    for _ in range(3 * number):
        if len(found) < number:
            more = max(found) + DAY * r.choice((1, 1, 2, 3)) if near else a_day(r, events, first, last)
            found.add(min(more, date.fromordinal(last)))
    return sorted(found)


def of_narrow(family: str, r: random.Random, records: int, days: int) -> Iterator[Triple]:
    data = rules_of(family, r)
    calendar = narrow()[family][2]
    dates, rules = {"*": dates_of(family)}, Rules(data)
    for _ in range(records):
        case = case_of(family, r, data)
        record = case.to_json()
        events = record["events"]
        for on in some_days(r, events, calendar.years[0].first, calendar.years[-1].last, days):
            yield Triple(rules, dates, record, on, family=family, seed=r.getrandbits(32))


@cache
def dates_of(family: str) -> Dates:
    return Dates.of(narrow()[family][2])


# ---------------------------------------------------------------------- where more marks can only ask more
def growing_rules(r: random.Random) -> tuple[dict[str, Any], ...]:
    """Steps with limits on three counters, each with some of nine actions that are due in different ways."""
    small, asked = module("generated"), module("generated_tasks")
    lessons = {"measure": "lessons", "lesson_minutes": "45", "kinds": "all"}
    counters = [
        {"id": "absence", "window": {"in": "term"}, **lessons},
        {"id": "year", "window": {"in": "school_year"}, **lessons},
        {"id": "weeks", "window": {"in": "any_time", "rolling": {"school_weeks": "2"}}, **lessons},
    ]

    def limit() -> dict[str, Any]:
        return {r.choice(("absence", "year", "weeks")): {"at_least": str(r.randint(2, 14))}}

    def action(name: str, **lines: Any) -> dict[str, Any]:
        return {"id": name, "name": N, "who": "teacher", "duty": "must", "about": "absence", "source": "town", **lines}

    names = ("step-a", "step-b", "step-c")[: r.randint(1, 3)]
    steps: list[dict[str, Any]] = []
    for name in names:
        x = name[-1]
        some = [
            action(f"talk-{x}", within={"school_days": "5"}),
            action(f"meet-{x}", duty="should", within={"school_days": "2"}, after=[f"talk-{x}"]),
            action(f"call-{x}", within="without_delay"),
            action(f"notice-{x}", source="decree"),
            action(f"judge-{x}", duty="consider", within={"calendar_days": "3"}),
            action(f"far-{x}", within={"school_days": "4"}, when={"year": {"at_least": "14"}}),
            action(f"week-{x}", duty="may", within={"school_weeks": "1"}),
        ]
        kept = [a for a in some if r.random() < 0.45] or some[:1]
        ids = {a["id"] for a in kept}
        kept = [a for a in kept if {*a.get("after", [])} <= ids]
        earlier = [a["id"] for s in steps for a in s["actions"] if "id" in a]
        if earlier and r.random() < 0.4:
            kept.append({"act": r.choice(earlier)})
        one, other = limit(), limit()
        opens = r.choice([one, one, {"any": [one, other]}, {"all": [one, other]}])
        again: Any = r.choice(["next_window", "next_window", "when_true_anew"])
        steps.append(
            {
                "id": name,
                "tier": r.choice(["first", "second"]),
                "name": N,
                "opens": opens,
                "lasts": "until_closed",
                "again": again,
                "actions": kept,
                "closing": {"by": ["teacher"], "reasons": REASONS},
                "source": "town",
            }
        )
    for s in steps:
        s["above"] = {o["id"]: "beside" for o in steps if o is not s}
    file = small._file("1", small.FIRST, counters, steps)
    return (file | asked.said_of_people([], []) | {"consents": []},)


def of_growing(r: random.Random, records: int, days: int) -> Iterator[Triple]:
    rules, dates = Rules(growing_rules(r)), {"*": dates_of("language")}
    school, kinds = dates["*"].calendar.school_days, ("health", "unauthorised")
    first = iso(school[0])
    steps = [s["id"] for s in rules.data[0]["steps"]]
    actions = sorted({a["id"] for s in rules.data[0]["steps"] for a in s["actions"] if "id" in a})
    for _ in range(records):
        events = [{"type": "enrolment", "school": "s", "grade": 8, "lessons_per_week": 30, "on": first, "recorded": first}]
        for n in range(r.randint(1, 6)):
            on = date.fromordinal(r.choice(school))
            mark = {"type": "mark", "id": f"m{n}", "on": iso(on), "lessons": r.choice((2, 4, 4, 6, 12)), "kind": r.choice(kinds)}
            events.append({**mark, "recorded": iso(on + DAY * r.choice((0, 0, 0, 3)))})
        for _ in range(r.choice((0, 0, 1, 2))):
            on = iso(date.fromordinal(r.choice(school)))
            said: dict[str, Any] = {"type": "action", "action": r.choice(actions), "status": "done"}
            if r.random() < 0.3:
                said = {"type": "step_closed", "step": r.choice(steps), "reason": "enough"}
            events.append({**said, "on": on, "recorded": on})
        record = record_of(events)
        for on in some_days(r, events, school[0], school[-1], days):
            yield Triple(rules, dates, record, on, family="growing", seed=r.getrandbits(32))


# ---------------------------------------------------------------------- the whole language in one ruleset
@cache
def other_school() -> Dates:
    """The second school: other terms, breaks and holidays in the same weeks."""

    def d(month: int, day: int) -> int:
        return date(2026, month, day).toordinal()

    first = SchoolYear(
        id="first-t",
        first=d(8, 10),
        last=d(9, 13),
        lesson_minutes=45,
        terms=(d(8, 10), d(8, 27)),
        periods=(d(8, 10), d(8, 27)),
        quarters=(d(8, 10), d(9, 1)),
        breaks=((d(8, 19), d(8, 21)),),
        named_days=(("test-day", (d(8, 25),)), ("look-day", (d(8, 26),))),
    )
    second = SchoolYear(
        id="second-t",
        first=d(9, 21),
        last=d(10, 25),
        lesson_minutes=45,
        terms=(d(9, 21), d(10, 8)),
        periods=(d(9, 21), d(10, 8)),
        quarters=(d(9, 21), d(10, 8)),
        breaks=((d(10, 12), d(10, 14)),),
        public_holidays=frozenset({d(10, 2)}),
        named_days=(("test-day", (d(10, 9),)), ("look-day", (d(9, 28),))),
    )
    return Dates.of(sky.Calendar((first, second)))


ABOUTS = ("absence", "absence", "welfare", "health", "support", "child_protection")
REASONS = [{"id": "enough", "name": N}]


def whole_rules(r: random.Random) -> tuple[dict[str, Any], ...]:
    """Counters, windows, spans and levels of one generator with the actions, consents and messages of the others."""
    language, asked, small = module("generated_language"), module("generated_tasks"), module("generated")
    said = [language.language_counters(f"counter-{x}").draw(r) for x in "xy"[: r.randint(1, 2)]] + asked.COUNTERS
    names = tuple(f"step-{x}" for x in "abc"[: r.randint(2, 3)])
    steps: list[dict[str, Any]] = []
    before: list[str] = []
    for name in names:
        step = language.language_steps(name, said, names[:2]).draw(r)
        letter, actions = name[-1], [step["actions"][0]]
        for verb in ("call", "talk", "plan")[: r.randint(0, 3)]:
            make = asked.more_actions if r.random() < 0.4 else asked.actions
            one = (make(f"{verb}-{letter}") if make is asked.more_actions else make(f"{verb}-{letter}", before)).draw(r)
            actions.append({**one, "about": r.choice(ABOUTS)})
            before = [*before, one["id"]]
        others = [b for b in before if not b.endswith(letter)]
        if others and r.random() < 0.4:
            actions.append(asked.repeated(r.choice(others)).draw(r))
        step["actions"] = actions
        if r.random() < 0.3:
            step["expected_by"] = {"absence": {"at_least": r.choice(["4", "8"])}}
        if r.random() < 0.25 and not isinstance(step["again"], dict):
            length = r.choice([{"school_days": "10"}, {"terms": "1"}, {"calendar_days": "20"}])
            step["closing"] = {**step["closing"], "watch": {"for": length, "opens": {"absence": {"at_least": r.choice("123")}}}}
        if r.random() < 0.3:
            step["tier"] = "second"
        steps.append(step)
    language.beside(steps)
    if r.random() < 0.4:
        steps[1]["above"] = {**steps[1]["above"], steps[0]["id"]: "includes"}
    file = language.file_of(said, steps, language.turns().draw(r))
    some = [a["id"] for s in steps for a in s["actions"] if "id" in a]
    people = asked.said_of_people(r.sample(some, 1), r.sample(some, 1))
    file["questions"].append({"id": "meeting-day", "answers": "date", "by": ["teacher"], "name": N, "source": "town"})
    messages = asked.messages().draw(r)
    for m in messages:
        m["about"], m["to"] = r.choice(ABOUTS), r.choice([["teacher"], ["guardian"], ["guardian", "teacher"]])
    file |= people | {"messages": [m for m in messages if m.get("act") in (None, *some)]}
    file["roles"] = [
        {"id": "teacher", "what": "profession", "sees": ["absence"], "deputies": ["nurse"]},
        {"id": "nurse", "what": "profession", "sees": r.choice([["absence", "health"], ["health", "welfare"], []])},
        {"id": "curator", "what": "profession", "sees": ["absence", "welfare", "health", "child_protection", "support"]},
        {"id": "principal", "what": "profession", "sees": ["absence", "support"], "deputies": ["teacher"]},
        {"id": "pupil", "what": "party"},
        {"id": "guardian", "what": "party"},
    ]
    file["roles"] = [{**x, "name": N, "source": "town"} for x in file["roles"]]
    for report in file["reports"]:
        report["by"], report["about"] = ["teacher", "guardian", "pupil"], r.choice(ABOUTS)
    if r.random() < 0.5:
        file["questions"][0]["about"] = r.choice(ABOUTS)
    if r.random() < 0.2:
        later = json.loads(json.dumps(file)) | {"version": "2", "valid_from": iso(r.choice(small.SCHOOL_DAYS[8:30]))}
        later["steps"][0]["opens"] = {"absence": {"at_least": r.choice(["2", "5", "9"])}}
        if not isinstance(later["steps"][0]["again"], dict):
            return file, later
    return (file,)


def whole_events(r: random.Random, data: tuple[dict[str, Any], ...]) -> list[dict[str, Any]]:
    """Marks and answers of two generators, in one record; moves, leaving, contests and checks beside them."""
    language, asked = module("generated_language"), module("generated_tasks")
    found = events_of(language.language_cases().draw(r))
    for n, e in enumerate(events_of(asked.cases_of(paused=r.random() < 0.3).draw(r))):
        if e["type"] in ("mark", "enrolment"):
            continue
        e = {**e, "id": f"y{n}"} | ({"of": f"y{e['of'][1:]}"} if e.get("of", "").startswith("x") else {})
        found.append(e)
    marks = sorted({e["id"] for e in found if e["type"] == "mark"})
    days = language.SCHOOL_DAYS
    if not any(e["type"] == "enrolment" and e["recorded"] == iso(language.FIRST) for e in found):
        # of two calendars nothing says which one is meant before an enrolment is known
        found = [e for e in found if e["type"] != "enrolment"]
        first = {"type": "enrolment", "school": "s", "grade": r.choice([6, 8, 9]), "lessons_per_week": 25, "id": "from-the-start"}
        found.insert(0, {**first, "on": iso(language.FIRST), "recorded": iso(language.FIRST)})
    if r.random() < 0.35:  # a move, and perhaps back again
        first = next((e["recorded"] for e in found if e["type"] == "enrolment"), iso(language.FIRST))
        for school in ("t", "s")[: r.choice((1, 1, 2))]:
            since = r.choice(days[10:])
            if iso(since) <= first:
                continue
            recorded = since + DAY * r.choice((0, 0, -5, 4))
            grade = {"grade": r.choice([6, 8])} if r.random() < 0.7 else {}
            move = {"type": "enrolment", "school": school, "on": iso(since), "lessons_per_week": 25, **grade}
            found.append({**move, "id": f"move-{school}", "recorded": iso(max(recorded, language.FIRST))})
            first = iso(since)
    if SECOND_EDITION and r.random() < 0.12:
        on = r.choice(days[15:])
        found.append({"type": "left", "id": "left", "on": iso(on), "recorded": iso(on + DAY * r.choice((0, 3)))})
    if SECOND_EDITION and marks and r.random() < 0.25:
        target = r.choice([e for e in found if e["type"] == "mark"])
        on = max(date.fromisoformat(target["recorded"]), date.fromisoformat(target["on"])) + DAY * r.choice((0, 1, 4))
        by, report = r.choice(["guardian", "pupil"]), r.choice(["contested", "concern"])
        contest = {"type": "report", "report": report, "by": by, "mark": target["id"], "on": iso(on), "recorded": iso(on)}
        found.append({**contest, "id": "contest"})
        if r.random() < 0.3:
            then = iso(on + DAY * r.choice((0, 2, 9)))
            found.append(
                {
                    "type": "action",
                    "action": f"check:{target['id']}",
                    "status": "done",
                    "on": then,
                    "recorded": then,
                    "id": "kept",
                }
            )
    if marks and r.random() < 0.1:
        on = iso(r.choice(days[20:]))
        action = data[-1]["steps"][0]["actions"][0]["id"]
        wrong = {"type": "action", "action": action, "status": "data_wrong", "mark": r.choice(marks), "on": on, "recorded": on}
        found.append({**wrong, "id": "wrong"})
    if r.random() < 0.2:
        target = r.choice(found)
        if target["type"] not in ("enrolment", "retracted"):
            on = iso(date.fromisoformat(target["recorded"]) + DAY * r.choice((0, 1, 6)))
            found.append({"type": "retracted", "id": "gone", "of": target["id"], "on": on, "recorded": on})
    return found


def of_whole(r: random.Random, records: int, days: int) -> Iterator[Triple]:
    rules = Rules(whole_rules(r))
    mine, theirs = dates_of("language"), other_school()
    schools = {"t": Rules(whole_rules(r))} if SECOND_EDITION and r.random() < 0.4 else {}
    first, last = mine.calendar.years[0].first, mine.calendar.years[-1].last
    for _ in range(records):
        events = whole_events(r, rules.data)
        does = {"does": ["call-a", "talk-b"]} if r.random() < 0.2 else {}
        record = record_of(events, r.choice(["marks_only"] * 5 + ["given"]), **does)
        for on in some_days(r, events, first, last, days):
            known = None
            if r.random() < 0.3:
                known = max(date.fromordinal(first), on - DAY * r.choice((1, 2, 5, 12, 25)))
                known = known if known < on else None
            absent = (r.choice(["teacher", "nurse", "principal"]),) if SECOND_EDITION and r.random() < 0.1 else ()
            yield Triple(rules, {"s": mine, "t": theirs}, record, on, known, schools, absent, "whole", r.getrandbits(32))


# ---------------------------------------------------------------------- the shipped rulesets
@cache
def shipped() -> dict[str, Rules]:
    """Every shipped ruleset with its layers laid, as one file would hold it."""
    if str(ROOT / "conformance") not in sys.path:
        sys.path.append(str(ROOT / "conformance"))
    from by_hand import whole_of

    folder, out = ROOT / "rulesets", {}
    for path in sorted(folder.rglob("ruleset.yaml")):
        name = path.parent.relative_to(folder).as_posix()
        if name.startswith("calendars") or "/calendars" in name:
            continue
        out[name] = Rules((json.loads(text(whole_of(name))),))
    return out


@cache
def long_years() -> Dates:
    """Two school years with breaks, holidays, periods and every named day that a shipped ruleset asks for."""
    named = {s["days_named"] for rules in shipped().values() for s in rules.data[0].get("schedules", []) if "days_named" in s}
    for rules in shipped().values():
        for c in rules.data[0].get("counters", []):
            named |= {c["days"]["named"]} if "named" in c.get("days", {}) else set()
    years = []
    for y in (2025, 2026):
        f = date(y, 8, 10).toordinal()
        quarters = (f, f + 70, f + 147, f + 217)
        years.append(
            SchoolYear(
                id=f"y{y}",
                first=f,
                last=f + 293,
                lesson_minutes=45,
                terms=(f, f + 147),
                periods=quarters,
                quarters=quarters,
                breaks=((f + 63, f + 69), (f + 133, f + 146), (f + 203, f + 209)),
                public_holidays=frozenset({f + 25, f + 260}),
                named_days=tuple((n, (f + 30, f + 100)) for n in sorted(named)),
            )
        )
    return Dates.of(sky.Calendar(tuple(years)))


def shipped_events(r: random.Random, data: dict[str, Any]) -> list[dict[str, Any]]:
    """Records in the words of a ruleset: its kinds, reports, questions, actions, steps and consents."""
    pick, school = r.choice, long_years().calendar
    first = date(2026, 8, 10) if r.random() < 0.9 else date(2025, 8, 11)
    days = [date.fromordinal(d) for d in school.school_days if first.toordinal() <= d <= date(2027, 3, 1).toordinal()]
    near = days[(start := r.randrange(len(days))) : start + 12]
    kinds = [k["id"] for k in data.get("kinds", [])]
    out: list[dict[str, Any]] = []

    def put(recorded: date, **event: Any) -> None:
        out.append({"recorded": iso(recorded), "id": event.get("id") or f"e{len(out)}", **{k: v for k, v in event.items() if v}})

    put(
        first, type="enrolment", school="s", on=iso(first), grade=pick([8, 8, 3, 1, 9, None]), lessons_per_week=pick([30, 30, 25])
    )
    if r.random() < 0.2:
        on = pick(days)
        put(on, type="enrolment", school=pick("st"), on=iso(on), grade=pick([9, 4]), lessons_per_week=30)
    for i in range(r.randint(0, 10)):
        on, kind = pick([*near, *near, pick(days)]), pick([*kinds * 3, None])
        lengths: list[dict[str, Any]] = [{"lessons": pick([1, 2, 4, 6, 6, 6])}] * 5
        mark = pick([*lengths, {"minutes": pick([10, 35, 90])}])
        mark = {"type": "mark", "id": f"m{i}", "on": iso(on), "kind": kind, "code": None if kind else "code", **mark}
        mark |= {
            "part": pick([None, None, "start_of_day", "end_of_day"]),
            "subject": pick([None, "maths"]),
            "teacher": pick([None, "t1"]),
        }
        mark |= {"explained": True} if r.random() < 0.3 else {}
        recorded = on + DAY * pick((0, 0, 0, 1, 3, 20))
        put(recorded, **mark)
        if r.random() < 0.25:
            other = (
                {"lessons": pick([2, 6]), "minutes": None} if r.random() < 0.6 else {"kind": pick(kinds or [None]), "code": None}
            )
            put(recorded + DAY * r.randint(0, 25), **{**mark, **other})
    for _ in range(r.randint(0, 2)):
        on, planned = pick(near), pick([4, 6, 7])
        put(on + DAY * pick((0, 0, 4)), type="register", on=iso(on), planned=planned, marked=r.randint(1, planned))
    actions = sorted({a.get("id") or a["act"] for s in data["steps"] for a in s.get("actions", [])})
    for _ in range(r.randint(0, 7)):
        on, late = pick([*near, pick(days)]), DAY * pick((0, 0, 0, 2, 9))
        what = pick(["report", "report", "answer", "action", "action", "action", "closing", "closing", "consent", "pause"])
        if what == "report" and data.get("reports"):
            by = pick(["guardian", "pupil", "class-lead", "subject-teacher"])
            taken_back = {"raised": False} if r.random() < 0.2 else {}
            put(on + late, type="report", report=pick(data["reports"])["id"], on=iso(on), by=by)
            out[-1] |= taken_back
        elif what == "answer" and data.get("questions"):
            q = pick(data["questions"])
            answer = iso(on + 10 * DAY) if q["answers"] == "date" else pick(q["answers"])
            put(on + late, type="answer", question=q["id"], answer=answer, on=iso(on))
        elif what == "action" and actions:
            status = pick(["done"] * 5 + ["planned", "not_needed", "snoozed", "refused"])
            until = iso(on + 12 * DAY) if status in ("planned", "snoozed") else None
            put(on + (DAY * 0 if until else late), type="action", action=pick(actions), status=status, on=iso(on), until=until)
        elif what == "closing":
            step = pick(data["steps"])
            reasons = step.get("closing", {}).get("reasons", REASONS)
            put(on, type="step_closed", step=step["id"], reason=pick(reasons)["id"], on=iso(on))
        elif what == "consent" and data.get("consents"):
            put(
                on,
                type="consent",
                consent=pick(data["consents"])["id"],
                value=pick(["given", "refused", "withdrawn"]),
                on=iso(on),
            )
        elif what == "pause":
            put(on, type="pause", on=iso(on), until=iso(on + 10 * DAY), owner="principal")
    said = [e for e in out if e["type"] not in ("mark", "enrolment", "register")]
    if said and r.random() < 0.35:
        target = pick(said)
        on = date.fromisoformat(target["recorded"]) + DAY * pick((0, 1, 6))
        put(on, type="retracted", of=target["id"], on=iso(on))
    return out


def of_shipped(r: random.Random, records: int, days: int) -> Iterator[Triple]:
    name = r.choice(sorted(shipped()))
    rules, dates = shipped()[name], {"*": long_years()}
    valid_from = rules.data[0]["valid_from"]
    begins = max(date(2026, 8, 12), date.fromisoformat(valid_from["read_as"] if isinstance(valid_from, dict) else valid_from))
    if begins > date(2027, 4, 1):
        return
    for _ in range(records):
        events = shipped_events(r, rules.data[0])
        record = record_of(events, r.choice(["marks_only"] * 9 + ["given"]))
        for on in some_days(r, events, begins.toordinal(), date(2027, 5, 20).toordinal(), days):
            known = on - DAY * r.choice((1, 4, 15)) if r.random() < 0.25 else None
            known = None if known is None or known < date(2026, 8, 11) else known
            yield Triple(rules, dates, record, on, known, family="shipped", seed=r.getrandbits(32))


# ---------------------------------------------------------------------- without end
def triples(
    seed: int, families: tuple[str, ...] = FAMILIES, *, records: int = 20, days: int = 8, left_out: Counter[str] | None = None
) -> Iterator[Triple]:
    """Triples without end; those of rules that do not load are counted in `left_out`."""
    r = random.Random(seed)
    weights = [WEIGHTS[f] for f in families]
    left_out = Counter() if left_out is None else left_out
    most = records, days
    while True:
        (family,) = r.choices(families, weights)
        records, days = most
        one = random.Random(r.getrandbits(64))
        makers = {"whole": of_whole, "shipped": of_shipped, "growing": of_growing}
        if family in ("shipped", "whole", "language"):  # some take a second for one decision; others take their turn sooner
            records, days = (
                min(records, {"shipped": 3, "whole": 6, "language": 12}[family]),
                min(days, 3 if family == "shipped" else 6),
            )
        some = makers[family](one, records, days) if family in makers else of_narrow(family, one, records, days)
        for t in some:
            try:
                for rules in (t.rules, *t.schools.values()):
                    _ = rules.model
            except REFUSED:
                left_out[family] += 1
                break
            yield t


def again(seed: int, number: int, families: tuple[str, ...] = FAMILIES) -> Triple:
    """The triple with this number of a seed."""
    return next(t for n, t in enumerate(triples(seed, families)) if n == number)
