"""The channel platform over the wire: every answer, lost answers, the account, and the reports that come back."""

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from deploy.sandbox.channel_platform import server as sandbox_channels
from schemas.reasons import Reason
from schemas.values import Channel, ChannelMessage
from services.dispatch.provider import Accepted, BadCredentials, Push, Rejected, Result, Retry, Sender, Uncertain
from services.dispatch.providers.channel_platform import sender as channel
from services.dispatch.providers.http import client
from tests.support.pushes import push_of
from tests.support.sandbox_http import Bench
from tests.support.senders import opening, sender_of, struck

PHONE = "79161234567"
ANSWERS: dict[str, Result] = {
    "1": Retry("service is unavailable (HTTP 503)", 503),
    "2": Rejected("invalid IP address (HTTP 403)", 403, alert=True, reason=Reason.UNROUTED),
    "3": Retry("too many connections (HTTP 429)", 429, None, "application"),
    "4": Rejected("invalid request (HTTP 400)", 400, reason=Reason.CHANNEL_FAILURE),
    "5": Rejected("invalid login (HTTP 401)", 401, alert=True, reason=Reason.UNROUTED),
    "6": Rejected("invalid password (HTTP 401)", 401, alert=True, reason=Reason.UNROUTED),
    "7": Rejected("serviceNumber is not defined (HTTP 400)", 400, reason=Reason.OPER_INVSRCADDR),
    "8": Rejected("destAddr is not correct (HTTP 406)", 406, reason=Reason.UNKNOWN_SUBSCRIBER),
    "9": Rejected("message type is not correct (HTTP 406)", 406, reason=Reason.TELESERVICE_NOT_PROVISIONED),
    "10": Accepted(None, 409),
    "11": Rejected("invalid TTL (HTTP 406)", 406, reason=Reason.CHANNEL_FAILURE),
    "100": Retry("internal error (HTTP 500)", 500),
}
ANSWERS = {
    code: Retry(result.detail, result.status, None, "application" if code == "3" else "provider")
    if isinstance(result, Retry)
    else result
    for code, result in ANSWERS.items()
}


def account(bench: Bench, **changes: Any) -> dict[str, Any]:
    account = bench.urls["credentials"]["channels"]
    return {**account, "url": bench.urls["channels"], "subnets": ["127.0.0.0/8"], **changes}


@pytest.fixture
async def sender(bench: Bench) -> AsyncIterator[Sender]:
    opened = opening(bench, "channels", account(bench), RPNS_ALLOW_PRIVATE_ADDRESSES="1")
    async with sender_of(channel, opened) as found:
        yield found


def an_sms(**changes: Any) -> Push:
    message = ChannelMessage(channel=Channel.SMS, phone=PHONE, sender="Bank", data='{"text":"hi"}')
    return push_of(channel=message, expires_at=time.time_ns() // 1_000_000 + 90_000, **changes)


def taken(bench: Bench) -> list[Any]:
    return bench.sandbox.channels.to_phone(PHONE)


@pytest.fixture(autouse=True)
def empty(bench: Bench) -> None:
    bench.sandbox.channels.clear()


async def test_a_message_is_taken_under_the_deliverys_id(bench: Bench, sender: Sender) -> None:
    result = await sender.send(an_sms())
    (posted,) = taken(bench)
    assert result == Accepted(posted.mt_num, 200)
    assert (posted.id, posted.type, posted.data["text"]) == (an_sms().delivery_id, "SMS", "hi")
    assert posted.data["serviceNumber"] == "Bank"


@pytest.mark.parametrize("duplicates", ["same", "refused"])
async def test_what_is_posted_twice_is_taken_once(bench: Bench, sender: Sender, duplicates: str) -> None:
    bench.sandbox.faults.switch("channels.duplicates", duplicates)
    assert sender.absorbs_resend(an_sms())
    for _ in range(2):
        assert isinstance(await sender.send(an_sms()), Accepted)
    (posted,) = taken(bench)
    assert posted.repeats == 1


def test_every_answer_that_the_platform_knows_is_tried() -> None:
    assert set(ANSWERS) == sandbox_channels.REASONS


@pytest.mark.parametrize("reason", ANSWERS)
async def test_each_answer_has_its_outcome(bench: Bench, sender: Sender, reason: str) -> None:
    assert await struck(bench, sender, "channels", an_sms(), reason=reason) == ANSWERS[reason]


@pytest.mark.parametrize("wrong", ["login", "password"])
async def test_a_wrong_account_stops_the_sender(bench: Bench, wrong: str) -> None:
    opened = opening(bench, "channels", account(bench, **{wrong: "another"}), RPNS_ALLOW_PRIVATE_ADDRESSES="1")
    async with sender_of(channel, opened) as sender:
        result = await sender.send(an_sms())
    assert isinstance(result, Rejected)
    assert result.alert


@pytest.mark.parametrize("kind", ["drop-after-write", "reset"])
async def test_an_answer_that_is_lost_is_uncertain(bench: Bench, sender: Sender, kind: str) -> None:
    assert isinstance(await struck(bench, sender, "channels", an_sms(), kind=kind), Uncertain)


async def test_an_answer_that_does_not_come_in_time_is_uncertain(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "ANSWER_TIMEOUT_S", 0.3)
    opened = opening(bench, "channels", account(bench), RPNS_ALLOW_PRIVATE_ADDRESSES="1")
    async with sender_of(channel, opened) as sender:
        assert isinstance(await struck(bench, sender, "channels", an_sms(), kind="hang"), Uncertain)


async def test_an_account_in_a_private_network_is_reached_only_where_the_operator_allows_it(bench: Bench) -> None:
    async with sender_of(channel, opening(bench, "channels", account(bench))) as sender:
        result = await sender.send(an_sms())
    assert isinstance(result, Retry)
    assert taken(bench) == []


@pytest.mark.parametrize("broken", [{"url": "ftp://a.example"}, {"login": ""}, {"callback": "a/b"}, {"password": None}])
async def test_an_account_that_cannot_be_used_is_refused(bench: Bench, broken: dict[str, Any]) -> None:
    with pytest.raises(BadCredentials):
        await channel.open_sender(opening(bench, "channels", account(bench, **broken)))
