"""Reports of the channel platform: received, attributed to an account, and appended to the log."""

from services.status.channels.accounts import ChannelAccounts
from services.status.channels.routes import channel_routes

__all__ = ["ChannelAccounts", "channel_routes"]
