"""Installations for tests without a database: a healthy phone, and what it differs in."""

from typing import Any

from schemas.providers import Platform, Provider
from services.runtime.installations.model import Installation, LiveToken, Token

_TOKEN = Token(Provider.APNS, "sealed", "d", 0, environment=None, bundle=None, variant=None, worked=True)
_PHONE = Installation(
    installation_id="i-1",
    application_id="app",
    platform=Platform.IOS,
    app_version="2.1",
    time_zone="",
    last_used_at=0,
    token=_TOKEN,
    external_user_id="user",
    phone=None,
    primary=False,
    push_enabled=True,
    push_os_enabled=True,
    subscriptions=frozenset(),
    public_key=None,
    is_proved=True,
)


def installation(installation_id: str = "i-1", **changes: Any) -> Installation:
    """A phone that a push can go to, but for these changes."""
    return _PHONE._replace(installation_id=installation_id, **changes)


def push_token(provider: Provider = Provider.APNS, server_key: str | None = None) -> Token:
    """A token of this provider."""
    return _TOKEN._replace(provider=provider, server_key=server_key)


def live_token(slot: str, owner: str = "", *, expires_at: int | None) -> LiveToken:
    """A token of a Live Activity."""
    return LiveToken(slot, _TOKEN, owner, expires_at)
