"""Reading and writing through the database boundary, with either client library."""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pymongo import UpdateOne

from services.runtime import mongo
from services.runtime.mongo import Collection, Duplicate
from services.runtime.mongo.errors import OutOfTime
from services.runtime.settings import Settings
from tests.conftest import Servers

pytestmark = pytest.mark.real


@pytest.fixture(params=["pymongo", "motor"])
async def things(stack_servers: Servers, request: pytest.FixtureRequest) -> AsyncIterator[Collection]:
    """Ten documents {_id: n, odd: bool}."""
    name = f"t{uuid.uuid4().hex[:10]}"
    settings = Settings.from_environment(
        {"MONGO_URL": stack_servers.mongo_url, "MONGO_DATABASE": name, "RPNS_MONGO_CLIENT": request.param}
    )
    async with mongo.database(settings) as database:
        collection = mongo.durable(database["things"])
        await collection.insert([{"_id": number, "odd": number % 2 == 1} for number in range(10)])
        yield collection
        await database.client.drop_database(name)


async def test_a_query_is_sorted_limited_and_read_in_pages(things: Collection) -> None:
    found = await things.find({"odd": True}, {"odd": 0}).sort("_id", -1).limit(3).batch_size(2).to_list()
    assert found == [{"_id": 9}, {"_id": 7}, {"_id": 5}]


async def test_a_query_is_read_document_by_document_over_several_pages(things: Collection) -> None:
    assert [found["_id"] async for found in things.find({}).sort("_id", 1).batch_size(3)] == list(range(10))


async def test_a_pipeline_is_read_at_once_or_document_by_document(things: Collection) -> None:
    pipeline: list[dict[str, Any]] = [{"$group": {"_id": "$odd", "count": {"$sum": 1}}}, {"$sort": {"_id": 1}}]
    expected = [{"_id": False, "count": 5}, {"_id": True, "count": 5}]
    assert await things.aggregate(pipeline).to_list() == expected
    assert [found async for found in things.aggregate(pipeline)] == expected


async def test_a_query_that_takes_too_long_is_out_of_time(things: Collection) -> None:
    slow = {"$where": "sleep(50) || true"}
    with pytest.raises(OutOfTime):
        await things.find(slow).max_time_ms(20).to_list()
    with pytest.raises(OutOfTime):
        [found async for found in things.find(slow).max_time_ms(20)]


async def test_what_meets_another_document_is_told_apart_from_what_was_written(things: Collection) -> None:
    written = await things.insert([{"_id": 3}, {"_id": 30}])
    assert written.taken_indexes == [0]
    assert await things.count_documents({"_id": {"$in": [3, 30]}, "odd": {"$exists": False}}) == 1
    with pytest.raises(Duplicate):
        await things.insert_one({"_id": 30})


async def test_writes_count_what_they_matched_changed_and_inserted(things: Collection) -> None:
    changes = [UpdateOne({"_id": number}, {"$set": {"odd": True}}, upsert=True) for number in (1, 2, 40)]
    written = await things.write(changes)
    assert (written.matched, written.modified, written.upserted) == (2, 1, 1)


async def test_a_document_is_changed_and_given_back_as_it_was_or_as_it_is(things: Collection) -> None:
    assert await things.find_one_and_update({"_id": 1}, {"$set": {"n": 1}}) == {"_id": 1, "odd": True}
    assert await things.find_one_and_update({"_id": 1}, {"$set": {"n": 2}}, after=True) == {
        "_id": 1,
        "odd": True,
        "n": 2,
    }


async def test_counting_distinct_values_and_deleting(things: Collection) -> None:
    assert sorted(await things.distinct("odd", {})) == [False, True]
    assert await things.count_documents({}, limit=4) == 4
    assert await things.delete_one({"_id": 0}) == 1
    assert await things.delete_many({"odd": True}) == 5
    assert await things.update_many({}, {"$set": {"odd": True}}) == 4
