"""Records in: JSON Lines or a CSV of marks, by a mapping file if it is another system's export.

Rules: what cannot be true refuses one pupil and the others go on; a code that is not mapped is told with its count and
the line to add; a column that nothing names is left out; nothing of a row is ever repeated in an error.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from sky_model.engine import digest
from sky_model.errors import Place, Problem, RecordError, RulesetError
from sky_model.events import Enrolment, Mark, Register
from sky_model.records import Case
from sky_model.source import Source, read_file
from sky_model.vocabulary import Day, Shape, Whole, YesNo, read

__all__ = [
    "COLUMNS", "FILL_IN", "Intake", "Mapping", "Reach", "Refused", "decoded", "is_class", "is_of_several", "read_lines",
    "read_mapping", "read_marks", "separator_of", "unmapped_in",
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
)
LONGEST_LINE = 10_000_000
FILL_IN = "fill-in"  # what a drafted mapping holds until somebody who knows has written over it
CLASS = re.compile(r"\d{1,2}[ .-]?([A-Za-zÅÄÖåäö]{1,2}|\d)", re.ASCII)  # 7B, 7 b, 10a, 7-1: nothing of a name fits in
SEVERAL = re.compile(r"(\d) ?[-–/+&] ?(\d) ?[A-Za-zÅÄÖåäö]{0,2}", re.ASCII)  # 1-2, 1–2 A
TWO_READINGS = re.compile(r"[1-9]\d{0,2},\d{3}", re.ASCII)  # 1,000: a decimal comma, or a thousand


class CodeOf(Shape):
    """What one code of the other system is here; `leave_out` for what is no mark of absence."""

    code: str
    kind: str | None = None
    lessons: Whole | None = None
    part: Literal["partial", "start_of_day", "end_of_day", "middle"] | None = None
    leave_out: YesNo = False


class ClassOf(Shape):
    """The grade of one class, where the column of grades holds classes; nobody guesses it from the class."""

    of: str = Field(alias="class")
    grade: Literal["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]


class Filter(Shape):
    column: str
    is_not: list[str]


class Mapping(Shape):
    """How the columns and codes of an export are ours. `columns`: ours to theirs."""

    format: Literal["1"]
    name: str
    columns: dict[str, str]
    codes: list[CodeOf] = Field(default_factory=list)
    classes: list[ClassOf] = Field(default_factory=list)
    leave_out: list[Filter] = Field(default_factory=list)
    lessons_per_week: Whole | None = None
    date_form: Literal["iso", "d.m.yyyy"] = "iso"
    enrolled_on: Day | None = None
    says: list[str] = Field(default_factory=list)

    @cached_property
    def code_map(self) -> dict[str, str]:
        """Its name and fingerprint, for the basis of every decision that rests on it."""
        said = self.model_dump(mode="json", by_alias=True)
        if not self.classes:  # a mapping without classes keeps the fingerprint that it had before there were any
            del said["classes"]
        return {"name": self.name, "fingerprint": digest(said)}


@dataclass(frozen=True, slots=True)
class Refused:
    """A pupil that is not decided, and why. `pupil` is a line number where the id must not be repeated."""

    pupil: str
    error: RecordError


@dataclass(slots=True)
class Reach:
    """How far the marks of each school reach, by all the cases of a file together.

    One pupil's future date makes nobody's data fresh: only days up to the day asked about count, as they were known.
    """

    schools: dict[str, dict[date, date]] = field(default_factory=dict)  # school: marked day: the day on which it was known first

    def add(self, case: Case) -> None:
        for e in case.events:
            if isinstance(e, Mark | Register):
                days = self.schools.setdefault((e.school if isinstance(e, Mark) else None) or _school(case, e.on) or "", {})
                known = e.recorded or e.on
                days[e.on] = min(days.get(e.on, known), known)

    def until(self, case: Case, on: date, known_on: date | None = None) -> date | None:
        """The newest marked day of the pupil's school that is not after a day, by what was known then; None: there is none."""
        days, known = self.schools.get(_school(case, on) or "", {}), known_on or on
        return max((day for day, since in days.items() if day <= on and since <= known), default=None)


def _school(case: Case, on: date) -> str | None:
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
    left_out: list[str] = field(default_factory=list)
    rows: int = 0
    rows_left_out: int = 0
    reach: Reach = field(default_factory=Reach)


def read_mapping(path: Path) -> Mapping:
    """A mapping file. Raises RulesetError with every fault."""
    source = read_file(path)
    if source.problems:
        raise RulesetError(source.problems)
    unfilled = list(_unfilled(source))
    if unfilled:
        raise RulesetError(unfilled)
    found, problems = read(Mapping, source.data, source.place)
    if found is None:
        raise RulesetError(problems)
    odd = [k for k in found.columns if k not in COLUMNS]
    if odd:
        hint = f"ours are {', '.join(COLUMNS)}"
        raise RulesetError(
            [Problem("unknown-key", f"'{k}' is none of our columns", source.place(("columns", k)), hint) for k in odd]
        )
    if several := [(i, c.of) for i, c in enumerate(found.classes) if is_of_several(c.of)]:
        hint = "take the line out, and give each pupil's own grade in a column of the export"
        raise RulesetError(
            [
                Problem("several-grades", f"'{of}' is a class of several grades", source.place(("classes", i)), hint)
                for i, of in several
            ]
        )
    listed = [("codes", [c.code for c in found.codes]), ("classes", [c.of for c in found.classes])]
    if twice := [(key, i) for key, names in listed for i, name in enumerate(names) if name in names[:i]]:
        raise RulesetError(
            [
                Problem("doubled-id", f"this stands twice under {key}", source.place((key, i)), "keep one of them")
                for key, i in twice
            ]
        )
    return found


def is_of_several(text: str) -> bool:
    """Is it a class of several grades, such as 1-2? 7-1 is none: there the second number does not rise."""
    found = SEVERAL.fullmatch(text)
    return found is not None and found[1] < found[2]


def is_class(text: str) -> bool:
    """Does it look like a class and like nothing else? Only then may it be shown."""
    return bool(CLASS.fullmatch(text)) or is_of_several(text)


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
            yield Problem("not-filled-in", said, source.place(("codes", i)), hint)
    for i, entry in enumerate(classes) if isinstance(classes, list) else ():
        if isinstance(entry, dict) and FILL_IN in entry.values():
            name = entry.get("class")
            said = "a class is not filled in" if name == FILL_IN else f"the grade of the class '{name}' is not filled in"
            hint = "write a grade from 0 to 9, such as grade: 7, or take the line out: its pupils are then not decided"
            yield Problem("not-filled-in", said, source.place(("classes", i)), hint)
    for key, value in data.items():
        if value == FILL_IN:
            yield Problem("not-filled-in", f"{key} is not filled in", source.place((key,)), "see the comment beside it")


def read_lines(lines: Iterable[bytes]) -> Iterator[Case | Refused]:
    """JSON Lines: one record a line, one answer for each."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            if len(line) > LONGEST_LINE:
                raise RecordError("too-long", f"the line is longer than {LONGEST_LINE:,} bytes")
            yield Case.from_json(line.decode("utf-8-sig"))
        except UnicodeDecodeError:
            yield Refused(f"line {number}", RecordError("not-utf-8", "the line is not UTF-8"))
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


def read_marks(
    data: bytes, *, mapping: Mapping | None = None, known_kinds: Iterable[str] | None = None, file: str = "marks.csv"
) -> Intake:
    """A CSV of marks, one row a mark. Separator, decimal comma, byte order mark and Latin-1 are found."""
    text, _ = decoded(data)
    rows = csv.reader(io.StringIO(text), delimiter=separator_of(text))
    try:
        header = [h.strip() for h in next(rows, [])]
    except csv.Error as e:
        raise RulesetError([Problem("not-csv", f"not readable as CSV: {e}", Place(file, 1, 1))]) from None
    ours = mapping.columns if mapping else {c: c for c in COLUMNS}
    twice = sorted({theirs for theirs in ours.values() if header.count(theirs) > 1})
    if twice:
        place, hint = Place(file, 1, 1), "keep one of them"
        raise RulesetError([Problem("column-twice", f"two columns are named '{t}'", place, hint) for t in twice])
    index = {mine: header.index(theirs) for mine, theirs in ours.items() if theirs in header}
    missing = [c for c in ("pupil", "date", *(() if mapping else ("kind",))) if c not in index]
    if missing:
        hint = (
            f"the first line names the columns: {', '.join(COLUMNS[:5])}"
            if not mapping
            else "name them under columns: in the mapping"
        )
        raise RulesetError(
            [Problem("no-column", f"there is no column '{ours.get(m, m)}'", Place(file, 1, 1), hint) for m in missing]
        )
    gone = sorted(theirs for theirs in ours.values() if theirs not in header) if mapping else []
    if gone:
        hint = "correct it under columns: in the mapping, or take its line out there"
        raise RulesetError([Problem("no-column", f"there is no column '{c}'", Place(file, 1, 1), hint) for c in gone])
    intake = Intake(left_out=[h for i, h in enumerate(header) if i not in index.values()])
    codes = {c.code: c for c in mapping.codes} if mapping else {}
    classes: dict[str, str] = {c.of: c.grade for c in mapping.classes} if mapping else {}
    known = set(known_kinds) if known_kinds is not None else None
    pupils: dict[str, list[dict[str, str]]] = {}
    lines: dict[str, int] = {}
    for number, row in enumerate(_rows(rows, file), 2):
        if not any(x.strip() for x in row):
            continue
        cells = dict(zip(header, (x.strip() for x in row), strict=False))
        values = {mine: row[i].strip() for mine, i in index.items() if i < len(row)}
        intake.rows += 1
        if mapping and any(cells.get(f.column) in f.is_not for f in mapping.leave_out):
            intake.rows_left_out += 1
            continue
        values["_line"] = str(number)
        values["grade"] = classes.get(values.get("grade", ""), values.get("grade", ""))
        if values["grade"] and not re.fullmatch(r"[0-9]", values["grade"]):
            intake.classes[values["grade"]] += 1
        name = values.get("pupil", "")
        pupils.setdefault(name, []).append(values)
        lines.setdefault(name, number)
    for name, found in pupils.items():
        try:
            intake.cases.append(_case(name, found, mapping, codes, known, intake))
            intake.reach.add(intake.cases[-1])
        except RecordError as e:
            intake.refused.append(Refused(e.pupil or f"line {lines[name]}", e))
    return intake


def decoded(data: bytes) -> tuple[str, str]:
    """(the text, in which encoding it was read): UTF-8 with or without a byte order mark, else Latin-1."""
    try:
        return data.decode("utf-8-sig"), "UTF-8 with a byte order mark" if data[:3] == b"\xef\xbb\xbf" else "UTF-8"
    except UnicodeDecodeError:
        return data.decode("latin-1"), "not UTF-8, read as Latin-1"


def separator_of(text: str) -> str:
    head = text.split("\n", 1)[0]
    return max(",;\t", key=head.count)


def _rows(rows: Iterator[list[str]], file: str) -> Iterator[list[str]]:
    """The rows of a CSV; one that cannot be read is a clear error with its line."""
    number = 1
    while True:
        number += 1
        try:
            yield next(rows)
        except StopIteration:
            return
        except csv.Error as e:
            raise RulesetError([Problem("not-csv", f"not readable as CSV: {e}", Place(file, number, 1))]) from None


def _day(text: str, mapping: Mapping | None) -> date | str:
    if mapping and mapping.date_form == "d.m.yyyy":
        parts = text.split(".")
        if len(parts) == 3 and all(p.isdigit() for p in parts):
            text = f"{parts[2]}-{int(parts[1]):02}-{int(parts[0]):02}"
    try:
        return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII) else text
    except ValueError:
        return text


def _no_grade(text: str) -> tuple[str, str]:
    """(rule, what is said) of what stands where a grade should; itself it is not repeated."""
    rule, said = (
        (
            "several-grades",
            "grade is a class of several grades; write the pupil's own grade, or leave it empty where it is not given",
        )
        if is_of_several(text)
        else (
            "not-a-grade",
            "grade is not a grade from 0 to 9; leave it empty, or say in the mapping which grade a class is: "
            "classes: [{class: 7B, grade: 7}]",
        )
    )
    return rule, said


def _amount(row: dict[str, str], column: str, pupil: str) -> Any:
    text = row.get(column)
    if not text:
        return None
    if TWO_READINGS.fullmatch(text):
        said = f"{column} has a comma before three digits: 1,000 may be one or a thousand; write 1 or 1000"
        raise RecordError("two-readings", said, pupil=pupil, field=column, event=row.get("id") or f"line {row['_line']}")
    try:
        return Decimal(text.replace(",", "."))
    except InvalidOperation:
        return text


def _case(
    name: str,
    rows: list[dict[str, str]],
    mapping: Mapping | None,
    codes: dict[str, CodeOf],
    known: set[str] | None,
    intake: Intake,
) -> Case:
    Case(name)  # an identity code or an address is refused before anything else is looked at
    events: list[Any] = []
    has_recorded = any(r.get("recorded") for r in rows)
    grade: int | None = None
    school = "school"
    first: date | None = None
    for n, r in enumerate(rows):
        on = _day(r.get("date", ""), mapping)
        if not isinstance(on, date):
            rule, said = (
                ("no-such-day", f"the date {on} does not exist")
                if len(on) == 10 and on[4] == "-"
                else ("not-a-day", "date is not a day")
            )
            raise RecordError(rule, said, pupil=name, field="date", event=r.get("id") or f"line {r['_line']}")
        first = on if first is None else min(first, on)
        school = r.get("school") or school
        if r.get("grade"):
            if not re.fullmatch(r"[0-9]", r["grade"]):
                raise RecordError(*_no_grade(r["grade"]), pupil=name, field="grade", event=r.get("id") or f"line {r['_line']}")
            grade = int(r["grade"])
        code = r.get("kind", "")
        lessons, kind, part = _amount(r, "lessons", name), code or None, r.get("part") or None
        if mapping:
            entry = codes.get(code)
            if entry is None:
                intake.unmapped[code] += 1
                kind = None
            elif entry.leave_out:
                intake.rows_left_out += 1
                continue
            else:
                kind, part = entry.kind, entry.part or part
                if known is not None and kind is not None and kind not in known:
                    intake.no_such_kind[kind] += 1
                lessons = Decimal(entry.lessons) if entry.lessons is not None else lessons
        elif known is not None and code not in known:
            intake.unmapped[code] += 1
        recorded = _day(r["recorded"], None) if r.get("recorded") else None
        explained = {"yes": True, "no": False, "true": True, "false": False}.get(r.get("explained", "").lower())
        events.append(
            Mark(
                on,
                lessons=lessons,
                kind=kind,
                minutes=_amount(r, "minutes", name),
                code=code or None if kind is None else None,
                school=r.get("school") or None,
                subject=r.get("subject") or None,
                teacher=r.get("teacher") or None,
                lesson=r.get("lesson") or None,
                part=part,  # type: ignore[arg-type]
                explained=explained,
                id=r.get("id") or f"m{n + 1}",
                recorded=recorded,  # type: ignore[arg-type]
            )
        )
    if mapping and mapping.enrolled_on:
        since = mapping.enrolled_on
    else:  # the school year of the first mark
        earliest = first or date(1900, 8, 1)
        since = date(earliest.year if earliest.month >= 8 else earliest.year - 1, 8, 1)
    per_week = mapping.lessons_per_week if mapping else None
    recorded_on = min([since, *(e.recorded or e.on for e in events)]) if events else since
    events.insert(0, Enrolment(school, grade=grade, since=since, lessons_per_week=per_week, id="enrolment", recorded=recorded_on))
    return Case(
        name,
        recorded="given" if has_recorded else "not_given",
        data_until=_stated(rows, mapping, name),
        code_map=mapping.code_map if mapping else None,
        events=events,
    )


def _stated(rows: list[dict[str, str]], mapping: Mapping | None, pupil: str) -> date | None:
    """The newest day that the column `data_until` states for a pupil; None: nothing is stated."""
    found: date | None = None
    for r in rows:
        if r.get("data_until"):
            day = _day(r["data_until"], mapping)
            if not isinstance(day, date):
                said = "data_until is not a day; write it as 2026-09-14, without a time"
                raise RecordError("not-a-day", said, pupil=pupil, field="data_until", event=r.get("id") or f"line {r['_line']}")
            found = day if found is None else max(found, day)
    return found
