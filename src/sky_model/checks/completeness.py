"""A local plan beside what section 26 and the core curriculum ask a provider to settle: what is there, what is missing.

Rules: the points are data (rulesets/completeness.yaml), each with the sources that ask for it and how certain they are; it is
said which item settles a part and which layer wrote it, so that what was only taken over from the base is seen; an item is
looked for, never judged: nothing is called complete, and every answer says that a person judges the contents.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from pydantic import Field

from sky_model.errors import Problem, RulesetError
from sky_model.layers import rulesets_folder
from sky_model.rules import ABSENCE, Act, Ruleset, StepOf
from sky_model.source import read_file
from sky_model.vocabulary import LANGUAGES, About, Gap, Id, Shape, SourceItem, Text, YesNo, read

__all__ = ["Completeness", "Found", "Part", "Point", "complete", "read_points"]

State: TypeAlias = Literal["settled", "from_base", "missing"]
JUDGED = "Found means that something is written there. Whether it is right and enough, a person judges."


class Wanted(Shape):
    """Items of one section; every line that is written must fit. A list fits when one of its words does."""

    section: Literal["kinds", "counters", "steps", "actions", "community", "statements", "review_by"]
    ids: list[Id] | None = None
    topics: list[Id] | None = None  # statements
    is_absence: YesNo = False  # kinds
    measures: list[str] | None = None  # counters; steps that compare such a counter with a limit
    checked: YesNo = False  # counters that are read on days of a schedule
    opens_on: Literal["report"] | None = None  # steps
    every_one_has_actions: YesNo = False  # steps: all of them together, or none
    opens_on_kind: str | None = None  # actions of steps on a counter of such kinds only
    who: list[Id] | None = None  # actions, community
    to: list[Id] | None = None  # actions
    with_: list[Id] | None = Field(default=None, alias="with")  # actions: who takes part
    about: list[About] | None = None  # actions
    asks: list[Id] | None = None  # actions
    within: YesNo = False  # actions with a time
    shows: YesNo = False  # community work that shows counters of every pupil
    how_often: YesNo = False  # community work whose times are written, not left open


class PartOf(Shape):
    id: Id
    name: Text
    asked_by: list[Id] | None = None  # where not by all that ask for the point
    found_in: list[Wanted] = Field(min_length=1)
    write: str


class PointOf(Shape):
    id: Id
    name: Text
    asked_by: list[Id] = Field(min_length=1)
    parts: list[PartOf] = Field(min_length=1)


class Points(Shape):
    """The file."""

    format: Literal["1"]
    sources: list[SourceItem]
    gaps: list[Gap] = Field(default_factory=list)
    points: list[PointOf] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Found:
    """One item that settles a part, and the layer that wrote it."""

    section: str
    id: str
    layer: str


@dataclass(frozen=True, slots=True)
class Part:
    """settled: a layer above the national base says it · from_base: only the base does · missing: nothing does."""

    id: str
    name: Text
    asked_by: tuple[SourceItem, ...]
    state: State
    found: tuple[Found, ...]
    write: str


@dataclass(frozen=True, slots=True)
class Point:
    id: str
    name: Text
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Completeness:
    """What was looked for in a ruleset. `gaps`: what the list itself does not know."""

    ruleset: str
    points: tuple[Point, ...]
    gaps: tuple[str, ...]

    @property
    def parts(self) -> tuple[Part, ...]:
        return tuple(part for point in self.points for part in point.parts)

    @property
    def missing(self) -> tuple[Part, ...]:
        return tuple(part for part in self.parts if part.state == "missing")

    def lines(self) -> Iterator[str]:
        """For a person: point by point what was looked for, who asks for it, where it is or what to write."""
        for point in self.points:
            yield point.name.in_language("en")
            for part in point.parts:
                asked = ", ".join(f"{s.id} ({s.certainty})" for s in part.asked_by)
                yield f"  {part.name.in_language('en')}  [asked by {asked}]"
                if part.state == "missing":
                    yield f"    missing: write {part.write}"
                    continue
                of_base = " – only the base says it" if part.state == "from_base" else ""
                shown = [f"{f.section}.{f.id}" if f.id else f.section for f in part.found]
                more = f" and {len(shown) - 4} more" if len(shown) > 4 else ""
                yield f"    found: {', '.join(shown[:4])}{more}{of_base}"
        settled, taken, missing = (sum(p.state == s for p in self.parts) for s in ("settled", "from_base", "missing"))
        yield ""
        yield f"{self.ruleset}: {len(self.parts)} parts of {len(self.points)} points were looked for."
        yield f"{settled} settled here, {taken} only by the base, {missing} missing."
        yield from (f"not known: {gap}" for gap in self.gaps)
        yield JUDGED

    def to_json(self) -> dict[str, Any]:
        return {
            "format": 1,
            "ruleset": self.ruleset,
            "points": [
                {
                    "point": point.id,
                    "name": _in_all(point.name),
                    "parts": [
                        {
                            "part": part.id,
                            "name": _in_all(part.name),
                            "state": part.state,
                            "asked_by": [{"source": s.id, "certainty": s.certainty} for s in part.asked_by],
                            "found": [{"section": f.section, "id": f.id, "layer": f.layer} for f in part.found],
                            "write": part.write if part.state == "missing" else None,
                        }
                        for part in point.parts
                    ],
                }
                for point in self.points
            ],
            "not_known": list(self.gaps),
            "note": JUDGED,
        }


def _in_all(name: Text) -> dict[str, str]:
    return {language: name.in_language(language) for language in LANGUAGES}


@lru_cache(maxsize=1)
def read_points() -> Points:
    """The shipped list. Raises RulesetError with every fault of the file."""
    source = read_file(rulesets_folder() / "completeness.yaml", shown="rulesets/completeness.yaml")
    if source.problems:
        raise RulesetError(source.problems)
    found, problems = read(Points, source.data, source.place)
    if found is None:
        raise RulesetError(problems)
    known = {s.id for s in found.sources}
    for i, point in enumerate(found.points):
        for name in (*point.asked_by, *(n for part in point.parts for n in part.asked_by or ())):
            if name not in known:
                said = f"there is no source '{name}'"
                problems.append(Problem("no-such", said, source.place(("points", i)), f"known are: {', '.join(sorted(known))}"))
    if problems:
        raise RulesetError(problems)
    return found


def complete(rules: Ruleset) -> Completeness:
    """Every part of every point with what settles it in this ruleset and the layers beneath."""
    said = read_points()
    sources = {s.id: s for s in said.sources}
    points = []
    for point in said.points:
        parts = []
        for part in point.parts:
            asked = tuple(sources[name] for name in part.asked_by or point.asked_by)
            found = tuple(dict.fromkeys(f for wanted in part.found_in for f in _find(rules, wanted)))
            parts.append(Part(part.id, part.name, asked, _state(rules, found), found, part.write))
        points.append(Point(point.id, point.name, tuple(parts)))
    return Completeness(rules.name, tuple(points), tuple(g.gap for g in said.gaps))


def _state(rules: Ruleset, found: tuple[Found, ...]) -> State:
    if not found:
        return "missing"
    is_local = len(rules.layers) == 1 or any(f.layer != rules.layers[-1] for f in found)
    return "settled" if is_local else "from_base"


def _find(rules: Ruleset, wanted: Wanted) -> Iterator[Found]:
    match wanted.section:
        case "review_by":
            if rules.said.review_by is not None:
                yield Found("review_by", "", rules.layers[0])
        case "steps":
            steps = [s for s in rules.steps if _step_fits(rules, wanted, s)]
            if not wanted.every_one_has_actions or len(steps) == len(rules.steps):
                yield from (Found("steps", s.id, _layer(rules, f"steps.{s.id}")) for s in steps)
        case "actions":
            for s in rules.steps:
                for a in s.actions:
                    if _action_fits(rules, wanted, s, a):
                        yield Found("actions", a.id, _layer(rules, f"steps.{s.id}.actions.{a.id}"))
        case section:
            for item in getattr(rules.said, section):
                if _item_fits(wanted, item):
                    yield Found(section, item.id, _layer(rules, f"{section}.{item.id}"))


def _layer(rules: Ruleset, at: str) -> str:
    """The layer that wrote an item; of what a table of rows made, the ruleset itself."""
    try:
        return rules.origin_of(at).layer
    except RulesetError:
        return rules.layers[0]


def _step_fits(rules: Ruleset, wanted: Wanted, s: StepOf) -> bool:
    reads = [t for t in s.tests if t.what == "counter" and not t.is_unsaid]
    return (
        _one_of(wanted.ids, [s.id])
        and _one_of(wanted.measures, [rules.counters[t.fact].measure for t in reads])
        and (wanted.opens_on is None or any(t.what == wanted.opens_on for t in s.tests))
        and (not wanted.every_one_has_actions or bool(s.actions))
    )


def _action_fits(rules: Ruleset, wanted: Wanted, s: StepOf, a: Act) -> bool:
    who = [a.who] if isinstance(a.who, str) else list(a.who)
    return (
        _one_of(wanted.ids, [a.id])
        and _one_of(wanted.who, who)
        and _one_of(wanted.to, a.to)
        and _one_of(wanted.with_, [*a.required, *a.optional])
        and _one_of(wanted.about, [a.about])
        and _one_of(wanted.asks, a.asks)
        and (not wanted.within or a.due is not None)
        and (wanted.opens_on_kind is None or _is_on_kind(rules, s, wanted.opens_on_kind))
    )


def _is_on_kind(rules: Ruleset, s: StepOf, kind: str) -> bool:
    """Does the step open on a counter that counts marks of this kind and of no other?"""
    counted = [rules.counters[t.fact].kinds for t in s.tests if t.what == "counter"]
    return any(kinds and all(k in rules.kinds and rules.kinds[k].is_ == kind for k in kinds) for kinds in counted)


def _item_fits(wanted: Wanted, item: Any) -> bool:
    who = getattr(item, "who", None)
    every = getattr(item, "every", None)
    return (
        _one_of(wanted.ids, [item.id])
        and _one_of(wanted.topics, [getattr(item, "topic", "")])
        and _one_of(wanted.measures, [getattr(item, "measure", "")])
        and _one_of(wanted.who, [who] if isinstance(who, str) else getattr(who, "any_of", []))
        and (not wanted.is_absence or item.is_ in ABSENCE)
        and (not wanted.checked or item.checked is not None)
        and (not wanted.shows or bool(item.shows))
        and (not wanted.how_often or (every is not None and not isinstance(every, Gap)))
    )


def _one_of(wanted: list[Any] | None, given: Any) -> bool:
    return wanted is None or bool({*wanted} & {*given})
