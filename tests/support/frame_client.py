"""An HTTP/2 client that speaks single frames, so that tests can do what no well-behaved client would.

Built on hyperframe and hpack only: it shares no protocol logic with the server under test.
"""

import asyncio
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from hpack import Decoder, Encoder
from hyperframe.frame import (
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    RstStreamFrame,
    SettingsFrame,
)

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DEADLINE_S = 5.0
Fields = list[tuple[str, str]]


@dataclass
class Response:
    headers: dict[str, str]
    body: bytes = b""
    ended: bool = False

    @property
    def status(self) -> int:
        return int(self.headers[":status"])

    @property
    def json(self) -> dict[str, Any]:
        value: dict[str, Any] = orjson.loads(self.body)
        return value

    @property
    def reason(self) -> str | None:
        return self.json["reason"] if self.body else None


@dataclass
class FrameClient:
    """`connect`, then `send` and `response`; what the server said about the connection is in the fields."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    settings: list[dict[int, int]] = field(default_factory=list)
    """every SETTINGS of the server, in order"""
    resets: dict[int, int] = field(default_factory=dict)
    """stream → error code"""
    goaway: GoAwayFrame | None = None
    pongs: int = 0
    next_stream_id: int = 1

    def __post_init__(self) -> None:
        self._encoder, self._decoder = Encoder(), Decoder()
        self._responses: dict[int, Response] = {}
        self._received = b""

    @classmethod
    async def connect(cls, port: int, ca: Path, alpn: tuple[str, ...] = ("h2",)) -> "FrameClient":
        context = ssl.create_default_context(cafile=str(ca))
        context.set_alpn_protocols(list(alpn))
        streams = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        client = cls(*streams)
        client.writer.write(PREFACE + SettingsFrame(0).serialize())
        return client

    @property
    def stream_limit(self) -> int | None:
        """The newest MAX_CONCURRENT_STREAMS."""
        stated = [s[SettingsFrame.MAX_CONCURRENT_STREAMS] for s in self.settings if s]
        return stated[-1] if stated else None

    def send(self, fields: Fields, body: bytes = b"", trailers: Fields | None = None, then: Frame | None = None) -> int:
        """A whole request, and the frame `then`, in one write; the stream's id."""
        stream_id, self.next_stream_id = self.next_stream_id, self.next_stream_id + 2
        headers = HeadersFrame(stream_id, self._encoder.encode(fields), flags=["END_HEADERS"])
        frames: list[Frame] = [headers]
        if body:
            frames.append(DataFrame(stream_id, body))
        if trailers:
            frames.append(HeadersFrame(stream_id, self._encoder.encode(trailers), flags=["END_HEADERS"]))
        frames[-1].flags.add("END_STREAM")
        if then is not None:
            frames.append(then)
        self.writer.write(b"".join(frame.serialize() for frame in frames))
        return stream_id

    async def response(self, stream_id: int) -> Response:
        """The whole answer; ConnectionError when the stream or the connection ends without one."""
        async with asyncio.timeout(DEADLINE_S):
            while not ((found := self._responses.get(stream_id)) and found.ended):
                if stream_id in self.resets:
                    raise ConnectionError(f"stream reset with {self.resets[stream_id]}")
                await self._read()
        return found

    async def request(self, fields: Fields, body: bytes = b"") -> Response:
        return await self.response(self.send(fields, body))

    async def ping(self) -> None:
        """After this every frame that the server sent before its pong has been read."""
        expected = self.pongs + 1
        self.writer.write(PingFrame(0, b"rpnsping").serialize())
        async with asyncio.timeout(DEADLINE_S):
            while self.pongs < expected:
                await self._read()

    async def ended(self) -> None:
        """Return when the server has closed; ConnectionResetError when it did so by TCP RST."""
        async with asyncio.timeout(DEADLINE_S):
            while await self._read(end_is_error=False):
                pass

    def answered(self, stream_id: int) -> bool:
        return stream_id in self._responses

    async def close(self) -> None:
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except (ConnectionError, ssl.SSLError):
            return  # the server was first, and rude: that was the test

    async def _read(self, end_is_error: bool = True) -> bool:
        data = await self.reader.read(1 << 16)
        if not data:
            if end_is_error:
                raise ConnectionError("the server closed the connection")
            return False
        self._received += data
        while len(self._received) >= 9:
            frame, length = Frame.parse_frame_header(memoryview(self._received[:9]))
            if len(self._received) < 9 + length:
                break
            frame.parse_body(memoryview(self._received[9 : 9 + length]))
            self._received = self._received[9 + length :]
            self._handle(frame)
        return True

    def _handle(self, frame: Frame) -> None:
        if isinstance(frame, SettingsFrame) and "ACK" not in frame.flags:
            self.settings.append(dict(frame.settings))
            self.writer.write(SettingsFrame(0, flags=["ACK"]).serialize())
        elif isinstance(frame, HeadersFrame):
            fields = self._decoder.decode(frame.data)
            self._responses[frame.stream_id] = Response({str(n): str(v) for n, v in fields})
        elif isinstance(frame, DataFrame):
            self._responses[frame.stream_id].body += frame.data
        elif isinstance(frame, RstStreamFrame):
            self.resets[frame.stream_id] = frame.error_code
        elif isinstance(frame, GoAwayFrame):
            self.goaway = frame
        elif isinstance(frame, PingFrame):
            self.pongs += 1
        if "END_STREAM" in frame.flags:
            self._responses[frame.stream_id].ended = True
