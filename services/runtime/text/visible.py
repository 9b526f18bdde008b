"""What of a text can be seen or typed: what a password is counted by. Pure.

Spaces count, also those within (NIST SP 800-63B). What is written in two ways counts as it is written in one (NFKC).
"""

import unicodedata

_INVISIBLE = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
"""Control and format characters (zero-width ones, marks of direction, soft hyphens), and what is no character."""
_BLANK = frozenset(
    map(
        chr,
        (
            *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0),  # joiner, Hangul fillers, empty Braille
            *range(0x180B, 0x1810),  # of Mongolian
            *range(0xFE00, 0xFE10),  # which form a character has
            *range(0xE0100, 0xE01F0),  # likewise
        ),
    )
)
"""Letters and marks that show nothing (Unicode, Default_Ignorable_Code_Point)."""


def visible(text: str) -> str:
    """Without the rest, in NFKC."""
    kept = unicodedata.normalize("NFKC", text)
    return "".join(sign for sign in kept if unicodedata.category(sign) not in _INVISIBLE and sign not in _BLANK)
