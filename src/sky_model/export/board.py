"""The board's paper, one page: numbers and reasons, effect, what the law asks, what stays a person's decision, review day.

Rules: an effect is printed only when it was counted, with the word assumed where it rests on assumed minutes; lines for the
decision are left to be filled in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sky_model.errors import RulesetError
from sky_model.export.pages import Block, Bullets, Cell, Para, Table
from sky_model.export.sentences import Words, big
from sky_model.rules import Ruleset

__all__ = ["Board"]

OF_LAW = ("statute", "norm")


class Board(Words):
    """The blocks of the paper. `effect`: what `sky diff … --json` has counted."""

    def __init__(self, rules: Ruleset, language: str, effect: Mapping[str, Any] | None = None) -> None:
        super().__init__(rules, language)
        self.effect = effect

    def blocks(self) -> Iterator[Block]:
        acts = [a for s in self.r.steps for a in s.actions]
        yield self.state()
        yield self.part("b-numbers")
        rows = list(self.numbers())
        yield Table([self.say(k) for k in ("b-where", "b-number", "b-reason")], rows) if rows else Para(self.say("b-no-numbers"))
        yield self.part("b-effect")
        yield from self.counted() if self.effect is not None else self.not_counted()
        yield self.part("b-law")
        by_law: dict[str, list[str]] = {}
        for a in acts:
            if a.is_statutory and a.duty in ("must", "consider"):
                name = self.r.sources[a.source].name if a.source in self.r.sources else a.source
                by_law.setdefault(name, []).append(self.text(a.name))
        for c in self.r.said.community:
            source = self.r.sources.get(c.source or "")
            if c.duty == "must" and source is not None and source.kind in OF_LAW:
                by_law.setdefault(source.name, []).append(self.text(c.name))
        lines = [f"{name}: {'; '.join(dict.fromkeys(those))}" for name, those in by_law.items()]
        yield Bullets(lines) if lines else Para(self.say("none"))
        yield self.part("b-person")
        closers: dict[str, list[str]] = {}
        for s in self.r.steps:
            if s.said.closing is not None:
                closers.setdefault(self.actors(s.said.closing.by, "or"), []).append(self.text(s.said.name))
        if closers:
            yield Para(self.say("b-close", list="; ".join(f"{who} ({', '.join(names)})" for who, names in closers.items())))
        judged = list(dict.fromkeys(self.text(a.name) for a in acts if a.duty in ("consider", "may")))
        if judged:
            yield Para(self.say("b-judge", list="; ".join(judged)))
        if self.r.said.questions:
            yield Para(self.say("b-answer", list="; ".join(self.text(q.name) for q in self.r.said.questions)))
        yield self.part("b-review")
        review = self.r.said.review_by
        yield Para([self.day(review) + "." if review else big(self.say("not-set")) + ".",
                    self.say("b-unknown", n=len(self.r.said.gaps) + len(self.r.gaps), heading=self.say("gaps"))])  # fmt: skip
        yield self.part("b-decision")
        yield Para(self.say("b-sign"))

    def not_counted(self) -> Iterator[Block]:
        """Nobody has counted: how it is done, and how much there is to do by the rules alone."""
        yield Para(self.say("b-not-measured", name=self.r.name))
        work: dict[str, int] = {}
        for a in (a for s in self.r.steps for a in s.actions):
            for n in self.who(a.who):
                work[n] = work.get(n, 0) + 1
        said = ", ".join(f"{self.actor(n)} {k}" for n, k in sorted(work.items(), key=lambda x: (-x[1], x[0])))
        if said:
            yield Para(self.say("b-work", list=said))

    def counted(self) -> Iterator[Block]:
        """Pupils and work, as counted under both rulesets on the same records. Nobody is named."""
        assert self.effect is not None
        pupils, days, work = self.effect["pupils"], self.effect["days"], self.effect["work"]
        yield Para(
            self.say(
                "b-pupils", n=pupils["different"], of=pupils["decided"], a=self.effect["a"]["ruleset"],
                b=self.effect["b"]["ruleset"], first=self.day(date.fromisoformat(days["from"])),
                last=self.day(date.fromisoformat(days["to"])),
            )
        )  # fmt: skip
        roles: dict[str, list[int]] = {}
        is_assumed = False
        for f in work["figures"]:
            mine = roles.setdefault(f["role"], [0, 0, 0, 0])
            for i, side in enumerate(("a", "b")):
                mine[i] += f[side]["tasks"]
                mine[2 + i] += f[side]["minutes"]
            is_assumed = is_assumed or bool(f["assumed"])
        late: dict[str, list[int]] = {}
        for x in work["overdue"]:
            mine = late.setdefault(x["role"], [0, 0])
            mine[0], mine[1] = mine[0] + x["a"], mine[1] + x["b"]
        rows: list[list[Cell]] = []
        for role, (a, b, minutes_a, minutes_b) in sorted(roles.items(), key=lambda x: (-x[1][3], x[0])):
            overdue = late.get(role, [0, 0])
            hours = f"{self.number(Decimal(round(minutes_a / 60)))} → {self.number(Decimal(round(minutes_b / 60)))}"
            rows.append([self.actor(role), f"{a} → {b}", hours, f"{overdue[0]} → {overdue[1]}"])
        if rows:
            yield Table([self.say(k) for k in ("role", "b-tasks", "b-hours", "b-overdue")], rows)
        if is_assumed:
            yield Para(self.say("b-assumed"))

    def numbers(self) -> Iterator[list[Cell]]:
        """Every limit of a counter and every deadline in numbers, with who set it and why."""
        for s in self.r.steps:
            limits = [t for t in s.tests if t.what == "counter"]
            if limits:
                said = "; ".join(self.test(t) for t in limits)
                yield [self.text(s.said.name), said, self.reason(f"steps.{s.id}.opens", s.said)]
            for a in s.actions:
                if a.due is not None and a.due.span is not None:
                    yield [self.text(a.name), self.due(a), self.reason(f"steps.{s.id}.actions.{a.id}.within", a)]

    def reason(self, at: str, said: Any) -> str:
        """Who set a value and why: the layer's `because`, else its source."""
        try:
            origin = self.r.origin_of(at)
        except (RulesetError, AssertionError):
            origin = None
        changed = self.r.whole.changed_in(at) if self.r.whole is not None and origin is not None else []
        if changed:  # a number inside was set by a layer: its reason, not that of what it stands in
            return "; ".join(dict.fromkeys(f"{c.because} ({c.layer})" for c in changed))
        source = self.r.sources.get(said.source or "")
        why = (origin.because if origin is not None else "") or (source.name if source is not None else self.say("no-source"))
        return f"{why} ({origin.layer})" if origin is not None else why
