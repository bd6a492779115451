"""How quick `sky serve --stdio` is, and that its memory stays flat: one process, many requests, its resident memory now and then.

Rules: pupils, days, ids, calendars and mistakes differ from request to request, so that whatever is kept of one of them would
grow; memory is that of the process itself, as Linux tells it; the first tenth warms up, after it it may grow by 5 % and no more.

    .venv/bin/python bench/serve.py [requests, 200000 without]
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
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


def resident(pid: int) -> int:
    """Resident memory in KiB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS:")).split()[1])


def main(count: int) -> int:
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
    start, errors, seen = time.perf_counter(), 0, []
    for n in range(count):
        line = sky.stdout.readline()
        errors += b'"error":{' in line[:400]
        if (n + 1) % max(1, count // 20) == 0:
            seen.append(resident(sky.pid))
            print(f"{n + 1:8,} requests {seen[-1] / 1024:8.1f} MiB", flush=True)
    took = time.perf_counter() - start
    assert sky.stdout.readline() == b"", "more answers than requests"
    sky.wait()
    growth = max(seen[2:]) / seen[1] - 1
    print(f"{count:,} requests, {errors:,} of them wrong: {took / count * 1e6:.0f} µs each, memory grew by {100 * growth:.1f} %")
    return 0 if growth < 0.05 else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000))
