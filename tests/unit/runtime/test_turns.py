"""Others get their turn behind so many things, and sooner when these take long."""

import asyncio
from itertools import count

import pytest

from services.runtime.pacing import turns


async def turns_given(things: int, most: int) -> int:
    async def work() -> None:
        given = turns.Turns(most)
        for _ in range(things):
            await given.give()

    others, task = -1, asyncio.create_task(work())  # its first turn is nobody else's
    while not task.done():
        await asyncio.sleep(0)
        others += 1
    return others


@pytest.mark.parametrize(("step_s", "expected"), [(0.0, 2), (0.003, 10), (1.0, 40)])
async def test_turns_are_given_by_number_and_by_time(
    monkeypatch: pytest.MonkeyPatch, step_s: float, expected: int
) -> None:
    clock = count()
    monkeypatch.setattr(turns, "monotonic", lambda: next(clock) * step_s)
    assert await turns_given(40, 20) == expected
