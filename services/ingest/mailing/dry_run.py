"""The dry run of a mailing: what starting it would do, without sending anything.

A list of up to LOOKED_AT recipients is looked at whole; of a longer one a sample of evenly spread chunks, from which
the rest is projected, so that the answer takes seconds and constant memory. A segment is counted by the database.

Whoever makes a list of one phone learns whether it is a customer's, and by known strangers around it of a longer one
too: an operator's forecast of a list is a search in the audit trail, for all whom it looks at.
"""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import tzinfo

from schemas.values import Channel
from services.ingest.mailing.model import Mailing, sent_to
from services.ingest.mailing.planning.recipients import RecipientReader
from services.ingest.mailing.rules.forecast import by_zone, expires_in
from services.ingest.mailing.rules.paid import PaidMessages
from services.ingest.mailing.rules.recipients import recipient_of
from services.ingest.mailing.rules.rows import Row
from services.ingest.mailing.rules.template import Template
from services.ingest.mailing.service import MailingService
from services.ingest.mailing.views import ForecastView, PaidView, ZoneView
from services.runtime.installations.model import Address
from services.runtime.installations.reader import Installations
from services.runtime.looks import note_people
from services.runtime.scheduling import windows

LOOKED_AT = 50_000


@dataclass(frozen=True)
class DryRun:
    """Makes forecasts; it reads only."""

    service: MailingService
    recipients: RecipientReader
    installations: Installations

    async def run(self, mailing: Mailing, now: int) -> ForecastView:
        """The forecast for what is still to be planned. Raises Problem, TRANSIENT_ERRORS."""
        template = self.service.template(mailing)
        if template.segment is not None:
            left = await self.recipients.count(template.segment)
            segment = _Sample(PaidMessages(template), looked_at=left, reached=left)
            segment.paid.add((), left)
            return self._view(mailing, now, left, segment, template)
        left = mailing.recipients - mailing.planned
        sample = _Sample(PaidMessages(template))
        async for rows in self._chunks(mailing, left):
            await self._look(sample, template, rows, now)
        return self._view(mailing, now, left, sample, template)

    def _view(self, mailing: Mailing, now: int, left: int, sample: "_Sample", template: Template) -> ForecastView:
        expected = self.service.forecast(mailing, template, left, now)
        schedule = template.request.schedule
        share = left / sample.looked_at if sample.looked_at else 0.0
        zones = by_zone(sample.zones, schedule, max(now, mailing.start_at or 0)) if schedule and sample.zones else []
        reached, unknown = round(sample.reached * share), round(sample.unknown * share)
        return ForecastView(
            recipients=left,
            repeated=mailing.left_out,
            looked_at=sample.looked_at,
            single_braces=template.single_braces,
            addressed=reached,
            unknown=unknown,
            unreachable=left - reached - unknown,
            starts_at=expected.starts_at,
            finishes_at=expected.finishes_at,
            expired=max(expected.expired, round(sample.expired * share)),
            zones=[
                ZoneView(time_zone=zone.name, recipients=round(zone.recipients * share), opens_at=zone.opens_at)
                for zone in zones
            ],
            paid=_paid(sample.paid, share),
        )

    async def _chunks(self, mailing: Mailing, left: int) -> AsyncIterator[list[Row]]:
        """All chunks, or a sample of them at even distances."""
        first = line = int(mailing.cursor)
        stride = 0 if left <= LOOKED_AT else (mailing.next_line - first) * 500 // LOOKED_AT
        while chunk := await self.service.mailings.lists.chunk_at(mailing, line):
            if kept := sent_to(mailing, [row for row in chunk if row.line >= first]):
                yield kept
            line = max(chunk[-1].line + 1, line + stride)

    async def _look(self, sample: "_Sample", template: Template, rows: list[Row], now: int) -> None:
        sample.looked_at += len(rows)
        for row in rows:
            if row.phone is not None:
                sample.paid.add(row.values)
        application_id = template.request.chain[0].application_id
        if application_id is None:
            sample.reached += len(rows)
            return
        recipients = [recipient_of(row).recipient for row in rows]
        note_people(phones=(to.phone for to in recipients), users=(to.external_user_id for to in recipients))
        wanted = [Address.of(application_id, to) for to in recipients]
        found = await self.installations.by_addresses(set(wanted))
        known = await self.installations.known({address for address in found if not found[address]})
        sample.reached += sum(any(device.token is not None for device in found[address]) for address in wanted)
        sample.unknown += sum(not found[address] and address not in known for address in wanted)
        schedule = template.request.schedule
        if schedule is not None and schedule.recipient_zone:
            zones: list[tzinfo] = []
            for row, address in zip(rows, wanted, strict=True):
                theirs = next((device.time_zone for device in found[address] if device.time_zone), "")
                zone, name = windows.zone_of(theirs, row.phone, template.request.utc_offset_min)
                zones.append(zone)
                if any(device.token is not None for device in found[address]):
                    sample.zones[name, zone] += 1
            sample.expired += expires_in(zones, schedule, now)


def _paid(found: PaidMessages, share: float) -> list[PaidView]:
    parts = round(found.parts * share)
    return [
        PaidView(channel=channel, messages=round(count * share), parts=parts if channel is Channel.SMS else None)
        for channel, count in found.messages.items()
    ]


@dataclass
class _Sample:
    """How many recipients were looked at, can be reached, are unknown, and would expire in their own zones.

    `zones`: those who can be reached, by name and zone, where each message waits for its recipient's hour. `paid`: what
    all of them may cost.
    """

    paid: PaidMessages
    looked_at: int = 0
    reached: int = 0
    unknown: int = 0
    expired: int = 0
    zones: Counter[tuple[str, tzinfo]] = field(default_factory=Counter)
