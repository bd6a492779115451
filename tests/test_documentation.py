"""What the pages say is true: their blocks run, their rulesets load, their commands work, their lists are complete.

Rules: a page is read as it is published; a list on a page is compared with the source in both directions.
"""

from __future__ import annotations

import ast
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import BaseModel

import sky_model as sky
from sky_model import cli, vocabulary
from sky_model.checks.cases import run_cases
from sky_model.decision import decision_schema
from sky_model.host.log import Log
from sky_model.host.requests import answer_schema, request_schema
from sky_model.host.signing import MANIFEST, SIGNATURE, canonical, manifest_of, public_key_of, sign
from sky_model.records import record_schema
from sky_model.source import read_file, read_text

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", [p for p in PAGES if "```python" in p.read_text(encoding="utf-8")], ids=lambda p: p.name)
def test_every_python_block_of_a_page_runs(page: Path) -> None:
    space: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        exec(compile(block, page.name, "exec"), space)


PUBLISHED = [("record", record_schema), ("decision", decision_schema), ("request", request_schema), ("answer", answer_schema)]


@pytest.mark.parametrize(("name", "made"), PUBLISHED)
def test_the_published_schema_is_what_the_code_makes(name: str, made: object) -> None:
    path = ROOT / "rulesets" / "schema" / f"{name}.json"
    assert json.loads(path.read_text(encoding="utf-8")) == made(), f"write it anew: sky schema {name} > {path.name}"  # type: ignore[operator]


def test_every_public_name_is_documented() -> None:
    missing = [n for n in sky.__all__ if not getattr(sky, n).__doc__]
    assert not missing


def test_every_situation_of_the_page_has_an_example_or_says_that_its_construct_is_still_to_come() -> None:
    page = (ROOT / "docs" / "decision.md").read_text(encoding="utf-8")
    situations = page.split("\n## What happens when\n")[1].split("\n### ")[1:]
    assert len(situations) == 38
    for s in situations:
        to_come = "This construct comes with the next version of the language" in " ".join(s.split())
        assert ("```python" in s and "assert " in s) != to_come, s.split("\n", 1)[0]


# ---------------------------------------------------------------------- docs/problems.md
def _branches(node: ast.expr) -> list[ast.expr]:
    return [*_branches(node.body), *_branches(node.orelse)] if isinstance(node, ast.IfExp) else [node]


def _codes_in(tree: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """(whose they are, code) as the source raises them: by a call, or as the first of a pair that a call takes up."""
    rulesets, records = ("Problem", "_fault", "fault", "refuse"), ("RecordError", "Bad")
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name in rulesets + records:
                yield from (("record" if name in records else "problem", x) for x in _branches(node.args[0]))
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
            if getattr(node.targets[0].elts[0], "id", "") == "rule":
                yield from (("record", x.elts[0]) for x in _branches(node.value) if isinstance(x, ast.Tuple))
        elif isinstance(node, ast.FunctionDef) and node.name == "impossible":
            found = [x.value for x in ast.walk(node) if isinstance(x, ast.Return)]
            yield from (("record", x.elts[0]) for x in found if isinstance(x, ast.Tuple))


def test_every_problem_code_of_the_source_has_an_entry_and_every_entry_is_a_code() -> None:
    raised: dict[str, set[str]] = {"problem": set(), "record": set()}
    for path in (ROOT / "src").rglob("*.py"):
        for whose, code in _codes_in(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(code, ast.Constant):
                raised[whose].add(str(code.value))
    text = (ROOT / "docs" / "problems.md").read_text(encoding="utf-8")
    tables = {
        part.split("\n", 1)[0]: re.findall(r"^\| `([a-z0-9-]+)` \| [^|]+ \| [^|]+ \|$", part, re.MULTILINE)
        for part in text.split("\n## ")[1:]
    }
    assert list(tables) == ["Rulesets", "Records", "Calendars and schools"]
    for codes in tables.values():
        assert codes == sorted(set(codes))
    assert text.count("\n| `") == sum(map(len, tables.values()))  # no row of another form
    assert {*tables["Rulesets"], *tables["Calendars and schools"]} == raised["problem"]
    assert set(tables["Records"]) == raised["record"]


# ---------------------------------------------------------------------- docs/language.md
HEAD = """\
format: 1
ruleset: of-a-page
version: 1
extends: fi-sky/2026-1
status: draft
valid_from: 2026-08-12
grades: 1-9
name: {en: of a page}
counters: [{id: absence-lessons, measure: lessons, lesson_minutes: 45, kinds: all, window: {in: term}}]
"""
LANGUAGE = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", LANGUAGE, re.DOTALL)


def _file_of(block: str) -> str:
    """The file that a block names in its first line: a shipped one, of which it is a part, or one that an author would write."""
    first = re.match(r"# file: (\S+)\n", block)
    assert first is not None, f"a block of this page begins with the file that it stands in: {block[:60]}"
    return first[1]


def _is_part(part: Any, whole: Any) -> bool:
    """Every item of a list stands in the other list as it is; every key of a mapping has the same value."""
    if isinstance(part, list):
        return isinstance(whole, list) and all(x in whole for x in part)
    return part == whole or (
        isinstance(part, dict) and isinstance(whole, dict) and all(k in whole and _is_part(v, whole[k]) for k, v in part.items())
    )


@pytest.mark.parametrize("block", BLOCKS, ids=_file_of)
def test_every_yaml_block_of_the_reference_is_read_without_a_fault(block: str, tmp_path: Path) -> None:
    name, source = _file_of(block), read_text(block)
    assert not source.problems
    shipped = ROOT / "rulesets" / name
    if shipped.is_file():
        whole = read_file(shipped).data
        assert all(_is_part(v, whole.get(k)) for k, v in source.data.items()), f"this is not what {name} says"
        return
    path = tmp_path / Path(name).name
    head = HEAD.rsplit("counters:", 1)[0] if "\ncounters:" in block else HEAD  # a block may bring its own counters
    path.write_text(block if "format: 1" in block or name.startswith("cases/") else head + block, encoding="utf-8")
    if name.startswith("calendars/"):
        assert sky.load_calendar(path).school_days
    elif name.startswith("cases/"):
        outcomes = list(run_cases(sky.load("presets/lessons-per-term"), tmp_path))
        assert outcomes
        assert not [o.faults for o in outcomes if o.faults]
    else:
        assert sky.check(path) == []


@pytest.mark.long
def test_the_tutorial_leads_from_an_export_to_a_printed_rulebook(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8").partition("## From your export")[2]
    export = re.search(r"```csv\n(.*?)```", text, re.DOTALL)
    assert export is not None
    (tmp_path / "export.csv").write_text(export[1], encoding="utf-8")
    blocks = re.findall(r"```shell\n(.*?)```", text, re.DOTALL)
    commands = [c for b in blocks for c in re.findall(r"^\$ (sky .*)$", b.replace("\\\n", ""), re.MULTILINE)]
    assert [c.split()[1] for c in commands] == ["map", "new", "check", "test", "complete", "diff", "decide", "rulebook"]
    for command in commands:
        done = subprocess.run(
            [sys.executable, "-m", "sky_model.cli", *shlex.split(command)[1:]],
            cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False,
        )  # fmt: skip
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        if " map " in command:  # as the page says: what each code means
            path = tmp_path / "mapping.yaml"
            mapping = path.read_text(encoding="utf-8")
            for code, kind in (("Luvaton poissaolo", "unauthorised"), ("Sairaus", "health")):
                mapping = mapping.replace(f'code: "{code}", kind: fill-in', f'code: "{code}", kind: {kind}')
            path.write_text(mapping, encoding="utf-8")
    assert {p.name for p in (tmp_path / "printed").iterdir()} >= {"rulebook.html", "guardians.html", "board.html"}
    assert "Virtanen" not in "".join(p.read_text(encoding="utf-8") for p in tmp_path.rglob("*.yaml"))


# ---------------------------------------------------------------------- docs/howto-municipality.md
HOWTO = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "howto-municipality.md").read_text(encoding="utf-8"), re.DOTALL)
BEGINNING, FIRST_COUNTER, *SENTENCES = HOWTO


@pytest.mark.long
@pytest.mark.parametrize("block", [FIRST_COUNTER, *SENTENCES])
def test_every_sentence_of_the_municipality_page_is_read_without_a_fault(block: str, tmp_path: Path) -> None:
    path = tmp_path / "ruleset.yaml"
    has_counters = re.search(r"^counters:", block, re.MULTILINE) is not None
    path.write_text(BEGINNING + ("" if has_counters else FIRST_COUNTER) + block, encoding="utf-8")
    assert sky.check(path) == []


def test_the_municipality_page_has_the_sentences_that_pages_are_made_of() -> None:
    assert len(SENTENCES) >= 25


def _shapes(shape: type[BaseModel], seen: set[type[BaseModel]]) -> set[type[BaseModel]]:
    if shape not in seen:
        seen.add(shape)
        for f in shape.model_fields.values():
            for inner in _models_in(f.annotation):
                _shapes(inner, seen)
    return seen


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from _models_in(inner)


def test_every_key_of_the_vocabulary_stands_in_the_reference() -> None:
    shapes: set[type[BaseModel]] = set()
    for top in (vocabulary.RulesetFile, vocabulary.CalendarFile, vocabulary.Within, vocabulary.By, vocabulary.Each):
        _shapes(top, shapes)
    assert len(shapes) > 40
    said = set(re.findall(r"[a-z_]+", " ".join([*re.findall(r"`([^`\n]+)`", LANGUAGE), *BLOCKS])))
    missing = {f.alias or n for s in shapes for n, f in s.model_fields.items()} - said
    assert not missing


# ---------------------------------------------------------------------- the command line
CSV = re.findall(r"```csv\n(.*?)```", (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8"), re.DOTALL)[0]
RECORD = sky.Case("p-17", events=[sky.Enrolment("s-3", grade=8, since=date(2026, 8, 12))]).to_json()


def _a_log() -> str:
    """A decision log of the record above, as the page about logs keeps one."""
    case = sky.Case.from_json(RECORD)
    decision = sky.decide(
        sky.load("presets/lessons-per-term"), case, on=date(2026, 9, 8), calendars=sky.load_calendar("example-week-43/2026-27")
    )
    with TemporaryDirectory() as folder:
        with Log(Path(folder) / "log") as log:
            log.decided(decision, time="2026-09-08T07:00:00+03:00")
        return (Path(folder) / "log").read_text(encoding="ascii")


def _signed() -> dict[str, str]:
    """A pair of keys, and what they make of the ruleset above, as the page about signing has them."""
    private = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with TemporaryDirectory() as folder:
        (Path(folder) / "ruleset.yaml").write_text(HEAD, encoding="utf-8")
        manifest = manifest_of(folder)
    return {
        "town.key": private.decode("ascii"),
        "town.pub": public_key_of(private).decode("ascii"),
        f"my-town/{MANIFEST}": canonical(manifest).decode("ascii"),
        f"my-town/{SIGNATURE}": sign(manifest, private),
    }


FILES = {  # what a page may name
    "marks.csv": CSV,
    "wrong-day.csv": CSV.replace("2026-09-21", "2026-09-31"),
    "records.jsonl": json.dumps(RECORD) + "\n",
    "decisions.jsonl": _a_log(),
    "requests.jsonl": json.dumps({"format": 1, "id": 1, "request": "needs"}) + "\n",
    "my-town/ruleset.yaml": HEAD,
    "with-faults/ruleset.yaml": HEAD.replace("status: draft", "status: nearly"),
    **_signed(),
}
COMMANDS = [
    pytest.param(line, id=f"{page.name}: {line[:80].strip()}")
    for page in PAGES
    for block in re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    for line in re.findall(r"^\$ (sky .*)$", block.replace("\\\n", ""), re.MULTILINE)
]


def _words_of(line: str) -> tuple[list[str], str | None]:
    """The words of a command without its comment, and the file that is read on standard input."""
    words = shlex.split(line, comments=True)
    if "<" not in words:
        return words, None
    at = words.index("<")
    return words[:at], words[at + 1]


def test_pages_show_the_commands_that_there_are() -> None:
    shown = {p.values[0].split()[1] for p in COMMANDS}  # type: ignore[attr-defined]
    assert shown == {name for name, command in cli.app.commands.items() if not command.hidden}


@pytest.mark.long
@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_of_a_page_ends_with_the_code_that_the_page_gives(line: str, tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    command, given = _words_of(line)
    said = re.search(r"# exit code (\d)", line)
    done = subprocess.run(
        [sys.executable, "-m", "sky_model.cli", *command[1:]],
        cwd=tmp_path,
        input=FILES[given] if given else None,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == (int(said[1]) if said else 0), done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout or done.stderr
