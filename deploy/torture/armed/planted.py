"""Faults that a release could have. The torture has to find each of them: `python -m deploy.torture run --plant NAME`.

commit-before-append    a batch is committed before what follows from it is appended: a crash between them loses it
write-concern-unread    a write whose write concern has failed is taken for stored: a failover takes it back
resends-blindly         a push whose answer is lost is sent again where nobody absorbs the second one
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiokafka import OffsetAndMetadata, TopicPartition
from pymongo.errors import BulkWriteError

from services.runtime.mongo.errors import Duplicate

PLANT_SETTING = "RPNS_TORTURE_PLANT"


def _commit_before_append() -> None:
    from services.runtime.log.batch_consumer import BatchConsumer, Record

    append = BatchConsumer._do

    async def committing(self: BatchConsumer, records: Sequence[Record]) -> None:
        prefix = self.settings.kafka_topic_prefix
        offsets = {
            TopicPartition(prefix + record.topic.name, record.partition): OffsetAndMetadata(record.offset + 1, "")
            for record in records
        }
        await self._progress._consumer.commit(offsets)
        await append(self, records)

    setattr(BatchConsumer, "_do", committing)  # noqa: B010


def _write_concern_unread() -> None:
    from services.runtime.mongo import collection, errors

    meaning = errors.meaning_of_bulk

    def careless(error: BulkWriteError) -> Exception:
        is_stored = (error.details or {}).get("writeConcernErrors") and not (error.details or {}).get("writeErrors")
        return Duplicate("nothing was taken") if is_stored else meaning(error)

    setattr(collection, "meaning_of_bulk", careless)  # noqa: B010


def _resends_blindly() -> None:
    from services.dispatch.providers.rustore.sender import RustoreSender

    def absorbs_resend(self: Any, push: Any) -> bool:
        return True

    setattr(RustoreSender, "absorbs_resend", absorbs_resend)  # noqa: B010


PLANTS: Mapping[str, Callable[[], None]] = {
    "commit-before-append": _commit_before_append,
    "write-concern-unread": _write_concern_unread,
    "resends-blindly": _resends_blindly,
}


def plant(name: str) -> None:
    """Put it into this process. Raises KeyError for one that does not exist."""
    PLANTS[name]()
