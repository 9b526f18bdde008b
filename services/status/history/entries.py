"""The in-app history: one entry for each link of a push and each owner that it was planned for. Pure.

    Planned with targets, its request ─▶ entries ◀─ receipts (delivered, read), InboxChanged (new, seen, deleted)

An entry is derived from its message, in whatever order and however often events came, so a rebuild gives the same. Its
owner is the user or phone that the installation belonged to when the push was planned; where nobody was logged in, the
installation itself. Live Activities have no entries. Content is not kept twice: it is read from the message.
"""

from typing import NamedTuple

from schemas import events
from schemas.message_fields import LinkFields
from schemas.topics import HISTORY_RETENTION_MS
from schemas.values import Channel, Lane
from services.status.message import Delivery, Link, Message, Request, content_of, inbox_owner

BEGINNING = frozenset({events.MessageRequested, events.Planned})
"""Events that an entry may begin with: both are needed for one."""
TOUCHING = BEGINNING | {events.ReceiptReceived, events.InboxChanged}
"""Events that may change an entry."""
NEW, SEEN = "New", "Seen"


class InboxEntry(NamedTuple):
    """One entry. Times are UTC ms, 0 when it has not happened."""

    owner: str
    message_id: str
    link: int
    partner_id: str
    lane: Lane
    at: int  # when it was sent
    expires_at: int
    kept_until: int
    status: str  # as the owner last set it; before that, whether a push of it was opened
    status_at: int
    delivered_at: int
    read_at: int
    installations: tuple[str, ...]  # in the link's plan
    waiting: tuple[str, ...]  # those of them that have not confirmed
    deleted: bool

    @property
    def link_fields(self) -> LinkFields:
        """The fields of an event of the entry's link."""
        return {"message_id": self.message_id, "partner_id": self.partner_id, "lane": self.lane, "link": self.link}

    @property
    def entry_id(self) -> str:
        return entry_id_of(self.owner, self.message_id, self.link)


def entry_id_of(owner: str, message_id: str, link: int) -> str:
    return f"{message_id}/{link}/{owner}"


def touched(seen: events.MessageEvent) -> bool:
    """True when the entries of the event's link must be written again."""
    return type(seen) in TOUCHING


def begins_with(seen: events.MessageEvent) -> bool:
    """True when the entries of the event's link are as good as surely new."""
    return type(seen) in BEGINNING


def entries_of(message: Message, link: Link) -> list[InboxEntry]:
    """All entries of the link; none before both plan and request are known."""
    request = link.request
    if request is None or request.channel is not Channel.PUSH or not link.targets:
        return []
    if _is_live_activity(request):
        return []
    owners: dict[str, list[Delivery]] = {}
    for delivery in link.targets:
        if delivery.owner is not None:
            owners.setdefault(inbox_owner(delivery.owner, delivery.installation_id), []).append(delivery)
    return [_entry(message, link, owner, deliveries) for owner, deliveries in sorted(owners.items())]


def _is_live_activity(request: Request) -> bool:
    """Whether the push updates a Live Activity; most requests need not be parsed for it."""
    if '"live_activity"' not in request.chain:
        return False
    content = content_of(request)
    return content is not None and content.live_activity is not None


def _entry(message: Message, link: Link, owner: str, deliveries: list[Delivery]) -> InboxEntry:
    mark = link.inbox.get(owner)
    heard = [
        delivery for delivery in deliveries if delivery.proved
    ] or deliveries  # a receipt without proof marks nothing as seen
    read_at = min((delivery.read_at for delivery in heard if delivery.read_at), default=0)
    marked = {"new": NEW, "seen": SEEN}.get(mark.status if mark is not None else "")
    return InboxEntry(
        owner=owner,
        message_id=message.message_id,
        link=link.number,
        partner_id=message.partner_id,
        lane=message.lane,
        at=link.send_at,
        expires_at=link.expires_at,
        kept_until=message.created_at + HISTORY_RETENTION_MS,
        status=marked or (SEEN if read_at else NEW),
        status_at=mark.status_at if mark is not None else 0,
        delivered_at=min((delivery.delivered_at for delivery in heard if delivery.delivered_at), default=0),
        read_at=read_at,
        installations=tuple(sorted(delivery.installation_id for delivery in deliveries)),
        waiting=tuple(sorted(delivery.installation_id for delivery in deliveries if not delivery.delivered_at)),
        deleted=mark is not None and bool(mark.deleted_at),
    )
