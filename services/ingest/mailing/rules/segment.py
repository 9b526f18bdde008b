"""A segment: recipients by what their installations are, instead of a list. Pure.

    {"platforms": ["android"], "subscriptions": ["news"], "lastUsedAfter": "2026-01-01T00:00:00Z", "lastUsedBefore": …,
     "timeZones": ["Europe/Moscow"], "versionFrom": "2.0", "versionBelow": "5.1"}

The application is that of the message's sender, so that a partner cannot reach another's customers. Every condition
that is given must hold, with any of its values. Only installations with a live token count.
"""

from collections.abc import Sequence
from typing import Annotated, NamedTuple
from zoneinfo import available_timezones

from pydantic import Field

from schemas.application_events import PartnerChanged
from schemas.providers import Platform
from schemas.values import Link
from services.ingest.rules import Wire, instant_ms, invalid
from services.runtime.text.versions import version_key

Word = Annotated[str, Field(min_length=1, max_length=200)]
Words = Annotated[list[Word], Field(min_length=1, max_length=500)]


class SegmentBody(Wire):
    """`segment`."""

    application: Word | None = None
    platforms: Annotated[list[str], Field(min_length=1)] | None = None
    subscriptions: Words | None = None
    last_used_after: str | None = None
    last_used_before: str | None = None
    time_zones: Words | None = None
    version_from: Word | None = None
    version_below: Word | None = None


class Segment(NamedTuple):
    """The same in our terms. UTC ms: `used_from` is included, `used_until` is not. Empty: no condition."""

    application_id: str
    platforms: Sequence[str] = ()
    subscriptions: Sequence[str] = ()
    used_from: int | None = None
    used_until: int | None = None
    time_zones: Sequence[str] = ()
    version_from: str | None = None
    version_below: str | None = None

    @property
    def has_versions(self) -> bool:
        return self.version_from is not None or self.version_below is not None

    def fits(self, version: str) -> bool:
        """True for a version from `version_from` on and below `version_below`."""
        key = version_key(version)
        return (self.version_from is None or key >= version_key(self.version_from)) and (
            self.version_below is None or key < version_key(self.version_below)
        )


def segment_of(body: SegmentBody, chain: Sequence[Link], partner: PartnerChanged) -> Segment:
    """Raises Refused."""
    application_id = next((link.application_id for link in chain if link.application_id is not None), None)
    if application_id is None:
        raise invalid("segment", "needs a PUSH whose sender has an application")
    if body.application not in (None, application_id):
        raise invalid("segment.application", "must be that of the message's sender")
    known = {platform.value for platform in Platform}
    platforms = {name.lower() for name in body.platforms or ()}
    if not platforms <= known:
        raise invalid("segment.platforms", f"must be among {', '.join(sorted(known))}")
    if not set(body.time_zones or ()) <= available_timezones():
        raise invalid("segment.timeZones", "must be IANA names such as Europe/Moscow")
    after = _moment(body.last_used_after, partner.utc_offset_min, "segment.lastUsedAfter")
    before = _moment(body.last_used_before, partner.utc_offset_min, "segment.lastUsedBefore")
    if after is not None and before is not None and after >= before:
        raise invalid("segment.lastUsedBefore", "must be later than lastUsedAfter")
    return Segment(
        application_id=application_id,
        platforms=sorted(platforms),
        subscriptions=body.subscriptions or (),
        used_from=after,
        used_until=before,
        time_zones=body.time_zones or (),
        version_from=body.version_from,
        version_below=body.version_below,
    )


def _moment(text: str | None, offset_min: int, field: str) -> int | None:
    return None if text is None else instant_ms(text, offset_min, field)
