"""Where the answers of the HTTP service are made: processes that can be ended.

Rules: one request at a time in a process; what works longer than it may is ended by its own watch, and the next one gets a new
process; each has the rules that were read at the start, never what lies on the disk later; nothing is logged, nothing is kept.

Why processes: a thread cannot be ended from outside, and a record of a quarter of a megabyte can be written that takes a minute.
A few of them would take every thread for good (docs/decisions/http-service.md).

    workers = Workers(desk, count=2, seconds=30)
    code, answered = await workers.ask("decide", data)      # "" or the code of the error, and the line of JSON
    workers.end()
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sky_model.engine import engine_fingerprint
from sky_model.host import cards
from sky_model.host.requests import CODES, Desk, RequestError, answer, error_answer, one_line, read_json

__all__ = ["HTTP_CODES", "Workers", "answer_as", "told"]

# What can be wrong beside the codes of requests, of answers of people and of records. Published in docs/howto-embedding.md.
HTTP_CODES = {
    "address-unknown": "there is nothing at this address",
    "busy": "too many requests at once",
    "head": "the head of the request is not as HTTP has it",
    "media-type": "the body is of another type",
    "method": "this address is not asked in this way",
    "program-replaced": "the program on the disk is another one than the one that was started",
    "request-other": "the request is another one than that of its address",
    "slow": "the request did not come in time",
    "time": "it took too long",
}
STARTING = 120  # seconds: a process that has not begun by then never will


def told(code: str, hint: str, *, field: str = "") -> RequestError:
    return RequestError(code, HTTP_CODES[code], field=field, hint=hint)


# ---------------------------------------------------------------------- in the process
def answer_as(desk: Desk, word: str, data: bytes) -> dict[str, Any]:
    """The answer to a body whose address says what is asked. Never raises for anything in `data`."""
    try:
        asked = read_json(data)
        if isinstance(asked, dict):
            if asked.get("request") is None:
                asked = asked | {"request": word}
            elif asked["request"] != word:
                raise told("request-other", f"leave request out, or write {word}", field="request")
    except RequestError as e:
        return error_answer(None, e)
    return answer(desk, asked, cards.WORDS)


def answer_line(desk: Desk, word: str, data: bytes, number: int) -> tuple[str, bytes]:
    """The code of the error, if it is one, and the answer. An error without an id names its line, if it has a number."""
    said = answer_as(desk, word, data)
    if "error" not in said:
        return "", one_line(said).encode()
    return said["error"]["code"], one_line(at_line(said, number)).encode()


def at_line(said: dict[str, Any], number: int) -> dict[str, Any]:
    if number and said["id"] is None:
        place = said["error"]["place"]
        said["error"]["place"] = f"line {number}" + (f", {place}" if place else "")
    return said


def work() -> None:
    """The whole life of a process: the desk in, its program out; then a request in, an answer out, until there are no more."""
    asked, answered = sys.stdin.buffer, sys.stdout.buffer
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it ends it
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        sys.stdout = nowhere
        # This watch needs nothing of Python, so that nothing which is computed can hold it up.
        faulthandler.dump_traceback_later(STARTING, exit=True, file=nowhere)
        desk, seconds = pickle.load(asked)
        _tell(answered, engine_fingerprint())
        faulthandler.cancel_dump_traceback_later()
        while True:
            try:
                word, data, number = pickle.load(asked)
            except EOFError:
                return
            faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
            said = answer_line(desk, word, data, number)
            faulthandler.cancel_dump_traceback_later()
            _tell(answered, said)


def _tell(stream: Any, value: Any) -> None:
    pickle.dump(value, stream)
    stream.flush()


# ---------------------------------------------------------------------- in the service
class Worker:
    """One process, started when it is first asked and again when it has ended."""

    def __init__(self, held: bytes, seconds: float) -> None:
        self.held, self.seconds = held, seconds
        self.process: subprocess.Popen[bytes] | None = None
        self._starting = threading.Lock()  # who asks while it is being started waits until it has begun

    def ask(self, word: str, data: bytes, number: int = 0) -> tuple[str, bytes]:
        """Waits for the answer: in a thread. Raises RequestError."""
        process = self.start()
        began = time.monotonic()
        try:
            _tell(process.stdin, (word, data, number))
            assert process.stdout is not None
            code, answered = pickle.load(process.stdout)
        except (OSError, EOFError, pickle.UnpicklingError):
            end(process)
            if time.monotonic() - began >= self.seconds:
                hint = f"hand in no longer history than /needs names; there are {self.seconds:g} seconds"
                raise told("time", hint) from None
            raise _internal() from None
        return code, answered

    def start(self) -> subprocess.Popen[bytes]:
        with self._starting:
            return self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        process = self.process
        if process is not None and process.poll() is None:
            return process
        if process is not None:
            end(process)
        # -P: what lies in the folder where the service was started is no part of it
        command = [sys.executable, "-P", "-m", "sky_model.host.workers"]
        process = self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(self.held)
            process.stdin.flush()
            program = pickle.load(process.stdout)
        except (OSError, EOFError, pickle.UnpicklingError):
            end(process)
            raise _internal() from None
        if program != engine_fingerprint():
            end(process)
            raise told("program-replaced", "start the service again")
        return process


class Workers:
    """So many processes, and who asks waits for one that is free, first come first served."""

    def __init__(self, desk: Desk, *, count: int, seconds: float) -> None:
        engine_fingerprint()  # of the files as they are now
        self.seconds = seconds
        held = pickle.dumps((desk, seconds))
        self.all = [Worker(held, seconds) for _ in range(count)]
        self.free, self.room = [*self.all], asyncio.Semaphore(count)
        self.threads = ThreadPoolExecutor(count, thread_name_prefix="sky-service")
        self.end = weakref.finalize(self, _end_all, self.all, self.threads)

    def start(self) -> None:
        """Begin before the first request, so that it need not wait."""
        for worker in self.all:
            self.threads.submit(worker.start)

    async def ask(self, word: str, data: bytes, number: int = 0) -> tuple[str, bytes]:
        """Raises RequestError: no process was free in time, or the time was over before there was an answer."""
        try:
            async with asyncio.timeout(self.seconds):
                await self.room.acquire()
        except TimeoutError:
            raise told("busy", "ask again a little later") from None
        worker = self.free.pop()
        try:
            return await asyncio.get_running_loop().run_in_executor(self.threads, worker.ask, word, data, number)
        except asyncio.CancelledError:  # nobody waits for it any more
            if worker.process is not None:
                end(worker.process)
            raise
        finally:
            self.free.append(worker)
            self.room.release()


def end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):  # what was not sent is of no use to anybody
                pipe.close()


def _end_all(workers: list[Worker], threads: ThreadPoolExecutor) -> None:
    threads.shutdown(wait=False, cancel_futures=True)
    for worker in workers:
        if worker.process is not None:
            end(worker.process)


def _internal() -> RequestError:
    return RequestError("internal", CODES["internal"], hint="tell the makers of sky_model the address and its version")


if __name__ == "__main__":
    work()
