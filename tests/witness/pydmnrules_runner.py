"""DMN files and cases on stdin, what pyDMNrules says of each case on stdout: one line of JSON for each line of JSON.

Rules: this program runs in its own environment (`install.sh`) as its own process; pyDMNrules is GPL, nothing of sky_model is
imported here, nor this by sky_model. It judges cells and hit policies itself, from the XML. Whatever it cannot answer is
{"error": …} in the place of the answer. It stays: its import builds a grammar, which takes eight seconds and more.

A line in: [{"xml": text, "asked": [[decision, {name: value}], …]}, …]; the line out: one list of answers for each file.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
from typing import Any

import pyDMNrules

PROCESSES = 2


def said(dmn: Any, decision: str, facts: dict[str, Any]) -> Any:
    if decision not in dmn.decisionTables:
        return {"error": f"no decision table {decision}"}
    status, answer = dmn.decideTables(facts, [decision])
    if status.get("errors"):
        return {"error": status["errors"]}
    names = [column["name"] for column in dmn.decisionTables[decision]["outputColumns"]]
    values = [answer["Result"][name] for name in names]
    if len(values) == 1:
        return values[0]
    short = [name.removeprefix(decision + ".") for name in names]
    if all(isinstance(v, list) for v in values):  # of several rows
        return [dict(zip(short, row, strict=True)) for row in zip(*values, strict=True)]
    return dict(zip(short, values, strict=True))


def answers(file: dict[str, Any]) -> list[Any]:
    dmn = pyDMNrules.DMN()
    wrong = dmn.useXML(file["xml"]).get("errors")
    return [{"error": wrong} if wrong else said(dmn, decision, facts) for decision, facts in file["asked"]]


def serve() -> None:
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # its grammar prints
    with multiprocessing.get_context("fork").Pool(PROCESSES) as pool:
        for line in sys.stdin:
            out.write(json.dumps(pool.map(answers, json.loads(line), chunksize=8)) + "\n")
            out.flush()


if __name__ == "__main__":
    serve()
