"""What was parked for an application is let go when its sender is well again, whenever that is noticed."""

import asyncio
from types import SimpleNamespace
from typing import Any

from schemas.providers import Provider
from services.dispatch.delivery.sender_watch import SenderWatch
from services.runtime import mongo
from services.runtime.scheduling.tags import SenderTag
from tests.support.waiting import eventually

HEALTH: Any = SimpleNamespace(tag=SenderTag(Provider.FCM, "app"))


class Timers:
    """`during`: called while the database hastens for the first time."""

    def __init__(self, during: Any) -> None:
        self.hastened: list[str] = []
        self._during = during

    async def hasten(self, tag: SenderTag, _: int) -> None:
        self.hastened.append(str(tag))
        if len(self.hastened) == 1:
            self._during()


class Senders:
    async def refresh(self) -> list[str]:
        return []


async def watched(timers: Timers, watch: SenderWatch, until: int) -> list[str]:
    stop = asyncio.Event()
    running = asyncio.create_task(watch.run(stop))
    await eventually(lambda: len(timers.hastened) >= until)
    stop.set()
    await running
    return timers.hastened


def watch_over(timers: Timers) -> SenderWatch:
    watch = SenderWatch(Provider.FCM, Senders(), timers)  # type: ignore[arg-type]
    watch.release(HEALTH)
    return watch


async def test_what_is_released_while_its_timers_are_hastened_is_hastened_again() -> None:
    def released() -> None:
        watch.release(HEALTH)

    timers = Timers(released)
    watch: SenderWatch = watch_over(timers)
    assert await watched(timers, watch, 2) == ["fcm/app", "fcm/app"]


async def test_what_the_database_could_not_hasten_is_hastened_later() -> None:
    def away() -> None:
        raise mongo.Unavailable("away")

    timers = Timers(away)
    assert await watched(timers, watch_over(timers), 2) == ["fcm/app", "fcm/app"]
