"""The HTTP service as a process of its own, for tests that ask it over sockets, and what Linux tells of its memory and work."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sky_model.decision import Decision
from sky_model.host.requests import Desk
from sky_model.records import Case

PROGRAM = """
import sys, sky_model as sky
from served import EndlessDesk
from sky_model.host.service import Limits, app_of, serve
serve(app_of(EndlessDesk(sky.load(sys.argv[1])), Limits(**eval(sys.argv[3]))), port=int(sys.argv[2]))
"""


SLOW = "p-slow"
# A request whose decision never ends, on however fast a machine: a desk of `EndlessDesk` works on it until its process is ended.
ENDLESS = {
    "format": 1,
    "id": "r-1",
    "on": "2027-05-01",
    "record": {"format": 1, "pupil": SLOW, "events": []},
}


class EndlessDesk(Desk):
    """As any desk, but for one pupil. The processes of the service find this class by PYTHONPATH (`here`)."""

    def decide(self, case: Case, on: date, known_on: date | None, **asked: Any) -> Decision:
        while case.pupil == SLOW:  # work, not sleep: nothing may depend on its being interrupted kindly
            pass
        return super().decide(case, on, known_on, **asked)


def here() -> dict[str, str]:
    """The environment with this folder in PYTHONPATH."""
    folders = [str(Path(__file__).resolve().parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(folders)}


@dataclass
class Served:
    port: int
    process: subprocess.Popen[bytes]

    def connect(self, timeout: float = 300) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def post(self, path: str, body: Any, kind: str = "application/json") -> tuple[int, Any]:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        with self.connect() as s:
            s.sendall(head_of(path, len(data), kind) + data)
            return answer_from(s)

    def processes(self) -> list[int]:
        """Of the service and of its workers."""
        found = [self.process.pid]
        for thread in Path(f"/proc/{self.process.pid}/task").iterdir():  # Linux keeps children by the thread that started them
            with suppress(OSError):  # a thread that has ended meanwhile
                found += [int(x) for x in (thread / "children").read_text().split()]
        return found

    def memory(self) -> float:
        """MiB of all its processes together, what they share counted each time."""
        return sum(_status(pid, "VmRSS:") for pid in self.processes()) / 1024

    def peak(self) -> float:
        """MiB that the service itself has ever had."""
        return _status(self.process.pid, "VmHWM:") / 1024

    def worked(self) -> float:
        """Seconds of all its processes."""
        ticks = 0
        for pid in self.processes():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")


def wait_for(what: Callable[[], bool], seconds: float = 300) -> bool:
    """Whether it comes true: as soon as it does on a fast machine, after a long while on a slow one, False when it never does."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if what():
            return True
        time.sleep(0.05)
    return what()


def _status(pid: int, key: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return int(next(x for x in lines if x.startswith(key)).split()[1])


@contextmanager
def served(rules: str | Path = "presets/lessons-per-term", **limits: Any) -> Iterator[Served]:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port: int = s.getsockname()[1]
    command = [sys.executable, "-c", PROGRAM, str(rules), str(port), repr(limits)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=here()) as process:
        found = Served(port, process)
        try:
            wait_for(lambda: _listens(port))
            yield found
        finally:
            process.terminate()


def _listens(port: int) -> bool:
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def head_of(path: str, length: int | None, kind: str = "application/json", method: str = "POST") -> bytes:
    size = "transfer-encoding: chunked" if length is None else f"content-length: {length}"
    return f"{method} {path} HTTP/1.1\r\nhost: here\r\ncontent-type: {kind}\r\n{size}\r\n\r\n".encode()


def answer_from(s: socket.socket) -> tuple[int, Any]:
    """Status and JSON of an answer that says its length. Raises ConnectionError when it does not come."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(s)
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(next(x for x in head.lower().split(b"\r\n") if x.startswith(b"content-length:")).split(b":")[1])
    while len(body) < length:
        body += _more(s)
    return int(head.split()[1]), json.loads(body)


def _more(s: socket.socket) -> bytes:
    found = s.recv(1 << 16)
    if not found:
        raise ConnectionError
    return found


def is_closed(s: socket.socket, within: float = 300) -> bool:
    """Whether the service ends this connection; what still comes is read. It waits long, for a slow machine."""
    s.settimeout(within)
    try:
        while s.recv(1 << 16):
            pass
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True
