"""How much of a ruleset its golden cases pass through: rules, sides of conditions, boundaries of limits, transitions of steps.

Rules: only what the ruleset itself writes is asked for, its base has cases of its own; what was passed is read from the paths of
the cases, as known on each day that a case expects something of or on which something was recorded; what cannot happen by the
form of the rules is not asked for (told at the line that leaves it out); everything not covered is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sky_model.checks.cases import read_cases, record_of
from sky_model.checks.mutations import asking_steps, can_be_known, own_names
from sky_model.decider import decide
from sky_model.events import DAY, end_of
from sky_model.facts import FALSE, TRUE, Facts
from sky_model.path import Opening
from sky_model.path import Path as CasePath
from sky_model.records import Case
from sky_model.rules import ByGrade, Condition, Model, Ruleset, StepOf, Test
from sky_model.schooldays import Calendar

__all__ = ["SORTS", "Coverage", "coverage", "transitions_of"]

SORTS = ("rules", "sides", "boundaries", "transitions")
BY_ITSELF = {"while_true": "no longer true", "until_end_of": "ended", "span": "its time ended"}


@dataclass(frozen=True, slots=True)
class Coverage:
    """What there is and what the cases passed, by sort: rules, sides, boundaries, transitions.

    unknown  conditions that were also seen unknown: reported apart, nobody asks for it
    """

    whole: Mapping[str, tuple[str, ...]]
    passed: Mapping[str, frozenset[str]]
    unknown: tuple[str, ...]

    def missing(self, sort: str) -> tuple[str, ...]:
        return tuple(x for x in self.whole[sort] if x not in self.passed[sort])

    def to_json(self) -> dict[str, Any]:
        """Counts and what is not covered by name, in a stable order."""
        out: dict[str, Any] = {}
        for sort in SORTS:
            missing = self.missing(sort)
            out[sort] = {"covered": len(self.whole[sort]) - len(missing), "of": len(self.whole[sort]), "missing": list(missing)}
        return {**out, "unknown": list(self.unknown)}


def coverage(model: Model, folder: Path, *, own: bool = True) -> Coverage:
    """What the golden cases of a folder pass of the newest version. `own`: without what stands in its base.

    Raises RulesetError for cases that cannot be read.
    """
    rules = model.newest
    names = (
        own_names(rules) if own else frozenset((*(s.id for s in rules.steps), *(n.id for n in rules.notices), *rules.counters))
    )
    seen = _Seen(rules, names)
    for golden, source, i in read_cases(folder):
        case, calendars = record_of(model, golden, source, i, folder)
        for wanted in golden.expect:
            seen.look(model, case, wanted.on, wanted.known_on, calendars)
    return Coverage(
        {sort: tuple(dict.fromkeys(found)) for sort, found in _whole(rules, names).items()},
        {sort: frozenset(found) for sort, found in seen.passed.items()},
        tuple(sorted(seen.unknown)),
    )


# ---------------------------------------------------------------------- what there is
def transitions_of(step: StepOf, rules: Ruleset) -> Iterator[str]:
    """The transitions of a step: opened; the ways in which its `lasts` lets it end; opened again; withdrawn; a higher level.

    A step whose limit the source does not say never opens and has none.
    """
    if not can_be_known(step.opens, True):
        return
    yield "opened"
    # every open step may be closed by a person; asked for where the step is made for it
    if step.lasts.word == "until_closed" or step.said.closing is not None:
        yield "closed by a person"
    if step.lasts.word == "until_done":
        yield "done"
    if step.lasts.word in BY_ITSELF and (step.lasts.word != "while_true" or can_be_known(step.opens, False)):
        yield "ended by itself"
    if _can_open_again(step, rules):
        yield "opened again"
    if step.grades is not None or can_be_known(step.opens, False):
        yield "withdrawn"
    if step.levels is not None:
        yield "a higher level"


def _can_open_again(step: StepOf, rules: Ruleset) -> bool:
    """`once` on a counter is never new again, and a window without end has no next one; a report or an answer can be new."""
    if step.watch is not None or step.again not in ("once", "next_window") or any(t.what != "counter" for t in step.tests):
        return True
    windows = [rules.counters[t.fact].window for t in step.tests]
    return step.again == "next_window" and any(w.within != "any_time" or w.rolling is not None for w in windows)


def _whole(rules: Ruleset, names: frozenset[str]) -> dict[str, list[str]]:
    out: dict[str, list[str]] = {sort: [] for sort in SORTS}
    asking = asking_steps(rules)
    for step in rules.steps:
        if step.id in names:
            out["rules"] += [f"steps.{step.id}"] if can_be_known(step.opens, True) else []
            out["rules"] += [f"steps.{step.id}.actions.{a.id}" for a in step.actions if step.id in asking]
            out["transitions"] += [f"steps.{step.id}: {x}" for x in transitions_of(step, rules)]
    out["rules"] += [f"messages.{n.id}" for n in rules.notices if n.id in names and can_be_known(n.when, True)]
    out["rules"] += [f"counters.{c}" for c in rules.counters if c in names and c in {t.fact for _, t, _ in _tests(rules, None)}]
    out["rules"] += [f"becomes.{k}" for k, t in enumerate(rules.turns)]
    for place, condition, step_open in _conditions(rules, names):
        if step_open is not None and step_open.id not in asking:
            continue
        for name, node in _nodes(place, condition):
            out["sides"] += [f"{name} is {'true' if value else 'false'}" for value in (True, False) if can_be_known(node, value)]
    for name, test, _ in _tests(rules, names):
        if test.what == "counter" and not test.is_unsaid:
            for op, limit in test.asks:
                if isinstance(limit, int | ByGrade):
                    out["boundaries"] += [f"{name} {op}: {x}" for x in ("one below", "at the limit", "one above")]
    return out


def _conditions(rules: Ruleset, names: frozenset[str] | None) -> Iterator[tuple[str, Condition, StepOf | None]]:
    """(where it stands, the condition, the step that must be open for it to be asked, if any)."""
    for s in rules.steps:
        if names is not None and s.id not in names:
            continue
        yield f"steps.{s.id}.opens", s.opens, None
        for word, condition in (("expected_by", s.expected_by), ("watch", s.watch), ("suggest", s.suggest)):
            if condition is not None:
                yield f"steps.{s.id}.{word}", condition, None if word == "watch" else s
        for a in s.actions:
            for word, condition in (("when", a.when), ("unless", a.unless)):
                if condition is not None:
                    yield f"steps.{s.id}.actions.{a.id}.{word}", condition, s
    for n in rules.notices:
        if names is None or n.id in names:
            yield f"messages.{n.id}.when", n.when, None


def _nodes(place: str, condition: Condition) -> Iterator[tuple[str, Condition]]:
    """Every comparison and every any, all, none of a condition, with its name."""
    if isinstance(condition, Test):
        yield f"{place}.{condition.fact}", condition
        return
    word = {"AnyOf": "any", "All": "all", "NoneOf": "none"}[type(condition).__name__]
    yield f"{place}.{word}", condition
    for k, part in enumerate(condition.parts):
        yield from _nodes(f"{place}.{word}.{k}", part)


def _tests(rules: Ruleset, names: frozenset[str] | None) -> Iterator[tuple[str, Test, StepOf | None]]:
    for place, condition, step in _conditions(rules, names):
        for name, node in _nodes(place, condition):
            if isinstance(node, Test):
                yield name, node, step


# ---------------------------------------------------------------------- what the cases pass
class _Seen:
    def __init__(self, rules: Ruleset, names: frozenset[str]) -> None:
        self.rules, self.names = rules, names
        self.passed: dict[str, set[str]] = {sort: set() for sort in SORTS}
        self.unknown: set[str] = set()
        self.conditions = [(p, list(_nodes(p, c)), s) for p, c, s in _conditions(rules, names)]
        self.counted = {t.fact for _, t, _ in _tests(rules, None) if t.what == "counter"} & names

    def look(self, model: Model, case: Case, on: date, known_on: date | None, calendars: dict[str, Calendar]) -> None:
        decision = decide(model, case, on=on, known_on=known_on, calendars=calendars)
        known = end_of(min(on, known_on or on).toordinal())
        path = CasePath([Facts(case, v, calendars, known) for v in model.versions], on.toordinal())
        asked = {(o.partition("@")[0].partition("+")[0], t.action) for t in decision.tasks for o in t.openings}
        rules = self.passed["rules"]
        rules.update(f"steps.{s}.actions.{a}" for s, a in asked)
        rules.update(f"messages.{m.message}" for m in decision.messages)
        for o in path.openings:
            self._transitions(path, o)
        facts = path.versions[-1].facts
        recorded = {m // DAY for m in case.moments}
        for day in sorted(d for d in {*recorded, on.toordinal()} if d <= on.toordinal()):
            if model.on(day) is self.rules and facts.place(day, known).calendar.covers(day):
                self._day(path, facts, day, min(end_of(day), known))

    def _transitions(self, path: CasePath, o: Opening) -> None:
        step, passed = o.step.base, self.passed["transitions"]
        self.passed["rules"].add(f"steps.{step}")
        found = ["opened"]
        if o.ended is not None:
            found.append({"closed": "closed by a person", "done": "done"}.get(o.how, "ended by itself"))
        earlier = [
            x for x in path.openings if x.step.id == o.step.id and x.ended is not None and x.ended <= o.moment and x is not o
        ]
        found += ["opened again"] if earlier else []
        found += ["withdrawn"] if o.is_withdrawn else []
        found += ["a higher level"] if o.step.level else []
        passed.update(f"steps.{step}: {x}" for x in found)

    def _day(self, path: CasePath, facts: Facts, day: int, known: int) -> None:
        v = path.versions[-1]
        is_open = {o.step.base for o in path.openings if o.day <= day and (o.ended is None or o.ended // DAY >= day)}
        for _, nodes, step in self.conditions:
            if step is not None and step.id not in is_open:
                continue
            for name, node in nodes:
                value = path.holds(v, node, day, known, end_of(day) + 1)[0]
                if value in (TRUE, FALSE):
                    self.passed["sides"].add(f"{name} is {'true' if value == TRUE else 'false'}")
                else:
                    self.unknown.add(name)
                if isinstance(node, Test) and node.what == "counter" and not node.is_unsaid:
                    self._boundary(facts, name, node, day, known)
        for name in self.counted:
            if facts.reading(self.rules.counters[name], day, known).silent is None:
                self.passed["rules"].add(f"counters.{name}")
        for e in facts.entries(day, known):
            for k, turn in enumerate(self.rules.turns):
                if e.said.kind == turn.kind and e.kind == turn.to:
                    self.passed["rules"].add(f"becomes.{k}")

    def _boundary(self, facts: Facts, name: str, test: Test, day: int, known: int) -> None:
        """Where a counter, for certain, stands to its limit. What moves in part units is below or above by one unit at most."""
        count = facts.rules.counters[test.fact]
        r = facts.reading(count, day, known)
        if r.silent is not None:
            return
        unit = 100 if count.is_share else count.unit
        for op, said in test.asks:
            limit = said.values.get(facts.place(day, known).grade or -1) if isinstance(said, ByGrade) else said
            if not isinstance(limit, int):
                continue
            here, want, one = (r.low * 50_000, limit * r.planned, unit * r.planned) if count.is_share else (r.low, limit, unit)
            where = "at the limit" if here == want else "one below" if want - one <= here < want else ""
            where = where or ("one above" if want < here <= want + one else "")
            if where:
                self.passed["boundaries"].add(f"{name} {op}: {where}")
