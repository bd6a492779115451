"""The exported DMN tables say what the engine says: two foreign engines read the file, and are asked around every limit.

Rules: our side is the engine's own (`witness/given.py`); feelin and pyDMNrules are processes of their own and know only the DMN
file; a case is counted once for each table, by what the table looks at. How many cases pyDMNrules is asked says DMN_CASES
(it is slow; CI asks 100,000), feelin is always asked 100,000. What is not installed is skipped by name.
"""

from __future__ import annotations

import itertools
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result
from lxml import etree
from witness.by_chance import ruleset_by_chance
from witness.decided import Decided, decided
from witness.engines import (
    NAMESPACE,
    TCK,
    Asked,
    N,
    ask_pydmnrules,
    asked_of,
    different,
    needs_feelin,
    needs_pydmnrules,
    needs_tck,
    parts_of,
    tables_in,
)
from witness.given import BIG, Question, cases_of, engine_says, questions_of, smallest
from witness.tck import agrees, cases_of_level_2

import sky_model as sky
from sky_model.cli import app
from sky_model.export.dmn import tables_of, write_dmn
from sky_model.rules import WHO_RECORDED, Ruleset
from sky_model.rules import tests_in as comparisons_in

ROOT = Path(__file__).parent.parent
SHIPPED = sorted(p.parent.relative_to(ROOT / "rulesets").as_posix() for p in (ROOT / "rulesets").rglob("ruleset.yaml"))
MANY = 100_000
FOR_PYDMNRULES = int(os.environ.get("DMN_CASES", "20000"))
DECIDED = (
    "presets/lessons-per-term", "presets/share-of-12-weeks", "examples/kirkkonummi", "examples/nurmijarvi", "examples/tuusula",
    "examples/vantaa", "examples/kemi/robot", "foreign/texas", "foreign/netherlands/nl-2", "foreign/sweden/se-2",
)  # fmt: skip
ENGINES = [pytest.param("feelin", marks=needs_feelin), pytest.param("pyDMNrules", marks=needs_pydmnrules)]

SCHEMA = TCK / "TestCases/DMN15.xsd"
needs_schema = pytest.mark.skipif(not SCHEMA.is_file(), reason="skipped: DMN15.xsd, it lies in the DMN TCK (see there)")

pytestmark = pytest.mark.xdist_group("dmn")  # in one process: pyDMNrules starts slowly, and once


@dataclass(frozen=True)
class Put:
    """One exported table with its cases, and what the engine says of each."""

    question: Question
    rules: Ruleset
    xml: str
    cases: list[dict[str, Any]]  # what the table looks at, each once
    places: list[int]  # for each answer of the engine the place of its case
    ours: list[Any]

    @property
    def is_by_chance(self) -> bool:
        return self.rules.name.startswith("generated")

    @property
    def asked(self) -> Asked:
        return self.xml, self.question.name, self.cases

    def differences(self, theirs: list[Any]) -> list[str]:
        pairs = ((ours, theirs[place], self.cases[place]) for ours, place in zip(self.ours, self.places, strict=True))
        return [f"{self.rules.name} {self.question.id} {c}: {a!r} here, {b!r} there" for a, b, c in pairs if a != b]


def put(rules: Ruleset, most: int) -> Iterator[Put]:
    """Every table of a ruleset's export, with up to so many cases."""
    xml = write_dmn(rules)
    for question in questions_of(rules):
        if question.name in tables_in(xml):
            cases = cases_of(rules, question, most)
            yield Put(question, rules, xml, *different(xml, question.name, cases), engine_says(rules, question, cases))


@cache
def shipped(name: str) -> Ruleset:
    return sky.load(name, allow=("draft", "variant")).newest


def every_table() -> Iterator[Put]:
    """Of all shipped rulesets, and then of one ruleset by chance after another, for ever."""
    for name in SHIPPED:
        yield from put(shipped(name), 1000)
    for number in itertools.count():
        yield from put(ruleset_by_chance(number), 300)


KEPT: list[Put] = []
COMING = every_table()


def first_tables(wanted: int) -> list[Put]:
    """As many tables as have so many cases together."""
    count = 0
    for n in itertools.count():
        if n == len(KEPT):
            KEPT.append(next(COMING))
        count += len(KEPT[n].cases)
        if count >= wanted:
            return KEPT[: n + 1]
    raise AssertionError


@cache
def shipped_tables() -> list[Put]:
    """The tables of all shipped rulesets."""
    first_tables(1)
    while not KEPT[-1].is_by_chance:
        KEPT.append(next(COMING))
    return [p for p in KEPT if not p.is_by_chance]


def once_each(tables: list[Put]) -> list[Put]:
    """Tables that are the same in every cell, in many rulesets, once."""
    return list({json.dumps(tables_in(p.xml)[p.question.name]): p for p in reversed(tables)}.values())


# ---------------------------------------------------------------------- the engines are fit to be witnesses
@needs_tck
@pytest.mark.parametrize("engine", ENGINES)
def test_the_engine_passes_every_decision_table_case_of_level_2_of_the_public_tck(engine: str) -> None:
    cases = cases_of_level_2()
    right, wrong = agrees(engine, cases)
    print(f"{engine}: {right}/{len(cases)} of the level-2 decision-table cases of the DMN TCK")
    assert len(cases) == 51
    assert wrong == []


@needs_feelin
def test_a_table_in_which_two_rows_of_a_unique_policy_fit_is_an_error_and_no_answer() -> None:
    xml = (
        f'<definitions xmlns="{NAMESPACE}"><decision name="d"><decisionTable hitPolicy="UNIQUE">'
        "<input><inputExpression><text>n</text></inputExpression></input><output/>"
        "<rule><inputEntry><text>&gt; 1</text></inputEntry><outputEntry><text>1</text></outputEntry></rule>"
        "<rule><inputEntry><text>&gt; 2</text></inputEntry><outputEntry><text>2</text></outputEntry></rule>"
        "</decisionTable></decision></definitions>"
    )
    assert asked_of("feelin", [(xml, "d", [{"n": 2}, {"n": 3}, {"n": 1}])]) == [[1, {"error": "more than one row fits"}, None]]


# ---------------------------------------------------------------------- they agree with the engine
@pytest.mark.parametrize("engine", ENGINES)
def test_the_foreign_engine_agrees_with_ours_around_every_limit(engine: str) -> None:
    wanted = MANY if engine == "feelin" else FOR_PYDMNRULES
    tables = first_tables(wanted)
    answers = asked_of(engine, [p.asked for p in tables])
    differences = [d for p, theirs in zip(tables, answers, strict=True) for d in p.differences(theirs)]
    count, by_chance = sum(len(p.cases) for p in tables), sum(p.is_by_chance for p in tables)
    print(f"{engine}: {count:,} cases of {len(tables):,} tables ({by_chance:,} by chance), {len(differences)} differences")
    assert differences[:5] == []
    assert count >= wanted
    assert {str(a) for p in tables for a in p.ours} >= {"True", "False", "nobody"}


@pytest.mark.long
def test_every_limit_is_asked_exactly_and_one_smallest_step_beside_it() -> None:
    for p in shipped_tables():
        grades = {c["grade"] for c in cases_of(p.rules, p.question, 1000)}
        first, last = p.rules.said.grades
        assert grades == set(range(first, last + 1)), p.question.id
        for test in comparisons_in(p.question.condition):
            name = f"{test.what}_{test.fact}".replace("-", "_")
            asked = {c[name] for c in p.cases}
            if test.what == "report":
                assert asked == {True, False}
            elif test.what == "question":
                assert asked == {str(a) for a in p.rules.questions[test.fact].answers}
            elif test.what == "counter":
                step, column = smallest(p.rules.counters[test.fact]), tables_in(p.xml)[p.question.name]
                at = column["inputs"].index(name)
                for limit in {Decimal(n) for row in column["rows"] for n in re.findall(NUMBER, row["cells"][at])}:
                    wanted = {limit - step, limit, limit + step} if limit else {limit, limit + step}
                    assert {Decimal(str(v)) for v in asked} >= {*wanted, 0, BIG}, (p.question.id, limit)


@needs_pydmnrules
def test_a_foreign_engine_reads_each_exported_file_as_a_whole() -> None:
    for name in SHIPPED[::6]:
        tables = list(put(shipped(name), 20))
        if tables:
            case = {k: v for p in tables for k, v in p.cases[0].items()}
            asked = [{k: case[k] for k in tables_in(p.xml)[p.question.name]["inputs"]} for p in tables]
            whole = ask_pydmnrules([(p.xml, p.question.name, [c]) for p, c in zip(tables, asked, strict=True)], whole=True)
            cut = ask_pydmnrules([(p.xml, p.question.name, [c]) for p, c in zip(tables, asked, strict=True)])
            assert whole == cut
            assert not [a for (a,) in whole if isinstance(a, dict)]


@pytest.mark.parametrize("engine", ENGINES)
def test_whole_records_decided_are_decided_alike_by_the_tables(engine: str) -> None:
    count = 0
    for name in DECIDED:
        model = sky.load(name, allow=("draft", "variant"))
        xml = write_dmn(model.newest)
        found: dict[str, list[Decided]] = {}
        for number in range(25):
            for d in decided(name, number):
                if d.name in tables_in(xml):
                    found.setdefault(d.name, []).append(d)
        parts = {n: different(xml, n, [d.facts for d in some]) for n, some in found.items()}
        answers = asked_of(engine, [(xml, n, cases) for n, (cases, _) in parts.items()])
        for (n, some), theirs in zip(found.items(), answers, strict=True):
            for d, place in zip(some, parts[n][1], strict=True):
                assert d.ours == theirs[place], (name, n, d.facts)
                count += 1
    print(f"{engine}: {count:,} answers of decide about whole records, all alike")
    assert count > 1000


# ---------------------------------------------------------------------- and they would notice
NUMBER = r"\d+(?:\.\d+)?"


def changed(p: Put, how: str, place: int = 0) -> str | None:
    """The file with one thing changed in a table; None: there is no such thing in it. `place`: which numeric cell."""
    root = ElementTree.fromstring(parts_of(p.xml)[p.question.name])
    table = root.find(f"{N}decision/{N}decisionTable")
    assert table is not None
    if how == "output":
        text = table.find(f"{N}rule/{N}outputEntry/{N}text")
        assert text is not None
        text.text = "false" if text.text == "true" else "true" if text.text == "false" else '"somebody-else"'
    elif how == "row":
        table.remove(next(table.iter(N + "rule")))
    else:
        inputs = tables_in(p.xml)[p.question.name]["inputs"]
        cells = [
            (name, cell.find(N + "text"))
            for row in table.findall(N + "rule")
            for name, cell in zip(inputs, row.findall(N + "inputEntry"), strict=True)
            if name.startswith("counter_") and cell.findtext(N + "text") != "-"
        ]
        if place >= len(cells):
            return None
        name, text = cells[place]
        assert text is not None
        assert text.text is not None
        if how == "operator":
            text.text = re.sub(r"^([<>])(=?)|^([\[(])", lambda m: OTHER[m[0]], text.text)
        else:
            step = next(smallest(c) for c in p.rules.counters.values() if f"counter_{c.id}".replace("-", "_") == name)
            text.text = re.sub(NUMBER, lambda m: format(Decimal(m[0]) + step, "f"), text.text, count=1)
    return ElementTree.tostring(root, encoding="unicode")


OTHER = {">=": ">", ">": ">=", "<=": "<", "<": "<=", "[": "(", "(": "["}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("how", ["boundary", "operator", "output", "row"])
def test_one_change_in_an_exported_table_is_noticed(engine: str, how: str) -> None:
    tables = once_each(shipped_tables())
    places = range(20) if how in ("boundary", "operator") else range(1)
    wrong = [(p, place, xml) for p in tables for place in places if (xml := changed(p, how, place)) is not None]
    answers = asked_of(engine, [(xml, p.question.name, p.cases) for p, _, xml in wrong])
    unnoticed = [
        f"{p.rules.name} {p.question.id} {place}"
        for (p, place, _), theirs in zip(wrong, answers, strict=True)
        if not p.differences(theirs)
    ]
    print(f"{engine}: {len(wrong):,} changes ({how}), {len(unnoticed)} not noticed")
    assert wrong
    assert unnoticed == []


# ---------------------------------------------------------------------- the file
@needs_schema
def test_every_exported_file_is_valid_by_the_schema_of_dmn_1_5() -> None:
    schema = etree.XMLSchema(etree.parse(SCHEMA))
    rulesets = [shipped(name) for name in SHIPPED] + [ruleset_by_chance(number) for number in range(20)]
    for rules in rulesets:
        schema.assertValid(etree.fromstring(write_dmn(rules).encode()))
    print(f"{len(rulesets)} files are valid by DMN15.xsd")
    faulty = write_dmn(shipped("presets/lessons-per-term")).replace("inputEntry", "inputCell")
    assert not schema.validate(etree.fromstring(faulty.encode()))


ORDER = {  # which elements may stand in which, in this order
    "definitions": ("description", "inputData", "decision"),
    "inputData": ("variable",),
    "decision": ("description", "variable", "informationRequirement", "decisionTable"),
    "informationRequirement": ("requiredInput",),
    "decisionTable": ("input", "output", "rule"),
    "input": ("inputExpression", "inputValues"),
    "rule": ("inputEntry", "outputEntry"),
    **dict.fromkeys(("inputExpression", "inputValues", "inputEntry", "outputEntry"), ("text",)),
    **dict.fromkeys(("description", "variable", "requiredInput", "output", "text"), ()),
}


@pytest.mark.parametrize("name", SHIPPED)
def test_an_exported_file_has_its_elements_in_order_and_every_name_leads_somewhere(name: str) -> None:
    root = ElementTree.fromstring(write_dmn(shipped(name)))
    for element in root.iter():
        allowed = ORDER[element.tag.removeprefix(N)]
        places = [allowed.index(child.tag.removeprefix(N)) for child in element]
        assert places == sorted(places), element.attrib
    ids = [e.attrib["id"] for e in root.iter() if "id" in e.attrib]
    names = [e.attrib["name"] for e in root if "name" in e.attrib]
    assert len(ids) == len(set(ids))
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[A-Za-z_][\w.-]*", i) for i in ids)  # an id of XML
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", n) for n in names)  # one word of FEEL
    inputs = {e.attrib["id"]: e.attrib["name"] for e in root.findall(N + "inputData")}
    for decision in root.findall(N + "decision"):
        required = [inputs[e.attrib["href"].removeprefix("#")] for e in decision.iter(N + "requiredInput")]
        assert required == [e.findtext(N + "text") for e in decision.iter(N + "inputExpression")]
        for row in decision.iter(N + "rule"):
            assert len(row.findall(N + "inputEntry")) == len(required)
            assert len(row.findall(N + "outputEntry")) == 1
        assert {e.findtext(N + "text") for e in row.findall(N + "inputEntry")} == {"-"}  # the last row fits always


# ---------------------------------------------------------------------- the command
def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["export", "dmn", *arguments])


def test_the_command_names_what_it_leaves_out(tmp_path: Path) -> None:
    done = run("foreign/ireland", "--out", str(tmp_path / "a.dmn"))
    assert done.exit_code == 0
    left_out = tables_of(shipped("foreign/ireland")).left_out
    assert left_out
    for table, why in left_out:
        assert f"left out: {table}: {why}" in done.output
        assert f"{table}: {why}" in (tmp_path / "a.dmn").read_text(encoding="utf-8")


def test_the_command_says_in_json_what_it_wrote_and_what_not(tmp_path: Path) -> None:
    done = run("foreign/ireland", "--out", str(tmp_path / "a.dmn"), "--json")
    said = json.loads(done.output)
    assert said["format"] == 1
    assert said["tables"] == [t.id for t in tables_of(shipped("foreign/ireland")).tables]
    assert [x["table"] for x in said["left_out"]] == ["opens.referral"]


def test_a_ruleset_without_any_table_is_an_error_with_the_reasons_and_no_file(tmp_path: Path) -> None:
    done = run("foreign/netherlands/nl-1-primary", "--out", str(tmp_path / "a.dmn"))
    assert done.exit_code == 2
    assert "nothing in nl-1-primary/read-1 can be said as a decision table" in done.output
    assert "opens.sixteen-hours: it asks where the pupil is on a path" in done.output
    assert not (tmp_path / "a.dmn").exists()


def test_a_file_that_cannot_be_written_is_named_with_what_to_do(tmp_path: Path) -> None:
    done = run("presets/lessons-per-term", "--out", str(tmp_path / "no/such/a.dmn"))
    assert done.exit_code == 2
    assert "cannot be written: No such file or directory; name a file in a folder that exists" in done.output
    done = run("presets/lessons-per-term", "--out", str(tmp_path))
    assert done.exit_code == 2
    assert "is a directory" in done.output


def test_a_ruleset_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    done = run("nowhere", "--out", str(tmp_path / "a.dmn"))
    assert isinstance(done.exception, sky.RulesetError)  # `main` prints it and ends with 4
    assert "there is no ruleset 'nowhere'" in str(done.exception)
    assert "presets/lessons-per-term" in str(done.exception)


def test_the_words_that_a_table_says_of_who_acts_are_roles_of_the_ruleset() -> None:
    for name in SHIPPED:
        rules = shipped(name)
        roles = {*rules.roles, *rules.groups, WHO_RECORDED, "nobody"}
        for table in tables_of(rules).tables:
            if table.type == "string":
                said = {word for _, output in table.rows for word in output.strip('"').split(" or ")}
                assert said <= roles, (name, table.id)
