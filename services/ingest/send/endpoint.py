"""HTTP of `POST /v6/send`: a bare ASGI endpoint, since FastAPI's layers would cost as much as all of our own work."""

import time
from collections.abc import Sequence

from starlette.types import Receive, Scope, Send

from services.ingest.http import Beside, is_of_a_stranger, read_body, unexpected, write_answer
from services.ingest.refused import RefusedRequests
from services.ingest.rules import Code, Refusal
from services.ingest.send.answer import SendService
from services.runtime import telemetry
from services.runtime.access.audit import NOBODY, Refused
from services.runtime.access.callers import Network, caller_address
from services.runtime.http import server

log = telemetry.logger("api")
SEND_PATH = "/v6/send"
_SECONDS = telemetry.REQUEST_SECONDS.labels("send")
_ANSWERS = {code: telemetry.REQUESTS.labels("send", str(code)) for code in (0, *Code)}


class SendEndpoint:
    """Reads a body within its limit, and writes the answer."""

    def __init__(
        self, sending: SendService, trusted_proxies: Sequence[Network], refused: Refused, counted: RefusedRequests
    ) -> None:
        self._answer = sending.answer
        self._trusted, self._refused, self._counted = trusted_proxies, refused, counted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        beside = Beside()
        try:
            body = await read_body(scope, receive, server.MAX_BODY_BYTES)
            if body is None:
                return  # the caller has gone
            answer: bytes | Refusal = (
                body
                if isinstance(body, Refusal)
                else await self._answer(body, caller_address(scope, self._trusted), beside)
            )
        except Exception as error:
            log.exception("a request failed")
            answer = unexpected(error)
        await write_answer(scope, send, answer, beside)
        if is_of_a_stranger(answer, beside):
            self._refused(NOBODY, scope, answer.code.http_status)
        if isinstance(answer, Refusal):
            self._counted.note_answer(SEND_PATH, answer, beside)
        _ANSWERS[answer.code if isinstance(answer, Refusal) else 0].inc()
        _SECONDS.observe(time.perf_counter() - started)
