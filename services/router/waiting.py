"""A link that is not planned now. `cause` is the id of the event that brought it.

scheduled   its window opens later          timer at that hour
held        what it belongs to is paused    timer at the time at which it would expire; hastened when that is lifted

Either is hastened as well when its packet or mailing is cancelled, whatever holds it up.

The event's id comes from its cause, so it differs each time that the link is decided: the timer that brought it here
may not be deleted yet, and must not be taken for the new one.
"""

from collections.abc import Sequence

from schemas import ids, topics
from schemas.application_events import ApplicationChanged, StopChanged
from schemas.events import Held, MessageRequested, Scheduled, ScheduleDue
from services.runtime.access.identity import trusted_first
from services.runtime.crypto import record_encryption
from services.runtime.installations.model import Installation
from services.runtime.log.kafka import Append
from services.runtime.scheduling import windows
from services.runtime.scheduling.tags import StopTag, Tag, cancel_tags
from services.runtime.scheduling.timers import Timer


def scheduled(
    request: MessageRequested,
    cause: str,
    installations: Sequence[Installation],
    now: int,
    application: ApplicationChanged | None = None,
) -> Scheduled | None:
    """None when the link may go now (or never: the plan says so by its deadline).

    A time zone of an installation that nobody vouches for counts only where none is proved.
    """
    schedule = request.schedule
    if schedule is None:
        return None
    if schedule.recipient_zone:
        ordered, _ = trusted_first(installations, application)
        theirs = next((found.time_zone for found in ordered if found.time_zone), "")
        zone, name = windows.zone_of(theirs, request.recipient.phone, request.utc_offset_min)
    else:
        zone, name = windows.partner_zone(request.utc_offset_min)
    at = windows.send_at(schedule, zone, now)
    if at is None:
        at = (schedule.deadline or 0) + 1  # it opens too late: EXPIRED once the deadline has passed
    if at <= now:
        return None
    return Scheduled(
        **request.link_fields,
        event_id=ids.event_id_of(cause, "scheduled"),
        at=now,
        request_id=request.event_id,
        send_at=at,
        expires_at=at + request.chain[0].ttl_ms,
        zone=name,
    )


def held(request: MessageRequested, cause: str, stop: StopChanged, until: int, now: int) -> Held:
    return Held(
        **request.link_fields,
        event_id=ids.event_id_of(cause, "held"),
        at=now,
        request_id=request.event_id,
        scope=stop.scope,
        stop_id=stop.id,
        until=until,
    )


def timer_of(request: MessageRequested, waits: Scheduled | Held, due_at: int) -> Timer:
    due = ScheduleDue(
        event_id=ids.event_id_of(waits.event_id, "due"),
        at=due_at,
        **waits.link_fields,
        request=request,
    )
    held_by: tuple[Tag, ...] = (StopTag("held", waits.scope, waits.stop_id),) if isinstance(waits, Held) else ()
    return Timer(due_at, topics.MESSAGE_REQUESTED[due.lane], due.message_id, due, held_by + cancel_tags(request))


def timers_again(request: MessageRequested, plan: Sequence[Append]) -> list[Timer]:
    """The timers of a link that waits, by the events that its stored plan holds."""
    events = [record_encryption.decode(append.topic, append.value) for append in plan]
    return [
        timer_of(request, waits, waits.send_at if isinstance(waits, Scheduled) else waits.until)
        for waits in events
        if isinstance(waits, Scheduled | Held)
    ]
