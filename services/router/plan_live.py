"""Which of an installation's Live Activities a link goes to. Pure. Source: `docs/partner-api.md` §1, LIVE_ACTIVITY.

start          the push-to-start token of its attributes type
update, end    the activity that is named, or every one; only while its token counts by our clock, and only the
               owner's: an activity of whoever was logged in before is not updated for the one who is now
"""

from collections.abc import Sequence
from typing import Protocol

from schemas import ids
from schemas.live import Aim


class LiveSeen(Protocol):
    """A token of a Live Activity (`services.runtime.installations.reader.LiveToken`)."""

    @property
    def slot(self) -> str: ...
    @property
    def owner(self) -> str: ...
    @property
    def expires_at(self) -> int | None: ...


class LiveInstallationSeen(Protocol):
    """What is asked of an installation here."""

    @property
    def external_user_id(self) -> str | None: ...
    @property
    def phone(self) -> str | None: ...
    @property
    def live(self) -> Sequence[LiveSeen]: ...


def slots_of(one: LiveInstallationSeen, aim: Aim, application_id: str, now: int) -> tuple[str, ...]:
    """The slots that the link goes to at `now` (UTC ms); empty: it shows no such activity."""
    owner = ids.owner_key_of(application_id, one.external_user_id, one.phone)
    return tuple(
        live.slot
        for live in one.live
        if aim.takes(live.slot) and live.owner in ("", owner) and (live.expires_at is None or now < live.expires_at)
    )
