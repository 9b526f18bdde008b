"""The API of messages for partners and operators: search, one message with its trace, export, cancellation, packets."""

from services.status.api.application import application
from services.status.api.wiring import open_api

__all__ = ["application", "open_api"]
