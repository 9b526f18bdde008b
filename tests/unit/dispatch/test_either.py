"""HTTP/2 or HTTP/1.1, as the server offers: the same answers, and the same line between sent and not sent."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from h2.errors import ErrorCodes
from yarl import URL

from services.dispatch.provider import Retry, Uncertain
from services.dispatch.providers.http import client, either
from services.dispatch.providers.http.either import EitherClient
from services.runtime.http_client import Answer, header_lines
from tests.support.http2_server import Request, Server, echo, ok, silent, tls
from tests.support.raw_server import RawServer
from tests.support.waiting import eventually

HEADERS = header_lines({"Authorization": "Bearer x", "Content-Type": "application/json"})


@pytest.fixture(autouse=True)
def trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients trust the servers of these tests."""

    def context(ca_file: str, *protocols: str) -> ssl.SSLContext:
        made = tls("h2").client if protocols == ("h2",) else ssl.create_default_context()
        if protocols != ("h2",):
            made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
            made.set_alpn_protocols(protocols or ("http/1.1",))
        return made

    monkeypatch.setattr(either, "tls_context", context)
    monkeypatch.setattr(client, "tls_context", context)


@asynccontextmanager
async def to(url: str) -> AsyncIterator[EitherClient]:
    made = EitherClient(URL(url), "", 10)
    try:
        yield made
    finally:
        await made.close()


async def test_a_server_that_offers_http2_gets_it() -> None:
    def answer(request: Request) -> None:
        request.answer(429, b"slow down", [("retry-after", "7")])

    async with Server(answer).running() as server, to(f"{server.url}/v1/x?y=z") as sender:
        result = await sender.post(HEADERS, b"body")
        assert isinstance(result, Answer)
        assert (result.status, result.body, result.retry_after) == (429, b"slow down", "7")
        (request,) = server.requests
        assert (request.headers[":path"], request.headers["authorization"]) == ("/v1/x?y=z", "Bearer x")
        assert (request.headers["content-type"], request.body) == ("application/json", b"body")


async def test_a_server_that_does_not_gets_http1() -> None:
    async with RawServer().running(tls("http/1.1").server) as server, to(str(server.url)) as sender:
        for _ in range(2):
            assert isinstance(await sender.post(HEADERS, b"body"), Answer)
        assert server.bodies == [b"body", b"body"]


async def test_without_tls_it_is_http1() -> None:
    async with RawServer().running() as server, to(str(server.url)) as sender:
        assert isinstance(await sender.post(HEADERS, b"body"), Answer)
        assert len(server.peers) == 1


async def test_what_is_spoken_is_asked_once_for_all_who_wait() -> None:
    async with Server(ok).running() as server, to(server.url) as sender:
        results = await asyncio.gather(*(sender.post(HEADERS, b"") for _ in range(50)))
        assert all(isinstance(result, Answer) for result in results)
        assert len(server.peers) <= 1 + either.CONNECTIONS


async def test_a_stream_that_is_refused_was_not_processed_and_goes_out_again() -> None:
    def once(request: Request) -> None:
        request.reset(ErrorCodes.REFUSED_STREAM) if len(server.requests) == 1 else request.answer()

    server = Server(once)
    async with server.running(), to(server.url) as sender:
        assert isinstance(await sender.post(HEADERS, b""), Answer)
    assert len(server.requests) == 2


async def test_a_connection_lost_after_writing_is_uncertain_and_nothing_is_repeated() -> None:
    server = Server(lambda request: request.peer.drop())
    async with server.running(), to(server.url) as sender:
        assert isinstance(await sender.post(HEADERS, b""), Uncertain)
    assert len(server.requests) == 1


async def test_an_answer_that_stays_out_is_uncertain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "ANSWER_TIMEOUT_S", 0.3)
    async with Server(silent).running() as server, to(server.url) as sender:
        assert isinstance(await sender.post(HEADERS, b""), Uncertain)


async def test_where_nobody_listens_nothing_is_sent_and_it_is_asked_again(unused_tcp_port: int) -> None:
    async with to(f"https://localhost:{unused_tcp_port}") as sender:
        assert await sender.post(HEADERS, b"") == Retry("no connection: ConnectionRefusedError", scope="provider")
        server = Server(echo)
        server.port = unused_tcp_port
        async with server.running():
            assert isinstance(await sender.post(HEADERS, b""), Answer)


async def test_a_server_that_no_longer_speaks_http2_gets_http1(
    monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    monkeypatch.setattr(client, "ANSWER_TIMEOUT_S", 0.5)
    server = Server(ok)
    server.port = unused_tcp_port
    async with to(f"https://localhost:{unused_tcp_port}/") as sender:
        async with server.running():
            assert isinstance(await sender.post(HEADERS, b""), Answer)
        old = RawServer()
        async with old.running(tls("h2").server, unused_tcp_port):
            old_context = tls("h2").server
            old_context.set_alpn_protocols(["http/1.1"])
            try:
                results = [await sender.post(HEADERS, b"") for _ in range(5)]
                assert isinstance(results[0], Retry)
                assert isinstance(results[-1], Answer)
            finally:
                old_context.set_alpn_protocols(["h2"])


async def test_a_closed_client_sends_nothing() -> None:
    async with Server(silent).running() as server:
        sender = EitherClient(URL(server.url), "", 10)
        call = asyncio.create_task(sender.post(HEADERS, b"under way"))
        await eventually(lambda: len(server.requests) == 1)
        closing = asyncio.create_task(sender.close())
        server.requests[0].answer()
        assert isinstance(await call, Answer), "what is under way may end"
        await closing
        assert await sender.post(HEADERS, b"late") == Retry("client closed")
