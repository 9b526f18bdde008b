"""The statistics agree with the messages, whatever was killed meanwhile."""

import asyncio
import secrets
from collections import Counter

import aiohttp

from deploy.local.provision import APPLICATION_ID, admin_of, await_read
from deploy.play.bank import Bank
from tests.support.waiting import eventually
from tests.support.world import READ, World

Counts = Counter[tuple[str, str | None, int]]
"""By outcome, provider and errorCode."""
EACH = 5
FAILURES = {"REFUSED", "EXPIRED", "SUPPRESSED"}


async def test_statistics_are_what_the_messages_say_after_kill_9_of_status_and_of_the_worker(world: World) -> None:
    login, password = f"counted-{secrets.token_hex(4)}", secrets.token_urlsafe(12)
    admin = admin_of(world.stack.describe())
    admin.put_partner(login, password, {"login": login, "reportUrl": f"{world.stack.sandbox['partner']}/reports"})
    admin.put_sender(login, "Counted", APPLICATION_ID)
    about = {"defaultSender": "Counted"}
    await_read(world.stack.describe(), admin.call("PATCH", f"/v1/partners/{login}", about)["changedAt"])
    phone = world.new_phone()
    await world.enrol("android", phone)
    await world.enrol("ios", phone)
    async with Bank(world.stack.public_url, login, password, "Counted") as bank:
        refs = [world.new_ref() for _ in range(4 * EACH)]

        async def send(some: list[str], to: str) -> None:
            for ref in some:
                assert (await bank.send(world.new_text(), phone=to, ref=ref)).http_status == 200

        await send(refs[:EACH], phone)
        await send(refs[EACH : 2 * EACH], world.new_phone())
        sending = asyncio.ensure_future(send(refs[2 * EACH : 3 * EACH], phone))
        world.stack.kill("status")
        world.stack.kill("statistics")
        await sending
        await asyncio.gather(world.restart("status"), world.restart("statistics"))
        await send(refs[3 * EACH :], phone)
        for ref in [*refs[:EACH], *refs[2 * EACH :]]:
            await world.reported(ref, READ, 60)
        counted, expected = Counts(), Counts()

        async def agree() -> bool:
            expected.clear()
            for ref in refs:
                expected.update(await _outcomes(bank, ref))
            counted.clear()
            counted.update(await _statistics(world, login, password))
            return counted == expected

        await eventually(agree, lambda: f"{counted} is {expected}", 40)
    assert expected["read", "fcm", 0] == 3 * EACH
    assert expected["refused", None, 20] == EACH


async def _outcomes(bank: Bank, ref: str) -> Counts:
    """What a message shows of itself."""
    message = await bank.message(ref)
    found = Counts()
    for link in message["links"] if message else []:
        for delivery in link["deliveries"]:
            reached = ["planned", *(name for name in ("sent", "delivered", "read") if delivery[f"{name}At"])]
            found.update((name, delivery["provider"], 0) for name in reached)
            if delivery["state"] in FAILURES:
                found[delivery["state"].lower(), delivery["provider"], delivery["reason"]["errorCode"]] += 1
        if not link["deliveries"] and link["state"] in FAILURES:
            found[link["state"].lower(), None, link["reason"]["errorCode"]] += 1
    return found


async def _statistics(world: World, login: str, password: str) -> Counts:
    url = f"{world.stack.public_url}/v1/statistics?groupBy=outcome,provider,errorCode"
    headers = {"Authorization": aiohttp.encode_basic_auth(login, password, "utf-8")}
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
        rows = (await answer.json())["rows"]
    groups = [(row["group"], row["count"]) for row in rows]
    return Counter({(group["outcome"], group["provider"], group["errorCode"]): count for group, count in groups})
