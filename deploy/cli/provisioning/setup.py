"""`rpns setup`: everything that the first push of a new partner needs, in one go, asked for or by options.

What is there already is left as it is and said to be there, so it is repeated after whatever went wrong in the middle.
"""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from deploy.cli import show
from deploy.cli.fault import Fault
from deploy.cli.options import AsJson, read_json, secret_of
from deploy.cli.place import Place, operator
from deploy.cli.provisioning.applications import words_on_identity
from deploy.cli.provisioning.first_push import FirstPush
from deploy.cli.provisioning.steps import STEPS, Done, Wanted
from deploy.cli.words import phrase
from schemas.providers import PushProviderName

SANDBOX = "sandbox"
Json = dict[str, Any]


def setup(
    context: typer.Context,
    partner: Annotated[str, typer.Option(prompt="Login of the partner", help="login and id of the partner")],
    application: Annotated[str, typer.Option(prompt="Id of the application", help="id of the application")],
    provider: Annotated[PushProviderName, typer.Option(prompt="Push provider", help="with whom")],
    credentials: Annotated[
        str,
        typer.Option(
            prompt="File with its credentials, or sandbox",
            help="JSON as the provider's console gives it out, - is standard input; sandbox: the local sandbox's",
        ),
    ],
    sender: Annotated[
        str, typer.Option(prompt="Service number to send from", help="service number, and the partner's default")
    ],
    name: Annotated[str | None, typer.Option(help="of the application, for people; default: its id")] = None,
    bundle: Annotated[str | None, typer.Option(help="iOS bundle, the default APNs topic")] = None,
    report_url: Annotated[str | None, typer.Option(help="where delivery reports go")] = None,
    secret_file: Annotated[
        Path | None, typer.Option("--secret-file", help="the partner's password is in this file; default: drawn")
    ] = None,
    phone: Annotated[str | None, typer.Option(help="to whom the first push goes")] = None,
    send: Annotated[
        bool, typer.Option("--send", help="send the first push to --phone, and follow it to the provider")
    ] = False,
    timeout_s: Annotated[float, typer.Option("--timeout", help="how long to wait, in seconds", min=0)] = 30,
    as_json: AsJson = False,
) -> None:
    """Set up a partner's first push: application, credentials, partner, sender, default sender. Safe to repeat.

    What is there already stays as it is. Prints the first push as a curl line; exit codes of --send as of test-push.
    """
    if send and phone is None:
        raise Fault(phrase("--send needs a --phone"))
    if send and as_json:
        raise Fault(phrase("--send shows a trace for people: leave out --json"))
    place: Place = context.obj
    found = _credentials(place, provider, credentials)
    if bundle is None and found and credentials == SANDBOX:
        bundle = next(iter(found.get("topics", ())), None)
    wanted = Wanted(
        partner=partner,
        application=application,
        name=name or application,
        provider=provider,
        credentials=found,
        sender=sender,
        password=secret_of("password", secret_file).get("password"),
        report_url=report_url,
        bundle=bundle,
    )
    done = _taken(context, wanted, phone, as_json)
    if not send:
        return
    password = done.partner.get("password") or wanted.password
    push = FirstPush(done.partner["login"], password, sender, phone)
    if code := _send(place, push, bool(done.made), timeout_s):
        raise typer.Exit(code)


def _taken(context: typer.Context, wanted: Wanted, phone: str | None, as_json: bool) -> Done:
    """All steps, and the first push as a line. Raises Fault after what was made, and drawn for it, is told."""
    gateway, done, place = operator(context), Done(), context.obj
    try:
        for take in STEPS:
            step = take(gateway, wanted, done)
            if not as_json:
                show.done(step.line, step.secrets, False, {name: name for name in step.secrets})
    finally:  # a password that was given is not shown again
        drawn = None if wanted.password else done.partner.get("password")
        line = FirstPush(done.partner.get("login", wanted.partner), drawn, wanted.sender, phone).curl_line(place.url)
        if as_json:
            show.as_json({**vars(done), "curl": line})
    if as_json:
        return done
    if "application" in done.made:
        keys = len(done.application.get("identityKeys", ()))
        show.console().print(f"  {words_on_identity(done.application['identity'], keys)}", soft_wrap=True)
    show.console().print(escape(line), soft_wrap=True)
    return done


def _send(place: Place, push: FirstPush, is_new: bool, timeout_s: float) -> int:
    if push.password is None:
        if not sys.stdin.isatty():
            raise Fault(phrase("the password of {login} is not known: give --secret-file", login=push.login))
        push = FirstPush(push.login, typer.prompt(phrase("Password"), hide_input=True), push.sender, push.phone)
    return push.send(place.anybody(), is_new=is_new, timeout_s=timeout_s)


def _credentials(place: Place, provider: str, named: str) -> Json | None:
    """Raises Fault."""
    if named != SANDBOX:
        return read_json(Path(named)) if named else None
    found = place.sandbox_credentials()
    if found is None:
        raise Fault(phrase("the sandbox's credentials are those of a local stack: `make up` starts it"))
    return dict(found[provider])
