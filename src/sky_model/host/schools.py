"""What ties schools to rules: one small file of an installation, school by school.

Rules: nothing binds a calendar to a ruleset; here stands which ruleset, which calendars and which code map hold for a
school, and what its application does by itself; it may say once whose signatures its installation asks for. Every fault of
the file is told at once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import Field

from sky_model.calendars import load_calendar
from sky_model.errors import Place, Problem, RecordError, RulesetError, nearest
from sky_model.events import Enrolment
from sky_model.host.intake import Mapping, read_mapping
from sky_model.host.signing import NO_KEYS, Signed, check_key
from sky_model.layers import is_file, is_ruleset
from sky_model.records import Case
from sky_model.rules import Model
from sky_model.schooldays import Calendar
from sky_model.source import Source, read_file
from sky_model.vocabulary import Format, Id, SchoolName, Shape, read_as

__all__ = ["School", "Schools", "read_schools"]

T = TypeVar("T")


class SchoolOf(Shape):
    id: SchoolName
    rulesets: list[str] = Field(default_factory=list)
    calendars: list[str] = Field(min_length=1)
    code_map: str | None = None
    does: list[Id] = Field(default_factory=list)


class SchoolsFile(Shape):
    _may_repeat = ("schools",)  # told below, so that the rest of the file is looked at too
    format: Format = "1"
    signed_by: list[str] | None = None
    unsigned: Literal["refuse", "warn"] | None = None
    schools: list[SchoolOf] = Field(min_length=1)


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
    open_does: tuple[tuple[str, Place], ...] = ()  # what is done at schools without rules of their own, and where that is said

    def problems_with(self, model: Model) -> list[Problem]:
        """What schools without rules of their own say and these rules, that of the command, do not know."""
        return _odd_does(list(self.open_does), model)

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
            said = "the school is not in the file of schools" if name else "no enrolment says which school it is"
            raise RecordError("no-school", said, pupil=case.pupil, field="school")
        return self.by_id[name]


def read_schools(path: Path, *, allow: Collection[str] = (), signed: Signed | None = NO_KEYS) -> Schools:
    """A file of schools. Rulesets and calendars are shipped names or paths beside the file, keys are paths beside it.

    signed  with keys: instead of what the file says about signatures; None: nothing is verified, whatever it says
    Raises RulesetError, and ImportError where a signature is asked for without the extra `sign`.
    """
    source = read_file(path)
    said, problems = read_as(SchoolsFile, source, "file of schools")
    if said is None:
        raise RulesetError(problems)
    asked = NO_KEYS if signed is None else signed if signed.by else _signed_of(said, source, path, signed)
    reading = _Reading(path, source, asked, allow, problems, said.schools)
    for i, s in enumerate(said.schools):
        reading.add(s, i)
    if reading.problems:
        raise RulesetError(reading.problems)
    return Schools(reading.out, asked, RulesetError(reading.warnings).problems, tuple(reading.open_does))


# told where the file is named, not where it should be
NOT_THERE = ("no-calendar", "no-ruleset", "no-file", "other-file", "empty")


class _Reading:
    """The files that the schools name, each fault at its place."""

    def __init__(
        self, path: Path, source: Source, asked: Signed, allow: Collection[str], problems: list[Problem], said: list[SchoolOf]
    ) -> None:
        self.path, self.source, self.asked, self.allow = path, source, asked, allow
        self.problems, self.said = list(problems), said
        self.open_does: list[tuple[str, Place]] = []
        self.out: dict[str, School] = {}
        self.warnings: list[Problem] = []

    def add(self, s: SchoolOf, i: int) -> None:
        before = len(self.problems)
        if any(s.id == other.id for other in self.said[:i]):
            place = self.source.place(("schools", i, "id"))
            self.problems.append(Problem("doubled-id", f"the school '{s.id}' stands twice", place, "keep one of them"))
        names = [_beside(self.path, c) for c in s.calendars]
        calendars = [self._one(partial(load_calendar, c), i, "calendars", k) for k, c in enumerate(names)]
        model = self._model(s, i)
        code_map = s.code_map
        mapping = self._one(lambda: read_mapping(self.path.parent / code_map), i, "code_map") if code_map else None
        does = [(name, self.source.place(("schools", i, "does", k))) for k, name in enumerate(s.does)]
        if model is not None:
            self.problems += _odd_does(does, model)
        elif not s.rulesets:
            self.open_does += does
        if any(c is None for c in calendars):
            return
        calendar = self._one(partial(load_calendar, *names), i, "calendars")
        if calendar is not None and model is not None:
            self.problems += model.problems_with(calendar)
        if calendar is not None and len(self.problems) == before:
            self.out[s.id] = School(s.id, model, calendar, mapping, frozenset(s.does))

    def _model(self, s: SchoolOf, i: int) -> Model | None:
        if not s.rulesets:
            return None
        for k, name in enumerate(s.rulesets):
            if not is_ruleset(_beside(self.path, name)):
                self._one(partial(self.asked.load, _beside(self.path, name), allow=self.allow), i, "rulesets", k)
                return None
        names, at = [_beside(self.path, r) for r in s.rulesets], (0,) if len(s.rulesets) == 1 else ()
        found = self._one(lambda: self.asked.load(*names, allow=self.allow), i, "rulesets", *at)
        self.warnings += found[1] if found else []
        return found[0] if found else None

    def _one(self, load: Callable[[], T], i: int, *at: str | int) -> T | None:
        place = self.source.place(("schools", i, *at))
        try:
            return load()
        except RulesetError as e:
            for p in e.problems:
                is_here = p.code in NOT_THERE
                self.problems.append(replace(p, place=place, hint=self._near(p, i, *at)) if is_here else p)
            return None

    def _near(self, p: Problem, i: int, *at: str | int) -> str:
        """What lies beside the file of schools and may have been meant, else what the fault says itself."""
        name: Any = self.source.data["schools"][i]
        for key in at:
            name = name[key]
        folder = self.path.parent
        beside = sorted({x.name for x in folder.glob("*.yaml")} | {x.parent.name for x in folder.glob("*/ruleset.yaml")})
        is_missing = p.code != "other-file" and isinstance(name, str)
        return (nearest(name, beside) if is_missing else "") or p.hint


def _odd_does(does: list[tuple[str, Place]], model: Model) -> list[Problem]:
    """Only an action that a system may do can be done by one."""
    actions = {a.id: a for v in model.versions for x in v.steps for a in x.actions}
    by_system = sorted(a.id for a in actions.values() if a.by_system)
    known = f"a system may do {', '.join(by_system)}" if by_system else "leave `does` out: a system does none of its actions"
    out = []
    for name, place in does:
        if name in by_system:
            continue
        is_known = name in actions
        said = f"no system does the action '{name}': a person does it" if is_known else f"there is no action '{name}'"
        out.append(Problem("no-such", said, place, ("" if is_known else nearest(name, by_system)) or known))
    return out


def _signed_of(said: SchoolsFile, source: Source, path: Path, asked: Signed) -> Signed:
    """What the file says about signatures: nothing, or keys that can be read. Raises RulesetError.

    asked  without keys; what becomes of an unsigned ruleset holds before the file's word
    """
    if said.signed_by is None and said.unsigned is None:
        return asked
    if not said.signed_by:
        hint = "write signed_by: [keys/town.pub], or leave both out"
        key = "unsigned" if said.signed_by is None else "signed_by"
        raise RulesetError([Problem("no-keys", "no key is named to verify with", source.place((key,)), hint)])
    keys: list[bytes] = []
    problems: list[Problem] = []
    for i, name in enumerate(said.signed_by):
        place = source.place(("signed_by", i))
        try:
            keys.append((path.parent / name).read_bytes())
            check_key(keys[-1])
        except OSError as e:
            problems.append(Problem("no-file", f"the key cannot be read: {e.strerror}", place, "write a path beside this file"))
        except ValueError as e:
            problems.append(Problem("not-a-key", str(e), place, "the file of a public key, never of a private one"))
    if problems:
        raise RulesetError(problems)
    return Signed(tuple(keys), asked.unsigned or said.unsigned)


def _beside(path: Path, name: str) -> str | Path:
    """A path beside the file where there is one, else a shipped name."""
    here = path.parent / name
    return here if is_file(here) or is_file(here / "ruleset.yaml") or name.endswith(".yaml") else name
