"""What may be written in a ruleset: one pydantic model for each shape, and the sentence for each fault.

Rules: a scalar arrives as the text that was written and is typed here and nowhere else; an unknown key is a fault, never
ignored; one fault gives one problem with the place of the value in its file. What the values mean together (does this id
exist, does the limit rise) is asked in `model.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from sky_model.errors import Problem, nearest
from sky_model.source import Source

__all__ = [
    "LANGUAGES",
    "Action",
    "CalendarFile",
    "Closing",
    "Community",
    "Comparison",
    "Condition",
    "Consent",
    "Counter",
    "Group",
    "Kind",
    "Organisation",
    "Parameter",
    "Question",
    "Report",
    "Role",
    "RulesetFile",
    "SourceItem",
    "Statement",
    "Step",
    "Text",
    "Tier",
    "read",
]

LANGUAGES = ("fi", "sv", "en")
KEBAB = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")


def _fault(code: str, message: str, hint: str = "") -> PydanticCustomError:
    return PydanticCustomError("sky", "{message}", {"code": code, "message": message, "hint": hint})


def _id(value: Any) -> str:
    if not isinstance(value, str):
        raise _fault("not-an-id", "a name is expected here", "write a kebab-case name, such as first-contact")
    if not KEBAB.match(value):
        plain = value.lower().translate(str.maketrans("äåöü _", "aaou--"))
        plain = re.sub(r"[^a-z0-9-]+", "", plain).strip("-")
        hint = f"write '{plain}'; the name for people goes into `name`" if KEBAB.match(plain) else "use a-z, 0-9 and -"
        raise _fault("not-an-id", f"'{value}' is not a name of lower-case letters, digits and hyphens", hint)
    return value


def _whole(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,9}", value):
        return int(value)
    raise _fault("not-whole", f"{_shown(value)} is not a whole number", "write digits only, such as 30")


def _number(value: Any) -> Decimal:
    if isinstance(value, Decimal):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{1,9}(\.\d{1,2})?", value):
        return Decimal(value)
    if isinstance(value, str) and re.fullmatch(r"\d+,\d+", value):
        raise _fault("decimal-comma", f"'{value}' has a decimal comma", f"write {value.replace(',', '.')}")
    if isinstance(value, str) and re.match(r"[<>=]", value):
        raise _fault("sign", f"'{value}' holds a comparison sign", "write it as a word: at_least, more_than, at_most, less_than")
    raise _fault("not-a-number", f"{_shown(value)} is not a number", "write digits with at most two decimals, such as 30 or 7.5")


def _yes_no(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("yes", "no"):
        return bool(value == "yes")
    raise _fault("not-yes-no", f"{_shown(value)} is neither yes nor no", "write yes or no")


def _day(value: Any) -> date:
    if isinstance(value, date):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise _fault("no-such-day", f"the date {value} does not exist", "check day and month") from None
    raise _fault("not-a-day", f"{_shown(value)} is not a date", "write it as 2026-08-12")


def _grades(value: Any) -> tuple[int, int]:
    """`1-9` or `7`; grade 0 is pre-primary."""
    match = re.fullmatch(r"(\d)(?:-(\d))?", value) if isinstance(value, str) else None
    if match is None or int(match[2] or match[1]) < int(match[1]):
        raise _fault("not-grades", f"{_shown(value)} is no range of grades", "write 1-9 or 7")
    return int(match[1]), int(match[2] or match[1])


def _shown(value: Any) -> str:
    return f"'{value}'" if isinstance(value, str) else f"a {'list' if isinstance(value, list) else 'mapping'}"


def _read_as(read: Callable[[Any], Any], schema: dict[str, Any]) -> Any:
    return Annotated[Any, BeforeValidator(read), PlainSerializer(str), WithJsonSchema(schema)]


TEXT = {"type": "string"}
Id = Annotated[str, BeforeValidator(_id), WithJsonSchema({**TEXT, "pattern": KEBAB.pattern.replace(r"\Z", "$")})]
Whole = Annotated[int, BeforeValidator(_whole), WithJsonSchema({"type": ["integer", "string"]})]
Number = Annotated[Decimal, BeforeValidator(_number), WithJsonSchema({"type": ["number", "string"]})]
YesNo = Annotated[bool, BeforeValidator(_yes_no), WithJsonSchema({"enum": ["yes", "no"]})]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({**TEXT, "format": "date"})]
Grades = Annotated[tuple[int, int], BeforeValidator(_grades), WithJsonSchema({**TEXT, "pattern": r"^\d(-\d)?$"})]


class Shape(BaseModel):
    """What all shapes keep: unknown keys are faults, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Text(Shape):
    """One text for people in several languages. A released ruleset has all three."""

    fi: str | None = None
    sv: str | None = None
    en: str | None = None

    @model_validator(mode="after")
    def _some(self) -> Text:
        if not (self.fi or self.sv or self.en):
            raise _fault("no-text", "a text needs at least one language", "write {fi: …, sv: …, en: …}")
        return self

    def in_language(self, language: str) -> str:
        """The text in a language; Finnish, then English, then Swedish where it is missing."""
        return getattr(self, language) or self.fi or self.en or self.sv or ""


class FromParameter(Shape):
    """A number that is written once among the parameters."""

    parameter: Id


class ByGrade(Shape):
    grade: dict[str, Any]


class By(Shape):
    """A value that differs by grade; the bands cover every grade of the ruleset once."""

    by: ByGrade


Limit = Number | FromParameter | By


def _limit(value: Any) -> Any:
    """A number, `{parameter: …}` or `{by: {grade: …}}`: read by its key, so that one fault gives one problem."""
    if isinstance(value, dict):
        if "parameter" in value:
            return FromParameter.model_validate(value)
        if "by" in value:
            return By.model_validate(value)
        raise _fault("not-a-limit", "a limit is a number, {parameter: …} or {by: {grade: …}}")
    return _number(value)


ALimit = Annotated[Any, BeforeValidator(_limit), WithJsonSchema({"type": ["number", "string", "object"]})]


class SpanOf(Shape):
    """A length of time: exactly one clock with its number."""

    school_days: ALimit | None = None
    weekdays: ALimit | None = None
    calendar_days: ALimit | None = None
    school_weeks: ALimit | None = None
    calendar_months: ALimit | None = None
    terms: ALimit | None = None

    @model_validator(mode="after")
    def _one(self) -> SpanOf:
        if len(self.clocks()) != 1:
            hint = "write one of school_days, weekdays, calendar_days, school_weeks, calendar_months, terms"
            raise _fault("which-clock", "a length of time needs exactly one clock", hint)
        return self

    def clocks(self) -> list[str]:
        return [k for k in SpanOf.model_fields if getattr(self, k) is not None]


class Comparison(Shape):
    """What is asked of one fact; several must all hold."""

    is_: str | None = Field(default=None, alias="is")
    one_of: list[str] | None = None
    includes: str | None = None
    at_least: ALimit | None = None
    more_than: ALimit | None = None
    at_most: ALimit | None = None
    less_than: ALimit | None = None
    done_within: SpanOf | None = None

    @model_validator(mode="after")
    def _some(self) -> Comparison:
        if not self.asked():
            raise _fault("no-comparison", "nothing is asked of this fact", "write for example {at_least: 30} or {is: raised}")
        return self

    def asked(self) -> dict[str, Any]:
        pairs = ((f.alias or n, getattr(self, n)) for n, f in type(self).model_fields.items())
        return {k: v for k, v in pairs if v is not None}


class Condition(BaseModel):
    """One key a node: `any`, `all`, `none` with a list, or a fact with its comparison."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, Comparison]
    any: list[Condition] | None = None
    all: list[Condition] | None = None
    none: list[Condition] | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_key(cls, value: Any) -> Any:
        if isinstance(value, dict) and len(value) != 1:
            keys = ", ".join(f"'{k}'" for k in value) or "nothing"
            raise _fault("one-key", f"a condition has one key, here are {keys}", "join several under any: or all:")
        if isinstance(value, dict):
            ((key, body),) = value.items()
            if key in ("any", "all", "none") and isinstance(body, list) and not body:
                raise _fault("empty-list", f"'{key}' is empty", "write at least one condition under it")
        return value

    def key(self) -> tuple[str, Any]:
        for k in ("any", "all", "none"):
            if getattr(self, k) is not None:
                return k, getattr(self, k)
        ((fact, comparison),) = (self.__pydantic_extra__ or {}).items()
        return fact, comparison


class SourceItem(Shape):
    """Where a rule comes from. `statute` and `norm` make what rests on them statutory."""

    id: Id
    kind: Literal["statute", "norm", "guidance", "local", "research"]
    name: str
    valid_from: Day | None = None
    url: str | None = None
    certainty: Literal["primary", "secondary", "inference", "unconfirmed"]
    note: str | None = None


About = Literal["absence", "welfare", "health", "support", "child_protection"]
Certainty = Literal["primary", "secondary", "inference", "unconfirmed"]


class Sourced(Shape):
    """What carries its source. Without `certainty` that of the source holds."""

    source: Id | None = None
    certainty: Certainty | None = None
    note: Text | None = None


class Gap(Shape):
    """The silence of a source, written down. With `read_as` the ruleset answers and says so."""

    what: str
    read_as: str | None = None
    because: str | None = None


class Kind(Sourced):
    """What a mark can be. Only authorised, unauthorised and unexplained are absence."""

    id: Id
    is_: Literal["authorised", "unauthorised", "unexplained", "attended", "not_planned"] = Field(alias="is")
    about: About | None = None
    name: Text


class LocalCode(Shape):
    """How one system names a kind."""

    system: Id
    code: str
    kind: Id
    valid_from: Day | None = None


class Kinds(Shape):
    only: list[Id] | None = None
    all_except: list[Id] | None = None

    @model_validator(mode="after")
    def _one(self) -> Kinds:
        if (self.only is None) == (self.all_except is None):
            raise _fault("which-kinds", "say which kinds count", "write all, {only: [...]} or {all_except: [...]}")
        return self


def _kinds(value: Any) -> Any:
    if isinstance(value, dict):
        return Kinds.model_validate(value)
    if value != "all":
        raise _fault(
            "which-kinds", f"{_shown(value)} does not say which kinds count", "write all, {only: [...]} or {all_except: [...]}"
        )
    return value


AKinds = Annotated[Any, BeforeValidator(_kinds), WithJsonSchema({"type": ["string", "object"]})]


class Rolling(Shape):
    school_weeks: Whole | None = None
    school_days: Whole | None = None

    @model_validator(mode="after")
    def _one(self) -> Rolling:
        given = [x for x in (self.school_weeks, self.school_days) if x is not None]
        if len(given) != 1 or given[0] < 1:
            raise _fault("rolling", "a rolling window has one length of at least 1", "write {school_weeks: 12}")
        return self


class WindowOf(Shape):
    in_: Literal["term", "school_year", "enrolment", "any_time"] = Field(alias="in")
    rolling: Rolling | None = None


class ShareOf(Shape):
    planned: Literal["so_far"]


class Minimum(Shape):
    planned_lessons: Whole


class Counter(Sourced):
    """What is computed from marks; conditions only compare."""

    id: Id
    name: Text | None = None
    measure: Literal["lessons", "marks"]
    lesson_minutes: Whole | None = None
    kinds: AKinds
    window: WindowOf
    share_of: ShareOf | None = None
    minimum: Minimum | None = None
    layer_may: Literal["nothing", "set", "lower", "raise", "reword", "anything"] | None = None


class Report(Sourced):
    """What a person raises; nobody is asked for it."""

    id: Id
    by: list[Id]
    about: About | None = None
    name: Text


class Question(Sourced):
    """Unknown until a person answers."""

    id: Id
    answers: Literal["date"] | list[Id]
    several: YesNo = False
    by: list[Id]
    about: About | None = None
    good_for: SpanOf | None = None
    if_not_done: Tell | None = None
    within: SpanOf | None = None
    name: Text


class Tell(Shape):
    tell: Id


class Parameter(Sourced):
    """A number with its place among the rules; `unset` takes away the line that reads it."""

    id: Id
    unit: Literal["lessons", "per_cent", "marks", "school_days", "weekdays", "calendar_days", "school_weeks"]
    value: str | Annotated[Any, WithJsonSchema({"type": "number"})]
    layer_may: Literal["nothing", "set", "lower", "raise", "anything"] | None = None
    name: Text | None = None

    @model_validator(mode="after")
    def _value(self) -> Parameter:
        if self.value != "unset":
            _number(self.value)
        return self

    def number(self) -> Decimal | None:
        return None if self.value == "unset" else _number(self.value)


class Tier(Sourced):
    """A tier of measures, never of a child."""

    id: Id
    name: Text
    says: Text | None = None


class CriticalRule(Sourced):
    """One of the rules around which the model is organised."""

    id: Id
    name: Text
    served_by: list[Id] = []


class AnyOf(Shape):
    any_of: list[Id]


def _who(value: Any) -> Any:
    return AnyOf.model_validate(value) if isinstance(value, dict) else _id(value) if value != "who_recorded" else value


Who = Annotated[Any, BeforeValidator(_who), WithJsonSchema({"type": ["string", "object"]})]


class AtLeast(Shape):
    count: Whole
    of: list[Id]


class With(Shape):
    required: list[Id] = []
    optional: list[Id] = []
    at_least: AtLeast | None = None


class Within(SpanOf):
    """A due day: a length of time, counted from the opening, from another action or from a report."""

    after: Id | None = None
    from_: Id | None = Field(default=None, alias="from")


def _within(value: Any) -> Any:
    return "without_delay" if value == "without_delay" else Within.model_validate(value)


AWithin = Annotated[Any, BeforeValidator(_within), WithJsonSchema({"type": ["string", "object"]})]


class Action(Sourced):
    """What is to be done, by whom, by when. `act` takes an action written elsewhere: the same act."""

    id: Id | None = None
    act: Id | None = None
    name: Text | None = None
    who: Who | None = None
    duty: Literal["must", "should", "consider", "may"] | None = None
    about: About | None = None
    with_: With | None = Field(default=None, alias="with")
    to: list[Id] | None = None
    asks: list[Id] | None = None
    within: AWithin | None = None
    when: Condition | None = None
    unless: Condition | None = None
    after: list[Id] | None = None
    record: Id | None = None
    hand_over: YesNo | None = None
    if_not_done: Tell | None = None
    fulfilled_by: Literal["system"] | None = None
    each_mark: YesNo | None = None
    says: Text | None = None

    @model_validator(mode="after")
    def _one_name(self) -> Action:
        if (self.id is None) == (self.act is None):
            raise _fault("id-or-act", "an action has either its own `id` or the `act` that it repeats")
        missing = [] if self.act else [k for k in ("name", "who", "duty", "about") if getattr(self, k) is None]
        if missing:
            raise _fault("missing", f"the action '{self.id}' lacks {', '.join(f'`{m}`' for m in missing)}")
        return self


class Each(Shape):
    each: Literal["mark", "day"]


def _again(value: Any) -> Any:
    words = ("next_window", "when_true_anew", "once")
    if isinstance(value, dict):
        return Each.model_validate(value)
    if value not in words:
        raise _fault(
            "again",
            f"{_shown(value)} does not say when a step may open again",
            f"write one of {', '.join(words)}, {{each: mark}}",
        )
    return value


def _lasts(value: Any) -> Any:
    words = ("until_closed", "until_done", "while_true")
    if isinstance(value, dict):
        return UntilEndOf.model_validate(value) if "until_end_of" in value else SpanOf.model_validate(value)
    if value not in words:
        raise _fault(
            "lasts",
            f"{_shown(value)} does not say what ends a step",
            f"write one of {', '.join(words)}, {{until_end_of: term}}, {{school_days: 45}}",
        )
    return value


class UntilEndOf(Shape):
    until_end_of: Literal["term"]


class Watch(Shape):
    """For so long after a closing the step opens also at these smaller limits, counted from the day after it."""

    for_: SpanOf = Field(alias="for")
    opens: Condition


class Reason(Shape):
    id: Id
    name: Text


class Closing(Shape):
    by: list[Id]
    reasons: list[Reason] = Field(min_length=1)
    suggest: Condition | None = None
    watch: Watch | None = None


class Step(Sourced):
    """A step of the path: when it opens, how long it lasts, what is done."""

    id: Id
    tier: Id
    grades: Grades | None = None
    name: Text
    opens: Condition
    lasts: Annotated[Any, BeforeValidator(_lasts), WithJsonSchema({"type": ["string", "object"]})]
    again: Annotated[Any, BeforeValidator(_again), WithJsonSchema({"type": ["string", "object"]})]
    above: dict[str, Literal["includes", "replaces", "beside"]] = {}
    was: list[Id] = []
    actions: list[Action] = []
    closing: Closing | None = None
    layer_may: Literal["nothing", "reword", "anything"] | None = None


class Ends(Shape):
    step: Id
    because: str


class Every(Shape):
    month: YesNo | None = None


class Community(Sourced):
    """Preventive work with a group or the whole school; printed, decides nothing for a pupil."""

    id: Id
    tier: Id
    name: Text
    who: Who
    for_: Literal["class", "grade", "school"] = Field(alias="for")
    grades: list[Grades] | None = None
    every: Literal["week", "month", "term", "school_year"] | Gap | None = None
    duty: Literal["must", "should", "consider", "may"]
    serves: list[Id] = []


class Statement(Sourced):
    """What is printed and decides nothing."""

    id: Id
    topic: Id
    says: Text


class Organisation(Sourced):
    id: Id
    name: Text
    controller: YesNo = True


class Role(Sourced):
    """Who acts: a profession, a role that a person may have beside it, or a party such as the guardian."""

    id: Id
    what: Literal["profession", "role", "party", "service"]
    name: Text
    unconfirmed_names: list[Literal["fi", "sv", "en"]] = []
    is_: By | None = Field(default=None, alias="is")
    organisation: Id | None = None
    deputies: list[Id] = []
    sees: list[About] = []
    groups: list[Id] = []
    staff: YesNo = True
    pupils_per_person: Whole | None = None
    pupil_data: YesNo = True
    does: Text | None = None
    layer_may: Literal["nothing", "reword", "anything"] | None = None


class Group(Sourced):
    id: Id
    name: Text
    unconfirmed_names: list[Literal["fi", "sv", "en"]] = []
    led_by: Id | None = None
    organisation: Id | None = None
    sees: list[About] = []


class NeededFor(Shape):
    with_: list[Id] | None = Field(default=None, alias="with")
    about: list[About] | None = None
    to: list[Id] | None = None
    actions: list[Id] | None = None


class Consent(Sourced):
    """Without it what needs it is blocked; `presumed` counts as given until it is refused."""

    id: Id
    name: Text
    given_by: list[Id]
    if_pupil_cannot_judge: list[Id] = []
    presumed: YesNo = False
    needed_for: NeededFor


class Adopted(Shape):
    by: str
    on: Day
    section: str | None = None


class Owner(Shape):
    role: Id


class SetParameter(Shape):
    parameter: Id
    to: Number
    because: str


class RulesetFile(Shape):
    """All files of one layer together, by their sections."""

    format: Literal["1"]
    ruleset: Id
    version: str
    extends: str | None = None
    status: Literal["draft", "pilot", "adopted", "retired", "variant"]
    valid_from: Day
    valid_until: Day | None = None
    adopted: Adopted | None = None
    owner: Owner | None = None
    review_by: Day | None = None
    requires_engine: str | None = None
    grades: Grades = (0, 9)
    name: Text
    about: Text | None = None
    sources: list[SourceItem] = []
    gaps: list[Gap] = []
    kinds: list[Kind] = []
    local_codes: list[LocalCode] = []
    counters: list[Counter] = []
    reports: list[Report] = []
    questions: list[Question] = []
    parameters: list[Parameter] = []
    tiers: list[Tier] = []
    critical_rules: list[CriticalRule] = []
    steps: list[Step] = []
    ends: list[Ends] = []
    community: list[Community] = []
    statements: list[Statement] = []
    organisations: list[Organisation] = []
    roles: list[Role] = []
    groups: list[Group] = []
    consents: list[Consent] = []
    texts: dict[str, Text] = {}
    set: list[SetParameter] = []


class Term(Shape):
    id: Id
    from_: Day = Field(alias="from")


class Break(Shape):
    id: Id
    from_: Day = Field(alias="from")
    to: Day


class Holiday(Shape):
    on: Day
    name: Text


class AlsoSchool(Shape):
    on: Day
    because: str


class CalendarSource(Shape):
    id: Id
    url: str | None = None
    name: str | None = None
    certainty: Certainty
    says: list[str]


class Assumed(Shape):
    what: str
    because: str


class CalendarFile(Shape):
    """The school days of one place in one school year."""

    format: Literal["1"]
    calendar: str
    status: Literal["named", "example"]
    name: Text
    first_day: Day
    last_day: Day
    lesson_minutes: Whole
    terms: list[Term] = []
    breaks: list[Break] = []
    public_holidays: list[Holiday] = []
    also_school: list[AlsoSchool] = []
    school_days_stated: Whole | None = None
    school_days_counted: Whole | None = None
    sources: list[CalendarSource] = []
    assumed: list[Assumed] = []
    gaps: list[Assumed] = []
    notes: list[str] = []


Question.model_rebuild()
Action.model_rebuild()

S = TypeVar("S", bound=BaseModel)


def read(shape: type[S], data: Any, place: Callable[[tuple[str | int, ...]], Any]) -> tuple[S | None, list[Problem]]:
    """`data` as `shape`, or every fault with its place. `place` finds the place of a path of keys."""
    try:
        return shape.model_validate(data), []
    except ValidationError as e:
        return None, [_problem(shape, x, place) for x in e.errors(include_url=False, include_input=True)]


def _problem(shape: type[BaseModel], error: Any, place: Callable[[tuple[str | int, ...]], Any]) -> Problem:
    """One pydantic error in our words. Branch names of unions in its location are no keys of the file and fall away."""
    kind, loc, context = error["type"], tuple(error["loc"]), error.get("ctx") or {}
    key = str(loc[-1]) if loc else ""
    if kind == "sky":
        return Problem(context["code"], context["message"], place(loc), context["hint"])
    if kind == "missing":
        return Problem("missing", f"`{key}` is missing", place(loc[:-1]), f"add `{key}: …`")
    if kind == "extra_forbidden" and key.isdigit():
        return Problem("decimal-comma", f"a comma stands before '{key}'", place(loc), "write a decimal point, such as 10.5")
    if kind == "extra_forbidden":
        known = _keys(shape, loc[:-1]) or [f.alias or n for n, f in Comparison.model_fields.items()]
        hint = nearest(key, known) or "leave it out, or see the reference for the keys that may stand here"
        return Problem("unknown-key", f"unknown key '{key}'", place(loc), hint)
    if kind == "literal_error":
        return Problem("not-one-of", f"{_shown(error['input'])} is not one of {context['expected']}", place(loc))
    if kind in ("model_type", "dict_type", "model_attributes_type"):
        return Problem("not-a-mapping", f"a mapping of keys and values is expected at '{key}'", place(loc))
    if kind == "list_type":
        return Problem("not-a-list", f"a list is expected at '{key}'", place(loc), "begin each item with '- '")
    if kind == "string_type":
        return Problem("not-text", f"a text is expected at '{key}'", place(loc))
    if kind in ("too_short",):
        return Problem("empty-list", f"'{key}' is empty", place(loc), "write at least one item")
    return Problem("not-valid", f"'{key}': {error['msg'].lower()}", place(loc))


def _keys(shape: Any, loc: tuple[str | int, ...]) -> list[str]:
    """The keys that may stand at a location, as far as plain models lead there."""
    for step in loc:
        if isinstance(step, int):
            continue
        fields = getattr(shape, "model_fields", None)
        if not fields:
            return []
        found = next((f for n, f in fields.items() if (f.alias or n) == step), None)
        shape = _inner(found.annotation) if found else None
    return [f.alias or n for n, f in getattr(shape, "model_fields", {}).items()]


def _inner(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((x for x in map(_inner, getattr(annotation, "__args__", ())) if x is not None), None)


def places_of(source: Source, prefix: tuple[str | int, ...] = ()) -> Callable[[tuple[str | int, ...]], Any]:
    return lambda path: source.place(prefix + path)
