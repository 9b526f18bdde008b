"""Phone numbers: every way of writing one gives the same digits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.phones import _normalised, normalise


@pytest.mark.parametrize(
    "written",
    ["72101234567", "+72101234567", "8-210-123-45-67", "82101234567", "8 (210) 123-45-67", "+7 210 123 45 67"],
)
def test_every_way_of_writing_a_russian_number_is_one(written: str) -> None:
    assert normalise(written) == "72101234567"


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("+4930123456", "4930123456"),
        ("4930123456", "4930123456"),
        ("+82 10 1234 5678", "821012345678"),
        ("+82101234567", "82101234567"),  # with a plus it is Korean
        ("+1 (202) 555-0123", "12025550123"),
        ("+390612345678", "390612345678"),
        ("+77011234567", "77011234567"),
        ("375291234567", "375291234567"),
        ("+49 (0)30 123456", "4930123456"),
        ("+49 00 30 123456", "4930123456"),
    ],
)
def test_other_countries_are_known_by_their_code(written: str, digits: str) -> None:
    assert normalise(written) == digits


@pytest.mark.parametrize(
    "written",
    ["", "+", "7", "123", "7916123456a", "8-800-FLOWERS", "+7916123456789012", "9" * 60, "٧٩١٦١٢٣٤٥٦٧", "7+9161234567"],
)
def test_what_is_no_phone_number_is_refused(written: str) -> None:
    assert normalise(written) is None


@given(st.one_of(st.text(max_size=50), st.from_regex(r"\+?[0-9 ().-]{5,20}", fullmatch=True)))
def test_a_normalised_number_stays_as_it_is(written: str) -> None:
    digits = normalise(written)
    if digits is not None:
        assert digits.isascii()
        assert digits.isdigit()
        assert len(digits) <= 17
        assert normalise("+" + digits) == digits


@given(st.from_regex(r"[0-9]{10}", fullmatch=True), st.sampled_from(["7", "8", "+7", " 8-", "+7 ("]))
def test_ten_digits_after_seven_or_eight_are_russian(digits: str, prefix: str) -> None:
    assert normalise(prefix + digits) == "7" + digits


@given(st.from_regex(r"\+?[0-9]{9,13}", fullmatch=True))
def test_the_short_cuts_say_the_same_as_the_long_way(text: str) -> None:
    assert normalise(text) == _normalised(text)
