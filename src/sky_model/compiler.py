"""Layers to one checked version: references, numbers, and what the loader refuses to guess.

Rules: all faults are told at once, in file order, each with the place of the line that caused it; what the rules do not decide
is a fault here, never a choice while deciding.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sky_model import vocabulary as words
from sky_model.engine import digest, engine_version, numbers_of
from sky_model.errors import Problem, nearest
from sky_model.layers import Layer, Whole, granted, lay
from sky_model.milder import prove
from sky_model.rules import (
    ABSENCE,
    WHO_RECORDED,
    Act,
    All,
    AnyOf,
    ByGrade,
    Condition,
    Count,
    Due,
    Lasts,
    MarkTest,
    NoneOf,
    Notice,
    Ruleset,
    StepOf,
    Test,
    Turn,
    Unsaid,
    reading_checks_in,
    tests_in,
)
from sky_model.schooldays import Schedule, Span, Window

__all__ = ["compile_layers", "may_both_hold", "with_its_base"]

SECTIONS_WITH_IDS = (
    "sources", "kinds", "counters", "reports", "questions", "parameters", "tiers", "critical_rules",
    "steps", "community", "statements", "organisations", "roles", "groups", "consents", "schedules", "planned", "ladders",
    "messages",
)  # fmt: skip
BLANKS = ("total", "by_kind", "limit", "first", "last")  # what the text of a message may leave to be filled in


def compile_layers(layers: list[Layer]) -> tuple[Ruleset | None, list[Problem]]:
    """The layers as one, never milder than what is beneath where that protects."""
    ruleset, problems = _as_one(layers)
    return _never_milder(ruleset, layers) if ruleset is not None and len(layers) > 1 else (ruleset, problems)


def _as_one(layers: list[Layer]) -> tuple[Ruleset | None, list[Problem]]:
    """What follows from a change that was not made, or makes no ruleset, is no fault of its own."""
    whole, problems = lay(layers)
    if any(p.code != "doubled-id" for p in problems):
        return None, problems
    said, faults = words.read(words.RulesetFile, whole.data, whole.place)
    if said is None:
        return None, [*problems, *faults]
    return _Compiler(layers, whole, said, problems).ruleset()


def _never_milder(ruleset: Ruleset, layers: list[Layer]) -> tuple[Ruleset | None, list[Problem]]:
    """A layer that is milder than its base where the base protects is refused; of a variant every answer says so."""
    assert ruleset.whole is not None
    base, problems = compile_layers(layers[1:])
    if base is None:
        return None, problems
    milder = prove(_with_grants(base, layers), ruleset).milder
    if ruleset.said.status == "variant":
        told = " ".join(ruleset.notes)
        notes = tuple(f"variant: milder than its base: {m.at}: {m.what}" for m in milder if m.at not in told)
        return replace(ruleset, notes=(*ruleset.notes, *notes)), []
    for m in milder:
        said = f"the layer is milder than its base: {m.at}: {m.what}"
        problems.append(Problem("milder", said, ruleset.whole.place(m.path), m.why))
    return (None, problems) if problems else (ruleset, [])


def _with_grants(base: Ruleset, layers: list[Layer]) -> Ruleset:
    """The base with what it lets this layer change by its own words: only what remains is compared."""
    assert base.whole is not None
    below = granted(layers[0], layers[1:], base.whole)
    return base if len(below) == len(layers) - 1 else _as_one(below)[0] or base


def with_its_base(layers: list[Layer]) -> tuple[Ruleset, Ruleset] | None:
    """(the base with what it grants, the layer as it is), to be compared; None: there is no base, or it has faults."""
    ruleset, base = _as_one(layers)[0], compile_layers(layers[1:])[0] if len(layers) > 1 else None
    return None if ruleset is None or base is None else (_with_grants(base, layers), ruleset)


class _Compiler:
    """Layers that are each well-formed, read together: references, numbers, what the loader refuses to guess."""

    def __init__(self, layers: list[Layer], whole: Whole, said: words.RulesetFile, problems: list[Problem]) -> None:
        self.layers = layers
        self.whole = whole
        self.said = said
        self.problems = list(problems)
        self.origin = {
            (section, item["id"]): (whole, (section, i))
            for section, items in whole.data.items()
            for i, item in enumerate(items if isinstance(items, list) else ())
            if isinstance(item, dict) and "id" in item
        }
        self.absent: list[str] = []

    def fault(self, code: str, message: str, at: tuple[Whole, tuple[str | int, ...]], *path: str | int, hint: str = "") -> None:
        whole, start = at
        self.problems.append(Problem(code, message, whole.place((*start, *path)), hint))

    def at(self, section: str, name: str) -> tuple[Whole, tuple[str | int, ...]]:
        return self.origin.get((section, name), (self.whole, (section,)))

    # ------------------------------------------------------------------ the whole
    def ruleset(self) -> tuple[Ruleset | None, list[Problem]]:
        said = self.said
        self._one_name_for_one_thing()
        self._references()
        self._engine()
        self._days_in_force()
        self.parameters = {p.id: p for p in said.parameters}
        self.schedules = {x.id: self._schedule(x) for x in said.schedules}
        self.tables: dict[str, Mapping[str, int]] = {t.id: {k: int(n * 100) for k, n in t.lessons.items()} for t in said.planned}
        self.counters = {}
        for c in said.counters:  # names first: the condition of an `only_if` may ask about reports and questions
            self.counters[c.id] = self._counter(c)
        turns = tuple(self._turn(b, i) for i, b in enumerate(said.becomes))
        self._read_ladders()
        steps = [s for i, s in enumerate(said.steps) if (s.grades is None or self._grades_fit(s))]
        compiled = [self._step(s, i) for i, s in enumerate(steps)]
        good_for = {
            q.id: self._span(q.good_for, self.at("questions", q.id), "good_for") for q in said.questions if q.good_for is not None
        }
        kept = tuple(s for s in compiled if s is not None)
        notices = tuple(n for i, m in enumerate(said.messages) if (n := self._notice(m, i)) is not None)
        if not self.problems:
            self._order_of_limits(kept)
            self._order_of_actions(kept)
        if self.problems:
            return None, self.problems
        notes = [*self.whole.notes]
        notes += [f"gap: {g.gap}" + (f" (read as {g.read_as})" if g.read_as else "") for g in said.gaps]
        notes += [
            f"gap: {'.'.join(self._shown_path(g.path))}: {g.gap}" + (f" (read as {g.read_as})" if g.read_as is not None else "")
            for g in self._readings()
        ]
        if said.status == "variant":
            notes += self._before_its_base()
        return (
            Ruleset(
                name=f"{said.ruleset}/{said.version}",
                valid_from=said.valid_from.toordinal(),
                said=said,
                layers=tuple(f"{x.file.ruleset}/{x.file.version}" for x in self.layers if x.file),
                fingerprint=digest([x.data for x in self.layers]),
                counters=self.counters,
                steps=kept,
                good_for={name: span for name, span in good_for.items() if span is not None},
                readings=tuple(
                    (tuple(self._shown_path(g.path)), f"{g.gap} (read as {g.read_as})" if g.read_as is not None else g.gap)
                    for g in self._readings()
                ),
                gaps=tuple(self._readings()),
                turns=turns,
                notices=notices,
                schedules=self.schedules,
                tables=self.tables,
                open_to_layers=tuple(self.absent),
                notes=tuple(notes),
                whole=self.whole,
            ),
            [],
        )

    def _one_name_for_one_thing(self) -> None:
        """Counters, reports, questions, steps and actions are asked for by name: a name means one of them."""
        seen: dict[str, str] = {"grade": "the grade"}
        for section in ("counters", "reports", "questions", "steps"):
            for item in getattr(self.said, section):
                if item.id in seen:
                    message = f"'{item.id}' is the name of {seen[item.id]} too"
                    self.fault(
                        "name-twice",
                        message,
                        self.at(section, item.id),
                        "id",
                        hint="choose another name for one of them",
                    )
                seen[item.id] = f"one of the {section}"
        self.actions: dict[str, tuple[words.Action, words.Step, tuple[Whole, tuple[str | int, ...]]]] = {}
        for step in self.said.steps:
            layer, start = self.at("steps", step.id)
            for i, action in enumerate(step.actions):
                if action.id is None:
                    continue
                at = (layer, (*start, "actions", i))
                if action.id in self.actions:
                    hint = f"write `act: {action.id}` where the same action is asked again"
                    self.fault("doubled-id", f"the action '{action.id}' is defined twice", at, "id", hint=hint)
                elif action.id in seen:
                    self.fault("name-twice", f"'{action.id}' is the name of {seen[action.id]} too", at, "id")
                else:
                    self.actions[action.id] = (action, step, at)

    def _need(self, name: str | None, known: Iterable[str], what: str, at: Any, *path: str | int) -> None:
        if name is not None and name not in (known := list(known)):
            hint = nearest(name, known) or (f"known are: {', '.join(sorted(known)[:12])}" if known else "")
            if name in self.whole.removed:
                hint = f"it is removed at {self.whole.removed[name]}"
            self.fault("no-such", f"there is no {what} '{name}'", at, *path, hint=hint)

    def _references(self) -> None:
        said = self.said
        sources, roles = [s.id for s in said.sources], [r.id for r in said.roles]
        actors = [*roles, *(g.id for g in said.groups)]
        organisations, tiers, kinds = (
            [o.id for o in said.organisations],
            [t.id for t in said.tiers],
            [k.id for k in said.kinds],
        )
        for section in SECTIONS_WITH_IDS[1:]:
            for item in getattr(said, section):
                self._need(getattr(item, "source", None), sources, "source", self.at(section, item.id), "source")
        for r in said.roles:
            at = self.at("roles", r.id)
            self._need(r.organisation, organisations, "organisation", at, "organisation")
            for i, d in enumerate(r.deputies):
                self._need(d, actors, "role", at, "deputies", i)
            if r.is_:
                for band, name in r.is_.by.grade.items():
                    self._need(name if isinstance(name, str) else "?", roles, "role", at, "is", "by", "grade", band)
                self._bands(r.is_.by.grade, at, "is", "by", "grade", every=False)
        for g in said.groups:
            self._need(g.led_by, roles, "role", self.at("groups", g.id), "led_by")
        for section in ("reports", "questions"):
            for item in getattr(said, section):
                for i, who in enumerate(item.by):
                    self._need(who, actors, "role", self.at(section, item.id), "by", i)
        for c in said.consents:
            at = self.at("consents", c.id)
            for i, who in enumerate(c.given_by):
                self._need(who, actors, "role", at, "given_by", i)
            for i, who in enumerate(c.if_pupil_cannot_judge):
                self._need(who, actors, "role", at, "if_pupil_cannot_judge", i)
            for key, names in (("with", c.needed_for.with_), ("to", c.needed_for.to)):
                for i, who in enumerate(names or []):
                    self._need(who, actors, "role or group", at, "needed_for", key, i)
            for i, action in enumerate(c.needed_for.actions or []):
                self._need(action, self.actions, "action", at, "needed_for", "actions", i)
        for counter in said.counters:
            c_kinds = counter.kinds
            if isinstance(c_kinds, words.Kinds):
                for key in ("only", "all_except"):
                    for i, k in enumerate(getattr(c_kinds, key) or []):
                        self._need(k, kinds, "kind", self.at("counters", counter.id), "kinds", key, i)
        for item in said.community:
            at = self.at("community", item.id)
            if isinstance(item.every, words.OnSchedule):
                self._need(item.every.schedule, [x.id for x in said.schedules], "schedule", at, "every", "schedule")
            for i, shown in enumerate(item.shows):
                self._need(shown, [c.id for c in said.counters], "counter", at, "shows", i)
        for item in said.statements:
            granted = item.granted_by
            for who in granted.any_of if isinstance(granted, words.AnyOf) else [granted] if granted else []:
                self._need(who, actors, "role or group", self.at("statements", item.id), "granted_by")
        for i, code in enumerate(said.local_codes):
            self._need(code.kind, kinds, "kind", (self.whole, ("local_codes", i)), "kind")
        rules = [r.id for r in said.critical_rules]
        for item in said.community:
            at = self.at("community", item.id)
            self._need(item.tier, tiers, "tier", at, "tier")
            for who in item.who.any_of if isinstance(item.who, words.AnyOf) else [item.who]:
                self._need(who, actors, "role or group", at, "who")
            for i, rule in enumerate(item.serves):
                self._need(rule, rules, "critical rule", at, "serves", i)
        for q in said.questions:
            if q.if_not_done:
                self._need(q.if_not_done.tell, actors, "role", self.at("questions", q.id), "if_not_done", "tell")
        if said.owner:
            self._need(said.owner.role, roles, "role", (self.whole, ("owner",)), "role")
        served = {x for s in SECTIONS_WITH_IDS for x in (i.id for i in getattr(said, s))}
        for critical in said.critical_rules:
            for i, name in enumerate(critical.served_by):
                self._need(name, served, "item", self.at("critical_rules", critical.id), "served_by", i)

    def _engine(self) -> None:
        """Does this engine read the ruleset? `requires_engine: ">=0.2"`."""
        wanted = self.said.requires_engine
        if wanted is None:
            return
        match = re.fullmatch(r">=\s*(\d+(?:\.\d+)*)", wanted)
        top = (self.whole, ())
        if match is None:
            hint = 'write ">=0.1"'
            self.fault(
                "engine", f"'{wanted}' does not say from which engine on the ruleset is read", top, "requires_engine", hint=hint
            )
            return
        have = engine_version()
        if numbers_of(have) < numbers_of(match[1]):
            message = f"the ruleset needs sky_model {match[1]} or newer, this is {have}"
            self.fault("engine", message, top, "requires_engine", hint="install a newer sky_model")

    def _days_in_force(self) -> None:
        """A rule is not in force before its source, a layer not before its base or its adoption; a variant may say so."""
        said = self.said
        if said.status == "variant":
            return
        top = (self.whole, ())
        if said.valid_until is not None and said.valid_until < said.valid_from:
            message = f"in force from {said.valid_from}, but only until {said.valid_until}"
            self.fault("ends-before", message, top, "valid_until", hint=f"write {said.valid_from} or later, or leave it out")
        if said.adopted and said.adopted.on > said.valid_from:
            message = f"in force from {said.valid_from}, but adopted on {said.adopted.on}"
            self.fault("before-adoption", message, top, "valid_from", hint=f"write {said.adopted.on} or later")
        for layer in self.layers:
            gaps = sum(self.whole.layer(("gaps", i)) == layer.name for i in range(len(said.gaps)))
            if said.status == "adopted" and gaps:
                message = f"an adopted ruleset has no gaps; {layer.shown} has {gaps}"
                self.fault("adopted-with-gaps", message, top, "status", hint="close them, or write status: pilot")
        if said.status == "adopted" and said.extends and not said.adopted:
            self.fault(
                "no-adoption",
                "an adopted layer says who adopted it and when",
                top,
                "status",
                hint="add adopted: {by: …, on: …}",
            )
        for below in self.layers[1:]:
            if below.file and below.file.valid_from > said.valid_from:
                message = f"in force from {said.valid_from}, but its base {below.shown} from {below.file.valid_from}"
                self.fault("before-its-base", message, top, "valid_from", hint=f"write {below.file.valid_from} or later")
        for s in said.sources:
            if s.valid_from and s.valid_from > said.valid_from:
                message = f"the source '{s.id}' is in force only from {s.valid_from}, the ruleset from {said.valid_from}"
                self.fault("before-its-source", message, self.at("sources", s.id), "valid_from")

    def _before_its_base(self) -> list[str]:
        out = []
        for below in self.layers[1:]:
            if below.file and below.file.valid_from > self.said.valid_from:
                out.append(
                    f"variant: in force from {self.said.valid_from}, before its base {below.shown} ({below.file.valid_from})"
                )
        late = [s.id for s in self.said.sources if s.valid_from and s.valid_from > self.said.valid_from]
        if late:
            out.append(f"variant: in force before its sources {', '.join(late)}")
        return out

    # ------------------------------------------------------------------ numbers
    def _number(self, value: Any, at: Any, *path: str | int) -> Decimal | ByGrade | Unsaid | None:
        """A limit as a number, a number for each grade, what the source does not say, or None where its parameter has none."""
        if isinstance(value, Decimal):
            return value
        if isinstance(value, words.Unsaid):
            return Unsaid(value.gap)
        if isinstance(value, words.FromParameter):
            found = self.parameters.get(value.parameter)
            if found is None:
                self._need(value.parameter, self.parameters, "parameter", at, *path, "parameter")
                return Decimal(1)
            return found.number()
        bands = self._bands(value.by.grade, at, *path, "by", "grade", every=True)
        return ByGrade({g: self._band_number(v, at, *path, "by", "grade", k) for g, (k, v) in bands.items()})

    def _band_number(self, value: Any, at: Any, *path: str | int) -> Decimal | None:
        """A number of one band, as text of the file; None: no limit in this band is not said like this."""
        try:
            return words._number(value)
        except Exception as e:
            context = getattr(e, "context", None) or {}
            self.fault(
                context.get("code", "not-a-number"),
                context.get("message", "is not a number"),
                at,
                *path,
                hint=context.get("hint", ""),
            )
            return Decimal(1)

    def _bands(self, bands: dict[str, Any], at: Any, *path: str | int, every: bool) -> dict[int, tuple[str, Any]]:
        out: dict[int, tuple[str, Any]] = {}
        for band, value in bands.items():
            try:
                first, last = words._grades(band)
            except Exception:
                self.fault("not-grades", f"'{band}' is no range of grades", at, *path, band, hint="write 1-6 or 7")
                continue
            for grade in range(first, last + 1):
                if grade in out:
                    self.fault("bands-overlap", f"grade {grade} stands in '{out[grade][0]}' and in '{band}'", at, *path, band)
                out[grade] = (band, value)
        first, last = self.said.grades
        missing = [g for g in range(first, last + 1) if g not in out]
        if every and missing and {b for b, _ in out.values()} == {*bands}:  # a band that is none is told by itself
            message = f"no value for grade {', '.join(map(str, missing))}"
            self.fault("bands-gap", message, at, *path, hint=f"the ruleset is for grades {first}-{last}")
        return out

    def _span(self, value: words.SpanOf, at: Any, *path: str | int) -> Span | None:
        (clock,) = value.clocks()
        number = self._number(getattr(value, clock), at, *path, clock)
        if number is None:
            return None
        if isinstance(number, Unsaid):
            self.fault("gap-unread", "a length of time that is not said", at, *path, clock, hint="leave it out, or give read_as")
            return None
        if isinstance(number, ByGrade):
            self.fault("by-grade", "a length of time by grade is not known here", at, *path, clock, hint="write two steps")
            return Span("calendar_days", 1)
        if number != number.to_integral_value():
            self.fault("not-whole", f"{number} is not a whole number of {clock}", at, *path, clock)
        return Span(clock, int(number))  # type: ignore[arg-type]

    def _grades_fit(self, step: words.Step) -> bool:
        first, last = self.said.grades
        a, b = step.grades or (first, last)
        return a <= last and b >= first

    # ------------------------------------------------------------------ gaps in place of values
    def _readings(self) -> Iterator[words.Reading]:
        yield from self.said.readings

    def _shown_path(self, path: tuple[str | int, ...]) -> list[str]:
        """A path with the ids of items in place of their numbers."""
        out: list[str] = []
        value: Any = self.said
        for key in path:
            if isinstance(key, int) and isinstance(value, list) and key < len(value):
                value = value[key]
                out.append(str(getattr(value, "id", None) or getattr(value, "act", None) or key))
                continue
            value = getattr(value, str(key), None) if not isinstance(value, dict) else value.get(key)
            out.append(str(key))
        return out

    # ------------------------------------------------------------------ counters
    def _schedule(self, said: words.Schedule) -> Schedule:
        days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
        return Schedule(
            dates=tuple((int(x[:2]), int(x[3:])) for x in said.dates or ()),
            weekdays=tuple(days.index(x) for x in said.weekdays or ()),
            weeks=tuple(said.weeks or ()),
            start_of=said.start_of,
            end_of=said.end_of,
            named=said.days_named,
        )

    def _kinds(self, said: words.Counter, at: Any) -> frozenset[str]:
        """`all` and `all_except` are of absence; `only` may name any kind: late marks, days barred."""
        absence = {k.id for k in self.said.kinds if k.is_ in ABSENCE}
        if isinstance(said.kinds, words.Kinds):
            if said.kinds.only is not None:
                return frozenset(said.kinds.only)
            return frozenset(absence - set(said.kinds.all_except or []))
        if said.kinds is None and said.measure not in ("times", "days_since"):
            self.fault("which-kinds", f"the counter '{said.id}' does not say which kinds count", at, hint="add kinds: all")
        return frozenset(absence)

    def _counter(self, said: words.Counter) -> Count:
        at = self.at("counters", said.id)
        self._counter_is_whole(said, at)
        minutes, window = said.lesson_minutes or 45, said.window
        unit = {"lessons": minutes * 100, "clock_hours": 6000}.get(said.measure, 100)
        of_kind = said.of.kind if isinstance(said.of, words.OfKind) else None
        share = said.share_of
        schedule = self.schedules.get(said.checked) if said.checked else None
        self._need(said.checked, self.schedules, "schedule", at, "checked")
        if share is not None:
            self._need(share.table, self.tables, "table of planned lessons", at, "share_of", "table")
        day_from = ("any_part", 0)
        if isinstance(said.day_from, words.DayFrom):
            part = said.day_from
            day_from = ("minutes", part.minutes * 100) if part.minutes else ("per_cent", part.per_cent or 0)
        elif said.day_from in ("half", "whole"):
            day_from = ("per_cent", 50 if said.day_from == "half" else 100)
        only_if = []
        for kind, condition in said.only_if.items():
            self._need(kind, [k.id for k in self.said.kinds], "kind", at, "only_if", kind)
            made = self._condition(condition, at, "only_if", kind)
            if any(t.what not in ("report", "question", "grade") for t in tests_in(made)):
                self.fault("only-if", "a kind counts with a report, a question or a grade only", at, "only_if", kind)
            if made is not None:
                only_if.append((kind, made))
        days = None
        if said.days is not None:
            days = ("named", said.days.named) if said.days.named else ("first_after", str(said.days.first_after))
        return Count(
            id=said.id,
            measure=said.measure,
            kinds=self._kinds(said, at),
            window=Window(
                "any_time" if isinstance(window.in_, words.Unsaid) else window.in_,
                self._rolling(window.rolling),
                window.rolling.week_from.school_days if window.rolling and window.rolling.week_from else 1,
            ),
            unit=100 if share else unit,
            is_share=share is not None,
            minimum=said.minimum.planned_lessons * minutes * 100 if said.minimum else 0,
            said=said,
            of=said.of if isinstance(said.of, str) else None,
            of_kind=of_kind,
            clock=said.on_clock or "calendar_days",
            day_from=day_from,
            only_if=tuple(only_if),
            marks=self._mark_tests(said.marks, at, "marks") if said.marks else (),
            days=days,
            most_on_one=said.most_on_one,
            planned=(share.table or str(share.planned)) if share else "so_far",
            checked=schedule,
            settles=self._span(said.settles, at, "settles") if said.settles else None,
            is_compared=said.compared_with is not None,
            since=self._since(said, at),
            is_unbroken=window.unbroken,
            is_unsaid=isinstance(window.in_, words.Unsaid),
        )

    def _rolling(self, said: words.Rolling | None) -> Span | None:
        if said is None:
            return None
        clocks = ("school_weeks", "school_days", "calendar_days", "calendar_months")
        return next(Span(c, getattr(said, c)) for c in clocks if getattr(said, c) is not None)  # type: ignore[arg-type]

    def _since(self, said: words.Counter, at: Any) -> tuple[str, str] | None:
        since = said.window.since
        if since is None:
            return None
        if isinstance(since, str):
            if said.checked is None:
                hint = "add checked: … (an id of `schedules`)"
                self.fault("since", "`last_check` needs the schedule of the checks", at, "window", "since", hint=hint)
            return "last_check", ""
        for how in ("done", "opened", "ended"):
            name = getattr(since, how)
            if name is not None:
                known = self.actions if how == "done" else [s.id for s in self.said.steps]
                self._need(name, known, "action" if how == "done" else "step", at, "window", "since", how)
                return how, name
        return None

    def _counter_is_whole(self, said: words.Counter, at: Any) -> None:
        """What the loader refuses to guess of a counter, and what cannot stand together."""

        def refuse(code: str, message: str, *path: str | int, hint: str = "") -> None:
            self.fault(code, f"the counter '{said.id}' {message}", at, *path, hint=hint)

        m, window = said.measure, said.window
        is_of = m in ("times", "days_since")
        if m == "lessons" and said.lesson_minutes is None:
            hint = "add lesson_minutes: 45 (or what one lesson of the limit is)"
            refuse("which-unit", "does not say what one lesson is", "measure", hint=hint)
        if m in ("days", "episodes", "calendar_days") and said.day_from is None:
            hint = "add day_from: any_part, half or whole"
            refuse("day-from", "does not say from what part a day counts", "measure", hint=hint)
        if said.settles is not None and said.settles.clocks()[0] not in ("school_days", "weekdays", "calendar_days"):
            refuse("settles", "settles in days", "settles", hint="write {calendar_days: 1}, {school_days: 2} or {weekdays: 2}")
        if m == "times" and not isinstance(said.of, str):
            refuse("of", "does not say of what", "measure", hint="add of: … (an action)")
        if m == "days_since" and (said.of is None or said.on_clock is None):
            hint = "add of: {kind: …} or an action, and on_clock: calendar_days"
            refuse("of", "does not say since what, or on which clock", "measure", hint=hint)
        if not is_of and said.of is not None:
            refuse("of", f"counts {m}; `of` stands with times and days_since", "of")
        if isinstance(said.of, str):
            self._need(said.of, self.actions, "action", at, "of")
        elif isinstance(said.of, words.OfKind):
            self._need(said.of.kind, [k.id for k in self.said.kinds], "kind", at, "of", "kind")
        if said.share_of and m not in ("lessons", "clock_hours", "days", "half_days"):
            hint = "write measure: lessons"
            refuse("share-of-marks", f"counts {m}; a share is of lessons, days or half days", "share_of", hint=hint)
        if window.unbroken and m not in ("lessons", "clock_hours", "days", "calendar_days"):
            refuse("unbroken", f"counts {m}; an unbroken run is of lessons, days or calendar days", "window", "unbroken")
        if m == "calendar_days" and not window.unbroken:
            hint = "add unbroken: yes, or write measure: days"
            refuse("unbroken", "counts calendar days, which are those of an unbroken run", "window", hint=hint)
        if said.most_on_one and m not in ("lessons", "clock_hours", "days", "marks"):
            refuse("most-on-one", f"counts {m}; `most_on_one` is of lessons, days or marks", "most_on_one")
        if said.compared_with and (said.share_of or window.unbroken or window.rolling is None or is_of):
            refuse("compared", "is compared with the window before: this is of a sum over a rolling window", "compared_with")
        if said.kinds is not None and is_of:
            refuse("which-kinds", f"counts {m}, which are of no kinds", "kinds", hint="leave kinds out")

    def _mark_tests(self, said: words.MarkFilter, at: Any, *path: str | int) -> tuple[MarkTest, ...]:
        out = []
        for name, comparison in said.lines().items():
            asks: list[tuple[str, Any]] = []
            for op, value in comparison.asked().items():
                where = (*path, name, op)
                is_number = name in ("minutes", "lessons")
                if op not in (("at_least", "more_than", "at_most", "less_than") if is_number else ("is", "one_of")):
                    self.fault("operator", f"'{op}' cannot be asked of the {name} of a mark", at, *where)
                elif is_number and isinstance(value, Decimal | words.FromParameter):
                    number = self._number(value, at, *where)
                    if isinstance(number, Decimal):
                        asks.append((op, int(number * 100)))
                elif name == "explained" and value not in ("yes", "no"):
                    message, hint = f"a mark is explained or not, never '{value}'", "write {is: yes} or {is: no}"
                    self.fault("answer", message, at, *where, hint=hint)
                elif name == "explained":
                    asks.append((op, value == "yes"))
                else:
                    asks.append((op, tuple(value) if isinstance(value, list) else value))
            out.append(MarkTest(name, tuple(asks)))
        return tuple(out)

    def _turn(self, said: words.Becomes, i: int) -> Turn:
        at, kinds = (self.whole, ("becomes", i)), [k.id for k in self.said.kinds]
        self._need(said.kind, kinds, "kind", at, "kind")
        self._need(said.to, kinds, "kind", at, "to")
        minutes = int(said.as_.minutes * 100) if said.as_ and said.as_.minutes is not None else None
        lessons = int(said.as_.lessons * 100) if said.as_ and said.as_.lessons is not None else None
        return Turn(said.kind, self._mark_tests(said.marks, at, "marks"), said.to, minutes, lessons)

    def _notice(self, said: words.Message, i: int) -> Notice | None:
        at = self.at("messages", said.id)
        actors = [*(r.id for r in self.said.roles), *(g.id for g in self.said.groups)]
        for k, name in enumerate(said.to):
            self._need(name, actors, "role or group", at, "to", k)
        self._need(said.act, self.actions, "action", at, "act")
        self._need(said.text, self.said.texts, "text", at, "text")
        for odd in self._odd_blanks(said.text):
            message = f"the text '{said.text}' has the blank '{{{odd}}}', which nothing fills"
            self.fault("blank", message, at, "text", hint=f"write {', '.join('{' + b + '}' for b in BLANKS)}")
        when = self._condition(said.when, at, "when")
        if when is None:
            return None
        source = next((x for x in self.said.sources if x.id == said.source), None)
        return Notice(
            id=said.id,
            order=i,
            when=when,
            once_in=said.once_in,
            to=tuple(said.to),
            about=said.about,
            act=said.act,
            grades=said.grades,
            is_statutory=source is not None and source.kind in ("statute", "norm"),
            said=said,
        )

    def _odd_blanks(self, name: str | None) -> list[str]:
        text = self.said.texts.get(name) if name else None
        found = {b for t in ((text.fi, text.sv, text.en) if text else ()) for b in re.findall(r"\{(\w+)\}", t or "")}
        return sorted(found - set(BLANKS))

    def _read_ladders(self) -> None:
        """Limits as a table: what each row says of its step, as conditions like all others."""
        self.rows: dict[str, Condition] = {}
        steps = {s.id: s for s in self.said.steps}
        for ladder in self.said.ladders:
            at = self.at("ladders", ladder.id)
            above: list[Condition] = []
            found: dict[str, list[Condition]] = {}
            for i, row in enumerate(ladder.rows):
                self._need(row.step, steps, "step", at, "rows", i, "step")
                if row.step in steps and steps[row.step].opens is not None:
                    message, hint = f"the step '{row.step}' opens by its own line and by a table", "keep `opens` or the row"
                    self.fault("two-openings", message, at, "rows", i, "step", hint=hint)
                made = self._condition(row.when, at, "rows", i, "when")
                if made is None:
                    continue
                if ladder.hit == "unique":
                    for k, other in enumerate(above):
                        if may_both_hold(made, other):
                            message = f"rows {k + 1} and {i + 1} can hold at once, and the table says unique"
                            self.fault("rows-overlap", message, at, "rows", i, hint="part them, or write hit: first or collect")
                where = ".".join(map(str, (*at[1], "rows", i)))
                whole: Condition = All((made, NoneOf(where, tuple(above)))) if ladder.hit == "first" and above else made
                above.append(made)
                found.setdefault(row.step, []).append(whole)
            for step, parts in found.items():
                self.rows[step] = parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    # ------------------------------------------------------------------ conditions
    def _condition(self, said: words.Condition, at: Any, *path: str | int) -> Condition | None:
        """A condition, or None when a parameter without a number takes it away."""
        key, body = said.key()
        if key in ("any", "all", "none"):
            parts = [self._condition(x, at, *path, key, i) for i, x in enumerate(body)]
            if key == "any" and path[0] == "opens":
                self._no_question_alone(body, at, *path, key)
            if key == "all" and any(p is None for p in parts):
                return None
            kept = tuple(p for p in parts if p is not None)
            if not kept:
                return None
            where = ".".join(map(str, (*at[1], *path)))
            return AnyOf(kept) if key == "any" else All(kept) if key == "all" else NoneOf(where, kept)
        return self._test(key, body, at, *path)

    def _no_question_alone(self, body: list[words.Condition], at: Any, *path: str | int) -> None:
        questions = {q.id for q in self.said.questions}
        for i, x in enumerate(body):
            key, comparison = x.key()
            if key in questions and comparison.is_ not in ("known", "unknown"):
                message = f"the question '{key}' stands alone in an any: whoever has not been asked is undecided"
                hint = "make it a report, or join it with what makes it worth asking under all:"
                self.fault("question-alone", message, at, *path, i, hint=hint)

    def _test(self, fact: str, said: words.Comparison, at: Any, *path: str | int) -> Condition | None:
        asked = said.asked()
        what = self._what(fact)
        if what is None:
            known = [*self.counters, *(r.id for r in self.said.reports), *(q.id for q in self.said.questions), "grade",
                     *(s.id for s in self.said.steps), *self.actions]  # fmt: skip
            self._need(fact, known, "counter, report, question, step or action", at, *path, fact)
            return None
        allowed = {
            "counter": ("at_least", "more_than", "at_most", "less_than"),
            "grade": ("at_least", "more_than", "at_most", "less_than", "one_of"),
            "report": ("is",),
            "question": ("is", "one_of", "includes"),
            "action": ("is", "done_within"),
            "step": ("is",),
        }[what]
        asks: list[tuple[str, Any]] = []
        for op, value in asked.items():
            where = (*path, fact, op)
            if op not in allowed:
                hint = f"write one of {', '.join(allowed)}"
                self.fault("operator", f"'{op}' cannot be asked of the {what} '{fact}'", at, *where, hint=hint)
                continue
            if what == "counter":
                number = self._number(value, at, *where)
                if number is None:
                    self.absent.append(f"{'.'.join(map(str, (*at[1], *where)))} (parameter {value.parameter})")
                    return None
                if isinstance(number, Unsaid):
                    asks.append((op, number))
                    continue
                unit = self.counters[fact].unit
                scaled = (
                    ByGrade({g: int(n * unit) for g, n in number.values.items()})
                    if isinstance(number, ByGrade)
                    else int(number * unit)
                )
                asks.append((op, scaled))
            elif what == "grade":
                asks.append((op, tuple(map(int, value)) if op == "one_of" else int(value)))
            elif op == "done_within":
                asks.append((op, self._span(value, at, *where)))
            else:
                self._answer_fits(fact, what, op, value, at, *where)
                asks.append((op, tuple(value) if isinstance(value, list) else value))
        is_unsaid = any(isinstance(v, Unsaid) for _, v in asks)
        made = Test(".".join(map(str, (*at[1], *path, fact))), what, fact, tuple(asks), is_unsaid)
        if what != "counter" or path[0] not in ("opens", "rows"):
            return made
        held = tuple(self._with_held(made, k, op, asked[op], at, *path, fact, op) for k, (op, _) in enumerate(asks))
        older = tuple(t for tests in held for t in tests)
        return AnyOf((made, *older)) if older else made

    def _with_held(self, test: Test, k: int, op: str, value: Any, at: Any, *path: str | int) -> list[Test]:
        """A protected limit that a layer lowered stays as a ground of its own: closed at 30 of 50, the step opens at 50."""
        if op not in ("at_least", "more_than"):
            return []
        unit, now = self.counters[test.fact].unit, test.asks[k][1]
        if isinstance(value, words.FromParameter):
            index = next((i for i, p in enumerate(self.said.parameters) if p.id == value.parameter), None)
            if index is None:
                return []  # its fault is told
            before = self._numbers_held(("parameters", index, "value"), unit)
        elif isinstance(value, words.By):
            bands = self._bands(value.by.grade, at, *path, "by", "grade", every=False)
            held = {g: self._numbers_held((*at[1], *path, "by", "grade", band), unit) for g, (band, _) in bands.items()}
            most = max(map(len, held.values()), default=0)
            before = [ByGrade({g: x[n] if n < len(x) else now.values[g] for g, x in held.items()}) for n in range(most)]
        else:
            before = self._numbers_held((*at[1], *path), unit)
        older = [n for n in before if isinstance(n, ByGrade) or (isinstance(now, int) and n > now)]
        return [
            Test(f"{test.place}+{i}", test.what, test.fact, (*test.asks[:k], (op, n), *test.asks[k + 1 :]))
            for i, n in enumerate(older, 1)
        ]

    def _numbers_held(self, path: tuple[str | int, ...], unit: int) -> list[Any]:
        numbers = (x for x in self.whole.held_before(path) if isinstance(x, str) and re.fullmatch(r"\d{1,9}(\.\d{1,2})?", x))
        return [int(Decimal(x) * unit) for x in numbers]

    def _what(self, fact: str) -> str | None:
        if fact == "grade":
            return "grade"
        if fact in self.counters:
            return "counter"
        if any(r.id == fact for r in self.said.reports):
            return "report"
        if any(q.id == fact for q in self.said.questions):
            return "question"
        if any(s.id == fact for s in self.said.steps):
            return "step"
        return "action" if fact in self.actions else None

    def _answer_fits(self, fact: str, what: str, op: str, value: Any, at: Any, *path: str | int) -> None:
        question = next((q for q in self.said.questions if q.id == fact), None)
        allowed = {
            "report": ["raised"],
            "step": ["open", "ended", "never_opened", "worked_through"],
            "action": ["done", "not_needed", "refused"],
            "question": [
                "known",
                "unknown",
                *(["reached"] if question and question.answers == "date" else []),
                *(question.answers if question and isinstance(question.answers, list) else []),
            ],
        }[what]
        for one in value if isinstance(value, list) else [value]:
            if one == "overdue" and what == "action":
                hint = "say it by days: a step of its own, or if_not_done: {tell: …}"
                self.fault("overdue", "a condition cannot ask whether an action is overdue", at, *path, hint=hint)
            elif one not in allowed:
                hint = nearest(str(one), allowed) or f"write one of {', '.join(allowed)}"
                self.fault("answer", f"the {what} '{fact}' is never '{one}'", at, *path, hint=hint)
        if what == "question" and question and op == "is" and question.several and value not in ("known", "unknown"):
            self.fault("several", f"'{fact}' may have several answers", at, *path, hint=f"write includes: {value}")

    # ------------------------------------------------------------------ steps and actions
    def _step(self, said: words.Step, order: int) -> StepOf | None:
        at = self.at("steps", said.id)
        tiers = [t.id for t in self.said.tiers]
        self._need(said.tier, tiers, "tier", at, "tier")
        for name in said.above:
            self._need(name, [s.id for s in self.said.steps], "step", at, "above", name)
        if said.source is None:
            self.fault("no-source", f"the step '{said.id}' has no source", at, hint="add source: … (an id of `sources`)")
        opens = self._condition(said.opens, at, "opens") if said.opens is not None else self.rows.get(said.id)
        if said.opens is None and said.id not in self.rows:
            self.fault("never-opens", f"nothing opens the step '{said.id}'", at, hint="add opens: …, or a row of a table")
        actions = [self._action(said, a, i, at) for i, a in enumerate(said.actions)]
        lasts = self._lasts(said, actions, at)
        if lasts.word == "until_end_of" and opens is not None:
            opens = reading_checks_in(opens, lasts.part)
        again = f"each_{said.again.each}" if isinstance(said.again, words.Each) else said.again
        levels = None
        if isinstance(said.again, words.EveryLevel):
            again, levels = "next_window", self._levels(said.again, said, at)
        if again.startswith("each") and not any(t.what == "counter" for t in tests_in(opens)):
            self.fault("each", "`each` needs a counter in `opens`", at, "again", hint="write when_true_anew")
        watch = said.closing.watch if said.closing else None
        if said.closing:
            for i, who in enumerate(said.closing.by):
                self._need(
                    who,
                    [r.id for r in self.said.roles] + [g.id for g in self.said.groups],
                    "role",
                    at,
                    "closing",
                    "by",
                    i,
                )
        watched = self._condition(watch.opens, at, "closing", "watch", "opens") if watch else None
        if any(t.what != "counter" for t in tests_in(watched)):
            self.fault("watch", "a watch compares counters", at, "closing", "watch", "opens")
        if opens is None:
            self.absent.append(f"steps.{said.id}")
            return None
        suggest = None
        if said.closing is not None and said.closing.suggest is not None:
            suggest = self._condition(said.closing.suggest, at, "closing", "suggest")
        first, last = self.said.grades
        return StepOf(
            id=said.id,
            order=order,
            tier=tiers.index(said.tier) if said.tier in tiers else 0,
            grades=said.grades if said.grades and not (said.grades[0] <= first and said.grades[1] >= last) else None,
            opens=opens,
            watch=watched,
            suggest=suggest,
            watch_for=self._span(watch.for_, at, "closing", "watch", "for") if watch else None,
            lasts=lasts,
            again=again,
            above=dict(said.above),
            was=tuple(said.was),
            actions=tuple(a for a in actions if a is not None),
            said=said,
            names=frozenset((said.id, *said.was)),
            tests=tuple(tests_in(opens)),
            expected_by=self._condition(said.expected_by, at, "expected_by") if said.expected_by is not None else None,
            levels=levels,
            base=said.id,
        )

    def _levels(self, said: words.EveryLevel, step: words.Step, at: Any) -> tuple[str, int, int] | None:
        """Again at every further n of a counter."""
        self._need(said.counter, self.counters, "counter", at, "again", "every", said.counter)
        if step.lasts != "until_closed":
            hint = "write lasts: until_closed"
            self.fault("levels", "levels stand on a step that a person closes", at, "again", hint=hint)
        if said.counter not in self.counters:
            return None
        return said.counter, said.step, said.first

    def _lasts(self, said: words.Step, actions: list[Act | None], at: Any) -> Lasts:
        if isinstance(said.lasts, str):
            if said.lasts == "until_done" and not any(a and a.duty in ("must", "consider") for a in actions):
                hint = "write until_closed, or give it an action with duty must or consider"
                self.fault(
                    "never-done",
                    f"nothing ends the step '{said.id}': it has no must and no consider",
                    at,
                    "lasts",
                    hint=hint,
                )
            repeated = next((a for a in actions if a and a.repeat is not None), None)
            if said.lasts == "until_done" and repeated is not None:
                message = f"the step '{said.id}' lasts until all is done, and '{repeated.id}' comes again and again"
                self.fault("never-done", message, at, "lasts", hint="write until_closed")
            return Lasts(said.lasts)
        if isinstance(said.lasts, words.UntilEndOf):
            return Lasts("until_end_of", part=said.lasts.until_end_of)
        return Lasts("span", self._span(said.lasts, at, "lasts"))

    def _action(self, step: words.Step, said: words.Action, i: int, at: Any) -> Act | None:
        own, path = said, ("actions", i)
        if said.act is not None:
            found = self.actions.get(said.act)
            if found is None:
                self._need(said.act, self.actions, "action", at, *path, "act")
                return None
            written = {k: getattr(said, k) for k in said.model_fields_set if k not in ("act",)}
            said = found[0].model_copy(update=written)
            if own.source is None and found[0].source is None:
                said = said.model_copy(update={"source": found[1].source})
        actors = [*(r.id for r in self.said.roles), *(g.id for g in self.said.groups)]
        who: str | tuple[str, ...] = tuple(said.who.any_of) if isinstance(said.who, words.AnyOf) else str(said.who)
        for name in who if isinstance(who, tuple) else (who,):
            if name != WHO_RECORDED:
                self._need(name, actors, "role or group", at, *path, "who")
        joined = said.with_ or words.With()
        for key in ("required", "optional"):
            for k, name in enumerate(getattr(joined, key)):
                self._need(name, actors, "role or group", at, *path, "with", key, k)
        for k, name in enumerate(joined.at_least.of if joined.at_least else []):
            self._need(name, actors, "role or group", at, *path, "with", "at_least", "of", k)
        for k, name in enumerate(said.to or []):
            self._need(name, actors, "role or group", at, *path, "to", k)
        for k, name in enumerate(said.asks or []):
            self._need(name, [q.id for q in self.said.questions], "question", at, *path, "asks", k)
        for k, name in enumerate(said.after or []):
            self._need(name, self.actions, "action", at, *path, "after", k)
        if said.if_not_done:
            self._need(said.if_not_done.tell, actors, "role", at, *path, "if_not_done", "tell")
        source = said.source or step.source
        self._need(said.source, [s.id for s in self.said.sources], "source", at, *path, "source")
        item = next((s for s in self.said.sources if s.id == source), None)
        return Act(
            id=str(said.id),
            step=step.id,
            order=i,
            name=said.name or words.Text(en=str(said.id)),
            who=who,
            duty=said.duty or "may",
            about=said.about or "absence",
            required=tuple(joined.required),
            optional=tuple(joined.optional),
            to=tuple(said.to or ()),
            asks=tuple(said.asks or ()),
            due=self._due(said.within, at, *path, "within"),
            when=self._condition(said.when, at, *path, "when") if said.when else None,
            unless=self._condition(said.unless, at, *path, "unless") if said.unless else None,
            after=tuple(said.after or ()),
            hand_over=bool(said.hand_over),
            by_system=said.fulfilled_by == "system",
            consents=self._consents(said, joined),
            source=source or "",
            is_statutory=item is not None and item.kind in ("statute", "norm"),
            certainty=said.certainty or step.certainty or (item.certainty if item else "unconfirmed"),
            said=said,
            grades=said.grades,
            repeat=self._repeat(said, at, *path, "repeat"),
            at_least=(joined.at_least.count, tuple(joined.at_least.of)) if joined.at_least else None,
            tell=said.if_not_done.tell if said.if_not_done else None,
            record=said.record,
        )

    def _repeat(self, said: words.Action, at: Any, *path: str | int) -> Span | Schedule | None:
        if said.repeat is None:
            return None
        every = said.repeat.every
        if every.schedule is not None:
            self._need(every.schedule, self.schedules, "schedule", at, *path, "every", "schedule")
            return self.schedules.get(every.schedule)
        span = self._span(every, at, *path, "every")
        if span is not None and span.number < 1:
            self.fault("repeat", "what comes again comes after some time", at, *path, "every", hint="write 1 or more")
            return None
        return span

    def _consents(self, said: words.Action, joined: words.With) -> tuple[str, ...]:
        """The consents that an action needs: by name, by who takes part, or by what reaches whom."""
        out = []
        for c in self.said.consents:
            n = c.needed_for
            if said.about == "child_protection":
                continue  # never stopped by a missing consent
            if (
                (said.id in (n.actions or ()))
                or (n.with_ and {*joined.required, *joined.optional} & {*n.with_})
                or (n.to and said.about in (n.about or ()) and {*(said.to or ())} & {*n.to})
            ):
                out.append(c.id)
        return tuple(out)

    def _due(self, said: Any, at: Any, *path: str | int) -> Due | None:
        if said is None:
            return None
        if said == "without_delay":
            return Due(None)
        if isinstance(said, words.WithinOn):
            question = next((q for q in self.said.questions if q.id == said.on), None)
            self._need(said.on, [q.id for q in self.said.questions], "question", at, *path, "on")
            if question is not None and question.answers != "date":
                message = f"the question '{said.on}' is not answered by a day"
                self.fault("not-a-date", message, at, *path, "on", hint="write answers: date")
            return Due(self._span(said.or_, at, *path, "or") if said.or_ else None, on_answer=said.on)
        span = self._span(said, at, *path)
        if span is None:
            self.absent.append(".".join(map(str, (*at[1], *path))))
            return None
        if said.from_ and said.after:
            hint = "keep `from` or `after`"
            self.fault("two-beginnings", "a due day is counted from one day, here are two", at, *path, hint=hint)
        if said.from_:
            self._need(said.from_, [r.id for r in self.said.reports], "report", at, *path, "from")
        if said.after:
            self._need(said.after, self.actions, "action", at, *path, "after")
        return Due(span, after=said.after, from_report=said.from_)

    def _order_of_actions(self, steps: tuple[StepOf, ...]) -> None:
        """No action waits, through others, for itself."""
        after: dict[str, set[str]] = {}
        for s in steps:
            for a in s.actions:
                after.setdefault(a.id, set()).update((*a.after, *((a.due.after,) if a.due and a.due.after else ())))

        def awaited(action: str) -> set[str]:
            seen, waiting = set[str](), list(after[action])
            while waiting:
                name = waiting.pop()
                if name not in seen:
                    seen.add(name)
                    waiting += after.get(name, ())
            return seen

        told = set[str]()  # one circle is one fault, told where the first of its actions says that it waits
        for s in steps:
            for a in s.actions:
                says_so = a.after or (a.due and a.due.after)
                if not says_so or a.id in told or a.id not in (seen := awaited(a.id)):
                    continue
                circle = sorted(x for x in seen if x in after and a.id in awaited(x))
                told.update(circle)
                names = " and ".join(f"'{x}'" for x in circle)
                message = (
                    f"the actions {names} wait for each other" if len(circle) > 1 else f"the action {names} waits for itself"
                )
                hint = "let one of them begin: take its `after` away"
                self.fault("after-circle", message, self.at("steps", s.id), "actions", a.order, hint=hint)

    def _order_of_limits(self, steps: tuple[StepOf, ...]) -> None:
        """Where limits on one counter stand above each other, the higher step says what becomes of the lower one."""
        lowest: dict[str, dict[str, int]] = {}
        for s in steps:
            for t in s.tests:
                for op, limit in t.asks:
                    if t.what == "counter" and op in ("at_least", "more_than"):
                        if isinstance(limit, Unsaid):
                            continue
                        low = min(limit.values.values()) if isinstance(limit, ByGrade) else limit
                        lowest.setdefault(t.fact, {}).setdefault(s.id, low)
        by_id = {s.id: s for s in steps}
        for fact, limits in lowest.items():
            ordered = sorted(limits, key=lambda s: limits[s])
            for low, high in itertools.pairwise(ordered):
                if limits[low] < limits[high] and low not in by_id[high].above:
                    message = f"the limit of '{high}' stands above that of '{low}' on the counter '{fact}'"
                    hint = f"add above: {{{low}: includes}} (or replaces, beside)"
                    self.fault("above", message, self.at("steps", high), "opens", hint=hint)


def may_both_hold(a: Condition, b: Condition) -> bool:
    """Can two conditions hold at once? Sure only of comparisons of numbers joined by `all`; else yes."""
    return all(_ranges_meet(*pair) for pair in _pairs_of(a, b))


def _pairs_of(a: Condition, b: Condition) -> Iterator[tuple[Test, Test]]:
    for x in _joined(a):
        for y in _joined(b):
            if x.fact == y.fact and x.what in ("counter", "grade"):
                yield x, y


def _joined(c: Condition) -> Iterator[Test]:
    """The comparisons that must all hold."""
    if isinstance(c, Test):
        yield c
    elif isinstance(c, All):
        for part in c.parts:
            yield from _joined(part)


def _ranges_meet(a: Test, b: Test) -> bool:
    """Is there a number for which both hold? Limits by grade are compared grade by grade."""
    limits = [v for t in (a, b) for _, v in t.asks]
    grades = sorted({g for v in limits if isinstance(v, ByGrade) for g in v.values}) or [0]
    for g in grades:
        low, high = -1, 10**15
        choices: set[int] | None = None
        for op, v in (*a.asks, *b.asks):
            if isinstance(v, Unsaid):
                return True
            n = v.values[g] if isinstance(v, ByGrade) else v
            if op == "one_of":
                choices = set(n) if choices is None else choices & set(n)
            elif op in ("at_least", "more_than"):
                low = max(low, n + (op == "more_than"))
            else:
                high = min(high, n - (op == "less_than"))
        if (low <= high) if choices is None else any(low <= c <= high for c in choices):
            return True
    return False
