"""Runs the conformance suite: every case is asked, every answer compared with the one that the suite expects.

    python conformance/run.py                      asks this library (answer.py)
    python conformance/run.py -- COMMAND …         asks any command that reads one case a line and writes one answer a line
    python conformance/run.py --folder FOLDER      reads the cases of another folder

Rules: the command is started once for each processor, with a part of the cases each; values are compared, not texts; a case that
fails is told with what was expected and what came. Ends with 0 when all passed, otherwise with 1.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SHOWN = 5


def read(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return {"error": f"not JSON: {line[:60]}"}


def ask(command: list[str], cases: list[Any]) -> list[Any]:
    """The answers to some cases; to those after the command's end: no answer."""
    asked = "".join(json.dumps(x["case"], ensure_ascii=False) + "\n" for x in cases)
    done = subprocess.run(command, input=asked, stdout=subprocess.PIPE, encoding="utf-8", check=False)
    answers = [read(x) for x in done.stdout.removesuffix("\n").split("\n") if done.stdout][: len(cases)]
    return answers + [{"error": f"no answer; the command ended with {done.returncode}"}] * (len(cases) - len(answers))


def difference(want: dict[str, Any], got: Any) -> str:
    got = got if isinstance(got, dict) else {"error": f"no object: {json.dumps(got)[:60]}"}
    wrong = [k for k in sorted({*want, *got}) if want.get(k) != got.get(k)]
    return "".join(f"\n    {k}: expected {json.dumps(want.get(k))}\n    {k}:      got {json.dumps(got.get(k))}" for k in wrong)


def main() -> int:
    words = argparse.ArgumentParser(description="run the conformance suite")
    words.add_argument("--folder", type=Path, default=HERE / "cases")
    words.add_argument(
        "command", nargs="*", default=[sys.executable, str(HERE / "answer.py")], help="the command to ask, after --"
    )
    said = words.parse_args()
    cases = [json.loads(x) for p in sorted(said.folder.glob("*.jsonl")) for x in p.read_text(encoding="utf-8").splitlines()]
    if not cases or shutil.which(said.command[0]) is None:
        words.error(f"there is no command {said.command[0]}" if cases else f"no cases in {said.folder}")
    many = os.cpu_count() or 1
    parts = [cases[len(cases) * n // many : len(cases) * (n + 1) // many] for n in range(many)]
    with ThreadPoolExecutor(many) as pool:
        answers = [a for some in pool.map(lambda part: ask(said.command, part) if part else [], parts) for a in some]
    failed = [(x, a) for x, a in zip(cases, answers, strict=True) if a != x["expect"]]
    for x, a in failed[:SHOWN]:
        print(f"{x['case']['id']}: {x['case']['shows'][0]}{difference(x['expect'], a)}")
    print(f"{len(cases) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
