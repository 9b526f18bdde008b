"""A loop whose time passes only while nothing else is left to do, and the process' clocks set by it."""

import asyncio
import heapq
import logging
import random
import sys
import time
from asyncio import events
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import Context, copy_context
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from schemas import ids
from services.runtime.crypto import record_encryption
from services.runtime.crypto.recipient_keys import RecipientKeys
from services.runtime.log import batch_consumer
from services.runtime.log.fetches import Fetches
from services.runtime.log.progress import Progress

if TYPE_CHECKING:
    _Loop = asyncio.BaseEventLoop  # of which nothing is abstract
else:
    _Loop = asyncio.AbstractEventLoop

EPOCH_NS = 1_800_000_000_000_000_000
_BEGIN_S = 1_000.0
_KEYS = RecipientKeys.drawn()
_SILENT = structlog.make_filtering_bound_logger(logging.CRITICAL)


class Standstill(Exception):
    """Nothing will ever happen again, and the schedule has not ended."""


class Call:
    """A callback that is still to be called; what asyncio knows as a handle."""

    __slots__ = ("args", "callback", "context", "is_cancelled")

    def __init__(self, callback: Callable[..., object], args: tuple[Any, ...], context: Context | None) -> None:
        self.callback, self.args = callback, args
        self.context = context if context is not None else copy_context()
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True

    def cancelled(self) -> bool:
        return self.is_cancelled


class Tasks:
    """Tasks and whose they are, in the order in which they began; those that have ended are forgotten now and then."""

    def __init__(self) -> None:
        self._tasks: list[tuple[asyncio.Task[Any], object]] = []
        self._most = 32

    def add(self, task: "asyncio.Task[Any]", owner: object) -> None:
        self._tasks.append((task, owner))
        if len(self._tasks) > self._most:
            self._tasks = [pair for pair in self._tasks if not pair[0].done()]
            self._most = max(32, 2 * len(self._tasks))

    def under_way(self, owner: object = None) -> "list[asyncio.Task[Any]]":
        """All of them, or an owner's."""
        return [task for task, its in self._tasks if not task.done() and (owner is None or its is owner)]


class VirtualLoop(_Loop):
    """No sockets, no threads, no waiting: what is ready is called in order, then time goes on to the next timer.

    Beside asyncio's own loop it costs a tenth. Tasks and futures are asyncio's.
    """

    def __init__(self) -> None:
        self.now_s = _BEGIN_S
        self.tasks = Tasks()
        self.owner_of: Callable[[asyncio.Task[Any], Context | None], object] = _nobody  # told of each task that begins
        self.on_error: Callable[[dict[str, Any]], None] | None = None
        self._ready: deque[Call] = deque()
        self._timers: list[tuple[float, int, Call]] = []
        self._set = 0  # timers so far: those of one moment go in the order in which they were set

    # -- time

    def time(self) -> float:
        return self.now_s

    def time_ns(self) -> int:
        return EPOCH_NS + round((self.now_s - _BEGIN_S) * 1e9)

    @property
    def now_ms(self) -> int:
        return self.time_ns() // 1_000_000

    def at_s(self, utc_ms: int) -> float:
        """The loop's time at a time of the clock."""
        return (utc_ms * 1_000_000 - EPOCH_NS) / 1e9 + _BEGIN_S

    def wall_s(self) -> float:
        return self.time_ns() / 1e9

    # -- what tasks, futures and timeouts of asyncio ask for

    def call_soon(  # type: ignore[override]  # without the pairing of arguments
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Any:
        call = Call(callback, args, context)
        self._ready.append(call)
        return call

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Any:
        call = Call(callback, args, context)
        self._set += 1
        heapq.heappush(self._timers, (self.now_s + delay, self._set, call))
        return call

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Any:
        call = Call(callback, args, context)
        self._set += 1
        heapq.heappush(self._timers, (when, self._set, call))
        return call

    def create_future(self) -> "asyncio.Future[Any]":
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, *, name: Any = None, context: Context | None = None) -> "asyncio.Task[Any]":
        task: asyncio.Task[Any] = asyncio.Task(coro, loop=self, name=name, context=context)
        self.tasks.add(task, self.owner_of(task, context))
        return task

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return events._get_running_loop() is self

    def is_closed(self) -> bool:
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if self.on_error is not None:
            self.on_error(context)

    # -- from begin to end

    def run_until_complete(self, future: Any) -> Any:
        """The result. Raises Standstill."""
        future = asyncio.ensure_future(future, loop=self)
        hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(finalizer=self._close_generator)
        events._set_running_loop(self)
        try:
            while not future.done():
                try:
                    self._turn(future)
                except Exception as error:  # of a callback that is no task's
                    self.call_exception_handler({"message": "a callback failed", "exception": error})
                    if isinstance(error, Standstill):
                        raise
        finally:
            events._set_running_loop(None)
            sys.set_asyncgen_hooks(*hooks)
        return future.result()

    def _turn(self, future: "asyncio.Future[Any]") -> None:
        ready, timers, is_done = self._ready, self._timers, future.done
        while not is_done():
            if ready:
                call = ready.popleft()
            else:
                if not timers:
                    raise Standstill
                when, _, call = heapq.heappop(timers)
                if when > self.now_s and not call.is_cancelled:
                    self.now_s = when
            if not call.is_cancelled:
                call.context.run(call.callback, *call.args)

    def _close_generator(self, generator: AsyncGenerator[Any, Any]) -> None:
        self.call_soon(self.create_task, generator.aclose())


def _nobody(_: "asyncio.Task[Any]", __: Context | None) -> None:
    return None


class Bell:
    """What many wait for, each until a time of its own."""

    def __init__(self) -> None:
        self.waiting: dict[asyncio.Future[None], None] = {}

    def ring(self) -> None:
        for future in self.waiting:
            _answer(future)
        self.waiting.clear()


async def first_of(loop: VirtualLoop, bells: Sequence[Bell], until_s: float | None) -> None:
    """Return when one of the bells rings, or at `until_s`."""
    future: asyncio.Future[None] = loop.create_future()
    for bell in bells:
        bell.waiting[future] = None
    timer = loop.call_at(until_s, _answer, future) if until_s is not None else None
    try:
        await future
    finally:
        if timer is not None:
            timer.cancel()
        for bell in bells:
            bell.waiting.pop(future, None)


def _answer(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)


@contextmanager
def replaced(names: Sequence[tuple[Any, str, Any]]) -> Iterator[None]:
    """While it is open, these names of modules stand for something else."""
    former = [(module, name, getattr(module, name)) for module, name, _ in names]
    try:
        for module, name, other in names:
            setattr(module, name, other)
        yield
    finally:
        for module, name, own in former:
            setattr(module, name, own)


@contextmanager
def virtual(loop: VirtualLoop, seed: str) -> Iterator[None]:
    """While it is open, clocks tell the loop's time, and what is drawn follows from the seed."""
    drawn = random.Random(f"{seed}/drawn")
    random.seed(f"{seed}/random")
    names = [
        (time, "monotonic", loop.time),
        (time, "time_ns", loop.time_ns),
        (time, "time", loop.wall_s),
        (ids, "random_16_bytes", partial(drawn.randbytes, 16)),
        (batch_consumer, "Progress", partial(Progress, monotonic_s=loop.time)),
        (batch_consumer, "Fetches", partial(Fetches, monotonic_s=loop.time)),
    ]
    keys = record_encryption._Boundary.keys
    record_encryption.use(_KEYS)
    logged = structlog.get_config()
    structlog.configure(wrapper_class=_SILENT, cache_logger_on_first_use=False)
    try:
        with replaced(names):
            yield
    finally:
        structlog.configure(**logged)
        record_encryption.use(keys)
