"""Short links: the codes that stand for the http(s) addresses in a text. Pure.

    text ─▶ found: each address, without what is around it (`text/links.py`) ─▶ <public address>/l/<code>

Shortened is the text that is shown: `text` of a push, `text` (or `instantContent.data.text`) of another channel; not
the title, the buttons or what RICH brings. An address stays as it is when the short one would be longer, when it is
one of ours already, when it holds a SECURE placeholder, or when no browser could open it.

A code is 12 characters of a keyed digest of (message, link, ordinal): nobody guesses one, and everybody who plans or
projects the message gets the same. Source: `docs/partner-api.md` §1, §4 (shortenLinks).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from schemas.values import Link
from services.runtime.http.web_address import LONGEST, BadAddress, browser_address
from services.runtime.text.link_text import text_of, with_text
from services.runtime.text.links import Found, found_in

PATH = "/l/"
_LENGTH = 12
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CODE = re.compile(rf"[0-9A-Za-z]{{{_LENGTH}}}")


@dataclass(frozen=True, slots=True)
class ShortLink:
    """What a code leads to. `codes` are those of all server keys, the current one first."""

    codes: tuple[str, ...]
    url: str
    ordinal: int


@dataclass(frozen=True)
class ShortLinks:
    """`public_url` empty: nothing is shortened. `digests` names a text in hex, under every server key."""

    public_url: str
    digests: Callable[[str], Sequence[str]]

    def of(self, message_id: str, number: int, link: Link) -> list[ShortLink]:
        """What is shortened in the link of this number."""
        return [short for _, short in self._places(message_id, number, link)]

    def shortened(self, message_id: str, number: int, link: Link) -> Link:
        """The link as devices show it; the same object when nothing is shortened."""
        text, places = text_of(link), self._places(message_id, number, link)
        if text is None or not places:
            return link
        parts, end = [], 0
        for place, short in places:
            parts += [text[end : place.start], self._prefix + short.codes[0]]
            end = place.end
        return with_text(link, "".join([*parts, text[end:]]))

    @property
    def _prefix(self) -> str:
        return self.public_url.rstrip("/") + PATH

    def _places(self, message_id: str, number: int, link: Link) -> list[tuple[Found, ShortLink]]:
        text = text_of(link)
        if not self.public_url or not link.shorten_links or not text or "://" not in text:
            return []
        secure = link.content.secure if link.content is not None else None
        names = [f"%{name}%" for name in secure.names] if secure is not None else []
        wanted = [address for address in found_in(text) if self._is_worth_it(address.url, names)]
        return [
            (address, ShortLink(self._codes(f"{message_id}/{number}/{ordinal}"), address.url, ordinal))
            for ordinal, address in enumerate(wanted)
        ]

    def _is_worth_it(self, url: str, names: Sequence[str]) -> bool:
        is_ours = url.lower().startswith(self._prefix.lower())
        is_longer = len(url) > len(self._prefix) + _LENGTH
        return is_longer and not is_ours and not any(name in url for name in names) and location_of(url) is not None

    def _codes(self, name: str) -> tuple[str, ...]:
        return tuple(_code(digest) for digest in self.digests(name))


def location_of(url: str) -> str | None:
    """The address in ASCII, as a Location header has it; None when no browser could open it."""
    try:
        return browser_address(url, LONGEST)
    except BadAddress:
        return None


def is_code(text: str) -> bool:
    """Whether it looks like a code at all."""
    return _CODE.fullmatch(text) is not None


def _code(digest: str) -> str:
    number, code = int(digest, 16), ""
    for _ in range(_LENGTH):
        number, digit = divmod(number, len(_DIGITS))
        code += _DIGITS[digit]
    return code
