"""The smallest pupil for whom a layer is milder than its base, as a golden case that can be pasted and run.

Rules: a pupil is shown only when both rulesets were asked about it and the layer was in fact milder; smallest means that no mark,
no lesson and no report can be taken away; nothing about a real pupil is in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from sky_model.calendars import load_calendar
from sky_model.compiler import with_its_base
from sky_model.decider import decide
from sky_model.decision import Decision
from sky_model.errors import RecordError
from sky_model.events import Enrolment, Mark, Report
from sky_model.layers import read_layers
from sky_model.milder import Milder, prove
from sky_model.records import Case
from sky_model.rules import DUTIES, Model, Ruleset, tests_in
from sky_model.schooldays import Calendar
from sky_model.tasks import OVER

__all__ = ["Example", "example_of", "examples_for", "what_is_milder"]

CALENDAR = "example-week-43/2026-27"
MOST_MARKS = 60
MOST_ASKED = 1_500  # pupils asked about, on one day each: a search that takes longer is given up


@dataclass(frozen=True, slots=True)
class Example:
    """A pupil without any answer of people, a day, and what is milder on it. marks: (day, kind, lessons)."""

    milder: Milder
    grade: int | None
    marks: tuple[tuple[date, str, int], ...]
    reports: tuple[str, ...]
    reported_on: date
    on: date
    said: str
    opened_on: date | None
    due: date | None
    state: str  # of the action, in the base

    def to_yaml(self) -> str:
        """A golden case: it holds under the base and fails under the layer."""
        m = self.milder
        what = f"{m.step}, {m.action}" if m.action else m.step
        grade = f"grade: {self.grade}, " if self.grade is not None else ""
        lines = [f'- name: {{en: "the layer is not milder than its base: {what}"}}', f"  pupil: {{{grade}calendar: {CALENDAR}}}"]
        if self.marks:
            lines.append("  marks:")
            lines += [f'    - "{on}: {n} lesson{"s" if n > 1 else ""} {kind}"' for on, kind, n in self.marks]
        if self.reports:
            lines.append("  events:")
            lines += [f"    - {{type: report, report: {r}, on: {self.reported_on}, by: guardian}}" for r in self.reports]
        expected = [f"on: {self.on}"]
        if m.action is not None:
            expected.append(f"next: {m.action}, state: {self.state}" + (f", due: {self.due}" if self.due else ""))
        elif self.opened_on is not None:
            expected.append(f"opened: {{{m.step}: {self.opened_on}}}")
        else:
            expected.append(f"undecided: [{m.step}]")
        return "\n".join([*lines, "  expect:", f"    - {{{', '.join(expected)}}}"]) + "\n"


def examples_for(name: str | Path) -> Iterator[tuple[Milder, Example | None]]:
    """Everything in which a layer is milder than its base, each with its smallest pupil, where one is found."""
    layers, problems = read_layers(name)
    sides = with_its_base(layers) if layers and not problems and all(x.file for x in layers) else None
    if sides is None or sides[1].said.status == "variant":
        return
    for m in prove(*sides).milder:
        yield m, example_of(m, *sides)


def what_is_milder(base: Decision, layer: Decision, step: str, action: str | None) -> str:
    """How the answer of the layer is milder about a step of the base, or about one of its actions; empty where it is not."""
    is_open, is_still = (any(s.step == step for s in d.open_steps) for d in (base, layer))
    is_undecided, is_asked = (any(step in q.steps for q in d.questions) for d in (base, layer))
    if action is None:
        if is_open and not is_still:
            return f"the base opens '{step}', the layer does not"
        return f"the base asks whether '{step}' opens, the layer does not" if is_undecided and not (is_still or is_asked) else ""
    if not (is_open and is_still):
        return ""
    old, new = (next((t for t in d.tasks if t.action == action and t.state not in OVER), None) for d in (base, layer))
    if old is None:
        return ""
    if new is None:
        return f"the base asks for '{action}', the layer does not"
    if DUTIES.index(new.duty) > DUTIES.index(old.duty):
        return f"'{action}' is {old.duty} in the base and {new.duty} in the layer"
    if new.state in ("blocked", "waiting") and old.state not in ("blocked", "waiting"):
        return f"'{action}' is {old.state} in the base and {new.state} in the layer"
    if old.due is not None and not new.due_unknown and (new.due is None or new.due > old.due):
        return f"'{action}' is due on {old.due} in the base and {f'on {new.due}' if new.due else 'on no day'} in the layer"
    return ""


# ---------------------------------------------------------------------- the search
def example_of(m: Milder, base: Ruleset, layer: Ruleset) -> Example | None:
    """The smallest pupil for whom this is so; None where none was found (which proves nothing)."""
    return _Search(m, base, layer).smallest()


@dataclass(frozen=True, slots=True)
class _Pupil:
    grade: int | None
    marks: tuple[tuple[int, str, int], ...]  # (which school day, kind, lessons)
    reports: tuple[str, ...]


class _Search:
    def __init__(self, m: Milder, base: Ruleset, layer: Ruleset) -> None:
        self.m, self.asked, self.after = m, 0, 0
        first = max(base.valid_from, layer.valid_from, date(2026, 8, 10).toordinal())
        # both in force from the same day: what is compared is what they say, not since when
        self.sides = tuple(Model((replace(r, valid_from=first),)) for r in (base, layer))
        self.base, self.layer = base, layer
        calendar = load_calendar(CALENDAR)
        assert isinstance(calendar, Calendar)
        self.calendar = calendar
        self.days = [date.fromordinal(d) for d in calendar.school_days if d >= first]

    def smallest(self) -> Example | None:
        if any(model.problems_with(self.calendar) for model in self.sides) or len(self.days) < 20:
            return None
        for some in ((0, 1), (30, 120)):  # most show it at once
            for pupil in self._candidates():
                found = self._first_day(pupil, some)
                if found is not None:
                    return self._shrunk(pupil, found)
        return None

    def _candidates(self) -> Iterator[_Pupil]:
        """Pupils from few marks to many: close together and far apart, of each kind that may make the difference."""
        box = self.m.box or {}
        given = [v for (what, _), v in box.items() if what == "grade"]
        grade = given[0] if given else next((g for g in range(8, -1, -1) if self._is_for(g)), 8)
        step = self.base.step_by_id.get(self.m.step)
        tests = list(tests_in(step.opens)) if step else []
        tests += [t for n in self.base.notices if n.id == self.m.step for t in tests_in(n.when)]
        reports = tuple(n for (what, n), v in box.items() if what == "report" and v == "raised")
        named = tuple(dict.fromkeys(t.fact for t in tests if t.what == "report"))
        counters = [self.base.counters[t.fact] for t in tests if t.what == "counter"]
        kinds = sorted({k for c in counters for k in c.kinds}, key=lambda k: (self._counts_still(k, [c.id for c in counters]), k))
        for some in dict.fromkeys((reports, named, ())):
            if some or not kinds:
                yield _Pupil(grade, (), some)
            for n in (1, 2, 3, 5, 6, 8, 10, 13, 20, 30, MOST_MARKS) if kinds else ():
                for gap, lessons in ((1, 6), (1, 1), (3, 6), (5, 6), (5, 1), (23, 6)):
                    if (n - 1) * gap < len(self.days) - 5:
                        for kind in kinds[:3]:
                            yield _Pupil(grade, tuple((i * gap, kind, lessons) for i in range(n)), some)

    def _counts_still(self, kind: str, counters: Sequence[str]) -> bool:
        return all(kind in self.layer.counters[c].kinds for c in counters if c in self.layer.counters)

    def _is_for(self, grade: int) -> bool:
        step = self.base.step_by_id.get(self.m.step)
        first, last = (step.grades if step and step.grades else None) or self.layer.said.grades
        return first <= grade <= last and self.layer.said.grades[0] <= grade <= self.layer.said.grades[1]

    def _case(self, pupil: _Pupil) -> Case:
        first = self.days[0]
        events: list[Enrolment | Mark | Report] = [Enrolment("school", since=first, grade=pupil.grade)]
        events += [Mark(self.days[i], lessons=n, kind=kind) for i, kind, n in pupil.marks]
        events += [Report(r, on=first, by="guardian") for r in pupil.reports]
        return Case("example", register="marks_only", events=events)

    def _asked(self, pupil: _Pupil, on: date) -> tuple[Decision, Decision] | None:
        case = self._case(pupil)
        try:
            a, b = (decide(model, case, on=on, calendars=self.calendar) for model in self.sides)
        except RecordError:
            return None
        return a, b

    def _said(self, pupil: _Pupil, on: date) -> str:
        self.asked += 1
        answers = self._asked(pupil, on)
        return what_is_milder(*answers, self.m.step, self.m.action) if answers else ""

    def _first_day(self, pupil: _Pupil, some: tuple[int, ...] = (0, 1, 30, 120)) -> date | None:
        """A day on which the layer is milder: the day of the last event, or some days after it."""
        last = self.days[max((i for i, _, _ in pupil.marks), default=0)]
        for after in some if self.asked < MOST_ASKED else ():
            on = min(last + timedelta(days=after), self.days[-1])
            if self._said(pupil, on):
                self.after = after
                return on
        return None

    def _shrunk(self, pupil: _Pupil, on: date) -> Example | None:
        """Take away marks, lessons and reports as long as the layer stays milder on some day."""
        is_smaller = True
        while is_smaller:
            is_smaller = False
            for smaller in _smaller(pupil):
                day = self._first_day(smaller, (self.after,))
                if day is not None:
                    pupil, on, is_smaller = smaller, day, True
                    break
        answers = self._asked(pupil, on)
        if answers is None:
            return None
        opened = next((s for s in answers[0].open_steps if s.step == self.m.step), None)
        task = next((t for t in answers[0].tasks if t.action == self.m.action), None)
        marks = tuple((self.days[i], kind, n) for i, kind, n in pupil.marks)
        return Example(
            self.m, pupil.grade, marks, pupil.reports, self.days[0], on, self._said(pupil, on),
            opened.opened_on if opened else None, task.due if task else None,
            task.state if task else "",
        )  # fmt: skip


def _smaller(pupil: _Pupil) -> Iterator[_Pupil]:
    """The pupil with less: half of the marks, one mark less, one lesson less, one report less."""
    n = len(pupil.marks)
    for k in (n // 2, n // 4):
        if k:
            yield replace(pupil, marks=pupil.marks[:-k])
            yield replace(pupil, marks=pupil.marks[k:])
    for i in range(n):
        yield replace(pupil, marks=(*pupil.marks[:i], *pupil.marks[i + 1 :]))
    for i, (day, kind, lessons) in enumerate(pupil.marks):
        if lessons > 1:
            yield replace(pupil, marks=(*pupil.marks[:i], (day, kind, lessons - 1), *pupil.marks[i + 1 :]))
    for r in pupil.reports:
        yield replace(pupil, reports=tuple(x for x in pupil.reports if x != r))
