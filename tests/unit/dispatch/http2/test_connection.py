"""The HTTP/2 client against a scripted server: limits, GOAWAY, losses, time-outs; one request, one right result."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from h2.errors import ErrorCodes

from services.dispatch.http2 import (
    ConnectError,
    Connection,
    NotProcessed,
    Response,
    Result,
    Unknown,
    engine,
    protocol,
)
from services.dispatch.http2 import connection as http2
from services.runtime.http_client.tls import tls_context
from tests.support.http2_server import Peer, Request, Server, echo, no_complaints, ok, silent, tls
from tests.support.waiting import WAIT_S, eventually


@asynccontextmanager
async def connected(server: Server) -> AsyncIterator[Connection]:
    connection = await Connection.connect(server.url, tls("h2").client, connect_timeout_s=WAIT_S, ping_timeout_s=0.3)
    try:
        yield connection
    finally:
        await connection.close()
        assert connection.in_flight == 0


def push(connection: Connection, name: str = "a", body: bytes = b"{}", timeout_s: float = 3.0) -> asyncio.Task[Result]:
    headers = [(b"authorization", b"bearer x"), (b"apns-id", name.encode())]
    return asyncio.create_task(connection.request(b"POST", f"/3/device/{name}".encode(), headers, body, timeout_s))


async def test_an_answer_comes_with_status_headers_and_body() -> None:
    async with Server(echo).running() as server, connected(server) as connection:
        result = await push(connection, "one", b"hello")
    assert result == Response(200, {"apns-id": "one"}, b"hello")
    assert server.requests[0].headers[":path"] == "/3/device/one"
    assert server.requests[0].headers[":authority"] == f"localhost:{server.port}"


async def test_a_request_without_body_and_an_answer_without_body_are_complete() -> None:
    async with Server(ok).running() as server, connected(server) as connection:
        assert await push(connection, body=b"") == Response(200, {}, b"")


async def test_the_limit_starts_at_one_and_rises() -> None:
    async with Server(silent, limit=1).running() as server, connected(server) as connection:
        assert connection.capacity == 1
        first = push(connection)
        await eventually(lambda: len(server.requests) == 1)
        assert connection.capacity == 0
        assert await push(connection) == NotProcessed("no stream free")
        server.peers[0].limit(1000)
        await eventually(lambda: connection.capacity == 999)
        server.requests[0].answer()
        assert isinstance(await first, Response)


async def test_a_limit_that_falls_below_what_is_open_stops_new_streams_until_it_has_drained() -> None:
    async with Server(silent, limit=20).running() as server, connected(server) as connection:
        calls = [push(connection, str(number)) for number in range(20)]
        await eventually(lambda: len(server.requests) == 20)
        server.peers[0].limit(3)
        for left in range(19, -1, -1):
            server.requests[left].answer()
            await eventually(lambda left=left: connection.in_flight == left)  # type: ignore[misc]
            assert connection.capacity == max(0, 3 - left)
        assert all(isinstance(result, Response) for result in await asyncio.gather(*calls))


async def test_a_peer_that_states_no_limit_gets_ours() -> None:
    async with Server(ok, limit=None).running() as server, connected(server) as connection:
        assert connection.capacity == 1000


async def test_goaway_separates_what_may_still_be_answered_from_what_was_not_processed() -> None:
    async with Server(silent).running() as server, connected(server) as connection:
        calls = [push(connection, str(number)) for number in range(4)]
        await eventually(lambda: len(server.requests) == 4)
        server.peers[0].goaway(server.requests[1].stream_id, b'{"reason":"Shutdown"}')
        assert await asyncio.gather(*calls[2:]) == [NotProcessed("goaway: Shutdown")] * 2
        assert not connection.usable
        assert connection.capacity == 0
        assert connection.in_flight == 2
        assert await push(connection) == NotProcessed("goaway: Shutdown")
        server.requests[0].answer()
        assert await calls[0] == Response(200, {}, b"")
        server.peers[0].drop()
        assert isinstance(await calls[1], Unknown)


async def test_after_goaway_the_last_answer_closes_the_connection() -> None:
    async with Server(silent).running() as server, connected(server) as connection:
        call = push(connection)
        await eventually(lambda: len(server.requests) == 1)
        server.peers[0].goaway(1, b"")
        await eventually(lambda: not connection.usable)
        server.requests[0].answer()
        assert isinstance(await call, Response)
        await eventually(lambda: server.peers[0].is_lost)
        assert connection.reason == "goaway: NO_ERROR"


async def test_a_refused_stream_was_not_processed() -> None:
    server = Server(lambda request: request.reset(ErrorCodes.REFUSED_STREAM))
    async with server.running(), connected(server) as connection:
        assert await push(connection) == NotProcessed("stream refused")
        assert connection.usable


async def test_any_other_reset_leaves_the_outcome_unknown() -> None:
    server = Server(lambda request: request.reset(ErrorCodes.INTERNAL_ERROR))
    async with server.running(), connected(server) as connection:
        assert await push(connection) == Unknown("stream reset: INTERNAL_ERROR")
        assert connection.usable


async def test_a_connection_lost_after_writing_leaves_the_outcome_unknown() -> None:
    server = Server(lambda request: request.peer.drop())
    async with server.running(), connected(server) as connection:
        assert isinstance(await push(connection), Unknown)
        assert not connection.usable


async def test_a_connection_lost_before_writing_means_not_processed() -> None:
    async with Server(ok).running() as server, connected(server) as connection:
        call = push(connection)
        closing = asyncio.create_task(connection.close("key revoked"))
        result, _ = await asyncio.gather(call, closing)
        assert result == NotProcessed("key revoked")
    assert server.requests == []


async def test_a_late_answer_is_a_time_out_and_resets_the_stream_only() -> None:
    server = Server(lambda request: None if request.body == b"slow" else request.answer())
    async with server.running(), connected(server) as connection:
        slow = push(connection, body=b"slow", timeout_s=0.2)
        await eventually(lambda: len(server.requests) == 1)
        assert isinstance(await push(connection), Response)
        assert await slow == Unknown("timed out")
        await eventually(lambda: server.peers[0].resets == [server.requests[0].stream_id])
        assert isinstance(await push(connection), Response)
        assert server.peers[0].pings == 0


async def test_a_connection_that_has_gone_silent_is_given_up() -> None:
    async with Server(ok).running() as server, connected(server) as connection:
        server.is_deaf = True
        assert await push(connection, timeout_s=0.1) == Unknown("timed out")
        assert connection.capacity == 0
        await eventually(lambda: not connection.usable)
        assert connection.reason == "no answer to PING"


async def test_a_slow_peer_that_answers_ping_is_trusted_again() -> None:
    async with Server(silent).running() as server, connected(server) as connection:
        assert await push(connection, timeout_s=0.1) == Unknown("timed out")
        await eventually(lambda: connection.capacity == 1000)
        assert server.peers[0].pings == 1


async def test_an_idle_connection_is_pinged() -> None:
    async with Server(ok).running() as server:
        connection = await Connection.connect(server.url, tls("h2").client, connect_timeout_s=WAIT_S, ping_idle_s=0.1)
        await eventually(lambda: server.peers[0].pings >= 2)
        assert connection.usable
        await connection.close()


async def test_cancelling_a_request_resets_its_stream() -> None:
    async with Server(silent).running() as server, connected(server) as connection:
        call = push(connection)
        await eventually(lambda: len(server.requests) == 1)
        call.cancel()
        await eventually(lambda: server.peers[0].resets == [1])
        assert connection.capacity == 1000


async def test_bodies_larger_than_the_windows_pass_both_ways() -> None:
    body = bytes(range(256)) * 1200  # 300 KiB, the peer's window is 64 KiB
    received: list[Request] = []

    async with Server(received.append).running() as server, connected(server) as connection:
        calls = [push(connection, str(number), body) for number in range(3)]
        await eventually(lambda: len(received) == 3)
        assert all(request.body == body for request in received)
        for request in received:
            request.answer(200, body)
        results = await asyncio.gather(*calls)
    assert all(isinstance(result, Response) and result.body == body for result in results)


async def test_a_body_that_the_peer_does_not_take_times_out_and_harms_nobody() -> None:
    async with Server(ok, opens_window=False).running() as server, connected(server) as connection:
        # Fills a stream's window but leaves room in the connection's, which was widened for it.
        server.peers[0].h2.increment_flow_control_window(1 << 20)
        server.peers[0].flush()
        await push(connection)
        stuck = push(connection, body=b"x" * 100_000, timeout_s=0.3)
        assert isinstance(await push(connection), Response)
        assert await stuck == Unknown("timed out")


async def test_an_answer_before_the_whole_request_counts_and_ends_the_stream() -> None:
    async with Server(ok, opens_window=False).running() as server, connected(server) as connection:
        call = push(connection, body=b"x" * 100_000)
        peer = server.peers[0]
        await eventually(lambda: len(peer.requests) == 1)
        Request(peer, 1, {}).answer(413)
        assert await call == Response(413, {}, b"")
        await eventually(lambda: peer.resets == [1])


async def test_a_request_that_cannot_be_encoded_is_its_callers_error() -> None:
    async with Server(ok).running() as server, connected(server) as connection:
        with pytest.raises(TypeError):
            await connection.request(b"POST", b"/", [(b"apns-id", "text")], b"", 1.0)  # type: ignore[list-item]
        assert isinstance(await push(connection), Response)


async def test_a_peer_that_breaks_the_protocol_ends_the_connection() -> None:
    def nonsense(request: Request) -> None:
        request.peer.transport.write(b"\x00\x00\x01\x06\x00\x00\x00\x00\x00!")  # a PING of one byte

    async with Server(nonsense).running() as server, connected(server) as connection:
        assert isinstance(await push(connection), Unknown)
        assert not connection.usable


async def test_close_lets_what_is_in_flight_finish() -> None:
    async with Server(silent).running() as server, connected(server) as connection:
        answered, unanswered = push(connection), push(connection)
        await eventually(lambda: len(server.requests) == 2)
        closing = asyncio.create_task(connection.close("stopping", drain_s=0.3))
        server.requests[0].answer()
        assert isinstance(await answered, Response)
        assert await unanswered == Unknown("stopping")
        await closing


@pytest.mark.parametrize("drain_s", [0.0, 60.0])
async def test_a_peer_that_never_says_goodbye_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, drain_s: float
) -> None:
    """With nothing in flight, or once what was has been answered: the waits of this test are too long to be sat out."""
    monkeypatch.setattr(http2, "CLOSE_TIMEOUT_S", 60.0)
    monkeypatch.setattr(protocol, "CLOSE_TIMEOUT_S", 60.0)
    async with Server(silent).running() as server:
        connection = await Connection.connect(server.url, tls("h2").client, connect_timeout_s=WAIT_S)
        call = push(connection)
        await eventually(lambda: len(server.requests) == 1)
        if drain_s:
            closing = asyncio.create_task(connection.close("stopping", drain_s))
            await eventually(lambda: not connection.usable)
        server.requests[0].answer()
        server.peers[0].transport.pause_reading()  # from now on it hears nothing, our goodbye neither
        assert isinstance(await call, Response)
        await asyncio.wait_for(closing if drain_s else connection.close(), 30)
        server.peers[0].transport.resume_reading()


async def test_of_an_answer_that_is_too_long_the_beginning_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "MOST_BODY_BYTES", 20_000)
    body = bytes(range(256)) * 300
    async with Server(lambda request: request.answer(500, body)).running() as server, connected(server) as connection:
        assert await push(connection) == Response(500, {}, body[:20_000])


async def test_connecting_to_a_peer_that_hangs_after_the_handshake_times_out() -> None:
    async with Server(ok, is_mute=True).running() as server:
        with pytest.raises(ConnectError, match="timed out"):
            await Connection.connect(server.url, tls("h2").client, connect_timeout_s=0.2)


async def test_connecting_to_a_peer_that_hangs_in_the_handshake_times_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://localhost:{listener.getsockname()[1]}"
        async with no_complaints():
            with pytest.raises(ConnectError, match="timed out"):
                await Connection.connect(url, tls("h2").client, connect_timeout_s=0.2)


async def test_connecting_where_nobody_listens_fails() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ConnectError, match="connect failed"):
        await Connection.connect(f"https://localhost:{port}", tls("h2").client, connect_timeout_s=WAIT_S)


async def test_a_peer_without_http2_is_turned_away() -> None:
    async with Server(ok, alpn="http/1.1").running() as server:
        with pytest.raises(ConnectError):
            await Connection.connect(server.url, tls("http/1.1").client, connect_timeout_s=WAIT_S)


async def test_a_peer_that_greets_with_goaway_is_no_connection() -> None:
    def leave(peer: Peer) -> None:
        peer.goaway(0, b'{"reason":"BadCertificate"}')

    async with Server(ok, greeting=leave).running() as server:
        with pytest.raises(ConnectError, match="BadCertificate"):
            await Connection.connect(server.url, tls("h2").client, connect_timeout_s=WAIT_S)


async def test_an_unknown_certificate_is_refused() -> None:
    async with Server(ok).running() as server:
        with pytest.raises(ConnectError, match="certificate"):
            await Connection.connect(server.url, tls_context("", "h2"), connect_timeout_s=WAIT_S)
