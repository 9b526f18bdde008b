"""What happens to one message, a line each, as it happens.

Lines come from four sides (the bank, the phones, the platform's trace, the reports) and not in order, so each waits a
moment for those that are earlier.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape

WAIT_MS = 400
LOOK_S = 0.05
STYLES = {"bank": "cyan", "platform": "magenta", "report": "cyan"}


@dataclass(frozen=True, order=True)
class Line:
    at_ms: int
    place: int  # among lines of the same moment
    who: str
    text: str  # rich markup


class Timeline:
    """Times are shown from the first line on."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._waiting: list[Line] = []
        self._added = 0
        self._start_ms = 0

    def add(self, at_ms: int, who: str, text: str) -> None:
        self._start_ms = self._start_ms or at_ms
        self._added += 1
        self._waiting.append(Line(at_ms, self._added, who, text))

    @asynccontextmanager
    async def live(self) -> AsyncIterator[None]:
        """Print while inside; what is left comes at the end."""
        printing = asyncio.create_task(self._print())
        try:
            yield
        finally:
            printing.cancel()
            self._flush(float("inf"))

    async def _print(self) -> None:
        while True:
            self._flush(time.time() * 1000 - WAIT_MS)
            await asyncio.sleep(LOOK_S)

    def _flush(self, until_ms: float) -> None:
        ready = sorted(line for line in self._waiting if line.at_ms <= until_ms)
        self._waiting = [line for line in self._waiting if line.at_ms > until_ms]
        for line in ready:
            style = STYLES.get(line.who, "green")
            after = max(0, line.at_ms - self._start_ms)
            when = f"{after} ms" if after < 10_000 else f"{after / 1000:.1f} s"
            self._console.print(f"  [dim]{when:>8}[/]  [{style}]{escape(line.who):<9}[/] {line.text}", soft_wrap=True)
