"""Links in texts: short on the devices, long for the bank, clicks in the trace."""

import re
import secrets
from collections.abc import AsyncIterator

import aiohttp
import pytest

from deploy.local.provision import APPLICATION_ID, admin_of, await_read
from deploy.play.bank import Bank
from tests.support.waiting import eventually
from tests.support.world import READ, World

LONG = "https://www.bank.example/кредит/offers/2027?utm_source=push&name=%D0%BF"
LOCATION = "https://www.bank.example/%D0%BA%D1%80%D0%B5%D0%B4%D0%B8%D1%82/offers/2027?utm_source=push&name=%D0%BF"
ROBOT = {"User-Agent": "TelegramBot"}
BROWSER = {"User-Agent": "Mozilla/5.0 (iPhone)"}


@pytest.fixture(scope="module")
async def bank(world: World) -> AsyncIterator[Bank]:
    """One that has the link shortener."""
    login, password = f"links-{secrets.token_hex(4)}", secrets.token_urlsafe(12)
    admin = admin_of(world.stack.describe())
    about = {"login": login, "reportUrl": f"{world.stack.sandbox['partner']}/reports", "linkShortener": True}
    admin.put_partner(login, password, about)
    admin.put_sender(login, "Links", APPLICATION_ID)
    changed = admin.call("PATCH", f"/v1/partners/{login}", {"defaultSender": "Links"})["changedAt"]
    await_read(world.stack.describe(), changed)
    async with Bank(world.stack.public_url, login, password, "Links") as bank:
        yield bank


async def test_a_link_is_short_on_the_phone_and_its_clicks_are_in_the_trace(world: World, bank: Bank) -> None:
    phone, ref, text = world.new_phone(), world.new_ref(), f"Our offer: {LONG}."
    device = await world.enrol("android", phone)
    await bank.send(text, phone=phone, ref=ref)
    reports = await world.reported(ref, READ)
    shown = device.shown[-1].text
    found = re.fullmatch(rf"Our offer: ({re.escape(world.stack.public_url)}/l/\w{{12}})\.", shown)
    assert found is not None, shown
    assert {report["text"] for report in reports} == {text}
    async with aiohttp.ClientSession() as http:
        for method, agent in [
            ("HEAD", BROWSER),
            ("GET", BROWSER),
            ("GET", BROWSER),
            ("GET", ROBOT),
        ]:
            async with http.request(method, found[1], headers=agent, allow_redirects=False) as answer:
                assert (answer.status, answer.headers["Location"]) == (302, LOCATION)
                assert answer.headers["Cache-Control"] == "no-store"
        for nothing in ("000000000000", "https:%2F%2Fevil.example", "x"):
            async with http.get(f"{world.stack.public_url}/l/{nothing}?url=https://evil.example") as answer:
                assert answer.status == 404
    clicks: list[str] = []

    async def are_told() -> bool:
        message = await bank.message(ref)
        clicks[:] = [entry["detail"] for entry in message["trace"] if entry["what"] == "click"] if message else []
        return len(clicks) >= 2

    await eventually(are_told, lambda: f"two clicks in the trace: {clicks}")
    assert sorted(set(clicks)) == ["short link 1: person", "short link 1: robot"]
    message = await bank.message(ref)
    assert message is not None
    assert message["text"] == text


async def test_who_wants_the_long_link_gets_it(world: World, bank: Bank) -> None:
    phone, ref = world.new_phone(), world.new_ref()
    device = await world.enrol("ios", phone)
    body = bank.request(LONG, phone=phone, ref=ref)
    await bank.post({**body, "shortenLinks": False})
    await world.reported(ref, READ)
    assert device.shown[-1].text == LONG
