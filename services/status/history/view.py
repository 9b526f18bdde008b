"""Entries of the in-app history as a device reads them: an entry together with the content of its message.

SECURE values are given as long as the message lives, and only to an installation that it was sent to; afterwards, and
on the owner's other phones, the placeholders stay and the SDK masks them.
"""

from collections.abc import Sequence
from functools import partial

from schemas.values import Content
from services.runtime.clock import now_ms
from services.runtime.mongo.hour_keys import HourKeys
from services.runtime.short_links import ShortLinks
from services.status.history.access import Caller
from services.status.history.bodies import HistoryEntry
from services.status.history.entries import InboxEntry
from services.status.message import Link, Messages, content_of, enriched


class History:
    """Reads entries with their content. Raises mongo.TRANSIENT_ERRORS."""

    def __init__(self, messages: Messages, keys: HourKeys, short: ShortLinks) -> None:
        self._messages, self._keys, self._short = messages, keys, short

    async def shown(self, device: Caller, entries: Sequence[InboxEntry]) -> list[HistoryEntry]:
        """The entries in their order; one whose message is kept no longer is left out."""
        messages = await self._messages.load({entry.message_id for entry in entries})
        shown = []
        for entry in entries:
            link = messages[entry.message_id].links.get(entry.link) if entry.message_id in messages else None
            as_shown = partial(self._short.shortened, entry.message_id, entry.link)
            content = content_of(link.request, as_shown) if link is not None else None
            if link is not None and content is not None:
                values = await self._values(device, entry, content)
                shown.append(_view(entry, _delivery_id(device, entry, link), enriched(content), values))
        return shown

    async def _values(self, device: Caller, entry: InboxEntry, content: Content) -> dict[str, str] | None:
        now = now_ms()
        if content.secure is None or now >= entry.expires_at or device.installation_id not in entry.installations:
            return None
        return await self._keys.opened(entry.message_id, content.secure, now)


def _delivery_id(device: Caller, entry: InboxEntry, link: Link) -> str | None:
    """The id of the push to this installation, as it was planned; None when there was none."""
    is_own = device.installation_id in entry.installations
    return link.deliveries[device.installation_id].delivery_id if is_own else None


def _view(entry: InboxEntry, delivery_id: str | None, content: Content, values: dict[str, str] | None) -> HistoryEntry:
    about = {
        "message_id": entry.message_id,
        "link": entry.link,
        "delivery_id": delivery_id,
        "sent_at": entry.at,
        "expires_at": entry.expires_at,
        "status": entry.status,
        "delivered_at": entry.delivered_at or None,
        "read_at": entry.read_at or None,
    }
    return HistoryEntry.model_validate({**HistoryEntry.fields_of(content, values), **about})
