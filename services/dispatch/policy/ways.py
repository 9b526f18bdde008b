"""The way of a push: what it shares, besides the credentials, with pushes whose answers say something of it. Pure.

    apns      environment / bundle / live  rustore   variant / carrier       web   origin of the push service
    fcm       platform                     hms, channel platform   one for all

A device names all of these. So a token that cannot work, because it names what is not the application's, is on a way of
its own, and so is the half of a provider that is set up apart: iPhones over FCM need a key of Apple's there, and Live
Activities have a topic of their own, which a key can leave out.
"""

from urllib.parse import urlsplit

import orjson

from schemas.providers import FACTS, OWN_CARRIER, Provider
from services.dispatch.provider import Push


def way_of(provider: Provider, push: Push) -> str:
    """The name of the push's way, fit for a log: it contains no secret of the token."""
    match FACTS[provider].way:
        case "app":
            kind = "/live" if push.slot else ""
            return f"{push.token_environment or 'production'}/{push.bundle or ''}{kind}"
        case "platform":
            return push.platform
        case "carrier":
            carrier = _named(push.token, "carrier") if push.token.startswith("{") else OWN_CARRIER
            return f"{push.variant or ''}/{carrier}"
        case "origin":
            return _origin(_named(push.token, "endpoint"))
    return ""


def _named(token: str, field: str) -> str:
    """The field of a token that is JSON; empty when it has no such text."""
    try:
        value = orjson.loads(token)[field]
    except (ValueError, KeyError, TypeError):
        return ""
    return value if isinstance(value, str) else ""


def _origin(endpoint: str) -> str:
    try:
        parts = urlsplit(endpoint)
        return f"{parts.scheme}://{parts.hostname}:{parts.port}" if parts.port else f"{parts.scheme}://{parts.hostname}"
    except ValueError:
        return ""
