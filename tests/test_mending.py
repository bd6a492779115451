"""`sky check --fix`: the spelling of keys and quotes is mended, and nothing else is touched: no value, limit, id or comment."""

from __future__ import annotations

import json
import string
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import sky_model as sky
from sky_model.cli import app
from sky_model.layers import rulesets_folder
from sky_model.source import read_text

few = settings(
    max_examples=40,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
TOWN = """\
# The rules of a town that is made up.
format: 1
ruleset: town
version: 2026-1
extends: fi-sky/2026-1     # the base
status: draft
valid_from: 2026-08-12
grades: 1-9
name: {en: "a town"}
sources: [{id: ours, kind: local, name: 'our page', certainty: primary}]
counters:
  - id: absence-lessons
    measure: lessons
    lesson_minutes: 45     # ours
    kinds: all
    window: {in: term}
steps:
  - id: first
    tier: targeted
    name: {en: first}
    opens: {any: [{absence-lessons: {at_least: 30}}, {concern: {is: raised}}]}
    lasts: until_closed
    again: next_window
    source: ours
    actions:
      - {act: talk-with-pupil, duty: must, within: {school_days: 5}, source: ours}
"""


def fix(folder: Path, text: str, *more: str) -> tuple[Result, str]:
    path = folder / "town" / "ruleset.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode("utf-8"))
    done = CliRunner().invoke(app, ["check", str(path.parent), "--fix", *more], catch_exceptions=False)
    return done, path.read_bytes().decode("utf-8")


@pytest.mark.long
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("lesson_minutes", "lesson_minuts"),
        ("lesson_minutes", "lesson-minutes"),
        ("lesson_minutes", "Lesson_Minutes"),
        ("valid_from", "valid_form"),
        ("certainty", "certainity"),
        ("at_least", "at_lest"),
        ("steps:", "stepss:"),
        ("actions", "action"),
        ("within", "witin"),
    ],
)
def test_a_misspelt_key_with_one_near_key_is_mended_and_told(right: str, wrong: str, tmp_path: Path) -> None:
    assert TOWN.count(right) == 1
    before = TOWN[: TOWN.index(right)]
    place = f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"
    done, text = fix(tmp_path, TOWN.replace(right, wrong))
    assert text == TOWN, done.output
    was, now = wrong.split(":")[0], right.split(":")[0]
    assert f"town/ruleset.yaml:{place}: mended '{was}' to '{now}'\n" in done.output
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('"a town"', "“a town”"),
        ('"a town"', "”a town”"),
        ('"a town"', "„a town“"),
        ("'our page'", "‘our page’"),
        ("'our page'", "’our page’"),
    ],
)
def test_curly_quotes_around_a_value_are_made_straight(right: str, wrong: str, tmp_path: Path) -> None:
    done, text = fix(tmp_path, TOWN.replace(right, wrong))
    assert text == TOWN
    assert f"mended {wrong} to {right}" in done.output
    assert done.exit_code == 0


@pytest.mark.parametrize(
    "said",
    [
        "name: {en: the “good” town}",
        "about:\n  en: >-\n    He said:\n    “a town”",
        'about: {en: "they say: “a town”"}',
        "# “a town”",
        "about: {en: a town}  # he said: “a town”",
        "name: {en: “a town\"}",
        "name: {en: “a "
        "“town”}",
    ],
)  # fmt: skip
def test_curly_quotes_inside_a_text_are_its_own(said: str, tmp_path: Path) -> None:
    text = TOWN + said + "\n" if not said.startswith("name") else TOWN.replace('name: {en: "a town"}', said)
    assert fix(tmp_path, text)[1] == text


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("at_least: 30", "at_least: 3O"),  # a limit
        ("at_least: 30", "at_least: 10,5"),
        ("status: draft", "status: draff"),  # a value
        ("again: next_window", "again: next-window"),
        ("duty: must", "duty: mustt"),
        ("act: talk-with-pupil", "act: talk-with-pupils"),  # an id
        ("{absence-lessons: {", "{absence-lesson: {"),  # a fact, which is an id as well
        ("tier: targeted", "tier: targetted"),
        ("measure: lessons", "measure: lesons"),
        ("kinds: all", "knx: all"),  # not near enough
        ("lasts: until_closed", "lasts: until_closed\n    lastss: until_done"),  # the near key stands there already
        ("grades: 1-9", "grade: 1-9\ngrades: 1-9"),
        ("window: {in: term}", "window: {in: term, xyz: 3}"),
        ("{school_days: 5}", "{school_days: 5, at_lest: 3}"),  # the near key may not stand there either
        ("window: {in: term}", "window: {in: term, at_lest: 3}"),
        ("kinds: all", "kinds: {at_lest: 3}"),
    ],
)
def test_what_is_no_spelling_of_a_key_is_told_and_left(right: str, wrong: str, tmp_path: Path) -> None:
    text = TOWN.replace(right, wrong)
    assert text != TOWN
    done, after = fix(tmp_path, text)
    assert after == text
    assert done.exit_code == 4
    assert "mended" not in done.output


def test_between_two_near_keys_none_is_chosen(tmp_path: Path) -> None:
    text = TOWN.replace("within", "withi")  # `with` and `within` may both stand there
    done, after = fix(tmp_path, text)
    assert after == text
    assert "unknown key 'withi'" in done.output


def test_all_slips_of_a_file_are_mended_at_once_and_what_is_left_is_told(tmp_path: Path) -> None:
    text = TOWN.replace("lesson_minutes", "lesson_minuts").replace("within", "witin").replace('"a town"', "“a town”")
    done, after = fix(tmp_path, text.replace("at_least: 30", "at_least: 10,5"))
    assert after == TOWN.replace("at_least: 30", "at_least: 10,5")
    assert done.output.count("mended") == 3
    assert "[decimal-comma]" in done.output
    assert done.exit_code == 4


def test_a_slip_beneath_another_slip_is_mended_too(tmp_path: Path) -> None:
    done, after = fix(tmp_path, TOWN.replace("actions:", "aactions:").replace("duty:", "duyt:"))
    assert after == TOWN, done.output
    assert done.output.count("mended") == 2


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_the_mark_of_the_encoding_stay(newline: str, mark: str, tmp_path: Path) -> None:
    said, wrong = (
        mark + x.replace("\n", newline) for x in (TOWN, TOWN.replace("within", "witin").replace('"a town"', "“a town”"))
    )
    assert fix(tmp_path, wrong)[1] == said


def test_a_machine_reads_the_mends_and_the_faults(tmp_path: Path) -> None:
    done, _ = fix(tmp_path, TOWN.replace("within", "witin").replace("must", "mustt"), "--json")
    mend, fault = (json.loads(line) for line in done.output.splitlines())
    assert (mend["was"], mend["now"], mend["line"], mend["column"]) == ("'witin'", "'within'", 26, 45)
    assert fault["code"] == "not-one-of"


def test_only_the_files_of_the_ruleset_are_mended_never_those_of_its_base(tmp_path: Path) -> None:
    fix(tmp_path, TOWN)
    base = tmp_path / "town" / "ruleset.yaml"
    base.write_text(TOWN.replace("within", "witin"), encoding="utf-8")
    (tmp_path / "school").mkdir()
    (tmp_path / "school" / "ruleset.yaml").write_text(
        TOWN.split("sources:")[0].replace("fi-sky/2026-1", "town"), encoding="utf-8"
    )
    done = CliRunner().invoke(app, ["check", str(tmp_path / "school"), "--fix"])
    assert "witin" in base.read_text(encoding="utf-8")
    assert done.exit_code == 4


def test_without_fix_nothing_is_written_and_a_ruleset_without_faults_keeps_every_byte(tmp_path: Path) -> None:
    text = TOWN.replace("within", "witin")
    fix(tmp_path, TOWN)
    path = tmp_path / "town" / "ruleset.yaml"
    path.write_text(text, encoding="utf-8")
    CliRunner().invoke(app, ["check", str(path.parent)])
    assert path.read_text(encoding="utf-8") == text
    for shipped in ("examples/vantaa", "fi-sky/2026-1"):
        files = sorted((rulesets_folder() / shipped).rglob("*.yaml"))
        before = [p.read_bytes() for p in files]
        CliRunner().invoke(app, ["check", shipped, "--fix"])
        assert [p.read_bytes() for p in files] == before


KEYS = [
    "format", "version", "extends", "valid_from", "grades", "certainty", "measure", "lesson_minutes", "kinds", "window",
    "opens", "lasts", "again", "actions", "duty", "within", "school_days", "at_least", "any",
]  # fmt: skip


@st.composite
def slips(draw: st.DrawFn) -> str:
    """The town with a letter too many, too few, another or two changed round, anywhere in some of its keys."""
    text = TOWN
    for key in draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=3, unique=True)):
        at = draw(st.integers(0, len(key) - 1))
        letter = draw(st.sampled_from(string.ascii_lowercase + "_-"))
        how = draw(st.sampled_from(["more", "less", "other", "round"]))
        wrong = {
            "more": key[:at] + letter + key[at:],
            "less": key[:at] + key[at + 1 :],
            "other": key[:at] + letter + key[at + 1 :],
            "round": key[:at] + key[at : at + 2][::-1] + key[at + 2 :],
        }[how]
        text = text.replace(f"{key}:", f"{wrong}:", 1)
    return text


def words_of(value: object) -> list[str]:
    if isinstance(value, dict):
        return [w for x in value.values() for w in words_of(x)]
    return [w for x in value for w in words_of(x)] if isinstance(value, list) else [str(value)]


@pytest.mark.long
@few
@given(slips())
def test_whatever_is_misspelt_no_value_changes_and_mending_again_changes_nothing(text: str) -> None:
    with tempfile.TemporaryDirectory() as tmp:
        before = read_text(text)
        done, after = fix(Path(tmp), text)
        assert done.exit_code in (0, 4)
        if before.problems:
            return
        assert words_of(read_text(after).data) == words_of(before.data)
        assert [line.split("#")[1:] for line in after.splitlines()] == [line.split("#")[1:] for line in text.splitlines()]
        assert after.count("\n") == text.count("\n")
        assert sky.check(Path(tmp) / "town") == [] or done.exit_code == 4
        assert fix(Path(tmp), after)[1] == after


@pytest.mark.long
def test_most_slips_of_one_letter_are_mended() -> None:
    with tempfile.TemporaryDirectory() as tmp:
        mended = [key for key in KEYS if len(key) > 4 and fix(Path(tmp), TOWN.replace(f"{key}:", f"{key[:-1]}x:", 1))[1] == TOWN]
    # near `within` stands `with`, and what may stand in a length of time is written in no shape: both are told and left
    assert set(mended) == {key for key in KEYS if len(key) > 4} - {"within", "school_days"}
