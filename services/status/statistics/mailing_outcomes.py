"""Counts the messages of mailings by state, again and again while they change, from the messages themselves.

    fold ─▶ take: these mailings have changed ─▶ (a pause) ─▶ count over the index ─▶ `outcomes`, which ingest reads

A line that was dropped because its id was used before has no message of its own: the one that has the id counts it, and
it is refused as a duplicate here.

Counting instead of adding up: whatever is repeated, late or killed, the next count is right. A count of a million index
entries takes the database about a second, so the pause is a multiple of what the last one took, within bounds: on a
machine that is busy the figures of a mailing that has ended would else be minutes late.
"""

import asyncio
import time

from schemas import DeliveryState
from schemas.reasons import Reason
from services.runtime.clock import now_ms
from services.runtime.loops import keep_on
from services.runtime.mongo.leases import Lease
from services.runtime.mongo.mailing_outcomes import OutcomesStore
from services.status.fold import Followed, LineRepeated
from services.status.message import Messages

_PAUSE_TIMES = 20
_LONGEST_PAUSE_S = 20.0
_LEASE_MS = 15_000
_LOOK_ELSEWHERE_S = 5.0
"""How often to look for what only other instances have noted; one's own changes are counted with the next turn."""


class MailingOutcomeCounter:
    """The taker that notes changed mailings, and the loop that counts them, one instance at a time under the lease."""

    def __init__(self, messages: Messages, outcomes: OutcomesStore, lease: Lease) -> None:
        self._messages, self._outcomes, self._lease = messages, outcomes, lease
        self._has_noted, self._look_at_s = False, 0.0

    async def take(self, followed: Followed) -> None:
        """Note the mailings that have changed; noting one twice costs one count more."""
        if changed := mailings_of(followed):
            await self._outcomes.changed(changed)
            self._has_noted = True

    async def run(self, stop: asyncio.Event, interval_s: float) -> None:
        """Count changed mailings until stopped; infrastructure trouble is logged and tried again."""

        async def turn() -> float:
            if not self._has_noted and time.monotonic() < self._look_at_s:
                return interval_s
            self._has_noted = False
            took_s = await self.count(now_ms())
            self._look_at_s = time.monotonic() + _LOOK_ELSEWHERE_S
            return pause_s(took_s, interval_s)

        await keep_on("outcomes", turn, stop, interval_s)
        await self._lease.release()

    async def count(self, now: int) -> float:
        """Count every mailing that has changed, and give the seconds that it took."""
        began_s = time.monotonic()
        if not await self._lease.hold(now, _LEASE_MS):
            return 0.0
        await count_changed(self._messages, self._outcomes, now)
        return time.monotonic() - began_s


def mailings_of(followed: Followed) -> set[str]:
    """The mailings whose figures may have changed: the messages' own, and those of lines that were dropped for them."""
    changed = {
        message.request.mailing_id
        for message, _ in followed
        if message.request is not None and message.request.mailing_id is not None
    }
    dropped = {
        follow_up.mailing_id
        for _, follow_ups in followed
        for follow_up in follow_ups
        if type(follow_up) is LineRepeated
    }
    return changed | dropped


def pause_s(took_s: float, interval_s: float) -> float:
    """How long to rest after a turn that took so long."""
    return max(interval_s, min(_LONGEST_PAUSE_S, _PAUSE_TIMES * took_s))


async def count_changed(messages: Messages, outcomes: OutcomesStore, now: int) -> int:
    """Count mailings that have changed, a hundred at most; how many. Raises mongo.TRANSIENT_ERRORS."""
    changed = await outcomes.stale()
    for mailing_id, changes in changed:
        counts = await messages.count_by_state(mailing_id)
        if repeated := await messages.count_repeats(mailing_id):
            counts.append((DeliveryState.REFUSED.value, Reason.DUPLICATED.value, repeated))
        await outcomes.put(mailing_id, changes, counts, now)
    return len(changed)
