"""What an export comes to by a mapping that is filled in, in numbers that a secretary can look up in the system.

Rules: the numbers are those of the reader that deciding uses; a pupil's id is shown as the file gives it only if it looks like
an id and like nothing else of a person, else the line of its first mark stands for it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from sky_model.events import Mark
from sky_model.host.draft_text import Words
from sky_model.host.intake import Mapping
from sky_model.host.marks import read_marks
from sky_model.host.shown import IDENTITY, looks_like
from sky_model.host.tables import read_table
from sky_model.rules import Ruleset

__all__ = ["Sums", "limits_of", "lines_of", "sum_up"]

ABSENT = ("authorised", "unauthorised", "unexplained")
LESSON = 45  # minutes
PUPIL_ID = re.compile(r"[A-Za-z]{0,6}[-_ ]?\d[\w-]{0,36}\Z|[0-9a-f]{8}-[0-9a-f-]{27}\Z", re.IGNORECASE)


@dataclass(slots=True)
class Pupil:
    """What one pupil's marks come to. line: of the first one"""

    name: str
    line: int
    days: dict[date, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    @property
    def lessons(self) -> Decimal:
        return sum(self.days.values(), Decimal(0))


@dataclass(slots=True)
class Sums:
    """read, left_out, refused: rows · open: marks without a length · other: marks that are no absence"""

    rows: int
    read: int = 0
    left_out: int = 0
    open: int = 0
    other: int = 0
    no_kind: int = 0
    limits: tuple[int, ...] = ()
    pupils: list[Pupil] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    lessons_of: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    @property
    def refused(self) -> int:
        return self.rows - self.read - self.left_out

    def reaching(self, limit: int) -> int:
        return sum(p.lessons >= limit for p in self.pupils)

    def shown(self) -> Pupil | None:
        """The pupil nearest beneath the second limit, who shows best whether the numbers are right."""
        limit = self.limits[min(1, len(self.limits) - 1)] if self.limits else 50
        under = [p for p in self.pupils if 0 < p.lessons < limit] or [p for p in self.pupils if p.lessons]
        return max(under, key=lambda p: (p.lessons, p.name), default=None)


def limits_of(rules: Ruleset) -> tuple[int, ...]:
    """The limits in lessons at which steps of a ruleset open, rising; 30 and 50 where it has none."""
    found: set[int] = set()

    def look(node: object) -> None:
        if isinstance(node, list):
            for part in node:
                look(part)
        elif isinstance(node, dict):
            for key, inner in node.items():
                count = rules.counters.get(key)
                if count is not None and isinstance(inner, dict):
                    text = inner.get("at_least", inner.get("more_than"))
                    if count.said.measure == "lessons" and not count.is_share and isinstance(text, str) and text.isdigit():
                        found.add(int(text))
                else:
                    look(inner)

    for step in rules.whole.data.get("steps", ()) if rules.whole else ():
        look(step.get("opens"))
    return tuple(sorted(found)) or (30, 50)


def sum_up(data: bytes, mapping: Mapping, rules: Ruleset, *, file: str = "export.csv") -> Sums:
    """What the reader of marks makes of an export. Raises RulesetError as it does."""
    kinds = {k.id: k.is_ for k in rules.said.kinds}
    intake = read_marks(data, mapping=mapping, known_kinds=kinds, file=file)
    table = read_table(data, file)
    column = next(c for c in table.columns if c.heading == mapping.columns["pupil"])
    first: dict[str, int] = {}
    for line, cell in zip(table.lines, column.values, strict=True):
        first.setdefault(cell, line)
    sums = Sums(intake.rows, left_out=intake.rows_left_out, limits=limits_of(rules))
    for case in intake.cases:
        pupil = Pupil(case.pupil, first.get(case.pupil, 0))
        sums.pupils.append(pupil)
        for mark in (e for e in case.events if isinstance(e, Mark)):
            _add(sums, pupil, mark, kinds.get(mark.kind or "") or None)
    return sums


def _add(sums: Sums, pupil: Pupil, mark: Mark, what: str | None) -> None:
    sums.read += 1
    if what is not None and what not in ABSENT:
        sums.other += 1
        return
    sums.no_kind += what is None
    if mark.minutes is None and mark.lessons is None:
        sums.open += 1
        return
    lessons = mark.lessons or Decimal(0) if mark.minutes is None else mark.minutes / LESSON
    pupil.days[mark.on] += Decimal(lessons)
    if mark.kind is not None:
        sums.kinds[mark.kind] += 1
        sums.lessons_of[mark.kind] += Decimal(lessons)


def _shown(number: Decimal, words: Words) -> str:
    tenth = number.quantize(Decimal("0.1"))
    return words.number(int(tenth) if tenth == int(tenth) else tenth)


def lines_of(sums: Sums, words: Words) -> Iterator[str]:
    """The summary as lines of text in one language."""
    yield words("sum-head")
    yield "  " + words(
        "sum-rows",
        rows=words.number(sums.rows),
        read=words.number(sums.read),
        left=words.number(sums.left_out),
        refused=words.number(sums.refused),
    )
    days = sorted({d for p in sums.pupils for d in p.days})
    if days:
        yield "  " + words("sum-pupils", n=len(sums.pupils), first=days[0], last=days[-1])
    if sums.kinds:
        yield "  " + words("sum-lessons", n=_shown(sum((p.lessons for p in sums.pupils), Decimal(0)), words), minutes=LESSON)
    for kind, n in sorted(sums.kinds.items(), key=lambda x: (-x[1], x[0])):
        yield "    " + words("sum-kind", kind=kind, n=n, lessons=_shown(sums.lessons_of[kind], words))
    yield from (f"  {words(key, n=n)}" for key, n in _told_beside(sums))
    for limit in sums.limits if days else ():  # where no length is known, nobody is said to be beneath a limit
        yield "  " + words("sum-reach", n=sums.reaching(limit), limit=limit)
    if pupil := sums.shown():
        days = sorted(d for d, n in pupil.days.items() if n)
        said = {"pupil": _pupil(pupil, words), "n": _shown(pupil.lessons, words), "days": len(days)}
        yield "  " + words("sum-pupil", **said, first=days[0], last=days[-1])
        day, most, who = _longest(sums.pupils)
        yield "  " + words("sum-day", pupil=_pupil(who, words), day=day, n=_shown(most, words))


def _told_beside(sums: Sums) -> Iterable[tuple[str, int]]:
    counted = [("sum-open", sums.open), ("sum-other", sums.other), ("sum-kinds", sums.no_kind)]
    return [(key, n) for key, n in counted if n]


def _longest(pupils: list[Pupil]) -> tuple[date, Decimal, Pupil]:
    """The longest day of anybody."""
    days = [(n, p.name, d, p) for p in pupils for d, n in p.days.items()]
    most, _, day, who = max(days, key=lambda x: (x[0], x[1], x[2]))
    return day, most, who


def _pupil(pupil: Pupil, words: Words) -> str:
    """The id as the file gives it, if it looks like an id and like nothing else of a person."""
    is_id = PUPIL_ID.match(pupil.name) and (pupil.name.isdigit() or not (looks_like(pupil.name) or IDENTITY.search(pupil.name)))
    return pupil.name if is_id else words("sum-line", line=pupil.line)
