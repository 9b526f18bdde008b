"""`rpns backup` and `rpns restore`: the database with the groups' offsets beside it, and from it to the present."""

from collections.abc import Sequence
from pathlib import Path

import typer
from rich.markup import escape

from deploy.cli import show
from deploy.cli.repair.reach import Shown, reached
from deploy.cli.words import phrase
from deploy.repair.archive import Manifest
from deploy.repair.backup import backed_up
from deploy.repair.opened import Opened
from deploy.repair.restore import Restored, restored


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
    text = "{count} {count:document|documents}, {size} MB, in {folder}"
    line = phrase(text, count=documents, size=f"{size / 1e6:,.1f}", folder=escape(str(folder)))
    out.print(f"[green]✓[/] {line}", soft_wrap=True)
    for line in _to_know(made, moving):
        out.print(f"  {line}", soft_wrap=True)


def _to_know(made: Manifest, moving: Sequence[str]) -> list[str]:
    text = "as of {at} UTC; read later, and folded again anyway: {collections}"
    keys = "keep apart: RPNS_MASTER_KEY, and RPNS_OLD_MASTER_KEYS if there are any: without them nothing sealed opens"
    inside = (
        "recipient_keys, hour_keys: in this backup, sealed under the master key. A backup that is older than an "
        "erasure still has the keys: throw it away in time"
    )
    return [
        phrase(text, at=show.moment(made.at)[:19], collections=", ".join(moving)),
        phrase("master key (its fingerprint): {fingerprint}", fingerprint=made.master_keys[0]),
        phrase(keys),
        phrase(inside),
    ]


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
    done = made.progress
    lines = [phrase("{count} {count:document|documents} of {at} UTC loaded", count=made.documents, at=at)]
    folded = "{count} {count:record|records} since folded, {rate} a second"
    lines.append(phrase(folded, count=done.done, rate=f"{done.rate:,.0f}"))
    back = (
        "brought back: {claims} claims, {links} waiting links, {pushes} pushes that come again, "
        "{reports} reports that are tried again, {mailings} mailings"
    )
    links = {"claims": since.links.claims, "links": since.links.timers, "pushes": since.deliveries.timers}
    lines.append(phrase(back, **links, reports=since.reports.waiting, mailings=since.mailings.changed))
    if made.erased:
        lines.append(phrase("{count} {count:erasure|erasures} since carried out again", count=made.erased))
    for line in lines:
        out.print(f"[green]✓[/] {line}", soft_wrap=True)
    for line in not_promised(made):
        out.print(f"[yellow]![/] {escape(line)}", soft_wrap=True)
    out.print(f"[green]✓[/] {phrase('start the services')}")


def not_promised(made: Restored) -> list[str]:
    """What this restore could not bring back, a line each."""
    since, lines = made.since, []
    if made.progress.refused:
        text = (
            "{count} {count:record|records} could not be folded: among the dead letters, or a document of the backup "
            "is damaged; rpns rebuild makes it again"
        )
        lines.append(phrase(text, count=made.progress.refused))
    for topic, count in sorted(made.lost.items()):
        text = "{topic}: {count} {count:record|records} after the backup gone from the log, and what they said too"
        lines.append(phrase(text, topic=topic, count=count))
    if since.deliveries.doubts:
        text = (
            "{count} {count:push|pushes} may have been begun when the database was lost, at providers that would show "
            "them twice: reported as uncertain and not sent again"
        )
        lines.append(phrase(text, count=since.deliveries.doubts))
    if since.links.again:
        text = "{count} {count:link|links} in planning: planned anew, under the same ids"
        lines.append(phrase(text, count=since.links.again))
    if since.mailings.gone:
        text = "lists that came after the backup are gone; bring them again: {lists}"
        lines.append(phrase(text, lists=", ".join(since.mailings.gone)))
    if since.mailings.unlike:
        text = "lists were changed after the backup; look at them: {lists}"
        lines.append(phrase(text, lists=", ".join(since.mailings.unlike)))
    if made.given_back:
        text = "groups without offsets got those of the backup: {groups}"
        lines.append(phrase(text, groups=", ".join(made.given_back)))
    always = (
        "SECURE values that were sealed for hours first needed after the backup are gone; marks of Live Activities "
        "ended since, and of dead letters dealt with since, too"
    )
    lines.append(phrase(always))
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
