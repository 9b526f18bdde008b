"""The decision whether a request is acceptable. Pure: it follows from the body, the partner and the time alone.

    SendRequest ─▶ accept ─▶ AcceptedMessage  the event to append, and the values to seal before it may be
                          └▶ Refused          code, field and rule for the answer

`/v6/send`, packets and mailings all come through here; a packet's message is a `Request` on the bulk lane. Source:
`docs/partner-api.md` §1, §4, §5.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Literal, NamedTuple

from schemas import ids
from schemas.application_events import PartnerChanged
from schemas.events import MessageRequested
from schemas.topics import DAY_MS, PLANNING_HORIZON_MS
from schemas.values import LONGEST_CHAIN, Channel, Lane, Link, Recipient, ReportRequest, Schedule
from services.ingest.rules.body import LinkBody, Request
from services.ingest.rules.errors import Code, Refused, invalid
from services.ingest.rules.fields import (
    STATES,
    extra_param_of,
    notify_url_of,
    one_of,
    registered_delivery_of,
    schedule_of,
)
from services.ingest.rules.link import Context, ReadLink, Senders, read_link
from services.ingest.rules.plain import PlainRequest
from services.runtime.text import phones

_HOUR_MS = 3_600_000
_WINDOW_WAIT_MS = 8 * DAY_MS
"""A weekly window opens again within a week; a day more for the recipient's time zone."""


class AcceptedMessage(NamedTuple):
    """`request` must not be appended while `secure` holds values: see `secure_values.py`."""

    request: MessageRequested
    secure: Mapping[int, Mapping[str, str]]  # SECURE values by place in the chain
    ends_at: int  # UTC ms; the chain has certainly ended by then


def accept(
    body: Request | PlainRequest,
    partner: PartnerChanged,
    senders: Senders,
    now_ms: int,
    lane: Lane = "single",
    *,
    draw_id: Callable[[], str],
) -> AcceptedMessage:
    """Decide about one request of an authenticated partner. `draw_id` gives new UUIDs. Raises Refused."""
    chain = _chain(body, Context(partner, senders, body.shorten_links))
    links = _awaiting(body, chain)
    schedule = schedule_of(body.schedule_info, body.use_time_diff, partner, now_ms)
    root, reference = chain[0].data, body.id or None
    message_id = draw_id() if reference is None else ids.message_id_of(partner.uuid, reference)
    url = notify_url_of(body.notify_url, "notifyUrl") or notify_url_of(root.notify_url, "message.data.notifyUrl")
    request = MessageRequested(
        event_id=draw_id(),
        at=now_ms,
        message_id=message_id,
        partner_id=partner.partner_id,
        lane=lane,
        mt_num=ids.mt_num_of(message_id),
        partner_ref=reference,
        recipient=_recipient(body, chain),
        chain=links,
        schedule=schedule,
        reports=_reports(registered_delivery_of(body.registered_delivery, root.registered_delivery), url),
        extra_param=extra_param_of(body.extra_param),
        callback_data=next((read.data.callback_data for read in chain if read.data.callback_data is not None), None),
        utc_offset_min=partner.utc_offset_min,
    )
    secure = {place: read.secure for place, read in enumerate(chain) if read.secure}
    return AcceptedMessage(request, secure, _ends_at(now_ms, links, schedule))


@lru_cache(maxsize=1024)
def _reports(registered_delivery: Literal[0, 1, 2], url: str | None) -> ReportRequest:
    """Cached, for a partner mostly asks for the same."""
    return ReportRequest(registered_delivery=registered_delivery, notify_url=url)


def _chain(body: Request | PlainRequest, context: Context) -> list[ReadLink]:
    chain = [read_link(body.message, context, "message")]
    link, where = body.cascade_chain_link, "cascadeChainLink"
    while link is not None:
        if len(chain) == LONGEST_CHAIN:
            raise invalid(where, f"a cascade has at most {LONGEST_CHAIN} links, the first message included")
        chain.append(read_link(link.message, context, f"{where}.message"))
        link, where = link.next_link, f"{where}.nextLink"
    return chain


def _awaiting(body: Request | PlainRequest, chain: list[ReadLink]) -> tuple[Link, ...]:
    """The links, each but the last with what it awaits: the `state` of the link after it."""
    following, where = body.cascade_chain_link, "cascadeChainLink"
    if following is None:
        return (chain[0].link,)
    links = []
    for read in chain:
        links.append(_awaits(read.link, following, where) if following is not None else read.link)
        if following is not None:
            following, where = following.next_link, f"{where}.nextLink"
    return tuple(links)


def _awaits(link: Link, following: LinkBody, where: str) -> Link:
    awaited = one_of(following.state, STATES, f"{where}.state")
    if awaited is None:
        raise invalid(f"{where}.state", "must be DELIVERED or READ")
    if link.channel is Channel.FLASHINGCALL and awaited == "READ":
        raise invalid(f"{where}.state", "must be DELIVERED after a FLASHINGCALL")
    return link.replace(awaited=awaited)


def _recipient(body: Request | PlainRequest, chain: list[ReadLink]) -> Recipient:
    """The recipient. The user id may be in any link, and must be the same in all."""
    users = {read.data.external_user_id for read in chain if read.data.external_user_id}
    if len(users) > 1:
        raise invalid("externalUserId", "must be the same in all links of a cascade")
    phone = phones.normalise(body.dest_addr) if body.dest_addr else None
    if body.dest_addr and phone is None:
        raise Refused(Code.PHONE, "destAddr", phones.RULE)
    if phone is None and not users:
        raise Refused(Code.PHONE, "destAddr", "mandatory unless message.data.externalUserId is given")
    if phone is None and all(read.link.channel is not Channel.PUSH for read in chain):
        raise Refused(Code.PHONE, "destAddr", f"mandatory for {chain[0].link.channel.value}")
    return Recipient(phone=phone, external_user_id=users.pop() if users else None)


def _ends_at(now_ms: int, links: tuple[Link, ...], schedule: Schedule | None) -> int:
    """When the last link has certainly ended: its lifetime runs from its sending, which may wait for a window."""
    lifetimes = links[0].ttl_ms if len(links) == 1 else sum(link.ttl_ms for link in links)
    if schedule is None:
        return now_ms + lifetimes + _HOUR_MS
    waits = min(_WINDOW_WAIT_MS * len(links), PLANNING_HORIZON_MS)
    return max(now_ms + waits, schedule.deadline or 0) + lifetimes + _HOUR_MS
