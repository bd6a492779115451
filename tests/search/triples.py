"""A triple: rules, a record and a day, with what else is asked; how it is asked of the library, written down and read again.

Rules: a record and a calendar are plain JSON, as an application hands them in, so that every check can change them and every
other program can read them; rules are read once and asked many times.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import sky_model as sky
from sky_model.model import load_data
from sky_model.schooldays import SchoolYear

__all__ = ["REFUSED", "Dates", "NotAsked", "Rules", "Triple", "same", "text", "triple_of"]

REFUSED = (sky.RecordError, sky.RulesetError)
NOT_SHIPPED_YET = {"draft", "variant"}


def text(value: Any) -> str:
    """One text for one value, whatever the order of keys."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


def day(said: str) -> int:
    return date.fromisoformat(said).toordinal()


class NotAsked(Exception):
    """A check that says nothing of this triple."""


@dataclass(frozen=True, eq=False)
class Rules:
    """`data`: the values of each version, as its file would hold them; or `shipped`: the name of a ruleset of this project."""

    data: tuple[dict[str, Any], ...] = ()
    shipped: str = ""

    @cached_property
    def model(self) -> sky.Model:
        """Raises RulesetError."""
        return sky.load(self.shipped, allow=NOT_SHIPPED_YET) if self.shipped else load_data(*self.data)

    @property
    def plain(self) -> Any:
        return self.shipped or list(self.data)


@dataclass(frozen=True, eq=False)
class Dates:
    """The school years of one calendar, in the plain form of `conformance/calendars.json`."""

    years: tuple[dict[str, Any], ...]

    @cached_property
    def calendar(self) -> sky.Calendar:
        made = [
            SchoolYear(
                id=y["id"],
                first=day(y["first_day"]),
                last=day(y["last_day"]),
                lesson_minutes=y["lesson_minutes"],
                **{part: tuple(map(day, y[part])) for part in ("terms", "periods", "quarters")},
                breaks=tuple((day(a), day(b)) for a, b in y["breaks"]),
                **{part: frozenset(map(day, y[part])) for part in ("public_holidays", "also_school")},
                named_days=tuple((k, tuple(map(day, v))) for k, v in sorted(y["named_days"].items())),
            )
            for y in self.years
        ]
        return sky.Calendar(tuple(made))

    @classmethod
    def of(cls, calendar: sky.Calendar) -> Dates:
        def days(numbers: Any) -> list[str]:
            return [date.fromordinal(n).isoformat() for n in sorted(numbers)]

        return cls(
            tuple(
                {
                    "id": y.id,
                    "first_day": date.fromordinal(y.first).isoformat(),
                    "last_day": date.fromordinal(y.last).isoformat(),
                    "lesson_minutes": y.lesson_minutes,
                    "school_days": days(d for d in calendar.school_days if y.first <= d <= y.last),
                    **{
                        part: days(getattr(y, part))
                        for part in ("terms", "periods", "quarters", "public_holidays", "also_school")
                    },
                    "breaks": [days(b) for b in sorted(y.breaks)],
                    "named_days": {k: days(v) for k, v in y.named_days},
                }
                for y in calendar.years
            )
        )


@dataclass(frozen=True, eq=False)
class Triple:
    """`calendars`: by school, or `*` for all. `family`: which generator made it, and so what other programs can follow."""

    rules: Rules
    calendars: Mapping[str, Dates]
    record: dict[str, Any]
    on: date
    known_on: date | None = None
    schools: Mapping[str, Rules] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    family: str = ""
    seed: int = 0

    def asked(self, **other: Any) -> Triple:
        """The same question, asked with something else."""
        return replace(self, **other)

    def of_events(self, events: list[dict[str, Any]]) -> Triple:
        return replace(self, record={**self.record, "events": events})

    @property
    def events(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.record["events"]
        return found

    @cached_property
    def case(self) -> sky.Case:
        return sky.Case.from_json(self.record)

    @cached_property
    def options(self) -> dict[str, Any]:
        calendars = {k: v.calendar for k, v in self.calendars.items()}
        more: dict[str, Any] = {"schools": {k: v.model for k, v in self.schools.items()}} if self.schools else {}
        more |= {"absent": self.absent} if self.absent else {}
        return {"on": self.on, "known_on": self.known_on, "calendars": calendars.get("*", calendars), **more}

    @cached_property
    def decision(self) -> sky.Decision:
        """Raises RecordError or RulesetError when the question is refused."""
        return sky.decide(self.rules.model, self.case, **self.options)

    @cached_property
    def said(self) -> dict[str, Any]:
        return self.decision.to_json()

    @property
    def plain(self) -> dict[str, Any]:
        """As JSON; `triple_of` reads it."""
        return {
            "rules": self.rules.plain,
            "calendars": {k: list(v.years) for k, v in self.calendars.items()},
            "record": self.record,
            "on": self.on.isoformat(),
            "known_on": self.known_on and self.known_on.isoformat(),
            "schools": {k: v.plain for k, v in self.schools.items()},
            "absent": list(self.absent),
            "family": self.family,
            "seed": self.seed,
        }


def rules_of(plain: Any) -> Rules:
    return Rules(shipped=plain) if isinstance(plain, str) else Rules(tuple(plain))


def triple_of(plain: Any) -> Triple:
    """A triple from its JSON, or from the path of a file with it."""
    if isinstance(plain, str | Path):
        plain = json.loads(Path(plain).read_text(encoding="utf-8"))
    known = plain["known_on"]
    return Triple(
        rules_of(plain["rules"]),
        {k: Dates(tuple(v)) for k, v in plain["calendars"].items()},
        plain["record"],
        date.fromisoformat(plain["on"]),
        date.fromisoformat(known) if known else None,
        {k: rules_of(v) for k, v in plain["schools"].items()},
        tuple(plain["absent"]),
        plain["family"],
        plain["seed"],
    )


def same(one: Mapping[str, Any], other: Mapping[str, Any], without: tuple[str, ...] = ()) -> str | None:
    """None, or which parts of two answers differ and how, the names of the parts first."""
    parts = [k for k in one.keys() | other.keys() if k not in without and one.get(k) != other.get(k)]
    if not parts:
        return None
    named = sorted(parts)
    return f"{', '.join(named)}: " + "; ".join(f"{k} {text(one.get(k))} | {text(other.get(k))}" for k in named)
