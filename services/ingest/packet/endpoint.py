"""HTTP of `POST /v3/batch`: a bare ASGI endpoint, like `/v6/send`.

Errors of the whole packet (key, address, limits, the log of the protocol itself) are those of `rules/errors.py`.
"""

import time
from collections.abc import Sequence

from starlette.types import Receive, Scope, Send

from services.ingest.packet.answer import MAX_BODY_BYTES, PacketService
from services.ingest.rules.errors import Refusal
from services.ingest.rules.warnings import HEADER, header_of
from services.ingest.send.endpoint import error_body, read_body, unexpected
from services.runtime import telemetry
from services.runtime.access.callers import Network, caller_address

log = telemetry.logger("api")
_JSON = (b"content-type", b"application/json")
_SECONDS = telemetry.REQUEST_SECONDS.labels("batch")


class PacketEndpoint:
    """The key is looked at before the body is read: nobody else makes us read 16 MiB."""

    def __init__(self, batch: PacketService, trusted_proxies: Sequence[Network]) -> None:
        self._batch = batch
        self._trusted = trusted_proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        warnings: list[str] = []
        try:
            outcome = await self._outcome(scope, receive, warnings)
            if outcome is None:
                return  # the caller has gone
        except Exception as error:
            log.exception("a packet failed")
            outcome = unexpected(error)
        status, headers = 0, [_JSON]
        if isinstance(outcome, Refusal):
            status, body = outcome.code.http_status, error_body(outcome)
            headers += [(b"retry-after", b"%d" % outcome.retry_after_s)] if status in (429, 503) else []
        else:
            status, body = outcome
        if warnings:
            headers.append((HEADER, header_of(warnings)))
        headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        telemetry.REQUESTS.labels("batch", str(status)).inc()
        _SECONDS.observe(time.perf_counter() - started)

    async def _outcome(self, scope: Scope, receive: Receive, warnings: list[str]) -> tuple[int, bytes] | Refusal | None:
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        partner = self._batch.caller(given.decode("latin-1"), caller_address(scope, self._trusted))
        if isinstance(partner, Refusal):
            return partner
        body = await read_body(scope, receive, MAX_BODY_BYTES)
        if body is None or isinstance(body, Refusal):
            return body
        return await self._batch.answer(body, partner, warnings)
