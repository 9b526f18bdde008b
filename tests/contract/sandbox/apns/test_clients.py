"""aioapns, which knows nothing of this project, and the other event loop."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aioapns
import orjson
import pytest
import uvloop
from aioapns.connection import APNsProductionClientProtocol

from deploy.sandbox.apns.keys import ApnsCredentials
from deploy.sandbox.faults.orders import Fault
from tests.support.apns_harness import ALERT, TOKEN, TOPIC, Sandbox


@asynccontextmanager
async def aioapns_client(apns: Sandbox, **options: Any) -> AsyncIterator[aioapns.APNs]:
    """aioapns with its pool pointed at the sandbox; it knows no other address than Apple's."""

    async def no_report(request: Any, result: Any) -> None:
        """The test looks at the result."""

    key = apns.credentials
    client = aioapns.APNs(
        key=key.private_key,
        key_id=key.key_id,
        team_id=key.team_id,
        topic=TOPIC,
        ssl_context=ssl.create_default_context(cafile=str(apns.ca)),
        err_func=no_report,
        **options,
    )
    client.pool.ssl_context.set_alpn_protocols(["h2"])  # type: ignore[union-attr]
    client.pool.protocol_class = type(
        "SandboxProtocol",
        (APNsProductionClientProtocol,),
        {"APNS_SERVER": "localhost", "APNS_PORT": apns.port},
    )
    try:
        yield client
    finally:
        client.pool.close()


async def test_aioapns_sends_and_reads_every_answer(apns: Sandbox) -> None:
    apns.server.devices.mark_dead("cd" * 32, since_ms=1_700_000_000_123)
    async with aioapns_client(apns) as client:
        for token, collapse in ((TOKEN, "c1"), (TOKEN, None)):
            request = aioapns.NotificationRequest(
                token, ALERT, collapse_key=collapse, time_to_live=60, push_type=aioapns.PushType.ALERT
            )
            assert (await client.send_notification(request)).is_successful
        dead = aioapns.NotificationRequest("cd" * 32, ALERT, push_type=aioapns.PushType.ALERT)
        result = await client.send_notification(dead)
    assert (result.status, result.description) == ("410", "Unregistered")
    assert str(result.timestamp) == "1700000000123"
    assert [r.headers.get("apns-collapse-id") for r in apns.inbox.by_token("apns", TOKEN)] == ["c1", None]


async def test_aioapns_survives_a_goaway_by_reconnecting(apns: Sandbox) -> None:
    apns.faults.order("apns", Fault("goaway", reason="Shutdown", times=1))
    async with aioapns_client(apns) as client:
        request = aioapns.NotificationRequest(TOKEN, ALERT, push_type=aioapns.PushType.ALERT)
        assert (await client.send_notification(request)).is_successful
    assert len(apns.inbox.by_token("apns", TOKEN)) == 1


def test_the_server_runs_on_uvloop(ca: Path, credentials: ApnsCredentials) -> None:
    async def scenario() -> None:
        async with Sandbox(ca, credentials) as apns:
            assert (await apns.push()).status == 200
            apns.faults.order("apns", Fault("reset", times=1))
            async with apns.client() as client:
                await client.ping()
                client.send(apns.fields(), orjson.dumps(ALERT))
                with pytest.raises(ConnectionResetError):
                    await client.ended()

    run: Callable[[Awaitable[None]], None] = uvloop.run  # type: ignore[assignment]
    with ThreadPoolExecutor(1) as thread:
        thread.submit(run, scenario()).result(20)
