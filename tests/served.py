"""The HTTP service as a process of its own, for tests that ask it over sockets, and what Linux tells of its memory and work."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = """
import sys, sky_model as sky
from sky_model.host.requests import Desk
from sky_model.host.service import Limits, app_of, serve
serve(app_of(Desk(sky.load(sys.argv[1])), Limits(**eval(sys.argv[3]))), port=int(sys.argv[2]))
"""


# Two thousand changes of school: a record that nobody has, of a quarter of a megabyte, and more than half a minute of work.
ENDLESS = {
    "format": 1,
    "id": "r-1",
    "on": "2027-05-01",
    "record": {
        "format": 1,
        "pupil": "p-slow",
        "events": [
            {"type": "enrolment", "school": f"s{i}", "grade": 8, "on": f"2026-{9 + i % 4:02}-{1 + i % 28:02}", "seq": i}
            | {"calendar": "example-week-43/2026-27"}
            for i in range(2000)
        ],
    },
}


@dataclass
class Served:
    port: int
    process: subprocess.Popen[bytes]

    def connect(self, timeout: float = 60) -> socket.socket:
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


def _status(pid: int, key: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return int(next(x for x in lines if x.startswith(key)).split()[1])


@contextmanager
def served(rules: str | Path = "presets/lessons-per-term", **limits: Any) -> Iterator[Served]:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port: int = s.getsockname()[1]
    command = [sys.executable, "-c", PROGRAM, str(rules), str(port), repr(limits)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        found = Served(port, process)
        try:
            for _ in range(300):
                with socket.socket() as s:
                    if s.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            yield found
        finally:
            process.terminate()


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


def is_closed(s: socket.socket, within: float) -> bool:
    """Whether the service ends this connection in time; what still comes is read."""
    s.settimeout(within)
    try:
        while s.recv(1 << 16):
            pass
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True
