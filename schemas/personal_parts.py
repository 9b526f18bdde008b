"""Takes what is personal out of an event, and puts it back.

    event ─apart─▶ the event as it lies in the log, and what was taken, by JSON Pointer ─▶ one box
    event and box ─together─▶ the event as it was

Written out for each type: this is done for every record of a message. A place that holds nothing is not taken, since
where nobody is named there is nobody to seal it for. `personal.py` says what is personal and why.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypedDict, TypeVar

import msgspec

from schemas.device_events import (
    ActivityTokenRegistered,
    InstallationChanged,
    OwnerProofsRevoked,
    Personalized,
    SettingsChanged,
)
from schemas.events import Event, InboxChanged, MessageRequested, Planned, ScheduleDue, TargetResolved
from schemas.values import Content, Recipient

CARRIED = "/carried"
"""What an event carries along (`carried.py`): somebody may be named in it, so it is sealed as well."""
NOBODY = "-"
"""Replaces a recipient's mark in the log: no owner has it, so what cannot be opened is sent to nobody."""

Taken = dict[str, Any]
"""A value by its place."""
E = TypeVar("E", bound=Event)
OwnerNamed = Personalized | OwnerProofsRevoked | InstallationChanged
OwnerKeyed = InboxChanged | ActivityTokenRegistered
_Owner = TypeVar("_Owner", Personalized, OwnerProofsRevoked, InstallationChanged)
_Keyed = TypeVar("_Keyed", InboxChanged, ActivityTokenRegistered)

_NO_RECIPIENT, _NO_CONTENT = Recipient(), Content(text="")
_PART_OF: dict[str, Any] = {"recipient": Recipient, "content": Content, "carried": dict[str, Any]}
_replaced = msgspec.structs.replace


@dataclass(frozen=True, slots=True)
class Parts(Generic[E]):
    """The personal places of a type. `places` are those that an event has, what is carried last; `fields` for people,
    `*` every entry."""

    fields: tuple[str, ...]
    places: Callable[[E], tuple[str, ...]]
    known_apart: Callable[[E], tuple[E, Taken]]
    known_together: Callable[[E, Taken], E]

    def apart(self, event: E) -> tuple[E, Taken]:
        """The event without what is personal, and that."""
        bare, taken = self.known_apart(event)
        if event.carried is None:
            return bare, taken
        return _replaced(bare, carried=None), {**taken, CARRIED: event.carried}

    def together(self, event: E, box: bytes) -> E:
        """The event with what is in its box. Raises msgspec.DecodeError."""
        return self.given(event, _reader(self.places(event)).decode(box))

    def given(self, event: E, taken: Taken) -> E:
        """The event with what was taken."""
        whole, carried = self.known_together(event, taken), taken.get(CARRIED)
        return whole if carried is None else _replaced(whole, carried=carried)


@lru_cache(1000)  # a chain and a plan may be of any length; both are bounded
def _reader(places: tuple[str, ...]) -> msgspec.json.Decoder[Taken]:
    parts = {place: _PART_OF.get(place.rpartition("/")[2], str) for place in places}
    shape: Any = TypedDict("Box", parts, total=False)  # type: ignore[misc]  # its names are known at run time only
    return msgspec.json.Decoder(shape)


def _always(*places: str) -> Callable[[E], tuple[str, ...]]:
    return lambda _: places


@lru_cache(200)
def _places_of_chain(links: int) -> tuple[tuple[str, str], ...]:
    """Content and data of each link."""
    return tuple((f"/chain/{number}/content", f"/chain/{number}/data") for number in range(links))


@lru_cache(200)
def _places_of_request(links: int) -> tuple[str, ...]:
    of_chain = [place for places in _places_of_chain(links) for place in places]
    return ("/recipient", *of_chain, "/extra_param", "/callback_data", CARRIED)


def _request_apart(event: MessageRequested) -> tuple[MessageRequested, Taken]:
    taken: Taken = {}
    if event.recipient != _NO_RECIPIENT:
        taken["/recipient"] = event.recipient
    chain = []
    for link, (content, data) in zip(event.chain, _places_of_chain(len(event.chain)), strict=True):
        if link.content is not None and link.content != _NO_CONTENT:
            taken[content] = link.content
        if link.data:
            taken[data] = link.data
        chain.append(_replaced(link, content=None if link.content is None else _NO_CONTENT, data=link.data and None))
    if event.extra_param:
        taken["/extra_param"] = event.extra_param
    if event.callback_data:
        taken["/callback_data"] = event.callback_data
    if not taken:
        return event, taken
    bare = _replaced(event, recipient=_NO_RECIPIENT, chain=tuple(chain), extra_param=None, callback_data=None)
    return bare, taken


def _request_together(event: MessageRequested, taken: Taken) -> MessageRequested:
    chain = [
        _replaced(link, content=taken.get(content, link.content), data=taken.get(data, link.data))
        for link, (content, data) in zip(event.chain, _places_of_chain(len(event.chain)), strict=True)
    ]
    return _replaced(
        event,
        recipient=taken.get("/recipient", event.recipient),
        chain=tuple(chain),
        extra_param=taken.get("/extra_param", event.extra_param),
        callback_data=taken.get("/callback_data", event.callback_data),
    )


REQUEST: Parts[MessageRequested] = Parts(
    ("/recipient", "/chain/*/content", "/chain/*/data", "/extra_param", "/callback_data"),
    lambda event: _places_of_request(len(event.chain)),
    _request_apart,
    _request_together,
)

_WITHIN = "/request"


def _due_apart(event: ScheduleDue) -> tuple[ScheduleDue, Taken]:
    request, taken = REQUEST.apart(event.request)
    return _replaced(event, request=request), {f"{_WITHIN}{place}": value for place, value in taken.items()}


def _due_together(event: ScheduleDue, taken: Taken) -> ScheduleDue:
    of_request = {place.removeprefix(_WITHIN): value for place, value in taken.items() if place != CARRIED}
    return _replaced(event, request=REQUEST.given(event.request, of_request))


DUE_REQUEST: Parts[ScheduleDue] = Parts(
    tuple(f"{_WITHIN}{field}" for field in REQUEST.fields),
    lambda event: (*(f"{_WITHIN}{place}" for place in REQUEST.places(event.request)), CARRIED),
    _due_apart,
    _due_together,
)


def _target_apart(event: TargetResolved) -> tuple[TargetResolved, Taken]:
    taken: Taken = {}
    if event.recipient is not None:
        taken["/recipient"] = event.recipient
    if event.content != _NO_CONTENT:
        taken["/content"] = event.content
    if event.recipient_mark not in ("", NOBODY):
        taken["/recipient_mark"] = event.recipient_mark
    channel = event.channel
    if channel is not None:
        taken["/channel/phone"], taken["/channel/data"] = channel.phone, channel.data
        channel = _replaced(channel, phone="", data="{}")
    mark = event.recipient_mark and NOBODY
    return _replaced(event, recipient=None, content=_NO_CONTENT, recipient_mark=mark, channel=channel), taken


def _target_together(event: TargetResolved, taken: Taken) -> TargetResolved:
    channel = event.channel
    if channel is not None:
        phone, data = taken.get("/channel/phone", channel.phone), taken.get("/channel/data", channel.data)
        channel = _replaced(channel, phone=phone, data=data)
    return _replaced(
        event,
        recipient=taken.get("/recipient", event.recipient),
        content=taken.get("/content", event.content),
        recipient_mark=taken.get("/recipient_mark", event.recipient_mark),
        channel=channel,
    )


_OF_TARGET = ("/recipient", "/content", "/recipient_mark", "/channel/phone", "/channel/data")
TARGET: Parts[TargetResolved] = Parts(_OF_TARGET, _always(*_OF_TARGET, CARRIED), _target_apart, _target_together)


@lru_cache(200)
def _places_of_plan(targets: int) -> tuple[str, ...]:
    return ("/recipient", *(f"/targets/{number}/owner" for number in range(targets)), CARRIED)


def _plan_apart(event: Planned) -> tuple[Planned, Taken]:
    taken: Taken = {}
    targets = []
    if event.recipient is not None:
        taken["/recipient"] = event.recipient
    for target, place in zip(event.targets, _places_of_plan(len(event.targets))[1:-1], strict=True):
        if target.owner:
            taken[place] = target.owner
            target = _replaced(target, owner=None)
        targets.append(target)
    return _replaced(event, recipient=None, targets=tuple(targets)), taken


def _plan_together(event: Planned, taken: Taken) -> Planned:
    targets = [
        _replaced(target, owner=taken.get(place, target.owner))
        for target, place in zip(event.targets, _places_of_plan(len(event.targets))[1:-1], strict=True)
    ]
    return _replaced(event, recipient=taken.get("/recipient", event.recipient), targets=tuple(targets))


PLAN: Parts[Planned] = Parts(
    ("/recipient", "/targets/*/owner"),
    lambda event: _places_of_plan(len(event.targets)),
    _plan_apart,
    _plan_together,
)


def _owner_apart(event: _Owner) -> tuple[_Owner, Taken]:
    named = {"/external_user_id": event.external_user_id, "/phone": event.phone}
    taken = {place: value for place, value in named.items() if value}
    user, phone = event.external_user_id and None, event.phone and None
    return _replaced(event, external_user_id=user, phone=phone), taken


def _owner_together(event: _Owner, taken: Taken) -> _Owner:
    user, phone = taken.get("/external_user_id", event.external_user_id), taken.get("/phone", event.phone)
    return _replaced(event, external_user_id=user, phone=phone)


OWNER: Parts[Any] = Parts(
    ("/external_user_id", "/phone"), _always("/external_user_id", "/phone", CARRIED), _owner_apart, _owner_together
)


def _owner_key_apart(event: _Keyed) -> tuple[_Keyed, Taken]:
    return (_replaced(event, owner=NOBODY), {"/owner": event.owner}) if event.owner else (event, {})


def _owner_key_together(event: _Keyed, taken: Taken) -> _Keyed:
    return _replaced(event, owner=taken.get("/owner", event.owner))


OWNER_KEY: Parts[Any] = Parts(("/owner",), _always("/owner", CARRIED), _owner_key_apart, _owner_key_together)


def _owner_record_apart(event: SettingsChanged) -> tuple[SettingsChanged, Taken]:
    record = event.claimed_for
    return (_replaced(event, claimed_for=None), {"/claimed_for": record}) if record else (event, {})


def _owner_record_together(event: SettingsChanged, taken: Taken) -> SettingsChanged:
    return _replaced(event, claimed_for=taken.get("/claimed_for", event.claimed_for))


OWNER_RECORD: Parts[SettingsChanged] = Parts(
    ("/claimed_for",), _always("/claimed_for", CARRIED), _owner_record_apart, _owner_record_together
)
