"""The sealing of SECURE values before anything goes into the log: no topic has one in the clear (docs/design.md §6)."""

from schemas.events import MessageRequested
from schemas.values import SecureValues
from services.ingest.rules import AcceptedMessage
from services.runtime.mongo.hour_keys import HourKeys, hour_of, seal_values


async def sealed(accepted: AcceptedMessage, keys: HourKeys) -> MessageRequested:
    """The event with its SECURE values under the key of the hour in which the chain surely ends.

    Raises mongo.TRANSIENT_ERRORS when the key cannot be had.
    """
    request = accepted.request
    if not accepted.secure:
        return request
    hour = hour_of(accepted.ends_at)
    key = await keys.create(hour, request.at)
    chain = list(request.chain)
    for place, values in accepted.secure.items():
        text = seal_values(key, request.message_id, values)
        secure = SecureValues(names=tuple(sorted(values)), hour=hour, sealed=text)
        content = chain[place].content
        if content is None:
            raise ValueError("only a push can hold SECURE values")
        chain[place] = chain[place].replace(content=content.replace(secure=secure))
    return request.replace(chain=tuple(chain))
