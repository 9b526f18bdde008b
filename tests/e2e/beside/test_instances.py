"""Two of each consuming service side by side, and one of each is killed: nothing is lost, nothing is doubled.

Kafka and MongoDB are those of the other tests; topics, groups and database are not.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field

import aiohttp
import orjson
import pytest

from deploy.local import Stack
from deploy.play.bank import Bank, StreamEvent
from deploy.sandbox.phone.device import Device, Habits
from services.runtime import mongo
from services.runtime.settings import Settings
from tests.support.opening import opened, stack_beside
from tests.support.waiting import eventually
from tests.support.world import DELIVERED, PLATFORMS, READ, SENT, UNDELIVERED, Json, World, assert_forward

DOUBLED = ("router", "dispatch", "status")
SERVICES = ("ingest", "ingest-2", "registry", *DOUBLED, *(f"{name}-2" for name in DOUBLED))
VICTIMS = tuple(f"{name}-2" for name in DOUBLED)
MESSAGES = 120
CUSTOMERS = 20
SENDING = 16  # requests at once
FEW = 60  # for the stream
KILLED_AFTER = 50  # accepted messages
SETTLED_S = 150.0  # a report that a killed process had in hand is taken up when its lease has ended
READS = Habits("read", after_s=0.2)


@dataclass
class Sent:
    """A message of the bank: to a customer (with or without an SMS behind it), or to nobody's phone, with an SMS."""

    ref: str
    text: str
    phone: str
    device: Device | None
    has_sms: bool
    reports: dict[str, list[Json]] = field(default_factory=dict)  # by type

    def is_over(self, is_doubtful: bool) -> bool:
        """Nothing more is to be told."""
        if self.device is None:
            return _last(self.reports, "PUSH") == UNDELIVERED and _last(self.reports, "SMS") == DELIVERED
        return _last(self.reports, "PUSH") == READ or (is_doubtful and _last(self.reports, "PUSH") == SENT)


@pytest.fixture(scope="module")
def several(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack_beside(stack, tmp_path_factory.mktemp("several"), "several", SERVICES) as made:
        yield made


@pytest.fixture(scope="module")
async def town(several: Stack) -> AsyncIterator[World]:
    async with opened(several) as world:
        yield world
    assert _errors(several) == []


@pytest.fixture(scope="module")
async def customers(town: World) -> dict[str, Device]:
    """By phone."""
    phones = [town.new_phone() for _ in range(CUSTOMERS)]
    kinds = [PLATFORMS[place % len(PLATFORMS)] for place in range(CUSTOMERS)]
    return {phone: await town.enrol(kind, phone, READS) for phone, kind in zip(phones, kinds, strict=True)}


async def test_instances_share_the_work_and_tell_each_state_once(town: World, customers: dict[str, Device]) -> None:
    messages = _messages(town, customers)
    await _send_all(town, messages, "/reports/shared")
    await _settled(town, messages, "/reports/shared")
    await _shown_once(town, messages, doubtful=set())
    for message in messages:
        for kind, reports in message.reports.items():
            reported = [report["status"] for report in reports]
            assert len(reported) == len(set(reported)), f"{message.ref} {kind}: {reported}"
    for name in (*DOUBLED, *VICTIMS):
        assert await _records(town, name) > 0, f"{name} has nothing to do"


async def test_guesses_of_a_password_at_one_ingest_are_counted_at_the_other(town: World) -> None:
    async with mongo.database(Settings.from_environment(town.stack.env)) as database:
        for _ in range(10):
            assert await _guessed(town, "ingest") == 401
        await eventually(lambda: _has_told(database["rates"], 10))
        at = (await database["rates"].find_one({"_id": "ingest/ingest-2"}) or {})["turn"]
        await eventually(lambda: _has_turned(database["rates"], at + 2))
    answers = [await _guessed(town, name) for _ in range(5) for name in ("ingest-2", "ingest")]
    assert answers.count(401) < 5, "one is earned now and then; alone, the other would have taken all five"
    assert set(answers) <= {401, 429}


async def _guessed(town: World, name: str) -> int:
    """A login that nobody has, at one instance: so nothing is delayed."""
    body = town.bank.request("guess") | {"login": "nobody", "password": "guess"}
    url = f"http://127.0.0.1:{town.stack.ports[name].api}/v6/send"
    async with aiohttp.ClientSession() as session, session.post(url, json=body) as answer:
        return answer.status


async def _has_told(rates: mongo.RawCollection, least: int) -> bool:
    found = await rates.find_one({"_id": "ingest/ingest-1"}) or {"spent": []}
    return max((count for _, count in found["spent"]), default=0) >= least


async def _has_turned(rates: mongo.RawCollection, turn: int) -> bool:
    found = await rates.find_one({"_id": "ingest/ingest-2"}) or {"turn": 0}
    return int(found["turn"]) >= turn


async def test_both_instances_tell_the_same_stream_while_both_write_it(
    town: World, customers: dict[str, Device]
) -> None:
    messages = _messages(town, customers)[:FEW]
    begin = await anext(town.bank.events())
    ports = [town.stack.ports[name].api for name in ("status", "status-2")]
    listening = [
        asyncio.create_task(_heard(town, port, begin.id, {message.ref for message in messages})) for port in ports
    ]
    await _send_all(town, messages, "/reports/streamed")
    first, second = await asyncio.gather(*listening)
    count = min(len(first), len(second))
    assert first[:count] == second[:count]
    reported = [(event.data["id"], event.data["link"], event.data["state"]) for event in first]
    assert len(reported) == len(set(reported))
    assert [event.id for event in first] == sorted({event.id for event in first})
    await _settled(town, messages, "/reports/streamed")


async def test_one_of_each_is_killed_and_comes_back(town: World, customers: dict[str, Device]) -> None:
    messages = _messages(town, customers)
    accepted = asyncio.Semaphore(0)
    sending = asyncio.create_task(_send_all(town, messages, "/reports/killed", accepted))
    for _ in range(KILLED_AFTER):
        await accepted.acquire()
    for victim in VICTIMS:
        town.stack.kill(victim)
    for victim in VICTIMS:
        await town.restart(victim)
    await sending
    doubtful = await _settled(town, messages, "/reports/killed")
    await _shown_once(town, messages, doubtful)
    for message in messages:
        state = (await town.trace(message.ref))["state"]
        ends = {"DELIVERED"} if message.device is None else {"READ"}
        assert state in (ends if message.ref not in doubtful else {"SENT", "DELIVERED", "READ"}), message


def _messages(town: World, customers: dict[str, Device]) -> list[Sent]:
    """A third is for nobody's phone and goes on to an SMS; of the rest, half has an SMS that is not needed."""
    phones = list(customers)
    made = []
    for place in range(MESSAGES):
        phone = town.new_phone() if place % 3 == 0 else phones[place % CUSTOMERS]
        made.append(Sent(town.new_ref(), town.new_text(), phone, customers.get(phone), place % 3 < 2))
    return made


async def _send_all(
    town: World, messages: Sequence[Sent], path: str, accepted: asyncio.Semaphore | None = None
) -> None:
    gate = asyncio.Semaphore(SENDING)

    async def send(message: Sent) -> None:
        body = town.bank.request(message.text, phone=message.phone, ref=message.ref, ttl=300)
        body["notifyUrl"] = town.stack.sandbox["partner"] + path
        if message.has_sms:
            sms = {"type": "SMS", "data": {"text": message.text, "ttl": 300, "ttlUnit": "SECONDS"}}
            body["cascadeChainLink"] = {"state": "DELIVERED", "message": sms}
        async with gate:
            answer = await town.bank.post(body)
            assert answer.http_status == 200, answer
            if accepted is not None:
                accepted.release()

    await asyncio.gather(*(send(message) for message in messages))


async def _heard(town: World, port: int, after: int, refs: set[str]) -> list[StreamEvent]:
    """What one instance tells, until it has told that each of these has been read, or delivered as an SMS."""
    heard: list[StreamEvent] = []
    ended: set[str] = set()
    async with asyncio.timeout(SETTLED_S), Bank(f"http://127.0.0.1:{port}", *town.bank.credentials) as bank:
        async for event in bank.events(after):
            if event.name:
                heard.append(event)
                is_end = (event.data["channel"], event.data["state"]) in (("PUSH", "READ"), ("SMS", "DELIVERED"))
                ended |= {event.data["id"]} if is_end else set()
            if refs <= ended:
                break
    return heard


async def _settled(town: World, messages: Sequence[Sent], path: str) -> set[str]:
    """Until each has ended; those that ended in doubt. Puts the reports into the messages."""
    by_ref = {message.ref: message for message in messages}
    doubtful: set[str] = set()

    def waiting() -> list[Sent]:
        return [message for message in messages if not message.is_over(message.ref in doubtful)]

    async def all_are_over() -> bool:
        for message in messages:
            message.reports.clear()
        for entry in await town.control.reports(path=path):
            report = entry["report"]
            by_ref[report["id"]].reports.setdefault(report["type"], []).append(report)
        for message in waiting()[:20]:
            if message.device is not None and message.device.provider == "rustore":
                attempts = await town.attempts(message.ref)
                doubtful.update({message.ref for attempt in attempts if attempt["detail"].startswith("uncertain")})
        return not waiting()

    def what() -> str:
        return f"{len(waiting())} of {len(messages)} have not ended: {waiting()[:3]}"

    await eventually(all_are_over, what, SETTLED_S, 0.3)
    for message in messages:
        for reports in message.reports.values():
            assert_forward(reports)
    return doubtful


async def _shown_once(town: World, messages: Sequence[Sent], doubtful: set[str]) -> None:
    """On its phone, and as an SMS where there is no phone; the history says the same."""
    await town.fleet.drained()
    posted = [sending["data"]["text"] for sending in await town.control.channel_messages()]
    for message in messages:
        assert posted.count(message.text) == (message.device is None), message
        if message.device is not None:
            times = sum(push.text == message.text for push in message.device.shown)
            assert times == 1 or (times == 0 and message.ref in doubtful), f"{message.ref} was shown {times} times"
    for device in {message.device for message in messages if message.device is not None}:
        listed = sorted(push.text for push in await device.pull())
        assert {push.text for push in device.shown} <= {*listed}
        assert len(listed) == len({*listed})


async def _records(town: World, name: str) -> float:
    """How many it has consumed."""
    port = town.stack.ports[name].metrics
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/metrics") as response:
        found = re.findall(r"^rpns_records_total{[^}]*} (\S+)$", await response.text(), re.MULTILINE)
    return sum(map(float, found))


def _last(reports: dict[str, list[Json]], kind: str) -> int | None:
    of_kind = reports.get(kind)
    return None if not of_kind else int(of_kind[-1]["status"])


def _errors(stack: Stack) -> list[str]:
    """What the services have written at error level, in all their starts."""
    lines = [line for name in SERVICES for line in (stack.data_dir / "log" / f"{name}.log").read_text().splitlines()]
    return [line for line in lines if orjson.loads(line)["level"] in ("error", "critical")]
