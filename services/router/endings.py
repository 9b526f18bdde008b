"""The Live Activities that an `end` has been planned for, in one batch of the router: an update does not go to them.

What other batches have ended is looked up, only when the batch has an update of an activity, for the installations
that it is about; what this one ends is known to the links behind it. `services/runtime/mongo/ended_activities.py`
keeps both.
"""

from collections.abc import Iterable, Sequence

from schemas.events import MessageRequested, TargetResolved
from schemas.live import event_of
from services.runtime.installations.model import Installation, LiveToken
from services.runtime.mongo.ended_activities import TRAVEL_MS, Ended, EndedActivities, key_of


class Endings:
    """What one batch has ended, at `now` (UTC ms), besides what was known."""

    def __init__(self, known: dict[str, Ended], now: int) -> None:
        self._known, self._now = dict(known), now
        self.ended: list[Ended] = []

    def alive(self, request: MessageRequested, installations: Sequence[Installation]) -> Sequence[Installation]:
        """The installations as the link sees them: for an update without the activities that have been ended."""
        if not _is(request, "update"):
            return installations
        return [self._alive(installation) for installation in installations]

    def planned(self, request: MessageRequested, targets: Iterable[TargetResolved]) -> None:
        """The link has been planned: an `end` ends its targets."""
        if not _is(request, "end"):
            return
        for target in targets:
            until = target.expires_at + TRAVEL_MS
            ended = Ended(target.installation_id, target.slot, target.delivery_id, self._now, until)
            self._known[ended.key] = ended
            self.ended.append(ended)

    def _alive(self, installation: Installation) -> Installation:
        installation_id = installation.installation_id
        alive = [live for live in installation.live if not self._has_ended(key_of(installation_id, live.slot), live)]
        return installation._replace(live=tuple(alive))

    def _has_ended(self, key: str, live: LiveToken) -> bool:
        ended = self._known.get(key)
        return ended is not None and ended.covers(live.token.registered_at, self._now)


async def endings_of(
    store: EndedActivities, asked: Iterable[tuple[MessageRequested, Sequence[Installation]]], now: int
) -> Endings:
    """The endings for these links and the installations that each is about."""
    keys = [
        key_of(installation.installation_id, live.slot)
        for request, installations in asked
        if _is(request, "update")
        for installation in installations
        for live in installation.live
    ]
    return Endings(await store.among(keys) if keys else {}, now)


def _is(request: MessageRequested, event: str) -> bool:
    content = request.chain[0].content
    return content is not None and event_of(content) == event
