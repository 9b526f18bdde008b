"""A message with all that is known of it: a chain of links, their deliveries, the trace. `fold/fold.py` folds it. Pure.

    Message ── Link 0 ── Delivery (one for each installation that events are about)
            │         └─ Request (what the partner asked; the winner's, once `planned` or `scheduled` named it)
            ├─ Link 1 …
            └─ Entry … (the trace)

New fields go to the end of a class and have a default: they are stored by their place (`document.py`), and
`tests/unit/status/message_v1.json` holds bytes that were stored once.

Facts only ever grow: a delivery's state is the maximum over its events, in any order. What depends on the order of the
log (`failed_reason`, `late_confirmation`, `wanted`) is kept apart and decided once. Source: docs/design.md §4.
"""

from dataclasses import dataclass, field
from typing import Literal

from schemas import DeliveryState
from schemas.message_fields import Extras, LinkFields, Origin
from schemas.reasons import Reason
from schemas.reports import ReportStatus
from schemas.values import Channel, Lane

PLANNED, SENT, DELIVERED, READ = (
    DeliveryState.PLANNED,
    DeliveryState.SENT,
    DeliveryState.DELIVERED,
    DeliveryState.READ,
)
"""By themselves, because the look-up of a member in its enumeration costs several times as much."""
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
    """What is kept of a MessageRequested."""

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
    """A link on its way to one installation, or one of its Live Activities. Without `planned` it does not count: the
    plan may not have come yet.
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


@dataclass(slots=True)
class Report:
    """A delivery report."""

    status: ReportStatus
    error_code: int = 0
    done_at: int = 0  # UTC ms; 0 when not delivered
    parts: int = 0  # of an SMS, as reported or planned; 0: unknown


@dataclass(slots=True)
class CascadeDecision:
    """How the chain goes on behind a link; decided once."""

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
class Count:
    """An outcome that was counted, and by which record: `fold/counts.py` has the bits."""

    outcome: int
    target: int  # place among the link's targets; -1: it has none
    at: int
    origin: str  # of the record
    place: int = 0  # among what that record decided
    error_code: int = 0
    sent_after_ms: int | None = None
    delivered_after_ms: int | None = None


@dataclass(slots=True)
class Link:
    """One link of the chain."""

    number: int
    request_id: str = ""  # the winner, once named
    requests: list[Request] = field(default_factory=list)  # candidates; only the winner once it is here
    is_planned: bool = False
    send_at: int = 0
    expires_at: int = 0
    deliveries: dict[str, Delivery] = field(default_factory=dict)  # by `ids.delivery_key_of`
    skipped: list[Skip] = field(default_factory=list)
    plan_reason: Reason | None = None
    expired: bool = False  # its deadline has been read
    fault: bool = False  # a record of it was dead-lettered
    state: DeliveryState = PLANNED
    changes: list[Change] = field(default_factory=list)
    # decided once, in the order of the log
    failed_reason: Reason | None = None
    late_confirmation: bool = (
        False  # a receipt came after it had failed, or after the next link was sent for: double reach
    )
    wanted: Report | None = None  # the highest report that its state called for
    tried: int = -1  # rank of the highest report tried
    reported: int = -1  # as stored: see `taken`
    inbox: dict[str, InboxMark] = field(default_factory=dict)  # by owner
    held_by: str = ""  # the stop that holds it up: scope and id
    cascade_decision: CascadeDecision | None = None  # None while nothing is decided, or nothing follows
    scheduled_at: int = 0  # the hour that it waited for; 0: it was for now
    counts: list[Count] = field(default_factory=list)  # outcomes passed to the statistics
    is_counted: bool = False  # as a link without targets
    ends_chain: bool = False  # its cancellation came too late for it, not for the links behind

    @property
    def request(self) -> Request | None:
        """The winner; the earliest candidate while there is none."""
        won = self.request_id
        for request in self.requests:
            if request.request_id == won:
                return request
        return None if won else min(self.requests, key=lambda request: (request.at, request.request_id), default=None)

    @property
    def taken(self) -> ReportStatus | None:
        """The status of the last report that the partner took."""
        return ReportStatus(self.reported) if self.reported >= 0 else None

    @property
    def targets(self) -> list[Delivery]:
        return [delivery for delivery in self.deliveries.values() if delivery.planned]

    @property
    def believed(self) -> list[Delivery]:
        """The targets that the link's state goes by: those whose owner was proved; all, where none was."""
        return [target for target in self.deliveries.values() if target.planned and target.proved] or self.targets

    @property
    def is_vouched(self) -> bool:
        """Whether its state may end the chain."""
        return not self.deliveries or any(target.planned and target.proved for target in self.deliveries.values())

    @property
    def moved_on(self) -> bool:
        """The link after it has been sent for."""
        return self.cascade_decision is not None and self.cascade_decision.goes_on

    @property
    def is_left(self) -> bool:
        """It had failed and the chain has moved on: no later event changes its state."""
        return self.moved_on and self.state.is_failure

    @property
    def is_open(self) -> bool:
        """True while its deadline still means something."""
        if not self.is_planned or self.expired or self.state.is_failure:
            return False
        if self.state is not DELIVERED and self.state is not READ:
            return True
        request = self.request
        if request is None or request.awaited is None:
            return False
        return not self.is_vouched or (self.state is DELIVERED and request.awaited == "READ")


@dataclass(slots=True)
class Message:
    """`revision` is that of the stored document; 0 for a message that is not stored yet."""

    message_id: str
    partner_id: str = ""
    lane: Lane = "single"
    first_at: int = 0  # of the earliest event that came
    links: dict[int, Link] = field(default_factory=dict)
    trace: bytes = b""  # JSON lines, written by `fold/trace.py`: read by people, hardly ever by the fold
    trace_count: int = 0
    trace_dropped: int = 0
    revision: int = 0
    closed: bool = False  # it had become too large (`fold/close.py`)
    ignored: int = 0  # events that were let go since it was loaded; not stored

    @property
    def request(self) -> Request | None:
        """What the partner asked for: the winner of the first link."""
        first = self.links.get(0)
        return first.request if first is not None else None

    @property
    def is_asked_for(self) -> bool:
        """Whether a request or its plan is known; without either the events may be about a message that never was."""
        links = self.links.values()
        return any(link.requests or link.request_id or link.is_planned or link.fault for link in links)

    @property
    def created_at(self) -> int:
        request = self.request
        return request.at if request is not None else self.first_at

    @property
    def state(self) -> DeliveryState:
        """The maximum over its links, except that it has failed only when all of them have."""
        return highest([link.state for link in self.links.values()])

    @property
    def deadline(self) -> tuple[int, int] | None:
        """When the sweeper has to look, and at which link; None when no deadline means anything."""
        if self.closed:
            return None
        return min([(link.expires_at, link.number) for link in self.links.values() if link.is_open], default=None)

    @property
    def deadline_at(self) -> int | None:
        deadline = self.deadline
        return deadline[0] if deadline is not None else None

    def link_fields(self, number: int) -> LinkFields:
        """For an event of the link of that number."""
        return {"message_id": self.message_id, "partner_id": self.partner_id, "lane": self.lane, "link": number}

    def link(self, number: int) -> Link:
        """The link of that number, made when nothing was known of it."""
        found = self.links.get(number)
        if found is None:
            found = self.links[number] = Link(number)
        return found


def highest(states: list[DeliveryState]) -> DeliveryState:
    """The maximum of the lattice; a failure counts only when all have failed. PLANNED for none."""
    best = furthest_of(states)
    if best.is_failure:
        alive = [state for state in states if not state.is_failure]
        return furthest_of(alive) if alive else best
    return best


def furthest_of(states: list[DeliveryState]) -> DeliveryState:
    """The maximum of the lattice; PLANNED for none."""
    best = PLANNED
    for state in states:
        if state.rank > best.rank:
            best = state
    return best
