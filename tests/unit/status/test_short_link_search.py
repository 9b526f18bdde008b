"""A short link is found though the push was faster than the projection; strangers who guess hold nobody up."""

import asyncio

from services.status.short_links.search import MOST_WAITING, ShortLinkSearch
from services.status.short_links.store import LinkTarget

TARGET = LinkTarget(url="https://bank.example/", message_id="m-1", partner_id="p-1", lane="single", link=0, ordinal=0)


class Projection:
    """Knows the code from the look of this number on; time passes as it is slept."""

    def __init__(self, known_from: int) -> None:
        self.looks, self.slept_s, self._known_from = 0, 0.0, known_from

    async def find(self, _: str) -> LinkTarget | None:
        self.looks += 1
        return TARGET if self.looks >= self._known_from else None

    async def sleep(self, seconds: float) -> None:
        self.slept_s += seconds


async def test_a_known_code_is_answered_at_once() -> None:
    projection = Projection(known_from=1)
    assert await ShortLinkSearch(projection.find, projection.sleep).target("c") is TARGET
    assert (projection.looks, projection.slept_s) == (1, 0.0)


async def test_a_code_that_comes_late_is_waited_for_longer_than_the_projection_lags() -> None:
    projection = Projection(known_from=4)
    assert await ShortLinkSearch(projection.find, projection.sleep).target("c") is TARGET
    assert projection.slept_s > 1.0


async def test_a_code_that_nobody_has_is_looked_for_four_times() -> None:
    projection = Projection(known_from=99)
    assert await ShortLinkSearch(projection.find, projection.sleep).target("c") is None
    assert projection.looks == 4


async def test_more_than_may_wait_are_answered_at_once_and_a_place_is_given_back() -> None:
    released, full, looks = asyncio.Event(), asyncio.Event(), 0

    async def find(_: str) -> LinkTarget | None:
        nonlocal looks
        looks += 1
        if looks == MOST_WAITING:
            full.set()
        return None

    async def sleep(_: float) -> None:
        await released.wait()

    search = ShortLinkSearch(find, sleep)
    waiting = [asyncio.create_task(search.target(str(number))) for number in range(MOST_WAITING)]
    await full.wait()
    assert await search.target("one more") is None
    assert looks == MOST_WAITING + 1
    waiting[0].cancel()
    released.set()
    await asyncio.gather(*waiting, return_exceptions=True)
    looks = 0
    assert await search.target("now there is room") is None
    assert looks == 4
