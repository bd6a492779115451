"""How quick `sky serve` is, with --stdio and with --http, and that its memory stays flat over many requests.

Rules: pupils, days, ids, calendars and mistakes differ from request to request, so that whatever is kept of one of them would
grow; memory is that of the process and of those that it started, as Linux tells it; the first tenth warms up, after it it may
grow by 5 % and no more.

    .venv/bin/python bench/serve.py [--http] [requests, 200000 without]
"""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

CALENDARS = ("example-week-43/2026-27", "example-week-42/2026-27", "example-week-43/2025-26+example-week-43/2026-27")


def request_of(n: int) -> bytes:
    """One request in six is of another kind or wrong."""
    marks = [
        {"type": "mark", "id": f"m-{n}-{i}", "on": f"2026-09-{1 + (n + 3 * i) % 30:02}", "lessons": 1 + n % 6, "kind": kind}
        for i, kind in enumerate(("health", "unauthorised", "unexplained", f"code-{n}")[: 1 + n % 4])
    ]
    enrolment = {"type": "enrolment", "school": f"s-{n}", "grade": 1 + n % 9, "on": "2026-08-12", "calendar": CALENDARS[n % 3]}
    record = {"format": 1, "pupil": f"p-{n}", "feed": {"data_until": "2026-09-30"}, "events": [enrolment, *marks]}
    whole: dict[str, Any] = {"format": 1, "id": f"r-{n}", "request": "decide", "on": f"2026-10-{1 + n % 31:02}", "record": record}
    match n % 24:
        case 3:
            return json.dumps(whole | {"request": "explain", "language": ("fi", "sv", "en")[n % 3]}).encode()
        case 7:
            return json.dumps(whole)[: 20 + n % 100].encode()
        case 11:
            return json.dumps(whole | {f"field-{n}": n}).encode()
        case 15:
            enrolment["calendar"] = f"no-such-calendar-{n}"
            return json.dumps(whole).encode()
        case _:
            return json.dumps(whole).encode()


def posted(n: int) -> tuple[str, bytes]:
    """The same over HTTP: the address, and the body."""
    body = request_of(n)
    return ("/explain" if b'"request": "explain"' in body else "/decide"), body


def resident(pid: int) -> int:
    """Resident memory in KiB of a process and of those that it started; what they share is counted each time."""
    pids = [pid]
    for thread in Path(f"/proc/{pid}/task").iterdir():  # Linux keeps children by the thread that started them
        with suppress(OSError):  # a thread that has ended meanwhile
            pids += [int(x) for x in (thread / "children").read_text(encoding="ascii").split()]
    lines = [x for p in pids for x in Path(f"/proc/{p}/status").read_text(encoding="ascii").splitlines()]
    return sum(int(x.split()[1]) for x in lines if x.startswith("VmRSS:"))


class Seen:
    """What memory was, twenty times in all, and how many answers were errors."""

    def __init__(self, pid: int, count: int) -> None:
        self.pid, self.count, self.done, self.errors, self.start = pid, count, 0, 0, time.perf_counter()
        self.memory: list[int] = []

    def answer(self, begins: bytes) -> None:
        self.done += 1
        self.errors += b'"error":{' in begins
        if self.done % max(1, self.count // 20) == 0:
            self.memory.append(resident(self.pid))
            print(f"{self.done:8,} requests {self.memory[-1] / 1024:8.1f} MiB", flush=True)

    def tell(self) -> int:
        took, growth = time.perf_counter() - self.start, max(self.memory[2:]) / self.memory[1] - 1
        each = took / self.count * 1e6
        print(f"{self.count:,} requests, {self.errors:,} of them wrong: {each:.0f} µs each, memory grew by {100 * growth:.1f} %")
        return 0 if growth < 0.05 else 1


def over_stdio(count: int) -> int:
    command = [sys.executable, "-m", "sky_model.cli", "serve", "--stdio"]
    sky = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert sky.stdin is not None
    assert sky.stdout is not None
    hand_in = sky.stdin

    def ask() -> None:
        for n in range(count):
            hand_in.write(request_of(n) + b"\n")
        hand_in.close()

    threading.Thread(target=ask, daemon=True).start()
    seen = Seen(sky.pid, count)
    for _ in range(count):
        seen.answer(sky.stdout.readline()[:400])
    assert sky.stdout.readline() == b"", "more answers than requests"
    sky.wait()
    return seen.tell()


async def ask_over_http(port: int, numbers: range, seen: Seen) -> None:
    """One connection, one request after another."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for n in numbers:
        path, body = posted(n)
        head = f"POST {path} HTTP/1.1\r\nhost: here\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        length = (await reader.readuntil(b"\r\n\r\n")).lower().partition(b"content-length:")[2].split()[0]
        seen.answer((await reader.readexactly(int(length)))[:400])
    writer.close()


async def ask_all(port: int, count: int, seen: Seen, connections: int = 8) -> None:
    await asyncio.gather(*(ask_over_http(port, range(c, count, connections), seen) for c in range(connections)))


def over_http(count: int) -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    sky = subprocess.Popen([sys.executable, "-m", "sky_model.cli", "serve", "--http", "--port", str(port)])
    try:
        for _ in range(300):
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        seen = Seen(sky.pid, count)
        asyncio.run(ask_all(port, count, seen))
        return seen.tell()
    finally:
        sky.terminate()
        sky.wait()


if __name__ == "__main__":
    asked = [x for x in sys.argv[1:] if x != "--http"]
    number = int(asked[0]) if asked else 200_000
    sys.exit(over_http(number) if "--http" in sys.argv else over_stdio(number))
