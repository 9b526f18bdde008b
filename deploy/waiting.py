"""Waiting for a condition, with a deadline: in tests, the tour, benchmarks. What has an event is better awaited."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast, overload

WAIT_S = 30.0
LOOK_S = 0.01
LOOK_ELSEWHERE_S = 0.05
"""For what lies in another process, where each look is a request."""
Seen = TypeVar("Seen")
Awaited = str | Callable[[], str] | None
"""What is waited for. A function is called when it did not come, and may say how far it came; without either the
failure shows the source of the condition."""


@overload
async def eventually(
    condition: Callable[[], Awaitable[Seen | None]],
    awaited: Awaited = None,
    timeout_s: float = WAIT_S,
    look_s: float = ...,
) -> Seen: ...
@overload
async def eventually(
    condition: Callable[[], Seen | None], awaited: Awaited = None, timeout_s: float = WAIT_S, look_s: float = ...
) -> Seen: ...
async def eventually(
    condition: Callable[[], Awaitable[Seen | None] | Seen | None],
    awaited: Awaited = None,
    timeout_s: float = WAIT_S,
    look_s: float | None = None,
) -> Seen:
    """The first value of `condition` that is true; awaited where it is a coroutine.

    Raises AssertionError that says what was waited for, and the last value seen.
    """
    seen: object = None
    try:
        async with asyncio.timeout(timeout_s) as limit:
            while True:
                looked = condition()
                seen = await looked if inspect.isawaitable(looked) else looked
                if seen:
                    return cast("Seen", seen)
                await asyncio.sleep(look_s or (LOOK_ELSEWHERE_S if inspect.isawaitable(looked) else LOOK_S))
    except TimeoutError:
        if not limit.expired():
            raise
        raise AssertionError(_failure(condition, awaited, timeout_s, seen)) from None


def wait_until(
    condition: Callable[[], Seen], awaited: Awaited = None, timeout_s: float = WAIT_S, look_s: float = LOOK_ELSEWHERE_S
) -> Seen:
    """The same where no event loop runs."""
    end = time.monotonic() + timeout_s
    while not (seen := condition()):
        assert time.monotonic() < end, _failure(condition, awaited, timeout_s, seen)
        time.sleep(look_s)
    return seen


def _failure(condition: Callable[[], object], awaited: Awaited, timeout_s: float, seen: object) -> str:
    what = awaited() if callable(awaited) else awaited or _source(condition)
    return f"not within {timeout_s:g} s: {what}" + ("" if seen in (None, False) else f"; last seen: {seen!r}")


def _source(condition: Callable[[], object]) -> str:
    try:
        return inspect.getsource(condition).strip()
    except (OSError, TypeError):  # not written in Python
        return repr(condition)
