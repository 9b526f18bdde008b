"""How far an erasure has come, in the real database: of a step that fails, until it is done."""

import base64
from collections.abc import AsyncIterator

import pytest

from schemas.personal import Subject
from services.runtime import mongo
from services.runtime.crypto.master_key import CannotOpen, Secrets
from services.runtime.mongo import Database
from services.runtime.mongo.erasures import CLEANERS, KEYS, Erasure, Erasures, Failing
from services.runtime.settings import Settings

ASKED = Erasure("e", 1, "operator", (Subject("", "user", "olga"),))


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    async with mongo.database(settings) as database:
        yield database


async def test_a_step_that_fails_is_told_until_it_is_done(database: Database, settings: Settings) -> None:
    erasures = Erasures(database, Secrets(settings.master_key))
    await erasures.ask(ASKED)
    for at, step in enumerate((KEYS, "status", "status"), 1):
        await erasures.failed("e", step, "ValueError service.py:7", at)
    failing = {KEYS: Failing(1, 1, "ValueError service.py:7"), "status": Failing(2, 3, "ValueError service.py:7")}
    found = await erasures.progress("e")
    assert (found and found.failing, await erasures.unfinished()) == (failing, ["e"])
    await erasures.forgotten("e")
    for service in CLEANERS:
        await erasures.cleaned("e", service, {})
        await erasures.failed("e", service, "ValueError service.py:7", 4)  # another process that was slower
    found = await erasures.progress("e")
    assert (found and found.failing, found and found.is_done, await erasures.unfinished()) == ({}, True, [])


async def test_of_one_that_no_key_opens_it_is_told_how_far_it_has_come(database: Database, settings: Settings) -> None:
    await Erasures(database, Secrets(settings.master_key)).ask(ASKED)
    others = Erasures(database, Secrets(base64.b64encode(bytes(range(32))).decode()))
    assert await others.unfinished() == ["e"]
    with pytest.raises(CannotOpen):
        await others.find("e")
    assert (await others.progress("e")) is not None
