"""The decision tables of a ruleset as DMN 1.5: which step's conditions hold, and who does each action, for known typed facts.

Rules: a table is exact or it is not written, and then it is named with the reason; every table is FIRST and its last row says
what is so where no row above holds; numbers are in the counter's own unit and written exactly.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal, localcontext
from operator import ge, gt, le, lt
from typing import TypeAlias
from xml.etree import ElementTree

from sky_model.rules import WHO_RECORDED, Act, All, ByGrade, Condition, Count, NoneOf, Ruleset, StepOf, Test, Unsaid

__all__ = ["NAMESPACE", "NOT_COVERED", "Exported", "Input", "Row", "Table", "tables_of", "write_dmn"]

NAMESPACE = "https://www.omg.org/spec/DMN/20230324/MODEL/"
NOT_COVERED = (
    "Not covered: paths (when a step is asked about, opens again or ends; the smaller limits of a watch), deadlines, facts that "
    "are unknown, windows and how counters are computed, what one step includes or replaces of another, consents, what was done "
    "already. Every fact must be known and of its type."
)
MOST_ROWS = 2000
FLIPPED = {"at_least": "less_than", "more_than": "at_most", "at_most": "more_than", "less_than": "at_least"}
HOLDS: dict[str, Callable[[int, int], bool]] = {"at_least": ge, "more_than": gt, "at_most": le, "less_than": lt}
SIGNS = {"at_least": ">=", "more_than": ">", "at_most": "<=", "less_than": "<"}

Row: TypeAlias = dict[str, str]  # a unary test for each input; an input that is not named is not looked at


class _NotATable(Exception):
    """Why a condition is no decision table."""


@dataclass(frozen=True, slots=True)
class Input:
    name: str  # a FEEL name
    label: str  # what it is in the ruleset
    type: str  # number | string | boolean
    values: tuple[str, ...] = ()  # of a question its answers; any other word is no answer


@dataclass(frozen=True, slots=True)
class Table:
    """Rows from the top down: the first that fits says the output; the last fits always."""

    id: str  # opens.<step>, who.<step>.<action>
    about: str
    type: str  # of the output: boolean | string
    inputs: tuple[Input, ...]
    rows: tuple[tuple[Row, str], ...]  # the output as FEEL


@dataclass(frozen=True, slots=True)
class Exported:
    """What can be said as tables, and what cannot: (table, why)."""

    tables: tuple[Table, ...]
    left_out: tuple[tuple[str, str], ...]


def tables_of(rules: Ruleset) -> Exported:
    """The tables of all steps and actions of one version."""
    tables, left_out = [], []
    for step in rules.steps:
        try:
            tables.append(_opens(rules, step))
        except _NotATable as e:
            left_out.append((f"opens.{step.id}", str(e)))
        for act in step.actions:
            try:
                tables.append(_who(rules, step, act))
            except _NotATable as e:
                left_out.append((f"who.{step.id}.{act.id}", str(e)))
    return Exported(tuple(tables), tuple(left_out))


def _opens(rules: Ruleset, step: StepOf) -> Table:
    rows = [(row, "true") for row in _rows(rules, step.opens, step.grades)]
    return _table(f"opens.{step.id}", "do the conditions that open the step hold?", "boolean", rules, rows, "false")


def _who(rules: Ruleset, step: StepOf, act: Act) -> Table:
    if act.unless is not None:
        raise _NotATable("`unless` is not a matter of facts of one day")
    if act.repeat is not None:
        raise _NotATable("it is repeated on a clock")
    grades = [
        g for g in range(rules.said.grades[0], rules.said.grades[1] + 1) if _is_in(g, step.grades) and _is_in(g, act.grades)
    ]
    names = act.who if isinstance(act.who, tuple) else (act.who,)
    by_who: dict[str, list[int]] = {}
    for grade in grades:
        by_who.setdefault(" or ".join(dict.fromkeys(rules.role_for(n, grade) for n in names)), []).append(grade)
    rows: list[tuple[Row, str]] = []
    is_for_all = len(by_who) == 1 and len(grades) == rules.said.grades[1] - rules.said.grades[0] + 1
    for who, some in by_who.items():
        cell = {} if is_for_all else {"grade": ", ".join(map(str, some))}
        whens = [{}] if act.when is None else _rows(rules, act.when, None, some)
        rows += [({**cell, **row}, f'"{who}"') for row in whens]
    about = "who does it; nobody: it is not asked"
    if WHO_RECORDED in names:
        about += f"; {WHO_RECORDED}: who raised the report, of the staff"
    return _table(f"who.{step.id}.{act.id}", about, "string", rules, rows, '"nobody"')


def _is_in(grade: int, band: tuple[int, int] | None) -> bool:
    return band is None or band[0] <= grade <= band[1]


def _table(id: str, about: str, type: str, rules: Ruleset, rows: list[tuple[Row, str]], otherwise: str) -> Table:
    if len(rows) > MOST_ROWS:
        raise _NotATable(f"it needs more than {MOST_ROWS} rows")
    names = {name: None for row, _ in rows for name in row} or {"grade": None}
    return Table(id, about, type, tuple(_input(rules, n) for n in names), (*rows, ({}, otherwise)))


def _input(rules: Ruleset, name: str) -> Input:
    if name == "grade":
        return Input("grade", "grade", "number")
    what, _, fact = _label(name).partition(" ")
    type = {"counter": "number", "report": "boolean", "question": "string"}[what]
    answers = rules.questions[fact].answers if what == "question" else ()
    return Input(name, f"{what} {fact}", type, tuple(map(str, answers)) if isinstance(answers, list) else ())


def _label(name: str) -> str:
    """`counter_late_marks` is `counter late-marks` in the ruleset."""
    return name.replace("_", " ", 1).replace("_", "-")


# ---------------------------------------------------------------------- conditions as rows
def _rows(rules: Ruleset, condition: Condition, band: tuple[int, int] | None, some: list[int] | None = None) -> list[Row]:
    """Any row that fits makes the condition true. A limit by grade is a row for each value of it."""
    first, last = rules.said.grades
    whole = list(range(first, last + 1))
    grades = whole if some is None else some
    grades = [g for g in grades if _is_in(g, band)]
    by_rows: dict[tuple[tuple[tuple[str, str], ...], ...], list[int]] = {}
    for grade in grades:
        found = [tuple(sorted(r.items())) for r in _of_grade(rules, condition, grade, False)]
        by_rows.setdefault(tuple(dict.fromkeys(found)), []).append(grade)
    rows: list[Row] = []
    for found_rows, of_grades in by_rows.items():
        cell = {} if of_grades == (whole if some is None else some) else {"grade": ", ".join(map(str, of_grades))}
        rows += [{**cell, **dict(r)} for r in found_rows]
    return rows


def _of_grade(rules: Ruleset, condition: Condition, grade: int, is_flipped: bool) -> list[Row]:
    if isinstance(condition, Test):
        return list(_of_test(rules, condition, grade, is_flipped))
    inner = is_flipped != isinstance(condition, NoneOf)
    parts = [_of_grade(rules, part, grade, inner) for part in condition.parts]
    if isinstance(condition, All) == is_flipped if not isinstance(condition, NoneOf) else is_flipped:
        return [row for part in parts for row in part]
    rows = [row for some in itertools.product(*parts) if (row := _both(some)) is not None]
    if len(rows) > MOST_ROWS:
        raise _NotATable(f"it needs more than {MOST_ROWS} rows")
    return rows


def _both(some: tuple[Row, ...]) -> Row | None:
    """One row that asks all; a cell asks one thing only."""
    out: Row = {}
    for row in some:
        for name, cell in row.items():
            if out.setdefault(name, cell) != cell:
                raise _NotATable(f"{_label(name)} is compared twice in one row")
    return out


def _of_test(rules: Ruleset, test: Test, grade: int, is_flipped: bool) -> Iterator[Row]:
    if test.is_unsaid or any(isinstance(v, Unsaid) for _, v in test.asks):
        raise _NotATable(f"{test.fact} has a limit that the source does not give")
    if test.what in ("step", "action"):
        raise _NotATable(f"it asks where the pupil is on a path ({test.what} {test.fact})")
    name = f"{test.what}_{test.fact}".replace("-", "_")
    if test.what == "grade":  # each row is for grades that are known
        is_so = all(grade in limit if op == "one_of" else HOLDS[op](grade, limit) for op, limit in test.asks)
        yield from [{}] if is_so != is_flipped else []
        return
    if test.what == "report":
        yield {name: "false" if is_flipped else "true"}
        return
    if test.what == "counter":
        count = rules.counters[test.fact]
        asks = [(op, _number(v.values[grade] if isinstance(v, ByGrade) else v, count)) for op, v in test.asks]
        if len(asks) == 1 or is_flipped:  # not all of them: not the one, or not the other
            yield from ({name: f"{SIGNS[FLIPPED[op] if is_flipped else op]} {limit}"} for op, limit in asks)
        else:
            yield {name: _between(test.fact, dict(asks))}
        return
    for op, value in test.asks:
        if rules.questions[test.fact].several or op == "includes" or value in ("known", "unknown", "reached"):
            raise _NotATable(f"the answer to {test.fact} is no single word, or is asked for being known or reached")
        if len(test.asks) > 1:
            raise _NotATable(f"{test.fact} is compared twice in one row")
        cell = ", ".join(f'"{v}"' for v in (value if isinstance(value, tuple) else (value,)))
        yield {name: f"not({cell})" if is_flipped else cell}


def _between(fact: str, limits: dict[str, str]) -> str:
    """A lower and an upper limit as one range: a round bracket leaves its own number out."""
    low = {"at_least": "[", "more_than": "("}
    high = {"at_most": "]", "less_than": ")"}
    lows, highs = [o for o in limits if o in low], [o for o in limits if o in high]
    if len(lows) != 1 or len(highs) != 1 or Decimal(limits[lows[0]]) >= Decimal(limits[highs[0]]):
        raise _NotATable(f"{fact} is compared twice in one row")
    return f"{low[lows[0]]}{limits[lows[0]]}..{limits[highs[0]]}{high[highs[0]]}"


def _number(limit: int, count: Count) -> str:
    """A limit in the counter's own unit, exact."""
    unit = 100 if count.is_share else count.unit
    with localcontext() as exact:
        exact.prec = 28
        found = Decimal(limit) / Decimal(unit)
        if found * unit != limit:
            raise _NotATable(f"the limit of {count.id} is no decimal number in its unit")
    return format(found.normalize(), "f")


# ---------------------------------------------------------------------- the file
def write_dmn(rules: Ruleset) -> str:
    """The tables as a DMN 1.5 file; what is left out stands in its description."""
    found = tables_of(rules)
    root = ElementTree.Element(
        "definitions", {"xmlns": NAMESPACE, "id": "sky", "name": rules.name, "namespace": f"urn:sky-model:{rules.name}"}
    )
    said = [NOT_COVERED, f"Fingerprint of the ruleset: {rules.fingerprint}."]
    said += [f"Left out: {table}: {why}." for table, why in found.left_out]
    ElementTree.SubElement(root, "description").text = "\n".join(said)
    inputs = {i.name: i for t in found.tables for i in t.inputs}
    for i in inputs.values():
        data = ElementTree.SubElement(root, "inputData", {"id": f"in.{i.name}", "name": i.name, "label": i.label})
        ElementTree.SubElement(data, "variable", {"name": i.name, "typeRef": i.type})
    for table in found.tables:
        _add(root, table)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _add(root: ElementTree.Element, table: Table) -> None:
    name = table.id.replace(".", "_").replace("-", "_")
    decision = ElementTree.SubElement(root, "decision", {"id": table.id, "name": name, "label": table.id})
    ElementTree.SubElement(decision, "description").text = table.about
    ElementTree.SubElement(decision, "variable", {"name": name, "typeRef": table.type})
    for i in table.inputs:
        needed = ElementTree.SubElement(decision, "informationRequirement")
        ElementTree.SubElement(needed, "requiredInput", {"href": f"#in.{i.name}"})
    body = ElementTree.SubElement(
        decision, "decisionTable", {"id": f"table.{table.id}", "hitPolicy": "FIRST", "outputLabel": name}
    )
    for i in table.inputs:
        column = ElementTree.SubElement(body, "input")  # no label: there are engines that take it for the name
        ElementTree.SubElement(ElementTree.SubElement(column, "inputExpression", {"typeRef": i.type}), "text").text = i.name
        if i.values:
            answers = ", ".join(f'"{v}"' for v in i.values)
            ElementTree.SubElement(ElementTree.SubElement(column, "inputValues"), "text").text = answers
    ElementTree.SubElement(body, "output", {"typeRef": table.type})
    for row, output in table.rows:
        rule = ElementTree.SubElement(body, "rule")
        for i in table.inputs:
            ElementTree.SubElement(ElementTree.SubElement(rule, "inputEntry"), "text").text = row.get(i.name, "-")
        ElementTree.SubElement(ElementTree.SubElement(rule, "outputEntry"), "text").text = output
