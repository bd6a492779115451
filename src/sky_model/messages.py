"""What a system may send by number, apart from the procedure: what is owed, what was sent, which marks it speaks of.

Rules: a message is owed from the first day of its window on which its condition is true, as known that day, once, until it is
sent or the window ends; it names today's marks, each once; what rests on contested marks alone is held.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sky_model.contests import contested, without
from sky_model.events import end_of
from sky_model.facts import FALSE, TRUE, Facts, Pair
from sky_model.path import Path
from sky_model.rules import ByGrade, Count, Notice, Ruleset, Unsaid, tests_in
from sky_model.schooldays import Calendar, Window

__all__ = ["Message", "messages"]

Sending = tuple[int, int]  # (day, moment up to which was known what it could tell)


@dataclass(frozen=True, slots=True)
class Message:
    """What a system may send by number, apart from the procedure. `totals`: lessons by kind in the window of its counter.

    state     owed | sent | held (it rests on contested marks alone)
    marks     the marks that it speaks of, as known today, that no earlier one told
    since     the first day of its window on which it was owed
    to_correct  it was sent, and by what is known today it was never owed: a correction is proposed
    """

    message: str
    to: tuple[str, ...]
    about: str
    state: str
    since: date
    act: str | None
    to_correct: bool
    totals: tuple[tuple[str, Any], ...]
    limit: Any
    text: str | None
    marks: tuple[str, ...] = ()


def messages(path: Path, rules: Ruleset, calendar: Calendar, grade: int | None, on: int, known: int) -> tuple[Message, ...]:
    """The messages that are owed on a day, or were sent in the window that runs.

    A message is owed from the first day of its window on which `when` is true, as known that day, once, until it is sent or
    the window ends.
    """
    v = next((v for v in path.versions if v.facts.rules is rules), None)
    if v is None or path.has_left:  # nobody sends a notice about who is enrolled nowhere
        return ()
    found = []
    for notice in rules.notices:
        if notice.grades is not None and (grade is None or not notice.grades[0] <= grade <= notice.grades[1]):
            continue
        message = _message(path, v.facts, notice, calendar, on, known, v)
        if message is not None:
            found.append(message)
    return tuple(found)


def _message(path: Path, f: Facts, notice: Notice, calendar: Calendar, on: int, known: int, v: Any) -> Message | None:
    def days(until: int) -> range:
        window = calendar.window(Window(notice.once_in), f.place(until, known).since)
        return range(max(window.begins(until), v.first, f.begins(known)), until + 1)

    holds = _asking(path, v, notice)

    def owed_since(until: int) -> int | None:
        """The first day of the window that runs on a day on which it was owed, as known that day."""
        return next((d for d in days(until) if holds(d, min(end_of(d), known)) == TRUE), None)

    since = owed_since(on)
    if since is None:  # never owed: what was done was done for another reason
        return None
    sendings = [s for s in _sendings(f, notice, known) if s[0] <= on and (owed := owed_since(s[0])) is not None and owed <= s[0]]
    sent = [s for s in sendings if s[0] >= since]
    is_gone = all(holds(d, known) == FALSE for d in days(on))
    if not sent and is_gone:
        return None
    is_held = not sent and _rests_on_contested(path, v, notice, days(on), known)
    count, limit = _about(f, notice, calendar)
    return Message(
        message=notice.id,
        to=notice.to,
        about=notice.about,
        state="sent" if sent else "held" if is_held else "owed",
        since=date.fromordinal(since),
        act=notice.act,
        to_correct=bool(sent) and is_gone,
        totals=_totals(f, count, on, known) if count is not None else (),
        limit=limit,
        text=notice.said.text,
        marks=_untold(f, count, sent[0] if sent else (on, known), sendings) if count is not None else (),
    )


def _rests_on_contested(path: Path, v: Any, notice: Notice, days: range, known: int) -> bool:
    """Is it owed by what is known today, and would not be if the contested marks said that there was no absence?"""
    disputed = contested(v.facts, known)
    if not disputed or not any(_asking(path, v, notice)(d, known) == TRUE for d in days):
        return False
    less = _asking(path, replace(v, facts=without(v.facts, disputed)), notice)
    return not any(less(d, known) == TRUE for d in days)


def _asking(path: Path, v: Any, notice: Notice) -> Callable[[int, int], Pair]:
    """What its condition is about a day, with the knowledge of a moment."""

    def holds(day: int, moment: int) -> Pair:
        if not path.is_of(v, day, moment):  # another school's rules judge the day
            return FALSE
        return path.holds(v, notice.when, day, moment, end_of(day) + 1)[0]

    return holds


def _sendings(f: Facts, notice: Notice, known: int) -> list[Sending]:
    """When it, or the action that sends it, was done: what was recorded later it could not tell."""
    out = []
    for name in (notice.id, *((notice.act,) if notice.act else ())):
        done = (d for d in f.taken.get(name, ()) if d.event.status == "done" and d.moment <= known < d.gone)
        out += [(day := d.event.on.toordinal(), min(d.moment, end_of(day))) for d in done]
        out += [(day, end_of(day)) for day in f.rounds(f.rules.acts.get(name), known)]
    return sorted(out)


def _untold(f: Facts, count: Count, now: Sending, sendings: list[Sending]) -> tuple[str, ...]:
    """The marks that certainly count in the window that runs, but for those that an earlier sending told."""
    told = {mark for s in sendings if s < now for mark in _certain(f, count, *s)}
    return tuple(mark for mark in _certain(f, count, *now) if mark not in told)


def _certain(f: Facts, count: Count, day: int, moment: int) -> list[str]:
    first = f.counted_from(count, day, moment)
    if first is None:
        return []
    found = {
        (p.day, p.mark)
        for p in f.parts(count, f._epoch(moment))
        if p.mark is not None and p.low and first <= p.day <= day and p.enter <= moment < p.leave
    }
    return [mark for _, mark in sorted(found)]


def _about(f: Facts, notice: Notice, calendar: Calendar) -> tuple[Any, Any]:
    """The first counter that the message asks about, and its limit in the counter's own unit."""
    for t in tests_in(notice.when):
        if t.what == "counter":
            count, (_, limit) = f.rules.counters[t.fact], t.asks[0]
            if isinstance(limit, ByGrade | Unsaid):
                return count, None
            return count, limit / count.unit if limit % count.unit else limit // count.unit
    return None, None


def _totals(f: Facts, count: Any, on: int, known: int) -> tuple[tuple[str, Any], ...]:
    """What is certain of the counter in its window, in all and by kind, in the counter's unit."""
    first = f.counted_from(count, on, known)
    if first is None or not count.is_sum or count.is_share:
        return ()
    by_kind: dict[str, int] = {}
    for d in f.days_between(first, on, known):
        for e in f.entries(d, known):
            if e.kind is not None and e.kind in count.kinds and e.low:
                by_kind[e.kind] = by_kind.get(e.kind, 0) + (100 if count.measure == "marks" else e.low)
    pairs = [("total", sum(by_kind.values())), *sorted(by_kind.items())]
    return tuple((k, n / count.unit if n % count.unit else n // count.unit) for k, n in pairs)
