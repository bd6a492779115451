"""One request as plain JSON, one answer as plain JSON: what JSON Lines and the HTTP service both stand on.

Rules: every request gets exactly one answer, an error is an answer too; an error never repeats a value of a record, no traceback
leaves; what a request does not know is refused, never passed over; no request reads or writes a file of its own choosing. Rules,
calendars and schools are read once, before the `Desk` is made, all of them or none: a file that changes later changes no answer.

How it is called:

    desk = Desk(load("presets/lessons-per-term"))       # or Desk(model, calendars=…, schools=…)
    answer(desk, request)                               # dict in, dict out; never raises for anything in the request
    answer_bytes(desk, data)                            # UTF-8 JSON in, dict out: the strict reading below, then `answer`
    one_line(answered)                              # one line of JSON, without its newline

Every request has `format` (1), `id` (a text of 1 to 200 characters, or a whole number; echoed, never an identity code) and
`request`. Days are texts such as "2026-10-01"; a field in brackets may be left out; null counts as left out:

    {"format": 1, "id": "a", "request": "decide",  "on": day, "record": {…}, ["known_on": day], ["reader": role],
                                                   ["absent": [role or person, …]], ["as_if": true]}
    {"format": 1, "id": "b", "request": "explain", "on": day, "record": {…}, …as for decide…, ["language": "fi"]}
    {"format": 1, "id": "c", "request": "check",   "files": {"ruleset.yaml": text, …}}
    {"format": 1, "id": "d", "request": "needs",   ["school": id]}
    {"format": 1, "id": "e", "request": "rules",   "on": day, ["school": id]}

`record` is as in rulesets/schema/record.json. `school` must be given if the desk has a file of schools, and only then.
`files` are the texts of one layer or ruleset as they lie in its folder; its base is a shipped one.

Every answer has `format`, `id` (null where it could not be read) and either `answer`, the word that was asked, and one key of
that name, or `error`:

    {"format": 1, "id": "a", "answer": "decide",  "decide": a decision as in rulesets/schema/decision.json}
    {"format": 1, "id": "b", "answer": "explain", "explain": {"language": "fi", "text": lines joined with newlines}}
    {"format": 1, "id": "c", "answer": "check",   "check": {"faults": [{code, message, file, line, column, hint}, …]}}
    {"format": 1, "id": "d", "answer": "needs",   "needs": what `sky needs` prints}
    {"format": 1, "id": "e", "answer": "rules",   "rules": {name, status, fingerprint, valid_from, layers, notes, whole}}
    {"format": 1, "id": "a", "error": {code, message, field, place, hint}}

No `faults`: it loads. `rules` is null before the first are in force. An error holds five texts; `field`, `place` and `hint` may
be empty. `field` is the field of the request (`on`, `record.feed.register`), `place` where in it (`event m1`, `character 17`, or
a file of rules). The codes of requests are in CODES; a record's own codes and those of rules stand in docs/problems.md.
"""

from __future__ import annotations

import itertools
import json
import re
import tempfile
from collections.abc import Callable, Collection, Mapping
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

from sky_model.calendars import load_calendar
from sky_model.decider import decide
from sky_model.decision import Decision, decision_schema, one_line
from sky_model.engine import engine_fingerprint
from sky_model.errors import Problem, RecordError, RulesetError, nearest
from sky_model.events import LONGEST, Enrolment, as_whole
from sky_model.explanation import explain
from sky_model.host.intake import LONGEST_LINE, with_codes
from sky_model.host.schools import School, Schools
from sky_model.layers import rulesets_folder
from sky_model.model import check, needs
from sky_model.readers import readers_of
from sky_model.records import IDENTITY_CODE, Case, record_schema
from sky_model.records import PERSONAL as PERSONAL_SCHEMA
from sky_model.rules import Model
from sky_model.schooldays import Calendar
from sky_model.source import read_text
from sky_model.vocabulary import LANGUAGES

__all__ = [
    "CODES",
    "FIELDS",
    "Desk",
    "RequestError",
    "answer",
    "answer_bytes",
    "answer_schema",
    "error_answer",
    "language_of",
    "one_line",
    "read_json",
    "request_schema",
]  # fmt: skip

# What can be wrong with a request itself: the code and when it is told. Published in docs/howto-embedding.md.
CODES = {
    "calendar": "a calendar is named that is not among the shipped ones, or two that overlap",
    "day": "a day is not written as 2026-10-01, or does not exist",
    "doubled-key": "a key stands twice in one object",
    "empty": "there is nothing between two newlines",
    "field-missing": "a field that the request needs is missing",
    "field-type": "a field is not of its type",
    "field-unknown": "a field is not known, or does not belong to this request",
    "file-name": "a file of a layer is not named as in its folder",
    "format-unknown": "the request is of a format that this version does not read",
    "id-personal": "the id looks like an identity code or an address; it is not repeated",
    "internal": "something failed inside; nothing was decided",
    "json": "it is not JSON, or not all of it is there",
    "language-unknown": "there are no texts in this language",
    "number": "a number is not finite or has more than 40 characters",
    "reader-unknown": "the rules have no such role or group",
    "request-unknown": "there is no such request",
    "school-unknown": "the file of schools does not have this school",
    "surrogate": "a text holds half a character",
    "too-deep": "lists and objects are nested too deeply",
    "too-large": f"it is longer than {LONGEST_LINE:,} bytes",
    "utf-8": "it is not UTF-8",
}
# of each request: its fields, and which of them must be there
FIELDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "decide": (("on", "record", "known_on", "reader", "absent", "as_if"), ("on", "record")),
    "explain": (("on", "record", "known_on", "reader", "language", "absent", "as_if"), ("on", "record")),
    "check": (("files",), ("files",)),
    "needs": (("school",), ()),
    "rules": (("on", "school"), ("on",)),
}
EVERY = ("format", "id", "request")
MOST_CALENDARS = 512  # joined names are without end: what is kept of them is not
DEEPEST = 64
MOST_FILES = 50
MOST_ABSENT = 500
FILE_NAME = "^[a-z0-9][a-z0-9_-]{0,59}\\.yaml(?!\\n)$"  # in Python `$` stands before a newline too
LARGEST_ID = (1 << 53) - 1  # beyond it a program that has floating point only takes one number for another
# standing alone: inside a longer run of letters and digits, such as a UUID, it is none
PERSONAL = re.compile(IDENTITY_CODE.pattern + r"|\S*@\S*", re.IGNORECASE | re.ASCII)


class RequestError(Exception):
    """A request that cannot be answered: a code of CODES, what is wrong, in which field, where, and what to write instead."""

    def __init__(self, code: str, message: str, *, field: str = "", place: str = "", hint: str = "") -> None:
        self.code, self.message, self.field, self.place, self.hint = code, message, field, place, hint
        super().__init__(f"{message} [{code}]")


class Desk:
    """What requests are answered with, read before the first of them and never again.

    model      the rules of every school that names none
    calendars  one for all, or by the name that enrolments give; None: those of `schools`, else the shipped ones, all read here
    schools    rules, calendar and what the application does, school by school
    Raises RulesetError when rules and calendar do not fit.
    """

    def __init__(
        self, model: Model, *, calendars: Mapping[str, Calendar] | Calendar | None = None, schools: Schools | None = None
    ) -> None:
        if isinstance(calendars, Calendar) and (problems := model.problems_with(calendars)):
            raise RulesetError(problems)
        self.model, self.schools = model, schools
        self.calendars = calendars if calendars is not None else schools.calendars if schools else None
        self.shipped: dict[str, Calendar] = {}
        if self.calendars is None:
            root = rulesets_folder() / "calendars"
            names = sorted(p.relative_to(root).as_posix()[:-5] for p in root.rglob("*.yaml"))
            self.shipped = {name: load_calendar(name) for name in names}
        self._by_name: dict[str, Calendar] = {}
        engine_fingerprint()  # of the files as they are now

    def decide(
        self, case: Case, on: date, known_on: date | None, *, absent: Collection[str] = (), as_if: bool = False
    ) -> Decision:
        """With the rules that the pupil's school has on each day. Raises RecordError, RulesetError, RequestError."""
        calendars = self._calendars_of(case) if self.calendars is None else self.calendars
        if self.schools is None:
            return decide(self.model, case, on=on, known_on=known_on, calendars=calendars, absent=absent, as_if=as_if)
        school = self.schools.school_of(case, on)
        known = with_codes(case.does_too(school.does), school.mapping)
        return decide(
            self.model,
            known,
            on=on,
            known_on=known_on,
            calendars=calendars,
            schools=self.schools.models,
            absent=absent,
            as_if=as_if,
        )

    def model_of(self, school: str | None) -> Model:
        """The rules of a school, or of all."""
        if self.schools is None:
            if school is not None:
                raise RequestError("field-unknown", "there is no file of schools here", field="school", hint="leave school out")
            return self.model
        if school is None:
            raise RequestError(
                "field-missing", "school is missing", field="school", hint='write "school": its id in the file of schools'
            )
        found: School | None = self.schools.by_id.get(school)
        if found is None:
            said = "the file of schools does not have this school"
            raise RequestError("school-unknown", said, field="school", hint=nearest(school, self.schools.by_id))
        return found.model or self.model

    def _calendars_of(self, case: Case) -> dict[str, Calendar]:
        """The shipped calendars that the enrolments name. A name is never a path."""
        out: dict[str, Calendar] = {}
        for e in case.events:
            if not isinstance(e, Enrolment) or e.calendar is None:
                continue
            found = self._by_name.get(e.calendar)
            if found is None:
                names = e.calendar.split("+")
                for name in names:
                    if name not in self.shipped:
                        said = "an enrolment names a calendar that is not shipped"
                        hint = (
                            nearest(name, self.shipped)
                            or "write one that `sky rules` lists, or start with --calendar or --schools"
                        )
                        raise RequestError("calendar", said, field="record.events.calendar", hint=hint)
                if len(self._by_name) >= MOST_CALENDARS:
                    self._by_name.clear()
                found = self._by_name[e.calendar] = _joined([self.shipped[x] for x in names])
            out[e.calendar] = found
        return out


def _joined(calendars: list[Calendar]) -> Calendar:
    """School years of one place, one after another."""
    years = sorted((y for c in calendars for y in c.years), key=lambda y: y.first)
    for a, b in itertools.pairwise(years):
        if a.last >= b.first:
            said = f"the school years {a.id} and {b.id} overlap"
            hint = "join the calendars of different school years with +"
            raise RequestError("calendar", said, field="record.events.calendar", hint=hint)
    return calendars[0] if len(calendars) == 1 else Calendar(tuple(years))


# ---------------------------------------------------------------------- from bytes
def answer_bytes(desk: Desk, data: bytes) -> dict[str, Any]:
    """The answer to a request as it comes over a wire. Never raises for anything in `data`."""
    try:
        request = read_json(data)
    except RequestError as e:
        return error_answer(None, e)
    return answer(desk, request)


# how Python begins what it says of JSON, what is said here, and what to write instead
WHOLE = "write one request as one JSON object in one line"
NOT_JSON = (
    ("Unterminated string", "a text begins here and does not end", WHOLE),
    ("Expecting value", "here is nothing that JSON knows", WHOLE),
    ("Expecting property name", "here is no key in double quotes", 'write keys and texts in double quotes: {"id": 1}'),
    ("Illegal trailing comma", "here is no key in double quotes", 'write keys and texts in double quotes: {"id": 1}'),
    ("Expecting ':' delimiter", "after a key comes a colon", WHOLE),
    ("Expecting ',' delimiter", "here is neither a comma nor the end of what is open", WHOLE),
    ("Extra data", "something stands after the end of the request", "write each request in a line of its own"),
    (
        "Invalid control character",
        "a control character stands in a text",
        "write it escaped: a newline as \\n, another as \\u001f",
    ),
    ("Invalid \\", "a backslash stands before something that it does not escape", "write a backslash itself as two"),
)


def read_json(data: bytes) -> Any:
    """JSON read strictly: UTF-8, no key twice, finite numbers, not too deep. Raises RequestError, which repeats nothing of it."""
    if len(data) > LONGEST_LINE:
        raise RequestError(
            "too-large", CODES["too-large"], hint="hand in one pupil a request, and no longer history than `needs` names"
        )
    if not json.detect_encoding(data).startswith("utf-8"):  # without a mark it may be UTF-8 too, with a NUL after each letter
        raise RequestError("utf-8", "it is UTF-16 or UTF-32", hint="write UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        raise RequestError("utf-8", CODES["utf-8"], place=f"byte {e.start + 1}", hint="write UTF-8") from None
    if not text.strip():
        raise RequestError("empty", "there is nothing here", hint="write one request as one JSON object")
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_int=_whole, parse_float=_decimal)
    except RecursionError:
        raise RequestError("too-deep", CODES["too-deep"], hint="a record has no more than five levels") from None
    except json.JSONDecodeError as e:
        said, hint = next((x for start, *x in NOT_JSON if e.msg.startswith(start)), (e.msg.lower(), WHOLE))
        raise RequestError("json", f"not JSON: {said}", place=f"character {e.pos + 1}", hint=hint) from None
    if _depth(text) > DEEPEST:
        raise RequestError("too-deep", CODES["too-deep"], hint="a record has no more than five levels")
    if "\\u" in text:
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            hint = "write both halves of the character, or the character itself"
            raise RequestError("surrogate", CODES["surrogate"], hint=hint) from None
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(k for k, _ in pairs if k in seen or seen.add(k))  # type: ignore[func-returns-value]
        raise RequestError("doubled-key", CODES["doubled-key"], field=_field(twice), hint="keep one of the two")
    return found


def _constant(word: str) -> Any:
    raise RequestError("number", f"{word} is no number of JSON", hint="leave the field out where nothing is known")


def _whole(text: str) -> int:
    if len(text) > 40:
        raise RequestError("number", "a number has more than 40 characters", hint="write an amount with at most two decimals")
    return int(text)


def _decimal(text: str) -> float:
    value = float(text) if len(text) <= 40 else float("inf")
    if value in (float("inf"), float("-inf")):
        raise RequestError("number", CODES["number"], hint="write an amount with at most two decimals")
    return value


# possessive: what a text may go back to is not kept, or a text of ten megabytes would cost a gigabyte
BRACKETS = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[{]|[\]}]')


def _depth(text: str) -> int:
    if text.count("[") + text.count("{") <= DEEPEST:
        return 0
    deepest = here = 0
    for found in BRACKETS.finditer(text):
        mark = found[0]
        here += (mark in "[{") - (mark in "]}") if len(mark) == 1 else 0
        deepest = max(deepest, here)
    return deepest


# ---------------------------------------------------------------------- the answers
def answer(desk: Desk, request: Any, more: Mapping[str, Word] | None = None) -> dict[str, Any]:
    """The answer to one request: see the shapes above. Never raises for anything in the request.

    more  words that a host answers beside these
    """
    name, words = None, {**WORDS, **(more or {})}
    try:
        if not isinstance(request, dict):
            raise RequestError(
                "field-type", "a request is an object", hint='write {"format": 1, "id": "1", "request": "decide", …}'
            )
        name = _id(request)
        word = _word(request, words)
        return {"format": 1, "id": name, "answer": word, word: words[word][2](desk, request)}
    except RequestError as e:
        return error_answer(name, e)
    except RecordError as e:
        return error_answer(name, _of_record(e))
    except RulesetError as e:
        return error_answer(name, _of_rules(e))
    except Exception as e:  # whatever it is: the others go on, and nothing of the record leaves
        return error_answer(name, _of_fault(e))


def error_answer(name: str | int | None, error: RequestError) -> dict[str, Any]:
    """An error as an answer. Whatever looks like an identity code or an address is taken out of it."""
    said = {"message": error.message, "field": error.field, "place": error.place, "hint": error.hint}
    return {"format": 1, "id": name, "error": {"code": error.code} | {k: PERSONAL.sub("…", v) for k, v in said.items()}}


def _id(request: Mapping[str, Any]) -> str | int:
    name = request.get("id")
    if name is None:
        raise RequestError(
            "field-missing", "id is missing", field="id", hint='write "id": a name of your own; the answer repeats it'
        )
    if isinstance(name, str) and PERSONAL.search(name):
        raise RequestError("id-personal", CODES["id-personal"], field="id", hint="write a number or a name of your own")
    if isinstance(name, str) and 0 < len(name) <= 200:
        return name
    number = as_whole(name)
    if number is not None and abs(number) <= LARGEST_ID:
        return number
    raise RequestError("field-type", "id is neither a text of 1 to 200 characters nor a whole number", field="id")


def _word(request: Mapping[str, Any], words: Mapping[str, Word]) -> str:
    said = request.get("format")
    if as_whole(said) != 1:
        code, what = (
            ("field-missing", "format is missing") if said is None else ("format-unknown", "this format is not known here")
        )
        raise RequestError(code, what, field="format", hint='write "format": 1')
    word = request.get("request")
    if word is None:
        raise RequestError("field-missing", "request is missing", field="request", hint=f"write one of {', '.join(words)}")
    if not isinstance(word, str) or word not in words:
        raise RequestError("request-unknown", CODES["request-unknown"], field="request", hint=f"write one of {', '.join(words)}")
    known, needed, _ = words[word]
    for key in request:
        if key not in known and key not in EVERY:
            hint = nearest(key, known) or f"{word} takes {', '.join((*EVERY, *known))}"
            raise RequestError("field-unknown", f"this field of {word} is not known", field=_field(key), hint=hint)
    for key in needed:
        if request.get(key) is None:
            raise RequestError("field-missing", f"{key} is missing", field=key, hint=f"{word} needs {', '.join(needed)}")
    return word


def _field(key: str) -> str:
    """A key as it may be shown: one that is no plain name may be anything."""
    return key if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.\[\]-]{0,59}", key) else ""


def _day(request: Mapping[str, Any], key: str) -> date | None:
    said = request.get(key)
    if said is None:
        return None
    try:
        if isinstance(said, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", said, re.ASCII):
            return date.fromisoformat(said)
    except ValueError:
        raise RequestError("day", "this day does not exist", field=key, hint="write it as 2026-10-01") from None
    raise RequestError("day", f"{key} is not a day", field=key, hint="write it as 2026-10-01, without a time")


def language_of(request: Mapping[str, Any]) -> str:
    """The language of an answer in words; Finnish when nobody says."""
    said = _text(request, "language")
    if said is not None and said not in LANGUAGES:
        hint = f"write one of {', '.join(LANGUAGES)}"
        raise RequestError("language-unknown", CODES["language-unknown"], field="language", hint=hint)
    return said or "fi"


def _text(request: Mapping[str, Any], key: str) -> str | None:
    said = request.get(key)
    if said is None or isinstance(said, str):
        return said
    raise RequestError("field-type", f"{key} is not a text", field=key)


def _decided(desk: Desk, request: Mapping[str, Any]) -> Decision:
    on, known_on, reader = _day(request, "on"), _day(request, "known_on"), _text(request, "reader")
    assert on is not None
    case = Case.from_json(_record(request))
    decision = desk.decide(case, on, known_on, absent=_absent(request), as_if=_flag(request, "as_if"))
    if reader is None:
        return decision
    known = readers_of(decision.rules)
    if reader not in known:
        hint = f"known are {', '.join(sorted(known))}"
        raise RequestError("reader-unknown", CODES["reader-unknown"], field="reader", hint=hint)
    return decision.for_reader(reader)


def _absent(request: Mapping[str, Any]) -> list[str]:
    said = request.get("absent")
    if said is None:
        return []
    if isinstance(said, list) and len(said) <= MOST_ABSENT and all(isinstance(x, str) and 0 < len(x) <= LONGEST for x in said):
        return said
    hint = 'write the roles, or the persons as records name them: "absent": ["curator"]'
    raise RequestError("field-type", f"absent is not a list of at most {MOST_ABSENT} names", field="absent", hint=hint)


def _flag(request: Mapping[str, Any], key: str) -> bool:
    said = request.get(key)
    if said is None or isinstance(said, bool):
        return bool(said)
    raise RequestError("field-type", f"{key} is neither true nor false", field=key)


def _record(request: Mapping[str, Any]) -> Mapping[str, Any]:
    record = request["record"]
    if not isinstance(record, dict):
        raise RequestError(
            "field-type", "record is not an object", field="record", hint="as in the schema of a record: sky schema record"
        )
    return record


def _decide(desk: Desk, request: Mapping[str, Any]) -> dict[str, Any]:
    return _decided(desk, request).to_json()


def _explain(desk: Desk, request: Mapping[str, Any]) -> dict[str, Any]:
    language = language_of(request)
    return {"language": language, "text": explain(_decided(desk, request), language=language)}


def _needs(desk: Desk, request: Mapping[str, Any]) -> dict[str, Any]:
    return needs(desk.model_of(_text(request, "school")))


def _rules(desk: Desk, request: Mapping[str, Any]) -> dict[str, Any] | None:
    on = _day(request, "on")
    assert on is not None
    model = desk.model_of(_text(request, "school"))
    found = model.on(on.toordinal())
    if found is None:
        return None
    return {
        "name": found.name,
        "status": found.said.status,
        "fingerprint": found.fingerprint,
        "valid_from": date.fromordinal(found.valid_from).isoformat(),
        "layers": list(found.layers),
        "notes": list(found.notes),
        "whole": {"name": model.name, "fingerprint": model.fingerprint},  # as in the basis of a decision
    }


def _check(_: Desk, request: Mapping[str, Any]) -> dict[str, Any]:
    files = request["files"]
    if not isinstance(files, dict) or not all(isinstance(x, str) for x in files.values()):
        raise RequestError(
            "field-type", "files is not an object of texts", field="files", hint='write {"ruleset.yaml": "format: 1 …"}'
        )
    if "ruleset.yaml" not in files:
        raise RequestError("field-missing", "ruleset.yaml is missing", field="files", hint="a layer has at least a ruleset.yaml")
    if len(files) > MOST_FILES:
        raise RequestError("file-name", f"there are more than {MOST_FILES} files", field="files")
    if not all(re.search(FILE_NAME, name) for name in files):
        raise RequestError(
            "file-name", CODES["file-name"], field="files", hint="write ruleset.yaml, monitoring.yaml, …, without a folder"
        )
    data = read_text(files["ruleset.yaml"], file="ruleset.yaml")
    base = data.data.get("extends") if isinstance(data.data, dict) else None
    if isinstance(base, str) and not _is_shipped(base):
        said, hint = f"there is no shipped ruleset '{base}'", "a layer is checked here on a shipped base only; else use sky check"
        return {"faults": [Problem("no-base", said, data.place(("extends",)), hint).to_json()]}
    with tempfile.TemporaryDirectory(prefix="sky-check-") as made:
        folder = Path(made).resolve() / "layer"
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_bytes(text.encode())
        faults = [p.to_json() for p in check(folder)]
    away = re.compile(re.escape(str(folder)) + r"/?")
    return {"faults": [{k: away.sub("", v) if isinstance(v, str) else v for k, v in f.items()} for f in faults]}


def _is_shipped(name: str) -> bool:
    plain = re.fullmatch(r"[A-Za-z0-9-]+(/[A-Za-z0-9.-]+)*", name) and ".." not in name
    return bool(plain) and (rulesets_folder() / name / "ruleset.yaml").is_file()


# of a word: its fields, those of them that must be there, and what answers it
Word: TypeAlias = tuple[tuple[str, ...], tuple[str, ...], Callable[[Desk, Mapping[str, Any]], Any]]
ANSWERS: dict[str, Callable[[Desk, Mapping[str, Any]], Any]] = {
    "decide": _decide,
    "explain": _explain,
    "check": _check,
    "needs": _needs,
    "rules": _rules,
}
WORDS: dict[str, Word] = {word: (*FIELDS[word], ANSWERS[word]) for word in FIELDS}


# ---------------------------------------------------------------------- what went wrong, as an answer
OF_THE_REQUEST = ("on", "known_on")
LONGEST_NAME = 60  # of an event; what is longer may be a text that slipped into the wrong field


def _of_record(e: RecordError) -> RequestError:
    """Its own code and words; what it says to write stands after the semicolon."""
    message, _, hint = e.message.partition("; ")
    field = e.field if e.field in OF_THE_REQUEST and not e.event else f"record.{_field(e.field)}".removesuffix(".")
    name = e.event if len(e.event) <= LONGEST_NAME else e.event[:LONGEST_NAME] + "…"
    return RequestError(e.rule, message, field=field, place=f"event {name}" if name else "", hint=hint)


def _of_rules(e: RulesetError) -> RequestError:
    first = e.problems[0]
    more = f" (and {len(e.problems) - 1} more)" if len(e.problems) > 1 else ""
    return RequestError(first.code, first.message + more, place=str(first.place), hint=first.hint)


def _of_fault(e: Exception) -> RequestError:
    """Where in the code it was, so that it can be mended; its words could hold anything and are left out."""
    last, where = e.__traceback__, ""
    while last is not None:
        module = str(last.tb_frame.f_globals.get("__name__", ""))
        if module.startswith("sky_model"):
            where = f"{module}, line {last.tb_lineno}, {type(e).__name__}"
        last = last.tb_next
    hint = "tell the makers of sky_model this place and its version; the other requests are not touched"
    return RequestError("internal", CODES["internal"], place=where, hint=hint)


# ---------------------------------------------------------------------- schemas
def _shape(properties: dict[str, Any], required: tuple[str, ...]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


ID: dict[str, Any] = {
    "oneOf": [
        {"type": "string", "minLength": 1, "maxLength": 200, "not": PERSONAL_SCHEMA},
        {"type": "integer", "minimum": -LARGEST_ID, "maximum": LARGEST_ID},
    ]
}


def request_schema() -> dict[str, Any]:
    """The JSON Schema of a request, made from FIELDS."""
    day, maybe = {"type": "string", "format": "date"}, {"type": ["string", "null"]}
    types: dict[str, Any] = {
        "on": day,
        "known_on": {"type": ["string", "null"], "format": "date"},
        "record": {"$ref": "#/$defs/record"},
        "absent": {
            "type": ["array", "null"],
            "items": {"type": "string", "minLength": 1, "maxLength": LONGEST},
            "maxItems": MOST_ABSENT,
            "description": "roles or persons who are away: a deputy who is there stands in",
        },
        "as_if": {"type": ["boolean", "null"], "description": "as if the rules were in force on every day: for replay"},
        "reader": maybe | {"description": "only what this role, group, guardian, pupil or log may see"},
        "language": {"enum": [*LANGUAGES, None]},
        "files": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "propertyNames": {"pattern": FILE_NAME},
            "required": ["ruleset.yaml"],
            "maxProperties": MOST_FILES,
        },
        "school": maybe | {"description": "its id in the file of schools, if there is one"},
    }
    shapes = [
        _shape({"format": {"const": 1}, "id": ID, "request": {"const": word}, **{k: types[k] for k in known}}, (*EVERY, *needed))
        for word, (known, needed) in FIELDS.items()
    ]
    record = {k: v for k, v in record_schema().items() if k != "$schema"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "sky_model request, format 1",
        "description": "One request to `sky serve`: one a line in JSON Lines.",
        "oneOf": shapes,
        "$defs": {"record": record},
    }


def answer_schema() -> dict[str, Any]:
    """The JSON Schema of an answer."""
    text, whole, texts = {"type": "string"}, {"type": "integer"}, {"type": "array", "items": {"type": "string"}}
    fault = {"code": text, "message": text, "file": text, "line": whole, "column": whole, "hint": text}
    day = {"type": "string", "format": "date"}
    ruled = {"name": text, "status": text, "fingerprint": text, "valid_from": day, "layers": texts, "notes": texts,
             "whole": _shape({"name": text, "fingerprint": text}, ("name", "fingerprint"))}  # fmt: skip
    held: dict[str, Any] = {
        "decide": {"$ref": "#/$defs/decision"},
        "explain": _shape({"language": {"enum": list(LANGUAGES)}, "text": text}, ("language", "text")),
        "check": _shape({"faults": {"type": "array", "items": _shape(fault, tuple(fault))}}, ("faults",)),
        "needs": {"type": "object", "description": "what must be handed in, as `sky needs` prints it"},
        "rules": {"oneOf": [_shape(ruled, tuple(ruled)), {"type": "null"}], "description": "null: before the first is in force"},
    }
    shapes = [
        _shape({"format": {"const": 1}, "id": ID, "answer": {"const": word}, word: held[word]}, ("format", "id", "answer", word))
        for word in FIELDS
    ]
    error = dict.fromkeys(("code", "message", "field", "place", "hint"), text)
    maybe_id = {"oneOf": [*ID["oneOf"], {"type": "null"}]}
    shapes.append(
        _shape({"format": {"const": 1}, "id": maybe_id, "error": _shape(error, tuple(error))}, ("format", "id", "error"))
    )
    decision = {k: v for k, v in decision_schema().items() if k != "$schema"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "sky_model answer, format 1",
        "description": "One answer of `sky serve`: one a line in JSON Lines, in the order of the requests.",
        "oneOf": shapes,
        "$defs": {"decision": decision},
    }
