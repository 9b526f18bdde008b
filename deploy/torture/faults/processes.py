"""Faults of our own processes: killed, crashed at a step, standing still, restarted in turn, with a wrong clock."""

import asyncio
from contextlib import suppress
from random import Random

from deploy.torture.armed import CLOCK_SETTING, CRASH_SETTING, POINTS
from deploy.torture.faults.plan import Strike
from deploy.torture.faults.scene import LOOK_S, Scene, note
from deploy.waiting import eventually

_UNARMED = {CRASH_SETTING: "", CLOCK_SETTING: ""}
_MOST_TIMES = 40
"""The step at which a crash comes is drawn: the first, or one of the next."""
_CLOCK_S = 300


async def kill(scene: Scene, strike: Strike, draw: Random) -> None:
    """SIGKILL at some moment, and again at once, or after a while."""
    await scene.kill(strike.victim)
    await asyncio.sleep(strike.lasts_s if draw.random() < 0.5 else 0)
    await scene.revive(strike.victim, env=_UNARMED)


async def crash(scene: Scene, strike: Strike, draw: Random) -> None:
    """SIGKILL at a step of the consumer function: it is started again with the crash armed, and then without."""
    point, nth = draw.choice(POINTS), draw.randint(1, _MOST_TIMES)
    await scene.kill(strike.victim)
    await scene.revive(strike.victim, env={CRASH_SETTING: f"{point}:{nth}"})
    with suppress(AssertionError):  # it may have too little to do to come that far
        await eventually(lambda: not scene.is_alive(strike.victim), timeout_s=strike.lasts_s, look_s=LOOK_S)
    came = not scene.is_alive(strike.victim)
    note(scene, strike, "crash", point=point, nth=nth, came=came)
    await scene.kill(strike.victim)
    await scene.revive(strike.victim, env=_UNARMED)


async def stand_still(scene: Scene, strike: Strike, draw: Random) -> None:
    """SIGSTOP, and SIGCONT: a zombie, when others have taken over its partitions meanwhile."""
    scene.stop(strike.victim)
    await asyncio.sleep(strike.lasts_s)
    scene.go_on(strike.victim)


async def roll(scene: Scene, strike: Strike, draw: Random) -> None:
    """A rolling restart: SIGTERM to each instance of a service in turn, the next when this one is ready."""
    for name in (strike.victim, f"{strike.victim}-2"):
        await asyncio.to_thread(scene.stack.end, name)
        await scene.revive(name)
        await scene.ready(name)


async def wrong_clock(scene: Scene, strike: Strike, draw: Random) -> None:
    """Its clock is five minutes ahead, or behind."""
    offset_s = draw.choice((_CLOCK_S, -_CLOCK_S))
    note(scene, strike, "clock", offset_s=offset_s)
    await asyncio.to_thread(scene.stack.end, strike.victim)
    await scene.revive(strike.victim, env={CLOCK_SETTING: str(offset_s)})
    await asyncio.sleep(strike.lasts_s)
    await asyncio.to_thread(scene.stack.end, strike.victim)
    await scene.revive(strike.victim, env=_UNARMED)
