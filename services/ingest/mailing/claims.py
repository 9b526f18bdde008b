"""A mailing of a partner who refuses duplicates: the lines whose own id was used before are not sent to, and told.

    lines ─▶ claim their ids ─▶ the free ones ─▶ log ─▶ confirm ─▶ the others under `/problems` ─▶ cursor

A claim remembers which line has it, so a planner that goes over the same lines again after a crash finds them free and
the others taken, as before. Lines without an id of their own repeat nothing. Source: `docs/partner-api.md` §1, §6.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from services.ingest.duplicates.claims_store import DuplicateClaims
from services.ingest.mailing.rules.recipients import MailingRecipient, message_id_of
from services.ingest.mailing.rules.rows import RejectedLine


@dataclass(frozen=True, slots=True)
class ClaimedLines:
    """`claimed` are the message ids of `free` that are to be confirmed once they lie in the log."""

    free: Sequence[MailingRecipient]
    repeated: Sequence[RejectedLine] = ()
    claimed: Sequence[str] = ()


async def claim_lines(
    claims: DuplicateClaims, part: Sequence[MailingRecipient], mailing_id: str, partner_uuid: str, now_ms: int
) -> ClaimedLines:
    """Which of these may go. Of several with one id it is the first. Raises mongo.TRANSIENT_ERRORS."""
    owners: dict[str, str] = {}
    for one in part:
        if one.ref is not None:
            owners.setdefault(message_id_of(one, mailing_id, partner_uuid), f"{mailing_id}/{one.key}")
    granted = await claims.claim_as(owners, now_ms)
    free: list[MailingRecipient] = []
    repeated: list[RejectedLine] = []
    for one in part:
        message_id = message_id_of(one, mailing_id, partner_uuid)
        if one.ref is None or (message_id in granted and owners[message_id] == f"{mailing_id}/{one.key}"):
            free.append(one)
        else:
            repeated.append(RejectedLine(int(one.cursor) - 1, "id", "was used before"))
    return ClaimedLines(free, repeated, sorted(granted))
