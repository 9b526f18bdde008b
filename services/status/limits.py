"""Limits of what partners ask: the requests of each at once and a second, and few exports at once.

    question ─▶ login ─▶ the partner's requests at once and a second ─▶ 429 ─▶ the route, every query bounded in time
    export   ─▶ two at once of a partner, in this process ─▶ 429

Operators are not limited. A query that is out of time is answered 503 (`services/runtime/http/server.py`).
"""

from collections import Counter
from collections.abc import AsyncIterator
from typing import Final

from fastapi import Depends, Request

from services.runtime.access.partner_auth import Caller, CallerOf
from services.runtime.access.partner_limits import PartnerLimits
from services.runtime.http.beside import enter
from services.runtime.http.server import Problem
from services.runtime.live import StartedStream, started_stream

MOST_EXPORTS: Final = 2
AGAIN_AFTER_S: Final = 10
"""After this time one of the partner's exports or streams may have ended."""


def paced(partner_caller: CallerOf, limits: PartnerLimits) -> CallerOf:
    """The dependency of every route that partners read from.

    Depend on it with `scope="function"`: an answer that is still streamed when the route has returned counts no more.
    """

    async def asking(
        request: Request,
        caller: Caller = Depends(partner_caller),  # noqa: B008 — FastAPI's way
    ) -> AsyncIterator[Caller]:
        if caller.partner is None:
            yield caller
            return
        enter(limits, caller.partner, request)
        try:
            yield caller
        finally:
            limits.leave(caller.partner)

    return asking


class Exports:
    """Exports under way, by partner; those of all partners' messages are under the empty name."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()

    async def counted(self, partner_id: str, pieces: AsyncIterator[bytes]) -> StartedStream[bytes]:
        """The export, its first piece at hand. Raises Problem 429, and what the first piece raises."""
        if self._open[partner_id] >= MOST_EXPORTS:
            detail = f"at most {MOST_EXPORTS} exports at once: wait until one has ended"
            raise Problem(429, "Too many exports", detail, retry_after_s=AGAIN_AFTER_S)
        self._open[partner_id] += 1
        return await started_stream(self._until_done(partner_id, pieces))

    async def _until_done(self, partner_id: str, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        try:
            async for piece in pieces:
                yield piece
        finally:
            self._open[partner_id] -= 1
