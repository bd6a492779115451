"""What the server under the HTTP service leaves open, closed: clients that are slow with the head of a request or with reading.

Rules: the head of a request has so many seconds to come, from when nothing else is under way; what is answered has so many to be
taken; whatever is not HTTP is told in the shape of every other error; nothing that a client sent is written anywhere.

uvicorn waits without end for the rest of a head, and for a client that does not read. Bodies are looked after in `service.py`.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from http import HTTPStatus
from typing import Any

import h11
from uvicorn import Config, Server
from uvicorn.protocols.http.h11_impl import H11Protocol

from sky_model.host.requests import RequestError, error_answer, one_line
from sky_model.host.workers import told

__all__ = ["Connection", "server_of"]


class Connection(H11Protocol):
    """One connection. `head` and `taken` are seconds."""

    def __init__(self, *args: Any, head: float, taken: float, **more: Any) -> None:
        super().__init__(*args, **more)
        self.head, self.taken = head, taken
        self._for_head: asyncio.TimerHandle | None = None
        self._for_taking: asyncio.TimerHandle | None = None

    # ------------------------------------------------------------------ a head that does not come
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait_for_head()

    def on_response_complete(self) -> None:
        self._wait_for_head()
        super().on_response_complete()

    def _wait_for_head(self) -> None:
        if self._for_head is not None:
            self._for_head.cancel()
        self._for_head = self.loop.call_later(self.head, self._end_waiting)

    def _end_waiting(self) -> None:
        cycle: Any = self.cycle  # None before the first request
        if cycle is not None and not cycle.response_complete:
            return  # a request is under way; its end begins the wait anew
        if self.conn.trailing_data[0] and not self.transport.is_closing():
            self._refuse(408, told("slow", f"send the head of a request within {self.head:g} seconds"))
        else:
            self.transport.abort()  # also one that is closing and whose client does not take the rest

    # ------------------------------------------------------------------ an answer that is not taken
    def pause_writing(self) -> None:
        super().pause_writing()
        if self._for_taking is None:
            self._for_taking = self.loop.call_later(self.taken, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._for_taking is not None:
            self._for_taking.cancel()
            self._for_taking = None

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._for_head, self._for_taking):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    # ------------------------------------------------------------------ what is not HTTP
    def send_400_response(self, msg: str) -> None:
        self._refuse(400, told("head", "send a request of HTTP/1.1 with a head of no more than 16,000 bytes"))

    def _refuse(self, status: int, error: RequestError) -> None:
        """Answer what is no request that could be handed on; in the middle of another answer there is no room for it."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            body = one_line(error_answer(None, error)).encode()
            headers = [("content-type", "application/json"), ("content-length", str(len(body))), ("connection", "close")]
            head = h11.Response(status_code=status, headers=headers, reason=HTTPStatus(status).phrase.encode())
            for event in (head, h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
        self._wait_for_head()  # to be gone by then


def server_of(app: Any, *, host: str, port: int, head: float, taken: float) -> Server:
    """uvicorn with these connections. It logs nothing below what ends it: neither addresses nor what goes wrong in a request."""
    connection: Any = partial(Connection, head=head, taken=taken)
    # When there are no more files to open, asyncio tells it 2,000 times a second, and waits for who reads that.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    return Server(
        Config(
            app, host=host, port=port, http=connection, ws="none", lifespan="off", access_log=False, log_config=None,
            log_level="critical", server_header=False, proxy_headers=False, timeout_graceful_shutdown=10,
        )
    )  # fmt: skip
