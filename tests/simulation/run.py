"""Lets one schedule happen, and compares the ledgers when it has come to rest."""

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from unittest import mock

from services.runtime.log import concurrent_consumer, kafka
from tests.simulation.clock import VirtualLoop, virtual
from tests.simulation.instance import current
from tests.simulation.ledgers import Finding, compared
from tests.simulation.plan import Schedule
from tests.simulation.servers.clients import MemoryAdmin, MemoryConsumer
from tests.simulation.world import Note, World


@dataclass
class Outcome:
    """What came of a schedule."""

    schedule: Schedule
    findings: list[Finding]
    diary: list[Note]
    calls: int = 0
    repeated_calls: int = 0
    repeated_reports: int = 0
    lasted_s: float = 0.0
    refs: dict[str, str] = field(default_factory=dict)  # message id: the partner's


def _adopting(loop: asyncio.AbstractEventLoop, work: Any, context: Any = None) -> "asyncio.Task[Any]":
    """A task, counted among those of the process that begins it."""
    task: asyncio.Task[Any] = asyncio.Task(work, loop=loop, context=context)
    instance = context.get(current) if context is not None else current.get()
    if instance is not None:
        instance.adopt(task)
        if not instance.is_alive:
            task.cancel()
    return task


def run(schedule: Schedule) -> Outcome:
    """Let it happen, and compare the ledgers."""
    loop = VirtualLoop()
    loop.set_task_factory(_adopting)
    with ExitStack() as stack:
        stack.enter_context(virtual(loop, schedule.seed))
        stack.enter_context(mock.patch.object(kafka, "AIOKafkaConsumer", MemoryConsumer))
        stack.enter_context(mock.patch.object(concurrent_consumer, "AIOKafkaAdminClient", MemoryAdmin))
        world = World(schedule, loop)
        loop.set_exception_handler(partial(_unhandled, world))
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(world.live())
            lasted_s = loop.time() - world.begin_s
        finally:
            for instance in world.instances.values():
                instance.kill()
            tasks = asyncio.all_tasks(loop)
            for task in tasks:
                task.cancel()
            loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
            asyncio.set_event_loop(None)
            loop.close()
    calls = world.phones.calls
    return Outcome(
        schedule,
        world.findings + compared(world),
        world.diary,
        calls=sum(calls.values()),
        repeated_calls=sum(calls.values()) - len(calls),
        repeated_reports=sum(
            len(posted) - len({report.status for report in posted}) for posted in world.partner.posted.values()
        ),
        lasted_s=lasted_s,
        refs={message_id: request.ref for message_id, request in world.partner.refs.items()},
    )


def _unhandled(world: World, loop: asyncio.AbstractEventLoop, about: dict[str, Any]) -> None:
    error = about.get("exception")
    if error is not None and not isinstance(error, asyncio.CancelledError):
        world.note(f"nobody looked at {error!r}", None)
