"""What a group has committed is never taken for nothing: a broker that loads or hands over the group says so without
naming a partition, here before the real one answers."""

from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import GroupAuthorizationFailedError, GroupLoadInProgressError, NotCoordinatorForGroupError
from aiokafka.protocol.commit import OffsetFetchRequest, OffsetFetchResponse_v3

from schemas import ids, topics
from schemas.events import RequestRepeated
from services.runtime.log import kafka
from services.runtime.log.committed import committed_offsets
from services.runtime.log.kafka import Append
from services.runtime.log.upkeep.clients import opened_admin
from services.runtime.log.upkeep.offsets import has_read_before, read_offsets
from services.runtime.settings import Settings

TOPIC, GROUP, RECORDS, READ = topics.STATUS_EVENTS["bulk"], "status-of-a-test", 5, 3
TROUBLES = [GroupLoadInProgressError, NotCoordinatorForGroupError]


@pytest.fixture
async def place(settings: Settings) -> TopicPartition:
    """Where a group has read some of what there is."""
    await kafka.create_topics(settings, [TOPIC])
    async with kafka.opened_log(settings) as log:
        for number in range(RECORDS):
            event = RequestRepeated(
                event_id=ids.uuid7(), at=1, message_id="m", partner_id="bank", lane="bulk", request_id=str(number)
            )
            await log.append([Append(TOPIC, "same", event)])
    reader = kafka.consumer(settings, [TOPIC], GROUP)
    await reader.start()
    record = await reader.getone()
    place = TopicPartition(record.topic, record.partition)
    await reader.commit({place: READ})
    await reader.stop()
    return place


def answering(monkeypatch: pytest.MonkeyPatch, errors: Sequence[type[Exception]]) -> list[type[Exception]]:
    """Have the first questions for offsets answered so; what is left of them."""
    left, send = list(errors), AIOKafkaClient.send

    async def refused(self: AIOKafkaClient, node: int, request: Any, **more: Any) -> Any:
        if isinstance(request, OffsetFetchRequest) and left:
            return OffsetFetchResponse_v3(0, [], left.pop(0).errno)  # type: ignore[attr-defined]
        return await send(self, node, request, **more)

    monkeypatch.setattr(AIOKafkaClient, "send", refused)
    return left


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_a_group_goes_on_where_it_was(
    settings: Settings, place: TopicPartition, monkeypatch: pytest.MonkeyPatch, trouble: type[Exception]
) -> None:
    left = answering(monkeypatch, [trouble, trouble])
    reader = kafka.consumer(settings, [TOPIC], GROUP)
    await reader.start()
    try:
        record = await reader.getone(place)
    finally:
        await reader.stop()
    assert (record.offset, left) == (READ, [])


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_who_asks_what_a_group_has_read_is_told_what_it_has(
    settings: Settings, place: TopicPartition, monkeypatch: pytest.MonkeyPatch, trouble: type[Exception]
) -> None:
    for asked in ([place], None):
        answering(monkeypatch, [trouble, trouble])
        async with opened_admin(settings) as admin:
            found = await committed_offsets(admin, settings.kafka_topic_prefix + GROUP, asked)
        assert found[place].offset == READ
    answering(monkeypatch, [trouble])
    assert await has_read_before(settings, "status")
    answering(monkeypatch, [trouble])
    kept = await read_offsets(settings)
    assert [at.offset for at in kept[GROUP].values() if at.offset] == [READ]


async def test_nothing_committed_is_told_for_each_partition(settings: Settings, place: TopicPartition) -> None:
    async with opened_admin(settings) as admin:
        found = await committed_offsets(admin, settings.kafka_topic_prefix + "status-of-nobody", [place])
    assert found[place].offset == -1


async def test_who_may_not_look_is_told_so(
    settings: Settings, place: TopicPartition, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, [GroupAuthorizationFailedError])
    async with opened_admin(settings) as admin:
        with pytest.raises(GroupAuthorizationFailedError):
            await committed_offsets(admin, settings.kafka_topic_prefix + GROUP, [place])
