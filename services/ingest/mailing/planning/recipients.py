"""The next recipients of a mailing: lines of its list, or installations of its segment."""

from dataclasses import dataclass

from schemas.values import Recipient
from services.ingest.mailing.model import CANNOT_OPEN, Mailing, sent_to
from services.ingest.mailing.rules.recipients import MailingRecipient, recipient_of
from services.ingest.mailing.rules.segment import Segment
from services.ingest.mailing.store import Mailings
from services.ingest.mailing.templates import CannotContinue
from services.runtime.crypto.master_key import CannotOpen
from services.runtime.directory import Directory
from services.runtime.installations.segments import SegmentMember, Segments
from services.runtime.mongo import Document

_PAGE = 500


@dataclass(frozen=True)
class RecipientReader:
    """Reads a page at a time. Every method raises mongo.TRANSIENT_ERRORS."""

    mailings: Mailings
    segments: Segments
    directory: Directory

    async def page(self, mailing: Mailing, segment: Segment | None) -> tuple[list[MailingRecipient], int | str | None]:
        """The recipients from the cursor on, and where to go on when there are none; None at the end.

        Raises CannotContinue.
        """
        if segment is not None:
            members, end = await self.segments.page(await self.query(segment), str(mailing.cursor), _PAGE)
            return [_of_segment(member) for member in members], end
        try:
            rows = await self.mailings.lists.rows_from(mailing, int(mailing.cursor))
        except CannotOpen:
            raise CannotContinue(f"the recipients: {CANNOT_OPEN}") from None
        to_plan = [recipient_of(row) for row in sent_to(mailing, rows)]
        return to_plan, None if to_plan or not rows else rows[-1].line + 1

    async def count(self, segment: Segment) -> int:
        """The recipients that a segment has."""
        _, recipients = await self.segments.count(await self.query(segment))
        return recipients

    async def query(self, segment: Segment) -> Document:
        """What the database is asked for a segment."""
        return await self.segments.query(segment, self.directory.applications.get(segment.application_id))


def _of_segment(member: SegmentMember) -> MailingRecipient:
    first = member.installation
    if first.external_user_id is None and first.phone is None:
        recipient = Recipient(installation_id=first.installation_id)
        return MailingRecipient(f"i/{first.installation_id}", recipient, cursor=first.installation_id)
    owner = f"u/{first.external_user_id}" if first.external_user_id is not None else f"p/{first.phone}"
    recipient = Recipient(phone=first.phone, external_user_id=first.external_user_id, only_installations=member.fitting)
    return MailingRecipient(owner, recipient, cursor=first.installation_id)
