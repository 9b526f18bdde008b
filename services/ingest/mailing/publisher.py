"""The state of mailings in the log: `mailing-events`, and the stops that follow from it in `application-events`."""

from dataclasses import dataclass

from schemas import ids, topics
from schemas.application_events import OwnedId, StopChanged
from schemas.mailing_events import MailingChanged
from services.ingest.mailing.model import Mailing
from services.ingest.mailing.rules.draft import without_values
from services.ingest.mailing.store import Mailings
from services.runtime.clock import now_ms
from services.runtime.directory import Directory
from services.runtime.log.kafka import Append, Log


@dataclass(frozen=True)
class MailingPublisher:
    """Appends the state of a mailing. Raises LogUnavailable, mongo.TRANSIENT_ERRORS; the planner tries again."""

    mailings: Mailings
    directory: Directory
    sink: Log

    async def publish(self, mailing: Mailing) -> None:
        """Append this revision, and the newer one if there is one by then; what a newer release has made of it is
        that one's to publish."""
        if mailing.state == "unknown":
            return
        event = MailingChanged(
            event_id=ids.event_id_of(mailing.mailing_id, f"revision/{mailing.revision}"),
            at=now_ms(),
            mailing_id=mailing.mailing_id,
            partner_id=mailing.partner_id,
            revision=mailing.revision,
            state=mailing.state,
            name=mailing.name,
            definition=without_values(mailing.definition),
            accepted=mailing.recipients,
            refused=mailing.refused,
            planned=mailing.planned,
            start_at=mailing.start_at,
            reason=mailing.reason,
        )
        appends = [Append(topics.MAILING_EVENTS, mailing.mailing_id, event)]
        if (stop := self._stop_of(mailing)) is not None:
            appends.append(Append(topics.APPLICATION_EVENTS, stop.entity_key, stop))
        await self.sink.append(appends)
        newer = await self.mailings.published(mailing)
        if newer is not None:  # somebody has published a newer state meanwhile, and ours must not be the last word
            await self.publish(newer)

    def _stop_of(self, mailing: Mailing) -> StopChanged | None:
        """The stop that holds back, or ends, those of its messages that the router and dispatch have already."""
        state = mailing.state
        if state == "draft" or state == "done" or state == "unknown":
            return None
        if state == "running" and not mailing.was_held:
            return None
        name = str(OwnedId(mailing.partner_id, mailing.mailing_id))
        known = self.directory.stopped("mailing", name)
        if known is not None and known.by and state != "cancelled":
            return None  # what was stopped at `/v1/stops` goes on when it is lifted there
        return StopChanged(
            event_id=ids.event_id_of(mailing.mailing_id, f"stop/{mailing.revision}"),
            at=now_ms(),
            scope="mailing",
            id=name,
            state=state,
            reason=mailing.reason,
        )
