"""What the sandbox has accepted: an inbox for each provider and device token, and a stream of everything.

A provider server calls `put` after it has decided to answer success; tests, the control API and the device
simulator read. In the bench `keep_payloads` is False: a push is only counted, nobody is woken, nothing kept.
"""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

KEPT = 100_000  # pushes; older ones are forgotten first
FOLLOWER_BACKLOG = 100_000  # pushes a follower may lag behind before its stream is ended


@dataclass(frozen=True, slots=True)
class Received:
    """One accepted push; `payload` is the JSON body as the provider received it."""

    provider: str
    token: str
    message_id: str  # the id the provider answered with: apns-id, projects/…/messages/…, requestId
    headers: dict[str, str]
    payload: dict[str, Any]
    at_ms: int = field(default_factory=lambda: time.time_ns() // 1_000_000)  # epoch milliseconds


class FollowerTooSlowError(Exception):
    """The reader of a follow stream lags so far behind that it would miss pushes without knowing."""


class Follower(AsyncIterator[Received]):
    """Everything received since it was made; `close` it when done."""

    def __init__(self, followers: "set[Follower]") -> None:
        self._followers = followers
        self._queue: asyncio.Queue[Received] = asyncio.Queue(FOLLOWER_BACKLOG)
        self._overrun = False
        followers.add(self)

    def offer(self, received: Received) -> None:
        if self._queue.full():
            self._overrun = True
            self.close()
        else:
            self._queue.put_nowait(received)

    async def __anext__(self) -> Received:
        if self._overrun and self._queue.empty():
            raise FollowerTooSlowError(f"more than {FOLLOWER_BACKLOG} pushes behind")
        return await self._queue.get()

    async def batch(self) -> list[Received]:
        """Waits for the next push and takes all that have come since the last read."""
        received = [await anext(self)]
        while not self._queue.empty():
            received.append(self._queue.get_nowait())
        return received

    def close(self) -> None:
        self._followers.discard(self)


class Inbox:
    """All inboxes of one sandbox; bounded, newest kept."""

    def __init__(self, keep_payloads: bool = True, kept: int = KEPT) -> None:
        self.keep_payloads = keep_payloads
        self.counters: dict[str, int] = defaultdict(int)
        self._kept = kept
        self._all: deque[Received] = deque()
        self._by_token: dict[tuple[str, str], deque[Received]] = {}
        self._arrived: dict[tuple[str, str], list[asyncio.Event]] = {}
        self._followers: set[Follower] = set()

    def put(self, received: Received) -> None:
        self.counters[received.provider] += 1
        if not self.keep_payloads:
            return
        if len(self._all) >= self._kept:
            self._forget_oldest()
        key = (received.provider, received.token)
        self._all.append(received)
        self._by_token.setdefault(key, deque()).append(received)
        for event in self._arrived.get(key, ()):
            event.set()
        for follower in tuple(self._followers):
            follower.offer(received)

    def count(self, provider: str) -> None:
        """Counts a push that nobody will read: what `put` does when payloads are not kept, without making one."""
        self.counters[provider] += 1

    def by_token(self, provider: str, token: str) -> list[Received]:
        return list(self._by_token.get((provider, token), ()))

    def all(self) -> list[Received]:
        return list(self._all)

    def clear(self) -> None:
        """Forgets every push and counter; followers and waiters stay."""
        self._all.clear()
        self._by_token.clear()
        self.counters.clear()

    async def wait(self, provider: str, token: str, count: int = 1, timeout_s: float = 10) -> list[Received]:
        """At least `count` pushes for the token; TimeoutError when they have not come within `timeout_s`."""
        key = (provider, token)
        event = asyncio.Event()
        self._arrived.setdefault(key, []).append(event)
        try:
            async with asyncio.timeout(timeout_s):
                while len(self._by_token.get(key, ())) < count:
                    event.clear()
                    await event.wait()
        finally:
            self._arrived[key].remove(event)
            if not self._arrived[key]:
                del self._arrived[key]
        return self.by_token(provider, token)

    def follow(self) -> Follower:
        """Everything from now on (from this call, not from the first read)."""
        return Follower(self._followers)

    def _forget_oldest(self) -> None:
        oldest = self._all.popleft()
        key = (oldest.provider, oldest.token)
        of_token = self._by_token[key]
        of_token.popleft()
        if not of_token:
            del self._by_token[key]
