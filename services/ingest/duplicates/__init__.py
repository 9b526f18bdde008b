"""Requests whose id came before: claims for partners who refuse duplicates, warnings for the others."""

from services.ingest.duplicates.claims_store import CONFIRMED_MS, ClaimOutcome, DuplicateClaims
from services.ingest.duplicates.recent import REPEATED, RecentRequests, fingerprint_of

__all__ = ["CONFIRMED_MS", "REPEATED", "ClaimOutcome", "DuplicateClaims", "RecentRequests", "fingerprint_of"]
