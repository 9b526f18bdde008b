"""A database without keys is refused where the log was read before, and nowhere else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import OffsetAndMetadata, TopicPartition

from services.runtime import erasure
from services.runtime.erasure import refuse_another
from services.runtime.log.upkeep import offsets
from services.runtime.log.upkeep.offsets import has_read_before
from services.runtime.mongo.recipient_keys import RecipientKeysStore
from services.runtime.settings import BadSettings, Settings

SETTINGS = Settings.from_environment({})


class Keys(RecipientKeysStore):
    """Those of a database; empty until somebody makes some."""

    def __init__(self) -> None:
        self.are_made = False

    async def is_empty(self) -> bool:
        return not self.are_made


def cluster(monkeypatch: pytest.MonkeyPatch, groups: dict[str, dict[TopicPartition, int]]) -> None:
    """These groups have committed these offsets."""

    class Admin:
        async def list_consumer_groups(self) -> list[tuple[str, str]]:
            return [(name, "consumer") for name in groups]

    @asynccontextmanager
    async def opened_admin(settings: Any) -> AsyncIterator[Admin]:
        yield Admin()

    async def committed(admin: Admin, name: str) -> dict[TopicPartition, OffsetAndMetadata]:
        return {place: OffsetAndMetadata(offset, "") for place, offset in groups[name].items()}

    monkeypatch.setattr(offsets, "opened_admin", opened_admin)
    monkeypatch.setattr(offsets, "committed_offsets", committed)


async def test_groups_of_other_software_whose_names_begin_alike_have_not_read_our_log(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cluster(monkeypatch, {"status-pages": {TopicPartition("pages", 0): 7}})
    assert not await has_read_before(SETTINGS, "status")
    cluster(monkeypatch, {"status-bulk": {TopicPartition("status-events.bulk", 0): 7}})
    assert await has_read_before(SETTINGS, "status")
    assert not await has_read_before(SETTINGS, "router")


async def test_a_database_without_keys_is_refused_once_its_service_has_read(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster(monkeypatch, {"status": {TopicPartition("status-events", 0): 0}})
    await refuse_another(Keys(), SETTINGS, "status")
    cluster(monkeypatch, {"status": {TopicPartition("status-events", 0): 1}})
    with pytest.raises(BadSettings, match="no keys of recipients"):
        await refuse_another(Keys(), SETTINGS, "status")


async def test_an_instance_that_makes_the_first_keys_and_reads_drives_out_none_that_starts_beside_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keys = Keys()

    async def read_meanwhile(settings: Settings, service: str) -> bool:
        keys.are_made = True
        return True

    monkeypatch.setattr(erasure, "has_read_before", read_meanwhile)
    await refuse_another(keys, SETTINGS, "status")
