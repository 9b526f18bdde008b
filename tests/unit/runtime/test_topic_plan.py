"""Topics as they are against topics as they are wanted: what is made, what is left, and why."""

import pytest

from schemas import topics
from schemas.topics import Topic
from services.runtime.log.topics import TopicsMissing
from services.runtime.log.upkeep import Change, Found, Wanted, changes, every_topic, wanted_topics
from services.runtime.settings import BadSettings

STATUS = topics.STATUS_EVENTS["single"]


def wanted(topic: Topic = STATUS, partitions: int = 12, replicas: int = 3) -> Wanted:
    return wanted_topics([topic], "", partitions, replicas)[0]


def found(topic: Wanted, partitions: int | None = None, **about: object) -> Found:
    there = {
        "partitions": topic.partitions if partitions is None else partitions,
        "replicas": 3,
        "config": topic.config,
    }
    return Found(topic.name, **(there | about))  # type: ignore[arg-type]


def only(topic: Wanted, there: Found, grow: bool = False) -> Change:
    (change,) = changes([topic], {topic.name: there}, grow=grow)
    return change


def test_every_topic_is_wanted_once_and_has_its_dead_letters() -> None:
    names = [topic.name for topic in wanted_topics(every_topic(), "bank-", 12, 3)]
    assert len(names) == len(set(names))
    assert {"bank-status-events", "bank-status-events.dead-letter", "bank-statistics-rows-changelog"} <= set(names)
    assert "bank-installations.dead-letter" not in names


def test_dead_letters_are_never_compacted_though_their_topic_is() -> None:
    channels, letters = wanted_topics([topics.BROADCAST_CHANNELS], "", 12, 3)
    assert (channels.config["cleanup.policy"], letters.config["cleanup.policy"]) == ("compact", "delete")


def test_what_is_as_wanted_is_no_change() -> None:
    topic = wanted()
    assert changes([topic], {topic.name: found(topic)}) == []


def test_a_missing_topic_is_created() -> None:
    (change,) = changes([wanted()], {})
    assert (change.kind, change.is_safe) == ("missing", True)


def test_weaker_settings_are_set_and_a_longer_retention_stays() -> None:
    topic = wanted()
    weak = only(topic, found(topic, config={**topic.config, "min.insync.replicas": "1"}))
    assert weak.is_safe
    assert weak.config == {"min.insync.replicas": "2"}
    longer = only(topic, found(topic, config={**topic.config, "retention.ms": "-1"}))
    assert not longer.is_safe
    assert not longer.is_harm


def test_fewer_replicas_are_the_brokers_business() -> None:
    change = only(wanted(), found(wanted(), replicas=1))
    assert "kafka-reassign-partitions" in change.refusal


@pytest.mark.parametrize(
    ("about", "words"),
    [
        ({"readers": 2}, "end all services first"),
        ({"waiting": 7}, "7 records that wait"),
        ({}, "--grow"),
        ({"has_records": False, "readers": 2}, ""),
    ],
)
def test_keyed_topics_grow_only_where_no_record_is_overtaken(about: dict[str, object], words: str) -> None:
    refusal = only(wanted(), found(wanted(), 4, **about)).refusal
    assert words in refusal
    assert bool(refusal) is bool(words)


def test_a_topic_at_rest_grows_when_somebody_asks_for_it() -> None:
    assert only(wanted(), found(wanted(), 4), grow=True).is_safe
    assert not only(wanted(), found(wanted(), 4, readers=1), grow=True).is_safe


@pytest.mark.parametrize("topic", [topics.INSTALLATIONS, topics.STATISTIC_PARTS, topics.STATISTICS_CHANGELOG])
def test_what_is_kept_by_partition_never_grows_once_it_is_used(topic: Topic) -> None:
    assert "for good" in only(wanted(topic), found(wanted(topic), 4), grow=True).refusal


def test_more_partitions_than_wanted_stay_and_are_no_harm() -> None:
    assert not only(wanted(), found(wanted(), 24)).is_harm


def test_missing_topics_are_bad_settings_which_end_a_process_with_one_message() -> None:
    assert issubclass(TopicsMissing, BadSettings)
