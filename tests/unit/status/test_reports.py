"""Delivery reports: their bodies, when they are tried again, and the addresses they may go to."""

import base64
import hmac
from operator import attrgetter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import DeliveryState
from schemas.reasons import Reason
from schemas.reports import ReportStatus
from services.runtime.crypto.master_key import Secrets
from services.runtime.http.outbound_addresses import ForbiddenAddress, checked_url, is_public
from services.runtime.http_client import NotSent
from services.status.fold import ReportDue, body_of
from services.status.message import Report
from services.status.reports.intents import host_of
from services.status.reports.pace import Pace, receiver_breaker, room
from services.status.reports.signed_post import ReportSender, signature_of
from tests.support.requests import PARTNER
from tests.support.status_events import NOW, Story, followed, of_kind, report_statuses

HOUR_MS = 3_600_000
PACE = Pace(first_wait_ms=60_000, give_up_ms=72 * HOUR_MS)
BY_RANK = sorted(ReportStatus, key=attrgetter("rank"))


def body_after(*events: object) -> object:
    message, follows = followed(*events)  # type: ignore[arg-type]
    due = of_kind(follows, ReportDue)[-1]
    assert message.request is not None
    return body_of(due.request, due.report, partner_ref=message.request.partner_ref, submitted_at=message.request.at)


def test_the_report_of_a_delivery_is_exactly_that_of_the_protocol() -> None:
    story = Story()
    request = story.requested()
    assert body_after(request, story.planned("i-1"), story.receipt(at=NOW + 65_010)) == {
        "id": "ref-1",
        "mtNum": request.mt_num,
        "status": 2,
        "type": "PUSH",
        "doneDate": "2027-01-15T11:01:05+0300",
        "submitDate": "2027-01-15T11:00:00+0300",
        "sourceAddr": "Bank",
        "destAddr": "72101234567",
        "text": "hello",
        "partCount": "001",
        "errorCode": "0",
        "trafficType": 2,
    }


def test_the_report_of_a_failure_has_a_code_and_no_date_of_delivery() -> None:
    story = Story()
    body = body_after(story.requested(partner_ref=None), story.planned(reason=Reason.NO_PRIMARY))
    assert isinstance(body, dict)
    assert (body["status"], body["errorCode"], body["doneDate"]) == (5, "21", "")
    assert "id" not in body


def test_a_read_without_an_earlier_delivery_is_one_report() -> None:
    story = Story()
    _, follows = followed(story.requested(), story.planned("i-1"), story.receipt(kind="read"))
    assert report_statuses(follows) == [9]


@pytest.mark.parametrize(("registered_delivery", "statuses"), [(0, []), (1, [0, 5, 2, 9]), (2, [5])])
def test_registered_delivery_selects_the_reports(registered_delivery: int, statuses: list[int]) -> None:
    asked = [status for status in BY_RANK if Report(status).is_asked_for(registered_delivery)]
    assert asked == statuses


def test_ranks_follow_the_lattice_of_states() -> None:
    states = [DeliveryState.SENT, DeliveryState.REFUSED, DeliveryState.DELIVERED, DeliveryState.READ]
    assert [int(status) for status in BY_RANK] == [0, 5, 2, 9]
    assert [state.rank for state in states] == sorted(state.rank for state in states)


@given(st.integers(1, 200), st.floats(0, 1), st.integers(0, 71 * HOUR_MS))
def test_waits_grow_up_to_an_hour_and_never_past_the_end(tries: int, spread: float, age_ms: int) -> None:
    at = PACE.next_at(tries, NOW - age_ms, NOW, spread)
    assert at is not None
    assert NOW < at <= min(NOW + 1.1 * HOUR_MS, NOW - age_ms + PACE.give_up_ms)


def test_the_first_wait_is_the_configured_one_and_the_next_is_double() -> None:
    assert [PACE.next_at(tries, NOW, NOW, 0.5) for tries in (1, 2, 3)] == [NOW + 60_000, NOW + 120_000, NOW + 240_000]


def test_a_report_is_given_up_when_its_time_is_over() -> None:
    assert PACE.next_at(50, NOW - 72 * HOUR_MS, NOW, 0.5) is None


def test_a_breaker_lets_one_report_probe_at_growing_distances() -> None:
    breaker, now_s = receiver_breaker(), 1000.0
    for _ in range(5):
        assert room(breaker, now_s, 0, 64) == 64
        breaker.failed(now_s, 0.0)
    assert room(breaker, now_s, 0, 64) == 0
    assert room(breaker, now_s + 1, 0, 64) == 1
    breaker.begin(now_s + 1)
    assert room(breaker, now_s + 1, 1, 64) == 0
    breaker.failed(now_s + 1, 0.0)
    assert breaker.probe_at == now_s + 3
    assert breaker.succeeded()
    assert room(breaker, now_s + 1.001, 3, 64) == 61
    assert not breaker.succeeded()


def test_failures_that_were_under_way_do_not_lengthen_the_rest() -> None:
    breaker = receiver_breaker()
    for _ in range(64):
        breaker.failed(1000.0, 0.0)
    assert breaker.probe_at == 1001.0


@pytest.mark.parametrize(("before", "signing"), [(None, b"new"), (b"old", b"old")])
async def test_a_report_is_signed_with_the_key_that_the_receiver_knows(before: bytes | None, signing: bytes) -> None:
    pool, secrets = _Posted(), Secrets(base64.b64encode(bytes(32)).decode())
    partner = PARTNER.replace(
        report_key_sealed=secrets.seal(b"new", b"report-key"),
        report_key_before_sealed=None if before is None else secrets.seal(before, b"report-key"),
    )
    await ReportSender(pool, secrets).post("https://bank.example/reports", b"{}", partner, "w-1")  # type: ignore[arg-type]
    (headers,) = pool.headers
    found = dict(line.split(": ", 1) for line in headers.decode().split("\r\n") if line)
    assert found["X-RPNS-Signature"] == f"sha256={signature_of(signing, found['X-RPNS-Timestamp'], b'{}')}"
    assert len(found["webhook-signature"].split(" ")) == (1 if before is None else 2)


class _Posted:
    def __init__(self) -> None:
        self.headers: list[bytes] = []

    async def post(self, target: object, headers: bytes, body: bytes, *, timeout_s: float) -> NotSent:
        self.headers.append(headers)
        return NotSent("no network here")


def test_the_signature_is_over_timestamp_and_body() -> None:
    signed = signature_of(b"key", "1800000000", b'{"status":2}')
    assert signed == hmac.new(b"key", b'1800000000.{"status":2}', "sha256").hexdigest()
    assert signed != signature_of(b"key", "1800000001", b'{"status":2}')
    assert signed != signature_of(b"key", "1800000000", b'{"status":5}')


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fd00::1",
        "fec0::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:0:4136:e378:8000:63bf:80ff:fffe",
        "2002:a9fe:a9fe::1",
        "192.88.99.1",
        "192.0.0.170",
        "198.18.0.1",
        "3fff::1",
        "100::1",
        "2001:db8::1",
        "2001:20::1",
        "5f00::1",
        "::127.0.0.1",
        "::8.8.8.8",
        "64:ff9b:1::808:808",
        "2606:4700:4700::1111%eth0",
        "not an address",
    ],
)
def test_private_addresses_are_known_in_every_wrapping(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    ["ftp://example.com/", "http:///x", "https://user:secret@example.com/", "http://[::1", "x", "http://e:99999/"],
)
def test_only_plain_web_addresses_are_connected_to(url: str) -> None:
    with pytest.raises(ForbiddenAddress):
        checked_url(url)


def test_a_receiver_is_host_and_port() -> None:
    assert host_of("https://example.com/a") == host_of("https://example.com:443/b") == "example.com:443"
    assert host_of("http://[::1") == "invalid"
