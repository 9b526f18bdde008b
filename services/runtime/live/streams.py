"""Server-sent events of what is watched: the whole answer at each change, a few streams for each caller.

    retry: 2000                        first, at once
    id, event: <part>, data: <answer>  each part whose answer is another than the one the reader has (`Last-Event-ID`)
    :                                  a comment every 10 s: what was sent last is true still

A stream ends when the reader's token or password holds no more, when the process is to stop, when an answer is gone,
and when nobody could look for 20 s: then whoever comes back is told what is wrong, as by the query.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from time import monotonic
from typing import Annotated, Any, NamedTuple

from fastapi import Header
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from services.runtime import telemetry
from services.runtime.access.partner_auth import Caller
from services.runtime.http.server import Problem
from services.runtime.live.started import started_stream
from services.runtime.live.watched import View, Watched
from services.runtime.loops import pause

LIVE = "/live"
"""How the paths end of all routes that answer so."""
MOST_OF_ONE, MOST = 20, 1_000
"""Streams of one operator or partner in one process, and of all."""
_AGAIN_AFTER_S = 10
_LOOK_S = 1.0
_HEARTBEAT_S = 10.0
_BEHIND_S = 20.0
LastEventId = Annotated[str | None, Header(max_length=100)]
ANSWER: dict[str, Any] = {
    "response_class": StreamingResponse,
    "responses": {200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
}
"""What a route says of such an answer."""


class Part(NamedTuple):
    """A part of a stream: the name of its events, what is watched, and the answer now."""

    event: str
    watched: Watched[Any]
    key: Any
    body: bytes


class LiveStreams:
    """The open streams of one process."""

    def __init__(self, stop: asyncio.Event) -> None:
        self.stop = stop
        self._open: Counter[str] = Counter()

    async def answer(self, asking: Caller, parts: Sequence[Part], last_event_id: str | None) -> StreamingResponse:
        """A stream as an answer that no gateway is to keep back. Raises Problem 429."""
        stream = await self.open(asking, parts, last_event_id)
        return StreamingResponse(stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

    async def open(self, asking: Caller, parts: Sequence[Part], last_event_id: str | None) -> AsyncIterator[bytes]:
        """The bytes of a stream for whoever asks. Raises Problem 429.

        It is counted before anything is awaited, so that many who come at once are no more than may be.
        """
        whose = asking.by
        if self._open[whose] >= MOST_OF_ONE or self._open.total() >= MOST:
            detail = f"at most {MOST_OF_ONE} at once of one caller, and {MOST} of all: wait until one has ended"
            raise Problem(429, "Too many streams", detail, retry_after_s=_AGAIN_AFTER_S)
        self._open[whose] += 1
        seen = dict(zip((part.event for part in parts), (last_event_id or "").split("."), strict=False))
        return aiter(await started_stream(self._stream(whose, parts, seen, asking.is_let_in)))

    async def _stream(
        self, whose: str, parts: Sequence[Part], seen: dict[str, str], is_let_in: Callable[[], bool]
    ) -> AsyncIterator[bytes]:
        woken, spoken_s = asyncio.Event(), monotonic()
        views = {part.event: part.watched.join(part.key, part.body, woken) for part in parts}
        telemetry.LIVE_STREAMS.inc()
        try:
            yield b"retry: 2000\n\n"
            while not self.stop.is_set() and is_let_in() and not _has_ended(views):
                woken.clear()
                chunk = b"".join(_events(views, seen))
                if chunk or monotonic() - spoken_s >= _HEARTBEAT_S:
                    spoken_s = monotonic()
                    yield chunk or b":\n\n"
                else:
                    await pause(woken, _LOOK_S)
        finally:
            telemetry.LIVE_STREAMS.dec()
            self._open[whose] -= 1
            for part in parts:
                part.watched.leave(part.key, woken)


def body_of(view: BaseModel) -> bytes:
    """A view as the query answers it, and a stream again."""
    return view.model_dump_json(by_alias=True).encode()


def _has_ended(views: dict[str, View]) -> bool:
    """Whether an answer is gone, or has not been looked at for too long."""
    latest_s = monotonic() - _BEHIND_S
    return any(view.body is None or view.looked_at_s < latest_s for view in views.values())


def _events(views: dict[str, View], seen: dict[str, str]) -> list[bytes]:
    """What the reader has not seen; `seen` is then what it has, by part."""
    found = []
    for event, view in views.items():
        if view.body is not None and seen.get(event) != view.digest:
            seen[event] = view.digest
            known = ".".join(seen.get(name, "") for name in views)
            found.append(b"id: %b\nevent: %b\ndata: %b\n\n" % (known.encode(), event.encode(), view.body))
    return found
