"""HTTP/2 for a client, without I/O: bytes in, answers out. The only file that knows libnghttp2.

One `Engine` is one connection. It keeps no time and owns no socket; `services/dispatch/http2/protocol.py` drives it.
Another engine (`h2`, say) takes its place by offering the same attributes and methods.

What can happen to a request is a value:

    Response       an answer came, whatever its status
    NotProcessed   surely not processed: resend freely
    Unknown        written, never answered: resend only under the same id
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import ngh2
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


# Half the cost of NeverIndexedHeader(*field), and there are three in each push.
_never_indexed: Final = partial(tuple.__new__, ngh2.NeverIndexedHeader)

Result = Response | NotProcessed | Unknown
Header = tuple[bytes, bytes]


class Engine:
    """One client connection's protocol state.

    `limit` is how many streams the peer allows at once, 1 until its SETTINGS have come (`is_settled`).
    `goaway` is the reason the peer gave for leaving; `failure` why the connection cannot go on at all.
    """

    def __init__(self, scheme: str, authority: str) -> None:
        self.limit = 1
        self.last_stream_id = 0
        self.is_settled = False
        self.goaway: str | None = None
        self.failure: str | None = None
        self._origin = ((b":scheme", scheme.encode()), (b":authority", authority.encode()))
        self._begun: dict[int, tuple[Sequence[Header], list[bytes]]] = {}
        self._complete: dict[int, Response] = {}
        self._literal: frozenset[bytes] = frozenset()
        # libnghttp2 would assume 100 streams before the first SETTINGS.
        self._session = ngh2.Connection(ngh2.Role.CLIENT, ngh2.Configuration(peer_max_concurrent_streams=1))
        self._session.initiate_connection(
            {ngh2.Setting.ENABLE_PUSH: 0, ngh2.Setting.INITIAL_WINDOW_SIZE: STREAM_WINDOW_BYTES}
        )
        self._session.set_local_window_size(CONNECTION_WINDOW_BYTES)

    def open(self, method: bytes, path: bytes, headers: Sequence[Header], body: bytes) -> int:
        """Queue a request and return its stream id. The caller keeps to `limit`.

        `:path` and `authorization` are never indexed: libnghttp2 decides so by itself.
        """
        literal = self._literal
        fields = [
            (b":method", method),
            *self._origin,
            (b":path", path),
            *[_never_indexed(field) if field[0] in literal else field for field in headers],
        ]
        if len(literal) < len(UNIQUE_FIELDS):
            self._literal = literal | UNIQUE_FIELDS.intersection(field[0] for field in headers)
        stream_id = self.last_stream_id = self._session.send_request(fields, end_stream=not body)
        if body:
            self._session.send_data(stream_id, body, end_stream=True)
        return stream_id

    def cancel(self, stream_id: int) -> None:
        """Reset a stream that nobody waits for any more."""
        if self.failure is None:
            self._session.reset_stream(stream_id, ngh2.ErrorCode.CANCEL)

    def ping(self) -> None:
        if self.failure is None:
            self._session.ping()

    def terminate(self) -> None:
        """Queue a final GOAWAY. Nothing can be opened or received after it."""
        if self.failure is None:
            self._session.terminate_connection()

    def receive(self, data: bytes) -> list[tuple[int, Result]]:
        """Take bytes from the peer; return the streams that ended through them, each with its result."""
        try:
            self._session.receive_data(data)
        except ngh2.NGH2Error as error:
            self.failure = f"protocol error: {error}"
        return self._digest()

    def flush(self) -> tuple[bytes, list[tuple[int, Result]]]:
        """Return bytes for the peer, and streams that ended through their sending."""
        try:
            return self._session.data_to_send(), self._digest()
        except ngh2.NGH2Error as error:
            self.failure = self.failure or f"protocol error: {error}"
            return b"", []

    @property
    def has_output(self) -> bool:
        return self.failure is None and self._session.want_write

    def _digest(self) -> list[tuple[int, Result]]:
        results: list[tuple[int, Result]] = []
        complete = self._complete
        for event in self._session.events():
            if isinstance(event, ngh2.StreamClosed):
                stream_id = event.stream_id
                response = complete.pop(stream_id, None)
                results.append((stream_id, self._without_answer(event) if response is None else response))
            elif isinstance(event, ngh2.ResponseReceived):
                if event.end_stream:
                    complete[event.stream_id] = _response(event.headers, b"")
                else:
                    self._begun[event.stream_id] = (event.headers, [])
            elif isinstance(event, ngh2.DataReceived):
                _append(self._begun[event.stream_id][1], event.data)
                if event.end_stream:
                    self._finish(event.stream_id)
            elif isinstance(event, ngh2.TrailersReceived):
                self._finish(event.stream_id)
            else:
                self._connection_event(event)
        for stream_id in complete:  # answered before it had the whole request: the rest is of no use
            self.cancel(stream_id)
        return results

    def _finish(self, stream_id: int) -> None:
        fields, chunks = self._begun.pop(stream_id)
        self._complete[stream_id] = _response(fields, b"".join(chunks)[:MOST_BODY_BYTES])

    def _without_answer(self, closed: ngh2.StreamClosed) -> NotProcessed | Unknown:
        self._begun.pop(closed.stream_id, None)
        # Streams above the last id of a GOAWAY are closed by libnghttp2 as refused.
        if closed.error_code == ngh2.ErrorCode.REFUSED_STREAM:
            return NotProcessed("stream refused" if self.goaway is None else f"goaway: {self.goaway}")
        if closed.local_error is not None:  # the request's headers could not be sent
            return NotProcessed(str(closed.local_error))
        return Unknown(f"stream reset: {_error_name(closed.error_code)}")

    def _connection_event(self, event: ngh2.Event) -> None:
        if isinstance(event, ngh2.SettingsReceived):
            stated = event.settings.get(ngh2.Setting.MAX_CONCURRENT_STREAMS)
            if stated is not None:
                self.limit = stated
            elif not self.is_settled:
                self.limit = LIMIT_WHEN_NONE_STATED
            self.is_settled = True
        elif isinstance(event, ngh2.GoAwayReceived):
            self.goaway = _goaway_reason(event)
        elif isinstance(event, ngh2.ConnectionClosed):
            self.failure = self.failure or self.goaway or f"closed: {_error_name(event.error_code)}"


def _append(chunks: list[bytes], data: bytes) -> None:
    """Keep the chunk within the bound, so that no answer fills our memory."""
    if sum(map(len, chunks)) < MOST_BODY_BYTES:
        chunks.append(data)


def _response(fields: Sequence[Header], body: bytes) -> Response:
    # libnghttp2 has seen to it that :status comes first and is the only pseudo-header.
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in fields[1:]}
    return Response(int(fields[0][1]), headers, body)


def _error_name(error_code: int) -> str:
    try:
        return ngh2.ErrorCode(error_code).name
    except ValueError:
        return f"error {error_code}"


def _goaway_reason(event: ngh2.GoAwayReceived) -> str:
    """APNs puts a JSON object with the key `reason` into the debug data; others put any text or nothing."""
    try:
        given = orjson.loads(event.debug_data)
    except orjson.JSONDecodeError:
        given = event.debug_data.decode("utf-8", "replace")
    reason = given.get("reason") if isinstance(given, dict) else given
    return str(reason) if reason else _error_name(event.error_code)
