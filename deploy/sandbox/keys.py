"""The credentials that the sandbox accepts, so that provisioning can upload them to the product.

Made on the first start and kept as `credentials.json` in the data directory; the providers' are in the `keys.py` of
their folders. The FCM service account names the address of its token endpoint, which moves with the sandbox's port: it
is rewritten at every start.
"""

import json
import secrets
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pydantic import BaseModel, ConfigDict, TypeAdapter

from deploy.sandbox.tls.authority import write_private

FILE_NAME = "credentials.json"
DEFAULT_TOPIC = "app.rpns.demo"
PROJECT_ID = "rpns-sandbox"


class Frozen(BaseModel):
    """Base of credentials."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True)
class Start:
    """What may differ from start to start: the servers' addresses by name, and the bundle ids of Apple's team."""

    addresses: Mapping[str, str] = field(default_factory=dict)
    topics: tuple[str, ...] = (DEFAULT_TOPIC,)


@dataclass(frozen=True)
class Secret:
    """How credentials of one name are kept (a shape that pydantic knows), made, and made to follow a start."""

    shape: Any
    make: Callable[[Mapping[str, Any], Start], Any]
    """given those that were made before it"""
    follow: Callable[[Any, Start], Any] = lambda kept, start: kept


class IdentityCredentials(Frozen):
    """What the customer's backend signs logins with; no provider's, but made and kept with theirs."""

    kid: str
    private_key: str
    """PKCS#8 PEM, P-256"""
    public_key: str
    """PEM: what the platform is given"""


def make_identity_key() -> IdentityCredentials:
    """A new key pair."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return IdentityCredentials(kid=secrets.token_hex(4), private_key=pem(key), public_key=public.decode())


def made_credentials(kinds: Mapping[str, Secret], start: Start, kept: Mapping[str, Any]) -> dict[str, Any]:
    """Credentials by name. What is kept (as JSON) stays; the rest is new."""
    made: dict[str, Any] = {}
    for name, kind in kinds.items():
        shape = TypeAdapter(kind.shape)
        made[name] = shape.validate_python(kept[name]) if name in kept else kind.make(made, start)
    return {name: kinds[name].follow(value, start) for name, value in made.items()}


def load_credentials(directory: Path, kinds: Mapping[str, Secret], start: Start) -> dict[str, Any]:
    """The stored credentials, and new ones where there are none; token address and topics follow the start."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / FILE_NAME
    kept = json.loads(path.read_bytes()) if path.exists() else {}
    kinds = {**kinds, "identity": Secret(IdentityCredentials, lambda made, start: make_identity_key())}
    credentials = made_credentials(kinds, start, kept)
    write_private(path, json.dumps(described(credentials), indent=2).encode() + b"\n")
    return credentials


def described(credentials: Mapping[str, Any]) -> dict[str, Any]:
    """The credentials as JSON."""
    shown: dict[str, Any] = TypeAdapter(dict[str, Any]).dump_python(dict(credentials), mode="json")
    return shown


def digits(count: int) -> str:
    return str(1 + secrets.randbelow(9)) + "".join(secrets.choice(string.digits) for _ in range(count - 1))


def pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
