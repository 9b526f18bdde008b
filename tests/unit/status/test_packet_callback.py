"""States of packets: each state of a link has its word."""

import pytest

from schemas.reasons import Reason
from schemas.reports import ReportStatus
from schemas.values import Channel, Content, Link
from services.status.fold import NextLink, fold
from services.status.message import Message, Report
from services.status.reports import state_of
from services.status.reports.packet_callback import callback_of, status_of
from tests.support.status_events import Story, followed, of_kind


@pytest.mark.parametrize(
    ("report", "word"),
    [
        (None, "ACCEPTED"),
        (Report(ReportStatus.SENT), "SENT"),
        (Report(ReportStatus.DELIVERED), "DELIVERED"),
        (Report(ReportStatus.READ), "READ"),
        (Report(ReportStatus.UNDELIVERED, Reason.EXPIRED.error_code), "EXPIRED"),
        (Report(ReportStatus.UNDELIVERED, Reason.UNROUTED.error_code), "REJECTED"),
        (Report(ReportStatus.UNDELIVERED, Reason.NO_APPLICATION.error_code), "REJECTED"),
        (Report(ReportStatus.UNDELIVERED, Reason.UNKNOWN_PHONE.error_code), "UNDELIVERABLE"),
        (Report(ReportStatus.UNDELIVERED, Reason.PROVIDER_REFUSED.error_code), "UNDELIVERABLE"),
        (Report(ReportStatus.UNDELIVERED, Reason.INTERNAL.error_code), "UNKNOWN"),
    ],
)
def test_each_state_has_its_word(report: Report | None, word: str) -> None:
    assert status_of(report) == word


def test_a_chain_that_goes_on_has_not_failed_and_its_links_are_told_apart() -> None:
    story = Story()
    push = Link(channel=Channel.PUSH, ttl_ms=60_000, application_id="app", content=Content(text="hi"))
    sms = Link(channel=Channel.SMS, ttl_ms=60_000, application_id="app", data="{}")
    chain = (push.replace(awaited="DELIVERED"), sms)
    planned = story.planned("i-1")
    message, follows = followed(story.requested(packet_id=7, chain=chain), planned, story.deadline())
    assert state_of(message)["status"] == "ACCEPTED"
    root = message.request
    assert root is not None
    assert callback_of(message, root, Report(ReportStatus.UNDELIVERED, 7), 99)["type"] == "PUSH"
    (following,) = [follow_up.request for follow_up in of_kind(follows, NextLink)]
    fold(message, following)
    about = {"event_id": "planned/1", "link": 1, "request_id": following.event_id, "targets": ()}
    fold(message, planned.replace(**{**about, "reason": Reason.UNROUTED}))
    last = state_of(message)
    assert (last["status"], last["errorCode"], last["type"], last["packetId"]) == ("REJECTED", 11, "SMS", 7)


def test_a_callback_has_a_code_only_where_the_protocol_wants_one() -> None:
    story = Story()
    message = Message(story.message_id)
    fold(message, story.requested(packet_id=7, partner_ref="mine"))
    assert state_of(message) == {
        "messageId": story.message_id,
        "ts": message.created_at,
        "status": "ACCEPTED",
        "id": "mine",
        "packetId": 7,
    }
    request = message.request
    assert request is not None
    refused = callback_of(message, request, Report(ReportStatus.UNDELIVERED, 20), 99)
    assert (refused["status"], refused["errorCode"], refused["ts"]) == ("UNDELIVERABLE", 20, 99)
    assert "errorCode" not in callback_of(message, request, Report(ReportStatus.UNDELIVERED, 7), 99)
    assert callback_of(message, request, Report(ReportStatus.DELIVERED, 0, 55), 99)["ts"] == 55
