"""The constructs of the language, and the case of the suite that notices when one of them is changed.

    python conformance/constructs.py        which construct is met by which case, from the committed suite

Rules: the list of constructs is read from the shapes of the vocabulary (every key, every word of a key, every operator of a
fact), so a new key is missing here until a case shows it; a construct is met by a case only if another value in its place gives
another answer; what no answer can show is named below with its reason.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

sys.path.insert(0, str(Path(__file__).resolve().parent))

from answer import HERE, answer_by, canonical, model_of, rulesets
from pydantic import BaseModel, ValidationError

import sky_model as sky
from sky_model import vocabulary
from sky_model.model import load_data

GONE = "(taken away)"  # what stands in the place of a key that is left out
NUMBER_OPS = ("at_least", "more_than", "at_most", "less_than")
# what may be asked of a fact: docs/language.md, the table under "Conditions"
ASKED: dict[str, dict[str, tuple[str, ...]]] = {
    "counter": dict.fromkeys(NUMBER_OPS, ()),
    "grade": {**dict.fromkeys(NUMBER_OPS, ()), "one_of": ()},
    "report": {"is": ("raised",)},
    "question": {"is": ("known", "unknown", "reached", "(an answer)"), "one_of": (), "includes": ()},
    "action": {"is": ("done", "not_needed", "refused"), "done_within": ()},
    "step": {"is": ("open", "ended", "never_opened", "worked_through")},
}
# words that stand in the place of a mapping: the shapes do not list them (tests/test_conformance.py asks the loader for them)
WORDS: dict[str, tuple[str, ...]] = {
    "Counter.kinds": ("all",),
    "Counter.day_from": ("any_part", "half", "whole"),
    "WindowOf.in": vocabulary.WINDOWS,
    "WindowOf.since": ("last_check",),
    "Action.who": ("who_recorded",),
    "Action.within": ("without_delay",),
    "Step.lasts": ("until_closed", "until_done", "while_true"),
    "Step.again": ("next_window", "when_true_anew", "once"),
}
LINES = {"part": ("is", "one_of"), "explained": ("is",), **dict.fromkeys(("subject", "teacher", "lesson"), ("is", "one_of"))}
LINES |= dict.fromkeys(("minutes", "lessons"), NUMBER_OPS)
# `who_recorded` and `layer_may` are told with their reasons below; a shape that is not one of a ruleset is left out here
NOT_OF_A_RULESET = (
    "BaseModel",
    "Shape",
    "Sourced",
    "MarkFilter",
    "CalendarFile",
    "Term",
    "NamedDays",
    "Break",
    "Holiday",
    "AlsoSchool",
    "CalendarSource",
    "Assumed",
    "Reading",
    "Comparison",
    "Condition",
    "Text",
    "ByGrade",
)
# What no answer of the suite can show: the reason, and patterns of the constructs' names.
NOT_SHOWN: dict[str, tuple[str, ...]] = {
    "a text for people": (
        r".*\.(note|url|because|says|texts|gap)",
        r".*unconfirmed_names: .*",
        r"RulesetFile\.about|Role\.does|Message\.text",
    ),
    "a name for people; items are named by their id": (r".*\.name",),
    "told with a decision; a source that is not yet in force is refused": (
        r".*\.certainty: .*",
        r"SourceItem\.(valid_from|read_on)",
    ),
    "of layers: here each ruleset is one whole": (
        r".*\.layer_may|Bounds\..*",
        r"(SetParameter|Change|Add|Remove)\..*|RulesetFile\.extends",
    ),
    "only the source of an action or of its step makes it statutory": (r"(?!Action|Step)[A-Z]\w*\.source",),
    "a name that others read: changed alone, the loader refuses, or nothing reads it": (r"[A-Z]\w*\.id",),
    "which ruleset it is, and if it may answer": (
        r"RulesetFile\.(format: 1|ruleset|version|status: .*|valid_until|review_by|requires_engine)",
    ),
    "bands of grades must fill it: the loader compares them": (r"RulesetFile\.grades",),
    "printed or kept; decides nothing for a pupil": (
        r"(Community|Statement|UpTo|Every|OnSchedule|CriticalRule|Adopted|Owner|Gap)\..*",
    ),
    "what may be written beside it: the loader compares it": (r"Parameter\.unit: .*|Question\.(answers: date|several: .*)",),
    "told with a task, a question or a message, or cut for a reader: not in the answer": (
        r"Tell\.tell|Action\.(record|hand_over)|AtLeast\..*|Closing\.suggest",
        r"(Kind|Report|Question|Message)\.about: .*|Message\.to",
    ),
    "who may see or stand in: an answer of the suite is not cut for a reader": (
        r"(Role|Group|Organisation)\.(what: .*|sees: .*|staff: .*|pupil_data: .*|controller: .*)",
        r"(Role|Group)\.(groups|led_by|pupils_per_person)",
    ),
    "who may say it: of what is in a record it is not asked any more": (r"Report\.by|Consent\.(given_by|if_pupil_cannot_judge)",),
    "refused: child protection is never stopped by a missing consent": (r"NeededFor\.about: child_protection",),
    "read only where a record names the mapping of its codes": (r"LocalCode\.system",),
    "the loader's proof: rows that never hold both answer as `collect` does": (r"Ladder\.hit: unique|Row\.step",),
}


def reason_of(construct: str) -> str | None:
    """Why no case notices it; None: no reason is given, and make ends with an error."""
    return next((why for why, some in NOT_SHOWN.items() if any(re.fullmatch(p, construct) for p in some)), None)


@dataclass(frozen=True)
class Found:
    """A construct, and where it stands in the values of a ruleset."""

    construct: str
    path: tuple[str | int, ...]


# ---------------------------------------------------------------------- the list
def words_of(annotation: Any) -> tuple[str, ...]:
    """The words that a key may have, where the shape lists them."""
    if get_origin(annotation) is Literal:
        return tuple(map(str, get_args(annotation)))
    return tuple(w for x in get_args(annotation) for w in words_of(x))


def constructs() -> list[str]:
    """Every key of every shape, or its words where it has words; every operator of every fact; the ways of a gap.

    A key that holds another shape is met with the keys of that shape.
    """
    out = []
    for shape in shapes():
        for field, info in shape.model_fields.items():
            key = f"{shape.__name__}.{info.alias or field}"
            words = (*words_of(info.annotation), *WORDS.get(key, ()), *(("yes", "no") if is_flag(info.annotation) else ()))
            out += [f"{key}: {w}" for w in words] if words else [] if holds_shape(info.annotation) else [key]
    out += [f"Condition.{w}" for w in ("any", "all", "none")]
    for fact, ops in ASKED.items():
        for op, words in ops.items():
            out += [f"Condition.{fact}.{op}: {w}" for w in words] if words else [f"Condition.{fact}.{op}"]
    out += [f"MarkFilter.{line}.{op}" for line, ops in LINES.items() for op in ops]
    return [
        *out,
        "By.by.grade",
        "gap with read_as",
        "gap in the place of a limit",
        "gap in the place of a window",
        "gap: nothing is due",
    ]


def shapes() -> list[type[BaseModel]]:
    found = {n: x for n, x in vars(vocabulary).items() if isinstance(x, type) and issubclass(x, BaseModel) and n == x.__name__}
    return [x for n, x in found.items() if n not in NOT_OF_A_RULESET]


def holds_shape(annotation: Any) -> bool:
    """A shape, or a list of shapes; a condition is none, for it can be taken away as a whole."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation not in (vocabulary.Condition, vocabulary.Text)
    return any(holds_shape(x) for x in get_args(annotation))


def is_flag(annotation: Any) -> bool:
    return annotation is bool or bool in get_args(annotation)


# ---------------------------------------------------------------------- where they stand
def find(data: dict[str, Any]) -> Iterator[Found]:
    """Every construct that the values of a ruleset hold, each with its place."""
    made = vocabulary.RulesetFile.model_validate(data)
    kinds = {c["id"]: "counter" for c in data.get("counters", [])} | {r["id"]: "report" for r in data.get("reports", [])}
    kinds |= {q["id"]: "question" for q in data.get("questions", [])} | {s["id"]: "step" for s in data.get("steps", [])}
    kinds |= {a["id"]: "action" for s in data.get("steps", []) for a in s.get("actions", []) if "id" in a}
    yield from _walk(made, (), kinds | {"grade": "grade"})
    for reading in made.readings:
        yield Found("gap with read_as" if reading.read_as is not None else _gap(reading.path), reading.path)


def _gap(path: tuple[str | int, ...]) -> str:
    if path[-1] in vocabulary.DROPPED:
        return "gap: nothing is due"
    return f"gap in the place of a {'window' if path[-1] == 'in' else 'limit'}"


def _walk(value: Any, path: tuple[str | int, ...], kinds: dict[str, str]) -> Iterator[Found]:
    if isinstance(value, list):
        for i, x in enumerate(value):
            yield from _walk(x, (*path, i), kinds)
    elif isinstance(value, dict):
        for k, x in value.items():
            yield from _walk(x, (*path, k), kinds)
    elif isinstance(value, vocabulary.Condition):
        key, body = value.key()
        if key in ("any", "all", "none"):
            yield Found(f"Condition.{key}", (*path, key))
            yield from _walk(body, (*path, key), kinds)
        else:
            for op, x in body.asked().items():
                yield Found(f"Condition.{kinds[key]}.{op}", (*path, key, op))
                if op == "is":
                    word = x if x in ASKED[kinds[key]]["is"] else "(an answer)"
                    yield Found(f"Condition.{kinds[key]}.is: {word}", (*path, key, op))
                yield from _walk(x, (*path, key, op), kinds)
    elif isinstance(value, vocabulary.EveryLevel):
        inner = (*path, "every")
        yield from (Found("EveryLevel.counter", inner), Found("EveryLevel.step", (*inner, value.counter)))
        yield Found("EveryLevel.first", (*inner, "from"))
    elif isinstance(value, BaseModel):
        yield from _walk_shape(value, path, kinds)


def _walk_shape(value: BaseModel, path: tuple[str | int, ...], kinds: dict[str, str]) -> Iterator[Found]:
    name = type(value).__name__
    for field in sorted(value.model_fields_set):
        info = type(value).model_fields[field]
        key, x = f"{name}.{info.alias or field}", getattr(value, field)
        here = (*path, info.alias or field)
        if name == "ByGrade":
            yield Found("By.by.grade", here)
        elif name != "Text":
            yield Found(key, here)
        if isinstance(x, bool):
            yield Found(f"{key}: {'yes' if x else 'no'}", here)
        said = {*words_of(info.annotation), *WORDS.get(key, ())}
        if isinstance(x, dict):
            yield from (Found(f"{key}: {k}", (*here, k)) for k in x if k in said)
        for one, where in [(x, here)] if isinstance(x, str) else _texts(x, here):
            if one in said:
                yield Found(f"{key}: {one}", where)
        if name == "MarkFilter":
            yield from (Found(f"{key}.{op}", (*here, op)) for op in x.asked())
        elif name not in ("Text", "ByGrade"):
            yield from _walk(x, here, kinds)


def _texts(value: Any, path: tuple[str | int, ...]) -> list[tuple[str, tuple[str | int, ...]]]:
    """The words in a list or a mapping: `sees: [absence]`, `above: {step-a: includes}`."""
    pairs = enumerate(value) if isinstance(value, list) else value.items() if isinstance(value, dict) else ()
    return [(x, (*path, k)) for k, x in pairs if isinstance(x, str)]


# ---------------------------------------------------------------------- another value in its place
def value_at(data: Any, path: tuple[str | int, ...]) -> Any:
    for key in path:
        data = data[key]
    return data


def changed(data: Any, path: tuple[str | int, ...], to: Any) -> Any:
    """The values with another one at a place; GONE takes the key or the item away."""
    key, rest = path[0], path[1:]
    made = list(data) if isinstance(data, list) else dict(data)
    if rest:
        made[key] = changed(data[key], rest, to)
    elif to == GONE:
        del made[key]
    else:
        made[key] = to
    return made


def others(found: Found, data: dict[str, Any]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """(place, another value) for a construct; the loader may refuse some of them."""
    path, value = found.path, value_at(data, found.path)
    key, holder = path[-1], value_at(data, path[:-1])
    name, _, word = found.construct.partition(": ")
    if word and isinstance(value, str) and not name.startswith("Condition"):
        shape, field = name.split(".")
        fields = getattr(vocabulary, shape).model_fields.items()
        info = next(f for n, f in fields if (f.alias or n) == field)
        yield from ((path, w) for w in (*words_of(info.annotation), *WORDS.get(name, ())) if w != word)
    if isinstance(value, dict) and "gap" in value:
        yield from ((path, x) for x in ("1", "term", "school_year", {"school_days": "1"}))
    if name == "LocalCode.code":
        yield path, "Z"
    if word == "who_recorded":
        yield from ((path, r["id"]) for r in data["roles"])
    if name == "Counter.kinds":
        yield from ((path, {"only": [k["id"]]}) for k in data["kinds"])
    if key in ("when", "unless", "opens", "expected_by", "suggest"):
        yield path, {"none": [value]}
    if isinstance(value, dict) and {*value} <= {*vocabulary.SpanOf.model_fields}:
        yield from (((*path, c), n) for c in value for n in ("1", "9"))
    if name == "Counter.measure" and word == "times":
        yield path[:-1], {**holder, "measure": "days_since", "on_clock": "school_days"}
    if name == "Counter.measure" and word == "days_since":
        yield path[:-1], {**{k: x for k, x in holder.items() if k != "on_clock"}, "measure": "times"}
    if name == "EveryLevel.counter":
        yield from (
            (path, {c["id"]: value_at(data, path)[k], "from": value["from"]})
            for k in value
            if k != "from"
            for c in data["counters"]
            if c["id"] != k
        )
    if value in ("yes", "no"):
        yield path, "no" if value == "yes" else "yes"
    if isinstance(holder, dict) and (isinstance(key, str) and key in (*NUMBER_OPS, "any", "all", "none", "is", "one_of")):
        for w in NUMBER_OPS if key in NUMBER_OPS else ("none",) if key in ("any", "all") else ("any",) if key == "none" else ():
            if w != key and w not in holder:
                yield path[:-1], {(w if k == key else k): x for k, x in holder.items()}
        if name.startswith("Condition") and key in ("is", "one_of"):  # none of it
            yield path[:-2], {"none": [value_at(data, path[:-2])]}
    if isinstance(holder, dict) and key in vocabulary.SpanOf.model_fields:
        yield from (
            (path[:-1], {**{k: x for k, x in holder.items() if k != key}, c: value})
            for c in vocabulary.SpanOf.model_fields
            if c != key
        )
    if isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?", value):
        n = float(value)
        yield from ((path, f"{x:g}") for x in (n + 1, n - 1, n * 4, n / 2) if x >= 0)
    if isinstance(value, str) and re.fullmatch(r"\d-\d", value):
        yield from ((path, x) for x in ("1-2", "9") if x != value)
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        yield from ((path, x) for x in ("2026-08-19", "2027-02-01"))
    if isinstance(value, str):
        yield from ((path, x) for x in _ids_beside(data, path, value))
    if isinstance(value, list):
        yield from ((path, [x for x in value if x is not one]) for one in value if len(value) > 1)
        yield path, []
        if value and isinstance(value[0], str):
            yield from (((*path, 0), x) for x in _ids_beside(data, (*path, 0), value[0]))
    if isinstance(value, dict) and key == "grade":
        yield from ((path, dict(zip(value, reversed(value.values()), strict=True))) for _ in "x")
    yield path, GONE
    if len(path) > 1 and isinstance(holder, dict) and len(holder) == 1:  # what stands alone in its place goes with it
        yield path[:-1], GONE


def _ids_beside(data: dict[str, Any], path: tuple[str | int, ...], value: Any) -> list[str]:
    """Other names of what a name names: another role in the place of a role, another action, counter, step …"""
    sections = (
        "parameters",
        "roles",
        "groups",
        "kinds",
        "counters",
        "reports",
        "questions",
        "schedules",
        "planned",
        "tiers",
        "sources",
        "organisations",
        "steps",
        "consents",
    )
    names = [[x["id"] for x in data.get(s, [])] for s in sections]
    names.append([a["id"] for s in data.get("steps", []) for a in s.get("actions", []) if "id" in a])
    names += [[a for q in data.get("questions", []) if isinstance(q["answers"], list) for a in q["answers"]]]
    names += [["test-day", "look-day"], ["maths", "music"], ["t1", "t2", "t3"], ["first", "second"]]
    names += [["start_of_day", "end_of_day"], ["mon", "tue", "wed", "thu", "fri"]]
    return [x for some in names if value in some and path[-1] != "id" for x in some if x != value]


# ---------------------------------------------------------------------- which case notices
Lines = dict[tuple[str, ...], list[dict[str, Any]]]  # the cases by their rulesets


def by_rulesets(cases: list[dict[str, Any]]) -> Lines:
    out: Lines = {}
    for x in cases:
        out.setdefault(tuple(x["case"]["rulesets"]), []).append(x)
    return out


def notices(case: dict[str, Any], expect: dict[str, Any], at: tuple[str | int, ...], to: Any) -> bool:
    """Does a case have another answer, or none, when the newest of its rulesets has another value at a place?

    None is none that the loader allows: what it refuses changes no answer.
    """
    *earlier, newest = (rulesets()[f] for f in case["rulesets"])
    try:
        model = load_data(*earlier, changed(newest, at, to))
    except (sky.RulesetError, ValidationError):
        return False
    return _differs(model, case, expect)


def _differs(model: sky.Model, case: dict[str, Any], expect: dict[str, Any]) -> bool:
    try:
        return answer_by(model, case) != expect
    except (sky.RecordError, sky.RulesetError):  # the calendar has no such parts: no answer that could differ
        return False


LARGE = 15_000  # characters of a ruleset; in a small one each place of a construct is tried
TRIED = 8  # places in large rulesets
TRIED_WITH_REASON = 3  # places in small rulesets of what has a reason why no answer shows it


def met_by(cases: list[dict[str, Any]], wanted: list[str] | None = None) -> dict[str, dict[str, Any]]:
    """For each construct the first case found that notices another value, with that value; small rulesets first."""
    missing, tried, out = dict.fromkeys(wanted or constructs()), dict[str, int](), dict[str, dict[str, Any]]()
    lines = by_rulesets(cases)
    size = {prints: len(canonical(rulesets()[prints[-1]])) for prints in lines}
    hand = {p: not any(x["case"]["id"].startswith("constructs") for x in xs) for p, xs in lines.items()}
    has_reason = {c for c in missing if reason_of(c) is not None}
    for prints in sorted(lines, key=lambda p: (hand[p], size[p], p)):
        if not {*missing} - has_reason:
            break
        data = rulesets()[prints[-1]]
        for found in find(data):
            most = TRIED_WITH_REASON if found.construct in has_reason else TRIED
            is_free = size[prints] < LARGE and found.construct not in has_reason
            is_left_out = size[prints] >= LARGE and found.construct in has_reason
            if found.construct not in missing or is_left_out or (not is_free and tried.get(found.construct, 0) >= most):
                continue
            tried[found.construct] = tried.get(found.construct, 0) + 1
            one = _noticed(found, data, prints, lines[prints])
            if one is not None:
                del missing[found.construct]
                out[found.construct] = one
    return dict(sorted(out.items()))


def _noticed(found: Found, data: dict[str, Any], prints: tuple[str, ...], cases: list[dict[str, Any]]) -> dict[str, Any] | None:
    for at, to in others(found, data):
        try:
            model = load_data(*(rulesets()[f] for f in prints[:-1]), changed(data, at, to))
        except (sky.RulesetError, ValidationError, KeyError, TypeError):
            continue
        for x in cases:
            if _differs(model, x["case"], x["expect"]):
                return {"case": x["case"]["id"], "at": list(at), "to": to}
    return None


def main() -> None:
    lines = [x for p in sorted((HERE / "cases").glob("*.jsonl")) for x in p.read_text(encoding="utf-8").splitlines()]
    found = met_by([json.loads(x) for x in lines])
    for construct in constructs():
        print(f"{construct}: {found[construct]['case'] if construct in found else '–'}")
    print(len(found), "of", len(constructs()), model_of.cache_info().currsize)


if __name__ == "__main__":
    main()
