"""One way of writing a phone number: E.164 digits without the plus. Whatever takes a number asks here. Pure.

    72101234567   +72101234567   8-210-123-45-67   82101234567      all become 72101234567
    916 123-45-67   (916) 1234567                                   79161234567: ten digits from 3, 4, 8 or 9 on
    +49 30 123456   0049 30 123456   tel:+49-30-123456              any number that the library calls possible

Digits are never guessed into another country: with a plus or a leading 00 a number is international, without it is
Russian or none. So a Korean number needs its plus, `8 10 49 …` as dialled from Russia is none, and what this returns
must get a plus before it is normalised again. Blanks, hyphens, dots, slashes, brackets and characters that nobody sees
mean nothing; letters, extensions and parameters make a number that we cannot send to. Source: `docs/partner-api.md` §1.
"""

import re
import unicodedata
from functools import lru_cache

import phonenumbers

MAX_LENGTH = 100
"""Characters of a number as it is written; copied ones come with some that nobody sees."""
RULE = "must be a phone number: Russian, or with a plus and the code of its country"
_SCHEME = re.compile("tel:", re.IGNORECASE)
_PLUSES = "+\uff0b\ufe62"
_MARKS = "./~\u2212\u2043\u02d7\u00b7\u2024\u2044\u2215\uff0e\uff0f\uff5e"
_UNSEEN = "\u034f\u115f\u1160\u2800\u3164\uffa0\u180b\u180c\u180d\u180f"
_MEANINGLESS = {"Cf", "Pd", "Ps", "Pe", "Zs", "Zl", "Zp"}
_AREAS = "3489"
"""First digits of Russian national numbers."""


def normalise(text: str) -> str | None:
    """E.164 digits without plus, or None for what is not a phone number."""
    if len(text) == 11 and text.isascii() and text.isdigit() and text[0] in "78":
        return "7" + text[1:]  # nearly every request; the library is a hundred times slower
    if len(text) == 12 and text.startswith("+7") and text.isascii() and text[1:].isdigit():
        return text[1:]
    return _normalised(text) if len(text) <= MAX_LENGTH else None


def from_query(text: str) -> str | None:
    """The same for a value out of an address, where a plus that was not escaped has become a blank."""
    found = normalise("+" + text[1:]) if text.startswith(" ") else None
    return normalise(text) if found is None else found


@lru_cache(maxsize=20_000)
def _normalised(text: str) -> str | None:
    digits = _written(text)
    if digits is None:
        return None
    if digits.startswith("+"):
        return _international(digits[1:])
    if digits.startswith("00"):
        return _international(digits[2:])
    if len(digits) == 11 and digits[0] in "78":
        return "7" + digits[1:]
    return "7" + digits if len(digits) == 10 and digits[0] in _AREAS else None


def _written(text: str) -> str | None:
    """ASCII digits, behind a plus if there is one; None when anything else in it has a meaning."""
    found = ""
    for character in _bare(text):
        if character.isdecimal():
            found += character if character.isascii() else str(unicodedata.decimal(character))
        elif character in _PLUSES and not found:
            found = "+"
        elif not _is_meaningless(character):
            return None
    return found


def _bare(text: str) -> str:
    """The text without the scheme of a `tel:` address; characters that mean nothing may stand before it."""
    scheme = _SCHEME.search(text)
    return text[scheme.end() :] if scheme and all(map(_is_meaningless, text[: scheme.start()])) else text


def _is_meaningless(character: str) -> bool:
    if (
        character in _MARKS
        or character in _UNSEEN
        or character.isspace()
        or unicodedata.category(character) in _MEANINGLESS
    ):
        return True
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"  # which glyph is to be shown


def _international(digits: str) -> str | None:
    """As the library reads it, until nothing changes: it takes one trunk zero off at a time (+49 00 30 …)."""
    if digits.startswith("7"):  # it would also take an 8 off (+7 8 916 …), which is a guess
        return digits if len(digits) == 11 else None
    try:
        number = phonenumbers.parse("+" + digits)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    found = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164).removeprefix("+")
    return found if found == digits else _international(found)
