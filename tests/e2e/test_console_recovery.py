"""What becomes of the console's pages and the portal's when the platform is back, in a real browser: a page recovers by
itself, or by the one button that it shows."""

from contextlib import AsyncExitStack

from deploy.browser.chromium import Browser
from deploy.local.provision import admin_of
from services.runtime.access.sessions.same_site import HEADER
from tests.support.console_page import ConsolePage, browser, console_page, needs_console
from tests.support.pictures.walk import of_any_stack
from tests.support.world import World

__all__ = ["browser"]  # a fixture
pytestmark = needs_console("nobody has seen the console after the platform was away")
SERVICES = ("ingest", "registry", "status")
ASKS_NOTHING = {"support", "nowhere", "mailing-unknown"}
"""Or of what is not there."""
OF_PORTAL = ("support", "outcomes", "mailings", "mailings/new", "request", "settings")
OWN = "a password of my own"
HAS_FAILED = "document.querySelector('main [role=alert]') !== null"
IS_THERE = """(() => {
  const failed = [...document.querySelectorAll("main [role=alert]")];
  const isLoading = document.querySelector("main p.state[role=status]") !== null;
  const buttons = failed.flatMap((one) => [...one.querySelectorAll("button")]);
  const again = buttons.find((one) => one.textContent === "Try again");
  if (again && Date.now() - (window.pressedAt ?? 0) > 5_000) {  // as people do
    window.pressedAt = Date.now();
    again.click();
  }
  return failed.length === 0 && !isLoading && document.querySelector("main h1") !== null;
})()"""
SIGN_IN = """fetch("/v1/session", {
  method: "POST",
  headers: {"%s": "1", "Content-Type": "application/json"},
  body: JSON.stringify({name: "%s", password: "%s", newPassword: "%s"}),
}).then(({status}) => status)"""


async def test_every_page_that_was_opened_without_the_platform_is_there_when_it_is_back(
    browser: Browser, world: World
) -> None:
    stops = [stop for stop in of_any_stack() if stop.do is None and stop.name not in ASKS_NOTHING]
    places = [*(stop.place for stop in stops), "audit"]
    async with AsyncExitStack() as tabs:
        opened: dict[str, ConsolePage] = {}
        for place in places:
            page = await tabs.enter_async_context(console_page(browser, world.stack.operators_url))
            await page.sign_in(world.stack.env["RPNS_ADMIN_TOKEN"])
            opened[f"console/{place}"] = page
        for place in OF_PORTAL:
            page = await tabs.enter_async_context(console_page(browser, world.stack.public_url, "/portal/", "Login"))
            login, password, _ = world.bank.credentials
            await page.type("Login", login)
            await page.type("Password", password)
            await page.press("Sign in")
            await page.until("document.querySelector('nav a') !== null", "the menu is there")
            opened[f"portal/{place}"] = page
        for page in opened.values():
            await page.run("location.hash = '#/elsewhere'")
        for service in SERVICES:
            world.stack.end(service)
        try:
            for name, page in opened.items():
                await page.run(f"location.hash = {'#/' + name.partition('/')[2]!r}")
                await page.until(HAS_FAILED, f"{name} says that the platform is away")
        finally:
            for service in SERVICES:
                await world.restart(service)
        for name, page in opened.items():
            await page.until(IS_THERE, f"{name} is there again")


async def test_a_page_that_could_not_ask_who_is_signed_in_asks_again(browser: Browser, world: World) -> None:
    made = admin_of(world.stack.describe()).call("POST", "/v1/accounts", {"name": world.new_ref(), "scopes": ["read"]})
    world.secret.add(made["password"])
    async with console_page(browser, world.stack.operators_url) as page:
        assert await page.run(SIGN_IN % (HEADER, made["name"], made["password"], OWN)) == 200
        await browser.call("Network.enable", page.session)
        await browser.call("Network.setBlockedURLs", page.session, urls=["*/v1/session"])
        await browser.call("Page.reload", page.session)
        await page.sees("Password")
        await browser.call("Network.setBlockedURLs", page.session, urls=[])
        await page.sees(made["name"])
