"""What every run of a mailing works with: its stores, the log, and what it says of the mailing there."""

from dataclasses import dataclass

from schemas import ids, lossless, topics
from schemas.application_events import PartnerChanged, StopChanged
from schemas.mailing_events import MailingChanged
from services.ingest.duplicates.claims_store import DuplicateClaims
from services.ingest.mailing.model import CANNOT_OPEN, Mailing
from services.ingest.mailing.rules.draft import draft, without_values
from services.ingest.mailing.rules.segment import Segment
from services.ingest.mailing.rules.template import Template
from services.ingest.mailing.store import Mailings
from services.ingest.rules.errors import Refused
from services.runtime.clock import now_ms
from services.runtime.directory import Directory
from services.runtime.installations.segments import Segments
from services.runtime.log.kafka import Append, Log
from services.runtime.mongo import Document
from services.runtime.mongo.hour_keys import HourKeys


class CannotContinue(Exception):
    """The mailing cannot go on as it is; the text says why."""


@dataclass(frozen=True)
class Means:
    """What every run works with."""

    mailings: Mailings
    segments: Segments
    directory: Directory
    sink: Log
    keys: HourKeys
    claims: DuplicateClaims

    async def publish(self, mailing: Mailing) -> None:
        """Publish the mailing as it is. Raises LogUnavailable, mongo.TRANSIENT_ERRORS: the planner repeats it."""
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
        if newer is not None:  # somebody said a newer state meanwhile, which ours must not stand behind
            await self.publish(newer)

    def _stop_of(self, mailing: Mailing) -> StopChanged | None:
        """What holds up or ends those of its messages that are asked for already, in the router and behind it."""
        if mailing.state == "draft" or mailing.state == "done":
            return None
        name = f"{mailing.partner_id}/{mailing.mailing_id}"
        if mailing.state == "running" and not mailing.was_held:
            return None
        known = self.directory.stopped("mailing", name)
        if known is not None and known.by and mailing.state != "cancelled":
            return None  # what was stopped at `/v1/stops` goes on when it is lifted there
        return StopChanged(
            event_id=ids.event_id_of(mailing.mailing_id, f"stop/{mailing.revision}"),
            at=now_ms(),
            scope="mailing",
            id=name,
            state=mailing.state,
            reason=mailing.reason,
        )

    def held(self, mailing: Mailing, template: Template) -> StopChanged | None:
        """The stop that keeps it from being planned: its own, its partner's or its application's."""
        application_id = template.request.chain[0].application_id
        return self.directory.stop_of(mailing.partner_id, application_id, mailing_id=mailing.mailing_id)

    async def query(self, segment: Segment) -> Document:
        """What the database is asked for a segment."""
        return await self.segments.query(segment, self.directory.applications.get(segment.application_id))

    def template(self, mailing: Mailing) -> tuple[Template, PartnerChanged]:
        """As it was accepted when the mailing was made, with today's senders and defaults. Raises CannotContinue."""
        partner = self.directory.partners.get(mailing.partner_id)
        if partner is None or not partner.enabled:
            raise CannotContinue("the partner is switched off")
        if not mailing.is_readable:
            raise CannotContinue(CANNOT_OPEN)
        try:
            raw = lossless.loads(mailing.definition)
            drafted = draft(raw, partner, self.directory, mailing.created_at, is_stored=True)
            return Template(drafted), partner
        except Refused as refused:
            raise CannotContinue(refused.refusal.detail) from None
