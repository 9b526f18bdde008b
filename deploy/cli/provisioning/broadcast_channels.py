"""`rpns broadcast-channels`: channels of APNs, on which one message reaches all who follow."""

import time
from typing import Annotated, Any

import typer

from deploy.cli import show
from deploy.cli.fault import Fault
from deploy.cli.gateway import Gateway, path
from deploy.cli.options import Application, AsJson
from deploy.cli.place import operator
from deploy.cli.words import phrase, state_in

NAME = "broadcast-channels"
COLUMNS = {
    "name": "name",
    "state": "state",
    "channelId": "channel id",
    "environment": "environment",
    "keepLatest": "keeps latest",
    "detail": "Apple says",
    "changedAt": "changed, UTC",
}
PAGE = 1_000
WAIT_S = 20.0
LOOK_S = 0.3
app = typer.Typer(no_args_is_help=True, help="Broadcast channels of an application at APNs.")
Json = dict[str, Any]
Name = Annotated[str, typer.Argument(help="your own name of the channel", show_default=False)]


@app.command()
def create(
    context: typer.Context,
    application: Application,
    name: Name,
    sandbox: Annotated[bool, typer.Option(help="in APNs' development environment")] = False,
    keep_latest: Annotated[bool, typer.Option(help="APNs keeps the newest message for who comes later")] = False,
    as_json: AsJson = False,
) -> None:
    """Ask for a channel, and wait until Apple has made it; the same again is the same channel."""
    gateway, where = operator(context), _where(application, name)
    body = {"environment": "sandbox" if sandbox else "production", "keepLatest": keep_latest}
    made = _settled(gateway, where, gateway.call("PUT", where, body), "requested")
    if made["state"] == "refused":
        why = made["detail"] or made["status"]
        raise Fault(phrase("Apple refused channel {channel}: {why}", channel=name, why=why))
    names = {"channel": name, "state": state_in(made["state"]), "id": made["channelId"]}
    if made["state"] == "open":
        line = phrase("channel {channel} is open, with the id {id}", **names)
    else:
        line = phrase("channel {channel} is {state}, and tried again; `list` tells", **names)
    show.done(line, made, as_json)


@app.command("list")
def list_channels(context: typer.Context, application: Application, as_json: AsJson = False) -> None:
    """All channels that were ever asked for."""
    gateway, rows, after = operator(context), list[Json](), ""
    while True:
        page = gateway.call("GET", _where(application), limit=PAGE, after=after)
        rows += page["channels"]
        for field, state in (("unread", "unknown"), ("damaged", "damaged")):  # a former release has none
            rows += [{"name": name, "state": state} for name in page.get(field, ())]
        if not (after := page["after"] or ""):
            break
    nothing = phrase("Application {application} has no broadcast channels.", application=application)
    show.listing(rows, COLUMNS, nothing, as_json)


@app.command()
def delete(context: typer.Context, application: Application, name: Name, as_json: AsJson = False) -> None:
    """Delete a channel; its followers get nothing more."""
    gateway, where = operator(context), _where(application, name)
    gone = _settled(gateway, where, gateway.call("DELETE", where), "closing")
    if gone["state"] == "open":
        why = gone["detail"] or gone["status"]
        raise Fault(phrase("Apple did not delete channel {channel}: {why}", channel=name, why=why))
    show.done(phrase("channel {channel} is {state}", channel=name, state=state_in(gone["state"])), gone, as_json)


def _where(application: str, *name: str) -> str:
    return f"/v1/applications{path(application)}/broadcast-channels{path(*name)}"


def _settled(gateway: Gateway, where: str, found: Json, passing: str) -> Json:
    """The channel once it has left that state, or as it is when that takes long."""
    deadline = time.monotonic() + WAIT_S
    while found["state"] == passing and time.monotonic() < deadline:
        time.sleep(LOOK_S)
        found = gateway.call("GET", where)
    return found
