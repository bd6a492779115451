"""Is a layer ever milder than its base where the base protects? The rulesets are compared as they are compiled, step by step.

Rules: protected is what a layer may not change as it likes; milder is a step that opens, lasts or comes again less, an action
that is asked less, of a weaker duty, of fewer people or later; what cannot be proven not to be milder is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from sky_model.boxes import FALSE, TRUE, UNKNOWN, Box, Pair, facts_of, find, grades_of, loses
from sky_model.layers import KeyPath
from sky_model.rules import DUTIES, Act, AnyOf, Condition, Count, Due, Lasts, Notice, Ruleset, StepOf, Test, tests_in
from sky_model.schooldays import Schedule, Span

__all__ = ["Milder", "Proof", "prove"]

NARROW = {"month": 0, "period": 0, "quarter": 0, "term": 0, "school_year": 1, "enrolment": 2, "any_time": 3}
SUMS = ("lessons", "clock_hours")


@dataclass(frozen=True, slots=True)
class Milder:
    """Something that a layer makes milder, or that cannot be proven not to be.

    at, what  the protected item, and what is milder about it · why: what protects it · path: where the layer changed it
    box       facts of a pupil for whom it is milder, None: none was looked for; `grade` among them
    """

    at: str
    what: str
    why: str
    path: KeyPath
    step: str
    action: str | None = None
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """What was compared, and what is milder: empty means proven for every record without answers of people, and every day."""

    steps: int
    actions: int
    messages: int
    milder: tuple[Milder, ...]


def prove(base: Ruleset, layer: Ruleset) -> Proof:
    """Compare a ruleset with its base. Both are compiled and have their `whole`."""
    return _Comparison(base, layer).proof()


class _Comparison:
    def __init__(self, base: Ruleset, layer: Ruleset) -> None:
        self.base, self.layer = base, layer
        self.relations: dict[tuple[str, bool], str] = {}
        self.milder: list[Milder] = []

    # ------------------------------------------------------------------ what is protected
    def _why(self, at: str) -> str:
        """What protects an item of the base; empty where a layer may do with it what it likes."""
        assert self.base.whole is not None
        may, why = self.base.whole.leave(at)
        return "" if may == "anything" else (why or f"the base lets a layer only {may}")

    def proof(self) -> Proof:
        steps = actions = messages = 0
        for step in self.base.steps:
            why = self._why(f"steps.{step.id}")
            mine = [(a, self._why(f"steps.{step.id}.actions.{a.id}")) for a in step.actions]
            asked = [(a, w or why) for a, w in mine if w or why]
            if not why and not asked:
                continue
            self.at, self.step, self.action = f"steps.{step.id}", step.id, None
            self.grades = self._grades(step.grades)
            found = next((s for s in self.layer.steps if s.id == step.id), None)
            if not self.grades:
                continue
            if why:
                steps += 1
                self.why = why
                self._compare_step(step, found)
            for act, its_why in asked:
                actions += 1
                self.at, self.action, self.why = f"steps.{step.id}.actions.{act.id}", act.id, its_why
                self._compare_act(act, found)
        for notice in self.base.notices:
            why = self._why(f"messages.{notice.id}")
            if why:
                messages += 1
                self.at, self.step, self.action, self.why = f"messages.{notice.id}", notice.id, None, why
                self.grades = self._grades(notice.grades)
                self._compare_message(notice)
        return Proof(steps, actions, messages, tuple(self.milder))

    def _grades(self, narrower: tuple[int, int] | None) -> list[int | None]:
        """The grades to look at: those of both rulesets and of the item, and a pupil whose grade is not given."""
        first, last = narrower or (0, 9)
        low, high = self.base.said.grades
        grades = [g for g in grades_of(self.layer) if g is None or max(first, low) <= g <= min(last, high)]
        return sorted(grades, key=lambda g: (g is None, g != 8))  # an example is of grade 8 where it can be

    def _say(self, what: str, *path: str | int, box: Box | None = None) -> None:
        self.milder.append(Milder(self.at, what, self.why, self._place_of(path), self.step, self.action, box))

    def _place_of(self, path: tuple[str | int, ...]) -> KeyPath:
        """A path of the whole from one with names: `steps`, id, `actions`, id, …"""
        assert self.layer.whole is not None
        out: list[str | int] = []
        value: Any = self.layer.whole.data
        for key in path:
            if isinstance(value, list) and isinstance(key, str):
                found = next((i for i, x in enumerate(value) if isinstance(x, dict) and key in (x.get("id"), x.get("act"))), None)
                if found is None:
                    break
                key = found
            out.append(key)
            try:
                value = value[key]
            except (KeyError, IndexError, TypeError):
                break
        return tuple(out)

    # ------------------------------------------------------------------ steps
    def _compare_step(self, step: StepOf, found: StepOf | None) -> None:
        here = ("steps", step.id)
        if found is None:
            self._say("the step is gone", "remove")
            return
        if any(e.step == step.id for e in self.layer.said.ends):
            self._say("the step is ended by `ends`", "ends")
        self._opens_less(step, found)
        if not _lasts_as_long(step.lasts, found.lasts):
            self._say("it lasts otherwise", *here, "lasts")
        if (step.again, step.levels) != (found.again, found.levels) and step.again != "once":
            self._say("it opens again otherwise", *here, "again")
        if step.expected_by is not None:
            if found.expected_by is None:
                self._say("nothing is expected by the further limit any more", *here, "expected_by")
            else:
                self._holds_less("is expected less", step.expected_by, found.expected_by, *here, "expected_by")
        for other in self.layer.steps:
            before = next((s for s in self.base.steps if s.id == other.id), None)
            if other.above.get(step.id) == "replaces" and (before is None or before.above.get(step.id) != "replaces"):
                self.action = step.actions[0].id if step.actions else None  # the step stays open: its actions are what is lost
                self._say(f"while '{other.id}' is open it asks for nothing", "steps", other.id, "above")
                self.action = None

    def _opens_less(self, step: StepOf, found: StepOf) -> None:
        """A step that ends by itself has to keep its grounds: opened earlier on a wider one, it would have ended too early."""
        here, must_keep = ("steps", step.id, "opens"), _must_keep(step)
        ends = must_keep != "nothing"
        before = len(self.milder)
        self._holds_less("it does not open", step.opens, found.opens, *here, of=(step.grades, found.grades), ends=ends)
        if len(self.milder) == before and ends and not self._keeps(step, found, must_keep == "all"):
            where = self._cause(step.opens, here)
            self._say("it opens otherwise, and ends by itself: it can have ended while the base holds it open", *where)
        if step.watch is not None and (found.watch is None or _bare(step.watch) != _bare(found.watch)):
            self._say("its watch after a closing is another one", "steps", step.id, "closing")

    def _keeps(self, step: StepOf, found: StepOf, all_of_it: bool) -> bool:
        """Does each ground of the base stand in the layer as it is? `all_of_it`: and no other one."""
        old, new = ([_bare(part) for part in _any_of(s.opens)] for s in (step, found))
        names = {f"{t.what}.{t.fact}" for t in step.tests if t.what in ("counter", "step")}
        is_kept = all(x in new for x in old) and all(self._relation(n, True, False) == "same" for n in names)
        return is_kept and (not all_of_it or (len(old) == len(new) and step.grades == found.grades))

    def _holds_less(
        self,
        what: str,
        old: Condition | None,
        new: Condition | None,
        *path: str | int,
        of: tuple[tuple[int, int] | None, tuple[int, int] | None] = (None, None),
        ends: bool = False,
        turned: bool = False,
    ) -> None:
        """Is there a pupil for whom the first holds and the second does not? `turned`: the other way, such as of `unless`."""
        asked = {f"{t.what}.{t.fact}" for t in tests_in(old) if t.what in ("counter", "step")}
        is_alike = _bare(old) == _bare(new) and of[0] == of[1]
        if is_alike and all(self._relation(name, ends, False) == "same" for name in asked):
            return  # word for word the same
        pairs = [(self.base, old, of[0]), (self.layer, new, of[1])]
        if turned:
            pairs.reverse()
        for certain in (True, False):
            for grade in self.grades:
                sides = [(rules, [c] if c is not None else []) for rules, c, _ in pairs]
                facts = facts_of(sides, grade, lambda name: self._relation(name, ends, turned))
                gates = [_gate(g, grade) for _, _, g in pairs]
                box = find([c for _, c, _ in pairs], facts, loses, certain=certain, gates=gates)
                if box is not None:
                    self._say(what, *(self._cause(old, path)), box={**box, ("grade", "grade"): grade})
                    return

    def _cause(self, condition: Condition | None, path: tuple[str | int, ...]) -> tuple[str | int, ...]:
        """Where to look: a counter that is another one, marks that turn into another kind, or the item itself."""
        for t in tests_in(condition):
            if t.what != "counter" or t.fact not in self.layer.counters:
                continue
            old, new = self.base.counters[t.fact], self.layer.counters[t.fact]
            if self._turns_touch(old, new) == "other":
                return ("becomes", len(self.layer.said.becomes) - 1)
            if self._relation(f"counter.{t.fact}", False, False) != "same" or old.unit != new.unit:
                return ("counters", t.fact)
        return path

    # ------------------------------------------------------------------ actions
    def _compare_act(self, act: Act, step: StepOf | None) -> None:
        here = ("steps", self.step, "actions", act.id)
        found = next((a for a in step.actions if a.id == act.id), None) if step is not None else None
        if found is None:
            self._say("it is not asked any more", "remove")
            return
        first, last = act.grades or (0, 9)
        new_first, new_last = found.grades or (0, 9)
        if not (new_first <= max(first, self.layer.said.grades[0]) and new_last >= min(last, self.layer.said.grades[1])):
            self._say("it is asked in fewer grades", *here, "grades")
        if DUTIES.index(found.duty) > DUTIES.index(act.duty):
            self._say(f"its duty is {found.duty} and not {act.duty}", *here, "duty")
        self._holds_less("it is asked less", act.when, found.when, *here, "when")
        if found.unless is not None:
            self._holds_less("it is needless more often", act.unless or NEVER, found.unless, *here, "unless", turned=True)
        for said, names, kept in (
            ("with", act.required, found.required), ("with", act.optional, (*found.required, *found.optional)),
            ("to", act.to, found.to), ("asks", act.asks, found.asks),
        ):  # fmt: skip
            self._lost(names, kept, *here, said)
        if act.at_least and (
            found.at_least is None or found.at_least[0] < act.at_least[0] or not {*found.at_least[1]} <= {*act.at_least[1]}
        ):
            self._say("fewer people take part", *here, "with")
        if not _due_no_later(act.due, found.due):
            self._say("its due day can be later", *here, "within")
        if more := [n for n in found.after if n not in act.after]:
            self._say(f"it waits for {', '.join(more)}", *here, "after")
        if act.repeat is not None and not _repeats_no_less(act.repeat, found.repeat):
            self._say("it comes again less often", *here, "repeat")
        if found.by_system and not act.by_system:
            self._say("a system fulfils it by itself", *here, "fulfilled_by")
        if act.hand_over and not found.hand_over:
            self._say("it is no hand-over any more", *here, "hand_over")
        for c in found.consents:
            was, now = self.base.consents.get(c), self.layer.consents[c]
            if c not in act.consents or (was is not None and was.presumed and not now.presumed):
                self._say(f"the consent '{c}' can stop it", "consents", c)

    def _lost(self, names: tuple[str, ...], kept: tuple[str, ...], *path: str) -> None:
        lost = [n for n in names if n not in kept]
        if lost:
            self._say(f"{', '.join(lost)} {'is' if len(lost) == 1 else 'are'} gone from `{path[-1]}`", *path)

    # ------------------------------------------------------------------ messages
    def _compare_message(self, notice: Notice) -> None:
        here = ("messages", notice.id)
        found = next((n for n in self.layer.notices if n.id == notice.id), None)
        if found is None:
            self._say("the message is gone", "remove")
            return
        self._holds_less("it is owed less", notice.when, found.when, *here, "when", of=(notice.grades, found.grades), ends=True)
        self._lost(notice.to, found.to, *here, "to")
        if found.once_in != notice.once_in and NARROW[found.once_in] >= NARROW[notice.once_in]:
            self._say("it comes once in a longer part of the year", *here, "once_in")

    # ------------------------------------------------------------------ counters and steps of both sides
    def _relation(self, name: str, ends: bool, turned: bool) -> str:
        """Of a counter or step: `same`, `wider` (never less in the second) or `other`.

        ends    the step ends by itself and opens once in a window: a longer window is not wider then
        turned  the layer stands first: wider is then no help
        """
        what, _, of = name.partition(".")
        key = (name, ends)
        if key not in self.relations:
            if what == "step":
                a, b = self.base.step_by_id.get(of), self.layer.step_by_id.get(of)
                self.relations[key] = "same" if a and b and self._behaves_alike(a, b) else "other"
            else:
                one, two = self.base.counters.get(of), self.layer.counters.get(of)
                self.relations[key] = self._relation_of(one, two, ends) if one and two else "other"
        how = self.relations[key]
        return "other" if turned and how == "wider" else how

    def _behaves_alike(self, a: StepOf, b: StepOf) -> bool:
        facts = {t.fact for t in (*a.tests, *b.tests) if t.what == "counter"}
        return (
            _bare(a.opens) == _bare(b.opens)
            and (a.grades, a.lasts, a.again, a.levels) == (b.grades, b.lasts, b.again, b.levels)
            and all(self._relation(f"counter.{f}", True, False) == "same" for f in facts)
            and [(x.id, x.duty) for x in a.actions] == [(x.id, x.duty) for x in b.actions]
        )

    def _relation_of(self, a: Count, b: Count, ends: bool) -> str:
        plain: dict[str, Any] = dict.fromkeys(
            ("id", "said", "unit", "kinds", "window", "day_from", "only_if", "marks", "minimum")
        )
        measure = "lessons" if a.measure in SUMS and not a.is_share and not b.is_share else a.measure
        other = "lessons" if b.measure in SUMS and not a.is_share and not b.is_share else b.measure
        if replace(a, **plain, measure=measure) != replace(b, **plain, measure=other):
            return "other"
        turned = self._turns_touch(a, b)
        if turned == "other" or not self._kinds_are_alike(a) or not self._planned_is_alike(a):
            return "other"
        parts = {turned, _kinds(a, b), _window(a, b, ends), _filters(a, b), _day_from(a, b)}
        if a.minimum != b.minimum:
            parts.add("wider" if b.minimum < a.minimum else "other")
        if "other" in parts or ("wider" in parts and a.is_compared):
            return "other"
        return "wider" if "wider" in parts else "same"

    def _turns_touch(self, a: Count, b: Count) -> str:
        """Do marks that turn into another kind leave this counter in the layer and not in the base?"""
        out, old, new = "same", self.base.turns, self.layer.turns
        for t in (*(x for x in old if x not in new), *(x for x in new if x not in old)):
            is_new = t not in old
            leaves, comes = (t.kind, t.to) if is_new else (t.to, t.kind)
            resized = t.minutes is not None or t.lessons is not None
            if not {t.kind, t.to} & {*a.kinds, *b.kinds}:
                continue
            if (leaves in a.kinds and (resized or comes not in b.kinds)) or a.measure == "days_since" or a.is_unbroken:
                return "other"
            out = "wider"
        return out

    def _kinds_are_alike(self, count: Count) -> bool:
        """Is each kind absence, attended or not planned in both? A plain sum does not ask."""
        if count.is_sum and not count.is_share:
            return True
        return all(k in self.layer.kinds and self.layer.kinds[k].is_ == kind.is_ for k, kind in self.base.kinds.items())

    def _planned_is_alike(self, count: Count) -> bool:
        name = count.planned
        return not count.is_share or self.base.tables.get(name) == self.layer.tables.get(name)


# ---------------------------------------------------------------------- is one never less than the other
NEVER = AnyOf(())  # a condition that holds for nobody


def _must_keep(step: StepOf) -> str:
    """Which grounds of a step must stand in the layer as they are: nothing, each, or all and no more."""
    word = step.lasts.word
    if word == "until_closed" or (word == "while_true" and step.again == "when_true_anew"):
        return "nothing"
    if word == "until_done":
        is_open = any(a.duty in ("must", "consider") and a.when is None and not a.by_system for a in step.actions)
        return "nothing" if is_open or step.again.startswith("each") else "all"
    return "each" if word in ("while_true", "until_end_of") and step.again in ("once", "next_window") else "all"


def _any_of(condition: Condition) -> Iterator[Condition]:
    """The grounds of a condition, each of which opens alone."""
    if isinstance(condition, AnyOf):
        for part in condition.parts:
            yield from _any_of(part)
    else:
        yield condition


def _bare(condition: Condition | None) -> Any:
    """A condition without the places of its parts."""
    if condition is None:
        return None
    if isinstance(condition, Test):
        return condition.what, condition.fact, condition.asks, condition.is_unsaid, condition.checks_in
    return type(condition).__name__, tuple(_bare(c) for c in condition.parts)


def _gate(grades: tuple[int, int] | None, grade: int | None) -> Pair:
    if grades is None:
        return TRUE
    if grade is None:
        return UNKNOWN
    return TRUE if grades[0] <= grade <= grades[1] else FALSE


def _kinds(a: Count, b: Count) -> str:
    if a.kinds == b.kinds:
        return "same"
    return "wider" if a.kinds < b.kinds and a.measure not in ("times", "days_since") else "other"


def _window(a: Count, b: Count, ends: bool) -> str:
    """A longer window holds no fewer marks. Not of a share, whose planned lessons grow too."""
    if a.window == b.window:
        return "same"
    one, two = a.window, b.window
    if a.is_share or ends or replace(one, within=two.within, rolling=two.rolling) != two or a.measure == "days_since":
        return "other"
    if one.within != two.within and (two.within == "enrolment" or NARROW[two.within] <= NARROW[one.within]):
        return "other"
    if one.rolling == two.rolling or two.rolling is None:
        return "wider"
    is_longer = one.rolling is not None and one.rolling.clock == two.rolling.clock and one.rolling.number <= two.rolling.number
    return "wider" if is_longer else "other"


def _filters(a: Count, b: Count) -> str:
    if (a.only_if, a.marks) == (b.only_if, b.marks):
        return "same"
    return (
        "wider" if {*b.marks} <= {*a.marks} and all(x in a.only_if for x in b.only_if) and a.measure != "days_since" else "other"
    )


def _day_from(a: Count, b: Count) -> str:
    if a.day_from == b.day_from:
        return "same"
    if a.measure == "episodes" or a.is_unbroken:
        return "other"
    if b.day_from[0] == "any_part":
        return "wider"
    return "wider" if a.day_from[0] == b.day_from[0] and a.day_from[1] >= b.day_from[1] else "other"


def _lasts_as_long(a: Lasts, b: Lasts) -> bool:
    """Another `lasts` is milder; only the same word with a longer span is not."""
    if a == b:
        return True
    return a.word == b.word == "span" and _span_no_longer(a.span, b.span)


def _span_no_longer(a: Span | None, b: Span | None) -> bool:
    """Is the first never longer than the second? Calendar days are never more than as many days of another clock."""
    if a is None or b is None:
        return False
    if a.clock == b.clock:
        return a.number <= b.number
    return a.clock == "calendar_days" and b.clock in ("school_days", "weekdays") and a.number <= b.number


def _due_no_later(a: Due | None, b: Due | None) -> bool:
    """Is the second due day never later than the first?"""
    if a is None or a == b:
        return True
    if b is None or (b.from_report, b.on_answer) != (a.from_report, a.on_answer):
        return False
    if b.after not in (None, a.after):
        return False
    if a.span is None:  # without delay, or no day before one was agreed
        return b.span is None or a.on_answer is not None
    return (b.span is None and b.on_answer is None) or _span_no_longer(b.span, a.span)


def _repeats_no_less(a: Span | Schedule, b: Span | Schedule | None) -> bool:
    return a == b or (isinstance(a, Span) and isinstance(b, Span) and a.clock == b.clock and b.number <= a.number)
