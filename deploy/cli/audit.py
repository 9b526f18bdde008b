"""`rpns audit`: who changed what, from where, when, and from what to what; who looked at whom; and who was refused."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from deploy.cli import show
from deploy.cli.options import AsJson
from deploy.cli.period import since_ms
from deploy.cli.place import operator
from deploy.cli.words import phrase

COLUMNS = {
    "changedAt": "when, UTC",
    "who": "who",
    "address": "from",
    "what": "what",
    "answer": "answer",
    "changed": "changed, from → to; shown (#: a fingerprint)",
}

_MOST_COUNTED = 1_000
"""The platform counts no further."""


def audit(
    context: typer.Context,
    who: Annotated[str | None, typer.Option(help="operator:<name>, partner:<login>, or the name alone")] = None,
    what: Annotated[str | None, typer.Option(help="a part of the path, or of a thing's key: partner/<id> …")] = None,
    phone: Annotated[
        str | None, typer.Option(help="looks at this customer's values, searches for them, and what was done to them")
    ] = None,
    user: Annotated[str | None, typer.Option(help="the same by user id")] = None,
    message: Annotated[str | None, typer.Option(help="the same by an id of a message")] = None,
    since: Annotated[
        str | None, typer.Option(help="30m, 12h, 7d, or a date as 2026-11-28T12:00; default: a day before --until")
    ] = None,
    until: Annotated[str | None, typer.Option(help="likewise, and not later; default: now")] = None,
    wide: Annotated[bool, typer.Option("--wide", help="only looks that may have shown anybody, as exports")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 200,
    as_json: AsJson = False,
) -> None:
    """List changes by operators and partners, operators' looks at customers, and refusals, the newest last.

    Needs the scope admin.
    """
    now = datetime.now(UTC)
    begin, end = (None if text is None else since_ms(text, now) for text in (since, until))
    about: dict[str, Any] = {"phone": phone, "user": user, "message": message, "since": begin, "until": end}
    about |= {"wide": "true" if wide else None, "limit": limit}
    found = operator(context).call("GET", "/v1/audit", who=who, what=what, **about)
    rows = found["records"]
    show.listing(
        rows if as_json else [_row(row) for row in rows], COLUMNS, phrase("there are no such records"), as_json
    )
    for line in [*_missing(found), *_beside(found)]:
        show.errors().print(f"[yellow]{line}[/]")


def _missing(found: dict[str, Any]) -> list[str]:
    """Up to when there are all of this time, if not to its end. A platform of a former release does not tell."""
    if found["isWhole"]:
        return []
    if "readUntil" not in found:
        return [phrase("there is more than could be read in time: ask for a shorter time")]
    if not found["readUntil"]:
        return [phrase("nothing of the audit trail has been read from the log yet")]
    until = datetime.fromtimestamp(found["readUntil"] / 1000, UTC).isoformat(timespec="seconds")
    text = "records after {until} may be missing: the trail is behind the log, or Kafka is away"
    return [phrase(text, until=until)]


def _beside(found: dict[str, Any]) -> list[str]:
    """What is not in the list. A platform of a former release counts neither."""
    lines = []
    if found.get("leftOut"):
        oldest = datetime.fromtimestamp(found["records"][0]["at"] / 1000, UTC).isoformat(timespec="milliseconds")
        text = "{shown} older {count:one|ones}: ask again with --until {oldest}"
        lines.append(phrase(text, **_counted(found["leftOut"]), oldest=oldest))
    if found.get("wide"):
        text = (
            "{shown} {count:look names|looks name} nobody and may have shown this customer too: list them with --wide"
        )
        lines.append(phrase(text, **_counted(found["wide"])))
    return lines


def _counted(count: int) -> dict[str, Any]:
    """The number, for the form of its noun, and as it is shown."""
    return {"count": count, "shown": f"{count}+" if count >= _MOST_COUNTED else str(count)}


def _row(record: dict[str, Any]) -> dict[str, Any]:
    answer = f"{record['status']} × {record['count']}" if record["count"] > 1 else str(record["status"])
    what = f"{record['method']} {record['path']}".strip()
    changed = "\n".join([*map(_changed, record["changes"]), *_looked(record)])
    return {**record, "changedAt": record["at"], "what": what, "answer": answer, "changed": changed}


def _looked(record: dict[str, Any]) -> list[str]:
    """What was asked for, and how many were shown. A platform of a former release tells of no looks."""
    if not record.get("look"):
        return []
    lines = [f"  {asked['name']}={asked['value']}" for asked in record["asked"]]
    if record["messages"]:
        text = "messages: {messages}; phones, user ids and ids: {subjects}"
        lines.append("  " + phrase(text, messages=len(record["messages"]), subjects=len(record["subjects"])))
    if record["isWide"]:
        lines.append("  " + phrase("and others, whom the record does not name"))
    return [record["look"], *lines]


def _changed(change: dict[str, Any]) -> str:
    """A thing, and its fields a line each."""
    values = {value["name"]: f"{value['before'] or '–'} → {value['after'] or '–'}" for value in change["values"]}
    lines = [f"  {name}: {values[name]}" if name in values else f"  {name}" for name in change["fields"]]
    return "\n".join([change["entity"], *(lines or [f"  {phrase('nothing')}"])])
