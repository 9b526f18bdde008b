"""`make demo`: see `deploy/demo/__init__.py`. Exits 0 only when every message came out as it should."""

import sys
import time
from typing import Any

from rich.console import Console
from rich.markup import escape

from deploy.demo import show
from deploy.demo.phones import Numbers, enrol
from deploy.demo.scenes import SCENES
from deploy.demo.stage import Stage
from deploy.play.sides import opened
from deploy.play.stack import performed

TRACED = 6  # the message that a provider refused at first


async def play(console: Console, stack: dict[str, Any]) -> bool:
    """All scenes, one after the other."""
    async with opened(stack) as sides:
        fleet = sides.fleet
        numbers = Numbers()
        phones = await enrol(fleet, numbers)
        console.print(f"\n{len(phones)} phones have installed the app, registered and logged in.", highlight=False)
        run = f"demo-{time.time_ns() // 1_000_000}"
        stage = Stage(sides, numbers=numbers, phones=phones, console=console, run=run)
        played = [(scene, await stage.play(number, scene)) for number, scene in enumerate(SCENES, 1)]
        message = await sides.bank.message(stage.ref(TRACED))
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
