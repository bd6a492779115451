"""Do the golden cases notice? A ruleset is changed at one place at a time, and its cases must then fail.

Rules: one change at a time: a limit one more or one less, "reached" for "over", another role, a deadline longer or shorter, a
rolling window one longer or shorter; a change that no case notices is listed with its place; a change that provably changes no
answer is not made (told at the line that leaves it out), every other one is a survivor: the reader judges.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from sky_model.checks.cases import Golden, faults_of, read_cases
from sky_model.errors import RulesetError
from sky_model.rules import Act, AnyOf, ByGrade, Condition, Count, Model, NoneOf, Notice, Ruleset, StepOf, Test, tests_in

__all__ = ["Noticed", "asking_steps", "can_be_known", "mutants", "notice", "own_names"]

OTHER_OP = {"at_least": "more_than", "more_than": "at_least", "at_most": "less_than", "less_than": "at_most"}
PARTIES = ("pupil", "guardian")
GRADES = range(10)


@dataclass(frozen=True, slots=True)
class Noticed:
    """How many changes there were, and those that no case noticed."""

    changes: int
    survivors: tuple[str, ...]

    @property
    def per_cent(self) -> float:
        return 100.0 if not self.changes else 100 * (self.changes - len(self.survivors)) / self.changes


def mutants(rules: Ruleset, own: frozenset[str] | None = None) -> Iterator[tuple[str, Ruleset]]:
    """(what was changed, the ruleset with that change). `own`: only steps, messages and counters with these ids."""
    for i, step in enumerate(rules.steps):
        if own is not None and step.id not in own:
            continue
        for said, changed in _of_step(step, rules):
            steps = (*rules.steps[:i], changed, *rules.steps[i + 1 :])
            yield f"steps.{step.id}: {said}", replace(rules, steps=steps)
    for i, message in enumerate(rules.notices):
        if own is not None and message.id not in own:
            continue
        for said, when in _of_condition(message.when, rules):
            notices: tuple[Notice, ...] = (*rules.notices[:i], replace(message, when=when), *rules.notices[i + 1 :])
            yield f"messages.{message.id}: {said}", replace(rules, notices=notices)
    read = _counters_read(rules)
    for name, count in rules.counters.items():
        # a counter that nothing reads changes no answer: a base whose layers compare it
        if name not in read or (own is not None and name not in own):
            continue
        for said, changed_count in _of_counter(count):
            yield f"counters.{name}: {said}", replace(rules, counters={**rules.counters, name: changed_count})


def _counters_read(rules: Ruleset) -> set[str]:
    conditions: list[Condition | None] = [n.when for n in rules.notices]
    conditions += [c for count in rules.counters.values() for _, c in count.only_if]
    for s in rules.steps:
        conditions += [s.opens, s.watch, s.suggest, s.expected_by, *(c for a in s.actions for c in (a.when, a.unless))]
    found = {t.fact for c in conditions for t in tests_in(c) if t.what == "counter"}
    found |= {s.levels[0] for s in rules.steps if s.levels is not None}
    return found | {name for item in rules.said.community for name in item.shows}


def can_be_known(condition: Condition, value: bool) -> bool:
    """Can it ever be known to be true, to be false? A limit that the source does not say is never known, nor an `any` with it."""
    if isinstance(condition, Test):
        return not condition.is_unsaid
    if isinstance(condition, NoneOf):
        return can_be_known(AnyOf(condition.parts), not value)
    one_is_enough = isinstance(condition, AnyOf) == value
    return (any if one_is_enough else all)(can_be_known(c, value) for c in condition.parts)


def asking_steps(rules: Ruleset) -> set[str]:
    """The steps that can open, and those that they include: of the others nobody is ever asked to do anything."""
    found = [s for s in rules.steps if can_be_known(s.opens, True)]
    for s in found:  # grows while it is read
        lower = [rules.step_by_id.get(low) for low, how in s.above.items() if how == "includes"]
        found += [x for x in lower if x is not None and x not in found]
    return {s.id for s in found}


def _of_step(step: StepOf, rules: Ruleset) -> Iterator[tuple[str, StepOf]]:
    for said, opens in _of_condition(step.opens, rules):
        yield said, replace(step, opens=opens, tests=tuple(tests_in(opens)))
    for said, expected in _of_condition(step.expected_by if _moves_a_day(step, rules) else None, rules):
        yield f"expected_by: {said}", replace(step, expected_by=expected)
    for said, watch in _of_condition(step.watch, rules):
        yield f"watch: {said}", replace(step, watch=watch)
    for said, suggest in _of_condition(step.suggest, rules):
        yield f"suggest: {said}", replace(step, suggest=suggest)
    # what no open step asks for shows in no answer
    for j, act in enumerate(step.actions if step.id in asking_steps(rules) else ()):
        for said, changed_act in _of_act(act, rules):
            actions = (*step.actions[:j], changed_act, *step.actions[j + 1 :])
            yield f"actions.{act.id}: {said}", replace(step, actions=actions)


def _moves_a_day(step: StepOf, rules: Ruleset) -> bool:
    """Can its `expected_by` move a day? It moves those of a `must`, and of questions while the step is not open.

    Without a `must` here or in a step that it includes, and with a lower limit on the same counter in `opens`, whoever reaches it
    has the step open already (a ground that was withdrawn since is left aside), and then nothing is due by it.
    """
    steps = [step]
    for s in steps:  # grows while it is read
        lower = [rules.step_by_id.get(low) for low, how in s.above.items() if how == "includes"]
        steps += [x for x in lower if x is not None and x not in steps]
    expected = step.expected_by
    if any(a.duty == "must" for s in steps for a in s.actions) or not isinstance(expected, Test):
        return True
    parts = step.opens.parts if isinstance(step.opens, AnyOf) else (step.opens,)
    return not any(isinstance(part, Test) and part.fact == expected.fact and _is_lower(part, expected, rules) for part in parts)


def _is_lower(one: Test, other: Test, rules: Ruleset) -> bool:
    """Is the limit of one comparison lower by two units at least, so that no change of the other reaches it?"""
    (op, limit), (other_op, other_limit) = one.asks[0], other.asks[0]
    upward = ("at_least", "more_than")
    if one.what != "counter" or len(one.asks) + len(other.asks) != 2 or op not in upward or other_op not in upward:
        return False
    unit = rules.counters[one.fact].unit
    return isinstance(limit, int) and isinstance(other_limit, int) and limit + 2 * unit <= other_limit


def _of_condition(condition: Condition | None, rules: Ruleset) -> Iterator[tuple[str, Condition]]:
    if condition is None:
        return
    for test in tests_in(condition):
        # a limit that the source does not say is never known, whatever stands there
        if test.what != "counter" or test.is_unsaid:
            continue
        unit = rules.counters[test.fact].unit
        for k, (op, limit) in enumerate(test.asks):
            for said, new in _limits(op, limit, unit):
                asks = (*test.asks[:k], new, *test.asks[k + 1 :])
                yield f"{test.fact} {said}", _replaced(condition, test, replace(test, asks=asks))


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
    names = act.who if isinstance(act.who, tuple) else (act.who,)
    if names[0] in rules.roles or names[0] in rules.groups:
        other = _other_role(names, rules)
        if other is not None:
            who = (other, *names[1:]) if isinstance(act.who, tuple) else other
            yield f"{other} for {names[0]}", replace(act, who=who)
    if act.due is not None and act.due.span is not None:
        for more in (1, -1):
            if act.due.span.number + more >= 0:
                span = replace(act.due.span, number=act.due.span.number + more)
                yield f"due {'later' if more > 0 else 'earlier'}", replace(act, due=replace(act.due, span=span))
    for said, when in _of_condition(act.when, rules):
        yield f"when: {said}", replace(act, when=when)
    for said, unless in _of_condition(act.unless, rules):
        yield f"unless: {said}", replace(act, unless=unless)


def _other_role(names: tuple[str, ...], rules: Ruleset) -> str | None:
    """A role that is another one in every grade; one that is the same in some (`class-teacher` in grades 1-6) is none."""

    def is_other(role: str) -> bool:
        return all(rules.role_for(role, g) != rules.role_for(n, g) for n in names for g in GRADES)

    found = [r for r in rules.roles if is_other(r)]
    return next((r for r in found if r not in PARTIES), next(iter(found), None))


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
    mine = own_names(rules) if own else None
    changes, survivors = 0, []
    for said, changed in mutants(rules, mine):
        changes += 1
        other = Model((*model.versions[:-1], changed))
        noticing = next((k for k, (golden, source, i) in enumerate(cases) if _fails(other, golden, source, i, folder)), None)
        if noticing is None:
            survivors.append(said)
        else:  # changes of one place lie side by side: the case that noticed one is asked first about the next
            cases.insert(0, cases.pop(noticing))
    return Noticed(changes, tuple(survivors))


def own_names(rules: Ruleset) -> frozenset[str]:
    """The steps, messages and counters that the ruleset itself writes, not its base."""
    names = (*(s.id for s in rules.steps), *(n.id for n in rules.notices), *rules.counters)
    return frozenset(i for i in names if _is_own(rules, i))


def _is_own(rules: Ruleset, name: str) -> bool:
    messages = {n.id for n in rules.notices}
    section = "counters" if name in rules.counters else "messages" if name in messages else "steps"
    try:
        return rules.origin_of(f"{section}.{name}.id").layer == rules.layers[0]
    except RulesetError:
        return True


def _fails(model: Model, golden: Golden, source: object, i: int, folder: Path) -> bool:
    try:
        return any(True for _ in faults_of(model, golden, source, i, folder))  # type: ignore[arg-type]
    except RulesetError:
        return True
