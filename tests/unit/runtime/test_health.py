"""The listener of /healthz, /readyz and /metrics answers, and those who are slow hold up nobody."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
import uvloop
from structlog.testing import capture_logs

from services.runtime.http import health
from services.runtime.http.health import Answer
from tests.support.waiting import WAIT_S

HOST = "127.0.0.1"
LARGE = b"x" * 8_000_000  # more than fits into the buffers between two sockets


async def fine() -> Answer:
    return Answer(b"ok\n")


async def away() -> Answer:
    return Answer(b"mongo\n", 503)


async def large() -> Answer:
    return Answer(LARGE)


async def broken() -> Answer:
    raise ValueError("a bug")


PAGES = {"/fine": fine, "/away": away, "/broken": broken, "/large": large}


@pytest.fixture
async def port() -> AsyncIterator[int]:
    async with health.listening(HOST, 0, PAGES, within_s=0.5, most=3) as port:
        yield port


async def asked(port: int, line: str, more: str = "") -> bytes:
    """All that is answered until the end."""
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(f"{line} HTTP/1.1\r\nHost: x\r\n\r\n{more}".encode())
    answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize(
    ("line", "status", "body"),
    [
        ("GET /fine", b"200 OK", b"ok\n"),
        ("GET /fine?a=b", b"200 OK", b"ok\n"),
        ("HEAD /fine", b"200 OK", b""),
        ("GET /away", b"503 Service Unavailable", b"mongo\n"),
        ("GET /", b"404 Not Found", b"not found\n"),
        ("POST /fine", b"405 Method Not Allowed", b""),
        ("nonsense", b"404 Not Found", b"not found\n"),
    ],
)
async def test_a_page_is_answered_by_its_path(port: int, line: str, status: bytes, body: bytes) -> None:
    head, _, rest = (await asked(port, line)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 " + status + b"\r\n")
    assert rest == body
    assert b"Connection: close" in head


async def test_the_length_is_that_of_the_whole_body_for_head_too(port: int) -> None:
    assert b"Content-Length: 3\r\n" in await asked(port, "HEAD /fine")


async def test_a_body_is_read_and_let_go(port: int) -> None:
    assert (await asked(port, "GET /fine", "x" * 100_000)).endswith(b"ok\n")


async def test_a_page_that_fails_is_answered_500_and_logged(port: int) -> None:
    with capture_logs() as logs:
        assert b" 500 " in await asked(port, "GET /broken")
    assert [entry["log_level"] for entry in logs] == ["error"]


async def test_a_head_without_end_is_refused(port: int) -> None:
    assert b" 431 " in await asked(port, "GET /" + "x" * 20_000)


async def test_a_large_page_comes_whole(port: int) -> None:
    assert (await asked(port, "GET /large")).endswith(LARGE)


async def test_who_asks_or_reads_slowly_holds_up_nobody_and_is_let_go(port: int) -> None:
    async with connected(port) as (silent, _), connected(port) as (reading, writer):
        writer.write(b"GET /large HTTP/1.1\r\n\r\n")
        assert b" 200 " in await asked(port, "GET /fine")
        async with asyncio.timeout(WAIT_S):
            assert await end_of(silent) == 0
            assert await end_of(reading, 0.6) < len(LARGE)


async def test_the_oldest_connection_gives_way() -> None:
    async with (
        health.listening(HOST, 0, PAGES, within_s=3600, most=3) as port,
        connected(port) as (oldest, _),
        connected(port),
        connected(port) as (newest, writer),
    ):
        assert b" 200 " in await asked(port, "GET /fine")
        assert await end_of(oldest) == 0
        writer.write(b"GET /fine HTTP/1.1\r\n\r\n")
        assert (await newest.read()).endswith(b"ok\n")


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """With a small buffer, so that what is not read stays at the server."""
    reader, writer = await asyncio.open_connection(HOST, port, limit=1024)
    yield reader, writer
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


async def end_of(reader: asyncio.StreamReader, after_s: float = 0.0) -> int:
    """How much still comes, when nothing is read before."""
    await asyncio.sleep(after_s)
    try:
        return len(await reader.read())
    except ConnectionResetError:
        return 0


def test_a_page_that_outlives_its_reader_is_no_error() -> None:
    """On the loop of the services: its transport raises on a write after the end, that of asyncio says nothing."""
    errors: list[dict[str, object]] = []
    answers: list[asyncio.Event] = []
    is_second_begun = asyncio.Event()

    async def stubborn() -> Answer:
        here = asyncio.Event()
        answers.append(here)
        if len(answers) == 2:
            is_second_begun.set()
        with suppress(asyncio.CancelledError):  # as a driver that has its answer when it is cancelled
            await asyncio.sleep(30)
        here.set()
        return Answer(b"ok\n")

    async def run() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
        async with health.listening(HOST, 0, {"/": stubborn}, within_s=0.1) as port:
            assert await asked(port, "GET /") == b""
            reader, writer = await asyncio.open_connection(HOST, port)
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            async with asyncio.timeout(WAIT_S):
                await is_second_begun.wait()
                writer.transport.abort()
                for each in answers:
                    await each.wait()
            assert await reader.read() == b""
        gc.collect()

    uvloop.run(run())
    assert errors == []
