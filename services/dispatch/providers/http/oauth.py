"""Access tokens: fetched once for all callers, renewed early, replaced once when a provider refuses one.

    with_bearer(tokens, attempt)
        get ─▶ token ─▶ attempt ─▶ a Result
                                └▶ RefreshAuth: forget the token, get another, attempt again
                                                └▶ RefreshAuth again: Rejected with alert

The token endpoints are throttled (docs/providers.md §3.1), so all callers share one fetch, and a failure is remembered
for a moment.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from services.dispatch.provider import Rejected, Result, Retry

RENEW_EARLY_S: Final = 300.0
"""Google's and Huawei's own libraries renew five minutes early (docs/providers.md §2.1, §3.1)."""
FAILURE_HOLD_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Grant:
    """An access token and how long it holds."""

    token: str
    lifetime_s: float


@dataclass(frozen=True, slots=True)
class RefreshAuth:
    """The provider does not take the access token, or no longer does."""

    detail: str
    status: int


Trouble = Retry | Rejected
Fetch = Callable[[], Awaitable[Grant | Trouble]]


class AccessTokens:
    """The token of one application at one provider. `fetch` raises nothing but CancelledError."""

    def __init__(
        self,
        fetch: Fetch,
        clock_s: Callable[[], float] = time.monotonic,
        failure_hold_s: float = FAILURE_HOLD_S,
    ) -> None:
        self._fetch = fetch
        self._clock_s = clock_s
        self._failure_hold_s = failure_hold_s
        self._token: str | None = None
        self._renew_at_s = 0.0
        self._expires_at_s = 0.0
        self._trouble: Trouble | None = None
        self._ask_again_at_s = 0.0
        self._fetching: asyncio.Task[None] | None = None

    async def get(self) -> str | Trouble:
        """The token. While an old one still holds its renewal goes on in the background."""
        now_s = self._clock_s()
        if self._token is not None and now_s < self._renew_at_s:
            return self._token
        if now_s >= self._expires_at_s:
            self._token = None
        if self._fetching is None and now_s >= self._ask_again_at_s:
            self._fetching = asyncio.create_task(self._renew())
        if self._token is None and self._fetching is not None:
            await asyncio.wait((self._fetching,))  # it is shared: a cancelled caller does not end it
        return self._token or self._trouble or Retry("no access token")

    def refuse(self, token: str) -> None:
        """The provider refused this token; forgotten if it is still the current one."""
        if token == self._token:
            self._token = None

    async def close(self) -> None:
        """End a fetch under way."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)

    async def _renew(self) -> None:
        try:
            granted = await self._fetch()
        finally:
            self._fetching = None
        now_s = self._clock_s()
        if isinstance(granted, Grant):
            self._token, self._trouble, self._ask_again_at_s = granted.token, None, 0.0
            self._expires_at_s = now_s + granted.lifetime_s
            self._renew_at_s = now_s + max(granted.lifetime_s - RENEW_EARLY_S, granted.lifetime_s / 2)
        else:
            self._trouble = granted
            self._ask_again_at_s = now_s + self._failure_hold_s


async def with_bearer(tokens: AccessTokens, attempt: Callable[[str], Awaitable[Result | RefreshAuth]]) -> Result:
    """An attempt with the access token, and one more with a new token when the provider refuses the first."""
    result = await _attempt(tokens, attempt)
    if isinstance(result, RefreshAuth):
        result = await _attempt(tokens, attempt)
    if isinstance(result, RefreshAuth):
        return Rejected(result.detail, result.status, alert=True)
    return result


async def _attempt(
    tokens: AccessTokens, attempt: Callable[[str], Awaitable[Result | RefreshAuth]]
) -> Result | RefreshAuth:
    token = await tokens.get()
    if not isinstance(token, str):
        return token
    result = await attempt(token)
    if isinstance(result, RefreshAuth):
        tokens.refuse(token)
    return result
