"""What comes next (language.md, section 5) as a slow and obvious program: what the tasks of a decision are compared with.

Rules: it reads the openings of the slow decider, the compiled lines of the ruleset and the events, and nothing of the real
decision; the clocks are walked day by day. A *line* is one action asked by one opening; lines of one action are one task.
What the text leaves open is marked OPEN here and is not generated, or both readings give the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from slow_decider import Opening, _Path
from slow_facts import FALSE, TRUE, UNKNOWN, Asked, Known, Truth, every

from sky_model.events import DAY, ActionTaken, Consent, Pause, end_of
from sky_model.records import Case
from sky_model.rules import Act, Model, Notice
from sky_model.schooldays import Calendar, Span, monday

__all__ = ["OVER", "STATES", "SlowMessage", "SlowTask", "propose_slowly", "send_slowly"]

# the first that fits
STATES = ("done", "withdrawn", "not_needed", "refused", "undecided", "paused", "waiting", "blocked", "snoozed", "ready")
OVER = STATES[:4]
DUTIES = ("must", "should", "consider", "may")
NEVER = 10**9


@dataclass(frozen=True)
class Line:
    """One action asked by one opening."""

    opening: Opening
    act: Act

    @property
    def key(self) -> tuple[str, str]:
        return self.opening.name, self.act.id


@dataclass(frozen=True)
class SlowTask:
    name: str
    action: str
    state: str
    due: int | None
    overdue: bool
    duty: str
    blocked_by: tuple[str, ...]
    place: tuple[Any, ...]  # in the order: the last part is the place in the file

    @property
    def is_next(self) -> bool:
        """Ready; or a consent or a question stands in its place."""
        return self.state in ("ready", "undecided", "blocked")


@dataclass(frozen=True)
class SlowMessage:
    """`is_wrong`: with today's knowledge nothing asks for it; if it was sent, a correction is proposed."""

    message: str
    state: str  # owed | sent
    since: int
    is_wrong: bool


def send_slowly(model: Model, case: Case, on: date, calendars: Calendar | Mapping[str, Calendar]) -> list[SlowMessage]:
    """The messages owed or sent in the running window, at the end of a day."""
    return _Proposals(_Path(model, case, on.toordinal(), calendars)).messages()


def propose_slowly(model: Model, case: Case, on: date, calendars: Calendar | Mapping[str, Calendar]) -> list[SlowTask]:
    """The tasks of a case at the end of a day, in their order."""
    return _Proposals(_Path(model, case, on.toordinal(), calendars)).tasks()


class _Proposals:
    def __init__(self, path: _Path) -> None:
        self.path, self.on = path, path.on
        self.told = path.told()
        self.known = path.known(end_of(self.on))
        self.calendar = path.calendar(self.on, self.known)
        self.lines = [x for o in self.asking() for x in self.lines_of(o)]

    # -------------------------------------------------------------- which openings ask, and for what
    def is_withdrawn(self, o: Opening) -> bool:
        return o.name in self.told.withdrawn

    def asking(self) -> list[Opening]:
        """Open steps, first opened first, without those that an open one replaces. A withdrawn one replaces nothing."""
        opened = [o for o in self.path.openings if o.end is None]
        replaced = {low for o in opened if not self.is_withdrawn(o) for low, how in o.step.above.items() if how == "replaces"}
        highest: dict[str, int] = {}  # of several open levels the highest asks
        for o in opened:
            if not self.is_withdrawn(o):
                highest[o.step.base] = max(highest.get(o.step.base, 0), o.step.level)
        return sorted(
            (o for o in opened if o.step.base not in replaced and o.step.level == highest.get(o.step.base, o.step.level)),
            key=lambda o: (o.moment, o.step.order),
        )

    def lines_of(self, o: Opening) -> list[Line]:
        """Its own actions, and of each step that it includes, for the pupil's grade, and theirs in turn."""
        steps, out = [o.step], []
        for s in steps:  # grows while it is read
            for low, how in s.above.items():
                below = o.rules.step_by_id.get(low)
                if how != "includes" or below is None or below in steps:
                    continue
                grade = self.known.grade(self.on)  # OPEN: narrower grades and no grade given
                if below.grades is None or (grade is not None and below.grades[0] <= grade <= below.grades[1]):
                    steps.append(below)
        seen: set[str] = set()
        grade = self.known.grade(self.on)  # OPEN: narrower grades of an action and no grade given
        for act in [a for s in steps for a in s.actions if self.path.fits(a.grades, grade) == TRUE]:
            line = Line(o, act)  # OPEN: one action written twice under one opening; its own line is taken
            if act.id not in seen and (self.is_asked(o, act) or self.day_done(line) is not None):  # what was done is shown
                out.append(line)
            seen.add(act.id)
        return out

    def is_asked(self, o: Opening, act: Act) -> bool:
        """`when` is true and `unless` is not. When `when` is unknown its question is asked."""
        if act.by_system and act.id in self.path.case.does:
            return False
        unless = FALSE if act.unless is None else self.holds(o, act.unless, self.on)
        return self.when(o, act, self.on) != FALSE and unless != TRUE

    def holds(self, o: Opening, condition: object, day: int) -> Truth:
        """As known on the day, after its check: what was opened or ended in it is seen."""
        known = self.path.known(end_of(day))
        return self.path.holds(Asked(o.rules, day, end_of(day) + 1, known), condition)[0]

    def when(self, o: Opening, act: Act, day: int) -> Truth:
        return TRUE if act.when is None else self.holds(o, act.when, day)

    # -------------------------------------------------------------- what people answered
    def answer(self, x: Line) -> ActionTaken | None:
        """The newest answer to this opening's task that is not `done`. "Not needed" is no answer to a statutory must."""
        found: ActionTaken | None = None
        first = x.opening.day if x.act.repeat is None else self.turns(x)[-1][0]  # what was said of another turn is no answer
        for _, e in self.known.all(ActionTaken):
            if e.action != x.act.id or e.status in ("done", "data_wrong") or e.recorded.toordinal() < first:
                continue
            if e.status == "not_needed" and x.act.is_statutory and x.act.duty == "must":
                continue
            found = e
        return found

    def day_done(self, x: Line) -> int | None:
        """The day on which it was done, where that counts for this opening; of a repeated action in the running turn."""
        if x.act.repeat is not None:
            first, last = self.turns(x)[-1]
            return min((d for d in self.known.done(x.act.id) if first <= d <= min(last, self.on)), default=None)
        earliest = self.path.counts_from(x.opening, self.on, self.known)
        days = [e.on.toordinal() for _, e in self.known.all(ActionTaken) if e.action == x.act.id and e.status == "done"]
        return min((d for d in days if earliest <= d <= self.on), default=None)

    # -------------------------------------------------------------- consents
    def is_given(self, x: Line, name: str, known: Known) -> bool:
        newest = [e.value for _, e in known.all(Consent) if e.consent == name][-1:]
        return newest == ["given"] if newest else x.opening.rules.consents[name].presumed

    def needed(self, x: Line) -> list[str]:
        """Consents without which nothing goes on. One needed only for somebody who may be missing leaves that one out."""
        out = []
        for name in x.act.consents:
            who = set(x.opening.rules.consents[name].needed_for.with_ or [])
            if not (who and not who & {*x.act.required} and {*x.act.required, *x.act.optional} - who):
                out.append(name)
        return out

    def missing(self, x: Line) -> tuple[str, ...]:
        return tuple(c for c in self.needed(x) if not self.is_given(x, c, self.known))

    # -------------------------------------------------------------- day 0
    def since(self, x: Line) -> int:
        """Due from; the day `when` became true; the day a missing consent came."""
        first = start = self.told.due_from.get(x.opening.name, x.opening.day)  # of what is withdrawn nothing is due
        for day in range(x.opening.day + 1, self.on + 1):
            before, now = self.when(x.opening, x.act, day - 1), self.when(x.opening, x.act, day)
            if before != TRUE and now == TRUE:
                start = max(start, day)
            for consent in self.needed(x):
                had, has = (self.is_given(x, consent, self.path.known(end_of(d))) for d in (day - 1, day))
                if has and not had:
                    start = max(start, day)
        return max(first, start)

    def others(self, x: Line, name: str) -> list[Line]:
        """Who asks for another action: this opening if it does, else every other one that is not withdrawn."""
        asked = [y for y in self.lines if y.act.id == name and not self.is_withdrawn(y.opening)]
        return [y for y in asked if y.opening is x.opening] or asked

    def is_over(self, x: Line) -> bool:
        answer = self.answer(x)
        return self.day_done(x) is not None or (answer is not None and answer.status in OVER)

    def waits_for(self, x: Line) -> list[str]:
        """Which of `after` are asked and neither done, not needed nor refused."""
        return [name for name in x.act.after if not all(self.is_over(y) for y in self.others(x, name))]

    def start(self, x: Line) -> int | None:
        """Day 0. None: it runs from a report that nobody raised."""
        start, due = self.since(x), x.act.due
        for name in [*x.act.after, *([due.after] if due is not None and due.after else [])]:
            others = self.others(x, name)
            still = [y for y in others if not self.is_over(y)]
            if still:  # from the other's due day; OPEN: the other has none
                start = max([start, *sorted(d for y in still if (d := self.due(y)) is not None)[:1]])
            else:
                start = max([start, *(self.day_over(y) for y in others)])
        if due is None or due.from_report is None:
            return start
        raised = [(r.on.toordinal(), m) for m, r in self.known.raised(due.from_report, self.on)]
        if not raised:
            return None
        day, moment = max(raised)
        return day if x.act.is_statutory else max(start, moment // DAY)

    def day_over(self, y: Line) -> int:
        """The day on which it was done; OPEN: of what is not needed or refused the day on which that was said."""
        answer = self.answer(y)
        return self.day_done(y) or (answer.on.toordinal() if answer is not None else 0)

    # -------------------------------------------------------------- clocks
    def is_paused(self, x: Line, day: int) -> bool:
        """A pause does not touch what is statutory."""
        pauses = [e for _, e in self.known.all(Pause)]
        return not x.act.is_statutory and any(p.on.toordinal() <= day <= p.until.toordinal() for p in pauses)

    def next_school_day(self, x: Line, day: int) -> int | None:
        return next(
            (d for d in range(day, self.calendar.until + 1) if self.calendar.is_school_day(d) and not self.is_paused(x, d)),
            None,
        )

    def counts(self, clock: str, day: int) -> bool:
        """Is it a day of the clock? Weekdays are Monday to Friday without public holidays."""
        if clock == "school_days":
            return self.calendar.is_school_day(day)
        holidays = {d for y in self.calendar.years for d in y.public_holidays}
        return clock == "calendar_days" or (date.fromordinal(day).weekday() < 5 and day not in holidays)

    def walk(self, x: Line, start: int, span: Span) -> int | None:
        """The n-th day of the clock after day 0; days of a pause do not count."""
        left, day = span.number, start
        while left and day <= self.calendar.until:
            day += 1
            left -= self.counts(span.clock, day) and not self.is_paused(x, day)
        return day if day <= self.calendar.until else None

    def weeks(self, x: Line, start: int, number: int) -> int | None:
        """The same weekday of the n-th school week after; then as many school days later as a pause took."""
        mondays = sorted({monday(d) for d in self.calendar.school_days if monday(d) > start})
        if number > len(mondays):
            return None
        day: int | None = mondays[number - 1] + date.fromordinal(start).weekday()
        assert day is not None
        took = sum(self.calendar.is_school_day(d) and self.is_paused(x, d) for d in range(start + 1, day + 1))
        return self.walk(x, day, Span("school_days", took))

    def span_after(self, x: Line, start: int, span: Span) -> int | None:
        return self.weeks(x, start, span.number) if span.clock == "school_weeks" else self.walk(x, start, span)

    def turns(self, x: Line) -> list[tuple[int, int]]:
        """The first and the last day of each turn of a repeated action, up to the one that runs today."""
        first = self.start(x)
        out: list[tuple[int, int]] = []
        assert first is not None
        end: int | None = first
        while not out or out[-1][1] < self.on:
            assert end is not None
            assert x.act.repeat is not None
            if isinstance(x.act.repeat, Span):
                end = self.span_after(x, end, x.act.repeat)
            else:
                before = end
                end = next((d for d in self.path.scheduled(self.calendar, x.act.repeat) if d > before), None)
            last = None if end is None else self.next_school_day(x, end)
            out.append((out[-1][1] + 1 if out else first, NEVER if last is None else last))
        return out

    def missed(self, x: Line) -> int:
        """Turns that passed without it."""
        if x.act.repeat is None:
            return 0
        done = self.known.done(x.act.id)
        return sum(not any(first <= d <= last for d in done) for first, last in self.turns(x)[:-1])

    def expected(self, x: Line) -> int | None:
        """`expected_by`: the first day, not before the opening, on which it was true as known that day."""
        condition = x.opening.step.expected_by
        if condition is None or x.act.duty != "must" or x.act.repeat is not None:  # OPEN: of a turn that began later
            return None
        days = range(x.opening.day, self.on + 1)
        return next((d for d in days if self.holds(x.opening, condition, d) == TRUE), None)

    def own_due(self, x: Line) -> int | None:
        due, said, start = None, x.act.due, self.start(x)
        if x.act.repeat is not None:
            last = self.turns(x)[-1][1]
            return None if last == NEVER else self.next_school_day(x, last)
        if said is not None and said.on_answer is not None:
            found = self.path.answer(x.opening.rules, said.on_answer, self.on, self.known)
            if found is not None:
                return self.next_school_day(x, date.fromisoformat(found[1].values[0]).toordinal())
            if said.span is None:
                return None
        if said is not None and start is not None:
            due = start if said.span is None else self.span_after(x, start, said.span)
            due = None if due is None else self.next_school_day(x, due)
        return due

    def due(self, x: Line) -> int | None:
        """None: no day is set, or it is not known."""
        due, expected = self.own_due(x), self.expected(x)
        if expected is not None:
            expected = self.next_school_day(x, expected)
            due = expected if due is None or (expected is not None and expected < due) else due
        answer = self.answer(x)
        if answer is not None and answer.status == "planned" and answer.until is not None:
            planned = answer.until.toordinal()
            if not x.act.is_statutory or due is None or planned < due:  # OPEN: a statutory one without a due day
                return planned
        return due

    # -------------------------------------------------------------- state
    def state(self, x: Line) -> str:
        answer = self.answer(x)
        said = answer.status if answer is not None else None
        if self.day_done(x) is not None:
            return "done"
        if self.is_withdrawn(x.opening):
            return "withdrawn"
        if said in ("not_needed", "refused"):
            return str(said)
        if self.when(x.opening, x.act, self.on) == UNKNOWN:
            return "undecided"
        if self.is_paused(x, self.on):
            return "paused"
        if self.waits_for(x):
            return "waiting"
        if self.missing(x):
            return "blocked"
        if answer is not None and answer.status == "snoozed" and answer.until is not None:
            back = answer.until.toordinal()
            if x.act.duty == "must":
                back = min(back, self.due(x) or back)
            if self.on < back:
                return "snoozed"
        return "ready"

    # -------------------------------------------------------------- one action is one task
    def tasks(self) -> list[SlowTask]:
        names: list[str] = []
        for x in self.lines:
            if x.act.id not in names:
                names.append(x.act.id)
        found = [self.task([x for x in self.lines if x.act.id == name]) for name in names]
        return sorted(found, key=lambda t: t.place)

    def task(self, lines: list[Line]) -> SlowTask:
        """Of the lines of one action, in the order in which their steps opened."""
        states = {x.key: self.state(x) for x in lines}
        still = [x for x in lines if states[x.key] not in OVER]
        decided = [x for x in still if states[x.key] != "undecided"]
        asking = decided or still or lines
        rank = [STATES.index(states[x.key]) for x in asking]
        state = STATES[max(rank) if still else min(rank)]  # whoever asks now, asks
        dues = [d for x in asking if still and (d := self.due(x)) is not None]
        due = min(dues, default=None)
        overdue = due is not None and self.on > due and state != "paused"
        duty = min((x.act.duty for x in asking), key=DUTIES.index)
        blocked = tuple(sorted({c for x in asking for c in self.missing(x)})) if state == "blocked" else ()
        place = (
            not any(x.act.is_statutory for x in asking),
            not overdue,
            DUTIES.index(duty),
            NEVER if due is None else due,
            -max(x.opening.step.tier for x in asking),
            min((x.opening.rules.step_by_id[x.act.step].order, x.act.order) for x in asking),
        )
        name = f"{lines[0].opening.name}/{lines[0].act.id}"
        if lines[0].act.repeat is not None:
            name += f"#{len(self.turns(lines[0]))}"
        return SlowTask(name, lines[0].act.id, state, due, overdue, duty, blocked, place)

    # -------------------------------------------------------------- messages
    def messages(self) -> list[SlowMessage]:
        rules = self.path.model.on(self.on)
        found = [self.message(n) for n in rules.notices] if rules is not None else []
        return [m for m in found if m is not None]

    def message(self, n: Notice) -> SlowMessage | None:
        """Owed from the first day of its window on which `when` is true as known that day, until it is sent."""
        rules = self.path.model.on(self.on)
        assert rules is not None
        begin = self.known.begin()
        if n.once_in not in ("enrolment", "any_time"):
            begin = max(begin, self.path.start(self.calendar, n.once_in, self.on))
        days = range(max(begin, rules.valid_from), self.on + 1)

        def asks(d: int, known: Known) -> Truth:
            fits = self.path.fits(n.grades, known.grade(d))
            return every([fits, self.path.holds(Asked(rules, d, end_of(d) + 1, known), n.when)[0]])

        since = next((d for d in days if asks(d, self.path.known(end_of(d))) == TRUE), None)
        if since is None:
            return None
        done = [d for name in (n.id, n.act) if name is not None for d in self.known.done(name)]
        is_sent = any(since <= d <= self.on for d in done)
        is_wrong = all(asks(d, self.known) == FALSE for d in days)
        return SlowMessage(n.id, "sent" if is_sent else "owed", since, is_wrong)
