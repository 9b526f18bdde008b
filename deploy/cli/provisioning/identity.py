"""`rpns identity`: the keys that proofs of login are verified with, and the end of proofs."""

import json
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli import show
from deploy.cli.fault import Fault
from deploy.cli.gateway import path
from deploy.cli.options import Application, AsJson, SecretFile, given, read_text, secret_of
from deploy.cli.place import operator
from deploy.cli.words import phrase

NAME = "identity"
app = typer.Typer(no_args_is_help=True, help="Proofs of login: who may say who is logged in on a device.")
Kid = Annotated[str, typer.Option(help="name of the key, as proofs give it; needed from the second key on")]


@app.command("add-key")
def add_key(
    context: typer.Context,
    application: Application,
    file: Annotated[Path, typer.Argument(help="public key in PEM, or a JWKS (- is standard input)")],
    kid: Kid = "",
    as_json: AsJson = False,
) -> None:
    """Take proofs that are signed with the private half of this key."""
    text = read_text(file)
    if "PRIVATE KEY" in text:
        text = "{file} holds a private key, which must never leave the backend: give its public half"
        raise Fault(phrase(text, file=file))
    body = {"jwks": _jwks(text, file)} if text.lstrip().startswith("{") else {"pem": text, **given(kid=kid or None)}
    made = operator(context).call("POST", f"/v1/applications{path(application, 'identity-keys')}", body)
    show.done(_keys(application, made), made, as_json)


@app.command("add-secret")
def add_secret(
    context: typer.Context,
    application: Application,
    kid: Kid = "",
    secret_file: SecretFile = None,
    as_json: AsJson = False,
) -> None:
    """Take proofs that are signed with a secret (HS256); it is drawn, or read from --secret-file."""
    body = {"secret": "", **secret_of("secret", secret_file), **given(kid=kid or None)}
    made = operator(context).call("POST", f"/v1/applications{path(application, 'identity-keys')}", body)
    show.done(_keys(application, made), made, as_json, {"secret": phrase("secret")})


@app.command("end-key")
def end_key(
    context: typer.Context,
    application: Application,
    kid: Annotated[str, typer.Argument(help="which; without one, the key that has none")] = "",
    as_json: AsJson = False,
) -> None:
    """Take no more proofs of a key. Logins that it has proved stay so, unless they are revoked."""
    made = operator(context).call("DELETE", f"/v1/applications{path(application, 'identity-keys')}", kid=kid)
    show.done(_keys(application, made), made, as_json)


@app.command()
def revoke(
    context: typer.Context,
    phone: Annotated[str | None, typer.Option(help="logged in with this phone")] = None,
    user: Annotated[str | None, typer.Option(help="logged in as this user")] = None,
    application: Annotated[str | None, typer.Option(help="only in this application; default: all")] = None,
    as_json: AsJson = False,
) -> None:
    """End the proofs of a user's logins: their devices count as unproved until the next login."""
    if phone is None and user is None:
        raise Fault(phrase("name a --phone, a --user or both"))
    body = given(phone=phone, externalUserId=user, applicationId=application)
    made = operator(context).call("POST", "/v1/identities/revoke", body)
    text = "{count} {count:installation|installations} not proved any more"
    show.done(phrase(text, count=len(made["installations"])), made, as_json)


def _jwks(text: str, file: Path) -> object:
    try:
        return json.loads(text)
    except ValueError:
        raise Fault(phrase("{file} is neither PEM nor JSON", file=file)) from None


def _keys(application: str, made: dict[str, list[object]]) -> str:
    text = "application {application} has {count} {count:key|keys} for proofs of login"
    return phrase(text, application=application, count=len(made["identityKeys"]))
