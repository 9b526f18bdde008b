"""Which language the command line speaks.

--lang, RPNS_LANG, else the locale (LC_ALL, LC_MESSAGES, LANG: the first that is set): English unless it is Russian.
A terminal that cannot show Cyrillic gets English, whatever was asked for.
"""

import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress

from schemas.language import Language

OPTIONS = ("--lang", "--language")
VARIABLE = "RPNS_LANG"
_LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")
_CYRILLIC = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"


def language_of(arguments: Sequence[str], environment: Mapping[str, str]) -> Language:
    """Looked for before the arguments are parsed, so that what is wrong with them is said in it too."""
    if not (can_show(sys.stdout) and can_show(sys.stderr)):
        return Language.ENGLISH
    return _asked_for(arguments) or _named(environment.get(VARIABLE, "")) or language_in(environment)


def language_in(environment: Mapping[str, str]) -> Language:
    """Of the locale, by POSIX's order of its variables."""
    locale = next(filter(None, (environment.get(name) for name in _LOCALE)), "")
    return Language.RUSSIAN if locale.partition(".")[0].partition("_")[0] == "ru" else Language.ENGLISH


def can_show(stream: object) -> bool:
    """Whether what is written there may be Cyrillic."""
    try:
        _CYRILLIC.encode(getattr(stream, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _asked_for(arguments: Sequence[str]) -> Language | None:
    for place, argument in enumerate(arguments):
        name, _, value = argument.partition("=")
        if name in OPTIONS:
            return _named(value or next(iter(arguments[place + 1 :]), ""))
    return None


def _named(text: str) -> Language | None:
    """A name that is none is refused by the parser, in the locale's language."""
    with suppress(ValueError):
        return Language(text)
    return None
