"""What partners and operators ask of messages: search, one message with its trace, export, cancellation, packets."""

from services.status.api.application import application
from services.status.api.cancel import cancel_routes
from services.status.api.messages import message_routes
from services.status.api.packets import packet_routes

__all__ = ["application", "cancel_routes", "message_routes", "packet_routes"]
