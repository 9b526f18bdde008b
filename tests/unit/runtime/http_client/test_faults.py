"""What the HTTP client makes of servers that answer oddly, late, by halves or not at all."""

import asyncio
import itertools
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from services.runtime.http_client import Answer, Direct, NoAnswer, NotSent, Pool, Result, header_lines, target_of
from services.runtime.http_client.connection import MOST_BODY, Connection
from tests.support.http2_server import no_complaints, tls
from tests.support.raw_server import OK, Peer, RawServer, React, ok, says, silent
from tests.support.waiting import eventually

TIMEOUT_S = 2.0


@asynccontextmanager
async def pooled(limit: int = 10, **options: float) -> AsyncIterator[Pool]:
    pool = Pool(Direct(tls("http/1.1").client), limit=limit, **options)  # type: ignore[arg-type]
    async with no_complaints():
        try:
            yield pool
        finally:
            await pool.close()


async def post(pool: Pool, server: RawServer, body: bytes = b"{}", timeout_s: float = TIMEOUT_S) -> Result:
    return await pool.post(target_of(server.url), b"", body, timeout_s=timeout_s)


async def answered(react: React) -> tuple[Result, Result, RawServer]:
    """What comes of a request that is reacted to so, and of one after it, which is answered as usual."""
    reacts = iter([react])

    async def first_so(peer: Peer, body: bytes) -> None:
        await next(reacts, ok)(peer, body)

    async with RawServer(first_so).running() as server, pooled() as pool:
        return await post(pool, server, b"first"), await post(pool, server, b"second"), server


def gist_of(result: Result) -> tuple[int, bytes] | type:
    return (result.status, result.body) if isinstance(result, Answer) else type(result)


KEEPS = {
    "measured": b"HTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\nabc",
    "in chunks": b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"1\r\na\r\n2\r\nbc\r\n0\r\nTrailer: x\r\n\r\n",
    "after others": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n"
    b"HTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\nabc",
}
CLOSES = {
    "announced": b"HTTP/1.1 201 Created\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc",
    "of HTTP/1.0": b"HTTP/1.0 201 Created\r\nContent-Length: 3\r\n\r\nabc",
    "followed by what nobody asked for": b"HTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\nabc" + OK,
    "followed by garbage": b"HTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\nabc\0\0\0",
}


@pytest.mark.parametrize("name", KEEPS)
async def test_an_answer_is_read_to_its_end_and_the_connection_used_again(name: str) -> None:
    first, second, server = await answered(says(KEEPS[name]))
    assert (gist_of(first), gist_of(second)) == ((201, b"abc"), (200, b"ok"))
    assert len(server.peers) == 1


@pytest.mark.parametrize("name", CLOSES)
async def test_after_anything_odd_another_connection_is_used(name: str) -> None:
    first, second, server = await answered(says(CLOSES[name]))
    assert (gist_of(first), gist_of(second)) == ((201, b"abc"), (200, b"ok"))
    assert [peer.requests for peer in server.peers] == [[b"first"], [b"second"]]


@given(cuts=st.lists(st.integers(1, 150), max_size=6), name=st.sampled_from([*KEEPS]))
def test_an_answer_is_the_same_however_it_is_cut_into_pieces(cuts: list[int], name: str) -> None:
    async def fed() -> Result:
        connection = Connection(lambda freed: None)
        connection.connection_made(_Sink())
        asked = connection.ask(b"")
        places = [0, *sorted(cuts), len(KEEPS[name])]
        for start, end in itertools.pairwise(places):
            connection.data_received(KEEPS[name][start:end])
        return await asked

    assert gist_of(asyncio.run(fed())) == (201, b"abc")


class _Sink(asyncio.Transport):
    def write(self, data: object) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return False

    def abort(self) -> None:
        pass


@pytest.mark.parametrize(
    ("answer", "made"),
    [
        (b"HTTP/1.1 201 Created\r\n\r\nabc", (201, b"abc")),  # its end is the connection's
        (b"HTTP/1.1 201 Created\r\nContent-Length: 10\r\n\r\nabc", (201, b"")),
        (b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc", (201, b"")),
        (b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", (201, b"")),
        (b"HTTP/1.1 201 Created\r\nContent-", NoAnswer),
        (b"HTTP/1.1 100 Continue\r\n\r\n", NoAnswer),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", NoAnswer),
        (b"SSH-2.0-OpenSSH_9.0\r\n", NoAnswer),
        (b"\0" * 100, NoAnswer),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000, NoAnswer),
        (b"", NoAnswer),
    ],
)
async def test_half_an_answer_counts_for_its_status_and_no_status_for_nothing(answer: bytes, made: object) -> None:
    first, second, server = await answered(says(answer, then_end=True))
    assert (gist_of(first), gist_of(second)) == (made, (200, b"ok"))
    assert server.bodies == [b"first", b"second"], "nothing is sent twice"


async def test_of_an_endless_body_the_start_is_read_and_the_connection_left() -> None:
    first, second, server = await answered(says(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 500_000))
    assert gist_of(first) == (200, b"x" * MOST_BODY)
    assert gist_of(second) == (200, b"ok")
    assert len(server.peers) == 2


async def test_a_redirect_is_an_answer_and_not_followed() -> None:
    first, _, server = await answered(
        says(b"HTTP/1.1 307 Moved\r\nLocation: /elsewhere\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n")
    )
    assert isinstance(first, Answer)
    assert (first.status, first.retry_after, first.headers["location"]) == (307, "7", "/elsewhere")
    assert server.bodies == [b"first", b"second"]


async def test_an_answer_that_stays_out_is_none_and_ends_the_connection() -> None:
    async with RawServer(silent).running() as server, pooled() as pool:
        assert await post(pool, server, timeout_s=0.2) == NoAnswer("no answer in time")
        server.react = ok
        assert gist_of(await post(pool, server)) == (200, b"ok")
        assert len(server.peers) == 2


async def test_a_lost_connection_is_no_answer_and_nothing_is_repeated() -> None:
    async def reset(peer: Peer, body: bytes) -> None:
        peer.reset()

    first, second, server = await answered(reset)
    assert (gist_of(first), gist_of(second)) == (NoAnswer, (200, b"ok"))
    assert server.bodies == [b"first", b"second"]


async def test_an_answer_before_the_request_has_left_stands() -> None:
    too_large = says(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
    async with RawServer(too_large, is_hasty=True).running() as server, pooled() as pool:
        assert gist_of(await post(pool, server, b"x" * 20_000_000)) == (413, b"")
        server.react, server.is_hasty = ok, False
        assert gist_of(await post(pool, server)) == (200, b"ok")
        assert len(server.peers) == 2


async def test_a_connection_that_the_server_closed_while_it_was_idle_costs_nothing() -> None:
    async with RawServer().running() as server, pooled() as pool:
        for number in range(3):
            assert gist_of(await post(pool, server)) == (200, b"ok")
            server.peers[-1].end()
            await asyncio.sleep(0.02)
            assert len(server.peers) == number + 1
        assert gist_of(await post(pool, server)) == (200, b"ok")


async def test_an_end_that_lies_unread_when_the_next_request_comes_costs_nothing_either() -> None:
    """The loop was busy: the server's end is in the kernel, and nobody has read it yet."""
    listener = socket.create_server(("127.0.0.1", 0))
    requests = []

    def serve() -> None:
        for _ in range(2):
            taken, _ = listener.accept()
            with taken:
                requests.append(taken.recv(65536))
                taken.sendall(OK)
                time.sleep(0.1)  # and then it ends, while the client's loop sleeps

    thread = threading.Thread(target=serve)
    thread.start()
    url = URL(f"http://127.0.0.1:{listener.getsockname()[1]}/")
    async with pooled() as pool:
        assert gist_of(await pool.post(target_of(url), b"", b"first", timeout_s=TIMEOUT_S)) == (200, b"ok")
        time.sleep(0.3)  # noqa: ASYNC251 — the loop is to be busy
        assert gist_of(await pool.post(target_of(url), b"", b"second", timeout_s=TIMEOUT_S)) == (200, b"ok")
    thread.join()
    listener.close()
    assert [request.rpartition(b"\r\n")[2] for request in requests] == [b"first", b"second"]


async def test_what_comes_while_nobody_asks_is_not_taken_for_the_next_answer() -> None:
    async with RawServer().running() as server, pooled() as pool:
        assert gist_of(await post(pool, server)) == (200, b"ok")
        await server.peers[0].send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
        await asyncio.sleep(0.02)
        assert gist_of(await post(pool, server)) == (200, b"ok")
        assert len(server.peers) == 2


async def test_nothing_is_sent_where_nobody_listens(unused_tcp_port: int) -> None:
    async with pooled() as pool:
        url = URL(f"http://127.0.0.1:{unused_tcp_port}/")
        result = await pool.post(target_of(url), b"", b"", timeout_s=TIMEOUT_S)
        assert result == NotSent("no connection: ConnectionRefusedError")


async def test_nothing_is_sent_to_a_name_that_nobody_knows() -> None:
    async with pooled() as pool:
        result = await pool.post(target_of(URL("http://nobody.invalid/")), b"", b"", timeout_s=TIMEOUT_S)
        assert isinstance(result, NotSent)


async def test_nothing_is_sent_to_a_server_whose_certificate_is_not_trusted() -> None:
    async with RawServer().running(tls("http/1.1").server) as server:
        pool = Pool(Direct(ssl.create_default_context()), limit=1)
        result = await post(pool, server)
        assert isinstance(result, NotSent)
        assert result.detail.startswith("no connection: certificate: unable"), "the trace says why"
        await pool.close()
    assert server.bodies == []


async def test_over_tls_the_same_holds() -> None:
    async with RawServer().running(tls("http/1.1").server) as server, pooled() as pool:
        assert gist_of(await post(pool, server)) == (200, b"ok")
        server.peers[0].end()
        await asyncio.sleep(0.05)
        assert gist_of(await post(pool, server)) == (200, b"ok")
        server.react = silent
        assert gist_of(await post(pool, server, timeout_s=0.2)) is NoAnswer
        assert len(server.peers) == 2


async def test_the_request_is_what_was_given_and_nothing_else() -> None:
    async with RawServer().running() as server, pooled() as pool:
        await pool.post(target_of(server.url), header_lines({"Authorization": "x"}), b"{}", timeout_s=TIMEOUT_S)
        authority = server.url.raw_authority.encode()
        assert server.heads == [
            b"POST /x?y=z HTTP/1.1\r\nHost: " + authority + b"\r\nAuthorization: x\r\nContent-Length: 2\r\n\r\n"
        ]


@pytest.mark.parametrize("value", ["a\r\nHost: b", "a\n", "a\r", "a\0"])
def test_a_header_never_leaves_its_line(value: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        header_lines({"X": value})


async def test_a_closed_client_answers_everybody() -> None:
    async with RawServer(silent).running() as server:
        pool = Pool(Direct(None), limit=1)
        under_way, waiting = (asyncio.create_task(post(pool, server)) for _ in range(2))
        await eventually(lambda: len(server.bodies) == 1)
        await pool.close()
        assert (gist_of(await under_way), await waiting, await post(pool, server)) == (
            NoAnswer,
            NotSent("client closed"),
            NotSent("client closed"),
        )
