"""What is odd in a ruleset that loads: parts that never hold, steps nobody reaches, dead ends, circles, deadlines that cannot be.

Rules: a remark is no fault, a person judges it; each names the item, its place and what could be done; what is said never to
happen was looked for in every box of the facts.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from sky_model.boxes import WHOLE, Fact, both, cells_of, differ, facts_of, find, grades_of, most_of
from sky_model.errors import Place, Problem
from sky_model.rules import SOON, WHO_RECORDED, Act, All, AnyOf, ByGrade, Condition, NoneOf, Ruleset, StepOf, Test, tests_in
from sky_model.vocabulary import AnyOf as OneOf

__all__ = ["MOST_BOXES", "gaps_by_layer", "layer_by_file", "remarks"]

UPPER = ("at_most", "less_than")
LOWER = ("at_least", "more_than")
MOST_BOXES = 20_000  # of a table with more, gaps are not looked for, and a remark says so


def remarks(rules: Ruleset, *, on: date | None = None) -> list[Problem]:
    """Everything odd in a ruleset, in the order of its files. `on`: the day from which on the end of its days is near."""
    look = _Look(rules)
    found = {*look.all(), *(look.end_is_near(on) if on is not None else ())}
    return sorted(found, key=lambda p: (p.place, p.code, p.message))


def layer_by_file(rules: Ruleset) -> dict[str, str]:
    """Which layer each file of a ruleset and of its bases belongs to."""
    assert rules.whole is not None
    found: dict[str, str] = {}
    for path, place in rules.whole.places.items():
        if place.file not in found:
            found[place.file] = rules.whole.layer(path)
    return found


def gaps_by_layer(rules: Ruleset) -> list[tuple[str, Place, str]]:
    """(the layer that says it, its place, the note) of every gap, in the order of the notes."""
    assert rules.whole is not None
    paths = [*(("gaps", i) for i in range(len(rules.said.gaps))), *(g.path for g in rules.gaps)]
    notes = [note for note in rules.notes if note.startswith("gap: ")]
    return [(rules.whole.layer(at), rules.whole.place(at), note) for at, note in zip(paths, notes, strict=True)]


class _Look:
    def __init__(self, rules: Ruleset) -> None:
        self.rules = rules
        self.reached = self._reachable()

    def _place(self, *path: str | int) -> Place:
        """The place of an item from its section, its id and the keys below."""
        assert self.rules.whole is not None
        out: list[str | int] = []
        value: Any = self.rules.whole.data
        for key in path:
            if isinstance(value, list) and isinstance(key, str):
                key = next((i for i, x in enumerate(value) if isinstance(x, dict) and key in (x.get("id"), x.get("act"))), -1)
            try:
                value = value[key]
            except (KeyError, IndexError, TypeError):
                break
            out.append(key)
        return self.rules.whole.place(tuple(out))

    def end_is_near(self, on: date) -> Iterator[Problem]:
        """The last day on which the rules are in force, from 60 days before it: after it nobody gets an answer."""
        until = self.rules.said.valid_until
        if until is not None and (until - on).days < SOON:
            said = f"{self.rules.name} is in force until {until}; after it no pupil is decided about"
            hint = "write the next version in time, or a later valid_until"
            yield Problem("ends-soon", said, self._place("valid_until"), hint)

    def all(self) -> Iterator[Problem]:
        for step in self.rules.steps:
            at = self._place("steps", step.id)
            if step.id not in self.reached:
                hint = "no pupil of any grade can be in it: look at its limits, its grades and the steps it waits for"
                yield Problem("never-reached", f"nobody can reach the step '{step.id}'", at, hint)
            else:
                yield from self._odd_parts(
                    step.opens, f"steps.{step.id}.opens", self._place("steps", step.id, "opens"), step.grades
                )
            yield from self._ends(step, at)
            for act in step.actions:
                yield from self._action(step, act)
        yield from self._gaps()
        yield from self._circles()
        yield from self._idle_roles()
        yield from self._not_asked()
        yield from self._sinking()

    # ------------------------------------------------------------------ conditions
    def _grades(self, narrower: tuple[int, int] | None) -> list[int | None]:
        first, last = narrower or (0, 9)
        return [g for g in grades_of(self.rules) if g is not None and first <= g <= last]

    def _facts(self, conditions: list[Condition], grade: int | None, reached: set[str] | None = None) -> list[Fact]:
        """The facts of conditions; of a step that nobody reaches only that it was never opened."""
        known = self.reached if reached is None else reached
        out = []
        for f in facts_of([(self.rules, conditions)], grade):
            if f.what == "step" and f.name not in known:
                f = replace(f, states=tuple(s for s in f.states if s.shown == "never_opened") or f.states[:1])
            out.append(f)
        return out

    def _can_hold(self, condition: Condition, grades: tuple[int, int] | None, reached: set[str] | None = None) -> bool:
        return any(find([condition], self._facts([condition], g, reached), both) is not None for g in self._grades(grades))

    def _reachable(self) -> set[str]:
        reached: set[str] = set()
        while True:
            more = {s.id for s in self.rules.steps if s.id not in reached and self._can_hold(s.opens, s.grades, reached)}
            if not more:
                return reached
            reached |= more

    def _odd_parts(self, whole: Condition, at: str, place: Place, grades: tuple[int, int] | None) -> Iterator[Problem]:
        """Parts that never hold, and parts without which nothing changes."""
        for part, without in _each_part(whole):
            said = _said(part)
            if isinstance(part, Test) and part.is_unsaid:
                continue  # a gap says so itself
            if not self._can_hold(part, grades):
                hint = "take it out, or mend its limit"
                yield Problem("never-true", f"{at}: the part {said} never holds", place, hint)
                continue
            if without is None or _is_own_ground(part, whole):
                continue
            pairs = [(whole, without, g) for g in [*self._grades(grades), None]]
            if all(find([a, b], self._facts([a, b], g), differ) is None for a, b, g in pairs):
                yield Problem("redundant", f"{at}: without the part {said} all would be the same", place, "take it out")

    # ------------------------------------------------------------------ steps
    def _ends(self, step: StepOf, at: Place) -> Iterator[Problem]:
        if step.lasts.word == "until_closed" and step.said.closing is None:
            hint = "add closing: {by: […], reasons: […]}, or let it end by itself: lasts: until_done"
            yield Problem(
                "dead-end", f"the step '{step.id}' lasts until it is closed, and nobody is named who closes it", at, hint
            )
        if not step.actions and not any(how == "includes" for how in step.above.values()):
            yield Problem("no-action", f"the step '{step.id}' asks nobody for anything", at, "add an action with a role")

    def _action(self, step: StepOf, act: Act) -> Iterator[Problem]:
        at = self._place("steps", step.id, "actions", act.id)
        name = f"steps.{step.id}.actions.{act.id}"
        if act.duty == "must" and act.due is None and act.repeat is None:
            yield Problem("no-deadline", f"{name}: a must without a due day", at, "add within: …, or write the gap down")
        who = act.who if isinstance(act.who, tuple) else (act.who,)
        for group in (self.rules.groups[w] for w in who if w in self.rules.groups):
            if group.led_by is None:
                hint = "add led_by: … to the group, or name a role"
                yield Problem("no-role", f"{name}: nobody leads the group '{group.id}', so no person is asked", at, hint)
        span = act.due.span if act.due is not None else None
        if span is None or act.due is None:
            return
        lasts = step.lasts.span
        if lasts is not None and act.due.from_report is None and lasts.clock == span.clock and span.number > lasts.number:
            said = f"{name}: due after {span.number} {_clock(span.clock)}, and the step ends after {lasts.number}"
            yield Problem("deadline-too-late", said, at, "shorten the due day, or let the step last longer")
        if act.due.from_report is not None and act.is_statutory:
            for other in (a for a in step.actions if a.id in act.after and a.due is not None and a.due.from_report is None):
                wait = other.due.span if other.due is not None else None
                if wait is not None and wait.clock == span.clock and wait.number >= span.number:
                    said = (
                        f"{name}: due {span.number} {_clock(span.clock)} after the report, and it waits for "
                        f"'{other.id}', which may take {wait.number}"
                    )
                    yield Problem("deadline-too-short", said, at, f"shorten the due day of '{other.id}', or do not wait for it")
        for part, said in ((act.when, "when"), (act.unless, "unless")):
            if part is not None:
                yield from self._odd_parts(part, f"{name}.{said}", at, act.grades or step.grades)

    def _gaps(self) -> Iterator[Problem]:
        """More absence, and nothing opens any more: limits with an upper end and nothing above it."""
        upper = {
            t.fact for s in self.rules.steps for t in s.tests if t.what == "counter" and any(op in UPPER for op, _ in t.asks)
        }
        for name in sorted(upper):
            steps = [s for s in self.rules.steps if any(t.fact == name and t.what == "counter" for t in s.tests)]
            found = None
            for grade in self._grades(None):
                mine = [s for s in steps if s.grades is None or s.grades[0] <= (grade or 0) <= s.grades[1]]
                facts = self._facts([s.opens for s in mine], grade)
                states = {f.name: [s for s in f.states if s.is_certain] for f in facts}
                number = next((f for f in facts if (f.what, f.name) == ("counter", name)), None)
                others = [f for f in facts if f is not number]
                if number is None or math.prod(map(len, states.values())) > MOST_BOXES:
                    continue
                for rest in itertools.product(*(states[f.name] for f in others)):
                    fixed = [replace(f, states=(s,)) for f, s in zip(others, rest, strict=True)]
                    below = None
                    tests = [t for s in mine for t in s.tests if (t.what, t.fact) == ("counter", name) and not t.is_unsaid]
                    count = self.rules.counters[name]
                    is_whole = count.measure in WHOLE and not count.is_share
                    for state in cells_of(tests, grade, most_of(count), is_whole=is_whole):
                        box = [*fixed, replace(number, states=(state,))]
                        holds = next((s.id for s in mine if find([s.opens], box, both) is not None), None)
                        if holds is not None:
                            below = below if below is not None and below[0] == holds else (holds, state.shown)
                        elif below is not None:
                            found = (below[0], below[1][0], state.shown[0])
                            break
                    if found:
                        break
                if found:
                    break
            if found:
                step, low, high = found
                unit = self.rules.counters[name].unit
                said = f"{name}: at {low / unit:g} '{step}' opens, at {high / unit:g} nothing does"
                hint = "add a row or a step for the higher numbers, or take the upper limit away"
                yield Problem("gap-above", said, self._place("steps", step, "opens"), hint)

    def _circles(self) -> Iterator[Problem]:
        """Steps that open each other, end by themselves and need nothing else: they would never come to rest."""
        by_itself = {s.id: s for s in self.rules.steps if s.lasts.word in ("while_true", "until_end_of", "span")}
        opened_by: dict[str, set[str]] = {name: set() for name in by_itself}
        for name, step in by_itself.items():
            grade = next(iter(self._grades(step.grades)), None)
            quiet = []
            for f in self._facts([step.opens], grade):
                if f.what != "step":
                    f = replace(f, states=f.states[:1])  # nothing happens: no absence, no report, no answer
                quiet.append(f)
            for f in [f for f in quiet if f.what == "step" and f.name in by_itself]:
                alone = [x if x is f or x.what != "step" else replace(x, states=x.states[:1]) for x in quiet]
                never = [replace(x, states=x.states[:1]) for x in quiet]
                if find([step.opens], alone, both) is not None and find([step.opens], never, both) is None:
                    opened_by[name].add(f.name)
        for name in by_itself:
            seen, waiting = set[str](), [*opened_by[name]]
            while waiting:
                other = waiting.pop()
                if other not in seen:
                    seen.add(other)
                    waiting += opened_by.get(other, ())
            if name in seen:
                said = f"the step '{name}' opens again and again through {', '.join(sorted(seen))}, and nothing else is needed"
                yield Problem(
                    "circle-of-steps", said, self._place("steps", name, "opens"), "let a person or a fact stand between them"
                )

    # ------------------------------------------------------------------ roles
    def _idle_roles(self) -> Iterator[Problem]:
        used = self._used()
        for role in self.rules.said.roles:
            if role.id not in used and role.what != "party":
                hint = "give it a task, or take it out"
                yield Problem(
                    "idle-role", f"no rule asks, tells or names the role '{role.id}'", self._place("roles", role.id), hint
                )

    def _not_asked(self) -> Iterator[Problem]:
        """Questions that no action asks: what waits for the answer waits for something that nobody is told to find out."""
        asked = {q for s in self.rules.steps for a in s.actions for q in a.asks}
        for question in self.rules.said.questions:
            if question.id not in asked:
                said, hint = (
                    f"no action asks the question '{question.id}'",
                    f"add asks: [{question.id}] to the action that finds it out",
                )
                yield Problem("not-asked", said, self._place("questions", question.id), hint)

    def _used(self) -> set[str]:
        said, used = self.rules.said, set[str]()
        for s in self.rules.steps:
            for a in s.actions:
                used.update(a.who if isinstance(a.who, tuple) else (a.who,), a.required, a.optional, a.to)
                used.update(a.at_least[1] if a.at_least else (), (a.tell,) if a.tell else ())
            used.update(s.said.closing.by if s.said.closing else ())
        for r in said.reports:
            used.update(r.by)
        for q in said.questions:
            used.update(q.by, (q.if_not_done.tell,) if q.if_not_done else ())
        for m in said.messages:
            used.update(m.to)
        for c in said.consents:
            used.update(c.given_by, c.if_pupil_cannot_judge, c.needed_for.with_ or (), c.needed_for.to or ())
        for item in (*said.community, *said.statements):
            who = getattr(item, "who", None) or getattr(item, "granted_by", None)
            used.update(who.any_of if isinstance(who, OneOf) else (who,) if who else ())
        for g in said.groups:
            used.update((g.led_by,) if g.led_by else ())
        for role in said.roles:
            used.update(role.deputies)
        used.update((said.owner.role,) if said.owner else ())
        used.discard(WHO_RECORDED)
        for role in said.roles:  # a role that is another one by grade stands for these; a member of a group is asked with it
            if role.is_ is not None and role.id in used:
                used.update(str(x) for x in role.is_.by.grade.values())
            if any(g in used for g in role.groups):
                used.add(role.id)
        return used

    # ------------------------------------------------------------------ one more absence
    def _sinking(self) -> Iterator[Problem]:
        """Steps for which one more absence may make an answer milder (promise 6 does not speak of them), with the reason."""
        for step in self.rules.steps:
            why = self._why_sinking(step)
            if why:
                said = f"one more absence may close or spare the step '{step.id}': {why}"
                yield Problem("not-rising", said, self._place("steps", step.id, "opens"), "mean it so, or write it without")

    def _why_sinking(self, step: StepOf) -> str:
        for t in step.tests:
            if t.what != "counter":
                continue
            for op, limit in t.asks:
                if op in UPPER:
                    unit = self.rules.counters[t.fact].unit
                    number = max(limit.values.values()) if isinstance(limit, ByGrade) else limit
                    if isinstance(number, int):
                        return f"at {(number + (op == 'at_most') * unit) / unit:g} of '{t.fact}' it no longer holds"
        if any(isinstance(c, NoneOf) and any(t.what == "counter" for t in tests_in(c)) for c in _nodes(step.opens)):
            return "a `none` over a counter"
        return ""


# ---------------------------------------------------------------------- parts
def _nodes(condition: Condition) -> Iterator[Condition]:
    yield condition
    if not isinstance(condition, Test):
        for part in condition.parts:
            yield from _nodes(part)


def _each_part(condition: Condition) -> Iterator[tuple[Condition, Condition | None]]:
    """Every part of a joined condition, and the whole without it; None where nothing would be left."""
    if isinstance(condition, Test):
        return
    for i, part in enumerate(condition.parts):
        rest = (*condition.parts[:i], *condition.parts[i + 1 :])
        yield part, replace(condition, parts=rest) if rest else None
        for inner, without in _each_part(part):
            new = (
                None if without is None else replace(condition, parts=(*condition.parts[:i], without, *condition.parts[i + 1 :]))
            )
            yield inner, new


def _is_own_ground(part: Condition, whole: Condition) -> bool:
    """A further limit on one counter in an `any` opens nothing sooner, and is a ground of its own after a closing."""
    if not (isinstance(part, Test) and isinstance(whole, AnyOf) and part.what == "counter"):
        return False
    return any(isinstance(p, Test) and p is not part and p.fact == part.fact for p in whole.parts) and all(
        op in LOWER for op, _ in part.asks
    )


def _said(condition: Condition) -> str:
    if isinstance(condition, Test):
        return f"'{condition.fact}'"
    word = {AnyOf: "any", All: "all", NoneOf: "none"}[type(condition)]
    return f"{word} of {', '.join(dict.fromkeys(repr(t.fact) for t in tests_in(condition)))}"


def _clock(clock: str) -> str:
    return clock.replace("_", " ")
