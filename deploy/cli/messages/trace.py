"""A message's trace, line by line, in plain words of the language that is spoken."""

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deploy.cli.show import PROVIDER_NAMES, STATUSES, is_utc, moment
from deploy.cli.words import phrase, state_in
from deploy.cli.words.spoken import spoken
from schemas.advice import SIDE_WORDS, Side

Json = dict[str, Any]
GOOD, FAILED = ("DELIVERED", "READ"), ("SUPPRESSED", "EXPIRED", "REFUSED")


def head(console: Console, message: Json) -> None:
    """Which message, and its explanation."""
    state = message["state"]
    style = "green" if state in GOOD else "red" if state in FAILED else "yellow"
    ids = [f"mtNum {message['mtNum']}" if message["mtNum"] else "", f"id {message['id']}" if message["id"] else ""]
    recipient = [f"+{message['phone']}" if message["phone"] else "", message["externalUserId"] or ""]
    facts = [message["messageId"], *ids, _to(recipient)]
    facts.append(phrase("times in UTC" if is_utc() else "times in local time"))
    console.print(f"[bold {style}]{escape(state_in(state))}[/]  {escape(message['explanation'])}", soft_wrap=True)
    console.print(f"[dim]{escape('  '.join(filter(None, facts)))}[/]", soft_wrap=True)


def devices(console: Console, links: Iterable[Json]) -> None:
    """What to tell the customer of each device that got nothing; of the whole message where no device was looked at."""
    for link in links:
        failed = [part for part in (*link["deliveries"], *link["skipped"]) if part["reason"]]
        for part in failed or [link] * bool(link["reason"]):
            advice = part["reason"]
            if "meaning" not in advice:
                return  # a platform of an older release
            named = phrase("device {id}", id=part["installationId"][:8]) if "installationId" in part else ""
            console.print(escape(": ".join(filter(None, [named, advice["meaning"]]))), soft_wrap=True)
            if advice["remedy"]:
                remedy = phrase("What the customer can do: {remedy}", remedy=advice["remedy"])
                console.print(f"  {escape(remedy)}", soft_wrap=True)
            if (side := advice.get("side")) in SIDE_WORDS:
                side = phrase("Where the cause is: {side}", side=SIDE_WORDS[Side(side)].said_in(spoken()))
                console.print(f"  {escape(side)}", soft_wrap=True)


def lines(console: Console, entries: Iterable[Json]) -> None:
    """One row for each entry, the oldest first; times as `show.zone` says."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(no_wrap=True, justify="right")
    for entry in entries:
        latency = entry["latencyMs"]
        took = f"[dim]{phrase('{ms} ms', ms=str(latency))}[/]" if latency else ""
        what = entry.get("words") or entry["what"]  # a platform of an older release has no words for it
        table.add_row(f"[dim]{moment(entry['at'])}[/]", escape(what), _detail(entry), took)
    console.print(table)


def _to(recipient: list[str]) -> str:
    named = " / ".join(filter(None, recipient))
    return phrase("to {recipient}", recipient=named) if named else ""


def _status(entry: Json) -> str:
    """A provider's or channel's answer as it is; of a report, what it said to the partner."""
    status = entry["status"]
    if status is None:
        return ""
    known = STATUSES.get(status) if entry["what"] == "report" else None
    return str(status) if known is None else known.said_in(spoken())


def _detail(entry: Json) -> str:
    provider = entry["provider"] or ""
    found = [PROVIDER_NAMES.get(provider, provider), _status(entry)]
    # That of a report counts over all states: the first on a second state would look like a repetition.
    again = entry["what"] != "report" and (entry["attempt"] or 0) > 1
    found += [phrase("attempt {number}", number=entry["attempt"]) if again else "", entry["detail"] or ""]
    found += [phrase("link {number}", number=entry["link"] + 1) if entry["link"] else ""]
    installation = (entry["installationId"] or "")[:8]
    found += [phrase("installation {id}", id=installation) if installation else ""]
    text = escape("  ".join(filter(None, found)))
    if entry["reason"]:
        why = f"{entry['reason']['words']} (errorCode {entry['reason']['errorCode']})"
        text += f"  [yellow]{escape(why)}[/]"
    notes = [phrase("late")] * bool(entry["late"]) + [phrase("does not count")] * (not entry["counts"])
    return text + (f"  [dim]({', '.join(notes)})[/]" if notes else "")
