"""The events of one message, for tests that replay them."""

from collections.abc import Iterable
from typing import Any, TypeVar

from schemas import ids
from schemas.events import (
    CancelRefused,
    DeadlinePassed,
    DispatchOutcome,
    MessageEvent,
    MessageFailed,
    MessageRequested,
    Planned,
    PlannedTarget,
    ProviderDispatched,
    ReceiptKind,
    ReceiptReceived,
    ReportAttempted,
    RequestRepeated,
    Scheduled,
    SkippedTarget,
)
from schemas.providers import Provider
from schemas.reasons import Reason
from schemas.reports import ReportStatus
from schemas.values import Channel, Content, Lane, Link, Recipient, ReportRequest
from services.status.fold import FollowUp, ReportDue, fold
from services.status.message import Message
from tests.support.deliveries import DELIVERIES

_Kind = TypeVar("_Kind")
NOW = 1_800_000_000_000
TTL_MS = 60_000


class Story:
    """Builds the events of one message; event ids name their event, so a test can read them."""

    def __init__(self, message_id: str | None = None, partner_id: str = "bank", lane: Lane = "single") -> None:
        self.message_id = message_id or ids.uuid7()
        self.partner_id, self.lane, self.at = partner_id, lane, NOW

    def _common(self, what: str, at: int | None) -> dict[str, Any]:
        return {
            "event_id": ids.event_id_of(self.message_id, what),
            "at": self.at if at is None else at,
            "message_id": self.message_id,
            "partner_id": self.partner_id,
            "lane": self.lane,
        }

    def requested(self, what: str = "request", at: int | None = None, **changes: Any) -> MessageRequested:
        link = Link(
            channel=Channel.PUSH,
            ttl_ms=TTL_MS,
            sender="Bank",
            application_id="app",
            content=Content(text="hello", title="hi"),
            awaited=changes.pop("awaited", None),
        )
        made = MessageRequested(
            **self._common(what, at),
            mt_num=ids.mt_num_of(self.message_id),
            partner_ref="ref-1",
            recipient=Recipient(phone="72101234567", external_user_id="user"),
            chain=(link,),
            reports=ReportRequest(),
        )
        return made.replace(**changes)

    def planned(
        self,
        *installations: str,
        skipped: dict[str, Reason] | None = None,
        owner: str | None = None,
        slots: tuple[str, ...] = ("",),
        unproved: tuple[str, ...] = (),
        **changes: Any,
    ) -> Planned:
        made = Planned(
            **self._common("planned", None),
            request_id=ids.event_id_of(self.message_id, "request"),
            send_at=self.at,
            expires_at=self.at + TTL_MS,
            targets=tuple(
                PlannedTarget(
                    delivery_id=DELIVERIES.of(self.message_id, 0, installation_id, slot),
                    installation_id=installation_id,
                    application_id="app",
                    provider=Provider.APNS,
                    owner=owner,
                    slot=slot,
                    proved=installation_id not in unproved,
                )
                for installation_id in installations
                for slot in slots
            ),
            skipped=tuple(
                SkippedTarget(installation_id=skipped_id, reason=why) for skipped_id, why in (skipped or {}).items()
            ),
        )
        return made.replace(**changes)

    def dispatched(
        self,
        installation_id: str = "i-1",
        outcome: DispatchOutcome = "accepted",
        attempt: int = 1,
        reason: Reason | None = None,
        at: int | None = None,
        detail: str = "",
    ) -> ProviderDispatched:
        return ProviderDispatched(
            **self._common(f"dispatched/{installation_id}/{attempt}/{outcome}/{reason}", at),
            delivery_id=DELIVERIES.of(self.message_id, 0, installation_id),
            installation_id=installation_id,
            application_id="app",
            provider=Provider.APNS,
            attempt=attempt,
            outcome=outcome,
            reason=reason,
            status=200 if outcome == "accepted" else 410,
            detail=detail,
            latency_ms=12,
        )

    def receipt(
        self, installation_id: str = "i-1", kind: ReceiptKind = "delivered", at: int | None = None
    ) -> ReceiptReceived:
        return ReceiptReceived(
            **self._common(f"receipt/{installation_id}/{kind}", at),
            installation_id=installation_id,
            kind=kind,
            happened_at=(self.at if at is None else at) - 10,
        )

    def deadline(self) -> DeadlinePassed:
        return DeadlinePassed(**self._common("deadline/0", self.at + TTL_MS))

    def failed(self, at: int | None = None) -> MessageFailed:
        return MessageFailed(**self._common("failed", at), topic="message-requested", detail="d")

    def scheduled(self, send_at: int) -> Scheduled:
        request_id = ids.event_id_of(self.message_id, "request")
        return Scheduled(
            **self._common("scheduled", None), request_id=request_id, send_at=send_at, expires_at=send_at + TTL_MS
        )

    def cancel_refused(self, ends_chain: bool = True) -> CancelRefused:
        """The router's answer to a cancellation that came too late for a link."""
        return CancelRefused(**self._common("cancel-refused", None), ends_chain=ends_chain)

    def repeated(
        self, request: str = "other", mailing_id: str | None = None, line: int | None = None
    ) -> RequestRepeated:
        """A dropped request; `request` is its id, or "request" for the one that was planned."""
        request_id = ids.event_id_of(self.message_id, request) if request == "request" else request
        return RequestRepeated(
            **self._common(f"repeated/{request}", None),
            request_id=request_id,
            mailing_id=mailing_id,
            mailing_line=line,
        )

    def reported(self, status: int, attempt: int = 1, delivered: bool = True, error_code: int = 0) -> ReportAttempted:
        return ReportAttempted(
            **self._common(f"report/{attempt}", None),
            status=ReportStatus(status),
            error_code=error_code,
            attempt=attempt,
            http_status=200 if delivered else 503,
            delivered=delivered,
        )


def replay(*events: MessageEvent) -> Message:
    """The message after these events."""
    return followed(*events)[0]


def followed(*events: MessageEvent) -> tuple[Message, list[FollowUp]]:
    """The message after these events, and everything that followed from them."""
    message, follows = Message(events[0].message_id), []
    for event in events:
        follows += fold(message, event)
    return message, follows


def of_kind(follows: Iterable[FollowUp], *kinds: type[_Kind]) -> list[_Kind]:
    """The follow-ups of these kinds, in their order."""
    return [follow_up for follow_up in follows if isinstance(follow_up, kinds)]


def report_statuses(follows: Iterable[FollowUp]) -> list[int]:
    """The statuses of the reports that are due, in their order."""
    return [due.report.status for due in of_kind(follows, ReportDue)]
