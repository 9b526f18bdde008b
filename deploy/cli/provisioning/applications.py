"""`rpns applications`: the mobile applications that pushes go to."""

from pathlib import Path
from typing import Annotated

import typer

from deploy.cli import show
from deploy.cli.gateway import path
from deploy.cli.options import Application, AsJson, SecretFile, given, secret_of, switched
from deploy.cli.place import operator
from deploy.cli.words import phrase

NAME = "applications"
COLUMNS = {
    "applicationId": "application",
    "name": "name",
    "enabled": "enabled",
    "apiKeys": "keys",
    "identity": "logins proved",
    "bundle": "bundle",
    "minVersion": "from version",
    "maxPushesPerS": "per s",
    "changedAt": "changed, UTC",
    "by": "by",
}
KEY_COLUMNS = {"kid": "kid", "alg": "algorithm", "addedAt": "added, UTC"}
CLEARABLE = {"bundle": "bundle", "min-version": "minVersion", "allowed-origin": "allowedOrigins"}
app = typer.Typer(no_args_is_help=True, help="Applications: where pushes go to.")
Bundle = Annotated[str | None, typer.Option(help="iOS bundle, the default APNs topic")]
MinVersion = Annotated[str | None, typer.Option(help="older ones get nothing")]
Variant = Annotated[str | None, typer.Option(help="native or universal")]
Rate = Annotated[int | None, typer.Option(help="pushes per second to each provider")]
Identity = Annotated[
    str | None, typer.Option(help="required, accepted or off: whether a login on a device needs a proof")
]

Origins = Annotated[
    list[str] | None,
    typer.Option("--allowed-origin", help="origin whose pages may use the device API: https://host[:port]; repeat it"),
]


@app.command()
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="for people", show_default=False)],
    application_id: Annotated[str | None, typer.Option("--id", help="default: drawn")] = None,
    secret_file: SecretFile = None,
    bundle: Bundle = None,
    min_version: MinVersion = None,
    rustore_variant: Variant = None,
    max_rate: Rate = None,
    identity: Identity = None,
    allowed_origin: Origins = None,
    as_json: AsJson = False,
) -> None:
    """Create an application; its API key is drawn, or read from --secret-file. Logins are proved unless said."""
    about = given(bundle=bundle, minVersion=min_version, rustoreVariant=rustore_variant, maxPushesPerS=max_rate)
    about |= given(identity=identity, allowedOrigins=allowed_origin)
    body = {"name": name, **given(applicationId=application_id), **secret_of("apiKey", secret_file), **about}
    made = operator(context).call("POST", "/v1/applications", body)
    line = phrase("application {application} is created", application=made["applicationId"])
    show.done(line, made, as_json, _drawn(secret_file))


@app.command("list")
def list_applications(context: typer.Context, as_json: AsJson = False) -> None:
    """All applications."""
    show.listing(
        operator(context).call("GET", "/v1/applications"), COLUMNS, phrase("There are no applications."), as_json
    )


@app.command("show")
def show_application(context: typer.Context, application: Application, as_json: AsJson = False) -> None:
    """One application, and whether logins on its devices are proved."""
    found = operator(context).call("GET", f"/v1/applications{path(application)}")
    if as_json:
        show.as_json(found)
        return
    show.listing([found], COLUMNS, "", to_json=False)
    keys = [{**key, "addedAt": show.moment(key["addedAt"])[:19]} for key in found["identityKeys"]]
    show.listing(keys, KEY_COLUMNS, phrase("There are no keys for proofs of login."), to_json=False)
    origins = [{"origin": origin} for origin in found["allowedOrigins"]]
    nowhere = phrase("No page of another address may call.")
    show.listing(origins, {"origin": "pages may call from"}, nowhere, to_json=False)
    show.console().print(words_on_identity(found["identity"], len(keys)))


@app.command()
def change(
    context: typer.Context,
    application: Application,
    name: Annotated[str | None, typer.Option(help="for people")] = None,
    bundle: Bundle = None,
    min_version: MinVersion = None,
    rustore_variant: Variant = None,
    max_rate: Rate = None,
    identity: Identity = None,
    allowed_origin: Origins = None,
    clear: Annotated[list[str] | None, typer.Option(help="bundle, min-version or allowed-origin: have none")] = None,
    as_json: AsJson = False,
) -> None:
    """Change what is named; the rest stays."""
    about = given(
        name=name, bundle=bundle, minVersion=min_version, rustoreVariant=rustore_variant, maxPushesPerS=max_rate
    )
    about |= given(identity=identity, allowedOrigins=allowed_origin)
    body = switched(about, clear or [], CLEARABLE)
    made = operator(context).call("PATCH", f"/v1/applications{path(application)}", body)
    show.done(phrase("application {application} is changed", application=application), made, as_json)


@app.command()
def rotate(
    context: typer.Context,
    application: Application,
    end_old: Annotated[bool, typer.Option("--end-old", help="the key before ends at once")] = False,
    secret_file: SecretFile = None,
    as_json: AsJson = False,
) -> None:
    """A new API key. The one before goes on working until `end-old-keys`, or the next rotation."""
    body = {"keepOld": not end_old, **secret_of("apiKey", secret_file)}
    made = operator(context).call("POST", f"/v1/applications{path(application, 'api-keys')}", body)
    text = "application {application} has a new API key; {keys} {keys:key works|keys work}"
    line = phrase(text, application=application, keys=made["apiKeys"])
    show.done(line, made, as_json, _drawn(secret_file))


@app.command("end-old-keys")
def end_old_keys(context: typer.Context, application: Application, as_json: AsJson = False) -> None:
    """Only the newest API key goes on working."""
    made = operator(context).call("DELETE", f"/v1/applications{path(application, 'api-keys', 'old')}")
    text = "application {application}: {keys} {keys:key works|keys work}"
    show.done(phrase(text, application=application, keys=made["apiKeys"]), made, as_json)


@app.command()
def disable(context: typer.Context, application: Application, as_json: AsJson = False) -> None:
    """Send it nothing, and refuse its devices."""
    _switch(context, application, False, as_json)


@app.command()
def enable(context: typer.Context, application: Application, as_json: AsJson = False) -> None:
    """Send to it again."""
    _switch(context, application, True, as_json)


def _switch(context: typer.Context, application: str, enabled: bool, as_json: bool) -> None:
    made = operator(context).call("PATCH", f"/v1/applications{path(application)}", {"enabled": enabled})
    text = "application {application} is enabled" if enabled else "application {application} is disabled"
    show.done(phrase(text, application=application), made, as_json)


def words_on_identity(identity: str, keys: int) -> str:
    if identity == "off":
        text = phrase("Logins are not proved: whoever has the app can log in as anybody, and is believed.")
        return f"[red]{text}[/]"
    if identity == "accepted":
        text = phrase("Logins without proof are taken; such devices see no history, and end no cascade.")
        return f"[yellow]{text}[/]"
    if keys:
        return phrase("Every login is proved.")
    return f"[yellow]{phrase('Nobody can log in: add a key (rpns identity add-key).')}[/]"


def _drawn(secret_file: Path | None) -> dict[str, str]:
    return {} if secret_file else {"apiKey": phrase("API key")}
