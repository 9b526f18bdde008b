"""Devices for support and partners: search, audiences, import, revocation of proofs."""
