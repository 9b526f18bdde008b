"""Keys of SECURE values on a real MongoDB: one for each hour, and gone on time, from the database and from memory."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from schemas.values import SecureValues
from services.runtime import mongo
from services.runtime.clock import now_ms
from services.runtime.crypto.master_key import CannotOpen, Secrets
from services.runtime.mongo import Database
from services.runtime.mongo.hour_keys import HourKeys, hour_of, seal_values
from services.runtime.settings import Settings
from tests.support.waiting import eventually

HOUR_MS = 3_600_000


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    async with mongo.database(settings) as database:
        yield database
        await database.client.drop_database(settings.mongo_database)


@pytest.fixture
async def keys(database: Database, settings: Settings) -> HourKeys:
    keys = HourKeys(database["hour_keys"], Secrets(settings.master_key))
    await keys.prepare()
    return keys


async def test_all_who_need_the_key_of_an_hour_get_the_same_one(keys: HourKeys, database: Database) -> None:
    now = now_ms()
    made = await asyncio.gather(*[keys.create(hour_of(now) + 1, now) for _ in range(20)])
    assert len(set(made)) == 1
    assert await database["hour_keys"].count_documents({}) == 1


async def test_a_key_leaves_memory_when_its_hour_ends_though_nobody_asks(keys: HourKeys) -> None:
    hour = hour_of(now_ms()) + 1
    almost_over = (hour + 1) * HOUR_MS - 50
    await keys.create(hour, almost_over)
    assert list(keys._kept) == [hour]

    async def is_gone() -> bool:
        return not keys._kept

    await eventually(is_gone, "the key has left memory", 10)


async def test_from_the_end_of_its_hour_a_key_is_refused_even_before_the_database_deletes_it(
    keys: HourKeys, database: Database
) -> None:
    hour = hour_of(now_ms()) + 1
    key = await keys.create(hour, now_ms())
    secure = SecureValues(names=("code",), hour=hour, sealed=seal_values(key, "m-1", {"code": "8317"}))
    assert await keys.opened("m-1", secure, now_ms()) == {"code": "8317"}
    assert await keys.opened("m-1", secure, (hour + 1) * HOUR_MS) is None
    assert await database["hour_keys"].count_documents({}) == 1
    with pytest.raises(CannotOpen):
        await keys.create(hour, (hour + 1) * HOUR_MS)


async def test_the_database_deletes_a_key_when_its_hour_has_passed(keys: HourKeys, database: Database) -> None:
    past, coming = hour_of(now_ms()) - 1, hour_of(now_ms()) + 1
    for hour in (past, coming):
        await keys.create(hour, past * HOUR_MS)

    async def is_gone() -> bool:
        return await database["hour_keys"].count_documents({}) == 1

    await eventually(is_gone, "the database has deleted the key", 75)
    (left,) = await database["hour_keys"].find().to_list(None)
    assert left["_id"] == coming
