"""Tells the statistics what was counted: `DeliveryCounted` onto `delivery-counted`, before the batch is committed.

In the order of the records that decided it, so that of one origin the positions only grow; a batch that is
done again tells the same again, and the statistics know it by its position (`schemas/statistic_events.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas import ids
from schemas.statistic_events import MINUTE_MS, DeliveryCounted, Statistic
from schemas.topics import DELIVERY_COUNTED
from schemas.values import Provider
from services.kafka import Append, Log
from services.status.fold import FollowUp
from services.status.fold_counts import OUTCOMES, Counted
from services.status.message import Message


@dataclass(frozen=True)
class StatisticsFeed:
    """`take` is one of `Folding`'s takers."""

    sink: Log

    async def take(self, followed: Sequence[tuple[Message, Sequence[FollowUp]]]) -> None:
        """Append what was counted. Raises LogUnavailable."""
        events = [_event(message, one) for message, follows in followed for one in follows if isinstance(one, Counted)]
        events.sort(key=lambda one: (one.origin, one.position))
        await self.sink.append([Append(DELIVERY_COUNTED, one.message_id, one) for one in events])


def _event(message: Message, one: Counted) -> DeliveryCounted:
    count, delivery = one.count, one.delivery
    origin, _, offset = count.origin.rpartition("/")
    statistic = Statistic(
        minute=count.at - count.at % MINUTE_MS,
        partner_id=message.partner_id,
        application_id=delivery.application_id if delivery is not None else "",
        channel=one.request.channel,
        provider=Provider(delivery.provider) if delivery is not None else None,
        outcome=OUTCOMES[count.outcome],
        error_code=count.error_code,
    )
    reached = delivery.delivery_id if delivery is not None else ""
    what = f"counted/{one.link}/{reached}/{statistic.outcome}"
    return DeliveryCounted(
        event_id=ids.event_id_of(message.message_id, what),
        at=count.at,
        message_id=message.message_id,
        partner_id=message.partner_id,
        lane=message.lane,
        link=one.link,
        statistic=statistic,
        origin=origin,
        position=(int(offset), count.place),
        sent_after_ms=count.sent_after_ms,
        delivered_after_ms=count.delivered_after_ms,
    )
