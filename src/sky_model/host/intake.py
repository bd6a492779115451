"""Records in: JSON Lines, or by a mapping file the export of another system (`marks.py` reads a CSV).

Rules: what cannot be true refuses one pupil and the others go on; a code that is not mapped is told with its count and
the line to add; a column that nothing names is left out; nothing of a row is ever repeated in an error.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal

from pydantic import BeforeValidator, Field, model_validator

from sky_model import hints
from sky_model.engine import digest
from sky_model.errors import Problem, RecordError, RulesetError
from sky_model.events import Enrolment, Mark, Register
from sky_model.host.cells import is_class, is_of_several
from sky_model.records import Case
from sky_model.source import Source, read_file
from sky_model.strict import LONGEST_LINE, bounded_lines
from sky_model.vocabulary import FORM_OF, Day, ExportName, Format, Id, LessonsADay, LessonsAWeek, Shape, YesNo, _fault, read_as

__all__ = [
    "COLUMNS", "FILL_IN", "Intake", "Mapping", "Reach", "Refused", "is_class", "is_of_several", "read_lines",
    "read_mapping", "school_on", "unmapped_in", "with_codes",
]  # fmt: skip

COLUMNS = (
    "pupil",
    "grade",
    "date",
    "lessons",
    "kind",
    "school",
    "minutes",
    "subject",
    "teacher",
    "lesson",
    "part",
    "explained",
    "recorded",
    "id",
    "data_until",
    "lessons_per_week",
)
FILL_IN = "fill-in"  # what a drafted mapping holds until somebody who knows has written over it


def _heading(value: Any) -> Any:
    if isinstance(value, str) and not value.strip():
        raise _fault("not-text", "the text is empty", "write it as it stands in the export, or take the line out")
    return value


def _grade(value: Any) -> Any:
    if not isinstance(value, str) or not re.fullmatch(r"\d", value, re.ASCII):
        is_class = isinstance(value, str) and re.fullmatch(r"\d[^\d]+", value)
        hint = f"write {value[0]}" if is_class else "write a grade from 0 to 9"
        raise _fault("not-grades", "this is not one grade", hint)
    return value


FORM_OF[_heading] = ("a-heading", {"type": ["string", "number", "boolean"]})
FORM_OF[_grade] = ("a-grade", {"enum": [x for n in range(10) for x in (n, str(n))]})
Heading = Annotated[str, BeforeValidator(_heading)]


class CodeOf(Shape):
    """What one code of the other system is here; `leave_out` for what is no mark of absence."""

    code: str
    kind: Id | None = None
    lessons: LessonsADay | None = None
    part: Literal["partial", "start_of_day", "end_of_day", "middle"] | None = None
    leave_out: YesNo = False

    @model_validator(mode="after")
    def _one_meaning(self) -> CodeOf:
        said = [k for k in ("kind", "lessons", "part") if getattr(self, k) is not None]
        if self.leave_out and said:
            hint = f"take leave_out away, or {said[0]}: what is left out is no mark"
            raise _fault("code", f"the code '{self.code}' is left out, and says `{said[0]}` too", hint, "leave_out")
        if not self.leave_out and self.kind is None:
            hint = "write kind: … with a kind of the ruleset, or leave_out: yes for what is no mark of absence"
            at = ("leave_out",) if "leave_out" in self.model_fields_set else ()
            raise _fault("code", f"what the code '{self.code}' means is not said", hint, *at)
        return self


class ClassOf(Shape):
    """The grade of one class, where the column of grades holds classes; nobody guesses it from the class."""

    of: Heading = Field(alias="class")
    grade: Annotated[Literal["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"], BeforeValidator(_grade)]


HINTS = {
    "length": "write what the column lessons holds: lessons, hours (of the clock) or minutes; without such a column: one_lesson "
    "(each row is one lesson) or unknown",
    "leave_out": "write which rows do not count, such as [{column: Tila, is_not: [poistettu]}]; if all count: []",
    "doubled_rows": "write both_count if two rows about one lesson are two absences; if not, take one of them out of the export",
    "date_form": "write iso (2026-09-14) or d.m.yyyy (14.9.2026); other forms are not read, mend them in the export",
}


class Filter(Shape):
    column: Heading
    is_not: list[str] = Field(min_length=1)


class Mapping(Shape):
    """How the columns and codes of an export are ours. `columns`: ours to theirs."""

    _may_repeat = ("says",)
    format: Format
    name: ExportName
    columns: dict[str, Heading]
    codes: list[CodeOf] = Field(default_factory=list)
    classes: list[ClassOf] = Field(default_factory=list)
    leave_out: list[Filter] = Field(default_factory=list)
    lessons_per_week: LessonsAWeek | None = None
    date_form: Literal["iso", "d.m.yyyy"] = "iso"
    length: Literal["lessons", "hours", "minutes", "one_lesson", "unknown"] | None = None
    doubled_rows: Literal["both_count"] | None = None
    enrolled_on: Day | None = None
    says: list[str] = Field(default_factory=list)

    @cached_property
    def code_map(self) -> dict[str, str]:
        """Its name and fingerprint, for the basis of every decision that rests on it."""
        said = self.model_dump(mode="json", by_alias=True)
        if not self.classes:  # a mapping without classes keeps the fingerprint that it had before there were any
            del said["classes"]
        for key in ("length", "doubled_rows"):  # so does one that does not say them
            if said[key] is None:
                del said[key]
        return {"name": self.name, "fingerprint": digest(said)}

    def wrong_length(self) -> tuple[str, str] | None:
        """(fault, hint) where `length` does not go with the columns."""
        has = [c for c in ("lessons", "minutes") if c in self.columns]
        if self.length in ("lessons", "hours", "minutes") and has != ["lessons"]:
            hint = "name the column under columns: lessons: …, and take minutes: away there, or take length: away"
            return f"length: {self.length} says what the column lessons holds, and nothing else does", hint
        if self.length in ("one_lesson", "unknown") and has:
            hint = f"take {' and '.join(has)} away under columns:, or length:"
            return f"length: {self.length} is for an export without a column of lessons or minutes", hint
        return None

    def length_of(self, lessons: Any, minutes: Any, entry: CodeOf | None) -> tuple[Any, Any]:
        """(lessons, minutes) of a row whose columns hold these, by `length` and by what its code says."""
        if entry is not None and entry.lessons is not None:
            return Decimal(entry.lessons), minutes if self.length is None else None
        if self.length == "one_lesson":
            return Decimal(1), None
        if self.length in ("hours", "minutes"):
            is_number = isinstance(lessons, Decimal) and lessons.is_finite()
            return None, lessons * 60 if self.length == "hours" and is_number else lessons
        return lessons, minutes


@dataclass(frozen=True, slots=True)
class Refused:
    """A pupil that is not decided, and why. `pupil` is a line number where the id must not be repeated."""

    pupil: str
    error: RecordError
    rows: int = 1  # of the file that are refused with it


@dataclass(slots=True)
class Reach:
    """How far the marks of each school reach, by all the cases of a file together.

    One pupil's future date makes nobody's data fresh: only days up to the day asked about count, as they were known.
    """

    schools: dict[str, dict[date, date]] = field(default_factory=dict)  # school: marked day: the day on which it was known first

    def add(self, case: Case) -> None:
        for e in case.events:
            if isinstance(e, Mark | Register):
                days = self.schools.setdefault((e.school if isinstance(e, Mark) else None) or school_on(case, e.on) or "", {})
                known = e.recorded or e.on
                days[e.on] = min(days.get(e.on, known), known)

    def until(self, case: Case, on: date, known_on: date | None = None) -> date | None:
        """The newest marked day of the pupil's school that is not after a day, by what was known then; None: there is none."""
        days, known = self.schools.get(school_on(case, on) or "", {}), known_on or on
        return max((day for day, since in days.items() if day <= on and since <= known), default=None)


def school_on(case: Case, on: date) -> str | None:
    """The school of the newest enrolment up to a day."""
    enrolled = [e for e in case.events if isinstance(e, Enrolment) and e.since <= on]
    return max(enrolled, key=lambda e: e.since).school if enrolled else None


@dataclass(slots=True)
class Intake:
    """What a file gave: cases, refusals, and what nobody has mapped."""

    cases: list[Case] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    no_such_kind: Counter[str] = field(default_factory=Counter)  # kinds that the mapping names and the ruleset has not
    unmapped: Counter[str] = field(default_factory=Counter)
    classes: Counter[str] = field(default_factory=Counter)  # of the column of grades, that are no grade and not mapped
    classes_read: Counter[tuple[str, int]] = field(default_factory=Counter)  # (class, the grade that it was read as)
    left_out: list[str] = field(default_factory=list)
    is_csv: bool = False
    rows: int = 0  # of the file; of JSON Lines the records
    rows_left_out: int = 0
    rows_of: dict[str, int] = field(default_factory=dict)  # of each pupil that has a case: the rows that are marks of it
    pupils: int = 0
    reach: Reach = field(default_factory=Reach)


def read_mapping(path: Path) -> Mapping:
    """A mapping file. Raises RulesetError with every fault."""
    source = read_file(path)
    unfilled = list(_unfilled(source)) if source.is_read else []
    found, problems = read_as(Mapping, source, "mapping")
    open_places = {p.place for p in unfilled}
    problems = [*unfilled, *(p for p in problems if p.place not in open_places)]
    if found is not None:
        problems += _odd_columns(source) if isinstance(source.data.get("columns"), dict) else []
        problems += _odd_lists(found, source)
        if wrong := found.wrong_length():
            problems.append(Problem("length", wrong[0], source.place(("length",)), wrong[1]))
    if problems or found is None:
        raise RulesetError(problems)
    return found


NEEDED = ("pupil", "date")  # without these there is no mark of anybody; `kind` may be the same for a whole export


def _odd_columns(source: Source) -> Iterator[Problem]:
    """Columns that are not ours, that are missing, or that are two things at once."""
    columns = source.data["columns"]
    odd = [k for k in columns if k not in COLUMNS]
    missing = [k for k in NEEDED if k not in columns]
    is_turned = [k for k in odd if columns[k] in COLUMNS]
    for k in odd:
        hint = f"write {columns[k]}: {k}" if k in is_turned else hints.of_word(k, COLUMNS)
        yield Problem("unknown-key", f"'{k}' is none of our columns", source.place(("columns", k)), hint)
    for k in missing if not odd else ():
        hint = f"add {k}: … with the heading of that column in the export"
        yield Problem("missing", f"`{k}` is missing under columns", source.place(("columns",)), hint)
    seen: dict[str, str] = {}
    for k, heading in columns.items():
        if isinstance(heading, str) and heading and heading in seen and heading != FILL_IN:
            message = f"the column '{heading}' is {seen[heading]} and {k}"
            yield Problem("doubled", message, source.place(("columns", k)), "name another column, or take one of the lines out")
        seen[str(heading)] = k


def _odd_lists(found: Mapping, source: Source) -> Iterator[Problem]:
    """Classes of several grades, and what stands twice."""
    for i, c in enumerate(found.classes):
        if is_of_several(c.of):
            hint = "take the line out, and give each pupil's own grade in a column of the export"
            place = source.place(("classes", i, "class"))
            yield Problem("several-grades", f"'{c.of}' is a class of several grades", place, hint)
    listed = (("codes", "code", [c.code for c in found.codes]), ("classes", "class", [c.of for c in found.classes]))
    for section, key, names in listed:
        for i, name in enumerate(names):
            if name in names[:i]:
                place = source.place((section, i, key))
                yield Problem("doubled-id", f"this stands twice under {section}", place, "keep one of them")


def _unfilled(source: Source) -> Iterator[Problem]:
    """What a drafted mapping still leaves open: it is never read as a column, a kind or a form."""
    data = source.data if isinstance(source.data, dict) else {}
    columns, codes, classes = (data.get(key) for key in ("columns", "codes", "classes"))
    for mine, theirs in columns.items() if isinstance(columns, dict) else ():
        if theirs == FILL_IN:
            hint = f"write the heading of that column, or take the line out: {mine}: …"
            yield Problem("not-filled-in", f"which column is {mine} is not filled in", source.place(("columns", mine)), hint)
    for i, entry in enumerate(codes) if isinstance(codes, list) else ():
        if isinstance(entry, dict) and FILL_IN in entry.values():
            code = entry.get("code")
            said = "a code is not filled in" if code == FILL_IN else f"what the code '{code}' means is not filled in"
            hint = (
                "write a kind of the ruleset, such as kind: health; for what is no mark of absence write leave_out: yes instead"
            )
            yield Problem("not-filled-in", said, source.place(("codes", i, _open_key(entry))), hint)
    for i, entry in enumerate(classes) if isinstance(classes, list) else ():
        if isinstance(entry, dict) and FILL_IN in entry.values():
            name = entry.get("class")
            said = "a class is not filled in" if name == FILL_IN else f"the grade of the class '{name}' is not filled in"
            hint = "write a grade from 0 to 9, such as grade: 7, or take the line out: its pupils are then not decided"
            yield Problem("not-filled-in", said, source.place(("classes", i, _open_key(entry))), hint)
    for key, value in data.items():
        if value == FILL_IN:
            yield Problem(
                "not-filled-in", f"{key} is not filled in", source.place((key,)), HINTS.get(key, "see the comment beside it")
            )


def _open_key(entry: dict[str, Any]) -> str:
    return next(k for k, value in entry.items() if value == FILL_IN)


def read_lines(stream: BinaryIO, intake: Intake | None = None) -> Iterator[Case | Refused]:
    """JSON Lines: one record a line, one answer for each. An empty line is passed over. Records are counted in `intake`."""
    for number, line in enumerate(bounded_lines(stream), 1):
        if line is not None and not line.strip():
            continue
        if intake is not None:
            intake.rows += 1
            intake.pupils += 1
        try:
            if line is None:
                raise RecordError("too-large", f"it is longer than {LONGEST_LINE:,} bytes; hand in one record a line")
            yield Case.from_json(line)
        except RecordError as e:
            yield Refused(e.pupil or f"line {number}", e)


def with_codes(case: Case, mapping: Mapping | None) -> Case:
    """A record with what a code map says of its marks that have a code and no kind; a code that is not in it stays and is told.

    A record that names its code map was mapped by the application: it stays as it is. What the map leaves out has no length.
    """
    if mapping is None or case.code_map is not None:
        return case
    codes = {c.code: c for c in mapping.codes}

    def mapped(e: Any) -> Any:
        entry = codes.get(e.code) if isinstance(e, Mark) and e.kind is None and e.code is not None else None
        if entry is None:
            return e
        if entry.leave_out:
            return replace(e, lessons=0, minutes=None)
        lessons = e.lessons if entry.lessons is None else entry.lessons
        return replace(e, kind=entry.kind, code=None if entry.kind else e.code, lessons=lessons, part=entry.part or e.part)

    return case.changed(events=tuple(map(mapped, case.events)), code_map=mapping.code_map)


def unmapped_in(case: Case, known_kinds: Collection[str]) -> Counter[str]:
    """Codes and kinds of a case that the ruleset does not have, with the number of marks."""
    newest = {e.id: e for e in case.events if isinstance(e, Mark)}
    codes = (str(m.code or m.kind or "") for m in newest.values() if m.kind not in known_kinds)
    return Counter(c for c in codes if c not in known_kinds)
