"""A loop whose time passes only while nothing else is left to do, and the process' clocks set by it."""

import asyncio
import logging
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from unittest import mock

import structlog

from schemas import ids
from services.runtime.crypto import record_encryption
from services.runtime.crypto.recipient_keys import RecipientKeys
from services.runtime.log import batch_consumer
from services.runtime.log.fetches import Fetches
from services.runtime.log.progress import Progress

EPOCH_NS = 1_800_000_000_000_000_000
_BEGIN_S = 1_000.0
_KEYS = RecipientKeys.drawn()


class Standstill(Exception):
    """Nothing will ever happen again, and the schedule has not ended."""


class _Selector:
    """Stands for the selector of sockets: where others wait, time passes."""

    def __init__(self, loop: "VirtualLoop") -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise Standstill
        self._loop.now_s += timeout
        return []

    def close(self) -> None:
        """There is nothing to close."""


class VirtualLoop(asyncio.BaseEventLoop):
    """No sockets, no threads, no waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = _BEGIN_S
        self._selector = _Selector(self)

    def time(self) -> float:
        return self.now_s

    def time_ns(self) -> int:
        return EPOCH_NS + round((self.now_s - _BEGIN_S) * 1e9)

    @property
    def now_ms(self) -> int:
        return self.time_ns() // 1_000_000

    def wall_s(self) -> float:
        return self.time_ns() / 1e9

    def _process_events(self, event_list: Any) -> None:
        """There are none."""

    def _write_to_self(self) -> None:
        """Nobody waits who would have to be woken."""


@contextmanager
def virtual(loop: VirtualLoop, seed: str) -> Iterator[None]:
    """While it is open, clocks tell the loop's time, and what is drawn follows from the seed."""
    drawn = random.Random(f"{seed}/drawn")
    random.seed(f"{seed}/random")
    patches: list[Any] = [
        mock.patch.object(time, "monotonic", loop.time),
        mock.patch.object(time, "time_ns", loop.time_ns),
        mock.patch.object(time, "time", loop.wall_s),
        mock.patch.object(ids, "random_16_bytes", partial(drawn.randbytes, 16)),
        mock.patch.object(batch_consumer, "Progress", partial(Progress, monotonic_s=loop.time)),
        mock.patch.object(batch_consumer, "Fetches", partial(Fetches, monotonic_s=loop.time)),
    ]
    keys = record_encryption._Boundary.keys
    record_encryption.use(_KEYS)
    logged = structlog.get_config()
    silent = structlog.make_filtering_bound_logger(logging.CRITICAL)
    structlog.configure(wrapper_class=silent, cache_logger_on_first_use=False)
    for patch in patches:
        patch.start()
    try:
        yield
    finally:
        for patch in patches:
            patch.stop()
        structlog.configure(**logged)
        record_encryption.use(keys)
