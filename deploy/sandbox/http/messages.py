"""Requests and answers of the sandbox's HTTP/1.1 server, and how an answer is written."""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Literal

_JSON = "application/json; charset=UTF-8"
_STATUS_LINES = {int(status): f"HTTP/1.1 {status:d} {status.phrase}\r\n" for status in HTTPStatus}


@dataclass(slots=True)
class Request:
    """Header names are lower case, of a repeated one the last value counts; the path is without the query."""

    method: str = ""
    path: str = ""
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def bearer(self) -> str | None:
        """The token of `Authorization: Bearer …`, None when there is no such header."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" and token.strip() else None

    @property
    def media_type(self) -> str:
        """Lower case, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back, and how: `then` is what becomes of it after `delay_ms`.

    send: as usual · close: sent, then the connection is closed · drop: not sent, connection closed ·
    truncate: all but the end of the body is sent, then the connection is closed ·
    reset: not sent, connection reset · hang: nothing ever happens.
    """

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = _JSON
    delay_ms: int = 0
    then: Literal["send", "close", "drop", "truncate", "reset", "hang"] = "send"


def render(answer: Answer, method: str, keep_alive: bool) -> bytes:
    status_line = _STATUS_LINES.get(answer.status) or f"HTTP/1.1 {answer.status} Unknown\r\n"
    extra = "".join([f"{name}: {value}\r\n" for name, value in answer.headers]) if answer.headers else ""
    end = "\r\n" if keep_alive else "Connection: close\r\n\r\n"
    length = len(answer.body)
    head = f"{status_line}Content-Type: {answer.content_type}\r\nContent-Length: {length}\r\n{extra}{end}"
    return head.encode("latin-1") + (b"" if method == "HEAD" else answer.body)
