"""The client of the database is closed in time, whatever the server does."""

import asyncio
from typing import Any

import pytest

from services.runtime import mongo
from services.runtime.settings import Settings
from tests.support.waiting import WAIT_S


class Client:
    """pymongo's, of a server that takes what it is sent and does not answer for so many times."""

    def __init__(self, unanswered: int) -> None:
        self.unanswered, self.closings, self.is_closed = unanswered, 0, False

    def get_database(self, *_: Any, **__: Any) -> Any:
        return object()

    async def close(self) -> None:
        self.closings += 1
        if self.closings <= self.unanswered:
            await asyncio.Event().wait()
        self.is_closed = True


@pytest.mark.parametrize(("unanswered", "closings", "is_closed"), [(0, 1, True), (1, 2, True), (9, 2, False)])
async def test_a_server_that_does_not_answer_holds_up_no_shutdown(
    monkeypatch: pytest.MonkeyPatch, unanswered: int, closings: int, is_closed: bool
) -> None:
    client = Client(unanswered)
    monkeypatch.setattr(mongo, "_client", lambda *_: client)
    monkeypatch.setattr(mongo, "_CLOSING_S", 0.01)
    async with asyncio.timeout(WAIT_S), mongo.database(Settings.from_environment({})):
        pass
    assert (client.closings, client.is_closed) == (closings, is_closed)
