"""A whole life of a message as a collector of OpenTelemetry sees it, by a process of its own on the running stack."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from deploy.local.ports import free_ports
from deploy.local.processes.process import ROOT, answers_200
from tests.support.otlp_receiver import OtlpReceiver, collecting
from tests.support.waiting import eventually
from tests.support.world import READ, World

PARTNERS = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@asynccontextmanager
async def exporting(world: World, url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """`services.traces` on the stack, ready."""
    (port,) = free_ports(1)
    own = {"RPNS_TRACES_URL": url, "RPNS_METRICS_PORT": str(port), **world.stack.login_of("traces")}
    log = world.stack.data_dir / "log" / "traces.log"
    with log.open("ab") as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.traces", env={**os.environ, **world.stack.env, **own}, cwd=ROOT, stderr=out
        )
        try:

            async def is_ready() -> bool:
                assert process.returncode is None, log.read_text()
                return await asyncio.to_thread(answers_200, port, "/readyz")

            await eventually(is_ready, "the exporter of traces is ready")
            yield process
        finally:
            if process.returncode is None:
                process.terminate()
            assert await process.wait() == 0


@pytest.fixture
async def receiver() -> AsyncIterator[OtlpReceiver]:
    async with collecting() as receiver:
        yield receiver


async def test_a_life_from_the_partners_request_to_the_report_is_one_trace(
    world: World, receiver: OtlpReceiver
) -> None:
    phone = world.new_phone()
    await world.enrol("ios", phone)
    async with exporting(world, receiver.url):
        ref, text = world.new_ref(), world.new_text()
        body = world.bank.request(text, phone=phone, ref=ref)
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{world.stack.public_url}/v6/send", json=body, headers={"traceparent": PARTNERS}) as answer,
        ):
            assert answer.status == 200
        await world.reported(ref, READ)
        message_id = (await world.trace(ref))["messageId"]
        names = {"ingest", "plan", "dispatch apns", "POST apns", "receipt delivered", "receipt read", "report"}

        async def is_whole() -> bool:
            return {span.name for span in receiver.of(message_id)} >= names

        await eventually(is_whole, lambda: f"the whole life: {[span.name for span in receiver.of(message_id)]}")
    spans = receiver.of(message_id)
    by_id = {span.span_id: span for span in spans}
    roots = [span for span in spans if span.parent_id not in by_id]
    assert [(root.name, root.parent_id, root.links) for root in roots] == [("ingest", "", (PARTNERS[3:35],))]
    assert {span.service for span in spans} == {"ingest", "router", "dispatch", "registry", "status"}
    call = next(span for span in spans if span.name == "POST apns")
    assert by_id[call.parent_id].name == "dispatch apns"
    assert by_id[by_id[call.parent_id].parent_id].name == "plan"
    assert call.values["http.response.status_code"] == 200
    assert all(span.start_ms <= span.end_ms for span in spans)
    written = b"".join(receiver.bodies)
    for secret in (phone, text, ref):
        assert secret.encode() not in written
