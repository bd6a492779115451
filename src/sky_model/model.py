"""Files to layers to a checked, frozen Model: what every engine is made from.

Rules: all faults of all files are told at once, in file order; what the rules do not decide is a fault here, never a
choice while deciding; a Model never changes, and its fingerprint is made from what its files say.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cached_property, lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from sky_model import vocabulary as words
from sky_model.errors import Place, Problem, RulesetError, nearest
from sky_model.layers import Layer, Origin, Whole, lay, layer_of, read_layers, rulesets_folder
from sky_model.schooldays import PARTS, Calendar, Schedule, SchoolYear, Span, Window, Within
from sky_model.source import Source, read_file

__all__ = [
    "Act",
    "All",
    "AnyOf",
    "Count",
    "Model",
    "NoneOf",
    "Ruleset",
    "StepOf",
    "Test",
    "check",
    "load",
    "load_calendar",
    "load_data",
    "needs",
    "rulesets_folder",
    "tests_in",
]

SECTIONS_WITH_IDS = (
    "sources", "kinds", "counters", "reports", "questions", "parameters", "tiers", "critical_rules",
    "steps", "community", "statements", "organisations", "roles", "groups", "consents", "schedules", "planned", "ladders",
    "messages",
)  # fmt: skip
ABSENCE = ("authorised", "unauthorised", "unexplained")
ASKED_FREELY = ("draft", "variant")  # these answer only when asked for by status
DUTIES = ("must", "should", "consider", "may")
WHO_RECORDED = "who_recorded"
BLANKS = ("total", "by_kind", "limit", "first", "last")  # what the text of a message may leave to be filled in


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


def _reading_checks_in(condition: Condition, part: Within) -> Condition:
    """The condition of a step that lasts until the end of a part: it reads the check dates of the running part only."""
    if isinstance(condition, Test):
        return replace(condition, checks_in=part) if condition.what == "counter" else condition
    return replace(condition, parts=tuple(_reading_checks_in(c, part) for c in condition.parts))


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


# ---------------------------------------------------------------------- loading
def load(name: str | Path, *more: str | Path, allow: Collection[str] = ()) -> Model:
    """The Model of a ruleset with all its layers; several names are the versions in force one after another.

    allow  statuses that answer only when asked for by name: "draft", "variant"
    Raises RulesetError with every fault of every file.
    """
    rulesets, problems = [], []
    for one in (name, *more):
        ruleset, faults = _compile(one)
        problems += faults
        if ruleset is None:
            continue
        if ruleset.said.status in ASKED_FREELY and ruleset.said.status not in allow:
            message = f"the ruleset {ruleset.name} is a {ruleset.said.status}; it answers only when asked to"
            hint = f'load(…, allow={{"{ruleset.said.status}"}}), on the command line --allow {ruleset.said.status}'
            problems.append(Problem("not-in-force", message, Place(str(one)), hint))
        rulesets.append(ruleset)
    rulesets.sort(key=lambda r: r.valid_from)
    for a, b in itertools.pairwise(rulesets):
        if a.valid_from == b.valid_from:
            problems.append(Problem("same-day", f"{a.name} and {b.name} are in force from the same day", Place(b.name)))
    if problems:
        raise RulesetError(problems)
    return Model(tuple(rulesets))


def load_data(*data: Mapping[str, Any], shown: str = "<data>") -> Model:
    """A Model from the values of one layer without a base, or of several versions: for tests and generated rulesets."""
    rulesets, problems = [], []
    for one in data:
        layer, faults = layer_of(one, shown)
        ruleset, more = _laid([layer]) if layer.file else (None, faults)
        problems += more
        rulesets += [ruleset] if ruleset else []
    if problems:
        raise RulesetError(problems)
    return Model(tuple(sorted(rulesets, key=lambda r: r.valid_from)))


def check(name: str | Path) -> list[Problem]:
    """Every fault of a ruleset and its layers, in file order; an empty list when it loads."""
    try:
        return list(RulesetError(_compile(name)[1]).problems)
    except RulesetError as e:
        return list(e.problems)


def load_calendar(*names: str | Path) -> Calendar:
    """The calendar of one place: one school year or several. Names are as in `rulesets/calendars/`, or paths.

    Raises RulesetError.
    """
    years, problems = [], []
    for name in names:
        year, faults = _read_year(name)
        problems += faults
        if year:
            years.append(year)
    if problems:
        raise RulesetError(problems)
    years.sort(key=lambda y: y.first)
    for a, b in itertools.pairwise(years):
        if a.last >= b.first:
            message = f"the school years {a.id} and {b.id} overlap"
            raise RulesetError([Problem("overlap", message, Place(str(names[-1])))])
    if not years:
        raise RulesetError([Problem("no-calendar", "no calendar is named", Place("calendars"))])
    return Calendar(tuple(years))


@lru_cache(maxsize=256)
def _read_year(name: str | Path) -> tuple[SchoolYear | None, list[Problem]]:
    shipped = rulesets_folder() / "calendars" / f"{name}.yaml"
    path = shipped if isinstance(name, str) and ".." not in name and shipped.is_file() else Path(name)
    if not path.is_file():
        root = rulesets_folder() / "calendars"
        names = sorted(str(p.relative_to(root))[:-5] for p in root.rglob("*.yaml"))
        hint = nearest(str(name), names) or f"shipped are: {', '.join(names)}"
        return None, [Problem("no-calendar", f"there is no calendar '{name}'", Place(str(name)), hint)]
    try:
        source = read_file(path, shown=f"calendars/{name}.yaml" if path == shipped else str(path))
    except RulesetError as e:
        return None, list(e.problems)
    if source.problems:
        return None, source.problems
    said, problems = words.read(words.CalendarFile, source.data, source.place)
    if said is None:
        return None, problems
    return _school_year(said, source)


def _school_year(said: words.CalendarFile, source: Source) -> tuple[SchoolYear | None, list[Problem]]:
    problems = []

    def fault(code: str, message: str, *path: str | int) -> None:
        problems.append(Problem(code, message, source.place(path)))

    first, last = said.first_day.toordinal(), said.last_day.toordinal()
    if last <= first:
        fault("turned-round", "last_day does not lie after first_day", "last_day")
    if last - first > 366:
        fault("too-long", "a school year is longer than a year", "last_day")
    if said.lesson_minutes < 1:
        fault("lesson-minutes", "a lesson has at least one minute", "lesson_minutes")
    terms = [t.from_.toordinal() for t in said.terms]
    for name in ("terms", "periods", "quarters"):
        starts = [t.from_.toordinal() for t in getattr(said, name)]
        if starts and (starts[0] != first or starts != sorted(set(starts)) or starts[-1] > last):
            fault("terms", f"{name} begin with first_day and follow one another inside the school year", name)
    for i, n in enumerate(said.named_days):
        for k, d in enumerate(n.on):
            if not first <= d.toordinal() <= last:
                fault("named-days", f"{d} of '{n.id}' lies outside the school year", "named_days", i, "on", k)
    for i, b in enumerate(said.breaks):
        if b.to < b.from_ or not first <= b.from_.toordinal() <= b.to.toordinal() <= last:
            fault("break", f"the break '{b.id}' lies outside the school year or ends before it begins", "breaks", i)
    year = SchoolYear(
        id=said.calendar,
        first=first,
        last=last,
        lesson_minutes=said.lesson_minutes,
        terms=tuple(terms),
        breaks=tuple((b.from_.toordinal(), b.to.toordinal()) for b in said.breaks),
        public_holidays=frozenset(h.on.toordinal() for h in said.public_holidays),
        also_school=frozenset(a.on.toordinal() for a in said.also_school),
        assumed=tuple(a.what for a in said.assumed),
        fingerprint=digest(source.data),
        stated=said.school_days_stated,
        periods=tuple(t.from_.toordinal() for t in said.periods),
        quarters=tuple(t.from_.toordinal() for t in said.quarters),
        named_days=tuple((n.id, tuple(d.toordinal() for d in n.on)) for n in said.named_days),
    )
    if not problems:
        counted = len(Calendar((year,)).school_days)
        if said.school_days_counted is not None and counted != said.school_days_counted:
            fault(
                "counted",
                f"school_days_counted says {said.school_days_counted}, this calendar has {counted}",
                "school_days_counted",
            )
        if said.school_days_stated is not None and said.school_days_counted is None and counted != said.school_days_stated:
            fault(
                "counted",
                f"{said.school_days_stated} school days are stated, this calendar has {counted}: add school_days_counted",
                "school_days_stated",
            )
    return (None if problems else year), problems


@lru_cache(maxsize=1)
def engine_version() -> str:
    try:
        return version("sky-model")
    except PackageNotFoundError:
        return "0"


@lru_cache(maxsize=1)
def engine_fingerprint() -> str:
    """Of the files that make the meaning: another fingerprint may mean another answer."""
    here = Path(__file__).resolve().parent
    names = ("records", "schooldays", "source", "vocabulary", "layers", "model", "measures", "facts", "path", "tasks", "decision")
    return digest([(here / f"{n}.py").read_text(encoding="utf-8").replace("\r\n", "\n") for n in names])


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(x) for x in re.findall(r"\d+", text)[:3])


def digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


# ---------------------------------------------------------------------- checking and compiling
def _compile(name: str | Path) -> tuple[Ruleset | None, list[Problem]]:
    layers, problems = read_layers(name)
    if problems or any(x.file is None for x in layers):
        return None, problems
    return _laid(layers)


def _laid(layers: list[Layer]) -> tuple[Ruleset | None, list[Problem]]:
    """The layers as one. What follows from a change that was not made, or makes no ruleset, is no fault of its own."""
    whole, problems = lay(layers)
    if any(p.code != "doubled-id" for p in problems):
        return None, problems
    said, faults = words.read(words.RulesetFile, whole.data, whole.place)
    if said is None:
        return None, [*problems, *faults]
    return _Compiler(layers, whole, said, problems).ruleset()


class _Compiler:
    """Layers that are each well-formed, read together: references, numbers, what the loader refuses to guess."""

    def __init__(self, layers: list[Layer], whole: Whole, said: words.RulesetFile, problems: list[Problem]) -> None:
        self.layers = layers
        self.whole = whole
        self.said = said
        self.problems = list(problems)
        self.origin = {
            (section, item["id"]): (whole, (section, i))
            for section, items in whole.data.items()
            for i, item in enumerate(items if isinstance(items, list) else ())
            if isinstance(item, dict) and "id" in item
        }
        self.absent: list[str] = []

    def fault(self, code: str, message: str, at: tuple[Whole, tuple[str | int, ...]], *path: str | int, hint: str = "") -> None:
        whole, start = at
        self.problems.append(Problem(code, message, whole.place((*start, *path)), hint))

    def at(self, section: str, name: str) -> tuple[Whole, tuple[str | int, ...]]:
        return self.origin.get((section, name), (self.whole, (section,)))

    # ------------------------------------------------------------------ the whole
    def ruleset(self) -> tuple[Ruleset | None, list[Problem]]:
        said = self.said
        self._one_name_for_one_thing()
        self._references()
        self._engine()
        self._days_in_force()
        self.parameters = {p.id: p for p in said.parameters}
        self.schedules = {x.id: self._schedule(x) for x in said.schedules}
        self.tables: dict[str, Mapping[str, int]] = {t.id: {k: int(n * 100) for k, n in t.lessons.items()} for t in said.planned}
        self.counters = {}
        for c in said.counters:  # names first: the condition of an `only_if` may ask about reports and questions
            self.counters[c.id] = self._counter(c)
        turns = tuple(self._turn(b, i) for i, b in enumerate(said.becomes))
        self._read_ladders()
        steps = [s for i, s in enumerate(said.steps) if (s.grades is None or self._grades_fit(s))]
        compiled = [self._step(s, i) for i, s in enumerate(steps)]
        good_for = {
            q.id: self._span(q.good_for, self.at("questions", q.id), "good_for") for q in said.questions if q.good_for is not None
        }
        kept = tuple(s for s in compiled if s is not None)
        if not self.problems:
            self._order_of_limits(kept)
            self._order_of_actions(kept)
        if self.problems:
            return None, self.problems
        notices = tuple(n for i, m in enumerate(said.messages) if (n := self._notice(m, i)) is not None)
        notes = [*self.whole.notes]
        notes += [f"gap: {g.gap}" + (f" (read as {g.read_as})" if g.read_as else "") for g in said.gaps]
        notes += [
            f"gap: {'.'.join(self._shown_path(g.path))}: {g.gap}" + (f" (read as {g.read_as})" if g.read_as is not None else "")
            for g in self._readings()
        ]
        if said.status == "variant":
            notes += self._before_its_base()
        return (
            Ruleset(
                name=f"{said.ruleset}/{said.version}",
                valid_from=said.valid_from.toordinal(),
                said=said,
                layers=tuple(f"{x.file.ruleset}/{x.file.version}" for x in self.layers if x.file),
                fingerprint=digest([x.data for x in self.layers]),
                counters=self.counters,
                steps=kept,
                good_for={name: span for name, span in good_for.items() if span is not None},
                readings=tuple(
                    (tuple(self._shown_path(g.path)), f"{g.gap} (read as {g.read_as})" if g.read_as is not None else g.gap)
                    for g in self._readings()
                ),
                gaps=tuple(self._readings()),
                turns=turns,
                notices=notices,
                schedules=self.schedules,
                tables=self.tables,
                open_to_layers=tuple(self.absent),
                notes=tuple(notes),
                whole=self.whole,
            ),
            [],
        )

    def _one_name_for_one_thing(self) -> None:
        """Counters, reports, questions, steps and actions are asked for by name: a name means one of them."""
        seen: dict[str, str] = {"grade": "the grade"}
        for section in ("counters", "reports", "questions", "steps"):
            for item in getattr(self.said, section):
                if item.id in seen:
                    message = f"'{item.id}' is the name of {seen[item.id]} too"
                    self.fault(
                        "name-twice",
                        message,
                        self.at(section, item.id),
                        "id",
                        hint="choose another name for one of them",
                    )
                seen[item.id] = f"one of the {section}"
        self.actions: dict[str, tuple[words.Action, words.Step, tuple[Whole, tuple[str | int, ...]]]] = {}
        for step in self.said.steps:
            layer, start = self.at("steps", step.id)
            for i, action in enumerate(step.actions):
                if action.id is None:
                    continue
                at = (layer, (*start, "actions", i))
                if action.id in self.actions:
                    hint = f"write `act: {action.id}` where the same action is asked again"
                    self.fault("doubled-id", f"the action '{action.id}' is defined twice", at, "id", hint=hint)
                elif action.id in seen:
                    self.fault("name-twice", f"'{action.id}' is the name of {seen[action.id]} too", at, "id")
                else:
                    self.actions[action.id] = (action, step, at)

    def _need(self, name: str | None, known: Iterable[str], what: str, at: Any, *path: str | int) -> None:
        if name is not None and name not in (known := list(known)):
            hint = nearest(name, known) or (f"known are: {', '.join(sorted(known)[:12])}" if known else "")
            if name in self.whole.removed:
                hint = f"it is removed at {self.whole.removed[name]}"
            self.fault("no-such", f"there is no {what} '{name}'", at, *path, hint=hint)

    def _references(self) -> None:
        said = self.said
        sources, roles = [s.id for s in said.sources], [r.id for r in said.roles]
        actors = [*roles, *(g.id for g in said.groups)]
        organisations, tiers, kinds = (
            [o.id for o in said.organisations],
            [t.id for t in said.tiers],
            [k.id for k in said.kinds],
        )
        for section in SECTIONS_WITH_IDS[1:]:
            for item in getattr(said, section):
                self._need(getattr(item, "source", None), sources, "source", self.at(section, item.id), "source")
        for r in said.roles:
            at = self.at("roles", r.id)
            self._need(r.organisation, organisations, "organisation", at, "organisation")
            for i, d in enumerate(r.deputies):
                self._need(d, actors, "role", at, "deputies", i)
            if r.is_:
                for band, name in r.is_.by.grade.items():
                    self._need(name if isinstance(name, str) else "?", roles, "role", at, "is", "by", "grade", band)
                self._bands(r.is_.by.grade, at, "is", "by", "grade", every=False)
        for g in said.groups:
            self._need(g.led_by, roles, "role", self.at("groups", g.id), "led_by")
        for section in ("reports", "questions"):
            for item in getattr(said, section):
                for i, who in enumerate(item.by):
                    self._need(who, actors, "role", self.at(section, item.id), "by", i)
        for c in said.consents:
            at = self.at("consents", c.id)
            for i, who in enumerate(c.given_by):
                self._need(who, actors, "role", at, "given_by", i)
            for i, who in enumerate(c.if_pupil_cannot_judge):
                self._need(who, actors, "role", at, "if_pupil_cannot_judge", i)
            for key, names in (("with", c.needed_for.with_), ("to", c.needed_for.to)):
                for i, who in enumerate(names or []):
                    self._need(who, actors, "role or group", at, "needed_for", key, i)
            for i, action in enumerate(c.needed_for.actions or []):
                self._need(action, self.actions, "action", at, "needed_for", "actions", i)
        for counter in said.counters:
            c_kinds = counter.kinds
            if isinstance(c_kinds, words.Kinds):
                for key in ("only", "all_except"):
                    for i, k in enumerate(getattr(c_kinds, key) or []):
                        self._need(k, kinds, "kind", self.at("counters", counter.id), "kinds", key, i)
        for item in said.community:
            at = self.at("community", item.id)
            if isinstance(item.every, words.OnSchedule):
                self._need(item.every.schedule, [x.id for x in said.schedules], "schedule", at, "every", "schedule")
            for i, shown in enumerate(item.shows):
                self._need(shown, [c.id for c in said.counters], "counter", at, "shows", i)
        for item in said.statements:
            granted = item.granted_by
            for who in granted.any_of if isinstance(granted, words.AnyOf) else [granted] if granted else []:
                self._need(who, actors, "role or group", self.at("statements", item.id), "granted_by")
        for i, code in enumerate(said.local_codes):
            self._need(code.kind, kinds, "kind", (self.whole, ("local_codes", i)), "kind")
        rules = [r.id for r in said.critical_rules]
        for item in said.community:
            at = self.at("community", item.id)
            self._need(item.tier, tiers, "tier", at, "tier")
            for who in item.who.any_of if isinstance(item.who, words.AnyOf) else [item.who]:
                self._need(who, actors, "role or group", at, "who")
            for i, rule in enumerate(item.serves):
                self._need(rule, rules, "critical rule", at, "serves", i)
        for q in said.questions:
            if q.if_not_done:
                self._need(q.if_not_done.tell, actors, "role", self.at("questions", q.id), "if_not_done", "tell")
        if said.owner:
            self._need(said.owner.role, roles, "role", (self.whole, ("owner",)), "role")
        served = {x for s in SECTIONS_WITH_IDS for x in (i.id for i in getattr(said, s))}
        for critical in said.critical_rules:
            for i, name in enumerate(critical.served_by):
                self._need(name, served, "item", self.at("critical_rules", critical.id), "served_by", i)

    def _engine(self) -> None:
        """Does this engine read the ruleset? `requires_engine: ">=0.2"`."""
        wanted = self.said.requires_engine
        if wanted is None:
            return
        match = re.fullmatch(r">=\s*(\d+(?:\.\d+)*)", wanted)
        top = (self.whole, ())
        if match is None:
            hint = 'write ">=0.1"'
            self.fault(
                "engine", f"'{wanted}' does not say from which engine on the ruleset is read", top, "requires_engine", hint=hint
            )
            return
        have = engine_version()
        if _numbers(have) < _numbers(match[1]):
            message = f"the ruleset needs sky_model {match[1]} or newer, this is {have}"
            self.fault("engine", message, top, "requires_engine", hint="install a newer sky_model")

    def _days_in_force(self) -> None:
        """A rule is not in force before its source, a layer not before its base or its adoption; a variant may say so."""
        said = self.said
        if said.status == "variant":
            return
        top = (self.whole, ())
        if said.adopted and said.adopted.on > said.valid_from:
            message = f"in force from {said.valid_from}, but adopted on {said.adopted.on}"
            self.fault("before-adoption", message, top, "valid_from", hint=f"write {said.adopted.on} or later")
        for layer in self.layers:
            gaps = sum(self.whole.layer(("gaps", i)) == layer.name for i in range(len(said.gaps)))
            if said.status == "adopted" and gaps:
                message = f"an adopted ruleset has no gaps; {layer.shown} has {gaps}"
                self.fault("adopted-with-gaps", message, top, "status", hint="close them, or write status: pilot")
        if said.status == "adopted" and said.extends and not said.adopted:
            self.fault(
                "no-adoption",
                "an adopted layer says who adopted it and when",
                top,
                "status",
                hint="add adopted: {by: …, on: …}",
            )
        for below in self.layers[1:]:
            if below.file and below.file.valid_from > said.valid_from:
                message = f"in force from {said.valid_from}, but its base {below.shown} from {below.file.valid_from}"
                self.fault("before-its-base", message, top, "valid_from", hint=f"write {below.file.valid_from} or later")
        for s in said.sources:
            if s.valid_from and s.valid_from > said.valid_from:
                message = f"the source '{s.id}' is in force only from {s.valid_from}, the ruleset from {said.valid_from}"
                self.fault("before-its-source", message, self.at("sources", s.id), "valid_from")

    def _before_its_base(self) -> list[str]:
        out = []
        for below in self.layers[1:]:
            if below.file and below.file.valid_from > self.said.valid_from:
                out.append(
                    f"variant: in force from {self.said.valid_from}, before its base {below.shown} ({below.file.valid_from})"
                )
        late = [s.id for s in self.said.sources if s.valid_from and s.valid_from > self.said.valid_from]
        if late:
            out.append(f"variant: in force before its sources {', '.join(late)}")
        return out

    # ------------------------------------------------------------------ numbers
    def _number(self, value: Any, at: Any, *path: str | int) -> Decimal | ByGrade | Unsaid | None:
        """A limit as a number, a number for each grade, what the source does not say, or None where its parameter has none."""
        if isinstance(value, Decimal):
            return value
        if isinstance(value, words.Unsaid):
            return Unsaid(value.gap)
        if isinstance(value, words.FromParameter):
            found = self.parameters.get(value.parameter)
            if found is None:
                self._need(value.parameter, self.parameters, "parameter", at, *path, "parameter")
                return Decimal(1)
            return found.number()
        bands = self._bands(value.by.grade, at, *path, "by", "grade", every=True)
        return ByGrade({g: self._band_number(v, at, *path, "by", "grade", k) for g, (k, v) in bands.items()})

    def _band_number(self, value: Any, at: Any, *path: str | int) -> Decimal | None:
        """A number of one band, as text of the file; None: no limit in this band is not said like this."""
        try:
            return words._number(value)
        except Exception as e:
            context = getattr(e, "context", None) or {}
            self.fault(
                context.get("code", "not-a-number"),
                context.get("message", "is not a number"),
                at,
                *path,
                hint=context.get("hint", ""),
            )
            return Decimal(1)

    def _bands(self, bands: dict[str, Any], at: Any, *path: str | int, every: bool) -> dict[int, tuple[str, Any]]:
        out: dict[int, tuple[str, Any]] = {}
        for band, value in bands.items():
            try:
                first, last = words._grades(band)
            except Exception:
                self.fault("not-grades", f"'{band}' is no range of grades", at, *path, band, hint="write 1-6 or 7")
                continue
            for grade in range(first, last + 1):
                if grade in out:
                    self.fault("bands-overlap", f"grade {grade} stands in '{out[grade][0]}' and in '{band}'", at, *path, band)
                out[grade] = (band, value)
        first, last = self.said.grades
        missing = [g for g in range(first, last + 1) if g not in out]
        if every and missing:
            message = f"no value for grade {', '.join(map(str, missing))}"
            self.fault("bands-gap", message, at, *path, hint=f"the ruleset is for grades {first}-{last}")
        return out

    def _span(self, value: words.SpanOf, at: Any, *path: str | int) -> Span | None:
        (clock,) = value.clocks()
        number = self._number(getattr(value, clock), at, *path, clock)
        if number is None:
            return None
        if isinstance(number, Unsaid):
            self.fault("gap-unread", "a length of time that is not said", at, *path, clock, hint="leave it out, or give read_as")
            return None
        if isinstance(number, ByGrade):
            self.fault("by-grade", "a length of time by grade is not known here", at, *path, clock, hint="write two steps")
            return Span("calendar_days", 1)
        if number != number.to_integral_value():
            self.fault("not-whole", f"{number} is not a whole number of {clock}", at, *path, clock)
        return Span(clock, int(number))  # type: ignore[arg-type]

    def _grades_fit(self, step: words.Step) -> bool:
        first, last = self.said.grades
        a, b = step.grades or (first, last)
        return a <= last and b >= first

    # ------------------------------------------------------------------ gaps in place of values
    def _readings(self) -> Iterator[words.Reading]:
        yield from self.said.readings

    def _shown_path(self, path: tuple[str | int, ...]) -> list[str]:
        """A path with the ids of items in place of their numbers."""
        out: list[str] = []
        value: Any = self.said
        for key in path:
            if isinstance(key, int) and isinstance(value, list) and key < len(value):
                value = value[key]
                out.append(str(getattr(value, "id", None) or getattr(value, "act", None) or key))
                continue
            value = getattr(value, str(key), None) if not isinstance(value, dict) else value.get(key)
            out.append(str(key))
        return out

    # ------------------------------------------------------------------ counters
    def _schedule(self, said: words.Schedule) -> Schedule:
        days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
        return Schedule(
            dates=tuple((int(x[:2]), int(x[3:])) for x in said.dates or ()),
            weekdays=tuple(days.index(x) for x in said.weekdays or ()),
            weeks=tuple(said.weeks or ()),
            start_of=said.start_of,
            end_of=said.end_of,
            named=said.days_named,
        )

    def _kinds(self, said: words.Counter, at: Any) -> frozenset[str]:
        """`all` and `all_except` are of absence; `only` may name any kind: late marks, days barred."""
        absence = {k.id for k in self.said.kinds if k.is_ in ABSENCE}
        if isinstance(said.kinds, words.Kinds):
            if said.kinds.only is not None:
                return frozenset(said.kinds.only)
            return frozenset(absence - set(said.kinds.all_except or []))
        if said.kinds is None and said.measure not in ("times", "days_since"):
            self.fault("which-kinds", f"the counter '{said.id}' does not say which kinds count", at, hint="add kinds: all")
        return frozenset(absence)

    def _counter(self, said: words.Counter) -> Count:
        at = self.at("counters", said.id)
        self._counter_is_whole(said, at)
        minutes, window = said.lesson_minutes or 45, said.window
        unit = {"lessons": minutes * 100, "clock_hours": 6000}.get(said.measure, 100)
        of_kind = said.of.kind if isinstance(said.of, words.OfKind) else None
        share = said.share_of
        schedule = self.schedules.get(said.checked) if said.checked else None
        self._need(said.checked, self.schedules, "schedule", at, "checked")
        if share is not None:
            self._need(share.table, self.tables, "table of planned lessons", at, "share_of", "table")
        day_from = ("any_part", 0)
        if isinstance(said.day_from, words.DayFrom):
            part = said.day_from
            day_from = ("minutes", part.minutes * 100) if part.minutes else ("per_cent", part.per_cent or 0)
        elif said.day_from in ("half", "whole"):
            day_from = ("per_cent", 50 if said.day_from == "half" else 100)
        only_if = []
        for kind, condition in said.only_if.items():
            self._need(kind, [k.id for k in self.said.kinds], "kind", at, "only_if", kind)
            made = self._condition(condition, at, "only_if", kind)
            if any(t.what not in ("report", "question", "grade") for t in tests_in(made)):
                self.fault("only-if", "a kind counts with a report, a question or a grade only", at, "only_if", kind)
            if made is not None:
                only_if.append((kind, made))
        days = None
        if said.days is not None:
            days = ("named", said.days.named) if said.days.named else ("first_after", str(said.days.first_after))
        return Count(
            id=said.id,
            measure=said.measure,
            kinds=self._kinds(said, at),
            window=Window(
                "any_time" if isinstance(window.in_, words.Unsaid) else window.in_,
                self._rolling(window.rolling),
                window.rolling.week_from.school_days if window.rolling and window.rolling.week_from else 1,
            ),
            unit=100 if share else unit,
            is_share=share is not None,
            minimum=said.minimum.planned_lessons * minutes * 100 if said.minimum else 0,
            said=said,
            of=said.of if isinstance(said.of, str) else None,
            of_kind=of_kind,
            clock=said.on_clock or "calendar_days",
            day_from=day_from,
            only_if=tuple(only_if),
            marks=self._mark_tests(said.marks, at, "marks") if said.marks else (),
            days=days,
            most_on_one=said.most_on_one,
            planned=(share.table or str(share.planned)) if share else "so_far",
            checked=schedule,
            settles=self._span(said.settles, at, "settles") if said.settles else None,
            is_compared=said.compared_with is not None,
            since=self._since(said, at),
            is_unbroken=window.unbroken,
            is_unsaid=isinstance(window.in_, words.Unsaid),
        )

    def _rolling(self, said: words.Rolling | None) -> Span | None:
        if said is None:
            return None
        clocks = ("school_weeks", "school_days", "calendar_days", "calendar_months")
        return next(Span(c, getattr(said, c)) for c in clocks if getattr(said, c) is not None)  # type: ignore[arg-type]

    def _since(self, said: words.Counter, at: Any) -> tuple[str, str] | None:
        since = said.window.since
        if since is None:
            return None
        if isinstance(since, str):
            if said.checked is None:
                hint = "add checked: … (an id of `schedules`)"
                self.fault("since", "`last_check` needs the schedule of the checks", at, "window", "since", hint=hint)
            return "last_check", ""
        for how in ("done", "opened", "ended"):
            name = getattr(since, how)
            if name is not None:
                known = self.actions if how == "done" else [s.id for s in self.said.steps]
                self._need(name, known, "action" if how == "done" else "step", at, "window", "since", how)
                return how, name
        return None

    def _counter_is_whole(self, said: words.Counter, at: Any) -> None:
        """What the loader refuses to guess of a counter, and what cannot stand together."""

        def refuse(code: str, message: str, *path: str | int, hint: str = "") -> None:
            self.fault(code, f"the counter '{said.id}' {message}", at, *path, hint=hint)

        m, window = said.measure, said.window
        is_of = m in ("times", "days_since")
        if m == "lessons" and said.lesson_minutes is None:
            hint = "add lesson_minutes: 45 (or what one lesson of the limit is)"
            refuse("which-unit", "does not say what one lesson is", "measure", hint=hint)
        if m in ("days", "episodes", "calendar_days") and said.day_from is None:
            hint = "add day_from: any_part, half or whole"
            refuse("day-from", "does not say from what part a day counts", "measure", hint=hint)
        if said.settles is not None and said.settles.clocks()[0] not in ("school_days", "weekdays", "calendar_days"):
            refuse("settles", "settles in days", "settles", hint="write {calendar_days: 1}, {school_days: 2} or {weekdays: 2}")
        if m == "times" and not isinstance(said.of, str):
            refuse("of", "does not say of what", "measure", hint="add of: … (an action)")
        if m == "days_since" and (said.of is None or said.on_clock is None):
            hint = "add of: {kind: …} or an action, and on_clock: calendar_days"
            refuse("of", "does not say since what, or on which clock", "measure", hint=hint)
        if not is_of and said.of is not None:
            refuse("of", f"counts {m}; `of` stands with times and days_since", "of")
        if isinstance(said.of, str):
            self._need(said.of, self.actions, "action", at, "of")
        elif isinstance(said.of, words.OfKind):
            self._need(said.of.kind, [k.id for k in self.said.kinds], "kind", at, "of", "kind")
        if said.share_of and m not in ("lessons", "clock_hours", "days", "half_days"):
            hint = "write measure: lessons"
            refuse("share-of-marks", f"counts {m}; a share is of lessons, days or half days", "share_of", hint=hint)
        if window.unbroken and m not in ("lessons", "clock_hours", "days", "calendar_days"):
            refuse("unbroken", f"counts {m}; an unbroken run is of lessons, days or calendar days", "window", "unbroken")
        if m == "calendar_days" and not window.unbroken:
            hint = "add unbroken: yes, or write measure: days"
            refuse("unbroken", "counts calendar days, which are those of an unbroken run", "window", hint=hint)
        if said.most_on_one and m not in ("lessons", "clock_hours", "days", "marks"):
            refuse("most-on-one", f"counts {m}; `most_on_one` is of lessons, days or marks", "most_on_one")
        if said.compared_with and (said.share_of or window.unbroken or window.rolling is None or is_of):
            refuse("compared", "is compared with the window before: this is of a sum over a rolling window", "compared_with")
        if said.kinds is not None and is_of:
            refuse("which-kinds", f"counts {m}, which are of no kinds", "kinds", hint="leave kinds out")

    def _mark_tests(self, said: words.MarkFilter, at: Any, *path: str | int) -> tuple[MarkTest, ...]:
        out = []
        for name, comparison in said.lines().items():
            asks: list[tuple[str, Any]] = []
            for op, value in comparison.asked().items():
                where = (*path, name, op)
                is_number = name in ("minutes", "lessons")
                if op not in (("at_least", "more_than", "at_most", "less_than") if is_number else ("is", "one_of")):
                    self.fault("operator", f"'{op}' cannot be asked of the {name} of a mark", at, *where)
                elif is_number and isinstance(value, Decimal | words.FromParameter):
                    number = self._number(value, at, *where)
                    if isinstance(number, Decimal):
                        asks.append((op, int(number * 100)))
                elif name == "explained" and value not in ("yes", "no"):
                    message, hint = f"a mark is explained or not, never '{value}'", "write {is: yes} or {is: no}"
                    self.fault("answer", message, at, *where, hint=hint)
                elif name == "explained":
                    asks.append((op, value == "yes"))
                else:
                    asks.append((op, tuple(value) if isinstance(value, list) else value))
            out.append(MarkTest(name, tuple(asks)))
        return tuple(out)

    def _turn(self, said: words.Becomes, i: int) -> Turn:
        at, kinds = (self.whole, ("becomes", i)), [k.id for k in self.said.kinds]
        self._need(said.kind, kinds, "kind", at, "kind")
        self._need(said.to, kinds, "kind", at, "to")
        minutes = int(said.as_.minutes * 100) if said.as_ and said.as_.minutes is not None else None
        lessons = int(said.as_.lessons * 100) if said.as_ and said.as_.lessons is not None else None
        return Turn(said.kind, self._mark_tests(said.marks, at, "marks"), said.to, minutes, lessons)

    def _notice(self, said: words.Message, i: int) -> Notice | None:
        at = self.at("messages", said.id)
        actors = [*(r.id for r in self.said.roles), *(g.id for g in self.said.groups)]
        for k, name in enumerate(said.to):
            self._need(name, actors, "role or group", at, "to", k)
        self._need(said.act, self.actions, "action", at, "act")
        self._need(said.text, self.said.texts, "text", at, "text")
        for odd in self._odd_blanks(said.text):
            message = f"the text '{said.text}' has the blank '{{{odd}}}', which nothing fills"
            self.fault("blank", message, at, "text", hint=f"write {', '.join('{' + b + '}' for b in BLANKS)}")
        when = self._condition(said.when, at, "when")
        if when is None:
            return None
        source = next((x for x in self.said.sources if x.id == said.source), None)
        return Notice(
            id=said.id,
            order=i,
            when=when,
            once_in=said.once_in,
            to=tuple(said.to),
            about=said.about,
            act=said.act,
            grades=said.grades,
            is_statutory=source is not None and source.kind in ("statute", "norm"),
            said=said,
        )

    def _odd_blanks(self, name: str | None) -> list[str]:
        text = self.said.texts.get(name) if name else None
        found = {b for t in ((text.fi, text.sv, text.en) if text else ()) for b in re.findall(r"\{(\w+)\}", t or "")}
        return sorted(found - set(BLANKS))

    def _read_ladders(self) -> None:
        """Limits as a table: what each row says of its step, as conditions like all others."""
        self.rows: dict[str, Condition] = {}
        steps = {s.id: s for s in self.said.steps}
        for ladder in self.said.ladders:
            at = self.at("ladders", ladder.id)
            above: list[Condition] = []
            found: dict[str, list[Condition]] = {}
            for i, row in enumerate(ladder.rows):
                self._need(row.step, steps, "step", at, "rows", i, "step")
                if row.step in steps and steps[row.step].opens is not None:
                    message, hint = f"the step '{row.step}' opens by its own line and by a table", "keep `opens` or the row"
                    self.fault("two-openings", message, at, "rows", i, "step", hint=hint)
                made = self._condition(row.when, at, "rows", i, "when")
                if made is None:
                    continue
                if ladder.hit == "unique":
                    for k, other in enumerate(above):
                        if may_both_hold(made, other):
                            message = f"rows {k + 1} and {i + 1} can hold at once, and the table says unique"
                            self.fault("rows-overlap", message, at, "rows", i, hint="part them, or write hit: first or collect")
                where = ".".join(map(str, (*at[1], "rows", i)))
                whole: Condition = All((made, NoneOf(where, tuple(above)))) if ladder.hit == "first" and above else made
                above.append(made)
                found.setdefault(row.step, []).append(whole)
            for step, parts in found.items():
                self.rows[step] = parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    # ------------------------------------------------------------------ conditions
    def _condition(self, said: words.Condition, at: Any, *path: str | int) -> Condition | None:
        """A condition, or None when a parameter without a number takes it away."""
        key, body = said.key()
        if key in ("any", "all", "none"):
            parts = [self._condition(x, at, *path, key, i) for i, x in enumerate(body)]
            if key == "any" and path[0] == "opens":
                self._no_question_alone(body, at, *path, key)
            if key == "all" and any(p is None for p in parts):
                return None
            kept = tuple(p for p in parts if p is not None)
            if not kept:
                return None
            where = ".".join(map(str, (*at[1], *path)))
            return AnyOf(kept) if key == "any" else All(kept) if key == "all" else NoneOf(where, kept)
        return self._test(key, body, at, *path)

    def _no_question_alone(self, body: list[words.Condition], at: Any, *path: str | int) -> None:
        questions = {q.id for q in self.said.questions}
        for i, x in enumerate(body):
            key, comparison = x.key()
            if key in questions and comparison.is_ not in ("known", "unknown"):
                message = f"the question '{key}' stands alone in an any: whoever has not been asked is undecided"
                hint = "make it a report, or join it with what makes it worth asking under all:"
                self.fault("question-alone", message, at, *path, i, hint=hint)

    def _test(self, fact: str, said: words.Comparison, at: Any, *path: str | int) -> Condition | None:
        asked = said.asked()
        what = self._what(fact)
        if what is None:
            known = [*self.counters, *(r.id for r in self.said.reports), *(q.id for q in self.said.questions), "grade",
                     *(s.id for s in self.said.steps), *self.actions]  # fmt: skip
            self._need(fact, known, "counter, report, question, step or action", at, *path, fact)
            return None
        allowed = {
            "counter": ("at_least", "more_than", "at_most", "less_than"),
            "grade": ("at_least", "more_than", "at_most", "less_than", "one_of"),
            "report": ("is",),
            "question": ("is", "one_of", "includes"),
            "action": ("is", "done_within"),
            "step": ("is",),
        }[what]
        asks: list[tuple[str, Any]] = []
        for op, value in asked.items():
            where = (*path, fact, op)
            if op not in allowed:
                hint = f"write one of {', '.join(allowed)}"
                self.fault("operator", f"'{op}' cannot be asked of the {what} '{fact}'", at, *where, hint=hint)
                continue
            if what == "counter":
                number = self._number(value, at, *where)
                if number is None:
                    self.absent.append(f"{'.'.join(map(str, (*at[1], *where)))} (parameter {value.parameter})")
                    return None
                if isinstance(number, Unsaid):
                    asks.append((op, number))
                    continue
                unit = self.counters[fact].unit
                scaled = (
                    ByGrade({g: int(n * unit) for g, n in number.values.items()})
                    if isinstance(number, ByGrade)
                    else int(number * unit)
                )
                asks.append((op, scaled))
            elif what == "grade":
                asks.append((op, tuple(map(int, value)) if op == "one_of" else int(value)))
            elif op == "done_within":
                asks.append((op, self._span(value, at, *where)))
            elif op == "is" and value == "reached" and what == "question":
                asks.append((op, value))
            else:
                self._answer_fits(fact, what, op, value, at, *where)
                asks.append((op, tuple(value) if isinstance(value, list) else value))
        is_unsaid = any(isinstance(v, Unsaid) for _, v in asks)
        return Test(".".join(map(str, (*at[1], *path, fact))), what, fact, tuple(asks), is_unsaid)

    def _what(self, fact: str) -> str | None:
        if fact == "grade":
            return "grade"
        if fact in self.counters:
            return "counter"
        if any(r.id == fact for r in self.said.reports):
            return "report"
        if any(q.id == fact for q in self.said.questions):
            return "question"
        if any(s.id == fact for s in self.said.steps):
            return "step"
        return "action" if fact in self.actions else None

    def _answer_fits(self, fact: str, what: str, op: str, value: Any, at: Any, *path: str | int) -> None:
        question = next((q for q in self.said.questions if q.id == fact), None)
        allowed = {
            "report": ["raised"],
            "step": ["open", "ended", "never_opened", "worked_through"],
            "action": ["done", "not_needed", "refused"],
            "question": [
                "known",
                "unknown",
                *(["reached"] if question and question.answers == "date" else []),
                *(question.answers if question and isinstance(question.answers, list) else []),
            ],
        }[what]
        for one in value if isinstance(value, list) else [value]:
            if one == "overdue" and what == "action":
                hint = "say it by days: a step of its own, or if_not_done: {tell: …}"
                self.fault("overdue", "a condition cannot ask whether an action is overdue", at, *path, hint=hint)
            elif one not in allowed:
                hint = nearest(str(one), allowed) or f"write one of {', '.join(allowed)}"
                self.fault("answer", f"the {what} '{fact}' is never '{one}'", at, *path, hint=hint)
        if what == "question" and question and op == "is" and question.several and value not in ("known", "unknown"):
            self.fault("several", f"'{fact}' may have several answers", at, *path, hint=f"write includes: {value}")

    # ------------------------------------------------------------------ steps and actions
    def _step(self, said: words.Step, order: int) -> StepOf | None:
        at = self.at("steps", said.id)
        tiers = [t.id for t in self.said.tiers]
        self._need(said.tier, tiers, "tier", at, "tier")
        for name in said.above:
            self._need(name, [s.id for s in self.said.steps], "step", at, "above", name)
        if said.source is None:
            self.fault("no-source", f"the step '{said.id}' has no source", at, hint="add source: … (an id of `sources`)")
        opens = self._condition(said.opens, at, "opens") if said.opens is not None else self.rows.get(said.id)
        if said.opens is None and said.id not in self.rows:
            self.fault("never-opens", f"nothing opens the step '{said.id}'", at, hint="add opens: …, or a row of a table")
        actions = [self._action(said, a, i, at) for i, a in enumerate(said.actions)]
        lasts = self._lasts(said, actions, at)
        if lasts.word == "until_end_of" and opens is not None:
            opens = _reading_checks_in(opens, lasts.part)
        again = f"each_{said.again.each}" if isinstance(said.again, words.Each) else said.again
        levels = None
        if isinstance(said.again, words.EveryLevel):
            again, levels = "next_window", self._levels(said.again, said, at)
        if again.startswith("each") and not any(t.what == "counter" for t in tests_in(opens)):
            self.fault("each", "`each` needs a counter in `opens`", at, "again", hint="write when_true_anew")
        watch = said.closing.watch if said.closing else None
        if said.closing:
            for i, who in enumerate(said.closing.by):
                self._need(
                    who,
                    [r.id for r in self.said.roles] + [g.id for g in self.said.groups],
                    "role",
                    at,
                    "closing",
                    "by",
                    i,
                )
        watched = self._condition(watch.opens, at, "closing", "watch", "opens") if watch else None
        if any(t.what != "counter" for t in tests_in(watched)):
            self.fault("watch", "a watch compares counters", at, "closing", "watch", "opens")
        if opens is None:
            self.absent.append(f"steps.{said.id}")
            return None
        suggest = None
        if said.closing is not None and said.closing.suggest is not None:
            suggest = self._condition(said.closing.suggest, at, "closing", "suggest")
        first, last = self.said.grades
        return StepOf(
            id=said.id,
            order=order,
            tier=tiers.index(said.tier) if said.tier in tiers else 0,
            grades=said.grades if said.grades and not (said.grades[0] <= first and said.grades[1] >= last) else None,
            opens=opens,
            watch=watched,
            suggest=suggest,
            watch_for=self._span(watch.for_, at, "closing", "watch", "for") if watch else None,
            lasts=lasts,
            again=again,
            above=dict(said.above),
            was=tuple(said.was),
            actions=tuple(a for a in actions if a is not None),
            said=said,
            names=frozenset((said.id, *said.was)),
            tests=tuple(tests_in(opens)),
            expected_by=self._condition(said.expected_by, at, "expected_by") if said.expected_by is not None else None,
            levels=levels,
            base=said.id,
        )

    def _levels(self, said: words.EveryLevel, step: words.Step, at: Any) -> tuple[str, int, int] | None:
        """Again at every further n of a counter."""
        self._need(said.counter, self.counters, "counter", at, "again", "every", said.counter)
        if step.lasts != "until_closed":
            hint = "write lasts: until_closed"
            self.fault("levels", "levels stand on a step that a person closes", at, "again", hint=hint)
        if said.counter not in self.counters:
            return None
        return said.counter, said.step, said.first

    def _lasts(self, said: words.Step, actions: list[Act | None], at: Any) -> Lasts:
        if isinstance(said.lasts, str):
            if said.lasts == "until_done" and not any(a and a.duty in ("must", "consider") for a in actions):
                hint = "write until_closed, or give it an action with duty must or consider"
                self.fault(
                    "never-done",
                    f"nothing ends the step '{said.id}': it has no must and no consider",
                    at,
                    "lasts",
                    hint=hint,
                )
            repeated = next((a for a in actions if a and a.repeat is not None), None)
            if said.lasts == "until_done" and repeated is not None:
                message = f"the step '{said.id}' lasts until all is done, and '{repeated.id}' comes again and again"
                self.fault("never-done", message, at, "lasts", hint="write until_closed")
            return Lasts(said.lasts)
        if isinstance(said.lasts, words.UntilEndOf):
            return Lasts("until_end_of", part=said.lasts.until_end_of)
        return Lasts("span", self._span(said.lasts, at, "lasts"))

    def _action(self, step: words.Step, said: words.Action, i: int, at: Any) -> Act | None:
        own, path = said, ("actions", i)
        if said.act is not None:
            found = self.actions.get(said.act)
            if found is None:
                self._need(said.act, self.actions, "action", at, *path, "act")
                return None
            written = {k: getattr(said, k) for k in said.model_fields_set if k not in ("act",)}
            said = found[0].model_copy(update=written)
            if own.source is None and found[0].source is None:
                said = said.model_copy(update={"source": found[1].source})
        actors = [*(r.id for r in self.said.roles), *(g.id for g in self.said.groups)]
        who: str | tuple[str, ...] = tuple(said.who.any_of) if isinstance(said.who, words.AnyOf) else str(said.who)
        for name in who if isinstance(who, tuple) else (who,):
            if name != WHO_RECORDED:
                self._need(name, actors, "role or group", at, *path, "who")
        joined = said.with_ or words.With()
        for key in ("required", "optional"):
            for k, name in enumerate(getattr(joined, key)):
                self._need(name, actors, "role or group", at, *path, "with", key, k)
        for k, name in enumerate(joined.at_least.of if joined.at_least else []):
            self._need(name, actors, "role or group", at, *path, "with", "at_least", "of", k)
        for k, name in enumerate(said.to or []):
            self._need(name, actors, "role or group", at, *path, "to", k)
        for k, name in enumerate(said.asks or []):
            self._need(name, [q.id for q in self.said.questions], "question", at, *path, "asks", k)
        for k, name in enumerate(said.after or []):
            self._need(name, self.actions, "action", at, *path, "after", k)
        if said.if_not_done:
            self._need(said.if_not_done.tell, actors, "role", at, *path, "if_not_done", "tell")
        source = said.source or step.source
        self._need(said.source, [s.id for s in self.said.sources], "source", at, *path, "source")
        item = next((s for s in self.said.sources if s.id == source), None)
        return Act(
            id=str(said.id),
            step=step.id,
            order=i,
            name=said.name or words.Text(en=str(said.id)),
            who=who,
            duty=said.duty or "may",
            about=said.about or "absence",
            required=tuple(joined.required),
            optional=tuple(joined.optional),
            to=tuple(said.to or ()),
            asks=tuple(said.asks or ()),
            due=self._due(said.within, at, *path, "within"),
            when=self._condition(said.when, at, *path, "when") if said.when else None,
            unless=self._condition(said.unless, at, *path, "unless") if said.unless else None,
            after=tuple(said.after or ()),
            hand_over=bool(said.hand_over),
            by_system=said.fulfilled_by == "system",
            consents=self._consents(said, joined),
            source=source or "",
            is_statutory=item is not None and item.kind in ("statute", "norm"),
            certainty=said.certainty or step.certainty or (item.certainty if item else "unconfirmed"),
            said=said,
            grades=said.grades,
            repeat=self._repeat(said, at, *path, "repeat"),
            at_least=(joined.at_least.count, tuple(joined.at_least.of)) if joined.at_least else None,
            tell=said.if_not_done.tell if said.if_not_done else None,
            record=said.record,
        )

    def _repeat(self, said: words.Action, at: Any, *path: str | int) -> Span | Schedule | None:
        if said.repeat is None:
            return None
        every = said.repeat.every
        if every.schedule is not None:
            self._need(every.schedule, self.schedules, "schedule", at, *path, "every", "schedule")
            return self.schedules.get(every.schedule)
        span = self._span(every, at, *path, "every")
        if span is not None and span.number < 1:
            self.fault("repeat", "what comes again comes after some time", at, *path, "every", hint="write 1 or more")
            return None
        return span

    def _consents(self, said: words.Action, joined: words.With) -> tuple[str, ...]:
        """The consents that an action needs: by name, by who takes part, or by what reaches whom."""
        out = []
        for c in self.said.consents:
            n = c.needed_for
            if said.about == "child_protection":
                continue  # never stopped by a missing consent
            if (
                (said.id in (n.actions or ()))
                or (n.with_ and {*joined.required, *joined.optional} & {*n.with_})
                or (n.to and said.about in (n.about or ()) and {*(said.to or ())} & {*n.to})
            ):
                out.append(c.id)
        return tuple(out)

    def _due(self, said: Any, at: Any, *path: str | int) -> Due | None:
        if said is None:
            return None
        if said == "without_delay":
            return Due(None)
        if isinstance(said, words.WithinOn):
            question = next((q for q in self.said.questions if q.id == said.on), None)
            self._need(said.on, [q.id for q in self.said.questions], "question", at, *path, "on")
            if question is not None and question.answers != "date":
                message = f"the question '{said.on}' is not answered by a day"
                self.fault("not-a-date", message, at, *path, "on", hint="write answers: date")
            return Due(self._span(said.or_, at, *path, "or") if said.or_ else None, on_answer=said.on)
        span = self._span(said, at, *path)
        if span is None:
            self.absent.append(".".join(map(str, (*at[1], *path))))
            return None
        if said.from_ and said.after:
            hint = "keep `from` or `after`"
            self.fault("two-beginnings", "a due day is counted from one day, here are two", at, *path, hint=hint)
        if said.from_:
            self._need(said.from_, [r.id for r in self.said.reports], "report", at, *path, "from")
        if said.after:
            self._need(said.after, self.actions, "action", at, *path, "after")
        return Due(span, after=said.after, from_report=said.from_)

    def _order_of_actions(self, steps: tuple[StepOf, ...]) -> None:
        """No action waits, through others, for itself."""
        after: dict[str, set[str]] = {}
        for s in steps:
            for a in s.actions:
                after.setdefault(a.id, set()).update((*a.after, *((a.due.after,) if a.due and a.due.after else ())))
        for s in steps:
            for a in s.actions:
                seen, waiting = set[str](), list(after[a.id])
                while waiting:
                    name = waiting.pop()
                    if name not in seen:
                        seen.add(name)
                        waiting += after.get(name, ())
                if a.id in seen:
                    hint = "let one of them begin: take its `after` away"
                    self.fault(
                        "after-circle",
                        f"the action '{a.id}' waits for itself",
                        self.at("steps", s.id),
                        "actions",
                        a.order,
                        hint=hint,
                    )

    def _order_of_limits(self, steps: tuple[StepOf, ...]) -> None:
        """Where limits on one counter stand above each other, the higher step says what becomes of the lower one."""
        lowest: dict[str, dict[str, int]] = {}
        for s in steps:
            for t in s.tests:
                for op, limit in t.asks:
                    if t.what == "counter" and op in ("at_least", "more_than"):
                        if isinstance(limit, Unsaid):
                            continue
                        low = min(limit.values.values()) if isinstance(limit, ByGrade) else limit
                        lowest.setdefault(t.fact, {}).setdefault(s.id, low)
        by_id = {s.id: s for s in steps}
        for fact, limits in lowest.items():
            ordered = sorted(limits, key=lambda s: limits[s])
            for low, high in itertools.pairwise(ordered):
                if limits[low] < limits[high] and low not in by_id[high].above:
                    message = f"the limit of '{high}' stands above that of '{low}' on the counter '{fact}'"
                    hint = f"add above: {{{low}: includes}} (or replaces, beside)"
                    self.fault("above", message, self.at("steps", high), "opens", hint=hint)


def may_both_hold(a: Condition, b: Condition) -> bool:
    """Can two conditions hold at once? Sure only of comparisons of numbers joined by `all`; else yes."""
    return all(_ranges_meet(*pair) for pair in _pairs_of(a, b))


def _pairs_of(a: Condition, b: Condition) -> Iterator[tuple[Test, Test]]:
    for x in _joined(a):
        for y in _joined(b):
            if x.fact == y.fact and x.what in ("counter", "grade"):
                yield x, y


def _joined(c: Condition) -> Iterator[Test]:
    """The comparisons that must all hold."""
    if isinstance(c, Test):
        yield c
    elif isinstance(c, All):
        for part in c.parts:
            yield from _joined(part)


def _ranges_meet(a: Test, b: Test) -> bool:
    """Is there a number for which both hold? Limits by grade are compared grade by grade."""
    limits = [v for t in (a, b) for _, v in t.asks]
    grades = sorted({g for v in limits if isinstance(v, ByGrade) for g in v.values}) or [0]
    for g in grades:
        low, high = -1, 10**15
        choices: set[int] | None = None
        for op, v in (*a.asks, *b.asks):
            if isinstance(v, Unsaid):
                return True
            n = v.values[g] if isinstance(v, ByGrade) else v
            if op == "one_of":
                choices = set(n) if choices is None else choices & set(n)
            elif op in ("at_least", "more_than"):
                low = max(low, n + (op == "more_than"))
            else:
                high = min(high, n - (op == "less_than"))
        if (low <= high) if choices is None else any(low <= c <= high for c in choices):
            return True
    return False


# ---------------------------------------------------------------------- what must be handed in
def needs(model: Model) -> dict[str, Any]:
    """What this model reads: events and fields, kinds, reports, questions, and how far back. Anything else changes no answer."""
    kinds: set[str] = set()
    reports: set[str] = set()
    questions: set[str] = set()
    consents: set[str] = set()
    actions: set[str] = set()
    fields = {
        "mark": {"id", "on", "kind", "recorded", "seq"},
        "enrolment": {"id", "on", "school", "calendar", "recorded", "seq"},
    }
    windows: list[str] = []
    steps: set[str] = set()
    for v in model.versions:
        for s in v.steps:
            steps.add(s.id)
            if s.grades:
                fields["enrolment"].add("grade")
            for part in _conditions(s):
                for t in tests_in(part):
                    if t.what == "counter":
                        count = v.counters[t.fact]
                        kinds |= count.kinds
                        fields["mark"] |= {"lessons", "minutes", "lesson"} | _fields_of(count)
                        if count.of is not None:
                            actions.add(count.of)
                        if count.of_kind is not None:
                            kinds.add(count.of_kind)
                        for _, condition in count.only_if:
                            reports |= {x.fact for x in tests_in(condition) if x.what == "report"}
                            questions |= {x.fact for x in tests_in(condition) if x.what == "question"}
                        fields["enrolment"].add("lessons_per_week")  # of shares, lessons not marked, marks without length
                        windows.append(_window_text(count.window))
                        if any(isinstance(limit, ByGrade) for _, limit in t.asks):
                            fields["enrolment"].add("grade")
                    elif t.what == "report":
                        reports.add(t.fact)
                    elif t.what == "question":
                        questions.add(t.fact)
                    elif t.what == "grade":
                        fields["enrolment"].add("grade")
            for a in s.actions:
                actions.add(a.id)
                questions |= set(a.asks)
                consents |= set(a.consents)
                if a.due and a.due.from_report:
                    reports.add(a.due.from_report)
                if a.due and a.due.on_answer:
                    questions.add(a.due.on_answer)
                for name in a.who if isinstance(a.who, tuple) else (a.who,):
                    role = v.roles.get(name)
                    if role is not None and role.is_ is not None:
                        fields["enrolment"].add("grade")
        for turn in v.turns:
            kinds |= {turn.kind}
            fields["mark"] |= {t.field for t in turn.tests}
        for notice in v.notices:
            actions |= {notice.id, *([notice.act] if notice.act else [])}
            for t in tests_in(notice.when):
                if t.what == "counter":
                    kinds |= v.counters[t.fact].kinds
                    fields["mark"] |= {"lessons", "minutes", "lesson"} | _fields_of(v.counters[t.fact])
                    windows.append(_window_text(v.counters[t.fact].window))
                elif t.what == "report":
                    reports.add(t.fact)
                elif t.what == "question":
                    questions.add(t.fact)
    of_year = any(w.split(",")[0] in ("school_year", *PARTS) for w in windows)
    longest = "school_year" if of_year else "enrolment" if windows else "none"
    if any("any_time" in w for w in windows):
        longest = "any_time"
    return {
        "format": 1,
        "ruleset": model.name,
        "fields": {k: sorted(v) for k, v in sorted(fields.items())},
        "register": ["on", "planned", "marked", "through"],
        "kinds": sorted(kinds),
        "reports": sorted(reports),
        "questions": sorted(questions),
        "consents": sorted(consents),
        "actions": sorted(actions),
        "steps": sorted(steps),
        "windows": sorted(set(windows)),
        "history": longest,
    }


def _fields_of(count: Count) -> set[str]:
    """Fields of a mark that a counter reads beyond its length."""
    fields = {t.field for t in count.marks}
    if count.most_on_one not in (None, "weekday"):
        fields.add(str(count.most_on_one))
    if count.measure == "half_days":
        fields.add("part")
    return fields


def _conditions(step: StepOf) -> Iterator[Condition | None]:
    yield from (step.opens, step.watch, step.expected_by, step.suggest)
    for a in step.actions:
        yield a.when
        yield a.unless


def _window_text(window: Window) -> str:
    return f"{window.within}, last {window.rolling.number} {window.rolling.clock}" if window.rolling else window.within
