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
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_BEGIN = re.compile(r"(?<![A-Za-z0-9_+@])https?://", re.IGNORECASE)
_RUN = re.compile(
    r"[^\s<>\"`|\\^{}\x00-\x1f\x7f\u00ab\u00ad\u00bb\u200b-\u2029\u202a-\u202e\u2030-\u205e\u2060-\u206f"
    r"\u3001\u3002\u3008-\u3011\ufe0f\ufeff\uff01\uff08\uff09\uff0c\uff1b\uff1f\u2190-\u2bff\U0001f000-\U0001faff]+"
)
_HOST = re.compile(r"[^/?#]*")
_NOT_IN_HOSTS = re.compile(r"[,;!'()*&=+$~]")
_NEXT = re.compile(r"(?<![,;.!'*~)\]])[,;.!'*~)\]]++(?=https?://)", re.IGNORECASE)
_CYRILLIC = re.compile(r"(?<=[\x21-\x7e])(?<![,;.!:)\]])[,;.!:)\]]++(?=[\u0400-\u04ff])")
_WIDE = re.compile(r"[^\x00-\x7f]")
_BRACKET = re.compile(r"[()\[\]]")
_PAIRS = {")": "(", "]": "["}
_AFTER = ".,;:!?'*_~(["
"""At an address's end, with brackets that were opened and never closed: they are the sentence's."""


@dataclass(frozen=True, slots=True)
class Found:
    """An address in a text: text[start:end]."""

    start: int
    end: int
    url: str


def found_in(text: str) -> list[Found]:
    """The addresses of a text, in their order; in time linear in its length, whatever the text is."""
    return list(_found(text))


def _found(text: str) -> Iterator[Found]:
    begin, run = _BEGIN.search(text), _Run(text, 0, 0)
    while begin is not None:
        start = end = begin.end()
        if start >= run.end:
            behind = _RUN.match(text, start)
            run = _Run(text, start, behind.end() if behind is not None else start)
        if start < run.end and not _BEGIN.match(text, start):
            last = _trimmed(text, start, run.end_of(start))
            if text[start:last].strip("/.:@?#"):
                end = last
                yield Found(begin.start(), end, text[begin.start() : end])
        begin = _BEGIN.search(text, end)


class _Run:
    """Characters behind a `://` that addresses may have; of several in it each is asked for once, in their order."""

    def __init__(self, text: str, start: int, end: int) -> None:
        self.end = end
        self._text = text
        self._nexts = [place.start() for place in _NEXT.finditer(text, start, end)]
        self._cyrillic = [place.start() for place in _CYRILLIC.finditer(text, start, end)]
        self._wide = -1  # the first character beyond ASCII behind the place that was asked for last

    def end_of(self, start: int) -> int:
        """Where the address that begins here ends; a login may hold what no host does."""
        host = _HOST.match(self._text, start, self.end)
        assert host is not None
        foreign = _NOT_IN_HOSTS.search(host[0]) if "@" not in host[0] else None
        if foreign is not None:
            return start + foreign.start()
        last = _first(self._nexts, host.end(), self.end)
        if self._cyrillic:
            cyrillic = _first(self._cyrillic, host.end(), self.end)
            if cyrillic <= self._first_wide(start):  # before Cyrillic only an address that has none so far
                last = min(last, cyrillic)
        return _unopened(self._text, start, last)

    def _first_wide(self, start: int) -> int:
        if self._wide < start:
            wide = _WIDE.search(self._text, start, self.end)
            self._wide = wide.start() if wide is not None else self.end
        return self._wide


def _first(places: Sequence[int], start: int, end: int) -> int:
    """The first place from `start` on; the end when there is none."""
    at = bisect_left(places, start)
    return places[at] if at < len(places) else end


def _unopened(text: str, start: int, end: int) -> int:
    """The place of the first closing bracket that was not opened; the end when there is none."""
    opened = {"(": 0, "[": 0}
    for found in _BRACKET.finditer(text, start, end):
        bracket = found[0]
        if bracket in opened:
            opened[bracket] += 1
        else:
            opened[_PAIRS[bracket]] -= 1
            if opened[_PAIRS[bracket]] < 0:
                return found.start()
    return end


def _trimmed(text: str, start: int, end: int) -> int:
    """The end without the punctuation before it."""
    while end > start and text[end - 1] in _AFTER:
        end -= 1
    return end
