"""Records in: what a file of marks may look like, what a mapping says, and what is told of the rest.

An export is never bent in silence: what is found (separator, comma, encoding) gives the same cases, what is not mapped is
told for the whole file at once, what is left out was named.
"""

from __future__ import annotations

import gc
import json
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import sky_model as sky
from sky_model import cli
from sky_model.errors import RulesetError
from sky_model.host.intake import LONGEST_LINE, Intake, Refused, read_lines, read_mapping, read_marks, with_codes
from sky_model.host.requests import Desk, answer
from sky_model.host.schools import read_schools

PLAIN = "pupil,grade,date,lessons,kind\np1,8,2026-09-14,6,health\np2,8,2026-09-15,1.5,unauthorised\n"
OPTIONS = ("--calendar", "example-week-43/2026-27", "--on", "2026-09-16")
KINDS = ("health", "unauthorised")


def run(*arguments: str, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(cli.app, list(arguments), input=stdin)


def marks_of(intake: Intake) -> list[tuple[str, date, Any, str | None]]:
    return [(c.pupil, e.on, e.lessons, e.kind) for c in intake.cases for e in c.events if isinstance(e, sky.Mark)]


SAME = {
    "semicolons and a decimal comma": PLAIN.replace(",", ";").replace("1.5", "1,5").encode(),
    "tabs": PLAIN.replace(",", "\t").encode(),
    "tabs and a decimal comma": PLAIN.replace(",", "\t").replace("1.5", "1,5").encode(),
    "a byte order mark": b"\xef\xbb\xbf" + PLAIN.encode(),
    "Windows line ends": PLAIN.replace("\n", "\r\n").encode(),
    "empty lines": PLAIN.replace("\np2", "\n\n , , \np2").encode(),
    "spaces around": PLAIN.replace(",", " , ").encode(),
    "quotes": PLAIN.replace("health", '"health"').encode(),
}


@pytest.mark.parametrize("name", SAME)
def test_the_form_of_a_file_changes_no_mark(name: str) -> None:
    assert marks_of(read_marks(SAME[name])) == [
        ("p1", date(2026, 9, 14), 6, "health"),
        ("p2", date(2026, 9, 15), Decimal("1.5"), "unauthorised"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_finnish_letters_are_read_in_utf_8_and_latin_1(encoding: str) -> None:
    text = PLAIN.replace("health", "pitkä päivä")
    assert read_marks(text.encode(encoding), known_kinds=KINDS).unmapped == {"pitkä päivä": 1}


def test_a_pupil_with_several_rows_is_one_case_in_the_order_of_the_file() -> None:
    intake = read_marks((PLAIN + "p1,8,2026-09-16,2,health\n").encode())
    assert [(c.pupil, len(c.events)) for c in intake.cases] == [("p1", 3), ("p2", 2)]
    assert intake.rows == 3


def test_every_column_of_the_published_form_reaches_the_mark() -> None:
    head = "pupil,grade,date,lessons,kind,school,minutes,subject,teacher,lesson,part,explained,recorded,id"
    row = "p1,8,2026-09-14,,health,s-3,45,MA,t-1,3,middle,no,2026-09-15,x9"
    (case,) = read_marks(f"{head}\n{row}\n".encode()).cases
    enrolment, mark = case.events
    assert (enrolment.school, enrolment.grade, case.recorded) == ("s-3", 8, "given")
    assert mark == sky.Mark(
        date(2026, 9, 14),
        kind="health",
        minutes=45,
        school="s-3",
        subject="MA",
        teacher="t-1",
        lesson="3",
        part="middle",
        explained=False,
        id="x9",
        recorded=date(2026, 9, 15),
    )


def test_without_recording_days_the_marks_day_is_taken_and_the_case_says_so() -> None:
    case = read_marks(PLAIN.encode()).cases[0]
    assert case.recorded == "not_given"
    assert case.events[1].recorded == date(2026, 9, 14)


def test_the_newest_marked_day_of_a_school_in_the_file_says_how_far_its_marks_reach() -> None:
    text = "pupil,date,lessons,kind,school\np1,2026-09-14,6,health,a\np2,2026-09-21,6,health,a\np3,2026-09-10,6,health,b\n"
    found = read_marks(text.encode())
    until = [found.reach.until(c, date(2026, 9, 30)) for c in found.cases]
    assert until == [date(2026, 9, 21), date(2026, 9, 21), date(2026, 9, 10)]
    assert found.reach.until(found.cases[0], date(2026, 9, 20)) == date(2026, 9, 14)
    assert found.reach.until(found.cases[0], date(2026, 9, 30), date(2026, 9, 20)) == date(2026, 9, 14)  # as it was known then


def test_a_future_date_of_one_pupil_makes_no_data_fresh() -> None:
    days = "p1,2026-09-14,6,health,2026-09-14\np2,2027-05-03,6,health,2026-09-15\n"  # a slip, recorded in September
    found = read_marks(f"pupil,date,lessons,kind,recorded\n{days}".encode())
    assert found.reach.until(found.cases[0], date(2026, 9, 30)) == date(2026, 9, 14)


def test_a_column_states_until_which_day_there_are_data() -> None:
    text = "pupil,date,lessons,kind,data_until\np1,2026-09-14,6,health,2026-09-25\np2,2026-09-14,6,health,\n"
    assert [c.data_until for c in read_marks(text.encode()).cases] == [date(2026, 9, 25), None]
    (refused,) = read_marks(text.replace("2026-09-25", "yesterday").encode()).refused
    assert (refused.error.rule, refused.error.field) == ("not-a-day", "data_until")


def test_a_pupil_is_enrolled_from_the_school_year_of_the_first_mark() -> None:
    text = "pupil,date,lessons,kind\np1,2026-09-14,6,health\np2,2027-02-01,6,health\n"
    assert [c.events[0].since for c in read_marks(text.encode()).cases] == [date(2026, 8, 1), date(2026, 8, 1)]


# ---------------------------------------------------------------------- what is not read
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ["pupil", "date", "kind"]),
        ("name,date,kind\n", ["pupil"]),
        ("pupil,day,reason\n", ["date", "kind"]),
    ],
)
def test_a_file_without_the_columns_that_it_needs_is_one_error_for_all_of_them(text: str, said: list[str]) -> None:
    with pytest.raises(RulesetError) as e:
        read_marks(text.encode(), file="marks.csv")
    hint = "the first line names the columns: pupil, grade, date, lessons, kind"
    assert sorted(map(str, e.value.problems)) == sorted(
        f"marks.csv:1:1: there is no column '{c}' [no-column]\n    {hint}" for c in said
    )


def test_a_column_that_is_not_ours_is_left_out_and_named() -> None:
    intake = read_marks(b"pupil,name,date,lessons,kind,mood\np1,Aino,2026-09-14,6,health,low\n")
    assert intake.left_out == ["name", "mood"]
    assert "Aino" not in repr(intake.cases)
    assert "low" not in repr(intake.cases)


IMPOSSIBLE = {
    "p1,8,2026-02-30,6,health": "the date 2026-02-30 does not exist (event line 2, field date) [no-such-day]",
    "p1,8,14.9.2026,6,health": "date is not a day (event line 2, field date) [not-a-day]",
    "p1,8,2026-09-14,-2,health": "lessons is less than 0 (event m1, field lessons) [negative]",
    "p1,8,2026-09-14,six,health": "lessons is not a number (event m1, field lessons) [not-a-number]",
    "131052-308T,8,2026-09-14,6,health": "the id looks like an identity code; hand in a pseudonym (field pupil) [identity-code]",
    "a@example.org,8,2026-09-14,6,health": "the id looks like an e-mail address; hand in a pseudonym (field pupil) [address]",
    ",8,2026-09-14,6,health": "a record needs a pupil: an opaque id as a short text (field pupil) [no-pupil]",
}


@pytest.mark.parametrize("row", IMPOSSIBLE)
def test_an_impossible_row_refuses_its_pupil_and_the_others_go_on(row: str) -> None:
    intake = read_marks(f"pupil,grade,date,lessons,kind\n{row}\np9,8,2026-09-14,6,health\n".encode())
    assert [c.pupil for c in intake.cases] == ["p9"]
    (refused,) = intake.refused
    assert str(refused.error) == IMPOSSIBLE[row]
    assert refused.pupil == ("p1" if row.startswith("p1") else "line 2")


# ---------------------------------------------------------------------- unmapped codes and columns
SEVERAL = "".join(f"p{i},8,2026-09-14,6,{k}\n" for i, k in enumerate(["sairas", "health", "loma", "sairas", "sairas"]))


def test_unmapped_codes_are_told_for_the_whole_file_at_once_with_counts_and_the_line_to_add(tmp_path: Path) -> None:
    path = tmp_path / "marks.csv"
    path.write_text("pupil,grade,date,lessons,kind,name\n" + SEVERAL.replace("\n", ",Aino\n"), encoding="utf-8")
    result = run("decide", str(path), *OPTIONS)
    assert result.exit_code == 0
    told = (
        "codes that nobody has mapped; their marks count only as possible. Add to the mapping, with the kind filled in:\n"
        '  - {code: "loma", kind: …}   # 1 mark\n'
        '  - {code: "sairas", kind: …}   # 3 marks\n'
    )
    assert told in result.output
    assert ': "name"' in result.output
    assert "Aino" not in result.output
    machine = run("decide", str(path), *OPTIONS, "--json")
    assert "# 3 marks\n" in machine.stderr
    assert "sairas" in machine.stdout
    assert "kind: …" not in machine.stdout


def test_unmapped_columns_are_told_with_the_line_to_add(tmp_path: Path) -> None:
    path = tmp_path / "marks.csv"
    path.write_text("pupil,grade,date,lessons,kind,Opettaja\np1,8,2026-09-14,6,health,x\n", encoding="utf-8")
    assert ': "Opettaja"' in run("decide", str(path), *OPTIONS).output


def test_unmapped_codes_of_json_lines_are_told_too(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    mark = '{"type":"mark","on":"2026-09-14","lessons":6,"kind":"sairas"}'
    path.write_text(f'{{"format":1,"pupil":"p1","events":[{mark}]}}\n', encoding="utf-8")
    output = run("decide", str(path), *OPTIONS).output
    gc.collect()  # the file that is left open (below) is then told here and not in another test
    assert '{code: "sairas", kind: …}' in output


def test_a_file_of_json_lines_is_closed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", told.append)
    path = tmp_path / "records.jsonl"
    path.write_text('{"format":1,"pupil":"p1","events":[]}\n', encoding="utf-8")
    assert run("decide", str(path), *OPTIONS).exit_code == 0
    gc.collect()
    assert [str(x.exc_value) for x in told] == []


# ---------------------------------------------------------------------- mapping files
MAPPING = """\
format: 1
name: a register in the tests
columns: {pupil: Oppilas, date: Pvm, lessons: Tunnit, kind: Merkintä}
date_form: d.m.yyyy
enrolled_on: 2026-08-12
lessons_per_week: 30
codes:
  - {code: Sairaana, kind: health}
  - {code: Koko päivä, kind: unauthorised, lessons: 6}
  - {code: Osa päivää, kind: unauthorised, part: partial}
  - {code: Paikalla, leave_out: yes}
leave_out:
  - {column: Tila, is_not: [hyväksytty]}
"""


def mapping_of(tmp_path: Path, text: str = MAPPING) -> Any:
    path = tmp_path / "mapping.yaml"
    path.write_text(text, encoding="utf-8")
    return read_mapping(path)


def test_a_mapping_lets_another_systems_export_in_without_code(tmp_path: Path) -> None:
    export = (
        "Oppilas;Nimi;Pvm;Tunnit;Merkintä\n"
        "p1;Aino;14.9.2026;1,5;Sairaana\n"
        "p1;Aino;15.9.2026;;Koko päivä\n"
        "p1;Aino;16.9.2026;;Osa päivää\n"
        "p1;Aino;17.9.2026;2;Paikalla\n"
        "p1;Aino;18.9.2026;2;Tuntematon\n"
    )
    intake = read_marks(export.encode("latin-1"), mapping=mapping_of(tmp_path))
    assert marks_of(intake) == [
        ("p1", date(2026, 9, 14), Decimal("1.5"), "health"),
        ("p1", date(2026, 9, 15), 6, "unauthorised"),
        ("p1", date(2026, 9, 16), None, "unauthorised"),
        ("p1", date(2026, 9, 18), 2, None),
    ]
    (case,) = intake.cases
    enrolment, *_, partial, unknown = case.events
    assert (enrolment.since, enrolment.lessons_per_week) == (date(2026, 8, 12), 30)
    assert (partial.part, unknown.code) == ("partial", "Tuntematon")
    assert (intake.unmapped, intake.left_out, intake.rows_left_out) == ({"Tuntematon": 1}, ["Nimi"], 1)


@pytest.mark.parametrize(("state", "kept"), [("hyväksytty", 0), ("luonnos", 1), ("", 1)])
def test_rows_that_the_mapping_leaves_out_are_counted(tmp_path: Path, state: str, kept: int) -> None:
    export = f"Oppilas;Pvm;Tunnit;Merkintä;Tila\np1;14.9.2026;6;Sairaana;{state}\np2;14.9.2026;6;Sairaana;luonnos\n"
    intake = read_marks(export.encode(), mapping=mapping_of(tmp_path))
    assert (len(intake.cases), intake.rows_left_out, intake.rows) == (1 + kept, 1 - kept, 2)


FAULTY_MAPPINGS = {
    "a column that is not ours": (
        "pupil: Oppilas",
        "pupli: Oppilas",
        "3:11: 'pupli' is none of our columns [unknown-key]",
        "ours are pupil, grade, date",
    ),
    "a key that nobody knows": ("date_form:", "date_from:", "4:1: unknown key 'date_from' [unknown-key]", "'date_form'"),
    "a doubled key": ("name: a", "format: 1\nname: a", "2:1: the key 'format' stands twice here [doubled-key]", "keep one"),
    "a number that is a word": ("lessons: 6", "lessons: six", "'six' is not a whole number [not-whole]", ""),
}


@pytest.mark.parametrize("name", FAULTY_MAPPINGS)
def test_a_faulty_mapping_says_where_and_what_to_write(name: str, tmp_path: Path) -> None:
    old, new, said, hint = FAULTY_MAPPINGS[name]
    assert old in MAPPING
    with pytest.raises(RulesetError) as e:
        mapping_of(tmp_path, MAPPING.replace(old, new, 1))
    assert said in str(e.value), str(e.value)
    assert hint in str(e.value), str(e.value)


def test_an_export_without_the_columns_of_its_mapping_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(RulesetError) as e:
        read_marks(PLAIN.encode(), mapping=mapping_of(tmp_path), file="export.csv")
    assert str(e.value) == (
        "export.csv:1:1: there is no column 'Oppilas' [no-column]\n    name them under columns: in the mapping\n"
        "export.csv:1:1: there is no column 'Pvm' [no-column]\n    name them under columns: in the mapping"
    )


def test_a_row_that_is_too_short_refuses_its_pupil() -> None:
    (refused,) = read_marks(b"pupil,grade,date,lessons,kind\np1,8\n").refused
    assert refused.pupil == "p1"


def test_a_row_too_short_for_a_leave_out_column_is_no_traceback(tmp_path: Path) -> None:
    export = "Oppilas;Pvm;Tunnit;Merkintä;Tila\np1;14.9.2026;6;Sairaana\n"
    assert read_marks(export.encode(), mapping=mapping_of(tmp_path)).rows == 1


def test_a_mapping_with_an_enrolment_day_that_does_not_exist_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(RulesetError, match=r"5:1: the date 2026-02-30 does not exist \[no-such-day\]"):
        mapping_of(tmp_path, MAPPING.replace("2026-08-12", "2026-02-30"))


def test_a_code_mapped_to_a_kind_that_does_not_exist_is_told(tmp_path: Path) -> None:
    (tmp_path / "mapping.yaml").write_text(MAPPING.replace("kind: health", "kind: helth"), encoding="utf-8")
    (tmp_path / "export.csv").write_text("Oppilas;Pvm;Tunnit;Merkintä\np1;14.9.2026;6;Sairaana\n", encoding="utf-8")
    result = run("decide", str(tmp_path / "export.csv"), "--mapping", str(tmp_path / "mapping.yaml"), *OPTIONS)
    assert "helth" in result.output


def test_a_week_date_is_not_a_day() -> None:
    assert read_marks(b"pupil,date,lessons,kind\np1,2026-W38-1,6,health\n").refused


@pytest.mark.parametrize("text", ["8B", "7 b", "10", "8A/9", "eight", "-1"])
def test_what_is_no_grade_is_refused_and_the_error_says_what_to_write_in_the_mapping(text: str) -> None:
    (refused,) = read_marks(f"pupil,grade,date,lessons,kind\np1,{text},2026-09-14,6,health\n".encode()).refused
    said = (
        "grade is not a grade from 0 to 9; leave it empty, or say in the mapping which grade a class is: "
        "classes: [{class: 7B, grade: 7}] (event line 2, field grade) [not-a-grade]"
    )
    assert str(refused.error) == said


# ---------------------------------------------------------------------- classes in the column of grades
FINGERPRINT = "sha256:5f518001d787613faebaf61a100821b736a14cfa3a1d0e3b8d7780c76454f696"
CLASSES = MAPPING.replace("kind: Merkintä", "kind: Merkintä, grade: Luokka")
IN_CLASSES = (
    "Oppilas;Pvm;Tunnit;Merkintä;Luokka\np1;14.9.2026;6;Sairaana;7B\np2;14.9.2026;6;Sairaana;7 b\np3;14.9.2026;6;Sairaana;8\n"
)


def with_classes(*lines: str) -> str:
    return CLASSES + "classes:\n" + "".join(f"  - {line}\n" for line in lines)


def test_a_class_is_the_grade_that_the_mapping_says_and_a_plain_grade_stays_one(tmp_path: Path) -> None:
    mapping = mapping_of(tmp_path, with_classes("{class: 7B, grade: 7}", "{class: 7 b, grade: 8}"))
    intake = read_marks(IN_CLASSES.encode(), mapping=mapping)
    assert [(c.pupil, c.events[0].grade) for c in intake.cases] == [("p1", 7), ("p2", 8), ("p3", 8)]
    assert not intake.classes


def test_a_class_that_is_not_mapped_is_never_guessed(tmp_path: Path) -> None:
    intake = read_marks(IN_CLASSES.encode(), mapping=mapping_of(tmp_path, with_classes("{class: 7B, grade: 7}")))
    assert [c.pupil for c in intake.cases] == ["p1", "p3"]
    assert [(r.pupil, r.error.rule) for r in intake.refused] == [("p2", "not-a-grade")]
    assert intake.classes == {"7 b": 1}


def test_unmapped_classes_are_told_for_the_whole_file_at_once_with_the_line_to_add(tmp_path: Path) -> None:
    (tmp_path / "mapping.yaml").write_text(CLASSES, encoding="utf-8")
    rows = ["p4;15.9.2026;6;Sairaana;7B", "p5;15.9.2026;6;Sairaana;1-2", "p6;15.9.2026;6;Sairaana;Ainon luokka"]
    (tmp_path / "export.csv").write_text(IN_CLASSES + "\n".join(rows), encoding="utf-8")
    result = run("decide", str(tmp_path / "export.csv"), "--mapping", str(tmp_path / "mapping.yaml"), *OPTIONS)
    assert result.exit_code == 3
    assert (
        "classes in the column of grades: their pupils are not decided. Add to the mapping under classes:, with the grade:\n"
        '  - {class: "7 b", grade: …}   # 1 row\n'
        '  - {class: "7B", grade: …}   # 2 rows\n'
        "  1 row with a class of several grades: give each pupil's own grade\n"
        "  1 row whose class is not shown: it may be about a person. Look into the file\n"
    ) in result.output
    assert "Aino" not in result.output


@pytest.mark.parametrize("text", ["1-2", "1–2", "0-2", "3/4", "5 - 6", "1-2A"])
def test_a_class_of_several_grades_is_no_grade_in_a_file_and_none_in_a_mapping(text: str, tmp_path: Path) -> None:
    (refused,) = read_marks(f"pupil,grade,date,lessons,kind\np1,{text},2026-09-14,6,health\n".encode()).refused
    assert refused.error.rule == "several-grades"
    assert "write the pupil's own grade" in str(refused.error)
    with pytest.raises(RulesetError) as e:
        mapping_of(tmp_path, with_classes(f'{{class: "{text}", grade: 1}}'))
    assert f"'{text}' is a class of several grades [several-grades]" in str(e.value)
    assert "give each pupil's own grade" in str(e.value)


def test_parallel_classes_with_numbers_are_mapped_as_others(tmp_path: Path) -> None:
    export = IN_CLASSES.replace("7 b", "7-1")
    mapping = mapping_of(tmp_path, with_classes("{class: 7B, grade: 7}", "{class: 7-1, grade: 7}"))
    assert [c.events[0].grade for c in read_marks(export.encode(), mapping=mapping).cases] == [7, 7, 8]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["{class: 7B, grade: 10}"], "[not-one-of]"),
        (["{class: 7B, grade: fill-in}"], "the grade of the class '7B' is not filled in [not-filled-in]"),
        (["{class: fill-in, grade: 7}"], "a class is not filled in [not-filled-in]"),
        (["{class: 7B}"], "`grade` is missing [missing]"),
        (["{class: 7B, grade: 7}", "{class: 7B, grade: 8}"], "16:5: this stands twice under classes [doubled-id]"),
    ],
)
def test_a_faulty_class_of_a_mapping_is_told(lines: list[str], said: str, tmp_path: Path) -> None:
    with pytest.raises(RulesetError) as e:
        mapping_of(tmp_path, with_classes(*lines))
    assert said in str(e.value)


def test_a_code_that_stands_twice_in_a_mapping_is_told_and_none_of_the_two_is_taken(tmp_path: Path) -> None:
    with pytest.raises(RulesetError, match="this stands twice under codes"):
        mapping_of(tmp_path, MAPPING.replace("  - {code: Paikalla, leave_out: yes}", "  - {code: Sairaana, leave_out: yes}"))


def test_a_mapping_without_classes_has_the_fingerprint_that_it_had_before_there_were_any(tmp_path: Path) -> None:
    said = mapping_of(tmp_path)
    assert said.code_map["fingerprint"] == FINGERPRINT
    assert mapping_of(tmp_path, with_classes("{class: 7B, grade: 7}")).code_map["fingerprint"] != FINGERPRINT


def test_the_classes_of_the_municipality_page_are_read(tmp_path: Path) -> None:
    page = Path(__file__).resolve().parents[1] / "docs" / "howto-municipality.md"
    (block,) = (b for b in page.read_text(encoding="utf-8").split("```") if b.startswith("text\ncolumns: {grade:"))
    text = MAPPING.replace("kind: Merkintä", "kind: Merkintä, grade: Luokka") + block.partition("}\n")[2]
    assert {c.of: c.grade for c in mapping_of(tmp_path, text).classes} == {"7B": "7", "Eskari": "0"}


# ---------------------------------------------------------------------- a comma before three digits
@pytest.mark.parametrize("column", ["lessons", "minutes"])
def test_a_comma_before_three_digits_is_told_with_both_readings_and_read_as_neither(column: str) -> None:
    (refused,) = read_marks(f"pupil;date;{column};kind\np1;2026-09-14;1,000;health\n".encode()).refused
    assert str(refused.error) == (
        f"{column} has a comma before three digits: 1,000 may be one or a thousand; write 1 or 1000 "
        f"(event line 2, field {column}) [two-readings]"
    )


@pytest.mark.parametrize(("text", "amount"), [("1,5", "1.5"), ("0,500", "0.5"), ("2,25", "2.25"), ("6,0", "6")])
def test_a_comma_that_can_only_be_a_decimal_one_is_read(text: str, amount: str) -> None:
    (mark,) = marks_of(read_marks(f"pupil;date;lessons;kind\np1;2026-09-14;{text};health\n".encode()))
    assert mark[2] == Decimal(amount)


def test_a_grade_in_odd_digits_is_no_traceback() -> None:
    read_marks("pupil,grade,date,lessons,kind\np1,²,2026-09-14,6,health\n".encode())


def test_two_columns_of_one_name_are_an_error() -> None:
    with pytest.raises(RulesetError):
        read_marks(b"pupil,date,lessons,lessons,kind\np1,2026-09-14,6,2,health\n")


# ---------------------------------------------------------------------- JSON Lines
def test_every_line_gives_one_answer_and_empty_lines_none() -> None:
    lines = [
        b'{"format":1,"pupil":"p1","events":[]}\n',
        b"\n",
        b"\xff\xfe\n",
        b"[]\n",
        b'\xef\xbb\xbf{"format":1,"pupil":"p2","events":[]}\n',
    ]
    found = list(read_lines(lines))
    assert [type(x) for x in found] == [sky.Case, Refused, Refused, sky.Case]
    assert [x.pupil for x in found] == ["p1", "line 3", "line 4", "p2"]
    assert [str(x.error) for x in found if isinstance(x, Refused)] == [
        "the line is not UTF-8 [not-utf-8]",
        "a record is a JSON object [not-an-object]",
    ]


def test_a_line_of_a_hundred_megabytes_is_one_refusal_and_the_next_line_goes_on() -> None:
    (long, after) = read_lines([b" " + b"x" * 100_000_000, b'{"format":1,"pupil":"p1","events":[]}'])
    assert isinstance(long, Refused)
    assert str(long.error) == f"the line is longer than {LONGEST_LINE:,} bytes [too-long]"
    assert after.pupil == "p1"


def test_the_command_line_answers_a_line_of_a_hundred_megabytes_and_goes_on() -> None:
    result = run("decide", "-", *OPTIONS, stdin=b"x" * 100_000_000 + b'\n{"format":1,"pupil":"p1","events":[]}\n')
    first, second = result.stdout.splitlines()
    assert '"rule":"too-long"' in first
    assert len(first) < 300
    assert second.startswith('{"format":1,"pupil":"p1"')
    assert result.exit_code == 3


def test_a_first_line_of_a_hundred_megabytes_is_one_error_of_the_file() -> None:
    with pytest.raises(RulesetError) as e:
        read_marks(b"pupil," + b"x" * 100_000_000, file="marks.csv")
    assert str(e.value) == "marks.csv:1:1: not readable as CSV: field larger than field limit (131072) [not-csv]"


def test_a_huge_cell_further_down_is_no_traceback() -> None:
    with pytest.raises(RulesetError, match=r"^marks\.csv:4:1: not readable as CSV: field larger than field limit"):
        read_marks(PLAIN.encode() + b"p3,8,2026-09-14,6," + b"x" * 200_000 + b"\n")


# ---------------------------------------------------------------------- the codes of another system in records of JSON
MAP = """format: 1
name: town-export
columns: {pupil: A, date: B, kind: C}
codes:
  - {code: L, kind: unauthorised}
  - {code: S, kind: health, lessons: 6}
  - {code: X, leave_out: yes}
"""


def coded(*codes: str) -> sky.Case:
    enrolled = sky.Enrolment("s-3", grade=8, since=date(2026, 8, 12), calendar="example-week-43/2026-27")
    marks = [sky.Mark(date(2026, 9, 1 + n), lessons=2, code=c, id=f"m{n}") for n, c in enumerate(codes)]
    return sky.Case("p-1", events=[enrolled, *marks])


def test_codes_of_a_json_record_are_read_with_the_code_map(tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text(MAP, encoding="utf-8")
    (tmp_path / "records.jsonl").write_text(json.dumps(coded("L", "S", "X", "Y").to_json()) + "\n", encoding="utf-8")
    call = ["decide", str(tmp_path / "records.jsonl"), "--on", "2026-09-10", "--mapping", str(tmp_path / "map.yaml"), "--json"]
    said = json.loads(CliRunner().invoke(cli.app, call).stdout.splitlines()[0])
    assert said["basis"]["code_map"]["name"] == "town-export"
    assert said["set_aside"] == [{"mark": "m3", "why": "no_kind"}]
    assert said["unmapped"] == ["Y"]
    marks = {
        e.id: (e.kind, e.lessons) for e in with_codes(coded("L", "S", "X", "Y"), read_mapping(tmp_path / "map.yaml")).events[1:]
    }
    assert marks == {"m0": ("unauthorised", 2), "m1": ("health", 6), "m2": (None, 0), "m3": (None, 2)}


def test_a_record_that_names_its_code_map_is_not_mapped_again(tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text(MAP, encoding="utf-8")
    case = coded("L").changed(code_map={"name": "own", "fingerprint": "sha256:1"})
    assert with_codes(case, read_mapping(tmp_path / "map.yaml")) is case


def test_a_file_of_schools_maps_the_codes_of_what_is_asked_by_an_application(tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text(MAP, encoding="utf-8")
    schools = "format: 1\nschools:\n  - {id: s-3, calendars: [example-week-43/2026-27], code_map: map.yaml}\n"
    (tmp_path / "schools.yaml").write_text(schools, encoding="utf-8")
    desk = Desk(sky.load("presets/lessons-per-term"), schools=read_schools(tmp_path / "schools.yaml"))
    asked = {"format": 1, "id": 1, "request": "decide", "on": "2026-09-10", "record": coded("L", "L", "L").to_json()}
    said = answer(desk, asked)["decide"]
    assert (said["basis"]["code_map"]["name"], said["set_aside"]) == ("town-export", [])
