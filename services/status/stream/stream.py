"""Server-sent events: every change of a link's state, to every listener, from where it left off.

    fold ─▶ StateChanged ─▶ `changes` (a pack for each partner and batch, its changes numbered)
                               └─▶ open streams: woken here, by looking elsewhere ◀─ Last-Event-ID: goes on behind that
                                   number, though it be in the middle of a pack

A stream reads its next page only when the socket has taken the last one, so a slow listener costs one page and not
more. A stream that asks for changes older than a week, which are kept no longer, gets an event `lost` first.

A brief stream is for a page that asks again itself: it hears that something has changed, and nothing of it.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from typing import Any

import orjson

from services.runtime import telemetry
from services.runtime.clock import now_ms
from services.runtime.http import server
from services.runtime.live import started_stream
from services.runtime.loops import pause
from services.runtime.mongo import TRANSIENT_ERRORS
from services.status.fold import Followed, StateChanged
from services.status.limits import AGAIN_AFTER_S
from services.status.message import Change, Link, Message
from services.status.stream.packs import IN_A_PACK, NewChange, Pack
from services.status.stream.store import ChangeStore, Feed

_PAGE = 16
"""Packs: half a megabyte at most."""
_LOOK_S = 0.5
_HEARTBEAT_S = 15.0
_HOLE_S = 3.0
"""How long a hole may stay before a reader closes it: longer than a writer needs between taking and storing."""
_MAX_STREAMS = 10
"""At once, of one partner in one process; and as many brief ones, so that pages leave programs theirs."""
_BRIEF_S = 1.0
"""Between two events of a brief stream, at least."""


class Streams:
    """Stores changes, and gives them to open streams."""

    def __init__(self, changes: ChangeStore, stop: asyncio.Event) -> None:
        self._changes = changes
        self._stop = stop
        self._open: Counter[tuple[str, bool]] = Counter()
        self._woken: dict[str, set[asyncio.Event]] = {}

    async def take(self, followed: Followed) -> None:
        """Store the changes among the follow-ups, each once."""
        by_feed: dict[Feed, dict[str, NewChange]] = {}
        now = now_ms()
        for message, follows in followed:
            for follow_up in follows:
                if type(follow_up) is StateChanged and message.partner_id:
                    change = _new(message, follow_up, now)
                    by_feed.setdefault((message.partner_id, message.lane), {}).setdefault(change.name, change)
        for (partner_id, lane), changes in by_feed.items():
            await self._changes.add(partner_id, list(changes.values()), lane)
            for woken in self._woken.get(partner_id, ()):
                woken.set()

    async def open(
        self,
        partner_id: str,
        after: int | None,
        is_let_in: Callable[[], bool] = lambda: True,
        *,
        is_brief: bool = False,
    ) -> AsyncIterator[bytes]:
        """The bytes of a stream that goes on behind `after`; None begins with what comes next. Raises Problem 429.

        It ends when its reader is not let in any more: a password was changed, a token revoked. It is counted before
        anything is awaited, so that many who come at once are no more than may be.
        """
        kind = partner_id, is_brief
        if self._open[kind] >= _MAX_STREAMS:
            detail = f"at most {_MAX_STREAMS} at once: wait until one has ended"
            raise server.Problem(429, "Too many streams", detail, retry_after_s=AGAIN_AFTER_S)
        self._open[kind] += 1
        try:
            oldest, newest = await self._changes.bounds(partner_id)
        except BaseException:
            self._open[kind] -= 1
            raise
        seq = newest if after is None else min(after, newest)
        return aiter(await started_stream(self._stream(kind, seq, oldest, is_let_in)))

    async def _stream(
        self, kind: tuple[str, bool], seq: int, oldest: int, is_let_in: Callable[[], bool]
    ) -> AsyncIterator[bytes]:
        (partner_id, is_brief), woken = kind, asyncio.Event()
        self._woken.setdefault(partner_id, set()).add(woken)
        telemetry.STREAMS.inc()
        try:
            yield b"retry: 2000\nid: %d\n\n" % seq
            if oldest > seq + 1 and seq and not is_brief:
                yield b'event: lost\nid: %d\ndata: {"from": %d, "to": %d}\n\n' % (oldest - 1, seq + 1, oldest - 1)
            seq = max(seq, oldest - 1)
            follow = self._numbers if is_brief else self._pages
            async for chunk in follow(partner_id, seq, woken, is_let_in):
                yield chunk
        finally:
            telemetry.STREAMS.dec()
            self._open[kind] -= 1
            self._woken[partner_id].discard(woken)

    async def _pages(
        self, partner_id: str, seq: int, woken: asyncio.Event, is_let_in: Callable[[], bool]
    ) -> AsyncIterator[bytes]:
        hole_since: float | None = None
        spoken, begins = time.monotonic(), True
        while not self._stop.is_set() and is_let_in():
            woken.clear()
            page: list[Pack] = []
            with suppress(*TRANSIENT_ERRORS):  # the stream stays open, and goes on where it was
                page = await self._page(partner_id, seq, begins)
                begins = False
            ready = _in_a_row(page, seq)
            if ready:
                chunk = b"".join(_bytes(*change) for pack in ready for change in pack.behind(seq))
                seq, hole_since, spoken = max(pack.last for pack in ready), None, time.monotonic()
                yield chunk or b":\n\n"
                continue
            if page:
                hole_since = hole_since or time.monotonic()
                if time.monotonic() - hole_since > _HOLE_S:
                    hole_since = None
                    with suppress(*TRANSIENT_ERRORS):
                        await self._changes.close(partner_id, range(seq + 1, min(page[0].first, seq + 1 + IN_A_PACK)))
                        continue
            if time.monotonic() - spoken > _HEARTBEAT_S:
                spoken = time.monotonic()
                yield b":\n\n"
            await pause(woken, _LOOK_S)

    async def _numbers(
        self, partner_id: str, seq: int, woken: asyncio.Event, is_let_in: Callable[[], bool]
    ) -> AsyncIterator[bytes]:
        spoken = time.monotonic()
        while not self._stop.is_set() and is_let_in():
            woken.clear()
            last = seq
            with suppress(*TRANSIENT_ERRORS):
                last = await self._changes.last(partner_id)
            if last > seq:
                seq, spoken = last, time.monotonic()
                yield b"id: %d\nevent: changed\ndata: {}\n\n" % seq
                await pause(self._stop, _BRIEF_S)
                continue
            if time.monotonic() - spoken > _HEARTBEAT_S:
                spoken = time.monotonic()
                yield b":\n\n"
            await pause(woken, _LOOK_S)

    async def _page(self, partner_id: str, seq: int, begins: bool) -> list[Pack]:
        """The next packs; where a stream begins, the one that it was left in the middle of comes first."""
        left = await self._changes.around(partner_id, seq) if begins else None
        return [left] if left is not None else await self._changes.after(partner_id, seq, _PAGE)


def _in_a_row(page: Sequence[Pack], seq: int) -> list[Pack]:
    """The packs that follow `seq` without a hole."""
    ready = []
    for pack in page:
        if pack.first > seq + 1:
            break
        ready.append(pack)
        seq = max(seq, pack.last)
    return ready


def _bytes(seq: int, line: bytes) -> bytes:
    return b"id: %d\nevent: status\ndata: %b\n\n" % (seq, line)


def _new(message: Message, changed: StateChanged, now: int) -> NewChange:
    change = changed.change
    return NewChange(
        name=f"{message.message_id}/{changed.link}/{change.state}",
        line=orjson.dumps(_event(message, message.links[changed.link], change)),
        origin=change.origin,
        at=min(change.at, now),
        again=changed.again,
        is_former=changed.is_former,
    )


def _event(message: Message, link: Link, change: Change) -> dict[str, Any]:
    request = link.request
    root = message.request
    event: dict[str, Any] = {
        "message_id": message.message_id,
        "mt_num": request.mt_num if request else None,
        "id": root.partner_ref if root else None,
        "link": link.number,
        "channel": str(request.channel) if request else None,
        "state": str(change.state),
        "at": change.at,
    }
    if change.state.is_failure and link.failed_reason is not None:
        event |= {"reason": link.failed_reason.value, "error_code": link.failed_reason.error_code}
    elif link.late_confirmation:
        event["double_reach"] = True
    return event
