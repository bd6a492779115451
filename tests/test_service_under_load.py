"""What is promised of the HTTP service when many ask, when clients are slow or go away, and when what they send is too much.

Rules: a real server on loopback, asked over sockets; every answer is compared with what `decide` says of the same pupil; limits
are set low, so that a test need not wait for them; memory and work are those that Linux tells of the processes.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import select
import shutil
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import sky_model as sky
from sky_model.host.requests import Desk, answer
from sky_model.layers import rulesets_folder

try:
    import starlette  # noqa: F401
    import uvicorn  # noqa: F401
except ImportError as e:
    pytest.skip(f"skipped: the HTTP service needs the extra service ({e})", allow_module_level=True)
if not Path("/proc/self/task").is_dir():
    pytest.skip("skipped: memory and work of processes are read as Linux tells them", allow_module_level=True)

from served import ENDLESS, Served, answer_from, head_of, is_closed, served, wait_for

from sky_model.host.service import EXAMPLES

ROOT = Path(__file__).resolve().parents[1]
DESK = Desk(sky.load("presets/lessons-per-term"))
DECIDE = EXAMPLES["/decide"]
LINES = "application/x-ndjson"
MANY = "/decide-many"


def asked_of(n: int) -> dict[str, Any]:
    """Of the pupil with this number: marks that others have not."""
    days = (14 + (n + 3 * i) % 15 for i in range(1 + n % 5))
    marks = [
        {"type": "mark", "id": f"m-{n}-{i}", "on": f"2026-09-{d:02}", "lessons": 1 + (n + i) % 7, "kind": "unauthorised"}
        for i, d in enumerate(days)
    ]
    record = DECIDE["record"] | {"pupil": f"p-{n}", "events": [DECIDE["record"]["events"][0], *marks]}
    return DECIDE | {"id": f"r-{n}", "record": record}


def right(n: int) -> Any:
    return answer(DESK, asked_of(n) | {"request": "decide"})


@pytest.fixture(scope="module")
def hasty() -> Iterator[Served]:
    """A service whose patience is short."""
    with served(seconds=2, head=1, taken=2, workers=2) as found:
        assert found.post("/decide", DECIDE)[0] == 200
        yield found


def is_served(service: Served) -> bool:
    return service.post("/decide", asked_of(7)) == (200, right(7))


# ---------------------------------------------------------------------- many at once
@pytest.mark.long
def test_ten_thousand_requests_at_once_get_each_its_own_answer_or_are_told_that_it_is_busy() -> None:
    connections, times, at_once = 800, 13, 500
    expected = [right(n) for n in range(connections)]
    bodies = [json.dumps(asked_of(n)).encode() for n in range(connections)]
    seen: Counter[str] = Counter()

    async def ask(port: int, n: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(times):
            writer.write(head_of("/decide", len(bodies[n])) + bodies[n])
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length:")[2].split()[0])
            said = json.loads(await reader.readexactly(length))
            if head.startswith(b"http/1.1 503"):
                assert said["error"]["code"] == "busy"
                assert b"retry-after:" in head
                seen["busy"] += 1
                writer.close()
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            else:
                assert said == expected[n]
                seen["right"] += 1
        writer.close()

    async def all_at_once(service: Served) -> float:
        """Memory when all are connected and a quarter is answered."""
        asked = asyncio.gather(*(ask(service.port, n) for n in range(connections)))
        while seen.total() < connections * times / 4 and not asked.done():
            await asyncio.sleep(0.1)
        memory = service.memory()
        await asked
        return memory

    with served(at_once=at_once, workers=2) as service:
        before = asyncio.run(all_at_once(service))
        assert seen["right"] + seen["busy"] == connections * times > 10_000
        assert seen["right"] >= at_once
        assert service.memory() < before * 1.05
        assert is_served(service)


@pytest.mark.long
def test_memory_stays_flat_over_thousands_of_requests_and_mistakes() -> None:
    spec = importlib.util.spec_from_file_location("bench_serve", ROOT / "bench" / "serve.py")
    assert spec is not None
    assert spec.loader is not None
    bench = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bench)
    with served(workers=1) as service, service.connect() as s:
        for n in range(6000):
            path, body = bench.posted(n)
            s.sendall(head_of(path, len(body)) + body)
            answer_from(s)
            if n == 2000:
                before = service.memory()
        assert service.memory() < before * 1.05


# ---------------------------------------------------------------------- one after another
def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def lines_from(s: socket.socket) -> Iterator[Any]:
    """The answers of /decide-many, each as soon as it is there."""
    file = s.makefile("rb")
    while file.readline().strip():
        pass
    held = b""
    while size := int(file.readline(), 16):
        held += file.read(size)
        file.readline()
        *whole, held = held.split(b"\n")
        yield from map(json.loads, whole)


@pytest.mark.long
def test_a_line_is_answered_before_the_next_one_is_sent(hasty: Served) -> None:
    with hasty.connect() as s:
        s.sendall(head_of(MANY, None, LINES))
        found = None
        for n in range(5):
            line = json.dumps(asked_of(n)).encode()
            s.sendall(chunk(line[:50]))
            s.sendall(chunk(line[50:] + b"\n"))
            found = found or lines_from(s)
            assert next(found) == right(n)
        s.sendall(
            chunk(b"{\n\n") + chunk(json.dumps(asked_of(9)).encode()) + chunk(b"")
        )  # a bad line, and one without its newline
        assert found is not None
        bad, last = found
        assert bad["error"]["place"].startswith("line 6, ")
        assert last == right(9)


@pytest.mark.long
def test_thousands_of_lines_are_answered_in_flat_memory() -> None:
    many, lines = 4000, [json.dumps(asked_of(n)).encode() + b"\n" for n in range(50)]
    expected = [right(n) for n in range(50)]
    with served(workers=2) as service, service.connect() as s:
        s.sendall(head_of(MANY, None, LINES))
        s.sendall(chunk(lines[0]))
        found = lines_from(s)
        assert next(found) == expected[0]

        def send() -> None:
            for n in range(1, many):
                s.sendall(chunk(lines[n % 50]))
            s.sendall(chunk(b""))

        sender = threading.Thread(target=send)
        sender.start()
        for n, said in enumerate(found, 1):
            assert said == expected[n % 50]
            if n == 500:
                before = service.memory()
        sender.join()
        assert n == many - 1
        assert service.memory() < before * 1.05


@pytest.mark.long
def test_a_line_of_a_gigabyte_is_one_error_and_is_never_in_memory() -> None:
    with served(workers=1) as service, service.connect(120) as s:
        assert is_served(service)
        before = service.peak()
        s.sendall(head_of(MANY, None, LINES))
        piece = chunk(b"x" * (1 << 20))
        for _ in range(1 << 10):
            s.sendall(piece)
        s.sendall(chunk(b"\n" + json.dumps(asked_of(3)).encode() + b"\n") + chunk(b""))
        long, after = lines_from(s)
        assert (long["error"]["code"], long["error"]["place"]) == ("too-large", "line 1")
        assert after == right(3)
        assert service.peak() < before + 60


def test_a_client_that_goes_away_stops_the_work(hasty: Served) -> None:
    body = b"".join(json.dumps(x).encode() + b"\n" for x in (asked_of(0), *[ENDLESS] * 1000))  # half an hour, two seconds each
    with hasty.connect() as s:
        s.sendall(head_of(MANY, len(body), LINES) + body)
        assert next(lines_from(s)) == right(0)
    assert wait_for(lambda: is_idle(hasty)), "it works on for nobody"
    assert is_served(hasty)


def is_idle(service: Served) -> bool:
    before = service.worked()
    time.sleep(1)
    return service.worked() - before < 0.1


def test_who_does_not_read_is_not_read_from_and_is_ended_in_time(hasty: Served) -> None:
    piece = b"".join(chunk(json.dumps(asked_of(n)).encode() + b"\n") for n in range(50))
    before, sent = hasty.memory(), 0
    with hasty.connect() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 14)
        s.sendall(head_of(MANY, None, LINES))
        s.settimeout(300)

        def send() -> None:
            nonlocal sent
            while sent < 100_000_000:
                sent += s.send(piece)
                if sent % (1 << 20) < len(piece):
                    assert is_served(hasty)

        with pytest.raises(ConnectionError):  # not TimeoutError: it is ended, not left
            send()
    assert hasty.memory() < before + 40
    assert is_served(hasty)


def test_who_asks_and_asks_and_never_reads_is_ended_in_time(hasty: Served) -> None:
    with hasty.connect() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 14)
        s.settimeout(300)
        with pytest.raises(ConnectionError):
            s.sendall(b"GET /openapi.json HTTP/1.1\r\nhost: here\r\n\r\n" * 1_000_000)
    assert is_served(hasty)


# ---------------------------------------------------------------------- slow
def test_a_head_that_does_not_come_is_told_so_and_others_are_served(hasty: Served) -> None:
    for begun in (b"", b"POST /decide HTTP/1.1\r\nho"):
        with hasty.connect() as s:
            s.sendall(begun)
            assert is_served(hasty)
            if begun:
                status, said = answer_from(s)
                assert (status, said["error"]["code"]) == (408, "slow")
            assert is_closed(s)


def test_a_head_of_a_byte_a_while_is_ended_also_after_an_answer(hasty: Served) -> None:
    with hasty.connect() as s:
        body = json.dumps(DECIDE).encode()
        s.sendall(head_of("/decide", len(body)) + body)
        assert answer_from(s)[0] == 200

        def send() -> None:
            for byte in head_of("/decide", 10, "x" * 2000):  # three minutes, if nobody ended it
                s.sendall(bytes([byte]))
                time.sleep(0.1)

        with pytest.raises(ConnectionError):
            send()


@pytest.mark.long
@pytest.mark.parametrize("path", ["/decide", MANY])
@pytest.mark.parametrize("pause", [0.2, 3600.0], ids=["a-byte-a-while", "half-and-no-more"])
def test_a_body_that_does_not_come_is_told_so_and_others_are_served(hasty: Served, path: str, pause: float) -> None:
    body = json.dumps(DECIDE).encode()
    stop = threading.Event()
    with hasty.connect() as s:
        s.sendall(head_of(path, len(body), LINES if path == MANY else "application/json") + body[: len(body) // 2])

        def trickle() -> None:
            for byte in body[len(body) // 2 :]:
                if stop.wait(pause):
                    return
                try:
                    s.sendall(bytes([byte]))
                except OSError:
                    return

        thread = threading.Thread(target=trickle)
        thread.start()
        try:
            assert is_served(hasty)
            if path == MANY:
                said = next(lines_from(s))
                assert said["error"]["place"] == "line 1"
            else:
                status, said = answer_from(s)
                assert status == 408
            assert said["error"]["code"] == "slow"
            assert is_closed(s)
        finally:
            stop.set()
            thread.join()


def test_two_hundred_slow_clients_keep_nobody_waiting() -> None:
    with served(seconds=3600, head=3600, taken=3600, workers=2) as patient:  # it does not end them: others are served beside them
        slow = [patient.connect() for _ in range(200)]
        try:
            for s in slow:
                s.sendall(head_of("/decide", 1000) + b"{")
            assert all(is_served(patient) for _ in range(20))
            for s in slow:
                s.setblocking(False)
                with pytest.raises(BlockingIOError):
                    s.recv(1)
        finally:
            for s in slow:
                s.close()


def test_two_hundred_slow_clients_are_told_so(hasty: Served) -> None:
    slow = [hasty.connect() for _ in range(200)]
    try:
        for s in slow:
            s.sendall(head_of("/decide", 1000) + b"{")
        assert {answer_from(s)[0] for s in slow} == {408}
    finally:
        for s in slow:
            s.close()


@pytest.mark.long
def test_more_connections_than_it_may_open_wait_and_say_nothing_without_end() -> None:
    resource = pytest.importorskip("resource", reason="skipped: no limits of open files on this system")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))  # handed down to what is started next
    try:
        with served(head=1, workers=1) as service:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            assert is_served(service)
            idle = [service.connect() for _ in range(150)]
            assert is_served(service)
            for s in idle:
                s.close()
            service.process.terminate()
            assert b"".join(service.process.communicate(timeout=300)) == b""
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# ---------------------------------------------------------------------- too much, or not what it should be
def test_a_body_that_is_too_long_is_told_so_at_once_and_never_in_memory(hasty: Served) -> None:
    before = hasty.peak()
    with hasty.connect() as s:  # it says so, and the client has sent nothing of it
        s.sendall(head_of("/decide", 20_000_000_000))
        status, said = answer_from(s)
        assert (status, said["error"]["code"]) == (413, "too-large")
    with hasty.connect() as s:  # it says nothing, and the client sends all of it before it reads
        s.sendall(head_of("/decide", None))
        for _ in range(60):
            s.sendall(chunk(b" " * (1 << 20)))
        s.sendall(chunk(b""))
        status, said = answer_from(s)
        assert (status, said["error"]["code"]) == (413, "too-large")
    assert hasty.peak() < before + 60
    assert is_served(hasty)


@pytest.mark.long
def test_bodies_together_are_no_more_than_fits() -> None:
    with served(body=1_000_000, held=3_000_000, workers=1) as service:
        waiting = [service.connect() for _ in range(6)]
        for s in waiting:
            s.sendall(head_of("/decide", 1_000_000) + b" " * 900_000)
        assert wait_for(lambda: len(select.select(waiting, [], [], 0)[0]) >= 3)
        answered = select.select(waiting, [], [], 0)[0]
        assert {answer_from(s)[1]["error"]["code"] for s in answered} == {"busy"}
        assert 3 <= len(answered) < 6
        for s in waiting:
            s.close()
        assert wait_for(lambda: is_served(service))
        for s in waiting:
            s.close()


GOOD = json.dumps(DECIDE).encode()
BAD = {
    "cut off": (GOOD[:-20], 400, "json"),
    "latin-1": (GOOD.replace(b"s-3", "ä".encode("latin-1")), 400, "utf-8"),
    "utf-16": (GOOD.decode().encode("utf-16"), 400, "utf-8"),
    "utf-16 without a mark": (GOOD.decode().encode("utf-16-le"), 400, "utf-8"),
    "not utf-8": (GOOD.replace(b"s-3", b"\xc3\x28"), 400, "utf-8"),
    "NaN": (GOOD.replace(b'"lessons": 6', b'"lessons": NaN'), 400, "number"),
    "Infinity": (GOOD.replace(b'"lessons": 6', b'"lessons": -Infinity'), 400, "number"),
    "1e999": (GOOD.replace(b'"lessons": 6', b'"lessons": 1e999'), 400, "number"),
    "a huge number": (GOOD.replace(b'"lessons": 6', b'"lessons": ' + b"9" * 100_000), 400, "number"),
    "a large number": (GOOD.replace(b'"lessons": 6', b'"lessons": 99999999999999999999'), 422, "too-many"),
    "deep": (GOOD.replace(b'"lessons": 6', b'"lessons": ' + b"[" * 5_000_000), 400, "too-deep"),
    "deep and whole": (GOOD.replace(b'"lessons": 6', b'"lessons": ' + b"[" * 99 + b"]" * 99), 400, "too-deep"),
    "a key twice": (GOOD.replace(b'"lessons": 6', b'"lessons": 6, "lessons": 7'), 400, "doubled-key"),
    "an unknown field": (GOOD.replace(b'"lessons": 6', b'"lesons": 6'), 422, "unknown-field"),
    "an unknown field that is null": (GOOD.replace(b'"lessons": 6', b'"lessons": 6, "lesons": null'), 422, "unknown-field"),
    "a format of the future": (GOOD.replace(b'"format": 1, "id"', b'"format": 2, "id"'), 422, "format-unknown"),
    "a record of the future": (GOOD.replace(b'"format": 1, "pupil"', b'"format": 2, "pupil"'), 422, "format"),
    "half a character": (GOOD.replace(b"p-17", b"\\ud800"), 400, "surrogate"),
    "nothing": (b"", 400, "empty"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_read_is_a_clear_error_and_says_nothing_of_a_person(hasty: Served, name: str) -> None:
    body, status, code = BAD[name]
    found, said = hasty.post("/decide", body)
    assert (found, said["error"]["code"]) == (status, code), said
    assert said["error"]["message"]
    assert said["error"]["hint"] or code in ("too-many", "unknown-field")
    assert "p-17" not in json.dumps(said["error"])
    assert is_served(hasty)


def test_a_byte_order_mark_is_passed_over(hasty: Served) -> None:
    assert hasty.post("/decide", b"\xef\xbb\xbf" + json.dumps(asked_of(7)).encode()) == (200, right(7))


@pytest.mark.parametrize(
    "head",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
        b"GET\r\n\r\n",
        b"GET /docs HTTP/1.1\r\nx: " + b"y" * 100_000,
        b"POST /decide HTTP/1.1\r\nh\r\n\r\n",
    ],
    ids=["tls", "no-address", "too-long", "no-host"],
)
def test_what_is_not_http_is_told_so_in_the_same_shape(hasty: Served, head: bytes) -> None:
    with hasty.connect() as s:
        s.sendall(head)
        status, said = answer_from(s)
        assert (status, said["error"]["code"]) == (400, "head")
        assert is_closed(s)
    assert is_served(hasty)


# ---------------------------------------------------------------------- rules replaced meanwhile
@pytest.mark.long
def test_rules_replaced_while_requests_run_change_no_answer_until_it_is_started_again(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    shutil.copytree(rulesets_folder() / "presets" / "lessons-per-term", rules, ignore=shutil.ignore_patterns("cases"))
    expected = answer(Desk(sky.load(rules)), asked_of(7) | {"request": "decide"})
    stop, wrong, count = threading.Event(), [], Counter[int]()
    with served(rules, workers=2) as service:

        def ask() -> None:
            while not stop.is_set():
                found = service.post("/decide", asked_of(7))
                count[found[0]] += 1
                if found != (200, expected) and found[1].get("error", {}).get("code") != "internal":
                    wrong.append(found)

        threads = [threading.Thread(target=ask) for _ in range(4)]

        def answered(more: int) -> None:
            enough = count[200] + more
            assert wait_for(lambda: count[200] >= enough)

        for t in threads:
            t.start()
        answered(50)
        said = (rules / "ruleset.yaml").read_text(encoding="utf-8")
        other = said.replace("version: 2026-1", "version: 2026-2")
        assert other != said
        (rules / "ruleset.yaml").write_text(other, encoding="utf-8")
        answered(50)
        (rules / "ruleset.yaml").write_text("no: [ruleset", encoding="utf-8")
        killed = service.processes()[1:]
        assert len(killed) == 2
        for pid in killed:  # new ones take their place, while the disk holds what is broken
            os.kill(pid, signal.SIGKILL)
        answered(50)
        assert not set(killed) & set(service.processes()[1:])
        stop.set()
        for t in threads:
            t.join()
        assert wrong == []
        assert count[500] <= 4  # each of those that were killed may have had one in hand
        assert service.post("/decide", asked_of(7)) == (200, expected)
    (rules / "ruleset.yaml").write_text(other, encoding="utf-8")
    with served(rules, workers=1) as service:
        status, found = service.post("/decide", asked_of(7))
    assert status == 200
    assert found["decide"]["basis"]["ruleset"] != expected["decide"]["basis"]["ruleset"]
    assert "2026-2" in json.dumps(found["decide"]["basis"]["ruleset"])


# ---------------------------------------------------------------------- traces
HOSTILE = "Aino-Zyx-Virtanen"


@pytest.mark.long
def test_nothing_of_what_is_asked_is_logged() -> None:
    h = HOSTILE.encode()
    with served(seconds=2, head=1, workers=1) as service:
        record = DECIDE["record"] | {"pupil": HOSTILE}
        assert service.post("/decide", DECIDE | {"record": record})[1]["decide"]["pupil"] == HOSTILE
        service.post("/decide", DECIDE | {"record": record | {"events": [{"type": HOSTILE}]}})
        for raw in (
            b"GET /" + h + b"?" + h + b"=" + h + b" HTTP/1.1\r\nhost: " + h + b"\r\nx-" + h + b": " + h + b"\r\n\r\n",
            h + b" / HTTP/1.1\r\nhost: x\r\n\r\n",
            b"GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: " + h + b"\r\n\r\n",
            b"GET / HTTP/1.1\r\n" + h + b"\r\n\r\n",
            b"GET /" + h,
            head_of("/decide", None) + h + b"\r\n\r\n",
            head_of("/decide", 500) + h,
            head_of(MANY, None, LINES) + chunk(h + b"\n") + h,
        ):
            with service.connect(10) as s:
                s.sendall(raw)
                data = b""
                try:
                    while more := s.recv(1 << 16):
                        data += more
                except (TimeoutError, ConnectionError):
                    pass
                assert h.lower() not in data.lower(), raw
        with service.connect() as s:  # goes away in the middle
            s.sendall(head_of("/decide", 500) + h)
        assert is_served(service)
        service.process.terminate()
        out, err = service.process.communicate(timeout=30)
    assert out + err == b""


@pytest.mark.long
def test_when_the_service_is_lost_no_process_works_on_for_nobody() -> None:
    with served(seconds=3, workers=1) as service, service.connect() as s:
        worker = at_work(service, s)
        service.process.kill()
        assert wait_for(lambda: not _is_alive(worker))


def at_work(service: Served, s: socket.socket) -> int:
    """The process that works on a request without end."""
    assert is_served(service)
    body = json.dumps(ENDLESS).encode()
    before = service.worked()
    s.sendall(head_of("/decide", len(body)) + body)
    assert wait_for(lambda: service.worked() > before + 0.2)
    return service.processes()[1]


def _is_alive(pid: int) -> bool:
    """What has ended and nobody has asked for yet is not alive."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.long
def test_told_to_end_it_ends_with_all_its_processes_also_while_it_works() -> None:
    with served(seconds=3600, workers=2) as service:
        with service.connect() as s:
            at_work(service, s)
            pids = service.processes()
            assert len(pids) == 3
            service.process.terminate()
            assert service.process.wait(300) == 0
        assert wait_for(lambda: not any(map(_is_alive, pids[1:])))
