"""What the login says of itself at /.well-known/openid-configuration. Pure.

Source: OpenID Connect Discovery 1.0 §3, §4.3 (its `issuer` is the one that was asked for, to the letter); RFC 9207.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.registry.sign_in.oidc.id_token import ALGORITHMS
from services.runtime.access.oidc.addresses import is_private_way

WELL_KNOWN = "/.well-known/openid-configuration"
_METHODS = ("client_secret_basic", "client_secret_post")


class NotALogin(ValueError):
    """A document that is not of this login, or says what cannot be used; the text says what."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """`by_basic`: the client shows its secret in the header, else in the form. `names_itself`: in each answer."""

    authorization: str
    token: str
    keys: str
    by_basic: bool
    names_itself: bool


def discovery_address(issuer: str) -> str:
    return issuer.rstrip("/") + WELL_KNOWN


def endpoints_of(document: Mapping[str, Any] | None, issuer: str) -> Endpoints:
    """Raises NotALogin."""
    if document is None:
        raise NotALogin("its discovery document is no JSON object")
    if document.get("issuer") != issuer:
        raise NotALogin("its discovery document names another issuer than RPNS_OIDC_ISSUER, to the letter")
    signed_by = document.get("id_token_signing_alg_values_supported")
    if isinstance(signed_by, list) and not ALGORITHMS.keys() & {name for name in signed_by if isinstance(name, str)}:
        raise NotALogin(f"it signs ID tokens by none of {', '.join(ALGORITHMS)}")
    methods = document.get("token_endpoint_auth_methods_supported", [_METHODS[0]])
    known = [name for name in _METHODS if isinstance(methods, list) and name in methods]
    if not known:
        raise NotALogin(f"its token endpoint takes a secret by none of {', '.join(_METHODS)}")
    return Endpoints(
        _address(document, "authorization_endpoint"),
        _address(document, "token_endpoint"),
        _address(document, "jwks_uri"),
        by_basic=known[0] == _METHODS[0],
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
    )


def _address(document: Mapping[str, Any], name: str) -> str:
    found = document.get(name)
    if not isinstance(found, str) or not is_private_way(found) or "#" in found:
        raise NotALogin(f"its {name} must be an https address")
    return found
