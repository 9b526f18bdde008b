"""Rates that hold over all instances: what this one was asked is told to the others, and theirs is heard. Pure.

    every second   report() ─▶ the others, and their reports ─▶ learn()     (`services/runtime/mongo/rate_reports.py`)
    a request      shares.part(), or a bucket that `spends` follows: by memory alone

`shares` divides what is asked often: requests of partners, pushes of applications. `spends` adds up what is seldom:
guesses of passwords and tokens.
"""

from collections.abc import Mapping

from services.runtime.pacing.peers import Peers, Report
from services.runtime.pacing.shares import Shares
from services.runtime.pacing.spends import Spends


class Rates:
    """Of one process of a service. `boot` is its own, drawn at its start."""

    def __init__(self, service: str, boot: str) -> None:
        self.shares = Shares()
        self.spends = Spends()
        self._service, self._boot, self._turn = service, boot, 0
        self._peers = Peers()

    def report(self) -> Report:
        """What to tell now."""
        self._turn += 1
        return Report(self._service, self._boot, self._turn, self.shares.asked(), self.spends.spent())

    def learn(self, reports: Mapping[str, Report], now_s: float) -> None:
        """What all instances say now, by name; this one's own is passed over."""
        news = self._peers.learn({name: report for name, report in reports.items() if report.boot != self._boot}, now_s)
        self.shares.learn(news, self._peers.names(self._service), now_s)
        for peer in news:
            self.spends.learn(peer.spent, now_s)

    def missed(self, now_s: float) -> None:
        """The others could not be heard."""
        self.shares.missed(now_s)
