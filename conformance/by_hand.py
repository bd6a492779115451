"""The cases by hand: the page "what happens when", the truth tables, the golden cases of the rulesets, the pairs of constructs.

Rules: a person wrote what must come out, and that is compared before the engine's answer is put into the suite (`wanted`, the
asserts of the page, the expectations of a golden case); nothing is drawn here.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(HERE), str(ROOT / "tests")]

import generated as small  # noqa: E402
import generated_language as whole  # noqa: E402
from pairs import CALENDAR, misses, pairs  # noqa: E402
from pairs_people import pairs_of_people  # noqa: E402

import sky_model as sky  # noqa: E402
import sky_model.model as model_file  # noqa: E402
from sky_model.checks.cases import Expected, faults_of, read_cases, record_of  # noqa: E402
from sky_model.layers import lay, read_layers, rulesets_folder  # noqa: E402
from sky_model.model import load_data  # noqa: E402

PAGE = ROOT / "docs" / "decision.md"
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
    "nobody closed the step, and the next term reaches the limit",
    "the mark that renewed the step was wrong",
    "everything is done and nobody closes",
    "a move to a school with other rules",
    "the pupil has left",
    "the day is not in force",
    "a guardian contests a mark",
    "two marks of one day that it cannot have had",
)


@dataclass(frozen=True)
class Asking:
    """One case before it is written: the values of its versions, the record, the days, the calendars, what it shows.

    faults  by an answer, what a person wrote that must come out and did not; None: nobody wrote anything
    schools the values of the versions of each school that has rules of its own
    absent  who is away
    by      who wrote it: `hand` (we), `golden` (the cases of a ruleset)
    """

    data: tuple[dict[str, Any], ...]
    case: sky.Case
    on: date
    calendars: Any
    shows: tuple[str, ...]
    known_on: date | None = None
    schools: Mapping[str, tuple[dict[str, Any], ...]] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    faults: Callable[[dict[str, Any]], list[str]] | None = field(default=None, compare=False)
    by: str = "hand"

    @property
    def record(self) -> dict[str, Any]:
        return self.case.to_json()


def whole_of(name: str) -> dict[str, Any]:
    """A shipped ruleset with all its layers laid, as one file would hold it."""
    layers, faults = read_layers(name)
    laid, more = lay(layers)
    assert not faults
    assert not more
    return {k: v for k, v in laid.data.items() if k != "extends"}


# ---------------------------------------------------------------------- by hand: the page "what happens when"
class _Recording:
    """`load_data` that remembers the values of each model, and `decide` that remembers what it was asked."""

    def __init__(self) -> None:
        self.values: dict[int, tuple[Any, tuple[dict[str, Any], ...]]] = {}
        self.asked: list[tuple[sky.Model, sky.Case, date, Any, Mapping[str, sky.Model]]] = []

    def load_data(self, *data: dict[str, Any], **more: Any) -> sky.Model:
        made = load_data(*data, **more)
        self.values[id(made)] = made, tuple(json.loads(json.dumps(d)) for d in data)
        return made

    def decide(
        self, model: sky.Model, case: sky.Case, *, on: date, calendars: Any, schools: Mapping[str, sky.Model] | None = None
    ) -> sky.Decision:
        self.asked.append((model, case, on, calendars, schools or {}))
        return sky.decide(model, case, on=on, calendars=calendars, schools=schools)

    def __getattr__(self, name: str) -> Any:
        return getattr(sky, name)


def row_of(heading: str) -> str | None:
    text = heading.replace("`", "").strip().lower()
    return next((r for r in ROWS if r.lower() == text), None)


def rows_without_a_case(lines: list[dict[str, Any]]) -> list[str]:
    """The suite is whole only where this is empty."""
    shown = {s for x in lines for s in x["case"]["shows"]}
    return [r for r in ROWS if f"row: {r}" not in shown]


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
            exec(compile(block, PAGE.name, "exec"), names)  # with its asserts: what a person wrote that must come out
            if "sky" in names:
                names["sky"] = recording
            yield from _asked(recording, row_of(heading), lambda answer: [])
        for row, ask, wanted in _hand_written(names):
            ask()
            yield from _asked(recording, row, lambda answer, w=wanted: misses(w, answer))
    finally:
        model_file.load_data = load_data


def _asked(recording: _Recording, row: str | None, faults: Callable[[dict[str, Any]], list[str]]) -> Iterator[Asking]:
    for model, case, on, given_calendars, schools in recording.asked:
        if row is not None and id(model) in recording.values:
            own = {school: recording.values[id(m)][1] for school, m in schools.items()}
            data, shows = recording.values[id(model)][1], (f"row: {row}",)
            yield Asking(data, case, on, given_calendars, shows, schools=own, faults=faults)
    recording.asked.clear()


def _hand_written(page: dict[str, Any]) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """The rows that the page only tells: they need levels or check dates. (row, what is asked, what must come out)"""
    text, absent, decide, rules = page["RULES"], page["absent"], page["decide"], page["rules"]
    levels = rules(
        text.replace("{any: [{absence: {at_least: 30}}, {concern: {is: raised}}]}", "{absence: {at_least: 50}}").replace(
            "again: next_window", "again: {every: {absence: 50, from: 50}}"
        )
    )
    dates = ["01", "02", "03", "04", "07", "08", "09", "10", "11", "14", "15", "16"]
    many = [absent(f"2026-09-{d}", 8) for d in dates]  # 96 lessons, of which 56 on the 9th
    over = [*many, absent("2026-09-17", 5)]  # 101
    less = [*over, absent("2026-09-17", 2, "2026-09-18", id="mark-2026-09-17")]  # 98
    back = [*less, absent("2026-09-21", 5)]  # 103
    first, second = "first@2026-09-09", "first+100@2026-09-17"
    both, one = {"names": [second, first], "withdrawn": []}, {"names": [first], "withdrawn": [second]}
    for events, on, wanted in ((over, "2026-09-17", both), (less, "2026-09-18", one), (back, "2026-09-21", both)):
        yield ROWS[8], lambda e=events, d=on: decide(*e, on=d, model=levels), wanted
    late = [replace(m, recorded=date(2026, 10, 1)) for m in many]
    at_once = [*late, *(absent(f"2026-09-{d}", 8, "2026-10-01") for d in (17, 18, 21, 22, 23, 24, 25, 28))]  # 160
    three = {"names": ["first+100@2026-10-01", "first+150@2026-10-01", "first@2026-10-01"], "asking": ["first+150@2026-10-01"]}
    yield ROWS[9], lambda: decide(*at_once, on="2026-10-01", model=levels), three
    talk = sky.ActionTaken("talk", "done", date(2026, 9, 11), by="teacher")
    for events, on, word in (
        ([*many, talk], "2026-09-16", "done"),
        ([*many, talk, absent("2026-09-17", 8)], "2026-09-17", "ready"),
    ):
        yield ROWS[10], lambda e=events, d=on: decide(*e, on=d, model=levels), {"talk": word}
    counted = "    window: {in: term}\n    source: town"
    checks = 'schedules:\n  - {id: checks, dates: ["09-06", "11-01"], source: town}\nreports:'
    checked = rules(text.replace(counted, counted + "\n    checked: checks").replace("reports:", checks, 1))
    four = page["four"]
    late_mark, next_day = absent("2026-08-31", recorded="2026-09-10"), absent("2026-09-07")
    two = [*four, next_day]  # 24 lessons on the check date, the 6th; 30 a day later
    opened = {"names": ["first@2026-09-10"]}
    for events, on, wanted in (
        (two, "2026-09-09", {"open": []}),
        ([*two, late_mark], "2026-09-10", opened),
        (two, "2026-11-01", {"names": ["first@2026-11-01"]}),
    ):
        yield ROWS[16], lambda e=events, d=on: decide(*e, on=d, model=checked), wanted


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
                alone = one.model_copy(update={"expect": [wanted]})
                faults = list(faults_of(model, alone, source, i, path))  # by the layers themselves
                said = (lambda answer, f=faults: f) if _says(wanted) else None
                yield Asking(data, case, wanted.on, schools, shows, wanted.known_on, faults=said, by="golden")


def _says(wanted: Expected) -> bool:
    """Does it expect anything of a part of the answer, and not only of the explanation's words?"""
    return bool(wanted.model_fields_set - {"on", "known_on", "says", "says_not"})


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
            wanted = {"open": ["step-a"] if row[-1] == "true" else [], "asked": ["step-a"] if row[-1] == "unknown" else []}
            case = sky.Case("p", events=events)
            yield Asking((file,), case, on, small.CALENDAR, (shows,), faults=lambda answer, w=wanted: misses(w, answer))


# ---------------------------------------------------------------------- the pairs of constructs
def of_the_pairs() -> Iterator[Asking]:
    for shows, values, case, on, wanted in pairs():
        said = (f"construct: {shows}",)
        yield Asking((values,), case, on, CALENDAR, said, faults=lambda answer, w=wanted: misses(w, answer))
    for shows, values, case, on, wanted, more in pairs_of_people():
        said = (f"construct: {shows}",)
        yield Asking((values,), case, on, CALENDAR, said, faults=lambda answer, w=wanted: misses(w, answer), **more)
