"""`rpns credentials`: how the platform proves itself to the providers and the channel platform.

Read from a file, sealed there, never shown.
"""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from deploy.cli import show
from deploy.cli.fault import Fault
from deploy.cli.gateway import Gateway, path
from deploy.cli.options import Application, AsJson, read_json, read_text
from deploy.cli.place import operator
from deploy.cli.words import phrase, spoken
from schemas.providers import Provider, ProviderName
from services.runtime.credentials import fields_of
from services.runtime.crypto.private_keys import p256_pem
from services.runtime.text.vapid_subject import vapid_subject
from services.runtime.words import translation_of

NAME = "credentials"
COLUMNS = {
    "applicationId": "application",
    "provider": "provider",
    "enabled": "enabled",
    "fingerprint": "fingerprint",
    "changedAt": "changed, UTC",
    "by": "by",
}
app = typer.Typer(no_args_is_help=True, help="Credentials of an application with the providers.")


With = Annotated[
    ProviderName, typer.Argument(help="with whom; channel is the platform for all but pushes", show_default=False)
]
_FIELDS = "; ".join(f"{provider}: {fields_of(provider)}" for provider in Provider)
File = Annotated[
    Path,
    typer.Argument(
        help=f"JSON as the provider's console gives it out, - is standard input. {_FIELDS} (`web-key` makes them)",
        show_default=False,
    ),
]


@app.command()
def create(
    context: typer.Context, application: Application, provider: With, file: File, as_json: AsJson = False
) -> None:
    """Give an application its credentials with a provider."""
    gateway, body = operator(context), read_json(file)
    if _find(gateway, application, provider) is not None:
        text = "application {application} has credentials with {provider}; `rotate` replaces them"
        raise Fault(phrase(text, application=application, provider=provider))
    _put(gateway, application, provider, body, as_json=as_json)


@app.command()
def rotate(
    context: typer.Context, application: Application, provider: With, file: File, as_json: AsJson = False
) -> None:
    """Replace the credentials; the next push uses the new ones."""
    gateway, body = operator(context), read_json(file)
    if (found := _find(gateway, application, provider)) is None:
        text = "application {application} has no credentials with {provider}; `create` gives it some"
        raise Fault(phrase(text, application=application, provider=provider))
    _put(gateway, application, provider, body, found["version"], as_json=as_json)


@app.command("web-key")
def web_key(
    subject: Annotated[str, typer.Argument(help="whom push services may ask: mailto:… or https:…", show_default=False)],
    key: Annotated[
        Path | None,
        typer.Argument(
            help="file with a key of yours: PEM, .p8 or 32 bytes in base64url; - is standard input. Default: a new one",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Print a key for Web Push, as `create … web` takes it. Keep it: browsers subscribe with it."""
    try:
        vapid_subject(subject)
    except ValueError as error:
        raise Fault(phrase("the subject {rule}", rule=translation_of(str(error), spoken()))) from None
    try:
        pem = _new_key() if key is None else p256_pem(read_text(key))
    except ValueError as error:
        raise Fault(f"{key} {translation_of(str(error), spoken())}") from None
    print(json.dumps({"subject": subject, "private_key": pem}, indent=2))


@app.command("list")
def list_credentials(
    context: typer.Context,
    application: Annotated[str | None, typer.Argument(help="default: of all applications", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Which credentials there are; fingerprints only."""
    gateway = operator(context)
    known = [] if application else gateway.call("GET", "/v1/applications")
    names = [application] if application else [found["applicationId"] for found in known]
    found = [credentials for name in names for credentials in _of(gateway, name)]
    show.listing(found, COLUMNS, phrase("There are no credentials."), as_json)


@app.command()
def disable(context: typer.Context, application: Application, provider: With, as_json: AsJson = False) -> None:
    """Send nothing through this provider."""
    _switch(context, application, provider, False, as_json)


@app.command()
def enable(context: typer.Context, application: Application, provider: With, as_json: AsJson = False) -> None:
    """Send through this provider again."""
    _switch(context, application, provider, True, as_json)


def _new_key() -> str:
    pem = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem.decode()


def _switch(context: typer.Context, application: str, provider: str, enabled: bool, as_json: bool) -> None:
    made = operator(context).call("PATCH", _path(application, provider), {"enabled": enabled})
    enabling = "credentials of {application} with {provider} are enabled"
    text = enabling if enabled else "credentials of {application} with {provider} are disabled"
    show.done(phrase(text, application=application, provider=provider), made, as_json)


def _put(
    gateway: Gateway, application: str, provider: str, body: dict[str, Any], version: str = "", *, as_json: bool
) -> None:
    made = gateway.call("PUT", _path(application, provider), body, version)
    text = "credentials of {application} with {provider}, fingerprint {fingerprint}"
    line = phrase(text, application=application, provider=provider, fingerprint=made["fingerprint"])
    show.done(line, made, as_json)


def _of(gateway: Gateway, application: str) -> list[dict[str, Any]]:
    return list(gateway.call("GET", f"/v1/applications{path(application, 'credentials')}"))


def _find(gateway: Gateway, application: str, provider: str) -> dict[str, Any] | None:
    return next((credentials for credentials in _of(gateway, application) if credentials["provider"] == provider), None)


def _path(application: str, provider: str) -> str:
    return f"/v1/applications{path(application, 'credentials', provider)}"
