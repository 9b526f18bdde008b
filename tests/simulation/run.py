"""Lets one schedule happen, and compares the ledgers when it has come to rest."""

import asyncio
from contextvars import Context
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from services.runtime import loops
from services.runtime.log import concurrent_consumer, kafka
from tests.simulation.clock import VirtualLoop, replaced, virtual
from tests.simulation.instance import Instance, current
from tests.simulation.ledgers import Finding, compared
from tests.simulation.plan import Schedule
from tests.simulation.resting import rest
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


PLAYED = (
    (kafka, "AIOKafkaConsumer", MemoryConsumer),
    (concurrent_consumer, "AIOKafkaAdminClient", MemoryAdmin),
    (loops, "pause", rest),
)


def run(schedule: Schedule) -> Outcome:
    """Let it happen, and compare the ledgers."""
    loop = VirtualLoop()
    loop.owner_of = _owner_of
    with virtual(loop, schedule.seed), replaced(PLAYED):
        world = World(schedule, loop)
        loop.on_error = partial(_unhandled, world)
        try:
            loop.run_until_complete(world.live())
            lasted_s = loop.time() - world.begin_s
        finally:
            for instance in world.instances.values():
                instance.kill()
            tasks = loop.tasks.under_way()
            for task in tasks:
                task.cancel()
            loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
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


def _owner_of(task: "asyncio.Task[Any]", context: Context | None) -> Instance | None:
    """The process that begins the task; one that was killed begins nothing."""
    instance = context.get(current) if context is not None else current.get()
    if instance is not None and not instance.is_alive:
        task.cancel()
    return instance


def _unhandled(world: World, about: dict[str, Any]) -> None:
    error = about.get("exception")
    if error is not None and not isinstance(error, asyncio.CancelledError):
        world.note(f"nobody looked at {error!r}", None)
