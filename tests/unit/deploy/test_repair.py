"""What repairs are made of: the list of collections, the files of a backup, the order of records, comparing."""

import re
from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bson
import orjson
import pytest
from aiokafka import TopicPartition
from bson.raw_bson import RawBSONDocument

from deploy.repair.archive import (
    Manifest,
    file_of,
    given_back,
    indexes_of,
    new_folder,
    read,
    verify,
    written,
)
from deploy.repair.compare import canonical
from deploy.repair.fold import Family, _mailings_changed
from deploy.repair.inventory import BY_NAME
from deploy.repair.opened import Refused
from deploy.repair.replay import Progress, _fold
from schemas import topics
from schemas.codec import Damaged
from schemas.events import MessageEvent
from schemas.reasons import Reason
from services.runtime.log.batch_consumer import Record, StepResult
from services.runtime.log.upkeep.offsets import Committed
from services.runtime.log.upkeep.replay import Batch, Place, _merged
from services.status.fold import count_outcomes, fold
from services.status.message import Link, Message
from services.status.message.document import to_document
from tests.support.source_tree import sources
from tests.support.status_events import NOW, Story, replay

PLACE = Place("status-events", 3)


def test_every_collection_that_a_service_opens_has_its_place_in_a_repair() -> None:
    found = set[str]()
    for path in sources("services"):
        found |= set(re.findall(r'(?:database\[|^COLLECTION = )"(\w+)"', path.read_text(), re.MULTILINE))
    assert len(found) > 30
    assert found == BY_NAME.keys()


async def documents(*found: dict[str, Any]) -> AsyncIterator[RawBSONDocument]:
    for document in found:
        yield RawBSONDocument(bson.encode(document))


async def test_a_file_gives_back_what_was_written_and_is_refused_when_it_was_changed(tmp_path: Path) -> None:
    index = {"v": 2, "key": {"at": 1}, "name": "at_1", "expireAfterSeconds": 60}
    own = {"v": 2, "key": {"_id": 1}, "name": "_id_"}
    stored = await written(
        tmp_path, "inbox", documents({"_id": 1}, {"_id": 2, "text": "•"}), is_snapshot=True, indexes=[own, index]
    )
    verify(tmp_path, "inbox", stored)
    assert [bson.decode(document.raw) for document in read(tmp_path, "inbox")] == [{"_id": 1}, {"_id": 2, "text": "•"}]
    assert indexes_of(stored) == [{"key": {"at": 1}, "name": "at_1", "expireAfterSeconds": 60}]
    file = file_of(tmp_path, "inbox")
    file.write_bytes(file.read_bytes()[:-1] + b"\x01")
    with pytest.raises(Refused, match="hash differs"):
        verify(tmp_path, "inbox", stored)


async def test_a_manifest_says_again_what_was_written_and_a_folder_without_one_is_no_backup(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no backup"):
        Manifest.read(tmp_path)
    made = Manifest(at=5, release="0.1.0", database="rpns", topic_prefix="", master_keys=["f00d"])
    made.groups, made.ends = {"status": {PLACE: Committed(7, "1:1.2")}}, {PLACE: 9}
    made.collections["inbox"] = await written(tmp_path, "inbox", documents(), is_snapshot=False, indexes=[])
    made.write(tmp_path)
    assert Manifest.read(tmp_path) == made
    assert made.starts("status") == {PLACE: 7}
    with pytest.raises(Refused, match="not empty"):
        new_folder(tmp_path)


def test_only_offsets_that_are_lost_are_given_back() -> None:
    backup = {"status": {PLACE: Committed(7)}, "router": {PLACE: Committed(3)}}
    assert given_back(backup, {"status": {PLACE: Committed(90)}}) == {"router": {PLACE: Committed(3)}}


@dataclass
class Raw:
    timestamp: int
    offset: int


def test_records_are_merged_by_their_times_until_a_partition_that_goes_on_has_no_more() -> None:
    first, second = TopicPartition("a", 0), TopicPartition("b", 0)

    def heads() -> dict[TopicPartition, Any]:
        return {
            first: deque([Raw(1, 0), Raw(4, 1)]),
            second: deque([Raw(3, 0), Raw(2, 1), Raw(9, 2)]),  # a clock that was set back: the log's order stays
        }

    assert [(raw.timestamp, raw.offset) for raw in _merged(heads(), set())] == [(1, 0), (3, 0), (2, 1), (4, 1), (9, 2)]
    assert [raw.timestamp for raw in _merged(heads(), {first})] == [1, 3, 2, 4]


def read_in_order(*events: MessageEvent) -> dict[str, Any]:
    """The document of the message that these events make."""
    message = Message(events[0].message_id)
    for place, event in enumerate(events):
        fold(message, event)
        count_outcomes(message.links[0], event.at, f"topic/0/{place}")
    return to_document(message)


def test_messages_are_compared_by_where_they_end_and_not_by_which_of_two_topics_was_read_first() -> None:
    story, messages = Story(), BY_NAME["messages"]
    asked, planned = story.requested(), story.planned("i-1", "i-2")
    accepted, seen = story.dispatched(at=NOW + 20), story.receipt(kind="read", at=NOW + 30)
    dead = story.dispatched("i-2", "refused", reason=Reason.PROVIDER_REFUSED, at=NOW + 25)
    ours = read_in_order(asked, planned, accepted, dead, seen)
    assert canonical(ours, messages) == canonical(read_in_order(asked, planned, seen, dead, accepted), messages)
    assert canonical(ours | {"revision": 9}, messages) == canonical(ours, messages)
    assert canonical(ours, messages) != canonical(read_in_order(asked, planned, accepted, seen), messages)
    for name, wrong in (("counts", []), ("changes", []), ("state", "SENT")):
        link = orjson.loads(ours["links"])[0]
        link[Link.__slots__.index(name)] = wrong
        changed = ours | {"links": orjson.dumps([link])}
        assert canonical(changed, messages) != canonical(ours, messages), name


async def test_a_mailing_is_counted_anew_whose_lines_were_all_dropped_for_their_ids() -> None:
    story, noted = Story(), set[str]()
    has_the_id = replay(story.requested(mailing_id="first"), story.planned("i-1"), story.repeated("line", "second"))

    class Outcomes:
        async def changed(self, mailing_ids: Iterable[str]) -> None:
            noted.update(mailing_ids)

    await _mailings_changed(Outcomes(), [(has_the_id, [])])  # type: ignore[arg-type]
    assert noted == {"first", "second"}


async def test_a_record_about_a_damaged_document_is_left_out_and_the_others_are_folded() -> None:
    folded: list[int] = []
    topic = topics.STATUS_EVENTS["single"]
    records = [Record(topic, 0, offset, "k", event=Story().receipt(), raw=b"") for offset in range(3)]

    async def step(batch: Sequence[Record]) -> StepResult:
        if any(record.offset == 1 for record in batch):
            raise Damaged("the message is stored as no release stores one")
        folded.extend(record.offset for record in batch)
        return StepResult()

    progress = Progress()
    await _fold(Family("messages", (topic,), (), step), Batch(records), progress)
    assert (folded, progress.refused, progress.done) == ([0, 2], 1, 3)
