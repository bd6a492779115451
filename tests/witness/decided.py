"""Whole records, decided by `sky.decide`, against the exported tables: the numbers are summed up by the second decider.

Rules: everything of a record becomes known on the day that is decided about, in the first month of a school year; so what is
open was opened that day by what the table looks at. A table of which not every fact is known for certain is not asked.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

from oracle import reading, told
from oracle.facts import Facts
from search.triples import Dates
from witness.given import Question, questions_of

import sky_model as sky
from sky_model.rules import WHO_RECORDED, Ruleset, tests_in

__all__ = ["Decided", "decided"]


@dataclass(frozen=True)
class Decided:
    """What `decide` said of one thing, and the facts with which a table is asked the same."""

    name: str
    facts: dict[str, Any]
    ours: Any


def decided(name: str, number: int) -> list[Decided]:
    """Of a shipped ruleset: the steps that one made record opens and who does their actions, each with the facts of its table."""
    model = sky.load(name, allow=("draft", "variant"))
    chance, rules = random.Random(number), model.newest
    calendar = sky.load_calendar("example-week-42/2026-27")
    on = date.fromordinal([d for d in calendar.school_days if date.fromordinal(d).month == 8][-1])
    case = _record(chance, rules, [d for d in map(date.fromordinal, calendar.school_days) if d <= on], on)
    decision = sky.decide(model, case, on=on, calendars=calendar)
    years = {"*": list(Dates.of(calendar).years)}
    slow = told.path(_read(name), case.to_json(), on.isoformat(), None, years, cls=Facts)
    opened = {s.step.partition("+")[0] for s in decision.open_steps}
    asking = {name.partition("@")[0].partition("+")[0] for t in decision.tasks for name in t.openings}
    out = []
    for question in questions_of(rules):
        facts = _facts(slow, question)
        if facts is None:
            continue
        if question.act is None:
            out.append(Decided(question.name, facts, question.step.id in opened))
        elif question.step.id in asking:  # not where a higher step replaces it
            mine = [t for t in decision.tasks if t.action == question.act.id and _asks(t, question.step.id)]
            who = " or ".join(mine[0].roles) if mine else "nobody"
            is_whoever = mine and question.act.who in (WHO_RECORDED, (WHO_RECORDED,))
            out.append(Decided(question.name, facts, WHO_RECORDED if is_whoever else who))
    return out


def _asks(task: Any, step: str) -> bool:
    return any(name.partition("@")[0].partition("+")[0] == step for name in task.openings)


def _record(chance: random.Random, rules: Ruleset, days: list[date], on: date) -> sky.Case:
    events: list[Any] = [sky.Enrolment("s-1", chance.randint(*rules.said.grades), days[0], lessons_per_week=25, recorded=days[0])]
    kinds = chance.sample(sorted(rules.kinds), chance.randint(1, min(3, len(rules.kinds))))
    for day in chance.sample(days, chance.randint(0, len(days))):
        lessons = chance.choice((1, 2, 4, 5, 5, 6))
        events.append(sky.Mark(day, lessons=lessons, kind=chance.choice(kinds), recorded=on))
    for name, report in rules.reports.items():
        if chance.random() < 0.2:
            events.append(sky.Report(name, on - timedelta(chance.choice((0, 0, 3))), by=report.by[0], recorded=on))
    for name, said in rules.questions.items():
        if isinstance(said.answers, list) and not said.several:
            events.append(sky.Answer(name, str(chance.choice(said.answers)), on, recorded=on))
    return sky.Case(f"p-{chance.randint(0, 9)}", register="marks_only", events=events, data_until=on)


@cache
def _read(name: str) -> dict[str, Any]:
    return dict(reading.version(reading.ruleset(name)))


def _facts(slow: Facts, question: Question) -> dict[str, Any] | None:
    """None: something is not known for certain, or is no decimal number."""
    on, known = slow.on, slow.today()
    facts: dict[str, Any] = {"grade": slow.grade(on, known)}
    for test in tests_in(question.condition):
        name = f"{test.what}_{test.fact}".replace("-", "_")
        if test.what == "report":
            facts[name] = bool(slow.raised(test.fact, on, known))
        elif test.what == "question":
            answer = slow.answer(slow.versions[0], test.fact, on, known)
            if answer is None:
                return None
            facts[name] = answer["answer"]
        elif test.what == "counter":
            number = _number(slow.counter(None, slow.versions[0], test.fact, on, on, known))
            if number is None:
                return None
            facts[name] = number
    return facts


def _number(read: Any) -> int | float | None:
    """What was read, in the unit of its limits; None: it is not running, too early or not sure."""
    if isinstance(read, str) or read.perhaps or read.low != read.high:
        return None
    number = Fraction(read.low) / read.one
    exact = Decimal(number.numerator) / Decimal(number.denominator)
    if Fraction(exact) != number:
        return None
    return int(exact) if exact == int(exact) else float(exact)
