"""The engine of HTTP/2 on libnghttp2, the usual one. The only file that knows it; `engine.py` says what it promises."""

from collections.abc import Sequence
from functools import partial
from typing import Final

import ngh2

from services.dispatch.http2 import engine
from services.dispatch.http2.engine import (
    CONNECTION_WINDOW_BYTES,
    LIMIT_WHEN_NONE_STATED,
    STREAM_WINDOW_BYTES,
    UNIQUE_FIELDS,
    Header,
    NotProcessed,
    Response,
    Result,
    Unknown,
)

# Half the cost of NeverIndexedHeader(*field), and there are three in each push.
_never_indexed: Final = partial(tuple.__new__, ngh2.NeverIndexedHeader)


class Ngh2Engine:
    """One client connection's protocol state in libnghttp2."""

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
                engine.keep(self._begun[event.stream_id][1], event.data)
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
        self._complete[stream_id] = _response(fields, b"".join(chunks)[: engine.MOST_BODY_BYTES])

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
            self.goaway = engine.goaway_reason(event.debug_data, _error_name(event.error_code))
        elif isinstance(event, ngh2.ConnectionClosed):
            self.failure = self.failure or self.goaway or f"closed: {_error_name(event.error_code)}"


def _response(fields: Sequence[Header], body: bytes) -> Response:
    # libnghttp2 has seen to it that :status comes first and is the only pseudo-header.
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in fields[1:]}
    return Response(int(fields[0][1]), headers, body)


def _error_name(error_code: int) -> str:
    try:
        return ngh2.ErrorCode(error_code).name
    except ValueError:
        return f"error {error_code}"
