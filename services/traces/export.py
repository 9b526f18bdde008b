"""Spans to a collector: OTLP over HTTP, protobuf, by OpenTelemetry's own package.

The package is an extra (`observability` in pyproject.toml): without it this process refuses to start, and says what to
install. What is beside the address of the collector is set by OpenTelemetry's own variables:
OTEL_EXPORTER_OTLP_HEADERS, OTEL_EXPORTER_OTLP_CERTIFICATE, OTEL_EXPORTER_OTLP_COMPRESSION.
"""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from services.runtime import build
from services.runtime.settings import BadSettings
from services.traces.spans import Kind, Span

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan

MOST_AT_ONCE = 1_000
_NS = 1_000_000
_TIMEOUT_S = 10
_KINDS: dict[Kind, str] = {"server": "SERVER", "consumer": "CONSUMER", "client": "CLIENT", "internal": "INTERNAL"}


class Collector(Protocol):
    """Who takes spans."""

    async def take(self, spans: Sequence[Span]) -> bool:
        """Whether it has taken them all; at most `MOST_AT_ONCE`."""


class OtlpCollector:
    """A collector of OpenTelemetry at `url`. Raises BadSettings when that is no address, or the package is away."""

    def __init__(self, url: str) -> None:
        if not url.startswith(("http://", "https://")):
            raise BadSettings("RPNS_TRACES_URL: must be the collector's address, as http://collector:4318/v1/traces")
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        except ModuleNotFoundError as error:
            raise BadSettings(
                f"traces are exported by the packages of requirements-observability.txt, which are not installed: "
                f"no module {error.name}"
            ) from None
        self._exporter: OTLPSpanExporter = OTLPSpanExporter(endpoint=url, timeout=_TIMEOUT_S)
        self._resources: dict[str, Resource] = {}

    async def take(self, spans: Sequence[Span]) -> bool:
        from opentelemetry.sdk.trace.export import SpanExportResult

        exported = await asyncio.to_thread(self._exporter.export, [self._readable(span) for span in spans])
        return exported is SpanExportResult.SUCCESS

    def close(self) -> None:
        self._exporter.shutdown()  # type: ignore[no-untyped-call]

    def _readable(self, span: Span) -> "ReadableSpan":
        from opentelemetry.sdk.trace import ReadableSpan
        from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

        def context(trace_id: int, span_id: int, is_remote: bool = False) -> SpanContext:
            return SpanContext(trace_id, span_id, is_remote, TraceFlags(TraceFlags.SAMPLED))

        return ReadableSpan(
            name=span.name,
            context=context(span.trace_id, span.span_id),
            parent=None if span.parent_id is None else context(span.trace_id, span.parent_id, is_remote=True),
            resource=self._resource(span.service),
            attributes=span.values,
            links=() if span.link is None else (Link(context(*span.link, is_remote=True)),),
            kind=SpanKind[_KINDS[span.kind]],
            status=Status(StatusCode.ERROR if span.is_error else StatusCode.UNSET),
            start_time=span.start_ms * _NS,
            end_time=span.end_ms * _NS,
        )

    def _resource(self, service: str) -> "Resource":
        from opentelemetry.sdk.resources import Resource

        if service not in self._resources:
            about = {"service.name": service, "service.namespace": "rpns", "service.version": build.version()}
            self._resources[service] = Resource(about)
        return self._resources[service]
