"""The form of a database on a real MongoDB: steps are taken once, go on where they ended, and keep others out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from services.runtime import mongo
from services.runtime.mongo import Database
from services.runtime.mongo.upkeep import (
    STEPS,
    VERSION,
    NewerDatabase,
    Step,
    StepsMissing,
    applied,
    form_of,
    keep_form,
)
from services.runtime.mongo.usable import State, set_state
from services.runtime.process import Process
from services.runtime.settings import BadSettings, Settings
from tests.support.waiting import eventually


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    async with mongo.database(settings) as opened:
        yield opened
        await opened.client.drop_database(settings.mongo_database)


async def filled(database: Database) -> None:
    """As releases before the first step left it."""
    await database["messages"].insert_one({"_id": "m"})
    timers = database["router_timers"]
    await timers.insert_many([{"_id": f"old-{number}", "tag": "held/partner/bank"} for number in range(2_500)])
    await timers.insert_one({"_id": "new", "bulk": True, "tag": ["plan/p"]})


async def test_a_new_database_begins_with_the_newest_form(database: Database) -> None:
    assert (await form_of(database)).is_new
    form = await applied(database)
    assert (form.version, form.needs, list(form.applied)) == (VERSION, 0, [])


async def test_what_is_stored_gets_the_form_that_is_wanted_once(database: Database) -> None:
    await filled(database)
    first, second = await asyncio.gather(applied(database), applied(database))
    assert first.version == second.version == VERSION
    assert [note["step"] for note in second.applied] == [step.name for step in STEPS]
    assert second.applied[0]["changed"] == 5_000
    timers = [timer async for timer in database["router_timers"].find({})]
    assert {timer["bulk"] for timer in timers if timer["_id"] != "new"} == {False}
    assert all(isinstance(timer["tag"], list) for timer in timers)
    assert (await applied(database)).applied == second.applied


async def test_a_step_that_was_killed_goes_on(database: Database) -> None:
    await filled(database)
    await database["router_timers"].update_many({"_id": {"$regex": "^old-1"}}, {"$set": {"bulk": False}})
    assert (await applied(database)).version == VERSION
    assert await database["router_timers"].count_documents({"bulk": {"$exists": False}}) == 0


async def test_a_newer_releases_database_is_refused_only_where_it_says_so(database: Database) -> None:
    async def nothing(_: Database) -> int:
        return 0

    await filled(database)
    bearable = (*STEPS, Step("bearable", "", nothing))
    assert (await applied(database, bearable)).version == VERSION + 1
    (await form_of(database)).check(STEPS)
    await applied(database)  # takes none, and takes none back
    final = (*bearable, Step("final", "", nothing, excludes_older=True))
    assert (await applied(database, final)).needs == VERSION + 2
    with pytest.raises(NewerDatabase, match=f"form {VERSION + 2}"):
        await applied(database)
    assert (await applied(database, final)).version == VERSION + 2


async def test_a_process_refuses_to_start_or_to_go_on_where_it_may_not(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.runtime.mongo.upkeep.form.WATCH_S", 0.1)
    await filled(database)
    async with AsyncExitStack() as stack:
        careful = Process("router", settings.model_copy(update={"migrate": False}), stack)
        with pytest.raises(StepsMissing, match=STEPS[0].name):
            await keep_form(careful, database)
        process = Process("router", settings, stack)
        await keep_form(process, database)
        await keep_form(careful, database)
        assert (await form_of(database)).version == VERSION
        careful.stop.set()
        await careful.finish(5)
        await database["form"].update_one({}, {"$set": {"needs": VERSION + 1}})
        with pytest.raises(NewerDatabase):
            await keep_form(Process("router", settings, stack), database)
        await eventually(process.stop.is_set, "the one that runs ends", 15)
        await process.finish(5)
        assert isinstance(process.failure, NewerDatabase)


@pytest.mark.parametrize("state", ["rebuilding", "restoring", "replaced"])
async def test_a_process_leaves_nothing_in_a_database_that_is_being_repaired(
    settings: Settings, database: Database, state: State
) -> None:
    await filled(database)
    await set_state(database, state, "other")
    before = await everything_in(database)
    async with AsyncExitStack() as stack:
        with pytest.raises(BadSettings, match="MONGO_DATABASE"):
            await keep_form(Process("router", settings, stack), database)
    assert await everything_in(database) == before


async def everything_in(database: Database) -> dict[str, int]:
    """How many documents there are, by collection; and which are of the oldest form."""
    names = await database.list_collection_names()
    old = await database["router_timers"].count_documents({"bulk": {"$exists": False}})
    return {"old": old} | {name: await database[name].count_documents({}) for name in names}
