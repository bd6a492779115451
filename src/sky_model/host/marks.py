"""A CSV of marks to cases: rows are sorted by pupil, their cells read; what is wrong refuses one pupil and the others go on.

Rules: every row is counted in exactly one of read, left out and refused; an error carries the line and the name of our column; a
code that is not mapped is told with its count, a column that nothing names is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sky_model.errors import Place, Problem, RecordError, RulesetError
from sky_model.events import Enrolment, Mark, check_event
from sky_model.host.cells import BadCell, amount_in, day_in, flag_in, grade_in
from sky_model.host.intake import COLUMNS, Intake, Mapping, Refused
from sky_model.host.rows import LARGEST_FILE, Row, decoded, read_rows, separator_of
from sky_model.records import Case, ReadEvents

__all__ = ["read_marks"]

NO_UTF_8 = re.compile(r"\\x[0-9a-f]{2}")  # as `decoded` writes a byte that is no UTF-8


@dataclass(slots=True)
class _Rows:
    """The rows of one pupil: those that are marks, those that the mapping leaves out, and the first fault of any."""

    line: int
    marks: list[dict[str, str]] = field(default_factory=list)
    left_out: list[dict[str, str]] = field(default_factory=list)
    faults: list[tuple[int, str, str]] = field(default_factory=list)  # (line, code, sentence)


def read_marks(
    data: bytes,
    *,
    mapping: Mapping | None = None,
    known_kinds: Iterable[str] | None = None,
    file: str = "marks.csv",
    lessons_per_week: Decimal | None = None,
) -> Intake:
    """A CSV of marks, one row a mark. Separator, decimal comma, byte order mark and Latin-1 are found.

    lessons_per_week  of every pupil, where no column says it. Raises RulesetError for the file as a whole: its first line.
    """
    if len(data) > LARGEST_FILE:
        hint = "write it in parts, each with all rows of its pupils, such as one for each school"
        raise RulesetError([Problem("too-large", f"the file is longer than {LARGEST_FILE:,} bytes", Place(file), hint)])
    text, _ = decoded(data)
    rows = read_rows(text, separator_of(text))
    index, header = _columns(next(rows, None), mapping, file)
    reading = _Reading(index, header, mapping, set(known_kinds) if known_kinds is not None else None, lessons_per_week)
    for row in rows:
        if row.fault or any(x.strip() for x in row.cells):
            reading.take(row)
    return reading.done()


def _columns(first: Row | None, mapping: Mapping | None, file: str) -> tuple[dict[str, int], list[str]]:
    """(our columns: the place of each, the first line). Raises RulesetError."""
    place = Place(file, 1, 1)
    if first is not None and first.fault:
        raise RulesetError([Problem("not-csv", f"not readable as CSV: {first.fault[1]}", place)])
    header = [h.strip() for h in first.cells] if first is not None else []
    ours = mapping.columns if mapping else {c: c for c in COLUMNS}
    twice = sorted({theirs for theirs in ours.values() if header.count(theirs) > 1})
    if twice:
        raise RulesetError([Problem("column-twice", f"two columns are named '{t}'", place, "keep one of them") for t in twice])
    index = {mine: header.index(theirs) for mine, theirs in ours.items() if theirs in header}
    missing = [c for c in ("pupil", "date", *(() if mapping else ("kind",))) if c not in index]
    hint = "name them under columns: in the mapping"
    if missing:
        hint = hint if mapping else f"the first line names the columns: {', '.join(COLUMNS[:5])}"
        raise RulesetError([Problem("no-column", f"there is no column '{ours.get(m, m)}'", place, hint) for m in missing])
    gone = sorted(theirs for theirs in ours.values() if theirs not in header) if mapping else []
    if gone:
        hint = "correct it under columns: in the mapping, or take its line out there"
        raise RulesetError([Problem("no-column", f"there is no column '{c}'", place, hint) for c in gone])
    return index, header


class _Reading:
    """Rows, one after another, to the cases of their pupils; every row is counted in exactly one of read, left out, refused."""

    def __init__(
        self, index: dict[str, int], header: list[str], mapping: Mapping | None, known: set[str] | None, per_week: Decimal | None
    ) -> None:
        self.index, self.header, self.mapping, self.known = index, header, mapping, known
        self.per_week = per_week
        if per_week is None and mapping and mapping.lessons_per_week is not None:
            self.per_week = Decimal(mapping.lessons_per_week)
        self.codes = {c.code: c for c in mapping.codes} if mapping else {}
        self.classes: dict[str, str] = {c.of: c.grade for c in mapping.classes} if mapping else {}
        self.pupils: dict[str, _Rows] = {}
        self.nobodys: list[Row] = []
        self.intake = Intake(is_csv=True, left_out=[h for i, h in enumerate(header) if i not in index.values()])

    def take(self, row: Row) -> None:
        self.intake.rows += 1
        cells = [x.strip() for x in row.cells]
        values = {mine: cells[i] for mine, i in self.index.items() if i < len(cells)}
        if row.fault and "pupil" not in values:
            self.nobodys.append(row)
            return
        by_heading = dict(zip(self.header, cells, strict=False))
        if not row.fault and self.mapping and any(by_heading.get(f.column) in f.is_not for f in self.mapping.leave_out):
            self.intake.rows_left_out += 1
            return
        values["_line"] = str(row.line)
        values["grade"] = self.classes.get(values.get("grade", ""), values.get("grade", ""))
        if values["grade"] and not self._is_grade(values["grade"]):
            self.intake.classes[values["grade"]] += 1
        mine = self.pupils.setdefault(values.get("pupil", ""), _Rows(row.line))
        fault = row.fault or next((("utf-8", "the row holds a byte that is not UTF-8; save the file as UTF-8")
                                   for v in values.values() if NO_UTF_8.search(v)), None)  # fmt: skip
        if fault:
            mine.faults.append((row.line, *fault))
        entry = self.codes.get(values.get("kind", ""))
        (mine.left_out if entry is not None and entry.leave_out and not fault else mine.marks).append(values)

    def _is_grade(self, text: str) -> bool:
        try:
            grade_in(text)
        except BadCell:
            return False
        return True

    def done(self) -> Intake:
        intake = self.intake
        for row in self.nobodys:
            whose = row.loose & self.pupils.keys() - {""}
            rule, said = row.fault or ("", "")
            if len(whose) == 1:
                mine = self.pupils[next(iter(whose))]
                mine.faults.append((row.line, rule, said))
                mine.marks.append({})
            else:
                error = RecordError(
                    rule, f"{said}; whose row it is cannot be seen, so a mark may be missing", event=f"line {row.line}"
                )
                intake.refused.append(Refused(f"line {row.line}", error))
                intake.pupils += 1
        intake.pupils += len(self.pupils)
        for name, mine in self.pupils.items():
            intake.rows_left_out += len(mine.left_out)
            try:
                case = self.case(name, mine)
            except RecordError as e:
                intake.refused.append(Refused(e.pupil or f"line {mine.line}", e, rows=len(mine.marks)))
                continue
            intake.cases.append(case)
            intake.rows_of[name] = sum(isinstance(e, Mark) for e in case.events)
            intake.reach.add(case)
        return intake

    def case(self, name: str, mine: _Rows) -> Case:
        """Raises RecordError."""
        Case(name)  # an identity code or an address is refused before anything else is looked at
        if mine.faults:
            line, rule, said = mine.faults[0]
            raise RecordError(rule, said, pupil=name, event=f"line {line}")
        rows = [_Cells(r, name, self.mapping) for r in sorted((*mine.marks, *mine.left_out), key=lambda r: int(r["_line"]))]
        marks, places, are_left_out = [], [], {id(r) for r in mine.left_out}
        for n, r in enumerate(rows, 1):
            if id(r.values) not in are_left_out:
                marks.append(self.mark(r, n))
                places.append(r.place)
        enrolments = self.enrolments(rows, min(m.recorded or m.on for m in marks) if marks else None)
        stated = [d for r in rows if (d := r.day("data_until")) is not None]
        return Case(
            name,
            recorded="given" if any(r.values.get("recorded") for r in rows) else "not_given",
            data_until=max(stated, default=None),
            code_map=self.mapping.code_map if self.mapping else None,
            events=ReadEvents([*enrolments, *marks], [*(["enrolment"] * len(enrolments)), *places]),
        )

    def mark(self, r: _Cells, n: int) -> Mark:
        code = r.text("kind") or ""
        kind, lessons, minutes, part = code or None, r.amount("lessons"), r.amount("minutes"), r.text("part")
        entry = self.codes.get(code)
        if self.mapping:
            kind = entry.kind if entry else None
            part = (entry.part if entry else None) or part
            lessons, minutes = self.mapping.length_of(lessons, minutes, entry)
        on, explained = r.day("date"), r.value("explained", flag_in)
        made = Mark(
            on,  # type: ignore[arg-type]
            lessons=lessons,
            kind=kind,
            minutes=minutes,
            code=code or None if kind is None else None,
            school=r.text("school"),
            subject=r.text("subject"),
            teacher=r.text("teacher"),
            lesson=r.text("lesson"),
            part=part,  # type: ignore[arg-type]
            explained=explained,
            id=r.text("id") or f"m{n}",
            recorded=r.day("recorded", "iso"),
        )
        read: Mark = check_event(made, r.pupil, r.place)
        if entry is None and (self.mapping is not None or (self.known is not None and code not in self.known)):
            self.intake.unmapped[code] += 1
        elif entry is not None and self.known is not None and kind is not None and kind not in self.known:
            self.intake.no_such_kind[kind] += 1
        return read

    def enrolments(self, rows: list[_Cells], known: date | None) -> list[Enrolment]:
        """One from the school year of the first mark, or from the day that the mapping says; another where the grade changes."""
        years: dict[int, list[_Cells]] = {}
        for r in rows:
            on = r.day("date")
            if on is None:
                raise r.error("date", BadCell("not-a-day", "is missing; write it as 2026-09-14"))
            years.setdefault(on.year if on.month >= 8 else on.year - 1, []).append(r)
        out: list[Enrolment] = []
        for year, here in sorted(years.items()):
            grade, week = self._one(here, "grade"), self._one(here, "lessons_per_week")
            since = self.mapping.enrolled_on if self.mapping and self.mapping.enrolled_on and not out else date(year, 8, 1)
            school = next((s for r in reversed(here) if (s := r.text("school"))), None) or (out[-1].school if out else "school")
            grade = grade if grade is not None or not out else out[-1].grade
            week = week if week is not None else self.per_week
            same = out and (out[-1].grade, out[-1].school, out[-1].lessons_per_week) == (grade, school, week)
            if same or (out and since <= out[-1].since):
                continue
            name = "enrolment" if not out else f"enrolment-{year}"
            made = Enrolment(school, grade, since, lessons_per_week=week, id=name, recorded=min(since, known or since))
            out.append(check_event(made, rows[0].pupil, here[0].place))
        return out

    def _one(self, rows: list[_Cells], column: str) -> Any:
        """What the rows of a school year say in a column; they must all say the same."""
        first: _Cells | None = None
        for r in rows:
            if not r.values.get(column):
                continue
            value: Any = r.value(column, grade_in) if column == "grade" else r.amount(column)
            if column == "grade" and not r.values["grade"].isdigit():
                self.intake.classes_read[(r.values["grade"], value)] += 1
            if first is None:
                first, found = r, value
            elif value != found:
                said = f"says otherwise than {first.place} of the same school year; write one for all its rows"
                raise r.error(column, BadCell("two-values", said))
        return None if first is None else found


class _Cells:
    """One row of one pupil: its cells read; what is wrong is told with the line and the name of our column."""

    def __init__(self, values: dict[str, str], pupil: str, mapping: Mapping | None) -> None:
        self.values, self.pupil, self.place = values, pupil, f"line {values['_line']}"
        self.form = mapping.date_form if mapping else "iso"

    def error(self, column: str, bad: BadCell) -> RecordError:
        return RecordError(bad.args[0], f"{column} {bad.args[1]}", pupil=self.pupil, field=column, event=self.place)

    def value(self, column: str, read: Callable[[str], Any]) -> Any:
        """None: the cell is empty, or there is no such column."""
        text = self.values.get(column)
        try:
            return read(text) if text else None
        except BadCell as e:
            raise self.error(column, e) from None

    def text(self, column: str) -> str | None:
        return self.values.get(column) or None

    def day(self, column: str, form: str | None = None) -> date | None:
        found: date | None = self.value(column, lambda text: day_in(text, form or self.form))
        return found

    def amount(self, column: str) -> Decimal | None:
        found: Decimal | None = self.value(column, amount_in)
        return found
