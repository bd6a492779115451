"""The writer: who may write, where a line begins, when it is safe.

Rules: the lock is on the file itself, so that it holds whatever name the file was opened by; a line is appended at the real end
of the file, and where that is not the end that this writer left, nothing is written; a process that was forked is another writer.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import sys
import threading
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, TypeAlias

from sky_model.decision import Decision
from sky_model.events import ActionTaken, Answer, Consent, StepClosed
from sky_model.host.log.entries import answer_body, check_masked, decision_body, refusal
from sky_model.host.log.form import EMPTY, LONGEST_LINE, LogError, bytes_of, hash_of, is_as_written, line_of, read_line

__all__ = ["Log", "Sync", "lock_file", "sync_folder", "unfinished_erasure"]

Sync: TypeAlias = Literal["entry", "close", "never"]
LOCKED_BYTE = 0x7FFF0000  # Windows locks bytes, and no other process may read them: one that no entry reaches


def lock_file(path: Path, *, make: bool) -> int:
    """The file of a log, locked for this writer alone. The system gives the lock back when the process ends, however it ends.

    Raises LogError: another writer has it, whatever it calls the file.
    """
    flags = os.O_RDWR | os.O_APPEND | (os.O_CREAT if make else 0) | getattr(os, "O_BINARY", 0)
    while True:
        file = os.open(path, flags, 0o600)
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise LogError(f"{path.name} is no plain file; a log is one")
            _lock(file)
            with contextlib.suppress(OSError):
                if os.path.samestat(os.fstat(file), os.stat(path)):
                    return file
        except OSError:
            os.close(file)
            raise LogError(f"another writer has the log {path.name} open; one at a time") from None
        except BaseException:
            os.close(file)
            raise
        os.close(file)  # an erasure put a new file in its place meanwhile


def _lock(file: int) -> None:
    if sys.platform == "win32":  # pragma: no cover - the other systems
        import msvcrt

        os.lseek(file, LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def sync_folder(path: Path) -> None:
    if sys.platform != "win32":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def unfinished_erasure(path: Path) -> Path:
    """Where an erasure writes. What lies there when nobody holds the lock is a copy that a crash left: it is taken away."""
    return path.with_name(f".{path.name}.erasing")


class Log:
    """A log that is open for writing; one writer at a time, any number of threads, in the process that opened it.

    sync      when an entry is made safe against a loss of power: `entry` (after each, before the call returns), `close`, `never`
              (the system decides). A crash of the process alone loses nothing that was written.
    reasons   codes that may stand as a reason beside those of the ruleset's closings
    repaired  what was cut off at the start; None: nothing
    Raises LogError when another writer has it open, or its last line is not one of a log.
    """

    def __init__(self, path: str | os.PathLike[str], *, sync: Sync = "entry", reasons: Collection[str] = ()) -> None:
        self.path, self.sync, self.reasons = Path(os.path.realpath(path)), sync, frozenset(reasons)
        self.repaired: str | None = None
        self._turn = threading.Lock()
        self._process = os.getpid()
        is_new = not self.path.exists()
        self._file = lock_file(self.path, make=True)
        try:
            if is_new and sync != "never":
                sync_folder(self.path)
            unfinished_erasure(self.path).unlink(missing_ok=True)
            self._begin()
        except BaseException:
            os.close(self._file)
            raise

    def _begin(self) -> None:
        """Find the last entry; cut off what was not finished, and say so."""
        last, self._end, lost = _last_line(self._file)
        line = read_line(last) if last else None
        if last and (line is None or line["hash"] != hash_of(line) or not is_as_written(line, last)):
            raise LogError(f"the last line of {self.path.name} is not one of a log; sky log verify says what is wrong")
        self._n: int = line["n"] + 1 if line else 0
        self.head: str = line["hash"] if line else EMPTY
        if lost:
            os.ftruncate(self._file, self._end)
            self.repaired = f"a line that was not finished was cut off ({lost} bytes); entries before it are whole"
            self._append("repair", {"lost_bytes": lost})

    def __enter__(self) -> Log:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        if self._process != os.getpid():  # a copy made by fork: the lock and the end of the file belong to who opened it
            return
        with self._turn:
            if self._file >= 0:
                file, self._file = self._file, -1
                try:
                    if self.sync == "close":
                        os.fsync(file)
                finally:
                    os.close(file)

    def decided(self, decision: Decision, *, time: datetime | str) -> int:
        """Writes what was decided; gives the number of the entry. Raises RecordError for what must not stand in a log."""
        return self._write("decision", decision_body(decision, time))

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
        return self._write("answer", answer_body(decision, event, time, of, self.reasons))

    def _write(self, kind: str, body: dict[str, Any]) -> int:
        check_masked(body)
        if self._process != os.getpid():
            raise LogError(f"the log {self.path.name} was opened before this process was forked; open it in one of them only")
        with self._turn:
            if self._file < 0:
                raise LogError(f"the log {self.path.name} is closed")
            return self._append(kind, body)

    def _append(self, kind: str, body: dict[str, Any]) -> int:
        line = line_of(self._n, kind, self.head, {"salt": secrets.token_hex(16), **body})
        raw = bytes_of(line)
        if len(raw) > LONGEST_LINE:
            raise refusal("", f"an entry is longer than {LONGEST_LINE} bytes")
        if os.fstat(self._file).st_size != self._end:  # by somebody who asks no lock
            raise LogError(f"the log {self.path.name} was written to from outside; close it, and see what sky log verify says")
        try:
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
