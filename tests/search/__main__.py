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
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from search import agreement, alone, changed, readers
from search.making import FAMILIES, triples
from search.smaller import asked, fault_of, name_of, smaller
from search.triples import REFUSED, NotAsked, Triple, triple_of

CHECKS = {**agreement.CHECKS, **alone.CHECKS, **changed.CHECKS, **readers.CHECKS}
SHOWN = 3  # so many different faults of one check are kept; the others are only counted
MADE_SMALLER = 6  # so many faults of a run; the others are told as they were met
SELDOM = 20  # one triple in so many is asked in another way too, by one check drawn anew


def try_one(t: Triple, checks: list[str], tried: Counter[str]) -> dict[str, str]:
    """The check that fails, of those asked in an order drawn anew the first that says something. Refused is no fault."""
    try:
        _ = t.said
    except REFUSED:
        tried["refused"] += 1
        return {}
    except Exception as e:
        return {"answers": f"{type(e).__name__} in deciding: {e}"}
    tried["triples"] += 1
    r = random.Random(t.seed)
    for name in sorted(checks, key=lambda name: r.random()):
        try:
            fault = asked(t, CHECKS[name])
        except (NotAsked, *REFUSED):
            continue
        tried[name] += 1
        return {} if fault is None else {name: fault}
    return {}


def try_days(some: list[Triple], tried: Counter[str]) -> Iterator[tuple[Triple, str]]:
    """Several days of one record, asked of the second decider in one fold: those that differ, each asked once more alone."""
    name = agreement.the_second_decider.__name__
    try:
        found = agreement.of_days(some)
    except Exception:  # an error of either: which day shows it is found out one by one
        for t in some:
            for _, fault in try_one(t, [name], tried).items():
                yield t, fault
        return
    tried["triples"] += len(found)
    tried["refused"] += len(some) - len(found)
    tried[name] += len(found)
    for t, fault in found:
        if fault is not None:
            yield t, fault_of(t, CHECKS[name]) or f"only in one fold of several days: {fault}"


def look(seed: int, until: float, most: int | None, checks: list[str], families: tuple[str, ...]) -> dict[str, Any]:
    """One process: triples of a seed until the time is over or so many were tried. Returns counts and faults as plain data."""
    tried: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    faults: dict[str, list[tuple[dict[str, Any], str]]] = {}
    began = time.process_time()

    def met(t: Triple, name: str, fault: str) -> None:
        tried[f"fault: {name}: {name_of(fault)}"] += 1
        kept = faults.setdefault(name, [])
        if all(name_of(f) != name_of(fault) for _, f in kept) and len(kept) < SHOWN:
            kept.append((t.plain, fault))

    agree, others = agreement.the_second_decider.__name__, [c for c in checks if c not in agreement.CHECKS]
    number = 0
    for _, same_record in groupby(triples(seed, families, left_out=left_out), key=lambda t: id(t.record)):
        some = list(same_record)
        number += len(some)
        if time.monotonic() > until or (most is not None and number > most):
            break
        tried[f"family {some[0].family}"] += len(some)
        if agree in checks:
            as_known = [t for t in some if t.known_on is None and not t.absent]
            for t, fault in try_days(as_known, tried) if as_known else ():
                met(t, agree, fault)
            for t in (t for t in some if t.known_on is not None or t.absent):
                for name, fault in try_one(t, [agree], tried).items():
                    met(t, name, fault)
            some = [t for t in some if t.seed % SELDOM == 0]  # the other checks ask the library alone, and several times
        for t in some if others else ():
            again: Counter[str] = Counter()
            for name, fault in try_one(t, others, again).items():
                met(t, name, fault)
            tried.update({k: v for k, v in again.items() if agree not in checks or k not in ("triples", "refused")})
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
