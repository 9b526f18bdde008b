"""What dispatch had under way: timers for what comes again, and attempts of which nobody knows what became.

    outcome "retry", and its target has not come again   ─▶ the timer
    no outcome, and dispatch reads the target again      ─▶ it may have been begun: noted as an attempt, so that nobody
                                                            is blindly shown it twice (docs/design.md §5)
    accepted or uncertain                                ─▶ noted, for a target may lie in the log twice

An attempt is only noted where one may have been begun: no further behind what is finished than dispatch works at once,
and at providers that may not absorb a repetition.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from deploy.repair.after.staged import Staged, pages
from deploy.repair.opened import Opened
from schemas import ids, topics
from schemas.events import ProviderDispatched, TargetResolved
from schemas.live import START
from schemas.providers import FACTS
from services.dispatch.delivery import Attempts
from services.runtime.clock import now_ms
from services.runtime.crypto import record_encryption
from services.runtime.log.batch_consumer import group_of
from services.runtime.log.offsets import decoded
from services.runtime.log.upkeep.offsets import Committed, Groups
from services.runtime.log.upkeep.replay import Place
from services.runtime.mongo import Document, durable
from services.runtime.scheduling.tags import cancel_tags
from services.runtime.scheduling.timers import Timer

_OVER = ("accepted", "uncertain")


@dataclass
class Deliveries:
    timers: int = 0
    doubts: int = 0  # attempts that may have been made


@dataclass
class _Target:
    """A target as it lies in the log, and what became of it."""

    place: Place
    offset: int
    event: TargetResolved
    outcome: ProviderDispatched | None


async def deliveries_brought_back(work: Opened, staged: Staged, groups: Groups) -> Deliveries:
    """Raises mongo.TRANSIENT_ERRORS."""
    made, timers = Deliveries(), staged.timers("dispatch")
    await timers.prepare()
    attempts = Attempts(work.database)
    await attempts.prepare()
    horizon = await _horizon(staged, groups, work.settings.dispatch_in_flight)
    async for page in pages(staged.deliveries):
        missing: dict[str, list[Timer]] = {}
        notes: list[Document] = []
        for document in page:
            targets = _targets(document)
            for target in targets.values():
                if again := _again(target, targets.keys()):
                    missing[again[0].event.event_id] = again
                is_doubt = target.outcome is None and _is_in_doubt(target, groups, horizon)
                is_over = target.outcome is not None and target.outcome.outcome in _OVER
                if _shows_twice(target.event) and (is_doubt or is_over):
                    note_id = f"{target.event.delivery_id}/{target.event.attempt}"
                    notes.append({"_id": note_id, "by": "restore", "at": datetime.now(UTC)})
                    made.doubts += is_doubt
        made.timers += await _set(work, staged, missing)
        await durable(work.database["attempts"]).insert(notes)
    return made


def _shows_twice(event: TargetResolved) -> bool:
    """Whether its provider may not absorb a repetition (`absorbs_resend` of `services/dispatch/provider.py`)."""
    return not FACTS[event.provider].absorbs_resends or event.slot.startswith(START)


def _again(target: _Target, known: Container[str]) -> list[Timer]:
    """The timers that may be meant, the likelier one first; none when it has come again. Whether a push was put off
    before an attempt or behind one is not in the outcome; an attempt has a status, or took a while."""
    event, outcome = target.event, target.outcome
    if outcome is None or outcome.outcome != "retry" or outcome.retry_at is None:
        return []
    parked, retried = (ids.event_id_of(event.event_id, what) for what in ("parked", "retry"))
    if parked in known or retried in known:
        return []
    was_tried = bool(outcome.status or outcome.latency_ms)
    now = now_ms()
    ways = [
        (event.replace(event_id=parked, at=outcome.at), min(outcome.retry_at, now)),  # what it waits for may have come
        (event.replace(event_id=retried, at=outcome.at, attempt=event.attempt + 1), outcome.retry_at),
    ]
    topic = topics.TARGET_RESOLVED[event.provider][event.lane]
    made = [Timer(due, topic, again.record_key, again, cancel_tags(again)) for again, due in ways]
    return made[::-1] if was_tried else made


async def _set(work: Opened, staged: Staged, missing: Mapping[str, list[Timer]]) -> int:
    """Set the timers that are not there, whichever of the two it was."""
    asked = [timer.event.event_id for pair in missing.values() for timer in pair]
    found = durable(work.database["dispatch_timers"]).find({"_id": {"$in": asked}}, {"_id": 1})
    there = {document["_id"] for document in await found.to_list(None)}
    wanted = [pair[0] for pair in missing.values() if not any(timer.event.event_id in there for timer in pair)]
    await staged.timers("dispatch").set(wanted)
    return len(wanted)


async def _horizon(staged: Staged, groups: Groups, in_flight: int) -> dict[Place, int]:
    """Up to where dispatch may have begun, by partition."""
    last: dict[Place, int] = {}
    for group, offsets in groups.items():
        if group.startswith("dispatch-"):
            for place, at in offsets.items():
                spans = decoded(at.offset, at.metadata)
                last[place] = max([at.offset, *(span.stop for span in spans)])
    async for page in pages(staged.deliveries):
        for document in page:
            for target in _targets(document).values():
                if target.outcome is not None:
                    last[target.place] = max(last.get(target.place, 0), target.offset + 1)
    return {place: offset + in_flight for place, offset in last.items()}


def _is_in_doubt(target: _Target, groups: Groups, horizon: Mapping[Place, int]) -> bool:
    name, event = target.place.topic, target.event
    group = group_of(f"dispatch-{event.provider.value}", topics.lane_of(name))
    at = groups.get(group, {}).get(target.place, Committed(0))
    is_read_again = target.offset >= at.offset and not any(
        target.offset in span for span in decoded(at.offset, at.metadata)
    )
    return is_read_again and not event.withdraw and target.offset < horizon.get(target.place, 0)


def _targets(document: Document) -> dict[str, _Target]:
    outcomes: dict[str, ProviderDispatched] = {}
    for event_id, raw in document.get("done", {}).items():
        outcome = record_encryption.decode(topics.PROVIDER_DISPATCHED["single"], bytes(raw))
        if isinstance(outcome, ProviderDispatched):
            outcomes[event_id] = outcome
    found: dict[str, _Target] = {}
    for event_id, (origin, raw) in document.get("targets", {}).items():
        name, partition, offset = origin.rsplit("/", 2)
        event = record_encryption.decode(topics.topic_named(name), bytes(raw))
        if isinstance(event, TargetResolved):
            outcome = outcomes.get(ids.event_id_of(event_id, "dispatched"))
            found[event_id] = _Target(Place(name, int(partition)), int(offset), event, outcome)
    return found
