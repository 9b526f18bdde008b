"""Fields that go from one event of a message to the next together; typed, so that mypy checks `Planned(**fields, …)`.

    LinkFields   which message and which link: all events of a message have them   `event.link_fields`
    Origin       what the message is part of                                      `request.origin`
    Extras       what the partner wants back: carried, never decided on           `request.extras`

On the wire they are fields of the event like all others. A field that is only carried is added here and in

    schemas/events.py                    the events that have it
    services/ingest/rules/body.py        the request; services/ingest/rules/message.py hands it to the event
    services/status/message/parts.py     what is kept of a request
    services/status/api/bodies.py        what shows it, and services/status/api/export.py
"""

from typing import TypedDict

from schemas.values import Lane


class LinkFields(TypedDict):
    """A link of a message."""

    message_id: str
    partner_id: str
    lane: Lane
    link: int


class Origin(TypedDict):
    """The packet or the mailing that a message came in."""

    packet_id: int | None
    mailing_id: str | None


class Extras(TypedDict):
    """The partner's own words on a message. They are personal: sealed in the log, and erased with the recipient."""

    extra_param: str | None
    callback_data: str | None


NO_ORIGIN = Origin(packet_id=None, mailing_id=None)
NO_EXTRAS = Extras(extra_param=None, callback_data=None)
