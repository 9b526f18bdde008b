"""What the other instances say that they were asked, as it comes in: who is there, and what is new. Pure.

Counts only grow, from the start of a process on, so a report that was missed is made up for by the next one. Times are
the reader's own monotonic seconds: by whose clock a report was written does not matter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

SILENT_S: Final = 5.0
"""Whoever has said nothing new for so long is gone; its part of every limit is free."""
Counts = Mapping[str, float]


@dataclass(frozen=True)
class Report:
    """What one instance says, again and again. `boot` names its process, `turn` grows with each report."""

    service: str
    boot: str
    turn: int
    asked: Counts
    spent: Counts


class News(NamedTuple):
    """What an instance was asked and has spent since it was last heard, `seconds` ago."""

    name: str
    asked: Counts
    spent: Counts
    seconds: float


class Peers:
    """The other instances, by name. What one said last is remembered as long as it is still there to be read: read
    again, it is nothing new."""

    def __init__(self) -> None:
        self._heard: dict[str, tuple[Report, float]] = {}
        self._now_s = 0.0

    def names(self, service: str) -> list[str]:
        """Those of a service that are there."""
        return [
            name
            for name, (report, at_s) in self._heard.items()
            if report.service == service and self._now_s - at_s <= SILENT_S
        ]

    def learn(self, reports: Mapping[str, Report], now_s: float) -> list[News]:
        """What is new in what all of them say now. What one counted before it was first heard is not."""
        found = []
        for name, report in reports.items():
            known = self._heard.get(name)
            if known is not None and (report.boot, report.turn) == (known[0].boot, known[0].turn):
                continue
            if known is not None:
                before, at_s = known
                is_same = before.boot == report.boot
                asked = _grown(report.asked, before.asked if is_same else {})
                spent = _grown(report.spent, before.spent if is_same else {})
                found.append(News(name, asked, spent, max(now_s - at_s, 1e-3)))
            self._heard[name] = report, now_s
        self._now_s = now_s
        for name in [name for name in self._heard if name not in reports]:
            del self._heard[name]
        return found


def _grown(now: Counts, before: Counts) -> dict[str, float]:
    grown = {key: count - before.get(key, 0) for key, count in now.items()}
    return {key: count for key, count in grown.items() if count}
