"""Partners, senders, applications, credentials, operators and stops: what operators change, one change at a time."""

from services.registry.provisioning.application_bodies import ApplicationView, IdentityKeyBody
from services.registry.provisioning.applications import application_routes
from services.registry.provisioning.me import me_routes
from services.registry.provisioning.operators import OperatorName, operator_routes
from services.registry.provisioning.partner import own_settings_routes
from services.registry.provisioning.partners import partner_routes
from services.registry.provisioning.secret_rules import STRICT, SecretRules
from services.registry.provisioning.service import Entity, Provisioning, Stamp
from services.registry.provisioning.stops import StopView, held_stops, stop_routes
from services.registry.provisioning.store import ProvisioningLock
from services.registry.provisioning.wiring import open_provisioning

__all__ = [
    "STRICT",
    "ApplicationView",
    "Entity",
    "IdentityKeyBody",
    "OperatorName",
    "Provisioning",
    "ProvisioningLock",
    "SecretRules",
    "Stamp",
    "StopView",
    "application_routes",
    "held_stops",
    "me_routes",
    "open_provisioning",
    "operator_routes",
    "own_settings_routes",
    "partner_routes",
    "stop_routes",
]
