"""How many SMS a text is sent as. Pure.

    only characters of the GSM 7-bit default alphabet ─▶ 160 in one SMS, 153 in each of several
    any other character                               ─▶ 70 in one SMS, 67 in each of several, in UTF-16 units

A character of the extension table (^{}\\[~]|€ and form feed) takes two places, one beyond 16 bits two units, and
neither is split: what does not fit wholly into a part begins the next one. Sources: 3GPP TS 23.038 §6.2.1 and
TS 23.040 §9.2.3.24.
"""

from collections.abc import Iterable
from typing import NamedTuple

_ALPHABET = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")


class _Size(NamedTuple):
    alone: int
    of_several: int


_SEPTETS, _UNITS = _Size(160, 153), _Size(70, 67)


def part_count(text: str) -> int:
    """How many SMS the text is; at least 1, for an empty text is one SMS too."""
    if _ALPHABET.issuperset(text) or (_ALPHABET | _EXTENSION).issuperset(text):
        return _parts((2 if letter in _EXTENSION else 1 for letter in text), _SEPTETS)
    return _parts((2 if ord(letter) > 0xFFFF else 1 for letter in text), _UNITS)


def _parts(widths: Iterable[int], size: _Size) -> int:
    parts, filled, total = 1, 0, 0
    for width in widths:
        total += width
        if filled + width > size.of_several:
            parts, filled = parts + 1, 0
        filled += width
    return 1 if total <= size.alone else parts
