"""The partner's own code: each message is sent again under its id until it is accepted, as docs/partner-api.md asks."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import aiohttp
import orjson

from deploy.torture.load.book import Book
from deploy.torture.load.customers import BATCH_KEY, PARTNER, PASSWORD, SECOND_SENDER, SENDER
from deploy.torture.load.plan import Planned

TIMEOUT_S = 15.0
FIRST_WAIT_S, LONGEST_WAIT_S = 0.2, 2.0
_PACKET = 20  # messages in each
_AT_ONCE = 64
_LONG_S, _SHORT_S = 3_600, 30
_ZONE = timedelta(hours=3)  # windows are read in UTC+3
_SOON = timedelta(seconds=5)  # a window that opens sooner would be open when the request arrives
_PASSING = (429, 500, 502, 503, 504)
Json = dict[str, Any]


class Refused(Exception):
    """A request was refused for good: the load itself is wrong, or the platform is."""


class Partner:
    """Use as an async context manager."""

    def __init__(self, stack: Mapping[str, Any], book: Book) -> None:
        self._gateway, self._book = stack["public_url"], book
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self.auth = {"Authorization": aiohttp.encode_basic_auth(PARTNER, PASSWORD, "utf-8")}

    async def __aenter__(self) -> Self:
        self.session = aiohttp.ClientSession(
            self._gateway,
            connector=aiohttp.TCPConnector(limit=2 * _AT_ONCE),
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()

    async def send_all(self, messages: Sequence[Planned], per_s: float) -> None:
        """At this rate, or as fast as they are accepted if that is slower; returns when all are. Raises Refused."""
        loop = asyncio.get_running_loop()
        began_s, sent, packet = loop.time(), 0, list[Planned]()
        async with asyncio.TaskGroup() as group:
            for message in messages:
                if message.kind == "mailing":
                    continue
                sent += 1
                await asyncio.sleep(max(0.0, began_s + sent / per_s - loop.time()))
                if message.kind != "packet":
                    self._book.expect(message)
                    for _ in range(message.times):
                        await self._start(group, self._send(message))
                else:
                    packet.append(message)
                    if len(packet) == _PACKET:
                        await self._start(group, self._send_packet(packet))
                        packet = []
            if packet:
                await self._start(group, self._send_packet(packet))

    async def until_answered(self, what: str, method: str, path: str, **about: Any) -> tuple[int, Json]:
        """Ask until there is an answer that does not pass; `what` says in the journal what waits."""
        wait_s = FIRST_WAIT_S
        while True:
            try:
                async with self.session.request(method, path, **about) as answer:
                    content = await answer.read()
                    if answer.status not in _PASSING:
                        return answer.status, orjson.loads(content) if "json" in answer.content_type else {}
                    outcome = f"{answer.status}"
            except (aiohttp.ClientError, TimeoutError) as error:
                outcome = f"no answer ({type(error).__name__})"
            self._book.note("refused", what, outcome=outcome)
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)

    async def _start(self, group: asyncio.TaskGroup, work: Coroutine[Any, Any, None]) -> None:
        await self._gate.acquire()
        group.create_task(work).add_done_callback(lambda _: self._gate.release())

    async def _send(self, message: Planned) -> None:
        status, answer = await self.until_answered(message.ref, "POST", "/v6/send", json=_body(message))
        if status != 200:
            raise Refused(f"{message.ref}: {status} {answer}")
        self._book.answered(message.ref, "200", str(answer["mtNum"]))

    async def _send_packet(self, packet: Sequence[Planned]) -> None:
        for message in packet:
            self._book.expect(message)
        body = {"messages": [_in_packet(message) for message in packet]}
        headers = {"Authorization": f"Key {BATCH_KEY}"}
        left = True
        while left:
            status, answer = await self.until_answered(packet[0].ref, "POST", "/v3/batch", json=body, headers=headers)
            if status != 200:
                raise Refused(f"packet of {packet[0].ref}: {status} {answer}")
            left = False
            for message, entry in zip(packet, answer["result"], strict=True):
                if entry["code"] == "OK":
                    self._book.taken(message.ref, "packet: OK")
                elif "unknown" in [reason["key"] for reason in entry.get("reasons", [])]:
                    left = True  # stored or not: the same packet is sent again
                else:
                    raise Refused(f"{message.ref} in a packet: {entry}")


def _body(message: Planned) -> Json:
    ttl_s = _SHORT_S if message.kind == "silent" else _LONG_S
    sender = SECOND_SENDER if message.second else SENDER
    push = {"serviceNumber": sender, "text": message.ref, "ttl": ttl_s, "ttlUnit": "SECONDS"}
    body: Json = {"login": PARTNER, "password": PASSWORD, "id": message.ref, "destAddr": message.phone}
    body |= {"message": {"type": "PUSH", "data": push}}
    if message.kind in ("reached", "nobody", "silent"):
        sms = {"type": "SMS", "data": {"serviceNumber": sender, "text": message.ref, "ttl": 1, "ttlUnit": "HOURS"}}
        body |= {"cascadeChainLink": {"state": "DELIVERED", "message": sms}}
    if message.kind == "scheduled":
        body |= {"scheduleInfo": _next_minute()}
    return body


def _next_minute() -> Json:
    """A window that opens when the next minute begins."""
    opens = datetime.now(UTC) + _ZONE + _SOON + timedelta(minutes=1)
    closes = opens + timedelta(hours=12)
    return {"timeBegin": f"{opens:%H:%M}", "timeEnd": f"{closes:%H:%M}"}


def _in_packet(message: Planned) -> Json:
    sender = SECOND_SENDER if message.second else SENDER
    about = {"from": sender, "to": message.phone, "text": message.ref, "id": message.ref}
    return {**about, "type": "PUSH", "validity": _LONG_S}
