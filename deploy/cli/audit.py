"""`rpns audit`: who changed what, from where, and when."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from deploy.cli import show
from deploy.cli.options import AsJson
from deploy.cli.period import since_ms
from deploy.cli.place import operator

COLUMNS = {
    "changedAt": "when, UTC",
    "who": "who",
    "address": "from",
    "what": "what",
    "status": "answer",
    "changed": "changed",
}


def audit(
    context: typer.Context,
    who: Annotated[str | None, typer.Option(help="operator:<name>, partner:<login>, or the name alone")] = None,
    what: Annotated[str | None, typer.Option(help="a part of the path, or of a thing's key: partner/<id> …")] = None,
    since: Annotated[str, typer.Option(help="30m, 12h, 7d, or a date as 2026-11-28T12:00")] = "24h",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 200,
    as_json: AsJson = False,
) -> None:
    """List the changes by operators and partners, the newest last. Needs the scope admin."""
    begin = since_ms(since, datetime.now(UTC))
    found = operator(context).call("GET", "/v1/audit", who=who, what=what, since=begin, limit=limit)
    rows = found["records"]
    show.listing(rows if as_json else [_row(row) for row in rows], COLUMNS, "nobody has changed anything", as_json)
    if not found["isWhole"]:
        show.errors().print("[yellow]there is more than could be read in time: ask for a shorter time[/]")


def _row(record: dict[str, Any]) -> dict[str, Any]:
    changed = [f"{change['entity']}: {', '.join(change['fields']) or 'nothing'}" for change in record["changes"]]
    return {**record, "changedAt": record["at"], "what": f"{record['method']} {record['path']}", "changed": changed}
