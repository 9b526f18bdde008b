"""The sandbox's own HTTP/1.1 server: what goes over the wire when a request is odd or a fault is ordered."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from deploy.sandbox.faults.apply_fault import strike
from deploy.sandbox.faults.orders import Fault
from deploy.sandbox.http.connection import MAX_BODY_BYTES
from deploy.sandbox.http.messages import Answer, Request
from deploy.sandbox.http.server import HttpServer
from deploy.sandbox.tls.authority import ensure_certificates, server_context
from tests.support.waiting import WAIT_S


class Echo(HttpServer):
    """Answers method, path and body; `fault` strikes every request."""

    fault: Fault | None = None

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        super().__init__(tls)
        self.asked = asyncio.Event()

    def answer(self, request: Request) -> Answer:
        self.asked.set()
        body = f"{request.method} {request.path} {len(request.body)}".encode()
        answer = Answer(200, body, content_type="text/plain")
        return answer if self.fault is None else strike(self.fault, answer)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("tls")
    ensure_certificates(directory)
    return directory


@pytest.fixture(params=["plain", "tls"])
async def server(request: pytest.FixtureRequest, certificates: Path) -> AsyncIterator[tuple[Echo, str]]:
    secure = request.param == "tls"
    echo = Echo(server_context(certificates, ("http/1.1",)) if secure else None)
    port = await echo.start()
    yield echo, f"{'https' if secure else 'http'}://127.0.0.1:{port}"
    await echo.stop()


@pytest.fixture
async def session(certificates: Path) -> AsyncIterator[aiohttp.ClientSession]:
    tls = ssl.create_default_context(cafile=str(certificates / "ca.pem"))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls)) as session:
        yield session


async def _raw(url: str, certificates: Path, *chunks: bytes) -> bytes:
    """Everything that the server says to these bytes until it closes the connection."""
    secure, port = url.startswith("https"), int(url.rpartition(":")[2])
    tls = ssl.create_default_context(cafile=str(certificates / "ca.pem")) if secure else None
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
    try:
        for chunk in chunks:
            writer.write(chunk)
            await writer.drain()
        return await asyncio.wait_for(reader.read(), 5)
    finally:
        writer.close()
        await writer.wait_closed()


async def test_bodies_of_every_size_and_framing_arrive_whole(
    server: tuple[Echo, str], session: aiohttp.ClientSession
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b"x" * 1000

    for body, size in ((b"", 0), (b"x" * 300_000, 300_000), (chunks(), 10_000)):
        async with session.post(f"{server[1]}/p?q=1", data=body) as response:
            assert await response.text() == f"POST /p {size}"


async def test_an_expected_continue_is_given(server: tuple[Echo, str], session: aiohttp.ClientSession) -> None:
    async with session.post(server[1], data=b"abc", expect100=True) as response:
        assert await response.text() == "POST / 3"


async def test_pipelined_requests_are_answered_in_order(server: tuple[Echo, str], certificates: Path) -> None:
    server[0].fault = Fault("slow", delay_ms=10)
    requests = b"".join(b"GET /%d HTTP/1.1\r\n\r\n" % n for n in range(5))
    last = b"GET /last HTTP/1.1\r\nConnection: close\r\n\r\n"
    answered = await _raw(server[1], certificates, requests + last)
    positions = [answered.index(b"GET /%d " % n) for n in range(5)]
    assert positions == sorted(positions)
    assert answered.endswith(b"GET /last 0")


async def test_a_head_request_gets_no_body(server: tuple[Echo, str], certificates: Path) -> None:
    answered = await _raw(server[1], certificates, b"HEAD / HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert answered.endswith(b"\r\n\r\n")
    assert b"Content-Length: 8" in answered


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 200_000, 431),
        (b"POST / HTTP/1.1\r\nContent-Length: 9000000\r\n\r\n" + b"x" * (MAX_BODY_BYTES + 1), 413),
    ],
)
async def test_what_is_not_http_or_too_much_is_refused(
    server: tuple[Echo, str], certificates: Path, sent: bytes, status: int
) -> None:
    answered = await _raw(server[1], certificates, sent)
    assert answered.startswith(b"HTTP/1.1 %d " % status)


@pytest.mark.parametrize("kind", ["reset", "drop-after-write"])
async def test_a_broken_connection_is_seen_as_one(
    server: tuple[Echo, str], session: aiohttp.ClientSession, kind: str
) -> None:
    server[0].fault = Fault(kind)
    expected = aiohttp.ClientOSError if kind == "reset" else aiohttp.ServerDisconnectedError
    with pytest.raises(expected):
        await session.post(server[1], data=b"x")


async def test_a_hanging_request_is_never_answered_and_does_not_delay_the_end(
    server: tuple[Echo, str], session: aiohttp.ClientSession
) -> None:
    server[0].fault = Fault("hang")
    with pytest.raises(TimeoutError):
        await session.post(server[1], data=b"x", timeout=aiohttp.ClientTimeout(total=0.1))
    server[0].asked.clear()
    hanging = asyncio.create_task(_post(session, server[1]))
    await asyncio.wait_for(server[0].asked.wait(), WAIT_S)
    await asyncio.wait_for(server[0].stop(), WAIT_S)
    with pytest.raises(aiohttp.ClientError):
        await hanging


async def test_a_slow_answer_is_late_and_a_close_comes_after_it(
    server: tuple[Echo, str], certificates: Path, session: aiohttp.ClientSession
) -> None:
    server[0].fault = Fault("slow", delay_ms=60)
    before = time.monotonic()
    assert await _post(session, server[1]) == "POST / 1"
    assert time.monotonic() - before > 0.055
    server[0].fault = Fault("close")
    answered = await _raw(server[1], certificates, b"GET / HTTP/1.1\r\n\r\n")
    assert answered.endswith(b"GET / 0")
    assert b"Connection: close" not in answered


async def test_plain_http_to_the_tls_port_is_refused(certificates: Path) -> None:
    echo = Echo(server_context(certificates, ("http/1.1",)))
    port = await echo.start()
    try:
        assert b"HTTP" not in await _raw(f"http://127.0.0.1:{port}", certificates, b"GET / HTTP/1.1\r\n\r\n")
    finally:
        await echo.stop()


async def _post(session: aiohttp.ClientSession, url: str) -> str:
    async with session.post(url, data=b"x") as response:
        return await response.text()
