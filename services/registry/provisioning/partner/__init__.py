"""What is one partner's own: its keys, drawn and withdrawn, and the routes by which it sees and changes what is its."""

from services.registry.provisioning.partner.keys import PartnerKeys
from services.registry.provisioning.partner.own_settings import own_settings_routes

__all__ = ["PartnerKeys", "own_settings_routes"]
