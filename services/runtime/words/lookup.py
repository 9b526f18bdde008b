"""Says a refusal in another language: each text is looked up by its English, as it was said. Pure.

    "must have at most 80 characters"             ─▶ "не более 80 символов"
    "message.data.text: mandatory; id: unknown"   ─▶ each part by itself, the names of fields as they are
    what no table has                             ─▶ as it was said

So whoever refuses says it once, in English, which stays what machines and logs see.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from string import Formatter

from schemas.language import Language
from services.runtime.words import access, devices, mailings, messages, provisioning, requests, sending
from services.runtime.words.forms import numbered

TABLES: tuple[Mapping[str, str], ...] = (
    access.TEXTS,
    requests.TEXTS,
    sending.TEXTS,
    mailings.TEXTS,
    mailings.LISTS,
    devices.TEXTS,
    devices.PROOFS,
    devices.RECEIPTS,
    provisioning.TEXTS,
    provisioning.REPAIRS,
    messages.TEXTS,
)
"""English and Russian, with the same places."""
SCOPES = {
    "partner": "партнёр",
    "application": "приложение",
    "provider": "провайдер",
    "packet": "пакет",
    "mailing": "рассылка",
}
"""What stands in a place `{scope}`, where it is one of them."""
HIDDEN = "…"
"""Stands for what a request may have given."""
_OURS = frozenset(("choice", "last", "channel", "form", "names", "meant", "state", "scope"))
"""Places that hold words of the code's own, whatever is asked for."""
_NUMBERS = frozenset(("all", "code", "count", "days", "found", "least", "limit", "line", "most", "rate", "wanted"))
"""Places that hold numbers of the code's own."""
_LONGEST = 4000
_NUMBER = re.compile("[0-9]{1,18}")
_FIELD = re.compile(r"[^\s:]+")


def translation_of(text: str, language: Language) -> str:
    """The text of a refusal, in this language."""
    if language is Language.ENGLISH or not text or len(text) > _LONGEST:
        return text
    return _found(text) or "; ".join(_part(part) for part in text.split("; "))


def without_values(text: str) -> str:
    """The text, with `HIDDEN` in each place that may hold what a request has given; empty if no table has it.

    It is looked up as any other: another language says it too.
    """
    plain, with_places = _table()
    if text in plain or len(text) > _LONGEST:
        return text if text in plain else ""
    for beginning, pattern, _ in with_places:
        if text.startswith(beginning) and (match := pattern.fullmatch(text)) is not None:
            return _hidden_in(match)
    return ""


def _hidden_in(match: re.Match[str]) -> str:
    text = match.string
    for name, value in reversed(match.groupdict().items()):
        if name not in _OURS and not (name in _NUMBERS and _NUMBER.fullmatch(value)):
            begin, end = match.span(name)
            text = text[:begin] + HIDDEN + text[end:]
    return text


def _part(part: str) -> str:
    """`field: rule`, or a rule."""
    if (whole := _found(part)) is not None:
        return whole
    field, colon, rule = part.partition(": ")
    return f"{field}: {_found(rule) or rule}" if colon and _FIELD.fullmatch(field) else part


def _found(text: str) -> str | None:
    plain, with_places = _table()
    if (russian := plain.get(text)) is not None:
        return russian
    for beginning, pattern, russian in with_places:
        if text.startswith(beginning) and (match := pattern.fullmatch(text)) is not None:
            return russian.format(**{name: _value(name, value) for name, value in match.groupdict().items()})
    return None


def _value(name: str, value: str) -> object:
    if name == "choice":
        return value.replace(" or ", " или ")
    if name == "scope":
        return SCOPES.get(value, value)
    return numbered(int(value)) if _NUMBER.fullmatch(value) else value


@cache
def _table() -> tuple[Mapping[str, str], list[tuple[str, re.Pattern[str], str]]]:
    """Texts without places by their English; those with places by a pattern of it, what says most first."""
    plain: dict[str, str] = {}
    found: list[tuple[int, str, re.Pattern[str], str]] = []
    for english, russian in (pair for table in TABLES for pair in table.items()):
        pieces = list(Formatter().parse(english))
        if all(name is None for _, name, _, _ in pieces):
            plain[english.format()] = russian.format()
        else:
            literal = sum(len(text) for text, *_ in pieces)
            found.append((literal, pieces[0][0], re.compile("".join(_pattern(english, russian)), re.DOTALL), russian))
    found.sort(key=lambda each: -each[0])
    return plain, [(beginning, pattern, russian) for _, beginning, pattern, russian in found]


def _pattern(english: str, russian: str) -> Iterator[str]:
    counted = {name for _, name, forms, _ in Formatter().parse(russian) if forms}
    for text, name, _, _ in Formatter().parse(english):
        yield re.escape(text)
        if name is not None:
            yield f"(?P<{name}>{'[0-9]{1,18}' if name in counted else '.+'})"
