"""Takes receipts: each is judged alone, and what is good is in the log before the answer. No database is asked."""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.events import ReceiptReceived
from schemas.topics import STATUS_EVENTS
from services.registry.receipts.bodies import ReceiptResult, ReceiptsAnswer, ReceiptsBody
from services.registry.receipts.rules import RefusedReceipt, judged
from services.registry.receipts.worked_tokens import WorkedTokens
from services.runtime.clock import now_ms
from services.runtime.crypto.delivery_ids import DeliveryIds
from services.runtime.log.kafka import Append, Log

Outcome = ReceiptReceived | RefusedReceipt


@dataclass(frozen=True)
class ReceiptService:
    """Appends the receipts that devices bring."""

    sink: Log
    deliveries: DeliveryIds
    worked: WorkedTokens

    async def take(self, installation_id: str, body: ReceiptsBody) -> ReceiptsAnswer:
        """Append what happened to pushes, each once, and answer entry by entry. Raises LogUnavailable."""
        now = now_ms()
        outcomes = [judged(entry, installation_id, self.deliveries, body.sent_at, now) for entry in body.receipts]
        taken = {outcome.event_id: outcome for outcome in outcomes if isinstance(outcome, ReceiptReceived)}
        await self.sink.append([Append(STATUS_EVENTS[event.lane], event.message_id, event) for event in taken.values()])
        by_its_token = [event.happened_at for event in taken.values() if not event.slot]  # not by a Live Activity's
        if by_its_token:
            self.worked.received(installation_id, max(by_its_token))
        return _answer(outcomes)


def _answer(outcomes: Sequence[Outcome]) -> ReceiptsAnswer:
    return ReceiptsAnswer(
        results=[
            ReceiptResult(accepted=False, errors=list(outcome.errors))
            if isinstance(outcome, RefusedReceipt)
            else ReceiptResult(accepted=True, happened_at=outcome.happened_at)
            for outcome in outcomes
        ]
    )
