"""An account at the channel platform."""

import secrets

from deploy.sandbox.keys import Frozen, Secret


class ChannelAccount(Frozen):
    """An account at the channel platform; `callback` is what is unguessable in the address that it reports to."""

    login: str
    password: str
    callback: str


SECRET = Secret(
    ChannelAccount,
    lambda made, start: ChannelAccount(
        login="rpns", password=secrets.token_urlsafe(16), callback=secrets.token_urlsafe(32)
    ),
)
