"""Many who ask at once are one question; an answer that is old, or a failure, is asked for anew."""

import asyncio

import pytest

from services.registry.cluster.recent import Recent


class Brokers:
    """Answers with the number of the question; fails while `are_away`."""

    def __init__(self) -> None:
        self.questions, self.now, self.are_away = 0, 100.0, False
        self.recent = Recent(self.ask, 2.0, lambda: self.now)

    async def ask(self) -> int:
        self.questions += 1
        await asyncio.sleep(0)
        if self.are_away:
            raise ConnectionError("away")
        return self.questions


async def test_ten_at_once_are_one_question() -> None:
    brokers = Brokers()
    assert await asyncio.gather(*(brokers.recent.get() for _ in range(10))) == [1] * 10
    assert brokers.questions == 1


async def test_an_answer_is_given_again_until_it_is_old() -> None:
    brokers = Brokers()
    await brokers.recent.get()
    brokers.now += 1.9
    assert await brokers.recent.get() == 1
    brokers.now += 0.1
    assert await brokers.recent.get() == 2


async def test_a_failure_is_not_kept() -> None:
    brokers = Brokers()
    brokers.are_away = True
    with pytest.raises(ConnectionError):
        await brokers.recent.get()
    brokers.are_away = False
    assert await brokers.recent.get() == 2


async def test_whoever_leaves_while_it_is_asked_holds_up_nobody() -> None:
    brokers = Brokers()
    first = asyncio.create_task(brokers.recent.get())
    await asyncio.sleep(0)
    first.cancel()
    assert await asyncio.wait_for(brokers.recent.get(), 5) == 2
