"""A tab with the operators' console in a real browser: what a person does there and sees, and what went wrong."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson
import pytest

from deploy.browser.chromium import NAMES, Browser, ScriptError, chromium
from deploy.console import FOLDER, INDEX
from tests.support.waiting import eventually
from tests.support.world import World

AXE = FOLDER / "node_modules/axe-core/axe.min.js"
GRAVE = ("serious", "critical")
SEARCHED = "Phone, user id, message id, mtNum or partner's id"
"""The field of Support."""
BY_TOKEN = "Sign in with an operator's token"
"""Leads from the first form, for name and password, to the one for tokens."""
NETWORK = "Failed to load resource"
_CONTROL = "[...document.querySelectorAll('label')].find((one) => one.textContent.trim() === %s)?.control"
_PRESS = """(() => {
  const one = [...document.querySelector(%s).querySelectorAll("button, a, summary")]
    .find((found) => found.textContent.trim() === %s && found.checkVisibility() && !found.disabled);
  one?.click();
  return one !== undefined;
})()"""
_TYPE = f"(() => {{ const one = {_CONTROL}; one?.focus(); one?.select(); return document.activeElement === one; }})()"
_SET = f"""(() => {{
  const one = {_CONTROL};
  if (!one) return false;
  one.value = %s;
  for (const name of ["input", "change"]) one.dispatchEvent(new Event(name, {{bubbles: true}}));
  return one.value === %s;
}})()"""
_CHECK = """axe.run(document, {preload: false, resultTypes: ["violations"]}).then(({violations}) => violations.map(
  ({impact, id, nodes}) => ({impact, id, nodes: nodes.map(({html, any}) => [html, ...any.map((rule) => rule.message)])})
))"""


@dataclass(frozen=True)
class ConsolePage:
    """Whatever is looked for is waited for."""

    browser: Browser
    session: str

    async def run(self, script: str) -> Any:
        return await self.browser.run(self.session, script)

    async def until(self, script: str, awaited: str) -> Any:
        """Until an expression is true, which is its value. It may throw before: a page that loads has no body yet."""
        thrown: list[str] = []

        async def look() -> Any:
            try:
                return await self.run(script)
            except ScriptError as error:
                thrown[:] = [str(error)]
                return None

        try:
            return await eventually(look, awaited)
        except AssertionError as error:
            shown = await self.run("document.body?.innerText")
            raise AssertionError(f"{error}; thrown: {thrown}; faults: {self.faults()}; shown: {shown!r}") from None

    async def reload(self) -> None:
        """Load the page anew, until nothing of the former document is left: that one would still answer."""
        await self.run("window.isFormer = true; location.reload()")
        await self.until("!window.isFormer && document.readyState === 'complete'", "the page is loaded anew")

    async def sees(self, text: str) -> None:
        await self.until(f"document.body.innerText.includes({_quoted(text)})", f"{text!r} is shown")

    async def press(self, label: str, within: str = "body") -> None:
        """A button or a link."""
        await self.until(_PRESS % (_quoted(within), _quoted(label)), f"there is {label!r} to press")

    async def type(self, label: str, text: str) -> None:
        """Into the field of that label, in the place of what is there."""
        await self.until(_TYPE % _quoted(label), f"there is a field {label!r}")
        await self.browser.call("Input.insertText", self.session, text=text)
        await self.until(f"{_CONTROL % _quoted(label)}.value === {_quoted(text)}", f"{label!r} holds what was typed")

    async def choose(self, label: str, value: str) -> None:
        """What keys are not typed for: one of several, or a date and time."""
        quoted = (_quoted(label), _quoted(value), _quoted(value))
        await self.until(_SET % quoted, f"{label!r} takes {value!r}")

    async def tick(self, label: str) -> None:
        """Turn a box over."""
        await self.until(f"{_CONTROL % _quoted(label)} !== undefined", f"there is a box {label!r}")
        await self.run(f"{_CONTROL % _quoted(label)}.click()")

    async def open_form(self, opener: str) -> None:
        """A form over the page, by the button that opens it."""
        await self.press(opener)
        await self.until("document.querySelector('dialog[open] form') !== null", f"{opener!r} opens a form")

    async def send_form(self, confirm: str) -> None:
        """What is typed there is taken, and the form closes."""
        await self.press(confirm, within="dialog")
        await self.until("document.querySelector('dialog') === null", "the form is taken")

    async def refused_at(self, confirm: str) -> list[str]:
        """The ids of the fields that a refusal stands at; the first of them has the focus."""
        await self.press(confirm, within="dialog")
        await self.until("document.querySelector('dialog [role=alert]') !== null", "the form is refused")
        found = await self.run("[...document.querySelectorAll('dialog [aria-invalid]')].map((one) => one.id)")
        await self.until(f"document.activeElement.id === {_quoted(found[0])}", "the first fault has the focus")
        return list(found)

    async def sign_in(self, token: str) -> None:
        if await self.run("document.querySelector('#token') === null"):
            await self.press(BY_TOKEN)
        await self.type("Operator's token", token)
        await self.press("Sign in")
        await self.until("document.querySelector('nav a') !== null", "the menu is there")

    async def find(self, asked: str) -> None:
        """Search, and wait for the answer to this search."""
        await self.type(SEARCHED, asked)
        await self.press("Find")
        await self.settled()

    async def open_message(self, message_id: str) -> None:
        """From the list, whose links show the end of its id."""
        await self.press(short(message_id))
        await self.sees("What happened")

    async def settled(self) -> None:
        """Until the page has what it asked for."""
        await self.until(
            "document.querySelector('p.state[role=status]') === null && document.querySelector('h1') !== null",
            "it is loaded",
        )

    async def is_dark(self, dark: bool) -> None:
        """What the system is set to."""
        feature = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.browser.call("Emulation.setEmulatedMedia", self.session, features=[feature])

    async def barriers(self) -> list[Any]:
        """What keeps people out who see, hear or move otherwise, by the rules of axe-core."""
        if not await self.run("typeof axe === 'object'"):
            await self.run(AXE.read_text() + "\n;0")
        return [found for found in await self.run(_CHECK) if found["impact"] in GRAVE]

    def faults(self) -> list[str]:
        """What the browser's own console has to say of this tab."""
        events = [event for event in self.browser.events if event.get("sessionId") == self.session]
        return [fault for event in events if (fault := _fault(event["method"], event["params"]))]


def short(message_id: str) -> str:
    """As lists name a message."""
    return f"…{message_id[-8:]}"


def _fault(method: str, about: dict[str, Any]) -> str:
    if method == "Runtime.exceptionThrown":
        return str(about["exceptionDetails"].get("exception", {}).get("description", about["exceptionDetails"]["text"]))
    if method == "Runtime.consoleAPICalled" and about["type"] in ("error", "warning", "assert"):
        return " ".join(str(argument.get("value", argument.get("description", ""))) for argument in about["args"])
    if method == "Log.entryAdded" and about["entry"]["level"] in ("error", "warning"):
        return f"{about['entry']['text']} {about['entry'].get('url', '')}"
    return ""


def _quoted(text: str) -> str:
    return orjson.dumps(text).decode()


@asynccontextmanager
async def console_page(
    browser: Browser, url: str, path: str = "/console/", asked_for: str = BY_TOKEN
) -> AsyncIterator[ConsolePage]:
    """A tab that shares nothing with any other, on the sign-in, which asks for something."""
    call = browser.call
    context = (await call("Target.createBrowserContext"))["browserContextId"]
    try:
        target = (await call("Target.createTarget", url="about:blank", browserContextId=context))["targetId"]
        page = ConsolePage(browser, await browser.attach(target))
        for domain in ("Page", "Runtime", "Log"):
            await call(f"{domain}.enable", page.session)
        english = {"userAgent": (await call("Browser.getVersion"))["userAgent"], "acceptLanguage": "en"}
        await call("Emulation.setUserAgentOverride", page.session, **english)
        await page.is_dark(False)
        await call("Page.navigate", page.session, url=f"{url}{path}")
        await page.sees(asked_for)
        yield page
    finally:
        await call("Target.disposeBrowserContext", browserContextId=context)


def needs_console(unseen: str) -> list[pytest.MarkDecorator]:
    """The marks of a file of such tests; `unseen` is what nobody has done where there is no browser."""
    no_browser = f"no Chromium is on the PATH: {unseen}"
    return [
        pytest.mark.skipif(not any(map(shutil.which, NAMES)), reason=no_browser),
        pytest.mark.skipif(not INDEX.exists() or not AXE.exists(), reason="the console is not built: `make install`"),
    ]


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest.fixture
async def page(browser: Browser, world: World) -> AsyncIterator[ConsolePage]:
    """A tab on the sign-in; a fault that the browser has to tell of fails the test."""
    async with console_page(browser, world.stack.operators_url) as page:
        yield page
        assert page.faults() == []


@pytest.fixture
async def mistaken(browser: Browser, world: World) -> AsyncIterator[ConsolePage]:
    """Somebody who is signed in and whom the platform will refuse something: the browser tells of that, and no more."""
    async with console_page(browser, world.stack.operators_url) as page:
        await page.sign_in(world.stack.env["RPNS_ADMIN_TOKEN"])
        yield page
        assert {
            fault
            for fault in page.faults()
            if not fault.startswith(f"{NETWORK}: the server responded with a status of 4")
        } == set()


@pytest.fixture
async def operator(page: ConsolePage, world: World) -> ConsolePage:
    """Somebody who may see every page, signed in."""
    await page.sign_in(world.stack.env["RPNS_ADMIN_TOKEN"])
    return page
