"""A layer that `sky new` begins is right at once: it loads, its cases hold, and it says no more than what was answered.

Rules: numbers are asked as the base has them; a wrong one is told with what to write; nothing is written over; every way in
(asked, handed in, taken as it is) writes the same.
"""

from __future__ import annotations

import json
import re
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
from sky_model.checks.starter import Start, begin_layer, read_preset, why_not, words_in
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


@pytest.mark.long
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


@pytest.mark.long
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
    answers = "Pikkala\n\n2026-08-12\n\n25\n\n45\n4\n\n\nThe board, 12.5.2026, 48 §\n\n"
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
    answers = "\nMy Town\nour-town\n1.8.2026\n2020-01-01\n2026-08-12\n\nmany\n7,5\n0\n25\n2.5\n4\n\n\n\n\n\n\n"
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
    code, said = run("new", str(tmp_path / "my-town"), answers="\n\n\n\n60\n\n\n70\n\n\n\n\n\n")
    assert code == 0, said
    assert "50 is not above 60" in said
    assert "does not allow" not in said


ASKED = ["name", "id", "from", "version", FIRST, TALK, SECOND, "contact", "third", "welfare", "because"]  # in this order
TAKEN = "\n" * len(ASKED)


@pytest.mark.long
@pytest.mark.parametrize(("language", "word"), [("fi", "takaisin"), ("sv", "Tillbaka"), ("en", "back"), ("en", "<"), ("fi", "<")])
def test_the_question_before_is_asked_again_and_its_new_answer_holds(language: str, word: str, tmp_path: Path) -> None:
    folder = tmp_path / "my-town"
    # the fifth question is answered twice: after the sixth has been gone back from
    answers = "\n\n\n\n20\n" + f"{word}\n25\n" + "\n" * 7
    code, said = run("new", str(folder), "--language", language, answers=answers)
    assert code == 0, said
    layer = yaml.safe_load((folder / "ruleset.yaml").read_text(encoding="utf-8"))
    assert [(c["at"], c["to"]) for c in layer["change"]] == [(FIRST, 25)]
    assert "[20]" in said  # what was answered before is offered again


def test_from_the_last_question_it_goes_back_to_the_first_and_no_further(tmp_path: Path) -> None:
    folder = tmp_path / "my-town"
    back = "<\n" * (len(ASKED) + 1)  # from the question whether to write, to the first, and once more
    code, said = run("new", str(folder), answers=TAKEN + back + "Pikkala" + TAKEN + "\n")
    assert code == 0, said
    assert said.count("this is the first question") == 1
    assert yaml.safe_load((folder / "ruleset.yaml").read_text(encoding="utf-8"))["name"] == {"en": "Pikkala"}


def test_going_back_passes_over_what_was_handed_in(tmp_path: Path) -> None:
    folder = tmp_path / "my-town"
    code, said = run("new", str(folder), "--id", "our-town", answers="A\n<\nB\n" + TAKEN)
    assert code == 0, said
    layer = yaml.safe_load((folder / "ruleset.yaml").read_text(encoding="utf-8"))
    assert (layer["name"], layer["ruleset"]) == ({"en": "B"}, "our-town")


def test_an_offered_version_follows_the_day_and_a_written_one_stays(tmp_path: Path) -> None:
    for version, expected in (("", "2027-1"), ("of-ours", "of-ours")):
        folder = tmp_path / f"town{len(version)}"
        answers = f"\n\n\n{version}\n<\n<\n2027-01-07\n\n" + TAKEN
        code, said = run("new", str(folder), answers=answers)
        assert code == 0, said
        layer = yaml.safe_load((folder / "ruleset.yaml").read_text(encoding="utf-8"))
        assert (layer["version"], str(layer["valid_from"])) == (expected, "2027-01-07")


def test_a_number_that_no_longer_rises_after_going_back_is_asked_again(tmp_path: Path) -> None:
    answers = "\n\n\n\n\n\n40\n<\n<\n<\n45\n\n\n50\n" + TAKEN  # 30 and 40, then 45: 40 is refused, 50 taken
    code, said = run("new", str(tmp_path / "my-town"), answers=answers)
    assert code == 0, said
    assert "40 is not above 45" in said


QUESTIONS = {
    "fi": [
        "Kunnan tai paikan nimi [My town]:",
        "”Poissaolot otetaan puheeksi”: raja, poissaolotunnit lukukaudella (vähintään) [30]:",
        "monenko koulun työpäivän kuluessa [5]:",
        "Kuka päätti, milloin, mikä pykälä [ei vielä päätetty",
        "Vastaukset:",
        "kyllä, ei tai < [kyllä]:",
        "kirjoitettu, tarkistettu ja kokeiltu:",
    ],
    "sv": [
        "Kommunens eller platsens namn [My town]:",
        "gräns, frånvarolektioner under terminen (minst) [30]:",
        "inom hur många skolarbetsdagar [5]:",
        "Vem beslöt, när, vilken paragraf [inte beslutat ännu",
        "Svaren:",
        "ja, nej eller < [ja]:",
        "skrivet, kontrollerat och prövat:",
    ],
    "en": [
        "Name of the place [My town]:",
        "at how many lessons of absence this term (at least) [30]:",
        "within how many school days [5]:",
        "Who decided, when, which section [not decided yet",
        "Your answers:",
        "yes, no or < [yes]:",
        "written, checked and tested:",
    ],
}


@pytest.mark.parametrize("language", QUESTIONS)
def test_it_asks_and_answers_in_the_language(language: str, tmp_path: Path) -> None:
    code, said = run("new", str(tmp_path / "my-town"), "--language", language, answers=TAKEN + "\n")
    assert code == 0, said
    for told in QUESTIONS[language]:
        assert told in said
    others = [x for other in QUESTIONS if other != language for x in QUESTIONS[other]]
    assert not [x for x in others if x in said]


def test_a_wrong_answer_is_told_in_the_language(tmp_path: Path) -> None:
    answers = "\nMy Town\n\n1.8.2026\n2020-01-01\n\n\nmany\n1,000\n7,5\n0\n60\n2.5\n\n\n61\n" + TAKEN + "perhaps\n\n"
    told: dict[str, list[str]] = {}
    for language in ("fi", "sv", "en"):
        code, said = run("new", str(tmp_path / language / "my-town"), "--language", language, answers=answers)
        assert code == 0, said
        asked = said.partition(words_in(language)["answers"])[0]
        told[language] = [x for line in asked.splitlines() for x in re.findall(r"(?:^|\]: )  (.+)$", line)]
    assert len(told["en"]) == len(told["fi"]) == len(told["sv"]) == 9, told
    assert not {*told["en"]} & {*told["fi"], *told["sv"]}
    assert told["fi"][4] == "'1,000' voi olla 1 tai 1000; kirjoita 1 tai 1000"


def test_at_the_end_everything_chosen_is_shown_and_nothing_is_written_without_a_yes(tmp_path: Path) -> None:
    folder = tmp_path / "my-town"
    answers = "Pikkala\n\n\n\n25\n\n\n\n\n\nThe board\nmaybe\nno\n"
    code, said = run("new", str(folder), answers=answers)
    assert code == 0, said
    shown = said.partition("Your answers:")[2]
    assert "  Name of the place: Pikkala\n" in shown
    assert "(at least): 25 (in the base 30)\n" in shown
    assert "(at least): 50\n" in shown
    assert "  Who decided, when, which section: The board\n" in shown
    assert "write yes or no" in shown
    assert shown.strip().endswith("nothing is written")
    assert not folder.exists()


def test_every_word_that_is_asked_stands_in_three_languages_with_the_same_blanks() -> None:
    words = {x: words_in(x) for x in ("fi", "sv", "en")}
    for key in words["en"]:
        blanks = {x: sorted(re.findall(r"(?<!{){[a-z_]+}", words[x][key])) for x in words}
        assert blanks["fi"] == blanks["sv"] == blanks["en"], key
        assert all(words[x][key].strip() for x in words)


@pytest.mark.parametrize("language", ["fi", "sv"])
def test_the_comments_of_a_layer_are_in_its_language(language: str, tmp_path: Path) -> None:
    folder = tmp_path / "my-town"
    assert run("new", str(folder), "--yes", "--language", language, "--number", f"{FIRST}=25")[0] == 0
    text = (folder / "ruleset.yaml").read_text(encoding="utf-8")
    assert {"fi": "raja, poissaolotunnit", "sv": "gräns, frånvarolektioner"}[language] in text
    assert words_in(language)["not-decided"] in text
    assert "at how many" not in text


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
        (f"{FIRST}=1,000", "'1,000' may be 1 or 1000; write 1 or 1000"),
        (f"{FIRST}=2,500", "'2,500' may be 2.5 or 2500; write 2.5 or 2500"),
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
