"""The log boundary, where it needs no broker: acknowledgements, sessions, and how strong a topic is."""

import asyncio
import gc
from typing import Any

import pytest
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from schemas import topics
from services.runtime.log import kafka
from services.runtime.log.kafka import Append, Log, LogUnavailable, RecordTooLarge, session_s
from services.runtime.log.topics import Strength, weakness

STATUS = topics.STATUS_EVENTS["single"]
SHORTEST_LIFETIME_S = 30
CONFIG = {"min.insync.replicas": "2", "unclean.leader.election.enable": "false"}


class Producer:
    """Takes records, and acknowledges each as it is told; None never."""

    def __init__(self, *answers: object) -> None:
        self._answers = list(answers)

    async def send(self, *_: Any, **__: Any) -> "asyncio.Future[object]":
        answer = self._answers.pop(0)
        future = asyncio.get_running_loop().create_future()
        if isinstance(answer, Exception):
            future.set_exception(answer)
        elif answer is not None:
            future.set_result(answer)
        return future


async def append(*answers: object, timeout_s: float = 5) -> list[dict[str, Any]]:
    """What the loop complains of afterwards."""
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, about: complaints.append(about))
    log = Log(Producer(*answers), "", timeout_s)
    try:
        await log.append([Append(STATUS, "k", b"{}") for _ in answers])
    finally:
        await asyncio.sleep(0)
        gc.collect()
        assert complaints == []
    return complaints


async def test_every_acknowledgement_is_looked_at_though_one_is_raised() -> None:
    with pytest.raises(LogUnavailable):
        await append("ok", KafkaError("first"), KafkaError("second"), KafkaError("third"))
    with pytest.raises(RecordTooLarge):
        await append(MessageSizeTooLargeError("x"), KafkaError("second"))


async def test_an_acknowledgement_that_does_not_come_is_unavailable() -> None:
    with pytest.raises(LogUnavailable):
        await append("ok", None, KafkaError("second"), timeout_s=0.05)


def test_a_killed_instance_gives_up_single_messages_before_the_shortest_of_them_has_ended() -> None:
    singles = [
        topic["single"] for topic in (topics.MESSAGE_REQUESTED, topics.PROVIDER_DISPATCHED, topics.STATUS_EVENTS)
    ]
    assert 6 <= session_s(singles) <= SHORTEST_LIFETIME_S / 2
    assert session_s(singles) >= 4 * kafka.HEARTBEAT_S
    assert session_s([topics.STATUS_EVENTS["bulk"]]) == 45


@pytest.mark.parametrize(
    ("found", "fault"),
    [
        (Strength(3, CONFIG), ""),
        (Strength(1, CONFIG), "1 replicas instead of 3"),
        (Strength(3, {"min.insync.replicas": "1"}), "min.insync.replicas 1 instead of 2"),
        (Strength(3, {}), "min.insync.replicas 1 instead of 2"),
        (Strength(3, CONFIG | {"unclean.leader.election.enable": "true"}), "unclean.leader.election.enable is true"),
    ],
)
def test_a_topic_that_is_weaker_than_wanted_is_told(found: Strength, fault: str) -> None:
    assert weakness(found, 3, CONFIG) == fault
