"""A link that waits is cancelled: its claim moves from scheduled to planned, to nobody.

CancelRequested ─▶ claim scheduled              ─▶ compare-and-set to planned: to nobody, CANCELLED
                ─▶ claim cancelled by this one  ─▶ our own replay: append the stored plan
                ─▶ any other                    ─▶ CancelRefused: it was too late; what follows in the chain is
                                                   status's to end, in the order of its log
"""

from collections.abc import Sequence

from schemas import ids
from schemas.events import CancelRefused, CancelRequested, Planned
from schemas.reasons import Reason
from services.router.answers import to_status
from services.router.store import RoutingClaim, RoutingClaims
from services.runtime.clock import now_ms
from services.runtime.log.batch_consumer import Record
from services.runtime.log.kafka import Append


async def cancelled(claims: RoutingClaims, records: Sequence[Record]) -> list[Append]:
    """Decide requests to cancel; what to append. Repeatable."""
    asked = [(record, record.event) for record in records if isinstance(record.event, CancelRequested)]
    if not asked:
        return []
    claim_ids = [_claim_id(event) for _, event in asked]
    known, now = await claims.load(claim_ids), now_ms()
    await claims.make_due(
        [
            claim._replace(state="planned", plan=[_planned(event, now)], due_origin=record.origin)
            for record, event in asked
            if (claim := known.get(_claim_id(event))) is not None and claim.state == "scheduled"
        ]
    )
    after = await claims.load(claim_ids)
    return [append for record, event in asked for append in _appends(event, record, after.get(_claim_id(event)))]


def _claim_id(event: CancelRequested) -> str:
    return f"{event.message_id}/{event.link}"


def _appends(event: CancelRequested, record: Record, claim: RoutingClaim | None) -> Sequence[Append]:
    if claim is not None and claim.due_origin == record.origin:
        return claim.plan
    refused = CancelRefused(
        event_id=ids.event_id_of(event.event_id, "refused"),
        at=event.at,
        **event.link_fields,
        ends_chain=True,
    )
    return [to_status(refused)]


def _planned(event: CancelRequested, now: int) -> Append:
    return to_status(
        Planned(
            event_id=ids.event_id_of(event.request_id, "planned"),
            at=now,
            **event.link_fields,
            request_id=event.request_id,
            send_at=now,
            expires_at=now,
            reason=Reason.CANCELLED,
        )
    )
