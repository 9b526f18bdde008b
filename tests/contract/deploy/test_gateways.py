"""The gateways of a cluster, Caddy and nginx, do the same by the same table of routes."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
from aiohttp import ClientSession, web

from deploy.gateway.__main__ import files
from deploy.gateway.caddyfile import BULK
from deploy.gateway.nginx import Server, nginx_conf
from deploy.gateway.routes import OPERATORS, PUBLIC, SERVICES, route_of
from deploy.local.ports import accepts, free_ports
from deploy.local.processes.process import ROOT, Program
from deploy.local.processes.runner import Runner
from deploy.local.servers.gateway import caddy
from services.runtime.pages.console import HEADERS

NAMES = (BULK, *SERVICES)
NAME = web.AppKey("NAME", str)
MORE = web.AppKey("MORE", asyncio.Event)
KINDS = (
    "caddy",
    pytest.param("nginx", marks=pytest.mark.skipif(shutil.which("nginx") is None, reason="there is no nginx here")),
)
LARGE = 20 * 1024 * 1024
TOO_LARGE = 18 * 1024 * 1024
GUESSES = ("/docs/ingest", "/docs/registry/", "/docs/status/docs")
"""More than any body outside the bulk lane's paths may have."""
PATHS = (
    ("/v6/send", "ingest"),
    ("/v3/batch", BULK),
    ("/v3/batch/7", "status"),
    ("/v3/other", "ingest"),
    ("/v1/mailings", BULK),
    ("/v1/mailings/m/recipients?x=1", BULK),
    ("/sdk/api/v1/installations", "registry"),
    ("/sdk/api/v1/installations/i-1/receipts", "registry"),
    ("/sdk/api/v1/installations/i-1/messages/m-1/content?link=1", "status"),
    ("/sdk/api/v1/installations/i-1/history/m-1", "status"),
    ("/sdk/api/v1/installations/i-1/x/history", "registry"),
    ("/v1/applications/app-1/subscriptions", "registry"),
    ("/v1/applications/app-1/broadcast-channels/c/messages/m", "ingest"),
    ("/v1/stops/message/%2B79", "registry"),
    ("/v1/messages/1", "status"),
    ("/gateway/hms/r", "registry"),
    ("/gateway/v6/reports/sms", "status"),
    ("/l/abc", "status"),
    ("/portal", "registry"),
    ("/portal/", "registry"),
    ("/portal/assets/index-A_b-1.js", "registry"),
    ("/portals", ""),
    ("/v1/me/settings", "registry"),
    ("/console/", ""),
    ("/v2/send", ""),
    ("/metrics", ""),
    ("/healthz", ""),
)
FOR_OPERATORS = (
    ("/v1/partners", "registry"),
    ("/v1/operators", "registry"),
    ("/v1/erasures/1", "registry"),
    ("/v1/mailings/1/start", BULK),
    ("/v1/messages/1", "status"),
    ("/console", "registry"),
    ("/console/", "registry"),
    ("/console/assets/index-A_b-1.js", "registry"),
    ("/consoles", ""),
    ("/portal/", ""),
    ("/v6/send", ""),
    ("/sdk/api/v1/installations", ""),
)


@dataclass(frozen=True)
class Ports:
    public: int
    operators: int
    services: dict[str, int]
    of_operators: dict[str, int]  # the services' other ports


def ports() -> Ports:
    public, operators, *rest = free_ports(2 + 2 * len(NAMES))
    return Ports(
        public,
        operators,
        dict(zip(NAMES, rest[: len(NAMES)], strict=True)),
        dict(zip(NAMES, rest[len(NAMES) :], strict=True)),
    )


def program(kind: str, folder: Path, to: Ports) -> Program:
    def is_up(_: object) -> bool:
        return accepts(to.public) and accepts(to.operators)

    log = folder / "gateway.log"
    if kind == "caddy":
        config = folder / "Caddyfile"
        config.write_text(files()["deploy/gateway/Caddyfile"])
        env = {
            "RPNS_PUBLIC_SITE": f"http://:{to.public}",
            "RPNS_OPERATORS_SITE": f"http://:{to.operators}",
            "XDG_DATA_HOME": str(folder),
            "XDG_CONFIG_HOME": str(folder),
        }
        for end, chosen in (("", to.services), ("_OPERATORS", to.of_operators)):
            env |= {f"RPNS_{name.upper().replace('-', '_')}{end}": f"127.0.0.1:{port}" for name, port in chosen.items()}
        command = [str(caddy()), "run", "--config", str(config), "--adapter", "caddyfile"]
        return Program("gateway", command, log, is_up, env=env)
    config = folder / "nginx.conf"
    public, operators = (
        {name: [f"127.0.0.1:{port}"] for name, port in chosen.items()} for chosen in (to.services, to.of_operators)
    )
    pages = str(ROOT / "deploy/pages")
    text = nginx_conf(
        Server("public", f"127.0.0.1:{to.public}", public, PUBLIC, pages),
        Server("operators", f"127.0.0.1:{to.operators}", operators, OPERATORS, pages),
    )
    config.write_text(text.replace("/tmp/nginx", str(folder / "nginx")))
    # as root it would give its workers to a user who may not read the folder of a test
    command = [str(shutil.which("nginx")), "-c", str(config), "-p", str(folder), "-g", "daemon off; user root;"]
    return Program("gateway", command, log, is_up)


async def _echo(request: web.Request) -> web.Response:
    """Say who answered and what arrived."""
    size = 0
    async for part in request.content.iter_any():
        size += len(part)
    called = request.headers.get("X-Forwarded-For")
    return web.json_response({"service": request.app[NAME], "path": request.raw_path, "size": size, "called": called})


async def _console(request: web.Request) -> web.Response:
    return web.Response(text="the built page", headers=HEADERS)


async def _stream(request: web.Request) -> web.StreamResponse:
    """One event at once, the second only when the test has seen the first."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    await response.write(b"data: 1\n\n")
    await asyncio.wait_for(request.app[MORE].wait(), 10)
    await response.write(b"data: 2\n\n")
    return response


async def upstream(name: str, port: int, more: asyncio.Event) -> web.AppRunner:
    app = web.Application()
    app[NAME], app[MORE] = name, more
    app.router.add_get("/v1/events", _stream)
    app.router.add_get("/v1/{path:.*}/live", _stream)
    app.router.add_get("/console/headers", _console)
    app.router.add_get("/portal/headers", _console)
    app.router.add_route("*", "/{path:.*}", _echo)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return runner


@dataclass(frozen=True)
class Gateway:
    url: str
    operators_url: str
    more_events: asyncio.Event


@pytest.fixture(scope="module", params=KINDS)
async def gateway(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    to, more, folder = ports(), asyncio.Event(), tmp_path_factory.mktemp("gateway")
    async with AsyncExitStack() as stack:
        for end, chosen in (("", to.services), (" for operators", to.of_operators)):
            for name, port in chosen.items():
                stack.push_async_callback((await upstream(f"{name}{end}", port, more)).cleanup)
        stack.enter_context(Runner(lambda _: None)).start([program(request.param, folder, to)])
        yield Gateway(f"http://127.0.0.1:{to.public}", f"http://127.0.0.1:{to.operators}", more)


async def who_answers(url: str, paths: Iterable[str]) -> dict[str, str]:
    """By path; "" where the gateway itself says 404."""
    found = {}
    async with ClientSession() as client:
        for path in paths:
            async with client.get(url + path) as response:
                answer = await response.json(content_type=None)
            if response.status == 404:
                assert response.content_type == "application/problem+json"
            else:
                assert answer["path"] == path
            found[path] = answer.get("service", "")
    return found


async def test_each_path_reaches_its_service(gateway: Gateway) -> None:
    assert await who_answers(gateway.url, dict(PATHS)) == dict(PATHS)


async def test_the_operators_address_leads_to_the_operators_ports(gateway: Gateway) -> None:
    wanted = {path: f"{service} for operators" if service else "" for path, service in FOR_OPERATORS}
    assert await who_answers(gateway.operators_url, wanted) == wanted


async def test_documents_are_read_by_their_exact_address(gateway: Gateway) -> None:
    async with ClientSession() as client:
        for service in SERVICES:
            async with client.get(f"{gateway.url}/docs/{service}/openapi.json") as response:
                answer = await response.json()
            assert (answer["service"], answer["path"]) == (service, "/openapi.json")
            async with client.post(f"{gateway.url}/docs/{service}/openapi.json") as response:
                assert response.status == 404
        for method, path in (("GET", "/"), ("HEAD", "/"), ("GET", "/docs"), *(("GET", guess) for guess in GUESSES)):
            async with client.request(method, f"{gateway.url}{path}", allow_redirects=False) as response:
                assert (response.status, response.headers.get("Location")) == (302, "/docs/"), (method, path)
        for path in ("/docs/status/openapi.json", "/docs/assets/page.js"):
            async with client.head(f"{gateway.url}{path}") as response:
                assert response.status == 200, path
        async with client.get(f"{gateway.url}/docs/assets/page.js") as response:
            answer = await response.json()
            assert (answer["service"], answer["path"]) == ("registry", "/docs/assets/page.js")
    others = [f"/docs/registry{rest}" for rest in ("/v1/partners", "/docs/x", "//openapi.json", "/openapi.json?x=1")]
    assert await who_answers(gateway.url, others) == dict.fromkeys(others, "")


@pytest.mark.parametrize(
    ("language", "title", "words"),
    [
        ("", "Not Found", "there is nothing at this address; what there is: /docs/"),
        ("ru-RU,ru;q=0.9,en;q=0.8", "Не найдено", "по этому адресу ничего нет; что есть, показывает /docs/"),
        ("en,ru;q=0.5", "Not Found", "there is nothing at this address; what there is: /docs/"),
    ],
)
async def test_what_is_nowhere_is_told_in_the_callers_language(
    gateway: Gateway, language: str, title: str, words: str
) -> None:
    headers = {"Accept-Language": language}
    async with ClientSession() as client, client.get(f"{gateway.url}/v7/x", headers=headers) as response:
        problem = await response.json(content_type="application/problem+json")
        assert (response.status, problem["title"], problem["detail"]) == (404, title, words)
        assert response.headers.get("Content-Language", "") == ("ru" if language.startswith("ru") else "")


@pytest.mark.parametrize(("path", "status", "kind"), [("/v6/send", 400, "json"), ("/v1/stops", 413, "problem+json")])
async def test_a_body_that_the_gateway_refuses_is_refused_in_json(
    gateway: Gateway, path: str, status: int, kind: str
) -> None:
    async with (
        ClientSession() as client,
        client.put(f"{gateway.url}{path}", data=BytesIO(b"x" * TOO_LARGE)) as response,
    ):
        answer = await response.json(content_type=None)
    if "size" in answer:
        assert answer["size"] == TOO_LARGE  # Caddy leaves it to the services
    else:
        assert (response.status, response.content_type) == (status, f"application/{kind}")


async def test_the_consoles_policy_arrives_as_the_service_wrote_it_and_no_other_beside_it(gateway: Gateway) -> None:
    async with ClientSession() as client:
        for url in (f"{gateway.operators_url}/console/headers", f"{gateway.url}/portal/headers"):
            async with client.get(url) as response:
                found = {name: response.headers.getall(name) for name in HEADERS}
            assert found == {name: [HEADERS[name]] for name in HEADERS}


@pytest.mark.parametrize("path", ["/v1/events", "/v1/messages/m/live", "/v1/mailings/m/live", "/v1/cluster/live"])
async def test_events_arrive_one_by_one(gateway: Gateway, path: str) -> None:
    gateway.more_events.clear()
    async with ClientSession() as client, client.get(gateway.operators_url + path) as response:
        assert await asyncio.wait_for(response.content.readuntil(b"\n\n"), 10) == b"data: 1\n\n"
        gateway.more_events.set()
        assert await asyncio.wait_for(response.content.readuntil(b"\n\n"), 10) == b"data: 2\n\n"


async def test_the_callers_address_is_the_gateways_word_and_lists_have_any_length(gateway: Gateway) -> None:
    forged, url = {"X-Forwarded-For": "203.0.113.9"}, f"{gateway.url}/v1/mailings/m/recipients"
    async with ClientSession() as client, client.put(url, headers=forged, data=BytesIO(b"x" * LARGE)) as response:
        answer = await response.json()
    assert (answer["size"], answer["called"]) == (LARGE, "127.0.0.1")


@pytest.mark.parametrize("kind", KINDS)
async def test_a_service_that_is_away_is_told_in_the_words_of_each_api(kind: str, tmp_path: Path) -> None:
    to = ports()
    ingest = await upstream("ingest", to.services["ingest"], asyncio.Event())
    async with AsyncExitStack() as stack:
        stack.push_async_callback(ingest.cleanup)
        stack.enter_context(Runner(lambda _: None)).start([program(kind, tmp_path, to)])
        url = f"http://127.0.0.1:{to.public}"
        async with ClientSession() as client:
            async with client.post(f"{url}/v3/batch", json={}) as response:  # without anybody for the bulk lane
                assert (await response.json())["service"] == "ingest"
            await ingest.cleanup()
            for path, content_type in (
                ("/v6/send", "application/json"),
                ("/v3/batch", "application/json"),
                ("/v1/messages/1", "application/problem+json"),
                ("/sdk/api/v1/installations", "application/problem+json"),
            ):
                async with client.post(f"{url}{path}", json={}) as response:
                    assert (response.status, response.content_type) == (503, content_type)
                    assert int(response.headers["Retry-After"]) >= 1
                    answer = await response.json(content_type=None)
                assert answer.get("status") == 503 or answer["error"]["code"] == 1


def test_the_table_says_what_the_gateways_do() -> None:
    for path, service in PATHS:
        route = route_of(path.partition("?")[0], PUBLIC)
        assert ("" if route is None else BULK if route.is_bulk else route.service) == service, path
