"""Each service is killed in the middle of two hundred messages: nothing is lost, nobody is shown anything twice."""

import asyncio
from dataclasses import dataclass, field

import aiohttp
import pytest

from deploy.sandbox.phone.device import Device, Habits
from tests.support.waiting import LOOK_ELSEWHERE_S, eventually
from tests.support.world import PLATFORMS, READ, SENT, SERVICES, Json, World, assert_forward

MESSAGES = 200
CUSTOMERS = 20
SENDING = 16  # requests at once
KILLED_AFTER = 60  # accepted messages
READS = Habits("read", after_s=0.2)
SETTLED_S = 60.0
FEW = 30  # messages that are looked into one by one


@dataclass
class Crowd:
    """Customers with one phone each."""

    phones: list[str] = field(default_factory=list)
    devices: list[Device] = field(default_factory=list)


@dataclass
class Sent:
    """A message of the bank."""

    ref: str
    text: str
    place: int  # of the customer
    mt_nums: set[str] = field(default_factory=set)


@pytest.fixture(scope="module")
async def crowd(world: World) -> Crowd:
    made = Crowd()
    for place in range(CUSTOMERS):
        phone = world.new_phone()
        made.phones.append(phone)
        made.devices.append(await world.enrol(PLATFORMS[place % len(PLATFORMS)], phone, READS))
    return made


@pytest.mark.parametrize("victim", SERVICES)
async def test_a_killed_service_loses_nothing_and_shows_nobody_anything_twice(
    world: World, crowd: Crowd, victim: str
) -> None:
    messages = [Sent(world.new_ref(), world.new_text(), place % CUSTOMERS) for place in range(MESSAGES)]
    path = f"/reports/killed-{victim}"
    accepted, gate = asyncio.Semaphore(0), asyncio.Semaphore(SENDING)

    async def send(message: Sent) -> None:
        async with gate:
            await _send_until_accepted(world, crowd.phones[message.place], message, path)
            accepted.release()

    sending = asyncio.gather(*(send(message) for message in messages))
    for _ in range(KILLED_AFTER):
        await accepted.acquire()
    world.stack.kill(victim)
    await world.restart(victim)
    await sending
    reports = await _until_settled(world, messages, path)
    await world.fleet.drained()
    in_doubt = {message.ref for message in messages if reports[message.ref][-1]["status"] != READ}
    assert not in_doubt or victim == "dispatch", "only a killed dispatch leaves pushes in doubt"
    for message in messages:
        assert_forward(reports[message.ref])
        times = sum(push.text == message.text for push in crowd.devices[message.place].shown)
        assert times == 1 or (times == 0 and message.ref in in_doubt), f"{message.ref} was shown {times} times"


async def _send_until_accepted(world: World, phone: str, message: Sent, path: str) -> None:
    """As a bank does it: the same request again until there is an answer."""
    request = world.bank.request(message.text, phone=phone, ref=message.ref, ttl=300)
    request["notifyUrl"] = world.stack.sandbox["partner"] + path
    while True:
        try:
            answer = await world.bank.post(request)
        except (aiohttp.ClientError, TimeoutError):
            pass  # it may have been accepted or not
        else:
            if answer.http_status == 200:
                return
            assert answer.http_status == 503, answer
        await asyncio.sleep(LOOK_ELSEWHERE_S)


async def _until_settled(world: World, messages: list[Sent], path: str) -> dict[str, list[Json]]:
    """The reports on each message, as soon as each was read or is known to be in doubt."""
    reports: dict[str, list[Json]] = {}
    doubtful: set[str] = set()

    def waiting() -> list[str]:
        last = {ref: of_it[-1]["status"] for ref, of_it in reports.items()}
        refs = [message.ref for message in messages]
        return [ref for ref in refs if last.get(ref) != READ and not (ref in doubtful and last.get(ref) == SENT)]

    async def none_waits() -> bool:
        reports.clear()
        for entry in await world.control.reports(path=path):
            reports.setdefault(entry["report"]["id"], []).append(entry["report"])
        if len(waiting()) < FEW:
            doubtful.update([ref for ref in waiting() if await _is_in_doubt(world, ref)])
        return not waiting()

    await eventually(none_waits, lambda: f"{len(waiting())} of {MESSAGES} not read: {waiting()[:3]}", SETTLED_S, 0.3)
    return reports


async def _is_in_doubt(world: World, ref: str) -> bool:
    """RuStore cannot absorb a resend, so what was noted before it was sent, and never answered, is not sent again."""
    return any(attempt["detail"].startswith("uncertain") for attempt in await world.attempts(ref))
