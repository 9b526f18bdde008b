"""A real server that answers with each error, of a command and of a write concern: what our collections make of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from pymongo import UpdateOne

from services.runtime import mongo
from services.runtime.mongo import Collection, Database
from services.runtime.settings import Settings
from tests.support.replica_set import READS, WRITES, ReplicaSet
from tests.support.waiting import eventually

AGAIN = 3
"""The driver tries some commands a second time by itself."""
TROUBLE = (11600, 11602, 10107, 13435, 189, 91, 64, 262, 112, 24, 133, 13, 18, 391, 14031, 50, 43, 11601)


@pytest.fixture(scope="module")
def replicas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReplicaSet]:
    with ReplicaSet(tmp_path_factory.mktemp("mongo"), members=1) as replicas:
        yield replicas


@pytest.fixture(params=["pymongo", "motor"])
async def database(replicas: ReplicaSet, request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    settings = Settings.from_environment(
        {"MONGO_URL": replicas.url, "MONGO_DATABASE": "codes", "RPNS_MONGO_CLIENT": request.param}
    )
    async with mongo.database(settings) as opened:
        await mongo.durable(opened["things"]).update_one({"_id": 1}, {"$set": {"n": 1}}, upsert=True)
        yield opened
        replicas.heal()


WRITING: dict[str, Callable[[Collection], Awaitable[object]]] = {
    "bulk": lambda things: things.write(
        [UpdateOne({"_id": place}, {"$inc": {"n": 1}}, upsert=True) for place in range(3)]
    ),
    "insert of what is there": lambda things: things.insert([{"_id": 1}]),
    "one insert of what is there": lambda things: things.insert_one({"_id": 1}),
    "one update": lambda things: things.update_one({"_id": 1}, {"$inc": {"n": 1}}),
    "one replacement": lambda things: things.replace_one({"_id": 1}, {"n": 1}, upsert=True),
    "many updates": lambda things: things.update_many({"_id": 1}, {"$inc": {"n": 1}}),
    "find and update": lambda things: things.find_one_and_update({"_id": 1}, {"$inc": {"n": 1}}, upsert=True),
    "one delete": lambda things: things.delete_one({"_id": 99}),
    "many deletes": lambda things: things.delete_many({"_id": 99}),
}
READING: dict[str, Callable[[Collection], Awaitable[object]]] = {
    "find": lambda things: things.find({}).to_list(),
    "find one": lambda things: things.find_one({"_id": 1}),
    "count": lambda things: things.count_documents({}),
    "distinct": lambda things: things.distinct("n", {}),
    "aggregate": lambda things: things.aggregate([{"$match": {}}]).to_list(),
}


@pytest.mark.parametrize("how", WRITING)
async def test_a_write_concern_that_fails_is_unavailable(replicas: ReplicaSet, database: Database, how: str) -> None:
    things = mongo.durable(database["things"])
    for code in (64, 11602, 91, 189, 11600, 10107, 100, 79):
        replicas.fail(WRITES, 1, writeConcernError={"code": code, "errmsg": "x", "errInfo": {"wtimeout": code == 64}})
        with pytest.raises(mongo.Unavailable):
            await WRITING[how](things)


@pytest.mark.parametrize("code", TROUBLE)
async def test_a_command_that_fails_is_unavailable(replicas: ReplicaSet, database: Database, code: int) -> None:
    things = mongo.durable(database["things"])
    for commands, call in ((WRITES, WRITING["bulk"]), (READS, READING["find"])):
        replicas.fail(commands, AGAIN, errorCode=code)
        with pytest.raises(mongo.Unavailable):
            await call(things)
        replicas.heal()


@pytest.mark.parametrize("how", WRITING | READING)
async def test_whatever_is_asked_a_full_disk_and_a_changed_user_are_unavailable(
    replicas: ReplicaSet, database: Database, how: str
) -> None:
    things = mongo.durable(database["things"])
    for code in (14031, 13, 11602):
        replicas.fail((*WRITES, *READS), AGAIN, errorCode=code)
        with pytest.raises(mongo.Unavailable):
            await (WRITING | READING)[how](things)
        replicas.heal()


async def test_a_connection_that_breaks_is_unavailable(replicas: ReplicaSet, database: Database) -> None:
    things = mongo.durable(database["things"])
    for commands, calls in ((WRITES, WRITING), (READS, READING)):
        for call in calls.values():
            replicas.fail(commands, AGAIN, closeConnection=True)
            with pytest.raises(mongo.Unavailable):
                await call(things)
            replicas.heal()


async def test_a_label_makes_an_unknown_code_unavailable(replicas: ReplicaSet, database: Database) -> None:
    things = mongo.durable(database["things"])
    for label in ("RetryableWriteError", "TransientTransactionError"):
        replicas.fail(WRITES, 1, errorCode=8, errorLabels=[label])
        with pytest.raises(mongo.Unavailable):
            await things.update_one({"_id": 1}, {"$inc": {"n": 1}})


async def test_an_unknown_code_stays_unknown_and_the_probe_fails_with_it(
    replicas: ReplicaSet, database: Database
) -> None:
    things = mongo.durable(database["things"])
    assert await mongo.takes_writes(database)
    replicas.fail(WRITES, 0, errorCode=8)
    with pytest.raises(Exception, match="failpoint") as raised:
        await things.update_one({"_id": 1}, {"$inc": {"n": 1}})
    assert not isinstance(raised.value, mongo.Unavailable | mongo.ContentFault)
    assert not await mongo.takes_writes(database)
    replicas.heal()
    assert await mongo.takes_writes(database)


async def test_what_one_server_alone_holds_counts_neither_as_stored_nor_as_read(tmp_path: Path) -> None:
    with ReplicaSet(tmp_path, members=2) as pair:
        settings = Settings.from_environment({"MONGO_URL": pair.url, "MONGO_DATABASE": "codes"})
        async with mongo.database(settings) as opened:
            things, on_the_primary = mongo.durable(opened["things"]), mongo.read_only(opened["things"])
            await things.insert_one({"_id": 1, "n": 1})
            pair.stand_still()
            writing = asyncio.create_task(things.update_one({"_id": 1}, {"$set": {"n": 2}}))
            await eventually(lambda: on_the_primary.find_one({"n": 2}))
            assert await things.find_one({"_id": 1}) == {"_id": 1, "n": 1}
            with pytest.raises(mongo.Unavailable):
                await writing


async def test_keys_that_are_taken_are_told_by_their_places(replicas: ReplicaSet, database: Database) -> None:
    things = mongo.durable(database["things"])
    written = await things.insert([{"_id": "new"}, {"_id": 1}, {"_id": "newer"}, {"_id": "new"}])
    assert written.taken_indexes == [1, 3]
    with pytest.raises(mongo.Duplicate):
        await things.insert_one({"_id": 1})
    await things.delete_many({"_id": {"$ne": 1}})


async def test_a_document_that_is_too_large_is_named_and_its_neighbours_are_stored(database: Database) -> None:
    things = mongo.durable(database["things"])
    large = "x" * 17_000_000
    with pytest.raises(mongo.TooLarge) as raised:
        await things.insert([{"_id": "a"}, {"_id": "b", "text": large}, {"_id": "c"}])
    assert raised.value.indexes == (1,)
    assert {found["_id"] for found in await things.find({"_id": {"$in": ["a", "b", "c"]}}).to_list()} == {"a", "c"}
    await things.update_one({"_id": 1}, {"$set": {"text": "x" * 9_000_000}})
    with pytest.raises(mongo.TooLarge):
        await things.update_one({"_id": 1}, {"$set": {"more": "x" * 9_000_000}})
    with pytest.raises(mongo.Invalid):
        await things.insert([{"_id": "d", "number": 2**70}])
    await things.delete_many({})
