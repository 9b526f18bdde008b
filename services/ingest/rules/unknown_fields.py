"""The fields of a partner's message that nobody reads, at every depth, each with a suggestion. Pure.

    /v6/send, packets   accepted, and named in RPNS-Warnings, in the trace and in a metric
    mailings            refused

customPayload, a Live Activity's content-state, `instantContent.data` and the data of channels that we pass on unread
are the partner's own, and are not checked.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from pydantic import BaseModel

from schemas.values import Channel
from services.ingest.rules.body import ChannelData, LinkBody, MessageBody, PushData, Request, Rich, ScheduleBody
from services.ingest.rules.live_activity import LiveActivity
from services.runtime.http.field_names import MOST, Unknown, joined, shape_of, unknown_in

_MOST_OF_NAME, _MOST_NAMES = 160, 20
_NO_NAME = re.compile(r"[^A-Za-z0-9_.\[\]-]+|[0-9]{5,}")
_OPTIONS = ("RICH", "LIVE_ACTIVITY", "SECURE", "SENDING_PLATFORMS")
_UNREAD = (Channel.MAX.value, Channel.CARDSMOBILE.value)
_HOLDERS = frozenset({"content", "extraOptions", "Options", "instantContent"})
_SIMPLE = shape_of(PushData).keys() - _HOLDERS
"""Names of a push's `data` that hold nothing to look into."""
_OF_CHANNELS = shape_of(ChannelData).keys() - _HOLDERS
_OF_BOTH = frozenset({"text", "serviceNumber", "ttl"})
"""Names that a packet's message and its `data` may both give: then they are compared (`_OVERRULED`)."""
_PLAIN, _PLAIN_OF_PUSH = _OF_CHANNELS - _OF_BOTH, _SIMPLE - _OF_BOTH
_OF_PACKET = ("messages", "shortenUrl", "useTimeDiff", "scheduleInfo")
OF_PACKETS = frozenset(
    {
        "from",
        "to",
        "text",
        "id",
        "validity",
        "priority",
        "callbackUrl",
        "type",
        "data",
        "cascadeChainLink",
        "extraParam",
    }
)
"""The fields of a packet's message."""
_OVERRULED = {"text": "text", "serviceNumber": "from", "ttl": "validity"}
"""Fields of a packet's `data`, each with the field of its message that counts where both are given."""


def is_known(request: Request) -> bool:
    """Whether every field is known, as most of the time."""
    schedule = request.schedule_info
    if request.__pydantic_extra__ or (schedule is not None and not schedule.is_known):
        return False
    if schedule is not None and _differ(request.use_time_diff, schedule.use_time_diff):
        return False
    message, link = request.message, request.cascade_chain_link
    if message.__pydantic_extra__ or not _is_known(message.type, message.data):
        return False
    while link is not None:
        if link.model_extra or link.message.model_extra or not _is_known(link.message.type, link.message.data):
            return False
        link = link.next_link
    return True


def _is_known(kind: str | None, data: dict[str, Any]) -> bool:
    if data.keys() <= (_SIMPLE if kind == "PUSH" else _OF_CHANNELS):
        return True
    return next(iter(_in_data((kind or "").upper(), data, "")), None) is None


def unknown_fields(model: type[BaseModel], body: object) -> list[Unknown]:
    """The unknown fields of a request or a mailing, as many as anybody would read."""
    found = chain(unknown_in(model, body, within=_within), _zone_of_the_root(body))
    return list(islice(found, MOST))


def unknown_of_packet(message: Mapping[str, Any], channel: Channel | None) -> list[Unknown]:
    """The unknown fields of one message of a packet, by their path in it."""
    data, cascade = message.get("data"), message.get("cascadeChainLink")
    plain = _PLAIN_OF_PUSH if channel is Channel.PUSH else _PLAIN
    names_are_known = message.keys() <= OF_PACKETS
    if names_are_known and cascade is None and (not data or (isinstance(data, dict) and data.keys() <= plain)):
        return []
    found = chain(
        (Unknown(name, name, OF_PACKETS) for name in message if name not in OF_PACKETS),
        _in_data(channel.value if channel is not None else "", data, "data"),
        _overruled(message, data),
        unknown_in(LinkBody, cascade, "cascadeChainLink", _within),
    )
    return list(islice(found, MOST))


def _overruled(message: Mapping[str, Any], data: object) -> Iterator[Unknown]:
    if isinstance(data, dict):
        for name, counts in _OVERRULED.items():
            if message.get(counts) is not None and data.get(name) not in (None, message[counts]):
                yield Unknown(f"data.{name}", name, (counts,))


def unknown_around(packet: Mapping[str, Any]) -> list[Unknown]:
    """The unknown fields of a packet besides its messages."""
    found = (Unknown(name, name, _OF_PACKET) for name in packet if name not in _OF_PACKET)
    within = unknown_in(ScheduleBody, packet.get("scheduleInfo"), "scheduleInfo", _within)
    return list(islice(chain(found, within, _zone_of_the_root(packet)), MOST))


def _zone_of_the_root(body: object) -> Iterator[Unknown]:
    """`useTimeDiff` of `scheduleInfo` where the root says something else, which counts."""
    root: Mapping[str, Any] = body if isinstance(body, dict) else {}
    schedule = root.get("scheduleInfo")
    if isinstance(schedule, dict) and _differ(root.get("useTimeDiff"), schedule.get("useTimeDiff")):
        yield Unknown("scheduleInfo.useTimeDiff", "useTimeDiff", ())


def _differ(root: object, within: object) -> bool:
    return isinstance(root, bool) and isinstance(within, bool) and root is not within


def _within(model: type[BaseModel], value: Mapping[str, Any], path: str) -> Iterable[Unknown]:
    """`data` is a dict for the model, since what it may hold depends on the type; so is `useTimeDiff` anything."""
    if issubclass(model, MessageBody):
        return _in_data(str(value.get("type")).upper(), value.get("data"), joined(path, "data"))
    if issubclass(model, ScheduleBody) and not isinstance(value.get("useTimeDiff"), bool | None):
        return (Unknown(joined(path, "useTimeDiff"), "useTimeDiff", ()),)
    return ()


def _in_data(kind: str, data: object, path: str) -> Iterator[Unknown]:
    if not isinstance(data, dict) or kind in _UNREAD or kind not in Channel.__members__:
        return
    yield from unknown_in(PushData if kind == Channel.PUSH else ChannelData, data, path)
    if kind == Channel.PUSH:
        for name in ("extraOptions", "Options"):
            for place, option in enumerate(data[name] if isinstance(data.get(name), list) else ()):
                yield from _in_option(option, f"{path}.{name}[{place}]")


def _in_option(option: object, path: str) -> Iterator[Unknown]:
    if not isinstance(option, dict) or not isinstance(option.get("param_name"), str):
        return
    name, value = option["param_name"], option.get("param_value")
    if name.upper() not in _OPTIONS:
        yield Unknown(f"{path}.{name}", name, _OPTIONS)
    elif name.upper() == "RICH":
        yield from unknown_in(Rich, _hyphened(value), f"{path}.RICH")
    elif name.upper() == "LIVE_ACTIVITY":
        inner = _hyphened(value)
        if isinstance(inner, dict) and isinstance(inner.get("aps"), dict):
            inner = _hyphened(inner["aps"])
        if isinstance(inner, dict):
            inner = {key: part for key, part in inner.items() if key != "alert"}  # where Apple knows many more
        yield from unknown_in(LiveActivity, inner, f"{path}.LIVE_ACTIVITY")


def _hyphened(value: object) -> object:
    return {name.replace("_", "-"): part for name, part in value.items()} if isinstance(value, dict) else value


def names_of(unknown: Sequence[Unknown]) -> tuple[str, ...] | None:
    """The names for the trace; None for none. It keeps only what looks like a name, since a partner may have put
    somebody's number where a name should be."""
    if not unknown:
        return None
    return tuple(_NO_NAME.sub("?", field.path[:_MOST_OF_NAME]) for field in unknown[:_MOST_NAMES])
