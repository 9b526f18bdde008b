"""See the package. The exit code is 1 where something could be told to be wrong without eyes."""

import argparse
import asyncio
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.browser.chromium import Browser, chromium
from deploy.local import Stack
from deploy.local.provision import provision
from tests.support.console_page import BY_TOKEN, ConsolePage, console_page
from tests.support.opening import ENV, opened
from tests.support.pictures.look import LOOKS, Look, pictured
from tests.support.pictures.sheet import sheet
from tests.support.pictures.stage import staged
from tests.support.pictures.walk import Stop, dialogs, go, of_console, of_portal
from tests.support.world import World

_A_SHEET = {1280: 3, 390: 8}
_API = ("ingest", "registry", "status")


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
            faults += await pictured(page, look, folder, f"{name}-sign-in")
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
    return faults


async def _at(page: ConsolePage, look: Look, folder: Path, stop: Stop) -> list[str]:
    await go(page, stop)
    faults = await pictured(page, look, folder, stop.name)
    if stop.do is None:
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
