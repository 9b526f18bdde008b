"""Decides which clicks on short links are recorded, so that following one without end does not grow the log.

    one code from one network      one a minute of a person and one of a robot: tapping twice is one click
    one code from all networks     a hundred at once and ten a minute: it is one person's, who may share it
    all codes from one network     two hundred at once and ten a second: a carrier's phones share an address

Beyond these a click is redirected all the same, and counted by a metric. Each process counts in memory.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from services.runtime.pacing.token_bucket import TokenBuckets


@dataclass(frozen=True)
class ClickPace:
    """The pace of recorded clicks, for one process."""

    monotonic_s: Callable[[], float] = time.monotonic
    _same: TokenBuckets = field(default_factory=lambda: TokenBuckets(1 / 60, 1))
    _of_code: TokenBuckets = field(default_factory=lambda: TokenBuckets(1 / 6, 100))
    _of_network: TokenBuckets = field(default_factory=lambda: TokenBuckets(10, 200))

    def counts(self, code: str, network: str, by: str) -> bool:
        """True for a click that is to be recorded. `by`: a person or a robot."""
        now_s = self.monotonic_s()
        return not (
            self._same.take(f"{code}/{network}/{by}", now_s)
            or self._of_code.take(code, now_s)
            or self._of_network.take(network, now_s)
        )
