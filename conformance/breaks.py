"""Would the suite find a wrong engine? The engine is broken in one place at a time, in a copy, and the suite must notice.

    python conformance/breaks.py            every break, and the table of docs/conformance.md (some minutes)
    python conformance/breaks.py --write    writes the table into docs/conformance.md

Rules: a break is one small change of meaning in the source, made in a temporary copy; a place that is no longer in the source as
it stands in breaks.toml is an error, never a break that passes; the suite is asked as a stranger asks it, by the runner and a
command, and without its golden cases, which are many and slow.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parent / "src" / "sky_model"
PAGE = HERE.parent / "docs" / "conformance.md"
BEGIN, END = "<!-- breaks: written by conformance/breaks.py -->", "<!-- end of breaks -->"
QUICK = ("constructs", "generated", "minimised", "truth-tables", "what-happens-when")  # all but the golden cases
SLOW = 600  # seconds for one break; the whole suite takes well under a minute


@dataclass(frozen=True)
class Break:
    """What is broken, in which file, and the change. `old` stands exactly once in the file."""

    what: str
    file: str
    old: str
    new: str


BREAKS = tuple(Break(**one) for one in tomllib.loads((HERE / "breaks.toml").read_text(encoding="utf-8"))["break"])


def broken(one: Break, folder: Path) -> None:
    """A copy of the source with one break. Raises ValueError when the place is not in it, or in it twice."""
    shutil.copytree(SOURCE, folder / "sky_model", ignore=shutil.ignore_patterns("__pycache__"))
    path = folder / "sky_model" / one.file
    text = path.read_text(encoding="utf-8")
    if text.count(one.old) != 1:
        raise ValueError(f"{one.what}: the place stands {text.count(one.old)} times in {one.file}; say it anew in breaks.toml")
    path.write_text(text.replace(one.old, one.new), encoding="utf-8", newline="\n")


def found_by(one: Break, files: tuple[str, ...] = QUICK) -> tuple[int, str]:
    """(how many cases fail, the first one that does) when cases of these files are asked of the broken engine."""
    with tempfile.TemporaryDirectory() as name:
        broken(one, Path(name))
        cases = Path(name) / "cases"
        cases.mkdir()
        for file in files:
            shutil.copy(HERE / "cases" / f"{file}.jsonl", cases)
        env = {**os.environ, "PYTHONPATH": name, "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, str(HERE / "run.py"), "--folder", str(cases), "--", sys.executable, str(HERE / "answer.py")]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", env=env, check=False, timeout=SLOW)
    counted = re.search(r"(\d+) failed$", done.stdout.strip())
    if counted is None:
        raise ValueError(f"{one.what}: the runner said nothing: {done.stderr[-500:]}")
    return int(counted[1]), done.stdout.partition("\n")[0] if int(counted[1]) else ""


def table(found: dict[str, tuple[int, str]]) -> str:
    rows = [f"| {what} | `{first.partition(':')[0]}` |" for what, (_, first) in found.items()]
    return "\n".join([BEGIN, "", "| the engine broken so | a case that fails |", "|---|---|", *rows, "", END])


def main() -> int:
    with ThreadPoolExecutor(2) as pool:
        results = dict(zip((b.what for b in BREAKS), pool.map(found_by, BREAKS), strict=True))
    for what, (n, first) in results.items():
        print(f"{n:5} {what}: {first}")
    survived = [what for what, (n, _) in results.items() if not n]
    print(f"{len(results)} breaks, {len(survived)} not found", *survived, sep="\n  ")
    if "--write" in sys.argv[1:]:
        text = PAGE.read_text(encoding="utf-8")
        before, rest = text.split(BEGIN)
        PAGE.write_text(before + table(results) + rest.partition(END)[2], encoding="utf-8", newline="\n")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
