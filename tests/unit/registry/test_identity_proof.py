"""Proofs of login: which are taken, and which rule is named for each that is not."""

import base64
import hmac
import json
import time
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.application_events import ProofAlgorithm
from services.registry.identity.proof import MOST_CHARACTERS, ProofRefused, VerifiedProof, VerifyingKey, verified
from tests.support.proofs import Backend, pem_of

INSTALLATION = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
OTHER = "3f2504e0-4f89-41d3-9a0c-0305e82c3302"
ALGORITHMS: tuple[ProofAlgorithm, ...] = ("ES256", "EdDSA", "RS256", "HS256")
BANK = Backend()
ANY: Any = object()


def judged(proof: str, *keys: VerifyingKey, now_s: float | None = None) -> VerifiedProof:
    now = round((time.time() if now_s is None else now_s) * 1000)
    return verified(proof, keys or (BANK.verifying,), "app", INSTALLATION, now)


def refusal(proof: str, *keys: VerifyingKey, now_s: float | None = None) -> str:
    with pytest.raises(ProofRefused) as caught:
        judged(proof, *keys, now_s=now_s)
    assert not proof or proof not in str(caught.value)
    return caught.value.rule


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_proof_of_each_kind_says_who_is_logged_in(alg: ProofAlgorithm) -> None:
    backend = Backend(alg=alg)
    proof = backend.proof(INSTALLATION, "user-1", "79001234567")
    found = judged(proof, backend.verifying)
    assert (found.external_user_id, found.phone, found.kid) == ("user-1", "79001234567", "k1")
    assert proof.startswith(found.signed)


def test_user_or_phone_alone_are_enough() -> None:
    assert judged(BANK.proof(INSTALLATION, "u")).phone is None
    assert judged(BANK.proof(INSTALLATION, None, "79001234567")).external_user_id is None


def test_unknown_claims_and_other_audiences_beside_ours_do_not_matter() -> None:
    more: dict[str, Any] = {
        "aud": ["elsewhere", "rpns"],
        "jti": "1",
        "scope": {"a": [1]},
        "big": 10**30,
        "nbf": int(time.time()),
    }
    assert judged(BANK.proof(INSTALLATION, "u", **more)).external_user_id == "u"


def test_the_installation_is_compared_without_case() -> None:
    assert judged(BANK.proof(INSTALLATION.upper(), "u"))


@pytest.mark.parametrize(
    ("claims", "rule"),
    [
        ({"iss": "other"}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"aud": "other"}, "audience"),
        ({"aud": None}, "audience"),
        ({"aud": ["other"]}, "audience"),
        ({"aud": {"rpns": 1}}, "audience"),
        ({"iid": OTHER}, "installation"),
        ({"iid": None}, "installation"),
        ({"iid": 7}, "installation"),
        ({"sub": None}, "subject"),
        ({"sub": ""}, "subject"),
        ({"sub": 7}, "subject"),
        ({"sub": "x" * 257}, "subject"),
        ({"sub": "a\x00b"}, "subject"),
        ({"phone": "79001234567"}, "subject"),
        ({"phone": "+7 900 123-45-67"}, "subject"),
        ({"phone": "+790012345"}, "subject"),
        ({"phone": 79001234567}, "subject"),
    ],
)
def test_a_claim_that_does_not_fit_is_named(claims: dict[str, Any], rule: str) -> None:
    whole = {**BANK.claims(INSTALLATION, "u"), **claims}
    assert refusal(BANK.signed({name: value for name, value in whole.items() if value is not None})) == rule


def test_a_lone_surrogate_is_no_user_id() -> None:
    text = json.dumps({**BANK.claims(INSTALLATION), "sub": "\ud800"})
    assert refusal(jwt.PyJWS().encode(text.encode(), BANK.key, "ES256", {"kid": "k1"})) == "subject"


@pytest.mark.parametrize(
    ("iat", "exp", "taken"),
    [
        (0, 600, True),
        (0, 601, False),
        (0, 0, False),
        (0, -1, False),
        (59, 300, True),
        (62, 300, False),
        (-600, -58, True),
        (-600, -61, False),
        (0.5, 300.5, True),
    ],
)
def test_a_proof_lives_ten_minutes_at_most_and_clocks_may_differ_by_one(iat: float, exp: float, taken: bool) -> None:
    now = 1_800_000_000
    proof = BANK.proof(INSTALLATION, "u", iat=now + iat, exp=now + exp)
    if taken:
        assert judged(proof, now_s=now).signed_at == (now + iat) * 1000
    else:
        assert refusal(proof, now_s=now) == "expiry"


@pytest.mark.parametrize("value", ["1800000000", None, True, -1, 2**41, 1e300, [1]])
@pytest.mark.parametrize("name", ["iat", "exp"])
def test_what_is_no_time_is_refused(name: str, value: object) -> None:
    whole = {**BANK.claims(INSTALLATION, "u"), name: value}
    payload = json.dumps({key: claim for key, claim in whole.items() if claim is not None}).encode()
    assert refusal(jwt.PyJWS().encode(payload, BANK.key, "ES256", {"kid": "k1"})) == "expiry"


def test_a_proof_for_later_is_refused() -> None:
    assert refusal(BANK.proof(INSTALLATION, "u", nbf=int(time.time()) + 120)) == "expiry"


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_proof_of_somebody_elses_key_is_refused(alg: ProofAlgorithm) -> None:
    mine, theirs = Backend(alg="ES256"), Backend(alg=alg)
    assert refusal(theirs.proof(INSTALLATION, "u"), mine.verifying) == "signature"


def test_without_keys_nothing_is_proved() -> None:
    with pytest.raises(ProofRefused, match="signature"):
        verified(BANK.proof(INSTALLATION, "u"), (), "app", INSTALLATION, 0)


def test_an_unsigned_proof_is_refused() -> None:
    unsigned = jwt.encode(BANK.claims(INSTALLATION, "u"), "", "none", headers={"kid": "k1"})
    assert refusal(unsigned) == "form"
    assert refusal(unsigned + "AA") == "signature"


@pytest.mark.parametrize("alg", ["RS256", "ES256"])
def test_a_public_key_used_as_a_secret_is_refused(alg: ProofAlgorithm) -> None:
    backend = Backend(alg=alg)
    head, body = ({"alg": "HS256", "kid": "k1", "typ": "JWT"}, backend.claims(INSTALLATION, "u"))
    signed = ".".join(_base64(json.dumps(part).encode()) for part in (head, body))
    mac = _base64(hmac.digest(pem_of(backend.key).encode(), signed.encode(), "sha256"))
    assert refusal(f"{signed}.{mac}", backend.verifying) == "signature"


@pytest.mark.parametrize("alg", ["HS384", "HS512", "none", "", None, ["HS256"]])
def test_the_header_has_to_agree_with_the_type_of_the_key(alg: object) -> None:
    backend = Backend(alg="HS256")
    head = {"kid": "k1"} | ({} if alg is None else {"alg": alg})
    signed = ".".join(_base64(json.dumps(part).encode()) for part in (head, backend.claims(INSTALLATION, "u")))
    mac = _base64(hmac.digest(backend.key.encode(), signed.encode(), "sha256"))
    assert refusal(f"{signed}.{mac}", backend.verifying) == "signature"


def test_a_changed_byte_breaks_the_signature() -> None:
    head, body, signature = BANK.proof(INSTALLATION, "u").split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    forged = _base64(json.dumps({**claims, "sub": "victim"}).encode())
    assert refusal(f"{head}.{forged}.{signature}") == "signature"


def test_a_critical_extension_is_refused() -> None:
    assert refusal(BANK.signed(BANK.claims(INSTALLATION, "u"), crit=["exp"])) == "form"
    assert refusal(BANK.signed(BANK.claims(INSTALLATION, "u"), crit=["b64"], b64=False)) == "form"


def test_keys_in_the_header_are_never_used() -> None:
    theirs = Backend(kid="")
    jwk = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(theirs.key.public_key()))
    proof = theirs.signed(
        theirs.claims(INSTALLATION, "u"), jwk=jwk, jku="https://keys.example/", x5u="https://keys.example/"
    )
    assert refusal(proof) == "signature"


def test_with_several_keys_the_proof_names_its_own() -> None:
    new, unnamed, nameless = Backend(kid="k2"), Backend(kid="k2"), Backend(kid="")
    unnamed.key = new.key
    keys = (BANK.verifying, new.verifying)
    assert judged(new.proof(INSTALLATION, "u"), *keys).kid == "k2"
    unnamed.kid = ""
    assert refusal(unnamed.proof(INSTALLATION, "u"), *keys) == "signature"
    unnamed.kid = "k1"
    assert refusal(unnamed.proof(INSTALLATION, "u"), *keys) == "signature"
    assert judged(nameless.proof(INSTALLATION, "u"), nameless.verifying, new.verifying).kid == ""
    assert judged(new.proof(INSTALLATION, "u"), nameless.verifying, new.verifying).kid == "k2"


def test_one_key_alone_needs_no_name() -> None:
    named, nameless = Backend(kid="k1"), Backend(kid="")
    named.kid = ""
    assert judged(named.proof(INSTALLATION, "u"), VerifyingKey("k1", "ES256", named.key.public_key()))
    named.kid = "k9"
    assert refusal(named.proof(INSTALLATION, "u"), VerifyingKey("k1", "ES256", named.key.public_key())) == "signature"
    nameless.kid = "mine"
    assert judged(nameless.proof(INSTALLATION, "u"), VerifyingKey("", "ES256", nameless.key.public_key()))


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c.d", "a.b.c", "é.b.c", "..", "a" * 5000, '{"a": 1}', "a.b.c\n"])
def test_what_is_no_jwt_is_refused(text: str) -> None:
    assert refusal(text) == "form"


def test_what_nests_without_end_is_refused() -> None:
    deep = b"[" * 1400
    assert refusal(".".join([_base64(deep), "e30", "AA"])) == "form"
    assert refusal(jwt.PyJWS().encode(deep, BANK.key, "ES256", {"kid": "k1"})) == "form"
    assert refusal(jwt.PyJWS().encode(b"[]", BANK.key, "ES256", {"kid": "k1"})) == "form"


def test_a_proof_is_bounded() -> None:
    assert refusal(BANK.proof(INSTALLATION, "u", more="x" * MOST_CHARACTERS)) == "form"


def test_a_second_signature_of_the_same_words_is_the_same_proof() -> None:
    claims = BANK.claims(INSTALLATION, "u")
    first, second = BANK.signed(claims), BANK.signed(claims)
    assert first != second
    assert judged(first).signed == judged(second).signed


@given(st.text(alphabet=st.characters(codec="ascii"), max_size=300), st.integers(0, 400), st.integers(0, 2**30))
def test_whatever_comes_is_judged(junk: str, place: int, seed: int) -> None:
    proof = BANK.proof(INSTALLATION, "u")
    at = min(place, len(proof))
    for text in (junk, proof[:at] + junk + proof[at:], f"{junk}.{proof}", proof[: seed % len(proof)]):
        try:
            user = judged(text).external_user_id
        except ProofRefused as refused:
            user = refused.rule
        assert user in ("u", "form", "signature")


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
