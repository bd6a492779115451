"""Which engine answers: its version, and a fingerprint of the files that make the meaning.

Rules: another fingerprint may mean another answer, so every decision names both; line ends do not count.
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

__all__ = ["digest", "engine_fingerprint", "engine_version", "numbers_of"]

MEANING = (
    "events", "records", "schooldays", "source", "vocabulary", "layers", "rules", "compiler", "calendars", "measures", "facts",
    "reserved", "consents", "contests", "path", "obligations", "order", "tasks", "messages", "readers", "decision", "told",
    "asking", "decider",
)  # fmt: skip


@lru_cache(maxsize=1)
def engine_version() -> str:
    try:
        return version("sky-model")
    except PackageNotFoundError:
        return "0"


@lru_cache(maxsize=1)
def engine_fingerprint() -> str:
    """Of the files that make the meaning: another fingerprint may mean another answer."""
    here = Path(__file__).resolve().parent
    return digest([(here / f"{n}.py").read_text(encoding="utf-8").replace("\r\n", "\n") for n in MEANING])


def numbers_of(text: str) -> tuple[int, ...]:
    return tuple(int(x) for x in re.findall(r"\d+", text)[:3])


def digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
