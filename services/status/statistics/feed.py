"""Passes counted outcomes to the statistics: `DeliveryCounted` onto `delivery-counted`, before the batch is committed.

They go in the order of the records that decided them, so that positions of one origin only grow; a batch that is done
again passes the same again, and the statistics recognise it by its position (`schemas/statistic_events.py`).
"""

from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter

from schemas import ids
from schemas.providers import Provider
from schemas.statistic_events import MINUTE_MS, DeliveryCounted, Outcome, Position, Statistic
from schemas.topics import DELIVERY_COUNTED
from schemas.values import Channel
from services.runtime.log.kafka import Append, Log
from services.status.fold import OUTCOMES, Followed, OutcomeCounted
from services.status.message import Message

_in_order = attrgetter("origin", "position")


@dataclass(frozen=True)
class StatisticsFeed:
    """The taker of counted outcomes."""

    sink: Log

    async def take(self, followed: Followed) -> None:
        """Append what was counted. Raises LogUnavailable."""
        events = [
            _event(message, follow_up)
            for message, follow_ups in followed
            for follow_up in follow_ups
            if type(follow_up) is OutcomeCounted
        ]
        events.sort(key=_in_order)
        await self.sink.append([Append(DELIVERY_COUNTED, event.message_id, event) for event in events])


def _event(message: Message, counted: OutcomeCounted) -> DeliveryCounted:
    count, delivery = counted.outcome, counted.delivery
    origin, _, offset = count.origin.rpartition("/")
    application_id, provider, reached = "", "", ""
    if delivery is not None:
        application_id, provider, reached = delivery.application_id, delivery.provider, delivery.delivery_id
    outcome, minute = OUTCOMES[count.outcome], count.at - count.at % MINUTE_MS
    pattern = _pattern(
        minute=minute,
        partner_id=message.partner_id,
        application_id=application_id,
        channel=counted.request.channel,
        provider=provider,
        outcome=outcome,
        error_code=count.error_code,
    )
    return pattern.replace(
        event_id=ids.event_id_of(message.message_id, f"counted/{counted.link}/{reached}/{outcome}"),
        at=count.at,
        message_id=message.message_id,
        lane=message.lane,
        link=counted.link,
        origin=origin,
        position=(int(offset), count.place),
        sent_after_ms=count.sent_after_ms,
        delivered_after_ms=count.delivered_after_ms,
    )


@lru_cache(256)
def _pattern(
    *,
    minute: int,
    partner_id: str,
    application_id: str,
    channel: Channel,
    provider: str,
    outcome: Outcome,
    error_code: int,
) -> DeliveryCounted:
    """The fields that events of one statistic share, checked once for all of them; their own fields are empty."""
    statistic = Statistic(
        minute=minute,
        partner_id=partner_id,
        application_id=application_id,
        channel=channel,
        provider=Provider(provider) if provider else None,
        outcome=outcome,
        error_code=error_code,
    )
    nothing: Position = (0, 0)
    return DeliveryCounted(
        event_id="", at=0, message_id="", partner_id=partner_id, statistic=statistic, origin="", position=nothing
    )
