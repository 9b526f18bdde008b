"""Reports of a period sent again, because somebody asked for it."""

from services.status.resends.wiring import open_resends

__all__ = ["open_resends"]
