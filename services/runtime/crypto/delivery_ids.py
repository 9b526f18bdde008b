"""Ids of deliveries: computed under a key of this deployment, so only who was given one can show it. Pure.

    message id, link, installation[, slot] ─ keyed BLAKE2b ─▶ 122 bits as a UUIDv8: the delivery id

The same delivery has the same id however often it is planned or sent. Nobody can compute the id of a delivery that was
never planned, so a receipt that names a right one needs no look-up. What was made under a former key still holds.
"""

import hmac
from dataclasses import dataclass, field
from hashlib import blake2b

from schemas import ids

_SIZE = 16


@dataclass(frozen=True, slots=True)
class DeliveryIds:
    """Makes and checks delivery ids. `keys`: the current one first, then the former ones."""

    keys: tuple[bytes, ...] = field(repr=False)

    def of(self, message_id: str, link: int, installation_id: str, slot: str = "") -> str:
        """The id of the delivery; `installation_id` is a channel's name where there is no installation."""
        named = f"{message_id}/{link}/{installation_id}/{slot}" if slot else f"{message_id}/{link}/{installation_id}"
        return _under(self.keys[0], named)

    def known(self, message_id: str, link: int, installation_id: str, slot: str = "") -> list[str]:
        """The ids that the delivery may have, under any key, the current one's first."""
        named = f"{message_id}/{link}/{ids.delivery_key_of(installation_id, slot)}"
        return [_under(key, named) for key in self.keys]

    def holds(self, delivery_id: str, message_id: str, link: int, installation_id: str, slot: str = "") -> bool:
        """True when `delivery_id` was made here for this very delivery."""
        if not delivery_id.isascii():
            return False
        named = f"{message_id}/{link}/{installation_id}/{slot}" if slot else f"{message_id}/{link}/{installation_id}"
        return True in [hmac.compare_digest(delivery_id, _under(key, named)) for key in self.keys]


def _under(key: bytes, named: str) -> str:
    return ids.uuid8(blake2b(named.encode(), key=key, digest_size=_SIZE).hexdigest())
