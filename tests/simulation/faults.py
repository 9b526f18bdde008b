"""The faults of a schedule as they are met: what holds now, and which calls it harms."""

import asyncio
import random
from typing import TYPE_CHECKING

from tests.simulation.instance import Harm
from tests.simulation.plan import Fault, Kind

if TYPE_CHECKING:
    from tests.simulation.world import World


class Faults:
    """The faults of one schedule. Each draws from a source of its own, so that the others stay when one is left out."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._now: dict[int, Fault] = {}
        self._chances = {
            fault.number: random.Random(f"{world.schedule.seed}/fault/{fault.number}")
            for fault in world.schedule.faults
        }

    @property
    def last_s(self) -> float:
        """When the last one ends, seconds from the begin."""
        return max((fault.at_s + fault.for_s for fault in self._world.schedule.faults), default=0.0)

    async def run(self) -> None:
        """Let each of them happen at its time."""
        await asyncio.gather(*(self._happen(fault) for fault in self._world.schedule.faults))

    def active(self, kind: Kind) -> Fault | None:
        """The fault of this kind that holds now."""
        if not self._now:  # mostly
            return None
        return next((fault for fault in self._now.values() if fault.kind == kind), None)

    def meets(self, kind: Kind) -> bool:
        """Whether a call meets such a fault."""
        fault = self.active(kind)
        return fault is not None and self._chances[fault.number].random() < fault.share

    def harm(self, kind: Kind, *harms: Harm) -> Harm | None:
        """What such a fault does to a call, if it meets it."""
        fault = self.active(kind)
        if fault is None or self._chances[fault.number].random() >= fault.share:
            return None
        return self._chances[fault.number].choice(harms)

    async def _happen(self, fault: Fault) -> None:
        world = self._world
        await asyncio.sleep(fault.at_s)
        world.note(f"{fault} begins", None)
        self._now[fault.number] = fault
        match fault.kind:
            case "killed" | "stopped":
                await world.restart(fault.target, fault.for_s, in_order=fault.kind == "stopped")
            case "frozen":
                instance = world.instances[fault.target]
                instance.frozen_until_s = world.loop.time() + fault.for_s
                await world.broker.thought_dead(instance, after_s=15.0, for_s=fault.for_s)
            case "zombie":
                instance = world.instances[fault.target]
                instance.is_slow = True
                await world.broker.thought_dead(instance, after_s=0.0, for_s=fault.for_s)
                instance.is_slow = False
            case "rebalance":
                for group in world.broker.groups.values():
                    group.meet()
                await asyncio.sleep(fault.for_s)
            case "no majority":
                world.server.lose_majority()
                await asyncio.sleep(fault.for_s)
                world.server.regain_majority(keep=self._chances[fault.number].random() < 0.5)
            case "moved receiver":
                world.partner.move()
            case _:
                await asyncio.sleep(fault.for_s)
        del self._now[fault.number]
        world.note(f"fault {fault.number}: {fault.kind} is over", None)
