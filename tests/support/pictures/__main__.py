"""See the package. The exit code is 1 where something could be told to be wrong without eyes."""

import argparse
import asyncio
import sys
from collections.abc import Iterable, Sequence
from json import dumps
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory

from deploy.browser.chromium import Browser, chromium
from deploy.local import Stack
from deploy.local.provision import admin_of, provision
from services.runtime.access.sessions.same_site import HEADER
from tests.support.console_page import BY_TOKEN, ConsolePage, console_page
from tests.support.opening import ENV, opened
from tests.support.pictures.look import LOOKS, Look, pictured
from tests.support.pictures.sheet import sheet
from tests.support.pictures.stage import staged
from tests.support.pictures.walk import Stop, dialogs, go, of_console, of_portal, typed
from tests.support.world import World

_A_SHEET = {1280: 3, 390: 8}
_API = ("ingest", "registry", "status")
_OF_CONSOLE = {HEADER: "1", "Content-Type": "application/json"}


async def main(folder: Path, only: str, looks: Sequence[Look]) -> int:
    faults: list[str] = []
    with TemporaryDirectory(prefix="rpns-pictures-") as data, Stack(Path(data), env=ENV) as stack:
        provision(stack.describe())
        async with opened(stack) as world, chromium() as browser:
            at = await staged(world)
            faults += await _all(browser, world, looks, folder, [*_named(of_console(at), only)], is_portal=False)
            faults += await _all(browser, world, looks, folder, [*_named(of_portal(at), only)], is_portal=True)
            await _sheets(browser, folder)
    sys.stdout.write("".join(f"{fault}\n" for fault in faults) + f"{len(faults)} faults; pictures: {folder}\n")
    return 1 if faults else 0


def _named(stops: Iterable[Stop], only: str) -> Iterable[Stop]:
    return (stop for stop in stops if only in stop.name)


async def _all(
    browser: Browser, world: World, looks: Sequence[Look], folder: Path, stops: Sequence[Stop], *, is_portal: bool
) -> list[str]:
    """Every page in every look: signed out, as it is, while it loads, and without services behind it."""
    faults: list[str] = []
    stack, name = world.stack, "portal" if is_portal else "console"
    url, asked_for = (stack.public_url, "Login") if is_portal else (stack.operators_url, BY_TOKEN)
    async with console_page(browser, url, f"/{name}/", asked_for) as page:
        for look in looks:
            await look.put_on(page)
            faults += await _signed_out(page, look, folder, name)
        await LOOKS[0].put_on(page)
        await _sign_in(page, world, is_portal=is_portal)
        for look in looks:
            await look.put_on(page)
            for stop in stops:
                faults += await _at(page, look, folder, stop)
        for look in looks:
            await look.put_on(page)
            faults += await _loading(page, look, folder, stops)
        for service in _API:
            stack.end(service)
        for look in looks:
            await look.put_on(page)
            for stop in stops:
                if stop.do is None:
                    await go(page, stop)
                    faults += await pictured(page, look, folder, f"{stop.name}-stopped")
        for service in _API:
            await world.restart(service)
        if not is_portal:
            faults += await _by_password(page, world, looks, folder)
    return faults


async def _signed_out(page: ConsolePage, look: Look, folder: Path, name: str) -> list[str]:
    """The ways in, and what is answered to who is unknown."""
    faults = await pictured(page, look, folder, f"{name}-sign-in")
    if name == "console":
        await page.run("document.querySelector('.sign-in > p button').click()")
        await page.until("document.querySelector('#token') !== null", "a token is asked for")
        faults += await pictured(page, look, folder, f"{name}-sign-in-token")
        await page.run("document.querySelector('.sign-in > p button').click()")
        await page.until("document.querySelector('#password') !== null", "a password is asked for")
    for field in ("name", "login", "password"):
        await page.run(typed(field, "nobody"))
    await page.run("document.querySelector('form button.main').click()")
    await page.until("document.querySelector('form [role=alert]') !== null", "nobody is let in")
    return faults + await pictured(page, look, folder, f"{name}-sign-in-refused")


async def _by_password(page: ConsolePage, world: World, looks: Sequence[Look], folder: Path) -> list[str]:
    """Whoever has a session: the own password, and how it ends."""
    admin, faults = admin_of(world.stack.describe()), list[str]()
    for look in looks:
        made = admin.call("POST", "/v1/accounts", {"name": f"of-{look.name}-{token_hex(3)}", "scopes": ["read"]})
        about = {"name": made["name"], "password": made["password"], "newPassword": token_hex(12)}
        asked = {"method": "POST", "body": dumps(about), "headers": _OF_CONSOLE}
        await page.run(f"sessionStorage.clear(); fetch('/v1/session', {dumps(asked)}).then(() => location.reload())")
        await page.until(f"document.body.innerText.includes({made['name']!r})", "a session has begun")
        await look.put_on(page)
        await page.run("document.querySelector('header button:not(.link)').click()")
        await page.until("document.querySelector('dialog[open]') !== null", "the password can be changed")
        faults += await pictured(page, look, folder, "own-password")
        await page.browser.call("Network.clearBrowserCookies", page.session)
        await page.run("document.dispatchEvent(new Event('visibilitychange'))")
        await page.until("document.querySelector('.sign-in') !== null", "the session has ended")
        faults += await pictured(page, look, folder, "session-ended")
    return faults


async def _at(page: ConsolePage, look: Look, folder: Path, stop: Stop) -> list[str]:
    await go(page, stop)
    faults = await pictured(page, look, folder, stop.name)
    async for opener in dialogs(page):
        faults += await pictured(page, look, folder, f"{stop.name}-dialog-{_latin(opener)}")
    return faults


def _latin(text: str) -> str:
    return text if text.isascii() else "".join(f"{ord(letter):x}" if letter.isalpha() else "-" for letter in text)[:40]


async def _loading(page: ConsolePage, look: Look, folder: Path, stops: Sequence[Stop]) -> list[str]:
    """While the services think."""
    faults: list[str] = []
    patterns = [{"urlPattern": "*/v1/*"}]
    for stop in stops:
        if stop.do is not None:
            continue
        await page.browser.call("Fetch.enable", page.session, patterns=patterns)
        await page.run("location.hash = '#/elsewhere'")
        await page.run(f"location.hash = {f'#/{stop.place}'!r}")
        await page.run("new Promise((done) => setTimeout(done))")
        faults += await pictured(page, look, folder, f"{stop.name}-loading")
        await page.browser.call("Fetch.disable", page.session)
    return faults


async def _sign_in(page: ConsolePage, world: World, *, is_portal: bool) -> None:
    if not is_portal:
        await page.sign_in(world.stack.env["RPNS_ADMIN_TOKEN"])
        return
    login, password, _ = world.bank.credentials
    await page.type("Login", login)
    await page.type("Password", password)
    await page.press("Sign in")
    await page.until("document.querySelector('nav a') !== null", "the menu is there")


async def _sheets(browser: Browser, folder: Path) -> None:
    for look in LOOKS:
        pictures = sorted((folder / look.name).glob("*.png"))
        size = _A_SHEET[look.width]
        for number, start in enumerate(range(0, len(pictures), size)):
            picture = await sheet(browser, pictures[start : start + size])
            await asyncio.to_thread((folder / f"{look.name}-{number:02}.png").write_bytes, picture)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="pictures of every page and dialog of the console and the portal")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="", help="pages whose name holds this")
    parser.add_argument("--looks", action="append", choices=[look.name for look in LOOKS])
    given = parser.parse_args()
    chosen = [look for look in LOOKS if given.looks is None or look.name in given.looks]
    sys.exit(asyncio.run(main(given.folder, given.only, chosen)))
