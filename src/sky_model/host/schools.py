"""What ties schools to rules: one small file of an installation, school by school.

Rules: nothing binds a calendar to a ruleset; here stands which ruleset, which calendars and which code map hold for a
school, and what its application does by itself; it may say once whose signatures its installation asks for. Every fault of
the file is told at once.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import Field

from sky_model.calendars import load_calendar
from sky_model.errors import Place, Problem, RecordError, RulesetError
from sky_model.events import Enrolment
from sky_model.host.intake import Mapping, read_mapping
from sky_model.host.signing import NO_KEYS, Signed, check_key
from sky_model.records import Case
from sky_model.rules import Model
from sky_model.schooldays import Calendar
from sky_model.source import Source, read_file
from sky_model.vocabulary import Id, Shape, read

__all__ = ["School", "Schools", "read_schools"]


class SchoolOf(Shape):
    id: str
    rulesets: list[str] = Field(default_factory=list)
    calendars: list[str]
    code_map: str | None = None
    does: list[Id] = Field(default_factory=list)


class SchoolsFile(Shape):
    format: str = "1"
    signed_by: list[str] | None = None
    unsigned: Literal["refuse", "warn"] | None = None
    schools: list[SchoolOf]


@dataclass(frozen=True, slots=True)
class School:
    """One school: its Model (None: that of the command line), its calendar, its code map, what its application does."""

    id: str
    model: Model | None
    calendar: Calendar
    mapping: Mapping | None
    does: frozenset[str]


@dataclass(frozen=True, slots=True)
class Schools:
    """The schools of one installation by their ids, whose signatures were asked for, and what was not as it was signed."""

    by_id: dict[str, School]
    signed: Signed = NO_KEYS
    warnings: tuple[Problem, ...] = ()

    @property
    def calendars(self) -> dict[str, Calendar]:
        return {name: s.calendar for name, s in self.by_id.items()}

    @property
    def models(self) -> dict[str, Model]:
        """The rules of the schools that have rules of their own."""
        return {name: s.model for name, s in self.by_id.items() if s.model is not None}

    @property
    def mapping(self) -> Mapping | None:
        """The code map for a file with marks of all schools. Raises RulesetError when they have different ones."""
        found = {s.mapping.name: s.mapping for s in self.by_id.values() if s.mapping}
        if len(found) > 1 or (found and any(s.mapping is None for s in self.by_id.values())):
            place, hint = Place("schools"), "hand in the marks of each in a file of its own, with --mapping"
            raise RulesetError([Problem("code-maps", "the schools have different code maps", place, hint)])
        return next(iter(found.values()), None)

    def school_of(self, case: Case, on: date) -> School:
        """The school that the pupil goes to on a day. Raises RecordError when the file does not have it."""
        enrolled = [e for e in case.events if isinstance(e, Enrolment)]
        here = [e for e in enrolled if e.since <= on] or enrolled
        newest = max(here, key=lambda e: e.since, default=None)
        if newest is None and len(self.by_id) == 1:
            return next(iter(self.by_id.values()))
        name = newest.school if newest is not None else None
        if name is None or name not in self.by_id:
            said = f"the school '{name}' is not in the file of schools" if name else "no enrolment says which school it is"
            raise RecordError("no-school", said, pupil=case.pupil, field="school")
        return self.by_id[name]


def read_schools(path: Path, *, allow: Collection[str] = (), signed: Signed | None = NO_KEYS) -> Schools:
    """A file of schools. Rulesets and calendars are shipped names or paths beside the file, keys are paths beside it.

    signed  with keys: instead of what the file says about signatures; None: nothing is verified, whatever it says
    Raises RulesetError, and ImportError where a signature is asked for without the extra `sign`.
    """
    source = read_file(path)
    if source.problems:
        raise RulesetError(source.problems)
    said, problems = read(SchoolsFile, source.data, source.place)
    if said is None:
        raise RulesetError(problems)
    asked = NO_KEYS if signed is None else signed if signed.by else _signed_of(said, source, path, signed)
    out: dict[str, School] = {}
    warnings: list[Problem] = []
    for i, s in enumerate(said.schools):
        at = ("schools", i)
        if s.id in out:
            problems.append(Problem("doubled-id", f"the school '{s.id}' stands twice", source.place((*at, "id"))))
            continue
        try:
            model, found = asked.load(*(_beside(path, r) for r in s.rulesets), allow=allow) if s.rulesets else (None, [])
            warnings += found
            calendar = load_calendar(*(_beside(path, c) for c in s.calendars))
            mapping = read_mapping(path.parent / s.code_map) if s.code_map else None
        except RulesetError as e:
            problems += e.problems
            continue
        out[s.id] = School(s.id, model, calendar, mapping, frozenset(s.does))
        if model is not None:
            problems += model.problems_with(calendar)
    if problems:
        raise RulesetError(problems)
    return Schools(out, asked, RulesetError(warnings).problems)


def _signed_of(said: SchoolsFile, source: Source, path: Path, asked: Signed) -> Signed:
    """What the file says about signatures: nothing, or keys that can be read. Raises RulesetError.

    asked  without keys; what becomes of an unsigned ruleset holds before the file's word
    """
    if said.signed_by is None and said.unsigned is None:
        return asked
    if not said.signed_by:
        hint = "write signed_by: [keys/town.pub], or leave both out"
        raise RulesetError([Problem("no-keys", "no key is named to verify with", source.place(("signed_by",)), hint)])
    keys: list[bytes] = []
    problems: list[Problem] = []
    for i, name in enumerate(said.signed_by):
        place = source.place(("signed_by", i))
        try:
            keys.append((path.parent / name).read_bytes())
            check_key(keys[-1])
        except OSError as e:
            problems.append(Problem("no-file", f"the key cannot be read: {e.strerror}", place, "a path beside this file"))
        except ValueError as e:
            problems.append(Problem("not-a-key", str(e), place, "the file of a public key, never of a private one"))
    if problems:
        raise RulesetError(problems)
    return Signed(tuple(keys), asked.unsigned or said.unsigned)


def _beside(path: Path, name: str) -> str | Path:
    """A path beside the file where there is one, else a shipped name."""
    here = path.parent / name
    return here if here.exists() else name
