"""Every row of a file and every pupil in it is answered for: read, left out or refused; decided or refused; nothing is lost.

Everything here goes through the command, as somebody in a school office runs it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sky_model import cli
from sky_model.host.reckoning import Reckoning

OPTIONS = ("--calendar", "example-week-43/2026-27", "--on", "2026-10-01")
HEAD = "pupil,grade,date,lessons,kind,note\n"
GOOD = "p8,8,2026-09-14,6,unauthorised,\np9,8,2026-09-15,2,unauthorised,\n"


@dataclass
class Said:
    code: int
    lines: list[dict[str, Any]]
    sums: dict[str, Any]
    output: str

    @property
    def decided(self) -> dict[str, dict[str, Any]]:
        return {x["pupil"]: x for x in self.lines if "tasks" in x}

    @property
    def refused(self) -> dict[str, dict[str, Any]]:
        return {x["pupil"]: x["error"] for x in self.lines if "error" in x}


def decide(folder: Path, data: str | bytes, *more: str, name: str = "marks.csv", options: tuple[str, ...] = OPTIONS) -> Said:
    (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())
    done = CliRunner().invoke(cli.app, ["decide", str(folder / name), *options, *more, "--json"])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    lines = [json.loads(x) for x in done.stdout.splitlines()]
    sums = next((x["reconciliation"] for x in lines if "reconciliation" in x), {})
    return Said(done.exit_code, lines, sums, done.output)


def rows(sums: dict[str, Any]) -> tuple[int, int, int, int]:
    of = sums["rows"]
    return of["file"], of["read"], of["left_out"], of["refused"]


def pupils(sums: dict[str, Any]) -> tuple[int, int, int]:
    of = sums["pupils"]
    return of["file"], of["decided"], of["refused"]


# ---------------------------------------------------------------------- the sums
def test_the_sums_of_a_good_file_add_up_and_the_exit_code_is_0(tmp_path: Path) -> None:
    said = decide(tmp_path, HEAD + GOOD)
    assert (said.code, rows(said.sums), pupils(said.sums)) == (0, (2, 2, 0, 0), (2, 2, 0))
    assert said.sums["adds_up"] is True


def test_rows_that_are_left_out_and_rows_of_refused_pupils_stand_in_the_sums(tmp_path: Path) -> None:
    mapping = "format: 1\nname: m\ncolumns: {pupil: A, date: B, lessons: C, kind: D}\ncodes:\n"
    mapping += "  - {code: L, kind: unauthorised}\n  - {code: X, leave_out: yes}\nleave_out: [{column: E, is_not: [gone]}]\n"
    (tmp_path / "map.yaml").write_text(mapping, encoding="utf-8")
    text = "A;B;C;D;E\np1;2026-09-14;6;L;\np1;2026-09-15;;X;\np1;2026-09-16;2;L;gone\np2;2026-09-14;6;L;\np2;2026-13-14;6;L;\n"
    text += "p2;2026-09-18;;X;\np3;2026-09-14;;X;\n"
    said = decide(tmp_path, text, "--mapping", str(tmp_path / "map.yaml"))
    assert (said.code, rows(said.sums), pupils(said.sums)) == (3, (7, 1, 4, 2), (3, 2, 1))


def test_a_pupil_who_can_be_read_and_not_decided_is_refused_with_all_rows(tmp_path: Path) -> None:
    text = "pupil,grade,date,lessons,kind,school\np1,8,2026-09-14,6,health,a\np2,8,2026-09-14,6,health,b\n"
    (tmp_path / "schools.yaml").write_text("schools: [{id: a, calendars: [example-week-43/2026-27]}]\n", encoding="utf-8")
    options = ("--schools", str(tmp_path / "schools.yaml"), "--on", "2026-10-01")
    said = decide(tmp_path, text, options=options)
    assert (said.code, rows(said.sums), pupils(said.sums)) == (3, (2, 1, 0, 1), (2, 1, 1))


def test_the_sums_stand_below_the_table_too(tmp_path: Path) -> None:
    (tmp_path / "marks.csv").write_text(HEAD + GOOD + "p1,8,2026-09-14,six,health,\n", encoding="utf-8")
    for command in ("decide", "sweep"):
        said = CliRunner().invoke(cli.app, [command, str(tmp_path / "marks.csv"), *OPTIONS])
        assert "rows of the file: 3 = 2 read + 0 left out + 1 refused\n" in said.output
        assert "pupils of the file: 3 = 2 decided + 1 refused\n" in said.output
        assert said.exit_code == 3


def test_what_does_not_add_up_is_never_exit_code_0(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reckoning, "_rows_of", lambda self, pupil: 1 if pupil == "p8" else 0)  # as if a row had been lost
    said = decide(tmp_path, HEAD + GOOD)
    assert (said.code, said.sums["adds_up"]) == (1, False)
    assert "use none of them" in said.output


def test_records_of_json_are_counted_as_they_are_handed_in(tmp_path: Path) -> None:
    record = '{"format":1,"pupil":"p1","events":[]}'
    said = decide(tmp_path, f"{record}\n\n[]\n{record}\n", name="r.jsonl")
    assert (said.code, rows(said.sums), pupils(said.sums)) == (3, (3, 2, 0, 1), (3, 2, 1))


# ---------------------------------------------------------------------- quotes
def test_a_quote_that_does_not_close_in_an_unused_column_costs_one_pupil_and_not_those_that_follow(tmp_path: Path) -> None:
    said = decide(tmp_path, HEAD + 'p1,8,2026-09-14,6,unauthorised,"5 kpl\n' + GOOD)
    assert (said.code, sorted(said.decided), rows(said.sums)) == (3, ["p8", "p9"], (3, 2, 0, 1))
    assert said.refused["p1"]["message"] == "a quote opens in cell no. 6 and does not close; write a quote within a cell as two"
    assert said.refused["p1"]["event"] == "line 2"


@pytest.mark.parametrize(
    "after",
    [
        'p2,8,2026-09-14,6,unauthorised,"a note"\n',  # the quote closes where another cell begins
        'p2,8,2026-09-14,6,unauthorised,x"\n',  # the quote closes at the end of another row, as if it were one cell
    ],
)
def test_a_quote_that_closes_in_another_row_hides_no_pupil(tmp_path: Path, after: str) -> None:
    said = decide(tmp_path, HEAD + 'p1,8,2026-09-14,6,unauthorised,"5 kpl\n' + after + GOOD)
    assert (said.code, sorted(said.decided), sorted(said.refused)) == (3, ["p2", "p8", "p9"], ["p1"])
    assert rows(said.sums) == (4, 3, 0, 1)


def test_a_row_whose_pupil_stands_after_the_quote_is_the_pupils_whose_id_its_line_holds(tmp_path: Path) -> None:
    head = "note,pupil,grade,date,lessons,kind\n"
    text = head + ',p1,8,2026-09-14,6,unauthorised\n"5 kpl,p1,8,2026-09-15,6,unauthorised\n,p9,8,2026-09-14,6,unauthorised\n'
    said = decide(tmp_path, text)
    assert (sorted(said.decided), list(said.refused), rows(said.sums)) == (["p9"], ["p1"], (3, 1, 0, 2))


def test_a_row_of_a_pupil_that_nobody_can_see_is_told_as_such(tmp_path: Path) -> None:
    text = 'note,pupil,date,lessons,kind\n"5 kpl,p1,2026-09-15,6,unauthorised\n,p9,2026-09-14,6,unauthorised\n'
    said = decide(tmp_path, text)
    assert (sorted(said.decided), list(said.refused), said.code) == (["p9"], ["line 2"], 3)
    assert "whose row it is cannot be seen, so a mark may be missing" in said.refused["line 2"]["message"]


def test_rows_are_numbered_as_an_editor_numbers_them_after_cells_with_line_breaks(tmp_path: Path) -> None:
    text = HEAD + 'p7,8,2026-09-14,6,unauthorised,"two\nlines, and ""quotes"""\r\n' + "p1,8,2026-09-14,six,unauthorised,\n" + GOOD
    said = decide(tmp_path, text)
    assert (sorted(said.decided), said.refused["p1"]["event"]) == (["p7", "p8", "p9"], "line 4")


def test_a_row_with_a_cell_too_many_is_not_read_with_its_cells_moved(tmp_path: Path) -> None:
    said = decide(tmp_path, HEAD + "p1,8,2026-09-14,1,5,unauthorised,\n" + GOOD)
    assert said.refused["line 2"]["rule"] == "row-length"
    assert rows(said.sums) == (3, 2, 0, 1)


# ---------------------------------------------------------------------- one bad cell
BAD = {
    "a superscript in a date": ("date", "1².9.2026"),
    "digits of another script in a date": ("date", "٢٠٢٦-09-14"),
    "the year 1": ("date", "0001-01-01"),
    "5,000 digits": ("lessons", "1" * 5_000),
    "an exponent without end": ("lessons", "1e99999999"),
    "an exponent": ("lessons", "1e1"),
    "an underscore": ("lessons", "1_0"),
    "no number": ("lessons", "NaN"),
    "kylla": ("explained", "kylla"),
    "a part that nobody knows": ("part", "evening"),
    "an endless subject": ("subject", "x" * 300),
    "a superscript as grade": ("grade", "²"),
    "a week of words": ("lessons_per_week", "many"),
    "a day on which it was recorded in words": ("recorded", "yesterday"),
}


@pytest.mark.parametrize("what", BAD)
def test_one_bad_cell_refuses_one_pupil_with_line_and_column_and_never_the_run(what: str, tmp_path: Path) -> None:
    column, cell = BAD[what]
    row = {"pupil": "p1", "grade": "8", "date": "2026-09-14", "lessons": "6", "kind": "unauthorised", column: cell}
    good = row | {column: "", "pupil": "p9", "date": "2026-09-14", "lessons": "6"}
    text = "\n".join(",".join(x) for x in (row, row.values(), good.values())) + "\n"
    said = decide(tmp_path, text)
    assert (said.code, sorted(said.decided), rows(said.sums)) == (3, ["p9"], (2, 1, 0, 1))
    assert (said.refused["p1"]["event"], said.refused["p1"]["field"]) == ("line 2", column)
    assert cell not in json.dumps(said.refused["p1"], ensure_ascii=False)


def test_a_byte_of_another_encoding_in_one_row_changes_how_no_other_row_is_read(tmp_path: Path) -> None:
    row = "p{},8,2026-09-14,6,pitkä,\n"
    text = (HEAD + row.format(8)).encode() + row.format(1).encode("latin-1") + row.format(9).encode()
    said = decide(tmp_path, text)
    assert sorted(said.decided) == ["p8", "p9"]
    assert said.decided["p8"]["unmapped"] == ["pitkä"]
    assert said.refused["p1"]["rule"] == "utf-8"


# ---------------------------------------------------------------------- what rows of one pupil say together
@pytest.mark.parametrize("column", ["grade", "lessons_per_week"])
def test_two_grades_of_one_pupil_in_a_school_year_are_told_with_both_lines_and_none_is_taken(tmp_path: Path, column: str) -> None:
    text = f"pupil,{column},date,lessons,kind\np1,7,2026-09-14,6,health\np9,8,2026-09-14,6,health\np1,8,2026-09-15,6,health\n"
    said = decide(tmp_path, text)
    assert (said.code, sorted(said.decided)) == (3, ["p9"])
    assert said.refused["p1"]["rule"] == "two-values"
    told = f"{column} says otherwise than line 2 of the same school year; write one for all its rows"
    assert (said.refused["p1"]["message"], said.refused["p1"]["event"]) == (told, "line 4")


def test_a_file_over_two_school_years_holds_a_grade_for_each(tmp_path: Path) -> None:
    text = "pupil,grade,date,lessons,kind\np1,7,2026-05-14,6,health\np1,8,2026-09-15,6,health\n"
    said = decide(tmp_path, text)
    assert said.code == 0
    assert list(said.decided) == ["p1"]


SHARE = ("--rules", "presets/share-of-12-weeks", "--calendar", "example-week-43/2026-27", "--on", "2026-12-11")
DAYS = ("02", "03", "04", "05", "06", "09", "10", "11", "12", "13")
TWELVE_WEEKS = "".join(f"p1,8,2026-11-{day},6,unauthorised\n" for day in DAYS)


def test_shares_answer_from_a_csv_by_a_column_or_by_the_option(tmp_path: Path) -> None:
    head = "pupil,grade,date,lessons,kind"
    without = decide(tmp_path, f"{head}\n{TWELVE_WEEKS}", options=SHARE)
    by_option = decide(tmp_path, f"{head}\n{TWELVE_WEEKS}", "--lessons-per-week", "30", options=SHARE)
    with_column = TWELVE_WEEKS.replace("unauthorised\n", "unauthorised,30\n")
    by_column = decide(tmp_path, f"{head},lessons_per_week\n{with_column}", options=SHARE)
    missing = {q["fact"] for q in without.decided["p1"]["questions"]} | {q["what"] for q in without.decided["p1"]["questions"]}
    assert missing, "without lessons per week a share is a question"
    for said in (by_option, by_column):
        assert said.code == 0
        assert said.decided["p1"]["open_steps"]
    assert by_option.decided["p1"]["open_steps"] == by_column.decided["p1"]["open_steps"]


def test_lessons_per_week_as_an_option_are_for_a_csv(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text('{"format":1,"pupil":"p1","events":[]}\n', encoding="utf-8")
    done = CliRunner().invoke(cli.app, ["decide", str(tmp_path / "r.jsonl"), *OPTIONS, "--lessons-per-week", "30"])
    assert (done.exit_code, "goes with a CSV" in done.output) == (2, True)
