"""A message's trace, line by line, in plain words of the language that was asked for."""

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deploy.cli.messages.words import Said
from deploy.cli.show import PROVIDER_NAMES, STATUSES, moment, zone
from schemas.language import Language

Json = dict[str, Any]
GOOD, FAILED = ("DELIVERED", "READ"), ("SUPPRESSED", "EXPIRED", "REFUSED")


def head(console: Console, message: Json, language: Language) -> None:
    """Which message, and its explanation."""
    state = message["state"]
    style = "green" if state in GOOD else "red" if state in FAILED else "yellow"
    ids = [f"mtNum {message['mtNum']}" if message["mtNum"] else "", f"id {message['id']}" if message["id"] else ""]
    recipient = [f"+{message['phone']}" if message["phone"] else "", message["externalUserId"] or ""]
    facts = [message["messageId"], *ids, _to(recipient, language)]
    facts.append((Said.TIMES if zone() == "UTC" else Said.LOCAL_TIMES).said_in(language))
    console.print(f"[bold {style}]{state}[/]  {escape(message['explanation'])}", soft_wrap=True)
    console.print(f"[dim]{escape('  '.join(filter(None, facts)))}[/]", soft_wrap=True)


def devices(console: Console, links: Iterable[Json], language: Language) -> None:
    """What to tell the customer of each device that got nothing; of the whole message where no device was looked at."""
    for link in links:
        failed = [part for part in (*link["deliveries"], *link["skipped"]) if part["reason"]]
        for part in failed or [link] * bool(link["reason"]):
            advice = part["reason"]
            if "meaning" not in advice:
                return  # a platform of an older release
            named = _filled(Said.DEVICE, language, part["installationId"][:8]) if "installationId" in part else ""
            console.print(escape(": ".join(filter(None, [named, advice["meaning"]]))), soft_wrap=True)
            if advice["remedy"]:
                console.print(f"  {escape(_filled(Said.REMEDY, language, advice['remedy']))}", soft_wrap=True)


def lines(console: Console, entries: Iterable[Json], language: Language) -> None:
    """One row for each entry, the oldest first; times as `show.zone` says."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(no_wrap=True, justify="right")
    for entry in entries:
        latency = entry["latencyMs"]
        took = f"[dim]{_filled(Said.TOOK, language, latency)}[/]" if latency else ""
        what = entry.get("words") or entry["what"]  # a platform of an older release has no words for it
        table.add_row(f"[dim]{moment(entry['at'])}[/]", escape(what), _detail(entry, language), took)
    console.print(table)


def _to(recipient: list[str], language: Language) -> str:
    named = " / ".join(filter(None, recipient))
    return _filled(Said.TO, language, named) if named else ""


def _filled(text: Said, language: Language, value: object) -> str:
    return text.said_in(language).format(value)


def _status(entry: Json, language: Language) -> str:
    """A provider's or channel's answer as it is; of a report, what it said to the partner."""
    status = entry["status"]
    if status is None:
        return ""
    known = STATUSES.get(status) if entry["what"] == "report" else None
    return str(status) if known is None else known.said_in(language)


def _detail(entry: Json, language: Language) -> str:
    provider = entry["provider"] or ""
    found = [PROVIDER_NAMES.get(provider, provider), _status(entry, language)]
    # That of a report counts over all states: the first on a second state would look like a repetition.
    again = entry["what"] != "report" and (entry["attempt"] or 0) > 1
    found += [_filled(Said.ATTEMPT, language, entry["attempt"]) if again else "", entry["detail"] or ""]
    found += [_filled(Said.LINK, language, entry["link"] + 1) if entry["link"] else ""]
    installation = (entry["installationId"] or "")[:8]
    found += [_filled(Said.INSTALLATION, language, installation) if installation else ""]
    text = escape("  ".join(filter(None, found)))
    if entry["reason"]:
        why = f"{entry['reason']['words']} (errorCode {entry['reason']['errorCode']})"
        text += f"  [yellow]{escape(why)}[/]"
    notes = [Said.LATE.said_in(language)] * bool(entry["late"]) + [Said.DOES_NOT_COUNT.said_in(language)] * (
        not entry["counts"]
    )
    return text + (f"  [dim]({', '.join(notes)})[/]" if notes else "")
