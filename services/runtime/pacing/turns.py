"""The turns of others while one task works through much: whoever waits for the same event loop waits a moment."""

import asyncio
from time import monotonic

LONGEST_S = 0.01
"""One thing may take longer, such as a message with many links: nothing is broken off."""


class Turns:
    """Gives others their turn behind `most` things, and behind fewer once these have taken `LONGEST_S`."""

    def __init__(self, most: int) -> None:
        self._most, self._done, self._since_s = most, 0, monotonic()

    async def give(self) -> None:
        """To be called behind each thing."""
        self._done += 1
        if self._done >= self._most or monotonic() - self._since_s >= LONGEST_S:
            await asyncio.sleep(0)
            self._done, self._since_s = 0, monotonic()
