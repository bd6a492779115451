"""What a Model is made of: counters, conditions, actions, steps, versions. Every engine is made from these and nothing else.

Rules: nothing here reads a file; all values are frozen, numbers are whole (hundredths), names are resolved; a Model holds the
versions of a ruleset in force one after another and never changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

from sky_model import vocabulary as words
from sky_model.engine import digest
from sky_model.errors import Place, Problem
from sky_model.layers import Origin, Whole
from sky_model.schooldays import Calendar, Schedule, Span, Window, Within

__all__ = [
    "ABSENCE", "CLOSE", "DUTIES", "SOON", "WHO_RECORDED", "Act", "All", "AnyOf", "ByGrade", "Condition", "Count", "Due", "Lasts",
    "MarkTest", "Model", "NoneOf", "Notice", "Ruleset", "StepOf", "Test", "Turn", "Unsaid", "reading_checks_in", "tests_in",
]  # fmt: skip

ABSENCE = ("authorised", "unauthorised", "unexplained")
DUTIES = ("must", "should", "consider", "may")
CLOSE = "close"  # the duty of the task that proposes the end of a step: it ranks after every other
WHO_RECORDED = "who_recorded"
SOON = 60  # days before a version ends without a successor, from which on it is told


# ---------------------------------------------------------------------- conditions
@dataclass(frozen=True, slots=True)
class Test:
    """One comparison. `asks` holds (operator, value) pairs that must all hold; the value of a counter is in hundredths."""

    place: str  # its path in the ruleset: the name of this part
    what: str  # counter | report | question | grade | action | step
    fact: str
    asks: tuple[tuple[str, Any], ...]
    is_unsaid: bool = False  # a limit that the source does not give
    checks_in: Within | None = None  # only the check dates of this running part of the year are read


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class NoneOf:
    place: str
    parts: tuple[Condition, ...]


Condition: TypeAlias = Test | AnyOf | All | NoneOf


@dataclass(frozen=True, slots=True)
class ByGrade:
    """A value for each grade."""

    values: Mapping[int, Any]


def tests_in(condition: Condition | None) -> Iterator[Test]:
    """Every comparison of a condition, in order."""
    if isinstance(condition, Test):
        yield condition
    elif condition is not None:
        for part in condition.parts:
            yield from tests_in(part)


def reading_checks_in(condition: Condition, part: Within) -> Condition:
    """The condition of a step that lasts until the end of a part: it reads the check dates of the running part only."""
    if isinstance(condition, Test):
        return replace(condition, checks_in=part) if condition.what == "counter" else condition
    return replace(condition, parts=tuple(reading_checks_in(c, part) for c in condition.parts))


# ---------------------------------------------------------------------- counters, actions, steps
class Unsaid(NamedTuple):
    """A limit that the source does not say: no comparison with it is known."""

    gap: str


@dataclass(frozen=True, slots=True)
class MarkTest:
    """One line about a mark: its field, operators and values; lessons and minutes in hundredths."""

    field: str
    asks: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """Marks of one kind that are of another one, if every line holds; `minutes` or `lessons` in hundredths: another length."""

    kind: str
    tests: tuple[MarkTest, ...]
    to: str
    minutes: int | None
    lessons: int | None


@dataclass(frozen=True, slots=True)
class Count:
    """A counter: what is summed up over which window. `unit`: what one of the limit is, in hundredths.

    Of a share the limit is in hundredths of a per cent, and `minimum` in hundredths of a minute of planned lessons.
    """

    id: str
    measure: str  # lessons | clock_hours | half_days | days | calendar_days | episodes | marks | times | days_since
    kinds: frozenset[str]
    window: Window
    unit: int
    is_share: bool
    minimum: int
    said: words.Counter
    of: str | None = None  # times, days_since: the action
    of_kind: str | None = None  # days_since: the kind of mark
    clock: str = "calendar_days"  # days_since
    day_from: tuple[str, int] = ("any_part", 0)  # any_part | per_cent, n | minutes, hundredths
    only_if: tuple[tuple[str, Condition], ...] = ()  # a kind that counts only with this
    marks: tuple[MarkTest, ...] = ()
    days: tuple[str, str] | None = None  # ("first_after", break | weekend) | ("named", id)
    most_on_one: str | None = None  # weekday | subject | teacher | lesson
    planned: str = "so_far"  # of a share: so_far | whole_window | the id of a table
    checked: Schedule | None = None
    settles: Span | None = None
    is_compared: bool = False  # with the window of the same length just before
    since: tuple[str, str] | None = None  # ("done", action) | ("opened", step) | ("ended", step) | ("last_check", "")
    is_unbroken: bool = False
    is_unsaid: bool = False  # its window is a gap: it says nothing

    @property
    def is_sum(self) -> bool:
        """Is it a plain sum over a window that only slides? Of these the engine keeps running sums."""
        return (
            self.measure in ("lessons", "clock_hours", "marks")
            and not (self.only_if or self.most_on_one or self.checked or self.settles or self.is_compared)
            and not (self.since or self.is_unbroken or self.is_unsaid or self.days)
            and not (self.is_share and self.planned != "so_far")
        )


@dataclass(frozen=True, slots=True)
class Due:
    """When an action is due: a span after the opening, after another action, or from the day of a report."""

    span: Span | None  # None: without delay
    after: str | None = None
    from_report: str | None = None
    on_answer: str | None = None  # a question: the day that was agreed; `span` from the start until there is one


@dataclass(frozen=True, slots=True)
class Act:
    """An action of one step, with everything that its own lines and its step's lines say."""

    id: str
    step: str
    order: int
    name: words.Text
    who: str | tuple[str, ...]
    duty: str
    about: str
    required: tuple[str, ...]
    optional: tuple[str, ...]
    to: tuple[str, ...]
    asks: tuple[str, ...]
    due: Due | None
    when: Condition | None
    unless: Condition | None
    after: tuple[str, ...]
    hand_over: bool
    by_system: bool
    consents: tuple[str, ...]
    source: str
    is_statutory: bool
    certainty: str
    said: words.Action
    grades: tuple[int, int] | None = None
    repeat: Span | Schedule | None = None
    at_least: tuple[int, tuple[str, ...]] | None = None  # so many of these take part
    tell: str | None = None  # who is told when it is overdue
    record: str | None = None


@dataclass(frozen=True, slots=True)
class Lasts:
    """What ends a step: a word, the end of a part of the year, or a span."""

    word: str  # until_closed | until_done | while_true | until_end_of | span
    span: Span | None = None
    part: Within = "term"


@dataclass(frozen=True, slots=True)
class StepOf:
    id: str
    order: int
    tier: int
    grades: tuple[int, int] | None  # narrower than the ruleset's
    opens: Condition
    watch: Condition | None
    suggest: Condition | None  # when it is true, closing is proposed to a person
    watch_for: Span | None
    lasts: Lasts
    again: str  # next_window | when_true_anew | once | each_mark | each_day
    above: Mapping[str, str]
    was: tuple[str, ...]
    actions: tuple[Act, ...]
    said: words.Step
    names: frozenset[str]  # its id and the ids of earlier versions that go on here
    tests: tuple[Test, ...]  # every comparison of `opens`
    expected_by: Condition | None = None
    levels: tuple[str, int, int] | None = None  # again at every further n: (counter, how many, from), in units of the counter
    level: int = 0  # of a higher level its number, such as 100 of `first-contact+100`
    base: str = ""  # of a higher level the step's own id


@dataclass(frozen=True, slots=True)
class Notice:
    """A message that is owed by number, apart from the procedure, once in its window."""

    id: str
    order: int
    when: Condition
    once_in: Within
    to: tuple[str, ...]
    about: str
    act: str | None
    grades: tuple[int, int] | None
    is_statutory: bool
    said: words.Message


# ---------------------------------------------------------------------- one version, and the versions together
@dataclass(frozen=True, repr=False)
class Ruleset:
    """One version of a ruleset with all its layers, checked. `valid_from` is a whole-numbered day."""

    name: str
    valid_from: int
    said: words.RulesetFile
    layers: tuple[str, ...]  # from this one down to the national base
    fingerprint: str
    counters: Mapping[str, Count]
    steps: tuple[StepOf, ...]
    good_for: Mapping[str, Span]  # how long the answer to a question holds
    readings: tuple[tuple[tuple[str, ...], str], ...] = ()  # (path with ids, what was read): gaps in place of values
    gaps: tuple[words.Reading, ...] = ()
    turns: tuple[Turn, ...] = ()
    notices: tuple[Notice, ...] = ()
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    tables: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # planned lessons by table and window
    open_to_layers: tuple[str, ...] = ()  # parameters without a number, and what is absent for want of it
    notes: tuple[str, ...] = ()
    whole: Whole | None = field(default=None, compare=False, repr=False)

    def origin_of(self, at: str) -> Origin:
        """Who says the value of a path such as `counters.absence-lessons.lesson_minutes`: layer, place, why, what was beneath.

        Raises RulesetError when nothing stands there.
        """
        assert self.whole is not None
        return self.whole.origin_of(at)

    def __repr__(self) -> str:
        return f"Ruleset({self.name})"

    @cached_property
    def kinds(self) -> dict[str, words.Kind]:
        return {k.id: k for k in self.said.kinds}

    @cached_property
    def reports(self) -> dict[str, words.Report]:
        return {k.id: k for k in self.said.reports}

    @cached_property
    def questions(self) -> dict[str, words.Question]:
        return {k.id: k for k in self.said.questions}

    @cached_property
    def roles(self) -> dict[str, words.Role]:
        return {k.id: k for k in self.said.roles}

    @cached_property
    def groups(self) -> dict[str, words.Group]:
        return {k.id: k for k in self.said.groups}

    @cached_property
    def consents(self) -> dict[str, words.Consent]:
        return {k.id: k for k in self.said.consents}

    @cached_property
    def sources(self) -> dict[str, words.SourceItem]:
        return {k.id: k for k in self.said.sources}

    @cached_property
    def acts(self) -> dict[str, Act]:
        """Each action as it is written first."""
        out: dict[str, Act] = {}
        for s in self.steps:
            for a in s.actions:
                out.setdefault(a.id, a)
        return out

    @cached_property
    def codes(self) -> dict[str, tuple[words.LocalCode, ...]]:
        """Codes of other systems, each with the days on which it meant a kind."""
        out: dict[str, tuple[words.LocalCode, ...]] = {}
        for c in self.said.local_codes:
            out[c.code] = (*out.get(c.code, ()), c)
        return out

    def kind_of(self, code: str | None, on: date, system: str | None) -> str | None:
        """What a code of another system meant on a day; None where nobody says, or two systems say different things."""
        found = {
            c.kind
            for c in self.codes.get(code or "", ())
            if (c.valid_from is None or c.valid_from <= on)
            and (c.valid_until is None or on <= c.valid_until)
            and (system is None or c.system == system)
        }
        return found.pop() if len(found) == 1 else None

    @cached_property
    def unsaid(self) -> tuple[str, ...]:
        """Limits and windows that the source does not say and nobody read: what they would open, nobody knows."""
        limits = ("at_least", "more_than", "at_most", "less_than", "in")
        found = [g.gap for g in self.gaps if g.read_as is None and g.path[-1] in limits]
        return tuple(dict.fromkeys(found))

    def readings_of(self, *items: tuple[str, ...]) -> tuple[str, ...]:
        """What was read into gaps of these items: an answer that rests on it says so."""
        if not self.readings:
            return ()
        return tuple(dict.fromkeys(text for path, text in self.readings if any(path[: len(i)] == i for i in items)))

    @cached_property
    def _levels(self) -> dict[tuple[str, int], StepOf]:
        return {}

    def level_of(self, step: StepOf, value: int) -> StepOf:
        """A higher level of a step: the counter alone, at a further number."""
        key = (step.id, value)
        if key not in self._levels and step.levels is not None:
            counter = step.levels[0]
            test = Test(f"{step.id}+{value}", "counter", counter, (("at_least", value * self.counters[counter].unit),))
            names = frozenset(f"{n}+{value}" for n in step.names)
            self._levels[key] = replace(
                step, id=f"{step.id}+{value}", opens=test, tests=(test,), watch=None, watch_for=None, levels=None, level=value,
                names=names, was=tuple(f"{n}+{value}" for n in step.was),
            )  # fmt: skip
        return self._levels[key]

    @cached_property
    def dependents(self) -> dict[str, tuple[str, ...]]:
        """For each step: the steps whose conditions ask about it."""
        out: dict[str, dict[str, None]] = {}
        for s in self.steps:
            for c in (s.opens, *(a.when for a in s.actions)):
                for t in tests_in(c):
                    if t.what == "step":
                        out.setdefault(t.fact, {})[s.id] = None
        return {name: tuple(who) for name, who in out.items()}

    @cached_property
    def tiers(self) -> dict[str, words.Tier]:
        return {k.id: k for k in self.said.tiers}

    @cached_property
    def step_by_id(self) -> dict[str, StepOf]:
        return {s.id: s for s in self.steps}

    @cached_property
    def absence_kinds(self) -> frozenset[str]:
        return frozenset(k.id for k in self.said.kinds if k.is_ in ABSENCE)

    def role_for(self, role: str, grade: int | None) -> str:
        """The role that acts for a grade: `class-lead` is another one in grade 3 than in grade 8."""
        found = self.roles.get(role)
        if found is None or found.is_ is None or grade is None:
            return role
        for band, name in found.is_.by.grade.items():
            first, _, last = band.partition("-")
            if int(first) <= grade <= int(last or first):
                return str(name)
        return role


@dataclass(frozen=True)
class Model:
    """The versions of a ruleset in force one after another. What `decide` needs, and nothing else."""

    versions: tuple[Ruleset, ...]

    def __repr__(self) -> str:
        return f"Model({self.name})"

    @property
    def newest(self) -> Ruleset:
        return self.versions[-1]

    @property
    def name(self) -> str:
        return " → ".join(v.name for v in self.versions)

    @property
    def fingerprint(self) -> str:
        if len(self.versions) == 1:
            return self.versions[0].fingerprint
        return digest([v.fingerprint for v in self.versions])

    def on(self, day: int) -> Ruleset | None:
        """The version that judges a day; None before the first one is in force."""
        found = None
        for v in self.versions:
            if v.valid_from <= day:
                found = v
        return found

    @cached_property
    def parts_used(self) -> frozenset[str]:
        """The parts of a school year that its rules go by."""
        used: set[str] = set()
        for v in self.versions:
            used |= {c.window.within for c in v.counters.values() if not c.is_unsaid}
            used |= {s.lasts.part for s in v.steps if s.lasts.word == "until_end_of"}
            used |= {n.once_in for n in v.notices}
            used |= {str(x.start_of or x.end_of) for x in v.schedules.values()}
        return frozenset(used)

    @cached_property
    def days_used(self) -> frozenset[str]:
        """The days that a calendar must name."""
        schedules = {x.named for v in self.versions for x in v.schedules.values() if x.named}
        counted = {c.days[1] for v in self.versions for c in v.counters.values() if c.days and c.days[0] == "named"}
        return frozenset(schedules | counted)

    def problems_with(self, calendar: Calendar) -> list[Problem]:
        """What this model asks of a calendar that the calendar does not have. Asked once, before any pupil."""
        out = []
        for part in ("term", "period", "quarter"):
            if part in self.parts_used and not calendar.has(part):
                message = f"the ruleset {self.name} counts by {part}s, the calendar {calendar.id} has none"
                first = {"term": "autumn", "period": "p1", "quarter": "q1"}[part]
                hint = f"write the first day of each {part} into the calendar: {part}s: [{{id: {first}, from: 2026-08-12}}, …]"
                out.append(Problem("no-terms" if part == "term" else "no-part", message, Place(calendar.id), hint))
        for name in sorted(self.days_used):
            if not calendar.named(name):
                message = f"the ruleset {self.name} reads the days '{name}', the calendar {calendar.id} does not name them"
                hint = f"write them into the calendar: named_days: [{{id: {name}, on: [2026-11-02]}}]"
                out.append(Problem("no-named-days", message, Place(calendar.id), hint))
        return out
