"""The connections of the HTTP client: kept, bounded, given back, and who waits for them. The note before a request."""

import asyncio
from dataclasses import dataclass

import pytest

from services.runtime.http_client import BEGUN, NOT_BEGUN, Answer, Direct, NoAnswer, NotSent, Pool, Result, target_of
from services.runtime.http_client import pool as pool_module
from tests.support.http2_server import no_complaints
from tests.support.raw_server import Peer, RawServer, silent
from tests.support.waiting import eventually
from tests.unit.runtime.http_client.test_faults import pooled, post

TIMEOUT_S = 2.0


@dataclass
class Note:
    """A note in memory; `forbids` says by which step."""

    was_noted: bool = False
    forbids: bool = False
    waits: asyncio.Event | None = None
    is_begun: bool = False
    asked: int = 0

    async def was_begun(self) -> bool:
        return self.was_noted

    async def begin(self) -> bool:
        self.asked += 1
        if self.waits is not None:
            await self.waits.wait()
        self.is_begun = not self.forbids
        return self.is_begun


async def noted(pool: Pool, server: RawServer, note: Note, timeout_s: float = TIMEOUT_S) -> Result:
    return await pool.post(target_of(server.url), b"", b"noted", timeout_s=timeout_s, note=note)


async def test_ten_thousand_requests_each_get_their_own_answer() -> None:
    async def echo(peer: Peer, body: bytes) -> None:
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))

    async with RawServer(echo).running() as server, pooled(limit=20) as pool:
        numbers = iter(range(10_000))

        async def worker() -> None:
            for number in numbers:
                result = await post(pool, server, b"%d" % number)
                assert isinstance(result, Answer)
                assert result.body == b"%d" % number

        await asyncio.gather(*(worker() for _ in range(50)))
        assert len(server.peers) <= 20
        assert len(server.bodies) == 10_000


async def test_no_more_are_under_way_than_the_limit_and_who_waits_has_its_turn() -> None:
    async with RawServer(silent).running() as server, pooled(limit=2) as pool:
        calls = [asyncio.create_task(post(pool, server, b"%d" % number)) for number in range(4)]
        await eventually(lambda: len(server.bodies) == 2)
        await asyncio.sleep(0.05)
        assert len(server.peers) == 2
        for peer in server.peers:
            await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await eventually(lambda: len(server.bodies) == 4)
        for peer in server.peers:
            await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        assert all(isinstance(result, Answer) for result in await asyncio.gather(*calls))
        assert sorted(server.bodies) == [b"0", b"1", b"2", b"3"]


async def test_one_origin_does_not_take_the_place_of_another() -> None:
    async with (
        RawServer(silent).running() as slow,
        RawServer().running() as quick,
        pooled(limit=3, limit_per_origin=2) as pool,
    ):
        hanging = [asyncio.create_task(post(pool, slow)) for _ in range(5)]
        await eventually(lambda: len(slow.bodies) == 2)
        assert isinstance(await post(pool, quick), Answer)
        for call in hanging:
            call.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)


async def test_room_that_one_origin_leaves_goes_to_who_waits_at_another() -> None:
    async with RawServer(silent).running() as slow, RawServer().running() as quick, pooled(limit=1) as pool:
        hanging = asyncio.create_task(post(pool, slow, timeout_s=0.3))
        await eventually(lambda: len(slow.bodies) == 1)
        assert isinstance(await post(pool, quick), Answer)
        assert isinstance(await hanging, NoAnswer)


async def test_who_gets_no_connection_in_time_was_not_sent() -> None:
    async with RawServer(silent).running() as server, pooled(limit=1) as pool:
        first = asyncio.create_task(post(pool, server))
        await eventually(lambda: len(server.bodies) == 1)
        assert await post(pool, server, timeout_s=0.2) == NotSent("no connection in time")
        first.cancel()
    assert server.bodies == [b"{}"]


async def test_a_cancelled_request_leaves_nothing_behind() -> None:
    async with RawServer(silent).running() as server, pooled(limit=1) as pool:
        under_way, waiting = (asyncio.create_task(post(pool, server, b"cancelled")) for _ in range(2))
        await eventually(lambda: len(server.bodies) == 1)
        waiting.cancel()
        under_way.cancel()
        await asyncio.gather(under_way, waiting, return_exceptions=True)
        await eventually(lambda: pool._taken == 0)
        server.react = RawServer().react
        assert isinstance(await post(pool, server, b"next"), Answer)
    assert server.bodies == [b"cancelled", b"next"]


async def test_idle_connections_are_closed_and_their_origin_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "LOOK_S", 0.01)
    async with RawServer().running() as server, pooled(idle_s=0.1) as pool:
        assert isinstance(await post(pool, server), Answer)
        assert len(pool._origins) == 1
        await eventually(lambda: not pool._origins)
        assert pool._look is None, "nothing is looked at while there is nothing"


async def test_a_note_is_asked_once_a_connection_is_at_hand() -> None:
    async with RawServer().running() as server, pooled() as pool:
        note = Note(waits=asyncio.Event())
        call = asyncio.create_task(noted(pool, server, note))
        await eventually(lambda: note.asked == 1)
        assert (len(server.peers), server.bodies) == (1, [])
        note.waits.set()  # type: ignore[union-attr]
        assert isinstance(await call, Answer)
        assert server.bodies == [b"noted"]


async def test_what_a_note_forbids_is_not_sent_and_its_connection_serves_the_next() -> None:
    async with RawServer().running() as server, pooled(limit=1) as pool:
        assert await noted(pool, server, Note(was_noted=True)) == BEGUN
        assert server.peers == [], "no connection was made for it"
        assert await noted(pool, server, Note(forbids=True)) == BEGUN
        assert isinstance(await post(pool, server), Answer)
        assert len(server.peers) == 1


async def test_a_connection_lost_while_it_was_noted_gives_way_to_another() -> None:
    async with RawServer().running() as server, pooled(limit=1) as pool:
        note = Note(waits=asyncio.Event())
        call = asyncio.create_task(noted(pool, server, note))
        await eventually(lambda: note.asked == 1)
        server.peers[0].reset()
        await asyncio.sleep(0.05)
        note.waits.set()  # type: ignore[union-attr]
        assert isinstance(await call, Answer)
        assert [peer.requests for peer in server.peers] == [[], [b"noted"]]


async def test_what_cannot_be_noted_in_time_is_not_sent() -> None:
    async with RawServer().running() as server, pooled(limit=1) as pool:
        assert await noted(pool, server, Note(waits=asyncio.Event()), 0.2) == NOT_BEGUN
        assert isinstance(await post(pool, server), Answer)
        assert server.bodies == [b"{}"]


async def test_a_request_cancelled_while_it_is_noted_gives_its_connection_back() -> None:
    async with RawServer().running() as server, pooled(limit=1) as pool:
        note = Note(waits=asyncio.Event())
        call = asyncio.create_task(noted(pool, server, note))
        await eventually(lambda: note.asked == 1)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        assert isinstance(await post(pool, server), Answer)
        assert len(server.peers) == 1


async def test_a_storm_looks_a_name_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, asked = asyncio.get_running_loop(), 0
    look_up = loop.getaddrinfo

    async def counted(*args: object, **options: object) -> object:
        nonlocal asked
        asked += 1
        return await look_up(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(loop, "getaddrinfo", counted)
    async with RawServer().running() as server, no_complaints():
        pool = Pool(Direct(None), limit=30)
        await asyncio.gather(*(post(pool, server) for _ in range(30)))
        await pool.close()
    assert asked == 1


async def test_what_is_asked_for_by_get_has_no_body_and_shares_the_connections() -> None:
    async with RawServer().running() as server, pooled(limit=1) as pool:
        asked = await pool.get(target_of(server.url, "GET"), b"Accept: */*\r\n", timeout_s=TIMEOUT_S)
        assert isinstance(asked, Answer)
        assert isinstance(await post(pool, server, b"x"), Answer)
        assert [head.split(b"\r\n")[0] for head in server.heads] == [b"GET /x?y=z HTTP/1.1", b"POST /x?y=z HTTP/1.1"]
        assert b"content-length" not in server.heads[0].lower()
        assert len(server.peers) == 1
