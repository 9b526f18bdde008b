"""The credentials the sandbox accepts, so that provisioning can upload them to the product.

Made on the first start and kept as `credentials.json` in the data directory. The FCM service account names
the address of its token endpoint, which moves with the sandbox's port: it is rewritten at every start.
"""

import base64
import json
import secrets
import string
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pydantic import BaseModel, ConfigDict, Field

from deploy.sandbox.tls.authority import write_private

FILE_NAME = "credentials.json"
DEFAULT_TOPIC = "app.rpns.demo"
_PROJECT_ID = "rpns-sandbox"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ApnsCredentials(_Frozen):
    """A provider signing key: what Apple's console gives as team id, key id and a .p8 file."""

    team_id: str
    key_id: str
    private_key: str
    """PKCS#8 PEM, P-256"""
    topics: tuple[str, ...]
    """bundle ids the team owns"""


class FcmServiceAccount(_Frozen):
    """The JSON file of a Google service account, with the keys a client needs."""

    type: str = "service_account"
    project_id: str
    private_key_id: str
    private_key: str
    """PKCS#8 PEM, RSA 2048"""
    client_email: str
    client_id: str
    token_uri: str


class HmsCredentials(_Frozen):
    app_id: str
    """client id of the token endpoint, and the path of /v1/{appId}/messages:send"""
    project_id: str
    """the path of /v2/{projectId}/messages:send"""
    client_secret: str
    callback_user: str = "rpns"
    callback_secret: str = Field(default_factory=lambda: base64.b64encode(secrets.token_bytes(32)).decode())
    """signs receipts: what AppGallery Connect shows beside the receipt address"""


class RustoreCredentials(_Frozen):
    project_id: str
    service_token: str


class WebCredentials(_Frozen):
    """A VAPID key: push services know none beforehand, they meet it when a browser subscribes with it."""

    subject: str
    private_key: str
    """PKCS#8 PEM, P-256"""


class IdentityCredentials(_Frozen):
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
    return IdentityCredentials(kid=secrets.token_hex(4), private_key=_pem(key), public_key=public.decode())


class ChannelAccount(_Frozen):
    """An account at the channel platform; `callback` is what is unguessable in the address that it reports to."""

    login: str
    password: str
    callback: str


def make_channel_account() -> ChannelAccount:
    return ChannelAccount(login="rpns", password=secrets.token_urlsafe(16), callback=secrets.token_urlsafe(32))


class UniversalProvider(_Frozen):
    """One entry of `providers` in the body of a RuStore universal send."""

    project_id: str
    auth_token: str


def make_web_key(subject: str = "mailto:push@bank.example") -> WebCredentials:
    """A new VAPID key."""
    return WebCredentials(subject=subject, private_key=_pem(ec.generate_private_key(ec.SECP256R1())))


class Credentials(_Frozen):
    apns: ApnsCredentials
    fcm: FcmServiceAccount
    hms: HmsCredentials
    rustore: RustoreCredentials
    rustore_universal: dict[str, UniversalProvider]
    """by provider: rustore, fcm, hms, apns"""
    web: WebCredentials = Field(default_factory=make_web_key)
    web_secret: str = Field(default_factory=lambda: secrets.token_urlsafe(32))
    """makes the push service's endpoints unguessable"""
    channels: ChannelAccount = Field(default_factory=make_channel_account)
    identity: IdentityCredentials = Field(default_factory=make_identity_key)


def load_credentials(directory: Path, fcm_token_uri: str, topics: Sequence[str] = (DEFAULT_TOPIC,)) -> Credentials:
    """The stored credentials, made when there are none; token address and topics follow the arguments."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / FILE_NAME
    if path.exists():
        stored = Credentials.model_validate_json(path.read_bytes())
    else:
        stored = make_credentials(fcm_token_uri, topics)
    credentials = stored.model_copy(
        update={
            "apns": stored.apns.model_copy(update={"topics": tuple(topics)}),
            "fcm": stored.fcm.model_copy(update={"token_uri": fcm_token_uri}),
        }
    )
    write_private(path, json.dumps(credentials.model_dump(mode="json"), indent=2).encode() + b"\n")
    return credentials


def make_credentials(fcm_token_uri: str, topics: Sequence[str] = (DEFAULT_TOPIC,)) -> Credentials:
    """Fresh credentials for all providers, stored nowhere."""
    rustore = RustoreCredentials(project_id=secrets.token_urlsafe(16), service_token=secrets.token_urlsafe(48))
    universal = {
        "rustore": UniversalProvider(project_id=rustore.project_id, auth_token=rustore.service_token),
        **{
            provider: UniversalProvider(project_id=f"{_PROJECT_ID}-{provider}", auth_token=secrets.token_urlsafe(48))
            for provider in ("fcm", "hms", "apns")
        },
    }
    return Credentials(
        apns=make_apns_key(topics),
        fcm=_make_service_account(fcm_token_uri),
        hms=HmsCredentials(app_id=_digits(9), project_id=_digits(18), client_secret=secrets.token_hex(32)),
        rustore=rustore,
        rustore_universal=universal,
    )


def make_apns_key(topics: Sequence[str] = (DEFAULT_TOPIC,), team_id: str | None = None) -> ApnsCredentials:
    """A signing key; of a new team unless one is named."""
    return ApnsCredentials(
        team_id=team_id or _apple_id(),
        key_id=_apple_id(),
        private_key=_pem(ec.generate_private_key(ec.SECP256R1())),
        topics=tuple(topics),
    )


def _make_service_account(token_uri: str) -> FcmServiceAccount:
    return FcmServiceAccount(
        project_id=_PROJECT_ID,
        private_key_id=secrets.token_hex(20),
        private_key=_pem(rsa.generate_private_key(public_exponent=65537, key_size=2048)),
        client_email=f"sender@{_PROJECT_ID}.iam.gserviceaccount.com",
        client_id=_digits(21),
        token_uri=token_uri,
    )


def _apple_id() -> str:
    """Apple's team and key ids are ten upper-case letters and digits."""
    return "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(10))


def _digits(count: int) -> str:
    return str(1 + secrets.randbelow(9)) + "".join(secrets.choice(string.digits) for _ in range(count - 1))


def _pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
