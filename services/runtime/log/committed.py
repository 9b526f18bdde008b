"""What a consumer group has committed; an answer that tells nothing is never taken for "nothing".

While the coordinator of a group loads or moves, a broker answers with an error that stands for the whole group, and
names no partition. The client looks at the errors of partitions alone: nothing would seem to be committed, and the
group would begin at the start of its topics, where old pushes are. Source: OffsetFetch since version 2 (KIP-88).

    an error for the group ─▶ asked again, of the coordinator that is found anew
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from aiokafka import OffsetAndMetadata, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.errors import KafkaError, NotCoordinatorForGroupError, for_code
from aiokafka.protocol.commit import OffsetFetchRequest

_LOADING_S = 10.0
"""How long a coordinator may take, usually some tenths of a second."""
_AGAIN_S = 0.2


async def committed_offsets(
    admin: AIOKafkaAdminClient, group: str, places: Iterable[TopicPartition] | None = None
) -> Mapping[TopicPartition, OffsetAndMetadata]:
    """By partition, of `places` or of all that there are; an offset of −1: nothing is committed there.

    Raises KafkaError, also when the coordinator does not come.
    """
    gives_up_s = time.monotonic() + _LOADING_S
    asked = None if places is None else _by_topic(places)
    while True:
        try:
            return await _answer(admin, group, asked)
        except KafkaError as error:
            if not error.retriable or time.monotonic() >= gives_up_s:
                raise
        await asyncio.sleep(_AGAIN_S)


class CarefulCoordinator(GroupCoordinator):  # type: ignore[misc]  # the client does not tell its types
    """The client's side of a group: it asks again, as it does for an error of a partition."""

    async def _send_req(self, request: Any) -> Any:
        response = await super()._send_req(request)
        if isinstance(request, OffsetFetchRequest):
            try:
                _check(response, self.group_id)
            except NotCoordinatorForGroupError:
                self.coordinator_dead()
                raise
        return response


async def _answer(
    admin: AIOKafkaAdminClient, group: str, asked: list[tuple[str, list[int]]] | None
) -> dict[TopicPartition, OffsetAndMetadata]:
    """One try. The client's own method does the same and does not look at the error of the group."""
    coordinator = await admin.find_coordinator(group)
    response = await admin._send_request(OffsetFetchRequest(group, asked), coordinator)
    _check(response, group)
    found = {}
    for topic, partitions in response.topics:
        for partition, offset, metadata, code in partitions:
            if code:
                raise for_code(code)(f"{topic} {partition}: what {group} has committed is not told")
            found[TopicPartition(topic, partition)] = OffsetAndMetadata(offset, metadata)
    return found


def _check(response: Any, group: str) -> None:
    """Raise the error of the whole group; answers of brokers before 0.10.2 have none."""
    if code := getattr(response, "error_code", 0):
        raise for_code(code)(f"what {group} has committed is not told")


def _by_topic(places: Iterable[TopicPartition]) -> list[tuple[str, list[int]]]:
    found = defaultdict(list)
    for place in places:
        found[place.topic].append(place.partition)
    return list(found.items())
