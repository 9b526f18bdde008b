"""Passes counted outcomes to the statistics: what a batch has brought each of them, as one `StatisticPart`.

    follow-ups of a batch ─▶ by statistic, in the order of the records that decided them ─▶ statistic-parts

They are appended after the save and before the commit, so positions of one origin only grow, and a crash in between
appends the same again, perhaps with other borders: the statistics recognise each by its position
(`schemas/statistic_events.py`). So everything of one origin must come in its order, from batch to batch as well.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple

from schemas import ids
from schemas.providers import Provider
from schemas.statistic_events import MINUTE_MS, NAMESPACE, CountedRecord, Statistic, StatisticPart, key_of
from schemas.topics import STATISTIC_PARTS
from schemas.values import Channel
from services.runtime import telemetry
from services.runtime.log.kafka import Append, Log
from services.status.fold import OUTCOMES, Followed, OutcomeCounted
from services.status.message import Count, Message

MOST_IN_A_PART = 4_000
"""Some 400 KB, so that no batch makes a record that Kafka refuses: one mailing's batch counts tens of thousands."""
_BY_STATUS = -1
_in_order = attrgetter("origin", "position")


@dataclass(frozen=True)
class StatisticsFeed:
    """The taker of counted outcomes."""

    sink: Log

    async def take(self, followed: Followed) -> None:
        """Append what was counted. Raises LogUnavailable."""
        parts = parts_of(followed)
        await self.sink.append([Append(STATISTIC_PARTS, key_of(part.statistic), part) for part in parts])
        for part in parts:
            _count(part)


def _count(part: StatisticPart) -> None:
    """For the metrics, which a crash may have count the same again."""
    found = part.statistic
    provider = found.provider.value if found.provider is not None else ""
    telemetry.OUTCOMES.labels(found.application_id, provider, found.channel, found.outcome).inc(len(part.counted))


def parts_of(followed: Followed) -> list[StatisticPart]:
    """The parts of a batch, seldom more than one for each statistic."""
    found: dict[_Key, list[Count]] = {}
    for message, follow_ups in followed:
        for follow_up in follow_ups:
            if type(follow_up) is OutcomeCounted:
                found.setdefault(_key(message, follow_up), []).append(follow_up.outcome)
    return [part for key, counts in found.items() for part in _parts(_statistic(key), counts)]


class _Key(NamedTuple):
    """The fields of a statistic as the fold has them."""

    minute: int
    partner_id: str
    application_id: str
    channel: Channel
    provider: str
    outcome: int
    error_code: int


def _key(message: Message, counted: OutcomeCounted) -> _Key:
    count, delivery = counted.outcome, counted.delivery
    application_id, provider = ("", "") if delivery is None else (delivery.application_id, delivery.provider)
    return _Key(
        minute=count.at - count.at % MINUTE_MS,
        partner_id=message.partner_id,
        application_id=application_id,
        channel=counted.request.channel,
        provider=provider,
        outcome=count.outcome,
        error_code=count.error_code,
    )


def _statistic(key: _Key) -> Statistic:
    return Statistic(
        minute=key.minute,
        partner_id=key.partner_id,
        application_id=key.application_id,
        channel=key.channel,
        provider=Provider(key.provider) if key.provider else None,
        outcome=OUTCOMES[key.outcome],
        error_code=key.error_code,
    )


def _parts(statistic: Statistic, counts: Sequence[Count]) -> Iterator[StatisticPart]:
    at = max(count.at for count in counts)
    counted = sorted(map(_counted, counts), key=_in_order)
    for start in range(0, len(counted), MOST_IN_A_PART):
        yield _part(statistic, at, tuple(counted[start : start + MOST_IN_A_PART]))


def _part(statistic: Statistic, at: int, counted: tuple[CountedRecord, ...]) -> StatisticPart:
    first, last = counted[0], counted[-1]
    borders = f"{first.origin}/{first.position}/{last.origin}/{last.position}"
    return StatisticPart(
        event_id=ids.event_id_of(NAMESPACE, f"part/{key_of(statistic)}/{borders}"),
        at=at,
        statistic=statistic,
        source=_BY_STATUS,
        counted=counted,
    )


def _counted(count: Count) -> CountedRecord:
    origin, _, offset = count.origin.rpartition("/")
    return CountedRecord(
        origin=origin,
        position=(int(offset), count.place),
        sent_after_ms=count.sent_after_ms,
        delivered_after_ms=count.delivered_after_ms,
    )
