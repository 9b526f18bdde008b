"""The pool of HTTP/2 connections: grows on demand, replaces what ends, never storms, waits only so long."""

import asyncio
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest
from h2.errors import ErrorCodes

from services.dispatch.http2 import NotProcessed, Pool, Response, Result, Unknown
from tests.support.http2_server import Request, Server, echo, no_complaints, ok, silent, tls
from tests.support.waiting import eventually


@asynccontextmanager
async def pooled(url: str, size: int = 1, backoff_base_s: float = 0.02, proven_s: float = 10.0) -> AsyncIterator[Pool]:
    pool = Pool(
        url,
        tls("h2").client,
        size=size,
        connect_timeout_s=0.3,
        backoff_base_s=backoff_base_s,
        backoff_cap_s=0.2,
        proven_s=proven_s,
    )
    try:
        yield pool
    finally:
        await pool.close_all("test over")
        assert (pool.in_flight, pool.waiting, pool.connections) == (0, 0, 0)


def push(pool: Pool, name: str = "a", timeout_s: float = 3.0) -> asyncio.Task[Result]:
    return asyncio.create_task(pool.request(b"POST", b"/", [(b"apns-id", name.encode())], name.encode(), timeout_s))


async def test_four_thousand_requests_each_get_their_own_answer_while_the_limit_moves() -> None:
    limits = random.Random(1)

    def answer(request: Request) -> None:
        echo(request)
        if len(server.requests) % 50 == 0:
            request.peer.limit(limits.choice([20, 300, 1000]))

    server = Server(answer, limit=1)
    async with server.running(), pooled(server.url, size=2) as pool:
        names = iter(range(4_000))

        async def worker() -> int:
            count = 0
            for name in names:
                result = await pool.request(b"POST", b"/", [(b"apns-id", b"%d" % name)], b"body %d" % name, 10.0)
                assert result == Response(200, {"apns-id": str(name)}, b"body %d" % name)
                count += 1
            return count

        counts = await asyncio.gather(*(worker() for _ in range(300)))
    assert sum(counts) == len(server.requests) == 4_000
    assert len({request.headers["apns-id"] for request in server.requests}) == 4_000


async def test_before_the_limit_rises_one_request_at_a_time_goes_out() -> None:
    async with Server(silent, limit=1).running() as server, pooled(server.url) as pool:
        calls = [push(pool, str(number)) for number in range(5)]
        for number in range(5):
            await eventually(lambda number=number: len(server.requests) == number + 1)  # type: ignore[misc]
            server.requests[number].answer()
        assert all(isinstance(result, Response) for result in await asyncio.gather(*calls))
        assert server.peers[0].most_open == 1


async def test_connections_are_opened_as_requests_have_to_wait() -> None:
    async with Server(silent, limit=1).running() as server, pooled(server.url, size=3) as pool:
        assert server.peers == []
        push(pool)
        await eventually(lambda: len(server.requests) == 1)
        assert len(server.peers) == 1
        for _ in range(5):
            push(pool)
        await eventually(lambda: len(server.requests) == 3)
        assert (len(server.peers), pool.waiting) == (3, 3)


async def test_waiting_for_a_stream_ends_in_time() -> None:
    async with Server(silent, limit=1).running() as server, pooled(server.url) as pool:
        push(pool)
        await eventually(lambda: len(server.requests) == 1)
        assert await push(pool, timeout_s=0.2) == NotProcessed("no free stream in time: all in use")
        assert pool.waiting == 0


async def test_a_cancelled_waiting_request_is_never_sent() -> None:
    async with Server(silent, limit=1).running() as server, pooled(server.url) as pool:
        push(pool, "first")
        waiting, last = push(pool, "cancelled"), push(pool, "last")
        await eventually(lambda: len(server.requests) == 1)
        waiting.cancel()
        server.requests[0].answer()
        await eventually(lambda: len(server.requests) == 2)
        server.requests[1].answer()
        assert isinstance(await last, Response)
        assert [request.body for request in server.requests] == [b"first", b"last"]


async def test_goaway_moves_new_and_unprocessed_requests_to_a_new_connection_and_drains_the_old() -> None:
    async with Server(silent).running() as server, pooled(server.url) as pool:
        first, second = push(pool, "first"), push(pool, "second")
        await eventually(lambda: len(server.requests) == 2)
        server.peers[0].goaway(server.requests[0].stream_id, b'{"reason":"Shutdown"}')
        await eventually(lambda: len(server.requests) == 3)
        assert server.requests[2].peer is server.peers[1]
        assert server.requests[2].body == b"second"
        assert not server.peers[0].is_lost
        for number in (0, 2):
            server.requests[number].answer()
        assert [type(result) for result in await asyncio.gather(first, second)] == [Response, Response]
        await eventually(lambda: server.peers[0].is_lost)


async def test_a_refused_request_is_sent_again_but_not_for_ever() -> None:
    def refuse(request: Request) -> None:
        if request.body == b"always" or len(server.requests) == 1:
            request.reset(ErrorCodes.REFUSED_STREAM)
        else:
            request.answer()

    server = Server(refuse)
    async with server.running(), pooled(server.url) as pool:
        assert isinstance(await push(pool, "once"), Response)
        assert await push(pool, "always") == NotProcessed("stream refused")
    assert [request.body for request in server.requests] == [b"once"] * 2 + [b"always"] * 3


async def test_what_may_have_been_processed_is_not_sent_again() -> None:
    server = Server(lambda request: request.peer.drop())
    async with server.running(), pooled(server.url) as pool:
        assert isinstance(await push(pool), Unknown)
    assert len(server.requests) == 1


async def test_a_lost_connection_is_replaced_when_the_next_request_comes() -> None:
    server = Server(ok)
    async with server.running(), pooled(server.url) as pool:
        assert isinstance(await push(pool), Response)
        server.peers[0].drop()
        await eventually(lambda: pool.connections == 0)
        assert isinstance(await push(pool), Response)
    assert len(server.peers) == 2


async def test_requests_wait_through_a_restart() -> None:
    async with Server(ok).running() as before:
        pool = Pool(before.url, tls("h2").client, size=2, connect_timeout_s=0.3, backoff_base_s=0.02, backoff_cap_s=0.2)
        assert isinstance(await push(pool), Response)
    await eventually(lambda: pool.connections == 0)
    calls = [push(pool, str(number)) for number in range(10)]
    await eventually(lambda: pool.failures > 2)
    async with Server(ok, port=before.port).running():
        assert all(isinstance(result, Response) for result in await asyncio.gather(*calls))
        await pool.close_all("test over")


async def test_an_unreachable_origin_is_tried_less_and_less_often_by_one_connection_at_a_time() -> None:
    attempts: list[float] = []
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)

        async def hang_up() -> None:
            while True:
                client, _ = await loop.sock_accept(listener)
                attempts.append(loop.time())
                client.close()

        acceptor = asyncio.create_task(hang_up())
        async with no_complaints(), pooled(f"https://localhost:{listener.getsockname()[1]}", size=4) as pool:
            calls = [push(pool, str(number), timeout_s=1.0) for number in range(50)]
            results = await asyncio.gather(*calls)
        acceptor.cancel()
    assert all(isinstance(result, NotProcessed) and "connect failed" in result.reason for result in results)
    assert 4 <= len(attempts) <= 40  # four at once, then full jitter below 0.04, 0.08, 0.16, 0.2, 0.2 … s
    assert max(later - earlier for earlier, later in pairwise(attempts)) > 0.04


async def test_connections_that_end_soon_count_as_failures_and_those_that_hold_do_not() -> None:
    server = Server(lambda request: request.peer.drop())
    async with server.running(), pooled(server.url, proven_s=0.2) as pool:
        for _ in range(3):
            assert isinstance(await push(pool), Unknown)
        assert pool.failures == 3
        server.on_request = ok
        assert isinstance(await push(pool), Response)
        await eventually(lambda: pool.failures == 0)


async def test_connections_that_are_lost_together_are_one_failure() -> None:
    async with Server(silent, limit=1).running() as server, pooled(server.url, size=4, backoff_base_s=0.01) as pool:
        calls = [push(pool, str(number)) for number in range(4)]
        await eventually(lambda: len(server.requests) == 4)
        for peer in server.peers:
            peer.drop()
        assert all(isinstance(result, Unknown) for result in await asyncio.gather(*calls))
        assert pool.failures == 1


async def test_connects_that_fail_together_are_one_failure(
    unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random, "uniform", lambda least, most: most)
    pool = Pool(f"https://localhost:{unused_tcp_port}", tls("h2").client, size=4, backoff_base_s=60.0)
    calls = [push(pool, str(number)) for number in range(8)]
    await eventually(lambda: pool.failures > 0 and len(pool._opening) == 1)  # the last one waits, the others gave up
    assert pool.failures == 1
    await pool.close_all("test over")
    assert set(await asyncio.gather(*calls)) == {NotProcessed("test over")}


async def test_an_origin_that_cannot_be_reached_is_asked_within_the_time_that_a_request_waits(
    unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random, "uniform", lambda least, most: most)
    pool = Pool(f"https://localhost:{unused_tcp_port}", tls("h2").client)
    for failures, rest_s in ((0, 0.0), (1, 1.0), (2, 2.0), (3, 4.0), (1000, 4.0)):
        pool._unreachable = failures
        assert pool._delay_s() == rest_s
    pool._unreachable, pool._ended_soon = 0, 7
    assert pool._delay_s() == 60.0  # it takes connections, and ends them


async def test_a_connection_after_an_outage_forgets_how_often_it_was_tried() -> None:
    async with Server(ok).running() as server, pooled(server.url) as pool:
        pool._unreachable = 20
        assert isinstance(await push(pool), Response)
        assert pool.failures == 1


async def test_closing_gives_everyone_a_result() -> None:
    async with Server(silent, limit=1).running() as server, pooled(server.url) as pool:
        in_flight, waiting = push(pool), push(pool)
        await eventually(lambda: len(server.requests) == 1)
        await pool.close_all("key revoked")
        assert await in_flight == Unknown("key revoked")
        assert await waiting == NotProcessed("key revoked")
        assert await push(pool) == NotProcessed("key revoked")
        await eventually(lambda: server.peers[0].is_lost)


async def test_closing_while_connecting_leaves_nothing_behind() -> None:
    async with Server(ok, is_mute=True).running() as server, pooled(server.url) as pool:
        waiting = push(pool)
        await eventually(lambda: len(server.peers) == 1)
        await pool.close_all("stopping")
        assert await waiting == NotProcessed("stopping")
        await eventually(lambda: server.peers[0].is_lost)
