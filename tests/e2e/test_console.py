"""The operators' console in a real browser, on the stack of all end-to-end tests."""

import pytest

from deploy.browser.chromium import Browser
from deploy.local.provision import admin_of
from deploy.sandbox.phone.device import Device
from tests.support.console_page import (
    BY_TOKEN,
    NETWORK,
    ConsolePage,
    browser,
    console_page,
    needs_console,
    operator,
    page,
)
from tests.support.waiting import eventually
from tests.support.world import QUICK, READ, Json, World

__all__ = ["browser", "operator", "page"]  # fixtures
pytestmark = needs_console("nobody has looked at the console (sign-in, search, trace, accessibility)")
FIRST_ROW = "main td a[href^='#/support/']"


@pytest.fixture(scope="module")
async def customer(world: World) -> tuple[Device, Json]:
    """A customer with one phone, and a message that was read there."""
    phone, user = world.new_phone(), f"user {world.new_ref()}"
    device = await world.enrol("android", phone, QUICK, user=user)
    ref = await world.send(phone, externalUserId=user)
    await world.reported(ref, READ)
    return device, await world.trace(ref)


async def test_a_wrong_token_is_refused_and_the_right_one_kept_until_signed_out(browser: Browser, world: World) -> None:
    async with console_page(browser, world.stack.operators_url) as page:
        await page.press(BY_TOKEN)
        await page.type("Operator's token", "nobody's token")
        await page.press("Sign in")
        await page.sees("This token is not known, has expired or was revoked")
        assert await page.run("document.querySelector('nav a')") is None
        [fault] = await eventually(page.faults, "the browser tells of the refusal")
        assert fault.startswith(f"{NETWORK}: the server responded with a status of 401")
        await page.sign_in(world.stack.env["RPNS_ADMIN_TOKEN"])
        await page.press("Sign out")
        await page.sees(BY_TOKEN)
        assert await page.run("[sessionStorage.length, document.cookie]") == [0, ""]
        assert page.faults() == [fault]


async def test_a_page_whose_script_is_not_there_says_so_and_is_loaded_again(browser: Browser, world: World) -> None:
    """While an update goes on, another instance may be asked for the script than gave the page."""
    async with console_page(browser, world.stack.operators_url) as page:
        await browser.call("Network.enable", page.session)
        await browser.call("Network.setBlockedURLs", page.session, urls=["*/assets/*"])
        await browser.call("Page.reload", page.session)
        await page.sees("a new version is being put in place")
        await page.sees("загрузите страницу ещё раз")
        await browser.call("Network.setBlockedURLs", page.session, urls=[])
        await page.run("document.querySelector('main a').click()")
        await page.sees(BY_TOKEN)
        assert "new version" not in await page.run("document.body.innerText")


async def test_a_message_is_found_by_whom_it_went_to_and_by_each_of_its_ids(
    operator: ConsolePage, customer: tuple[Device, Json]
) -> None:
    message = customer[1]
    for name in ("phone", "externalUserId", "messageId", "mtNum", "id"):
        await operator.find(str(message[name]))
        shown = await operator.until(f"document.querySelector({FIRST_ROW!r})?.title", f"a message with that {name}")
        assert shown == message["messageId"], name


async def test_the_trace_tells_of_each_device_and_the_customers_devices_are_shown_when_asked_for(
    operator: ConsolePage, customer: tuple[Device, Json]
) -> None:
    device, message = customer
    installation = str(device.who.installation_id)
    await operator.find(message["messageId"])
    await operator.open_message(message["messageId"])
    await operator.sees(f"Device {installation[:8]}")
    steps = await operator.run("document.querySelectorAll('ol.trace li').length")
    assert steps >= len(message["trace"]) > 3
    assert message["phone"] not in await operator.run("document.querySelector('main').innerText")
    assert await operator.barriers() == []
    await operator.press("Show", within="section.card:last-of-type")
    await operator.until(f"document.querySelector('td [title=\"{installation}\"]') !== null", "the device is shown")
    assert await operator.barriers() == []


@pytest.mark.parametrize("asked", ["nobody-has-this-id", "<img src=x onerror=\"document.title='run'\">"])
async def test_an_id_that_nobody_knows_is_answered_in_words(operator: ConsolePage, asked: str) -> None:
    await operator.find(asked)
    await operator.sees("No message has this id")
    assert await operator.run("document.title") == "Support · RPNS console"


async def test_the_language_is_switched_and_kept(operator: ConsolePage) -> None:
    assert await operator.run("document.documentElement.lang") == "en"
    await operator.press("По-русски")
    await operator.sees("Выйти")
    await operator.reload()
    await operator.sees("Выйти")
    assert await operator.run("document.documentElement.lang") == "ru"
    await operator.press("In English")
    await operator.sees("Sign out")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_nobody_is_kept_out_of_any_page_by_light_or_dark(operator: ConsolePage, dark: bool) -> None:
    light = await operator.run("getComputedStyle(document.body).backgroundColor")
    await operator.is_dark(dark)
    assert (await operator.run("getComputedStyle(document.body).backgroundColor") != light) == dark
    found = {}
    for label in await operator.run("[...document.querySelectorAll('nav a')].map((one) => one.textContent.trim())"):
        await operator.press(label)
        await operator.until(
            f"document.querySelector('nav a[aria-current]')?.textContent.trim() === {label!r}", f"{label} is open"
        )
        await operator.settled()
        found[label] = await operator.barriers()
    assert "Support" in found
    assert {label: barriers for label, barriers in found.items() if barriers} == {}
    await operator.press("Sign out")
    await operator.sees(BY_TOKEN)
    assert await operator.barriers() == []


async def test_a_barrier_would_be_found(operator: ConsolePage) -> None:
    await operator.run("document.querySelector('main').append(document.createElement('button'))")
    assert [barrier["id"] for barrier in await operator.barriers()] == ["button-name"]


async def test_a_token_that_is_revoked_signs_out(browser: Browser, world: World) -> None:
    admin = admin_of(world.stack.describe())
    made = admin.call("POST", "/v1/operators", {"name": world.new_ref(), "scopes": ["support"]})
    world.secret.add(made["token"])
    async with console_page(browser, world.stack.operators_url) as page:
        await page.sign_in(made["token"])
        admin.call("DELETE", f"/v1/operators/{made['operatorId']}", {})

        async def is_out() -> bool:
            await page.run("document.querySelector('input[type=search]')?.form.requestSubmit()")
            return bool(await page.run("document.querySelector('.sign-in') !== null"))

        await page.type("Phone, user id, message id, mtNum or partner's id", "nobody-has-this-id")
        await eventually(is_out, "the console has signed out")
        assert all(fault.startswith(NETWORK) for fault in page.faults())
