"""The services' own folds, without what follows from them: nothing is sent, appended or published.

    message-requested, provider-dispatched, status-events ─▶ FoldStep ─▶ messages, inbox, short_links, outcomes (stale)
    device-events                                         ─▶ DeviceStore ─▶ installations, cards, tokens, revocations
    audit-events                                          ─▶ AuditTrail ─▶ audit_trail, audit_reading
    delivery-statistics                                   ─▶ Statistics ─▶ statistics
    broadcast-channels, broadcasts                        ─▶ Broadcasts ─▶ broadcast_channels, broadcasts

A step may be run again over the same records: it then changes nothing. That is what makes a repair resumable, and what
lets the services go on behind it from an earlier offset.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from schemas import topics
from schemas.topics import Topic
from schemas.values import Lane
from services.ingest.broadcast.store import Broadcasts
from services.registry.audit_trail import GROUP as AUDIT_GROUP
from services.registry.audit_trail import AuditTrail
from services.registry.devices import DeviceStore
from services.registry.devices.consumers import DeviceConsumers
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.log.batch_consumer import Handler, Record, StepResult, group_of
from services.runtime.mongo import Database
from services.runtime.mongo.mailing_outcomes import OutcomesStore
from services.runtime.settings import Settings
from services.runtime.short_links import ShortLinks
from services.status.consumer import FoldStep
from services.status.fold import Followed, Taker
from services.status.history.service import InboxProjection
from services.status.history.store import Inbox
from services.status.message import Messages
from services.status.reports.intents import Intents, newest_of
from services.status.short_links import ShortLinkStore
from services.status.statistics.mailing_outcomes import mailings_of
from services.status.statistics.store import Statistics


class Family(NamedTuple):
    """Topics whose records are folded together, in the order of their times; `groups` are those that fold them live."""

    name: str
    topics: tuple[Topic, ...]
    groups: tuple[str, ...]
    step: Handler


@dataclass(frozen=True)
class Folds:
    """The folds into one database. `takers`: of what follows from messages only what is itself stored there."""

    settings: Settings
    database: Database
    directory: Directory
    secrets: Secrets

    async def families(self, takers: Sequence[Taker] = ()) -> list[Family]:
        """All of them, with the indexes of their collections made."""
        devices, statistics = DeviceStore(self.database), Statistics(self.database)
        broadcasts, trail = Broadcasts(self.database), AuditTrail(self.database)
        await devices.prepare()
        await statistics.prepare()
        await broadcasts.prepare()
        await trail.prepare()
        messages = await self._messages(takers)
        return [
            Family("devices", (topics.DEVICE_EVENTS,), ("registry",), DeviceConsumers(devices).device_events),
            Family("audit trail", (topics.AUDIT_EVENTS,), (AUDIT_GROUP,), trail.step),
            *(
                Family(
                    f"messages, {lane}",
                    (topics.MESSAGE_REQUESTED[lane], topics.PROVIDER_DISPATCHED[lane], topics.STATUS_EVENTS[lane]),
                    (group_of("status", lane),),
                    messages.step,
                )
                for lane in _LANES
            ),
            Family("statistics", (topics.DELIVERY_STATISTICS,), ("status-statistics",), statistics.step),
            Family(
                "broadcasts",
                (topics.BROADCAST_CHANNELS, topics.BROADCASTS),
                ("ingest-broadcasts",),
                partial(_broadcasts, broadcasts),
            ),
        ]

    async def _messages(self, takers: Sequence[Taker]) -> FoldStep:
        digests = partial(self.secrets.digests, purpose="short-link")
        messages, inbox, outcomes = Messages(self.database), Inbox(self.database), OutcomesStore(self.database)
        short_links = ShortLinkStore(self.database, ShortLinks(self.settings.public_url, digests))
        await messages.prepare()
        await inbox.prepare()
        await short_links.prepare()
        await outcomes.prepare()
        return FoldStep(
            messages,
            (partial(_mailings_changed, outcomes), *takers),
            (InboxProjection(inbox), short_links.project),
            (partial(_settle_unwanted, Intents(self.directory)),),
        )


_LANES: tuple[Lane, ...] = ("single", "bulk")


def _settle_unwanted(intents: Intents, followed: Followed) -> None:
    """Reports that nobody wants are not owed. Those that are stay so: the sweeper finds what was never tried."""
    for message, follows in followed:
        for newest in newest_of(message, follows):
            if intents.host(message, newest.due) is None:
                message.settled[newest.due.link] = newest.due.report.status.rank


async def _mailings_changed(outcomes: OutcomesStore, followed: Followed) -> None:
    """Status counts these mailings anew when it runs, those of dropped lines too, however long ago they came."""
    dropped_for = {mailing_id for message, _ in followed for mailing_id in message.repeats}
    await outcomes.changed(mailings_of(followed) | dropped_for)


async def _broadcasts(store: Broadcasts, records: Sequence[Record]) -> StepResult:
    async def project() -> None:
        for record in records:
            await store.apply(record.event)

    return StepResult(project=project)
