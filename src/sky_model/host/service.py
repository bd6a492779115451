"""The HTTP service (extra `service`): each request of `requests.py` and `cards.py` at an address of its own.

Rules: a body is the request as it stands there, `request` may be left out since the address says it, and the answer is the same
answer; nothing is kept between two requests, and nothing of a request is logged; whatever goes wrong is an error of the same
shape, with a status that fits; a request has a longest size, a longest time, and only so many are answered at once.

    app = app_of(Desk(load("presets/lessons-per-term")))      # an ASGI app
    serve(app, host="127.0.0.1", port=8080)                   # what `sky serve --http` does
"""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from html import escape
from typing import Any, TypeAlias, TypeVar

from sky_model.host import cards
from sky_model.host.intake import LONGEST_LINE
from sky_model.host.lines import bounded_lines
from sky_model.host.requests import (
    CODES,
    FIELDS,
    Desk,
    RequestError,
    answer,
    answer_schema,
    dumps_answer,
    error_answer,
    read_json,
    request_schema,
)

try:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.requests import Request
    from starlette.responses import Response, StreamingResponse
    from starlette.routing import Route
except ImportError as e:
    raise ImportError("the HTTP service needs the extra service: pip install 'sky-model[service]'") from e

__all__ = ["ADDRESSES", "HTTP_CODES", "Limits", "app_of", "openapi", "serve"]

# What can be wrong beside the codes of requests, of answers of people and of records. Published in docs/howto-embedding.md.
HTTP_CODES = {
    "address-unknown": "there is nothing at this address",
    "busy": "too many requests at once",
    "media-type": "the body is of another type",
    "method": "this address is not asked in this way",
    "request-other": "the request is another one than that of its address",
    "time": "it took too long",
}
STATUS = {
    "address-unknown": 404,
    "busy": 503,
    "internal": 500,
    "media-type": 415,
    "method": 405,
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
HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
_T = TypeVar("_T")
Send: TypeAlias = Callable[[Any], Awaitable[None]]


class Limits:
    """How much is answered: bytes of a body, of the body of /decide-many, seconds, and requests at once.

    A decision that takes longer is told as an error; its thread ends when it is done, and until then it counts as at work.
    """

    def __init__(
        self, *, body: int = LONGEST_LINE, many: int = 2 * LONGEST_LINE, seconds: float = 30, at_once: int = 32, threads: int = 4
    ) -> None:
        self.body, self.many, self.seconds, self.at_once, self.threads = body, many, seconds, at_once, threads


def app_of(desk: Desk, limits: Limits | None = None) -> Any:
    """The service as an ASGI app. It knows nobody and encrypts nothing: who may ask is settled in front of it."""
    return _Door(_Service(desk, limits or Limits()))


def serve(app: Any, *, host: str = "127.0.0.1", port: int = 8080) -> None:
    """Answer until it is told to end. Neither requests nor what goes wrong in them are logged."""
    uvicorn.run(app, host=host, port=port, access_log=False, log_config=None, server_header=False, ws="none", lifespan="off")


class _Service:
    def __init__(self, desk: Desk, limits: Limits) -> None:
        self.desk, self.limits = desk, limits
        self.threads = ThreadPoolExecutor(limits.threads, thread_name_prefix="sky-service")
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
            if request.method == "POST":
                _know(request, ())
                data = await self.read(request, (JSON,), self.limits.body)
                said = await self.timed(partial(self.answer_bytes, word, data))
            else:
                asked = {"format": 1, "id": word, **_know(request, ("id", *FIELDS[word][0])), "request": word}
                said = await self.timed(partial(answer, self.desk, asked))
        except RequestError as e:
            said = error_answer(None, e)
        return _response(said)

    async def answer_many(self, request: Request) -> Response:
        try:
            _know(request, ())
            data = await self.read(request, (LINES, "application/jsonl"), self.limits.many)
        except RequestError as e:
            return _response(error_answer(None, e))
        return StreamingResponse(self.answer_lines(data), media_type=LINES, headers=HEADERS)

    async def answer_lines(self, data: bytes) -> AsyncIterator[bytes]:
        """As in `lines.py`: an empty line is passed over, and an error without an id says in which line it is."""
        for number, line in enumerate(bounded_lines(io.BytesIO(data), longest=self.limits.body), 1):
            if line is not None and not line.strip():
                continue
            try:
                if line is None:
                    raise _too_large(self.limits.body)
                said = await self.timed(partial(self.answer_bytes, "decide", line))
            except RequestError as e:
                said = error_answer(None, e)
            if "error" in said and said["id"] is None:
                place = said["error"]["place"]
                said["error"]["place"] = f"line {number}" + (f", {place}" if place else "")
            yield dumps_answer(said).encode() + b"\n"

    def answer_bytes(self, word: str, data: bytes) -> dict[str, Any]:
        asked = read_json(data)
        if isinstance(asked, dict):
            if asked.get("request") is None:
                asked = asked | {"request": word}
            elif asked["request"] != word:
                raise _told("request-other", f"leave request out, or write {word}", field="request")
        return answer(self.desk, asked, cards.WORDS)

    async def timed(self, ask: Callable[[], _T]) -> _T:
        """In a thread of its own, so that others are answered meanwhile."""
        try:
            async with asyncio.timeout(self.limits.seconds):
                return await asyncio.get_running_loop().run_in_executor(self.threads, ask)
        except TimeoutError:
            raise _too_long(self.limits.seconds, "hand in no longer history than /needs names, or ask again later") from None

    async def read(self, request: Request, types: tuple[str, ...], longest: int) -> bytes:
        """The body, no more of it than is allowed and no longer than it may take to come."""
        said = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if said not in types:
            raise _told("media-type", f"send content-type: {types[0]}")
        length = request.headers.get("content-length", "")
        if length.isascii() and length.isdigit() and (len(length) > 15 or int(length) > longest):
            raise _too_large(longest)
        parts, size = [], 0
        try:
            async with asyncio.timeout(self.limits.seconds):
                async for part in request.stream():
                    size += len(part)
                    if size > longest:
                        raise _too_large(longest)
                    parts.append(part)
        except TimeoutError:
            raise _too_long(self.limits.seconds, "send the whole body at once") from None
        return b"".join(parts)

    # ------------------------------------------------------------------ what it says of itself
    async def show_document(self, request: Request) -> Response:
        return Response(self.document, media_type=JSON, headers=HEADERS)

    async def show_page(self, request: Request) -> Response:
        policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        return Response(self.page, media_type="text/html", headers=HEADERS | {"content-security-policy": policy})

    async def refuse_address(self, request: Request, e: Exception) -> Response:
        assert isinstance(e, HTTPException)
        code = "method" if e.status_code == 405 else "address-unknown"
        allowed = (e.headers or {}).get("Allow", "")
        hint = f"ask it with {allowed}" if allowed else f"write one of {', '.join((*ADDRESSES, '/openapi.json', '/docs'))}"
        return _response(error_answer(None, _told(code, hint)), {"allow": allowed} if allowed else {})

    async def fail(self, request: Request, e: Exception) -> Response:
        """Its words could hold anything: they are not repeated."""
        failed = RequestError("internal", CODES["internal"], hint="tell the makers of sky_model the address and its version")
        return _response(error_answer(None, failed))


class _Door:
    """Lets in only so many at once. Whatever is raised behind it ends here: a server would write it to its log."""

    def __init__(self, service: _Service) -> None:
        self.service, self.inside = service, 0

    async def __call__(self, scope: Any, receive: Any, send: Send) -> None:
        if scope["type"] != "http":
            await self.service.app(scope, receive, send)
            return
        if self.inside >= self.service.limits.at_once:
            busy = _told("busy", "ask again a little later, or send many in one /decide-many")
            await _response(error_answer(None, busy), {"retry-after": "1"})(scope, receive, send)
            return
        self.inside += 1
        try:
            await self.service.app(scope, receive, send)
        except Exception:  # answered already by `fail`, or there is nobody to tell; a server would write its words to a log
            return
        finally:
            self.inside -= 1


def _response(said: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    status = STATUS.get(said["error"]["code"], UNFIT) if "error" in said else 200
    return Response(dumps_answer(said).encode(), status_code=status, media_type=JSON, headers={**HEADERS, **(headers or {})})


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


def _too_large(longest: int) -> RequestError:
    hint = "hand in fewer pupils a request, and no longer history than /needs names"
    return RequestError("too-large", f"it is longer than {longest:,} bytes", hint=hint)


def _too_long(seconds: float, hint: str) -> RequestError:
    return _told("time", f"{hint}; there are {seconds:g} seconds")


def _told(code: str, hint: str, *, field: str = "") -> RequestError:
    return RequestError(code, HTTP_CODES[code], field=field, hint=hint)


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
                "responses": _responses(word, JSON, (400, 405, UNFIT, 500, 503)),
            }
        if path in WRITTEN:
            kind = LINES if path == "/decide-many" else JSON
            lines = " One request a line." if kind == LINES else ""
            paths[path]["post"] = {
                "operationId": path[1:],
                "summary": said,
                "description": f"`request` may be left out.{lines}",
                "requestBody": {"required": True, "content": {kind: _content(f"{word}-request", kind, EXAMPLES[path])}},
                "responses": _responses(word, kind, (400, 405, 413, 415, UNFIT, 500, 503)),
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
    """JSON Lines are one text for OpenAPI: the schema is that of a line."""
    shape: dict[str, Any] = {"$ref": f"#/$defs/{schema}"}
    if kind == LINES:
        shape = {"type": "string", "description": f"each line is one {schema.replace('-', ' ')}", "x-line": shape}
        example = None if example is None else dumps_answer(example) + "\n"
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
    413: "it is too large",
    415: "the body is of another type",
    UNFIT: "it was read, and cannot be answered as it is; the error says what to write instead",
    500: "something failed inside; nothing was decided",
    503: "it took too long, or too many asked at once",
}


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
    style = (
        "body{font:1rem/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem;color:#111;background:#fff}"
        "pre{background:#f3f3f3;padding:.8rem;overflow-x:auto}section{border-top:1px solid #999}"
        "dl{display:grid;grid-template-columns:4rem 1fr;gap:.2rem}dd{margin:0}"
    )
    title, said = escape(document["info"]["title"]), escape(document["info"]["description"])
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{style}</style></head><body><h1>{title}</h1>'
        f'<p>{said} The schemas: <a href="openapi.json">openapi.json</a>.</p>{"".join(parts)}</body></html>\n'
    )
