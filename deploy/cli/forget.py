"""`rpns forget`: a person's data goes, and the proof is printed."""

import time
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from deploy.cli import show
from deploy.cli.fault import Fault
from deploy.cli.gateway import Gateway, path
from deploy.cli.options import AsJson, confirm, given
from deploy.cli.place import operator
from deploy.cli.words import phrase, state_in

Json = dict[str, Any]
_LOOK_S = 0.5


def forget(
    context: typer.Context,
    phone: Annotated[str | None, typer.Option(help="the person's phone")] = None,
    user: Annotated[str | None, typer.Option(help="the person's user id")] = None,
    partner: Annotated[str | None, typer.Option(help="only this partner's data; default: everybody's")] = None,
    application: Annotated[str | None, typer.Option(help="only this application's data; default: all")] = None,
    only: Annotated[bool, typer.Option("--only", help="not users and phones that proved logins show with it")] = False,
    scan: Annotated[bool, typer.Option("--scan", help="read the whole log and count what does not open")] = False,
    wait: Annotated[int, typer.Option(help="seconds to wait until everything is cleaned", min=0)] = 60,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask whether you are sure")] = False,
    as_json: AsJson = False,
) -> None:
    """Forget a person: destroy the keys to what the log holds, clean the rest, print the proof. Cannot be undone."""
    if phone is None and user is None:
        raise Fault(phrase("name a --phone, a --user or both"))
    gateway = operator(context)
    asked = given(phone=phone, externalUserId=user, partnerId=partner, applicationId=application, only=only or None)
    if not (yes and as_json):
        _print_whom(show.errors(), gateway.call("POST", "/v1/erasures/preview", asked))
    if not yes:
        confirm(phrase("Nobody can undo this. Forget them?"))
    erasure = _done(gateway, gateway.call("POST", "/v1/erasures", asked), wait)
    records = gateway.call("GET", f"/v1/erasures{path(erasure['erasureId'], 'records')}") if scan else []
    if as_json:
        show.as_json({**erasure, "records": records} if scan else erasure)
    else:
        _print(show.console(), erasure, records)
    if erasure["state"] != "done":
        raise Fault(phrase("not everything is cleaned yet; it goes on by itself: ask again"))


def _print_whom(out: Console, found: Json) -> None:
    """Print whom it reaches, before it happens and apart from the proof: these are people's names."""
    for title, people in (
        (phrase("to be forgotten"), found["persons"]),
        (phrase("left out (linked by unproved logins)"), found["leftOut"]),
    ):
        for person in people:
            out.print(f"{title}: {person['kind']} {escape(person['value'])}")


def _done(gateway: Gateway, erasure: Json, wait_s: int) -> Json:
    deadline = time.monotonic() + wait_s
    while erasure["state"] != "done" and time.monotonic() < deadline:
        time.sleep(_LOOK_S)
        erasure = gateway.call("GET", f"/v1/erasures{path(erasure['erasureId'])}")
    return erasure


def _print(out: Console, erasure: Json, records: list[Json]) -> None:
    out.print(phrase("erasure {id}: {state}", id=erasure["erasureId"], state=state_in(erasure["state"])) + "\n")
    keys = [{**key, "gone": phrase("can be derived" if key["derivable"] else "destroyed")} for key in erasure["keys"]]
    columns = {"recipient": "recipient", "scope": "scope", "generation": "generation", "gone": "key"}
    scoped = [{**key, "scope": key["scope"] or phrase("all")} for key in keys]
    show.listing(scoped, columns, phrase("no keys"), to_json=False)
    dropped = [{"process": name, "at": show.moment(at)[:19]} for name, at in sorted(erasure["dropped"].items())]
    processes = {"process": "process", "at": "dropped the keys, UTC"}
    show.listing(dropped, processes, phrase("no process yet"), to_json=False)
    cleaned = [
        {"service": service, "what": what.replace("_", " "), "count": str(count)}
        for service, counts in sorted(erasure["cleaned"].items())
        for what, count in counts.items()
    ]
    counted = {"service": "service", "what": "what", "count": "cleaned"}
    show.listing(cleaned, counted, phrase("nothing cleaned yet"), to_json=False)
    failing = [
        {"step": step, "tries": str(failed["tries"]), "at": show.moment(failed["at"])[:19], "error": failed["error"]}
        for step, failed in sorted(erasure.get("failing", {}).items())  # a former release has none
    ]
    if failing:
        steps = {"step": "fails, and is tried again", "tries": "tries", "at": "last, UTC", "error": "error"}
        show.listing(failing, steps, "", to_json=False)
    if records:
        theirs = [{name: str(value) for name, value in record.items()} for record in records]
        titles = {
            "topic": "topic",
            "records": "records of theirs",
            "opened": "that open",
            "ofOthers": "of others",
            "ofOthersOpened": "that open",
        }
        show.listing(theirs, titles, "", to_json=False)
