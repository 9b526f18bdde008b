"""A clock that is wrong is told: by its process's metric, among the signs of the instance, and in the log."""

import pytest

from services.runtime import clock, mongo
from services.runtime.mongo.instances import signs_now
from services.runtime.mongo.upkeep import clock_check
from services.runtime.mongo.upkeep.clock_check import ClockCheck, seconds_apart
from tests.conftest import Servers, own_settings

SIGN = "rpns_clock_off_seconds"


@pytest.mark.parametrize(
    ("asked", "there", "answered", "apart"),
    [
        (1_000, 1_000, 1_000, 0.0),
        (1_000, 2_000, 3_000, 0.0),
        (1_000, 1_000, 3_000, 0.0),  # the answer was made at once, and was long on its way
        (1_000, 3_000, 3_000, 0.0),
        (1_000, 601_000, 1_000, 600.0),
        (601_000, 1_000, 601_000, 600.0),
        (10_000, 1_000, 30_000, 9.0),
        (30_000, 31_000, 10_000, 1.0),  # our own clock was set back meanwhile
    ],
)
def test_at_least_so_far_apart(asked: int, there: int, answered: int, apart: float) -> None:
    assert seconds_apart(asked, there, answered) == apart


@pytest.mark.parametrize("client", ["pymongo", "motor"])
@pytest.mark.parametrize("off_s", [-600, 600])
async def test_a_wrong_clock_is_a_sign_until_it_is_right(
    stack_servers: Servers, monkeypatch: pytest.MonkeyPatch, client: str, off_s: int
) -> None:
    settings = own_settings(stack_servers).model_copy(update={"mongo_client": client})
    check = ClockCheck()
    async with mongo.database(settings) as database:
        await check.look(database)
        assert SIGN not in signs_now(), "it is one machine's clock"
        monkeypatch.setattr(clock_check, "now_ms", lambda: clock.now_ms() + off_s * 1000)
        await check.look(database)
        assert 540 < signs_now()[SIGN] < 660
        monkeypatch.undo()
        await check.look(database)
    assert SIGN not in signs_now()
