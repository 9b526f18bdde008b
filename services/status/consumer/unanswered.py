"""What was folded, where nobody knows whether it was saved: the save was not answered.

    save fails ─▶ keep ─▶ the same records again ─▶ take: saved once more, and what follows is done as if for the first
                                                    time; without it, as after a crash

So it may be bounded, and is by the bytes that it takes: those kept first go first.
"""

from collections import OrderedDict
from collections.abc import Sequence

from services.status.consumer.recent_messages import size_of
from services.status.fold import FollowUp
from services.status.message import Message

MOST_BYTES = 32 * 1024 * 1024
Folded = tuple[Message, list[FollowUp]]


class Unanswered:
    """By message, with the origins of the records that were folded."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._kept: OrderedDict[str, tuple[Sequence[str], Folded, int]] = OrderedDict()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, folded: Folded, origins: Sequence[str]) -> None:
        message_id, size = folded[0].message_id, size_of(folded[0])
        self._drop(message_id)
        self._kept[message_id] = origins, folded, size
        self.bytes += size
        while self.bytes > self._most:
            self._drop(next(iter(self._kept)))

    def take(self, message_id: str, origins: Sequence[str]) -> Folded | None:
        """What came of the same records; None, and nothing is kept any more, when others are to be folded."""
        kept = self._drop(message_id)
        if kept is None or not all(origins) or kept[0] != origins:
            return None
        return kept[1]

    def _drop(self, message_id: str) -> tuple[Sequence[str], Folded, int] | None:
        kept = self._kept.pop(message_id, None)
        if kept is not None:
            self.bytes -= kept[2]
        return kept
