"""Phone numbers: every way of writing one gives the same digits, and none is guessed into another country."""

import re
import unicodedata

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.text.phones import MAX_LENGTH, _normalised, from_query, normalise


@pytest.mark.parametrize(
    "written",
    [
        *("72101234567", "+72101234567", "8-210-123-45-67", "82101234567", "8 (210) 123-45-67", "+7 210 123 45 67"),
        *("0072101234567", "00 7 (210) 123-45-67", "(+7) 210 1234567", "+(7)210/123.45.67", " \t8 210 1234567\r\n"),
    ],
)
def test_every_way_of_writing_a_russian_number_is_one(written: str) -> None:
    assert normalise(written) == "72101234567"


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("950 123-45-67", "79501234567"),  # behind a plus it would be one of Myanmar
        ("(495) 123-45-67", "74951234567"),  # … of Germany
        ("4930123456", "74930123456"),
        ("8001234567", "78001234567"),
        ("3431234567", "73431234567"),
    ],
)
def test_ten_digits_are_a_national_number_of_russia(written: str, digits: str) -> None:
    assert normalise(written) == digits


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("+4930123456", "4930123456"),
        ("004930123456", "4930123456"),
        ("00 49 (0)30 123456", "4930123456"),
        ("+82 10 1234 5678", "821012345678"),
        ("+82101234567", "82101234567"),  # with a plus it is Korean
        ("+1 (202) 555-0123", "12025550123"),
        ("001 202 555 0123", "12025550123"),
        ("+390612345678", "390612345678"),
        ("+77011234567", "77011234567"),
        ("+375291234567", "375291234567"),
        ("+49 (0)30 123456", "4930123456"),
        ("+49 00 30 123456", "4930123456"),
        ("+49 30/123 456", "4930123456"),
    ],
)
def test_other_countries_are_known_by_plus_and_code(written: str, digits: str) -> None:
    assert normalise(written) == digits


@pytest.mark.parametrize(
    "written",
    [
        *(
            "",
            "+",
            "00",
            "tel:",
            "7",
            "123",
            "7916123456a",
            "8-800-FLOWERS",
            "+7916123456789012",
            "9" * 60,
            "7+9161234567",
        ),
        *("375291234567", "12025550123", "2025550123", "0161234567", "6161234567", "91612345678", "821012345678"),
        *("+7916123456", "+791612345678", "+7 8 916 123 45 67", "+8 916 123 45 67", "007916123456", "++79161234567"),
        *("8-10-49-30-123456", "8~10 1 202 555 0123", "00 00 7 916 1234567", "+0079161234567", "00+79161234567"),
        *("+79161234567 ext. 12", "+79161234567;ext=12", "tel:+79161234567;phone-context=+7", "89161234567 доб. 12"),
        *("+79161234567x12", "+79161234567#12", "+79161234567,12", "+79161234567*", "89161234567, 89161234568"),
        *("7.9E+10", "79001234567.0", "sip:+79161234567", "tel:tel:+79161234567", "+7916123456²", "7916123456\0" + "7"),
        *("7916123456\ud800", "89161234567/89161234568"),
    ],
)
def test_what_is_no_phone_number_is_refused(written: str) -> None:
    assert normalise(written) is None


@pytest.mark.parametrize(
    "written",
    [
        "\u202a+7 916 123-45-67\u202c",  # as contacts of Windows and macOS copy it
        "\ufeff89161234567",
        "\u200b8\u200e9\u200f1\u20606\u00ad1234567\u2066\u2069",
        "8\ufe0f9\ufe0f161234567",
        "8\U000e010091612345\u034f67",
        "tel:+7-916-123-45-67",
        "\u202aTEL:+79161234567\u202c",
        "tel://+79161234567",
        "\uff0b7\u3000\uff08\uff19\uff11\uff16\uff09\uff11\uff12\uff13\uff0d\uff14\uff15\uff0d\uff16\uff17",
        "٧٩١٦١٢٣٤٥٦٧",
        "८९१६१२३४५६७",
        "+\u00a07\u2009916\u202f123\u2011\u2060" + "45\u201367",
        "8\u2212916\u2014123\u2015\ufe63" + "45\u00b7" + "67",
        "8 [916] {123} 45\u204467",
        "8~916~1234567",
    ],
)
def test_what_nobody_sees_or_says_means_nothing(written: str) -> None:
    assert normalise(written) == "79161234567"


@given(st.text(st.characters(categories=["Cf", "Zs", "Pd", "Ps", "Pe"]), min_size=4, max_size=4), st.sampled_from("78"))
def test_every_format_character_blank_hyphen_and_bracket_is_passed_over(four: str, first: str) -> None:
    a, b, c, d = list(four)
    assert normalise(f"{a}{first}{b}916123{c}4567{d}") == "79161234567"


@given(st.text(st.characters(categories=["Nd"]), min_size=10, max_size=10))
def test_digits_of_every_script_are_digits(digits: str) -> None:
    assert normalise("8" + digits) == "7" + "".join(str(unicodedata.decimal(digit)) for digit in digits)


@given(st.text(st.characters(categories=["L", "Nl", "No", "Sc", "So", "Cc"]), min_size=1, max_size=1))
def test_a_letter_is_never_passed_over(letter: str) -> None:
    found = normalise(f"8916{letter}1234567")
    assert found is None or letter.isspace() or letter in "\u115f\u1160\u2800\u3164\uffa0"


_WRITTEN = st.one_of(
    st.text(max_size=50),
    st.from_regex(r"\+?[0-9 ().-]{5,20}", fullmatch=True),
    st.from_regex(r"(tel:|\u202a)?(\+|00|)[0-9٠-٩\uff10-\uff19 ()./~\u2010\u200b-]{7,22}\u202c?", fullmatch=True),
)


@given(_WRITTEN)
def test_a_normalised_number_stays_as_it_is(written: str) -> None:
    digits = normalise(written)
    if digits is not None:
        assert digits.isascii()
        assert digits.isdigit()
        assert len(digits) <= 17
        assert normalise("+" + digits) == digits


@given(_WRITTEN)
def test_without_a_plus_no_number_leaves_the_country(written: str) -> None:
    digits = normalise(written)
    plain = "".join(str(unicodedata.decimal(digit)) for digit in written if digit.isdecimal())
    if digits is not None and not re.search("[+\uff0b\ufe62]", written) and not plain.startswith("00"):
        assert digits[0] == "7"
        assert len(digits) == 11
        assert digits.endswith(plain[-10:])


@given(st.from_regex(r"[0-9]{6,15}", fullmatch=True))
def test_a_number_that_is_taken_is_possible(digits: str) -> None:
    for written in ("+" + digits, "00" + digits):
        found = normalise(written)
        if found is not None:
            assert phonenumbers.is_possible_number(phonenumbers.parse("+" + found))


@given(st.from_regex(r"[0-9]{10}", fullmatch=True), st.sampled_from(["7", "8", "+7", " 8-", "+7 (", "007"]))
def test_ten_digits_after_seven_or_eight_are_russian(digits: str, prefix: str) -> None:
    assert normalise(prefix + digits) == "7" + digits


@given(st.from_regex(r"\+?[0-9]{9,13}", fullmatch=True))
def test_the_short_cuts_say_the_same_as_the_long_way(text: str) -> None:
    assert normalise(text) == _normalised(text)


def test_a_number_of_unbounded_length_is_not_even_read() -> None:
    assert normalise("\u200b" * (MAX_LENGTH - 11) + "89161234567") == "79161234567"
    assert normalise("\u200b" * MAX_LENGTH + "89161234567") is None


@pytest.mark.parametrize(
    ("value", "digits"),
    [(" 4930123456", "4930123456"), (" 79161234567", "79161234567"), (" 8 916 1234567", "79161234567"), (" x", None)],
)
def test_a_plus_that_an_address_has_made_a_blank_is_a_plus(value: str, digits: str | None) -> None:
    assert from_query(value) == digits
