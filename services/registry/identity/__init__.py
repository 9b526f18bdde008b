"""Proofs of login: the keys of an application that verify them, and their verification."""

from services.registry.identity.key_routes import identity_key_routes
from services.registry.identity.proof import MOST_CHARACTERS, ProofRefused, VerifiedProof, VerifyingKey, verified

__all__ = ["MOST_CHARACTERS", "ProofRefused", "VerifiedProof", "VerifyingKey", "identity_key_routes", "verified"]
