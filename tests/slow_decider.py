"""The path of a case (language.md, section 4) as a slow and obvious program: what the real decider is compared with.

Rules: it reads the compiled conditions and the events and nothing of the real decider; every day is asked anew from the
events; nothing is fast on purpose. A truth is (certain, possible): (1, 1) true, (0, 0) false, (0, 1) unknown. A moment is
a place in the order of recording (`records.DAY`). Counters are in `slow_facts.py`.
Only the path is here, no tasks: of section 5 stands here what `until_done` needs. A step that opens again at every further n
is here so many steps, each a *level*; what is asked of the step or closes it means all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from slow_facts import FALSE, TRUE, UNKNOWN, Asked, Known, SlowFacts, Truth, compared, either, every, opposite, truth_of

from sky_model.events import DAY, ActionTaken, Mark, StepClosed, end_of
from sky_model.records import Case
from sky_model.rules import Act, All, AnyOf, ByGrade, Model, NoneOf, Ruleset, StepOf, Test, Unsaid, tests_in
from sky_model.schooldays import Calendar

__all__ = ["Slow", "decide_slowly"]

LEVELS = 12  # so many levels above the first are looked at; no generated record reaches the last of them


@dataclass
class Slow:
    """What the path says of one case on one day."""

    openings: list[tuple[str, int, int | None]] = field(default_factory=list)  # name, day it is about, day it ended
    undecided: dict[str, int] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)
    in_doubt: set[str] = field(default_factory=set)
    due_from: dict[str, int] = field(default_factory=dict)


def decide_slowly(model: Model, case: Case, on: date, calendars: Calendar | Mapping[str, Calendar]) -> Slow:
    """The path up to the end of the day `on`. Calendars by calendar id or school id, or one for every school."""
    return _Path(model, case, on.toordinal(), calendars).told()


# ---------------------------------------------------------------------- conditions
@dataclass(frozen=True)
class Since:
    """The smaller limits of a watch: counters count from the day after the closing."""

    first: int
    condition: Any


def parts_of(condition: Any, first: int | None = None) -> Iterator[tuple[Any, int | None]]:
    """What can be ground: comparisons, and each `none` as a whole; with the day a watch counts from."""
    if isinstance(condition, Since):
        yield from parts_of(condition.condition, condition.first)
    elif isinstance(condition, AnyOf | All):
        for part in condition.parts:
            yield from parts_of(part, first)
    else:
        yield condition, first


# ---------------------------------------------------------------------- openings and ends
@dataclass
class Opening:
    step: StepOf
    rules: Ruleset
    moment: int
    about: int
    name: str
    end: int | None = None  # the moment

    @property
    def day(self) -> int:
        return self.moment // DAY


@dataclass(frozen=True)
class End:
    """The end of an opening, or of a question by a closing. Of a step with levels it is the end of all."""

    step: str
    moment: int
    closing: str | None  # the id of the closing; None: the step ended by itself

    @property
    def day(self) -> int:
        return self.moment // DAY


def family(step: StepOf) -> set[str]:
    """The step's own id and the ids that go on in it, of a higher level too."""
    return {name.partition("+")[0] for name in step.names} | {step.base or step.id}


class _Path(SlowFacts):
    def __init__(self, model: Model, case: Case, on: int, calendars: Calendar | Mapping[str, Calendar]) -> None:
        super().__init__(model, case, calendars)
        self.on = on
        self.openings: list[Opening] = []
        self.ends: list[End] = []
        self.known_at: dict[Any, Known] = {}
        self.cache: dict[Any, Truth] = {}
        self.levels: dict[Any, list[StepOf]] = {}

    # -------------------------------------------------------------- what is known; version and steps of a day
    def known(self, moment: int) -> Known:
        if moment in self.known_at:
            return self.known_at[moment]
        count = sum(m <= moment for m in self.case.moments)
        doubted = any(isinstance(e, ActionTaken) and e.status == "data_wrong" for e in self.case.events[:count])
        key = count, moment // DAY if doubted else 0
        if key not in self.known_at:
            self.known_at[key] = Known(self.case, moment)
        self.known_at[moment] = self.known_at[key]
        return self.known_at[key]

    def steps_of(self, rules: Ruleset) -> list[StepOf]:
        """The steps of a version, each with its levels after it: the higher ones are the counter alone."""
        if rules.valid_from not in self.levels:
            out: list[StepOf] = []
            for s in rules.steps:
                out.append(s)
                if s.levels is not None:
                    counter, apart, first = s.levels
                    for n in range(first + apart, first + apart * (LEVELS + 1), apart):
                        limit = n * rules.counters[counter].unit
                        test = Test(f"{s.id}+{n}", "counter", counter, (("at_least", limit),))
                        names = frozenset(f"{name}+{n}" for name in s.names)
                        out.append(
                            replace(s, id=f"{s.id}+{n}", base=s.id, level=n, opens=test, tests=(test,), names=names, watch=None)
                        )
            self.levels[rules.valid_from] = out
        return self.levels[rules.valid_from]

    def steps(self, day: int) -> dict[str, StepOf]:
        """The steps of which something may be open or asked: of every version so far, each in its newest form."""
        out: dict[str, StepOf] = {}
        for v in self.model.versions:
            if v.valid_from <= day:
                for s in self.steps_of(v):
                    for old in s.names - {s.id}:
                        out.pop(old, None)
                    out[s.id] = s
                for x in v.said.ends:
                    for s in [s for s in out.values() if s.base == x.step]:
                        out.pop(s.id)
        return out

    # -------------------------------------------------------------- one comparison
    def days_of_step(self, how: str, step: str, a: Asked) -> list[int]:
        """As it was before the check."""
        mine = self.openings_of(step, a)
        if how == "opened":
            return [o.day for o in mine]
        return [o.end // DAY for o in mine if o.end is not None and o.end < a.moment]

    def openings_of(self, step: str, a: Asked) -> list[Opening]:
        """What opened before the check, of any level."""
        named = family(a.rules.step_by_id[step]) if step in a.rules.step_by_id else {step}
        return [o for o in self.openings if family(o.step) & named and o.moment < a.moment]

    def test(self, a: Asked, test: Test) -> Truth:
        key = a.rules.valid_from, repr(test), a.since, a.c, a.moment, id(a.known), a.early, a.checks_from
        if key in self.cache:
            return self.cache[key]
        value = every([self.one(a, test, op, limit) for op, limit in test.asks])
        if test.what != "step":
            self.cache[key] = value
        return value

    def one(self, a: Asked, test: Test, op: str, limit: Any) -> Truth:
        asked = {
            "counter": self.ask_counter,
            "grade": self.ask_grade,
            "report": self.ask_report,
            "question": self.ask_question,
            "step": self.ask_step,
            "action": self.ask_action,
        }[test.what]
        return asked(a, test, op, limit)

    def ask_counter(self, a: Asked, test: Test, op: str, limit: Any) -> Truth:
        if isinstance(limit, ByGrade):
            grade = a.known.grade(a.c)
            if grade is None:  # what holds for all grades of the ruleset applies
                each = [self.one(a, test, op, x) for x in limit.values.values()]
                return min(t[0] for t in each), max(t[1] for t in each)
            limit = limit.values[grade]
        if isinstance(limit, Unsaid):
            return a.early
        r = self.reading(a, a.rules.counters[test.fact])
        if r.silent == "not_running":  # no comparison with it holds, and none is unknown
            return FALSE
        if r.silent == "not_given":
            return UNKNOWN
        if r.silent is not None:
            return a.early
        if r.planned is None:
            return compared(op, r.low, r.high, limit)
        return compared(op, r.low * 10000, r.high * 10000, limit * r.planned)

    def ask_grade(self, a: Asked, test: Test, op: str, limit: Any) -> Truth:
        grade = a.known.grade(a.c)
        if grade is None:
            return UNKNOWN
        return truth_of(grade in limit) if op == "one_of" else compared(op, grade, grade, limit)

    def ask_report(self, a: Asked, test: Test, op: str, limit: Any) -> Truth:
        return truth_of(bool(a.known.raised(test.fact, a.c)))

    def ask_question(self, a: Asked, test: Test, op: str, limit: Any) -> Truth:
        found = self.answer(a.rules, test.fact, a.c, a.known)
        if limit in ("known", "unknown"):
            return truth_of((found is None) == (limit == "unknown"))
        if found is None:
            return UNKNOWN
        values = found[1].values
        if limit == "reached":
            return truth_of(date.fromisoformat(values[0]).toordinal() <= a.c)
        if op == "is":
            return truth_of(values == (limit,))
        return truth_of(any(v in values for v in (limit if op == "one_of" else (limit,))))

    def ask_step(self, a: Asked, test: Test, op: str, limit: Any) -> Truth:
        mine = self.openings_of(test.fact, a)
        is_open = any(o.end is None or o.end >= a.moment for o in mine)
        if limit == "worked_through":
            if not mine or is_open:
                return FALSE
            last = max(mine, key=lambda o: (o.moment, o.step.level))
            asked = [x for x in last.step.actions if x.duty in ("must", "consider")]
            return truth_of(all(self.is_answered(last, x, a.c, a.moment, a.known) for x in asked))
        return truth_of({"open": is_open, "ended": bool(mine) and not is_open, "never_opened": not mine}[limit])

    def ask_action(self, a: Asked, test: Test, op: str, limit: Any) -> Truth:
        if op == "done_within":
            done = [d for d in a.known.done(test.fact) if d <= a.c]
            lasts = [self.calendar(d, a.known).after(d, limit) for d in done]
            return truth_of(any(last is None or a.c <= last for last in lasts))
        taken = [e for _, e in a.known.all(ActionTaken) if e.action == test.fact and e.on.toordinal() <= a.c]
        return truth_of(any(e.status == limit for e in taken))

    # -------------------------------------------------------------- conditions
    def holds(self, a: Asked, condition: Any, new: Callable[[Any, int | None], Truth] | None = None) -> tuple[Truth, Truth]:
        """(what the condition is, what it is on new ground)."""
        if isinstance(condition, Since):
            return self.holds(replace(a, since=condition.first), condition.condition, new)
        if isinstance(condition, AnyOf | All):
            both = [self.holds(a, x, new) for x in condition.parts]
            values, grounds = [b[0] for b in both], [b[1] for b in both]
            if isinstance(condition, AnyOf):
                return either(values), either(grounds)
            return every(values), every([*values, either(grounds)])
        if isinstance(condition, NoneOf):
            flipped = replace(a, early=opposite(a.early))
            value = opposite(either([self.holds(flipped, x)[0] for x in condition.parts]))
        else:
            value = self.test(a, condition)
        fresh = TRUE if new is None or value == FALSE else new(condition, a.since)
        return value, every([value, fresh])

    def asks(
        self, step: StepOf, a: Asked, looked_from: int, new: Callable[[Any, int | None], Truth] | None = None
    ) -> tuple[Truth, Truth]:
        """`opens` with its watch and the step's narrower grades: no ground, joined as one more condition."""
        value, ground = self.holds(self.seen_by(step, a), self.opens(step, a.c, looked_from), new)
        if step.grades is not None:
            fits = self.fits(step.grades, a.known.grade(a.c))
            value, ground = every([value, fits]), every([ground, fits])
        return value, ground

    @staticmethod
    def fits(grades: tuple[int, int] | None, grade: int | None) -> Truth:
        if grades is None:
            return TRUE
        return UNKNOWN if grade is None else truth_of(grades[0] <= grade <= grades[1])

    def seen_by(self, step: StepOf, a: Asked) -> Asked:
        """`{until_end_of: term}` reads only the check dates of the running term."""
        if step.lasts.word != "until_end_of":
            return a
        return replace(a, checks_from=self.start(self.calendar(a.c, a.known), step.lasts.part, a.c))

    # -------------------------------------------------------------- asking
    def ends_of(self, step: StepOf, moment: int, *, by_persons: bool = False) -> list[End]:
        known = self.known(moment)
        return [
            e
            for e in self.ends
            if e.step in family(step)
            and e.moment <= moment
            and (known.holds_event(e.closing) if e.closing is not None else not by_persons)
        ]

    def last_closing(self, step: StepOf, moment: int) -> int | None:
        return max((e.day for e in self.ends_of(step, moment, by_persons=True)), default=None)

    def asked(self, step: StepOf, rules: Ruleset, q: int, looked_from: int, known: Known) -> list[int]:
        """The days that are asked about on the day q."""
        days = {q}
        if step.lasts.word == "until_closed":
            windows = {rules.counters[t.fact].window.within for t in tests_in(step.opens) if t.what == "counter"}
            for part in windows & {"term", "period", "quarter", "month"}:
                days |= set(self.ended_parts(self.calendar(q, known), part, q))
        closed = self.last_closing(step, looked_from) or 0
        return sorted(c for c in days if c >= max(closed, rules.valid_from, known.begin()))

    def opens(self, step: StepOf, c: int, looked_from: int) -> Any:
        """`opens`, and for so long after a closing the smaller limits of `watch`."""
        if step.watch is None or step.watch_for is None:
            return step.opens
        last = self.last_closing(step, looked_from)
        if last is None or c <= last:
            return step.opens
        until = self.calendar(last, self.known(looked_from)).after(last, step.watch_for)
        if until is not None and c > until:
            return step.opens
        return AnyOf((step.opens, Since(last + 1, step.watch)))  # type: ignore[arg-type]

    # -------------------------------------------------------------- a closing answers the grounds
    def is_new(self, step: StepOf, rules: Ruleset, part: Any, since: int | None, c: int, moment: int) -> Truth:
        """Is this part of `opens` new ground for the day c, in the check at a moment?"""
        if not any(e.step in family(step) for e in self.ends):
            return TRUE
        ends, known = self.ends_of(step, moment), self.known(moment)
        what = part.what if isinstance(part, Test) else "none"
        by_itself = step.lasts.word in ("while_true", "until_end_of")
        now = self.seen_by(step, Asked(rules, c, moment, known, since=since))

        def value(day: int, at: int, early: Truth = UNKNOWN) -> Truth:
            a = self.seen_by(step, Asked(rules, day, at, self.known(at), early, since))
            return self.holds(a, part)[0]

        if what == "counter" and step.again.startswith("each"):
            return self.each_is_new(step, now, part, ends) if ends else TRUE
        answering: End | None = None
        for e in ends:  # a closing answers what holds or is unknown, a step that ends by itself what holds
            was = value(e.day, e.moment, FALSE)
            if was[1] if e.closing is not None else was[0]:
                answering = e

        def false_since(end: End) -> bool:
            """On a day after the end, not later than the day asked about."""
            days = range(end.day, min(c, moment // DAY) + 1)
            return any(value(d, end_of(d)) == FALSE for d in days if end_of(d) > end.moment)

        if what in ("report", "question"):
            if answering is None:
                return TRUE
            newer = known.raised(part.fact, c) if what == "report" else [self.answer(rules, part.fact, c, known)]
            return truth_of(any(x is not None and x[0] > answering.moment for x in newer))
        if what != "counter":
            return truth_of(answering is None or false_since(answering))
        begin = self.first_day(now, rules.counters[part.fact])
        if by_itself and step.again in ("next_window", "once"):  # not twice in one window; not twice
            for o in self.openings:
                if o.step.id in step.names and o.end is not None and o.end <= moment:
                    in_window = step.again == "once" or begin is None or begin <= o.about
                    if in_window and value(o.about, o.moment) == TRUE:
                        return FALSE
        if answering is None:
            return TRUE
        if step.again == "once":
            return FALSE
        if step.again == "next_window":
            return truth_of(begin is not None and begin > answering.day)
        return truth_of((by_itself and answering.closing is None) or false_since(answering))

    def each_is_new(self, step: StepOf, a: Asked, part: Test, ends: list[End]) -> Truth:
        """A mark (day, episode) is new if it was first recorded after the last opening of the step ended."""
        count = a.rules.counters[part.fact]
        first = self.first_day(a, count)
        if first is None:
            return FALSE
        last = self.last_counted(count, self.read_on(a, count) or 0, a.known)
        found, gaps = self.counting(a, count, first, last)
        before = [e for e, m in zip(self.case.events, self.case.moments, strict=True) if m <= ends[-1].moment]
        marks = [e for e in before if isinstance(e, Mark)]
        if step.again == "each_episode":
            old = {e.on.toordinal() for e in marks}
            fresh = [[row for row in self.rows(a, count, last, i) if row[-1] >= first and not old & set(row)] for i in (0, 1)]
            return int(bool(fresh[0])), int(bool(fresh[0] or fresh[1] or gaps))
        if step.again == "each_mark":
            certain = [sure for p, sure in found if p.mark.id not in {e.id for e in marks}]
        else:
            certain = [sure for p, sure in found if p.mark.on not in {e.on for e in marks}]
        return int(any(certain)), int(bool(certain) or bool(gaps))

    # -------------------------------------------------------------- the fold
    def told(self) -> Slow:
        closings = [(m, e) for e, m in zip(self.case.events, self.case.moments, strict=True) if isinstance(e, StepClosed)]
        for k in range(min(v.valid_from for v in self.model.versions), self.on + 1):
            for m, e in closings:
                if m // DAY == k:
                    self.check(m)
                    self.close(m, e)
            self.check(end_of(k))
        out = Slow(openings=[(o.name, o.about, None if o.end is None else o.end // DAY) for o in self.openings])
        self.look_again(out)
        return out

    def open_of(self, step: StepOf) -> Opening | None:
        return next((o for o in self.openings if o.end is None and o.step.id in step.names), None)

    def check(self, moment: int) -> None:
        """First ends, then opens, all on the state before the check."""
        k, known = moment // DAY, self.known(moment)
        rules = self.model.on(k)
        if rules is None:
            return
        for o in [o for o in self.openings if o.end is None]:
            if self.is_over(o, rules, k, moment, known):
                o.end = moment
                self.ends.append(End(o.step.base or o.step.id, moment, None))
        for s in self.steps_of(rules):
            if self.open_of(s) is not None:
                continue
            for c in self.asked(s, rules, k, moment, known):

                def new(part: Any, since: int | None, s: StepOf = s, c: int = c) -> Truth:
                    return self.is_new(s, rules, part, since, c, moment)

                if self.asks(s, Asked(rules, c, moment, known), moment, new)[1] == TRUE:
                    twins = sum(o.step.id == s.id and o.day == k for o in self.openings)
                    name = f"{s.id}@{date.fromordinal(k).isoformat()}" + (f"#{twins + 1}" if twins else "")
                    self.openings.append(Opening(s, rules, moment, c, name))
                    break

    def is_over(self, o: Opening, rules: Ruleset, k: int, moment: int, known: Known) -> bool:
        word = o.step.lasts.word
        if rules is not o.rules and any(x.step == o.step.base for x in rules.said.ends):
            return True
        if word == "while_true":
            return self.asks(o.step, Asked(o.rules, k, moment, known), o.moment)[0] == FALSE
        if word == "until_done":
            return all(self.is_answered(o, a, k, moment, known) for a in o.step.actions if a.duty in ("must", "consider"))
        if word == "until_end_of":
            cal, part = self.calendar(k, known), o.step.lasts.part
            return self.start(cal, part, k) > max(o.day, self.starts_in(cal.years[0], part)[0])
        if word == "span":
            assert o.step.lasts.span is not None
            last = self.calendar(o.day, known).after(o.day, o.step.lasts.span)
            return last is not None and k > last
        return False

    def close(self, moment: int, e: StepClosed) -> None:
        """A person closes an open step or an undecided one, with all its levels; anything else changes nothing."""
        mine = [s for s in self.steps(moment // DAY).values() if s.base == e.step]
        names = {e.step}.union(*(family(s) for s in mine))
        opened = [o for o in self.openings if o.end is None and family(o.step) & names]
        if opened:
            for o in opened:
                o.end = moment
            self.ends.append(End(opened[0].step.base or opened[0].step.id, moment, e.id))
        elif any(self.question(s, moment // DAY, moment) is not None for s in mine):
            self.ends.append(End(e.step, moment, e.id))

    # -------------------------------------------------------------- until_done: what a person answered
    def is_answered(self, o: Opening, act: Act, k: int, moment: int, known: Known) -> bool:
        if act.by_system and act.id in self.case.does:
            return True
        if self.status(o, act, k, known) in ("done", "not_needed", "refused"):
            return True
        if self.fits(act.grades, known.grade(k)) == FALSE:
            return True
        return act.when is not None and self.holds(Asked(o.rules, k, moment, known), act.when)[0] == FALSE

    def status(self, o: Opening, act: Act, k: int, known: Known) -> str | None:
        taken = [e for _, e in known.all(ActionTaken) if e.action == act.id]
        earliest = self.counts_from(o, k, known)
        if any(e.status == "done" and earliest <= e.on.toordinal() <= k for e in taken):
            return "done"
        said = [e for e in taken if e.status != "done" and e.recorded.toordinal() >= o.day]
        if act.is_statutory and act.duty == "must":
            said = [e for e in said if e.status != "not_needed"]
        return said[-1].status if said else None

    def counts_from(self, o: Opening, k: int, known: Known) -> int:
        """From which day on what was done earlier counts for this opening."""
        if o.step.level:
            return o.day
        before = [
            x.end // DAY + 1
            for x in self.openings
            if x is not o and x.end is not None and x.end <= o.moment and x.step.id == o.step.id
        ]
        c = self.first_ground(o, k, known)
        if c is None:
            c = o.about
        days = []
        for part, since in parts_of(self.opens(o.step, c, o.moment)):
            a = self.seen_by(o.step, Asked(o.rules, c, end_of(max(c, o.day)), known, since=since))
            if not isinstance(part, Test) or not self.holds(a, part)[0][1]:
                continue
            if part.what == "counter":
                days += [d for d in [self.first_day(a, o.rules.counters[part.fact])] if d is not None]
            elif part.what == "report":
                days += [e.on.toordinal() for _, e in known.raised(part.fact, c)]
            elif part.what == "question":
                found = self.answer(o.rules, part.fact, c, known)
                days += [found[1].on.toordinal()] if found else []
        return max([min(days, default=o.day), *before])

    # -------------------------------------------------------------- today's knowledge looks again
    def ground(self, o: Opening, on: int, known: Known) -> list[tuple[int, Truth]]:
        """[(day, truth)] of `opens`: for the day that the opening was about and for those asked about since."""
        last = on if o.end is None else min(on, o.end // DAY)
        asks = {(o.about, o.moment)}
        for q in range(o.day, last + 1):
            asks |= {(c, end_of(q)) for c in self.asked(o.step, o.rules, q, o.moment, known)}
        return [(c, self.asks(o.step, Asked(o.rules, c, m, known), o.moment)[0]) for c, m in sorted(asks)]

    def first_ground(self, o: Opening, on: int, known: Known) -> int | None:
        return next((c for c, v in self.ground(o, on, known) if v != FALSE), None)

    def due_start(self, o: Opening) -> int:
        """As known on each day it moves on with the ground, and to the day on which lost ground came back; never back."""
        start, is_gone = o.day, False
        last = self.on if o.end is None else min(self.on, o.end // DAY)
        for q in range(o.day, last + 1):
            if not is_gone and q > o.day and self.known(end_of(q)) is self.known(end_of(q - 1)):
                continue  # nothing new is known, the ground is the same
            c = self.first_ground(o, q, self.known(end_of(q)))
            if c is not None:
                start = max(start, c, q if is_gone else c)
            is_gone = c is None
        return start

    def question(self, step: StepOf, on: int, moment: int) -> int | None:
        """The first day asked about on which the step is undecided, as known at a moment; None: it is not."""
        ends, known = self.ends_of(step, moment), self.known(moment)
        begin = on if step.lasts.word == "while_true" else ends[-1].day if ends else self.model.versions[0].valid_from
        running = 0
        if step.lasts.word == "until_end_of":
            running = self.start(self.calendar(on, known), step.lasts.part, on)
        for q in range(begin, on + 1):  # each day by the version of that day
            rules, at = self.model.on(q), moment if q == on else end_of(q)
            s = next((s for s in self.steps_of(rules) if s.id in step.names), None) if rules else None
            if rules is None or s is None:
                continue
            for c in self.asked(s, rules, q, moment, known):

                def new(part: Any, since: int | None, s: StepOf = s, rules: Ruleset = rules, c: int = c, at: int = at) -> Truth:
                    return self.is_new(s, rules, part, since, c, at)

                if c >= running and self.asks(s, Asked(rules, c, at, known, FALSE), moment, new)[1] != FALSE:
                    return c
        return None

    def look_again(self, out: Slow) -> None:
        known = self.known(end_of(self.on))
        for o in self.openings:
            values = [v for _, v in self.ground(o, self.on, known)]
            if FALSE in values and all(v == FALSE for v in values):
                out.withdrawn.add(o.name)
                continue
            out.due_from[o.name] = self.due_start(o)
            if TRUE not in values:
                out.in_doubt.add(o.name)
        for s in self.steps(self.on).values():
            still = self.open_of(s)
            if still is not None and still.name not in out.withdrawn:
                continue
            c = self.question(s, self.on, end_of(self.on))
            if c is not None:
                out.undecided[s.id] = c
