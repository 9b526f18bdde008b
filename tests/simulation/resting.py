"""Loops that look for what is due rest until something is.

A look before that would find nothing and change nothing, and most of a schedule would be such looks.

    keep_on ─▶ turn ─▶ pause: nothing stored falls due ─▶ until a document changes, or the process ends
                              something does, or has   ─▶ until the first look behind that time, by the loop's interval
"""

import asyncio
import math
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass

from services.runtime.loops import pause
from tests.simulation.clock import first_of
from tests.simulation.instance import current


@dataclass(frozen=True, slots=True)
class Due:
    """What a loop looks for: documents of a collection, so many ms behind the time in one of these fields."""

    collection: str
    fields: Mapping[str, int]


looks_for: ContextVar[Due | None] = ContextVar("looks_for", default=None)
"""Of the loops of a task, and of those that it begins."""


async def rest(stop: asyncio.Event, seconds: float) -> None:
    """Stands for `pause` in `keep_on`."""
    due, instance = looks_for.get(), current.get()
    if due is None or instance is None:
        await pause(stop, seconds)
        return
    loop, documents = instance.world.loop, instance.world.server.collection(due.collection)
    begun_s, until_s = loop.time(), None
    while not stop.is_set() and (until_s is None or loop.time() < until_s):
        at = documents.earliest(due.fields)
        if at is not None:
            looks = max(1, math.ceil((loop.at_s(at) - begun_s) / seconds))
            until_s = begun_s + looks * seconds
        else:
            until_s = None
        await first_of(loop, (documents.changed, instance.ending), until_s)
