"""The level-2 decision-table cases of the public DMN TCK, read from where it lies: with these the foreign engines are qualified.

Rules: nothing of the TCK is in this repository; a case is right when the value is the expected one, numbers as numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from witness.engines import TCK, asked_of, tables_in

__all__ = ["Expected", "agrees", "cases_of_level_2"]

T = "{http://www.omg.org/spec/DMN/20160719/testcase}"
XSI = "{http://www.w3.org/2001/XMLSchema-instance}"


@dataclass(frozen=True)
class Expected:
    """One case: of which file, what is handed in, and what a decision must say."""

    name: str
    xml: str
    decision: str
    facts: dict[str, Any]
    value: Any


def cases_of_level_2() -> list[Expected]:
    """All test cases of the models of compliance level 2 that have a decision table."""
    found: list[Expected] = []
    for file in sorted((TCK / "TestCases/compliance-level-2").glob("*/*.dmn")):
        xml = file.read_text(encoding="utf-8")
        if tables_in(xml):
            found += _cases(file, xml)
    return found


def _cases(file: Path, xml: str) -> list[Expected]:
    out = []
    for tests in sorted(file.parent.glob("*.xml")):
        for case in ElementTree.parse(tests).getroot().iter(T + "testCase"):
            facts = {i.get("name", ""): _value(i) for i in case.findall(T + "inputNode")}
            for result in case.findall(T + "resultNode"):
                expected = result.find(T + "expected")
                assert expected is not None
                name = f"{file.stem}/{case.get('id')}"
                out.append(Expected(name, xml, result.get("name", ""), facts, _value(expected)))
    return out


def _value(element: ElementTree.Element) -> Any:
    """A value as the TCK writes it: a list of items, named components, or a typed word."""
    many = element.find(T + "list")
    if many is not None:
        return [_value(item) for item in many.findall(T + "item")]
    components = element.findall(T + "component")
    if components:
        return {c.get("name", ""): _value(c) for c in components}
    value = element.find(T + "value")
    if value is None or value.get(XSI + "nil") == "true":
        return None
    kind, text = value.get(XSI + "type", "").partition(":")[2], value.text or ""
    return text == "true" if kind == "boolean" else text if kind == "string" else float(text)


def agrees(engine: str, cases: list[Expected]) -> tuple[int, list[str]]:
    """(how many an engine gets right, the names of the others)."""
    said = asked_of(engine, [(c.xml, c.decision, [c.facts]) for c in cases])
    wrong = [f"{c.name}: {c.value} expected, {a[0]} said" for c, a in zip(cases, said, strict=True) if a[0] != c.value]
    return len(cases) - len(wrong), wrong
