"""Deliveries that the router plans for each second of its processor time.

Real Kafka, real MongoDB, the router in its own process. Requests lie in the log before it starts; what is measured is
from its first batch to its last commit. Limit: what the same requests cost to decode, plan and encode with no servers.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

import httpx
from motor.motor_asyncio import AsyncIOMotorClient

from deploy.bench.measure import DELIVERIES, Row, cpu_seconds, memory_mib, seal_as, show
from deploy.bench.service import services_on
from deploy.local import Stack
from deploy.waiting import wait_until
from schemas import ids, topics
from schemas.application_events import ApplicationChanged, CredentialsChanged
from schemas.events import MessageRequested
from schemas.providers import Provider
from schemas.values import Channel, Content, Link, Recipient
from services.router.checks import UsableProviders
from services.router.plan import plan
from services.runtime.crypto import record_encryption
from services.runtime.installations import reader
from services.runtime.log import kafka
from services.runtime.log.kafka import Append
from services.runtime.settings import Settings

USERS = 10_000
APPLICATION = ApplicationChanged(event_id="a", at=0, application_id="app", name="App", api_key_digests=())


def request(number: int, users: int = USERS) -> MessageRequested:
    content = Content(text="Your code is 4711. Tell it nobody, not even us.", title="DemoBank")
    return MessageRequested(
        event_id=ids.uuid7(),
        at=int(time.time() * 1000),
        message_id=ids.uuid7(),
        partner_id="bank",
        mt_num="1",
        recipient=Recipient(external_user_id=f"user-{number % users}"),
        chain=(Link(channel=Channel.PUSH, ttl_ms=3_600_000, application_id="app", content=content),),
    )


def device(number: int) -> dict[str, object]:
    return {
        "_id": f"00000000-0000-4000-8000-{number:012d}",
        "application_id": "app",
        "platform": "android",
        "app_version": "5.0",
        "last_used_at": 1,
        "token": {"provider": "fcm", "sealed": "x" * 180, "digest": f"{number:032x}", "registered_at": 1},
        "owner": {"external_user_id": f"user-{number}", "phone": None},
    }


async def fill(stack: Stack, messages: int) -> None:
    settings = Settings.from_environment(stack.env)
    await kafka.create_topics(settings)
    await seal_as(settings)
    client: AsyncIOMotorClient[dict[str, object]] = AsyncIOMotorClient(stack.mongo_url)
    database = client[settings.mongo_database]
    await database["installations"].create_index([("owner.external_user_id", 1), ("application_id", 1)])
    await database["installations"].insert_many([device(number) for number in range(USERS)])
    client.close()
    credentials = CredentialsChanged(
        event_id="c", at=0, application_id="app", provider=Provider.FCM, sealed="", fingerprint=""
    )
    async with kafka.opened_log(settings) as log:
        for entity in (APPLICATION, credentials):
            await log.append([Append(topics.APPLICATION_EVENTS, entity.entity_key, entity)])
        requests = [request(number) for number in range(messages)]
        for start in range(0, messages, 1_000):
            part = requests[start : start + 1_000]
            await log.append(
                [Append(topics.MESSAGE_REQUESTED["single"], event.message_id, event) for event in part], 30
            )


def bare(messages: int) -> float:
    """Deliveries per second of processor time with no servers: decode, plan, encode."""
    topic = topics.MESSAGE_REQUESTED["single"]
    raw = [record_encryption.encode(request(number)) for number in range(min(messages, 5_000))]
    usable = UsableProviders(APPLICATION, frozenset({Provider.FCM}))
    owners = [reader.from_document(device(number)) for number in range(USERS)]
    started = time.process_time()
    for number, value in enumerate(raw):
        event = record_encryption.decode(topic, value)
        assert isinstance(event, MessageRequested)
        decided = plan(event, [owners[number % USERS]], True, usable, 1, deliveries=DELIVERIES)
        for appended in (decided.planned, *decided.targets):
            record_encryption.encode(appended)
    return len(raw) / (time.process_time() - started)


def committed(stack: Stack) -> float:
    text = httpx.get(f"http://127.0.0.1:{stack.ports['router'].metrics}/metrics").text
    lines = [line for line in text.splitlines() if line.startswith("rpns_records_total{")]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def measured(messages: int = 40_000) -> list[Row]:
    """The row, with the memory of the process beside it."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder) / "stack"
        with Stack(base, services=(), sandbox=False, gateway=False) as servers:
            stack = services_on(servers, folder, "router")
            asyncio.run(fill(stack, messages))
            with stack:
                pid = stack.pids["router"]
                wait_until(lambda: committed(stack) > 0, "the first batch", 30)
                before, done = cpu_seconds(pid), committed(stack)
                wait_until(lambda: committed(stack) >= messages, "the last commit", 300)
                rate = (messages - done) / (cpu_seconds(pid) - before)
                memory = memory_mib(pid)
    limit = bare(messages)
    return [Row("router", rate, "deliveries/CPU-s", "11,000", f"{limit:,.0f} without servers", memory_mib=memory)]


def main() -> None:
    """Print the row."""
    show(measured(int(sys.argv[1]) if len(sys.argv) > 1 else 40_000))


if __name__ == "__main__":
    main()
