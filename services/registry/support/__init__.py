"""Installations for support and partners: search, audiences, import of tokens, revocation of proofs of login."""

from services.registry.support.audience import audience_routes
from services.registry.support.audience_store import AudienceStore, open_audiences
from services.registry.support.installations import IMPORT_PATH, MAX_IMPORT_BYTES, installation_routes
from services.registry.support.proof_revocation import REVOKE_PATH, identity_routes
from services.registry.support.read_access import read_access

__all__ = [
    "IMPORT_PATH",
    "MAX_IMPORT_BYTES",
    "REVOKE_PATH",
    "AudienceStore",
    "audience_routes",
    "identity_routes",
    "installation_routes",
    "open_audiences",
    "read_access",
]
