"""Something that is fetched from far away and kept for a while: once for all who ask at one time.

A failure is kept as well, for `FAILED_S`: people who try to sign in again and again must not become a flood of
requests to a login that is away already.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

FAILED_S = 5.0
Value = TypeVar("Value")


class FetchFailed(Exception):
    """It is not to be had now; the text says why."""


class Kept(Generic[Value]):
    """Fetched by `fetch`, which raises FetchFailed, and kept for `fresh_s`. Times are seconds of the loop."""

    def __init__(self, fetch: Callable[[], Awaitable[Value]], fresh_s: float) -> None:
        self._fetch, self._fresh_s = fetch, fresh_s
        self._task: asyncio.Task[Value] | None = None
        self._began_at = 0.0

    async def get(self) -> Value:
        """Raises FetchFailed."""
        if self._task is None or self._is_old(self._task):
            self._begin()
        return await self._shared()

    async def newer(self, least_s: float) -> Value | None:
        """Fetched anew, unless that was done less than `least_s` ago: then None. Raises FetchFailed."""
        if self._task is not None and self._age_s < least_s:
            return None
        self._begin()
        return await self._shared()

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _begin(self) -> None:
        self._began_at = asyncio.get_running_loop().time()
        self._task = asyncio.ensure_future(self._fetch())
        self._task.add_done_callback(_looked_at)

    def _is_old(self, task: "asyncio.Task[Value]") -> bool:
        if not task.done():
            return False
        failed = task.cancelled() or task.exception() is not None
        return self._age_s > (FAILED_S if failed else self._fresh_s)

    @property
    def _age_s(self) -> float:
        return asyncio.get_running_loop().time() - self._began_at

    async def _shared(self) -> Value:
        assert self._task is not None
        try:
            return await asyncio.shield(self._task)
        except FetchFailed as error:
            raise FetchFailed(str(error)) from None  # one of its own for each who asked


def _looked_at(task: "asyncio.Task[Value]") -> None:
    """Whoever asked may have gone before the answer came."""
    if not task.cancelled():
        task.exception()
