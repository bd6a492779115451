"""Deciding: the path of a case, its tasks, and all that is not known, as one decision.

Rules: the path comes from `path.py`; here are the tasks, one for each action, in the order of the law, the urgency and the file;
unknown is never "nothing to do"; the same record, day and rules give the same decision.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Mapping
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

from sky_model.calendars import load_calendar
from sky_model.contests import is_contest
from sky_model.decision import Asked, Decision, Nearest, OpenQuestion, OpenStep, Reason, Shown, TooEarly, plain
from sky_model.engine import digest, engine_fingerprint, engine_version
from sky_model.errors import RecordError, RulesetError
from sky_model.events import DAY, Enrolment, Mark, end_of
from sky_model.facts import FALSE, TRUE, UNKNOWN, Facts, Pair
from sky_model.messages import messages
from sky_model.path import Opening, Path, in_force
from sky_model.records import Case, Checkpoint
from sky_model.reserved import is_reserved
from sky_model.rules import SOON, ByGrade, Count, Model, Test, tests_in
from sky_model.schooldays import Calendar
from sky_model.tasks import propose
from sky_model.vocabulary import OnSchedule

__all__ = ["Decider", "accept", "calendars_of", "decide", "decider_of"]

AS_IF = "the rules answer as if they were in force on every day: for replay, not for a decision"
NOT_RECORDED = "the recording days were not handed in: what happened on a day counts as recorded on it"


def decide(
    model: Model,
    case: Case,
    *,
    on: date,
    known_on: date | None = None,
    calendars: Mapping[str, Calendar] | Calendar | None = None,
    schools: Mapping[str, Model] | None = None,
    absent: Collection[str] = (),
    as_if: bool = False,
) -> Decision:
    """The decision about one case on a day.

    on         the day that is decided about; what was recorded by its end is known
    known_on   an earlier day whose knowledge is asked for; later than `on` is an error
    calendars  by the name that enrolments give as `calendar` or `school`, or one for all; None: the shipped ones by name
    schools    the rules of each school that has its own; any other school is judged by `model`
    absent     roles or persons who are away: a deputy who is there stands in
    as_if      the first version judges earlier days too, and the last one later days: for replay, and the decision says so
    Raises RulesetError when a calendar is missing or has no terms, RecordError when a day is not covered, or when no version
    of the attended school's rules is in force on it.
    """
    asked = decider_of(model, case, on=on, known_on=known_on, calendars=calendars, schools=schools, absent=absent, as_if=as_if)
    return asked.decision()


def decider_of(
    model: Model,
    case: Case,
    *,
    on: date,
    known_on: date | None = None,
    calendars: Mapping[str, Calendar] | Calendar | None = None,
    schools: Mapping[str, Model] | None = None,
    absent: Collection[str] = (),
    as_if: bool = False,
) -> Decider:
    """What `decide` asks: the path of the case, folded. Raises as `decide` does."""
    if type(on) is not date or (known_on is not None and type(known_on) is not date):
        raise RecordError("not-a-day", "on and known_on are dates, without a time", pupil=case.pupil, field="on")
    if known_on is not None and known_on > on:
        raise RecordError("known-later", "known_on lies after on", pupil=case.pupil, field="known_on")
    if known_on is not None and known_on < on and case.recorded == "not_given":
        said = "the recording days were not handed in: earlier knowledge cannot be asked for"
        raise RecordError("known-unknown", said, pupil=case.pupil, field="known_on")
    found = calendars_of(case, calendars)
    accept(model, found)
    day = on.toordinal()
    known = end_of(min(day, known_on.toordinal()) if known_on else day)
    _check_goes_on(case, known, "on" if known_on is None else "known_on")
    return Decider(model, case, day, known, found, how=How(schools, frozenset(absent), as_if))


def _again(model: Model, case: Case, calendars: Mapping[str, Calendar] | Calendar, how: How, on: int, moment: int) -> Decision:
    _check_goes_on(case, moment, "known_on")
    return Decider(model, case, on, moment, calendars, how=how).decision()


def _check_goes_on(case: Case, moment: int, field: str) -> None:
    if case.before is not None and moment <= end_of(case.before.day.toordinal()):
        said = f"the record goes on from a checkpoint of {case.before.day}: it can be asked about later days only"
        raise RecordError("before-checkpoint", said, pupil=case.pupil, field=field)


def calendars_of(case: Case, given: Mapping[str, Calendar] | Calendar | None) -> Mapping[str, Calendar] | Calendar:
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


def accept(model: Model, calendars: Mapping[str, Calendar] | Calendar) -> None:
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


def _lines(model: Model, case: Case, schools: Mapping[str, Model] | None) -> tuple[list[Model], dict[str, int]]:
    """The rulesets that judge the days of a case: the one for all, and those of the schools that its enrolments name."""
    models, line_of = [model], dict[str, int]()
    for e in case.events if schools else ():
        if isinstance(e, Enrolment) and schools and e.school in schools:
            own = schools[e.school]
            at = next((i for i, m in enumerate(models) if m.fingerprint == own.fingerprint), None)
            if at is None:
                at = len(models)
                models.append(own)
            line_of[e.school] = at
    return models, line_of


def _not_in_force(model: Model, case: Case, on: int) -> RecordError:
    """No version judges the day: what is in force when."""
    said = []
    for v, after in itertools.zip_longest(model.versions, model.versions[1:]):
        until = v.said.valid_until
        last = min(
            [d for d in (until.toordinal() if until else None, after.valid_from - 1 if after else None) if d], default=None
        )
        first = date.fromordinal(v.valid_from)
        said.append(f"{v.name} from {first}" + (f" to {date.fromordinal(last)}" if last else ""))
    message = f"no version of the rules is in force on {date.fromordinal(on)}; in force: {'; '.join(said)}"
    return RecordError("not-in-force", message, pupil=case.pupil, field="on")


class How(NamedTuple):
    """How a decision was asked for: the rules of schools that have their own, who is away, and whether as if in force."""

    schools: Mapping[str, Model] | None = None
    absent: frozenset[str] = frozenset()
    as_if: bool = False


class Decider:
    def __init__(
        self,
        model: Model,
        case: Case,
        on: int,
        known: int,
        calendars: Mapping[str, Calendar] | Calendar,
        path_of: Callable[..., Path] = Path,  # the live host lets another engine judge the conditions
        *,
        how: How | None = None,
    ) -> None:
        self.how = how or How()
        self.model, self.case, self.on, self.known, self.calendars = model, case, on, known, calendars
        models, line_of = _lines(model, case, self.how.schools)
        self.versions = [Facts(case, v, calendars, known) for m in models for v in m.versions]
        self.facts = self.versions[-1]
        lines = [i for i, m in enumerate(models) for _ in m.versions]
        place = self.facts.place(on, known)
        mine = line_of.get(place.school or "", 0)  # the rules of the school attended
        self.mine = models[mine]
        self.has_left = self.facts.has_left(on, known)
        days = in_force(self.versions, lines, self.how.as_if)
        if not self.has_left and not any(line == mine and a <= on <= b for line, (a, b) in zip(lines, days, strict=True)):
            raise _not_in_force(self.mine, case, on)
        if not place.calendar.covers(on):
            said = f"the calendar {place.calendar.id} does not answer for {date.fromordinal(on)}"
            raise RecordError("not-covered", said, pupil=case.pupil, field="on")
        self.place, self.calendar = place, place.calendar
        self.path = path_of(self.versions, on, lines=lines, line_of=line_of, as_if=self.how.as_if)
        judging = self.path.version(on, known)
        self.rules = judging.facts.rules if judging is not None else self.mine.on(on) or self.mine.versions[0]

    def decision(self) -> Decision:
        opened = self.path.standing()
        tasks = propose(self.path, self.rules, self.calendar, self.place.grade, self.on, self.known, self.how.absent)
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
            left_on=date.fromordinal(self.facts.left_on(self.on, self.known)) if self.has_left else None,
            asked=Asked(self.model, self.case, self.calendars, partial(_again, self.model, self.case, self.calendars, self.how)),
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
            renews=o.renews.name if o.renews is not None else None,
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
                    best = part, Nearest(s.id, t.fact, plain(want), plain(here), plain(left))
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
                open_ones = self._open_in_only_if(f, count, first, about)
                if gaps:
                    out.append(("not_marked", "register", tuple(sorted(gaps)), who))
                if aside:
                    out.append(("set_aside", "mark", tuple(sorted(aside)), who))
                out += open_ones
                if not gaps and not aside and not open_ones:
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

    def _open_in_only_if(
        self, f: Facts, count: Count, first: int, about: int
    ) -> list[tuple[str, str, tuple[int, ...], tuple[str, ...]]]:
        """What is not known of marks that count only with something: the questions that nobody answered."""
        out: list[tuple[str, str, tuple[int, ...], tuple[str, ...]]] = []
        for kind, condition in count.only_if:
            marks = (e for d in f.days_between(first, about, self.known) for e in f.entries(d, self.known))
            if f.only_if(condition, about, self.known) != UNKNOWN or not any(e.kind == kind and e.high for e in marks):
                continue
            for t in tests_in(condition):
                if t.what == "question" and f.ask(t, about, self.known, UNKNOWN) == UNKNOWN:
                    out.append(("not_answered", t.fact, (), tuple(f.rules.questions[t.fact].by)))
                elif t.what == "grade" and f.ask(t, about, self.known, UNKNOWN) == UNKNOWN:
                    out.append(("not_given", "grade", (), ()))
        return list(dict.fromkeys(out))

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
            unknown = (d.event for name, found in events.items() if name not in known for d in found)
            out += [str(e.id) for e in unknown if not is_contest(e)]
        actions = {a.id for v in self.model.versions for s in v.steps for a in s.actions}
        taken = ((name, d) for name, found in self.facts.taken.items() if not is_reserved(name) for d in found)
        out += [str(d.event.id) for name, d in taken if name not in actions]
        return out

    def _schools(self) -> dict[str, Any] | None:
        """The rules of each school of this pupil, where schools have rules of their own."""
        if self.how.schools is None:
            return None
        mine = sorted({e.school for e in self.case.events if isinstance(e, Enrolment) and e.school in self.how.schools})
        return {s: {"name": self.how.schools[s].name, "fingerprint": self.how.schools[s].fingerprint} for s in mine}

    def _ends(self) -> date | None:
        """The last day of the rules of today's school, where none follows."""
        return None if self.how.as_if else self.mine.newest.said.valid_until

    def _notes(self) -> list[str]:
        notes, ends = [], self._ends()
        if self.how.as_if:
            notes.append(AS_IF)
        if ends is not None and ends.toordinal() - self.on < SOON:
            notes.append(f"{self.mine.newest.name} is in force until {ends} and no version follows")
        if self.case.recorded == "not_given":
            notes.append(NOT_RECORDED)
        return notes

    def _basis(self) -> dict[str, Any]:
        return {
            "ruleset": {
                "name": self.mine.name,
                "status": self.rules.said.status,
                "fingerprint": self.mine.fingerprint,
            },
            "schools": self._schools(),
            "absent": sorted(self.how.absent),
            "as_if": self.how.as_if,
            "in_force_until": ends.isoformat() if (ends := self._ends()) is not None else None,
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
            "notes": [*self.rules.notes, *self._notes()],
            **({"checkpoint": _checkpoint_said(self.case.before)} if self.case.before is not None else {}),
        }


def _checkpoint_said(before: Checkpoint) -> dict[str, str]:
    """The checkpoint from which the path was folded, so that the decision can be had again."""
    return {"day": before.day.isoformat(), "fingerprint": digest(before.to_json())}


def _number(value: Any, unit: int) -> Any:
    return None if value is None else plain(Decimal(value) / unit)
