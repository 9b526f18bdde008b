"""The gateway sends each public path to its service, tells who called, and holds no stream back."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientResponse, ClientSession, web
from yarl import URL

from deploy.gateway import caddyfile
from deploy.local.ports import free_ports
from deploy.local.processes.runner import Runner
from deploy.local.servers import gateway
from tests.support.waiting import eventually

SERVICES = ("ingest", "registry", "status")
NAME = web.AppKey("NAME", str)
MORE = web.AppKey("MORE", asyncio.Event)


@dataclass(frozen=True)
class Public:
    url: str
    operators_url: str
    more_events: asyncio.Event


async def _echo(request: web.Request) -> web.Response:
    """Say who answered and what arrived."""
    headers = {name: request.headers.get(name) for name in ("X-Forwarded-For", "X-Forwarded-Prefix", "Host")}
    return web.json_response({"service": request.app[NAME], "path": request.path_qs, "headers": headers})


async def _stream(request: web.Request) -> web.StreamResponse:
    """One event at once, the second only when the test has seen the first."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    await response.write(b"data: 1\n\n")
    await asyncio.wait_for(request.app[MORE].wait(), 10)
    await response.write(b"data: 2\n\n")
    return response


async def _upstream(name: str, port: int, more: asyncio.Event) -> web.AppRunner:
    app = web.Application()
    app[NAME], app[MORE] = name, more
    app.router.add_get("/v1/messages/stream", _stream)
    app.router.add_route("*", "/{path:.*}", _echo)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return runner


def _to(ports: list[int]) -> dict[str, list[int]]:
    return {name: [port] for name, port in zip(SERVICES, ports, strict=True)}


@pytest.fixture(scope="module")
async def public(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Public]:
    port, operators_port, *ports = free_ports(2 + 2 * len(SERVICES))
    more = asyncio.Event()
    names = [*SERVICES, *(f"{name} for operators" for name in SERVICES)]
    started = [await _upstream(name, upstream, more) for name, upstream in zip(names, ports, strict=True)]
    folder = tmp_path_factory.mktemp("gateway")
    with Runner(lambda _: None) as runner:
        sites = gateway.Site(port, _to(ports[:3])), gateway.Site(operators_port, _to(ports[3:]))
        runner.start([gateway.program(folder, folder / "gateway.log", *sites)])
        yield Public(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{operators_port}", more)
    for upstream_runner in started:
        await upstream_runner.cleanup()


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/v6/send", "ingest"),
        ("/v3/batch", "ingest"),
        ("/sdk/api/v1/installations", "registry"),
        ("/sdk/api/v1/installations/i-1/receipts", "registry"),
        ("/sdk/api/v1/installations/history", "registry"),
        ("/sdk/api/v1/installations/i-1/messages/m-1/content?link=1", "status"),
        ("/sdk/api/v1/installations/i-1/history?limit=5", "status"),
        ("/sdk/api/v1/installations/i-1/history/m-1", "status"),
        ("/sdk/api/v1/installations/i-1/x/history", "registry"),
        ("/v1/applications/app-1/subscriptions", "registry"),
        ("/v1/applications/app-1/broadcast-channels/c", "ingest"),
        ("/v1/installations/1", "registry"),
        ("/v1/partners?limit=1", "status"),  # which has no such route, on either port
        ("/v1/messages/1", "status"),
        ("/v1/applications-of-another-kind", "status"),
        ("/gateway/v6/reports/sms", "status"),
    ],
)
async def test_each_path_reaches_its_service(public: Public, path: str, service: str) -> None:
    async with ClientSession() as client, client.get(public.url + path) as response:
        answer = await response.json()
    assert (answer["service"], answer["path"]) == (service, path)


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/v1/applications", "registry"),
        ("/v1/applications/app-1/credentials", "registry"),
        ("/v1/partners?limit=1", "registry"),
        ("/v1/operators", "registry"),
        ("/v1/erasures/1", "registry"),
        ("/v1/installations/1", "registry"),
        ("/v1/stops", "registry"),
        ("/v1/mailings/1/start", "ingest"),
        ("/v1/applications/app-1/broadcast-channels", "ingest"),
        ("/v1/messages/1", "status"),
    ],
)
async def test_the_operators_address_leads_to_the_operators_ports(public: Public, path: str, service: str) -> None:
    async with ClientSession() as client, client.get(public.operators_url + path) as response:
        answer = await response.json()
    assert (answer["service"], answer["path"]) == (f"{service} for operators", path)


@pytest.mark.parametrize("service", SERVICES)
async def test_documents_and_a_page_that_names_them_are_at_both_addresses(public: Public, service: str) -> None:
    async with ClientSession() as client:
        for url, answering in ((public.url, service), (public.operators_url, f"{service} for operators")):
            async with client.get(f"{url}/docs/{service}/openapi.json") as response:
                answer = await response.json()
            assert (answer["service"], answer["path"]) == (answering, "/openapi.json")
            async with client.get(f"{url}/docs/") as response:
                page = await response.text()
            assert f'href="{service}/openapi.json"' in page
            assert "//" not in page  # nothing of anybody else's
            assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
            assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/docs"])
async def test_who_comes_without_a_path_is_shown_the_page(public: Public, path: str) -> None:
    for url in (public.url, public.operators_url):
        async with ClientSession() as client, client.get(url + path, allow_redirects=False) as response:
            assert (response.status, response.headers["Location"]) == (302, "/docs/")


async def test_what_the_page_loads_comes_from_the_registry(public: Public) -> None:
    for url, answering in ((public.url, "registry"), (public.operators_url, "registry for operators")):
        async with ClientSession() as client, client.get(f"{url}/docs/assets/swagger-ui.css") as response:
            answer = await response.json()
        assert (answer["service"], answer["path"]) == (answering, "/docs/assets/swagger-ui.css")


TRICKS = (
    "/?x=1",
    "/docs?x=1",
    "/docs/assets/",
    "/docs/assets/../registry/page.js",
    "/docs/assets/..%2fpage.js",
    "/docs/assets/page.js?x=1",
    "/docs/assets/page.map",
    "/docs/assets//page.js",
    "/docs/registry/v1/partners",
    "/docs/registry//v1/partners",
    "/docs/registry/openapi.json/",
    "/docs/registry/openapi.json/../v1/partners",
    "/docs/registry/openapi.json%2F..%2Fv1%2Fpartners",
    "/docs/registry/./openapi.json",
    "/docs/x/../registry/openapi.json",
    "/docs//registry/openapi.json",
    "//docs/registry/openapi.json",
    "/docs/registry%2Fopenapi.json",
    "/docs%2fregistry/openapi.json",
    "/docs/registry/openapi%2Ejson",
    "/docs/registry/%2e%2e/registry/openapi.json",
    "/docs/registry/..%2fv1/partners",
    "/docs/registry/..;/v1/partners",
    "/docs/Registry/openapi.json",
    "/DOCS/registry/openapi.json",
    "/docs/registry/openapi.JSON",
    "/docs/registry/openapi.json;x",
    "/docs/registry/openapi.json%00",
    "/docs/registry/openapi.json%20",
    "/docs/registry/openapiXjson",
    "/docs/registry/metrics",
    "/docs/router/openapi.json",
    "/docs/../v1/partners/../../docs.html",
    "/docs.html",
    "/docs/docs.html",
    "/docs/index.html",
    "/docs//",
)


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/v2/send", *TRICKS])
async def test_other_paths_are_not_found(public: Public, path: str) -> None:
    for url in (public.url, public.operators_url):
        asked = URL(url + path, encoded=True)
        async with ClientSession() as client, client.get(asked, allow_redirects=False) as response:
            assert response.status == 404, await response.text()
            assert response.content_type == "application/problem+json"
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert (await response.json(content_type=None))["status"] == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_a_document_is_only_read(public: Public, method: str) -> None:
    url = f"{public.url}/docs/registry/openapi.json"
    async with ClientSession() as client, client.request(method, url) as response:
        assert response.status == 404


@pytest.mark.parametrize(
    "path", ["/v6/send", "/v3/batch", "/sdk/api/v1/installations", "/gateway/v6/reports/x", "/web/"]
)
async def test_what_is_everybodys_is_not_at_the_operators_address(public: Public, path: str) -> None:
    async with ClientSession() as client, client.get(public.operators_url + path) as response:
        assert response.status == 404


async def test_the_callers_address_is_the_gateways_word_not_the_callers(public: Public) -> None:
    forged = {"X-Forwarded-For": "203.0.113.9"}
    async with ClientSession() as client, client.post(f"{public.url}/v6/send", headers=forged) as response:
        answer = await response.json()
    assert answer["headers"]["X-Forwarded-For"] == "127.0.0.1"


async def test_events_of_a_stream_arrive_one_by_one(public: Public) -> None:
    async with ClientSession() as client, client.get(f"{public.url}/v1/messages/stream") as response:
        assert await asyncio.wait_for(response.content.readuntil(b"\n\n"), 10) == b"data: 1\n\n"
        public.more_events.set()
        assert await asyncio.wait_for(response.content.readuntil(b"\n\n"), 10) == b"data: 2\n\n"


@pytest.mark.parametrize("path", ["/console", "/console/", "/console/assets/index-A_b-1.js"])
async def test_the_console_is_the_registrys_at_the_operators_address_alone(public: Public, path: str) -> None:
    async with ClientSession() as client:
        async with client.get(public.operators_url + path) as response:
            answer = await response.json()
        assert (answer["service"], answer["path"]) == ("registry for operators", path)
        async with client.get(public.url + path) as response:
            assert response.status == 404


@pytest.mark.parametrize("path", ["/portal", "/portal/", "/portal/assets/index-A_b-1.js"])
async def test_the_partners_view_is_the_registrys_at_everybodys_address_alone(public: Public, path: str) -> None:
    async with ClientSession() as client:
        async with client.get(public.url + path) as response:
            answer = await response.json()
        assert (answer["service"], answer["path"]) == ("registry", path)
        async with client.get(public.operators_url + path) as response:
            assert response.status == 404


async def test_the_sample_page_is_served_beside_the_device_api(public: Public) -> None:
    async with ClientSession() as session:
        async with session.get(f"{public.url}/web") as answer:
            page, url = await answer.text(), answer.url
        assert url.path == "/web/"
        assert answer.headers["Cache-Control"] == "no-cache"
        for name in ("sdk.js", "page.js", "page.css"):
            assert name in page
            async with session.get(f"{public.url}/web/{name}") as answer:
                assert answer.status == 200
        async with session.get(f"{public.url}/web/sw.js") as answer:
            assert answer.content_type == "text/javascript"
        for outside in ("/web/../local/gateway.py", "/web/%2e%2e/local/gateway.py", "/web/none"):
            async with session.get(f"{public.url}{outside}") as answer:
                assert answer.status == 404


async def test_an_instance_that_is_away_is_passed_over_and_taken_again(tmp_path: Path) -> None:
    port, *ports = free_ports(3)
    first, other = [await _upstream(f"ingest-{place}", to, asyncio.Event()) for place, to in enumerate(ports)]

    async def answers(client: ClientSession, times: int) -> list[ClientResponse]:
        return [await client.post(f"http://127.0.0.1:{port}/v6/send", data=b"x" * 1000) for _ in range(times)]

    async def asked(client: ClientSession, times: int) -> set[str]:
        given = await answers(client, times)
        assert {answer.status for answer in given} == {200}
        return {(await answer.json())["service"] for answer in given}

    async def is_noticed(client: ClientSession) -> bool:
        """On a kept connection that just ended a request may have arrived, so it is refused, not repeated."""
        given = {answer.status for answer in await answers(client, 10)}
        assert given <= {200, 503}
        return given == {200}

    with Runner(lambda _: None) as runner:
        runner.start([gateway.program(tmp_path, tmp_path / "gateway.log", gateway.Site(port, {"ingest": ports}))])
        async with ClientSession() as client:
            assert await asked(client, 40) == {"ingest-0", "ingest-1"}
            await other.cleanup()
            await eventually(lambda: is_noticed(client), "kept connections that have ended are put away")
            assert await asked(client, 40) == {"ingest-0"}
            again = await _upstream("ingest-1", ports[1], asyncio.Event())
            async with asyncio.timeout(10):
                while await asked(client, 10) != {"ingest-0", "ingest-1"}:
                    continue
    for upstream in (first, again):
        await upstream.cleanup()


async def _answered(port: int, sent: bytes) -> bytes:
    """What comes back to somebody who sends no more than this."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    try:
        return await asyncio.wait_for(reader.readuntil(b"\r\n"), 30)
    finally:
        writer.close()


async def test_half_a_body_is_not_waited_for_while_others_are_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caddyfile, "BODY", "1s")
    port, upstream = free_ports(2)
    more = asyncio.Event()
    service = await _upstream("status", upstream, more)
    with Runner(lambda _: None) as runner:
        to = {"ingest": [upstream], "status": [upstream]}
        runner.start([gateway.program(tmp_path, tmp_path / "gateway.log", gateway.Site(port, to))])
        async with ClientSession() as client, client.get(f"http://127.0.0.1:{port}/v1/messages/stream") as response:
            assert await response.content.readuntil(b"\n\n") == b"data: 1\n\n"
            for kind in ("Content-Length: 60000", "Transfer-Encoding: chunked"):
                for ask in ("POST /v6/send", "GET /v1/messages/m-1", "POST /none"):
                    half = f"{ask} HTTP/1.1\r\nHost: rpns\r\n{kind}\r\n\r\n1\r\n{{".encode()
                    assert (await _answered(port, half)).startswith(b"HTTP/1.1 ")
            more.set()  # the stream has been open for longer than that, and goes on
            assert await response.content.readuntil(b"\n\n") == b"data: 2\n\n"
    await service.cleanup()


@pytest.fixture
async def nobody(tmp_path: Path) -> AsyncIterator[str]:
    """The address of a gateway none of whose services can be reached."""
    port, *ports = free_ports(1 + len(SERVICES))
    with Runner(lambda _: None) as runner:
        runner.start([gateway.program(tmp_path, tmp_path / "gateway.log", gateway.Site(port, _to(ports)))])
        yield f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("path", ["/v6/send", "/v3/batch"])
async def test_partners_are_told_in_their_protocol_that_a_service_is_away(nobody: str, path: str) -> None:
    async with ClientSession() as client, client.post(nobody + path, json={}) as response:
        assert (response.status, response.content_type) == (503, "application/json")
        assert int(response.headers["Retry-After"]) >= 1
        assert (await response.json())["error"] == {"code": 1, "description": "Service is unavailable"}


@pytest.mark.parametrize("path", ["/v1/mailings", "/v1/messages/1", "/sdk/api/v1/installations", "/v3/batch/1"])
async def test_others_are_told_by_a_problem_that_a_service_is_away(nobody: str, path: str) -> None:
    async with ClientSession() as client, client.get(nobody + path) as response:
        assert (response.status, response.content_type) == (503, "application/problem+json")
        assert int(response.headers["Retry-After"]) >= 1
        assert (await response.json(content_type=None))["status"] == 503


async def test_a_service_dying_in_the_middle_of_a_request_is_a_503(tmp_path: Path) -> None:
    """Whether it was read is not known: the answer says "again", which is safe with the same id."""

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    port, upstream = free_ports(2)
    server = await asyncio.start_server(hang_up, "127.0.0.1", upstream)
    with Runner(lambda _: None) as runner:
        site = gateway.Site(port, {"ingest": [upstream]})
        runner.start([gateway.program(tmp_path, tmp_path / "gateway.log", site)])
        async with ClientSession() as client, client.post(f"http://127.0.0.1:{port}/v6/send", json={}) as response:
            assert (response.status, (await response.json())["error"]["code"]) == (503, 1)
    server.close()
    await server.wait_closed()
