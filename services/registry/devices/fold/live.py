"""The tokens of Live Activities: one register for each slot (`schemas/live.py`). Pure.

    register   the latest token of a slot; empty once the activity has ended later than it was registered
    retired    by token digest: a token that was registered no later than that is gone
    expiry     by our clock: 12 hours after an activity's token was registered; a push-to-start token has none

The newest 32 slots are kept. Each is last-writer-wins by (server time, event id), so repeats and any order give the
same: a slot that was dropped had 32 newer ones above it, and so has whatever comes late for it.
"""

from schemas.device_events import (
    ActivityEnded,
    ActivityTokenRegistered,
    LiveTokenRegistered,
    PushToStartTokenRegistered,
    PushToStartTokenRemoved,
)
from schemas.live import LONGEST_ACTIVITY_MS, activity_slot, start_slot
from services.registry.devices.fold.state import LiveSlot, LiveToken, Mark, Stamp

REMEMBERED = 32
LiveEvent = ActivityTokenRegistered | PushToStartTokenRegistered | ActivityEnded | PushToStartTokenRemoved


def slot_of(event: LiveEvent) -> str:
    """The slot that the event is about."""
    if isinstance(event, ActivityTokenRegistered | ActivityEnded):
        return activity_slot(event.activity_id)
    return start_slot(event.attributes_type)


def with_event(slots: tuple[LiveSlot, ...], event: LiveEvent, stamp: Stamp) -> tuple[LiveSlot, ...]:
    """The slots with the event in its register, unless that holds something newer."""
    name = slot_of(event)
    by_name = {slot.slot: slot for slot in slots}
    if name in by_name and stamp <= by_name[name].stamp:
        return slots
    token = _token(event) if isinstance(event, LiveTokenRegistered) else None
    by_name[name] = LiveSlot(slot=name, stamp=stamp, token=token)
    newest = sorted(by_name.values(), key=lambda slot: slot.stamp, reverse=True)[:REMEMBERED]
    return tuple(sorted(newest, key=lambda slot: slot.slot))


def without_retired(slots: tuple[LiveSlot, ...], retired: tuple[Mark, ...]) -> tuple[LiveSlot, ...]:
    """The slots without the tokens that were retired since they were registered."""
    cutoffs = {mark.digest: mark.cutoff for mark in retired}
    return tuple(
        slot.replace(token=None)
        if slot.token is not None and slot.token.registered_at <= cutoffs.get(slot.token.digest, -1)
        else slot
        for slot in slots
    )


def _token(event: LiveTokenRegistered) -> LiveToken:
    is_activity = isinstance(event, ActivityTokenRegistered)
    return LiveToken(
        sealed=event.sealed,
        digest=event.digest,
        environment=event.environment,
        bundle=event.bundle,
        attributes_type=event.attributes_type,
        owner=event.owner if isinstance(event, ActivityTokenRegistered) else "",
        registered_at=event.at,
        expires_at=event.at + LONGEST_ACTIVITY_MS if is_activity else None,
    )
