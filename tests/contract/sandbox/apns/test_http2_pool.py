"""Our HTTP/2 pool against the APNs sandbox, whose protocol code is its own."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import pytest
import uvloop

from deploy.sandbox.apns.keys import ApnsCredentials
from deploy.sandbox.faults.orders import Fault
from services.dispatch.http2 import Pool, Response, Result, Unknown
from services.runtime.http_client.tls import tls_context
from tests.support.apns_harness import ALERT, TOKEN, TOPIC, Sandbox


@asynccontextmanager
async def pooled(apns: Sandbox, size: int = 1) -> AsyncIterator[Pool]:
    pool = Pool(f"https://localhost:{apns.port}", tls_context(str(apns.ca), "h2"), size=size, backoff_base_s=0.02)
    try:
        yield pool
    finally:
        await pool.close_all("test over", drain_s=1.0)


async def push(apns: Sandbox, pool: Pool, token: str = TOKEN, timeout_s: float = 5.0) -> Result:
    headers = [
        (b"authorization", b"bearer " + apns.jwt().encode()),
        (b"apns-topic", TOPIC.encode()),
        (b"apns-push-type", b"alert"),
        (b"apns-id", f"0193c5f0-aaaa-4bbb-8ccc-{token[:12]}".encode()),
    ]
    return await pool.request(b"POST", f"/3/device/{token}".encode(), headers, orjson.dumps(ALERT), timeout_s)


def delivered(apns: Sandbox) -> Counter[str]:
    return Counter(received.token for received in apns.inbox.all())


async def five_hundred_at_once(apns: Sandbox) -> None:
    """The limit is 1 until the first push was accepted; some stream limits come down on the way."""
    apns.faults.order("apns", Fault("stream-limit", value=3, token=f"{200:064x}", times=1))
    tokens = [f"{number:064x}" for number in range(500)]
    async with pooled(apns, size=2) as pool:
        results = await asyncio.gather(*(push(apns, pool, token) for token in tokens))
    assert [result.status for result in results if isinstance(result, Response)] == [200] * 500
    assert delivered(apns) == Counter(tokens)


async def test_five_hundred_pushes_at_once_all_arrive_once(apns: Sandbox) -> None:
    await five_hundred_at_once(apns)


def test_the_same_on_uvloop(ca: Path, credentials: ApnsCredentials) -> None:
    async def scenario() -> None:
        async with Sandbox(ca, credentials) as apns:
            await five_hundred_at_once(apns)

    uvloop.run(scenario())


@pytest.mark.parametrize("kind", ["refused-stream", "goaway", "goaway-after", "slow"])
async def test_what_was_not_processed_is_sent_again_and_arrives_once(apns: Sandbox, kind: str) -> None:
    apns.faults.order("apns", Fault(kind, reason="Shutdown", delay_ms=20, times=1))
    async with pooled(apns) as pool:
        for expected in (1, 2):
            result = await push(apns, pool)
            assert isinstance(result, Response)
            assert result.status == 200
            assert delivered(apns)[TOKEN] == expected


async def test_a_goaway_among_many_loses_nothing_and_doubles_nothing(apns: Sandbox) -> None:
    tokens = [f"{number:064x}" for number in range(300)]
    apns.faults.order("apns", Fault("goaway", reason="Shutdown", token=tokens[150], times=1))
    async with pooled(apns) as pool:
        results = await asyncio.gather(*(push(apns, pool, token) for token in tokens))
    assert all(isinstance(result, Response) and result.status == 200 for result in results)
    assert delivered(apns) == Counter(tokens)


@pytest.mark.parametrize(("kind", "count"), [("drop-after-write", 1), ("reset", 0), ("hang", 0)])
async def test_a_push_without_answer_is_unknown_and_left_alone(apns: Sandbox, kind: str, count: int) -> None:
    apns.faults.order("apns", Fault(kind, times=1))
    async with pooled(apns) as pool:
        assert isinstance(await push(apns, pool, timeout_s=0.5), Unknown)
        assert delivered(apns)[TOKEN] == count
        assert isinstance(await push(apns, pool), Response)


async def test_the_reason_of_a_refusal_arrives(apns: Sandbox) -> None:
    apns.server.devices.mark_dead("cd" * 32, since_ms=1_700_000_000_123)
    async with pooled(apns) as pool:
        result = await push(apns, pool, "cd" * 32)
    assert isinstance(result, Response)
    assert result.status == 410
    assert orjson.loads(result.body) == {"reason": "Unregistered", "timestamp": 1_700_000_000_123}
    assert result.headers["apns-id"] == "0193c5f0-aaaa-4bbb-8ccc-cdcdcdcdcdcd"
