"""What partners and operators ask of messages: search, one message with its trace, export, cancellation, packets."""

from services.status.api.application import application
from services.status.api.wiring import open_api

__all__ = ["application", "open_api"]
