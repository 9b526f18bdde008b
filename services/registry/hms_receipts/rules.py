"""What Huawei's receipts say of pushes, one by one. Pure. Source: `docs/providers.md` §3.4.

    0           delivered                       ─▶ ReceiptReceived (source provider)
    2, 5        the token has no such app, user ─▶ ProviderTold, the delivery has failed; the token is retired
    6           notifications are off           ─▶ ProviderTold, the delivery has failed; the system forbids pushes
    the others  what became of it               ─▶ ProviderTold: a line in the trace

An item counts for its tag and its status; without a token it is about the message alone, and a time that cannot be read
is the server's. A status of version 1 is with its time in the item, of version 2 in `deliveryStatus`. `biTag` is
our tag; an item without one belongs to a push that was not ours or not a delivery, and is passed over. So is one whose
end is not that of the delivery's id: nothing was planned under it.
"""

import hmac
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from schemas import ids
from schemas.device_events import DeviceEvent, SettingsChanged, TokenRetired
from schemas.events import MessageEvent, ProviderTold, ReceiptReceived
from schemas.ids import DeliveryTag
from schemas.providers import Provider
from schemas.reasons import Reason
from services.registry.devices import Device
from services.registry.receipts import kept_time
from services.runtime.crypto.delivery_ids import DeliveryIds
from services.runtime.text import foreign_json

DELIVERED, FORBIDDEN = 0, 6
RETIRING: Final = frozenset({2, 5})
_LARGEST: Final = 10_000
WORDS: Final = {
    DELIVERED: "delivered",
    2: "the app is not installed",
    5: "the token is not of the current user",
    FORBIDDEN: "notifications are off",
    10: "the device has been inactive for 30 days",
    15: "replaced by a newer push while the device was off",
    27: "not confirmed by the device",
    102: "flow control of the device",
    201: "scenario control",
    256: "scenario control",
}
_FAILED: Final = {
    2: Reason.PROVIDER_REFUSED,
    5: Reason.PROVIDER_REFUSED,
    FORBIDDEN: Reason.PUSH_OS_DISABLED,
}


class HmsReceipt(NamedTuple):
    """One status of one push. `token` is in the clear: never log it."""

    delivery: DeliveryTag
    status: int
    token: str
    at: int  # UTC ms, never later than now


def receipts_in(body: Any, deliveries: DeliveryIds, now: int) -> list[HmsReceipt] | None:
    """What can be understood in the body, of deliveries that are ours; None when it is no receipt at all."""
    statuses = body.get("statuses") if isinstance(body, dict) else None
    if not isinstance(statuses, list):
        return None
    return [receipt for receipt in _understood(statuses, now) if _is_ours(receipt.delivery, deliveries)]


def _understood(statuses: Sequence[Any], now: int) -> Iterator[HmsReceipt]:
    for item in statuses:
        if not isinstance(item, dict):
            continue
        inner = item.get("deliveryStatus")
        about = {"status": inner.get("result"), "at": inner.get("timestamp")} if isinstance(inner, dict) else {}
        status = foreign_json.whole_number(about.get("status", item.get("status")))
        at = foreign_json.whole_number(about.get("at", item.get("timestamp")))
        tag, token = item.get("biTag"), item.get("token")
        delivery = ids.delivery_of_tag(tag) if isinstance(tag, str) else None
        if delivery is not None and status is not None and status < _LARGEST:
            yield HmsReceipt(
                delivery,
                status,
                token if isinstance(token, str) else "",
                kept_time(at if at is not None else now, None, now),
            )


def _is_ours(delivery: DeliveryTag, deliveries: DeliveryIds) -> bool:
    known = deliveries.known(delivery.message_id, delivery.link, delivery.installation_id)
    return any(hmac.compare_digest(ids.tail_of(delivery_id), delivery.tail) for delivery_id in known)


def message_event(receipt: HmsReceipt, now: int) -> MessageEvent:
    """The event for the message that was pushed."""
    delivery, status = receipt.delivery, receipt.status
    event_id = ids.event_id_of(delivery.message_id, f"told/hms/{delivery.link}/{delivery.installation_id}/{status}")
    if status == DELIVERED:
        return ReceiptReceived(
            event_id=event_id,
            at=now,
            **delivery.link_fields,
            installation_id=delivery.installation_id,
            happened_at=receipt.at,
            kind="delivered",
            source="provider",
        )
    return ProviderTold(
        event_id=event_id,
        at=now,
        **delivery.link_fields,
        installation_id=delivery.installation_id,
        happened_at=receipt.at,
        provider=Provider.HMS,
        status=status,
        detail=WORDS.get(status, "unknown status"),
        reason=_FAILED.get(status),
    )


def device_event(receipt: HmsReceipt, device: Device, digests: Sequence[str]) -> DeviceEvent | None:
    """The event for the installation; `digests` name the token. None when nothing is new of the token that it has."""
    token = device.token
    is_current = token is not None and token.provider is Provider.HMS and token.digest in digests
    if token is None or not is_current or token.registered_at > receipt.at:
        return None
    event_id = ids.event_id_of(receipt.delivery.message_id, f"device/hms/{device.installation_id}/{receipt.status}")
    if receipt.status in RETIRING:
        return TokenRetired(
            event_id=event_id,
            at=receipt.at,
            installation_id=device.installation_id,
            application_id=device.application_id,
            digest=token.digest,
            dead_at=receipt.at,
            detail=f"receipt {receipt.status}",
        )
    if receipt.status == FORBIDDEN and device.push_os_enabled:
        return SettingsChanged(
            event_id=event_id,
            at=receipt.at,  # so that what the device reports later counts
            installation_id=device.installation_id,
            application_id=device.application_id,
            push_os_enabled=False,
            source="provider",
        )
    return None
