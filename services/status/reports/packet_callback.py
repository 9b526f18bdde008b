"""States of a packet's messages in the words of the batch API, for callbacks and answers. Pure.

    nothing yet  ACCEPTED          failed, code 7        EXPIRED
    SENT         SENT              failed, never sent    REJECTED       nothing could go out
    DELIVERED    DELIVERED         failed otherwise      UNDELIVERABLE
    READ         READ (ours)       internal fault, 1     UNKNOWN

A chain has failed when its last link has; until then the answer to a question is ACCEPTED. Each link has its own
callbacks, with its `type`: without it a fallback that is sent would look like a state that goes back.

Source: `docs/partner-api.md` §6.
"""

from typing import Final

from typing_extensions import TypedDict  # the API shows these: pydantic wants this one before Python 3.12

from schemas.reasons import packet_word_of
from schemas.reports import PacketWord, ReportStatus
from services.status.fold import wanted_report
from services.status.message import Message, Report, Request

_WITH_CODE = frozenset({"REJECTED", "UNDELIVERABLE"})
ACCEPTED: Final = "ACCEPTED"


class Callback(TypedDict, total=False):
    """The body posted to callbackUrl; `errorCode` with REJECTED and UNDELIVERABLE only, `id` when it was given.

    `type` (ours): of which link of a cascade.
    """

    messageId: str
    ts: int
    status: str
    errorCode: int
    id: str
    type: str


class State(Callback, total=False):
    """The answer to a question about a message."""

    packetId: int | None


def status_of(report: Report | None) -> PacketWord:
    """The word for a report; ACCEPTED for none."""
    if report is None:
        return ACCEPTED
    is_failure = report.status is ReportStatus.UNDELIVERED
    return packet_word_of(report.error_code) if is_failure else report.status.packet_word


def callback_of(message: Message, request: Request, report: Report, at_ms: int) -> Callback:
    """The callback. `request` is the link's; `at_ms` is when the link reached the state."""
    return _state(message, request, report, report.done_at or at_ms)


def state_of(message: Message) -> State:
    """The state of its best link; of equal ones the last."""
    request = message.request
    packet_id = request.packet_id if request is not None else None
    best = [link for link in message.links.values() if link.state is message.state]
    link = best[-1] if best else None
    report = wanted_report(link) if link is not None else None
    if link is None or report is None:
        return {**_state(message, request, None, message.created_at), "packetId": packet_id}
    at = link.changes[-1].at if link.changes else message.created_at
    return {**_state(message, link.request, report, report.done_at or at), "packetId": packet_id}


def _state(message: Message, request: Request | None, report: Report | None, at_ms: int) -> Callback:
    status = status_of(report)
    body = Callback(messageId=message.message_id, ts=at_ms, status=status)
    if report is not None and status in _WITH_CODE:
        body["errorCode"] = report.error_code
    root = message.request or request
    if root is not None and root.partner_ref is not None:
        body["id"] = root.partner_ref
    if root is not None and root.rest and request is not None and report is not None:
        body["type"] = request.channel.value
    return body
