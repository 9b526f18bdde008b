"""The routes of messages and packets, put together."""

from services.runtime.live import LiveStreams
from services.status.api.cancel import cancel_routes
from services.status.api.live import live_message_routes
from services.status.api.messages import message_routes
from services.status.api.packets import packet_routes
from services.status.foundation import Feature, Foundation


def open_api(foundation: Foundation) -> Feature:
    """Messages, live looks at them, their cancellation, and packets."""
    messages, partner_caller = foundation.messages, foundation.partner_caller
    trusted, limits = foundation.trusted_proxies, foundation.limits
    return Feature(
        routers=(
            message_routes(messages, partner_caller, foundation.directory),
            live_message_routes(messages, partner_caller, LiveStreams(foundation.process.stop)),
            cancel_routes(messages, foundation.log, partner_caller),
            packet_routes(messages, foundation.directory, foundation.secrets, trusted, limits),
        )
    )
