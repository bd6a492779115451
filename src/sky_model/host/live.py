"""A live host: an application posts what happens to its cases, and is called on each change of a step or a task.

Rules: the core reads the record, durable-rules (extra `live`) decides the conditions and which call follows a change, and
the answer is that of `decide`; durable-rules is used by one thread at a time, is given whole numbers and words of ours and
no pupil, and keeps nothing between two questions; there is no clock: the application posts the days.
"""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from itertools import chain, count
from typing import Any, Literal, TypeAlias, TypeVar

from sky_model.decider import Decider, accept, calendars_of
from sky_model.decision import Decision, Task
from sky_model.errors import nearest
from sky_model.events import TYPE_OF, Event, end_of
from sky_model.facts import FALSE, TRUE, UNKNOWN, Facts, Pair
from sky_model.path import Opening, Path
from sky_model.records import Case
from sky_model.rules import All, AnyOf, ByGrade, Condition, Model, NoneOf, Ruleset, StepOf, Test
from sky_model.schooldays import Calendar

__all__ = ["CALLS", "Failure", "Live", "Transition", "definitions"]

CALLS = (
    "step_opened",  # also: an ended one is open after all, since something was posted that had been recorded before
    "step_ended",
    "task_ready",
    "task_overdue",
    "task_done",
    "task_changed",  # any other change of a task: state, due day, no longer asked
    "withdrawn",  # an opening lost its ground, or a task its opening
    "restored",  # an opening that was withdrawn has ground again
)
MOST_REMEMBERED = 50_000  # sets of readings whose answer is kept; the answer hangs on the readings alone

# ---------------------------------------------------------------------- conditions as definitions of durable-rules
# A formula is ("and" | "or", parts) or (comparison, field, value). The engine takes at most 15 nested ones in a rule, so each
# node of a condition is a ruleset of its own.
Formula: TypeAlias = tuple[Any, ...]
Bits: TypeAlias = tuple[Formula, Formula, Formula, Formula]  # certain, possible; the same on new ground
_T = TypeVar("_T")
BY_NUMBER, SAID = 1, 2  # of a comparison: its number decides; it holds whatever the number is
NO_GRADE = -1
ON_NEW_GROUND = (1, 1)
# The first that fits: (value, value on new ground), each certain and possible.
LADDER: tuple[tuple[str, Pair, Pair], ...] = (
    ("true, on new ground", TRUE, TRUE),
    ("true, perhaps on new ground", TRUE, UNKNOWN),
    ("true, on ground already answered", TRUE, FALSE),
    ("unknown, perhaps on new ground", UNKNOWN, UNKNOWN),
    ("unknown, on ground already answered", UNKNOWN, FALSE),
    ("false", FALSE, FALSE),
)
ANSWERS = {name: (value, ground) for name, value, ground in LADDER}


def _all(*parts: Formula) -> Formula:
    return parts[0] if len(parts) == 1 else ("and", *parts)


def _any(*parts: Formula) -> Formula:
    return parts[0] if len(parts) == 1 else ("or", *parts)


def _is(field: str, value: Any = 1) -> Formula:
    return ("$eq", field, value)


def _written(f: Formula) -> dict[str, Any]:
    """A formula in the form that durable-rules reads."""
    if f[0] in ("and", "or"):
        return {f"${f[0]}": [_written(p) for p in f[1:]]}
    return {f[1]: f[2]} if f[0] == "$eq" else {f[0]: {f[1]: f[2]}}


class _Node:
    """One node of a condition: its parts, the fields that it asks about, and the rules that answer, as data."""

    def __init__(self, name: str, condition: Condition) -> None:
        self.name, self.condition = name, condition
        self.parts: list[_Node] = []
        if isinstance(condition, NoneOf):
            self.parts = [_Node(f"{name}.none", AnyOf(condition.parts))]
        elif not isinstance(condition, Test):
            self.parts = [_Node(f"{name}.{n}", c) for n, c in enumerate(condition.parts)]
        certain, possible, ground, maybe_ground = self._bits()
        asked = (ground, _all(certain, maybe_ground), certain, maybe_ground, possible, ("$gte", self.fields[0], NO_GRADE))
        self.definition: dict[str, dict[str, Any]] = {
            said: {"all": [{"m": _written(f)}], "pri": n}
            for n, ((said, _, _), f) in enumerate(zip(LADDER, asked, strict=True), 1)
        }

    def __iter__(self) -> Iterator[_Node]:
        yield self
        for p in self.parts:
            yield from p

    @property
    def fields(self) -> tuple[str, ...]:
        c = self.condition
        if isinstance(c, Test):
            return ("sure", "maybe", *(("grade", *NUMBERS) if _is_number(c) else ("grade",)), "new", "maybe_new")
        if isinstance(c, NoneOf):
            return ("sure", "maybe", "new", "maybe_new")
        return tuple(f"{bit}_{n}" for n in range(len(self.parts)) for bit in ("sure", "maybe", "new", "maybe_new"))

    def _bits(self) -> Bits:
        c = self.condition
        if isinstance(c, AnyOf | All):
            sure, maybe, new, maybe_new = (
                [_is(f"{bit}_{n}") for n in range(len(self.parts))] for bit in ("sure", "maybe", "new", "maybe_new")
            )
            if isinstance(c, AnyOf):
                return _any(*sure), _any(*maybe), _any(*new), _any(*maybe_new)
            return _all(*sure), _all(*maybe), _all(*sure, _any(*new)), _all(*maybe, _any(*maybe_new))
        if isinstance(c, NoneOf):
            certain, possible = _is("maybe", 0), _is("sure", 0)
        else:
            certain, possible = _comparison(c)
        return certain, possible, _all(_is("new"), certain), _all(_is("maybe_new"), possible)


NUMBERS = ("low", "high", "low_up", "high_up")  # `up`: of a share the next whole hundredth of a per cent, not the last


def _is_number(t: Test) -> bool:
    return t.what == "counter" and not t.is_unsaid


def _comparison(t: Test) -> tuple[Formula, Formula]:
    """(certain, possible) of one comparison."""
    if t.what == "grade":
        holds = _all(("$gte", "grade", 0), *(_of_grade(op, value) for op, value in t.asks))
        return holds, _any(_is("grade", NO_GRADE), holds)
    if not _is_number(t):
        return _is("sure", SAID), _is("maybe", SAID)
    certain, possible = [_is("sure", SAID)], [_is("maybe", SAID)]
    for grades, strict, lax in _limits(t):
        certain.append(_all(_is("sure", BY_NUMBER), *grades, *(_limit(op, x)[0] for op, x in strict)))
        possible.append(_all(_is("maybe", BY_NUMBER), *grades, *(_limit(op, x)[1] for op, x in lax)))
    return _any(*certain), _any(*possible)


def _limits(t: Test) -> Iterator[tuple[tuple[Formula, ...], list[tuple[str, int]], list[tuple[str, int]]]]:
    """(the grades, the limits to be sure, the limits to be possible): of no grade the strictest and the laxest."""
    by_grade = [x.values for _, x in t.asks if isinstance(x, ByGrade)]
    if not by_grade:
        yield (), list(t.asks), list(t.asks)
        return
    strict, lax = [], []
    for op, x in t.asks:
        values = sorted(x.values.values()) if isinstance(x, ByGrade) else [x]
        is_rising = op in ("at_least", "more_than")
        strict.append((op, values[-1 if is_rising else 0]))
        lax.append((op, values[0 if is_rising else -1]))
    yield (_is("grade", NO_GRADE),), strict, lax
    bands: list[tuple[int, int, list[tuple[str, int]]]] = []
    for g in sorted(set.intersection(*map(set, by_grade))):
        asked = [(op, x.values[g] if isinstance(x, ByGrade) else x) for op, x in t.asks]
        if bands and bands[-1][1] == g - 1 and bands[-1][2] == asked:
            bands[-1] = bands[-1][0], g, asked
        else:
            bands.append((g, g, asked))
    for first, last, asked in bands:
        yield (("$gte", "grade", first), ("$lte", "grade", last)), asked, asked


def _of_grade(op: str, value: Any) -> Formula:
    if op == "one_of":
        return _any(*(_is("grade", g) for g in value))
    return ({"at_least": "$gte", "more_than": "$gt", "at_most": "$lte", "less_than": "$lt"}[op], "grade", value)


def _limit(op: str, limit: int) -> tuple[Formula, Formula]:
    """(sure, possible). A share is handed over in whole hundredths of a per cent, rounded so that the answer stays exact."""
    return {
        "at_least": (("$gte", "low", limit), ("$gte", "high", limit)),
        "more_than": (("$gt", "low_up", limit), ("$gt", "high_up", limit)),
        "less_than": (("$lt", "high", limit), ("$lt", "low", limit)),
        "at_most": (("$lte", "high_up", limit), ("$lte", "low_up", limit)),
    }[op]


def _rounded(low: int, high: int, one: int) -> tuple[int, int, int, int]:
    """The numbers of a share, of which `one` is one hundredth of a per cent: down for two operators, up for the others."""
    return low // one, high // one, -(-low // one), -(-high // one)


def _conditions(rules: Ruleset) -> Iterator[tuple[str, Condition | None]]:
    """Every condition of a ruleset with its place."""
    for s in rules.steps:
        yield from _conditions_of(s)
    for m in rules.notices:
        yield f"messages.{m.id}.when", m.when


def _conditions_of(s: StepOf) -> Iterator[tuple[str, Condition | None]]:
    yield f"steps.{s.id}.opens", s.opens
    yield f"steps.{s.id}.closing.watch.opens", s.watch
    yield f"steps.{s.id}.closing.suggest", s.suggest
    yield f"steps.{s.id}.expected_by", s.expected_by
    for a in s.actions:
        yield f"steps.{s.id}.actions.{a.id}.when", a.when
        yield f"steps.{s.id}.actions.{a.id}.unless", a.unless


def _nodes(rules: Ruleset, said: Iterable[tuple[str, Condition | None]]) -> Iterator[_Node]:
    """The conditions with all their nodes, each condition once."""
    seen: set[int] = set()
    for place, c in said:
        if c is not None and id(c) not in seen:
            seen.add(id(c))
            yield _Node(f"{rules.name}: {place}", c)


def definitions(model: Model) -> dict[str, dict[str, dict[str, Any]]]:
    """The rulesets of durable-rules, as data, that a Model is translated to: one for each node of each condition.

    A ruleset is six rules, of which the first that fits answers. The fields of an event are whole numbers: of a comparison
    `sure` and `maybe` (0 no, 1 the number decides, 2 yes), `grade`, of a counter `low` and `high`; of `any` and `all` the
    answers of their parts; `new` and `maybe_new`: is this ground new?
    """
    return {n.name: n.definition for v in model.versions for top in _nodes(v, _conditions(v)) for n in top}


# ---------------------------------------------------------------------- changes as a definition of durable-rules
def _changes() -> dict[str, tuple[tuple[str, ...], Formula]]:
    """Which calls follow a change: rules of which the first that fits answers."""

    def of(about: str, *parts: Formula) -> Formula:
        return _all(("$eq", "about", about), *parts)

    def now(word: str) -> tuple[Formula, Formula]:
        return ("$eq", "now", word), ("$neq", "was", word)

    late = ("$eq", "was_overdue", 0), ("$eq", "is_overdue", 1)
    return {
        "opened and ended": (("step_opened", "step_ended"), of("step", ("$eq", "was", "absent"), ("$eq", "now", "ended"))),
        "opened": (("step_opened",), of("step", *now("open"))),
        "ended": (("step_ended",), of("step", *now("ended"))),
        "lost its ground": (("withdrawn",), of("ground", *now("withdrawn"))),
        "has its ground again": (("restored",), of("ground", ("$eq", "was", "withdrawn"), ("$eq", "now", "sure"))),
        "ready and overdue": (("task_ready", "task_overdue"), of("task", *now("ready"), *late)),
        "ready": (("task_ready",), of("task", *now("ready"))),
        "done": (("task_done",), of("task", *now("done"))),
        "withdrawn": (("withdrawn",), of("task", *now("withdrawn"))),
        "overdue": (("task_overdue",), of("task", ("$eq", "is_same", 1), *late)),
        "changed and overdue": (("task_changed", "task_overdue"), of("task", *late)),
        "changed": (("task_changed",), of("task")),
        "nothing to tell": ((), ("$gte", "is_same", 0)),
    }


# ---------------------------------------------------------------------- durable-rules
_ONE_AT_A_TIME = threading.Lock()  # of this process: the engine crashes when two threads are in it


def _durable() -> Any:
    try:
        from durable import engine
    except ImportError as e:
        if sys.version_info >= (3, 13):
            here = f"{sys.version_info[0]}.{sys.version_info[1]}"
            said = (
                "its last release, 2.0.28, cannot be imported on Python 3.13 and later, and this is "
                f"{here}; run the live host on Python 3.11 or 3.12"
            )
        elif getattr(e, "name", None) in ("durable", "durable_rules_engine"):
            said = "it is not installed; write: pip install 'sky-model[live]' (it is built from source: a C compiler is needed)"
        else:
            said = (
                f"it does not load here ({e}); build it anew: pip install --force-reinstall --no-cache-dir durable-rules==2.0.28"
            )
        raise ImportError(f"sky_model.host.live needs durable-rules; {said}. Everything else of sky_model works") from None
    return engine


class _Engine:
    """durable-rules with its own list of rulesets and without its threads. It keeps no state between two questions."""

    def __init__(self) -> None:
        durable = _durable()

        class Quiet(durable.Host):  # type: ignore[misc, name-defined]
            def _run(self) -> None:
                """No threads of its own: nothing here waits for a time."""

        self._host, self._said, self._handles = Quiet(), list[str](), list[Any]()

    def add(self, name: str, definition: Mapping[str, Mapping[str, Any]]) -> None:
        def answering(rule: str) -> Callable[[Any], None]:
            def run(_: Any) -> None:
                self._said.append(rule)

            return run

        with _ONE_AT_A_TIME:
            self._host.set_rulesets({name: {k: {**r, "run": answering(k)} for k, r in definition.items()}})

    def ask(self, name: str, event: dict[str, Any]) -> str:
        """The rule that answers for an event."""
        with _ONE_AT_A_TIME:
            self._said.clear()
            try:
                self._host.post(name, {"sid": "1", **event})
            finally:
                self._host.delete_state(name, "1")
            (rule,) = self._said
        return rule

    def free(self) -> None:
        """Gives the memory of its rulesets back."""
        from durable_rules_engine import delete_ruleset

        with _ONE_AT_A_TIME:
            for r in self._host._ruleset_list:
                delete_ruleset(r._handle)
            self._host._ruleset_list.clear()
            self._host._ruleset_directory.clear()


class _Judge:
    """Answers the nodes of conditions with durable-rules. The same readings have the same answer, so it is asked once."""

    def __init__(self, engine: _Engine) -> None:
        self.engine = engine
        self.asked = 0
        self._nodes: dict[int, _Node] = {}  # by the id of a condition, which the node holds
        self._names: dict[int, str] = {}  # by the id of a node
        self._answers: dict[tuple[int, tuple[int, ...]], tuple[Pair, Pair]] = {}

    def learn(self, rules: Ruleset, said: Iterable[tuple[str, Condition | None]]) -> None:
        for top in _nodes(rules, said):
            if id(top.condition) in self._nodes:
                continue
            for n in top:
                name = f"{len(self._names)} {n.name}"
                self.engine.add(name, n.definition)
                self._nodes[id(n.condition)], self._names[id(n)] = n, name

    def node_of(self, condition: Condition) -> _Node | None:
        return self._nodes.get(id(condition))

    def answer(self, n: _Node, *values: int) -> tuple[Pair, Pair]:
        key = id(n), values
        found = self._answers.get(key)
        if found is None:
            if len(self._answers) >= MOST_REMEMBERED:
                self._answers.clear()
            self.asked += 1
            rule = self.engine.ask(self._names[id(n)], dict(zip(n.fields, values, strict=True)))
            found = self._answers[key] = ANSWERS[rule]
        return found


class _JudgedPath(Path):
    """The path of a case whose conditions durable-rules decides; the core reads the facts and says what is new."""

    def __init__(self, judge: _Judge, versions: list[Facts], on: int, **how: Any) -> None:
        self._judge = judge
        super().__init__(versions, on, **how)

    def _levels_of(self, v: Any, s: StepOf) -> list[StepOf]:
        levels = super()._levels_of(v, s)
        for level in levels[1:]:
            if self._judge.node_of(level.opens) is None:
                self._judge.learn(v.facts.rules, _conditions_of(level))
        return levels

    def holds(
        self,
        v: Any,
        condition: Condition,
        day: int,
        known: int,
        at: int,
        *,
        early: Pair = UNKNOWN,
        new: Any = None,
        since: int | None = None,
    ) -> tuple[Pair, Pair]:
        n = self._judge.node_of(condition)
        if n is None:
            raise LookupError("a condition that was not translated")
        asked = partial(self.holds, v, day=day, known=known, at=at, since=since)
        if isinstance(condition, AnyOf | All):
            both = [asked(condition=p.condition, early=early, new=new) for p in n.parts]
            return self._judge.answer(n, *(bit for value, ground in both for bit in (*value, *ground)))
        if isinstance(condition, NoneOf):
            flipped = {UNKNOWN: UNKNOWN, FALSE: TRUE, TRUE: FALSE}[early]
            values: Iterable[int] = asked(condition=n.parts[0].condition, early=flipped)[0]
        else:
            values = self._readings(v.facts, condition, day, known, at, early, since)
        value, ground = self._judge.answer(n, *values, *ON_NEW_GROUND)
        if new is None or value == FALSE:
            return value, ground
        return self._judge.answer(n, *values, *new(condition))

    def _readings(self, facts: Facts, t: Test, day: int, known: int, at: int, early: Pair, since: int | None) -> list[int]:
        """What the core reads about a day, in the order of the fields."""
        if t.what == "step":
            return [*(SAID * bit for bit in self._ask_step(t, at, known)), NO_GRADE]
        grade = facts.place(day, known).grade
        grade = NO_GRADE if grade is None else grade
        if t.what == "grade":
            return [0, 0, grade]
        if not _is_number(t):
            return [*(SAID * bit for bit in facts.ask(t, day, known, early, since, at)), NO_GRADE]
        counter = facts.rules.counters[t.fact]
        if not any(isinstance(limit, ByGrade) for _, limit in t.asks):
            grade = NO_GRADE
        r = facts.reading(counter, day, known, since, at, t.checks_in)
        if r.silent not in (None, "perhaps"):
            said = {"not_running": FALSE, "not_given": UNKNOWN}.get(str(r.silent), early)
            return [SAID * said[0], SAID * said[1], grade, 0, 0, 0, 0]
        sure = BY_NUMBER if r.silent is None else 0
        if not counter.is_share:
            return [sure, BY_NUMBER, grade, r.low, r.high, r.low, r.high]
        low, high, one = r.low * 50_000, r.high * 50_000, r.planned
        return [sure, BY_NUMBER, grade, *_rounded(low, high, one)]


# ---------------------------------------------------------------------- what the application is told
@dataclass(frozen=True, slots=True)
class Transition:
    """One change of one case. `decision` is the whole decision after it.

    call   one of CALLS
    of     step | task
    name   the name of the opening or the task: it never changes, and is the same in every decision
    was    step: absent, open, ended; ground: sure, withdrawn; task: absent or its state
    now    the same; absent: it is no longer there
    """

    call: str
    ruleset: str
    pupil: str
    on: date
    of: Literal["step", "task"]
    name: str
    was: str
    now: str
    decision: Decision

    @property
    def task(self) -> Task | None:
        """The task as it is now; None: of a step, or no longer asked."""
        return next((t for t in self.decision.tasks if t.name == self.name), None)


@dataclass(frozen=True, slots=True)
class Failure:
    """What could not be done. Everything else goes on. `transition`: the call of the application that raised `error`."""

    pupil: str
    error: Exception
    transition: Transition | None = None


@dataclass(slots=True)
class _Held:
    """A case, and what was told of it: of each opening (life, ground), of each task (state, overdue, due day)."""

    ruleset: str
    case: Case
    steps: dict[str, tuple[str, str]]
    tasks: dict[str, tuple[str, bool, date | None]]


class Live:
    """Cases that live in this process. Any thread may post; one worker takes the posts in their order and makes all calls.

    rulesets   a Model, or several by name
    on         the first day; `day` goes on
    calendars  as for `decide`
    calls      for names of CALLS a function that takes a Transition; called in the worker's thread, once for each change
    error      takes a Failure: an event that cannot be true, a day without calendar, a call that raised
    Raises ImportError where durable-rules is not there. Nothing is stored: after a restart, `admit` the cases again.
    """

    def __init__(
        self,
        rulesets: Model | Mapping[str, Model],
        *,
        on: date,
        error: Callable[[Failure], object],
        calls: Mapping[str, Callable[[Transition], object]] | None = None,
        calendars: Mapping[str, Calendar] | Calendar | None = None,
    ) -> None:
        if type(on) is not date:
            raise ValueError("on is a date, without a time")
        self._models = {rulesets.name: rulesets} if isinstance(rulesets, Model) else dict(rulesets)
        self._calls, self._error, self._calendars = dict(calls or {}), error, calendars
        for name in self._calls:
            if name not in CALLS:
                raise ValueError(f"there is no call '{name}'; {nearest(name, CALLS) or 'there are ' + ', '.join(CALLS)}")
        engine = _Engine()
        self._judge = _Judge(engine)
        for model in self._models.values():
            for v in model.versions:
                self._judge.learn(v, _conditions(v))
        self._changes = _changes()
        rules = enumerate(self._changes.items(), 1)
        engine.add("changes", {name: {"all": [{"m": _written(f)}], "pri": n} for n, (name, (_, f)) in rules})
        self._held: dict[str, _Held] = {}
        self._on = self._last_posted = on
        self._posts: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._door = threading.Lock()
        self._is_closed = False
        self._worker = threading.Thread(target=self._work, name="sky-live", daemon=True)
        self._worker.start()

    # ------------------------------------------------------------------ any thread
    def admit(self, case: Case, *, ruleset: str | None = None, quietly: bool = False) -> None:
        """Takes up a case with what is recorded so far; in place of one of the same pupil.

        ruleset  by name; may be left out when there is one
        quietly  nothing is told of what is so by now, only of what changes from here on
        """
        if ruleset is None and len(self._models) != 1:
            raise ValueError(f"there are several rulesets; write ruleset= and one of {', '.join(sorted(self._models))}")
        name = next(iter(self._models)) if ruleset is None else ruleset
        if name not in self._models:
            known = nearest(name, self._models) or f"there are {', '.join(sorted(self._models))}"
            raise ValueError(f"there is no ruleset '{name}'; {known}")
        self._put(partial(self._admit, case, name, quietly))

    def post(self, pupil: str, *events: Event, data_until: date | None = None) -> None:
        """What happened to a case, in the order in which it was recorded; all of one post or nothing of it.

        An event without `recorded` is recorded on the live day, without `seq` after everything posted before.
        data_until  the last day with any mark of the school, where that has moved on
        """
        for e in events:
            if type(e) not in TYPE_OF:
                raise TypeError(f"a post holds events (Mark, Report, …), not a {type(e).__name__}")
        self._put(partial(self._post, pupil, events, data_until))

    def day(self, on: date, *, data_until: date | None = None) -> None:
        """The day has come: every case is looked at. Days that are left out are looked at with it."""
        if type(on) is not date:
            raise ValueError("a day is a date, without a time")
        with self._door:
            if on < self._last_posted:
                raise ValueError(f"days go forward: {on} was posted after {self._last_posted}")
            self._last_posted = on
            self._enter(partial(self._day, on, data_until))

    def forget(self, pupil: str) -> None:
        """Drops a case; nothing is told."""
        self._put(partial(self._held.pop, pupil, None))

    def decision(self, pupil: str, *, timeout: float | None = None) -> Decision:
        """The decision about a case after everything posted so far, as durable-rules gives it. Raises KeyError."""
        return self._ask(lambda: self._decide(self._held[pupil])[1], timeout)

    def case(self, pupil: str, *, timeout: float | None = None) -> Case:
        """The record of a case after everything posted so far. Raises KeyError."""
        return self._ask(lambda: self._held[pupil].case, timeout)

    def wait(self, timeout: float | None = None) -> None:
        """Until everything posted so far is done and told. Raises TimeoutError."""
        self._ask(lambda: None, timeout)

    def close(self) -> None:
        """Does and tells what was posted, then stops. Nothing may be posted after it."""
        with self._door:
            if not self._is_closed:
                self._is_closed = True
                self._posts.put(None)
        if threading.current_thread() is not self._worker:
            self._worker.join()

    @property
    def asked(self) -> int:
        """How many different questions durable-rules has answered so far."""
        return self._judge.asked

    def __enter__(self) -> Live:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _put(self, what: Callable[[], object]) -> None:
        with self._door:
            self._enter(what)

    def _enter(self, what: Callable[[], object]) -> None:
        if self._is_closed:
            raise RuntimeError("this live host is closed: nothing can be posted any more")
        self._posts.put(what)

    def _ask(self, what: Callable[[], _T], timeout: float | None) -> _T:
        if threading.current_thread() is self._worker:
            raise RuntimeError("a call of the application must not wait for the live host: it would wait for itself")
        answer: Future[_T] = Future()

        def fill() -> None:
            try:
                answer.set_result(what())
            except Exception as e:
                answer.set_exception(e)

        self._put(fill)
        return answer.result(timeout)

    # ------------------------------------------------------------------ the worker's thread
    def _work(self) -> None:
        while (what := self._posts.get()) is not None:
            what()
        self._judge.engine.free()

    def _admit(self, case: Case, ruleset: str, quietly: bool) -> None:
        if any(e.seq is None for e in case.events):  # its order is known, and what is posted comes after it
            case = case.changed(events=[replace(e, seq=n) for n, e in enumerate(case.events)])
        self._held[case.pupil] = held = _Held(ruleset, case, {}, {})
        self._look(held, quietly=quietly)

    def _post(self, pupil: str, events: tuple[Event, ...], data_until: date | None) -> None:
        held = self._held.get(pupil)
        if held is None:
            self._fail(Failure(pupil, KeyError("this pupil was not admitted")))
            return
        try:
            held.case = _moved(held.case.with_events(*self._stamped(held.case, events)), data_until)
        except Exception as e:
            self._fail(Failure(pupil, e))
            return
        self._look(held)

    def _stamped(self, case: Case, events: tuple[Event, ...]) -> Iterator[Event]:
        """Events with a name, the day and the place in which they were posted, where they do not say their own."""
        seq = max((e.seq for e in case.events), default=-1)
        ids = {e.id for e in (*case.events, *events)}
        for e in events:
            seq = max(seq, e.seq) if e.seq is not None else seq + 1
            name = e.id or _free_name(e, ids)
            ids.add(name)
            yield replace(e, id=name, seq=seq if e.seq is None else e.seq, recorded=e.recorded or self._on)

    def _day(self, on: date, data_until: date | None) -> None:
        self._on = on
        for held in list(self._held.values()):
            held.case = _moved(held.case, data_until)
            self._look(held)

    def _decide(self, held: _Held) -> tuple[list[Opening], Decision]:
        model, day = self._models[held.ruleset], self._on.toordinal()
        calendars = calendars_of(held.case, self._calendars)
        accept(model, calendars)
        decider = Decider(model, held.case, day, end_of(day), calendars, partial(_JudgedPath, self._judge))
        return decider.path.openings, decider.decision()

    def _look(self, held: _Held, *, quietly: bool = False) -> None:
        """Decides, keeps what is so now, and tells what was not so before."""
        try:
            openings, decision = self._decide(held)
        except Exception as e:
            self._fail(Failure(held.case.pupil, e))
            return
        steps = {o.name: ("open" if o.ended is None else "ended", "withdrawn" if o.is_withdrawn else "sure") for o in openings}
        tasks = {t.name: (t.state, t.overdue, t.due) for t in decision.tasks}
        before, held.steps, held.tasks = (held.steps, held.tasks), steps, tasks
        if quietly:
            return
        found = (self._of_steps(before[0], steps), self._of_tasks(before[1], tasks))
        for rule, of, name, was, now in chain(*found):
            for call in self._changes[rule][0]:
                self._tell(Transition(call, held.ruleset, held.case.pupil, self._on, of, name, was, now, decision))

    def _rule(self, **event: Any) -> str:
        return self._judge.engine.ask("changes", {"is_same": 0, **event})

    def _of_steps(
        self, before: Mapping[str, tuple[str, str]], after: Mapping[str, tuple[str, str]]
    ) -> Iterator[tuple[str, Literal["step", "task"], str, str, str]]:
        for name in dict.fromkeys((*before, *after)):
            life, ground = before.get(name, ("absent", "sure"))
            # an opening that an earlier recording undid was never there: it has no ground
            new_life, new_ground = after.get(name, ("absent", "withdrawn"))
            for about, was, now in (("step", life, new_life), ("ground", ground, new_ground)):
                if was != now:
                    yield self._rule(about=about, was=was, now=now), "step", name, was, now

    def _of_tasks(
        self, before: Mapping[str, tuple[str, bool, date | None]], after: Mapping[str, tuple[str, bool, date | None]]
    ) -> Iterator[tuple[str, Literal["step", "task"], str, str, str]]:
        for name in dict.fromkeys((*after, *before)):
            old, new = before.get(name, ("absent", False, None)), after.get(name, ("absent", False, None))
            if old != new:
                said = {"was_overdue": int(old[1]), "is_overdue": int(new[1]), "is_same": int(old[0] == new[0])}
                yield self._rule(about="task", was=old[0], now=new[0], **said), "task", name, old[0], new[0]

    # ------------------------------------------------------------------ what the application does with it
    def _tell(self, told: Transition) -> None:
        call = self._calls.get(told.call)
        if call is None:
            return
        try:
            call(told)
        except Exception as e:
            self._fail(Failure(told.pupil, e, told))

    def _fail(self, failure: Failure) -> None:
        try:
            self._error(failure)
        except Exception as e:  # the worker goes on; Python says it where it says errors of threads
            threading.excepthook(threading.ExceptHookArgs((type(e), e, e.__traceback__, self._worker)))


def _free_name(e: Event, taken: set[str | None]) -> str:
    """As a record names what has no id, and never a name that is there: a second mark of a day corrects nothing."""
    name = f"{TYPE_OF[type(e)]}-{e.on.isoformat()}"
    return next(n for n in chain([name], (f"{name}-{i}" for i in count(2))) if n not in taken)


def _moved(case: Case, data_until: date | None) -> Case:
    if data_until is None or (case.data_until is not None and data_until <= case.data_until):
        return case
    return case.changed(data_until=data_until)
