"""Marks that a guardian or the pupil contests: which ones nobody has answered yet, and what would be known without them.

Rules: a report that names a mark contests it, whatever report it is; a newer version of the mark, its retraction, the taking
back of the report, or "kept" by the one who recorded it answers what was said before.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sky_model.events import DAY, Mark
from sky_model.facts import Facts
from sky_model.reserved import CHECK

__all__ = ["contested", "is_contest", "without"]

PARTIES = ("pupil", "guardian")


def is_contest(report: object) -> bool:
    """Does a report contest a mark? Needs no ruleset that knows the report."""
    return getattr(report, "mark", None) is not None and getattr(report, "by", None) in PARTIES


def contested(facts: Facts, moment: int) -> dict[str, int]:
    """By the id of a mark: the day on which its oldest unanswered contest was recorded, as known at a moment; oldest first."""
    out: dict[str, int] = {}
    said = [d for of in facts.reports.values() for d in of if d.moment <= moment < d.gone and d.event.by in PARTIES]
    for d in sorted(said, key=lambda d: d.moment):
        e = d.event
        if not e.raised or not is_contest(e):
            continue
        versions = [v for v in facts.marks.get(e.mark, ()) if v[0] <= moment]
        if not versions or versions[-1][0] > d.moment or versions[-1][1] is None:
            continue
        same = [x for x in said if x.moment > d.moment and (x.event.report, x.event.by) == (e.report, e.by)]
        if any(not x.event.raised and x.event.mark in (None, e.mark) for x in same):
            continue
        checked = (x for x in facts.taken.get(CHECK + e.mark, ()) if d.moment < x.moment <= moment < x.gone)
        if any(x.event.status in ("done", "not_needed") for x in checked):
            continue
        out.setdefault(e.mark, d.moment // DAY)
    return out


def without(facts: Facts, marks: Collection[str]) -> Facts:
    """The same record under the same rules as if some marks said that there was no absence: what rests on them alone falls."""
    events = [replace(e, lessons=0, minutes=None) if type(e) is Mark and e.id in marks else e for e in facts.case.events]
    less = Facts(facts.case.changed(events=events), facts.rules, facts.calendars, facts.now)
    less.openings, less.horizon = facts.openings, facts.horizon
    return less
