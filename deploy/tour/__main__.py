"""`make tour`: see `deploy/tour/__init__.py`. Exits 0 only when every row is as expected.

`python -m deploy.tour NAME…` plays only the scenes in files of these names.
"""

import asyncio
import sys
import time
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from deploy.demo.place import stack_for_demo
from deploy.local import StackError
from deploy.local.__main__ import DEFAULT_DIR
from deploy.sandbox.sdk_api import UNREACHABLE, RefusedError
from deploy.tour import show
from deploy.tour.scene import Place, Row, Scene, SceneFailed, all_scenes, name_of, placed


async def tour(console: Console, stack: dict[str, object], names: Sequence[str]) -> bool:
    """All scenes, one after the other; one that fails is a row of the table, and the others are played."""
    chosen = [one for one in all_scenes() if not names or name_of(one) in names]
    if unknown := set(names) - {name_of(one) for one in chosen}:
        raise StackError(f"no scene is named {', '.join(sorted(unknown))}")
    played: list[tuple[str, Sequence[Row]]] = []
    async with placed(stack) as place:
        for scene in chosen:
            console.print(f"[bold]•[/] {escape(scene.TITLE)}", highlight=False)
            played.append((scene.TITLE, await _play(scene, place)))
        is_good = show.rows(console, played)
        for fault in place.fleet.faults:
            console.print(f"[red]✗[/] {escape(fault)}", highlight=False)
        return is_good and not place.fleet.faults


async def _play(scene: Scene, place: Place) -> Sequence[Row]:
    try:
        return await scene.play(place)
    except (SceneFailed, RefusedError, AssertionError, *UNREACHABLE) as error:
        return [Row("", "", str(error) or type(error).__name__, False)]
    finally:
        await place.control.clear_faults()


def main() -> int:
    console = Console()
    started = time.monotonic()
    try:
        with stack_for_demo(console) as stack:
            is_good = asyncio.run(tour(console, stack, sys.argv[1:]))
            verdict = "[green]All as it should be[/]" if is_good else "[red]Not all is as it should be[/]"
            console.print(f"{verdict}, {time.monotonic() - started:.0f} s.", highlight=False)
            return 0 if is_good else 1
    except (StackError, *UNREACHABLE) as error:
        what = str(error) or type(error).__name__
        where = "" if isinstance(error, StackError) else f"; the services' logs are in {DEFAULT_DIR / 'log'}"
        Console(stderr=True).print(f"[red]error:[/] {escape(what)}{where}", highlight=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
