"""A mailing of a partner who refuses duplicates: the lines whose own id was used before are not sent to, and told.

    lines ─▶ claim their ids ─▶ the free ones ─▶ log ─▶ confirm ─▶ the others under `/problems` ─▶ cursor

A claim remembers which line has it, so a planner that goes over the same lines again after a crash finds them free and
the others taken, as before. Lines without an id of their own repeat nothing. Source: `docs/partner-api.md` §1, §6.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from services.ingest.duplicates.claims_store import Claims
from services.ingest.mailing.rules.recipients import Addressed, message_id_of
from services.ingest.mailing.rules.rows import Bad


@dataclass(frozen=True, slots=True)
class Claimed:
    """`claimed` are the message ids of `free` that are to be confirmed once they lie in the log."""

    free: Sequence[Addressed]
    repeated: Sequence[Bad] = ()
    claimed: Sequence[str] = ()


async def claim_lines(
    claims: Claims, part: Sequence[Addressed], mailing_id: str, partner_uuid: str, now_ms: int
) -> Claimed:
    """Which of these may go. Of several with one id it is the first. Raises mongo.UNAVAILABLE."""
    owners: dict[str, str] = {}
    for one in part:
        if one.ref is not None:
            owners.setdefault(message_id_of(one, mailing_id, partner_uuid), f"{mailing_id}/{one.key}")
    granted = await claims.claim_as(owners, now_ms)
    free: list[Addressed] = []
    repeated: list[Bad] = []
    for one in part:
        message_id = message_id_of(one, mailing_id, partner_uuid)
        if one.ref is None or (message_id in granted and owners[message_id] == f"{mailing_id}/{one.key}"):
            free.append(one)
        else:
            repeated.append(Bad(int(one.cursor) - 1, "id", "was used before"))
    return Claimed(free, repeated, sorted(granted))
