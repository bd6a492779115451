"""A ruleset and its bases: finding their files, and laying them on each other to one whole that knows its origins.

Rules: a layer states what it changes and nothing is merged silently; what a layer may do is said beneath it; every value of
the whole keeps its place in a file, the layer that says it and why. Paths and messages are made here; what the values mean
together is asked in `model.py`.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from difflib import SequenceMatcher
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

from sky_model import vocabulary as words
from sky_model.errors import Place, Problem, RulesetError, nearest
from sky_model.source import read_file

__all__ = [
    "IDENTITY",
    "STATED",
    "Layer",
    "Node",
    "Origin",
    "Whole",
    "granted",
    "lay",
    "layer_of",
    "named_in",
    "plain_of",
    "read_layers",
    "rulesets_folder",
    "show",
]

FILES = ("ruleset.yaml", "monitoring.yaml", "escalation.yaml", "roles.yaml", "texts.yaml")
UNREAD = ("yaml", "too-large", "too-deep", "no-file", "not-utf-8", "empty", "anchor", "not-a-mapping")
IDENTITY = (
    "format", "ruleset", "version", "extends", "status", "valid_from", "valid_until", "adopted", "owner", "review_by",
    "requires_engine", "grades", "name", "about",
)  # fmt: skip
STATED = ("set", "change", "add", "remove")  # in this order they are applied
JOINING = ("any", "all", "none")
CONDITIONS = ("opens", "when", "unless", "suggest")
STATUTORY = ("statute", "norm")
WORDING = ("name", "says", "text", "texts")
FIXED = ("id", "act", "source", "certainty", "layer_may")  # what carries the rest: only where anything may be changed
NEVER = ("id", "act")
KeyPath: TypeAlias = tuple[str | int, ...]


# ---------------------------------------------------------------------- where rulesets lie
@lru_cache(maxsize=1)
def rulesets_folder() -> Path:
    """The shipped rulesets: inside the installed package, or beside `src` in a checkout."""
    here = Path(__file__).resolve().parent
    inside = here / "rulesets"
    return inside if inside.is_dir() else here.parents[1] / "rulesets"


def _find(name: str | Path, beside: Path | None = None) -> tuple[Path, str] | None:
    """(path, how it is shown) of a ruleset by its name among the shipped ones, beside a layer, or by its path."""
    text = str(name)
    if isinstance(name, str) and not text.startswith((".", "/")) and ".." not in text:
        shipped = rulesets_folder() / text
        if (shipped / "ruleset.yaml").is_file():
            return shipped, text
        for folder in [beside.parent, beside.parent.parent] if beside else []:
            if (folder / text / "ruleset.yaml").is_file():
                return folder / text, text
    path = Path(name)
    if path.is_file() or (path / "ruleset.yaml").is_file():
        return path, text.rstrip("/")
    return None


def _shipped_names() -> list[str]:
    root = rulesets_folder()
    return sorted(str(p.parent.relative_to(root)) for p in root.rglob("ruleset.yaml"))


# ---------------------------------------------------------------------- reading files
@dataclass(slots=True)
class Layer:
    """One layer as its files say it: values with places, before anything is checked across layers."""

    path: Path
    shown: str
    data: dict[str, Any] = field(default_factory=dict)
    places: dict[KeyPath, Place] = field(default_factory=dict)
    file: words.RulesetFile | None = None

    @property
    def name(self) -> str:
        return f"{self.data.get('ruleset')}/{self.data.get('version')}"

    def place(self, path: KeyPath = ()) -> Place:
        while path and path not in self.places:
            path = path[:-1]
        name = self.shown if self.path.is_file() else f"{self.shown}/ruleset.yaml"
        return self.places.get(path, Place(name, 1, 1))


def layer_of(data: Mapping[str, Any], shown: str) -> tuple[Layer, list[Problem]]:
    """A layer from the values that its files would hold."""
    layer = Layer(Path(shown), shown, dict(data))
    layer.file, problems = words.read(words.RulesetFile, layer.data, layer.place)
    return layer, problems


def _read_layer(path: Path, shown: str) -> tuple[Layer, list[Problem]]:
    layer = Layer(path, shown)
    problems: list[Problem] = []
    paths = [path] if path.is_file() else [path / n for n in FILES if (path / n).is_file()]
    for p in paths:
        name = shown if path.is_file() else f"{shown}/{p.name}"
        try:
            source = read_file(p, shown=name)
        except RulesetError as e:
            problems += e.problems
            continue
        problems += source.problems
        if source.data is None:
            continue
        if not isinstance(source.data, dict):
            hint = "write a key, a colon and its value, such as `steps:` and the steps below it"
            problems.append(Problem("not-a-mapping", "a file of a ruleset holds keys and values", source.place(), hint))
            continue
        for key, value in source.data.items():
            if key in layer.data and key != "format":
                hint = "keep a section in one file"
                problems.append(Problem("section-twice", f"'{key}' stands in two files", source.place((key,)), hint))
                continue
            layer.data[key] = value
        layer.places.update((k, v) for k, v in source.places.items() if k)
    problems += (of_defaults := _fill_in(layer))
    # what follows from a file that was not read as it was meant is no fault of its own
    if not of_defaults and not any(p.code in UNREAD for p in problems):
        layer.file, found = words.read(words.RulesetFile, layer.data, layer.place)
        problems += found
    return layer, problems


def _fill_in(layer: Layer) -> list[Problem]:
    """The `defaults` of a layer into its own items; the place of such a value is where the defaults say it."""
    defaults, problems = layer.data.pop("defaults", {}), list[Problem]()

    def fault(code: str, message: str, *path: str, hint: str) -> None:
        problems.append(Problem(code, message, layer.place(("defaults", *path)), hint))

    if not isinstance(defaults, dict):
        fault(
            "not-a-mapping", "a mapping of keys and values is expected at 'defaults'", hint="write defaults: {section: {key: …}}"
        )
        return problems
    for section, values in defaults.items():
        known = [k for k in words.keys_at(words.RulesetFile, (section,)) if k != "id"]
        if section in (*IDENTITY, "texts") or not known:
            sections = [k for k in words.keys_at(words.RulesetFile, ()) if k not in (*IDENTITY, "texts")]
            fault(
                "unknown-key", f"there are no defaults of '{section}'", section, hint=nearest(section, sections) or "leave it out"
            )
            continue
        if not isinstance(values, dict):
            hint = f"write {section}: {{{known[0]}: …}}"
            fault("not-a-mapping", f"a mapping of keys and values is expected at '{section}'", section, hint=hint)
            continue
        items = layer.data.get(section)
        for key, value in values.items():
            if key not in known:
                hint = nearest(key, known) or f"keys of {section} are {', '.join(known)}"
                fault("unknown-key", f"unknown key '{key}'", section, key, hint=hint)
                continue
            for i, item in enumerate(items) if isinstance(items, list) else ():
                if isinstance(item, dict) and key not in item:
                    item[key] = value
                    start = ("defaults", section, key)
                    for path in _paths_in(value):
                        if (*start, *path) in layer.places:
                            layer.places[(section, i, key, *path)] = layer.places[(*start, *path)]
    return problems


def _paths_in(value: Any) -> Iterator[KeyPath]:
    yield ()
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from ((key, *path) for path in _paths_in(inner))


def read_layers(name: str | Path) -> tuple[list[Layer], list[Problem]]:
    """The layer and its bases, from the top down, with every fault of their files."""
    found = _find(name)
    if found is None:
        hint = nearest(str(name), _shipped_names()) or f"shipped are: {', '.join(_shipped_names())}"
        return [], [Problem("no-ruleset", f"there is no ruleset '{name}'", Place(str(name)), hint)]
    layers: list[Layer] = []
    problems: list[Problem] = []
    seen: set[Path] = set()
    while True:
        path, shown = found
        if path.resolve() in seen:
            chain = " → ".join([x.shown for x in layers] + [shown])
            place = layers[-1].place(("extends",))
            return layers, [*problems, Problem("circle", f"`extends` goes round in a circle: {chain}", place)]
        seen.add(path.resolve())
        layer, faults = _read_layer(path, shown)
        layers.append(layer)
        problems += faults
        base = layer.data.get("extends")
        if not isinstance(base, str):
            return layers, problems
        nextone = _find(base, beside=path)
        if nextone is None:
            versions = [n for n in _shipped_names() if n.startswith(f"{base}/")]
            hint = f"write one of {', '.join(versions)}" if versions else nearest(base, _shipped_names())
            place = layer.place(("extends",))
            return layers, [*problems, Problem("no-base", f"there is no ruleset '{base}'", place, hint)]
        found = nextone


def granted(layer: Layer, below: list[Layer], whole: Whole) -> list[Layer]:
    """The base with those changes of a layer that it lets a layer make by its own words: `layer_may`, other than `lower`.

    below, whole  the base: its layers from the top down, and them as one
    """
    said: dict[str, Any] = {}
    for how in STATED:
        for i, one in enumerate(layer.data.get(how, ())):
            at = one.get("at", f"parameters.{one.get('parameter')}.value")
            try:
                may, why = whole.leave(at)
            except _NotFound:
                continue  # something that the layer itself adds
            if (may in ("anything", "set", "raise") and why) or isinstance(may, dict):
                said.setdefault(how, []).append((i, one))
    if not said:
        return below
    top = below[0]
    data = {k: v for k, v in top.data.items() if k in IDENTITY} | {how: [x for _, x in some] for how, some in said.items()}
    places: dict[KeyPath, Place] = {
        (how, n): layer.place((how, i)) for how, some in said.items() for n, (i, _) in enumerate(some)
    }
    return [Layer(top.path, top.shown, data, places), *below]


# ---------------------------------------------------------------------- one whole
@dataclass(frozen=True, slots=True)
class Origin:
    """Who says a value: the layer, the place in its file, why (of a change), and what stood beneath it before."""

    value: Any
    layer: str
    place: Place
    because: str = ""
    beneath: Origin | None = None


@dataclass(slots=True)
class Node:
    """A value with its origin; mappings and lists hold nodes."""

    value: Any
    layer: str
    place: Place
    because: str = ""
    beneath: Origin | None = None
    touched: Place | None = None  # the newest change inside: a fault of the whole item is looked for there
    was_held: bool = False  # what stood here before was protected: a layer might not do with it what it liked


@dataclass(slots=True)
class Whole:
    """All layers as one: values as the files of one layer would hold them, and where each of them comes from."""

    data: dict[str, Any]
    places: dict[KeyPath, Place]
    removed: dict[str, Place]  # the name of an item that a layer took away, and where it says so
    notes: list[str]
    root: Node
    _above: Place

    def place(self, path: KeyPath = ()) -> Place:
        """The place of a value, or of its nearest parent that stands in a file."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, self._above)

    def layer(self, path: KeyPath) -> str:
        """The layer that says the value of a path of keys and indexes."""
        node = self.root
        for key in path:
            node = node.value[key]
        return node.layer

    def leave(self, at: str) -> tuple[Any, str]:
        """(what a layer above may do with the value of a path, why): as `layer_may` says it; what is statutory, nothing."""
        return _leave(self.root, _find_spot(self.root, at).way)

    def paths(self) -> Iterator[tuple[str, Any]]:
        """Every path that a layer above may name, with the value that stands there."""
        yield from ((at, plain_of(node)) for at, node in _paths(self.root))

    def held_before(self, path: KeyPath) -> list[Any]:
        """What stood at a path of keys and indexes before a layer changed it, where the base protects it; newest first."""
        node: Node = self.root
        for key in path:
            node = node.value[key]
        out, before = [], node.beneath if node.was_held else None
        while before is not None:
            out.append(before.value)
            before = before.beneath
        return out

    def changed_in(self, at: str) -> list[Origin]:
        """Every value inside a path that a layer states with a reason, in order."""
        out, waiting = [], [_find_spot(self.root, at).node]
        while waiting:
            node = waiting.pop(0)
            if node.because:
                out.append(_origin(node))
                continue
            waiting += [inner for _, inner in _inside(node)]
        return out

    def origin_of(self, at: str) -> Origin:
        """Who says the value of a path such as `counters.absence-lessons.lesson_minutes`. Raises RulesetError."""
        try:
            return _origin(_find_spot(self.root, at).node)
        except _NotFound as e:
            raise RulesetError([replace(e.problem, place=self._above)]) from None


def _grow(value: Any, layer: Layer, path: KeyPath, because: str = "") -> Node:
    inner: Any = value
    if isinstance(value, dict):
        inner = {k: _grow(v, layer, (*path, k), because) for k, v in value.items()}
    elif isinstance(value, list):
        inner = [_grow(v, layer, (*path, i), because) for i, v in enumerate(value)]
    return Node(inner, layer.name, layer.place(path), because)


def plain_of(node: Node) -> Any:
    if isinstance(node.value, dict):
        return {k: plain_of(v) for k, v in node.value.items()}
    return [plain_of(v) for v in node.value] if isinstance(node.value, list) else node.value


def _origin(node: Node) -> Origin:
    return Origin(plain_of(node), node.layer, node.place, node.because, node.beneath)


def _inside(node: Node) -> Iterator[tuple[str | int, Node]]:
    if isinstance(node.value, dict):
        yield from node.value.items()
    elif isinstance(node.value, list):
        yield from enumerate(node.value)


def _places(node: Node, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Place]]:
    yield path, node.touched or node.place
    for key, inner in _inside(node):
        yield from _places(inner, (*path, key))


def show(value: Any, longest: int = 80) -> str:
    """A value on one line, as an author would write it."""

    def flow(x: Any) -> str:
        if isinstance(x, dict):
            return "{" + ", ".join(f"{k}: {flow(v)}" for k, v in x.items()) + "}"
        return "[" + ", ".join(map(flow, x)) + "]" if isinstance(x, list) else str(x)

    text = flow(value)
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


# ---------------------------------------------------------------------- paths
class _NotFound(Exception):
    """A path that leads to nothing, or to several things. Who states it gives the place to the problem."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem


@dataclass(frozen=True, slots=True)
class _Spot:
    """What a path leads to: the value, what holds it, and the values on the way from the top, with the keys between."""

    at: str
    node: Node
    holder: Node
    key: str | int
    way: tuple[Node, ...]
    keys: tuple[str, ...]


def _name(item: Node) -> str | None:
    """What an item of a list is called in a path."""
    if not isinstance(item.value, dict):
        return None if isinstance(item.value, list) else str(item.value)
    plain = {k: v.value for k, v in item.value.items() if isinstance(v.value, str)}
    if "system" in plain and "code" in plain:
        return f"{plain['system']}.{plain['code']}"
    for key in ("id", "act", "gap", "step", "kind"):
        if key in plain:
            return plain[key]
    return next(iter(item.value)) if _is_part(item) else None


def _is_part(item: Node) -> bool:
    """Is it a part of `any`, `all` or `none`: one fact with what is asked of it?"""
    inside = list(item.value.values()) if isinstance(item.value, dict) else []
    return len(inside) == 1 and isinstance(inside[0].value, dict | list)


def named_in(node: Node) -> Iterator[tuple[str, str | int, Node]]:
    for key, inner in _inside(node):
        name = key if isinstance(key, str) else _name(inner)
        if name is not None:
            yield name, key, inner


def _is_single_fact(condition: Node) -> bool:
    return _is_part(condition) and next(iter(condition.value)) not in JOINING


def _find_spot(root: Node, at: str) -> _Spot:
    node, holder, rest = root, root, at
    key: str | int = ""
    way, keys = [root], list[str]()
    while rest or not keys:
        found = [x for x in named_in(node) if rest == x[0] or rest.startswith(f"{x[0]}.")]
        if not found:
            raise _no_path(root, at, node, keys, rest)
        name = max((x[0] for x in found), key=len)
        found = [x for x in found if x[0] == name]
        if len(found) > 1:
            hint = f"change {'.'.join(keys)} as a whole"
            raise _NotFound(Problem("which-item", f"at: {at}: here are {len(found)} items '{name}'", Place(""), hint))
        _, key, inner = found[0]
        holder, node, rest = node, inner, rest[len(name) + 1 :]
        way.append(node)
        keys.append(name)
        if rest and isinstance(holder.value, list) and _name(node) == name and _is_part(node) and name in node.value:
            holder, key, node = node, name, node.value[name]  # a part is named by its fact, and what follows is asked of it
            way.append(node)
    return _Spot(at, node, holder, key, tuple(way), tuple(keys))


def _paths(node: Node, start: str = "") -> Iterator[tuple[str, Node]]:
    for name, key, inner in named_in(node):
        at = f"{start}.{name}" if start else name
        yield at, inner
        is_part = isinstance(key, int) and _is_part(inner) and name in inner.value
        yield from _paths(inner.value[name] if is_part else inner, at)


def _no_path(root: Node, at: str, node: Node, keys: list[str], rest: str) -> _NotFound:
    where = f" in {'.'.join(keys)}" if keys else ""
    missing = rest.split(".")[0]
    if missing in JOINING and _is_single_fact(node):
        return _NotFound(_single_fact(at, ".".join(keys), node, missing))
    matcher = SequenceMatcher(b=at, autojunk=False)

    def near(x: tuple[str, Node], how: str = "quick_ratio") -> float:
        matcher.set_seq1(x[0])
        return float(getattr(matcher, how)())

    likely = heapq.nlargest(60, _paths(root), key=near)
    best = heapq.nlargest(3, likely, key=lambda x: near(x, "ratio"))
    hint = "; ".join(f"{path} ({show(plain_of(x), 50)})" for path, x in best)
    hint = f"nearest are {hint}" if hint else ""
    return _NotFound(Problem("no-path", f"at: {at}: there is no '{missing}'{where}", Place(""), hint))


def _single_fact(at: str, where: str, node: Node, joining: str) -> Problem:
    said = show(plain_of(node), 200)
    hint = f"first change it: at: {where}, from: {said}, to: {{{joining}: [{said}]}}"
    return Problem("single-fact", f"at: {at}: {where} is a single fact, {said}", Place(""), hint)


# ---------------------------------------------------------------------- laying one on another
def lay(layers: list[Layer]) -> tuple[Whole, list[Problem]]:
    """The layers, handed in from the top down, as one whole, with every fault of what they state."""
    laying = _Laying()
    for layer in reversed(layers):
        laying.put(layer)
    top = layers[0]
    for key in IDENTITY:
        if key in top.data:
            laying.root.value[key] = _grow(top.data[key], top, (key,))
    data = plain_of(laying.root)
    return Whole(data, dict(_places(laying.root)), laying.removed, laying.notes, laying.root, top.place()), laying.problems


class _Laying:
    """The whole as it grows, layer by layer from the base up."""

    def __init__(self) -> None:
        self.root = Node({}, "", Place(""))
        self.problems: list[Problem] = []
        self.removed: dict[str, Place] = {}
        self.notes: list[str] = []
        self.failed: list[str] = []
        self.current: Layer

    def fault(self, code: str, message: str, *path: str | int, hint: str = "") -> None:
        self.problems.append(Problem(code, message, self.current.place(path), hint))

    def put(self, layer: Layer) -> None:
        self.current = layer
        for section, items in layer.data.items():
            if section in IDENTITY or section in STATED:
                continue
            if isinstance(items, dict):
                self._put_keys(section, items)
            elif isinstance(items, list):
                self._put_items(section, items)
        for how in STATED:
            for i, said in enumerate(layer.data.get(how, [])):
                getattr(self, f"_{how}")(said, i)

    def _put_items(self, section: str, items: list[Any]) -> None:
        held = self.root.value.setdefault(section, Node([], self.current.name, self.current.place((section,))))
        known = {x.value["id"].value: x for x in held.value if isinstance(x.value, dict) and "id" in x.value}
        for i, item in enumerate(items):
            node = _grow(item, self.current, (section, i))
            name = item.get("id") if isinstance(item, dict) else None
            if name is not None and name in known:
                hint = "choose another name, or state what is to be other than in the base under `change`"
                self.fault("doubled-id", f"'{name}' is already at {known[name].place}", section, i, "id", hint=hint)
                continue
            if name is not None:
                known[name] = node
            held.value.append(node)

    def _put_keys(self, section: str, items: dict[str, Any]) -> None:
        held = self.root.value.setdefault(section, Node({}, self.current.name, self.current.place((section,))))
        for key, item in items.items():
            if key in held.value:
                hint = "choose another name, or state what is to be other than in the base under `change`"
                self.fault("doubled-id", f"'{key}' is already at {held.value[key].place}", section, key, hint=hint)
                continue
            held.value[key] = _grow(item, self.current, (section, key))

    # ------------------------------------------------------------------ what a layer states
    def _set(self, said: dict[str, Any], i: int) -> None:
        name, start = said["parameter"], ("set", i)
        held = self.root.value.get("parameters")
        known = {n: node for n, _, node in named_in(held)} if held else {}
        if name not in known:
            hint = nearest(name, known)
            self.fault("no-parameter", f"there is no parameter '{name}'", *start, "parameter", hint=hint)
            return
        spot = _find_spot(self.root, f"parameters.{name}.value")
        new = _grow(said["to"], self.current, (*start, "to"), said["because"])
        if self._may(spot, name, "set", new, (*start, "to")):
            self._replace(spot, new)

    def _change(self, said: dict[str, Any], i: int) -> None:
        start = ("change", i)
        spot = self._spot(said["at"], start)
        if spot is None:
            return
        old, wanted, to = plain_of(spot.node), said["from"], said["to"]
        if old != wanted:
            self.failed.append(spot.at)
            message = f"at: {spot.at}: {spot.node.layer} says {show(old)} at {spot.node.place}, not {show(wanted)}"
            same = "the base says now what this change wants: take the change out"
            hint = same if old == to else f"read what the base says now; if the change still holds, write from: {show(old)}"
            self.fault("not-from", message, *start, "from", hint=hint)
            return
        new = _grow(to, self.current, (*start, "to"), said["because"])
        if self._may(spot, spot.at, "change", new, (*start, "to")):
            self._replace(spot, new)

    def _add(self, said: dict[str, Any], i: int) -> None:
        start, key = ("add", i), said.get("key")
        spot = self._spot(said["at"], start)
        if spot is None:
            return
        new = _grow(said["item"], self.current, (*start, "item"), said["because"])
        inside = spot.node.value
        if key is None and not isinstance(inside, list):
            self.failed.append(spot.at)
            if spot.keys[-1] in CONDITIONS and _is_single_fact(spot.node):
                problem = _single_fact(spot.at, spot.at, spot.node, "any")
                self.problems.append(replace(problem, place=self.current.place((*start, "at"))))
                return
            hint = "name the new key: key: …" if isinstance(inside, dict) else "an item is added to a list"
            self.fault("no-list", f"at: {spot.at}: here is no list, but {show(plain_of(spot.node))}", *start, "at", hint=hint)
            return
        if key is not None and not isinstance(inside, dict):
            self.failed.append(spot.at)
            hint = "leave `key` out: an item of a list has no key"
            self.fault("no-list", f"at: {spot.at}: here are no keys, but {show(plain_of(spot.node))}", *start, "key", hint=hint)
            return
        name = key if key is not None else _name(new)
        # a part may ask about a fact twice; everything else stands once under its name
        there = [x for n, _, x in named_in(spot.node) if n == name] if key is not None or not _is_part(new) else []
        if there:
            hint = "choose another name, or state what is to be other than in the base under `change`"
            self.fault("doubled-id", f"at: {spot.at}: '{name}' is already at {there[0].place}", *start, "item", hint=hint)
            return
        if self._may(spot, spot.at, "add", None, (*start, "at"), key):
            if key is None:
                inside.append(new)
            else:
                inside[key] = new
            self._touch(spot.way, self.current.place((*start, "at")))

    def _remove(self, said: dict[str, Any], i: int) -> None:
        start = ("remove", i)
        spot = self._spot(said["at"], start)
        if spot is None or not self._may(spot, spot.at, "remove", None, (*start, "at")):
            return
        place = self.current.place((*start, "at"))
        self.removed[spot.keys[-1]] = place
        del spot.holder.value[spot.key]
        self._touch(spot.way[:-1], place)

    def _spot(self, at: str, start: KeyPath) -> _Spot | None:
        try:
            return _find_spot(self.root, at)
        except _NotFound as e:
            # what follows from a change that could not be made is no fault of its own
            if not any(at == x or at.startswith(f"{x}.") or x.startswith(f"{at}.") for x in self.failed):
                self.problems.append(replace(e.problem, place=self.current.place((*start, "at"))))
            self.failed.append(at)
            return None

    def _replace(self, spot: _Spot, new: Node) -> None:
        new.beneath = _origin(spot.node)
        new.was_held = _leave(self.root, spot.way)[0] != "anything"
        spot.holder.value[spot.key] = new
        self._touch(spot.way[:-1], new.place)

    @staticmethod
    def _touch(way: tuple[Node, ...], place: Place) -> None:
        for node in way[2:]:  # the file as a whole and its section stay where they are
            node.touched = place

    # ------------------------------------------------------------------ what a layer may do
    def _may(self, spot: _Spot, called: str, how: str, new: Node | None, path: KeyPath, key: str | None = None) -> bool:
        """May this layer do so? If not, the fault says what it may do and where that is said."""
        if how == "change" and isinstance(spot.key, str) and spot.key in NEVER:
            self.failed.append(spot.at)
            hint = "remove the item and add another one"
            self.fault("may-not", f"a name is never changed: '{called}'", *path, hint=hint)
            return False
        may, why = _leave(self.root, spot.way)
        message = self._refusal(spot, called, how, new, may, key)
        if not message and how in ("change", "remove"):
            message, why = self._held_fast(spot, called, new)
        if not message:
            return True
        if self.current.data.get("status") == "variant":
            self.notes.append(f"variant: {self.current.name} changes what its base protects: {message}")
            return True
        self.failed.append(spot.at)
        self.fault("may-not", message, *path, hint=why)
        return False

    def _refusal(self, spot: _Spot, called: str, how: str, new: Node | None, may: Any, key: str | None) -> str:
        """Why a layer may not do so; empty when it may."""
        if may == "anything":
            return ""
        if may == "nothing":
            return f"the base lets no layer change '{called}'"
        if may == "reword":
            keys = {*spot.keys, key}
            is_text = how != "remove" and bool(keys & {*WORDING})
            return "" if is_text else f"a layer may only reword '{called}': its {', '.join(WORDING[:3])}"
        old, number = spot.node.value, _number(new.value) if new is not None else None
        is_single = new is not None and not isinstance(new.value, dict | list) and not isinstance(old, dict | list)
        if is_single and spot.key not in FIXED and (may == "set" or (number is not None and _fits(number, old, may))):
            return ""
        only = {"set": "set another value for", "lower": "lower", "raise": "raise"}.get(may if isinstance(may, str) else "")
        was = "" if isinstance(old, dict | list) else f", which is {show(old)}"
        return f"a layer may only {only or f'set a number of {_between(may)} for'} '{called}'{was}"

    def _held_fast(self, spot: _Spot, called: str, new: Node | None) -> tuple[str, str]:
        """What is inside and may not be changed must stand unchanged in the new value."""
        kept = [plain_of(x) for x in _mappings(new)] if new is not None else []

        def look(node: Node, holder: Node, name: str) -> tuple[str, str]:
            own = _own_leave(self.root, node, holder, spot.way[1]) if node is not spot.node else None
            if own is not None and own[0] != "anything" and plain_of(node) not in kept:
                return f"'{called}' holds '{name}', which a layer may not change as it likes", own[1]
            for key, inner in _inside(node):
                found = look(inner, node, str(key if isinstance(key, str) else _name(inner)))
                if found[0]:
                    return found
            return "", ""

        return look(spot.node, spot.holder, "")


def _leave(root: Node, way: tuple[Node, ...]) -> tuple[Any, str]:
    """(what a layer may do, why) from the nearest `layer_may`, or from the nearest source: what is statutory, nothing."""
    sourced = False
    for i in range(len(way) - 1, 0, -1):
        node = way[i]
        own = _own_leave(root, node, way[i - 1], way[1])
        if own is not None and (own[0] != "anything" or not own[2]) and not (sourced and own[2]):
            return own[0], own[1]
        sourced = sourced or own is not None
    return "anything", ""


def _own_leave(root: Node, node: Node, holder: Node, section: Node) -> tuple[Any, str, bool] | None:
    """(what it leaves to layers, why, does that follow from its source) of one item; None where it says nothing."""
    if not isinstance(node.value, dict):
        return None
    if "layer_may" in node.value:
        may = node.value["layer_may"]
        return plain_of(may), f"layer_may: {show(plain_of(may))} stands at {may.place}", False
    if section is root.value.get("sources") and holder is section:
        kind = node.value.get("kind")
        if kind is not None and kind.value in STATUTORY:
            return "nothing", f"it is a {kind.value}, at {node.place}", True
        return None
    source = node.value.get("source")
    if source is None or not isinstance(source.value, str):
        return None  # an action without a source of its own has that of its step
    for item in root.value["sources"].value if "sources" in root.value else ():
        if item.value["id"].value == source.value and item.value["kind"].value in STATUTORY:
            kind = item.value["kind"].value
            return "nothing", f"it rests on the {kind} '{source.value}', as said at {source.place}", True
    return "anything", "", True


def _mappings(node: Node) -> Iterator[Node]:
    if isinstance(node.value, dict):
        yield node
    for _, inner in _inside(node):
        yield from _mappings(inner)


def _fits(number: Decimal, old: Any, may: Any) -> bool:
    """May this number stand in the place of the old one? One that was `unset` has no direction."""
    if isinstance(may, dict):
        low, high = _number(may.get("at_least")), _number(may.get("at_most"))
        return (low is None or number >= low) and (high is None or number <= high)
    before = _number(old)
    if before is None:
        return bool(old == "unset")
    return number <= before if may == "lower" else number >= before


def _between(may: dict[str, str]) -> str:
    return " and ".join(f"{key.replace('_', ' ')} {may[key]}" for key in ("at_least", "at_most") if key in may)


def _number(value: Any) -> Decimal | None:
    return Decimal(value) if isinstance(value, str) and re.fullmatch(r"\d{1,9}(\.\d{1,2})?", value) else None
