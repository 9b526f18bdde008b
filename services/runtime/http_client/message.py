"""A request as bytes, and what came of it.

Answer     a status came (a body that was cut off counts as empty)
NotSent    not a byte of it was handed to the network: send it again freely
NoAnswer   written, wholly or in part, and no status came back
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from yarl import URL

_KNOWN_TARGETS: Final = 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said; `retry_after` is the header as it came. Names of `headers` are in lower case."""

    status: int
    body: bytes
    retry_after: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotSent:
    """Not a byte of the request was written. `detail` names the kind of trouble, never an address or a header."""

    detail: str


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The request was written and its fate is unknown."""

    detail: str


Result = Answer | NotSent | NoAnswer


class Origin(NamedTuple):
    """Where connections go to. `host` is as it is looked up, without the brackets of an IPv6 address."""

    is_tls: bool
    host: str
    port: int


class Target(NamedTuple):
    """An address to ask or to post to: its origin, and the first lines of a request."""

    origin: Origin
    head: bytes


@lru_cache(_KNOWN_TARGETS)
def target_of(url: URL, method: Literal["GET", "POST"] = "POST") -> Target:
    """The target of an http(s) address, whose path and query go out as they stand in it. Raises ValueError."""
    if url.scheme not in ("http", "https") or not url.raw_host or not url.port:
        raise ValueError("not an http(s) address with a host")
    head = f"{method} {url.raw_path_qs} HTTP/1.1\r\nHost: {url.raw_authority.rpartition('@')[2]}\r\n"
    return Target(Origin(url.scheme == "https", url.raw_host, url.port), _checked(head, lines=2))


def header_lines(headers: Mapping[str, str]) -> bytes:
    """Headers as they go out. Raises ValueError for what would not stay inside its line."""
    text = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    return _checked(text, lines=len(headers))


def request_of(target: Target, headers: bytes, body: bytes | None) -> bytes:
    """The whole request; None is no body at all."""
    if body is None:
        return b"%b%b\r\n" % (target.head, headers)
    return b"%b%bContent-Length: %d\r\n\r\n%b" % (target.head, headers, len(body), body)


def _checked(text: str, *, lines: int) -> bytes:
    if text.count("\r") != lines or text.count("\n") != lines or "\0" in text:
        raise ValueError("a line break in a header or an address")
    return text.encode("latin-1")
