"""APNs pushes for each second of dispatch's processor time, Kafka included.

Real Kafka, real MongoDB, dispatch in its own process, the APNs sandbox in another (TLS, HTTP/2, provider tokens
verified, payloads counted and not kept). Targets lie in the log before dispatch starts; what is measured is from its
first finished records to its last, asked for rarely, since every answer costs it time. Limits: the same pushes with no
servers (decoded, screened, opened, rendered, concluded, encoded), and through a plain gateway to the same sandbox
(`plain_gateway.py`).
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson
from motor.motor_asyncio import AsyncIOMotorClient

from deploy.bench.measure import DELIVERIES, Row, cpu_seconds, memory_mib, seal_as, show
from deploy.bench.parts import plain_gateway
from deploy.local import Stack
from deploy.waiting import wait_until
from schemas import ids, topics
from schemas.application_events import ApplicationChanged, CredentialsChanged
from schemas.events import TargetResolved
from schemas.providers import Provider
from schemas.values import Content, Recipient
from services.dispatch.delivery.sender_health import worked_under_of
from services.dispatch.policy import AttemptFacts, concluded, screened
from services.dispatch.provider import Accepted, Push
from services.dispatch.providers.apns import render
from services.runtime.crypto import record_encryption
from services.runtime.crypto.master_key import Secrets
from services.runtime.installations.reader import from_document
from services.runtime.log import kafka
from services.runtime.log.kafka import Append
from services.runtime.settings import Settings

DEVICES = 10_000
POLL_S = 1.0
TOPIC = topics.TARGET_RESOLVED[Provider.APNS]["single"]
CONTENT = Content(text="Your code is 4711. Tell it nobody, not even us.", title="DemoBank", custom_payload='{"k":1}')
APPLICATION = ApplicationChanged(
    event_id="a", at=0, application_id="app", name="App", api_key_digests=(), max_pushes_per_s=1_000_000
)


def target(number: int) -> TargetResolved:
    message_id, now = ids.uuid7(), int(time.time() * 1000)
    installation_id = f"00000000-0000-4000-8000-{number % DEVICES:012d}"
    return TargetResolved(
        event_id=ids.event_id_of(message_id, "target"),
        at=now,
        message_id=message_id,
        partner_id="bank",
        delivery_id=DELIVERIES.of(message_id, 0, installation_id),
        installation_id=installation_id,
        application_id="app",
        provider=Provider.APNS,
        content=CONTENT,
        expires_at=now + 3_600_000,
        recipient_mark=ids.recipient_mark_of("app", f"user-{number % DEVICES}", None),
        planned_at=now,
        recipient=Recipient(external_user_id=f"user-{number % DEVICES}"),
    )


def device(number: int, secrets: Secrets) -> dict[str, Any]:
    token = {
        "provider": "apns",
        "sealed": secrets.seal(b"%064x" % number, b"token"),
        "digest": f"{number:032x}",
        "registered_at": 1,
        "worked": True,
        "worked_under": worked_under_of("1", "production/"),
    }
    return {
        "_id": f"00000000-0000-4000-8000-{number:012d}",
        "application_id": "app",
        "platform": "ios",
        "app_version": "5.0",
        "last_used_at": 1,
        "token": token,
        "owner": {"external_user_id": f"user-{number}", "phone": None},
        "subscriptions": [{"id": "news", "name": "News", "value": True}],
    }


async def fill(servers: Stack, key: dict[str, Any], pushes: int) -> None:
    """Devices, the application and its key, and the targets."""
    settings = Settings.from_environment(servers.env)
    secrets = Secrets(settings.master_key)
    await kafka.create_topics(settings)
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(servers.mongo_url)
    await client[settings.mongo_database]["installations"].insert_many(
        [device(number, secrets) for number in range(DEVICES)]
    )
    client.close()
    given = {name: key[name] for name in ("team_id", "key_id", "private_key")} | {"topic": key["topics"][0]}
    sealed = secrets.seal(orjson.dumps(given), b"credentials")
    credentials = CredentialsChanged(
        event_id="c", at=0, application_id="app", provider=Provider.APNS, sealed=sealed, fingerprint="1"
    )
    await seal_as(settings)
    async with kafka.opened_log(settings) as log:
        for entity in (APPLICATION, credentials):
            await log.append([Append(topics.APPLICATION_EVENTS, entity.entity_key, entity)])
        for start in range(0, pushes, 1_000):
            part = [target(number) for number in range(start, min(pushes, start + 1_000))]
            await log.append([Append(TOPIC, event.installation_id, event) for event in part], 30)


@contextmanager
def sandbox(folder: Path) -> Iterator[dict[str, Any]]:
    """The APNs sandbox in a process of its own; what it wrote into sandbox.json, and its credentials."""
    command = [sys.executable, "-m", "deploy.sandbox", "--data-dir", str(folder), "--only", "apns", "--no-payloads"]
    process = subprocess.Popen(command)
    file = folder / "sandbox.json"
    try:
        wait_until(file.exists, "the sandbox", 30)
        described: dict[str, Any] = json.loads(file.read_text())
        yield described | {"key": json.loads((folder / "credentials.json").read_text())["apns"]}
    finally:
        process.terminate()
        process.wait(30)


def bare(pushes: int = 5_000) -> float:
    """Pushes per second of processor time with no servers."""
    secrets = Secrets("A" * 43 + "=")
    raw = [record_encryption.encode(target(number)) for number in range(pushes)]
    documents = [device(number, secrets) for number in range(DEVICES)]
    started = time.process_time()
    for number, value in enumerate(raw):
        installation = from_document(documents[number % DEVICES])
        event = record_encryption.decode(TOPIC, value)
        assert isinstance(event, TargetResolved)
        assert installation.token is not None
        assert screened(event, installation, True, event.at) is None
        push = Push(
            message_id=event.message_id,
            delivery_id=event.delivery_id,
            installation_id=event.installation_id,
            application_id=event.application_id,
            token=secrets.open(installation.token.sealed, b"token").decode(),
            token_environment=None,
            bundle=None,
            variant=None,
            content=event.content,
            expires_at=event.expires_at,
            recipient_mark=event.recipient_mark,
            attempt=1,
            lane=event.lane,
            token_worked=True,
        )
        render.path_of(push)
        render.headers_of(push, b"bearer", b"topic", event.at)
        render.render(push)
        sent = AttemptFacts(1, installation.token.digest, True)
        record_encryption.encode(concluded(event, Accepted(event.delivery_id), sent, event.at, 0.5).event)
    return pushes / (time.process_time() - started)


def finished(stack: Stack) -> float:
    text = httpx.get(f"http://127.0.0.1:{stack.ports['dispatch'].metrics}/metrics").text
    wanted = f'rpns_records_total{{topic="{TOPIC.name}"}}'
    return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(wanted))


def measured(pushes: int = 60_000) -> list[Row]:
    """The row, with the memory of the process beside it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (
            sandbox(folder / "sandbox") as described,
            Stack(folder / "servers", services=(), sandbox=False, gateway=False) as servers,
        ):
            asyncio.run(fill(servers, described["key"], pushes))
            stack = Stack(
                folder / "dispatch",
                services=("dispatch",),
                sandbox=False,
                gateway=False,
                kafka_bootstrap=servers.kafka_bootstrap,
                mongo_url=servers.mongo_url,
                env=servers.env | {"APNS_URL": described["apns"], "PROVIDER_CA_FILE": described["ca_file"]},
            )
            with stack:
                pid = stack.pids["dispatch"]
                wait_until(lambda: finished(stack) > 0, "the first push", 60)
                before, done, began = cpu_seconds(pid), finished(stack), time.monotonic()
                wait_until(lambda: finished(stack) >= pushes, "the last push", 300, POLL_S)
                spent, took = cpu_seconds(pid) - before, time.monotonic() - began
                memory, note = memory_mib(pid), f"{(pushes - done) / took:,.0f}/s on this machine"
            plain = plain_gateway.pushed(described, described["key"], pushes // 2, CONTENT)
    rate = (pushes - done) / spent
    return [
        Row(
            "dispatch, APNs",
            rate,
            "pushes/CPU-s",
            "10,000",
            limit=f"{bare():,.0f} without servers; {plain:,.0f} a plain gateway",
            note=f"{note}; {rate / plain:.2f} of a plain gateway on the same engine",
            memory_mib=memory,
        )
    ]


def main() -> None:
    """Print the row."""
    show(measured(int(sys.argv[1]) if len(sys.argv) > 1 else 60_000))


if __name__ == "__main__":
    main()
