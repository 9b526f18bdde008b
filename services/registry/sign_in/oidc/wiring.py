"""The company's login, where one is named, from the settings to the routes."""

from fastapi import APIRouter

from services.registry.foundation import Foundation
from services.registry.provisioning import Provisioning
from services.registry.sign_in.entrance import Entrance
from services.registry.sign_in.oidc.door import Door
from services.registry.sign_in.oidc.exchange import Exchange
from services.registry.sign_in.oidc.provider import Provider
from services.registry.sign_in.oidc.routes import oidc_routes
from services.runtime.pacing.token_bucket import TokenBuckets

_FREE, _EVERY_S, _MOST_NETWORKS = 10, 6.0, 20_000


def open_oidc(foundation: Foundation, provisioning: Provisioning, entrance: Entrance) -> APIRouter:
    """The routes. Nothing is asked of the login before somebody signs in."""
    settings = foundation.process.settings
    if not settings.oidc_issuer:
        return oidc_routes(None)
    provider = Provider(settings)
    foundation.process.stack.push_async_callback(provider.close)
    guesses = TokenBuckets(1 / _EVERY_S, _FREE, _MOST_NETWORKS)
    foundation.rates.spends.follow("guesses/oidc", guesses)
    return oidc_routes(
        Door(Exchange(provider, foundation.secrets, settings), entrance, provisioning, settings, guesses)
    )
