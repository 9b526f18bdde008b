"""What Apple's console gives out, and the sandbox accepts."""

import secrets
import string
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric import ec

from deploy.sandbox.keys import DEFAULT_TOPIC, Frozen, Secret, pem


class ApnsCredentials(Frozen):
    """A provider signing key: what Apple's console gives as team id, key id and a .p8 file."""

    team_id: str
    key_id: str
    private_key: str
    """PKCS#8 PEM, P-256"""
    topics: tuple[str, ...]
    """bundle ids the team owns"""


def make_apns_key(topics: Sequence[str] = (DEFAULT_TOPIC,), team_id: str | None = None) -> ApnsCredentials:
    """A signing key; of a new team unless one is named."""
    return ApnsCredentials(
        team_id=team_id or _apple_id(),
        key_id=_apple_id(),
        private_key=pem(ec.generate_private_key(ec.SECP256R1())),
        topics=tuple(topics),
    )


def _apple_id() -> str:
    """Apple's team and key ids are ten upper-case letters and digits."""
    return "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(10))


SECRET = Secret(
    ApnsCredentials,
    lambda made, start: make_apns_key(start.topics),
    lambda kept, start: kept.model_copy(update={"topics": start.topics}),
)
