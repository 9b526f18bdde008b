"""The dry run of a mailing: what starting it would mean, without sending anything.

A list is looked at whole up to LOOKED_AT recipients; of a longer one, chunks are taken evenly and the rest is
projected, so that the answer comes in seconds and in constant memory. A segment is counted by the database.
"""

from collections.abc import AsyncIterator
from datetime import tzinfo

from services.ingest.mailing.means import CannotContinue
from services.ingest.mailing.model import Mailing, sent_to
from services.ingest.mailing.rules.forecast import expires_in
from services.ingest.mailing.rules.recipients import addressed
from services.ingest.mailing.rules.rows import Row
from services.ingest.mailing.rules.template import Template
from services.ingest.mailing.service import MailingService
from services.ingest.mailing.views import ForecastView
from services.runtime.http.server import Problem
from services.runtime.installations.reader import Address, Installations
from services.runtime.scheduling import windows

LOOKED_AT = 50_000


class DryRun:
    """Reads only."""

    def __init__(self, office: MailingService, installations: Installations) -> None:
        self._office = office
        self._means = office.means
        self._installations = installations

    async def run(self, mailing: Mailing, now: int) -> ForecastView:
        """Of what is still to be planned. Raises Problem, TRANSIENT_ERRORS."""
        try:
            template, _ = self._means.template(mailing)
        except CannotContinue as why:
            raise Problem(409, "The mailing cannot go on", str(why)) from None
        if template.segment is not None:
            _, left = await self._means.segments.count(await self._means.query(template.segment))
            return self._view(mailing, now, left, left, left, 0, 0)
        left = mailing.recipients - mailing.planned
        looked = reached = unknown = expired = 0
        async for rows in self._sample(mailing, left):
            found, strangers, late = await self._look(template, rows, now)
            looked, reached, unknown, expired = (
                looked + len(rows),
                reached + found,
                unknown + strangers,
                expired + late,
            )
        share = left / looked if looked else 0.0
        view = self._view(mailing, now, left, looked, round(reached * share), round(unknown * share), 0)
        return view.model_copy(update={"expired": max(view.expired, round(expired * share))})

    def _view(
        self, mailing: Mailing, now: int, left: int, looked: int, reached: int, unknown: int, late: int
    ) -> ForecastView:
        expected = self._office.forecast(mailing, left, now)
        return ForecastView(
            recipients=left,
            repeated=mailing.left_out,
            looked_at=looked,
            addressed=reached,
            unknown=unknown,
            unreachable=left - reached - unknown,
            starts_at=expected.starts_at if expected else now,
            finishes_at=expected.finishes_at if expected else None,
            expired=max(expected.expired if expected else 0, late),
        )

    async def _sample(self, mailing: Mailing, left: int) -> AsyncIterator[list[Row]]:
        """Chunks: all of them, or every so many lines."""
        line, lines = int(mailing.cursor), mailing.next_line - int(mailing.cursor)
        stride = 0 if left <= LOOKED_AT else lines * 500 // LOOKED_AT
        while rows := await self._means.mailings.rows_from(mailing, line):
            if kept := sent_to(mailing, rows):
                yield kept
            line = max(rows[-1].line + 1, line + stride)

    async def _look(self, template: Template, rows: list[Row], now: int) -> tuple[int, int, int]:
        """How many can be reached, are unknown, and would expire in their own zone."""
        application_id = template.request.chain[0].application_id
        if application_id is None:
            return len(rows), 0, 0
        wanted = [Address.of(application_id, addressed(row).recipient) for row in rows]
        found = await self._installations.by_addresses(set(wanted))
        known = await self._installations.known({one for one in found if not found[one]})
        reached = sum(any(one.token is not None for one in found[address]) for address in wanted)
        unknown = sum(not found[address] and address not in known for address in wanted)
        wish, expired = template.request.schedule, 0
        if wish is not None and wish.recipient_zone:
            zones: list[tzinfo] = []
            for row, address in zip(rows, wanted, strict=True):
                theirs = next((one.time_zone for one in found[address] if one.time_zone), "")
                zones.append(windows.zone_of(theirs, row.phone, template.request.utc_offset_min)[0])
            expired = expires_in(zones, wish, now)
        return reached, unknown, expired
