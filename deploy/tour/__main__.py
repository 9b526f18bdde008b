"""`make tour`: see `deploy/tour/__init__.py`. Exits 0 only when every row is as expected.

`python -m deploy.tour NAME…` plays only the scenes in files of these names.
"""

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from deploy.local import StackError
from deploy.play.stack import performed
from deploy.sandbox.phone.sdk_api import UNREACHABLE, RefusedError
from deploy.tour import show
from deploy.tour.scene import Place, Row, Scene, all_scenes, name_of, placed


async def tour(console: Console, stack: dict[str, object], names: Sequence[str]) -> bool:
    """All scenes, one after the other; one that fails is a row of the table, and the others are played."""
    chosen = [scene for scene in all_scenes() if not names or name_of(scene) in names]
    if unknown := set(names) - {name_of(scene) for scene in chosen}:
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
    except (RefusedError, AssertionError, *UNREACHABLE) as error:
        return [Row("", "", str(error) or type(error).__name__, False)]
    finally:
        await place.control.clear_faults()


def main() -> int:
    console = Console()
    return performed(console, lambda stack: tour(console, stack, sys.argv[1:]))


if __name__ == "__main__":
    sys.exit(main())
