"""How much of the bulk lane may be under way in a process, so that single messages find a quick event loop.

    each look: the loop was late ─▶ half as much;   else, while the room is used ─▶ a little more

A process does one thing at a time: a thousand pushes of a mailing that are ready to go on run before the one-time
password that has just come. How late the loop is tells when there are too many, on any machine and with any provider.
"""

import asyncio
from dataclasses import dataclass, field

_LEAST, _FIRST, _MOST = 32, 128, 16_384
_STEP = 16
_LATE_S = 0.02
_LOOK_S = 0.05
_REST_S = 0.5  # while nothing of the bulk lane is under way, there is nothing to adjust
_CUT_EVERY_S = 0.2


@dataclass
class BulkBackpressure:
    """The width of a process's bulk lane, shared by its bulk consumers."""

    width: int = _FIRST
    _under_way: dict[str, int] = field(default_factory=dict)
    _cut_at_s: float = float("-inf")

    def room(self, name: str, under_way: int) -> int:
        """How many more records the consumer of this name may take now, with `under_way` of them in work."""
        self._under_way[name] = under_way
        return max(0, self.width - sum(self._under_way.values()))

    def seen(self, late_s: float, now_s: float) -> None:
        """Adjust the width: the loop came back `late_s` later than asked. Monotonic seconds."""
        if late_s > _LATE_S:
            if now_s - self._cut_at_s >= _CUT_EVERY_S:
                self._cut_at_s, self.width = now_s, max(_LEAST, self.width // 2)
        elif sum(self._under_way.values()) * 2 > self.width:
            self.width = min(_MOST, self.width + _STEP)

    async def watch(self, stop: asyncio.Event) -> None:
        """Measure how late the loop is, until stopped."""
        clock = asyncio.get_running_loop().time
        while not stop.is_set():
            if not any(self._under_way.values()):
                await asyncio.sleep(_REST_S)
                continue
            asked = clock() + _LOOK_S
            await asyncio.sleep(_LOOK_S)
            self.seen(clock() - asked, clock())
