"""What comes next: the tasks of the open steps, with state and due day, one for each action, in their order.

Rules: a *line* is one action asked by one opening, and all lines of one action are one task; whoever asks now, asks; what is
done is shown, what is not known is asked; the order is that of the law, then what is overdue, duty, due day, tier, the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sky_model.events import DAY, ActionTaken, end_of
from sky_model.facts import FALSE, TRUE, UNKNOWN, Facts, Pair
from sky_model.path import Opening, Path
from sky_model.rules import DUTIES, WHO_RECORDED, Act, ByGrade, Notice, Ruleset, Unsaid, tests_in
from sky_model.schooldays import NEVER, Calendar, Span, Window

__all__ = ["OVER", "STATES", "Message", "Task", "messages", "propose"]

STATES = (
    "done", "withdrawn", "not_needed", "refused", "no_consent", "to_hand_over", "undecided", "paused", "waiting", "blocked",
    "snoozed", "ready",
)  # fmt: skip
OVER = STATES[:5]  # nothing is asked any more
PARTIES = ("pupil", "guardian")


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

    @property
    def is_next(self) -> bool:
        """Ready; or its consent or question stands in its place."""
        return self.state in ("ready", "undecided", "blocked")


@dataclass(frozen=True, slots=True)
class Message:
    """What a system may send by number, apart from the procedure. `totals`: lessons by kind in the window of its counter.

    state     owed | sent | held (it rests on contested marks alone)
    marks     the marks that it speaks of, as known today, that no earlier one told
    since     the first day of its window on which it was owed
    to_correct  it was sent, and by what is known today it was never owed: a correction is proposed
    """

    message: str
    to: tuple[str, ...]
    about: str
    state: str
    since: date
    act: str | None
    to_correct: bool
    totals: tuple[tuple[str, Any], ...]
    limit: Any
    text: str | None
    marks: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class _Line:
    """One action asked by one opening, and what is found out about it."""

    opening: Opening
    act: Act
    facts: Facts
    when: Pair
    unless: Pair
    done: int | None  # the day on which it was done
    answer: ActionTaken | None  # the newest answer that is not `done`
    missing: tuple[str, ...]  # consents without which nothing goes on
    left_out: tuple[str, ...]
    turn: tuple[int, int, int, int] | None = None  # of what comes again: (number, first day, last day, missed)
    due: tuple[int | None, bool, tuple[int, ...]] | None = None  # (due day, is it beyond the calendar, day 0 and days counted)
    state: str = ""

    @property
    def is_over(self) -> bool:
        return self.done is not None or (self.answer is not None and self.answer.status in OVER)

    @property
    def day_over(self) -> int:
        return self.done if self.done is not None else self.answer.on.toordinal() if self.answer else 0


def propose(path: Path, rules: Ruleset, calendar: Calendar, grade: int | None, on: int, known: int) -> tuple[Task, ...]:
    """The tasks of all open steps on a day, in their order.

    rules, calendar, grade  those of the day
    """
    return _Proposals(path, rules, calendar, grade, on, known).tasks()


class _Proposals:
    def __init__(self, path: Path, rules: Ruleset, calendar: Calendar, grade: int | None, on: int, known: int) -> None:
        self.path, self.rules, self.calendar, self.grade, self.on, self.known = path, rules, calendar, grade, on, known
        self.case = path.facts.case
        self.lines = [x for o in self._asking() for x in self._lines(o)]
        self.by_action: dict[str, list[_Line]] = {}
        for x in self.lines:
            self.by_action.setdefault(x.act.id, []).append(x)

    # ------------------------------------------------------------------ who asks for what
    def _asking(self) -> list[Opening]:
        """Open steps, first opened first, without those that an open one replaces. A withdrawn one replaces nothing."""
        opened = [o for o in self.path.openings if o.ended is None]
        replaced = {low for o in opened if not o.is_withdrawn for low, how in o.step.above.items() if how == "replaces"}
        highest: dict[str, int] = {}
        for o in opened:
            if not o.is_withdrawn:
                highest[o.step.base] = max(highest.get(o.step.base, 0), o.step.level)
        asking = [
            o
            for o in opened
            if not {o.step.base, *o.step.was} & replaced and (o.is_withdrawn or o.step.level == highest[o.step.base])
        ]
        return sorted(asking, key=lambda o: (o.moment, o.step.order))

    def _acts(self, o: Opening, rules: Ruleset) -> dict[str, Act]:
        """Its own actions, and those of the steps that it includes, for the pupil's grade, and theirs in turn."""
        steps = [o.step]
        for s in steps:  # grows while it is read
            for low, how in s.above.items():
                below = rules.step_by_id.get(low)
                if how == "includes" and below is not None and below not in steps and self._is_for(below.grades):
                    steps.append(below)
        acts: dict[str, Act] = {}
        for s in steps:
            for act in s.actions:
                acts.setdefault(act.id, act)
        return acts

    def _is_for(self, grades: tuple[int, int] | None) -> bool:
        """Is it for the pupil's grade? Not given: what holds for all grades only."""
        return grades is None or (self.grade is not None and grades[0] <= self.grade <= grades[1])

    def _lines(self, o: Opening) -> list[_Line]:
        facts = self.path.versions[o.version].facts
        out = []
        for act in self._acts(o, facts.rules).values():
            if not self._is_for(act.grades):
                continue
            done = self.path.day_done(o, act, self.known)
            when = self._holds(o, act.when, self.on) if act.when else TRUE
            unless = self._holds(o, act.unless, self.on) if act.unless else FALSE
            by_itself = act.by_system and act.id in self.case.does
            if done is None and (when == FALSE or unless == TRUE or by_itself):
                continue
            missing, left_out = self._consents(facts, act)
            answer = self.path.answer(o, act, self.known)
            line = _Line(o, act, facts, when, unless, done, answer, missing, left_out)
            if act.repeat is not None:
                self._find_turn(line)
            out.append(line)
        return out

    def _find_turn(self, x: _Line) -> None:
        """The turn that runs today, and how many passed without it. Turns lie one after another from day 0."""
        start, ends = self._since(x), list[int]()
        repeat = x.act.repeat
        if isinstance(repeat, Span):
            while not ends or ends[-1] < self.on:
                end = self.calendar.after(start, Span(repeat.clock, repeat.number * (len(ends) + 1)))
                end = None if end is None else self.calendar.next_school_day(end)
                if end is None or (ends and end <= ends[-1]):
                    break
                ends.append(end)
        elif repeat is not None:
            days = [d for d in self.calendar.scheduled(repeat) if d > start]
            school_days = [d for x in days if (d := self.calendar.next_school_day(x)) is not None]
            ends = [d for i, d in enumerate(school_days) if d < self.on or not i or school_days[i - 1] < self.on]
        done = self.path.days_done(x.opening, x.act, self.known)
        bounds = list(zip([start - 1, *ends], ends, strict=False))
        missed = sum(1 for a, b in bounds if b < self.on and not any(a < d <= b for d in done))
        running = next(((i + 1, a + 1, b) for i, (a, b) in enumerate(bounds) if a < self.on <= b), None)
        number, first, last = running or (len(bounds) + 1, (ends[-1] + 1) if ends else start, NEVER)
        x.turn = number, first, last, missed
        x.done = next((d for d in sorted(done) if first <= d <= last), None)
        if x.answer is not None and not first <= x.answer.on.toordinal() <= last:
            x.answer = None

    def _holds(self, o: Opening, condition: Any, day: int) -> Pair:
        """As known on the day, after its check: what was opened or ended in it is seen."""
        v = self.path.versions[o.version]
        return self.path.holds(v, condition, day, min(end_of(day), self.known), end_of(day) + 1)[0]

    # ------------------------------------------------------------------ consents
    def _consents(self, facts: Facts, act: Act) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """(those that are missing, who is left out). One needed for somebody who may be missing leaves that one out."""
        missing, left_out = [], []
        for name in act.consents:
            if self._is_given(facts, name, self.known):
                continue
            dispensable = self._dispensable(facts, act, name)
            if dispensable:
                left_out += sorted(dispensable)
            else:
                missing.append(name)
        return tuple(missing), tuple(left_out)

    def _dispensable(self, facts: Facts, act: Act, consent: str) -> set[str]:
        """Those for whom alone a consent is needed, where the action goes on without them."""
        needed_for = facts.rules.consents[consent].needed_for
        everyone = {*act.required, *act.optional, *act.to}
        those = {*(needed_for.with_ or ()), *(needed_for.to or ())} & everyone
        return those if those and not those & {*act.required} and everyone - those else set()

    def _is_given(self, facts: Facts, consent: str, moment: int) -> bool:
        said = [d for d in facts.consents.get(consent, ()) if d.moment <= moment < d.gone]
        return said[-1].event.value == "given" if said else facts.rules.consents[consent].presumed

    # ------------------------------------------------------------------ day 0
    def _since(self, x: _Line) -> int:
        """Due from; the day `when` became true; the day a missing consent came."""
        start, first = x.opening.due_from, x.opening.day
        if x.act.when is not None:
            before = self._holds(x.opening, x.act.when, first)
            for day in range(first + 1, self.on + 1):
                now = self._holds(x.opening, x.act.when, day)
                if now == TRUE != before:
                    start = max(start, day)
                before = now
        for name in x.act.consents:
            if self._dispensable(x.facts, x.act, name):
                continue
            said = x.facts.consents.get(name, ())
            for day in {m // DAY for d in said for m in (d.moment, d.gone)}:
                if first < day <= self.on:
                    had, has = (self._is_given(x.facts, name, min(end_of(d), self.known)) for d in (day - 1, day))
                    start = max(start, day) if has and not had else start
        return start

    def _others(self, x: _Line, action: str) -> list[_Line]:
        """Who asks for another action: this opening if it does, else every other one that is not withdrawn."""
        asked = [y for y in self.by_action.get(action, ()) if not y.opening.is_withdrawn]
        return [y for y in asked if y.opening is x.opening] or asked

    def _waits(self, x: _Line) -> bool:
        return any(not y.is_over for name in x.act.after for y in self._others(x, name))

    def _start(self, x: _Line) -> int | None:
        """Day 0. None: it runs from a report that nobody raised."""
        start, due = self._since(x), x.act.due
        for name in (*x.act.after, *((due.after,) if due is not None and due.after else ())):
            others = self._others(x, name)
            still = [d for y in others if not y.is_over and (d := self._due(y)[0]) is not None]
            if still:
                start = max(start, min(still))
            elif all(y.is_over for y in others):
                start = max([start, *(y.day_over for y in others)])
        if due is None or due.from_report is None:
            return start
        moments = {id(d.event): d.moment for d in x.facts.reports.get(due.from_report, ())}
        raised = [(e.on.toordinal(), moments[id(e)]) for e in x.facts.raised(due.from_report, self.on, self.known)]
        if not raised:
            return None
        day, moment = max(raised)
        return day if x.act.is_statutory else max(start, moment // DAY)

    # ------------------------------------------------------------------ due days
    def _due(self, x: _Line) -> tuple[int | None, bool, tuple[int, ...]]:
        """(due day, is it beyond the calendar, day 0 and the school days counted)."""
        if x.due is None:
            x.due = self._due_day(x)
        return x.due

    def _due_day(self, x: _Line) -> tuple[int | None, bool, tuple[int, ...]]:
        said, due, counted = x.act.due, None, tuple[int, ...]()
        if x.turn is not None:
            return (x.turn[2], False, ()) if x.turn[2] < NEVER else (None, True, ())
        start = self._start(x) if said is not None else None
        is_beyond = False
        if said is not None and said.on_answer is not None:
            agreed = x.facts.answered_day(said.on_answer, self.on, self.known)
            if agreed is not None:
                due = self.calendar.next_school_day(agreed)
                return self._planned(x, due, due is None, ())
            if said.span is None:
                return self._planned(x, None, False, ())
        if said is not None and start is not None:
            skipped = None if x.act.is_statutory or not x.facts.pauses else self._is_paused
            due = start if said.span is None else self.calendar.after(start, said.span, skipped)
            due = None if due is None else self.calendar.next_school_day(due, skipped)
            is_beyond = due is None
            if due is not None and said.span is not None and said.span.clock == "school_days" and said.span.number:
                days = range(start + 1, due + 1)
                counted = (start, *(d for d in days if self.calendar.is_school_day(d) and not (skipped and skipped(d))))
        return self._planned(x, due, is_beyond, counted)

    def _planned(
        self, x: _Line, due: int | None, is_beyond: bool, counted: tuple[int, ...]
    ) -> tuple[int | None, bool, tuple[int, ...]]:
        """The day that a person planned; the day by which all is expected; of a statutory one only if earlier."""
        if x.answer is not None and x.answer.status == "planned" and x.answer.until is not None:
            planned = x.answer.until.toordinal()
            if not x.act.is_statutory or due is None or planned < due:
                due, is_beyond, counted = planned, False, ()
        if x.act.duty == "must":
            expected = self.expected(x.opening)
            if expected is not None and (due is None or expected < due):
                return expected, False, ()
        return due, is_beyond, counted

    def expected(self, o: Opening) -> int | None:
        """The first day since the opening on which `expected_by` was true, as known that day."""
        if o.step.expected_by is None:
            return None
        return next((d for d in range(o.day, self.on + 1) if self._holds(o, o.step.expected_by, d) == TRUE), None)

    def _is_paused(self, day: int) -> bool:
        return any(
            d.event.on.toordinal() <= day <= d.event.until.toordinal() and d.moment <= self.known < d.gone
            for d in self.path.facts.pauses
        )

    # ------------------------------------------------------------------ state
    def _state(self, x: _Line) -> str:
        """The first that fits."""
        said = x.answer.status if x.answer is not None else None
        if x.done is not None:
            return "done"
        if x.opening.is_withdrawn:
            return "withdrawn"
        if said in ("not_needed", "refused"):
            return str(said)
        if x.when == UNKNOWN:
            return "undecided"
        if not x.act.is_statutory and self._is_paused(self.on):
            return "paused"
        if self._waits(x):
            return "waiting"
        if x.missing:
            return "blocked"
        if x.answer is not None and said == "snoozed" and x.answer.until is not None:
            back = x.answer.until.toordinal()
            if x.act.duty == "must":
                back = min(back, self._due(x)[0] or back)
            if self.on < back:
                return "snoozed"
        return "ready"

    # ------------------------------------------------------------------ one action is one task
    def tasks(self) -> tuple[Task, ...]:
        found = [self._task(lines) for lines in self.by_action.values()]
        return tuple(t for _, t in sorted(found, key=lambda p: p[0]))

    def _task(self, lines: list[_Line]) -> tuple[tuple[Any, ...], Task]:
        """(place in the order, the task) of the lines of one action, in the order in which their steps opened."""
        for x in lines:
            x.state = self._state(x)
        still = [x for x in lines if x.state not in OVER]
        asking = [x for x in still if x.state != "undecided"] or still or lines
        ranks = [STATES.index(x.state) for x in asking]
        state = STATES[max(ranks) if still else min(ranks)]  # whoever asks now, asks
        speaker = max(asking, key=lambda x: (x.state == state, x.act.is_statutory, -lines.index(x)))
        dues = [(d, i) for i, x in enumerate(asking) if (d := self._due(x)[0]) is not None]
        first = asking[min(dues)[1]] if dues else None
        due, counted = (self._due(first)[0], self._due(first)[2]) if first is not None else (None, ())
        overdue = due is not None and self.on > due and state not in (*OVER, "paused")
        act, duty = speaker.act, min((x.act.duty for x in asking), key=DUTIES.index)
        is_statutory = any(x.act.is_statutory for x in asking)
        top = max(asking, key=lambda x: x.opening.step.tier).opening.step
        place = (
            not is_statutory,
            not overdue,
            DUTIES.index(duty),
            NEVER if due is None else due,
            -top.tier,
            min((x.facts.rules.step_by_id[x.act.step].order, x.act.order) for x in asking),
        )
        names = act.who if isinstance(act.who, tuple) else (act.who,)
        roles = self._roles(names, speaker)
        role, group = speaker.facts.rules.roles.get(roles[0]), speaker.facts.rules.groups.get(roles[0])
        left_out = tuple(dict.fromkeys(n for x in asking for n in x.left_out))
        suffix = f"#{speaker.turn[0]}" if speaker.turn is not None else ""
        task = Task(
            name=f"{lines[0].opening.name}/{act.id}{suffix}",
            action=act.id,
            step=speaker.opening.step.base,
            tier=top.said.tier,
            role=roles[0],
            roles=roles,
            organisation=role.organisation if role else group.organisation if group else None,
            person=next((self.case.named[r] for r in (*roles, *names) if r in self.case.named), None),
            duty=duty,
            about=act.about,
            state=state,
            due=date.fromordinal(due) if due is not None else None,
            due_unknown=due is None and bool(still) and any(self._due(x)[1] for x in asking),
            overdue=overdue,
            is_statutory=is_statutory,
            source=act.source,
            certainty=act.certainty,
            hand_over=act.hand_over,
            to=act.to,
            takes_part=tuple(n for n in (*act.required, *act.optional) if n not in left_out),
            left_out=left_out,
            blocked_by=tuple(sorted({c for x in asking for c in x.missing})) if state == "blocked" else (),
            not_needed_if=self._not_needed_if(speaker),
            openings=tuple(dict.fromkeys(x.opening.name for x in lines)),
            at_least=act.at_least,
            record=act.record,
            tell=act.tell,
            turn=speaker.turn[0] if speaker.turn is not None else None,
            missed=speaker.turn[3] if speaker.turn is not None else 0,
            rests_on=speaker.facts.rules.readings_of(("steps", speaker.opening.step.base, "actions", act.id)),
            counted_from=date.fromordinal(counted[0]) if counted else None,
            counted=tuple(date.fromordinal(d) for d in counted[1:]),
        )
        return place, task

    def _not_needed_if(self, x: _Line) -> tuple[str, ...]:
        if x.unless != UNKNOWN or x.state in OVER:
            return ()
        return tuple(dict.fromkeys(t.fact for t in tests_in(x.act.unless)))

    def _roles(self, names: tuple[str, ...], x: _Line) -> tuple[str, ...]:
        """The role of today's grade: `class-lead` of grade 8 is the homeroom teacher.

        `who_recorded` is the member of staff who raised the report; of a pupil's or guardian's report any member of staff.
        """
        if names == (WHO_RECORDED,):
            by = {
                e.by
                for t in x.opening.step.tests
                if t.what == "report"
                for e in x.facts.raised(t.fact, self.on, self.known)
                if e.by is not None and e.by not in PARTIES and e.by in self.rules.roles
            }
            names = tuple(sorted(by)) or ("any-staff",)
        return tuple(dict.fromkeys(self.rules.role_for(r, self.grade) for r in names))


# ---------------------------------------------------------------------- messages
def messages(path: Path, rules: Ruleset, calendar: Calendar, grade: int | None, on: int, known: int) -> tuple[Message, ...]:
    """The messages that are owed on a day, or were sent in the window that runs.

    A message is owed from the first day of its window on which `when` is true, as known that day, once, until it is sent or
    the window ends.
    """
    v = next((v for v in path.versions if v.facts.rules is rules), None)
    if v is None:
        return ()
    found = []
    for notice in rules.notices:
        if notice.grades is not None and (grade is None or not notice.grades[0] <= grade <= notice.grades[1]):
            continue
        message = _message(path, v.facts, notice, calendar, on, known, v)
        if message is not None:
            found.append(message)
    return tuple(found)


def _message(path: Path, f: Facts, notice: Notice, calendar: Calendar, on: int, known: int, v: Any) -> Message | None:
    begins = calendar.window(Window(notice.once_in), f.begins(known)).begins(on)
    first = max(begins, v.first, f.begins(known))

    def holds(day: int, moment: int) -> Pair:
        return path.holds(v, notice.when, day, moment, end_of(day) + 1)[0]

    since = next((d for d in range(first, on + 1) if holds(d, min(end_of(d), known)) == TRUE), None)
    names = (notice.id, *((notice.act,) if notice.act else ()))
    sent = [d for n in names for d in f.days_done(n, known) if since is not None and d >= since]
    if since is None:  # never owed: what was done was done for another reason
        return None
    is_gone = all(holds(d, known) == FALSE for d in range(first, on + 1))
    if not sent and is_gone:
        return None
    count, limit = _about(f, notice, calendar)
    return Message(
        message=notice.id,
        to=notice.to,
        about=notice.about,
        state="sent" if sent else "owed",
        since=date.fromordinal(since),
        act=notice.act,
        to_correct=bool(sent) and is_gone,
        totals=_totals(f, count, on, known) if count is not None else (),
        limit=limit,
        text=notice.said.text,
    )


def _about(f: Facts, notice: Notice, calendar: Calendar) -> tuple[Any, Any]:
    """The first counter that the message asks about, and its limit in the counter's own unit."""
    for t in tests_in(notice.when):
        if t.what == "counter":
            count, (_, limit) = f.rules.counters[t.fact], t.asks[0]
            if isinstance(limit, ByGrade | Unsaid):
                return count, None
            return count, limit / count.unit if limit % count.unit else limit // count.unit
    return None, None


def _totals(f: Facts, count: Any, on: int, known: int) -> tuple[tuple[str, Any], ...]:
    """What is certain of the counter in its window, in all and by kind, in the counter's unit."""
    first = f.counted_from(count, on, known)
    if first is None or not count.is_sum or count.is_share:
        return ()
    by_kind: dict[str, int] = {}
    for d in f.days_between(first, on, known):
        for e in f.entries(d, known):
            if e.kind is not None and e.kind in count.kinds and e.low:
                by_kind[e.kind] = by_kind.get(e.kind, 0) + (100 if count.measure == "marks" else e.low)
    pairs = [("total", sum(by_kind.values())), *sorted(by_kind.items())]
    return tuple((k, n / count.unit if n % count.unit else n // count.unit) for k, n in pairs)
