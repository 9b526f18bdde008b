"""A database that fails over under five hundred messages: each has one fate, and the providers have seen the same.

The services, Kafka and the sandbox are real, and so is the replica set of two: while a bank sends, it answers with
errors of every kind, its primary steps down, its secondary stands still, and its connections break.
"""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field

import aiohttp
import pytest

from deploy.local import Stack
from deploy.local.provision import provision
from deploy.sandbox.phone.device import Device, Habits
from schemas import topics
from services.runtime.log import kafka
from services.runtime.settings import Settings
from tests.support.opening import ENV, opened
from tests.support.replica_set import READS, WRITES, ReplicaSet
from tests.support.waiting import eventually
from tests.support.world import PLATFORMS, READ, Json, World, assert_forward

MESSAGES = 500
CUSTOMERS = 20
SENDING = 8  # requests at once
SETTLED_S = 120.0
SHOWS_AND_READS = Habits("read", after_s=0.2)
CODES = (11600, 11602, 10107, 13435, 189, 91, 262, 112, 24, 133, 13, 18, 391, 14031, 50, 43, 11601)
CONCERNS = (64, 11602, 91, 189)
TIMES = 8  # commands that fail with each code


@dataclass
class Sent:
    """A message of the bank; `text` tells it apart at the provider and on the phone."""

    ref: str
    text: str
    place: int
    answers: set[str] = field(default_factory=set)


@pytest.fixture(scope="module")
def replicas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReplicaSet]:
    with ReplicaSet(tmp_path_factory.mktemp("mongo"), members=2) as replicas:
        yield replicas


@pytest.fixture(scope="module")
async def world(replicas: ReplicaSet, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    with Stack(tmp_path_factory.mktemp("stack"), env=ENV, mongo_url=replicas.url) as stack:
        provision(stack.describe())
        async with opened(stack) as world:
            yield world


async def test_a_database_that_fails_over_costs_nothing(world: World, replicas: ReplicaSet) -> None:
    phones = [world.new_phone() for _ in range(CUSTOMERS)]
    devices = [
        await world.enrol(PLATFORMS[place % len(PLATFORMS)], phone, SHOWS_AND_READS)
        for place, phone in enumerate(phones)
    ]
    messages = [Sent(world.new_ref(), world.new_text(), place % CUSTOMERS) for place in range(MESSAGES)]
    troubles = asyncio.create_task(asyncio.to_thread(_trouble, replicas))
    left, turns = iter(messages), itertools.count()

    async def send() -> None:
        for message in left:
            await _until_accepted(world, phones[message.place], message)
            if not troubles.done() and next(turns) < MESSAGES - 50:  # some are kept for when it is over
                await asyncio.sleep(0.15)

    await asyncio.gather(*(send() for _ in range(SENDING)), troubles)
    reports = await _settled(world, messages)
    await world.fleet.drained()
    assert _of_each(reports, lambda states: states[-1]["status"] == READ) == {message.ref for message in messages}
    for states in reports.values():
        assert_forward(states)
    assert _shown(devices) == Counter({message.text: 1 for message in messages})
    accepted = [str(push) for push in await world.control.received()]
    assert {message.ref for message in messages if not any(message.text in push for push in accepted)} == set()
    assert all(len(message.answers) == 1 for message in messages)
    assert await _dead_letters(world) == []
    assert world.stack.ended == {}
    assert world.stack.started_again == {}


def _trouble(replicas: ReplicaSet) -> None:
    """Every kind once, while messages are on their way. Each order returns when the last one of it was used up, or is
    replaced by the next one."""
    for code in CONCERNS:
        concern = {"code": code, "errmsg": "ordered", "errInfo": {"wtimeout": code == 64}}
        replicas.fail(WRITES, TIMES, writeConcernError=concern)
        replicas.used_up()
    for code in CODES:
        replicas.fail((*WRITES, *READS), TIMES, errorCode=code)
        replicas.used_up()
    replicas.fail((*WRITES, *READS), TIMES, closeConnection=True)
    replicas.used_up()
    replicas.heal()
    replicas.step_down()
    replicas.primary()
    replicas.stand_still()
    replicas.until_no_majority()
    replicas.go_on()
    replicas.primary()


async def _until_accepted(world: World, phone: str, message: Sent) -> None:
    """As a bank does it: the same request again until there is an answer."""
    request = world.bank.request(message.text, phone=phone, ref=message.ref, ttl=300)
    while True:
        try:
            answer = await world.bank.post(request)
        except (aiohttp.ClientError, TimeoutError):
            pass  # it may have been accepted or not
        else:
            if answer.http_status == 200:
                message.answers.add(str(answer.mt_num))
                return
            assert answer.http_status == 503, answer
        await asyncio.sleep(0.1)


async def _settled(world: World, messages: list[Sent]) -> dict[str, list[Json]]:
    """The reports on each message, as soon as each was read."""
    reports: dict[str, list[Json]] = {}

    def waiting() -> list[str]:
        return [
            message.ref
            for message in messages
            if not (states := reports.get(message.ref)) or states[-1]["status"] != READ
        ]

    async def none_waits() -> bool:
        reports.clear()
        for report in await world.control.reports():
            reports.setdefault(report["report"]["id"], []).append(report["report"])
        return not waiting()

    def what() -> str:
        last = {ref: [report["status"] for report in reports.get(ref, [])] for ref in waiting()[:5]}
        return f"{len(waiting())} of {MESSAGES} not read: {last}"

    await eventually(none_waits, what, SETTLED_S, 0.3)
    return reports


def _of_each(reports: dict[str, list[Json]], holds: Callable[[list[Json]], bool]) -> set[str]:
    return {ref for ref, states in reports.items() if holds(states)}


def _shown(devices: list[Device]) -> Counter[str]:
    return Counter(push.text for device in devices for push in device.shown)


async def _dead_letters(world: World) -> list[str]:
    """The dead-letter topics that hold anything."""
    settings = Settings.from_environment({"KAFKA_BOOTSTRAP": world.stack.kafka_bootstrap})
    names = [topic.name + topics.DEAD_LETTER for topic in topics.all_topics() if topic.dead_letters]
    found: list[str] = []
    await kafka.read_through(settings, names, lambda name, _: found.append(name))
    return found
