"""Another program's answer to the same question, part by part.

The slow programs of tests/ follow the narrow families only (`search.making`); of a record with an earlier day's knowledge, moves
between schools or deputies they say nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from search.triples import NotAsked, Triple, text

__all__ = ["CHECKS"]

SUITE = Path(__file__).resolve().parents[2] / "conformance"
if str(SUITE) not in sys.path:
    sys.path.append(str(SUITE))

import answer  # noqa: E402
import witnesses  # noqa: E402
from slow_decider import _Path  # noqa: E402

FOLLOWED = ("path", "tasks", "language", "asking")
PARTS = {"path": ("path",), "tasks": ("path", "tasks"), "language": ("path",), "asking": ("path", "tasks")}


def the_slow_programs(t: Triple) -> str | None:
    """Openings, tasks, due days and order are those of `slow_decider` and `slow_tasks`."""
    if t.family not in FOLLOWED:
        raise NotAsked
    said = answer.core(t.decision)
    proposals: Any = witnesses.Proposals(_Path(t.rules.model, t.case, t.on.toordinal(), t.options["calendars"]))
    asked = {"path": witnesses.path_is, "tasks": witnesses.tasks_are}
    for part in PARTS[t.family]:
        if not asked[part](proposals, said):
            return f"{part}: {text(said)} | {slowly(part, proposals)}"
    return None


def slowly(part: str, p: Any) -> str:
    if part == "path":
        slow = p.told
        return text([slow.openings, slow.undecided, sorted(slow.withdrawn), sorted(slow.in_doubt), slow.due_from])
    return "; ".join(map(repr, p.tasks()))


CHECKS = {the_slow_programs.__name__: the_slow_programs}
