"""`rpns senders`: the service numbers of a partner, and the application each stands for."""

from typing import Annotated, Any

import typer

from deploy.cli import show
from deploy.cli.fault import Fault
from deploy.cli.gateway import Gateway, path
from deploy.cli.options import AsJson, Partner
from deploy.cli.place import operator
from deploy.cli.words import phrase

NAME = "senders"
COLUMNS = {
    "partnerId": "partner",
    "serviceNumber": "sender",
    "applicationId": "application",
    "enabled": "enabled",
    "changedAt": "changed, UTC",
    "by": "by",
}
app = typer.Typer(no_args_is_help=True, help="Senders: the service numbers of a partner.")
ServiceNumber = Annotated[str, typer.Argument(help="the service number", show_default=False)]


@app.command()
def create(
    context: typer.Context,
    partner: Partner,
    service_number: ServiceNumber,
    application: Annotated[str | None, typer.Option(help="where its pushes go; none: no pushes")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="change the one that is there")] = False,
    as_json: AsJson = False,
) -> None:
    """Create a service number."""
    gateway = operator(context)
    if _find(gateway, partner, service_number) is not None and not replace:
        text = "sender {sender} of {partner} exists; --replace changes it"
        raise Fault(phrase(text, sender=service_number, partner=partner))
    made = _put(gateway, partner, service_number, application=application, enabled=True)
    for_one = "sender {sender} of {partner} stands for application {application}"
    text = for_one if application else "sender {sender} of {partner} stands for no application"
    show.done(phrase(text, sender=service_number, partner=partner, application=application), made, as_json)


@app.command("list")
def list_senders(
    context: typer.Context,
    partner: Annotated[str | None, typer.Argument(help="default: of all partners", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """The senders of a partner, or of all."""
    gateway = operator(context)
    names = [partner] if partner else [listed["partnerId"] for listed in gateway.call("GET", "/v1/partners")]
    found = [sender for name in names for sender in _of(gateway, name)]
    show.listing(found, COLUMNS, phrase("There are no senders."), as_json)


@app.command()
def disable(context: typer.Context, partner: Partner, service_number: ServiceNumber, as_json: AsJson = False) -> None:
    """Refuse what is sent from it."""
    _switch(context, partner, service_number, False, as_json)


@app.command()
def enable(context: typer.Context, partner: Partner, service_number: ServiceNumber, as_json: AsJson = False) -> None:
    """Take what is sent from it again."""
    _switch(context, partner, service_number, True, as_json)


def _switch(context: typer.Context, partner: str, service_number: str, enabled: bool, as_json: bool) -> None:
    gateway = operator(context)
    if (found := _find(gateway, partner, service_number)) is None:
        raise Fault(phrase("partner {partner} has no sender {sender}", partner=partner, sender=service_number))
    made = _put(
        gateway, partner, service_number, application=found["applicationId"], enabled=enabled, version=found["version"]
    )
    text = "sender {sender} of {partner} is enabled" if enabled else "sender {sender} of {partner} is disabled"
    show.done(phrase(text, sender=service_number, partner=partner), made, as_json)


def _of(gateway: Gateway, partner: str) -> list[dict[str, Any]]:
    return list(gateway.call("GET", f"/v1/partners{path(partner, 'senders')}"))


def _find(gateway: Gateway, partner: str, service_number: str) -> dict[str, Any] | None:
    return next((sender for sender in _of(gateway, partner) if sender["serviceNumber"] == service_number), None)


def _put(
    gateway: Gateway,
    partner: str,
    service_number: str,
    *,
    application: str | None,
    enabled: bool,
    version: str = "",
) -> Any:
    body = {"applicationId": application, "enabled": enabled}
    return gateway.call("PUT", f"/v1/partners{path(partner, 'senders', service_number)}", body, version)
