"""Proofs of login: keys, verification, revocation."""
