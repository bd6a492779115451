"""The generated cases, what a case shows, and how one is made smaller.

Rules: the strategies are those of tests/; the same examples are drawn each time by one version of Hypothesis; a case says what it
shows by the constructs of the steps that its answer speaks of, and by the turns of the answer itself.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]

import generated as small  # noqa: E402
import generated_language as whole  # noqa: E402
import generated_tasks as asked  # noqa: E402
from by_hand import Asking, _Recording  # noqa: E402
from hypothesis import HealthCheck, Phase, given, seed, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

import sky_model as sky  # noqa: E402
from sky_model.model import load_data  # noqa: E402


def drawn(strategy: st.SearchStrategy[Any], number: int) -> list[Any]:
    """So many examples, the same ones each time."""
    out: list[Any] = []

    @seed(20260812)
    @settings(
        max_examples=number, database=None, deadline=None, phases=(Phase.generate,), suppress_health_check=list(HealthCheck)
    )
    @given(strategy)
    def collect(one: Any) -> None:
        out.append(one)

    collect()
    return out[:number]


def of_generators() -> Iterator[tuple[Asking, str]]:
    """(a case, its family): few rulesets, each with many records, so that the suite stays small."""
    recording = _Recording()
    asked.load_data = recording.load_data  # type: ignore[attr-defined]
    try:
        models = drawn(st.booleans().flatmap(lambda s: asked.models_of(shared=s)), 60)
    finally:
        asked.load_data = load_data  # type: ignore[attr-defined]
    tasks = [recording.values[id(m)][1] for m in models]
    records = drawn(st.tuples(st.booleans().flatmap(lambda p: asked.cases_of(paused=p)), st.integers(0, 40)), 260)
    for i, (case, later) in enumerate(records):
        first = min(e.on for e in case.events if isinstance(e, sky.Mark))
        on = date.fromordinal(min(small.LAST.toordinal(), first.toordinal() + later))
        yield Asking(tasks[i % len(tasks)], case, on, small.CALENDAR, ("generated: tasks",)), "tasks"
    paths = drawn(small.model_data(), 80)
    for i, (case, on) in enumerate(drawn(st.tuples(small.cases(), small.days()), 300)):
        yield Asking(tuple(paths[i % len(paths)]), case, on, small.CALENDAR, ("generated: path",)), "path"
    files = drawn(whole.language_data(), 140)
    last = (whole.LAST - whole.FIRST).days
    for i, (case, later) in enumerate(drawn(st.tuples(whole.language_cases(), st.integers(15, last)), 480)):
        data = files[i % len(files)]
        if any("every" in s["again"] for s in data["steps"] if isinstance(s["again"], dict)):
            case = sky.Case("p", register="marks_only", events=list(case.events))
        on = date.fromordinal(whole.FIRST.toordinal() + later)
        yield Asking((data,), case, on, whole.TWO_YEARS, ("generated: language",)), "language"
    for data, case, on in drawn(asked.language_task_examples(), 80):
        yield Asking((data,), case, on, small.CALENDAR, ("generated: more tasks",)), "tasks"


# ---------------------------------------------------------------------- minimised toward each construct and each turn
def marks_of(one: Asking, said: dict[str, Any]) -> set[str]:
    """What a case shows: constructs of the steps that the answer speaks of, and the turns of the answer itself."""
    out: set[str] = set()
    if "refused" in said:
        return {"refused"}
    live = {x["step"] for x in said["open_steps"]} | {s for q in said["questions"] for s in q["steps"]}
    live |= {w.partition("@")[0].partition("+")[0] for w in said["withdrawn"]}
    file = one.data[-1]
    counters = {c["id"]: c for c in file["counters"]}
    for s in (s for s in file["steps"] if s["id"] in live):
        for key in ("lasts", "again"):
            out.add(f"{key}: {_word(s[key])}")
        out |= {f"step with {k}" for k in ("grades", "expected_by") if k in s}
        out |= {"step with watch"} if "watch" in s.get("closing", {}) else set()
        out |= {f"above: {v}" for v in s.get("above", {}).values()}
        for name, body in _tests(s["opens"], out):
            for op, limit in body.items():
                kind = "counter" if name in counters else "step" if name.startswith("step-") else name.partition("-")[0]
                out.add(f"{kind} {op}" + (f" {limit}" if op == "is" and kind != "cause" else ""))
                if isinstance(limit, dict) and ({"by", "gap"} & set(limit)):
                    out.add(f"limit with {next(iter(limit))}")
            out |= _of_counter(counters[name]) if name in counters else set()
    asking = {a["id"]: a for s in file["steps"] for a in s["actions"] if "id" in a}
    for t in said["tasks"]:
        out |= {f"task {t['state']}", f"duty {t['duty']}"} | ({"task overdue"} if t["overdue"] else set())
        act = asking.get(t["action"], {})
        out |= {f"action with {k}" for k in ("when", "unless", "after", "repeat", "with", "grades", "fulfilled_by") if k in act}
        within = act.get("within")
        out |= {f"within: {k}" for k in within} if isinstance(within, dict) else {f"within: {within}"}
    out |= {f"asked: {q['what']}" for q in said["questions"]} | {f"message {m['state']}" for m in said["messages"]}
    out |= {"in doubt"} if any(s["in_doubt"] for s in said["open_steps"]) else set()
    out |= {"due from later than opened"} if any(s["due_from"] > s["opened_on"] for s in said["open_steps"]) else set()
    out |= {"about an earlier day"} if any(s["about"] < s["opened_on"] for s in said["open_steps"]) else set()
    names = [s["name"] for s in said["open_steps"]] + said["withdrawn"]
    out |= {"withdrawn"} if said["withdrawn"] else set()
    out |= {"a higher level"} if any("+" in n for n in names) else set()
    out |= {"a second opening on one day"} if any("#" in n for n in names) else set()
    out |= {"nothing open, nothing asked"} if not names and not said["questions"] else set()
    out |= {f"event {e['type']}" for e in one.record["events"]}
    return out


def _word(value: Any) -> str:
    if isinstance(value, str):
        return value
    return " ".join(f"{k} {v if isinstance(v, str) else ''}".strip() for k, v in value.items())


def _tests(condition: dict[str, Any], out: set[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    for key, body in condition.items():
        if key in ("any", "all", "none"):
            out.add(f"condition {key}")
            for part in body:
                yield from _tests(part, out)
        else:
            yield key, body


def _of_counter(c: dict[str, Any]) -> set[str]:
    out = {f"measure: {c['measure']}"}
    window = c["window"]
    out.add(f"window: {window['in'] if isinstance(window['in'], str) else 'gap'}")
    out |= {f"rolling: {k}" for k in window.get("rolling", {})} | ({"unbroken"} if "unbroken" in window else set())
    since = window.get("since")
    out |= {f"since: {since if isinstance(since, str) else next(iter(since))}"} if since else set()
    out |= {f"kinds: {_word(c['kinds']).split()[0]}"} if "kinds" in c else set()
    out |= {f"share of: {' '.join(map(str, c['share_of'].values()))}"} if "share_of" in c else set()
    if "day_from" in c:
        out.add(f"day from: {c['day_from'] if isinstance(c['day_from'], str) else next(iter(c['day_from']))}")
    out |= {f"most on one: {c['most_on_one']}"} if "most_on_one" in c else set()
    out |= {f"days: {_word(c['days'])}"} if "days" in c else set()
    return out | {f"counter with {k}" for k in ("minimum", "checked", "only_if", "marks", "compared_with", "settles") if k in c}


def smaller(one: Asking) -> Iterator[Asking]:
    """The same case with one event, one step or one counter less."""
    for e in one.case.events:
        left = [x for x in one.case.events if x is not e and not (isinstance(x, sky.Retracted) and x.of == e.id)]
        yield replace(one, case=sky.Case("p", register=one.case.register, does=one.case.does, events=left))
    if len(one.data) == 1:
        for key in ("steps", "counters", "messages", "consents"):
            for x in one.data[0].get(key, []):
                yield replace(one, data=({**one.data[0], key: [y for y in one.data[0][key] if y is not x]},))
