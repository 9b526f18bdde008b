"""What the collector gets, and what is said where the package or the address is missing."""

import builtins
from typing import Any

import pytest

from services.runtime.settings import BadSettings
from services.traces.export import OtlpCollector
from services.traces.spans import Spans
from tests.support.otlp_receiver import collecting
from tests.support.status_events import Story
from tests.unit.traces.test_spans import PARTNERS, life


async def test_a_collector_reads_the_spans() -> None:
    story = Story()
    spans = Spans()
    made = [span for event in life(story) for span in spans.of(event, event.at + 5, PARTNERS)]
    async with collecting() as receiver:
        collector = OtlpCollector(receiver.url)
        assert await collector.take(made)
        collector.close()
    taken = receiver.of(story.message_id)
    assert len(taken) == len(made) == 8
    request = next(span for span in taken if not span.parent_id)
    assert (request.service, request.name, request.kind) == ("ingest", "ingest", "server")
    assert request.values["rpns.message_id"] == story.message_id
    assert request.links == ("4bf92f3577b34da6a3ce929d0e0e4736",)
    assert {span.parent_id for span in taken} - {""} <= {span.span_id for span in taken}
    calls = [span for span in taken if span.name == "POST apns"]
    assert [(call.values["http.response.status_code"], call.is_error) for call in calls] == [(503, True), (200, False)]
    assert [call.end_ms - call.start_ms for call in calls] == [10, 15]


async def test_what_a_collector_refuses_is_not_taken() -> None:
    async with collecting() as receiver:
        receiver.status = 400
        collector = OtlpCollector(receiver.url)
        assert not await collector.take(Spans().of(Story().requested(), 0))
        collector.close()


@pytest.mark.parametrize("url", ["", "collector:4318"])
def test_without_an_address_it_does_not_start(url: str) -> None:
    with pytest.raises(BadSettings, match=r"^RPNS_TRACES_URL: must be"):
        OtlpCollector(url)


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *about: Any, **more: Any) -> Any:
        if name.startswith("opentelemetry.exporter"):
            raise ModuleNotFoundError(f"No module named {name!r}", name="opentelemetry.exporter")
        return real(name, *about, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(BadSettings, match=r"requirements-observability.txt.*opentelemetry\.exporter"):
        OtlpCollector("http://127.0.0.1:4318/v1/traces")
