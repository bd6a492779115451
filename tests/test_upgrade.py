"""`sky upgrade`: a layer on a newer base. What one side changed is taken, what both changed is left to a person, nothing is lost.

Rules: the promises are asked of generated bases and layers through their files, as an author would see them; what a value should
be is found by a rule of its own, three values at a time.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sky_model as sky
from sky_model.checks.upgrade import compare_named
from sky_model.cli import app
from sky_model.cli.layer_text import inline, rewritten
from sky_model.errors import RulesetError
from sky_model.layers import lay, read_layers, rulesets_folder
from sky_model.source import read_text

few = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
BASE = """\
format: 1
ruleset: base
version: 2026-1
status: pilot
valid_from: 2026-08-01
grades: 1-9
name: {en: the base}
sources:
  - {id: law, kind: statute, name: A law, certainty: primary}
  - {id: ours, kind: local, name: Ours, certainty: inference}
roles:
  - {id: lead, what: role, name: {en: lead}, sees: [absence]}
  - {id: head, what: role, name: {en: head}, sees: [absence]}
reports:
  - {id: concern, by: [lead], name: {en: concern}}
parameters:
  - {id: limit, unit: lessons, value: 30}
  - {id: other, unit: lessons, value: 10}
tiers:
  - {id: targeted, name: {en: targeted}}
steps:
  - id: first
    tier: targeted
    name: {fi: eka, sv: ett, en: first}
    opens: {concern: {is: raised}}
    lasts: until_closed
    again: when_true_anew
    source: ours
    actions:
      - {id: talk, name: {en: talk}, who: lead, duty: must, about: absence, within: {school_days: 5}}
      - {id: write, name: {en: write}, who: lead, duty: should, about: absence}
  - id: second
    tier: targeted
    name: {en: second}
    opens: {concern: {is: raised}}
    lasts: until_closed
    again: when_true_anew
    source: ours
    actions:
      - {id: call, name: {en: call}, who: lead, duty: should, about: absence}
texts:
  greeting: {en: Good day}
  farewell: {en: Good bye}
"""
HEAD = """\
# The rules of a town that is made up.
format: 1
ruleset: town
version: 2026-1            # of the first year
extends: base
status: draft
valid_from: 2026-08-12
grades: 1-9
name: {en: a town}         # its name
"""


def write(folder: Path, said: str, *changes: tuple[str, str], base: str = BASE, head: str = HEAD) -> Path:
    """The base, a newer one with the changes in its text, and a layer on the old one."""
    newer = base.replace("version: 2026-1", "version: 2027-1").replace("valid_from: 2026", "valid_from: 2027")
    for old, new in changes:
        assert newer.count(old) == 1, old
        newer = newer.replace(old, new)
    for name, text in (("base", base), ("newer", newer), ("town", head + said)):
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "ruleset.yaml").write_text(text, encoding="utf-8", newline="")
    return folder / "town"


def run(folder: Path, *more: str, to: str = "newer") -> Result:
    return CliRunner().invoke(app, ["upgrade", str(folder / "town"), "--to", str(folder / to), *more], catch_exceptions=False)


def statuses(folder: Path) -> dict[str, str]:
    return {x.at: x.status for x in compare_named(folder / "town", folder / "newer")[0].items}


def new_text(folder: Path, *more: str) -> str:
    run(folder, "--out", str(folder / "new"), *more)
    return (folder / "new" / "ruleset.yaml").read_text(encoding="utf-8")


def checked(folder: Path) -> Result:
    return CliRunner().invoke(app, ["check", str(folder / "new")])


# ---------------------------------------------------------------------- one statement
SET = "set:\n  - {parameter: limit, to: 20, because: board}  # ours\n"
DUTY = "change:\n  - {at: steps.first.actions.write.duty, from: should, to: must, because: board}\n"
OF_DUTY = "steps.first.actions.write.duty"
GONE = "remove:\n  - {at: texts.greeting, because: board}\n"
HELD = ("duty: should, about: absence}\n  - id: second", "duty: should, about: absence, layer_may: nothing}\n  - id: second")
NAME = """\
change:
  - at: steps.first.name
    from: {fi: eka, sv: ett, en: first}
    to: {fi: oma, sv: ett, en: first}
    because: board
"""
OTHER_VALUE = ("limit, unit: lessons, value: 30", "limit, unit: lessons, value: 25")


@pytest.mark.parametrize(
    ("said", "change", "at", "status"),
    [
        (SET, ("Good day", "Hello"), "parameters.limit.value", "kept"),
        (SET, ("Good day", "Hello"), "texts.greeting.en", "taken-over"),
        (SET, ("lessons, value: 30", "lessons, value: 20"), "parameters.limit.value", "already"),
        (SET, OTHER_VALUE, "parameters.limit.value", "conflict"),
        (SET, ("  - {id: limit, unit: lessons, value: 30}\n", ""), "parameters.limit.value", "conflict"),
        (DUTY, ("write}, who: lead, duty: should", "write}, who: head, duty: should"), OF_DUTY, "kept"),
        (DUTY, ("write}, who: lead, duty: should", "write}, who: head, duty: should"), OF_DUTY[:-4] + "who", "taken-over"),
        (DUTY, ("write}, who: lead, duty: should", "write}, who: lead, duty: must"), OF_DUTY, "already"),
        (DUTY, ("write}, who: lead, duty: should", "write}, who: lead, duty: consider"), OF_DUTY, "conflict"),
        (GONE, ("Good day", "Hello"), "texts.greeting", "conflict"),
        (GONE, ("Good bye", "Bye"), "texts.greeting", "kept"),
        (GONE, ("  greeting: {en: Good day}\n", ""), "texts.greeting", "already"),
        (
            "add:\n  - {at: texts, key: thanks, item: {en: Thank you}, because: board}\n",
            ("Good bye}", "Good bye}\n  thanks: {en: Thanks}"),
            "texts.thanks",
            "conflict",
        ),
        ("texts:\n  thanks: {en: Thank you}\n", ("Good bye}", "Good bye}\n  thanks: {en: Thank you}"), "texts.thanks", "already"),
        ("texts:\n  thanks: {en: Thank you}\n", ("Good bye}", "Good bye}\n  thanks: {en: Thanks}"), "texts.thanks", "conflict"),
        (DUTY, HELD, OF_DUTY, "conflict"),
    ],
)  # fmt: skip
def test_each_statement_gets_the_status_that_three_values_give(
    said: str, change: tuple[str, str], at: str, status: str, tmp_path: Path
) -> None:
    write(tmp_path, said, change)
    assert statuses(tmp_path)[at] == status
    done = run(tmp_path, "--out", str(tmp_path / "new"))
    assert done.exit_code == (4 if status == "conflict" else 0)
    assert checked(tmp_path).exit_code == (4 if status == "conflict" else 0), checked(tmp_path).output


def test_a_conflict_names_both_places_with_their_values_and_is_not_decided(tmp_path: Path) -> None:
    write(tmp_path, SET, OTHER_VALUE)
    text = new_text(tmp_path).replace(f"{tmp_path}/", "")
    assert text.split("(its name)")[-1].split("set:\n")[1] == (
        "  # CONFLICT 1: parameters.limit.value: the base and the layer changed it, each to something else\n"
        "  #   this layer: 20  at town/ruleset.yaml:11:5\n"
        "  #   old base:   30  at base/ruleset.yaml:17:32\n"
        "  #   new base:   25  at newer/ruleset.yaml:17:32\n"
        "  #   decide, write the line below as it should be, and take these lines out\n"
        "  # - {parameter: limit, to: 20, because: board}  # ours\n"
    )
    assert "# set:\n" in text
    told = checked(tmp_path)
    assert told.exit_code == 4
    assert "an upgrade left this to be decided: parameters.limit.value" in told.output
    assert "[open-conflict]" in told.output


def test_a_decided_conflict_is_no_fault_any_more(tmp_path: Path) -> None:
    write(tmp_path, SET, OTHER_VALUE)
    text = new_text(tmp_path)
    decided = re.sub(r"  # CONFLICT.*\n(  #   .*\n)+", "", text).replace("# set:", "set:").replace("  # - {", "  - {")
    (tmp_path / "new" / "ruleset.yaml").write_text(decided, encoding="utf-8")
    assert checked(tmp_path).exit_code == 0, checked(tmp_path).output
    whole = lay(read_layers(tmp_path / "new")[0])[0]
    assert whole.origin_of("parameters.limit.value").value == "20"


def test_other_languages_of_a_text_are_taken_over_and_the_layers_own_stays(tmp_path: Path) -> None:
    write(tmp_path, NAME, ("{fi: eka, sv: ett, en: first}", "{fi: eka, sv: ena, en: first}"))
    text = new_text(tmp_path)
    assert "    from: {fi: eka, sv: ena, en: first}\n    to: {fi: oma, sv: ena, en: first}\n    because: board\n" in text
    assert checked(tmp_path).exit_code == 0


def test_what_is_no_text_is_never_mixed_from_both(tmp_path: Path) -> None:
    said = "change:\n  - {at: steps.first.actions.talk.within, from: {school_days: 5}, to: {school_days: 3}, because: board}\n"
    write(tmp_path, said, ("within: {school_days: 5}", "within: {weekdays: 5}"))
    assert statuses(tmp_path)["steps.first.actions.talk.within"] == "conflict"


def test_a_path_follows_a_step_that_says_what_it_was_and_an_action_that_has_moved(tmp_path: Path) -> None:
    said = DUTY + "  - {at: steps.first.actions.talk.duty, from: must, to: should, because: board}\n"
    action = "      - {id: write, name: {en: write}, who: lead, duty: should, about: absence}\n"
    write(
        tmp_path, said, (action, ""), ("  - id: first\n", "  - id: begin\n    was: [first]\n"), ("texts:\n", f"{action}texts:\n")
    )
    text = new_text(tmp_path)
    assert "{at: steps.second.actions.write.duty, from: should, to: must, because: board}" in text
    assert "{at: steps.begin.actions.talk.duty, from: must, to: should, because: board}" in text
    assert checked(tmp_path).exit_code == 0, checked(tmp_path).output
    found = statuses(tmp_path)
    assert found["steps.begin"] == found["steps.second.actions.write"] == "taken-over"
    assert "steps.first.actions.write" not in found


def test_a_name_that_the_base_no_longer_has_is_a_conflict_of_the_item_that_uses_it(tmp_path: Path) -> None:
    said = "reports:\n  # raised by the head\n  - {id: wish, by: [head], name: {en: wish}}\n"
    write(tmp_path, said, ("  - {id: head, what: role, name: {en: head}, sees: [absence]}\n", ""))
    text = new_text(tmp_path)
    assert statuses(tmp_path)["reports.wish"] == "conflict"
    assert "# CONFLICT 1: reports.wish: " in text
    assert "'head'" in text.split("CONFLICT 1")[1].split("\n")[0]
    assert "\n  - {id: wish, by: [head], name: {en: wish}}\n" in text  # the item stays: only a part of it is wrong


def test_an_item_that_is_to_be_changed_stays_for_what_rests_on_it(tmp_path: Path) -> None:
    said = """\
reports:
  - {id: wish, by: [head], name: {en: wish}}
steps:
  - id: third
    tier: targeted
    name: {en: third}
    opens: {wish: {is: raised}}
    lasts: until_closed
    again: when_true_anew
    source: ours
"""
    write(tmp_path, said, ("  - {id: head, what: role, name: {en: head}, sees: [absence]}\n", ""))
    assert (statuses(tmp_path)["reports.wish"], statuses(tmp_path)["steps.third"]) == ("conflict", "kept")


def test_what_rests_on_an_undecided_statement_is_undecided_too(tmp_path: Path) -> None:
    said = (
        "add:\n  - {at: texts, key: thanks, item: {en: Thank you}, because: board}\n"
        "change:\n  - {at: texts.greeting, from: {en: Good day}, to: {en: Hi, fi: Hei}, because: board}\n"
        "  - {at: texts.greeting.fi, from: Hei, to: Moi, because: board}\n"
    )
    write(tmp_path, said, ("Good day", "Hello"))
    found = compare_named(tmp_path / "town", tmp_path / "newer")[0]
    assert [x.at for x in found.of("conflict")] == ["texts.greeting", "texts.greeting.fi"]
    text = new_text(tmp_path)
    assert text.count("# CONFLICT") == 2
    assert "# change:\n" in text


# ---------------------------------------------------------------------- the text of the files
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_the_mark_of_the_encoding_stay(newline: str, mark: str, tmp_path: Path) -> None:
    write(tmp_path, SET + NAME, OTHER_VALUE)
    path = tmp_path / "town" / "ruleset.yaml"
    path.write_bytes((mark + path.read_text(encoding="utf-8")).replace("\n", newline).encode("utf-8"))
    run(tmp_path, "--out", str(tmp_path / "new"))
    new = (tmp_path / "new" / "ruleset.yaml").read_bytes().decode("utf-8")
    assert new.startswith(f"{mark}# The rules of a town")
    assert new.count("\n") == new.count(newline)
    assert "CONFLICT" in new


def test_comments_and_order_stay_and_what_falls_away_leaves_no_empty_key(tmp_path: Path) -> None:
    said = (
        "# before\ntexts:\n  thanks: {en: Thank you}   # said often\n\n"
        "set:   # what the board has set\n  - {parameter: limit, to: 20, because: board}\n# the last word\n"
    )
    write(tmp_path, said, ("lessons, value: 30", "lessons, value: 20"))
    assert new_text(tmp_path) == HEAD.replace("2026-1 ", "2027-1 ").replace(
        "base\n", f"{tmp_path.name and 'newer'}\n", 1
    ).replace("2026-08-12", "2027-08-01") + ("# before\ntexts:\n  thanks: {en: Thank you}   # said often\n\n# the last word\n")


def test_a_section_in_brackets_is_spread_over_lines_when_a_comment_must_stand_in_it(tmp_path: Path) -> None:
    said = (
        "set: [{parameter: limit, to: 20, because: board},   # the first\n  {parameter: other, to: 5, because: 'it is 5, so'}]\n"
    )
    write(tmp_path, said, OTHER_VALUE)
    text = new_text(tmp_path)
    assert "set:\n  # CONFLICT 1" in text
    assert (
        "\n  # - {parameter: limit, to: 20, because: board}\n  # the first\n"
        "  - {parameter: other, to: 5, because: 'it is 5, so'}\n" in text
    )
    assert read_layers(tmp_path / "new")[0][0].data["set"] == [{"parameter": "other", "to": "5", "because": "it is 5, so"}]


def test_a_layer_of_several_files_keeps_its_files_and_its_cases(tmp_path: Path) -> None:
    write(tmp_path, SET, ("Good day", "Hello"))
    (tmp_path / "town" / "texts.yaml").write_text("# ours\ntexts:\n  greeting-2: {en: Hi}\n", encoding="utf-8")
    (tmp_path / "town" / "cases").mkdir()
    (tmp_path / "town" / "cases" / "a.yaml").write_text("[]\n", encoding="utf-8")
    run(tmp_path, "--out", str(tmp_path / "new"))
    assert sorted(p.relative_to(tmp_path / "new").as_posix() for p in (tmp_path / "new").rglob("*.yaml")) == [
        "cases/a.yaml", "ruleset.yaml", "texts.yaml",
    ]  # fmt: skip
    assert (tmp_path / "new" / "texts.yaml").read_text(encoding="utf-8") == "# ours\ntexts:\n  greeting-2: {en: Hi}\n"


def test_in_place_writes_over_the_old_files_and_a_look_writes_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, SET, ("Good day", "Hello")) / "ruleset.yaml"
    before = path.read_bytes()
    assert "nothing is written" in run(tmp_path).output
    assert path.read_bytes() == before
    assert run(tmp_path, "--in-place", "--version", "2027-7").exit_code == 0
    assert "version: 2027-7            # of the first year\n" in path.read_text(encoding="utf-8")


def test_an_adoption_was_about_the_old_version_and_becomes_a_comment(tmp_path: Path) -> None:
    head = HEAD.replace("status: draft", "status: adopted").replace("grades", "adopted: {by: board, on: 2026-05-12}\ngrades", 1)
    write(tmp_path, SET, ("Good day", "Hello"), head=head)
    text = new_text(tmp_path)
    assert "\n# adopted: {by: board, on: 2026-05-12}\n" in text
    assert "\nstatus: draft\n" in text
    assert checked(tmp_path).exit_code == 0


@pytest.mark.parametrize(
    "value", ["yes", "a: b", "10", "#x", "Ylä-aste on 7–9.", "it's", 'say "x"', "", " x", "[x", "-", "C:\\x"]
)
def test_a_value_on_one_line_reads_back_as_itself(value: str) -> None:
    for whole in (value, {"en": value}, [value, {"a": [value]}]):
        assert read_text(f"k: {inline({'x': whole})}").data == {"k": {"x": whole}}


# ---------------------------------------------------------------------- what is asked wrongly
def test_a_newer_base_further_down_is_reached_by_the_commands_that_are_told(tmp_path: Path) -> None:
    write(tmp_path, SET, ("Good day", "Hello"))
    (tmp_path / "school").mkdir()
    (tmp_path / "school" / "ruleset.yaml").write_text(
        HEAD.replace("ruleset: town", "ruleset: school").replace("extends: base", "extends: town"), encoding="utf-8"
    )
    with pytest.raises(RulesetError) as told:
        compare_named(tmp_path / "school", tmp_path / "newer")
    (problem,) = told.value.problems
    assert problem.code == "base-between"
    commands = re.findall(r"sky (upgrade .*?)(?:, then|$)", problem.hint)
    assert len(commands) == 2
    for command in commands:
        words = command.replace("DIR", str(tmp_path / "town-27")).split()
        assert CliRunner().invoke(app, words, catch_exceptions=False).exit_code == 0, words


@pytest.mark.parametrize(
    ("name", "to", "code"),
    [
        ("town", "base", "on-it-already"),
        ("base", "newer", "no-such-base"),
        ("town", "town", "no-such-base"),
        ("town", "nowhere", "no-ruleset"),
    ],
)
def test_what_cannot_be_upgraded_is_told(name: str, to: str, code: str, tmp_path: Path) -> None:
    write(tmp_path, SET, ("Good day", "Hello"))
    with pytest.raises(RulesetError) as told:
        compare_named(tmp_path / name, tmp_path / to)
    assert [p.code for p in told.value.problems] == [code]


def test_a_layer_that_ends_before_the_new_base_begins_is_told(tmp_path: Path) -> None:
    write(tmp_path, SET, ("Good day", "Hello"), head=HEAD.replace("grades", "valid_until: 2027-06-30\ngrades", 1))
    done = run(tmp_path, "--out", str(tmp_path / "new"))
    assert done.exit_code == 4
    assert "the layer ends on 2027-06-30, before the new base is in force on 2027-08-01 [over-before]" in done.output


def test_a_layer_with_faults_is_not_upgraded(tmp_path: Path) -> None:
    write(tmp_path, SET.replace("parameter", "paramter"), ("Good day", "Hello"))
    with pytest.raises(RulesetError, match="paramter"):
        compare_named(tmp_path / "town", tmp_path / "newer")


def test_wrong_use_is_told_before_anything_is_written(tmp_path: Path) -> None:
    write(tmp_path, SET, ("Good day", "Hello"), head=HEAD.replace("version: 2026-1 ", "version: first "))
    assert "say it with --version" in run(tmp_path).output
    assert run(tmp_path, "--out", str(tmp_path / "base"), "--version", "2").exit_code == 2
    assert run(tmp_path, "--out", str(tmp_path / "x"), "--in-place", "--version", "2").exit_code == 2
    shipped = ["upgrade", "presets/lessons-per-term", "--to", "fi-sky/2027-1", "--in-place"]
    assert "stays as it is" in CliRunner().invoke(app, shipped).output


def test_a_machine_reads_the_same_as_a_person(tmp_path: Path) -> None:
    write(tmp_path, SET + DUTY, OTHER_VALUE)
    done = run(tmp_path, "--json")
    said = json.loads(done.output)
    assert (done.exit_code, said["format"], said["layer"], said["version"]) == (4, 1, "town/2026-1", "2027-1")
    conflict = said["items"][0]
    assert (conflict["status"], conflict["layer"]["value"], conflict["old_base"]["value"], conflict["new_base"]["value"]) == (
        "conflict", "20", "30", "25",
    )  # fmt: skip
    assert conflict["new_base"]["place"].endswith("newer/ruleset.yaml:17:32")


# ---------------------------------------------------------------------- the draft of a next base
@pytest.mark.parametrize("preset", ["presets/lessons-per-term", "presets/share-of-12-weeks"])
def test_the_presets_go_up_to_the_draft_without_a_conflict(preset: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["upgrade", preset, "--to", "fi-sky/2027-1", "--out", str(tmp_path / "new")])
    assert done.exit_code == 0, done.output
    assert "the base has moved this here from steps.return-plan" in done.output
    assert sky.check(tmp_path / "new") == []


@pytest.mark.long
def test_every_shipped_layer_next_to_the_base_goes_up_or_is_told_what_stands_in_its_way() -> None:
    layers = [
        p.parent for p in rulesets_folder().rglob("ruleset.yaml") if "extends: fi-sky/2026-1" in p.read_text(encoding="utf-8")
    ]
    names = [path.relative_to(rulesets_folder()).as_posix() for path in layers]
    sound = [name for name in names if sky.check(name) == []]
    assert len(sound) > 10
    for name in sound:
        found = compare_named(name, "fi-sky/2027-1")[0]
        assert not found.of("conflict"), name
        assert not found.faults, name


def test_the_draft_says_that_it_is_one_and_changes_no_number_and_no_source() -> None:
    folder = rulesets_folder() / "fi-sky" / "2027-1"
    for file in ("ruleset.yaml", "CHANGES.md"):
        assert "a draft made to show an upgrade" in (folder / file).read_text(encoding="utf-8")[:900].lower()
    old, new = (sky.load(f"fi-sky/{v}", allow=["draft"]).newest for v in ("2026-1", "2027-1"))
    assert new.said.status == "draft"
    assert old.said.sources == new.said.sources
    assert [(p.id, p.value) for p in old.said.parameters] == [(p.id, p.value) for p in new.said.parameters]
    was = {a.id: a.due for s in old.steps for a in s.actions}
    now = {a.id: a.due for s in new.steps for a in s.actions}
    assert {k: now[k] for k in was} == was
    assert set(now) - set(was) == {"ask-what-helped"}


# ---------------------------------------------------------------------- promises, of generated bases and layers
VALUES = st.sampled_from(["10", "20", "30"])
WORDS = st.sampled_from(["one", "two", "three: of them", "four"])
IDS = ("a", "b", "c", "d")


@st.composite
def bases(draw: st.DrawFn) -> dict[str, Any]:
    """Parameters, texts, reports and steps under few names, so that two of them often meet."""
    parameters = {x: draw(VALUES) for x in draw(st.sets(st.sampled_from(IDS), min_size=1))}
    texts = {x: {"en": draw(WORDS), "fi": draw(WORDS)} for x in draw(st.sets(st.sampled_from(IDS), min_size=1))}
    steps = {
        x: draw(st.sampled_from(["must", "should", "consider"])) for x in draw(st.sets(st.sampled_from(IDS[:3]), min_size=1))
    }
    return {"parameters": parameters, "texts": texts, "steps": steps, "reports": draw(st.sets(st.sampled_from(IDS)))}


def base_text(base: dict[str, Any], version: str) -> str:
    lines = [BASE.split("reports:")[0].replace("2026-1", version), "tiers:\n  - {id: targeted, name: {en: targeted}}\n"]
    lines += ["reports:\n  - {id: concern, by: [lead], name: {en: concern}}\n"]
    lines += [f"  - {{id: report-{x}, by: [lead], name: {{en: {x}}}}}\n" for x in sorted(base["reports"])]
    lines += [
        "parameters:\n",
        *(f"  - {{id: p-{x}, unit: lessons, value: {v}}}\n" for x, v in sorted(base["parameters"].items())),
    ]
    lines += ["texts:\n", *(f"  t-{x}: {inline(v)}\n" for x, v in sorted(base["texts"].items())), "steps:\n"]
    for x, duty in sorted(base["steps"].items()):
        lines.append(
            f"  - id: step-{x}\n    tier: targeted\n    name: {{en: {x}}}\n    opens: {{concern: {{is: raised}}}}\n"
            f"    lasts: until_closed\n    again: when_true_anew\n    source: ours\n    actions:\n"
            f"      - {{id: act-{x}, name: {{en: {x}}}, who: lead, duty: {duty}, about: absence}}\n"
        )
    return "".join(lines)


@st.composite
def layers(draw: st.DrawFn, base: dict[str, Any]) -> str:
    """What a layer may state of this base, each with a reason of its own, in block lines or in brackets, with comments."""
    said: dict[str, list[dict[str, Any]]] = {"set": [], "change": [], "add": [], "remove": []}
    own: list[str] = []
    for x in sorted(base["parameters"]):
        if draw(st.booleans()):
            said["set"].append({"parameter": f"p-{x}", "to": draw(VALUES)})
    for x, text in sorted(base["texts"].items()):
        how = draw(st.sampled_from(["nothing", "one", "all", "remove"]))
        if how == "one":
            said["change"].append({"at": f"texts.t-{x}.en", "from": text["en"], "to": draw(WORDS)})
        elif how == "all":
            said["change"].append({"at": f"texts.t-{x}", "from": text, "to": {"en": draw(WORDS), "fi": text["fi"]}})
        elif how == "remove":
            said["remove"].append({"at": f"texts.t-{x}"})
    for x, duty in sorted(base["steps"].items()):
        if draw(st.booleans()):
            to = draw(st.sampled_from(["must", "should", "consider"]))
            said["change"].append({"at": f"steps.step-{x}.actions.act-{x}.duty", "from": duty, "to": to})
    for x in sorted(set(IDS) - base["reports"]):
        if draw(st.booleans()):
            own.append(f"  - {{id: report-{x}, by: [head], name: {{en: of the layer}}}}   # own {x}\n")
    for x in sorted(set(IDS) - set(base["texts"])):
        if draw(st.booleans()):
            said["add"].append({"at": "texts", "key": f"t-{x}", "item": {"en": draw(WORDS), "fi": draw(WORDS)}})
    text, number = ("reports:\n" + "".join(own)) if own else "", 0
    for section, items in said.items():
        for item in items:
            number += 1
            item["because"] = f"reason-{number}."
        if items and draw(st.integers(0, 3)) == 0:
            text += f"{section}: {inline(items)}\n"
        elif items:
            text += f"# about {section}\n{section}:\n"
            for item in items:
                if draw(st.booleans()):
                    text += f"  - {inline(item)}   # beside\n"
                else:
                    first, *rest = [f"{k}: {inline(v)}" for k, v in item.items()]
                    text += f"  # above\n  - {first}\n" + "".join(f"    {line}\n" for line in rest)
    return text


@st.composite
def worlds(draw: st.DrawFn, *, same_base: bool = False, no_layer: bool = False) -> tuple[str, str, str]:
    old = draw(bases())
    new = old if same_base else draw(bases())
    if not same_base and draw(st.booleans()):  # more often a few changes than another world
        new = {k: new[k] if draw(st.integers(0, 2)) == 0 else old[k] for k in old}
    return base_text(old, "2026-1"), base_text(new, "2027-1"), "" if no_layer else draw(layers(old))


def upgraded(folder: Path, world: tuple[str, str, str]) -> tuple[Result, str]:
    for name, text in zip(("base", "newer", "town"), (*world[:2], HEAD + world[2]), strict=True):
        (folder / name).mkdir()
        (folder / name / "ruleset.yaml").write_text(text, encoding="utf-8")
    assert sky.check(folder / "town") == []
    done = run(folder, "--out", str(folder / "new"), "--version", "2026-9", "--json")
    return done, (folder / "new" / "ruleset.yaml").read_text(encoding="utf-8")


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for k, x in value.items():
            yield from leaves(x, f"{path}.{k}")
    elif isinstance(value, list):
        for i, x in enumerate(value):
            yield from leaves(x, f"{path}.{x['id'] if isinstance(x, dict) and 'id' in x else i}")
    else:
        yield path, value


def whole(folder: Path, name: str) -> dict[str, Any]:
    data = lay(read_layers(folder / name)[0])[0].data
    return {k: x for k, x in data.items() if isinstance(x, dict | list) and k != "name"}


@few
@given(worlds(no_layer=True))
def test_a_layer_without_changes_becomes_the_new_base(world: tuple[str, str, str]) -> None:
    with tempfile.TemporaryDirectory() as tmp:
        done, _ = upgraded(Path(tmp), world)
        assert done.exit_code == 0
        assert whole(Path(tmp), "new") == whole(Path(tmp), "newer")


@few
@given(worlds(same_base=True))
def test_on_a_base_without_changes_a_layer_stays_as_it_is_but_for_its_base_and_version(world: tuple[str, str, str]) -> None:
    with tempfile.TemporaryDirectory() as tmp:
        done, text = upgraded(Path(tmp), world)
        assert done.exit_code == 0
        assert text == (HEAD + world[2]).replace("version: 2026-1 ", "version: 2026-9 ").replace(
            "extends: base", "extends: newer"
        )
        assert {x["status"] for x in json.loads(done.output)["items"]} <= {"kept"}


@few
@given(worlds())
def test_nothing_is_lost_every_statement_is_in_the_new_file_or_told(world: tuple[str, str, str]) -> None:
    with tempfile.TemporaryDirectory() as tmp:
        done, text = upgraded(Path(tmp), world)
        items, now = json.loads(done.output)["items"], read_text(text).data
        told = [x for x in items if x["status"] in ("conflict", "already")]
        for section in ("set", "change", "add", "remove"):
            left = [x["because"] for x in now.get(section, [])]
            for said in read_text(HEAD + world[2]).data.get(section, []):
                if said["because"] in left:
                    continue
                wanted = said.get("to", said.get("item"))
                path = f"parameters.{said['parameter']}" if section == "set" else said["at"]
                assert [x for x in told if x["at"].startswith(path) and x["layer"]["value"] == wanted], said
                is_conflict = any(x["status"] == "conflict" and x["at"].startswith(path) for x in told)
                assert not is_conflict or said["because"] in text
        for own in read_text(HEAD + world[2]).data.get("reports", []):
            assert own in now.get("reports", []) or own in [x["layer"]["value"] for x in told]
        comments = re.findall(r"# (?:about|above|own|beside).*", HEAD + world[2])
        dropped = [x for x in items if x["status"] == "already"]
        assert dropped or sorted(comments) == sorted(re.findall(r"# (?:about|above|own|beside).*", text))


@pytest.mark.long
@few
@given(worlds())
def test_what_one_side_changed_is_taken_and_without_a_conflict_the_new_layer_loads(world: tuple[str, str, str]) -> None:
    with tempfile.TemporaryDirectory() as tmp:
        folder = Path(tmp)
        done, _ = upgraded(folder, world)
        assert sky.check(folder / "new") == []  # what is undecided is a comment
        conflicts = [x["at"] for x in json.loads(done.output)["items"] if x["status"] == "conflict"]
        assert checked(folder).exit_code == done.exit_code == (4 if conflicts else 0)
        old, new, mine, got = (dict(leaves(whole(folder, n))) for n in ("base", "newer", "town", "new"))
        for path in {*old, *new, *mine, *got}:
            a, b, c, d = (x.get(path) for x in (old, new, mine, got))
            if any(path[1:].startswith(x) for x in conflicts):
                assert d == b, path  # nothing is decided: the base's stands until a person writes the layer's
            elif a == c:
                assert d == b, path
            elif a == b:
                assert d == c, path
            else:
                assert b == c == d, path


@pytest.mark.long
def test_generated_worlds_have_every_status() -> None:
    seen: set[str] = set()

    @settings(few, max_examples=100)
    @given(worlds())
    def look(world: tuple[str, str, str]) -> None:
        with tempfile.TemporaryDirectory() as tmp:
            seen.update(x["status"] for x in json.loads(upgraded(Path(tmp), world)[0].output)["items"])

    look()
    assert seen == {"kept", "taken-over", "already", "conflict"}


def test_text_with_faults_is_handed_to_no_other_reader() -> None:
    with pytest.raises(ValueError, match="faults"):
        rewritten("a: &x 1\nb: *x\n", identity={"a": "2"}, edits=[])
