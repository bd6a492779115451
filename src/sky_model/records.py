"""What an application hands in: the record of one pupil, and what is left of it after a checkpoint.

Rules: nothing is changed in a record, a mark is corrected by a newer version with the same id, anything else is retracted;
handed in in another order, the answer is the same. A value that cannot be true is a RecordError that names id, field and rule
and never repeats the record.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any, Literal, Protocol

from sky_model.errors import CaseError, RecordError, nearest
from sky_model.events import (
    DAY,
    LONGEST,
    MOST_LESSONS,
    READ,
    TEXT,
    TYPE_OF,
    TYPES,
    ActionTaken,
    Answer,
    Bad,
    Consent,
    Enrolment,
    Event,
    Left,
    Mark,
    Pause,
    Register,
    Report,
    Retracted,
    StepClosed,
    as_whole,
    check_event,
    event_json,
    event_schema,
    impossible,
    or_null,
    read_day,
    read_event,
    read_flag,
    read_name,
)

__all__ = ["BETWEEN_VALUES", "Case", "Checkpoint", "PastEnd", "PastOpening", "record_schema"]

IDENTITY_CODE = re.compile(r"(?<![0-9A-Z])\d{6}[-+A-FU-Y]\d{3}[0-9A-Z](?![0-9A-Z])", re.IGNORECASE | re.ASCII)
# The same for a JSON Schema, whose patterns know neither flags nor looking back everywhere.
CODE_PATTERN = "(^|[^0-9A-Za-z])[0-9]{6}[-+A-FU-Ya-fu-y][0-9]{3}[0-9A-Za-z]([^0-9A-Za-z]|$)"
CONTROL = re.compile(r"[\u0000-\u001f\u007f-\u009f\u2028\u2029]")
PERSONAL = {"anyOf": [{"pattern": "@"}, {"pattern": CODE_PATTERN}]}
BLANKS = " \t\n\r"  # those of JSON: what else is blank differs from language to language
# without `seq`: enrolment, registers and marks, reports and answers, actions, consents, pauses, closings, retractions
RANK = {
    Enrolment: 0,
    Left: 0,
    Register: 1,
    Mark: 1,
    Report: 3,
    Answer: 3,
    ActionTaken: 4,
    Consent: 5,
    Pause: 6,
    StepClosed: 8,
    Retracted: 9,
}


def _subject(event: Any) -> object:
    """What an event is about: two of one subject recorded on one day without an order contradict each other."""
    match event:
        case Mark():
            return ("mark", event.id) if event.id else None
        case Register():
            return "register", event.on, event.through
        case Report():
            return "report", event.report, event.by, event.on
        case Answer():
            return "answer", event.question, event.on
        case Consent():
            return "consent", event.consent
        case Enrolment():
            return "enrolment", event.since
        case Left():
            return "enrolment", event.on
        case _:
            return None


# ---------------------------------------------------------------------- what is left of earlier years
@dataclass(frozen=True, slots=True)
class PastOpening:
    """A step that opened and ended up to a checkpoint: what later days ask of it. Days and moments are whole numbers.

    ruleset      the version that opened it
    counts_from  from which day on what was done counts for it
    done         of each action: the first day that counts; `closed`: actions answered not needed or refused
    grounds      the parts of `opens` that were true, as words
    renews, owed the name of the opening that it renewed; when it was itself renewed, the actions that nobody had answered
    """

    name: str
    ruleset: str
    step: str
    level: int
    moment: int
    about: int
    ended: int
    how: str
    by_person: bool
    is_withdrawn: bool
    is_in_doubt: bool
    due_from: int
    counts_from: int
    done: Mapping[str, int]
    closed: tuple[str, ...]
    grounds: tuple[str, ...]
    renews: str | None
    owed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PastEnd:
    """An end of a step, or of a question about it: by version the parts that it answered, and those that were false since."""

    step: str
    ruleset: str
    moment: int
    by_person: bool
    answered: Mapping[str, tuple[str, ...]]
    false_since: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is left of a record up to a day when the rest is erased: `sky_model.checkpoints.checkpoint` makes it.

    day         the first day of a school year; the path is folded to its end
    ruleset     name and fingerprint of the rules that folded it
    marks_from  marks and registers of earlier days are erased
    carried     by version: what erased marks add to a counter that counts over all years, in hundredths of its smallest unit
    marked      of each school the newest erased day with a mark or a register: it may be how far the marks reach
    count       how many events the record had
    events, moments   those that are kept, each with its place in the order of recording
    """

    day: date
    ruleset: str
    fingerprint: str
    marks_from: date
    carried: Mapping[str, Mapping[str, int]]
    marked: tuple[date, ...]
    count: int
    events: tuple[Any, ...]
    moments: tuple[int, ...]
    openings: tuple[PastOpening, ...]
    ends: tuple[PastEnd, ...]

    def to_json(self) -> dict[str, Any]:
        """The form in which a record holds it. A moment is [day, place in the order of recording]."""
        return {
            "format": 1,
            "day": self.day.isoformat(),
            "ruleset": self.ruleset,
            "fingerprint": self.fingerprint,
            "marks_from": self.marks_from.isoformat(),
            "carried": {ruleset: dict(sorted(of.items())) for ruleset, of in sorted(self.carried.items())},
            "marked": [d.isoformat() for d in self.marked],
            "count": self.count,
            "events": [{"place": m % DAY, **event_json(e)} for e, m in zip(self.events, self.moments, strict=True)],
            "openings": [_past_json(o) for o in self.openings],
            "ends": [_past_json(e) for e in self.ends],
        }


_PAST_DAYS = ("about", "due_from", "counts_from")
_PAST_MOMENTS = ("moment", "ended")


def _past_json(past: PastOpening | PastEnd) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for f in fields(past):
        value = getattr(past, f.name)
        if f.name in _PAST_DAYS:
            value = date.fromordinal(value).isoformat()
        elif f.name in _PAST_MOMENTS:
            value = [date.fromordinal(value // DAY).isoformat(), value % DAY]
        elif f.name == "done":
            value = {k: date.fromordinal(v).isoformat() for k, v in sorted(value.items())}
        elif isinstance(value, Mapping):
            value = {k: list(v) for k, v in sorted(value.items())}
        elif isinstance(value, tuple):
            value = list(value)
        out[f.name] = value
    return out


def _checkpoint(data: Any, pupil: str) -> Checkpoint:
    """A checkpoint as a record holds it. It is made by this library: what does not fit is told, and where."""
    where = "checkpoint"
    try:
        if data["format"] != 1:
            raise RecordError("format", "this format of a checkpoint is not known", pupil=pupil, field="checkpoint.format")
        where = "checkpoint.events"
        events, moments = [], []
        for i, e in enumerate(data["events"]):
            event = read_event({k: v for k, v in e.items() if k != "place"}, i, pupil)
            if event.recorded is None or event.id is None:
                raise ValueError
            events.append(event)
            moments.append(event.recorded.toordinal() * DAY + _whole(e["place"]))
        if moments != sorted(set(moments)):
            raise ValueError
        if not all(isinstance(data[key], list) for key in ("openings", "ends", "marked")):
            raise ValueError
        where = "checkpoint.openings"
        openings = tuple(PastOpening(**_past(x, PastOpening)) for x in data["openings"])
        where = "checkpoint.ends"
        ends = tuple(PastEnd(**_past(x, PastEnd)) for x in data["ends"])
        where = "checkpoint"
        known = {f.name for f in fields(Checkpoint)} - {"moments"} | {"format"}
        if set(data) != known or _whole(data["count"]) < len(events):
            raise ValueError
        return Checkpoint(
            read_day(data["day"]),
            read_name(data["ruleset"]),
            read_name(data["fingerprint"]),
            read_day(data["marks_from"]),
            {read_name(r): {read_name(c): _whole(n) for c, n in of.items()} for r, of in data["carried"].items()},
            tuple(map(read_day, data["marked"])),
            data["count"],
            tuple(events),
            tuple(moments),
            openings,
            ends,
        )
    except (KeyError, TypeError, ValueError, AttributeError, Bad):
        said = "this is no checkpoint as it was made; hand in the one that `sky checkpoint` wrote, unchanged"
        raise RecordError("no-checkpoint", said, pupil=pupil, field=where) from None


def _past(data: Mapping[str, Any], shape: type[Any]) -> dict[str, Any]:
    """The fields of a past opening or end; Python's own errors say that something does not fit."""
    out: dict[str, Any] = {}
    if set(data) != {f.name for f in fields(shape)}:
        raise ValueError
    for f in fields(shape):
        value = data[f.name]
        match str(f.type):
            case "str":
                out[f.name] = read_name(value)
            case "str | None":
                out[f.name] = None if value is None else read_name(value)
            case "bool":
                out[f.name] = read_flag(value)
            case "tuple[str, ...]":
                out[f.name] = tuple(map(read_name, value))
            case "Mapping[str, int]":
                out[f.name] = {read_name(k): read_day(v).toordinal() for k, v in value.items()}
            case "Mapping[str, tuple[str, ...]]":
                out[f.name] = {read_name(k): tuple(map(read_name, v)) for k, v in value.items()}
            case _ if f.name in _PAST_DAYS:
                out[f.name] = read_day(value).toordinal()
            case _ if f.name in _PAST_MOMENTS:
                out[f.name] = read_day(value[0]).toordinal() * DAY + _whole(value[1])
            case _:
                out[f.name] = _whole(value)
    return out


def _whole(value: Any) -> int:
    if type(value) is int and 0 <= value < DAY:
        return value
    raise ValueError


# ---------------------------------------------------------------------- the record of one pupil
@dataclass(frozen=True, slots=True, init=False)
class Case:
    """One pupil's record, in the order of recording. Immutable; `with_events` gives a longer one.

    pupil       an opaque pseudonym; an identity code or an address is refused
    register    "given": there is a register for each school day; "marks_only": what is not marked is taken as attended
    data_until  the last day with any mark or register of the school; None: not known, and the decision says so
    data_until_from  "stated": the sender says so; "marks": it is the newest day marked among all that were handed in
    does        actions that the application does by itself (`fulfilled_by: system`)
    named       persons named in this case for a role
    code_map    {"name", "fingerprint"} of the mapping that turned another system's codes into ours
    before      what is left of earlier years (`sky_model.checkpoints`); its events stand first in `events`
    Raises RecordError for the first value that cannot be true.
    """

    pupil: str
    register: Literal["given", "marks_only"]
    recorded: Literal["given", "not_given"]
    data_until: date | None
    data_until_from: Literal["stated", "marks"] | None
    does: frozenset[str]
    named: Mapping[str, str]
    code_map: Mapping[str, str] | None
    before: Checkpoint | None
    events: tuple[Any, ...]
    moments: tuple[int, ...]
    twice: tuple[tuple[int, str], ...]  # (day of recording, id) of events handed in twice with the same content

    def __init__(
        self,
        pupil: str,
        *,
        register: Literal["given", "marks_only"] = "marks_only",
        recorded: Literal["given", "not_given"] = "given",
        data_until: date | None = None,
        data_until_from: Literal["stated", "marks"] | None = None,
        does: Iterable[str] = (),
        named: Mapping[str, str] | None = None,
        code_map: Mapping[str, str] | None = None,
        before: Checkpoint | None = None,
        events: Iterable[Event] = (),
    ) -> None:
        _check_pupil(pupil)
        for name, value, allowed in (
            ("register", register, ("given", "marks_only")),
            ("recorded", recorded, ("given", "not_given")),
            ("data_until_from", "stated" if data_until_from is None else data_until_from, ("stated", "marks")),
        ):
            if value not in allowed:
                raise RecordError("not-one-of", f"{name} is {' or '.join(allowed)}", pupil=pupil, field=f"feed.{name}")
        until_from = None if data_until is None else data_until_from or "stated"
        _fill(self, pupil=pupil, register=register, recorded=recorded, data_until=data_until, does=frozenset(does))
        _fill(self, data_until_from=until_from)
        ordered, moments, twice = _in_order(
            list(events) if isinstance(events, _Read) else [check_event(e, pupil) for e in events], pupil, before
        )
        _fill(
            self,
            named=dict(named or {}),
            code_map=dict(code_map) if code_map else None,
            before=before,
            events=ordered,
            moments=moments,
            twice=twice,
        )

    @classmethod
    def from_json(cls, record: str | bytes | Mapping[str, Any]) -> Case:
        """A case from one record (schema: rulesets/schema/record.json). Raises RecordError."""
        if isinstance(record, str | bytes):
            try:
                record = json.loads(record)
            except (ValueError, RecursionError) as e:
                raise RecordError("not-json", f"the line is not JSON: {_plain(e)}") from None
        if not isinstance(record, Mapping):
            raise RecordError("not-an-object", "a record is a JSON object")
        pupil = record.get("pupil")
        _check_pupil(pupil)
        assert isinstance(pupil, str)
        _check_keys(record, ("format", "pupil", "feed", "named", "checkpoint", "events"), pupil, "")
        if as_whole(record.get("format")) != 1:
            raise RecordError("format", 'this format is not known; write "format": 1', pupil=pupil, field="format")
        feed = _given(record, "feed", {})
        if not isinstance(feed, Mapping):
            raise RecordError("not-an-object", "feed is an object", pupil=pupil, field="feed")
        _check_keys(feed, ("register", "recorded", "data_until", "data_until_from", "does", "code_map"), pupil, "feed.")
        until = feed.get("data_until")
        try:
            data_until = None if until is None else read_day(until)
        except Bad as e:
            raise RecordError(e.args[0], f"data_until {e.args[1]}", pupil=pupil, field="feed.data_until") from None
        events = record.get("events")
        if events is None:
            raise RecordError(
                "missing", "events is missing; write an empty list where there are none", pupil=pupil, field="events"
            )
        if not isinstance(events, list):
            raise RecordError("not-a-list", "events is a list", pupil=pupil, field="events")
        does, named = _given(feed, "does", []), _given(record, "named", {})
        if not isinstance(does, list) or not all(isinstance(x, str) for x in does):
            raise RecordError("not-a-list", "does is a list of action ids", pupil=pupil, field="feed.does")
        if not isinstance(named, Mapping) or not all(isinstance(x, str) for x in named.values()):
            raise RecordError("not-an-object", "named gives a person for a role", pupil=pupil, field="named")
        code_map = feed.get("code_map")
        if code_map is not None and not (
            isinstance(code_map, Mapping)
            and set(code_map) == {"name", "fingerprint"}
            and all(isinstance(x, str) for x in code_map.values())
        ):
            said = "code_map is an object with name and fingerprint"
            raise RecordError("not-an-object", said, pupil=pupil, field="feed.code_map")
        return cls(
            pupil,
            code_map=code_map,
            register=_given(feed, "register", "marks_only"),
            recorded=_given(feed, "recorded", "given"),
            data_until=data_until,
            data_until_from=feed.get("data_until_from"),
            does=does,
            named=named,
            before=None if record.get("checkpoint") is None else _checkpoint(record["checkpoint"], pupil),
            events=_Read(read_event(e, i, pupil) for i, e in enumerate(events)),
        )

    def to_json(self) -> dict[str, Any]:
        """The record in the form that `from_json` reads."""
        feed = {
            "register": self.register,
            "recorded": self.recorded,
            "data_until": self.data_until.isoformat() if self.data_until else None,
            **({"data_until_from": "marks"} if self.data_until_from == "marks" else {}),
            "does": sorted(self.does),
            **({"code_map": dict(self.code_map)} if self.code_map else {}),
        }
        return {
            "format": 1,
            "pupil": self.pupil,
            "feed": feed,
            "named": dict(self.named),
            **({"checkpoint": self.before.to_json()} if self.before else {}),
            "events": [event_json(e) for e in self.events[len(self.before.events) if self.before else 0 :]],
        }

    def does_too(self, actions: Iterable[str]) -> Case:
        """This case where the application does more actions by itself."""
        return self if self.does.issuperset(actions) else self.changed(does=self.does.union(actions))

    def only(self, keep: Callable[[int, Any], bool]) -> Case:
        """A part of this record: the events that `keep` (moment, event) wants, each at its place in the order of recording."""
        kept = [(m, e) for m, e in zip(self.moments, self.events, strict=True) if keep(m, e)]
        other = object.__new__(Case)
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        _fill(other, **values | {"moments": tuple(m for m, _ in kept), "events": tuple(e for _, e in kept)})
        return other

    def changed(self, **new: Any) -> Case:
        """This case with other values of some of its fields; `events` are all its events, in the order of recording."""
        names = ("register", "recorded", "data_until", "data_until_from", "does", "named", "code_map", "before", "events")
        if "data_until" in new:  # who hands in a day says so himself, unless he says where it is from
            said = new.get("data_until_from") or "stated"
            new = new | {"data_until_from": said if new["data_until"] is not None else None}
        if not new.keys() & {"before", "events"} and new.keys() <= set(names):  # the order is known
            other = object.__new__(Case)
            _fill(other, **{f.name: getattr(self, f.name) for f in fields(self)} | new)
            return other
        values = {n: getattr(self, n) for n in names} | new
        kept = len(values["before"].events) if values["before"] else 0
        return Case(self.pupil, **values | {"events": values["events"][kept:]})

    def with_events(self, *new: Event, after: Judge | None = None) -> Case:
        """This case and new events. An event recorded before what is already there keeps the record in its order.

        after  the decision that the new events answer; then each must be legal, or CaseError says what is
        """
        if after is not None:
            ids = {e.id for e in self.events}
            for e in new:
                if type(e) is Retracted and e.of not in ids:
                    names = sorted(ids)[:20] if getattr(after, "reader", None) is None else ()  # ids are not for every reader
                    raise CaseError(f"there is no event '{e.of}' to take back", names)
                problem = after.problem_with(e)
                if problem is not None:
                    raise problem
        return self.changed(events=[*self.events, *_new_names(new, {e.id for e in self.events})])


def _new_names(events: Iterable[Any], taken: set[str]) -> Iterator[Any]:
    """Events that have no id get one that no other bears: a second mark of a day is no correction of the first."""
    for event in events:
        if getattr(event, "id", None) is None and type(event) in TYPE_OF and isinstance(getattr(event, "on", None), date):
            name = first = f"{TYPE_OF[type(event)]}-{event.on.isoformat()}"
            n = 1
            while name in taken:
                n += 1
                name = f"{first}-{n}"
            event = replace(event, id=name)
        taken.add(getattr(event, "id", None) or "")
        yield event


class Judge(Protocol):
    """What says whether a new event is legal: a Decision."""

    def problem_with(self, event: Any) -> CaseError | None: ...


class _Read(list[Any]):
    """Events that `read_event` has read: they are not looked at again."""


def _fill(case: Case, **values: Any) -> None:
    for name, value in values.items():
        object.__setattr__(case, name, value)


def _given(data: Mapping[str, Any], key: str, default: Any) -> Any:
    """null is what an application writes that has nothing to say: it counts as left out."""
    value = data.get(key)
    return default if value is None else value


def _check_pupil(pupil: Any) -> None:
    if not isinstance(pupil, str) or not pupil.strip(BLANKS) or len(pupil) > LONGEST:
        raise RecordError("no-pupil", "a record needs a pupil: an opaque id as a short text", field="pupil")
    if CONTROL.search(pupil):
        raise RecordError(
            "control-character", "the id holds a character that cannot be printed; hand in a short text", field="pupil"
        )
    if IDENTITY_CODE.search(pupil):
        raise RecordError("identity-code", "the id looks like an identity code; hand in a pseudonym", field="pupil")
    if "@" in pupil:
        raise RecordError("address", "the id looks like an e-mail address; hand in a pseudonym", field="pupil")


def _check_keys(given: Mapping[str, Any], known: tuple[str, ...], pupil: str, prefix: str) -> None:
    for key in given:
        if key not in known:
            hint = nearest(str(key), known)
            message = "this field is not known" + (f"; {hint}" if hint else "")
            raise RecordError("unknown-field", message, pupil=pupil, field=f"{prefix}{key}"[:60])


def _key(event: Any) -> tuple[Any, ...]:
    """The order within a record where `seq` is not given; it does not hang on the order of handing in."""
    by_content = "" if event.id else repr(event)
    return event.recorded or event.on, RANK[type(event)], event.on, event.id or "", by_content


def _in_order(
    events: list[Any], pupil: str, before: Checkpoint | None
) -> tuple[tuple[Any, ...], tuple[int, ...], tuple[tuple[int, str], ...]]:
    """Events with ids and recording days filled in, their moments, and what was handed in twice. Those kept stand first."""
    with_seq = sum(e.seq is not None for e in events)
    if with_seq and with_seq != len(events):
        odd = next(e for e in events if e.seq is None)
        said = "seq stands on all events of a record or on none"
        raise RecordError("seq", said, pupil=pupil, field="seq", event=odd.id or TYPE_OF[type(odd)])
    events.sort(key=(lambda e: (e.recorded or e.on, e.seq)) if with_seq else _key)
    kept: list[Any] = list(before.events) if before else []
    moments: list[int] = list(before.moments) if before else []
    gone = before.count - len(kept) if before else 0  # erased: they keep their places in the order of recording
    twice: list[tuple[int, str]] = []
    seen: dict[str, Any] = {e.id: e for e in kept}
    subjects: dict[object, Any] = {}
    numbers: dict[str, int] = {}
    for given in events:
        event = given
        fault = None if type(event) is Mark and (event.lessons is None or event.lessons <= MOST_LESSONS) else impossible(event)
        if fault:
            name = event.id or TYPE_OF[type(event)]
            raise RecordError(fault[0], fault[2], pupil=pupil, field=fault[1], event=name)
        if event.recorded is None or event.id is None:
            event = _filled(event, numbers)
        if before is not None and event.recorded <= before.day:
            said = f"was recorded up to {before.day}, the day of the checkpoint; it belongs into the record before it"
            raise RecordError("before-checkpoint", said, pupil=pupil, field="recorded", event=event.id)
        old = seen.get(event.id)
        if old is not None:
            if replace(old, seq=None) == replace(event, seq=None):
                twice.append((event.recorded.toordinal(), event.id))
                continue
            if type(event) is not Mark or type(old) is not Mark:
                raise RecordError("id-twice", "one id stands for two events", pupil=pupil, field="id", event=event.id)
        # a mark seen for the first time contradicts nothing
        subject = None if with_seq or (old is None and type(event) is Mark) else _subject(event)
        if subject is not None:
            subject = (event.recorded, subject)
            other = old if old is not None and old.recorded == event.recorded else subjects.setdefault(subject, event)
            if other is not event and replace(other, id=None) != replace(event, id=None):
                rule, said = "contradiction", f"contradicts event {other.id}, recorded on the same day; give seq"
                if type(event) is Mark:
                    rule, said = "two-contents", "one mark id has two contents and no order; give seq"
                raise RecordError(rule, said, pupil=pupil, field="seq", event=event.id)
        moment = event.recorded.toordinal() * DAY + (event.seq if with_seq else gone + len(kept)) + 1
        if moments and moment == moments[-1]:
            said = f"has the same place as event {kept[-1].id}"
            raise RecordError("seq", said, pupil=pupil, field="seq", event=event.id)
        seen[event.id] = event
        kept.append(event)
        moments.append(moment)
    return tuple(kept), tuple(moments), tuple(twice)


def _filled(event: Any, numbers: dict[str, int]) -> Any:
    """The same event with what was not handed in: recorded on its day, an id by type, day and number."""
    name = event.id
    if name is None:
        name = f"{TYPE_OF[type(event)]}-{event.on.isoformat()}"
        numbers[name] = numbers.get(name, 0) + 1
        name = name if numbers[name] == 1 else f"{name}-{numbers[name]}"
    return replace(event, id=name, recorded=event.recorded or event.on)


def _plain(error: Exception) -> str:
    return getattr(error, "msg", "nested too deeply").lower()


# What no schema of a single value can say: two values, or two events, do not go together. Everything else that `from_json`
# refuses, `record_schema` refuses, and the reverse: tests/test_record_schema.py. (What is in a checkpoint is left out of both.)
BETWEEN_VALUES = ("before-checkpoint", "before-its-day", "contradiction", "id-twice", "seq", "turned-round", "two-contents")


def record_schema() -> dict[str, Any]:
    """The JSON Schema of a record, made from the events above. What may be left out may be null."""
    text, maybe_day = {"type": "string"}, or_null(READ["Day"][1])
    feed = {
        "register": or_null({"enum": ["given", "marks_only"]}),
        "recorded": or_null({"enum": ["given", "not_given"]}),
        "data_until": maybe_day,
        "data_until_from": or_null({"enum": ["stated", "marks"]}),
        "does": or_null({"type": "array", "items": text}),
        "code_map": {
            "type": ["object", "null"],
            "properties": {"name": text, "fingerprint": text},
            "required": ["name", "fingerprint"],
            "additionalProperties": False,
        },
    }
    pupil = TEXT | {
        "description": "an opaque pseudonym; never an identity code or an address",
        "pattern": "[^ \\t\\n\\r]",
        "not": {"anyOf": [*PERSONAL["anyOf"], {"pattern": CONTROL.pattern}]},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "sky_model record, format 1",
        "description": "One pupil's record: what an application hands in. One a line in JSON Lines.",
        "type": "object",
        "properties": {
            "format": {"const": 1},
            "pupil": pupil,
            "feed": {"type": ["object", "null"], "properties": feed, "additionalProperties": False},
            "named": or_null({"type": "object", "additionalProperties": text}),
            "checkpoint": {
                "type": ["object", "null"],
                "description": "what is left of earlier school years, unchanged as this library made it",
            },
            "events": {"type": "array", "items": {"oneOf": [event_schema(name) for name in TYPES]}},
        },
        "required": ["format", "pupil", "events"],
        "additionalProperties": False,
    }
