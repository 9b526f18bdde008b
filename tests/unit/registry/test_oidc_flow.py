"""What leaves with the browser for the company's login, and what it may come back with."""

from typing import Any

import pytest

from services.registry.sign_in.oidc.discovery import Endpoints, NotALogin, discovery_address, endpoints_of
from services.registry.sign_in.oidc.flow import LASTS_S, Flow, authorization_address, code_of, is_over, place_of
from services.registry.sign_in.oidc.refusals import SignInRefused
from tests.support.oidc_console import query_of

ISSUER = "https://login.example.org/realms/bank"
VERIFIER, CHALLENGE = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
"""RFC 7636, appendix B."""
FLOW = Flow(state="s" * 43, nonce="n" * 43, verifier=VERIFIER, place="support", began_at=1_000_000)
DOCUMENT = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/auth",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/certs",
}


def reason_of(query: dict[str, str], *, names_itself: bool = False) -> str:
    with pytest.raises(SignInRefused) as refused:
        code_of(query, FLOW, ISSUER, names_itself=names_itself)
    return refused.value.reason


def test_the_address_has_what_a_login_needs_and_keeps_what_it_had() -> None:
    address = authorization_address(f"{ISSUER}/auth?kc=1", FLOW, "rpns", "https://push.example.org/back", "openid a")
    assert address.startswith(f"{ISSUER}/auth?kc=1&")
    assert query_of(address) == {
        "kc": "1",
        "response_type": "code",
        "client_id": "rpns",
        "redirect_uri": "https://push.example.org/back",
        "scope": "openid a",
        "state": FLOW.state,
        "nonce": FLOW.nonce,
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }


def test_the_code_of_an_answer_to_this_sign_in_is_taken() -> None:
    answer = {"state": FLOW.state, "code": "c", "session_state": "whatever"}
    assert code_of(answer, FLOW, ISSUER, names_itself=False) == "c"
    assert code_of(answer | {"iss": ISSUER}, FLOW, ISSUER, names_itself=True) == "c"


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({}, "expired"),
        ({"state": "s", "code": "c"}, "expired"),
        ({"state": "\udcff", "code": "c"}, "expired"),
        ({"state": FLOW.state, "code": "c", "iss": "https://other.example"}, "unproved"),
        ({"state": FLOW.state, "error": "access_denied", "iss": "https://other.example"}, "unproved"),
        ({"state": FLOW.state, "error": "access_denied"}, "cancelled"),
        ({"state": "s", "error": "access_denied"}, "expired"),
        ({"state": FLOW.state, "error": "temporarily_unavailable", "code": "c"}, "refused"),
        ({"state": FLOW.state}, "refused"),
        ({"state": FLOW.state, "code": ""}, "refused"),
        ({"state": FLOW.state, "code": "c" * 9000}, "refused"),
    ],
)
def test_any_other_answer_is_refused(query: dict[str, str], reason: str) -> None:
    assert reason_of(query) == reason


def test_a_login_that_says_it_names_itself_has_to() -> None:
    assert reason_of({"state": FLOW.state, "code": "c"}, names_itself=True) == "unproved"


def test_an_errors_description_is_not_repeated() -> None:
    with pytest.raises(SignInRefused) as refused:
        code_of({"state": FLOW.state, "error": "<b>secret</b>"}, FLOW, ISSUER, names_itself=False)
    assert "secret" not in str(refused.value)


def test_a_sign_in_lasts_ten_minutes_by_clocks_that_may_differ_a_little() -> None:
    began = FLOW.began_at
    assert not is_over(FLOW, began + LASTS_S * 1000)
    assert is_over(FLOW, began + LASTS_S * 1000 + 1)
    assert not is_over(FLOW, began - 60_000)
    assert is_over(FLOW, began - 60_001)


@pytest.mark.parametrize(
    "place", ["//evil.example/x?y", "https://evil.example", "a b", "a\n", "a#b", "\u0430", "x" * 301, "a\\b", "a:b"]
)
def test_a_place_that_is_none_in_the_console_is_its_first_page(place: str) -> None:
    assert place_of(place) == ""


def test_a_place_in_the_console_is_kept() -> None:
    assert place_of("support/%2B79161234567") == "support/%2B79161234567"


def test_a_login_says_where_its_endpoints_are() -> None:
    assert endpoints_of(DOCUMENT, ISSUER) == Endpoints(
        f"{ISSUER}/auth", f"{ISSUER}/token", f"{ISSUER}/certs", by_basic=True, names_itself=False
    )
    more = {"token_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_post"]}
    assert not endpoints_of(DOCUMENT | more, ISSUER).by_basic
    assert endpoints_of(DOCUMENT | {"authorization_response_iss_parameter_supported": True}, ISSUER).names_itself


def test_its_document_lies_below_the_issuer_with_a_slash_at_the_end_or_without() -> None:
    assert discovery_address(ISSUER) == discovery_address(f"{ISSUER}/") == f"{ISSUER}/.well-known/openid-configuration"


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": f"{ISSUER}/"},
        {"issuer": None},
        {"jwks_uri": None},
        {"jwks_uri": 7},
        {"jwks_uri": "http://login.example.org/certs"},
        {"token_endpoint": "ftp://login.example.org/token"},
        {"token_endpoint": "https:///token"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": f"{ISSUER}/auth#x"},
        {"id_token_signing_alg_values_supported": ["HS256", "none"]},
        {"token_endpoint_auth_methods_supported": ["private_key_jwt"]},
        {"token_endpoint_auth_methods_supported": "client_secret_basic"},
    ],
)
def test_a_document_that_cannot_be_used_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(NotALogin):
        endpoints_of(DOCUMENT | changes, ISSUER)
    with pytest.raises(NotALogin):
        endpoints_of(None, ISSUER)
