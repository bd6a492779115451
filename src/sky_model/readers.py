"""What a reader is shown of a decision: closed by default, each part by its own matter (`about`).

Rules: a part is shown to who sees its matter, a task and a question also to who must do or answer it; a step is named only where
something in it is shown; whose organisation is another controller is shown a pupil only after it was made theirs; what nobody
has said the matter of is shown to no reader. The table of parts: docs/decisions/second-edition.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, TypeVar

from sky_model.errors import RecordError
from sky_model.events import ActionTaken, Answer, Consent, Mark, Retracted, end_of
from sky_model.rules import All, AnyOf, Condition, Count, NoneOf, Ruleset, StepOf, Test, tests_in
from sky_model.tasks import PARTIES, Task

__all__ = ["LOG", "cut_for", "readers_of", "sees_mark"]

LOG = "log"
D = TypeVar("D")  # a Decision: its module stands above this one
Abouts = frozenset[str | None]  # the matters of a part, each of which must be seen; None: nobody has said it, so nobody sees it
UNSAID: Abouts = frozenset({None})
ABSENCE: Abouts = frozenset({"absence"})


def readers_of(rules: Ruleset) -> tuple[str, ...]:
    """Every name that a decision can be cut for: roles, groups and `log`."""
    return (*rules.roles, *(g for g in rules.groups if g not in rules.roles), LOG)


def cut_for(decision: D, reader: str) -> D:
    """The decision as a role, a group, `guardian`, `pupil` or `log` is shown it.

    Raises RecordError for a name that the rules do not know, and for a decision that is cut for another reader already.
    """
    d: Any = decision
    if d.reader == reader:
        return decision
    known = readers_of(d.rules)
    if reader not in known:
        names = ", ".join(sorted(known))
        raise RecordError("no-such-role", f"there is no role '{reader}'; known are {names}", field="for_reader")
    if d.reader not in (None, LOG):
        said = f"the decision is cut for '{d.reader}' already; cut the whole one"
        raise RecordError("other-reader", said, pupil=d.pupil, field="for_reader")
    found: D = _without_persons(d) if reader == LOG else _Sight(d, reader).cut()
    return found


def sees_mark(decision: Any, reader: str, mark: str) -> bool:
    """May the reader be shown a mark of the record? Asked of the whole decision."""
    return reader == LOG or _Sight(decision, reader).sees_mark(mark)


def _without_persons(d: Any) -> Any:
    """For the log. Codes as somebody typed them are free text, and go with the persons."""
    return replace(
        d, reader=LOG, unmapped=(), tasks=tuple(replace(t, person=None) for t in d.tasks), basis=_basis(d, with_notes=True)
    )


def _basis(d: Any, *, with_notes: bool) -> dict[str, Any]:
    """Of who is away only roles and groups; notes speak of the whole record."""
    out = dict(d.basis)
    if "absent" in out:
        out["absent"] = [x for x in out["absent"] if x in d.rules.roles or x in d.rules.groups]
    if not with_notes and "notes" in out:
        out["notes"] = []
    return out


class _Sight:
    """What one reader sees of one decision."""

    def __init__(self, d: Any, reader: str) -> None:
        self.d, self.reader, self.is_party = d, reader, reader in PARTIES
        self.rules: Ruleset = d.rules
        self.case = d.asked.case if d.asked is not None else None
        older = [v for v in d.asked.model.versions if v is not self.rules] if d.asked is not None else []
        self.versions: list[Ruleset] = [self.rules, *reversed(older)]  # a reason may be of the rules of an earlier day
        self.known = self._known_events()
        self.marks = {str(e.id): e for e in self.known if isinstance(e, Mark)}
        self.names = self._names()
        sees = {str(a) for n in self.names for a in self._said(n).sees}
        self.sees = frozenset(sees - {"child_protection"} if self.is_party else sees)
        self.is_kept_away = not all(getattr(self._said(n), "pupil_data", True) for n in self.names) or (
            self._is_of_another_controller() and not self._was_brought_in()
        )
        if self.is_kept_away:
            self.names = self.sees = frozenset()
        self.withheld = self._withheld()
        self.tasks: tuple[Task, ...] = tuple(t for t in d.tasks if self.shows_task(t))
        self.in_tasks = {o for t in self.tasks for o in t.openings}

    # ------------------------------------------------------------------ who reads
    def _said(self, name: str) -> Any:
        return self.rules.roles.get(name) or self.rules.groups[name]

    def _names(self) -> frozenset[str]:
        """The reader's roles: `class-lead` of grade 8 and the homeroom teacher are one. A group stands for itself alone."""
        roles, grade = self.rules.roles, self.d.grade
        if self.reader not in roles:
            return frozenset({self.reader})
        acting = self.rules.role_for(self.reader, grade)
        alike = {r for r in roles if self.rules.role_for(r, grade) == acting}
        return frozenset({self.reader, acting, *alike} & {*roles})

    def _known_events(self) -> list[Any]:
        if self.case is None:
            return []
        until = end_of(self.d.known_to.toordinal())
        events = [e for m, e in zip(self.case.moments, self.case.events, strict=True) if m <= until]
        gone = {e.of for e in events if isinstance(e, Retracted)}
        return [e for e in events if e.id not in gone]

    def _is_of_another_controller(self) -> bool:
        """Another one than the house: the organisation of the class lead, else of the principal, else the first."""
        roles = self.rules.roles
        known = (roles[r].organisation for r in ("class-lead", "principal") if r in roles)
        first = next((o.id for o in self.rules.said.organisations), None)
        house = next((o for o in known if o is not None), first)
        return any(self._said(n).organisation not in (None, house) for n in self.names)

    def _was_brought_in(self) -> bool:
        """A task is theirs, something was handed over to them, or they answered before."""
        if any(self.is_own(t) for t in self.d.tasks):
            return True
        by = {*self.names, *(p for r, p in (self.case.named if self.case else {}).items() if r in self.names)}
        for e in self.known:
            if isinstance(e, Answer | ActionTaken) and e.by in by:
                return True
            if isinstance(e, ActionTaken) and e.status == "done":
                acts = [v.acts[e.action] for v in self.versions if e.action in v.acts]
                if any(a.hand_over and self.names & {*a.to, *a.required, *a.optional} for a in acts):
                    return True
        return False

    def is_own(self, task: Task) -> bool:
        return bool(self.names & {*task.roles})

    # ------------------------------------------------------------------ what is not told before a consent
    def _withheld(self) -> dict[str, bool]:
        """Matters that a consent stands before, which is not given: {matter: may it be told once the pupil could forbid it}."""
        out: dict[str, bool] = {}
        for name, consent in self.rules.consents.items():
            if not self.names & {*(consent.needed_for.to or ())}:
                continue
            said = [e.value for e in self.known if isinstance(e, Consent) and e.consent == name]
            if said and said[-1] == "given":
                continue
            for about in map(str, consent.needed_for.about or ()):
                out[about] = consent.presumed and not said and out.get(about, True)
        return out

    def is_withheld(self, abouts: Iterable[str | None], openings: Iterable[str]) -> bool:
        """The pupil could forbid it when something of the same opening and matter was done in which the pupil takes part.

        Of what belongs to no opening nobody knows it: it stays untold until the consent is given.
        """
        where = {*openings}
        for about in abouts:
            if about not in self.withheld:
                continue
            met = (
                t.state == "done" and t.about == about and "pupil" in t.takes_part and where & {*t.openings} for t in self.d.tasks
            )
            if not self.withheld[about] or not any(met):
                return True
        return False

    def may_see(self, abouts: Abouts, openings: Iterable[str] = ()) -> bool:
        return bool(abouts) and abouts <= self.sees and not self.is_withheld(abouts, openings)

    # ------------------------------------------------------------------ the matters of a part
    def _find(self, section: str, name: str) -> Any:
        return next((found for v in self.versions if (found := getattr(v, section).get(name)) is not None), None)

    def _step(self, name: str) -> StepOf | None:
        return next((s for v in self.versions for s in v.steps if name in s.names), None)

    def abouts_of(self, what: str, fact: str, seen: frozenset[str] = frozenset()) -> Abouts:
        """The matters of a comparison; `seen`: the steps that are being looked into."""
        if what == "grade":
            return ABSENCE
        if what == "step":
            return self.abouts_of_step(fact, seen)
        if what == "counter":
            count = self._find("counters", fact)
            return self._abouts_of_counter(count) if count is not None else UNSAID
        section = {"report": "reports", "question": "questions", "action": "acts"}.get(what)
        return frozenset({getattr(self._find(section, fact), "about", None)}) if section else UNSAID

    def abouts_of_step(self, name: str, seen: frozenset[str] = frozenset()) -> Abouts:
        """Those of everything that its `opens` asks about."""
        step = self._step(name)
        if step is None:
            return UNSAID
        if step.id in seen:
            return frozenset()
        return frozenset(a for t in tests_in(step.opens) for a in self.abouts_of(t.what, t.fact, seen | {step.id}))

    def _abouts_of_counter(self, count: Count) -> Abouts:
        if count.of is not None:
            return self.abouts_of("action", count.of)
        if count.of_kind is not None:
            return frozenset({self._about_of_kind(count.of_kind)})
        only = getattr(count.said.kinds, "only", None)
        return frozenset(map(self._about_of_kind, only)) if only else ABSENCE

    def _about_of_kind(self, kind: str | None) -> str:
        found = self._find("kinds", kind) if kind is not None else None
        return str(found.about) if found is not None and found.about is not None else "absence"

    def _about_of_mark(self, mark: str) -> str | None:
        """That of its kind, as known today; None: no such mark is known, or it was taken back."""
        found = self.marks.get(mark)
        if found is None:
            return None
        system = self.case.code_map["name"] if self.case is not None and self.case.code_map else None
        kind = found.kind if found.kind in self.rules.kinds else None
        return self._about_of_kind(kind or self.rules.kind_of(found.code or found.kind, found.on, system))

    def sees_mark(self, mark: str) -> bool:
        """A mark stands in the register of absence, whatever its kind is about."""
        return self.may_see(ABSENCE | {self._about_of_mark(mark)})

    def _marks(self, marks: Iterable[str]) -> tuple[str, ...]:
        return tuple(m for m in marks if self.sees_mark(m))

    # ------------------------------------------------------------------ tasks
    def shows_task(self, t: Task) -> bool:
        abouts = self._abouts_of_task(t)
        if self.is_withheld(abouts, t.openings) or (self.is_party and "child_protection" in abouts):
            return False
        return self.is_own(t) or self.may_see(abouts, t.openings)

    def _abouts_of_task(self, t: Task) -> Abouts:
        """Closing is about all that the step asks and rests on; checking about the mark."""
        kind, _, of = t.action.partition(":")
        if kind == "close" and of:
            step = self._step(of)
            return self.abouts_of_step(of) | {a.about for a in step.actions} if step is not None else UNSAID
        if kind == "check" and of:
            return ABSENCE | {self._about_of_mark(of)}
        return frozenset({t.about})

    def _task(self, t: Task, steps: set[str]) -> Task:
        return replace(
            t,
            person=None if self.is_party else t.person,
            not_needed_if=tuple(f for f in t.not_needed_if if self._sees_fact(f)),
            also=tuple(n for n in t.also if n.partition("/")[0] in steps | {*t.openings}),
        )

    def _sees_fact(self, fact: str) -> bool:
        kinds = {"counters": "counter", "reports": "report", "questions": "question", "acts": "action"}
        whats = [what for section, what in kinds.items() if self._find(section, fact) is not None]
        whats += ["step"] if self._step(fact) is not None else []
        return bool(whats) and all(self.may_see(self.abouts_of(w, fact)) for w in whats)

    # ------------------------------------------------------------------ steps
    def sees_ground_of(self, step: str, openings: Iterable[str] = ()) -> bool:
        """Is everything seen that the step asks about? That it is not open, or undecided, says something of each of it."""
        return self.may_see(self.abouts_of_step(step), openings)

    def _is_ground_enough(self, s: Any, because: tuple[Any, ...]) -> bool:
        """Would the step be open by what is shown of its ground alone? Else its name says that there is more."""
        if "+" in s.name.partition("@")[0]:  # a higher level opens by its counter alone
            return bool(because) and len(because) == len(s.because)
        step = self._step(s.step)
        shown = {(r.what, r.fact) for r in because if r.operator != "none_of"}

        def enough(c: Condition, must: bool) -> bool:
            """`must`: it is true since the step is open, so that it is enough that it is seen."""
            if isinstance(c, Test):
                return (must or (c.what, c.fact) in shown) and self.may_see(self.abouts_of(c.what, c.fact), (s.name,))
            if isinstance(c, All):
                return all(enough(x, must) for x in c.parts)
            if isinstance(c, AnyOf):
                return any(enough(x, False) for x in c.parts)
            return all(self.may_see(self.abouts_of(t.what, t.fact), (s.name,)) for t in tests_in(c))

        return step is not None and bool(because) and enough(step.opens, True)

    def _open_steps(self, asked: set[str]) -> Iterator[Any]:
        """`asked`: the steps that a question names which is shown. A step is named where something in it is shown."""
        for s in self.d.open_steps:
            because = tuple(r for r in s.because if self._sees_reason(r, s))
            today = tuple(self._today(t) for t in s.today if self.may_see(self.abouts_of("counter", t.counter), (s.name,)))
            sees_ground = self.sees_ground_of(s.step, (s.name,))
            is_named = bool(because or today or s.step in asked) and (sees_ground or self._is_ground_enough(s, because))
            if s.name in self.in_tasks or is_named:
                yield replace(
                    s,
                    because=tuple(self._reason(r) for r in because),
                    contested=self._marks(s.contested),
                    is_doubtful=s.is_doubtful and bool(because) and "absence" in self.sees,
                    today=today,
                    renews=s.renews if sees_ground else None,
                )

    def _sees_reason(self, r: Any, s: Any) -> bool:
        """A `none` holds by all of its parts: one of them says nothing of it alone."""
        abouts = self.abouts_of(r.what, r.fact)
        if r.operator == "none_of":
            step = self._step(s.step)
            nones = (
                [n for n in _nones_in(step.opens) if (r.what, r.fact) in {(t.what, t.fact) for t in tests_in(n)}] if step else []
            )
            parts = [self.abouts_of(t.what, t.fact) for n in nones for t in tests_in(n)]
            abouts = abouts.union(*parts) if parts else UNSAID
        return self.may_see(abouts, (s.name,))

    def _reason(self, r: Any) -> Any:
        marks = self._marks(r.marks)
        return replace(r, marks=marks, has_all_marks=len(marks) == len(r.marks))

    def _today(self, t: Any) -> Any:
        kept = replace(t, marks=self._marks(t.marks))
        return replace(kept, next_limit=None, missing=None) if self.is_party else kept

    # ------------------------------------------------------------------ questions, messages, and what stands alone
    def _shows_question(self, q: Any) -> bool:
        abouts, is_own = self._abouts_of_question(q), bool(self.names & {*q.by})
        if self.is_withheld(abouts, ()) or (self.is_party and q.what == "not_answered" and not is_own):
            return False
        return is_own or self.may_see(abouts)

    def _questions(self, steps: set[str]) -> Iterator[Any]:
        """`steps`: the open steps that are shown. Another one is named to who sees all that it asks about."""
        tasks = {t.name for t in self.tasks}
        for q in filter(self._shows_question, self.d.questions):
            named = tuple(s for s in q.steps if s in steps or self.sees_ground_of(s))
            is_all = len(named) == len(q.steps)  # the day by which is that of the steps
            shown = tuple(n for n in q.tasks if n in tasks)
            yield replace(q, steps=named, tasks=shown, due=q.due if is_all else None, waits=q.waits_for)

    def _abouts_of_question(self, q: Any) -> Abouts:
        if q.what == "not_answered":
            return self.abouts_of("question", q.fact)
        if q.what == "known_late":
            is_counter = self._find("counters", q.fact) is not None
            return self.abouts_of("counter" if is_counter else "step", q.fact)
        return ABSENCE  # of marks, the register, the grade, lessons a week

    def _message(self, m: Any, is_step_shown: bool) -> Any:
        """Where a kind is not seen no kind has its number: the rest of the total would tell it."""
        kinds = [k for k, _ in m.totals if k != "total"]
        is_whole = all(self._about_of_kind(k) in self.sees for k in kinds)
        has_numbers = is_step_shown or not self.is_party or bool(self.names & {*m.to})
        totals = tuple((k, n) for k, n in m.totals if k == "total" or is_whole) if has_numbers else ()
        return replace(m, totals=totals, limit=m.limit if has_numbers else None, marks=self._marks(m.marks))

    def _nearest(self) -> Any:
        n = self.d.nearest
        is_seen = n is not None and self.may_see(self.abouts_of("counter", n.counter)) and self.sees_ground_of(n.step)
        return n if is_seen and not self.is_party else None

    def cut(self) -> Any:
        d, acts = self.d, {t.action for t in self.tasks}
        asked = {s for q in d.questions if self._shows_question(q) for s in q.steps}
        open_steps = tuple(self._open_steps(asked))
        names = {s.name for s in open_steps}
        is_away = self.is_kept_away
        return replace(
            d,
            tasks=tuple(self._task(t, names) for t in self.tasks),
            messages=tuple(self._message(m, bool(open_steps)) for m in d.messages if self.may_see(frozenset({m.about}))),
            open_steps=open_steps,
            questions=tuple(self._questions({s.step for s in open_steps})),
            withdrawn=tuple(w for w in d.withdrawn if w in self.in_tasks),
            corrections=tuple(a for a in d.corrections if a in acts or self.may_see(self.abouts_of("action", a))),
            nearest=self._nearest(),
            too_early=tuple(x for x in d.too_early if self.may_see(self.abouts_of("counter", x.counter))),
            shown=tuple(x for x in d.shown if not self.is_party and self.may_see(self.abouts_of("counter", x.counter))),
            told=(),
            set_aside=tuple(x for x in d.set_aside if self.sees_mark(x[0])),
            unmapped=(),  # codes as somebody typed them are free text
            doubtful=tuple(replace(x, marks=marks) for x in d.doubtful if (marks := self._marks(x.marks))),
            left_on=None if is_away else d.left_on,
            data_until=None if is_away else d.data_until,
            data_until_from=None if is_away else d.data_until_from,
            is_stale=d.is_stale and not is_away,
            basis=_basis(d, with_notes=False),
            silenced={},  # that the pupil has refused is for nobody
            reader=self.reader,
            asked=None,  # the whole record goes to no role
        )


def _nones_in(condition: Condition) -> Iterator[NoneOf]:
    if isinstance(condition, NoneOf):
        yield condition
    if not isinstance(condition, Test):
        for part in condition.parts:
            yield from _nones_in(part)
