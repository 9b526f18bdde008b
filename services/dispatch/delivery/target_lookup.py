"""Looks up what targets need to be sent, a chunk of them at once.

installations (one `$in`) ─▶ screened ─▶ SECURE values sealed to devices that have a key, and whose owner is proved
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from schemas.events import TargetResolved
from schemas.live import event_of
from schemas.reasons import Reason
from services.dispatch.delivery.sender_health import SenderHealth
from services.dispatch.delivery.sender_watch import SenderWatch
from services.dispatch.delivery.senders import Senders
from services.dispatch.payload import DeviceSecureValues
from services.dispatch.policy import Conclusion, Obstacle, not_sent, screened
from services.dispatch.provider import Sender
from services.runtime.access.identity import is_trusted
from services.runtime.clock import now_ms
from services.runtime.installations.model import Installation, Token
from services.runtime.installations.reader import Installations
from services.runtime.mongo.ended_activities import Ended, EndedActivities, key_of

HAS_ENDED: Final = Obstacle("refused", Reason.NO_ACTIVE_INSTALLATION, "the live activity has been ended")


class ReadyPush(NamedTuple):
    """A target that is to be sent, and what was looked up for it."""

    target: TargetResolved
    installation: Installation | None  # None, and no token: for the channel platform
    token: Token | None
    sender: Sender
    health: SenderHealth
    sealed: str | None = None  # SECURE values, to this device


Item = ReadyPush | Conclusion
"""A conclusion: nothing is to be sent."""


class TargetLookup:
    """The lookup of one provider."""

    def __init__(
        self,
        senders: Senders,
        watch: SenderWatch,
        *,
        installations: Installations,
        ended: EndedActivities,
        secure_values: DeviceSecureValues,
    ) -> None:
        self._senders, self._watch = senders, watch
        self._installations, self._ended, self._secure_values = installations, ended, secure_values

    async def items(self, targets: Sequence[TargetResolved]) -> list[Item]:
        """One for each target, in order. Raises mongo.TRANSIENT_ERRORS."""
        found = await self._installations.to_push(
            [target.installation_id for target in targets if target.channel is None]
        )
        updated = [
            key_of(target.installation_id, target.slot)
            for target in targets
            if target.slot and is_live_event(target, "update")
        ]
        marks = await self._ended.among(updated) if updated else {}
        now = now_ms()  # after the lookups, which may have taken long
        items = [self._item(target, found.get(target.installation_id), marks, now) for target in targets]
        return [await self._with_values(item, now) if _has_values(item) else item for item in items]

    def _item(
        self, target: TargetResolved, installation: Installation | None, marks: Mapping[str, Ended], now: int
    ) -> Item:
        sender = self._senders.of(target.application_id)
        web_key = self._senders.web_key(target.application_id)
        obstacle = screened(target, installation, sender is not None, now, web_key)
        token = installation.token_of(target.slot, now) if installation is not None and obstacle is None else None
        if token is not None and marks and is_live_event(target, "update"):
            mark = marks.get(key_of(target.installation_id, target.slot))
            if mark is not None and mark.covers(token.registered_at, now):
                obstacle = HAS_ENDED
        if obstacle is not None:
            return marked_end(target, not_sent(target, obstacle, now))
        assert sender is not None
        return ReadyPush(target, installation, token, sender, self._watch.health_of(target.application_id))

    async def _with_values(self, item: Item, now: int) -> Item:
        if isinstance(item, Conclusion) or item.installation is None:
            return item
        if not is_trusted(item.installation, self._senders.application(item.target.application_id)):
            return item  # its owner is not proved, so the values may not be for this person
        key = item.installation.public_key
        return item._replace(sealed=await self._secure_values.for_device(item.target, key, now))


def _has_values(item: Item) -> bool:
    return type(item) is ReadyPush and item.target.content.secure is not None


def is_live_event(target: TargetResolved, event: str) -> bool:
    """Whether the target is that of a Live Activity, for this event. Asked of such targets only: it reads JSON."""
    return not target.withdraw and event_of(target.content) == event


def marked_end(target: TargetResolved, conclusion: Conclusion) -> Conclusion:
    """The conclusion, marked where the delivery was to end a Live Activity."""
    return conclusion._replace(ends=True) if target.slot and is_live_event(target, "end") else conclusion
