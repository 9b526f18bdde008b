"""The providers, a folder each: `sender.py` opens senders and renders, `table.py` says what answers mean.

What is offered here is Apple's alone: the broadcast channels. Senders are opened by `delivery/senders.py`.
"""

from services.dispatch.providers.apns.channels import ApnsChannels, ChannelAnswer, Done, Gone
from services.dispatch.providers.apns.channels_table import ABOUT_BROADCASTS
from services.dispatch.providers.apns.live import aps_of
from services.dispatch.providers.apns.sender import ApnsSender

__all__ = ["ABOUT_BROADCASTS", "ApnsChannels", "ApnsSender", "ChannelAnswer", "Done", "Gone", "aps_of"]
