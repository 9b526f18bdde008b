"""Strikes by the plan, and mends what is left at the end."""

import asyncio
import random
from collections.abc import Callable, Sequence

from deploy.torture.faults.catalogue import CATALOGUE, SERVICES
from deploy.torture.faults.plan import Strike
from deploy.torture.faults.scene import Scene, note

_REVIVED = (*SERVICES, "gateway", "kafka-1", "kafka-2", "kafka-3", "mongo-1", "mongo-2", "mongo-3")


async def strike_all(scene: Scene, strikes: Sequence[Strike], say: Callable[[Strike, str], None]) -> None:
    """Each at its time; returns when the last is over. What one of them raises ends the run: it is a fault of ours."""
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    async with asyncio.TaskGroup() as group:
        for strike in strikes:
            await asyncio.sleep(max(0.0, began_s + strike.at_s - loop.time()))
            group.create_task(_strike(scene, strike, say))


async def _strike(scene: Scene, strike: Strike, say: Callable[[Strike, str], None]) -> None:
    note(scene, strike, "fault begins")
    say(strike, "begins")
    await CATALOGUE[strike.name].act(scene, strike, random.Random(strike.seed))
    note(scene, strike, "fault ends")
    say(strike, "ends")


async def mend(scene: Scene) -> None:
    """Everything runs again, and nothing is ordered any more. Raises StackError, TimeoutError."""
    await scene.control.clear_faults()
    scene.receiver.clear()
    scene.go_on(*scene.stopped)
    for disk in scene.disks.values():
        await asyncio.to_thread(disk.make_room)
    gone = [name for name in _REVIVED if name in scene.stack.ended]
    await scene.revive(*gone)
    for name in SERVICES:
        if name in scene.stack.ports:
            await scene.ready(name)
    scene.book.note("mended", revived=gone)
