"""Live looks: what is told of a change, who goes on where, and that nobody looks for nobody."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import suppress
from contextvars import ContextVar

import pytest

from services.runtime.access.operator_tokens import Operator
from services.runtime.access.partner_auth import Caller
from services.runtime.faults import TRANSIENT_ERRORS
from services.runtime.http.server import Problem
from services.runtime.live import LiveStreams, Part, Watched, streams
from services.runtime.live.streams import MOST_OF_ONE
from tests.support.waiting import eventually

DUTY = Caller(None, Operator("operator:duty", ("read",)))
WHO: ContextVar[str] = ContextVar("who", default="nobody")


class Shelf:
    """Answers that change, and who looks at them."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes | None] = {"a": b"1", "b": b"1"}
        self.looks: list[set[str]] = []
        self.fault: Exception | None = None
        self.seen_by: set[str] = set()
        self.stop = asyncio.Event()
        self.watched = Watched[str]("shelf", self.look, 0.01, self.stop)
        self.streams = LiveStreams(self.stop)

    async def look(self, keys: Collection[str]) -> Mapping[str, bytes | None]:
        self.looks.append(set(keys))
        self.seen_by.add(WHO.get())
        if self.fault is not None:
            raise self.fault
        return {key: self.answers[key] for key in keys}

    async def open(self, *keys: str, after: str | None = None, caller: Caller = DUTY) -> AsyncIterator[bytes]:
        parts = [Part(key, self.watched, key, self.answers[key] or b"") for key in keys]
        stream = await self.streams.open(caller, parts, after)
        assert await anext(stream) == b"retry: 2000\n\n"
        return stream


def fields(chunk: bytes) -> list[tuple[str, str]]:
    """Name and data of each event."""
    written = chunk.decode().strip().split("\n\n")
    events = [dict(line.split(": ", 1) for line in event.splitlines()) for event in written]
    return [(event["event"], event["data"]) for event in events]


def last_id(chunk: bytes) -> str:
    return chunk.decode().rpartition("id: ")[2].partition("\n")[0]


async def next_event(stream: AsyncIterator[bytes]) -> bytes:
    async with asyncio.timeout(10):
        return await anext(stream)


async def ended(stream: AsyncIterator[bytes]) -> None:
    with pytest.raises(StopAsyncIteration):
        await next_event(stream)


async def test_each_part_is_told_at_once_and_then_what_has_changed_alone() -> None:
    shelf = Shelf()
    stream = await shelf.open("a", "b")
    assert fields(await next_event(stream)) == [("a", "1"), ("b", "1")]
    shelf.answers["b"] = b"2"
    assert fields(await next_event(stream)) == [("b", "2")]
    shelf.answers["a"] = b"3"
    assert fields(await next_event(stream)) == [("a", "3")]


async def test_who_comes_back_is_told_what_has_changed_meanwhile() -> None:
    shelf = Shelf()
    before = await next_event(await shelf.open("a", "b"))
    shelf.answers["b"] = b"2"
    again = await shelf.open("a", "b", after=last_id(before))
    chunk = await next_event(again)
    assert fields(chunk) == [("b", "2")]
    shelf.answers["a"] = b"9"
    assert fields(await next_event(await shelf.open("a", "b", after=last_id(chunk)))) == [("a", "9")]


@pytest.mark.parametrize("after", ["", "x", "....", "0" * 100])
async def test_an_id_that_no_stream_gave_begins_anew(after: str) -> None:
    assert fields(await next_event(await Shelf().open("a", after=after))) == [("a", "1")]


async def test_one_who_reads_slowly_is_told_the_last_of_many_changes() -> None:
    shelf = Shelf()
    stream = await shelf.open("a")
    await next_event(stream)
    for number in range(5):
        shelf.answers["a"] = b"change %d" % number
        await looked_since(shelf)
    assert fields(await next_event(stream)) == [("a", "change 4")]


async def looked_since(shelf: Shelf) -> None:
    """Until a whole look has begun and ended."""
    before = len(shelf.looks)

    async def has_looked() -> bool:
        return len(shelf.looks) >= before + 2

    await eventually(has_looked, "it was looked at", look_s=0.005)


async def test_many_who_look_at_the_same_are_one_look_and_nobody_is_none() -> None:
    shelf = Shelf()
    assert not shelf.watched.is_looking
    open_streams = [await shelf.open("a", caller=caller(number)) for number in range(300)]
    await looked_since(shelf)
    assert shelf.looks[-1] == {"a"}
    del open_streams

    async def nobody_looks() -> bool:
        return not shelf.watched.is_looking

    await eventually(nobody_looks, "nobody looks any more")
    looks = len(shelf.looks)
    await asyncio.sleep(0.05)
    assert len(shelf.looks) == looks


def caller(number: int) -> Caller:
    return Caller(None, Operator(f"operator:{number}", ("read",)))


async def test_the_loop_knows_nothing_of_the_request_that_was_the_first() -> None:
    shelf = Shelf()
    token = WHO.set("duty")
    stream = await shelf.open("a")
    WHO.reset(token)
    await next_event(stream)
    await looked_since(shelf)
    assert shelf.seen_by == {"nobody"}


async def test_one_caller_has_few_streams_and_another_as_many() -> None:
    shelf = Shelf()
    kept = [await shelf.open("a") for _ in range(MOST_OF_ONE)]
    with pytest.raises(Problem) as refused:
        await shelf.open("a")
    assert (refused.value.body.status, refused.value.retry_after_s) == (429, 10)
    await shelf.open("a", caller=caller(7))
    kept.pop()

    async def is_let_in() -> bool:
        with suppress(Problem):
            kept.append(await shelf.open("a"))
        return len(kept) == MOST_OF_ONE

    await eventually(is_let_in, "one has ended, so there is room for one")


async def test_it_ends_with_the_process_with_the_token_and_with_what_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "_LOOK_S", 0.02)
    shelf, is_good = Shelf(), [True]
    revoked = await shelf.open("a", caller=Caller(None, DUTY.operator, lambda: is_good[0]))
    gone, left = await shelf.open("b"), await shelf.open("a")
    for stream in (revoked, gone, left):
        await next_event(stream)
    is_good[0] = False
    await ended(revoked)
    shelf.answers["b"] = None
    await ended(gone)
    shelf.stop.set()
    await ended(left)


async def test_it_ends_when_nobody_can_look_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "_LOOK_S", 0.02)
    monkeypatch.setattr(streams, "_BEHIND_S", 0.2)
    shelf = Shelf()
    stream = await shelf.open("a")
    await next_event(stream)
    shelf.fault = TRANSIENT_ERRORS[0]("away")
    await ended(stream)


async def test_silence_is_broken_by_a_comment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "_LOOK_S", 0.02)
    monkeypatch.setattr(streams, "_HEARTBEAT_S", 0.05)
    stream = await Shelf().open("a")
    await next_event(stream)
    assert await next_event(stream) == b":\n\n"


async def test_what_is_watched_anew_is_asked_for_as_new_even_by_a_look_that_had_begun_before() -> None:
    begun, goes_on = asyncio.Semaphore(0), asyncio.Semaphore(0)
    asked: list[bool] = []

    async def look(keys: Mapping[str, bool]) -> Mapping[str, bytes | None]:
        asked.append(keys["a"])
        begun.release()
        await goes_on.acquire()
        return {}

    watched, woken = Watched[str]("held", look, 0, asyncio.Event()), asyncio.Event()
    other = asyncio.Event()
    watched.join("b", b"1", other)  # the loop goes on while nobody watches "a"
    watched.join("a", b"1", woken)
    await begun.acquire()
    watched.leave("a", woken)
    watched.join("a", b"1", woken)  # read before what that look found
    for _ in range(2):
        goes_on.release()
        await begun.acquire()
    watched.leave("a", woken)
    watched.leave("b", other)
    assert asked == [True, True, False]
