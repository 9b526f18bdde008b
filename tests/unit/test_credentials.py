"""What the registry takes as credentials dispatch can use: a mistake is told when it is made, not at the first push."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import ValidationError
from typer.testing import CliRunner

from deploy.cli.app import app
from schemas.values import Provider
from services.dispatch.apns import ApnsCredentials
from services.dispatch.credentials import validated
from services.dispatch.provider import BadCredentials
from services.dispatch.web import WebCredentials
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


@pytest.mark.parametrize("subject", ["mailto:push@bank.example", "https://bank.example/push"])
def test_a_new_web_push_key_is_what_both_take(subject: str) -> None:
    made = json.loads(CliRunner().invoke(app, ["credentials", "web-key", subject]).output)
    checked(Provider.WEB, made)
    assert validated(WebCredentials, made).subject == subject


@pytest.mark.parametrize(
    "subject", ["push@bank.example", "mailto:two words@bank.example", "mailto:", "http://bank.example"]
)
def test_whom_no_push_service_would_accept_is_refused_by_both(subject: str) -> None:
    given = {"subject": subject, "private_key": PEM}
    with pytest.raises(BadCredentials):
        validated(WebCredentials, given)
    with pytest.raises(ValidationError):
        checked(Provider.WEB, given)


@pytest.mark.parametrize("given", [{"callback_user": "rpns"}, {"callback_secret": "s"}])
def test_the_user_and_the_secret_of_huaweis_receipts_go_together(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="go together"):
        checked(Provider.HMS, {"app_id": "1", "client_secret": "s", **given})
