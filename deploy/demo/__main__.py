"""`make demo`: see `deploy/demo/__init__.py`. Exits 0 only when every message came out as it should."""

import sys
import time
from typing import Any

from rich.console import Console
from rich.markup import escape

from deploy.demo import show
from deploy.demo.bank import Bank
from deploy.demo.phones import Numbers, enrol
from deploy.demo.place import performed
from deploy.demo.scenes import SCENES
from deploy.demo.stage import Stage
from deploy.local.provision import API_KEY, LOGIN, PASSWORD, SERVICE_NUMBER, backend
from deploy.sandbox.control.client import Control
from deploy.sandbox.phone.fleet import Fleet

TRACED = 6  # the message that a provider refused at first


async def play(console: Console, stack: dict[str, Any]) -> bool:
    """All scenes, one after the other."""
    gateway, control_url = stack["public_url"], stack["sandbox"]["control"]
    async with (
        Bank(gateway, LOGIN, PASSWORD, SERVICE_NUMBER) as bank,
        Control(control_url) as control,
        Fleet(gateway, control_url, API_KEY, backend(stack)) as fleet,
    ):
        numbers = Numbers()
        phones = await enrol(fleet, numbers)
        console.print(f"\n{len(phones)} phones have installed the app, registered and logged in.", highlight=False)
        run = f"demo-{time.time_ns() // 1_000_000}"
        stage = Stage(bank, fleet, control, numbers=numbers, phones=phones, console=console, run=run)
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
    return performed(console, lambda stack: play(console, stack))


if __name__ == "__main__":
    sys.exit(main())
