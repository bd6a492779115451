"""What is otherwise between two decisions about a pupil, and through what: a mark, a day that passed, another ruleset.

Rules: things are compared by their stable names, in their published form, so an earlier decision may be one that was stored;
where something had gone out on ground that is gone, a correction is proposed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from sky_model.errors import RecordError
from sky_model.events import DAY, TYPE_OF, end_of
from sky_model.records import Case
from sky_model.rules import Ruleset

__all__ = ["Asked", "Change", "Changes", "Correction", "Decided", "Through", "changes_between"]

KINDS_OF_ITEM = ("opening", "task", "question", "message")
GONE_OUT = ("message_sent", "guardian_told", "handed_over", "done")


class Asked(Protocol):
    """What a decision was made from."""

    @property
    def case(self) -> Case: ...

    def again(self, on: int, moment: int) -> Decided:
        """The decision of another day, or with the knowledge of another moment. Raises RecordError."""


class Decided(Protocol):
    """A decision, as far as it is compared."""

    @property
    def pupil(self) -> str: ...
    @property
    def reader(self) -> str | None: ...
    @property
    def on(self) -> date: ...
    @property
    def known_to(self) -> date: ...
    @property
    def rules(self) -> Ruleset: ...
    @property
    def asked(self) -> Asked | None: ...
    def to_json(self) -> dict[str, Any]: ...
    def for_reader(self, reader: str) -> Decided: ...


@dataclass(frozen=True, slots=True)
class Through:
    """What brought a change.

    what  `event`: the event at whose place in the order of recording it came · `time`: a day passed · `ruleset`, `layers`,
          `calendar`, `code_map`, `engine`, `register`, `recorded`: that part of the basis is another one · `record`: something
          else was in the record than is now
    """

    what: str
    type: str | None = None
    id: str | None = None
    on: date | None = None
    recorded: date | None = None

    def to_json(self) -> dict[str, Any]:
        said = {"type": self.type, "id": self.id}
        days = {"on": self.on, "recorded": self.recorded}
        return {"what": self.what, **said, **{k: d.isoformat() if d else None for k, d in days.items()}}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is otherwise. `before` and `after` are its published form; None: it was not there, is not there.

    what    opening | task | question | message
    name    of an opening and a task their own; of a question `what:fact`; of a message `message@since`
    how     new · done (a message: sent) · changed · withdrawn (its ground is gone) · back (it was withdrawn) · ended
    fields  of `changed`: what is otherwise in it
    through empty in a decision that is cut for a role: it does not carry the record
    """

    what: str
    name: str
    how: str
    fields: tuple[str, ...]
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    through: tuple[Through, ...]

    def to_json(self) -> dict[str, Any]:
        sides = {"before": self.before, "after": self.after}
        head = {"what": self.what, "name": self.name, "how": self.how, "fields": list(self.fields)}
        return {**head, **sides, "through": [t.to_json() for t in self.through]}


@dataclass(frozen=True, slots=True)
class Correction:
    """Something was done, and the ground of it is gone: that it is set right is proposed.

    of   the action or message
    why  message_sent | guardian_told | handed_over | done (it reached nobody outside)
    """

    of: str
    why: str
    to: tuple[str, ...]
    through: tuple[Through, ...]

    def to_json(self) -> dict[str, Any]:
        return {"of": self.of, "why": self.why, "to": list(self.to), "through": [t.to_json() for t in self.through]}


@dataclass(frozen=True, slots=True)
class Changes:
    """What is otherwise since an earlier decision. Empty when nothing is; applied to the earlier lists it gives the later ones.

    basis  the parts of the basis that differ, each with what it was and what it is
    order  where a list is not in the order in which it was, with what is new at its end: its names in the new order
    """

    pupil: str
    reader: str | None
    since: date
    on: date
    known_since: date
    known_to: date
    basis: Mapping[str, tuple[Any, Any]]
    changes: tuple[Change, ...]
    corrections: tuple[Correction, ...]
    order: Mapping[str, tuple[str, ...]]

    def __bool__(self) -> bool:
        return bool(self.changes or self.corrections)

    def of(self, how: str) -> tuple[Change, ...]:
        """Those of one word: new, done, changed, withdrawn, back, ended."""
        return tuple(c for c in self.changes if c.how == how)

    def applied_to(self, earlier: Decided | Mapping[str, Any] | str | bytes) -> dict[str, list[Any]]:
        """The later lists, made of the earlier ones: tasks, open_steps, questions, messages, withdrawn."""
        items = _items(_published(earlier))
        for c in self.changes:
            if c.after is None:
                items[c.what].pop(c.name, None)
            else:
                items[c.what][c.name] = c.after
        for what, names in self.order.items():
            items[what] = {n: items[what][n] for n in names}
        steps = items["opening"]
        return {
            "tasks": list(items["task"].values()),
            "open_steps": [x for x in steps.values() if not _is_gone(x)],
            "questions": list(items["question"].values()),
            "messages": list(items["message"].values()),
            "withdrawn": [name for name, x in steps.items() if _is_gone(x)],
        }

    def to_json(self) -> dict[str, Any]:
        return {
            "format": 1,
            "pupil": self.pupil,
            "reader": self.reader,
            "since": self.since.isoformat(),
            "on": self.on.isoformat(),
            "known_since": self.known_since.isoformat(),
            "known_to": self.known_to.isoformat(),
            "basis": {part: {"from": a, "to": b} for part, (a, b) in sorted(self.basis.items())},
            "changes": [c.to_json() for c in self.changes],
            "corrections": [c.to_json() for c in self.corrections],
            "order": {what: list(names) for what, names in sorted(self.order.items())},
        }


# the lists of a decision, and the texts that an item of each must have; () where the items are texts themselves
_LISTS: dict[str, tuple[str, ...]] = {
    "tasks": ("name", "action", "state"),
    "messages": ("message", "since", "state"),
    "open_steps": ("name",),
    "questions": ("what", "fact"),
    "withdrawn": (),
    "corrections": (),
}
_TEXTS = ("openings", "to", "takes_part")  # what an item may have as a list of texts
_BASIS = ("ruleset", "layers", "calendar", "code_map", "engine", "register", "recorded")


def _published(decision: Decided | Mapping[str, Any] | str | bytes) -> dict[str, Any]:
    """The published form of a decision as JSON reads it. Raises RecordError for what is none."""
    if not isinstance(decision, Mapping | str | bytes | bytearray) and hasattr(decision, "to_json"):
        return dict(json.loads(json.dumps(decision.to_json())))
    said: Any = decision
    if isinstance(decision, str | bytes | bytearray):
        try:
            said = json.loads(decision)
        except (ValueError, RecursionError):
            raise RecordError("not-json", "the earlier decision is not readable as JSON") from None
    if not isinstance(said, Mapping):
        raise RecordError("not-an-object", "an earlier decision is an object, as to_json gives it")
    if said.get("format") != 1:
        raise RecordError("format", "an earlier decision is read in format 1", field="format")
    for key in ("pupil", "on", "known_to", "basis", *_LISTS):
        if key not in said:
            raise RecordError("missing", f"{key} is missing from the earlier decision", field=key)
    for key in ("on", "known_to"):
        try:
            if date.fromisoformat(said[key]).isoformat() != said[key]:
                raise ValueError
        except (TypeError, ValueError):
            raise RecordError("not-a-day", f"{key} of the earlier decision is not a day", field=key) from None
    if not isinstance(said["basis"], Mapping):
        raise RecordError("not-an-object", "the basis of the earlier decision is an object", field="basis")
    for key, texts in _LISTS.items():
        found = said[key]
        if not isinstance(found, list):
            raise RecordError("not-a-list", f"{key} of the earlier decision is a list", field=key)
        for x in found:
            whole = isinstance(x, dict) if texts else isinstance(x, str)
            if not whole or not all(isinstance(x.get(t), str) for t in texts):
                raise RecordError(
                    "not-a-text", f"an item of {key} of the earlier decision has no {' or '.join(texts)}", field=key
                )
            lists = [x[t] for t in _TEXTS if t in x] if texts else []
            if not all(isinstance(n, list) and all(isinstance(t, str) for t in n) for n in lists):
                raise RecordError("not-a-list", f"what an item of {key} of the earlier decision reaches is a list", field=key)
    return dict(said)


def _items(said: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What is compared, by kind and name. A withdrawn opening has nothing but its name."""
    return {
        "opening": {x["name"]: x for x in said["open_steps"]} | {n: {"name": n, "withdrawn": True} for n in said["withdrawn"]},
        "task": {x["name"]: x for x in said["tasks"]},
        "question": {f"{x['what']}:{x['fact']}": x for x in said["questions"]},
        "message": {f"{x['message']}@{x['since']}": x for x in said["messages"]},
        "correction": {n: {"name": n} for n in said["corrections"]},
    }


def _is_gone(item: Mapping[str, Any] | None) -> bool:
    """Nothing stands under it any more: a withdrawn opening or task, a message that is to be corrected."""
    return item is not None and bool(item.get("withdrawn") or item.get("state") == "withdrawn" or item.get("to_correct"))


def _event(event: Any) -> Through:
    return Through("event", TYPE_OF[type(event)], str(event.id), event.on, event.recorded)


class _Between:
    """The decisions that lie between an earlier one and a later one: what was known grows event by event, and the day moves on.

    First the earlier day, as known before its last day of knowledge and after each event of that day; then the later day with
    the same knowledge; then each event recorded since. All under the later basis, for the later reader.
    """

    def __init__(self, later: Decided, said: Mapping[str, Any], now: dict[str, dict[str, Any]], differs: Collection[str]) -> None:
        self.later, self.differs = later, tuple(differs)
        on, known = (date.fromisoformat(said[k]).toordinal() for k in ("on", "known_to"))
        until = later.known_to.toordinal()
        day, here = later.on.toordinal(), known
        events = [] if later.asked is None else zip(later.asked.case.moments, later.asked.case.events, strict=True)
        new = [(m, e) for m, e in events if known * DAY <= m <= end_of(until)]
        self.stops: list[tuple[int, int, Through | None]] = [(on, end_of(max(1, known - 1)), None)]
        self.stops += [(on, m, _event(e)) for m, e in new if m // DAY == known]
        self.stops[-1] = (on, end_of(known), self.stops[-1][2])
        self.start = len(self.stops) - 1  # what the earlier decision would be now
        if day != on:
            self.stops.append((day, end_of(known), Through("time")))
        for m, e in new:
            if m // DAY > here:  # that days pass without a mark is knowledge too
                here = m // DAY
                self.stops.append((day, end_of(here - 1), Through("time")))
            if m // DAY > known:
                self.stops.append((day, m, _event(e)))
        if until > known:
            self.stops.append((day, end_of(until), Through("time")))
        self._found: dict[int, dict[str, dict[str, Any]]] = {len(self.stops) - 1: now}

    def at(self, i: int) -> dict[str, dict[str, Any]]:
        if i not in self._found:
            on, moment, _ = self.stops[i]
            asked = self.later.asked
            assert asked is not None
            try:
                decision = asked.again(on, moment)
            except RecordError:  # nothing could be decided then
                self._found[i] = {k: {} for k in (*KINDS_OF_ITEM, "correction")}
            else:
                seen = decision.for_reader(self.later.reader) if self.later.reader else decision
                self._found[i] = _items(_published(seen))
        return self._found[i]

    def through(self, is_so: Callable[[dict[str, dict[str, Any]]], bool]) -> tuple[Through, ...]:
        """At which place what is so now came to be so; where it came and went several times, at one of them."""
        if self.later.asked is None:
            return ()
        low, high = self.start, len(self.stops) - 1
        if is_so(self.at(low)):
            if self.differs:
                return tuple(map(Through, self.differs))
            low, high = 0, self.start
            if is_so(self.at(low)):
                return (Through("record"),)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if is_so(self.at(middle)) else (middle, high)
        found = self.stops[high][2]
        return (found,) if found is not None else ()


def changes_between(later: Decided, earlier: Decided | Mapping[str, Any] | str | bytes) -> Changes:
    was, now = _published(earlier), _published(later)
    if was["pupil"] != now["pupil"]:
        raise RecordError("other-pupil", "the earlier decision is of another pupil", field="pupil")
    if was.get("reader") != now["reader"]:
        raise RecordError("other-reader", "the earlier decision is cut for another reader", pupil=later.pupil, field="reader")
    if was["on"] > now["on"] or was["known_to"] > now["known_to"]:
        said = "the earlier decision is of a later day, or knows more"
        raise RecordError("not-earlier", said, pupil=later.pupil, field="on" if was["on"] > now["on"] else "known_to")
    basis = {k: (was["basis"].get(k), now["basis"].get(k)) for k in _BASIS if was["basis"].get(k) != now["basis"].get(k)}
    old, new = _items(was), _items(now)
    between = _Between(later, was, new, basis)
    changes, order = [], {}
    for what in KINDS_OF_ITEM:
        names = [*new[what], *(n for n in old[what] if n not in new[what])]
        found = [_change(what, n, old[what].get(n), new[what].get(n), between) for n in names]
        changes += [c for c in found if c is not None]
        if [*(n for n in old[what] if n in new[what]), *(n for n in new[what] if n not in old[what])] != list(new[what]):
            order[what] = tuple(new[what])
    return Changes(
        pupil=later.pupil,
        reader=later.reader,
        since=date.fromisoformat(was["on"]),
        on=later.on,
        known_since=date.fromisoformat(was["known_to"]),
        known_to=later.known_to,
        basis=basis,
        changes=tuple(changes),
        corrections=_proposed(later, old, new, changes, between) if later.reader in (None, "log") else (),
        order=order,
    )


def _change(what: str, name: str, old: Any, new: Any, between: _Between) -> Change | None:
    if old == new:
        return None
    # a field that an older form did not have is no change of the thing
    fields = tuple(sorted(k for k in old if old[k] != new.get(k))) if old is not None and new is not None else ()
    how = _how(what, old, new)
    if how == "changed" and not fields:
        return None

    def is_so(items: dict[str, dict[str, Any]]) -> bool:
        x = items[what].get(name)
        if how == "changed":
            return x is not None and all(x.get(k) == new.get(k) for k in fields)
        if x is None or new is None:
            return x is None and new is None
        return _is_gone(x) == _is_gone(new) and (how != "done" or x["state"] == new["state"])

    through = between.through(is_so)
    if how == "ended" and what in ("task", "message") and _lost(what, old, through, between):
        how = "withdrawn"
    return Change(what, name, how, fields if how == "changed" else (), old, new, through)


def _how(what: str, old: Any, new: Any) -> str:
    if new is None:
        return "ended"
    if _is_gone(new) and not _is_gone(old):
        return "withdrawn"
    if old is None:
        return "new"
    if _is_gone(old) and not _is_gone(new):
        return "back"
    over = {"task": "done", "message": "sent"}.get(what)
    return "done" if over is not None and old["state"] != over == new["state"] else "changed"


def _lost(what: str, old: Any, through: tuple[Through, ...], between: _Between) -> bool:
    """A task is gone since its opening lost its ground; a message since what was recorded no longer owes it."""
    if what == "message":
        return any(t.what in ("event", "record") for t in through)
    now = between.at(len(between.stops) - 1)["opening"]
    return any(_is_gone(now.get(o)) for o in old.get("openings", ()))


def _proposed(later: Decided, old: Any, new: Any, changes: list[Change], between: _Between) -> tuple[Correction, ...]:
    """What went out on ground that is gone since; also what the later rules would not have sent."""
    out: dict[str, Correction] = {}
    for action in new["correction"]:
        if action not in old["correction"]:
            tasks = [t for t in (*new["task"].values(), *old["task"].values()) if t["action"] == action]
            act = later.rules.acts.get(action)
            shown = tasks[0] if tasks else {"hand_over": act.hand_over, "to": act.to, "takes_part": act.required} if act else {}
            out[action] = _correction(action, shown, between.through(lambda items, a=action: a in items["correction"]))  # type: ignore[misc]
    for c in changes:
        was_out = c.before is not None and c.before.get("state") in ("done", "sent")
        by_rules = c.after is None and any(t.what in _BASIS for t in c.through)
        if c.what == "message" and c.before is not None and ((c.after and c.how == "withdrawn") or (was_out and by_rules)):
            out.setdefault(
                c.before["message"], Correction(c.before["message"], "message_sent", tuple(c.before.get("to", ())), c.through)
            )
        elif c.what == "message" and c.before is None and c.after is not None and c.after.get("to_correct"):
            out.setdefault(
                c.after["message"], Correction(c.after["message"], "message_sent", tuple(c.after.get("to", ())), c.through)
            )
        elif c.what == "task" and c.before is not None and was_out and by_rules:
            correction = _correction(c.before["action"], c.before, c.through)
            if correction.why != "done":
                out.setdefault(correction.of, correction)
    return tuple(out.values())


def _correction(action: str, task: Mapping[str, Any], through: tuple[Through, ...]) -> Correction:
    reached = tuple(dict.fromkeys((*task.get("to", ()), *task.get("takes_part", ()))))
    why = "handed_over" if task.get("hand_over") else "guardian_told" if "guardian" in reached else "done"
    return Correction(action, why, reached, through)
