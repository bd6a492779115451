"""Makes the suite: its cases, rulesets, calendars and truth tables.

    python conformance/make.py            writes the suite anew, and says what it holds

Rules: nothing is drawn by chance twice: the same checkout gives the same suite; every expected answer is the engine's, and is
kept only where the slow and obvious deciders of tests/ say the same of what they speak of (`witnesses` names the parts); a
ruleset stands in the suite as one whole, without layers, in the shape that `load_data` reads.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(HERE), str(ROOT / "tests")]

import generated as small  # noqa: E402
import generated_language as whole  # noqa: E402
import generated_tasks as asked  # noqa: E402
from answer import OVER, calendars, calendars_of, canonical, core, model_of, rulesets  # noqa: E402
from hypothesis import HealthCheck, Phase, given, seed, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from slow_decider import decide_slowly  # noqa: E402
from slow_tasks import propose_slowly, send_slowly  # noqa: E402

import sky_model as sky  # noqa: E402
import sky_model.model as model_file  # noqa: E402
from sky_model.checks.cases import read_cases, record_of  # noqa: E402
from sky_model.engine import digest  # noqa: E402
from sky_model.layers import lay, read_layers, rulesets_folder  # noqa: E402
from sky_model.model import load_data  # noqa: E402

PAGE = ROOT / "docs" / "decision.md"
GOLDEN_ASKED = 40  # of so many golden cases one is asked of the slow decider here: a whole year day by day takes long
# the rows of "what happens when", in their order; a case that shows a row says `row: …`
ROWS = (
    "the mark is recorded, the step opened and closed on one day",
    "another mark after the closing on the same day reaches the limit only now",
    "a mark is recorded ten days late",
    "marks for days before a closing come after it",
    "a person closes what is neither open nor undecided",
    "a correction after a closing takes the ground away",
    "opened on wrong marks, actions done",
    "under the limit after a correction, unmarked lessons could fill it",
    "every: 50: 101, corrected to 98, then 103",
    "from 0 to 160 in one day",
    "a talk was held for level 1, then level 2 opens",
    "closed at 80, the number is still over the limit",
    "a layer lowered 50 to 30; closed at 30; then 50",
    "the step ends by itself while a lesson is not marked",
    "ground is lost, later a late mark gives it back",
    "a closing is retracted",
    "a check date is a Sunday",
    "the last marks of autumn are recorded in January",
    "a late mark whose day has left the rolling window",
    "a lesson is not marked",
    "nobody raised a concern",
    "the first days of a share",
    "the talk was held before the limit",
    "a snooze reaches past the due day of a must",
    "a pause covers the due day",
    "a town begins in November with marks since August",
    "consent is withdrawn",
    "the new version has no such step",
    "a move to a school with other terms",
    "asked again next year about a day of today",
)


@dataclass(frozen=True)
class Asking:
    """One case before it is written: the values of its versions, the record, the days, the calendars, what it shows."""

    data: tuple[dict[str, Any], ...]
    case: sky.Case
    on: date
    calendars: Any
    shows: tuple[str, ...]
    known_on: date | None = None

    @property
    def record(self) -> dict[str, Any]:
        return self.case.to_json()


# ---------------------------------------------------------------------- plain data
def plain_calendar(calendar: sky.Calendar) -> list[dict[str, Any]]:
    """Every school year of a calendar, its school days listed one by one."""

    def days(numbers: Any) -> list[str]:
        return [date.fromordinal(n).isoformat() for n in sorted(numbers)]

    return [
        {
            "id": y.id,
            "first_day": days([y.first])[0],
            "last_day": days([y.last])[0],
            "lesson_minutes": y.lesson_minutes,
            "school_days": days(d for d in calendar.school_days if y.first <= d <= y.last),
            "terms": days(y.terms),
            "periods": days(y.periods),
            "quarters": days(y.quarters),
            "breaks": [days(b) for b in sorted(y.breaks)],
            "public_holidays": days(y.public_holidays),
            "also_school": days(y.also_school),
            "named_days": {k: days(v) for k, v in y.named_days},
        }
        for y in calendar.years
    ]


def whole_of(name: str) -> dict[str, Any]:
    """A shipped ruleset with all its layers laid, as one file would hold it."""
    layers, faults = read_layers(name)
    laid, more = lay(layers)
    assert not faults
    assert not more
    return {k: v for k, v in laid.data.items() if k != "extends"}


# ---------------------------------------------------------------------- the slow witnesses
def witnessed(case: dict[str, Any], said: dict[str, Any], *, tasks: bool) -> tuple[list[str], list[str]]:
    """(the parts of an answer that the slow deciders were asked about and confirm, those that they contradict)."""
    if case.get("known_on"):
        return [], []
    model, on = model_of(tuple(case["rulesets"])), date.fromisoformat(case["on"])
    record, calendars = sky.Case.from_json(case["record"]), calendars_of(case["calendars"])
    slow = decide_slowly(model, record, on, calendars)
    still = sorted(
        [n, date.fromordinal(about).isoformat(), date.fromordinal(slow.due_from[n]).isoformat(), n in slow.in_doubt]
        for n, about, end in slow.openings
        if end is None and n not in slow.withdrawn
    )
    path = {
        "open": (still, sorted([s["name"], s["about"], s["due_from"], s["in_doubt"]] for s in said["open_steps"])),
        "withdrawn": (sorted(slow.withdrawn), said["withdrawn"]),
    }
    right, wrong = [], []
    (right if all(a == b for a, b in path.values()) else wrong).append("path")
    if not tasks:
        return right, wrong
    proposed = propose_slowly(model, record, on, calendars)
    asking = [_slow_task(t) for t in proposed if t.state not in OVER]
    over = sorted((t.name, t.state) for t in proposed if t.state in OVER)
    same = asking == [_said_task(t) for t in said["tasks"] if t["state"] not in OVER]
    same = same and over == sorted((t["name"], t["state"]) for t in said["tasks"] if t["state"] in OVER)
    same = same and said["next"] == next((t.name for t in proposed if t.is_next), None)
    (right if same else wrong).append("tasks")
    if model.newest.notices:
        sent = [m for m in send_slowly(model, record, on, calendars) if m.state == "sent" or not m.is_wrong]
        slowly = sorted((m.message, m.state, date.fromordinal(m.since).isoformat()) for m in sent)
        same = slowly == sorted((m["message"], m["state"], m["since"]) for m in said["messages"])
        (right if same else wrong).append("messages")
    return right, wrong


def _slow_task(t: Any) -> tuple[Any, ...]:
    return t.name, t.action, t.state, t.due and date.fromordinal(t.due).isoformat(), t.overdue, t.duty


def _said_task(t: dict[str, Any]) -> tuple[Any, ...]:
    return t["name"], t["action"], t["state"], t["due"], t["overdue"], t["duty"]


# ---------------------------------------------------------------------- by hand: the page "what happens when"
class _Recording:
    """`load_data` that remembers the values of each model, and `decide` that remembers what it was asked."""

    def __init__(self) -> None:
        self.values: dict[int, tuple[Any, tuple[dict[str, Any], ...]]] = {}
        self.asked: list[tuple[sky.Model, sky.Case, date, Any]] = []

    def load_data(self, *data: dict[str, Any], **more: Any) -> sky.Model:
        made = load_data(*data, **more)
        self.values[id(made)] = made, tuple(json.loads(json.dumps(d)) for d in data)
        return made

    def decide(self, model: sky.Model, case: sky.Case, *, on: date, calendars: Any) -> sky.Decision:
        self.asked.append((model, case, on, calendars))
        return sky.decide(model, case, on=on, calendars=calendars)

    def __getattr__(self, name: str) -> Any:
        return getattr(sky, name)


def row_of(heading: str) -> str | None:
    text = heading.replace("`", "").strip().lower()
    return next((r for r in ROWS if r.lower() == text), None)


def of_the_page() -> Iterator[Asking]:
    """Every decision that the page asks for, under the row that it stands under; then the rows that the page only tells."""
    recording = _Recording()
    model_file.load_data = recording.load_data  # type: ignore[assignment]
    try:
        names: dict[str, Any] = {}
        text = PAGE.read_text(encoding="utf-8")
        blocks = re.findall(r"^#+ ([^\n]*)$|^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
        heading = ""
        for said, block in blocks:
            heading = said or heading
            if not block:
                continue
            exec(compile(block, PAGE.name, "exec"), names)
            if "sky" in names:
                names["sky"] = recording
            row = row_of(heading)
            yield from _asked(recording, row)
        for row, wanted in _hand_written(names):
            wanted()
            yield from _asked(recording, row)
    finally:
        model_file.load_data = load_data


def _asked(recording: _Recording, row: str | None) -> Iterator[Asking]:
    for model, case, on, given_calendars in recording.asked:
        if row is not None and id(model) in recording.values:
            yield Asking(recording.values[id(model)][1], case, on, given_calendars, (f"row: {row}",))
    recording.asked.clear()


def _hand_written(page: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The rows that need levels or check dates, in the words of the page."""
    text, absent, decide, rules = page["RULES"], page["absent"], page["decide"], page["rules"]
    levels = rules(
        text.replace("{any: [{absence: {at_least: 30}}, {concern: {is: raised}}]}", "{absence: {at_least: 50}}").replace(
            "again: next_window", "again: {every: {absence: 50, from: 50}}"
        )
    )
    dates = ["01", "02", "03", "04", "07", "08", "09", "10", "11", "14", "15", "16"]
    many = [absent(f"2026-09-{d}", 8) for d in dates]  # 96 lessons
    over = [*many, absent("2026-09-17", 5)]  # 101
    less = [*over, absent("2026-09-17", 2, "2026-09-18", id="mark-2026-09-17")]  # 98
    back = [*less, absent("2026-09-21", 5)]  # 103
    for events, on in ((over, "2026-09-17"), (less, "2026-09-18"), (back, "2026-09-21")):
        yield ROWS[8], lambda e=events, d=on: decide(*e, on=d, model=levels)
    late = [replace(m, recorded=date(2026, 10, 1)) for m in many]
    at_once = [*late, *(absent(f"2026-09-{d}", 8, "2026-10-01") for d in (17, 18, 21, 22, 23, 24, 25, 28))]  # 160
    yield ROWS[9], lambda: decide(*at_once, on="2026-10-01", model=levels)
    talk = sky.ActionTaken("talk", "done", date(2026, 9, 11), by="teacher")
    for events, on in (([*many, talk], "2026-09-16"), ([*many, talk, absent("2026-09-17", 8)], "2026-09-17")):
        yield ROWS[10], lambda e=events, d=on: decide(*e, on=d, model=levels)
    counted = "    window: {in: term}\n    source: town"
    checks = 'schedules:\n  - {id: checks, dates: ["09-06", "11-01"], source: town}\nreports:'
    checked = rules(text.replace(counted, counted + "\n    checked: checks").replace("reports:", checks, 1))
    four = page["four"]
    late_mark, next_day = absent("2026-08-31", recorded="2026-09-10"), absent("2026-09-07")
    two = [*four, next_day]
    for events, on in ((two, "2026-09-09"), ([*two, late_mark], "2026-09-10"), (two, "2026-11-01")):
        yield ROWS[16], lambda e=events, d=on: decide(*e, on=d, model=checked)


# ---------------------------------------------------------------------- by hand: golden cases of the rulesets
def golden() -> Iterator[Asking]:
    folder = rulesets_folder()
    for path in sorted(folder.rglob("cases")):
        name = path.parent.relative_to(folder).as_posix()
        model = sky.load(name, allow=("draft", "variant"))
        data = (whole_of(name),)
        for one, source, i in read_cases(path):
            case, schools = record_of(model, one, source, i, path)
            for wanted in one.expect:
                shows = (f"{name}: {one.name.in_language('en')}",)
                yield Asking(data, case, wanted.on, schools, shows, wanted.known_on)


# ---------------------------------------------------------------------- three-valued truth
VALUES = ("true", "false", "unknown")


def truth_tables() -> dict[str, list[list[str]]]:
    """Kleene's three values, as the public CQL tests show them for and, or, not, implies (their null is our unknown)."""
    order = {"false": 0, "unknown": 1, "true": 2}
    back = {v: k for k, v in order.items()}
    return {
        "and": [[a, b, back[min(order[a], order[b])]] for a in VALUES for b in VALUES],
        "or": [[a, b, back[max(order[a], order[b])]] for a in VALUES for b in VALUES],
        "not": [[a, back[2 - order[a]]] for a in VALUES],
        "implies": [[a, b, back[max(2 - order[a], order[b])]] for a in VALUES for b in VALUES],
    }


WRITTEN: dict[str, Any] = {
    "and": lambda a, b: {"all": [a, b]},
    "or": lambda a, b: {"any": [a, b]},
    "not": lambda a: {"none": [a]},
    "implies": lambda a, b: {"any": [{"none": [a]}, b]},
}
ANSWERS = {"true": "school", "false": "family"}


def of_the_truth_tables() -> Iterator[Asking]:
    """A fact is a counter whose only mark counts when a question is answered so: answered, answered otherwise, not answered."""
    for table, rows in truth_tables().items():
        facts = [{f"counter-{x}": {"at_least": "1"}} for x in "ab"[: 1 if table == "not" else 2]]
        said = [
            {"id": f"counter-{x}", "measure": "marks", "kinds": {"only": [f"leave-{x}"]}, "window": {"in": "school_year"}}
            | {"only_if": {f"leave-{x}": {f"cause-{x}": {"is": "school"}}}}
            for x in "ab"
        ]
        step = whole.step_of("step-a", WRITTEN[table](*facts), lasts="while_true", again="when_true_anew")
        file = small._file("1", small.FIRST, said, [step])
        more = {"name": small.NAME, "source": "town"}
        file["kinds"] = [{"id": f"leave-{x}", "is": "authorised", **more} for x in "ab"]
        file["questions"] = [{"id": f"cause-{x}", "answers": ["school", "family"], "by": ["teacher"], **more} for x in "ab"]
        for row in rows:
            on, events = small.FIRST, [sky.Enrolment("s", grade=8, since=small.FIRST, lessons_per_week=30)]
            for x, value in zip("ab", row[:-1], strict=False):
                events.append(sky.Mark(on, lessons=1, kind=f"leave-{x}", id=f"m-{x}"))
                if value in ANSWERS:
                    events.append(sky.Answer(f"cause-{x}", ANSWERS[value], on))
            events = [replace(e, id=e.id or f"x{n}", recorded=on, seq=n) for n, e in enumerate(events)]
            shows = f"truth: {' '.join([table, *row[:-1]])} is {row[-1]}"
            yield Asking((file,), sky.Case("p", events=events), on, small.CALENDAR, (shows,))


# ---------------------------------------------------------------------- generated
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


# ---------------------------------------------------------------------- putting it together
class Suite:
    def __init__(self) -> None:
        self.calendars, self.rulesets = calendars(), rulesets()  # what an answer reads: filled here before it is written
        self.used: dict[str, str] = {}
        self.cases: dict[str, list[dict[str, Any]]] = {}  # by file: the lines, not yet written
        self.seen: dict[str, dict[str, Any]] = {}
        self.contradicted: list[str] = []
        self.calendars.clear()
        self.rulesets.clear()

    def written(self, one: Asking) -> dict[str, Any]:
        """The case as it will stand in the suite, without its id."""
        prints = []
        for data in one.data:
            fingerprint = digest([data])
            self.rulesets[fingerprint] = data
            prints.append(fingerprint)
        given = {"*": one.calendars} if isinstance(one.calendars, sky.Calendar) else one.calendars
        names = {}
        for school, calendar in given.items():
            plain = plain_calendar(calendar)
            name = calendar.id if self.calendars.get(calendar.id, plain) == plain else f"{calendar.id}-{digest(plain)[7:13]}"
            self.calendars[name] = plain
            names[school] = name
        known = {"known_on": one.known_on.isoformat()} if one.known_on else {}
        record = one.record
        return {"rulesets": prints, "calendars": names, "record": record, "on": one.on.isoformat(), **known}

    def answered(self, one: Asking) -> tuple[dict[str, Any], dict[str, Any]]:
        """(case, answer); the answer to the plain data is that to the objects."""
        case = self.written(one)
        return case, core(
            sky.decide(
                model_of(tuple(case["rulesets"])),
                sky.Case.from_json(case["record"]),
                on=one.on,
                known_on=one.known_on,
                calendars=one.calendars,
            )
        )

    def put(self, file: str, one: Asking, *, tasks: bool, keep: bool, ask: bool = True) -> bool:
        """Adds a case. One that a slow decider contradicts is left out, or kept without that witness if `keep`.

        ask  False: no slow decider is asked, and the case names no witness
        """
        try:
            case, said = self.answered(one)
        except (sky.RecordError, sky.RulesetError):
            return False
        key = canonical(case)
        if key in self.seen:  # one case may show several things
            shows = self.seen[key]["case"]["shows"]
            shows += [x for x in one.shows if x not in shows and not x.startswith("generated")]
            return True
        right, wrong = witnessed(case, said, tasks=tasks) if ask else ([], [])
        if wrong:
            self.contradicted.append(f"{file} {one.shows[0]}: {', '.join(wrong)}")
            if not keep:
                return False
        mine = self.cases.setdefault(file, [])
        case |= {"id": f"{file}-{len(mine) + 1:04}", "shows": list(one.shows), "witnesses": right}
        self.seen[key] = {"case": case, "expect": said}
        mine.append(self.seen[key])
        for f in case["rulesets"]:
            self.used.setdefault(f, file)
        return True

    def minimised(self, one: Asking, mark: str, tasks: bool) -> Asking:
        """The smallest case found, one piece less at a time, that still shows the mark and that the slow deciders confirm."""
        again = True
        while again:
            again = False
            for less in smaller(one):
                try:
                    case, said = self.answered(less)
                    is_so = mark in marks_of(less, said) and not witnessed(case, said, tasks=tasks)[1]
                except (sky.RecordError, sky.RulesetError, KeyError, AssertionError, ValueError, TypeError):
                    continue
                if is_so:
                    one, again = less, True
                    break
        return replace(one, shows=(f"minimised: {mark}",))

    @property
    def lines(self) -> dict[str, list[str]]:
        """The lines of each file, as they are written."""
        return {file: [canonical(x) for x in mine] for file, mine in self.cases.items()}

    def write(self) -> None:
        for folder in ("cases", "rulesets"):
            (HERE / folder).mkdir(exist_ok=True)
            for old in (HERE / folder).glob("*.jsonl"):
                old.unlink()
        for file, lines in self.lines.items():
            _write(f"cases/{file}.jsonl", lines)
        for file in sorted(set(self.used.values())):
            mine = sorted(f for f, where in self.used.items() if where == file)
            _write(f"rulesets/{file}.jsonl", [canonical({"fingerprint": f, "ruleset": self.rulesets[f]}) for f in mine])
        names = {n for x in self.lines.values() for line in x for n in json.loads(line)["case"]["calendars"].values()}
        rows = [f"{json.dumps(n)}:{canonical(self.calendars[n])}" for n in sorted(names)]
        _write("calendars.json", ["{" + ",\n".join(rows) + "}"])
        tables = truth_tables()
        rows = [f'"{t}":[{",".join(canonical(r) for r in tables[t])}]' for t in tables]
        _write("truth_tables.json", ["{" + ",\n".join(rows) + "}"])


def _write(path: str, lines: list[str]) -> None:
    (HERE / path).write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def make() -> Suite:
    suite = Suite()
    for one in of_the_page():
        suite.put("what-happens-when", one, tasks=True, keep=True)
    for one in of_the_truth_tables():
        suite.put("truth-tables", one, tasks=True, keep=True)
    print({k: len(v) for k, v in suite.lines.items()}, flush=True)
    pool: list[tuple[Asking, str, set[str]]] = []
    for one, family in of_generators():
        try:
            case, said = suite.answered(one)
        except (sky.RecordError, sky.RulesetError):
            continue
        found = marks_of(one, said)
        if "nothing open, nothing asked" not in found or len(pool) % 9 == 0:
            pool.append((one, family, found))
    print("pool", len(pool), flush=True)
    for mark in sorted({m for _, _, found in pool for m in found}):
        some = sorted((p for p in pool if mark in p[2]), key=lambda p: len(p[0].case.events))[:4]
        for one, family, _ in some:
            case, said = suite.answered(one)
            if witnessed(case, said, tasks=family == "tasks")[1]:
                continue
            if suite.put("minimised", suite.minimised(one, mark, family == "tasks"), tasks=family == "tasks", keep=False):
                break
        else:
            print("no case that the slow deciders confirm shows:", mark)
    print("minimised", len(suite.cases.get("minimised", [])), flush=True)
    for one, family, _ in (p for i, p in enumerate(pool) if i % 3):  # a third less: the slow deciders take their time
        suite.put("generated", one, tasks=family == "tasks", keep=False)
    print("generated", len(suite.cases["generated"]), flush=True)
    for i, one in enumerate(golden()):  # tests/test_cases_by_the_slow_decider.py asks all of them, with the shipped layers
        suite.put("golden", one, tasks=False, keep=True, ask=i % GOLDEN_ASKED == 0)
    shown = {s for mine in suite.cases.values() for x in mine for s in x["case"]["shows"]}
    missing = [r for r in ROWS if f"row: {r}" not in shown]
    if missing:
        raise SystemExit(f"no case shows: {'; '.join(missing)}")
    return suite


if __name__ == "__main__":
    made = make()
    made.write()
    print({k: len(v) for k, v in made.lines.items()}, sum(map(len, made.lines.values())), "cases")
    for sentence in made.contradicted:
        print("a slow decider says otherwise:", sentence)
