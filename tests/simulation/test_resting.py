"""Loops that look for what is due rest while nothing is, and see what falls due as soon as they would by looking."""

import asyncio
from collections.abc import Callable

from services.runtime.loops import keep_on
from tests.simulation.clock import VirtualLoop, replaced, virtual
from tests.simulation.instance import Instance
from tests.simulation.plan import drawn
from tests.simulation.resting import Due, looks_for
from tests.simulation.run import PLAYED
from tests.simulation.servers.documents import stored
from tests.simulation.world import World


def looks(then: Callable[[World, Instance], None]) -> list[float]:
    """When a loop looks that does so every two seconds, within 60 s in which `then` happens."""
    loop, times = VirtualLoop(), list[float]()
    with virtual(loop, "0"), replaced(PLAYED):
        world = World(drawn("0"), loop)
        instance = Instance(world, "router-0")

        async def turn() -> None:
            times.append(loop.time() - world.begin_s)

        context = instance.context.copy()
        context.run(looks_for.set, Due("router_timers", {"due_at": 0}))
        instance.spawn(keep_on("timers", turn, instance.stop, 2.0), context)
        then(world, instance)
        loop.run_until_complete(asyncio.sleep(60))
    return times


def put(world: World, after_s: float, due_after_s: float) -> None:
    due_at = world.loop.now_ms + round(due_after_s * 1000)
    raw = stored({"_id": f"{after_s}", "due_at": due_at})
    documents = world.server.collection("router_timers")
    world.loop.call_later(after_s, world.server.put, documents, f"{after_s}", raw)


def test_it_looks_once_while_nothing_is_stored() -> None:
    assert looks(lambda world, instance: None) == [0.0]


def test_it_looks_where_it_would_have_looked_behind_what_falls_due() -> None:
    def then(world: World, instance: Instance) -> None:
        put(world, 1.0, 50.5)
        put(world, 11.0, 30.5)
        world.loop.call_later(33, world.server.put, world.server.collection("router_timers"), "11.0", None)

    assert looks(then)[:4] == [0.0, 32.0, 52.0, 54.0]


def test_it_goes_on_looking_while_something_is_due() -> None:
    assert looks(lambda world, instance: put(world, 0.5, 0.5))[:4] == [0.0, 2.0, 4.0, 6.0]


def test_the_end_of_the_process_ends_its_rest() -> None:
    def then(world: World, instance: Instance) -> None:
        world.loop.call_later(5, lambda: world.loop.create_task(instance.finish()))

    assert looks(then) == [0.0]
