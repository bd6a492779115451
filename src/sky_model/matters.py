"""What each part of an answer is about (`about`): by that it is decided who is shown it.

Rules: every part has the matters of all that it rests on; what nobody has said the matter of is shown to no reader.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sky_model.rules import Condition, Count, NoneOf, Ruleset, StepOf, Test, tests_in

__all__ = ["ABSENCE", "UNSAID", "Abouts", "Matters"]

Abouts = frozenset[str | None]  # the matters of a part, each of which must be seen; None: nobody has said it, so nobody sees it
UNSAID: Abouts = frozenset({None})
ABSENCE: Abouts = frozenset({"absence"})


class Matters:
    """The matters as these rules say them; where several have a name the first does."""

    def __init__(self, versions: Sequence[Ruleset]) -> None:
        self.versions = versions

    def find(self, section: str, name: str) -> Any:
        return next((found for v in self.versions if (found := getattr(v, section).get(name)) is not None), None)

    def step(self, name: str) -> StepOf | None:
        return next((s for v in self.versions for s in v.steps if name in s.names), None)

    def of(self, what: str, fact: str, seen: frozenset[str] = frozenset()) -> Abouts:
        """The matters of a comparison; `seen`: the steps that are being looked into."""
        if what == "grade":
            return ABSENCE
        if what == "step":
            return self.of_step(fact, seen)
        if what == "counter":
            count = self.find("counters", fact)
            return self._of_counter(count) if count is not None else UNSAID
        section = {"report": "reports", "question": "questions", "action": "acts"}.get(what)
        return frozenset({getattr(self.find(section, fact), "about", None)}) if section else UNSAID

    def of_step(self, name: str, seen: frozenset[str] = frozenset()) -> Abouts:
        """Those of everything that its `opens` asks about."""
        step = self.step(name)
        if step is None:
            return UNSAID
        if step.id in seen:
            return frozenset()
        return frozenset(a for t in tests_in(step.opens) for a in self.of(t.what, t.fact, seen | {step.id}))

    def of_closing(self, name: str) -> Abouts:
        """Closing is about all that the step asks and rests on."""
        step = self.step(name)
        return self.of_step(name) | {a.about for a in step.actions} if step is not None else UNSAID

    def of_none(self, name: str, what: str, fact: str) -> Abouts:
        """A `none` holds by all of its parts: one of them says nothing of it alone."""
        step = self.step(name)
        nones = _nones_in(step.opens) if step is not None else ()
        holding = [n for n in nones if (what, fact) in {(t.what, t.fact) for t in tests_in(n)}]
        parts = [self.of(t.what, t.fact) for n in holding for t in tests_in(n)]
        return self.of(what, fact).union(*parts) if parts else UNSAID

    def whats(self, fact: str) -> list[str]:
        """As what a name of the rules can be asked about."""
        kinds = {"counters": "counter", "reports": "report", "questions": "question", "acts": "action"}
        found = [what for section, what in kinds.items() if self.find(section, fact) is not None]
        return found + (["step"] if self.step(fact) is not None else [])

    def _of_counter(self, count: Count) -> Abouts:
        if count.of is not None:
            return self.of("action", count.of)
        if count.of_kind is not None:
            return frozenset({self.of_kind(count.of_kind)})
        only = getattr(count.said.kinds, "only", None)
        return frozenset(map(self.of_kind, only)) if only else ABSENCE

    def of_kind(self, kind: str | None) -> str:
        found = self.find("kinds", kind) if kind is not None else None
        return str(found.about) if found is not None and found.about is not None else "absence"


def _nones_in(condition: Condition) -> Iterator[NoneOf]:
    if isinstance(condition, NoneOf):
        yield condition
    if not isinstance(condition, Test):
        for part in condition.parts:
            yield from _nones_in(part)
