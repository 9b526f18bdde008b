"""The loop in which time passes only while nothing else is left to do."""

import asyncio
import time
from typing import Any

import pytest

from tests.simulation.clock import Bell, Standstill, VirtualLoop, first_of, virtual


def test_time_goes_on_to_the_next_timer_and_no_further() -> None:
    loop = VirtualLoop()
    began_s = loop.time()
    loop.call_later(99, lambda: None)
    loop.run_until_complete(asyncio.sleep(5))
    assert loop.time() == began_s + 5


def test_a_cancelled_timer_moves_no_time() -> None:
    loop, called = VirtualLoop(), list[float]()
    loop.call_later(3, called.append, 3.0).cancel()
    began_s = loop.time()
    loop.call_later(4, lambda: called.append(loop.time() - began_s))
    loop.run_until_complete(asyncio.sleep(5))
    assert called == [4.0]


def test_timers_of_one_moment_go_in_the_order_in_which_they_were_set() -> None:
    loop, called = VirtualLoop(), list[int]()
    for number in range(20):
        loop.call_at(1_001.0, called.append, number)
    loop.run_until_complete(asyncio.sleep(2))
    assert called == list(range(20))


def test_timeouts_and_tasks_of_asyncio_run_in_it() -> None:
    async def late() -> str:
        try:
            async with asyncio.timeout(2):
                await asyncio.sleep(10)
        except TimeoutError:
            return "late"
        return "in time"

    async def both() -> list[str]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(late()) for _ in range(2)]
        return [task.result() for task in tasks]

    loop = VirtualLoop()
    assert loop.run_until_complete(both()) == ["late", "late"]
    assert loop.time() == 1_002.0


def test_what_nobody_will_ever_wake_is_a_standstill() -> None:
    async def forgotten() -> None:
        await asyncio.Event().wait()

    with pytest.raises(Standstill):
        VirtualLoop().run_until_complete(forgotten())


def test_the_error_of_a_callback_is_told_and_the_loop_goes_on() -> None:
    loop, errors = VirtualLoop(), list[Any]()
    loop.on_error = errors.append
    loop.call_later(1, lambda: 1 // 0)
    loop.run_until_complete(asyncio.sleep(2))
    assert [type(about["exception"]) for about in errors] == [ZeroDivisionError]


def test_the_clocks_of_the_process_tell_its_time_and_afterwards_their_own() -> None:
    loop = VirtualLoop()
    own = time.monotonic
    with virtual(loop, "0"):
        began_s = time.time()
        loop.run_until_complete(asyncio.sleep(60))
        assert time.time() - began_s == pytest.approx(60)
        assert loop.at_s(loop.now_ms) == pytest.approx(loop.time(), abs=0.001)
    assert time.monotonic is own


def test_whoever_waits_for_a_bell_goes_on_when_it_rings_or_at_his_time() -> None:
    loop, bell = VirtualLoop(), Bell()
    loop.call_later(3, bell.ring)

    async def waits(until_s: float | None) -> float:
        await first_of(loop, (bell, Bell()), until_s)
        return loop.time() - 1_000

    async def all_three() -> list[float]:
        return list(await asyncio.gather(waits(1_001.0), waits(1_009.0), waits(None)))

    assert loop.run_until_complete(all_three()) == [1.0, 3.0, 3.0]
