"""The engine of HTTP/2 on h2, pure Python: slower, for where libnghttp2's young binding must not be trusted.

`engine.py` says what it promises. h2 ends a connection at the first GOAWAY and forgets what it has queued, though the
peer may still answer what it took. So frames are handed to h2 one by one, GOAWAYs are kept from it and read here; that
also saves the answers which come in one piece with a frame that breaks the protocol. Requests wait here for `flush`:
what h2 has been given leaves in any case, and after `terminate` none may.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    DataReceived,
    Event,
    RemoteSettingsChanged,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings
from hpack import NeverIndexedHeaderTuple
from hyperframe.exceptions import HyperframeError
from hyperframe.frame import Frame, GoAwayFrame

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

# Requests are made by this project; what a peer sends is checked in full.
_CONFIG: Final = H2Configuration(
    client_side=True, header_encoding=None, validate_outbound_headers=False, normalize_outbound_headers=False
)
_FRAME_HEADER_BYTES: Final = 9
_INITIAL_WINDOW_BYTES: Final = 65_535  # RFC 9113 §6.9.2; a connection's is widened by WINDOW_UPDATE alone
_STATUS: Final = re.compile(rb"[1-9][0-9]{2}")
_SECRET: Final = frozenset({b"authorization"})


class H2Engine:
    """One client connection's protocol state in h2."""

    def __init__(self, scheme: str, authority: str) -> None:
        self.limit = 1
        self.last_stream_id = 0
        self.is_settled = False
        self.goaway: str | None = None
        self.failure: str | None = None
        self._origin = ((b":scheme", scheme.encode()), (b":authority", authority.encode()))
        self._open: dict[int, tuple[list[Header], list[bytes]]] = {}  # what has come of the answer
        self._queued: dict[int, tuple[list[Any], bytes]] = {}  # requests that have not left
        self._unsent: dict[int, memoryview] = {}  # bodies that the peer's windows hold back
        self._literal = _SECRET
        self._inbox = bytearray()
        self._outbox = b""
        self._h2 = H2Connection(_CONFIG)
        stated: dict[SettingCodes, int] = {
            SettingCodes.ENABLE_PUSH: 0,
            SettingCodes.INITIAL_WINDOW_SIZE: STREAM_WINDOW_BYTES,
        }
        self._h2.local_settings = Settings(client=True, initial_values=stated)
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(CONNECTION_WINDOW_BYTES - _INITIAL_WINDOW_BYTES)

    def open(self, method: bytes, path: bytes, headers: Sequence[Header], body: bytes) -> int:
        literal = self._literal
        if not all(type(name) is bytes and type(value) is bytes for name, value in headers):
            raise TypeError("names and values of headers must be bytes")
        fields: list[Any] = [
            (b":method", method),
            *self._origin,
            NeverIndexedHeaderTuple(b":path", path),
            *[NeverIndexedHeaderTuple(*field) if field[0] in literal else field for field in headers],
        ]
        if len(literal) < len(UNIQUE_FIELDS) + len(_SECRET):
            self._literal = literal | UNIQUE_FIELDS.intersection(field[0] for field in headers)
        stream_id = self.last_stream_id = self.last_stream_id + 2 if self.last_stream_id else 1
        self._queued[stream_id] = (fields, body)
        return stream_id

    def cancel(self, stream_id: int) -> None:
        self._queued.pop(stream_id, None)
        self._unsent.pop(stream_id, None)
        if self._open.pop(stream_id, None) is not None and self.failure is None:
            self._h2.reset_stream(stream_id, ErrorCodes.CANCEL)

    def ping(self) -> None:
        if self.failure is None:
            self._h2.ping(b"are you?")

    def terminate(self) -> None:
        self._queued.clear()
        if self.failure is None:
            self._h2.close_connection()

    def receive(self, data: bytes) -> list[tuple[int, Result]]:
        results: list[tuple[int, Result]] = []
        self._inbox += data
        try:
            for kind, frame in self._frames():
                if kind == GoAwayFrame.type:
                    self._leave(frame, results)
                else:
                    for event in self._h2.receive_data(frame):
                        self._digest(event, results)
        except (ProtocolError, HyperframeError) as error:
            self.failure = self.failure or f"protocol error: {error or type(error).__name__}"
        self._outbox += self._h2.data_to_send()
        return results

    def flush(self) -> tuple[bytes, list[tuple[int, Result]]]:
        queued, self._queued = self._queued, {}
        for stream_id, (fields, body) in queued.items():
            self._h2.send_headers(stream_id, fields, end_stream=not body)
            self._open[stream_id] = ([], [])
            if body:
                self._unsent[stream_id] = memoryview(body)
                self._send(stream_id)
        data, self._outbox = self._outbox + self._h2.data_to_send(), b""
        return data, []

    @property
    def has_output(self) -> bool:
        return bool(self._outbox)

    # -- out ---------------------------------------------------------------------------------------

    def _send(self, stream_id: int) -> None:
        """As much of the body as the windows let through."""
        rest = self._unsent[stream_id]
        window, most = self._h2.local_flow_control_window(stream_id), self._h2.max_outbound_frame_size
        while rest and (size := min(len(rest), window, most)) > 0:
            self._h2.send_data(stream_id, bytes(rest[:size]), end_stream=size == len(rest))
            rest, window = rest[size:], window - size
        if rest:
            self._unsent[stream_id] = rest
        else:
            del self._unsent[stream_id]

    # -- in ----------------------------------------------------------------------------------------

    def _frames(self) -> Iterator[tuple[int, bytes]]:
        """The whole frames that have come, each with its type. One too long is handed on at once, to be refused."""
        inbox = self._inbox
        while len(inbox) >= _FRAME_HEADER_BYTES:
            length = int.from_bytes(inbox[:3])
            end = _FRAME_HEADER_BYTES + length
            if length > self._h2.max_inbound_frame_size:
                end = len(inbox)
            elif len(inbox) < end:
                return
            kind, frame = inbox[3], bytes(inbox[:end])
            del inbox[:end]
            yield kind, frame

    def _digest(self, event: Event, results: list[tuple[int, Result]]) -> None:
        if isinstance(event, DataReceived):
            if (answer := self._open.get(event.stream_id)) is not None:
                engine.keep(answer[1], event.data)
            self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, ResponseReceived):
            self._begin(event, results)
        elif isinstance(event, StreamEnded):
            self._finish(event.stream_id, results)
        elif isinstance(event, StreamReset):
            self._unsent.pop(event.stream_id, None)
            if self._open.pop(event.stream_id, None) is not None:
                results.append((event.stream_id, self._without_answer(event.error_code)))
        elif isinstance(event, RemoteSettingsChanged):
            self._settle(event)
        elif isinstance(event, WindowUpdated):
            self._send_all([event.stream_id] if event.stream_id else list(self._unsent))

    def _begin(self, event: ResponseReceived, results: list[tuple[int, Result]]) -> None:
        answer = self._open.get(event.stream_id)
        if answer is None:
            return
        fields: list[Any] = event.headers
        if _STATUS.fullmatch(dict(fields)[b":status"]):
            answer[0].extend(fields)
        else:
            self.cancel(event.stream_id)
            results.append((event.stream_id, Unknown("the status is no number")))

    def _finish(self, stream_id: int, results: list[tuple[int, Result]]) -> None:
        if stream_id not in self._open:
            return
        fields, chunks = self._open[stream_id]
        if stream_id in self._unsent:  # answered before it had the whole request: the rest is of no use
            self.cancel(stream_id)
        self._open.pop(stream_id, None)
        results.append((stream_id, _response(fields, b"".join(chunks)[: engine.MOST_BODY_BYTES])))

    def _without_answer(self, error_code: ErrorCodes | int | None) -> NotProcessed | Unknown:
        if error_code == ErrorCodes.REFUSED_STREAM:
            return NotProcessed("stream refused" if self.goaway is None else f"goaway: {self.goaway}")
        return Unknown(f"stream reset: {_error_name(error_code)}")

    def _settle(self, event: RemoteSettingsChanged) -> None:
        stated = event.changed_settings.get(SettingCodes.MAX_CONCURRENT_STREAMS)
        if stated is not None:
            self.limit = stated.new_value
        elif not self.is_settled:
            self.limit = LIMIT_WHEN_NONE_STATED
        self.is_settled = True
        self._send_all(list(self._unsent))  # the windows may have grown

    def _send_all(self, stream_ids: list[int]) -> None:
        for stream_id in stream_ids:
            if stream_id in self._unsent:
                self._send(stream_id)

    def _leave(self, data: bytes, results: list[tuple[int, Result]]) -> None:
        """The peer goes: what it did not take was not processed. Raises HyperframeError."""
        header = memoryview(data)
        frame, _ = Frame.parse_frame_header(header[:_FRAME_HEADER_BYTES])
        frame.parse_body(header[_FRAME_HEADER_BYTES:])
        assert isinstance(frame, GoAwayFrame)
        self.goaway = engine.goaway_reason(frame.additional_data, _error_name(frame.error_code))
        for stream_id in [taken for taken in self._open if taken > frame.last_stream_id]:
            del self._open[stream_id]
            self._unsent.pop(stream_id, None)
            results.append((stream_id, NotProcessed(f"goaway: {self.goaway}")))


def _response(fields: list[Header], body: bytes) -> Response:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in fields if name[:1] != b":"}
    return Response(int(dict(fields)[b":status"]), headers, body)


def _error_name(error_code: ErrorCodes | int | None) -> str:
    try:
        return ErrorCodes(error_code or 0).name
    except ValueError:
        return f"error {error_code}"
