"""What the registry takes as credentials dispatch can use: a mistake is told when it is made, not at the first push."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import ValidationError
from typer.testing import CliRunner

from deploy.cli.app import app
from schemas.providers import Provider
from services.dispatch.provider import BadCredentials
from services.dispatch.providers.http.credentials import validated
from services.runtime.credentials import ApnsCredentials, WebCredentials, checked
from services.runtime.crypto.private_keys import p256_of

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


@pytest.mark.parametrize(
    "subject",
    [
        "mailto:push@bank.example",
        "https://bank.example/push",
        "mailto:a.b+push@xn--80ak6aa92e.example",
        "https://b.example",
    ],
)
def test_a_new_web_push_key_is_what_both_take(subject: str) -> None:
    made = json.loads(CliRunner().invoke(app, ["credentials", "web-key", subject]).output)
    checked(Provider.WEB, made)
    assert validated(WebCredentials, made).subject == subject


@pytest.mark.parametrize(
    "subject",
    [
        "",
        "push@bank.example",
        "<push@bank.example>",
        "mailto:<push@bank.example>",
        "mailto:Bank <push@bank.example>",
        "mailto:push@localhost",
        "mailto:push@bank.localhost",
        "mailto:push@bank.local",
        "mailto:push@bank",
        "mailto:push@127.0.0.1",
        "mailto:push@[::1]",
        "mailto:push@-bank.example",
        "mailto:push@bank..example",
        "mailto:push@bank.example.",
        "mailto:a@b@bank.example",
        "mailto:two words@bank.example",
        "mailto:push@банк.рф",
        "mailto:",
        "mailto://bank.example",
        "http://bank.example",
        "https://localhost",
        "https://localhost:8080/push",
        "https://192.0.2.1/push",
        "https://",
        "https://user:secret@bank.example",
        "https://bank.example/<x>",
        "mailto:" + "a" * 600 + "@bank.example",
    ],
)
def test_whom_some_push_service_would_not_take_is_refused_when_it_is_said(subject: str) -> None:
    with pytest.raises(ValidationError, match="subject"):
        checked(Provider.WEB, {"subject": subject, "private_key": PEM})
    refused = CliRunner().invoke(app, ["credentials", "web-key", "--", subject])
    assert refused.exit_code != 0
    assert "private_key" not in refused.output


def test_a_subject_that_was_taken_before_is_still_used() -> None:
    given = {"subject": "mailto:push@localhost", "private_key": PEM}
    assert validated(WebCredentials, given).subject == "mailto:push@localhost"


KEY = ec.generate_private_key(ec.SECP256R1())
_AS = serialization.NoEncryption()
PKCS8 = KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, _AS).decode()
SEC1 = KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, _AS).decode()
BARE = "".join(PKCS8.splitlines()[1:-1])
NUMBER = base64.urlsafe_b64encode(KEY.private_numbers().private_value.to_bytes(32)).decode()
FORMS = {
    "pem": PKCS8,
    "sec1": SEC1,
    "literal line ends": PKCS8.replace("\n", "\\n"),
    "literal line ends of Windows": PKCS8.replace("\n", "\\r\\n"),
    "line ends of Windows": PKCS8.replace("\n", "\r\n"),
    "quoted": f'"{PKCS8.strip()}"',
    "without its first and last line": BARE,
    "the same in lines": "\n".join(PKCS8.splitlines()[1:-1]) + "\n",
    "the same in literal lines": "\\n".join(PKCS8.splitlines()[1:-1]),
    "32 bytes": NUMBER.rstrip("="),
    "32 bytes, padded": NUMBER,
    "32 bytes, base64": NUMBER.replace("-", "+").replace("_", "/"),
    "32 bytes and a line end": NUMBER + "\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_a_private_key_is_taken_in_every_form_in_which_it_is_given_out(form: str, tmp_path: Path) -> None:
    for provider, rest in ((Provider.APNS, GOOD), (Provider.WEB, {"subject": "https://bank.example"})):
        kept = json.loads(checked(provider, {**rest, "private_key": FORMS[form]}))
        assert kept["private_key"] == PKCS8
    assert p256_of(FORMS[form]).private_numbers() == KEY.private_numbers()
    (tmp_path / "key").write_text(FORMS[form])
    asked = ["credentials", "web-key", "mailto:push@bank.example", str(tmp_path / "key")]
    assert json.loads(CliRunner().invoke(app, asked).output)["private_key"] == PKCS8


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "тайна",
        "\ud800",
        "-----BEGIN PRIVATE KEY-----",
        pytest.param(NUMBER[:40], id="cut"),
        base64.urlsafe_b64encode(bytes(32)).decode(),
        base64.urlsafe_b64encode(b"\xff" * 32).decode(),
        base64.urlsafe_b64encode(bytes(65)).decode(),
        pytest.param(BARE[:-8], id="cut-pem"),
    ],
)
def test_what_is_no_key_is_refused_by_rule_and_never_shown(text: str) -> None:
    with pytest.raises(ValidationError) as refused:
        checked(Provider.WEB, {"subject": "https://bank.example", "private_key": text})
    assert [fault["loc"] for fault in refused.value.errors()] == [("private_key",)]
    with pytest.raises(BadCredentials, match=r"private_key: .*(must be a|valid string)"):
        validated(WebCredentials, {"subject": "https://bank.example", "private_key": text})


@pytest.mark.parametrize("given", [{"callback_user": "rpns"}, {"callback_secret": "s"}])
def test_the_user_and_the_secret_of_huaweis_receipts_go_together(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="go together"):
        checked(Provider.HMS, {"app_id": "1", "client_secret": "s", **given})
