"""Finds one message by any of its ids, or a page of them.

A page goes on behind (created_at, _id) of its last message, so messages that arrive meanwhile shift nothing.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas import DeliveryState, ids
from schemas.application_events import PartnerChanged
from schemas.reasons import Reason, reason_named
from services.status.message.model import Message
from services.status.message.store import FAILED, WITHOUT_MAILINGS, Messages
from services.status.message.unread import UnreadMessage

_MAX_MS = 2**53
OWN_ID = "id:"


class BadCursor(ValueError):
    """Not a cursor that this API gave."""


@dataclass(frozen=True, slots=True)
class MessageQuery:
    """A search for messages; None leaves a field open. Times in UTC ms: `since` counts, `until` does not.

    Where neither a partner nor anything rare is named, `partners` is all whose messages there are: their index has them
    by time, each apart, which the database merges. `extra_param` is one pair, `name=value`. Of several `reasons` one
    fits.
    """

    partner_id: str | None = None
    partners: Sequence[str] = ()
    phone: str | None = None
    external_user_id: str | None = None
    any_id: str | None = None
    extra_param: str | None = None
    callback_data: str | None = None
    state: DeliveryState | None = None
    reasons: Sequence[Reason] = ()
    application: str | None = None
    provider: str | None = None
    mailing: str | None = None
    is_without_mailings: bool = False
    packet: int | None = None
    since: int | None = None
    until: int | None = None
    cursor: str | None = None

    @property
    def is_narrow(self) -> bool:
        """Whether an index has what is asked for, whosever it is."""
        rare = (self.phone, self.external_user_id, self.any_id, self.extra_param, self.callback_data, self.mailing)
        return bool(self.reasons) or any(value is not None for value in rare)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a search; `cursor` asks for the next one, None when there is none."""

    messages: list[Message | UnreadMessage]
    cursor: str | None


async def find_message(messages: Messages, any_id: str, partner: PartnerChanged | None) -> Message | None:
    """The message of this id, mtNum or partner's own id; among the partner's own when there is a partner.

    Behind `id:` stands a partner's own id that a path cannot have as it is, because another path is called so.
    """
    found = await _of_any_id(messages, any_id, partner)
    if found is None and any_id.startswith(OWN_ID):
        return await _of_any_id(messages, any_id.removeprefix(OWN_ID), partner)
    return found


async def _of_any_id(messages: Messages, any_id: str, partner: PartnerChanged | None) -> Message | None:
    candidates = [any_id]
    if partner is not None:
        candidates.append(ids.message_id_of(partner.uuid, any_id))
    loaded = await messages.load(candidates)
    for candidate in candidates:
        found = loaded.get(candidate)
        if found is not None and (partner is None or found.partner_id == partner.partner_id):
            return found
    scope = {"partner_id": partner.partner_id} if partner is not None else {}
    for field in ("mt_num", "partner_ref"):
        newest = await messages.find({field: any_id, **scope}, 1)
        if newest:
            return newest[0]
    return None


async def find_page(messages: Messages, wanted: MessageQuery, limit: int) -> Page:
    """A page of the messages that fit, the newest first. Raises BadCursor."""
    found = await messages.to_show(query_of(wanted), limit + 1)
    more = found[:limit][-1] if len(found) > limit else None
    return Page(found[:limit], cursor_of(more.created_at, more.message_id) if more is not None else None)


async def count_reasons(messages: Messages, wanted: MessageQuery) -> list[tuple[Reason | str, int]]:
    """How many of the failed messages that fit have failed for which reason, the most frequent first.

    A reason that only a newer release knows stays a text.
    """
    return [(reason_named(name) or name, count) for name, count in await messages.count_by_reason(query_of(wanted))]


def query_of(wanted: MessageQuery) -> Mapping[str, Any]:
    """The search as a query of MongoDB. Raises BadCursor."""
    named = {
        "partner_id": wanted.partner_id,
        "phone": wanted.phone,
        "external_user_id": wanted.external_user_id,
        "extra_params": wanted.extra_param,
        "callback_data": wanted.callback_data,
        "state": wanted.state.value if wanted.state is not None else None,
        "applications": wanted.application,
        "providers": wanted.provider,
        "mailing_id": wanted.mailing,
        "packet_id": wanted.packet,
    }
    every: list[Mapping[str, Any]] = [{name: value} for name, value in named.items() if value is not None]
    if wanted.partners and wanted.partner_id is None and not wanted.is_narrow:
        every.append({"partner_id": {"$in": list(wanted.partners)}})
    if wanted.is_without_mailings:
        every.append(WITHOUT_MAILINGS)
    if wanted.any_id is not None:
        every.append({"$or": [{name: wanted.any_id} for name in ("_id", "mt_num", "partner_ref")]})
    if wanted.reasons:
        every += [{"reason": {"$in": [reason.value for reason in wanted.reasons]}}, FAILED]
    if wanted.since is not None:
        every.append({"created_at": {"$gte": wanted.since}})
    if wanted.until is not None:
        every.append({"created_at": {"$lt": wanted.until}})
    if wanted.cursor is not None:
        at, message_id = place_of(wanted.cursor)
        every.append({"$or": [{"created_at": {"$lt": at}}, {"created_at": at, "_id": {"$lt": message_id}}]})
    return {"$and": every} if every else {}


def cursor_of(created_at: int, message_id: str) -> str:
    return base64.urlsafe_b64encode(f"{created_at}/{message_id}".encode()).decode().rstrip("=")


def place_of(cursor: str) -> tuple[int, str]:
    """The place that a cursor names. Raises BadCursor."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        at, _, message_id = text.partition("/")
        if not at.isascii() or not at.isdigit() or not message_id or "\x00" in message_id or int(at) > _MAX_MS:
            raise BadCursor
        return int(at), message_id
    except (binascii.Error, UnicodeError, ValueError):
        raise BadCursor("not a cursor that was given by this API") from None
