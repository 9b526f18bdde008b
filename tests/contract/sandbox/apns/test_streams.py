"""The stream limit at the start, later, and when a client ignores it; bytes that are no request."""

import asyncio
import ssl
from pathlib import Path

import orjson
import pytest
from hyperframe.frame import RstStreamFrame
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from deploy.sandbox.faults.orders import Fault
from deploy.sandbox.tls.authority import server_context
from tests.support.apns_harness import ALERT, CANCEL, PROTOCOL_ERROR, REFUSED_STREAM, TOKEN, Sandbox
from tests.support.frame_client import FrameClient


async def test_one_stream_until_a_provider_token_was_accepted(apns: Sandbox) -> None:
    async with apns.client() as client:
        await client.ping()
        assert client.stream_limit == 1
        await client.request(apns.fields(authorization=None), orjson.dumps(ALERT))
        await client.ping()
        assert client.stream_limit == 1
        await client.request(apns.fields(), orjson.dumps(ALERT))
        await client.ping()
        assert client.stream_limit == 1000


async def test_a_second_stream_before_the_client_has_seen_the_limit_is_refused(apns: Sandbox) -> None:
    apns.faults.order("apns", Fault("slow", delay_ms=50, token=TOKEN))
    async with apns.client() as client:
        first = client.send(apns.fields(), orjson.dumps(ALERT))
        second = client.send(apns.fields("cd" * 32), orjson.dumps(ALERT))
        assert (await client.response(first)).status == 200
        assert client.resets == {second: REFUSED_STREAM}


async def test_a_client_that_knows_the_limit_and_exceeds_it_loses_the_connection(apns: Sandbox) -> None:
    apns.faults.order("apns", Fault("hang", token=TOKEN))
    async with apns.client() as client:
        await client.ping()
        client.send(apns.fields(), orjson.dumps(ALERT))
        client.send(apns.fields("cd" * 32), orjson.dumps(ALERT))
        await client.ended()
        assert client.goaway is not None
        assert client.goaway.error_code == PROTOCOL_ERROR


async def test_the_limits_can_be_switched(apns: Sandbox) -> None:
    apns.faults.switch("apns.first_stream_limit", "50")
    apns.faults.switch("apns.stream_limit", "50")
    async with apns.client() as client:
        await client.request(apns.fields(), orjson.dumps(ALERT))
        await client.ping()
        assert client.stream_limit == 50


async def test_the_limit_can_change_while_requests_run(apns: Sandbox) -> None:
    apns.faults.order("apns", Fault("stream-limit", value=1, token="01"))
    async with apns.client() as client:
        await client.request(apns.fields("00"), orjson.dumps(ALERT))
        await client.request(apns.fields("01"), orjson.dumps(ALERT))
        await client.ping()
        assert client.stream_limit == 1
        apns.server.set_stream_limit(20)
        await client.ping()
        assert client.stream_limit == 20


async def test_fifty_streams_at_once_are_all_answered(apns: Sandbox) -> None:
    async with apns.client() as client:
        await client.request(apns.fields("00"), orjson.dumps(ALERT))
        streams = [client.send(apns.fields(f"{n:04x}"), orjson.dumps(ALERT)) for n in range(50)]
        assert {(await client.response(s)).status for s in streams} == {200}


async def test_a_client_without_h2_is_turned_away(apns: Sandbox) -> None:
    client = await FrameClient.connect(apns.port, apns.ca, alpn=("http/1.1",))
    with pytest.raises(ConnectionError):
        await client.ping()
    await client.close()
    assert not apns.server.connections


async def test_old_tls_is_not_spoken(ca: Path) -> None:
    assert server_context(ca.parent, ("h2",)).minimum_version == ssl.TLSVersion.TLSv1_2


async def test_a_client_that_does_not_speak_http2_is_cut_off_and_others_are_not(apns: Sandbox) -> None:
    async with apns.client() as good:
        async with apns.client() as bad:
            bad.writer.write(b"\x00\x00\x00\xff\xff" * 20)
            with pytest.raises(ConnectionError):
                await bad.response(1)
        assert (await good.request(apns.fields(), orjson.dumps(ALERT))).status == 200


async def test_a_request_that_is_cancelled_in_the_same_breath_harms_no_other(apns: Sandbox) -> None:
    async with apns.client() as client:
        await client.request(apns.fields(), orjson.dumps(ALERT))
        cancelled = client.send(apns.fields(), orjson.dumps(ALERT), then=RstStreamFrame(3, CANCEL))
        assert (await client.request(apns.fields(), orjson.dumps(ALERT))).status == 200
        assert not client.answered(cancelled)


async def test_a_request_may_end_in_trailers(apns: Sandbox) -> None:
    async with apns.client() as client:
        stream_id = client.send(apns.fields(), orjson.dumps(ALERT), trailers=[("x-checksum", "1")])
        assert (await client.response(stream_id)).status == 200
    assert [r.payload for r in apns.inbox.by_token("apns", TOKEN)] == [ALERT]


header_value = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x17F, exclude_categories=["Cc"]))


async def test_no_header_or_body_goes_unanswered(apns: Sandbox) -> None:
    loop = asyncio.get_running_loop()
    async with apns.client() as client:
        await client.request(apns.fields(), orjson.dumps(ALERT))

        @hypothesis_settings(max_examples=60, deadline=None, database=None)
        @given(
            name=st.sampled_from(
                ["apns_id", "apns_topic", "apns_push_type", "apns_priority", "apns_collapse_id", "authorization"]
            ),
            value=header_value,
            body=st.binary(max_size=200),
        )
        def ask(name: str, value: str, body: bytes) -> None:
            request = client.request(apns.fields(**{name: value}), body)
            answer = asyncio.run_coroutine_threadsafe(request, loop).result(10)
            assert 400 <= answer.status < 500
            assert answer.reason

        await asyncio.to_thread(ask)
