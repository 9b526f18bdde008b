"""`rpns messages`: which messages, by what they were and what became of them, and how many failed for which reason."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.markup import escape

from deploy.cli import show
from deploy.cli.fault import Fault
from deploy.cli.gateway import Gateway
from deploy.cli.options import AsJson
from deploy.cli.period import since_ms
from deploy.cli.place import operator
from deploy.cli.words import phrase
from schemas.language import Language
from schemas.providers import Provider
from schemas.reasons import Reason

Json = dict[str, Any]
PAGE = 100
COLUMNS = {
    "created": "accepted, UTC",
    "messageId": "message",
    "partnerId": "partner",
    "channel": "channel",
    "state": "state",
    "why": "why",
}
WITH_RECIPIENTS = {**COLUMNS, "recipient": "recipient"}


def messages(
    context: typer.Context,
    state: Annotated[str | None, typer.Option(help="PLANNED, SENT, DELIVERED, READ, REFUSED, EXPIRED …")] = None,
    reason: Annotated[str | None, typer.Option(help="why: its name, its errorCode, or a part of its words")] = None,
    since: Annotated[str, typer.Option(help="30m, 12h, 7d, or a date as 2026-11-28T12:00 (UTC)")] = "1h",
    until: Annotated[str | None, typer.Option(help="the same, for the end; default: now")] = None,
    partner: Annotated[str | None, typer.Option(help="only this partner's")] = None,
    application: Annotated[str | None, typer.Option(help="id of an application")] = None,
    provider: Annotated[str | None, typer.Option(help=", ".join(Provider))] = None,
    mailing: Annotated[str | None, typer.Option(help="id of a mailing")] = None,
    packet: Annotated[int | None, typer.Option(help="id of a packet")] = None,
    limit: Annotated[int, typer.Option(help="how many to list", min=0)] = 20,
    recipients: Annotated[bool, typer.Option("--recipients", help="whom they went to, too")] = False,
    as_json: AsJson = False,
) -> None:
    """List messages, the newest first, and count all that have failed by their reasons."""
    now, asking = datetime.now(UTC), operator(context)
    query: Json = {"state": state, "partner": partner, "application": application, "provider": provider}
    query |= {"mailing": mailing, "packet": packet, "from": since_ms(since, now)}
    query["to"] = None if until is None else since_ms(until, now)
    query["reason"] = None if reason is None else _meant(reason)
    found = _newest(asking, query, limit)
    counts: list[Json] = asking.call("GET", "/v1/messages/reasons", **query)["reasons"]
    if as_json:
        show.as_json({"messages": found, "reasons": counts})
        return
    if limit:
        columns = WITH_RECIPIENTS if recipients else COLUMNS
        nothing = phrase("there are no such messages")
        show.listing([_row(message) for message in found], columns, nothing, to_json=False)
    _print_counts(counts)


def _newest(asking: Gateway, query: Json, most: int) -> list[Json]:
    found: list[Json] = []
    cursor: str | None = None
    while len(found) < most:
        page = asking.call("GET", "/v1/messages", limit=min(PAGE, most - len(found)), cursor=cursor, **query)
        found += page["messages"]
        cursor = page["cursor"]
        if cursor is None:
            break
    return found


def _meant(asked: str) -> list[str]:
    """The names of the reasons that are meant, by their words in any language. Raises Fault."""
    exact = [reason.value for reason in Reason if asked in (reason.value, str(reason.error_code))]
    found = exact or [
        reason.value
        for reason in Reason
        if any(asked.lower() in reason.words.said_in(language).lower() for language in Language)
    ]
    if not found:
        raise Fault(phrase("no reason is {asked}; there are: {reasons}", asked=repr(asked), reasons=", ".join(Reason)))
    return found


def _print_counts(counts: list[Json]) -> None:
    out = show.console()
    if not counts:
        out.print(f"[dim]{phrase('none of them has failed')}[/]")
        return
    total = sum(count["messages"] for count in counts)
    out.print(f"{total:>7} {phrase('failed, for these reasons:')}")
    for count in counts:
        reason = count["reason"]
        words = f"{reason['words']} (errorCode {reason['errorCode']})"
        out.print(f"{count['messages']:>7} {reason['name']} [dim]{escape(words)}[/]", soft_wrap=True)


def _row(message: Json) -> Json:
    reason, phone = message["reason"], message["phone"]
    recipient = [f"+{phone}" if phone else "", message["externalUserId"] or ""]
    return {
        **message,
        "created": show.moment(message["createdAt"])[:19],
        "why": "" if reason is None else reason["words"],
        "recipient": " / ".join(filter(None, recipient)),
    }
