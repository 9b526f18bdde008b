"""What the router says of a message, as a record for `status-events`."""

from schemas import topics
from schemas.events import MessageEvent
from services import sealing
from services.kafka import Append


def to_status(event: MessageEvent) -> Append:
    """Encoded at once: the same bytes are stored as the plan and appended."""
    return Append(topics.STATUS_EVENTS[event.lane], event.message_id, sealing.encode(event))
