"""Traces: the events of traced messages as spans of OpenTelemetry. A process of its own, off by default.

    services with RPNS_TRACES_SHARE ─▶ records with `traceparent` ─▶ spans ─▶ OTLP over HTTP ─▶ a collector

spans.py         the spans of an event; pure
follow.py        the consumer of the log
export.py        spans to the collector, by OpenTelemetry's own package (`observability` in pyproject.toml)
__main__.py      the process

Nothing waits for it, and nothing of it is on the way of a message: ids and times are in the events (DECISIONS 109).
"""
