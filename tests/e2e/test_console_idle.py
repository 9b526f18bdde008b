"""A session of the console goes on while somebody works and ends when nobody does, in a real browser: what half an hour
without a press makes of its cookie is made of it here."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from deploy.browser.chromium import Browser
from deploy.local.provision import APPLICATION_ID, admin_of
from services.runtime.access.sessions.cookies import NAME
from services.runtime.access.sessions.statement import IDLE_MS, Session, opened, sealed
from services.runtime.clock import now_ms
from services.runtime.crypto.master_key import Secrets
from tests.support.console_page import ConsolePage, browser, console_page, needs_console
from tests.support.waiting import eventually
from tests.support.world import World

__all__ = ["browser"]  # a fixture
pytestmark = needs_console("nobody has waited for a session to end, or kept it going")
OWN = "a password of my own"
ENDED = "Your session has ended. Sign in to go on where you were."
AGAIN = "Secrets are kept nowhere: please type them again."
STORED = "JSON.stringify({...sessionStorage, ...localStorage})"
IS_LOOKED_AT = "document.dispatchEvent(new Event('visibilitychange'))"


class Idle:
    """A browser in which an operator has signed in, and how long nobody has pressed anything there."""

    def __init__(self, page: ConsolePage, world: World, name: str) -> None:
        self.page, self.name = page, name
        self._secrets = Secrets(world.stack.env["RPNS_MASTER_KEY"])

    async def session(self) -> Session:
        found = opened((await self._cookie())["value"], self._secrets)
        assert found is not None
        return found

    async def rests(self, for_ms: int) -> None:
        """The cookie becomes what it is after this time without a press: its end is as much nearer."""
        session = await self.session()
        earlier = msgspec.structs.replace(session, expires_at=session.expires_at - for_ms)
        cookie = {**await self._cookie(), "value": sealed(earlier, self._secrets)}
        about = {key: cookie[key] for key in ("name", "value", "domain", "path", "httpOnly", "sameSite")}
        await self.page.browser.call("Network.setCookie", self.page.session, **about)

    async def presses_a_key(self) -> None:
        for kind in ("keyDown", "keyUp"):
            await self.page.browser.call("Input.dispatchKeyEvent", self.page.session, type=kind, key="Shift")

    async def signs_in(self, name: str, password: str = OWN) -> None:
        await self.page.type("Name", name)
        await self.page.type("Password", password)
        await self.page.press("Sign in")

    async def _cookie(self) -> dict[str, Any]:
        found = (await self.page.browser.call("Network.getCookies", self.page.session))["cookies"]
        cookie: dict[str, Any] = next(cookie for cookie in found if cookie["name"] == NAME)
        return cookie


async def invited(page: ConsolePage, world: World) -> str:
    """The name of an operator who has signed in there with a password of the own."""
    made = admin_of(world.stack.describe()).call(
        "POST", "/v1/accounts", {"name": world.new_ref(), "scopes": ["support", "operator"]}
    )
    world.secret.add(made["password"])
    await page.type("Name", made["name"])
    await page.type("Password", made["password"])
    await page.press("Sign in")
    await page.type("New password", OWN)
    await page.type("New password again", OWN)
    await page.press("Sign in")
    await page.sees(made["name"])
    return str(made["name"])


@pytest.fixture
async def idle(browser: Browser, world: World) -> AsyncIterator[Idle]:
    async with console_page(browser, world.stack.operators_url) as page:
        yield Idle(page, world, await invited(page, world))


async def test_a_press_renews_a_session_and_a_page_that_asks_by_itself_does_not(idle: Idle) -> None:
    await idle.rests(IDLE_MS - 60_000)
    soon = (await idle.session()).expires_at
    assert soon - now_ms() <= 60_000
    await idle.page.run("location.hash = '#/operations/stops'")  # it asks again and again
    await idle.page.sees("What is stopped")
    await idle.page.run(IS_LOOKED_AT)
    await idle.page.press("Refresh")  # by a script: nobody has pressed
    assert (await idle.session()).expires_at == soon
    await idle.presses_a_key()

    async def is_renewed() -> bool:
        return (await idle.session()).expires_at > soon + IDLE_MS - 120_000

    await eventually(is_renewed, "the session goes on for half an hour")


async def test_a_page_that_nobody_has_used_says_that_the_session_has_ended_and_keeps_what_was_typed(
    idle: Idle,
) -> None:
    page = idle.page
    await page.run("location.hash = '#/mailings/new'")
    await page.type("Name", "half written")
    await page.type("Text", "What was typed before lunch")
    await idle.rests(IDLE_MS)
    await page.run(IS_LOOKED_AT)  # the page asks for nothing by itself, and still does not stay
    await page.sees(ENDED)
    assert "before lunch" not in await page.run("document.body.innerHTML")
    assert await page.barriers() == []
    await idle.signs_in(idle.name)
    await page.until(
        "document.getElementById('text')?.value === 'What was typed before lunch'", "the text is as it was"
    )
    name = "document.getElementById('name').value"
    assert await page.run(f"[location.hash, {name}]") == ["#/mailings/new", "half written"]
    assert await page.run("[sessionStorage.length, document.cookie]") == [0, ""]


async def test_a_form_over_the_page_is_open_again_with_what_was_typed_but_for_secrets(idle: Idle) -> None:
    page = idle.page
    await page.run("location.hash = '#/operations/partners'")
    await page.open_form("New partner…")
    await page.type("Login", "half-typed")
    await idle.rests(IDLE_MS)
    await page.press("Create", within="dialog")
    await page.sees(ENDED)
    await idle.signs_in(idle.name)
    await page.until("document.querySelector('dialog[open] #edit-login')?.value === 'half-typed'", "it is as it was")
    await page.press("Leave it", within="dialog")
    await page.open_form("Change password")
    await page.type("Password that you have now", "a secret")
    await idle.rests(IDLE_MS)
    await page.run(IS_LOOKED_AT)
    await page.sees(ENDED)
    await idle.signs_in(idle.name)
    await page.sees(AGAIN)
    assert await page.run("document.getElementById('edit-password').value") == ""


async def test_a_stop_that_was_about_to_be_confirmed_is_asked_again(idle: Idle) -> None:
    page = idle.page
    await page.run("location.hash = '#/operations/stops'")
    await page.choose("Provider", "hms")
    await page.type("Reason", "their outage")
    await page.press("Stop…")
    await idle.rests(IDLE_MS)
    await page.press("Pause", within="dialog")
    await page.sees(ENDED)
    await idle.signs_in(idle.name)
    await page.until("document.querySelector('dialog[open]')?.innerText.includes('hms')", "it is asked again")
    await page.press("Leave it", within="dialog")
    fields = "['stop-id', 'stop-reason'].map((id) => document.getElementById(id)?.value)"
    await page.until(f"{fields}.join() === 'hms,their outage'", "the form is as it was")
    await page.run("location.hash = '#/operations'")
    await page.until("document.getElementById('stop-id') === null", "the page is left")
    await page.run("location.hash = '#/operations/stops'")
    await page.until("document.getElementById('stop-reason')?.value === ''", "what was left by will is dropped")
    assert await page.run("document.querySelector('dialog') === null")


async def test_a_test_push_is_asked_again_for_the_customer_who_was_looked_for(idle: Idle, world: World) -> None:
    page, phone, text = idle.page, world.new_phone(), world.new_text()
    await world.enrol("android", phone)
    await page.find(phone)
    await page.press("Test push…")
    await page.type("Text", text)
    await page.press("Send…")
    await idle.rests(IDLE_MS)
    await page.press("Send", within="dialog")
    await page.sees(ENDED)
    assert phone not in await page.run("document.body.innerHTML")
    stored = await page.run(STORED)
    assert phone not in stored
    assert text not in stored
    await idle.signs_in(idle.name)
    await page.until("document.querySelector('dialog[open]') !== null", "it is asked again")
    assert await page.run("document.getElementById('test-push-text').value") == text
    await page.press("Send", within="dialog")
    await page.sees("On its way")


async def test_of_credentials_only_the_question_is_there_again(idle: Idle) -> None:
    page, secret = idle.page, '{"key": "of a provider"}'
    await page.run(f"location.hash = '#/operations/applications/{APPLICATION_ID}'")
    await page.press("Replace…")
    await page.type("Or its text", secret)
    await idle.rests(IDLE_MS)
    await page.run(IS_LOOKED_AT)
    await page.sees(ENDED)
    await idle.signs_in(idle.name)
    await page.sees(AGAIN)
    assert await page.run("document.querySelector('dialog[open] textarea').value") == ""
    assert await page.barriers() == []
    assert "of a provider" not in await page.run(STORED)


async def test_somebody_else_who_signs_in_there_finds_nothing_of_what_was_typed(
    browser: Browser, idle: Idle, world: World
) -> None:
    page = idle.page
    async with console_page(browser, world.stack.operators_url) as elsewhere:
        other = await invited(elsewhere, world)
    await page.run("location.hash = '#/mailings/new'")
    await page.type("Name", "half written")
    await idle.rests(IDLE_MS)
    await page.run(IS_LOOKED_AT)
    await page.sees(ENDED)
    await idle.signs_in(other)
    await page.sees("New mailing")
    await page.until("document.getElementById('name')?.value === ''", "the form is empty")
