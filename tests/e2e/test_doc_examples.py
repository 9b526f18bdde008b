"""Every request in `docs/features/` is made, and answered as the page says."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import orjson
import pytest

from deploy.local.provision import API_KEY, APPLICATION_ID, BATCH_KEY, LOGIN, PASSWORD, SERVICE_NUMBER, backend
from deploy.play.bank import Bank
from tests.support.doc_examples import Example, Request, Values, body_fits, examples
from tests.support.waiting import eventually
from tests.support.world import World

PAGES = sorted(path for path in (Path(__file__).parents[2] / "docs" / "features").glob("*.md") if path.stem != "README")


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        yield session


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
async def test_the_examples_of_a_page_are_true(page: Path, world: World, session: aiohttp.ClientSession) -> None:
    values = await _values(world)
    shown = list(examples(page))
    assert shown, "a page has one request and one answer at least"
    for shown_part in shown:
        answer = await _as_shown(shown_part, session, world, values)
        await _learn(world, values, answer)


async def _as_shown(example: Example, session: aiohttp.ClientSession, world: World, values: Values) -> bytes:
    """The body of the answer. A GET is asked again until the answer is the expected one."""
    request, expected = example.filled(values), example.expected(values)
    is_operators = request.headers.get("Authorization") == f"Bearer {values['admin']}"
    gateway = world.stack.operators_url if is_operators else world.stack.public_url
    answered: list[tuple[int, bytes]] = []

    async def is_as_shown() -> bool:
        status, body = await _ask(session, gateway + request.path, request)
        answered[:] = [(status, body)]
        is_good = expected is None or (status == expected[0] and body_fits(expected[1], body))
        assert is_good or request.method == "GET", f"{request.path}: {status} {body.decode()}"
        return is_good

    await eventually(is_as_shown, lambda: f"{request.path}: {expected}, but {answered}", 15)
    return answered[0][1]


async def _ask(session: aiohttp.ClientSession, url: str, request: Request) -> tuple[int, bytes]:
    headers, body = request.headers, request.body or None
    if body and "Content-Type" not in headers:
        headers = {**headers, "Content-Type": "application/json"}
    async with session.request(request.method, url, headers=headers, data=body, allow_redirects=False) as response:
        return response.status, await response.read()


async def _values(world: World) -> dict[str, str]:
    phone = world.new_phone()
    device = await world.enrol("android", phone)
    return {
        "login": LOGIN,
        "password": PASSWORD,
        "basic": base64.b64encode(f"{LOGIN}:{PASSWORD}".encode()).decode(),
        "service": SERVICE_NUMBER,
        "application": APPLICATION_ID,
        "api_key": API_KEY,
        "admin": world.stack.env["RPNS_ADMIN_TOKEN"],
        "batch_key": BATCH_KEY,
        "phone": phone,
        "installation": device.installation_id,
        "credential": device.who.credential,
        "proof": backend(world.stack.describe()).proof(device.installation_id, None, phone),
        "ref": world.new_ref(),
    }


async def _learn(world: World, values: dict[str, str], body: bytes) -> None:
    """What later examples of the page may name."""
    if "mt" in values or b'"mtNum"' not in body:
        return
    values["mt"] = str(orjson.loads(body)["mtNum"])
    answers: list[dict[str, object]] = []

    async def is_known() -> bool:
        async with Bank(world.stack.public_url, LOGIN, PASSWORD, SERVICE_NUMBER) as bank:
            answers[:] = [found] if (found := await bank.message(values["mt"])) else []
        return bool(answers)

    await eventually(is_known, f"message {values['mt']} is known")
    values["message"] = str(answers[0]["messageId"])
