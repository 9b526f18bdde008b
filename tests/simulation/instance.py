"""One process, and its calls to what lies outside: each takes time, may fail, and goes on though its caller is killed.

call ─ travels ─▶ arrives: done, in part or not ─ travels ─▶ answer, or an error though it was done
                                                    └─▶ nobody: the caller was killed meanwhile
"""

import asyncio
import contextvars
import random
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from services.runtime.loops import pause
from tests.simulation.clock import Bell

if TYPE_CHECKING:
    from tests.simulation.world import World

_T = TypeVar("_T")
Harm = Literal["before", "behind", "amid"]
"""Where a call fails: before its effect, behind it, or amid several."""
current: "contextvars.ContextVar[Instance | None]" = contextvars.ContextVar("instance", default=None)


class Instance:
    """A process of a service; a new one each time that it is started."""

    def __init__(self, world: "World", name: str) -> None:
        self.world, self.name = world, name
        self.service = name.partition("-")[0]
        self.is_alive = True
        self.stop = asyncio.Event()
        self.ending = Bell()  # rings when `stop` is set
        self.frozen_until_s = 0.0
        self.is_slow = False
        self._calls_left: int | None = None  # until it is killed
        self._killed = asyncio.Event()
        self.failure: BaseException | None = None
        self.chance = random.Random(f"{world.schedule.seed}/{name}/{world.starts}")
        self.context = contextvars.copy_context()
        self.context.run(current.set, self)
        self._work: list[asyncio.Task[Any]] = []

    def spawn(self, work: Coroutine[Any, Any, Any], context: contextvars.Context | None = None) -> None:
        """Run it for as long as the process lives; its end before is that of the process."""
        task = self.world.loop.create_task(work, context=context or self.context)
        self._work.append(task)
        task.add_done_callback(self._ended)

    async def finish(self) -> None:
        """End in good order, as SIGTERM does."""
        self.stop.set()
        self.ending.ring()
        if self._work:
            await asyncio.wait(self._work, timeout=20)
        self.kill()

    def kill(self) -> None:
        """Nothing of it happens any more; what has left it goes on."""
        self.is_alive = False
        self._killed.set()
        for task in self.world.loop.tasks.under_way(self):
            task.cancel()

    async def killed_within(self, calls: int, seconds: float) -> None:
        """Kill it amid one of its next calls that change something, or when the time is over."""
        self._calls_left = calls
        await pause(self._killed, seconds)
        self.kill()

    async def call(
        self, what: str, effect: Callable[[], _T], fails: Callable[[Harm], Exception], harm: Harm | None = None
    ) -> _T:
        """Have `effect` done outside, and give its result, or raise what it or the way there and back raises."""
        if not self.is_alive:
            raise asyncio.CancelledError
        loop = self.world.loop
        answer: asyncio.Future[_T] = loop.create_future()

        def arrive() -> None:
            result: Any = None
            error: Exception | None = None
            if harm == "before":
                error = fails(harm)
            else:
                try:
                    result = effect()
                except Exception as raised:
                    error = raised
                else:
                    error = fails(harm) if harm is not None else None
            loop.call_later(self._travels_s(), respond, result, error)

        def respond(result: Any, error: Exception | None) -> None:
            left_s = self.frozen_until_s - loop.time()
            if left_s > 0:
                loop.call_later(left_s, respond, result, error)
            elif not answer.done():
                if error is not None:
                    answer.set_exception(error)
                else:
                    answer.set_result(result)

        loop.call_later(max(self._travels_s(), self.frozen_until_s - loop.time()), arrive)
        if self._calls_left is not None and not what.startswith("read"):
            self._calls_left -= 1
            if self._calls_left < 0:
                self.world.note(f"{self.name} is killed amid: {what}", None)
                self._killed.set()
                loop.call_later(self._travels_s(), self.kill)
        if harm is not None:
            self.world.note(f"{self.name}: {what} fails {harm}", None)
        return await answer

    async def turn(self) -> None:
        """Let a moment pass."""
        await asyncio.sleep(max(self._travels_s(), self.frozen_until_s - self.world.loop.time()))

    def _travels_s(self) -> float:
        drawn = self.chance.random()
        if self.is_slow or self.world.faults.active("slow"):
            return 0.1 + 1.9 * drawn
        return 0.0002 + 0.004 * drawn if drawn < 0.97 else 0.01 + 10 * (drawn - 0.97)

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        if not self.is_alive or task.cancelled() or (self.stop.is_set() and task.exception() is None):
            return
        self.failure = task.exception() or RuntimeError("work ended although nobody had asked it to")
        self.world.died(self)
