"""`sky`: the command line. A table for people, JSON Lines for machines.

Exit codes: 0 all decided · 1 something unexpected in what was asked · 2 wrong use · 3 some pupils not decided ·
4 a ruleset, calendar or mapping has faults.

One file here for each family of commands; each registers its commands when it is imported.
"""

from __future__ import annotations

from sky_model.cli import checkpoints, differences, drafts, exports, logs, pupils, rulebooks, rulesets, serving, signing, upgrades
from sky_model.cli.application import app, main
from sky_model.cli.pupils import table

__all__ = [
    "app",
    "checkpoints",
    "differences",
    "drafts",
    "exports",
    "logs",
    "main",
    "pupils",
    "rulebooks",
    "rulesets",
    "serving",
    "signing",
    "table",
    "upgrades",
]
