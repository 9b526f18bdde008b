"""What a consumer has done is committed by time, at a rebalance and at its end."""

import pytest
from aiokafka import ConsumerRecord, OffsetAndMetadata, TopicPartition
from aiokafka.errors import CommitFailedError, KafkaConnectionError

from services.runtime.log.progress import COMMIT_S, Batch, Progress

FIRST, SECOND = TopicPartition("t", 0), TopicPartition("t", 1)


class Consumer:
    """Takes commits, or raises what it is given."""

    def __init__(self) -> None:
        self.commits: list[dict[TopicPartition, int]] = []
        self.error: Exception | None = None

    async def commit(self, offsets: dict[TopicPartition, OffsetAndMetadata]) -> None:
        if self.error is not None:
            raise self.error
        self.commits.append({place: state.offset for place, state in offsets.items()})


class Clock:
    """Stands still until it is moved."""

    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def consumer() -> Consumer:
    return Consumer()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def batch(place: TopicPartition, *offsets: int) -> Batch:
    return {
        place: [
            ConsumerRecord(
                topic=place.topic,
                partition=place.partition,
                offset=offset,
                timestamp=0,
                timestamp_type=0,
                key=b"",
                value=b"",
                checksum=None,
                serialized_key_size=0,
                serialized_value_size=0,
                headers=(),
            )
            for offset in offsets
        ]
    }


async def test_batches_of_a_quarter_of_a_second_are_one_commit(consumer: Consumer, clock: Clock) -> None:
    made = Progress(consumer, "group", clock)
    made.done(batch(FIRST, 1, 2))
    await made.commit_when_due()
    clock.now_s += COMMIT_S / 2
    made.done(batch(FIRST, 3))
    made.done(batch(SECOND, 9))
    await made.commit_when_due()
    assert consumer.commits == []
    clock.now_s += COMMIT_S / 2
    await made.commit_when_due()
    await made.commit_when_due()
    assert consumer.commits == [{FIRST: 4, SECOND: 10}]


async def test_a_rebalance_commits_what_is_done_and_forgets_it(consumer: Consumer, clock: Clock) -> None:
    made = Progress(consumer, "group", clock)
    made.done(batch(FIRST, 1))
    await made.on_partitions_revoked([FIRST])
    await made.on_partitions_assigned([SECOND])
    await made.commit()
    assert consumer.commits == [{FIRST: 2}]
    assert made.rebalances == 2


async def test_what_could_not_be_committed_before_a_rebalance_is_the_new_owners(
    consumer: Consumer, clock: Clock
) -> None:
    made = Progress(consumer, "group", clock)
    made.done(batch(FIRST, 1))
    consumer.error = KafkaConnectionError()
    await made.on_partitions_revoked([FIRST])
    consumer.error = None
    await made.commit()
    assert consumer.commits == []


async def test_a_commit_waits_while_the_log_is_away_and_takes_what_came_meanwhile(
    consumer: Consumer, clock: Clock
) -> None:
    made = Progress(consumer, "group", clock)
    made.done(batch(FIRST, 1))
    consumer.error = KafkaConnectionError()
    await made.commit()
    made.done(batch(FIRST, 2))
    consumer.error = None
    await made.commit_when_due()
    assert consumer.commits == []
    clock.now_s += COMMIT_S
    await made.commit_when_due()
    assert consumer.commits == [{FIRST: 3}]


async def test_a_commit_that_is_refused_is_dropped(consumer: Consumer, clock: Clock) -> None:
    made = Progress(consumer, "group", clock)
    made.done(batch(FIRST, 1))
    consumer.error = CommitFailedError()
    await made.commit()
    consumer.error = None
    await made.commit()
    assert consumer.commits == []
