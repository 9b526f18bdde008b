"""The body of a web push, byte for byte: the examples of the RFCs, and independent implementations both ways."""

import base64

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.sandbox.web_push.browser import CannotOpenError, Keys
from services.dispatch.providers.web_push.crypto import BODY_BYTES, PLAINTEXT_BYTES, content_encoded, encrypted

SALTS = st.binary(min_size=16, max_size=16)


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def private(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(raw(text)), ec.SECP256R1())


# RFC 8291 §5
PLAIN = b"When I grow up, I want to be a watermelon"
BROWSER = Keys(private("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"), raw("BTBZMqHH6r4Tts7J_aSIgg"))
SENDER = private("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")
SALT = raw("DGv6ra1nlYgDCS1FRnbzlw")
BODY = raw(
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
    "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def test_the_example_of_rfc_8291() -> None:
    assert encrypted(PLAIN, BROWSER.public, BROWSER.auth, SALT, SENDER) == BODY
    assert BROWSER.opened(BODY) == PLAIN


def test_the_example_of_rfc_8188() -> None:
    body = content_encoded(b"I am the walrus", raw("yqdlZ-tYemfogSmv7Ws5PQ"), raw("I1BsxtFttlv3u_Oo94xnmw"), b"")
    assert body == raw("I1BsxtFttlv3u_Oo94xnmwAAEAAA-NAVub2qFgBEuQKRapoZu-IxkIva3MEB1PD-ly8Thjg")


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=PLAINTEXT_BYTES), SALTS)
def test_another_implementation_produces_the_same_bytes(plain: bytes, salt: bytes) -> None:
    """(Of nothing at all http_ece makes a body without a record.)"""
    sender, browser = ec.generate_private_key(ec.SECP256R1()), Keys()
    ours = encrypted(plain, browser.public, browser.auth, salt, sender)
    theirs = http_ece.encrypt(
        plain,
        salt=salt,
        private_key=sender,
        dh=browser.public,
        auth_secret=browser.auth,
        rs=BODY_BYTES,
    )
    assert ours == theirs


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=PLAINTEXT_BYTES))
def test_another_implementation_opens_it_and_so_does_the_sandbox(plain: bytes) -> None:
    browser = Keys()
    body = encrypted(plain, browser.public, browser.auth)
    assert http_ece.decrypt(body, private_key=browser.private, auth_secret=browser.auth) == plain
    assert browser.opened(body) == plain
    assert len(body) == len(plain) + 103


def test_the_largest_plaintext_fills_the_largest_body() -> None:
    browser = Keys()
    assert PLAINTEXT_BYTES == 3993
    assert len(encrypted(bytes(PLAINTEXT_BYTES), browser.public, browser.auth)) == BODY_BYTES
    with pytest.raises(ValueError, match="3993"):
        encrypted(bytes(PLAINTEXT_BYTES + 1), browser.public, browser.auth)


def test_each_body_has_a_key_and_a_salt_of_its_own() -> None:
    browser = Keys()
    first, second = (encrypted(PLAIN, browser.public, browser.auth) for _ in range(2))
    assert first[:16] != second[:16]
    assert first[21:86] != second[21:86]


def test_nobody_else_can_open_it() -> None:
    body = encrypted(PLAIN, BROWSER.public, BROWSER.auth)
    for keys in (Keys(), Keys(BROWSER.private), Keys(auth=BROWSER.auth)):
        with pytest.raises(CannotOpenError):
            keys.opened(body)
    with pytest.raises(CannotOpenError):
        BROWSER.opened(body[:-1] + bytes([body[-1] ^ 1]))


def test_a_point_that_is_not_on_the_curve_is_refused() -> None:
    with pytest.raises(ValueError, match="Invalid EC key"):
        encrypted(PLAIN, b"\x04" + bytes(64), BROWSER.auth)
