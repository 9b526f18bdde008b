"""The way out through a proxy: what goes through it, what does not, and what it may answer."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from deploy.local.cluster.proxy import ConnectProxy
from services.dispatch.http2 import ConnectError, Connection
from services.runtime.http import egress
from services.runtime.http.egress import Proxy, ProxyRefused
from services.runtime.http.outbound_addresses import socket_factory
from services.runtime.http_client import Answer, Direct, NotSent, Pool, target_of
from services.runtime.settings import BadSettings, Settings
from tests.support.http2_server import Server, echo, tls
from tests.support.raw_server import RawServer
from tests.support.waiting import WAIT_S

LOGIN = "bank:secret"
SERVER = tls("http/1.1").server


@pytest.fixture(autouse=True)
def _direct() -> Iterator[None]:
    yield
    egress.use(None)


@asynccontextmanager
async def proxied(login: str = LOGIN, exempt: str = "", right: bool = True) -> AsyncIterator[ConnectProxy]:
    proxy = ConnectProxy(login)
    port = await proxy.start()
    known = f"{login}@" if right and login else ""
    egress.use(Proxy.of(f"http://{known}127.0.0.1:{port}", exempt))
    try:
        yield proxy
    finally:
        egress.use(None)
        await proxy.stop()


async def posted(pool: Pool, server: RawServer) -> Answer | NotSent | object:
    try:
        return await pool.post(target_of(server.url), b"", b"{}", timeout_s=WAIT_S)
    finally:
        await pool.close()


async def test_a_post_over_tls_goes_through_the_proxy_and_checks_the_hosts_own_certificate() -> None:
    async with RawServer().running(SERVER) as server, proxied() as proxy:
        result = await posted(Pool(Direct(tls("http/1.1").client), limit=1), server)
        strange = await posted(Pool(Direct(ssl.create_default_context()), limit=1), server)
    assert isinstance(result, Answer)
    assert isinstance(strange, NotSent)
    assert proxy.tunnels == [f"localhost:{server.url.port}"] * 2


async def test_a_connection_of_http2_goes_through_the_proxy() -> None:
    async with Server(echo).running() as server, proxied() as proxy:
        connection = await Connection.connect(server.url, tls("h2").client, connect_timeout_s=WAIT_S)
        result = await connection.request(b"POST", b"/3/device/a", [(b"apns-id", b"a")], b"hello", 3.0)
        await connection.close()
    assert getattr(result, "body", None) == b"hello"
    assert proxy.tunnels == [f"localhost:{server.port}"]


async def test_a_login_that_the_proxy_refuses_is_surely_not_sent_and_says_so() -> None:
    async with RawServer().running(SERVER) as server, proxied(right=False):
        result = await posted(Pool(Direct(tls("http/1.1").client), limit=1), server)
        with pytest.raises(ConnectError, match="the proxy answered 407"):
            await Connection.connect(str(server.url), tls("h2").client, connect_timeout_s=WAIT_S)
    assert isinstance(result, NotSent)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200",
        b"SSH-2.0-x\r\n\r\n",
        b"HTTP/1.1 503 Away\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 20_000,
        b"HTTP/1.1 200 OK\r\n\r\nthe host would not speak yet",
    ],
)
async def test_an_answer_that_is_no_tunnel_is_no_connection(answer: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(ProxyRefused, match="the proxy"):
            (await egress.tunnel(Proxy("127.0.0.1", port), "push.example.org", 443)).close()


async def test_exempt_hosts_are_reached_directly() -> None:
    async with RawServer().running(SERVER) as server, proxied(exempt="other.example, localhost") as proxy:
        result = await posted(Pool(Direct(tls("http/1.1").client), limit=1), server)
    assert isinstance(result, Answer)
    assert proxy.tunnels == []


@pytest.mark.parametrize(
    ("host", "exempts"),
    [
        ("push.example.org", True),
        ("PUSH.example.org.", True),
        ("example.org", False),
        ("badexample.org", False),
        ("host", True),
        ("ghost", False),
    ],
)
def test_a_dot_before_a_name_exempts_its_domain(host: str, exempts: bool) -> None:
    assert Proxy.of("http://proxy:3128", ".example.org,host").exempts(host) is exempts


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "0x7f.1", "::1", "::ffff:10.0.0.1"])
async def test_a_private_address_that_is_written_out_is_refused_before_the_proxy_is_asked(host: str) -> None:
    async with RawServer().running(SERVER) as server, proxied() as proxy:
        pool = Pool(Direct(tls("http/1.1").client, socket_factory(allow_private=False)), limit=1)
        url = server.url.with_host(host)
        result = await pool.post(target_of(url), b"", b"{}", timeout_s=WAIT_S)
        await pool.close()
    assert result == NotSent("forbidden address")
    assert proxy.tunnels == []


@pytest.mark.parametrize(
    "url", ["https://proxy:3128", "proxy:3128", "http://proxy", "http://proxy:x", "http://proxy:1/a"]
)
def test_a_proxy_that_cannot_be_meant_is_refused_by_name(url: str) -> None:
    with pytest.raises(BadSettings, match="RPNS_OUTBOUND_PROXY: must be http://host:port"):
        Settings.from_environment({"RPNS_OUTBOUND_PROXY": url})


def test_a_login_in_the_address_is_what_the_proxy_gets() -> None:
    settings = Settings.from_environment(
        {"RPNS_OUTBOUND_PROXY": "http://bank:s%40cret@proxy:3128", "RPNS_NO_PROXY": "a"}
    )
    assert settings.proxy == Proxy("proxy", 3128, "Basic YmFuazpzQGNyZXQ=", ("a",))
