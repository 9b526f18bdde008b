"""The router's answer about a message, as a record for `status-events`."""

from schemas import topics
from schemas.events import MessageEvent
from services.runtime.crypto import record_encryption
from services.runtime.log.kafka import Append


def to_status(event: MessageEvent) -> Append:
    """Encoded at once: the same bytes are stored as the plan and appended."""
    return Append(topics.STATUS_EVENTS[event.lane], event.message_id, record_encryption.encode(event))
