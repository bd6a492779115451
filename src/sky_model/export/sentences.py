"""What a ruleset holds in the words of one language: limits, windows, conditions, due days, who does what.

Rules: all is made from the compiled Ruleset and texts/rulebook.yaml, and nothing is said that these do not hold; what a ruleset
leaves open is said to be open.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from sky_model import vocabulary as words
from sky_model.export.pages import Cell, Facts, Heading, Link, Mark, Piece, Quiet
from sky_model.rules import WHO_RECORDED, Act, All, AnyOf, ByGrade, Condition, Count, MarkTest, Ruleset, StepOf, Test, Unsaid
from sky_model.schooldays import Span
from sky_model.source import read_file

__all__ = ["HUNDRED", "Words", "big", "texts_of"]

HUNDRED = 100


@lru_cache(maxsize=1)
def texts_of() -> dict[str, dict[str, str]]:
    """All words by key and language."""
    path = Path(__file__).resolve().parent.parent / "texts" / "rulebook.yaml"
    texts: dict[str, dict[str, str]] = read_file(path, shown="texts/rulebook.yaml").data
    return texts


def plain(number: Decimal | int) -> str:
    text = f"{Decimal(number):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def big(text: str) -> str:
    return text[:1].upper() + text[1:]


class Words:
    """What a ruleset holds, in the words of one language."""

    def __init__(self, rules: Ruleset, language: str) -> None:
        self.r, self.language = rules, language

    def say(self, key: str, **values: Any) -> str:
        text = texts_of()[key][self.language]
        return text.format(**values) if values else text

    def text(self, text: words.Text | None) -> str:
        """A text in the language; one that is missing is given in another and marked."""
        if text is None:
            return ""
        if getattr(text, self.language):
            return text.in_language(self.language)
        other = next((x for x in ("fi", "en", "sv") if getattr(text, x)), None)
        return f"{text.in_language(self.language)} {self.say(f'only-{other}')}" if other else ""

    def day(self, day: date) -> str:
        return self.say("date", day=day.day, month=day.month, year=day.year)

    def number(self, number: Decimal | int) -> str:
        text = plain(number)
        return text if self.language == "en" else text.replace(".", ",")

    def amount(self, number: Decimal | int, unit: str) -> str:
        one, many = self.say(unit).split("|")
        return f"{self.number(number)} {one if number == 1 else many}"

    def span(self, span: Span | None) -> str:
        return self.amount(span.number, f"clock-{span.clock}") if span is not None else self.say("without-delay")

    def span_of(self, said: words.SpanOf) -> str:
        (clock,) = said.clocks()
        value = getattr(said, clock)
        if isinstance(value, words.FromParameter):
            parameter = next((p for p in self.r.said.parameters if p.id == value.parameter), None)
            value = parameter.number() if parameter is not None else None
        return self.amount(value, f"clock-{clock}") if isinstance(value, Decimal) else self.say("not-set")

    def grades(self, grades: tuple[int, int]) -> str:
        first, last = grades
        return str(first) if first == last else f"{first}–{last}"

    def join(self, parts: Iterable[str], last: str = "and") -> str:
        *most, end = [*parts] or [self.say("nobody")]
        return f"{', '.join(most)}{self.say(last)}{end}" if most else end

    # ------------------------------------------------------------------ names
    def name(self, section: str, name: str) -> str:
        found = next((x for x in getattr(self.r.said, section) if x.id == name), None)
        return (self.text(found.name) if found is not None else "") or name

    def actor(self, name: str) -> str:
        if name == WHO_RECORDED:
            return self.say("who-recorded")
        return self.name("roles" if name in self.r.roles else "groups", name)

    def actors(self, names: Iterable[str], last: str = "and") -> str:
        return self.join(map(self.actor, names), last)

    def who(self, who: Any) -> tuple[str, ...]:
        return tuple(who.any_of) if isinstance(who, words.AnyOf) else (who,) if isinstance(who, str) else tuple(who or ())

    def action(self, name: str) -> str:
        return self.text(self.r.acts[name].name) if name in self.r.acts else name

    def step(self, name: str) -> str:
        return self.name("steps", name)

    def word(self, value: Any, fact: str = "") -> str:
        """A word of the language or an answer of a question."""
        if isinstance(value, bool):
            return self.say("answer-yes" if value else "answer-no")
        if isinstance(value, tuple | list):
            return self.join((self.word(v, fact) for v in value), "or")
        own = self.r.said.texts.get(f"{fact}.{value}")
        if own is not None:
            return self.text(own)
        for key in (f"word-{value}", f"answer-{value}"):
            if key in texts_of():
                return self.say(key)
        return str(value)

    # ------------------------------------------------------------------ conditions
    def limit(self, value: Any, fact: str) -> str:
        count = self.r.counters[fact]
        if isinstance(value, Unsaid):
            return self.say("not-said", gap=value.gap)
        if isinstance(value, ByGrade):
            bands: list[tuple[int, int, Any]] = []
            for grade, number in sorted(value.values.items()):
                if bands and bands[-1][2] == number:
                    bands[-1] = (bands[-1][0], grade, number)
                else:
                    bands.append((grade, grade, number))
            said = (f"{self.limit(n, fact)} ({self.say('in-grades', grades=self.grades((a, b)))})" for a, b, n in bands)
            return self.join(said, "or")
        unit = "measure-per_cent" if count.is_share else f"measure-{count.measure}"
        return self.amount(Decimal(value) / (HUNDRED if count.is_share else count.unit), unit)

    def test(self, t: Test) -> str:
        asked = []
        for op, value in t.asks:
            if isinstance(value, Unsaid):
                asked.append(self.say("test-gap", value=value.gap))
                continue
            if t.what == "counter":
                said = self.limit(value, t.fact)
            elif isinstance(value, Span):
                said = self.span(value)
            elif t.what == "grade":
                said = self.join(map(str, value), "or") if isinstance(value, tuple) else str(value)
            else:
                said = self.word(value, t.fact)
            asked.append(self.say(f"test-{op}", value=said))
        return f"{big(self.fact(t))}: {self.join(asked)}"

    def fact(self, t: Test) -> str:
        if t.what == "grade":
            return self.say("fact-grade")
        if t.what == "action":
            return self.action(t.fact)
        if t.what == "step":
            return self.step(t.fact)
        return self.name({"counter": "counters", "report": "reports", "question": "questions"}[t.what], t.fact)

    def condition(self, c: Condition | None, inner: bool = False) -> str:
        if c is None:
            return self.say("no-opening")
        if isinstance(c, Test):
            return self.test(c)
        parts = [self.condition(p, True) for p in c.parts]
        if isinstance(c, AnyOf | All):
            said = self.join(parts, "or" if isinstance(c, AnyOf) else "and")
            return f"({said})" if inner and len(parts) > 1 else said
        return self.say("not-that", parts="; ".join(parts))

    def opening(self, s: StepOf) -> Cell:
        """What opens a step: one line, or a line for each part."""
        c, out = s.opens, list[Piece]()
        if isinstance(c, AnyOf | All) and len(c.parts) > 1:
            out.append(self.say("opens-any" if isinstance(c, AnyOf) else "opens-all"))
            out += [Quiet("• " + self.condition(p, True)) for p in c.parts]
        else:
            out.append(self.condition(c))
        if s.levels is not None:
            counter, n, first = s.levels
            out.append(Quiet(self.say("opens-levels", counter=self.name("counters", counter), n=n, first=first)))
        return out

    def marks(self, tests: Iterable[MarkTest]) -> str:
        out = []
        for t in tests:
            for op, value in t.asks:
                of_length = t.field in ("minutes", "lessons") and isinstance(value, int) and not isinstance(value, bool)
                said = self.number(Decimal(value) / HUNDRED) if of_length else self.word(value)
                out.append(f"{self.say(f'field-{t.field}')}: {self.say(f'test-{op}', value=said)}")
        return self.join(out)

    # ------------------------------------------------------------------ sources
    def certainty(self, said: Any) -> str:
        source = self.r.sources.get(said.source or "")
        known = said.certainty or (source.certainty if source is not None else None)
        return self.say(f"certainty-{known}") if known else self.say("no-source")

    def source(self, said: Any) -> Cell:
        """The source of an item with its certainty, and the item's note."""
        found = self.r.sources.get(said.source or "")
        first: Piece = Link(found.name, f"#source-{found.id}") if found is not None else self.say("no-source")
        out: list[Piece] = [first]
        if found is not None:
            out.append(Quiet(self.certainty(said)))
        return out

    def noted(self, text: Piece, said: Any) -> list[Piece]:
        return [text, *([Quiet(self.text(said.note))] if said.note is not None else [])]

    def counter(self, c: Count) -> Cell:
        """What a counter sums up, over which time, of which marks."""
        said = c.said
        out = [big(self.say(f"in-{c.measure}"))]
        if c.of is not None:
            out.append(self.say("of-action", name=self.action(c.of)))
        if c.of_kind is not None:
            out.append(self.say("of-kind", name=self.name("kinds", c.of_kind)))
        if isinstance(said.window.in_, words.Unsaid):
            out.append(self.say("over-gap", gap=said.window.in_.gap))
        else:
            out.append(self.say("over", part=self.say(f"part-{c.window.within}")))
        if c.window.rolling is not None:
            out.append(self.say("rolling", span=self.span(c.window.rolling)))
            if c.window.week_from > 1:
                out.append(self.say("week-from", span=self.amount(c.window.week_from, "clock-school_days")))
        if c.since is not None:
            how, what = c.since
            out.append(self.say(f"since-{how}", name=self.action(what) if how == "done" else self.step(what)))
        if c.is_unbroken:
            out.append(self.say("unbroken"))
        if c.is_share:
            table = f"planned-{c.planned}" if f"planned-{c.planned}" in texts_of() else "planned-table"
            out.append(self.say("share", of=self.say(table, table=c.planned)))
        if said.minimum is not None:
            out.append(self.say("minimum", n=said.minimum.planned_lessons))
        if said.lesson_minutes is not None:
            out.append(self.say("lesson-is", n=said.lesson_minutes))
        if c.measure in ("days", "episodes"):
            how, n = c.day_from
            key = f"day-{how}"
            out.append(self.say(key, n=self.number(Decimal(n) / HUNDRED if how == "minutes" else n)) if n else self.say(key))
        if c.marks:
            out.append(self.say("marks-with", lines=self.marks(c.marks)))
        if c.days is not None:
            key = f"days-{c.days[0]}-{c.days[1]}" if c.days[0] == "first_after" else "days-named"
            out.append(self.say(key, name=c.days[1]))
        if c.most_on_one is not None:
            out.append(self.say("most-on-one", field=self.say(f"field-{c.most_on_one}")))
        if said.checked is not None:
            out.append(self.say("checked", name=self.name("schedules", said.checked)))
        if c.settles is not None:
            out.append(self.say("settles", span=self.span(c.settles)))
        if c.is_compared:
            out.append(self.say("compared"))
        whole = c.kinds == self.r.absence_kinds
        kinds = [self.name("kinds", k.id) for k in self.r.said.kinds if k.id in c.kinds]
        lines: list[Piece] = ["; ".join(out)]
        if kinds:
            lines.append(Quiet(f"{self.say('kinds')}: {self.say('all-absence') + ': ' if whole else ''}{', '.join(kinds)}"))
        for kind, condition in c.only_if:
            lines.append(Quiet(self.say("only-if", kind=self.name("kinds", kind), condition=self.condition(condition))))
        return lines

    # ------------------------------------------------------------------ actions
    def due(self, a: Act) -> str:
        d = a.due
        if d is None:
            return self.say("no-due")
        if d.on_answer is not None:
            said = self.say("due-agreed", question=self.name("questions", d.on_answer))
            return f"{said}; {self.say('due-until-agreed', span=self.span(d.span))}" if d.span else said
        if d.span is None:
            return self.say("without-delay")
        if d.after is not None:
            return self.say("due-after", span=self.span(d.span), action=self.action(d.after))
        if d.from_report is not None:
            return self.say("due-report", span=self.span(d.span), report=self.name("reports", d.from_report))
        return self.say("due-opening", span=self.span(d.span))

    def repeat(self, a: Act) -> str:
        if isinstance(a.repeat, Span):
            return self.say("repeat-span", span=self.span(a.repeat))
        every = a.said.repeat.every if a.said.repeat is not None else None
        first = self.r.acts[a.id].said.repeat
        named = (every or (first.every if first is not None else None)) if a.repeat is not None else None
        return self.name("schedules", named.schedule) if named is not None and named.schedule else self.say("repeat")

    def does(self, a: Act) -> Cell:
        """Who does an action, with the organisation; who takes part and who is told."""
        names = self.who(a.who)
        out: list[Piece] = [self.actors(names, "or")]
        homes = dict.fromkeys(r.organisation for n in names if (r := self.r.roles.get(n)) is not None and r.organisation)
        if homes:
            out.append(Quiet(self.join(self.name("organisations", h) for h in homes)))
        part = [self.actors(a.required)] if a.required else []
        part += [self.say("if-wished", names=self.actors(a.optional))] if a.optional else []
        part += [self.say("at-least-of", n=a.at_least[0], names=self.actors(a.at_least[1], "or"))] if a.at_least else []
        if part:
            out.append(Quiet(f"{self.say('takes-part')}: {'; '.join(part)}"))
        if a.to:
            out.append(Quiet(f"{self.say('told')}: {self.actors(a.to)}"))
        return out

    def details(self, a: Act) -> list[Piece]:
        first = self.r.acts[a.id].said
        says, note = a.said.says or first.says, a.said.note or first.note
        out = [self.text(says)] if says is not None else []
        for key, text in (
            ("asks", "; ".join(self.name("questions", q) for q in a.asks)),
            ("when", self.condition(a.when) if a.when else ""),
            ("unless", self.condition(a.unless) if a.unless else ""),
            ("after", self.join(map(self.action, a.after)) if a.after else ""),
            ("repeat", self.repeat(a) if a.repeat is not None else ""),
            ("needs-consent", self.join(self.name("consents", c) for c in a.consents) if a.consents else ""),
            ("tell-late", self.actor(a.tell) if a.tell else ""),
            ("grades", self.grades(a.grades) if a.grades else ""),
        ):
            out += [f"{self.say(key)}: {text}"] if text else []
        out += [big(self.say("hand-over"))] if a.hand_over else []
        out += [big(self.say("by-system"))] if a.by_system else []
        out += [self.text(note)] if note is not None else []
        return [Quiet(x) for x in out]

    def duty(self, a: Act) -> Cell:
        source = self.r.sources.get(a.source)
        out: list[Piece] = [Mark(self.say(f"duty-{a.duty}"), a.duty)]
        out += [Mark(self.say("statutory"))] if a.is_statutory else []
        name = source.name if source is not None else self.say("no-source")
        return [*out, Link(name, f"#source-{a.source}") if source else name, Quiet(self.say(f"certainty-{a.certainty}"))]

    def given(self, c: words.Consent) -> str:
        out = [self.actors(c.given_by, "or")]
        out += [self.say("cannot-judge", names=self.actors(c.if_pupil_cannot_judge, "or"))] if c.if_pupil_cannot_judge else []
        out += [self.say("presumed")] if c.presumed else []
        return "; ".join(out)

    # ------------------------------------------------------------------ the ruleset itself
    def in_force(self) -> str:
        said = self.r.said
        if said.valid_until is not None:
            return self.say("from-to-day", day=self.day(said.valid_from), until=self.day(said.valid_until))
        return self.say("from-day", day=self.day(said.valid_from))

    def state(self) -> Facts:
        said = self.r.said
        rows: list[tuple[str, Cell]] = [
            (self.say("status"), big(self.say(f"status-{said.status}"))),
            (self.say("in-force"), self.in_force()),
            (self.say("grades"), self.grades(said.grades)),
            (self.say("layers"), " → ".join(self.r.layers)),
        ]
        if said.adopted is not None:
            where = f"{said.adopted.by}{', ' + said.adopted.section if said.adopted.section else ''}"
            rows.append((self.say("status-adopted"), self.say("adopted-by", by=where, day=self.day(said.adopted.on))))
        if said.owner is not None:
            rows.append((self.say("owner"), self.actor(said.owner.role)))
        rows.append((self.say("review-by"), self.day(said.review_by) if said.review_by else self.say("not-set")))
        return Facts(rows)

    def part(self, key: str) -> Heading:
        return Heading(2, self.say(key), key)
