"""One link: a push, or a message that the channel platform sends. Pure. Source: `docs/partner-api.md` §1, §5."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from schemas.application_events import PartnerChanged, SenderChanged
from schemas.values import Button, Channel, Content, Link
from services.ingest.rules.address import FIRST_MARK, LAST_MARK, options_of_button, shown_url_of
from services.ingest.rules.body import ButtonBody, ChannelData, CommonData, ContentBody, MessageBody, PushData, parsed
from services.ingest.rules.errors import Code, Refused, invalid, missing
from services.ingest.rules.fields import channel_of, lifetime_ms, one_of
from services.ingest.rules.opaque_json import opaque
from services.ingest.rules.options import CATEGORIES, NO_OPTIONS, NO_VALUES, options_of
from services.ingest.rules.plain import PlainButton, PlainMessage, PlainPush

_FLASH_CODE = re.compile(f"(?<![0-9])(?:[0-9]{{4}}|[0-9]{{6}})(?![0-9])|[{FIRST_MARK}-{LAST_MARK}]")
_MAX_SMS = 2000
PUSH = Channel.PUSH
_UNREAD = frozenset({Channel.MAX, Channel.CARDSMOBILE})
_OURS = frozenset({"registeredDelivery", "notifyUrl", "callbackData", "externalUserId", "shortenLinks"})
"""Fields of message.data between the partner and us, which the channel platform must not see."""


class Senders(Protocol):
    """The part of the directory that the rules need."""

    def sender(self, partner_id: str, service_number: str) -> SenderChanged | None: ...


class Context(NamedTuple):
    """What every link of a request is read with."""

    partner: PartnerChanged
    senders: Senders
    shorten_links: bool | None


class ReadLink(NamedTuple):
    """A link, the data it came from, and the values that must be sealed before it may go into the log."""

    link: Link
    data: CommonData | PlainPush
    secure: Mapping[str, str] = NO_VALUES


def read_link(body: MessageBody | PlainMessage, context: Context, where: str) -> ReadLink:
    """`where` is the path of the message, for error texts. Raises Refused."""
    if isinstance(body, PlainMessage):
        return _push(body, body.data, context, f"{where}.data")
    channel = channel_of(body.type, where)
    field = f"{where}.data"
    if channel is PUSH:
        return _push(body, parsed(PushData, body.data, field), context, field)
    data = parsed(ChannelData, body.data, field)
    check_channel(channel, data, body.data, field)
    sender = sender_of(channel, data, context, field)
    kept = {name: value for name, value in body.data.items() if name not in _OURS}
    link = Link(
        channel=channel,
        ttl_ms=lifetime_ms(channel, data.ttl, data.ttl_unit, context.partner, field),
        sender=sender.service_number if sender else None,
        application_id=_account(sender, context),
        data=opaque(kept, field),
        shorten_links=_shortens(body, data, context),
    )
    return ReadLink(link, data)


def _push(body: MessageBody | PlainMessage, data: PushData | PlainPush, context: Context, field: str) -> ReadLink:
    sender = sender_of(PUSH, data, context, field)
    title, partner = data.title or None, context.partner
    options, given = NO_OPTIONS, (*(data.options or ()), *(data.extra_options or ()))
    if given:
        options = options_of(given, (title or "", data.text), partner.utc_offset_min, field)
    more = data.content or _NO_CONTENT
    content = Content(
        text=data.text,
        title=title,
        content_category=one_of(more.content_category, CATEGORIES, f"{field}.content.contentCategory"),
        content_url=shown_url_of(more.content_url, f"{field}.content.contentUrl") if more.content_url else None,
        actions=buttons_of(more.actions, f"{field}.content.actions") if more.actions else (),
        custom_payload=_payload(data, f"{field}.customPayload"),
        enrichment=options.enrichment,
        live_activity=options.live_activity,
    )
    link = Link(
        channel=PUSH,
        ttl_ms=lifetime_ms(PUSH, data.ttl, data.ttl_unit, partner, field),
        sender=sender.service_number if sender else None,
        application_id=sender.application_id if sender else None,
        content=content,
        primary_only=bool(data.primary_on),
        providers=options.providers,
        subscriptions=tuple(data.device_subscriptions or ()),
        shorten_links=_shortens(body, data, context),
    )
    return ReadLink(link, data, options.secure)


_NO_CONTENT = ContentBody()


def _payload(data: PushData | PlainPush, field: str) -> str | None:
    if isinstance(data, PlainPush):
        return bytes(data.custom_payload).decode() or None
    return None if data.custom_payload is None else opaque(data.custom_payload, field)


def buttons_of(given: Sequence[ButtonBody | PlainButton], field: str) -> tuple[Button, ...]:
    return tuple(
        Button(
            title=button.title,
            action=button.action,
            options=options_of_button(button.action, button.options, f"{field}[{place}]"),
        )
        for place, button in enumerate(given)
    )


def sender_of(channel: Channel, data: CommonData | PlainPush, context: Context, field: str) -> SenderChanged | None:
    name = data.service_number or context.partner.default_sender
    if not name:
        if channel is Channel.FLASHINGCALL:
            return None
        raise Refused(Code.SENDER, f"{field}.serviceNumber", "mandatory, no default sender is configured")
    found = context.senders.sender(context.partner.partner_id, name)
    if found is None and (channel is not Channel.FLASHINGCALL or data.service_number):
        raise Refused(Code.SENDER, f"{field}.serviceNumber", "must be one of the partner's senders")
    return found


def _account(sender: SenderChanged | None, context: Context) -> str | None:
    """The application whose credentials reach the channel platform: the sender's, else the default sender's."""
    if sender is None or sender.application_id is None:
        partner = context.partner
        sender = context.senders.sender(partner.partner_id, partner.default_sender) if partner.default_sender else None
    return sender.application_id if sender is not None else None


def _shortens(body: MessageBody | PlainMessage, data: CommonData | PlainPush, context: Context) -> bool:
    for given in (data.shorten_links, body.shorten_links, context.shorten_links):
        if given is not None:
            return given and context.partner.link_shortener
    return context.partner.link_shortener


def check_channel(channel: Channel, data: ChannelData, raw: Mapping[str, Any], field: str) -> None:
    """Check the limits of the channel, and that nothing is SECURE: no channel could fill it in. Raises Refused."""
    for name in ("extraOptions", "Options"):
        for option in raw.get(name) or () if isinstance(raw.get(name), list) else ():
            if isinstance(option, dict) and str(option.get("param_name")).upper() == "SECURE":
                raise invalid(f"{field}.{name}", "SECURE is for PUSH only")
    if channel in _UNREAD:
        return
    if channel in (Channel.VIBER, Channel.WHATSAPP):
        _check_instant(data, field)
    elif data.text is None:
        raise missing(f"{field}.text")
    elif not data.text:
        raise invalid(f"{field}.text", "must not be empty")
    elif channel is Channel.SMS and len(data.text) > _MAX_SMS:
        raise invalid(f"{field}.text", f"must have at most {_MAX_SMS} characters for SMS", "too_long")
    elif channel is Channel.FLASHINGCALL and not _FLASH_CODE.search(data.text):
        raise invalid(f"{field}.text", "must be or contain a code of 4 or 6 digits for FLASHINGCALL")


def _check_instant(data: ChannelData, field: str) -> None:
    if data.instant_content is None:
        raise missing(f"{field}.instantContent")
    text = data.instant_content.data.get("text")
    if text is not None and not isinstance(text, str):
        raise invalid(f"{field}.instantContent.data.text", "must be a string")
