"""The providers, a folder each: `sender.py` opens senders and renders, `table.py` says what answers mean.

How to add one: `docs/providers.md` §0. Senders are opened by `delivery/senders.py`; the names that are offered here are
Apple's alone, for its broadcast channels.
"""

from services.dispatch.providers.apns.channels import ApnsChannels, ChannelAnswer, Done, Gone
from services.dispatch.providers.apns.channels_table import ABOUT_BROADCASTS
from services.dispatch.providers.apns.live import aps_of
from services.dispatch.providers.apns.sender import ApnsSender

__all__ = ["ABOUT_BROADCASTS", "ApnsChannels", "ApnsSender", "ChannelAnswer", "Done", "Gone", "aps_of"]
