"""What is otherwise since yesterday, for an application that keeps a list of tasks: new, changed, withdrawn, done, ended.

Rules: nothing is kept here: what was decided then comes with the request, as the decision that was stored, or as its basis and
day with the record of then; what is not decided again by the rules of then is not guessed. Names of tasks stay through
corrections of the record and through new rules.

    {"format": 1, "id": "a", "request": "changes", "on": day, "record": {…}, "earlier": …, …as for decide…}

`earlier` is the decision as it was stored, or `{"on": day, "basis": {…}, ["record": {…}]}`: the basis and the record of then.
Without the record the one of now is taken as it was known on that day, which needs the days of recording. Of the basis what is
given is compared.

    {"format": 1, "id": "a", "answer": "changes", "changes": {
        "tasks": {"new": [task], "changed": [{name, fields, task}], "done": [task], "withdrawn": [name], "ended": [name],
                  "back": [task]}, "all": {…}}}

`all` is what `Changes.to_json` says: openings, questions and messages too, and through what.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sky_model.changes import Changes
from sky_model.decision import decision_schema
from sky_model.host.requests import (
    FIELDS,
    ID,
    Desk,
    RequestError,
    Word,
    _day,
    _decided,
    _shape,
    request_schema,
)

__all__ = ["CHANGES_CODES", "WORDS", "schema_of_answer", "schema_of_request"]

CHANGES_CODES = {
    "basis-other": "the earlier decision rests on other rules, another calendar or another program than are here now",
}
SAME = ("ruleset", "schools", "layers", "calendar", "code_map", "engine")  # of a basis: what another decision would come of
GONE = ("withdrawn", "ended")


def _changes(desk: Desk, request: Mapping[str, Any]) -> dict[str, Any]:
    asked = {k: v for k, v in request.items() if k != "earlier"}
    said = request["earlier"]
    if not isinstance(said, dict):
        hint = 'write the decision as it was stored, or {"on": day, "basis": {…}}'
        raise RequestError("field-type", "earlier is not an object", field="earlier", hint=hint)
    earlier: Any = said if "format" in said else _again(desk, asked, said)
    return _said(_decided(desk, asked).changes_since(earlier))


def _again(desk: Desk, asked: Mapping[str, Any], said: Mapping[str, Any]) -> Any:
    """The decision of then, made again. Raises RequestError where it would be another one."""
    for key in said:
        if key not in ("on", "basis", "record"):
            raise RequestError(
                "field-unknown", "this field of earlier is not known", field="earlier", hint="on, basis and record"
            )
    for key in ("on", "basis"):
        if said.get(key) is None:
            raise RequestError("field-missing", f"{key} is missing in earlier", field=f"earlier.{key}", hint=f"write {key}")
    if not isinstance(said["basis"], dict):
        raise RequestError("field-type", "basis is not an object", field="earlier.basis", hint="write it as a decision gave it")
    _day(said, "on")
    record = said.get("record")
    feed = asked["record"].get("feed") if isinstance(asked["record"], dict) else None
    if record is None and isinstance(feed, dict) and feed.get("recorded") == "not_given":
        hint = "hand in the record of then: this one does not say what was known when"
        raise RequestError("field-missing", "record is missing in earlier", field="earlier.record", hint=hint)
    then = {k: v for k, v in asked.items() if k != "known_on"}
    found = _decided(desk, {**then, "on": said["on"], **({} if record is None else {"record": record})})
    now = found.to_json()["basis"]
    if any(now.get(k) != said["basis"][k] for k in SAME if k in said["basis"]):  # what is left out is not compared
        hint = "hand in the earlier decision itself, as it was stored"
        (code,) = CHANGES_CODES
        raise RequestError(code, CHANGES_CODES[code], field="earlier.basis", hint=hint)
    return found


def _said(found: Changes) -> dict[str, Any]:
    tasks: dict[str, list[Any]] = {how: [] for how in ("new", "changed", "done", "withdrawn", "ended", "back")}
    for c in found.changes:
        if c.what != "task":
            continue
        if c.how in GONE:
            tasks[c.how].append(c.name)
        elif c.how == "changed":
            tasks[c.how].append({"name": c.name, "fields": list(c.fields), "task": c.after})
        else:
            tasks[c.how].append(c.after)
    return {"tasks": tasks, "all": found.to_json()}


WORDS: dict[str, Word] = {
    "changes": ((*FIELDS["decide"][0], "earlier"), (*FIELDS["decide"][1], "earlier"), _changes),
}


# ---------------------------------------------------------------------- schemas
def schema_of_request(word: str) -> dict[str, Any]:
    decide = next(x for x in request_schema()["oneOf"] if x["properties"]["request"]["const"] == "decide")
    then = {"on": decide["properties"]["on"], "basis": {"type": "object"}, "record": {"type": ["object", "null"]}}
    earlier = {"oneOf": [_shape(then, ("on", "basis")), {"type": "object", "required": ["format", "pupil", "on"]}]}
    own = decide["properties"] | {"request": {"const": word}, "earlier": earlier}
    return _shape(own, (*decide["required"], "earlier"))


def schema_of_answer(word: str) -> dict[str, Any]:
    task = decision_schema()["properties"]["tasks"]["items"]
    names = {"type": "array", "items": {"type": "string"}}
    changed = _shape({"name": {"type": "string"}, "fields": names, "task": task}, ("name", "fields", "task"))
    some = {"type": "array", "items": task}
    tasks = {"new": some, "changed": {"type": "array", "items": changed}, "done": some, "withdrawn": names, "ended": names}
    held = _shape({"tasks": _shape({**tasks, "back": some}, (*tasks, "back")), "all": {"type": "object"}}, ("tasks", "all"))
    decide = {"format": {"const": 1}, "id": ID, "answer": {"const": word}, word: held}
    return _shape(decide, ("format", "id", "answer", word))
