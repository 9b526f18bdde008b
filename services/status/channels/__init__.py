"""Reports of the channel platform: received, attributed to an account, and appended to the log."""

from services.status.channels.accounts import Accounts
from services.status.channels.routes import channel_routes

__all__ = ["Accounts", "channel_routes"]
