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
What a crash left of an unfinished one is taken away by the next writer or erasure. A file that has a second name (a hard link) is
not erased from: under that name the old content would stay.

**Writers.** One at a time, by a lock on the file itself, whatever name it is opened by; a process that was forked is another one.

**Bytes.** A line has one form. The same content in other bytes (a doubled key, a space, another order) is a fault.

**Crash.** A line is written at once and made safe by `sync`. One without its line end was not finished: the next `Log` cuts it
off, says so (`repaired`), and appends an entry `repair`. Nothing before it is touched. Entries cut off the end leave no trace in
the file itself: keep `head` (`sky log verify` prints it) somewhere else and hand it in when verifying.
"""

from __future__ import annotations

from sky_model.host.log.erasing import ERASED_FOR, erase
from sky_model.host.log.form import EMPTY, LogError
from sky_model.host.log.reading import Fault, Proof, Verified, entries_of, replay, verify
from sky_model.host.log.writer import Log

__all__ = ["EMPTY", "ERASED_FOR", "Fault", "Log", "LogError", "Proof", "Verified", "entries_of", "erase", "replay", "verify"]
