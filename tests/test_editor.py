"""The schemas for an editor: they take what the loader takes, refuse what it refuses, and offer what a base has.

Rules: a document is looked at twice, as quoted text (what our source gives) and as an editor reads plain words (YAML 1.2: 30
is a number); what a schema cannot see is named in `CANNOT_SEE` and nothing else is left out of the comparison.
"""

from __future__ import annotations

import copy
import json
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import generated as g
import generated_language as gl
import jsonschema
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import sky_model as sky
from sky_model import vocabulary as words
from sky_model.checks.editor import Offered, calendar_schema, cases_schema, offered_by, ruleset_schema, schema_of
from sky_model.cli.rulesets import SCHEMAS
from sky_model.host.intake import Mapping
from sky_model.host.schools import SchoolsFile
from sky_model.layers import FILES, Layer, _fill_in
from sky_model.source import read_file, read_text

ROOT = Path(__file__).resolve().parents[1]
RULESETS = ROOT / "rulesets"
NATIONAL = offered_by("fi-sky/2026-1")


def validator(schema: dict[str, Any]) -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())


PLAIN, IN_A_LAYER = validator(ruleset_schema()), validator(ruleset_schema(NATIONAL))


# ---------------------------------------------------------------------- how an editor reads a plain word
def plainly(value: Any) -> Any:
    """A value whose words stand without quotes, as YAML 1.2 reads them."""
    if isinstance(value, dict):
        return {k: plainly(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plainly(v) for v in value]
    if value in ("", "~", "null", "Null", "NULL"):
        return None
    if value in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return value.lower() == "true"
    if re.fullmatch(r"[-+]?[0-9]+", value):
        return int(value)
    if re.fullmatch(r"0x[0-9a-fA-F]+", value):
        return int(value, 16)
    if re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", value):
        return float(value)
    return value


def scalars(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from scalars(inner)
    else:
        yield value


def parts(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    yield path, value
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from parts(inner, (*path, key))


# What a schema cannot see; a document of such a class is not compared. `plain`: only where its words stand without quotes.
CANNOT_SEE: dict[str, tuple[bool, Callable[[Any], bool]]] = {
    "a word that an editor reads as something else: true, ~, 8E1, 0x2D, 010, 1.255": (
        True,
        lambda d: any(
            not re.fullmatch(r"[0-9]+(\.[0-9]{1,2})?", x) or x != str(plainly(x)) for x in scalars(d) if plainly(x) != x
        ),
    ),
    "a file without any identity, which may be one of several in its folder": (
        False,
        lambda d: not set(d) & {"ruleset", "version", "status", "valid_from"},
    ),
    "a default that no item of its section takes": (
        False,
        lambda d: (
            isinstance(d.get("defaults"), dict)
            and any(
                isinstance(v, dict) and any(not any(isinstance(i, dict) and k not in i for i in d.get(section) or ()) for k in v)
                for section, v in d["defaults"].items()
            )
        ),
    ),
    "a gap inside a gap": (
        False,
        lambda d: any(
            path[-1:] == ("gap",) and {"gap", "read_as", "because", "gaps"} & {*path[:-1]}
            for path, _ in parts(d)
            if path[:1] != ("gaps",) or len(path) > 3
        ),
    ),
}


def loader_takes(data: dict[str, Any]) -> list[str]:
    layer = Layer(Path("x"), "x", copy.deepcopy(data))
    problems = _fill_in(layer) or []
    return [str(p) for p in [*problems, *words.read(words.RulesetFile, layer.data, layer.place)[1]]]


def assert_they_agree(data: dict[str, Any]) -> None:
    faults = loader_takes(data)
    unseen = [plain for plain, is_so in CANNOT_SEE.values() if is_so(data)]
    if False in unseen:
        return
    for seen in [data] if unseen else [data, plainly(data)]:
        said = [f"{list(e.absolute_path)}: {e.message[:200]}" for e in PLAIN.iter_errors(seen)]
        assert bool(said) == bool(faults), f"loader: {faults}; schema: {said}; {json.dumps(seen)[:3000]}"


# ---------------------------------------------------------------------- mutated documents
WRITTEN: list[Any] = [
    "", "no", "yes", "true", "null", "~", "30", "0", "-3", "7.5", "7.555", "10,5", ">= 10", "8E1", "010", "all", "unset",
    "2026-02-30", "2026-08-12", "11-01", "02-30", "1-9", "9-1", "first-contact", "Ensimmäinen", "until_closed", "x y",
    "1000000000", [], {}, ["x"], ["first-contact"], {"x": "y"}, {"en": "x"}, {"en": ""}, {"gap": "not said"},
    {"gap": "not said", "read_as": "30"}, {"any": []}, {"gap": "not said", "because": "so"}, {"school_days": "5"},
    {"school_days": "5", "weekdays": "2"}, {"only": ["x"]}, {"is": "raised"}, {"by": {"grade": {"1-9": "30"}}},
    {"parameter": "limit"}, {"each": "mark"}, {"every": {"x": "50", "from": "50"}}, {"every": {"x": "0", "from": "50"}},
    {"every": {"x": "50"}}, {"until_end_of": "term"}, {"concern": {"is": "raised"}}, {"any": [{"concern": {"is": "raised"}}]},
    {"at_least": "20"}, {"any_of": ["x"]}, {"on": "follow-up"}, {"done": "talk"}, {"kind": "health"}, {"per_cent": "25"},
    {"schedule": "checks"}, {"planned": "so_far"}, {"school_weeks": "0"},
    {"school_weeks": "2", "week_from": {"school_days": "3"}}, {"required": ["pupil"]},
    {"at_least": {"count": "1", "of": ["pupil"]}}, {"required": [], "wanted": ["x"]}, {"tell": "principal"},
    {"after": "talk", "school_days": "2"}, {"from": "wish", "weekdays": "1.5"},
]  # fmt: skip
KEYS = [
    "id", "act", "name", "gap", "read_as", "because", "any", "all", "none", "is", "at_least", "within", "every", "for",
    "unless", "when", "extends", "set", "remove", "defaults", "with", "to", "parameter", "grades", "week_from", "opens",
    "teir", "layer_may", "is_", "until",
]  # fmt: skip


def mutated(data: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """One or two things are taken away, written anew, renamed or put in."""
    out = copy.deepcopy(data)
    for _ in range(rng.choice([1, 1, 1, 2])):
        found = [(p, v) for p, v in parts(out) if p]
        path, value = rng.choice(found)
        holder: Any = out
        for key in path[:-1]:
            holder = holder[key]
        how = rng.randrange(5)
        if how == 0:
            del holder[path[-1]]
        elif how == 1:
            holder[path[-1]] = copy.deepcopy(rng.choice(WRITTEN))
        elif how == 2 and isinstance(holder, dict):
            holder[rng.choice([*KEYS, f"{path[-1]}x"])] = holder.pop(path[-1])
        elif how == 3 and isinstance(value, dict):
            value[rng.choice(KEYS)] = copy.deepcopy(rng.choice(WRITTEN))
        else:
            holder[path[-1]] = rng.choice(
                [[copy.deepcopy(value)], {"gap": "x", "read_as": copy.deepcopy(value)}, copy.deepcopy(rng.choice(found)[1])]
            )
    return out


def shipped_layers() -> list[tuple[str, dict[str, Any]]]:
    """Every shipped layer with all its files as one."""
    out = []
    for path in sorted(RULESETS.rglob("ruleset.yaml")):
        data: dict[str, Any] = {}
        for name in FILES:
            if (path.parent / name).is_file():
                data |= read_file(path.parent / name).data
        out.append((str(path.parent.relative_to(RULESETS)), data))
    return out


SHIPPED = shipped_layers()


@pytest.mark.long
@settings(max_examples=60, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck))
@given(st.one_of(g.model_data().map(lambda d: d[0]), gl.language_data()), st.integers(0, 10**9))
def test_loader_and_schema_agree_on_generated_rulesets_and_on_what_is_made_of_them(data: dict[str, Any], seed: int) -> None:
    assert loader_takes(data) == []
    assert_they_agree(data)
    rng = random.Random(seed)
    for _ in range(8):
        assert_they_agree(mutated(data, rng))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(12))
def test_loader_and_schema_agree_on_what_is_made_of_shipped_layers(seed: int) -> None:
    rng = random.Random(seed)
    small = sorted(SHIPPED, key=lambda x: len(json.dumps(x[1])))[:40]
    for _ in range(30):
        assert_they_agree(mutated(rng.choice(small)[1], rng))


def test_each_class_that_a_schema_cannot_see_is_real() -> None:
    base = next(data for name, data in SHIPPED if name == "presets/lessons-per-term")
    unseen = [
        ({"format": "1", "counters": [{"id": "x"}]}, False),
        (base | {"name": {"en": "x", "fi": "~"}, "adopted": {"by": "x", "on": "010"}, "grades": "0x1"}, True),
    ]
    for data, plain in unseen:
        seen = plainly(data) if plain else data
        assert loader_takes(data)
        assert any(is_so(data) for _, is_so in CANNOT_SEE.values())
        assert not list(PLAIN.iter_errors(seen)) or plain


# ---------------------------------------------------------------------- what is shipped
def _schema_for(path: Path) -> jsonschema.Draft202012Validator | None:
    if "calendars" in path.parts:
        return validator(calendar_schema())
    if "cases" in path.parts:
        return validator(cases_schema())
    return PLAIN if path.name in FILES else None


@pytest.mark.long
@pytest.mark.parametrize("path", sorted(RULESETS.rglob("*.yaml")), ids=lambda p: str(p.relative_to(RULESETS)))
def test_every_shipped_file_is_taken_by_its_schema(path: Path) -> None:
    schema = _schema_for(path)
    if schema is None:
        pytest.skip("a file of another kind")
    data = read_file(path).data
    for seen in (data, plainly(data)):
        assert [f"{list(e.absolute_path)}: {e.message[:200]}" for e in schema.iter_errors(seen)] == []


@pytest.mark.long
@pytest.mark.parametrize(("name", "data"), SHIPPED, ids=[n for n, _ in SHIPPED])
def test_a_layer_with_names_of_its_own_is_taken_by_the_schema_of_its_base(name: str, data: dict[str, Any]) -> None:
    base = data.get("extends")
    schema = IN_A_LAYER if base == "fi-sky/2026-1" else validator(ruleset_schema(offered_by(base))) if base else PLAIN
    assert [f"{list(e.absolute_path)}: {e.message[:200]}" for e in schema.iter_errors(plainly(data))] == []


def test_the_published_schemas_are_what_the_code_makes() -> None:
    for name, made in SCHEMAS.items():
        path = RULESETS / "schema" / f"{name}.json"
        assert json.loads(path.read_text(encoding="utf-8")) == made(Offered()), f"write it anew: sky schema {name} --out {path}"
    assert {p.stem for p in (RULESETS / "schema").glob("*.json")} == set(SCHEMAS)


def test_examples_of_schools_and_mappings_are_taken() -> None:
    schools = read_text("schools:\n  - {id: s-3, rulesets: [my-town/2026-1], calendars: [kotka/2026-27], does: [notice]}\n").data
    assert validator(schema_of(SchoolsFile, "x")).is_valid(schools)
    assert not validator(schema_of(SchoolsFile, "x")).is_valid({"schools": [{"id": "s-3", "calendar": "kotka/2026-27"}]})
    found = sorted((ROOT / "examples").rglob("mapping.yaml"))
    assert found
    for path in found:
        assert list(validator(schema_of(Mapping, "x")).iter_errors(plainly(read_file(path).data))) == []


# ---------------------------------------------------------------------- what is offered
def _offered_at(schema: dict[str, Any], shape: str, key: str) -> list[str]:
    text = json.dumps(schema["$defs"][shape]["properties"][key])
    return [
        x
        for name in re.findall(r"#/\$defs/([^\"]+)", text)
        for y in schema["$defs"][name].get("anyOf", ())
        for x in y.get("enum", ())
    ]


@pytest.mark.parametrize(
    ("shape", "key", "word"),
    [
        ("Action", "who", "principal"),
        ("Action", "to", "guardian"),
        ("With", "required", "pupil"),
        ("Action", "act", "talk-with-pupil"),
        ("Step", "source", "ohl-15"),
        ("Kinds", "only", "health"),
        ("Step", "tier", "targeted"),
        ("SetParameter", "parameter", "talk-deadline"),
        ("Add", "at", "steps.concern-raised.actions.talk-with-pupil.with.required"),
        ("Change", "at", "steps.concern-raised.actions.talk-with-pupil.duty"),
    ],
)
def test_the_names_of_the_base_are_offered(shape: str, key: str, word: str) -> None:
    schema = ruleset_schema(NATIONAL)
    assert word in _offered_at(schema, shape, key)
    assert word not in _offered_at(ruleset_schema(), shape, key)


def test_steps_of_the_base_are_offered_above_which_a_step_stands() -> None:
    above = json.dumps(ruleset_schema(NATIONAL)["$defs"]["Step"]["properties"]["above"])
    assert '"concern-raised"' in above


def test_a_fact_of_the_base_is_offered_with_its_operators_only() -> None:
    opens = {"ruleset": "x", "format": "1", "version": "1", "status": "draft", "valid_from": "2026-08-01", "name": {"en": "x"}}
    step = {"id": "s", "tier": "x", "name": {"en": "x"}, "lasts": "until_closed", "again": "once"}
    for condition, is_taken in (
        ({"concern": {"is": "raised"}}, True),
        ({"concern": {"at_least": 1}}, False),
        ({"concern-raised": {"is": "open"}}, True),
        ({"concern-raised": {"includes": "open"}}, False),
        ({"talk-with-pupil": {"done_within": {"school_days": 5}}}, True),
        ({"grade": {"at_least": 7}}, True),
        ({"a-fact-of-the-layer": {"at_least": 7}}, True),
    ):
        assert IN_A_LAYER.is_valid(opens | {"steps": [step | {"opens": condition}]}) == is_taken, condition


def test_every_path_that_is_offered_leads_somewhere(tmp_path: Path) -> None:
    for at in random.Random(1).sample(NATIONAL.ids["paths"], 40):
        assert sky.load("fi-sky/2026-1").newest.origin_of(at).value is not None


# ---------------------------------------------------------------------- the command, and faults for an editor
def run(*words_: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sky_model.cli", *words_], cwd=cwd, capture_output=True, text=True, encoding="utf-8", check=False
    )


def test_sky_schema_writes_the_schema_of_a_layer_on_a_base(tmp_path: Path) -> None:
    done = run("schema", "ruleset", "--base", "fi-sky/2026-1", "--out", "layer.json", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "layer.json: written\n")
    assert json.loads((tmp_path / "layer.json").read_text(encoding="utf-8")) == ruleset_schema(NATIONAL)
    assert run("schema", "ruleset", "--base", "fi-sky/2099", cwd=tmp_path).returncode == 4
    assert run("schema", "calendar", "--base", "fi-sky/2026-1", cwd=tmp_path).returncode == 2
    assert run("schema", "ruleset", "--out", "none/there.json", cwd=tmp_path).returncode == 2


def test_faults_are_told_in_the_form_of_an_editor_and_of_github(tmp_path: Path) -> None:
    text = (RULESETS / "presets/lessons-per-term/ruleset.yaml").read_text(encoding="utf-8")
    (tmp_path / "my-town.yaml").write_text(text.replace("tier: intensive", "tier: 100 %"), encoding="utf-8")
    line = run("check", "my-town.yaml", "--format", "line", cwd=tmp_path)
    assert (line.returncode, line.stderr) == (4, "")
    assert line.stdout == (
        "my-town.yaml:49:5: error: '100 %' is not a name of lower-case letters, digits and hyphens [not-an-id]"
        " (use a-z, 0-9 and -)\n"
    )
    github = run("check", "my-town.yaml", "--format", "github", cwd=tmp_path)
    assert github.returncode == 4
    assert github.stdout == (
        "::error file=my-town.yaml,line=49,col=5,title=not-an-id::'100 %25' is not a name of lower-case letters, digits and"
        " hyphens. use a-z, 0-9 and -\n"
    )
