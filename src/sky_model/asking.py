"""What is not known: the facts that steps and tasks wait for, each with who can answer.

Rules: one question for each missing fact; it names the fact that is missing, never another; a question is asked for the steps
that are undecided or in doubt and for the tasks whose `when` is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

from sky_model.decision import OpenQuestion
from sky_model.events import end_of
from sky_model.facts import FALSE, NOT_GIVEN, TRUE, UNKNOWN, Facts, Pair
from sky_model.path import Path, Undecided, grounds_of
from sky_model.rules import ByGrade, Condition, Count, NoneOf, Ruleset, StepOf, Test, tests_in
from sky_model.tasks import Task

__all__ = ["questions"]


class Missing(NamedTuple):
    """One missing fact: of which kind, on which days, who can say."""

    what: str  # not_marked | not_answered | not_given | set_aside | known_late
    fact: str
    days: tuple[int, ...] = ()
    by: tuple[str, ...] = ()


class Waiting(NamedTuple):
    """What waits for a missing fact: a step or a task by its name, since which day, with the day by which it is expected."""

    step: str | None
    task: str | None
    since: int
    missing: Missing
    expected: date | None = None


def questions(path: Path, rules: Ruleset, tasks: tuple[Task, ...], on: int, now: int) -> tuple[OpenQuestion, ...]:
    """What is asked on a day, first what can decide most. rules: those of the day; now: up to which moment is known."""
    found: dict[tuple[str, str], list[Waiting]] = {}
    for w in _Asking(path, on, now).waiting(tasks):
        found.setdefault((w.missing.what, w.missing.fact), []).append(w)
    out = []
    for (what, fact), waits in found.items():
        first = min(w.since for w in waits)
        out.append(
            OpenQuestion(
                what,
                fact,
                tuple(dict.fromkeys(w.step for w in waits if w.step is not None)),
                date.fromordinal(first),
                tuple(date.fromordinal(d) for d in sorted({d for w in waits for d in w.missing.days})),
                waits[0].missing.by,
                first == on,
                min((w.expected for w in waits if w.expected is not None), default=None),
                _told(rules, what, fact),
                tuple(dict.fromkeys(w.task for w in waits if w.task is not None)),
            )
        )
    return tuple(sorted(out, key=lambda q: (-len(q.steps), -len(q.tasks), q.since, q.what, q.fact)))


def _told(rules: Ruleset, what: str, fact: str) -> str | None:
    said = rules.questions.get(fact) if what == "not_answered" else None
    return said.if_not_done.tell if said is not None and said.if_not_done is not None else None


class _Asking:
    def __init__(self, path: Path, on: int, now: int) -> None:
        self.path, self.on, self.now = path, on, now

    def waiting(self, tasks: Iterable[Task]) -> Iterator[Waiting]:
        """Everything that waits: undecided steps, open steps in doubt, tasks whose `when` is unknown."""
        for name, u in self.path.undecided_as.items():
            step, v = self.path.undecided_steps[name]
            expected = self._expected(v.facts, step, u.day)
            for m in self._of_undecided(u):
                yield Waiting(step.base, None, u.day, m, expected)
        for o in self.path.standing():
            doubt = self.path.doubt(o) if o.is_in_doubt and not o.is_withdrawn else None
            if doubt is not None:
                about, at = doubt
                for m in self._of_step(self.path.versions[o.version], o.step, about, at):
                    yield Waiting(o.step.base, None, about, m)
        for t in (t for t in tasks if t.state == "undecided"):
            for o in (o for o in self.path.openings if o.name in t.openings):
                v = self.path.versions[o.version]
                act = next((a for a in self.path.acts_of(o) if a.id == t.action), None)
                if act is None or act.when is None:
                    continue
                found = list(self._of(v, act.when, self.on, end_of(self.on) + 1, UNKNOWN))
                since = next((d for d in range(o.day, self.on + 1) if self._is_unknown(v, act.when, d)), self.on) if found else 0
                for m in found:
                    yield Waiting(None, t.name, since, m)

    def _is_unknown(self, v: Any, condition: Condition, day: int) -> bool:
        return self.path.holds(v, condition, day, self.now, end_of(day) + 1)[0] == UNKNOWN

    def _expected(self, f: Facts, step: StepOf, since: int) -> date | None:
        """The day on which `expected_by` became true while the step is undecided."""
        if step.expected_by is None:
            return None
        v = next(v for v in self.path.versions if v.facts is f)
        for d in range(since, self.on + 1):
            if self.path.holds(v, step.expected_by, d, min(end_of(d), self.now), end_of(d))[0] == TRUE:
                return date.fromordinal(d)
        return None

    # ------------------------------------------------------------------ which fact is missing
    def _of_undecided(self, u: Undecided) -> list[Missing]:
        v, f = u.version, u.version.facts
        if u.is_late:  # the answer would have been yes on a day that is past: a person looks at it
            parts = self._parts(v, u.step, u.day, u.at)
            counted = [
                t.fact
                for c, since in parts
                for t in tests_in(c)
                if t.what == "counter" and self.path.holds(v, t, u.day, self.now, u.at, since=since)[0] == TRUE
            ]
            who = tuple(u.step.said.closing.by) if u.step.said.closing else ()
            return [Missing("known_late", counted[0] if counted else u.step.base, (u.day,), who)]
        found = self._of_step(v, u.step, u.day, u.at, is_opening=True)
        if not found:  # what holds may be new ground: a lesson not marked may be the new mark
            parts = self._parts(v, u.step, u.day, u.at)
            found = [m for c, since in parts for m in self._of(v, c, u.day, u.at, FALSE, since, is_whole=True)]
            if u.step.grades and f.place(u.day, self.now).grade is None:
                found.append(Missing("not_given", "grade"))
        return found

    def _parts(self, v: Any, step: StepOf, day: int, at: int) -> list[tuple[Condition, int | None]]:
        """`opens`, and the smaller limits of a watch where it watches on the day, with the day from which those count."""
        since = self.path.watched_since(v, step, day, self.now, self.now)
        more: list[tuple[Condition, int | None]] = [] if step.watch is None or since is None else [(step.watch, since)]
        return [(step.opens, None), *more]

    def _of_step(self, v: Any, step: StepOf, about: int, at: int, *, is_opening: bool = False) -> list[Missing]:
        """`is_opening`: it is not open; what was answered by an end opens nothing, though it holds."""
        parts = self._parts(v, step, about, at)
        holding = [x for x in parts if self.path.holds(v, x[0], about, self.now, at, early=FALSE, since=x[1])[0] == TRUE]
        new = self.path.newness(v, step, about, at) if is_opening else None
        if holding and (new is None or any(new(p, since) == TRUE for c, since in holding for p in grounds_of(c))):
            parts = []  # only whether it is for the pupil's grade is not known
        out = [m for c, since in parts for m in self._of(v, c, about, at, FALSE, since)]
        if step.grades and v.facts.place(about, self.now).grade is None:
            out.append(Missing("not_given", "grade"))
        return out

    def _of(
        self, v: Any, c: Condition, about: int, at: int, early: Pair, since: int | None = None, *, is_whole: bool = False
    ) -> Iterator[Missing]:
        """What is missing of the parts of a condition that are unknown and can decide it; `is_whole`: of those that hold too."""
        value = self.path.holds(v, c, about, self.now, at, early=early, since=since)[0]
        if value == FALSE or (value == TRUE and not is_whole):
            return
        if isinstance(c, Test):
            yield from self._of_test(v.facts, c, about, at, since, value, is_whole)
            return
        if isinstance(c, NoneOf):
            early, is_whole = {UNKNOWN: UNKNOWN, FALSE: TRUE, TRUE: FALSE}[early], False
        for part in c.parts:
            yield from self._of(v, part, about, at, early, since, is_whole=is_whole)

    def _of_test(
        self, f: Facts, t: Test, about: int, at: int, since: int | None, value: Pair, is_whole: bool
    ) -> Iterator[Missing]:
        """What is missing so that one comparison would be known."""
        if t.is_unsaid or t.what == "step":
            return
        if t.what == "question" and value == UNKNOWN:
            yield Missing("not_answered", t.fact, (), tuple(f.rules.questions[t.fact].by))
        elif t.what == "grade" and value == UNKNOWN:
            yield Missing("not_given", "grade")
        elif t.what == "counter":
            yield from self._of_counter(f, t, about, at, since, is_whole)

    def _of_counter(self, f: Facts, t: Test, about: int, at: int, since: int | None, is_whole: bool) -> Iterator[Missing]:
        count = f.rules.counters[t.fact]
        by_grade = [(op, limit) for op, limit in t.asks if isinstance(limit, ByGrade)]
        if by_grade and f.place(about, self.now).grade is None:  # is it the grade, or would no grade make it known?
            each = [
                {f.ask(replace(t, asks=((op, x),)), about, self.now, UNKNOWN, since, at) for x in limit.values.values()}
                for op, limit in by_grade
            ]
            if any(len(values) > 1 for values in each):
                yield Missing("not_given", "grade")
            if not any(UNKNOWN in values for values in each):
                return
        first = f.counted_from(count, about, self.now, since, at, t.checks_in)
        read = f.read_as_of(count, about, self.now, at, t.checks_in)
        if first is None or read is None:
            return
        if count.is_compared:  # the days before it are counted too
            first = min(first, f.begins(self.now))
        found = self._days_open(f, count, first, read, about)
        yield from found
        if (not found and not is_whole) or (self._needs_planned(f, count, first, read) and not is_whole):
            yield Missing("not_given", "lessons_per_week")

    def _days_open(self, f: Facts, count: Count, first: int, last: int, about: int) -> list[Missing]:
        """Days without marks, marks that are set aside, and questions on which the counting of marks hangs."""
        gaps, aside = set[int](), set[int]()
        for p in f.parts(count, f._epoch(self.now)):
            is_open = p.enter <= self.now < p.leave and p.high > p.low
            if is_open and first <= p.day <= last and f.is_chosen(count, p.day, self.now):
                (gaps if p.mark is None else aside).add(p.day)
        who = tuple(r for r in ("subject-teacher", "class-lead") if r in f.rules.roles)
        out = []
        if gaps:
            out.append(Missing("not_marked", "register", tuple(sorted(gaps)), who))
        if aside:
            out.append(Missing("set_aside", "mark", tuple(sorted(aside)), who))
        return out + self._open_in_only_if(f, count, first, last, about)

    def _needs_planned(self, f: Facts, count: Count, first: int, about: int) -> bool:
        """Does the counter hang on how many lessons were planned, and has nobody said it?"""
        if count.is_share:
            return f.reading(count, about, self.now).silent == "not_given"
        if count.measure not in ("days", "calendar_days", "episodes", "half_days") and not count.is_unbroken:
            return False
        days = f.days_between(max(first, f.begins(self.now)), about, self.now)
        of_days = (f._one_day(count, d, self.now, about) for d in days)
        # what is marked could be all that was planned, or only a part of it
        return count.day_from[0] == "per_cent" and any(
            d.planned is None and any(p.said is not None and p.low and p.high < NOT_GIVEN for p in d.pieces) for d in of_days
        )

    def _open_in_only_if(self, f: Facts, count: Count, first: int, last: int, about: int) -> list[Missing]:
        """What is not known of marks that count only with something: the questions that nobody answered."""
        out = []
        for kind, condition in count.only_if:
            marks = (e for d in f.days_between(first, last, self.now) for e in f.entries(d, self.now))
            if f.only_if(condition, about, self.now) != UNKNOWN or not any(e.kind == kind and e.high for e in marks):
                continue
            for t in tests_in(condition):
                if t.what == "question" and f.ask(t, about, self.now, UNKNOWN) == UNKNOWN:
                    out.append(Missing("not_answered", t.fact, (), tuple(f.rules.questions[t.fact].by)))
                elif t.what == "grade" and f.ask(t, about, self.now, UNKNOWN) == UNKNOWN:
                    out.append(Missing("not_given", "grade"))
        return list(dict.fromkeys(out))
