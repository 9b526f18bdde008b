"""The stream of status changes: whoever was away goes on where it stopped."""

import asyncio
from collections.abc import Callable, Sequence

import aiohttp

from deploy.play.bank import StreamEvent
from tests.support.world import READ, World

MESSAGES = 8


async def test_a_stream_that_is_resumed_has_no_gap_and_no_repetition(world: World) -> None:
    phone = world.new_phone()
    await world.enrol("ios", phone)
    start = (await _listen(world, None, bool))[0].id
    first = [await world.send(phone) for _ in range(MESSAGES)]
    seen = await _listen(world, start, lambda seen: len(_read(seen)) >= MESSAGES // 2)
    second = [await world.send(phone) for _ in range(MESSAGES)]
    await asyncio.gather(*(world.reported(ref, READ) for ref in second))
    refs = set(first + second)
    seen += await _listen(world, seen[-1].id, lambda rest: refs <= _read([*seen, *rest]))
    again = await _listen(world, start, lambda all_of_it: refs <= _read(all_of_it))
    assert [event.id for event in seen] == [event.id for event in again]
    assert [event.data for event in seen] == [event.data for event in again]


async def test_a_stream_goes_on_after_the_service_behind_it_was_killed(world: World) -> None:
    phone = world.new_phone()
    await world.enrol("android", phone)
    start = (await _listen(world, None, bool))[0].id
    first = await world.send(phone)
    seen = await _listen(world, start, lambda seen: first in _read(seen))
    world.stack.kill("status")
    second = await world.send(phone)
    await world.restart("status")
    seen += await _listen(world, seen[-1].id, lambda rest: second in _read(rest))
    again = await _listen(world, start, lambda all_of_it: second in _read(all_of_it))
    assert [event.id for event in seen] == [event.id for event in again]
    states = [event.data["state"] for event in seen if event.data.get("id") == second]
    assert states[-1] == "READ"
    assert len(states) == len(set(states))


def _read(events: Sequence[StreamEvent]) -> set[str]:
    """The bank's ids of messages that are read by what these events say."""
    return {event.data["id"] for event in events if event.data.get("state") == "READ"}


async def _listen(world: World, after: int | None, is_enough: Callable[[list[StreamEvent]], bool]) -> list[StreamEvent]:
    """What the stream tells from behind `after` until it is enough; without `after`, from now on.

    The first event of a stream says only where it begins; it is kept when there is no `after`.
    """
    events: list[StreamEvent] = []
    async with asyncio.timeout(30):
        while True:
            try:
                async for event in world.bank.events(after):
                    if event.name or after is None:
                        events.append(event)
                    if is_enough(events):
                        return events
            except (aiohttp.ClientError, OSError):
                pass  # the service is not back yet
            after = events[-1].id if events else after
            await asyncio.sleep(0.1)
