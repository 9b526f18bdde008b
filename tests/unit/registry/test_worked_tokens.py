"""Which tokens work is noted behind the answers, and nothing that fails there ends the process or holds up the rest."""

import asyncio
from collections.abc import Iterable
from typing import Any, cast

import pytest

from schemas import ids
from schemas.providers import Provider
from services.registry.device_api import DeviceCommands
from services.registry.devices import Device
from services.registry.devices.fold.state import Token
from services.registry.receipts import worked_tokens
from services.registry.receipts.worked_tokens import WorkedTokens
from services.runtime import mongo
from services.runtime.clock import now_ms

TOKEN = Token(provider=Provider.APNS, sealed="", digest="ab", registered_at=1)


class Commands:
    """Devices whose tokens are not known to work, and what was noted of them."""

    def __init__(self) -> None:
        self.devices, self.looked_up, self.noted = self, list[int](), list[str]()
        self.error: Exception | None = None
        self.bad = ""

    async def with_unproven_tokens(self, ids: Iterable[str]) -> list[Device]:
        asked = list(ids)
        self.looked_up.append(len(asked))
        if self.error is not None:
            raise self.error
        if self.bad in asked:
            raise ValueError("a document that cannot be read")
        return [device(installation_id) for installation_id in asked]

    async def change_all(self, events: Iterable[Any]) -> None:
        self.noted += [event.installation_id for event in events]


def device(installation_id: str) -> Device:
    return Device(installation_id=installation_id, application_id="app", token=TOKEN)


@pytest.fixture
def commands() -> Commands:
    return Commands()


@pytest.fixture
def worked(commands: Commands) -> WorkedTokens:
    return WorkedTokens(cast(DeviceCommands, commands))


def receive(worked: WorkedTokens, count: int) -> list[str]:
    names = [ids.uuid7() for _ in range(count)]
    for name in names:
        worked.received(name, now_ms())
    return names


async def test_many_are_noted_part_by_part(worked: WorkedTokens, commands: Commands) -> None:
    names = receive(worked, 1_200)
    await worked.note()
    assert sorted(commands.noted) == sorted(names)
    assert max(commands.looked_up) <= 500


async def test_while_the_database_is_away_it_is_asked_once_a_turn_and_nothing_is_lost(
    worked: WorkedTokens, commands: Commands
) -> None:
    names = receive(worked, 1_200)
    commands.error = mongo.Unavailable("away")
    with pytest.raises(mongo.Unavailable):
        await worked.note()
    assert len(commands.looked_up) == 1
    commands.error = None
    await worked.note()
    assert sorted(commands.noted) == sorted(names)


async def test_one_that_cannot_be_noted_does_not_hold_up_the_others_for_ever(
    worked: WorkedTokens, commands: Commands
) -> None:
    commands.bad = receive(worked, 1)[0]
    with pytest.raises(ValueError, match="cannot be read"):
        await worked.note()
    others = receive(worked, 3)
    await worked.note()
    assert commands.noted == others


async def test_it_ends_in_order_though_the_database_is_away(worked: WorkedTokens, commands: Commands) -> None:
    receive(worked, 1)
    commands.error = mongo.Unavailable("away")
    stop = asyncio.Event()
    stop.set()
    await worked.run(stop)
    assert commands.looked_up == [1]


async def test_only_so_many_are_remembered(worked: WorkedTokens, commands: Commands) -> None:
    receive(worked, worked_tokens._MOST + 10)
    await worked.note()
    assert sum(commands.looked_up) == worked_tokens._MOST
