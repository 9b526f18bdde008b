"""Who sends a packet, or asks for its states: a partner, by the key in `Authorization: Key <credentials>`.

Source: `docs/partner-api.md` §6.
"""

import re
from enum import Enum

from schemas.application_events import PartnerChanged
from services.runtime.access.logins import may_call
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory

_KEY = re.compile(r"[A-Za-z0-9]{1,30}")


class KeyFault(Enum):
    """Why a key is not taken."""

    UNKNOWN = "Authorization: must be Key <key of a partner>"
    FORBIDDEN_ADDRESS = "the caller's address is not in the partner's subnets"


def partner_of(authorization: str, directory: Directory, secrets: Secrets, address: str) -> PartnerChanged | KeyFault:
    """The partner that the header names, calling from `address`."""
    partner = owner_of(authorization, directory, secrets)
    if partner is None:
        return KeyFault.UNKNOWN
    return partner if may_call(partner.subnets, address) else KeyFault.FORBIDDEN_ADDRESS


def owner_of(authorization: str, directory: Directory, secrets: Secrets) -> PartnerChanged | None:
    """Whose key the header has, wherever it comes from."""
    scheme, _, key = authorization.strip().partition(" ")
    if scheme.lower() != "key" or not _KEY.fullmatch(key.strip()):
        return None
    found = (directory.partner_by_batch_key(digest) for digest in secrets.digests(key.strip(), "batch-key"))
    return next((partner for partner in found if partner is not None and partner.enabled), None)
