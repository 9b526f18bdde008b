"""Which ID tokens hold: by which rule each of the others is refused, whatever its header says."""

import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from deploy.sandbox.oidc.faults import Fault
from deploy.sandbox.oidc.tokens import Algorithm, SigningKey, id_token, unpadded
from services.registry.sign_in.oidc.id_token import SKEW_S, Expected, IdTokenRefused, Rule, keys_of, verified

ISSUER, CLIENT, NONCE = "https://login.example.org/realms/bank", "rpns", "n-once"
EXPECTED = Expected(ISSUER, CLIENT, NONCE)
RS, ES = SigningKey.drawn("RS256"), SigningKey.drawn("ES256")
STATED = {"iss": ISSUER, "aud": CLIENT, "nonce": NONCE, "sub": "4711", "groups": ["a"]}


def token(*wrong: Fault, key: SigningKey = RS, **claims: Any) -> str:
    return id_token(key, {**STATED, **claims}, set(wrong))


def rule_of(text: str, *keys: SigningKey, now_s: float | None = None) -> Rule | None:
    """The rule that it breaks; None where it holds."""
    try:
        verified(text, [key.jwk for key in keys or (RS,)], EXPECTED, now_s or time.time())
    except IdTokenRefused as refused:
        return refused.rule
    return None


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
def test_a_token_of_an_allowed_algorithm_holds_and_tells_its_claims(algorithm: Algorithm) -> None:
    key = SigningKey.drawn(algorithm)
    claims = verified(token(key=key), [key.jwk], EXPECTED, time.time())
    assert claims.items() >= STATED.items()


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        ("ID token: another nonce", "nonce"),
        ("ID token: no nonce", "nonce"),
        ("ID token: another audience", "audience"),
        ("ID token: several audiences", "audience"),
        ("ID token: of another party", "audience"),
        ("ID token: another issuer", "issuer"),
        ("ID token: has expired", "expiry"),
        ("ID token: of the future", "expiry"),
        ("ID token: never expires", "expiry"),
        ("ID token: no algorithm", "form"),
        ("ID token: the public key as a secret", "signature"),
        ("ID token: a key that nobody knows", "key"),
        ("ID token: another key under the known name", "signature"),
        ("ID token: its own key in the header", "key"),
        ("ID token: changed afterwards", "signature"),
        ("ID token: no subject", "form"),
        ("ID token: is no JWT", "form"),
    ],
)
def test_what_is_wrong_is_refused_by_its_rule(fault: Fault, rule: Rule) -> None:
    assert rule_of(token()) is None
    assert rule_of(token(fault)) == rule


@pytest.mark.parametrize("name", ["none", "None", "HS256", "RS512", "ES256K", "", 7, None])
def test_no_algorithm_beyond_the_list_is_taken_though_the_signature_is_there(name: object) -> None:
    assert rule_of(RS.signed({"alg": name}, STATED)) in ("signature", "form")


def test_a_key_verifies_by_an_algorithm_of_its_own_type_alone() -> None:
    assert rule_of(ES.signed({"alg": "RS256"}, STATED), ES) == "key"
    assert rule_of(RS.signed({"alg": "PS256"}, STATED)) == "key"  # it is published for RS256
    open_to_both = {name: value for name, value in RS.jwk.items() if name != "alg"}
    with pytest.raises(IdTokenRefused, match=r"^signature"):
        verified(RS.signed({"alg": "PS256"}, STATED), [open_to_both], EXPECTED, time.time())


def test_a_symmetric_key_among_the_published_ones_signs_nothing() -> None:
    secret = {"kty": "oct", "kid": "s", "alg": "HS256", "k": unpadded(b"x" * 32), "use": "sig"}
    with pytest.raises(IdTokenRefused):
        verified(RS.signed({"alg": "HS256", "kid": "s"}, STATED), [RS.jwk, secret], EXPECTED, time.time())


def test_a_short_key_is_refused() -> None:
    short = SigningKey("RS256", private=rsa.generate_private_key(65537, 1024))
    assert rule_of(token(key=short), short) == "signature"


def test_a_key_need_not_be_named_where_only_one_fits() -> None:
    now_s = int(time.time())
    nameless = RS.signed({"kid": None}, {**STATED, "iat": now_s, "exp": now_s + 300})
    assert rule_of(nameless) is None
    assert rule_of(nameless, ES, RS) is None
    assert rule_of(nameless, RS, SigningKey.drawn("RS256")) == "key"


def test_two_keys_of_one_name_are_no_key() -> None:
    twin = SigningKey("RS256", RS.kid, SigningKey.drawn("RS256").private)
    assert rule_of(token(), RS, twin) == "key"


def test_an_extension_that_is_not_known_is_refused() -> None:
    assert rule_of(RS.signed({"crit": ["exp"], "exp": 1}, STATED)) == "form"


def test_clocks_may_be_a_minute_apart() -> None:
    now_s = time.time()
    text = token(iat=int(now_s), exp=int(now_s) + 300)
    assert rule_of(text, now_s=int(now_s) + 300 + SKEW_S - 1) is None
    assert rule_of(text, now_s=int(now_s) + 300 + SKEW_S) == "expiry"
    assert rule_of(text, now_s=int(now_s) - SKEW_S) is None
    assert rule_of(text, now_s=int(now_s) - SKEW_S - 1) == "expiry"


@pytest.mark.parametrize("value", [True, "soon", None, float("1e300"), -1, []])
def test_a_time_that_is_none_is_refused(value: object) -> None:
    assert rule_of(token(exp=value)) == "expiry"
    assert rule_of(token(iat=value)) == "expiry"
    assert rule_of(token(nbf=value)) == "expiry"


def test_several_audiences_need_us_as_the_party() -> None:
    assert rule_of(token(aud=[CLIENT])) is None
    assert rule_of(token(aud=[CLIENT, "other"], azp=CLIENT)) is None
    assert rule_of(token(aud=[CLIENT, "other"], azp="other")) == "audience"
    assert rule_of(token(aud=["other"], azp=CLIENT)) == "audience"
    assert rule_of(token(aud=None)) == "audience"
    assert rule_of(token(aud={CLIENT: 1})) == "audience"


def test_nesting_without_end_and_a_token_without_end_are_refused() -> None:
    deep = unpadded(b"[" * 20_000)
    assert rule_of(f"{deep}.e30.c2ln") == "form"
    assert rule_of(f"{token().split('.')[0]}.{deep}.c2ln") == "signature"
    assert rule_of("a" * 40_000 + ".b.c") == "form"


def test_only_keys_that_sign_are_kept() -> None:
    encrypting = {**RS.jwk, "use": "enc"}
    assert keys_of({"keys": [RS.jwk, encrypting, "x", None]}) == (RS.jwk,)
    nothing: list[dict[str, Any] | None] = [None, {}, {"keys": {}}, {"keys": None}]
    for document in nothing:
        with pytest.raises(ValueError, match="JWK Set"):
            keys_of(document)
