"""What the engine itself says where the facts are simply given, and typed cases around every limit of every table.

Rules: the compiled conditions go through the engine's own `Path.opens`, `Path.holds` and `propose`; only the reading of facts
from a record is put aside (`GivenFacts`). A number of a case is a whole number of the engine's own hundredths, so nothing is
rounded on the way.
"""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import sky_model as sky
from sky_model.events import DAY, Answer, Enrolment, Report, end_of
from sky_model.facts import FALSE, LATER, TRUE, Dated, Facts, Place, Reading
from sky_model.path import Opening, Path, _Version
from sky_model.records import Case
from sky_model.rules import WHO_RECORDED, Act, ByGrade, Condition, Count, Ruleset, StepOf, tests_in
from sky_model.schooldays import Calendar
from sky_model.tasks import propose

__all__ = ["BIG", "Question", "cases_of", "engine_says", "questions_of", "smallest"]

BIG = 100_000
SOMEBODY = "somebody-of-the-staff"


@dataclass(frozen=True)
class Question:
    """What one exported table is about: does the step's condition hold (`act` None), or who does the action."""

    id: str
    step: StepOf
    act: Act | None

    @property
    def name(self) -> str:
        """The name of its decision in the DMN file."""
        return self.id.replace(".", "_").replace("-", "_")

    @property
    def condition(self) -> Condition | None:
        return self.step.opens if self.act is None else self.act.when

    @property
    def bands(self) -> list[tuple[int, int]]:
        return [b for b in (self.step.grades, self.act.grades if self.act else None) if b is not None]


def questions_of(rules: Ruleset) -> list[Question]:
    """Everything that could be a table."""
    out = []
    for step in rules.steps:
        out.append(Question(f"opens.{step.id}", step, None))
        out += [Question(f"who.{step.id}.{act.id}", step, act) for act in step.actions]
    return out


# ---------------------------------------------------------------------- the engine, with given facts
class GivenFacts(Facts):
    """Facts of one day that nobody has to find out."""

    def __init__(self, rules: Ruleset, calendar: Calendar, day: int) -> None:
        case = Case("given", register="marks_only", events=[Enrolment("school", 1, date.fromordinal(day))])
        super().__init__(case, rules, calendar, end_of(day))
        self.given: dict[str, Any] = {}
        self.calendar, self.day, on = calendar, day, date.fromordinal(day)
        self._raised = {r: [Dated(day * DAY + 1, LATER, Report(r, on, SOMEBODY, id=r, recorded=on))] for r in rules.reports}

    def give(self, given: dict[str, Any]) -> None:
        self.given = given
        self.reports = {r: said for r, said in self._raised.items() if self._of("report", r)}

    def _of(self, what: str, fact: str) -> Any:
        return self.given[f"{what}_{fact}".replace("-", "_")]

    def place(self, day: int, moment: int) -> Place:
        return Place(self.calendar, "school", self.given.get("grade"), None, self.day)

    def reading(self, count: Count, *_: Any, **__: Any) -> Reading:
        number = Fraction(str(self._of("counter", count.id))) * (100 if count.is_share else count.unit)
        assert number.denominator == 1, (count.id, number)
        if count.is_share:  # so many hundredths of a per cent of what was planned
            return Reading(int(number), int(number), 50_000)
        return Reading(int(number), int(number))

    def answer(self, question: str, day: int, moment: int) -> Answer:
        on = date.fromordinal(self.day)
        return Answer(question, self._of("question", question), on, "teacher", id=question, recorded=on)


def engine_says(rules: Ruleset, question: Question, cases: list[dict[str, Any]]) -> list[Any]:
    """True or False, or who does the action, for each case."""
    calendar = sky.load_calendar("example-week-42/2026-27")
    day = next(d for d in calendar.school_days if d > calendar.years[0].first + 7)
    facts = GivenFacts(rules, calendar, day)
    path = Path.__new__(Path)  # without the fold: there is no record
    path.on, path.now, path.facts, path.openings, path.ends, path.undecided = day, end_of(day), facts, [], {}, {}
    path.has_left, path.line_of = False, {}
    version = _Version(facts, 0, day)
    path.versions = [version]
    out: list[Any] = []
    chance = random.Random(question.id)
    for case in cases:
        facts.give({**_others(rules, chance), **case})
        at = end_of(day)
        if question.act is None:
            path.openings = []
            value = path.opens(version, question.step, day, at, at)[0]
            assert value in (TRUE, FALSE), (question.id, case)
            out.append(value == TRUE)
        else:
            is_for = path._gate(version, question.step, day, at) == TRUE
            path.openings = [Opening(question.step, 0, at, day, "given", due_from=day)] if is_for else []
            tasks = propose(path, rules, calendar, case["grade"], day, at)
            mine = [t for t in tasks if t.action == question.act.id]
            out.append(_who(question.act, mine[0].roles, mine[0].state) if mine else "nobody")
    return out


def _others(rules: Ruleset, chance: random.Random) -> dict[str, Any]:
    """Any value for every fact of the ruleset: what a table does not name must not matter."""
    values: dict[str, Any] = {"counter_" + c: chance.choice((0, 1, 7, 400)) for c in rules.counters}
    values |= {"report_" + r: chance.random() < 0.5 for r in rules.reports}
    for q, said in rules.questions.items():
        values["question_" + q] = str(chance.choice(said.answers)) if isinstance(said.answers, list) else "2026-09-01"
    return {name.replace("-", "_"): value for name, value in values.items()}


def _who(act: Act, roles: tuple[str, ...], state: str) -> str:
    """The roles of a task; `who_recorded` where the engine has found somebody for the word."""
    assert state not in ("undecided", "done"), (act.id, state)
    if act.who in (WHO_RECORDED, (WHO_RECORDED,)):
        assert roles == ("any-staff",), (act.id, roles)
        return WHO_RECORDED
    return " or ".join(roles)


# ---------------------------------------------------------------------- cases
def smallest(count: Count) -> Decimal:
    """The smallest decimal step of a counter that is a whole number of the engine's hundredths."""
    unit = 100 if count.is_share else count.unit
    whole = unit
    for prime in (2, 5):
        while whole % prime == 0:
            whole //= prime
    return Decimal(whole) / Decimal(unit)


def _values(rules: Ruleset, question: Question) -> dict[str, list[Any]]:
    """Each fact with its values: every grade, every answer, yes and no, and every limit with what lies around it."""
    first, last = rules.said.grades
    values: dict[str, list[Any]] = {"grade": list(range(first, last + 1))}
    for test in tests_in(question.condition):
        name = f"{test.what}_{test.fact}".replace("-", "_")
        if test.what == "report":
            values[name] = [True, False]
        elif test.what == "question":
            values[name] = [str(a) for a in rules.questions[test.fact].answers]
        elif test.what == "counter":
            count = rules.counters[test.fact]
            unit, step = 100 if count.is_share else count.unit, smallest(count)
            found = {Decimal(0), step, Decimal(BIG), *(Decimal(str(v)) for v in values.get(name, ()))}
            for _, limit in test.asks:
                for n in set(limit.values.values()) if isinstance(limit, ByGrade) else {limit}:
                    at = Decimal(n) / Decimal(unit)
                    found |= {at + d for d in (-1, -step, 0, step, 1)}
                    found |= {at / 2, at * 2} if (at / 2) % step == 0 else {at * 2}
            values[name] = [_plain(v) for v in sorted(found) if v >= 0]
    return values


def _plain(number: Decimal) -> int | float:
    return int(number) if number == int(number) else float(number)


def cases_of(rules: Ruleset, question: Question, most: int) -> list[dict[str, Any]]:
    """Up to `most` cases: all combinations where they are few, else every value of every fact, with others by a fixed chance."""
    values = _values(rules, question)
    count = 1
    for v in values.values():
        count *= len(v)
    if count <= most:
        return [dict(zip(values, v, strict=True)) for v in itertools.product(*values.values())]
    chance = random.Random(question.id)
    names, grades = list(values), values["grade"]
    edges = {g for band in question.bands for e in band for g in (e - 1, e, e + 1) if g in grades} | {grades[0], grades[-1]}
    wanted: list[dict[str, Any]] = [{n: v} for n in names for v in values[n]]  # every value of every fact…
    wanted += [{n: v, "grade": g} for n in names if n != "grade" for v in values[n] for g in sorted(edges)]  # …at the edges
    found: dict[tuple[Any, ...], None] = {}
    while len(found) < most:
        asked = wanted.pop(0) if wanted else {}
        found[tuple(asked.get(n, chance.choice(values[n])) for n in names)] = None
    return [dict(zip(names, v, strict=True)) for v in found]
