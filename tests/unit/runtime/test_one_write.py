"""What the HTTP server writes, and when: an answer at once, a stream piece by piece."""

import asyncio
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.server import ServerState

from services.runtime.http.one_write import OneWriteProtocol

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


class Transport(asyncio.Transport):
    """Keeps what is written, and the end as None."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes | None] = []

    def write(self, data: Any) -> None:
        self.written.append(data)

    def close(self) -> None:
        self.written.append(None)

    def is_closing(self) -> bool:
        return None in self.written

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...


async def served(app: ASGIApp, *requests: bytes) -> tuple[OneWriteProtocol, Transport]:
    config = uvicorn.Config(app, http=OneWriteProtocol, ws="none", lifespan="off", log_config=None)
    config.load()
    protocol = OneWriteProtocol(config, ServerState(), {}, asyncio.get_running_loop())
    transport = Transport()
    protocol.connection_made(transport)
    for request in requests:
        protocol.data_received(request)
    for _ in range(20):
        await asyncio.sleep(0)
    return protocol, transport


def answering(*parts: bytes, turns: int = 0) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        length = b"%d" % sum(map(len, parts))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
        for place, part in enumerate(parts):
            for _ in range(turns):
                await asyncio.sleep(0)
            await send({"type": "http.response.body", "body": part, "more_body": place + 1 < len(parts)})

    return app


async def test_head_and_body_of_an_answer_are_one_write() -> None:
    _, transport = await served(answering(b"hello"), REQUEST, REQUEST)
    assert len(transport.written) == 2
    for written in transport.written:
        assert written is not None
        assert written.startswith(b"HTTP/1.1 200 OK\r\n")
        assert written.endswith(b"\r\n\r\nhello")


async def test_the_head_of_a_stream_waits_for_no_body_and_the_order_is_kept() -> None:
    _, transport = await served(answering(b"one", b"two", turns=3), REQUEST)
    head, *rest = transport.written
    assert head is not None
    assert head.endswith(b"\r\n\r\n")
    assert rest == [b"one", b"two"]


async def test_what_is_written_goes_out_before_the_connection_is_closed() -> None:
    _, transport = await served(answering(b"bye"), LAST)
    answer, end = transport.written
    assert answer is not None
    assert answer.endswith(b"bye")
    assert end is None


async def test_much_is_not_kept() -> None:
    seen: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await answering(b"x" * 20_000, b"y" * 20_000)(scope, receive, send)
        seen.append(len(transport.written))

    config = uvicorn.Config(app, http=OneWriteProtocol, ws="none", lifespan="off", log_config=None)
    config.load()
    protocol, transport = OneWriteProtocol(config, ServerState(), {}, asyncio.get_running_loop()), Transport()
    protocol.connection_made(transport)
    protocol.data_received(REQUEST)
    for _ in range(20):
        await asyncio.sleep(0)
    assert seen == [2]


async def test_a_request_that_cannot_be_read_is_answered_and_let_go() -> None:
    _, transport = await served(answering(b"x"), b"\x00\x01 nonsense\r\n\r\n")
    answer, end = transport.written
    assert answer is not None
    assert answer.startswith(b"HTTP/1.1 400")
    assert end is None
