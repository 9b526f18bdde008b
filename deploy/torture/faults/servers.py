"""Faults of the servers: brokers and members of the replica set die, stand still, step down, lose their majority."""

import asyncio
from contextlib import suppress
from random import Random

from pymongo.errors import PyMongoError

from deploy.local.servers import replica_set
from deploy.torture.faults.plan import Strike
from deploy.torture.faults.scene import Scene, note

BROKERS = ("kafka-1", "kafka-2", "kafka-3")
MEMBERS = ("mongo-1", "mongo-2", "mongo-3")
_STEP_DOWN_S = 20
_ELECTED_S = 2 * replica_set.ELECTION_MS / 1000
_ALONE_S = 1.5 * replica_set.ELECTION_MS / 1000
"""By then it has noticed that it is alone, and whoever waits for a majority has been told that there is none."""


async def kill_broker(scene: Scene, strike: Strike, draw: Random) -> None:
    await _away(scene, strike, strike.victim)


async def kill_all_brokers(scene: Scene, strike: Strike, draw: Random) -> None:
    await _away(scene, strike, *BROKERS)


async def stop_broker(scene: Scene, strike: Strike, draw: Random) -> None:
    """It stands still: its followers and clients wait for it until they give it up."""
    scene.stop(strike.victim)
    await asyncio.sleep(strike.lasts_s)
    scene.go_on(strike.victim)


async def step_down(scene: Scene, strike: Strike, draw: Random) -> None:
    """The primary becomes a secondary."""
    port = await asyncio.to_thread(replica_set.primary, list(scene.stack.mongo_ports.values()))
    if port is not None:
        await asyncio.to_thread(_step_down, port)


def _step_down(port: int) -> None:
    with suppress(PyMongoError), replica_set.member(port) as client:  # it may close the connection, or have nobody
        client.admin.command("replSetStepDown", _STEP_DOWN_S, secondaryCatchUpPeriodSecs=3)


async def kill_primary(scene: Scene, strike: Strike, draw: Random) -> None:
    await _away(scene, strike, await _primary(scene))


async def kill_majority(scene: Scene, strike: Strike, draw: Random) -> None:
    """Two members are killed, the primary among them: nobody takes writes until one is back."""
    primary = await _primary(scene)
    other = draw.choice([name for name in MEMBERS if name != primary])
    await _away(scene, strike, primary, other)


async def lose_primary_alone(scene: Scene, strike: Strike, draw: Random) -> None:
    """Both secondaries stand still, then the primary is killed: what it alone has written is rolled back.

    Whoever takes a failed write concern for success has lost something by then.
    """
    primary = await _primary(scene)
    others = [name for name in MEMBERS if name != primary]
    scene.stop(*others)
    await asyncio.sleep(max(_ALONE_S, strike.lasts_s - _ELECTED_S))
    await scene.kill(primary)
    scene.go_on(*others)
    await asyncio.sleep(_ELECTED_S)  # the others elect one of themselves before it is back
    await scene.revive(primary)


async def fill_disk(scene: Scene, strike: Strike, draw: Random) -> None:
    """Nothing more can be written: it ends by itself, or is killed once there is room again."""
    disk = scene.disks[strike.victim]
    await asyncio.to_thread(disk.fill)
    await asyncio.sleep(strike.lasts_s)
    note(scene, strike, "disk full", ended=not scene.is_alive(strike.victim))
    await asyncio.to_thread(disk.make_room)
    await scene.kill(strike.victim)
    await scene.revive(strike.victim)


async def _primary(scene: Scene) -> str:
    ports = scene.stack.mongo_ports
    port = await asyncio.to_thread(replica_set.primary, list(ports.values()))
    return next((name for name, known in ports.items() if known == port), MEMBERS[0])


async def _away(scene: Scene, strike: Strike, *names: str) -> None:
    await scene.kill(*names)
    await asyncio.sleep(strike.lasts_s)
    await scene.revive(*names)
