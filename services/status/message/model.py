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

from schemas import DeliveryState
from schemas.message_fields import LinkFields
from schemas.reasons import Reason
from schemas.reports import FINAL, ReportStatus
from schemas.values import Lane
from services.status.message.parts import (
    CascadeDecision,
    Change,
    Count,
    Delivery,
    InboxMark,
    Repeats,
    Report,
    Request,
    Skip,
)
from services.status.message.states import DELIVERED, PLANNED, READ, highest


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
        False  # a receipt came after it had failed, or after the next link was requested: double reach
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
    attempts: int = 0  # of its reports, over all states
    resend: str = ""  # the resend by which its last report is to be sent again; stored only while it is

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
    def reporting(self) -> Request | None:
        """The request to report for: the winner, or the earliest when none can win any more."""
        return self.request if self.request_id or self.fault else None

    def owes(self, settled: int) -> bool:
        """Whether a report is owed: the partner wants it, and none of its rank was tried or `settled`."""
        wanted = self.wanted
        if wanted is None or wanted.status.rank <= max(self.tried, settled) or self.reported in FINAL:
            return False
        request = self.reporting
        return request is not None and wanted.is_asked_for(request.registered_delivery)

    @property
    def targets(self) -> list[Delivery]:
        return [delivery for delivery in self.deliveries.values() if delivery.planned]

    @property
    def deciding_targets(self) -> list[Delivery]:
        """The targets that the link's state goes by: those whose owner was proved; all, where none was."""
        return [target for target in self.deliveries.values() if target.planned and target.proved] or self.targets

    @property
    def is_proved(self) -> bool:
        """Whether its state may end the chain."""
        return not self.deliveries or any(target.planned and target.proved for target in self.deliveries.values())

    @property
    def moved_on(self) -> bool:
        """Whether the link after it has been requested."""
        return self.cascade_decision is not None and self.cascade_decision.goes_on

    @property
    def is_left(self) -> bool:
        """Whether it had failed and the chain has moved on: then no later event changes its state."""
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
        return not self.is_proved or (self.state is DELIVERED and request.awaited == "READ")


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
    repeats: dict[str, Repeats] = field(default_factory=dict)  # lines that were dropped for its id, by mailing
    ignored: int = 0  # events that were let go since it was loaded; not stored
    stored_bytes: int = field(default=0, compare=False)  # of links and trace in its document
    settled: dict[int, int] = field(default_factory=dict, compare=False)
    """By link: up to which rank reports are no concern of the fold any more. The collection `reports` has them, or
    nobody wants them. Stored only as `owed_at` of what is not settled."""

    owed_since: tuple[int, int, int] | None = field(default=None, compare=False)
    """Link and rank of the report that is owed, and since when, as stored."""
    save: object = field(default=None, compare=False)
    """The save that was begun and not answered; None: none was."""

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
        """The time when the sweeper has to look, and the link; None when no deadline means anything."""
        if self.closed:
            return None
        return min([(link.expires_at, link.number) for link in self.links.values() if link.is_open], default=None)

    @property
    def deadline_at(self) -> int | None:
        deadline = self.deadline
        return deadline[0] if deadline is not None else None

    @property
    def owed_link(self) -> int | None:
        """The first link of which a report is owed; None for none."""
        for link in self.links.values():
            if link.wanted is not None and link.owes(self.settled.get(link.number, -1)):
                return link.number
        return None

    def link_fields(self, number: int) -> LinkFields:
        """The fields of an event of the link with that number."""
        return {"message_id": self.message_id, "partner_id": self.partner_id, "lane": self.lane, "link": number}

    def link(self, number: int) -> Link:
        """The link of that number, made when nothing was known of it."""
        found = self.links.get(number)
        if found is None:
            found = self.links[number] = Link(number)
        return found
