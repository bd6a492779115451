"""One pupil with 60 marks, the whole job, against hand-written Python for the same rule; ratios in one run."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import sky_model as sky
from sky_model.decision import dumps

CALENDAR = sky.load_calendar("example-week-43/2026-27")
MODEL = sky.load("presets/lessons-per-term")
ON = date(2027, 1, 29)


def record(n: int) -> str:
    days = [date.fromordinal(d) for d in CALENDAR.school_days if d < ON.toordinal()]
    per_day = -(-n // len(days))
    marks = [
        {
            "type": "mark",
            "id": f"m{i}",
            "on": str(days[i // per_day]),
            "minutes": 45 // per_day,
            "kind": "health",
            "recorded": str(days[i // per_day]),
        }
        for i in range(n)
    ]
    start = {"type": "enrolment", "id": "e", "school": "s", "grade": 8, "on": "2026-08-12", "recorded": "2026-08-12"}
    return json.dumps({"format": 1, "pupil": "p", "events": [start, *marks]})


TERMS = (date(2026, 8, 12), date(2027, 1, 1))
LIMITS = (("first-limit-reached", 30), ("second-limit-reached", 50), ("third-limit-reached", 100))
ACTIONS = {
    "first-limit-reached": ("talk-with-pupil",),
    "second-limit-reached": ("contact-guardian", "talk-with-pupil"),
    "third-limit-reached": ("consider-student-welfare", "contact-guardian", "talk-with-pupil"),
}
WISHES = {"wish-to-meet-curator": ("talk-with-curator", 7), "wish-to-meet-psychologist": ("talk-with-psychologist", 7)}


@dataclass(frozen=True)
class Absence:
    id: str
    on: date
    minutes: int
    kind: str
    recorded: date


FIELDS = frozenset(("type", "id", "on", "minutes", "kind", "recorded"))


def read_mark(e: dict[str, object]) -> Absence:
    for key in e:
        if key not in FIELDS:
            raise ValueError(f"unknown field {key} of {e.get('id')}")
    for key in ("id", "kind"):
        if not isinstance(e[key], str) or not e[key]:
            raise ValueError(f"{key} of {e.get('id')}")
    if not isinstance(e["minutes"], int | float) or not 0 <= e["minutes"] <= 1440:
        raise ValueError(f"minutes of {e['id']}")
    try:
        on, recorded = date.fromisoformat(e["on"]), date.fromisoformat(e["recorded"])
    except (TypeError, ValueError):
        raise ValueError(f"day of {e['id']}") from None
    return Absence(e["id"], on, e["minutes"], e["kind"], recorded)


def by_hand(line: str) -> str:
    """What a careful programmer would write for these rules, as a program: three limits of a term, the notice of
    unauthorised marks, unexplained marks, a concern, the statutory talks, closings, due days, the nearest limit, checked
    input, an answer with its reasons. No layers, no texts, no unknown, no corrections after an opening."""
    data = json.loads(line)
    pupil = data.get("pupil")
    if not isinstance(pupil, str) or "@" in pupil or re.search(r"\d{6}[-+A]\d{3}[0-9A-Z]$", pupil):
        raise ValueError("pupil")
    newest: dict[str, list[Absence]] = {}
    others = []
    grade = None
    for e in data["events"]:
        if e["type"] == "mark":
            mark = read_mark(e)
            newest.setdefault(mark.id, []).append(mark)
        elif e["type"] == "enrolment":
            grade = e["grade"]
        else:
            others.append({**e, "on": date.fromisoformat(e["on"]), "recorded": date.fromisoformat(e["recorded"])})
    rows = []
    unauthorised, unexplained, aside = [], [], []
    for name, versions in newest.items():
        before = 0
        versions.sort(key=lambda v: v.recorded)
        for v in versions:
            if v.recorded > ON:
                continue
            if not CALENDAR.is_school_day(v.on.toordinal()):
                aside.append(name)
                continue
            rows.append((max(v.on, v.recorded), v.on, v.minutes - before, name))
            before = v.minutes
        if before and versions[-1].kind == "unauthorised":
            unauthorised.append(name)
        elif before and versions[-1].kind == "unexplained":
            unexplained.append(name)
    rows.sort()
    closed = {e["step"]: e["on"] for e in others if e["type"] == "step_closed" and e["recorded"] <= ON}
    reports = [e for e in others if e["type"] == "report" and e["recorded"] <= ON]
    done = {e["action"]: e["on"] for e in others if e["type"] == "action" and e["status"] == "done"}
    opened: dict[str, dict[str, object]] = {}
    sums: dict[date, int] = {}
    marks: dict[date, list[str]] = {}
    for known, on, minutes, name in rows:
        term = max(t for t in TERMS if t <= on)
        sums[term] = sums.get(term, 0) + minutes
        marks.setdefault(term, []).append(name)
        for step, limit in LIMITS:
            if step not in opened and sums[term] >= limit * 45 and not (step in closed and closed[step] >= term):
                because = {"counter": "absence-lessons", "limit": limit, "low": sums[term] / 45, "marks": list(marks[term])}
                opened[step] = {"step": step, "opened_on": known, "because": because}
    for r in reports:
        if r["report"] == "concern" and "first-limit-reached" not in opened:
            opened["first-limit-reached"] = {"step": "first-limit-reached", "opened_on": r["recorded"], "because": r["id"]}
    tasks: dict[str, dict[str, object]] = {}
    lead = "class-teacher" if grade is not None and grade < 7 else "homeroom-teacher"
    for step, o in opened.items():
        for action in ACTIONS[step]:
            due, left = o["opened_on"], 5
            while left:
                due += timedelta(days=1)
                left -= CALENDAR.is_school_day(due.toordinal())
            state = "done" if done.get(action, date.min) >= TERMS[0] else "ready"
            old = tasks.get(action)
            if old is None or due < old["due"]:
                tasks[action] = {"action": action, "role": lead, "due": due, "overdue": due < ON and state != "done",
                                 "state": state, "duty": "must", "step": step}  # fmt: skip
    if unauthorised:
        tasks["notice"] = {"action": "notice", "role": lead, "due": None, "overdue": False, "marks": unauthorised}
    if unexplained:
        tasks["clear"] = {"action": "clear", "role": lead, "due": None, "overdue": False, "marks": unexplained}
    for r in reports:
        if r["report"] in WISHES:
            action, left = WISHES[r["report"]]
            due = r["on"]
            while left:
                due += timedelta(days=1)
                left -= CALENDAR.is_school_day(due.toordinal())
            tasks[action] = {"action": action, "role": "curator", "due": due, "overdue": due < ON}
    now = sums.get(max(t for t in TERMS if t <= ON), 0)
    near = next(((step, limit - now / 45) for step, limit in LIMITS if step not in opened), None)
    in_order = sorted(tasks.values(), key=lambda t: (not t["overdue"], t["due"] or date.max))
    answer = {
        "pupil": pupil,
        "on": ON.isoformat(),
        "next": in_order[0]["action"] if in_order else None,
        "tasks": [{**t, "due": t["due"] and t["due"].isoformat()} for t in in_order],
        "open_steps": [{**o, "opened_on": o["opened_on"].isoformat()} for o in opened.values()],
        "nearest": near,
        "set_aside": aside,
    }
    return json.dumps(answer, ensure_ascii=False)


def check_that_both_say_the_same(line: str) -> None:
    mine, hand = json.loads(ours(line)), json.loads(by_hand(line))
    due = {t["action"]: t["due"] for t in mine["tasks"]}
    assert {t["action"]: t["due"] for t in hand["tasks"]} == due, "the two do not say the same"
    assert {o["step"]: o["opened_on"] for o in hand["open_steps"]} == {o["step"]: o["opened_on"] for o in mine["open_steps"]}


def ours(line: str) -> str:
    return dumps(sky.decide(MODEL, sky.Case.from_json(line), on=ON, calendars=CALENDAR))


def microseconds(line: str, times: int, *jobs: Callable[[str], str]) -> list[float]:
    """The best time of each job, a line: the jobs take turns, so that whatever else the machine does touches all of them."""
    best = [float("inf")] * len(jobs)
    for _ in range(9):
        for i, job in enumerate(jobs):
            job(line)
            start = time.perf_counter()
            for _ in range(times):
                job(line)
            best[i] = min(best[i], (time.perf_counter() - start) / times * 1e6)
    return best


if __name__ == "__main__":
    sixty = record(60)
    check_that_both_say_the_same(sixty)
    hand, library = microseconds(sixty, 40, by_hand, ours)
    print(f"by hand {hand:8.0f} µs   sky_model {library:8.0f} µs   ratio {library / hand:.1f}")
    base = None
    for n in (60, 600, 6000):
        (t,) = microseconds(record(n), max(1, 600 // n), ours)
        base = base or t / n
        print(f"{n:5} marks {t:10.0f} µs, {t / n:6.1f} µs a mark, {t / n / base:.2f} of the first")
