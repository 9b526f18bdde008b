"""Cells of a spreadsheet: what it has made of a text or a number, undone. Pure."""

import re

_FORMULA = re.compile(r'="((?:[^"]|"")*)"')
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE][+-]\d+")
_FLOAT = re.compile(r"(\+?\d{7,})[.,]0+")
ROUNDED = "the spreadsheet has made a rounded number of it (1.2E+10): format the column as text, and save it again"


def is_rounded(text: str) -> bool:
    """A long number as a spreadsheet shows it, with digits lost."""
    return _SCIENTIFIC.fullmatch(text) is not None


def text_of(cell: str) -> str:
    """`="0042"` is how a cell is kept from becoming a number."""
    if not cell.startswith('="'):
        return cell
    formula = _FORMULA.fullmatch(cell)
    return cell if formula is None else formula[1].replace('""', '"')


def plain(cell: str, is_number: bool = False) -> str:
    """What a spreadsheet's user means by a cell that names somebody. Raises ValueError with the rule.

    `="+7916…"` and `'+7916…` are how text is kept from becoming a number; `79161234567.0` is a number again.
    """
    text = text_of(cell.strip())
    if text.isascii() and text.removeprefix("+").isdigit():
        return text  # nearly always
    if text[:1] in "'\u2019" and text[1:2].isalnum() | (text[1:2] == "+"):
        text = text[1:]
    if is_rounded(text):
        raise ValueError(ROUNDED)
    if is_number and (whole := _FLOAT.fullmatch(text)):
        text = whole[1]
    return text
