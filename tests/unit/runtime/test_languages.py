"""`Accept-Language` is read as RFC 9110 says, and whatever it holds, the answer has a language."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.language import Language
from services.runtime.text.languages import language_of


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("ru", "ru"),
        ("RU-ru", "ru"),
        ("ru-RU, ru;q=0.9, en-US;q=0.8, en;q=0.7", "ru"),
        ("en-US,en;q=0.9,ru;q=0.8", "en"),
        ("uk, ru;q=0.8, en;q=0.5", "ru"),
        ("ru, en", "ru"),
        ("en, ru", "en"),
        ("ru;q=0.5, en;q=0.5", "ru"),
        ("en;q=0.001, ru;q=0.002", "ru"),
        ("de, fr;q=0.9", "en"),
        ("*", "en"),
        ("de, *;q=0.1", "en"),
        ("en;q=0, *", "ru"),
        ("*, ru;q=0.1", "en"),
        ("ru;q=0", "en"),
        ("en;q=0, ru;q=0", "en"),
        ("ru ; q = 0.4 , en;Q=0.3", "ru"),
        ("ru;q=2, en;q=0.1", "en"),
        ("ru;q=0.0001", "en"),
        ("russian", "en"),
        (",;,q=1;;", "en"),
        ("ru_RU", "ru"),
        ("ru_RU.UTF-8", "ru"),
        ("ru-RU;q=0.9, en", "en"),
        ("ru-RU, en;q=0.9", "ru"),
    ],
)
def test_the_highest_quality_wins_and_unknown_languages_are_english(header: str, language: str) -> None:
    assert language_of(header) is Language(language)


@given(st.text())
def test_no_header_is_too_odd(header: str) -> None:
    assert language_of(header) in Language
