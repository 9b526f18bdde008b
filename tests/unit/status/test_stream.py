"""A stream of changes while the database is away: it stays open and goes on where it was."""

import asyncio
import re
from collections.abc import Sequence

import orjson
import pytest

from schemas.values import Lane, Recipient
from services.runtime import mongo
from services.status.api.bodies import MessageSummary
from services.status.stream.packs import NewChange, Pack
from services.status.stream.stream import Streams
from tests.support.status_events import Story, followed


class Stored:
    """Two packs with a hole between them, in a database that is away every third time."""

    def __init__(self) -> None:
        self.packs = {1: Pack(1, 2, (b'{"n":1}', b'{"n":2}')), 4: Pack(4, 6, (b'{"n":4}', b'{"n":5}', b'{"n":6}'))}
        self.asked = 0
        self.added: list[NewChange] = []

    def _asked(self) -> None:
        self.asked += 1
        if self.asked % 3 == 1:
            raise mongo.Unavailable("away")

    async def bounds(self, partner_id: str) -> tuple[int, int]:
        return 1, 6

    async def after(self, partner_id: str, seq: int, limit: int) -> list[Pack]:
        self._asked()
        return [pack for first, pack in sorted(self.packs.items()) if first > seq]

    async def around(self, partner_id: str, seq: int) -> Pack | None:
        self._asked()
        return next((pack for pack in self.packs.values() if pack.first <= seq < pack.last), None)

    async def close(self, partner_id: str, numbers: Sequence[int]) -> None:
        self._asked()
        self.packs |= {number: Pack(number, number) for number in numbers}

    async def add(self, partner_id: str, changes: Sequence[NewChange], lane: Lane) -> None:
        self.added += changes


@pytest.fixture(autouse=True)
def in_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.status.stream.stream._HOLE_S", 0.0)
    monkeypatch.setattr("services.status.stream.stream._LOOK_S", 0.01)
    monkeypatch.setattr("services.status.stream.stream._HEARTBEAT_S", 0.02)


@pytest.mark.parametrize("after", range(7))
async def test_whoever_comes_back_hears_what_is_behind_its_number_though_that_be_within_a_pack(after: int) -> None:
    """The database is away again and again, at whatever step: the stream stays open and goes on where it was."""
    stop, stored, seen = asyncio.Event(), Stored(), b""
    for away in range(3):
        stored.asked, seen = away, b""
        async with asyncio.timeout(20):
            async for chunk in await Streams(stored, stop).open("bank", after):  # type: ignore[arg-type]
                seen += chunk
                if b'{"n":6}' in seen or (after == 6 and stored.asked > 6):
                    break
        heard = [int(number) for number in re.findall(rb'data: {"n":(\d)}', seen)]
        assert heard == [number for number in (1, 2, 4, 5, 6) if number > after]
        assert heard == [int(number) for number in re.findall(rb"id: (\d)\nevent: status", seen)]


async def test_a_stream_ends_when_its_reader_is_not_let_in_any_more() -> None:
    ended = asyncio.Event()
    streams = Streams(Stored(), asyncio.Event())  # type: ignore[arg-type]
    async with asyncio.timeout(20):
        async for chunk in await streams.open("bank", 0, lambda: not ended.is_set()):
            if b'{"n":1}' in chunk:
                ended.set()
    assert ended.is_set()


async def test_an_event_holds_nothing_about_a_person_that_a_masked_answer_does_not_show() -> None:
    """By this an operator's stream is no look (`services/runtime/looks/records.py`)."""
    story, stored = Story(), Stored()
    values = ("79110000067", "client-4242")
    request = story.requested(partner_ref="ref", recipient=Recipient(phone=values[0], external_user_id=values[1]))
    await Streams(stored, asyncio.Event()).take([followed(request, story.failed())])  # type: ignore[arg-type]
    events = [orjson.loads(change.line) for change in stored.added]
    assert {"id", "reason"} <= {name for event in events for name in event}
    shown = {*MessageSummary.SHOWN, "link", "at", "error_code"}
    assert {name for event in events for name in event} <= shown
    assert not any(value in str(events) for value in (*values, "hello"))
