"""The verdict as a table for a person."""

from itertools import islice

from rich.markup import escape
from rich.table import Table

from deploy.torture.ledgers.entries import Verdict

_SHOWN = 3
_REFUSED = "under a key that was revoked, before their way was stopped: reported as not delivered, and unseen"
_IN_DOUBT = "their answer is lost, and a second push would be shown again: reported as sent, and no more"


def verdict_table(verdict: Verdict, seed: int) -> Table:
    """Each kind of wrong with its number, the share of repeated calls, and the seed."""
    table = Table(title=f"seed {seed}", title_justify="left")
    table.add_column("what")
    table.add_column("count", justify="right")
    table.add_column("the first of them")
    table.add_row("messages", str(verdict.accounts), f"{verdict.accepted} accepted")
    for kind, messages in verdict.wrong.items():
        style = "red" if messages else "green"
        first = "; ".join(f"{ref}: {why}" for ref, why in islice(messages.items(), _SHOWN))
        table.add_row(kind, f"[{style}]{len(messages)}[/]", escape(first))
    share = f"{verdict.repeated_share:.2%} of {verdict.calls}"
    table.add_row("provider calls repeated", str(verdict.calls_repeated), share)
    table.add_row("in doubt", str(verdict.in_doubt), _IN_DOUBT)
    table.add_row("refused", str(verdict.refused), _REFUSED)
    states = ", ".join(f"{state} {count}" for state, count in sorted(verdict.outcomes.items()))
    table.add_row("ended as", "", states)
    return table
