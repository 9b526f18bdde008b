"""`rpns operators`: who operates the platform, each with a token of their own."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from deploy.cli import show
from deploy.cli.fault import Fault
from deploy.cli.gateway import path
from deploy.cli.options import AsJson, given
from deploy.cli.place import operator
from deploy.cli.words import phrase

NAME = "operators"
SCOPES = ("read", "support", "operator", "admin")
COLUMNS = {
    "name": "name",
    "scopes": "scopes",
    "state": "state",
    "expiresAt": "expires, UTC",
    "changedAt": "changed, UTC",
    "by": "by",
    "operatorId": "id",
}
app = typer.Typer(no_args_is_help=True, help="Operators: who operates the platform, each with a token of their own.")
Name = Annotated[str, typer.Argument(help="name of the operator, or the token's id", show_default=False)]


@app.command()
def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="small letters, digits and . _ @ -", show_default=False)],
    scopes: Annotated[list[str], typer.Option("--scope", help=f"{', '.join(SCOPES)}; repeat for more")],
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="days that it works; default: without end")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a token; it is shown this once."""
    ends = None if days is None else int((datetime.now(UTC) + timedelta(days=days)).timestamp() * 1000)
    body = {"name": name, "scopes": known_scopes(scopes), **given(expiresAt=ends)}
    made = operator(context).call("POST", "/v1/operators", body)
    line = phrase("operator {name} has a token with {scopes}", name=name, scopes=", ".join(made["scopes"]))
    show.done(line, made, as_json, {"token": phrase("token")})


@app.command("list")
def list_operators(context: typer.Context, as_json: AsJson = False) -> None:
    """All tokens that were ever made, the oldest first."""
    show.listing(
        operator(context).call("GET", "/v1/operators"), COLUMNS, phrase("There are no named operators."), as_json
    )


@app.command()
def revoke(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """End a token for good, within a second."""
    asking = operator(context)
    known = asking.call("GET", "/v1/operators")
    found = [entry for entry in known if name in (entry["name"], entry["operatorId"])]
    live = [entry for entry in found if entry["state"] != "revoked"]
    if not found:
        raise Fault(phrase("there is no operator {name}", name=repr(name)))
    ended = [asking.call("DELETE", f"/v1/operators{path(entry['operatorId'])}") for entry in live]
    show.done(phrase("operator {name} has no token any more", name=name), (ended or found)[-1], as_json)


def known_scopes(scopes: list[str]) -> list[str]:
    """The same. Raises Fault for one that there is not."""
    if unknown := [scope for scope in scopes if scope not in SCOPES]:
        raise Fault(phrase("--scope {scope}: there are {choice}", scope=unknown[0], choice=", ".join(SCOPES)))
    return scopes
