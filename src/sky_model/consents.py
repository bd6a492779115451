"""What a person's word on a consent does to an action: nothing without a Yes, and a No is an answer.

Rules: the newest word counts; a No answers what is open at the end of its day, and to what counts as given it is a ban until
taken back; a consent that is needed only for somebody who may be missing leaves that one out and stops nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from sky_model.events import DAY, end_of
from sky_model.facts import Dated, Facts
from sky_model.rules import Act

__all__ = ["Agreed", "agreed", "day_of_yes"]


class Agreed(NamedTuple):
    """What is agreed to of an action of one opening.

    no        the day from which somebody's No answers it; None: nobody said No
    missing   consents that nobody has answered yet for this opening, or that are missing beside the No
    left_out  for whom alone a consent is missing, where the action goes on without them
    """

    no: int | None
    missing: tuple[str, ...]
    left_out: tuple[str, ...]


def agreed(facts: Facts, act: Act, opened: int, moment: int) -> Agreed:
    """What is agreed to, as known at a moment, of an action that an opening of the day `opened` asks."""
    noes, missing, left_out = list[int](), list[str](), list[str]()
    for name in act.consents:
        if is_given(facts, name, moment):
            continue
        without = _dispensable(facts, act, name)
        if without:
            left_out += sorted(without)
            continue
        missing.append(name)
        said = _said(facts, name, moment)
        if said and (facts.rules.consents[name].presumed or said[-1].moment // DAY >= opened):
            noes.append(said[-1].moment // DAY)
    return Agreed(min(noes, default=None), tuple(missing), tuple(left_out))


def day_of_yes(facts: Facts, act: Act, first: int, last: int, moment: int) -> int | None:
    """The newest day of a Yes that was not there before: its own day, or that on which a No was taken back.

    first, last  for the second, days after the first and up to the last one are looked at
    """
    found = []
    for name in act.consents:
        if _dispensable(facts, act, name):
            continue
        said = _said(facts, name, moment)
        uninterrupted = len(said)
        while uninterrupted and said[uninterrupted - 1].event.value == "given":
            uninterrupted -= 1
        if uninterrupted < len(said) and (uninterrupted or not facts.rules.consents[name].presumed):
            found.append(said[uninterrupted].moment // DAY)
        for day in {m // DAY for d in facts.consents.get(name, ()) for m in (d.moment, d.gone)}:
            if first < day <= last:
                had, has = (is_given(facts, name, min(end_of(d), moment)) for d in (day - 1, day))
                if has and not had:
                    found.append(day)
    return max(found, default=None)


def is_given(facts: Facts, consent: str, moment: int) -> bool:
    said = _said(facts, consent, moment)
    return said[-1].event.value == "given" if said else facts.rules.consents[consent].presumed


def _said(facts: Facts, consent: str, moment: int) -> list[Dated]:
    return [d for d in facts.consents.get(consent, ()) if d.moment <= moment < d.gone]


def _dispensable(facts: Facts, act: Act, consent: str) -> set[str]:
    """Those for whom alone a consent is needed, where the action goes on without them."""
    needed_for = facts.rules.consents[consent].needed_for
    everyone = {*act.required, *act.optional, *act.to}
    those = {*(needed_for.with_ or ()), *(needed_for.to or ())} & everyone
    return those if those and not those & {*act.required} and everyone - those else set()
