"""A second database: what the log can make is made by the services' folds, the rest is copied from the first.

    log ─▶ folds ─▶ <database>-rebuilt ◀─ copied: keys, lists, what was decided          the first is only read
                        ▲
                        └─ carried over: documents that are older than what the log still holds

It may run beside the services, be killed, and be run again: it goes on where it was. What is copied is copied anew each
time, for good by `switch.py`, when no service runs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from deploy.repair.fold import Family, Folds
from deploy.repair.inventory import of_kind
from deploy.repair.opened import Opened, Refused, carried_over, copied, empty, holds_documents
from deploy.repair.replay import Positions, Progress, Show, replayed
from schemas.topics import DAY_MS, HISTORY_RETENTION_MS
from services.runtime.clock import now_ms
from services.runtime.log.upkeep.replay import begins_at, spans_of
from services.runtime.mongo import Database, Document
from services.runtime.mongo.errors import translated
from services.runtime.mongo.mailing_outcomes import OutcomesStore
from services.runtime.mongo.usable import set_state, state_of
from services.status.message import Messages
from services.status.statistics.mailing_outcomes import count_changed

_ALL: Document = {}


@dataclass
class Rebuilt:
    """`begins`: by topic, since when (UTC ms) the log holds it; topics that it holds whole are not there."""

    database: str
    progress: Progress
    begins: dict[str, int] = field(default_factory=dict)
    carried: list[str] = field(default_factory=list)
    copied: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether everything that the log can make was made from the log."""
        return not self.begins


def name_of(database: str) -> str:
    return f"{database}-rebuilt"


async def rebuilt(work: Opened, name: str, show: Show, *, fresh: bool = False) -> Rebuilt:
    """Bring the second database up to what the log holds now. Raises Refused, KafkaError, mongo.TRANSIENT_ERRORS."""
    target = await _target(work, name, fresh=fresh)
    await work.use_keys(work.database)
    families = await Folds(work.settings, target, work.directory, work.secrets).families()
    begins = await _begins(work, families)
    made = Rebuilt(name, Progress(), begins)
    if begins and not await Positions(target).read():  # before anything is folded over it, and once
        made.carried = await _carried(work.database, target, families, begins)
    made.progress = await replayed(work.settings, target, families, begins={}, show=show)
    while await count_changed(Messages(target), OutcomesStore(target), now_ms()):
        show("mailings are counted", made.progress)
    for collection in of_kind("decided", "kept"):
        await copied(work.database, target, collection.name)
        made.copied.append(collection.name)
    return made


async def _target(work: Opened, name: str, *, fresh: bool) -> Database:
    target = work.other(name)
    if name == work.database.name:
        raise Refused(f"{name} is the database that the services use; the rebuilt one needs another name")
    state, _ = await state_of(target)
    if fresh and state is not None:
        with translated():
            await empty(target)
        state = None
    if state is None and (found := await holds_documents(target)):
        raise Refused(
            f"{name} is not empty ({', '.join(found[:3])} …) and was not made by a rebuild: give another name"
        )
    if state not in (None, "rebuilding"):
        raise Refused(f"{name} is in use: it was {state}. Give another name")
    await set_state(target, "rebuilding", work.database.name)
    return target


async def _begins(work: Opened, families: Sequence[Family]) -> dict[str, int]:
    names = [topic.name for family in families for topic in family.topics if topic.retention_ms is not None]
    found: dict[str, int] = {}
    for place, at in (await begins_at(work.settings, await spans_of(work.settings, names))).items():
        found[place.topic] = max(at, found.get(place.topic, 0))
    return found


async def _carried(
    source: Database, target: Database, families: Sequence[Family], begins: Mapping[str, int]
) -> list[str]:
    """Carry over what is older than the log, and a day more: the fold then finds it, and adds what is missing."""
    carried = []
    for collection in of_kind("folded"):
        since = max((begins[topic.name] for topic in collection.sources if topic.name in begins), default=0)
        if not since or collection.name == "outcomes":
            continue
        until = since + DAY_MS
        if collection.name == "short_links":
            ends = datetime.fromtimestamp((until + HISTORY_RETENTION_MS) / 1000, UTC)
            query: Document = {"kept_until": {"$lt": ends}}
        else:
            query = {collection.since: {"$lt": until}} if collection.since else _ALL
        await carried_over(source, target, collection.name, query)
        carried.append(collection.name)
    return carried
