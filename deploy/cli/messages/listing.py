"""`rpns messages`: which messages, by state, reason and time, and how many for which reason."""

from collections import Counter
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.markup import escape

from deploy.cli import show
from deploy.cli.gateway import Gateway
from deploy.cli.options import AsJson
from deploy.cli.period import since_ms
from deploy.cli.place import operator

Json = dict[str, Any]
PAGE = 100
COLUMNS = {
    "created": "accepted, UTC",
    "message_id": "message",
    "partner_id": "partner",
    "channel": "channel",
    "state": "state",
    "why": "why",
}


def messages(
    context: typer.Context,
    state: Annotated[str | None, typer.Option(help="PLANNED, SENT, DELIVERED, READ, REFUSED, EXPIRED …")] = None,
    reason: Annotated[str | None, typer.Option(help="its name, its errorCode, or a part of its words")] = None,
    since: Annotated[str, typer.Option(help="30m, 12h, 7d, or a date as 2026-11-28T12:00 (UTC)")] = "1h",
    until: Annotated[str | None, typer.Option(help="the same, for the end; default: now")] = None,
    partner: Annotated[str | None, typer.Option(help="only this partner's")] = None,
    limit: Annotated[int, typer.Option(help="how many to list", min=1)] = 20,
    look_at: Annotated[int, typer.Option(help="how many to look at and count, the newest first", min=1)] = 2000,
    recipients: Annotated[bool, typer.Option("--recipients", help="whom they went to, too")] = False,
    as_json: AsJson = False,
) -> None:
    """List messages, the newest first, and count them by state and reason."""
    now = datetime.now(UTC)
    query = {"state": state, "partner": partner, "from": since_ms(since, now)}
    query["to"] = None if until is None else since_ms(until, now)
    looked, is_whole = _looked_at(operator(context), query, look_at)
    found = [message for message in looked if reason is None or _is_meant(message["reason"], reason)]
    if as_json:
        show.as_json(found[:limit])
        return
    columns = COLUMNS | ({"recipient": "to"} if recipients else {})
    show.listing([_row(message) for message in found[:limit]], columns, "there are no such messages", to_json=False)
    out = show.console()
    for (named, words), count in Counter(map(_kind, found)).most_common():
        out.print(f"{count:>7} {named} [dim]{escape(words)}[/]", soft_wrap=True)
    if not is_whole:
        out.print(f"[yellow]only the newest {len(looked)} were looked at; --look-at for more[/]")


def _looked_at(asking: Gateway, query: Json, most: int) -> tuple[list[Json], bool]:
    """At most so many, the newest first; and whether there are no others."""
    found: list[Json] = []
    cursor: str | None = None
    while len(found) < most:
        page = asking.call("GET", "/v1/messages", limit=min(PAGE, most - len(found)), cursor=cursor, **query)
        found += page["messages"]
        cursor = page["cursor"]
        if cursor is None:
            return found, True
    return found, False


def _is_meant(reason: Json | None, asked: str) -> bool:
    if reason is None:
        return False
    return asked in (reason["name"], str(reason["error_code"])) or asked.lower() in reason["words"].lower()


def _kind(message: Json) -> tuple[str, str]:
    reason = message["reason"]
    return message["state"], "" if reason is None else f"{reason['words']} (errorCode {reason['error_code']})"


def _row(message: Json) -> Json:
    reason, phone = message["reason"], message["phone"]
    recipient = [f"+{phone}" if phone else "", message["external_user_id"] or ""]
    return {
        **message,
        "created": show.moment(message["created_at"])[:19],
        "why": "" if reason is None else reason["words"],
        "recipient": " / ".join(filter(None, recipient)),
    }
