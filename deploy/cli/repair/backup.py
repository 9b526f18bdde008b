"""`rpns backup` and `rpns restore`: the database with the groups' offsets beside it, and from it to the present."""

from pathlib import Path

import typer
from rich.markup import escape

from deploy.cli import show
from deploy.cli.repair.reach import Shown, reached
from deploy.repair.archive import Manifest
from deploy.repair.backup import backed_up
from deploy.repair.opened import Opened
from deploy.repair.restore import Restored, restored

KEYS = (
    "RPNS_MASTER_KEY, and RPNS_OLD_MASTER_KEYS if there are any: without them nothing that is sealed opens",
    "recipient_keys, hour_keys: in this backup, sealed under the master key. A backup that is older than an erasure "
    "still has the keys: throw it away in time",
)


def backup(context: typer.Context, folder: Path, *, as_json: bool) -> None:
    """Raises Fault."""

    async def work(opened: Opened, shown: Shown) -> Manifest:
        return await backed_up(opened, folder, shown)

    made = reached(context, "backup", work, quiet=as_json)
    documents = sum(stored.documents for stored in made.collections.values())
    size = sum(stored.bytes for stored in made.collections.values())
    moving = sorted(name for name, stored in made.collections.items() if not stored.is_snapshot)
    if as_json:
        show.as_json({"at": made.at, "documents": documents, "bytes": size, "masterKey": made.master_keys[0]})
        return
    out = show.console()
    out.print(f"[green]✓[/] {documents} documents, {size / 1e6:,.1f} MB, in {escape(str(folder))}", soft_wrap=True)
    out.print(f"  as of {show.moment(made.at)[:19]} UTC; read later, and folded again anyway: {', '.join(moving)}")
    out.print(f"  master key (its fingerprint): {made.master_keys[0]}")
    for line in KEYS:
        out.print(f"  keep apart: {line}" if line.startswith("RPNS") else f"  {line}", soft_wrap=True)


def restore(context: typer.Context, folder: Path, *, overwrite: bool, incomplete: bool, as_json: bool) -> None:
    """Raises Fault."""

    async def work(opened: Opened, shown: Shown) -> Restored:
        return await restored(opened, folder, shown, overwrite=overwrite, incomplete=incomplete)

    made = reached(context, "restore", work, quiet=as_json)
    if as_json:
        show.as_json(_as_json(made))
    else:
        _print(made)


def _print(made: Restored) -> None:
    out, since, at = show.console(), made.since, show.moment(made.manifest.at)[:19]
    out.print(f"[green]✓[/] {made.documents} documents of {at} UTC are loaded")
    done = made.progress
    out.print(f"[green]✓[/] {done.done} records since are folded, {done.rate:,.0f} a second")
    out.print(
        f"[green]✓[/] brought back: {since.links.claims} claims, {since.links.timers} waiting links, "
        f"{since.deliveries.timers} pushes that come again, {since.reports.waiting} reports that are tried again, "
        f"{since.mailings.changed} mailings",
        soft_wrap=True,
    )
    if made.erased:
        out.print(f"[green]✓[/] {made.erased} erasures since are carried out again")
    for line in not_promised(made):
        out.print(f"[yellow]![/] {escape(line)}", soft_wrap=True)
    out.print("[green]✓[/] start the services")


def not_promised(made: Restored) -> list[str]:
    """What this restore could not bring back, a line each."""
    since, lines = made.since, []
    if made.progress.refused:
        lines.append(
            f"{made.progress.refused} records could not be folded: they are among the dead letters, or a document of "
            "the backup is damaged; rpns rebuild makes it again"
        )
    for topic, count in sorted(made.lost.items()):
        lines.append(f"{topic}: {count} records after the backup are gone from the log, and what they said with them")
    if since.deliveries.doubts:
        lines.append(
            f"{since.deliveries.doubts} pushes may have been begun when the database was lost, at providers that would "
            "show them twice: they are reported as uncertain and not sent again"
        )
    if since.links.again:
        lines.append(f"{since.links.again} links were being planned: they are planned anew, under the same ids")
    if since.mailings.gone:
        lines.append(f"lists that came after the backup are gone; bring them again: {', '.join(since.mailings.gone)}")
    if since.mailings.unlike:
        lines.append(f"lists were changed after the backup; look at them: {', '.join(since.mailings.unlike)}")
    if made.given_back:
        lines.append(f"groups without offsets got those of the backup: {', '.join(made.given_back)}")
    lines.append(
        "SECURE values that were sealed for hours first needed after the backup are gone; marks of Live Activities "
        "ended since, and of dead letters dealt with since, too"
    )
    return lines


def _as_json(made: Restored) -> dict[str, object]:
    since = made.since
    return {
        "documents": made.documents,
        "records": made.progress.done,
        "refused": made.progress.refused,
        "claims": since.links.claims,
        "waitingLinks": since.links.timers,
        "plannedAnew": since.links.again,
        "comingAgain": since.deliveries.timers,
        "inDoubt": since.deliveries.doubts,
        "reportsWaiting": since.reports.waiting,
        "reportsTaken": since.reports.taken,
        "mailingsChanged": since.mailings.changed,
        "mailingsGone": since.mailings.gone,
        "mailingsUnlike": since.mailings.unlike,
        "erased": made.erased,
        "lost": made.lost,
        "offsetsGivenBack": made.given_back,
    }
