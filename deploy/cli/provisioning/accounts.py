"""`rpns accounts`: who signs in to the console with a name and a password."""

from typing import Annotated, Any

import typer

from deploy.cli import show
from deploy.cli.fault import Fault
from deploy.cli.gateway import Gateway, path
from deploy.cli.options import AsJson
from deploy.cli.place import operator
from deploy.cli.provisioning.operators import SCOPES, known_scopes
from deploy.cli.words import phrase

NAME = "accounts"
COLUMNS = {
    "name": "name",
    "scopes": "scopes",
    "state": "state",
    "passwordExpiresAt": "expires, UTC",
    "changedAt": "changed, UTC",
    "by": "by",
    "accountId": "id",
}
app = typer.Typer(no_args_is_help=True, help="Accounts: who signs in to the console with a name and a password.")
Name = Annotated[str, typer.Argument(help="name of the account, or its id", show_default=False)]
Scopes = Annotated[list[str], typer.Option("--scope", help=f"{', '.join(SCOPES)}; repeat for more")]


@app.command()
def invite(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="small letters, digits and . _ @ -", show_default=False)],
    scopes: Scopes,
    as_json: AsJson = False,
) -> None:
    """Make an account; its password for once is shown this once, and whoever signs in with it sets another."""
    made = operator(context).call("POST", "/v1/accounts", {"name": name, "scopes": known_scopes(scopes)})
    show.done(
        phrase("account {name} with {scopes} is there", name=name, scopes=", ".join(made["scopes"])),
        made,
        as_json,
        _shown(),
    )


@app.command("list")
def list_accounts(context: typer.Context, as_json: AsJson = False) -> None:
    """All accounts, by name."""
    show.listing(operator(context).call("GET", "/v1/accounts"), COLUMNS, phrase("Nobody has an account."), as_json)


@app.command()
def change(context: typer.Context, name: Name, scopes: Scopes, as_json: AsJson = False) -> None:
    """Give an account other scopes than it has."""
    changed = _changed(context, name, {"scopes": known_scopes(scopes)})
    show.done(phrase("account {name} has {scopes}", name=name, scopes=", ".join(changed["scopes"])), changed, as_json)


@app.command()
def reset(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Another password for once; the one that there was ends, and whoever is signed in with it is signed out."""
    asking = operator(context)
    found = asking.call("POST", f"/v1/accounts{path(_found(asking, name), 'password')}", {})
    show.done(phrase("account {name} has another password", name=name), found, as_json, _shown())


@app.command()
def disable(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Switch an account off; it is signed out within a second."""
    show.done(phrase("account {name} is off", name=name), _changed(context, name, {"enabled": False}), as_json)


@app.command()
def enable(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Switch an account on again, with the password that it had."""
    show.done(phrase("account {name} is on", name=name), _changed(context, name, {"enabled": True}), as_json)


@app.command()
def delete(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Delete an account for good; it is signed out, and its name may be given again."""
    asking = operator(context)
    gone = asking.call("DELETE", f"/v1/accounts{path(_found(asking, name))}")
    show.done(phrase("account {name} is gone", name=name), gone, as_json)


def _shown() -> dict[str, str]:
    """Titles of what is shown this once."""
    return {"name": phrase("name"), "password": phrase("password for once")}


def _changed(context: typer.Context, name: str, changes: dict[str, Any]) -> dict[str, Any]:
    asking = operator(context)
    changed: dict[str, Any] = asking.call("PATCH", f"/v1/accounts{path(_found(asking, name))}", changes)
    return changed


def _found(asking: Gateway, name: str) -> str:
    """Its id. Raises Fault."""
    known = asking.call("GET", "/v1/accounts")
    found: list[str] = [entry["accountId"] for entry in known if name in (entry["name"], entry["accountId"])]
    if not found:
        raise Fault(phrase("there is no account {name}", name=repr(name)))
    return found[0]
