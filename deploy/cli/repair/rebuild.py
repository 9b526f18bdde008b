"""`rpns rebuild`: the database once more, from the log, into a second one; compared, and handed over."""

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

import typer
from rich.markup import escape

from deploy.cli import show
from deploy.cli.repair.reach import Shown, reached
from deploy.repair.compare import Difference, compared
from deploy.repair.opened import Opened
from deploy.repair.rebuild import Rebuilt, name_of, rebuilt
from deploy.repair.switch import switched

DIFFERENT = 4
"""Exit code: the two databases say different things."""


@dataclass(frozen=True)
class Asked:
    """`into` is empty for the usual name."""

    into: str
    _: KW_ONLY
    compare: bool
    switch: bool
    fresh: bool


def rebuild(context: typer.Context, asked: Asked, *, as_json: bool) -> None:
    """Raises Fault."""

    async def work(opened: Opened, shown: Shown) -> tuple[Rebuilt, list[Difference]]:
        name = asked.into or name_of(opened.database.name)
        if asked.switch:
            made = await switched(opened, name, shown)
        else:
            made = await rebuilt(opened, name, shown, fresh=asked.fresh)
        return made, await compared(opened.database, opened.other(name)) if asked.compare or asked.switch else []

    made, differences = reached(context, "rebuild", work, quiet=as_json)
    if as_json:
        show.as_json(_as_json(made, differences))
    else:
        _print(made, differences, switch=asked.switch, named=asked.compare)
    if asked.compare and not asked.switch and any(found.count for found in differences):
        raise typer.Exit(DIFFERENT)


def _print(made: Rebuilt, differences: Sequence[Difference], *, switch: bool, named: bool) -> None:
    out = show.console()
    done = made.progress
    out.print(f"[green]✓[/] {done.done} records at {done.rate:,.0f} a second, into {escape(made.database)}")
    if done.unreadable or done.refused:
        out.print(f"  {done.unreadable} nobody can read, {done.refused} no fold takes: they are among the dead letters")
    for line in _not_whole(made.begins):
        out.print(f"[yellow]![/] {escape(line)}", soft_wrap=True)
    if made.carried:
        out.print(f"  carried over from before that: {', '.join(made.carried)}", soft_wrap=True)
    out.print(f"  copied, for no log holds them or they were decided once: {', '.join(made.copied)}", soft_wrap=True)
    for found in differences:
        mark = "[yellow]![/]" if found.count else "[green]✓[/]"
        out.print(f"{mark} {found.collection}: {found.equal} equal, {found.count} not")
        if named:
            _print_named(found)
    if switch:
        out.print(f"[green]✓[/] start all services with MONGO_DATABASE={escape(made.database)}", soft_wrap=True)


def _print_named(found: Difference) -> None:
    out = show.console()
    for title, keys in (("missing", found.missing), ("only in the rebuilt one", found.extra)):
        for key in keys:
            out.print(f"    {title}: {escape(key)}", soft_wrap=True)
    for key, fields in found.different.items():
        out.print(f"    differs in {', '.join(fields)}: {escape(key)}", soft_wrap=True)
    if found.unnamed:
        out.print(f"    and {found.unnamed} more")


def _not_whole(begins: Mapping[str, int]) -> list[str]:
    return [
        f"{topic} is held since {show.moment(at)[:19]} UTC only: what is older could not be made from it"
        for topic, at in sorted(begins.items())
    ]


def _as_json(made: Rebuilt, differences: Sequence[Difference]) -> dict[str, Any]:
    return {
        "database": made.database,
        "records": made.progress.done,
        "unreadable": made.progress.unreadable,
        "refused": made.progress.refused,
        "logBegins": made.begins,
        "isWhole": made.is_whole,
        "carriedOver": made.carried,
        "copied": made.copied,
        "compared": {
            found.collection: {
                "equal": found.equal,
                "missing": found.missing,
                "extra": found.extra,
                "different": found.different,
                "unnamed": found.unnamed,
            }
            for found in differences
        },
    }
