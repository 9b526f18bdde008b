"""SECURE values for one device: sealed with a library, opened by code written from RFC 9180."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from deploy.sandbox.phone import hpke
from deploy.sandbox.phone.hpke import NotForUsError, opened_values, public_key_of
from services.dispatch.payload.secure_values_for_device import sealed_for

KEY = ec.generate_private_key(ec.SECP256R1())


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=30), max_size=4))
def test_a_phone_opens_what_was_sealed_to_it(values: dict[str, str]) -> None:
    assert opened_values(KEY, sealed_for(public_key_of(KEY), "d-1", values), "d-1") == values


def test_another_phone_and_another_delivery_open_nothing() -> None:
    sealed = sealed_for(public_key_of(KEY), "d-1", {"code": "8317"})
    for key, delivery_id in [(ec.generate_private_key(ec.SECP256R1()), "d-1"), (KEY, "d-2")]:
        with pytest.raises(NotForUsError):
            opened_values(key, sealed, delivery_id)


@pytest.mark.parametrize("public_key", ["", "AAAA", "!", "A" * 87])
def test_what_is_no_key_is_refused(public_key: str) -> None:
    with pytest.raises(ValueError, match=r"(?s).*"):
        sealed_for(public_key, "d-1", {})


@pytest.mark.parametrize("sealed", ["", "AAAA", "B" * 200])
def test_what_was_never_sealed_does_not_open(sealed: str) -> None:
    with pytest.raises(NotForUsError):
        opened_values(KEY, sealed, "d-1")


def test_the_phone_opens_the_standards_own_example() -> None:
    """RFC 9180, A.3.1: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, base mode, sequence number 0."""
    number = int("f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2", 16)
    enc = bytes.fromhex(
        "04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac9"
        "8536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4"
    )
    ciphertext = bytes.fromhex(
        "5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f9076ac232e3ab2523f39513434"
    )
    key = ec.derive_private_key(number, ec.SECP256R1())
    plain = hpke.opened(key, enc, ciphertext, b"Ode on a Grecian Urn", b"Count-0", aead=1)
    assert plain == b"Beauty is truth, truth beauty"
