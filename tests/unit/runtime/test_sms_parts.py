"""How many SMS a text is, to the character."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.text.sms_parts import part_count

EMOJI = "\U0001f600"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("a" * 459, 3),
        ("a" * 460, 4),
        ("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ¤¡§¿ÄÖÑÜäöñüà" * 3, 1),
        ("ç" * 70, 1),  # the small one is not in the alphabet
        ("ç" * 71, 2),
        ("`" + "a" * 70, 2),
        ("\t" + "a" * 70, 2),
        ("\u00a0" + "a" * 70, 2),
        ("€" * 80, 1),
        ("€" * 80 + "a", 2),
        ("^{}\\[~]|€\f" * 8, 1),
        ("a" * 159 + "€", 2),  # 161 places
        ("a" * 158 + "€", 1),
        ("a" * 152 + "€" + "a" * 151, 2),  # 152 | 2 + 151
        ("a" * 152 + "€" + "a" * 152, 3),  # 306 places, but the sign is not split
        ("a" * 153 + "€" + "a" * 151, 2),
        ("я" * 70, 1),
        ("я" * 71, 2),
        ("я" * 134, 2),
        ("я" * 135, 3),
        (EMOJI * 35, 1),
        (EMOJI * 35 + "я", 2),
        ("я" * 66 + EMOJI + "я" * 65, 2),  # 66 | 2 + 65
        ("я" * 66 + EMOJI + "я" * 66, 3),  # 134 units, but the pair is not split
        ("я" * 67 + EMOJI + "я" * 65, 2),
        (EMOJI * 66, 2),  # 33 in each
        (EMOJI * 67, 3),
        ("a" * 100 + "я", 2),
        ("\r\n" * 80, 1),
    ],
)
def test_the_parts_of_a_text(text: str, parts: int) -> None:
    assert part_count(text) == parts


@given(st.text(st.sampled_from("aя€^" + EMOJI), max_size=700))
def test_a_longer_text_is_never_fewer_parts_and_no_part_is_wasted(text: str) -> None:
    parts = part_count(text)
    assert parts <= part_count(text + "a")
    assert parts <= part_count(text + "я")
    units = len(text.encode("utf-16-le")) // 2
    assert parts <= max(1, -(-units // 66))
