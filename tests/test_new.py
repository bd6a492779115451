"""A layer that `sky new` begins is right at once: it loads, its cases hold, and it says no more than what was answered.

Rules: numbers are asked as the base has them; a wrong one is told with what to write; nothing is written over; every way in
(asked, handed in, taken as it is) writes the same.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import sky_model as sky
from sky_model.checks.cases import run_cases
from sky_model.checks.starter import Start, begin_layer, read_preset, why_not
from sky_model.cli import app
from sky_model.source import read_file

PRESETS = ("presets/lessons-per-term", "presets/share-of-12-weeks")
EXAMPLES = ("examples/turku/2020", "examples/kirkkonummi", "examples/kuopio", "examples/espoo")
FIRST = "steps.first-limit-reached.opens.any.absence-lessons.at_least"
SECOND = "steps.second-limit-reached.opens.absence-lessons.at_least"
TALK = "steps.first-limit-reached.actions.talk-with-pupil.within.school_days"


def run(*args: str, answers: str | None = None) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(args), input=answers)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        assert isinstance(done.exception, sky.RulesetError), repr(done.exception)
        return 4, str(done.exception)  # `main` turns it into exit code 4
    return done.exit_code, done.output


def holds(folder: Path) -> list[str]:
    """Names of the cases, all of which hold in a layer without faults."""
    assert sky.check(folder) == []
    outcomes = list(run_cases(sky.load(folder, allow=("draft",)), folder / "cases"))
    assert [o.faults for o in outcomes if o.faults] == []
    return [o.name for o in outcomes]


@pytest.mark.parametrize(("base", "language"), [*zip([*PRESETS, *EXAMPLES], ["fi", "sv", "en"] * 3, strict=False)])
def test_a_layer_as_its_base_is_checked_and_tested_at_once(base: str, language: str, tmp_path: Path) -> None:
    folder = tmp_path / "my-town"
    code, said = run("new", str(folder), "--from", base, "--yes", "--language", language)
    assert code == 0, said
    assert len(holds(folder)) == 2
    assert sorted(p.name for p in folder.rglob("*.*")) == ["README.md", "my-town.yaml", "ruleset.yaml"]
    layer = yaml.safe_load((folder / "ruleset.yaml").read_text(encoding="utf-8"))
    assert (layer["ruleset"], layer["extends"], layer["status"]) == ("my-town", base, "draft")
    assert not {"set", "change", "add", "remove"} & set(layer)
    own, beneath = sky.load(folder, allow=("draft",)).newest, sky.load(base, allow=("draft",)).newest
    assert own.steps == beneath.steps
    assert own.counters == beneath.counters


def test_the_numbers_of_a_preset_are_found_with_their_paths_and_names() -> None:
    preset = read_preset("presets/lessons-per-term")
    assert {n.at: n.value for n in preset.numbers} == {
        FIRST: "30",
        SECOND: "50",
        "steps.third-limit-reached.opens.absence-lessons.at_least": "100",
        TALK: "5",
        "steps.second-limit-reached.actions.contact-guardian.within.school_days": "5",
        "steps.third-limit-reached.actions.consider-student-welfare.within.school_days": "5",
    }
    assert preset.numbers[0].what == "'The absence is talked about': at how many lessons of absence this term (at least)"


@pytest.mark.parametrize("base", [*PRESETS, *EXAMPLES])
def test_every_number_that_is_asked_stands_in_the_base(base: str) -> None:
    preset = read_preset(base)
    for n in preset.numbers:
        assert preset.rules.origin_of(n.at).value == n.value
        assert why_not(preset, n, n.value) == ""


def test_bands_of_grades_are_asked_one_by_one() -> None:
    found = [n.at.rpartition(".")[2] for n in read_preset("examples/kirkkonummi").numbers]
    assert found == ["1-6", "7-9", "1-6", "7-9"]


# ---------------------------------------------------------------------- any allowed number
@st.composite
def chosen(draw: st.DrawFn) -> tuple[str, dict[str, str]]:
    base = draw(st.sampled_from(PRESETS))
    numbers = read_preset(base).numbers
    limits = [n for n in numbers if n.row]
    most = 99 if "share" in base else 700
    drawn = sorted(draw(st.lists(st.integers(1, most), min_size=len(limits), max_size=len(limits), unique=True)))
    half = draw(st.sampled_from(["", ".5", ".25"]))
    values = {n.at: f"{x}{half}" for n, x in zip(limits, drawn, strict=True)}
    values |= {n.at: str(draw(st.integers(1, 40))) for n in numbers if n.is_whole}
    return base, values


@settings(max_examples=10, deadline=None)
@given(chosen(), st.dates(date(2026, 8, 1), date(2027, 4, 15)), st.sampled_from(["fi", "sv", "en"]))
def test_any_allowed_numbers_make_a_layer_without_faults_whose_cases_hold(
    what: tuple[str, dict[str, str]], first: date, language: str
) -> None:
    base, values = what
    preset = read_preset(base)
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / "our-town"
        begin_layer(folder, preset, Start("our-town", "Vår stad #1: {å}", "1", first, 'he said "so": § 4', values, language))
        assert len(holds(folder)) == 2
        layer = yaml.safe_load((folder / "ruleset.yaml").read_text(encoding="utf-8"))
        stated = {c["at"]: str(c["to"]) for c in layer.get("change", [])}
        assert {at: float(x) for at, x in stated.items()} == {
            n.at: float(values[n.at]) for n in preset.numbers if float(values[n.at]) != float(n.value)
        }
        rules = sky.load(folder, allow=("draft",)).newest
        for at, x in values.items():
            assert float(rules.origin_of(at).value) == float(x)


@pytest.mark.parametrize("limit", [1, 6, 7, 25])
def test_the_first_case_shows_one_lesson_below_the_limit_and_the_limit(limit: int, tmp_path: Path) -> None:
    """By arithmetic, not by what the engine answers: the marks up to the first day are one less."""
    folder = tmp_path / "my-town"
    assert run("new", str(folder), "--number", f"{FIRST}={limit}", "--yes")[0] == 0
    case = read_file(folder / "cases" / "my-town.yaml").data[0]
    assert case["name"]["en"].startswith(f"{limit} lesson")
    calendar = sky.load_calendar(case["pupil"]["calendar"])
    by_day: dict[date, int] = {}
    for line in case["marks"]:
        days, _, rest = line.partition(": ")
        first, _, last = days.partition(" .. ")
        for n in range(date.fromisoformat(first).toordinal(), date.fromisoformat(last or first).toordinal() + 1):
            if calendar.is_school_day(n):
                by_day[date.fromordinal(n)] = int(rest.split()[0])
    below, reached = case["expect"]
    assert sum(x for d, x in by_day.items() if str(d) <= below["on"]) == limit - 1
    assert sum(x for d, x in by_day.items() if str(d) <= reached["on"]) == limit
    assert below["open"] == []
    assert reached["open"] == ["first-limit-reached"]
    assert reached["next"] == "talk-with-pupil"


# ---------------------------------------------------------------------- asked, or handed in
def test_what_is_asked_and_what_is_handed_in_write_the_same(tmp_path: Path) -> None:
    asked, given_ = tmp_path / "a" / "my-town", tmp_path / "b" / "my-town"
    answers = "Pikkala\n\n2026-08-12\n\n25\n\n45\n4\n\n\nThe board, 12.5.2026, 48 §\n"
    code, said = run("new", str(asked), answers=answers)
    assert code == 0, said
    code, said = run(
        "new", str(given_), "--yes", "--name", "Pikkala", "--valid-from", "2026-08-12", "--number", f"{FIRST}=25",
        "--number", f"{SECOND}=45", "--number", "steps.second-limit-reached.actions.contact-guardian.within.school_days=4",
        "--because", "The board, 12.5.2026, 48 §",
    )  # fmt: skip
    assert code == 0, said
    for name in ("ruleset.yaml", "cases/my-town.yaml"):
        assert (asked / name).read_text(encoding="utf-8") == (given_ / name).read_text(encoding="utf-8")
    layer = yaml.safe_load((asked / "ruleset.yaml").read_text(encoding="utf-8"))
    assert [(c["from"], c["to"]) for c in layer["change"]] == [(30, 25), (50, 45), (5, 4)]
    assert {c["because"] for c in layer["change"]} == {"The board, 12.5.2026, 48 §"}


def test_a_wrong_answer_is_asked_again_with_what_to_write(tmp_path: Path) -> None:
    folder = tmp_path / "my-town"
    answers = "\nMy Town\nour-town\n1.8.2026\n2020-01-01\n2026-08-12\n\nmany\n7,5\n0\n25\n2.5\n4\n\n\n\n\n\n"
    code, said = run("new", str(folder), answers=answers)
    assert code == 0, said
    for told in (
        "'My Town' is no id",
        "'1.8.2026' is no day",
        "from 2026-08-01",
        "'many' is not a number",
        "write 7.5",
        "not whole",
    ):
        assert told in said
    assert len(holds(folder)) == 2


def test_a_limit_that_is_not_above_the_lower_one_is_asked_again(tmp_path: Path) -> None:
    code, said = run("new", str(tmp_path / "my-town"), answers="\n\n\n\n60\n\n\n70\n\n\n\n\n")
    assert code == 0, said
    assert "50 is not above 60" in said
    assert "does not allow" not in said


def test_without_answers_and_without_yes_it_says_what_to_hand_in(tmp_path: Path) -> None:
    code, said = run("new", str(tmp_path / "my-town"), answers="")
    assert code == 2
    assert "--yes" in said
    assert not (tmp_path / "my-town").exists()


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (f"{FIRST}=many", "is not a number"),
        (f"{FIRST}=7,5", "write 7.5"),
        (f"{FIRST}=-3", "is not a number"),
        (f"{FIRST}=0", "write a number above it"),
        (f"{TALK}=2.5", "is not whole"),
        (f"{FIRST}=50", "must be above"),
        (f"{FIRST}", "write one as PATH=NUMBER"),
        ("steps.first=3", f"{FIRST}=30"),
    ],
)
def test_a_wrong_number_that_is_handed_in_is_told_and_nothing_is_written(number: str, told: str, tmp_path: Path) -> None:
    code, said = run("new", str(tmp_path / "my-town"), "--yes", "--number", number)
    assert code in (2, 4)
    assert told in " ".join(said.split())
    assert not (tmp_path / "my-town").exists()


def test_a_number_that_the_base_does_not_allow_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A base whose limit may only be lowered, found as a shipped one is."""
    from sky_model.checks import starter
    from sky_model.layers import rulesets_folder

    root = tmp_path / "rulesets"
    (root / "presets" / "strict").mkdir(parents=True)
    for name in ("fi-sky", "calendars"):
        (root / name).symlink_to(rulesets_folder() / name)
    text = (rulesets_folder() / "presets" / "lessons-per-term" / "ruleset.yaml").read_text(encoding="utf-8")
    text = text.replace("ruleset: lessons-per-term", "ruleset: strict").replace(
        "  - id: first-limit-reached\n", "  - id: first-limit-reached\n    layer_may: lower\n"
    )
    (root / "presets" / "strict" / "ruleset.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setattr("sky_model.layers.rulesets_folder", lambda: root)
    monkeypatch.setattr(starter, "rulesets_folder", lambda: root)
    preset = read_preset("presets/strict")
    (number,) = (n for n in preset.numbers if n.at == FIRST)
    assert why_not(preset, number, "25") == ""
    why = why_not(preset, number, "35")
    assert "the base does not allow 35" in why
    assert "may only lower" in why
    assert "layer_may: lower stands at presets/strict/ruleset.yaml" in why


@pytest.mark.parametrize("what", ["a folder", "an empty folder", "a file"])
def test_nothing_is_written_over(what: str, tmp_path: Path) -> None:
    folder = tmp_path / "my-town"
    if what == "a file":
        folder.write_text("mine", encoding="utf-8")
    else:
        folder.mkdir()
    if what == "a folder":
        (folder / "ruleset.yaml").write_text("mine", encoding="utf-8")
    code, said = run("new", str(folder), "--yes")
    assert code == 2
    assert "is there already" in said
    assert [p.read_text(encoding="utf-8") for p in (folder, *folder.rglob("*")) if p.is_file()] == ["mine"] * (
        what != "an empty folder"
    )
    with pytest.raises(sky.RulesetError, match="is there already"):
        begin_layer(folder, read_preset(PRESETS[0]), Start("my-town", "x", "1", date(2026, 8, 1), "x"))


@pytest.mark.parametrize(
    ("start", "code"),
    [
        (Start("My Town", "x", "1", date(2026, 8, 1), "x"), "not-an-id"),
        (Start("my-town", "x\nstatus: adopted", "1", date(2026, 8, 1), "x"), "not-valid"),
        (Start("my-town", "x", "1", date(2026, 8, 1), "x\ny"), "not-valid"),
        (Start("my-town", "x", "1", date(2020, 8, 1), "x"), "before-its-base"),
        (Start("my-town", "x", "1", date(2050, 8, 1), "x"), "no-days"),
        (Start("my-town", "x", "1", date(2026, 8, 1), "x", {"steps.no": "3"}), "new-number"),
    ],
)
def test_what_cannot_be_is_told_with_its_code_and_nothing_is_written(start: Start, code: str, tmp_path: Path) -> None:
    with pytest.raises(sky.RulesetError) as e:
        begin_layer(tmp_path / "my-town", read_preset(PRESETS[0]), start)
    assert [p.code for p in e.value.problems] == [code]
    assert "/T/" not in str(e.value)
    assert not (tmp_path / "my-town").exists()


def test_an_unknown_preset_is_told_with_the_nearest(tmp_path: Path) -> None:
    code, said = run("new", str(tmp_path / "my-town"), "--from", "presets/lesson-per-term", "--yes")
    assert code == 4
    assert "did you mean 'presets/lessons-per-term'?" in said


def test_json_says_what_was_written(tmp_path: Path) -> None:
    code, said = run("new", str(tmp_path / "my-town"), "--json", "--number", f"{FIRST}=25")
    found = json.loads(said)
    assert code == 0
    assert found["format"] == 1
    assert found["changed"] == [{"at": FIRST, "from": "30", "to": "25"}]
    assert [Path(p).name for p in found["files"]] == ["ruleset.yaml", "my-town.yaml", "README.md"]
