"""Mending of spelling in a ruleset's files: a key with a slip in it, and curly quotes around a value. Nothing else is touched.

Rules: a key is mended where exactly one known key of that place is near; a mend is kept only if reading the file again shows that
this one word has changed and nothing beside it; values, limits and ids are never mended; what a mend was is always told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from sky_model.errors import Place, Problem
from sky_model.layers import FILES, KeyPath, Layer, read_layers
from sky_model.source import read_text
from sky_model.vocabulary import Comparison, RulesetFile, keys_at, read

__all__ = ["Mend", "mend_ruleset", "mend_text"]

NEAR = 0.75  # of all letters, in their order: `lesson_minuts` for `lesson_minutes`, never `to` for `topic`
PAIRS = {"“": "”“", "”": "”", "„": "“”", "‘": "’‘", "’": "’", "‚": "‘’"}
QUOTED = re.compile(
    r"(?:(?<=[:\-,] )|(?<=[\[{]))([“”„‘’‚])([^“”„‘’‚\"'\\\r\n]+)([“”‘’])(?=[ \t]*(?:[,}\]:]|\r?$|[ \t]#))", re.MULTILINE
)


@dataclass(frozen=True, slots=True, order=True)
class Mend:
    """One word that was written otherwise: where, what stood there, what stands there now."""

    place: Place
    was: str
    now: str

    def __str__(self) -> str:
        return f"{self.place}: mended {self.was} to {self.now}"

    def to_json(self) -> dict[str, object]:
        return {"file": self.place.file, "line": self.place.line, "column": self.place.column, "was": self.was, "now": self.now}


def mend_ruleset(name: str | Path) -> list[Mend]:
    """Mends the files of a ruleset, never those of its bases, and tells every mend. Bytes that need none stay as they are."""
    mends: list[Mend] = []
    while found := _mend_once(name):  # a key that was misspelt hides what stands beneath it
        mends += found
    return sorted(mends)


def _mend_once(name: str | Path) -> list[Mend]:
    layers, problems = read_layers(name)
    if not layers:
        return []
    layer, mends = layers[0], list[Mend]()
    paths = [layer.path] if layer.path.is_file() else [layer.path / n for n in FILES if (layer.path / n).is_file()]
    for path in paths:
        shown = layer.shown if layer.path.is_file() else f"{layer.shown}/{path.name}"
        try:
            raw = path.read_bytes()
            text = raw.decode("utf-8-sig")
        except (OSError, UnicodeDecodeError):
            continue  # told by the check; nothing of it can be read
        mark = raw[: len(raw) - len(text.encode("utf-8"))]
        found, mended = mend_text(text, file=shown, misspelt=_misspelt(layer, problems, shown))
        if found:
            path.write_bytes(mark + mended.encode("utf-8"))
            mends += found
    return mends


def mend_text(text: str, *, file: str, misspelt: dict[Place, tuple[str, str]]) -> tuple[list[Mend], str]:
    """(mends, the text with them). `misspelt`: the place of each key to be mended, as it is written and as it should be."""
    mends: list[Mend] = []
    for place, (was, now) in sorted(misspelt.items(), reverse=True):  # from the end: what stands before keeps its place
        at = _index(text, place)
        if at is None or not text.startswith(was, at):
            continue
        changed = text[:at] + now + text[at + len(was) :]
        if _is_one_word(text, changed, lambda a, b, was=was, now=now: (a, b) == (was, now)):  # type: ignore[misc]
            text = changed
            mends.append(Mend(place, f"'{was}'", f"'{now}'"))
    for match in reversed(list(QUOTED.finditer(text))):
        opening, inner, closing = match.groups()
        if closing not in PAIRS[opening]:
            continue
        straight = '"' if opening in "“”„" else "'"
        changed = text[: match.start()] + straight + inner + straight + text[match.end() :]
        if _is_one_word(text, changed, lambda a, b, x=match[0], y=inner: (a, b) == (x, y)):  # type: ignore[misc]
            before = text[: match.start()]
            place = Place(file, before.count("\n") + 1, match.start() - before.rfind("\n"))
            text = changed
            mends.append(Mend(place, match[0], f"{straight}{inner}{straight}"))
    return sorted(mends), text


def _index(text: str, place: Place) -> int | None:
    start = 0
    for _ in range(place.line - 1):
        start = text.find("\n", start) + 1
        if not start:
            return None
    return start + place.column - 1


def _misspelt(layer: Layer, problems: list[Problem], file: str) -> dict[Place, tuple[str, str]]:
    """Of each unknown key in one file the only key that it can be, where there is only one."""
    at = {place: path for path, place in reversed(layer.places.items())}
    out = {}
    for p in problems:
        path = at.get(p.place)
        if p.code != "unknown-key" or p.place.file != file or not path or not isinstance(path[-1], str):
            continue
        known = keys_at(RulesetFile, path[:-1]) or [f.alias or n for n, f in Comparison.model_fields.items()]
        likely = [k for k in known if k not in _beside(layer, path) and _is_near(path[-1], k)]
        if len(likely) == 1 and _fits(layer, path, likely[0]):
            out[p.place] = (path[-1], likely[0])
    return out


def _fits(layer: Layer, path: KeyPath, now: str) -> bool:
    """May this key stand there? Asked of the vocabulary itself, with the key in the place of the other."""

    def renamed(value: Any, rest: KeyPath) -> Any:
        if len(rest) == 1:
            return {now if k == rest[0] else k: x for k, x in value.items()}
        inside = renamed(value[rest[0]], rest[1:])
        if isinstance(value, list):
            return [inside if i == rest[0] else x for i, x in enumerate(value)]
        return {k: inside if k == rest[0] else x for k, x in value.items()}

    problems = read(RulesetFile, renamed(layer.data, path), lambda loc: loc)[1]
    places: list[Any] = [p.place for p in problems if p.code == "unknown-key"]
    return not any(place[-1] == now and place[: len(path) - 1] == path[:-1] for place in places)


def _beside(layer: Layer, path: KeyPath) -> dict[str, Any]:
    holder: Any = layer.data
    for key in path[:-1]:
        holder = holder[key]
    return dict(holder)


def _is_near(word: str, known: str) -> bool:
    return SequenceMatcher(None, word.lower().replace("-", "_"), known, autojunk=False).ratio() >= NEAR


def _is_one_word(before: str, after: str, is_it: Callable[[str, str], bool]) -> bool:
    """Do two texts read alike but for one word, and is it the one that was to be mended?"""
    a, b = read_text(before), read_text(after)
    if b.problems or a.data is None:
        return False
    differing = list(_differing(a.data, b.data))
    return len(differing) == 1 and differing[0] is not None and is_it(*differing[0])


def _differing(a: Any, b: Any) -> Iterator[tuple[str, str] | None]:
    """Every word that differs; None where more than a word does."""
    if isinstance(a, dict) and isinstance(b, dict) and len(a) == len(b):
        for (k, x), (m, y) in zip(a.items(), b.items(), strict=True):
            if k != m:
                yield k, m
            yield from _differing(x, y)
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for x, y in zip(a, b, strict=True):
            yield from _differing(x, y)
    elif a != b:
        yield (a, b) if isinstance(a, str) and isinstance(b, str) else None
