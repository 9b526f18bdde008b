"""Signing in to the console with a name and a password, in a real browser, on the stack of all end-to-end tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from deploy.browser.chromium import Browser
from deploy.local.provision import admin_of
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
from tests.support.world import Json, World

__all__ = ["browser", "operator", "page"]  # fixtures
pytestmark = needs_console("nobody has signed in with a name and a password, or invited anybody")
OWN = "a password of my own"
IS_OUT = "document.querySelector('.sign-in') !== null"


def invited(world: World, *scopes: str) -> Json:
    """An account with a password for once."""
    made: Json = admin_of(world.stack.describe()).call(
        "POST", "/v1/accounts", {"name": world.new_ref(), "scopes": scopes}
    )
    world.secret.add(made["password"])
    return made


async def asked(page: ConsolePage, name: str, password: str) -> None:
    await page.type("Name", name)
    await page.type("Password", password)
    await page.press("Sign in")


async def accepted(page: ConsolePage, account: Json) -> None:
    """The invitation, in the two steps that it takes."""
    await asked(page, account["name"], account["password"])
    await page.sees("Choose a password")
    await page.until("document.activeElement.id === 'new-password'", "the new password is asked for")
    await page.type("New password", OWN)
    await page.type("New password again", OWN)
    await page.press("Sign in")
    await page.until("document.querySelector('nav a') !== null", "the menu is there")


async def signed_out(page: ConsolePage) -> None:
    """Whatever is asked next is refused, and the sign-in is back."""

    async def is_out() -> bool:
        await page.run("dispatchEvent(new HashChangeEvent('hashchange'))")
        await page.run("location.hash = location.hash === '#/operations/stops' ? '#/operations' : '#/operations/stops'")
        return bool(await page.run(IS_OUT))

    await eventually(is_out, "the console has signed out")


@asynccontextmanager
async def second_tab(page: ConsolePage) -> AsyncIterator[ConsolePage]:
    """Of the same browser: it has the same cookies, and a storage of its own."""
    call = page.browser.call
    about = (await call("Target.getTargetInfo", page.session))["targetInfo"]
    url = await page.run("location.origin + '/console/'")
    made = await call("Target.createTarget", url=url, browserContextId=about["browserContextId"])
    tab = ConsolePage(page.browser, await page.browser.attach(made["targetId"]))
    await call("Runtime.enable", tab.session)
    yield tab


async def test_who_is_invited_chooses_a_password_and_is_signed_in_in_every_tab_until_signed_out(
    browser: Browser, world: World
) -> None:
    account = invited(world, "operator")
    async with console_page(browser, world.stack.operators_url) as page:
        assert await page.barriers() == []
        await accepted(page, account)
        assert await page.run("[sessionStorage.length, document.cookie]") == [0, ""]
        await page.run("location.hash = '#/operations/stops'")
        await page.reload()
        await page.sees(account["name"])
        await page.until("document.querySelector('[aria-current=page]') !== null", "the page is where it was")
        assert await page.run("location.hash") == "#/operations/stops"
        async with second_tab(page) as tab:
            await tab.sees(account["name"])
            await tab.press("Sign out")
            await tab.sees(BY_TOKEN)
            await page.browser.call("Page.bringToFront", page.session)  # a hidden tab asks for nothing
            await signed_out(page)
            await page.sees("Your session has ended. Sign in to go on where you were.")
        assert await page.barriers() == []
        await asked(page, account["name"], OWN)
        await page.sees(account["name"])
        assert (await page.run("location.hash")).startswith("#/operations")


async def test_a_tab_in_whose_browser_somebody_else_has_signed_in_does_not_go_on_under_the_name_that_it_shows(
    browser: Browser, world: World
) -> None:
    first, second = invited(world, "operator"), invited(world, "read")
    async with console_page(browser, world.stack.operators_url) as page:
        await accepted(page, first)
        await page.run("location.hash = '#/mailings/new'")
        await page.type("Name", "half written")
        async with second_tab(page) as tab:
            await tab.sees(first["name"])
            await tab.press("Sign out")
            await accepted(tab, second)
            await page.browser.call("Page.bringToFront", page.session)
            await page.run("document.dispatchEvent(new Event('visibilitychange'))")
            await page.sees(second["name"])
            shown = await page.run("document.body.innerHTML")
            assert first["name"] not in shown
            assert "half written" not in shown


async def test_who_is_switched_off_while_signed_in_is_out_and_cannot_come_back(browser: Browser, world: World) -> None:
    account, admin = invited(world, "operator"), admin_of(world.stack.describe())
    async with console_page(browser, world.stack.operators_url) as page:
        await accepted(page, account)
        admin.call("PATCH", f"/v1/accounts/{account['accountId']}", {"enabled": False})
        await signed_out(page)
        await asked(page, account["name"], OWN)
        await page.sees("Unknown name or wrong password")
        assert all(fault.startswith(NETWORK) for fault in page.faults())


async def test_the_password_is_changed_and_other_browsers_are_out(browser: Browser, world: World) -> None:
    account = invited(world, "read")
    url = world.stack.operators_url
    async with console_page(browser, url) as page, console_page(browser, url) as other:
        await accepted(page, account)
        await asked(other, account["name"], OWN)
        await other.sees(account["name"])
        await page.open_form("Change password")
        assert await page.barriers() == []
        await page.type("Password that you have now", "not that one")
        await page.type("New password", "another one of mine")
        await page.type("New password again", "another one of mine")
        assert await page.refused_at("Save") == ["edit-password"]
        await page.type("Password that you have now", OWN)
        await page.send_form("Save")
        await signed_out(other)
        await page.sees(account["name"])


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_an_admin_invites_switches_off_and_deletes(operator: ConsolePage, world: World, dark: bool) -> None:
    await operator.is_dark(dark)
    name = world.new_ref().lower()
    await operator.run("location.hash = '#/operations/accounts'")
    await operator.open_form("Invite…")
    await operator.type("Name", name)
    await operator.tick("support: messages and devices of customers")
    assert await operator.barriers() == []
    await operator.press("Create", within="dialog")
    await operator.sees(f"Password for {name}")
    password = await operator.run("document.querySelector('dialog dd:last-of-type code').textContent")
    world.secret.add(password)
    await operator.press("I have kept it")
    await operator.sees(name)
    row = f"[...document.querySelectorAll('main tr')].find((row) => row.innerText.includes('{name}'))"
    assert password not in await operator.run("document.body.innerText")
    assert await operator.barriers() == []
    await operator.run(
        f"[...{row}.querySelectorAll('button')].find((one) => one.textContent === 'Switch off…').click()"
    )
    await operator.send_form("Switch off")
    await operator.until(f"{row}.innerText.includes('Switch on')", "the account is off")
    await operator.run(f"[...{row}.querySelectorAll('button')].find((one) => one.textContent === 'Delete…').click()")
    await operator.send_form("Delete")
    await operator.until(f"{row} === undefined", "the account is gone")


async def test_the_forms_fit_a_phone_and_speak_russian(page: ConsolePage) -> None:
    await page.browser.call(
        "Emulation.setDeviceMetricsOverride", page.session, width=390, height=844, deviceScaleFactor=1, mobile=True
    )
    await page.press("По-русски")
    await page.sees("Войти по токену оператора")
    assert await page.run("document.documentElement.scrollWidth") <= 390
    assert await page.barriers() == []
