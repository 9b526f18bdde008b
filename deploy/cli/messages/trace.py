"""A message's trace, line by line, in plain words."""

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deploy.cli.show import PROVIDER_NAMES, STATUSES, moment, zone

Json = dict[str, Any]
GOOD, FAILED = ("DELIVERED", "READ"), ("SUPPRESSED", "EXPIRED", "REFUSED")


def head(console: Console, message: Json) -> None:
    """Which message, and its explanation."""
    state = message["state"]
    style = "green" if state in GOOD else "red" if state in FAILED else "yellow"
    ids = [f"mtNum {message['mtNum']}" if message["mtNum"] else "", f"id {message['id']}" if message["id"] else ""]
    recipient = [f"+{message['phone']}" if message["phone"] else "", message["externalUserId"] or ""]
    facts = [message["messageId"], *ids, f"to {' / '.join(filter(None, recipient))}" if any(recipient) else ""]
    facts.append(f"times in {zone()}")
    console.print(f"[bold {style}]{state}[/]  {escape(message['explanation'])}", soft_wrap=True)
    console.print(f"[dim]{escape('  '.join(filter(None, facts)))}[/]", soft_wrap=True)


def lines(console: Console, entries: Iterable[Json]) -> None:
    """One row for each entry, the oldest first; times as `show.zone` says."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(no_wrap=True, justify="right")
    for entry in entries:
        took = f"[dim]{entry['latencyMs']} ms[/]" if entry["latencyMs"] else ""
        table.add_row(f"[dim]{moment(entry['at'])}[/]", escape(entry["what"]), _detail(entry), took)
    console.print(table)


def _status(entry: Json) -> str:
    """A provider's or channel's answer as it is; of a report, what it said to the partner."""
    status = entry["status"]
    if status is None:
        return ""
    return STATUSES.get(status, str(status)) if entry["what"] == "report" else str(status)


def _detail(entry: Json) -> str:
    provider = entry["provider"] or ""
    found = [PROVIDER_NAMES.get(provider, provider), _status(entry)]
    # That of a report counts over all states: the first on a second state would look like a repetition.
    again = entry["what"] != "report" and (entry["attempt"] or 0) > 1
    found += [f"attempt {entry['attempt']}" if again else "", entry["detail"] or ""]
    found += [f"link {entry['link'] + 1}" if entry["link"] else ""]
    found += [f"installation {entry['installationId'][:8]}" if entry["installationId"] else ""]
    text = escape("  ".join(filter(None, found)))
    if entry["reason"]:
        why = f"{entry['reason']['words']} (errorCode {entry['reason']['errorCode']})"
        text += f"  [yellow]{escape(why)}[/]"
    notes = ["late"] * bool(entry["late"]) + ["does not count"] * (not entry["counts"])
    return text + (f"  [dim]({', '.join(notes)})[/]" if notes else "")
