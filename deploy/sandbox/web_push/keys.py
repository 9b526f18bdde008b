"""A VAPID key, and what makes the push service's endpoints unguessable."""

import secrets

from cryptography.hazmat.primitives.asymmetric import ec

from deploy.sandbox.keys import Frozen, Secret, pem


class WebCredentials(Frozen):
    """A VAPID key: push services know none beforehand, they meet it when a browser subscribes with it."""

    subject: str
    private_key: str
    """PKCS#8 PEM, P-256"""


def make_web_key(subject: str = "mailto:push@bank.example") -> WebCredentials:
    """A new VAPID key."""
    return WebCredentials(subject=subject, private_key=pem(ec.generate_private_key(ec.SECP256R1())))


SECRET = Secret(WebCredentials, lambda made, start: make_web_key())
ENDPOINT_SECRET = Secret(str, lambda made, start: secrets.token_urlsafe(32))
