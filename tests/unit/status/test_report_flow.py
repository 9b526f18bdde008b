"""The flow of reports from memory, with the log read in batches of any size: each state once, in order, none lost."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import orjson
import pytest

from schemas.application_events import PartnerChanged
from schemas.events import MessageEvent
from services.runtime.directory import Directory
from services.runtime.log.batch_consumer import Record
from services.runtime.log.kafka import Append
from services.status.consumer import FoldStep
from services.status.message import Message
from services.status.message.document import Document, from_document
from services.status.message.store import document_of
from services.status.reports.model import LeasedReport
from services.status.reports.pace import Pace
from services.status.reports.service import ReportService
from services.status.reports.signed_post import Answer
from tests.support.status_events import NOW, Story
from tests.support.status_service import topic_of
from tests.support.waiting import eventually

URL = "http://bank.example:80/reports"


class World:
    """A log, the messages, and a partner who takes everything after a while."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.log: list[MessageEvent] = []
        self.read = 0
        self.documents: dict[str, Document] = {}
        self.posted: dict[str, list[int]] = defaultdict(list)

    async def load(self, message_ids: Sequence[str]) -> dict[str, Message]:
        return {name: from_document(self.documents[name]) for name in message_ids if name in self.documents}

    async def save(self, messages: Sequence[Message]) -> set[str]:
        await asyncio.sleep(0)
        conflicts = set()
        for message in messages:
            stored = self.documents.get(message.message_id, {"revision": 0})
            if stored["revision"] == message.revision:
                self.documents[message.message_id] = document_of(message, NOW)
                message.stored_bytes = 1_000
            else:
                conflicts.add(message.message_id)
        return conflicts

    async def append(self, records: Sequence[Append]) -> None:
        await asyncio.sleep(self.chance.random() / 1000)
        self.log += [record.event for record in records]  # type: ignore[misc]

    async def post(self, url: str, body: bytes, partner: object, webhook_id: str, resend: str = "") -> Answer:
        await asyncio.sleep(self.chance.random() / 200)
        report = orjson.loads(body)
        self.posted[report["mtNum"]].append(report["status"])
        return Answer(200, "", is_down=False, latency_ms=1)

    # the store: nothing is ever in it

    async def lease(self, *_: object) -> list[LeasedReport]:
        return []

    async def next_due(self, *_: object) -> None:
        return None

    async def due_hosts(self, *_: object) -> list[str]:
        return []

    async def want(self, intents: Sequence[object], now: int) -> None:
        raise AssertionError(intents)

    async def finish(self, tried: Sequence[object]) -> None:
        assert not tried

    async def put_off(self, intents: Sequence[object], now: int) -> None:
        assert not intents


def service_of(world: World, stop: asyncio.Event) -> ReportService:
    directory = Directory()
    directory.partners["bank"] = PartnerChanged(
        event_id="p", at=0, partner_id="bank", uuid="u", login="bank", password_hash="", report_url=URL
    )
    parts: Any = (world, directory, world, world)
    return ReportService(*parts, pace=Pace(60_000, 3_600_000), limit=4, stop=stop)


async def consume(world: World, folding: FoldStep, stop: asyncio.Event) -> None:
    """Batches of any size; now and then what was read is read again, as if the commit had been refused."""
    while not stop.is_set():
        start = max(0, world.read - world.chance.randrange(5)) if world.chance.random() < 0.1 else world.read
        batch = world.log[start : start + world.chance.randrange(1, 12)]
        records = [
            Record(topic_of(event), 0, offset, key=event.message_id, event=event, raw=b"")
            for offset, event in enumerate(batch, start)
        ]
        if records:
            result = await folding.step(records)
            assert result.project is not None
            await result.project()
            world.read = max(world.read, start + len(batch))
        await asyncio.sleep(world.chance.random() / 500)


@pytest.mark.parametrize("seed", range(6))
async def test_each_message_is_reported_forward_once_and_to_its_end(seed: int) -> None:
    world, stop = World(seed), asyncio.Event()
    service = service_of(world, stop)
    folding: Any = FoldStep(world, [service.take], deciders=[service.decide])  # type: ignore[arg-type]
    running = [asyncio.create_task(service.run(0.05)), asyncio.create_task(consume(world, folding, stop))]
    stories = [Story() for _ in range(25)]
    requests = [story.requested() for story in stories]
    for request, story in zip(requests, stories, strict=True):
        world.log += [request, story.planned("i-1"), story.dispatched()]
        await asyncio.sleep(world.chance.random() / 100)
    for story in stories:
        world.log += [story.receipt(), story.receipt()]
        await asyncio.sleep(world.chance.random() / 100)
    for story in stories:
        world.log += [story.receipt(kind="read"), story.receipt(kind="read")]
        await asyncio.sleep(world.chance.random() / 100)

    def all_read() -> bool:
        is_owed = any("owed_at" in document for document in world.documents.values())
        return not is_owed and all(world.posted[request.mt_num][-1:] == [9] for request in requests)

    try:
        await eventually(all_read, lambda: f"all are read: {dict(world.posted)}", 15)
    finally:
        stop.set()
        await asyncio.wait_for(asyncio.gather(*running), 10)
    for request in requests:
        statuses = world.posted[request.mt_num]
        assert statuses == sorted(set(statuses)), request.mt_num
