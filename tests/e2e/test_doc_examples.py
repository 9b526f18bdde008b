"""Every request in `docs/features/` is made, and answered as the page says; so is the first push of the partner API."""

import asyncio
import base64
import re
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

FIRST_PUSH = Path(__file__).parents[2] / "docs" / "partner-api.md"
_SHELL = re.compile(r"^```sh\n(.*?)^```\n\n```json\n(.*?)^```$", re.MULTILINE | re.DOTALL)


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


async def test_the_first_push_of_the_partners_page_is_sent_and_asked_for_as_written_and_once(world: World) -> None:
    page = FIRST_PUSH.read_text()
    phone, ref = world.new_phone(), world.new_ref()
    device = await world.enrol("android", phone)
    real = {"http://127.0.0.1:8080": world.stack.public_url, "first-1": ref, "+7 900 000-00-01": f"+{phone}"}
    (send, answer), (ask, state) = _SHELL.findall(page)
    for written, value in real.items():
        send, answer, ask, state = (text.replace(written, value) for text in (send, answer, ask, state))
    answers = [await _run(send) for _ in range(2)]
    assert body_fits(answer, answers[0])
    assert answers[0] == answers[1], "the same id again is answered alike"

    async def is_as_shown() -> bool:
        return body_fits(state, await _run(ask))

    await eventually(is_as_shown, state, 15)
    assert len([push for push in device.shown if push.text == "Your code is 4711"]) == 1


async def _run(line: str) -> bytes:
    """What a line of a shell prints. It must end well."""
    process = await asyncio.create_subprocess_exec("sh", "-c", line, stdout=asyncio.subprocess.PIPE)
    printed, _ = await process.communicate()
    assert process.returncode == 0, line
    return printed


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
