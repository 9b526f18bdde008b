"""The log boundary, where it needs no broker: sessions, and how strong a topic is. Appends: `test_appends.py`."""

import pytest

from schemas import topics
from services.runtime.log import kafka
from services.runtime.log.kafka import session_s
from services.runtime.log.topics import Strength, weakness

SHORTEST_LIFETIME_S = 30
CONFIG = {"min.insync.replicas": "2", "unclean.leader.election.enable": "false"}


def test_a_killed_instance_gives_up_single_messages_before_the_shortest_of_them_has_ended() -> None:
    singles = [
        topic["single"] for topic in (topics.MESSAGE_REQUESTED, topics.PROVIDER_DISPATCHED, topics.STATUS_EVENTS)
    ]
    assert 6 <= session_s(singles) <= SHORTEST_LIFETIME_S / 2
    assert kafka.HEARTBEATS >= 4
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
