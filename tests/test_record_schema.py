"""What the published schema of a record takes and what `Case.from_json` takes are the same, field by field.

Rules: records are made from the schema and then spoilt in one place; both must say the same of each. What no schema can say,
because two values or two events do not go together, stands by name in `BETWEEN_VALUES` and nothing else is left out.
"""

from __future__ import annotations

import copy
import json
from collections import Counter
from decimal import Decimal
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import sky_model as sky
from sky_model.errors import RecordError
from sky_model.events import LAST_SEQ, TYPES, event_schema
from sky_model.host import cards
from sky_model.host.requests import Desk, answer, request_schema
from sky_model.records import BETWEEN_VALUES, record_schema

FULL = record_schema()
# A checkpoint is written by the library and handed in as it is: what is in it is no field of an application.
SCHEMA = FULL | {"properties": {k: v for k, v in FULL["properties"].items() if k != "checkpoint"}}


def _is_multiple(_: Any, step: float, value: Any, __: Any) -> Any:
    """As JSON Schema means it: of the numbers as they are written. In binary fractions 1.1 is no multiple of 0.01."""
    if isinstance(value, int | float) and not isinstance(value, bool) and Decimal(repr(value)) % Decimal(repr(step)):
        yield jsonschema.ValidationError("not a multiple")


EXACT = jsonschema.validators.extend(jsonschema.Draft202012Validator, {"multipleOf": _is_multiple})
VALIDATOR = EXACT(SCHEMA, format_checker=jsonschema.FormatChecker(["date"]))

DAYS = st.one_of(
    st.dates().map(lambda d: d.isoformat()),
    st.sampled_from(["2026-09-14", "2026-09-15", "2024-02-29", "9999-12-31", "0001-01-02"]),
)
AMOUNTS = st.one_of(
    st.integers(0, 1440),
    st.integers(0, 144_000).map(lambda n: n / 100),
    st.sampled_from([0.07, 1.1, 0.0, -0.0, 24, 24.0, 1440.0]),
)
PUPILS = st.one_of(st.sampled_from(["p-1", "123e4567-e89b-12d3-a456-426614174000", "ä"]), st.text(min_size=1, max_size=200))


def made_from(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that a schema takes, or nearly: `not`, and the `anyOf` of an object, are left to the validator."""
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "oneOf" in schema:
        return st.one_of(*map(made_from, schema["oneOf"]))
    if isinstance(schema["type"], list):
        return st.one_of(*(made_from(schema | {"type": t}) for t in schema["type"]))
    match schema["type"]:
        case "null":
            return st.none()
        case "boolean":
            return st.booleans()
        case "integer":
            whole = st.integers(schema["minimum"], schema["maximum"])
            return st.one_of(whole, whole.map(float))
        case "number":
            return AMOUNTS
        case "string" if schema.get("format") == "date":
            return DAYS
        case "string" if "pattern" in schema:
            return PUPILS
        case "string":
            return st.text(min_size=schema.get("minLength", 0), max_size=min(schema.get("maxLength", 9), 9))
        case "array":
            return st.lists(made_from(schema["items"]), min_size=schema.get("minItems", 0), max_size=4)
        case "object" if "properties" not in schema:
            return st.dictionaries(st.text(max_size=5), made_from(schema["additionalProperties"]), max_size=2)
    held = {k: made_from(v) for k, v in schema["properties"].items()}
    must = {k: v for k, v in held.items() if k in schema["required"]} if "required" in schema else {}
    return st.fixed_dictionaries(must, optional={k: v for k, v in held.items() if k not in must})


ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=210),
    st.sampled_from([
        [], {}, [[]], [None], [""], ["a", "a"], {"a": 1}, "", " ", "\t\n", "\u00a0", "\u0085", "x" * 200, "x" * 201, "ä" * 201,
        "@", "a@b", "010199-123A", "x010199-123Ax", "-010199A1230\n", "010199-123k",
        "2026-02-30", "2026-9-1", "20260914", "2026-W38-1", "2026-09-14T08:00",
        "2026-09-14\n", "٢٠٢٦-09-14", "0000-01-01", "0001-01-01", 0, 1, 1.0, 2, 9, 10, 8.5, 24, 24.01, 25, 0.005, 1.125, 1440,
        1440.01, 1441, -1, -0.01, 1e300, 1e-300, 10**39, LAST_SEQ, LAST_SEQ + 1, True, False, "given", "Given", "mark",
    ]),
)  # fmt: skip


def places_in(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside: list[tuple[Any, Any]] = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    return [path, *(x for k, v in inside for x in places_in(v, (*path, k)))]


@st.composite
def spoilt(draw: st.DrawFn) -> Any:
    """A record from the schema; in it one value is another, is missing, or stands there that nobody knows."""
    record = copy.deepcopy(draw(made_from(SCHEMA)))
    path = draw(st.sampled_from(places_in(record)))
    if not path:
        return draw(st.sampled_from([record, record, {**record, draw(st.sampled_from(["x", "event", "Format"])): draw(ODD)}]))
    held = record
    for key in path[:-1]:
        held = held[key]
    how = draw(st.sampled_from(["other", "other", "gone", "more"]))
    if how == "other":
        held[path[-1]] = draw(ODD)
    elif how == "gone":
        del held[path[-1]]
    elif isinstance(held, dict):
        held[draw(st.sampled_from(["x", "on", "seq", "mark", "id", "through"]))] = draw(ODD)
    return record


def said_of(record: Any) -> str:
    """ "" or the rule that it breaks. As JSON: what a program in Python could hand in beside it is not meant here."""
    try:
        sky.Case.from_json(json.dumps(record))
    except RecordError as e:
        return e.rule
    return ""


SEEN: Counter[str] = Counter()


def agree(record: Any) -> None:
    rule, is_valid = said_of(record), VALIDATOR.is_valid(record)
    SEEN[rule or "taken"] += 1
    if rule not in BETWEEN_VALUES:
        said = [e.message for e in VALIDATOR.iter_errors(record)][:3]
        assert is_valid == (not rule), f"from_json says {rule or 'yes'}, the schema {said or 'yes'}"


MANY = settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))


def test_what_the_schema_makes_is_taken_and_what_is_taken_is_in_the_schema() -> None:
    SEEN.clear()
    MANY(given(made_from(SCHEMA))(agree))()
    assert SEEN["taken"] > 80, SEEN


@pytest.mark.long
def test_a_record_spoilt_in_one_place_is_refused_by_both_or_by_none() -> None:
    SEEN.clear()
    MANY(given(spoilt())(agree))()
    assert SEEN["taken"] > 30, SEEN
    assert len(SEEN) > 8, SEEN  # many rules were broken


def record(**more: Any) -> dict[str, Any]:
    return {"format": 1, "pupil": "p", "events": [], **more}


MARK = {"type": "mark", "on": "2026-09-14", "lessons": 1}


@pytest.mark.parametrize("key", ["register", "recorded", "data_until", "does", "code_map"])
def test_null_in_a_feed_is_read_as_left_out(key: str) -> None:
    assert said_of(record(feed={key: None})) == ""
    assert VALIDATOR.is_valid(record(feed={key: None}))
    assert sky.Case.from_json(record(feed={key: None})).to_json() == sky.Case.from_json(record()).to_json()


@pytest.mark.parametrize(
    ("odd", "is_taken"),
    [
        (record(feed=None, named=None), True),
        (record(events=None), False),
        ({"format": 1, "pupil": "p"}, False),  # a record that forgot its events is no pupil without absence
        (record(format=True), False),
        (record(format=1.0), True),
        (record(pupil="010199-123A"), False),
        (record(events=[MARK | {"kind": None}]), True),
        (record(events=[MARK | {"knd": None}]), False),
        (record(events=[MARK | {"lessons": 1.1}]), True),
        (record(events=[MARK | {"lessons": 25}]), False),
        (record(events=[{"type": "register", "on": "2026-09-14", "planned": 1}]), False),
        (record(events=[{"type": "register", "on": "2026-09-14", "through": "2026-09-14", "planned": None}]), True),
        (record(events=[{"type": "action", "action": "a", "status": "planned", "on": "2026-09-14"}]), False),
        (record(events=[{"type": "action", "action": "a", "status": "data_wrong", "on": "2026-09-14", "mark": None}]), False),
    ],
)
def test_odd_records_are_taken_by_both_or_by_none(odd: Any, is_taken: bool) -> None:
    agree(odd)
    assert (said_of(odd) == "") is is_taken


@example({"action": "a", "status": "planned", "on": "2026-09-14"})
@given(made_from(event_schema("action")))
@settings(max_examples=300, deadline=None)
def test_an_answer_of_a_person_is_the_action_of_a_record(event: dict[str, Any]) -> None:
    schema = EXACT(cards.schema_of_request("feedback")["properties"]["event"], format_checker=jsonschema.FormatChecker(["date"]))
    of_record = EXACT(event_schema("action"), format_checker=jsonschema.FormatChecker(["date"]))
    assert schema.is_valid(event) == of_record.is_valid(event | {"type": "action"})
    assert schema.is_valid({k: v for k, v in event.items() if k != "type"}) == of_record.is_valid(event | {"type": "action"})


def test_every_type_of_event_has_its_schema() -> None:
    assert [x["title"] for x in SCHEMA["properties"]["events"]["items"]["oneOf"]] == list(TYPES)
    for name in TYPES:
        jsonschema.Draft202012Validator.check_schema(event_schema(name))


# ---------------------------------------------------------------------- a request around a record
DESK = Desk(sky.load("presets/lessons-per-term"))
ASKED = {
    "format": 1,
    "id": "r",
    "on": "2026-10-01",
    "record": record(
        feed={"data_until": "2026-09-30"},
        events=[{"type": "enrolment", "school": "s", "grade": 8, "on": "2026-08-12", "calendar": "example-week-43/2026-27"}],
    ),
}
EVENT = {"action": "talk-with-pupil", "status": "planned", "until": "2026-10-09", "on": "2026-10-01"}
REQUESTS: list[dict[str, Any]] = [
    ASKED | {"request": "decide", "known_on": "2026-10-01", "reader": "principal"},
    ASKED | {"request": "explain", "language": "sv"},
    ASKED | {"request": "cards", "reader": "guardian"},
    ASKED | {"request": "feedback", "event": EVENT},
    {"format": 1, "id": 7, "request": "rules", "on": "2026-10-01"},
    {"format": 1, "id": 7, "request": "needs"},
    {"format": 1, "id": 7, "request": "check", "files": {"ruleset.yaml": "format: 1\n", "work.yaml": ""}},
]
# What a schema says of a request; what else is told hangs on the rules, or on two values.
OF_ITS_FORM = {
    "day", "event-type", "field-missing", "field-type", "field-unknown", "file-name", "format-unknown", "id-personal", "internal",
    "language-unknown", "missing", "no-such-day", "not-a-day", "not-a-text", "not-one-of", "not-whole", "request-unknown",
    "unknown-field",
}  # fmt: skip
WHOLE = request_schema()
SHAPES = {
    "oneOf": [*WHOLE["oneOf"], *map(cards.schema_of_request, cards.WORDS)],
    "$defs": WHOLE["$defs"],
}
REQUEST = EXACT(SHAPES, format_checker=jsonschema.FormatChecker(["date"]))
KEYS = [
    "x",
    "onn",
    "school",
    "reader",
    "language",
    "files",
    "event",
    "record",
    "seq",
    "type",
    "a b.yaml",
    "../x.yaml",
    "x.yaml\n",
]


@st.composite
def spoilt_request(draw: st.DrawFn) -> Any:
    asked = copy.deepcopy(draw(st.sampled_from(REQUESTS)))
    inside = [k for k in ("event", "files") if k in asked]
    held = asked[inside[0]] if inside and draw(st.booleans()) else asked
    how = draw(st.sampled_from(["other", "other", "gone", "more", "more"]))
    key = draw(st.sampled_from(KEYS if how == "more" else [k for k in held if k != "record"]))
    if how == "gone":
        del held[key]
    elif key == "record":
        held[key] = draw(st.sampled_from([None, [], "x", ASKED["record"]]))
    else:
        held[key] = draw(ODD)
    return asked


@given(spoilt_request())
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_request_spoilt_in_one_place_is_refused_by_its_schema_or_answered(asked: Any) -> None:
    said = answer(DESK, json.loads(json.dumps(asked)), cards.WORDS)
    error = said.get("error", {"code": "", "message": ""})
    if "school" in asked and error["message"] == "there is no file of schools here":
        return
    is_refused = error["code"] in OF_ITS_FORM
    assert REQUEST.is_valid(asked) == (not is_refused), error


@pytest.mark.parametrize("asked", REQUESTS, ids=lambda x: str(x["request"]))
def test_the_requests_that_are_spoilt_are_right(asked: Any) -> None:
    REQUEST.validate(asked)
    assert answer(DESK, asked, cards.WORDS).get("error", {}).get("code") not in OF_ITS_FORM
