"""What faults strike: the stack and its processes, the sandbox, the receiver; and where it is written down."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

from deploy.local import Stack
from deploy.local.processes.process import answers_200
from deploy.sandbox.control.client import Control
from deploy.torture.faults.disks import SmallDisk
from deploy.torture.faults.plan import Strike
from deploy.torture.load import Book, Receiver
from deploy.waiting import eventually

LOOK_S = 0.1
_READY_S = 120.0


@dataclass
class Scene:
    """The stack as faults see it."""

    stack: Stack
    control: Control
    receiver: Receiver
    book: Book
    disks: Mapping[str, SmallDisk] = field(default_factory=dict)  # those that can be filled
    stopped: set[str] = field(default_factory=set)  # by SIGSTOP

    async def kill(self, *names: str) -> None:
        """SIGKILL, at the same moment."""
        self.stopped -= set(names)
        for name in names:
            with suppress(KeyError, ProcessLookupError):
                os.killpg(self.stack.pids[name], signal.SIGKILL)
        for name in names:
            await asyncio.to_thread(self.stack.kill, name)

    async def revive(self, *names: str, env: Mapping[str, str] | None = None) -> None:
        """Start again what has ended; returns at once."""
        for name in names:
            await asyncio.to_thread(self.stack.revive, name, env)

    def stop(self, *names: str) -> None:
        """SIGSTOP: it stands still, with its connections open."""
        for name in names:
            with suppress(KeyError, ProcessLookupError):
                os.killpg(self.stack.pids[name], signal.SIGSTOP)
                self.stopped.add(name)

    def go_on(self, *names: str) -> None:
        for name in names:
            self.stopped.discard(name)
            with suppress(KeyError, ProcessLookupError):
                os.killpg(self.stack.pids[name], signal.SIGCONT)

    def is_alive(self, name: str) -> bool:
        return name in self.stack.pids

    async def ready(self, name: str) -> None:
        """Until a service says that it can work. Raises AssertionError when it does not."""
        metrics = self.stack.ports[name].metrics

        async def is_ready() -> bool:
            return await asyncio.to_thread(answers_200, metrics, "/readyz")

        await eventually(is_ready, f"{name} is ready", _READY_S, LOOK_S)


Act = Callable[[Scene, Strike, Random], Awaitable[None]]
"""Does the fault for as long as it lasts, and undoes it."""


def note(scene: Scene, strike: Strike, what: str, **about: Any) -> None:
    """A line of the journal about a strike."""
    scene.book.note(what, None, fault=strike.name, victim=strike.victim, number=strike.number, **about)
