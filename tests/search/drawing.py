"""The generators of tests/, drawn with `random.Random`: a ruleset or a record costs a hundredth of what Hypothesis takes.

Rules: the generators stand once, in tests/generated*.py; here they are read a second time with strategies that are plain
functions of a `Random`. Only what those files use of Hypothesis is here; anything more fails by name when they are read.
"""

from __future__ import annotations

import importlib
import random
import sys
import types
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

__all__ = ["Drawn", "module"]

GENERATORS = ("generated", "generated_language", "generated_tasks")


class Drawn:
    """A strategy: something that is drawn from a `Random`."""

    def __init__(self, draw: Callable[[random.Random], Any]) -> None:
        self.draw = draw

    def map(self, function: Callable[[Any], Any]) -> Drawn:
        return Drawn(lambda r: function(self.draw(r)))


def composite(function: Callable[..., Any]) -> Callable[..., Drawn]:
    def made(*args: Any, **more: Any) -> Drawn:
        return Drawn(lambda r: function(lambda s: s.draw(r), *args, **more))

    return made


def sampled_from(values: Sequence[Any]) -> Drawn:
    values = list(values)
    return Drawn(lambda r: values[int(r.random() * len(values))])


def integers(low: int, high: int) -> Drawn:
    return Drawn(lambda r: low + int(r.random() * (high - low + 1)))


def booleans() -> Drawn:
    return Drawn(lambda r: r.random() < 0.5)


def one_of(*strategies: Drawn) -> Drawn:
    return Drawn(lambda r: r.choice(strategies).draw(r))


def permutations(values: Iterable[Any]) -> Drawn:
    def draw(r: random.Random) -> list[Any]:
        out = list(values)
        r.shuffle(out)
        return out

    return Drawn(draw)


def lists(one: Drawn, *, min_size: int = 0, max_size: int, unique: bool = False) -> Drawn:
    def draw(r: random.Random) -> list[Any]:
        many, out = r.randint(min_size, max_size), []
        for _ in range(20 * many):  # unique values may be few
            if len(out) == many:
                break
            value = one.draw(r)
            if not unique or value not in out:
                out.append(value)
        return out

    return Drawn(draw)


@cache
def _modules() -> dict[str, Any]:
    strategies = types.ModuleType("hypothesis.strategies")
    for f in (composite, sampled_from, integers, booleans, one_of, permutations, lists):
        setattr(strategies, f.__name__, f)
    plain = types.ModuleType("hypothesis")
    plain.strategies = strategies  # type: ignore[attr-defined]
    held = {name: sys.modules.get(name) for name in ("hypothesis", "hypothesis.strategies", *GENERATORS)}
    try:
        for name in GENERATORS:
            sys.modules.pop(name, None)
        sys.modules |= {"hypothesis": plain, "hypothesis.strategies": strategies}
        return {name: importlib.import_module(name) for name in GENERATORS}
    finally:
        for name, module in held.items():
            sys.modules.pop(name, None)
            if module is not None:
                sys.modules[name] = module


def module(name: str) -> Any:
    """`generated`, `generated_language` or `generated_tasks`, drawn from a Random: `module("generated").cases().draw(R)`."""
    return _modules()[name]
