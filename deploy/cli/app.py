"""The command line as a whole: its options, its commands, and how errors end it."""

import os
from typing import Annotated, Any

import typer
from rich.markup import escape
from typer.core import TyperGroup

from deploy.cli import audit, forget, show, stops
from deploy.cli.cluster import database, dead_letters, status, topics
from deploy.cli.devices import commands as import_devices
from deploy.cli.fault import Fault
from deploy.cli.mailing import commands as mailings
from deploy.cli.messages import listing, push, resends, statistics, why
from deploy.cli.place import Place
from deploy.cli.provisioning import (
    accounts,
    applications,
    broadcast_channels,
    credentials,
    identity,
    operators,
    partners,
    senders,
    setup,
)
from deploy.cli.repair import commands as repairs
from deploy.cli.words import framework, phrase, spoken
from deploy.cli.words.choice import OPTIONS, VARIABLE, language_of
from deploy.cli.words.spoken import speak
from schemas.language import Language
from services.runtime.build import version_line


class Commands(TyperGroup):
    """Speaks the language of whoever calls it, and ends with one line and exit code 1 when a command raises Fault."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        speak(language_of(args, os.environ))
        framework.translate(self)
        with framework.wrong_usage():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        try:
            with framework.wrong_usage():
                return super().invoke(ctx)
        except Fault as fault:
            show.errors().print(f"[red]{phrase('error')}:[/] {escape(str(fault))}")
            raise typer.Exit(1) from None


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Operate RPNS through its HTTP API.",
)
PROVISIONING = (operators, accounts, partners, applications, identity, senders, credentials)
for group in (*PROVISIONING, mailings, broadcast_channels, topics, database, dead_letters, resends):
    app.add_typer(group.app, name=group.NAME)
app.command("import-devices")(import_devices.import_devices)
app.command("test-push")(push.push)
app.command("why")(why.why)
app.command("forget")(forget.forget)
app.command("setup")(setup.setup)
app.command("status")(status.status)
app.command("audit")(audit.audit)
for repairing in (repairs.rebuild, repairs.backup, repairs.restore):
    app.command(repairing.__name__)(repairing)
app.command("messages")(listing.messages)
app.command("statistics")(statistics.statistics)
for stopping in (stops.stops, stops.pause, stops.resume, stops.cancel):
    app.command(stopping.__name__)(stopping)


def _version(asked: bool) -> None:
    if asked:
        show.console().print(version_line())
        raise typer.Exit


@app.command()
def version() -> None:
    """Show which release this is."""
    show.console().print(version_line())


@app.callback()
def place(
    context: typer.Context,
    url: Annotated[str, typer.Option(envvar="RPNS_PUBLIC_URL", help="the platform's public address")] = "",
    operators_url: Annotated[
        str, typer.Option(envvar="RPNS_OPERATORS_URL", help="the operators' address; default: --url")
    ] = "",
    token: Annotated[
        str,
        typer.Option(
            "--token",
            "--admin-token",
            envvar=["RPNS_OPERATOR_TOKEN", "RPNS_ADMIN_TOKEN"],
            help="an operator's token; or a file named by …_FILE; default: the running local stack's",
            show_envvar=True,
        ),
    ] = "",
    local: Annotated[
        bool, typer.Option("--local", help="show times as this machine's clock does; default: UTC")
    ] = False,
    language: Annotated[
        Language | None,
        typer.Option(*OPTIONS, envvar=VARIABLE, help="in which it speaks; default: the locale's (LC_ALL, LANG)"),
    ] = None,  # read before the options are: `words/choice.py`
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="show it and end")] = False,
) -> None:
    show.show_times(in_local_time=local)
    context.obj = Place(url, operators_url, token, spoken())
