"""What every answer carries, whoever makes it: each service is asked over a socket, at both of its listeners."""

import asyncio
import base64
import re
from collections.abc import AsyncIterator, Coroutine
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from deploy.local.ports import free_ports
from services.runtime.access.logins import Logins
from services.runtime.access.operator_tokens import OperatorTokens
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.http import server
from services.runtime.http.listeners import OperatorsListener, PublicListener
from services.runtime.pages.headers import SECURITY_HEADERS
from tests.support.apps import all_apps
from tests.support.waiting import eventually

SECRETS = Secrets(base64.b64encode(bytes(32)).decode())
ADMIN = "an-admin-token-of-more-than-32-characters"
SERVICES = ("ingest", "registry", "status")


class Served:
    """The part of a process that serving asks for."""

    def __init__(self, most: int = 100) -> None:
        self.stop, self.work = asyncio.Event(), list[asyncio.Task[None]]()
        self.settings: Any = SimpleNamespace(max_connections=most, shutdown_s=1)
        self.ready: Any = None

    def spawn(self, work: Coroutine[Any, Any, None], _: str, *, drains: bool = False) -> None:
        self.work.append(asyncio.create_task(work))

    def ready_when(self, _: str, check: Any) -> None:
        self.ready = check

    async def open(self, app: ASGIApp, *, gives_way: bool = False) -> str:
        """Its address."""
        (port,) = free_ports(1)
        server.serve(self, app, "api", ("127.0.0.1", port), gives_way=gives_way)  # type: ignore[arg-type]
        await eventually(self.ready, "it listens")
        return f"http://127.0.0.1:{port}"

    async def close(self) -> None:
        self.stop.set()
        await asyncio.gather(*self.work)


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    found = Served()
    yield found
    await found.close()


def assert_secure(answer: httpx.Response) -> None:
    for name, value in SECURITY_HEADERS:
        assert value in answer.headers.get_list(name), (answer.request.method, answer.request.url, answer.status_code)


@pytest.mark.parametrize("listener", ["public", "operators"])
@pytest.mark.parametrize("service", SERVICES)
async def test_every_answer_of_each_service_carries_them(served: Served, service: str, listener: str) -> None:
    directory = Directory()
    logins = Logins(directory, SECRETS)
    app = all_apps(directory, SECRETS, logins)[service]
    is_public = listener == "public"
    operators = OperatorsListener(app, OperatorTokens(directory, SECRETS, ADMIN), ())
    url = await served.open(PublicListener(app) if is_public else operators, gives_way=not is_public)
    token = {"Authorization": f"Bearer {ADMIN}"} if listener == "operators" else {}
    seen = set()
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        paths = (await client.get("/openapi.json")).json()["paths"]
        asked = [(method, re.sub(r"\{[^}]*\}", "x", path)) for path, item in paths.items() for method in item]
        more = [("get", "/openapi.json"), ("get", "/nowhere"), ("get", "/"), ("options", "/v1/stops"), ("get", "/docs")]
        known = [(*call, token) for call in [*asked[:4], *more]]  # there is nothing behind the routes: 500 for most
        for method, path, headers in [*((*call, {}) for call in [*asked, *more]), *known]:
            answer = await client.request(method, path, headers=headers, content=b"{")
            assert_secure(answer)
            seen.add(answer.status_code)
    logins.close()
    assert {200, 404} < seen


async def _raises(_: Scope, __: Receive, ___: Send) -> None:
    raise RuntimeError("a fault that nobody expected")


@pytest.mark.parametrize("gives_way", [False, True])
async def test_what_the_server_itself_answers_carries_them(served: Served, gives_way: bool) -> None:
    address = httpx.URL(await served.open(_raises, gives_way=gives_way))
    async with httpx.AsyncClient() as client:
        assert_secure(await client.get(address))
    reader, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(b"no HTTP at all\r\n\r\n")
    answer = (await reader.read()).lower()
    assert answer.startswith(b"http/1.1 400 ")
    for name, value in SECURITY_HEADERS:
        assert f"{name}: {value}".lower().encode() in answer
    writer.close()


async def test_a_header_of_an_answer_takes_the_place_of_the_servers_where_that_is_said(served: Served) -> None:
    async def answers(scope: Scope, receive: Receive, send: Send) -> None:
        await Response("", headers={"cache-control": "no-cache"})(scope, receive, send)

    async with httpx.AsyncClient() as client:
        answer = await client.get(await served.open(answers, gives_way=True))
    assert answer.headers.get_list("Cache-Control") == ["no-cache"]
    assert [name for name, _ in SECURITY_HEADERS if len(answer.headers.get_list(name)) != 1] == []


async def test_a_server_that_is_full_answers_with_them() -> None:
    full = Served(most=1)
    address = await full.open(_raises)
    try:
        async with httpx.AsyncClient() as client:
            answer = await client.get(address)
            assert answer.status_code == 503
            assert_secure(answer)
    finally:
        await full.close()
