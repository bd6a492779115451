"""`python -m search MINUTES [--seed N] [--jobs N] [--check NAME …] [--family NAME …]`: looks for a wrong answer.

It prints the seed first, so that a run can be repeated, and at the end how many triples were tried, by which check. The first
fault of each check is made smaller and printed as a program. Ends with 1 when a check failed.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from search import agreement, alone, changed, readers
from search.making import FAMILIES, triples
from search.smaller import asked, fault_of, name_of, smaller
from search.triples import REFUSED, NotAsked, Triple, triple_of

CHECKS = {**agreement.CHECKS, **alone.CHECKS, **changed.CHECKS, **readers.CHECKS}
SHOWN = 3  # so many different faults of one check are kept; the others are only counted
MADE_SMALLER = 6  # so many faults of a run; the others are told as they were met
# One check of each triple, drawn anew: a new triple shows more than a second look at an old one. Agreement is asked more often.
WEIGHTS = {name: 4 if name in agreement.CHECKS else 1 for name in CHECKS}


def try_one(t: Triple, checks: list[str], tried: Counter[str]) -> dict[str, str]:
    """The check that fails, with what it says. A refused question is counted and no fault."""
    try:
        _ = t.said
    except REFUSED:
        tried["refused"] += 1
        return {}
    except Exception as e:
        return {"answers": f"{type(e).__name__} in deciding: {e}"}
    tried["triples"] += 1
    r = random.Random(t.seed)
    for name in sorted(checks, key=lambda name: r.random() ** (1 / WEIGHTS[name]), reverse=True):
        try:
            fault = asked(t, CHECKS[name])
        except (NotAsked, *REFUSED):
            continue
        tried[name] += 1
        return {} if fault is None else {name: fault}
    return {}


def look(seed: int, until: float, most: int | None, checks: list[str], families: tuple[str, ...]) -> dict[str, Any]:
    """One process: triples of a seed until the time is over or so many were tried. Returns counts and faults as plain data."""
    tried: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    faults: dict[str, list[tuple[dict[str, Any], str]]] = {}
    began = time.process_time()
    for n, t in enumerate(triples(seed, families, left_out=left_out)):
        if time.monotonic() > until or (most is not None and n >= most):
            break
        for name, fault in try_one(t, checks, tried).items():
            tried[f"fault: {name}: {name_of(fault)}"] += 1
            kept = faults.setdefault(name, [])
            if all(name_of(f) != name_of(fault) for _, f in kept) and len(kept) < SHOWN:
                kept.append((t.plain, fault))
    return {"tried": tried, "left_out": left_out, "faults": faults, "cpu": time.process_time() - began, "seed": seed}


def program(t: Triple, check: str) -> str:
    """What shows the fault again: PYTHONPATH=src:tests python FILE."""
    plain = json.dumps(t.plain, indent=1, ensure_ascii=False)
    return f"""import json
from search.__main__ import CHECKS
from search.smaller import fault_of
from search.triples import triple_of

TRIPLE = json.loads(r'''{plain}''')
print(fault_of(triple_of(TRIPLE), CHECKS.get("{check}", lambda t: None)))
"""


def main(argv: list[str] | None = None) -> int:
    words = argparse.ArgumentParser(prog="./dev search", description="look for a wrong answer")
    words.add_argument("minutes", type=float)
    words.add_argument("--seed", type=int, default=None, help="the same triples again; else a fresh one")
    words.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    words.add_argument("--triples", type=int, default=None, help="so many in each process and no more")
    words.add_argument("--check", action="append", choices=[*CHECKS], default=None)
    words.add_argument("--family", action="append", choices=FAMILIES, default=None)
    words.add_argument("--report", type=Path, default=None, help="a file for the counts, as JSON")
    said = words.parse_args(argv)
    seed = random.SystemRandom().randrange(10**9) if said.seed is None else said.seed
    checks, families = said.check or [*CHECKS], tuple(said.family or FAMILIES)
    print(
        f"seed {seed}, {said.jobs} processes, {said.minutes:g} minutes; again: ./dev search {said.minutes:g} --seed {seed}",
        flush=True,
    )
    until = time.monotonic() + 60 * said.minutes
    # each process its own seed, so that two processes try twice as much and the first one the same as alone
    each = [(seed + 1_000_003 * n, until, said.triples, checks, families) for n in range(said.jobs)]
    with multiprocessing.get_context("fork").Pool(said.jobs) as pool:
        results = pool.starmap(look, each, chunksize=1)
    return told(results, said.report)


def told(results: list[dict[str, Any]], report: Path | None) -> int:
    tried: Counter[str] = sum((r["tried"] for r in results), Counter())
    left_out: Counter[str] = sum((r["left_out"] for r in results), Counter())
    cpu = sum(r["cpu"] for r in results)
    number = tried["triples"]
    print(f"{number} triples, {tried['refused']} refused, {sum(left_out.values())} rulesets that do not load", end="; ")
    print(f"{1000 * cpu / max(number, 1):.1f} ms each, {number / max(cpu, 0.001):.0f} a second and process")
    for name in CHECKS:
        print(f"{tried[name]:9} {name}")
    found: dict[tuple[str, str | None], tuple[dict[str, Any], str]] = {}
    for r in results:
        for name, kept in r["faults"].items():
            for plain, fault in kept:
                found.setdefault((name, name_of(fault)), (plain, fault))
    if report is not None:
        report.write_text(json.dumps({"tried": tried, "left_out": left_out, "cpu": cpu}, indent=1), encoding="utf-8")
    for n, ((check, head), (plain, fault)) in enumerate(found.items()):
        times = tried[f"fault: {check}: {head}"]
        if n >= MADE_SMALLER:
            print(f"\n== {check}: {fault[:400]} ({times} times)")
            continue
        asking = CHECKS.get(check, lambda t: None)
        least = smaller(triple_of(plain), asking)
        fault = fault_of(least, asking) or fault
        print(f"\n== {check}: {head} ({times} times), made smaller:\n{fault}\n")
        print(program(least, check))
    print(f"{len(found)} faults" if found else "no fault")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
