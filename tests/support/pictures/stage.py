"""Something to look at on every page: customers, messages of each outcome, mailings, stops, letters, broadcasts."""

import secrets
from dataclasses import dataclass

import orjson
from aiokafka import AIOKafkaProducer

from deploy.local.provision import APPLICATION_ID, Admin, admin_of
from schemas import topics
from services.runtime.clock import now_ms
from tests.support.mailings import Mailings
from tests.support.opening import LOGIN, SERVICE_NUMBER
from tests.support.waiting import eventually
from tests.support.world import PLATFORMS, QUICK, READ, Json, World

LONG = (
    "A name that goes on and on, as names of mailings do when a campaign has a season, a region, a segment and a year"
)
PUSH = {
    "type": "PUSH",
    "data": {"serviceNumber": SERVICE_NUMBER, "title": "Autumn", "text": "{{name}}, look", "ttl": 60},
}
SMS = {"type": "SMS", "data": {"serviceNumber": SERVICE_NUMBER, "text": "Look into the app", "ttl": 60}}
CHAIN = {"state": "DELIVERED", "message": SMS}
CHANNELS = f"/v1/applications/{APPLICATION_ID}/broadcast-channels"


@dataclass(frozen=True)
class Staged:
    """What the pages are asked for."""

    phone: str
    message: str  # one that was read
    failed: str  # one that was not delivered
    draft: str
    segment: str
    done: str
    paused: str


async def staged(world: World) -> Staged:
    admin = admin_of(world.stack.describe())
    phone, user = world.new_phone(), f"client-{secrets.token_hex(2)}"
    for platform in PLATFORMS:
        await world.enrol(platform, phone, QUICK, user=user)
    refs = [await world.send(phone, externalUserId=user) for _ in range(5)]
    for ref in refs:
        await world.reported(ref, READ)
    lost = await world.send(world.new_phone())
    await world.refused(lost)
    _set_up(admin)
    await _letters(world, admin)
    async with Mailings(world) as mailings:
        made = await _mailings(world, mailings, phone)
    read, failed = await world.trace(refs[0]), await world.trace(lost)
    return Staged(phone, str(read["messageId"]), str(failed["messageId"]), *made)


def _set_up(admin: Admin) -> None:
    admin.call("PUT", "/v1/stops/provider/hms", {"state": "paused", "reason": "the provider asked for it"})
    admin.call("PUT", f"{CHANNELS}/derby", {"environment": "production", "keepLatest": True})
    admin.call("POST", f"/v1/partners/{LOGIN}/report-key", {})
    admin.call("POST", f"/v1/partners/{LOGIN}/report-key", {})
    admin.call("POST", f"/v1/partners/{LOGIN}/api-key", {})
    admin.call("POST", f"/v1/applications/{APPLICATION_ID}/api-keys", {"keepOld": True})
    kinds = [{"id": "news", "title": "News"}, {"id": "payments", "type": "permission", "title": "Payments"}]
    admin.call("PATCH", f"/v1/applications/{APPLICATION_ID}", {"subscriptions": kinds, "minVersion": "2.1"})
    admin.call("POST", "/v1/partners", {"login": "silent-bank", "reportUrl": f"https://bank.example/{'report/' * 12}"})
    for name in ("anna.petrova", "a.very.long.name.of.an.operator@department.bank.example"):
        admin.call("POST", "/v1/accounts", {"name": name, "scopes": ["read", "support", "operator"]})
    admin.call("POST", "/v1/report-resends", {"partner": LOGIN, "since": now_ms() - 86_400_000})


async def _letters(world: World, admin: Admin) -> None:
    """Records that nobody can read."""
    async with AIOKafkaProducer(bootstrap_servers=world.stack.kafka_bootstrap) as producer:
        for number in range(3):
            await producer.send_and_wait(
                topics.MESSAGE_REQUESTED["single"].name, f"no record {number}".encode(), key=b"nobody"
            )

    async def are_there() -> bool:
        letters: dict[str, int] = admin.call("GET", "/v1/cluster", {})["openDeadLetters"]
        return sum(letters.values()) >= 3

    await eventually(are_there, "the letters are there")


async def _mailings(world: World, mailings: Mailings, phone: str) -> tuple[str, str, str, str]:
    """A draft with broken lines, a segment, one that is done, one that was paused."""
    people = [{"to": world.new_phone(), "name": f"client {number}"} for number in range(40)]
    lines = b"".join(
        orjson.dumps(line) + b"\n" for line in [*people, people[0], {"to": "12", "name": "x"}, {"to": phone}]
    )
    draft = await mailings.draft(PUSH, name=LONG, cascadeChainLink=CHAIN)
    await mailings.upload(draft, lines)
    plain: Json = {**PUSH, "data": {**PUSH["data"], "text": "Look"}}  # type: ignore[dict-item]
    segment = await mailings.draft(plain, name="segment", segment={"platforms": ["ios"]}, useTimeDiff=True)
    ended = []
    for name, move, rate in (("done", "", 1000), ("paused", "/pause", 1)):
        ended.append(await mailings.draft(PUSH, name=name, ratePerS=rate))
        await mailings.upload(ended[-1], [{"to": phone, "name": "client"}, *people])
        await mailings.ok("POST", f"/{ended[-1]}/start")
        if move:
            await mailings.ok("POST", f"/{ended[-1]}{move}")
    ids = [str((await mailings.ok("GET", f"/{ref}"))["mailingId"]) for ref in (draft, segment, *ended)]
    return ids[0], ids[1], ids[2], ids[3]
