"""The rules of packets: which messages are acceptable, and what is wrong with the others. Pure.

    packet (JSON) ─▶ packet_of ─▶ Packet            what holds for all, or PacketRefused: nothing of it is accepted
    message ─▶ accepted_of ─▶ AcceptedMessage | Rejection   each alone: one bad message never rejects its neighbours

A message is turned into the `Request` of `/v6/send` and comes through `accept` like one, on the bulk lane. Source:
`docs/partner-api.md` §6.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from schemas.application_events import PartnerChanged
from schemas.values import Channel
from services.ingest.packet.errors import (
    PacketFault,
    PacketRefused,
    Rejection,
    fault_of,
    faults_around,
    rejected_for,
    rejection_of,
)
from services.ingest.packet.templates import PacketTemplates
from services.ingest.rules import (
    MOST_OTHERS,
    AcceptedMessage,
    Faults,
    LinkBody,
    MessageBody,
    Refused,
    Request,
    ScheduleBody,
    Senders,
    accept,
    add_all,
    channel_of,
    names_of,
    notify_url_of,
    parsed,
    schedule_of,
    unknown_of_packet,
    violation,
)
from services.runtime.http.field_names import Unknown

MOST = 3000
_MAX_ID = 50
_MAX_SMS, _MAX_PUSH = 2000, 1000
_VALIDITY_S = (60, 259_200)
_LONGEST_SMS_S = 172_800
"""What the channel platform takes, and the default; a longer validity is accepted, and ends here."""
_INSTANT = frozenset({Channel.VIBER, Channel.WHATSAPP})


@dataclass(frozen=True, slots=True)
class Packet:
    """What holds for all its messages, and the messages as they came."""

    messages: Sequence[object]
    shorten: bool
    schedule: ScheduleBody | None
    use_time_diff: bool | None


@dataclass(frozen=True, slots=True)
class PacketContext:
    """What is the same for every message of a packet: its partner, the time, its id."""

    partner: PartnerChanged
    senders: Senders
    now_ms: int
    packet_id: int
    draw_id: Callable[[], str]


def packet_of(body: object, partner: PartnerChanged, now_ms: int) -> Packet:
    """Raises PacketRefused."""
    if not isinstance(body, dict):
        raise PacketRefused([PacketFault("invalid", "body", "must be a JSON object")])
    messages, zone = body.get("messages"), body.get("useTimeDiff")
    found = [*_faults_of_list(messages)]
    for name in ("shortenUrl", "useTimeDiff"):
        if not isinstance(body.get(name), bool | None):
            found.append(PacketFault("invalid", name, "must be true or false"))
    schedule = None
    if body.get("scheduleInfo") is not None:
        try:
            schedule = parsed(ScheduleBody, body["scheduleInfo"], "scheduleInfo")
            schedule_of(schedule, zone if isinstance(zone, bool) else None, partner, now_ms)
        except Refused as refused:
            found += faults_around(refused.refusal)
    if found or not isinstance(messages, list):
        raise PacketRefused(found)
    return Packet(messages, bool(body.get("shortenUrl")), schedule, zone)


def _faults_of_list(messages: object) -> Iterator[PacketFault]:
    if messages is None or messages == []:
        yield PacketFault("must.be.not.null", "messages", f"must hold 1 to {MOST} messages")
    elif not isinstance(messages, list):
        yield PacketFault("invalid", "messages", "must be a list")
    elif len(messages) > MOST:
        yield PacketFault("too.many.messages", "messages", f"must hold at most {MOST} messages")


def hands_on(body: object) -> bool:
    """Whether a message of the packet may hold what we hand on unread."""
    messages = body.get("messages") if isinstance(body, dict) else None
    if not isinstance(messages, list):
        return False
    return any(
        isinstance(message, dict) and ("data" in message or "cascadeChainLink" in message) for message in messages
    )


def accepted_of(
    message: object, place: int, packet: Packet, sending: PacketContext, templates: PacketTemplates
) -> AcceptedMessage | Rejection:
    """The decision about `messages[place]`; `templates` are those of this packet."""
    where = f"messages[{place}]"
    if not isinstance(message, dict):
        return rejected_for("invalid", place, "", "must be an object")
    channel = _channel(message, sending.partner)
    own = _faults(message, channel)
    if own or channel is None:
        return rejection_of(_with_all(own, Faults(), message, packet, sending), f"{where}.")
    key = templates.key_of(message, channel)
    alike = templates.like(key, message, sending.draw_id)
    if alike is not None:
        return alike
    try:
        request = _request(message, channel, packet)
        outcome = accept(request, sending.partner, sending.senders, sending.now_ms, "bulk", draw_id=sending.draw_id)
    except (ValidationError, Refused) as error:
        faults = Faults()
        faults.add((error if isinstance(error, Refused) else violation(error)).refusal)
        return rejection_of(_with_all([], faults, message, packet, sending), f"{where}.")
    unknown = names_of(unknown_of_packet(message, channel))
    event = outcome.request.replace(packet_id=sending.packet_id)
    accepted = outcome._replace(request=event if unknown is None else event.replace(unknown_fields=unknown))
    templates.learn(key, accepted)
    return accepted


def _with_all(
    own: Sequence[PacketFault],
    faults: Faults,
    message: Mapping[str, Any],
    packet: Packet,
    sending: PacketContext,
) -> list[PacketFault]:
    """All that is wrong with a message that is refused: with its own fields, and as `/v6/send` would say it."""
    body = _body(message, _channel(message, sending.partner), packet)
    add_all(faults, Request, body, partner=sending.partner, senders=sending.senders, now_ms=sending.now_ms)
    named = {fault.field for fault in own}
    found = [fault_of(code, fault) for code, fault in faults]
    return [*own, *(fault for fault in found if fault.field not in named)][: MOST_OTHERS + 1]


def unknown_of(message: object, partner: PartnerChanged) -> list[Unknown]:
    """Fields of one message that nobody reads."""
    return unknown_of_packet(message, _channel(message, partner)) if isinstance(message, dict) else []


def priority_of(message: object) -> int:
    """0 (low) to 3 of a message that was accepted: which of a packet go first."""
    return (message.get("priority") or 0) if isinstance(message, dict) else 0


def _channel(message: Mapping[str, Any], partner: PartnerChanged) -> Channel | None:
    given = message.get("type")
    if given is None:
        return partner.batch_channel
    try:
        return channel_of(given, "") if isinstance(given, str) else None
    except Refused:
        return None


def _faults(message: Mapping[str, Any], channel: Channel | None) -> list[PacketFault]:
    """Everything that is wrong with the packet's own fields."""
    data = message.get("data")
    found: list[PacketFault] = []
    if channel is None:
        found.append(PacketFault("invalid", "type", "must be the name of a channel"))
    if data is not None and not isinstance(data, dict):
        return [*found, PacketFault("invalid", "data", "must be an object")]
    if not message.get("from"):
        found.append(PacketFault("must.be.not.null", "from", "mandatory"))
    if message.get("to") in (None, "") and not (data or {}).get("externalUserId"):
        found.append(PacketFault("must.be.not.null", "to", "mandatory unless data.externalUserId is given"))
    if not message.get("text") and not (channel in _INSTANT and (data or {}).get("instantContent")):
        found.append(PacketFault("must.be.not.null", "text", "mandatory"))
    for name in ("from", "to", "text", "id", "callbackUrl"):
        if message.get(name) is not None and not isinstance(message[name], str):
            found.append(PacketFault("invalid", name, "must be a string"))
    found += _too_long(message, "id", _MAX_ID)
    found += _too_long(message, "text", _MAX_PUSH if channel is Channel.PUSH else _MAX_SMS)
    validity, priority = message.get("validity"), message.get("priority")
    least, most = _VALIDITY_S
    if validity is not None and not (_is_whole(validity) and (channel is Channel.PUSH or least <= validity <= most)):
        found.append(PacketFault("invalid", "validity", f"must be {least} to {most} seconds"))
    if priority is not None and not (_is_whole(priority) and 0 <= priority <= 3):
        found.append(PacketFault("invalid", "priority", "must be 0 to 3"))
    if isinstance(message.get("callbackUrl"), str):
        try:
            notify_url_of(message["callbackUrl"], "callbackUrl")
        except Refused as refused:
            found.append(PacketFault("invalid", "callbackUrl", refused.refusal.rule))
    return found


def _too_long(message: Mapping[str, Any], name: str, most: int) -> list[PacketFault]:
    text = message.get(name)
    if isinstance(text, str) and len(text) > most:
        return [PacketFault("length.too.long", name, f"must have at most {most} characters")]
    return []


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _request(message: Mapping[str, Any], channel: Channel, packet: Packet) -> Request:
    """The message as `/v6/send` would have it. Raises ValidationError, Refused."""
    body, chain = _body(message, channel, packet), message.get("cascadeChainLink")
    return Request.model_validate(
        {
            **body,
            "message": MessageBody.model_validate(body["message"]),
            "scheduleInfo": packet.schedule,
            "cascadeChainLink": None if chain is None else parsed(LinkBody, chain, "cascadeChainLink"),
        }
    )


def _body(message: Mapping[str, Any], channel: Channel | None, packet: Packet) -> dict[str, Any]:
    """The message in the fields of `/v6/send`, whatever they hold, without what is the packet's schedule."""
    given, validity = message.get("data"), message.get("validity")
    data = dict(given) if isinstance(given, dict) else {}
    text = message.get("text")
    if channel in _INSTANT:
        data.setdefault("instantContent", {"type": "text", "data": {"text": text}})
    else:
        data["text"] = text
    data["serviceNumber"] = message.get("from")
    validity = validity if _is_whole(validity) else None  # else it has its own fault
    if channel is Channel.SMS and (validity is not None or not data.get("ttl")):
        validity = min(validity or _LONGEST_SMS_S, _LONGEST_SMS_S)
    if validity is not None:
        data["ttl"], data["ttlUnit"] = validity, "SECONDS"
    return {
        "id": message.get("id") or None,
        "destAddr": message.get("to") or None,
        "message": {"type": message.get("type") if channel is None else channel.value, "data": data},
        "extraParam": message.get("extraParam"),
        "useTimeDiff": packet.use_time_diff,
        "shortenLinks": packet.shorten,
        "notifyUrl": message.get("callbackUrl"),
        "cascadeChainLink": message.get("cascadeChainLink"),
    }
