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
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property, lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeAlias

from sky_model import vocabulary as words
from sky_model.errors import Place, Problem, RulesetError, nearest
from sky_model.schooldays import Calendar, SchoolYear, Span, Window
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

FILES = ("ruleset.yaml", "monitoring.yaml", "escalation.yaml", "roles.yaml", "texts.yaml")
SECTIONS_WITH_IDS = (
    "sources", "kinds", "counters", "reports", "questions", "parameters", "tiers", "critical_rules",
    "steps", "community", "statements", "organisations", "roles", "groups", "consents",
)  # fmt: skip
ABSENCE = ("authorised", "unauthorised", "unexplained")
ASKED_FREELY = ("draft", "variant")  # these answer only when asked for by status
DUTIES = ("must", "should", "consider", "may")
WHO_RECORDED = "who_recorded"


# ---------------------------------------------------------------------- conditions
@dataclass(frozen=True, slots=True)
class Test:
    """One comparison. `asks` holds (operator, value) pairs that must all hold; the value of a counter is in hundredths."""

    place: str  # its path in the ruleset: the name of this part
    what: str  # counter | report | question | grade | action | step
    fact: str
    asks: tuple[tuple[str, Any], ...]


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


# ---------------------------------------------------------------------- counters, actions, steps
@dataclass(frozen=True, slots=True)
class Count:
    """A counter: what is summed up over which window. `unit`: what one of the limit is, in hundredths.

    Of a share the limit is in hundredths of a per cent, and `minimum` in hundredths of a minute of planned lessons.
    """

    id: str
    measure: str
    kinds: frozenset[str]
    window: Window
    unit: int
    is_share: bool
    minimum: int
    said: words.Counter


@dataclass(frozen=True, slots=True)
class Due:
    """When an action is due: a span after the opening, after another action, or from the day of a report."""

    span: Span | None  # None: without delay
    after: str | None = None
    from_report: str | None = None


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


@dataclass(frozen=True, slots=True)
class Lasts:
    """What ends a step: a word, the end of the term, or a span."""

    word: str  # until_closed | until_done | while_true | until_end_of_term | span
    span: Span | None = None


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


# ---------------------------------------------------------------------- one version, and the versions together
@dataclass(frozen=True)
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
    open_to_layers: tuple[str, ...] = ()  # parameters without a number, and what is absent for want of it
    notes: tuple[str, ...] = ()

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
    def uses_terms(self) -> bool:
        return any(c.window.within == "term" for v in self.versions for c in v.counters.values()) or any(
            s.lasts.word == "until_end_of_term" for v in self.versions for s in v.steps
        )

    def problems_with(self, calendar: Calendar) -> list[Problem]:
        """What this model asks of a calendar that the calendar does not have. Asked once, before any pupil."""
        if self.uses_terms and not calendar.has_terms:
            message = f"the ruleset {self.name} counts by terms, the calendar {calendar.id} has none"
            hint = "write the first day of each term into the calendar: terms: [{id: autumn, from: 2026-08-12}, …]"
            return [Problem("no-terms", message, Place(calendar.id), hint)]
        return []


# ---------------------------------------------------------------------- where rulesets lie
@lru_cache(maxsize=1)
def rulesets_folder() -> Path:
    """The shipped rulesets: inside the installed package, or beside `src` in a checkout."""
    here = Path(__file__).resolve().parent
    inside = here / "rulesets"
    return inside if inside.is_dir() else here.parents[1] / "rulesets"


def _find(name: str | Path, beside: Path | None = None) -> tuple[Path, str] | None:
    """(path, how it is shown) of a ruleset by its name among the shipped ones, beside a layer, or by its path."""
    text = str(name)
    if isinstance(name, str) and not text.startswith((".", "/")) and ".." not in text:
        shipped = rulesets_folder() / text
        if (shipped / "ruleset.yaml").is_file():
            return shipped, text
        for folder in [beside.parent, beside.parent.parent] if beside else []:
            if (folder / text / "ruleset.yaml").is_file():
                return folder / text, text
    path = Path(name)
    if path.is_file() or (path / "ruleset.yaml").is_file():
        return path, text.rstrip("/")
    return None


def _shipped_names() -> list[str]:
    root = rulesets_folder()
    return sorted(str(p.parent.relative_to(root)) for p in root.rglob("ruleset.yaml"))


# ---------------------------------------------------------------------- reading files
@dataclass(slots=True)
class _Layer:
    """One layer as its files say it: values with places, before anything is checked across layers."""

    path: Path
    shown: str
    data: dict[str, Any] = field(default_factory=dict)
    places: dict[tuple[str | int, ...], Place] = field(default_factory=dict)
    file: words.RulesetFile | None = None

    def place(self, path: tuple[str | int, ...] = ()) -> Place:
        while path and path not in self.places:
            path = path[:-1]
        name = self.shown if self.path.is_file() else f"{self.shown}/ruleset.yaml"
        return self.places.get(path, Place(name, 1, 1))


def _read_layer(path: Path, shown: str) -> tuple[_Layer, list[Problem]]:
    layer = _Layer(path, shown)
    problems: list[Problem] = []
    paths = [path] if path.is_file() else [path / n for n in FILES if (path / n).is_file()]
    for p in paths:
        name = shown if path.is_file() else f"{shown}/{p.name}"
        try:
            source = read_file(p, shown=name)
        except RulesetError as e:
            problems += e.problems
            continue
        problems += source.problems
        if source.data is None:
            continue
        if not isinstance(source.data, dict):
            problems.append(Problem("not-a-mapping", "a file of a ruleset holds keys and values", source.place()))
            continue
        for key, value in source.data.items():
            if key in layer.data and key != "format":
                hint = "keep a section in one file"
                problems.append(Problem("section-twice", f"'{key}' stands in two files", source.place((key,)), hint))
                continue
            layer.data[key] = value
        layer.places.update((k, v) for k, v in source.places.items() if k)
    defaults = layer.data.pop("defaults", {})
    for section, values in defaults.items() if isinstance(defaults, dict) else ():
        for item in layer.data.get(section, []) if isinstance(values, dict) else ():
            if isinstance(item, dict):
                for key, value in values.items():
                    item.setdefault(key, value)
    # what follows from a file that was not read as it was meant is no fault of its own
    if not any(p.code in ("yaml", "too-large", "too-deep", "no-file", "not-utf-8", "empty", "anchor") for p in problems):
        layer.file, found = words.read(words.RulesetFile, layer.data, layer.place)
        problems += found
    return layer, problems


def _read_layers(name: str | Path) -> tuple[list[_Layer], list[Problem]]:
    """The layer and its bases, from the top down, with every fault of their files."""
    found = _find(name)
    if found is None:
        hint = nearest(str(name), _shipped_names()) or f"shipped are: {', '.join(_shipped_names())}"
        return [], [Problem("no-ruleset", f"there is no ruleset '{name}'", Place(str(name)), hint)]
    layers: list[_Layer] = []
    problems: list[Problem] = []
    seen: set[Path] = set()
    while True:
        path, shown = found
        if path.resolve() in seen:
            chain = " → ".join([x.shown for x in layers] + [shown])
            place = layers[-1].place(("extends",))
            return layers, [*problems, Problem("circle", f"`extends` goes round in a circle: {chain}", place)]
        seen.add(path.resolve())
        layer, faults = _read_layer(path, shown)
        layers.append(layer)
        problems += faults
        base = layer.data.get("extends")
        if not isinstance(base, str):
            return layers, problems
        nextone = _find(base, beside=path)
        if nextone is None:
            hint = nearest(base, _shipped_names())
            place = layer.place(("extends",))
            return layers, [*problems, Problem("no-base", f"there is no ruleset '{base}'", place, hint)]
        found = nextone


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
        layer = _Layer(Path(shown), shown, dict(one))
        layer.file, faults = words.read(words.RulesetFile, layer.data, layer.place)
        ruleset, more = _Compiler([layer]).ruleset() if layer.file else (None, faults)
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
    if terms and (terms[0] != first or terms != sorted(set(terms)) or terms[-1] > last):
        fault("terms", "terms begin with first_day and follow one another inside the school year", "terms")
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
    names = ("records", "schooldays", "source", "vocabulary", "model", "facts", "path", "decision")
    return digest([(here / f"{n}.py").read_text(encoding="utf-8").replace("\r\n", "\n") for n in names])


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(x) for x in re.findall(r"\d+", text)[:3])


def digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


# ---------------------------------------------------------------------- checking and compiling
def _compile(name: str | Path) -> tuple[Ruleset | None, list[Problem]]:
    layers, problems = _read_layers(name)
    if problems or any(x.file is None for x in layers):
        return None, problems
    return _Compiler(layers).ruleset()


class _Compiler:
    """Layers that are each well-formed, read together: references, numbers, what the loader refuses to guess."""

    def __init__(self, layers: list[_Layer]) -> None:
        self.layers = layers
        self.top = layers[0]
        self.problems: list[Problem] = []
        self.origin: dict[tuple[str, str], tuple[_Layer, tuple[str | int, ...]]] = {}
        self.said = self._merged()
        self.absent: list[str] = []

    def fault(self, code: str, message: str, at: tuple[_Layer, tuple[str | int, ...]], *path: str | int, hint: str = "") -> None:
        layer, start = at
        self.problems.append(Problem(code, message, layer.place((*start, *path)), hint))

    def at(self, section: str, name: str) -> tuple[_Layer, tuple[str | int, ...]]:
        return self.origin.get((section, name), (self.top, (section,)))

    def _merged(self) -> words.RulesetFile:
        """The base's items, then each layer's own. An id stands once."""
        sections: dict[str, list[Any]] = {s: [] for s in (*SECTIONS_WITH_IDS, "local_codes", "gaps", "ends")}
        texts: dict[str, words.Text] = {}
        for layer in reversed(self.layers):
            file = layer.file
            assert file is not None
            for section in sections:
                for i, item in enumerate(getattr(file, section)):
                    name = getattr(item, "id", None)
                    if name is not None:
                        if (section, name) in self.origin:
                            other = self.origin[(section, name)]
                            message = f"'{name}' is already at {other[0].place(other[1])}"
                            hint = "choose another name, or state the change of the base's item under `set`"
                            self.fault("doubled-id", message, (layer, (section, i)), "id", hint=hint)
                            continue
                        self.origin[(section, name)] = (layer, (section, i))
                    sections[section].append(item)
            texts.update(file.texts)
            for i, change in enumerate(file.set):
                self._set(sections["parameters"], change, (layer, ("set", i)))
        top = self.top.file
        assert top is not None
        return top.model_copy(update={**sections, "texts": texts})

    def _set(self, parameters: list[words.Parameter], change: words.SetParameter, at: Any) -> None:
        for i, p in enumerate(parameters):
            if p.id == change.parameter:
                if p.layer_may in (None, "nothing"):
                    self.fault("may-not", f"the base lets no layer change '{p.id}'", at, "to")
                old = p.number()
                if old is not None and (
                    (p.layer_may == "lower" and change.to > old) or (p.layer_may == "raise" and change.to < old)
                ):
                    self.fault("may-not", f"a layer may only {p.layer_may} '{p.id}', which is {old}", at, "to")
                parameters[i] = p.model_copy(update={"value": str(change.to)})
                return
        hint = nearest(change.parameter, [p.id for p in parameters])
        self.fault("no-parameter", f"there is no parameter '{change.parameter}'", at, "parameter", hint=hint)

    # ------------------------------------------------------------------ the whole
    def ruleset(self) -> tuple[Ruleset | None, list[Problem]]:
        said = self.said
        self._one_name_for_one_thing()
        self._references()
        self._engine()
        self._days_in_force()
        self.parameters = {p.id: p for p in said.parameters}
        self.counters = {c.id: self._counter(c) for c in said.counters}
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
        notes = [f"gap: {g.what}" + (f" (read as {g.read_as})" if g.read_as else "") for g in said.gaps]
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
                open_to_layers=tuple(self.absent),
                notes=tuple(notes),
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
        self.actions: dict[str, tuple[words.Action, words.Step, tuple[_Layer, tuple[str | int, ...]]]] = {}
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
        for i, code in enumerate(said.local_codes):
            self._need(code.kind, kinds, "kind", (self.top, ("local_codes", i)), "kind")
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
            self._need(said.owner.role, roles, "role", (self.top, ("owner",)), "role")
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
        top = (self.top, ())
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
        top = (self.top, ())
        if said.adopted and said.adopted.on > said.valid_from:
            message = f"in force from {said.valid_from}, but adopted on {said.adopted.on}"
            self.fault("before-adoption", message, top, "valid_from", hint=f"write {said.adopted.on} or later")
        for layer in self.layers:
            if said.status == "adopted" and layer.file and layer.file.gaps:
                message = f"an adopted ruleset has no gaps; {layer.shown} has {len(layer.file.gaps)}"
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
    def _number(self, value: Any, at: Any, *path: str | int) -> Decimal | ByGrade | None:
        """A limit as a number, a number for each grade, or None where its parameter has none."""
        if isinstance(value, Decimal):
            return value
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

    # ------------------------------------------------------------------ counters
    def _counter(self, said: words.Counter) -> Count:
        at = self.at("counters", said.id)
        kinds = {k.id for k in self.said.kinds if k.is_ in ABSENCE}
        if isinstance(said.kinds, words.Kinds):
            if said.kinds.only is not None:
                odd = [k for k in said.kinds.only if k not in kinds and k in {x.id for x in self.said.kinds}]
                if odd:
                    self.fault("no-absence", f"the kind '{odd[0]}' is no absence", at, "kinds", "only")
                kinds = set(said.kinds.only)
            else:
                kinds -= set(said.kinds.all_except or [])
        if said.measure == "lessons" and said.lesson_minutes is None:
            hint = "add lesson_minutes: 45 (or what one lesson of the limit is)"
            self.fault("which-unit", f"the counter '{said.id}' does not say what one lesson is", at, "measure", hint=hint)
        if said.measure == "marks" and said.share_of:
            self.fault("share-of-marks", "a share is of lessons", at, "share_of", hint="write measure: lessons")
        rolling = None
        if said.window.rolling:
            r = said.window.rolling
            rolling = Span("school_weeks", r.school_weeks) if r.school_weeks else Span("school_days", r.school_days or 1)
        minutes = said.lesson_minutes or 45
        return Count(
            id=said.id,
            measure=said.measure,
            kinds=frozenset(kinds),
            window=Window(said.window.in_, rolling),
            unit=100 if said.measure == "marks" or said.share_of else minutes * 100,
            is_share=said.share_of is not None,
            minimum=said.minimum.planned_lessons * minutes * 100 if said.minimum else 0,
            said=said,
        )

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
            else:
                self._answer_fits(fact, what, op, value, at, *where)
                asks.append((op, tuple(value) if isinstance(value, list) else value))
        return Test(".".join(map(str, (*at[1], *path, fact))), what, fact, tuple(asks))

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
            "step": ["open", "ended", "never_opened"],
            "action": ["done", "not_needed", "refused"],
            "question": [
                "known",
                "unknown",
                *(question.answers if question and isinstance(question.answers, list) else []),
            ],
        }[what]
        for one in value if isinstance(value, list) else [value]:
            if one not in allowed:
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
        opens = self._condition(said.opens, at, "opens")
        actions = [self._action(said, a, i, at) for i, a in enumerate(said.actions)]
        lasts = self._lasts(said, actions, at)
        again = f"each_{said.again.each}" if isinstance(said.again, words.Each) else said.again
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
        )

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
            return Lasts(said.lasts)
        if isinstance(said.lasts, words.UntilEndOf):
            return Lasts("until_end_of_term")
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
        )

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
                        fields["mark"] |= {"lessons", "minutes", "lesson"}
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
                for name in a.who if isinstance(a.who, tuple) else (a.who,):
                    role = v.roles.get(name)
                    if role is not None and role.is_ is not None:
                        fields["enrolment"].add("grade")
    longest = "school_year" if any("school_year" in w or "term" in w for w in windows) else "enrolment" if windows else "none"
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


def _conditions(step: StepOf) -> Iterator[Condition | None]:
    yield step.opens
    yield step.watch
    for a in step.actions:
        yield a.when
        yield a.unless


def _window_text(window: Window) -> str:
    return f"{window.within}, last {window.rolling.number} {window.rolling.clock}" if window.rolling else window.within
