"""`rpns stops`, `pause`, `resume`, `cancel`: the stop buttons."""

from typing import Annotated, Any

import typer

from deploy.cli import show
from deploy.cli.fault import Fault
from deploy.cli.gateway import path
from deploy.cli.options import AsJson
from deploy.cli.place import operator
from deploy.cli.words import phrase

SCOPES = ("partner", "application", "provider", "packet", "mailing")
Scope = Annotated[str, typer.Argument(help=", ".join(SCOPES), show_default=False)]
Cancellable = Annotated[str, typer.Argument(help="packet, mailing, message", show_default=False)]
Id = Annotated[str, typer.Argument(help="its id; of a packet or mailing <partner>/<id>", show_default=False)]
Reason = Annotated[str, typer.Option(help="why, for those who read it later")]


def stops(context: typer.Context, as_json: AsJson = False) -> None:
    """List what is paused or cancelled now."""
    rows = [{**row, "changedAt": row["at"]} for row in operator(context).pages("/v1/stops")]
    columns = {"scope": "what", "id": "id", "state": "state", "by": "by", "reason": "reason", "changedAt": "since, UTC"}
    show.listing(rows, columns, phrase("nothing is paused or cancelled"), as_json)


def pause(context: typer.Context, scope: Scope, stop_id: Id, reason: Reason = "", as_json: AsJson = False) -> None:
    """Hold everything up that has not been planned or sent; it waits until its lifetime ends."""
    _put(context, scope, stop_id, state="paused", reason=reason, as_json=as_json)


def resume(context: typer.Context, scope: Scope, stop_id: Id, reason: Reason = "", as_json: AsJson = False) -> None:
    """Let what is paused go on."""
    _put(context, scope, stop_id, state="running", reason=reason, as_json=as_json)


def cancel(
    context: typer.Context, scope: Cancellable, stop_id: Id, reason: Reason = "", as_json: AsJson = False
) -> None:
    """End a packet, a mailing, a scheduled message or what follows in its cascade: what is not planned is not sent."""
    if scope != "message":
        _put(context, scope, stop_id, state="cancelled", reason=reason, as_json=as_json)
        return
    answer = operator(context).call("POST", f"/v1/messages{path(stop_id)}/cancel")
    behind = ", ".join(answer["channels"])
    text = (
        "cancelling of message {message} is asked for, from link {link} on ({channels}); `rpns why` tells how it ended"
    )
    line = phrase(text, message=answer["messageId"], link=answer["link"] + 1, channels=behind)
    show.done(line, answer, as_json)


def _put(context: typer.Context, scope: str, stop_id: str, *, state: str, reason: str, as_json: bool) -> None:
    if scope not in SCOPES:
        raise Fault(
            phrase("{scope} cannot be stopped; there are {scopes}", scope=repr(scope), scopes=", ".join(SCOPES))
        )
    body: dict[str, Any] = {"state": state, "reason": reason}
    parts = stop_id.split("/", 1) if scope in ("packet", "mailing") else [stop_id]
    answer = operator(context).call("PUT", f"/v1/stops{path(scope, *parts)}", body)
    show.done(_stopped(scope, answer), answer, as_json)


def _stopped(scope: str, answer: dict[str, Any]) -> str:
    names = {"scope": scope, "id": answer["id"]}
    match answer["state"]:
        case "paused":
            return phrase("{scope} {id} is paused", **names)
        case "cancelled":
            return phrase("{scope} {id} is cancelled", **names)
    return phrase("{scope} {id} is running", **names)
