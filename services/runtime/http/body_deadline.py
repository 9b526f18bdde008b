"""The deadline of request bodies: who sends one too slowly is answered 408 and let go.

    a body                      10 s from the request's beginning, all of it
    an upload that is streamed  30 s from one piece to the next; it may be as long as it likes

A caller who announces more than is sent would otherwise hold a connection, and what the route has begun, for ever. The
application sees the caller hang up, which every route has to bear anyway.
"""

import asyncio

import orjson
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schemas.language import Language
from services.runtime.text.languages import spoken_by
from services.runtime.words import translation_of

BODY_S = 10.0
PIECE_S = 30.0


class BodyDeadline:
    """ASGI middleware, outside of all others. `streamed`: how the paths of uploads end."""

    def __init__(
        self, app: ASGIApp, streamed: tuple[str, ...] = (), body_s: float = BODY_S, piece_s: float = PIECE_S
    ) -> None:
        self._app = app
        self._streamed = streamed
        self._body_s = body_s
        self._piece_s = piece_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_upload = bool(self._streamed) and scope["path"].endswith(self._streamed)
        body = _Body(receive, send, self._piece_s if is_upload else self._body_s, is_upload)
        try:
            await self._app(scope, body.receive, body.send)
        except ClientDisconnect:
            if not body.is_late:
                raise
        if body.is_late and not body.is_answered:
            await _answer(scope, send)


class _Body:
    """One request: its body under a deadline, and whether an answer has begun.

    The timer is the loop's own: `asyncio.timeout` costs five times as much, and every request comes by here.
    """

    __slots__ = (
        "_is_whole",
        "_loop",
        "_receive",
        "_renews",
        "_send",
        "_until_s",
        "_within_s",
        "is_answered",
        "is_late",
    )

    def __init__(self, receive: Receive, send: Send, within_s: float, renews: bool) -> None:
        self._receive = receive
        self._send = send
        self._within_s = within_s
        self._renews = renews
        self._loop = asyncio.get_running_loop()
        self._until_s = self._loop.time() + within_s
        self._is_whole = False
        self.is_late = False
        self.is_answered = False

    async def receive(self) -> Message:
        if self._is_whole:  # from now on the application only waits for the caller to hang up
            return await self._receive()
        task = asyncio.current_task(self._loop)
        assert task is not None
        timer = self._loop.call_at(self._until_s, self._expire, task)
        try:
            message = await self._receive()
        except asyncio.CancelledError:
            if not self.is_late:
                raise
            task.uncancel()
            self._is_whole = True
            return {"type": "http.disconnect"}
        finally:
            timer.cancel()
        self._is_whole = not message.get("more_body", False)
        if self._renews:
            self._until_s = self._loop.time() + self._within_s
        return message

    def _expire(self, task: "asyncio.Task[object]") -> None:
        self.is_late = True
        task.cancel()

    async def send(self, message: Message) -> None:
        if self.is_late and not self.is_answered:
            return  # what the application says to somebody who has gone
        self.is_answered = True
        await self._send(message)


async def _answer(scope: Scope, send: Send) -> None:
    language = spoken_by(scope["headers"])
    title = translation_of("Request Timeout", language)
    detail = translation_of("the body did not come in time", language)
    body = orjson.dumps({"title": title, "status": 408, "detail": detail})
    headers = [(b"content-type", b"application/problem+json"), (b"connection", b"close")]
    headers.append((b"content-length", b"%d" % len(body)))
    if language is not Language.ENGLISH:
        headers.append((b"content-language", language.value.encode()))
    await send({"type": "http.response.start", "status": 408, "headers": headers})
    await send({"type": "http.response.body", "body": body})
