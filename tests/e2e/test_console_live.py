"""What moves in the console by itself: by a stream, by asking where there is none, and across the end of a service."""

from collections.abc import AsyncIterator

import pytest

from deploy.browser.chromium import Browser
from deploy.local.provision import admin_of
from deploy.sandbox.phone.device import Device
from tests.support.console_page import NETWORK, ConsolePage, browser, console_page, needs_console, operator, page
from tests.support.waiting import eventually
from tests.support.world import READ, SENT, World

__all__ = ["browser", "operator", "page"]  # fixtures
pytestmark = needs_console("nobody has seen anything change in the console by itself")
LIVE = "live: changes show by themselves"
ASKS = "no live stream, so anew every"
BADGE = "document.querySelector('main h2 .badge')?.textContent"
REFUSE = """window.fetched = []; window.real ??= window.fetch; window.fetch = (path, init) => {
  fetched.push(path);
  const isOff = /\\/v1\\/(messages|mailings|cluster|stops)/.test(path) && %s;
  return isOff ? Promise.reject(new TypeError("off")) : real(path, init);
}; 0"""
NO_POLLING, NO_STREAM = REFUSE % "!path.includes('/live')", REFUSE % "path.includes('/live')"


@pytest.fixture
async def waiting(world: World) -> AsyncIterator[tuple[Device, str]]:
    """A phone that is off, and a message that waits for it at the provider."""
    device = await world.enrol("android", phone := world.new_phone())
    device.go_offline()
    ref = await world.send(phone)
    await world.reported(ref, SENT)
    yield device, ref
    device.go_online()
    await world.reported(ref, READ)


async def opened(page: ConsolePage, world: World, ref: str) -> None:
    await page.run(f"location.hash = '#/support/{(await world.trace(ref))['messageId']}'")
    await page.sees("What happened")


async def test_a_receipt_shows_in_the_trace_by_the_stream_alone(
    operator: ConsolePage, world: World, waiting: tuple[Device, str]
) -> None:
    device, ref = waiting
    await operator.run(NO_POLLING)
    await opened(operator, world, ref)
    await operator.sees(LIVE)
    device.go_online()
    await operator.until(f"{BADGE}?.includes('read')", "the message was read")
    asked = await operator.run("fetched")
    assert [path for path in asked if "/v1/messages" in path] == [asked[-1]]
    assert await operator.barriers() == []


async def test_where_there_is_no_stream_it_is_asked_for_and_said(
    operator: ConsolePage, world: World, waiting: tuple[Device, str]
) -> None:
    device, ref = waiting
    await operator.run(NO_STREAM)
    await opened(operator, world, ref)
    await operator.sees(ASKS)
    device.go_online()
    await operator.until(f"{BADGE}?.includes('read')", "the message was read")


async def test_a_stop_and_a_mailings_new_name_show_by_the_stream_alone(operator: ConsolePage, world: World) -> None:
    admin = admin_of(world.stack.describe())
    reason = world.new_ref()
    await operator.run(NO_POLLING)
    await operator.run("location.hash = '#/operations'")
    await operator.sees(LIVE)
    admin.call("PUT", "/v1/stops/provider/hms", {"state": "paused", "reason": reason})
    try:
        await operator.sees(reason)
    finally:
        admin.call("PUT", "/v1/stops/provider/hms", {"state": "running"})
    await operator.until(f"!document.body.innerText.includes({reason!r})", "the stop is gone")
    message = {"type": "PUSH", "data": {"text": "hello", "ttl": 60}}
    made = admin.call("POST", "/v1/mailings?partner=demo", {"name": "spring", "message": message})
    await operator.run(f"location.hash = '#/mailings/{made['mailingId']}'")
    await operator.sees("spring")
    await operator.sees(LIVE)
    admin.call("PATCH", f"/v1/mailings/{made['mailingId']}", {"name": "autumn"})
    await operator.until("document.querySelector('h1').textContent.includes('autumn')", "the new name")


async def test_a_service_that_is_killed_is_missed_and_followed_again(
    browser: Browser, world: World, waiting: tuple[Device, str]
) -> None:
    device, ref = waiting
    async with console_page(browser, world.stack.operators_url) as page:
        await page.sign_in(world.stack.env["RPNS_ADMIN_TOKEN"])
        await opened(page, world, ref)
        await page.sees(LIVE)
        world.stack.kill("status")
        try:
            await page.until(f"!document.body.innerText.includes({LIVE!r})", "it is said that it is not live")
        finally:
            await world.restart("status")
        await page.sees(LIVE)
        device.go_online()
        await page.until(f"{BADGE}?.includes('read')", "the message was read")
        assert all(NETWORK in fault or "ERR_" in fault for fault in await eventually(page.faults, "it was missed"))
