"""Broken rulesets: one exact message each, with place and what to write instead; never a traceback, never a guess.

Rules: a broken ruleset is a golden file of `bad_rulesets/`: of which good file it is made by which edit, the whole message, and
where the message tells what to write, that edit (`write`), which is applied by machine and then loads. Words of that edit that
the message leaves to the author stand under `chosen`; every other word is in the message.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

import sky_model as sky
from sky_model import cli
from sky_model.source import OTHERWISE, read_file, read_text

HERE = Path(__file__).resolve().parent / "bad_rulesets"
RULESETS = Path(__file__).resolve().parents[1] / "rulesets"
BASES = {p.stem: p.read_text(encoding="utf-8") for p in sorted((HERE / "bases").glob("*.yaml"))}
GOLDEN: dict[str, dict[str, Any]] = {p.stem: yaml.safe_load(p.read_text(encoding="utf-8")) for p in sorted(HERE.glob("*.yaml"))}
GOOD, TINY = BASES["town"], BASES["tiny"]


def broken(golden: dict[str, Any]) -> bytes:
    """The file of one case: a good one after its edit, a whole text, or plain bytes."""
    if "bytes" in golden:
        return bytes.fromhex(golden["bytes"])
    text = golden["text"] if "text" in golden else BASES[golden["of"]]
    if "edit" in golden:
        old, new = golden["edit"]["old"], golden["edit"]["new"]
        assert old in text, f"the good file has no {old!r}"
        text = text.replace(old, new, 1)
    return str(text).encode(golden.get("saved_as", "utf-8"), "replace")


def told(text: str | bytes, tmp_path: Path) -> str:
    """What `check` says of one file, without its folder."""
    path = tmp_path / "ruleset.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return "\n".join(map(str, sky.check(path))).replace(f"{tmp_path}/", "")


# ---------------------------------------------------------------------- each broken ruleset
@pytest.mark.parametrize("name", BASES)
def test_the_good_files_have_no_faults(name: str, tmp_path: Path) -> None:
    assert told(BASES[name], tmp_path) == ""


@pytest.mark.long
@pytest.mark.parametrize("name", GOLDEN)
def test_a_broken_ruleset_is_one_message_word_by_word(name: str, tmp_path: Path) -> None:
    assert told(broken(GOLDEN[name]), tmp_path) == GOLDEN[name]["told"]
    assert len(sky.check(tmp_path / "ruleset.yaml")) == 1
    with pytest.raises(sky.RulesetError):
        sky.load(tmp_path / "ruleset.yaml")


@pytest.mark.long
@pytest.mark.parametrize("name", [n for n, g in GOLDEN.items() if "write" in g])
def test_what_the_message_tells_to_write_loads(name: str, tmp_path: Path) -> None:
    golden = GOLDEN[name]
    text, old, new = broken(golden).decode(), golden["write"]["old"], golden["write"]["new"]
    assert old in text
    assert told(text.replace(old, new, 1), tmp_path) == ""
    words = [{*re.findall(r"[\w-]+", x)} for x in (new, old, golden["told"])]
    assert words[0] - words[1] - words[2] == {*golden.get("chosen", ())}


@pytest.mark.long
@pytest.mark.parametrize("name", GOLDEN)
def test_the_command_line_tells_it_and_ends_with_4(name: str, tmp_path: Path) -> None:
    path = tmp_path / "ruleset.yaml"
    path.write_bytes(broken(GOLDEN[name]))
    result = CliRunner().invoke(cli.app, ["check", str(tmp_path)])
    assert result.exit_code == 4, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert result.stdout.replace(f"{tmp_path}/", "").strip() == GOLDEN[name]["told"].strip()


@pytest.mark.long
@pytest.mark.parametrize("command", [["check"], ["check", "--json"], ["test"], ["needs"], ["origin"]], ids=" ".join)
@pytest.mark.parametrize("name", ["a-nul-byte", "latin-1", "empty", "misspelt-key", "two-bases"])
def test_no_command_gives_a_traceback(command: list[str], name: str, tmp_path: Path) -> None:
    (tmp_path / "ruleset.yaml").write_bytes(broken(GOLDEN[name]))
    line = [sys.executable, "-m", "sky_model.cli", command[0], ".", *command[1:], *(["steps"] if command == ["origin"] else [])]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 4, done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_there_are_golden_files_and_no_two_of_one_name() -> None:
    assert len(GOLDEN) >= 60
    assert len({g["name"] for g in GOLDEN.values()}) == len(GOLDEN)
    assert sum("write" in g for g in GOLDEN.values()) > len(GOLDEN) * 2 / 3


# ---------------------------------------------------------------------- what is no fault
@pytest.mark.parametrize("saved", [b"\xef\xbb\xbf", b"\r\n", b"both"], ids=["byte order mark", "Windows line ends", "both"])
def test_windows_line_ends_and_a_byte_order_mark_load_as_the_same_ruleset(saved: bytes, tmp_path: Path) -> None:
    plain, other = tmp_path / "a", tmp_path / "b"
    for folder in (plain, other):
        folder.mkdir()
    (plain / "ruleset.yaml").write_bytes(GOOD.encode())
    text = GOOD.encode().replace(b"\n", b"\r\n") if saved != b"\xef\xbb\xbf" else GOOD.encode()
    (other / "ruleset.yaml").write_bytes(text if saved == b"\r\n" else b"\xef\xbb\xbf" + text)
    a, b = sky.load(plain).newest, sky.load(other).newest
    assert a.fingerprint == b.fingerprint
    places = [str(x.origin_of("steps.third-limit-reached.tier").place).removeprefix(str(tmp_path))[2:] for x in (a, b)]
    assert places[0] == places[1]


def test_a_fault_stands_at_the_same_place_with_windows_line_ends(tmp_path: Path) -> None:
    text = broken(GOLDEN["misspelt-operator"])
    assert told(text.replace(b"\n", b"\r\n"), tmp_path) == GOLDEN["misspelt-operator"]["told"]


# ---------------------------------------------------------------------- several faults, several files
def test_all_faults_are_told_at_once_in_file_order(tmp_path: Path) -> None:
    text = GOOD.replace("tier: intensive", "teir: intensive").replace("{at_least: 50}", "{at_least: many}")
    assert [x.split("[")[-1].split("]")[0] for x in told(text, tmp_path).split("\n") if "[" in x] == [
        "not-a-number",
        "unknown-key",
    ]


def test_a_key_that_stands_thrice_is_two_faults(tmp_path: Path) -> None:
    said = told(TINY.replace("status: pilot\n", "status: pilot\nstatus: draft\nstatus: draft\n"), tmp_path)
    assert said.count("the key 'status' stands twice here [doubled-key]") == 2


def test_layers_that_extend_each_other_are_a_circle_and_no_endless_loop(tmp_path: Path) -> None:
    for name, base in (("a", "b"), ("b", "a")):
        (tmp_path / name).mkdir()
        text = GOOD.replace("extends: fi-sky/2026-1", f"extends: {base}")
        (tmp_path / name / "ruleset.yaml").write_text(text, encoding="utf-8")
    (problem,) = sky.check(tmp_path / "a")
    assert str(problem).replace(f"{tmp_path}/", "") == "b/ruleset.yaml:5:1: `extends` goes round in a circle: a → b → a [circle]"


def test_a_section_in_two_files_of_a_folder_is_one_fault(tmp_path: Path) -> None:
    (tmp_path / "ruleset.yaml").write_text(TINY, encoding="utf-8")
    (tmp_path / "monitoring.yaml").write_text("tiers:\n  - {id: intensive, name: {en: intensive}}\n", encoding="utf-8")
    (problem,) = sky.check(tmp_path)
    said = "monitoring.yaml:1:1: 'tiers' stands in two files [section-twice]\n    keep a section in one file"
    assert str(problem).replace(f"{tmp_path}/", "") == said


def test_a_ruleset_that_is_not_there_tells_the_nearest(tmp_path: Path) -> None:
    (problem,) = sky.check("presets/lessons-per-trem")
    assert str(problem) == (
        "presets/lessons-per-trem: there is no ruleset 'presets/lessons-per-trem' [no-ruleset]\n"
        "    did you mean 'presets/lessons-per-term'?"
    )


def test_a_file_that_is_far_too_large_is_one_error(tmp_path: Path) -> None:
    said = told(b"x" * 100_000_000, tmp_path)
    assert said == "ruleset.yaml: larger than 2,000,000 characters [too-large]\n    split it, or check what it is"


def test_draft_and_variant_answer_only_when_asked_to() -> None:
    with pytest.raises(sky.RulesetError, match="is a draft; it answers only when asked to"):
        sky.load("examples/oulu-vesala")


# ---------------------------------------------------------------------- anything at all
SHIPPED = [p.read_bytes() for p in sorted(RULESETS.rglob("ruleset.yaml")) if p.stat().st_size < 12_000]
BITS = [
    b"\0",
    b"\t",
    b"\r",
    b"\n",
    b"\xff",
    b"\xc3",
    b":",
    b"- ",
    b"{",
    b"}",
    b"[",
    b"'",
    b'"',
    b"#",
    b"&a ",
    b"*a ",
    b"!",
    b"|",
    b">",
    b"%",
    b"? ",
]
BITS += [
    b"<<: ",
    b"---\n",
    b"\xe2\x80\xa8",
    b"0",
    b"-1",
    b"null",
    b"{}",
    b"[]",
    b"any: ",
    b"by: ",
    b"gap: x",
    b"\xf0\x9f\x98\x80",
    b"9" * 400,
]


def anyhow(text: bytes, rng: random.Random) -> bytes:
    """One to three bytes, bits or lines are put in, taken away, doubled or moved."""
    for _ in range(rng.randint(1, 3)):
        lines = text.split(b"\n")
        i, k, at = rng.randrange(len(lines)), rng.randrange(len(lines)), rng.randrange(len(text) + 1)
        how = rng.randrange(7)
        if how == 0:
            text = text[:at] + rng.choice(BITS) + text[at:]
        elif how == 1:
            text = text[:at] + bytes([rng.randrange(256)]) + text[at + 1 :]
        elif how == 2:
            text = text[:at] + text[at + rng.randint(1, 30) :]
        elif how == 3:
            del lines[i]
        elif how == 4:
            lines.insert(k, lines[i])
        elif how == 5:
            lines[i] = rng.choice([b" ", b"  ", b"", b"- "]) + lines[i].lstrip()
        else:
            lines[i] = re.sub(rb": [^ ,}]+", lambda _: b": " + rng.choice(BITS), lines[i], count=1)
        if how > 2:
            text = b"\n".join(lines)
    return text


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_whatever_is_done_to_a_shipped_layer_it_loads_or_is_told(seed: int, tmp_path: Path) -> None:
    rng, path = random.Random(seed), tmp_path / "ruleset.yaml"
    for _ in range(50):
        path.write_bytes(anyhow(rng.choice(SHIPPED), rng))
        problems = sky.check(path)
        assert all(p.message and p.code and p.place.file for p in problems)
        assert all(p.hint for p in problems if p.code == "yaml")
        if not problems:
            assert sky.load(path, allow=("draft", "variant")).newest.steps is not None


# ---------------------------------------------------------------------- words
# what is no fault: words that other readers of YAML turn into something else stay what was written
@pytest.mark.parametrize("word", ["no", "on", "off", "null", "~", "010", "8:15", "8E1", "1_000", "0x2D", "2026-08-12"])
def test_a_word_stays_the_word_that_was_written(word: str, tmp_path: Path) -> None:
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY.replace("A tiny ruleset", word), encoding="utf-8")
    assert sky.load(path).newest.said.name.en == word


ALIAS_BOMB = "format: 1\na: &a [x, x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(20)
)


def test_an_alias_bomb_is_told_line_by_line_and_never_unfolded(tmp_path: Path) -> None:
    said = told(ALIAS_BOMB, tmp_path).splitlines()
    assert "ruleset.yaml:2:4: anchor 'a' is not allowed [anchor]" in said
    assert sum("is not allowed [anchor]" in x for x in said) == 21 + 3 * 20
    assert sum(map(len, said)) < 25_000


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("{only: [away]}", "{only: [away], all_except: [here]}", id="only and except"),
        pytest.param("name: {en: A tiny ruleset}", "name: *n", id="alias"),
        pytest.param("version: 2026-1", "version: " + "[" * 60 + "]" * 60, id="too deep"),
    ],
)
def test_one_fault_is_one_error(old: str, new: str, tmp_path: Path) -> None:
    assert old in TINY
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY.replace(old, new, 1), encoding="utf-8")
    assert len(sky.check(path)) == 1


def test_the_place_of_a_missing_key_is_in_the_file_that_was_read(tmp_path: Path) -> None:
    assert (
        told(TINY.replace("version: 2026-1\n", ""), tmp_path)
        == "ruleset.yaml:1:1: `version` is missing [missing]\n    add `version: …`"
    )


def test_a_hint_never_proposes_what_is_refused_too(tmp_path: Path) -> None:
    assert "write 45.5" not in told(TINY.replace("lesson_minutes: 45", "lesson_minutes: '45,5'"), tmp_path)


# ---------------------------------------------------------------------- one file that is not what it should be
def test_a_key_that_is_a_list_is_no_key() -> None:
    found = read_text("format: 1\n[a, b]: 2\n", file="x.yaml")
    assert list(map(str, found.problems)) == [
        "x.yaml:2:1: a key must be a word [key-not-text]\n    write the list or mapping as a value"
    ]
    assert found.data == {"format": "1"}


def test_a_text_of_two_million_letters_is_too_large() -> None:
    (problem,) = read_text("a: " + "x" * 2_000_000, file="x.yaml").problems
    assert str(problem) == "x.yaml: larger than 2,000,000 characters [too-large]\n    split it, or check what it is"


def test_a_file_that_is_not_there_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(sky.RulesetError) as e:
        read_file(tmp_path / "none.yaml", shown="none.yaml")
    said = "none.yaml: cannot be read: No such file or directory [no-file]\n    check the path, and that you may read the file"
    assert str(e.value) == said


# ---------------------------------------------------------------------- everything the two readers of PyYAML can say
UNREADABLE = [
    "a:\n\tb: 1\n", "a:\n  -\tb: 1\n", "a: 1\nb:2\nc: 3\n", "b:2\na: 1\n", 'a: "x\nb: 2\n', "a: 'x\nb: 2\n",
    'a: "x\nb: "y"\n', "a: {b: 1\nc: 2\n", "a: [b, c\nd: 2\n", "a: {b: 1}}\n", "a: [b]]\n", "a: - b\n", "a: 1\n- b\n",
    "a:\n  - b\n  c: 1\n", "a: 1\n  b: 2\n", "a:\n    b: 1\n  c: 2\n", "a: b: c\n", "%x\n", "a: %x\n", 'a: "\\d"\n',
    'a: "\\xzz"\n', 'a: "\\uD800"\n', 'a: "\\UFFFFFFFF"\n', 'a: "x" y\n', "a: 'it's'\n", "a: * b\n", "a: & b\n",
    "a: **b**\n", "a: !<x\n", "a: !x!y z\n", "a: !!\n", "a: !a%zz b\n", "a: |x\n", "a: |0\n", "a: >x\n",
    "---\na: 1\n...\nb: 2\n", 'a: "x\n---\nb: 1\n', "%YAML 2.0\n---\na: 1\n", "%YAML 1.1\n%YAML 1.1\n---\na: 1\n",
    "%YAML x\n---\n", "%TAG x\n---\n", "a: ? b\n", "a: [b,, c]\n", "a: {, b: 1}\n", "a: , b\n", "}\n", ": a\n",
    "a: \x07\n", "a: \ud800\n", "a = 1\nb: 2\n", "a: `x`\n", "a:\u00a0b\nc: 1\n", "a: \u201cx: y\u201d\n",
    "a\uff1a 1\nb: 2\n", "a: {b:2}\n", "a:\n  -b\n", "a: " + "[" * 60, "", "# x\n",
]  # fmt: skip


@pytest.mark.parametrize("reader", ["CBaseLoader", "BaseLoader"])
@pytest.mark.parametrize("text", UNREADABLE)
def test_whatever_is_not_readable_as_yaml_comes_with_what_to_write(
    text: str, reader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sky_model.source.Loader", getattr(yaml, reader, yaml.BaseLoader))
    problems = read_text(text, file="x.yaml").problems
    assert problems
    assert all(p.hint and p.place.line >= 1 for p in problems)
    assert not any(p.hint == OTHERWISE for p in problems)


def test_what_a_reader_says_that_nobody_has_heard_yet_has_a_hint_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sky_model.source.HINTS", ())
    (problem,) = read_text("a: b: c\n", file="x.yaml").problems
    assert problem.hint == OTHERWISE


@pytest.mark.parametrize("text", ['a: "-b"\n', "a: -5\n", "a:\n  '-b'\n", 'a: {"b:2": c}\n', "a: {b: c:d}\n", "a:\n  - -5\n"])
def test_a_dash_or_a_colon_that_was_meant_is_no_fault(text: str) -> None:
    assert read_text(text, file="x.yaml").problems == []


def test_a_path_that_does_not_stand_in_a_file_has_the_place_of_its_parent() -> None:
    found = read_text("a:\n  - {b: 1}\n", file="x.yaml")
    assert str(found.place(("a", 0, "c", "d"))) == "x.yaml:2:5"
    assert str(found.place(("z",))) == "x.yaml:1:1"
