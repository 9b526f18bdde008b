"""Every event that travels between the services. Frozen, in the past tense, times in UTC milliseconds.

    topic                     events                                                       appended by
    message-requested         MessageRequested, ScheduleDue, CancelRequested               ingest, status, router
    target-resolved.<p>       TargetResolved                                               router, dispatch (a retry),
                                                                                           status (a withdrawal)
    provider-dispatched       ProviderDispatched                                           dispatch
    status-events             Scheduled, Held, CancelRefused, Planned,                     router, registry,
                              RequestRepeated, ReceiptReceived, ProviderTold,              status, whoever dead-letters
                              DeadlinePassed, ReportAttempted, MessageFailed,
                              InboxChanged, ChannelReported, LinkClicked
    device-events             Installed … TokenRetired (schemas/device_events.py)          registry
    installations             InstallationChanged (compacted)                              registry
    application-events        PartnerChanged … (schemas/application_events.py, compacted)  registry
    mailing-events            MailingChanged (schemas/mailing_events.py, compacted)        ingest
    delivery-counted …        DeliveryCounted … (schemas/statistic_events.py)               status, statistics
    broadcast-channels        BroadcastChannelChanged (schemas/broadcast_events.py, compacted)   ingest, dispatch
    broadcasts                BroadcastRequested, BroadcastDispatched (the same file)      ingest, dispatch

A change must keep old readers and old records working: add optional fields; never rename, retype or require.
"""

from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema

from schemas.message_fields import Extras, LinkFields, Origin
from schemas.providers import Provider
from schemas.reasons import Reason
from schemas.reports import ReportStatus
from schemas.values import (
    Channel,
    ChannelMessage,
    Content,
    Frozen,
    Lane,
    Link,
    Recipient,
    ReportRequest,
    Schedule,
    StopScope,
)

_Status = Annotated[ReportStatus, WithJsonSchema({"enum": list(map(int, ReportStatus)), "type": "integer"})]


class Event(Frozen):
    """What all events have. `event_id` is computed from the cause, so a replay gives the same one."""

    v: int = 1
    event_id: str
    at: int  # UTC ms; when the event was decided


class MessageEvent(Event):
    """An event of one message; the message id is the record's key."""

    message_id: str
    partner_id: str
    lane: Lane = "single"
    link: int = 0

    @property
    def link_fields(self) -> LinkFields:
        """For another event of the same link."""
        return {
            "message_id": self.message_id,
            "partner_id": self.partner_id,
            "lane": self.lane,
            "link": self.link,
        }


class MessageRequested(MessageEvent):
    """A partner asked for a message (link 0), or a cascade has come to its next link (link n). `chain[0]` is due."""

    type: Literal["message-requested"] = "message-requested"
    mt_num: str
    partner_ref: str | None = None  # the partner's own id
    recipient: Recipient
    chain: tuple[Link, ...] = Field(min_length=1)
    schedule: Schedule | None = None
    reports: ReportRequest = ReportRequest()
    extra_param: str | None = None
    callback_data: str | None = None
    utc_offset_min: int = 180  # the partner's zone, for schedules
    packet_id: int | None = None
    mailing_id: str | None = None
    unknown_fields: tuple[str, ...] | None = None  # of the body, by path: fields that nobody reads

    @property
    def origin(self) -> Origin:
        return {"packet_id": self.packet_id, "mailing_id": self.mailing_id}

    @property
    def extras(self) -> Extras:
        return {"extra_param": self.extra_param, "callback_data": self.callback_data}


class ScheduleDue(MessageEvent):
    """The hour of a scheduled link has come: its claim moves from scheduled to planned."""

    type: Literal["schedule-due"] = "schedule-due"
    request: MessageRequested


class TargetResolved(MessageEvent):
    """One delivery to make; again with a higher `attempt` when a retry is due. Holds no token: dispatch looks it up."""

    type: Literal["target-resolved"] = "target-resolved"
    delivery_id: str
    installation_id: str
    application_id: str
    provider: Provider
    content: Content
    expires_at: int  # UTC ms; nothing is sent after it
    send_by: int | None = None  # UTC ms; the schedule's deadline: not sent by then is EXPIRED
    recipient_mark: str = ""
    attempt: int = 1
    accepted_at: int = 0  # UTC ms; when the partner was answered
    planned_at: int
    slot: str = ""  # which of its tokens (schemas/live.py); empty: the push token
    channel: ChannelMessage | None = None  # for the channel platform; `installation_id` is the channel's name then
    withdraw: bool = False  # take the delivery of that id off the device: it was sent and the chain has moved on
    recipient: Recipient | None = None  # whom the partner named
    packet_id: int | None = None
    mailing_id: str | None = None

    @property
    def record_key(self) -> str:
        """The key of its record: nothing hangs on the order of what goes to the channel platform."""
        return self.installation_id if self.channel is None else self.message_id


DispatchOutcome = Literal[
    "accepted",  # the provider has it: SENT
    "retry",  # not taken now; a TargetResolved with attempt + 1 comes at retry_at
    "uncertain",  # may have been taken, must not be sent again: counts as SENT
    "refused",  # REFUSED for good
    "suppressed",  # SUPPRESSED: nobody there to show it to
    "expired",  # EXPIRED before it could be sent
]


class ProviderDispatched(MessageEvent):
    """What became of one attempt."""

    type: Literal["provider-dispatched"] = "provider-dispatched"
    delivery_id: str
    installation_id: str
    application_id: str
    provider: Provider
    attempt: int
    outcome: DispatchOutcome
    reason: Reason | None = None  # for the partner; with refused, suppressed, expired
    status: int = 0  # the provider's status; 0 when none came
    detail: str = ""  # the provider's own word, e.g. Unregistered
    provider_id: str | None = None  # the id the provider answered with
    latency_ms: int = 0  # of the request to the provider
    retry_at: int | None = None
    shortened: bool = False  # the text did not fit; the SDK fetches the whole
    dead_token: str | None = None  # digest of a token to retire
    dead_at: int | None = None  # UTC ms; when the provider last knew it to be dead
    worked_under: str | None = None  # accepted: credentials and way under which the token was not known to work yet
    slot: str = ""  # which of the installation's tokens it went to
    withdraw: bool = False  # of a withdrawal: says nothing of the delivery itself


class PlannedTarget(Frozen):
    """An installation that the link goes to."""

    delivery_id: str
    installation_id: str
    application_id: str
    provider: Provider
    owner: str | None = None  # ids.owner_key_of at planning; empty: nobody was logged in
    slot: str = ""  # which of the installation's tokens; with one, there may be several targets for an installation
    proved: bool = True  # False: nobody has vouched for its owner, and what it says of the push ends no cascade
    parts: int | None = None  # of an SMS: how many its text is sent as


class SkippedTarget(Frozen):
    """An installation that was considered and left out."""

    installation_id: str
    provider: Provider | None = None
    reason: Reason


class Scheduled(MessageEvent):
    """A link waits for its hour."""

    type: Literal["scheduled"] = "scheduled"
    request_id: str
    send_at: int
    expires_at: int
    zone: str = ""  # of the recipient or the partner, as used


class Planned(MessageEvent):
    """Who gets a link, and who not and why. `request_id` names the request that won, should there be several."""

    type: Literal["planned"] = "planned"
    request_id: str
    send_at: int
    expires_at: int
    targets: tuple[PlannedTarget, ...] = ()
    skipped: tuple[SkippedTarget, ...] = ()
    reason: Reason | None = None  # why there is no target
    recipient: Recipient | None = None  # whom the partner named; the owners are sealed for them


class Held(MessageEvent):
    """A link waits because its partner, application, packet or mailing is paused (`StopChanged`)."""

    type: Literal["held"] = "held"
    request_id: str
    scope: StopScope
    stop_id: str
    until: int  # UTC ms; still paused by then: EXPIRED


class CancelRequested(MessageEvent):
    """A link that waits for its hour or is held up is not to be sent any more, nor what follows it in its chain."""

    type: Literal["cancel-requested"] = "cancel-requested"
    request_id: str  # the request that won
    by: str  # who asked, as in schemas/application_events.py


class CancelRefused(MessageEvent):
    """It was too late to cancel the link: it had been planned."""

    type: Literal["cancel-refused"] = "cancel-refused"
    ends_chain: bool = False  # the links behind it are not to go out either, unless they have been sent for


class RequestRepeated(MessageEvent):
    """A request with a known id came again and was dropped."""

    type: Literal["request-repeated"] = "request-repeated"
    request_id: str


ReceiptKind = Literal["delivered", "read", "dismissed", "clicked"]


class ReceiptReceived(MessageEvent):
    """The SDK tells what happened to a push. `event_id` = (message, installation, kind, action), so repeats are one."""

    type: Literal["receipt-received"] = "receipt-received"
    installation_id: str
    kind: ReceiptKind
    happened_at: int  # UTC ms by the device's clock
    action: str | None = None  # of the button
    source: Literal["sdk", "provider", "pull"] = "sdk"
    slot: str = ""  # of a Live Activity: which one


class ProviderTold(MessageEvent):
    """A provider's own receipt says something else than "delivered". With `reason` the delivery has failed."""

    type: Literal["provider-told"] = "provider-told"
    installation_id: str
    provider: Provider
    status: int  # as the provider counts
    detail: str = ""
    reason: Reason | None = None
    happened_at: int  # UTC ms, as the provider says


InboxChange = Literal["new", "seen", "deleted"]


class InboxChanged(MessageEvent):
    """An owner changed an entry of the in-app history; the newest word on new or seen wins, deleted is for good."""

    type: Literal["inbox-changed"] = "inbox-changed"
    owner: str  # ids.owner_key_of, or i/<installation id> when nobody is logged in
    installation_id: str
    change: InboxChange


class ChannelReported(MessageEvent):
    """The channel platform tells what became of a delivery. `event_id` = (delivery, status, code): repeats are one."""

    type: Literal["channel-reported"] = "channel-reported"
    delivery_id: str
    installation_id: str  # the channel's name
    channel: Channel
    status: _Status
    error_code: int = 0  # of the channels' table
    happened_at: int  # UTC ms, as the platform says; of its report when it does not
    parts: int | None = None  # how many SMS it was, where the platform says


class DeadlinePassed(MessageEvent):
    """The lifetime of a link is over. A sweeper says so; the fold decides, behind every receipt logged earlier."""

    type: Literal["deadline-passed"] = "deadline-passed"


class LinkClicked(MessageEvent):
    """Somebody followed a short link of the message. `event_id` = (code, caller, minute), so two taps are one."""

    type: Literal["link-clicked"] = "link-clicked"
    ordinal: int  # among the short links of the text, from 0
    by: Literal["person", "robot"] = "person"  # what the caller calls itself; previews of messengers are robots


class ReportAttempted(MessageEvent):
    """A delivery report was tried at the partner's address."""

    type: Literal["report-attempted"] = "report-attempted"
    status: _Status
    error_code: int = 0
    attempt: int
    http_status: int = 0  # 0: no answer
    detail: str = ""
    delivered: bool
    next_attempt_at: int | None = None
    latency_ms: int = 0


class MessageFailed(MessageEvent):
    """A record of this message was dead-lettered; the message ends failed instead of pending for ever."""

    type: Literal["message-failed"] = "message-failed"
    topic: str
    detail: str
    record: str = ""  # the type of the event that was put aside; empty where it could not be read
