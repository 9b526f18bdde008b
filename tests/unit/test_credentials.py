"""What the registry takes as credentials dispatch can use: a mistake is told when it is made, not at the first push."""

from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import ValidationError

from schemas.values import Provider
from services.dispatch.apns import ApnsCredentials
from services.dispatch.credentials import validated
from services.dispatch.provider import BadCredentials
from services.registry.credentials import checked

PEM = (
    ec.generate_private_key(ec.SECP256R1())
    .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    .decode()
)
GOOD: dict[str, Any] = {"team_id": "TEAM567890", "key_id": "KEY4567890", "private_key": PEM, "topic": "org.bank.app"}


def test_what_the_registry_takes_dispatch_takes() -> None:
    checked(Provider.APNS, GOOD)
    assert validated(ApnsCredentials, GOOD).topic == "org.bank.app"


@pytest.mark.parametrize(
    ("field", "value"),
    [("team_id", "team567890"), ("key_id", "key4567890"), ("topic", "org.bank_app"), ("topic", ".org")],
)
def test_what_dispatch_cannot_use_the_registry_refuses(field: str, value: str) -> None:
    with pytest.raises(BadCredentials):
        validated(ApnsCredentials, {**GOOD, field: value})
    with pytest.raises(ValidationError):
        checked(Provider.APNS, {**GOOD, field: value})
