"""A service that starts first waits for the topics that are being made, and not for ever."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupAuthorizationFailedError, GroupCoordinatorNotAvailableError, KafkaError
from structlog.testing import capture_logs

from services.runtime.log.upkeep import settling
from services.runtime.log.upkeep.settling import OFFSETS, leaderless, settle

NOT_COORDINATOR, UNKNOWN_TOPIC = 16, 3


def topic(name: str, *leaders: int, error_code: int = 0) -> dict[str, Any]:
    return {"topic": name, "error_code": error_code, "partitions": [{"leader": leader} for leader in leaders]}


class Cluster:
    """Answers in turn, the last answer for ever: metadata of topics, where groups are coordinated, how they are."""

    def __init__(
        self, topics: Sequence[Sequence[dict[str, Any]]], finding: Sequence[KafkaError | int], groups: Sequence[int]
    ) -> None:
        self.topics, self.finding, self.groups = list(topics), list(finding), list(groups)
        self.asked: list[str] = []

    async def describe_topics(self, names: list[str]) -> list[dict[str, Any]]:
        if names == [OFFSETS]:
            return [topic(OFFSETS, *[1] * 4)]
        self.asked.append("topics")
        found: list[dict[str, Any]] = self._next(self.topics)
        return found

    async def find_coordinator(self, _: str) -> int:
        self.asked.append("coordinator")
        found = self._next(self.finding)
        if isinstance(found, KafkaError):
            raise found
        return int(found)

    async def describe_consumer_groups(self, names: list[str]) -> list[Any]:
        self.asked.append(f"group {names[0]}")
        return [SimpleNamespace(groups=[(self._next(self.groups), names[0], "Dead")])]

    def _next(self, answers: list[Any]) -> Any:
        return answers.pop(0) if len(answers) > 1 else answers[0]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "_PAUSE_S", 0.0)
    monkeypatch.setattr(settling, "_GROUPS_PAUSE_S", 0.0)


def as_admin(cluster: Cluster) -> AIOKafkaAdminClient:
    return cast(AIOKafkaAdminClient, cluster)


async def test_it_waits_until_each_partition_has_a_leader_and_each_group_a_coordinator() -> None:
    missing = [topic("a", error_code=UNKNOWN_TOPIC), topic("b", 1, -1)]
    finding = [GroupCoordinatorNotAvailableError(), 1]
    cluster = Cluster([missing, [topic("a", 1), topic("b", 1, -1)], [topic("b", 1, 1)]], finding, [NOT_COORDINATOR, 0])
    with capture_logs() as logs:
        await settle(as_admin(cluster), ["a", "b"], is_new=True)
    assert cluster.asked[:6] == ["topics", "topics", "topics", "coordinator", "coordinator", cluster.asked[5]]
    assert len({asked for asked in cluster.asked if asked.startswith("group ")}) == 4, "one for each partition"
    assert logs == []


async def test_what_is_there_costs_one_question() -> None:
    cluster = Cluster([[topic("a", 1)]], [1], [0])
    await settle(as_admin(cluster), ["a"], is_new=False)
    assert cluster.asked == ["topics"]


async def test_whoever_may_not_look_at_groups_does_not_wait_for_them() -> None:
    cluster = Cluster([[topic("a", 1)]], [GroupAuthorizationFailedError()], [0])
    await settle(as_admin(cluster), ["a"], is_new=True)
    assert cluster.asked == ["topics", "coordinator"]


async def test_where_a_broker_is_away_the_wait_ends_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "LONGEST_S", 0.01)
    cluster = Cluster([[topic("a", 1), topic("b", -1)]], [1], [0])
    with capture_logs() as logs:
        await settle(as_admin(cluster), ["a", "b"], is_new=False)
    assert [(entry["event"], entry["topics"]) for entry in logs] == [("topics have no leader yet", ["b"])]


async def test_a_topic_that_one_may_not_see_is_not_waited_for() -> None:
    assert await leaderless(as_admin(Cluster([[topic("a", error_code=29)]], [1], [0])), ["a"]) == []


@pytest.mark.parametrize(("text", "number"), [("", 0), ("a", 97), ("rpns", 3507331), ("polygenelubricants", -(2**31))])
def test_groups_are_assigned_as_java_hashes_their_names(text: str, number: int) -> None:
    assert settling._java_hash(text) == number
