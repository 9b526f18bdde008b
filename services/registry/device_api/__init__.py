"""The device API, `/sdk/api/v1`: what the SDK reports and asks. Read `routes.py` first, then `commands.py`."""

from services.registry.device_api.auth import RegistryAuth
from services.registry.device_api.bodies import InstallationView, Short, SubscriptionBody, SubscriptionView, TokenBody
from services.registry.device_api.commands import DeviceCommands
from services.registry.device_api.live_commands import LiveCommands
from services.registry.device_api.live_routes import live_routes
from services.registry.device_api.login import LoginCommands
from services.registry.device_api.routes import device_routes, web_routes
from services.registry.device_api.token_commands import TokenCommands
from services.registry.device_api.tokens import TokenFacts, server_key, token_name, token_text

__all__ = [
    "DeviceCommands",
    "InstallationView",
    "LiveCommands",
    "LoginCommands",
    "RegistryAuth",
    "Short",
    "SubscriptionBody",
    "SubscriptionView",
    "TokenBody",
    "TokenCommands",
    "TokenFacts",
    "device_routes",
    "live_routes",
    "server_key",
    "token_name",
    "token_text",
    "web_routes",
]
