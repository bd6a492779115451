"""Is there a pupil for whom something holds? The facts that conditions can tell apart, as finitely many boxes, searched exactly.

Rules: a fact is looked at only as far as some comparison asks about it; of a number only the cells between the limits matter;
every value is a pair (certain, possible) as everywhere else; a search that finds nothing has looked at every box.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from sky_model.rules import All, AnyOf, ByGrade, Condition, Count, NoneOf, Ruleset, Test, Unsaid, tests_in

__all__ = [
    "WHOLE",
    "Box",
    "Fact",
    "Range",
    "State",
    "both",
    "cells_of",
    "differ",
    "facts_of",
    "find",
    "grades_of",
    "loses",
    "most_of",
]

Pair: TypeAlias = tuple[int, int]
ONE = 100  # numbers are in hundredths
WHOLE = ("marks", "days", "half_days", "calendar_days", "episodes", "times", "days_since")
FALSE, UNKNOWN, TRUE = (0, 0), (0, 1), (1, 1)


class Range(NamedTuple):
    """What a condition can still be while some facts are open: the least and the most of `certain` and of `possible`."""

    certain_least: int
    certain_most: int
    possible_least: int
    possible_most: int


class State(NamedTuple):
    """One thing that a fact can be: how it is shown, whether it is known for certain, what each comparison then is (by id)."""

    shown: Any
    is_certain: bool
    values: Mapping[int, Pair]


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that comparisons ask about, with everything that it can be, the least first."""

    what: str
    name: str
    states: tuple[State, ...]


Box: TypeAlias = dict[tuple[str, str], Any]  # (what, name): what it is
Relation: TypeAlias = Callable[[str], str]  # of a counter of both sides: same | wider | other


# ---------------------------------------------------------------------- what a fact can be
def grades_of(rules: Ruleset) -> list[int | None]:
    """The grades of a ruleset, and a pupil whose grade is not given."""
    first, last = rules.said.grades
    return [*range(first, last + 1), None]


def most_of(count: Count) -> int | None:
    """The most that a counter can be, in hundredths, where its window says it."""
    rolling = count.window.rolling
    if count.is_share:
        return 100 * 100
    if rolling is None or count.measure not in ("days", "calendar_days") or count.is_compared:
        return None
    if rolling.clock == "school_weeks":
        return rolling.number * 100 * (1 if count.most_on_one == "weekday" else 7)
    return rolling.number * 100 if rolling.clock in ("school_days", "calendar_days") else None


def facts_of(
    sides: Sequence[tuple[Ruleset, Iterable[Condition]]], grade: int | None, relation: Relation | None = None
) -> list[Fact]:
    """The facts that the conditions of one or two rulesets ask about, for a pupil of a grade (None: not given).

    relation  of a counter or step that both rulesets have: `same` one number, `wider` never less in the second, `other` none
    """
    found: dict[tuple[str, str], list[tuple[int, Test]]] = {}
    for side, (_, conditions) in enumerate(sides):
        for condition in conditions:
            for test in tests_in(condition):
                if not _is_unsaid(test):
                    found.setdefault((test.what, test.fact), []).append((side, test))
    facts = []
    several = {q.id for rules, _ in sides for q in rules.said.questions if q.several}
    for (what, name), asked in found.items():
        how = relation(f"{what}.{name}") if relation and what in ("counter", "step") else "same"
        if what == "counter":
            counts = [rules.counters.get(name) for rules, _ in sides]
            if how == "other":
                for side in range(len(sides)):
                    mine = [(s, t) for s, t in asked if s == side]
                    if mine:
                        facts.append(_number(f"{name}#{side}" if side else name, mine, counts, grade, "same"))
            else:
                facts.append(_number(name, asked, counts, grade, how))
        elif how == "other":
            facts += [
                _choice(what, f"{name}#{side}" if side else name, mine, grade, False)
                for side in range(len(sides))
                if (mine := [(s, t) for s, t in asked if s == side])
            ]
        else:
            facts.append(_choice(what, name, asked, grade, name in several))
    return facts


def _is_unsaid(test: Test) -> bool:
    return test.is_unsaid or any(isinstance(v, Unsaid) for _, v in test.asks)


def _limits(test: Test, grade: int | None) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Operators with their limits. Grade not given: those of all grades, and all must hold."""
    for op, limit in test.asks:
        if isinstance(limit, ByGrade):
            yield op, tuple(limit.values.values()) if grade is None else (limit.values[grade],)
        else:
            yield op, (limit,)


def _number(name: str, asked: list[tuple[int, Test]], counts: list[Count | None], grade: int | None, how: str) -> Fact:
    mine = [c for c in (counts[s] for s in sorted({s for s, _ in asked})) if c is not None]
    most = [m for c in mine if (m := most_of(c)) is not None]
    points = _points([t for _, t in asked], grade, is_whole=all(c.measure in WHOLE and not c.is_share for c in mine))
    cells = [p for p in points if not most or p <= max(most)] or [0]
    ranges = [(low, high) for low in cells for high in cells if low <= high]
    made: dict[tuple[Pair, ...], State] = {}

    def keep(shown: Any, is_certain: bool, values: list[Pair]) -> None:
        key = tuple(values)
        if key not in made or (is_certain and not made[key].is_certain):
            made[key] = State(shown, is_certain, {id(t): v for (_, t), v in zip(asked, values, strict=True)})

    if any(c.since or c.checked or c.of or c.of_kind for c in mine):
        keep("not running", True, [FALSE] * len(asked))
    wide = how == "wider" and len({s for s, _ in asked}) > 1
    for low, high in sorted(ranges, key=lambda r: (r[0] != r[1], r)):
        if not wide:
            keep((low, high), low == high, [_compared(t, low, high, grade) for _, t in asked])
            continue
        for other_low, other_high in ranges:
            if other_low >= low and other_high >= high:
                of_side = [(low, high), (other_low, other_high)]
                is_certain = low == high and other_low == other_high
                keep((low, high), is_certain, [_compared(t, *of_side[s], grade) for s, t in asked])
    return Fact("counter", name, tuple(made.values()))


def _points(tests: Sequence[Test], grade: int | None, *, is_whole: bool) -> list[int]:
    """Numbers of which one lies in each cell between the limits; of what is counted in wholes only whole ones."""
    limits = {n for t in tests for _, some in _limits(t, grade) for n in some}
    if not is_whole:
        return sorted({0, *(p for n in limits for p in (n - 1, n, n + 1) if p >= 0)})
    return sorted({0, *(p for n in limits for k in (-1, 0, 1, 2) if (p := (n // ONE + k) * ONE) >= 0)})


def cells_of(tests: Sequence[Test], grade: int | None, most: int | None = None, *, is_whole: bool = False) -> list[State]:
    """What comparisons of one counter are in each cell between their limits, from the lowest up."""
    cells = [p for p in _points(tests, grade, is_whole=is_whole) if most is None or p <= most]
    return [State((n, n), True, {id(t): _compared(t, n, n, grade) for t in tests}) for n in cells]


def _compared(test: Test, low: int, high: int, grade: int | None) -> Pair:
    certain = possible = 1
    for op, limits in _limits(test, grade):
        pairs = [_pair(op, low, high, n) for n in limits]
        certain = min(certain, *(p[0] for p in pairs))
        possible = min(possible, max(p[1] for p in pairs))
    return certain, possible


def _pair(op: str, low: int, high: int, limit: int) -> Pair:
    match op:
        case "at_least":
            return int(low >= limit), int(high >= limit)
        case "more_than":
            return int(low > limit), int(high > limit)
        case "at_most":
            return int(high <= limit), int(low <= limit)
        case _:
            return int(high < limit), int(low < limit)


def _choice(what: str, name: str, asked: list[tuple[int, Test]], grade: int | None, several: bool) -> Fact:
    match what:
        case "report":
            kinds: list[Any] = ["none recorded", "raised"]
        case "grade":
            kinds = [grade]
        case "question":
            kinds = [None, *_answers(asked, several)]
        case "step":
            kinds = ["never_opened", "open", "ended", "worked_through"]
        case _:
            kinds = ["not done", "not_needed", "refused", *_spans(asked)]
    states: dict[tuple[Pair, ...], State] = {}
    for kind in kinds:
        values = tuple(_chosen(what, t, kind) for _, t in asked)
        shown = kind if not isinstance(kind, tuple) else "done" if kind[0] == "done" else ", ".join(kind)
        states.setdefault(values, State(shown, True, {id(t): v for (_, t), v in zip(asked, values, strict=True)}))
    return Fact(what, name, tuple(states.values()))


def _answers(asked: list[tuple[int, Test]], several: bool) -> Iterator[tuple[str, ...]]:
    """Every answer, or set of answers, that the comparisons can tell apart, and one that none of them names."""
    named: dict[str, None] = {}
    for _, test in asked:
        for _, value in test.asks:
            named.update(dict.fromkeys(value if isinstance(value, tuple) else (value,)))
    names = [n for n in named if n not in ("known", "unknown")]
    yield ("another answer",)
    for n in range(1, len(names) + 1 if several else 2):
        yield from itertools.combinations(names, n)


def _spans(asked: list[tuple[int, Test]]) -> Iterator[tuple[str, frozenset[Any]]]:
    """Done long ago, or within some of the spans that are asked about: a shorter one on a clock implies the longer ones."""
    spans = list(dict.fromkeys(v for _, t in asked for op, v in t.asks if op == "done_within"))
    for n in range(len(spans) + 1):
        for some in itertools.combinations(spans, n):
            inside = frozenset(some)
            if all(b in inside for a in inside for b in spans if a.clock == b.clock and a.number <= b.number):
                yield "done", inside


def _chosen(what: str, test: Test, kind: Any) -> Pair:
    match what:
        case "report":
            return TRUE if kind == "raised" else FALSE
        case "grade":
            if kind is None:
                return UNKNOWN
            return TRUE if all(_fits(op, kind, v) for op, v in test.asks) else FALSE
        case "question":
            return _answered(test, kind)
        case "step":
            state = {"worked_through": ("ended", "worked_through")}.get(kind, (kind,))
            return TRUE if all(v in state for _, v in test.asks) else FALSE
        case _:
            is_done = isinstance(kind, tuple)
            asks = [(v in kind[1] if is_done else False) if op == "done_within" else (is_done if v == "done" else v == kind)
                    for op, v in test.asks]  # fmt: skip
            return TRUE if all(asks) else FALSE


def _fits(op: str, value: int, limit: Any) -> bool:
    return value in limit if op == "one_of" else _pair(op, value, value, limit) == TRUE


def _answered(test: Test, answer: tuple[str, ...] | None) -> Pair:
    certain = possible = 1
    for op, value in test.asks:
        if op == "is" and value in ("known", "unknown"):
            is_so = (answer is None) == (value == "unknown")
        elif answer is None:
            certain = 0
            continue
        elif op == "one_of":
            is_so = any(v in value for v in answer)
        else:
            is_so = value in answer
        certain &= is_so
        possible &= is_so
    return int(certain), int(possible)


# ---------------------------------------------------------------------- the search
def find(
    conditions: Sequence[Condition | None],
    facts: Sequence[Fact],
    is_wanted: Callable[[Sequence[Range]], bool | None],
    *,
    certain: bool = False,
    gates: Sequence[Pair] | None = None,
) -> Box | None:
    """A box for which something is wanted of the values of the conditions; None: there is none.

    is_wanted  of what each condition can still be: True, False, or None while that is open
    certain    look only at facts that are known for certain
    gates      of each condition: a value that lets it through or not, such as that of narrower grades
    """
    can_be: dict[int, Range] = {}
    order = sorted(facts, key=lambda f: len(f.states))
    states = [[s for s in f.states if s.is_certain] if certain else list(f.states) for f in order]
    for some in states:
        for key in some[0].values if some else ():
            values = [s.values[key] for s in some]
            lows, highs = [v[0] for v in values], [v[1] for v in values]
            can_be[key] = Range(min(lows), max(lows), min(highs), max(highs))

    def look(at: int, known: dict[int, Range], box: Box) -> Box | None:
        ranges = [_range(c, known, False) for c in conditions]
        if gates is not None:
            ranges = [Range(*(min(r[i], g[i // 2]) for i in range(4))) for r, g in zip(ranges, gates, strict=True)]
        said = is_wanted(ranges)
        if said is False:
            return None
        if at == len(order):
            return box if said else None
        for state in states[at]:
            here = dict(known)
            here.update((k, Range(v[0], v[0], v[1], v[1])) for k, v in state.values.items())
            found = look(at + 1, here, {**box, (order[at].what, order[at].name): state.shown})
            if found is not None:
                return found
        return None

    return look(0, can_be, {})


def _range(condition: Condition | None, known: Mapping[int, Range], is_flipped: bool) -> Range:
    """What a condition can be. A limit that nobody said opens nothing and keeps nothing shut."""
    if condition is None:
        return Range(1, 1, 1, 1)
    if isinstance(condition, Test):
        if _is_unsaid(condition):
            return Range(1, 1, 1, 1) if is_flipped else Range(0, 0, 0, 0)
        return known[id(condition)]
    parts = [_range(c, known, is_flipped != isinstance(condition, NoneOf)) for c in condition.parts]
    if isinstance(condition, All):
        return Range(*(min((p[i] for p in parts), default=1) for i in range(4)))
    most = Range(*(max((p[i] for p in parts), default=0) for i in range(4)))
    if isinstance(condition, AnyOf):
        return most
    return Range(1 - most.possible_most, 1 - most.possible_least, 1 - most.certain_most, 1 - most.certain_least)


def loses(ranges: Sequence[Range]) -> bool | None:
    """Is the first certain and the second not, or the first possible and the second not?"""
    a, b = ranges
    if (a.certain_least and not b.certain_most) or (a.possible_least and not b.possible_most):
        return True
    can = (a.certain_most and not b.certain_least) or (a.possible_most and not b.possible_least)
    return None if can else False


def differ(ranges: Sequence[Range]) -> bool | None:
    """Are the two not the same?"""
    a, b = ranges
    one, other = loses((a, b)), loses((b, a))
    if one or other:
        return True
    return False if one is False and other is False else None


def both(ranges: Sequence[Range]) -> bool | None:
    """Do all hold for certain?"""
    if all(r.certain_least for r in ranges):
        return True
    return None if all(r.certain_most for r in ranges) else False
