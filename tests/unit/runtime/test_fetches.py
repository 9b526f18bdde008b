"""What one fetch brought is handed out batch by batch, and nothing is fetched meanwhile."""

from collections.abc import Sequence
from typing import Any

from aiokafka import TopicPartition

from services.runtime.log.fetches import Fetches
from services.runtime.log.progress import Progress

FIRST, SECOND = TopicPartition("t", 0), TopicPartition("t", 1)


class Client:
    """Gives what lies in `brings`, one answer at a time, but nothing of what is paused."""

    def __init__(self, *brings: dict[TopicPartition, Sequence[int]]) -> None:
        self.brings = list(brings)
        self.held: set[TopicPartition] = set()
        self.asked: list[tuple[int, bool]] = []

    def assignment(self) -> set[TopicPartition]:
        return {FIRST, SECOND}

    def paused(self) -> set[TopicPartition]:
        return self.held

    def pause(self, *places: TopicPartition) -> None:
        self.held = self.held | set(places)

    def resume(self, *places: TopicPartition) -> None:
        self.held = self.held - set(places)

    async def getmany(self, *, timeout_ms: int) -> dict[TopicPartition, list[Any]]:
        self.asked.append((timeout_ms, bool(self.held)))
        if self.held or not self.brings:
            return {}
        return {place: list(offsets) for place, offsets in self.brings.pop(0).items()}


def fetches(client: Client, most: int) -> tuple[Fetches, Progress]:
    progress = Progress(client, "group")
    return Fetches(client, progress, most), progress


async def test_a_fetch_is_handed_out_in_the_order_of_each_partition() -> None:
    made, _ = fetches(Client({FIRST: [1, 2, 3], SECOND: [7, 8]}), most=2)
    taken = [await made.next() for _ in range(4)]
    assert taken == [{FIRST: [1, 2]}, {FIRST: [3], SECOND: [7]}, {SECOND: [8]}, {}]


async def test_nothing_is_fetched_while_something_is_in_hand() -> None:
    client = Client({FIRST: [1, 2, 3]}, {FIRST: [4]})
    made, _ = fetches(client, most=2)
    await made.next()
    assert client.held == {FIRST, SECOND}
    await made.next()
    assert await made.next() == {FIRST: [4]}
    assert [timeout_ms for timeout_ms, is_held in client.asked if is_held] == [0]


async def test_a_member_that_works_on_what_it_has_polls_all_the_same() -> None:
    client = Client({FIRST: list(range(10))})
    made, _ = fetches(client, most=1)
    for _ in range(10):
        await made.next()
    assert len(client.asked) == 10


async def test_a_rebalance_drops_what_is_in_hand_and_keeps_what_it_brings() -> None:
    client = Client({FIRST: [1, 2, 3]}, {SECOND: [1]})
    made, progress = fetches(client, most=1)
    await made.next()
    await progress.on_partitions_revoked([FIRST, SECOND])
    await progress.on_partitions_assigned([SECOND])
    client.held = set()  # as the client does with a new assignment
    assert await made.next() == {SECOND: [1]}
    assert client.held == {FIRST, SECOND}


async def test_a_rebalance_that_brings_nothing_leaves_nothing_in_hand() -> None:
    client = Client({FIRST: [1, 2, 3]})
    made, progress = fetches(client, most=1)
    await made.next()
    await progress.on_partitions_assigned([FIRST])
    assert await made.next() == {}
