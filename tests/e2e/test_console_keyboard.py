"""Every dialog of the console by the keyboard alone, in a real browser: Tab reaches all that is in it and nothing
beside, and Escape leads back to what opened it."""

import pytest

from deploy.browser.chromium import Browser
from deploy.local.provision import admin_of
from tests.support.console_page import ConsolePage, browser, console_page, needs_console
from tests.support.pictures.walk import APPLICATION, Stop, dialogs, go, of_any_stack
from tests.support.world import World

__all__ = ["browser"]  # a fixture
pytestmark = needs_console("nobody has gone through the dialogs by the keyboard")
KEYS = {"Tab": 9, "Escape": 27}
MOST_TABS = 300
HAVE_DIALOGS = {"partners", "applications", "accounts", "resends", "partner", "application", "draft"}
CONTROLS = "dialog[open] :is(a, button, input, select, textarea, summary)"
WALK = f"""window.left = new Set([...document.querySelectorAll("{CONTROLS}")]
  .filter((one) => one.checkVisibility() && !one.disabled)); 0"""
STEP = """(() => {
  const one = document.activeElement;
  left.delete(one);
  return [left.size, one === document.body || one.closest("dialog[open]") !== null ? "" : one.outerHTML];
})()"""


async def press(page: ConsolePage, key: str) -> None:
    about = {"key": key, "code": key, "windowsVirtualKeyCode": KEYS[key]}
    for kind in ("rawKeyDown", "keyUp"):
        await page.browser.call("Input.dispatchKeyEvent", page.session, type=kind, **about)


async def through(page: ConsolePage, stop: Stop) -> list[str]:
    """The dialogs of a page, gone through."""
    await go(page, stop)
    found = []
    async for opener in dialogs(page):
        what = f"{stop.name}: {opener}"
        await page.run(WALK)
        for _ in range(MOST_TABS):
            missed, outside = await page.run(STEP)
            assert outside == "", what
            if missed == 0:
                break
            await press(page, "Tab")
        assert missed == 0, (what, await page.run("[...left].map((one) => one.outerHTML)"))
        await press(page, "Escape")
        await page.until("document.querySelector('dialog') === null", f"{what} is closed by Escape")
        await page.until(f"document.activeElement.textContent === {opener!r}", f"{what}: its opener has the focus")
        found.append(what)
    return found


async def test_each_dialog_is_gone_through_and_left_by_the_keyboard(browser: Browser, world: World) -> None:
    message = {"type": "PUSH", "data": {"text": "hello", "ttl": 60}}
    made = admin_of(world.stack.describe()).call(
        "POST", "/v1/mailings?partner=demo", {"name": "spring", "message": message}
    )
    draft = Stop("draft", f"mailings/{made['mailingId']}")
    found: list[str] = []
    async with console_page(browser, world.stack.operators_url) as page:
        await page.sign_in(world.stack.env["RPNS_ADMIN_TOKEN"])
        plain = [stop for stop in of_any_stack() if stop.do is None and stop.name != "mailing-unknown"]
        for stop in (*plain, Stop("application", APPLICATION), draft):
            found += await through(page, stop)
        assert page.faults() == []
    assert {what.partition(":")[0] for what in found} >= HAVE_DIALOGS, "\n".join(found)


@pytest.mark.parametrize("stop", [Stop("settings", "settings")], ids=lambda stop: stop.name)
async def test_so_is_each_of_the_portal(browser: Browser, world: World, stop: Stop) -> None:
    async with console_page(browser, world.stack.public_url, "/portal/", "Login") as page:
        login, password, _ = world.bank.credentials
        await page.type("Login", login)
        await page.type("Password", password)
        await page.press("Sign in")
        await page.until("document.querySelector('nav a') !== null", "the menu is there")
        assert len(await through(page, stop)) >= 4
