"""Single POSTs to ingest for each CPU-second, beside a bare Starlette route.

Both run under uvicorn, httptools and uvloop in a process of their own on loopback, and get the same requests over the
same number of keep-alive connections, in turns. Ingest's figure includes all that a request costs its process: the
check of login and content, Kafka (acks=all), metrics. The bare route reads the body and answers a constant.
"""

import asyncio
import multiprocessing
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httptools
import orjson
import uvicorn
import uvloop
from argon2 import PasswordHasher
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deploy.bench.measure import Row, cpu_seconds, memory_mib, show
from deploy.local import Stack
from deploy.local.ports import HOST, accepts, free_ports
from deploy.waiting import wait_until
from schemas import ids, topics
from schemas.application_events import PartnerChanged, SenderChanged
from services.runtime.log import kafka
from services.runtime.settings import Settings

CONNECTIONS = 64
ROUNDS = 3


def serve_bare(port: int) -> None:
    """The limit: what uvicorn and Starlette alone can do."""

    async def answer(request: Request) -> Response:
        await request.body()
        return Response(b'{"mtNum":"1234567890123456789","id":"1"}', media_type="application/json")

    app = Starlette(routes=[Route("/v6/send", answer, methods=["POST"])])
    config = uvicorn.Config(app, host=HOST, port=port, http="httptools", ws="none", lifespan="off", access_log=False)
    config.server_header, config.log_level = False, "warning"
    uvloop.run(uvicorn.Server(config).serve())


class Caller(asyncio.Protocol):
    """One keep-alive connection: the next request goes out when the answer to the last is complete."""

    def __init__(self, next_request: Callable[[], bytes | None]) -> None:
        self._next = next_request
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._parser = httptools.HttpResponseParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self.on_message_complete()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_headers_complete(self) -> None:
        if self._parser.get_status_code() != 200 and not self.done.done():
            self.done.set_exception(RuntimeError(f"answered {self._parser.get_status_code()}"))

    def on_message_complete(self) -> None:
        request = self._next()
        if request is not None:
            self._transport.write(request)
        elif not self.done.done():
            self.done.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("closed by the server"))


async def load(port: int, count: int, mark: str) -> None:
    """Send `count` different requests and wait for all answers. Raises RuntimeError for another than 200."""
    numbers = iter(range(count))

    def next_request() -> bytes | None:
        number = next(numbers, None)
        return None if number is None else request(f"{mark}-{number}")

    loop = asyncio.get_running_loop()
    callers = [(await loop.create_connection(lambda: Caller(next_request), HOST, port))[1] for _ in range(CONNECTIONS)]
    await asyncio.gather(*(caller.done for caller in callers))
    for caller in callers:
        caller._transport.close()


def request(reference: str) -> bytes:
    """A one-time password as a partner sends it."""
    data = {"text": "Your code is 831755. Tell nobody.", "title": "DemoBank", "serviceNumber": "DemoBank"}
    lifetime = {"ttl": 300, "ttlUnit": "SECONDS", "customPayload": {"screen": "confirm", "operation": 8_770_599}}
    message = {"type": "PUSH", "data": data | lifetime}
    sender = {"login": "bench", "password": "bench", "id": reference, "destAddr": "79161234567"}
    body = orjson.dumps(sender | {"message": message, "registeredDelivery": 1})
    head = f"POST /v6/send HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


async def provision(settings: Settings) -> None:
    await kafka.create_topics(settings)
    given: dict[str, Any] = {"event_id": ids.uuid7(), "at": 0, "partner_id": "bench"}
    hashed = PasswordHasher().hash("bench")
    partner = PartnerChanged(
        **given, uuid=ids.uuid7(), login="bench", password_hash=hashed, max_rate_per_s=10**6, max_connections=10**6
    )
    sender = SenderChanged(**given, service_number="DemoBank", application_id="bench")
    async with kafka.opened_log(settings) as log:
        events = (partner, sender)
        await log.append([kafka.Append(topics.APPLICATION_EVENTS, event.entity_key, event) for event in events])


def rate(port: int, pid: int, count: int, mark: str) -> float:
    """Requests for each CPU-second of the process `pid`."""
    before = cpu_seconds(pid)
    uvloop.run(load(port, count, mark))
    return count / (cpu_seconds(pid) - before)


def measured(count: int) -> list[Row]:
    """The best of three rounds, taken in turns so that both meet the same noise."""
    bare_port = free_ports(1)[0]
    bare = multiprocessing.get_context("spawn").Process(target=serve_bare, args=(bare_port,), daemon=True)
    with tempfile.TemporaryDirectory() as folder:
        servers = Stack(Path(folder) / "servers", services=(), sandbox=False, gateway=False)
        with servers:
            asyncio.run(provision(Settings.from_environment(servers.env)))
            with Stack(
                Path(folder) / "own",
                services=("ingest",),
                sandbox=False,
                gateway=False,
                kafka_bootstrap=servers.kafka_bootstrap,
                mongo_url=servers.mongo_url,
            ) as ours:
                bare.start()
                wait_until(lambda: accepts(bare_port), "the bare route", 20)
                port, pid = ours.ports["ingest"].api, ours.pids["ingest"]
                uvloop.run(load(port, 2000, "warm"))
                uvloop.run(load(bare_port, 2000, "warm"))
                limit, figure = 0.0, 0.0
                for number in range(ROUNDS):
                    limit = max(limit, rate(bare_port, bare.pid or 0, count, f"bare-{number}"))
                    figure = max(figure, rate(port, pid, count, f"own-{number}"))
                memory = memory_mib(pid)
                bare.terminate()
                bare.join()
    return [
        Row(
            what="ingest: single POSTs",
            figure=figure,
            unit="per CPU-second",
            aim="0.45 of the bare route",
            limit=f"{limit:,.0f} bare Starlette route",
            note=f"{figure / limit:.2f} of the bare route",
            memory_mib=memory,
        )
    ]


def main() -> None:
    """Print the row."""
    show(measured(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))


if __name__ == "__main__":
    main()
