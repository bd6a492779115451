"""The command with which an application in any language asks: requests in, answers out, for as long as it wants."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click

from sky_model.cli.application import ALLOW, CALENDAR, RULES, SCHOOLS, SIGNED_BY, UNSIGNED, app, asked_with
from sky_model.host.lines import answer_lines
from sky_model.host.requests import Desk
from sky_model.host.signing import Signed, Unsigned

__all__ = ["serve"]

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@app.command()
@click.option("--stdio", is_flag=True, help="requests on standard input, answers on standard output, one a line")
@click.option("--http", is_flag=True, help="requests and answers over HTTP (extra `service`)")
@click.option("--host", help="with --http: the address to listen at  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(1, 65535), help="with --http  [default: 8080]")
@RULES
@ALLOW
@CALENDAR
@SCHOOLS
@SIGNED_BY
@UNSIGNED
def serve(
    stdio: bool,
    http: bool,
    host: str | None,
    port: int | None,
    rules: str,
    allow: tuple[str, ...],
    calendar: str | None,
    schools: str | None,
    signed_by: tuple[bytes, ...],
    unsigned: Unsigned | None,
) -> None:
    """Answer requests until standard input ends (--stdio) or it is told to stop (--http).

    Rules, calendars and schools are read once, before the first request. To use others, start it again.
    """
    if stdio == http:
        raise click.UsageError("write exactly one of --stdio and --http")
    if stdio and (host is not None or port is not None):
        raise click.UsageError("--host and --port belong to --http")
    if http:
        try:
            from sky_model.host import service
        except ImportError as e:
            raise click.UsageError(str(e)) from None
    asked = asked_with(rules, allow, calendar, schools, None, Signed(signed_by, unsigned))
    desk = Desk(asked.model, calendars=asked.calendars, schools=asked.schools)
    if http:
        address, number = host or "127.0.0.1", port or 8080
        _try_address(address, number)
        if address not in LOOPBACK:
            click.echo("it knows nobody and encrypts nothing: let only your own applications reach this address", err=True)
        click.echo(f"answering at http://{f'[{address}]' if ':' in address else address}:{number}, see /docs", err=True)
        service.serve(service.app_of(desk), host=address, port=number)
        return
    if sys.stdin is None or sys.stdout is None:
        raise click.UsageError("standard input or output is closed; hand in requests: sky serve --stdio < requests.jsonl")
    try:
        with _ends_when_told():
            answer_lines(desk, sys.stdin.buffer, sys.stdout.buffer)
    except (BrokenPipeError, KeyboardInterrupt):  # who asked has gone; there is nobody to tell
        _let_go_of_answers()
    except OSError as e:
        _let_go_of_answers()
        raise click.ClickException(f"requests cannot be read or answers cannot be written: {e.strerror}") from None


@contextmanager
def _ends_when_told() -> Iterator[None]:
    """SIGTERM and Ctrl-C end the process at once and quietly, whatever it waits for.

    A thread waits for them. Python's own handlers run between two steps of the program: one that comes just before a read begins
    would be heard only when the next request comes.
    """
    if not hasattr(signal, "sigwait"):  # Windows
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        yield
        return
    told, is_over = {signal.SIGINT, signal.SIGTERM}, threading.Event()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, told)

    def wait() -> None:
        signal.sigwait(told)
        if not is_over.is_set():
            os._exit(0)

    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    try:
        yield
    finally:
        is_over.set()
        assert waiting.ident is not None
        signal.pthread_kill(waiting.ident, signal.SIGTERM)
        waiting.join()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _let_go_of_answers() -> None:
    """What is not written yet goes nowhere: the end of the process does not wait for a reader."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _try_address(host: str, port: int) -> None:
    """An address that is taken or not of this machine is told before anything begins."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind((host, port))
    except OSError as e:
        said = e.strerror or "it cannot be used"
        raise click.UsageError(
            f"nothing can listen at this host and port: {said.lower()}; write another --host or --port"
        ) from None
