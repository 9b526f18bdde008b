"""One connection serves many callers behind a gateway: whatever a request brings, the next one on it is answered."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn
from fastapi import FastAPI, Request
from pymongo.errors import OperationFailure

from services.runtime.http import server as web
from services.runtime.lists.csv_header import Names
from services.runtime.lists.csv_or_json import Records
from services.runtime.lists.lines import ListFault

NAMES = Names(("to",), {})


def application() -> FastAPI:
    app = FastAPI()
    app.add_middleware(web.BodyLimit, streamed=("/recipients",))
    web.install_problems(app)

    @app.put("/recipients")
    async def upload(request: Request) -> int:
        records, count = Records(NAMES, True), 0
        try:
            async for piece in request.stream():
                count += sum(1 for _ in records.feed(piece))
        except ListFault as fault:
            raise web.Problem(400, str(fault)) from None
        return count

    @app.put("/fault")
    async def fault() -> None:
        raise RuntimeError("nobody expected this")

    @app.put("/refused")
    async def refused() -> None:
        raise OperationFailure("a code that nobody knows", 424242)

    return app


@pytest.fixture
async def port() -> AsyncIterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(application(), http="httptools", loop="none", lifespan="off", log_config=None)
        server = uvicorn.Server(config)
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        serving = asyncio.create_task(server.serve([listening]))
        yield int(listening.getsockname()[1])
        server.should_exit = True
        await serving


async def answer(reader: asyncio.StreamReader) -> int:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = next(int(line.split(":")[1]) for line in head.split("\r\n") if line.lower().startswith("content-length"))
    await reader.readexactly(length)
    return int(head.split(" ")[1])


async def sent(writer: asyncio.StreamWriter, path: str, body: bytes) -> None:
    writer.write(b"PUT %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (path.encode(), len(body)) + body)
    await writer.drain()


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/recipients", b"to;to\r1", 400),
        ("/recipients", b"to;to\n" + b"1\n" * 2_000_000, 400),  # refused long before its end
        ("/recipients", b"PK\x03\x04" + b"x" * 4_000_000, 400),
        ("/recipients", b"to\r1\r", 200),
        ("/nowhere", b"x" * 60_000, 404),
        ("/fault", b"x" * 60_000, 500),
        ("/refused", b"x" * 60_000, 503),
    ],
)
async def test_the_next_request_on_a_connection_is_answered(port: int, path: str, body: bytes, status: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(30):
        await sent(writer, path, body)
        assert await answer(reader) == status
        await sent(writer, "/recipients", b"to\n1\n")
        assert await answer(reader) == 200
    writer.close()
