"""`rpns reports`: reports of a period, sent to a partner's receiver again."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from deploy.cli import show
from deploy.cli.gateway import path
from deploy.cli.options import AsJson, confirm, given
from deploy.cli.period import since_ms
from deploy.cli.place import operator
from deploy.cli.words import phrase, state_in

Json = dict[str, Any]
NAME = "reports"
COLUMNS = {
    "resendId": "resend",
    "partner": "partner",
    "period": "period, UTC",
    "state": "state",
    "asked": "reports",
    "by": "by",
}
app = typer.Typer(no_args_is_help=True, help="Delivery reports: send those of a period again.")
Resend = Annotated[str, typer.Argument(help="as the list has it", show_default=False)]


@app.command()
def resend(
    context: typer.Context,
    partner: Annotated[str, typer.Option(help="whose reports", show_default=False)],
    since: Annotated[str, typer.Option(help="12h, 7d, or a date as 2026-11-28T12:00 (UTC)", show_default=False)],
    until: Annotated[str | None, typer.Option(help="the same, for the end; default: now")] = None,
    state: Annotated[str | None, typer.Option(help="only of messages that are READ, EXPIRED … now")] = None,
    message: Annotated[str | None, typer.Option(help="only this one: message id, mtNum, or the partner's id")] = None,
    per_second: Annotated[int, typer.Option(help="messages a second", min=1, max=1000)] = 50,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only count the messages")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask whether you are sure")] = False,
    as_json: AsJson = False,
) -> None:
    """Send the last report on each message of the period again, marked `X-RPNS-Resend`."""
    now = datetime.now(UTC)
    body = {
        "partner": partner,
        "since": str(since_ms(since, now)),
        "until": None if until is None else str(since_ms(until, now)),
        "state": state,
        "message": message,
        "perSecond": per_second,
    }
    asking = operator(context)
    counted: Json = asking.call("POST", "/v1/report-resends", given(**body, dryRun=True))
    if dry_run:
        text = "{count} {count:message|messages}; nothing is sent"
        show.done(phrase(text, count=counted["messages"]), counted, as_json)
        return
    if not yes:
        text = "Send reports on {count} {count:message|messages} to {partner} again?"
        confirm(phrase(text, count=counted["messages"], partner=partner))
    made: Json = asking.call("POST", "/v1/report-resends", given(**body))
    text = "{count} {count:message|messages}; `rpns reports list` shows how far it is"
    show.done(phrase(text, count=made["messages"]), made, as_json)


@app.command("list")
def list_resends(
    context: typer.Context,
    partner: Annotated[str | None, typer.Option(help="only this partner's")] = None,
    limit: Annotated[int, typer.Option(help="how many", min=1, max=100)] = 20,
    as_json: AsJson = False,
) -> None:
    """List resends, the newest first."""
    rows: list[Json] = operator(context).call("GET", "/v1/report-resends", partner=partner, limit=limit)
    shown = rows if as_json else [{**row, "period": _period(row)} for row in rows]
    show.listing(shown, COLUMNS, phrase("no reports were sent again"), as_json)


@app.command()
def cancel(context: typer.Context, resend: Resend, as_json: AsJson = False) -> None:
    """Go no further; what was asked for already is sent."""
    answer: Json = operator(context).call("POST", f"/v1/report-resends{path(resend)}/cancel")
    text = "{state}: {count} {count:report was|reports were} asked for"
    show.done(phrase(text, state=state_in(answer["state"]), count=answer["asked"]), answer, as_json)


def _period(row: Json) -> str:
    return phrase("{since} to {until}", since=show.moment(row["since"])[:16], until=show.moment(row["until"])[:16])
