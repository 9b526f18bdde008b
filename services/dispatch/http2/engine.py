"""HTTP/2 for a client, without I/O: bytes in, answers out. What an engine promises, and which one this process uses.

One engine is one connection. It keeps no time and owns no socket; `services/dispatch/http2/protocol.py` drives it.
There are two (RPNS_HTTP2_ENGINE), held by the same tests: `ngh2_engine.py` and `h2_engine.py`.

What can happen to a request is a value:

    Response       an answer came, whatever its status
    NotProcessed   surely not processed: resend freely
    Unknown        written, never answered: resend only under the same id
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import orjson

MAX_STREAM_ID: Final = 2**31 - 1
# A peer that states no limit allows any number; a connection is still not worth more than this.
LIMIT_WHEN_NONE_STATED: Final = 1_000
# Differ in nearly every request: indexed once for the sake of the name, then sent as literals,
# so that they do not push the lasting fields out of the table (Apple, Sending notification requests).
UNIQUE_FIELDS: Final = frozenset({b"apns-id", b"apns-expiration", b"apns-collapse-id"})
STREAM_WINDOW_BYTES: Final = 1 << 20
CONNECTION_WINDOW_BYTES: Final = 16 << 20
MOST_BODY_BYTES: Final = 1 << 20
"""Of an answer: the longest is a list of 10,000 channels. What comes beyond is left out."""

EngineName = Literal["ngh2", "h2"]


@dataclass(frozen=True, slots=True)
class Response:
    """The peer's answer. Header names are in lower case, pseudo-headers are left out."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class NotProcessed:
    """The peer surely did nothing with the request."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The peer may or may not have processed the request."""

    reason: str


Result = Response | NotProcessed | Unknown
Header = tuple[bytes, bytes]


class Engine(Protocol):
    """One client connection's protocol state.

    `limit` is how many streams the peer allows at once, 1 until its SETTINGS have come (`is_settled`).
    `goaway` is the reason the peer gave for leaving; `failure` why the connection cannot go on at all.
    """

    limit: int
    last_stream_id: int
    is_settled: bool
    goaway: str | None
    failure: str | None

    def open(self, method: bytes, path: bytes, headers: Sequence[Header], body: bytes) -> int:
        """Queue a request and return its stream id. The caller keeps to `limit`.

        `:path`, `authorization` and what differs every time stay out of the header table.
        Raises TypeError or ValueError for what cannot be encoded; no stream is opened then.
        """

    def cancel(self, stream_id: int) -> None:
        """Reset a stream that nobody waits for any more."""

    def ping(self) -> None:
        """Queue a PING."""

    def terminate(self) -> None:
        """Queue a final GOAWAY. Nothing can be opened or received after it."""

    def receive(self, data: bytes) -> list[tuple[int, Result]]:
        """Take bytes from the peer; return the streams that ended through them, each with its result."""

    def flush(self) -> tuple[bytes, list[tuple[int, Result]]]:
        """Return bytes for the peer, and streams that ended through their sending."""

    @property
    def has_output(self) -> bool:
        """There is something for the peer."""


class _Chosen:
    """The engine of this process."""

    name: EngineName = "ngh2"


def use_engine(name: EngineName) -> None:
    """Set the engine of this process."""
    _Chosen.name = name


def new_engine(scheme: str, authority: str) -> Engine:
    """An engine for a connection. Only the library that is used is loaded: the other may be broken or missing."""
    if _Chosen.name == "h2":
        from services.dispatch.http2.h2_engine import H2Engine

        return H2Engine(scheme, authority)
    from services.dispatch.http2.ngh2_engine import Ngh2Engine

    return Ngh2Engine(scheme, authority)


def keep(chunks: list[bytes], data: bytes) -> None:
    """Keep the chunk within the bound, so that no answer fills our memory."""
    if sum(map(len, chunks)) < MOST_BODY_BYTES:
        chunks.append(data)


def goaway_reason(debug_data: bytes, error_name: str) -> str:
    """APNs puts a JSON object with the key `reason` into the debug data; others put any text or nothing."""
    try:
        given = orjson.loads(debug_data)
    except orjson.JSONDecodeError:
        given = debug_data.decode("utf-8", "replace")
    reason = given.get("reason") if isinstance(given, dict) else given
    return str(reason) if reason else error_name
