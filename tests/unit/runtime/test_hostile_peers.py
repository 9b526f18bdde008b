"""Peers that say too much, stop in the middle or vanish: they cost nobody else anything."""

import asyncio
import ssl
from contextlib import suppress
from typing import Any

import pytest
from yarl import URL

from services.runtime.http import egress
from services.runtime.http.egress import Proxy, ProxyRefused
from services.runtime.http_client import Answer, Direct, NotSent, Pool, Result, target_of
from services.runtime.http_client.connection import Connection
from services.runtime.log.kafka import Append, Log
from tests.support.raw_server import Peer, RawServer, ok, says
from tests.support.waiting import WAIT_S
from tests.unit.runtime.http_client.test_faults import gist_of, pooled, post
from tests.unit.runtime.test_appends import KEYS, OTHER, STATUS, Producer, begun, log, producer, turns  # noqa: F401
from tests.unit.runtime.test_one_write import REQUEST, served


async def test_who_is_cancelled_behind_its_answer_does_not_harm_who_has_its_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with RawServer(ok).running() as server, pooled(limit=1) as pool:
        first = asyncio.create_task(post(pool, server, b"first"))
        others: list[asyncio.Task[Result]] = []
        done = Connection._done

        def meanwhile(connection: Connection, body: bytes) -> None:  # both run before `first` looks at its answer
            if not others:
                others.append(asyncio.create_task(post(pool, server, b"second")))
                asyncio.get_running_loop().call_soon(first.cancel)
            done(connection, body)

        monkeypatch.setattr(Connection, "_done", meanwhile)
        with pytest.raises(asyncio.CancelledError):
            await first
        assert gist_of(await others[0]) == (200, b"ok")


async def test_endless_trailers_are_not_read() -> None:
    sent = 0

    async def endless(peer: Peer, body: bytes) -> None:
        nonlocal sent
        await peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n")
        with suppress(ConnectionError):
            while sent < 100_000_000:
                await peer.send(b"X: " + b"a" * 50_000 + b"\r\n")
                sent += 50_000

    async with RawServer(endless).running() as server, pooled() as pool:
        assert gist_of(await post(pool, server)) == (200, b"")
    assert sent < 20_000_000


async def test_a_status_whose_body_does_not_come_in_time_is_an_answer() -> None:
    head = b"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 9\r\n\r\n"
    async with RawServer(says(head)).running() as server, pooled() as pool:
        answer = await post(pool, server, timeout_s=0.2)
        assert isinstance(answer, Answer)
        assert (answer.status, answer.retry_after) == (429, "7")


async def test_many_small_parts_of_one_turn_are_not_all_kept() -> None:
    most = 0

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        nonlocal most
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"16000000")]})
        for _ in range(1000):
            await send({"type": "http.response.body", "body": b"x" * 16_000, "more_body": True})
            cycle = send.__self__
            most = max(most, sum(map(len, cycle.transport._kept)))

    await served(app, REQUEST)
    assert most <= 64 * 1024


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 407 Login\r\nContent-Length: 4\r\n\r\nnope",
        b"HTTP/1.1 503 Busy\r\nContent-Length: 20000\r\n\r\n" + b"x" * 20000,
    ],
)
async def test_a_refusal_with_a_body_over_a_connection_that_stays_is_told_at_once(answer: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        with suppress(ConnectionError):
            await reader.read()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with asyncio.timeout(WAIT_S):
            with pytest.raises(ProxyRefused, match=answer[9:12].decode()):
                await egress.tunnel(Proxy("127.0.0.1", port), "push.example.org", 443)


async def test_a_topic_that_the_cluster_has_lost_holds_up_no_other(log: Log, producer: Producer) -> None:  # noqa: F811
    for topic in (STATUS, OTHER):  # both are known
        begun_ = asyncio.create_task(log.append([Append(topic, KEYS[0], b"0")]))
        await turns()
        producer.answer()
        await begun_
    known, lost = producer.partitions_for, asyncio.Event()

    async def partitions_for(topic: str) -> set[int]:
        if topic == STATUS.name:
            await lost.wait()
        return await known(topic)

    producer.partitions_for = partitions_for  # type: ignore[method-assign,assignment]
    stuck = begun(log, b"1")
    other = asyncio.create_task(log.append([Append(OTHER, KEYS[0], b"2")]))
    await turns()
    assert producer.values() == [[b"2"]]
    producer.answer()
    await other
    lost.set()
    await turns()
    producer.answer()
    await stuck


@pytest.mark.parametrize("host", [".example.com", "a" * 64 + ".example"])
async def test_a_name_that_tls_does_not_take_is_told_at_once_also_behind_a_proxy(host: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        with suppress(ConnectionError):
            await reader.read()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        egress.use(Proxy("127.0.0.1", server.sockets[0].getsockname()[1]))
        pool = Pool(Direct(ssl.create_default_context()), limit=1)
        try:
            target = target_of(URL(f"https://{host}/"))
            assert await pool.post(target, b"", b"", timeout_s=0.5) == NotSent("no connection: OSError")
        finally:
            egress.use(None)
            await pool.close()
