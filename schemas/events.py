"""Every event that travels between the services. Frozen, in the past tense, times in UTC milliseconds.

    topic                     events                                                       appended by
    message-requested         MessageRequested, ScheduleDue, CancelRequested               ingest, status, router
    target-resolved.<p>       TargetResolved                                               router, dispatch (a retry),
                                                                                           status (a withdrawal)
    provider-dispatched       ProviderDispatched                                           dispatch
    status-events             Scheduled, Held, CancelRefused, Planned,                     router, registry,
                              RequestRepeated, ReceiptReceived, ProviderTold,              status, any that dead-letters
                              DeadlinePassed, ReportAttempted, ReportMissed,
                              MessageFailed, InboxChanged, ChannelReported, LinkClicked,
                              ReportAsked
    device-events             Installed … TokenRetired (schemas/device_events.py)          registry
    installations             InstallationChanged (compacted)                              registry
    application-events        PartnerChanged … (schemas/application_events.py, compacted)  registry
    audit-events              Audited (schemas/audit_events.py)                            ingest, registry, status
    mailing-events            MailingChanged (schemas/mailing_events.py, compacted)        ingest
    statistic-parts …         StatisticPart … (schemas/statistic_events.py)                 status, statistics
    broadcast-channels        BroadcastChannelChanged (schemas/broadcast_events.py, compacted)   ingest, dispatch
    broadcasts                BroadcastRequested, BroadcastDispatched (the same file)      ingest, dispatch

A change must keep old readers and old records working: add optional fields; never rename, retype or require, nor change
a default, which records leave out.
"""

from typing import Annotated, Any, Literal

import msgspec

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


class Event(Frozen):
    """The fields of every event. `event_id` is computed from the cause, so a replay gives the same one.

    `carried` and `needs` are for releases that run beside each other (`schemas/carried.py`).
    """

    v: int = 1  # the contract of the release that wrote it: `codec.CONTRACT`
    event_id: str
    at: int  # UTC ms; when the event was decided
    needs: int = 0  # the contract that a reader has to know; 0: any will do
    carried: dict[str, Any] | None = None  # by JSON Pointer: what its last reader did not know

    @property
    def type(self) -> str:
        """The name of its type on the wire."""
        return str(self.__struct_config__.tag)


class MessageEvent(Event):
    """An event of one message; the message id is the record's key."""

    message_id: str
    partner_id: str
    lane: Lane = "single"
    link: int = 0

    @property
    def link_fields(self) -> LinkFields:
        """The fields for another event of the same link."""
        return {
            "message_id": self.message_id,
            "partner_id": self.partner_id,
            "lane": self.lane,
            "link": self.link,
        }


class MessageRequested(MessageEvent, tag="message-requested"):
    """A partner asked for a message (link 0), or a cascade reached its next link (link n). `chain[0]` is due."""

    mt_num: str
    partner_ref: str | None = None  # the partner's own id
    recipient: Recipient
    chain: Annotated[tuple[Link, ...], msgspec.Meta(min_length=1)]
    schedule: Schedule | None = None
    reports: ReportRequest = ReportRequest()
    extra_param: str | None = None
    callback_data: str | None = None
    utc_offset_min: int = 180  # the partner's zone, for schedules
    packet_id: int | None = None
    mailing_id: str | None = None
    unknown_fields: tuple[str, ...] | None = None  # of the body, by path: fields that nobody reads
    mailing_line: int | None = None  # of the mailing's list, where the line has an id of its own

    @property
    def origin(self) -> Origin:
        return {"packet_id": self.packet_id, "mailing_id": self.mailing_id}

    @property
    def extras(self) -> Extras:
        return {"extra_param": self.extra_param, "callback_data": self.callback_data}


class ScheduleDue(MessageEvent, tag="schedule-due"):
    """The hour of a scheduled link has come: its claim moves from scheduled to planned."""

    request: MessageRequested


class TargetResolved(MessageEvent, tag="target-resolved"):
    """A delivery to make; again with a higher `attempt` for a retry. It holds no token: dispatch looks it up."""

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
    withdraw: bool = False  # remove this delivery from the device: it was sent, and the chain has moved on
    recipient: Recipient | None = None  # as the partner named it
    packet_id: int | None = None
    mailing_id: str | None = None

    @property
    def record_key(self) -> str:
        """The key of its record: the order of messages for the channel platform does not matter."""
        return self.installation_id if self.channel is None else self.message_id


DispatchOutcome = Literal[
    "accepted",  # the provider has it: SENT
    "retry",  # not taken now; a TargetResolved with attempt + 1 comes at retry_at
    "uncertain",  # may have been taken, must not be sent again: counts as SENT
    "refused",  # REFUSED for good
    "suppressed",  # SUPPRESSED: nobody there to show it to
    "expired",  # EXPIRED before it could be sent
]


class ProviderDispatched(MessageEvent, tag="provider-dispatched"):
    """The outcome of one attempt."""

    delivery_id: str
    installation_id: str
    application_id: str
    provider: Provider
    attempt: int
    outcome: DispatchOutcome
    reason: Reason | None = None  # for the partner; with refused, suppressed, expired
    status: int = 0  # the provider's status; 0 when none came
    detail: str = ""  # in the provider's own words, e.g. Unregistered
    provider_id: str | None = None  # the id the provider answered with
    latency_ms: int = 0  # of the request to the provider
    retry_at: int | None = None
    shortened: bool = False  # the text did not fit; the SDK fetches the whole of it
    dead_token: str | None = None  # digest of a token to retire
    dead_at: int | None = None  # UTC ms; when the provider last knew it to be dead
    worked_under: str | None = None  # accepted: credentials and way that the token was not known to work with yet
    slot: str = ""  # which of the installation's tokens it went to
    withdraw: bool = False  # the outcome of a withdrawal, not of the delivery itself


class PlannedTarget(Frozen):
    """An installation that the link goes to."""

    delivery_id: str
    installation_id: str
    application_id: str
    provider: Provider
    owner: str | None = None  # ids.owner_key_of at planning; empty: nobody was logged in
    slot: str = ""  # which of the installation's tokens; with one, there may be several targets for an installation
    proved: bool = True  # False: its owner is not proved, so its receipts end no cascade
    parts: int | None = None  # of an SMS: how many its text is sent as


class SkippedTarget(Frozen):
    """An installation that was considered and left out."""

    installation_id: str
    provider: Provider | None = None
    reason: Reason


class Scheduled(MessageEvent, tag="scheduled"):
    """A link waits for its window."""

    request_id: str
    send_at: int
    expires_at: int
    zone: str = ""  # of the recipient or the partner, as used


class Planned(MessageEvent, tag="planned"):
    """Who gets a link, and who does not and why. Of several requests, `request_id` is the one that won."""

    request_id: str
    send_at: int
    expires_at: int
    targets: tuple[PlannedTarget, ...] = ()
    skipped: tuple[SkippedTarget, ...] = ()
    reason: Reason | None = None  # why there is no target
    recipient: Recipient | None = None  # as the partner named it; the targets' owners are sealed for it


class Held(MessageEvent, tag="held"):
    """A link waits because its partner, application, packet or mailing is paused (`StopChanged`)."""

    request_id: str
    scope: StopScope
    stop_id: str
    until: int  # UTC ms; EXPIRED if it is still paused then


class CancelRequested(MessageEvent, tag="cancel-requested"):
    """A waiting link is not to be sent any more, nor are the links that follow it in its chain."""

    request_id: str  # the request that won
    by: str  # who asked; see schemas/application_events.py


class CancelRefused(MessageEvent, tag="cancel-refused"):
    """It was too late to cancel the link: it had been planned."""

    ends_chain: bool = False  # nor are the links behind it to go out, unless they have been requested


class RequestRepeated(MessageEvent, tag="request-repeated"):
    """A request with a known id came again and was dropped."""

    request_id: str
    mailing_id: str | None = None  # whose line it was
    mailing_line: int | None = None  # its number; later lines of the mailing have higher ones


ReceiptKind = Literal["delivered", "read", "dismissed", "clicked"]


class ReceiptReceived(MessageEvent, tag="receipt-received"):
    """The SDK reported on a push. `event_id` = (message, installation, kind, action), so repeats are one."""

    installation_id: str
    kind: ReceiptKind
    happened_at: int  # UTC ms by the device's clock
    action: str | None = None  # of the button
    source: Literal["sdk", "provider", "pull"] = "sdk"
    slot: str = ""  # of a Live Activity: which one


class ProviderTold(MessageEvent, tag="provider-told"):
    """A provider's receipt reported something other than "delivered". With `reason` the delivery has failed."""

    installation_id: str
    provider: Provider
    status: int  # the provider's own number
    detail: str = ""
    reason: Reason | None = None
    happened_at: int  # UTC ms, as the provider says


InboxChange = Literal["new", "seen", "deleted"]


class InboxChanged(MessageEvent, tag="inbox-changed"):
    """An owner changed an entry of the in-app history. Of "new" and "seen" the newest wins; "deleted" is for good."""

    owner: str  # ids.owner_key_of, or i/<installation id> when nobody is logged in
    installation_id: str
    change: InboxChange


class ChannelReported(MessageEvent, tag="channel-reported"):
    """The channel platform reported on a delivery. `event_id` = (delivery, status, code), so repeats are one."""

    delivery_id: str
    installation_id: str  # the channel's name
    channel: Channel
    status: ReportStatus
    error_code: int = 0  # of the channels' table
    happened_at: int  # UTC ms, as the platform says; else when its report came
    parts: int | None = None  # how many SMS it was sent as, if the platform says


class DeadlinePassed(MessageEvent, tag="deadline-passed"):
    """The lifetime of a link is over. The sweeper appends it; the fold decides, after every receipt logged earlier."""


class LinkClicked(MessageEvent, tag="link-clicked"):
    """Somebody followed a short link of the message. `event_id` = (code, caller, minute), so two taps are one."""

    ordinal: int  # among the short links of the text, from 0
    by: Literal["person", "robot"] = "person"  # by the caller's user agent; previews of messengers are robots


class ReportAttempted(MessageEvent, tag="report-attempted"):
    """A delivery report was tried at the partner's address."""

    status: ReportStatus
    error_code: int = 0
    attempt: int
    http_status: int = 0  # 0: no answer
    detail: str = ""
    delivered: bool
    next_attempt_at: int | None = None
    latency_ms: int = 0


class ReportMissed(MessageEvent, tag="report-missed"):
    """A report has been due for so long that whoever was to send it is gone. The sweeper appends it; the fold decides,
    after every attempt logged earlier, whether the report is still owed."""


class ReportAsked(MessageEvent, tag="report-asked"):
    """The last report on a link is to be sent again. The fold decides, after every attempt logged earlier, whether
    there is one, and none newer under way. `event_id` = (resend, message, link), so repeats are one."""

    resend_id: str


class MessageFailed(MessageEvent, tag="message-failed"):
    """A record of this message was dead-lettered, so the message ends as failed instead of staying pending."""

    topic: str
    detail: str
    record: str = ""  # the type of the dead-lettered event; empty when it could not be read
