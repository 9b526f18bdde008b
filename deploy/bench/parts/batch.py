"""Messages of packets for each CPU-second of ingest: `python -m deploy.bench.parts.batch [messages]`.

Packets of 3000 pushes, each to another phone and with an id, over HTTP to ingest in a process of its own; the figure
includes all that they cost it: reading, the rules, ids, Kafka (acks=all), the answer. Limit, in the same run: what the
events alone cost to seal, encode and append, by the producer that ingest uses.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from deploy.bench.measure import Row, cpu_seconds, memory_mib, show
from deploy.local import Stack
from deploy.local.ports import HOST
from schemas import ids, topics
from schemas.application_events import PartnerChanged, SenderChanged
from schemas.events import MessageRequested
from schemas.values import Channel, Content, Link, Recipient
from services.runtime.crypto import record_encryption
from services.runtime.crypto.master_key import Secrets
from services.runtime.crypto.recipient_keys import RecipientKeys
from services.runtime.log import kafka
from services.runtime.log.kafka import Append
from services.runtime.settings import Settings

PACKET = 3000
AT_ONCE = 2
ROUNDS = 3
KEY = "benchkey"
TEXT = "Your card is ready. Come and take it at the branch where you asked for it."


def packet(first: int) -> bytes:
    """PACKET pushes whose numbers begin at `first`."""
    about = {"from": "DemoBank", "text": TEXT, "type": "PUSH", "validity": 3600, "data": {"title": "DemoBank"}}
    numbers = range(first, first + PACKET)
    return orjson.dumps(
        {"messages": [{**about, "to": f"+79{number:09}", "id": f"bench-{number}"} for number in numbers]}
    )


async def load(port: int, start: int, messages: int) -> None:
    """Send whole packets. Raises RuntimeError when a message is not accepted."""
    firsts = iter(range(start, start + messages, PACKET))
    async with aiohttp.ClientSession(headers={"Authorization": f"Key {KEY}"}) as session:

        async def caller() -> None:
            for first in firsts:
                url = f"http://{HOST}:{port}/v3/batch"
                headers = {"Content-Type": "application/json"}
                async with session.post(url, data=packet(first), headers=headers) as answer:
                    body = await answer.read()
                    if answer.status != 200 or body.count(b'"code":"OK"') != PACKET:
                        raise RuntimeError(f"answered {answer.status}: {body[:300]!r}")

        await asyncio.gather(*(caller() for _ in range(AT_ONCE)))


async def provision(settings: Settings) -> None:
    await kafka.create_topics(settings)
    given: dict[str, Any] = {"event_id": ids.uuid7(), "at": 0, "partner_id": "bench"}
    digest = Secrets(settings.master_key).digest(KEY, "batch-key")
    partner = PartnerChanged(**given, uuid=ids.uuid7(), login="bench", password_hash="", batch_key_digests=(digest,))
    sender = SenderChanged(**given, service_number="DemoBank", application_id="bench")
    async with kafka.opened_log(settings) as log:
        for event in (partner, sender):
            await log.append([Append(topics.APPLICATION_EVENTS, event.entity_key, event)], 30)


async def appended(settings: Settings, messages: int) -> float:
    """Messages for each CPU-second of this process: encoded and appended, and nothing else."""
    content = Content(text=TEXT, title="DemoBank")
    link = Link(channel=Channel.PUSH, ttl_ms=3_600_000, sender="DemoBank", application_id="bench", content=content)
    topic = topics.MESSAGE_REQUESTED["bulk"]
    events = [
        MessageRequested(
            event_id=ids.uuid7(),
            at=0,
            message_id=ids.uuid7(),
            partner_id="bench",
            lane="bulk",
            mt_num="1",
            partner_ref=f"bench-{number}",
            recipient=Recipient(phone=f"79{number:09}"),
            chain=(link,),
        )
        for number in range(messages)
    ]
    async with kafka.opened_log(settings) as log:
        began = time.process_time()
        for first in range(0, messages, PACKET):
            part = events[first : first + PACKET]
            await log.append([Append(topic, request.message_id, request) for request in part], 30)
        return messages / (time.process_time() - began)


def measured(messages: int = 60_000) -> list[Row]:
    """The best of three rounds, taken in turns with the limit so that both meet the same noise."""
    messages -= messages % (ROUNDS * PACKET)
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(Path(folder) / "servers", services=(), sandbox=False, gateway=False) as servers,
    ):
        settings = Settings.from_environment(servers.env)
        asyncio.run(provision(settings))
        own = Stack(
            Path(folder) / "own",
            services=("ingest",),
            sandbox=False,
            gateway=False,
            kafka_bootstrap=servers.kafka_bootstrap,
            mongo_url=servers.mongo_url,
            env=servers.env,  # the partner's key is kept under the master key of these
        )
        record_encryption.use(RecipientKeys.drawn())  # for the limit
        figure, limit = 0.0, 0.0
        with own:
            port, pid = own.ports["ingest"].api, own.pids["ingest"]
            asyncio.run(load(port, 0, PACKET))
            for number in range(ROUNDS):
                figure = max(figure, rate(port, pid, number * messages, messages // ROUNDS))
                limit = max(limit, asyncio.run(appended(settings, messages // ROUNDS)))
            memory = memory_mib(pid)
    text = f"{limit:,.0f} sealed and appended"
    note = f"{figure / limit:.2f} of what sealing and appending alone would allow"
    return [
        Row("ingest: messages of packets", figure, "per CPU-second", "18,000", limit=text, note=note, memory_mib=memory)
    ]


def rate(port: int, pid: int, first: int, messages: int) -> float:
    """Messages for each CPU-second of the process `pid`."""
    before = cpu_seconds(pid)
    asyncio.run(load(port, first, messages))
    return messages / (cpu_seconds(pid) - before)


def main() -> None:
    """Print the row."""
    show(measured(int(sys.argv[1]) if len(sys.argv) > 1 else 60_000))


if __name__ == "__main__":
    main()
