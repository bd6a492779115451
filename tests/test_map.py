"""A look at an export shows its columns, codes and days, and nothing of anybody; a draft is not read before it is filled in.

Rules: people's data are made here and stand in every column, in headings and among codes; none of it may come out anywhere.
"""

from __future__ import annotations

import csv
import io
import json
import re
import time
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import sky_model as sky
from sky_model.cli import app
from sky_model.host.drafts import Draft, draft_mapping
from sky_model.host.intake import COLUMNS, read_mapping, read_marks

ROOT = Path(__file__).resolve().parents[1]
SHAPE = ROOT / "examples" / "finnish-shape" / "vienti.csv"


def all_that_comes_out(draft: Draft) -> str:
    return "\n".join([*draft.lines(), json.dumps(draft.to_json(), ensure_ascii=False), draft.mapping, repr(draft)])


# ---------------------------------------------------------------------- people's data, made here
FIRST = ("Aino", "Veeti", "Kim", "IDA", "Bengt-Åke", "elsa", "Émile", "Mª José", "Liv", "Tapio", "Eva", "LATE", "Øyvind")
LAST = ("Sairanen", "Virtanen", "Hansen", "Koulunen", "Vapaavuori", "Myöhänen", "Lindström", "of Ledige", "Poissanen", "Syyrakki")


@st.composite
def secrets(draw: st.DrawFn) -> tuple[str, list[str]]:
    """(what stands in a cell, the pieces of it that may come out nowhere)."""
    first, last = draw(st.sampled_from(FIRST)), draw(st.sampled_from(LAST))
    n = draw(st.integers(100, 899))
    form = draw(st.sampled_from(["name", "turned", "hetu", "phone", "mail", "street", "sentence", "birth", "oid"]))
    if form == "name":
        return f"{first} {last}", [last]
    if form == "turned":
        return f"{last}, {first}", [last]
    if form == "hetu":
        return f"1310{n % 90 + 10}{draw(st.sampled_from('-A'))}{n}T", [f"{n}T"]
    if form == "phone":
        return draw(st.sampled_from([f"+358 40 {n} 7{n}", f"040{n}7{n}", f"040-{n} 7{n}"])), [f"7{n}"]
    if form == "mail":
        return f"{last.lower().replace(' ', '')}.{n}@kotipesa.example", ["kotipesa", str(n)]
    if form == "street":
        return f"Haapakuja {n} B", ["Haapakuja"]
    if form == "sentence":
        return f"poissaolo, äiti {first} {last} soitti", [last, "soitti"]
    if form == "birth":
        return f"{n % 27 + 1}.{n % 11 + 1}.201{n % 9}", [f"{n % 27 + 1}.{n % 11 + 1}.201{n % 9}"]
    return f"1.2.246.562.24.{n}7{n}", [f"{n}7{n}"]


OTHERS = ("Nimi", "Sukunimi", "Huoltajan puhelin", "Hetu", "Osoite", "Sähköposti", "Syntymäaika", "Lisätieto", "Opettaja", "Tila")
THEIRS = (
    "Oppilas",
    "Oppilasnumero",
    "Pvm",
    "Tunnit",
    "Merkintä",
    "Luokka",
    "Koulu",
    "Elev",
    "Datum",
    "Student Id",
    "Reason",
    "x",
)


@st.composite
def exports(draw: st.DrawFn) -> tuple[str, list[str]]:
    headings = draw(st.lists(st.sampled_from((*OTHERS, *THEIRS, *COLUMNS)), min_size=2, max_size=7, unique=True))
    hidden: list[str] = []

    def secret() -> str:
        cell, pieces = draw(secrets())
        hidden.extend(pieces)
        return cell

    if draw(st.integers(0, 5)) == 0:
        headings[draw(st.integers(0, len(headings) - 1))] = secret()
    pool = [secret() for _ in range(draw(st.integers(1, 4)))]
    rows = []
    for i in range(draw(st.integers(1, 30))):
        row = [pool[(i + k) % len(pool)] for k in range(len(headings))]
        for k, h in enumerate(headings):
            if h in ("Pvm", "Datum", "date") and draw(st.booleans()):
                row[k] = f"{i % 28 + 1}.9.2026"
            if h in ("Merkintä", "Reason", "kind") and draw(st.booleans()):
                row[k] = draw(st.sampled_from(["Luvaton poissaolo", "Muu syy", "P", ""]))
        rows.append(row)
    out = io.StringIO()
    csv.writer(out, delimiter=draw(st.sampled_from(",;\t"))).writerows([headings, *rows])
    return out.getvalue(), hidden


@settings(max_examples=400, deadline=None)
@given(exports(), st.sampled_from(["utf-8", "utf-8-sig", "latin-1"]))
def test_nothing_of_anybody_comes_out_whatever_column_it_stands_in(export: tuple[str, list[str]], encoding: str) -> None:
    text, hidden = export
    try:
        out = all_that_comes_out(draft_mapping(text.encode(encoding, "replace"), file="x.csv"))
    except sky.RulesetError as e:
        out = str(e) + json.dumps([p.to_json() for p in e.problems])
    found = [x for x in hidden if re.search(rf"(?<![\w.]){re.escape(x)}(?![\w.])", out, re.IGNORECASE)]
    assert not found, out


@pytest.mark.parametrize("name", [f"{f} {n}" for f in FIRST for n in LAST])
def test_a_name_among_the_codes_is_told_by_its_line_only(name: str) -> None:
    rows = ["Oppilas;Pvm;Merkintä", *["k-1;1.9.2026;Luvaton poissaolo"] * 20, f"k-2;2.9.2026;{name}"]
    draft = draft_mapping("\n".join(rows).encode())
    assert draft.codes == {"Luvaton poissaolo": 20}
    assert [(m.marks, m.line) for m in draft.masked] == [(1, 22)]
    assert name.split()[-1] not in all_that_comes_out(draft)


def test_a_short_code_that_is_a_pupils_name_in_another_column_is_not_shown() -> None:
    rows = ["Nimi;Oppilas;Pvm;Merkintä", "Bo Ek;k-1;1.9.2026;P", "Bo Ek;k-1;2.9.2026;EK"]
    draft = draft_mapping("\n".join(rows).encode())
    assert set(draft.codes) == {"P"}
    assert draft.masked[0].why == "it stands in a column of names too"


def test_days_of_birth_are_not_taken_for_days_of_absence() -> None:
    rows = ["Oppilas;Päivä;Merkintä", *(f"k-{n};{n % 28 + 1}.{n % 12 + 1}.{2010 + n % 7};Muu syy" for n in range(60))]
    draft = draft_mapping("\n".join(rows).encode())
    assert "date" not in draft.columns
    assert draft.first is None
    assert (2, "Päivä", "looks like days of birth, by what stands in it") in draft.left_out


def test_what_is_left_out_is_said_with_its_reason() -> None:
    head = "Oppilas;Sukunimi;Hetu;Puhelin;Sähköposti;Kotiosoite;Syntymäaika;Opettaja;Pvm;Merkintä"
    draft = draft_mapping(f"{head}\nk-1;a;b;c;d;e;f;g;1.9.2026;Muu syy\n".encode())
    said = "\n".join(draft.lines())
    for heading, why in [
        ("Sukunimi", "names"), ("Hetu", "identity codes"), ("Puhelin", "phone numbers"), ("Sähköposti", "e-mail addresses"),
        ("Kotiosoite", "addresses"), ("Syntymäaika", "days of birth"), ("Opettaja", "names"),
    ]:  # fmt: skip
        assert f"'{heading}': looks like {why}, by its heading" in said
        assert f"#   '{heading}'" in draft.mapping
    assert list(draft.columns) == ["pupil", "date", "kind"]


def test_pupils_by_name_are_never_taken_as_pupils() -> None:
    rows = ["Oppilas;Pvm;Merkintä", "Aino Virtanen;1.9.2026;Muu syy", "veeti;2.9.2026;Muu syy", "Li Bo;3.9.2026;Muu syy"]
    draft = draft_mapping("\n".join(rows).encode())
    assert "pupil" not in draft.columns
    assert any("pseudonym" in s for s in draft.says)
    assert "pupil: fill-in" in draft.mapping


# ---------------------------------------------------------------------- what is shown
TABLE = "Oppilas;Pvm;Tunnit;Merkintä\nk-1;1.9.2026;6;Luvaton poissaolo\nk-1;2.9.2026;2,5;Muu syy\nk-2;4.9.2026;6;Muu syy\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_separator_encoding_and_line_ends_are_found(encoding: str, separator: str, end: str) -> None:
    text = TABLE.replace("2,5", "2.5").replace(";", separator).replace("\n", end)
    draft = draft_mapping(text.encode(encoding))
    assert draft.separator == separator
    assert draft.columns == {"pupil": "Oppilas", "date": "Pvm", "lessons": "Tunnit", "kind": "Merkintä"}
    assert draft.codes == {"Luvaton poissaolo": 1, "Muu syy": 2}
    assert (draft.first, draft.last, draft.rows) == (date(2026, 9, 1), date(2026, 9, 4), 3)
    assert draft.unmarked == [(date(2026, 9, 3), date(2026, 9, 3))]


def test_a_quoted_line_break_is_no_new_row_and_lines_are_counted_as_an_editor_counts_them() -> None:
    text = 'Oppilas;Pvm;Merkintä;Lisätieto\nk-1;1.9.2026;Muu syy;"soitti\nkahdesti"\nk-2;2.9.2026;Salasana;\n'
    draft = draft_mapping(text.encode())
    assert draft.rows == 2
    assert [m.line for m in draft.masked] == [4]


def test_days_without_marks_over_a_weekend_are_one_stretch() -> None:
    rows = ["pupil,date,kind", "k-1,2026-09-02,health", "k-1,2026-09-09,health"]
    assert draft_mapping("\n".join(rows).encode()).unmarked == [(date(2026, 9, 3), date(2026, 9, 8))]


def test_a_file_with_headings_only_is_drafted_and_says_so() -> None:
    draft = draft_mapping(b"Oppilas;Pvm;Tunnit;Luokka\n")
    assert "the file has no rows" in draft.says
    assert "codes: []" in draft.mapping


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\r\n\r\n", "empty"),
        (b";;;\n;;\n", "empty"),
        (b"PK\x03\x04abc", "not-csv"),
        ("Oppilas;Pvm\nk-1;1.9.2026".encode("utf-16"), "not-csv"),
        (b"Oppilas;Pvm\nk-1;\0", "not-csv"),
        (b'Oppilas;Pvm\n"' + b"x" * 200_000, "not-csv"),
        (b"k-1;1.9.2026;6;Luvaton poissaolo\n", "no-header"),
        (b"sep=;\nOppilas;Pvm\n", "no-header"),
        (b"Aino Virtanen;Haapakuja\nElsa Hansen;Kotitie\n", "no-header"),
        (b"Oppilas\nk-1\n", "no-header"),
        (b"Oppilas;040 123 4567;Muu syy\n", "no-header"),
    ],
)
def test_what_is_no_table_with_headings_is_refused_without_a_word_of_it(data: bytes, code: str) -> None:
    with pytest.raises(sky.RulesetError) as e:
        draft_mapping(data, file="x.csv")
    (problem,) = e.value.problems
    assert problem.code == code
    assert problem.hint
    assert not re.search("k-1|Virtanen|Haapakuja|Elsa|xxx|040", str(e.value))


def test_two_hundred_thousand_rows_are_looked_at_in_ten_times_the_work_of_twenty_thousand() -> None:
    head = "Oppilasnumero;Sukunimi;Puhelin;Luokka;Pvm;Tunnit;Merkintä;Lisätieto\n"
    codes = ["Luvaton poissaolo", "Muu syy", "P", "Oma sana"]

    def looked_at(many: int) -> float:
        rows = (f"{n % 9999};Suku{n % 97};0401234567;8;{n % 28 + 1}.9.2026;6;{codes[n % 4]};teksti {n}\n" for n in range(many))
        data = (head + "".join(rows)).encode()
        begin = time.process_time()
        draft = draft_mapping(data)
        spent = time.process_time() - begin
        assert (draft.rows, draft.codes["P"]) == (many, many // 4)
        return spent

    assert looked_at(200_000) < 30 * min(looked_at(20_000) for _ in range(3))  # by the square it would be a hundred times


# ---------------------------------------------------------------------- classes in the column of grades
CLASSES = "Oppilas;Luokka;Pvm;Merkintä\n"
CLASSES += "k-1;7B;1.9.2026;P\nk-2;7 b;2.9.2026;P\nk-3;1-2;3.9.2026;P\nk-4;10a;3.9.2026;P\nk-5;5;3.9.2026;P\n"


def test_a_column_of_classes_is_drafted_with_the_grade_of_each_and_says_that_it_is_guessed() -> None:
    draft = draft_mapping(CLASSES.encode())
    assert draft.columns["grade"] == "Luokka"
    assert draft.classes == {"7B": 1, "7 b": 1, "1-2": 1, "10a": 1}
    assert (
        "# The column of grades holds classes. Each grade is guessed from the number that the class begins with: look at it.\n"
        "classes:\n"
        '  - {class: "10a", grade: fill-in}   # 1 row\n'
        '  - {class: "7 b", grade: 7}   # 1 row\n'
        '  - {class: "7B", grade: 7}   # 1 row\n'
        '#   "1-2" is a class of several grades: give each pupil\'s own grade in a column\n'
    ) in draft.mapping
    assert any("a class of several grades, which is no grade" in s for s in draft.says)
    assert {"class": "7B", "rows": 1} in draft.to_json()["classes"]


def test_a_draft_with_classes_filled_in_decides_about_all_but_those_of_several_grades(tmp_path: Path) -> None:
    path = tmp_path / "mapping.yaml"
    text = draft_mapping(CLASSES.encode()).mapping.replace('class: "10a", grade: fill-in', 'class: "10a", grade: 9')
    path.write_text(fill_in(text, [], ["health"]), encoding="utf-8")
    intake = read_marks(CLASSES.encode(), mapping=read_mapping(path), known_kinds={"health"})
    assert {c.pupil: c.events[0].grade for c in intake.cases} == {"k-1": 7, "k-2": 7, "k-4": 9, "k-5": 5}
    assert [(r.pupil, r.error.rule) for r in intake.refused] == [("k-3", "several-grades")]


def test_a_class_that_may_be_a_name_is_counted_and_not_shown() -> None:
    rows = CLASSES + "k-6;Ainon luokka;4.9.2026;P\n" + "".join(f"k-{n};8;4.9.2026;P\n" for n in range(7, 30))
    draft = draft_mapping(rows.encode())
    assert "Aino" not in all_that_comes_out(draft)
    assert any(s.startswith("1 row whose grade is neither a grade nor a class that is shown here") for s in draft.says)


# ---------------------------------------------------------------------- the draft, and what becomes of it
def run(*args: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(args))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        return 4, str(done.exception)  # `main` turns it into exit code 4
    return done.exit_code, done.output


def test_a_draft_that_is_not_filled_in_is_refused_and_the_error_names_the_codes(tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.yaml"
    code, said = run("map", str(SHAPE), "--out", str(mapping))
    assert code == 0, said
    with pytest.raises(sky.RulesetError) as e:
        read_mapping(mapping)
    assert {p.code for p in e.value.problems} == {"not-filled-in"}
    assert len(e.value.problems) == 8
    for name in ("Terveydellinen poissaolo", "Luvaton poissaolo", "TET"):
        assert f"what the code '{name}' means is not filled in" in str(e.value)
    at = ["--calendar", "example-week-43/2026-27", "--on", "2026-09-22"]
    code, said = run("decide", str(SHAPE), "--mapping", str(mapping), *at)
    assert code == 4
    assert "not filled in" in said


@pytest.mark.parametrize("left", ["pupil: fill-in", "date_form: fill-in", "name: fill-in"])
def test_columns_and_forms_that_are_not_filled_in_are_refused_too(left: str, tmp_path: Path) -> None:
    data = {"format": "1", "name": "x", "columns": {"pupil": "Oppilas", "date": "Pvm"}, "date_form": "iso", "codes": []}
    key, value = left.split(": ")
    (data["columns"] if key == "pupil" else data)[key] = value  # type: ignore[index]
    path = tmp_path / "mapping.yaml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    with pytest.raises(sky.RulesetError) as e:
        read_mapping(path)
    assert [p.code for p in e.value.problems] == ["not-filled-in"]


def fill_in(text: str, codes: list[str], kinds: list[str]) -> str:
    """As a person would: each kind, and for what was not shown also the code."""
    for code in codes:
        text = text.replace("code: fill-in", f"code: {json.dumps(code)}", 1)
    for n in range(text.count("kind: fill-in")):
        text = text.replace("kind: fill-in", f"kind: {kinds[n % len(kinds)]}", 1)
    return text


@settings(max_examples=60, deadline=None)
@given(
    codes=st.lists(
        st.sampled_from(["Luvaton poissaolo", "Muu syy", "Vapaa (anottu)", "P", "", "Oma: #sana", 'on "hän"', "no", "Ö", "{x}"]),
        min_size=1,
        max_size=8,
    ),
    separator=st.sampled_from(",;\t"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "latin-1"]),
)
def test_a_draft_filled_in_by_machine_is_read_and_maps_every_mark(codes: list[str], separator: str, encoding: str) -> None:
    out = io.StringIO()
    rows = [[f"k-{n}", f"{n % 28 + 1}.9.2026", "6", code] for n, code in enumerate(codes)]
    csv.writer(out, delimiter=separator).writerows([["Oppilas", "Pvm", "Tunnit", "Merkintä"], *rows])
    data = out.getvalue().encode(encoding)
    draft = draft_mapping(data)
    hidden = list(dict.fromkeys(c for c in codes if c not in draft.codes))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "mapping.yaml"
        path.write_text(fill_in(draft.mapping, hidden, ["health", "unauthorised"]), encoding="utf-8")
        mapping = read_mapping(path)
    intake = read_marks(data, mapping=mapping, known_kinds={"health", "unauthorised"})
    assert not intake.refused
    assert not intake.unmapped
    assert len(intake.cases) == len(codes)


def test_the_example_filled_in_decides_about_its_pupils(tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.yaml"
    assert run("map", str(SHAPE), "--out", str(mapping))[0] == 0
    mapping.write_text(fill_in(mapping.read_text(encoding="utf-8"), [], ["health"]), encoding="utf-8")
    at = ["--calendar", "example-week-43/2026-27", "--on", "2026-09-22"]
    code, said = run("decide", str(SHAPE), "--mapping", str(mapping), *at)
    assert code == 0, said
    assert "0 not decided" in said


def test_a_mapping_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text("mine", encoding="utf-8")
    code, said = run("map", str(SHAPE), "--out", str(mapping))
    assert code == 2
    assert "is there already" in said
    assert mapping.read_text(encoding="utf-8") == "mine"


def test_the_kinds_stand_in_the_draft_in_the_language_that_was_asked_for() -> None:
    said = {x: json.loads(run("map", str(SHAPE), "--language", x, "--json")[1])["mapping"] for x in ("fi", "sv", "en")}
    names = {"fi": "Luvaton poissaolo", "sv": "Olovlig frånvaro", "en": "Unauthorised absence"}
    for language, name in names.items():
        assert [x for x in names if f"#   unauthorised: {name}\n" in said[x]] == [language]


def test_json_says_what_the_text_says() -> None:
    code, said = run("map", str(SHAPE), "--json")
    found = json.loads(said)
    assert code == 0
    assert found["format"] == 1
    assert {c["code"]: c["marks"] for c in found["codes"]}["Luvaton poissaolo"] == 6
    assert (found["first"], found["last"]) == ("2026-09-01", "2026-09-22")
    assert {"column": 2, "heading": "Nimi", "why": "looks like names, by its heading"} in found["left_out"]


def test_deciding_shows_no_heading_and_no_code_that_may_be_about_a_person(tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_text(
        "Oppilas;Päivä;Tunnit;Poissaolokoodi;Korhonen Matti yhteys\n"
        "1001;14.9.2026;6;Virtanen Aino;0407654321\n1001;15.9.2026;6;0407654321;x\n1001;16.9.2026;6;Luvaton poissaolo;x\n",
        encoding="utf-8",
    )
    (tmp_path / "mapping.yaml").write_text(
        "format: 1\nname: ours\ncolumns: {pupil: Oppilas, date: Päivä, lessons: Tunnit, kind: Poissaolokoodi}\n"
        "date_form: d.m.yyyy\ncodes: []\n",
        encoding="utf-8",
    )
    asked = ["--mapping", str(tmp_path / "mapping.yaml"), "--calendar", "example-week-43/2026-27", "--on", "2026-09-18"]
    said = CliRunner().invoke(app, ["decide", str(tmp_path / "export.csv"), *asked]).output
    assert "Virtanen" not in said
    assert "0407654321" not in said
    assert "Korhonen" not in said
    assert '- {code: "Luvaton poissaolo", kind: …}   # 1 mark' in said
    assert "2 marks whose code is not shown: it may be about a person" in said
    assert "1 column whose heading is not shown: it may be about a person" in said


def test_a_column_that_a_mapping_names_and_the_file_lacks_is_an_error_and_no_silence(tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_text("Oppilas;Päivä;Tunnit;Koodi\n1001;14.9.2026;6;Sairaus\n", encoding="utf-8")
    (tmp_path / "mapping.yaml").write_text(
        "format: 1\nname: ours\ncolumns: {pupil: Oppilas, date: Päivä, lessons: Tuntimaara, kind: Koodi}\ndate_form: d.m.yyyy\n"
        "codes: [{code: Sairaus, kind: health}]\n",
        encoding="utf-8",
    )
    asked = ["--mapping", str(tmp_path / "mapping.yaml"), "--calendar", "example-week-43/2026-27", "--on", "2026-09-18"]
    done = CliRunner().invoke(app, ["decide", str(tmp_path / "export.csv"), *asked])
    assert isinstance(done.exception, sky.RulesetError)
    assert "there is no column 'Tuntimaara' [no-column]" in str(done.exception)
    assert "correct it under columns: in the mapping, or take its line out there" in str(done.exception)
