"""The keys of an application for proofs of login: what is taken, and what is refused with a clear word."""

import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa, x25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from schemas.application_events import IdentityKey
from services.registry.identity.keys import BadKey, joined, of_jwks, of_pem, secret_of
from tests.support.proofs import new_key, pem_of

EC = new_key("ES256")
JWK: dict[str, Any] = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(EC.public_key()))


def rule(give: Any) -> str:
    with pytest.raises(BadKey) as caught:
        give()
    return str(caught.value)


@pytest.mark.parametrize("alg", ["ES256", "EdDSA", "RS256"])
def test_the_type_of_the_key_fixes_the_algorithm(alg: Any) -> None:
    made = of_pem(pem_of(new_key(alg)), "k1")
    assert (made.alg, made.kid, made.sealed) == (alg, "k1", None)
    assert made.public is not None
    assert "BEGIN PUBLIC KEY" in made.public


def test_pkcs1_of_rsa_is_a_public_key_too() -> None:
    pem = new_key("RS256").public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()
    assert of_pem(pem) == of_pem(pem_of(new_key("RS256")))


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL, PrivateFormat.OpenSSH])
def test_a_private_key_is_refused_before_it_goes_anywhere(form: PrivateFormat) -> None:
    pem = EC.private_bytes(Encoding.PEM, form, NoEncryption()).decode()
    assert "is a private key" in rule(lambda: of_pem(pem))
    assert "is a private key" in rule(lambda: of_pem(pem_of(EC) + pem))
    assert "not a secret" in rule(lambda: secret_of(pem))


def test_a_private_jwk_is_refused() -> None:
    private = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(EC))
    assert "is a private key" in rule(lambda: of_jwks(private))
    assert "is a private key" in rule(lambda: of_jwks({"keys": [JWK | {"kid": "a"}, private]}))


@pytest.mark.parametrize("bits", [1024, 2047])
def test_a_short_rsa_key_is_refused(bits: int) -> None:
    assert "2048" in rule(lambda: of_pem(pem_of(rsa.generate_private_key(public_exponent=65537, key_size=bits))))


@pytest.mark.parametrize("curve", [ec.SECP384R1(), ec.SECP521R1(), ec.SECP256K1()])
def test_another_curve_is_refused(curve: ec.EllipticCurve) -> None:
    key = ec.generate_private_key(curve)
    assert "P-256" in rule(lambda: of_pem(pem_of(key)))
    jwk = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key()))
    assert "P-256" in rule(lambda: of_jwks(jwk))


@pytest.mark.parametrize("private", [ed448.Ed448PrivateKey.generate(), x25519.X25519PrivateKey.generate()])
def test_another_type_is_refused(private: Any) -> None:
    assert "P-256, Ed25519 or RSA" in rule(lambda: of_pem(pem_of(private)))


@pytest.mark.parametrize("text", ["", "x", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "é"])
def test_what_is_no_pem_is_refused(text: str) -> None:
    assert "must be one public key in PEM" in rule(lambda: of_pem(text))


def test_a_jwks_file_brings_its_keys_with_their_kids() -> None:
    okp = json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(new_key("EdDSA").public_key()))
    of_rsa = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(new_key("RS256").public_key()))
    file = {"keys": [JWK | {"kid": "a", "use": "sig"}, okp | {"kid": "b"}, of_rsa | {"kid": "c", "alg": "RS256"}]}
    assert [(key.kid, key.alg) for key in of_jwks(file)] == [("a", "ES256"), ("b", "EdDSA"), ("c", "RS256")]
    assert of_jwks(JWK)[0].public == pem_of(EC)


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ([], "must be"),
        ("x", "must be"),
        ({"keys": []}, "must be"),
        ({"keys": [7]}, "must be"),
        ({"keys": {}}, "must be"),
        ({}, "jwks.keys[0]: must be a public key"),
        ({"keys": [JWK, {"kty": "EC"}]}, "jwks.keys[1]: must be a public key"),
        ({"keys": [JWK | {"x": "AAAA"}]}, "jwks.keys[0]: must be a public key"),
        ({"keys": [JWK | {"x": 7}]}, "jwks.keys[0]: must be a public key"),
        ({"keys": [JWK | {"kty": ["EC"]}]}, "jwks.keys[0]: must be a public key"),
        ({"keys": [JWK | {"kid": 7}]}, "jwks.keys[0].kid: must be a string"),
        ({"keys": [JWK | {"kid": "a b"}]}, "jwks.keys[0].kid"),
        ({"keys": [JWK | {"use": "enc"}]}, "jwks.keys[0].use: must be sig"),
        ({"keys": [JWK | {"alg": "ES384"}]}, "jwks.keys[0].alg: must be ES256"),
        ({"keys": [{"kty": "oct", "k": "AAAA"}]}, "is a secret"),
    ],
)
def test_what_is_no_jwks_is_refused_with_its_place(document: object, says: str) -> None:
    assert says in rule(lambda: of_jwks(document))


@pytest.mark.parametrize(
    "text", ["", "short", "x" * 64, "0123456789" * 4, "a b" + "0123456789abcdef" * 4, "{" + "a" * 60]
)
def test_a_secret_that_nobody_drew_is_refused(text: str) -> None:
    with pytest.raises(BadKey):
        secret_of(text)


def test_a_drawn_secret_is_the_bytes_of_its_text() -> None:
    secret = new_key("HS256")
    assert secret_of(secret) == secret.encode()
    assert secret_of("0123456789abcdef" * 4)


def key(kid: str) -> IdentityKey:
    return of_pem(pem_of(new_key("ES256")), kid)


def test_four_keys_at_a_time_each_with_its_kid() -> None:
    four = joined([key("")], [key("a"), key("b"), key("c")])
    assert [key.kid for key in four] == ["", "a", "b", "c"]
    assert "at most 4" in rule(lambda: joined(four, [key("d")]))
    assert "from the second" in rule(lambda: joined([key("a")], [key("")]))
    assert "from the second" in rule(lambda: joined([], [key("a"), key("")]))
    assert "unique" in rule(lambda: joined([key("a")], [key("a")]))
    same = key("a")
    assert "twice" in rule(lambda: joined([same], [same.replace(kid="b")]))
