"""Where the http(s) addresses of a text begin and end. Pure.

    begins    at http:// or https:// in any case, unless a Latin letter, a digit, `_`, `+` or `@` stands before it
    ends      at blanks, quotation marks, `<>|{}\\^`, long dashes, an ellipsis, pictures, and what cannot be seen
              behind a host at any character that no host has
              at a closing bracket that was not opened within
              at punctuation with another address behind it, or with Cyrillic behind an address in Latin
    without   punctuation at its end, which belongs to the sentence

An address within another's path or query (`?to=https://…`) is a part of it. Letters of any script may stand in one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_BEGIN = re.compile(r"(?<![A-Za-z0-9_+@])https?://", re.IGNORECASE)
_RUN = re.compile(
    r"[^\s<>\"`|\\^{}\x00-\x1f\x7f\u00ab\u00ad\u00bb\u200b-\u2029\u202a-\u202e\u2030-\u205e\u2060-\u206f"
    r"\u3001\u3002\u3008-\u3011\ufe0f\ufeff\uff01\uff08\uff09\uff0c\uff1b\uff1f\u2190-\u2bff\U0001f000-\U0001faff]+"
)
_HOST = re.compile(r"[^/?#]*")
_NOT_IN_HOSTS = re.compile(r"[,;!'()*&=+$~]")
_NEXT = re.compile(r"[,;.!'*~)\]]+(?=https?://)|(?<=[\x21-\x7e])[,;.!:)\]]+(?=[\u0400-\u04ff])", re.IGNORECASE)
_AFTER = ".,;:!?'*_~"
_PAIRS = {")": "(", "]": "["}


@dataclass(frozen=True, slots=True)
class Found:
    """An address in a text: text[start:end]."""

    start: int
    end: int
    url: str


def found_in(text: str) -> list[Found]:
    """The addresses of a text, in their order."""
    return list(_found(text))


def _found(text: str) -> Iterator[Found]:
    begin = _BEGIN.search(text)
    while begin is not None:
        run = _RUN.match(text, begin.end())
        rest = _trimmed(_within(run[0])) if run is not None else ""
        end = begin.end()
        if rest.strip("/.:@?#") and not _BEGIN.match(rest):
            end += len(rest)
            yield Found(begin.start(), end, text[begin.start() : end])
        begin = _BEGIN.search(text, end)


def _within(run: str) -> str:
    """What of a run of characters behind `://` is the address; a login may hold what no host does."""
    host = _HOST.match(run)
    assert host is not None
    foreign = _NOT_IN_HOSTS.search(host[0]) if "@" not in host[0] else None
    if foreign is not None:
        return run[: foreign.start()]
    ends = [_unopened(run), *(found.start() for found in _NEXT.finditer(run, host.end()) if _ends(run, found))]
    return run[: min(ends)]


def _ends(run: str, found: re.Match[str]) -> bool:
    """Before Cyrillic only an address that has none so far."""
    is_next = run[found.end() : found.end() + 4].lower() == "http"
    return is_next or run[: found.start()].isascii()


def _unopened(run: str) -> int:
    """The place of the first closing bracket that was not opened; the length when there is none."""
    opened = {"(": 0, "[": 0}
    for place, letter in enumerate(run):
        if letter in opened:
            opened[letter] += 1
        elif letter in _PAIRS:
            opened[_PAIRS[letter]] -= 1
            if opened[_PAIRS[letter]] < 0:
                return place
    return len(run)


def _trimmed(rest: str) -> str:
    """Without the punctuation at its end, and brackets that were opened and never closed: they are the sentence's."""
    while rest and (rest[-1] in _AFTER or rest[-1] in _PAIRS.values()):
        rest = rest[:-1]
    return rest
