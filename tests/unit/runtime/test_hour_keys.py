"""Sealing of SECURE values with a message's own key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.crypto.master_key import CannotOpen
from services.runtime.mongo.hour_keys import open_values, seal_values

KEY = bytes(range(32))


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=3))
def test_what_was_sealed_opens(values: dict[str, str]) -> None:
    assert open_values(KEY, "m-1", seal_values(KEY, "m-1", values)) == values


@pytest.mark.parametrize(("key", "message_id"), [(bytes(32), "m-1"), (KEY, "m-2")])
def test_another_hour_or_another_message_does_not_open(key: bytes, message_id: str) -> None:
    sealed = seal_values(KEY, "m-1", {"code": "8317"})
    with pytest.raises(CannotOpen):
        open_values(key, message_id, sealed)


@pytest.mark.parametrize("sealed", ["", "?", "AAAA", "A" * 100])
def test_what_was_never_sealed_does_not_open(sealed: str) -> None:
    with pytest.raises(CannotOpen):
        open_values(KEY, "m-1", sealed)
