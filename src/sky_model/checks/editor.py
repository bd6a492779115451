"""JSON Schemas for an editor: what may be written in a file of ours, with the names of a base offered for completion.

Rules: a schema is made from the shapes that the loader reads by, never by hand, and it refuses nothing that the loader accepts;
a name of the base is offered, a new one may still be written; a number or a text may be written with quotes or without.

What a schema cannot see, the loader still tells: whether an id exists, what values mean together, a doubled key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, BeforeValidator

from sky_model import vocabulary as words
from sky_model.checks.cases import Golden
from sky_model.errors import RulesetError
from sky_model.layers import lay, read_layers, rulesets_folder

__all__ = ["Offered", "calendar_schema", "cases_schema", "offered_by", "ruleset_schema", "schema_of"]

Schema = dict[str, Any]
DRAFT = "https://json-schema.org/draft/2020-12/schema"
SCALAR = {"type": ["string", "number", "boolean", "null"]}  # the loader reads every scalar as the text that was written
SAID = {"type": ["string", "number", "boolean"]}
IDENTITY = ("format", "ruleset", "version", "status", "valid_from", "name")
NUMBERS = ("at_least", "more_than", "at_most", "less_than")
ASKED = {  # which operators may be asked of which fact, and what it may be
    "counters": (NUMBERS, ()),
    "reports": (("is",), ("raised",)),
    "questions": (("is", "one_of", "includes"), ("known", "unknown")),
    "steps": (("is",), ("open", "ended", "never_opened", "worked_through")),
    "actions": (("is", "done_within"), ("done", "not_needed", "refused")),
    "grade": ((*NUMBERS, "one_of"), ()),
}
PEOPLE = ("roles", "groups")
# sections (joined by `-or-`): the keys of shapes at which their ids are offered
OFFERED = {
    "kinds": "Kinds.only Kinds.all_except LocalCode.kind Becomes.kind Becomes.to OfKind.kind Counter.only_if CodeOf.kind",
    "actions": "Counter.of SinceOf.done Within.after Action.act Action.after Message.act NeededFor.actions Expected.asks "
    "Expected.waiting Expected.not_asked Expected.by Expected.due_by Expected.next SchoolOf.does",
    "schedules": "Counter.checked RepeatEvery.schedule OnSchedule.schedule",
    "planned": "ShareOf.table",
    "steps": "SinceOf.opened SinceOf.ended Step.above Step.was Row.step Ends.step Expected.open Expected.opened "
    "Expected.undecided Expected.withdrawn",
    "roles-or-groups": "Report.by Question.by Tell.tell AnyOf.any_of AtLeast.of With.required With.optional Action.who Action.to "
    "Closing.by Message.to Community.who Statement.granted_by NeededFor.with NeededFor.to Expected.who",
    "reports": "Within.from",
    "questions": "WithinOn.on Action.asks",
    "tiers": "Step.tier Community.tier",
    "texts": "Message.text",
    "critical_rules": "Community.serves",
    "organisations": "Role.organisation Group.organisation",
    "roles": "Role.deputies Group.led_by Consent.given_by Consent.if_pupil_cannot_judge Owner.role",
    "groups": "Role.groups",
    "parameters": "FromParameter.parameter SetParameter.parameter",
    "paths": "Change.at Remove.at",
    "lists": "Add.at",
    "rulesets": "RulesetFile.extends SchoolOf.rulesets",
    "calendars": "Pupil.calendar SchoolOf.calendars",
    "messages": "Expected.owed",
}  # fmt: skip
AT = {tuple(key.split(".")): sections for sections, keys in OFFERED.items() for key in keys.split()}
CLOCKS = tuple(words.SpanOf.model_fields)
# exactly one of these keys; at least one of these keys
ONE_OF: dict[str, tuple[str, ...]] = {
    "SpanOf": CLOCKS, "Within": CLOCKS, "UpTo": (*CLOCKS, "lessons"), "RepeatEvery": (*CLOCKS, "schedule"),
    "Schedule": words.SCHEDULED, "Kinds": ("only", "all_except"), "SinceOf": ("done", "opened", "ended"),
    "Rolling": ("school_weeks", "school_days", "calendar_days", "calendar_months"), "ShareOf": ("planned", "table"),
    "DayFrom": ("per_cent", "minutes"), "DayFilter": ("first_after", "named"),
}  # fmt: skip
SOME_OF = ("Comparison", "MarkFilter", "Bounds")
IS_GAP: Schema = {
    "type": "object",
    "required": ["gap"],
    "properties": {"gap": SCALAR, "because": {}},
    "additionalProperties": False,
}
IS_READ: Schema = {
    "type": "object",
    "required": ["gap", "read_as"],
    "properties": {"gap": SCALAR, "because": {}, "read_as": {}},
    "additionalProperties": False,
}


# ---------------------------------------------------------------------- what a base has
@dataclass(frozen=True, slots=True)
class Offered:
    """Ids of a base by section, beside `actions`, `paths` (what a layer may change) and `lists` (where it may add)."""

    ids: dict[str, tuple[str, ...]] = field(default_factory=dict)
    answers: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def of(self, sections: str) -> list[str]:
        return sorted({x for s in sections.split("-or-") for x in self.ids.get(s, ())})


def offered_by(base: str | Path) -> Offered:
    """What a ruleset and its bases have that a layer above can name. Raises RulesetError when it cannot be read."""
    layers, problems = read_layers(base)
    if problems:
        raise RulesetError(problems)
    whole, problems = lay(layers)
    if problems:
        raise RulesetError(problems)
    root = rulesets_folder()
    ids: dict[str, tuple[str, ...]] = {
        "rulesets": tuple(str(p.parent.relative_to(root)) for p in root.rglob("ruleset.yaml")),
        "calendars": tuple(str(p.relative_to(root / "calendars"))[:-5] for p in (root / "calendars").rglob("*.yaml")),
    }
    for section, items in whole.data.items():
        found = [x["id"] for x in items if isinstance(x, dict) and "id" in x] if isinstance(items, list) else []
        ids[section] = tuple(items) if section == "texts" else tuple(found)
    ids["actions"] = tuple(a["id"] for s in whole.data.get("steps", ()) for a in s.get("actions", ()) if "id" in a)
    free = [(at, value) for at, value in whole.paths() if whole.leave(at)[0] != "nothing"]
    ids["paths"] = tuple(at for at, _ in free if "." in at)
    ids["lists"] = tuple(at for at, value in free if isinstance(value, list | dict))
    answers = {q["id"]: tuple(q["answers"]) for q in whole.data.get("questions", ()) if isinstance(q["answers"], list)}
    return Offered(ids, answers | {q["id"]: ("reached",) for q in whole.data.get("questions", ()) if q["answers"] == "date"})


# ---------------------------------------------------------------------- the schemas
def ruleset_schema(offered: Offered | None = None) -> Schema:
    """Of a file of a ruleset. A file that says nothing of its identity is one of several in its folder."""
    made = _Making(offered or Offered(), with_gaps=True)
    made.define(words.RulesetFile)
    whole = made.defs.pop("RulesetFile")
    whole["required"] = []
    whole["dependentRequired"] = {key: [k for k in IDENTITY if k != key] for key in IDENTITY[1:] if key != "name"}
    whole["properties"]["defaults"], whole["allOf"] = made.defaults(whole["properties"])
    return _finish("a ruleset of sky_model, format 1", whole, made.defs)


def cases_schema(offered: Offered | None = None) -> Schema:
    """Of a file of golden cases: a list of them."""
    made = _Making(offered or Offered())
    whole = {"type": "array", "items": made.define(Golden)}
    return _finish("golden cases of sky_model", whole, made.defs)


def calendar_schema() -> Schema:
    return schema_of(words.CalendarFile, "the school days of one place in one school year, format 1")


def schema_of(shape: type[BaseModel], title: str, offered: Offered | None = None) -> Schema:
    """Of a file that holds one such shape."""
    made = _Making(offered or Offered())
    made.define(shape)
    whole = made.defs.pop(shape.__name__)
    return _finish(title, whole, made.defs)


def _finish(title: str, whole: Schema, defs: dict[str, Schema]) -> Schema:
    return {"$schema": DRAFT, "title": title, **whole, "$defs": dict(sorted(defs.items()))}


class _Making:
    """The definitions as they grow: one for each shape, named as the shape is."""

    def __init__(self, offered: Offered, *, with_gaps: bool = False) -> None:
        self.offered, self.with_gaps = offered, with_gaps
        self.defs: dict[str, Schema] = {}

    def define(self, shape: type[BaseModel]) -> Schema:
        name = shape.__name__
        if name not in self.defs:
            self.defs[name] = {}  # a shape may hold itself
            self.defs[name] = self._condition() if shape is words.Condition else self._shape(shape)
        return {"$ref": f"#/$defs/{name}"}

    def _shape(self, shape: type[BaseModel]) -> Schema:
        name, hints = shape.__name__, get_type_hints(shape, include_extras=True)
        properties, required = {}, []
        for n, f in shape.model_fields.items():
            key = f.alias or n
            least = next((m.min_length for m in f.metadata if hasattr(m, "min_length")), 0)
            value = self.of(hints[n], name, key)
            if least:
                value = value | {"minItems": least}
            special = SPECIAL.get((name, key))
            properties[key] = self._or_gap(special or value, name, key)
            if f.is_required():
                required.append(key)
        out: Schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
        if shape.__doc__ and "__doc__" in shape.__dict__:
            out = {"description": " ".join(shape.__doc__.split()), **out}
        if name in ONE_OF:
            out["oneOf"] = [{"required": [k]} for k in ONE_OF[name]]
        if name in SOME_OF:
            out["minProperties"] = 1
        return out | MORE.get(name, {})

    def of(self, hint: Any, shape: str, key: str) -> Schema:
        """The schema of one annotation; `shape` and `key` say what may be offered there."""
        origin, inner = get_origin(hint), get_args(hint)
        if origin is Annotated:
            read = next((m.func for m in inner[1:] if isinstance(m, BeforeValidator)), None)
            return self._form(read, shape, key) if read else self.of(inner[0], shape, key)
        if origin in (Union, UnionType):
            some = [self.of(x, shape, key) for x in inner if x is not NoneType]
            return some[0] if len(some) == 1 else {"anyOf": some}
        if origin is Literal:
            return {"enum": [x for word in inner for x in ([word, int(word)] if word.isdigit() else [word])]}
        if origin is list:
            return {"type": "array", "items": self.of(inner[0], shape, key)}
        if origin is dict:
            return self._keys(inner, shape, key)
        if isinstance(hint, type) and issubclass(hint, BaseModel):
            return self.define(hint)
        return {} if hint is Any else self._offer(SCALAR, shape, key)

    def _keys(self, inner: tuple[Any, ...], shape: str, key: str) -> Schema:
        value = self.of(inner[1], shape, f"{key}.*")
        value = self._or_gap(value, shape, f"{key}.*")
        if get_origin(inner[0]) is Literal:
            return {"type": "object", "properties": dict.fromkeys(get_args(inner[0]), value), "additionalProperties": False}
        known = self.offered.of(AT.get((shape, key), ""))
        return {"type": "object", **({"properties": dict.fromkeys(known, value)} if known else {}), "additionalProperties": value}

    def _offer(self, plain: Schema, shape: str, key: str) -> Schema:
        sections = "sources" if key == "source" else AT.get((shape, key), "")
        known, kind = self.offered.of(sections), "an-id" if plain is ID else "a-text"
        return self._once(f"{kind}-of-{sections}", {"anyOf": [{"enum": known}, plain]}) if known else self._once(kind, plain)

    def _once(self, name: str, made: Schema) -> Schema:
        """A definition that many keys share."""
        self.defs.setdefault(name, made)
        return {"$ref": f"#/$defs/{name}"}

    def _form(self, read: Callable[..., Any], shape: str, key: str) -> Schema:
        """What one reader of the vocabulary takes."""
        if read in FORMS:
            return self._once(*FORMS[read])
        if read is words._id:
            return self._offer(ID, shape, key)
        if read is words._limit:
            unsaid = {"type": "object", "required": ["gap"], "properties": {"gap": SCALAR}, "additionalProperties": False}
            some = [NUMBER, self.define(words.FromParameter), self.define(words.By), unsaid]
            return self._once("a-limit", {"anyOf": some})
        if read is words._window_word:
            return self._once("a-window", {"anyOf": [{"enum": list(words.WINDOWS)}, self.define(words.Unsaid)]})
        if read is words._within:
            return {"anyOf": [{"const": "without_delay"}, self.define(words.Within), self.define(words.WithinOn)]}
        if read is words._who:
            return {"anyOf": [self._offer(ID, shape, key), {"const": "who_recorded"}, self.define(words.AnyOf)]}
        if read is words._of:
            return {"anyOf": [self._offer(ID, shape, key), self.define(words.OfKind)]}
        words_of, shapes = CHOICES[read]
        return {"anyOf": [{"enum": list(words_of)}, *map(self.define, shapes), *([EVERY] if read is words._again else [])]}

    def _or_gap(self, value: Schema, shape: str, key: str) -> Schema:
        """Or a gap in its place: read as such a value, or not read where that may be."""
        if not self.with_gaps or value == {} or shape in ("Gap", "Unsaid") or (shape, key) == ("RulesetFile", "gaps"):
            return value
        is_read = self._once("a-gap-that-is-read", IS_READ)
        whole: Schema = {"if": is_read, "then": {"properties": {"read_as": value}}, "else": value}
        if key in words.DROPPED:  # a gap that nobody reads may stand here too
            whole["else"] = {"if": self._once("a-gap", IS_GAP), "then": {}, "else": value}
        return whole

    def _condition(self) -> Schema:
        some = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/Condition"}}
        asked = self._or_gap(self.define(words.Comparison), "Condition", "*")
        facts = {f: self._asked_of(section, f) for section in ASKED for f in self.offered.ids.get(section, ())}
        if facts:
            facts["grade"] = self._asked_of("grade", "grade")
        return {
            "description": "One key: any, all or none with a list, or one fact with what is asked of it.",
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "properties": {**facts, **{k: self._or_gap(some, "Condition", k) for k in ("any", "all", "none")}},
            "additionalProperties": asked,
        }

    def _asked_of(self, section: str, fact: str) -> Schema:
        """What may be asked of a fact of the base: its operators, with its answers offered."""
        operators, values = ASKED[section]
        name, values = f"asked-of-{section}", (*values, *self.offered.answers.get(fact, ()))
        comparison = self._shape(words.Comparison)
        kept = {k: v for k, v in comparison["properties"].items() if k in operators}
        if section == "questions":
            name = f"asked-of-{fact}"
        if values:
            word = {"anyOf": [{"enum": sorted(values)}, SCALAR]}
            for k in ("is", "includes"):
                if k in kept:
                    kept[k] = self._or_gap(word, "Comparison", k)
            if "one_of" in kept:
                kept["one_of"] = self._or_gap({"type": "array", "items": word}, "Comparison", "one_of")
        asked = self._once(name, {"type": "object", "properties": kept, "additionalProperties": False, "minProperties": 1})
        return self._or_gap(asked, "Condition", "*")

    def defaults(self, sections: dict[str, Schema]) -> tuple[Schema, list[Schema]]:
        """`defaults`, and what an item must say itself: a key that is neither there nor among the defaults of its section."""
        known, must = {}, []
        for section, value in sections.items():
            items = value.get("else", value)
            name = items.get("items", {}).get("$ref", "").removeprefix("#/$defs/")
            if not name:
                continue
            shape = self.defs[name]
            known[section] = {
                "type": "object",
                "properties": {k: {"$ref": f"#/$defs/{name}/properties/{k}"} for k in shape["properties"] if k != "id"},
                "additionalProperties": False,
            }
            said = [k for k in shape["required"] if k != "id"]
            shape["required"] = [k for k in shape["required"] if k == "id"]
            for key in said:
                there = {"properties": {"defaults": {"properties": {section: {"required": [key]}}, "required": [section]}}}
                is_part = {"not": {"required": ["ruleset"]}}  # the defaults may stand in another file of the folder
                must.append(
                    {
                        "if": {"anyOf": [is_part, {**there, "required": ["defaults"]}]},
                        "else": {"properties": {section: {"items": {"required": [key]}}}},
                    }
                )
        return {"type": "object", "properties": known, "additionalProperties": False}, must


# ---------------------------------------------------------------------- the forms of single values
def _grade_bands() -> Iterator[str]:
    return (f"{low}(-[{low}-9])?" for low in range(10))


ID: Schema = {"type": "string", "pattern": f"^{words.KEBAB.pattern.replace(chr(92) + 'Z', '$')}"}
WHOLE: Schema = {
    "anyOf": [
        {"type": "integer", "exclusiveMinimum": -(10**9), "exclusiveMaximum": 10**9},
        {"type": "string", "pattern": r"^-?[0-9]{1,9}$"},
    ]
}
FROM_ONE: Schema = {
    "anyOf": [
        {"type": "integer", "minimum": 1, "exclusiveMaximum": 10**9},
        {"type": "string", "pattern": r"^(?=.{1,9}$)0*[1-9][0-9]*$"},
    ]
}
NUMBER: Schema = {
    "anyOf": [
        {"type": "number", "minimum": 0, "exclusiveMaximum": 10**9},
        {"type": "string", "pattern": r"^[0-9]{1,9}(\.[0-9]{1,2})?$"},
    ]
}
EVERY: Schema = {
    "type": "object",
    "required": ["every"],
    "properties": {
        "every": {
            "type": "object",
            "required": ["from"],
            "minProperties": 2,
            "maxProperties": 2,
            "additionalProperties": FROM_ONE,
        }
    },
    "additionalProperties": False,
}
OF_A_YEAR = "^(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|[12][0-9]))$"
FORMS: dict[Any, tuple[str, Schema]] = {
    words._whole: ("a-whole-number", WHOLE),
    words._number: ("a-number", NUMBER),
    words._yes_no: ("yes-or-no", {"enum": ["yes", "no"]}),
    words._day: ("a-day", {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "format": "date"}),
    words._grades: (
        "grades",
        {
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": 9},
                {"type": "string", "pattern": f"^(?:{'|'.join(_grade_bands())})$"},
            ]
        },
    ),
    words._month_day: ("a-day-of-the-year", {"type": "string", "pattern": OF_A_YEAR}),
    words._because: ("a-reason", SAID | {"pattern": r"\S"}),
}
CHOICES: dict[Any, tuple[tuple[str, ...], tuple[type[BaseModel], ...]]] = {
    words._again: (("next_window", "when_true_anew", "once"), (words.Each,)),
    words._lasts: (("until_closed", "until_done", "while_true"), (words.UntilEndOf, words.SpanOf)),
    words._since: (("last_check",), (words.SinceOf,)),
    words._kinds: (("all",), (words.Kinds,)),
    words._layer_may: (words.LAYER_MAY, (words.Bounds,)),
    words._day_from: (("any_part", "half", "whole"), (words.DayFrom,)),
}
SPECIAL: dict[tuple[str, str], Schema] = {("Parameter", "value"): {"anyOf": [{"const": "unset"}, NUMBER]}}
SPECIAL |= {("Rolling", key): FROM_ONE for key in ONE_OF["Rolling"]}
MORE: dict[str, Schema] = {
    "Action": {
        "oneOf": [
            {"required": ["id", "name", "who", "duty", "about"], "not": {"required": ["act"]}},
            {"required": ["act"], "not": {"required": ["id"]}},
        ]
    },
    "Rolling": {"dependentRequired": {"week_from": ["school_weeks"]}},
    "Text": {"anyOf": [{"required": [k], "properties": {k: {"not": {"enum": ["", None]}}}} for k in words.LANGUAGES]},
}
