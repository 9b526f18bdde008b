"""Receipts written into the log without end, past every check, hold up no other message."""

from collections.abc import AsyncIterator, Iterator

import pytest

from schemas import ids, topics
from schemas.events import ReceiptReceived
from schemas.topics import STATUS_EVENTS
from services.runtime import mongo
from services.runtime.clock import now_ms
from services.runtime.log.kafka import Append
from tests.conftest import Servers, own_settings
from tests.support.log_reader import end_of
from tests.support.status_events import Story
from tests.support.status_service import Running, partner, running
from tests.support.waiting import eventually

FLOOD = 100_000
AT_ONCE = 5_000
DEADLINE_S = 180.0


@pytest.fixture(scope="module")
async def service(stack_servers: Servers) -> AsyncIterator[Running]:
    async with running(own_settings(stack_servers), [partner()]) as made:
        yield made


def flood(message_id: str) -> Iterator[ReceiptReceived]:
    """As the device API would once have let them through: ever other links, activities and phones."""
    for number in range(FLOOD):
        yield ReceiptReceived(
            event_id=ids.uuid7(),
            at=now_ms(),
            message_id=message_id,
            partner_id="",
            link=number % 1000,
            installation_id=ids.uuid7(),
            kind="read",
            happened_at=1,
            action="a" * 64,
            slot=f"activity/{number % 100:03d}{'x' * 125}",
        )


async def test_a_flood_of_receipts_for_one_message_delays_the_others_by_no_more_than_its_reading(
    service: Running,
) -> None:
    invented, others = ids.uuid7(), [Story(partner_id="bank") for _ in range(24)]
    topic = STATUS_EVENTS["single"]
    receipts = list(flood(invented))
    for start in range(0, FLOOD, AT_ONCE):
        await service.log.append(
            [Append(topic, invented, event) for event in receipts[start : start + AT_ONCE]], timeout_s=60
        )
    for story in others:
        await service.append(story.requested(), story.planned("i-1"), story.dispatched(), story.receipt())

    async def are_delivered() -> bool:
        found = [(await service.get(f"/v1/messages/{story.message_id}"))[1] for story in others]
        return all(message.get("state") == "DELIVERED" for message in found)

    await eventually(are_delivered, "no other message waits for the flood", DEADLINE_S)
    assert await end_of(service.settings, topic.name + topics.DEAD_LETTER) == 0
    async with mongo.database(service.settings) as database:
        document = await mongo.Collection(database["messages"]).find_one({"_id": invented})
    assert document is not None
    assert len(document["links"]) + len(document["trace"]) < 64 * 1024
