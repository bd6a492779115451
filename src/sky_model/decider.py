"""Deciding: the path of a case, its tasks, and all that is not known, as one decision.

Rules: the path comes from `path.py`; here are the tasks, one for each action, in the order of the law, the urgency and the file;
unknown is never "nothing to do"; the same record, day and rules give the same decision.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Mapping
from datetime import date
from functools import partial
from typing import Any

from sky_model.asking import questions
from sky_model.calendars import load_calendar
from sky_model.contests import is_contest
from sky_model.decision import Asked, Decision, How
from sky_model.engine import digest, engine_fingerprint, engine_version
from sky_model.errors import RecordError, RulesetError
from sky_model.events import DAY, Enrolment, Mark, Register, Retracted, end_of
from sky_model.facts import Facts
from sky_model.messages import messages
from sky_model.path import Path, in_force
from sky_model.records import Case, Checkpoint
from sky_model.reserved import is_reserved
from sky_model.rules import SOON, Model
from sky_model.schooldays import Calendar
from sky_model.tasks import propose
from sky_model.told import Teller

__all__ = ["Decider", "accept", "calendars_of", "decide", "decider_of", "newest_marked"]

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


def _lines(model: Model, case: Case, schools: Mapping[str, Model] | None, now: int) -> tuple[list[Model], dict[str, int]]:
    """The rulesets that judge the days of a case: the one for all, and those of the schools that enrolments known now name."""
    models, line_of = [model], dict[str, int]()
    for moment, e in zip(case.moments, case.events, strict=True) if schools else ():
        if moment <= now and isinstance(e, Enrolment) and schools and e.school in schools:
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
        self.now = end_of(on)  # earlier knowledge is the record cut there, asked about `on`
        cut = case if known >= self.now else case.only(lambda moment, _: moment <= known)
        models, line_of = _lines(model, cut, self.how.schools, self.now)
        self.versions = [Facts(cut, v, calendars, self.now) for m in models for v in m.versions]
        self.facts = self.versions[-1]
        lines = [i for i, m in enumerate(models) for _ in m.versions]
        place = self.facts.place(on, self.now)
        mine = line_of.get(place.school or "", 0)  # the rules of the school attended
        self.mine = models[mine]
        self.has_left = self.facts.has_left(on, self.now)
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
        tasks = propose(self.path, self.rules, self.calendar, self.place.grade, self.on, self.now, self.how.absent)
        here = next(f for f in self.versions if f.rules is self.rules)
        teller = Teller(self.path, here, self.place, self.on, self.now)
        data_until, until_from, is_judged = self._data_until()
        stale = is_judged and self.calendar.count_school_days(data_until.toordinal() + 1, self.on) > 3 if data_until else False
        aside, unmapped = self._set_aside()
        return Decision(
            pupil=self.case.pupil,
            on=date.fromordinal(self.on),
            known_to=date.fromordinal(self.known // DAY),
            data_until=data_until,
            is_stale=stale,
            tasks=tasks,
            messages=messages(self.path, self.rules, self.calendar, self.place.grade, self.on, self.now),
            open_steps=tuple(teller.open_step(o) for o in opened if not o.is_withdrawn),
            questions=questions(self.path, self.rules, tasks, self.on, self.now),
            withdrawn=tuple(o.name for o in self.path.openings if o.is_withdrawn),
            corrections=self._corrections(),
            nearest=teller.nearest(opened),
            too_early=teller.too_early(),
            shown=teller.shown(),
            told=(*self.path.told, *self._unknown_events()),
            set_aside=aside,
            unmapped=unmapped,
            basis=self._basis(),
            rules=self.rules,
            grade=self.place.grade,
            register=self.case.register,
            silenced=self._silenced(),
            doubtful=teller.doubtful,
            left_on=date.fromordinal(self.facts.left_on(self.on, self.now)) if self.has_left else None,
            data_until_from=until_from,
            pauses=self._pauses(),
            asked=Asked(
                self.model, self.case, self.calendars, self.how, partial(_again, self.model, self.case, self.calendars, self.how)
            ),
        )

    def _data_until(self) -> tuple[date | None, str | None, bool]:
        """(how far the marks reach, who says so, is it the school's): as handed in, else the newest mark of this record.

        One pupil without a new mark does not show that the school's marks are old: by them alone nothing is called stale.
        """
        on = date.fromordinal(self.on)
        if self.case.data_until is not None:
            return min(self.case.data_until, on), self.case.data_until_from, True
        newest = newest_marked(
            self.facts.case, on, self.now, lambda day: self.facts.place(day, self.now).school == self.place.school
        )
        return newest, "marks" if newest is not None else None, False

    def _pauses(self) -> tuple[tuple[date, date], ...]:
        """The pauses that are known, none taken back."""
        said = (d.event for d in self.facts.pauses if d.moment <= self.known < d.gone)
        return tuple(sorted((e.on, e.until) for e in said))

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
        return tuple(dict.fromkeys(a.id for o, a in gone if self.path.day_done(o, a, self.now) is not None))

    def _set_aside(self) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
        aside: dict[str, str] = {}
        if not self.facts.sets_aside:
            return (), ()
        for states in self.facts.states(self.facts._epoch(self.now)).values():
            state = next((s for s in reversed(states) if s[0] <= self.now), None)
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
        out = [name for day, name in self.case.twice if day * DAY <= self.known]
        rules = [v.facts.rules for v in self.path.versions]
        for known, events in (
            ({name for r in rules for name in r.reports}, self.facts.reports),
            ({name for r in rules for name in r.questions}, self.facts.answers),
            ({name for r in rules for name in r.consents}, self.facts.consents),
        ):
            said = (d.event for found in events.values() for d in found if self.now < d.gone)
            out += [str(e.id) for e in said if not self._is_known(e, known)]
        actions = {a.id for v in rules for s in v.steps for a in s.actions} | {n.id for v in rules for n in v.notices}
        taken = (
            (name, d) for name, found in self.facts.taken.items() if not is_reserved(name) for d in found if self.now < d.gone
        )
        out += [str(d.event.id) for name, d in taken if name not in actions]
        return out

    def _is_known(self, event: Any, known: Collection[str]) -> bool:
        """Does an event name what some ruleset has; of a contest: a mark of this record?"""
        if is_contest(event):
            return event.mark in self.facts.marks
        return any(getattr(event, key, None) in known for key in ("report", "question", "consent"))

    def _schools(self) -> dict[str, Any] | None:
        """The rules of each school of this pupil, where schools have rules of their own."""
        if self.how.schools is None:
            return None
        known = zip(self.case.moments, self.case.events, strict=True)
        named = {e.school for m, e in known if m <= self.known and isinstance(e, Enrolment)}
        mine = sorted(named & self.how.schools.keys())
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


def newest_marked(case: Case, on: date, moment: int, is_mine: Callable[[int], bool] = lambda _: True) -> date | None:
    """The newest day not after `on` with a mark or a register that is known at a moment; None: there is none.

    is_mine  is the school of a day the one that is asked about?
    """
    newest: dict[str, Mark | Register] = {}
    for m, e in zip(case.moments, case.events, strict=True):
        if m <= moment and isinstance(e, Mark | Register):
            newest[str(e.id)] = e
        elif m <= moment and isinstance(e, Retracted):
            newest.pop(e.of, None)
    days = (min(e.through or e.on, on) if isinstance(e, Register) else e.on for e in newest.values())
    erased = case.before.marked if case.before is not None else ()
    return max((day for day in (*erased, *days) if day <= on and is_mine(day.toordinal())), default=None)


def _checkpoint_said(before: Checkpoint) -> dict[str, str]:
    """The checkpoint from which the path was folded, so that the decision can be had again."""
    return {"day": before.day.isoformat(), "fingerprint": digest(before.to_json())}
