"""What must hold within one answer, whatever it is an answer to."""

from __future__ import annotations

from typing import Any

from search.triples import NotAsked, Triple, text

__all__ = ["CHECKS"]

OVER = ("done", "withdrawn", "not_needed", "refused", "no_consent")


def what_is_near_is_not_reached(t: Triple) -> str | None:
    """`nearest`: limit less number is what is missing, and of a limit that is reached nothing is told."""
    near = t.said["nearest"]
    if near is None:
        raise NotAsked
    if float(near["limit"]) - float(near["number"]) != float(near["missing"]) or float(near["missing"]) < 0:
        return f"nearest does not add up: {text(near)}"
    words = [c for f in t.rules.data for s in f["steps"] if s["id"] == near["step"] for c in limits_of(s, near["counter"])]
    if float(near["missing"]) == 0 and "more_than" not in words:
        return f"nearest is reached: {text(near)}"
    return None


def limits_of(value: Any, counter: str) -> list[str]:
    """The words of all comparisons of a counter."""
    if isinstance(value, list):
        return [w for v in value for w in limits_of(v, counter)]
    if not isinstance(value, dict):
        return []
    return [w for k, v in value.items() for w in (list(v) if k == counter and isinstance(v, dict) else limits_of(v, counter))]


def next_is_the_first_that_can_be_done(t: Triple) -> str | None:
    """The next task is one of the list, and nothing before it in the list can be done or decided."""
    can = [x["name"] for x in t.said["tasks"] if x["state"] in ("ready", "undecided", "blocked")]
    first = t.said["next"] and t.said["next"]["name"]
    return None if first == (can[0] if can else None) else f"next is not the first: {first} | {can}"


def over_is_over(t: Triple) -> str | None:
    """What is over is not late; every task but that to check a mark belongs to an opening that stands or is withdrawn."""
    known = {s["name"] for s in t.said["open_steps"]} | {*t.said["withdrawn"]}
    for x in t.said["tasks"]:
        if x["state"] in OVER and x["overdue"]:
            return f"over and late: {text(x)[:300]}"
        if not known & {*x["openings"]} and not x["action"].startswith("check:"):
            return f"a task of no opening: {text(x)[:300]}"
    return None


CHECKS = {f.__name__: f for f in (what_is_near_is_not_reached, next_is_the_first_that_can_be_done, over_is_over)}
