"""Where the answers of the HTTP service are made: processes that can be ended.

Rules: one request at a time in a process; what works longer than it may is ended by its own watch, and the next one gets a new
process; a process that dies otherwise costs nobody an answer: the request is asked once more of another one; what is costly goes
on in processes of its own, so that it holds up nobody; each process has the rules that were handed in when it began, never what
lies on the disk later; nothing is logged, nothing is kept.

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
from functools import partial
from typing import Any

from sky_model.engine import engine_fingerprint
from sky_model.host import cards, changed
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
MORE = {**cards.WORDS, **changed.WORDS}  # words beside those of `requests.py`
QUICK = 3.0  # seconds after which a request is costly
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
    return answer(desk, asked, MORE)


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
        desk = pickle.load(asked)
        _tell(answered, engine_fingerprint())
        faulthandler.cancel_dump_traceback_later()
        while True:
            try:
                word, data, number, seconds = pickle.load(asked)
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

    def __init__(self, held: bytes) -> None:
        self.held = held
        self.process: subprocess.Popen[bytes] | None = None
        self._next: tuple[bytes, subprocess.Popen[bytes]] | None = None  # with other rules, and ready to take over
        self._starting = threading.Lock()  # who asks while it is being started waits until it has begun
        self.is_let_go = False  # nobody waits for the answer any more

    def ask(self, word: str, data: bytes, number: int, seconds: float) -> tuple[str, bytes] | None:
        """Waits for the answer: in a thread. None: it was not made in so many seconds. Raises RequestError."""
        self.is_let_go = False
        for _ in range(2):  # a process that was killed from outside costs nobody an answer
            process = self.start()
            began = time.monotonic()
            try:
                _tell(process.stdin, (word, data, number, seconds))
                assert process.stdout is not None
                code, answered = pickle.load(process.stdout)
            except (OSError, EOFError, pickle.UnpicklingError):
                end(process)
                if time.monotonic() - began >= seconds:
                    return None
                if self.is_let_go:
                    break
            else:
                return code, answered
        raise _internal()

    def let_go(self) -> None:
        self.is_let_go = True
        if self.process is not None:
            end(self.process)

    def prepare(self, held: bytes) -> None:
        """Begin a process with other rules; it takes over before the next request. Raises RequestError: it does not begin."""
        process = _begun(held)
        with self._starting:
            if self._next is not None:
                end(self._next[1])
            self._next = held, process

    def start(self) -> subprocess.Popen[bytes]:
        with self._starting:
            return self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        process = self.process
        if self._next is not None:
            if process is not None:
                end(process)
            (self.held, process), self._next = self._next, None
            self.process = process
        if process is not None and process.poll() is None:
            return process
        if process is not None:
            end(process)
        process = self.process = _begun(self.held)
        return process


def _begun(held: bytes) -> subprocess.Popen[bytes]:
    """A process that has read its desk and is the program that was started. Raises RequestError."""
    # -P: what lies in the folder where the service was started is no part of it
    command = [sys.executable, "-P", "-m", "sky_model.host.workers"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(held)
        process.stdin.flush()
        program = pickle.load(process.stdout)
    except (OSError, EOFError, pickle.UnpicklingError):
        end(process)
        raise _internal() from None
    if program != engine_fingerprint():
        end(process)
        raise told("program-replaced", "start the service again")
    return process


class Lane:
    """Processes of one kind, and who asks waits for one that is free, first come first served."""

    def __init__(self, held: bytes, count: int, seconds: float, patience: float) -> None:
        """seconds: for an answer; patience: in which a process must be free"""
        self.seconds, self.patience = seconds, patience
        self.all = [Worker(held) for _ in range(count)]
        self.free, self.room = [*self.all], asyncio.Semaphore(count)
        self.threads = ThreadPoolExecutor(count, thread_name_prefix="sky-service")

    async def ask(self, word: str, data: bytes, number: int) -> tuple[str, bytes] | None:
        """None: the time was over before there was an answer. Raises RequestError: no process was free in time."""
        try:
            async with asyncio.timeout(self.patience):
                await self.room.acquire()
        except TimeoutError:
            raise told("busy", "ask again a little later") from None
        worker = self.free.pop()
        try:
            asked = partial(worker.ask, word, data, number, self.seconds)
            return await asyncio.get_running_loop().run_in_executor(self.threads, asked)
        except asyncio.CancelledError:  # nobody waits for it any more
            worker.let_go()
            raise
        finally:
            self.free.append(worker)
            self.room.release()


class Workers:
    """A lane for every request, and one for those that took longer than QUICK there: they are asked anew, and hold up nobody."""

    def __init__(self, desk: Desk, *, count: int, seconds: float) -> None:
        engine_fingerprint()  # of the files as they are now
        self.seconds = seconds
        held = pickle.dumps(desk)
        self.quick = Lane(held, count, min(QUICK, seconds), seconds)
        self.costly = Lane(held, max(1, count // 2), seconds, seconds)  # begun when it is first needed
        self.all = [*self.quick.all, *self.costly.all]
        self.end = weakref.finalize(self, _end_all, self.all, (self.quick.threads, self.costly.threads))

    def start(self) -> None:
        """Begin before the first request, so that it need not wait."""
        for worker in self.quick.all:
            self.quick.threads.submit(worker.start)

    async def ask(self, word: str, data: bytes, number: int = 0) -> tuple[str, bytes]:
        """Raises RequestError: no process was free in time, or the time was over before there was an answer."""
        found = await self.quick.ask(word, data, number)
        if found is None and self.seconds > QUICK:
            found = await self.costly.ask(word, data, number)
        if found is None:
            raise told("time", f"hand in no longer history than /needs names; there are {self.seconds:g} seconds")
        return found

    def exchange(self, desk: Desk) -> None:
        """Other rules, while it serves: each process is followed by one that has them, between two requests.

        Waits until all have begun: in a thread. Raises RequestError when one does not begin; then some may have the new rules.
        """
        held = pickle.dumps(desk)
        for worker in self.costly.all:  # one that was never asked begins with the new rules when it is
            if worker.process is None:
                worker.held = held
        for worker in self.all:
            if worker.held is not held:
                worker.prepare(held)


def end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):  # what was not sent is of no use to anybody
                pipe.close()


def _end_all(workers: list[Worker], pools: tuple[ThreadPoolExecutor, ...]) -> None:
    for threads in pools:
        threads.shutdown(wait=False, cancel_futures=True)
    for worker in workers:
        for process in (worker.process, worker._next[1] if worker._next is not None else None):
            if process is not None:
                end(process)


def _internal() -> RequestError:
    return RequestError("internal", CODES["internal"], hint="tell the makers of sky_model the address and its version")


if __name__ == "__main__":
    work()
