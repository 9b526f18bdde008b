"""What every instance was asked, for the rates that hold over all of them. Collection `rates`, a document for each:

    {_id: service/instance, service, boot, turn, asked: [[key, count]], spent: [[key, count]], seen}

Written and read once a second, never on the way of a request. Counts grow from the start of a process on, so a turn
that failed loses nothing. Keys are ids of partners and applications, and digests under the master key.
"""

import asyncio
import time
import uuid
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from services.runtime.loops import keep_on
from services.runtime.mongo import Database, read_only
from services.runtime.mongo.errors import TRANSIENT_ERRORS
from services.runtime.pacing.peers import Counts, Report
from services.runtime.pacing.rates import Rates
from services.runtime.pacing.shares import EVERY_S

if TYPE_CHECKING:
    from services.runtime.process import Process

_KEPT_S: Final = 3_600
_FIRST_S: Final = 2.0
"""How long a start waits to learn who else is there."""


class RateReports:
    """The reports of all instances. Raises mongo.TRANSIENT_ERRORS."""

    def __init__(self, database: Database, name: str) -> None:
        self._collection, self._name = read_only(database["rates"]), name
        self._is_prepared = False

    async def exchange(self, rates: Rates, now_s: float) -> None:
        """Tell, and learn. `now_s` is monotonic."""
        if not self._is_prepared:
            await self._collection.create_index([("seen", 1)], expireAfterSeconds=_KEPT_S)
            self._is_prepared = True
        report = rates.report()
        body = {
            "service": report.service,
            "boot": report.boot,
            "turn": report.turn,
            "asked": _pairs(report.asked),
            "spent": _pairs(report.spent),
            "seen": datetime.now(UTC),
        }
        await self._collection.update_one({"_id": self._name}, {"$set": body}, upsert=True)
        found = await self._collection.find({}).to_list()
        rates.learn({str(document["_id"]): _report(document) for document in found}, now_s)


def _pairs(counts: Counts) -> list[list[Any]]:
    return [[key, count] for key, count in counts.items()]  # names with dots are no keys


def _report(document: dict[str, Any]) -> Report:
    return Report(
        service=str(document["service"]),
        boot=str(document["boot"]),
        turn=int(document["turn"]),
        asked=_counts(document["asked"]),
        spent=_counts(document["spent"]),
    )


def _counts(pairs: Iterable[Iterable[Any]]) -> dict[str, float]:
    return {str(key): float(count) for key, count in pairs}


async def keep_shared(process: "Process", database: Database) -> Rates:
    """The rates of this process, shared until it ends. A database that is away is waited for in the background."""
    rates = Rates(process.name, uuid.uuid4().hex)
    reports = RateReports(database, f"{process.name}/{process.settings.instance}")

    async def turn() -> None:
        try:
            await reports.exchange(rates, time.monotonic())
        except TRANSIENT_ERRORS:  # other loops say so; this one goes on at its pace, to hear the others at once again
            rates.missed(time.monotonic())

    with suppress(TimeoutError):
        async with asyncio.timeout(_FIRST_S):
            await turn()
    process.spawn(keep_on("rates", turn, process.stop, EVERY_S), "rates", drains=True)
    return rates
