"""A failing triple with everything taken away that it does not need to fail.

Rules: first events go, then whole versions, steps, actions and other items of the rules, then keys; then numbers get smaller. A
change stays when the same check still says the same fault, by its first words. It ends by itself: after so many trials, not so
many seconds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from search.triples import REFUSED, NotAsked, Rules, Triple

__all__ = ["asked", "fault_of", "name_of", "smaller"]

TRIALS = 800
Check = Callable[[Triple], "str | None"]


def fault_of(t: Triple, check: Check) -> str | None:
    """What the check says; None also for a question that is refused or that the check says nothing of."""
    try:
        return asked(t, check)
    except (NotAsked, *REFUSED):
        return None


def asked(t: Triple, check: Check) -> str | None:
    """What the check says. An error of the library is a fault. Raises NotAsked, and what a refused question raises."""
    try:
        _ = t.decision
    except REFUSED:
        raise
    except Exception as e:
        return f"{type(e).__name__} in deciding: {e}"
    try:
        return check(t)
    except (NotAsked, *REFUSED):
        raise
    except Exception as e:
        return f"{type(e).__name__} in {getattr(check, '__name__', 'a check')}: {e}"


def name_of(fault: str | None) -> str | None:
    return None if fault is None else fault.partition(":")[0]


def smaller(t: Triple, check: Check, trials: int = TRIALS) -> Triple:
    """The smallest triple found that fails in the same way."""
    name, left = name_of(fault_of(t, check)), trials
    changes = (without_asked, without_events, without_rules, with_smaller_numbers)
    for change in changes:
        skip, going = 0, True
        while going:
            going = False
            for n, other in enumerate(change(t)):
                if n < skip:
                    continue
                left -= 1
                if left <= 0:
                    return t
                if fails(other, check, name):
                    # what could not go before the last change can hardly go after it: go on from the same place
                    t, skip, going = other, n, True
                    break
    return t


def fails(t: Triple, check: Check, name: str | None) -> bool:
    try:
        return name_of(fault_of(t, check)) == name
    except REFUSED:  # rules that do not load
        return False


def without_asked(t: Triple) -> Iterator[Triple]:
    if t.known_on is not None:
        yield t.asked(known_on=None)
    if t.schools:
        yield t.asked(schools={})
    if t.absent:
        yield t.asked(absent=())


def without_events(t: Triple) -> Iterator[Triple]:
    """Halves first, then one by one; then keys of an event that may be missing."""
    n = len(t.events)
    size = n // 2
    while size:
        for start in range(0, n, size):
            yield t.of_events([*t.events[:start], *t.events[start + size :]])
        size //= 2
    for i, e in enumerate(t.events):
        for key in [k for k in e if k not in ("type", "id", "on", "recorded", "seq")]:
            less = {k: v for k, v in e.items() if k != key}
            yield t.of_events([*t.events[:i], less, *t.events[i + 1 :]])
        if e["recorded"] > e["on"]:
            yield t.of_events([*t.events[:i], {**e, "recorded": e["on"]}, *t.events[i + 1 :]])


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every item and key of a value, outer ones first."""
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for k, _ in items:
        yield (*at, k)
    for k, v in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(v, (*at, k))


def without(value: Any, at: tuple[Any, ...]) -> Any:
    made = json.loads(json.dumps(value))
    inner = made
    for k in at[:-1]:
        inner = inner[k]
    del inner[at[-1]]
    return made


def without_rules(t: Triple) -> Iterator[Triple]:
    """Whole sections and items first. Of a shipped ruleset, which takes long to load, only those."""
    data = list(t.rules.data)
    for at in sorted(places(data), key=len):
        if t.family == "shipped" and (len(at) != 3 or at[1] not in ("steps", "messages", "counters")):
            continue
        yield t.asked(rules=Rules(tuple(without(data, at))))


def with_smaller_numbers(t: Triple) -> Iterator[Triple]:
    for i, e in enumerate(t.events):
        for key in ("lessons", "minutes", "planned", "marked"):
            number = e.get(key)
            for less in (1, number // 2, number - 1) if isinstance(number, int) and number > 1 else ():
                if 0 < less < number:
                    yield t.of_events([*t.events[:i], {**e, key: less}, *t.events[i + 1 :]])
