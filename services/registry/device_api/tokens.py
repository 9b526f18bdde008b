"""Which tokens and keys are well formed. Pure; each refusal names the field and the rule.

A dead or foreign token is the provider's to tell; here is refused only what no provider can have given.
"""

import base64
import binascii
import re
from dataclasses import dataclass, replace
from typing import Any, Literal

import orjson
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey

from schemas.application_events import ApplicationChanged
from schemas.providers import OWN_CARRIER, Provider
from services.registry.bodies import BadField
from services.registry.device_api.bodies import TokenBody
from services.registry.devices import Token
from services.runtime.http.web_address import BadAddress, web_address

_APNS = re.compile(r"[0-9A-Fa-f]{32,400}")
_OPAQUE = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What goes with a token: APNs' environment and bundle, RuStore's variant, the key of a web push subscription."""

    environment: Literal["production", "sandbox"] | None
    bundle: str | None
    variant: Literal["native", "universal"] | None
    server_key: str | None

    @classmethod
    def of(cls, token: Token) -> "TokenFacts":
        return cls(token.environment, token.bundle, token.variant, token.server_key)

    @classmethod
    def given(cls, body: TokenBody, application: ApplicationChanged, web_key: str | None) -> "TokenFacts":
        """The facts in the body; what it leaves out is the application's. Raises BadField."""
        fields, is_subscription = body.facts.token_fields, body.facts.token_form == "subscription"
        return cls(
            environment=(body.environment or "production") if "environment" in fields else None,
            bundle=(body.bundle or application.bundle) if "bundle" in fields else None,
            variant=(body.variant or application.rustore_variant) if "variant" in fields else None,
            server_key=(server_key(body) or web_key) if is_subscription else None,
        )

    def with_server_key(self, key: str | None) -> "TokenFacts":
        return replace(self, server_key=key)


def token_name(provider: str, text: str) -> str:
    """The name of a token, which digests and the ids of imports are made from; `text` as `token_text` gives it."""
    return f"{Provider(provider).value}/{text}"


def token_text(body: TokenBody) -> str:
    """The token as dispatch will use it. Raises BadField.

    Text; of a web push the subscription, of another carrier's token for RuStore universal {carrier, token}, in JSON.
    """
    facts = body.facts
    if facts.token_form == "subscription":
        return _subscription(body)
    if body.token is None:
        raise BadField("token", "must be given")
    if facts.token_form == "hexadecimal":
        return apns_token(body.token)
    if not _OPAQUE.fullmatch(body.token):
        raise BadField("token", "must be printable ASCII without blanks")
    if body.carrier in (None, OWN_CARRIER):
        return body.token
    if "carrier" not in facts.token_fields or body.variant == "native":
        raise BadField("carrier", "is of RuStore universal only")
    return orjson.dumps({"carrier": body.carrier, "token": body.token}).decode()


def apns_token(text: str) -> str:
    """A token of APNs in lower case. Raises BadField."""
    if not _APNS.fullmatch(text):
        raise BadField("token", "must be 32 to 400 hexadecimal digits")
    return text.lower()


def public_key(text: str | None) -> str | None:
    """The device's P-256 key, base64url without padding. Raises BadField."""
    if text is None:
        return None
    _point("publicKey", text)
    return text.rstrip("=")


def server_key(body: TokenBody) -> str | None:
    """The key that the page reports to have subscribed with, base64url without padding. Raises BadField."""
    given = body.subscription.application_server_key if body.subscription is not None else None
    if given is None:
        return None
    _point("subscription.applicationServerKey", given)
    return given.rstrip("=")


def _subscription(body: TokenBody) -> str:
    subscription = body.subscription
    if subscription is None:
        raise BadField("subscription", "must be given")
    try:
        is_https = web_address(subscription.endpoint).scheme == "https"
    except BadAddress:
        is_https = False
    if not is_https or not _OPAQUE.fullmatch(subscription.endpoint):
        raise BadField("subscription.endpoint", "must be an https URL")
    _point("subscription.keys.p256dh", subscription.keys.p256dh)
    if len(_bytes("subscription.keys.auth", subscription.keys.auth)) != 16:
        raise BadField("subscription.keys.auth", "must be 16 bytes")
    keys = {"p256dh": subscription.keys.p256dh.rstrip("="), "auth": subscription.keys.auth.rstrip("=")}
    made: dict[str, Any] = {"endpoint": subscription.endpoint, "keys": keys}
    if subscription.expiration_time is not None:
        made["expirationTime"] = subscription.expiration_time
    return orjson.dumps(made).decode()


def _point(field: str, text: str) -> None:
    raw = _bytes(field, text)
    try:
        if len(raw) != 65:
            raise ValueError
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), raw)
    except ValueError:
        raise BadField(field, "must be a P-256 point, uncompressed (65 bytes)") from None


def _bytes(field: str, text: str) -> bytes:
    try:
        return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise BadField(field, "must be base64url") from None
