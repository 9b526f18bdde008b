"""A sign-in that is under way, as the browser keeps it between leaving for the login and coming back. Pure.

    begin ─▶ state, nonce, verifier: drawn, sealed in a cookie ─▶ the login, with state, nonce and the verifier's hash
          ─▶ back, with state and a code ─▶ the cookie's state is the same, and it is not older than ten minutes

Only the browser that has begun can end it, and the code is worth nothing to who reads it along the way. Source: OpenID
Connect Core 1.0 §3.1.2.1; RFC 7636 (PKCE, S256); RFC 9700 §2.1.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from urllib.parse import urlencode

import msgspec

from services.registry.sign_in.oidc.documents import word_of
from services.registry.sign_in.oidc.refusals import SignInRefused

LASTS_S = 600
_SKEW_S = 60
"""Another instance may have begun it, by its own clock."""
_PLACE = re.compile(r"[A-Za-z0-9_.~%/-]{0,300}", re.ASCII)
_CANCELLED = ("access_denied", "login_required", "interaction_required", "consent_required")


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """`place` is where in the console the person was going to."""

    state: str
    nonce: str
    verifier: str
    place: str
    began_at: int  # UTC ms


def place_of(text: str) -> str:
    """A page of the console, as it stands behind `#/`; the first page for what is none."""
    return text if _PLACE.fullmatch(text) else ""


def authorization_address(endpoint: str, flow: Flow, client_id: str, redirect_uri: str, scopes: str) -> str:
    """Where the browser is sent to."""
    asked = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": scopes,
        "state": flow.state,
        "nonce": flow.nonce,
        "code_challenge": _challenge(flow.verifier),
        "code_challenge_method": "S256",
    }
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"


def code_of(query: Mapping[str, str], flow: Flow, issuer: str, *, names_itself: bool) -> str:
    """The code of the login's answer to this sign-in. Raises SignInRefused."""
    if not hmac.compare_digest(query.get("state", "").encode(errors="replace"), flow.state.encode()):
        raise SignInRefused("expired", "the answer is not to the sign-in that this browser has begun last")
    if query.get("iss", issuer if not names_itself else "") != issuer:
        raise SignInRefused("unproved", "the answer names another issuer, or none (RFC 9207)")
    if error := query.get("error", ""):
        raise SignInRefused("cancelled" if error in _CANCELLED else "refused", word_of(error))
    code = query.get("code", "")
    if not code or len(code) > 8192:
        raise SignInRefused("refused", "the answer has no code")
    return code


def is_over(flow: Flow, now_ms: int) -> bool:
    return not -_SKEW_S * 1000 <= now_ms - flow.began_at <= LASTS_S * 1000


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
