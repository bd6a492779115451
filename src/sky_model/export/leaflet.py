"""The leaflet for guardians and pupils: what we count, what happens when, how to correct or disagree, who sees what.

Rules: these four headings and no other; what the ruleset does not settle is said to be not settled.
"""

from __future__ import annotations

from collections.abc import Iterator

from sky_model import vocabulary as words
from sky_model.export.pages import Block, Bullets, Cell, Facts, Heading, Link, Para, Piece, Quiet, Strong
from sky_model.export.sentences import Words, big
from sky_model.rules import ABSENCE, Act

__all__ = ["Leaflet"]

PARTIES = ("pupil", "guardian")


class Leaflet(Words):
    """The blocks of the leaflet."""

    def blocks(self) -> Iterator[Block]:
        said = self.r.said
        yield self.part("g-count")
        if self.r.counters:
            yield Bullets(
                [[Strong(big(self.name("counters", c.id))), *self.off_page(self.counter(c))] for c in self.r.counters.values()]
            )
        for key, those in (("g-absence", True), ("g-no-absence", False)):
            kinds = [self.text(k.name) for k in said.kinds if (k.is_ in ABSENCE) is those]
            if kinds:
                yield Para([Strong(self.say(key)), ", ".join(kinds) + "."])
        yield self.part("g-happens")
        for s in self.r.steps:
            yield Heading(3, self.text(s.said.name))
            yield Para([Strong(f"{self.say('opens')}:"), *self.off_page(self.opening(s))])
            if s.actions:
                yield Bullets([[Strong(self.text(a.name)), Quiet(self.short(a))] for a in s.actions])
        yield self.part("g-correct")
        yield Para(self.say("g-wrong"))
        yield Para(self.say("g-person"))
        for key, who in (("g-pupil-raise", "pupil"), ("g-raise", "guardian")):
            raised = [self.text(x.name) for x in said.reports if who in x.by]
            if raised:
                yield Para([Strong(self.say(key)), ", ".join(raised) + "."])
        if said.consents:
            yield Para([Strong(self.say("g-consents"))])
            yield Bullets([[self.text(c.name), Quiet(f"{self.say('given-by')}: {self.given(c)}")] for c in said.consents])
        yield Para(self.say("g-no-appeal"))
        yield self.part("g-sees")
        seen: dict[str, list[str]] = {}
        holders: list[words.Role | words.Group] = [*said.roles, *said.groups]
        for x in holders:
            for about in x.sees:
                seen.setdefault(about, []).append(self.text(x.name))
        order = ("absence", "health", "welfare", "support", "child_protection")
        yield Facts([(big(self.say(f"about-{a}")), ", ".join(seen[a])) for a in order if a in seen])
        by: dict[str, list[str]] = {}
        for k in said.kinds:
            if k.about:
                by.setdefault(k.about, []).append(self.text(k.name))
        for a in order:
            if a in by:
                yield Para(self.say("g-kind-seen", list=f"{self.say(f'about-{a}')} – {', '.join(by[a])}"))
        yield Para(self.say("g-only"))

    def short(self, a: Act) -> str:
        """Who does an action by when, and which of pupil and guardian take part or are told."""
        out = [big(self.actors(self.who(a.who), "or")), self.due(a)]
        part = [n for n in (*a.required, *a.optional) if n in PARTIES]
        told = [n for n in a.to if n in PARTIES]
        out += [f"{self.say('takes-part').lower()}: {self.actors(part)}"] if part else []
        out += [f"{self.say('told').lower()}: {self.actors(told)}"] if told else []
        return " · ".join(out)

    def off_page(self, cell: Cell) -> list[Piece]:
        """A cell for another page than the rulebook: links within it would lead nowhere."""
        return [cell] if isinstance(cell, str) else [p.text if isinstance(p, Link) and p.to.startswith("#") else p for p in cell]
