"""What can be told to be wrong of a page without eyes, on every page and in every dialog of Operations, Support and
Mailings: on a phone in Russian in the dark, and on a wide screen in English by day.

`python -m tests.support.pictures` shows the same pages, and more, to people."""

import pytest

from tests.support.console_page import ConsolePage, browser, mistaken, needs_console
from tests.support.pictures.look import Look, faults_of
from tests.support.pictures.walk import Stop, dialogs, go, of_any_stack

__all__ = ["browser", "mistaken"]  # fixtures
pytestmark = needs_console("nobody has looked whether pages and dialogs fit a phone")
PHONE, DESK = Look("ru", True, 390), Look("en", False, 1280)


@pytest.mark.parametrize("look", [PHONE, DESK], ids=lambda look: look.name)
@pytest.mark.parametrize("stop", of_any_stack(), ids=lambda stop: stop.name)
async def test_a_page_and_its_dialogs_fit_are_legible_and_speak_the_language(
    mistaken: ConsolePage, look: Look, stop: Stop
) -> None:
    await look.put_on(mistaken)
    await go(mistaken, stop)
    found = {stop.name: await faults_of(mistaken, look)}
    async for opener in dialogs(mistaken):
        found[opener] = await faults_of(mistaken, look)
    assert {where: faults for where, faults in found.items() if faults} == {}
