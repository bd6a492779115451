"""Small rulesets by chance for the tables: every form of condition that a table can hold, more of them than any town writes.

Rules: the same number gives the same ruleset; it is written as its files would be and loads without a fault.
"""

from __future__ import annotations

import random
from typing import Any

from generated_language import action_of, beside, file_of, step_of

from sky_model.model import load_data
from sky_model.rules import Ruleset

__all__ = ["ruleset_by_chance"]

MORE = {"name": {"en": "x"}, "source": "town"}
ROLES = [
    {"id": "nurse", "what": "profession", **MORE},
    {"id": "class-lead", "what": "role", "is": {"by": {"grade": {"1-6": "teacher", "7-9": "nurse"}}}, **MORE},
]
COUNTERS: list[dict[str, Any]] = [
    {"id": "lessons", "measure": "lessons", "lesson_minutes": "45", "kinds": "all", "window": {"in": "term"}},
    {"id": "hours", "measure": "clock_hours", "kinds": "all", "window": {"in": "school_year"}},
    {"id": "long-lessons", "measure": "lessons", "lesson_minutes": "60", "kinds": "all", "window": {"in": "period"}},
    {"id": "share", "measure": "lessons", "lesson_minutes": "45", "kinds": "all", "window": {"in": "term"}},
    {"id": "days", "measure": "days", "kinds": "all", "window": {"in": "term"}, "day_from": "any_part"},
    {"id": "marks", "measure": "marks", "kinds": {"only": ["unauthorised"]}, "window": {"in": "term"}},
]
COUNTERS[3]["share_of"] = {"planned": "so_far"}
LIMITS = {"days": ("1", "2", "5", "10"), "marks": ("1", "3", "7"), "share": ("5", "12.5", "15", "30")}
GRADES: tuple[dict[str, Any], ...] = (
    {"at_least": "7"}, {"less_than": "3"}, {"more_than": "1", "at_most": "6"}, {"one_of": ["1", "9"]},
)  # fmt: skip
OPERATORS = ("at_least", "at_least", "more_than", "at_most", "less_than")


def ruleset_by_chance(number: int) -> Ruleset:
    chance = random.Random(number)
    names = [f"step-{x}" for x in "abcd"]
    steps = [_step(chance, name) for name in names]
    beside(steps)
    file = file_of(COUNTERS, steps, [])
    file["roles"] = [*file["roles"], *ROLES]
    return load_data(file).newest


def _step(chance: random.Random, name: str) -> dict[str, Any]:
    letter = name[-1]
    actions = [_action(chance, f"act-{letter}-{n}") for n in "xyz"]
    more: dict[str, Any] = {"grades": chance.choice(("1-6", "3-4", "7-9", "9"))} if chance.random() < 0.3 else {}
    return step_of(name, _condition(chance, 2, _facts(chance)), actions=actions, **more)


def _action(chance: random.Random, name: str) -> dict[str, Any]:
    more: dict[str, Any] = {"who": chance.choice(("teacher", "class-lead", {"any_of": ["nurse", "class-lead"]}, "who_recorded"))}
    if chance.random() < 0.7:
        more["when"] = _condition(chance, 1, _facts(chance))
    if chance.random() < 0.3:
        more["grades"] = chance.choice(("1-2", "1-6", "5", "7-9"))
    return action_of(name, **more)


def _facts(chance: random.Random) -> list[str]:
    """Facts in any order; each is asked for once in a condition, for a cell asks one thing."""
    facts = [c["id"] for c in COUNTERS] + ["concern", "wish", "grade"]
    chance.shuffle(facts)
    return facts


def _condition(chance: random.Random, depth: int, facts: list[str]) -> dict[str, Any]:
    if depth == 0 or len(facts) < 2 or chance.random() < 0.25:
        return _test(chance, facts.pop())
    joined = chance.choice(("any", "all", "none"))
    parts = [_condition(chance, depth - 1, facts) for _ in range(chance.randint(1, 2)) if facts]
    if joined == "all" and chance.random() < 0.4:  # a question does not stand alone
        parts.append({"cause": chance.choice(({"is": "school"}, {"one_of": ["school", "family"]}, {"is": "family"}))})
    return {joined: parts}


def _test(chance: random.Random, fact: str) -> dict[str, Any]:
    if fact in ("concern", "wish"):
        return {fact: {"is": "raised"}}
    if fact == "grade":
        return {fact: chance.choice(GRADES)}
    limits = LIMITS.get(fact, ("4", "7.5", "10", "33", "50"))
    if chance.random() < 0.2:
        low, high = sorted(chance.sample(limits, 2), key=float)
        return {fact: {chance.choice(("at_least", "more_than")): low, chance.choice(("at_most", "less_than")): high}}
    limit: Any = chance.choice(limits)
    if chance.random() < 0.25:
        limit = {"by": {"grade": {"1-2": chance.choice(limits), "3-6": chance.choice(limits), "7-9": chance.choice(limits)}}}
    return {fact: {chance.choice(OPERATORS): limit}}
