"""Finds what a code leads to, also when the push was faster than the projection, which lags by a second at most.

    found ─▶ at once        not found ─▶ looked for again three times, for a second and a half in all ─▶ no such link

So many wait at most; whoever comes while strangers who guess have taken all places is told at once what is known.
"""

import asyncio
from collections.abc import Awaitable, Callable

from services.status.short_links.store import LinkTarget

_PAUSES_S = (0.2, 0.4, 0.9)
MOST_WAITING = 50


class ShortLinkSearch:
    """The codes of one process' callers. `find` looks into the projection once."""

    def __init__(
        self,
        find: Callable[[str], Awaitable[LinkTarget | None]],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._find, self._sleep, self._waiting = find, sleep, 0

    async def target(self, code: str) -> LinkTarget | None:
        """The target of the code; None when there is none, or none any more."""
        found = await self._find(code)
        if found is not None or self._waiting >= MOST_WAITING:
            return found
        self._waiting += 1
        try:
            for pause_s in _PAUSES_S:
                await self._sleep(pause_s)
                found = await self._find(code)
                if found is not None:
                    return found
        finally:
            self._waiting -= 1
        return None
