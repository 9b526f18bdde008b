"""The consumer of traces, without a broker: what it exports, when it commits, and what a collector that fails costs."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from schemas.topics import STATUS_EVENTS
from services.runtime import telemetry
from services.runtime.crypto import record_encryption
from services.runtime.log import kafka
from services.runtime.settings import Settings
from services.traces import follow
from services.traces.follow import Follower
from services.traces.spans import Span
from tests.support.status_events import Story

TOPIC = STATUS_EVENTS["single"].name


@dataclass
class Record:
    value: bytes
    headers: Sequence[tuple[str, bytes]] = (("traceparent", b"00"),)
    topic: str = TOPIC
    timestamp: int = 0


@dataclass
class Consumer:
    """Gives its records once, then ends the follower."""

    records: list[Record]
    ended: asyncio.Event
    commits: int = 0

    async def start(self) -> None: ...

    async def getmany(self, timeout_ms: int) -> dict[str, list[Record]]:
        found, self.records = self.records, []
        if not found:
            await asyncio.sleep(timeout_ms / 1000)
        return {TOPIC: found} if found else {}

    async def commit(self) -> None:
        self.commits += 1
        self.ended.set()

    def assignment(self) -> set[str]:
        return {TOPIC}

    async def stop(self) -> None: ...


@dataclass
class Collector:
    """Takes spans from the given try on; `on_try` may end the follower meanwhile."""

    from_try: int = 1
    stop_at: asyncio.Event | None = None
    tries: int = 0
    spans: list[Span] = field(default_factory=list)

    async def take(self, spans: Sequence[Span]) -> bool:
        self.tries += 1
        if self.stop_at is not None:
            self.stop_at.set()
        if self.tries < self.from_try:
            return False
        self.spans += spans
        return True


async def followed(
    monkeypatch: pytest.MonkeyPatch, records: list[Record], collector: Collector, stop: asyncio.Event, **about: Any
) -> Consumer:
    consumer = Consumer(records, stop)
    monkeypatch.setattr(kafka, "consumer", lambda *_, **__: consumer)
    monkeypatch.setattr(follow, "_GATHER_S", 0.01)
    monkeypatch.setattr(follow, "backoff_s", lambda _: 0.0)
    await asyncio.wait_for(Follower(Settings(), collector, stop, **about).run(), 10)
    return consumer


def records() -> list[Record]:
    story = Story()
    return [Record(record_encryption.encode(event)) for event in (story.planned("i1"), story.receipt("i1", "read"))]


async def test_what_is_traced_is_exported_and_then_committed(monkeypatch: pytest.MonkeyPatch) -> None:
    collector, stop = Collector(), asyncio.Event()
    plain = Record(records()[0].value, headers=())
    broken = Record(b"{")
    consumer = await followed(monkeypatch, [*records(), plain, broken], collector, stop)
    assert [span.name for span in collector.spans] == ["plan", "receipt read"]
    assert consumer.commits == 1


async def test_a_collector_that_fails_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    collector, stop = Collector(from_try=4), asyncio.Event()
    consumer = await followed(monkeypatch, records(), collector, stop)
    assert (collector.tries, len(collector.spans), consumer.commits) == (4, 2, 1)


async def test_spans_are_lost_and_counted_when_it_fails_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    before = telemetry.SPANS.labels("lost")._value.get()
    collector, stop = Collector(from_try=1000), asyncio.Event()
    consumer = await followed(monkeypatch, records(), collector, stop, give_up_s=0)
    assert telemetry.SPANS.labels("lost")._value.get() == before + 2
    assert consumer.commits == 1


async def test_what_was_not_taken_at_the_end_is_read_again_by_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    stop = asyncio.Event()
    collector = Collector(from_try=1000, stop_at=stop)
    consumer = await followed(monkeypatch, records(), collector, stop)
    assert consumer.commits == 0
