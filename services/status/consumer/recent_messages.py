"""Messages as this process saved them last, so that the next batch need not read them again.

    step ─▶ take ─▶ fold ─▶ save ─▶ carry out what follows ─▶ keep
              └ not here: read from the database

What is taken is no longer here until it has been saved, so a batch that fails leaves nothing behind that the database
does not have. That another writer was faster shows when it is saved, by its revision: so nothing has to be dropped at a
rebalance, and what is kept here may be old, never wrong.
"""

from collections import OrderedDict
from collections.abc import Iterable
from time import monotonic

from services.status.message import Message

MOST_BYTES = 32 * 1024 * 1024
"""About 6,500 messages of one link and five events: what 500 lives a second touch within 13 s."""
KEPT_S = 60.0
"""Longest time without an event: receipts come within it or hours later. What was erased is gone by then, too."""
_EMPTY, _GROWTH = 1_500, 3
"""Bytes of an empty message, and of a link in memory for each of its stored form; measured with tracemalloc."""
_SHARE = 16
"""A message larger than this part of all is read again instead."""


def size_of(message: Message) -> int:
    """About how many bytes it takes in memory."""
    return _EMPTY + _GROWTH * message.stored_bytes - (_GROWTH - 1) * len(message.trace)


class RecentMessages:
    """Bounded by the bytes that they take, the longest unused go first."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._kept: OrderedDict[str, tuple[Message, int, float]] = OrderedDict()
        self.bytes = 0

    def take(self, message_ids: Iterable[str]) -> dict[str, Message]:
        """Those that are here, by id; they belong to the caller now."""
        taken = {}
        for message_id in message_ids:
            kept = self._kept.pop(message_id, None)
            if kept is not None:
                taken[message_id] = kept[0]
                self.bytes -= kept[1]
        self._forget(monotonic())
        return taken

    def keep(self, messages: Iterable[Message]) -> None:
        """Keep messages as they are stored; their revisions are those of their documents."""
        now = monotonic()
        for message in messages:
            size = size_of(message)
            if size * _SHARE > self._most:
                continue
            before = self._kept.pop(message.message_id, None)
            if before is not None:
                self.bytes -= before[1]
            self._kept[message.message_id] = message, size, now
            self.bytes += size
        self._forget(now)

    def _forget(self, now: float) -> None:
        """Forget those that are unused for too long, and as many as are too much."""
        while self._kept:
            message_id, (_, size, since) = next(iter(self._kept.items()))
            if self.bytes <= self._most and now - since < KEPT_S:
                return
            del self._kept[message_id]
            self.bytes -= size
