"""What one fetch brought is handed out batch by batch, nothing is fetched meanwhile, and a busy loop gathers."""

import asyncio
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition

from services.runtime.log.fetches import Fetches
from services.runtime.log.progress import Progress
from tests.support.waiting import WAIT_S

FIRST, SECOND = TopicPartition("t", 0), TopicPartition("t", 1)


class Client:
    """Gives what lies in `brings`, one answer at a time, but nothing of what is paused."""

    def __init__(self, *brings: dict[TopicPartition, Sequence[int]]) -> None:
        self.brings = list(brings)
        self.held: set[TopicPartition] = set()
        self.asked: list[tuple[int, bool]] = []
        self.committed: list[int] = []

    def assignment(self) -> set[TopicPartition]:
        return {FIRST, SECOND}

    def paused(self) -> set[TopicPartition]:
        return self.held

    def pause(self, *places: TopicPartition) -> None:
        self.held = self.held | set(places)

    def resume(self, *places: TopicPartition) -> None:
        self.held = self.held - set(places)

    async def commit(self, offsets: Any) -> None:
        self.committed += [state.offset for state in offsets.values()]

    async def getmany(self, *, timeout_ms: int) -> dict[TopicPartition, list[Any]]:
        self.asked.append((timeout_ms, bool(self.held)))
        if self.held or not self.brings:
            return {}
        return {place: list(offsets) for place, offsets in self.brings.pop(0).items()}


class Clock:
    """Moves only when somebody waits; then `meanwhile` happens."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.waits: list[float] = []
        self.meanwhile: Callable[[asyncio.Event], object] = asyncio.Event.is_set

    def __call__(self) -> float:
        return self.now_s

    async def wait(self, stop: asyncio.Event, seconds: float) -> None:
        self.waits.append(seconds)
        self.now_s += seconds
        self.meanwhile(stop)


def fetches(client: Client, most: int) -> tuple[Fetches, Progress]:
    progress = Progress(client, "group")
    return Fetches(client, progress, most, stop=asyncio.Event()), progress


def gathering(client: Client, clock: Clock, gather_s: float = 0.04, most: int = 500) -> tuple[Fetches, Progress]:
    progress = Progress(client, "group", clock)
    made = Fetches(client, progress, most, stop=asyncio.Event(), gather_s=gather_s, monotonic_s=clock, wait=clock.wait)
    return made, progress


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


async def test_an_idle_loop_waits_for_nothing() -> None:
    clock = Clock()
    made, _ = gathering(Client({FIRST: [1]}, {}, {SECOND: [7]}), clock)
    assert [await made.next() for _ in range(3)] == [{FIRST: [1]}, {}, {SECOND: [7]}]
    assert clock.waits == []


async def test_a_busy_loop_lets_records_gather_from_the_begin_of_its_last_batch() -> None:
    clock, client = Clock(), Client({FIRST: [1, 2]}, {FIRST: [3, 4]}, {FIRST: [5]}, {FIRST: [6]})
    made, _ = gathering(client, clock)
    await made.next()
    clock.now_s += 0.03  # what the batch took
    await made.next()
    assert clock.waits == [pytest.approx(0.01)]
    clock.now_s += 0.05  # longer than records are to gather
    await made.next()
    await made.next()
    assert len(clock.waits) == 1


async def test_nothing_is_fetched_while_records_gather() -> None:
    clock, client = Clock(), Client({FIRST: [1, 2]}, {FIRST: [3]})
    made, _ = gathering(client, clock)
    clock.meanwhile = lambda _: seen.append(set(client.held))
    seen: list[set[TopicPartition]] = []
    await made.next()
    await made.next()
    assert seen == [{FIRST, SECOND}]


async def test_a_loop_that_is_behind_goes_on_at_once() -> None:
    clock = Clock()
    made, _ = gathering(Client({FIRST: list(range(20))}, {FIRST: list(range(20, 30))}), clock, most=10)
    assert [len((await made.next())[FIRST]) for _ in range(3)] == [10, 10, 10]
    assert clock.waits == []


async def test_the_end_of_the_process_ends_the_gathering() -> None:
    clock = Clock()
    made, _ = gathering(Client({FIRST: [1, 2]}), clock, gather_s=1.0)
    clock.meanwhile = asyncio.Event.set
    await made.next()
    await made.next()
    assert len(clock.waits) == 1


async def test_a_rebalance_ends_the_gathering() -> None:
    clock, client = Clock(), Client({FIRST: [1, 2]}, {SECOND: [1]})
    made, progress = gathering(client, clock, gather_s=1.0)

    def rebalanced(_: asyncio.Event) -> None:
        progress.rebalances += 1

    clock.meanwhile = rebalanced
    await made.next()
    assert await made.next() == {SECOND: [1]}
    assert len(clock.waits) == 1


async def test_what_is_done_is_committed_while_records_gather() -> None:
    clock, client = Clock(), Client({FIRST: [1, 2]})
    made, progress = gathering(client, clock, gather_s=1.0)
    await made.next()
    progress.done({FIRST: [SimpleNamespace(offset=2)]})
    await made.next()
    assert client.committed == [3]
    assert sum(clock.waits) == pytest.approx(1.0)


async def test_the_end_is_not_waited_for() -> None:
    stop = asyncio.Event()
    client = Client({FIRST: [1, 2]})
    made = Fetches(client, Progress(client, "group"), 500, stop=stop, gather_s=3600.0)
    await made.next()
    stop.set()
    async with asyncio.timeout(WAIT_S):
        await made.next()
