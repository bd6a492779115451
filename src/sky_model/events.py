"""The events of a record: what can be said of a pupil on a day, how each is read, and its JSON Schema.

Rules: an event has an id, the day that it speaks of (`on`), the day on which it was recorded, and its place in the order of
recording (`seq`). A value that cannot be true is a RecordError that names id, field and rule and never repeats the record.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal, TypeAlias, get_args

from sky_model.errors import RecordError, nearest

__all__ = [
    "DAY", "LAST_SEQ", "LONGEST", "MOST_LESSONS", "READ", "TEXT", "TYPES", "TYPE_OF", "ActionTaken", "Answer", "Bad",
    "Consent", "Enrolment", "Event", "Left", "Mark", "Pause", "Register", "Report", "Retracted", "StepClosed", "as_whole",
    "check_event", "end_of", "event_json", "event_schema", "impossible", "or_null", "plain_number", "read_day", "read_event",
    "read_flag", "read_name",
]  # fmt: skip

DAY = 1 << 24  # a moment is recorded_day * DAY + seq: places in the order of recording as one whole number
LAST_SEQ = DAY - 3
LONGEST = 200
MOST_LESSONS = 24  # in a mark


def end_of(day: int) -> int:
    """The moment at the end of a day: everything recorded on it is known."""
    return day * DAY + DAY - 1


# ---------------------------------------------------------------------- single values
class Bad(Exception):
    """(rule, sentence that follows the field's name)."""


def read_day(value: Any) -> date:
    if type(value) is date:
        return value
    if type(value) is str and len(value) == 10 and (found := _day_of(value)) is not None:
        return found
    if type(value) is str and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise Bad("no-such-day", f": the date {value} does not exist")
    raise Bad("not-a-day", "is not a day; write it as 2026-09-14, without a time")


@lru_cache(maxsize=4096)
def _day_of(text: str) -> date | None:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _amount(value: Any) -> int | Decimal:
    number: int | Decimal
    if type(value) is int:
        number = value
    elif type(value) is float or type(value) is Decimal:
        exact = Decimal(repr(value)) if type(value) is float else Decimal(value)
        if not exact.is_finite():
            raise Bad("not-a-number", "is not a number")
        number = int(exact) if exact == exact.to_integral_value() else exact
        if type(number) is Decimal and number != round(number, 2):
            raise Bad("too-fine", "has more than two decimals; hand in minutes instead")
    else:
        raise Bad("not-a-number", "is not a number")
    if number < 0:
        raise Bad("negative", "is less than 0")
    if number > 1440:
        raise Bad("too-many", "is more than a day holds")
    return number


def read_name(value: Any) -> str:
    if type(value) is str and 0 < len(value) <= LONGEST:
        return value
    raise Bad("not-a-text", f"is not a text of 1 to {LONGEST} characters")


def _names(value: Any) -> str | tuple[str, ...]:
    return tuple(map(read_name, value)) if isinstance(value, list | tuple) and value else read_name(value)


def read_flag(value: Any) -> bool:
    if type(value) is bool:
        return value
    raise Bad("not-true-false", "is neither true nor false")


def as_whole(value: Any) -> int | None:
    """JSON has one kind of number: 8.0 is 8, as its schemas say too. True is none."""
    if type(value) is int or (type(value) is float and value.is_integer()):
        return int(value)
    return None


def _seq(value: Any) -> int:
    number = as_whole(value)
    if number is not None and 0 <= number <= LAST_SEQ:
        return number
    raise Bad("not-whole", "is not a whole number from 0" if number is None or number < 0 else f"is more than {LAST_SEQ}")


def _grade(value: Any) -> int:
    number = as_whole(value)
    if number is not None and 0 <= number <= 9:
        return number
    raise Bad("not-a-grade", "is not a grade from 0 to 9")


def _one_of(*words: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value in words:
            return str(value)
        raise Bad("not-one-of", f"is one of {', '.join(words)}")

    return read


# by the annotation of a field: how a value is read, and its JSON Schema
Day: TypeAlias = date
Amount: TypeAlias = int | Decimal
Name: TypeAlias = str
Names: TypeAlias = str | tuple[str, ...]
Grade: TypeAlias = int
Seq: TypeAlias = int
Status: TypeAlias = Literal["done", "planned", "not_needed", "snoozed", "refused", "data_wrong"]
Given: TypeAlias = Literal["given", "refused", "withdrawn"]
Part: TypeAlias = Literal["start_of_day", "end_of_day", "middle", "partial"]
TEXT = {"type": "string", "minLength": 1, "maxLength": LONGEST}
READ: dict[str, tuple[Callable[[Any], Any], dict[str, Any]]] = {
    "Day": (read_day, {"type": "string", "format": "date"}),
    "Amount": (_amount, {"type": "number", "minimum": 0, "maximum": 1440, "multipleOf": 0.01}),
    "Name": (read_name, TEXT),
    "Names": (_names, {"oneOf": [TEXT, {"type": "array", "items": TEXT, "minItems": 1}]}),
    "bool": (read_flag, {"type": "boolean"}),
    "Grade": (_grade, {"type": "integer", "minimum": 0, "maximum": 9}),
    "Seq": (_seq, {"type": "integer", "minimum": 0, "maximum": LAST_SEQ}),
    "Status": (_one_of(*get_args(Status)), {"enum": list(get_args(Status))}),
    "Given": (_one_of(*get_args(Given)), {"enum": list(get_args(Given))}),
    "Part": (_one_of(*get_args(Part)), {"enum": list(get_args(Part))}),
}


# ---------------------------------------------------------------------- the events
@dataclass(frozen=True, slots=True)
class Enrolment:
    """From `since` on the pupil is at this school, in this grade. `calendar` names the school's calendar."""

    school: Name
    grade: Grade | None = None
    since: Day = date.min
    calendar: Name | None = None
    lessons_per_week: Amount | None = None
    id: Name | None = field(default=None, kw_only=True)
    recorded: Day | None = field(default=None, kw_only=True)
    seq: Seq | None = field(default=None, kw_only=True)

    @property
    def on(self) -> date:
        return self.since


@dataclass(frozen=True, slots=True)
class Left:
    """From `on` on the pupil is enrolled nowhere, until a later enrolment."""

    on: Day
    id: Name | None = field(default=None, kw_only=True)
    recorded: Day | None = field(default=None, kw_only=True)
    seq: Seq | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark of a register. Length in lessons or minutes; 0: there was no absence. A code without a kind: `kind` None."""

    on: Day
    lessons: Amount | None = None
    kind: Name | None = None
    minutes: Amount | None = field(default=None, kw_only=True)
    code: Name | None = field(default=None, kw_only=True)
    school: Name | None = field(default=None, kw_only=True)
    subject: Name | None = field(default=None, kw_only=True)
    teacher: Name | None = field(default=None, kw_only=True)
    lesson: Name | None = field(default=None, kw_only=True)
    part: Part | None = field(default=None, kw_only=True)
    explained: bool | None = field(default=None, kw_only=True)
    id: Name | None = field(default=None, kw_only=True)
    recorded: Day | None = field(default=None, kw_only=True)
    seq: Seq | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class Register:
    """How many lessons were planned on a day and for how many it was marked who was there.

    With `through` everything from `on` up to that day is marked, without numbers.
    """

    on: Day
    planned: Amount | None = None
    marked: Amount | None = None
    through: Day | None = None
    id: Name | None = field(default=None, kw_only=True)
    recorded: Day | None = field(default=None, kw_only=True)
    seq: Seq | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class Report:
    """Somebody raised something; `raised=False`: the same person takes it back. `mark`: the mark that it is about."""

    report: Name
    on: Day
    by: Name | None = None
    raised: bool = True
    mark: Name | None = field(default=None, kw_only=True)
    id: Name | None = field(default=None, kw_only=True)
    recorded: Day | None = field(default=None, kw_only=True)
    seq: Seq | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class Answer:
    """A person's answer to a question of the ruleset: one id, a list of ids, or a day as text."""

    question: Name
    answer: Names
    on: Day
    by: Name | None = None
    id: Name | None = field(default=None, kw_only=True)
    recorded: Day | None = field(default=None, kw_only=True)
    seq: Seq | None = field(default=None, kw_only=True)

    @property
    def values(self) -> tuple[str, ...]:
        return (self.answer,) if isinstance(self.answer, str) else self.answer


@dataclass(frozen=True, slots=True)
class ActionTaken:
    """A person's answer to a task. `until`: planned or snoozed to that day; `mark`: the mark whose data are wrong."""

    action: Name
    status: Status
    on: Day
    by: Name | None = None
    until: Day | None = field(default=None, kw_only=True)
    because: Name | None = field(default=None, kw_only=True)
    mark: Name | None = field(default=None, kw_only=True)
    id: Name | None = field(default=None, kw_only=True)
    recorded: Day | None = field(default=None, kw_only=True)
    seq: Seq | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class Consent:
    """Given, refused or withdrawn."""

    consent: Name
    value: Given
    on: Day
    by: Name | None = None
    id: Name | None = field(default=None, kw_only=True)
    recorded: Day | None = field(default=None, kw_only=True)
    seq: Seq | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class Pause:
    """From `on` to `until`, both inside, what is not statutory waits. It has an owner."""

    on: Day
    until: Day
    owner: Name
    because: Name | None = None
    id: Name | None = field(default=None, kw_only=True)
    recorded: Day | None = field(default=None, kw_only=True)
    seq: Seq | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class StepClosed:
    """A person closes a step that is open or undecided, with one of its reasons."""

    step: Name
    reason: Name
    on: Day
    by: Name | None = None
    id: Name | None = field(default=None, kw_only=True)
    recorded: Day | None = field(default=None, kw_only=True)
    seq: Seq | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class Retracted:
    """The event with the id `of` is taken back."""

    of: Name
    on: Day
    by: Name | None = None
    id: Name | None = field(default=None, kw_only=True)
    recorded: Day | None = field(default=None, kw_only=True)
    seq: Seq | None = field(default=None, kw_only=True)


Event: TypeAlias = Enrolment | Left | Mark | Register | Report | Answer | ActionTaken | Consent | Pause | StepClosed | Retracted
TYPES: dict[str, type[Any]] = {
    "enrolment": Enrolment,
    "left": Left,
    "register": Register,
    "mark": Mark,
    "report": Report,
    "answer": Answer,
    "action": ActionTaken,
    "consent": Consent,
    "pause": Pause,
    "step_closed": StepClosed,
    "retracted": Retracted,
}
TYPE_OF = {shape: name for name, shape in TYPES.items()}
# of each event: its fields by the name in JSON: (name in Python, how it is read)
_FIELDS: dict[type[Any], dict[str, tuple[str, Callable[[Any], Any]]]] = {
    shape: {"on" if f.name == "since" else f.name: (f.name, READ[str(f.type).removesuffix(" | None")][0]) for f in fields(shape)}
    for shape in TYPES.values()
}
_NEEDED = {
    shape: [f.name for f in fields(shape) if f.default is MISSING] + (["since"] if shape is Enrolment else [])
    for shape in TYPES.values()
}
_NEEDED_KEYS = {shape: frozenset(names) for shape, names in _NEEDED.items()}


def read_event(data: Any, index: int, pupil: str) -> Event:
    if not isinstance(data, Mapping):
        raise RecordError("not-an-object", "an event is an object", pupil=pupil, field=f"events[{index}]")
    kind = data.get("type")
    shape = TYPES.get(kind) if isinstance(kind, str) else None
    if shape is None:
        message = f"an event's type is one of {', '.join(TYPES)}"
        raise RecordError("unknown-type", message, pupil=pupil, field=f"events[{index}].type")
    known, values = _FIELDS[shape], {}
    for key, value in data.items():
        found = known.get(key)
        if key == "type" or (value is None and found is not None):
            continue
        if found is None:
            hint = nearest(str(key), known)
            message = f"this field of {'an' if str(kind)[0] in 'ae' else 'a'} {kind} is not known" + (f"; {hint}" if hint else "")
            raise RecordError("unknown-field", message, pupil=pupil, field=str(key)[:60], event=_id_of(data, index))
        name, read = found
        try:
            values[name] = read(value)
        except Bad as e:
            raise _record_error(e, key, pupil, _id_of(data, index)) from None
    if not _NEEDED_KEYS[shape] <= values.keys():
        for name in (n for n in _NEEDED[shape] if n not in values):
            key = "on" if name == "since" else name
            raise RecordError("missing", f"{key} is missing", pupil=pupil, field=key, event=_id_of(data, index))
    return shape(**values)  # type: ignore[no-any-return]


def check_event(event: Any, pupil: str) -> Any:
    """An event that was made in Python: the same readers look at every field."""
    known = _FIELDS.get(type(event))
    if known is None:
        raise RecordError("unknown-type", f"{type(event).__name__} is no event", pupil=pupil)
    for key, (name, read) in known.items():
        value = getattr(event, name)
        if value is None and name not in _NEEDED[type(event)]:
            continue
        try:
            new = read(value)
        except Bad as e:
            raise _record_error(e, key, pupil, str(event.id or TYPE_OF[type(event)])) from None
        if new is not value:
            event = replace(event, **{name: new})
    return event


def _record_error(bad: Bad, key: str, pupil: str, event: str) -> RecordError:
    rule, said = bad.args
    return RecordError(rule, said[2:] if said.startswith(": ") else f"{key} {said}", pupil=pupil, field=key, event=event)


def _id_of(data: Mapping[str, Any], index: int) -> str:
    name = data.get("id")
    return name[:LONGEST] if isinstance(name, str) and name else f"no. {index + 1}"


def impossible(event: Any) -> tuple[str, str, str] | None:
    """(rule, field, sentence) for what no single field shows."""
    match event:
        case Enrolment() if event.since == date.min:
            return "missing", "on", "on is missing"
        case Mark() if event.lessons is not None and event.lessons > MOST_LESSONS:
            return "too-many", "lessons", "lessons is more than a day holds; give minutes as `minutes`"
        case Register() if event.through is None and (event.planned is None or event.marked is None):
            return "missing", "planned", "a register entry has planned and marked, or through"
        case Register() if event.through is not None and event.through < event.on:
            return "turned-round", "through", "through lies before on"
        case ActionTaken() if event.status in ("planned", "snoozed") and event.until is None:
            return "missing", "until", f"{event.status} needs the day `until`"
        case ActionTaken() if event.status == "data_wrong" and event.mark is None:
            return "missing", "mark", "data_wrong needs the id of the mark"
        case Pause() if event.until < event.on:
            return "turned-round", "until", "until lies before on"
        case Report() | Answer() | ActionTaken() | Consent() | StepClosed() if event.recorded and event.recorded < event.on:
            return "before-its-day", "recorded", "was recorded before the day that it speaks of"
        case _:
            return None


def event_json(event: Any) -> dict[str, Any]:
    out: dict[str, Any] = {"type": TYPE_OF[type(event)]}
    for f in fields(event):
        value = getattr(event, f.name)
        if value is None:
            continue
        name = "on" if f.name == "since" else f.name
        out[name] = (
            value.isoformat()
            if isinstance(value, date)
            else plain_number(value)
            if isinstance(value, Decimal)
            else list(value)
            if isinstance(value, tuple)
            else value
        )
    return out


def plain_number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def event_schema(name: str) -> dict[str, Any]:
    """The JSON Schema of one type of event."""
    shape = TYPES[name]
    properties: dict[str, Any] = {"type": {"const": name}}
    for f in fields(shape):
        held = READ[str(f.type).removesuffix(" | None")][1]
        properties["on" if f.name == "since" else f.name] = held if f.name in _NEEDED[shape] else or_null(held)
    if shape is Enrolment:
        properties["on"] = properties["on"] | {"not": {"const": date.min.isoformat()}}  # in Python it stands for none
    if shape is Mark:
        properties["lessons"] = properties["lessons"] | {"maximum": MOST_LESSONS}
    more: dict[str, Any] = {}
    if shape is Register:
        amount, day = READ["Amount"][1], READ["Day"][1]
        numbers = {"properties": {"planned": amount, "marked": amount}, "required": ["planned", "marked"]}
        more = {"anyOf": [numbers, {"properties": {"through": day}, "required": ["through"]}]}
    if shape is ActionTaken:
        needs = {"planned": "until", "snoozed": "until", "data_wrong": "mark"}
        kinds: list[dict[str, Any]] = [{"properties": {"status": {"enum": [x for x in get_args(Status) if x not in needs]}}}]
        for needed, held in (("until", READ["Day"][1]), ("mark", TEXT)):
            statuses = {"enum": [x for x in needs if needs[x] == needed]}
            kinds.append({"properties": {"status": statuses, needed: held}, "required": [needed]})
        more = {"anyOf": kinds}
    return {
        "title": name,
        "description": " ".join((shape.__doc__ or "").split()),
        "type": "object",
        "properties": properties,
        "required": ["type", *("on" if n == "since" else n for n in _NEEDED[shape])],
        "additionalProperties": False,
        **more,
    }


def or_null(held: dict[str, Any]) -> dict[str, Any]:
    if "enum" in held:
        return {"enum": [*held["enum"], None]}
    if "oneOf" in held:
        return {"oneOf": [*held["oneOf"], {"type": "null"}]}
    return held | {"type": [held["type"], "null"]}
