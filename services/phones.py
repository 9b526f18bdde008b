"""One way of writing a phone number: E.164 digits without the plus. Shared by the partner and the device API.

    72101234567   +72101234567   8-210-123-45-67   82101234567      all become 72101234567
    +4930123456, 4930123456                                         any number that the library calls possible

Source: `docs/partner-api.md` §1, destAddr. Without a plus, eleven digits that begin with 7 or 8 are Russian; so a
Korean number needs its plus. What this returns must get a plus before it is normalised again.
"""

import re
from functools import lru_cache

import phonenumbers

_WRITTEN = re.compile(r"\s*(\+?)\s*([0-9][0-9\s().\u00a0\u2010-\u2015-]*|\([0-9][0-9\s().\u00a0\u2010-\u2015-]*)")
_NOT_DIGITS = re.compile(r"[^0-9]+")
_MAX_LENGTH = 40


def normalise(text: str) -> str | None:
    """E.164 digits without plus, or None for what is not a phone number."""
    if len(text) == 11 and text.isascii() and text.isdigit() and text[0] in "78":
        return "7" + text[1:]  # nearly every request; the library is a hundred times slower
    if len(text) == 12 and text.startswith("+7") and text.isascii() and text[1:].isdigit():
        return text[1:]
    return _normalised(text) if len(text) <= _MAX_LENGTH else None


@lru_cache(maxsize=20_000)
def _normalised(text: str) -> str | None:
    written = _WRITTEN.fullmatch(text)
    if written is None:
        return None
    plus, digits = written[1], _NOT_DIGITS.sub("", written[2])
    if len(digits) == 11 and (digits[0] == "7" or (digits[0] == "8" and not plus)):
        return "7" + digits[1:]
    return _international(digits)


def _international(digits: str) -> str | None:
    """By the library, until nothing changes: it takes one trunk zero off at a time (+49 00 30 …)."""
    try:
        number = phonenumbers.parse("+" + digits)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    found = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164).removeprefix("+")
    return found if found == digits else _international(found)
