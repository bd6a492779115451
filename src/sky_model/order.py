"""What comes first: the order of one pupil's tasks, and of pupils by their next task.

Rules: (1) what can be done now, then what waits for an answer, then close or go on; (2) late, due today or without delay, then
what has a day, then what has none; (3) must by law, other must, should, consider, may; (4) the due day; (5) the higher tier;
what is equal in all of these stands as in the file, and pupils as they were handed in.
"""

from __future__ import annotations

from sky_model.rules import CLOSE, DUTIES
from sky_model.schooldays import NEVER

__all__ = ["READINESS", "UNDECIDED", "WITHOUT_TASK", "Urgency", "rank_of_duty", "urgency"]

Urgency = tuple[int, ...]  # the smaller the sooner
# of what several openings ask, the first of these is the state of the task
READINESS = ("ready", "blocked", "undecided", "waiting", "snoozed", "paused", "to_hand_over", "withdrawn")
UNDECIDED: Urgency = (8,)  # a pupil of whom something is asked, without a next task
WITHOUT_TASK: Urgency = (9,)


def rank_of_duty(duty: str, is_statutory: bool) -> int:
    """Must by law, other must, should, consider, may; last of all close or go on."""
    if duty == "must":
        return 0 if is_statutory else 1
    return 1 + (*DUTIES, CLOSE).index(duty)


def urgency(state: str, duty: str, is_statutory: bool, is_now: bool, due: int | None, tier: int) -> Urgency:
    """(1) to (5) of the order. `is_now`: late, due today, or without delay. Only what is next has a first number below 3."""
    match state:
        case "ready" | "blocked":  # asking for a consent can be done now
            can = 2 if duty == CLOSE else 0
        case "undecided":
            can = 1
        case "waiting" | "snoozed" | "paused" | "to_hand_over":
            can = 3
        case _:
            can = 4
    when = 0 if is_now else 1 if due is not None else 2
    return can, when, rank_of_duty(duty, is_statutory), NEVER if due is None else due, -tier
