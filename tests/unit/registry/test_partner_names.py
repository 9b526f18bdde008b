"""What partners and senders may be called: what can be typed again, and what Basic authorization can carry."""

import pytest
from pydantic import TypeAdapter, ValidationError

from services.registry.provisioning.partner_bodies import Login, ServiceNumber
from services.runtime.http.server import field_errors

LOGIN, SENDER = TypeAdapter[str](Login), TypeAdapter[str](ServiceNumber)


def rule(kind: TypeAdapter[str], text: str) -> str:
    with pytest.raises(ValidationError) as caught:
        kind.validate_python(text)
    return field_errors(caught.value.errors())[0]["rule"]


@pytest.mark.parametrize("text", [" bank", "bank ", " ", "ba\u202enk", "ba\u200bnk", "ba\ufffdnk", "\u00a0"])
def test_what_nobody_sees_is_in_no_name(text: str) -> None:
    for kind in (LOGIN, SENDER):
        assert rule(kind, text) == "must hold nothing invisible, and no blank at its ends"


def test_a_login_holds_no_colon_which_would_end_it_in_basic_authorization() -> None:
    assert rule(LOGIN, "bank:one") == "must hold no colon"
    assert SENDER.validate_python("Bank: one") == "Bank: one"


@pytest.mark.parametrize("text", ["bank", "bank@example.com", "Банк Один", "a", "+7 900", "\N{GRINNING FACE}"])
def test_what_can_be_seen_is_a_name(text: str) -> None:
    for kind in (LOGIN, SENDER):
        assert kind.validate_python(text) == text
