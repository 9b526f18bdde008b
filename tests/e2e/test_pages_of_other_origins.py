"""A site at an address of its own uses the device API: what its browser asks first, and the sample page there."""

import asyncio
import shutil
import threading
from collections.abc import AsyncIterator, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import pytest

from deploy.browser.chromium import NAMES, ScriptError, chromium
from deploy.browser.page import SamplePage
from deploy.local.provision import API_KEY, APPLICATION_ID, Admin, await_read
from deploy.sandbox.phone.sdk_api import DeviceApi
from tests.support.source_tree import ROOT
from tests.support.world import World

SHOP = "https://shop.example"
ASKS = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
PLACES = (
    "web-push",
    "installations",
    "installations/x/token",
    "installations/x/history",
    "installations/x/messages/y/content",
)
ALLOW = "Access-Control-Allow-Origin"


class _Files(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Says nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    """The sample page at another origin than the platform's."""
    with TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "deploy" / "web", Path(folder) / "web")
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, directory=folder))
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
async def allowed(world: World, site: str) -> AsyncIterator[str]:
    """The site's origin, while the application allows it."""
    await allow(world, [site])
    yield site
    await allow(world, [])


async def allow(world: World, origins: list[str]) -> None:
    """Returns when every service knows."""
    admin = Admin(world.stack.operators_url, world.stack.env["RPNS_ADMIN_TOKEN"])
    path = f"/v1/applications/{APPLICATION_ID}"
    made = await asyncio.to_thread(admin.call, "PATCH", path, {"allowedOrigins": origins})
    await asyncio.to_thread(await_read, world.stack.describe(), made["changedAt"])


async def test_preflights_are_answered_through_the_gateway_by_whichever_service_has_the_route(
    world: World, allowed: str
) -> None:
    async with aiohttp.ClientSession(f"{world.stack.public_url}/sdk/api/v1/") as session:
        for place in PLACES:
            async with session.options(place, headers={"Origin": allowed} | ASKS) as answer:
                assert (answer.status, answer.headers[ALLOW], answer.headers["Vary"]) == (204, allowed, "Origin"), place
            async with session.options(place, headers={"Origin": SHOP} | ASKS) as answer:
                assert (answer.status, ALLOW in answer.headers) == (403, False), place


async def test_a_page_reads_its_history_and_another_sites_page_cannot(world: World, allowed: str) -> None:
    browser = await world.enrol("web", world.new_phone())
    url = f"{world.stack.public_url}/sdk/api/v1/installations/{browser.installation_id}"
    bearer = {"Authorization": f"Bearer {browser.who.credential}"}
    async with aiohttp.ClientSession() as session:
        for what in ("", "/history"):
            async with session.get(url + what, headers=bearer | {"Origin": allowed}) as answer:
                assert (answer.status, answer.headers.getall(ALLOW)) == (200, [allowed])
            async with session.get(url + what, headers=bearer | {"Origin": SHOP}) as answer:
                assert (answer.status, ALLOW in answer.headers) == (200, False)


@pytest.mark.skipif(
    not any(map(shutil.which, NAMES)), reason="no Chromium is on the PATH: nobody has looked at the page"
)
async def test_the_sample_page_works_from_another_origin(world: World, allowed: str) -> None:
    async with DeviceApi(world.stack.public_url, API_KEY) as api, chromium() as browser:
        page = SamplePage(browser, world.control, world.stack.public_url, await api.web_push_key(), site=allowed)
        await page.open()
        assert "Subscribed" in await page.click("start", platform=world.stack.public_url, key=API_KEY)
        phone, backend = world.new_phone(), world.fleet.backend
        assert backend is not None
        installation = await page.run("rpns.device().then((device) => device.installationId)")
        proof = backend.proof(installation, None, phone)
        assert (await page.run(f"rpns.login({{phone: '+{phone}', proof: {proof!r}}})"))["recipientMark"]
        await world.send(phone, title="Bank")
        await page.deliver(await page.received())
        assert len(await page.reported("shown")) == 1
        await allow(world, [])
        with pytest.raises(ScriptError, match="Failed to fetch"):
            await page.run("rpns.logout()")
