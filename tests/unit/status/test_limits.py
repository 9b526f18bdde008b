"""Limits of what partners ask, counted and given back."""

import gc
from collections.abc import AsyncIterator

import pytest

from services.runtime.http.server import Problem
from services.status.limits import MOST_EXPORTS, Exports
from tests.support.waiting import eventually


async def pieces(*given: bytes) -> AsyncIterator[bytes]:
    for piece in given:
        yield piece


async def broken(piece: bytes = b"") -> AsyncIterator[bytes]:
    if not piece:
        raise Problem(503, "Out of time")
    yield piece


async def full(exports: Exports) -> bool:
    """Whether the partner may not begin another export."""
    try:
        async for _ in await exports.counted("bank", pieces(b"a")):
            continue
    except Problem as problem:
        return problem.body.status == 429
    return False


async def test_an_export_counts_until_its_last_piece() -> None:
    exports = Exports()
    running = [await exports.counted("bank", pieces(b"a", b"b")) for _ in range(MOST_EXPORTS)]
    assert await full(exports)
    assert [piece async for piece in running.pop()] == [b"a", b"b"]
    assert not await full(exports)


async def test_an_export_that_nobody_reads_or_that_breaks_counts_no_longer() -> None:
    exports = Exports()
    for _ in range(MOST_EXPORTS):
        with pytest.raises(Problem, match="Out of time"):
            await exports.counted("bank", broken())
    assert not await full(exports)
    unread = [await exports.counted("bank", pieces(b"a", b"b")) for _ in range(MOST_EXPORTS)]
    unread.clear()
    gc.collect()

    async def has_room() -> bool:
        return not await full(exports)

    await eventually(has_room, "the loop has ended what was let go")


async def test_one_partner_fills_nobody_elses_place() -> None:
    exports = Exports()
    running = [await exports.counted("bank", pieces(b"a")) for _ in range(MOST_EXPORTS)]
    assert [piece async for piece in await exports.counted("shop", pieces(b"a"))] == [b"a"]
    assert len(running) == MOST_EXPORTS
