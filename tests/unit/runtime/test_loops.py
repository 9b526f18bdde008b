"""A background loop goes on whatever its turn raises, and says so."""

import asyncio

import pytest
from structlog.testing import capture_logs

from services.runtime import loops, mongo
from services.runtime.loops import keep_on


async def kept_on(*raised: Exception | None) -> list[str]:
    """The levels of what is logged while the turns raise these, one after the other."""
    stop, left = asyncio.Event(), list(raised)

    async def turn() -> None:
        error = left.pop(0)
        if not left:
            stop.set()
        if error is not None:
            raise error

    with capture_logs() as lines:
        async with asyncio.timeout(10):
            await keep_on("loop", turn, stop, 0.0)
    assert not left
    return [str(line["log_level"]) for line in lines]


async def test_trouble_and_bugs_are_survived_and_an_incident_is_one_error(monkeypatch: pytest.MonkeyPatch) -> None:
    away, bug = mongo.Unavailable("away"), RuntimeError("bug")
    monkeypatch.setattr(loops, "backoff_s", lambda _: 0.0)
    assert await kept_on(away, None, bug, bug, None, bug, None) == [
        *("warning", "error", "warning", "error"),
    ]
