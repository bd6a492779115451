"""What two rulesets say differently: in values, places and reasons, in the answers of pupils, in the work of roles.

Rules: items are compared by id, never by their place in a file, so A against A is empty and B against A is the mirror of A
against B; a pupil with the same answer is not listed; overdue work is told by role and school, never by person; minutes are
assumed, and every figure made of them says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from itertools import groupby, zip_longest
from pathlib import Path
from typing import Any, Literal

from sky_model.decision import Decision, Task
from sky_model.errors import Place, Problem, RulesetError, nearest
from sky_model.events import ActionTaken, Enrolment
from sky_model.histories import decisions_on
from sky_model.layers import IDENTITY, STATUTORY, Origin, Whole, read_layers, rulesets_folder, show
from sky_model.records import Case
from sky_model.rules import Act, Model
from sky_model.schooldays import Calendar
from sky_model.source import read_file
from sky_model.tasks import OVER, PARTIES
from sky_model.vocabulary import Shape, read
from sky_model.vocabulary import Whole as WholeNumber

__all__ = [
    "BEFORE", "Asked", "Change", "Demand", "Difference", "Figure", "Load", "Minutes", "PupilChange", "Said", "Work", "compare",
    "compare_pupil", "days_between", "demands", "monday_of", "read_minutes", "removals",
]  # fmt: skip

NO_DAY = "no day set"
BEFORE = "before"
ITSELF = "the ruleset itself"
NAMELESS = "item"


# ---------------------------------------------------------------------- values, places, reasons
@dataclass(frozen=True, slots=True)
class Said:
    """A value and who says it. `value` None: the layer that took it away, where and why."""

    value: Any
    layer: str
    place: Place
    because: str = ""

    def to_json(self) -> dict[str, Any]:
        place = {"file": self.place.file, "line": self.place.line, "column": self.place.column}
        return {"value": self.value, "layer": self.layer, **place, "because": self.because}

    def __str__(self) -> str:
        gone = "taken away by " if self.value is None else ""
        return f"{gone}{self.layer} at {self.place}" + (f", because {self.because}" if self.because else "")


@dataclass(frozen=True, slots=True)
class Change:
    """One item or value that is not the same. how: added | removed | changed | order (the same items, in another order)."""

    how: str
    section: str
    at: str
    old: Said | None
    new: Said | None

    def to_json(self) -> dict[str, Any]:
        sides = {"old": self.old.to_json() if self.old else None, "new": self.new.to_json() if self.new else None}
        return {"how": self.how, "section": self.section, "at": self.at, **sides}

    def lines(self) -> Iterator[str]:
        """In words: what became of it, then who says so."""
        old, new = (show(x.value, 100) if x else "" for x in (self.old, self.new))
        said = {
            "added": f"added: {new}",
            "removed": f"removed: {old}",
            "changed": f"{old} becomes {new}",
            "order": f"the order {old} becomes {new}",
        }
        yield f"{self.at}: {said[self.how]}"
        if self.old is not None:
            yield f"    A: {self.old}"
        if self.new is not None:
            yield f"    B: {self.new}"


def removals(name: str | Path) -> dict[str, Said]:
    """What the layers of a ruleset take away, by path: which layer, where, why."""
    return {
        str(said["at"]): Said(None, layer.name, layer.place(("remove", i, "at")), str(said["because"]))
        for layer in read_layers(name)[0]
        for i, said in enumerate(layer.data.get("remove", []))
    }


def compare(
    a: Whole, b: Whole, *, gone_in_a: Mapping[str, Said] | None = None, gone_in_b: Mapping[str, Said] | None = None
) -> tuple[Change, ...]:
    """Every value that is not the same in two merged rulesets, section by section.

    gone_in_a, gone_in_b  what their layers take away (`removals`): then the reason of an absence is told too
    """
    walk = _Walk(a, b, gone_in_a or {}, gone_in_b or {})
    for section in sorted({*a.data, *b.data}, key=lambda s: (s not in IDENTITY, _order_of(s, a.data, b.data))):
        walk.section = ITSELF if section in IDENTITY else section
        old, new = a.data.get(section), b.data.get(section)
        if section not in IDENTITY:  # a section that is not there holds nothing: its items are told one by one
            empty: Any = [] if isinstance(old if new is None else new, list) else {}
            old, new = empty if old is None else old, empty if new is None else new
        walk.pair(section, (section,), (section,), old, new)
    return tuple(walk.found)


def _order_of(name: str, left: Iterable[str], right: Iterable[str]) -> tuple[int, str]:
    """The order of the files; the same whichever of the two comes first."""
    return max([*x].index(name) for x in (left, right) if name in x), name


@dataclass(slots=True)
class _Walk:
    """Both wholes side by side. Each side has its own path of keys and indexes; the path of names is one."""

    a: Whole
    b: Whole
    gone_in_a: Mapping[str, Said]
    gone_in_b: Mapping[str, Said]
    section: str = ""
    found: list[Change] = field(default_factory=list)

    def pair(self, at: str, in_a: tuple[Any, ...], in_b: tuple[Any, ...], old: Any, new: Any) -> None:
        if old == new:
            return
        if old is None:
            self._tell("added", at, self.gone_in_a.get(at), self._said(self.b, at, in_b, new))
        elif new is None:
            self._tell("removed", at, self._said(self.a, at, in_a, old), self.gone_in_b.get(at))
        elif isinstance(old, dict) and isinstance(new, dict) and (old.keys() & new.keys() or len(in_a) == 1):
            for key in sorted({*old, *new}, key=lambda k: _order_of(k, old, new)):
                self.pair(f"{at}.{key}", (*in_a, key), (*in_b, key), old.get(key), new.get(key))
        elif isinstance(old, list) and isinstance(new, list):
            self._lists(at, in_a, in_b, old, new)
        else:
            self._tell("changed", at, self._said(self.a, at, in_a, old), self._said(self.b, at, in_b, new))

    def _lists(self, at: str, in_a: tuple[Any, ...], in_b: tuple[Any, ...], old: list[Any], new: list[Any]) -> None:
        """Items by name; of several with one name the equal ones belong together, the rest in order."""
        before = len(self.found)
        left, right = _by_name(old), _by_name(new)
        for name in sorted({*left, *right}, key=lambda n: _order_of(n, left, right)):
            mine, other = [*left.get(name, ())], [*right.get(name, ())]
            many = name == NAMELESS or max(len(mine), len(other)) > 1
            for i in [*mine]:
                same = next((k for k in other if new[k] == old[i]), None)
                if same is not None:
                    mine.remove(i)
                    other.remove(same)
            for n, (i, k) in enumerate(zip_longest(mine, other), 1):
                x, y = None if i is None else old[i], None if k is None else new[k]
                path = f"{at}.{name}" + (f"[{n}]" if many else "")
                if (
                    x is not None and y is not None and _is_part(x) and _is_part(y) and name in x and name in y
                ):  # a part is named by its fact
                    self.pair(path, (*in_a, i, name), (*in_b, k, name), x[name], y[name])
                else:
                    self.pair(path, (*in_a, i), (*in_b, k), x, y)
        # where something is added or taken away, what both have still shows whether the order is another one
        orders: list[Any] = [[n for n in side if n in left and n in right] for side in (left, right)]
        if orders[0] == orders[1]:
            if len(self.found) > before:
                return
            orders = [old, new]
        self._tell("order", at, self._said(self.a, at, in_a, orders[0]), self._said(self.b, at, in_b, orders[1]))

    @staticmethod
    def _said(whole: Whole, at: str, path: tuple[Any, ...], value: Any) -> Said:
        """Who says a value. Where a path of names leads to several items, its position says it."""
        try:
            origin: Origin | None = whole.origin_of(at)
        except RulesetError:
            origin = None
        if origin is not None and origin.value == value:
            return Said(value, origin.layer, origin.place, origin.because)
        known = next((n for n in range(len(path), -1, -1) if path[:n] in whole.places), 0)
        return Said(value, whole.layer(path[:known]), whole.place(path))

    def _tell(self, how: str, at: str, old: Said | None, new: Said | None) -> None:
        self.found.append(Change(how, self.section, at, old, new))


def _by_name(items: list[Any]) -> dict[str, list[int]]:
    out: dict[str, list[int]] = {}
    for i, item in enumerate(items):
        out.setdefault(_name(item), []).append(i)
    return out


def _name(item: Any) -> str:
    """What an item is called in a path, as in a layer's `at`; what has no name is compared by its content."""
    if not isinstance(item, dict):
        return item if isinstance(item, str) else NAMELESS
    if isinstance(item.get("system"), str) and isinstance(item.get("code"), str):
        return f"{item['system']}.{item['code']}"
    for key in ("id", "act", "gap", "step", "kind"):
        if isinstance(item.get(key), str):
            return str(item[key])
    return str(next(iter(item))) if _is_part(item) else NAMELESS


def _is_part(item: Any) -> bool:
    return isinstance(item, dict) and len(item) == 1 and isinstance(next(iter(item.values())), dict | list)


# ---------------------------------------------------------------------- pupils
@dataclass(frozen=True, slots=True)
class Asked:
    """A task that is still asked, as far as two rulesets are compared by it."""

    action: str
    role: str
    duty: str
    due: date | None
    state: str
    is_overdue: bool

    def to_json(self) -> dict[str, Any]:
        due = self.due.isoformat() if self.due else None
        said = {"action": self.action, "role": self.role, "duty": self.duty}
        return {**said, "due": due, "state": self.state, "overdue": self.is_overdue}


@dataclass(frozen=True, slots=True)
class PupilChange:
    """Another answer for one pupil through one step or message: in which way, on which days, what is asked otherwise.

    since, until  the first and the last day decided about on which the answer is another one in this way
    opened  the day on which the step opened, the earlier one where it is open under both; None where it is not open
    only_a, only_b  what is asked under one of them only, or otherwise, on the first of these days
    """

    pupil: str
    through: str
    way: str
    since: date
    until: date
    opened: date | None
    only_a: tuple[Asked, ...]
    only_b: tuple[Asked, ...]
    next_a: Asked | None
    next_b: Asked | None

    def to_json(self) -> dict[str, Any]:
        return {
            "pupil": self.pupil,
            "from": self.since.isoformat(),
            "until": self.until.isoformat(),
            "opened": self.opened.isoformat() if self.opened else None,
            "next_a": self.next_a.to_json() if self.next_a else None,
            "next_b": self.next_b.to_json() if self.next_b else None,
            "only_a": [x.to_json() for x in self.only_a],
            "only_b": [x.to_json() for x in self.only_b],
        }

    def tells(self) -> Iterator[str]:
        """What is asked otherwise, without days and pupils: such sentences can be counted."""
        old, new = ({x.action: x for x in side} for side in (self.only_a, self.only_b))
        for action in sorted({*old, *new}):
            a, b = old.get(action), new.get(action)
            if a is None or b is None:
                one, side = (a, "A") if a is not None else (b, "B")
                assert one is not None
                yield f"{action} ({one.role}, {one.duty}) is asked only under {side}"
                continue
            yield from (f"{action}: {said}" for said in _otherwise(a, b))


def _otherwise(a: Asked, b: Asked) -> Iterator[str]:
    if a.due != b.due:
        if a.due is None or b.due is None:
            yield f"has a day only under {'B' if a.due is None else 'A'}"
        else:
            yield f"is due earlier under {'A' if a.due < b.due else 'B'}"
    if a.is_overdue != b.is_overdue:
        yield f"is overdue only under {'A' if a.is_overdue else 'B'}"
    for what, x, y in (("role", a.role, b.role), ("duty", a.duty, b.duty), ("state", a.state, b.state)):
        if x != y:
            yield f"the {what} is {x} under A, {y} under B"


def _asked(t: Task) -> Asked:
    return Asked(t.action, t.role, t.duty, t.due, t.state, t.overdue)


def _bare(opening: str) -> str:
    """The step of an opening, with its level."""
    return opening.partition("@")[0]


def compare_pupil(a: Decision, b: Decision) -> list[PupilChange]:
    """In what the answers about one pupil on one day differ, by the step that makes the difference: empty where they do not."""
    sides = [
        [("open", {_bare(s.name) for s in d.open_steps}),
         ("undecided", {s for q in d.questions for s in q.steps}),
         ("owed", {m.message for m in d.messages if m.state == "owed"})]
        for d in (a, b)
    ]  # fmt: skip
    ways: dict[str, str] = {}
    for (said, in_a), (_, in_b) in zip(*sides, strict=True):
        for n in in_a ^ in_b:
            ways.setdefault(n, f"is {said} only under {'A' if n in in_a else 'B'}")
    asked = [{t.action: t for t in d.tasks if t.state not in OVER} for d in (a, b)]
    only: list[dict[str, Task]] = [
        {k: t for k, t in mine.items() if k not in other or _asked(t) != _asked(other[k])} for mine, other in (asked, asked[::-1])
    ]
    through: dict[str, tuple[list[Asked], list[Asked]]] = {n: ([], []) for n in ways}
    for side, tasks in enumerate(only):
        for action, t in tasks.items():
            # what a step asks that is open on one side only follows from it, also where it takes up another step's action
            same = [x[action] for x in only if action in x]
            asking = {n for x in same for n in (*map(_bare, x.openings), x.step)}
            for n in sorted(asking & ways.keys()) or [t.step]:
                through.setdefault(n, ([], []))[side].append(_asked(t))
    opened: dict[str, date] = {}
    for step in (*a.open_steps, *b.open_steps):
        name = _bare(step.name)
        opened[name] = min(opened.get(name, step.opened_on), step.opened_on)
    next_a, next_b = (_asked(d.next) if d.next else None for d in (a, b))
    if next_a != next_b and not through:  # the same tasks in another order
        through = {d.next.step: ([], []) for d in (a, b) if d.next}
    return [
        PupilChange(
            a.pupil, n, ways.get(n, "asks otherwise"), a.on, a.on, opened.get(n), _sorted(in_a), _sorted(in_b), next_a, next_b
        )
        for n, (in_a, in_b) in sorted(through.items())
    ]


def _sorted(found: list[Asked]) -> tuple[Asked, ...]:
    return tuple(sorted(found, key=lambda x: x.action))


# ---------------------------------------------------------------------- minutes
class MinutesOf(Shape):
    minutes: WholeNumber
    certainty: Literal["assumed"]


class MinutesByKind(Shape):
    """For actions that are not named: a system may do them; professionals take part beside the one who acts; the rest."""

    by_system: MinutesOf | None = None
    with_others: MinutesOf | None = None
    other: MinutesOf | None = None


class WorkFile(Shape):
    format: Literal["1"]
    actions: dict[str, MinutesOf]
    by_kind: MinutesByKind = MinutesByKind()


@dataclass(frozen=True, slots=True)
class Minutes:
    """How many minutes each action of two rulesets takes, as assumed; None where nobody says."""

    by_action: Mapping[str, int | None]

    def of(self, load: Load) -> int:
        return sum(n * (self.by_action.get(action) or 0) for action, n in load.people().items())

    def assumed(self, *loads: Load) -> dict[str, int]:
        """What is assumed of the actions of these loads."""
        known = {action: self.by_action.get(action) for action in self._actions(loads)}
        return {action: n for action, n in known.items() if n is not None}

    def without(self, *loads: Load) -> list[str]:
        """The actions of these loads of which nothing is assumed: they are in no figure of minutes."""
        return [action for action in self._actions(loads) if self.by_action.get(action) is None]

    @staticmethod
    def _actions(loads: Iterable[Load]) -> list[str]:
        return sorted({action for load in loads for action in load.people()})


def read_minutes(path: Path | None, a: Model, b: Model) -> Minutes:
    """A table of minutes for the actions of two rulesets; None: the shipped one. Raises RulesetError with every fault."""
    source = read_file(path or rulesets_folder() / "work.yaml")
    if source.problems:
        raise RulesetError(source.problems)
    said, problems = read(WorkFile, source.data, source.place)
    acts = {id_: act for m in (a, b) for v in m.versions for id_, act in v.acts.items()}
    staff = {r for m in (a, b) for v in m.versions for r in (*v.roles, *v.groups)} - {*PARTIES}
    for action in said.actions if said is not None and path is not None else ():
        if action not in acts:  # the shipped table serves every ruleset; in one's own it is a misspelling
            message = f"neither ruleset has an action '{action}'"
            problems.append(Problem("no-such", message, source.place(("actions", action)), nearest(action, acts)))
    if said is None or problems:
        raise RulesetError(problems)
    out: dict[str, int | None] = {}
    for id_, act in acts.items():
        found = said.actions.get(id_) or _by_kind(act, said.by_kind, staff)
        out[id_] = found.minutes if found is not None else None
    return Minutes(out)


def _by_kind(act: Act, said: MinutesByKind, staff: Collection[str]) -> MinutesOf | None:
    if act.by_system:
        return said.by_system
    beside = {*act.required, *(act.at_least[1] if act.at_least else ())}
    return said.with_others if beside & {*staff} else said.other


# ---------------------------------------------------------------------- work
@dataclass(frozen=True, slots=True)
class Load:
    """What is asked of one role, by action: of how many tasks it is the one who does, in how many it takes part."""

    does: Counter[str] = field(default_factory=Counter)
    takes_part: Counter[str] = field(default_factory=Counter)

    def people(self) -> Counter[str]:
        return self.does + self.takes_part


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


@dataclass(slots=True)
class Work:
    """The tasks that were asked on one of the days, each once; what is overdue on the last day, by role and school."""

    first: date
    tasks: dict[tuple[str, str], tuple[str, str, str, tuple[str, ...]]] = field(default_factory=dict)
    overdue: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, d: Decision) -> None:
        monday = monday_of(self.first)
        for t in d.tasks:
            if t.state in OVER:
                continue
            due = monday_of(t.due) if t.due else None
            week = NO_DAY if due is None else BEFORE if due < monday else due.isoformat()
            part = tuple(r for r in t.takes_part if r not in PARTIES and r != t.role)
            self.tasks[d.pupil, t.name] = (t.role, week, t.action, part)

    def add_overdue(self, d: Decision, school: str) -> None:
        self.overdue.update((t.role, school) for t in d.tasks if t.overdue and t.state not in OVER)

    def loads(self) -> dict[tuple[str, str], Load]:
        """By role and week."""
        out: dict[tuple[str, str], Load] = {}
        for role, week, action, part in self.tasks.values():
            out.setdefault((role, week), Load()).does[action] += 1
            for r in part:
                out.setdefault((r, week), Load()).takes_part[action] += 1
        return out


@dataclass(frozen=True, slots=True)
class Figure:
    """The work of a role in a week under both rulesets. week: its Monday, `before` (the first week) or `no day set`."""

    role: str
    week: str
    a: Load
    b: Load

    @property
    def is_week(self) -> bool:
        return self.week not in (BEFORE, NO_DAY)


@dataclass(frozen=True, slots=True)
class Demand:
    """How many persons of a role so many pupils ask for, where a ruleset says the most pupils of one person."""

    role: str
    pupils_per_person: int
    source: str
    is_law: bool
    pupils: int
    staff: Decimal | None
    under: str  # A and B | A | B

    @property
    def asks(self) -> Decimal:
        """Persons, to the next hundredth."""
        return (Decimal(self.pupils) / self.pupils_per_person).quantize(Decimal("0.01"), ROUND_CEILING)

    @property
    def suffices(self) -> bool | None:
        return None if self.staff is None else self.staff * self.pupils_per_person >= self.pupils

    def to_json(self) -> dict[str, Any]:
        return {
            "role": self.role,
            "pupils_per_person": self.pupils_per_person,
            "source": self.source,
            "law": self.is_law,
            "under": self.under,
            "pupils": self.pupils,
            "asks": str(self.asks),
            "staff": str(self.staff) if self.staff is not None else None,
            "suffices": self.suffices,
        }


def demands(a: Model, b: Model, pupils: int, staff: Mapping[str, Decimal]) -> list[Demand]:
    """What the rulesets ask of the number of staff, role by role."""
    found: dict[tuple[str, int, str, bool], list[str]] = {}
    for side, m in (("A", a), ("B", b)):
        for r in m.newest.said.roles:
            if r.pupils_per_person:
                source = m.newest.sources.get(r.source or "")
                is_law = source is not None and source.kind in STATUTORY
                found.setdefault((r.id, r.pupils_per_person, r.source or "", is_law), []).append(side)
    return [Demand(*k, pupils, staff.get(k[0]), " and ".join(sides)) for k, sides in sorted(found.items())]


# ---------------------------------------------------------------------- all of it
@dataclass(slots=True)
class Difference:
    """Two rulesets side by side: changes of values and, where pupils are handed in, their answers and the work.

    capacity  minutes a week that a role has, as the user states it
    """

    a: Model
    b: Model
    changes: tuple[Change, ...]
    days: tuple[date, ...] = ()
    minutes: Minutes = Minutes({})
    capacity: Mapping[str, int] = field(default_factory=dict)
    pupils: list[PupilChange] = field(default_factory=list)
    decided: int = 0
    set_aside: int = 0  # marks that cannot be read as they are, on the last day, of all pupils
    answers_of_people: int = 0  # how many actions the records call done, planned, refused, …
    work_a: Work = field(init=False)
    work_b: Work = field(init=False)

    def __post_init__(self) -> None:
        first = self.days[0] if self.days else date.min
        self.work_a, self.work_b = Work(first), Work(first)

    def take(self, case: Case, calendars: Mapping[str, Calendar] | Calendar | None) -> None:
        """One pupil more, on every day. Raises RecordError when it cannot be decided; then nothing of it is counted."""
        told = [decisions_on(m, case, self.days, calendars=calendars) for m in (self.a, self.b)]
        pairs = [(day, a, b) for (day, a), (_, b) in zip(*told, strict=True)]
        found: dict[tuple[str, str], PupilChange] = {}
        for _, same in groupby(pairs, key=lambda p: (id(p[1]), id(p[2]))):  # days on which neither answer becomes another one
            days = list(same)
            (first, a, b), last = days[0], days[-1][0]
            for p in compare_pupil(a, b):
                before = found.get((p.through, p.way))
                found[p.through, p.way] = replace(before or p, since=before.since if before else first, until=last)
            self.work_a.add(a)
            self.work_b.add(b)
        school = _school_of(case, self.days[-1])
        self.work_a.add_overdue(pairs[-1][1], school)
        self.work_b.add_overdue(pairs[-1][2], school)
        self.pupils += found.values()
        self.decided += 1
        self.set_aside += len(pairs[-1][2].set_aside)
        self.answers_of_people += sum(isinstance(e, ActionTaken) for e in case.events)

    @property
    def others(self) -> int:
        """How many pupils get another answer."""
        return len({p.pupil for p in self.pupils})

    def groups(self) -> Iterator[tuple[str, str, list[PupilChange]]]:
        """(step or message, way, pupils), in the order of the alphabet."""
        found: dict[tuple[str, str], list[PupilChange]] = {}
        for p in sorted(self.pupils, key=lambda p: (p.since, p.until, p.pupil)):
            found.setdefault((p.through, p.way), []).append(p)
        yield from ((through, way, same) for (through, way), same in sorted(found.items()))

    def figures(self) -> list[Figure]:
        """Role by role, week by week; what is due earlier first, what has no day last."""
        a, b = self.work_a.loads(), self.work_b.loads()
        order = {BEFORE: 0, NO_DAY: 2}
        keys = sorted({*a, *b}, key=lambda k: (k[0], order.get(k[1], 1), k[1]))
        return [Figure(*k, a.get(k) or Load(), b.get(k) or Load()) for k in keys]

    def overdue(self) -> list[tuple[str, str, int, int]]:
        """(role, school, tasks under A, tasks under B) that are overdue on the last day."""
        keys = sorted({*self.work_a.overdue, *self.work_b.overdue})
        return [(*k, self.work_a.overdue[k], self.work_b.overdue[k]) for k in keys]

    def over_capacity(self, f: Figure) -> tuple[int, int] | None:
        """By how many minutes a week goes over what the user stated, under A and B; None where nothing is stated."""
        stated = self.capacity.get(f.role)
        if stated is None or not f.is_week:
            return None
        return max(0, self.minutes.of(f.a) - stated), max(0, self.minutes.of(f.b) - stated)

    def to_json(self) -> dict[str, Any]:
        sides = {
            side: {"ruleset": m.name, "status": m.newest.said.status, "fingerprint": m.fingerprint}
            for side, m in (("a", self.a), ("b", self.b))
        }
        out: dict[str, Any] = {"format": 1, **sides, "changes": [c.to_json() for c in self.changes]}
        if self.days:
            out["days"] = {"from": self.days[0].isoformat(), "to": self.days[-1].isoformat(), "number": len(self.days)}
            groups = [{"through": n, "change": way, "pupils": [p.to_json() for p in same]} for n, way, same in self.groups()]
            out["pupils"] = {"decided": self.decided, "different": self.others, "groups": groups, "set_aside": self.set_aside}
            overdue = [{"role": r, "school": s, "a": a, "b": b} for r, s, a, b in self.overdue()]
            out["work"] = {"figures": [self._figure_json(f) for f in self.figures()], "overdue": overdue}
            out["work"]["answers_of_people"] = self.answers_of_people
        return out

    def _figure_json(self, f: Figure) -> dict[str, Any]:
        def side(load: Load) -> dict[str, int]:
            return {"tasks": load.does.total(), "takes_part": load.takes_part.total(), "minutes": self.minutes.of(load)}

        over = self.over_capacity(f)
        return {
            "role": f.role,
            "week": f.week,
            "a": side(f.a),
            "b": side(f.b),
            "assumed": self.minutes.assumed(f.a, f.b),
            "without_minutes": self.minutes.without(f.a, f.b),
            "capacity": self.capacity.get(f.role) if f.is_week else None,
            "over_capacity": None if over is None else {"a": over[0], "b": over[1]},
        }


def _school_of(case: Case, day: date) -> str:
    enrolled = [e for e in case.events if isinstance(e, Enrolment)]
    newest = max((e for e in enrolled if e.since <= day), key=lambda e: e.since, default=None)
    return newest.school or "" if newest is not None else ""


def days_between(first: date, last: date, calendars: Iterable[Calendar]) -> tuple[date, ...]:
    """The days that are school days in one of the calendars, from the first to the last, and the last day itself.

    Without a calendar: Monday to Friday.
    """
    given = list(calendars)
    known = {d for c in given for d in c.school_days}
    span = range(first.toordinal(), last.toordinal())
    days = [date.fromordinal(d) for d in span if (d in known if given else date.fromordinal(d).weekday() < 5)]
    return (*days, last)
