"""What instances tell of themselves on a real MongoDB: two of one name are found out, and who needs an old index."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from services.runtime import mongo, telemetry
from services.runtime.clock import now_ms
from services.runtime.mongo import Database
from services.runtime.mongo.instances import SILENT_MS, Instance, Instances, signs_now
from services.runtime.mongo.upkeep.twin_check import TwinCheck
from services.runtime.mongo.upkeep.unused import UNUSED, Unused
from services.runtime.mongo.upkeep.unused_indexes import _left, drop_unused
from services.runtime.settings import Settings
from tests.support.waiting import eventually

INDEX = Unused("status", "messages", "owed_at_1")


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    async with mongo.database(settings) as opened:
        yield opened
        await opened.client.drop_database(settings.mongo_database)


def status(name: str, does_without: int = len(UNUSED), at: int | None = None) -> Instance:
    about = {"version": "0.1.0", "commit": "", "host": f"host-of-{name}", "lanes": ("single",), "signs": {}}
    heard_at = now_ms() if at is None else at
    return Instance("status", name, started_at=1, at=heard_at, does_without=does_without, **about)  # type: ignore[arg-type]


async def test_two_processes_of_one_name_find_each_other_out_and_a_successor_is_none(database: Database) -> None:
    instances, first, second = Instances(database), TwinCheck(), TwinCheck()

    async def finds_another(by: TwinCheck) -> bool:
        by.look(await instances.save(status("1"), by.boot))
        return "rpns_twin_instance" in signs_now((telemetry.TWIN_INSTANCE,))

    assert not await finds_another(first)
    assert not await finds_another(first)
    assert not await finds_another(second), "the one before it has ended, for all that it knows"
    assert not await finds_another(second)
    assert await finds_another(first), "it has not ended"
    assert await finds_another(second)
    assert await finds_another(first)
    assert await finds_another(second)
    assert not await finds_another(second), "the other has ended"


async def test_an_index_that_nothing_uses_is_dropped_when_no_older_instance_runs(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages, instances, stop = database["messages"], Instances(database), asyncio.Event()
    await messages.create_index("owed_at")
    await messages.create_index([("lane", 1), ("owed_at", 1)])
    await instances.save(status("new"), "a")
    await instances.save(status("old", 0), "b")
    looked = 0

    class Looks(Instances):
        """Counts how often it was asked."""

        async def all(self) -> list[Instance]:
            nonlocal looked
            looked += 1
            return await super().all()

    monkeypatch.setattr("services.runtime.mongo.upkeep.unused_indexes.Instances", Looks)
    running = asyncio.ensure_future(drop_unused(database, "status", stop, every_s=0.05))
    await eventually(lambda: looked >= 3, "it has looked")
    assert INDEX.name in await messages.index_information()
    await instances.save(status("old", 0, now_ms() - SILENT_MS - 1), "b")

    async def is_dropped() -> bool:
        return (await messages.index_information()).keys() == {"_id_", "lane_1_owed_at_1"}

    await eventually(is_dropped, "the index is dropped")
    stop.set()
    await asyncio.wait_for(running, 15)


async def test_a_new_database_has_nothing_to_drop(database: Database) -> None:
    assert await _left(database, "status", UNUSED) == 0
