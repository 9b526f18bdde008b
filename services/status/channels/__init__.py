"""Reports of the channel platform: received, attributed to an account, and appended to the log."""

from services.status.channels.wiring import open_channels

__all__ = ["open_channels"]
