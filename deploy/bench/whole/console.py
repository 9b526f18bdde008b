"""How long somebody at the console waits, with a long history. `python -m deploy.bench.whole.console [messages]`.

Status is asked what the page Support asks, one after the other, for messages drawn from all that are stored: by each
id, by phone, by user, and for one message with its trace. A line tells the 95th of a hundred. Held against it is an id
that nobody has: what a request costs that finds nothing.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
from pymongo import MongoClient

from deploy.bench.measure import Row, show
from deploy.bench.service import service_on
from deploy.bench.whole.stored import CACHE_GB, prepare, store
from deploy.local import Stack
from services.runtime.settings import Settings

ASKED = 200
PAGE = 20
WORTH_MS = 300
"""Longer is felt as waiting."""
Asked = dict[str, list[str]]


def asked_of(servers: Stack, settings: Settings) -> Asked:
    """What a line asks: the paths of its requests."""
    with MongoClient[dict[str, Any]](servers.mongo_url) as client:
        messages = client[settings.mongo_database]["messages"]
        drawn = list(messages.aggregate([{"$sample": {"size": ASKED}}]))

    def search(name: str, values: list[object]) -> list[str]:
        return [f"/v1/messages?{name}={quote(str(value))}&limit={PAGE}" for value in values]

    return {
        "an id nobody has": search("id", [f"none-{number}" for number in range(ASKED)]),
        "a message's id": search("id", [message["_id"] for message in drawn]),
        "an mtNum": search("id", [message["mt_num"] for message in drawn]),
        "a partner's id": search("id", [message["partner_ref"] for message in drawn]),
        "a phone": search("phone", [message["phone"] for message in drawn]),
        "a user": search("user", [f"nobody-{number}" for number in range(ASKED)]),
        "a trace": [f"/v1/messages/{message['_id']}" for message in drawn],
    }


async def waited_ms(url: str, token: str, asked: Asked) -> dict[str, float]:
    """The 95th percentile of each line. Raises ClientResponseError for an answer that is none."""
    headers, found = {"Authorization": f"Bearer {token}"}, {}
    async with aiohttp.ClientSession(url, headers=headers, raise_for_status=True) as client:
        for what, paths in asked.items():
            took = []
            for path in paths:
                started = time.perf_counter()
                async with client.get(path) as answer:
                    await answer.read()
                took.append((time.perf_counter() - started) * 1000)
            found[what] = statistics.quantiles(took, n=20)[-1]
    return found


def measured(messages: int = 500_000) -> list[Row]:
    """A line for each thing that is asked."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(Path(folder) / "servers", services=(), sandbox=False, gateway=False, mongo_cache_gb=CACHE_GB) as servers,
    ):
        settings = Settings.from_environment(servers.env)
        asyncio.run(prepare(settings))
        store(servers, settings, messages)
        with service_on(servers, folder, "status") as stack:
            url = f"http://127.0.0.1:{stack.ports['status'].operators}"
            found = asyncio.run(waited_ms(url, stack.env["RPNS_ADMIN_TOKEN"], asked_of(servers, settings)))
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
    show(measured(int(sys.argv[1]) if len(sys.argv) > 1 else 500_000))


if __name__ == "__main__":
    main()
