"""Runs the conformance suite: every case is asked, every answer compared with the one that the suite expects.

    python conformance/run.py                      asks this library
    python conformance/run.py -- COMMAND …         asks any command that reads one case a line and writes one answer a line
    python conformance/run.py --folder FOLDER      reads the cases of another folder

Ends with 0 when all passed, otherwise with 1.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
from answer import HERE, answer

SHOWN = 5


def difference(expected: dict[str, Any], got: dict[str, Any]) -> str:
    wrong = [k for k in sorted({*expected, *got}) if expected.get(k) != got.get(k)]
    said = [(k, json.dumps(expected.get(k)), json.dumps(got.get(k))) for k in wrong]
    return "\n".join(f"    {k}: expected {want}\n    {k}:      got {have}" for k, want, have in said)


def main() -> int:
    words = argparse.ArgumentParser(description="run the conformance suite")
    words.add_argument("--folder", type=Path, default=HERE / "cases")
    words.add_argument("command", nargs="*", help="the command to ask, after --; without it, this library")
    said = words.parse_args()
    lines = [x for p in sorted(said.folder.glob("*.jsonl")) for x in p.read_text(encoding="utf-8").splitlines()]
    cases = [json.loads(x) for x in lines]
    if said.command:
        asked = "".join(json.dumps(x["case"]) + "\n" for x in cases)
        out = subprocess.run(said.command, input=asked, capture_output=True, encoding="utf-8", check=False).stdout.splitlines()
        answers = [json.loads(x) for x in out] + [{"error": "no answer"}] * (len(cases) - len(out))
    else:
        answers = [answer(x["case"]) for x in cases]
    failed = [(x, a) for x, a in zip(cases, answers, strict=True) if a != x["expect"]]
    for x, a in failed[:SHOWN]:
        print(f"{x['case']['id']}: {x['case']['shows'][0]}\n{difference(x['expect'], a)}")
    print(f"{len(cases) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
