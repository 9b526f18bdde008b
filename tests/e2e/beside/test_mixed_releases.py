"""Half of the services are the release before, and are exchanged one by one while messages flow: all accounts agree.

accepted = shown = reported to the end, each once; nothing is put aside, and nobody logs an error.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson
import pytest

from deploy.local import Stack
from deploy.local.provision import provision
from deploy.sandbox.phone.device import Device, Habits
from tests.support.former_release import THIS, MixedStack, former_release
from tests.support.opening import ENV, opened
from tests.support.waiting import LOOK_ELSEWHERE_S, eventually
from tests.support.world import DELIVERED, PLATFORMS, READ, SERVICES, UNDELIVERED, World, assert_forward

FORMER = SERVICES
NEW = ("router-2", "dispatch-2", "status-2")
ORDER = ("status", "registry", "dispatch", "router", "ingest")
CUSTOMERS, SENDING = 12, 8
READS = Habits("read", after_s=0.2)


@dataclass(frozen=True)
class Sent:
    """A message of the bank; without a device it goes on to an SMS."""

    ref: str
    text: str
    phone: str
    device: Device | None


@pytest.fixture(scope="module")
def mixed(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    site = former_release(tmp_path_factory.mktemp("former"))
    folder, env = tmp_path_factory.mktemp("mixed"), {**ENV, "KAFKA_TOPIC_PREFIX": "mixed.", "MONGO_DATABASE": "mixed"}
    servers = {"kafka_bootstrap": stack.kafka_bootstrap, "mongo_url": stack.mongo_url}
    with MixedStack(folder, 0, (*FORMER, *NEW), site=site, former=FORMER, env=env, **servers) as made:
        provision(made.describe())
        yield made


@pytest.fixture(scope="module")
async def town(mixed: Stack) -> AsyncIterator[World]:
    async with opened(mixed) as world:
        yield world


async def test_releases_beside_each_other_lose_nothing_and_do_nothing_twice(town: World, mixed: Stack) -> None:
    assert await _builds(mixed) == {name: name in FORMER for name in (*FORMER, *NEW)}
    phones = [town.new_phone() for _ in range(CUSTOMERS)]
    kinds = [PLATFORMS[place % len(PLATFORMS)] for place in range(CUSTOMERS)]
    devices = [await town.enrol(kind, phone, READS) for kind, phone in zip(kinds, phones, strict=True)]
    messages: list[Sent] = []
    over = asyncio.Event()

    async def send_on(customer: int) -> None:
        """One after the other, until all are exchanged."""
        while not over.is_set():
            device = devices[customer] if len(messages) % 4 else None
            phone = phones[customer] if device is not None else town.new_phone()
            message = Sent(town.new_ref(), town.new_text(), phone, device)
            messages.append(message)
            await _send_until_accepted(town, message)
            await asyncio.sleep(LOOK_ELSEWHERE_S)

    sending = asyncio.gather(*(send_on(customer) for customer in range(SENDING)))
    await eventually(lambda: len(messages) > 2 * SENDING or sending.done(), "both releases are at work")
    for name in ORDER:
        await asyncio.to_thread(mixed.restart, name, THIS)
        await _go_on(messages, sending, name)
    over.set()
    await sending
    await _settled(town, messages)
    assert not any((await _builds(mixed)).values())

    await town.fleet.drained()
    posted = [sms["data"]["text"] for sms in await town.control.channel_messages()]
    for message in messages:
        shown = 0 if message.device is None else sum(push.text == message.text for push in message.device.shown)
        assert (shown, posted.count(message.text)) == ((0, 1) if message.device is None else (1, 0)), message.ref
    assert await _asked(mixed, "/v1/dead-letters?state=all") == []
    await _trail_reaches_back(mixed)
    assert _errors(mixed) == []


async def _go_on(messages: list[Sent], sending: "asyncio.Future[list[None]]", name: str) -> None:
    begun = len(messages)
    await eventually(lambda: len(messages) > begun + SENDING or sending.done(), f"messages go on with {name}")


async def _send_until_accepted(town: World, message: Sent) -> None:
    body = town.bank.request(message.text, phone=message.phone, ref=message.ref, ttl=300)
    body["notifyUrl"] = town.stack.sandbox["partner"] + "/reports/mixed"
    sms = {"type": "SMS", "data": {"text": message.text, "ttl": 300, "ttlUnit": "SECONDS"}}
    body["cascadeChainLink"] = {"state": "DELIVERED", "message": sms}
    while True:
        try:
            answer = await town.bank.post(body)
        except (aiohttp.ClientError, TimeoutError):
            pass  # ingest is exchanged: it may have been accepted or not
        else:
            if answer.http_status == 200:
                return
            assert answer.http_status == 503, answer
        await asyncio.sleep(LOOK_ELSEWHERE_S)


async def _settled(town: World, messages: list[Sent]) -> None:
    """Until each was reported to its end; none twice, and none backwards."""
    ends = {message.ref: ("PUSH", READ) if message.device is not None else ("SMS", DELIVERED) for message in messages}
    by_link: dict[tuple[str, str], list[dict[str, object]]] = {}

    def waiting() -> list[str]:
        last = {key: reports[-1]["status"] for key, reports in by_link.items()}
        return [ref for ref, (kind, status) in ends.items() if last.get((ref, kind)) != status]

    async def all_have_come() -> bool:
        by_link.clear()
        for entry in await town.control.reports(path="/reports/mixed"):
            report = entry["report"]
            by_link.setdefault((report["id"], report["type"]), []).append(report)
        return not waiting()

    async def more_have_come() -> bool:
        return await all_have_come() or len(waiting()) < left

    left = len(messages) + 1  # how many there are depends on how long the exchange took, so each look has its own time
    while not await all_have_come():
        await eventually(more_have_come, lambda: f"{len(waiting())} of {len(messages)} wait: {waiting()[:3]}", 90, 0.3)
        left = len(waiting())
    for key, reports in by_link.items():
        assert_forward(reports)
        statuses = [report["status"] for report in reports]
        assert len(statuses) == len(set(statuses)), (key, statuses)
    refused = {
        ref for (ref, kind), reports in by_link.items() if kind == "PUSH" and reports[-1]["status"] == UNDELIVERED
    }
    assert refused == {message.ref for message in messages if message.device is None}


async def _asked(mixed: Stack, path: str) -> Any:
    headers = {"Authorization": f"Bearer {mixed.env['RPNS_ADMIN_TOKEN']}"}
    async with aiohttp.ClientSession(headers=headers) as session, session.get(mixed.operators_url + path) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def _trail_reaches_back(mixed: Stack) -> None:
    """What was changed while there was only the former release, before this one's projection."""
    trail: dict[str, Any] = {}

    async def is_whole() -> bool:
        trail.update(await _asked(mixed, "/v1/audit?limit=1000"))
        return bool(trail["isWhole"])

    await eventually(is_whole, "the audit trail is read")
    assert any(change["entity"].startswith("partner/") for record in trail["records"] for change in record["changes"])


async def _builds(mixed: Stack) -> dict[str, bool]:
    """Which instances are the former release, as operators see it."""
    found = (await _asked(mixed, "/v1/cluster"))["instances"]
    names = {f"{name.partition('-')[0]}-{name.partition('-')[2] or 1}": name for name in (*FORMER, *NEW)}
    return {names[entry["instance"]]: entry["commit"] == "former" for entry in found}


def _errors(mixed: Stack) -> list[str]:
    names = (*FORMER, *NEW)
    lines = [line for name in names for line in (mixed.data_dir / "log" / f"{name}.log").read_text().splitlines()]
    return [line for line in lines if orjson.loads(line)["level"] in ("error", "critical")]
