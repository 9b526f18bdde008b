"""The route of the channel platform's reports, and the accounts that it knows."""

from services.status.channels.accounts import ChannelAccounts
from services.status.channels.routes import channel_routes
from services.status.foundation import Feature, Foundation


def open_channels(foundation: Foundation) -> Feature:
    """The route alone: reports go into the log."""
    accounts = ChannelAccounts(foundation.directory, foundation.secrets)
    routes = channel_routes(foundation.messages, accounts, foundation.log, foundation.trusted_proxies)
    return Feature(routers=(routes,))
