"""A body that does not come is not waited for without end, and one that comes slowly but steadily is."""

import asyncio

from fastapi import FastAPI, Request
from starlette.types import Message, Receive, Scope, Send

from services.runtime.http import server
from services.runtime.http.body_deadline import BodyDeadline

PART = {"type": "http.request", "body": b"{", "more_body": True}
END = {"type": "http.request", "body": b"}", "more_body": False}


class Caller:
    """Sends `parts`, each after a pause, and then nothing more; keeps what is answered."""

    def __init__(self, *parts: Message, pause_s: float = 0.0) -> None:
        self.parts, self.pause_s = list(parts), pause_s
        self.answer: list[Message] = []

    async def receive(self) -> Message:
        if not self.parts:
            await asyncio.Event().wait()
        await asyncio.sleep(self.pause_s)
        return self.parts.pop(0)

    async def send(self, message: Message) -> None:
        self.answer.append(message)

    async def call(self, app: BodyDeadline, path: str = "/send") -> int:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"60000")]
        scope = {"type": "http", "method": "POST", "path": path, "headers": headers, "query_string": b""}
        async with asyncio.timeout(30):
            await app(scope, self.receive, self.send)
        status: int = self.answer[0]["status"]
        return status


def application() -> FastAPI:
    app = FastAPI()
    server.install_problems(app)

    @app.post("/send")
    async def take(body: dict[str, int]) -> int:
        return len(body)

    @app.post("/recipients")
    async def upload(request: Request) -> int:
        return sum([len(piece) async for piece in request.stream()])

    @app.post("/waits")
    async def wait(request: Request) -> None:
        await request.body()
        await asyncio.sleep(1.2)

    return app


def within(body_s: float, piece_s: float = 20.0) -> BodyDeadline:
    return BodyDeadline(application(), ("/recipients",), body_s, piece_s)


async def test_half_a_body_is_answered_408_and_the_connection_closed() -> None:
    for path in ("/send", "/recipients"):
        caller = Caller(PART)
        assert await caller.call(within(0.1, piece_s=0.1), path) == 408
        assert (b"connection", b"close") in caller.answer[0]["headers"]
        assert [message["type"] for message in caller.answer] == ["http.response.start", "http.response.body"]


async def test_a_body_in_time_is_taken_and_its_answer_may_take_longer() -> None:
    assert await Caller(PART, END).call(within(1.0)) == 200
    assert await Caller(PART, END).call(within(1.0), "/waits") == 200


async def test_an_upload_may_take_long_while_pieces_come() -> None:
    assert await Caller(*[PART] * 6, END, pause_s=0.05).call(within(0.2), "/recipients") == 200
    assert await Caller(*[PART] * 6, END, pause_s=0.05).call(within(0.2), "/waits") == 408


async def test_an_answer_that_has_begun_is_not_given_twice() -> None:
    async def eager(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while (await receive())["type"] != "http.disconnect":
            pass
        await send({"type": "http.response.body", "body": b""})

    caller = Caller(PART)
    assert await caller.call(BodyDeadline(eager, body_s=0.1)) == 200
    assert len(caller.answer) == 2
