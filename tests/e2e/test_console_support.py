"""A support agent in the console, in a real browser: a customer with two phones, neither of which got the push."""

import asyncio

import pytest

from deploy.local.provision import admin_of
from deploy.sandbox.phone.device import Device, Habits
from tests.support.console_page import ConsolePage, browser, needs_console, operator, page, short
from tests.support.world import Json, World

__all__ = ["browser", "operator", "page"]  # fixtures
pytestmark = needs_console("nobody has told a customer why a push did not come")
APP_IS_GONE = "Open the app again, or install it anew, and log in."
MAY_NOT_NOTIFY = "Allow notifications for the app in the phone's settings."
MAIN = "document.querySelector('main').innerText"
FOCUSED = "document.activeElement"
LIVE = "live: changes show by themselves"
DEVICES = "main > section.card:last-of-type"
NARROW = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": False}
OVERFLOWS = """[...document.querySelectorAll("main *")]
  .filter((part) => part.checkVisibility() && part.closest("pre, thead, time") === null)
  .filter((part) => part.getBoundingClientRect().right > innerWidth + 1)
  .map((part) => part.outerHTML.slice(0, 80))"""


@pytest.fixture(scope="module")
async def failed(world: World) -> tuple[Device, Device, Json]:
    """An iPhone from which the app was deleted, an Android whose system forbids pushes, and the message to both."""
    phone, user = world.new_phone(), f"user {world.new_ref()}"
    gone = await world.enrol("ios", phone, user=user)
    silent = await world.enrol("android", phone, Habits(allows_pushes=False), user=user)
    await world.control.order("apns", "status", reason="Unregistered", token=gone.token, times=1)
    ref = await world.send(phone, externalUserId=user)
    assert await world.refused(ref) == 28
    return gone, silent, await world.trace(ref)


def looks(world: World, message: Json) -> int:
    """How often somebody has seen the message unmasked, by the audit trail."""
    found = admin_of(world.stack.describe()).call("GET", f"/v1/audit?message={message['messageId']}", {})
    return sum(record["look"] == "look" for record in found["records"])


async def test_what_to_tell_the_customer_is_said_of_each_device_and_no_look_is_recorded(
    operator: ConsolePage, world: World, failed: tuple[Device, Device, Json]
) -> None:
    gone, silent, message = failed
    before = await asyncio.to_thread(looks, world, message)
    await operator.find(message["phone"])
    assert message["id"] in await operator.run("document.querySelector('main td[data-title=Message]').innerText")
    state = await operator.run("document.querySelector('main td[data-title=State]').innerText")
    assert state.split("\n") == ["refused", "customer's side"]
    await operator.open_message(message["messageId"])
    for device, remedy in ((gone, APP_IS_GONE), (silent, MAY_NOT_NOTIFY)):
        heading = f"one.textContent.includes({str(device.who.installation_id)[:8]!r})"
        part = f"[...document.querySelectorAll('h3')].find((one) => {heading})?.parentElement.innerText"
        assert remedy in await operator.until(part, "there is a part for the device")
    await operator.sees("on 1 — pushes are switched off in the operating system")
    await operator.press("Show", within=DEVICES)
    await operator.until(f"document.querySelectorAll('{DEVICES} td .advice').length === 2", "why neither gets any")
    assert await operator.barriers() == []
    assert message["phone"] not in await operator.run(MAIN)
    await operator.sees(LIVE)
    assert await asyncio.to_thread(looks, world, message) == before


async def test_what_is_asked_for_is_shown_recorded_once_and_the_page_stays_live(
    operator: ConsolePage, world: World, failed: tuple[Device, Device, Json]
) -> None:
    message = failed[2]
    before = await asyncio.to_thread(looks, world, message)
    await operator.run(f"location.hash = '#/support/{message['messageId']}'")
    await operator.press("Show recipient and text")
    await operator.sees(f"+{message['phone']}")
    await operator.sees(LIVE)
    await operator.until(f"{FOCUSED} !== document.body", "the keyboard has its place")
    assert await operator.barriers() == []
    await operator.press("Hide")
    await operator.until(f"!{MAIN}.includes({message['phone']!r})", "it is masked again")
    assert await asyncio.to_thread(looks, world, message) == before + 1


async def test_the_keyboard_and_the_title_follow_what_is_done(
    page: ConsolePage, world: World, failed: tuple[Device, Device, Json]
) -> None:
    message = failed[2]
    await page.sign_in(world.stack.env["RPNS_ADMIN_TOKEN"])
    await page.until(f"{FOCUSED}.id === 'content'", "the focus is in the page that was signed in to")
    assert await page.run("document.title") == "Support · RPNS console"
    await page.find(message["phone"])
    await page.until(f"{FOCUSED}.querySelector('td a') !== null", "the focus is at what was found")
    await page.sees("Messages found: 1")
    await page.run("document.querySelector('main td a').focus()")
    await page.open_message(message["messageId"])
    await page.until(f"{FOCUSED} !== document.body && {FOCUSED}.closest('main') !== null", "the focus is in the page")
    title = f"Message {short(message['messageId'])}: refused · Support · RPNS console"
    await page.until(f"document.title === {title!r}", "the title names the message and its state")


async def test_times_name_their_zone_once_and_tell_utc(
    operator: ConsolePage, failed: tuple[Device, Device, Json]
) -> None:
    await operator.find(failed[2]["phone"])
    zone = await operator.run("Intl.DateTimeFormat().resolvedOptions().timeZone")
    assert zone in await operator.run("document.querySelector('header').innerText")
    assert (await operator.run("document.querySelector('main time').title")).endswith(" UTC")
    await operator.press("Period and state")
    await operator.sees(f"Accepted from\n{zone}")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_a_narrow_window_shows_rows_as_cards_and_cuts_nothing_off(
    operator: ConsolePage, failed: tuple[Device, Device, Json], dark: bool
) -> None:
    message = failed[2]
    await operator.browser.call("Emulation.setDeviceMetricsOverride", operator.session, **NARROW)
    await operator.is_dark(dark)
    await operator.find(message["phone"])
    assert await operator.run(OVERFLOWS) == []
    assert await operator.barriers() == []
    await operator.press("Show")
    await operator.until("document.querySelectorAll('main td .advice').length === 2", "the devices are shown")
    assert await operator.run(OVERFLOWS) == []
    await operator.run("scrollTo(0, document.body.scrollHeight)")
    await operator.open_message(message["messageId"])
    await operator.until("scrollY === 0", "the message is shown from its beginning")
    assert await operator.run(OVERFLOWS) == []
    assert await operator.barriers() == []


async def test_it_is_told_in_russian_sentences(operator: ConsolePage, failed: tuple[Device, Device, Json]) -> None:
    await operator.press("По-русски")
    await operator.run(f"location.hash = '#/support/{failed[2]['messageId']}'")
    await operator.sees("Пуш не доставлен: приложение на телефоне больше не зарегистрировано")
    await operator.sees("Из 2 устройств: на 1 — ")
    await operator.sees("Разрешить уведомления для приложения в настройках телефона.")
    await operator.sees("обновляется автоматически")
    await operator.sees("не доставлено (5)")
    assert "push" not in (await operator.run(MAIN)).lower()
