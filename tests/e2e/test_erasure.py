"""Somebody is forgotten: what the log holds of them opens no more, the rest is clean, and everybody else stays."""

import asyncio
import secrets
from typing import Any

import aiohttp

from tests.e2e.test_cli import done, rpns
from tests.support.everything_written import everything
from tests.support.mailings import Mailings
from tests.support.opening import LOGIN
from tests.support.waiting import eventually
from tests.support.world import READ, Json, World

OURS = ("topic", "opened", "collection")
"""Places that the platform writes; what providers, partners and phones keep is theirs."""
PROCESSES = {"ingest-1", "registry-1", "router-1", "dispatch-1", "status-1"}


async def call(world: World, method: str, path: str, body: Json | None = None) -> Any:
    headers = {"Authorization": f"Bearer {world.stack.env['RPNS_ADMIN_TOKEN']}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.request(method, world.stack.operators_url + path, json=body) as answer,
    ):
        assert answer.status in (200, 202), await answer.text()
        return await answer.json()


async def forgotten(world: World, **named: str) -> Json:
    """Asked for, and done."""
    found: list[Json] = [await call(world, "POST", "/v1/erasures", dict(named))]
    erasure_id = found[0]["erasureId"]

    async def is_done() -> bool:
        found.append(await call(world, "GET", f"/v1/erasures/{erasure_id}"))
        return bool(found[-1]["state"] == "done" and found[-1]["dropped"].keys() >= PROCESSES)

    await eventually(is_done, lambda: f"forgotten; so far {found[-1]}", 120)  # a second try comes after 30 s
    return found[-1]


async def places_of(world: World, *needles: str) -> dict[str, set[str]]:
    """Where each of them stands."""
    found: dict[str, set[str]] = {needle: set() for needle in needles}
    async for place, content in everything(world):
        if place.startswith(OURS):
            for needle in needles:
                if needle.encode() in content:
                    found[needle].add(place)
    return found


async def test_who_is_forgotten_is_gone_and_nobody_else(world: World) -> None:
    gone, stays = world.new_phone(), world.new_phone()
    user, text, kept = (f"{what}-{secrets.token_hex(6)}" for what in ("user", "his text", "her text"))
    device = await world.enrol("android", gone, user=user)
    await world.enrol("ios", stays)
    his = [await world.put(text, gone, {}), await world.put(text, gone, {}, extraParam=f"card={text}")]
    hers = await world.put(kept, stays, {})
    for ref in (*his, hers):
        await world.reported(ref, READ)
    await world.fleet.drained()

    before = await places_of(world, gone, user, text, kept)
    assert not [place for places in before.values() for place in places if place.startswith("topic")]
    for needle in (gone, user, text, kept):
        assert [place for place in before[needle] if place.startswith("opened")], needle

    erasure = await forgotten(world, phone=gone)
    assert [key["derivable"] for key in erasure["keys"]] == [False] * len(erasure["keys"])
    assert erasure["cleaned"]["status"]["messages"] == len(his)
    assert erasure["cleaned"]["registry"]["installations"] == 1

    after = await places_of(world, gone, user, text, kept)
    assert (after[gone], after[user], after[text]) == (set(), set(), set())
    assert after[kept] == before[kept]
    records = await call(world, "GET", f"/v1/erasures/{erasure['erasureId']}/records")
    assert {topic["topic"] for topic in records if topic["records"]} >= {"message-requested", "device-events"}
    assert sum(topic["opened"] for topic in records) == 0
    assert sum(topic["ofOthersOpened"] for topic in records) > 0

    for ref in his:
        message = await world.trace(ref)
        assert message["state"] == "READ"
    assert await world.refused(await world.put("again", gone, {})) == 20
    assert (await world.trace(hers))["state"] == "READ"

    await device.personalize(user, gone)
    await world.reported(await world.put("welcome back", gone, {}), READ)


async def test_what_was_to_be_sent_later_is_not_sent_and_a_crash_in_between_is_made_good(world: World) -> None:
    phone = world.new_phone()
    device = await world.enrol("android", phone)
    await world.control.order("fcm", "status", reason="UNAVAILABLE", token=device.token)
    ref = await world.put("too late", phone, {})
    await eventually(lambda: _was_tried(world, ref), "the push was tried")
    world.stack.kill("status")
    erasure = await call(world, "POST", "/v1/erasures", {"phone": phone})
    world.stack.kill("registry")
    await asyncio.gather(world.restart("status"), world.restart("registry"))
    again = await forgotten(world, phone=phone)

    async def first_is_done() -> bool:
        found = await call(world, "GET", f"/v1/erasures/{erasure['erasureId']}")
        return bool(found["state"] == "done")

    await eventually(first_is_done, "the first erasure is finished too")
    assert not any(key["derivable"] for key in again["keys"])
    await world.control.clear_faults()
    assert await world.refused(ref) == 22
    assert not device.shown


async def test_a_mailing_that_waits_forgets_them_in_its_lines_and_texts(world: World) -> None:
    gone, stays = world.new_phone(), world.new_phone()
    message = {"type": "PUSH", "data": {"text": f"{{{{n}}}}: ask {gone}", "ttl": 60, "ttlUnit": "SECONDS"}}
    device = await world.enrol("android", stays)
    async with Mailings(world) as mailings:
        mailing = await mailings.draft(message)
        lines = [{"to": gone, "n": "1"}, {"to": stays, "n": "2"}, {"to": world.new_phone(), "n": f"from +{gone}"}]
        await mailings.upload(mailing, lines)
        erasure = await forgotten(world, phone=gone)
        assert (erasure["cleaned"]["ingest"]["mailing_lines"], erasure["cleaned"]["ingest"]["mailings"]) == (2, 1)
        await mailings.ok("POST", f"/{mailing}/start")
        await mailings.counted(mailing, planned=1, read=1)
    assert [push.text for push in device.shown] == ["2: ask •••"]


async def test_the_operator_gets_the_proof_printed_and_nobodys_number(world: World) -> None:
    phone = world.new_phone()
    await world.enrol("android", phone)
    await world.reported(await world.put("to be forgotten", phone, {}), READ)
    ran = await done(world, "forget", "--phone", phone, "--partner", LOGIN, "--scan", "--yes")
    assert phone not in ran.out
    assert "can be derived" not in ran.out
    for text in ("destroyed", "dropped the keys", "messages", "message-requested"):
        assert text in ran.out, ran.out
    refused = await rpns(world, "forget", "--yes")
    assert (refused.code, "--phone" in refused.err) == (1, True)


async def _was_tried(world: World, ref: str) -> bool:
    return bool(await world.attempts(ref))
