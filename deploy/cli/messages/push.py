"""`rpns test-push`: one push, as a partner would send it, followed until its outcome is known."""

import time
from enum import StrEnum
from typing import Annotated, Any

import typer

from deploy.cli import show
from deploy.cli.fault import Fault
from deploy.cli.gateway import Gateway, Refused, path
from deploy.cli.messages import trace
from deploy.cli.options import given
from deploy.cli.place import Place
from deploy.cli.words import phrase

LOOK_S = 0.25
UNKNOWN = 3
"""Exit code: the outcome was not known in time."""


class Until(StrEnum):
    """What is waited for."""

    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"


RANK = {"PLANNED": 0, "SENT": 1, "DELIVERED": 3, "READ": 4}
WANTED = {Until.SENT: 1, Until.DELIVERED: 3, Until.READ: 4}


def push(
    context: typer.Context,
    login: Annotated[str, typer.Option(envvar="RPNS_LOGIN", prompt=True, help="of the partner", show_default=False)],
    password: Annotated[
        str, typer.Option(envvar="RPNS_PASSWORD", prompt=True, hide_input=True, help="asked for", show_default=False)
    ],
    phone: Annotated[str | None, typer.Option(help="to whom", show_default=False)] = None,
    user: Annotated[str | None, typer.Option(help="to whom, by external user id", show_default=False)] = None,
    text: Annotated[str, typer.Option(help="what the phone shows")] = "Test push",
    title: Annotated[str | None, typer.Option(help="above the text")] = None,
    sender: Annotated[str | None, typer.Option(help="service number; default: the partner's")] = None,
    message_id: Annotated[str | None, typer.Option("--id", help="the partner's own id")] = None,
    ttl_s: Annotated[int, typer.Option("--ttl", help="lifetime in seconds, 30 to 86400")] = 60,
    until: Annotated[Until, typer.Option(help="what to wait for")] = Until.DELIVERED,
    timeout_s: Annotated[float, typer.Option("--timeout", help="how long to wait, in seconds", min=0)] = 30,
) -> None:
    """Send one push and follow it. Exit code 0: it came as far as --until; 1: it failed; 3: not known in time."""
    if phone is None and user is None:
        raise typer.BadParameter(phrase("say --phone or --user"))
    place: Place = context.obj
    content = given(text=text, title=title, serviceNumber=sender, externalUserId=user)
    message = {"type": "PUSH", "data": {**content, "ttl": ttl_s, "ttlUnit": "SECONDS"}}
    body = {"login": login, "password": password, "message": message, **given(id=message_id, destAddr=phone)}
    answer = place.anybody().call("POST", "/v6/send", body)
    show.console().print(phrase("accepted, mtNum {number}", number=f"[bold]{answer['mtNum']}[/]"))
    code = follow(place.anybody().as_partner(login, password), answer["mtNum"], until, timeout_s)
    if code:
        raise typer.Exit(code)


def follow(gateway: Gateway, mt_num: str, until: Until, timeout_s: float) -> int:
    """Print the trace as it grows, then what became of it. Answers the exit code."""
    out, seen = show.console(), set[str]()
    deadline = time.monotonic() + timeout_s
    while True:
        is_last = time.monotonic() >= deadline
        message = _find(gateway, mt_num)
        if message is not None:
            fresh = [entry for entry in message["trace"] if entry["eventId"] not in seen]
            seen.update(entry["eventId"] for entry in fresh)
            if fresh:
                trace.lines(out, fresh)
            code = outcome(message["state"], until)
            if code is not None or is_last:
                trace.head(out, message)
                return UNKNOWN if code is None else code
        elif is_last:
            text = "nothing was heard of message {number} within {seconds} s; is `status` running?"
            raise Fault(phrase(text, number=mt_num, seconds=f"{timeout_s:g}"))
        time.sleep(min(LOOK_S, max(0.0, deadline - time.monotonic())))


def outcome(state: str, until: Until) -> int | None:
    """The exit code that the state means; None while it is open. A failure may still be overtaken by a late receipt."""
    if state in trace.FAILED:
        return 1
    return 0 if RANK.get(state, 0) >= WANTED[until] else None


def _find(gateway: Gateway, mt_num: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = gateway.call("GET", f"/v1/messages{path(mt_num)}")
    except Refused as refused:
        if refused.status == 404:
            return None
        raise
    return found
