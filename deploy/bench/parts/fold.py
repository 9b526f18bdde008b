"""Events that status folds for each second of its processor time: `python -m deploy.bench.parts.fold [messages]`.

Real Kafka, real MongoDB, status in its own process, the stream of changes included. Each message has five events over
three topics (request, plan, attempt, delivered, read), which lie in the log before status starts, as far apart as they
are in life; what is measured is from the first batch to the last commit. Limit: the same events decoded and folded with
no servers.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from deploy.bench.measure import DELIVERIES, Row, cpu_seconds, memory_mib, seal_as, show
from deploy.bench.service import services_on
from deploy.local import Stack
from deploy.waiting import wait_until
from schemas import ids, topics
from schemas.events import MessageEvent, MessageRequested, Planned, PlannedTarget, ProviderDispatched, ReceiptReceived
from schemas.providers import Provider
from schemas.values import Channel, Content, Link, Recipient
from services.runtime import mongo
from services.runtime.clock import now_ms
from services.runtime.crypto import record_encryption
from services.runtime.log import kafka
from services.runtime.log.kafka import Append, Log
from services.runtime.settings import Settings
from services.status.fold import fold
from services.status.message import Message
from services.status.message.document import from_document, to_document

TOPICS = [topics.MESSAGE_REQUESTED["single"], topics.PROVIDER_DISPATCHED["single"], topics.STATUS_EVENTS["single"]]
EVENTS_OF_A_MESSAGE = 5


def life_of(number: int) -> list[tuple[int, MessageEvent]]:
    """The events of one message, each with the place of its topic in TOPICS."""
    message_id, now, installation_id = ids.uuid7(), now_ms(), ids.uuid7()
    common: dict[str, Any] = {"at": now, "message_id": message_id, "partner_id": "bank"}
    request = MessageRequested(
        event_id=ids.uuid7(),
        mt_num=ids.mt_num_of(message_id),
        partner_ref=f"ref-{number}",
        recipient=Recipient(phone=f"7{number:010}"),
        chain=(
            Link(
                channel=Channel.PUSH,
                ttl_ms=3_600_000,
                sender="Bank",
                application_id="app",
                content=Content(text="Your code is 123456. Tell nobody.", title="Bank"),
            ),
        ),
        **common,
    )
    target = PlannedTarget(
        delivery_id=DELIVERIES.of(message_id, 0, installation_id),
        installation_id=installation_id,
        application_id="app",
        provider=Provider.APNS,
    )
    planned = Planned(
        event_id=ids.event_id_of(request.event_id, "planned"),
        request_id=request.event_id,
        send_at=now,
        expires_at=now + 3_600_000,
        targets=(target,),
        **common,
    )
    dispatched = ProviderDispatched(
        event_id=ids.event_id_of(request.event_id, "dispatched"),
        delivery_id=target.delivery_id,
        installation_id=target.installation_id,
        application_id=target.application_id,
        provider=target.provider,
        attempt=1,
        outcome="accepted",
        status=200,
        provider_id=target.delivery_id,
        latency_ms=31,
        **common,
    )
    receipts = [
        ReceiptReceived(
            event_id=ids.event_id_of(request.event_id, kind),
            installation_id=installation_id,
            kind=kind,
            happened_at=now,
            **common,
        )
        for kind in ("delivered", "read")
    ]
    return [(0, request), (2, planned), (1, dispatched), *((2, receipt) for receipt in receipts)]


async def fill(sink: Log, messages: int) -> None:
    """Write the events in waves, so that the events of a message lie as far apart in time as they do in life."""
    wave = 2000
    for start in range(0, messages, wave):
        lives = [life_of(number) for number in range(start, min(start + wave, messages))]
        for place in range(EVENTS_OF_A_MESSAGE):
            steps = [life[place] for life in lives]
            await sink.append([Append(TOPICS[topic], event.message_id, event) for topic, event in steps], 60)


async def filled(stack: Stack, messages: int) -> None:
    """Topics, and everything in them."""
    settings = Settings.from_environment(stack.env)
    await kafka.create_topics(settings)
    await seal_as(settings)
    async with kafka.opened_log(settings) as log:
        await fill(log, messages)


async def read_messages(stack: Stack) -> int:
    settings = Settings.from_environment(stack.env)
    async with mongo.database(settings) as database:
        return await database["messages"].count_documents({"state": "READ"})


def bare(messages: int) -> float:
    """Events per second of processor time with no servers: decode, fold, and the document there and back for each."""
    lives = [
        [(TOPICS[place], record_encryption.encode(event)) for place, event in life_of(number)]
        for number in range(messages)
    ]
    started = time.process_time()
    for life in lives:
        message = Message("")
        for topic, value in life:
            event = record_encryption.decode(topic, value)
            assert isinstance(event, MessageEvent)
            fold(message, event)
            message = from_document(to_document(message))
    return messages * EVENTS_OF_A_MESSAGE / (time.process_time() - started)


def committed(stack: Stack) -> float:
    text = httpx.get(f"http://127.0.0.1:{stack.ports['status'].metrics}/metrics").text
    lines = [line for line in text.splitlines() if line.startswith("rpns_records_total{")]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def measured(messages: int = 20_000) -> list[Row]:
    """The row, with the memory of the process beside it."""
    count = messages * EVENTS_OF_A_MESSAGE
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(Path(folder) / "servers", services=(), sandbox=False, gateway=False) as servers,
    ):
        stack = services_on(servers, folder, "status")
        asyncio.run(filled(stack, messages))
        with stack:
            pid = stack.pids["status"]
            wait_until(lambda: committed(stack) > 0, "the first batch", 30)
            before, done = cpu_seconds(pid), committed(stack)
            # seldom, because telling its metrics is work of the process that is measured
            wait_until(lambda: committed(stack) >= count, "the last commit", 300, 0.5)
            rate = (count - done) / (cpu_seconds(pid) - before)
            memory = memory_mib(pid)
            read = asyncio.run(read_messages(stack))
    if read != messages:
        raise RuntimeError(f"{read} of {messages} messages were read")
    limit = bare(min(messages, 2_000))
    return [Row("status: fold", rate, "events/CPU-s", "15,000", f"{limit:,.0f} without servers", memory_mib=memory)]


def main() -> None:
    """Print the row."""
    show(measured(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000))


if __name__ == "__main__":
    main()
