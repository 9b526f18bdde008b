"""How far the planner may be ahead of the router and of status."""

import asyncio
from collections.abc import Callable, Mapping
from types import SimpleNamespace

import pytest

from services.ingest.mailing.planning import backpressure as module
from services.ingest.mailing.planning.backpressure import LOOK_S, PlanningBackpressure
from services.runtime.log.kafka import LogUnavailable

LEAST, SLICE = 2_000, 500


class Group:
    """A group that reads two partitions, as its broker tells it."""

    def __init__(self) -> None:
        self.end, self.read, self.is_away, self.asked_for_ends = 0, 0, False, 0
        self.meanwhile: Callable[[], object] = lambda: None
        self.answers = asyncio.Event()
        self.answers.set()

    async def spans(self) -> Mapping[int, range]:
        self.asked_for_ends += 1
        return {0: range(self.end // 2), 1: range(self.end - self.end // 2)}

    async def committed(self) -> Mapping[int, int]:
        if self.is_away:
            raise LogUnavailable("away")
        self.meanwhile()
        await self.answers.wait()
        return {0: self.read // 2, 1: self.read - self.read // 2}


class Platform:
    """The planner's view on two groups that read so many records a second; time goes by looks."""

    def __init__(self) -> None:
        self.router, self.status = Group(), Group()
        self.backpressure = PlanningBackpressure({"router": self.router, "status": self.status})
        self.now_s = 100.0

    async def look(self, per_s: int = 0, status_per_s: int | None = None) -> None:
        self.now_s += LOOK_S
        for group, speed in ((self.router, per_s), (self.status, per_s if status_per_s is None else status_per_s)):
            group.read = min(group.end, group.read + int(speed * LOOK_S))
        await self.backpressure.look()

    def plan(self, mailing_id: str = "a", most: int = 100_000) -> int:
        """As much as it may now, in slices."""
        planned = 0
        while planned < most and (part := self.backpressure.granted(mailing_id, SLICE, self.now_s)):
            planned += part
            self.router.end += part
            self.status.end += part
        return planned

    @property
    def waiting(self) -> int:
        return max(group.end - group.read for group in (self.router, self.status))


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Platform:
    made = Platform()
    monkeypatch.setattr(f"{module.__name__}.time", SimpleNamespace(monotonic=lambda: made.now_s))
    return made


async def test_where_the_topic_ends_is_asked_once_for_both_groups(platform: Platform) -> None:
    platform.plan()
    await platform.look(per_s=1_000)
    assert platform.router.asked_for_ends + platform.status.asked_for_ends == 1


async def test_a_small_mailing_is_planned_at_once(platform: Platform) -> None:
    assert platform.plan(most=LEAST) == LEAST


@pytest.mark.parametrize(("router", "status"), [(300, 300), (1_000, 1_000), (1_000, 400), (400, 3_000), (4_000, 4_000)])
async def test_not_more_than_some_seconds_of_the_slowest_group_wait(
    platform: Platform, router: int, status: int
) -> None:
    planned, most = 0, 0
    for _ in range(240):
        planned += platform.plan()
        most = max(most, platform.waiting)
        await platform.look(router, status)
    slowest = min(router, status)
    assert most <= max(LEAST, 3 * slowest) + LEAST
    assert planned >= 0.9 * slowest * 120, "and it is never without work"


async def test_mailings_share_the_room_and_a_small_one_is_not_behind_a_large_one(platform: Platform) -> None:
    for _ in range(20):
        platform.plan("large")
        await platform.look(1_000)
    before, small = platform.waiting, 0
    looks = 0
    while small < 1_000:
        platform.plan("large")
        small += platform.plan("small", 1_000 - small)
        await platform.look(1_000)
        looks += 1
    assert before <= 2 * LEAST
    assert looks * LOOK_S <= 5


async def test_many_mailings_get_on_though_their_shares_are_small(platform: Platform) -> None:
    planned = dict.fromkeys(map(str, range(40)), 0)
    for _ in range(120):
        for name in planned:
            planned[name] += platform.backpressure.granted(name, SLICE, platform.now_s)
        platform.router.end = platform.status.end = sum(planned.values())
        await platform.look(500)
    assert min(planned.values()) > 0


@pytest.mark.parametrize("still", ["router", "status"])
async def test_a_group_that_stands_still_is_not_waited_for(platform: Platform, still: str) -> None:
    for _ in range(10):
        platform.plan()
        await platform.look(1_000)
    platform.plan()
    waited_s, planned = 0.0, 0
    while not planned:
        await platform.look(0 if still == "router" else 10**6, 0 if still == "status" else 10**6)
        waited_s += LOOK_S
        planned = platform.plan(most=LEAST)
        assert waited_s < 15
    assert waited_s >= 10


async def test_a_group_that_has_never_read_is_not_waited_for(platform: Platform) -> None:
    platform.plan()
    await platform.look()
    assert platform.plan(most=10 * LEAST) == 10 * LEAST


async def test_what_cannot_be_measured_holds_up_nobody(platform: Platform) -> None:
    platform.plan()
    platform.status.is_away = True
    with pytest.raises(LogUnavailable):
        await platform.look()
    assert platform.plan(most=10 * LEAST) == 10 * LEAST


async def test_the_room_stays_as_it_is_while_the_brokers_are_asked(platform: Platform) -> None:
    platform.plan()
    platform.router.answers.clear()
    looking = asyncio.create_task(platform.look())
    await asyncio.sleep(0)
    assert platform.plan() == 0
    platform.router.answers.set()
    await looking


async def test_brokers_that_do_not_answer_hold_up_nobody(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ANSWER_S", 0.01)
    platform.plan()
    platform.status.answers.clear()
    with pytest.raises(LogUnavailable):
        await platform.look()
    assert platform.plan(most=10 * LEAST) == 10 * LEAST


async def test_it_asks_only_while_a_mailing_runs_and_forgets_the_speed_of_the_last(platform: Platform) -> None:
    for _ in range(10):
        platform.plan()
        await platform.look(1_000)
    platform.now_s += 60
    platform.router.is_away = True
    await platform.look()
    assert platform.plan(most=LEAST) == LEAST


async def test_nothing_passes_while_the_groups_are_measured(platform: Platform) -> None:
    for _ in range(10):
        platform.plan()
        await platform.look(100)
    passed: list[int] = []
    platform.status.meanwhile = lambda: passed.append(platform.plan())
    for _ in range(10):
        platform.plan()
        await platform.look(100)
    assert sum(passed) == 0


async def test_a_mailing_that_goes_on_after_a_rest_has_the_room_of_a_new_one(platform: Platform) -> None:
    platform.plan(most=LEAST)
    platform.now_s += 60
    await platform.look()
    assert platform.plan(most=LEAST) == LEAST
