"""A decision: what comes next for one pupil, who does it, by when, on what ground, and what is not known.

Rules: it proposes, a person decides; the path comes from `path.py`, here are the tasks: one for each action, with its
state and due day, in the order of the law, the urgency and the file; unknown is never "nothing to do"; a reader sees what
the role may see and nothing more.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sky_model.calendars import load_calendar
from sky_model.engine import digest, engine_fingerprint, engine_version
from sky_model.errors import CaseError, RecordError, RulesetError
from sky_model.facts import FALSE, TRUE, UNKNOWN, Facts, Pair
from sky_model.path import Opening, Path
from sky_model.records import (
    DAY,
    TYPE_OF,
    ActionTaken,
    Answer,
    Case,
    Checkpoint,
    Consent,
    Enrolment,
    Mark,
    Report,
    StepClosed,
    end_of,
)
from sky_model.rules import DUTIES, ByGrade, Model, Ruleset, Test
from sky_model.schooldays import Calendar
from sky_model.tasks import PARTIES, STATES, Message, Task, messages, propose
from sky_model.vocabulary import OnSchedule

__all__ = ["Change", "Changes", "Correction", "Decision", "Reason", "Task", "Through", "decide", "decision_schema"]

NOT_RECORDED = "the recording days were not handed in: what happened on a day counts as recorded on it"


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


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """What is not known: which step waits for it, since which day, who can say."""

    what: str  # not_marked | not_answered | not_given | set_aside
    fact: str
    steps: tuple[str, ...]
    since: date
    days: tuple[date, ...]
    by: tuple[str, ...]
    is_new: bool
    due: date | None = None  # by when: the day by which a step is expected
    tell: str | None = None  # who is told when it stays open


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


@dataclass(frozen=True, slots=True)
class Asked:
    """What a decision was made from, so that it can be asked again about less."""

    model: Model
    case: Case
    calendars: Mapping[str, Calendar] | Calendar


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
    asked: Asked | None = field(default=None, repr=False, compare=False)  # what it was made from; never published

    @property
    def next(self) -> Task | None:
        """The next intervention: the first task that is ready, or whose consent or answer stands in its place."""
        return next((t for t in self.tasks if t.is_next), None)

    @property
    def nearest_open(self) -> Nearest | None:
        """The other side of `nearest`: of the open steps that rest on one limit alone the one that was least above it.

        It speaks of the day that the opening was about: with a number below the limit it would not have opened then. What
        would take its ground away today says `sky_model.checks.counterfactual.what_if`.
        """
        alone = [(s, s.because[0]) for s in self.open_steps if len(s.because) == 1 and not s.is_in_doubt]
        near = [
            Nearest(s.step, r.fact, r.limit, r.low, _plain(Decimal(str(r.limit)) - Decimal(str(r.low))))
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
        return _changes(self, earlier)

    def problem_with(self, event: Any) -> CaseError | None:
        """Why a new event is not legal after this decision, or None. `Case.with_events(…, after=decision)` asks this."""
        r = self.rules
        match event:
            case Report():
                return _not_one(event.report, r.reports, "report")
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
                if event.status == "not_needed" and task.is_statutory and task.duty == "must":
                    return CaseError(f"'{event.action}' is asked by law: it cannot be answered 'not_needed'", ("done", "planned"))
        return None

    def for_reader(self, reader: str) -> Decision:
        """Only what a role, `guardian`, `pupil` or `log` may see: existence, day and owner of what concerns them."""
        if reader == "log":
            return replace(self, reader="log", unmapped=())  # codes as somebody typed them are free text
        role = self.rules.roles.get(reader)
        if role is None:
            known = ", ".join(sorted(self.rules.roles))
            raise RecordError("no-such-role", f"there is no role '{reader}'; known are {known}", field="for_reader")
        sees = set(role.sees) if reader not in PARTIES else {"absence", "support"}
        mine = {reader, *(r.id for r in self.rules.roles.values() if self.rules.role_for(r.id, self.grade) == reader)}
        tasks = tuple(t for t in self.tasks if t.about in sees or mine & {*t.roles, *t.to, *t.takes_part})
        if reader == "guardian":
            tasks = tuple(t for t in tasks if t.about != "child_protection" and (t.about != "welfare" or "guardian" in t.to))
        banned = self.silenced.get(reader, frozenset())
        tasks = tuple(t for t in tasks if t.about not in banned)
        if reader == "pupil":
            tasks = tuple(t for t in tasks if t.about != "child_protection")
        names = {n for t in tasks for n in t.openings}
        steps = tuple(
            replace(s, because=s.because if "absence" in sees and not self._is_about_welfare(s) else ())
            for s in self.open_steps
            if s.name in names or ("absence" in sees and not self._is_about_welfare(s))
        )
        absent = "absence" in sees
        return replace(
            self,
            tasks=tasks,
            messages=tuple(m for m in self.messages if (m.about in sees or mine & {*m.to}) and m.about not in banned),
            open_steps=steps,
            questions=tuple(q for q in self.questions if absent and q.what != "not_answered")
            if reader in PARTIES
            else self.questions
            if absent
            else (),
            withdrawn=tuple(w for w in self.withdrawn if self._matters(w) & sees - banned),
            corrections=(),
            nearest=self.nearest if absent else None,
            too_early=self.too_early if absent else (),
            shown=self.shown if absent else (),
            told=(),
            set_aside=self.set_aside if absent else (),
            unmapped=(),
            reader=reader,
            asked=None,  # the whole record goes to no role
        )

    def _matters(self, opening: str) -> set[str]:
        """What the ground of an opening can be about: absence of a counter, a report its own matter."""
        name = opening.partition("@")[0].partition("+")[0]
        step = next((s for s in self.rules.steps if name in s.names), None)
        tests = step.tests if step is not None else ()
        reports = {self.rules.reports[t.fact].about or "absence" for t in tests if t.what == "report"}
        return {str(r) for r in reports} | ({"absence"} if any(t.what == "counter" for t in tests) else set())

    def _is_about_welfare(self, step: OpenStep) -> bool:
        reports = [r for r in step.because if r.what == "report"]
        abouts = {a.about for s in self.rules.steps if s.id == step.step for a in s.actions}
        return bool(reports) and "absence" not in abouts

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
                    "because": [_reason_json(r) for r in s.because],
                }
                for s in self.open_steps
            ],
            "questions": [
                {
                    "what": q.what,
                    "fact": q.fact,
                    "steps": list(q.steps),
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
            "data_until": self.data_until.isoformat() if self.data_until else None,
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
        "summary": act.name.in_language("en")[:140] if act else t.action,
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


# ---------------------------------------------------------------------- deciding
def decide(
    model: Model,
    case: Case,
    *,
    on: date,
    known_on: date | None = None,
    calendars: Mapping[str, Calendar] | Calendar | None = None,
) -> Decision:
    """The decision about one case on a day.

    on         the day that is decided about; what was recorded by its end is known
    known_on   an earlier day whose knowledge is asked for; later than `on` is an error
    calendars  by the name that enrolments give as `calendar` or `school`, or one for all; None: the shipped ones by name
    Raises RulesetError when a calendar is missing or has no terms, RecordError when a day is not covered.
    """
    return decider_of(model, case, on=on, known_on=known_on, calendars=calendars).decision()


def decider_of(
    model: Model,
    case: Case,
    *,
    on: date,
    known_on: date | None = None,
    calendars: Mapping[str, Calendar] | Calendar | None = None,
) -> _Decider:
    """What `decide` asks: the path of the case, folded. Raises as `decide` does."""
    if type(on) is not date or (known_on is not None and type(known_on) is not date):
        raise RecordError("not-a-day", "on and known_on are dates, without a time", pupil=case.pupil, field="on")
    if known_on is not None and known_on > on:
        raise RecordError("known-later", "known_on lies after on", pupil=case.pupil, field="known_on")
    if known_on is not None and known_on < on and case.recorded == "not_given":
        said = "the recording days were not handed in: earlier knowledge cannot be asked for"
        raise RecordError("known-unknown", said, pupil=case.pupil, field="known_on")
    found = _calendars(case, calendars)
    _accept(model, found)
    day = on.toordinal()
    known = end_of(min(day, known_on.toordinal()) if known_on else day)
    if case.before is not None and known <= end_of(case.before.day.toordinal()):
        said = f"the record goes on from a checkpoint of {case.before.day}: it can be asked about later days only"
        raise RecordError("before-checkpoint", said, pupil=case.pupil, field="on" if known_on is None else "known_on")
    return _Decider(model, case, day, known, found)


def _calendars(case: Case, given: Mapping[str, Calendar] | Calendar | None) -> Mapping[str, Calendar] | Calendar:
    if isinstance(given, Calendar):
        return given
    names = {(e.calendar, e.school) for e in case.events if isinstance(e, Enrolment)}
    if given:
        for calendar, school in names:
            if calendar not in given and school not in given:
                said = f"no calendar is known for the school '{school}'"
                raise RecordError("no-calendar", said, pupil=case.pupil, field="school")
        return given
    out = {}
    for calendar, school in names:
        if calendar is None:
            said = f"the enrolment at '{school}' names no calendar; hand in calendars, or name one in the enrolment"
            raise RecordError("no-calendar", said, pupil=case.pupil, field="calendar")
        out[calendar] = load_calendar(*calendar.split("+"))
    if not out:
        raise RecordError("no-calendar", "no calendar: hand in calendars, or an enrolment with one", pupil=case.pupil)
    return out


_ACCEPTED: dict[tuple[int, int], tuple[Model, Calendar]] = {}


def _accept(model: Model, calendars: Mapping[str, Calendar] | Calendar) -> None:
    for c in (calendars,) if isinstance(calendars, Calendar) else calendars.values():
        key = (id(model), id(c))
        if key in _ACCEPTED:
            continue
        problems = model.problems_with(c)
        if problems:
            raise RulesetError(problems)
        if len(_ACCEPTED) > 4096:
            _ACCEPTED.clear()
        _ACCEPTED[key] = (model, c)


class _Decider:
    def __init__(
        self,
        model: Model,
        case: Case,
        on: int,
        known: int,
        calendars: Mapping[str, Calendar] | Calendar,
        path_of: Callable[[list[Facts], int], Path] = Path,  # the live host lets another engine judge the conditions
    ) -> None:
        self.model, self.case, self.on, self.known, self.calendars = model, case, on, known, calendars
        self.versions = [Facts(case, v, calendars, known) for v in model.versions]
        self.facts = self.versions[-1]
        place = self.facts.place(on, known)
        if not place.calendar.covers(on):
            said = f"the calendar {place.calendar.id} does not answer for {date.fromordinal(on)}"
            raise RecordError("not-covered", said, pupil=case.pupil, field="on")
        self.place, self.calendar = place, place.calendar
        self.path = path_of(self.versions, on)
        self.rules = model.on(on) or model.versions[0]

    def decision(self) -> Decision:
        opened = [o for o in self.path.openings if o.ended is None]
        tasks = propose(self.path, self.rules, self.calendar, self.place.grade, self.on, self.known)
        data_until = min(self.case.data_until, date.fromordinal(self.on)) if self.case.data_until else None
        stale = data_until is not None and self.calendar.count_school_days(data_until.toordinal() + 1, self.on) > 3
        aside, unmapped = self._set_aside()
        return Decision(
            pupil=self.case.pupil,
            on=date.fromordinal(self.on),
            known_to=date.fromordinal(self.known // DAY),
            data_until=data_until,
            is_stale=stale,
            tasks=tasks,
            messages=messages(self.path, self.rules, self.calendar, self.place.grade, self.on, self.known),
            open_steps=tuple(self._open_step(o) for o in opened if not o.is_withdrawn),
            questions=self._questions(opened),
            withdrawn=tuple(o.name for o in self.path.openings if o.is_withdrawn),
            corrections=self._corrections(),
            nearest=self._nearest(opened),
            too_early=self._too_early(),
            shown=self._shown(),
            told=(*self.path.told, *self._unknown_events()),
            set_aside=aside,
            unmapped=unmapped,
            basis=self._basis(),
            rules=self.rules,
            grade=self.place.grade,
            register=self.case.register,
            silenced=self._silenced(),
            asked=Asked(self.model, self.case, self.calendars),
        )

    def _silenced(self) -> dict[str, frozenset[str]]:
        """A pupil's ban: a consent that counts as given until refused, and was refused, silences its matters to a party."""
        out: dict[str, frozenset[str]] = {}
        for name, consent in self.rules.consents.items():
            said = [d for d in self.facts.consents.get(name, ()) if d.moment <= self.known < d.gone]
            if consent.presumed and said and said[-1].event.value != "given":
                for party in consent.needed_for.to or ():
                    out[party] = out.get(party, frozenset()) | frozenset(map(str, consent.needed_for.about or ()))
        return out

    def _corrections(self) -> tuple[str, ...]:
        """What was done on ground that is gone: proposed to be set right."""
        gone = [(o, a) for o in self.path.openings if o.is_withdrawn for a in o.step.actions]
        return tuple(dict.fromkeys(a.id for o, a in gone if self.path.day_done(o, a, self.known) is not None))

    # ------------------------------------------------------------------ why
    def _reasons(self, o: Opening) -> tuple[Reason, ...]:
        v = self.path.versions[o.version]
        out = []
        for t in o.step.tests:
            value = self.path.holds(v, t, o.about, o.moment, o.moment)[0]
            if value == FALSE or t.is_unsaid:
                continue
            out.append(self._reason(v.facts, t, o.about, o.moment, value))
        return tuple(out)

    def _reason(self, facts: Facts, t: Test, day: int, moment: int, value: Pair) -> Reason:
        op, limit = t.asks[0]
        sure = value == TRUE
        if t.what == "report":
            said = facts.raised(t.fact, day, moment)
            return Reason("report", t.fact, op, limit, about=max((e.on for e in said), default=None), is_sure=sure)
        if t.what != "counter":
            return Reason(t.what, t.fact, op, limit if isinstance(limit, str | int) else str(limit), is_sure=sure)
        count = facts.rules.counters[t.fact]
        r = facts.reading(count, day, moment)
        begins = facts.counted_from(count, day, moment)
        first = day if begins is None else begins
        if isinstance(limit, ByGrade):
            limit = limit.values.get(facts.place(day, moment).grade or -1)
        marks = sorted(
            (p.day, p.mark)
            for p in facts.parts(count, facts._epoch(moment))
            if p.mark is not None and p.low and first <= p.day <= day and p.enter <= moment < p.leave
        )
        low, high = (r.low * 50_000, r.high * 50_000) if count.is_share else (r.low, r.high)
        unit = max(1, r.planned) * 100 if count.is_share else count.unit
        return Reason(
            "counter",
            t.fact,
            op,
            _number(limit, count.unit),
            _number(low, unit),
            _number(high, unit),
            date.fromordinal(max(first, marks[0][0] if marks and count.window.within == "any_time" else 1)),
            date.fromordinal(day),
            tuple(m for _, m in marks),
            sure,
            facts.rules.readings_of(("counters", count.id), ("steps", t.place.split(".")[1] if "." in t.place else "")),
        )

    def _open_step(self, o: Opening) -> OpenStep:
        day = date.fromordinal
        return OpenStep(
            o.name,
            o.step.base,
            o.step.said.tier,
            day(o.day),
            day(o.about),
            day(o.due_from),
            o.is_in_doubt,
            self._reasons(o),
            any(o.step.base in s.names for s in self.rules.steps),
            self._may_close(o),
        )

    def _may_close(self, o: Opening) -> bool:
        """A rule may only suggest a closing, and only on what is known for certain."""
        if o.step.suggest is None:
            return False
        v = self.path.versions[o.version]
        return self.path.holds(v, o.step.suggest, self.on, self.known, end_of(self.on))[0] == TRUE

    def _nearest(self, opened: list[Opening]) -> Nearest | None:
        """The limit of a step that is not open which needs the smallest part of itself more."""
        is_open = {o.step.base for o in opened}
        best: tuple[float, Nearest] | None = None
        f = next(x for x in self.versions if x.rules is self.rules)
        for s in self.rules.steps:
            if s.id in is_open or s.again.startswith("each"):
                continue
            for t in s.tests:
                if t.what != "counter":
                    continue
                count = self.rules.counters[t.fact]
                r = f.reading(count, self.on, self.known)
                op, limit = t.asks[0]
                if t.is_unsaid:
                    continue
                if isinstance(limit, ByGrade):
                    limit = limit.values.get(self.place.grade or -1)
                if limit is None or op not in ("at_least", "more_than") or r.silent or count.measure == "marks" or not limit:
                    continue
                if count.is_share:
                    here = Decimal(r.low * 50_000) / Decimal(r.planned * 100)
                    want = Decimal(limit) / 100
                else:
                    here, want = Decimal(r.low) / count.unit, Decimal(limit) / count.unit
                left = want - here
                if left < 0 or (left == 0 and op == "at_least"):
                    continue
                part = float(left / want)
                if best is None or part < best[0]:
                    best = part, Nearest(s.id, t.fact, _plain(want), _plain(here), _plain(left))
        return best[1] if best else None

    def _too_early(self) -> tuple[TooEarly, ...]:
        out = []
        f = next(x for x in self.versions if x.rules is self.rules)
        for count in self.rules.counters.values():
            if count.is_share and f.reading(count, self.on, self.known).silent == "too_early":
                days = (d for d in self.calendar.school_days if d > self.on)
                first = next((d for d in days if f.reading(count, d, self.known).silent is None), None)
                out.append(TooEarly(count.id, date.fromordinal(first) if first else None))
        return tuple(out)

    def _shown(self) -> tuple[Shown, ...]:
        """What community work of this day shows of every pupil: on the days of its schedule, else always."""
        out = []
        f = next(x for x in self.versions if x.rules is self.rules)
        for item in self.rules.said.community:
            if not item.shows:
                continue
            schedule = self.rules.schedules[item.every.schedule] if isinstance(item.every, OnSchedule) else None
            if schedule is not None and self.on not in self.calendar.scheduled(schedule):
                continue
            for name in item.shows:
                count = self.rules.counters[name]
                r = f.reading(count, self.on, self.known)
                if r.silent is not None:
                    out.append(Shown(item.id, name, None, None, r.silent))
                    continue
                low, high = (r.low * 50_000, r.high * 50_000) if count.is_share else (r.low, r.high)
                unit = max(1, r.planned) * 100 if count.is_share else count.unit
                out.append(Shown(item.id, name, _number(low, unit), _number(high, unit), None))
        return tuple(out)

    # ------------------------------------------------------------------ what is not known
    def _questions(self, opened: list[Opening]) -> tuple[OpenQuestion, ...]:
        """One for each missing fact; first the one that can decide most."""
        found: dict[tuple[str, str], list[tuple[str, int, tuple[int, ...], tuple[str, ...]]]] = {}
        expected: dict[str, date | None] = {}
        for name, since in self.path.undecided.items():
            step, v = self.path.undecided_steps[name]
            expected[step.base] = self._expected(v.facts, step, since)
            for what, fact, days, by in self._missing(v.facts, step, since):
                found.setdefault((what, fact), []).append((step.base, since, days, by))
        for o in opened:
            if o.is_in_doubt:
                v = self.path.versions[o.version]
                for about in self.path.days_in_doubt(o):
                    for what, fact, days, by in self._missing(v.facts, o.step, about):
                        if what != "known_late":
                            found.setdefault((what, fact), []).append((o.step.base, about, days, by))
        out = []
        for (what, fact), waits in found.items():
            first = min(w[1] for w in waits)
            missing = sorted({d for w in waits for d in w[2]})
            out.append(
                OpenQuestion(
                    what,
                    fact,
                    tuple(dict.fromkeys(w[0] for w in waits)),
                    date.fromordinal(first),
                    tuple(date.fromordinal(d) for d in missing),
                    waits[0][3],
                    first == self.on,
                    min((d for w in waits if (d := expected.get(w[0])) is not None), default=None),
                    self._told(what, fact),
                )
            )
        return tuple(sorted(out, key=lambda q: (-len(q.steps), q.since, q.what, q.fact)))

    def _expected(self, f: Facts, step: Any, since: int) -> date | None:
        """The day on which `expected_by` became true while the step is undecided."""
        if step.expected_by is None:
            return None
        v = next(v for v in self.path.versions if v.facts is f)
        for d in range(since, self.on + 1):
            if self.path.holds(v, step.expected_by, d, min(end_of(d), self.known), end_of(d))[0] == TRUE:
                return date.fromordinal(d)
        return None

    def _told(self, what: str, fact: str) -> str | None:
        said = self.rules.questions.get(fact) if what == "not_answered" else None
        return said.if_not_done.tell if said is not None and said.if_not_done is not None else None

    def _missing(self, f: Facts, step: Any, about: int) -> list[tuple[str, str, tuple[int, ...], tuple[str, ...]]]:
        out: list[tuple[str, str, tuple[int, ...], tuple[str, ...]]] = []
        for t in step.tests:
            if t.is_unsaid or (f.ask(t, about, self.known, FALSE) != UNKNOWN if t.what != "step" else True):
                continue
            if t.what == "question":
                out.append(("not_answered", t.fact, (), tuple(f.rules.questions[t.fact].by)))
            elif t.what == "grade":
                out.append(("not_given", "grade", (), ()))
            elif t.what == "counter":
                count = f.rules.counters[t.fact]
                begins = f.counted_from(count, about, self.known)
                first = about if begins is None else begins
                gaps, aside = set[int](), set[int]()
                for p in f.parts(count, f._epoch(self.known)):
                    if first <= p.day <= about and p.enter <= self.known < p.leave and p.high > p.low:
                        (gaps if p.mark is None else aside).add(p.day)
                who = tuple(r for r in ("subject-teacher", "class-lead") if r in f.rules.roles)
                if gaps:
                    out.append(("not_marked", "register", tuple(sorted(gaps)), who))
                if aside:
                    out.append(("set_aside", "mark", tuple(sorted(aside)), who))
                if not gaps and not aside:
                    out.append(("not_given", "lessons_per_week" if count.is_share else "grade", (), ()))
        if step.grades and f.place(about, self.known).grade is None:
            out.append(("not_given", "grade", (), ()))
        if not out:  # the answer would have been yes on a day that is past: a person looks at it
            tests = [t.fact for t in step.tests if t.what == "counter"]
            out.append(
                (
                    "known_late",
                    tests[0] if tests else step.id,
                    (about,),
                    tuple(step.said.closing.by) if step.said.closing else (),
                )
            )
        return out

    def _set_aside(self) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
        aside: dict[str, str] = {}
        if not self.facts.sets_aside:
            return (), ()
        for states in self.facts.states(self.facts._epoch(self.known)).values():
            state = next((s for s in reversed(states) if s[0] <= self.known), None)
            for e in state[1] if state else ():
                if e.aside is not None:
                    aside[e.mark] = e.aside
        names = [(m, w) for m, w in sorted(aside.items())]
        known = zip(self.case.moments, self.case.events, strict=True)
        newest = {e.id: e for m, e in known if m <= self.known and isinstance(e, Mark)}
        codes = sorted({str(newest[m].code or newest[m].kind or "") for m, w in names if w == "no_kind"})
        return tuple(names), tuple(codes)

    def _unknown_events(self) -> list[str]:
        """Events that name what the ruleset does not have: kept, not used, told."""
        r, out = self.rules, [name for day, name in self.case.twice if day * DAY <= self.known]
        for known, events in (
            (r.reports, self.facts.reports),
            (r.questions, self.facts.answers),
            (r.consents, self.facts.consents),
        ):
            out += [str(d.event.id) for name, found in events.items() if name not in known for d in found]
        actions = {a.id for v in self.model.versions for s in v.steps for a in s.actions}
        out += [str(d.event.id) for name, found in self.facts.taken.items() if name not in actions for d in found]
        return out

    def _basis(self) -> dict[str, Any]:
        return {
            "ruleset": {
                "name": self.model.name,
                "status": self.rules.said.status,
                "fingerprint": self.model.fingerprint,
            },
            "layers": list(self.rules.layers),
            "calendar": {
                "name": self.calendar.id,
                "fingerprint": self.calendar.fingerprint,
                "assumed": sorted({a for y in self.calendar.years for a in y.assumed}),
            },
            "code_map": dict(self.case.code_map) if self.case.code_map else None,
            "engine": {"name": "sky_model", "version": engine_version(), "fingerprint": engine_fingerprint()},
            "register": self.case.register,
            "recorded": self.case.recorded,
            "notes": [*self.rules.notes, *([NOT_RECORDED] if self.case.recorded == "not_given" else [])],
            **({"checkpoint": _checkpoint_said(self.case.before)} if self.case.before is not None else {}),
        }


def _checkpoint_said(before: Checkpoint) -> dict[str, str]:
    """The checkpoint from which the path was folded, so that the decision can be had again."""
    return {"day": before.day.isoformat(), "fingerprint": digest(before.to_json())}


def _number(value: Any, unit: int) -> Any:
    return None if value is None else _plain(Decimal(value) / unit)


def _plain(value: Decimal) -> int | float:
    if value == value.to_integral_value():
        return int(value)
    return float(round(value, 2))


def dumps(decision: Decision) -> str:
    """One line of JSON, the same bytes for the same decision."""
    return json.dumps(decision.to_json(), ensure_ascii=False, separators=(",", ":"))


# ---------------------------------------------------------------------- what has changed
KINDS_OF_ITEM = ("opening", "task", "question", "message")
GONE_OUT = ("message_sent", "guardian_told", "handed_over", "done")


@dataclass(frozen=True, slots=True)
class Through:
    """What brought a change.

    what  `event`: the event at whose place in the order of recording it came · `time`: a day passed · `ruleset`, `layers`,
          `calendar`, `code_map`, `engine`, `register`, `recorded`: that part of the basis is another one · `record`: something
          else was in the record than is now
    """

    what: str
    type: str | None = None
    id: str | None = None
    on: date | None = None
    recorded: date | None = None

    def to_json(self) -> dict[str, Any]:
        said = {"type": self.type, "id": self.id}
        days = {"on": self.on, "recorded": self.recorded}
        return {"what": self.what, **said, **{k: d.isoformat() if d else None for k, d in days.items()}}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is otherwise. `before` and `after` are its published form; None: it was not there, is not there.

    what    opening | task | question | message
    name    of an opening and a task their own; of a question `what:fact`; of a message `message@since`
    how     new · done (a message: sent) · changed · withdrawn (its ground is gone) · back (it was withdrawn) · ended
    fields  of `changed`: what is otherwise in it
    through empty in a decision that is cut for a role: it does not carry the record
    """

    what: str
    name: str
    how: str
    fields: tuple[str, ...]
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    through: tuple[Through, ...]

    def to_json(self) -> dict[str, Any]:
        sides = {"before": self.before, "after": self.after}
        head = {"what": self.what, "name": self.name, "how": self.how, "fields": list(self.fields)}
        return {**head, **sides, "through": [t.to_json() for t in self.through]}


@dataclass(frozen=True, slots=True)
class Correction:
    """Something was done, and the ground of it is gone: that it is set right is proposed.

    of   the action or message
    why  message_sent | guardian_told | handed_over | done (it reached nobody outside)
    """

    of: str
    why: str
    to: tuple[str, ...]
    through: tuple[Through, ...]

    def to_json(self) -> dict[str, Any]:
        return {"of": self.of, "why": self.why, "to": list(self.to), "through": [t.to_json() for t in self.through]}


@dataclass(frozen=True, slots=True)
class Changes:
    """What is otherwise since an earlier decision. Empty when nothing is; applied to the earlier lists it gives the later ones.

    basis  the parts of the basis that differ, each with what it was and what it is
    order  where a list is not in the order in which it was, with what is new at its end: its names in the new order
    """

    pupil: str
    reader: str | None
    since: date
    on: date
    known_since: date
    known_to: date
    basis: Mapping[str, tuple[Any, Any]]
    changes: tuple[Change, ...]
    corrections: tuple[Correction, ...]
    order: Mapping[str, tuple[str, ...]]

    def __bool__(self) -> bool:
        return bool(self.changes or self.corrections)

    def of(self, how: str) -> tuple[Change, ...]:
        """Those of one word: new, done, changed, withdrawn, back, ended."""
        return tuple(c for c in self.changes if c.how == how)

    def applied_to(self, earlier: Decision | Mapping[str, Any] | str | bytes) -> dict[str, list[Any]]:
        """The later lists, made of the earlier ones: tasks, open_steps, questions, messages, withdrawn."""
        items = _items(_published(earlier))
        for c in self.changes:
            if c.after is None:
                items[c.what].pop(c.name, None)
            else:
                items[c.what][c.name] = c.after
        for what, names in self.order.items():
            items[what] = {n: items[what][n] for n in names}
        steps = items["opening"]
        return {
            "tasks": list(items["task"].values()),
            "open_steps": [x for x in steps.values() if not _is_gone(x)],
            "questions": list(items["question"].values()),
            "messages": list(items["message"].values()),
            "withdrawn": [name for name, x in steps.items() if _is_gone(x)],
        }

    def to_json(self) -> dict[str, Any]:
        return {
            "format": 1,
            "pupil": self.pupil,
            "reader": self.reader,
            "since": self.since.isoformat(),
            "on": self.on.isoformat(),
            "known_since": self.known_since.isoformat(),
            "known_to": self.known_to.isoformat(),
            "basis": {part: {"from": a, "to": b} for part, (a, b) in sorted(self.basis.items())},
            "changes": [c.to_json() for c in self.changes],
            "corrections": [c.to_json() for c in self.corrections],
            "order": {what: list(names) for what, names in sorted(self.order.items())},
        }


# the lists of a decision, and the texts that an item of each must have; () where the items are texts themselves
_LISTS: dict[str, tuple[str, ...]] = {
    "tasks": ("name", "action", "state"),
    "messages": ("message", "since", "state"),
    "open_steps": ("name",),
    "questions": ("what", "fact"),
    "withdrawn": (),
    "corrections": (),
}
_TEXTS = ("openings", "to", "takes_part")  # what an item may have as a list of texts
_BASIS = ("ruleset", "layers", "calendar", "code_map", "engine", "register", "recorded")


def _published(decision: Decision | Mapping[str, Any] | str | bytes) -> dict[str, Any]:
    """The published form of a decision as JSON reads it. Raises RecordError for what is none."""
    if isinstance(decision, Decision):
        return dict(json.loads(dumps(decision)))
    said: Any = decision
    if isinstance(decision, str | bytes | bytearray):
        try:
            said = json.loads(decision)
        except (ValueError, RecursionError):
            raise RecordError("not-json", "the earlier decision is not readable as JSON") from None
    if not isinstance(said, Mapping):
        raise RecordError("not-an-object", "an earlier decision is an object, as to_json gives it")
    if said.get("format") != 1:
        raise RecordError("format", "an earlier decision is read in format 1", field="format")
    for key in ("pupil", "on", "known_to", "basis", *_LISTS):
        if key not in said:
            raise RecordError("missing", f"{key} is missing from the earlier decision", field=key)
    for key in ("on", "known_to"):
        try:
            if date.fromisoformat(said[key]).isoformat() != said[key]:
                raise ValueError
        except (TypeError, ValueError):
            raise RecordError("not-a-day", f"{key} of the earlier decision is not a day", field=key) from None
    if not isinstance(said["basis"], Mapping):
        raise RecordError("not-an-object", "the basis of the earlier decision is an object", field="basis")
    for key, texts in _LISTS.items():
        found = said[key]
        if not isinstance(found, list):
            raise RecordError("not-a-list", f"{key} of the earlier decision is a list", field=key)
        for x in found:
            whole = isinstance(x, dict) if texts else isinstance(x, str)
            if not whole or not all(isinstance(x.get(t), str) for t in texts):
                raise RecordError(
                    "not-a-text", f"an item of {key} of the earlier decision has no {' or '.join(texts)}", field=key
                )
            lists = [x[t] for t in _TEXTS if t in x] if texts else []
            if not all(isinstance(n, list) and all(isinstance(t, str) for t in n) for n in lists):
                raise RecordError("not-a-list", f"what an item of {key} of the earlier decision reaches is a list", field=key)
    return dict(said)


def _items(said: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What is compared, by kind and name. A withdrawn opening has nothing but its name."""
    return {
        "opening": {x["name"]: x for x in said["open_steps"]} | {n: {"name": n, "withdrawn": True} for n in said["withdrawn"]},
        "task": {x["name"]: x for x in said["tasks"]},
        "question": {f"{x['what']}:{x['fact']}": x for x in said["questions"]},
        "message": {f"{x['message']}@{x['since']}": x for x in said["messages"]},
        "correction": {n: {"name": n} for n in said["corrections"]},
    }


def _is_gone(item: Mapping[str, Any] | None) -> bool:
    """Nothing stands under it any more: a withdrawn opening or task, a message that is to be corrected."""
    return item is not None and bool(item.get("withdrawn") or item.get("state") == "withdrawn" or item.get("to_correct"))


def _event(event: Any) -> Through:
    return Through("event", TYPE_OF[type(event)], str(event.id), event.on, event.recorded)


class _Between:
    """The decisions that lie between an earlier one and a later one: what was known grows event by event, and the day moves on.

    First the earlier day, as known before its last day of knowledge and after each event of that day; then the later day with
    the same knowledge; then each event recorded since. All under the later basis, for the later reader.
    """

    def __init__(
        self, later: Decision, said: Mapping[str, Any], now: dict[str, dict[str, Any]], differs: Collection[str]
    ) -> None:
        self.later, self.differs = later, tuple(differs)
        on, known = (date.fromisoformat(said[k]).toordinal() for k in ("on", "known_to"))
        until = later.known_to.toordinal()
        day, here = later.on.toordinal(), known
        events = [] if later.asked is None else zip(later.asked.case.moments, later.asked.case.events, strict=True)
        new = [(m, e) for m, e in events if known * DAY <= m <= end_of(until)]
        self.stops: list[tuple[int, int, Through | None]] = [(on, end_of(max(1, known - 1)), None)]
        self.stops += [(on, m, _event(e)) for m, e in new if m // DAY == known]
        self.stops[-1] = (on, end_of(known), self.stops[-1][2])
        self.start = len(self.stops) - 1  # what the earlier decision would be now
        if day != on:
            self.stops.append((day, end_of(known), Through("time")))
        for m, e in new:
            if m // DAY > here:  # that days pass without a mark is knowledge too
                here = m // DAY
                self.stops.append((day, end_of(here - 1), Through("time")))
            if m // DAY > known:
                self.stops.append((day, m, _event(e)))
        if until > known:
            self.stops.append((day, end_of(until), Through("time")))
        self._found: dict[int, dict[str, dict[str, Any]]] = {len(self.stops) - 1: now}

    def at(self, i: int) -> dict[str, dict[str, Any]]:
        if i not in self._found:
            on, moment, _ = self.stops[i]
            asked = self.later.asked
            assert asked is not None
            try:
                decision = _Decider(asked.model, asked.case, on, moment, asked.calendars).decision()
            except RecordError:  # nothing could be decided then
                self._found[i] = {k: {} for k in (*KINDS_OF_ITEM, "correction")}
            else:
                seen = decision.for_reader(self.later.reader) if self.later.reader else decision
                self._found[i] = _items(_published(seen))
        return self._found[i]

    def through(self, is_so: Callable[[dict[str, dict[str, Any]]], bool]) -> tuple[Through, ...]:
        """At which place what is so now came to be so; where it came and went several times, at one of them."""
        if self.later.asked is None:
            return ()
        low, high = self.start, len(self.stops) - 1
        if is_so(self.at(low)):
            if self.differs:
                return tuple(map(Through, self.differs))
            low, high = 0, self.start
            if is_so(self.at(low)):
                return (Through("record"),)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if is_so(self.at(middle)) else (middle, high)
        found = self.stops[high][2]
        return (found,) if found is not None else ()


def _changes(later: Decision, earlier: Decision | Mapping[str, Any] | str | bytes) -> Changes:
    was, now = _published(earlier), _published(later)
    if was["pupil"] != now["pupil"]:
        raise RecordError("other-pupil", "the earlier decision is of another pupil", field="pupil")
    if was.get("reader") != now["reader"]:
        raise RecordError("other-reader", "the earlier decision is cut for another reader", pupil=later.pupil, field="reader")
    if was["on"] > now["on"] or was["known_to"] > now["known_to"]:
        said = "the earlier decision is of a later day, or knows more"
        raise RecordError("not-earlier", said, pupil=later.pupil, field="on" if was["on"] > now["on"] else "known_to")
    basis = {k: (was["basis"].get(k), now["basis"].get(k)) for k in _BASIS if was["basis"].get(k) != now["basis"].get(k)}
    old, new = _items(was), _items(now)
    between = _Between(later, was, new, basis)
    changes, order = [], {}
    for what in KINDS_OF_ITEM:
        names = [*new[what], *(n for n in old[what] if n not in new[what])]
        found = [_change(what, n, old[what].get(n), new[what].get(n), between) for n in names]
        changes += [c for c in found if c is not None]
        if [*(n for n in old[what] if n in new[what]), *(n for n in new[what] if n not in old[what])] != list(new[what]):
            order[what] = tuple(new[what])
    return Changes(
        pupil=later.pupil,
        reader=later.reader,
        since=date.fromisoformat(was["on"]),
        on=later.on,
        known_since=date.fromisoformat(was["known_to"]),
        known_to=later.known_to,
        basis=basis,
        changes=tuple(changes),
        corrections=_proposed(later, old, new, changes, between) if later.reader in (None, "log") else (),
        order=order,
    )


def _change(what: str, name: str, old: Any, new: Any, between: _Between) -> Change | None:
    if old == new:
        return None
    # a field that an older form did not have is no change of the thing
    fields = tuple(sorted(k for k in old if old[k] != new.get(k))) if old is not None and new is not None else ()
    how = _how(what, old, new)
    if how == "changed" and not fields:
        return None

    def is_so(items: dict[str, dict[str, Any]]) -> bool:
        x = items[what].get(name)
        if how == "changed":
            return x is not None and all(x.get(k) == new.get(k) for k in fields)
        if x is None or new is None:
            return x is None and new is None
        return _is_gone(x) == _is_gone(new) and (how != "done" or x["state"] == new["state"])

    through = between.through(is_so)
    if how == "ended" and what in ("task", "message") and _lost(what, old, through, between):
        how = "withdrawn"
    return Change(what, name, how, fields if how == "changed" else (), old, new, through)


def _how(what: str, old: Any, new: Any) -> str:
    if new is None:
        return "ended"
    if _is_gone(new) and not _is_gone(old):
        return "withdrawn"
    if old is None:
        return "new"
    if _is_gone(old) and not _is_gone(new):
        return "back"
    over = {"task": "done", "message": "sent"}.get(what)
    return "done" if over is not None and old["state"] != over == new["state"] else "changed"


def _lost(what: str, old: Any, through: tuple[Through, ...], between: _Between) -> bool:
    """A task is gone since its opening lost its ground; a message since what was recorded no longer owes it."""
    if what == "message":
        return any(t.what in ("event", "record") for t in through)
    now = between.at(len(between.stops) - 1)["opening"]
    return any(_is_gone(now.get(o)) for o in old.get("openings", ()))


def _proposed(later: Decision, old: Any, new: Any, changes: list[Change], between: _Between) -> tuple[Correction, ...]:
    """What went out on ground that is gone since; also what the later rules would not have sent."""
    out: dict[str, Correction] = {}
    for action in new["correction"]:
        if action not in old["correction"]:
            tasks = [t for t in (*new["task"].values(), *old["task"].values()) if t["action"] == action]
            act = later.rules.acts.get(action)
            shown = tasks[0] if tasks else {"hand_over": act.hand_over, "to": act.to, "takes_part": act.required} if act else {}
            out[action] = _correction(action, shown, between.through(lambda items, a=action: a in items["correction"]))  # type: ignore[misc]
    for c in changes:
        was_out = c.before is not None and c.before.get("state") in ("done", "sent")
        by_rules = c.after is None and any(t.what in _BASIS for t in c.through)
        if c.what == "message" and c.before is not None and ((c.after and c.how == "withdrawn") or (was_out and by_rules)):
            out.setdefault(
                c.before["message"], Correction(c.before["message"], "message_sent", tuple(c.before.get("to", ())), c.through)
            )
        elif c.what == "message" and c.before is None and c.after is not None and c.after.get("to_correct"):
            out.setdefault(
                c.after["message"], Correction(c.after["message"], "message_sent", tuple(c.after.get("to", ())), c.through)
            )
        elif c.what == "task" and c.before is not None and was_out and by_rules:
            correction = _correction(c.before["action"], c.before, c.through)
            if correction.why != "done":
                out.setdefault(correction.of, correction)
    return tuple(out.values())


def _correction(action: str, task: Mapping[str, Any], through: tuple[Through, ...]) -> Correction:
    reached = tuple(dict.fromkeys((*task.get("to", ()), *task.get("takes_part", ()))))
    why = "handed_over" if task.get("hand_over") else "guardian_told" if "guardian" in reached else "done"
    return Correction(action, why, reached, through)


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
        person=maybe, duty={"enum": list(DUTIES)}, about=text, state={"enum": list(STATES)}, due=maybe_day, due_unknown=flag,
        counted_from=maybe_day, counted=list_of(day), overdue=flag, statutory=flag,
        source=text, certainty=text, hand_over=flag, to=texts, takes_part=texts,
        left_out=texts, blocked_by=texts, not_needed_if=texts, openings=texts,
        at_least={"oneOf": [shape(count={"type": "integer"}, of=texts), {"type": "null"}]}, record=maybe, tell=maybe,
        turn={"type": ["integer", "null"]}, missed={"type": "integer"}, rests_on=texts,
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
        because=list_of(reason),
    )
    question = shape(
        what=text, fact=text, steps=texts, since=day, days=list_of(day), by=texts, new=flag, due=maybe_day, tell=maybe
    )
    message = shape(
        message=text, to=texts, about=text, state={"enum": ["owed", "sent"]}, since=day, act=maybe, to_correct=flag,
        totals={"type": "object", "additionalProperties": {"type": "number"}}, limit=number, text=maybe,
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
        data_until=maybe_day, stale=flag, basis={"type": "object"},
    )  # fmt: skip
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "sky_model decision, format 1", **whole}
