"""Receipts: what the SDK reports to have happened to a push, judged one by one. Pure.

The time on the device, `happenedAt`, is kept by these rules:

    sentAt given and more than a minute off the server's clock   the difference is added: the device's clock is wrong
    later than the server's time                                 becomes the server's time
    older than 37 days (no message lives longer)                 becomes the server's time: that clock is of no use

So a receipt is never refused for its time. It is refused when a field breaks its rule, or when its delivery id is not
the one that the push to this installation carried (`services/runtime/crypto/delivery_ids.py`): so nobody can report
what was never planned, and no look-up is needed. Repeats have equal event ids and count once.
"""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from schemas import ids
from schemas.events import ReceiptReceived
from schemas.topics import MESSAGE_RETENTION_MS
from services.registry.bodies import FieldError
from services.registry.receipts.bodies import ReceiptBody
from services.runtime.crypto.delivery_ids import DeliveryIds
from services.runtime.http.field_names import field_of, rule_of

MAX_SKEW_MS = 60_000


@dataclass(frozen=True, slots=True)
class RefusedReceipt:
    """Why a receipt is not taken."""

    errors: tuple[FieldError, ...]


def judged(
    entry: object, installation_id: str, deliveries: DeliveryIds, sent_at: int | None, now: int
) -> ReceiptReceived | RefusedReceipt:
    """The event of one entry of a batch, or why not. `now` and `sent_at`: UTC ms."""
    try:
        body = ReceiptBody.model_validate(entry)
    except ValidationError as error:
        return RefusedReceipt(tuple(_error(fault) for fault in error.errors(include_url=False, include_input=False)))
    message_id, slot = str(body.message_id), body.slot
    if not deliveries.holds(str(body.delivery_id), message_id, body.link, installation_id, slot):
        rule = "must be the id that the push of this message and link to this installation carried"
        return RefusedReceipt((FieldError(field="deliveryId", rule=rule),))
    delivery = ids.delivery_key_of(installation_id, slot)
    return ReceiptReceived(
        event_id=ids.receipt_id_of(message_id, body.link, delivery, body.kind, body.action),
        at=now,
        message_id=message_id,
        partner_id="",
        lane="bulk" if body.bulk else "single",
        link=body.link,
        installation_id=installation_id,
        kind=body.kind,
        happened_at=kept_time(body.happened_at, sent_at, now),
        action=body.action,
        slot=slot,
    )


def kept_time(happened_at: int, sent_at: int | None, now: int) -> int:
    """The time of a receipt, by the rules above."""
    if sent_at is not None and abs(now - sent_at) > MAX_SKEW_MS:
        happened_at += now - sent_at
    return happened_at if now - MESSAGE_RETENTION_MS <= happened_at <= now else now


def _error(fault: Any) -> FieldError:
    return FieldError(field=field_of(fault["loc"]) if fault["loc"] else "receipt", rule=rule_of(fault, ReceiptBody))
