"""`make demo`: see `deploy/demo/__init__.py`. Exits 0 only when every message came out as it should."""

import asyncio
import sys
import time

from rich.console import Console
from rich.markup import escape

from deploy.demo import show
from deploy.demo.bank import Bank
from deploy.demo.phones import enrol
from deploy.demo.place import stack_for_demo
from deploy.demo.scenes import SCENES
from deploy.demo.stage import Stage
from deploy.local import StackError
from deploy.local.__main__ import DEFAULT_DIR
from deploy.local.provision import API_KEY, LOGIN, PASSWORD, SERVICE_NUMBER
from deploy.sandbox.control_client import Control
from deploy.sandbox.fleet import Fleet
from deploy.sandbox.sdk_api import UNREACHABLE, RefusedError

TRACED = 6  # the message that a provider refused at first


async def play(console: Console, gateway: str, control_url: str) -> bool:
    """All scenes, one after the other."""
    async with (
        Bank(gateway, LOGIN, PASSWORD, SERVICE_NUMBER) as bank,
        Control(control_url) as control,
        Fleet(gateway, control_url, API_KEY) as fleet,
    ):
        phones = await enrol(fleet)
        console.print(f"\n{len(phones)} phones have installed the app, registered and logged in.", highlight=False)
        stage = Stage(bank, fleet, control, phones, console, run=f"demo-{time.time_ns() // 1_000_000}")
        played = [(scene, await stage.play(number, scene)) for number, scene in enumerate(SCENES, 1)]
        message = await bank.message(stage.ref(TRACED))
        if message is not None:
            show.trace(console, message, stage.ref(TRACED))
        is_good = show.outcomes(console, played)
        for fault in fleet.faults:
            console.print(f"[red]✗[/] {escape(fault)}", highlight=False)
        return is_good and not fleet.faults


def main() -> int:
    console = Console()
    started = time.monotonic()
    try:
        with stack_for_demo(console) as stack:
            is_good = asyncio.run(play(console, stack["public_url"], stack["sandbox"]["control"]))
            took_s = time.monotonic() - started
            verdict = "[green]All as it should be[/]" if is_good else "[red]Not all is as it should be[/]"
            console.print(f"{verdict}, {took_s:.0f} s.", highlight=False)
            return 0 if is_good else 1
    except (StackError, RefusedError, *UNREACHABLE) as error:
        what = str(error) or type(error).__name__
        where = "" if isinstance(error, StackError) else f"; the services' logs are in {DEFAULT_DIR / 'log'}"
        Console(stderr=True).print(f"[red]error:[/] {escape(what)}{where}", highlight=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
