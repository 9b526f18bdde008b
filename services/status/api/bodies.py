"""Bodies of the API of messages: times in UTC milliseconds, states and reasons by name.

`SHOWN` are the fields of masked answers (`services/runtime/looks/masking.py`): ids, states, reasons and times; what a
trace says in `detail` is in words of ours, or one word of a provider's.
"""

from typing import ClassVar

from pydantic import Field

from schemas.advice import Side
from services.status.http import Answer


class ReasonView(Answer):
    """A reason: its name, the partner protocol's errorCode, and plain words; what it means, for the customer."""

    SHOWN: ClassVar = ("name", "error_code", "words", "meaning", "remedy", "side")
    name: str
    error_code: int
    words: str
    meaning: str = Field(description="what support can tell the customer")
    remedy: str | None = Field(description="what the customer can do; null: nothing")
    side: Side | None = Field(description="on whose side the cause is; null: only a newer release can tell")


class DeliveryView(Answer):
    """A link on its way to one installation."""

    SHOWN: ClassVar = (
        "delivery_id",
        "installation_id",
        "proved",
        "live_activity",
        "application_id",
        "provider",
        "state",
        "reason",
        "attempts",
        "sent_at",
        "delivered_at",
        "read_at",
    )
    delivery_id: str
    installation_id: str
    proved: bool = Field(description="its owner was proved; else its receipts end no cascade")
    live_activity: str | None = Field(description="which: activity/<its id>, or start/<attributes type>")
    application_id: str
    provider: str
    state: str
    reason: ReasonView | None
    attempts: int
    sent_at: int | None
    delivered_at: int | None
    read_at: int | None


class SkippedView(Answer):
    """An installation that was considered and left out."""

    SHOWN: ClassVar = ("installation_id", "provider", "reason")
    installation_id: str
    provider: str | None
    reason: ReasonView


class ChangeView(Answer):
    """A state and when the link reached it."""

    SHOWN: ClassVar = ("state", "at")
    state: str
    at: int


class ReportView(Answer):
    """The report that is due to the partner, and the status that it has taken."""

    SHOWN: ClassVar = ("status", "error_code", "taken")
    status: int
    error_code: int
    taken: int | None


class LinkView(Answer):
    """One link of the chain."""

    SHOWN: ClassVar = (
        "link",
        "channel",
        "sender",
        "state",
        "reason",
        "double_reach",
        "send_at",
        "expires_at",
        "awaited",
        "deliveries",
        "skipped",
        "changes",
        "report",
    )
    link: int
    channel: str | None
    sender: str | None
    state: str
    reason: ReasonView | None
    double_reach: bool
    send_at: int | None
    expires_at: int | None
    awaited: str | None
    deliveries: list[DeliveryView]
    skipped: list[SkippedView]
    changes: list[ChangeView]
    report: ReportView | None


class EntryView(Answer):
    """One line of the trace. `counts` is false for an event from an installation outside the plan."""

    SHOWN: ClassVar = (
        "at",
        "what",
        "words",
        "link",
        "event_id",
        "reason",
        "detail",
        "installation_id",
        "live_activity",
        "provider",
        "attempt",
        "status",
        "status_words",
        "latency_ms",
        "late",
        "counts",
    )
    at: int
    what: str = Field(description="kind of the event; `onward` is a decision on how the chain goes on")
    words: str = Field(description="the same, in words of the answer's language")
    link: int
    event_id: str
    reason: ReasonView | None
    detail: str | None = Field(
        description="what was noted, in the answer's language; a provider's own words as they are"
    )
    installation_id: str | None
    live_activity: str | None
    provider: str | None
    attempt: int | None
    status: int | None
    status_words: str | None = Field(description="of a report to the partner: what its status says")
    latency_ms: int | None
    late: bool
    counts: bool


class ReasonCount(Answer):
    """How many messages have failed for a reason."""

    reason: ReasonView
    messages: int


class MessageSummary(Answer):
    """A message in a list."""

    SHOWN: ClassVar[tuple[str, ...]] = (
        "message_id",
        "mt_num",
        "id",
        "partner_id",
        "lane",
        "state",
        "reason",
        "explanation",
        "channel",
        "sender",
        "created_at",
    )
    message_id: str
    mt_num: str | None
    id: str | None
    partner_id: str
    lane: str
    state: str
    reason: ReasonView | None
    explanation: str
    phone: str | None
    external_user_id: str | None
    channel: str | None
    sender: str | None
    title: str | None
    text: str | None
    created_at: int


class MessageView(MessageSummary):
    """A message with all that is known about it."""

    SHOWN: ClassVar = (
        *MessageSummary.SHOWN,
        *("packet_id", "mailing_id", "registered_delivery", "links", "trace", "trace_dropped", "closed"),
    )
    extra_param: str | None
    callback_data: str | None
    packet_id: int | None
    mailing_id: str | None
    registered_delivery: int | None
    notify_url: str | None
    links: list[LinkView]
    trace: list[EntryView]
    trace_dropped: int
    closed: bool = Field(description="it had become too large: nothing more is kept of it")
