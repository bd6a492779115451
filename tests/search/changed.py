"""The same question asked in another way: what must stay as it is, and what may only change in one direction.

Each check takes a triple whose answer is there and says None, or what is wrong: first a few words that name the fault, then `: `
and the two answers. A question that is refused when it is asked in another way is a fault too.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from search.triples import REFUSED, Dates, NotAsked, Rules, Triple, same, text

__all__ = ["CHECKS"]

WEEKS = 13 * 7
PARTS_WITHIN = ("in", "once_in", "until_end_of", "start_of", "end_of", "month")
NOT_LESSONS = ("marks", "most_on_one", "days", "settles", "only_if")


def answer(t: Triple) -> dict[str, Any]:
    try:
        return t.said
    except REFUSED as e:
        return {"refused": str(e)[:200]}


# ---------------------------------------------------------------------- what a ruleset uses
def words(value: Any) -> Iterator[tuple[str, Any]]:
    """Every key in a ruleset's values, with what stands under it."""
    if isinstance(value, dict):
        for k, v in value.items():
            yield k, v
            yield from words(v)
    elif isinstance(value, list):
        for v in value:
            yield from words(v)


@lru_cache(maxsize=64)
def of_rules(rules: Rules, what: str) -> bool:
    return {"dates": has_dates, "lessons": counts_lessons_only, "more": grows_with_marks}[what](rules.data)


def has_dates(data: tuple[dict[str, Any], ...]) -> bool:
    """Does it ask for days of the year or months, so that thirteen weeks later is not the same?"""
    for f in data:
        used = {v for k, v in words({**f, "schedules": []}) if k in ("checked", "schedule")}
        schedules = [s for s in f.get("schedules", []) if s["id"] in used]
        if any({"dates", "weeks", "days_named"} & {*s} for s in schedules):
            return True
        some = {**f, "schedules": schedules}
        if any(k == "calendar_months" or (k in PARTS_WITHIN and v in ("month", "yes")) for k, v in words(some)):
            return True
    return False


def counts_lessons_only(data: tuple[dict[str, Any], ...]) -> bool:
    """Is two lessons and two lessons of one day the same as four?"""
    return all(
        not f.get("becomes")
        and all(c["measure"] in ("lessons", "clock_hours") and not {*NOT_LESSONS} & {*c} for c in f.get("counters", []))
        and all(not isinstance(s["again"], dict) or "each" not in s["again"] for s in f["steps"])
        for f in data
    )


def grows_with_marks(data: tuple[dict[str, Any], ...]) -> bool:
    """The reach of promise 18: limits that are reached, steps that people close, no `unless`, no `after` of another step."""
    for f in data:
        counters = {c["id"]: c for c in f.get("counters", [])}
        if f.get("becomes") or f.get("ends"):
            return False
        for c in counters.values():
            if {"share_of", "only_if", "marks", "settles", "compared_with", "most_on_one"} & {*c} or c["measure"] in (
                "times",
                "days_since",
            ):
                return False
            if "since" in c["window"]:
                return False
        for s in f["steps"]:
            if s["lasts"] != "until_closed" or s["again"] not in ("when_true_anew", "next_window") or s.get("expected_by"):
                return False
            own = {a["id"] for a in s.get("actions", []) if "id" in a and "when" not in a}
            for a in s.get("actions", []):
                if "unless" in a or "repeat" in a or not {*a.get("after", [])} <= own:
                    return False
            for condition in [s.get("opens") or {}, *(a["when"] for a in s.get("actions", []) if "when" in a)]:
                for k, v in words(condition):
                    if k in ("none", "less_than", "at_most", "gap"):
                        return False
                    if (
                        isinstance(v, dict)
                        and k not in counters
                        and k not in ("by", "grade")
                        and {*v} & {"is", "one_of", "includes"}
                    ):
                        return False
        if any("replaces" in s.get("above", {}).values() for s in f["steps"]):
            return False
    return True


# ---------------------------------------------------------------------- what is handed in
def order_of_handing_in(t: Triple) -> str | None:
    """Handed in in another order, the answer is the same."""
    mixed = list(t.events)
    random.Random(t.seed).shuffle(mixed)
    return same(t.said, answer(t.of_events(mixed)))


def handed_in_twice(t: Triple) -> str | None:
    """Handed in twice, the answer is the same; that it was twice is told."""
    return same(t.said, answer(t.of_events([*t.events, *t.events])), without=("told",))


def later_events(t: Triple) -> str | None:
    """What is recorded later changes nothing."""
    known = (t.known_on or t.on).isoformat()
    return same(t.said, answer(t.of_events([e for e in t.events if e["recorded"] <= known])))


def earlier_knowledge(t: Triple) -> str | None:
    """M9: as known on an earlier day the answer is, in every field, that of the record cut there."""
    if t.known_on is None:
        raise NotAsked
    known = t.known_on.isoformat()
    cut = t.of_events([e for e in t.events if e["recorded"] <= known]).asked(known_on=None)
    return same(t.said, answer(cut), without=("known_to",))


def events_that_say_nothing(t: Triple) -> str | None:
    """A consent and a report that the rules do not name, and a mark of no lessons on a later day, change nothing."""
    first = min((e["recorded"] for e in t.events), default=t.on.isoformat())
    later = (t.on + timedelta(days=8)).isoformat()
    kind = (t.rules.data[-1].get("kinds") or [{}])[0].get("id")
    nothing: list[dict[str, Any]] = [
        {"type": "consent", "consent": "no-such-consent", "value": "given", "on": first},
        {"type": "report", "report": "no-such-report", "by": "teacher", "on": first},
        {"type": "mark", "lessons": 0, "kind": kind, "on": later},
    ]
    more = [{**e, "recorded": first, "id": f"nothing-{n}", "seq": 900 + n} for n, e in enumerate(nothing)]
    return same(t.said, answer(t.of_events([*t.events, *more])), without=("told",))


def renamed(t: Triple) -> str | None:
    """Other ids, in another order, give the same answer with those ids."""
    names = {name: f"z{999 - n}" for n, name in enumerate(dict.fromkeys(e["id"] for e in t.events))}
    back = {v: k for k, v in names.items()}

    def changed(event: dict[str, Any]) -> dict[str, Any]:
        out = {**event, "id": names[event["id"]]}
        out |= {k: names.get(out[k], out[k]) for k in ("of", "mark") if k in out}
        check, _, mark = str(out.get("action", "")).partition(":")
        return out | ({"action": f"check:{names.get(mark, mark)}"} if check == "check" else {})

    def restored(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: restored(v) for k, v in value.items()}
        if isinstance(value, list):
            return [restored(v) for v in value]
        if isinstance(value, str):
            return back.get(value) or re.sub(r"(?<=check:)z\d+", lambda m: back.get(m[0], m[0]), value)
        return value

    return same(in_no_order(t.said), in_no_order(restored(answer(t.of_events(list(map(changed, t.events)))))))


def in_no_order(said: dict[str, Any]) -> dict[str, Any]:
    """Lists of ids have no order of their own."""
    out: dict[str, Any] = json.loads(json.dumps(said))
    for key in ("told", "set_aside", "corrections"):
        if key in out:
            out[key] = sorted(out[key], key=text)
    for path in (("open_steps", "because"), ("open_steps", "today"), ("messages",), ("doubtful",)):
        rows = out.get(path[0]) or []
        for row in [r for x in rows for r in x[path[1]]] if len(path) == 2 and rows and path[1] in rows[0] else rows:
            if isinstance(row, dict) and "marks" in row:
                row["marks"] = sorted(row["marks"])
    return out


def whole_weeks_later(t: Triple) -> str | None:
    """Rules, calendar, record and question thirteen weeks later: the same answer thirteen weeks later."""
    if of_rules(t.rules, "dates") or any(of_rules(r, "dates") for r in t.schools.values()):
        raise NotAsked
    moved = Triple(
        later_rules(t.rules),
        {k: later_dates(v) for k, v in t.calendars.items()},
        later(t.record),
        t.on + timedelta(days=WEEKS),
        t.known_on and t.known_on + timedelta(days=WEEKS),
        {k: later_rules(v) for k, v in t.schools.items()},
        t.absent,
    )
    return same(later(t.said), answer(moved), without=("basis",))


def later(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: later(v) for k, v in value.items()}
    if isinstance(value, list):
        return [later(v) for v in value]
    if (isinstance(value, str) and value[:2] in ("20", "st", "ac", "ca", "ta", "pl", "ju")) or (
        isinstance(value, str) and "@" in value
    ):
        return re.sub(r"\d{4}-\d{2}-\d{2}", lambda m: (date.fromisoformat(m[0]) + timedelta(days=WEEKS)).isoformat(), value)
    return value


@lru_cache(maxsize=64)
def later_rules(rules: Rules) -> Rules:
    moved = []
    for f in rules.data:
        when = f["valid_from"]
        when = {**when, "read_as": later(when["read_as"])} if isinstance(when, dict) else later(when)
        moved.append({**f, "valid_from": when} | ({"valid_until": later(f["valid_until"])} if "valid_until" in f else {}))
    return Rules(tuple(moved))


@lru_cache(maxsize=16)
def later_dates(dates: Dates) -> Dates:
    return Dates(tuple(later(list(dates.years))))


def a_mark_in_two(t: Triple) -> str | None:
    """Four lessons of a day, or two and two of the same day and kind: the same steps, tasks and questions."""
    if not of_rules(t.rules, "lessons") or any(not of_rules(r, "lessons") for r in t.schools.values()):
        raise NotAsked
    times: dict[str, int] = {}
    for e in t.events:
        times[e["id"]] = times.get(e["id"], 0) + 1
    named = {e.get("mark") for e in t.events} | {e.get("of") for e in t.events}
    ends = {e["recorded"] for e in t.events if e["type"] in ("step_closed", "retracted")}
    marks = [
        e
        for e in t.events
        if e["type"] == "mark"
        and e.get("lessons") == 4
        and times[e["id"]] == 1
        and e["id"] not in named
        and e["recorded"] not in ends
    ]
    if not marks:
        raise NotAsked
    mark = random.Random(t.seed).choice(marks)
    halves = [{**mark, "lessons": 2}, {**mark, "lessons": 2, "id": "half", "seq": 960}]
    return same(core(t.said), core(answer(t.of_events([*(e for e in t.events if e is not mark), *halves]))))


def core(said: dict[str, Any]) -> dict[str, Any]:
    """What is open, asked and to do, without the ids of marks."""
    if "refused" in said:
        return said
    return {
        "steps": [[s[k] for k in ("name", "opened_on", "about", "due_from", "in_doubt")] for s in said["open_steps"]],
        "tasks": [[x[k] for k in ("name", "state", "due", "overdue", "duty")] for x in said["tasks"]],
        "questions": [[q[k] for k in ("what", "fact", "steps", "since")] for q in said["questions"]],
        "withdrawn": said["withdrawn"],
        "next": said["next"] and said["next"]["name"],
    }


def taken_back_and_said_again(t: Triple) -> str | None:
    """Said, taken back and said again within one day is as said once."""
    ends = {e["recorded"] for e in t.events if e["type"] in ("step_closed", "retracted")}
    of = {e.get("of") for e in t.events}
    some = [
        e
        for e in t.events
        if e["type"] in ("report", "answer", "action", "consent", "pause") and e["recorded"] not in ends and e["id"] not in of
    ]
    if not some or any(e["seq"] > 1000 for e in t.events):
        raise NotAsked
    event, events = random.Random(t.seed).choice(some), []
    for e in ({**e, "seq": 10 * e["seq"]} for e in t.events):
        events.append(e)
        if e["id"] == event["id"]:
            day = {"on": e["recorded"], "recorded": e["recorded"]}
            events.append({"type": "retracted", "id": "taken-back", "of": e["id"], **day, "seq": e["seq"] + 1})
            events.append({**e, "id": "again", "seq": e["seq"] + 2})
    return same(core(t.said), core(answer(t.of_events(events))))


# ---------------------------------------------------------------------- what may only change in one direction
DUTIES = ("must", "should", "consider", "may", "close")
OVER = ("done", "withdrawn", "not_needed", "refused", "no_consent")
PEOPLE = ("report", "answer", "action", "consent", "pause", "step_closed", "retracted", "register", "left")


def urgency(said: dict[str, Any], data: dict[str, Any]) -> tuple[Any, ...]:
    """M1, parts (1) to (5), of the next task; without one the undecided first."""
    task = said["next"]
    if task is None:
        return (8,) if said["questions"] else (9,)
    tiers = [x["id"] for x in data["tiers"]]
    can = 2 if task["duty"] == "close" else 1 if task["state"] == "undecided" else 0
    today = task["overdue"] or (task["due"] is not None and task["due"] <= said["on"])
    duty = 0 if task["duty"] == "must" and task["statutory"] else 1 + DUTIES.index(task["duty"])
    tier = -tiers.index(task["tier"]) if task["tier"] in tiers else 0  # the highest first
    return can, 0 if today else 1 if task["due"] else 2, duty, task["due"] or "", tier


def by_marks_alone(t: Triple) -> Triple | None:
    """The triple without what people say, when more marks can only open more; None for other rules."""
    if t.known_on is not None or t.schools or t.absent or not of_rules(t.rules, "more"):
        raise NotAsked
    if len({e["school"] for e in t.events if e["type"] == "enrolment"}) > 1:
        raise NotAsked
    versions: dict[str, int] = {}
    for e in t.events:
        versions[e["id"]] = versions.get(e["id"], 0) + 1
    kept = [
        e
        for e in t.events
        if e["type"] == "enrolment"
        or (e["type"] == "mark" and e.get("kind") and (e.get("lessons") or e.get("minutes")) and versions[e["id"]] == 1)
    ]
    return t.of_events(kept).asked(record={**t.record, "events": kept, "feed": {**t.record["feed"], "register": "marks_only"}})


def one_more(t: Triple) -> dict[str, Any] | None:
    """A mark of absence of a school day up to the day that is decided about, known on it."""
    r = random.Random(t.seed)
    kinds = [k["id"] for k in t.rules.data[-1]["kinds"] if k["is"] in ("authorised", "unauthorised", "unexplained")]
    first = min((e["on"] for e in t.events if e["type"] == "enrolment"), default="")
    days = [d for dates in t.calendars.values() for y in dates.years for d in y["school_days"] if first <= d <= t.on.isoformat()]
    if not days or not kinds:
        raise NotAsked
    on = r.choice(days)
    recorded = min(t.on, date.fromisoformat(on) + timedelta(days=r.choice((0, 0, 3))))
    mark = {"type": "mark", "id": "one-more", "on": on, "lessons": r.choice((1, 4, 6)), "kind": r.choice(kinds)}
    return {**mark, "recorded": recorded.isoformat(), "seq": 970}


def one_more_mark(t: Triple) -> str | None:
    """Promise 18: one more mark of absence never makes the next task less urgent. Promise 6: it closes no step and question."""
    base = by_marks_alone(t)
    mark = base and one_more(base)
    if not base or not mark:
        raise NotAsked
    before, after = answer(base), answer(base.of_events([*base.events, mark]))
    if "refused" in before or "refused" in after:
        return None if "refused" in before else f"refused with one more mark: {after['refused']}"
    lost = live(before) - live(after)
    if lost:
        return f"one more mark takes a step away: {sorted(lost)} with {text(mark)}"
    first, then = urgency(before, base.rules.data[-1]), urgency(after, base.rules.data[-1])
    return f"one more mark makes the next task less urgent: {first} | {then} with {text(mark)}" if then > first else None


def live(said: dict[str, Any]) -> set[str]:
    return {s["step"] for s in said["open_steps"]} | {s for q in said["questions"] for s in q["steps"]}


def late_stays_late(t: Triple) -> str | None:
    """Promise 19: what is late stays late, with no later due day, when nothing but marks is added."""
    if t.known_on is not None or t.schools or not of_rules(t.rules, "more"):
        raise NotAsked
    some = sorted({e["recorded"] for e in t.events if e["recorded"] < t.on.isoformat()})
    if not some:
        raise NotAsked
    cut = random.Random(t.seed).choice(some)
    earlier = date.fromisoformat(cut) + timedelta(days=random.Random(t.seed + 1).choice((0, 3, 9, 20)))
    if earlier >= t.on:
        raise NotAsked
    then = earlier.isoformat()
    known = {e["id"] for e in t.events if e["recorded"] <= then}
    later_marks = [
        e
        for e in t.events
        if e["recorded"] > then and e["type"] == "mark" and e["id"] not in known and (e.get("lessons") or 0) > 0
    ]
    if len({e["id"] for e in later_marks}) < len(later_marks):
        raise NotAsked
    kept = [*(e for e in t.events if e["recorded"] <= then), *later_marks]
    before, after = answer(t.of_events(kept).asked(on=earlier)), answer(t.of_events(kept))
    if "refused" in before or "refused" in after:
        raise NotAsked
    now = {x["action"]: x for x in after["tasks"]}
    # a `when` of a window that ends is false again without any mark: then nothing is asked
    asked_if = {a.get("id") or a["act"] for f in t.rules.data for s in f["steps"] for a in s.get("actions", []) if "when" in a}
    for task in before["tasks"]:
        if not task["overdue"] or task["turn"] is not None or task["action"] in asked_if:
            continue
        same_task = now.get(task["action"])
        if same_task is None or not same_task["overdue"] or (same_task["due"] or "9") > task["due"]:
            return f"what was late is not late any more: on {then} {text(task)} | on {t.on} {text(same_task)}"
    return None


def openings_stay(t: Triple) -> str | None:
    """Promise 7: an opening can end or be shown withdrawn; what is learned later never unmakes it, and adds none in the past."""
    from sky_model.decider import decider_of

    if t.known_on is not None or not t.events:
        raise NotAsked
    r = random.Random(t.seed)
    day = min(t.on, date.fromisoformat(r.choice(t.events)["recorded"]) + timedelta(days=r.choice((0, 1, 4))))
    try:
        then = decider_of(t.rules.model, t.case, **{**t.options, "on": day}).path.openings
    except REFUSED:
        raise NotAsked from None
    now = decider_of(t.rules.model, t.case, **t.options).path.openings
    first = [(o.name, o.about) for o in then]
    later_ = [(o.name, o.about) for o in now if o.day <= day.toordinal()]
    return None if first == later_ else f"openings up to {day} differ: {first} | {later_}"


CHECKS = {
    f.__name__: f
    for f in (
        order_of_handing_in,
        handed_in_twice,
        later_events,
        earlier_knowledge,
        events_that_say_nothing,
        renamed,
        whole_weeks_later,
        a_mark_in_two,
        taken_back_and_said_again,
        one_more_mark,
        late_stays_late,
        openings_stay,
    )
}
