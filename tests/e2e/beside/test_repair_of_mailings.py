"""A bank in the middle of everything: its database is rebuilt, or lost and restored, and everybody gets theirs once."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from deploy.local.services import SERVICES
from deploy.repair.opened import empty
from services.runtime import mongo
from services.runtime.settings import Settings
from tests.support.business import Business
from tests.support.mailings import Mailings
from tests.support.opening import opened, stack_beside
from tests.support.repairs import differences, done, started
from tests.support.world import World

SECURED = bool(os.environ.get("RPNS_TEST_SECURED"))
DUE_IN = timedelta(seconds=40)
"""What waits is due behind the repair, or meanwhile: then it comes once services run. Never before its hour."""


@pytest.fixture
async def business(world: World, tmp_path: Path) -> AsyncIterator[Business]:
    """A stack beside this one, on its servers; this one itself where these are secured, and allow no other topics."""
    async with AsyncExitStack() as exits:
        own = world
        if not SECURED:
            beside = exits.enter_context(stack_beside(world.stack, tmp_path, tmp_path.name, SERVICES))
            own = await exits.enter_async_context(opened(beside))
        yield Business(own, await exits.enter_async_context(Mailings(own)))


async def test_a_rebuilt_database_takes_over_in_the_middle_of_everything(business: Business, tmp_path: Path) -> None:
    world = business.world
    await business.begin(tmp_path, DUE_IN)
    await done(world, "rebuild")
    await business.run()
    for name in SERVICES:
        await asyncio.to_thread(world.stack.end, name)
    before = await business.sent()
    settings = Settings.from_environment(world.stack.env)
    async with mongo.database(settings) as database:
        assert await business.stored_state(database, "running") == "running"
    made = await done(world, "rebuild", "--switch")
    assert differences(made) == {}
    assert await business.sent() == before
    await started(world, SERVICES, MONGO_DATABASE=f"{settings.mongo_database}-rebuilt")
    await business.go_on()
    await business.check()


async def test_a_restored_database_goes_on_in_the_middle_of_everything(business: Business, tmp_path: Path) -> None:
    """Killed behind a backup: a mailing has gone further, one was paused, one cancelled, one has come since."""
    world, backup = business.world, str(tmp_path / "backup")
    await business.begin(tmp_path, DUE_IN)
    for name in ("running", "ended", "paused since"):
        await business.run(name)
    await done(world, "backup", backup)
    gone = await business.move_on()
    for name in SERVICES:
        world.stack.kill(name)
    before = await business.sent()
    settings = Settings.from_environment(world.stack.env)
    async with mongo.database(settings) as database:
        assert await business.stored_state(database, "running") == "running"
        await empty(database)
    restored = await done(world, "restore", backup)
    assert (restored["mailingsGone"], restored["mailingsUnlike"], restored["lost"]) == ([gone], [], {})
    assert await business.sent() == before
    await started(world, SERVICES)
    await business.go_on()
    await business.check()
