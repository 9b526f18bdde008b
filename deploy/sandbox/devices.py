"""`python -m deploy.sandbox.devices`: phones with the SDK in the demo application, that show what is pushed to them.

They install through the public address, take their pushes out of the sandbox's inboxes, and send receipts. The local
stack must be running (`make up`); where it is, they read from its description. Started again, they are the same
installations. Ctrl-C ends them.

    python -m deploy.sandbox.devices                              one phone of each kind, of +7 900 000-00-01
    python -m deploy.sandbox.devices --count 1000 --each-its-own  a thousand customers, +7 900 000-00-01 and on
    python -m deploy.sandbox.devices --platform ios --then dismissed --after 5

As a library: `Fleet` (fleet.py), `Device` and `Habits` (device.py).
"""

import asyncio
import json
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import typer
import uvloop
from rich.console import Console
from rich.markup import escape

from deploy.sandbox.phone.backend import Backend
from deploy.sandbox.phone.device import Device, Habits, Happening
from deploy.sandbox.phone.fleet import Fleet
from deploy.sandbox.phone.kinds import Platform
from deploy.sandbox.phone.sdk_api import UNREACHABLE, RefusedError

__all__ = ["Device", "Fleet", "Habits", "Happening", "Platform"]

STACK = Path(__file__).resolve().parents[2] / ".local" / "stack.json"
PLATFORMS: tuple[Platform, ...] = get_args(Platform)
ENROLLING = 32  # phones that install at once
PRINTED = 50  # more phones than this, and only counts are printed

Then = Literal["read", "dismissed", "clicked", "nothing"]


@dataclass(frozen=True)
class Wanted:
    """Which phones, and whose."""

    platforms: tuple[Platform, ...]
    count: int
    phone: int
    each_its_own: bool
    user: str | None
    habits: Habits

    def owners(self) -> Iterator[tuple[Platform, str | None, str, str]]:
        """Platform, user and phone number of each, and its seed."""
        for place, platform in enumerate(islice(cycle(self.platforms), self.count)):
            own = place if self.each_its_own else 0
            user = f"{self.user}-{own}" if self.user and self.each_its_own else self.user
            number = str(self.phone + own)
            nth = 0 if self.each_its_own else place // len(self.platforms)
            yield platform, user, number, f"{number}/{platform}/{nth}"


def main(
    platform: Annotated[Platform | None, typer.Option(help="kind of phone; default: all of them in turn")] = None,
    count: Annotated[
        int | None, typer.Option(min=1, help="how many phones; default: one of each kind", show_default=False)
    ] = None,
    phone: Annotated[int, typer.Option(help="phone number of their owner")] = 79000000001,
    each_its_own: Annotated[bool, typer.Option("--each-its-own", help="an owner for each: numbers count up")] = False,
    user: Annotated[str | None, typer.Option(help="the owner's user id at the partner")] = None,
    then: Annotated[Then, typer.Option(help="what the owner does with a push")] = "read",
    after: Annotated[float, typer.Option(min=0, help="seconds until then")] = 1.0,
    os_forbids: Annotated[bool, typer.Option("--os-forbids", help="pushes are forbidden by the system")] = False,
    receipts: Annotated[int, typer.Option(min=1, max=9, help="how often every receipt is sent")] = 1,
    gateway: Annotated[str, typer.Option(help="public address; default: of the local stack")] = "",
    control: Annotated[str, typer.Option(help="the sandbox's control API; default: of the local stack")] = "",
    api_key: Annotated[str, typer.Option(help="key of the application")] = "demo-key",
    application: Annotated[str, typer.Option(help="its id, for proofs of login")] = "demo",
) -> None:
    """Phones that show what is pushed to them and send receipts, until Ctrl-C."""
    platforms = PLATFORMS if platform is None else (platform,)
    reaction = None if then == "nothing" else then
    habits = Habits(reaction, after, receipts_sent=receipts, allows_pushes=not os_forbids)
    wanted = Wanted(platforms, count or len(platforms), phone, each_its_own=each_its_own, user=user, habits=habits)
    stack = json.loads(STACK.read_text()) if STACK.exists() else None
    if not (gateway and control):
        if stack is None:
            sys.exit("error: the local stack is not running: `make up`, or give --gateway and --control")
        gateway, control = gateway or stack["public_url"], control or stack["sandbox"]["control"]
    try:
        uvloop.run(_run(gateway, control, App(api_key, _backend(stack, gateway, application)), wanted))
    except asyncio.CancelledError:
        pass  # asked to end, in order
    except (RefusedError, *UNREACHABLE) as error:
        sys.exit(f"error: {gateway}: {error}")


@dataclass(frozen=True)
class App:
    """What the phones have: the application's key, and the backend that proves its logins."""

    api_key: str
    backend: Backend | None


def _backend(stack: dict[str, Any] | None, gateway: str, application: str) -> Backend | None:
    """The local stack's; elsewhere nobody proves who logs in."""
    if stack is None or gateway != stack["public_url"]:
        return None
    identity = stack["sandbox"]["credentials"]["identity"]
    return Backend(application, identity["kid"], identity["private_key"])


async def _run(gateway: str, control: str, installed: App, wanted: Wanted) -> None:
    console = Console(highlight=False)
    running = asyncio.current_task()
    assert running is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    async with Fleet(gateway, control, installed.api_key, installed.backend) as fleet:
        if wanted.count <= PRINTED:
            fleet.listeners.append(lambda happening: _print(console, happening))
        gate = asyncio.Semaphore(ENROLLING)

        async def enrol(platform: Platform, user: str | None, phone: str, seed: str) -> None:
            async with gate:
                name = f"{platform} {phone}" if wanted.each_its_own else platform
                await fleet.enrol(platform, user, phone, seed=seed, habits=wanted.habits, name=name)

        with console.status(f"installing {wanted.count}"):
            await asyncio.gather(*(enrol(*owner) for owner in wanted.owners()))
        last = wanted.phone + (wanted.count - 1 if wanted.each_its_own else 0)
        numbers = f"+{wanted.phone}" if last == wanted.phone else f"+{wanted.phone} to +{last}"
        console.print(f"{wanted.count} installed, of {numbers}. Ctrl-C ends.")
        with suppress(asyncio.CancelledError), console.status("waiting for pushes") as status:
            while True:
                await asyncio.sleep(0.5)
                status.update(_counted(fleet))
        for fault in fleet.faults:
            console.print(f"[red]fault[/] {escape(fault)}")
        console.print(_counted(fleet))


def _print(console: Console, happening: Happening) -> None:
    push, what = happening.push, happening.what
    text = f"{push.title}: {push.text}" if push.title else push.text
    detail = f"[bold]{escape(text)}[/]" if what in ("shown", "enriched") else f"[dim]{push.message_id}[/]"
    console.print(f"{happening.device.name:12} {what:9} {detail}", soft_wrap=True)


def _counted(fleet: Fleet) -> str:
    names = ("shown", "repeated", "foreign", "silenced", "delivered", "read", "dismissed", "clicked")
    return "  ".join(f"{name} {fleet.counts[name]}" for name in names if fleet.counts[name]) or "nothing has come yet"


if __name__ == "__main__":
    typer.run(main)
