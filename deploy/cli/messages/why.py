"""`rpns why ID|PHONE`: what became of a message, and why."""

from typing import Annotated, Any

import typer
from rich.markup import escape

from deploy.cli import show
from deploy.cli.fault import Fault
from deploy.cli.gateway import Gateway, Refused, path
from deploy.cli.messages import trace
from deploy.cli.options import AsJson
from deploy.cli.place import operator
from deploy.cli.words import phrase

Json = dict[str, Any]
PHONE_DIGITS = range(7, 17)
COLUMNS = {"created": "accepted, UTC", "messageId": "message", "state": "state", "explanation": "why"}


def why(
    context: typer.Context,
    what: Annotated[
        str,
        typer.Argument(
            metavar="ID|PHONE",
            help="message id, mtNum, the partner's own id, or the customer's phone or user id",
            show_default=False,
        ),
    ],
    last: Annotated[int, typer.Option(help="of a phone or user: how many messages to list", min=1, max=100)] = 5,
    partner: Annotated[str | None, typer.Option(help="only this partner's messages")] = None,
    as_json: AsJson = False,
) -> None:
    """Explain one message, or the last one to a phone or user, with its whole trace."""
    gateway = operator(context)
    found = search(gateway, what, last, partner)
    if not found:
        raise Fault(phrase("no message has the id {id}, and none went to such a phone or user", id=repr(what)))
    newest: Json = gateway.call("GET", f"/v1/messages{path(found[0]['messageId'])}")
    if as_json:
        show.as_json(newest)
        return
    out = show.console()
    for other in of_that_id(gateway, what, found, partner):
        text = "{id} is the id of another message as well: {message}"
        out.print(f"[yellow]{escape(phrase(text, id=what, message=other['messageId']))}[/]", soft_wrap=True)
    trace.head(out, newest)
    trace.devices(out, newest["links"])
    trace.lines(out, newest["trace"])
    if newest["traceDropped"]:
        out.print(f"[dim]{phrase('{count} more lines were not kept', count=newest['traceDropped'])}[/]")
    if len(found) > 1:
        out.print(f"\n{phrase('before that:')}")
        rows = [{**message, "created": show.moment(message["createdAt"])[:19]} for message in found[1:]]
        show.listing(rows, COLUMNS, "", to_json=False)


def search(gateway: Gateway, what: str, last: int, partner: str | None) -> list[Json]:
    """The newest first. Tried as a phone if it looks like one, then as an id, then as a user id."""
    for field in (*(("phone",) if looks_like_phone(what) else ()), "id", "user"):
        query: dict[str, Any] = {field: what, "limit": last, "partner": partner}
        try:
            found: list[Json] = gateway.call("GET", "/v1/messages", **query)["messages"]
        except Refused as refused:
            if field == "phone" and refused.status == 400:
                continue
            raise
        if found:
            return found
    return []


def looks_like_phone(what: str) -> bool:
    """Digits, and what phones are written with. A mtNum or an id of the partner's own may look so as well."""
    digits = sum(map(str.isdecimal, what))
    return digits in PHONE_DIGITS and all(sign.isdecimal() or sign in "+-() ." for sign in what)


def of_that_id(gateway: Gateway, what: str, found: list[Json], partner: str | None) -> list[Json]:
    """The messages that have `what` for an id, where it was taken for a phone."""
    if not looks_like_phone(what):
        return []
    named: list[Json] = gateway.call("GET", "/v1/messages", id=what, limit=5, partner=partner)["messages"]
    shown = {message["messageId"] for message in found}
    return [message for message in named if message["messageId"] not in shown]
