"""The fast path of receipts, the most frequent call of all: two for each push.

    POST …/installations/{id}/receipts ─ credential proves itself? ─ body is right? ─▶ ReceiptService ─▶ answer
                                             │ no                       │ no
                                             └──────────────────────────┴──▶ the documented route, with the same body

The usual call costs neither FastAPI's layers nor a question to the database. Every other one (a former credential, a
broken body, an application that is switched off) is answered by the route, so each refusal is written once.
"""

import re
import time
from collections.abc import Iterable

import orjson
from pydantic import ValidationError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.registry.receipts.bodies import MAX_OWN_RECEIPTS_BYTES, ReceiptsBody
from services.registry.receipts.service import ReceiptService
from services.runtime import telemetry
from services.runtime.access.device_auth import MAX_AUTHORIZATION
from services.runtime.access.device_pace import DevicePace
from services.runtime.cross_origin import answers_page
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.http import server

_BEFORE, _BEHIND = "/sdk/api/v1/installations/", "/receipts"
_LENGTH = len(_BEFORE) + 36 + len(_BEHIND)
_SECONDS = telemetry.REQUEST_SECONDS.labels("registry")
_TAKEN = telemetry.REQUESTS.labels("registry", "200")
_JSON = (b"content-type", b"application/json")
_SCHEME = b"bearer "
_LONG_NUMBER = re.compile(rb"[0-9]{19}")
"""It may have more than 64 bits: this parser makes a fraction of it, the route's does not."""


class ReceiptFastPath:
    """ASGI middleware around all that everybody may reach of the registry."""

    def __init__(
        self, app: ASGIApp, *, receipts: ReceiptService, secrets: Secrets, directory: Directory, pace: DevicePace
    ) -> None:
        self._app = app
        self._receipts, self._secrets, self._directory, self._pace = receipts, secrets, directory, pace

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        installation_id = _installation_in(scope)
        application_id = self._application(scope, installation_id) if installation_id else None
        if application_id is None:
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        messages, whole = await _read(receive)
        body = _parsed(whole) if whole is not None else None
        if body is None:
            await self._app(scope, _again(messages, receive), send)
            return
        try:
            self._pace.called(scope)
            self._pace.proved(application_id, installation_id)
            self._pace.entries(installation_id, len(body.receipts))
            answer = await self._receipts.take(installation_id, body)
        except Exception as error:  # nothing behind this path sees it: it is answered as by the route
            refusal = server.problem_answer(error) if isinstance(error, server.Problem) else server.failed(error)
            await refusal(scope, receive, send)
            telemetry.REQUESTS.labels("registry", str(refusal.status_code)).inc()
        else:
            content = answer.model_dump_json(by_alias=True).encode()
            headers = [_JSON, (b"content-length", b"%d" % len(content))]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": content})
            _TAKEN.inc()
        _SECONDS.observe(time.perf_counter() - started)

    def _application(self, scope: Scope, installation_id: str) -> str | None:
        """The application of the caller whose credential proves itself; None where the route has to look closer."""
        given, is_json = None, False
        for name, value in scope["headers"]:
            if name == b"authorization":
                if given is not None or value[: len(_SCHEME)].lower() != _SCHEME or len(value) > MAX_AUTHORIZATION:
                    return None
                given = value
            elif name == b"content-type":
                is_json = _is_json(value)
                if not is_json:
                    return None
            elif name in (b"x-api-key", b"content-encoding"):
                return None
        if given is None or not is_json:
            return None
        credential = given[len(_SCHEME) :].strip()
        application_id = self._secrets.application_of(credential.decode("latin-1"), installation_id)
        application = self._directory.applications.get(application_id or "")
        if application is None or not application.enabled:
            return None
        answers_page(scope, application)
        return application_id


def _installation_in(scope: Scope) -> str:
    """The installation in the path of a call that brings receipts; empty for all others."""
    if scope["type"] != "http" or scope["method"] != "POST" or scope["query_string"]:
        return ""
    path: str = scope["path"]
    if len(path) != _LENGTH or not path.startswith(_BEFORE) or not path.endswith(_BEHIND):
        return ""
    return path[len(_BEFORE) : -len(_BEHIND)]


def _is_json(content_type: bytes) -> bool:
    return content_type.partition(b";")[0].strip().lower() == b"application/json"


async def _read(receive: Receive) -> tuple[list[Message], bytes | None]:
    """A request as few messages, and its body; None for one that is too large or was cut off."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return [_body(parts, more=True), message], None
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        is_more = message.get("more_body", False)
        if size > MAX_OWN_RECEIPTS_BYTES:
            return [_body(parts, more=is_more)], None
        if not is_more:
            whole = _body(parts, more=False)
            return [whole], whole["body"]


def _body(parts: Iterable[bytes], *, more: bool) -> Message:
    """One message for many: a body of 64 KB that comes byte by byte would take 17 MB."""
    return {"type": "http.request", "body": b"".join(parts), "more_body": more}


def _parsed(whole: bytes) -> ReceiptsBody | None:
    if _LONG_NUMBER.search(whole) is not None:
        return None
    try:
        return ReceiptsBody.model_validate(orjson.loads(whole))
    except (ValidationError, orjson.JSONDecodeError):
        return None


def _again(messages: Iterable[Message], receive: Receive) -> Receive:
    """The request from its beginning, for another application."""
    kept = iter(messages)

    async def replayed() -> Message:
        message = next(kept, None)
        return await receive() if message is None else message

    return replayed
