"""The history of a case: only the days on which the decision becomes another one, each with it.

Rules: the history says what `decide` says when it is asked on every day of the span, as known on it; a day is skipped only where
record, rules and calendars show that nothing can change on it, and where they do not show it, the day is asked. Which days those
are is found from what an event, a rule, a calendar and a decision say in their public form, not from how a decision is made; that
nothing is left out is what the law in `tests/test_history.py` is for.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

from sky_model.decider import calendars_of, decide
from sky_model.decision import Decision
from sky_model.errors import RecordError
from sky_model.events import DAY, TYPE_OF, ActionTaken, Answer, Enrolment, Mark, Register, StepClosed, end_of
from sky_model.records import Case
from sky_model.rules import Condition, Count, Model, Ruleset, tests_in
from sky_model.schooldays import NEVER, PARTS, Calendar, Schedule, Span, Window

__all__ = ["decisions_on", "history", "said"]

# what moves with the day itself: two decisions that differ in nothing else say the same
PASSING = ("on", "known_to", "data_until")
# the measures of which it is known on which days they can change; of another one every day is asked
CALM = ("lessons", "clock_hours", "half_days", "days", "calendar_days", "episodes", "marks", "times", "days_since")
TOLD_BEFORE = 60  # days before a version ends from which a decision says so
LOOKED_AT_AFTER = 5  # school days within which a mark that was called wrong is waited for
SURELY_STALE = 4  # the school day without marks on which a record is stale


def history(
    model: Model,
    case: Case,
    since: date,
    until: date,
    *,
    calendars: Mapping[str, Calendar] | Calendar | None = None,
    schools: Mapping[str, Model] | None = None,
    absent: Collection[str] = (),
    as_if: bool = False,
) -> Iterator[tuple[date, Decision]]:
    """(day, decision) of the first day and of each later one on which the decision is another one than the day before.

    since, until  the first and the last day, both inside; each day is decided with what was known at its end
    Two decisions are the same when they say the same (`said`): that a day passed is no change. Everything else is one: a task
    that is late now, a question that is not new any more, marks that are stale now.
    The rest as for `decide`. Raises RecordError at once when the days are turned round; what `decide` raises about a day is
    raised when the iterator comes to it.
    """
    if type(since) is not date or type(until) is not date:
        raise RecordError("not-a-day", "since and until are dates, without a time", pupil=case.pupil, field="since")
    if until < since:
        raise RecordError("turned-round", "until lies before since", pupil=case.pupil, field="until")
    days = range(since.toordinal(), until.toordinal() + 1)
    found = _asked(model, case, days, calendars, schools, absent, as_if)
    return ((date.fromordinal(day), decision) for day, decision, is_another in found if is_another)


def decisions_on(
    model: Model,
    case: Case,
    days: Sequence[date],
    *,
    calendars: Mapping[str, Calendar] | Calendar | None = None,
    schools: Mapping[str, Model] | None = None,
    absent: Collection[str] = (),
    as_if: bool = False,
) -> Iterator[tuple[date, Decision]]:
    """(day, what is decided on it) of each of these days, in their order; no other day is asked about.

    days  from the earliest to the latest
    A decision in which nothing changed since is the one of the earlier day: it says the same (`said`).
    """
    numbers = [d.toordinal() for d in days]
    found = _asked(model, case, numbers, calendars, schools, absent, as_if)
    return ((date.fromordinal(day), decision) for day, decision, _ in found)


def said(decision: Decision) -> tuple[Any, ...]:
    """What a decision says: its published form, which rules said it, and who may be told, without what moves with the day.

    Left out: `on` and `known_to`; `data_until`, which in a register that is kept moves every day (what follows of it is `stale`);
    and in the numbers of today the first day of their window.
    """
    form = decision.to_json()
    for name in PASSING:
        del form[name]
    for step in form["open_steps"]:
        step["today"] = [{k: v for k, v in t.items() if k != "first"} for t in step["today"]]
    return form, decision.rules.name, decision.rules.fingerprint, decision.grade, dict(decision.silenced)


def _asked(
    model: Model,
    case: Case,
    days: Sequence[int],
    calendars: Mapping[str, Calendar] | Calendar | None,
    schools: Mapping[str, Model] | None,
    absent: Collection[str],
    as_if: bool,
) -> Iterator[tuple[int, Decision, bool]]:
    """(day, decision, does it say something else than the one before it)."""
    if not days:
        return
    found = calendars_of(case, calendars)
    agenda = _Agenda(model, case, found, schools, days[0], days[-1])
    now, words = None, None
    for day in days:
        is_another = False
        if agenda.comes_to(day) or now is None:
            on = date.fromordinal(day)
            new = decide(model, case, on=on, calendars=found, schools=schools, absent=absent, as_if=as_if)
            its = said(new)
            agenda.look_at(new, day)
            is_another = its != words
            now, words = new, its
        yield day, now, is_another


# ---------------------------------------------------------------------- what the rules say about days
# the days that an event names beside `on`: until when it holds, up to which day it speaks
_DAYS = {
    shape: tuple(f.name for f in fields(shape) if str(f.type).startswith("Day") and f.name not in ("on", "recorded"))
    for shape in TYPE_OF
}


class _Spans(NamedTuple):
    """Lengths of time after which a rule judges otherwise, by what they are counted from."""

    answer: tuple[Span, ...]  # how long an answer is good for
    done: tuple[Span, ...]  # `done_within`
    closing: tuple[Span, ...]  # how long a closed step is watched
    opening: Mapping[str, tuple[Span, ...]]  # how long a step lasts


@dataclass(frozen=True, eq=False)
class _Rules:
    """What the versions of all rules say about days, whatever pupil it is."""

    versions: tuple[Ruleset, ...]

    @cached_property
    def conditions(self) -> tuple[Condition, ...]:
        found: list[Condition | None] = []
        for v in self.versions:
            for s in v.steps:
                found += [s.opens, s.watch, s.suggest, s.expected_by]
                found += [c for a in s.actions for c in (a.when, a.unless)]
            found += [n.when for n in v.notices]
            found += [c for count in v.counters.values() for _, c in count.only_if]
        return tuple(c for c in found if c is not None)

    @cached_property
    def counters(self) -> tuple[Count, ...]:
        return tuple(c for v in self.versions for c in v.counters.values() if not c.is_unsaid)

    @cached_property
    def is_daily(self) -> bool:
        """Is there a counter of which it is not known here on which days it can change? Then every day is asked."""
        return any(c.is_compared or c.measure not in CALM for c in self.counters)

    @cached_property
    def runs_on(self) -> bool:
        """Does a counter tell how long ago something was? From its first day on it changes every day."""
        return any(c.measure == "days_since" for c in self.counters)

    @cached_property
    def has_school_days(self) -> bool:
        """Does a school day change a counter on which nothing is marked? What was planned grows, and a run is broken."""
        return any(c.is_share or c.is_unbroken for c in self.counters)

    @cached_property
    def windows(self) -> tuple[Window, ...]:
        """Windows that days leave one by one; of the others the days on which they begin say all."""
        return tuple({c.window: None for c in self.counters if c.window.rolling is not None})

    @cached_property
    def settling(self) -> tuple[Span, ...]:
        """How long a mark is not counted yet."""
        return tuple({c.settles: None for c in self.counters if c.settles is not None})

    @cached_property
    def parts(self) -> frozenset[str]:
        lasting = {s.lasts.part for v in self.versions for s in v.steps}
        return frozenset({p for v in self.versions for p in Model((v,)).parts_used} | lasting | {"school_year"})

    @cached_property
    def schedules(self) -> tuple[Schedule, ...]:
        found = {x: None for v in self.versions for x in v.schedules.values()}
        found |= {c.checked: None for c in self.counters if c.checked is not None}
        found |= {a.repeat: None for v in self.versions for s in v.steps for a in s.actions if isinstance(a.repeat, Schedule)}
        return tuple(found)

    @cached_property
    def spans(self) -> _Spans:
        within = {value: None for c in self.conditions for t in tests_in(c) for _, value in t.asks if isinstance(value, Span)}
        opening: dict[str, tuple[Span, ...]] = {}
        steps = [s for v in self.versions for s in v.steps]
        for s in steps:
            if s.lasts.span is not None:
                opening[s.id] = (*opening.get(s.id, ()), s.lasts.span)
        good_for = {span: None for v in self.versions for span in v.good_for.values()}
        watched = {s.watch_for: None for s in steps if s.watch_for is not None}
        return _Spans(tuple(good_for), tuple(within), tuple(watched), opening)

    @cached_property
    def days_after(self) -> int:
        """For how many days something can follow from a step that opened or ended: one step may ask about another."""
        asked = {t.fact for c in self.conditions for t in tests_in(c) if t.what == "step"}
        return 2 + len(asked)


_RULES: dict[tuple[int, ...], tuple[tuple[Model, ...], _Rules]] = {}


def _rules_of(models: tuple[Model, ...]) -> _Rules:
    key = tuple(map(id, models))
    if key not in _RULES:
        if len(_RULES) > 256:
            _RULES.clear()
        _RULES[key] = models, _Rules(tuple({id(v): v for m in models for v in m.versions}.values()))
    return _RULES[key][1]


# ---------------------------------------------------------------------- the days of one case
class _Agenda:
    """The days on which the decision about a case can become another one: more is allowed, fewer is not."""

    def __init__(
        self,
        model: Model,
        case: Case,
        calendars: Mapping[str, Calendar] | Calendar,
        schools: Mapping[str, Model] | None,
        first: int,
        last: int,
    ) -> None:
        self.case, self.first, self.last = case, first, last
        self.rules = _rules_of((model, *(schools or {}).values()))
        self.calendars = _calendars_of(case, calendars)
        self.is_daily = self.rules.is_daily
        self.days: list[int] = []
        self._in: set[int] = set()
        self._seen: set[Any] = set()  # what decisions said that was looked at
        self._names: Any = None
        if not self.is_daily:
            self._add(self._of_versions())
            self._add(self._of_calendars())
            self._add(self._of_events())

    def comes_to(self, day: int) -> bool:
        """Is there a day up to this one that was not come to yet?"""
        is_any = self.is_daily
        while self.days and self.days[0] <= day:
            heapq.heappop(self.days)
            is_any = True
        return is_any

    def _add(self, days: Iterable[int]) -> None:
        for day in days:
            if self.first < day <= self.last and day not in self._in:
                self._in.add(day)
                heapq.heappush(self.days, day)

    # ------------------------------------------------------------------ known from the start
    def _of_versions(self) -> Iterator[int]:
        """On which days other rules judge, and before the end of a version, when that is told."""
        for v in self.rules.versions:
            until = v.said.valid_until
            ends = [v.valid_from - 1, *([until.toordinal()] if until is not None else [])]
            for end in ends:
                yield from (end, end + 1)
                yield from (end - TOLD_BEFORE + k for k in (0, 1, 2))

    def _of_calendars(self) -> Iterator[int]:
        for c in self.calendars:
            yield c.until + 1
            for y in c.years:
                yield from (y.first, y.last, y.last + 1)
            for part in (*PARTS, "school_year"):
                if part in self.rules.parts:
                    yield from (d for start in c.starts(part) for d in (start - 1, start))
            for schedule in self.rules.schedules:
                for d in c.scheduled(schedule):
                    yield from _and_next(c.next_school_day(d))
                    yield from (d, d + 1)
            # a lesson that nobody marked may be an absence, on every school day
            if self.rules.has_school_days or self.case.register == "given":
                yield from c.school_days
                yield from c.school_weeks
                yield from (d for day in c.school_days for d in self._leaves(day))

    def _of_events(self) -> Iterator[int]:
        before = self.case.before
        if before is not None:
            ends = [x.ended for x in before.openings]
            for moment in (*(x.moment for x in before.openings), *ends, *(x.moment for x in before.ends)):
                yield from self._leaves(moment // DAY)
        spans = self.rules.spans
        for moment, e in zip(self.case.moments, self.case.events, strict=True):
            if moment > end_of(self.last):
                continue
            known, on = moment // DAY, e.on.toordinal()
            yield from (known, on, *self._leaves(on))
            if self.rules.runs_on and isinstance(e, Mark | ActionTaken | Answer):
                yield from range(min(known, on), self.last + 1)
            for name in _DAYS[type(e)]:
                value = getattr(e, name)
                if value is not None:
                    yield from _and_next(value.toordinal())
            if isinstance(e, Mark):
                yield from self._after(on, self.rules.settling)
            elif isinstance(e, Register):
                through = e.through.toordinal() if e.through is not None else on
                for day in range(on, through + 1):
                    yield from (day, *self._leaves(day), *self._after(day, self.rules.settling))
            elif isinstance(e, Answer):
                yield from self._after(on, spans.answer + spans.done)
                yield from (d for text in e.values for d in _day_in(text))
            elif isinstance(e, ActionTaken):
                yield from self._after(on, spans.done)
                if e.status == "data_wrong":
                    yield from self._after(on, (Span("school_days", LOOKED_AT_AFTER),))
            elif isinstance(e, StepClosed):
                for day in {known, on}:
                    yield from (day + 1, *self._leaves(day))
                    yield from self._after(day, spans.closing)

    def _leaves(self, day: int) -> Iterator[int]:
        """The days on which a day leaves the windows that move on."""
        for window in self.rules.windows:
            for c in self.calendars:
                yield c.window(window).leaves(day)

    def _after(self, day: int, spans: Iterable[Span]) -> Iterator[int]:
        """The last day of each span from a day, and the one after it."""
        for span in spans:
            for c in self.calendars:
                yield from _and_next(c.after(day, span))

    # ------------------------------------------------------------------ what a decision says of later days
    def look_at(self, d: Decision, on: int) -> None:
        if not self.is_daily:
            self._add(self._of_decision(d, on))

    def _of_decision(self, d: Decision, on: int) -> Iterator[int]:
        for t in d.tasks:
            if t.due is not None:
                yield from _and_next(t.due.toordinal())
            if t.turn is not None and len(d.open_steps) > 1:  # another step may ask for it too, in a turn that is not shown
                yield on + 1
        for q in d.questions:
            if q.is_new:
                yield on + 1
        opened = {s.name for s in d.open_steps}
        names = opened, d.withdrawn, {n for q in d.questions for n in q.steps}
        if names != self._names:
            if self._names is not None:
                yield from (day for n in self._names[0] - opened for day in self._leaves(on))
            self._names = names
            yield from range(on + 1, on + 1 + self.rules.days_after)
        for s in d.open_steps:
            if s.name not in self._seen:
                self._seen.add(s.name)
                for day in {s.about.toordinal(), s.opened_on.toordinal()}:  # from then on a window lies wholly after it
                    yield from self._leaves(day)
                yield from self._after(s.opened_on.toordinal(), self.rules.spans.opening.get(s.step, ()))
        if d.data_until is not None and not d.is_stale:
            for c in self.calendars:
                i = bisect_right(c.school_days, d.data_until.toordinal()) + SURELY_STALE - 1
                yield from c.school_days[i : i + 1]


def _calendars_of(case: Case, calendars: Mapping[str, Calendar] | Calendar) -> tuple[Calendar, ...]:
    if isinstance(calendars, Calendar):
        return (calendars,)
    names = [n for e in case.events if isinstance(e, Enrolment) for n in (e.calendar, e.school) if n is not None]
    found = [calendars[n] for n in names if n in calendars]
    return tuple({id(c): c for c in (*found, next(iter(calendars.values())))}.values())


def _and_next(day: int | None) -> tuple[int, ...]:
    return () if day is None or day >= NEVER else (day, day + 1)


def _day_in(text: str) -> tuple[int, ...]:
    try:
        return (date.fromisoformat(text).toordinal(),)
    except ValueError:
        return ()
