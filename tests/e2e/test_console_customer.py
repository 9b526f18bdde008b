"""What an operator does for one customer in the console, in a real browser: a test push, and forgetting."""

import shutil
from collections.abc import AsyncIterator

import pytest

from deploy.browser.chromium import NAMES, Browser, chromium
from deploy.console import INDEX
from tests.support.console_page import AXE, ConsolePage, console_page
from tests.support.world import QUICK, World

pytestmark = [
    pytest.mark.skipif(
        not any(map(shutil.which, NAMES)),
        reason="no Chromium is on the PATH: nobody has sent a test push there, or forgotten somebody",
    ),
    pytest.mark.skipif(not INDEX.exists() or not AXE.exists(), reason="the console is not built: `make install`"),
]


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest.fixture
async def operator(browser: Browser, world: World) -> AsyncIterator[ConsolePage]:
    async with console_page(browser, world.stack.operators_url) as page:
        await page.sign_in(world.stack.env["RPNS_ADMIN_TOKEN"])
        yield page
        assert page.faults() == []


async def test_a_test_push_reaches_the_customer_and_is_followed(operator: ConsolePage, world: World) -> None:
    phone = world.new_phone()
    await world.enrol("android", phone, QUICK)
    await operator.find(phone)
    await operator.press("Test push…")
    await operator.type("Text", "Is anybody there?")
    assert await operator.barriers() == []
    await operator.press("Send…")
    await operator.press("Send", within="dialog")
    await operator.sees("On its way")
    message = await operator.run("document.querySelector('[role=status] a').textContent")
    await operator.press(message)
    await operator.sees("What happened")
    await operator.until("document.querySelector('h2 .badge[title=READ]')?.textContent === 'read'", "it was read")


async def test_a_customer_is_forgotten_only_once_named_again(operator: ConsolePage, world: World) -> None:
    phone = world.new_phone()
    await world.enrol("android", phone, QUICK)
    await operator.find(phone)
    await operator.press("Forget this person…")
    await operator.press("Forget this person", within="dialog")
    await operator.sees("To be forgotten")
    assert await operator.barriers() == []
    await operator.type("Type once more what you searched for", phone[:-1])
    assert await operator.run(
        "[...document.querySelectorAll('button')].find((one) => one.textContent.startsWith('Forget them')).disabled"
    )
    await operator.type("Type once more what you searched for", phone)
    await operator.press("Forget them for good…")
    await operator.press("Forget them for good", within="dialog")
    await operator.sees("Forgotten")
    await operator.sees("Keys destroyed for good")
