"""What the commands print: tables for a person, JSON for a machine. Text of others is never markup."""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deploy.cli.words import phrase, state_in
from schemas.providers import FACTS, PUSH_PROVIDERS
from schemas.reports import STATUS_WORDS

Json = dict[str, Any]
PIPE_WIDTH = 250
NEVER_FOLDED = {"partnerId", "applicationId", "serviceNumber", "provider", "changedAt", "messageId", "created"}
PROVIDER_NAMES = {provider.value: FACTS[provider].title for provider in PUSH_PROVIDERS}
STATUSES = {status.value: words for status, words in STATUS_WORDS.items()}
"""Of a report, as docs/partner-api.md numbers them."""
MOMENTS = ("changedAt", "expiresAt", "passwordExpiresAt")


def console() -> Console:
    """Standard output as it is now; what is piped away is not folded."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)


def errors() -> Console:
    """Standard error as it is now."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def as_json(value: object) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=2)
    if not _can_write(text):
        text = json.dumps(value, indent=2)
    sys.stdout.write(text + "\n")


def _can_write(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


class _Zone:
    """In which zone times are shown: UTC, or this machine's (None)."""

    shown: tzinfo | None = UTC


def show_times(*, in_local_time: bool) -> None:
    """From now on, as this machine's clock does or in UTC."""
    _Zone.shown = None if in_local_time else UTC


def is_utc() -> bool:
    """Whether times are shown in UTC."""
    return _Zone.shown is UTC


def zone() -> str:
    """What columns of times are headed with."""
    return phrase("UTC") if is_utc() else phrase("local time")


def moment(at_ms: int) -> str:
    """A time as text, in the zone of `show_times`; else in UTC."""
    at = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(_Zone.shown)
    return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03}"


def words(value: object) -> str:
    """A value as a cell."""
    match value:
        case None | "" | [] | {}:
            return "[dim]–[/]"
        case bool():
            return phrase("yes") if value else f"[yellow]{phrase('no')}[/]"
        case list():
            return escape(", ".join(map(str, value)))
        case Mapping():
            return escape(", ".join(f"{name} {item}" for name, item in value.items()))
    return escape(str(value))


def listing(rows: Sequence[Json], columns: Mapping[str, str], nothing: str, to_json: bool) -> None:
    """`columns`: field of a row and its title in English."""
    if to_json:
        as_json(list(rows))
        return
    if not rows:
        console().print(f"[dim]{nothing}[/]")
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for name, title in columns.items():
        table.add_column(phrase(title).replace("UTC", zone()), overflow="fold", no_wrap=name in NEVER_FOLDED)
    for row in rows:
        table.add_row(*(_cell(name, row.get(name)) for name in columns))
    console().print(table)


def _cell(name: str, value: object) -> str:
    if name == "state":
        return words(state_in(str(value or "")))
    return moment(int(str(value)))[:19] if name in MOMENTS and value else words(value)


def done(line: str, answer: Json, to_json: bool, secrets: Mapping[str, str] | None = None) -> None:
    """What was done; `secrets` (field of the answer: what it is) are shown this once."""
    if to_json:
        as_json(answer)
        return
    out = console()
    out.print(f"[green]✓[/] {escape(line)}", soft_wrap=True)
    shown_once = {title: answer[name] for name, title in (secrets or {}).items() if answer.get(name) is not None}
    for title, value in shown_once.items():
        out.print(f"  {title}: [bold]{escape(str(value))}[/]", soft_wrap=True)
    if shown_once:
        out.print(f"  [yellow]{phrase('It is shown this once; keep it now.')}[/]")
