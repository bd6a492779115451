"""The decision log: what was proposed for whom on what ground, and what a person answered. Append-only JSON Lines.

Rules: an entry holds ids, days, numbers and words of the ruleset, never free text; one that may hold more is refused and not
written. Every entry carries the digest of the one before it, so that a change or a gap is found. The library has no clock: the
time of an entry is handed in.

A line is `{format, n, kind, prev, digest, hash, body}`: `digest` is that of the body, `hash` that of `{format, n, kind, prev,
digest}`, and `prev` the hash of the line before (64 zeros for the first). A body holds a random `salt`, so that its digest says
nothing about it.

**Erasure.** The pupil stands in the body and nowhere else. `erase` writes the file anew with `null` for every body of one pupil
(up to a checkpoint, the number of an entry, if one is given) and appends an entry `erasure` with their numbers: it is the
checkpoint from which on the pupil's entries are gone. Digests and hashes stay, so the chain still holds; a missing body that no
later `erasure` names is a fault. The new file takes the place of the old one in one move: a crash leaves the one or the other.

**Crash.** A line is written at once and made safe by `sync`. One without its line end was not finished: the next `Log` cuts it
off, says so (`repaired`), and appends an entry `repair`. Nothing before it is touched. Entries cut off the end leave no trace in
the file itself: keep `head` (`sky log verify` prints it) somewhere else and hand it in when verifying.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import sys
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Literal, TypeAlias

from sky_model.decider import Decider
from sky_model.decision import Decision
from sky_model.engine import digest
from sky_model.errors import RecordError
from sky_model.events import DAY, TYPE_OF, ActionTaken, Answer, Consent, StepClosed, end_of
from sky_model.facts import FALSE, TRUE
from sky_model.records import Case

__all__ = ["EMPTY", "Fault", "Log", "LogError", "Proof", "Verified", "entries_of", "erase", "replay", "verify"]

Sync: TypeAlias = Literal["entry", "close", "never"]
EMPTY = "sha256:" + "0" * 64  # the head of a log without entries
LONGEST_WORD = 200
LONGEST_LINE = 4_000_000
KINDS = ("decision", "answer", "repair", "erasure")
WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@#+-]*", re.ASCII)
DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
BIRTH = r"(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d\d"
IDENTITY = re.compile(rf"{BIRTH}[-+]\d{{3}}[0-9A-Z]|(?<![0-9A-Z]){BIRTH}[A-FU-Y]\d{{3}}[0-9A-Z](?![0-9A-Z])", re.I | re.ASCII)
ADDRESS = re.compile(r"@(?!\d{4}-\d\d-\d\d)", re.ASCII)  # of an opening: its day
TASK = (
    "name", "action", "step", "tier", "role", "organisation", "duty", "about", "state", "due", "due_unknown", "overdue",
    "statutory", "hand_over", "to", "takes_part", "left_out", "blocked_by", "openings", "turn", "missed",
    "also", "instead_of", "away",
)  # fmt: skip
MESSAGE = ("message", "to", "about", "state", "since", "act", "to_correct")
REASON = ("what", "fact", "operator", "limit", "low", "high", "first", "about", "marks", "sure")


class LogError(Exception):
    """The file of a log cannot be used as it is: somebody else writes to it, or it is damaged. Nothing was written."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a log is not as it was written. `line` counts from 1."""

    line: int
    what: str  # unreadable | gap | changed | chain | no_body | not_erased | unfinished | other_head
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

    state   proven · differs: the decision is another one · other_record: the record up to its place is not what it was ·
            no_record · not_decided: the rules or the calendar refuse it · erased
    basis   the parts of the basis that are not what they were
    """

    n: int
    state: str
    basis: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {"format": 1, "n": self.n, "state": self.state, "basis": list(self.basis)}


# ---------------------------------------------------------------------- what an entry may hold
def _refuse(field: str, said: str) -> RecordError:
    return RecordError("not-for-the-log", f"{said}; nothing was written", field=field)


def _check_masked(value: Any, field: str) -> None:
    """Refuses whatever is not an id, a day, a number or a word of the ruleset. Never repeats it."""
    if isinstance(value, dict):
        for k, v in value.items():
            _check_masked(v, f"{field}.{k}" if field else str(k))
    elif isinstance(value, list | tuple):
        for v in value:
            _check_masked(v, field)
    elif isinstance(value, str):
        if DIGEST.fullmatch(value):
            return
        if len(value) > LONGEST_WORD:
            raise _refuse(field, f"a value is longer than {LONGEST_WORD} characters")
        if not WORD.fullmatch(value):
            raise _refuse(field, "a value is free text: an id has letters a to z, digits and ._:/@#+- only")
        if IDENTITY.search(value):
            raise _refuse(field, "a value looks like an identity code")
        if ADDRESS.search(value):
            raise _refuse(field, "a value looks like an address")
    elif not isinstance(value, int | float | None):
        raise _refuse(field, "a value is neither text nor number")


def _opaque(value: str, field: str) -> str:
    """An id that the application hands in. Without a digit in it, it may be a name."""
    if not any(c in "0123456789" for c in value):
        raise _refuse(field, "an id without a digit may be a name; hand in opaque ids")
    return value


def _time(time: datetime | str) -> str:
    try:
        moment = datetime.fromisoformat(time) if isinstance(time, str) else time
        if moment.utcoffset() is not None:
            return moment.isoformat(timespec="seconds")
    except (AttributeError, TypeError, ValueError):
        pass
    raise _refuse("time", "time is a time with its zone, such as 2026-10-01T08:00:00+03:00")


def _pick(data: Mapping[str, Any], keys: Collection[str]) -> dict[str, Any]:
    return {k: data[k] for k in keys}


def _known(decision: Decision) -> tuple[Case, int]:
    """The case of a decision, and how many of its events were known, with those that a checkpoint erased."""
    if decision.asked is None or decision.reader not in (None, "log"):
        raise _refuse("reader", "a decision is logged whole, before it is cut for a reader")
    case, until = decision.asked.case, end_of(decision.known_to.toordinal())
    return case, _erased(case) + sum(m <= until for m in case.moments)


def _erased(case: Case) -> int:
    """How many events stood before those of this record: a checkpoint keeps their places."""
    return case.before.count - len(case.before.events) if case.before is not None else 0


def _record(case: Case, events: int) -> str:
    """The digest of a record up to a place."""
    said = case.to_json()
    known = said["events"][: events - (case.before.count if case.before is not None else 0)]
    kept = [said["checkpoint"]] if case.before is not None else []
    return digest(json.dumps([*kept, *known], sort_keys=True))  # in ASCII: a record may hold any text


def _basis(decision: Decision) -> dict[str, Any]:
    """The basis by names and fingerprints; what it says in words is left out."""
    b = decision.basis
    ruleset, schools = b["ruleset"], b["schools"]
    return {
        "ruleset": {"names": ruleset["name"].split(" → "), "status": ruleset["status"], "fingerprint": ruleset["fingerprint"]},
        "schools": None if schools is None else sorted(s["fingerprint"] for s in schools.values()),
        "absent": _roles_away(decision),
        "as_if": b["as_if"],
        "layers": list(b["layers"]),
        "calendar": {"names": b["calendar"]["name"].split(" → "), "fingerprint": b["calendar"]["fingerprint"]},
        "code_map": b["code_map"],
        "engine": dict(b["engine"]),
    }


def _roles_away(decision: Decision) -> list[str]:
    """Who is away, as roles: of a person those for which this case names them. A log carries no person."""
    assert decision.asked is not None
    rules, absent, named = decision.rules, decision.basis["absent"], decision.asked.case.named
    roles = {a for a in absent if a in rules.roles or a in rules.groups}
    return sorted(roles | {role for role, person in named.items() if person in absent})


def _not_fired(decision: Decision) -> list[dict[str, Any]]:
    """Every step of the rules of the day that is not open, with what its conditions read on that day."""
    asked, on = decision.asked, decision.on.toordinal()
    assert asked is not None
    known = end_of(decision.known_to.toordinal())
    path = Decider(asked.model, asked.case, on, known, asked.calendars, how=asked.how).path
    known = end_of(on)  # the record is cut at the earlier moment, and asked about `on`
    v = next(v for v in path.versions if v.facts.rules is decision.rules)
    is_open = {s.step for s in decision.open_steps}
    out = []
    for step in decision.rules.steps:
        if step.base in is_open:
            continue
        tests = []
        for t in step.tests:
            value = path.holds(v, t, on, known, end_of(on))[0]
            said: dict[str, Any] = {"what": t.what, "fact": t.fact, "value": _word(value), "low": None, "high": None, "why": None}
            if t.what == "counter":
                count = v.facts.rules.counters[t.fact]
                r = v.facts.reading(count, on, known)
                unit = max(1, r.planned) * 100 if count.is_share else count.unit
                low, high = (r.low * 50_000, r.high * 50_000) if count.is_share else (r.low, r.high)
                numbers = {} if r.silent else {"low": round(low / unit, 2), "high": round(high / unit, 2)}
                said |= {**numbers, "why": r.silent}
            tests.append(said)
        out.append({"step": step.base, "value": _word(path.opens(v, step, on, known, end_of(on))[0]), "tests": tests})
    return out


def _ground(reason: Mapping[str, Any]) -> dict[str, Any]:
    """A reason without what it says in words; a limit that is no number and no single word stands in the ruleset."""
    out = _pick(reason, REASON)
    return out | {"limit": None} if isinstance(out["limit"], str) and not WORD.fullmatch(out["limit"]) else out


def _word(value: Any) -> str:
    return "true" if value == TRUE else "false" if value == FALSE else "unknown"


def _decided(decision: Decision) -> dict[str, Any]:
    """What a decision says, by ids and numbers; the same for the same record, day, place and basis."""
    said = json.loads(json.dumps(decision.for_reader("log").to_json()))
    assert decision.asked is not None
    twice = {name for _, name in decision.asked.case.twice}  # says something of the handing in, nothing of the record
    said["told"] = [name for name in said["told"] if name not in twice]
    steps = [{**s, "because": [_ground(r) for r in s["because"]]} for s in said["open_steps"]]
    for mark in [m for s in steps for r in s["because"] for m in r["marks"]] + [x["mark"] for x in said["set_aside"]]:
        _opaque(mark, "marks")
    for name in said["told"]:
        _opaque(name, "told")
    return {
        "fired": steps,
        "not_fired": _not_fired(decision),
        "withdrawn": said["withdrawn"],
        "corrections": said["corrections"],
        "tasks": [_pick(t, TASK) for t in said["tasks"]],
        "messages": [_pick(m, MESSAGE) for m in said["messages"]],
        "questions": [_pick(q, ("what", "fact", "steps", "since", "days", "by")) for q in said["questions"]],
        "told": said["told"],
        "set_aside": said["set_aside"],
        "stale": said["stale"],
    }


# ---------------------------------------------------------------------- one line
def _line(n: int, kind: str, prev: str, body: Any, said: str | None = None) -> dict[str, Any]:
    """`said`: the digest of a body that is erased."""
    head = {"format": 1, "n": n, "kind": kind, "prev": prev, "digest": said or digest(body)}
    return {**head, "hash": digest(head), "body": body}


def _bytes(line: Mapping[str, Any]) -> bytes:
    return json.dumps(line, sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False).encode("ascii") + b"\n"


def _read(raw: bytes) -> dict[str, Any] | None:
    """A line as it was written; None: it is none."""
    try:
        line = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    keys = {"format": int, "n": int, "kind": str, "prev": str, "digest": str, "hash": str}
    if not isinstance(line, dict) or line.keys() != {*keys, "body"} or line["format"] != 1 or line["kind"] not in KINDS:
        return None
    if any(type(line[k]) is not shape for k, shape in keys.items()) or not isinstance(line["body"], dict | None):
        return None
    return line


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    while raw := file.readline(LONGEST_LINE + 1):
        yield raw
        if len(raw) > LONGEST_LINE:  # no line of ours: what is left of it is skipped
            while (rest := file.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                pass


# ---------------------------------------------------------------------- who may write
class _Lock:
    """One writer at a time, by a file beside the log. The system gives it back when the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self.file = open(f"{path}.lock", "ab")  # noqa: SIM115 - held as long as the log is open
        try:
            if sys.platform == "win32":  # pragma: no cover - the other systems
                import msvcrt

                self.file.seek(0)
                msvcrt.locking(self.file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.file.close()
            raise LogError(f"another writer has the log {path.name} open; one at a time") from None

    def release(self) -> None:
        self.file.close()


def _sync_folder(path: Path) -> None:
    if sys.platform != "win32":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


class Log:
    """A log that is open for writing; one writer at a time, any number of threads.

    sync      when an entry is made safe against a loss of power: `entry` (after each, before the call returns), `close`, `never`
              (the system decides). A crash of the process alone loses nothing that was written.
    reasons   codes that may stand as a reason beside those of the ruleset's closings
    repaired  what was cut off at the start; None: nothing
    Raises LogError when another writer has it open, or its last line is not one of a log.
    """

    def __init__(self, path: str | os.PathLike[str], *, sync: Sync = "entry", reasons: Collection[str] = ()) -> None:
        if sync not in ("entry", "close", "never"):
            raise ValueError("sync is entry, close or never")
        self.path, self.sync, self.reasons = Path(path), sync, frozenset(reasons)
        self.repaired: str | None = None
        self._turn = threading.Lock()
        self._lock = _Lock(self.path)
        try:
            self._open()
        except BaseException:
            self._lock.release()
            raise

    def _open(self) -> None:
        is_new = not self.path.exists()
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        try:
            if is_new and self.sync != "never":
                _sync_folder(self.path)
            last, self._end, lost = _last_line(self._file)
            line = _read(last) if last else None
            if last and (line is None or line["hash"] != digest({k: line[k] for k in ("format", "n", "kind", "prev", "digest")})):
                raise LogError(f"the last line of {self.path.name} is not one of a log; sky log verify says what is wrong")
            self._n: int = line["n"] + 1 if line else 0
            self.head: str = line["hash"] if line else EMPTY
            if lost:
                os.ftruncate(self._file, self._end)
                self.repaired = f"a line that was not finished was cut off ({lost} bytes); entries before it are whole"
                self._append("repair", {"lost_bytes": lost})
        except BaseException:
            os.close(self._file)
            raise

    def __enter__(self) -> Log:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        with self._turn:
            if self._file >= 0:
                if self.sync == "close":
                    os.fsync(self._file)
                os.close(self._file)
                self._file = -1
                self._lock.release()

    def decided(self, decision: Decision, *, time: datetime | str) -> int:
        """Writes what was decided; gives the number of the entry. Raises RecordError for what must not stand in a log."""
        case, events = _known(decision)
        feed = case.to_json()["feed"]
        body = {
            "pupil": _opaque(decision.pupil, "pupil"),
            "time": _time(time),
            "on": decision.on.isoformat(),
            "place": {"known_to": decision.known_to.isoformat(), "events": events},
            "record": _record(case, events),
            "feed": feed,
            "basis": _basis(decision),
            "decision": _decided(decision),
        }
        return self._write("decision", body)

    def answered(
        self,
        decision: Decision,
        event: ActionTaken | StepClosed | Answer | Consent,
        *,
        time: datetime | str,
        of: int | None = None,
    ) -> int:
        """Writes what a person answered to a decision; `of` is the number of its entry. Raises RecordError.

        The role is `by`, a role or group of the ruleset; the reason is a code of the ruleset or of `reasons`.
        """
        r = decision.rules
        said: dict[str, Any] = {"type": TYPE_OF.get(type(event))}
        if not isinstance(event, ActionTaken | StepClosed | Answer | Consent):
            raise _refuse("event", "an answer is an ActionTaken, a StepClosed, an Answer or a Consent")
        if event.by is not None and event.by not in r.roles and event.by not in r.groups:
            raise _refuse("by", "by is a role or group of the ruleset, never a name")
        reasons: set[str] = set(self.reasons)
        match event:
            case ActionTaken():
                said |= {"action": _one(event.action, r.acts, "action"), "status": event.status}
                said |= {"until": event.until.isoformat() if event.until else None, "mark": event.mark}
                reason = event.because
            case StepClosed():
                step = r.step_by_id.get(event.step)
                closing = step.said.closing if step is not None else None
                reasons |= {x.id for x in closing.reasons} if closing is not None else set()
                said |= {"step": event.step if step is None else _one(event.step, r.step_by_id, "step")}
                reason = event.reason
            case Answer():
                question = r.questions[_one(event.question, r.questions, "question")]
                for value in event.values:
                    if isinstance(question.answers, list):
                        _one(value, question.answers, "answer")
                    elif not re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
                        raise _refuse("answer", "the answer is neither one of the ruleset nor a day")
                said |= {"question": event.question, "answer": list(event.values)}
                reason = None
            case _:
                said |= {"consent": _one(event.consent, r.consents, "consent"), "value": event.value}
                reason = None
        if reason is not None:
            said["reason"] = _one(reason, reasons, "reason")
        if said.get("mark"):
            _opaque(str(said["mark"]), "mark")
        body = {
            "pupil": _opaque(decision.pupil, "pupil"),
            "time": _time(time),
            "role": event.by,
            "on": event.on.isoformat(),
            "event": _opaque(event.id, "id") if event.id else None,
            "of": of,
            "answer": said,
        }
        return self._write("answer", body)

    def _write(self, kind: str, body: dict[str, Any]) -> int:
        _check_masked(body, "")
        with self._turn:
            if self._file < 0:
                raise LogError(f"the log {self.path.name} is closed")
            return self._append(kind, body)

    def _append(self, kind: str, body: dict[str, Any]) -> int:
        line = _line(self._n, kind, self.head, {"salt": secrets.token_hex(16), **body})
        raw = _bytes(line)
        if len(raw) > LONGEST_LINE:
            raise _refuse("", f"an entry is longer than {LONGEST_LINE} bytes")
        try:
            os.lseek(self._file, self._end, os.SEEK_SET)
            done = 0
            while done < len(raw):
                done += os.write(self._file, raw[done:])
            if self.sync == "entry":
                os.fsync(self._file)
        except OSError as e:
            os.ftruncate(self._file, self._end)  # what is half written is none
            raise LogError(f"the log {self.path.name} could not be written: {e.strerror}") from None
        self._end += len(raw)
        self._n, self.head = self._n + 1, line["hash"]
        return int(line["n"])


def _one(name: str, known: Collection[str], field: str) -> str:
    if name not in known:
        raise _refuse(field, f"{field} is not one of the ruleset")
    return name


def _last_line(file: int) -> tuple[bytes, int, int]:
    """(the last whole line, where it ends, how many bytes follow it)."""
    size = os.lseek(file, 0, os.SEEK_END)
    tail, at = b"", size
    while at > 0 and tail.count(b"\n") < 2 and len(tail) <= 2 * LONGEST_LINE:
        step = min(at, 65536)
        at -= step
        os.lseek(file, at, os.SEEK_SET)
        part = b""
        while len(part) < step:
            part += os.read(file, step - len(part))
        tail = part + tail
    end = tail.rfind(b"\n") + 1
    return tail[tail.rfind(b"\n", 0, max(0, end - 1)) + 1 : end], size - len(tail) + end, len(tail) - end


# ---------------------------------------------------------------------- reading it
def verify(path: str | os.PathLike[str], *, head: str | None = None) -> Verified:
    """Reads a log from its beginning to its end; every fault by its line.

    head  the hash of an entry that must be there: what was the last one when somebody wrote it down elsewhere
    """
    faults: list[Fault] = []
    prev, n, bare, erased = EMPTY, 0, dict[int, int](), set[int]()
    bodies: dict[int, str] = {}
    seen = head is None or head == EMPTY
    with open(path, "rb") as file:
        for number, raw in enumerate(_lines(file), 1):
            if not raw.endswith(b"\n"):
                what = "unreadable" if len(raw) > LONGEST_LINE else "unfinished"
                faults.append(Fault(number, what, "the line has no end; the next writer cuts it off"))
                continue
            line = _read(raw)
            if line is None:
                faults.append(Fault(number, "unreadable", "this is no entry of a log"))
                n += 1
                prev = ""
                continue
            if line["n"] != n:
                faults.append(Fault(number, "gap", f"this is entry {line['n']}, expected was {n}"))
            if line["prev"] != prev and prev:
                faults.append(Fault(number, "chain", "it does not follow the entry before it"))
            if line["hash"] != digest({k: line[k] for k in ("format", "n", "kind", "prev", "digest")}):
                faults.append(Fault(number, "changed", "the line is not as it was written"))
            if line["body"] is None:
                bare[line["n"]] = number
                bodies[line["n"]] = line["kind"]
            elif digest(line["body"]) != line["digest"]:
                faults.append(Fault(number, "changed", "the body is not as it was written"))
            elif line["kind"] == "erasure":
                found = line["body"].get("entries")
                erased |= {x for x in found if isinstance(x, int) and x < line["n"]} if isinstance(found, list) else set()
            seen = seen or line["hash"] == head
            prev, n = line["hash"], line["n"] + 1
    for k in sorted(bare.keys() - erased):
        faults.append(Fault(bare[k], "no_body", "the body is gone, and no erasure says so"))
    for k in sorted(k for k in bare if bodies[k] not in ("decision", "answer")):
        faults.append(Fault(bare[k], "no_body", f"the body of an entry {bodies[k]} is never erased"))
    for k in sorted(erased - bare.keys()):
        faults.append(Fault(k + 1, "not_erased", "an erasure says that this body is gone, and it is there"))
    if not seen:
        faults.append(Fault(0, "other_head", "the entry that is to be in it is not: entries were cut off, or it is another log"))
    return Verified(n, prev or EMPTY, len(bare), tuple(sorted(faults, key=lambda f: (f.line, f.what))))


def entries_of(path: str | os.PathLike[str], *, pupil: str | None = None) -> Iterator[dict[str, Any]]:
    """The lines of a log as they stand, or those of one pupil: what is handed out when somebody asks for it."""
    with open(path, "rb") as file:
        for raw in _lines(file):
            line = _read(raw) if raw.endswith(b"\n") else None
            if line is not None and (pupil is None or (line["body"] or {}).get("pupil") == pupil):
                yield line


def erase(
    path: str | os.PathLike[str], pupil: str, *, time: datetime | str, role: str, reason: str, until: int | None = None
) -> int:
    """Takes the bodies of one pupil out of a log, up to the entry `until`; gives how many. How: see the top of this file.

    Raises LogError when the log does not verify (what is wrong must not be covered up), or another writer has it open.
    """
    said = {"time": _time(time), "role": role, "reason": reason, "until": until}
    _check_masked(said, "")
    target = Path(path)
    if not target.is_file():
        raise LogError(f"there is no log {target.name}")
    lock = _Lock(target)
    try:
        checked = verify(target)
        if checked.faults:
            raise LogError(f"the log {target.name} does not verify; nothing was erased")
        last = checked.entries - 1 if until is None else until
        new, gone = Path(f"{target}.new"), list[int]()
        with open(new, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            for line in entries_of(target):
                if line["n"] <= last and line["kind"] in ("decision", "answer") and (line["body"] or {}).get("pupil") == pupil:
                    gone.append(line["n"])
                    line = {**line, "body": None}
                file.write(_bytes(line))
            if gone:
                body = {"salt": secrets.token_hex(16), **said, "entries": gone}
                file.write(_bytes(_line(checked.entries, "erasure", checked.head, body)))
            file.flush()
            os.fsync(file.fileno())
        if gone:
            os.replace(new, target)
            _sync_folder(target)
        else:
            os.unlink(new)
        return len(gone)
    finally:
        lock.release()


# ---------------------------------------------------------------------- proving it
def replay(path: str | os.PathLike[str], cases: Mapping[str, Case], decide: Callable[..., Decision]) -> Iterator[Proof]:
    """Decides each entry again: the record up to its place, its day, and the rules and calendar of now.

    cases   the records of now by pupil; what was recorded after an entry's place is left out
    decide  (case, on, known_on, absent=…, as_if=…): with the rules and the calendar that are to be tried, and with the roles
            that were away and the word `as_if` of the entry. Whoever was away without a role in the case is not in the entry.
    """
    for line in entries_of(path):
        if line["kind"] != "decision":
            continue
        yield Proof(line["n"], "erased") if line["body"] is None else _prove(line["n"], line["body"], cases, decide)


def _prove(n: int, body: Mapping[str, Any], cases: Mapping[str, Case], decide: Callable[..., Decision]) -> Proof:
    case = cases.get(body["pupil"])
    if case is None:
        return Proof(n, "no_record")
    events, on, known = body["place"]["events"], date.fromisoformat(body["on"]), date.fromisoformat(body["place"]["known_to"])
    erased = _erased(case)
    before = erased + sum(m < known.toordinal() * DAY for m in case.moments)  # of the day itself more may have come in later
    if not before <= events <= erased + len(case.events) or _record(case, events) != body["record"]:
        return Proof(n, "other_record")
    feed = body["feed"]
    until = date.fromisoformat(feed["data_until"]) if feed["data_until"] else None
    then = case.changed(
        register=feed["register"],
        recorded=feed["recorded"],
        data_until=until,
        data_until_from=feed.get("data_until_from"),
        does=frozenset(feed["does"]),
        code_map=feed.get("code_map"),
        events=case.events[: events - erased],
    )
    try:
        asked = {"absent": body["basis"].get("absent", ()), "as_if": body["basis"].get("as_if", False)}
        decision = decide(then, on, known if known < on else None, **asked)
        new = {"basis": _basis(decision), "decision": _decided(decision)}
    except RecordError:
        return Proof(n, "not_decided")
    basis = tuple(k for k, v in new["basis"].items() if v != body["basis"].get(k))
    return Proof(n, "proven" if new["decision"] == body["decision"] else "differs", basis)
