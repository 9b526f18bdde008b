"""HTTP of `POST /v3/batch`: a bare ASGI endpoint, like `/v6/send`.

Errors of the whole packet (key, address, limits) are those of `rules/errors.py`.
"""

import time
from collections.abc import Sequence

from starlette.types import Receive, Scope, Send

from services.ingest.http import Beside, is_of_a_stranger, read_body, unexpected, write_answer
from services.ingest.packet.answer import MAX_BODY_BYTES, PacketService
from services.ingest.refused import RefusedRequests
from services.ingest.rules import Refusal
from services.runtime import telemetry
from services.runtime.access.audit import Refused
from services.runtime.access.callers import Network, caller_address

log = telemetry.logger("api")
PACKET_PATH = "/v3/batch"
_SECONDS = telemetry.REQUEST_SECONDS.labels("batch")


class PacketEndpoint:
    """Checks the key before it reads the body, so that only partners make it read 16 MiB."""

    def __init__(
        self, batch: PacketService, trusted_proxies: Sequence[Network], refused: Refused, counted: RefusedRequests
    ) -> None:
        self._batch = batch
        self._trusted, self._refused, self._counted = trusted_proxies, refused, counted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        beside = Beside()
        try:
            outcome = await self._outcome(scope, receive, beside)
            if outcome is None:
                return  # the caller has gone
        except Exception as error:
            log.exception("a packet failed")
            outcome = unexpected(error)
        status, answer = (outcome.code.http_status, outcome) if isinstance(outcome, Refusal) else outcome
        await write_answer(scope, send, answer, beside, status)
        if is_of_a_stranger(answer, beside):
            self._refused(self._batch.proved(_authorization(scope)), scope, status)
        self._counted.note_answer(PACKET_PATH, outcome, beside)
        telemetry.REQUESTS.labels("batch", str(status)).inc()
        _SECONDS.observe(time.perf_counter() - started)

    async def _outcome(self, scope: Scope, receive: Receive, beside: Beside) -> tuple[int, bytes] | Refusal | None:
        partner = self._batch.caller(_authorization(scope), caller_address(scope, self._trusted))
        if isinstance(partner, Refusal):
            return partner
        beside.partner = partner
        body = await read_body(scope, receive, MAX_BODY_BYTES)
        if body is None or isinstance(body, Refusal):
            return body
        return await self._batch.answer(body, partner, beside)


def _authorization(scope: Scope) -> str:
    return next((value for name, value in scope["headers"] if name == b"authorization"), b"").decode("latin-1")
