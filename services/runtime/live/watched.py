"""What is looked at while somebody watches it: one loop for all of a kind, however many watch; none for nobody."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from contextvars import Context
from dataclasses import dataclass, field
from hashlib import blake2b
from time import monotonic
from typing import Generic, TypeVar

from services.runtime.loops import keep_on

K = TypeVar("K", bound=Hashable)
Look = Callable[[Mapping[K, bool]], Awaitable[Mapping[K, bytes | None]]]
"""Answers of those of the keys that may have changed since it was asked before, and of all whose value is True: they
were not watched then. None: there is none any more."""
_DIGEST_BYTES = 8


@dataclass(eq=False)
class View:
    """An answer as it was at the last look. `body` None: there is none any more."""

    body: bytes | None
    looked_at_s: float
    digest: str = ""
    is_new: bool = True
    """Never looked at by the loop: the answer may have changed since its own query read it."""
    woken: set[asyncio.Event] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.digest = _digest(self.body)

    def take(self, body: bytes | None) -> None:
        """Keep it, and wake whoever watches if it is another one."""
        if body == self.body:
            return
        self.body, self.digest = body, _digest(body)
        for event in self.woken:
            event.set()


class Watched(Generic[K]):
    """The answers of one kind that are watched, looked at every `every_s` seconds until `stop`."""

    def __init__(self, name: str, look: Look[K], every_s: float, stop: asyncio.Event) -> None:
        self._name, self._look, self._every_s, self._stop = name, look, every_s, stop
        self._views: dict[K, View] = {}
        self._loop: asyncio.Task[None] | None = None

    @property
    def is_looking(self) -> bool:
        return self._loop is not None

    def join(self, key: K, body: bytes, woken: asyncio.Event) -> View:
        """Watch it: `woken` is set at each change. `body` is the answer now; of one that is watched already the loop
        knows better."""
        view = self._views.get(key)
        if view is None:
            view = self._views[key] = View(body, monotonic())
        view.woken.add(woken)
        if self._loop is None:
            turns = keep_on(self._name, self._turn, self._stop, self._every_s)
            self._loop = asyncio.create_task(turns, context=Context())  # nothing of the request that was the first
        return view

    def leave(self, key: K, woken: asyncio.Event) -> None:
        """Watch it no more."""
        view = self._views[key]
        view.woken.discard(woken)
        if not view.woken:
            del self._views[key]
        if not self._views and self._loop is not None:
            self._loop.cancel()
            self._loop = None

    async def _turn(self) -> None:
        views, now_s = dict(self._views), monotonic()
        found = await self._look({key: view.is_new for key, view in views.items()})
        for key, view in views.items():
            view.looked_at_s, view.is_new = now_s, False
            if key in found:
                view.take(found[key])


def _digest(body: bytes | None) -> str:
    return blake2b(body or b"", digest_size=_DIGEST_BYTES).hexdigest()
