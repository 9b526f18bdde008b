"""`rpns rebuild`: the database once more, from the log, into a second one; compared, and handed over."""

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

import typer
from rich.markup import escape

from deploy.cli import show
from deploy.cli.repair.reach import Shown, reached
from deploy.cli.words import phrase
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
    text = "{count} {count:record|records} at {rate} a second, into {database}"
    line = phrase(text, count=done.done, rate=f"{done.rate:,.0f}", database=escape(made.database))
    out.print(f"[green]✓[/] {line}")
    if done.unreadable or done.refused:
        text = "{unreadable} nobody can read, {refused} no fold takes: they are among the dead letters"
        out.print("  " + phrase(text, unreadable=done.unreadable, refused=done.refused))
    for line in _not_whole(made.begins):
        out.print(f"[yellow]![/] {escape(line)}", soft_wrap=True)
    if made.carried:
        carried = phrase("carried over from before that: {what}", what=", ".join(made.carried))
        out.print(f"  {carried}", soft_wrap=True)
    copied = phrase("copied, for no log holds them or they were decided once: {what}", what=", ".join(made.copied))
    out.print(f"  {copied}", soft_wrap=True)
    for found in differences:
        mark = "[yellow]![/]" if found.count else "[green]✓[/]"
        counts = phrase(
            "{collection}: {equal} equal, {unlike} not",
            collection=found.collection,
            equal=found.equal,
            unlike=found.count,
        )
        out.print(f"{mark} {counts}")
        if named:
            _print_named(found)
    if switch:
        line = phrase("start all services with MONGO_DATABASE={database}", database=escape(made.database))
        out.print(f"[green]✓[/] {line}", soft_wrap=True)


def _print_named(found: Difference) -> None:
    out = show.console()
    for title, keys in ((phrase("missing"), found.missing), (phrase("only in the rebuilt one"), found.extra)):
        for key in keys:
            out.print(f"    {title}: {escape(key)}", soft_wrap=True)
    for key, fields in found.different.items():
        line = phrase("differs in {fields}: {key}", fields=", ".join(fields), key=escape(key))
        out.print(f"    {line}", soft_wrap=True)
    if found.unnamed:
        out.print("    " + phrase("and {count} more", count=found.unnamed))


def _not_whole(begins: Mapping[str, int]) -> list[str]:
    text = "{topic} is held since {at} UTC only: what is older could not be made from it"
    return [phrase(text, topic=topic, at=show.moment(at)[:19]) for topic, at in sorted(begins.items())]


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
