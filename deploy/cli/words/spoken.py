"""Says a text of the command line, looked up by its English.

phrase("partner {partner} is changed", partner="bank")          Russian: "партнёр bank изменён"
phrase("{count} {count:key works|keys work}", count=2)          a place with forms of a noun takes the one of its number
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from deploy.cli.words.tables import (
    applications,
    cluster,
    common,
    devices,
    mailings,
    messages,
    provisioning,
    repairs,
    setup,
    usage,
)
from schemas.language import Language
from services.runtime.words.forms import numbered

TABLES = (common, provisioning, applications, setup, messages, mailings, devices, cluster, repairs, usage)
"""Each has HELP and TEXTS: English and Russian, with the same places."""


class _Spoken:
    """The language of this process: there is one terminal."""

    language = Language.ENGLISH


def speak(language: Language) -> None:
    """From now on."""
    _Spoken.language = language


def spoken() -> Language:
    return _Spoken.language


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Meanwhile: machines are told everything in English."""
    before = spoken()
    speak(language)
    try:
        yield
    finally:
        speak(before)


def phrase(text: str, **values: object) -> str:
    """The text in the language that is spoken; one that no table has stays English."""
    form = text if spoken() is Language.ENGLISH else russian_texts().get(text, text)
    return form.format(**{name: numbered(value) if type(value) is int else value for name, value in values.items()})


def help_in(text: str) -> str:
    """A help, in which nothing is filled."""
    return text if spoken() is Language.ENGLISH else _helps().get(text, text)


@cache
def russian_texts() -> dict[str, str]:
    return {english: russian for table in TABLES for english, russian in table.TEXTS.items()}


@cache
def _helps() -> dict[str, str]:
    return {english: russian for table in TABLES for english, russian in table.HELP.items()}
