"""Whole records, decided by `sky.decide`, against the exported tables: the numbers are summed up by the slow facts of the tests.

Rules: everything of a record becomes known on the day that is decided about, in the first month of a school year; so what is
open was opened that day by what the table looks at. A table of which not every fact is known for certain is not asked.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from slow_facts import Asked, Known, SlowFacts
from witness.given import Question, questions_of

import sky_model as sky
from sky_model.events import end_of
from sky_model.rules import WHO_RECORDED, Count, Model, Ruleset, tests_in

__all__ = ["Decided", "decided"]


@dataclass(frozen=True)
class Decided:
    """What `decide` said of one thing, and the facts with which a table is asked the same."""

    name: str
    facts: dict[str, Any]
    ours: Any


def decided(model: Model, number: int) -> list[Decided]:
    """The steps that one made record opens and who does their actions, each with the facts of its table."""
    chance, rules = random.Random(number), model.newest
    calendar = sky.load_calendar("example-week-42/2026-27")
    on = date.fromordinal([d for d in calendar.school_days if date.fromordinal(d).month == 8][-1])
    case = _record(chance, rules, [d for d in map(date.fromordinal, calendar.school_days) if d <= on], on)
    decision = sky.decide(model, case, on=on, calendars=calendar)
    slow, moment = SlowFacts(model, case, calendar), end_of(on.toordinal())
    asked = Asked(rules, on.toordinal(), moment, Known(case, moment))
    opened = {s.step.partition("+")[0] for s in decision.open_steps}
    asking = {name.partition("@")[0].partition("+")[0] for t in decision.tasks for name in t.openings}
    out = []
    for question in questions_of(rules):
        facts = _facts(slow, asked, rules, question, case)
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


def _facts(slow: SlowFacts, asked: Asked, rules: Ruleset, question: Question, case: sky.Case) -> dict[str, Any] | None:
    """None: something is not known for certain, or is no decimal number."""
    facts: dict[str, Any] = {"grade": asked.known.grade(asked.c)}
    for test in tests_in(question.condition):
        name = f"{test.what}_{test.fact}".replace("-", "_")
        if test.what == "report":
            facts[name] = any(said.raised for _, said in asked.known.raised(test.fact, asked.c))
        elif test.what == "question":
            answer = slow.answer(rules, test.fact, asked.c, asked.known)
            if answer is None:
                return None
            facts[name] = answer[1].values[0]
        elif test.what == "counter":
            number = _number(slow, asked, rules.counters[test.fact])
            if number is None:
                return None
            facts[name] = number
    return facts


def _number(slow: SlowFacts, asked: Asked, count: Count) -> int | float | None:
    read = slow.reading(asked, count)
    if read.silent is not None or read.low != read.high:
        return None
    number = Fraction(read.low) / count.unit
    if count.is_share:
        number = Fraction(read.low) * 100 / Fraction(read.planned) if read.planned else Fraction(0)
    exact = Decimal(number.numerator) / Decimal(number.denominator)
    if Fraction(exact) != number:
        return None
    return int(exact) if exact == int(exact) else float(exact)
