"""Writes the in-app history behind the fold, and carries out what devices do with it.

fold ─▶ project ─▶ `inbox`
device changes entries ─▶ InboxChanged ─▶ status-events, and folded at once: a device reads what it wrote
device pulls entries ─▶ ReceiptReceived (delivered, source pull), once for each installation in the plan
"""

import asyncio
from collections.abc import Sequence

from schemas import ids
from schemas.events import InboxChange, InboxChanged, MessageEvent, ReceiptReceived
from schemas.topics import STATUS_EVENTS
from services.runtime.clock import now_ms
from services.runtime.log.kafka import Append, Log
from services.status.consumer import FoldStep
from services.status.fold import Projected
from services.status.history.access import Caller
from services.status.history.entries import InboxEntry, begins_with, entries_of, entry_id_of, touched
from services.status.history.store import Inbox, Saved

Ref = tuple[str, int]
"""Message id and link."""


class InboxProjection:
    """The projection that writes the entries of links that have changed."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    async def __call__(self, projected: Projected) -> None:
        begun, changed = list[Saved](), list[Saved]()
        for message, seen in projected:
            beginning = {event.link for event in seen if begins_with(event)}
            for number in {event.link for event in seen if touched(event)} & message.links.keys():
                saved = message.revision + 1
                entries = begun if number in beginning else changed
                entries += [(saved, entry) for entry in entries_of(message, message.links[number])]
        await asyncio.gather(self._inbox.insert(begun), self._inbox.write(changed))


class InboxCommands:
    """Changes and reads of entries by devices. Raises LogUnavailable, mongo.TRANSIENT_ERRORS."""

    def __init__(self, inbox: Inbox, fold_step: FoldStep, sink: Log) -> None:
        self._inbox, self._fold_step, self._sink = inbox, fold_step, sink

    async def change(self, device: Caller, refs: Sequence[Ref], change: InboxChange) -> list[bool]:
        """Change them, and give for each whether the device's owner has it; repeats change nothing."""
        wanted = [entry_id_of(device.inbox, message_id, link) for message_id, link in refs]
        found = await self._inbox.load(wanted)
        now = now_ms()
        changes = [_changed(device, entry, change, now) for entry in found.values() if _differs(entry, change)]
        if changes:
            await self._append(changes)
            await self._fold_step.apply(changes)
        return [key in found and (change == "deleted" or not found[key].deleted) for key in wanted]

    async def pulled(self, device: Caller, entries: Sequence[InboxEntry]) -> None:
        """Note that the device has these entries: those that were sent to it are delivered."""
        own = [entry for entry in entries if device.installation_id in entry.waiting]
        await self._append([_delivered(device.installation_id, entry, now_ms()) for entry in own])

    async def _append(self, found: Sequence[MessageEvent]) -> None:
        await self._sink.append([Append(STATUS_EVENTS[event.lane], event.message_id, event) for event in found])


def _differs(entry: InboxEntry, change: InboxChange) -> bool:
    return not entry.deleted and (change == "deleted" or entry.status.lower() != change)


def _changed(device: Caller, entry: InboxEntry, change: InboxChange, now: int) -> InboxChanged:
    """The event; its id depends on the state before, so a call that is repeated before its answer gives the same."""
    before = "" if change == "deleted" else f"/{entry.status_at}"
    return InboxChanged(
        event_id=ids.event_id_of(entry.message_id, f"inbox/{entry.link}/{entry.owner}/{change}{before}"),
        at=max(now, entry.status_at + 1),
        **entry.link_fields,
        owner=entry.owner,
        installation_id=device.installation_id,
        change=change,
    )


def _delivered(installation_id: str, entry: InboxEntry, now: int) -> ReceiptReceived:
    return ReceiptReceived(
        event_id=ids.receipt_id_of(entry.message_id, entry.link, installation_id, "delivered"),
        at=now,
        **entry.link_fields,
        installation_id=installation_id,
        kind="delivered",
        happened_at=now,
        source="pull",
    )
