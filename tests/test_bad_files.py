"""Files that somebody wrote wrongly: rulesets, layers, calendars, schools, mappings, golden cases; each fault at its place.

Rules: `bad_files/KIND.yaml` holds what is wrong and the whole message; where the fault stands is marked in the bad file itself,
so that place and message are said independently of each other. What a figure counts is asserted word by word beside it.
"""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from test_bad_rulesets import anyhow

import sky_model as sky
from sky_model.calendars import _read_year, load_calendar
from sky_model.checks.cases import checked_cases
from sky_model.errors import Problem
from sky_model.host.intake import read_mapping
from sky_model.host.schools import read_schools

HERE = Path(__file__).resolve().parent / "bad_files"
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
KINDS = {  # where the file of each kind lies in the folder of a town
    "ruleset": "tiny/ruleset.yaml",
    "layer": "our-town/ruleset.yaml",
    "calendar": "calendar.yaml",
    "schools": "schools.yaml",
    "mapping": "mapping.yaml",
    "cases": "tiny/cases/cases.yaml",
}
BASES = {kind: (HERE / "bases" / f"{kind}.yaml").read_text(encoding="utf-8") for kind in KINDS}
BAD: dict[str, list[dict[str, Any]]] = {
    kind: yaml.load((HERE / f"{kind}.yaml").read_text(encoding="utf-8"), Loader=LOADER) for kind in KINDS
}
MARK = "▶"
TOLD = re.compile(r"(?P<file>[^\n]+?):(?P<line>\d+):(?P<column>\d+): (?P<said>.+) \[[a-z0-9-]+\](?:\n    (?P<hint>\S.*))?")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one good file of each kind, which name each other."""
    folder = tmp_path_factory.mktemp("town")
    for kind, at in (*KINDS.items(), ("calendar", "tiny/cases/calendars/year.yaml")):
        (folder / at).parent.mkdir(parents=True, exist_ok=True)
        (folder / at).write_text(BASES[kind], encoding="utf-8")
    return folder


def long_again(text: str) -> str:
    return re.sub(r"⟨(.)×(\d+)⟩", lambda m: m[1] * int(m[2]), text)


def bad_file(kind: str, case: dict[str, Any]) -> tuple[bytes, list[tuple[int, int]]]:
    """(the bad file, the places that are marked in it)."""
    text = case.get("text", BASES[kind])
    for n in ("", "2", "3", "4"):
        if f"old{n}" in case:
            assert case[f"old{n}"] in text, f"the good file has no {case[f'old{n}']!r}"
            text = text.replace(case[f"old{n}"], case[f"new{n}"], 1)
    text, places = long_again(text), []
    while (at := text.find(MARK)) >= 0:
        text = text[:at] + text[at + 1 :]
        places.append((text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)))
    return text.encode(case.get("saved_as", "utf-8")), sorted(set(places))


def problems_of(kind: str, town: Path) -> list[Problem]:
    """Every fault that the reader of this kind of file tells."""
    path = town / KINDS[kind]
    _read_year.cache_clear()
    readers: dict[str, Callable[[], Any]] = {
        "calendar": lambda: load_calendar(path),
        "schools": lambda: read_schools(path),
        "mapping": lambda: read_mapping(path),
        "cases": lambda: checked_cases(sky.load(town / "tiny"), path.parent),
    }
    if kind not in readers:
        return sky.check(path.parent)
    try:
        readers[kind]()
    except sky.RulesetError as e:
        return list(e.problems)
    return []


def told(kind: str, raw: bytes, town: Path) -> str:
    """What the reader says of these bytes, without the folder; the good file is there again afterwards."""
    path = town / KINDS[kind]
    path.write_bytes(raw)
    try:
        return "\n".join(map(str, problems_of(kind, town))).replace(f"{town}/", "")
    finally:
        path.write_text(BASES[kind], encoding="utf-8")


# ---------------------------------------------------------------------- each bad file
@pytest.mark.parametrize("kind", KINDS)
def test_the_good_file_has_no_faults(kind: str, town: Path) -> None:
    assert told(kind, BASES[kind].encode(), town) == ""


@pytest.mark.parametrize("kind", KINDS)
def test_every_bad_file_is_told_word_by_word(kind: str, town: Path) -> None:
    for case in BAD[kind]:
        assert told(kind, bad_file(kind, case)[0], town) == long_again(case["told"]), case["name"]


def messages(kind: str, case: dict[str, Any]) -> Iterator[re.Match[str]]:
    """The messages of one case, each with place, sentence and hint."""
    text = case["told"]
    found = list(TOLD.finditer(text))
    assert found, f"nothing is told of {case['name']}"
    assert "".join(m[0] + "\n" for m in found) == text + "\n", case["name"]
    yield from found


def is_exact(kind: str, case: dict[str, Any]) -> bool:
    """Does every message stand where the fault is marked, and say what to write instead, and is no marked fault left untold?"""
    found = list(messages(kind, case))
    places = sorted({(int(m["line"]), int(m["column"])) for m in found})
    return places == bad_file(kind, case)[1] and all(m["hint"] and m["file"] == KINDS[kind] for m in found)


def test_more_than_two_hundred_bad_files_none_silent_none_vague() -> None:
    every = [(kind, case) for kind, cases in BAD.items() for case in cases]
    exact = [is_exact(kind, case) for kind, case in every]
    assert len(every) >= 450
    assert all(len(cases) >= 40 for cases in BAD.values())
    assert len({(kind, bad_file(kind, case)[0]) for kind, case in every}) == len(every)
    assert sum(exact) == len(exact)  # the issue asks for 95 %


def test_several_faults_of_one_file_are_told_at_once() -> None:
    several = [case for cases in BAD.values() for case in cases if "at once" in case["name"]]
    assert len(several) >= 8
    for case in several:
        assert len(TOLD.findall(case["told"])) >= 2, case["name"]


# ---------------------------------------------------------------------- what the command line makes of it
COMMANDS = {
    "ruleset": ["check", "tiny"],
    "layer": ["check", "our-town"],
    "calendar": ["decide", "none.jsonl", "--rules", "./tiny", "--calendar", "calendar.yaml", "--on", "2026-10-01"],
    "schools": ["decide", "none.jsonl", "--rules", "./tiny", "--schools", "schools.yaml", "--on", "2026-10-01"],
    "mapping": ["decide", "none.jsonl", "--rules", "./tiny", "--mapping", "mapping.yaml", "--calendar", "calendar.yaml", "--on",
                "2026-10-01"],
    "cases": ["test", "tiny"],
}  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("nth", range(0, 40, 8))
def test_a_command_tells_it_and_ends_with_4(kind: str, nth: int, town: Path) -> None:
    case, path = BAD[kind][nth], town / KINDS[kind]
    (town / "none.jsonl").write_text("", encoding="utf-8")
    path.write_bytes(bad_file(kind, case)[0])
    try:
        line = [sys.executable, "-m", "sky_model.cli", *COMMANDS[kind]]
        done = subprocess.run(line, cwd=town, capture_output=True, text=True, encoding="utf-8", check=False)
    finally:
        path.write_text(BASES[kind], encoding="utf-8")
    assert done.returncode == 4, done.stderr
    said = done.stdout + done.stderr
    assert "Traceback" not in said
    assert all(m["said"].split("'")[0] in said for m in messages(kind, case))


# ---------------------------------------------------------------------- anything at all
@pytest.mark.parametrize("kind", KINDS)
def test_whatever_is_done_to_a_file_it_loads_or_is_told_with_what_to_write(kind: str, town: Path) -> None:
    rng, path = random.Random(kind), town / KINDS[kind]
    try:
        for _ in range(60):
            path.write_bytes(anyhow(BASES[kind].encode(), rng))
            for p in problems_of(kind, town):
                assert p.message, path.read_bytes()
                assert p.hint, str(p)
                assert p.place.line > 0 or p.code == "too-large", str(p)
    finally:
        path.write_text(BASES[kind], encoding="utf-8")


# ---------------------------------------------------------------------- what is no fault
@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("A tiny ruleset", 'says "so" and ’so’', id="quotes inside a text"),
        pytest.param("A tiny ruleset", "'”A tiny ruleset”'", id="typographic quotes that are quoted"),
        pytest.param("A tiny ruleset", "Ääni – öljy… 50\u00a0%", id="letters, a dash and a space that does not break"),
        pytest.param("A tiny ruleset", "A \U0001f600 ruleset", id="a sign of the upper planes"),
        pytest.param("ruleset: tiny\n", "ruleset: tiny\r\n", id="the line end of Windows"),
        pytest.param("valid_from: 2026-08-01", "valid_from: 1999-01-01", id="a year of the last century"),
        pytest.param("lesson_minutes: 45", "lesson_minutes: 240", id="the longest lesson"),
        pytest.param("{at_least: {parameter: limit}}", "{more_than: 0}", id="more than nothing"),
        pytest.param("{at_least: {parameter: limit}}", "{at_least: 30, at_most: 30}", id="bounds that are one number"),
        pytest.param("{system: ours, code: A, kind: away}",
                     "{system: ours, code: A, kind: away, valid_until: 2027-07-31}\n"
                     "  - {system: ours, code: A, kind: here, valid_from: 2027-08-01}", id="a code that changes its kind"),
    ],
)  # fmt: skip
def test_what_is_odd_and_right_loads(old: str, new: str, town: Path) -> None:
    assert old in BASES["ruleset"]
    assert told("ruleset", BASES["ruleset"].replace(old, new, 1).encode(), town) == ""


@pytest.mark.parametrize("name", ["our-town/2026-27", "Syksy 2026", "Keskuskoulu 7-9", "ÄÖ_1.b"])
def test_a_name_of_a_calendar_may_have_letters_digits_and_blanks(name: str, town: Path) -> None:
    assert told("calendar", BASES["calendar"].replace("our-town/2026-27", name, 1).encode(), town) == ""


def test_schools_without_rules_of_their_own_are_checked_against_those_of_the_command(town: Path) -> None:
    text = BASES["schools"].replace("    rulesets: [tiny]\n", "").replace("[letter]", "[leter]")
    path = town / "schools.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        schools = read_schools(path)
    finally:
        path.write_text(BASES["schools"], encoding="utf-8")
    (problem,) = schools.problems_with(sky.load(town / "tiny"))
    assert (problem.place.line, problem.message, problem.hint) == (
        7,
        "there is no action 'leter'",
        "did you mean 'letter'?",
    )


def test_a_message_is_one_line_whatever_the_value_holds() -> None:
    problem = Problem("x", "'a\nb' is odd", sky.errors.Place("f", 1, 1), "write a")
    assert str(problem) == "f:1:1: 'a b' is odd [x]\n    write a"
    assert json.loads(json.dumps(problem.to_json()))["message"] == "'a\nb' is odd"
