"""Dead letters as they lie in the log: listed newest first, counted, and found by their place."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import TopicPartition

from schemas.topics import DEAD_LETTER
from services.runtime.log.upkeep.clients import opened_admin, opened_reader, partitions_of
from services.runtime.settings import Settings

_READ_S = 10.0


@dataclass(frozen=True)
class Letter:
    """A record that was put aside from `topic`; `partition` and `offset` are its place among the dead letters."""

    topic: str
    partition: int
    offset: int
    at: int  # UTC ms
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, str]

    @property
    def letter_id(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


async def read_letters(settings: Settings, names: Sequence[str], most: int) -> list[Letter]:
    """The newest of topics, at most so many of each partition, the newest first. Raises KafkaError."""
    spans = await _spans(settings, names)
    wanted = {place: range(max(span.start, span.stop - most), span.stop) for place, span in spans.items() if span}
    found = await _read(settings, wanted)
    return sorted(found, key=lambda letter: (letter.at, letter.offset), reverse=True)


async def read_letter(settings: Settings, name: str, partition: int, offset: int) -> Letter | None:
    """None when there is none at that place. Raises KafkaError."""
    spans = await _spans(settings, [name])
    place = TopicPartition(settings.kafka_topic_prefix + name + DEAD_LETTER, partition)
    if offset not in spans.get(place, ()):
        return None
    found = await _read(settings, {place: range(offset, offset + 1)})
    return found[0] if found else None


async def spans_of_letters(settings: Settings, names: Sequence[str]) -> dict[str, dict[int, range]]:
    """Where dead letters lie: offsets by topic and partition, without those that have none. Raises KafkaError."""
    found: dict[str, dict[int, range]] = {}
    for place, span in (await _spans(settings, names)).items():
        if span:
            found.setdefault(_topic_of(settings, place), {})[place.partition] = span
    return found


async def _spans(settings: Settings, names: Sequence[str]) -> dict[TopicPartition, range]:
    """The offsets that dead-letter topics hold; those that do not exist are left out."""
    twins = {settings.kafka_topic_prefix + name + DEAD_LETTER for name in names}
    async with opened_admin(settings) as admin:
        there = await partitions_of(admin, twins & set(await admin.list_topics()))
    places = [TopicPartition(name, part["partition"]) for name, parts in there.items() for part in parts]
    if not places:
        return {}
    async with opened_reader(settings, places, fetches=False) as reader:
        begins, ends = await reader.beginning_offsets(places), await reader.end_offsets(places)
    return {place: range(begins[place], ends[place]) for place in places}


async def _read(settings: Settings, wanted: Mapping[TopicPartition, range]) -> list[Letter]:
    if not wanted:
        return []
    found: list[Letter] = []
    left = set(wanted)
    deadline = time.monotonic() + _READ_S
    async with opened_reader(settings, wanted) as reader:
        for place, span in wanted.items():
            reader.seek(place, span.start)
        while left and time.monotonic() < deadline:
            for place, records in (await reader.getmany(timeout_ms=200)).items():
                found += [_letter(settings, record) for record in records if record.offset in wanted[place]]
            left = {place for place in left if await reader.position(place) < wanted[place].stop}
    return found


def _letter(settings: Settings, record: Any) -> Letter:
    headers = {name: value.decode(errors="replace") for name, value in record.headers}
    place = TopicPartition(record.topic, record.partition)
    return Letter(
        _topic_of(settings, place),
        record.partition,
        record.offset,
        at=record.timestamp,
        key=record.key,
        value=record.value,
        headers=headers,
    )


def _topic_of(settings: Settings, place: TopicPartition) -> str:
    return str(place.topic).removeprefix(settings.kafka_topic_prefix).removesuffix(DEAD_LETTER)
