"""`./dev mutants [--count N] [--seed N]` and `./dev faults`: would the fast set notice?

Ends with 1 when a planted fault or more than one mutant in twenty is not noticed.
"""

from __future__ import annotations

import argparse
import ast
import json
import random
import sys
import time
import tomllib
from collections import Counter
from pathlib import Path

from mutants.changing import mutants_of, tree_of
from mutants.running import CONFORMANCE, SOURCE, Engine, Found, Set, collected, try_all

MODULES = ("path.py", "facts.py", "tasks.py", "measures.py", "schooldays.py", "decider.py")
FAULTS = Path(__file__).with_name("faults.toml")
ENOUGH = 0.95


def mutants(tests: Set, count: int, seed: int, jobs: int, modules: list[str], report: Path | None, cases: int, pin: bool) -> int:
    texts = {m: (SOURCE / m).read_text(encoding="utf-8") for m in modules}
    every = [x for m in modules for x in mutants_of(m, texts[m])]
    some = random.Random(seed).sample(every, min(count, len(every)))
    print(f"{len(every)} mutants of {', '.join(modules)}; {len(some)} of them, seed {seed}", flush=True)
    shown, engines = {}, []
    for x in some:
        tree, diff = tree_of(texts[x.file], x)
        shown[str(x) + f" #{x.node}"] = (x, diff)
        engines.append((str(x) + f" #{x.node}", Engine(x.file, tree)))
    survived: list[tuple[str, str]] = []
    lines: list[str] = []
    by: Counter[str] = Counter()
    began = time.monotonic()

    def told(name: str, found: Found) -> None:
        x, diff = shown[name]
        by[found.noticed_by or "nobody"] += 1
        lines.append(f"{x}: {found.how}{f', {found.noticed_by}' if found.noticed_by else ''}\n{diff}")
        if not found.is_noticed:
            survived.append((name, f"{x}\n{diff}"))
            print(f"SURVIVED {x}\n{diff}", flush=True)

    try_all(tests, engines, jobs, told)
    noticed = len(some) - len(survived)
    last = f"{noticed} of {len(some)} mutants noticed ({100 * noticed / max(len(some), 1):.1f} %), {len(survived)} survived"
    print(f"{last}; {(time.monotonic() - began) / max(len(some), 1):.2f} seconds each")
    for test, n in by.most_common(12):
        print(f"{n:5} {test}")
    shown_of = dict(survived)
    if cases and survived:
        shown_of = beside(cases, pin, [(name, dict(engines)[name], diff) for name, diff in survived])
    if report is not None:
        report.write_text("\n\n".join([last, "## Survived", *shown_of.values(), "## All", *lines]) + "\n", encoding="utf-8")
    return 0 if noticed >= ENOUGH * len(some) else 1


def beside(number: int, pin: bool, survived: list[tuple[str, Engine, str]]) -> dict[str, str]:
    """Each survivor beside the unchanged engine over so many generated cases, with what came of it."""
    from mutants.compared import PINNED, Cases

    print(f"\n== survivors beside the unchanged engine, {number} generated cases", flush=True)
    cases, out = Cases(number), {}
    for name, engine, diff in survived:
        found = cases.compare(engine)
        if found["changed"] is None:
            told = f"no answer changes in {found['n']} cases"
        elif found["check"] is None:
            told = f"an answer changes (case {found['n']}) and no check sees it: {found['changed']}"
        else:
            told = f"an answer changes (case {found['n']}) and {found['check']} sees it: {found['changed']}"
            if pin:
                line = {"check": found["check"], "shows": name.partition(" #")[0], "triple": found["triple"]}
                with PINNED.open("a", encoding="utf-8") as stream:
                    stream.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
                told += " (pinned)"
        out[name] = f"{diff}\n{told}"
        print(f"{out[name]}\n", flush=True)
    return out


def planted(one: dict[str, str]) -> Engine:
    """Raises ValueError when the place is not in the source as faults.toml has it, or in it twice."""
    text = (SOURCE / one["file"]).read_text(encoding="utf-8")
    times = text.count(one["old"])
    if times != 1:
        raise ValueError(f"{one['what']}: the place stands {times} times in {one['file']}; say it anew in {FAULTS.name}")
    changed = text.replace(one["old"], one["new"])
    return Engine(one["file"], ast.parse(changed), changed)


def faults(tests: Set, jobs: int, cases: int, pin: bool) -> int:
    listed = tomllib.loads(FAULTS.read_text(encoding="utf-8"))["fault"]
    engines, wrong, escaped = [], 0, set()
    for one in listed:
        try:
            engines.append((one["what"], planted(one)))
        except ValueError as e:
            print(f"NO PLACE {e}")
            wrong += 1
    for title, without in (("with the conformance suite", ""), ("without it", CONFORMANCE)):
        print(f"\n== {title}")

        def told(name: str, found: Found) -> None:
            nonlocal wrong
            wrong += not found.is_noticed
            if not found.is_noticed:
                escaped.add(name)
            print(f"{'noticed ' if found.is_noticed else 'SURVIVED'} {name}: {found.noticed_by or ''}", flush=True)

        try_all(tests, engines, jobs, told, without)
    if cases and escaped:
        beside(cases, pin, [(name, engine, name) for name, engine in engines if name in escaped])
    print(f"\n{len(listed)} faults, twice; {wrong} not noticed")
    return 1 if wrong else 0


def main() -> int:
    words = argparse.ArgumentParser(prog="./dev", description=__doc__)
    words.add_argument("what", choices=["mutants", "faults"])
    words.add_argument("--count", type=int, default=300)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--jobs", type=int, default=2)
    words.add_argument("--module", action="append", choices=MODULES, default=None)
    words.add_argument("--report", type=Path, default=None, help="a file for every mutant and what became of it")
    words.add_argument("--cases", type=int, default=0, help="ask survivors so many generated cases beside the unchanged engine")
    words.add_argument("--pin", action="store_true", help="keep a case that shows a survivor in tests/search/pinned.jsonl")
    said = words.parse_args()
    if said.what == "faults":
        return collected(lambda tests: faults(tests, said.jobs, said.cases, said.pin))
    modules = said.module or list(MODULES)
    return collected(lambda tests: mutants(tests, said.count, said.seed, said.jobs, modules, said.report, said.cases, said.pin))


if __name__ == "__main__":
    sys.exit(main())
