"""HTTP of the partner API.

    POST /v3/batch       likewise, `packet/endpoint.py`
    POST /v6/send        a bare ASGI endpoint beside FastAPI, whose layers would cost as much as all of our own work
    GET  /openapi.json   FastAPI, which documents it all the same

Every answer is the protocol's own JSON; its errors are those of `rules/errors.py`.
"""

import time
from collections.abc import Sequence
from typing import Any

import orjson
from fastapi import APIRouter, FastAPI
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from services.ingest.openapi import describe
from services.ingest.rules.errors import Code, Refusal
from services.ingest.rules.warnings import HEADER, header_of
from services.ingest.send.answer import SendService
from services.runtime import mongo, telemetry
from services.runtime.access.callers import Network, caller_address
from services.runtime.http import server

log = telemetry.logger("api")
SEND_PATH = "/v6/send"
BATCH_PATH = "/v3/batch"
MAILINGS_PATH = "/v1/mailings"
_JSON = (b"content-type", b"application/json")
_NOT_JSON = Refusal(Code.INVALID, "Content-Type: must be application/json in UTF-8")
_SECONDS = telemetry.REQUEST_SECONDS.labels("send")
_ANSWERS = {code: telemetry.REQUESTS.labels("send", str(code)) for code in (0, *Code)}


class SendEndpoint:
    """Reads a body within its limit, and writes the answer."""

    def __init__(self, sending: SendService, trusted_proxies: Sequence[Network]) -> None:
        self._answer = sending.answer
        self._trusted = trusted_proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        warnings: list[str] = []
        try:
            body = await read_body(scope, receive, server.MAX_BODY_BYTES)
            if body is None:
                return  # the caller has gone
            answer: bytes | Refusal = (
                body
                if isinstance(body, Refusal)
                else await self._answer(body, caller_address(scope, self._trusted), warnings)
            )
        except Exception as error:
            log.exception("a request failed")
            answer = unexpected(error)
        code, status, headers = 0, 200, [_JSON]
        if isinstance(answer, Refusal):
            code, status = answer.code, answer.code.http_status
            if status in (429, 503):
                headers.append((b"retry-after", b"%d" % answer.retry_after_s))
            answer = error_body(answer)
        if warnings:
            headers.append((HEADER, header_of(warnings)))
        headers.append((b"content-length", b"%d" % len(answer)))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer})
        _ANSWERS[code].inc()
        _SECONDS.observe(time.perf_counter() - started)


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes | Refusal | None:
    """The whole body; None when the caller hung up; a refusal for one that is too large or not JSON."""
    for name, value in scope["headers"]:
        if name == b"content-type" and not _is_json(value):
            return _NOT_JSON
        if name == b"content-length" and int(value) > limit:
            return _too_large(limit)
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            return _too_large(limit)
        if not message.get("more_body", False):
            whole = b"".join((*parts, part)) if parts else part
            return whole.removeprefix(b"\xef\xbb\xbf")  # which 1C and .NET may write (RFC 8259 §8.1)
        parts.append(part)


def _too_large(limit: int) -> Refusal:
    return Refusal(Code.INVALID, f"body: must be at most {limit} bytes")


def _is_json(content_type: bytes) -> bool:
    """True for application/json, whatever else it says, except another encoding. None given: taken as JSON."""
    if content_type == b"application/json":
        return True
    kind, *parameters = (part.strip() for part in content_type.lower().split(b";"))
    charsets = [one.split(b"=", 1)[1].strip(b'" ') for one in parameters if one.startswith(b"charset=")]
    return kind == b"application/json" and all(charset in (b"utf-8", b"utf8", b"us-ascii") for charset in charsets)


def unexpected(error: Exception) -> Refusal:
    """What a partner is told of a failure that nobody expected: where the database refused, to try again may help."""
    if isinstance(error, mongo.REFUSALS):
        return Refusal(Code.UNAVAILABLE, "the request could not be stored, repeat it with the same id")
    return Refusal(Code.INTERNAL, "")


def error_body(refusal: Refusal) -> bytes:
    """The body of an error answer."""
    body: dict[str, object] = {"error": {"code": int(refusal.code), "description": refusal.code.description}}
    if refusal.detail:
        body["extendedDescription"] = refusal.detail
    return orjson.dumps(body)


class Application:
    """The API of this process: FastAPI, but for the hot paths. `mailings` answers `/v1/mailings…`."""

    def __init__(self, rest: FastAPI, send: SendEndpoint, batch: ASGIApp | None, mailings: ASGIApp | None) -> None:
        self._rest = rest
        self._send = send
        self._batch = batch or rest
        self._mailings = mailings or rest

    def openapi(self) -> dict[str, Any]:
        """The document of all of it."""
        return self._rest.openapi()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == SEND_PATH and scope["method"] == "POST":
            await self._send(scope, receive, send)
        elif scope["type"] == "http" and scope["path"] == BATCH_PATH and scope["method"] == "POST":
            await self._batch(scope, receive, send)
        elif scope["type"] == "http" and scope["path"].startswith(MAILINGS_PATH):
            await self._mailings(scope, receive, send)
        else:
            await self._rest(scope, receive, send)


def application(
    sending: SendService,
    trusted_proxies: Sequence[Network],
    batch: ASGIApp | None = None,
    mailings: FastAPI | None = None,
    routers: Sequence[APIRouter] = (),
) -> Application:
    """The API of this process. `routers` have the paths that need nothing of their own."""
    app = FastAPI(title="RPNS partner API", version="6.0", docs_url=None, redoc_url=None)
    server.install_problems(app)
    app.add_middleware(server.BodyLimit)
    for router in routers:
        app.include_router(router)
    endpoint = SendEndpoint(sending, trusted_proxies)
    app.router.routes.append(Route(SEND_PATH, endpoint, methods=["POST"]))  # so that other methods are 405
    if batch is not None:
        app.router.routes.append(Route(BATCH_PATH, batch, methods=["POST"]))
    describe(app, mailings)
    return Application(app, endpoint, batch, mailings)
