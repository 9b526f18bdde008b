"""One answer for all who ask at nearly the same time: consoles that are open ask every few seconds, each for itself."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Generic, TypeVar

T = TypeVar("T")


class Recent(Generic[T]):
    """What `ask` answers, asked again once the last answer is `fresh_s` old. What it raises is raised, and not kept."""

    def __init__(self, ask: Callable[[], Awaitable[T]], fresh_s: float, clock: Callable[[], float] = monotonic) -> None:
        self._ask, self._fresh_s, self._clock = ask, fresh_s, clock
        self._lock = asyncio.Lock()
        self._last: tuple[float, T] | None = None

    async def get(self) -> T:
        """The last answer, or a new one."""
        async with self._lock:
            if self._last is None or self._clock() - self._last[0] >= self._fresh_s:
                answer = await self._ask()
                self._last = self._clock(), answer
            return self._last[1]
