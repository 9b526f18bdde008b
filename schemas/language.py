"""The languages in which people are told what happened, and a text in each of them side by side. Pure."""

from dataclasses import dataclass
from enum import StrEnum


class Language(StrEnum):
    """By its code of ISO 639. Where nobody asks for one, English is meant."""

    ENGLISH = "en"
    RUSSIAN = "ru"


@dataclass(frozen=True)
class Words:
    """A text in every language."""

    english: str
    russian: str

    def said_in(self, language: Language) -> str:
        """The text in this language."""
        return self.russian if language is Language.RUSSIAN else self.english
