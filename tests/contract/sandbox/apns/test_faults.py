"""Every fault strikes as it was ordered, and every reason of the table can be had."""

import asyncio
import time

import orjson
import pytest

from deploy.sandbox.faults.orders import Fault
from tests.support.apns_harness import ALERT, APNS_ID, REFUSED_STREAM, TOKEN, Sandbox, outcome

ALL_REASONS = """
400 BadCollapseId BadDeviceToken BadExpirationDate BadMessageId BadPriority BadTopic DeviceTokenNotForTopic
400 DuplicateHeaders IdleTimeout InvalidPushType MissingDeviceToken MissingTopic PayloadEmpty TopicDisallowed
403 BadCertificate BadCertificateEnvironment BadEnvironmentKeyIdInToken BadEnvironmentKeyInToken
403 ExpiredProviderToken Forbidden InvalidProviderToken MissingProviderToken UnrelatedKeyIdInToken
404 BadPath
405 MethodNotAllowed
410 ExpiredToken Unregistered
413 PayloadTooLarge
429 TooManyProviderTokenUpdates TooManyRequests
500 InternalServerError
503 ServiceUnavailable Shutdown
"""
ROWS = [
    (int(status), reason)
    for status, *reasons in (line.split() for line in ALL_REASONS.strip().splitlines())
    for reason in reasons
]


@pytest.mark.parametrize(("status", "reason"), ROWS)
async def test_every_reason_of_the_table_can_be_ordered_for_a_token(apns: Sandbox, status: int, reason: str) -> None:
    apns.faults.order("apns", Fault("status", reason=reason, token=TOKEN, times=1))
    other = await apns.push(token="cd" * 32)
    struck = await apns.push(apns_id=APNS_ID)
    after = await apns.push()
    assert (other.status, struck.status, struck.reason, after.status) == (200, status, reason, 200)
    assert ("timestamp" in struck.json) is (status == 410)
    assert struck.headers["content-type"] == "application/json"
    assert "retry-after" not in struck.headers


async def test_a_fault_may_be_of_any_status_time_and_retry_after(apns: Sandbox) -> None:
    date = "Wed, 21 Oct 2037 07:28:00 GMT"
    apns.faults.order("apns", Fault("status", 599, "Novelty", retry_after=date, timestamp_ms=7, times=1))
    answer = await apns.push()
    assert (answer.status, answer.json) == (599, {"reason": "Novelty", "timestamp": 7})
    assert answer.headers["retry-after"] == date


async def test_retry_after_can_be_switched_on_for_429_and_503(apns: Sandbox) -> None:
    apns.faults.switch("apns.retry_after_s", "30")
    for reason, expected in (("ServiceUnavailable", "30"), ("TooManyRequests", "30"), ("BadTopic", None)):
        apns.faults.order("apns", Fault("status", reason=reason, times=1))
        assert (await apns.push()).headers.get("retry-after") == expected


async def test_a_slow_answer_is_overtaken_by_others(apns: Sandbox) -> None:
    apns.faults.order("apns", Fault("slow", delay_ms=1_000, token=TOKEN))
    async with apns.client() as client:
        await client.request(apns.fields("cd" * 32), orjson.dumps(ALERT))
        started = time.monotonic()
        slow = client.send(apns.fields(), orjson.dumps(ALERT))
        quick = client.send(apns.fields("cd" * 32), orjson.dumps(ALERT))
        assert (await client.response(quick)).status == 200
        assert not client.answered(slow)
        assert (await client.response(slow)).status == 200
        assert time.monotonic() - started >= 1


async def test_a_hanging_request_holds_up_no_other(apns: Sandbox) -> None:
    apns.faults.order("apns", Fault("hang", token=TOKEN))
    async with apns.client() as client:
        await client.request(apns.fields("cd" * 32), orjson.dumps(ALERT))
        hanging = client.send(apns.fields(), orjson.dumps(ALERT))
        assert (await client.request(apns.fields("cd" * 32), orjson.dumps(ALERT))).status == 200
        await client.ping()
        assert not client.answered(hanging)
        assert apns.inbox.by_token("apns", TOKEN) == []


async def test_a_refused_stream_was_not_processed(apns: Sandbox) -> None:
    apns.faults.order("apns", Fault("refused-stream", times=1))
    async with apns.client() as client:
        refused = client.send(apns.fields(), orjson.dumps(ALERT))
        await client.ping()
        assert client.resets == {refused: REFUSED_STREAM}
        assert apns.inbox.all() == []
        assert (await client.request(apns.fields(), orjson.dumps(ALERT))).status == 200


async def test_a_reset_ends_the_connection_by_rst_before_processing(apns: Sandbox) -> None:
    apns.faults.order("apns", Fault("reset", times=1))
    async with apns.client() as client:
        await client.ping()
        client.send(apns.fields(), orjson.dumps(ALERT))
        with pytest.raises(ConnectionResetError):
            await client.ended()
    assert apns.inbox.all() == []


async def test_a_connection_dropped_after_the_write_has_processed_the_push(apns: Sandbox) -> None:
    apns.faults.order("apns", Fault("drop-after-write", times=1))
    async with apns.client() as client:
        stream_id = client.send(apns.fields(), orjson.dumps(ALERT))
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await client.response(stream_id)
    assert len(apns.inbox.by_token("apns", TOKEN)) == 1


async def test_after_goaway_earlier_streams_are_answered_and_later_ones_never_processed(
    apns: Sandbox,
) -> None:
    apns.faults.order("apns", Fault("slow", delay_ms=100, token="01"))
    apns.faults.order("apns", Fault("goaway", reason="ServiceUnavailable", token="02"))
    async with apns.client() as client:
        await client.request(apns.fields("00"), orjson.dumps(ALERT))
        earlier, struck, later = (client.send(apns.fields(t), orjson.dumps(ALERT)) for t in ("01", "02", "03"))
        assert (await client.response(earlier)).status == 200
        assert client.goaway is not None
        assert client.goaway.last_stream_id == earlier
        assert orjson.loads(client.goaway.additional_data) == {"reason": "ServiceUnavailable"}
        await client.ended()
        assert not client.answered(struck)
        assert not client.answered(later)
    assert [r.token for r in apns.inbox.all()] == ["00", "01"]


async def test_the_last_stream_of_a_goaway_can_be_chosen(apns: Sandbox) -> None:
    apns.faults.order("apns", Fault("goaway", reason="Shutdown", token="01", value=5))
    async with apns.client() as client:
        await client.request(apns.fields("00"), orjson.dumps(ALERT))
        struck, promised, beyond = (client.send(apns.fields(t), orjson.dumps(ALERT)) for t in ("01", "02", "03"))
        assert (struck, promised) == (3, 5)
        assert (await client.response(struck)).status == 200
        assert (await client.response(promised)).status == 200
        await client.ended()
        assert client.goaway is not None
        assert client.goaway.last_stream_id == 5
        assert not client.answered(beyond)


async def test_goaway_can_come_after_the_answer(apns: Sandbox) -> None:
    apns.faults.order("apns", Fault("goaway-after", reason="Shutdown", times=1))
    async with apns.client() as client:
        assert (await client.request(apns.fields(), orjson.dumps(ALERT))).status == 200
        await client.ended()
        assert client.goaway is not None
        assert client.goaway.last_stream_id == 1


async def test_a_stopping_server_says_goaway_with_reason_shutdown(apns: Sandbox) -> None:
    async with apns.client() as client:
        await client.request(apns.fields(), orjson.dumps(ALERT))
        stopping = asyncio.create_task(apns.server.stop())
        await client.ended()
        await stopping
        assert client.goaway is not None
        assert orjson.loads(client.goaway.additional_data) == {"reason": "Shutdown"}


async def test_an_unknown_kind_of_fault_is_told(apns: Sandbox) -> None:
    apns.faults.order("apns", Fault("earthquake", times=1))
    answer = await apns.push()
    assert outcome(answer) == "500 InternalServerError"
    assert "earthquake" in answer.headers["sandbox-detail"]
