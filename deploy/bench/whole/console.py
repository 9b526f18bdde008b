"""How long somebody at the console waits, with a long history. `python -m deploy.bench.whole.console [messages]`.

The services are asked what the pages ask, one after the other: Support, for messages drawn from all that are stored, by
each id, by phone, by user, by state within a month, and for one message with its trace; Operations, Mailings and Audit
(with `RECORDS` records of a day) as they are opened. A line tells the 95th percentile. Held against it is an id that
nobody has: what a request costs that finds nothing.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import aiohttp
from pymongo import MongoClient

from deploy.bench.measure import Row, seal_as, show
from deploy.bench.service import services_on
from deploy.bench.whole.stored import CACHE_GB, prepare, store
from deploy.local import Stack
from schemas import ids
from schemas.application_events import PartnerChanged
from schemas.audit_events import Audited
from schemas.topics import APPLICATION_EVENTS, AUDIT_EVENTS, DAY_MS
from services.runtime.clock import now_ms
from services.runtime.log import kafka
from services.runtime.log.kafka import Append
from services.runtime.settings import Settings

DRAWN, OPENED = 200, 40
"""Requests of a line: for messages that are drawn, and for a page that is the same each time."""
PAGE = 20
WORTH_MS = 300
"""Longer is felt as waiting."""
FAILED_EVERY = 50
RECORDS = 10_000
SERVICES = ("ingest", "registry", "status")


class Line(NamedTuple):
    """What a line asks: of which service, and the paths of its requests."""

    what: str
    service: str
    paths: list[str]


def searches(servers: Stack, settings: Settings) -> list[Line]:
    """Of Support. The first finds nothing."""
    with MongoClient[dict[str, Any]](servers.mongo_url) as client:
        messages = client[settings.mongo_database]["messages"]
        drawn = list(messages.aggregate([{"$sample": {"size": DRAWN}}]))

    def search(what: str, name: str, values: list[object]) -> Line:
        paths = [f"/v1/messages?{name}={quote(str(value))}&limit={PAGE}&masked=true" for value in values]
        return Line(what, "status", paths)

    month = f"from={now_ms() - 30 * DAY_MS}"
    failed = f"/v1/messages?state=REFUSED&{month}&limit={PAGE}&masked=true"
    return [
        search("an id nobody has", "id", [f"none-{number}" for number in range(DRAWN)]),
        search("a message's id", "id", [message["_id"] for message in drawn]),
        search("an mtNum", "id", [message["mt_num"] for message in drawn]),
        search("a partner's id", "id", [message["partner_ref"] for message in drawn]),
        search("a phone", "phone", [message["phone"] for message in drawn]),
        search("a user", "user", [f"nobody-{number}" for number in range(DRAWN)]),
        Line("a trace", "status", [f"/v1/messages/{message['_id']}?masked=true" for message in drawn]),
        Line("what failed in a month", "status", [failed] * OPENED),
        Line("reasons of a month", "status", [f"/v1/messages/reasons?{month}"] * OPENED),
    ]


def pages() -> list[Line]:
    """What the other pages ask when they are opened."""
    until = now_ms()
    hour = until - until % (DAY_MS // 24)
    by_sender = f"/v1/statistics?groupBy=provider,application,outcome,errorCode&from={hour - 30 * DAY_MS}&to={hour}"
    opened = {
        "outcomes of a month": ("status", by_sender),
        "the audit trail of a day": ("registry", f"/v1/audit?since={until - DAY_MS}&limit=100"),
        "who looked at a phone": ("registry", f"/v1/audit?since={until - DAY_MS}&limit=100&phone=79000000001"),
        "the cluster": ("registry", "/v1/cluster"),
        "stops": ("registry", "/v1/stops?limit=100"),
        "dead letters": ("registry", "/v1/dead-letters?limit=100"),
        "partners": ("registry", "/v1/partners"),
        "applications": ("registry", "/v1/applications"),
        "mailings": ("ingest", "/v1/mailings"),
        "a customer's devices": ("registry", "/v1/installations?phone=79000000001&masked=true"),
    }
    return [Line(what, service, [path] * OPENED) for what, (service, path) in opened.items()]


async def look_back(settings: Settings) -> None:
    """The partner whose messages there are, and the looks of a day at the support desk, in the log."""
    await seal_as(settings)
    until = now_ms()
    looks = [
        Audited(
            event_id=ids.uuid7(),
            at=until - DAY_MS * (RECORDS - number) // RECORDS,
            who=f"operator:desk-{number % 20}",
            address="192.0.2.1",
            service="status",
            method="GET",
            route="/v1/messages",
            path="/v1/messages",
            status=200,
            look="search",
            subjects=(f"phone:{number}",),
        )
        for number in range(RECORDS)
    ]
    uuid = ids.uuid7()
    bank = PartnerChanged(event_id=uuid, at=until, partner_id="bank", uuid=uuid, login="bank", password_hash="none")
    async with kafka.opened_log(settings) as log:
        await log.append([Append(APPLICATION_EVENTS, bank.entity_key, bank)])
        for start in range(0, RECORDS, 500):
            await log.append([Append(AUDIT_EVENTS, look.who, look) for look in looks[start : start + 500]])


async def waited_ms(urls: dict[str, str], token: str, lines: list[Line]) -> dict[str, float]:
    """The 95th percentile of each line. Raises ClientResponseError for an answer that is none."""
    headers, found = {"Authorization": f"Bearer {token}"}, {}
    async with aiohttp.ClientSession(headers=headers, raise_for_status=True) as client:
        for line in lines:
            took = []
            for path in line.paths:
                started = time.perf_counter()
                async with client.get(urls[line.service] + path) as answer:
                    await answer.read()
                took.append((time.perf_counter() - started) * 1000)
            found[line.what] = statistics.quantiles(took, n=20)[-1]
    return found


def measured(messages: int = 1_000_000) -> list[Row]:
    """A line for each thing that is asked."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(Path(folder) / "servers", services=(), sandbox=False, gateway=False, mongo_cache_gb=CACHE_GB) as servers,
    ):
        settings = Settings.from_environment(servers.env)
        asyncio.run(prepare(settings))
        store(servers, settings, messages, failed_every=FAILED_EVERY)
        asyncio.run(look_back(settings))
        with services_on(servers, folder, *SERVICES) as stack:
            urls = {name: f"http://127.0.0.1:{stack.ports[name].operators}" for name in SERVICES}
            lines = [*searches(servers, settings), *pages()]
            found = asyncio.run(waited_ms(urls, stack.env["RPNS_ADMIN_TOKEN"], lines))
    (nobody, limit), *rest = found.items()
    return [
        Row(
            f"console, {what} of {messages:,} messages",
            waited,
            "ms, p95",
            f"{WORTH_MS} ms",
            f"{limit:.1f} ms, {nobody}",
        )
        for what, waited in rest
    ]


def main() -> None:
    """Print the rows."""
    show(measured(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))


if __name__ == "__main__":
    main()
