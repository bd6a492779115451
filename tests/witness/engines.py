"""DMN files read and put to two foreign engines, each a process of its own: feelin (Node) and pyDMNrules (another Python).

Rules: nothing of either engine is imported; what they know of a table they have from the DMN file; an answer is a word, a
number, a truth, a list, named values, or {"error": …}.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

__all__ = [
    "ENGINES", "NAMESPACE", "TCK", "Asked", "N", "ask_pydmnrules", "asked_of", "different", "needs_feelin", "needs_pydmnrules",
    "needs_tck", "parts_of", "tables_in",
]  # fmt: skip

HERE = Path(__file__).parent
CACHE = HERE.parent.parent / ".cache" / "witness"
PYTHON = next(iter(sorted((CACHE / "venv").glob("*/python"))), CACHE / "venv/bin/python")
TCK = Path(os.environ.get("DMN_TCK") or CACHE / "tck")
NAMESPACE = "https://www.omg.org/spec/DMN/20230324/MODEL/"
N = "{" + NAMESPACE + "}"

needs_feelin = pytest.mark.skipif(
    not (CACHE / "node_modules/feelin").is_dir(), reason="skipped: feelin, get it with tests/witness/install.sh"
)
needs_pydmnrules = pytest.mark.skipif(
    not next((CACHE / "venv").glob("lib/*/site-packages/pyDMNrules"), None),
    reason="skipped: pyDMNrules, get it with tests/witness/install.sh",
)
needs_tck = pytest.mark.skipif(
    not (TCK / "TestCases").is_dir(),
    reason="skipped: DMN TCK, put TestCases of github.com/dmn-tck/tck into .cache/witness/tck or its place into DMN_TCK",
)

Case = dict[str, Any]
Asked = tuple[str, str, list[Case]]  # (a DMN file, the name of one of its decisions, cases)


# ---------------------------------------------------------------------- a DMN file
@lru_cache(maxsize=200)
def tables_in(xml: str) -> dict[str, dict[str, Any]]:
    """Every decision table of a file by the name of its decision, as `feelin.mjs` takes it."""
    bodies = {d.get("name", ""): d.find(N + "decisionTable") for d in _root(xml).iter(N + "decision")}
    return {name: _table(body) for name, body in bodies.items() if body is not None}


def _root(xml: str) -> ElementTree.Element:
    return ElementTree.fromstring(xml.encode())


def _text(element: ElementTree.Element, path: str) -> str | None:
    return element.findtext("/".join(N + part for part in (*path.split("/"), "text")))


def _table(body: ElementTree.Element) -> dict[str, Any]:
    return {
        "policy": body.get("hitPolicy", "UNIQUE"),
        "aggregation": body.get("aggregation"),
        "inputs": [_text(i, "inputExpression") for i in body.findall(N + "input")],
        "outputs": [
            {"name": o.get("name"), "values": _text(o, "outputValues"), "default": _text(o, "defaultOutputEntry")}
            for o in body.findall(N + "output")
        ],
        "rows": [
            {
                "cells": [e.findtext(N + "text") for e in row.findall(N + "inputEntry")],
                "outputs": [e.findtext(N + "text") for e in row.findall(N + "outputEntry")],
            }
            for row in body.findall(N + "rule")
        ],
    }


@lru_cache(maxsize=200)
def parts_of(xml: str) -> dict[str, str]:
    """A file for each decision: the same file without the other decisions and without inputs that it does not require.

    pyDMNrules sets and reads every name of a file for each case, so a file with fifty decisions is fifteen times slower.
    """
    root, out = _root(xml), {}
    for decision in root.findall(N + "decision"):
        wanted = {e.get("href", "")[1:] for e in decision.iter(N + "requiredInput")}
        part = ElementTree.Element(root.tag, root.attrib)
        part.extend(e for e in root if e is decision or (e.tag != N + "decision" and _is_needed(e, wanted)))
        out[decision.get("name", "")] = ElementTree.tostring(part, encoding="unicode")
    return out


def _is_needed(element: ElementTree.Element, wanted: set[str]) -> bool:
    return element.tag != N + "inputData" or element.get("id") in wanted


def different(xml: str, decision: str, cases: list[Case]) -> tuple[list[Case], list[int]]:
    """(the cases that differ in what the table looks at, with that alone; for each case the place of its own among them)."""
    inputs = tables_in(xml)[decision]["inputs"]
    places: dict[tuple[Any, ...], int] = {}
    of_each = [places.setdefault(tuple(case[i] for i in inputs), len(places)) for case in cases]
    return [dict(zip(inputs, values, strict=True)) for values in places], of_each


# ---------------------------------------------------------------------- the engines
def _run(command: Sequence[str], handed_in: Any) -> Any:
    done = subprocess.run(command, input=json.dumps(handed_in), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def ask_feelin(asked: list[Asked]) -> list[list[Any]]:
    tables = [{**tables_in(xml)[name], "cases": cases} for xml, name, cases in asked]
    return _run(["node", str(HERE / "feelin.mjs"), str(CACHE)], tables)


def ask_pydmnrules(asked: list[Asked], *, whole: bool = False) -> list[list[Any]]:
    """`whole`: each file as it is, instead of the part that is about the decision."""
    files = [
        {"xml": xml if whole else parts_of(xml)[name], "asked": [(name, case) for case in cases]} for xml, name, cases in asked
    ]
    process = _pydmnrules()
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(files) + "\n")
    process.stdin.flush()
    line = process.stdout.readline()
    assert line, "pyDMNrules has ended; what it said stands on stderr"
    return json.loads(line)


@cache
def _pydmnrules() -> subprocess.Popen[str]:
    """One process for all questions of a run: its import takes eight seconds and more."""
    command = [str(PYTHON), str(HERE / "pydmnrules_runner.py")]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    atexit.register(process.communicate)  # closes its stdin, and so it ends
    return process


ENGINES: dict[str, Callable[[list[Asked]], list[list[Any]]]] = {"feelin": ask_feelin, "pyDMNrules": ask_pydmnrules}


def asked_of(engine: str, asked: list[Asked]) -> list[list[Any]]:
    """What an engine says of each case of each decision."""
    return ENGINES[engine](asked)
