"""A stream of changes while the database is away: it stays open and goes on where it was."""

import asyncio
from collections.abc import Sequence

import pytest

from services.runtime import mongo
from services.status.stream.store import StoredChange
from services.status.stream.stream import Streams


class Stored:
    """Two changes with a hole between them, in a database that is away every third time."""

    def __init__(self) -> None:
        self.changes = {1: StoredChange(1, {"n": 1}), 3: StoredChange(3, {"n": 3})}
        self.asked = 0

    def _asked(self) -> None:
        self.asked += 1
        if self.asked % 3 == 1:
            raise mongo.Unavailable("away")

    async def bounds(self, partner_id: str) -> tuple[int, int, int]:
        return 1, 3, 3

    async def after(self, partner_id: str, seq: int, limit: int) -> list[StoredChange]:
        self._asked()
        return [change for number, change in sorted(self.changes.items()) if number > seq]

    async def close(self, partner_id: str, numbers: Sequence[int]) -> None:
        self._asked()
        self.changes |= {number: StoredChange(number, None) for number in numbers}


async def test_a_stream_outlives_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.status.stream.stream._HOLE_S", 0.0)
    monkeypatch.setattr("services.status.stream.stream._LOOK_S", 0.01)
    stop = asyncio.Event()
    streams = Streams(Stored(), stop)  # type: ignore[arg-type]
    seen = b""
    async with asyncio.timeout(20):
        async for chunk in await streams.open("bank", 0):
            seen += chunk
            if b'{"n":3}' in seen:
                stop.set()
    assert seen.index(b'{"n":1}') < seen.index(b'{"n":3}')


async def test_a_stream_ends_when_its_reader_is_not_let_in_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.status.stream.stream._LOOK_S", 0.01)
    ended = asyncio.Event()
    streams = Streams(Stored(), asyncio.Event())  # type: ignore[arg-type]
    async with asyncio.timeout(20):
        async for chunk in await streams.open("bank", 0, lambda: not ended.is_set()):
            if b'{"n":1}' in chunk:
                ended.set()
    assert ended.is_set()
