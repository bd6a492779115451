"""The exported DMN tables say what the engine's own comparisons say; feelin judges the cells, read from the file.

Compared: the compiled `opens` and `when` with the engine's comparison of typed numbers, against the exported XML.
`python tests/test_dmn.py 3000` runs all shipped rulesets with up to so many cases a table.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

import sky_model as sky
from sky_model.cli import app
from sky_model.export.dmn import NAMESPACE, tables_of, write_dmn
from sky_model.facts import _pair
from sky_model.rules import All, AnyOf, ByGrade, Ruleset
from sky_model.rules import Test as Comparison
from sky_model.rules import tests_in as comparisons_in

ROOT = Path(__file__).parent.parent
FOREIGN = ROOT / ".cache" / "witness"
SHIPPED = sorted(str(p.parent) for p in (ROOT / "rulesets").rglob("ruleset.yaml"))
foreign = pytest.mark.skipif(not (FOREIGN / "node_modules/feelin").is_dir(), reason="skipped: feelin, tests/witness/install.sh")


def holds(rules: Ruleset, c: Any, case: dict[str, Any]) -> bool:
    if not isinstance(c, Comparison):
        parts = [holds(rules, p, case) for p in c.parts]
        return all(parts) if isinstance(c, All) else any(parts) if isinstance(c, AnyOf) else not any(parts)
    value = case[f"{c.what}_{c.fact}".replace("-", "_")]
    op, limit = c.asks[0]
    if c.what == "report":
        return bool(value)
    if c.what == "question":
        return value in (limit if isinstance(limit, tuple) else (limit,))
    limit = limit.values[case["grade"]] if isinstance(limit, ByGrade) else limit
    count = rules.counters[c.fact]
    number: Any = Fraction(str(value)) * (100 if count.is_share else count.unit)
    return _pair(op, number, number, limit) == (1, 1)


def cases_of(rules: Ruleset, condition: Any, most: int) -> list[dict[str, Any]]:
    first, last = rules.said.grades
    values: dict[str, list[Any]] = {"grade": list(range(first, last + 1))}
    for t in comparisons_in(condition):
        name, limit = f"{t.what}_{t.fact}".replace("-", "_"), t.asks[0][1]
        if t.what == "report":
            values[name] = [True, False]
        elif t.what == "question":
            values[name] = [str(a) for a in rules.questions[t.fact].answers]
        else:
            unit = 100 if rules.counters[t.fact].is_share else rules.counters[t.fact].unit
            wide = 2 if most <= 400 else 50  # halves on both sides of a limit
            limits = set(limit.values.values()) if isinstance(limit, ByGrade) else {limit}
            near = {float(Fraction(n, unit)) + d for n in limits for d in (-0.01, 0.01, *(h / 2 for h in range(-wide, wide + 1)))}
            values[name] = sorted({*values.get(name, []), *(round(v, 6) for v in near if v >= 0)})
    found = [dict(zip(values, v, strict=True)) for v in itertools.product(*values.values())]
    return found[:: max(1, -(-len(found) // most))]


def read(text: str) -> dict[str, dict[str, Any]]:
    n, out = "{" + NAMESPACE + "}", {}
    for d in ElementTree.fromstring(text).iter(n + "decision"):
        rows = [
            {"cells": [e.findtext(n + "text") for e in r.iter(n + "inputEntry")], "output": r.findtext(f"{n}outputEntry/{n}text")}
            for r in d.iter(n + "rule")
        ]
        out[d.get("id", "")] = {"inputs": [e.findtext(n + "text") for e in d.iter(n + "inputExpression")], "rows": rows}
    return out


def compare(names: list[str], most: int, change: tuple[str, str] | None = None) -> tuple[int, int]:
    asked, ours = [], []
    for name in names:
        rules = sky.load(name, allow=("draft", "variant")).newest
        text = write_dmn(rules)
        if change:
            assert change[0] in text
            text = text.replace(*change, 1)
        tables = read(text)
        for step in rules.steps:
            conditions: list[tuple[str, Any, Any]] = [(f"opens.{step.id}", step.opens, None)]
            conditions += [(f"who.{step.id}.{a.id}", a.when, a) for a in step.actions]
            for id, condition, act in conditions:
                if id not in tables:
                    continue
                cases = cases_of(rules, condition, most)
                asked.append({**tables[id], "cases": cases})
                bands = [b for b in (step.grades, act.grades if act else None) if b]
                for c in cases:
                    is_so = all(a <= c["grade"] <= b for a, b in bands) and (condition is None or holds(rules, condition, c))
                    if act is None:
                        ours.append(is_so)
                        continue
                    who = act.who if isinstance(act.who, tuple) else (act.who,)
                    ours.append(" or ".join(rules.role_for(w, c["grade"]) for w in who) if is_so else "nobody")
    run = ["node", str(ROOT / "tests/witness/feelin.mjs"), str(FOREIGN)]
    done = subprocess.run(run, input=json.dumps(asked), capture_output=True, text=True, check=True)
    theirs = [v for t in json.loads(done.stdout) for v in t]
    return len(ours), sum(a != b for a, b in zip(ours, theirs, strict=True))


@foreign
def test_feelin_agrees_with_the_engine_around_every_limit() -> None:
    count, wrong = compare(SHIPPED[:6], 30)
    assert count > 1000
    assert wrong == 0


@foreign
def test_one_changed_boundary_in_the_export_makes_the_comparison_fail() -> None:
    place = [str(ROOT / "rulesets/examples/kirkkonummi")]
    assert compare(place, 400)[1] == 0
    assert compare(place, 400, ("&gt; 40", "&gt; 41"))[1] > 0


def test_the_command_names_what_it_leaves_out(tmp_path: Path) -> None:
    place = ROOT / "rulesets/foreign/ireland"
    done = CliRunner().invoke(app, ["export", "dmn", str(place), "--out", str(tmp_path / "a.dmn")])
    assert done.exit_code == 0
    left_out = tables_of(sky.load(place, allow=("draft", "variant")).newest).left_out
    assert left_out
    for table, why in left_out:
        assert f"left out: {table}: {why}" in done.output
        assert f"{table}: {why}" in (tmp_path / "a.dmn").read_text(encoding="utf-8")


if __name__ == "__main__":
    print("cases, differences:", *compare(SHIPPED, int(sys.argv[1])))
