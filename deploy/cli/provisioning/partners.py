"""`rpns partners`: who may send."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from deploy.cli import show
from deploy.cli.fault import Fault
from deploy.cli.gateway import Gateway, path
from deploy.cli.options import AsJson, Partner, SecretFile, given, secret_of, switched
from deploy.cli.place import Place, operator
from deploy.cli.provisioning.first_push import FirstPush
from deploy.cli.words import phrase

Json = dict[str, Any]
NAME = "partners"
COLUMNS = {
    "partnerId": "partner",
    "login": "login",
    "enabled": "enabled",
    "defaultSender": "default sender",
    "reportUrl": "reports to",
    "maxRatePerS": "per s",
    "subnets": "subnets",
    "changedAt": "changed, UTC",
    "by": "by",
}
CLEARABLE = {"report-url": "reportUrl", "default-sender": "defaultSender"}
app = typer.Typer(no_args_is_help=True, help="Partners: who may send.")
ReportUrl = Annotated[str | None, typer.Option(help="where delivery reports go")]
DefaultSender = Annotated[str | None, typer.Option(help="service number of requests that name none")]
Subnets = Annotated[list[str] | None, typer.Option("--subnet", help="CIDR it may call from; repeat for more")]
PushTtl = Annotated[int | None, typer.Option("--push-ttl", help="lifetime in seconds of pushes that name none")]
Duplicates = Annotated[bool | None, typer.Option("--reject-duplicates/--allow-duplicates", help="a repeated id")]
Rate = Annotated[int | None, typer.Option(help="requests per second")]
Connections = Annotated[int | None, typer.Option(help="requests at the same time")]


class Secret(StrEnum):
    """What can be rotated."""

    PASSWORD = "password"
    REPORT_KEY = "report-key"
    BATCH_KEY = "batch-key"
    API_KEY = "api-key"


@app.command()
def create(
    context: typer.Context,
    login: Annotated[str, typer.Argument(help="what it logs in with", show_default=False)],
    partner_id: Annotated[str | None, typer.Option("--id", help="default: the login")] = None,
    secret_file: SecretFile = None,
    report_url: ReportUrl = None,
    subnets: Subnets = None,
    push_ttl: PushTtl = None,
    reject_duplicates: Duplicates = None,
    max_rate: Rate = None,
    max_connections: Connections = None,
    sender: Annotated[str | None, typer.Option(help="a service number of its own, which it sends from")] = None,
    application: Annotated[str | None, typer.Option(help="of --sender: where its pushes go")] = None,
    as_json: AsJson = False,
) -> None:
    """Create a partner; its password is drawn, or read from --secret-file. With --sender it can send at once."""
    if application is not None and sender is None:
        raise Fault(phrase("--application says where the pushes of a --sender go: give that too"))
    about = _about(
        report_url=report_url,
        default_sender=None,
        subnets=subnets,
        push_ttl=push_ttl,
        reject_duplicates=reject_duplicates,
        max_rate=max_rate,
        max_connections=max_connections,
    )
    body = {"login": login, **given(partnerId=partner_id), **secret_of("password", secret_file), **about}
    gateway = operator(context)
    made = gateway.call("POST", "/v1/partners", body)
    if sender is not None:
        made = _with_sender(gateway, made, sender, application)
    line = phrase("partner {partner} is created, login {login}", partner=made["partnerId"], login=made["login"])
    show.done(line, made, as_json, _drawn(secret_file))
    if sender is not None and not as_json:
        place: Place = context.obj
        example = FirstPush(made["login"], None, sender, None).curl_line(place.url)
        show.console().print(f"  [dim]{escape(example)}[/]", soft_wrap=True)


def _with_sender(gateway: Gateway, made: Json, sender: str, application: str | None) -> Json:
    """Give the new partner its sender. Raises Fault that says what was done before."""
    own = path(made["partnerId"])
    try:
        gateway.call("PUT", f"/v1/partners{own}/senders{path(sender)}", {"applicationId": application, "enabled": True})
        changed: Json = gateway.call("PATCH", f"/v1/partners{own}", {"defaultSender": sender})
    except Fault as fault:
        text = "partner {partner} is created, but not its sender: {why}"
        line = phrase(text, partner=made["partnerId"], why=fault)
        if made.get("password"):
            line += "; " + phrase("its password, shown this once, is {password}", password=made["password"])
        raise Fault(line) from None
    return {**changed, **{name: made[name] for name in ("password",) if name in made}}


@app.command("list")
def list_partners(context: typer.Context, as_json: AsJson = False) -> None:
    """All partners."""
    show.listing(operator(context).call("GET", "/v1/partners"), COLUMNS, phrase("There are no partners."), as_json)


@app.command()
def change(
    context: typer.Context,
    partner: Partner,
    report_url: ReportUrl = None,
    default_sender: DefaultSender = None,
    subnets: Subnets = None,
    push_ttl: PushTtl = None,
    reject_duplicates: Duplicates = None,
    max_rate: Rate = None,
    max_connections: Connections = None,
    clear: Annotated[list[str] | None, typer.Option(help="report-url or default-sender: have none")] = None,
    as_json: AsJson = False,
) -> None:
    """Change what is named; the rest stays."""
    about = _about(
        report_url=report_url,
        default_sender=default_sender,
        subnets=subnets,
        push_ttl=push_ttl,
        reject_duplicates=reject_duplicates,
        max_rate=max_rate,
        max_connections=max_connections,
    )
    body = switched(about, clear or [], CLEARABLE)
    made = operator(context).call("PATCH", f"/v1/partners{path(partner)}", body)
    show.done(phrase("partner {partner} is changed", partner=partner), made, as_json)


@app.command()
def rotate(
    context: typer.Context,
    partner: Partner,
    what: Annotated[Secret, typer.Option(help="which secret")] = Secret.PASSWORD,
    secret_file: SecretFile = None,
    as_json: AsJson = False,
) -> None:
    """A new secret. The old password ends at once; keys work until the next one, a report key until end-old-report-key.

    Until then webhook-signature is made with both report keys, X-RPNS-Signature with the one before.
    """
    if what is not Secret.PASSWORD and secret_file is not None:
        raise typer.BadParameter(phrase("only a password can be given; keys are drawn"))
    body = secret_of("password", secret_file)
    made = operator(context).call("POST", f"/v1/partners{path(partner, what.value)}", body)
    line = phrase("partner {partner} has a new secret: {what}", partner=partner, what=what.value)
    show.done(line, made, as_json, _drawn(secret_file))


@app.command()
def end_old_report_key(context: typer.Context, partner: Partner, as_json: AsJson = False) -> None:
    """Sign the partner's reports with its newest report key alone, once the partner knows that one."""
    made = operator(context).call("DELETE", f"/v1/partners{path(partner, 'report-key', 'old')}")
    show.done(phrase("the reports of {partner} are signed with its newest key alone", partner=partner), made, as_json)


@app.command()
def disable(context: typer.Context, partner: Partner, as_json: AsJson = False) -> None:
    """Refuse what the partner sends."""
    _switch(context, partner, False, as_json)


@app.command()
def enable(context: typer.Context, partner: Partner, as_json: AsJson = False) -> None:
    """Let the partner send again."""
    _switch(context, partner, True, as_json)


def _switch(context: typer.Context, partner: str, enabled: bool, as_json: bool) -> None:
    made = operator(context).call("PATCH", f"/v1/partners{path(partner)}", {"enabled": enabled})
    text = "partner {partner} is enabled" if enabled else "partner {partner} is disabled"
    show.done(phrase(text, partner=partner), made, as_json)


def _drawn(secret_file: Path | None) -> dict[str, str]:
    """The secrets to show; a password that was given is not shown again."""
    shown = {"password": phrase("password"), "key": phrase("key"), "webhookSecret": phrase("webhook secret")}
    return {} if secret_file else shown


def _about(
    *,
    report_url: str | None,
    default_sender: str | None,
    subnets: list[str] | None,
    push_ttl: int | None,
    reject_duplicates: bool | None,
    max_rate: int | None,
    max_connections: int | None,
) -> dict[str, Any]:
    return given(
        reportUrl=report_url,
        defaultSender=default_sender,
        subnets=subnets,
        defaultTtlS=None if push_ttl is None else {"PUSH": push_ttl},
        rejectDuplicates=reject_duplicates,
        maxRatePerS=max_rate,
        maxConnections=max_connections,
    )
