"""How strong given passwords and keys must be."""

import pytest

from services.registry.provisioning.secret_rules import STRICT, SecretRules
from services.runtime.http.server import Problem

LOCAL = SecretRules(allow_weak=True)


def rule_of(rules: SecretRules, password: str, login: str = "bank-of-the-north") -> str:
    """The rule that is broken; "" when none is."""
    broken = []
    try:
        rules.check_password(password, login)
    except Problem as problem:
        broken = problem.body.errors
    assert all(error["field"] == "password" and password not in error["rule"] for error in broken)
    return "; ".join(error["rule"] for error in broken)


@pytest.mark.parametrize(
    ("password", "rule"),
    [
        ("demo", "must have at least 12 characters"),
        ("elevenchars", "must have at least 12 characters"),
        ("twelve chars", ""),
        ("пароль из слов", ""),
        ("bank-of-the-north", "must not be the login"),
        ("BANK-of-the-North", "must not be the login"),
        ("aaaaaaaaaaaa", "must have at least 5 different characters"),
        ("abcdabcdabcd", "must have at least 5 different characters"),
        ("abcdeabcdeab", ""),
        ("\u200b\u200c\u200d\u2060\ufeff\u00ad" * 2, "must have at least 12 characters, not counting invisible ones"),
        ("\u3164\u2800\uffa0\u115f\u034f\ufe0f" * 2, "must have at least 12 characters, not counting invisible ones"),
        ("elevenchars\u200b", "must have at least 12 characters, not counting invisible ones"),
        ("\x01\x02\x03\x04\x05\x06abcdef", "must have at least 12 characters, not counting invisible ones"),
        ("ﬃ ligatures", ""),  # typed as three letters
        ("bank-of-the-north\u200b", "must not be the login"),
        ("a word and spaces", ""),
        ("\u00a0\u2003\u3000\u2009 \u2007" * 2, "must have at least 5 different characters"),
        ("слова\u200b и ещё слова", ""),
    ],
)
def test_a_password_is_long_is_not_the_login_and_has_different_characters(password: str, rule: str) -> None:
    assert rule_of(STRICT, password) == rule


def test_on_one_machine_demo_opens_the_demo() -> None:
    assert rule_of(LOCAL, "demo", "demo") == ""
    assert rule_of(LOCAL, "abc") == "must have at least 4 characters"


@pytest.mark.parametrize("key", ["demo-key", "a" * 30, "abcdefg" * 4, "0123456789abcdefghi"])
def test_a_key_that_can_be_guessed_is_refused_but_on_one_machine(key: str) -> None:
    with pytest.raises(Problem) as caught:
        STRICT.check_key("apiKey", key)
    assert caught.value.body.errors == [
        {"field": "apiKey", "rule": "must have at least 20 characters, 8 of them different"}
    ]
    LOCAL.check_key("apiKey", key)


def test_what_is_drawn_and_what_is_long_and_mixed_is_taken() -> None:
    STRICT.check_password(None, "bank")
    STRICT.check_key("key", None)
    STRICT.check_key("key", "0123456789abcdefghij")
