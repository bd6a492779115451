"""Reading a log: is it as it was written, whose entries are they, is what it says decided again.

Rules: what cannot be read is told, never passed over; nothing of an entry is repeated in a fault.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sky_model.decision import Decision
from sky_model.engine import digest
from sky_model.errors import RecordError
from sky_model.events import DAY
from sky_model.host.log.entries import basis_of, erased_before, record_digest, said_of
from sky_model.host.log.form import EMPTY, LONGEST_LINE, hash_of, is_as_written, lines_in, read_line
from sky_model.records import Case

__all__ = ["Fault", "Proof", "Verified", "entries_of", "replay", "verify"]


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a log is not as it was written. `line` counts from 1.

    what  unreadable · form: what it says is an entry, its bytes are not those of one · gap · changed · chain · no_body ·
          not_erased · unfinished · other_head
    """

    line: int
    what: str
    message: str

    def to_json(self) -> dict[str, Any]:
        return {"line": self.line, "what": self.what, "message": self.message}


@dataclass(frozen=True, slots=True)
class Verified:
    """How many entries a log has, the hash of the last one, how many bodies were erased, and every fault."""

    entries: int
    head: str
    erased: int
    faults: tuple[Fault, ...]

    def to_json(self) -> dict[str, Any]:
        faults = [f.to_json() for f in self.faults]
        return {"format": 1, "entries": self.entries, "head": self.head, "erased": self.erased, "faults": faults}


@dataclass(frozen=True, slots=True)
class Proof:
    """An entry decided again.

    n       the number of the entry; of a line that is none, as many as stood before it
    state   proven · differs: the decision is another one · other_record: the record up to its place is not what it was ·
            no_record · not_decided: the rules or the calendar refuse it · erased · unreadable: it is no entry of a log, or not
            as it was written
    basis   the parts of the basis that are not what they were
    """

    n: int
    state: str
    basis: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {"format": 1, "n": self.n, "state": self.state, "basis": list(self.basis)}


# ---------------------------------------------------------------------- is it whole?
def verify(path: str | os.PathLike[str], *, head: str | None = None) -> Verified:
    """Reads a log from its beginning to its end; every fault by its line.

    head  the hash of an entry that must be there: what was the last one when somebody wrote it down elsewhere
    """
    reading = _Reading(is_seen=head is None or head == EMPTY)
    with open(path, "rb") as file:
        for number, raw in enumerate(lines_in(file), 1):
            reading.take(number, raw, head)
    reading.look_at_erased()
    if not reading.is_seen:
        reading.fault(0, "other_head", "the entry that is to be in it is not: entries were cut off, or it is another log")
    faults = tuple(sorted(reading.faults, key=lambda f: (f.line, f.what)))
    return Verified(reading.n, reading.prev or EMPTY, len(reading.bare), faults)


@dataclass(slots=True)
class _Reading:
    """What `verify` has read so far. `bare`: entries without body, by number: their line and kind."""

    is_seen: bool
    n: int = 0
    prev: str = EMPTY
    bare: dict[int, tuple[int, str]] = field(default_factory=dict)
    erased: set[int] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)

    def fault(self, number: int, what: str, message: str) -> None:
        self.faults.append(Fault(number, what, message))

    def take(self, number: int, raw: bytes, head: str | None) -> None:
        if not raw.endswith(b"\n"):
            what = "unreadable" if len(raw) > LONGEST_LINE else "unfinished"
            self.fault(number, what, "the line has no end; the next writer cuts it off")
            return
        line = read_line(raw)
        if line is None:
            self.fault(number, "unreadable", "this is no entry of a log")
            self.n += 1
            self.prev = ""
            return
        self.compare(number, line)
        if not is_as_written(line, raw):
            self.fault(number, "form", "it is not written as a log writes it: a doubled key, another order, a space")
        self.is_seen = self.is_seen or line["hash"] == head
        self.prev, self.n = line["hash"], line["n"] + 1

    def compare(self, number: int, line: Mapping[str, Any]) -> None:
        if line["n"] != self.n:
            self.fault(number, "gap", f"this is entry {line['n']}, expected was {self.n}")
        if line["prev"] != self.prev and self.prev:
            self.fault(number, "chain", "it does not follow the entry before it")
        if line["hash"] != hash_of(line):
            self.fault(number, "changed", "the line is not as it was written")
        if line["body"] is None:
            self.bare[line["n"]] = number, line["kind"]
        elif _is_changed(line):
            self.fault(number, "changed", "the body is not as it was written")
        elif line["kind"] == "erasure":
            found = line["body"].get("entries")
            numbers = found if isinstance(found, list) else []
            self.erased |= {x for x in numbers if isinstance(x, int) and x < line["n"]}

    def look_at_erased(self) -> None:
        for k, (number, kind) in self.bare.items():
            if k not in self.erased:
                self.fault(number, "no_body", "the body is gone, and no erasure says so")
            if kind not in ("decision", "answer"):
                self.fault(number, "no_body", f"the body of an entry {kind} is never erased")
        for k in self.erased - self.bare.keys():
            self.fault(k + 1, "not_erased", "an erasure says that this body is gone, and it is there")


def entries_of(
    path: str | os.PathLike[str], *, pupil: str | None = None, unread: Callable[[int], object] | None = None
) -> Iterator[dict[str, Any]]:
    """The lines of a log as they stand, or those of one pupil: what is handed out when somebody asks for it.

    unread  is called with the number of each line that is no entry: what stands in it is not handed out
    """
    with open(path, "rb") as file:
        for number, raw in enumerate(lines_in(file), 1):
            line = read_line(raw)
            if line is None:
                if unread is not None:
                    unread(number)
            elif pupil is None or (line["body"] or {}).get("pupil") == pupil:
                yield line


# ---------------------------------------------------------------------- is it true?
def replay(path: str | os.PathLike[str], cases: Mapping[str, Case], decide: Callable[..., Decision]) -> Iterator[Proof]:
    """Decides each entry again: the record up to its place, its day, and the rules and calendar of now.

    cases   the records of now by pupil; what was recorded after an entry's place is left out
    decide  (case, on, known_on, absent=…, as_if=…): with the rules and the calendar that are to be tried, and with the roles
            that were away and the word `as_if` of the entry. Whoever was away without a role in the case is not in the entry.
    """
    with open(path, "rb") as file:
        for n, raw in enumerate(lines_in(file)):
            line = read_line(raw)
            if line is None or not is_as_written(line, raw) or _is_changed(line):
                yield Proof(n if line is None else line["n"], "unreadable")
            elif line["kind"] == "decision":
                yield Proof(line["n"], "erased") if line["body"] is None else _prove(line["n"], line["body"], cases, decide)


def _is_changed(line: Mapping[str, Any]) -> bool:
    return line["body"] is not None and digest(line["body"]) != line["digest"]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What an entry was decided from."""

    case: Case | None  # the record of now
    events: int
    record: str
    on: date
    known: date
    feed: Mapping[str, Any]
    basis: Mapping[str, Any]
    decision: Any
    until: date | None

    @classmethod
    def of(cls, body: Mapping[str, Any], cases: Mapping[str, Case]) -> _Asked:
        """Raises KeyError, TypeError or ValueError where a body is not that of a decision."""
        place, feed, basis = body["place"], dict(body["feed"]), dict(body["basis"])
        until = date.fromisoformat(feed["data_until"]) if feed["data_until"] else None
        feed = {k: feed.get(k) for k in ("register", "recorded", "data_until_from", "does", "code_map")}
        on, known = date.fromisoformat(body["on"]), date.fromisoformat(place["known_to"])
        events = place["events"] + 0
        return cls(cases.get(body["pupil"]), events, body["record"], on, known, feed, basis, body["decision"], until)

    def then(self, case: Case) -> Case:
        """The record as it was."""
        feed = self.feed
        name = case.code_map if feed["code_map"] is not None and feed["code_map"]["name"] is None else feed["code_map"]
        return case.changed(
            register=feed["register"],
            recorded=feed["recorded"],
            data_until=self.until,
            data_until_from=feed["data_until_from"],
            does=frozenset(feed["does"]),
            code_map=name,
            events=case.events[: self.events - erased_before(case)],
        )


def _prove(n: int, body: Mapping[str, Any], cases: Mapping[str, Case], decide: Callable[..., Decision]) -> Proof:
    try:
        asked = _Asked.of(body, cases)
    except (KeyError, TypeError, ValueError):
        return Proof(n, "unreadable")
    case = asked.case
    if case is None:
        return Proof(n, "no_record")
    erased = erased_before(case)
    before = erased + sum(m < asked.known.toordinal() * DAY for m in case.moments)  # of the day itself more may have come later
    if not before <= asked.events <= erased + len(case.events) or record_digest(case, asked.events) != asked.record:
        return Proof(n, "other_record")
    try:
        how = {"absent": asked.basis.get("absent", ()), "as_if": asked.basis.get("as_if", False)}
        decision = decide(asked.then(case), asked.on, asked.known if asked.known < asked.on else None, **how)
        new = {"basis": basis_of(decision), "decision": said_of(decision)}
    except RecordError:
        return Proof(n, "not_decided")
    basis = tuple(k for k, v in new["basis"].items() if v != asked.basis.get(k))
    return Proof(n, "proven" if new["decision"] == asked.decision else "differs", basis)
