"""What follows from a batch is carried out side by side, and none of it is left behind when something fails."""

import asyncio
from collections.abc import Iterable, Sequence

import pytest

from services.runtime.mongo import Unavailable
from services.status.consumer import FoldStep
from services.status.fold import Followed, Projected
from services.status.message import Message
from tests.support.status_events import Story


class Stored:
    """A database that takes every message."""

    async def load(self, message_ids: Iterable[str]) -> dict[str, Message]:
        return {}

    async def save(self, messages: Sequence[Message]) -> set[str]:
        return set()


class Works:
    """Projections and takers that wait for each other, and fail when they are to."""

    def __init__(self, count: int) -> None:
        self.barrier = asyncio.Barrier(count)
        self.ended = 0

    async def work(self, _: Followed | Projected) -> None:
        async with asyncio.timeout(20):
            await self.barrier.wait()
            await asyncio.sleep(0)
        self.ended += 1

    async def fail(self, _: Followed | Projected) -> None:
        async with asyncio.timeout(20):
            await self.barrier.wait()
        raise Unavailable("away")


def step_of(takers: Sequence[object], projections: Sequence[object]) -> FoldStep:
    return FoldStep(Stored(), takers, projections)  # type: ignore[arg-type]


async def test_takers_and_projections_do_not_wait_for_each_other() -> None:
    works, story = Works(4), Story()
    await step_of([works.work] * 2, [works.work] * 2).apply([story.requested(), story.planned("i-1")])
    assert works.ended == 4


async def test_a_failure_is_raised_when_the_others_have_ended() -> None:
    works, story = Works(4), Story()
    with pytest.raises(Unavailable):
        await step_of([works.fail, works.work, works.work], [works.work]).apply([story.requested()])
    assert works.ended == 3
