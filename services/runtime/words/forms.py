"""Fills the places of a text. A place that names forms of a noun gets the one that goes with its number. Pure.

"{sent} {sent:device|devices}"                        English: of one, of several
"{sent} {sent:устройство|устройства|устройств}"       Russian: of 1, 21 …; of 2, 3, 4, 22 …; of 5, 11, 12 …
"""

from schemas.language import Language, Words


class _Number(int):
    """A number whose format is the forms of a noun, parted by `|`."""

    def __format__(self, forms: str) -> str:
        if not forms:
            return str(int(self))
        if forms.count("|") == 1:
            single, many = forms.split("|")
            return single if self == 1 else many
        single, few, many = forms.split("|")
        if 11 <= self % 100 <= 14:
            return many
        return single if self % 10 == 1 else few if 2 <= self % 10 <= 4 else many


def numbered(number: int) -> int:
    """The number as the places of a text take it."""
    return _Number(number)


def fill(words: Words, language: Language, **values: str | int) -> str:
    """The text in this language with its places filled."""
    counted = {name: _Number(value) if isinstance(value, int) else value for name, value in values.items()}
    return words.said_in(language).format(**counted)
