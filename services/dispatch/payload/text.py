"""Where a text may be cut: between what people see as characters, never inside one. Pure.

The rules are those of Unicode UAX #29 (extended grapheme clusters) as far as the standard library knows them. Where it
knows less, clusters come out longer, never shorter: no flag, family, accented letter or conjunct is ever torn apart.
"""

import unicodedata
from functools import lru_cache

_ZWJ, _ZWNJ = "\u200d", "\u200c"
_REGIONAL_FIRST, _REGIONAL_LAST = "\U0001f1e6", "\U0001f1ff"
_VIRAMA = 9  # canonical combining class of what joins two consonants
_PREPENDED = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
_EXTENDING = frozenset((_ZWJ, _ZWNJ, "\uff9e", "\uff9f"))


def boundaries(text: str) -> list[int]:
    """Every index at which `text` may be cut, in order; the first is 0, the last is its length."""
    found = [0] if text else []
    regionals = 0
    for index in range(1, len(text)):
        before, after = text[index - 1], text[index]
        regionals = regionals + 1 if _is_regional(before) else 0
        if after < "\u0300" and before < "\u0300":
            joined = before == "\r" and after == "\n"
        else:
            joined = _extends(after) or _binds(before, after) or (_is_regional(after) and regionals % 2 == 1)
        if not joined:
            found.append(index)
    return [*found, len(text)]


def _is_regional(char: str) -> bool:
    return _REGIONAL_FIRST <= char <= _REGIONAL_LAST


@lru_cache(maxsize=4096)
def _extends(char: str) -> bool:
    """Whether it belongs to the character before it: a mark, a variation selector, a skin tone, a tag."""
    return (
        char in _EXTENDING
        or unicodedata.category(char) in ("Mn", "Me", "Mc")
        or "\U0001f3fb" <= char <= "\U0001f3ff"
        or "\U000e0020" <= char <= "\U000e007f"
    )


def _binds(before: str, after: str) -> bool:
    """Whether `before` claims what follows: joiners, viramas, prepended signs, Hangul syllables."""
    if before == _ZWJ or before in _PREPENDED:
        return True
    if unicodedata.combining(before) == _VIRAMA:
        return unicodedata.category(after) == "Lo"
    return (_hangul(before), _hangul(after)) in _SYLLABLES


_SYLLABLES = frozenset(
    {("L", "L"), ("L", "V"), ("L", "LV"), ("L", "LVT"), ("LV", "V"), ("LV", "T"), ("V", "V"), ("V", "T")}
    | {("LVT", "T"), ("T", "T")}
)


def _hangul(char: str) -> str:
    code = ord(char)
    if 0xAC00 <= code <= 0xD7A3:
        return "LV" if (code - 0xAC00) % 28 == 0 else "LVT"
    if 0x1100 <= code <= 0x115F or 0xA960 <= code <= 0xA97C:
        return "L"
    if 0x1160 <= code <= 0x11A7 or 0xD7B0 <= code <= 0xD7C6:
        return "V"
    if 0x11A8 <= code <= 0x11FF or 0xD7CB <= code <= 0xD7FB:
        return "T"
    return ""
