"""The HTTP service (extra `service`): each request of `requests.py` and `cards.py` at an address of its own.

Rules: a body is the request as it stands there, `request` may be left out since the address says it, and the answer is the same
answer; nothing is kept between two requests, and nothing of a request is logged; whatever goes wrong is an error of the same
shape, with a status that fits; a request has a longest size, each of its parts a longest time, and only so many are let in.

    app = app_of(Desk(load("presets/lessons-per-term")))      # an ASGI app
    serve(app, host="127.0.0.1", port=8080)                   # what `sky serve --http` does
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
import os
import signal
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import Any, TypeAlias

from sky_model.host import cards
from sky_model.host.intake import LONGEST_LINE
from sky_model.host.requests import CODES, FIELDS, Desk, RequestError, answer_schema, error_answer, one_line, request_schema
from sky_model.host.workers import HTTP_CODES, Workers, at_line, told

try:
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from sky_model.host.connections import server_of
except ImportError as e:
    raise ImportError("the HTTP service needs the extra service: pip install 'sky-model[service]'") from e

__all__ = ["ADDRESSES", "HTTP_CODES", "Limits", "app_of", "openapi", "serve"]

STATUS = {
    "address-unknown": 404,
    "busy": 503,
    "internal": 500,
    "media-type": 415,
    "method": 405,
    "program-replaced": 503,
    "slow": 408,
    "time": 503,
    "too-large": 413,
    **dict.fromkeys(("doubled-key", "empty", "json", "number", "surrogate", "too-deep", "utf-8"), 400),
}
UNFIT = 422  # every other error: it was read, and cannot be answered as it is
JSON, LINES = "application/json", "application/x-ndjson"
# of an address: the word that is asked, and what the page says of it
ADDRESSES: dict[str, tuple[str, str]] = {
    "/decide": ("decide", "Decide about one pupil on a day"),
    "/decide-many": ("decide", "Decide about many: one request a line in, one answer a line out, as each is ready"),
    "/explain": ("explain", "The decision in words, in Finnish, Swedish or English"),
    "/cards": ("cards", "The decision as cards for one reader"),
    "/feedback": ("feedback", "A person's answer to a task: the event to be stored, and how the decision changes"),
    "/rules": ("rules", "The rules in force on a day"),
    "/check": ("check", "The faults of a ruleset or of a layer on a shipped base"),
    "/needs": ("needs", "What must be handed in for these rules"),
}
READ = ("/rules", "/needs")  # asked with GET
WRITTEN = tuple(x for x in ADDRESSES if x != "/needs")  # asked with POST
HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}
LEFT_OVER = 5.0  # seconds in which the rest of a body is taken and thrown away that is answered before it has come
Receive: TypeAlias = Callable[[], Awaitable[Any]]
Send: TypeAlias = Callable[[Any], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is answered.

    body     bytes of a body, and of a line of /decide-many, which is as long as it likes
    held     bytes of all bodies that are in memory at once
    seconds  for a body to come, for the next line of /decide-many to come, for a process to be free, and for an answer to be made
    at_once  requests that are let in; they wait for each other, others are told that it is busy
    workers  processes in which answers are made
    head, taken  seconds for the head of a request to come, and for what is answered to be taken (with `serve`)
    """

    body: int = LONGEST_LINE
    held: int = 20 * LONGEST_LINE
    seconds: float = 30
    at_once: int = 1000
    workers: int = min(4, os.cpu_count() or 1)
    head: float = 10
    taken: float = 30


def app_of(desk: Desk, limits: Limits | None = None) -> Any:
    """The service as an ASGI app. It knows nobody and encrypts nothing: who may ask is settled in front of it."""
    return _Door(_Service(desk, limits or Limits()))


def serve(app: Any, *, host: str = "127.0.0.1", port: int = 8080) -> None:
    """Answer until it is told to end. Neither requests nor what goes wrong in them are logged."""
    app.service.workers.start()
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # uvicorn sends it on when it has ended; the workers end too
    try:
        limits = app.service.limits
        server_of(app, host=host, port=port, head=limits.head, taken=limits.taken).run()
    except KeyboardInterrupt:  # told to end, and ended
        pass
    finally:
        app.service.workers.end()


class _Gone(Exception):
    """Nobody waits for the answer any more."""


class _Coming:
    """A body as it comes, one part ahead of what is read, so that a client that goes away is noticed meanwhile."""

    def __init__(self, service: _Service, receive: Receive) -> None:
        self.service, self.receive = service, receive
        self.ahead: asyncio.Task[Any] = asyncio.ensure_future(receive())
        self.is_over, self.held = False, 0

    def is_gone(self) -> bool:
        return self.ahead.done() and self.ahead.result()["type"] == "http.disconnect"

    async def part(self, until: float) -> bytes:
        """The next part; nothing at the end. Raises RequestError when it does not come in time, _Gone when it never will."""
        limits = self.service.limits
        try:
            async with asyncio.timeout_at(until):
                found = await asyncio.shield(self.ahead)
        except TimeoutError:
            raise told("slow", f"send the whole body, or the next line, within {limits.seconds:g} seconds") from None
        if found["type"] == "http.disconnect":
            raise _Gone
        self.is_over = not found.get("more_body", False)
        self.ahead = asyncio.ensure_future(self.receive())
        part: bytes = found.get("body", b"")
        return part

    async def whole(self) -> bytes:
        until, parts, longest = self._until(), [], self.service.limits.body
        while not self.is_over:
            part = await self.part(until)
            self.hold(len(part))
            if self.held > longest:
                raise _too_large(longest)
            parts.append(part)
        return b"".join(parts)

    async def lines(self) -> AsyncIterator[bytes | None]:
        """Each line without its newline as soon as it is there; None for one that is too long, which is not kept."""
        line, is_too_long, longest, until = bytearray(), False, self.service.limits.body, self._until()
        while not self.is_over:
            *ended, rest = (await self.part(until)).split(b"\n")
            for piece in ended:
                line += piece
                is_too_long = is_too_long or len(line.removesuffix(b"\r")) > longest
                found = None if is_too_long else bytes(line.removesuffix(b"\r"))
                self.hold(len(found or b"") - self.held)
                line, is_too_long = bytearray(), False
                yield found
                if found is None or found.strip():  # an empty line gives no more time
                    until = self._until()
            line += rest
            if is_too_long := is_too_long or len(line) > longest + 1:
                line.clear()
            self.hold(len(line) - self.held)
        if line or is_too_long:
            yield None if is_too_long or len(line) > longest else bytes(line)

    def hold(self, size: int) -> None:
        """Count what is in memory. Raises RequestError when that is too much of all together."""
        self.held += size
        self.service.held += size
        if size > 0 and self.service.held > self.service.limits.held:
            raise told("busy", "ask again a little later")

    def end(self) -> None:
        self.hold(-self.held)
        self.ahead.cancel()

    def _until(self) -> float:
        return asyncio.get_running_loop().time() + self.service.limits.seconds


class _Service:
    def __init__(self, desk: Desk, limits: Limits) -> None:
        self.desk, self.limits = desk, limits
        self.workers = Workers(desk, count=limits.workers, seconds=limits.seconds)
        self.held = 0  # bytes of bodies in memory
        document = openapi()
        self.document, self.page = json.dumps(document, ensure_ascii=False).encode(), _page(document).encode()
        routes = [Route("/openapi.json", self.show_document), Route("/docs", self.show_page)]
        for path, (word, _) in ADDRESSES.items():
            methods = [m for m, those in (("GET", READ), ("POST", WRITTEN)) if path in those]
            asked = self.answer_many if path == "/decide-many" else partial(self.answer_one, word)
            routes.append(Route(path, asked, methods=methods))
        self.app = Starlette(routes=routes, exception_handlers={HTTPException: self.refuse_address, Exception: self.fail})
        self.app.router.redirect_slashes = False

    # ------------------------------------------------------------------ what is answered
    async def answer_one(self, word: str, request: Request) -> Response:
        try:
            if request.method != "POST":
                asked = {"format": 1, "id": word, **_know(request, ("id", *FIELDS[word][0])), "request": word}
                return _answered(*await self.workers.ask(word, json.dumps(asked).encode()))
            _know(request, ())
            _know_type(request, (JSON,))
            length = request.headers.get("content-length", "")
            if length.isascii() and length.isdigit() and (len(length) > 15 or int(length) > self.limits.body):
                raise _too_large(self.limits.body)
            coming = _Coming(self, request.receive)
            try:
                return _answered(*await self.workers.ask(word, await coming.whole()))
            finally:
                coming.end()
        except RequestError as e:
            return _refused(e)

    async def answer_many(self, request: Request) -> Response | _Many:
        try:
            _know(request, ())
            _know_type(request, (LINES, "application/jsonl"))
        except RequestError as e:
            return _refused(e)
        return _Many(self)

    # ------------------------------------------------------------------ what it says of itself
    async def show_document(self, request: Request) -> Response:
        return Response(self.document, media_type=JSON, headers=HEADERS)

    async def show_page(self, request: Request) -> Response:
        style = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
        policy = f"default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        return Response(self.page, media_type="text/html", headers=HEADERS | {"content-security-policy": policy})

    async def refuse_address(self, request: Request, e: Exception) -> Response:
        assert isinstance(e, HTTPException)
        code = "method" if e.status_code == 405 else "address-unknown"
        allowed = (e.headers or {}).get("Allow", "")
        hint = f"ask it with {allowed}" if allowed else f"write one of {', '.join((*ADDRESSES, '/openapi.json', '/docs'))}"
        return _refused(told(code, hint), {"allow": allowed} if allowed else {})

    async def fail(self, request: Request, e: Exception) -> Response:
        """Its words could hold anything: they are not repeated."""
        hint = "tell the makers of sky_model the address and its version"
        return _refused(RequestError("internal", CODES["internal"], hint=hint))


class _Many:
    """The answer of /decide-many: a line is read, answered and sent before the next one is read, so that nothing piles up.

    As in `lines.py`: an empty line is passed over, and an error without an id says in which line it is.
    """

    def __init__(self, service: _Service) -> None:
        self.service = service

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        headers = [(k.encode(), v.encode()) for k, v in ({"content-type": LINES} | HEADERS).items()]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        coming, number = _Coming(self.service, receive), 0
        try:
            async for line in coming.lines():
                number += 1
                if line is not None and not line.strip():
                    continue
                if coming.is_gone():
                    raise _Gone
                await self.say(send, await self.answer(line, number))
        except RequestError as e:  # no more lines come
            await self.say(send, _line(e, number + 1))
        finally:
            coming.end()
        await send({"type": "http.response.body", "body": b""})

    async def answer(self, line: bytes | None, number: int) -> bytes:
        try:
            if line is None:
                raise _too_large(self.service.limits.body)
            return (await self.service.workers.ask("decide", line, number))[1]
        except RequestError as e:
            return _line(e, number)

    async def say(self, send: Send, answered: bytes) -> None:
        await send({"type": "http.response.body", "body": answered + b"\n", "more_body": True})


class _Door:
    """Lets in only so many at once. Whatever is raised behind it ends here: a server would write it to its log."""

    def __init__(self, service: _Service) -> None:
        self.service, self.inside = service, 0

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.service.app(scope, receive, send)
            return
        talk = _Talk(scope, receive, send)
        if self.inside >= self.service.limits.at_once:
            busy = _refused(told("busy", "ask again a little later, or send many in one /decide-many"))
            await busy(scope, talk.receive, talk.send)
        else:
            self.inside += 1
            try:
                await self.service.app(scope, talk.receive, talk.send)
            except Exception:  # answered already by `fail`, or there is nobody to tell; a server would write its words to a log
                pass
            finally:
                self.inside -= 1
        await talk.end()


class _Talk:
    """One request and its answer. Where the answer comes first, what is left of the body is taken for a while and thrown away.

    A client that sends all before it reads could not read the answer otherwise, and one that goes on sending for ever is left.
    """

    def __init__(self, scope: Any, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        self._receive, self._send = receive, send
        self.is_read = headers.get(b"content-length", b"0") == b"0" and b"transfer-encoding" not in headers
        self.is_asked_for = b"expect" in headers  # the client waits for a word before it sends its body
        self.last: dict[str, Any] | None = None
        self._next: asyncio.Future[Any] | None = None

    async def receive(self) -> Any:
        """Who is cancelled while it waits here takes nothing away: the next one is handed what comes."""
        if self._next is None:
            self._next = asyncio.ensure_future(self._receive())
        found = await asyncio.shield(self._next)
        self._next = None
        if found["type"] == "http.disconnect" or not found.get("more_body", False):
            self.is_read = True
        return found

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start" and not self.is_read and "content-length" in _names(message):
            message = message | {"headers": [*message["headers"], (b"connection", b"close")]}
        if message["type"] == "http.response.body" and not message.get("more_body", False) and not self.is_read:
            self.last = message | {"body": b""}
            message = message | {"more_body": True}
        await self._send(message)

    async def end(self) -> None:
        if self.last is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0 if self.is_asked_for else LEFT_OVER):
                    while not self.is_read:
                        await self.receive()
            await self._send(self.last)
        if self._next is not None:
            self._next.cancel()


def _names(message: Any) -> set[str]:
    return {k.decode("latin-1").lower() for k, _ in message["headers"]}


def _answered(code: str, said: bytes, headers: Mapping[str, str] | None = None) -> Response:
    more = {**HEADERS, **(headers or {})}
    if code and STATUS.get(code) == 503:
        more["retry-after"] = "1"
    return Response(said, status_code=STATUS.get(code, UNFIT) if code else 200, media_type=JSON, headers=more)


def _refused(e: RequestError, headers: Mapping[str, str] | None = None) -> Response:
    return _answered(e.code, one_line(error_answer(None, e)).encode(), headers)


def _line(e: RequestError, number: int) -> bytes:
    return one_line(at_line(error_answer(None, e), number)).encode()


def _know(request: Request, known: tuple[str, ...]) -> dict[str, str]:
    """What stands after the question mark of an address: each once, and nothing that is not known."""
    given = request.query_params.multi_items()
    for i, (key, _) in enumerate(given):
        if key not in known:
            hint = f"this address takes {', '.join(known)}" if known else "write it in the body"
            raise RequestError("field-unknown", "something after the ? of the address is not known", hint=hint)
        if key in dict(given[:i]):
            raise RequestError("doubled-key", CODES["doubled-key"], field=key, hint="keep one of the two")
    return dict(given)


def _know_type(request: Request, types: tuple[str, ...]) -> None:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in types:
        raise told("media-type", f"send content-type: {types[0]}")


def _too_large(longest: int) -> RequestError:
    hint = "hand in one pupil a request, and no longer history than /needs names"
    return RequestError("too-large", f"it is longer than {longest:,} bytes", hint=hint)


# ---------------------------------------------------------------------- the OpenAPI document
_ENROLMENT = {"type": "enrolment", "school": "s-3", "grade": 8, "on": "2026-08-12", "calendar": "example-week-43/2026-27"}
_MARK = {"type": "mark", "id": "m1", "on": "2026-09-14", "lessons": 6, "kind": "unauthorised"}
_RECORD = {"format": 1, "pupil": "p-17", "feed": {"data_until": "2026-09-30"}, "events": [_ENROLMENT, _MARK]}
_LAYER = "format: 1\nruleset: my-town\nversion: 2026-1\nextends: presets/lessons-per-term\nstatus: draft\n"
_ASKED = {"format": 1, "id": "r-1", "on": "2026-10-01", "record": _RECORD}
EXAMPLES: dict[str, dict[str, Any]] = {
    "/decide": _ASKED,
    "/decide-many": _ASKED,
    "/explain": _ASKED | {"language": "en"},
    "/cards": _ASKED | {"reader": "guardian", "language": "en"},
    "/feedback": _ASKED | {"event": {"action": "absence-notice-to-guardian", "status": "done", "on": "2026-10-01"}},
    "/rules": {"format": 1, "id": "r-1", "on": "2026-10-01"},
    "/check": {
        "format": 1,
        "id": "r-1",
        "files": {"ruleset.yaml": _LAYER + "valid_from: 2026-08-12\nname: {en: My town}\n"},
    },
}


def openapi() -> dict[str, Any]:
    """The OpenAPI 3.1 document, made from the published schemas of requests and answers."""
    asked, answered = request_schema(), answer_schema()
    requests = {x["properties"]["request"]["const"]: x for x in asked["oneOf"]}
    requests |= {word: cards.schema_of_request(word) for word in cards.WORDS}
    answers = {x["properties"]["answer"]["const"]: x for x in answered["oneOf"] if "answer" in x["properties"]}
    answers |= {word: cards.schema_of_answer(word) for word in cards.WORDS}
    error = next(x for x in answered["oneOf"] if "error" in x["properties"])
    schemas = {**asked["$defs"], **answered["$defs"], "error": error}
    for word, shape in requests.items():
        held = shape["properties"] | {"request": {"enum": [word, None]}}
        schemas[f"{word}-request"] = shape | {"properties": held, "required": [x for x in shape["required"] if x != "request"]}
        schemas[f"{word}-answer"] = answers[word]
    paths: dict[str, Any] = {}
    for path, (word, said) in ADDRESSES.items():
        paths[path] = {}
        if path in READ:
            parameters = [
                {"name": name, "in": "query", "required": name in FIELDS[word][1], "schema": kind, "example": example}
                for name, kind, example in (
                    ("on", {"type": "string", "format": "date"}, "2026-10-01"),
                    ("school", {"type": "string", "description": "its id in the file of schools, if there is one"}, None),
                    ("id", {"type": "string", "minLength": 1, "maxLength": 200}, "r-1"),
                )
                if name == "id" or name in FIELDS[word][0]
            ]
            parameters = [{k: v for k, v in x.items() if v is not None} for x in parameters]
            paths[path]["get"] = {
                "operationId": f"{word}-get",
                "summary": said,
                "parameters": parameters,
                "responses": _responses(word, JSON, (400, 405, 408, UNFIT, 500, 503)),
            }
        if path in WRITTEN:
            kind = LINES if path == "/decide-many" else JSON
            lines = " One request a line." if kind == LINES else ""
            paths[path]["post"] = {
                "operationId": path[1:],
                "summary": said,
                "description": f"`request` may be left out.{lines}",
                "requestBody": {"required": True, "content": {kind: _content(f"{word}-request", kind, EXAMPLES[path])}},
                "responses": _responses(word, kind, (400, 405, 408, 413, 415, UNFIT, 500, 503)),
            }
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "sky_model",
            "version": "1",
            "description": "Stateless: a record in, a proposal out; a person decides. Days are always handed in.",
        },
        "paths": paths,
        "components": {"schemas": schemas},
    }
    found = json.loads(json.dumps(document).replace('"#/$defs/', '"#/components/schemas/'))
    assert isinstance(found, dict)
    return found


def _content(schema: str, kind: str, example: Any = None) -> dict[str, Any]:
    """JSON Lines are one text for OpenAPI: the schema is that of a line. A line of answers may be an error."""
    shape: dict[str, Any] = {"$ref": f"#/$defs/{schema}"}
    if kind == LINES:
        if schema.endswith("-answer"):
            shape = {"oneOf": [shape, {"$ref": "#/$defs/error"}]}
        shape = {"type": "string", "description": f"each line is one {schema.replace('-', ' ')}", "x-line": shape}
        example = None if example is None else one_line(example) + "\n"
    return {"schema": shape} | ({} if example is None else {"example": example})


def _responses(word: str, kind: str, codes: tuple[int, ...]) -> dict[str, Any]:
    said = "the answers, one a line; an error of one is a line too" if kind == LINES else "the answer"
    out: dict[str, Any] = {"200": {"description": said, "content": {kind: _content(f"{word}-answer", kind)}}}
    for code in codes:
        out[str(code)] = {"description": _REASONS[code], "content": {JSON: _content("error", JSON)}}
    return out


_REASONS = {
    400: "it cannot be read",
    405: "this address is not asked in this way",
    408: "it did not come in time",
    413: "it is too large",
    415: "the body is of another type",
    UNFIT: "it was read, and cannot be answered as it is; the error says what to write instead",
    500: "something failed inside; nothing was decided",
    503: "it took too long, or too many asked at once",
}


STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem;color:#111;background:#fff}"
    "pre{background:#f3f3f3;padding:.8rem;overflow-x:auto}section{border-top:1px solid #999}"
    "dl{display:grid;grid-template-columns:4rem 1fr;gap:.2rem}dd{margin:0}"
)


def _page(document: Mapping[str, Any]) -> str:
    """The document as one page for people. It asks for nothing outside, and needs no script."""
    parts = []
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            rows = [f"<h2><code>{method.upper()} {path}</code></h2><p>{escape(said['summary'])}.</p>"]
            for kind, content in said.get("requestBody", {}).get("content", {}).items():
                example = content["example"]
                text = example if isinstance(example, str) else json.dumps(example, ensure_ascii=False, indent=2)
                rows.append(f"<p><code>{escape(kind)}</code></p><pre>{escape(text)}</pre>")
            for x in said.get("parameters", ()):
                must = "must be given" if x["required"] else "may be left out"
                rows.append(f"<p><code>{escape(x['name'])}</code>: {must}</p>")
            answers = "".join(f"<dt>{c}</dt><dd>{escape(r['description'])}</dd>" for c, r in said["responses"].items())
            parts.append(f"<section>{''.join(rows)}<dl>{answers}</dl></section>")
    title, said = escape(document["info"]["title"]), escape(document["info"]["description"])
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body><h1>{title}</h1>'
        f'<p>{said} The schemas: <a href="openapi.json">openapi.json</a>.</p>{"".join(parts)}</body></html>\n'
    )
