"""Parts of a message: its requests, deliveries, reports, decisions, counts, and the lines of its trace. Pure.

They are stored by their places, as `model.py` says.
"""

from dataclasses import dataclass
from typing import Literal

from schemas import DeliveryState
from schemas.message_fields import Extras, Origin
from schemas.reasons import Reason
from schemas.reports import ReportStatus
from schemas.values import Channel
from services.status.message.states import PLANNED

UNDELIVERED = ReportStatus.UNDELIVERED
MAX_TRACE = 1000
"""Entries of one message: 50 installations with 20 attempts and receipts each. Those beyond are only counted."""
MAX_TRACE_OF_PEOPLE = 300
"""Entries of kinds that the recipient can repeat without end: clicks, changes of the history."""
MAX_CANDIDATES = 10
"""Requests with one id that are kept until the winner is named."""
MAX_DETAIL = 300
What = Literal[
    "requested",
    "schedule-due",
    "repeated",
    "scheduled",
    "held",
    "cancel",
    "planned",
    "attempt",
    "receipt",
    "told",
    "inbox",
    "channel",
    "deadline",
    "onward",
    "report",
    "click",
    "failed",
    "closed",
]
"""Kinds of lines of the trace, as they are stored and shown; `onward`: how the chain goes on."""


@dataclass(slots=True)
class Entry:
    """One line of the trace, for one event. Which fields mean something depends on `what`."""

    event_id: str
    at: int  # UTC ms
    what: What
    link: int = 0
    reason: Reason | None = None
    detail: str = ""
    installation_id: str = ""
    provider: str = ""
    attempt: int = 0
    status: int = 0  # of the provider, or of the report
    latency_ms: int = 0
    late_confirmation: bool = False
    slot: str = ""  # which Live Activity


@dataclass(slots=True)
class Request:
    """The part of a MessageRequested that is kept."""

    request_id: str
    at: int
    mt_num: str
    channel: Channel
    sender: str | None
    text: str
    title: str | None
    awaited: str | None
    partner_ref: str | None
    phone: str | None
    external_user_id: str | None
    extra_param: str | None
    callback_data: str | None
    packet_id: int | None
    mailing_id: str | None
    utc_offset_min: int
    registered_delivery: int
    notify_url: str | None
    chain: str  # JSON of this link and those after it, for the cascade and the inbox
    rest: str = ""  # JSON of the MessageRequested without its chain, where a link may follow

    @property
    def origin(self) -> Origin:
        return {"packet_id": self.packet_id, "mailing_id": self.mailing_id}

    @property
    def extras(self) -> Extras:
        return {"extra_param": self.extra_param, "callback_data": self.callback_data}

    @extras.setter
    def extras(self, extras: Extras) -> None:
        self.extra_param, self.callback_data = extras["extra_param"], extras["callback_data"]


@dataclass(slots=True)
class Delivery:
    """A link on its way to one installation, or to one of its Live Activities.

    Without `planned` it does not count: the plan may not have come yet.
    """

    installation_id: str
    delivery_id: str = ""
    application_id: str = ""
    provider: str = ""
    planned: bool = False
    state: DeliveryState = PLANNED
    reason: Reason | None = None  # of a failure; the furthest of several
    attempts: int = 0
    sent_at: int = 0
    delivered_at: int = 0  # the earliest that was reported
    read_at: int = 0
    owner: str | None = None  # of the installation when it was planned; None: the plan did not name one
    slot: str = ""  # which Live Activity of the installation (`schemas/live.py`)
    counted: int = 0  # outcomes passed to the statistics, as bits of `fold/counts.py`
    parts: int = 0  # of an SMS, by the plan; 0: unknown
    parts_reported: int = 0  # of an SMS, by the channel platform
    outside_lines: int = 0  # events from outside; beyond `bounds.MAX_OUTSIDE_LINES` the trace keeps no more
    proved: bool = True  # when planned; False: the owner was not proved, so its receipts end no cascade

    @property
    def is_never_confirmed(self) -> bool:
        """True for a Live Activity: no phone reports that it has shown a state, so silence is no failure."""
        return bool(self.slot)


@dataclass(slots=True)
class InboxMark:
    """Changes that an owner made to the entry of a link in the in-app history."""

    status: str = ""  # new or seen, the last one; empty: never changed
    status_at: int = 0
    status_id: str = ""  # of the event, for two at the same moment
    deleted_at: int = 0


def inbox_owner(owner_key: str, installation_id: str) -> str:
    """The owner of an entry of the history; an installation without one has its own."""
    return owner_key or f"i/{installation_id}"


@dataclass(slots=True)
class Skip:
    """An installation that was considered and left out."""

    installation_id: str
    provider: str
    reason: Reason


@dataclass(slots=True)
class Change:
    """A state that the link has reached; each at most once."""

    state: DeliveryState
    at: int
    origin: str = ""  # of the record that brought it, or of the first that came after a release without this field


@dataclass(slots=True)
class Report:
    """A delivery report."""

    status: ReportStatus
    error_code: int = 0
    done_at: int = 0  # UTC ms; 0 when not delivered
    parts: int = 0  # of an SMS, as reported or planned; 0: unknown

    def is_asked_for(self, registered_delivery: int) -> bool:
        """registeredDelivery: 0 none, 1 all, 2 only "not delivered"."""
        return registered_delivery == 1 or (registered_delivery == 2 and self.status is UNDELIVERED)


@dataclass(slots=True)
class CascadeDecision:
    """The decision how the chain goes on behind a link; made once."""

    goes_on: bool  # the next link goes out; False: the awaited state has come, or the rest was cancelled
    at: int
    event_id: str  # of the event that brought the decision
    why: str  # the reason of the failure, "not-read", or the state that came, or "cancelled"
    channels: list[str]  # of the links behind

    @property
    def is_cancelled(self) -> bool:
        """The links behind were cancelled: they do not go out, and nothing was saved."""
        return not self.goes_on and self.why == Reason.CANCELLED.value


@dataclass(slots=True)
class Repeats:
    """Lines of a mailing that were dropped because this message has their id."""

    count: int = 0
    line: int = 0  # the furthest that was counted; 0: none has told its number


@dataclass(slots=True)
class Count:
    """A counted outcome and the record that brought it; `fold/counts.py` has the bits."""

    outcome: int
    target: int  # place among the link's targets; -1: it has none
    at: int
    origin: str  # of the record
    place: int = 0  # among what that record decided
    error_code: int = 0
    sent_after_ms: int | None = None
    delivered_after_ms: int | None = None
