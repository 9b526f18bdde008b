"""Which language a caller wants to be answered in: `Accept-Language`, RFC 9110 §12.5.4. Pure.

ru-RU, ru;q=0.9, en;q=0.8   ─▶ ru      the highest quality; of equal ones the first
uk, *;q=0.5                 ─▶ en      what nobody here speaks is English
ru_RU                       ─▶ ru      as locales are written, though no header should
en;q=0, *                   ─▶ ru      0 refuses a language
"""

import re
from collections.abc import Iterable

from schemas.language import Language

_QUALITY = re.compile(r"q\s*=\s*(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)", re.IGNORECASE)


def language_of(header: str) -> Language:
    """The language that the header asks for; English where it asks for none of ours. A part that is no range counts
    for nothing."""
    asked: dict[Language, tuple[float, int]] = {}
    others = 0.0
    for place, part in enumerate(header.split(",")):
        tag, _, parameters = part.partition(";")
        quality = _quality_of(parameters.strip())
        primary = tag.strip().lower().replace("_", "-").partition("-")[0]
        if quality is None:
            continue
        if primary == "*":
            others = max(others, quality)
        elif primary in set(Language):
            language = Language(primary)
            asked[language] = max(asked.get(language, (0.0, 0)), (quality, -place))
    wanted = {language: asked.get(language, (others, -len(header))) for language in Language}
    best = max(Language, key=wanted.__getitem__)
    return best if wanted[best][0] else Language.ENGLISH


def spoken_by(headers: Iterable[tuple[bytes, bytes]]) -> Language:
    """The language that a request asks for, by its headers as ASGI gives them. The header may come more than once."""
    return language_of(b",".join(value for name, value in headers if name == b"accept-language").decode("latin-1"))


def _quality_of(parameters: str) -> float | None:
    """None where it is not one."""
    if not parameters:
        return 1.0
    match = _QUALITY.fullmatch(parameters)
    return float(match[1]) if match else None
