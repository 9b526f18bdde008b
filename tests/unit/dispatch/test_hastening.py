"""What was parked for an application is let go when its sender is well again, whenever that is noticed."""

import asyncio
from types import SimpleNamespace
from typing import Any

from schemas.providers import Provider
from services.dispatch.delivery.work import DispatchWork
from services.runtime import mongo
from tests.support.waiting import eventually


class Timers:
    """`during`: called while the database hastens for the first time."""

    def __init__(self, during: Any) -> None:
        self.hastened: list[str] = []
        self._during = during

    async def hasten(self, tag: str, _: int) -> None:
        self.hastened.append(tag)
        if len(self.hastened) == 1:
            self._during()


class Senders:
    async def refresh(self) -> list[str]:
        return []


async def watched(during: Any, work: DispatchWork, until: int) -> list[str]:
    timers, stop = Timers(during), asyncio.Event()
    work.provider, work._senders, work._timers = Provider.FCM, Senders(), timers  # type: ignore[assignment]
    work._to_hasten = {"fcm/app"}
    watching = asyncio.create_task(work.watch(stop))
    await eventually(lambda: len(timers.hastened) >= until)
    stop.set()
    await watching
    return timers.hastened


async def test_what_is_let_go_while_its_timers_are_hastened_is_hastened_again() -> None:
    work = object.__new__(DispatchWork)  # only its watch
    health: Any = SimpleNamespace(tag="fcm/app")
    assert await watched(lambda: work.release(health), work, 2) == ["fcm/app", "fcm/app"]


async def test_what_the_database_could_not_hasten_is_hastened_later() -> None:
    def away() -> None:
        raise mongo.Unavailable("away")

    assert await watched(away, object.__new__(DispatchWork), 2) == ["fcm/app", "fcm/app"]
