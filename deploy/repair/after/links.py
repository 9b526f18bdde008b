"""The router's claims since a backup, with the plans that the log holds, and the timers of links that wait.

    planned, and all its targets are there   ─▶ claim: the request again is a repetition, its replay gives the same
    planned, and targets are missing         ─▶ the router was broken off: where it reads the request again, it plans it
                                                anew; ids are computed, so what was sent is the same delivery once more
    scheduled or held                        ─▶ claim, and the timer, unless that was fired

Partners that refuse duplicates have their ids claimed as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pymongo import UpdateOne

from deploy.repair.after.staged import Staged, pages
from deploy.repair.opened import Opened
from schemas import ids, topics
from schemas.events import Event, Held, MessageRequested, Planned, Scheduled, ScheduleDue
from schemas.values import Lane
from services.router.store import RoutingClaim, RoutingClaims
from services.router.waiting import timer_of
from services.runtime.crypto import record_encryption
from services.runtime.log.batch_consumer import group_of
from services.runtime.log.kafka import Append
from services.runtime.log.upkeep.offsets import Groups
from services.runtime.log.upkeep.replay import Place
from services.runtime.mongo import Document, Operation, durable
from services.runtime.scheduling.timers import Timer

_LANES: tuple[Lane, ...] = ("single", "bulk")


@dataclass
class Links:
    claims: int = 0
    timers: int = 0
    again: int = 0  # planned anew by the router
    refused_ids: int = 0  # of partners that refuse duplicates


@dataclass
class _Known:
    """What the log shows of one link."""

    claim_id: str
    requests: dict[str, tuple[str, MessageRequested]]  # origin, by event id
    dues: dict[str, tuple[str, ScheduleDue]]
    cancels: list[str]  # origins
    planned: tuple[bytes, Planned] | None = None
    waits: list[tuple[bytes, Scheduled | Held]] = field(default_factory=list)
    targets: dict[str, Append] = field(default_factory=dict)

    @property
    def request(self) -> tuple[str, MessageRequested] | None:
        """Origin and request of what was decided; the origin is empty when it lies before the backup."""
        decided = self.planned[1] if self.planned is not None else self.waits[-1][1]
        if decided.request_id in self.requests:
            return self.requests[decided.request_id]
        return next((("", due.request) for _, due in self.dues.values()), None)

    @property
    def cause(self) -> str | None:
        """Where lies what had the link decided a second time."""
        return next((origin for origin, _ in self.dues.values()), next(iter(self.cancels), None))

    @property
    def has_all(self) -> bool:
        return self.planned is not None and all(
            target.delivery_id in self.targets for target in self.planned[1].targets
        )

    def plan(self) -> list[Append]:
        assert self.planned is not None
        raw, planned = self.planned
        first = Append(topics.STATUS_EVENTS[planned.lane], planned.message_id, raw)
        found = [self.targets.get(target.delivery_id) for target in planned.targets]
        return [first, *(append for append in found if append is not None)]


async def links_brought_back(work: Opened, staged: Staged, groups: Groups) -> Links:
    """Raises mongo.TRANSIENT_ERRORS."""
    made, claims, timers = Links(), RoutingClaims(work.database), staged.timers("router")
    await claims.prepare()
    await timers.prepare()
    refusing = {partner.partner_id for partner in work.directory.partners.values() if partner.reject_duplicates}
    async for page in pages(staged.links):
        known = [_known(document) for document in page]
        made.refused_ids += await _refused_again(work, known, refusing)
        decided = [link for link in known if link.planned is not None or link.waits]
        again = [link for link in decided if _is_planned_anew(link, groups)]
        made.again += len(again)
        kept = [link for link in decided if link not in again]
        fresh = [claim for link in kept if (claim := _claim(link)) is not None]
        made.claims += len(fresh)
        taken = await claims.insert(fresh)
        by_id = {link.claim_id: link for link in kept}
        later = [_planned_later(by_id[claim_id]) for claim_id in taken if by_id[claim_id].planned is not None]
        known_before = [_planned_later(link) for link in kept if link.planned is not None and _claim(link) is None]
        await claims.make_due(later + known_before)
        waiting = [timer for link in kept if (timer := _timer(link)) is not None]
        await timers.set(waiting)
        made.timers += len(waiting)
    return made


def _is_planned_anew(link: _Known, groups: Groups) -> bool:
    """Whether its plan is not whole in the log, and what caused it will be read again."""
    if link.planned is None or link.has_all:
        return False
    found = link.request
    cause = link.cause or (found[0] if found is not None else "")
    topic, _, offset = cause.rpartition("/")
    if not topic:
        return False
    name, _, partition = topic.rpartition("/")
    committed = groups.get(group_of("router", topics.lane_of(name)), {}).get(Place(name, int(partition)))
    return committed is None or int(offset) >= committed.offset


def _claim(link: _Known) -> RoutingClaim | None:
    """None when the request lies before the backup: then the backup has the claim."""
    found = link.request
    if found is None or not found[0]:
        return None
    if link.planned is not None:
        return RoutingClaim(link.claim_id, found[0], "planned", link.plan(), link.cause)
    raw, waits = link.waits[0]
    append = Append(topics.STATUS_EVENTS[waits.lane], waits.message_id, raw)
    return RoutingClaim(link.claim_id, found[0], "scheduled", [append])


def _planned_later(link: _Known) -> RoutingClaim:
    return RoutingClaim(link.claim_id, "", "planned", link.plan(), link.cause or "")


def _timer(link: _Known) -> Timer | None:
    """Of a link that still waits, unless it was fired."""
    found = link.request
    if link.planned is not None or found is None:
        return None
    _, waits = link.waits[-1]
    if ids.event_id_of(waits.event_id, "due") in link.dues:
        return None
    return timer_of(found[1], waits, waits.send_at if isinstance(waits, Scheduled) else waits.until)


def holder_of(mailing_id: str | None) -> str:
    """Of a claim that is brought back. That of a mailing's message gets its line in `mailings.py`."""
    return "restored" if mailing_id is None else f"restored/{mailing_id}"


async def _refused_again(work: Opened, known: Sequence[_Known], refusing: set[str]) -> int:
    now = datetime.now(UTC)
    operations: list[Operation] = [
        UpdateOne(
            {"_id": request.message_id},
            {"$set": {"confirmed": True}, "$setOnInsert": {"at": now, "holder": holder_of(request.mailing_id)}},
            upsert=True,
        )
        for link in known
        for _, request in link.requests.values()
        if request.link == 0 and request.partner_id in refusing
    ]
    await durable(work.database["claims"]).write(operations)
    return len(operations)


def _known(document: Document) -> _Known:
    requests: dict[str, tuple[str, MessageRequested]] = {}
    for event_id, (origin, raw) in document.get("requests", {}).items():
        event = _event(_topic_of(origin), raw)
        if isinstance(event, MessageRequested):
            requests[event_id] = origin, event
    dues: dict[str, tuple[str, ScheduleDue]] = {}
    cancels = []
    for event_id, (origin, raw) in document.get("causes", {}).items():
        event = _event(_topic_of(origin), raw)
        if isinstance(event, ScheduleDue):
            dues[event_id] = origin, event
        else:
            cancels.append(origin)
    link = _Known(document["_id"], requests, dues, cancels)
    for raw in document.get("decided", {}).values():
        event = _event(topics.STATUS_EVENTS["single"].name, raw)
        if isinstance(event, Planned):
            link.planned = bytes(raw), event
        elif isinstance(event, Scheduled | Held):
            link.waits.append((bytes(raw), event))
    link.waits.sort(key=lambda waits: waits[1].at)
    for delivery_id, (name, key, raw) in document.get("targets", {}).items():
        link.targets[delivery_id] = Append(topics.topic_named(name), key, bytes(raw))
    return link


def _topic_of(origin: str) -> str:
    return origin.rsplit("/", 2)[0]


def _event(topic: str, raw: Any) -> Event | None:
    return record_encryption.decode(topics.topic_named(topic), bytes(raw))
