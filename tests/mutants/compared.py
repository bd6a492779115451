"""A mutant beside the unchanged engine, over generated cases: does any answer change, and does a check of the search see it?

Rules: the cases and the answers of the unchanged engine are made once, before the forks; a case whose answer changes is tried by
every check, made smaller, and can be pinned (`search/pinned.jsonl`), so that the fast set sees it from then on. What no check
sees is told: it needs a check. A mutant that changes no answer needs a sentence that says why.
"""

from __future__ import annotations

import hashlib
import json
import os
from functools import partial
from itertools import islice
from typing import Any

from search.__main__ import CHECKS
from search.making import triples
from search.smaller import fault_of, smaller
from search.triples import REFUSED, Triple, text, triple_of

from mutants.running import Engine, put_in_place, read_all

__all__ = ["PINNED", "Cases"]

from search.test_fixed import NOT_YET, PINNED

SEED = 7_000_000


class Cases:
    """So many triples with the answers of the unchanged engine, as short digests."""

    def __init__(self, number: int) -> None:
        self.triples = list(islice(triples(SEED, records=6, days=2), number))
        self.digests = [digest(t) for t in self.triples]

    def compare(self, engine: Engine) -> dict[str, Any]:
        """{n: cases tried, changed: the answers of the first that differs or None, check, triple}, asked in a fork."""
        into, out = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(into)
            try:
                found = self.compared(engine)
            except BaseException as e:
                found = {"n": 0, "changed": f"broken: {type(e).__name__} {e}", "check": None, "triple": None}
            with os.fdopen(out, "w", encoding="utf-8") as stream:
                json.dump(found, stream, default=str)
            os._exit(0)
        os.close(out)
        data = read_all(into)
        os.waitpid(pid, 0)
        return json.loads(data) if data else {"n": 0, "changed": "it died", "check": None, "triple": None}

    def compared(self, engine: Engine) -> dict[str, Any]:
        unchanged = Unchanged()
        if not put_in_place(engine):
            return {"n": 0, "changed": "the change lies outside of functions", "check": None, "triple": None}
        first, seen = None, 0
        for n, (t, before) in enumerate(zip(self.triples, self.digests, strict=True)):
            if digest(t) == before:
                continue
            first, seen = first if first is not None else n, seen + 1
            for name, check in CHECKS.items():
                if name not in NOT_YET and fault_of(t.asked(), check):
                    least = smaller(t.asked(), partial(seen_only_here, unchanged, name), 400)
                    fault = fault_of(least, check)
                    return {"n": n + 1, "changed": str(fault)[:600], "check": name, "triple": least.plain}
            if seen >= 5:
                break
        if first is None:
            return {"n": len(self.triples), "changed": None, "check": None, "triple": None}
        least = smaller(self.triples[first].asked(), partial(differs, unchanged), 600)
        plain = {k: v for k, v in least.plain.items() if k != "calendars"}
        return {"n": first + 1, "changed": f"{text(plain)} -> {text(least.said)}", "check": None, "triple": least.plain}


class Unchanged:
    """A fork from before the change, which is asked whether a check says something there too."""

    def __init__(self) -> None:
        asks, self.asked = os.pipe()
        self.told, tells = os.pipe()
        if os.fork() == 0:
            os.close(self.asked)
            with os.fdopen(asks, encoding="utf-8") as lines:
                for line in lines:
                    name, plain = json.loads(line)
                    t = triple_of(plain)
                    os.write(tells, (digest(t) if not name else str(bool(fault_of(t, CHECKS[name]))).ljust(16)).encode())
            os._exit(0)
        os.close(asks)
        os.close(tells)

    def has_fault(self, name: str, t: Triple) -> bool:
        return self.ask(name, t) == "True"

    def ask(self, name: str, t: Triple) -> str:
        """True or False of a check; the digest of the answer when no check is named."""
        line = json.dumps([name, t.plain]).encode() + b"\n"
        while line:
            line = line[os.write(self.asked, line) :]
        return os.read(self.told, 16).decode().strip()


def seen_only_here(unchanged: Unchanged, name: str, t: Triple) -> str | None:
    """What a check says of the changed engine, when it says nothing of the unchanged one."""
    fault = CHECKS[name](t)
    return fault if fault is not None and not unchanged.has_fault(name, t) else None


def differs(unchanged: Unchanged, t: Triple) -> str | None:
    return None if digest(t) == unchanged.ask("", t) else "another answer"


def digest(t: Triple) -> str:
    """Of the answer; the triple keeps nothing of it."""
    t = t.asked()
    try:
        said = text(t.said)
    except REFUSED as e:
        said = f"refused {e}"
    except Exception as e:
        said = f"{type(e).__name__} {e}"
    return hashlib.sha256(said.encode()).hexdigest()[:16]
