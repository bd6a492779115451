"""Two ways of asking that the second decider answers too: as if the rules were in force, and from a checkpoint.

The second decider knows no checkpoints: it is given the whole record, and says what the cut and continued one must say.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

from oracle import told

import sky_model as sky
from search.agreement import calendar_of, difference, of_engine, of_oracle, versions_of
from search.triples import NotAsked, Rules, Triple
from sky_model.checkpoints import checkpoint
from sky_model.decider import decider_of

__all__ = ["CHECKS", "continued", "slowly"]

NOT_THE_SAME = ("told", "openings", "doubtful")  # docs/decisions/checkpoint.md: what was told of erased years is not said again
CLOSED = 4  # so often what is still open is closed, before no checkpoint can be made


def slowly(t: Triple) -> dict[str, Any]:
    """The whole answer of the second decider."""
    calendars = {school: calendar_of(c) for school, c in t.calendars.items()}
    schools = {school: versions_of(r) for school, r in t.schools.items()} or None
    known = t.known_on and t.known_on.isoformat()
    return dict(told.answer(versions_of(t.rules), t.record, t.on.isoformat(), known, calendars, schools, t.absent, t.as_if))


def later_in_force(t: Triple, r: random.Random) -> Rules:
    """The rules of one version, in force from a day near the one asked about: mostly after it."""
    if t.rules.shipped or len(t.rules.data) > 1 or r.random() < 0.2:
        return t.rules
    since = t.on + timedelta(days=r.choice((-9, -2, 1, 1, 5, 30)))
    return Rules(({**t.rules.data[0], "valid_from": since.isoformat()},))


def as_if_in_force(t: Triple) -> str | None:
    """With `as_if` a day is answered that no version judges, and the whole answer is the second decider's."""
    asked = t.asked(rules=later_in_force(t, random.Random(t.seed)), as_if=True)
    decider = decider_of(asked.rules.model, asked.case, **asked.options)
    return difference(of_engine(decider.decision(), decider.path), of_oracle(slowly(asked)))


# ---------------------------------------------------------------------- from a checkpoint
def speaks_of_before(t: Triple, day: str) -> bool:
    """Is something recorded after the day that is about a day up to it, or about an event of then?"""
    before = {e["id"] for e in t.events if e["recorded"] <= day}
    late = [e for e in t.events if e["recorded"] > day]
    return any(
        e["on"] <= day or before & {e.get("of"), e.get("mark")} or (e["type"] == "mark" and e["id"] in before) for e in late
    )


def settled(t: Triple, on: date) -> tuple[Triple, sky.Case]:
    """The triple with what is open on the day closed on it, and its record cut there. Raises NotAsked where that is refused."""
    options = {k: t.options[k] for k in ("calendars", "schools") if k in t.options}
    for n in range(CLOSED):
        try:
            return t, checkpoint(t.rules.model, t.case, on=on, **options)
        except sky.RecordError as e:
            if e.rule != "not-settled":
                raise NotAsked from e
            steps = str(e).partition(": ")[2].partition(";")[0].split(", ")
        last = max((x["seq"] for x in t.events if x["recorded"] <= on.isoformat()), default=-1)
        closing = {"type": "step_closed", "reason": "enough", "on": on.isoformat(), "recorded": on.isoformat()}
        closings = [{**closing, "id": f"cut{n}-{s}", "step": s} for s in steps]
        early, late = ([x for x in t.events if (x["seq"] <= last) == is_early] for is_early in (True, False))
        t = t.of_events([{**x, "seq": i} for i, x in enumerate([*early, *closings, *late])])
    raise NotAsked


def continued(t: Triple, on: date) -> tuple[Triple, Any]:
    """(the whole record, the decider of the record that was cut on the day, written to JSON and read again)."""
    if t.known_on is not None and t.known_on <= on:
        raise NotAsked
    whole, cut = settled(t, on)
    if speaks_of_before(whole, on.isoformat()):
        raise NotAsked
    return whole, decider_of(t.rules.model, sky.Case.from_json(cut.to_json()), **t.options)


def from_a_checkpoint(t: Triple) -> str | None:
    """A record that is cut at a checkpoint and continued is answered as the second decider answers the whole one."""
    calendar = next(iter(t.calendars.values())).calendar
    begins = [date.fromordinal(y.first) for y in calendar.years[1:] if y.first < t.on.toordinal()]
    if not begins or t.rules.shipped:
        raise NotAsked
    whole, decider = continued(t, begins[-1])
    slow = of_oracle(slowly(whole))

    def differs(said: dict[str, Any]) -> str | None:
        return difference(*({k: v for k, v in x.items() if k not in NOT_THE_SAME} for x in (said, slow)))

    fault = differs(of_engine(decider.decision()))
    if fault is not None and differs(of_engine(whole.decision)) is not None:
        raise NotAsked  # the whole record is answered otherwise too: `the_second_decider` tells it
    return fault


CHECKS = {f.__name__: f for f in (as_if_in_force, from_a_checkpoint)}
