"""Which of an installation's Live Activities a link goes to. Pure. Source: `docs/partner-api.md` §1, LIVE_ACTIVITY.

start          the push-to-start token of its attributes type
update, end    the activity that is named, or every one; only while its token counts by our clock, and only the
               owner's: an activity of the user who was logged in before is not updated
"""

from schemas import ids
from schemas.live import Aim
from services.runtime.installations.model import Installation


def slots_of(installation: Installation, aim: Aim, application_id: str, now: int) -> tuple[str, ...]:
    """The slots that the link goes to at `now` (UTC ms); empty: it shows no such activity."""
    owner = ids.owner_key_of(application_id, installation.external_user_id, installation.phone)
    return tuple(
        live.slot
        for live in installation.live
        if aim.takes(live.slot) and live.owner in ("", owner) and (live.expires_at is None or now < live.expires_at)
    )
