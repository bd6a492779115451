"""The rulebook: a ruleset as people read it, from the path to the sources.

Rules: every step, number, role, source and gap of the ruleset stands in it; it adds nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from sky_model import vocabulary as words
from sky_model.export.drawing import Box, draw
from sky_model.export.pages import Block, Bullets, Cell, Facts, Heading, Link, Mark, Para, Piece, Quiet, Strong, Table
from sky_model.export.sentences import HUNDRED, Words, big, texts_of
from sky_model.rules import WHO_RECORDED, StepOf, tests_in

__all__ = ["Rulebook"]


class Rulebook(Words):
    """The blocks of the rulebook, one part after another."""

    def blocks(self) -> Iterator[Block]:
        yield self.state()
        yield from self.drawn()
        yield from self.steps()
        yield from self.matrix()
        yield from self.roles()
        yield from self.deadlines()
        yield from self.counts()
        yield from self.messages()
        yield from self.community()
        yield from self.statements()
        yield from self.gaps()
        yield from self.sources()

    def drawn(self) -> Iterator[Block]:
        tiers = self.r.said.tiers
        lanes = [self.text(t.name) for t in tiers]
        order = {t.id: i for i, t in enumerate(tiers)}
        links = [(below, s.id) for s in self.r.steps for below in s.above if below in self.r.step_by_id]
        asked = [
            (t.fact, s.id) for s in self.r.steps for t in tests_in(s.opens) if t.what == "step" and t.fact in self.r.step_by_id
        ]
        links = list(dict.fromkeys(x for x in (*links, *asked) if x[0] != x[1]))
        tied = {x for pair in links for x in pair}
        steps = sorted(self.r.steps, key=lambda s: (s.id not in tied, s.order))
        boxes = [Box(f"community {c.id}", order[c.tier], self.text(c.name), self.actors(self.who(c.who)), True)
                 for c in self.r.said.community if c.tier in order]  # fmt: skip
        boxes = [Box(s.id, s.tier, self.text(s.said.name), self.condition(s.opens), is_tied=s.id in tied) for s in steps] + boxes
        yield self.part("path")
        yield Para(self.say("path-says"))
        names = "; ".join(f"{big(lane)}: {', '.join(b.text for b in boxes if b.lane == i)}" for i, lane in enumerate(lanes))
        yield draw(lanes, boxes, links, self.say("path-picture", steps=names))
        yield Facts([(big(self.text(t.name)), [self.text(t.says), *self.source(t)] if t.says else self.source(t)) for t in tiers])
        if self.r.said.critical_rules:
            yield Heading(3, self.say("critical-rules"))
            named = {
                **{c.id: self.text(c.name) for c in self.r.said.community},
                **{s.id: self.text(s.said.name) for s in self.r.steps},
            }
            yield Bullets([
                [Strong(self.text(c.name)), Quiet(f"{self.say('served-by')}: {', '.join(named.get(x, x) for x in c.served_by)}")]
                for c in self.r.said.critical_rules
            ])  # fmt: skip

    def steps(self) -> Iterator[Block]:
        yield self.part("steps")
        for s in self.r.steps:
            tier = self.r.said.tiers[s.tier]
            yield Heading(3, self.text(s.said.name), f"step-{s.id}", (Mark(self.text(tier.name)),))
            yield Facts(list(self.about_step(s)))
            if s.actions:
                head = [self.say(k) for k in ("what", "who", "by-when", "duty-and-source")]
                rows = [
                    [[Strong(self.text(a.name)), *self.details(a)], self.does(a), big(self.due(a)), self.duty(a)]
                    for a in s.actions
                ]
                yield Table(head, rows)

    def about_step(self, s: StepOf) -> Iterator[tuple[str, Cell]]:
        yield self.say("opens"), self.opening(s)
        if s.grades:
            yield self.say("grades"), self.grades(s.grades)
        if s.expected_by is not None:
            yield self.say("expected"), self.condition(s.expected_by)
        yield self.say("lasts"), self.lasts(s)
        yield self.say("again"), self.say(f"again-{s.again}")
        if s.above:
            yield self.say("above"), "; ".join(self.say(f"above-{how}", step=self.step(b)) for b, how in s.above.items())
        closing = s.said.closing
        if closing is not None:
            yield self.say("closing"), self.actors(closing.by, "or")
            yield self.say("reasons"), "; ".join(self.text(x.name) for x in closing.reasons)
        if s.suggest is not None:
            yield self.say("suggest"), self.condition(s.suggest)
        if s.watch is not None and s.watch_for is not None:
            yield self.say("watch"), f"{self.span(s.watch_for)}: {self.condition(s.watch)}"
        if s.was:
            yield self.say("was"), ", ".join(s.was)
        note = [Quiet(self.text(s.said.note))] if s.said.note is not None else []
        yield self.say("said-by"), self.layers_of(s)
        yield self.say("source"), [*self.source(s.said), *note]

    def layers_of(self, s: StepOf) -> str:
        """Which layer says the step, and which says otherwise what opens it, with its reason."""
        if self.r.whole is None:
            return self.r.name
        first = self.r.origin_of(f"steps.{s.id}.id").layer
        changed = dict.fromkeys(
            f"{node.layer}: {node.because}" for node in self.r.whole.changed_in(f"steps.{s.id}") if node.because and node.layer
        )
        return "; ".join([first, *changed])

    def lasts(self, s: StepOf) -> str:
        if s.lasts.word == "span":
            return self.span(s.lasts.span)
        return self.say(f"lasts-{s.lasts.word}", part=self.say(f"part-{s.lasts.part}"))

    def matrix(self) -> Iterator[Block]:
        yield self.part("matrix")
        yield Para(self.say("legend"))
        acts = [a for s in self.r.steps for a in s.actions]
        used: set[str] = set()
        for a in acts:
            used |= {*self.who(a.who), *a.required, *a.optional, *a.to, *(a.at_least[1] if a.at_least else ())}
        homes = [o.id for o in self.r.said.organisations]
        items: list[words.Role | words.Group] = [*self.r.said.roles, *self.r.said.groups]
        order = {x.id: (homes.index(x.organisation) if x.organisation in homes else len(homes), i) for i, x in enumerate(items)}
        columns = sorted((n for n in used if n in order), key=lambda n: order[n])
        columns += [WHO_RECORDED] if WHO_RECORDED in used else []
        over: list[tuple[str, int]] = []
        for n in columns:
            home = order.get(n, (len(homes), 0))[0]
            name = self.name("organisations", homes[home]) if home < len(homes) else self.say("no-organisation")
            if over and over[-1][0] == name:
                over[-1] = (name, over[-1][1] + 1)
            else:
                over.append((name, 1))
        rows: list[list[Cell]] = []
        for a in acts:
            cells = []
            for n in columns:
                letters = [self.say("letter-does")] if n in self.who(a.who) else []
                letters += [self.say("letter-part")] if n in a.required else []
                few = a.at_least[1] if a.at_least else ()
                letters += [f"({self.say('letter-part')})"] if n in a.optional or n in few else []
                letters += [self.say("letter-told")] if n in a.to else []
                cells.append(" ".join(letters))
            rows.append([[self.text(a.name), Quiet(self.step(a.step))], *cells])
        yield Table([self.say("what"), *map(self.actor, columns)], rows, upright=True, over=over)

    def roles(self) -> Iterator[Block]:
        said = self.r.said
        yield self.part("roles")
        rows: list[list[Cell]] = []
        for x in said.roles:
            seen = self.join(self.say(f"about-{a}") for a in x.sees) if x.sees else self.say("nobody")
            name: list[Piece] = [self.text(x.name), Quiet(self.say(f"what-{x.what}"))]
            name += [Quiet(self.say("unconfirmed-name"))] if self.language in x.unconfirmed_names else []
            does: list[Piece] = [self.text(x.does)] if x.does else []
            if x.is_ is not None:
                does += [
                    Quiet(f"{self.say('in-grades', grades=b.replace('-', '–'))}: {self.actor(str(n))}")
                    for b, n in x.is_.by.grade.items()
                ]
            does += [Quiet(f"{self.say('deputies')}: {self.actors(x.deputies)}")] if x.deputies else []
            does += [Quiet(self.say("pupils-per-person", n=x.pupils_per_person))] if x.pupils_per_person else []
            does += [Quiet(self.text(x.note))] if x.note else []
            home = self.name("organisations", x.organisation) if x.organisation else self.say("nobody")
            rows.append([name, home, seen if x.pupil_data else self.say("no-pupil-data"), does, self.source(x)])
        for g in said.groups:
            seen = self.join(self.say(f"about-{a}") for a in g.sees) if g.sees else self.say("nobody")
            home = self.name("organisations", g.organisation) if g.organisation else self.say("nobody")
            led: Cell = f"{self.say('led-by')}: {self.actor(g.led_by)}" if g.led_by else ""
            mark = [Quiet(self.say("unconfirmed-name"))] if self.language in g.unconfirmed_names else []
            rows.append([[self.text(g.name), Quiet(self.say("what-group")), *mark], home, seen, led, self.source(g)])
        yield Table([self.say(k) for k in ("role", "organisation", "sees", "task", "source")], rows)
        if said.organisations:
            yield Heading(3, self.say("organisations"))
            yield Table(
                [self.say("organisation"), self.say("controller"), self.say("source")],
                [[self.noted(self.text(o.name), o), self.say("controller" if o.controller else "no-controller"), self.source(o)]
                 for o in said.organisations],
            )  # fmt: skip
        if said.consents:
            yield Heading(3, self.say("consents"))
            yield Table(
                [self.say("consents"), self.say("given-by"), self.say("source")],
                [[self.noted(self.text(c.name), c), self.given(c), self.source(c)] for c in said.consents],
            )

    def deadlines(self) -> Iterator[Block]:
        acts = [a for s in self.r.steps for a in s.actions]
        yield self.part("deadlines")
        head = [self.say(k) for k in ("what", "by-when", "who", "step", "duty-and-source")]
        rows: list[list[Cell]] = [
            [self.text(a.name), big(self.due(a)), self.actors(self.who(a.who), "or"), self.step(a.step), self.duty(a)]
            for a in acts
            if a.due is not None
        ]
        yield Table(head, rows) if rows else Para(self.say("none"))
        rest = [f"{self.text(a.name)} ({self.step(a.step)})" for a in acts if a.due is None]
        if rest:
            yield Para(self.say("without-deadline"))
            yield Bullets(rest)

    def counts(self) -> Iterator[Block]:
        said = self.r.said
        yield self.part("counts")
        if self.r.counters:
            yield Heading(3, self.say("counters"))
            yield Table(
                [self.say(k) for k in ("counter", "counted", "source")],
                [[self.noted(big(self.name("counters", c.id)), c.said), self.counter(c), self.source(c.said)]
                 for c in self.r.counters.values()],
            )  # fmt: skip
        if said.kinds:
            yield Heading(3, self.say("kinds"))
            yield Table(
                [self.say(k) for k in ("kind", "means", "about", "source")],
                [[self.noted(self.text(k.name), k), self.say(f"is-{k.is_}"), self.say(f"about-{k.about}") if k.about else "",
                  self.source(k)] for k in said.kinds],
            )  # fmt: skip
        if self.r.turns:
            yield Heading(3, self.say("turns"))
            lines = []
            for t in self.r.turns:
                of = [self.amount(Decimal(t.minutes) / HUNDRED, "measure-minutes")] if t.minutes is not None else []
                of += [self.amount(Decimal(t.lessons) / HUNDRED, "measure-lessons")] if t.lessons is not None else []
                length = self.say("turn-as", amount=", ".join(of)) if of else ""
                kind, to = self.name("kinds", t.kind), self.name("kinds", t.to)
                lines.append(self.say("turn", kind=kind, lines=self.marks(t.tests), to=to, as_=length))
            yield Bullets(lines)
        if said.local_codes:
            yield Heading(3, self.say("codes"))
            yield Bullets([f"{c.system}: {c.code} = {self.name('kinds', c.kind)}" for c in said.local_codes])
        if said.schedules:
            yield Heading(3, self.say("schedules"))
            yield Bullets([f"{self.text(x.name) or x.id}: {self.days_of(x)}" for x in said.schedules])
        if said.planned:
            yield Heading(3, self.say("tables"))
            yield Bullets([
                f"{t.id}: " + ", ".join(f"{self.say(f'part-{p}')} {self.number(n)}" for p, n in t.lessons.items())
                for t in said.planned
            ])  # fmt: skip
        yield from self.asked()

    def days_of(self, x: words.Schedule) -> str:
        if x.dates is not None:
            return ", ".join(f"{int(d[3:])}.{int(d[:2])}." if self.language != "en" else d for d in x.dates)
        if x.start_of is not None or x.end_of is not None:
            return f"{self.say(f'part-{x.start_of or x.end_of}')} {'|–' if x.start_of else '–|'}"
        if x.weekdays:
            return ", ".join(self.say(f"weekday-{d}") for d in x.weekdays)
        return ", ".join(map(str, x.weeks)) if x.weeks else x.days_named or ""

    def asked(self) -> Iterator[Block]:
        said = self.r.said
        if said.parameters:
            yield Heading(3, self.say("parameters"))
            head = [self.say(k) for k in ("parameters", "value", "layer-may", "source")]
            yield Table(head, [
                [self.noted(self.text(p.name) or p.id, p), self.parameter(p), self.may(p.layer_may), self.source(p)]
                for p in said.parameters
            ])  # fmt: skip
        if said.reports:
            yield Heading(3, self.say("reports"))
            yield Table(
                [self.say(k) for k in ("reports", "raised-by", "about", "source")],
                [[self.noted(self.text(x.name), x), self.actors(x.by, "or"), self.say(f"about-{x.about}") if x.about else "",
                  self.source(x)] for x in said.reports],
            )  # fmt: skip
        if said.questions:
            yield Heading(3, self.say("questions"))
            rows: list[list[Cell]] = []
            for q in said.questions:
                given = self.say("answer-date") if q.answers == "date" else ", ".join(self.word(a, q.id) for a in q.answers)
                good = self.r.good_for.get(q.id)
                more = [Quiet(self.say("good-for", span=self.span(good)))] if good else []
                rows.append([self.noted(self.text(q.name), q), [given, *more], self.actors(q.by, "or"), self.source(q)])
            yield Table([self.say(k) for k in ("question", "answers", "who", "source")], rows)

    def parameter(self, p: words.Parameter) -> str:
        number = p.number()
        if number is None:
            return self.say("not-set")
        unit = next(k for k in (f"clock-{p.unit}", f"measure-{p.unit}") if k in texts_of())
        return self.amount(number, unit)

    def may(self, may: Any) -> str:
        if may is None:
            return ""
        if isinstance(may, words.Bounds):
            low, high = (self.number(x) if x is not None else "…" for x in (may.at_least, may.at_most))
            return self.say("may-bounds", low=low, high=high)
        return self.say(f"may-{may}")

    def messages(self) -> Iterator[Block]:
        if not self.r.notices:
            return
        yield self.part("messages")
        rows: list[list[Cell]] = []
        for n in self.r.notices:
            name = self.text(n.said.name) or n.id
            once = self.say("once-in", part=self.say(f"part-{n.once_in}"))
            rows.append([self.noted(name, n.said), [self.condition(n.when), Quiet(once)], self.actors(n.to), self.source(n.said)])
        yield Table([self.say(k) for k in ("message", "when", "told", "source")], rows)

    def community(self) -> Iterator[Block]:
        said = self.r.said
        if not said.community:
            return
        yield self.part("community")
        yield Para(self.say("community-says"))
        rows: list[list[Cell]] = []
        for c in said.community:
            whom = self.say(f"for-{c.for_}")
            grades = [Quiet(self.say("in-grades", grades=", ".join(map(self.grades, c.grades))))] if c.grades else []
            shown = [Quiet(self.say("shows", names=", ".join(self.name("counters", x) for x in c.shows)))] if c.shows else []
            often = self.often(c.every)
            what = [*self.noted(Strong(self.text(c.name)), c), *shown]
            source = [Mark(self.say(f"duty-{c.duty}"), c.duty), *(x for x in self.source(c))]
            rows.append([what, self.actors(self.who(c.who), "or"), [whom, *grades], often, source])
        yield Table([self.say(k) for k in ("what", "who", "for-whom", "how-often", "duty-and-source")], rows)

    def often(self, every: Any) -> str:
        if every is None:
            return self.say("not-set")
        if isinstance(every, words.Gap):
            return self.say("not-said", gap=every.gap)
        if isinstance(every, words.OnSchedule):
            return self.name("schedules", every.schedule)
        return self.say("once-a", part=self.say(f"part-{every}"))

    def statements(self) -> Iterator[Block]:
        said = self.r.said
        if said.statements:
            yield self.part("statements")
            rows: list[list[Cell]] = []
            for topic in dict.fromkeys(s.topic for s in said.statements):
                for s in (x for x in said.statements if x.topic == topic):
                    rows.append([self.topic(topic), self.statement(s), self.source(s)])
            yield Table([self.say("about"), self.say("statements"), self.say("source")], rows)
        if said.texts:
            yield Heading(3, self.say("texts"))
            yield Bullets([self.text(t) for t in said.texts.values()])

    def topic(self, topic: str) -> str:
        key = f"topic-{topic}"
        return big(self.say(key)) if key in texts_of() else big(topic.replace("-", " "))

    def statement(self, s: words.Statement) -> list[Piece]:
        out = self.noted(self.text(s.says), s)
        if s.up_to is not None:
            span = self.amount(s.up_to.lessons, "measure-lessons") if s.up_to.lessons is not None else self.span_of(s.up_to)
            out.append(Quiet(big(self.say("up-to", span=span))))
        if s.granted_by is not None:
            out.append(Quiet(big(self.say("granted-by", who=self.actors(self.who(s.granted_by), "or")))))
        return out

    def all_gaps(self) -> list[Cell]:
        out: list[Cell] = []
        for g in self.r.said.gaps:
            out.append([g.gap, *self.read(g.read_as, g.because)])
        return out

    def read(self, read_as: str | None, because: str | None) -> list[Piece]:
        out: list[Piece] = [Quiet(big(self.say("read-as", value=read_as)))] if read_as is not None else []
        return [*out, *([Quiet(big(self.say("because", why=because)))] if because else [])]

    def gaps(self) -> Iterator[Block]:
        yield self.part("gaps")
        yield Para(self.say("gaps-say"))
        gaps = self.all_gaps()
        if gaps:
            yield Bullets(gaps)
        if self.r.gaps:
            yield Heading(3, self.say("gaps-of-rules"))
            yield Bullets([[Strong(self.spot(g.path)), g.gap, *self.read(g.read_as, g.because)] for g in self.r.gaps])
        if self.r.open_to_layers:
            yield Heading(3, self.say("open-to-layers"))
            yield Bullets(list(self.r.open_to_layers))
        if not gaps and not self.r.gaps:
            yield Para(self.say("none"))

    def spot(self, path: tuple[str | int, ...]) -> str:
        """The item that holds a gap, by its name for people, and the key."""
        section, *rest = path
        if rest and isinstance(rest[0], int):
            item = getattr(self.r.said, str(section))[rest[0]]
            name = getattr(item, "name", None)
            said = self.text(name) if isinstance(name, words.Text) else getattr(item, "id", str(section))
            return f"{big(said)} ({'.'.join(str(x) for x in rest[1:])}):"
        return ".".join(map(str, path)) + ":"

    def sources(self) -> Iterator[Block]:
        yield self.part("sources")
        rows: list[list[Cell]] = []
        for s in self.r.said.sources:
            name: list[Piece] = [Link(s.name, s.url) if s.url else s.name]
            name += [Quiet(s.note)] if s.note else []
            days = [self.say("from-day", day=self.day(s.valid_from))] if s.valid_from else []
            days += [self.say("read-on", day=self.day(s.read_on))] if s.read_on else []
            rows.append([name, self.say(f"source-{s.kind}"), self.say(f"certainty-{s.certainty}"), "; ".join(days)])
        ids = [f"source-{s.id}" for s in self.r.said.sources]
        yield Table([self.say(k) for k in ("source", "sort", "certainty", "in-force")], rows, ids=ids)
