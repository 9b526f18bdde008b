"""A collector of OpenTelemetry as a test plays it: it takes OTLP over HTTP and reads the protobuf."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Wire


@dataclass(frozen=True)
class Taken:
    """A span as it came."""

    service: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    kind: str
    start_ms: int
    end_ms: int
    values: dict[str, Any]
    links: tuple[str, ...]  # their trace ids
    is_error: bool


@dataclass
class OtlpReceiver:
    """`bodies` is what was posted, `spans` what it says by id, `status` what it answers with."""

    url: str = ""
    status: int = 200
    bodies: list[bytes] = field(default_factory=list)
    spans: dict[str, Taken] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.bodies.append(body)
        if self.status == 200:
            self.spans |= {span.span_id: span for span in taken(body)}
        self.news.set()
        return web.Response(status=self.status, content_type="application/x-protobuf")

    def of(self, message_id: str) -> list[Taken]:
        """The spans of a message, as they began."""
        found = [span for span in self.spans.values() if span.trace_id == message_id.replace("-", "")]
        return sorted(found, key=lambda span: (span.start_ms, span.end_ms))


def taken(body: bytes) -> list[Taken]:
    found = []
    for part in ExportTraceServiceRequest.FromString(body).resource_spans:
        service = next(pair.value.string_value for pair in part.resource.attributes if pair.key == "service.name")
        found += [_taken(service, span) for scope in part.scope_spans for span in scope.spans]
    return found


def _taken(service: str, span: Wire) -> Taken:
    values = {pair.key: getattr(pair.value, str(pair.value.WhichOneof("value"))) for pair in span.attributes}
    return Taken(
        service,
        span.name,
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        kind=Wire.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_").lower(),
        start_ms=span.start_time_unix_nano // 1_000_000,
        end_ms=span.end_time_unix_nano // 1_000_000,
        values=values,
        links=tuple(link.trace_id.hex() for link in span.links),
        is_error=span.status.code == 2,
    )


@asynccontextmanager
async def collecting() -> AsyncIterator[OtlpReceiver]:
    receiver = OtlpReceiver()
    app = web.Application(client_max_size=16_000_000)
    app.router.add_post("/v1/traces", receiver.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    receiver.url = f"http://{host}:{port}/v1/traces"
    try:
        yield receiver
    finally:
        await runner.cleanup()
