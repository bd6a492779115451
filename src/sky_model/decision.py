"""A decision: what comes next for one pupil, who does it, by when, on what ground, and what is not known.

Rules: it proposes, a person decides; it is frozen, and its published form is the same bytes for the same answer; a reader sees
what the role may see and nothing more. `decider.py` makes it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from sky_model.changes import Changes, changes_between
from sky_model.contests import is_contest
from sky_model.errors import CaseError
from sky_model.events import ActionTaken, Answer, Consent, Report, StepClosed
from sky_model.messages import Message
from sky_model.order import UNDECIDED, WITHOUT_TASK, Urgency
from sky_model.readers import cut_for
from sky_model.records import Case
from sky_model.reserved import CLOSE_STEP, is_reserved, name_of
from sky_model.rules import CLOSE, DUTIES, Model, Ruleset
from sky_model.schooldays import Calendar
from sky_model.tasks import PARTIES, STATES, Task

__all__ = [
    "Asked", "Decision", "Doubtful", "Nearest", "OpenQuestion", "OpenStep", "Reason", "Shown", "Task", "Today", "TooEarly",
    "decision_schema", "dumps", "one_line", "plain",
]  # fmt: skip

LINE_ENDS = re.compile("[\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a step is open or near: a counter with its number and limit, or a report. Numbers are whole or decimal."""

    what: str  # counter | report | question | action | step | grade
    fact: str
    operator: str
    limit: Any
    low: Any = None
    high: Any = None
    first: date | None = None  # the first day of the window
    about: date | None = None
    marks: tuple[str, ...] = ()
    is_sure: bool = True
    rests_on: tuple[str, ...] = ()  # readings of gaps that the counter and its limit rest on
    has_all_marks: bool = True  # False: cut for a reader who does not see each of them


@dataclass(frozen=True, slots=True)
class Today:
    """What a counter of an open step says today: the sure number of today's window, and the next limit above it.

    first       the first day of today's window
    next_limit  in the counter's unit, as the least number that reaches it; None: there is none, or it is a share
    marks       the marks that make the number; of a step for each mark those that no earlier opening told
    """

    counter: str
    number: Any
    first: date | None
    next_limit: Any
    missing: Any
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Doubtful:
    """Several marks of one day, kind and length, in sum more than the day can have had. They count."""

    day: date
    marks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OpenStep:
    name: str
    step: str
    tier: str
    opened_on: date
    about: date
    due_from: date
    is_in_doubt: bool
    because: tuple[Reason, ...]
    is_in_rules: bool = True  # False: the version of today has no such step; open until a person closes it
    may_close: bool = False  # the rules propose to close it; a person decides
    renews: str | None = None  # the opening that it renewed
    contested: tuple[str, ...] = ()  # marks it rests on that a guardian or the pupil contests
    is_doubtful: bool = False  # it would fall if of several equal marks of a day each counted once
    today: tuple[Today, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """What is not known: which steps or tasks wait for it, since which day, who can say."""

    what: str  # not_marked | not_answered | not_given | set_aside
    fact: str
    steps: tuple[str, ...]
    since: date
    days: tuple[date, ...]
    by: tuple[str, ...]
    is_new: bool
    due: date | None = None  # by when: the day by which a step is expected
    tell: str | None = None  # who is told when it stays open
    tasks: tuple[str, ...] = ()  # names of the tasks whose `when` waits for it
    waits: str | None = None  # of a question cut for a reader: what it waits for in the whole one

    @property
    def waits_for(self) -> str:
        return self.waits or ("step" if self.steps else "task")


@dataclass(frozen=True, slots=True)
class Shown:
    """A counter that community work shows of every pupil on this day: a sweep. Low and high in the counter's own unit.

    low, high None: nothing can be said, `why` says why (not_given, too_early, not_running, gap)
    """

    item: str
    counter: str
    low: Any
    high: Any
    why: str | None


@dataclass(frozen=True, slots=True)
class TooEarly:
    """A share that cannot be told yet, since too few lessons have been planned; nobody is asked for it.

    known_from  the first day on which it can be known, by the calendar; None: the calendar does not say
    """

    counter: str
    known_from: date | None


@dataclass(frozen=True, slots=True)
class Nearest:
    """A limit and how much is missing to it. Of an open step nothing is missing: 0 at the limit, less than 0 above it."""

    step: str
    counter: str
    limit: Any
    number: Any
    missing: Any


class How(NamedTuple):
    """How a decision was asked for: the rules of schools that have their own, who is away, and whether as if in force."""

    schools: Mapping[str, Model] | None = None
    absent: frozenset[str] = frozenset()
    as_if: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What a decision was made from, so that it can be asked again about another day or with less knowledge."""

    model: Model
    case: Case
    calendars: Mapping[str, Calendar] | Calendar
    how: How
    again: Callable[[int, int], Decision]  # (day, moment up to which is known); raises RecordError


@dataclass(frozen=True, slots=True)
class Decision:
    """What `decide` says of one pupil on one day. Frozen; `to_json` is its published form."""

    pupil: str
    on: date
    known_to: date
    data_until: date | None
    is_stale: bool
    tasks: tuple[Task, ...]
    messages: tuple[Message, ...]
    open_steps: tuple[OpenStep, ...]
    questions: tuple[OpenQuestion, ...]
    withdrawn: tuple[str, ...]
    corrections: tuple[str, ...]
    nearest: Nearest | None
    too_early: tuple[TooEarly, ...]
    shown: tuple[Shown, ...]
    told: tuple[str, ...]
    set_aside: tuple[tuple[str, str], ...]
    unmapped: tuple[str, ...]
    basis: Mapping[str, Any]
    rules: Ruleset
    grade: int | None
    register: str
    silenced: Mapping[str, frozenset[str]]  # for a party the matters of which it is not told, by a consent that is missing
    reader: str | None = None
    doubtful: tuple[Doubtful, ...] = ()
    left_on: date | None = None  # the first day on which the pupil is enrolled nowhere, no later enrolment known
    data_until_from: str | None = None  # stated | marks: who says how far the marks reach
    pauses: tuple[tuple[date, date], ...] = ()  # first and last day of each, for what is said of counted days
    asked: Asked | None = field(default=None, repr=False, compare=False)  # what it was made from; never published

    @property
    def next(self) -> Task | None:
        """The next intervention: the first task that is ready, or whose consent or answer stands in its place."""
        return next((t for t in self.tasks if t.is_next), None)

    @property
    def urgency(self) -> Urgency:
        """The place of this pupil among others, the smaller the sooner: (1) to (5) of the order of the next task.

        Those without a next task stand after all others, those first of whom something is asked.
        """
        first = self.next
        return first.urgency if first is not None else UNDECIDED if self.is_undecided else WITHOUT_TASK

    @property
    def nearest_open(self) -> Nearest | None:
        """The other side of `nearest`: of the open steps that rest on one limit alone the one that was least above it.

        It speaks of the day that the opening was about: with a number below the limit it would not have opened then. What
        would take its ground away today says `sky_model.checks.counterfactual.what_if`. To the guardian and the pupil it is None.
        """
        if self.reader in PARTIES:
            return None
        alone = [(s, s.because[0]) for s in self.open_steps if len(s.because) == 1 and not s.is_in_doubt]
        near = [
            Nearest(s.step, r.fact, r.limit, r.low, plain(Decimal(str(r.limit)) - Decimal(str(r.low))))
            for s, r in alone
            if r.what == "counter" and r.is_sure and r.operator in ("at_least", "more_than") and r.limit
        ]
        return max(near, key=lambda n: n.missing / n.limit, default=None)

    @property
    def is_undecided(self) -> bool:
        return bool(self.questions)

    def changes_since(self, earlier: Decision | Mapping[str, Any] | str | bytes) -> Changes:
        """What is new, done, changed, withdrawn or ended since an earlier decision about this pupil, and through what.

        earlier  a Decision, or its published form (format 1) as stored: an object, or its JSON as text or bytes. It may be of
                 an earlier day, of earlier knowledge, or of other rules; of the same reader.
        Raises RecordError when it cannot be read, is of another pupil or reader, or is not the earlier one.
        """
        return changes_between(self, earlier)

    def problem_with(self, event: Any) -> CaseError | None:
        """Why a new event is not legal after this decision, or None. `Case.with_events(…, after=decision)` asks this."""
        r = self.rules
        match event:
            case Report():
                return None if is_contest(event) else _not_one(event.report, r.reports, "report")
            case Answer():
                question = r.questions.get(event.question)
                if question is None:
                    return _not_one(event.question, r.questions, "question")
                if isinstance(question.answers, list):
                    given = event.answer if isinstance(event.answer, tuple) else (event.answer,)
                    return next((e for e in (_not_one(a, question.answers, "answer") for a in given) if e), None)
            case Consent():
                return _not_one(event.consent, r.consents, "consent")
            case StepClosed():
                can = {s.step for s in self.open_steps} | {w.partition("@")[0].partition("+")[0] for w in self.withdrawn}
                can |= {s for q in self.questions for s in q.steps}
                if event.step not in can:
                    return CaseError(f"the step '{event.step}' is neither open nor undecided", sorted(can))
                step = r.step_by_id.get(event.step)
                if step is not None and step.said.closing is not None:
                    return _not_one(event.reason, [x.id for x in step.said.closing.reasons], "reason")
            case ActionTaken() if event.status != "data_wrong":
                tasks = {t.action: t for t in self.tasks}
                task = tasks.get(event.action)
                if task is None:
                    return CaseError(f"the action '{event.action}' is not asked", sorted(tasks))
                if event.action.startswith(CLOSE_STEP) and event.status != "snoozed":
                    said = f"'{event.action}' is answered by closing the step, or by 'snoozed' until a day"
                    return CaseError(said, ("snoozed",))
                if is_reserved(event.action) and event.status == "refused":
                    return CaseError(f"'{event.action}' cannot be refused", ("done", "not_needed", "planned", "snoozed"))
                if event.status == "not_needed" and task.is_statutory and task.duty == "must":
                    return CaseError(f"'{event.action}' is asked by law: it cannot be answered 'not_needed'", ("done", "planned"))
        return None

    def for_reader(self, reader: str) -> Decision:
        """Only what a role, a group, `guardian`, `pupil` or `log` may see, each part by its own matter: `readers.py`.

        Raises RecordError for a name that the rules do not know, and where the decision is cut for another reader already.
        """
        return cut_for(self, reader)

    def to_json(self) -> dict[str, Any]:
        """The decision in its published form (schema: rulesets/schema/decision.json)."""
        first = self.next
        return {
            "format": 1,
            "pupil": self.pupil,
            "on": self.on.isoformat(),
            "known_to": self.known_to.isoformat(),
            "reader": self.reader,
            "next": _task_json(first, self.rules) if first else None,
            "undecided": self.is_undecided,
            "tasks": [_task_json(t, self.rules) for t in self.tasks],
            "messages": [_message_json(m) for m in self.messages],
            "open_steps": [
                {
                    "step": s.step,
                    "name": s.name,
                    "tier": s.tier,
                    "opened_on": s.opened_on.isoformat(),
                    "about": s.about.isoformat(),
                    "due_from": s.due_from.isoformat(),
                    "in_doubt": s.is_in_doubt,
                    "in_rules": s.is_in_rules,
                    "may_close": s.may_close,
                    "renews": s.renews,
                    "contested": list(s.contested),
                    "doubtful": s.is_doubtful,
                    "today": [_today_json(t) for t in s.today],
                    "because": [_reason_json(r) for r in s.because],
                }
                for s in self.open_steps
            ],
            "questions": [
                {
                    "what": q.what,
                    "fact": q.fact,
                    "for": q.waits_for,
                    "steps": list(q.steps),
                    "tasks": list(q.tasks),
                    "since": q.since.isoformat(),
                    "days": [d.isoformat() for d in q.days],
                    "by": list(q.by),
                    "new": q.is_new,
                    "due": q.due.isoformat() if q.due else None,
                    "tell": q.tell,
                }
                for q in self.questions
            ],
            "withdrawn": list(self.withdrawn),
            "corrections": list(self.corrections),
            "nearest": None
            if self.nearest is None
            else {
                "step": self.nearest.step,
                "counter": self.nearest.counter,
                "limit": self.nearest.limit,
                "number": self.nearest.number,
                "missing": self.nearest.missing,
            },
            "too_early": [
                {"counter": x.counter, "known_from": x.known_from.isoformat() if x.known_from else None} for x in self.too_early
            ],
            "shown": [{"item": x.item, "counter": x.counter, "low": x.low, "high": x.high, "why": x.why} for x in self.shown],
            "told": list(self.told),
            "set_aside": [{"mark": m, "why": w} for m, w in self.set_aside],
            "unmapped": list(self.unmapped),
            "doubtful": [{"day": x.day.isoformat(), "marks": list(x.marks)} for x in self.doubtful],
            "left_on": self.left_on.isoformat() if self.left_on else None,
            "data_until": self.data_until.isoformat() if self.data_until else None,
            "data_until_from": self.data_until_from,
            "stale": self.is_stale,
            "basis": dict(self.basis),
        }


def _not_one(name: str | None, known: Collection[str], what: str) -> CaseError | None:
    return None if name in known else CaseError(f"there is no {what} '{name}'", sorted(known))


def _task_json(t: Task, rules: Ruleset) -> dict[str, Any]:
    act = rules.acts.get(t.action)
    return {
        "name": t.name,
        "action": t.action,
        "summary": act.name.in_language("en")[:140] if act else name_of(t.action, "en") or t.action,
        "step": t.step,
        "tier": t.tier,
        "role": t.role,
        "organisation": t.organisation,
        "person": t.person,
        "duty": t.duty,
        "about": t.about,
        "state": t.state,
        "due": t.due.isoformat() if t.due else None,
        "due_unknown": t.due_unknown,
        "counted_from": t.counted_from.isoformat() if t.counted_from else None,
        "counted": [d.isoformat() for d in t.counted],
        "overdue": t.overdue,
        "statutory": t.is_statutory,
        "source": t.source,
        "certainty": t.certainty,
        "hand_over": t.hand_over,
        "to": list(t.to),
        "takes_part": list(t.takes_part),
        "left_out": list(t.left_out),
        "blocked_by": list(t.blocked_by),
        "not_needed_if": list(t.not_needed_if),
        "openings": list(t.openings),
        "at_least": {"count": t.at_least[0], "of": list(t.at_least[1])} if t.at_least else None,
        "record": t.record,
        "tell": t.tell if t.overdue else None,
        "turn": t.turn,
        "missed": t.missed,
        "rests_on": list(t.rests_on),
        "also": list(t.also),
        "instead_of": t.instead_of,
        "away": t.away,
    }


def _today_json(t: Today) -> dict[str, Any]:
    return {
        "counter": t.counter,
        "number": t.number,
        "first": t.first.isoformat() if t.first else None,
        "next_limit": t.next_limit,
        "missing": t.missing,
        "marks": list(t.marks),
    }


def _message_json(m: Message) -> dict[str, Any]:
    return {
        "message": m.message,
        "to": list(m.to),
        "about": m.about,
        "state": m.state,
        "since": m.since.isoformat(),
        "act": m.act,
        "to_correct": m.to_correct,
        "totals": dict(m.totals),
        "limit": m.limit,
        "text": m.text,
        "marks": list(m.marks),
    }


def _reason_json(r: Reason) -> dict[str, Any]:
    return {
        "what": r.what,
        "fact": r.fact,
        "operator": r.operator,
        "limit": r.limit,
        "low": r.low,
        "high": r.high,
        "first": r.first.isoformat() if r.first else None,
        "about": r.about.isoformat() if r.about else None,
        "marks": list(r.marks),
        "sure": r.is_sure,
        "rests_on": list(r.rests_on),
    }


def plain(value: Decimal) -> int | float:
    if value == value.to_integral_value():
        return int(value)
    return float(round(value, 2))


def dumps(decision: Decision) -> str:
    """One line of JSON, the same bytes for the same decision."""
    return one_line(decision.to_json())


def one_line(said: Mapping[str, Any]) -> str:
    """One line of JSON, also for readers that end lines at more than a newline; the same bytes for the same values."""
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    return LINE_ENDS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def decision_schema() -> dict[str, Any]:
    """The JSON Schema of a decision."""
    text, flag, day = {"type": "string"}, {"type": "boolean"}, {"type": "string", "format": "date"}
    maybe = {"type": ["string", "null"]}
    maybe_day = {"type": ["string", "null"], "format": "date"}
    texts = {"type": "array", "items": text}
    number = {"type": ["number", "integer", "string", "null"]}

    def shape(**properties: Any) -> dict[str, Any]:
        return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}

    def list_of(item: dict[str, Any]) -> dict[str, Any]:
        return {"type": "array", "items": item}

    task = shape(
        name=text, action=text, summary={"type": "string", "maxLength": 140}, step=text, tier=text, role=text, organisation=maybe,
        person=maybe, duty={"enum": [*DUTIES, CLOSE]}, about=text, state={"enum": list(STATES)}, due=maybe_day, due_unknown=flag,
        counted_from=maybe_day, counted=list_of(day), overdue=flag, statutory=flag,
        source=text, certainty=text, hand_over=flag, to=texts, takes_part=texts,
        left_out=texts, blocked_by=texts, not_needed_if=texts, openings=texts,
        at_least={"oneOf": [shape(count={"type": "integer"}, of=texts), {"type": "null"}]}, record=maybe, tell=maybe,
        turn={"type": ["integer", "null"]}, missed={"type": "integer"}, rests_on=texts, also=texts, instead_of=maybe, away=flag,
    )  # fmt: skip
    reason = shape(
        what=text,
        fact=text,
        operator=text,
        limit={},
        low=number,
        high=number,
        first=maybe_day,
        about=maybe_day,
        marks=texts,
        sure=flag,
        rests_on=texts,
    )
    step = shape(
        step=text,
        name=text,
        tier=text,
        opened_on=day,
        about=day,
        due_from=day,
        in_doubt=flag,
        in_rules=flag,
        may_close=flag,
        renews=maybe,
        contested=texts,
        doubtful=flag,
        today=list_of(shape(counter=text, number=number, first=maybe_day, next_limit=number, missing=number, marks=texts)),
        because=list_of(reason),
    )
    question = shape(
        what=text, fact=text, **{"for": {"enum": ["step", "task"]}}, steps=texts, tasks=texts, since=day, days=list_of(day),
        by=texts, new=flag, due=maybe_day, tell=maybe,
    )  # fmt: skip
    message = shape(
        message=text, to=texts, about=text, state={"enum": ["owed", "sent", "held"]}, since=day, act=maybe, to_correct=flag,
        totals={"type": "object", "additionalProperties": {"type": "number"}}, limit=number, text=maybe, marks=texts,
    )  # fmt: skip
    near = shape(step=text, counter=text, limit=number, number=number, missing=number)
    whole = shape(
        format={"const": 1}, pupil=text, on=day, known_to=day, reader=maybe,
        next={"oneOf": [task, {"type": "null"}]}, undecided=flag,
        tasks=list_of(task), messages=list_of(message), open_steps=list_of(step), questions=list_of(question), withdrawn=texts,
        corrections=texts,
        nearest={"oneOf": [near, {"type": "null"}]},
        too_early=list_of(shape(counter=text, known_from=maybe_day)),
        shown=list_of(shape(item=text, counter=text, low=number, high=number, why=maybe)), told=texts,
        set_aside=list_of(shape(mark=text, why=text)), unmapped=texts,
        doubtful=list_of(shape(day=day, marks=texts)), left_on=maybe_day,
        data_until=maybe_day, data_until_from={"enum": ["stated", "marks", None]}, stale=flag, basis={"type": "object"},
    )  # fmt: skip
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "sky_model decision, format 1", **whole}
