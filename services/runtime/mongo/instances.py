"""Which processes run, and what each has to say. Collection `instances`, a document for each, every few seconds.

    {_id: service/instance, service, instance, version, commit, host, lanes, startedAt, at, signs: {sign: value},
     holdups, does_without, boot}

`signs` are gauges that are above 0 only while something is wrong (`SIGNS`), `holdups` say of senders why. A document
whose `at` is older than `SILENT_MS` is of a process that has ended, or that cannot write; after a day it goes.
"""

import asyncio
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from prometheus_client import Gauge

from services.runtime import build, telemetry
from services.runtime.clock import now_ms
from services.runtime.loops import keep_on
from services.runtime.mongo import Database, Document, read_only
from services.runtime.mongo.upkeep.clock_check import ClockCheck
from services.runtime.mongo.upkeep.twin_check import TwinCheck
from services.runtime.mongo.upkeep.unused import UNUSED
from services.runtime.settings import Settings

if TYPE_CHECKING:
    from services.runtime.process import Process

EVERY_S = 10.0
SILENT_MS = 45_000
MOST_HOLDUPS = 200
"""Of one process: wrong keys are few, and a document has to stay small."""
_KEPT_S = 86_400
SIGNS: tuple[Gauge, ...] = (
    telemetry.SENDER_STOPPED,
    telemetry.RETIRING_PAUSED,
    telemetry.IDENTITY_OFF,
    telemetry.SUSPECTS,
    telemetry.WEAK_TOPICS,
    telemetry.ERASURES_SET_ASIDE,
    telemetry.PROVIDER_AWAY,
    telemetry.CLOCK_OFF,
    telemetry.TWIN_INSTANCE,
)


@dataclass(frozen=True)
class Holdup:
    """Why pushes of an application wait at a provider, or its dead tokens stay, as one process sees it."""

    provider: str
    application_id: str
    way: str  # which part of its pushes (`services/dispatch/policy/ways.py`); empty: all
    state: str  # stopped, doubted, retiring-paused
    since: int  # UTC ms
    status: int | None = None  # of the answer that decided it
    detail: str = ""


HoldupsOf = Callable[[], Sequence[Holdup]]


def no_holdups() -> Sequence[Holdup]:
    """Of a process that sends nothing."""
    return ()


@dataclass(frozen=True)
class Instance:
    """A process as it was last heard of. `does_without`: how many unused indexes (`upkeep/unused.py`)."""

    service: str
    instance: str
    version: str
    commit: str
    host: str
    lanes: tuple[str, ...]
    started_at: int
    at: int
    signs: dict[str, float]
    does_without: int = 0
    holdups: tuple[Holdup, ...] = ()

    def is_silent(self, now: int) -> bool:
        return self.at < now - SILENT_MS


class Instances:
    """Raises mongo.TRANSIENT_ERRORS."""

    def __init__(self, database: Database) -> None:
        self._collection = read_only(database["instances"])

    async def prepare(self) -> None:
        await self._collection.create_index([("seen", 1)], expireAfterSeconds=_KEPT_S)

    async def save(self, instance: Instance, boot: str) -> Document | None:
        """Gives what was told before under this name; `boot` is this process's own."""
        body = {name: getattr(instance, name) for name in Instance.__dataclass_fields__}
        body["signs"] = [[sign, value] for sign, value in instance.signs.items()]  # names with dots are no keys
        body["holdups"] = [asdict(holdup) for holdup in instance.holdups]
        query = {"_id": f"{instance.service}/{instance.instance}"}
        body |= {"boot": boot, "seen": datetime.now(UTC)}
        return await self._collection.find_one_and_update(query, {"$set": body}, upsert=True)

    async def all(self) -> list[Instance]:
        """By service and name."""
        found = await self._collection.find({}).sort("_id", 1).to_list()
        return [_instance(document) for document in found]


def _instance(document: dict[str, Any]) -> Instance:
    return Instance(
        service=str(document["service"]),
        instance=str(document["instance"]),
        version=str(document["version"]),
        commit=str(document["commit"]),
        host=str(document["host"]),
        lanes=tuple(document["lanes"]),
        started_at=int(document["started_at"]),
        at=int(document["at"]),
        signs={str(sign): float(value) for sign, value in document["signs"]},
        does_without=int(document.get("does_without", 0)),
        holdups=tuple(map(_holdup, document.get("holdups", ()))),  # a former release tells none
    )


def _holdup(document: dict[str, Any]) -> Holdup:
    """Without what a newer release says besides."""
    return Holdup(
        provider=str(document["provider"]),
        application_id=str(document["application_id"]),
        way=str(document["way"]),
        state=str(document["state"]),
        since=int(document["since"]),
        status=document["status"],
        detail=str(document["detail"]),
    )


def signs_now(gauges: Sequence[Gauge] = SIGNS) -> dict[str, float]:
    """What is wrong in this process, by metric and labels."""
    found = {}
    for gauge in gauges:
        for family in gauge.collect():
            for sample in family.samples:
                if sample.value > 0:
                    labels = ", ".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
                    found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def keep_told(process: "Process", database: Database, holdups: HoldupsOf = no_holdups) -> None:
    """Say that this process runs, until it ends. A database that is away is waited for."""
    telling = _keep_telling(process.name, process.settings, database, process.stop, holdups)
    process.spawn(telling, "instances", drains=True)


async def _keep_telling(
    name: str, settings: Settings, database: Database, stop: asyncio.Event, holdups: HoldupsOf
) -> None:
    instances, started_at, host = Instances(database), now_ms(), platform.node()
    is_prepared, clock, twins = False, ClockCheck(), TwinCheck()

    async def turn() -> None:
        nonlocal is_prepared
        if not is_prepared:
            await instances.prepare()
            is_prepared = True
        await clock.look(database)
        found = await instances.save(
            Instance(
                name,
                settings.instance,
                build.version(),
                settings.commit or build.commit(),
                host,
                lanes=settings.lanes,
                started_at=started_at,
                at=now_ms(),
                signs=signs_now(),
                does_without=len(UNUSED),
                holdups=tuple(holdups())[:MOST_HOLDUPS],
            ),
            twins.boot,
        )
        twins.look(found)

    await keep_on("instances", turn, stop, EVERY_S)
