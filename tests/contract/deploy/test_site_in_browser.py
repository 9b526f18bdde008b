"""Somebody types into the search of the site, as it is served and as it is opened from a disk."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from threading import Thread

import pytest

from deploy.browser.chromium import NAMES, Browser, chromium
from deploy.site.serving import address, server
from deploy.site.staging import build, stage
from tests.support.waiting import eventually

pytestmark = pytest.mark.skipif(not any(map(shutil.which, NAMES)), reason="no Chromium is on the PATH")
LINK = "document.querySelector('.md-search-result__item a')?.getAttribute('href')"
NOTE = "getComputedStyle(document.querySelector('.needs-search')).display"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("typed")
    stage(folder / "docs")
    build(folder, folder / "site")
    return folder / "site"


@pytest.fixture(scope="module")
def served(site: Path) -> Iterator[str]:
    with server(site, port=0) as listening:
        Thread(target=listening.serve_forever, daemon=True).start()
        yield address(listening)
        listening.shutdown()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


async def opened(browser: Browser, url: str) -> str:
    """The session of a tab on that page, once its script has run."""
    target = (await browser.call("Target.createTarget", url=url))["targetId"]
    session = await browser.attach(target)
    await until(browser, session, "document.documentElement?.classList.contains('js')")
    return session


async def until(browser: Browser, session: str, condition: str) -> None:
    async def holds() -> bool:
        return bool(await browser.run(session, condition))

    await eventually(holds, condition)


@pytest.mark.parametrize(
    ("language", "typed", "page"),
    [("", "quiet hours", "features/schedule.html"), ("ru/", "миграция с FCM", "ru/migration.html")],
)
async def test_what_is_typed_is_found(browser: Browser, served: str, language: str, typed: str, page: str) -> None:
    session = await opened(browser, f"{served}{language}index.html")
    await browser.run(session, "document.querySelector('.md-search__input').focus()")
    await browser.call("Input.insertText", session, text=typed)
    for kind in ("keyDown", "keyUp"):
        await browser.call("Input.dispatchKeyEvent", session, type=kind, key=" ", text=" ")
    await until(browser, session, LINK)
    assert str(await browser.run(session, LINK)).startswith(f"{served}{page}")
    assert await browser.run(session, NOTE) != "none"


async def test_a_page_from_a_disk_speaks_of_no_search(browser: Browser, site: Path) -> None:
    session = await opened(browser, (site / "index.html").as_uri())
    await until(browser, session, f"{NOTE} === 'none'")
