"""What is not known: the facts that steps and tasks wait for, each with who can answer.

Rules: one question for each missing fact; it names the fact that is missing, never another; a question is asked for the steps
that are undecided or in doubt and for the tasks whose `when` is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from sky_model.decision import OpenQuestion
from sky_model.events import end_of
from sky_model.facts import FALSE, NOT_GIVEN, TRUE, UNKNOWN, Facts
from sky_model.path import Opening, Path
from sky_model.rules import Act, ByGrade, Condition, Count, Ruleset, StepOf, Test, tests_in
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
        for name, since in self.path.undecided.items():
            step, v = self.path.undecided_steps[name]
            expected = self._expected(v.facts, step, since)
            for m in self._of_step(v.facts, step, since):
                yield Waiting(step.base, None, since, m, expected)
        for o in self.path.standing():
            if o.is_in_doubt:
                facts = self.path.versions[o.version].facts
                for about in self.path.days_in_doubt(o):
                    for m in self._of_step(facts, o.step, about):
                        if m.what != "known_late":
                            yield Waiting(o.step.base, None, about, m)
        for t in tasks:
            if t.state != "undecided":
                continue
            for o in (o for o in self.path.openings if o.name in t.openings):
                facts = self.path.versions[o.version].facts
                act = _act_of(facts.rules, o, t.action)
                if act is not None and act.when is not None:
                    for m in self._of_condition(facts, act.when, self.on):
                        yield Waiting(None, t.name, o.day, m)

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
    def _of_step(self, f: Facts, step: StepOf, about: int) -> list[Missing]:
        out = [m for t in step.tests for m in self._of_test(f, t, about)]
        if step.grades and f.place(about, self.now).grade is None:
            out.append(Missing("not_given", "grade"))
        if not out:  # the answer would have been yes on a day that is past: a person looks at it
            counted = [t.fact for t in step.tests if t.what == "counter"]
            who = tuple(step.said.closing.by) if step.said.closing else ()
            out.append(Missing("known_late", counted[0] if counted else step.id, (about,), who))
        return out

    def _of_condition(self, f: Facts, condition: Condition, about: int) -> list[Missing]:
        return [m for t in tests_in(condition) for m in self._of_test(f, t, about)]

    def _of_test(self, f: Facts, t: Test, about: int) -> Iterator[Missing]:
        """What is missing so that one comparison would be known."""
        if t.is_unsaid or t.what == "step" or f.ask(t, about, self.now, FALSE) != UNKNOWN:
            return
        if t.what == "question":
            yield Missing("not_answered", t.fact, (), tuple(f.rules.questions[t.fact].by))
        elif t.what == "grade":
            yield Missing("not_given", "grade")
        elif t.what == "counter":
            yield from self._of_counter(f, t, f.rules.counters[t.fact], about)

    def _of_counter(self, f: Facts, t: Test, count: Count, about: int) -> Iterator[Missing]:
        begins = f.counted_from(count, about, self.now)
        first = about if begins is None else begins
        if count.is_compared:  # the days before it are counted too
            first = min(first, f.begins(self.now))
        found = self._days_open(f, count, first, about)
        if f.place(about, self.now).grade is None and any(isinstance(limit, ByGrade) for _, limit in t.asks):
            found.append(Missing("not_given", "grade"))
        if not found or self._needs_planned(f, count, first, about):
            found.append(Missing("not_given", "lessons_per_week"))
        yield from found

    def _days_open(self, f: Facts, count: Count, first: int, about: int) -> list[Missing]:
        """Days without marks, marks that are set aside, and questions on which the counting of marks hangs."""
        gaps, aside = set[int](), set[int]()
        for p in f.parts(count, f._epoch(self.now)):
            if first <= p.day <= about and p.enter <= self.now < p.leave and p.high > p.low:
                (gaps if p.mark is None else aside).add(p.day)
        who = tuple(r for r in ("subject-teacher", "class-lead") if r in f.rules.roles)
        out = []
        if gaps:
            out.append(Missing("not_marked", "register", tuple(sorted(gaps)), who))
        if aside:
            out.append(Missing("set_aside", "mark", tuple(sorted(aside)), who))
        return out + self._open_in_only_if(f, count, first, about)

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

    def _open_in_only_if(self, f: Facts, count: Count, first: int, about: int) -> list[Missing]:
        """What is not known of marks that count only with something: the questions that nobody answered."""
        out = []
        for kind, condition in count.only_if:
            marks = (e for d in f.days_between(first, about, self.now) for e in f.entries(d, self.now))
            if f.only_if(condition, about, self.now) != UNKNOWN or not any(e.kind == kind and e.high for e in marks):
                continue
            for t in tests_in(condition):
                if t.what == "question" and f.ask(t, about, self.now, UNKNOWN) == UNKNOWN:
                    out.append(Missing("not_answered", t.fact, (), tuple(f.rules.questions[t.fact].by)))
                elif t.what == "grade" and f.ask(t, about, self.now, UNKNOWN) == UNKNOWN:
                    out.append(Missing("not_given", "grade"))
        return list(dict.fromkeys(out))


def _act_of(rules: Ruleset, o: Opening, action: str) -> Act | None:
    """The action as the opening asks it: its own, or that of a step that it includes."""
    steps = [o.step]
    for s in steps:  # grows while it is read
        for a in s.actions:
            if a.id == action:
                return a
        for low, how in s.above.items():
            below = rules.step_by_id.get(low)
            if how == "includes" and below is not None and below not in steps:
                steps.append(below)
    return None
