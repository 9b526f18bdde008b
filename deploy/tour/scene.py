"""What a scene of the tour is given (`Place`) and what it gives (`Row`).

A scene is a module in `deploy/tour/scenes/` with ORDER, TITLE and `async def play(place) -> list[Row]`. It uses phones
and ids that nobody has used, so that it may be played again on a stack that goes on running.
"""

import itertools
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Protocol

from deploy.cli.show import STATUSES
from deploy.local.provision import Admin, admin_of
from deploy.play.bank import Bank, Json
from deploy.play.sides import opened
from deploy.sandbox.control.client import Control
from deploy.sandbox.phone.fleet import Fleet
from deploy.tour import scenes
from deploy.waiting import WAIT_S, eventually


@dataclass(frozen=True)
class Row:
    """One line of the tour's table."""

    sent: str
    shown: str  # by each device
    reported: str  # to the partner
    as_expected: bool


class Scene(Protocol):
    """A module of `deploy/tour/scenes/`."""

    ORDER: int
    TITLE: str

    async def play(self, place: "Place") -> list[Row]: ...


@dataclass
class Place:
    """The bank, its customers' phones, the sandbox and the operator; `stack` is `Stack.describe()`."""

    stack: Json
    bank: Bank
    fleet: Fleet
    control: Control
    admin: Admin
    _run: str = field(default_factory=lambda: f"{time.time_ns() // 1_000_000}")
    _count: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    @property
    def gateway(self) -> str:
        """The public address."""
        return str(self.stack["public_url"])

    def phone(self) -> str:
        """A number that nobody has used: digits without plus."""
        return f"7999{secrets.randbelow(10**7):07}"

    def ref(self) -> str:
        """The bank's own id of a new message."""
        return f"tour-{self._run}-{next(self._count)}"

    async def until(
        self, condition: Callable[[], Awaitable[bool]], what: str | Callable[[], str], timeout_s: float = WAIT_S
    ) -> None:
        """Wait until `condition` holds. Raises AssertionError that says what was awaited."""
        await eventually(condition, what, timeout_s)

    async def reports(self, ref: str) -> list[Json]:
        """The delivery reports on a message that the bank took, oldest first."""
        return [entry["report"] for entry in await self.control.reports(ref)]

    async def message(self, ref: str) -> Json | None:
        """What the platform knows of a message."""
        return await self.bank.message(ref)

    async def reported(self, ref: str, status: int, timeout_s: float = WAIT_S) -> list[Json]:
        """The reports as soon as the last one has this status. Raises AssertionError."""
        found: list[Json] = []

        async def has_come() -> bool:
            found[:] = await self.reports(ref)
            return bool(found) and found[-1]["status"] == status

        await self.until(has_come, lambda: f"{ref} reported {status}; so far {found}", timeout_s)
        return found


def course(reports: Sequence[Json]) -> str:
    """The reports to the partner, one after the other."""
    return " → ".join(STATUSES[report["status"]].english for report in reports)


@asynccontextmanager
async def placed(stack: Json) -> AsyncIterator[Place]:
    """The place on a stack that has the demo partner and application (`deploy/local/provision.py`)."""
    async with opened(stack) as sides:
        yield Place(stack, sides.bank, sides.fleet, sides.control, admin_of(stack))


def all_scenes() -> Sequence[Scene]:
    """Every module of `deploy/tour/scenes/`, in the order of the tour."""
    found: list[Any] = [import_module(f"{scenes.__name__}.{module.name}") for module in iter_modules(scenes.__path__)]
    return sorted(found, key=lambda scene: (scene.ORDER, scene.__name__))


def name_of(scene: Scene) -> str:
    """The name of its file, which `make tour TOUR=…` takes."""
    return str(vars(scene)["__name__"]).rpartition(".")[2]
