"""A layer and a newer base: what is the same, what is taken over, what stays the layer's own, what a person must decide.

Rules: three ways are compared, the old base, the new base and what the layer states, item by item; where both sides changed
one thing, nothing is chosen; every statement of the old layer is in the new one or is told. Values are compared here and
never written: what becomes of the files is the business of the command line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from sky_model import vocabulary as words
from sky_model.compiler import compile_layers
from sky_model.errors import Place, Problem, RulesetError
from sky_model.layers import IDENTITY, STATED, Layer, Node, Origin, Whole, lay, named_in, plain_of, read_layers, rulesets_folder

__all__ = ["Item", "Side", "Upgrade", "compare", "compare_named", "values_of"]

Status: TypeAlias = Literal["same", "taken-over", "kept", "already", "conflict"]
Statement: TypeAlias = tuple[str, int | str]  # the section and the item of it in the layer
LARGER = 10**6  # more rounds than a layer has statements


@dataclass(frozen=True, slots=True)
class Side:
    """What one of the three says about a thing, and where. `value` None: it is not there."""

    layer: str
    value: Any
    place: Place

    def to_json(self) -> dict[str, Any]:
        return {"ruleset": self.layer, "value": self.value, "place": str(self.place)}


@dataclass(frozen=True, slots=True)
class Item:
    """One thing and what becomes of it. `said` is the layer's statement or own item that it is about; None: the base alone."""

    status: Status
    at: str
    why: str
    layer: Side | None = None
    old: Side | None = None
    new: Side | None = None
    said: Statement | None = None
    written: dict[str, Any] = field(default_factory=dict)  # keys of the statement that get another value: at, from, to
    is_out: bool = False  # a conflict whose statement cannot stand until it is decided

    def to_json(self) -> dict[str, Any]:
        sides = {"layer": self.layer, "old_base": self.old, "new_base": self.new}
        told = {name: side.to_json() for name, side in sides.items() if side is not None}
        changed = {"written": self.written} if self.written else {}
        return {"status": self.status, "at": self.at, "why": self.why, **told, **changed}


@dataclass(frozen=True, slots=True)
class Upgrade:
    """The whole comparison. `faults` are faults of the new layer that belong to no single statement."""

    layer: str
    old_base: str
    new_base: str
    items: tuple[Item, ...]
    same: int  # items of the old base that stand in the new one as they were
    valid_from: str
    faults: tuple[Problem, ...]
    data: dict[str, Any]  # what the layer states on the new base, without its identity

    def of(self, status: Status) -> tuple[Item, ...]:
        return tuple(x for x in self.items if x.status == status)

    def to_json(self) -> dict[str, Any]:
        return {
            "format": 1,
            "layer": self.layer,
            "old_base": self.old_base,
            "new_base": self.new_base,
            "valid_from": self.valid_from,
            "same": self.same,
            "items": [x.to_json() for x in self.items],
            "faults": [p.to_json() for p in self.faults],
        }


# ---------------------------------------------------------------------- which base is meant
def compare_named(name: str | Path, to: str | Path) -> tuple[Upgrade, Layer]:
    """The comparison of a layer with a newer version of its base, and the layer as it stands. Raises RulesetError."""
    layers, problems = read_layers(name)
    if not problems:
        problems = compile_layers(layers)[1]
    bases, faults = read_layers(to)
    if not faults:
        faults = compile_layers(bases)[1]
    if problems or faults:
        raise RulesetError([*problems, *faults])
    top, below = layers[0], layers[1:]
    new = bases[0]
    wrong = _not_upgradable(str(name), str(to), top, below, new)
    if wrong is not None:
        raise RulesetError([wrong])
    return compare(layers, bases), top


def _not_upgradable(name: str, to: str, top: Layer, below: list[Layer], new: Layer) -> Problem | None:
    place = top.place(("extends",))
    if not below:
        return Problem("no-such-base", f"{top.name} stands on no base", place, "an upgrade needs a layer with `extends`")
    chain = " → ".join(x.name for x in [top, *below])
    names = [x.data.get("ruleset") for x in below]
    wanted = new.data.get("ruleset")
    if wanted not in names:
        hint = f"it stands so: {chain}; name a version of one of these"
        return Problem("no-such-base", f"{new.name} is no version of a base of {top.name}", place, hint)
    depth = names.index(wanted)
    if below[depth].name == new.name:
        return Problem("on-it-already", f"{top.name} stands on {new.name} already", place, f"it stands so: {chain}")
    if depth == 0:
        return None
    # a layer knows only the base next to it: what stands between is upgraded first, and then is a base to go to
    steps, goal = list[str](), to
    for i, between in enumerate(reversed(below[:depth]), 1):
        folder = "DIR" if depth == 1 else f"DIR-{i}"
        steps.append(f"sky upgrade {_callable(between)} --to {goal} --out {folder}")
        goal = folder
    hint = f"it stands so: {chain}; go up from below: {', then '.join([*steps, f'sky upgrade {name} --to {goal}'])}"
    message = f"{new.data['ruleset']} is not the base next to {top.name}: {below[depth - 1].name} stands between"
    return Problem("base-between", message, place, hint)


def _callable(layer: Layer) -> str:
    """The name by which a command finds a layer: what stands beside another one is found from there only."""
    return layer.shown if layer.path.resolve().is_relative_to(rulesets_folder().resolve()) else str(layer.path)


# ---------------------------------------------------------------------- three ways
def compare(layers: list[Layer], bases: list[Layer]) -> Upgrade:
    """`layers`: the layer and its bases; `bases`: the new base and its own; all of them without faults."""
    return _Comparison(layers, bases).upgrade()


class _Comparison:
    def __init__(self, layers: list[Layer], bases: list[Layer]) -> None:
        self.layer, self.bases = layers[0], bases
        self.old, self.new = lay(layers[1:])[0], lay(bases)[0]
        self.old_name, self.new_name = layers[1].name, bases[0].name
        self.moved = dict(_moves(self.old.root, self.new.root))
        self.said: dict[Statement, Item] = {}

    def upgrade(self) -> Upgrade:
        for statement, value in _statements(self.layer):
            self.said[statement] = self._settle(statement, value)
        faults = self._settle_what_does_not_load()
        about_base = [x for s, x in self.said.items() if s[0] in ("set", "change", "remove")]
        touched = {at for x in (*about_base, *self._told()) for at in (x.at, self._now(x.at))}
        differing = [x for x in self._differences() if not any(_is_within(x.at, t) for t in touched)]
        items = (*self.said.values(), *differing)
        same = sum(1 for at in _items_of(self.old) if not any(_is_within(x.at, at) for x in (*differing, *self._told())))
        valid_from = max(str(self.layer.data["valid_from"]), str(self.bases[0].data["valid_from"]))
        until = self.layer.data.get("valid_until")
        if until is not None and str(until) < valid_from:
            message = f"the layer ends on {until}, before the new base is in force on {valid_from}"
            faults.append(
                Problem("over-before", message, self.layer.place(("valid_until",)), "write a later day, or leave it out")
            )
        return Upgrade(
            self.layer.name, self.old_name, self.new_name, items, same, valid_from, tuple(faults), self._rebuilt().data
        )

    def _told(self) -> list[Item]:
        return [x for x in self.said.values() if x.status in ("conflict", "already")]

    # ------------------------------------------------------------------ one statement
    def _settle(self, statement: Statement, said: Any) -> Item:
        section = statement[0]
        if section not in STATED:
            return self._own(statement, said)
        if section == "set":
            return self._set(statement, said)
        at, old = said["at"], _origin_at(self.old, said["at"])
        now_at = self._now(at)
        new = _origin_at(self.new, now_at)
        mine = self._side({"change": said.get("to"), "add": said.get("item")}.get(section), statement)
        item = Item("kept", at, "the layer's own", mine, said=statement)
        if now_at != at:
            item = replace(item, why=f"the layer's own; the base has moved this to {now_at}", written={"at": now_at})
        if old is None:
            return item  # about what the layer itself brings; whether it still holds is asked of the whole
        item = replace(item, old=self._of_base(old, self.old_name), new=self._of_base(new, self.new_name))
        if new is None and section == "remove":
            return replace(item, status="already", why="the base has taken it out itself", written={})
        if new is None:
            return _conflict(item, "the base no longer has this")
        if section == "add":
            return self._add(item, said, old, new)
        is_same = _unnamed(old.value) == _unnamed(new.value) if now_at != at else old.value == new.value
        if is_same or (section == "change" and old.value != said["from"]):
            return item
        if section == "remove":
            return _conflict(item, "the layer takes out what the base has changed")
        if new.value == said["to"]:
            return replace(item, status="already", why="the base says it now too", written={})
        merged = _merge(old.value, new.value, said["to"])
        if merged is None:
            return _conflict(item, "the base and the layer changed it, each to something else")
        why = "the layer's own; the base's changes beside it are taken over"
        return replace(item, why=why, written={**item.written, "from": new.value, "to": merged})

    def _set(self, statement: Statement, said: dict[str, Any]) -> Item:
        at = f"parameters.{said['parameter']}.value"
        old, new = _origin_at(self.old, at), _origin_at(self.new, at)
        mine = self._side(said["to"], statement)
        item = Item(
            "kept", at, "the layer's own", mine, self._of_base(old, self.old_name), self._of_base(new, self.new_name), statement
        )
        if old is None:
            return item
        if new is None:
            return _conflict(item, "the base no longer has this parameter")
        if old.value == new.value:
            return item
        if new.value == said["to"]:
            return replace(item, status="already", why="the base says it now too")
        return _conflict(item, "the base and the layer changed it, each to something else")

    def _add(self, item: Item, said: dict[str, Any], old: Origin, new: Origin) -> Item:
        key, wanted = said.get("key"), said["item"]
        if key is None and isinstance(new.value, list) and wanted in new.value and wanted not in old.value:
            return replace(item, status="already", why="the base has it now too", written={})
        name = (
            key
            if key is not None
            else next((str(wanted[k]) for k in ("id", "act") if k in wanted), None)
            if (isinstance(wanted, dict))
            else None
        )
        there = _origin_at(self.new, f"{self._now(said['at'])}.{name}") if name is not None else None
        if there is None:
            return item
        item = replace(item, at=f"{item.at}.{name}", old=None, new=self._of_base(there, self.new_name))
        if there.value == wanted:
            return replace(item, status="already", why="the base has it now too", written={})
        return _conflict(item, "the base has now something of this name, and other than the layer's")

    def _own(self, statement: Statement, said: Any) -> Item:
        section, key = statement
        name = said.get("id") if isinstance(said, dict) and isinstance(key, int) else key
        at = f"{section}.{name}"
        item = Item("kept", at, "the layer's own", self._side(said, statement), said=statement)
        new = _origin_at(self.new, at) if name is not None else None
        if new is None or section in ("gaps", "ends", "becomes"):
            return item
        item = replace(item, new=self._of_base(new, self.new_name))
        if new.value == said:
            return replace(item, status="already", why="the base has it now too")
        return _conflict(item, "the base has now something of this name, and other than the layer's")

    def _side(self, value: Any, statement: Statement) -> Side:
        return Side(self.layer.name, value, self.layer.place(statement))

    def _of_base(self, origin: Origin | None, name: str) -> Side | None:
        if origin is None:
            return None
        return Side(origin.layer or name, origin.value, origin.place)

    def _now(self, at: str) -> str:
        """Where the new base has what stood at a path of the old one."""
        for old in sorted(self.moved, key=len, reverse=True):
            if _is_within(at, old):
                return self.moved[old] + at[len(old) :]
        return at

    # ------------------------------------------------------------------ the whole
    def _settle_what_does_not_load(self) -> list[Problem]:
        """What the new base no longer carries (a rule that it now protects, a name that is gone) is a conflict as well."""
        for _ in range(LARGER):
            problems, owners = self._problems()
            found = [(p, owners[p.place]) for p in problems if p.place in owners]
            news = [(p, s) for p, s in found if self.said[s].status != "conflict"]
            for p, statement in news:
                if self.said[statement].status == "conflict":
                    continue
                item = replace(self.said[statement], written={})
                why = p.message + (f" ({p.hint})" if p.hint else "")
                # an item of its own stays in the file: much may rest on it, and the fault lies in a part
                self.said[statement] = replace(item, status="conflict", why=why, is_out=statement[0] in STATED)
            if not news:
                return [p for p in problems if p.place not in owners]
        raise AssertionError("a conflict is found once")

    def _problems(self) -> tuple[list[Problem], dict[Place, Statement]]:
        layer = self._rebuilt()
        layer.file, problems = words.read(words.RulesetFile, layer.data, layer.place)
        if layer.file is not None:
            problems = compile_layers([layer, *self.bases])[1]
        owners: dict[Place, Statement] = {}
        for path, place in self.layer.places.items():
            statement = path[:2] if len(path) >= 2 else ()
            if statement in self.said:
                owners.setdefault(place, statement)
        return problems, owners

    def _rebuilt(self) -> Layer:
        """The layer as it will be on the new base; its values keep the places that they have in the old files."""
        layer = Layer(self.layer.path, self.layer.shown)
        for section, inside in self.layer.data.items():
            if not any(s[0] == section for s in self.said):
                layer.data[section] = inside
                layer.places.update((p, x) for p, x in self.layer.places.items() if p[:1] == (section,))
                continue
            left: Any = {} if isinstance(inside, dict) else []
            for key, value in inside.items() if isinstance(inside, dict) else enumerate(inside):
                item = self.said[(section, key)]
                if item.status == "already" or item.is_out:
                    continue
                now = len(left) if isinstance(left, list) else key
                places = [(p, x) for p, x in self.layer.places.items() if p[:2] == (section, key)]
                layer.places.update(((section, now, *p[2:]), x) for p, x in places)
                if isinstance(left, list):
                    left.append({**value, **item.written} if item.written else value)
                else:
                    left[key] = value
            if left:
                layer.data[section] = left
            if (section,) in self.layer.places:
                layer.places[(section,)] = self.layer.places[(section,)]
        valid_from = max(str(self.layer.data["valid_from"]), str(self.bases[0].data["valid_from"]))
        layer.data |= {"extends": self.new_name, "status": "draft", "valid_from": valid_from}
        layer.data.pop("adopted", None)
        return layer

    # ------------------------------------------------------------------ the bases alone
    def _differences(self) -> Iterator[Item]:
        for at, old, new in _differing(self.old.root, self.new.root):
            yield from self._differs(at, old, new)
        for before, now in self.moved.items():
            a, b = _node_at(self.old, before), _node_at(self.new, now)
            if a is None or b is None:
                continue
            sides = Side(a.layer, before, a.place), Side(b.layer, now, b.place)
            yield Item("taken-over", now, f"the base has moved this here from {before}", None, *sides)
            for at, old, new in _differing(a, b, now):
                if at not in (f"{now}.id", f"{now}.was"):
                    yield from self._differs(at, old, new)

    def _differs(self, at: str, old: Node | None, new: Node | None) -> Iterator[Item]:
        gone = {*self.moved, *map(self._now_inside, self.moved)}
        if at in (gone if new is None else self.moved.values() if old is None else ()):
            return  # it has moved: told by itself
        why = "new in the base" if old is None else "gone from the base" if new is None else "the base says something else"
        yield Item("taken-over", at, why, None, self._of_node(old), self._of_node(new))

    def _now_inside(self, at: str) -> str:
        """A path of the old base, with the steps above it under their new names: where what has left them is missed."""
        holder, _, name = at.rpartition(".")
        return f"{self._now(holder)}.{name}"

    @staticmethod
    def _of_node(node: Node | None) -> Side | None:
        return None if node is None else Side(node.layer, plain_of(node), node.place)


def _conflict(item: Item, why: str) -> Item:
    return replace(item, status="conflict", why=why, written={}, is_out=True)


def _statements(layer: Layer) -> Iterator[tuple[Statement, Any]]:
    """Everything that a layer says beyond who it is: its own items, and what it states about its base."""
    for section, inside in layer.data.items():
        if isinstance(inside, list):
            yield from (((section, i), x) for i, x in enumerate(inside))
        elif section == "texts":
            yield from (((section, key), x) for key, x in inside.items())


def values_of(layer: Layer, statement: Statement) -> Any:
    return layer.data[statement[0]][statement[1]]


def _merge(old: Any, new: Any, mine: Any) -> Any | None:
    """Both changes, where they are about different languages of a text; None where they are not: nothing is chosen."""
    if not all(isinstance(x, dict) and x and set(x) <= {*words.LANGUAGES} for x in (old, new, mine)):
        return None
    out = {}
    for language in dict.fromkeys([*mine, *new, *old]):
        a, b, c = old.get(language), new.get(language), mine.get(language)
        if a != b and a != c and b != c:
            return None
        chosen = b if a == c else c
        if chosen is not None:
            out[language] = chosen
    return out


def _unnamed(value: Any) -> Any:
    return {k: x for k, x in value.items() if k not in ("id", "was")} if isinstance(value, dict) else value


# ---------------------------------------------------------------------- what stands where
def _origin_at(whole: Whole, at: str) -> Origin | None:
    try:
        return whole.origin_of(at)
    except RulesetError:
        return None


def _node_at(whole: Whole, at: str) -> Node | None:
    """The node of a path of names without parts of conditions: an item, or a key of one."""
    node: Node | None = whole.root
    for name in at.split("."):
        node = next((x for n, _, x in named_in(node) if n == name), None) if node is not None else None
    return node


def _is_within(at: str, holder: str) -> bool:
    return at == holder or at.startswith(f"{holder}.")


def _items_of(whole: Whole) -> Iterator[str]:
    for section, _, node in named_in(whole.root):
        if isinstance(node.value, dict | list):
            yield from (f"{section}.{name}" for name, _, _ in named_in(node))


def _by_name(node: Node) -> dict[str, Node] | None:
    """What is inside by its names; None where it is one value: a single word, a condition, a list of words."""
    if isinstance(node.value, dict):
        return {str(k): x for k, x in node.value.items()}
    if not isinstance(node.value, list) or not all(isinstance(x.value, dict) for x in node.value):
        return None
    if not all({"id", "act", "gap"} & set(x.value) for x in node.value):
        return None
    named = [(name, x) for name, _, x in named_in(node)]
    return dict(named) if len({n for n, _ in named}) == len(named) == len(node.value) else None


def _differing(old: Node, new: Node, at: str = "") -> Iterator[tuple[str, Node | None, Node | None]]:
    """Every path, as deep as its parts have names, at which two bases differ. Who they are is no difference."""
    if plain_of(old) == plain_of(new):
        return
    a, b = _by_name(old), _by_name(new)
    if a is None or b is None:
        yield at, old, new
        return
    found = False
    for name in dict.fromkeys([*a, *b]):
        if not at and name in IDENTITY:
            continue
        where = f"{at}.{name}" if at else name
        if name in a and name in b:
            inner = list(_differing(a[name], b[name], where))
            found = found or bool(inner)
            yield from inner
        else:
            found = True
            yield where, a.get(name), b.get(name)
    if not found and at:
        yield at, old, new  # the same things in another order


def _moves(old: Node, new: Node) -> Iterator[tuple[str, str]]:
    """(path in the old base, path in the new one) of a step that says what it was, and of an action in another step."""
    steps, now = ({n: x for n, _, x in named_in(r.value["steps"])} if "steps" in r.value else {} for r in (old, new))
    renamed = {}
    for name, step in now.items():
        for before in plain_of(step.value["was"]) if "was" in step.value else ():
            if before in steps and before not in now:
                renamed[before] = name
                yield f"steps.{before}", f"steps.{name}"

    def defined(all_steps: dict[str, Node]) -> dict[str, str]:
        return {
            action.value["id"].value: name
            for name, step in all_steps.items()
            if "actions" in step.value
            for action in step.value["actions"].value
            if "id" in action.value
        }

    then = defined(now)
    for action, step_name in defined(steps).items():
        stays = renamed.get(step_name, step_name)
        if then.get(action, stays) != stays and not _asks(now.get(stays), action):
            yield f"steps.{step_name}.actions.{action}", f"steps.{then[action]}.actions.{action}"


def _asks(step: Node | None, action: str) -> bool:
    """Is the action still asked there, under `act`? Then the old path leads to it."""
    return step is not None and "actions" in step.value and any(n == action for n, _, _ in named_in(step.value["actions"]))
