"""Whose fault a failure is: how often a record is tried, and what it takes to be put aside."""

from collections.abc import Sequence

import pytest
from structlog.testing import capture_logs

from services.runtime import mongo
from services.runtime.faults import MOST_TRIES, TRIES_ALONE, TRIES_BESIDE_OTHERS, Suspect, Suspects, wait_s
from tests.support.broken_database import bulk, command

SHORTEST_LIFETIME_S = 30
ERROR = RuntimeError("a secret 79001234567")


async def tries_until_convicted(
    suspects: Suspects, origin: str, others: Sequence[int] = (), error: Exception = ERROR
) -> int:
    """`others`: after which tries another record succeeds."""
    suspect: Suspect | None = None
    while True:
        suspect = await suspects.failed(origin, error, suspect)
        if suspects.is_convicted(suspect):
            suspects.put_aside(suspect)
            return suspect.tries
        if suspect.tries in others:
            suspects.succeeded(1)


async def test_beside_others_that_succeed_a_few_tries_are_enough() -> None:
    assert await tries_until_convicted(Suspects("g"), "a", others=[1]) == TRIES_BESIDE_OTHERS


async def test_alone_it_takes_more_and_for_each_further_one_twice_as_many() -> None:
    suspects = Suspects("g")
    tried = [await tries_until_convicted(suspects, str(number)) for number in range(6)]
    assert tried == [TRIES_ALONE, 2 * TRIES_ALONE, 4 * TRIES_ALONE, 8 * TRIES_ALONE, MOST_TRIES, MOST_TRIES]
    suspects.succeeded(1)
    assert await tries_until_convicted(suspects, "after a success") == TRIES_ALONE


async def test_others_that_succeed_prove_nothing_of_the_collection_that_refuses() -> None:
    suspects, refused = Suspects("g"), command(8)
    assert await tries_until_convicted(suspects, "a", others=[1], error=refused) == TRIES_ALONE
    assert await tries_until_convicted(suspects, "b", others=[1], error=bulk(faults=[{"index": 0, "code": 8}])) > 5


def test_one_record_holds_up_others_for_less_than_the_shortest_lifetime() -> None:
    assert sum(wait_s(tries) for tries in range(1, TRIES_BESIDE_OTHERS)) < 4
    assert sum(wait_s(tries) for tries in range(1, TRIES_ALONE)) < SHORTEST_LIFETIME_S - 10


async def test_a_try_while_infrastructure_is_not_well_proves_nothing() -> None:
    is_well = False

    async def healthy() -> bool:
        return is_well

    suspects = Suspects("g", healthy)
    for _ in range(100):
        with pytest.raises(mongo.Unavailable):
            await suspects.failed("a", ERROR)
    is_well = True
    assert await tries_until_convicted(suspects, "a") == TRIES_ALONE


async def test_an_incident_is_one_error_in_the_log_and_tells_nothing_of_the_record() -> None:
    suspects = Suspects("g")
    with capture_logs() as lines:
        await tries_until_convicted(suspects, "a", others=[2])
        await tries_until_convicted(suspects, "b")
        suspects.succeeded(1)
        await tries_until_convicted(suspects, "c", others=[1])
    assert [line["log_level"] for line in lines].count("error") == 2
    assert "7900" not in str(lines)
