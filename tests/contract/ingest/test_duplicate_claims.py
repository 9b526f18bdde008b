"""Claims on a real MongoDB: of several who ask at once for one id, in one process or in several, one has it."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from services.ingest.duplicates.claims_store import DuplicateClaims
from services.runtime import mongo
from services.runtime.clock import now_ms
from services.runtime.mongo import Database
from services.runtime.settings import Settings


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    async with mongo.database(settings) as found:
        yield found
        await found.client.drop_database(settings.mongo_database)


def several(database: Database, count: int, hold_ms: int = 10_000) -> Sequence[DuplicateClaims]:
    """As many processes."""
    return [DuplicateClaims(database["claims"], hold_ms) for _ in range(count)]


async def sent(claims: DuplicateClaims, message_id: str, holder: str, *, dies: bool = False) -> bool:
    """A request: claim, append, confirm."""
    if not await claims.claim(message_id, holder, now_ms()):
        return False
    await asyncio.sleep(0)
    if not dies:
        await claims.confirm(message_id)
    return True


async def test_of_many_at_once_one_has_the_claim(database: Database) -> None:
    processes = several(database, 2)
    for number in range(10):
        answers = await asyncio.gather(*(sent(processes[n % 2], f"m{number}", f"h{n}") for n in range(20)))
        assert sum(answers) == 1


async def test_a_claim_whose_request_died_is_taken_over_by_one_once_its_time_is_over(database: Database) -> None:
    first, second = several(database, 2, hold_ms=300)
    assert await sent(first, "m", "dead", dies=True)
    answers = await asyncio.gather(*(sent((first, second)[n % 2], "m", f"h{n}") for n in range(12)))
    assert sum(answers) == 1


async def test_nobody_takes_a_claim_while_its_append_may_still_be_under_way(database: Database) -> None:
    first, second = several(database, 2)
    assert await first.claim("m", "slow", now_ms())
    waiting = asyncio.create_task(second.claim("m", "other", now_ms()))
    done, _ = await asyncio.wait({waiting}, timeout=0.3)
    assert not done
    await first.confirm("m")
    assert not await waiting


async def test_what_could_not_be_appended_is_given_back_at_once(database: Database) -> None:
    first, second = several(database, 2)
    assert await first.claim("m", "failed", now_ms())
    waiting = asyncio.create_task(second.claim("m", "other", now_ms()))
    await first.give_back(["m"], "failed")
    assert await waiting
    await first.give_back(["m"], "failed")  # who has lost it gives nothing back
    assert not (await second.claim_many(["m"], "third", now_ms())).ours


async def test_a_line_of_a_mailing_waits_for_a_request_that_is_about_to_be_appended(database: Database) -> None:
    first, second = several(database, 2, hold_ms=500)
    assert await first.claim("m", "request", now_ms())
    assert await first.claim("n", "dead", now_ms())
    waiting = asyncio.create_task(second.claim_as({"m": "mailing/1", "n": "mailing/2"}, now_ms()))
    await first.confirm("m")
    assert await waiting == {"n"}


async def test_packets_that_cross_settle_without_waiting_for_each_other(database: Database) -> None:
    left, right = several(database, 2)
    first = await left.claim_many(["a"], "first", now_ms())
    second = await right.claim_many(["b", "a"], "second", now_ms())
    crossed = await left.claim_many(["a", "b"], "first", now_ms())
    assert (first.ours, second, crossed) == ({"a"}, ({"b"}, {"a"}), ({"a"}, {"b"}))
    await left.confirm_many(["a"])
    await right.confirm_many(["b"])
    assert await left.settle({"b"}, "first", now_ms()) == set()
    assert await right.settle({"a"}, "second", now_ms()) == set()
