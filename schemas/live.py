"""Slots of Live Activities: which of an installation's tokens a push goes to. Pure. Source: `docs/providers.md` §1.10.

An installation has one push token, one token for each activity that it shows, and one for each type of activity that
servers may start. A `slot` names one of them, in events, in documents and in ids:

    ""                          the push token
    "activity/<activity id>"    the update token of an activity
    "start/<attributes type>"   the push-to-start token of a type
"""

from typing import NamedTuple

from schemas import lossless
from schemas.values import Content

ACTIVITY = "activity/"
START = "start/"
LONGEST_ACTIVITY_MS = 12 * 3_600_000
"""Apple lets an activity be active for 8 hours and shown for 4 more; APNs may answer 200 long after it has ended."""


class Aim(NamedTuple):
    """The aim of a LIVE_ACTIVITY: one slot, or every activity."""

    slot: str | None

    def takes(self, slot: str) -> bool:
        return slot == self.slot if self.slot is not None else slot.startswith(ACTIVITY)


def activity_slot(activity_id: str) -> str:
    return ACTIVITY + activity_id


def start_slot(attributes_type: str) -> str:
    return START + attributes_type


def aim_of(content: Content) -> Aim | None:
    """The aim of the content; None for an ordinary push."""
    if content.live_activity is None:
        return None
    update = lossless.loads(content.live_activity)
    if update.get("event") == "start":
        return Aim(start_slot(update.get("attributes-type", "")))
    activity_id = update.get("activity-id")
    return Aim(activity_slot(activity_id) if activity_id is not None else None)


def event_of(content: Content) -> str | None:
    """The event of the activity: start, update or end; None for an ordinary push."""
    return None if content.live_activity is None else str(lossless.loads(content.live_activity).get("event", "update"))
