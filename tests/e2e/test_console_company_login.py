"""Signing in to the console at a company's login, in a real browser; the sandbox plays that login."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from deploy.browser.chromium import Browser
from deploy.sandbox.oidc.server import Login
from tests.support.console_page import ConsolePage, browser, console_page, needs_console
from tests.support.world import World

__all__ = ["browser"]  # a fixture
pytestmark = needs_console("nobody has signed in at a company's login")
CLIENT, SECRET, BUTTON = "rpns-console", "secret-of-the-console", "Sign in with Bank SSO"


@pytest.fixture(scope="module")
async def login(world: World) -> AsyncIterator[Login]:
    """A login that the registry is told of, and is told of no more afterwards."""
    stack = world.stack
    login = Login(CLIENT, SECRET, f"{stack.operators_url}/v1/session/oidc/callback")
    await login.start()
    world.secret.add(SECRET)
    about = {
        "RPNS_OPERATORS_URL": stack.operators_url,
        "RPNS_OIDC_ISSUER": login.issuer,
        "RPNS_OIDC_CLIENT_ID": CLIENT,
        "RPNS_OIDC_CLIENT_SECRET": SECRET,
        "RPNS_OIDC_ROLES": "rpns-support=support,rpns-admins=admin",
        "RPNS_OIDC_LABEL": "Bank SSO",
    }
    stack.restart("registry", about)
    try:
        yield login
    finally:
        stack.restart("registry", dict.fromkeys(about, ""))
        await login.stop()


@asynccontextmanager
async def sign_in_page(browser: Browser, world: World) -> AsyncIterator[ConsolePage]:
    async with console_page(browser, world.stack.operators_url, asked_for=BUTTON) as page:
        yield page
        assert page.faults() == []


async def test_whoever_is_let_in_by_the_login_is_in_the_console_where_they_were_going(
    browser: Browser, world: World, login: Login
) -> None:
    login.person.claims |= {"sub": "4711", "preferred_username": "on-call", "groups": ["rpns-support"]}
    async with sign_in_page(browser, world) as page:
        assert await page.barriers() == []
        await page.run("location.hash = '#/support'")
        await page.press(BUTTON)
        await page.until("document.querySelector('nav a') !== null", "the menu is there")
        await page.sees("oidc:on-call")
        assert await page.run("location.hash") == "#/support"
        await page.settled()
        assert await page.run("document.cookie") == ""
        assert await page.run("JSON.stringify(sessionStorage)") == "{}"
        await page.reload()
        await page.sees("oidc:on-call")
        await page.press("Sign out")
        await page.sees(BUTTON)


async def test_whoever_has_no_group_with_a_scope_is_told_the_claim_in_both_languages(
    browser: Browser, world: World, login: Login
) -> None:
    login.person.claims |= {"sub": "4712", "preferred_username": "guest", "groups": ["everybody"]}
    async with sign_in_page(browser, world) as page:
        await page.press(BUTTON)
        await page.sees("None of your groups may use this console (claim groups).")
        assert await page.barriers() == []
        await page.press("По-русски")
        await page.sees("Ни одной из ваших групп консоль не доступна (поле groups).")
        await page.press("In English")
        login.person.claims |= {"groups": ["rpns-admins"]}
        await page.press(BUTTON)
        await page.sees("oidc:guest")
        await page.run("location.hash = '#/operations/accounts'")
        row = "[...document.querySelectorAll('tr')].find((row) => row.innerText.includes('oidc:guest'))"
        await page.until(f"{row}?.innerText.includes('Switch off…')", "its account is in the list")
        assert "New password…" not in await page.run(f"{row}.innerText")


async def test_a_login_that_is_away_stops_nobody_from_signing_in_by_a_token(
    browser: Browser, world: World, login: Login
) -> None:
    login.wrong = {"token: fails"}
    async with sign_in_page(browser, world) as page:
        await page.press(BUTTON)
        await page.sees("The company's login does not answer as it should.")
        await page.sign_in(world.stack.env["RPNS_ADMIN_TOKEN"])
        await page.until("location.hash === '#/'", "the first page is shown, and the sign-in's reason is gone")
        await page.settled()
    login.wrong = set()


async def test_what_somebody_writes_into_a_link_to_the_sign_in_is_not_shown(
    browser: Browser, world: World, login: Login
) -> None:
    async with sign_in_page(browser, world) as page:
        await page.run("location.hash = '#/sign-in/no-role/%3Cb%3Eyour%20bank%20asks%3A%20https%3F'")
        await page.sees("None of your groups may use this console (claim —).")
