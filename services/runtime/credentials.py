"""The shapes of the credentials that providers give out; refused by field and rule, never by value. Pure.

    apns      team_id, key_id, private_key (P-256); topic
    fcm       the service account file: type, project_id, private_key_id, private_key (RSA), client_email, token_uri
    hms       app_id, client_secret; project_id; for receipts callback_user and callback_secret, as configured there
    rustore   project_id, service_token (native and universal); universal: {fcm | hms | apns: {project_id, auth_token}}
    web       subject (mailto: or https:, `services/runtime/text/vapid_subject.py`), private_key (P-256)
    channel   login, password, url of the channel platform (`/v6/send` follows it); callback: the unguessable last part
              of the address that it reports to; subnets that it reports from

What is not listed is kept out of what is sealed, and a private key is sealed as PEM, whatever its form was
(`services/runtime/crypto/private_keys.py`). The registry checks what it is given,
and dispatch checks again what it opens.
"""

import base64
import ipaddress
import re
from typing import Annotated, Any, Final, Literal, Self, cast

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationInfo, model_validator

from schemas.providers import OWN_CARRIER, OtherCarrier, Provider
from services.runtime.crypto import private_keys
from services.runtime.http.field_rules import form
from services.runtime.http.web_address import web_address
from services.runtime.text.vapid_subject import RULE, vapid_subject

NEW: Final = "new"
"""The context of a check when credentials are uploaded. Those that were taken before a rule existed are still used."""


class Credentials(BaseModel):
    """Base of all shapes; snake case, as the providers' own files."""

    model_config = ConfigDict(frozen=True, extra="ignore")


def _https(url: str) -> str:
    if web_address(url).scheme != "https":
        raise ValueError("must be an https address")
    return url


Id = Annotated[
    str, StringConstraints(pattern=form(r"^[A-Za-z0-9._~:-]{1,128}$", "must be 1 to 128 letters, digits and . _ ~ : -"))
]
AppleId = Annotated[str, StringConstraints(pattern=form(r"^[A-Z0-9]{10}$", "must be 10 capital letters and digits"))]
Secret = Annotated[
    str,
    StringConstraints(pattern=form(r"^[\x21-\x7e]{1,4096}$", "must be 1 to 4096 characters of ASCII without blanks")),
]
_TOPIC = form(r"^[A-Za-z0-9][A-Za-z0-9.-]{0,154}$", "must be 1 to 155 letters, digits and . -, a letter or digit first")
_KNOWN_SUBJECT: Final = re.compile(r"mailto:[^@\s]+@[^@\s]+|https://\S+")
Pem = Annotated[str, StringConstraints(max_length=16_384)]


class ApnsCredentials(Credentials):
    team_id: AppleId
    key_id: AppleId
    private_key: Annotated[Pem, AfterValidator(private_keys.p256_pem)]
    topic: Annotated[str, StringConstraints(pattern=_TOPIC)] | None = None


class FcmCredentials(Credentials):
    type: Literal["service_account"]
    project_id: Id
    private_key_id: Annotated[str, StringConstraints(min_length=1, max_length=256)]
    private_key: Annotated[Pem, AfterValidator(private_keys.rsa_pem)]
    client_email: Annotated[
        str, StringConstraints(pattern=form(r"^[^@\s]{1,128}@[^@\s]{1,128}$", "must be an e-mail address"))
    ]
    token_uri: Annotated[str, StringConstraints(max_length=2048), AfterValidator(_https)]


class HmsCredentials(Credentials):
    app_id: Id
    client_secret: Secret
    project_id: Id | None = None
    callback_user: Annotated[str, StringConstraints(min_length=1, max_length=256)] | None = None
    callback_secret: Secret | None = None

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.callback_user is None) != (self.callback_secret is None):
            raise ValueError("callback_user and callback_secret go together")
        return self


class UniversalCredentials(Credentials):
    project_id: Annotated[str, StringConstraints(min_length=1, max_length=256)]
    auth_token: Secret


class RustoreCredentials(Credentials):
    project_id: Id
    service_token: Secret
    universal: dict[OtherCarrier, UniversalCredentials] | None = None

    def of(self, carrier: str) -> UniversalCredentials | None:
        """What RuStore shows to that carrier."""
        own = UniversalCredentials(project_id=self.project_id, auth_token=self.service_token)
        return own if carrier == OWN_CARRIER else (self.universal or {}).get(cast(OtherCarrier, carrier))


def _subject(text: str, info: ValidationInfo) -> str:
    if info.context is NEW:
        return vapid_subject(text)
    if not _KNOWN_SUBJECT.fullmatch(text):
        raise ValueError(RULE)
    return text


class WebCredentials(Credentials):
    subject: Annotated[str, AfterValidator(_subject)]
    private_key: Annotated[Pem, AfterValidator(private_keys.p256_pem)]


def _http(url: str) -> str:
    address = web_address(url)
    if "?" in address.target or address.fragment:
        raise ValueError("must be an http or https address without a query")
    return str(address)


def subnet(text: str) -> str:
    """A network as CIDR. Raises ValueError with the rule."""
    try:
        return str(ipaddress.ip_network(text.strip(), strict=False))
    except ValueError:
        raise ValueError("must be a network, for instance 192.0.2.0/24") from None


class ChannelCredentials(Credentials):
    login: Annotated[str, StringConstraints(min_length=1, max_length=256)]
    password: Annotated[str, StringConstraints(min_length=1, max_length=256)]
    url: Annotated[str, StringConstraints(max_length=2048), AfterValidator(_http)]
    callback: Annotated[
        str, StringConstraints(pattern=form(r"^[A-Za-z0-9_-]{22,128}$", "must be 22 to 128 letters, digits and _ -"))
    ]
    subnets: Annotated[tuple[Annotated[str, AfterValidator(subnet)], ...], Field(min_length=1, max_length=100)]


SHAPES: dict[Provider, type[Credentials]] = {
    Provider.APNS: ApnsCredentials,
    Provider.FCM: FcmCredentials,
    Provider.HMS: HmsCredentials,
    Provider.RUSTORE: RustoreCredentials,
    Provider.WEB: WebCredentials,
    Provider.CHANNEL_PLATFORM: ChannelCredentials,
}


def fields_of(provider: Provider) -> str:
    """The names of the required and of the optional fields."""
    fields = SHAPES[provider].model_fields.items()
    return ", ".join(name if field.is_required() else f"optional {name}" for name, field in fields)


def public_key(provider: Provider, plain: bytes) -> str | None:
    """The VAPID public key of checked credentials, which everybody may know; base64url of the uncompressed point."""
    if provider is not Provider.WEB:
        return None
    key = private_keys.p256_of(WebCredentials.model_validate_json(plain).private_key)
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


def checked(provider: Provider, given: dict[str, Any]) -> bytes:
    """The credentials in canonical JSON, to be sealed. Raises pydantic.ValidationError."""
    return SHAPES[provider].model_validate(given, context=NEW).model_dump_json(exclude_none=True).encode()
