"""What each opening asks: its actions one by one, with day 0, due day and state, under a name that never changes.

Rules: of several levels the highest asks, but not over what opened on a newer window; of what was renewed, what nobody had
answered then is asked on; a higher level keeps the day of a shared action still owed; nothing begins to wait for an action
asked only later. `tasks.py` makes one task of what several openings ask.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sky_model.consents import Agreed, agreed, day_of_yes
from sky_model.events import DAY, ActionTaken, end_of
from sky_model.facts import FALSE, TRUE, UNKNOWN, Facts, Pair
from sky_model.order import rank_of_duty
from sky_model.path import Opening, Path
from sky_model.rules import Act, Ruleset
from sky_model.schooldays import NEVER, Calendar, Span

__all__ = ["ANSWERED", "OVER", "STATES", "Line", "Obligations"]

STATES = (
    "done", "withdrawn", "not_needed", "refused", "no_consent", "to_hand_over", "undecided", "paused", "waiting", "blocked",
    "snoozed", "ready",
)  # fmt: skip
OVER = STATES[:5]  # nothing is asked any more
ANSWERED = ("done", "not_needed", "refused", "no_consent")  # a person said what becomes of it


@dataclass(slots=True, eq=False)
class Line:
    """One action asked by one opening, and what is found out about it. Days are whole numbers."""

    opening: Opening
    act: Act
    facts: Facts
    when: Pair
    unless: Pair
    done: int | None  # the day on which it was done
    answer: ActionTaken | None  # the newest answer that is not `done`
    agreed: Agreed
    turn: tuple[int, int, int, int] | None = None  # of what comes again: (number, first day, last day, missed)
    day: tuple[int | None, bool, tuple[int, ...]] | None = None  # (due day, is it beyond the calendar, day 0 and days counted)
    state: str = ""
    is_late: bool = False
    is_now: bool = False  # late, due today, or without delay

    @property
    def name(self) -> str:
        return f"{self.opening.name}/{self.act.id}" + (f"#{self.turn[0]}" if self.turn is not None else "")

    @property
    def is_answered(self) -> bool:
        return self.day_answered is not None

    @property
    def day_answered(self) -> int | None:
        """The day on which it was done, or on which somebody said that it is not, or may not be."""
        if self.done is not None:
            return self.done
        if self.answer is not None and self.answer.status in ("not_needed", "refused"):
            return self.answer.on.toordinal()
        return self.agreed.no

    @property
    def rank(self) -> int:
        return rank_of_duty(self.act.duty, self.act.is_statutory)


class Obligations:
    """What the open steps of a path ask on a day.

    lines     oldest opening first; a state, a day and whether it is late stand in each
    standing  of each open step the newest opening that is not withdrawn
    """

    def __init__(self, path: Path, rules: Ruleset, calendar: Calendar, grade: int | None, on: int, known: int) -> None:
        self.path, self.rules, self.calendar, self.grade, self.on, self.known = path, rules, calendar, grade, on, known
        self.case = path.facts.case
        self._own: dict[str, dict[str, Line]] = {}
        self._by_action: dict[str, list[Line]] = {}
        live = [o for o in path.openings if o.ended is None]
        current = {o.name: path.current(o) for o in live}
        self.standing = [o for o in current.values() if o is not None]
        asking = [(o, current[o.name]) for o in live if self.asks(current[o.name] or o)]
        found = [(x, now) for o, now in asking for x in path.chain(o)]
        found.sort(key=lambda f: (f[0].moment, f[0].step.order, f[0].step.level))
        self.lines = [x for o, now in found for x in self.own(o).values() if o is now or o.how != "renewed" or x.act.id in o.owed]
        for x in self.lines:
            self._by_action.setdefault(x.act.id, []).append(x)
        for o, now in found:
            for x in self.own(o).values():
                self._judge(x)
                if o is now:
                    self._keep_day(x, live)

    # ------------------------------------------------------------------ who asks for what
    def asks(self, o: Opening) -> bool:
        return not any(self._silences(x, o) for x in self.standing)

    def _silences(self, high: Opening, low: Opening) -> bool:
        """A higher level, or what replaces a step; not over what opened on a newer window."""
        if high is low:
            return False
        is_above = high.step.base == low.step.base and high.step.level > low.step.level
        replaced = {name for name, how in high.step.above.items() if how == "replaces"}
        return (is_above or bool(replaced & {low.step.base, *low.step.was})) and not self.path.is_on_newer_window(low, high)

    def acts(self, o: Opening) -> dict[str, Act]:
        """Its own actions, and those of the steps that it includes, for the pupil's grade, and theirs in turn."""
        rules, steps = self.path.versions[o.version].facts.rules, [o.step]
        for s in steps:  # grows while it is read
            for low, how in s.above.items():
                below = rules.step_by_id.get(low)
                if how == "includes" and below is not None and below not in steps and self._is_for(below.grades):
                    steps.append(below)
        acts: dict[str, Act] = {}
        for act in (a for s in steps for a in s.actions):
            acts.setdefault(act.id, act)
        return {name: act for name, act in acts.items() if self._is_for(act.grades)}

    def _is_for(self, grades: tuple[int, int] | None) -> bool:
        """Is it for the pupil's grade? Not given: what holds for all grades only."""
        return grades is None or (self.grade is not None and grades[0] <= self.grade <= grades[1])

    def own(self, o: Opening) -> dict[str, Line]:
        """What one opening asks, whether or not another one asks in its place."""
        if o.name not in self._own:
            self._own[o.name] = {act.id: x for act in self.acts(o).values() if (x := self._line(o, act)) is not None}
        return self._own[o.name]

    def _line(self, o: Opening, act: Act) -> Line | None:
        facts = self.path.versions[o.version].facts
        # what a renewed opening owed can still be done
        done = self.path.day_done(o, act, self.known, self.known // DAY if o.how == "renewed" else None)
        when = self._holds(o, act.when, self.on) if act.when else TRUE
        unless = self._holds(o, act.unless, self.on) if act.unless else FALSE
        by_itself = act.by_system and act.id in self.case.does
        if done is None and (when == FALSE or unless == TRUE or by_itself):
            return None
        answer = self.path.answer(o, act, self.known)
        line = Line(o, act, facts, when, unless, done, answer, agreed(facts, act, o.day, self.known))
        if act.repeat is not None:
            self._find_turn(line)
        return line

    def _find_turn(self, x: Line) -> None:
        """The turn that runs today, and how many passed without it. Turns lie one after another from day 0."""
        start, ends = self._start(x), list[int]()
        repeat, skipped = x.act.repeat, self._skipped(x)
        if isinstance(repeat, Span):
            while not ends or ends[-1] < self.on:
                end = self._after(start, Span(repeat.clock, repeat.number * (len(ends) + 1)), skipped)
                end = None if end is None else self._school_day(end, skipped)
                if end is None or (ends and end <= ends[-1]):
                    break
                ends.append(end)
        elif repeat is not None:
            days = [d for d in self.calendar.scheduled(repeat) if d > start]
            school_days = [d for x in days if (d := self._school_day(x, skipped)) is not None]
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

    # ------------------------------------------------------------------ day 0
    def _asked(self, x: Line) -> int:
        """Since when it is asked: due from, or the first day on which `when` was true, as known that day.

        A consent that comes later changes nothing.
        """
        o = x.opening
        if x.act.when is None:
            return o.due_from
        first = next((d for d in range(o.day, self.on + 1) if self._holds(o, x.act.when, d) == TRUE), o.due_from)
        return max(o.due_from, first)

    def _start(self, x: Line) -> int:
        """Since when it can be done: since it is asked and agreed to."""
        asked = self._asked(x)
        agreed_on = None if x.agreed.missing else day_of_yes(x.facts, x.act, x.opening.day, self.on, self.known)
        return asked if agreed_on is None else max(asked, agreed_on)

    def _before(self, x: Line, action: str) -> list[Line]:
        """Who asks for an action that comes first: this opening if it does, else every other one that is not withdrawn.

        Not one that is asked only later: nothing begins to wait for it.
        """
        if x.opening.is_withdrawn:
            return []
        mine = self.own(x.opening).get(action)
        others = [y for y in self._by_action.get(action, ()) if not y.opening.is_withdrawn]
        found = [mine] if mine is not None else others
        asked = self._asked(x) if found else 0
        return [y for y in found if self._asked(y) <= asked]

    def _waits(self, x: Line) -> bool:
        return any(not y.is_answered for name in x.act.after for y in self._before(x, name))

    def _day_0(self, x: Line) -> int | None:
        """None: it runs from a report that nobody raised."""
        start, due = self._start(x), x.act.due
        for name in (*x.act.after, *((due.after,) if due is not None and due.after else ())):
            first = self._before(x, name)
            still = [d for y in first if not y.is_answered and (d := self.due(y)[0]) is not None]
            if still:
                start = max(start, min(still))
            elif all(y.is_answered for y in first):
                start = max([start, *(y.day_answered or 0 for y in first)])
        if due is None or due.from_report is None:
            return start
        moments = {id(d.event): d.moment for d in x.facts.reports.get(due.from_report, ())}
        raised = [(e.on.toordinal(), moments[id(e)]) for e in x.facts.raised(due.from_report, self.on, self.known)]
        if not raised:
            return None
        day, moment = max(raised)
        return day if x.act.is_statutory else max(start, moment // DAY)

    # ------------------------------------------------------------------ due days
    def due(self, x: Line) -> tuple[int | None, bool, tuple[int, ...]]:
        """(due day, is it beyond the calendar, day 0 and the school days counted)."""
        if x.day is None:
            waits_for_answer = x.when == UNKNOWN and not x.is_answered and not x.opening.is_withdrawn
            x.day = (None, False, ()) if waits_for_answer else self._due_day(x)
        return x.day

    def _due_day(self, x: Line) -> tuple[int | None, bool, tuple[int, ...]]:
        said, due, counted = x.act.due, None, tuple[int, ...]()
        if x.turn is not None:
            return (x.turn[2], False, ()) if x.turn[2] < NEVER else (None, True, ())
        start = self._day_0(x) if said is not None else None
        is_beyond = False
        if said is not None and said.on_answer is not None:
            agreed = x.facts.answered_day(said.on_answer, self.on, self.known)
            if agreed is not None:
                due = self._school_day(agreed)
                return self._planned(x, due, due is None, ())
            if said.span is None:
                return self._planned(x, None, False, ())
        if said is not None and start is not None:
            skipped = self._skipped(x)
            due = start if said.span is None else self._after(start, said.span, skipped)
            due = None if due is None else self._school_day(due, skipped)
            is_beyond = due is None
            if due is not None and said.span is not None and said.span.clock == "school_days" and said.span.number:
                days = range(start + 1, due + 1)
                counted = (start, *(d for d in days if self._is_counted(d) and not (skipped and skipped(d))))
        return self._planned(x, due, is_beyond, counted)

    def _skipped(self, x: Line) -> Callable[[int], bool] | None:
        """The days of a pause do not count, except where the law asks."""
        return None if x.act.is_statutory or not x.facts.pauses else self.is_paused

    def _after(self, day: int, span: Span, skipped: Callable[[int], bool] | None = None) -> int | None:
        return self.path.facts.after(day, span, self.known, skipped)

    def _school_day(self, day: int, skipped: Callable[[int], bool] | None = None) -> int | None:
        return self.path.facts.next_school_day(day, self.known, skipped)

    def _is_counted(self, day: int) -> bool:
        return self.path.facts.attends(day, min(end_of(day), self.known))

    def _planned(
        self, x: Line, due: int | None, is_beyond: bool, counted: tuple[int, ...]
    ) -> tuple[int | None, bool, tuple[int, ...]]:
        """The day that a person planned; the day by which all is expected; of a statutory one only if earlier."""
        if x.answer is not None and x.answer.status == "planned" and x.answer.until is not None:
            planned = x.answer.until.toordinal()
            if not x.act.is_statutory or due is None or planned < due:
                due, is_beyond, counted = planned, False, ()
        if x.act.duty == "must":
            expected = self._expected(x.opening)
            if expected is not None and (due is None or expected < due):
                return expected, False, ()
        return due, is_beyond, counted

    def _expected(self, o: Opening) -> int | None:
        """The first day since the opening on which `expected_by` was true, as known that day."""
        if o.step.expected_by is None:
            return None
        return next((d for d in range(o.day, self.on + 1) if self._holds(o, o.step.expected_by, d) == TRUE), None)

    def is_paused(self, day: int) -> bool:
        return any(
            d.event.on.toordinal() <= day <= d.event.until.toordinal() and d.moment <= self.known < d.gone
            for d in self.path.facts.pauses
        )

    # ------------------------------------------------------------------ state
    def _judge(self, x: Line) -> None:
        due = self.due(x)[0]
        x.state = self._state(x)
        x.is_late = due is not None and self.on > due and x.state not in (*OVER, "paused", "to_hand_over")
        said = x.act.due
        is_at_once = said is not None and said.span is None and said.on_answer is None and x.state != "undecided"
        x.is_now = is_at_once or (due is not None and self.on >= due)

    def _state(self, x: Line) -> str:
        """The first that fits."""
        said = x.answer.status if x.answer is not None else None
        if x.done is not None:
            return "done"
        if x.opening.is_withdrawn:
            return "withdrawn"
        if said in ("not_needed", "refused"):
            return str(said)
        if x.agreed.no is not None:
            return "no_consent"
        if self.path.has_left:
            return "to_hand_over"
        if x.when == UNKNOWN:
            return "undecided"
        if not x.act.is_statutory and self.is_paused(self.on):
            return "paused"
        if self._waits(x):
            return "waiting"
        if x.agreed.missing:
            return "blocked"
        if x.answer is not None and said == "snoozed" and x.answer.until is not None:
            back = x.answer.until.toordinal()
            if x.act.duty == "must":
                back = min(back, self.due(x)[0] or back)
            if self.on < back:
                return "snoozed"
        return "ready"

    def _keep_day(self, x: Line, live: list[Opening]) -> None:
        """What asks in the place of a lower level keeps the day of what that one still owes."""
        if x.state in OVER:
            return
        for low in (o for o in live if self._silences(x.opening, o)):
            for o in self.path.chain(low):
                y = self.own(o).get(x.act.id)
                if y is None or o.is_withdrawn or (o is not low and x.act.id not in o.owed):
                    continue
                self._judge(y)
                if y.state in ANSWERED:
                    continue
                days = [d for d in (self.due(x), self.due(y)) if d[0] is not None]
                x.day = min(days, key=lambda d: d[0] or 0, default=self.due(x))
                x.is_late, x.is_now = x.is_late or y.is_late, x.is_now or y.is_now
