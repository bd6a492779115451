"""Wrong rulesets: one clear error each, with place and what to write instead; never a traceback, never a guess."""

from __future__ import annotations

from pathlib import Path

import pytest

import sky_model as sky

GOOD = (Path(__file__).resolve().parents[1] / "rulesets/presets/lessons-per-term/ruleset.yaml").read_text(encoding="utf-8")

BROKEN = {
    "unquoted sign": ("at_least: 30", "at_least: >= 30", "[yaml]", "write a comparison as a word"),
    "decimal comma": ("{at_least: 50}", "{at_least: 50,5}", "[decimal-comma]", "write a decimal point"),
    "misspelt operator": ("{at_least: 50}", "{at_leest: 50}", "[unknown-key]", "did you mean 'at_least'?"),
    "misspelt key": ("    tier: intensive", "    teir: intensive", "[unknown-key]", "did you mean 'tier'?"),
    "doubled key": ("status: pilot\n", "status: pilot\nstatus: draft\n", "the key 'status' stands twice here", "keep one"),
    "alias bomb": ("grades: 1-9", "grades: &a [x]\nnotes: [*a, *a]", "[anchor]", "write the value out"),
    "tab": ("    tier: intensive", "\ttier: intensive", "[yaml]", "indent with spaces"),
    "limit as text": ("{at_least: 100}", "{at_least: many}", "'many' is not a number [not-a-number]", "write digits"),
    "no such fact": ("{absence-lessons: {at_least: 50}}", "{absence-lesson: {at_least: 50}}", "[no-such]", "'absence-lessons'"),
    "no such role": ("by: [class-lead, principal]", "by: [class-leed, principal]", "[no-such]", "did you mean 'class-lead'?"),
    "no above": ("    above: {first-limit-reached: includes}\n", "", "[above]", "add above: {first-limit-reached: includes}"),
    "id twice": ("id: third-limit-reached", "id: second-limit-reached", "[doubled-id]", "choose another name"),
    "Finnish letters in an id": ("id: third-limit-reached", "id: kolmas-pykälä", "[not-an-id]", "write 'kolmas-pykala'"),
    "no such date": ("valid_from: 2026-08-01", "valid_from: 2026-02-30", "[no-such-day]", "check day and month"),
    "before its base": ("valid_from: 2026-08-01", "valid_from: 2025-08-01", "[before-its-base]", "write 2026-08-01 or later"),
    "unknown base": ("extends: fi-sky/2026-1", "extends: fi-sky/2027-9", "[no-base]", "did you mean 'fi-sky/2026-1'?"),
    "wrong lasts": ("lasts: until_closed", "lasts: for_ever", "[lasts]", "write one of until_closed"),
    "no such answer": ("{is: raised}", "{is: yes}", "the report 'concern' is never 'yes'", "write one of raised"),
    "no unit": ("counters: {lesson_minutes: 45, kinds: all}", "counters: {kinds: all}", "[which-unit]", "add lesson_minutes: 45"),
    "empty": (GOOD, "", "[empty]", ""),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_wrong_ruleset_says_what_and_where_and_what_to_write(name: str, tmp_path: Path) -> None:
    old, new, said, hint = BROKEN[name]
    assert old in GOOD
    path = tmp_path / "my-town.yaml"
    path.write_text(GOOD.replace(old, new), encoding="utf-8")
    problems = sky.check(path)
    assert problems
    text = "\n".join(map(str, problems))
    assert said in text, text
    assert hint in text, text
    assert str(path) in text or "my-town.yaml" in text
    with pytest.raises(sky.RulesetError):
        sky.load(path)


def test_all_faults_are_told_at_once_in_file_order(tmp_path: Path) -> None:
    path = tmp_path / "my-town.yaml"
    path.write_text(
        GOOD.replace("tier: intensive", "teir: intensive").replace("{at_least: 50}", "{at_least: many}"), encoding="utf-8"
    )
    problems = sky.check(path)
    assert [p.code for p in problems] == ["not-a-number", "missing", "unknown-key"]
    assert [p.place.line for p in problems] == sorted(p.place.line for p in problems)


def test_layers_that_extend_each_other_are_a_circle_and_no_endless_loop(tmp_path: Path) -> None:
    for name, base in (("a", "b"), ("b", "a")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "ruleset.yaml").write_text(
            GOOD.replace("extends: fi-sky/2026-1", f"extends: {base}"), encoding="utf-8"
        )
    (problem,) = sky.check(tmp_path / "a")
    assert problem.code == "circle"


def test_a_file_that_is_far_too_large_is_one_error(tmp_path: Path) -> None:
    path = tmp_path / "my-town.yaml"
    path.write_bytes(b"x" * 100_000_000)
    (problem,) = sky.check(path)
    assert problem.code == "too-large"


def test_windows_line_ends_and_a_byte_order_mark_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "my-town.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert sky.check(path) == []


def test_draft_and_variant_answer_only_when_asked_to() -> None:
    with pytest.raises(sky.RulesetError, match="is a draft; it answers only when asked to"):
        sky.load("examples/oulu-vesala")
