"""Erasing one pupil from a log: the bodies go, the chain holds, and nothing of them is left in a second place.

Rules: a log that does not verify is not touched; who decided it is a role of the rules and why is a code, never a name; either
the whole erasure is there or nothing of it, also on a full disk; no copy stays beside the file, nor under another name of it.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import sys
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from sky_model.host.log.entries import check_masked, moment_of, refusal
from sky_model.host.log.form import LogError, bytes_of, line_of
from sky_model.host.log.reading import Verified, entries_of, verify
from sky_model.host.log.writer import lock_file, sync_folder, unfinished_erasure

__all__ = ["ERASED_FOR", "erase"]

ERASED_FOR = ("mistake", "request", "retention")  # why a pupil is erased, where the application names no codes of its own


def erase(
    path: str | os.PathLike[str],
    pupil: str,
    *,
    time: datetime | str,
    role: str,
    reason: str,
    roles: Collection[str],
    reasons: Collection[str] = (),
    until: int | None = None,
) -> int:
    """Takes the bodies of one pupil out of a log, up to the entry `until`; gives how many. How: see the package.

    role     who decided it: one of `roles`, the roles and groups of the ruleset or the application's own
    reason   why: one of ERASED_FOR or of `reasons`
    Raises RecordError for another role or reason, and LogError when the log does not verify (what is wrong must not be covered
    up), when another writer has it open, when the file has a second name, or when the new file cannot be written. Then nothing
    was erased.
    """
    if role not in roles:
        raise refusal("role", "role is not one of the ruleset, and never a name")
    if reason not in (*ERASED_FOR, *reasons):
        raise refusal("reason", f"reason is none of the codes {', '.join((*ERASED_FOR, *sorted(reasons)))}")
    said: dict[str, object] = {"time": moment_of(time), "role": role, "reason": reason, "until": until}
    check_masked(said)
    target = Path(os.path.realpath(path))  # a symbolic link stays one, and the file that it names is erased from
    if not target.is_file():
        raise LogError(f"there is no log {target.name}")
    lock = lock_file(target, make=False)
    try:
        unfinished_erasure(target).unlink(missing_ok=True)
        if os.fstat(lock).st_nlink > 1:
            raise LogError(f"the log {target.name} has a second name (a hard link), where all would stay; nothing was erased")
        checked = verify(target)
        if checked.faults:
            raise LogError(f"the log {target.name} does not verify; nothing was erased")
        return _put_in_place(target, lock, pupil, said, checked)
    finally:
        with contextlib.suppress(OSError):
            os.close(lock)


def _put_in_place(target: Path, lock: int, pupil: str, said: dict[str, object], checked: Verified) -> int:
    new = unfinished_erasure(target)
    try:
        gone = _write(target, new, stat.S_IMODE(os.fstat(lock).st_mode), pupil, said, checked)
        if gone:
            if sys.platform == "win32":  # pragma: no cover - a file that is open cannot be replaced there
                os.close(lock)
            os.replace(new, target)
    except OSError as e:
        raise LogError(f"the log {target.name} could not be written anew: {e.strerror}; nothing was erased") from None
    finally:
        new.unlink(missing_ok=True)
    if gone:
        sync_folder(target)
    return len(gone)


def _write(target: Path, new: Path, mode: int, pupil: str, said: dict[str, object], checked: Verified) -> list[int]:
    """The log without the pupil's bodies, in a file of its own; the numbers of the entries that lost theirs."""
    until, gone = said["until"], list[int]()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with open(os.open(new, flags, 0o600), "wb") as file:
        if hasattr(os, "fchmod"):
            os.fchmod(file.fileno(), mode)
        for line in entries_of(target):
            is_theirs = line["kind"] in ("decision", "answer") and (line["body"] or {}).get("pupil") == pupil
            if is_theirs and (not isinstance(until, int) or line["n"] <= until):
                gone.append(line["n"])
                line = {**line, "body": None}
            file.write(bytes_of(line))
        if gone:
            body = {"salt": secrets.token_hex(16), **said, "entries": gone}
            file.write(bytes_of(line_of(checked.entries, "erasure", checked.head, body)))
        file.flush()
        os.fsync(file.fileno())
    return gone
