"""A mailing of a million through the whole stack to the last report; its lines have names of their own."""

from dataclasses import replace

from deploy.bench.measure import Row
from deploy.bench.whole import mailing


def measured(recipients: int = 1_000_000) -> list[Row]:
    """The lines of `mailing`."""
    return [replace(row, what=f"million: {row.what.removeprefix('mailing: ')}") for row in mailing.measured(recipients)]
