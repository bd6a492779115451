"""What may be written in a ruleset: one pydantic model for each shape, and the sentence for each fault.

Rules: a scalar arrives as the text that was written and is typed here and nowhere else; an unknown key is a fault, never
ignored; one fault gives one problem with the place of the value in its file. What the values mean together (does this id
exist, does the limit rise) is asked in `model.py`.
"""

from __future__ import annotations

import json
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
    PrivateAttr,
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
    "keys_at",
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
        small, large = value.partition(",")[0], value.replace(",", "")
        if re.fullmatch(r"[1-9]\d{0,2},\d{3}", value):
            raise _fault("decimal-comma", f"'{value}' has a comma: it may be {small} or {large}", f"write {small} or {large}")
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


def _month_day(value: Any) -> str:
    """`11-01`: a day of every school year."""
    match = re.fullmatch(r"(\d{2})-(\d{2})", value) if isinstance(value, str) else None
    if match is None:
        raise _fault("not-a-day", f"{_shown(value)} is not a day of the year", "write month and day, such as 11-01")
    try:
        date(2024, int(match[1]), int(match[2]))
    except ValueError:
        raise _fault("no-such-day", f"the day {value} does not exist", "check month and day") from None
    return str(value)


MonthDay = Annotated[str, BeforeValidator(_month_day), WithJsonSchema({"type": "string", "pattern": r"^\d{2}-\d{2}$"})]
Id = Annotated[str, BeforeValidator(_id), WithJsonSchema({**TEXT, "pattern": KEBAB.pattern.replace(r"\Z", "$")})]
Whole = Annotated[int, BeforeValidator(_whole), WithJsonSchema({"type": ["integer", "string"]})]
Number = Annotated[Decimal, BeforeValidator(_number), WithJsonSchema({"type": ["number", "string"]})]
YesNo = Annotated[bool, BeforeValidator(_yes_no), WithJsonSchema({"enum": ["yes", "no"]})]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({**TEXT, "format": "date"})]
Grades = Annotated[tuple[int, int], BeforeValidator(_grades), WithJsonSchema({**TEXT, "pattern": r"^\d(-\d)?$"})]


class Shape(BaseModel):
    """What all shapes keep: unknown keys are faults, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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


class Unsaid(Shape):
    """A value that the source does not give and that nobody read otherwise: what needs it is not known."""

    gap: str


def _limit(value: Any) -> Any:
    """A number, `{parameter: …}`, `{by: {grade: …}}` or `{gap: …}`: read by its key, so that one fault gives one problem."""
    if isinstance(value, dict):
        if "gap" in value:
            return Unsaid.model_validate(value)
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
    read_on: Day | None = None
    note: str | None = None


class Bounds(Shape):
    """Between which numbers a layer may set this one, both included."""

    at_least: Number | None = None
    at_most: Number | None = None

    @model_validator(mode="after")
    def _some(self) -> Bounds:
        if self.at_least is None and self.at_most is None:
            raise _fault("layer-may", "these bounds hold no number", "write {at_least: 20, at_most: 50}, or one of them")
        return self


LAYER_MAY = ("nothing", "reword", "set", "lower", "raise", "anything")


def _layer_may(value: Any) -> Any:
    """What a layer above may do with this item; what that means is asked in `layers.py`."""
    if isinstance(value, dict):
        return Bounds.model_validate(value)
    if value not in LAYER_MAY:
        hint = f"write one of {', '.join(LAYER_MAY)}, {{at_least: 20, at_most: 50}}"
        raise _fault("layer-may", f"{_shown(value)} does not say what a layer may do", hint)
    return value


LayerMay = Annotated[Any, BeforeValidator(_layer_may), WithJsonSchema({"type": ["string", "object"]})]


About = Literal["absence", "welfare", "health", "support", "child_protection"]
Certainty = Literal["primary", "secondary", "inference", "unconfirmed"]


class Sourced(Shape):
    """What carries its source. Without `certainty` that of the source holds."""

    source: Id | None = None
    certainty: Certainty | None = None
    note: Text | None = None
    layer_may: LayerMay | None = None


class Gap(Shape):
    """The silence of a source, written down. With `read_as` the ruleset answers and says so."""

    gap: str
    read_as: str | None = None
    because: str | None = None


class Kind(Sourced):
    """What a mark can be. Only authorised, unauthorised and unexplained are absence."""

    id: Id
    is_: Literal["authorised", "unauthorised", "unexplained", "attended", "not_planned"] = Field(alias="is")
    about: About | None = None
    name: Text


class LocalCode(Shape):
    """How one system names a kind, on the days from `valid_from` to `valid_until`."""

    system: Id
    code: str
    kind: Id
    valid_from: Day | None = None
    valid_until: Day | None = None


class MarkFilter(Shape):
    """Which marks: every line must hold of the mark. What a mark does not say is not known."""

    part: Comparison | None = None
    minutes: Comparison | None = None
    lessons: Comparison | None = None
    explained: Comparison | None = None
    subject: Comparison | None = None
    teacher: Comparison | None = None
    lesson: Comparison | None = None

    @model_validator(mode="after")
    def _some(self) -> MarkFilter:
        if not self.lines():
            raise _fault("no-comparison", "nothing is asked of the marks", "write for example {minutes: {more_than: 30}}")
        return self

    def lines(self) -> dict[str, Comparison]:
        return {n: c for n in type(self).model_fields if (c := getattr(self, n)) is not None}


class Amount(Shape):
    lessons: Number | None = None
    minutes: Number | None = None


class Becomes(Shape):
    """Marks of one kind that are of another one, for every counter at once; `as` gives them another length."""

    kind: Id
    marks: MarkFilter
    to: Id
    as_: Amount | None = Field(default=None, alias="as")
    source: Id | None = None


class Schedule(Sourced):
    """Days on which something is read or done: exactly one way of naming them."""

    id: Id
    name: Text | None = None
    dates: list[MonthDay] | None = None
    weekdays: list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]] | None = None
    weeks: list[Whole] | None = None
    start_of: Literal["term", "period", "quarter", "month", "school_year"] | None = None
    end_of: Literal["term", "period", "quarter", "month", "school_year"] | None = None
    days_named: Id | None = None

    @model_validator(mode="after")
    def _one(self) -> Schedule:
        if len([n for n in SCHEDULED if getattr(self, n) is not None]) != 1:
            raise _fault("which-days", "a schedule names its days in one way", f"write one of {', '.join(SCHEDULED)}")
        return self


SCHEDULED = ("dates", "weekdays", "weeks", "start_of", "end_of", "days_named")


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


class FullWeek(Shape):
    school_days: Whole


class Rolling(Shape):
    """The last so many days or weeks. `week_from`: a school week has at least so many school days."""

    school_weeks: Whole | None = None
    school_days: Whole | None = None
    calendar_days: Whole | None = None
    calendar_months: Whole | None = None
    week_from: FullWeek | None = None

    @model_validator(mode="after")
    def _one(self) -> Rolling:
        given = [x for x in (self.school_weeks, self.school_days, self.calendar_days, self.calendar_months) if x is not None]
        if len(given) != 1 or given[0] < 1:
            hint = "write one of school_weeks, school_days, calendar_days, calendar_months, such as {school_weeks: 12}"
            raise _fault("rolling", "a rolling window has one length of at least 1", hint)
        if self.week_from is not None and self.school_weeks is None:
            raise _fault("rolling", "`week_from` says what a school week is", "write it beside school_weeks")
        return self


class SinceOf(Shape):
    """From the day after: an action was done, a step opened or ended."""

    done: Id | None = None
    opened: Id | None = None
    ended: Id | None = None

    @model_validator(mode="after")
    def _one(self) -> SinceOf:
        if len([x for x in (self.done, self.opened, self.ended) if x]) != 1:
            raise _fault("since", "a window begins after one thing", "write {done: …}, {opened: …}, {ended: …} or last_check")
        return self


def _since(value: Any) -> Any:
    if isinstance(value, dict):
        return SinceOf.model_validate(value)
    if value != "last_check":
        raise _fault("since", f"{_shown(value)} begins no window", "write {done: …}, {opened: …}, {ended: …} or last_check")
    return value


ASince = Annotated[Any, BeforeValidator(_since), WithJsonSchema({"type": ["string", "object"]})]
WINDOWS = ("term", "period", "quarter", "month", "school_year", "enrolment", "any_time")


def _window_word(value: Any) -> Any:
    if isinstance(value, dict) and "gap" in value:
        return Unsaid.model_validate(value)
    if value not in WINDOWS:
        raise _fault("not-one-of", f"{_shown(value)} is no window", f"write one of {', '.join(WINDOWS)}")
    return value


AWindowWord = Annotated[Any, BeforeValidator(_window_word), WithJsonSchema({"type": ["string", "object"]})]


class WindowOf(Shape):
    in_: AWindowWord = Field(alias="in")
    rolling: Rolling | None = None
    since: ASince | None = None
    unbroken: YesNo = False


class ShareOf(Shape):
    planned: Literal["so_far", "whole_window"] | None = None
    table: Id | None = None

    @model_validator(mode="after")
    def _one(self) -> ShareOf:
        if (self.planned is None) == (self.table is None):
            hint = "write {planned: so_far}, {planned: whole_window} or {table: …}"
            raise _fault("share-of", "say of what it is a share", hint)
        return self


class Table(Sourced):
    """Planned lessons by a published table: an approximation, and said to be one in every answer."""

    id: Id
    lessons: dict[Literal["school_year", "term", "period", "quarter"], Number]


class Minimum(Shape):
    planned_lessons: Whole


class DayFrom(Shape):
    """From which part of its planned lessons, or from how many minutes, a day counts."""

    per_cent: Whole | None = None
    minutes: Whole | None = None

    @model_validator(mode="after")
    def _one(self) -> DayFrom:
        if (self.per_cent is None) == (self.minutes is None):
            raise _fault("day-from", "say from what a day counts", "write {per_cent: 25} or {minutes: 31}")
        return self


def _day_from(value: Any) -> Any:
    if isinstance(value, dict):
        return DayFrom.model_validate(value)
    if value not in ("any_part", "half", "whole"):
        hint = "write any_part, half, whole, {per_cent: 25} or {minutes: 31}"
        raise _fault("day-from", f"{_shown(value)} does not say from what part a day counts", hint)
    return value


ADayFrom = Annotated[Any, BeforeValidator(_day_from), WithJsonSchema({"type": ["string", "object"]})]


class DayFilter(Shape):
    """Which days: the first school day after a break or a weekend, or days that the calendar names."""

    first_after: Literal["break", "weekend"] | None = None
    named: Id | None = None

    @model_validator(mode="after")
    def _one(self) -> DayFilter:
        if (self.first_after is None) == (self.named is None):
            raise _fault("which-days", "say which days count", "write {first_after: break}, {first_after: weekend} or {named: …}")
        return self


class OfKind(Shape):
    kind: Id


def _of(value: Any) -> Any:
    return OfKind.model_validate(value) if isinstance(value, dict) else _id(value)


AnOf = Annotated[Any, BeforeValidator(_of), WithJsonSchema({"type": ["string", "object"]})]


class Counter(Sourced):
    """What is computed from marks, or from what was done; conditions only compare."""

    id: Id
    name: Text | None = None
    measure: Literal["lessons", "clock_hours", "half_days", "days", "calendar_days", "episodes", "marks", "times", "days_since"]
    of: AnOf | None = None
    on_clock: Literal["school_days", "weekdays", "calendar_days"] | None = None
    lesson_minutes: Whole | None = None
    day_from: ADayFrom | None = None
    kinds: AKinds | None = None
    only_if: dict[str, Condition] = {}
    marks: MarkFilter | None = None
    days: DayFilter | None = None
    most_on_one: Literal["weekday", "subject", "teacher", "lesson"] | None = None
    window: WindowOf
    share_of: ShareOf | None = None
    minimum: Minimum | None = None
    checked: Id | None = None
    settles: SpanOf | None = None
    compared_with: Literal["window_before"] | None = None


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
    unit: Literal[
        "lessons", "per_cent", "marks", "days", "times", "minutes", "school_days", "weekdays", "calendar_days", "school_weeks",
        "calendar_months", "clock_hours", "half_days", "episodes",
    ]  # fmt: skip
    value: str | Annotated[Any, WithJsonSchema({"type": "number"})]
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


class WithinOn(Shape):
    """The day that was agreed in the case: the newest answer to a question; `or` a length of time until there is one."""

    on: Id
    or_: SpanOf | None = Field(default=None, alias="or")


def _within(value: Any) -> Any:
    if value == "without_delay":
        return value
    if isinstance(value, dict) and "on" in value:
        return WithinOn.model_validate(value)
    return Within.model_validate(value)


AWithin = Annotated[Any, BeforeValidator(_within), WithJsonSchema({"type": ["string", "object"]})]


class RepeatEvery(SpanOf):
    """How often: a length of time, or the days of a schedule."""

    schedule: Id | None = None

    @model_validator(mode="after")
    def _one(self) -> RepeatEvery:
        if len(self.clocks()) + (self.schedule is not None) != 1:
            raise _fault("which-clock", "say how often in one way", "write {school_weeks: 1} or {schedule: …}")
        return self


class Repeat(Shape):
    every: RepeatEvery


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
    grades: Grades | None = None
    repeat: Repeat | None = None
    record: Id | None = None
    hand_over: YesNo | None = None
    if_not_done: Tell | None = None
    fulfilled_by: Literal["system"] | None = None
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
    each: Literal["mark", "day", "episode"]


class EveryLevel(BaseModel):
    """Again at every further n: `{every: {absence-lessons: 50, from: 50}}`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    counter: str
    step: int
    first: int


def _every(value: Any) -> EveryLevel:
    counters = [k for k in value if k != "from"] if isinstance(value, dict) else []
    if len(counters) != 1 or "from" not in value:
        hint = "write {every: {absence-lessons: 50, from: 50}}"
        raise _fault("again", "say of which counter, every how many and from where", hint)
    step, first = _whole(value[counters[0]]), _whole(value["from"])
    if step < 1 or first < 1:
        raise _fault("again", "levels stand at 1 or above, and 1 or more apart", "write {every: {absence-lessons: 50, from: 50}}")
    return EveryLevel(counter=counters[0], step=step, first=first)


def _again(value: Any) -> Any:
    words = ("next_window", "when_true_anew", "once")
    if isinstance(value, dict):
        return _every(value["every"]) if set(value) == {"every"} else Each.model_validate(value)
    if value not in words:
        raise _fault(
            "again",
            f"{_shown(value)} does not say when a step may open again",
            f"write one of {', '.join(words)}, {{each: mark}}, {{every: {{absence-lessons: 50, from: 50}}}}",
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
    until_end_of: Literal["term", "period", "quarter", "month", "school_year"]


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
    opens: Condition | None = None
    expected_by: Condition | None = None
    lasts: Annotated[Any, BeforeValidator(_lasts), WithJsonSchema({"type": ["string", "object"]})]
    again: Annotated[Any, BeforeValidator(_again), WithJsonSchema({"type": ["string", "object"]})]
    above: dict[str, Literal["includes", "replaces", "beside"]] = {}
    was: list[Id] = []
    actions: list[Action] = []
    closing: Closing | None = None


class Message(Sourced):
    """What a system may send by number, apart from the procedure: once in its window, to whom, in which words."""

    id: Id
    name: Text | None = None
    grades: Grades | None = None
    when: Condition
    once_in: Literal["term", "period", "quarter", "month", "school_year", "enrolment", "any_time"]
    to: list[Id]
    about: About
    text: Id | None = None
    act: Id | None = None


class Row(Shape):
    step: Id
    when: Condition


class Ladder(Sourced):
    """Limits as a table: each row opens a step. `unique`: no two rows hold at once; `first`: the first that holds."""

    id: Id
    hit: Literal["unique", "first", "collect"]
    rows: list[Row] = Field(min_length=1)


class Ends(Shape):
    step: Id
    because: str


class Every(Shape):
    month: YesNo | None = None


class OnSchedule(Shape):
    schedule: Id


class Community(Sourced):
    """Preventive work with a group or the whole school; printed, decides nothing for a pupil."""

    id: Id
    tier: Id
    name: Text
    who: Who
    for_: Literal["class", "grade", "school"] = Field(alias="for")
    grades: list[Grades] | None = None
    every: Literal["week", "month", "term", "school_year"] | Gap | OnSchedule | None = None
    shows: list[Id] = []
    duty: Literal["must", "should", "consider", "may"]
    serves: list[Id] = []


class UpTo(SpanOf):
    lessons: Whole | None = None

    @model_validator(mode="after")
    def _one(self) -> UpTo:
        if len(self.clocks()) + (self.lessons is not None) != 1:
            raise _fault("which-clock", "a length of time needs exactly one clock", "write {school_days: 5} or {lessons: 2}")
        return self


class Statement(Sourced):
    """What is printed and decides nothing."""

    id: Id
    topic: Id
    up_to: UpTo | None = None
    granted_by: Who | None = None
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


def _because(value: Any) -> Any:
    if isinstance(value, str) and not value.strip():
        raise _fault("because", "`because` says nothing", "write who decided it, and where it can be read")
    return value


Because = Annotated[str, BeforeValidator(_because)]


class SetParameter(Shape):
    """Another number for a parameter of the base."""

    parameter: Id
    to: Number
    because: Because


class Change(Shape):
    """Another value in the place of one that stands beneath. What `from` and `to` may be is asked of the whole."""

    at: str
    from_: Any = Field(alias="from")
    to: Any
    because: Because


class Add(Shape):
    """One more item of a list, or with `key` one more key of a mapping."""

    at: str
    key: str | None = None
    item: Any
    because: Because


class Remove(Shape):
    """An item or a key that stands beneath and no longer holds."""

    at: str
    because: Because


class Reading(Shape):
    """A gap that stands in place of a value: where, what is not said, and as what it was read (None: as nothing)."""

    path: tuple[str | int, ...]
    gap: str
    read_as: str | None
    because: str | None = None


DROPPED = ("within", "read_on", "repeat")  # without `read_as` there is none


def _take_gaps(value: Any, path: tuple[str | int, ...], found: list[Reading]) -> Any:
    """The value with each gap read as it says; what is not read stays, or falls away where it may be missing."""
    if isinstance(value, list):
        return [_take_gaps(x, (*path, i), found) for i, x in enumerate(value)]
    if not isinstance(value, dict):
        return value
    out = {}
    for key, x in value.items():
        here = (*path, key)
        if key == "gaps" and not path:
            out[key] = x
        elif isinstance(x, dict) and "gap" in x and set(x) <= {"gap", "read_as", "because"} and isinstance(x["gap"], str):
            read_as, because = x.get("read_as"), x.get("because")
            said = None if read_as is None else read_as if isinstance(read_as, str) else json.dumps(read_as, ensure_ascii=False)
            found.append(Reading(path=here, gap=x["gap"], read_as=said, because=because if isinstance(because, str) else None))
            if read_as is not None:
                out[key] = read_as
            elif key not in DROPPED:
                out[key] = x
        else:
            out[key] = _take_gaps(x, here, found)
    return out


class RulesetFile(Shape):
    """All files of one layer together, by their sections."""

    _readings: tuple[Reading, ...] = PrivateAttr(default=())

    @model_validator(mode="wrap")
    @classmethod
    def _gaps(cls, value: Any, handler: Any) -> Any:
        found: list[Reading] = []
        made = handler(_take_gaps(value, (), found) if isinstance(value, dict) else value)
        if found:
            made._readings = tuple(found)
        return made

    @property
    def readings(self) -> tuple[Reading, ...]:
        """Gaps in place of values."""
        return self._readings

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
    becomes: list[Becomes] = []
    schedules: list[Schedule] = []
    planned: list[Table] = []
    counters: list[Counter] = []
    reports: list[Report] = []
    questions: list[Question] = []
    parameters: list[Parameter] = []
    tiers: list[Tier] = []
    critical_rules: list[CriticalRule] = []
    steps: list[Step] = []
    ladders: list[Ladder] = []
    messages: list[Message] = []
    ends: list[Ends] = []
    community: list[Community] = []
    statements: list[Statement] = []
    organisations: list[Organisation] = []
    roles: list[Role] = []
    groups: list[Group] = []
    consents: list[Consent] = []
    texts: dict[str, Text] = {}
    set: list[SetParameter] = []
    change: list[Change] = []
    add: list[Add] = []
    remove: list[Remove] = []


class Term(Shape):
    id: Id
    from_: Day = Field(alias="from")


class NamedDays(Shape):
    """Days that a calendar names: test days, the days of a check."""

    id: Id
    on: list[Day]


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
    most_a_day: Whole | None = None
    terms: list[Term] = []
    periods: list[Term] = []
    quarters: list[Term] = []
    named_days: list[NamedDays] = []
    breaks: list[Break] = []
    public_holidays: list[Holiday] = []
    also_school: list[AlsoSchool] = []
    school_days_stated: Whole | None = None
    school_days_counted: Whole | None = None
    sources: list[CalendarSource] = []
    assumed: list[Assumed] = []
    gaps: list[Assumed] = []
    notes: list[str] = []


for _shape in (Question, Action, MarkFilter, Becomes, Schedule, Counter, Step, Message, Ladder, Community, Statement):
    _shape.model_rebuild()
RulesetFile.model_rebuild()

S = TypeVar("S", bound=BaseModel)
TIMES = ("within", "lasts", "for", "good_for", "settles", "every", "up_to", "done_within", "or")  # keys with a length of time


def read(shape: type[S], data: Any, place: Callable[[tuple[str | int, ...]], Any]) -> tuple[S | None, list[Problem]]:
    """`data` as `shape`, or every fault with its place. `place` finds the place of a path of keys."""
    try:
        return shape.model_validate(data), []
    except ValidationError as e:
        errors = e.errors(include_url=False, include_input=True)
        return None, [_problem(shape, x, place) for x in errors if not _is_misspelt(x, errors)]


def _is_misspelt(error: Any, errors: list[Any]) -> bool:
    """Is it a missing key that stands there, misspelt? Then the unknown key is the fault, and this one follows from it."""
    if error["type"] != "missing":
        return False
    *holder, key = error["loc"]
    beside = [x["loc"][-1] for x in errors if x["type"] == "extra_forbidden" and [*x["loc"][:-1]] == holder]
    return any(nearest(str(x), [str(key)]) for x in beside)


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
        is_time = loc[-2:-1] and loc[-2] in TIMES
        known = keys_at(shape, loc[:-1]) or [f.alias or n for n, f in (SpanOf if is_time else Comparison).model_fields.items()]
        if is_time and not nearest(key, known):
            return Problem("unknown-key", f"unknown key '{key}'", place(loc), f"write one of {', '.join(known)}")
        hint = nearest(key, known) or "leave it out, or see the reference for the keys that may stand here"
        return Problem("unknown-key", f"unknown key '{key}'", place(loc), hint)
    if kind == "literal_error":
        hint = nearest(str(error["input"]), re.findall(r"'([^']*)'", context["expected"]))
        return Problem("not-one-of", f"{_shown(error['input'])} is not one of {context['expected']}", place(loc), hint)
    if kind in ("model_type", "dict_type", "model_attributes_type"):
        if arrow := re.fullmatch(r"(.+?)\s*=+>\s*(\S+)", key):
            return Problem("sign", f"'{key}' holds an arrow", place(loc), f"write {arrow[1]}: {{at_least: {arrow[2]}}}")
        hint = "write lines of key: value, or {key: value}"
        if isinstance(error["input"], str) and re.fullmatch(r"\d+(\.\d+)?", error["input"]):
            operator = "school_days" if key in TIMES else "at_least"
            hint = f"write {key}: {{{operator}: {error['input']}}}"
        return Problem("not-a-mapping", f"a mapping of keys and values is expected at '{key}'", place(loc), hint)
    if kind == "list_type":
        return Problem("not-a-list", f"a list is expected at '{key}'", place(loc), "begin each item with '- '")
    if kind == "string_type":
        hint = "one layer has one base, which may have its own" if key == "extends" else "write one text, no list and no mapping"
        return Problem("not-text", f"a text is expected at '{key}'", place(loc), hint)
    if kind in ("too_short",):
        return Problem("empty-list", f"'{key}' is empty", place(loc), "write at least one item")
    return Problem("not-valid", f"'{key}': {error['msg'].lower()}", place(loc))


def keys_at(shape: Any, loc: tuple[str | int, ...]) -> list[str]:
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
