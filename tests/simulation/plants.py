"""Faults that a release could have, planted in the services' own parts: the simulation has to find each of them."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from pymongo.errors import BulkWriteError

from services.dispatch.delivery.attempts_store import NotedAttempt
from services.runtime import mongo
from services.runtime.log.batch_consumer import BatchConsumer
from services.runtime.log.fetches import Fetches
from services.runtime.mongo import Collection, Written
from services.runtime.mongo.collection import _in_part
from services.status.message import Message, Messages
from services.status.reports.store import ReportStore

Plant = Callable[[pytest.MonkeyPatch], None]


def commits_first(planted: pytest.MonkeyPatch) -> None:
    """Commit before append."""
    finish = BatchConsumer._finish

    async def hasty(self: Any, consumer: Any, batch: Any) -> Any:
        self._progress.done(batch)
        await self._progress.commit()
        return await finish(self, consumer, batch)

    planted.setattr(BatchConsumer, "_finish", hasty)


def looks_at_no_conflict(planted: pytest.MonkeyPatch) -> None:
    """Compare-and-set, not looked at."""
    save = Messages.save

    async def blind(self: Messages, messages: Sequence[Message]) -> set[str]:
        await save(self, messages)
        return set()

    planted.setattr(Messages, "save", blind)


def trusts_one_server(planted: pytest.MonkeyPatch) -> None:
    """A write concern that failed, taken for success."""
    write = Collection.write

    async def trusting(self: Collection, operations: Any, *, ordered: bool = False) -> Written:
        try:
            return await write(self, operations, ordered=ordered)
        except mongo.Unavailable as error:
            cause = error.__cause__
            if isinstance(cause, BulkWriteError) and cause.details["writeConcernErrors"]:
                return _in_part(cause.details)
            raise

    planted.setattr(Collection, "write", trusting)


def keeps_no_lease(planted: pytest.MonkeyPatch) -> None:
    """The lease of a report, not renewed."""

    async def forgotten(*_: object) -> None:
        return None

    planted.setattr(ReportStore, "renew", forgotten)


def never_goes_back(planted: pytest.MonkeyPatch) -> None:
    """A fetch that failed, and what it had taken with it."""

    async def stays(self: Fetches) -> None:
        self._follow()

    planted.setattr(Fetches, "_go_back", stays)


def notes_no_attempt(planted: pytest.MonkeyPatch) -> None:
    """A push that nobody absorbs, sent again because it was not noted."""

    async def unnoted(_: NotedAttempt) -> bool:
        return True

    planted.setattr(NotedAttempt, "begin", unnoted)
