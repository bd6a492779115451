"""One pupil with 60 marks, the whole job, against hand-written Python for the same rule; ratios in one run."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from datetime import date, timedelta

import sky_model as sky

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


def by_hand(line: str) -> dict[str, object]:
    """What a careful programmer would write for three limits of a term and a due day, and nothing else."""
    data = json.loads(line)
    terms = [date(2026, 8, 12), date(2027, 1, 1)]
    newest: dict[str, list[dict[str, object]]] = {}
    for e in data["events"]:
        if e["type"] == "mark":
            newest.setdefault(e["id"], []).append(e)
    rows = []
    for versions in newest.values():
        for i, v in enumerate(versions):
            on, seen = date.fromisoformat(v["on"]), date.fromisoformat(v["recorded"])
            rows.append((max(on, seen), on, v["minutes"] - (versions[i - 1]["minutes"] if i else 0), v["id"]))
    rows.sort()
    opened: dict[int, tuple[date, list[str]]] = {}
    sums: dict[date, int] = {}
    marks: dict[date, list[str]] = {}
    for known, on, minutes, name in rows:
        if known > ON:
            break
        term = max(t for t in terms if t <= on)
        sums[term] = sums.get(term, 0) + minutes
        marks.setdefault(term, []).append(name)
        for limit in (30, 50, 100):
            if limit not in opened and sums[term] >= limit * 45:
                opened[limit] = known, list(marks[term])
    tasks = []
    for limit, (day, because) in opened.items():
        due, left = day, 5
        while left:
            due += timedelta(days=1)
            left -= CALENDAR.is_school_day(due.toordinal())
        tasks.append({"limit": limit, "due": due.isoformat(), "overdue": due < ON, "because": because})
    return {"tasks": sorted(tasks, key=lambda t: (not t["overdue"], t["due"])), "sum": sums}


def ours(line: str) -> dict[str, object]:
    return sky.decide(MODEL, sky.Case.from_json(line), on=ON, calendars=CALENDAR).to_json()


def microseconds(job: Callable[[str], object], line: str, times: int) -> float:
    job(line)
    found = []
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(times):
            job(line)
        found.append((time.perf_counter() - start) / times * 1e6)
    return statistics.median(found)


if __name__ == "__main__":
    sixty = record(60)
    a, b = microseconds(by_hand, sixty, 200), microseconds(ours, sixty, 50)
    print(f"by hand {a:8.0f} µs   sky_model {b:8.0f} µs   ratio {b / a:.1f}")
    base = None
    for n in (60, 600, 6000):
        t = microseconds(ours, record(n), max(1, 1200 // n))
        base = base or t / n
        print(f"{n:5} marks {t:10.0f} µs, {t / n:6.1f} µs a mark, {t / n / base:.2f} of the first")
