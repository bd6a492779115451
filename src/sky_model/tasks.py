"""What comes next: the tasks of the open steps, with state and due day, one for each action, in their order.

Rules: what several openings ask and nobody has answered is one task: the earliest day, the strongest duty, the highest tier, the
state that is most ready, the oldest name; who is away is stood in for; a step in which nothing is left proposes its own end; a
mark that is contested is to be checked.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sky_model.contests import contested
from sky_model.events import DAY
from sky_model.facts import UNKNOWN
from sky_model.obligations import ANSWERED, OVER, STATES, Line, Obligations
from sky_model.order import READINESS, Urgency, urgency
from sky_model.path import Opening, Path
from sky_model.reserved import CHECK, CLOSE_STEP
from sky_model.rules import CLOSE, WHO_RECORDED, Ruleset, tests_in
from sky_model.schooldays import NEVER, Calendar

__all__ = ["OVER", "STATES", "Task", "propose"]

PARTIES = ("pupil", "guardian")
BELOW_EVERY_TIER = -1
NOBODY_CLOSES = "the rules name nobody who closes this step: the principal is asked"


@dataclass(frozen=True, slots=True)
class Task:
    """One action that is asked. `due` None: no day is set, or the calendar ends before (`due_unknown`)."""

    name: str
    action: str
    step: str
    tier: str
    role: str
    roles: tuple[str, ...]
    organisation: str | None
    person: str | None
    duty: str
    about: str
    state: str
    due: date | None
    due_unknown: bool
    overdue: bool
    is_statutory: bool
    source: str
    certainty: str
    hand_over: bool
    to: tuple[str, ...]
    takes_part: tuple[str, ...]
    left_out: tuple[str, ...]
    blocked_by: tuple[str, ...]
    not_needed_if: tuple[str, ...]  # facts that are not known and would make it needless
    openings: tuple[str, ...]
    at_least: tuple[int, tuple[str, ...]] | None = None  # so many of these roles take part
    record: str | None = None  # what is written down of it
    tell: str | None = None  # who is told when it is overdue
    turn: int | None = None  # of what comes again and again: the running turn
    missed: int = 0  # turns that passed without it
    rests_on: tuple[str, ...] = ()  # readings of gaps that this task rests on
    counted_from: date | None = None  # day 0 of a due day that is counted in school days
    counted: tuple[date, ...] = ()  # the school days counted, the last one is the due day
    also: tuple[str, ...] = ()  # names of what other openings ask that is this task too
    instead_of: str | None = None  # the role in whose place a deputy stands
    away: bool = False  # the role is away, and no deputy of it is there
    urgency: Urgency = ()  # (1) to (5) of the order, the smaller the sooner; never published

    @property
    def is_next(self) -> bool:
        """Ready; or its consent or question stands in its place."""
        return self.state in ("ready", "undecided", "blocked")


def propose(
    path: Path, rules: Ruleset, calendar: Calendar, grade: int | None, on: int, known: int, absent: Collection[str] = ()
) -> tuple[Task, ...]:
    """The tasks of all open steps on a day, in their order.

    rules, calendar, grade  those of the day
    absent                  roles and persons who are away
    """
    return _Proposals(Obligations(path, rules, calendar, grade, on, known), frozenset(absent)).tasks()


class _Who(NamedTuple):
    role: str
    roles: tuple[str, ...]
    person: str | None
    instead_of: str | None = None
    away: bool = False


class _Proposals:
    def __init__(self, asked: Obligations, absent: frozenset[str]) -> None:
        self.asked, self.path, self.rules, self.grade = asked, asked.path, asked.rules, asked.grade
        self.on, self.known, self.named = asked.on, asked.known, asked.case.named
        self.absent = absent | {self.rules.role_for(name, self.grade) for name in absent}

    def tasks(self) -> tuple[Task, ...]:
        lines: dict[str, list[Line]] = {}
        for x in self.asked.lines:
            lines.setdefault(x.act.id, []).append(x)
        found = [*map(self._task, lines.values()), *self._closings(), *self._checks()]
        return tuple(t for _, t in sorted(found, key=lambda p: p[0]))

    # ------------------------------------------------------------------ one action is one task
    def _task(self, lines: list[Line]) -> tuple[tuple[Any, ...], Task]:
        """(place in the order, the task) of the lines of one action, oldest opening first."""
        asking = [x for x in lines if x.state not in OVER]
        mine = [x for x in lines if x.state not in ANSWERED] if asking else lines
        if asking:
            state = min((x.state for x in asking), key=READINESS.index)
        else:
            asking, state = lines, min((x.state for x in lines), key=STATES.index)
        speaker = min((x for x in asking if x.state == state), key=lambda x: x.rank)
        strongest = min(asking, key=lambda x: x.rank)
        days = [d for x in asking if (d := self.asked.due(x))[0] is not None]
        due, _, counted = min(days, key=lambda d: d[0] or 0, default=(None, False, ()))
        act, duty, is_statutory = speaker.act, strongest.act.duty, strongest.act.is_statutory
        top = max(asking, key=lambda x: x.opening.step.tier).opening.step
        place = urgency(state, duty, is_statutory, any(x.is_now for x in asking), due, top.tier)
        row = min((x.facts.rules.step_by_id[x.act.step].order, x.act.order) for x in asking)
        names = act.who if isinstance(act.who, tuple) else (act.who,)
        is_personal = act.about == "child_protection" or names == (WHO_RECORDED,)
        who = self._who(self._recorders(speaker) if names == (WHO_RECORDED,) else names, is_personal)
        left_out = tuple(dict.fromkeys(n for x in asking for n in x.agreed.left_out))
        task = Task(
            name=mine[0].name,
            action=act.id,
            step=speaker.opening.step.base,
            tier=top.said.tier,
            role=who.role,
            roles=who.roles,
            organisation=self._organisation(who.role, speaker.facts.rules),
            person=who.person,
            duty=duty,
            about=act.about,
            state=state,
            due=date.fromordinal(due) if due is not None else None,
            due_unknown=due is None and state not in OVER and any(self.asked.due(x)[1] for x in asking),
            overdue=any(x.is_late for x in asking),
            is_statutory=is_statutory,
            source=strongest.act.source,
            certainty=strongest.act.certainty,
            hand_over=act.hand_over,
            to=act.to,
            takes_part=tuple(n for n in (*act.required, *act.optional) if n not in left_out),
            left_out=left_out,
            blocked_by=tuple(sorted({c for x in asking for c in x.agreed.missing})) if state == "blocked" else (),
            not_needed_if=self._not_needed_if(speaker),
            openings=tuple(dict.fromkeys(x.opening.name for x in mine)),
            at_least=act.at_least,
            record=act.record,
            tell=act.tell,
            turn=speaker.turn[0] if speaker.turn is not None else None,
            missed=speaker.turn[3] if speaker.turn is not None else 0,
            rests_on=speaker.facts.rules.readings_of(("steps", speaker.opening.step.base, "actions", act.id)),
            counted_from=date.fromordinal(counted[0]) if counted else None,
            counted=tuple(date.fromordinal(d) for d in counted[1:]),
            also=tuple(x.name for x in mine[1:]),
            instead_of=who.instead_of,
            away=who.away,
            urgency=place,
        )
        return (*place, row), task

    def _not_needed_if(self, x: Line) -> tuple[str, ...]:
        if x.unless != UNKNOWN or x.state in OVER:
            return ()
        return tuple(dict.fromkeys(t.fact for t in tests_in(x.act.unless)))

    # ------------------------------------------------------------------ who does it
    def _organisation(self, role: str, rules: Ruleset) -> str | None:
        found = rules.roles.get(role) or rules.groups.get(role)
        return found.organisation if found is not None else None

    def _recorders(self, x: Line) -> tuple[str, ...]:
        """The members of staff who raised the report; of a pupil's or guardian's report any member of staff."""
        by = {
            e.by
            for t in x.opening.step.tests
            if t.what == "report"
            for e in x.facts.raised(t.fact, self.on, self.known)
            if e.by is not None and e.by not in PARTIES and e.by in self.rules.roles
        }
        return tuple(sorted(by)) or ("any-staff",)

    def _role(self, name: str) -> str:
        """The role of today's grade: `class-lead` of grade 8 is the homeroom teacher."""
        return self.rules.role_for(name, self.grade)

    def _is_away(self, name: str) -> bool:
        role = self._role(name)
        return bool({name, role, self.named.get(name), self.named.get(role)} & self.absent)

    def _who(self, names: tuple[str, ...], is_personal: bool, person: str | None = None) -> _Who:
        """Of several one who is there, else the first one's own deputy; what is personal stays, and says so.

        person  who it is, where a mark says so; else the one whom the case names for the role
        """
        roles = tuple(dict.fromkeys(map(self._role, names)))
        if not self.absent:
            return _Who(roles[0], roles, person or self._person(*roles, *names))
        there = tuple(n for n in names if not self._is_away(n)) if person is None or person not in self.absent else ()
        if there:
            mine = tuple(dict.fromkeys(map(self._role, there)))
            return _Who(mine[0], mine, person or self._person(*mine, *there))
        if not is_personal:
            deputies = [d for r in (roles[0], names[0]) if r in self.rules.roles for d in self.rules.roles[r].deputies]
            deputy = next((d for d in deputies if not self._is_away(d)), None)
            if deputy is not None:
                role = self._role(deputy)
                return _Who(role, (role,), self._person(role, deputy), instead_of=roles[0])
        return _Who(roles[0], roles[:1], person or self._person(roles[0], names[0]), away=True)

    def _person(self, *names: str) -> str | None:
        return next((self.named[n] for n in names if n in self.named), None)

    # ------------------------------------------------------------------ close or go on
    def _closings(self) -> list[tuple[tuple[Any, ...], Task]]:
        """For each step in which nothing is left of any of its openings: a closing ends them all."""
        by_step: dict[str, list[Opening]] = {}
        for o in sorted(self.asked.standing, key=lambda o: (o.moment, o.step.order)):
            if o.step.lasts.word == "until_closed" and self.asked.asks(o):
                by_step.setdefault(o.step.base, []).append(o)
        if self.path.has_left or self.asked.is_paused(self.on):
            return []
        return [
            self._closing(opened)
            for opened in by_step.values()
            if all(map(self._is_all_done, opened)) and not self._goes_on(opened[-1])
        ]

    def _is_all_done(self, o: Opening) -> bool:
        if o.step.names & self.path.undecided.keys() or any(a.repeat is not None for a in self.asked.acts(o).values()):
            return False
        mine = self.path.chain(o)
        return all(x.state in OVER for x in self.asked.lines if x.opening in mine)

    def _goes_on(self, o: Opening) -> bool:
        """Did a person say since this opening that the step goes on until a later day?"""
        taken = self.path.facts.taken.get(CLOSE_STEP + o.step.base, ())
        said = [d.event for d in taken if o.moment < d.moment <= self.known < d.gone]
        return bool(said) and said[-1].status == "snoozed" and said[-1].until is not None and self.on < said[-1].until.toordinal()

    def _closing(self, opened: list[Opening]) -> tuple[tuple[Any, ...], Task]:
        first = opened[0]
        said, rules = first.step.said, self.path.versions[first.version].facts.rules
        who = self._who(tuple(said.closing.by if said.closing else ()) or ("principal",), False)
        top = max(opened, key=lambda o: o.step.tier).step
        action = CLOSE_STEP + first.step.base
        place = urgency("ready", CLOSE, False, False, None, top.tier)
        names = tuple(f"{o.name}/{action}" for o in opened)
        task = Task(
            **_PLAIN | who._asdict(),
            name=names[0],
            also=names[1:],
            action=action,
            step=first.step.base,
            tier=top.said.tier,
            organisation=self._organisation(who.role, rules),
            duty=CLOSE,
            about=self._about(first, rules),
            state="ready",
            due=None,
            source=said.source or "",
            certainty=rules.sources[said.source].certainty if said.source in rules.sources else "unconfirmed",
            openings=tuple(o.name for o in opened),
            rests_on=() if said.closing else (NOBODY_CLOSES,),
            urgency=place,
        )
        return (*place, (first.step.order, NEVER)), task

    def _about(self, o: Opening, rules: Ruleset) -> str:
        """What a step is about: absence where it counts marks, else what was reported, else what it asks."""
        reports = [rules.reports[t.fact].about for t in o.step.tests if t.what == "report"]
        if not any(t.what == "counter" for t in o.step.tests):
            for about in (*reports, *(a.about for a in o.step.actions)):
                if about is not None:
                    return str(about)
        return "absence"

    # ------------------------------------------------------------------ marks to be checked
    def _checks(self) -> list[tuple[tuple[Any, ...], Task]]:
        """The mark first that has waited longest."""
        return [self._check(m, since, n) for n, (m, since) in enumerate(contested(self.path.facts, self.known).items())]

    def _check(self, mark: str, since: int, n: int) -> tuple[tuple[Any, ...], Task]:
        """The one who recorded a mark checks it: kept, corrected or taken back. Nobody stands in."""
        facts, action = self.path.facts, CHECK + mark
        newest = next(e for m, e in reversed(facts.marks[mark]) if m <= self.known)
        kind = self.rules.kinds.get(newest.kind or "") if newest is not None else None
        role = next((r for r in ("subject-teacher", "class-lead") if r in self.rules.roles), "any-staff")
        who = self._who((role,), True, newest.teacher if newest is not None else None)
        state, due = self._state_of_check(action, since)
        late = due is not None and self.on > due and state not in ("paused", "to_hand_over")
        place = urgency(state, "should", False, due is not None and self.on >= due, due, BELOW_EVERY_TIER)
        task = Task(
            **_PLAIN | who._asdict() | {"overdue": late},
            name=f"{action}@{date.fromordinal(since).isoformat()}",
            action=action,
            step="",
            tier="",
            organisation=self._organisation(who.role, self.rules),
            duty="should",
            about=str(kind.about or "absence") if kind is not None else "absence",
            state=state,
            due=date.fromordinal(due) if due is not None else None,
            source="",
            certainty="",
            openings=(),
            urgency=place,
        )
        return (*place, (NEVER, n)), task

    def _state_of_check(self, action: str, since: int) -> tuple[str, int | None]:
        """(state, due day): without a day, but for one that a person planned."""
        taken = self.path.facts.taken.get(action, ())
        said = [d.event for d in taken if since <= d.moment // DAY and d.moment <= self.known < d.gone]
        status, until = (said[-1].status, said[-1].until) if said else (None, None)
        due = until.toordinal() if status == "planned" and until is not None else None
        if self.path.has_left:
            return "to_hand_over", due
        if self.asked.is_paused(self.on):
            return "paused", due
        return "snoozed" if status == "snoozed" and until is not None and self.on < until.toordinal() else "ready", due


# what a task that no ruleset writes has none of
_PLAIN: dict[str, Any] = {
    "due_unknown": False, "overdue": False, "is_statutory": False, "hand_over": False, "to": (), "takes_part": (), "left_out": (),
    "blocked_by": (), "not_needed_if": (),
}  # fmt: skip
