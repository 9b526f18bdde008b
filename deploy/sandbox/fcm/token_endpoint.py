"""Google's token endpoint (`docs/providers.md` §2.1).

The assertion's signature and claims are checked with `cryptography`, not with a JWT library: the product signs
with one, and a common misunderstanding must not go unseen.
"""

import base64
import binascii
import time
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from deploy.sandbox.faults.apply_fault import strike
from deploy.sandbox.faults.orders import Faults
from deploy.sandbox.fcm.keys import FcmServiceAccount
from deploy.sandbox.http.access_tokens import Bearers, read_form
from deploy.sandbox.http.json_form import MalformedError, parse_object
from deploy.sandbox.http.messages import Answer, Request

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPES = frozenset(f"https://www.googleapis.com/auth/{name}" for name in ("firebase.messaging", "cloud-platform"))
# Google's own libraries name this audience wherever they post to.
GOOGLE_AUDIENCE = "https://oauth2.googleapis.com/token"
MAX_LIFETIME_S = 3600
CLOCK_SKEW_S = 60

# reason that can be ordered → (status, error, error_description)
REASONS: dict[str, tuple[int, str, str]] = {
    "invalid_grant": (400, "invalid_grant", "Invalid JWT Signature."),
    "account_not_found": (400, "invalid_grant", "Invalid grant: account not found"),
    "clock_skew": (
        400,
        "invalid_grant",
        "Invalid JWT: Token must be a short-lived token and in a reasonable timeframe.",
    ),
    "invalid_scope": (400, "invalid_scope", "Invalid OAuth scope or ID token audience provided."),
    "unauthorized_client": (401, "unauthorized_client", "Unauthorized client or scope in request."),
    "rate_limited": (429, "rate_limit_exceeded", "Too many requests."),
    "internal_failure": (500, "internal_failure", "Internal failure."),
    "unavailable": (503, "temporarily_unavailable", "The service is currently unavailable."),
}
_DEFAULT_REASONS = {400: "invalid_grant", 401: "unauthorized_client", 429: "rate_limited", 503: "unavailable"}


class GoogleTokenEndpoint:
    """Exchanges a service account's signed assertion for an access token."""

    def __init__(self, faults: Faults, account: FcmServiceAccount, bearers: Bearers) -> None:
        key = serialization.load_pem_private_key(account.private_key.encode(), password=None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise ValueError("the service account's key is not RSA")
        self._public_key = key.public_key()
        self._faults = faults
        self._account = account
        self._bearers = bearers

    def answer(self, request: Request) -> Answer:
        if request.method != "POST":
            return _error(405, "invalid_request", "Only POST is supported.")
        if request.media_type != "application/x-www-form-urlencoded":
            return _error(400, "invalid_request", "The body must be a form.")
        form = read_form(request.body)
        if form is None:
            return _error(400, "invalid_request", "The form cannot be read.")
        if form.get("grant_type") != GRANT_TYPE:
            return _error(400, "unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type', '')}")
        refusal = self._refusal(form.get("assertion", ""), audience_of(request))
        fault = self._faults.take("fcm_token", None)
        if fault is not None and fault.kind == "status":
            reason = fault.reason or _DEFAULT_REASONS.get(fault.status, "internal_failure")
            status, error, description = REASONS[reason]
            return strike(fault, _error(fault.status or status, error, description))
        answer = refusal or self._token()
        return answer if fault is None else strike(fault, answer)

    def _token(self) -> Answer:
        lifetime_s = int(self._faults.switches["fcm.token_lifetime_s"])
        token = self._bearers.issue(lifetime_s, "ya29.c.")
        answer = {"access_token": token, "expires_in": max(0, lifetime_s - 1), "token_type": "Bearer"}
        return Answer(200, orjson.dumps(answer))

    def _refusal(self, assertion: str, audience: str) -> Answer | None:
        """Google's error for a bad assertion, None for a good one."""
        try:
            header, claims = _decode(assertion, self._public_key)
        except (MalformedError, binascii.Error, ValueError) as error:
            return _error(400, "invalid_grant", f"Invalid JWT: {error}")
        except InvalidSignature:
            return _error(400, "invalid_grant", "Invalid JWT Signature.")
        if header.get("kid", self._account.private_key_id) != self._account.private_key_id:
            return _error(400, "invalid_grant", "Invalid JWT Signature.")
        if claims.get("iss") != self._account.client_email:
            return _error(400, "invalid_grant", "Invalid grant: account not found")
        if claims.get("aud") not in (audience, self._account.token_uri, GOOGLE_AUDIENCE):
            return _error(400, "invalid_grant", "Invalid JWT: aud is not this token endpoint.")
        if not _is_timely(claims.get("iat"), claims.get("exp"), time.time()):
            return _error(*REASONS["clock_skew"])
        if not set(str(claims.get("scope", "")).split()) & SCOPES:
            return _error(400, "invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        return None


def audience_of(request: Request) -> str:
    """The address that the request was made to."""
    return f"https://{request.headers.get('host', '')}{request.path}"


def _decode(assertion: str, key: rsa.RSAPublicKey) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims; InvalidSignature, MalformedError or ValueError when they cannot be trusted."""
    parts = assertion.split(".")
    if len(parts) != 3:
        raise ValueError("not a signed JWT")
    header = parse_object(_unpad(parts[0]))
    if header.get("alg") != "RS256":
        raise ValueError("alg must be RS256")
    signed = f"{parts[0]}.{parts[1]}".encode()
    key.verify(_unpad(parts[2]), signed, padding.PKCS1v15(), hashes.SHA256())
    return header, parse_object(_unpad(parts[1]))


def _unpad(part: str) -> bytes:
    return base64.b64decode(part.encode("ascii") + b"=" * (-len(part) % 4), altchars=b"-_", validate=True)


def _is_timely(issued_s: Any, expires_s: Any, now_s: float) -> bool:
    if type(issued_s) not in (int, float) or type(expires_s) not in (int, float):
        return False
    return bool(
        issued_s <= now_s + CLOCK_SKEW_S
        and now_s - CLOCK_SKEW_S < expires_s
        and issued_s < expires_s <= issued_s + MAX_LIFETIME_S
    )


def _error(status: int, error: str, description: str) -> Answer:
    return Answer(status, orjson.dumps({"error": error, "error_description": description}))
