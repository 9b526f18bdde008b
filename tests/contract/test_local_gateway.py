"""The gateway sends each public path to its service, tells who called, and holds no stream back."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientSession, web

from deploy.local import gateway
from deploy.local.ports import free_ports
from deploy.local.runner import Runner

SERVICES = ("ingest", "registry", "status")
NAME = web.AppKey("NAME", str)
MORE = web.AppKey("MORE", asyncio.Event)


@dataclass(frozen=True)
class Public:
    url: str
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


@pytest.fixture(scope="module")
async def public(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Public]:
    port, *ports = free_ports(1 + len(SERVICES))
    more = asyncio.Event()
    upstreams = dict(zip(SERVICES, ports, strict=True))
    started = [await _upstream(name, upstream, more) for name, upstream in upstreams.items()]
    folder = tmp_path_factory.mktemp("gateway")
    with Runner(lambda _: None) as runner:
        to = {name: [upstream] for name, upstream in upstreams.items()}
        runner.start([gateway.program(folder, folder / "gateway.log", port, to)])
        yield Public(f"http://127.0.0.1:{port}", more)
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
        ("/v1/applications", "registry"),
        ("/v1/applications/app-1/credentials", "registry"),
        ("/v1/partners?limit=1", "registry"),
        ("/v1/installations/1", "registry"),
        ("/v1/messages/1", "status"),
        ("/v1/applications-of-another-kind", "status"),
        ("/gateway/v6/reports/sms", "status"),
    ],
)
async def test_each_path_reaches_its_service(public: Public, path: str, service: str) -> None:
    async with ClientSession() as client, client.get(public.url + path) as response:
        answer = await response.json()
    assert (answer["service"], answer["path"]) == (service, path)


@pytest.mark.parametrize("service", SERVICES)
async def test_documents_are_reached_without_their_prefix(public: Public, service: str) -> None:
    async with ClientSession() as client, client.get(f"{public.url}/docs/{service}/openapi.json") as response:
        answer = await response.json()
    assert (answer["service"], answer["path"]) == (service, "/openapi.json")
    assert answer["headers"]["X-Forwarded-Prefix"] == f"/docs/{service}"


@pytest.mark.parametrize("path", ["/", "/metrics", "/healthz", "/v2/send", "/docs/router/openapi.json"])
async def test_other_paths_are_not_found(public: Public, path: str) -> None:
    async with ClientSession() as client, client.get(public.url + path) as response:
        assert response.status == 404
        assert response.content_type == "application/problem+json"
        assert (await response.json(content_type=None))["status"] == 404


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
    one, other = [await _upstream(f"ingest-{place}", to, asyncio.Event()) for place, to in enumerate(ports)]

    async def asked(client: ClientSession, times: int) -> set[str]:
        answers = [await client.post(f"http://127.0.0.1:{port}/v6/send", data=b"x" * 1000) for _ in range(times)]
        assert {answer.status for answer in answers} == {200}
        return {(await answer.json())["service"] for answer in answers}

    with Runner(lambda _: None) as runner:
        runner.start([gateway.program(tmp_path, tmp_path / "gateway.log", port, {"ingest": ports})])
        async with ClientSession() as client:
            assert await asked(client, 40) == {"ingest-0", "ingest-1"}
            await other.cleanup()
            assert await asked(client, 40) == {"ingest-0"}
            again = await _upstream("ingest-1", ports[1], asyncio.Event())
            async with asyncio.timeout(10):
                while await asked(client, 10) != {"ingest-0", "ingest-1"}:
                    continue
    for upstream in (one, again):
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
    monkeypatch.setattr(gateway, "BODY", "1s")
    port, upstream = free_ports(2)
    more = asyncio.Event()
    service = await _upstream("status", upstream, more)
    with Runner(lambda _: None) as runner:
        to = {"ingest": [upstream], "status": [upstream]}
        runner.start([gateway.program(tmp_path, tmp_path / "gateway.log", port, to)])
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
        to = {name: [upstream] for name, upstream in zip(SERVICES, ports, strict=True)}
        runner.start([gateway.program(tmp_path, tmp_path / "gateway.log", port, to)])
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
        runner.start([gateway.program(tmp_path, tmp_path / "gateway.log", port, {"ingest": [upstream]})])
        async with ClientSession() as client, client.post(f"http://127.0.0.1:{port}/v6/send", json={}) as response:
            assert (response.status, (await response.json())["error"]["code"]) == (503, 1)
    server.close()
    await server.wait_closed()
