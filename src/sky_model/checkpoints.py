"""A checkpoint: the path of a case folded to the first day of a school year, so that the records of earlier years can be erased.

Rules: the fold from a checkpoint equals the fold from the beginning; it is made on a day on which nothing is open and nothing
undecided, else it is refused and says what is; what a later day can still read is kept, everything else is not in it. What stays
true of earlier years are names and days of steps, and by which parts they opened and what a closing answered.

A record goes on from a checkpoint as long as what comes later speaks of days after it: a mark that is recorded later for an
erased day is counted nowhere and told; what is erased cannot be taken back or corrected any more.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from sky_model.decider import decider_of, newest_marked
from sky_model.errors import RecordError
from sky_model.events import ActionTaken, Answer, Consent, Enrolment, Mark, Pause, Register, Report, Retracted, end_of
from sky_model.facts import TRUE, Facts, Part
from sky_model.path import Opening, Path, grounds_of, words_of
from sky_model.records import Case, Checkpoint, PastEnd, PastOpening
from sky_model.rules import Condition, Count, Model, StepOf, tests_in
from sky_model.schooldays import Calendar, Window

__all__ = ["checkpoint"]


def checkpoint(
    model: Model,
    case: Case,
    *,
    on: date,
    calendars: Mapping[str, Calendar] | Calendar | None = None,
    schools: Mapping[str, Model] | None = None,
) -> Case:
    """The case without what no day after `on` can read, with what was judged up to `on` in its place.

    on         the first day of a school year of the pupil's calendar; events recorded later stay as they are
    calendars, schools  as for `decide`
    Raises RecordError when `on` is no such day, or when a step is open or undecided at its end: which, stands in the error.
    """
    decider = decider_of(model, case, on=on, calendars=calendars, schools=schools)
    day = on.toordinal()
    if decider.calendar.year(day).first != day:
        first = date.fromordinal(decider.calendar.year(day).first)
        said = f"a checkpoint is made on the first day of a school year; the one of {on} began on {first}"
        raise RecordError("no-year", said, pupil=case.pupil, field="on")
    path = decider.path
    still = sorted({o.step.base for o in path.openings if o.ended is None} | {s.base for s, _ in path.undecided_steps.values()})
    if still:
        said = f"not everything is settled on {on}: {', '.join(still)}; close or answer it before older records are erased"
        raise RecordError("not-settled", said, pupil=case.pupil, field="on")
    return _Made(path, case, day).case_after()


class _Made:
    def __init__(self, path: Path, case: Case, day: int) -> None:
        self.path, self.case, self.day, self.now = path, case, day, end_of(day)
        self.facts = path.facts
        self.rulesets = [v.facts.rules for v in path.versions]

    def case_after(self) -> Case:
        marks_from = self._marks_from()
        until = sum(m <= self.now for m in self.case.moments)
        kept = self._kept(list(zip(self.case.events[:until], self.case.moments[:until], strict=True)), marks_from)
        before, first = self.case.before, date.fromordinal(marks_from)
        made = Checkpoint(
            day=date.fromordinal(self.day),
            ruleset=self.rulesets[-1].name,
            fingerprint=self.rulesets[-1].fingerprint,
            marks_from=first,
            carried={v.facts.rules.name: self._carried(v.facts, marks_from) for v in self.path.versions},
            marked=tuple(sorted(d for d in self._newest_marked() if d < first)),
            count=until + (before.count - len(before.events) if before else 0),
            events=tuple(e for e, _ in kept),
            moments=tuple(m for _, m in kept),
            openings=tuple(map(self._past_opening, self.path.openings)),
            ends=tuple(self._past_ends()),
        )
        later = [*made.events, *self.case.events[until:]]
        return self.case.changed(before=made, events=later)

    def _newest_marked(self) -> set[date]:
        """The newest day with a mark or a register, of each school."""
        case, on = self.case, date.fromordinal(self.day)

        def school(day: int) -> str | None:
            return self.facts.place(day, self.now).school

        schools = {e.school for e in case.events if isinstance(e, Enrolment)} | {None}
        newest = (newest_marked(case, on, self.now, lambda day, s=s: school(day) == s) for s in schools)  # type: ignore[misc]
        return {d for d in newest if d is not None}

    # ------------------------------------------------------------------ what later days read
    def _marks_from(self) -> int:
        """The first day whose marks stay."""
        first = min(self._read_from(v.facts) for v in self.path.versions)
        while True:  # what cannot be carried as one number keeps its marks, and so may another counter
            further = [first, *(n for v in self.path.versions for n in self._not_carried(v.facts, first))]
            if min(further) == first:
                return max(1, first)
            first = min(further)

    def _not_carried(self, f: Facts, first: int) -> Iterator[int]:
        """Where counters begin that count over all years, and of which something before `first` is not certain."""
        for count in filter(self._may_carry(f), f.rules.counters.values()):
            if any(p.low != p.high for p in self._erased(f, count, first)):
                yield f.place(self.day, self.now).calendar.window(count.window, f.begins(self.now)).begins(self.day)

    def _erased(self, f: Facts, count: Count, first: int) -> Iterator[Part]:
        """What a counter of all years counts before the first day whose marks stay, as known on the day of the checkpoint."""
        begin = f.place(self.day, self.now).calendar.window(count.window, f.begins(self.now)).begins(self.day)
        parts = f.parts(count, len(f.epochs) - 1)
        return (p for p in parts if begin <= p.day < first and p.enter <= self.now < p.leave)

    def _carried(self, f: Facts, first: int) -> dict[str, int]:
        sums = {
            c.id: sum(p.low for p in self._erased(f, c, first)) for c in filter(self._may_carry(f), f.rules.counters.values())
        }
        return {name: n for name, n in sums.items() if n}

    def _may_carry(self, f: Facts) -> Callable[[Count], bool]:
        """Is it a sum over all years, that no message shows in parts? Then a number says all that erased marks say."""
        shown = {t.fact for n in f.rules.notices for t in tests_in(n.when)}
        return lambda c: (
            c.is_sum
            and not c.is_share
            and c.window.rolling is None
            and c.window.within in ("any_time", "enrolment")
            and c.id not in shown
        )

    def _read_from(self, f: Facts) -> int:
        """The first day whose marks a window of this or a later day holds, by one version; without sums over all years."""
        place = f.place(self.day, self.now)
        calendar, begins = place.calendar, f.begins(self.now)
        first = self.day
        for count in itertools.filterfalse(self._may_carry(f), f.rules.counters.values()):
            begin = calendar.window(count.window, begins).begins(self.day)
            if count.is_compared:
                widest = calendar.window(Window(count.window.within), begins).begins(self.day)
                rolling = Window("any_time", count.window.rolling, count.window.week_from)
                begin = max(widest, calendar.window(rolling).begins(begin - 1))
            if count.measure == "episodes":
                begin = self._row_begins(f, count, begin)
            first = min(first, begin)
        for notice in f.rules.notices:
            begin = calendar.window(Window(notice.once_in), begins).begins(self.day)
            first = min(first, begin if begin >= self.day else 0)
        for step in f.rules.steps:
            closed = [e.moment // (end_of(0) + 1) for e in self.path.ends_of(step, self.now, persons=True)]
            if step.watch is not None and step.watch_for is not None and closed:
                until = f.place(max(closed), self.now).calendar.after(max(closed), step.watch_for)
                first = min(first, max(closed) + 1 if until is None or until > self.day else first)
        return first

    def _row_begins(self, f: Facts, count: Count, begin: int) -> int:
        """A row of days that reaches into the window is kept from its first day on: it is one episode."""
        marked = set(f.days_between(f.begins(self.now), begin - 1, self.now))
        for d in reversed([d for d in f.place(begin, self.now).calendar.school_days if d < begin]):
            if d not in marked or d < f.begins(self.now):
                break
            begin = d
        return begin

    def _kept(self, events: list[tuple[Any, int]], marks_from: int) -> list[tuple[Any, int]]:
        gone = {e.of for e, _ in events if isinstance(e, Retracted)}
        marks = {e.id for e, _ in events if isinstance(e, Mark) and e.on.toordinal() >= marks_from}
        reports = {id(e) for f in self._all_facts() for name in f.reports for e in f.raised(name, self.day, self.now)}
        answers = {id(a) for f in self._all_facts() for q in f.answers if (a := self._newest(f, q)) is not None}
        acts = {name for r in self.rulesets for name in _acts_read(r.steps, r.counters.values(), (n.when for n in r.notices))}
        asked_from = {q: 0 for r in self.rulesets for name in acts if name in r.acts for q in r.acts[name].asks}
        counts_from = self._counts_from(marks_from)
        for name, first in counts_from.items():
            for r in self.rulesets:
                for question in r.acts[name].asks if name in r.acts else ():
                    asked_from[question] = min(first, asked_from.get(question, self.day))

        def stays(e: Any) -> bool:
            match e:
                case Mark():
                    return e.id in marks
                case Retracted():
                    return e.of in marks
                case Register():
                    return (e.through or e.on).toordinal() >= marks_from and e.id not in gone
                case ActionTaken() if e.status == "data_wrong":
                    return e.mark in marks
            if e.id in gone:
                return False
            match e:
                case Enrolment() | Consent():
                    return True
                case Report():
                    return id(e) in reports
                case Answer():
                    return id(e) in answers or e.on.toordinal() >= asked_from.get(e.question, self.day)
                case ActionTaken():
                    return e.action in acts or e.on.toordinal() >= counts_from.get(e.action, self.day)
                case Pause():
                    return e.until.toordinal() >= self.day
            return False

        return [(e, m) for e, m in events if stays(e)]

    def _counts_from(self, marks_from: int) -> dict[str, int]:
        """Of each action the first day from which, done earlier, it may count for a step that opens later."""
        out: dict[str, int] = {}
        for v in self.path.versions:
            rules = v.facts.rules
            for notice in rules.notices:
                for name in (n for n in (notice.id, notice.act) if n is not None):
                    out[name] = min(marks_from, out.get(name, self.day))
            for step in rules.steps:
                ended = [_day(o.ended) + 1 for o in self.path.openings if o.step.id == step.id and o.ended is not None]
                first = max([min([self.day, *self._grounds_from(v.facts, step)]), *ended])
                steps = [step]
                for s in steps:  # grows while it is read: what it includes, and what that includes
                    below = (rules.step_by_id.get(low) for low, how in s.above.items() if how == "includes")
                    steps += [b for b in below if b is not None and b not in steps]
                for act in (a for s in steps for a in s.actions):
                    out[act.id] = min(first, out.get(act.id, self.day))
        return out

    def _grounds_from(self, f: Facts, step: StepOf) -> Iterator[int]:
        """The first days of what a step rests on, as it stands now."""
        calendar, begins = f.place(self.day, self.now).calendar, f.begins(self.now)
        for t in step.tests:
            if t.what == "counter":
                yield calendar.window(f.rules.counters[t.fact].window, begins).begins(self.day)
            elif t.what == "report":
                yield from (e.on.toordinal() for e in f.raised(t.fact, self.day, self.now))
            elif t.what == "question" and t.fact in f.answers and (a := self._newest(f, t.fact)) is not None:
                yield a.on.toordinal()

    def _all_facts(self) -> Iterator[Facts]:
        return (v.facts for v in self.path.versions)

    def _newest(self, f: Facts, question: str) -> Answer | None:
        known = [d.event for d in f.answers[question] if d.moment <= self.now < d.gone]
        return max(reversed(known), key=lambda a: a.on, default=None) if known else None

    # ------------------------------------------------------------------ what was judged
    def _past_opening(self, o: Opening) -> PastOpening:
        if o.past is not None:
            return o.past
        assert o.ended is not None
        v = self.path.versions[o.version]
        acts = {a.id: a for a in o.step.actions}
        done = {a.id: d for a in acts.values() if (d := self.path.day_done(o, a, self.now, self.day)) is not None}
        said = {a.id: self.path.answer(o, a, self.now) for a in acts.values()}
        parts = self._parts(v.facts.rules.steps, o.step)
        true = [
            words_of(p, since) for p, since in parts if self.path.holds(v, p, o.about, o.moment, o.moment, since=since)[0] == TRUE
        ]
        return PastOpening(
            name=o.name,
            ruleset=v.facts.rules.name,
            step=o.step.id,
            level=o.step.level,
            moment=o.moment,
            about=o.about,
            ended=o.ended,
            how=o.how,
            by_person=o.closing is not None,
            is_withdrawn=o.is_withdrawn,
            is_in_doubt=o.is_in_doubt,
            due_from=o.due_from,
            counts_from=max(1, self.path.counts_from(o, self.now)),
            done=done,
            closed=tuple(n for n, a in said.items() if a is not None and a.status in ("not_needed", "refused")),
            grounds=tuple(dict.fromkeys(true)),
            renews=o.renews.name if o.renews is not None else None,
            owed=tuple(sorted(o.owed)),
        )

    def _parts(self, steps: Iterable[StepOf], of: StepOf) -> list[tuple[Any, int | None]]:
        """The parts of a step, and of its watch as it is counted after the last closing."""
        out: list[tuple[Any, int | None]] = []
        for s in (of, *(s for s in steps if s.names & of.names and s is not of)):
            out += [(p, None) for p in grounds_of(s.opens)]
            closed = [e.moment for e in self.path.ends_of(s, self.now, persons=True)]
            if s.watch is not None and closed:
                out += [(p, _day(closed[-1]) + 1) for p in grounds_of(s.watch)]
        return out

    def _past_ends(self) -> Iterator[PastEnd]:
        for name, ends in self.path.ends.items():
            for e in ends:
                if e.gone <= self.now:
                    continue
                answered: dict[str, tuple[str, ...]] = {}
                false_since: dict[str, tuple[str, ...]] = {}
                ruleset = e.past.ruleset if e.past is not None else ""
                for v in self.path.versions:
                    s = next((s for s in v.all if name in s.names), None)
                    if s is None or v.first > self.day:
                        continue
                    ruleset = ruleset or v.facts.rules.name
                    if e.past is None:
                        parts = self._parts((), s)
                        judged = [p for p in parts if self.path.answers(v, p[0], e, p[1])]
                        answered[v.facts.rules.name] = tuple(dict.fromkeys(words_of(*p) for p in judged))
                    else:
                        answered = dict(e.past.answered)
                    false = [p for p in self._parts((), s) if self.path.has_been_false(v, p[0], e, p[1])]
                    false_since[v.facts.rules.name] = tuple(dict.fromkeys(words_of(*p) for p in false))
                if ruleset:
                    yield PastEnd(name, ruleset, e.moment, e.by_person, answered, false_since)


def _day(moment: int) -> int:
    return moment // (end_of(0) + 1)


def _acts_read(steps: Iterable[StepOf], counters: Iterable[Count], more: Iterable[Condition]) -> Iterator[str]:
    """Actions that a condition or a counter reads, however long ago they were done."""
    conditions: list[Condition | None] = [*more]
    for s in steps:
        conditions += [s.opens, s.watch, s.suggest, s.expected_by, *(c for a in s.actions for c in (a.when, a.unless))]
    for c in conditions:
        yield from (t.fact for t in tests_in(c) if t.what == "action")
    for count in counters:
        if count.of is not None:
            yield count.of
        if count.since is not None and count.since[0] == "done":
            yield count.since[1]
