"""Do the golden cases notice? A ruleset is changed at one place at a time, and its cases must then fail.

Rules: one change at a time: a limit one more or one less, "reached" for "over", another role, a deadline longer or shorter, a
rolling window one longer or shorter; a change that no case notices is listed with its place. A change that the rules cannot show
(an act that nobody must do, a limit that nothing reaches) is a survivor too: the reader judges.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from sky_model.checks.cases import Golden, faults_of, read_cases
from sky_model.errors import RulesetError
from sky_model.rules import Act, ByGrade, Condition, Count, Model, Ruleset, StepOf, Test, tests_in

__all__ = ["Noticed", "mutants", "notice"]

OTHER_OP = {"at_least": "more_than", "more_than": "at_least", "at_most": "less_than", "less_than": "at_most"}


@dataclass(frozen=True, slots=True)
class Noticed:
    """How many changes there were, and those that no case noticed."""

    changes: int
    survivors: tuple[str, ...]

    @property
    def per_cent(self) -> float:
        return 100.0 if not self.changes else 100 * (self.changes - len(self.survivors)) / self.changes


def mutants(rules: Ruleset, own: frozenset[str] | None = None) -> Iterator[tuple[str, Ruleset]]:
    """(what was changed, the ruleset with that change). `own`: only steps and counters with these ids."""
    for i, step in enumerate(rules.steps):
        if own is not None and step.id not in own:
            continue
        for said, changed in _of_step(step, rules):
            steps = (*rules.steps[:i], changed, *rules.steps[i + 1 :])
            yield f"steps.{step.id}: {said}", replace(rules, steps=steps)
    for name, count in rules.counters.items():
        if own is not None and name not in own:
            continue
        for said, changed_count in _of_counter(count):
            yield f"counters.{name}: {said}", replace(rules, counters={**rules.counters, name: changed_count})


def _of_step(step: StepOf, rules: Ruleset) -> Iterator[tuple[str, StepOf]]:
    for test in step.tests:
        if test.what != "counter" or test.is_unsaid:
            continue
        unit = rules.counters[test.fact].unit
        for k, (op, limit) in enumerate(test.asks):
            for said, new in _limits(op, limit, unit):
                asks = (*test.asks[:k], new, *test.asks[k + 1 :])
                opens = _replaced(step.opens, test, replace(test, asks=asks))
                yield f"{test.fact} {said}", replace(step, opens=opens, tests=tuple(tests_in(opens)))
    for j, act in enumerate(step.actions):
        for said, changed in _of_act(act, rules):
            actions = (*step.actions[:j], changed, *step.actions[j + 1 :])
            yield f"actions.{act.id}: {said}", replace(step, actions=actions)


def _limits(op: str, limit: object, unit: int) -> Iterator[tuple[str, tuple[str, object]]]:
    for more in (unit, -unit):
        said = f"{op} one {'more' if more > 0 else 'less'}"
        if isinstance(limit, ByGrade):
            yield said, (op, ByGrade({g: v + more for g, v in limit.values.items()}))
        elif isinstance(limit, int) and limit + more >= 0:
            yield said, (op, limit + more)
    if op in OTHER_OP:
        yield f"{OTHER_OP[op]} for {op}", (OTHER_OP[op], limit)


def _replaced(condition: Condition, old: Test, new: Test) -> Condition:
    if isinstance(condition, Test):
        return new if condition is old else condition
    return replace(condition, parts=tuple(_replaced(c, old, new) for c in condition.parts))


def _of_act(act: Act, rules: Ruleset) -> Iterator[tuple[str, Act]]:
    if isinstance(act.who, str) and act.who in rules.roles:
        other = next((r for r in rules.roles if r != act.who and rules.role_for(act.who, 8) != r), None)
        if other is not None:
            yield f"{other} for {act.who}", replace(act, who=other)
    if act.due is not None and act.due.span is not None:
        for more in (1, -1):
            span = replace(act.due.span, number=max(0, act.due.span.number + more))
            yield f"due {'later' if more > 0 else 'earlier'}", replace(act, due=replace(act.due, span=span))


def _of_counter(count: Count) -> Iterator[tuple[str, Count]]:
    rolling = count.window.rolling
    if rolling is not None:
        for more in (1, -1):
            if rolling.number + more > 0:
                window = replace(count.window, rolling=replace(rolling, number=rolling.number + more))
                yield f"window one {'longer' if more > 0 else 'shorter'}", replace(count, window=window)


def notice(model: Model, folder: Path, *, own: bool = True) -> Noticed:
    """Which changes of the newest version the cases of a folder notice.

    own  only what the ruleset itself writes, not what stands in its base
    Raises RulesetError for cases that cannot be read.
    """
    rules, cases = model.newest, list(read_cases(folder))
    mine = frozenset(i for i in (*(s.id for s in rules.steps), *rules.counters) if _is_own(rules, i)) if own else None
    changes, survivors = 0, []
    for said, changed in mutants(rules, mine):
        changes += 1
        other = Model((*model.versions[:-1], changed))
        if not any(_fails(other, golden, source, i, folder) for golden, source, i in cases):
            survivors.append(said)
    return Noticed(changes, tuple(survivors))


def _is_own(rules: Ruleset, name: str) -> bool:
    section = "counters" if name in rules.counters else "steps"
    try:
        return rules.origin_of(f"{section}.{name}.id").layer == rules.layers[0]
    except RulesetError:
        return True


def _fails(model: Model, golden: Golden, source: object, i: int, folder: Path) -> bool:
    try:
        return any(True for _ in faults_of(model, golden, source, i, folder))  # type: ignore[arg-type]
    except RulesetError:
        return True
