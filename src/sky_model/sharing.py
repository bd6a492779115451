"""What a layer leaves as it stands beneath is kept once: a hundred towns on one base share what none of them changed.

Rules: only what is equal in every part (value, place, layer, reason) is put in the place of the other; nothing that is read later
tells the difference. What is shared is never changed again: a ruleset that is compiled is read only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sky_model.layers import Node, Whole
from sky_model.rules import Ruleset

__all__ = ["share"]


def share(ruleset: Ruleset, base: Ruleset) -> Ruleset:
    """The ruleset, with the parts of its base in place of equal ones of its own."""
    for name in type(ruleset.said).model_fields:
        own, below = getattr(ruleset.said, name), getattr(base.said, name)
        if isinstance(own, list) and isinstance(below, list):
            known = {getattr(x, "id", None): x for x in below}
            own[:] = [_one(x, known.get(getattr(x, "id", None))) for x in own]
    if ruleset.whole is not None and base.whole is not None:
        ruleset = replace(ruleset, whole=_whole(ruleset.whole, base.whole))
    steps = {s.id: s for s in base.steps}
    return replace(
        ruleset,
        steps=tuple(_one(s, steps.get(s.id)) for s in ruleset.steps),
        counters={k: _one(c, base.counters.get(k)) for k, c in ruleset.counters.items()},
        readings=_one(ruleset.readings, base.readings),
        gaps=_one(ruleset.gaps, base.gaps),
        turns=_one(ruleset.turns, base.turns),
        notices=_one(ruleset.notices, base.notices),
        schedules=_one(ruleset.schedules, base.schedules),
        tables=_one(ruleset.tables, base.tables),
        notes=_one(ruleset.notes, base.notes),
    )


def _one(own: Any, below: Any) -> Any:
    return below if below is not None and own == below else own


def _whole(own: Whole, below: Whole) -> Whole:
    return replace(own, data=_plain(own.data, below.data), root=_node(own.root, below.root))


def _plain(own: Any, below: Any) -> Any:
    if own == below:
        return below
    if isinstance(own, dict) and isinstance(below, dict):
        return {k: _plain(v, below.get(k)) for k, v in own.items()}
    if isinstance(own, list) and isinstance(below, list):
        known = _by_id(below, lambda x: x.get("id") if isinstance(x, dict) else None)
        return [_plain(x, known.get(x.get("id")) if isinstance(x, dict) else None) for x in own]
    return own


def _node(own: Node, below: Node | None) -> Node:
    if below is None or own is below or own == below:
        return below or own
    mine, theirs = own.value, below.value
    if isinstance(mine, dict) and isinstance(theirs, dict):
        own.value = {k: _node(v, theirs.get(k)) for k, v in mine.items()}
    elif isinstance(mine, list) and isinstance(theirs, list):
        known = _by_id(theirs, _id_of)
        own.value = [_node(x, known.get(_id_of(x))) for x in mine]
    return own


def _id_of(node: Node) -> Any:
    named = node.value.get("id") if isinstance(node.value, dict) else None
    return named.value if isinstance(named, Node) else None


def _by_id(items: list[Any], id_of: Any) -> Mapping[Any, Any]:
    return {name: x for x in items if isinstance(name := id_of(x), str)}
