"""What a release carries along though it does not know it: fields that a newer one has written. Pure.

    record of a newer release ─read─▶ event, `carried`: {JSON Pointer: value}   what this release has no field for
    event ─written again─▶ record with `carried` ─read by the newer─▶ the event as it was

A retry, a request that waits for its hour, the next link of a chain and a change of a partner are events that are read
and written again, with a change. Only what a newer contract has written is looked through (`codec.CONTRACT`).
"""

from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

from schemas.events import Event

E = TypeVar("E", bound=Event)
_NO_FIELDS = frozenset({"type", "personal"})
"""Names in a record that are no fields of an event."""


def carrying(event: E, document: dict[str, Any]) -> E:
    """The event with what it did not take of its record. A request within an event carries its own."""
    request: Any = getattr(event, "request", None)
    if isinstance(request, Event):
        event = event.replace(request=carrying(request, document["request"]))
    carried = {**(event.carried or {}), **dict(_unknown(event, document, ""))}
    return event.replace(carried=carried) if carried else event


def put_back(event: E) -> E:
    """The event with what was carried in its places; what this release does not know either is carried on.

    Raises msgspec.ValidationError for what does not fit its place.
    """
    request: Any = getattr(event, "request", None)
    if isinstance(request, Event) and request.carried is not None:
        event = event.replace(request=put_back(request))
    if event.carried is None:
        return event
    document: dict[str, Any] = msgspec.to_builtins(event.replace(carried=None))
    for place, value in event.carried.items():
        put(document, place, value)
    return carrying(msgspec.convert(document, type(event), strict=False), document)


def behind_first_link(carried: dict[str, Any]) -> dict[str, Any]:
    """What a request for the rest of a chain carries, of what the request for the whole of it did."""
    found = {}
    for place, value in carried.items():
        _, field, *rest = place.split("/")
        if field == "chain" and rest:
            if rest[0] == "0":
                continue
            place = "/".join(("", field, str(int(rest[0]) - 1), *rest[1:]))
        found[place] = value
    return found


def put(document: dict[str, Any], place: str, value: Any) -> None:
    """Set the value at a JSON Pointer. One whose surroundings are gone is left out: it was about them."""
    *way, last = place.split("/")[1:]
    inner: Any = document
    for step in way:
        inner = _inner(inner, step)
    if isinstance(inner, dict):
        inner[last] = value


def _inner(outer: Any, step: str) -> Any:
    if isinstance(outer, dict):
        return outer.get(step)
    if isinstance(outer, list | tuple) and step.isdecimal() and int(step) < len(outer):
        return outer[int(step)]
    return None


def _unknown(value: Any, document: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Places and values that the record has and the value does not."""
    if isinstance(value, Event) and place:
        return
    if isinstance(value, msgspec.Struct) and isinstance(document, dict):
        for name, part in document.items():
            if name in value.__struct_fields__:
                yield from _unknown(getattr(value, name), part, f"{place}/{name}")
            elif not (isinstance(value, Event) and name in _NO_FIELDS):
                yield f"{place}/{name}", part
    elif isinstance(value, tuple) and isinstance(document, list | tuple):
        for number, (inner, part) in enumerate(zip(value, document, strict=False)):
            yield from _unknown(inner, part, f"{place}/{number}")
