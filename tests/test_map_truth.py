"""A mapping that was drafted gives the truth of its export or does not load: never another number, whatever the columns are.

Rules: the exports are made (`made_exports.py`), no system's own; who answers knows what an export means and is asked only what
the draft asks; each promise is shown on the file that once broke it, and on thousands of others.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from made_exports import FAMILY, KINDS, NAMES, Secretary, make_export, outcome

import sky_model as sky
from sky_model.cli import app
from sky_model.events import Mark
from sky_model.host.drafts import Draft, draft_mapping
from sky_model.host.intake import FILL_IN, read_mapping
from sky_model.host.kinds import propose
from sky_model.host.marks import read_marks

ROOT = Path(__file__).resolve().parents[1]
SEED = int(os.environ.get("MAP_SEED", "0"))  # another one tries other exports


def outcomes(seeds: range) -> Counter[str]:
    found: dict[int, str] = {}
    for seed in seeds:
        found[seed] = outcome(make_export(seed))[0]
    counted = Counter(found.values())
    print(f"seeds {seeds.start} to {seeds.stop - 1}: {dict(counted)}")
    wrong = [seed for seed, said in found.items() if said == "wrong"]
    assert not wrong, f"another number than the truth, by the exports of these seeds: {wrong}"
    return counted


def test_no_mapping_that_loads_gives_another_number_than_the_truth() -> None:
    counted = outcomes(range(SEED, SEED + 40))
    assert counted["exact"] > 10
    assert counted["asks"] > 5


@pytest.mark.long
def test_of_thousands_of_made_exports_none_is_read_wrong_and_nearly_every_readable_one_is_read() -> None:
    seeds = range(SEED + 10_000, SEED + 13_000)
    counted = outcomes(seeds)
    readable = sum(x.is_readable and x.both_count for x in map(make_export, seeds))
    assert counted["exact"] + counted["told"] > 0.9 * readable


# ---------------------------------------------------------------------- the lesson's place beside its length
def slots_and_hours(*, headings: str = "Oppilas;Pvm;Oppitunti;Tunnit;Merkintä") -> bytes:
    """40 pupils with 24 rows: by the hours 32 of them have 50 or more, by the sum of the places of the lessons 18."""
    days = [d for d in (date(2026, 8, 12) + timedelta(days=n) for n in range(40)) if d.weekday() < 5][:24]
    rows = [headings]
    for pupil in range(40):
        for i, on in enumerate(days):
            place = (2, 3)[i % 2] if pupil < 18 else (1, 2)[i % 2] if i else 4
            hours = ("1,0", "4,0")[i % 2] if pupil < 32 else ("1,0", "2,0")[i % 2]
            hours = "6,0" if i == 0 and pupil < 32 else hours
            rows.append(f"k-{pupil:02};{on.day}.{on.month}.{on.year};{place};{hours};Luvaton poissaolo")
    return "\n".join(rows).encode()


def reaching(data: bytes, mapping: str, folder: Path, limit: int = 50) -> int:
    path = folder / "mapping.yaml"
    path.write_text(mapping, encoding="utf-8")
    cases = read_marks(data, mapping=read_mapping(path), known_kinds=set(KINDS)).cases
    sums = [sum((m.lessons or Decimal(0) for m in c.events if isinstance(m, Mark)), Decimal(0)) for c in cases]
    return sum(x >= limit for x in sums)


def test_of_a_place_of_the_lesson_and_hours_the_hours_are_taken_and_what_they_are_is_asked(tmp_path: Path) -> None:
    data = slots_and_hours()
    draft = draft_mapping(data, kinds=NAMES, limits=(30, 50))
    assert draft.columns["lessons"] == "Tunnit"
    assert [q.about for q in draft.questions] == ["length"]
    answered = draft_mapping(data, kinds=NAMES, answers={"length": "lessons"}, accepted={"Luvaton poissaolo": "unauthorised"})
    assert reaching(data, answered.mapping, tmp_path) == 32


@pytest.mark.parametrize("pair", ["Tunnit;Määrä", "Oppitunnit;Tunnit", "Nro;Tunnit", "Lessons;Hours", "Timmar;Antal"])
def test_two_columns_that_may_both_be_the_length_are_asked_about_with_what_each_would_come_to(pair: str) -> None:
    draft = draft_mapping(slots_and_hours(headings=f"Oppilas;Pvm;{pair};Merkintä"), limits=(30, 50))
    assert "lessons" not in draft.columns
    assert "minutes" not in draft.columns
    question = next(q for q in draft.questions if q.about == "lessons")
    said = {o.value: o.text for o in question.options}
    assert "numbers 1–4" in said["3"]
    assert "18 pupils would have 50 or more" in said["3"]
    assert "32 pupils would have 50 or more" in said["4"]
    assert "  lessons: fill-in   # Which column says how long the pupil was absent?" in draft.mapping


def test_the_first_guess_by_order_is_no_answer_the_columns_may_stand_in_any_order() -> None:
    there = draft_mapping(slots_and_hours())
    turned = [";".join(reversed(line.split(";"))) for line in slots_and_hours().decode().splitlines()]
    back = draft_mapping("\n".join(turned).encode())
    assert back.columns == there.columns


# ---------------------------------------------------------------------- each doubt is a gap that does not load
BASE = "Oppilasnumero;Pvm;Oppitunnit;Merkintä"


def export(headings: str, cells: str, n: int = 24) -> bytes:
    """Rows of eight pupils on school days; in `cells` {p} is the pupil, {d} a day, {e} a later one, {i} the row, {s} a place."""
    days = [d for d in (date(2026, 8, 17) + timedelta(days=k) for k in range(60)) if d.weekday() < 5]
    rows = [headings]
    for i in range(n):
        d, e = days[i // 8], days[i // 8 + 2]
        told = {
            "p": 101 + i % 8,
            "d": f"{d.day}.{d.month}.{d.year}",
            "e": f"{e.day}.{e.month}.{e.year}",
            "i": 5001 + i,
            "s": i % 4 + 1,
            "g": 8 if i == 20 else 7,
            "k": "Mäen koulu" if i == 8 else "Rantakoulu",
        }
        rows.append(cells.format(**told, us=f"{d.month}.{d.day}.{d.year}", v=("1,5", "2,0")[(i + i // 8) % 2], run=i // 8 + 1))
    return "\n".join(rows).encode()


DOUBTS = [
    ("date", f"{BASE};Käsittelypvm", "{p};{d};{v};Loma;{e}", "two columns of days"),
    ("date", "Oppilasnumero;Alkaa;Päättyy;Oppitunnit;Merkintä", "{p};{d};{e};{v};Loma", "a row is a stretch of days"),
    ("date", "Oppilasnumero;Kirjattu;Oppitunnit;Merkintä", "{p};{d};{v};Loma", "only a day of recording"),
    ("date", f"{BASE};Kirjattu", "{p};{e};{v};Loma;{d}", "recorded before it happened"),
    ("date_form", BASE, "{p};{us};{v};Loma", "the month first"),
    ("pupil", "Oppilasnumero;Pvm;Oppitunnit;Merkintä;Elevnummer", "{p};{d};{v};Loma;{s}", "two numbers of a pupil"),
    ("pupil", BASE, "{i};{d};{v};Loma", "a number of the row"),
    ("pupil", f"{BASE};Henkilötunnus", "{s};{d};{v};Loma;13101{p}", "one id for several persons"),
    ("pupil", f"{BASE};Luokka", "{p};{d};{v};Loma;{run}", "one number in several classes"),
    ("pupil", f"{BASE};Koulu", "{p};{d};{v};Loma;{k}", "one number in two schools in turns"),
    ("kind", f"{BASE};Syy", "{p};{d};{v};Loma;sairaus", "two columns of codes"),
    ("lessons", f"{BASE};Kesto", "{p};{d};{v};Loma;{s}", "two lengths"),
    ("lessons", f"{BASE};xyz", "{p};{d};{v};Loma;{s}", "numbers under a heading that nobody knows"),
    ("lessons", "Oppilasnumero;Pvm;Yhteensä;Merkintä", "{p};{d};{run};Loma", "a running total"),
    ("lessons", BASE, "{p};{d};{s};Loma", "numbers that may be the place of a lesson"),
    ("length", "Oppilasnumero;Pvm;Tunnit;Merkintä", "{p};{d};{v};Loma", "lessons, or hours of the clock"),
    ("length", "Oppilasnumero;Pvm;Merkintä", "{p};{d};Loma", "no length at all"),
    ("leave_out-5", f"{BASE};Tila", "{p};{d};{v};Loma;peruttu", "rows that were taken back"),
    ("leave_out-5", f"{BASE};Voimassa", "{p};{d};{v};Loma;ei", "rows that do not hold"),
    ("pupil", f"{BASE};Luokka", "{p};{d};{v};Loma;{g}", "one pupil in two grades"),
    ("grade", f"{BASE};Luokka;Luokka-aste", "{p};{d};{v};Loma;8;7", "two columns of grades that do not agree"),
]


@pytest.mark.parametrize(("about", "headings", "cells", "what"), DOUBTS, ids=[d[3].replace(" ", "-") for d in DOUBTS])
def test_a_doubt_is_a_gap_and_the_mapping_says_what_to_fill_in(
    about: str, headings: str, cells: str, what: str, tmp_path: Path
) -> None:
    draft = draft_mapping(export(headings, cells), kinds=NAMES, accepted={"Loma": "leave-granted", "sairaus": "health"})
    assert about in [q.about for q in draft.questions], what
    path = tmp_path / "mapping.yaml"
    path.write_text(draft.mapping, encoding="utf-8")
    with pytest.raises(sky.RulesetError) as e:
        read_mapping(path)
    assert {p.code for p in e.value.problems} == {"not-filled-in"}
    assert all(p.hint and p.place.line for p in e.value.problems)
    assert about.split("-")[0] in str(e.value)


def test_what_nothing_speaks_against_is_drafted_without_a_question() -> None:
    draft = draft_mapping(export(BASE, "{p};{d};{v};Loma"), kinds=NAMES, accepted={"Loma": "leave-granted"})
    assert not draft.questions
    assert FILL_IN not in re.sub(r"#.*", "", draft.mapping)


def test_two_rows_about_one_lesson_do_not_count_both_unless_a_person_says_so(tmp_path: Path) -> None:
    data = export(f"{BASE};Tuntinumero", "{p};{d};{v};Loma;2") + b"\n101;17.8.2026;1,5;Loma;2"
    draft = draft_mapping(data, kinds=NAMES, accepted={"Loma": "leave-granted"})
    assert [q.about for q in draft.questions] == ["doubled_rows"]
    answered = draft_mapping(data, kinds=NAMES, accepted={"Loma": "leave-granted"}, answers={"doubled_rows": "both_count"})
    assert not answered.questions
    assert "doubled_rows: both_count" in answered.mapping


# ---------------------------------------------------------------------- what the reader makes of a length
def mapped(tmp_path: Path, columns: str, rest: str) -> Path:
    path = tmp_path / "mapping.yaml"
    path.write_text(
        f"format: 1\nname: x\ncolumns: {{pupil: P, date: D, kind: K{columns}}}\n{rest}codes: [{{code: s, kind: health}}]\n"
    )
    return path


@pytest.mark.parametrize(
    ("length", "columns", "expected"),
    [
        ("lessons", ", lessons: L", (Decimal("1.5"), None)),
        ("hours", ", lessons: L", (None, Decimal(90))),
        ("minutes", ", lessons: L", (None, Decimal("1.5"))),
        ("one_lesson", "", (Decimal(1), None)),
        ("unknown", "", (None, None)),
    ],
)
def test_a_mapping_says_what_its_column_of_lengths_holds(
    length: str, columns: str, expected: tuple[Decimal | None, Decimal | None], tmp_path: Path
) -> None:
    mapping = read_mapping(mapped(tmp_path, columns, f"length: {length}\n"))
    (case,) = read_marks(b"P;D;K;L\nk-1;2026-09-01;s;1,5\n", mapping=mapping).cases
    (mark,) = [e for e in case.events if isinstance(e, Mark)]
    assert (mark.lessons, mark.minutes) == expected


@pytest.mark.parametrize(
    ("length", "columns"),
    [("hours", ""), ("lessons", ", minutes: L"), ("one_lesson", ", lessons: L"), ("unknown", ", minutes: L")],
)
def test_a_length_that_does_not_go_with_the_columns_is_a_fault_with_its_place(length: str, columns: str, tmp_path: Path) -> None:
    with pytest.raises(sky.RulesetError) as e:
        read_mapping(mapped(tmp_path, columns, f"length: {length}\n"))
    (problem,) = e.value.problems
    assert (problem.code, problem.place.line) == ("length", 4)
    assert problem.hint


# ---------------------------------------------------------------------- kinds by words
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("Sairaus", "health"), ("Terveydellisiin syihin liittyvä poissaolo", "health"), ("Sjukfrånvaro", "health"),
        ("Sick", "health"),
        ("Luvaton poissaolo", "unauthorised"), ("Ogiltig frånvaro", "unauthorised"), ("Unexcused absence", "unauthorised"),
        ("Ennalta anottu vapaa", "leave-granted"), ("Ledighet", "leave-granted"), ("Selvittämätön", "unexplained"),
        ("Outredd frånvaro", "unexplained"), ("Muu selvitetty poissaolo", "other-explained"), ("Läsnä", "leave_out"),
        ("Luvaton poissaolo (selvitetty)", None), ("Ei selvitetty", None), ("Not excused", None), ("P", None), ("", None),
        ("Sairaanhoitoa vailla oleva luvaton", None), ("Poissaolo", None),
    ],
)  # fmt: skip
def test_a_kind_is_proposed_from_words_that_mean_one_kind_only(code: str, kind: str | None) -> None:
    assert propose(code, {k: frozenset(v.values()) for k, v in NAMES.items()}).kind == kind


def test_every_code_has_its_count_and_why_also_one_that_is_not_shown_and_none_is_accepted_by_itself() -> None:
    codes = ["Sairaus"] * 5 + ["Luvaton poissaolo"] * 3 + ["Virtasen Aino, sairaana"] * 2 + ["P"]
    rows = [f"{101 + i % 4};{1 + i}.9.2026;2,5;{code}" for i, code in enumerate(codes)]
    draft = draft_mapping("\n".join([BASE, *rows]).encode(), kinds=NAMES)
    said = draft.to_json()
    assert [(c["code"], c["marks"], c["proposed"]) for c in said["codes"]] == [
        ("Sairaus", 5, "health"), ("Luvaton poissaolo", 3, "unauthorised"), ("P", 1, None),
    ]  # fmt: skip
    assert [(m["marks"], m["proposed"], m["because"]) for m in said["not_shown"]] == [
        (2, "health", "proposed health: the word sairaan…")
    ]
    assert draft.mapping.count("kind: fill-in") == 4
    assert "Virtasen" not in "\n".join([*draft.lines(), json.dumps(said, ensure_ascii=False)])


# ---------------------------------------------------------------------- people's data
@pytest.mark.parametrize("seed", range(12))
def test_no_name_and_no_identity_code_of_a_made_export_comes_out_in_any_language(seed: int) -> None:
    made = make_export(seed)
    for language in ("fi", "sv", "en"):
        try:
            draft: Draft = draft_mapping(made.data, kinds=NAMES, language=language, limits=(30, 50))
        except sky.RulesetError as e:
            said = str(e)
        else:
            said = "\n".join([*draft.lines(), draft.mapping, json.dumps(draft.to_json(), ensure_ascii=False)])
            said += Secretary(made).finish().mapping
        assert not [name for name in FAMILY if re.search(rf"\b{name}\b", said)]
        assert "13101" not in said


# ---------------------------------------------------------------------- on a terminal
ANSWERS = {  # to what is asked of the file with slots and hours: lessons; the kind as proposed; yes
    "fi": (
        "1\n\nkyllä\n",
        "Mitä sarakkeen 'Tunnit' luvut ovat?",
        "oppilaita, joilla on vähintään 50 oppituntia koko tiedostossa: 32",
        "Onko näin?",
    ),
    "sv": (
        "1\n\nja\n",
        "Vad är talen i kolumnen 'Tunnit'?",
        "elever som har minst 50 lektioner i hela filen: 32",
        "Stämmer det?",
    ),
    "en": ("1\n\nyes\n", "What are the numbers of 'Tunnit'?", "pupils who reach 50 lessons in the whole file: 32", "Is that so?"),
}


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_a_secretary_is_asked_accepts_the_kinds_and_checks_the_numbers(language: str, tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_bytes(slots_and_hours())
    typed, asked, reach, so = ANSWERS[language]
    out = tmp_path / "mapping.yaml"
    done = CliRunner().invoke(
        app, ["map", str(tmp_path / "export.csv"), "--ask", "--language", language, "--out", str(out)], input=typed
    )
    assert done.exit_code == 0, done.output
    for text in (asked, reach, so, "k-39"):
        assert text in done.output
    assert reaching(slots_and_hours(), out.read_text(encoding="utf-8"), tmp_path) == 32


@pytest.mark.parametrize(("typed", "is_written"), [("1\n\nno\n", False), ("4\n\n", True), ("1\n-\n", True)])
def test_a_no_writes_nothing_and_what_is_left_open_stays_a_gap(typed: str, is_written: bool, tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_bytes(slots_and_hours())
    out = tmp_path / "mapping.yaml"
    done = CliRunner().invoke(app, ["map", str(tmp_path / "export.csv"), "--ask", "--out", str(out)], input=typed)
    assert out.exists() is is_written, done.output
    if is_written:
        with pytest.raises(sky.RulesetError):
            read_mapping(out)


def test_a_mapping_filled_in_by_hand_is_checked_with_the_same_numbers(tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_bytes(slots_and_hours())
    (tmp_path / "mapping.yaml").write_text(
        "format: 1\nname: x\ncolumns: {pupil: Oppilas, date: Pvm, lessons: Oppitunti, kind: Merkintä}\ndate_form: d.m.yyyy\n"
        "length: lessons\ncodes: [{code: Luvaton poissaolo, kind: unauthorised}]\n",
        encoding="utf-8",
    )
    asked = ["map", str(tmp_path / "export.csv"), "--check", str(tmp_path / "mapping.yaml")]
    assert "pupils who reach 50 lessons in the whole file: 18" in CliRunner().invoke(app, asked).output
    said = json.loads(CliRunner().invoke(app, [*asked, "--json"]).output)
    assert (said["rows"], said["read"] + said["left_out"] + said["refused"]) == (960, 960)
    assert {"limit": 50, "pupils": 18} in said["reach"]


def test_a_pupil_that_may_be_named_is_shown_by_a_line_in_the_summary(tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_bytes(slots_and_hours().replace(b"k-39", b"Virtanen-Aino-1"))
    (tmp_path / "mapping.yaml").write_text(
        "format: 1\nname: x\ncolumns: {pupil: Oppilas, date: Pvm, lessons: Tunnit, kind: Merkintä}\ndate_form: d.m.yyyy\n"
        "length: lessons\ncodes: [{code: Luvaton poissaolo, kind: unauthorised}]\n",
        encoding="utf-8",
    )
    said = CliRunner().invoke(app, ["map", str(tmp_path / "export.csv"), "--check", str(tmp_path / "mapping.yaml")]).output
    assert "Virtanen" not in said


# ---------------------------------------------------------------------- the texts
def test_every_text_of_sky_map_stands_in_three_languages_with_the_same_blanks() -> None:
    texts = yaml.safe_load((ROOT / "src" / "sky_model" / "texts" / "mapping.yaml").read_text(encoding="utf-8"))
    for key, text in texts.items():
        assert set(text) == {"fi", "sv", "en"}, key
        blanks = {language: set(re.findall(r"{(\w+)}", said)) for language, said in text.items()}
        if key != "next-check":
            assert blanks["fi"] == blanks["sv"] == blanks["en"], key
