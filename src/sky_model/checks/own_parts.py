"""What a ruleset itself answers for: the steps, messages and counters that it writes, and what it changes in those of its base.

Rules: a part is its own where its newest layer wrote or changed something inside, or set a parameter that the part reads; the
rest of a changed step is its base's, whose cases answer for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sky_model.layers import Node, Whole
from sky_model.rules import Ruleset

__all__ = ["Own", "own_parts"]

SECTIONS = ("steps", "messages", "counters")
COURSE = ("lasts", "again", "closing", "grades", "above", "tier")  # what they say shows in how a step ends and opens again


@dataclass(frozen=True, slots=True)
class Own:
    """Paths such as `steps.first`, `steps.first.opens`, `steps.first.actions.talk`, `counters.lessons`."""

    paths: frozenset[str]

    def has(self, path: str) -> bool:
        """Is it one of them, or inside one of them?"""
        keys = path.split(".")
        return any(".".join(keys[:n]) in self.paths for n in range(2, len(keys) + 1))

    def has_something_of(self, path: str) -> bool:
        """Is it one of them, or is one of them inside it?"""
        return self.has(path) or any(x.startswith(f"{path}.") for x in self.paths)

    def has_course_of(self, step: str) -> bool:
        return self.has(f"steps.{step}") or any(f"steps.{step}.{key}" in self.paths for key in COURSE)


def own_parts(rules: Ruleset) -> Own:
    """What the newest layer writes, changes, or reaches by a parameter that it sets. Without a base it is everything."""
    assert rules.whole is not None
    look = _Look(rules.whole, rules.layers[0])
    found: set[str] = set()
    for section in SECTIONS:
        items = rules.whole.root.value.get(section)
        for i, item in enumerate(items.value if items else ()):
            found.update(look.parts(f"{section}.{rules.whole.data[section][i]['id']}", item))
    return Own(frozenset(found))


class _Look:
    def __init__(self, whole: Whole, layer: str) -> None:
        self.layer, self.file = layer, whole.place().file
        parameters = whole.root.value.get("parameters")
        self.set = {
            x.value["id"].value for x in (parameters.value if parameters else ()) if self.is_changed(x) and "id" in x.value
        }

    def parts(self, path: str, item: Node) -> Iterator[str]:
        """The item as a whole where the layer wrote it, else those of its keys in which something is other than in the base."""
        if item.layer == self.layer and item.value["id"].layer == self.layer:
            yield path
            return
        for key, inner in item.value.items():
            if key != "actions":
                if self.is_changed(inner):
                    yield f"{path}.{key}"
                continue
            for action in inner.value:
                name = action.value.get("id") or action.value.get("act")
                if name is not None and self.is_changed(action):
                    yield f"{path}.actions.{name.value}"

    def is_changed(self, node: Node) -> bool:
        """Did the layer write or change something in here, take something out, or set a number that is read here?"""
        if node.layer == self.layer or (node.touched is not None and self._is_here(node.touched.file)):
            return True
        value: Any = node.value
        if isinstance(value, dict):
            name = value.get("parameter")
            if len(value) == 1 and name is not None and name.value in getattr(self, "set", ()):
                return True
            return any(self.is_changed(x) for x in value.values())
        return isinstance(value, list) and any(self.is_changed(x) for x in value)

    def _is_here(self, file: str) -> bool:
        """Is it one of the files of the layer?"""
        folder = self.file.rpartition("/")[0]
        return file == self.file or (folder != "" and file.rpartition("/")[0] == folder)
